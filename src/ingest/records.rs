//! Bytes to records: finds where every field of every record begins and ends.
//!
//! One bad byte costs at most one record. A quoted field that never closes, or closes in the wrong place,
//! costs its own physical line: reading goes on at the next one. A line end that lost its line feed costs nothing
//! where both halves are whole records.

use memchr::{memchr, memchr2};

use super::marks::Marks;

/// How the fields of a file are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Between fields.
    pub delimiter: u8,
    /// Around fields that hold delimiters or line ends; doubled inside.
    pub quote: u8,
}

/// A record may have this many bytes. A longer line is none; a quote that is open for longer counts as stray.
pub const LONGEST_RECORD: usize = 1 << 20;

/// The records of one block.
#[derive(Debug, Default)]
pub struct Records {
    /// Fields in every good record.
    pub fields: usize,
    /// Where each good record begins.
    pub starts: Vec<u32>,
    /// Where each field of each good record ends, `fields` a record.
    pub ends: Vec<u32>,
    /// The physical line of each good record, counted from 0 within the block.
    pub lines: Vec<u32>,
    /// The records that are none.
    pub bad: Vec<BadRecord>,
    /// Physical lines in the bytes consumed.
    pub line_count: u32,
    /// Bytes consumed, of the block as it was read; fewer than given where the last record goes on in the next block.
    pub consumed: usize,
}

/// A physical line that is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRecord {
    /// First byte.
    pub start: u32,
    /// One past the last byte, line end excluded.
    pub end: u32,
    /// Physical line within the block, from 0.
    pub line: u32,
    /// Good records before it in the block.
    pub after: u32,
    /// `ragged`, `bad_quoting`, `too_long` or `total_row`.
    pub code: &'static str,
}

impl Records {
    /// The number of good records.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The raw bytes of a field, quotes included.
    #[inline]
    pub fn raw<'b>(&self, block: &'b [u8], record: usize, field: usize) -> &'b [u8] {
        let base = record * self.fields;
        let start = if field == 0 { self.starts[record] } else { self.ends[base + field - 1] + 1 };
        &block[start as usize..self.ends[base + field] as usize]
    }

    /// The bytes of a whole good record, line end excluded.
    pub fn text<'b>(&self, block: &'b [u8], record: usize) -> &'b [u8] {
        &block[self.starts[record] as usize..self.ends[(record + 1) * self.fields - 1] as usize]
    }
}

/// Takes the quotes off a raw field. `None` where doubled quotes inside need unescaping: use [`unescape`].
#[inline]
pub fn unquote(raw: &[u8], quote: u8) -> Option<&[u8]> {
    if raw.len() < 2 || raw[0] != quote {
        return Some(raw);
    }
    let inner = &raw[1..raw.len() - 1];
    memchr(quote, inner).is_none().then_some(inner)
}

/// Takes the quotes off a quoted field and undoubles those inside.
pub fn unescape(raw: &[u8], quote: u8) -> Vec<u8> {
    let mut inner = raw[1..raw.len() - 1].iter().copied();
    let mut text = Vec::with_capacity(raw.len());
    while let Some(byte) = inner.next() {
        text.push(byte);
        if byte == quote {
            inner.next();
        }
    }
    text
}

/// What Excel shows of a cell such as `="001"`, which exports write so that the zeros stay.
#[inline]
pub fn shown_by_excel(text: &[u8]) -> &[u8] {
    match text {
        [b'=', b'"', inner @ .., b'"'] if memchr(b'"', inner).is_none() => inner,
        _ => text,
    }
}

/// Splits a block into records of `fields` fields. `last`: no block follows.
pub fn split(block: &[u8], dialect: Dialect, fields: usize, last: bool) -> Records {
    let expected = block.len() / (fields * 6).max(1);
    let mut records = Records {
        fields,
        starts: Vec::with_capacity(expected),
        lines: Vec::with_capacity(expected),
        ends: Vec::with_capacity(expected * fields),
        ..Records::default()
    };
    let mut start = 0;
    while start < block.len() {
        match plain_lines(block, start, dialect, &mut records) {
            Plain::Done => {
                start = block.len();
            }
            Plain::Unfinished(at) => {
                if last {
                    end_record(block, at, block.len(), dialect, &mut records);
                    records.line_count += 1;
                    start = block.len();
                } else {
                    records.consumed = at;
                    return records;
                }
            }
            Plain::Quote(at) => match quoted_record(block, at, dialect, last, &mut records) {
                Some(next) => start = next,
                None => {
                    records.consumed = at;
                    return records;
                }
            },
        }
    }
    records.consumed = block.len();
    records
}

