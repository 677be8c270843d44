//! CSV tables in the Indonesian style, written row by row.

use super::faults::{Found, Planned, damaged_row};
use chrono::{Datelike, NaiveDate};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// One CSV file being written: `;` between fields, dots in large amounts.
pub(super) struct Table {
    out: BufWriter<File>,
    file: String,
    /// Lines written so far, the header included.
    line: u64,
    row: Vec<u8>,
    fields: u32,
    last: Vec<u8>,
    /// Faults still to plant, the next one at the end.
    planned: Vec<Planned>,
    found: Vec<Found>,
}

impl Table {
    /// Opens `dir/file` and writes its header. `planned` faults are planted as
    /// rows of their own when the table reaches their lines.
    pub(super) fn create(dir: &Path, file: String, header: &str, mut planned: Vec<Planned>) -> std::io::Result<Self> {
        planned.sort_by_key(|fault| std::cmp::Reverse(fault.line));
        let mut out = BufWriter::with_capacity(1 << 16, File::create(dir.join(&file))?);
        out.write_all(header.as_bytes())?;
        out.write_all(b"\n")?;
        Ok(Self {
            out,
            file,
            line: 1,
            row: Vec::with_capacity(256),
            fields: 0,
            last: Vec::with_capacity(256),
            planned,
            found: Vec::new(),
        })
    }

    /// Adds a text, quoted when it has to be.
    pub(super) fn text(&mut self, text: &str) {
        self.separate();
        if !text.bytes().any(|byte| matches!(byte, b';' | b'"' | b'\n' | b'\r')) {
            self.row.extend_from_slice(text.as_bytes());
            return;
        }
        self.row.push(b'"');
        for byte in text.bytes() {
            if byte == b'"' {
                self.row.push(b'"');
            }
            self.row.push(byte);
        }
        self.row.push(b'"');
    }

    /// Adds bytes that need no quoting.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.separate();
        self.row.extend_from_slice(bytes);
    }

    /// Adds a code such as `P000123`.
    pub(super) fn code(&mut self, prefix: &[u8], number: u64, width: usize) {
        self.separate();
        self.row.extend_from_slice(prefix);
        push_padded(&mut self.row, number, width);
    }

    /// Adds a plain whole number.
    pub(super) fn integer(&mut self, number: u64) {
        self.separate();
        push_padded(&mut self.row, number, 1);
    }

    /// Adds an amount in rupiah, `1.250.000`.
    pub(super) fn money(&mut self, amount: u64) {
        self.separate();
        push_money(&mut self.row, amount);
    }

    /// Adds a date, `dd/mm/yyyy`.
    pub(super) fn date(&mut self, date: NaiveDate) {
        self.separate();
        push_padded(&mut self.row, u64::from(date.day()), 2);
        self.row.push(b'/');
        push_padded(&mut self.row, u64::from(date.month()), 2);
        self.row.push(b'/');
        push_padded(&mut self.row, u64::from(date.year().unsigned_abs()), 4);
    }

    /// Adds a timestamp, `dd/mm/yyyy HH:MM:SS`.
    pub(super) fn timestamp(&mut self, date: &[u8; 10], second: u32) {
        self.separate();
        self.row.extend_from_slice(date);
        for (mark, part) in [(b' ', second / 3_600), (b':', second / 60 % 60), (b':', second % 60)] {
            self.row.push(mark);
            self.row.push(b'0' + (part / 10) as u8);
            self.row.push(b'0' + (part % 10) as u8);
        }
    }

    /// Ends the row begun with the first field since the last end.
    pub(super) fn end_row(&mut self) -> std::io::Result<()> {
        self.row.push(b'\n');
        self.out.write_all(&self.row)?;
        self.row.pop();
        std::mem::swap(&mut self.row, &mut self.last);
        self.row.clear();
        self.fields = 0;
        self.line += 1;
        Ok(())
    }

    /// Plants the faults due by now. Called only where an extra row tears
    /// nothing apart: after a row, or after the last line of an order.
    pub(super) fn boundary(&mut self) -> std::io::Result<()> {
        while self.planned.last().is_some_and(|fault| fault.line <= self.line) {
            self.plant()?;
        }
        Ok(())
    }

    /// The line number of the row ended last.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Notes a fault in the row ended last.
    pub(super) fn note(&mut self, code: &'static str, what: String) {
        self.found.push(Found { file: self.file.clone(), line: self.line, code, what });
    }

    /// Plants what is left, closes the file and tells which faults it holds.
    pub(super) fn finish(mut self) -> std::io::Result<Vec<Found>> {
        while self.line > 1 && !self.planned.is_empty() {
            self.plant()?;
        }
        self.out.flush()?;
        Ok(self.found)
    }

    fn plant(&mut self) -> std::io::Result<()> {
        if let Some(fault) = self.planned.pop() {
            let row = damaged_row(&self.last, &fault, self.found.len() as u64 + 1);
            self.out.write_all(&row)?;
            self.out.write_all(b"\n")?;
            self.line += 1;
            self.note(fault.code, fault.what.to_owned());
        }
        Ok(())
    }

    fn separate(&mut self) {
        if self.fields > 0 {
            self.row.push(b';');
        }
        self.fields += 1;
    }
}

/// Appends `number` with at least `width` digits.
pub(super) fn push_padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while number > 0 || digits.len() - start < width.min(digits.len()) {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends `amount` with a dot before every three digits.
pub(super) fn push_money(out: &mut Vec<u8>, mut amount: u64) {
    let mut digits = [0u8; 27];
    let mut start = digits.len();
    let mut written = 0;
    while amount > 0 || written == 0 {
        if written > 0 && written % 3 == 0 {
            start -= 1;
            digits[start] = b'.';
        }
        start -= 1;
        digits[start] = b'0' + (amount % 10) as u8;
        amount /= 10;
        written += 1;
    }
    out.extend_from_slice(&digits[start..]);
}
