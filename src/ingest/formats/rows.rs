//! Rows made by one thread and read as text by another: what is no text becomes text, a bounded piece at a time.
//!
//! Every record ends with one field more than the header names: where it came from.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes handed over at a time.
const CHUNK: usize = 512 << 10;
/// Pieces that may wait.
const WAITING: usize = 2;

/// The writing end.
pub struct Chunks {
    sender: SyncSender<io::Result<Vec<u8>>>,
    buffer: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let chunk = std::mem::take(&mut self.buffer);
        if chunk.is_empty() {
            return Ok(());
        }
        self.sender.send(Ok(chunk)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The reading end.
struct Pieces {
    receiver: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.receiver.recv() {
                Ok(piece) => (self.piece, self.at) = (piece?, 0),
                Err(_) => return Ok(0),
            }
        }
        let length = buffer.len().min(self.piece.len() - self.at);
        buffer[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// Runs a job that writes; what it writes is read here. A job that fails or breaks off is an error to the reader,
/// never a shorter text.
pub fn spawn(job: impl FnOnce(&mut Chunks) -> Result<(), String> + Send + 'static) -> Box<dyn Read + Send> {
    let (sender, receiver) = sync_channel(WAITING);
    std::thread::spawn(move || {
        let mut chunks = Chunks { sender: sender.clone(), buffer: Vec::new() };
        let ran = guarded(|| {
            job(&mut chunks)?;
            chunks.flush().map_err(|error| error.to_string())
        });
        let Err(failed) = ran else { return };
        // Nobody to tell where the reader has gone.
        let _ = sender.send(Err(io::Error::other(failed)));
    });
    Box::new(Pieces { receiver, piece: Vec::new(), at: 0 })
}

thread_local! {
    /// Whether this thread reads what may be damaged: breaking off is then no defect to shout about.
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a reader of foreign files, some of which break off on damaged ones instead of failing.
pub fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !READING.get() {
                before(panic);
            }
        }));
    });
    let before = READING.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(read));
    READING.set(before);
    outcome.unwrap_or_else(|_| Err("it is damaged: its content contradicts itself".into()))
}

/// Writes records as text.
pub struct RowWriter<'w, W: Write = Chunks> {
    writer: csv::Writer<&'w mut W>,
    origin: Vec<u8>,
    width: usize,
}

/// Where a record came from, as the last field of its text says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'o> {
    /// Its line or row, from 1.
    pub line: u64,
    /// Why it is no record; empty where it is one.
    pub code: &'o str,
    /// Its own text, where it has one; empty: the fields are all there is.
    pub raw: &'o [u8],
}

impl<'o> Origin<'o> {
    /// The code alone, of the field as it stands in the text.
    pub fn code(field: &[u8], quote: u8) -> &str {
        let bare = field.strip_prefix(&[quote]).unwrap_or(field);
        let code = bare.split(|byte| *byte == b'\t').nth(1).unwrap_or_default();
        std::str::from_utf8(code).unwrap_or_default()
    }

