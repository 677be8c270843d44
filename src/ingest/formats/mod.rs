//! Every format as one: text records that the one pipeline reads. Text is handed on as it is; workbooks, JSON lines
//! and Parquet become text whose records say where they came from.

pub mod archive;
pub mod database_file;
mod json_lines;
mod parquet_file;
pub mod rows;
pub mod workbook;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::blocks::BlockReader;
use super::records::Dialect;
use super::source::Source;
use crate::error::{Error, Result};
use archive::Stream;

/// How text made of other formats is written.
pub const MADE: Dialect = Dialect { delimiter: b',', quote: b'"' };

/// A file, opened as text.
pub struct Opened {
    /// The text.
    pub text: Box<dyn Read + Send>,
    /// What its records' last field speaks of; `None`: it is text as it lies there, without such a field.
    pub origin: Option<Made>,
}

/// What text was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// A sheet of a workbook, by its name: records are rows.
    Sheet(String),
    /// JSON lines: records are lines.
    Lines,
    /// Rows of a Parquet file or of a database.
    Rows,
}

impl Made {
    /// Where a record, or a cell of it, is: `Sheet1!C14`.
    pub fn address(&self, line: u64, column: Option<usize>) -> String {
        match self {
            Made::Sheet(sheet) => format!("{sheet}!{}{line}", column.map(workbook::letters).unwrap_or_default()),
            Made::Lines => format!("line {line}"),
            Made::Rows => format!("row {line}"),
        }
    }
}

/// What the first bytes tell of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Delimited text, as far as one can tell.
    Text,
    /// xlsx, xls or ods.
    Workbook,
    /// A zip archive.
    Archive,
    /// JSON lines.
    JsonLines,
    /// Parquet.
    Parquet,
    /// A SQLite database.
    Sqlite,
    /// Nothing that is read here; why.
    Other(&'static str),
}

/// Tells the format by its first bytes; a zip archive may still be a workbook.
pub fn format_of(head: &[u8]) -> Format {
    let bare = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    match head {
        _ if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") => Format::Archive,
        _ if head.starts_with(b"\xD0\xCF\x11\xE0") => Format::Workbook,
        _ if head.starts_with(b"PAR1") => Format::Parquet,
        _ if head.starts_with(b"%PDF") => Format::Other("it is a PDF: export the data itself"),
        _ if head.starts_with(b"SQLite format 3\0") => Format::Sqlite,
        _ if bare.starts_with(b"{\"") || bare.starts_with(b"{ \"") => Format::JsonLines,
        // MYOB puts `{}` above its tables.
        _ if bare.strip_prefix(b"{}").is_some_and(|rest| matches!(rest.trim_ascii_start(), [] | [b'{', ..])) => {
            Format::JsonLines
        }
        _ if bare.starts_with(b"[{") || bare.starts_with(b"[\n") => {
            Format::Other("it is one JSON list: write one object a line (JSON lines)")
        }
        _ if bare.len() > 5
            && (bare[..5].eq_ignore_ascii_case(b"<html") || bare[..5].eq_ignore_ascii_case(b"<!doc")) =>
        {
            Format::Other("it is a web page, whatever its name says: save it as CSV or as a workbook")
        }
        _ if bare.starts_with(b"<?xml") => Format::Other("it is XML: save it as CSV or as a workbook"),
        _ => Format::Text,
    }
}

/// Opens a file, or a member of an archive, as text.
pub fn open(name: &str, path: &Path, source: &Source) -> Result<Opened> {
    let stream = archive::stream(name, path)?;
    let mark = source.decimal.unwrap_or('.');
    if source.database.is_some() {
        return Ok(Opened { text: stream.rest, origin: Some(Made::Rows) });
    }
    let unreadable =
        |message: String| Error::Unreadable { source_name: name.into(), path: path.to_path_buf(), message };
    match format_of(&stream.head) {
        Format::Text => Ok(Opened { text: stream.rest, origin: None }),
        Format::Other(reason) => Err(unreadable(reason.into())),
        Format::JsonLines => {
            let keys = json_lines::keys(stream.rest).map_err(unreadable)?;
            let again = archive::stream(name, path)?.rest;
            let text = rows::spawn(move |chunks| json_lines::write(again, &keys, mark, chunks));
            Ok(Opened { text, origin: Some(Made::Lines) })
        }
        Format::Parquet => {
            let file = archive::seekable(name, path, stream)?;
            let text = rows::spawn(move |chunks| parquet_file::write(file, mark, chunks));
            Ok(Opened { text, origin: Some(Made::Rows) })
        }
        Format::Sqlite if !stream.plain => Err(unreadable("it is a packed SQLite database: unpack it first".into())),
        Format::Sqlite => {
            let text = database_file::text(name, path, source.sheet.as_deref(), mark)?;
            Ok(Opened { text, origin: Some(Made::Rows) })
        }
        Format::Archive | Format::Workbook => {
            let file = workbook_file(name, path, stream)?;
            let wanted = workbook::Wanted { sheet: source.sheet.clone(), header_row: source.header_row, mark };
            let (text, sheet) = workbook::text(name, path, file, wanted)?;
            Ok(Opened { text, origin: Some(Made::Sheet(sheet)) })
        }
    }
}

