//! The text of `langgan.toml`, and the evidence in words.

use std::path::Path;

use super::dates::DateVerdict;
use super::describe::{count, lack, taken_by_name, unplaced};
use super::discounts;
use super::exports::Export;
use super::joins;
use super::money::Money;
use super::names;
use super::tables::Placement;
use super::trailer;
use super::words;
use crate::contracts::{Kind, input_tables};

/// What the head of the file needs.
pub struct Project<'p> {
    /// The project's folder; its name is the project's.
    pub dir: &'p Path,
    /// The language, where the user gave one.
    pub language: Option<&'p str>,
    /// The money.
    pub money: &'p Money,
    /// Files that are no tables, and why.
    pub refused: &'p [(String, String)],
}

/// Writes the whole file.
pub fn toml(project: &Project, exports: &[Export], placed: &[Option<Placement>]) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    head(project, exports, placed, &mut line);
    for table in input_tables() {
        let of_table =
            |(_, placement): &(&Export, &Placement)| placement.table.name == table.name && placement.is_complete();
        for (export, placement) in pairs(exports, placed).filter(of_table) {
            line(String::new());
            source(export, placement).into_iter().for_each(&mut line);
        }
    }
    pools(exports, placed, &mut line);
    for (export, placement) in pairs(exports, placed).filter(|(_, placement)| !placement.is_complete()) {
        line(String::new());
        line(format!(
            "# {}: nearest to `{}`, but {}. Complete it and take the marks off:",
            clean(&export.patterns.join(", ")),
            placement.table.name,
            lack(placement)
        ));
        source(export, placement).into_iter().for_each(|text| line(format!("# {text}").trim_end().into()));
    }
    let unused: Vec<&Export> =
        exports.iter().zip(placed).filter(|(_, placement)| placement.is_none()).map(|(export, _)| export).collect();
    if !unused.is_empty() || !project.refused.is_empty() {
        line(String::new());
        line("# Not used:".into());
        for export in unused {
            line(format!("#   {}: {}", clean(&export.patterns.join(", ")), clean(&unplaced(export))));
        }
        for (path, reason) in project.refused {
            line(format!("#   {}: {}", clean(path), clean(reason)));
        }
    }
    out
}

/// How a source's dates are written, for `date` or `timestamp`.
pub enum Pattern<'e> {
    /// The pattern.
    Known { key: &'static str, pattern: &'e str },
    /// The file does not say.
    Open { key: &'static str, header: String, verdict: &'e DateVerdict },
}

/// The `timestamp` and `date` lines of a source: for each, the column that most depends on it.
pub fn patterns<'e>(export: &'e Export, placement: &'e Placement) -> Vec<Pattern<'e>> {
    let of_kind = |key: &'static str, kinds: &[Kind]| {
        let own =
            placement.mapped().filter(|(column, _)| kinds.contains(&column.kind)).max_by_key(|(column, field)| {
                (column.mapped, export.profile.columns[*field].filled, std::cmp::Reverse(*field))
            });
        let (header, verdict) = match own {
            Some((_, field)) => (export.shape.header[field].clone(), export.dates[field].as_ref()?),
            None => {
                let is_one = |found: &&joins::Found| kinds.contains(&placement.table.columns[found.column].kind);
                let found = placement.found.iter().find(is_one)?;
                (found.names.concat(), found.date.as_ref()?)
            }
        };
        Some(match verdict.known() {
            Some(pattern) => Pattern::Known { key, pattern },
            None => Pattern::Open { key, header, verdict },
        })
    };
    let date = of_kind("date", &[Kind::Date, Kind::Month]);
    let timestamp = of_kind("timestamp", &[Kind::Timestamp]);
    [date, timestamp].into_iter().flatten().collect()
}

/// Text from outside on one line, with nothing a terminal would obey.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() || ('\u{202A}'..='\u{202E}').contains(&letter) { ' ' } else { letter })
        .collect()
}

fn pairs<'e>(
    exports: &'e [Export],
    placed: &'e [Option<Placement>],
) -> impl Iterator<Item = (&'e Export, &'e Placement)> {
    exports.iter().zip(placed).filter_map(|(export, placement)| placement.as_ref().map(|placement| (export, placement)))
}

