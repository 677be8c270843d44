//! One file for each branch to mail back: just its rows, as they came, with what is wrong in the branch's language. As
//! CSV and as a workbook of text, so that no spreadsheet damages the ids. Filled in at `now`, the CSV is a file of
//! corrections.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, XlsxError};

use super::check_words as words;
use super::csv_file::{Cell, CsvFile, safe_file_names};
use super::report::{Language, format};
use crate::check::Picture;
use crate::check::finding::Row;
use crate::check::reject_words;
use crate::check::report::Told;
use crate::config::Currency;
use crate::error::{Error, Result};

/// Rows a branch is sent; more are counted in the last row.
const MOST: usize = 5_000;

/// The columns; those from `entity` to `now` are a correction's.
const HEADER: [&str; 11] = ["file", "line", "what", "reason", "entity", "id", "line_no", "column", "was", "now", "row"];

/// A row of a branch's file: one text a column.
type Cells = [String; 11];

/// The files of every branch something is open for: `per-branch/<branch>.csv` and `.xlsx`.
pub fn files(picture: &Picture, currency: &Currency, language: Language) -> Result<Vec<(String, Vec<u8>)>> {
    let money = |minor: i64| format::money_code(minor, currency.decimals, currency.shown(), &currency.code, language);
    let mut branches: BTreeMap<&str, (Vec<Cells>, u64)> = BTreeMap::new();
    let open = picture.exceptions.iter().filter(|told| told.state.is_open() && !told.finding.branch.is_empty());
    for told in open {
        let (known, all) = branches.entry(&told.finding.branch).or_default();
        let own = rows(told, &money, language);
        *all += told.finding.n_rows.max(own.len() as u64);
        known.extend(own);
    }
    let ids: Vec<&str> = branches.keys().copied().collect();
    let mut files = Vec::new();
    for (branch, name) in safe_file_names(&ids) {
        let Some((mut rows, all)) = branches.remove(branch) else { continue };
        rows.truncate(MOST);
        let left = all - rows.len() as u64;
        if left > 0 {
            let mut last: Cells = Default::default();
            last[3] = match language {
                Language::Indonesian => format!("… {left} baris lagi; semuanya ada di kantor pusat"),
                Language::English => format!("… {left} more rows; head office has them all"),
            };
            rows.push(last);
        }
        let mut csv = CsvFile::new(&HEADER, language, [0, 0]);
        for row in &rows {
            csv.row(row.iter().map(|cell| Cell::text(kept(cell))));
        }
        files.push((format!("per-branch/{name}.csv"), csv.finish(String::new()).bytes));
        let book = workbook(&rows).map_err(Error::internal("writing a branch's workbook"))?;
        files.push((format!("per-branch/{name}.xlsx"), book));
    }
    Ok(files)
}

/// A text as a spreadsheet keeps it: with an apostrophe where it would be taken for a number and lose leading zeros or
/// digits. What comes back as a correction is read without.
fn kept(text: &str) -> Cow<'_, str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let shortened = digits(text) && (text.len() > 11 || (text.len() > 1 && text.starts_with('0')));
    let scientific = text.split_once(['E', 'e']).is_some_and(|(head, power)| {
        digits(&head.replacen(['.', ','], "", 1)) && digits(power.trim_start_matches(['+', '-']))
    });
    if shortened || scientific { format!("'{text}").into() } else { text.into() }
}

/// The rows of an exception: those at fault; or the one that probably is; or the day alone.
fn rows(told: &Told, money: &dyn Fn(i64) -> String, language: Language) -> Vec<Cells> {
    let finding = &told.finding;
    let reason = words::finding(finding, money, language);
    if let Some(held) = finding.held.first() {
        // The file as a whole, then its refused rows.
        let next = words::what_next(held, language);
        let whole = |row: &Row| row.line.is_none();
        let why = |row: &Row| if whole(row) { format!("{reason}. → {next}") } else { String::new() };
        return finding.rows.iter().map(|row| cells(told, row, why(row), language)).collect();
    }
    if !finding.rows.is_empty() {
        let rule = match language {
            Language::Indonesian => finding.rule.indonesian,
            Language::English => finding.rule.english,
        };
        return finding.rows.iter().map(|row| cells(told, row, rule.to_string(), language)).collect();
    }
    match told.cause() {
        Some(cause) => {
            let why = format!("{reason}. {}", words::cause(cause, language));
            vec![cells(told, &cause.row, why, language)]
        }
        None => vec![cells(told, &Row::default(), reason, language)],
    }
}

