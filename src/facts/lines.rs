//! Puts order lines in the order of the orders, which is by customer and day: whoever scans orders scans lines in
//! a row, and never jumps. Paid once, here.

use arrow::array::{Array, AsArray, PrimitiveArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};

use super::unit_values::Sold;
use super::{ANONYMOUS, Keep, Line, Lines, OrderTotals, Orders, Parts, Sales, line_kind};
use crate::contracts::inputs::ORDER_LINES;
use crate::error::Result;
use crate::lake::reader::{has_values, read_files};
use crate::lake::{DataFile, LakeDir, Manifest};

const COLUMNS: [&str; 6] = ["order_key", "product_key", "quantity", "unit_price", "discount", "returned"];
/// Read only of files that have any.
const RARE: [&str; 3] = ["unit_cost", "line_cost", "promotion"];

/// Reads the lines of the orders given, and sets where each order's lines are.
pub(super) fn load_lines(lake: &LakeDir, manifest: &Manifest, orders: &mut Orders, products: &[u32]) -> Result<Lines> {
    let number_of = order_numbers(orders);
    let n = count_lines(lake, manifest, orders, &number_of)?;
    let mut lines = Lines {
        product: vec![0; n],
        quantity: vec![0; n],
        amount: vec![0; n],
        discount: vec![0; n],
        kind: vec![0; n],
        cost: Vec::new(),
    };
    let mut next = orders.first_line.clone();
    read_lines(lake, manifest, |batch| place(&batch, &mut lines, &mut next, &number_of, products, orders))?;
    Ok(lines)
}

/// The number of each order by its key; [`ANONYMOUS`] for orders that are not among the facts.
pub(super) fn order_numbers(orders: &Orders) -> Vec<u32> {
    let mut numbers = vec![ANONYMOUS; orders.key.iter().max().map_or(0, |key| *key as usize + 1)];
    for (number, key) in orders.key.iter().enumerate() {
        numbers[*key as usize] = number as u32;
    }
    numbers
}

fn number(numbers: &[u32], key: i32) -> u32 {
    numbers.get(key as usize).copied().unwrap_or(ANONYMOUS)
}

/// Counts the lines of each order, and so finds where each order's lines are; how many there are in all.
fn count_lines(lake: &LakeDir, manifest: &Manifest, orders: &mut Orders, number_of: &[u32]) -> Result<usize> {
    read_files(
        lake,
        manifest.files(ORDER_LINES.name),
        |_| Ok(vec!["order_key"]),
        &[],
        |batch| {
            for key in batch.column(0).as_primitive::<Int32Type>().values() {
                let order = number(number_of, *key);
                if order != ANONYMOUS {
                    orders.n_lines[order as usize] += 1;
                }
            }
            Ok(())
        },
    )?;
    let mut first = 0;
    for (place, count) in orders.first_line.iter_mut().zip(&orders.n_lines) {
        *place = first;
        first += count;
    }
    Ok(first as usize)
}

/// What is known by product.
pub(super) struct ByProduct<'p> {
    /// The number of each surrogate key.
    pub numbers: &'p [u32],
    /// The standard cost of one unit, by number.
    pub unit_cost: &'p [Option<i64>],
    /// The category code, by number.
    pub category: &'p [u32],
}

/// Sums the lines of each order as they are read, and keeps no more of them than product and kind, if that; sets
/// where each order's lines are and how many it has.
pub(super) fn sum_lines(
    lake: &LakeDir,
    manifest: &Manifest,
    orders: &mut Orders,
    by_product: ByProduct<'_>,
    sold: &mut Sold,
    parts: Parts,
) -> Result<(Lines, Vec<OrderTotals>, Sales)> {
    let keep_products = parts.lines == Keep::Products;
    let number_of = order_numbers(orders);
    let mut lines = Lines::default();
    let mut next = Vec::new();
    if keep_products {
        let n = count_lines(lake, manifest, orders, &number_of)?;
        lines.product = vec![0; n];
        lines.kind = vec![0; n];
        next = orders.first_line.clone();
    }
    let mut totals = vec![OrderTotals::default(); if parts.sums { orders.len() } else { 0 }];
    let mut sales = Sales::of(if parts.sums { 0 } else { orders.len() });
    read_lines(lake, manifest, |batch| {
        each_line(&batch, &number_of, by_product.numbers, |order, line, promotion| {
            add_promotion(orders, order, promotion);
            sold.add(&line);
            let product = line.product as usize;
            match totals.get_mut(order) {
                Some(totals) => {
                    totals.add(&line, by_product.unit_cost[product], by_product.category[product]);
                }
                None => sales.add(order, &line),
            }
            if keep_products {
                lines.product[next[order] as usize] = line.product;
                lines.kind[next[order] as usize] = line.kind;
                next[order] += 1;
            } else {
                orders.n_lines[order] += 1;
            }
        });
    })?;
    let is_sale = totals.iter_mut().map(|totals| &mut totals.is_sale).chain(&mut sales.is_sale);
    for (is_sale, n_lines) in is_sale.zip(&orders.n_lines) {
        *is_sale |= *n_lines == 0;
    }
    Ok((lines, totals, sales))
}

