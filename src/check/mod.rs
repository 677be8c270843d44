//! The data administrator's checks: what the branches say they sent against what is in the lake.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type};

use crate::error::Result;
use crate::lake::reader::read;
use crate::lake::{LakeDir, Manifest};

/// Orders and amount of a branch and day.
pub type DayTotals = BTreeMap<(i32, String), (i64, i64)>;

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
    /// The amount the branch summed, minor units.
    pub expected_amount: Option<i64>,
    /// The amount accepted, minor units.
    pub actual_amount: i64,
}

/// Control totals against the lake: how many were compared, and those that differ, by day and branch. A branch
/// that sends no totals at all is not compared.
pub fn control_totals(lake: &LakeDir, manifest: &Manifest) -> Result<(u64, Vec<Mismatch>)> {
    let mut expected: DayTotals = BTreeMap::new();
    for file in manifest.files("control_totals") {
        for rows in read(lake, file, &["day", "branch_id", "entity", "rows", "amount"], &[])? {
            let (days, branches) = (rows.column(0).as_primitive::<Date32Type>(), rows.column(1).as_string::<i32>());
            let entities = rows.column(2).as_string::<i32>();
            let (counts, amounts) =
                (rows.column(3).as_primitive::<Int32Type>(), rows.column(4).as_primitive::<Int64Type>());
            for row in 0..rows.num_rows() {
                if entities.is_valid(row) && entities.value(row) != "orders" {
                    continue;
                }
                expected.insert(
                    (days.value(row), branches.value(row).into()),
                    (counts.value(row).into(), amounts.value(row)),
                );
            }
        }
    }
    if expected.is_empty() {
        return Ok((0, Vec::new()));
    }
    let actual = branch_days(lake, manifest)?;
    let branches: std::collections::BTreeSet<&str> = expected.keys().map(|(_, branch)| branch.as_str()).collect();
    let mut mismatches = Vec::new();
    let mut keys: Vec<&(i32, String)> =
        expected.keys().chain(actual.keys().filter(|(_, branch)| branches.contains(branch.as_str()))).collect();
    keys.sort();
    keys.dedup();
    for key in &keys {
        let (wanted, found) = (expected.get(*key), actual.get(*key).copied().unwrap_or_default());
        if wanted != Some(&found) {
            mismatches.push(Mismatch {
                day: key.0,
                branch: key.1.clone(),
                expected_orders: wanted.map(|totals| totals.0),
                actual_orders: found.0,
                expected_amount: wanted.map(|totals| totals.1),
                actual_amount: found.1,
            });
        }
    }
    Ok((keys.len() as u64, mismatches))
}

/// Completed orders and the sum of quantity × price − discount of their lines, by day and branch.
pub fn branch_days(lake: &LakeDir, manifest: &Manifest) -> Result<DayTotals> {
    let mut totals: DayTotals = BTreeMap::new();
    let mut groups: Vec<(i32, String)> = Vec::new();
    let mut group_of_order: Vec<u32> = Vec::new();
    const NONE: u32 = u32::MAX;
    let mut group_numbers: BTreeMap<(i32, String), u32> = BTreeMap::new();
    for file in manifest.files("orders") {
        for rows in read(lake, file, &["order_key", "order_day", "branch_id", "status"], &["branch_id", "status"])? {
            let (keys, days) = (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_primitive::<Int32Type>());
            let (branches, statuses) =
                (rows.column(2).as_dictionary::<Int32Type>(), rows.column(3).as_dictionary::<Int32Type>());
            let (branch_values, status_values) =
                (branches.values().as_string::<i32>(), statuses.values().as_string::<i32>());
            let mut known: BTreeMap<(i32, Option<i32>), u32> = BTreeMap::new();
            for row in 0..rows.num_rows() {
                let key = keys.value(row) as usize;
                if group_of_order.len() <= key {
                    group_of_order.resize(key + 1, NONE);
                }
                if statuses.is_valid(row) && status_values.value(statuses.keys().value(row) as usize) != "completed" {
                    continue;
                }
                let branch = branches.is_valid(row).then(|| branches.keys().value(row));
                let group = *known.entry((days.value(row), branch)).or_insert_with(|| {
                    let name = branch.map_or("", |branch| branch_values.value(branch as usize)).to_string();
                    let next = groups.len() as u32;
                    *group_numbers.entry((days.value(row), name.clone())).or_insert_with(|| {
                        groups.push((days.value(row), name));
                        next
                    })
                });
                group_of_order[key] = group;
            }
        }
    }
    let mut sums = vec![(0_i64, 0_i64); groups.len()];
    for group in group_of_order.iter().filter(|group| **group != NONE) {
        sums[*group as usize].0 += 1;
    }
    for file in manifest.files("order_lines") {
        for rows in read(lake, file, &["order_key", "quantity", "unit_price", "discount"], &[])? {
            let (keys, quantities) = (
                rows.column(0).as_primitive::<Int32Type>().values(),
                rows.column(1).as_primitive::<Int32Type>().values(),
            );
            let (prices, discounts) =
                (rows.column(2).as_primitive::<Int64Type>().values(), rows.column(3).as_primitive::<Int64Type>());
            let any_discount = discounts.null_count() < discounts.len();
            for row in 0..keys.len() {
                let group = group_of_order.get(keys[row] as usize).copied().unwrap_or(NONE);
                if group != NONE {
                    let discount = if any_discount && discounts.is_valid(row) { discounts.value(row) } else { 0 };
                    sums[group as usize].1 += i64::from(quantities[row]) * prices[row] - discount;
                }
            }
        }
    }
    for (group, sum) in groups.into_iter().zip(sums) {
        totals.insert(group, sum);
    }
    Ok(totals)
}
