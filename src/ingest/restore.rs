//! What the lake already holds, as ingest needs to know it: keys given, rows claimed.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};

use super::resolve::{Seen, append_key_part, stored_key_part};
use crate::contracts::{Table, input_table};
use crate::error::Result;
use crate::lake::reader::read;
use crate::lake::{DataFile, LakeDir, Manifest};

/// Reads keys and claims back; the rows of `replaced` batches claim nothing, but their keys stay given.
pub fn seen(lake: &LakeDir, manifest: &Manifest, replaced: &BTreeSet<usize>) -> Result<Seen> {
    let mut seen = Seen::default();
    for table in ["customers", "products"] {
        give_keys(lake, manifest, replaced, table, &mut seen)?;
    }
    for (place, batch) in manifest.batches.iter().enumerate() {
        let active = batch.superseded_by.is_none() && !replaced.contains(&place);
        for file in &batch.files {
            let Some(table) = input_table(&file.table) else { continue };
            match table.name {
                "customers" | "products" => {}
                "orders" => {
                    for rows in read(lake, file, &[key_column(table), table.key[0]], &[])? {
                        let (keys, ids) =
                            (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_string::<i32>());
                        for row in 0..rows.num_rows() {
                            let key = keys.value(row) as usize;
                            give(&mut seen, table.name, key, ids.value(row), active, active);
                        }
                    }
                }
                "order_lines" if active => {
                    for rows in read(lake, file, &["order_key", "line_no"], &[])? {
                        let (orders, numbers) =
                            (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_primitive::<Int32Type>());
                        for row in 0..rows.num_rows() {
                            let order = orders.value(row) as u32;
                            seen.claim_line(order, i64::from(numbers.value(row)));
                            if seen.line_counts.len() <= order as usize {
                                seen.line_counts.resize(order as usize + 1, 0);
                            }
                            seen.line_counts[order as usize] =
                                seen.line_counts[order as usize].max(numbers.value(row) as u32);
                        }
                    }
                }
                _ if active => restore_keys(lake, file, table, &mut seen)?,
                _ => {}
            }
        }
    }
    Ok(seen)
}

fn key_column(table: &Table) -> &'static str {
    match table.name {
        "customers" => "customer_key",
        "products" => "product_key",
        _ => "order_key",
    }
}

/// Gives customers or products their keys back: those of rows, and those of ids that rows only name.
fn give_keys(
    lake: &LakeDir,
    manifest: &Manifest,
    replaced: &BTreeSet<usize>,
    table: &'static str,
    seen: &mut Seen,
) -> Result<()> {
    let Some(of) = input_table(table) else { return Ok(()) };
    let mut given: Vec<(u32, String, bool, bool)> = Vec::new();
    let mut add = |file: &DataFile, claimed: bool, accepted: bool| -> Result<()> {
        for rows in read(lake, file, &[key_column(of), of.key[0]], &[])? {
            let (keys, ids) = (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_string::<i32>());
            given.extend(
                (0..rows.num_rows()).map(|row| (keys.value(row) as u32, ids.value(row).to_string(), claimed, accepted)),
            );
        }
        Ok(())
    };
    for (place, batch) in manifest.batches.iter().enumerate() {
        let active = batch.superseded_by.is_none() && !replaced.contains(&place);
        for file in batch.files.iter().filter(|file| file.table == table) {
            let own = active && !batch.only_names(file);
            add(file, own, own)?;
        }
    }
    for file in manifest.implied.iter().filter(|file| file.table == table) {
        add(file, false, true)?;
    }
    given.sort();
    for (key, id, claimed, accepted) in given {
        give(seen, table, key as usize, &id, claimed, accepted);
    }
    Ok(())
}

/// Gives an id its key back. Keys come in rising order, or were placed before; those of rows that were refused in the
/// end leave gaps.
fn give(seen: &mut Seen, table: &'static str, key: usize, id: &str, claim: bool, accept: bool) {
    let claimed = seen.claimed.entry(table).or_default();
    let Some(owner) = seen.owners.of_mut(table) else { return };
    owner.keys.place(key as u32, id.as_bytes());
    let length = owner.keys.len();
    owner.accepted.resize(length, false);
    claimed.resize(length, false);
    owner.accepted[key] |= accept;
    claimed[key] |= claim;
}

fn restore_keys(lake: &LakeDir, file: &DataFile, table: &'static Table, seen: &mut Seen) -> Result<()> {
    let index = seen.keys.entry(table.name).or_default();
    let mut key = Vec::new();
    for rows in read(lake, file, table.key, &[])? {
        for row in 0..rows.num_rows() {
            key.clear();
            for (place, name) in table.key.iter().enumerate() {
                let Some(column) = table.column(name) else { continue };
                let array = rows.column(place);
                let null = array.is_null(row);
                let (text, number) = match array.data_type() {
                    DataType::Utf8 => (Some(array.as_string::<i32>().value(row)), None),
                    DataType::Int32 => (None, Some(i64::from(array.as_primitive::<Int32Type>().value(row)))),
                    DataType::Date32 => {
                        (None, Some(i64::from(array.as_primitive::<arrow::datatypes::Date32Type>().value(row))))
                    }
                    DataType::Timestamp(..) => {
                        (None, Some(array.as_primitive::<TimestampMicrosecondType>().value(row)))
                    }
                    _ => (None, Some(array.as_primitive::<Int64Type>().value(row))),
                };
                append_key_part(
                    &mut key,
                    &stored_key_part(column.kind, text.filter(|_| !null), number.filter(|_| !null)),
                );
            }
            index.insert(&key);
        }
    }
    Ok(())
}
