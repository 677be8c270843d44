//! Control totals of the senders against what arrived, by branch and day.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type};

use super::details::Place;
use super::finding::{Difference, Value};
use super::scan::{NONE, Scan, batch_of};
use crate::error::Result;
use crate::lake::reader::read;
use crate::lake::{LakeDir, Manifest};

/// What a branch says of a day.
#[derive(Debug, Clone, Default)]
pub struct Stated {
    /// Completed orders, or their lines.
    pub rows: i64,
    /// Their amount, minor units.
    pub amount: i64,
    /// Their units.
    pub quantity: Option<i64>,
    /// Hash total of the ids.
    pub id_hash: Option<i64>,
    /// First id.
    pub first: Option<String>,
    /// Last id.
    pub last: Option<String>,
    /// Where it says so.
    pub place: Place,
}

/// What the branches say, by branch and day.
#[derive(Debug, Default)]
pub struct AllStated {
    /// Of orders.
    pub orders: BTreeMap<(String, i32), Stated>,
    /// Of order lines.
    pub lines: BTreeMap<(String, i32), Stated>,
}

impl AllStated {
    /// What a branch says of a day: of its orders, or else of their lines.
    pub fn of(&self, branch: &str, day: i32) -> Option<&Stated> {
        let own = (branch.to_string(), day);
        self.orders.get(&own).or_else(|| self.lines.get(&own))
    }

    /// Whether ids are totalled.
    pub fn has_ids(&self) -> bool {
        let mut all = self.orders.values().chain(self.lines.values());
        all.any(|stated| stated.id_hash.is_some() || stated.first.is_some() || stated.last.is_some())
    }
}

/// Ids of a branch and day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids {
    /// Hash total of completed orders.
    pub hash: i64,
    /// First id of any status.
    pub first: String,
    /// Last id of any status.
    pub last: String,
}

/// One branch and day whose control totals differ from what was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Days since 1970-01-01.
    pub day: i32,
    /// The branch.
    pub branch: String,
    /// Completed orders the branch counted; `None` where it sent no totals for the day.
    pub expected_orders: Option<i64>,
    /// Completed orders accepted.
    pub actual_orders: i64,
    /// Lines of them the branch counted; `None` where it counted none.
    pub expected_lines: Option<i64>,
    /// Lines accepted.
    pub actual_lines: i64,
    /// The amount the branch summed, minor units.
    pub expected_amount: Option<i64>,
    /// The amount accepted, minor units.
    pub actual_amount: i64,
    /// Everything that differs.
    pub differences: Vec<Difference>,
    /// Where the totals are.
    pub place: Place,
}

/// Reads what the branches say.
pub fn stated(lake: &LakeDir, manifest: &Manifest) -> Result<AllStated> {
    let mut all = AllStated::default();
    let columns =
        ["day", "branch_id", "entity", "rows", "amount", "quantity", "id_hash", "first_document", "last_document"];
    for file in manifest.files("control_totals") {
        let (batch_place, mut before) = (batch_of(manifest, file), 0);
        for rows in read(lake, file, &columns, &[])? {
            let text = |column: usize, row: usize| {
                let column = rows.column(column).as_string::<i32>();
                column.is_valid(row).then(|| column.value(row).to_string())
            };
            let whole = |column: usize, row: usize| {
                let column = rows.column(column).as_primitive::<Int32Type>();
                column.is_valid(row).then(|| i64::from(column.value(row)))
            };
            for row in 0..rows.num_rows() {
                let day = rows.column(0).as_primitive::<Date32Type>().value(row);
                let of = match text(2, row).as_deref() {
                    None | Some("orders") => &mut all.orders,
                    Some("order_lines") => &mut all.lines,
                    Some(_) => continue,
                };
                let stated = Stated {
                    rows: whole(3, row).unwrap_or(0),
                    amount: rows.column(4).as_primitive::<Int64Type>().value(row),
                    quantity: whole(5, row),
                    id_hash: whole(6, row),
                    first: text(7, row),
                    last: text(8, row),
                    place: Place { batch: batch_place, row: (before + row) as u32 },
                };
                of.insert((text(1, row).unwrap_or_default(), day), stated);
            }
            before += rows.num_rows();
        }
    }
    Ok(all)
}

