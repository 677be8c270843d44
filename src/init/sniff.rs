//! How a file is written: encoding, delimiter, quote, header line.

use std::borrow::Cow;
use std::path::Path;

use super::files;
use super::header;
use crate::error::{Error, Result};
use crate::ingest::formats::{self, Format, MADE, Made, archive, workbook};
use crate::ingest::records::{Dialect, split};
use crate::ingest::source::Source;

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The encoding.
    pub encoding: Encoding,
    /// Delimiter and quote.
    pub dialect: Dialect,
    /// What the text was made of, where the file holds no text.
    pub made: Option<Made>,
    /// The sheet of a workbook that has several.
    pub sheet: Option<String>,
    /// The line (or row) of the header, where others that are not blank come before.
    pub header_row: Option<u32>,
    /// The names in the header line.
    pub header: Vec<String>,
    /// What else a person should know.
    pub notes: Vec<String>,
}

impl Shape {
    /// As a source says it, as far as opening the file goes.
    pub fn as_source(&self) -> Source {
        Source { sheet: self.sheet.clone(), header_row: self.header_row, ..Source::default() }
    }

    /// Fields in a record: text made of another format has one more than the header.
    pub fn fields(&self) -> usize {
        self.header.len() + usize::from(self.made.is_some())
    }
}

/// The encodings told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without byte-order mark.
    Utf8,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// Windows-1252, the usual single-byte one.
    Windows1252,
}

