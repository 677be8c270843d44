//! Workbooks: xlsx, xls and ods. A cell keeps what a person sees in it: dates by their style and epoch, numbers
//! without binary noise, errors as errors.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use calamine::{
    Data, DataRef, Dimensions, ExcelDateTime, Ods, Range, Reader, SheetVisible, Xls, Xlsx, open_workbook_from_rs,
};

use super::rows::{Chunks, Origin, RowWriter, guarded, number_text, spawn};
use crate::error::{Error, Result};

/// The texts a spreadsheet shows where a formula failed.
pub const ERRORS: [&[u8]; 9] =
    [b"#DIV/0!", b"#N/A", b"#NAME?", b"#NULL!", b"#NUM!", b"#REF!", b"#VALUE!", b"#GETTING_DATA", b"#CALC!"];

/// What stands for a formula that no spreadsheet has calculated yet.
const UNCALCULATED: &str = "#CALC!";

/// Columns a sheet may have; beyond lies no table.
const MOST_COLUMNS: usize = 16_384;

/// Cells a sheet may have, empty ones to the left of a filled one among them.
const MOST_CELLS: usize = 300_000_000;

/// What is wanted of a workbook.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The sheet; the first with something in it where left out.
    pub sheet: Option<String>,
    /// The row of the header, from 1; the first that is not blank where left out.
    pub header_row: Option<u32>,
    /// The decimal mark of the source.
    pub mark: char,
}

/// A workbook of any of the kinds.
enum Book {
    Xlsx(Box<Xlsx<BufReader<File>>>),
    Ranges(Vec<(String, bool, Range<Data>)>),
}

/// The sheets of a workbook that hold something: their names.
pub fn sheets(source: &str, path: &Path, file: File) -> Result<Vec<String>> {
    let mut book = open_book(source, path, file)?;
    let mut filled = Vec::new();
    for (name, visible) in book.names() {
        if visible && book.has_something(&name).map_err(|message| unreadable(source, path, message))? {
            filled.push(name);
        }
    }
    Ok(filled)
}

/// The first rows of a sheet that are not blank: their numbers from 1, and their texts.
pub fn first_rows(source: &str, path: &Path, file: File, sheet: &str, most: usize) -> Result<Vec<(u64, Vec<String>)>> {
    let mut rows = Vec::new();
    let mut book = open_book(source, path, file)?;
    let mut take = |number: u32, cells: &[Data]| {
        let texts: Vec<String> = cells.iter().map(|cell| cell_text(cell, '.')).collect();
        if texts.iter().any(|text| !text.trim().is_empty()) {
            rows.push((u64::from(number) + 1, texts));
        }
        if rows.len() < most { Ok(()) } else { Err("enough".into()) }
    };
    let read = guarded(|| book.each_row(sheet, '.', &mut take));
    match read {
        Err(message) if rows.len() < most => Err(unreadable(source, path, message)),
        _ => Ok(rows),
    }
}

/// One sheet as text; and its name.
pub fn text(source: &str, path: &Path, file: File, wanted: Wanted) -> Result<(Box<dyn Read + Send>, String)> {
    let mut book = open_book(source, path, file)?;
    let names = book.names();
    let sheet = match &wanted.sheet {
        Some(sheet) if names.iter().any(|(name, _)| name == sheet) => sheet.clone(),
        Some(sheet) => {
            let known: Vec<String> = names.into_iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!("it has no sheet `{sheet}`; its sheets are {}", known.join(", "));
            return Err(unreadable(source, path, message));
        }
        None => {
            let mut first = None;
            for (name, _) in names.into_iter().filter(|(_, visible)| *visible) {
                if book.has_something(&name).map_err(|message| unreadable(source, path, message))? {
                    first = Some(name);
                    break;
                }
            }
            first.ok_or_else(|| unreadable(source, path, "all its sheets are empty".into()))?
        }
    };
    let name = sheet.clone();
    let text = spawn(move |chunks| {
        let mark = wanted.mark;
        let mut table = Table { wanted, rows: None };
        let mut chunks = Some(chunks);
        book.each_row(&sheet, mark, |row, cells| table.row(row, cells, &mut chunks))?;
        table.end()
    });
    Ok((text, name))
}

