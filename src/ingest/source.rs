//! A source: which files it has, how they are written, and which of their columns is which of ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amounts::{self, WORKED_OUT};
use super::claims::Trailer;
use super::encoding::TextEncoding;
use super::fields::{Extra, Fields, Finder, Lookup, Lookups};
use super::formats::{self, Made};
use super::header::Header;
use super::pull::Database;
use super::records::Dialect;
use super::units::Pattern;
use super::values::{EMPTY, NumberFormat, TimeFormat};
use crate::contracts::{Column, Kind, Table, input_table};
use crate::error::{Error, Result};
use crate::lake::Unit;

/// One `[sources.NAME]` section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    /// The canonical table it fills, or `flat`.
    pub table: String,
    /// Files, relative to the project; `*` and `?` as in a shell. `{branch}` and `{day}` (or `{day:%d%m%Y}`, or any
    /// other name) stand for parts that say what a file is about: of files that are about the same, the last by
    /// name is in force.
    pub files: Vec<String>,
    /// Where it stands which branch and day a file is about, if not in its name.
    pub unit: UnitFrom,
    /// A database instead of files.
    pub database: Option<Database>,
    /// No file is no error.
    pub optional: bool,
    /// Between fields.
    pub delimiter: char,
    /// Around fields.
    pub quote: char,
    /// `utf-8`, `utf-16` or a name such as `windows-1252`.
    pub encoding: String,
    /// The decimal mark; `.` where left out, unless a file's numbers can be read both ways.
    pub decimal: Option<char>,
    /// The mark between groups of three digits.
    pub thousands: Option<char>,
    /// Pattern of dates.
    pub date: String,
    /// Pattern of timestamps.
    pub timestamp: String,
    /// Columns whose empty cells are refused where they would be nil: `filled = ["discount"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filled: Vec<String>,
    /// What a negative quantity (or amount) means.
    pub negative_quantity: NegativeQuantity,
    /// A record at the end of each file that holds its totals: no row, but compared with the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailer: Option<Trailer>,
    /// The ending of a file beside each file that holds its totals: `.ctl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sidecar: Option<String>,
    /// The share of a file's rows that may be refused before the file is held.
    pub reject_limit: f64,
    /// What is done with a file whose columns are not those of the files before.
    pub drift: DriftRule,
    /// Columns of the export that are known and not used.
    pub ignored: Vec<String>,
    /// The sheet of a workbook; the first with something in it where left out.
    pub sheet: Option<String>,
    /// The line (or row) of the header, counted from 1; the first that is not blank where left out.
    pub header_row: Option<u32>,
    /// Canonical column = the export's column, or a list of columns that are joined; `""` leaves a column out that
    /// bears our own name.
    pub columns: BTreeMap<String, Fields>,
    /// New name of a column of the export = the name it had, where the export renamed it.
    pub renamed: BTreeMap<String, String>,
    /// How single columns are written, where they differ from the rest: decimal, thousands, pattern.
    pub locale: BTreeMap<String, Locale>,
    /// Other files whose columns may be mapped too, as `"NAME.column"`.
    pub lookups: BTreeMap<String, Lookup>,
    /// Canonical value = the export's words for it, by column.
    pub values: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Where it stands which branch and day a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnitFrom {
    /// In its name, where the pattern under `files` has `{branch}` and `{day}`.
    Name,
    /// In its rows: a file whose rows are all of one branch and day takes the place of an earlier one about the same.
    Content,
}

/// Columns that say a row's day, one of which a file needs that is about a day by its content.
pub const DAY_COLUMNS: [&str; 3] = ["ordered_at", "at", "day"];

/// What a negative quantity means in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NegativeQuantity {
    /// A mistake: the row is rejected, as is a quantity of zero.
    Reject,
    /// Goods or money going back.
    Return,
}

/// What is done with a file whose columns are not those of the files before it. A file that lacks a mapped column,
/// or brings one that would be read without having been mapped, is held in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriftRule {
    /// New and missing columns that are not used are named, and the file is loaded.
    Report,
    /// The file is held until the configuration names them.
    Hold,
}

