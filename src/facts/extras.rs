//! What only some exports have: costs, ledger, rates, jobs, and amounts of whole orders.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray, Int32Array, RecordBatch};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type};

use super::lines::order_numbers;
use super::{ANONYMOUS, Facts, Job, Lines, MarketRow, OrderTotals, Orders, line_kind};
use crate::calendar::month_number;
use crate::error::Result;
use crate::lake::reader::{has_values, read, read_each};
use crate::lake::{LakeDir, Manifest};
use crate::stats::allocate::largest_remainder;

/// Costs of activities: month, pool, amount.
pub fn costs(lake: &LakeDir, manifest: &Manifest, as_of: i32) -> Result<Vec<(i32, String, i64)>> {
    by_month(lake, manifest, as_of, "activity_costs", "pool")
}

/// The ledger: month, account, amount.
pub(super) fn ledger(lake: &LakeDir, manifest: &Manifest, as_of: i32) -> Result<Vec<(i32, String, i64)>> {
    by_month(lake, manifest, as_of, "ledger", "account")
}

/// Amounts by month and name, in months that began before the as-of date.
fn by_month(
    lake: &LakeDir,
    manifest: &Manifest,
    as_of: i32,
    table: &str,
    name: &str,
) -> Result<Vec<(i32, String, i64)>> {
    let mut sums: BTreeMap<(i32, String), i64> = BTreeMap::new();
    for file in manifest.files(table) {
        for batch in read(lake, file, &["month", name, "amount"], &[])? {
            let months: &Int32Array = batch.column(0).as_primitive();
            let names = batch.column(1).as_string::<i32>();
            let amounts = batch.column(2).as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                if months.value(row) <= month_number(as_of - 1) {
                    *sums.entry((months.value(row), names.value(row).to_string())).or_default() += amounts.value(row);
                }
            }
        }
    }
    Ok(sums.into_iter().map(|((month, name), amount)| (month, name, amount)).collect())
}

/// Dated rates: name, first day, value in millionths; by name, then day.
pub fn rates(lake: &LakeDir, manifest: &Manifest) -> Result<Vec<(String, i32, i64)>> {
    let mut rates = Vec::new();
    for file in manifest.files("cost_rates") {
        for batch in read(lake, file, &["rate", "valid_from", "value"], &[])? {
            let (names, days) = (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Date32Type>());
            let values = batch.column(2).as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                rates.push((names.value(row).to_string(), days.value(row), values.value(row)));
            }
        }
    }
    rates.sort_unstable();
    Ok(rates)
}

/// What competitors sold, by month, category and competitor.
pub(super) fn market(lake: &LakeDir, manifest: &Manifest, as_of: i32) -> Result<Vec<MarketRow>> {
    let mut rows = Vec::new();
    for file in manifest.files("market") {
        for batch in read(lake, file, &["month", "category", "competitor", "market_sales", "price"], &[])? {
            let months: &Int32Array = batch.column(0).as_primitive();
            let (categories, competitors) = (batch.column(1).as_string::<i32>(), batch.column(2).as_string::<i32>());
            let (sales, prices) =
                (batch.column(3).as_primitive::<Int64Type>(), batch.column(4).as_primitive::<Int64Type>());
            for row in (0..batch.num_rows()).filter(|row| months.value(*row) <= month_number(as_of - 1)) {
                rows.push(MarketRow {
                    month: months.value(row),
                    category: categories.value(row).to_string(),
                    competitor: competitors.value(row).to_string(),
                    sales: sales.value(row),
                    price: prices.is_valid(row).then(|| prices.value(row)),
                });
            }
        }
    }
    rows.sort_by(|left, right| {
        (left.month, &left.category, &left.competitor).cmp(&(right.month, &right.category, &right.competitor))
    });
    Ok(rows)
}

