//! The morning's picture: what arrived, what is wrong and how it stands, what may be used. Screen, check.json, report and
//! the files mailed back all show this.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use serde::Serialize;

use super::corrections::{self, Corrections, Fate};
use super::days::{DayKind, Habits};
use super::exceptions::{Book, Decision, Found, State, What};
use super::finding::{Difference, Finding, Row, Suspicion, fingerprint};
use super::gate::{Gate, Held, gate};
use super::held_files;
use super::keys;
use super::ledger::Ledger;
use super::look::{Look, Seen, look};
use super::refused::{Exports, NotAll};
use super::scan::NONE;
use super::settings::Settings;
use super::totals::Mismatch;
use super::view;
use crate::calendar::day_name;
use crate::contracts::rules::{Action, Severity};
use crate::error::Result;
use crate::lake::reader::read;
use crate::lake::{LakeDir, Manifest};

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// The lake.
    pub lake: &'r LakeDir,
    /// What is in force.
    pub manifest: &'r Manifest,
    /// The exports.
    pub exports: Exports<'r>,
    /// The `[check]` section.
    pub settings: &'r Settings,
    /// ISO code of the currency.
    pub currency: &'r str,
    /// Exclusive.
    pub as_of: i32,
    /// Whether the day follows from the data or the configuration, and was not asked for by hand: then what is seen is
    /// written into the ledger, even if somebody looked at a later day before.
    pub is_usual_day: bool,
}

/// Days of the arrival grid.
pub const GRID_DAYS: i32 = 35;

/// The picture.
#[derive(Debug)]
pub struct Picture {
    /// Exclusive: days since 1970-01-01.
    pub as_of: i32,
    /// The branches, in their order.
    pub branches: Vec<Branch>,
    /// What is wrong, the gravest rule first.
    pub exceptions: Vec<Told>,
    /// Branch-days compared with control totals.
    pub compared: u64,
    /// Those that differ.
    pub mismatches: Vec<Mismatch>,
    /// What may be used.
    pub gate: Gate,
    /// Files of which not every refused row was looked at.
    pub not_all: Vec<NotAll>,
    /// Rules of which more rows are wrong than are told.
    pub capped: Vec<&'static str>,
    /// Corrections by what became of them: applied, mended, unfit.
    pub corrections: BTreeMap<&'static str, u64>,
    /// The first day of the grid.
    pub from: i32,
    /// Exceptions that closed today, nobody having decided: what they were about is no longer found.
    pub closed: Vec<String>,
}

impl Picture {
    /// Whether a file is held that nobody has decided about.
    pub fn has_held_files(&self) -> bool {
        self.exceptions.iter().any(|told| told.finding.rule.id == "held_file" && told.state.is_open())
    }

    /// Whether the branch-day of an exception is kept from the figures, for whatever reason.
    pub fn keeps_out(&self, told: &Told) -> bool {
        let day = told.finding.day.map(day_name);
        self.gate.held.iter().any(|held| held.branch == told.finding.branch && Some(&held.day) == day.as_ref())
    }
}

/// A branch on the screen.
#[derive(Debug, Clone, Serialize)]
pub struct Branch {
    /// Its id.
    pub branch: String,
    /// Its name.
    pub name: String,
    /// Who answers for its data.
    pub owner: String,
    /// What became of each day of the grid, the oldest first.
    pub days: Vec<Cell>,
    /// Days since its newest data; `None` where it has none.
    pub days_since_newest: Option<i32>,
}

/// A branch on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// What became of it.
    pub status: Status,
    /// Completed orders.
    pub orders: i64,
    /// Their amount, minor units.
    pub amount_minor: i64,
    /// Versions that came: 2 where it was sent again.
    pub versions: u32,
}

/// What became of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing was expected and nothing came.
    Nothing,
    /// The calendar says closed.
    Closed,
    /// It is there, and nothing is wrong.
    Ok,
    /// It was sent again; the newest version serves.
    Resent,
    /// It came late.
    Late,
    /// It came twice; the first is kept.
    Duplicate,
    /// Part of it is missing.
    Partial,
    /// It should be there, and is not.
    Missing,
    /// A check of severity `error` failed.
    Failed,
    /// It is held back.
    Held,
}