/// How one column is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Locale {
    /// The decimal mark.
    pub decimal: Option<char>,
    /// The mark between groups of three digits.
    pub thousands: Option<char>,
    /// Pattern of a date or timestamp.
    pub pattern: Option<String>,
}

impl Default for Source {
    fn default() -> Source {
        Source {
            table: String::new(),
            files: Vec::new(),
            unit: UnitFrom::Name,
            database: None,
            optional: false,
            filled: Vec::new(),
            delimiter: ',',
            quote: '"',
            encoding: "utf-8".into(),
            decimal: None,
            thousands: None,
            date: "%Y-%m-%d".into(),
            timestamp: "%Y-%m-%d %H:%M:%S".into(),
            negative_quantity: NegativeQuantity::Reject,
            trailer: None,
            sidecar: None,
            reject_limit: 0.2,
            drift: DriftRule::Report,
            ignored: Vec::new(),
            sheet: None,
            header_row: None,
            columns: BTreeMap::new(),
            renamed: BTreeMap::new(),
            locale: BTreeMap::new(),
            lookups: BTreeMap::new(),
            values: BTreeMap::new(),
        }
    }
}

impl Source {
    /// Checks what can be checked without a file; the message says what is wrong.
    pub fn validate(&self) -> std::result::Result<(), String> {
        let table = input_table(&self.table).ok_or_else(|| {
            let known: Vec<&str> = crate::contracts::input_tables().iter().map(|table| table.name).collect();
            match self.table.as_str() {
                "" => format!("it lacks `table`, which is one of {}", known.join(", ")),
                table => format!("`table = \"{table}\"` is not one of {}", known.join(", ")),
            }
        })?;
        if let Some(unknown) = self.columns.keys().chain(&self.filled).find(|name| table.position(name).is_none()) {
            let known: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            return Err(format!("`{unknown}` is not a column of `{}`; they are: {}", table.name, known.join(", ")));
        }
        if let Some(unknown) =
            self.values.keys().find(|name| table.column(name).is_none_or(|column| column.kind != Kind::Text))
        {
            return Err(format!("`values.{unknown}` is not a text column of `{}`", table.name));
        }
        let mapped = |name: &str| self.columns.get(name).is_some_and(|fields| !fields.is_empty());
        if let Some(message) = amounts::contradiction(mapped) {
            return Err(message.into());
        }
        for (column, fields) in &self.columns {
            let text = table.column(column).is_some_and(|own| matches!(own.kind, Kind::Id | Kind::Text));
            if matches!(fields, Fields::Joined(_)) && !text {
                return Err(format!("`{column}` is no id and no text: it cannot be joined from several columns"));
            }
        }
        if let Some(database) = &self.database {
            if !self.files.is_empty() {
                return Err("`files` and `database`: a source has one or the other".into());
            }
            database.validate()?;
        }
        if self.unit == UnitFrom::Content && !DAY_COLUMNS.iter().any(|name| table.position(name).is_some()) {
            return Err(format!(
                "`unit = \"content\"`: rows of `{}` have no day; say branch and day in the file's name, \
                 `files = [\"…{{branch}}_{{day}}*.csv\"]`",
                table.name
            ));
        }
        if self.header_row == Some(0) {
            return Err("`header_row` is counted from 1".into());
        }
        for (what, mark) in [
            ("delimiter", Some(self.delimiter)),
            ("quote", Some(self.quote)),
            ("decimal", self.decimal),
            ("thousands", self.thousands),
        ]
        .into_iter()
        .chain(self.locale.values().flat_map(|own| [("decimal", own.decimal), ("thousands", own.thousands)]))
        {
            if mark.is_some_and(|mark| !mark.is_ascii()) {
                return Err(format!("`{what}` must be one ASCII character"));
            }
        }
        let own = self.locale.values().filter_map(|own| own.pattern.as_ref()).map(|pattern| ("pattern", pattern));
        for (what, pattern) in [("date", &self.date), ("timestamp", &self.timestamp)].into_iter().chain(own) {
            TimeFormat::new(pattern).ok_or_else(|| format!("`{what} = \"{pattern}\"`: {PATTERN_HELP}"))?;
        }
        for (name, own) in &self.locale {
            let column =
                table.column(name).ok_or_else(|| format!("`locale.{name}` is not a column of `{}`", table.name))?;
            if own.pattern.is_some() && !matches!(column.kind, Kind::Date | Kind::Timestamp | Kind::Month) {
                return Err(format!("`locale.{name}.pattern`: `{name}` is no date"));
            }
        }
        for pattern in &self.files {
            Pattern::new(pattern)?;
        }
        if encoding_rs::Encoding::for_label(self.encoding.as_bytes()).is_none() {
            return Err(format!("`encoding = \"{}\"` is not a known encoding", self.encoding));
        }
        if let Some(trailer) = &self.trailer {
            trailer.validate()?;
        }
        if !(0.0..=1.0).contains(&self.reject_limit) {
            return Err("`reject_limit` is a share between 0 and 1".into());
        }
        Ok(())
    }

