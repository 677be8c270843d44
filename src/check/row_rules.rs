//! Rules about single orders and lines: arithmetic, dates, domains, prices.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};

use super::details::{Document, Line};
use super::far_days::far_days;
use super::finding::{Finding, Row};
use super::look::{ByDay, Look, Seen, documents, tolerance};
use super::scan::{self, NO_AMOUNT, NONE, Suspect};
use crate::calendar::day_name;
use crate::error::Result;
use crate::lake::reader::{read, read_each};

/// A row of a finding that is still without its order.
struct Told {
    rule: &'static str,
    order: u32,
    /// The line, by its row in the file; the order itself where there is none.
    line: Option<Suspect>,
    column: &'static str,
    value: String,
    expected: String,
}

/// What is wrong with single orders and lines; and the rules of which more is wrong than is told.
pub fn findings(look: &Look<'_>, seen: &Seen) -> Result<(Vec<Finding>, Vec<&'static str>)> {
    let mut told = Vec::new();
    for (rule, column) in
        [("line_total", "stated_total"), ("discount_over_amount", "discount"), ("negative_quantity", "quantity")]
    {
        let lines = seen.scan.suspects.lines.get(rule).map_or(&[][..], Vec::as_slice);
        told.extend(lines.iter().map(|line| Told {
            rule,
            order: line.order,
            line: Some(*line),
            column,
            value: String::new(),
            expected: String::new(),
        }));
    }
    order_totals(look, seen, &mut told);
    dates(look, seen, &mut told);
    domains(look, seen, &mut told)?;
    for line in odd_prices(look, seen)? {
        told.push(Told {
            rule: "price_off_median",
            order: line.order,
            line: Some(line),
            column: "unit_price",
            value: String::new(),
            expected: String::new(),
        });
    }
    told.retain(|row| look.settings.is_on(row.rule));
    let capped = capped(&told);
    told.truncate(scan::MOST);
    let documents = documents(look, told.iter().map(|row| row.order).collect())?;
    let stated = stated_lines(look, &told)?;
    let mut by_day = ByDay::default();
    for row in told {
        let Some(document) = documents.get(&row.order) else { continue };
        let found = told_row(look, seen, &row, document, &stated);
        by_day.add(look, row.rule, (&document.branch, Some(document.day), ""), Some(row.order), found);
    }
    let mut findings = by_day.finish();
    for finding in &mut findings {
        finding.rows.sort_by(|a, b| (&a.document, a.line_no).cmp(&(&b.document, b.line_no)));
    }
    Ok((findings, capped))
}

/// The rules that stopped at the most they look for, and those of which some is left out because of the others.
fn capped(told: &[Told]) -> Vec<&'static str> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    told.iter().for_each(|row| *counts.entry(row.rule).or_default() += 1);
    let left_out: BTreeSet<&str> = told.iter().skip(scan::MOST).map(|row| row.rule).collect();
    let stopped = counts.into_iter().filter(|(rule, count)| *count >= scan::MOST || left_out.contains(rule));
    stopped.map(|(rule, _)| rule).collect()
}

/// A row as it is told.
fn told_row(look: &Look<'_>, seen: &Seen, told: &Told, document: &Document, stated: &BTreeMap<Suspect, i64>) -> Row {
    let mut row = Row {
        document: document.id.clone(),
        column: told.column,
        value: told.value.clone(),
        expected: told.expected.clone(),
        place: document.place,
        ..Row::default()
    };
    let Some(suspect) = told.line else { return row };
    let line = document.lines.iter().find(|line| (line.place.batch, line.place.row) == (suspect.batch, suspect.row));
    let Some(line) = line else { return row };
    row.line_no = Some(line.number);
    row.place = line.place;
    match told.rule {
        "line_total" => {
            row.value = stated.get(&suspect).map_or_else(String::new, |stated| look.plain(*stated));
            row.expected = look.plain(line.amount());
        }
        "discount_over_amount" => row.value = look.plain(line.discount),
        "negative_quantity" => row.value = line.quantity.to_string(),
        _ => {
            row.value = look.plain(line.price);
            row.expected = look.plain(likely_price(line, seen.scan.prices.usual(line.product).price));
        }
    }
    row
}

/// The price a factor of ten away that comes nearest to the usual one, where it comes near; the usual one else.
fn likely_price(line: &Line, usual: i64) -> i64 {
    let slips = [10, 100, 1000].into_iter().flat_map(|factor| {
        let down = (line.price % factor == 0).then_some(line.price / factor);
        [down, line.price.checked_mul(factor)]
    });
    let near = |price: &i64| *price >= usual && *price * 8 < usual * 9 + 8;
    slips.flatten().find(near).unwrap_or(usual)
}

fn order_totals(look: &Look<'_>, seen: &Seen, told: &mut Vec<Told>) {
    let (orders, tolerance) = (&seen.scan.orders, tolerance(look, "order_total"));
    for (key, stated) in orders.stated.iter().enumerate().filter(|(_, stated)| **stated != NO_AMOUNT) {
        let amount = orders.amount[key];
        let known = orders.group[key] != NONE && orders.completed[key] && orders.lines[key] > 0;
        if known && (stated - amount).abs() > tolerance && told.len() < scan::MOST {
            told.push(Told {
                rule: "order_total",
                order: key as u32,
                line: None,
                column: "stated_total",
                value: look.plain(*stated),
                expected: look.plain(amount),
            });
        }
    }
}

