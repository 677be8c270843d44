//! Parquet files of others, through the arrow reader: decimals exact, damage an error.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, make_array};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Schema};
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
        let batch = with_offsets(&batch)?;
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

/// A batch whose times have the offsets of their zones, which the reader knows only by their numbers.
fn with_offsets(batch: &RecordBatch) -> Result<RecordBatch, String> {
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let DataType::Timestamp(unit, Some(zone)) = field.data_type() else {
            fields.push(field.clone());
            columns.push(column.clone());
            continue;
        };
        let offset = offset(zone).ok_or_else(|| {
            format!("the times of `{}` are of the zone {zone}, whose offset is not known here: write them as local times without a zone", field.name())
        })?;
        let kind = DataType::Timestamp(*unit, Some(offset.into()));
        let data =
            column.to_data().into_builder().data_type(kind.clone()).build().map_err(|error| error.to_string())?;
        fields.push(Arc::new(field.as_ref().clone().with_data_type(kind)));
        columns.push(make_array(data));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|error| error.to_string())
}

/// The offset of a zone: those of Indonesia, which know no summer time, and those that are offsets already.
fn offset(zone: &str) -> Option<&str> {
    match zone {
        "Asia/Jakarta" | "Asia/Pontianak" | "WIB" => Some("+07:00"),
        "Asia/Makassar" | "Asia/Ujung_Pandang" | "WITA" => Some("+08:00"),
        "Asia/Jayapura" | "WIT" => Some("+09:00"),
        "UTC" | "Etc/UTC" | "GMT" | "Z" => Some("+00:00"),
        _ => zone.starts_with(['+', '-']).then_some(zone),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{StringArray, TimestampMicrosecondArray};

    fn batch(zone: &str) -> RecordBatch {
        let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![Some(0), None]).with_timezone(zone));
        let id: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        RecordBatch::try_from_iter_with_nullable([("id", id, false), ("at", at, true)]).unwrap()
    }

    #[test]
    fn times_are_those_of_their_zone() {
        for (zone, text) in [
            ("Asia/Jakarta", "1970-01-01 07:00:00"),
            ("Asia/Jayapura", "1970-01-01 09:00:00"),
            ("UTC", "1970-01-01 00:00:00"),
            ("-01:30", "1969-12-31 22:30:00"),
        ] {
            let batch = with_offsets(&batch(zone)).unwrap();
            let (mut at, mut none) = (String::new(), String::new());
            texts(&batch, '.').unwrap()[1].write(0, &mut at).unwrap();
            texts(&batch, '.').unwrap()[1].write(1, &mut none).unwrap();
            assert_eq!((at.as_str(), none.as_str()), (text, ""), "{zone}");
        }
        assert!(with_offsets(&batch("Europe/Berlin")).unwrap_err().contains("of the zone Europe/Berlin"));
    }
}
