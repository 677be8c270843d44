//! Files that ingest set aside whole: of which branch and day they are, and what is missing because of them.

use std::collections::BTreeMap;

use super::exceptions::day_of;
use super::finding::{Finding, MOST_ROWS, Row};
use super::keys::about_file;
use super::look::{Look, Seen};
use super::refused;
use super::scan::Scan;
use crate::contracts::rules::{Action, rule_of};
use crate::error::Result;
use crate::lake::Held;

/// A file that is held.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldFile {
    /// Why, and what to do.
    pub held: Held,
    /// The table of its source, or `flat`.
    pub table: String,
    /// Its branch, as its name or an earlier version of it says; empty where neither does.
    pub branch: String,
    /// Its day, as its name says.
    pub day: Option<i32>,
    /// Whether what was loaded of it before still serves.
    pub serves_earlier: bool,
}

/// The files that are held.
pub fn held_files(look: &Look<'_>) -> Vec<HeldFile> {
    let file = |held: &Held| {
        let same = |batch: &&crate::lake::Batch| {
            let about = held.unit.as_ref().filter(|unit| unit.replaces());
            batch.source == held.source
                && (batch.file == held.file || (about.is_some() && batch.unit.as_ref() == about))
        };
        let before: Vec<&crate::lake::Batch> = look.manifest.active().filter(same).collect();
        let named = held.unit.as_ref().and_then(|unit| unit.branch()).map(String::from);
        let branches = before.iter().flat_map(|batch| batch.branches.keys()).filter(|branch| !branch.is_empty());
        let mut branches: Vec<&String> = branches.collect();
        branches.sort_unstable();
        branches.dedup();
        let only = (branches.len() == 1).then(|| branches[0].clone());
        HeldFile {
            table: look.exports.sources.get(&held.source).map_or_else(String::new, |source| source.table.clone()),
            branch: named.or(only).unwrap_or_default(),
            day: held.unit.as_ref().and_then(|unit| unit.day()).and_then(day_of),
            serves_earlier: !before.is_empty(),
            held: held.clone(),
        }
    };
    let mut files: Vec<HeldFile> = look.manifest.held.iter().map(file).collect();
    // A file whose rows were refused because of another that is held comes after that one.
    files.sort_by_key(|file| file.held.code == "too_many_rejects");
    files
}

impl HeldFile {
    /// Whether a day of a branch would be in it, as far as can be told: the day its name says; else any day after the
    /// newest that was loaded of the branch. Only orders say that a day came.
    pub fn would_bring(&self, branch: &str, day: i32, newest: Option<i32>) -> bool {
        let of_branch = self.branch.is_empty() || self.branch == branch;
        let of_day = match self.day {
            Some(own) => own == day,
            None => newest.is_none_or(|newest| day > newest),
        };
        matches!(self.table.as_str(), "orders" | "flat") && of_branch && of_day
    }

    /// Whether a finding says no more than that this file is not there: nothing of its day has been loaded from it.
    pub fn explains(&self, finding: &Finding) -> bool {
        let of_day = finding.day.is_some() && finding.day == self.day && finding.branch == self.branch;
        let is_sales = matches!(self.table.as_str(), "orders" | "order_lines" | "flat");
        let lacks = matches!(finding.rule.id, "control_totals" | "no_lines" | "document_gap" | "volume" | "orphan");
        of_day && is_sales && lacks && !self.serves_earlier
    }

    /// The key of its exception.
    pub fn key(&self) -> String {
        super::keys::key("held_file", &self.branch, self.day, &self.about())
    }

    fn about(&self) -> String {
        about_file(&self.held.source, &self.held.file, self.held.unit.as_ref())
    }
}

/// The newest day each branch has orders of before the as-of day.
pub fn newest_days(scan: &Scan, as_of: i32) -> BTreeMap<&str, i32> {
    let mut newest = BTreeMap::new();
    for day in scan.days.iter().filter(|day| day.day < as_of) {
        let known = newest.entry(day.branch.as_str()).or_insert(day.day);
        *known = day.day.max(*known);
    }
    newest
}

/// One finding a file; files about the same branch and day are one.
pub fn findings(look: &Look<'_>, seen: &Seen) -> Result<Vec<Finding>> {
    let mut found: Vec<Finding> = Vec::new();
    for file in &seen.held_files {
        let Some(mut fresh) = look.finding("held_file", &file.branch, file.day) else { continue };
        fresh.about = file.about();
        fresh.rows.push(Row { file: file.held.file.clone(), entity: file.table.clone(), ..Row::default() });
        fresh.n_rows = 1;
        if let Some(ledger) = &file.held.ledger {
            refused::read_ledger(look.lake, ledger, |row| {
                fresh.rows.push(Row {
                    file: file.held.file.clone(),
                    line: Some(row.line),
                    entity: file.table.clone(),
                    column: super::refused_rules::column_name(&row.column),
                    code: row.code,
                    raw: row.raw,
                    ..Row::default()
                });
                fresh.rows.len() < MOST_ROWS
            })?;
            fresh.n_rows += file.held.rows.map_or(0, |rows| rows.rejected + rows.duplicate);
        }
        // Orders whose lines are in the held file came by half: they are no figure yet.
        if matches!(file.table.as_str(), "order_lines") {
            fresh.orders = orders_without_lines(look, seen, file);
            let chosen = look.settings.rules.get("held_file").and_then(|settings| settings.action);
            let declared = rule_of("held_file").map(|rule| rule.action);
            if !fresh.orders.is_empty() && chosen.is_none() && declared == Some(Action::Warn) {
                fresh.action = Action::Quarantine;
            }
        }
        fresh.held.push(file.held.clone());
        match found.iter_mut().find(|other| other.key() == fresh.key()) {
            Some(other) => {
                other.rows.append(&mut fresh.rows);
                other.held.append(&mut fresh.held);
                other.n_rows += fresh.n_rows;
                other.orders.append(&mut fresh.orders);
                if fresh.action == Action::Quarantine {
                    other.action = fresh.action;
                }
            }
            None => found.push(fresh),
        }
    }
    Ok(found)
}

/// Completed orders without a line, of the branch and day of a file, or of its branch and the days just before.
fn orders_without_lines(look: &Look<'_>, seen: &Seen, file: &HeldFile) -> Vec<u32> {
    let of_file = |place: usize| {
        let day = &seen.scan.days[place];
        let in_time = file.day.map_or(day.day >= look.from() && day.day < look.as_of, |own| own == day.day);
        in_time && (file.branch.is_empty() || file.branch == day.branch)
    };
    let orders = &seen.scan.orders;
    let bare = |key: &u32| orders.completed[*key as usize] && orders.lines[*key as usize] == 0;
    seen.scan.orders_of(of_file).into_iter().filter(bare).collect()
}