impl Status {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Status::Nothing => "nothing",
            Status::Closed => "closed",
            Status::Ok => "ok",
            Status::Resent => "resent",
            Status::Late => "late",
            Status::Duplicate => "duplicate",
            Status::Partial => "partial",
            Status::Missing => "missing",
            Status::Failed => "failed",
            Status::Held => "held",
        }
    }
}

/// An exception as it is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// What was found; for those that are corrected, what was found before.
    pub finding: Finding,
    /// `rule/branch/day`.
    pub key: String,
    /// How it stands.
    pub state: State,
    /// The as-of day it was first opened at.
    pub opened: i32,
    /// Who answers for it.
    pub owner: String,
    /// The last decision.
    pub decision: Option<Decision>,
    /// What it touches.
    pub touches: Touches,
}

/// What an exception touches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Touches {
    /// Completed orders.
    pub orders: u64,
    /// Their amount, minor units.
    pub amount_minor: i64,
    /// Their customers.
    pub customers: u64,
    /// Items of the follow-up queue about those customers; `None` where there is no queue yet.
    pub queue_items: Option<u64>,
    /// Orders the branch usually has on such a day, where none came.
    pub usual_orders: i64,
    /// Their amount, minor units.
    pub usual_amount_minor: i64,
    /// The customers, by surrogate key.
    #[serde(skip)]
    pub customer_keys: BTreeSet<u32>,
}

impl Told {
    /// Age in days.
    pub fn age(&self, as_of: i32) -> i32 {
        as_of - self.opened
    }

    /// Whether it keeps something from the figures.
    pub fn stops(&self) -> bool {
        self.state == State::Held
            || (self.state.is_open() && matches!(self.finding.action, Action::Hold | Action::Quarantine))
    }
}

/// Looks, folds the ledger, and decides what may be used.
pub fn picture(request: &Request<'_>, ledger: &Ledger) -> Result<Picture> {
    let events = ledger.read()?;
    let mut book = Book::fold(&events, request.as_of);
    let all = corrections::read_all(request.lake, request.manifest)?;
    let decimals = request.exports.decimals;
    let mut corrections = Corrections::new(request.lake, request.manifest, all, decimals)?;
    let indonesian_holidays = match request.settings.holidays.as_deref() {
        Some(holidays) => holidays == "id",
        None => request.currency == "IDR",
    };
    // What is seen for the first time today counts as seen today, also for what is looked for today.
    let fresh: Vec<String> = request
        .manifest
        .batches
        .iter()
        .filter(|batch| !book.arrivals.first_seen.contains_key(&batch.id))
        .map(|batch| batch.id.clone())
        .collect();
    let mut news = Vec::new();
    if !fresh.is_empty() || !book.arrivals.checked.contains(&request.as_of) {
        news.push(What::Checked { batches: fresh });
        news.iter().for_each(|what| book.apply(request.as_of, what));
    }
    let arrivals = book.arrivals.clone();
    let at = |manifest| Look {
        lake: request.lake,
        manifest,
        exports: request.exports,
        settings: request.settings,
        indonesian_holidays,
        as_of: request.as_of,
        is_usual_day: request.is_usual_day,
        arrivals: &arrivals,
    };
    let mended = view::corrected(request.lake, request.manifest, &mut corrections)?;
    let has_corrections = corrections.iter().any(|(_, fate)| fate == Fate::Applied);
    let mut seen = look(&at(&mended.manifest))?;
    unfit_corrections(&at(&mended.manifest), &corrections, &mut seen);
    let before = match has_corrections {
        true => look(&at(request.manifest))?.findings,
        false => Vec::new(),
    };
    let remaining: BTreeSet<String> = seen.findings.iter().map(Finding::key).collect();
    let put_right: Vec<Finding> = before.into_iter().filter(|finding| !remaining.contains(&finding.key())).collect();
    hold_by_hand(&at(&mended.manifest), &book, &mut seen);
    let owners = owners(request.lake, request.manifest)?;
    let owner = |branch: &str| owners.get(branch).map_or(String::new(), |(_, owner)| owner.clone());
    let shared = shared_fingerprints(&seen.findings);
    let found = |finding: &Finding, is_corrected: bool| Found {
        key: finding.key(),
        owner: owner(&finding.branch),
        fingerprint: finding.fingerprint(),
        is_corrected,
        shared_fingerprint: keys::shared_before(&finding.key()).and_then(|key| shared.get(&key).cloned()),
    };
    let mut all: Vec<Found> = seen.findings.iter().map(|finding| found(finding, false)).collect();
    all.extend(put_right.iter().map(|finding| found(finding, true)));
    all.retain(|found| !found.key.starts_with("held/"));
    let from = request.as_of - request.settings.window_days as i32;
    let earlier_today = events.iter().filter(|event| event.at == day_name(request.as_of)).map(|event| &event.what);
    let mut closed: BTreeSet<String> = closed_in(earlier_today).collect();
    let events = book.observe(&all, from, request.as_of);
    closed.extend(closed_in(events.iter()));
    events.iter().for_each(|what| book.apply(request.as_of, what));
    news.extend(events);
    // Who looks back sees the ledger as it stood, and changes nothing in it.
    if request.is_usual_day || book.newest.is_none_or(|newest| request.as_of >= newest) {
        ledger.append(request.as_of, news)?;
    }
    closed.retain(|key| book.exceptions.get(key).is_some_and(|exception| exception.state == State::Closed));
    let closed: Vec<String> = closed.into_iter().collect();
    let gate = gate(request.lake, &mended.manifest, &seen, &book)?;
    let exceptions = told(&seen, put_right, &book, request.as_of);
    let branches = branches(request, &seen, &owners, &exceptions, &gate.held);
    let mut fates = BTreeMap::new();
    for (_, fate) in corrections.iter() {
        let name = match fate {
            Fate::Applied => "applied",
            Fate::Mended => "mended",
            Fate::Unfit | Fate::Impossible => "unfit",
        };
        *fates.entry(name).or_default() += 1;
    }
    Ok(Picture {
        as_of: request.as_of,
        branches,
        exceptions,
        compared: seen.compared,
        mismatches: seen.mismatches,
        gate: Gate { view: kept(gate.view, mended), ..gate },
        not_all: seen.not_all,
        capped: seen.capped,
        closed,
        corrections: fates,
        from: request.as_of - GRID_DAYS.min(request.settings.window_days as i32),
    })
}

