//! Finds rows of an export again: the physical line and the text of accepted rows, by their place among those accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::blocks::BlockReader;
use super::encoding::{Text, TextEncoding};
use super::header::Header;
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

/// The header of a file, as ingest reads it, and how its text is written; `None` where there is none.
pub fn header(source: &Source, path: &Path) -> Result<Option<(Header, TextEncoding)>> {
    let mut reader = BlockReader::open(path, &source.encoding)?;
    let Some(block) = reader.next_block()? else { return Ok(None) };
    let encoding = reader.encoding();
    Ok(Header::read(&block.bytes, source.dialect(), encoding).ok().map(|(header, _)| (header, encoding)))
}

/// The fields of a record; `None` where it is none.
pub fn fields(source: &Source, text: &str) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(source.delimiter as u8)
        .quote(source.quote as u8)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(String::from).collect())
}

/// The rows `wanted` (places among the accepted rows, from 0) of a file. `refused` are the numbers of the records that
/// were not accepted, from 1; `fields` the number of fields of the header.
pub fn rows(
    source: &Source,
    path: &Path,
    fields: usize,
    refused: &BTreeSet<u64>,
    wanted: &BTreeSet<u32>,
) -> Result<BTreeMap<u32, Original>> {
    let dialect = source.dialect();
    let mut reader = BlockReader::open(path, &source.encoding)?;
    let mut found = BTreeMap::new();
    let (mut open, mut first) = (Vec::new(), true);
    let (mut lines, mut number, mut accepted) = (1_u64, 0_u64, 0_u32);
    while let Some(block) = reader.next_block()? {
        let mut bytes = std::mem::take(&mut open);
        bytes.extend_from_slice(&block.bytes);
        if std::mem::take(&mut first)
            && let Ok((header, taken)) = Header::read(&bytes, dialect, reader.encoding())
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
                let text = String::from_utf8_lossy(records.text(&bytes, record)).into_owned();
                found.insert(accepted, Original { line: lines + u64::from(records.lines[record]) + 1, text });
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
    source: &Source,
    path: &Path,
    fields: usize,
    texts: &BTreeSet<&'t str>,
) -> Result<BTreeMap<&'t str, u32>> {
    let dialect = source.dialect();
    let mut reader = BlockReader::open(path, &source.encoding)?;
    let mut counts = BTreeMap::new();
    let mut open = Vec::new();
    while let Some(block) = reader.next_block()? {
        let mut bytes = std::mem::take(&mut open);
        bytes.extend_from_slice(&block.bytes);
        let Text { bytes, raw, records, .. } = reader.encoding().text(bytes, dialect, fields, block.last);
        for record in 0..records.len() {
            let text = String::from_utf8_lossy(records.text(&bytes, record));
            if let Some(text) = texts.get(text.as_ref()) {
                *counts.entry(*text).or_default() += 1;
            }
        }
        open = raw.unwrap_or(bytes).split_off(records.consumed);
    }
    Ok(counts)
}