/// How many branch-days were compared, and those that differ, by day and branch. A branch that sends no totals at all
/// is not compared.
pub fn compare(all: &AllStated, scan: &Scan, ids: &[Ids]) -> (u64, Vec<Mismatch>) {
    let branches: BTreeSet<&str> = all.orders.keys().map(|(branch, _)| branch.as_str()).collect();
    let mut keys: BTreeSet<(i32, &str)> =
        all.orders.keys().chain(all.lines.keys()).map(|(branch, day)| (*day, branch.as_str())).collect();
    let sold = scan.days.iter().filter(|day| day.totals.orders > 0 && branches.contains(day.branch.as_str()));
    keys.extend(sold.map(|day| (day.day, day.branch.as_str())));
    let mut mismatches = Vec::new();
    for (day, branch) in &keys {
        let place = scan.find(branch, *day);
        let found = place.map(|place| scan.days[place].totals).unwrap_or_default();
        let own = (branch.to_string(), *day);
        let (orders, lines) = (all.orders.get(&own), all.lines.get(&own));
        let mut differences = Vec::new();
        let mut differ = |what: &'static str, stated: Value, arrived: Value| {
            if stated != arrived {
                differences.push(Difference { what, stated, arrived });
            }
        };
        match orders {
            Some(stated) => differ("orders", Value::Count(stated.rows), Value::Count(found.orders)),
            None if branches.contains(branch) => {
                differ("orders", Value::Nothing, Value::Count(found.orders));
                differ("amount", Value::Nothing, Value::Money(found.amount));
            }
            None => {}
        }
        if let Some(stated) = lines {
            differ("order_lines", Value::Count(stated.rows), Value::Count(found.lines));
        }
        if let Some(stated) = orders.or(lines) {
            differ("amount", Value::Money(stated.amount), Value::Money(found.amount));
            if let Some(quantity) = stated.quantity {
                differ("quantity", Value::Count(quantity), Value::Count(found.quantity));
            }
            let ids = place.and_then(|place| ids.get(place)).cloned().unwrap_or_default();
            // Each order counts once in the hash total of orders; what lines make of it is not said.
            if let Some(hash) = orders.and_then(|stated| stated.id_hash) {
                differ("id_hash", Value::Count(hash), Value::Count(ids.hash));
            }
            if let Some(first) = &stated.first {
                differ("first_document", Value::Text(first.clone()), Value::Text(ids.first));
            }
            if let Some(last) = &stated.last {
                differ("last_document", Value::Text(last.clone()), Value::Text(ids.last));
            }
        }
        if !differences.is_empty() {
            mismatches.push(Mismatch {
                day: *day,
                branch: branch.to_string(),
                expected_orders: orders.map(|stated| stated.rows),
                actual_orders: found.orders,
                expected_lines: lines.map(|stated| stated.rows),
                actual_lines: found.lines,
                expected_amount: orders.or(lines).map(|stated| stated.amount),
                actual_amount: found.amount,
                differences,
                place: orders.or(lines).map_or_else(Place::default, |stated| stated.place),
            });
        }
    }
    (keys.len() as u64, mismatches)
}

/// The hash total of ids is kept below this prime, so that it fits a column of whole numbers.
pub const HASH_MODULUS: i64 = 1_000_000_007;

/// The last nine digits of an id as a number; 0 where it has none.
pub fn id_number(id: &str) -> i64 {
    let digits: Vec<u8> = id.bytes().filter(u8::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(9)..].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// The ids of each branch-day.
pub fn ids(lake: &LakeDir, manifest: &Manifest, scan: &Scan) -> Result<Vec<Ids>> {
    let mut all = vec![Ids::default(); scan.days.len()];
    each_order_id(lake, manifest, |key, id| {
        let group = scan.orders.group[key as usize];
        if group == NONE {
            return;
        }
        let ids = &mut all[group as usize];
        if scan.orders.completed[key as usize] {
            ids.hash = (ids.hash + id_number(id)) % HASH_MODULUS;
        }
        if ids.first.is_empty() || id < ids.first.as_str() {
            ids.first = id.to_string();
        }
        if id > ids.last.as_str() {
            ids.last = id.to_string();
        }
    })?;
    Ok(all)
}

/// Hands over the key and id of every order in force.
pub fn each_order_id(lake: &LakeDir, manifest: &Manifest, mut each: impl FnMut(u32, &str) + Send) -> Result<()> {
    for file in manifest.files("orders") {
        crate::lake::reader::read_each(lake, file, &["order_key", "order_id"], &[], |batch| {
            let keys = batch.column(0).as_primitive::<Int32Type>().values();
            let ids = batch.column(1).as_string::<i32>();
            for (row, key) in keys.iter().enumerate() {
                each(*key as u32, ids.value(row));
            }
            Ok(())
        })?;
    }
    Ok(())
}
