//! Runs analyses and marts over the lake, side by side where they do not wait for each other, checks what comes out
//! against the contracts, and publishes it in one step.

pub mod earlier;
pub mod lock;
pub mod publish;
pub mod record;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use polars::prelude::DataFrame;
use rayon::prelude::*;

use crate::analyses::earlier::EarlierRuns;
use crate::analyses::{Analyses, Analysis, Inputs, Results};
use crate::contracts::Table;
use crate::contracts::results::{CUSTOMERS, SEGMENT_MEMBERS, SEGMENT_OVERLAPS, SEGMENTS};
use crate::error::{Error, Result};
use crate::facts::{self, Facts, Parts};
use crate::lake::{LakeDir, Manifest};
use crate::marts::{self, MARTS};
use crate::segments::{self, Segment};

/// Finished tables of one analysis.
type Tables = Vec<(&'static Table, DataFrame)>;

/// What the engine made.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The tables, money in minor units.
    pub results: Results,
    /// Seconds of each step, in the order they ended.
    pub seconds: Vec<(String, f64)>,
    /// What could not be made, and why: an analysis that failed does not stop the others.
    pub failures: Vec<(String, Error)>,
}

/// Runs the analyses named (all, where none is) and what they need, then the marts whose tables are there.
/// `earlier` is what [`earlier::load`] found.
pub fn run(
    analyses: &Analyses,
    only: &[String],
    facts: &Facts,
    lake: &LakeDir,
    manifest: &Manifest,
    earlier: EarlierRuns,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    outcome.results.earlier = earlier;
    let mut waiting = chosen(analyses, only)?;
    while !waiting.is_empty() {
        let failures: Vec<String> = outcome.failures.iter().map(|(name, _)| name.clone()).collect();
        let failed = |id: &str| failures.iter().any(|name| name == id);
        let pending = |id: &str| waiting.iter().any(|analysis| analysis.spec().id == id);
        let (ready, later): (Vec<&dyn Analysis>, Vec<&dyn Analysis>) =
            waiting.iter().copied().partition(|analysis| !analysis.spec().needs.iter().any(|need| pending(need)));
        if ready.is_empty() {
            let ids: Vec<&str> = waiting.iter().map(|analysis| analysis.spec().id).collect();
            return Err(Error::Internal {
                during: "ordering the analyses",
                message: format!("{ids:?} wait for each other"),
            });
        }
        let (ready, orphans): (Vec<&dyn Analysis>, Vec<&dyn Analysis>) =
            ready.into_iter().partition(|analysis| !analysis.spec().needs.iter().any(|need| failed(need)));
        for orphan in orphans {
            let needs = orphan.spec().needs.iter().find(|need| failed(need)).copied().unwrap_or_default();
            outcome.failures.push((orphan.spec().id.into(), Error::NotMade { analysis: needs.into() }));
        }
        let finished: Mutex<Vec<(String, f64)>> = Mutex::new(Vec::new());
        let done: Vec<(&'static str, Result<Tables>)> = ready
            .into_par_iter()
            .map(|analysis| {
                let spec = analysis.spec();
                progress(spec.id);
                let start = Instant::now();
                let frames = analysis.run(&Inputs { facts, results: &outcome.results });
                if let Ok(mut finished) = finished.lock() {
                    finished.push((spec.id.into(), start.elapsed().as_secs_f64()));
                }
                (spec.id, frames.and_then(|frames| checked(spec.outputs, frames)))
            })
            .collect();
        outcome.seconds.extend(finished.into_inner().unwrap_or_default());
        for (id, frames) in done {
            match frames {
                Ok(frames) => frames.into_iter().for_each(|(table, frame)| outcome.results.insert(table, frame)),
                Err(error) => outcome.failures.push((id.into(), error)),
            }
        }
        waiting = later;
    }
    // Nobody asked for a mart who named analyses.
    for mart in MARTS.iter().filter(|_| only.is_empty()) {
        if mart.needs.iter().any(|table| outcome.results.get(table).is_err()) {
            continue;
        }
        progress(mart.table.name);
        let start = Instant::now();
        match marts::run(mart, lake, manifest, &outcome.results, facts.as_of) {
            Ok(frame) => outcome.results.insert(mart.table, frame),
            Err(error) => outcome.failures.push((mart.table.name.into(), error)),
        }
        outcome.seconds.push((mart.table.name.into(), start.elapsed().as_secs_f64()));
    }
    Ok(outcome)
}

/// Works out the user's segments over the mart of customers, and adds their tables.
pub fn run_segments(outcome: &mut Outcome, segments: &BTreeMap<String, Segment>, decimals: u32) {
    if segments.is_empty() {
        return;
    }
    let start = Instant::now();
    let missing =
        |_| Error::Internal { during: "a table it needs", message: format!("`{}` is not there", CUSTOMERS.name) };
    let made = outcome.results.get(&CUSTOMERS).map_err(missing).and_then(|customers| {
        segments::tables(segments, customers, publish::outside(CUSTOMERS.name, customers, decimals)?)
    });
    match made {
        Ok(frames) => {
            for (table, frame) in [&SEGMENTS, &SEGMENT_OVERLAPS, &SEGMENT_MEMBERS].into_iter().zip(frames) {
                outcome.results.insert(table, frame);
            }
        }
        Err(error) => outcome.failures.push(("segments".into(), error)),
    }
    outcome.seconds.push(("segments".into(), start.elapsed().as_secs_f64()));
}

/// Reads the facts, and has lines made to order cost what they took.
pub fn load_facts(analyses: &Analyses, lake: &LakeDir, manifest: &Manifest, as_of: i32, parts: Parts) -> Result<Facts> {
    let mut facts = facts::load_parts(lake, manifest, as_of, parts)?;
    // Where they cannot be costed the statement says so, and what rests on it is not made.
    let _ = analyses.profitability.cost_jobs(&mut facts);
    Ok(facts)
}

/// What the analyses named (all, where none is) and those they need read of the facts.
pub fn parts(analyses: &Analyses, only: &[String]) -> Result<Parts> {
    let chosen = chosen(analyses, only)?;
    Ok(chosen.iter().fold(Parts::ORDERS, |parts, analysis| parts.and(analysis.spec().reads)))
}

/// The analyses asked for and, before them, those they need.
pub(crate) fn chosen<'a>(analyses: &'a Analyses, only: &[String]) -> Result<Vec<&'a dyn Analysis>> {
    let all = analyses.all();
    let by_id: BTreeMap<&str, &dyn Analysis> = all.iter().map(|analysis| (analysis.spec().id, *analysis)).collect();
    let mut wanted: Vec<&str> = Vec::new();
    let mut open: Vec<&str> =
        if only.is_empty() { Analyses::IDS.to_vec() } else { only.iter().map(String::as_str).collect() };
    while let Some(id) = open.pop() {
        let Some(analysis) = by_id.get(id) else {
            let known = Analyses::IDS.iter().map(|id| (*id).to_string()).collect();
            return Err(Error::Unknown { what: "analysis", name: id.into(), known });
        };
        if !wanted.contains(&id) {
            wanted.push(analysis.spec().id);
            open.extend(analysis.spec().needs);
        }
    }
    Ok(all.into_iter().filter(|analysis| wanted.contains(&analysis.spec().id)).collect())
}