/// A workbook as a file on disk.
pub fn workbook_file(name: &str, path: &Path, stream: Stream) -> Result<File> {
    let archive = format_of(&stream.head) == Format::Archive;
    let mut file = archive::seekable(name, path, stream)?;
    if archive && !archive::is_workbook(&mut file) {
        if path.is_file() {
            archive::members(name, path)?;
        }
        return Err(Error::Unreadable {
            source_name: name.into(),
            path: path.to_path_buf(),
            message: "it is an archive: name the file in it, as in `files = [\"drops.zip/sales.csv\"]`".into(),
        });
    }
    use std::io::Seek;
    file.rewind().map_err(Error::io("read", path))?;
    Ok(file)
}

/// The whole text of a small file, in UTF-8, and how it is written.
pub fn whole_text(name: &str, path: &Path, source: &Source) -> Result<(Vec<u8>, Dialect)> {
    let mut reader = BlockReader::open(name, path, source)?;
    let mut text = Vec::new();
    while let Some(block) = reader.next_block()? {
        text.extend_from_slice(&block.bytes);
    }
    if reader.origin.is_some() {
        return Ok((text, MADE));
    }
    let mut text = reader.encoding().decoded(text);
    let header = lines_before_header(&text, source.header_row);
    text.drain(..header.bytes);
    Ok((text, source.dialect(false)))
}

/// What stands in front of a header line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Bytes.
    pub bytes: usize,
    /// Lines.
    pub lines: u64,
}

/// The lines in front of the header: those before the row named, and blank ones.
pub fn lines_before_header(text: &[u8], header_row: Option<u32>) -> Before {
    let mut before = Before { bytes: 0, lines: 0 };
    while before.bytes < text.len() {
        let length = memchr::memchr(b'\n', &text[before.bytes..]).map_or(text.len() - before.bytes, |at| at + 1);
        let line = &text[before.bytes..before.bytes + length];
        let above = header_row.is_some_and(|row| before.lines + 1 < u64::from(row));
        if !above && !line.iter().all(u8::is_ascii_whitespace) {
            break;
        }
        before = Before { bytes: before.bytes + length, lines: before.lines + 1 };
    }
    before
}

/// Whether the bytes of a file are its content: not packed, not a workbook.
pub fn is_plain(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let mut head = Vec::new();
    let read = file.by_ref().take(64).read_to_end(&mut head);
    let packed = head.starts_with(b"\x1F\x8B") || head.starts_with(b"\x28\xB5\x2F\xFD");
    read.is_ok() && !packed && format_of(&head) == Format::Text
}

/// The size of a file, or of the archive it is in.
pub fn size(path: &Path) -> Result<u64> {
    let file = archive::locate(path).file;
    Ok(std::fs::metadata(&file).map_err(Error::io("read", &file))?.len())
}

/// The tables in the files given: an archive gives those it holds. One that cannot be read stays as it is, and is held
/// when it is loaded.
pub fn expanded(name: &str, paths: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        match archive::is_archive(&path).then(|| archive::members(name, &path)) {
            Some(Ok(members)) => found.extend(members),
            Some(Err(Error::Unreadable { .. })) | None => found.push(path),
            Some(Err(error)) => return Err(error),
        }
    }
    Ok(found)
}

/// The members that match a pattern that goes into archives: `drops/*.zip/*.csv`.
pub fn matching_members(name: &str, pattern: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let ends =
        pattern.match_indices('/').map(|(at, _)| at).filter(|at| pattern[..*at].to_lowercase().ends_with(".zip"));
    for end in ends {
        let (archives, inside) = (&pattern[..end], &pattern[end + 1..]);
        let (Ok(archives), Ok(inside)) = (glob::glob(archives), glob::Pattern::new(inside)) else { continue };
        for path in archives.flatten().filter(|path| path.is_file()) {
            for member in archive::members(name, &path)? {
                let label = member.strip_prefix(&path).unwrap_or(&member).to_string_lossy().into_owned();
                if inside.matches(&label) {
                    found.push(member);
                }
            }
        }
    }
    Ok(found)
}
