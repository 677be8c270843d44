//! The bytes of an export: the whole file, or windows spread evenly over a very large one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use memchr::{memchr, memrchr};

use super::sniff::{Encoding, Shape};
use crate::error::{Error, Result};
use crate::ingest::formats::{self, archive};

/// Files up to this size are read whole; an ambiguous date may hide anywhere.
pub const READ_WHOLE: u64 = 200 << 20;
/// Larger ones are read in this many windows, the first at the beginning, the last at the end.
const WINDOWS: u64 = 64;
/// Bytes of one window.
const WINDOW: u64 = 1 << 20;
/// Bytes read at a time.
const CHUNK: usize = 4 << 20;

/// Feeds a file to `take` in blocks of UTF-8 (or the single-byte original). `take` gets a block, whether it is the
/// last of its stretch, and whether it is the first of the file; it returns the bytes it consumed, and sees the
/// rest again at the head of the next block.
pub fn each_block(path: &Path, shape: &Shape, mut take: impl FnMut(&[u8], bool, bool) -> usize) -> Result<()> {
    let (size, encoding) = (formats::size(path)?, shape.encoding);
    let before_header = |text: &[u8]| match shape.made {
        Some(_) => 0,
        None => formats::lines_before_header(text, shape.header_row).bytes,
    };
    if size > READ_WHOLE && formats::is_plain(path) {
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        for window in 0..WINDOWS {
            let mut text = read_window(&mut file, path, encoding, size, window)?;
            if window == 0 {
                text.drain(..before_header(&text));
            }
            take(&text, true, window == 0);
        }
        return Ok(());
    }
    let mut file = formats::open("init", path, &shape.as_source())?.text;
    let unreadable = archive::reading("init", path);
    let mut decoder = encoding.utf_16().map(encoding_rs::Encoding::new_decoder_with_bom_removal);
    let mut chunk = vec![0; CHUNK];
    let mut carry = Vec::new();
    let mut first = true;
    loop {
        let length = read_full(&mut file, &mut chunk).map_err(&unreadable)?;
        let last = length < CHUNK;
        match &mut decoder {
            Some(decoder) => {
                let mut text = String::with_capacity(decoder.max_utf8_buffer_length(length).unwrap_or(length * 3));
                let _ = decoder.decode_to_string(&chunk[..length], &mut text, last);
                carry.extend_from_slice(text.as_bytes());
            }
            None => carry.extend_from_slice(&chunk[..length]),
        }
        if first && carry.starts_with(BOM) {
            carry.drain(..BOM.len());
        }
        if first {
            carry.drain(..before_header(&carry));
        }
        let consumed = take(&carry, last, first);
        carry.drain(..consumed.min(carry.len()));
        first = false;
        if last {
            return Ok(());
        }
    }
}

/// The first `most` bytes, unpacked.
pub fn head(path: &Path, most: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let mut stream = archive::stream("init", path)?.rest;
    let length = read_full(&mut stream, &mut bytes).map_err(archive::reading("init", path))?;
    bytes.truncate(length);
    Ok(bytes)
}

/// The files to look at: folders give the tables in them, and nothing is looked at twice.
pub fn expand(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in given {
        let real = archive::locate(path).file;
        let about = std::fs::metadata(&real).map_err(Error::io("read", path))?;
        let found = if about.is_dir() { tables_in(path)? } else { vec![path.clone()] };
        let mut found = formats::expanded("init", found)?;
        found.sort();
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// The byte-order mark of UTF-8.
pub const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Extensions of what may be a table, or packed tables.
const TABLES: &[&str] = &[
    "csv", "tsv", "txt", "tab", "gz", "zst", "zip", "xlsx", "xlsm", "xls", "ods", "jsonl", "ndjson", "json", "parquet",
    "db", "sqlite", "sqlite3",
];

fn tables_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let path = entry.map_err(Error::io("read", folder))?.path();
        let is_table = path
            .extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|extension| TABLES.iter().any(|known| extension.eq_ignore_ascii_case(known)));
        if is_table && path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

fn read_window(file: &mut File, path: &Path, encoding: Encoding, size: u64, window: u64) -> Result<Vec<u8>> {
    let start = ((size - WINDOW) / (WINDOWS - 1) * window) & !1;
    let start = if window == WINDOWS - 1 { (size - WINDOW) & !1 } else { start };
    let mut raw = vec![0; WINDOW as usize + 1];
    file.seek(SeekFrom::Start(start)).map_err(Error::io("read", path))?;
    let length = read_full(file, &mut raw).map_err(Error::io("read", path))?;
    raw.truncate(if length as u64 > WINDOW { WINDOW as usize } else { length });
    let mut text = match encoding.utf_16() {
        Some(utf_16) => utf_16.decode_with_bom_removal(&raw).0.into_owned().into_bytes(),
        None => raw,
    };
    if window == 0 && text.starts_with(BOM) {
        text.drain(..BOM.len());
    }
    if window > 0 {
        let begin = memchr(b'\n', &text).map_or(text.len(), |newline| newline + 1);
        text.drain(..begin);
    }
    if window < WINDOWS - 1 {
        let end = memrchr(b'\n', &text).map_or(0, |newline| newline + 1);
        text.truncate(end);
    }
    Ok(text)
}

fn read_full(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
