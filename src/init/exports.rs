//! The exports: files with the same header, written the same way, are one source.

use std::path::{Path, PathBuf};

use super::arithmetic::{self, Product};
use super::dates::{DateVerdict, settle};
use super::describe::count;
use super::numbers::{self, Grouping, NumberLook, NumberVerdict, Role};
use super::profile::{ColumnProfile, Profile};
use super::sniff::Shape;
use super::tables::Placement;
use super::write::quoted;
use super::{Answers, Discounts, money, names};
use crate::contracts::{Column, Kind};
use crate::error::{Error, Result};
use crate::ingest::formats::Made;
use crate::ingest::values::NumberFormat;

/// One or more files that make one source.
#[derive(Debug)]
pub struct Export {
    /// The source's name.
    pub name: String,
    /// Its files, in the order of their names.
    pub files: Vec<PathBuf>,
    /// What goes under `files`.
    pub patterns: Vec<String>,
    /// How the files are written.
    pub shape: Shape,
    /// What they hold.
    pub profile: Profile,
    /// How they write numbers.
    pub numbers: NumberVerdict,
    /// How each column writes dates.
    pub dates: Vec<Option<DateVerdict>>,
    /// What its discounts are, where the user has answered.
    pub discounts: Option<Discounts>,
    /// The columns of which one is the product of the others.
    pub product: Option<Product>,
}

/// What the files are.
#[derive(Debug, Default)]
pub struct Looked {
    /// The sources they make.
    pub exports: Vec<Export>,
    /// The files that are no tables, and why.
    pub refused: Vec<(PathBuf, String)>,
    /// What one export was read like because of another.
    pub evidence: Vec<String>,
}

/// The tables in the files: a workbook gives each of its sheets. What cannot be opened is refused.
fn tables(paths: &[PathBuf], refused: &mut Vec<(PathBuf, String)>) -> Result<Vec<(PathBuf, Option<String>)>> {
    let mut tables = Vec::new();
    for path in paths {
        match super::sniff::sheets(path) {
            Err(Error::Unreadable { message, .. }) => refused.push((path.clone(), message)),
            sheets => tables.extend(sheets?.into_iter().map(|sheet| (path.clone(), sheet))),
        }
    }
    Ok(tables)
}

fn in_sheet(sheet: Option<String>, reason: String) -> String {
    sheet.map_or_else(|| reason.clone(), |sheet| format!("sheet `{sheet}`: {reason}"))
}

/// Looks at the files and puts together those that belong together.
pub fn look(project: &Path, paths: &[PathBuf], answers: &Answers) -> Result<Looked> {
    let mut exports: Vec<Export> = Vec::new();
    let mut refused = Vec::new();
    for (path, sheet) in tables(paths, &mut refused)? {
        let path = &path;
        let shape = match super::sniff::sniff(path, sheet.as_deref())? {
            Ok(shape) => shape,
            Err(reason) => {
                refused.push((path.clone(), in_sheet(sheet, reason)));
                continue;
            }
        };
        let profile = match Profile::of(path, &shape) {
            Err(Error::Unreadable { message, .. }) => {
                refused.push((path.clone(), in_sheet(sheet, message)));
                continue;
            }
            profile => profile?,
        };
        if profile.rows == 0 {
            refused.push((path.clone(), "it has a header line and nothing below".into()));
            continue;
        }
        let (numbers, dates) = (decide_numbers(&profile, &shape, answers), decide_dates(&profile, &Answers::default()));
        match exports.iter_mut().find(|export| export.takes(&shape, &numbers, &dates)) {
            Some(export) => {
                export.files.push(path.clone());
                export.profile.merge(&profile);
                export.numbers = decide_numbers(&export.profile, &shape, answers);
                export.shape.notes.extend(shape.notes);
                export.dates = decide_dates(&export.profile, &Answers::default());
            }
            None => exports.push(Export {
                name: String::new(),
                files: vec![path.clone()],
                patterns: Vec::new(),
                shape,
                profile,
                numbers,
                dates,
                discounts: answers.discounts,
                product: None,
            }),
        }
    }
    for export in &mut exports {
        export.files.sort();
        export.dates = decide_dates(&export.profile, answers);
    }
    exports.retain(|export| {
        let several = export.has_money().then(|| money::several_currencies(&export.profile, &export.shape.header));
        let reason = several.flatten();
        refused.extend(reason.iter().flat_map(|why| export.files.iter().map(|file| (file.clone(), why.clone()))));
        reason.is_none()
    });
    exports.sort_by(|left, right| left.files.cmp(&right.files));
    for place in 0..exports.len() {
        exports[place].patterns = patterns(project, &exports[place].files);
        let sheet = exports[place].shape.sheet.as_deref();
        exports[place].name = free_name(&exports[place].files, sheet, &exports[..place]);
    }
    let evidence = share_numbers(&mut exports, answers);
    for export in &mut exports {
        export.product = arithmetic::product(export)?;
    }
    Ok(Looked { exports, refused, evidence })
}

