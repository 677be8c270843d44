//! Rules about whole days of a branch: missing, late, repeated, odd, incomplete.

use std::collections::BTreeMap;

use super::copies;
use super::days::{DayKind, Habits};
use super::finding::{Difference, Finding, Row, Value};
use super::held_files::newest_days;
use super::look::{Look, Seen};
use super::scan::{NONE, Scan};
use super::sequences::{Gap, Sequences, first_of_branch};
use super::totals::each_order_id;
use super::volume;
use crate::calendar::day_name;
use crate::error::Result;

/// Missing days, copies, odd numbers of orders, orders without lines.
pub fn findings(look: &Look<'_>, seen: &Seen, habits: &Habits<'_>) -> Result<Vec<Finding>> {
    let mut found = missing_days(look, seen, habits);
    let (scan, from, to) = (&seen.scan, look.from(), look.as_of);
    for copy in copies::copies(scan, from, to, look.settings.limit("stale_copy")) {
        let day = &scan.days[copy.place];
        let Some(mut finding) = look.finding("stale_copy", &day.branch, Some(day.day)) else { continue };
        finding.differences.push(Difference {
            what: "copied_day",
            stated: Value::Text(day_name(copy.of)),
            arrived: Value::Count((copy.share * 100.0).round() as i64),
        });
        found.push(finding);
    }
    for odd in volume::odd_days(scan, &seen.calendar, habits, from, to, look.settings.limit("volume")) {
        let day = &scan.days[odd.place];
        let Some(mut finding) = look.finding("volume", &day.branch, Some(day.day)) else { continue };
        finding.differences.push(Difference {
            what: "orders",
            stated: Value::Count(odd.usual),
            arrived: Value::Count(odd.orders),
        });
        found.push(finding);
    }
    for day in scan.days.iter().filter(|day| day.without_lines > 0) {
        let Some(mut finding) = look.finding("no_lines", &day.branch, Some(day.day)) else { continue };
        finding.differences.push(Difference {
            what: "orders",
            stated: Value::Count(day.totals.orders),
            arrived: Value::Count(day.totals.orders - day.without_lines),
        });
        found.push(finding);
    }
    Ok(found)
}

/// Days the branch was expected to sell on, by its habit, the calendar or its own totals, and nothing came.
fn missing_days(look: &Look<'_>, seen: &Seen, habits: &Habits<'_>) -> Vec<Finding> {
    let mut branches: Vec<&str> = seen.scan.days.iter().map(|day| day.branch.as_str()).collect();
    branches.dedup();
    let newest = newest_days(&seen.scan, look.as_of);
    let mut found = Vec::new();
    for branch in branches.into_iter().filter(|branch| !branch.is_empty()) {
        for day in look.from()..look.as_of {
            if seen.scan.find(branch, day).is_some() {
                continue;
            }
            let stated = seen.stated.of(branch, day);
            let expected = match stated {
                Some(stated) => stated.rows > 0,
                None => habits.expects(branch, day),
            };
            let closed = seen.calendar.kind(branch, day) == DayKind::Closed;
            // A day that came in a file which is held is not missing.
            let newest = newest.get(branch).copied();
            let is_held = seen.held_files.iter().any(|file| file.would_bring(branch, day, newest));
            if expected && !is_held && !(closed && stated.is_none()) {
                let missing = look.finding("missing_day", branch, Some(day));
                found.extend(missing.map(|finding| Finding { usual: habits.usual(branch, day), ..finding }));
            }
        }
    }
    found
}

/// Gaps in the numbering of documents of the days just before the as-of day.
pub fn gaps(look: &Look<'_>, seen: &Seen) -> Result<Vec<Gap>> {
    let firsts = first_of_branch(&seen.scan);
    let mut sequences = Sequences::default();
    let (from, to) = (look.from(), look.as_of);
    // A control total may differ on any day: the numbers of such days are looked at, too.
    let differs: std::collections::BTreeSet<usize> =
        seen.mismatches.iter().filter_map(|mismatch| seen.scan.find(&mismatch.branch, mismatch.day)).collect();
    each_order_id(look.lake, look.manifest, |key, id| {
        let group = seen.scan.orders.group[key as usize];
        if group == NONE {
            return;
        }
        let day = seen.scan.days[group as usize].day;
        if (from..to).contains(&day) || differs.contains(&(group as usize)) {
            sequences.add(group, &seen.scan, &firsts, id);
        }
    })?;
    Ok(sequences.gaps(&seen.scan, look.settings.limit("document_gap")))
}

/// The gaps of the window as findings, one a branch and day.
pub fn gap_findings(look: &Look<'_>, gaps: &[Gap]) -> Vec<Finding> {
    let mut found: BTreeMap<(String, i32), Finding> = BTreeMap::new();
    for gap in gaps.iter().filter(|gap| gap.day >= look.from()) {
        let Some(fresh) = look.finding("document_gap", &gap.branch, Some(gap.day)) else { continue };
        let finding = found.entry((gap.branch.clone(), gap.day)).or_insert(fresh);
        finding.n_rows += gap.missing;
        for id in &gap.ids {
            finding.rows.push(Row { document: id.clone(), ..Row::default() });
        }
    }
    found.into_values().collect()
}

/// How many days too late each branch-day was first seen. Late is what an earlier check should have seen and did not;
/// what was there at the first check of all is not judged.
pub fn late(look: &Look<'_>, scan: &Scan) -> BTreeMap<(String, i32), i32> {
    let mut late = BTreeMap::new();
    let Some(baseline) = look.arrivals.checked.first() else { return late };
    let allowed = look.settings.limit("late_day") as i32;
    for day in scan.days.iter().filter(|day| (look.from()..look.as_of).contains(&day.day)) {
        let batches =
            day.batches.iter().chain(&day.replaced).filter_map(|place| look.manifest.batches.get(*place as usize));
        let first = batches.filter_map(|batch| look.arrivals.first_seen.get(&batch.id)).min();
        let due = day.day + 1 + allowed;
        let late_from = first.filter(|first| **first > due && *first > baseline);
        if let Some(first) = late_from.filter(|first| look.arrivals.checked.range(due..**first).next().is_some()) {
            late.insert((day.branch.clone(), day.day), first - day.day - 1);
        }
    }
    late
}

/// Late days as findings on the day they came: what is late cannot be mended, and is told once. The grid shows it on.
pub fn late_findings(look: &Look<'_>, late: &BTreeMap<(String, i32), i32>) -> Vec<Finding> {
    late.iter()
        .filter(|((_, day), days)| day + 1 + **days == look.as_of)
        .filter_map(|((branch, day), days)| {
            let mut finding = look.finding("late_day", branch, Some(*day))?;
            finding.differences.push(Difference {
                what: "days_late",
                stated: Value::Count(0),
                arrived: Value::Count(i64::from(*days)),
            });
            Some(finding)
        })
        .collect()
}
