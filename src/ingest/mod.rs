//! Operational exports → accepted rows in the lake, every other row in the rejects ledger, once.
//!
//! A file goes through four steps: `blocks` reads it, `parse` types it (in parallel), `resolve` gives keys and
//! finds repeated ones (in file order), `encode` and the lake write it (in parallel). Nothing is in force before the manifest
//! is replaced at the end.

pub mod blocks;
pub mod encode;
pub mod keys;
pub mod parse;
pub mod records;
pub mod rejects;
pub mod resolve;
mod restore;
pub mod source;
pub mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::contracts::{Table, input_table, input_tables, inputs};
use crate::error::{Error, Result};
use crate::lake::layout::stored;
use crate::lake::manifest::{self, Arithmetic, Batch};
use crate::lake::writer::FileWriter;
use crate::lake::{DataFile, LakeDir, Manifest};
use blocks::{BlockReader, RawBlock};
use encode::Selection;
use parse::{Block, Owner};
use rejects::Reject;
use resolve::Seen;
use source::{Layout, Source};

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
    name: &'w str,
    source: &'w Source,
    table: &'static Table,
    path: PathBuf,
    shown: String,
    bytes: u64,
    replaces: Option<usize>,
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
    let work = plan(request, &before, &mut outcome)?;
    if work.is_empty() {
        return Ok(outcome);
    }
    (request.progress)(Progress::Planned(work.iter().map(|file| file.bytes).sum()));
    let replaced: BTreeSet<usize> = work.iter().filter_map(|file| file.replaces).collect();
    let mut seen = restore::seen(lake, &before, &replaced)?;
    close_owners(&mut seen, request.sources, &before);
    let mut totals: BTreeMap<&str, Arithmetic> = BTreeMap::new();
    for file in &work {
        (request.progress)(Progress::File(&file.path));
        let (batch, examples) = load(lake, file, request, &mut seen)?;
        let total = totals.entry(file.name).or_default();
        total.add(&batch.rows);
        outcome.examples.extend(examples.into_iter().map(|reject| (file.shown.clone(), reject)));
        if let Some(old) = file.replaces {
            let old = &mut outcome.manifest.batches[old];
            old.rows.superseded += std::mem::take(&mut old.rows.accepted);
            old.superseded_by = Some(batch.id.clone());
        }
        outcome.loaded.push(batch);
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
    outcome.manifest.version = 1;
    outcome.manifest.decimals = request.decimals;
    outcome.manifest.batches.extend(outcome.loaded.iter().cloned());
    if !request.dry_run {
        outcome.manifest.commit(lake)?;
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
fn plan<'w>(request: &Request<'w>, before: &Manifest, outcome: &mut Outcome) -> Result<Vec<Work<'w>>> {
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
            for path in source.paths(name, request.project)? {
                let bytes = std::fs::metadata(&path).map_err(Error::io("read", &path))?.len();
                if bytes == 0 {
                    return Err(Error::Unreadable {
                        source_name: name.clone(),
                        path,
                        message: "it is empty, not even a header".into(),
                    });
                }
                let shown = path.strip_prefix(request.project).unwrap_or(&path).to_string_lossy().into_owned();
                let mine = |batch: &&Batch| batch.source == *name && batch.superseded_by.is_none();
                if before.batches.iter().filter(mine).any(|batch| batch.bytes == bytes) {
                    let hash = blocks::hash_file(&path)?;
                    if before.batches.iter().filter(mine).any(|batch| batch.hash == hash) {
                        outcome.known.push(path);
                        continue;
                    }
                }
                let replaces = before.batches.iter().position(|batch| mine(&batch) && batch.file == shown);
                work.push(Work { name, source, table, path, shown, bytes, replaces });
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
        if let Some(owner) = seen.owners.of_mut(table) {
            owner.closed = has_source;
        }
    }
}

/// One file of the lake being filled from one file of a source.
struct Target {
    table: &'static Table,
    writer: FileWriter,
}

