//! Looks at the lake through every rule, and names the rows.

use std::collections::{BTreeMap, BTreeSet};

use super::days::{Calendar, Habits};
use super::details::{self, Place};
use super::finding::{Finding, MOST_ROWS, Row, Suspicion};
use super::held_files::{self, HeldFile};
use super::refused::{self, Exports, NotAll, Refused};
use super::scan::{self, NONE, Scan};
use super::settings::Settings;
use super::totals::{self, AllStated, Ids, Mismatch};
use super::{day_rules, file_rules, flat_customers, hq, master_rules, refused_rules, row_rules, total_rules};
use crate::contracts::rules::{RULES, rule_of};
use crate::error::Result;
use crate::ingest::original;
use crate::lake::{LakeDir, Manifest};

/// What is looked at, and how.
#[derive(Clone, Copy)]
pub struct Look<'l> {
    /// The lake.
    pub lake: &'l LakeDir,
    /// What of it is in force.
    pub manifest: &'l Manifest,
    /// The exports it came from, to show rows as they came.
    pub exports: Exports<'l>,
    /// What is checked.
    pub settings: &'l Settings,
    /// Whether the public holidays of Indonesia count.
    pub indonesian_holidays: bool,
    /// Exclusive: days from here on are not seen.
    pub as_of: i32,
    /// Whether the as-of day follows from the data or the configuration, and was not asked for by hand.
    pub is_usual_day: bool,
    /// The as-of day each batch was first seen at, by batch id, and the days on which somebody looked.
    pub arrivals: &'l Arrivals,
}

/// When batches were first seen.
#[derive(Debug, Clone, Default)]
pub struct Arrivals {
    /// By batch id: the as-of day of the first check that saw it.
    pub first_seen: BTreeMap<String, i32>,
    /// The as-of days of all checks.
    pub checked: BTreeSet<i32>,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Everything counted.
    pub scan: Scan,
    /// The calendar.
    pub calendar: Calendar,
    /// What the branches say.
    pub stated: AllStated,
    /// The refused rows.
    pub refused: Vec<Refused>,
    /// The files that were set aside whole.
    pub held_files: Vec<HeldFile>,
    /// Files of which not every refused row was looked at.
    pub not_all: Vec<NotAll>,
    /// Rules of which more rows are wrong than [`scan::MOST`]: the first are told and acted on.
    pub capped: Vec<&'static str>,
    /// Branch-days compared with control totals.
    pub compared: u64,
    /// Those that differ.
    pub mismatches: Vec<Mismatch>,
    /// Days late, by branch and day.
    pub late: BTreeMap<(String, i32), i32>,
    /// What is wrong, in the order of the rules, then branch and day.
    pub findings: Vec<Finding>,
}

impl Look<'_> {
    /// A finding to be filled.
    pub fn finding(&self, rule: &str, branch: &str, day: Option<i32>) -> Option<Finding> {
        let rule = rule_of(rule)?;
        Some(Finding {
            rule,
            severity: self.settings.severity(rule),
            action: self.settings.action(rule),
            branch: branch.to_string(),
            day,
            about: String::new(),
            differences: Vec::new(),
            rows: Vec::new(),
            n_rows: 0,
            causes: Vec::new(),
            orders: Vec::new(),
            held: Vec::new(),
            usual: None,
        })
    }

    /// The first day of those just before the as-of day.
    pub fn from(&self) -> i32 {
        self.as_of - self.settings.window_days as i32
    }

    /// Money as it is written in corrections: plain, with all decimals.
    pub fn plain(&self, minor: i64) -> String {
        plain_money(minor, self.exports.decimals)
    }
}