impl Export {
    /// The names of the files, without folder and extension.
    pub fn stems(&self) -> impl Iterator<Item = String> {
        let sheet = self.shape.sheet.clone();
        let files = self.files.iter().filter(move |_| sheet.is_none()).map(|path| stem(path));
        files.chain(self.shape.sheet.clone())
    }

    /// The lines of `langgan.toml` that say how the files are written.
    pub fn written(&self) -> Vec<String> {
        let mark = |byte: u8| quoted(&char::from(byte).to_string());
        let sheet = self.shape.sheet.iter().map(|sheet| format!("sheet = {}", quoted(sheet)));
        let header_row = self.shape.header_row.iter().map(|row| format!("header_row = {row}"));
        let mut head: Vec<String> = sheet.chain(header_row).collect();
        if self.shape.made.is_some() {
            return head;
        }
        let mut lines = vec![format!("delimiter = {}", mark(self.shape.dialect.delimiter))];
        if self.shape.dialect.quote != b'"' {
            lines.push(format!("quote = {}", mark(self.shape.dialect.quote)));
        }
        lines.push(format!("encoding = {}", quoted(self.shape.encoding.name())));
        lines.append(&mut head);
        lines
    }

    /// Whether a column holds amounts of money, by its name.
    fn has_money(&self) -> bool {
        let columns = self.profile.columns.iter().zip(&self.shape.header);
        columns.into_iter().any(|(column, name)| column.numbers.is_numeric() && names::role(name) == Role::Money)
    }

    /// The mapped columns of which some numbers can be read two ways, where nothing decides.
    pub fn open_columns(&self, placement: &Placement) -> Vec<usize> {
        if self.numbers.unclear == 0 {
            return Vec::new();
        }
        let is_number = |column: &Column| !matches!(column.kind, Kind::Id | Kind::Text | Kind::Date | Kind::Timestamp);
        let open = placement.mapped().filter(|(column, _)| is_number(column)).map(|(_, field)| field);
        open.filter(|field| self.profile.columns[*field].numbers.unclear() > 0).collect()
    }

    /// The numbers of these columns that can be read two ways, in words.
    pub fn open_evidence(&self, fields: &[usize]) -> String {
        let of_column = |field: &usize| {
            let column = &self.profile.columns[*field];
            let example = column.values.texts().find(|text| {
                let mut look = NumberLook::default();
                look.add(text);
                look.unclear() > 0
            });
            let example = example.map(|text| format!(" such as `{}`", String::from_utf8_lossy(text)));
            let unclear = count(column.numbers.unclear());
            format!("{unclear} numbers of `{}`{}", self.shape.header[*field], example.unwrap_or_default())
        };
        let columns: Vec<String> = fields.iter().map(of_column).collect();
        format!("{} have one mark with three digits after it, and nothing decides", columns.join(" and "))
    }