impl Encoding {
    /// Its name in `langgan.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16Le => "utf-16",
            Encoding::Utf16Be => "utf-16be",
            Encoding::Windows1252 => "windows-1252",
        }
    }

    /// The decoder of the two-byte ones.
    pub fn utf_16(self) -> Option<&'static encoding_rs::Encoding> {
        match self {
            Encoding::Utf16Le => Some(encoding_rs::UTF_16LE),
            Encoding::Utf16Be => Some(encoding_rs::UTF_16BE),
            Encoding::Utf8 | Encoding::Windows1252 => None,
        }
    }

    /// The UTF-8 of a cell of a block ([`files::each_block`] has decoded the two-byte encodings already).
    pub fn cell(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        if self != Encoding::Windows1252 || bytes.is_ascii() {
            return Cow::Borrowed(bytes);
        }
        match encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0 {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
}

/// What sniffing a file gives: its shape, or why it is no table.
pub type Sniffed = std::result::Result<Shape, String>;

/// The sheets of a file, where it is a workbook with several that hold something, or the tables of a database.
pub fn sheets(path: &Path) -> Result<Vec<Option<String>>> {
    let stream = archive::stream("init", path)?;
    let sheets = match formats::format_of(&stream.head) {
        Format::Sqlite => formats::database_file::tables("init", path)?,
        Format::Archive | Format::Workbook => {
            workbook::sheets("init", path, formats::workbook_file("init", path, stream)?)?
        }
        _ => return Ok(vec![None]),
    };
    Ok(if sheets.len() < 2 { vec![None] } else { sheets.into_iter().map(Some).collect() })
}

/// Finds out how a file is written. What cannot be read at all is no table, and why.
pub fn sniff(path: &Path, sheet: Option<&str>) -> Result<Sniffed> {
    match sniff_any(path, sheet) {
        Err(Error::Unreadable { message, .. }) => Ok(Err(message)),
        other => other,
    }
}

fn sniff_any(path: &Path, sheet: Option<&str>) -> Result<Sniffed> {
    let head = files::head(path, 4096)?;
    if head.is_empty() {
        return Ok(Err("it is empty".into()));
    }
    match formats::format_of(&head) {
        Format::Text => {}
        Format::Other(reason) => return Ok(Err(reason.into())),
        Format::Archive | Format::Workbook => return sniff_sheet(path, sheet),
        Format::JsonLines | Format::Parquet | Format::Sqlite => {
            return sniff_made(path, Shape::of_made(sheet.map(String::from), None));
        }
    }
    let mut notes = Vec::new();
    let encoding = encoding(path, &head, &mut notes)?;
    let sample = sample(encoding, &files::head(path, SAMPLE)?);
    if sample.iter().all(u8::is_ascii_whitespace) {
        return Ok(Err("it is empty".into()));
    }
    match damaged_lines(&sample) {
        None => return Ok(Err("it is not text".into())),
        Some(0) => {}
        Some(lines) => notes.push(format!("lines with a NUL byte, which will be rejected: {lines}")),
    }
    let dialect = dialect(&sample);
    let records = first_records(&sample, dialect, 200);
    let Some(place) = header::place(&records) else { return Ok(Err("it has no lines".into())) };
    let header: Vec<String> = records[place].1.iter().map(|name| name.trim().to_string()).collect();
    let rows: Vec<Vec<String>> = records[place + 1..].iter().map(|(_, cells)| cells.clone()).collect();
    if let Err(mut reason) = header_line(&header, &rows) {
        if header.len() == 1 {
            reason.push_str(": no delimiter among `,` `;` tab `|`; export it as CSV, with a line of column names");
        }
        return Ok(Err(reason));
    }
    let header_row = header::row(&records, place, &mut notes);
    Ok(Ok(Shape { encoding, dialect, made: None, sheet: None, header_row, header, notes }))
}

/// Finds the header of a sheet.
fn sniff_sheet(path: &Path, sheet: Option<&str>) -> Result<Sniffed> {
    let file = || formats::workbook_file("init", path, archive::stream("init", path)?);
    let filled = workbook::sheets("init", path, file()?)?;
    let Some(name) = sheet.or(filled.first().map(String::as_str)) else {
        return Ok(Err("its sheets are empty".into()));
    };
    let rows = workbook::first_rows("init", path, file()?, name, 100)?;
    let Some(place) = header::place(&rows) else { return Ok(Err("the sheet is empty".into())) };
    let mut shape = Shape::of_made(sheet.map(String::from), None);
    shape.header_row = header::row(&rows, place, &mut shape.notes);
    sniff_made(path, shape)
}

/// Reads the header of text made of another format.
fn sniff_made(path: &Path, mut shape: Shape) -> Result<Sniffed> {
    let mut opened = formats::open("init", path, &shape.as_source())?;
    let mut sample = Vec::new();
    let most = SAMPLE as u64;
    std::io::Read::read_to_end(&mut std::io::Read::take(&mut opened.text, most), &mut sample)
        .map_err(archive::reading("init", path))?;
    let records = first_records(&sample, MADE, 200);
    let Some(((_, first), rows)) = records.split_first() else { return Ok(Err("it has no rows".into())) };
    shape.header = first[..first.len() - 1].to_vec();
    shape.made = opened.origin;
    let rows: Vec<Vec<String>> = rows.iter().map(|(_, cells)| cells[..cells.len() - 1].to_vec()).collect();
    if let (Err(reason), Some(Made::Sheet(_))) = (header_line(&shape.header, &rows), &shape.made) {
        return Ok(Err(reason));
    }
    Ok(Ok(shape))
}

impl Shape {
    fn of_made(sheet: Option<String>, header_row: Option<u32>) -> Shape {
        let (encoding, dialect) = (Encoding::Utf8, MADE);
        Shape { encoding, dialect, made: None, sheet, header_row, header: Vec::new(), notes: Vec::new() }
    }

    /// Of plain text in UTF-8.
    fn of_text(encoding: Encoding) -> Shape {
        Shape { encoding, header_row: Some(1), ..Shape::of_made(None, None) }
    }
}

/// Bytes looked at for the delimiter and the header line.
const SAMPLE: usize = 256 << 10;

/// The text at the head of a file.
fn sample(encoding: Encoding, head: &[u8]) -> Vec<u8> {
    match encoding.utf_16() {
        Some(utf_16) => utf_16.decode_with_bom_removal(head).0.into_owned().into_bytes(),
        None => encoding.cell(head.strip_prefix(files::BOM).unwrap_or(head)).into_owned(),
    }
}

fn encoding(path: &Path, head: &[u8], notes: &mut Vec<String>) -> Result<Encoding> {
    if head.starts_with(b"\xFF\xFE") {
        return Ok(Encoding::Utf16Le);
    }
    if head.starts_with(b"\xFE\xFF") {
        return Ok(Encoding::Utf16Be);
    }
    if head.starts_with(files::BOM) {
        notes.push("it begins with a byte-order mark".into());
        return Ok(Encoding::Utf8);
    }
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    if zeros(1) * 4 > head.len() {
        return Ok(Encoding::Utf16Le);
    }
    if zeros(0) * 4 > head.len() {
        return Ok(Encoding::Utf16Be);
    }
    let (mut foreign, mut multibyte) = (0_u64, 0_u64);
    files::each_block(path, &Shape::of_text(Encoding::Utf8), |block, last, _| {
        let end = if last { block.len() } else { memchr::memrchr(b'\n', block).map_or(0, |newline| newline + 1) };
        if block[..end].is_ascii() {
            return end;
        }
        for line in block[..end].split(|byte| *byte == b'\n').filter(|line| !line.is_ascii()) {
            match std::str::from_utf8(line) {
                Ok(_) => multibyte += 1,
                Err(_) => foreign += 1,
            }
        }
        end
    })?;
    if foreign == 0 {
        return Ok(Encoding::Utf8);
    }
    if multibyte > foreign {
        notes.push(format!(
            "lines that are not UTF-8, and will be rejected: {foreign} ({multibyte} others with accents are)"
        ));
        return Ok(Encoding::Utf8);
    }
    let others = if multibyte == 0 { "no line has".into() } else { format!("{multibyte} have") };
    notes.push(format!(
        "lines that are not UTF-8: {foreign}; {others} accents in UTF-8, so all are read as Windows-1252"
    ));
    Ok(Encoding::Windows1252)
}

/// The lines that hold a NUL byte, as damage leaves them; `None` where there are so many, or the first line is one of
/// them, that it is no text.
fn damaged_lines(sample: &[u8]) -> Option<usize> {
    let damaged = |line: &&[u8]| memchr::memchr(0, line).is_some();
    let lines = || sample.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let count = lines().filter(damaged).count();
    (count * 10 <= lines().count() && !lines().next().is_some_and(|first| damaged(&first))).then_some(count)
}

/// The delimiter and quote that give the most lines of the header's width, wider headers first.
fn dialect(sample: &[u8]) -> Dialect {
    let quote = quote(sample);
    let mut best = (0_u64, Dialect { delimiter: b',', quote });
    for delimiter in [b',', b';', b'\t', b'|'] {
        let dialect = Dialect { delimiter, quote };
        let fields = header::commonest_width(&first_records(sample, dialect, 200));
        if fields < 2 {
            continue;
        }
        let records = split(sample, dialect, fields, sample.len() < SAMPLE);
        let lines = (records.len() + records.bad.len()).max(1);
        let score = (records.len() * 1000 / lines * fields.min(6)) as u64;
        if score > best.0 {
            best = (score, dialect);
        }
    }
    best.1
}

/// `'` where fields are wrapped in it and none in `"`.
fn quote(sample: &[u8]) -> u8 {
    let wrapped = |quote: u8| {
        let edge = |byte: Option<&u8>| byte.is_none_or(|byte| b",;\t|\r\n".contains(byte));
        let open = |at: usize| edge(at.checked_sub(1).and_then(|before| sample.get(before)));
        let close = |at: usize| edge(sample.get(at + 1));
        let places = || memchr::memchr_iter(quote, sample);
        places().filter(|at| open(*at)).count().min(places().filter(|at| close(*at)).count())
    };
    if wrapped(b'"') == 0 && wrapped(b'\'') >= 4 { b'\'' } else { b'"' }
}

/// The first records that are not blank, with the line each begins on.
fn first_records(sample: &[u8], dialect: Dialect, most: usize) -> Vec<(u64, Vec<String>)> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .from_reader(sample);
    let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    // A record's position is that of the blank lines before it.
    let line = |record: &csv::ByteRecord| {
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let blank = sample[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        memchr::memchr_iter(b'\n', &sample[..start + blank]).count() as u64 + 1
    };
    let rows = reader.byte_records().flatten();
    let rows = rows.map(|record| (line(&record), record.iter().map(text).collect::<Vec<String>>()));
    rows.filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty())).take(most).collect()
}