    /// A header's names, those that were renamed by the name they had.
    fn old_names(&self, header: &Header) -> Vec<String> {
        let old =
            |name: &String| self.renamed.get(name).filter(|old| !header.names.contains(old)).unwrap_or(name).clone();
        header.names.iter().map(old).collect()
    }

    /// How numbers are written, where their column does not say otherwise.
    pub fn numbers(&self) -> NumberFormat {
        NumberFormat { decimal: self.decimal.unwrap_or('.') as u8, thousands: self.thousands.map(|mark| mark as u8) }
    }

    /// How text is written: as declared, or as ingest writes it where it was made of another format.
    pub fn dialect(&self, made: bool) -> Dialect {
        if made { formats::MADE } else { Dialect { delimiter: self.delimiter as u8, quote: self.quote as u8 } }
    }

    /// The files the patterns match, and the tables in archives, in the order of their names, and what each is about.
    pub fn paths(&self, name: &str, project: &Path) -> Result<Vec<(PathBuf, Option<Unit>)>> {
        let mut paths: BTreeMap<PathBuf, Option<Unit>> = BTreeMap::new();
        for pattern in &self.files {
            let unreadable = |message: String| Error::Usage {
                message: format!("source `{name}`: `{pattern}`: {message}"),
                hint: "correct the pattern under `files`".into(),
            };
            let names = Pattern::new(pattern).map_err(&unreadable)?;
            let mut any = false;
            for path in matching(name, std::slice::from_ref(&names.glob()), true, project)? {
                let shown = path.strip_prefix(project).unwrap_or(&path).to_string_lossy().into_owned();
                let archive = formats::archive::locate(&path).file;
                let archive = archive.strip_prefix(project).unwrap_or(&archive).to_string_lossy().into_owned();
                // A pattern may speak of the archive or of what is in it.
                let Some(unit) = names.unit(&shown).or_else(|| names.unit(&archive)) else { continue };
                any = true;
                paths.entry(path).or_insert(unit);
            }
            if !any && !self.optional {
                return Err(Error::NoFiles { source_name: name.into(), pattern: pattern.clone() });
            }
        }
        Ok(paths.into_iter().collect())
    }
}

/// What a date pattern may hold.
pub const PATTERN_HELP: &str =
    "use %Y %y %m %b %d %H %I %p %M %S %f %a %z, or \"excel\" or \"excel1904\" for serial numbers";
/// The files patterns match, in the order of their names.
pub(super) fn matching(name: &str, patterns: &[String], optional: bool, project: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for pattern in patterns {
        let full = project.join(pattern);
        let unreadable = |message: String| Error::Usage {
            message: format!("source `{name}`: `{pattern}`: {message}"),
            hint: "correct the pattern under `files`".into(),
        };
        let matches = glob::glob(&full.to_string_lossy()).map_err(|error| unreadable(error.to_string()))?;
        let before = paths.len();
        for path in matches {
            let path = path.map_err(|error| unreadable(error.to_string()))?;
            // What a spreadsheet leaves beside a workbook that is open.
            let is_lock = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("~$"));
            if !is_lock {
                paths.push(path);
            }
        }
        if paths.len() == before {
            paths.extend(formats::matching_members(name, &full.to_string_lossy())?);
        }
        if paths.len() == before && !optional {
            return Err(Error::NoFiles { source_name: name.into(), pattern: pattern.clone() });
        }
    }
    let mut paths = formats::expanded(name, paths)?;
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// How one file of a source is read: its dialect and which field is which column.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The table it fills.
    pub table: &'static Table,
    /// Fields in a record.
    pub fields: usize,
    /// What the text was made of; the last field then says where a record came from.
    pub origin: Option<Made>,
    /// Fields that are worked out, numbered from `fields` on.
    pub extras: Vec<Extra>,
    /// The header.
    pub header: Header,
    /// How its text is written.
    pub encoding: TextEncoding,
    /// The mapped columns: those worked out of others first, then in the contract's order.
    pub columns: Vec<MappedColumn>,
    /// How fields are separated.
    pub dialect: Dialect,
    /// Digits of the minor unit.
    pub decimals: u32,
    /// The ISO code of the money; empty where nobody says.
    pub currency: String,
    /// What a negative quantity means.
    pub negative_quantity: NegativeQuantity,
    /// The record that holds the file's totals.
    pub trailer: Option<Trailer>,
}

