//! Branch against head office, down to the document.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Int64Type};

use super::finding::{Difference, Finding, Row, Value};
use super::look::{ByDay, Look, Seen};
use super::scan::NONE;
use super::totals::each_order_id;
use crate::calendar::day_name;
use crate::error::Result;
use crate::lake::reader::read;

/// A document as head office has it.
struct Booked {
    branch: String,
    day: i32,
    amount: i64,
}

/// Documents that only one side has, or that differ, by branch and day. Days outside those head office has sent are not
/// compared; nor are branches it has nothing of.
pub fn findings(look: &Look<'_>, seen: &Seen) -> Result<Vec<Finding>> {
    let mut booked: BTreeMap<String, Booked> = BTreeMap::new();
    for file in look.manifest.files("hq_documents") {
        for rows in read(look.lake, file, &["document_id", "branch_id", "day", "amount"], &[])? {
            let (ids, branches) = (rows.column(0).as_string::<i32>(), rows.column(1).as_string::<i32>());
            let (days, amounts) =
                (rows.column(2).as_primitive::<Date32Type>(), rows.column(3).as_primitive::<Int64Type>());
            for row in 0..rows.num_rows() {
                let branch = if branches.is_valid(row) { branches.value(row).to_string() } else { String::new() };
                let document = Booked { branch, day: days.value(row), amount: amounts.value(row) };
                booked.insert(ids.value(row).to_string(), document);
            }
        }
    }
    if booked.is_empty() {
        return Ok(Vec::new());
    }
    let branches: BTreeSet<String> = booked.values().map(|document| document.branch.clone()).collect();
    let any_branch = branches.contains("");
    let first = booked.values().map(|document| document.day).min().unwrap_or(0);
    let last = booked.values().map(|document| document.day).max().unwrap_or(0);
    let mut by_day = ByDay::default();
    let mut sums: BTreeMap<(String, i32), (i64, i64)> = BTreeMap::new();
    each_order_id(look.lake, look.manifest, |key, id| {
        let orders = &seen.scan.orders;
        let group = orders.group[key as usize];
        if group == NONE || !orders.completed[key as usize] {
            return;
        }
        let day = &seen.scan.days[group as usize];
        let amount = orders.amount[key as usize];
        let mut tell = |(branch, on): (&str, i32), column: &'static str, value: String, expected: String| {
            let row = Row { document: id.to_string(), column, value, expected, ..Row::default() };
            by_day.add(look, "hq_documents", (branch, Some(on), ""), Some(key), row);
            let sum = sums.entry((branch.to_string(), on)).or_default();
            sum.1 += amount;
        };
        match booked.remove(id) {
            None if (first..=last).contains(&day.day) && (any_branch || branches.contains(&day.branch)) => {
                tell((&day.branch, day.day), "missing_at_head_office", look.plain(amount), String::new());
            }
            None => {}
            Some(theirs) => {
                let here = (day.branch.as_str(), day.day);
                if theirs.amount != amount {
                    tell(here, "amount", look.plain(amount), look.plain(theirs.amount));
                } else if theirs.day != day.day {
                    tell(here, "ordered_at", day_name(day.day), day_name(theirs.day));
                } else if !theirs.branch.is_empty() && theirs.branch != day.branch {
                    tell(here, "branch_id", day.branch.clone(), theirs.branch.clone());
                } else {
                    return;
                }
                sums.entry((day.branch.clone(), day.day)).or_default().0 += theirs.amount;
            }
        }
    })?;
    for (id, theirs) in booked.into_iter().filter(|(_, theirs)| theirs.day < look.as_of) {
        let row =
            Row { document: id, column: "missing_at_branch", expected: look.plain(theirs.amount), ..Row::default() };
        sums.entry((theirs.branch.clone(), theirs.day)).or_default().0 += theirs.amount;
        by_day.add(look, "hq_documents", (&theirs.branch, Some(theirs.day), ""), None, row);
    }
    let mut findings = by_day.finish();
    for finding in &mut findings {
        let sum = finding.day.and_then(|day| sums.get(&(finding.branch.clone(), day)));
        if let Some((stated, arrived)) = sum {
            finding.differences.push(Difference {
                what: "amount",
                stated: Value::Money(*stated),
                arrived: Value::Money(*arrived),
            });
        }
        finding.rows.sort_by(|a, b| a.document.cmp(&b.document));
    }
    place_rows(look, &mut findings)?;
    Ok(findings)
}

/// Where the documents that are at the branch are.
fn place_rows(look: &Look<'_>, findings: &mut [Finding]) -> Result<()> {
    let keys = findings.iter().flat_map(|finding| finding.orders.iter().copied()).collect();
    let documents = super::look::documents(look, keys)?;
    let places: BTreeMap<&str, _> = documents.values().map(|document| (document.id.as_str(), document.place)).collect();
    for row in findings.iter_mut().flat_map(|finding| &mut finding.rows) {
        if let Some(place) = places.get(row.document.as_str()) {
            row.place = *place;
        }
    }
    Ok(())
}
