//! CSV files that open in a spreadsheet as they are meant: UTF-8 with a byte order mark, the delimiter and the
//! decimal mark of the reader's language, and no text from outside that a spreadsheet would run.

use std::borrow::Cow;

use super::report::Language;
use crate::calendar::civil;

/// A file to be written, relative to the run's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its path, with `/`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Rows below the header.
    pub rows: u64,
}

/// One cell.
#[derive(Debug, Clone)]
pub enum Cell<'c> {
    /// Text, also from outside.
    Text(Cow<'c, str>),
    /// A whole number.
    Whole(i64),
    /// Money in minor units.
    Money(i64),
    /// A ratio, with three decimals.
    Ratio(f64),
    /// Days since 1970-01-01, written `YYYY-MM-DD`.
    Day(i32),
    /// Yes or no, in words.
    Flag(bool),
    /// Nothing.
    Empty,
}

impl<'c> Cell<'c> {
    /// Text.
    pub fn text(text: impl Into<Cow<'c, str>>) -> Cell<'c> {
        Cell::Text(text.into())
    }
}

/// Builds a CSV file row by row.
#[derive(Debug)]
pub struct CsvFile {
    text: String,
    language: Language,
    /// Digits of the minor unit, and those written.
    decimals: [u32; 2],
    rows: u64,
}

impl CsvFile {
    /// Begins a file; `decimals` are those of the currency's minor unit, and how many of them are written.
    pub fn new(header: &[&str], language: Language, decimals: [u32; 2]) -> CsvFile {
        let mut file = CsvFile { text: "\u{feff}".into(), language, decimals, rows: 0 };
        file.record(header.iter().map(|name| Cell::text(*name)));
        file
    }

    /// Adds a row.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>) {
        self.record(cells);
        self.rows += 1;
    }

    /// Hands on what was built since it was last asked, for files too large to be kept.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text).into_bytes()
    }

    /// The file.
    pub fn finish(self, path: String) -> OutputFile {
        OutputFile { path, bytes: self.text.into_bytes(), rows: self.rows }
    }

    fn record<'c>(&mut self, cells: impl IntoIterator<Item = Cell<'c>>) {
        let (delimiter, point, words) = match self.language {
            Language::Indonesian => (';', ',', ["tidak", "ya"]),
            Language::English => (',', '.', ["no", "yes"]),
        };
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.text.push(delimiter);
            }
            match cell {
                Cell::Text(text) => push_text(&mut self.text, &text),
                Cell::Whole(value) => self.text.push_str(&value.to_string()),
                Cell::Money(minor) => push_money(&mut self.text, minor, self.decimals, point),
                Cell::Ratio(value) if value.is_finite() => {
                    self.text.push_str(&format!("{value:.3}").replace('.', point.encode_utf8(&mut [0; 4])));
                }
                Cell::Day(day) => {
                    let (year, month, day) = civil(day);
                    self.text.push_str(&format!("{year:04}-{month:02}-{day:02}"));
                }
                Cell::Flag(value) => self.text.push_str(words[usize::from(value)]),
                Cell::Ratio(_) | Cell::Empty => {}
            }
        }
        self.text.push('\n');
    }
}

/// Text as a cell: made harmless, then quoted where it must be. Both delimiters are quoted, so that a reader who
/// expects the other one still sees whole cells.
fn push_text(out: &mut String, text: &str) {
    let text = harmless(text);
    if !text.contains([',', ';', '"', '\n', '\r', '\t']) && text.trim_matches(' ').len() == text.len() {
        out.push_str(&text);
        return;
    }
    out.push('"');
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

/// Text a spreadsheet takes as text. What would begin a formula (`=`, `+`, `-`, `@`, their full-width forms, a tab
/// or a line break, also behind blanks or invisible characters) gets an apostrophe before it; control characters, which a
/// terminal might obey, become U+FFFD.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_control = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    let text: Cow<'_, str> =
        if text.contains(is_control) { text.replace(is_control, "\u{fffd}").into() } else { text.into() };
    let visible = text.trim_start_matches(|character: char| {
        matches!(character, ' ' | '\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{3000}' | '\u{feff}')
    });
    let begins_formula =
        visible.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if begins_formula { format!("'{text}").into() } else { text }
}

/// No separators between thousands: a number to a spreadsheet. Rounded to the decimals that are written.
fn push_money(out: &mut String, minor: i64, [decimals, shown]: [u32; 2], point: char) {
    let shown = shown.min(decimals);
    let unit = 10_u64.saturating_pow(decimals - shown);
    let amount = (minor.unsigned_abs() + unit / 2) / unit;
    let width = shown as usize + 1;
    let digits = format!("{amount:0width$}");
    let (whole, fraction) = digits.split_at(digits.len() - shown as usize);
    if minor < 0 && amount > 0 {
        out.push('-');
    }
    out.push_str(whole);
    if !fraction.is_empty() {
        out.push(point);
        out.push_str(fraction);
    }
}

/// Names no file may have on some system.
const RESERVED: [&str; 5] = ["con", "prn", "aux", "nul", "clock$"];