    /// What the currency decided about numbers that can be read two ways, in words.
    pub fn by_currency(&self) -> Option<String> {
        let read = format!(
            "{} amounts with one mark and three digits after it are thousands",
            count(self.numbers.by_currency)
        );
        let mark = char::from(self.numbers.format.thousands?);
        match self.numbers.grouping {
            _ if self.numbers.by_currency == 0 => None,
            Grouping::Likely => Some(format!(
                "{read}: the headings are Indonesian, and rupiah have no decimals; if `{mark}` is the decimal mark, use `--decimal {mark}`"
            )),
            _ => Some(format!("{read}, as their currency is written")),
        }
    }

    /// Columns that hold the same values as another export's.
    fn values_in_common(&self, other: &Export) -> usize {
        let pairs = self.profile.columns.iter().zip(&other.profile.columns);
        pairs.filter(|(own, others)| own.values.is_same(&others.values)).count()
    }

    /// Whether another export is the same data again: the same columns, as many rows, most columns the same values.
    pub fn holds_the_same(&self, other: &Export) -> bool {
        self.shape.header == other.shape.header
            && self.profile.rows == other.profile.rows
            && self.profile.rows >= 50
            && self.values_in_common(other) * 4 >= self.shape.header.len() * 3
    }

    /// Whether a file written so belongs here: the same columns, and nothing that contradicts.
    fn takes(&self, shape: &Shape, numbers: &NumberVerdict, dates: &[Option<DateVerdict>]) -> bool {
        let same_dates = self.dates.iter().zip(dates).all(|pair| match pair {
            (Some(own), Some(other)) => match (own.known(), other.known()) {
                (Some(own), Some(other)) => own == other,
                (Some(known), None) => other.patterns.iter().any(|open| open == known),
                (None, Some(known)) => own.patterns.iter().any(|open| open == known),
                (None, None) => own.patterns == other.patterns,
            },
            _ => true,
        });
        let same_numbers =
            self.numbers.votes == 0 || numbers.votes == 0 || self.numbers.format.decimal == numbers.format.decimal;
        let same_shape = self.shape.header == shape.header
            && self.shape.dialect == shape.dialect
            && self.shape.sheet == shape.sheet
            && self.shape.header_row == shape.header_row
            && self.shape.made.is_some() == shape.made.is_some()
            && self.shape.encoding == shape.encoding;
        same_shape && same_dates && same_numbers
    }
}

fn decide_numbers(profile: &Profile, shape: &Shape, answers: &Answers) -> NumberVerdict {
    let grouping = match shape.made {
        Some(Made::Rows) => Grouping::Open,
        _ => money::grouping(profile, &shape.header, answers),
    };
    // Rows and JSON have numbers that are numbers; in a sheet they may be texts, and in JSON prices may be.
    let is_typed = match shape.made {
        Some(Made::Rows) => true,
        Some(Made::Lines) => !matches!(grouping, Grouping::Any | Grouping::Likely),
        _ => false,
    };
    let answer = if is_typed { Some('.') } else { answers.decimal };
    let columns = profile.columns.iter().map(|column| &column.numbers).zip(&shape.header);
    let numeric = columns.filter(|(numbers, _)| numbers.is_numeric() && numbers.has_marks());
    let role = |numbers: &NumberLook, name: &str| if numbers.is_marked() { Role::Money } else { names::role(name) };
    numbers::decide(numeric.map(|(numbers, name)| (numbers, role(numbers, name))), grouping, answer)
}

/// Reads the numbers of an export that does not say how like those of the export that says it best, among those
/// with the same delimiter.
fn share_numbers(exports: &mut [Export], answers: &Answers) -> Vec<String> {
    let mut evidence = Vec::new();
    for place in 0..exports.len() {
        let is_open = |column: &ColumnProfile| column.numbers.is_numeric() && column.numbers.unclear() > 0;
        let is_answered = answers.decimal.is_some() && exports[place].profile.columns.iter().any(is_open);
        if exports[place].numbers.votes > 0 || is_answered {
            continue;
        }
        let alike = |export: &&Export| export.numbers.votes > 0 && export.shape.dialect == exports[place].shape.dialect;
        let best = exports.iter().filter(alike).max_by_key(|export| export.numbers.votes);
        let Some((format, model)) = best.map(|export| (export.numbers.format, export.name.clone())) else { continue };
        let own = &mut exports[place];
        if own.numbers.unclear > 0 {
            let mark = char::from(format.decimal);
            evidence.push(format!("{}: nothing decides the decimal mark; read as in {model}: `{mark}`", own.name));
        }
        let thousands = format.thousands.or(own.numbers.format.thousands.filter(|mark| *mark != format.decimal));
        own.numbers = NumberVerdict { format: NumberFormat { thousands, ..format }, unclear: 0, ..own.numbers };
    }
    evidence
}