/// One column of ours and the field it is read from.
#[derive(Debug, Clone)]
pub struct MappedColumn {
    /// The column.
    pub column: &'static Column,
    /// The field: of the record, from `fields` on of the extras, or [`WORKED_OUT`].
    pub field: usize,
    /// The export's word → ours.
    pub words: Vec<(String, String)>,
    /// How its numbers are written.
    pub numbers: NumberFormat,
    /// Whether the configuration says how its numbers are written.
    pub declared: bool,
    /// How its dates are written; the first pattern that fits counts.
    pub times: Vec<TimeFormat>,
    /// What an empty cell holds; `None` where it is refused.
    pub empty: Option<i64>,
}

impl Layout {
    /// Matches a header with the source's mapping.
    ///
    /// # Errors
    /// [`Error::NoColumn`] where a mapped column is not in the header, [`Error::Unmapped`] where a required one is not mapped.
    pub fn new(
        name: &str,
        source: &Source,
        path: &Path,
        header: Header,
        (encoding, origin): (TextEncoding, Option<Made>),
        (decimals, currency): (u32, &str),
        lookups: &Arc<Lookups>,
    ) -> Result<Layout> {
        let Some(table) = input_table(&source.table) else {
            return Err(Error::Unknown { what: "input table", name: source.table.clone(), known: Vec::new() });
        };
        let names = source.old_names(&header);
        let mut finder = Finder::new(&names, lookups);
        let is_mapped = |column: &str| match source.columns.get(column) {
            Some(fields) => !fields.is_empty(),
            None => names.iter().any(|field| field.trim() == column),
        };
        let out = amounts::worked_out(table, is_mapped);
        let mut columns = Vec::new();
        for column in &out {
            columns.push(MappedColumn::new(name, source, column, WORKED_OUT)?);
        }
        for column in table.columns {
            let field = match source.columns.get(column.name) {
                Some(fields) if fields.is_empty() => None,
                Some(fields) => {
                    let mut parts = Vec::new();
                    for mapped in fields.names() {
                        let Some(part) = finder.find(mapped) else {
                            let header = finder.names();
                            return Err(Error::NoColumn {
                                source_name: name.into(),
                                path: path.to_path_buf(),
                                column: mapped.clone(),
                                canonical: column.name.into(),
                                nearest: nearest(mapped, &header),
                                header,
                            });
                        };
                        parts.push(part);
                    }
                    Some(match (fields, parts.as_slice()) {
                        (Fields::One(_), [part]) => *part,
                        _ => finder.join(parts, column.kind == Kind::Id),
                    })
                }
                None => finder.find(column.name),
            };
            match field {
                Some(field) => columns.push(MappedColumn::new(name, source, column, field)?),
                None if column.mapped && !out.iter().any(|own| own.name == column.name) => {
                    return Err(Error::Unmapped {
                        source_name: name.into(),
                        path: path.to_path_buf(),
                        table: table.name,
                        canonical: column.name,
                        header: finder.names(),
                    });
                }
                None => {}
            }
        }
        Ok(Layout {
            table,
            fields: header.names.len(),
            extras: finder.extras,
            header,
            encoding,
            columns,
            dialect: source.dialect(origin.is_some()),
            origin,
            decimals,
            currency: currency.into(),
            negative_quantity: source.negative_quantity,
            trailer: source.trailer.clone(),
        })
    }

