//! Which files are to be loaded: what is new, what takes whose place, what must be read again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int32Type;

use super::fields::Lookups;
use super::load::Loaded;
use super::resolve::Seen;
use super::source::Source;
use super::units::by_name;
use super::{Found, Request, Work, blocks, formats, pull};
use crate::contracts::{Table, input_table, input_tables};
use crate::error::{Error, Result};
use crate::lake::reader::read;
use crate::lake::{Batch, Held, LakeDir, Manifest, Unit};

/// What is to be done.
#[derive(Default)]
pub(super) struct Plan<'w> {
    /// The files to load, parents' tables first, then by name.
    pub work: Vec<Work<'w>>,
    /// Files that are in the lake already.
    pub known: Vec<PathBuf>,
    /// New files that are about the same as another that is the last by name, and that other.
    pub passed_over: Vec<(Work<'w>, String)>,
    /// Files that are another day's or branch's, byte for byte.
    pub copies: Vec<Held>,
}

/// Finds the files that are not in the lake yet.
pub(super) fn plan<'w>(lake: &'w LakeDir, request: &Request<'w>, before: &Manifest, found: &Found) -> Result<Plan<'w>> {
    if let Some(unknown) = request.only.iter().find(|name| !request.sources.contains_key(*name)) {
        return Err(Error::Unknown {
            what: "source",
            name: unknown.clone(),
            known: request.sources.keys().cloned().collect(),
        });
    }
    let mut plan = Plan::default();
    for table in input_tables() {
        for (name, source) in request.sources.iter().filter(|(_, source)| source.table == table.name) {
            if request.only.is_empty() || request.only.contains(name) {
                plan_source(lake, request, before, found, (name, source, table), &mut plan)?;
            }
        }
    }
    Ok(plan)
}