enum Plain {
    Done,
    Unfinished(usize),
    Quote(usize),
}

/// Reads lines without quotes, as many as there are.
fn plain_lines(block: &[u8], from: usize, dialect: Dialect, records: &mut Records) -> Plain {
    let mut start = from;
    for at in Marks::new(block, from, [dialect.delimiter, b'\n', dialect.quote]) {
        let byte = block[at];
        if byte == dialect.delimiter {
            records.ends.push(at as u32);
        } else if byte == b'\n' {
            end_record(block, start, at, dialect, records);
            records.line_count += 1;
            start = at + 1;
        } else if at == start || block[at - 1] == dialect.delimiter {
            records.ends.truncate(records.starts.len() * records.fields);
            return Plain::Quote(start);
        }
    }
    if start < block.len() { Plain::Unfinished(start) } else { Plain::Done }
}

/// Closes the record that began at `start` and whose inner field ends are already pushed.
fn end_record(block: &[u8], start: usize, newline: usize, dialect: Dialect, records: &mut Records) {
    let end = if newline > start && block[newline - 1] == b'\r' { newline - 1 } else { newline };
    let base = records.starts.len() * records.fields;
    if end - start > LONGEST_RECORD {
        records.ends.truncate(base);
        bad(start, end, "too_long", records);
    } else if records.ends.len() - base == records.fields - 1 && (end > start || records.fields > 1) {
        records.ends.push(end as u32);
        records.starts.push(start as u32);
        records.lines.push(records.line_count);
    } else {
        records.ends.truncate(base);
        if end > start {
            ragged_line(block, start, end, dialect, "ragged", records);
        }
    }
}

/// A line that is no record, for the reason `code`. Where carriage returns without a line feed cut it into pieces of
/// which some are whole records, it is taken as those pieces.
fn ragged_line(block: &[u8], start: usize, end: usize, dialect: Dialect, code: &'static str, records: &mut Records) {
    let (line, fields) = (&block[start..end], records.fields);
    let whole = |piece: &[u8]| field_ends(piece, dialect).filter(|ends| fields > 1 && ends.len() == fields);
    if memchr(b'\r', line).is_none() || !line.split(|byte| *byte == b'\r').any(|piece| whole(piece).is_some()) {
        return bad(start, end, code, records);
    }
    let mut at = start;
    for piece in line.split(|byte| *byte == b'\r') {
        let piece_end = at + piece.len();
        if let Some(ends) = whole(piece) {
            records.ends.extend(ends.iter().map(|end| (at + end) as u32));
            records.starts.push(at as u32);
            records.lines.push(records.line_count);
        } else if !piece.is_empty() {
            bad(at, piece_end, "ragged", records);
        }
        at = piece_end + 1;
    }
}

/// Where the fields of a line end; `None` where a quote does not open at the beginning of a field and close at its end.
fn field_ends(line: &[u8], dialect: Dialect) -> Option<Vec<usize>> {
    let (mut ends, mut at) = (Vec::new(), 0);
    loop {
        if line.get(at) == Some(&dialect.quote) {
            at += 1;
            loop {
                at += memchr(dialect.quote, &line[at..])? + 1;
                if line.get(at) != Some(&dialect.quote) {
                    break;
                }
                at += 1;
            }
            if at < line.len() && line[at] != dialect.delimiter {
                return None;
            }
        } else {
            at = memchr(dialect.delimiter, &line[at..]).map_or(line.len(), |length| at + length);
        }
        ends.push(at);
        if at == line.len() {
            return Some(ends);
        }
        at += 1;
    }
}

fn bad(start: usize, end: usize, code: &'static str, records: &mut Records) {
    let (line, after) = (records.line_count, records.starts.len() as u32);
    records.bad.push(BadRecord { start: start as u32, end: end as u32, line, after, code });
}

