//! Corrections as data: single cells that are wrong in an export, put right anew in each run as long as the export has
//! the wrong value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::array::{BooleanArray, Date32Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type, TimestampMicrosecondType};

use super::look::plain_money;
use super::totals::each_order_id;
use crate::calendar::{DAY_MICROS, day_name, month_number};
use crate::contracts::{Kind, input_table};
use crate::error::Result;
use crate::ingest::values::{self, NumberFormat, TimeFormat};
use crate::lake::reader::read;
use crate::lake::{LakeDir, Manifest};

/// A correction of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The table.
    pub entity: String,
    /// The row's id.
    pub id: String,
    /// The line, in order lines.
    pub line_no: Option<i32>,
    /// The column.
    pub column: String,
    /// The wrong value.
    pub was: String,
    /// The right value.
    pub now: String,
}

/// What became of a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The export has the wrong value: it was put right.
    Applied,
    /// The export has the right value by now.
    Mended,
    /// The export has another value, or no such row.
    Unfit,
    /// The table or column cannot be corrected, or the value cannot be read.
    Impossible,
}

/// The corrections in force.
pub fn read_all(lake: &LakeDir, manifest: &Manifest) -> Result<Vec<Correction>> {
    let mut all = Vec::new();
    for file in manifest.files("corrections") {
        for rows in read(lake, file, &["entity", "id", "line_no", "column", "was", "now"], &[])? {
            let text = |column: usize, row: usize| {
                let column = rows.column(column).as_string::<i32>();
                if column.is_valid(row) { bare(column.value(row)).to_string() } else { String::new() }
            };
            let numbers = rows.column(2).as_primitive::<Int32Type>();
            all.extend((0..rows.num_rows()).map(|row| Correction {
                entity: text(0, row),
                id: text(1, row),
                line_no: numbers.is_valid(row).then(|| numbers.value(row)),
                column: text(3, row),
                was: text(4, row),
                now: text(5, row),
            }));
        }
    }
    Ok(all)
}

/// A text as it was before it was mailed to a branch: what a spreadsheet would have run or shortened got an apostrophe.
fn bare(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(|first: char| !first.is_alphabetic())).unwrap_or(text)
}

/// Corrections ready to be applied to the rows of the lake.
#[derive(Debug, Default)]
pub struct Corrections {
    all: Vec<Correction>,
    /// What became of each, the best over all files.
    pub fates: Vec<Fate>,
    /// By table and key of the row: the numbers of its corrections.
    by_row: BTreeMap<(&'static str, String), Vec<usize>>,
    order_ids: BTreeMap<i32, String>,
    decimals: u32,
}

const ENTITIES: [(&str, &str); 4] =
    [("orders", "order_id"), ("order_lines", "order_key"), ("customers", "customer_id"), ("products", "product_id")];

impl Corrections {
    /// Sorts corrections by the rows they are of.
    pub fn new(lake: &LakeDir, manifest: &Manifest, all: Vec<Correction>, decimals: u32) -> Result<Corrections> {
        let mut by_row: BTreeMap<(&'static str, String), Vec<usize>> = BTreeMap::new();
        let mut fates = vec![Fate::Impossible; all.len()];
        for (number, correction) in all.iter().enumerate() {
            let Some((entity, _)) = ENTITIES.iter().find(|(entity, _)| *entity == correction.entity) else { continue };
            if can_be_corrected(entity, &correction.column) {
                fates[number] = Fate::Unfit;
                by_row.entry((entity, correction.id.clone())).or_default().push(number);
            }
        }
        let wanted: BTreeSet<&str> =
            all.iter().filter(|one| one.entity == "order_lines").map(|one| one.id.as_str()).collect();
        let mut order_ids = BTreeMap::new();
        if !wanted.is_empty() {
            each_order_id(lake, manifest, |key, id| {
                if wanted.contains(id) {
                    order_ids.insert(key as i32, id.to_string());
                }
            })?;
        }
        Ok(Corrections { all, fates, by_row, order_ids, decimals })
    }

    /// Whether there is none for a table.
    pub fn is_empty_for(&self, table: &str) -> bool {
        !self.by_row.keys().any(|(entity, _)| *entity == table)
    }

    /// The corrections and what became of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Correction, Fate)> {
        self.all.iter().zip(self.fates.iter().copied())
    }

