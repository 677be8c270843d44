//! The refused rows of the files in force, and whose they are: branch, day and document, as far as the row says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::calendar::DAY_MICROS;
use crate::error::{Error, Result};
use crate::ingest::fields::Lookups;
use crate::ingest::original;
use crate::ingest::source::{Layout, MappedColumn, Source};
use crate::ingest::values;
use crate::lake::{LakeDir, Manifest};

/// A refused row.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    /// The batch, by place in the manifest.
    pub batch: u32,
    /// The file.
    pub file: String,
    /// The physical line.
    pub line: u64,
    /// The column at fault.
    pub column: String,
    /// The reject code.
    pub code: String,
    /// The row as it came.
    pub raw: String,
    /// Its cells by canonical column, as far as they could be told apart; words mapped, blanks trimmed.
    pub cells: BTreeMap<&'static str, String>,
    /// Its branch.
    pub branch: String,
    /// Its day.
    pub day: Option<i32>,
    /// Quantity × price − discount, where all are numbers.
    pub amount: Option<i64>,
}

/// A file of which not every refused row was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAll {
    /// The file.
    pub file: String,
    /// Its refused rows.
    pub refused: u64,
    /// Those that were looked at: the first.
    pub looked_at: u64,
}

/// Refused rows looked at of each file; where there are more, [`NotAll`] says so.
pub const MOST: usize = 20_000;

/// What is needed to read exports again.
#[derive(Clone, Copy)]
pub struct Exports<'e> {
    /// The project's folder.
    pub project: &'e Path,
    /// The configured sources.
    pub sources: &'e BTreeMap<String, Source>,
    /// Digits of the minor unit.
    pub decimals: u32,
    /// The ISO code of the money.
    pub currency: &'e str,
}

impl Exports<'_> {
    /// How a batch's file is read; `None` where the file has gone or changed its header.
    pub fn layout(&self, manifest: &Manifest, batch: u32) -> Option<(&Source, Layout)> {
        let batch = manifest.batches.get(batch as usize)?;
        let source = self.sources.get(&batch.source)?;
        let path = self.project.join(&batch.file);
        let (header, encoding, made) = original::header(&batch.source, source, &path).ok()??;
        let lookups = Arc::new(Lookups::read(&batch.source, source, self.project).ok()?);
        let (text, money) = ((encoding, made), (self.decimals, self.currency));
        let layout = Layout::new(&batch.source, source, &path, header, text, money, &lookups);
        Some((source, layout.ok()?))
    }
}

/// Reads the ledger of the files in force.
pub fn refused(lake: &LakeDir, manifest: &Manifest, exports: Exports<'_>) -> Result<(Vec<Refused>, Vec<NotAll>)> {
    let (mut all, mut not_all) = (Vec::new(), Vec::new());
    for (place, batch) in manifest.batches.iter().enumerate().filter(|(_, batch)| batch.superseded_by.is_none()) {
        let Some(ledger) = &batch.ledger else { continue };
        let layout = exports.layout(manifest, place as u32);
        let before = all.len();
        read_ledger(lake, ledger, |row| {
            let mut row = Refused { batch: place as u32, file: batch.file.clone(), ..row };
            if let Some((source, layout)) = &layout {
                tell_cells(&mut row, source, layout);
            }
            all.push(row);
            all.len() - before < MOST
        })?;
        let looked_at = (all.len() - before) as u64;
        let refused = batch.rows.rejected + batch.rows.duplicate;
        if looked_at < refused {
            not_all.push(NotAll { file: batch.file.clone(), refused, looked_at });
        }
    }
    Ok((all, not_all))
}

/// The numbers of the records of a batch that were not accepted.
pub fn numbers(lake: &LakeDir, ledger: &str) -> Result<BTreeSet<u64>> {
    let mut numbers = BTreeSet::new();
    each_batch(lake, ledger, |batch| {
        if let Some(records) = batch.column_by_name("record") {
            numbers.extend(records.as_primitive::<Int64Type>().values().iter().map(|number| *number as u64));
        }
        true
    })?;
    Ok(numbers)
}

/// Hands on the rows of a ledger, until `each` says no.
pub(super) fn read_ledger(lake: &LakeDir, ledger: &str, mut each: impl FnMut(Refused) -> bool) -> Result<()> {
    each_batch(lake, ledger, |batch| {
        let text = |name: &str| batch.column_by_name(name).map(|array| array.as_string::<i32>());
        let (Some(columns), Some(codes), Some(raws)) = (text("column"), text("code"), text("raw")) else {
            return false;
        };
        let Some(lines) = batch.column_by_name("line").map(|array| array.as_primitive::<Int64Type>()) else {
            return false;
        };
        (0..batch.num_rows()).all(|row| {
            each(Refused {
                line: lines.value(row) as u64,
                column: columns.value(row).into(),
                code: codes.value(row).into(),
                raw: raws.value(row).into(),
                ..Refused::default()
            })
        })
    })
}

fn each_batch(lake: &LakeDir, ledger: &str, mut each: impl FnMut(&arrow::array::RecordBatch) -> bool) -> Result<()> {
    let path = lake.file(ledger);
    let damaged = |message: String| Error::Damaged { path: path.clone(), message };
    let file = std::fs::File::open(&path).map_err(Error::io("read", &path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    for batch in reader.map_err(|error| damaged(error.to_string()))? {
        if !each(&batch.map_err(|error| damaged(error.to_string()))?) {
            break;
        }
    }
    Ok(())
}

/// Tells a refused row's cells apart. A record with too many or too few fields still has its first ones.
fn tell_cells(row: &mut Refused, source: &Source, layout: &Layout) {
    let bare = row.raw.replace(source.quote, "");
    let text = if row.code == "bad_quoting" { &bare } else { &row.raw };
    let Some(fields) = original::fields(source, text) else { return };
    for mapped in &layout.columns {
        let Some(cell) = fields.get(mapped.field).map(|cell| cell.trim()).filter(|cell| !cell.is_empty()) else {
            continue;
        };
        let word = mapped.words.iter().find(|(theirs, _)| theirs == cell).map_or(cell, |(_, ours)| ours);
        row.cells.insert(mapped.column.name, word.to_string());
    }
    row.branch = row.cells.get("branch_id").cloned().unwrap_or_default();
    let at = |name: &str, read: fn(&MappedColumn, &Layout, &[u8]) -> Option<i64>| {
        let mapped = &layout.columns[layout.mapped(name)?];
        row.cells.get(name).and_then(|cell| read(mapped, layout, cell.as_bytes()))
    };
    let time = at("ordered_at", |mapped, _, text| mapped.times.iter().find_map(|format| format.timestamp(text)));
    row.day = time.map(|time| time.div_euclid(DAY_MICROS) as i32);
    let money = |mapped: &MappedColumn, layout: &Layout, text: &[u8]| {
        values::money(text, mapped.numbers, layout.decimals, &layout.currency)
    };
    let whole = |mapped: &MappedColumn, _: &Layout, text: &[u8]| values::integer(text, mapped.numbers);
    if let (Some(quantity), Some(price)) = (at("quantity", whole), at("unit_price", money)) {
        row.amount = quantity.checked_mul(price).map(|gross| gross - at("discount", money).unwrap_or(0));
    }
}