fn decide_dates(profile: &Profile, answers: &Answers) -> Vec<Option<DateVerdict>> {
    let mostly = |column: &&ColumnProfile| column.dates.dates_or_serials() * 2 > column.filled - column.nulls;
    let own: Vec<Option<DateVerdict>> = profile
        .columns
        .iter()
        .map(|column| Some(column).filter(mostly).and_then(|column| column.dates.verdict()))
        .collect();
    let known: Vec<DateVerdict> = own.iter().flatten().filter(|verdict| verdict.known().is_some()).cloned().collect();
    own.into_iter()
        .map(|verdict| {
            verdict.map(|mut verdict| {
                settle(&mut verdict, &known, answers.date_order);
                verdict
            })
        })
        .collect()
}

/// The entries of `files`: one pattern where it matches just these files, else each of them.
fn patterns(project: &Path, paths: &[PathBuf]) -> Vec<String> {
    let shown: Vec<String> = paths.iter().map(|path| shown(project, path)).collect();
    let each = || shown.iter().map(|path| escaped(path)).collect();
    if shown.len() < 2 {
        return each();
    }
    let parts: Vec<Vec<&str>> = shown.iter().map(|path| path.split('/').collect()).collect();
    if parts.iter().any(|path| path.len() != parts[0].len()) {
        return each();
    }
    let wild: Vec<Wild> =
        (0..parts[0].len()).map(|place| Wild::of(&parts.iter().map(|path| path[place]).collect::<Vec<_>>())).collect();
    let mut matched = Vec::new();
    matches(project, "", &wild, &mut matched);
    matched.sort();
    let mut wanted = shown.clone();
    wanted.sort();
    if matched != wanted {
        return each();
    }
    vec![wild.iter().map(Wild::pattern).collect::<Vec<_>>().join("/")]
}

