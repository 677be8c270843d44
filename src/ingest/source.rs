//! A source: which files it has, how they are written, and which of their columns is which of ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amounts::{self, WORKED_OUT};
use super::claims::Trailer;
use super::fields::{Extra, Fields, Finder, Lookup, Lookups};
use super::formats::{self, Made};
use super::pull::Database;
use super::records::Dialect;
use super::values::{NumberFormat, TimeFormat};
use crate::contracts::{Column, Kind, Table, input_table};
use crate::error::{Error, Result};

/// One `[sources.NAME]` section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Source {
    /// The canonical table it fills, or `flat`.
    pub table: String,
    /// Files, relative to the project; `*` and `?` as in a shell.
    pub files: Vec<String>,
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
    /// The decimal mark.
    pub decimal: char,
    /// The mark between groups of three digits.
    pub thousands: Option<char>,
    /// Pattern of dates.
    pub date: String,
    /// Pattern of timestamps.
    pub timestamp: String,
    /// What a negative quantity (or amount) means.
    pub negative_quantity: NegativeQuantity,
    /// A record at the end of each file that holds its totals: no row, but compared with the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailer: Option<Trailer>,
    /// The ending of a file beside each file that holds its totals: `.ctl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sidecar: Option<String>,
    /// The share of rows that may be rejected before the whole source is refused.
    pub reject_limit: f64,
    /// The sheet of a workbook; the first with something in it where left out.
    pub sheet: Option<String>,
    /// The line (or row) of the header, counted from 1; the first that is not blank where left out.
    pub header_row: Option<u32>,
    /// Canonical column = the export's column, or a list of columns that are joined; `""` leaves a column out that
    /// bears our own name.
    pub columns: BTreeMap<String, Fields>,
    /// Other files whose columns may be mapped too, as `"NAME.column"`.
    pub lookups: BTreeMap<String, Lookup>,
    /// Canonical value = the export's words for it, by column.
    pub values: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// What a negative quantity means in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NegativeQuantity {
    /// A mistake: the row is rejected, as is a quantity of zero.
    Reject,
    /// Goods or money going back.
    Return,
}

impl Default for Source {
    fn default() -> Source {
        Source {
            table: String::new(),
            files: Vec::new(),
            database: None,
            optional: false,
            delimiter: ',',
            quote: '"',
            encoding: "utf-8".into(),
            decimal: '.',
            thousands: None,
            date: "%Y-%m-%d".into(),
            timestamp: "%Y-%m-%d %H:%M:%S".into(),
            negative_quantity: NegativeQuantity::Reject,
            trailer: None,
            sidecar: None,
            reject_limit: 0.2,
            sheet: None,
            header_row: None,
            columns: BTreeMap::new(),
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
            format!("`table = \"{}\"` is not one of {}", self.table, known.join(", "))
        })?;
        if let Some(unknown) = self.columns.keys().find(|name| table.position(name).is_none()) {
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
        if self.header_row == Some(0) {
            return Err("`header_row` is counted from 1".into());
        }
        for (what, mark) in [
            ("delimiter", Some(self.delimiter)),
            ("quote", Some(self.quote)),
            ("decimal", Some(self.decimal)),
            ("thousands", self.thousands),
        ] {
            if mark.is_some_and(|mark| !mark.is_ascii()) {
                return Err(format!("`{what}` must be one ASCII character"));
            }
        }
        for (what, pattern) in [("date", &self.date), ("timestamp", &self.timestamp)] {
            TimeFormat::new(pattern).ok_or_else(|| format!("`{what} = \"{pattern}\"`: use %Y %y %m %b %d %H %M %S"))?;
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

    /// How text is written: as declared, or as ingest writes it where it was made of another format.
    pub fn dialect(&self, made: bool) -> Dialect {
        if made { formats::MADE } else { Dialect { delimiter: self.delimiter as u8, quote: self.quote as u8 } }
    }

    /// The files the patterns match, in the order of their names.
    pub fn paths(&self, name: &str, project: &Path) -> Result<Vec<PathBuf>> {
        matching(name, &self.files, self.optional, project)
    }
}

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
            paths.push(path.map_err(|error| unreadable(error.to_string()))?);
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
    /// The mapped columns: those worked out of others first, then in the contract's order.
    pub columns: Vec<MappedColumn>,
    /// How fields are separated.
    pub dialect: Dialect,
    /// How numbers are written.
    pub numbers: NumberFormat,
    /// Pattern of dates.
    pub date: TimeFormat,
    /// Pattern of timestamps.
    pub timestamp: TimeFormat,
    /// Digits of the minor unit.
    pub decimals: u32,
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
        header: &[String],
        decimals: u32,
        lookups: &Arc<Lookups>,
        origin: Option<Made>,
    ) -> Result<Layout> {
        let Some(table) = input_table(&source.table) else {
            return Err(Error::Unknown { what: "input table", name: source.table.clone(), known: Vec::new() });
        };
        let mut finder = Finder::new(header, lookups);
        let is_mapped = |column: &str| match source.columns.get(column) {
            Some(fields) => !fields.is_empty(),
            None => header.iter().any(|field| field.trim() == column),
        };
        let out = amounts::worked_out(table, is_mapped);
        let worked_out = |column: &&'static Column| MappedColumn { column, field: WORKED_OUT, words: Vec::new() };
        let mut columns: Vec<MappedColumn> = out.iter().map(worked_out).collect();
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
                Some(field) => columns.push(MappedColumn { column, field, words: words(source, column.name) }),
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
        let pattern = |pattern: &str| {
            TimeFormat::new(pattern).ok_or_else(|| Error::Usage {
                message: format!("source `{name}`: `{pattern}` is no date pattern"),
                hint: "use %Y %y %m %b %d %H %M %S".into(),
            })
        };
        Ok(Layout {
            table,
            fields: header.len(),
            extras: finder.extras,
            columns,
            dialect: source.dialect(origin.is_some()),
            origin,
            numbers: NumberFormat { decimal: source.decimal as u8, thousands: source.thousands.map(|mark| mark as u8) },
            date: pattern(&source.date)?,
            timestamp: pattern(&source.timestamp)?,
            decimals,
            negative_quantity: source.negative_quantity,
            trailer: source.trailer.clone(),
        })
    }

    /// The place of a column among the mapped ones.
    pub fn mapped(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|mapped| mapped.column.name == name)
    }
}

fn words(source: &Source, column: &str) -> Vec<(String, String)> {
    let Some(values) = source.values.get(column) else { return Vec::new() };
    values.iter().flat_map(|(ours, theirs)| theirs.iter().map(|word| (word.clone(), ours.clone()))).collect()
}

/// The header field that looks most like a name: equal but for case and punctuation, or the fewest edits away.
pub(super) fn nearest(name: &str, header: &[String]) -> Option<String> {
    let bare =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let wanted = bare(name);
    let (distance, field) =
        header.iter().map(|field| (edits(&wanted, &bare(field)), field)).min_by_key(|(distance, _)| *distance)?;
    (distance <= wanted.len().max(3) / 3).then(|| field.clone())
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
    }
}