/// Hands over the lines of all files, with the columns worth reading.
fn read_lines(lake: &LakeDir, manifest: &Manifest, mut each: impl FnMut(RecordBatch) + Send) -> Result<()> {
    read_files(
        lake,
        manifest.files(ORDER_LINES.name),
        |file| columns(lake, file),
        &[],
        |batch| {
            each(batch);
            Ok(())
        },
    )
}

/// The columns worth reading of a file: the rare ones only where there is any.
fn columns(lake: &LakeDir, file: &DataFile) -> Result<Vec<&'static str>> {
    let mut columns = COLUMNS.to_vec();
    for rare in RARE {
        if has_values(lake, file, rare)? {
            columns.push(rare);
        }
    }
    Ok(columns)
}

#[inline]
fn add_promotion(orders: &mut Orders, order: usize, promotion: i64) {
    if promotion != 0 {
        orders.promotion.resize(orders.day.len(), 0);
        orders.promotion[order] += promotion;
    }
}

/// Writes the lines of a row group where they belong.
fn place(
    batch: &RecordBatch,
    lines: &mut Lines,
    next: &mut [u32],
    number_of: &[u32],
    products: &[u32],
    orders: &mut Orders,
) {
    if RARE[..2].iter().any(|name| batch.column_by_name(name).is_some()) && lines.cost.is_empty() {
        lines.cost = vec![None; lines.product.len()];
    }
    each_line(batch, number_of, products, |order, line, promotion| {
        add_promotion(orders, order, promotion);
        let at = next[order] as usize;
        next[order] += 1;
        lines.product[at] = line.product;
        lines.quantity[at] = line.quantity;
        lines.amount[at] = line.amount;
        lines.discount[at] = line.discount;
        lines.kind[at] = line.kind;
        if line.cost.is_some() {
            lines.cost[at] = line.cost;
        }
    });
}

/// Hands over each line of an order that is among the facts.
#[inline]
fn each_line(batch: &RecordBatch, number_of: &[u32], products: &[u32], mut each: impl FnMut(usize, Line, i64)) {
    let keys = batch.column(0).as_primitive::<Int32Type>().values();
    let product_keys = batch.column(1).as_primitive::<Int32Type>().values();
    let quantities = batch.column(2).as_primitive::<Int32Type>().values();
    let prices = batch.column(3).as_primitive::<Int64Type>().values();
    let (discounts, returned) = (batch.column(4).as_primitive::<Int64Type>(), batch.column(5).as_boolean());
    let rare = |name: &str| batch.column_by_name(name).map(|column| column.as_primitive::<Int64Type>());
    let [unit_costs, line_costs, promotions] = RARE.map(rare);
    let cell = |column: Option<&PrimitiveArray<Int64Type>>, row: usize| {
        column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
    };
    let any_discount = discounts.null_count() < discounts.len();
    let any_returned = returned.null_count() < returned.len();
    for row in 0..keys.len() {
        let order = number(number_of, keys[row]);
        if order == ANONYMOUS {
            continue;
        }
        let amount = i64::from(quantities[row]) * prices[row];
        let kind = if amount < 0 || quantities[row] < 0 {
            line_kind::CREDIT
        } else if any_returned && returned.is_valid(row) && returned.value(row) {
            line_kind::RETURNED
        } else if amount == 0 {
            line_kind::GIFT
        } else {
            line_kind::SALE
        };
        let promotion = cell(promotions, row).unwrap_or(0);
        let discount = if any_discount && discounts.is_valid(row) { discounts.value(row) } else { 0 };
        let line = Line {
            product: products.get(product_keys[row] as usize).copied().unwrap_or(0),
            quantity: quantities[row],
            amount,
            discount: discount + promotion,
            kind,
            cost: cell(line_costs, row).or_else(|| cell(unit_costs, row).map(|cost| i64::from(quantities[row]) * cost)),
        };
        // A credit's discount is part of its return.
        each(order as usize, line, if kind == line_kind::CREDIT { 0 } else { promotion });
    }
}
