//! Cells that are in no field of the record itself: several fields joined, or a field of another file found by a key.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::keys::{Guess, KeyIndex};
use super::parse::Block;
use super::records::Dialect;
use super::source::{Source, matching};
use crate::error::{Error, Result};

/// The export's column one of ours is read from, or the columns it is joined from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fields {
    /// One column.
    One(String),
    /// Several: ids as `a/b/c`, texts with blanks between.
    Joined(Vec<String>),
}

impl Fields {
    /// Whether nothing is mapped: a column of our own name is left out.
    pub fn is_empty(&self) -> bool {
        match self {
            Fields::One(name) => name.is_empty(),
            Fields::Joined(names) => names.is_empty(),
        }
    }

    /// The columns' names.
    pub fn names(&self) -> &[String] {
        match self {
            Fields::One(name) => std::slice::from_ref(name),
            Fields::Joined(names) => names,
        }
    }
}

/// Another file whose columns a source may use as if they were its own, as `NAME.column`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Files, relative to the project; `*` and `?` as in a shell.
    pub files: Vec<String>,
    /// Their column that identifies a row.
    pub key: String,
    /// The source's column that holds such a key; left out where it has the same name.
    pub by: Option<String>,
    /// Between fields.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Around fields.
    #[serde(default = "double_quote")]
    pub quote: char,
    /// `utf-8`, `utf-16` or a name such as `windows-1252`.
    #[serde(default = "utf_8")]
    pub encoding: String,
    /// The sheet of a workbook; the first with something in it where left out.
    pub sheet: Option<String>,
    /// The line (or row) of the header, counted from 1; the first that is not blank where left out.
    pub header_row: Option<u32>,
}

fn comma() -> char {
    ','
}

fn double_quote() -> char {
    '"'
}

fn utf_8() -> String {
    "utf-8".into()
}

/// The lookups of a source, read.
#[derive(Debug, Default)]
pub struct Lookups {
    tables: Vec<LookupTable>,
    /// Identifies what they hold.
    pub hash: Option<String>,
}

#[derive(Debug)]
struct LookupTable {
    name: String,
    by: String,
    header: Vec<String>,
    keys: KeyIndex,
    /// The cells, by key and column.
    rows: Vec<csv::ByteRecord>,
}

impl Lookups {
    /// Reads the lookups of a source.
    ///
    /// # Errors
    /// [`Error::NoFiles`], [`Error::NoColumn`] and [`Error::Unreadable`], as of any file of a source.
    pub fn read(name: &str, source: &Source, project: &Path) -> Result<Lookups> {
        let mut lookups = Lookups::default();
        let mut hasher = blake3::Hasher::new();
        for (label, lookup) in &source.lookups {
            let place = format!("{name}.lookups.{label}");
            let mut table: Option<LookupTable> = None;
            for path in matching(&place, &lookup.files, false, project)? {
                let (text, dialect) = super::formats::whole_text(&place, &path, &lookup.as_source())?;
                hasher.update(label.as_bytes()).update(&[0]).update(&text);
                table = Some(add_rows(table, (&text, dialect), label, lookup, (&place, &path))?);
            }
            lookups.tables.extend(table);
        }
        lookups.hash = (!lookups.tables.is_empty()).then(|| hasher.finalize().to_hex()[..32].to_string());
        Ok(lookups)
    }
}

impl Lookups {
    /// Identifies what a file and the lookups hold: a file is loaded again when a lookup changes.
    pub fn hash_with(&self, file: String) -> String {
        match &self.hash {
            Some(own) => blake3::hash(format!("{file}\0{own}").as_bytes()).to_hex().to_string(),
            None => file,
        }
    }
}

impl Lookup {
    /// How its files are written, as a source says it.
    fn as_source(&self) -> Source {
        Source {
            delimiter: self.delimiter,
            quote: self.quote,
            encoding: self.encoding.clone(),
            sheet: self.sheet.clone(),
            header_row: self.header_row,
            ..Source::default()
        }
    }
}

/// Adds the rows of one file to a lookup.
fn add_rows(
    table: Option<LookupTable>,
    (text, dialect): (&[u8], Dialect),
    label: &str,
    lookup: &Lookup,
    (place, path): (&str, &Path),
) -> Result<LookupTable> {
    let unreadable =
        |message: String| Error::Unreadable { source_name: place.into(), path: path.to_path_buf(), message };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(dialect.delimiter).quote(dialect.quote).flexible(true).from_reader(text);
    let broken = |error: csv::Error| unreadable(error.to_string());
    let header: Vec<String> = reader
        .byte_headers()
        .map_err(broken)?
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim().to_string())
        .collect();
    let Some(key) = header.iter().position(|name| *name == lookup.key) else {
        return Err(Error::NoColumn {
            source_name: place.into(),
            path: path.to_path_buf(),
            column: lookup.key.clone(),
            canonical: "key".into(),
            nearest: super::source::nearest(&lookup.key, &header),
            header,
        });
    };
    let mut table = table.unwrap_or_else(|| LookupTable {
        name: label.into(),
        by: lookup.by.clone().unwrap_or_else(|| lookup.key.clone()),
        header: header.clone(),
        keys: KeyIndex::default(),
        rows: Vec::new(),
    });
    if table.header != header {
        return Err(unreadable("its columns are not those of the other files of this lookup".into()));
    }
    for record in reader.into_byte_records() {
        let record = record.map_err(|error| unreadable(error.to_string()))?;
        let Some(id) = record.get(key).filter(|id| !id.is_empty() && record.len() == header.len()) else { continue };
        if !table.keys.insert(id).1 {
            let id = String::from_utf8_lossy(id);
            return Err(unreadable(format!("its key `{}` has `{id}` twice, so it identifies no row", lookup.key)));
        }
        table.rows.push(record);
    }
    Ok(table)
}

