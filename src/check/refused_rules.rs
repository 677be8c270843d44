//! Rules about refused rows: whose they are, and what their codes mean to a branch.

use std::collections::{BTreeMap, BTreeSet};

use super::details::{self, Document};
use super::exceptions::day_of;
use super::finding::{Finding, Row};
use super::keys::about_batch;
use super::look::{ByDay, Look, Seen};
use super::refused::Refused;
use super::scan::{NONE, Scan};
use super::totals::each_order_id;
use crate::error::Result;
use crate::ingest::original;

/// Finds branch and day of refused rows that do not say them: by their order, or by their file.
pub fn place(look: &Look<'_>, scan: &Scan, refused: &mut [Refused]) -> Result<()> {
    let mut orders: BTreeMap<String, (String, Option<i32>)> = BTreeMap::new();
    let table = |row: &Refused| look.manifest.batches.get(row.batch as usize).map_or("", |batch| batch.table.as_str());
    for row in refused.iter().filter(|row| table(row) == "orders" && row.day.is_some()) {
        if let Some(id) = row.cells.get("order_id") {
            orders.insert(id.clone(), (row.branch.clone(), row.day));
        }
    }
    let wanted: BTreeSet<String> =
        refused.iter().filter(|row| row.day.is_none()).filter_map(|row| row.cells.get("order_id").cloned()).collect();
    if !wanted.is_empty() {
        each_order_id(look.lake, look.manifest, |key, id| {
            let group = scan.orders.group[key as usize];
            if group != NONE && wanted.contains(id) {
                let day = &scan.days[group as usize];
                orders.insert(id.to_string(), (day.branch.clone(), Some(day.day)));
            }
        })?;
    }
    let mut branches: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for day in &scan.days {
        day.batches.iter().for_each(|batch| {
            branches.entry(*batch).or_default().insert(day.branch.as_str());
        });
    }
    for row in refused {
        let order = row.cells.get("order_id").and_then(|id| orders.get(id));
        if let Some((branch, day)) = order {
            row.day = row.day.or(*day);
            if row.branch.is_empty() {
                row.branch.clone_from(branch);
            }
        }
        // What the name of the file says of its rows.
        let unit = look.manifest.batches.get(row.batch as usize).and_then(|batch| batch.unit.as_ref());
        if let Some(unit) = unit.filter(|_| table_is_sales(table(row))) {
            row.day = row.day.or_else(|| unit.day().and_then(day_of));
            if row.branch.is_empty() {
                row.branch = unit.branch().unwrap_or_default().to_string();
            }
        }
        let known = |branch: &str| scan.days.iter().any(|day| day.branch == branch);
        let nameless = row.branch.is_empty() || (table_is_sales(table(row)) && !known(&row.branch));
        if let Some(only) = branches.get(&row.batch).filter(|branches| nameless && branches.len() == 1) {
            row.branch = only.iter().next().map_or_else(String::new, |branch| (*branch).to_string());
        }
    }
    Ok(())
}

fn table_is_sales(table: &str) -> bool {
    matches!(table, "orders" | "order_lines" | "flat")
}

/// What refused rows mean.
pub fn findings(look: &Look<'_>, seen: &Seen) -> Result<Vec<Finding>> {
    let repeats = repeats(look, seen)?;
    let zeros = LostZeros::new(look, seen)?;
    let mut by_day = ByDay::default();
    for (number, refused) in seen.refused.iter().enumerate() {
        let (rule, expected) = match refused.code.as_str() {
            "duplicate_key" => (repeats.get(&number).copied().unwrap_or("repeated_key"), String::new()),
            "nonpositive_quantity" | "negative_price" => ("negative_quantity", String::new()),
            code if code.starts_with("unknown_") => match zeros.restore(refused) {
                Some(whole) => ("excel_damage", whole),
                None => ("orphan", String::new()),
            },
            _ if refused.cells.values().any(|cell| is_scientific(cell)) => ("excel_damage", String::new()),
            _ => ("refused_row", String::new()),
        };
        let document = ["order_id", "customer_id", "product_id", "interaction_id"]
            .iter()
            .find_map(|column| refused.cells.get(column))
            .cloned()
            .unwrap_or_default();
        let row = Row {
            file: refused.file.clone(),
            line: Some(refused.line),
            document,
            line_no: refused.cells.get("line_no").and_then(|number| number.parse().ok()),
            entity: look.manifest.batches.get(refused.batch as usize).map_or_else(String::new, |own| own.table.clone()),
            code: refused.code.clone(),
            column: column_name(&refused.column),
            value: refused.cells.get(refused.column.as_str()).cloned().unwrap_or_default(),
            expected,
            raw: refused.raw.clone(),
            ..Row::default()
        };
        let about = about_batch(look.manifest, refused.batch, "");
        by_day.add(look, rule, (&refused.branch, refused.day, &about), None, row);
    }
    Ok(by_day.finish())
}

/// The contract's name of a column.
pub fn column_name(name: &str) -> &'static str {
    let columns = crate::contracts::input_tables().iter().flat_map(|table| table.columns);
    columns.map(|column| column.name).find(|known| *known == name).unwrap_or("")
}