    /// The place of a column among the mapped ones.
    pub fn mapped(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|mapped| mapped.column.name == name)
    }

    /// The export's own name of a column of ours.
    pub fn export_name(&self, column: &str) -> &str {
        self.mapped(column).map_or("", |place| self.field_name(self.columns[place].field))
    }

    /// The export's own name of a field; nothing for one that is worked out.
    pub fn field_name(&self, field: usize) -> &str {
        self.header.names.get(field).map_or("", String::as_str)
    }
}

impl MappedColumn {
    fn new(name: &str, source: &Source, column: &'static Column, field: usize) -> Result<MappedColumn> {
        let own = source.locale.get(column.name).cloned().unwrap_or_default();
        let decimal = own.decimal.or(source.decimal);
        let patterns: Vec<&String> = match (&own.pattern, column.kind) {
            (Some(pattern), _) => vec![pattern],
            (None, Kind::Timestamp) => vec![&source.timestamp],
            (None, Kind::Date | Kind::Month) => vec![&source.date, &source.timestamp],
            _ => Vec::new(),
        };
        let times = patterns.into_iter().map(|pattern| {
            TimeFormat::new(pattern).ok_or_else(|| Error::Usage {
                message: format!("source `{name}`: `{pattern}` is no date pattern"),
                hint: PATTERN_HELP.into(),
            })
        });
        let is_filled = column.filled || source.filled.iter().any(|filled| filled == column.name);
        let empty = match () {
            () if is_filled => None,
            () if column.nil_when_empty => Some(0),
            () => Some(EMPTY),
        };
        Ok(MappedColumn {
            column,
            field,
            empty,
            words: words(source, column.name),
            numbers: NumberFormat {
                decimal: decimal.unwrap_or('.') as u8,
                thousands: own
                    .thousands
                    .or(source.thousands.filter(|mark| Some(*mark) != own.decimal))
                    .map(|mark| mark as u8),
            },
            declared: decimal.is_some() || own.thousands.or(source.thousands).is_some(),
            times: times.collect::<Result<Vec<TimeFormat>>>()?,
        })
    }
}

fn words(source: &Source, column: &str) -> Vec<(String, String)> {
    let Some(values) = source.values.get(column) else { return Vec::new() };
    values.iter().flat_map(|(ours, theirs)| theirs.iter().map(|word| (word.clone(), ours.clone()))).collect()
}

/// The header field that looks most like a name: equal but for case and punctuation, the fewest edits away, or with
/// the name in it.
pub(super) fn nearest(name: &str, header: &[String]) -> Option<String> {
    let bare =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let wanted = bare(name);
    let (distance, field) =
        header.iter().map(|field| (edits(&wanted, &bare(field)), field)).min_by_key(|(distance, _)| *distance)?;
    if distance <= wanted.len().max(3) / 3 {
        return Some(field.clone());
    }
    // `harga_satuan` or `hrg` for `harga`.
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let consonants = |letters: &[char]| letters.iter().filter(|letter| !"aeiou".contains(**letter)).collect::<String>();
    let is_near = |field: &&String| {
        let own = bare(field);
        let (short, long) = if own.len() < wanted.len() { (&own, &wanted) } else { (&wanted, &own) };
        short.len() >= 3 && (text(long).contains(&text(short)) || consonants(short) == consonants(long))
    };
    header.iter().find(is_near).cloned()
}

/// Levenshtein distance.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_column_is_suggested() {
        let header: Vec<String> = ["InvoiceNo", "StockCode", "Quantity"].map(String::from).to_vec();
        assert_eq!(nearest("invoice_no", &header).as_deref(), Some("InvoiceNo"));
        assert_eq!(nearest("Quantty", &header).as_deref(), Some("Quantity"));
        assert_eq!(nearest("customer", &header), None);
        let nearest_to_price = |name: &str| nearest("harga", &["qty".into(), "id".into(), name.into()]);
        for name in ["harga_satuan", "hrg", "HARGA_JUAL"] {
            assert_eq!(nearest_to_price(name).as_deref(), Some(name));
        }
        assert_eq!(nearest_to_price("price"), None);
    }
}
