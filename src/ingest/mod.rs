//! Operational exports → accepted rows in the lake, every other row in the rejects ledger, once.
//!
//! A file goes through four steps, put together in `load`: `blocks` reads it, `parse` types it (in parallel), `resolve`
//! gives keys and finds repeated ones (in file order), `encode` and the lake write it (in parallel). Nothing is in force
//! before the manifest is replaced at the end. A file that cannot be trusted as a whole is held: `plan` leaves it out,
//! and the rest is loaded as if it had not come.

pub mod amounts;
pub mod blocks;
pub mod claims;
pub mod currency;
pub mod drift;
pub mod encode;
pub mod encoding;
pub mod fields;
pub mod formats;
pub mod header;
mod hold;
mod implied;
pub mod keys;
mod load;
pub mod marks;
mod months;
pub mod original;
pub mod pages;
pub mod parse;
mod plan;
pub mod pull;
mod reading;
mod realign;
pub mod records;
pub mod rejects;
pub mod resolve;
mod restate;
mod restore;
mod sent;
pub mod source;
mod units;
pub mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::contracts::{Table, input_tables};
use crate::error::{Error, Result};
use crate::lake::manifest::{self, Batch, Held, Pulled, Unit};
use crate::lake::writer::make_durable;
use crate::lake::{LakeDir, Manifest, Restatement};
use fields::Lookups;
use rejects::Reject;
use resolve::Seen;
use source::Source;

/// What ingest is asked to do.
pub struct Request<'r> {
    /// The project's folder; patterns are relative to it.
    pub project: &'r Path,
    /// The configured sources.
    pub sources: &'r BTreeMap<String, Source>,
    /// Only these, where any are named.
    pub only: &'r [String],
    /// Digits of the minor unit.
    pub decimals: u32,
    /// The ISO code of the money: amounts that carry another mark are refused. Empty where nobody says.
    pub currency: &'r str,
    /// Go through everything, write nothing that lasts.
    pub dry_run: bool,
    /// Bytes of memory ingest should do with, besides the ids it must know; as it likes where left out.
    pub memory: Option<u64>,
    /// Told how far it is.
    pub progress: &'r (dyn Fn(Progress<'_>) + Sync),
}

/// What a block of 4 MiB takes from reading to writing, with room to spare.
const BLOCK_IN_FLIGHT: u64 = 32 << 20;

impl Request<'_> {
    /// How many blocks are read at once. As many again are being written meanwhile, and half of the memory is left to
    /// the ids.
    fn blocks(&self) -> usize {
        let most = rayon::current_num_threads() * 2;
        self.memory.map_or(most, |memory| most.min((memory / 4 / BLOCK_IN_FLIGHT).max(1) as usize))
    }
}

/// How far ingest is.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'p> {
    /// This many bytes are to be read in all.
    Planned(u64),
    /// A file begins.
    File(&'p Path),
    /// Bytes read and rows received since the last word.
    Read(u64, u64),
}

/// What ingest did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The batches that are new.
    pub loaded: Vec<Batch>,
    /// Files that were in the lake already, byte for byte.
    pub known: Vec<PathBuf>,
    /// The closed months that are no longer what they were.
    pub restated: Vec<Restatement>,
    /// The files that are held now.
    pub held: Vec<Held>,
    /// The first rejects of each new batch, for people.
    pub examples: Vec<(String, Reject)>,
    /// The lake as it is now.
    pub manifest: Manifest,
}

impl Outcome {
    /// Whether files came and none of them could be used.
    pub fn nothing_serves(&self) -> bool {
        !self.held.is_empty() && self.loaded.is_empty() && self.known.is_empty()
    }
}

/// One file to load.
#[derive(Clone)]
struct Work<'w> {
    lake: &'w LakeDir,
    name: &'w str,
    source: &'w Source,
    table: &'static Table,
    path: PathBuf,
    shown: String,
    unit: Option<Unit>,
    bytes: u64,
    /// The batches whose place it takes.
    replaces: Vec<usize>,
    /// Whether the batch is of the same bytes, read again because other files have changed what can be used of them.
    again: bool,
    lookups: Arc<Lookups>,
    pulled: Option<Pulled>,
}

/// What earlier attempts found: files that must be held, batches that must be read again, and what files are about
/// by their rows.
#[derive(Default)]
struct Found {
    held: Vec<Held>,
    again: BTreeSet<usize>,
    units: BTreeMap<(String, String), Unit>,
}

/// Rejects shown of each file.
const EXAMPLES: usize = 5;

/// Loads what is new.
///
/// What makes a file untrustworthy may show at its last row only, when other rows already rely on it. Then everything
/// is done again without that file: whatever is held, the rest is as if it had never come.
///
/// # Errors
/// Nothing is in force where it fails: the lake is as it was.
pub fn ingest(lake: &LakeDir, request: &Request<'_>) -> Result<Outcome> {
    let before = Manifest::read(lake)?;
    manifest::sweep_unnamed(lake, &before)?;
    if !before.batches.is_empty() && before.decimals != request.decimals {
        return Err(Error::LakeSettings {
            was: format!("currency.decimals = {}", before.decimals),
            now: format!("{}", request.decimals),
        });
    }
    let mut found = Found::default();
    let mut outcome = loop {
        match attempt(lake, request, &before, &found)? {
            Attempt::Done(outcome) => break *outcome,
            Attempt::Again(more) => {
                found.held.extend(more.held);
                found.again.extend(more.again);
                found.units.extend(more.units);
            }
        }
    };
    outcome.held.sort_by(|a, b| (&a.source, &a.file).cmp(&(&b.source, &b.file)));
    hold::name_held_parents(&mut outcome.held, |source| Some(request.sources.get(source)?.table.clone()));
    let others = |held: &&Held| !request.only.is_empty() && !request.only.contains(&held.source);
    outcome.manifest.held = before.held.iter().filter(others).chain(&outcome.held).cloned().collect();
    claims::renew(&mut outcome.manifest, request)?;
    if !request.dry_run && outcome.manifest != before {
        outcome.manifest.commit(lake)?;
        pull::sweep(lake, &outcome.manifest)?;
    }
    Ok(outcome)
}