fn head(project: &Project, exports: &[Export], placed: &[Option<Placement>], line: &mut impl FnMut(String)) {
    let full = project
        .dir
        .canonicalize()
        .or_else(|_| std::path::absolute(project.dir))
        .unwrap_or_else(|_| project.dir.to_path_buf());
    let name = full.file_name().map_or_else(|| "langgan".into(), |name| name.to_string_lossy().into_owned());
    let indonesian = names::are_indonesian(pairs(exports, placed).flat_map(|(export, _)| &export.shape.header));
    let language = project.language.unwrap_or(if indonesian { "id" } else { "en" });
    let money = project.money;
    line("# Written by `langgan init` from the exports named below. Check it, change what you know better,".into());
    line("# then try it with `langgan ingest --dry-run`.".into());
    line(String::new());
    line("[project]".into());
    line(format!("name = {}", quoted(&name)));
    line(format!("language = {}          # of the reports: id | en", quoted(language)));
    line(String::new());
    line("[currency]".into());
    let code = format!("code = {}", quoted(&money.code));
    line(if money.code.is_empty() {
        format!(
            "{code}                # the exports do not name it{}",
            if indonesian { ": IDR?" } else { ": USD, EUR, GBP, …" }
        )
    } else {
        code
    });
    line(format!("decimals = {}             # digits kept exactly", money.decimals));
    line(format!("display = {}             # digits shown", money.display));
    line(String::new());
    line("[run]".into());
    line("# as_of = \"YYYY-MM-DD\"   # exclusive; left out: the day after the newest order".into());
}

fn source(export: &Export, placement: &Placement) -> Vec<String> {
    let mut lines =
        vec![format!("[sources.{}]", key(&export.name)), format!("table = {}", quoted(placement.table.name))];
    let files: Vec<String> = export.patterns.iter().map(|pattern| quoted(pattern)).collect();
    lines.push(format!("files = [{}]", files.join(", ")));
    lines.extend(export.written());
    lines.extend(numbers(export, placement));
    for pattern in patterns(export, placement) {
        match pattern {
            Pattern::Known { key, pattern } => lines.push(format!("{key} = {}", quoted(pattern))),
            Pattern::Open { key, header, verdict } => {
                let why = verdict.why.as_deref().unwrap_or_default();
                lines.push(format!("# `{}` could be either ({why}); keep the right line:", clean(&header)));
                lines.extend(verdict.patterns.iter().map(|pattern| format!("# {key} = {}", quoted(pattern))));
            }
        }
    }
    if let Some(field) = placement.field("quantity") {
        lines.push(negative_quantity(export, placement, field));
    }
    lines.extend(placement.trailer.as_ref().map(trailer::written));
    columns(export, placement, &mut lines);
    lines.extend(joins::sections(export, placement));
    values(export, placement, &mut lines);
    lines
}

/// Negative quantities are goods going back, unless those have a column of their own and the sign is a rarity.
fn negative_quantity(export: &Export, placement: &Placement, field: usize) -> String {
    let (negative, rows) = (export.profile.columns[field].numbers.negative, export.profile.rows);
    let counts = format!("{} of {} rows are negative", count(negative), count(rows));
    if negative == 0 {
        "negative_quantity = \"reject\"   # there is none".into()
    } else if placement.field("returned").is_some() && negative * 100 < rows {
        format!("negative_quantity = \"reject\"   # only {counts}; returns have a column of their own")
    } else {
        format!("negative_quantity = \"return\"   # {counts}")
    }
}

fn numbers(export: &Export, placement: &Placement) -> Vec<String> {
    let (decimal, thousands) = (char::from(export.numbers.format.decimal), export.numbers.format.thousands);
    let open = export.open_columns(placement);
    if !open.is_empty() {
        return vec![
            format!("# {}; keep the right lines:", clean(&export.open_evidence(&open))),
            "# decimal = \".\"".into(),
            "# decimal = \",\"".into(),
            "# thousands = \".\"".into(),
        ];
    }
    let other = if decimal == ',' { '.' } else { ',' };
    let thousands = match thousands {
        Some(mark) => format!("thousands = {}", quoted(&char::from(mark).to_string())),
        None => format!("# thousands = {}", quoted(&other.to_string())),
    };
    let why = export.by_currency().map(|why| format!("# {why}"));
    why.into_iter().chain([format!("decimal = {}", quoted(&decimal.to_string())), thousands]).collect()
}