/// Whether the first line names the columns: names are filled, differ, and are neither numbers nor dates.
fn header_line(header: &[String], rows: &[Vec<String>]) -> std::result::Result<(), String> {
    let values = header.iter().filter(|name| header::is_value(name)).count();
    if header.len() == 1 && header[0].contains(' ') {
        return Err("it has one column only".into());
    }
    if values > 0 && values * 5 >= header.len() {
        return Err(format!(
            "it has no header line: the first line holds values ({}); put a line with the names of the columns above it",
            header.iter().take(4).cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    let mut names: Vec<&String> = header.iter().filter(|name| !name.is_empty()).collect();
    if names.len() * 2 < header.len() {
        return Err("its first line is mostly empty; the header line must be the first".into());
    }
    names.sort();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!(
            "its header has the column `{}` twice: give each a name of its own (of two header lines, make one)",
            pair[0]
        ));
    }
    let again = rows.iter().any(|row| {
        row.len() == header.len()
            && row.iter().zip(header).filter(|(cell, name)| cell.trim() == name.as_str()).count() * 2 > header.len()
    });
    if again && header.len() > 1 && rows.len() < 3 {
        return Err("its first lines look alike: no header line".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(name: &str, bytes: &[u8]) -> Sniffed {
        let path = std::env::temp_dir().join(format!("langgan-sniff-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let sniffed = sniff(&path, None).unwrap();
        std::fs::remove_file(&path).unwrap();
        sniffed
    }

    #[test]
    fn delimiters() {
        for delimiter in [",", ";", "\t", "|"] {
            let text = "nama;kota;harga\n\"A; B, C\";Jakarta;1,50\nD;Bogor;2,25\n".replace(';', delimiter);
            let shape = sniffed("delimiter", text.as_bytes()).unwrap();
            assert_eq!(char::from(shape.dialect.delimiter).to_string(), delimiter);
            assert_eq!(shape.header, ["nama", "kota", "harga"]);
        }
    }

    #[test]
    fn byte_order_marks() {
        let shape = sniffed("bom", b"\xEF\xBB\xBF\"id\",nama\n1,a\n").unwrap();
        assert_eq!((shape.encoding, shape.header), (Encoding::Utf8, vec!["id".into(), "nama".into()]));
        let mut wide = vec![0xFF, 0xFE];
        wide.extend("id;nama\n1;\u{e9}\n".encode_utf16().flat_map(u16::to_le_bytes));
        let shape = sniffed("wide", &wide).unwrap();
        assert_eq!(
            (shape.encoding, shape.dialect.delimiter, shape.header[1].as_str()),
            (Encoding::Utf16Le, b';', "nama")
        );
    }

    #[test]
    fn windows_1252_and_one_bad_byte() {
        assert_eq!(sniffed("latin", b"id,name\n1,Jos\xE9\n").unwrap().encoding, Encoding::Windows1252);
        let text = ["id,name\n1,Jos\u{e9}\n2,Ren\u{e9}\n".as_bytes(), b"3,Andr\xE9\n"].concat();
        assert_eq!(sniffed("mixed", &text).unwrap().encoding, Encoding::Utf8);
    }

    #[test]
    fn no_table() {
        assert!(sniffed("none", b"").is_err());
        assert!(sniffed("zip", b"PK\x03\x04abc").unwrap_err().contains("archive"));
        assert!(sniffed("page", b"<html><table></table>").unwrap_err().contains("web page"));
        assert!(sniffed("headless", b"1,2011-01-02,17\n2,2011-01-03,18\n").unwrap_err().contains("no header"));
        let titled =
            sniffed("titled", b"Laporan Penjualan;;;\n\nTanggal;Nota;Barang;Qty\n01/02/2024;1;Teh;2\n").unwrap();
        assert_eq!((titled.header_row, titled.header[1].as_str()), (Some(3), "Nota"));
        let hinted = sniffed("hinted", b"sep=;\nTanggal;Nota;Barang;Qty\n01/02/2024;1;Teh;2\n").unwrap();
        assert_eq!((hinted.header_row, hinted.header.len()), (Some(2), 4));
        let rows = "J1;2\n".repeat(20);
        let damaged = sniffed("damaged", format!("nota;qty\n{rows}J\u{0}2;3\n").as_bytes()).unwrap();
        assert!(damaged.notes[0].contains("NUL byte"));
        assert!(sniffed("binary", format!("no\u{0}ta;qty\n{rows}").as_bytes()).unwrap_err().contains("not text"));
        assert!(sniffed("binary", b"\x01nota;qty\n\0\0;\n\0\x02;3\n").unwrap_err().contains("not text"));
        assert_eq!(sniffed("wide", b"nota;qty;;\nJ1;2;;\n").unwrap().header, ["nota", "qty", "", ""]);
        let myob = sniffed("myob", b"{}\r\nInvoice No.\tQuantity\r\n0001\t2\r\n").unwrap();
        assert_eq!((myob.header_row, myob.header.len()), (Some(2), 2));
        assert!(sniffed("twice", b"a,b,a\nx,y,z\n").unwrap_err().contains("twice"));
    }
}