/// The keys that events close; not those that only got a key of their own.
fn closed_in<'e>(events: impl Iterator<Item = &'e What> + Clone) -> impl Iterator<Item = String> {
    let split: BTreeSet<&String> =
        events.clone().filter_map(|what| if let What::Split { from, .. } = what { Some(from) } else { None }).collect();
    let closed = events.filter_map(move |what| match what {
        What::Closed { key } if !split.contains(key) => Some(key.clone()),
        _ => None,
    });
    closed.collect::<Vec<String>>().into_iter()
}

/// A view whose files rest on another view's.
fn kept(mut view: view::View, under: view::View) -> view::View {
    view.rest_on(under);
    view
}

/// Corrections that fit nothing are told, so that nobody believes in them.
fn unfit_corrections(look: &Look<'_>, corrections: &Corrections, seen: &mut Seen) {
    let unfit = corrections.iter().filter(|(_, fate)| matches!(fate, Fate::Unfit | Fate::Impossible));
    for (correction, _) in unfit {
        let Some(mut finding) = look.finding("unfit_correction", "", None) else { return };
        let line = correction.line_no.map_or_else(String::new, |number| format!("{number}/"));
        finding.about = format!("{}/{}/{line}{}", correction.entity, correction.id, correction.column);
        let row = Row {
            document: correction.id.clone(),
            line_no: correction.line_no,
            value: format!("{}.{} = {}", correction.entity, correction.column, correction.was),
            expected: correction.now.clone(),
            ..Row::default()
        };
        match seen.findings.iter_mut().find(|other| other.rule.id == "unfit_correction" && other.about == finding.about)
        {
            Some(other) => {
                other.rows.push(row);
                other.n_rows += 1;
            }
            None => {
                finding.rows.push(row);
                finding.n_rows = 1;
                seen.findings.push(finding);
            }
        }
    }
}

/// What findings that are of no day came to together, under the key they shared in older ledgers.
fn shared_fingerprints(findings: &[Finding]) -> BTreeMap<String, String> {
    let mut together: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        if let Some(key) = keys::shared_before(&finding.key()) {
            together.entry(key).or_default().push(finding);
        }
    }
    together.into_iter().map(|(key, findings)| (key, fingerprint(&findings))).collect()
}

