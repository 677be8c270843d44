//! The head of a file: the names of its columns.

use std::collections::BTreeSet;

use super::encoding::TextEncoding;
use super::formats::lines_before_header;
use super::records::Dialect;

/// A file with more columns than this is no export of rows (a worksheet has as many at most).
pub const MOST_COLUMNS: usize = 16_384;

/// A column's name longer than this is none (a worksheet's cell has 32,767 characters at most, a name far fewer).
const LONGEST_NAME: usize = 4096;

/// A header longer than this is a quote that never closes.
const LONGEST_HEADER: u64 = 1 << 20;

/// The names of a file's columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// The names.
    pub names: Vec<String>,
    /// The record itself, to know it again further down.
    pub record: Vec<u8>,
    /// Physical lines up to the first row.
    pub lines: u64,
}

impl Header {
    /// Reads the header at the beginning of a block, below the lines before `row` (from 1); returns it and the bytes
    /// it took. The message says why there is none.
    pub fn read(
        bytes: &[u8],
        dialect: Dialect,
        encoding: TextEncoding,
        row: Option<u32>,
    ) -> Result<(Header, usize), String> {
        // Excel writes the delimiter into a line of its own.
        let first = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        let marked = row.is_none() && first.trim_ascii_end().len() == 5 && first.starts_with(b"sep=");
        let skipped = if marked { first.len() } else { 0 };
        let start = skipped + lines_before_header(&bytes[skipped..], row).bytes;
        let rest = &bytes[start..];
        let line = rest.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        let (fields, length) = match record(rest, dialect) {
            Some(found) if found.1 <= LONGEST_HEADER as usize => found,
            _ => record(line, dialect).ok_or("it has no header")?,
        };
        if fields.len() > MOST_COLUMNS {
            return Err(format!("its header has {} columns, more than {MOST_COLUMNS}", fields.len()));
        }
        let names = fields.iter().map(|field| encoding.string(field).map(|name| name.trim().to_string()));
        let names: Option<Vec<String>> = names.collect();
        let names = names.ok_or("its header is not text in the declared encoding")?;
        if let Some(long) = names.iter().find(|name| name.len() > LONGEST_NAME) {
            return Err(format!("its header has a column name of {} bytes: is this the right delimiter?", long.len()));
        }
        let mut unique = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !name.is_empty() && !unique.insert(name.as_str())) {
            return Err(format!("its header has `{twice}` twice"));
        }
        let taken = start + length;
        let text = rest[..length].trim_ascii_end();
        let record = encoding.string(text).map_or_else(|| text.to_vec(), String::into_bytes);
        let lines = memchr::memchr_iter(b'\n', &bytes[..taken]).count() as u64;
        Ok((Header { names, record, lines: lines.max(1) }, taken))
    }
}

impl Header {
    /// The bytes a record with the names in another order may begin with.
    pub fn begins(&self) -> [bool; 256] {
        let mut begins = [false; 256];
        for first in self.names.iter().filter_map(|name| name.bytes().next()).chain(*b"\"' ") {
            begins[usize::from(first.to_ascii_lowercase())] = true;
            begins[usize::from(first.to_ascii_uppercase())] = true;
        }
        begins
    }
}

/// The fields of the first record, and the bytes it took.
fn record(bytes: &[u8], dialect: Dialect) -> Option<(Vec<Vec<u8>>, usize)> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut record).ok()? {
        return None;
    }
    let mut taken = reader.position().byte() as usize;
    // The reader may stop between a carriage return and its line feed.
    if bytes[..taken].ends_with(b"\r") && bytes.get(taken) == Some(&b'\n') {
        taken += 1;
    }
    Some((record.iter().map(<[u8]>::to_vec).collect(), taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Header, usize), String> {
        let (utf8, _) = TextEncoding::of("utf-8", b"");
        Header::read(text.as_bytes(), Dialect { delimiter: b';', quote: b'"' }, utf8, None)
    }

    #[test]
    fn names_are_found_behind_what_excel_puts_first() {
        let (header, taken) = read("sep=;\r\n\r\n id ;\"two\nlines\"\r\n1;2\r\n").unwrap();
        assert_eq!(header.names, ["id", "two\nlines"]);
        assert_eq!((header.lines, taken), (4, 27));
        let (header, taken) = read("id;name\r\n1;2").unwrap();
        assert_eq!((header.names.len(), header.lines, taken), (2, 1, 9));
        assert_eq!(header.record, b"id;name");
    }

    #[test]
    fn what_is_no_header_is_refused() {
        assert!(read("").is_err());
        assert!(read("a;b;a\n").unwrap_err().contains("`a` twice"));
        assert!(read(&"x;".repeat(MOST_COLUMNS + 1)).unwrap_err().contains("columns"));
        assert!(read(&"x".repeat(LONGEST_NAME + 1)).unwrap_err().contains("delimiter"));
    }
}
