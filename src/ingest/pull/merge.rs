//! Puts what was pulled now in the place of what was pulled before, from the same point on.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::calendar::{DAY_MICROS, civil};
use crate::error::{Error, Result};
use crate::ingest::formats::rows::{Origin, RowWriter};
use crate::ingest::resolve::append_key_part;
use crate::ingest::values;

/// How far before the last cursor to read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LookBack {
    /// From the cursor itself on.
    #[default]
    None,
    /// Of a cursor that counts.
    Number(i64),
    /// Of a cursor that is a date or a time, in seconds.
    Seconds(i64),
}

impl LookBack {
    /// Reads `3 days`, `12 hours`, `30 minutes` or `1000`.
    pub fn parse(text: &str) -> Option<LookBack> {
        let text = text.trim();
        let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        let count: i64 = text[..end].parse().ok()?;
        let seconds = |unit: i64| count.checked_mul(unit).map(LookBack::Seconds);
        match text[end..].trim() {
            "" => Some(LookBack::Number(count)),
            "d" | "day" | "days" | "hari" => seconds(86_400),
            "h" | "hour" | "hours" | "jam" => seconds(3600),
            "m" | "minute" | "minutes" | "menit" => seconds(60),
            _ => None,
        }
    }

    /// The cursor to begin with.
    pub fn before(self, cursor: &str) -> String {
        match (self, cursor.parse::<i64>(), values::iso(cursor.as_bytes())) {
            (LookBack::Number(count), Ok(number), _) => number.saturating_sub(count).to_string(),
            (LookBack::Seconds(seconds), _, Some(at)) => moment(at - seconds * 1_000_000, cursor.len() == 10),
            _ => cursor.to_string(),
        }
    }
}

