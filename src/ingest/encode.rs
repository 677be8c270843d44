//! Parsed rows to the arrays of a table's file.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, Int32Array, PrimitiveArray, StringArray,
    StringBuilder, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Date32Type, Int32Type, Int64Type, TimestampMicrosecondType};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

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

/// The arrays of a table's stored columns.
pub fn arrays(block: &Block, layout: &Layout, selection: &Selection, stored: &[Stored]) -> Vec<ArrayRef> {
    stored
        .iter()
        .map(|column| {
            array(block, layout, selection, column)
                .unwrap_or_else(|| new_null_array(&column.data_type(), selection.rows.len()))
        })
        .collect()
}

/// One column; `None` where the export has nothing for it.
fn array(block: &Block, layout: &Layout, selection: &Selection, stored: &Stored) -> Option<ArrayRef> {
    let rows = &selection.rows;
    let values = |name: &str| layout.mapped(name).map(|place| &block.values[place]);
    Some(match stored {
        Stored::OwnKey(_) => Arc::new(Int32Array::from_iter_values(selection.own_keys.iter().map(|key| *key as i32))),
        Stored::ParentKey(exported, ..) => {
            let keys = selection.parents.get(exported)?;
            let known = |row: &u32| keys[*row as usize] < UNKNOWN_KEY;
            let nulls = (!rows.iter().all(known)).then(|| rows.iter().map(known).collect());
            let keys: Vec<i32> = rows.iter().map(|row| keys[*row as usize] as i32).collect();
            Arc::new(Int32Array::new(keys.into(), nulls))
        }
        Stored::Day(of, _) => numbers::<Int32Type>(values(of)?, rows, |at| at.div_euclid(DAY_MICROS) as i32),
        Stored::Month(of, _) => {
            let mut last = (0, month_number(0));
            numbers::<Int32Type>(values(of)?, rows, |at| {
                let day = at.div_euclid(DAY_MICROS) as i32;
                if day != last.0 {
                    last = (day, month_number(day));
                }
                last.1
            })
        }
        Stored::Cell(column) if column.name == "line_no" && !selection.line_numbers.is_empty() => {
            numbers::<Int32Type>(&selection.line_numbers, rows, |number| number as i32)
        }
        // What a flat file states is the total of a line, not of its order.
        Stored::Cell(column)
            if column.name == "stated_total" && layout.table.name == "flat" && selection.line_numbers.is_empty() =>
        {
            return None;
        }
        Stored::Cell(column) => {
            let place = layout.mapped(column.name)?;
            cells(block, layout, &layout.columns[place], place, rows)
        }
    })
}

fn cells(block: &Block, layout: &Layout, mapped: &MappedColumn, place: usize, rows: &[u32]) -> ArrayRef {
    let values = &block.values[place];
    match mapped.column.kind {
        Kind::Id | Kind::Text | Kind::Ratio => {
            let own = layout.table.key.first() == Some(&mapped.column.name) && layout.table.key.len() == 1;
            let coded = if own { None } else { coded(block, layout, mapped, rows) };
            coded.unwrap_or_else(|| texts(block, layout, mapped, rows))
        }
        Kind::Money | Kind::Decimal => numbers::<Int64Type>(values, rows, |value| value),
        Kind::Integer | Kind::Quantity | Kind::Month => numbers::<Int32Type>(values, rows, |value| value as i32),
        Kind::Flag => {
            let flags = rows.iter().map(|row| Some(values[*row as usize]).filter(|value| *value != EMPTY));
            Arc::new(BooleanArray::from_iter(flags.map(|value| value.map(|value| value != 0))))
        }
        Kind::Date => numbers::<Date32Type>(values, rows, |day| day as i32),
        Kind::Timestamp => numbers::<TimestampMicrosecondType>(values, rows, |at| at),
    }
}

fn numbers<T: ArrowPrimitiveType>(values: &[i64], rows: &[u32], mut map: impl FnMut(i64) -> T::Native) -> ArrayRef {
    let mut empty = false;
    let cell = |row: &u32| {
        let value = values[*row as usize];
        empty |= value == EMPTY;
        if value == EMPTY { T::Native::default() } else { map(value) }
    };
    let cells: Vec<T::Native> = rows.iter().map(cell).collect();
    let nulls = empty.then(|| rows.iter().map(|row| values[*row as usize] != EMPTY).collect());
    Arc::new(PrimitiveArray::<T>::new(cells.into(), nulls))
}

/// A block's cells have so many different texts at most, or none is looked for again.
const MOST_TEXTS: usize = 4096;

/// Texts and their places.
#[derive(Default)]
struct Coder {
    table: HashTable<i32>,
    texts: Vec<Vec<u8>>,
}

impl Coder {
    /// The place of a text; `None` where there are too many.
    fn place(&mut self, text: &[u8]) -> Option<i32> {
        let hash = |text: &[u8]| FixedState::with_seed(0).hash_one(text);
        let Coder { table, texts } = self;
        if let Some(place) = table.find(hash(text), |place| texts[*place as usize] == text) {
            return Some(*place);
        }
        let place = texts.len() as i32;
        texts.push(text.to_vec());
        table.insert_unique(hash(text), place, |place| hash(&texts[*place as usize]));
        (texts.len() <= MOST_TEXTS).then_some(place)
    }
}

/// Text as places in a dictionary, where there are few different ones.
fn coded(block: &Block, layout: &Layout, mapped: &MappedColumn, rows: &[u32]) -> Option<ArrayRef> {
    let mut coder = Coder::default();
    let quote = layout.dialect.quote;
    let places = rows.iter().map(|row| coder.place(&block.cell(*row as usize, mapped.field, quote)));
    let mut places = places.collect::<Option<Vec<i32>>>()?;
    // Words that mean the same become one.
    let mut ours = Coder::default();
    let meant = coder.texts.iter().map(|text| {
        let text = String::from_utf8_lossy(text);
        match translated(&text, mapped) {
            "" => Some(-1),
            text => ours.place(text.as_bytes()),
        }
    });
    let meant = meant.collect::<Option<Vec<i32>>>()?;
    places.iter_mut().for_each(|place| *place = meant[*place as usize]);
    let nulls: Option<NullBuffer> = meant.contains(&-1).then(|| places.iter().map(|place| *place >= 0).collect());
    places.iter_mut().for_each(|place| *place = (*place).max(0));
    let texts = StringArray::from_iter_values(ours.texts.iter().map(|text| String::from_utf8_lossy(text)));
    let texts = if ours.texts.is_empty() { StringArray::from(vec![""]) } else { texts };
    Some(Arc::new(DictionaryArray::<Int32Type>::new(Int32Array::new(places.into(), nulls), Arc::new(texts))))
}

fn texts(block: &Block, layout: &Layout, mapped: &MappedColumn, rows: &[u32]) -> ArrayRef {
    let mut builder = StringBuilder::with_capacity(rows.len(), rows.len() * 12);
    for row in rows {
        let text = block.cell(*row as usize, mapped.field, layout.dialect.quote);
        // The block's UTF-8 was checked when it was parsed; a lossy reading changes nothing here.
        let text = String::from_utf8_lossy(&text);
        let text = translated(&text, mapped);
        if text.is_empty() { builder.append_null() } else { builder.append_value(text) }
    }
    Arc::new(builder.finish())
}

/// A word of the export in ours.
fn translated<'t>(text: &'t str, mapped: &'t MappedColumn) -> &'t str {
    mapped.words.iter().find(|(theirs, _)| *theirs == text).map_or(text, |(_, ours)| ours)
}