/// A number a spreadsheet has rewritten: `6.28E+11`.
pub fn is_scientific(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['E', 'e']) else { return false };
    let power = power.strip_prefix('+').unwrap_or_default();
    !power.is_empty()
        && power.bytes().all(|byte| byte.is_ascii_digit())
        && digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
}

/// Repeated keys that are more than a row sent twice: the rule each falls under.
fn repeats(look: &Look<'_>, seen: &Seen) -> Result<BTreeMap<usize, &'static str>> {
    let mut rules = BTreeMap::new();
    let mut by_batch: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (number, row) in seen.refused.iter().enumerate().filter(|(_, row)| row.code == "duplicate_key") {
        by_batch.entry(row.batch).or_default().push(number);
    }
    let mut elsewhere: Vec<usize> = Vec::new();
    for (batch, rows) in &by_batch {
        let known = &look.manifest.batches[*batch as usize];
        let Some((source, layout)) = look.exports.layout(look.manifest, *batch) else { continue };
        let texts: BTreeSet<&str> = rows.iter().map(|number| seen.refused[*number].raw.as_str()).collect();
        let path = look.exports.project.join(&known.file);
        let Ok(counts) = original::occurrences(&known.source, source, &path, layout.fields, &texts) else { continue };
        let twice = |number: &usize| counts.get(seen.refused[*number].raw.as_str()).is_some_and(|count| *count > 1);
        let (_, other): (Vec<usize>, Vec<usize>) = rows.iter().partition(|number| twice(number));
        for number in other {
            if table_is_sales(&known.table) {
                elsewhere.push(number);
            } else {
                rules.insert(number, "conflicting_key");
            }
        }
    }
    let wanted: BTreeSet<&str> =
        elsewhere.iter().filter_map(|number| seen.refused[*number].cells.get("order_id").map(String::as_str)).collect();
    let mut keys: BTreeMap<String, u32> = BTreeMap::new();
    if !wanted.is_empty() {
        each_order_id(look.lake, look.manifest, |key, id| {
            if wanted.contains(id) && seen.scan.orders.group[key as usize] != NONE {
                keys.insert(id.to_string(), key);
            }
        })?;
    }
    let documents = super::look::documents(look, keys.values().copied().collect())?;
    for number in elsewhere {
        let row = &seen.refused[number];
        let first = row.cells.get("order_id").and_then(|id| keys.get(id)).and_then(|key| documents.get(key));
        if let Some(rule) = first.and_then(|first| conflict(look, row, first)) {
            rules.insert(number, rule);
        }
    }
    Ok(rules)
}

/// Whether a repeated row says something else than the one that was kept.
fn conflict(look: &Look<'_>, row: &Refused, first: &Document) -> Option<&'static str> {
    let table = look.manifest.batches[row.batch as usize].table.as_str();
    let own = row.cells.get("branch_id").map_or("", String::as_str);
    if table != "order_lines" && !own.is_empty() && own != first.branch {
        return Some("reused_id");
    }
    if table == "orders" {
        // Sent again in another file: the same day and the same branch is the same order, as far as can be told.
        let same_file = row.batch == first.place.batch;
        return (same_file || row.day != Some(first.day)).then_some("conflicting_key");
    }
    let number: Option<i32> = row.cells.get("line_no").and_then(|number| number.parse().ok());
    let line = first.lines.iter().find(|line| Some(line.number) == number)?;
    (row.amount != Some(line.amount())).then_some("conflicting_key")
}

/// Ids that would be known had a spreadsheet not taken their leading zeros.
struct LostZeros {
    whole: BTreeMap<&'static str, BTreeMap<String, String>>,
}

const REFERENCES: [(&str, &str, &str, &str); 2] = [
    ("unknown_product", "product_id", "products", "product_key"),
    ("unknown_customer", "customer_id", "customers", "customer_key"),
];

impl LostZeros {
    fn new(look: &Look<'_>, seen: &Seen) -> Result<LostZeros> {
        let mut whole = BTreeMap::new();
        for (code, id, table, key) in REFERENCES {
            if seen.refused.iter().any(|row| row.code == code) {
                let ids = details::ids(look.lake, look.manifest, table, key, id)?;
                let cut = |id: String| (id.starts_with('0')).then(|| (id.trim_start_matches('0').to_string(), id));
                whole.insert(id, ids.into_iter().filter_map(cut).collect());
            }
        }
        Ok(LostZeros { whole })
    }

    /// The id as it should be, where that is the trouble.
    fn restore(&self, row: &Refused) -> Option<String> {
        let (_, column, ..) = REFERENCES.iter().find(|(code, ..)| *code == row.code)?;
        let cell = row.cells.get(column)?;
        self.whole.get(column)?.get(cell.as_str()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::is_scientific;

    #[test]
    fn what_a_spreadsheet_does_to_telephones() {
        for text in ["6.28E+11", "6,28E+11", "8E+10", "1.2e+9"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in ["E+11", "6.28E11", "6.28", "Apt 6E+2", "62812E", "", "1E+"] {
            assert!(!is_scientific(text), "{text}");
        }
    }
}