/// Coupons, rebates and freight of whole orders. Coupons and rebates lower what the order brought, as a discount does.
pub(super) fn order_amounts(lake: &LakeDir, manifest: &Manifest, facts: &mut Facts) -> Result<()> {
    let count = facts.orders.len();
    let mut numbers = Vec::new();
    for file in manifest.files("orders") {
        for column in ["coupon", "rebate", "freight"] {
            if !has_values(lake, file, column)? {
                continue;
            }
            if numbers.is_empty() {
                numbers = order_numbers(&facts.orders);
            }
            let Facts { orders, lines, totals, sales, .. } = &mut *facts;
            let mut target = std::mem::take(amounts_of(orders, column));
            target.resize(count, 0);
            read_each(lake, file, &["order_key", column], &[], |batch| {
                each_amount(&batch, &numbers, |order, amount| {
                    if column == "freight" {
                        target[order] += amount;
                        return;
                    }
                    let counts = match totals.get_mut(order) {
                        Some(totals) => take_off(totals, orders.n_lines[order], amount),
                        None => {
                            sales.net[order] -= if orders.n_lines[order] > 0 { amount } else { 0 };
                            false
                        }
                    };
                    target[order] += if counts { amount } else { 0 };
                    spread(lines, orders.first_line[order] as usize, orders.n_lines[order] as usize, amount);
                });
                Ok(())
            })?;
            *amounts_of(orders, column) = target;
        }
    }
    Ok(())
}

fn amounts_of<'o>(orders: &'o mut Orders, column: &str) -> &'o mut Vec<i64> {
    match column {
        "coupon" => &mut orders.coupon,
        "rebate" => &mut orders.rebate,
        _ => &mut orders.freight,
    }
}

/// Takes an amount off what a whole order brought: off what was kept of it; where nothing was, off what went back.
/// False where that is no discount but more of a credit, or where the order has no line at all.
fn take_off(totals: &mut OrderTotals, n_lines: u32, amount: i64) -> bool {
    if n_lines == 0 {
        return false;
    }
    if n_lines > u32::from(totals.n_returned) {
        totals.discount += amount;
        totals.kept -= amount;
    } else if totals.gross > 0 {
        totals.discount += amount;
        totals.returns -= amount;
    } else {
        totals.returns += amount;
        return false;
    }
    true
}

/// Spreads it over the lines [`take_off`] took it from, in proportion to what they brought.
fn spread(lines: &mut Lines, first: usize, count: usize, amount: i64) {
    if lines.amount.is_empty() {
        return;
    }
    let own =
        |kinds: &[u8]| (first..first + count).filter(|line| kinds.contains(&lines.kind[*line])).collect::<Vec<usize>>();
    let chosen = [&[line_kind::SALE, line_kind::GIFT][..], &[line_kind::RETURNED], &[line_kind::CREDIT]]
        .into_iter()
        .map(own)
        .find(|chosen| !chosen.is_empty());
    let chosen = chosen.unwrap_or_default();
    let weights: Vec<i64> = chosen.iter().map(|line| (lines.amount[*line] - lines.discount[*line]).abs()).collect();
    let shares = largest_remainder(amount, &weights).or_else(|| largest_remainder(amount, &vec![1; chosen.len()]));
    for (line, share) in chosen.into_iter().zip(shares.unwrap_or_default()) {
        lines.discount[line] += share;
    }
}

