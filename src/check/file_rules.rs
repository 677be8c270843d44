//! Files whose rows are not what their sender says of them, in a trailer record or in a file beside.

use std::collections::BTreeSet;

use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};

use super::causes::{self, Case};
use super::details::{self, Document};
use super::finding::{Difference, Finding, Row, Value};
use super::keys::about_batch;
use super::look::{Look, Seen};
use super::refused::Refused;
use super::scan::NONE;
use super::sequences::Gap;
use super::total_rules::{self, refused_rows, suspicion};
use super::totals::{HASH_MODULUS, id_number};
use crate::error::Result;
use crate::lake::reader::read_each;
use crate::lake::{Batch, Claims};

/// Orders of a file that are looked through for the row at fault; beyond, no row is named.
const MOST_ORDERS: usize = 20_000;

/// What a file holds.
#[derive(Default)]
struct Held {
    amount: i64,
    quantity: i64,
    orders: BTreeSet<u32>,
}

/// Files that differ from what is said of them, by branch and day.
pub fn findings(look: &Look<'_>, seen: &Seen, gaps: &[Gap]) -> Result<Vec<Finding>> {
    let mut found: Vec<Finding> = Vec::new();
    let claimed = look.manifest.batches.iter().enumerate().filter(|(_, batch)| batch.superseded_by.is_none());
    let claimed: Vec<(usize, &Batch, &Claims)> =
        claimed.filter_map(|(place, batch)| Some((place, batch, batch.claims.as_ref()?))).collect();
    if claimed.is_empty() {
        return Ok(found);
    }
    let ids = details::ids(look.lake, look.manifest, "orders", "order_key", "order_id")?;
    for (place, batch, claims) in claimed {
        let held = held(look, batch)?;
        let differences = differences(batch, claims, &held, &ids);
        if differences.is_empty() {
            continue;
        }
        let days: BTreeSet<(&str, i32)> = held
            .orders
            .iter()
            .filter_map(|key| seen.scan.orders.group.get(*key as usize).filter(|group| **group != NONE))
            .map(|group| &seen.scan.days[*group as usize])
            .map(|day| (day.branch.as_str(), day.day))
            .collect();
        let branches: BTreeSet<&str> = days.iter().map(|(branch, _)| *branch).collect();
        let branch = if branches.len() == 1 { branches.first().copied().unwrap_or_default() } else { "" };
        let day = if days.len() == 1 { days.first().map(|(_, day)| *day) } else { None };
        let Some(mut fresh) = look.finding("file_totals", branch, day) else { continue };
        fresh.about = about_batch(look.manifest, place as u32, "");
        let missing =
            total_rules::missing_ids(gaps, &differences, |gap| days.contains(&(gap.branch.as_str(), gap.day)));
        fresh.causes = explain(look, seen, place as u32, &held, &differences, &missing)?;
        fresh.differences = differences;
        fresh.n_rows = 1;
        fresh.rows.push(Row { file: batch.file.clone(), value: claims.from.clone(), ..Row::default() });
        match found.iter_mut().find(|other| other.key() == fresh.key()) {
            Some(other) => {
                other.differences.append(&mut fresh.differences);
                other.rows.append(&mut fresh.rows);
                other.n_rows += 1;
                other.causes.append(&mut fresh.causes);
                other.causes.sort_by_key(|cause| std::cmp::Reverse(cause.weight));
            }
            None => found.push(fresh),
        }
    }
    Ok(found)
}

/// Sums a file's accepted rows.
fn held(look: &Look<'_>, batch: &Batch) -> Result<Held> {
    let mut held = Held::default();
    for file in &batch.files {
        match file.table.as_str() {
            "orders" => read_each(look.lake, file, &["order_key"], &[], |rows| {
                held.orders.extend(rows.column(0).as_primitive::<Int32Type>().values().iter().map(|key| *key as u32));
                Ok(())
            })?,
            "order_lines" => {
                let columns = ["order_key", "quantity", "unit_price", "discount"];
                read_each(look.lake, file, &columns, &[], |rows| {
                    let keys = rows.column(0).as_primitive::<Int32Type>().values();
                    let quantities = rows.column(1).as_primitive::<Int32Type>().values();
                    let prices = rows.column(2).as_primitive::<Int64Type>().values();
                    let discounts = rows.column(3).as_primitive::<Int64Type>();
                    for (row, discount) in discounts.iter().enumerate() {
                        held.orders.insert(keys[row] as u32);
                        held.quantity += i64::from(quantities[row]);
                        held.amount += i64::from(quantities[row]) * prices[row] - discount.unwrap_or(0);
                    }
                    Ok(())
                })?;
            }
            _ => {}
        }
    }
    Ok(held)
}