/// Reads the record at `start`, which has a quoted field; returns where the next line begins,
/// or `None` where the record goes on in the next block.
fn quoted_record(block: &[u8], start: usize, dialect: Dialect, last: bool, records: &mut Records) -> Option<usize> {
    let base = records.starts.len() * records.fields;
    let line_end = memchr(b'\n', &block[start..]).map_or(block.len(), |length| start + length);
    let outcome = quoted_fields(block, start, dialect, records);
    let count = records.ends.len() - base;
    match outcome {
        Quoted::Closed(newline) if count == records.fields => {
            records.starts.push(start as u32);
            records.lines.push(records.line_count);
            records.line_count += 1 + memchr::memchr_iter(b'\n', &block[start..newline]).count() as u32;
            return Some(newline + 1);
        }
        Quoted::Open if !last && block.len() - start < LONGEST_RECORD => {
            records.ends.truncate(base);
            return None;
        }
        _ => {}
    }
    records.ends.truncate(base);
    let code = match outcome {
        Quoted::Closed(newline) if newline == line_end => "ragged",
        _ => "bad_quoting",
    };
    let end = if line_end > start && block[line_end - 1] == b'\r' { line_end - 1 } else { line_end };
    ragged_line(block, start, end, dialect, code, records);
    records.line_count += 1;
    Some(line_end + 1)
}

#[derive(Clone, Copy)]
enum Quoted {
    /// Every quote closed; the line end is here (or the end of the block).
    Closed(usize),
    /// A quote is open at the end of the block.
    Open,
    /// A quote closes in the middle of a field, or nowhere near.
    Stray,
}

