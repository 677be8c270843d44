//! What the lake already holds, as ingest needs to know it: keys given, rows claimed.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};

use super::keys::Guess;
use super::resolve::{Seen, append_key_part, stored_key_part};
use super::sent::Line;
use crate::contracts::{Column, Table, input_table};
use crate::error::Result;
use crate::lake::reader::read_each;
use crate::lake::{DataFile, LakeDir, Manifest};

/// Reads keys and claims back, as far as files of the tables `loads` need them; the rows of `replaced` batches claim
/// nothing, but their keys stay given.
pub fn seen(lake: &LakeDir, manifest: &Manifest, replaced: &BTreeSet<usize>, loads: &BTreeSet<&str>) -> Result<Seen> {
    let mut seen = Seen::default();
    let flat = loads.contains("flat");
    let orders = ["orders", "flat"].iter().any(|table| loads.contains(table)) || loads.iter().any(names_orders);
    for table in ["customers", "products"] {
        give_keys(lake, manifest, replaced, table, &mut seen)?;
    }
    for (place, batch) in manifest.batches.iter().enumerate() {
        let active = batch.superseded_by.is_none() && !replaced.contains(&place);
        for file in &batch.files {
            let Some(table) = input_table(&file.table) else { continue };
            match table.name {
                "customers" | "products" => {}
                "orders" if orders => {
                    give(lake, file, table, active, active, &mut seen)?;
                    if flat && active && batch.table == "flat" {
                        restore_branches(lake, file, &mut seen)?;
                    }
                }
                "orders" => {}
                "order_lines" if active => {
                    restore_lines(lake, file, loads, &mut seen)?;
                    if flat && batch.table == "flat" {
                        restore_sent(lake, file, &mut seen)?;
                    }
                }
                _ if active && loads.contains(table.name) => restore_keys(lake, file, table, &mut seen)?,
                _ => {}
            }
        }
    }
    seen.sent.next_file();
    Ok(seen)
}

fn names_orders(table: &&str) -> bool {
    let names = |column: &Column| column.parent.is_some_and(|parent| parent.table == "orders");
    input_table(table).is_some_and(|table| table.columns.iter().any(names))
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
    for (place, batch) in manifest.batches.iter().enumerate() {
        let active = batch.superseded_by.is_none() && !replaced.contains(&place);
        for file in batch.files.iter().filter(|file| file.table == table) {
            let own = active && !batch.only_names(file);
            give(lake, file, of, own, own, seen)?;
        }
    }
    for file in manifest.implied.iter().filter(|file| file.table == table) {
        give(lake, file, of, false, true, seen)?;
    }
    Ok(())
}

/// Gives the ids of a file their keys back. Keys of rows that were refused in the end are nobody's.
fn give(lake: &LakeDir, file: &DataFile, table: &Table, claim: bool, accept: bool, seen: &mut Seen) -> Result<()> {
    let Some(owner) = seen.owners.of_mut(table.name) else { return Ok(()) };
    let mut guess = Guess::default();
    read_each(lake, file, &[key_column(table), table.key[0]], &[], |rows| {
        let (keys, ids) = (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_string::<i32>());
        for row in 0..rows.num_rows() {
            let key = keys.value(row) as u32;
            owner.keys.place(key, ids.value(row).as_bytes(), &mut guess);
            if accept {
                owner.accepted.add(key);
            }
            if claim {
                owner.claimed.add(key);
            }
        }
        Ok(())
    })
}

/// Claims the numbers of lines again, and counts the lines of each order where a flat file may bring more of them.
fn restore_lines(lake: &LakeDir, file: &DataFile, loads: &BTreeSet<&str>, seen: &mut Seen) -> Result<()> {
    let (claims, counts) = (loads.contains("order_lines"), loads.contains("flat"));
    if !claims && !counts {
        return Ok(());
    }
    read_each(lake, file, &["order_key", "line_no"], &[], |rows| {
        let (orders, numbers) =
            (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_primitive::<Int32Type>());
        for row in 0..rows.num_rows() {
            let (order, number) = (orders.value(row) as u32, numbers.value(row));
            if claims {
                seen.lines.claim(order, i64::from(number));
            }
            if counts {
                let count = seen.count_of(order);
                *count = (*count).max(number as u32);
            }
        }
        Ok(())
    })
}

/// Remembers the branches of orders that flat files brought.
fn restore_branches(lake: &LakeDir, file: &DataFile, seen: &mut Seen) -> Result<()> {
    read_each(lake, file, &["order_key", "branch_id"], &[], |rows| {
        let (orders, branches) = (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_string::<i32>());
        for row in (0..rows.num_rows()).filter(|row| branches.is_valid(*row)) {
            seen.sent.is_of_another(orders.value(row) as u32, branches.value(row).as_bytes());
        }
        Ok(())
    })
}

/// Remembers the lines that flat files brought.
fn restore_sent(lake: &LakeDir, file: &DataFile, seen: &mut Seen) -> Result<()> {
    seen.sent.is_wanted = true;
    read_each(lake, file, &["order_key", "product_key", "quantity", "unit_price", "discount"], &[], |rows| {
        let keys = |place: usize| rows.column(place).as_primitive::<Int32Type>();
        let money = |place: usize| rows.column(place).as_primitive::<Int64Type>();
        let (orders, products, quantities) = (keys(0), keys(1), keys(2));
        let (prices, discounts) = (money(3), money(4));
        for row in 0..rows.num_rows() {
            let line = Line {
                product: products.value(row) as u32,
                quantity: i64::from(quantities.value(row)),
                price: prices.value(row),
                discount: if discounts.is_valid(row) { discounts.value(row) } else { 0 },
            };
            seen.sent.remember(orders.value(row) as u32, line);
        }
        Ok(())
    })
}

fn restore_keys(lake: &LakeDir, file: &DataFile, table: &'static Table, seen: &mut Seen) -> Result<()> {
    let index = seen.keys.entry(table.name).or_default();
    let mut key = Vec::new();
    read_each(lake, file, table.key, &[], |rows| {
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
        Ok(())
    })
}