fn columns(export: &Export, placement: &Placement, lines: &mut Vec<String>) {
    let header = &export.shape.header;
    lines.push(format!("[sources.{}.columns]", key(&export.name)));
    for (place, column) in placement.table.columns.iter().enumerate() {
        if let Some((_, field)) = placement.columns.iter().find(|(own, _)| *own == place) {
            if column.name == "discount_rate" && discounts::open(export, placement).is_some() {
                let name = quoted(&header[*field]);
                lines.push("# It could be a rate or an amount of money; keep the right one of three lines:".into());
                lines.extend([format!("# discount_rate = {name}"), format!("# discount = {name}")]);
                lines.push("discount = \"a rate, or an amount?\"".into());
                continue;
            }
            lines.push(format!("{} = {}", column.name, quoted(&header[*field])));
        } else if let Some(found) = placement.found.iter().find(|found| found.column == place) {
            lines.push(format!("{} = {}", column.name, joins::mapping(found)));
        } else if placement.missing.contains(&column.name) {
            lines.push(format!("{} = \"\"   # needed: {}", column.name, column.doc));
        }
    }
    lines.extend(placement.remarks.iter().map(|remark| format!("# {}", clean(remark))));
    lines.extend(
        taken_by_name(export, placement)
            .map(|column| format!("{column} = \"\"   # bears our own name and holds something else: left out")),
    );
    let unmapped: Vec<String> = (0..header.len())
        .filter(|field| placement.columns.iter().all(|(_, taken)| taken != field))
        .map(|field| clean(&header[field]))
        .collect();
    if !unmapped.is_empty() {
        lines.push(format!("# not mapped: {}", unmapped.join(", ")));
        let free: Vec<&str> = placement
            .table
            .columns
            .iter()
            .enumerate()
            .filter(|(place, _)| placement.columns.iter().all(|(own, _)| own != place))
            .filter(|(place, _)| placement.found.iter().all(|found| found.column != *place))
            .map(|(_, column)| column.name)
            .collect();
        if !free.is_empty() {
            lines.push(format!("# still free: {}", free.join(", ")));
        }
    }
}

fn values(export: &Export, placement: &Placement, lines: &mut Vec<String>) {
    for (column, field) in placement.mapped().filter(|(column, _)| column.kind == Kind::Text) {
        let Some(levels) = &export.profile.columns[field].levels else { continue };
        let Some(words) = words::words(placement.table.name, column.name, levels) else { continue };
        let unknown: Vec<String> =
            words.unknown.iter().map(|(word, times)| format!("{} ({})", clean(word), count(*times))).collect();
        if words.known.is_empty() && (unknown.is_empty() || column.name != "status") {
            continue;
        }
        lines.push(format!("[sources.{}.values.{}]", key(&export.name), column.name));
        for (ours, theirs) in &words.known {
            let theirs: Vec<String> = theirs.iter().map(|word| quoted(word)).collect();
            lines.push(format!("{ours} = [{}]", theirs.join(", ")));
        }
        if !unknown.is_empty() {
            lines.push(format!("# without a meaning here: {}", unknown.join(", ")));
        }
    }
}

fn pools(exports: &[Export], placed: &[Option<Placement>], line: &mut impl FnMut(String)) {
    let mut pools = std::collections::BTreeSet::new();
    for (export, placement) in pairs(exports, placed)
        .filter(|(_, placement)| placement.table.name == "activity_costs" && placement.is_complete())
    {
        let levels = placement.field("pool").and_then(|field| export.profile.columns[field].levels.as_ref());
        pools.extend(
            levels.into_iter().flat_map(|levels| levels.keys()).map(|pool| String::from_utf8_lossy(pool).into_owned()),
        );
    }
    if pools.is_empty() {
        return;
    }
    line(String::new());
    line("# What each cost pool is shared out by, guessed from its name:".into());
    line("# units | delivered_orders | service_minutes | card_net_sales | active_months | net_sales".into());
    line("[profitability.pools]".into());
    pools.iter().for_each(|pool| line(format!("{} = {}", key(pool), quoted(words::driver(pool)))));
}

/// A TOML string.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            letter if letter.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A TOML key, bare where it may be.
pub fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare { name.into() } else { quoted(name) }
}