/// What the administrator holds back by hand, as findings.
fn hold_by_hand(look: &Look<'_>, book: &Book, seen: &mut Seen) {
    for (branch, day) in book.held_by_hand() {
        seen.findings.extend(look.finding("held", branch, Some(day)));
    }
}

/// Name and administrator of each branch.
fn owners(lake: &LakeDir, manifest: &Manifest) -> Result<BTreeMap<String, (String, String)>> {
    let mut owners = BTreeMap::new();
    for file in manifest.files("branches") {
        for rows in read(lake, file, &["branch_id", "name", "administrator"], &[])? {
            let text = |column: usize, row: usize| {
                let column = rows.column(column).as_string::<i32>();
                if column.is_valid(row) { column.value(row).to_string() } else { String::new() }
            };
            for row in 0..rows.num_rows() {
                owners.insert(text(0, row), (text(1, row), text(2, row)));
            }
        }
    }
    Ok(owners)
}

/// Findings with how they stand and what they touch.
fn told(seen: &Seen, put_right: Vec<Finding>, book: &Book, as_of: i32) -> Vec<Told> {
    let mut all: Vec<Finding> = seen.findings.clone();
    all.extend(put_right);
    let touched = touches(seen, &all);
    all.into_iter()
        .zip(touched)
        .map(|(finding, touches)| {
            let key = finding.key();
            let known = book.exceptions.get(&key);
            Told {
                state: known.map_or(State::Open, |exception| exception.state),
                opened: known.map_or(as_of, |exception| exception.opened),
                owner: known.map_or(String::new(), |exception| exception.owner.clone()),
                decision: known.and_then(|exception| exception.decision.clone()),
                key,
                finding,
                touches,
            }
        })
        .collect()
}

/// What findings touch: the orders at fault, or all of the day where the day is.
fn touches(seen: &Seen, findings: &[Finding]) -> Vec<Touches> {
    let orders = &seen.scan.orders;
    let mut by_group: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let whole_day = |finding: &Finding| {
        let place = finding.day.and_then(|day| seen.scan.find(&finding.branch, day));
        let whole = finding.orders.is_empty() && finding.rule.table != "customers";
        place.filter(|_| whole && (finding.rule.id != "held_file"))
    };
    let wanted: BTreeSet<u32> = findings.iter().filter_map(whole_day).map(|place| place as u32).collect();
    for (key, group) in orders.group.iter().enumerate().filter(|(_, group)| **group != NONE && wanted.contains(group)) {
        by_group.entry(*group).or_default().push(key as u32);
    }
    findings
        .iter()
        .map(|finding| {
            let of_day = whole_day(finding).and_then(|place| by_group.get(&(place as u32)));
            let keys = of_day.map_or(finding.orders.as_slice(), Vec::as_slice);
            let (usual_orders, usual_amount_minor) = finding.usual.unwrap_or_default();
            let mut touches = Touches { usual_orders, usual_amount_minor, ..Touches::default() };
            for key in keys.iter().map(|key| *key as usize).filter(|key| orders.completed[*key]) {
                touches.orders += 1;
                touches.amount_minor += orders.amount[key];
                touches.customer_keys.extend(Some(orders.customer[key]).filter(|customer| *customer != NONE));
            }
            touches.customers = touches.customer_keys.len() as u64;
            if finding.rule.table == "customers" {
                touches.customers = finding.rows.iter().map(|row| &row.document).collect::<BTreeSet<_>>().len() as u64;
            }
            touches
        })
        .collect()
}