/// Every promised table is there, and every key is there once.
fn checked(outputs: &'static [&'static Table], frames: Vec<DataFrame>) -> Result<Tables> {
    if outputs.len() != frames.len() {
        let table = outputs.first().map_or("", |table| table.name);
        return Err(Error::Contract {
            table,
            message: format!("{} tables promised, {} given", outputs.len(), frames.len()),
        });
    }
    for (table, frame) in outputs.iter().zip(&frames) {
        unique_key(table, frame)?;
    }
    Ok(outputs.iter().copied().zip(frames).collect())
}

fn unique_key(table: &'static Table, frame: &DataFrame) -> Result<()> {
    let broken = |message: String| Error::Contract { table: table.name, message };
    let mut rows: Vec<u64> = vec![0; frame.height()];
    let hasher = foldhash::quality::FixedState::with_seed(0);
    for name in table.key {
        let column = frame.column(name).map_err(|error| broken(error.to_string()))?;
        let text = column.cast(&polars::prelude::DataType::String).map_err(|error| broken(error.to_string()))?;
        let text = text.str().map_err(|error| broken(error.to_string()))?;
        for (row, value) in rows.iter_mut().zip(text.iter()) {
            *row = std::hash::BuildHasher::hash_one(&hasher, (*row, value));
        }
    }
    rows.par_sort_unstable();
    match rows.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(broken(format!("its key ({}) is not unique", table.key.join(", ")))),
        false => Ok(()),
    }
}