fn open_book(source: &str, path: &Path, mut file: File) -> Result<Book> {
    let mut head = [0; 8];
    let wrong = |error: String| unreadable(source, path, format!("the workbook is damaged: {error}"));
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    file.read_exact(&mut head).map_err(super::archive::reading(source, path))?;
    let opened = if head.starts_with(b"\xD0\xCF\x11\xE0") {
        if length > MOST_OLD {
            return Err(unreadable(source, path, format!("it is larger than the limit of {} MiB", MOST_OLD >> 20)));
        }
        guarded(|| open_workbook_from_rs::<Xls<_>, _>(rewound(file)?).map_err(|error| error.to_string()).map(ranges))
    } else {
        super::archive::check_workbook(source, path, &mut file)?;
        let spare = file.try_clone().map_err(Error::io("read", path))?;
        guarded(|| match open_workbook_from_rs::<Xlsx<_>, _>(rewound(file)?) {
            Ok(book) => Ok(Book::Xlsx(Box::new(book))),
            Err(error) => {
                let ods = open_workbook_from_rs::<Ods<_>, _>(rewound(spare)?);
                ods.map(ranges).map_err(|other| match other {
                    calamine::OdsError::FileNotFound(_) | calamine::OdsError::InvalidMime(_) => error.to_string(),
                    other => other.to_string(),
                })
            }
        })
    };
    opened.map_err(wrong)
}

/// Old workbooks are held in memory whole.
const MOST_OLD: u64 = 64 << 20;

fn rewound(mut file: File) -> std::result::Result<BufReader<File>, String> {
    use std::io::Seek;
    file.rewind().map_err(|error| error.to_string())?;
    Ok(BufReader::new(file))
}

fn ranges<R: Reader<BufReader<File>>>(mut book: R) -> Book {
    let visible: Vec<bool> =
        book.sheets_metadata().iter().map(|sheet| sheet.visible == SheetVisible::Visible).collect();
    let sheets = book.worksheets().into_iter().enumerate();
    Book::Ranges(
        sheets.map(|(place, (name, range))| (name, visible.get(place).copied().unwrap_or(true), range)).collect(),
    )
}

