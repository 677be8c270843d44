//! What was seen and decided, in words.

use super::discounts;
use super::exports::Export;
use super::tables::{self, Placement};
use crate::contracts::Kind;
use crate::ingest::formats::Made;

/// Says how an export is written and what it was taken for.
pub fn describe(export: &Export, placement: Option<&Placement>, evidence: &mut Vec<String>) {
    let name = &export.name;
    let profile = &export.profile;
    let extent = if profile.whole { "read whole" } else { "seen in evenly spread windows" };
    let files = if export.files.len() == 1 { String::new() } else { format!(" in {} files", export.files.len()) };
    let delimiter = show_delimiter(export.shape.dialect.delimiter);
    let how = match &export.shape.made {
        Some(Made::Sheet(sheet)) => format!("sheet `{sheet}` of a workbook"),
        Some(Made::Lines) => "JSON lines".into(),
        Some(Made::Rows) => export
            .shape
            .sheet
            .as_ref()
            .map_or("Parquet or SQLite".into(), |table| format!("table `{table}` of a database")),
        None => format!("{}, {delimiter} between fields", export.shape.encoding.name()),
    };
    evidence.push(format!(
        "{name}: {} rows{files}, {extent}; {how}, decimal mark `{}`",
        count(profile.rows),
        char::from(export.numbers.format.decimal)
    ));
    evidence.extend(export.shape.notes.iter().map(|note| format!("{name}: {note}")));
    if profile.bad > 0 {
        evidence.push(format!(
            "{name}: lines that are no records (too many or too few fields, or stray quotes): {}",
            count(profile.bad)
        ));
    }
    if profile.bad * 5 > profile.rows + profile.bad {
        evidence.push(format!(
            "{name}: that is more than 20 % of the lines, so ingest will refuse it: ask for an export whose cells are quoted where they hold {delimiter}, or raise `reject_limit`"
        ));
    }
    evidence.extend(export.by_currency().map(|why| format!("{name}: {why}")));
    if export.numbers.against > 0 {
        evidence.push(format!("{name}: numbers with the other decimal mark: {}", count(export.numbers.against)));
    }
    let Some(placement) = placement else {
        evidence.push(format!("{name}: not used: {}", unplaced(export)));
        return;
    };
    let header = |field: usize| &export.shape.header[field];
    let mapped: Vec<String> =
        placement.mapped().map(|(column, field)| format!("{} = {}", column.name, header(field))).collect();
    let found = placement
        .found
        .iter()
        .map(|found| format!("{} = {}", placement.table.columns[found.column].name, found.names.join(" + ")));
    let mapped: Vec<String> = mapped.into_iter().chain(found).collect();
    if placement.is_complete() {
        evidence.push(format!("{name}: table `{}`: {}", placement.table.name, mapped.join(", ")));
    } else {
        evidence.push(format!(
            "{name}: not used: nearest to `{}` ({}), but {}",
            placement.table.name,
            mapped.join(", "),
            lack(placement)
        ));
    }
    for (column, field) in placement.mapped() {
        let seen = &profile.columns[field];
        let is_text = matches!(column.kind, Kind::Id | Kind::Text);
        if let Some(verdict) =
            export.dates[field].as_ref().filter(|_| matches!(column.kind, Kind::Date | Kind::Timestamp))
        {
            let why = verdict.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let patterns = verdict.patterns.join(" or ");
            let zone = if patterns.contains('z') || patterns.ends_with('Z') {
                "; the time is taken as it is written, the zone is read over"
            } else {
                ""
            };
            evidence.push(format!("{name}: `{}` is written {patterns}{why}{zone}", header(field)));
        }
        let share = seen.share(column.kind, export.numbers.format);
        let wrong =
            ((1.0 - share) * (seen.filled - seen.nulls) as f64).round() as u64 + if is_text { 0 } else { seen.nulls };
        if wrong > 0 {
            evidence.push(format!(
                "{name}: not readable as {}, so rejected: about {} of {} values of `{}`{}",
                column.name,
                count(wrong),
                count(seen.filled),
                header(field),
                if column.kind == Kind::Quantity && seen.has_fractions(export.numbers.format) {
                    tables::NO_FRACTIONS
                } else {
                    ""
                }
            ));
        }
        let empty = profile.rows - seen.filled.min(profile.rows);
        let is_sheet = matches!(export.shape.made, Some(Made::Sheet(_)));
        // Of merged cells only the first holds the value.
        let merged = if is_sheet && empty * 5 > profile.rows {
            "; if cells are merged, unmerge them and fill the value down"
        } else {
            ""
        };
        if column.filled && empty > 0 {
            evidence.push(format!(
                "{name}: `{}` is empty in {} of {} rows, which {} does not allow: rejected{merged}",
                header(field),
                count(empty),
                count(profile.rows),
                column.name
            ));
        }
    }
    evidence.extend(placement.remarks.iter().map(|remark| format!("{name}: {remark}")));
    evidence.extend(
        taken_by_name(export, placement)
            .map(|column| format!("{name}: `{column}` bears our own name but holds something else: left out")),
    );
}

/// Columns left out on purpose that ingest takes because their header is our name.
pub fn taken_by_name<'e>(export: &'e Export, placement: &'e Placement) -> impl Iterator<Item = &'static str> {
    let free = placement.table.columns.iter().filter(|column| placement.field(column.name).is_none());
    let is_open = |name: &str| name == "discount" && discounts::open(export, placement).is_some();
    let names = free.map(|column| column.name).filter(move |name| !is_open(name));
    names.filter(|name| export.shape.header.iter().any(|header| header == name))
}

/// A whole number for people: `541,909`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Why an export fills no table.
pub fn unplaced(export: &Export) -> String {
    tables::nearest(export).unwrap_or_else(|| format!("no table has columns like {}", some(&export.shape.header)))
}

/// What keeps an export from loading as a table.
pub fn lack(placement: &Placement) -> String {
    let missing = if placement.missing.is_empty() {
        String::new()
    } else {
        format!("nothing was found for {}", placement.missing.join(", "))
    };
    format!("{missing}{}", placement.against.as_deref().unwrap_or_default())
}

fn some(header: &[String]) -> String {
    let most = 6;
    let more = if header.len() > most { format!(", … ({} in all)", header.len()) } else { String::new() };
    format!("{}{more}", header[..header.len().min(most)].join(", "))
}

fn show_delimiter(delimiter: u8) -> String {
    if delimiter == b'\t' { "tab".into() } else { format!("`{}`", char::from(delimiter)) }
}