/// A cell that is worked out.
#[derive(Debug, Clone)]
pub enum Extra {
    /// The column of a lookup, by the field that holds its key.
    Found { lookups: Arc<Lookups>, table: usize, column: usize, by: usize },
    /// Fields joined.
    Joined { parts: Vec<usize>, id: bool },
}

/// Finds fields by name: those of the record first, then those of the lookups, which it numbers from there on.
pub struct Finder<'f> {
    header: &'f [String],
    lookups: &'f Arc<Lookups>,
    /// The worked out fields asked for so far.
    pub extras: Vec<Extra>,
    found: BTreeMap<String, usize>,
}

impl<'f> Finder<'f> {
    /// For the fields of a record.
    pub fn new(header: &'f [String], lookups: &'f Arc<Lookups>) -> Finder<'f> {
        Finder { header, lookups, extras: Vec::new(), found: BTreeMap::new() }
    }

    /// The field of a name.
    pub fn find(&mut self, name: &str) -> Option<usize> {
        self.search(name, self.lookups.tables.len())
    }

    fn search(&mut self, name: &str, deep: usize) -> Option<usize> {
        if let Some(field) = self.header.iter().position(|field| field.trim() == name).filter(|_| !name.is_empty()) {
            return Some(field);
        }
        if let Some(field) = self.found.get(name) {
            return Some(*field);
        }
        let lookups = Arc::clone(self.lookups);
        for (place, table) in lookups.tables.iter().enumerate().filter(|_| deep > 0) {
            let wanted = name.strip_prefix(table.name.as_str()).and_then(|rest| rest.strip_prefix('.'));
            let Some(column) = wanted.and_then(|wanted| table.header.iter().position(|own| own == wanted)) else {
                continue;
            };
            let by = self.search(&table.by, deep - 1)?;
            let field = self.add(Extra::Found { lookups: Arc::clone(self.lookups), table: place, column, by });
            self.found.insert(name.into(), field);
            return Some(field);
        }
        None
    }

    /// The field that joins others.
    pub fn join(&mut self, parts: Vec<usize>, id: bool) -> usize {
        self.add(Extra::Joined { parts, id })
    }

    /// Every name that can be asked for.
    pub fn names(&self) -> Vec<String> {
        let found = self.lookups.tables.iter().flat_map(|table| {
            table.header.iter().filter(|column| !column.is_empty()).map(|column| format!("{}.{column}", table.name))
        });
        self.header.iter().filter(|name| !name.is_empty()).cloned().chain(found).collect()
    }

    fn add(&mut self, extra: Extra) -> usize {
        self.extras.push(extra);
        self.header.len() + self.extras.len() - 1
    }
}

/// The texts of one worked out field, a text a record.
#[derive(Debug, Default)]
pub struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Texts {
    /// The text of a record.
    #[inline]
    pub fn get(&self, record: usize) -> &[u8] {
        let start = if record == 0 { 0 } else { self.ends[record - 1] as usize };
        &self.bytes[start..self.ends[record] as usize]
    }

    fn end(&mut self) {
        self.ends.push(self.bytes.len() as u32);
    }
}

impl Extra {
    /// Works the field out for every record of a block; the fields it needs are there.
    pub fn texts(&self, block: &Block, quote: u8) -> Texts {
        let mut texts = Texts::default();
        let mut guess = Guess::default();
        for record in 0..block.records.len() {
            match self {
                Extra::Found { lookups, table, column, by } => {
                    let table = &lookups.tables[*table];
                    let id = block.cell(record, *by, quote);
                    if let Some(key) = table.keys.get_near(&id, &mut guess) {
                        texts.bytes.extend_from_slice(table.rows[key as usize].get(*column).unwrap_or_default());
                    }
                }
                Extra::Joined { parts, id } => join(block, record, parts, *id, quote, &mut texts.bytes),
            }
            texts.end();
        }
        texts
    }
}

/// Joins fields: of an id so that different parts never look alike, and nothing where any part is empty.
fn join(block: &Block, record: usize, parts: &[usize], id: bool, quote: u8, into: &mut Vec<u8>) {
    let start = into.len();
    for part in parts {
        let text = block.cell(record, *part, quote);
        let text = text.trim_ascii();
        if id {
            if text.is_empty() {
                into.truncate(start);
                return;
            }
            if into.len() > start {
                into.push(b'/');
            }
            for byte in text {
                if matches!(byte, b'/' | b'\\') {
                    into.push(b'\\');
                }
                into.push(*byte);
            }
        } else if !text.is_empty() {
            if into.len() > start {
                into.push(b' ');
            }
            into.extend_from_slice(text);
        }
    }
}
