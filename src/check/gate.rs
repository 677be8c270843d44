//! What may be used: days held back stay out, or the version before serves; documents in quarantine stay out; everything
//! else goes on.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::exceptions::{Book, State};
use super::look::Seen;
use super::scan::NONE;
use super::view::{View, without_orders};
use crate::calendar::day_name;
use crate::contracts::rules::Action;
use crate::error::Result;
use crate::lake::{LakeDir, Manifest};

/// What is kept from the figures.
#[derive(Debug)]
pub struct Gate {
    /// The lake as it may be used.
    pub view: View,
    /// The branch-days held back.
    pub held: Vec<Held>,
    /// Orders in quarantine.
    pub quarantined: u64,
    /// Whether nothing may be published: every branch that sent something is held.
    pub nothing: bool,
}

/// A branch-day held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The branch.
    pub branch: String,
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// The exceptions it is held for.
    pub keys: Vec<String>,
    /// What serves in its place: `nothing`, or `earlier`: the version that was replaced.
    pub serves: &'static str,
    /// Orders that are kept out.
    pub orders: i64,
    /// Their amount, minor units.
    pub amount_minor: i64,
}

/// Decides by findings and their states. `manifest` is what `seen` was seen of.
pub fn gate(lake: &LakeDir, manifest: &Manifest, seen: &Seen, book: &Book) -> Result<Gate> {
    let (mut held, mut quarantine) = (BTreeMap::<(String, i32), Vec<String>>::new(), BTreeSet::<u32>::new());
    for finding in &seen.findings {
        let key = finding.key();
        let state = book.exceptions.get(&key).map_or(State::Open, |exception| exception.state);
        match (state, finding.action, finding.day) {
            (State::Held, _, Some(day)) | (State::Open | State::Reopened, Action::Hold, Some(day)) => {
                held.entry((finding.branch.clone(), day)).or_default().push(key);
            }
            (State::Open | State::Reopened, Action::Quarantine, _) => quarantine.extend(&finding.orders),
            _ => {}
        }
    }
    for (branch, day) in book.held_by_hand() {
        let key = format!("held/{branch}/{}", day_name(day));
        held.entry((branch.to_string(), day)).or_default().push(key);
    }
    let held_branches: BTreeSet<&str> = held.keys().map(|(branch, _)| branch.as_str()).collect();
    let branches: BTreeSet<&str> = seen.scan.days.iter().map(|day| day.branch.as_str()).collect();
    let nothing = !held.is_empty() && branches.iter().all(|branch| held_branches.contains(branch));
    if held.is_empty() && quarantine.is_empty() {
        return Ok(Gate { view: View::whole(manifest), held: Vec::new(), quarantined: 0, nothing });
    }
    let (reverted, served_earlier) = revert(manifest, seen, book, &held);
    let mut left_out = vec![false; seen.scan.orders.group.len()];
    let mut rows = Vec::new();
    for ((branch, day), keys) in held {
        let place = seen.scan.find(&branch, day);
        let totals = place.map(|place| seen.scan.days[place].totals).unwrap_or_default();
        let earlier = served_earlier.contains(&(branch.clone(), day));
        if let (Some(place), false) = (place, earlier) {
            for key in seen.scan.orders_of(|group| group == place) {
                left_out[key as usize] = true;
            }
        }
        rows.push(Held {
            branch,
            day: day_name(day),
            keys,
            serves: if earlier { "earlier" } else { "nothing" },
            orders: totals.orders,
            amount_minor: totals.amount,
        });
    }
    let mut quarantined = 0;
    for key in quarantine {
        quarantined += u64::from(!left_out[key as usize]);
        left_out[key as usize] = true;
    }
    let view = match left_out.iter().any(|out| *out) {
        true => without_orders(lake, &reverted, &left_out)?,
        false => View::whole(&reverted),
    };
    Ok(Gate { view, held: rows, quarantined, nothing })
}

/// Puts the version before in the place of files that broke a day which was good until they came. Only files of a single
/// branch are put back: others would take good data of other branches with them.
fn revert(
    manifest: &Manifest,
    seen: &Seen,
    book: &Book,
    held: &BTreeMap<(String, i32), Vec<String>>,
) -> (Manifest, BTreeSet<(String, i32)>) {
    let mut branches: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    let scan = &seen.scan;
    for day in &scan.days {
        for batch in &day.batches {
            branches.entry(*batch).or_default().insert(&day.branch);
        }
    }
    let mut view = manifest.clone();
    let mut earlier = BTreeSet::new();
    for ((branch, day), keys) in held {
        let Some(place) = scan.find(branch, *day) else { continue };
        let resent: Vec<u32> = scan.days[place]
            .batches
            .iter()
            .copied()
            .filter(|batch| *batch != NONE && branches.get(batch).is_some_and(|branches| branches.len() == 1))
            .filter(|batch| replaced_by(manifest, *batch).next().is_some())
            .collect();
        let came = resent
            .iter()
            .filter_map(|batch| book.arrivals.first_seen.get(&manifest.batches[*batch as usize].id).copied());
        let Some(came) = came.max() else { continue };
        // The version before is only as good as it was found to be: nothing was open before this one came.
        let good_before =
            keys.iter().all(|key| book.exceptions.get(key).is_some_and(|exception| exception.reopened >= came));
        if !good_before {
            continue;
        }
        for batch in resent {
            let number = batch as usize;
            let before: Vec<usize> = replaced_by(manifest, batch).collect();
            view.batches[number].superseded_by = Some(format!("{} (held)", manifest.batches[number].id));
            for old in before {
                view.batches[old].superseded_by = None;
            }
        }
        earlier.insert((branch.clone(), *day));
    }
    (view, earlier)
}

/// The batches a batch took the place of.
fn replaced_by(manifest: &Manifest, batch: u32) -> impl Iterator<Item = usize> {
    let id = &manifest.batches[batch as usize].id;
    let table = &manifest.batches[batch as usize].table;
    let of = move |(_, old): &(usize, &crate::lake::Batch)| {
        old.superseded_by.as_deref() == Some(id) && old.table == *table && old.id != *id
    };
    manifest.batches.iter().enumerate().filter(of).map(|(place, _)| place)
}