    /// Puts the cells of a batch of a table right; `None` where there is nothing to put right in it.
    pub fn apply(&mut self, table: &'static str, batch: &RecordBatch) -> Option<RecordBatch> {
        let (entity, key) = ENTITIES.iter().find(|(entity, _)| *entity == table)?;
        let key = batch.column_by_name(key)?;
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        let mut changed = false;
        for row in 0..batch.num_rows() {
            let id = match *entity {
                "order_lines" => match self.order_ids.get(&key.as_primitive::<Int32Type>().value(row)) {
                    Some(id) => id.clone(),
                    None => continue,
                },
                _ => key.as_string::<i32>().value(row).to_string(),
            };
            let Some(numbers) = self.by_row.get(&(*entity, id)) else { continue };
            for number in numbers.clone() {
                let correction = &self.all[number];
                let line = batch.column_by_name("line_no").map(|column| column.as_primitive::<Int32Type>().value(row));
                if *entity == "order_lines" && correction.line_no != line {
                    continue;
                }
                let fate = correct(batch, &mut columns, table, correction, row, self.decimals);
                changed |= fate == Fate::Applied;
                self.fates[number] = self.fates[number].min(fate);
            }
        }
        changed.then(|| RecordBatch::try_new(batch.schema(), columns).ok()).flatten()
    }
}

fn can_be_corrected(table: &str, column: &str) -> bool {
    let Some(table) = input_table(table) else { return false };
    table.column(column).is_some_and(|found| found.parent.is_none() && !table.key.contains(&column))
}

/// Puts one cell right, if it has the wrong value.
fn correct(
    batch: &RecordBatch,
    columns: &mut [ArrayRef],
    table: &str,
    correction: &Correction,
    row: usize,
    decimals: u32,
) -> Fate {
    let Some(column) = input_table(table).and_then(|table| table.column(&correction.column)) else {
        return Fate::Impossible;
    };
    let Ok(place) = batch.schema().index_of(column.name) else { return Fate::Impossible };
    let found = cell(&columns[place], column.kind, row, decimals);
    let (Some(was), Some(now)) =
        (canonical(column.kind, &correction.was, decimals), canonical(column.kind, &correction.now, decimals))
    else {
        return Fate::Impossible;
    };
    if found == now {
        return Fate::Mended;
    }
    if found != was {
        return Fate::Unfit;
    }
    columns[place] = with_cell(&columns[place], column.kind, row, &now, decimals);
    if let ("ordered_at", Ok(at)) = (column.name, now.parse::<i64>()) {
        let day = at.div_euclid(DAY_MICROS) as i32;
        for (name, value) in [("order_day", day), ("order_month", month_number(day))] {
            if let Ok(place) = batch.schema().index_of(name) {
                columns[place] = with_whole(&columns[place], row, value);
            }
        }
    }
    Fate::Applied
}

const PLAIN: NumberFormat = NumberFormat { decimal: b'.', thousands: None };

fn timestamp(text: &str) -> Option<i64> {
    TimeFormat::new("%Y-%m-%d %H:%M:%S")?.timestamp(text.as_bytes())
}

/// A value written the one way; `None` where it is no value of the kind.
fn canonical(kind: Kind, text: &str, decimals: u32) -> Option<String> {
    let text = text.trim();
    match kind {
        Kind::Money => Some(plain_money(values::decimal(text.as_bytes(), PLAIN, decimals)?, decimals)),
        Kind::Integer | Kind::Quantity => Some(values::integer(text.as_bytes(), PLAIN)?.to_string()),
        Kind::Flag => Some(values::flag(text.as_bytes())?.to_string()),
        Kind::Date => Some(day_name(TimeFormat::new("%Y-%m-%d")?.date(text.as_bytes())? as i32)),
        Kind::Timestamp => Some(timestamp(text)?.to_string()),
        Kind::Id | Kind::Text => Some(text.to_string()),
        Kind::Month | Kind::Decimal | Kind::Ratio => None,
    }
}

/// A cell written the same way.
fn cell(column: &ArrayRef, kind: Kind, row: usize, decimals: u32) -> String {
    if column.is_null(row) {
        return String::new();
    }
    match kind {
        Kind::Money => plain_money(column.as_primitive::<Int64Type>().value(row), decimals),
        Kind::Integer | Kind::Quantity | Kind::Month => column.as_primitive::<Int32Type>().value(row).to_string(),
        Kind::Flag => column.as_boolean().value(row).to_string(),
        Kind::Date => day_name(column.as_primitive::<Date32Type>().value(row)),
        Kind::Timestamp => column.as_primitive::<TimestampMicrosecondType>().value(row).to_string(),
        Kind::Id | Kind::Text => column.as_string::<i32>().value(row).trim().to_string(),
        Kind::Decimal | Kind::Ratio => String::new(),
    }
}

/// A column with one cell replaced.
fn with_cell(column: &ArrayRef, kind: Kind, row: usize, now: &str, decimals: u32) -> ArrayRef {
    match kind {
        Kind::Money => {
            let value = values::decimal(now.as_bytes(), PLAIN, decimals);
            let cells = column.as_primitive::<Int64Type>().iter().enumerate();
            Arc::new(Int64Array::from_iter(cells.map(|(at, cell)| if at == row { value } else { cell })))
        }
        Kind::Integer | Kind::Quantity => match now.parse() {
            Ok(value) => with_whole(column, row, value),
            Err(_) => column.clone(),
        },
        Kind::Flag => {
            let cells = column.as_boolean().iter().enumerate();
            Arc::new(BooleanArray::from_iter(
                cells.map(|(at, cell)| if at == row { Some(now == "true") } else { cell }),
            ))
        }
        Kind::Date => {
            let value = super::exceptions::day_of(now);
            let cells = column.as_primitive::<Date32Type>().iter().enumerate();
            Arc::new(Date32Array::from_iter(cells.map(|(at, cell)| if at == row { value } else { cell })))
        }
        Kind::Timestamp => {
            let value = now.parse().ok();
            let cells = column.as_primitive::<TimestampMicrosecondType>().iter().enumerate();
            let cells = cells.map(|(at, cell)| if at == row { value } else { cell });
            Arc::new(TimestampMicrosecondArray::from_iter(cells))
        }
        Kind::Id | Kind::Text => {
            let cells = column.as_string::<i32>().iter().enumerate();
            let cells = cells.map(|(at, cell)| if at == row { Some(now).filter(|now| !now.is_empty()) } else { cell });
            Arc::new(StringArray::from_iter(cells))
        }
        Kind::Month | Kind::Decimal | Kind::Ratio => column.clone(),
    }
}

fn with_whole(column: &ArrayRef, row: usize, value: i32) -> ArrayRef {
    let cells = column.as_primitive::<Int32Type>().iter().enumerate();
    Arc::new(Int32Array::from_iter(cells.map(|(at, cell)| if at == row { Some(value) } else { cell })))
}
