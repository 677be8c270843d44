//! The small result tables as one workbook. Text is written as text, so that no cell is ever a formula; money as
//! numbers with the currency's digits, days as days. The first sheet says what the others hold.

use std::borrow::Cow;

use polars::prelude::{AnyValue, Column, DataFrame};
use rust_xlsxwriter::{Color, ExcelDateTime, Format, FormatAlign, Url, Workbook, Worksheet, XlsxError};

use super::Delivery;
use super::report::{Language, format};
use super::speech::{OF_PRODUCTS, ProductNames, is_share};
use super::table_words::says;
use crate::calendar::civil;
use crate::contracts::results;
use crate::contracts::{Kind, Table};
use crate::error::{Error, Result};

/// Rows a sheet takes; the Parquet table has them all, and the sheet says so.
const MOST: usize = 10_000;

/// Letters a column is wide at least and at most.
const WIDTHS: (usize, usize) = (7, 60);

/// `report.xlsx`: a sheet a table that has rows, in the order people read them, after one that lists them.
pub fn workbook(delivery: &Delivery<'_>) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let failed = Error::internal("writing the workbook");
    let currency = &delivery.config.core.currency;
    let formats = Formats::new(currency.shown(), currency.decimals);
    let filled: Vec<(&'static Table, &DataFrame)> = results::ALL
        .iter()
        .filter_map(|table| Some((*table, delivery.results.get(table).ok()?)))
        .filter(|(_, frame)| frame.height() > 0)
        .collect();
    contents(workbook.add_worksheet(), &filled, delivery.language, &formats).map_err(&failed)?;
    for (table, frame) in filled {
        fill(workbook.add_worksheet(), table, frame, delivery, &formats).map_err(&failed)?;
    }
    let fixed = ExcelDateTime::from_ymd(2000, 1, 1).map_err(&failed)?;
    workbook.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&fixed));
    workbook.save_to_buffer().map_err(failed)
}

/// How cells look.
struct Formats {
    head: Format,
    bold: Format,
    wrapped: Format,
    whole: Format,
    money: Format,
    share: Format,
    ratio: Format,
    day: Format,
    time: Format,
    /// Minor units to a unit.
    unit: f64,
}

impl Formats {
    fn new(shown: u32, decimals: u32) -> Formats {
        let number = |pattern: &str| Format::new().set_num_format(pattern);
        let money = match shown {
            0 => "#,##0".to_string(),
            shown => format!("#,##0.{}", "0".repeat(shown as usize)),
        };
        let (ground, ink) = (Color::RGB(0x001F_6F78), Color::White);
        let head = Format::new().set_bold().set_font_color(ink).set_background_color(ground);
        Formats {
            head: head.set_align(FormatAlign::Top),
            bold: Format::new().set_bold(),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            whole: number("#,##0"),
            money: number(&money),
            share: number("0.0%"),
            ratio: number("0.000"),
            day: number("yyyy-mm-dd"),
            time: number("yyyy-mm-dd hh:mm"),
            unit: 10_f64.powi(decimals as i32),
        }
    }
}

fn sheet_name(table: &Table) -> String {
    table.name.chars().take(31).collect()
}

