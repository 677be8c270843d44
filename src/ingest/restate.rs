//! Which closed months a load moved, and by how much: what was reported of them is no longer what the lake says.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int32Type, Int64Type};

use crate::calendar::month_name;
use crate::error::Result;
use crate::lake::reader::read_each;
use crate::lake::{DataFile, LakeDir, Manifest, Restatement};

/// What completed orders of a month and branch come to: how many, and quantity × price − discount in minor units.
type Totals = BTreeMap<(i32, String), (i64, i64)>;

/// Month and branch of every completed order, by key.
#[derive(Default)]
struct Placed {
    of_order: Vec<Option<(i32, u32)>>,
    branches: Vec<String>,
}

/// Compares two states of the lake. A month is closed where orders of a later one were there before.
pub(super) fn restated(lake: &LakeDir, before: &Manifest, after: &Manifest) -> Result<Vec<Restatement>> {
    let paths = |manifest: &Manifest, table: &str| -> BTreeSet<String> {
        manifest.files(table).map(|file| file.path.clone()).collect()
    };
    let changed = |table: &str| paths(before, table) != paths(after, table);
    if before.files("orders").next().is_none() || !changed("orders") && !changed("order_lines") {
        return Ok(Vec::new());
    }
    let (old, new) = (Placed::read(lake, before)?, Placed::read(lake, after)?);
    let Some(open) = old.of_order.iter().flatten().map(|(month, _)| *month).max() else { return Ok(Vec::new()) };
    let mut moved: Totals = BTreeMap::new();
    let mut add = |placed: &Placed, key: usize, orders: i64, amount: i64| {
        if let Some((month, branch)) = placed.of_order.get(key).copied().flatten().filter(|(month, _)| *month < open) {
            let sums = moved.entry((month, placed.branches[branch as usize].clone())).or_default();
            sums.0 += orders;
            sums.1 += amount;
        }
    };
    for key in 0..old.of_order.len().max(new.of_order.len()) {
        if old.named(key) != new.named(key) {
            add(&old, key, -1, 0);
            add(&new, key, 1, 0);
        }
    }
    let went = paths(before, "orders").difference(&paths(after, "orders")).next().is_some();
    let (old_lines, new_lines) = (paths(before, "order_lines"), paths(after, "order_lines"));
    for file in before.files("order_lines").filter(|file| !new_lines.contains(&file.path)) {
        each_line(lake, file, |key, amount| add(&old, key, 0, -amount))?;
    }
    for file in after.files("order_lines") {
        if !old_lines.contains(&file.path) {
            each_line(lake, file, |key, amount| add(&new, key, 0, amount))?;
        } else if went {
            // The order itself may have another day or branch now, or none.
            each_line(lake, file, |key, amount| {
                if old.named(key) != new.named(key) {
                    add(&old, key, 0, -amount);
                    add(&new, key, 0, amount);
                }
            })?;
        }
    }
    let known: BTreeSet<&String> = before.batches.iter().map(|batch| &batch.id).collect();
    let files: Vec<String> = after
        .active()
        .filter(|batch| !known.contains(&batch.id) && ["orders", "order_lines", "flat"].contains(&batch.table.as_str()))
        .map(|batch| batch.file.clone())
        .collect();
    let moved = moved.into_iter().filter(|(_, sums)| *sums != (0, 0));
    Ok(moved
        .map(|((month, branch), (orders, amount))| Restatement {
            month: month_name(month),
            branch,
            orders,
            amount,
            files: files.clone(),
        })
        .collect())
}

impl Placed {
    fn read(lake: &LakeDir, manifest: &Manifest) -> Result<Placed> {
        let mut placed = Placed::default();
        let mut codes: BTreeMap<String, u32> = BTreeMap::new();
        for file in manifest.files("orders") {
            let columns = ["order_key", "order_month", "branch_id", "status"];
            read_each(lake, file, &columns, &["branch_id", "status"], |rows| {
                let (keys, months) =
                    (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_primitive::<Int32Type>());
                let (branches, statuses) =
                    (rows.column(2).as_dictionary::<Int32Type>(), rows.column(3).as_dictionary::<Int32Type>());
                let mut code = |name: &str| {
                    *codes.entry(name.into()).or_insert_with(|| {
                        placed.branches.push(name.into());
                        placed.branches.len() as u32 - 1
                    })
                };
                let none = code("");
                let own: Vec<u32> =
                    branches.values().as_string::<i32>().iter().map(|name| code(name.unwrap_or_default())).collect();
                let status = statuses.values().as_string::<i32>();
                for row in 0..rows.num_rows() {
                    let key = keys.value(row) as usize;
                    if placed.of_order.len() <= key {
                        placed.of_order.resize(key + 1, None);
                    }
                    let other = statuses.is_valid(row)
                        && !["", "completed"].contains(&status.value(statuses.keys().value(row) as usize));
                    let branch = if branches.is_valid(row) { own[branches.keys().value(row) as usize] } else { none };
                    placed.of_order[key] = (!other).then(|| (months.value(row), branch));
                }
                Ok(())
            })?;
        }
        Ok(placed)
    }

    fn named(&self, key: usize) -> Option<(i32, &str)> {
        self.of_order
            .get(key)
            .copied()
            .flatten()
            .map(|(month, branch)| (month, self.branches[branch as usize].as_str()))
    }
}

fn each_line(lake: &LakeDir, file: &DataFile, mut each: impl FnMut(usize, i64) + Send) -> Result<()> {
    read_each(lake, file, &["order_key", "quantity", "unit_price", "discount"], &[], |rows| {
        let (keys, quantities) =
            (rows.column(0).as_primitive::<Int32Type>(), rows.column(1).as_primitive::<Int32Type>());
        let (prices, discounts) =
            (rows.column(2).as_primitive::<Int64Type>(), rows.column(3).as_primitive::<Int64Type>());
        for row in 0..rows.num_rows() {
            let discount = if discounts.is_valid(row) { discounts.value(row) } else { 0 };
            each(keys.value(row) as usize, i64::from(quantities.value(row)) * prices.value(row) - discount);
        }
        Ok(())
    })
}
