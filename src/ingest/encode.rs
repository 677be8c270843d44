//! Parsed rows to the arrays of a table's file.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, StringBuilder, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::datatypes::SchemaRef;

use super::parse::{Block, UNKNOWN_KEY};
use super::source::{Layout, MappedColumn};
use super::values::EMPTY;
use crate::calendar::{DAY_MICROS, month_number};
use crate::contracts::Kind;
use crate::lake::layout::Stored;

/// The rows of a block that go into one table.
#[derive(Debug, Default)]
pub struct Selection {
    /// The records.
    pub rows: Vec<u32>,
    /// The surrogate key of each of `rows`, where the table has keys.
    pub own_keys: Vec<u32>,
    /// Keys into other tables, by exported column, one a record of the block.
    pub parents: BTreeMap<&'static str, Vec<u32>>,
    /// The line number of each record of the block, where ingest counts the lines.
    pub line_numbers: Vec<i64>,
}

/// The arrays of a table's stored columns. `renamed`: stored column → column of the layout, where they differ.
pub fn arrays(
    block: &Block,
    layout: &Layout,
    selection: &Selection,
    stored: &[Stored],
    schema: &SchemaRef,
) -> Vec<ArrayRef> {
    let rows = &selection.rows;
    stored
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| -> ArrayRef {
            match column {
                Stored::OwnKey(_) => {
                    Arc::new(Int32Array::from_iter_values(selection.own_keys.iter().map(|key| *key as i32)))
                }
                Stored::ParentKey(exported, ..) => {
                    match selection.parents.get(exported) {
                        Some(keys) => Arc::new(Int32Array::from_iter(rows.iter().map(|row| {
                            Some(keys[*row as usize]).filter(|key| *key < UNKNOWN_KEY).map(|key| key as i32)
                        }))),
                        None => new_null_array(field.data_type(), rows.len()),
                    }
                }
                Stored::Day(of, _) => match layout.mapped(of) {
                    Some(place) => integers(&block.values[place], rows, |at| at.div_euclid(DAY_MICROS) as i32),
                    None => new_null_array(field.data_type(), rows.len()),
                },
                Stored::Month(of, _) => match layout.mapped(of) {
                    Some(place) => {
                        integers(&block.values[place], rows, |at| month_number(at.div_euclid(DAY_MICROS) as i32))
                    }
                    None => new_null_array(field.data_type(), rows.len()),
                },
                Stored::Cell(column) if column.name == "line_no" && !selection.line_numbers.is_empty() => {
                    integers(&selection.line_numbers, rows, |number| number as i32)
                }
                Stored::Cell(column) => match layout.mapped(column.name) {
                    None => new_null_array(field.data_type(), rows.len()),
                    Some(place) => cells(block, layout, &layout.columns[place], place, rows),
                },
            }
        })
        .collect()
}

fn cells(block: &Block, layout: &Layout, mapped: &MappedColumn, place: usize, rows: &[u32]) -> ArrayRef {
    let values = &block.values[place];
    let present = |row: &u32| Some(values[*row as usize]).filter(|value| *value != EMPTY);
    match mapped.column.kind {
        Kind::Id | Kind::Text | Kind::Ratio => texts(block, layout, mapped, rows),
        Kind::Money | Kind::Decimal => Arc::new(Int64Array::from_iter(rows.iter().map(present))),
        Kind::Integer | Kind::Quantity | Kind::Month => integers(values, rows, |value| value as i32),
        Kind::Flag => Arc::new(BooleanArray::from_iter(rows.iter().map(|row| present(row).map(|value| value != 0)))),
        Kind::Date => Arc::new(Date32Array::from_iter(rows.iter().map(|row| present(row).map(|day| day as i32)))),
        Kind::Timestamp => Arc::new(TimestampMicrosecondArray::from_iter(rows.iter().map(present))),
    }
}

fn integers(values: &[i64], rows: &[u32], map: impl Fn(i64) -> i32) -> ArrayRef {
    Arc::new(Int32Array::from_iter(
        rows.iter().map(|row| Some(values[*row as usize]).filter(|value| *value != EMPTY).map(&map)),
    ))
}

fn texts(block: &Block, layout: &Layout, mapped: &MappedColumn, rows: &[u32]) -> ArrayRef {
    let mut builder = StringBuilder::with_capacity(rows.len(), rows.len() * 8);
    for row in rows {
        let text = block.cell(*row as usize, mapped.field, layout.dialect.quote);
        // The block's UTF-8 was checked when it was parsed; a lossy reading changes nothing here.
        let text = String::from_utf8_lossy(&text);
        let text = mapped.words.iter().find(|(theirs, _)| *theirs == text).map_or(text.as_ref(), |(_, ours)| ours);
        if text.is_empty() { builder.append_null() } else { builder.append_value(text) }
    }
    Arc::new(builder.finish())
}