/// A path as `langgan.toml` names it: relative where it is inside the project.
pub fn shown(project: &Path, path: &Path) -> String {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let home = std::path::absolute(project).unwrap_or_else(|_| project.to_path_buf());
    let inside = full
        .strip_prefix(&home)
        .ok()
        .filter(|rest| !rest.components().any(|part| part.as_os_str() == ".."))
        .map(Path::to_path_buf);
    let inside = inside.or_else(|| {
        let (full, home) = (path.canonicalize().ok()?, project.canonicalize().ok()?);
        full.strip_prefix(home).ok().map(Path::to_path_buf)
    });
    let path = inside.unwrap_or_else(|| path.canonicalize().unwrap_or(full));
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// A part of a path: the same in all files, or what stands before and after a `*`.
enum Wild {
    Same(String),
    Star(String, String),
}

impl Wild {
    fn of(names: &[&str]) -> Wild {
        let first = names[0];
        if names.iter().all(|name| *name == first) {
            return Wild::Same(first.into());
        }
        let common = |left: &mut dyn Iterator<Item = char>, right: &mut dyn Iterator<Item = char>| {
            left.zip(right).take_while(|(left, right)| left == right).count()
        };
        let before = names.iter().map(|name| common(&mut first.chars(), &mut name.chars())).min().unwrap_or(0);
        let after =
            names.iter().map(|name| common(&mut first.chars().rev(), &mut name.chars().rev())).min().unwrap_or(0);
        let mut prefix: String = first.chars().take(before).collect();
        let tail: Vec<char> = first.chars().rev().take(after).collect();
        let mut suffix: String = tail.into_iter().rev().collect();
        prefix.truncate(prefix.rfind(|letter: char| !letter.is_alphanumeric()).map_or(0, |place| place + 1));
        suffix =
            suffix.find(|letter: char| !letter.is_alphanumeric()).map_or(String::new(), |place| suffix[place..].into());
        Wild::Star(prefix, suffix)
    }

    fn pattern(&self) -> String {
        match self {
            Wild::Same(name) => escaped(name),
            Wild::Star(prefix, suffix) => format!("{}*{}", escaped(prefix), escaped(suffix)),
        }
    }

    fn takes(&self, name: &str) -> bool {
        match self {
            Wild::Same(same) => same == name,
            Wild::Star(prefix, suffix) => {
                name.len() >= prefix.len() + suffix.len()
                    && name.starts_with(prefix)
                    && name.ends_with(suffix)
                    && !name.starts_with('.')
            }
        }
    }
}

/// The files on disk that match, as [`shown`] names them.
fn matches(project: &Path, so_far: &str, wild: &[Wild], matched: &mut Vec<String>) {
    let Some((part, rest)) = wild.split_first() else {
        if project.join(so_far).is_file() {
            matched.push(so_far.into());
        }
        return;
    };
    let join = |name: &str| match so_far {
        "" if name.is_empty() => "/".to_string(),
        "" | "/" => format!("{so_far}{name}"),
        _ => format!("{so_far}/{name}"),
    };
    if let Wild::Same(name) = part {
        return matches(project, &join(name), rest, matched);
    }
    let Ok(entries) = std::fs::read_dir(project.join(so_far)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if part.takes(&name) {
            matches(project, &join(&name), rest, matched);
        }
    }
}

/// A path with the characters that mean something in a pattern taken literally.
fn escaped(path: &str) -> String {
    path.chars()
        .map(|letter| if "*?[]".contains(letter) { format!("[{letter}]") } else { letter.to_string() })
        .collect()
}

/// The name of a file without its extensions.
fn stem(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let unpacked = [".gz", ".zst"].iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(&name);
    Path::new(unpacked).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A name for the source, after the words its files have in common, that no other source has.
fn free_name(paths: &[PathBuf], sheet: Option<&str>, taken: &[Export]) -> String {
    let words = |path: &PathBuf| names::words(&format!("{} {}", stem(path), sheet.unwrap_or_default()));
    let first = paths.first().map(words).unwrap_or_default();
    let others: Vec<Vec<String>> = paths.iter().skip(1).map(words).collect();
    let in_all = |word: &&String| others.iter().all(|words| words.contains(word));
    let slug: Vec<String> = first
        .iter()
        .filter(in_all)
        .map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect();
    let base = if slug.is_empty() { "source".to_string() } else { slug.join("_") };
    let mut name = base.clone();
    let mut number = 2;
    while taken.iter().any(|export| export.name == name) {
        name = format!("{base}_{number}");
        number += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pattern_for_files_that_differ_in_a_word() {
        let folder = std::env::temp_dir().join(format!("langgan-exports-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let files: Vec<PathBuf> =
            ["orders-JKT.csv", "orders-JMB.csv", "orders [1].csv"].iter().map(|name| folder.join(name)).collect();
        files.iter().for_each(|file| std::fs::write(file, "a,b\n").unwrap());
        assert_eq!(patterns(&folder, &files[..2]), ["orders-*.csv"]);
        assert_eq!(patterns(&folder, &files[2..]), ["orders [[]1[]].csv"]);
        std::fs::write(folder.join("orders-old.csv"), "x,y\n").unwrap();
        assert_eq!(patterns(&folder, &files[..2]), ["orders-JKT.csv", "orders-JMB.csv"]);
        assert!(patterns(&folder.join("elsewhere"), &files[..1])[0].starts_with('/'));
        assert_eq!(free_name(&files[..2], None, &[]), "orders");
        assert_eq!((stem(Path::new("a/b.csv.gz")), stem(Path::new("c.zip/d.xlsx"))), ("b".into(), "d".into()));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
