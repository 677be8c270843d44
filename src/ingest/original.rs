//! Finds rows of an export again: the physical line and the text of accepted rows, by their place among those accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::blocks::BlockReader;
use super::encoding::{Text, TextEncoding};
use super::formats::{Made, rows::Origin};
use super::header::Header;
use super::records::{Dialect, Records};
use super::source::Source;
use crate::error::Result;

/// A row as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// The physical line, from 1.
    pub line: u64,
    /// The record as it came.
    pub text: String,
}

/// A file's header, how its text is written, and what the text was made of.
pub type Head = (Header, TextEncoding, Option<Made>);

/// The header of a file, as ingest reads it; `None` where there is none.
pub fn header(name: &str, source: &Source, path: &Path) -> Result<Option<Head>> {
    let mut reader = BlockReader::open(name, path, source)?;
    let Some(block) = reader.next_block()? else { return Ok(None) };
    let header = head(&block.bytes, source, &reader).ok();
    Ok(header.map(|(header, _)| (header, reader.encoding(), reader.origin.take())))
}

/// The header at the beginning of a file's first block, and the bytes it took.
pub(super) fn head(
    bytes: &[u8],
    source: &Source,
    reader: &BlockReader,
) -> std::result::Result<(Header, usize), String> {
    let made = reader.origin.is_some();
    Header::read(bytes, source.dialect(made), reader.encoding(), source.header_row.filter(|_| !made))
}

/// A record's own line, where its text was made of another format, and its text without where it came from.
fn own_text<'b>(records: &Records, bytes: &'b [u8], record: usize, made: bool) -> (Option<u64>, &'b [u8]) {
    let text = records.text(bytes, record);
    if !made {
        return (None, text);
    }
    let field = records.raw(bytes, record, records.fields - 1);
    let bare = field.strip_prefix(b"\"").unwrap_or(field);
    (Origin::read(bare).map(|origin| origin.line), &text[..text.len() - (field.len() + 1).min(text.len())])
}

/// The fields of a record; `None` where it is none.
pub fn fields(source: &Source, text: &str) -> Option<Vec<String>> {
    split_fields(source.dialect(false), text)
}

fn split_fields(dialect: Dialect, text: &str) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(String::from).collect())
}

/// The rows `wanted` (places among the accepted rows, from 0) of a file. `refused` are the numbers of the records that
/// were not accepted, from 1; `fields` the number of fields of the header.
pub fn rows(
    name: &str,
    source: &Source,
    path: &Path,
    fields: usize,
    refused: &BTreeSet<u64>,
    wanted: &BTreeSet<u32>,
) -> Result<BTreeMap<u32, Original>> {
    let mut reader = BlockReader::open(name, path, source)?;
    let made = reader.origin.is_some();
    let dialect = source.dialect(made);
    let mut found = BTreeMap::new();
    let (mut open, mut first) = (Vec::new(), true);
    let (mut lines, mut number, mut accepted) = (1_u64, 0_u64, 0_u32);
    while let Some(block) = reader.next_block()? {
        let mut bytes = std::mem::take(&mut open);
        bytes.extend_from_slice(&block.bytes);
        if std::mem::take(&mut first)
            && let Ok((header, taken)) = head(&bytes, source, &reader)
        {
            bytes.drain(..taken);
            lines = header.lines;
        }
        let Text { bytes, raw, records, .. } = reader.encoding().text(bytes, dialect, fields, block.last);
        let mut bad = records.bad.iter().peekable();
        for record in 0..records.len() {
            while bad.next_if(|bad| bad.after as usize <= record).is_some() {
                number += 1;
            }
            number += 1;
            if refused.contains(&number) {
                continue;
            }
            if wanted.contains(&accepted) {
                let (line, text) = own_text(&records, &bytes, record, made);
                let line = line.unwrap_or(lines + u64::from(records.lines[record]) + 1);
                found.insert(accepted, Original { line, text: String::from_utf8_lossy(text).into_owned() });
                if found.len() == wanted.len() {
                    return Ok(found);
                }
            }
            accepted += 1;
        }
        number += bad.count() as u64;
        lines += u64::from(records.line_count);
        open = raw.unwrap_or(bytes).split_off(records.consumed);
    }
    Ok(found)
}

/// How often each of the given records stands in a file, word for word.
pub fn occurrences<'t>(
    name: &str,
    source: &Source,
    path: &Path,
    fields: usize,
    texts: &BTreeSet<&'t str>,
) -> Result<BTreeMap<&'t str, u32>> {
    let mut reader = BlockReader::open(name, path, source)?;
    let made = reader.origin.is_some();
    let dialect = source.dialect(made);
    let mut counts = BTreeMap::new();
    let mut open = Vec::new();
    while let Some(block) = reader.next_block()? {
        let mut bytes = std::mem::take(&mut open);
        bytes.extend_from_slice(&block.bytes);
        let Text { bytes, raw, records, .. } = reader.encoding().text(bytes, dialect, fields, block.last);
        for record in 0..records.len() {
            let text = String::from_utf8_lossy(own_text(&records, &bytes, record, made).1);
            if let Some(text) = texts.get(text.as_ref()) {
                *counts.entry(*text).or_default() += 1;
            }
        }
        open = raw.unwrap_or(bytes).split_off(records.consumed);
    }
    Ok(counts)
}