impl Book {
    /// The sheets, and whether each is to be seen.
    fn names(&self) -> Vec<(String, bool)> {
        match self {
            Book::Xlsx(book) => {
                let seen = |sheet: &calamine::Sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible);
                book.sheets_metadata().iter().map(seen).collect()
            }
            Book::Ranges(sheets) => sheets.iter().map(|(name, visible, _)| (name.clone(), *visible)).collect(),
        }
    }

    fn has_something(&mut self, sheet: &str) -> std::result::Result<bool, String> {
        guarded(|| match self {
            Book::Xlsx(book) => {
                // A chart has a tab of its own and no cells.
                let Ok(mut cells) = book.worksheet_cells_reader(sheet) else { return Ok(false) };
                while let Some(cell) = cells.next_cell().map_err(|error| error.to_string())? {
                    if *cell.get_value() != DataRef::Empty {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Book::Ranges(sheets) => Ok(sheets.iter().any(|(name, _, range)| name == sheet && !range.is_empty())),
        })
    }

    /// Hands over the cells of each row that has any: the row's number from 0, and the cells from column A on.
    fn each_row(
        &mut self,
        sheet: &str,
        mark: char,
        mut take: impl FnMut(u32, &[Data]) -> std::result::Result<(), String>,
    ) -> std::result::Result<(), String> {
        let too_wide = || format!("a row has more than {MOST_COLUMNS} columns");
        match self {
            Book::Xlsx(book) => {
                let mut merged = Merged::of(book.merge_cells_by_sheet_name(sheet).unwrap_or_default());
                let mut formatted = Formatted::of(book, sheet, mark)?;
                let mut take = |number: u32, row: &mut Vec<Data>| {
                    merged.fill(number, row);
                    take(number, row)
                };
                let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| error.to_string())?;
                let mut row: Vec<Data> = Vec::new();
                let (mut number, mut n_cells) = (0, 0);
                while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|error| error.to_string())? {
                    let (at, column) = cell.pos;
                    if at != number {
                        if at < number {
                            return Err(format!("row {} comes after row {}", at + 1, number + 1));
                        }
                        take(number, &mut row)?;
                        n_cells += row.len();
                        if n_cells > MOST_CELLS {
                            return Err(format!("it has more than {MOST_CELLS} cells, most of them empty"));
                        }
                        row.clear();
                        number = at;
                    }
                    let column = column as usize;
                    if column >= MOST_COLUMNS {
                        return Err(too_wide());
                    }
                    if row.len() <= column {
                        row.resize(column + 1, Data::Empty);
                    }
                    row[column] = match (Data::from(cell.value), cell.formula) {
                        (Data::Empty, Some(_)) => Data::String(UNCALCULATED.into()),
                        (value, _) => formatted.shown(cell.pos, value),
                    };
                }
                take(number, &mut row)
            }
            Book::Ranges(sheets) => {
                let Some((_, _, range)) = sheets.iter().find(|(name, _, _)| name == sheet) else { return Ok(()) };
                let Some((first, left)) = range.start() else { return Ok(()) };
                if range.width() + left as usize > MOST_COLUMNS {
                    return Err(too_wide());
                }
                let mut row = vec![Data::Empty; left as usize];
                for (place, cells) in range.rows().enumerate() {
                    row.truncate(left as usize);
                    row.extend_from_slice(cells);
                    take(first + place as u32, &row)?;
                }
                Ok(())
            }
        }
    }
}

/// Numbers that mean what their format shows: codes with their leading zeros (`00000`), shares in percent (`0%`).
struct Formatted {
    /// Row, column and format of each such cell, in the order of the sheet.
    cells: std::iter::Peekable<std::vec::IntoIter<(u32, u32, Shown)>>,
    /// The decimal mark of the source.
    mark: char,
}

/// How a format shows a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// With so many digits or more.
    Digits(u8),
    Percent,
}

impl Formatted {
    /// Reads the sheet for them where the workbook has such a format at all.
    fn of(book: &mut Xlsx<BufReader<File>>, sheet: &str, mark: char) -> std::result::Result<Formatted, String> {
        let failed = |error: calamine::XlsxError| error.to_string();
        let mut reader = book.worksheet_cells_reader(sheet).map_err(failed)?;
        let of_style = |style: &calamine::Style| Shown::of(&style.number_format.as_ref()?.format_code);
        let shown: Vec<Option<Shown>> = reader.styles().iter().map(of_style).collect();
        let mut cells = Vec::new();
        if shown.iter().any(Option::is_some) {
            while let Some((row, column, style)) = reader.next_style_id().map_err(failed)? {
                cells.extend(shown[style].map(|shown| (row, column, shown)));
            }
        }
        Ok(Formatted { cells: cells.into_iter().peekable(), mark })
    }

    /// A cell as its format shows it; cells come in the order of the sheet.
    fn shown(&mut self, at: (u32, u32), value: Data) -> Data {
        while self.cells.next_if(|(row, column, _)| (*row, *column) < at).is_some() {}
        let shown = self.cells.next_if(|(row, column, _)| (*row, *column) == at).map(|(_, _, shown)| shown);
        let number = match &value {
            Data::Int(value) => *value as f64,
            Data::Float(value) => *value,
            _ => return value,
        };
        match shown {
            Some(Shown::Digits(digits)) if (0.0..1e15).contains(&number) && number.fract() == 0.0 => {
                Data::String(format!("{number:0digits$.0}", digits = digits.into()))
            }
            Some(Shown::Percent) => Data::String(format!("{}%", number_text(number * 100.0, self.mark))),
            _ => value,
        }
    }
}

