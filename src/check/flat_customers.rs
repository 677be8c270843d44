//! Customers that flat files alone name: telephones and ids a spreadsheet has damaged there.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int32Type;

use super::details::Place;
use super::finding::{Finding, Row};
use super::keys::about_batch;
use super::look::{ByDay, Look, Seen};
use super::master_rules::has_lost_zero;
use super::refused_rules::is_scientific;
use super::scan::NONE;
use crate::error::Result;
use crate::lake::Batch;
use crate::lake::reader::read_each;

/// A cell a spreadsheet has damaged, of a customer of a file.
struct Damaged {
    column: &'static str,
    value: String,
    expected: String,
}

/// Where a customer first buys in a file: the order, and the row.
type FirstRow = BTreeMap<u32, (u32, Option<u32>)>;

/// What is wrong with the customers of flat files, where no other source describes customers.
pub fn findings(look: &Look<'_>, seen: &Seen) -> Result<Vec<Finding>> {
    let mut by_day = ByDay::default();
    if look.manifest.describes("customers") {
        return Ok(by_day.finish());
    }
    let batches = look.manifest.batches.iter().enumerate();
    let flat: Vec<(usize, &Batch)> =
        batches.filter(|(_, batch)| batch.superseded_by.is_none() && batch.table == "flat").collect();
    let mut whole: BTreeMap<String, String> = BTreeMap::new();
    for (_, batch) in &flat {
        each_customer(look, batch, |_, id, _| {
            if id.starts_with('0') {
                whole.insert(id.trim_start_matches('0').to_string(), id.to_string());
            }
        })?;
    }
    for (place, batch) in flat {
        let damaged = damaged(look, batch, &whole)?;
        if damaged.is_empty() {
            continue;
        }
        let about = about_batch(look.manifest, place as u32, "");
        let first = first_rows(look, batch, &damaged)?;
        for (customer, (id, cells)) in damaged {
            let (order, row) = first.get(&customer).copied().unwrap_or((NONE, None));
            let group = seen.scan.orders.group.get(order as usize).filter(|group| **group != NONE);
            let branch = group.map_or("", |group| seen.scan.days[*group as usize].branch.as_str());
            for cell in cells {
                let told = Row {
                    file: batch.file.clone(),
                    document: id.clone(),
                    column: cell.column,
                    value: cell.value,
                    expected: cell.expected,
                    place: row.map_or_else(Place::default, |row| Place { batch: place as u32, row }),
                    ..Row::default()
                };
                by_day.add(look, "excel_damage", (branch, None, &about), None, told);
            }
        }
    }
    Ok(by_day.finish())
}

/// Hands over key, id and telephone of every customer a flat file names.
fn each_customer(look: &Look<'_>, batch: &Batch, mut each: impl FnMut(u32, &str, &str) + Send) -> Result<()> {
    for file in batch.files.iter().filter(|file| file.table == "customers") {
        read_each(look.lake, file, &["customer_key", "customer_id", "phone"], &[], |rows| {
            let keys = rows.column(0).as_primitive::<Int32Type>().values();
            let (ids, phones) = (rows.column(1).as_string::<i32>(), rows.column(2).as_string::<i32>());
            for (row, key) in keys.iter().enumerate() {
                each(*key as u32, ids.value(row), if phones.is_valid(row) { phones.value(row).trim() } else { "" });
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The damaged cells of a file, by customer; `whole` has ids with leading zeros by what is left without them.
fn damaged(
    look: &Look<'_>,
    batch: &Batch,
    whole: &BTreeMap<String, String>,
) -> Result<BTreeMap<u32, (String, Vec<Damaged>)>> {
    let mut found: BTreeMap<u32, (String, Vec<Damaged>)> = BTreeMap::new();
    let (mut phones, mut without_zero) = (0_usize, Vec::new());
    each_customer(look, batch, |key, id, phone| {
        let mut add = |column: &'static str, value: &str, expected: String| {
            let cell = Damaged { column, value: value.into(), expected };
            found.entry(key).or_insert_with(|| (id.to_string(), Vec::new())).1.push(cell);
        };
        if is_scientific(id) {
            add("customer_id", id, String::new());
        } else if let Some(own) = whole.get(id) {
            add("customer_id", id, own.clone());
        }
        phones += usize::from(!phone.is_empty());
        if is_scientific(phone) {
            add("phone", phone, String::new());
        } else if has_lost_zero(phone) {
            without_zero.push((key, id.to_string(), phone.to_string()));
        }
    })?;
    // Where most telephones are written so, it is how they are written.
    if without_zero.len() * 5 < phones {
        for (key, id, phone) in without_zero {
            let cell = Damaged { column: "phone", expected: format!("0{phone}"), value: phone };
            found.entry(key).or_insert_with(|| (id, Vec::new())).1.push(cell);
        }
    }
    Ok(found)
}

/// Where the customers at fault first buy in their file.
fn first_rows(look: &Look<'_>, batch: &Batch, damaged: &BTreeMap<u32, (String, Vec<Damaged>)>) -> Result<FirstRow> {
    let mut first = FirstRow::new();
    for file in batch.files.iter().filter(|file| file.table == "orders") {
        read_each(look.lake, file, &["order_key", "customer_key"], &[], |rows| {
            let [orders, customers] = [0, 1].map(|column| rows.column(column).as_primitive::<Int32Type>());
            for (order, customer) in orders.values().iter().zip(customers) {
                if let Some(customer) = customer.map(|key| key as u32).filter(|key| damaged.contains_key(key)) {
                    first.entry(customer).or_insert((*order as u32, None));
                }
            }
            Ok(())
        })?;
    }
    let customers: BTreeMap<u32, u32> = first.iter().map(|(customer, (order, _))| (*order, *customer)).collect();
    for file in batch.files.iter().filter(|file| file.table == "order_lines") {
        let mut before = 0;
        read_each(look.lake, file, &["order_key"], &[], |rows| {
            for (row, order) in rows.column(0).as_primitive::<Int32Type>().values().iter().enumerate() {
                if let Some(customer) = customers.get(&(*order as u32))
                    && let Some((_, place)) = first.get_mut(customer)
                {
                    place.get_or_insert((before + row) as u32);
                }
            }
            before += rows.num_rows();
            Ok(())
        })?;
    }
    Ok(first)
}
