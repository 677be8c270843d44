//! Control totals that differ, and the row that would explain it.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};
use hashbrown::HashMap;

use super::causes::{self, Case, Cause, Kind, RefusedRow};
use super::details::{self, Document, Place};
use super::finding::{Difference, Finding, Row, Suspicion, Value};
use super::look::{Look, Seen};
use super::refused::Refused;
use super::sequences::Gap;
use super::totals::Mismatch;
use crate::error::Result;
use crate::lake::reader::read_each;

/// Differing days whose rows are looked through; beyond, the totals as a whole are not what they are taken for.
const MOST_DAYS: usize = 200;
/// Causes told of each difference.
pub const MOST_CAUSES: usize = 5;

/// The control totals that differ.
pub fn findings(look: &Look<'_>, seen: &Seen, gaps: &[Gap]) -> Result<Vec<Finding>> {
    if seen.mismatches.is_empty() {
        return Ok(Vec::new());
    }
    let explained = &seen.mismatches[seen.mismatches.len().saturating_sub(MOST_DAYS)..];
    let days: BTreeSet<usize> =
        explained.iter().filter_map(|mismatch| seen.scan.find(&mismatch.branch, mismatch.day)).collect();
    let keys = seen.scan.orders_of(|place| days.contains(&place));
    let documents = details::documents(look.lake, look.manifest, &keys)?;
    let mut by_day: BTreeMap<(&str, i32), Vec<&Document>> = BTreeMap::new();
    for document in documents.values() {
        by_day.entry((document.branch.as_str(), document.day)).or_default().push(document);
    }
    by_day.values_mut().for_each(|documents| documents.sort_by(|a, b| a.id.cmp(&b.id)));
    let sold = sold_prices(look, documents.values())?;
    let sold_at = |product: u32, price: i64| sold.get(&(product, price)).copied().unwrap_or(0);
    let mut found = Vec::new();
    for (number, mismatch) in seen.mismatches.iter().enumerate() {
        let Some(mut finding) = look.finding("control_totals", &mismatch.branch, Some(mismatch.day)) else { continue };
        finding.differences.clone_from(&mismatch.differences);
        if number + MOST_DAYS >= seen.mismatches.len() {
            let own = by_day.get(&(mismatch.branch.as_str(), mismatch.day)).map_or(&[][..], Vec::as_slice);
            finding.causes = explain(look, seen, mismatch, own, &by_day, gaps, &sold_at);
        }
        found.push(finding);
    }
    Ok(found)
}

/// The likeliest causes of one difference.
fn explain(
    look: &Look<'_>,
    seen: &Seen,
    mismatch: &Mismatch,
    documents: &[&Document],
    by_day: &BTreeMap<(&str, i32), Vec<&Document>>,
    gaps: &[Gap],
    sold_at: &dyn Fn(u32, i64) -> u32,
) -> Vec<Suspicion> {
    let Some(stated) = mismatch.expected_amount else { return Vec::new() };
    let amount = mismatch.actual_amount - stated;
    let here = seen.scan.find(&mismatch.branch, mismatch.day);
    let rows: Vec<(usize, &Refused)> = seen
        .refused
        .iter()
        .enumerate()
        .filter(|(_, row)| row.branch == mismatch.branch && row.day.is_none_or(|day| day == mismatch.day))
        .filter(|(_, row)| row.day.is_some() || row.batch_has(seen, mismatch))
        .collect();
    let refused = refused_rows(look, &rows);
    let missing =
        missing_ids(gaps, &mismatch.differences, |gap| gap.branch == mismatch.branch && gap.day == mismatch.day);
    let others = seen.mismatches.iter().filter(|other| {
        other.day == mismatch.day
            && other.branch != mismatch.branch
            && other.expected_amount.is_some_and(|stated| other.actual_amount - stated == -amount)
    });
    let elsewhere: Vec<(String, &Document)> = others
        .flat_map(|other| by_day.get(&(other.branch.as_str(), other.day)).into_iter().flatten())
        .map(|document| (document.branch.clone(), *document))
        .collect();
    let stated_units = seen.stated.of(&mismatch.branch, mismatch.day).and_then(|stated| stated.quantity);
    let arrived_units = here.map_or(0, |place| seen.scan.days[place].totals.quantity);
    let case = Case {
        orders: mismatch.expected_orders.map(|orders| mismatch.actual_orders - orders),
        rows: mismatch.expected_lines.map(|lines| mismatch.actual_lines - lines),
        quantity: stated_units.map(|units| arrived_units - units),
        amount,
        stated,
        documents,
        refused: &refused,
        missing: &missing,
        elsewhere: &elsewhere,
        sold_at,
    };
    let found = causes::causes(&case);
    found.into_iter().take(MOST_CAUSES).map(|cause| suspicion(look, seen, mismatch.place, cause)).collect()
}

/// The documents that are missing in the numbering, and the first and the last one that are stated and did not come.
pub fn missing_ids(gaps: &[Gap], differences: &[Difference], is_own: impl Fn(&Gap) -> bool) -> Vec<String> {
    let ends = differences.iter().filter_map(|difference| match (difference.what, &difference.stated) {
        ("first_document" | "last_document", Value::Text(id)) => Some(id.clone()),
        _ => None,
    });
    let mut missing: Vec<String> = gaps.iter().filter(|gap| is_own(gap)).flat_map(|gap| gap.ids.clone()).collect();
    missing.extend(ends);
    missing.sort_unstable();
    missing.dedup();
    missing
}