fn cells(told: &Told, row: &Row, reason: String, language: Language) -> Cells {
    // A code says more than its rule; the word itself stays, for who wants to ask head office about it.
    let (what, fix) = reject_words::words(&row.code, language == Language::Indonesian);
    let reason = match (what.is_empty(), reason.is_empty()) {
        (true, _) => reason,
        (false, true) => format!("{what} ({}). → {fix}", row.code),
        (false, false) => format!("{reason}: {what} ({}). → {fix}", row.code),
    };
    [
        row.file.clone(),
        row.line.map_or_else(String::new, |line| line.to_string()),
        told.key.clone(),
        reason,
        row.entity.clone(),
        row.document.clone(),
        row.line_no.map_or_else(String::new, |number| number.to_string()),
        row.column.into(),
        row.value.clone(),
        row.expected.clone(),
        row.raw.clone(),
    ]
}

fn workbook(rows: &[Cells]) -> std::result::Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let text = Format::new().set_num_format("@").set_text_wrap().set_align(FormatAlign::Top);
    let to_fill = text.clone().set_background_color(TO_FILL);
    let bold = Format::new().set_bold();
    for (place, (name, width)) in HEADER.iter().zip(WIDTHS).enumerate() {
        let place = place as u16;
        let is_now = *name == "now";
        let head = if is_now { bold.clone().set_background_color(TO_FILL) } else { bold.clone() };
        sheet.write_string_with_format(0, place, *name, &head)?;
        sheet.set_column_width(place, width as u32)?;
        // An empty column of texts stays one: what is typed there keeps its zeros.
        sheet.set_column_format(place, if is_now { &to_fill } else { &text })?;
    }
    for (number, row) in rows.iter().enumerate() {
        for (place, cell) in row.iter().enumerate() {
            let format = if HEADER[place] == "now" { &to_fill } else { &text };
            sheet.write_string_with_format(number as u32 + 1, place as u16, shown(cell), format)?;
        }
        sheet.set_row_height(number as u32 + 1, height(row))?;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofilter(0, 0, rows.len() as u32, HEADER.len() as u16 - 1)?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    let fixed = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&fixed));
    workbook.save_to_buffer()
}

/// Widths of the columns, in letters.
const WIDTHS: [usize; 11] = [26, 6, 30, 50, 11, 18, 7, 13, 16, 16, 60];

/// The height of a row in points, so that wrapped text is seen whole: not every program works it out by itself.
fn height(row: &Cells) -> f64 {
    let of_cell = |(cell, width): (&String, usize)| -> usize {
        cell.lines().map(|line| line.chars().count().div_ceil(width - 1).max(1)).sum()
    };
    let lines = row.iter().zip(WIDTHS).map(of_cell).max().unwrap_or(1).clamp(1, 27);
    15.0 * lines as f64
}

/// The colour of the cells a branch fills in.
const TO_FILL: Color = Color::RGB(0x00FF_F2CC);

/// Letters of a cell; a workbook takes 32,767.
const LETTERS: usize = 32_000;

/// A text as a cell takes it: control characters but line ends made visible, and what is too long cut and counted.
fn shown(cell: &str) -> String {
    let plain = |letter: char| match letter {
        '\t' | '\n' => letter,
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    };
    let letters = cell.chars().count();
    let text: String = cell.replace("\r\n", "\n").chars().map(plain).take(LETTERS).collect();
    if letters > LETTERS { format!("{text} … [{letters}]") } else { text }
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn what_a_spreadsheet_would_shorten_is_kept() {
        for text in ["00042", "0812345678", "628123456789", "6.28E+11", "6,28E+11", "12e5"] {
            assert_eq!(kept(text), format!("'{text}"));
        }
        for text in ["", "0", "42", "1250000", "1.5", "A00042", "E12", "1990-02-31", "0,5"] {
            assert_eq!(kept(text), text);
        }
    }
}