/// The arrival grid.
fn branches(
    request: &Request<'_>,
    seen: &Seen,
    owners: &BTreeMap<String, (String, String)>,
    exceptions: &[Told],
    held: &[Held],
) -> Vec<Branch> {
    let mut names: BTreeSet<&str> = owners.keys().map(String::as_str).collect();
    names.extend(seen.scan.days.iter().map(|day| day.branch.as_str()));
    let files = seen.held_files.iter().filter(|file| matches!(file.table.as_str(), "orders" | "order_lines" | "flat"));
    names.extend(files.map(|file| file.branch.as_str()).filter(|branch| !branch.is_empty()));
    let held: BTreeSet<(&str, &str)> = held.iter().map(|held| (held.branch.as_str(), held.day.as_str())).collect();
    let mut by_day: BTreeMap<(&str, i32), Vec<&Told>> = BTreeMap::new();
    for told in exceptions.iter().filter(|told| told.state.is_open()) {
        if let Some(day) = told.finding.day {
            by_day.entry((told.finding.branch.as_str(), day)).or_default().push(told);
        }
    }
    let open: BTreeSet<&str> =
        exceptions.iter().filter(|told| told.state.is_open()).map(|told| told.key.as_str()).collect();
    let held_files: Vec<_> = seen.held_files.iter().filter(|file| open.contains(file.key().as_str())).collect();
    let habits = Habits::new(&seen.scan, &seen.calendar);
    let newest = held_files::newest_days(&seen.scan, request.as_of);
    let from = request.as_of - GRID_DAYS.min(request.settings.window_days as i32);
    names
        .into_iter()
        .map(|branch| {
            let cell = |day: i32| {
                let place = seen.scan.find(branch, day);
                let own = place.map(|place| &seen.scan.days[place]);
                let open = by_day.get(&(branch, day)).map_or(&[][..], Vec::as_slice);
                let closed = seen.calendar.kind(branch, day) == DayKind::Closed;
                // A file of that very day, or one the day would be in had it not been held.
                let in_held_file = held_files.iter().any(|file| {
                    let expected = own.is_none() && !closed && habits.expects(branch, day);
                    (file.day == Some(day) && file.branch == branch)
                        || (expected && file.would_bring(branch, day, newest.get(branch).copied()))
                });
                let is_held = in_held_file || held.contains(&(branch, day_name(day).as_str()));
                Cell {
                    status: status(open, is_held, closed, own.is_some(), {
                        let late = seen.late.contains_key(&(branch.to_string(), day));
                        (late, own.is_some_and(|own| !own.replaced.is_empty()))
                    }),
                    orders: own.map_or(0, |own| own.totals.orders),
                    amount_minor: own.map_or(0, |own| own.totals.amount),
                    versions: own.map_or(0, |own| own.versions(request.manifest)),
                }
            };
            let (name, owner) = owners.get(branch).cloned().unwrap_or_default();
            Branch {
                branch: branch.to_string(),
                name,
                owner,
                days: (from..request.as_of).map(cell).collect(),
                days_since_newest: newest.get(branch).map(|day| request.as_of - 1 - day),
            }
        })
        .collect()
}

impl super::scan::BranchDay {
    /// Versions of it that came: the one in force, and one more for each time a file of it was replaced.
    fn versions(&self, manifest: &Manifest) -> u32 {
        let mut by_table: BTreeMap<&str, u32> = BTreeMap::new();
        for batch in &self.replaced {
            *by_table.entry(manifest.batches[*batch as usize].table.as_str()).or_default() += 1;
        }
        1 + by_table.values().copied().max().unwrap_or(0)
    }
}

fn status(open: &[&Told], held: bool, closed: bool, there: bool, (late, resent): (bool, bool)) -> Status {
    let has = |rule: &str| open.iter().any(|told| told.finding.rule.id == rule);
    // Where nothing came, nothing can be held.
    if has("missing_day") {
        return Status::Missing;
    }
    if held {
        return Status::Held;
    }
    if has("no_lines") || open.iter().any(|told| told.fewer_came()) {
        return Status::Partial;
    }
    if open.iter().any(|told| told.finding.severity == Severity::Error) {
        return Status::Failed;
    }
    let repeated = open.iter().find(|told| told.finding.rule.id == "repeated_key");
    if repeated.is_some_and(|told| told.finding.n_rows >= told.touches.orders.max(3)) {
        return Status::Duplicate;
    }
    match (there, closed) {
        (true, _) if late => Status::Late,
        (true, _) if resent => Status::Resent,
        (true, _) => Status::Ok,
        (false, true) => Status::Closed,
        (false, false) => Status::Nothing,
    }
}

impl Told {
    /// Whether control totals count more orders or lines than came.
    fn fewer_came(&self) -> bool {
        use super::finding::Value::Count;
        let fewer = |difference: &Difference| match (&difference.stated, &difference.arrived) {
            (Count(stated), Count(arrived)) => {
                matches!(difference.what, "orders" | "order_lines" | "rows") && stated > arrived
            }
            _ => false,
        };
        matches!(self.finding.rule.id, "control_totals" | "file_totals") && self.finding.differences.iter().any(fewer)
    }

    /// The likeliest cause.
    pub fn cause(&self) -> Option<&Suspicion> {
        self.finding.causes.first()
    }
}