impl Shown {
    /// The fewest digits a format of nothing but digits shows, where it is more than one, are those from its first `0` on.
    fn of(format: &str) -> Option<Shown> {
        let shown = format.split(';').next().unwrap_or_default();
        let is_digit = |place: char| matches!(place, '0' | '#');
        match (shown.trim().strip_suffix('%'), shown.find('0')) {
            (Some(number), _) if number.chars().all(|place| is_digit(place) || matches!(place, '.' | ',' | ' ')) => {
                Some(Shown::Percent)
            }
            (None, Some(first)) if shown.chars().all(is_digit) && shown.len() - first > 1 => {
                Some(Shown::Digits((shown.len() - first).min(30) as u8))
            }
            _ => None,
        }
    }
}

/// Cells of one column that were made one: the text or date shown in them is that of each of their rows. An amount is
/// that of all of them together, so it stays in the first.
struct Merged {
    /// By first row, the last ones first.
    coming: Vec<Dimensions>,
    /// Last row, column, and what is shown.
    open: Vec<(u32, usize, Data)>,
}

impl Merged {
    fn of(mut coming: Vec<Dimensions>) -> Merged {
        coming.retain(|region| region.start.1 == region.end.1 && region.start.0 < region.end.0);
        coming.sort_unstable_by_key(|region| std::cmp::Reverse(region.start));
        Merged { coming, open: Vec::new() }
    }

    /// Rows come in order.
    fn fill(&mut self, number: u32, row: &mut Vec<Data>) {
        self.open.retain(|(last, ..)| *last >= number);
        if row.is_empty() {
            return;
        }
        for (_, column, shown) in &self.open {
            if row.len() <= *column {
                row.resize(column + 1, Data::Empty);
            }
            if row[*column] == Data::Empty {
                row[*column] = shown.clone();
            }
        }
        while let Some(region) = self.coming.pop_if(|region| region.start.0 <= number) {
            let column = region.start.1 as usize;
            let cell = row.get(column).filter(|cell| matches!(cell, Data::String(_) | Data::DateTime(_)));
            if let (true, Some(cell)) = (region.start.0 == number, cell) {
                self.open.push((region.end.0, column, cell.clone()));
            }
        }
    }
}

/// A sheet being written as records.
struct Table<'w> {
    wanted: Wanted,
    rows: Option<(usize, RowWriter<'w>)>,
}

