//! The rejects of the files in force as one CSV a clerk can open: what was refused, where, why, what to do. Every row of
//! the ledger is in it; it is written as it is read, so that memory stays flat.

use std::io::Write;
use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::csv_file::{Cell, CsvFile};
use super::report::Language;
use crate::check::reject_words;
use crate::error::{Error, Result};
use crate::lake::{LakeDir, Manifest};

/// One refused row, as the ledger has it.
#[derive(Debug, Clone, Copy)]
pub struct LedgerRow<'l> {
    /// The file.
    pub file: &'l str,
    /// The record, from 1.
    pub record: i64,
    /// The physical line.
    pub line: i64,
    /// Where the record begins in the file.
    pub byte_offset: i64,
    /// Where it is in a workbook (`Sheet1!C14`) or another format that is no text.
    pub address: &'l str,
    /// The column at fault.
    pub column: &'l str,
    /// The export's own name of it.
    pub export_column: &'l str,
    /// The code.
    pub code: &'l str,
    /// The row as it came.
    pub raw: &'l str,
    /// What is wrong.
    pub message: &'l str,
    /// What to do.
    pub fix: &'l str,
}

const HEADER: [&str; 11] =
    ["file", "record", "line", "byte_offset", "address", "column", "export_column", "code", "row", "message", "fix"];

/// Writes `rejects.csv`.
pub fn write(lake: &LakeDir, manifest: &Manifest, language: Language, out: &mut dyn Write) -> Result<()> {
    let mut file = CsvFile::new(&HEADER, language, [0, 0]);
    let mut failed = None;
    each(lake, manifest, |row| {
        let numbers = [row.record, row.line, row.byte_offset].map(Cell::Whole);
        // The ledger has the words of its day; a code that is known is told in the reader's.
        let (message, fix) = match reject_words::words(row.code, language == Language::Indonesian) {
            ("", "") => (row.message, row.fix),
            words => words,
        };
        let texts = [row.address, row.column, row.export_column, row.code, row.raw, message, fix].map(Cell::text);
        file.row([Cell::text(row.file)].into_iter().chain(numbers).chain(texts));
        failed = out.write_all(&file.take()).err();
        failed.is_none()
    })?;
    let done = failed.map_or_else(|| out.write_all(&file.take()), Err);
    done.map_err(Error::io("write", Path::new("rejects.csv")))
}

/// The rejects of the files in force, in the order of the manifest, and of those that are held, until `take` says no.
pub fn each(lake: &LakeDir, manifest: &Manifest, mut take: impl FnMut(LedgerRow<'_>) -> bool) -> Result<()> {
    for path in manifest.ledgers() {
        let path = lake.file(path);
        let damaged = |message: String| Error::Damaged { path: path.clone(), message };
        let file = std::fs::File::open(&path).map_err(Error::io("read", &path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
        for batch in reader.map_err(|error| damaged(error.to_string()))? {
            let batch = batch.map_err(|error| damaged(error.to_string()))?;
            let column = |name: &str| {
                batch.column_by_name(name).ok_or_else(|| damaged(format!("a ledger without a column `{name}`")))
            };
            let text = |name: &str| column(name).map(|array| array.as_string::<i32>());
            let number = |name: &str| column(name).map(|array| array.as_primitive::<Int64Type>());
            let (files, columns, codes) = (text("file")?, text("column")?, text("code")?);
            let (raws, messages, fixes, addresses) = (text("raw")?, text("message")?, text("fix")?, text("address")?);
            let (records, lines, offsets) = (number("record")?, number("line")?, number("byte_offset")?);
            let export_columns = text("export_column").ok();
            for row in 0..batch.num_rows() {
                let more = take(LedgerRow {
                    file: files.value(row),
                    record: records.value(row),
                    line: lines.value(row),
                    byte_offset: offsets.value(row),
                    address: addresses.value(row),
                    column: columns.value(row),
                    export_column: export_columns.map_or("", |names| names.value(row)),
                    code: codes.value(row),
                    raw: raws.value(row),
                    message: messages.value(row),
                    fix: fixes.value(row),
                });
                if !more {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
