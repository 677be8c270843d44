//! Operational exports → accepted rows in the lake, every other row in the rejects ledger, once.
//!
//! A file goes through four steps, put together in `load`: `blocks` reads it, `parse` types it (in parallel), `resolve`
//! gives keys and finds repeated ones (in file order), `encode` and the lake write it (in parallel). Nothing is in force
//! before the manifest is replaced at the end.

pub mod amounts;
pub mod blocks;
pub mod claims;
pub mod encode;
pub mod fields;
pub mod formats;
mod implied;
pub mod keys;
mod load;
pub mod original;
pub mod parse;
pub mod pull;
pub mod records;
pub mod rejects;
pub mod resolve;
mod restore;
pub mod source;
pub mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::contracts::{Table, input_tables};
use crate::error::{Error, Result};
use crate::lake::manifest::{self, Arithmetic, Batch, Pulled};
use crate::lake::writer::make_durable;
use crate::lake::{LakeDir, Manifest};
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
    /// Go through everything, write nothing that lasts.
    pub dry_run: bool,
    /// Told how far it is.
    pub progress: &'r (dyn Fn(Progress<'_>) + Sync),
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
    /// The first rejects of each new batch, for people.
    pub examples: Vec<(String, Reject)>,
    /// The lake as it is now.
    pub manifest: Manifest,
}

/// One file to load.
struct Work<'w> {
    lake: &'w LakeDir,
    name: &'w str,
    source: &'w Source,
    table: &'static Table,
    path: PathBuf,
    shown: String,
    bytes: u64,
    replaces: Option<usize>,
    lookups: Arc<Lookups>,
    pulled: Option<Pulled>,
}

/// Rejects shown of each file.
const EXAMPLES: usize = 5;

/// Loads what is new.
///
/// # Errors
/// Nothing is in force where it fails: the lake is as it was.
pub fn ingest(lake: &LakeDir, request: &Request<'_>) -> Result<Outcome> {
    let before = Manifest::read(lake)?;
    for table in input_tables() {
        let dir = lake.file(table.name);
        if dir.exists() {
            manifest::sweep(&dir, ".tmp")?;
        }
    }
    if !before.batches.is_empty() && before.decimals != request.decimals {
        return Err(Error::LakeSettings {
            was: format!("currency.decimals = {}", before.decimals),
            now: format!("{}", request.decimals),
        });
    }
    let mut outcome = Outcome { manifest: before.clone(), ..Outcome::default() };
    let work = plan(lake, request, &before, &mut outcome)?;
    if work.is_empty() {
        if claims::renew(&mut outcome.manifest, request)? && !request.dry_run {
            outcome.manifest.commit(lake)?;
        }
        return Ok(outcome);
    }
    (request.progress)(Progress::Planned(work.iter().map(|file| file.bytes).sum()));
    let replaced: BTreeSet<usize> = work.iter().filter_map(|file| file.replaces).collect();
    let mut seen = restore::seen(lake, &before, &replaced)?;
    close_owners(&mut seen, request.sources, &before);
    let mut totals: BTreeMap<&str, Arithmetic> = BTreeMap::new();
    for table in input_tables() {
        let mine: Vec<&Work<'_>> = work.iter().filter(|file| file.table.name == table.name).collect();
        for (file, loaded) in mine.iter().zip(load::load_table(&mine, request, &mut seen)?) {
            totals.entry(file.name).or_default().add(&loaded.batch.rows);
            outcome.examples.extend(loaded.examples.into_iter().map(|reject| (file.shown.clone(), reject)));
            if let Some(old) = file.replaces {
                let old = &mut outcome.manifest.batches[old];
                old.rows.superseded += std::mem::take(&mut old.rows.accepted);
                old.superseded_by = Some(loaded.batch.id.clone());
            }
            outcome.loaded.push(loaded.batch);
        }
    }
    for (name, total) in &totals {
        let limit = request.sources[*name].reject_limit;
        let refused = total.rejected + total.duplicate;
        if refused as f64 > limit * total.received as f64 {
            return Err(Error::TooManyRejects {
                source_name: (*name).into(),
                rejected: refused,
                received: total.received,
                limit: format!("{} %", limit * 100.0),
                examples: examples(&outcome, name),
            });
        }
    }
    if let (Some(last), false) = (outcome.loaded.last_mut(), request.dry_run) {
        let implied = implied::write_implied(lake, &last.id, &mut seen)?;
        make_durable(lake, &implied)?;
        last.files.extend(implied.into_iter().map(|(file, _)| file));
    }
    outcome.manifest.version = 1;
    outcome.manifest.decimals = request.decimals;
    outcome.manifest.batches.extend(outcome.loaded.iter().cloned());
    claims::renew(&mut outcome.manifest, request)?;
    if !request.dry_run {
        outcome.manifest.commit(lake)?;
        pull::sweep(lake, &outcome.manifest)?;
    }
    Ok(outcome)
}