fn differences(batch: &Batch, claims: &Claims, held: &Held, ids: &[String]) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |what: &'static str, stated: Option<Value>, arrived: Value| {
        if let Some(stated) = stated.filter(|stated| *stated != arrived) {
            found.push(Difference { what, stated, arrived });
        }
    };
    let received = Value::Count(batch.rows.received as i64);
    if *claims == (Claims { from: claims.from.clone(), ..Claims::default() }) {
        differ("rows", Some(Value::Nothing), received);
        return found;
    }
    differ("rows", claims.rows.map(Value::Count), received);
    if matches!(batch.table.as_str(), "order_lines" | "flat") {
        differ("amount", claims.amount.map(Value::Money), Value::Money(held.amount));
        differ("quantity", claims.quantity.map(Value::Count), Value::Count(held.quantity));
    }
    let mut own: Vec<&str> = held.orders.iter().filter_map(|key| ids.get(*key as usize)).map(String::as_str).collect();
    own.sort_unstable();
    let hash = own.iter().fold(0, |hash, id| (hash + id_number(id)) % HASH_MODULUS);
    differ("id_hash", claims.id_hash.map(Value::Count), Value::Count(hash));
    let text = |id: Option<&&str>| Value::Text(id.map_or(String::new(), |id| (*id).to_string()));
    differ("first_document", claims.first_document.clone().map(Value::Text), text(own.first()));
    differ("last_document", claims.last_document.clone().map(Value::Text), text(own.last()));
    found
}

/// The rows of the file that would explain the difference of its amount.
fn explain(
    look: &Look<'_>,
    seen: &Seen,
    batch: u32,
    held: &Held,
    differences: &[Difference],
    missing: &[String],
) -> Result<Vec<super::finding::Suspicion>> {
    let amounts = differences.iter().find_map(|difference| match (&difference.stated, &difference.arrived) {
        (Value::Money(stated), Value::Money(arrived)) => Some((*stated, *arrived)),
        _ => None,
    });
    let Some((stated, arrived)) = amounts.filter(|_| held.orders.len() <= MOST_ORDERS) else { return Ok(Vec::new()) };
    let keys: Vec<u32> = held.orders.iter().copied().collect();
    let mut documents: Vec<Document> = details::documents(look.lake, look.manifest, &keys)?.into_values().collect();
    // A file's total counts every row, whatever became of the order.
    documents.iter_mut().for_each(|document| document.completed = true);
    documents.sort_by(|a, b| a.id.cmp(&b.id));
    let sold = total_rules::sold_prices(look, documents.iter())?;
    let rows: Vec<(usize, &Refused)> = seen.refused.iter().enumerate().filter(|(_, row)| row.batch == batch).collect();
    let own = &look.manifest.batches[batch as usize];
    let claims = own.claims.as_ref();
    let case = Case {
        orders: None,
        rows: claims.and_then(|claims| claims.rows).map(|stated| own.rows.received as i64 - stated),
        quantity: claims.and_then(|claims| claims.quantity).map(|stated| held.quantity - stated),
        amount: arrived - stated,
        stated,
        documents: &documents.iter().collect::<Vec<&Document>>(),
        refused: &refused_rows(look, &rows),
        missing,
        elsewhere: &[],
        sold_at: &|product, price| sold.get(&(product, price)).copied().unwrap_or(0),
    };
    let causes = causes::causes(&case).into_iter().take(total_rules::MOST_CAUSES);
    Ok(causes.map(|cause| suspicion(look, seen, details::Place::default(), cause)).collect())
}