/// Money without separators, with all decimals.
pub fn plain_money(minor: i64, decimals: u32) -> String {
    let width = decimals as usize + 1;
    let digits = format!("{:0width$}", minor.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - decimals as usize);
    let sign = if minor < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Looks through every rule.
pub fn look(look: &Look<'_>) -> Result<Seen> {
    let tolerance = tolerance(look, "line_total");
    let scan = scan::scan(look.lake, look.manifest, tolerance)?;
    let calendar = Calendar::read(look.lake, look.manifest, look.indonesian_holidays)?;
    let stated = totals::stated(look.lake, look.manifest)?;
    let ids: Vec<Ids> = if stated.has_ids() { totals::ids(look.lake, look.manifest, &scan)? } else { Vec::new() };
    let (compared, mut mismatches) = totals::compare(&stated, &scan, &ids);
    mismatches.retain(|mismatch| mismatch.day < look.as_of);
    let (mut refused, not_all) = refused::refused(look.lake, look.manifest, look.exports)?;
    refused_rules::place(look, &scan, &mut refused)?;
    let held_files = held_files::held_files(look);
    let mut seen =
        Seen { scan, calendar, stated, refused, held_files, not_all, compared, mismatches, ..Seen::default() };
    let mut findings = held_files::findings(look, &seen)?;
    {
        let habits = Habits::new(&seen.scan, &seen.calendar);
        findings.extend(day_rules::findings(look, &seen, &habits)?);
    }
    let gaps = day_rules::gaps(look, &seen)?;
    findings.extend(day_rules::gap_findings(look, &gaps));
    findings.extend(total_rules::findings(look, &seen, &gaps)?);
    findings.extend(file_rules::findings(look, &seen, &gaps)?);
    findings.extend(hq::findings(look, &seen)?);
    let (of_rows, capped) = row_rules::findings(look, &seen)?;
    findings.extend(of_rows);
    seen.capped = capped;
    findings.extend(refused_rules::findings(look, &seen)?);
    findings.extend(master_rules::findings(look, &seen)?);
    findings.extend(flat_customers::findings(look, &seen)?);
    seen.late = day_rules::late(look, &seen.scan);
    findings.extend(day_rules::late_findings(look, &seen.late));
    // What is missing because a file is held is told with that file.
    findings.retain(|finding| !seen.held_files.iter().any(|file| file.explains(finding)));
    // A mistyped day lies after the as-of day because that does not follow it.
    let is_seen = |finding: &Finding| {
        let later = look.is_usual_day && finding.rule.id == "future_date";
        later || finding.day.is_none_or(|day| day < look.as_of)
    };
    findings.retain(|finding| look.settings.is_on(finding.rule.id) && is_seen(finding));
    let place = |finding: &Finding| RULES.iter().position(|rule| rule.id == finding.rule.id);
    findings.sort_by(|a, b| (place(a), &a.branch, a.day, &a.about).cmp(&(place(b), &b.branch, b.day, &b.about)));
    name_rows(look, &mut findings)?;
    seen.findings = findings;
    Ok(seen)
}

/// A rule's limit in minor units.
pub fn tolerance(look: &Look<'_>, rule: &str) -> i64 {
    (look.settings.limit(rule) * 10_f64.powi(look.exports.decimals as i32)) as i64
}

/// Finds file, line and text of every row that is told of.
fn name_rows(look: &Look<'_>, findings: &mut [Finding]) -> Result<()> {
    let mut wanted: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for place in findings.iter_mut().flat_map(rows_of).map(|row| row.place).filter(|place| place.batch != NONE) {
        wanted.entry(place.batch).or_default().insert(place.row);
    }
    let mut found: BTreeMap<Place, original::Original> = BTreeMap::new();
    for (batch, rows) in &wanted {
        let Some((source, layout)) = look.exports.layout(look.manifest, *batch) else { continue };
        let known = &look.manifest.batches[*batch as usize];
        let refused = match &known.ledger {
            Some(ledger) => refused::numbers(look.lake, ledger)?,
            None => BTreeSet::new(),
        };
        let path = look.exports.project.join(&known.file);
        // An export that has gone or was cut off since is no reason not to show the rest.
        let Ok(originals) = original::rows(&known.source, source, &path, layout.fields, &refused, rows) else {
            continue;
        };
        found.extend(originals.into_iter().map(|(row, text)| (Place { batch: *batch, row }, text)));
    }
    for row in findings.iter_mut().flat_map(rows_of).filter(|row| row.place.batch != NONE) {
        let batch = &look.manifest.batches[row.place.batch as usize];
        row.file.clone_from(&batch.file);
        row.entity = if batch.table == "flat" { "order_lines".into() } else { batch.table.clone() };
        if let Some(original) = found.get(&row.place) {
            row.line = Some(original.line);
            row.raw.clone_from(&original.text);
        }
    }
    Ok(())
}

fn rows_of(finding: &mut Finding) -> impl Iterator<Item = &mut Row> {
    finding.rows.iter_mut().chain(finding.causes.iter_mut().map(|suspicion: &mut Suspicion| &mut suspicion.row))
}

/// Collects findings by branch and day, and by what those without a day are about.
#[derive(Default)]
pub struct ByDay {
    findings: BTreeMap<(&'static str, String, Option<i32>, String), Finding>,
}

impl ByDay {
    /// Adds a row to the finding of a rule, branch and day, and the order it is of. `about` is what a finding without a
    /// day is about.
    pub fn add(
        &mut self,
        look: &Look<'_>,
        rule: &'static str,
        (branch, day, about): (&str, Option<i32>, &str),
        order: Option<u32>,
        row: Row,
    ) {
        let Some(fresh) = look.finding(rule, branch, day) else { return };
        let about = if day.is_none() { about } else { "" };
        let finding = self.findings.entry((rule, branch.to_string(), day, about.to_string()));
        let finding = finding.or_insert(Finding { about: about.to_string(), ..fresh });
        finding.n_rows += 1;
        if finding.rows.len() < MOST_ROWS {
            finding.rows.push(row);
        }
        finding.orders.extend(order);
    }

    /// The findings; each order once.
    pub fn finish(self) -> Vec<Finding> {
        self.findings
            .into_values()
            .map(|mut finding| {
                finding.orders.sort_unstable();
                finding.orders.dedup();
                finding
            })
            .collect()
    }
}

/// The documents of orders, by key: at most [`scan::MOST`].
pub fn documents(look: &Look<'_>, mut keys: Vec<u32>) -> Result<BTreeMap<u32, details::Document>> {
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(scan::MOST);
    details::documents(look.lake, look.manifest, &keys)
}
