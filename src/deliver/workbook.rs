//! The small result tables as one workbook. Text is written as text, so that no cell is ever a formula; money as
//! numbers with the currency's digits.

use polars::prelude::{AnyValue, DataFrame};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::Delivery;
use crate::calendar::day_name;
use crate::contracts::Table;
use crate::contracts::results::{self, is_money};
use crate::error::{Error, Result};

/// Rows a sheet takes; the Parquet table has them all, and the sheet says so.
const MOST: usize = 10_000;

/// `report.xlsx`: a sheet a table, in the order people read them.
pub fn workbook(delivery: &Delivery<'_>) -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let failed = Error::internal("writing the workbook");
    for table in results::ALL {
        let Ok(frame) = delivery.results.get(table) else { continue };
        let sheet = workbook.add_worksheet();
        fill(sheet, table, frame, delivery.config.core.currency.decimals).map_err(&failed)?;
    }
    let fixed = rust_xlsxwriter::ExcelDateTime::from_ymd(2000, 1, 1).map_err(&failed)?;
    workbook.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&fixed));
    workbook.save_to_buffer().map_err(failed)
}

fn fill(
    sheet: &mut Worksheet,
    table: &'static Table,
    frame: &DataFrame,
    decimals: u32,
) -> std::result::Result<(), XlsxError> {
    sheet.set_name(table.name.chars().take(31).collect::<String>())?;
    let bold = Format::new().set_bold();
    let money = Format::new().set_num_format(if decimals == 0 {
        "#,##0".to_string()
    } else {
        format!("#,##0.{}", "0".repeat(decimals as usize))
    });
    for (place, column) in frame.columns().iter().enumerate() {
        let place = place as u16;
        sheet.write_string_with_format(0, place, column.name().as_str(), &bold)?;
        let is_money = is_money(table, column.name());
        for row in 0..frame.height().min(MOST) {
            let at = row as u32 + 1;
            match column.get(row).unwrap_or(AnyValue::Null) {
                AnyValue::Null => {}
                AnyValue::Int64(value) if is_money => {
                    sheet.write_number_with_format(at, place, value as f64 / 10_f64.powi(decimals as i32), &money)?;
                }
                AnyValue::Int64(value) => {
                    sheet.write_number(at, place, value as f64)?;
                }
                AnyValue::Float64(value) if value.is_finite() => {
                    sheet.write_number(at, place, value)?;
                }
                AnyValue::Boolean(value) => {
                    sheet.write_boolean(at, place, value)?;
                }
                AnyValue::Date(day) => {
                    sheet.write_string(at, place, day_name(day))?;
                }
                AnyValue::String(text) => {
                    sheet.write_string(at, place, text)?;
                }
                other => {
                    sheet.write_string(at, place, other.to_string())?;
                }
            }
        }
    }
    if frame.height() > MOST {
        let note = format!("the first {MOST} of {} rows; all are in tables/{}.parquet", frame.height(), table.name);
        sheet.write_string_with_format(MOST as u32 + 1, 0, note, &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}