impl Refused {
    /// Whether a refused row that names no day may be of a branch-day: its file holds other rows of it.
    fn batch_has(&self, seen: &Seen, mismatch: &Mismatch) -> bool {
        let days = seen.scan.days.iter().filter(|day| day.batches.contains(&self.batch)).count();
        let here = seen.scan.find(&mismatch.branch, mismatch.day);
        days <= 3 && here.is_some_and(|place| seen.scan.days[place].batches.contains(&self.batch))
    }
}

/// The refused rows as the search for causes takes them: an order's amount is that of its lines, which were refused
/// with it.
pub fn refused_rows(look: &Look<'_>, rows: &[(usize, &Refused)]) -> Vec<RefusedRow> {
    let table = |row: &Refused| look.manifest.batches.get(row.batch as usize).map_or("", |batch| batch.table.as_str());
    let document = |row: &Refused| row.cells.get("order_id").cloned().unwrap_or_default();
    let mut found = Vec::new();
    for (number, row) in rows.iter().filter(|(_, row)| matches!(table(row), "orders" | "order_lines" | "flat")) {
        let is_order = table(row) == "orders";
        let lines = rows.iter().filter(|(_, line)| table(line) != "orders" && document(line) == document(row));
        let amount = match is_order {
            true => lines.map(|(_, line)| line.amount).sum::<Option<i64>>(),
            false => row.amount,
        };
        // Lines that were refused because their order was are part of it.
        let with_order = !is_order
            && row.code == "unknown_order"
            && rows.iter().any(|(_, order)| table(order) == "orders" && document(order) == document(row));
        if !with_order {
            let is_repeated = row.code == "duplicate_key";
            let line_no = row.cells.get("line_no").and_then(|number| number.parse().ok());
            found.push(RefusedRow { number: *number, document: document(row), line_no, is_order, amount, is_repeated });
        }
    }
    found
}

/// A cause as it is told; `total` is where the total itself stands.
pub fn suspicion(look: &Look<'_>, seen: &Seen, total: Place, cause: Cause) -> Suspicion {
    let value = |value: Option<i64>| match (value, cause.column) {
        (None, _) => String::new(),
        (Some(value), "quantity") => value.to_string(),
        (Some(value), _) => look.plain(value),
    };
    let mut row = Row {
        document: cause.document.clone(),
        line_no: cause.line_no,
        column: cause.column,
        value: value(cause.was),
        expected: value(cause.now),
        place: cause.place,
        ..Row::default()
    };
    if let Some(refused) = cause.refused.map(|number| &seen.refused[number]) {
        row.file.clone_from(&refused.file);
        row.line = Some(refused.line);
        row.raw.clone_from(&refused.raw);
        row.code.clone_from(&refused.code);
        row.place = Place::default();
    }
    if cause.kind == Kind::TotalMistyped {
        row.place = total;
    }
    Suspicion { kind: kind_name(cause.kind), weight: cause.weight, row, branch: cause.branch }
}

/// The name of a cause, in check.json and in the words of both languages.
fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Refused => "refused",
        Kind::DocumentTwice => "document_twice",
        Kind::LineTwice => "line_twice",
        Kind::OtherBranch => "other_branch",
        Kind::FromElsewhere => "from_elsewhere",
        Kind::DocumentMissing => "document_missing",
        Kind::LineMissing => "line_missing",
        Kind::RowMissing => "row_missing",
        Kind::DigitsSwapped => "digits_swapped",
        Kind::DecimalSlip => "decimal_slip",
        Kind::DigitWrong => "digit_wrong",
        Kind::TotalMistyped => "total_mistyped",
        Kind::StatusWrong => "status_wrong",
    }
}

/// How often each product of the documents was sold at each price.
pub fn sold_prices<'d>(
    look: &Look<'_>,
    documents: impl Iterator<Item = &'d Document>,
) -> Result<HashMap<(u32, i64), u32>> {
    let mut wanted: Vec<bool> = Vec::new();
    for line in documents.flat_map(|document| &document.lines) {
        if wanted.len() <= line.product as usize {
            wanted.resize(line.product as usize + 1, false);
        }
        wanted[line.product as usize] = true;
    }
    let mut sold: HashMap<(u32, i64), u32> = HashMap::new();
    for file in look.manifest.files("order_lines").filter(|_| !wanted.is_empty()) {
        read_each(look.lake, file, &["product_key", "unit_price"], &[], |batch| {
            let products = batch.column(0).as_primitive::<Int32Type>().values();
            let prices = batch.column(1).as_primitive::<Int64Type>().values();
            for (product, price) in products.iter().zip(prices) {
                if wanted.get(*product as usize).copied().unwrap_or(false) {
                    *sold.entry((*product as u32, *price)).or_default() += 1;
                }
            }
            Ok(())
        })?;
    }
    Ok(sold)
}