/// A file name without extension for an id from outside: letters, digits, `-`, `_` and single dots inside stay;
/// where anything had to change, part of a hash of the id keeps different ids apart.
pub fn safe_file_name(id: &str) -> String {
    let mut name = String::new();
    for character in id.chars().take(60) {
        let plain = character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        let dot = character == '.' && !name.is_empty() && !name.ends_with('.');
        name.push(if plain || dot { character } else { '_' });
    }
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_port = stem.len() == 4
        && (stem.starts_with("com") || stem.starts_with("lpt"))
        && stem.ends_with(|character: char| character.is_ascii_digit());
    if name == id && !name.is_empty() && !name.ends_with('.') && !RESERVED.contains(&stem.as_str()) && !is_port {
        return name;
    }
    format!("_{}-{}", name.trim_matches('.'), &blake3::hash(id.as_bytes()).to_hex()[..8])
}

/// A file name for each id; ids that differ in nothing but the case of letters get different ones, too.
pub fn safe_file_names<'i>(ids: &[&'i str]) -> Vec<(&'i str, String)> {
    let mut folded: Vec<String> = ids.iter().map(|id| safe_file_name(id).to_ascii_lowercase()).collect();
    folded.sort_unstable();
    let is_shared = |name: &str| {
        folded.partition_point(|known| known.as_str() <= name) - folded.partition_point(|known| known.as_str() < name)
            > 1
    };
    ids.iter()
        .map(|id| {
            let name = safe_file_name(id);
            if is_shared(&name.to_ascii_lowercase()) {
                return (*id, format!("{name}-{}", &blake3::hash(id.as_bytes()).to_hex()[..8]));
            }
            (*id, name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Language::{English, Indonesian};
    use super::*;

    fn line(cell: Cell<'_>, language: Language) -> String {
        let mut file = CsvFile::new(&["h"], language, [2, 2]);
        file.row([cell, Cell::Empty]);
        let text = String::from_utf8(file.finish("f.csv".into()).bytes).unwrap();
        text.strip_prefix("\u{feff}h\n").unwrap().strip_suffix('\n').unwrap().to_string()
    }

    #[test]
    fn formulas_are_made_harmless_and_numbers_stay_numbers() {
        for (naughty, cell) in [
            ("=1+1", "'=1+1"),
            ("+6281234", "'+6281234"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("  =1", "'  =1"),
            (" blank", "\" blank\""),
            ("\u{feff}=1", "'\u{feff}=1"),
            ("＝1", "'＝1"),
            ("=HYPERLINK(\"http://x\";\"y\")", "\"'=HYPERLINK(\"\"http://x\"\";\"\"y\"\")\""),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("Toko \"Jaya\", Tbk; a", "\"Toko \"\"Jaya\"\", Tbk; a\""),
            ("a\nb", "\"a\nb\""),
            ("\u{1b}[31mred\u{0}", "\u{fffd}[31mred\u{fffd}"),
            ("O'Hara", "O'Hara"),
            ("a=b", "a=b"),
            ("000123", "000123"),
            ("", ""),
        ] {
            assert_eq!(line(Cell::text(naughty), Indonesian), format!("{cell};"), "{naughty:?}");
        }
        assert_eq!(line(Cell::Whole(-5), English), "-5,");
        assert_eq!(line(Cell::Money(-5), English), "-0.05,");
        assert_eq!(line(Cell::Money(-5), Indonesian), "-0,05;");
        assert_eq!(line(Cell::Money(i64::MIN), Indonesian), "-92233720368547758,08;");
        for (minor, written) in [(-5, "0.00"), (-50, "-0.01"), (123_449, "12.34"), (123_450, "12.35")] {
            let mut text = String::new();
            push_money(&mut text, minor, [4, 2], '.');
            assert_eq!(text, written);
        }
        assert_eq!(line(Cell::Ratio(0.0625), Indonesian), "0,062;");
        assert_eq!(line(Cell::Ratio(f64::NAN), Indonesian), ";");
        assert_eq!(line(Cell::Day(0), English), "1970-01-01,");
        assert_eq!(line(Cell::Flag(true), Indonesian), "ya;");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let texts = ["plain", "a;b", "a,b", "say \"x\"", "two\nlines", " blank ", ""];
        for (language, delimiter) in [(Indonesian, b';'), (English, b',')] {
            let mut file = CsvFile::new(&["a"; 7], language, [2, 2]);
            file.row(texts.map(Cell::text));
            let bytes = file.finish("f.csv".into()).bytes;
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(&bytes[3..]);
            let row = reader.records().next().unwrap().unwrap();
            assert_eq!(row.iter().collect::<Vec<_>>(), texts);
        }
    }

    #[test]
    fn file_names_are_safe_and_distinct() {
        assert_eq!(safe_file_name("A001"), "A001");
        assert_eq!(safe_file_name("pool-JKT.01"), "pool-JKT.01");
        let naughty =
            ["../../etc/passwd", "CON", "con.txt", "LPT1", "", ".", "..", "a/b", "a\\b", "a:b", "é", "x.", "\u{202e}"];
        for id in naughty {
            let name = safe_file_name(id);
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{id:?} {name}");
            assert!(name.starts_with('_') && !name.contains("..") && name.len() < 80, "{id:?} {name}");
        }
        let mut names: Vec<String> =
            safe_file_names(&["a1", "A1", "A2", "a/b", "a:b"]).into_iter().map(|n| n.1).collect();
        assert_eq!(names[2], "A2");
        names.iter_mut().for_each(|name| *name = name.to_lowercase());
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 5);
        assert!(safe_file_name(&"x".repeat(500)).len() < 80);
    }
}