enum Attempt {
    Done(Box<Outcome>),
    Again(Found),
}

fn attempt(lake: &LakeDir, request: &Request<'_>, before: &Manifest, found: &Found) -> Result<Attempt> {
    let plan::Plan { work, known, passed_over, copies } = plan::plan(lake, request, before, found)?;
    let mut outcome = Outcome { manifest: before.clone(), known, held: found.held.clone(), ..Outcome::default() };
    outcome.held.extend(copies);
    if work.is_empty() && passed_over.is_empty() {
        return Ok(Attempt::Done(Box::new(outcome)));
    }
    (request.progress)(Progress::Planned(work.iter().map(|file| file.bytes).sum()));
    let replaced: BTreeSet<usize> = work.iter().flat_map(|file| file.replaces.iter().copied()).collect();
    let loads: BTreeSet<&str> = work.iter().map(|file| file.table.name).collect();
    let mut seen = restore::seen(lake, before, &replaced, &loads)?;
    close_owners(&mut seen, request.sources, before);
    let mut ids: BTreeSet<String> = before.batches.iter().map(|batch| batch.id.clone()).collect();
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    for table in input_tables() {
        let mine: Vec<&Work<'_>> = work.iter().filter(|file| file.table.name == table.name).collect();
        let headers = &mut outcome.manifest.headers;
        let load::TableLoad { loaded, held } = match load::load_table(&mine, request, &mut seen, headers, &mut ids) {
            Ok(load) => load,
            Err(error) => {
                let Some(held) = mine.iter().find_map(|file| hold::from_error(file, &error)) else { return Err(error) };
                return Ok(Attempt::Again(Found { held: vec![held], ..Found::default() }));
            }
        };
        if !held.is_empty() && !passed_over.is_empty() {
            // Another file about the same may be in force instead.
            return Ok(Attempt::Again(Found { held, ..Found::default() }));
        }
        outcome.held.extend(held);
        let units = plan::units_found(&mine, &loaded, before, &replaced);
        if !units.is_empty() {
            return Ok(Attempt::Again(Found { units, ..Found::default() }));
        }
        let late: Vec<Held> = loaded.iter().filter_map(|file| file.hold.clone()).collect();
        if !late.is_empty() {
            return Ok(Attempt::Again(Found { held: late, ..Found::default() }));
        }
        let again = plan::relying_on_what_went(lake, before, &mine, &replaced, &seen)?;
        if again.iter().any(|batch| !found.again.contains(batch)) {
            return Ok(Attempt::Again(Found { again, ..Found::default() }));
        }
        for load::Loaded { work: place, batch, examples, .. } in loaded {
            let file = mine[place];
            outcome.examples.extend(examples.into_iter().map(|reject| (file.shown.clone(), reject)));
            for old in &file.replaces {
                if file.again {
                    gone.insert(*old);
                } else {
                    outcome.manifest.batches[*old].supersede(&batch.id);
                }
            }
            outcome.loaded.push(batch);
        }
    }
    for (file, winner) in &passed_over {
        match load::count(file) {
            Ok(batch) => {
                let by = outcome.loaded.iter().chain(before.active()).find(|batch| batch.file == *winner);
                let by = by.map(|batch| batch.id.clone()).unwrap_or_default();
                outcome.loaded.push(Batch { superseded_by: Some(by), ..batch });
            }
            Err(error) => match hold::from_error(file, &error) {
                Some(held) => outcome.held.push(held),
                None => return Err(error),
            },
        }
    }
    outcome.manifest.version = manifest::NAMES_TOGETHER;
    outcome.manifest.decimals = request.decimals;
    let mut place = 0;
    outcome.manifest.batches.retain(|_| {
        place += 1;
        !gone.contains(&(place - 1))
    });
    outcome.manifest.batches.extend(outcome.loaded.iter().cloned());
    if !request.dry_run {
        let (implied, written) = implied::put_together(lake, &outcome.manifest, &seen.owners)?;
        make_durable(lake, &written)?;
        outcome.manifest.implied = implied;
        outcome.restated = restate::restated(lake, before, &outcome.manifest)?;
        outcome.manifest.restatements.extend(outcome.restated.iter().cloned());
    }
    Ok(Attempt::Done(Box::new(outcome)))
}

/// An owner with a source of its own refuses ids it does not have; without one it takes in what others name.
fn close_owners(seen: &mut Seen, sources: &BTreeMap<String, Source>, before: &Manifest) {
    for table in ["customers", "products", "orders"] {
        let has_source =
            sources.values().any(|source| source.table == table) || before.active().any(|batch| batch.table == table);
        if let Some(owner) = seen.owners.of_mut(table) {
            owner.closed = has_source;
            if has_source {
                // Ids that were only named until now are unknown from now on, unless the source describes them.
                owner.accepted = owner.claimed.clone();
            }
        }
    }
}