/// The first rejects of a source, a line each.
fn examples(outcome: &Outcome, source: &str) -> String {
    let mine =
        |file: &&(String, Reject)| outcome.loaded.iter().any(|batch| batch.source == source && batch.file == file.0);
    let line = |(file, reject): &(String, Reject)| {
        let raw: String =
            reject.raw.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(100).collect();
        format!("  {file} line {}: {} {}: {raw}", reject.line, reject.code, reject.column)
    };
    outcome.examples.iter().filter(mine).take(EXAMPLES).map(line).collect::<Vec<String>>().join("\n")
}

/// The files that are not in the lake yet, parents' tables first, then by name.
fn plan<'w>(
    lake: &'w LakeDir,
    request: &Request<'w>,
    before: &Manifest,
    outcome: &mut Outcome,
) -> Result<Vec<Work<'w>>> {
    if let Some(unknown) = request.only.iter().find(|name| !request.sources.contains_key(*name)) {
        return Err(Error::Unknown {
            what: "source",
            name: unknown.clone(),
            known: request.sources.keys().cloned().collect(),
        });
    }
    let mut work = Vec::new();
    for table in input_tables() {
        for (name, source) in request.sources.iter().filter(|(_, source)| source.table == table.name) {
            if !request.only.is_empty() && !request.only.contains(name) {
                continue;
            }
            let mut paths = source.paths(name, request.project)?;
            let mut pulled = None;
            if let Some(database) = &source.database {
                let drop = pull::pull(lake, name, (source, database), request.project, before)?;
                paths.push(drop.path);
                pulled = Some(drop.pulled);
            }
            let lookups = Arc::new(if paths.is_empty() {
                Lookups::default()
            } else {
                Lookups::read(name, source, request.project)?
            });
            for path in paths {
                let bytes = formats::size(&path)?;
                if bytes == 0 {
                    return Err(Error::Unreadable {
                        source_name: name.clone(),
                        path,
                        message: "it is empty, not even a header".into(),
                    });
                }
                let shown = match &source.database {
                    Some(database) => database.label(),
                    None => path.strip_prefix(request.project).unwrap_or(&path).to_string_lossy().into_owned(),
                };
                let mine = |batch: &&Batch| batch.source == *name && batch.superseded_by.is_none();
                // Only of plain text is the size on disk that of the text.
                let plain = formats::is_plain(&path);
                if before.batches.iter().filter(mine).any(|batch| !plain || batch.bytes == bytes) {
                    let hash = lookups.hash_with(blocks::hash_file(name, &path, source)?);
                    if before.batches.iter().filter(mine).any(|batch| batch.hash == hash) {
                        outcome.known.push(path);
                        continue;
                    }
                }
                let replaces = before.batches.iter().position(|batch| mine(&batch) && batch.file == shown);
                work.push(Work {
                    lake,
                    name,
                    source,
                    table,
                    path,
                    shown,
                    bytes,
                    replaces,
                    lookups: Arc::clone(&lookups),
                    pulled: pulled.clone(),
                });
            }
        }
    }
    Ok(work)
}

/// An owner with a source of its own refuses ids it does not have; without one it takes in what others name.
fn close_owners(seen: &mut Seen, sources: &BTreeMap<String, Source>, before: &Manifest) {
    for table in ["customers", "products", "orders"] {
        let has_source =
            sources.values().any(|source| source.table == table) || before.active().any(|batch| batch.table == table);
        let claimed = seen.claimed.get(table).cloned().unwrap_or_default();
        if let Some(owner) = seen.owners.of_mut(table) {
            owner.closed = has_source;
            if has_source {
                // Ids that were only named until now are unknown from now on, unless the source describes them.
                owner.accepted = claimed;
            }
        }
    }
}
