//! Parquet files of others, through the arrow reader: decimals exact, damage an error.

use std::fs::File;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::rows::{Chunks, Origin, RowWriter, decimal_text, number_text};

/// Rows made text at a time.
const BATCH: usize = 4096;
/// Columns a file may have.
const MOST_COLUMNS: usize = 16_384;

/// Writes every row as a record.
pub fn write(file: File, mark: char, chunks: &mut Chunks) -> Result<(), String> {
    let damaged = |error: &dyn std::fmt::Display| format!("the Parquet file cannot be read: {error}");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(&error))?;
    let header: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    if header.len() > MOST_COLUMNS {
        return Err(format!("it has more than {MOST_COLUMNS} columns"));
    }
    let reader = builder.with_batch_size(BATCH).build().map_err(|error| damaged(&error))?;
    let mut rows = RowWriter::new(chunks, &header)?;
    let mut number = 0;
    let mut record = vec![String::new(); header.len()];
    for batch in reader {
        let batch = batch.map_err(|error| damaged(&error))?;
        let columns = texts(&batch, mark).map_err(|error| damaged(&error))?;
        for row in 0..batch.num_rows() {
            number += 1;
            for (cell, column) in record.iter_mut().zip(&columns) {
                cell.clear();
                column.write(row, cell)?;
            }
            rows.row(&record, Origin { line: number, code: "", raw: b"" })?;
        }
    }
    rows.end()
}

/// How the cells of a column become text.
enum Texts<'b> {
    Text(&'b ArrayRef, ArrayFormatter<'b>),
    Decimal(&'b ArrayRef, ArrayFormatter<'b>, char),
    Single(&'b ArrayRef, char),
    Double(&'b ArrayRef, char),
}

fn texts<'b>(batch: &'b RecordBatch, mark: char) -> Result<Vec<Texts<'b>>, arrow::error::ArrowError> {
    let options = FormatOptions::new()
        .with_null("")
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S"))
        .with_datetime_format(Some("%Y-%m-%d %H:%M:%S"));
    let column = |array: &'b ArrayRef| {
        let formatter = || ArrayFormatter::try_new(array, &options);
        Ok(match array.data_type() {
            DataType::Float32 => Texts::Single(array, mark),
            DataType::Float64 => Texts::Double(array, mark),
            kind if kind.is_decimal() => Texts::Decimal(array, formatter()?, mark),
            _ => Texts::Text(array, formatter()?),
        })
    };
    batch.columns().iter().map(column).collect()
}

impl Texts<'_> {
    fn write(&self, row: usize, cell: &mut String) -> Result<(), String> {
        use std::fmt::Write;
        let (Texts::Text(array, _) | Texts::Decimal(array, ..) | Texts::Single(array, _) | Texts::Double(array, _)) =
            self;
        if array.is_null(row) {
            return Ok(());
        }
        match self {
            Texts::Text(_, formatter) => write!(cell, "{}", formatter.value(row)).map_err(|error| error.to_string())?,
            Texts::Decimal(_, formatter, mark) => {
                let text = formatter.value(row).try_to_string().map_err(|error| error.to_string())?;
                cell.push_str(&decimal_text(&text, *mark));
            }
            Texts::Single(array, mark) => {
                // The shortest text of a single, not of the double nearest to it.
                let shortest = format!("{}", array.as_primitive::<Float32Type>().value(row));
                cell.push_str(&decimal_text(&shortest, *mark));
            }
            Texts::Double(array, mark) => {
                cell.push_str(&number_text(array.as_primitive::<Float64Type>().value(row), *mark));
            }
        }
        Ok(())
    }
}
