//! The rejects of the files in force as one CSV a clerk can open: what was refused, where, why, what to do.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Delivery;
use super::csv_file::{Cell, CsvFile};
use crate::error::{Error, Result};
use crate::lake::{LakeDir, Manifest};

/// One refused row, as the ledger has it.
#[derive(Debug, Clone)]
pub struct LedgerRow {
    /// The file.
    pub file: String,
    /// The record, from 1.
    pub record: i64,
    /// The physical line.
    pub line: i64,
    /// Where the record begins in the file.
    pub byte_offset: i64,
    /// The column at fault.
    pub column: String,
    /// The export's own name of it.
    pub export_column: String,
    /// The code.
    pub code: String,
    /// The row as it came.
    pub raw: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// Rows a CSV takes; the Parquet ledger in the lake has them all.
const MOST: usize = 100_000;

/// `rejects.csv`.
pub fn files(lake: &LakeDir, delivery: &Delivery<'_>) -> Result<Vec<(String, Vec<u8>)>> {
    let header = ["file", "record", "line", "byte_offset", "column", "export_column", "code", "row", "message", "fix"];
    let mut file = CsvFile::new(&header, delivery.language, 0);
    for row in ledger(lake, delivery.manifest, MOST)? {
        let numbers = [row.record, row.line, row.byte_offset].map(Cell::Whole);
        let texts = [row.column, row.export_column, row.code, row.raw, row.message, row.fix].map(Cell::text);
        file.row([Cell::text(row.file)].into_iter().chain(numbers).chain(texts));
    }
    let file = file.finish("rejects.csv".into());
    Ok(vec![(file.path, file.bytes)])
}

/// The first `most` rejects of the files in force, in the order of the manifest, and of those that are held.
pub fn ledger(lake: &LakeDir, manifest: &Manifest, most: usize) -> Result<Vec<LedgerRow>> {
    let mut rows = Vec::new();
    for path in manifest.ledgers() {
        let path = lake.file(path);
        let damaged = |message: String| Error::Damaged { path: path.clone(), message };
        let file = std::fs::File::open(&path).map_err(Error::io("read", &path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
        for batch in reader.map_err(|error| damaged(error.to_string()))? {
            let batch = batch.map_err(|error| damaged(error.to_string()))?;
            let text = |name: &str| batch.column_by_name(name).map(|array| array.as_string::<i32>());
            let (Some(files), Some(columns), Some(codes)) = (text("file"), text("column"), text("code")) else {
                continue;
            };
            let (Some(raws), Some(messages), Some(fixes)) = (text("raw"), text("message"), text("fix")) else {
                continue;
            };
            let number = |name: &str| batch.column_by_name(name).map(|array| array.as_primitive::<Int64Type>());
            let (Some(records), Some(lines), Some(offsets)) = (number("record"), number("line"), number("byte_offset"))
            else {
                continue;
            };
            let export_columns = text("export_column");
            for row in 0..batch.num_rows() {
                if rows.len() == most {
                    return Ok(rows);
                }
                rows.push(LedgerRow {
                    file: files.value(row).into(),
                    record: records.value(row),
                    line: lines.value(row),
                    byte_offset: offsets.value(row),
                    column: columns.value(row).into(),
                    export_column: export_columns.as_ref().map_or(String::new(), |names| names.value(row).into()),
                    code: codes.value(row).into(),
                    raw: raws.value(row).into(),
                    message: messages.value(row).into(),
                    fix: fixes.value(row).into(),
                });
            }
        }
    }
    Ok(rows)
}