fn load(lake: &LakeDir, work: &Work<'_>, request: &Request<'_>, seen: &mut Seen) -> Result<(Batch, Vec<Reject>)> {
    let mut reader = BlockReader::open(work.name, &work.path, &work.source.encoding)?;
    let Some(mut first) = reader.next_block()? else {
        return Err(Error::Unreadable {
            source_name: work.name.into(),
            path: work.path.clone(),
            message: "it is empty".into(),
        });
    };
    let header = read_header(work, &mut first)?;
    let layout = Layout::new(work.name, work.source, &work.path, &header, request.decimals)?;
    let flat = work.table.name == "flat";
    let tables: &[&'static Table] = if flat { &[&inputs::ORDERS, &inputs::ORDER_LINES] } else { &[work.table] };
    let mut targets = Vec::new();
    for table in tables {
        targets.push(Target { table, writer: FileWriter::create(lake, table)? });
    }
    let mut state = Reading { lines: 1, ..Reading::default() };
    let wave = rayon::current_num_threads() * 2;
    let mut raw = vec![first];
    read_wave(&mut reader, &mut raw, wave)?;
    let mut parsed = parse_wave(raw, &layout, seen);
    loop {
        let mut batch: Vec<(Block, Vec<Selection>)> = Vec::new();
        let mut tail: Option<RawBlock> = None;
        for block in parsed {
            let block = match tail.take() {
                None => block,
                Some(open) => join_blocks(open, block, &layout, seen),
            };
            tail = unfinished(&block);
            let (block, selections) = state.take(block, &layout, flat, seen);
            (request.progress)(Progress::Read(block.bytes.len() as u64, block.records.len() as u64));
            batch.push((block, selections));
        }
        let mut raw: Vec<RawBlock> = Vec::new();
        read_wave(&mut reader, &mut raw, wave)?;
        if let (Some(open), Some(next)) = (tail, raw.first_mut()) {
            next.bytes.splice(0..0, open.bytes);
            next.offset = open.offset;
        }
        let ended = raw.is_empty();
        let (next, written) =
            rayon::join(|| parse_wave(raw, &layout, seen), || write_wave(&batch, &layout, &mut targets));
        written?;
        if ended {
            break;
        }
        parsed = next;
    }
    let (bytes, hash) = reader.finish();
    finish(lake, work, request, seen, state, targets, bytes, hash)
}

/// What has been counted of a file.
#[derive(Default)]
struct Reading {
    lines: u64,
    records: u64,
    rows: Arithmetic,
    rejects: Vec<Reject>,
}

impl Reading {
    /// Resolves a block, counts its rows and keeps its rejects.
    fn take(&mut self, mut block: Block, layout: &Layout, flat: bool, seen: &mut Seen) -> (Block, Vec<Selection>) {
        let selections = if flat {
            let (orders, lines) = seen.resolve_flat(&block, layout);
            vec![orders, lines]
        } else {
            vec![seen.resolve(&mut block, layout)]
        };
        let mut rejects = Vec::with_capacity(block.faults.len() + block.records.bad.len());
        for bad in &block.records.bad {
            rejects.push(Reject {
                record: self.records + u64::from(bad.after) + 1,
                line: self.lines + u64::from(bad.line) + 1,
                offset: block.offset + u64::from(bad.start),
                column: "",
                code: bad.code,
                raw: String::from_utf8_lossy(&block.bytes[bad.start as usize..bad.end as usize]).into_owned(),
            });
        }
        for (before, reject) in rejects.iter_mut().enumerate() {
            reject.record += before as u64;
        }
        for fault in &block.faults {
            let record = fault.record as usize;
            let bad_before = block.records.bad.partition_point(|bad| bad.after <= fault.record);
            rejects.push(Reject {
                record: self.records + u64::from(fault.record) + bad_before as u64 + 1,
                line: self.lines + u64::from(block.records.lines[record]) + 1,
                offset: block.offset + u64::from(block.records.starts[record]),
                column: fault.column.unwrap_or_default(),
                code: fault.code,
                raw: String::from_utf8_lossy(block.records.text(&block.bytes, record)).into_owned(),
            });
        }
        let duplicates = block.faults.iter().filter(|fault| fault.code == "duplicate_key").count() as u64;
        let received = (block.records.len() + block.records.bad.len()) as u64;
        self.records += received;
        self.lines += u64::from(block.records.line_count);
        self.rows.add(&Arithmetic {
            received,
            accepted: received - rejects.len() as u64,
            rejected: rejects.len() as u64 - duplicates,
            duplicate: duplicates,
            superseded: 0,
        });
        self.rejects.append(&mut rejects);
        block.values.iter_mut().for_each(Vec::shrink_to_fit);
        (block, selections)
    }
}

fn read_header(work: &Work<'_>, first: &mut RawBlock) -> Result<Vec<String>> {
    let unreadable = |message: &str| Error::Unreadable {
        source_name: work.name.into(),
        path: work.path.clone(),
        message: message.into(),
    };
    let end = memchr::memchr(b'\n', &first.bytes).map_or(first.bytes.len(), |at| at + 1);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(work.source.delimiter as u8)
        .quote(work.source.quote as u8)
        .has_headers(false)
        .flexible(true)
        .from_reader(&first.bytes[..end]);
    let record = reader
        .records()
        .next()
        .ok_or_else(|| unreadable("it has no header"))?
        .map_err(|_| unreadable("its header is not text in the declared encoding"))?;
    let header: Vec<String> = record.iter().map(|field| field.trim().to_string()).collect();
    let mut names = BTreeSet::new();
    if let Some(twice) = header.iter().find(|name| !name.is_empty() && !names.insert(name.as_str())) {
        return Err(unreadable(&format!("its header has `{twice}` twice")));
    }
    first.bytes.drain(..end);
    first.offset += end as u64;
    Ok(header)
}

fn read_wave(reader: &mut BlockReader, raw: &mut Vec<RawBlock>, wave: usize) -> Result<()> {
    while raw.len() < wave {
        match reader.next_block()? {
            Some(block) => raw.push(block),
            None => break,
        }
    }
    Ok(())
}

fn parse_wave(raw: Vec<RawBlock>, layout: &Layout, seen: &Seen) -> Vec<Block> {
    raw.into_par_iter().map(|raw| Block::parse(raw.bytes, raw.offset, raw.last, layout, &seen.owners)).collect()
}

/// The bytes of a record that goes on in the next block.
fn unfinished(block: &Block) -> Option<RawBlock> {
    let consumed = block.records.consumed;
    (consumed < block.bytes.len()).then(|| RawBlock {
        bytes: block.bytes[consumed..].to_vec(),
        offset: block.offset + consumed as u64,
        last: false,
    })
}

/// Parses a block again with the record before it that was left open.
fn join_blocks(open: RawBlock, block: Block, layout: &Layout, seen: &Seen) -> Block {
    let last = block.records.consumed == block.bytes.len();
    let mut bytes = open.bytes;
    bytes.extend_from_slice(&block.bytes);
    Block::parse(bytes, open.offset, last, layout, &seen.owners)
}

fn write_wave(batch: &[(Block, Vec<Selection>)], layout: &Layout, targets: &mut [Target]) -> Result<()> {
    for (place, target) in targets.iter_mut().enumerate() {
        let encoder = target.writer.encoder();
        let columns = stored(target.table);
        let schema = crate::lake::layout::schema(target.table);
        let groups: Result<Vec<_>> = batch
            .par_iter()
            .map(|(block, selections)| {
                encoder.encode(&encode::arrays(block, layout, &selections[place], &columns, &schema))
            })
            .collect();
        for group in groups? {
            target.writer.append(group)?;
        }
    }
    Ok(())
}

#[allow(clippy::too_many_arguments)]
fn finish(
    lake: &LakeDir,
    work: &Work<'_>,
    request: &Request<'_>,
    seen: &mut Seen,
    state: Reading,
    targets: Vec<Target>,
    bytes: u64,
    hash: String,
) -> Result<(Batch, Vec<Reject>)> {
    let Reading { rows, mut rejects, .. } = state;
    rejects.sort_by_key(|reject| reject.record);
    let id = format!("{}-{}", work.name, &blake3::hash(format!("{}\0{hash}", work.name).as_bytes()).to_hex()[..16]);
    let mut files = Vec::new();
    for target in targets {
        if request.dry_run {
            continue;
        }
        files.extend(target.writer.finish_as(&id)?);
    }
    if !request.dry_run {
        files.extend(write_implied(lake, &id, seen)?);
    }
    let mut by_code: BTreeMap<String, u64> = BTreeMap::new();
    for reject in &rejects {
        *by_code.entry(reject.code.into()).or_default() += 1;
    }
    let ledger = (!rejects.is_empty()).then(|| format!("rejects/{id}.parquet"));
    if let (Some(ledger), false) = (&ledger, request.dry_run) {
        manifest::write_atomically(&lake.file(ledger), &rejects::ledger(work.name, &work.shown, &rejects)?)?;
    }
    let needed = ["orders", "order_lines", "flat"].contains(&work.table.name);
    if rows.received == 0 && (needed || work.replaces.is_some()) {
        let message = "it has a header and no row; what was loaded before still serves".into();
        return Err(Error::Unreadable { source_name: work.name.into(), path: work.path.clone(), message });
    }
    let batch = Batch {
        id,
        source: work.name.into(),
        table: work.table.name.into(),
        file: work.shown.clone(),
        hash,
        bytes,
        rows,
        rejects: by_code,
        files,
        ledger,
        superseded_by: None,
    };
    if !rows.balances() || files_disagree(&batch, request.dry_run) {
        return Err(Error::Internal {
            during: "counting the rows",
            message: format!("`{}`: {rows:?} do not add up", work.shown),
        });
    }
    rejects.truncate(EXAMPLES);
    Ok((batch, rejects))
}

/// Whether what was written is not what was accepted.
fn files_disagree(batch: &Batch, dry_run: bool) -> bool {
    let table = if batch.table == "flat" { "order_lines" } else { &batch.table };
    let written: u64 = batch.files.iter().filter(|file| file.table == table).map(|file| file.rows).sum();
    !dry_run && written != batch.rows.accepted
}

/// Writes rows for the customers and products that only other tables name.
fn write_implied(lake: &LakeDir, id: &str, seen: &mut Seen) -> Result<Vec<DataFile>> {
    let mut files = Vec::new();
    for name in ["products", "customers"] {
        let Some(table) = input_table(name) else { continue };
        let attributes = seen.implied.remove(name).unwrap_or_default();
        let claimed = seen.claimed.entry(table.name).or_default();
        let Some(owner) = seen.owners.of(name) else { continue };
        claimed.resize(owner.keys.len().max(claimed.len()), false);
        let rows: Vec<u32> = (0..owner.keys.len() as u32)
            .filter(|key| owner.accepted[*key as usize] && !claimed[*key as usize])
            .collect();
        if owner.closed || rows.is_empty() {
            continue;
        }
        let mut writer = FileWriter::create(lake, table)?;
        let arrays = implied_arrays(table, owner, &attributes, &rows);
        let group = writer.encoder().encode(&arrays)?;
        writer.append(group)?;
        files.extend(writer.finish_as(id)?);
        for key in rows {
            claimed[key as usize] = true;
        }
    }
    Ok(files)
}

fn implied_arrays(
    table: &'static Table,
    owner: &Owner,
    attributes: &[Option<Vec<String>>],
    rows: &[u32],
) -> Vec<arrow::array::ArrayRef> {
    use arrow::array::{ArrayRef, Int32Array, StringArray, new_null_array};
    use std::sync::Arc;
    let names = if table.name == "products" { resolve::PRODUCT_ATTRIBUTES } else { resolve::CUSTOMER_ATTRIBUTES };
    let schema = crate::lake::layout::schema(table);
    let column = |name: &str| -> ArrayRef {
        if name == table.key[0] {
            return Arc::new(StringArray::from_iter_values(
                rows.iter().map(|key| String::from_utf8_lossy(owner.keys.id(*key)).into_owned()),
            ));
        }
        match names.iter().position(|(ours, _)| *ours == name) {
            Some(place) => Arc::new(StringArray::from_iter(rows.iter().map(|key| {
                let values = attributes.get(*key as usize).and_then(Option::as_ref)?;
                Some(values[place].as_str()).filter(|value| !value.is_empty())
            }))),
            None => new_null_array(
                schema.field_with_name(name).map_or(&arrow::datatypes::DataType::Null, |field| field.data_type()),
                rows.len(),
            ),
        }
    };
    schema
        .fields()
        .iter()
        .enumerate()
        .map(|(place, field)| {
            if place == 0 {
                Arc::new(Int32Array::from_iter_values(rows.iter().map(|key| *key as i32))) as ArrayRef
            } else {
                column(field.name())
            }
        })
        .collect()
}