fn quoted_fields(block: &[u8], start: usize, dialect: Dialect, records: &mut Records) -> Quoted {
    let mut at = start;
    loop {
        if block.get(at) == Some(&dialect.quote) {
            at += 1;
            loop {
                let window = &block[at..block.len().min(start + LONGEST_RECORD).max(at)];
                let Some(length) = memchr(dialect.quote, window) else {
                    return if block.len() - start < LONGEST_RECORD { Quoted::Open } else { Quoted::Stray };
                };
                at += length + 1;
                if block.get(at) != Some(&dialect.quote) {
                    break;
                }
                at += 1;
            }
        } else {
            at += memchr2(dialect.delimiter, b'\n', &block[at..]).unwrap_or(block.len() - at);
            if block.get(at) == Some(&b'\n') && at > start && block[at - 1] == b'\r' {
                records.ends.push(at as u32 - 1);
                return Quoted::Closed(at);
            }
        }
        records.ends.push(at as u32);
        match block.get(at) {
            None => return Quoted::Closed(at),
            Some(b'\n') => return Quoted::Closed(at),
            Some(b'\r') if block.get(at + 1).is_none_or(|next| *next == b'\n') => return Quoted::Closed(at + 1),
            Some(byte) if *byte == dialect.delimiter => at += 1,
            Some(_) => return Quoted::Stray,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Dialect = Dialect { delimiter: b',', quote: b'"' };

    fn cells(text: &str, fields: usize) -> (Vec<Vec<String>>, Vec<(&'static str, u32)>) {
        let block = text.as_bytes();
        let records = split(block, COMMA, fields, true);
        let value = |record, field| {
            let raw = records.raw(block, record, field);
            let text = unquote(raw, b'"').map_or_else(|| unescape(raw, b'"'), <[u8]>::to_vec);
            String::from_utf8(text).unwrap()
        };
        let rows = (0..records.len()).map(|r| (0..fields).map(|f| value(r, f)).collect()).collect();
        (rows, records.bad.iter().map(|bad| (bad.code, bad.line)).collect())
    }

    #[test]
    fn plain_and_quoted_fields() {
        let (rows, bad) = cells("a,b\r\n\"c,1\",\"d \"\"x\"\"\"\ne,\"two\nlines\"\nf,g", 2);
        assert_eq!(rows, [["a", "b"], ["c,1", "d \"x\""], ["e", "two\nlines"], ["f", "g"]]);
        assert!(bad.is_empty());
    }

    #[test]
    fn a_stray_quote_costs_its_own_line() {
        let (rows, bad) = cells("a,b\n\"c,d\ne,f\n\"g\",h\n", 2);
        assert_eq!(rows, [["a", "b"], ["e", "f"], ["g", "h"]]);
        assert_eq!(bad, [("bad_quoting", 1)]);
        let (rows, bad) = cells("a,b\nc,\"d\ne,f\ng,h\n", 2);
        assert_eq!(rows, [["a", "b"], ["e", "f"], ["g", "h"]]);
        assert_eq!(bad, [("bad_quoting", 1)]);
        let (rows, bad) = cells("a,\"b\"x\nc,d\n", 2);
        assert_eq!(rows, [["c", "d"]]);
        assert_eq!(bad, [("bad_quoting", 0)]);
    }

    #[test]
    fn ragged_lines_and_blank_lines() {
        let (rows, bad) = cells("a,b\nc\n\nd,e,f\ng,h\n", 2);
        assert_eq!(rows, [["a", "b"], ["g", "h"]]);
        assert_eq!(bad, [("ragged", 1), ("ragged", 3)]);
    }

    #[test]
    fn a_lost_line_feed_costs_nothing() {
        let (rows, bad) = cells("a,b\rc,d\r\ne,f\rg,h,i\nj,k\n", 2);
        assert_eq!(rows, [["a", "b"], ["c", "d"], ["e", "f"], ["j", "k"]]);
        assert_eq!(bad, [("ragged", 1)]);
    }

    #[test]
    fn a_lost_line_feed_beside_a_quote_costs_nothing() {
        let (rows, bad) = cells("a,b\r\nc,\"d,\"\"x\"\"\"\re,f\r\ng,h\ri,\"j,\"\r\nk,l\n", 2);
        assert_eq!(rows, [["a", "b"], ["c", "d,\"x\""], ["e", "f"], ["g", "h"], ["i", "j,"], ["k", "l"]]);
        assert!(bad.is_empty(), "{bad:?}");
    }

    #[test]
    fn a_line_beyond_the_limit_is_no_record() {
        let (rows, bad) = cells(&format!("a,b\nc,{}\nd,e\n", "x".repeat(LONGEST_RECORD)), 2);
        assert_eq!(rows, [["a", "b"], ["d", "e"]]);
        assert_eq!(bad, [("too_long", 1)]);
    }

    #[test]
    fn a_quote_inside_a_field_is_text() {
        let (rows, bad) = cells("pipe 5\",x\n", 2);
        assert_eq!(rows, [["pipe 5\"", "x"]]);
        assert!(bad.is_empty());
    }

    #[test]
    fn an_open_record_waits_for_the_next_block() {
        let records = split(b"a,b\nc,\"d\n", COMMA, 2, false);
        assert_eq!((records.len(), records.consumed), (1, 4));
    }

    mod properties {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            /// Whatever the bytes: every non-blank stretch is in exactly one record, good or bad.
            #[test]
            fn every_line_is_accounted_for(text in "[ab,\"\r\n]{0,60}", fields in 1_usize..4) {
                let block = text.as_bytes();
                let records = split(block, COMMA, fields, true);
                prop_assert_eq!(records.consumed, block.len());
                let mut covered = vec![false; block.len()];
                let good = (0..records.len()).map(|r| (records.starts[r], records.ends[(r + 1) * fields - 1]));
                for (start, end) in good.chain(records.bad.iter().map(|bad| (bad.start, bad.end))) {
                    for byte in start..end {
                        prop_assert!(!covered[byte as usize]);
                        covered[byte as usize] = true;
                    }
                }
                for (at, byte) in block.iter().enumerate() {
                    prop_assert!(covered[at] || matches!(byte, b'\r' | b'\n'), "byte {at} is in no record");
                }
            }

            /// The `csv` crate writes, we read: the cells come back.
            #[test]
            fn written_cells_come_back(rows in prop::collection::vec(prop::collection::vec("[a,\"\n ]{0,6}", 3), 1..6)) {
                let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
                for row in &rows {
                    writer.write_record(row).unwrap();
                }
                let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
                let (found, bad) = cells(&text, 3);
                prop_assert_eq!(found, rows);
                prop_assert!(bad.is_empty());
            }
        }
    }
}