fn moment(at: i64, date_only: bool) -> String {
    let (year, month, day) = civil(at.div_euclid(DAY_MICROS) as i32);
    let seconds = at.rem_euclid(DAY_MICROS) / 1_000_000;
    let date = format!("{year:04}-{month:02}-{day:02}");
    if date_only {
        return date;
    }
    format!("{date} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Whether a cursor lies before another: as numbers where both are, else as texts, in which ISO times sort right.
fn lies_before(cursor: &str, other: &str) -> bool {
    match (cursor.parse::<i128>(), other.parse::<i128>()) {
        (Ok(cursor), Ok(other)) => cursor < other,
        _ => match (cursor.parse::<f64>(), other.parse::<f64>()) {
            (Ok(cursor), Ok(other)) => cursor < other,
            _ => cursor < other,
        },
    }
}

/// Rows as they come from the database, kept on disk until they are merged.
pub struct Rows {
    folder: PathBuf,
    cursor: Option<String>,
    keys: Vec<String>,
    header: Vec<String>,
    cursor_field: Option<usize>,
    key_fields: Option<Vec<usize>>,
    written: csv::Writer<BufWriter<File>>,
    seen: BTreeSet<Vec<u8>>,
    newest: Option<String>,
}

impl Rows {
    /// None yet.
    pub fn new(folder: &Path, cursor: Option<&str>, keys: &[String]) -> Result<Rows> {
        let file = tempfile::tempfile_in(folder).map_err(Error::io("write in", folder))?;
        Ok(Rows {
            folder: folder.to_path_buf(),
            cursor: cursor.map(String::from),
            keys: keys.to_vec(),
            header: Vec::new(),
            cursor_field: None,
            key_fields: None,
            written: csv::WriterBuilder::new().has_headers(false).from_writer(BufWriter::new(file)),
            seen: BTreeSet::new(),
            newest: None,
        })
    }

    /// Takes the header, then each row.
    pub fn take(&mut self, cells: &[Vec<u8>]) -> std::result::Result<(), String> {
        if self.header.is_empty() {
            return self.take_header(cells);
        }
        if let Some(cell) = self.cursor_field.and_then(|field| cells.get(field)).filter(|cell| !cell.is_empty()) {
            let text = String::from_utf8_lossy(cell);
            if self.newest.as_ref().is_none_or(|newest| lies_before(newest, &text)) {
                self.newest = Some(text.into_owned());
            }
        }
        if let Some(fields) = &self.key_fields {
            self.seen.insert(key(fields, |field| cells.get(field).map(Vec::as_slice)));
        }
        self.written.write_record(cells).map_err(|error| error.to_string())
    }

    fn take_header(&mut self, cells: &[Vec<u8>]) -> std::result::Result<(), String> {
        self.header = cells.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let place = |name: &String| self.header.iter().position(|own| own == name);
        if let Some(cursor) = &self.cursor {
            let field = place(cursor).ok_or_else(|| {
                format!("it has no column `{cursor}`, the cursor; its columns are {}", self.header.join(", "))
            })?;
            self.cursor_field = Some(field);
            let fields: Option<Vec<usize>> = self.keys.iter().map(place).collect();
            self.key_fields = fields.filter(|fields| !fields.is_empty());
        }
        Ok(())
    }

    /// The rows from before that lie before the point where these begin and have no key of these, then these: as a
    /// file, the hash of its content, and the newest cursor.
    pub fn merge(
        mut self,
        old: Option<(PathBuf, String)>,
        last: Option<String>,
    ) -> Result<(NamedTempFile, String, Option<String>)> {
        let folder = std::mem::take(&mut self.folder);
        let failed = |error: std::io::Error| Error::io("write in", &folder)(error);
        let wrong = |message: String| Error::Internal { during: "laying down pulled rows", message };
        let file = tempfile::Builder::new().prefix(".tmp").tempfile_in(&folder).map_err(failed)?;
        let hashed = Hashed { file: BufWriter::new(file), hasher: blake3::Hasher::new() };
        let mut encoder = zstd::Encoder::new(hashed, 3).map_err(failed)?;
        let mut rows = RowWriter::new(&mut encoder, &self.header).map_err(wrong)?;
        let mut number = 0;
        let mut put = |cells: &csv::ByteRecord| {
            number += 1;
            let cells: Vec<&[u8]> = cells.iter().collect();
            rows.row(&cells, Origin { line: number, code: "", raw: b"" }).map_err(wrong)
        };
        if let Some((path, since)) = old {
            self.kept(&path, &since, &mut put)?;
        }
        let fresh = self.written.into_inner().map_err(|error| wrong(error.to_string()))?;
        let mut fresh = fresh.into_inner().map_err(|error| wrong(error.to_string()))?;
        fresh.rewind().map_err(failed)?;
        for record in csv::ReaderBuilder::new().has_headers(false).from_reader(fresh).byte_records() {
            put(&record.map_err(|error| wrong(error.to_string()))?)?;
        }
        rows.end().map_err(wrong)?;
        let Hashed { file, hasher } = encoder.finish().map_err(failed)?;
        let file = file.into_inner().map_err(|error| wrong(error.to_string()))?;
        file.as_file().sync_all().map_err(failed)?;
        let newest = match (self.newest, last) {
            (Some(new), Some(last)) if lies_before(&new, &last) => Some(last),
            (new, last) => new.or(last),
        };
        Ok((file, hasher.finalize().to_hex().to_string(), newest))
    }

    /// Hands over the rows from before that stay.
    fn kept(&self, path: &Path, since: &str, put: &mut impl FnMut(&csv::ByteRecord) -> Result<()>) -> Result<()> {
        let damaged = |error: csv::Error| Error::Damaged { path: path.to_path_buf(), message: error.to_string() };
        let file = File::open(path).map_err(Error::io("read", path))?;
        let text = zstd::Decoder::new(file).map_err(Error::io("read", path))?;
        let mut reader = csv::ReaderBuilder::new().from_reader(text);
        let width = self.header.len();
        let header = reader.byte_headers().map_err(damaged)?;
        if !header.iter().take(width).eq(self.header.iter().map(String::as_bytes)) || header.len() != width + 1 {
            let message = "the query gives other columns now than when it was last read".into();
            return Err(Error::Damaged { path: path.to_path_buf(), message });
        }
        for record in reader.byte_records() {
            let mut record = record.map_err(damaged)?;
            record.truncate(width);
            let cursor = self.cursor_field.and_then(|field| record.get(field)).unwrap_or_default();
            let early = !cursor.is_empty() && lies_before(&String::from_utf8_lossy(cursor), since);
            let replaced = |fields: &Vec<usize>| self.seen.contains(&key(fields, |field| record.get(field)));
            if early && !self.key_fields.as_ref().is_some_and(replaced) {
                put(&record)?;
            }
        }
        Ok(())
    }
}

/// A row's key, so that different parts never look alike.
fn key<'c>(fields: &[usize], cell: impl Fn(usize) -> Option<&'c [u8]>) -> Vec<u8> {
    let mut key = Vec::new();
    fields.iter().for_each(|field| append_key_part(&mut key, cell(*field).unwrap_or_default()));
    key
}

/// A file that knows what was written to it.
struct Hashed {
    file: BufWriter<NamedTempFile>,
    hasher: blake3::Hasher,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_begin() {
        let before = |text: &str, cursor: &str| LookBack::parse(text).unwrap().before(cursor);
        assert_eq!(before("3 days", "2024-03-01 10:15:00"), "2024-02-27 10:15:00");
        assert_eq!(before("1 day", "2024-03-01"), "2024-02-29");
        assert_eq!(before("12 hours", "2024-03-01 10:15:00.123456"), "2024-02-29 22:15:00");
        assert_eq!(before("1000", "1500"), "500");
        assert_eq!(before("1000", "abc"), "abc");
        assert_eq!(LookBack::parse("soon"), None);
        assert!(lies_before("9", "10") && !lies_before("2024-02-01", "2024-01-31") && lies_before("9.5", "10.25"));
    }
}