fn plan_source<'w>(
    lake: &'w LakeDir,
    request: &Request<'w>,
    before: &Manifest,
    found: &Found,
    (name, source, table): (&'w str, &'w Source, &'static Table),
    plan: &mut Plan<'w>,
) -> Result<()> {
    let shown = |path: &Path| match &source.database {
        Some(database) => database.label(),
        None => path.strip_prefix(request.project).unwrap_or(path).to_string_lossy().into_owned(),
    };
    let mut all: Vec<(PathBuf, Option<Unit>)> = source.paths(name, request.project)?;
    let mut pulled = None;
    if let Some(database) = &source.database {
        let drop = pull::pull(lake, name, (source, database), request.project, before)?;
        all.push((drop.path, None));
        pulled = Some(drop.pulled);
    }
    let is_held = |file: &str| found.held.iter().any(|held| held.source == *name && held.file == file);
    let paths: Vec<_> = all.into_iter().filter(|(path, _)| !is_held(&shown(path))).collect();
    let lookups = Arc::new(match paths.is_empty() {
        true => Lookups::default(),
        false => Lookups::read(name, source, request.project)?,
    });
    let mut sizes: BTreeMap<u64, u64> = BTreeMap::new();
    let mut files = Vec::new();
    for (path, unit) in paths {
        let unit = unit.or_else(|| found.units.get(&(name.to_string(), shown(&path))).cloned());
        let bytes = formats::size(&path)?;
        *sizes.entry(bytes).or_default() += 1;
        files.push((path, unit, bytes));
    }
    let present: BTreeSet<String> = files.iter().map(|(path, ..)| shown(path)).collect();
    let mine = |batch: &&Batch| batch.source == *name;
    let mut work: Vec<Work<'w>> = Vec::new();
    let mut hashes: BTreeMap<String, (String, Option<Unit>)> = BTreeMap::new();
    for (path, unit, bytes) in files {
        let file = shown(&path);
        // Only of plain text is the size on disk that of the text.
        let plain = formats::is_plain(&path);
        let same_size = before.batches.iter().filter(mine).any(|batch| !plain || batch.bytes == bytes);
        let mut again = None;
        if same_size || !plain || sizes[&bytes] > 1 {
            // A file that cannot be read is found out, and held, when it is loaded.
            let hash = match blocks::hash_file(name, &path, source) {
                Ok(hash) => lookups.hash_with(hash),
                Err(Error::Unreadable { .. }) => format!("unreadable: {file}"),
                Err(error) => return Err(error),
            };
            let place = |batch: &Batch| before.batches.iter().position(|other| other == batch);
            // The last that was heard of this file, or another name for what is in force.
            let last = before.batches.iter().filter(mine).rfind(|batch| batch.file == file);
            let last = last.filter(|batch| batch.hash == hash);
            let same = last.or_else(|| before.active().filter(mine).find(|batch| batch.hash == hash));
            if let Some(batch) = same {
                let active = batch.superseded_by.is_none();
                again = place(batch).filter(|place| active && found.again.contains(place));
                let elsewhere = batch.file != file && present.contains(&batch.file);
                if elsewhere && differ(&unit, &batch.unit) {
                    plan.copies.push(copy(name, &file, unit, &batch.file));
                    continue;
                }
                if again.is_none() && !(active && waits_for_parents(batch, table, plan)) {
                    plan.known.push(path);
                    continue;
                }
                again = place(batch);
            } else if let Some((first, about)) = hashes.get(&hash) {
                match differ(&unit, about) {
                    true => plan.copies.push(copy(name, &file, unit, first)),
                    false => plan.known.push(path),
                }
                continue;
            }
            hashes.insert(hash, (file.clone(), unit.clone()));
        }
        // A file of the same name may be about another day now, where that stands in its rows.
        let same_file = |batch: &Batch| {
            mine(&batch) && batch.superseded_by.is_none() && batch.file == file && !differ(&unit, &batch.unit)
        };
        let replaces = again.or_else(|| before.batches.iter().position(same_file)).into_iter().collect();
        let (again, lookups) = (again.is_some(), Arc::clone(&lookups));
        work.push(Work {
            lake,
            name,
            source,
            table,
            path,
            shown: file,
            unit,
            bytes,
            replaces,
            again,
            lookups,
            pulled: pulled.clone(),
        });
    }
    // Of the files about the same, the last by name is in force.
    let (about, plain): (Vec<_>, Vec<_>) =
        work.into_iter().partition(|file| file.unit.as_ref().is_some_and(Unit::replaces) && !file.again);
    plan.work.extend(plain);
    let mut groups: BTreeMap<Unit, Vec<Work<'w>>> = BTreeMap::new();
    for file in about {
        groups.entry(file.unit.clone().unwrap_or_default()).or_default().push(file);
    }
    for (unit, mut files) in groups {
        files.sort_by(|a, b| by_name(&a.shown, &b.shown));
        let in_force =
            |batch: &Batch| mine(&batch) && batch.superseded_by.is_none() && batch.unit.as_ref() == Some(&unit);
        let old = before.batches.iter().position(in_force);
        let stays = old.map(|old| &before.batches[old]).filter(|batch| {
            let rewritten = files.iter().any(|file| file.shown == batch.file);
            let later = files.last().is_some_and(|file| by_name(&batch.file, &file.shown).is_gt());
            !rewritten && later && present.contains(&batch.file)
        });
        let winner = match stays {
            Some(batch) => batch.file.clone(),
            None => {
                let Some(mut last) = files.pop() else { continue };
                last.replaces.extend(old.filter(|old| !last.replaces.contains(old)));
                let winner = last.shown.clone();
                plan.work.push(last);
                winner
            }
        };
        plan.passed_over.extend(files.into_iter().map(|file| (file, winner.clone())));
    }
    Ok(())
}

/// What new files are about by their rows, where others of their source are about the same, or the file was about
/// something else before: then all must be planned with it.
pub(super) fn units_found(
    files: &[&Work<'_>],
    loaded: &[Loaded],
    before: &Manifest,
    replaced: &BTreeSet<usize>,
) -> BTreeMap<(String, String), Unit> {
    let new = |file: &&Loaded| files[file.work].unit.is_none() && file.batch.unit.is_some();
    let mut sharers: BTreeMap<(&str, &Option<Unit>), u32> = BTreeMap::new();
    let stay = before
        .batches
        .iter()
        .enumerate()
        .filter(|(place, batch)| batch.superseded_by.is_none() && !replaced.contains(place));
    for batch in stay.map(|(_, batch)| batch).chain(loaded.iter().map(|file| &file.batch)) {
        *sharers.entry((batch.source.as_str(), &batch.unit)).or_default() += 1;
    }
    let decides = |file: &Loaded| {
        let shared = sharers[&(file.batch.source.as_str(), &file.batch.unit)] > 1;
        let unit = |old: &usize| &before.batches[*old].unit;
        shared || files[file.work].replaces.iter().any(|old| differ(unit(old), &file.batch.unit))
    };
    if !loaded.iter().filter(new).any(decides) {
        return BTreeMap::new();
    }
    let found = |file: &Loaded| Some(((file.batch.source.clone(), file.batch.file.clone()), file.batch.unit.clone()?));
    loaded.iter().filter(new).filter_map(found).collect()
}

fn differ(a: &Option<Unit>, b: &Option<Unit>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a != b)
}