/// Orders before their branch opened, and a few that lie long after or long before all others.
fn dates(look: &Look<'_>, seen: &Seen, told: &mut Vec<Told>) {
    let scan = &seen.scan;
    let mut by_date: BTreeMap<i32, i64> = BTreeMap::new();
    scan.days.iter().for_each(|day| *by_date.entry(day.day).or_default() += day.documents);
    let limit = look.settings.limit("future_date") as i32;
    let far = far_days(&by_date, limit);
    let wrong = |group: u32| -> Option<(&'static str, String)> {
        let day = &scan.days[group as usize];
        if far.contains(&day.day) {
            return Some(("future_date", String::new()));
        }
        let opened = seen.calendar.opened(&day.branch).filter(|opened| day.day < *opened)?;
        Some(("before_opening", day_name(opened)))
    };
    let wrong: Vec<Option<(&'static str, String)>> = (0..scan.days.len() as u32).map(wrong).collect();
    if wrong.iter().all(Option::is_none) {
        return;
    }
    for (key, group) in scan.orders.group.iter().enumerate().filter(|(_, group)| **group != NONE) {
        let Some((rule, expected)) = &wrong[*group as usize] else { continue };
        told.push(Told {
            rule,
            order: key as u32,
            line: None,
            column: "ordered_at",
            value: day_name(scan.days[*group as usize].day),
            expected: expected.clone(),
        });
        if told.len() >= scan::MOST {
            return;
        }
    }
}

/// Branches and states that are not among those known.
fn domains(look: &Look<'_>, seen: &Seen, told: &mut Vec<Told>) -> Result<()> {
    for (status, order) in &seen.scan.odd_statuses {
        told.push(Told {
            rule: "unknown_value",
            order: *order,
            line: None,
            column: "status",
            value: status.clone(),
            expected: String::new(),
        });
    }
    let mut known: BTreeSet<String> = BTreeSet::new();
    for file in look.manifest.files("branches") {
        for rows in read(look.lake, file, &["branch_id"], &[])? {
            known.extend(rows.column(0).as_string::<i32>().iter().flatten().map(String::from));
        }
    }
    if known.is_empty() {
        return Ok(());
    }
    let unknown: Vec<bool> =
        seen.scan.days.iter().map(|day| !day.branch.is_empty() && !known.contains(&day.branch)).collect();
    if unknown.iter().any(|unknown| *unknown) {
        for key in seen.scan.orders_of(|place| unknown[place]).into_iter().take(scan::MOST) {
            let branch = &seen.scan.days[seen.scan.orders.group[key as usize] as usize].branch;
            told.push(Told {
                rule: "unknown_branch",
                order: key,
                line: None,
                column: "branch_id",
                value: branch.clone(),
                expected: String::new(),
            });
        }
    }
    Ok(())
}

/// Lines whose price is off the product's usual one.
fn odd_prices(look: &Look<'_>, seen: &Seen) -> Result<Vec<Suspect>> {
    let factor = look.settings.limit("price_off_median").max(1.5);
    let products = seen.scan.prices.with_outliers(factor);
    let mut found = Vec::new();
    if !products.iter().any(|product| *product) || !look.settings.is_on("price_off_median") {
        return Ok(found);
    }
    for file in look.manifest.files("order_lines") {
        let (batch_place, mut before) = (scan::batch_of(look.manifest, file), 0);
        read_each(look.lake, file, &["order_key", "product_key", "unit_price", "quantity"], &[], |batch| {
            let whole = |column: usize| batch.column(column).as_primitive::<Int32Type>().values();
            let (orders, product_keys, quantities) = (whole(0), whole(1), whole(3));
            let prices = batch.column(2).as_primitive::<Int64Type>().values();
            for row in 0..batch.num_rows() {
                let product = product_keys[row] as u32;
                let counts = seen.scan.orders.completed.get(orders[row] as usize).copied().unwrap_or(false);
                let watched = products.get(product as usize).copied().unwrap_or(false);
                if watched && counts && quantities[row] > 0 && seen.scan.prices.is_off(product, prices[row], factor) {
                    found.push(Suspect { order: orders[row] as u32, batch: batch_place, row: (before + row) as u32 });
                }
            }
            before += batch.num_rows();
            Ok(())
        })?;
    }
    found.truncate(scan::MOST);
    Ok(found)
}

/// What the export says the totals of lines are.
fn stated_lines(look: &Look<'_>, told: &[Told]) -> Result<BTreeMap<Suspect, i64>> {
    let wanted: BTreeSet<Suspect> =
        told.iter().filter(|row| row.rule == "line_total").filter_map(|row| row.line).collect();
    let mut stated = BTreeMap::new();
    for file in look.manifest.files("order_lines").filter(|_| !wanted.is_empty()) {
        let (batch, mut before) = (scan::batch_of(look.manifest, file), 0);
        read_each(look.lake, file, &["order_key", "stated_total"], &[], |rows| {
            let orders = rows.column(0).as_primitive::<Int32Type>().values();
            let totals = rows.column(1).as_primitive::<Int64Type>().values();
            for row in 0..rows.num_rows() {
                let suspect = Suspect { order: orders[row] as u32, batch, row: (before + row) as u32 };
                if wanted.contains(&suspect) {
                    stated.insert(suspect, totals[row]);
                }
            }
            before += rows.num_rows();
            Ok(())
        })?;
    }
    Ok(stated)
}