    /// Reads the last field of a record.
    pub fn read(field: &'o [u8]) -> Option<Origin<'o>> {
        let mut parts = field.splitn(3, |byte| *byte == b'\t');
        let mut text = || std::str::from_utf8(parts.next()?).ok();
        let (line, code) = (text()?.parse().ok()?, text()?);
        Some(Origin { line, code, raw: parts.next()? })
    }
}

impl<'w, W: Write> RowWriter<'w, W> {
    /// Writes the header.
    pub fn new(text: &'w mut W, header: &[String]) -> Result<RowWriter<'w, W>, String> {
        let writer = csv::WriterBuilder::new().flexible(true).from_writer(text);
        let mut rows = RowWriter { writer, origin: Vec::new(), width: header.len() };
        let plain = |name: &String| name.replace(['\n', '\r', '\t'], " ").trim().to_string();
        for name in header {
            rows.writer.write_field(plain(name)).map_err(|error| error.to_string())?;
        }
        rows.writer.write_record([""]).map_err(|error| error.to_string())?;
        Ok(rows)
    }

    /// Writes a record; one that is not as wide as the header is none, and its cells become its raw text.
    pub fn row<T: AsRef<[u8]>>(&mut self, cells: &[T], origin: Origin<'_>) -> Result<(), String> {
        if origin.code.is_empty() && cells.len() == self.width {
            return self.write(cells, origin);
        }
        let raw = if origin.raw.is_empty() { as_text(cells) } else { origin.raw.to_vec() };
        let code = if origin.code.is_empty() { "ragged" } else { origin.code };
        self.write(&vec![b""; self.width], Origin { line: origin.line, code, raw: &raw })
    }

    fn write<T: AsRef<[u8]>>(&mut self, cells: &[T], origin: Origin<'_>) -> Result<(), String> {
        self.origin.clear();
        let _ = write!(self.origin, "{}\t{}\t", origin.line, origin.code);
        self.origin.extend_from_slice(origin.raw);
        let written = cells.iter().try_for_each(|cell| self.writer.write_field(cell));
        let written = written.and_then(|()| self.writer.write_field(&self.origin));
        written.and_then(|()| self.writer.write_record(None::<&[u8]>)).map_err(|error| error.to_string())
    }

    /// Ends the text.
    pub fn end(mut self) -> Result<(), String> {
        self.writer.flush().map_err(|error| error.to_string())
    }
}

/// Cells as one line of text.
fn as_text<T: AsRef<[u8]>>(cells: &[T]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    let _ = writer.write_record(cells);
    let mut text = writer.into_inner().unwrap_or_default();
    text.pop();
    text
}

/// A number as its shortest decimal text, without an exponent, with a source's own decimal mark. A number a binary
/// cell holds with more than 15 significant digits is rounded to them, as every spreadsheet shows it.
pub fn number_text(value: f64, mark: char) -> String {
    let mut text = format!("{value}");
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > 15 && text.contains('.') {
        let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
        text = format!("{rounded}");
    }
    if mark == '.' { text } else { text.replace('.', &mark.to_string()) }
}

/// A decimal number as it is written, its exponent worked out, with a source's own decimal mark.
pub fn decimal_text(token: &str, mark: char) -> String {
    let (mantissa, exponent) = match token.find(['e', 'E']) {
        None => (token, 0),
        Some(at) => (&token[..at], token[at + 1..].parse::<i32>().unwrap_or(i32::MAX)),
    };
    let plain = if exponent == 0 {
        mantissa.to_string()
    } else if exponent.abs() > 40 {
        token.to_string()
    } else {
        let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let point = whole.len() as i32 + exponent;
        let mut all = format!("{whole}{fraction}");
        if point <= 0 {
            format!("{sign}0.{}{all}", "0".repeat((-point) as usize))
        } else {
            while (all.len() as i32) < point {
                all.push('0');
            }
            let (whole, fraction) = all.split_at(point as usize);
            let whole = whole.trim_start_matches('0');
            let whole = if whole.is_empty() { "0" } else { whole };
            if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
        }
    };
    if mark == '.' { plain } else { plain.replace('.', &mark.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_noise() {
        for (value, text) in [
            (0.1 + 0.2, "0.3"),
            (0.03, "0.03"),
            (1234.56, "1234.56"),
            (1_234.560_000_000_000_2, "1234.56"),
            (15.334, "15.334"),
            (1e15, "1000000000000000"),
            (123_456_789_012_345_680.0, "123456789012345680"),
            (-0.5, "-0.5"),
            (536_365.0, "536365"),
        ] {
            assert_eq!(number_text(value, '.'), text);
        }
        assert_eq!(number_text(1250.5, ','), "1250,5");
        for (token, text) in [
            ("17.685", "17.685"),
            ("1.50", "1.50"),
            ("1.5e3", "1500"),
            ("-12.345E-2", "-0.12345"),
            ("5e-3", "0.005"),
            ("1.2345e2", "123.45"),
        ] {
            assert_eq!(decimal_text(token, '.'), text);
        }
    }

    #[test]
    fn a_job_that_fails_is_an_error_to_the_reader() {
        let read = |job: fn(&mut Chunks) -> Result<(), String>| {
            let mut text = String::new();
            spawn(job).read_to_string(&mut text).map(|_| text)
        };
        assert_eq!(read(|chunks| chunks.write_all(b"abc").map_err(|e| e.to_string())).unwrap(), "abc");
        assert_eq!(read(|_| Err("cut off".into())).unwrap_err().to_string(), "cut off");
        assert!(
            read(|chunks| {
                chunks.write_all(b"abc").map_err(|e| e.to_string())?;
                panic!("broken")
            })
            .is_err()
        );
    }

    #[test]
    fn records_say_where_they_came_from() {
        let mut text = String::new();
        let job = |chunks: &mut Chunks| {
            let mut rows = RowWriter::new(chunks, &["a".into(), "b\nc".into()])?;
            rows.row(&["1", "x,y"], Origin { line: 5, code: "", raw: b"" })?;
            rows.row(&["1"], Origin { line: 6, code: "", raw: b"" })?;
            rows.end()
        };
        spawn(job).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a,b c,\n1,\"x,y\",5\t\t\n,,6\tragged\t1\n");
        assert_eq!(Origin::read(b"6\tragged\t1\t2"), Some(Origin { line: 6, code: "ragged", raw: b"1\t2" }));
    }
}