/// The ids of orders by their keys in the lake.
pub fn order_ids(lake: &LakeDir, manifest: &Manifest, keys: &BTreeSet<u32>) -> Result<BTreeMap<u32, String>> {
    let mut found = BTreeMap::new();
    for file in manifest.files("orders") {
        read_each(lake, file, &["order_key", "order_id"], &[], |batch| {
            let (own, ids) = (batch.column(0).as_primitive::<Int32Type>(), batch.column(1).as_string::<i32>());
            for row in (0..batch.num_rows()).filter(|row| keys.contains(&(own.value(*row) as u32))) {
                found.insert(own.value(row) as u32, ids.value(row).to_string());
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn each_amount(batch: &RecordBatch, numbers: &[u32], mut each: impl FnMut(usize, i64)) {
    let (keys, amounts) = (batch.column(0).as_primitive::<Int32Type>(), batch.column(1).as_primitive::<Int64Type>());
    for row in (0..batch.num_rows()).filter(|row| amounts.is_valid(*row)) {
        match numbers.get(keys.value(row) as usize) {
            Some(order) if *order != ANONYMOUS => each(*order as usize, amounts.value(row)),
            _ => {}
        }
    }
}

/// Lines made to order, with what their line costs by the standard.
pub(super) fn jobs(lake: &LakeDir, manifest: &Manifest, facts: &Facts, products: &[u32]) -> Result<Vec<Job>> {
    if manifest.files("jobs").next().is_none() {
        return Ok(Vec::new());
    }
    let numbers = order_numbers(&facts.orders);
    let mut order_of: BTreeMap<String, u32> = BTreeMap::new();
    for file in manifest.files("orders") {
        read_each(lake, file, &["order_key", "order_id"], &[], |batch| {
            let (keys, ids) = (batch.column(0).as_primitive::<Int32Type>(), batch.column(1).as_string::<i32>());
            for row in 0..batch.num_rows() {
                match numbers.get(keys.value(row) as usize) {
                    Some(order) if *order != ANONYMOUS => drop(order_of.insert(ids.value(row).into(), *order)),
                    _ => {}
                }
            }
            Ok(())
        })?;
    }
    let mut jobs: BTreeMap<(u32, i32), Job> = BTreeMap::new();
    let columns = ["order_id", "line_no", "material_cost", "labour_hours", "machine_hours", "rejected_units"];
    for file in manifest.files("jobs") {
        for batch in read(lake, file, &columns, &[])? {
            let (ids, lines) = (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int32Type>());
            let rejected = batch.column(5).as_primitive::<Int32Type>();
            let amount = |place: usize, row: usize| {
                let cells = batch.column(place).as_primitive::<Int64Type>();
                if cells.is_valid(row) { cells.value(row) } else { 0 }
            };
            for row in 0..batch.num_rows() {
                let Some(order) = order_of.get(ids.value(row)) else { continue };
                let job = Job {
                    order: *order,
                    line_no: lines.value(row),
                    product: 0,
                    quantity: 0,
                    standard_cost: 0,
                    counted_cost: 0,
                    material_cost: amount(2, row),
                    labour_hours: amount(3, row),
                    machine_hours: amount(4, row),
                    rejected_units: if rejected.is_valid(row) { i64::from(rejected.value(row)) } else { 0 },
                    came_back: false,
                    line: None,
                };
                jobs.insert((*order, job.line_no), job);
            }
        }
    }
    add_lines(lake, manifest, facts, (products, &numbers), &mut jobs)?;
    Ok(jobs.into_values().collect())
}

/// Finds the line of each job: its product, its units and what it costs by the standard. A line that came back costs
/// nothing by the standard; what was made to order is spent all the same.
fn add_lines(
    lake: &LakeDir,
    manifest: &Manifest,
    facts: &Facts,
    (products, numbers): (&[u32], &[u32]),
    jobs: &mut BTreeMap<(u32, i32), Job>,
) -> Result<()> {
    let standard = facts.products.numbers::<Int64Type>("unit_cost");
    let columns = ["order_key", "line_no", "product_key", "quantity", "returned", "unit_cost", "line_cost"];
    for file in manifest.files("order_lines") {
        read_each(lake, file, &columns, &[], |batch| {
            let whole = |place: usize| batch.column(place).as_primitive::<Int32Type>();
            let returned = batch.column(4).as_boolean();
            let amount = |place: usize, row: usize| {
                let cells = batch.column(place).as_primitive::<Int64Type>();
                cells.is_valid(row).then(|| cells.value(row))
            };
            for row in 0..batch.num_rows() {
                let Some(order) = numbers.get(whole(0).value(row) as usize) else { continue };
                let Some(job) = jobs.get_mut(&(*order, whole(1).value(row))) else { continue };
                job.product = products.get(whole(2).value(row) as usize).copied().unwrap_or(0);
                job.quantity = i64::from(whole(3).value(row));
                let unit_cost = amount(5, row).or_else(|| standard.get(job.product as usize).copied().flatten());
                let cost = amount(6, row).unwrap_or(job.quantity * unit_cost.unwrap_or(0));
                job.came_back = returned.is_valid(row) && returned.value(row);
                job.standard_cost = if job.came_back { 0 } else { cost };
                job.counted_cost = job.standard_cost;
            }
            Ok(())
        })?;
    }
    Ok(())
}