fn copy(name: &str, file: &str, unit: Option<Unit>, original: &str) -> Held {
    Held {
        source: name.into(),
        file: file.into(),
        unit,
        code: "copy".into(),
        message: format!("source `{name}`: `{file}` is `{original}` again, byte for byte"),
        hint: "ask the sender for the file of that branch and day; this one was not loaded twice".into(),
        rows: None,
        ledger: None,
    }
}

/// Whether rows of a batch were refused for want of a parent, and files of that parent's table have come.
fn waits_for_parents(batch: &Batch, table: &Table, plan: &Plan<'_>) -> bool {
    let parents = table.columns.iter().filter_map(|column| column.parent);
    parents.filter(|parent| batch.rejects.contains_key(parent.code)).any(|parent| {
        let brings = |file: &&Work<'_>| {
            file.table.name == parent.table || (file.table.name == "flat" && parent.table == "orders")
        };
        plan.work.iter().any(|file| brings(&file))
    })
}

/// The batches whose rows rely on rows that a replaced batch of `files`' table had and its successor has not; and those
/// of the same table that lost rows to it, because its keys came first.
pub(super) fn relying_on_what_went(
    lake: &LakeDir,
    before: &Manifest,
    files: &[&Work<'_>],
    replaced: &BTreeSet<usize>,
    seen: &Seen,
) -> Result<BTreeSet<usize>> {
    let mut again = BTreeSet::new();
    for old in files.iter().filter(|file| !file.again).flat_map(|file| file.replaces.iter().copied()) {
        for (place, batch) in before.batches.iter().enumerate() {
            let rival = batch.table == before.batches[old].table && batch.superseded_by.is_none();
            if rival && !replaced.contains(&place) && batch.rejects.contains_key("duplicate_key") {
                again.insert(place);
            }
        }
        for data in &before.batches[old].files {
            let (Some(owner), Some(table)) = (seen.owners.of(&data.table), input_table(&data.table)) else { continue };
            if before.batches[old].only_names(data) || !owner.closed && data.table != "orders" {
                continue;
            }
            let key = table.key[0].replace("_id", "_key");
            let mut went: BTreeSet<u32> = BTreeSet::new();
            for rows in read(lake, data, &[&key], &[])? {
                let keys = rows.column(0).as_primitive::<Int32Type>();
                went.extend(keys.values().iter().map(|key| *key as u32).filter(|key| !owner.accepted.has(*key)));
            }
            if !went.is_empty() {
                let ids = owner.keys.ids(&went.iter().copied().collect::<Vec<u32>>());
                let ids: BTreeSet<&[u8]> = ids.iter().map(Vec::as_slice).collect();
                again.extend(naming(lake, before, replaced, table, &went, &ids)?);
            }
        }
    }
    Ok(again)
}

/// The batches in force with rows that name any of these ids of a table.
fn naming(
    lake: &LakeDir,
    before: &Manifest,
    replaced: &BTreeSet<usize>,
    parent: &Table,
    keys: &BTreeSet<u32>,
    ids: &BTreeSet<&[u8]>,
) -> Result<BTreeSet<usize>> {
    let mut naming = BTreeSet::new();
    for (place, batch) in before.batches.iter().enumerate() {
        if batch.superseded_by.is_some() || replaced.contains(&place) {
            continue;
        }
        for data in &batch.files {
            let Some(table) = input_table(&data.table) else { continue };
            let columns = table.columns.iter().filter(|column| column.parent.is_some_and(|of| of.table == parent.name));
            for column in columns {
                let by_key = ["orders", "order_lines"].contains(&table.name);
                let name = if by_key { column.name.replace("_id", "_key") } else { column.name.to_string() };
                for rows in read(lake, data, &[&name], &[])? {
                    let column = rows.column(0);
                    let names_any = match by_key {
                        true => {
                            column.as_primitive::<Int32Type>().iter().flatten().any(|key| keys.contains(&(key as u32)))
                        }
                        false => column.as_string::<i32>().iter().flatten().any(|id| ids.contains(id.as_bytes())),
                    };
                    if names_any {
                        naming.insert(place);
                    }
                }
            }
        }
    }
    Ok(naming)
}