/// The sheet that lists the others.
fn contents(
    sheet: &mut Worksheet,
    filled: &[(&'static Table, &DataFrame)],
    language: Language,
    formats: &Formats,
) -> std::result::Result<(), XlsxError> {
    let (name, heads) = match language {
        Language::Indonesian => ("Isi", ["Lembar", "Isinya", "Baris"]),
        Language::English => ("Contents", ["Sheet", "What it holds", "Rows"]),
    };
    sheet.set_name(name)?;
    for (place, (head, width)) in heads.iter().zip([28.0, 90.0, 10.0]).enumerate() {
        sheet.write_string_with_format(0, place as u16, *head, &formats.head)?;
        sheet.set_column_width(place as u16, width)?;
    }
    for (row, (table, frame)) in filled.iter().enumerate() {
        let (row, target) = (row as u32 + 1, sheet_name(table));
        sheet.write_url(row, 0, Url::new(format!("internal:'{target}'!A1")).set_text(target))?;
        let says = says(table, language);
        // Not every program works the height of wrapped text out by itself.
        sheet.set_row_height(row, 15.0 * says.chars().count().div_ceil(88).max(1) as f64)?;
        sheet.write_string_with_format(row, 1, says, &formats.wrapped)?;
        sheet.write_number_with_format(row, 2, frame.height() as f64, &formats.whole)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn fill(
    sheet: &mut Worksheet,
    table: &'static Table,
    frame: &DataFrame,
    delivery: &Delivery<'_>,
    formats: &Formats,
) -> std::result::Result<(), XlsxError> {
    sheet.set_name(sheet_name(table))?;
    let rows = frame.height().min(MOST);
    let names_products = !["name", "product"].iter().any(|name| frame.column(name).is_ok());
    let mut place = 0;
    for column in frame.columns() {
        let name = column.name().as_str();
        let width = (0..rows).try_fold(name.chars().count(), |width, row| {
            let value = column.get(row).unwrap_or(AnyValue::Null);
            cell(sheet, (row as u32 + 1, place), name, table.kind(name), &value, formats).map(|own| own.max(width))
        })?;
        head(sheet, place, name, width, formats)?;
        place += 1;
        if names_products && OF_PRODUCTS.contains(&name) {
            let head_of_names = format!("{}_name", name.trim_end_matches("_id"));
            let width = product_names(sheet, place, column, rows, delivery)?;
            head(sheet, place, &head_of_names, width.max(head_of_names.len()), formats)?;
            place += 1;
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofilter(0, 0, rows as u32, place.saturating_sub(1))?;
    if frame.height() > MOST {
        let (first, all) =
            (format::count(MOST as u64, delivery.language), format::count(frame.height() as u64, delivery.language));
        let note = match delivery.language {
            Language::Indonesian => {
                format!("{first} baris pertama dari {all}; semuanya di tables/{}.parquet", table.name)
            }
            Language::English => format!("the first {first} of {all} rows; all are in tables/{}.parquet", table.name),
        };
        sheet.write_string_with_format(MOST as u32 + 1, 0, note, &formats.bold)?;
    }
    Ok(())
}

fn head(
    sheet: &mut Worksheet,
    place: u16,
    name: &str,
    width: usize,
    formats: &Formats,
) -> std::result::Result<(), XlsxError> {
    sheet.write_string_with_format(0, place, name, &formats.head)?;
    // Room for the button of the filter.
    sheet.set_column_width(place, width.max(name.chars().count() + 2).clamp(WIDTHS.0, WIDTHS.1) as f64 + 1.0)?;
    Ok(())
}

/// The names of the products of a column; how wide they are.
fn product_names(
    sheet: &mut Worksheet,
    place: u16,
    column: &Column,
    rows: usize,
    delivery: &Delivery<'_>,
) -> std::result::Result<usize, XlsxError> {
    let mut width = 0;
    for row in 0..rows {
        let value = column.get(row).unwrap_or(AnyValue::Null);
        let id = value.get_str().unwrap_or_default();
        let name = delivery.facts.product(id);
        if name != id {
            width = width.max(name.chars().count());
            sheet.write_string(row as u32 + 1, place, fitting(name))?;
        }
    }
    Ok(width)
}

/// A cell holds no more letters.
const MOST_LETTERS: usize = 32_767;

/// As much of a text as a cell holds; three dots say that there is more.
fn fitting(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MOST_LETTERS - 1) {
        Some((end, last)) if text.len() > end + last.len_utf8() => Cow::Owned(format!("{}…", &text[..end])),
        _ => Cow::Borrowed(text),
    }
}

/// Writes a cell; the letters it takes.
fn cell(
    sheet: &mut Worksheet,
    (row, place): (u32, u16),
    name: &str,
    kind: Option<Kind>,
    value: &AnyValue<'_>,
    formats: &Formats,
) -> std::result::Result<usize, XlsxError> {
    let shown = |number: f64, decimals: usize| format!("{number:.decimals$}").len() + 3;
    Ok(match value {
        AnyValue::Null => 0,
        AnyValue::Boolean(flag) => {
            sheet.write_boolean(row, place, *flag)?;
            5
        }
        AnyValue::Date(day) => {
            let (year, month, day) = civil(*day);
            match ExcelDateTime::from_ymd(u16::try_from(year).unwrap_or(0), month as u8, day as u8) {
                Ok(date) => sheet.write_datetime_with_format(row, place, &date, &formats.day)?,
                // A spreadsheet knows no day before 1900.
                Err(_) => sheet.write_string(row, place, format!("{year:04}-{month:02}-{day:02}"))?,
            };
            10
        }
        AnyValue::Datetime(micros, ..) => {
            let days = *micros as f64 / 86_400_000_000.0;
            // Days since 1899-12-30, as a spreadsheet counts them.
            sheet.write_number_with_format(row, place, days + 25_569.0, &formats.time)?;
            16
        }
        AnyValue::Int64(minor) if kind == Some(Kind::Money) => {
            let amount = *minor as f64 / formats.unit;
            sheet.write_number_with_format(row, place, amount, &formats.money)?;
            shown(amount, 2) + 1
        }
        AnyValue::Float64(number) if number.is_finite() => {
            let format = if is_share(name) { &formats.share } else { &formats.ratio };
            sheet.write_number_with_format(row, place, *number, format)?;
            shown(*number, 3)
        }
        value => match (value.get_str(), value.extract::<f64>()) {
            (Some(text), _) => {
                sheet.write_string(row, place, fitting(text))?;
                text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
            }
            (None, Some(number)) if number.is_finite() => {
                sheet.write_number_with_format(row, place, number, &formats.whole)?;
                shown(number, 0)
            }
            _ => 0,
        },
    })
}