impl<'w> Table<'w> {
    fn row(
        &mut self,
        number: u32,
        cells: &[Data],
        chunks: &mut Option<&'w mut Chunks>,
    ) -> std::result::Result<(), String> {
        let mark = self.wanted.mark;
        let mut texts: Vec<String> = cells.iter().map(|cell| cell_text(cell, mark)).collect();
        while texts.last().is_some_and(|text| text.trim().is_empty()) {
            texts.pop();
        }
        let wanted = self.wanted.header_row.is_none_or(|wanted| wanted == number + 1);
        match &mut self.rows {
            _ if texts.is_empty() => Ok(()),
            Some((width, rows)) => {
                if texts.len() < *width {
                    texts.resize(*width, String::new());
                }
                rows.row(&texts, Origin { line: u64::from(number) + 1, code: "", raw: b"" })
            }
            None if wanted => {
                let chunks = chunks.take().ok_or("the header was there already")?;
                self.rows = Some((texts.len(), RowWriter::new(chunks, &texts)?));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn end(self) -> std::result::Result<(), String> {
        match (self.rows, self.wanted.header_row) {
            (Some((_, rows)), _) => rows.end(),
            (None, Some(row)) => Err(format!("its row {row}, where the header should be, is blank")),
            (None, None) => Err("the sheet is empty".into()),
        }
    }
}

/// A cell as text.
fn cell_text(cell: &Data, mark: char) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => number_text(*value, mark),
        Data::String(text) => text.clone(),
        Data::Bool(value) => if *value { "TRUE" } else { "FALSE" }.into(),
        Data::DateTime(at) => moment(at, mark),
        Data::DateTimeIso(text) => {
            let text = text.replacen('T', " ", 1);
            text.strip_suffix(" 00:00:00").unwrap_or(&text).to_string()
        }
        Data::DurationIso(text) => duration(text).unwrap_or_else(|| text.clone()),
        Data::Error(error) => error.to_string(),
    }
}

/// A date, a time or both, to the whole second; without a time of day at midnight, without a day below one day.
fn moment(at: &ExcelDateTime, mark: char) -> String {
    let value = at.as_f64();
    let clock = |seconds: i64| format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if at.is_duration() {
        return clock((value * 86_400.0).round() as i64);
    }
    if !(0.0..2_958_466.0).contains(&value) {
        return number_text(value, mark);
    }
    let seconds = ((value - value.floor()) * 86_400.0).round() as i64;
    if value < 1.0 {
        return format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    }
    // The day is the crate's to tell: only it knows the epoch.
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let exact = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second) + i64::from(milli >= 500);
    if exact == 0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else if exact == 86_400 {
        next_day(i64::from(year), i64::from(month), i64::from(day))
    } else {
        let (hour, minute, second) = (exact / 3600, exact / 60 % 60, exact % 60);
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

fn next_day(year: i64, month: i64, day: i64) -> String {
    let next = crate::calendar::day_number(year, month, day).map(|day| crate::calendar::civil(day + 1));
    next.map_or_else(String::new, |(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

/// `PT12H30M05S` as `12:30:05`.
fn duration(text: &str) -> Option<String> {
    let (hours, rest) = text.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds: f64 = rest.strip_suffix('S')?.replace(',', ".").parse().ok()?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(format!("{hours:02}:{minutes:02}:{:02}", seconds as u32))
}

/// The letters of a column, from 0: `A` … `Z`, `AA` ….
pub fn letters(column: usize) -> String {
    let mut rest = column + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        letters.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

fn unreadable(source: &str, path: &Path, message: String) -> Error {
    Error::Unreadable { source_name: source.into(), path: path.to_path_buf(), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    #[test]
    fn dates_by_their_epoch() {
        let text =
            |value: f64, is_1904: bool| moment(&ExcelDateTime::new(value, ExcelDateTimeType::DateTime, is_1904), '.');
        assert_eq!(text(45_322.0, false), "2024-01-31");
        assert_eq!(text(45_322.0 - 1462.0, true), "2024-01-31");
        assert_eq!(text(45_322.423_611_111_11, false), "2024-01-31 10:10:00");
        assert_eq!(text(45_322.999_999_9, false), "2024-02-01");
        assert_eq!(text(0.5, false), "12:00:00");
        assert_eq!(text(60.0, false), "1900-02-29");
        assert_eq!(moment(&ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false), '.'), "36:00:00");
        assert_eq!(duration("PT01H02M03S").as_deref(), Some("01:02:03"));
    }

    #[test]
    fn formats_that_mean_what_they_show() {
        let shown = ["00000", "0#", "#000", "00;-00", "0%", "0.00%", "#,##0%"].map(Shown::of);
        let digits = [5, 2, 3, 2].map(|digits| Some(Shown::Digits(digits)));
        assert_eq!((&shown[..4], &shown[4..]), (&digits[..], &[Some(Shown::Percent); 3][..]));
        assert_eq!(["0", "General", "0.00", "#,##0", "@", "", "\"%\"0"].map(Shown::of), [None; 7]);
    }

    #[test]
    fn addresses() {
        assert_eq!(
            (letters(0), letters(25), letters(26), letters(701), letters(702)),
            ("A".into(), "Z".into(), "AA".into(), "ZZ".into(), "AAA".into())
        );
    }
}
