//! Files through the steps: read, parse and write in parallel, resolve in between, in file order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use rayon::prelude::*;

use super::blocks::{BlockReader, RawBlock};
use super::encode::{self, Selection};
use super::header::Header;
use super::parse::{Block, Owners};
use super::reading::Reading;
use super::rejects::{self, Refused, Reject};
use super::resolve::Seen;
use super::source::Layout;
use super::{Progress, Request, Work, drift, hold, implied, original};
use crate::contracts::{Table, inputs};
use crate::error::{Error, Result};
use crate::lake::layout::{LEDGER, ledger_schema, stored};
use crate::lake::manifest::{Arithmetic, Batch};
use crate::lake::writer::{FileWriter, RowGroup, make_durable};
use crate::lake::{DataFile, Drift, Held, Unit};

/// What the files of one table brought.
#[derive(Default)]
pub(super) struct TableLoad {
    /// Those that could be opened, in their order.
    pub loaded: Vec<Loaded>,
    /// Those that could not.
    pub held: Vec<Held>,
}

/// What one file brought.
pub(super) struct Loaded {
    /// Its place among the files.
    pub work: usize,
    /// Its batch; nothing of it is in force yet.
    pub batch: Batch,
    /// Its first rejects.
    pub examples: Vec<Reject>,
    /// Why it must be held after all.
    pub hold: Option<Held>,
}

/// Files made durable together: waiting for the disk once is cheaper than once a file.
const DURABLE_TOGETHER: usize = 128;

/// One file of the lake being filled from one file of a source.
struct Target {
    table: &'static Table,
    writer: FileWriter,
}

/// A block, the rows of it that go into each target of its file, and those that go into the ledger.
struct Resolved {
    file: usize,
    block: Block,
    selections: Vec<Selection>,
    refused: Vec<Refused>,
}

/// Loads the files of one table, in their order. Blocks of several files are under way at once, so that many small
/// files keep every thread as busy as one large file.
pub(super) fn load_table(
    files: &[&Work<'_>],
    request: &Request<'_>,
    seen: &mut Seen,
    headers: &mut BTreeMap<String, Vec<String>>,
    ids: &mut BTreeSet<String>,
) -> Result<TableLoad> {
    let mut feed = Feed {
        files,
        request,
        headers,
        next: 0,
        reader: None,
        open: Vec::new(),
        layouts: Vec::new(),
        held: Vec::new(),
    };
    seen.sent.is_wanted |= files.len() > 1;
    let (mut loaded, mut written_files) = (Vec::new(), Vec::new());
    let mut tail: Option<RawBlock> = None;
    let wave = feed.wave(&mut tail)?;
    let mut parsed = parse_wave(wave, &feed.layouts, seen);
    while !parsed.is_empty() {
        let mut batch: Vec<Resolved> = Vec::new();
        for (file, block) in parsed {
            let layout = &feed.layouts[file];
            let block = match tail.take() {
                None => block,
                Some(open) => join_blocks(open, block, layout, seen),
            };
            tail = unfinished(&block, layout);
            (request.progress)(Progress::Read(block.read() as u64, block.records.len() as u64));
            let (block, selections, refused) = feed.open[file].reading.take(block, layout, seen);
            batch.push(Resolved { file, block, selections, refused });
        }
        let wave = feed.wave(&mut tail)?;
        let Feed { layouts, open, .. } = &mut feed;
        let (next, written) =
            rayon::join(|| parse_wave(wave, layouts, seen), || write_wave(&batch, files, layouts, open));
        written?;
        for ended in batch.iter().filter(|resolved| resolved.block.last) {
            let (open, layout) = (std::mem::take(&mut feed.open[ended.file]), &feed.layouts[ended.file]);
            loaded.push(finish(files, request, open, layout, &seen.owners, ids, &mut written_files)?);
        }
        if written_files.len() >= DURABLE_TOGETHER {
            make_durable(files[0].lake, &std::mem::take(&mut written_files))?;
        }
        parsed = next;
    }
    if let Some(first) = files.first() {
        make_durable(first.lake, &written_files)?;
    }
    Ok(TableLoad { loaded, held: feed.held })
}

/// Counts the rows of a file that is not loaded, because another is about the same.
pub(super) fn count(work: &Work<'_>) -> Result<Batch> {
    let (mut reader, mut block, header, _) = begin(work)?;
    let text = (reader.encoding(), reader.origin.take());
    let layout = Layout::new(work.name, work.source, &work.path, header, text, (0, ""), &work.lookups)?;
    let (mut received, mut open) = (0, Vec::new());
    loop {
        open.extend_from_slice(&block.bytes);
        let mut text = layout.encoding.text(std::mem::take(&mut open), layout.dialect, layout.fields, block.last);
        if let Some(trailer) = &layout.trailer {
            trailer.take(&mut text.records, &text.bytes, layout.dialect);
        }
        received += (text.records.len() + text.records.bad.len()) as u64;
        open = text.raw.as_ref().unwrap_or(&text.bytes)[text.records.consumed..].to_vec();
        match reader.next_block()? {
            Some(next) => block = next,
            None => break,
        }
    }
    let (bytes, hash) = work.read(&reader);
    Ok(Batch {
        id: id(work.name, &hash),
        source: work.name.into(),
        table: work.table.name.into(),
        file: work.shown.clone(),
        hash,
        bytes,
        rows: Arithmetic { received, superseded: received, ..Arithmetic::default() },
        unit: work.unit.clone(),
        ..Batch::default()
    })
}

/// The blocks of all files, one after the other.
struct Feed<'f> {
    files: &'f [&'f Work<'f>],
    request: &'f Request<'f>,
    headers: &'f mut BTreeMap<String, Vec<String>>,
    next: usize,
    reader: Option<(usize, BlockReader)>,
    open: Vec<OpenFile>,
    layouts: Vec<Layout>,
    held: Vec<Held>,
}

/// A file under way.
#[derive(Default)]
struct OpenFile {
    work: usize,
    targets: Vec<Target>,
    ledger: Option<FileWriter>,
    reading: Reading,
    read: (u64, String),
    drift: Vec<Drift>,
}

impl Feed<'_> {
    /// The next blocks, by file. A record left open at the end of the wave before goes in front of the first.
    fn wave(&mut self, tail: &mut Option<RawBlock>) -> Result<Vec<(usize, RawBlock)>> {
        let mut wave: Vec<(usize, RawBlock)> = Vec::new();
        while wave.len() < self.request.blocks() {
            match self.block()? {
                Some(block) => wave.push(block),
                None => break,
            }
        }
        if let (Some(open), Some((_, first))) = (tail.take(), wave.first_mut()) {
            first.bytes.splice(0..0, open.bytes);
            first.offset = open.offset;
        }
        Ok(wave)
    }

    fn block(&mut self) -> Result<Option<(usize, RawBlock)>> {
        if let Some((file, reader)) = &mut self.reader {
            let file = *file;
            if let Some(block) = reader.next_block()? {
                if block.last {
                    self.open[file].read = self.files[self.open[file].work].read(reader);
                    self.reader = None;
                }
                return Ok(Some((file, block)));
            }
        }
        while let Some(work) = self.files.get(self.next) {
            self.next += 1;
            (self.request.progress)(Progress::File(&work.path));
            match self.open(work) {
                Ok(found) => return Ok(Some(found)),
                // Nothing of it was read but the header: the others go on.
                Err(error) => match hold::from_error(work, &error) {
                    Some(held) => self.held.push(held),
                    None => return Err(error),
                },
            }
        }
        Ok(None)
    }

    fn open(&mut self, work: &Work<'_>) -> Result<(usize, RawBlock)> {
        let (mut reader, first, header, lines) = begin(work)?;
        let names = header.names.clone();
        let text = (reader.encoding(), reader.origin.take());
        let money = (self.request.decimals, self.request.currency);
        let layout = Layout::new(work.name, work.source, &work.path, header, text, money, &work.lookups)?;
        // What one branch has changed in its files is no change in those of another.
        let branch = work.unit.as_ref().and_then(Unit::branch);
        let own = branch.map_or_else(|| work.name.to_string(), |branch| format!("{}/{branch}", work.name));
        let known = self.headers.get(&own).or_else(|| self.headers.get(work.name));
        let drift = drift::check(work, &layout, known)?;
        self.headers.entry(work.name.into()).or_insert_with(|| names.clone());
        self.headers.insert(own, names);
        let flat: [&'static Table; 2] = [&inputs::ORDERS, &inputs::ORDER_LINES];
        let tables: &[&'static Table] = if work.table.name == "flat" { &flat } else { &[work.table] };
        let targets: Result<Vec<Target>> =
            tables.iter().map(|table| Ok(Target { table, writer: FileWriter::create(work.lake, table)? })).collect();
        let file = self.open.len();
        self.open.push(OpenFile {
            work: self.next - 1,
            targets: targets?,
            reading: Reading::new(lines, &layout, work),
            read: if first.last { work.read(&reader) } else { Default::default() },
            drift,
            ledger: None,
        });
        self.layouts.push(layout);
        self.reader = (!first.last).then_some((file, reader));
        Ok((file, first))
    }
}

impl Work<'_> {
    /// Size and hash of a file that was read to its end, with what its lookups hold.
    fn read(&self, reader: &BlockReader) -> (u64, String) {
        let (bytes, hash) = reader.finish();
        (bytes, self.lookups.hash_with(hash))
    }
}

/// Opens a file: its reader, its first block without the header, the header, and the lines it took.
fn begin(work: &Work<'_>) -> Result<(BlockReader, RawBlock, Header, u64)> {
    let unreadable =
        |message: String| Error::Unreadable { source_name: work.name.into(), path: work.path.clone(), message };
    let mut reader = BlockReader::open(work.name, &work.path, work.source)?;
    let first = reader.next_block()?.filter(|block| !block.bytes.is_empty());
    let mut first = first.ok_or_else(|| unreadable("it is empty, not even a header".into()))?;
    let (header, taken) = original::head(&first.bytes, work.source, &reader).map_err(unreadable)?;
    first.offset += reader.encoding().source_length(&first.bytes[..taken]);
    first.bytes.drain(..taken);
    let lines = header.lines;
    Ok((reader, first, header, lines))
}

fn parse_wave(wave: Vec<(usize, RawBlock)>, layouts: &[Layout], seen: &Seen) -> Vec<(usize, Block)> {
    let parse = |(file, raw): (usize, RawBlock)| {
        (file, Block::parse(raw.bytes, raw.offset, raw.last, &layouts[file], &seen.owners))
    };
    wave.into_par_iter().map(parse).collect()
}

/// The bytes of a record that goes on in the next block.
fn unfinished(block: &Block, layout: &Layout) -> Option<RawBlock> {
    let (raw, consumed) = (block.raw.as_ref().unwrap_or(&block.bytes), block.records.consumed);
    (consumed < raw.len()).then(|| RawBlock {
        bytes: raw[consumed..].to_vec(),
        offset: block.offset + layout.encoding.source_length(&raw[..consumed]),
        last: false,
    })
}

/// Parses a block again with the record before it that was left open.
fn join_blocks(open: RawBlock, block: Block, layout: &Layout, seen: &Seen) -> Block {
    let mut bytes = open.bytes;
    bytes.extend_from_slice(block.raw.as_ref().unwrap_or(&block.bytes));
    Block::parse(bytes, open.offset, block.last, layout, &seen.owners)
}

fn write_wave(batch: &[Resolved], files: &[&Work<'_>], layouts: &[Layout], open: &mut [OpenFile]) -> Result<()> {
    for resolved in batch.iter().filter(|resolved| !resolved.refused.is_empty()) {
        let file = &mut open[resolved.file];
        if file.ledger.is_none() {
            let lake = files[file.work].lake;
            file.ledger = Some(FileWriter::create_in(lake, LEDGER, &ledger_schema())?);
        }
    }
    let encode = |resolved: &Resolved| -> Result<(Vec<RowGroup>, Option<RowGroup>)> {
        let (file, layout) = (&open[resolved.file], &layouts[resolved.file]);
        let targets = file.targets.iter().zip(&resolved.selections);
        let groups = targets.map(|(target, selection)| {
            let arrays = encode::arrays(&resolved.block, layout, selection, &stored(target.table));
            target.writer.encoder().encode(&arrays)
        });
        let groups = groups.collect::<Result<Vec<RowGroup>>>()?;
        let refused = match &file.ledger {
            Some(ledger) if !resolved.refused.is_empty() => {
                let work = files[file.work];
                let arrays = rejects::ledger_arrays(work.name, &work.shown, &resolved.refused, &resolved.block, layout);
                Some(ledger.encoder().encode(&arrays)?)
            }
            _ => None,
        };
        Ok((groups, refused))
    };
    let encoded: Result<Vec<_>> = batch.par_iter().map(encode).collect();
    for (resolved, (groups, refused)) in batch.iter().zip(encoded?) {
        let file = &mut open[resolved.file];
        for (target, group) in file.targets.iter_mut().zip(groups) {
            target.writer.append(group)?;
        }
        if let (Some(ledger), Some(group)) = (&mut file.ledger, refused) {
            ledger.append(group)?;
        }
    }
    Ok(())
}

fn id(source: &str, hash: &str) -> String {
    format!("{source}-{}", &blake3::hash(format!("{source}\0{hash}").as_bytes()).to_hex()[..16])
}

/// Names what was written after its content, and checks that the rows add up.
fn finish(
    files: &[&Work<'_>],
    request: &Request<'_>,
    open: OpenFile,
    layout: &Layout,
    owners: &Owners,
    ids: &mut BTreeSet<String>,
    written: &mut Vec<(DataFile, File)>,
) -> Result<Loaded> {
    let OpenFile { work: place, targets, ledger, mut reading, read: (bytes, hash), drift } = open;
    let (work, dry_run) = (files[place], request.dry_run);
    let rows = reading.rows;
    let claims = reading.trailer.take().and_then(|record| {
        let trailer = work.source.trailer.as_ref()?;
        Some(trailer.claims(work.source, request.decimals, &record))
    });
    let name = id(work.name, &hash);
    // The same bytes may come back after others have taken their place, or be read again.
    let names = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}-{number}")));
    let id = names.into_iter().find(|id| !ids.contains(id)).unwrap_or(name);
    ids.insert(id.clone());
    let mut data = Vec::new();
    for target in targets.into_iter().filter(|_| !dry_run) {
        if let Some((file, handle)) = target.writer.finish_as(&id)? {
            data.push(file.clone());
            written.push((file, handle));
        }
    }
    if !dry_run {
        for (file, handle) in implied::write_said(work.lake, &id, std::mem::take(&mut reading.said), owners)? {
            data.push(file.clone());
            written.push((file, handle));
        }
    }
    let ledger = match ledger.filter(|_| !dry_run) {
        Some(ledger) => ledger.finish_as(&id)?,
        None => None,
    };
    let ledger = ledger.map(|(file, handle)| {
        let path = file.path.clone();
        written.push((file, handle));
        path
    });
    let needed = ["orders", "order_lines", "flat"].contains(&work.table.name);
    let error = if rows.received == 0 && (needed || !work.replaces.is_empty()) {
        let message = "it has a header and no row; what was loaded before still serves".into();
        Some(Error::Unreadable { source_name: work.name.into(), path: work.path.clone(), message })
    } else {
        reading.distrust(work, layout)
    };
    let hold = error.and_then(|error| hold::from_error(work, &error)).map(|held| Held {
        rows: Some(rows),
        ledger: ledger.clone(),
        ..held
    });
    let batch = Batch {
        id,
        source: work.name.into(),
        table: work.table.name.into(),
        file: work.shown.clone(),
        hash,
        bytes,
        rows,
        rejects: reading.codes.iter().map(|(code, rows)| ((*code).to_string(), *rows)).collect(),
        files: data,
        ledger,
        superseded_by: None,
        unit: work.unit.clone().or_else(|| reading.about()),
        branches: reading.branches(),
        drift,
        claims,
        pulled: work.pulled.clone(),
    };
    let by_branch = batch.branches.values().fold(Arithmetic::default(), |mut sum, rows| {
        sum.add(rows);
        sum
    });
    let branches_differ = !batch.branches.is_empty() && by_branch != rows;
    if !rows.balances() || branches_differ || files_disagree(&batch, dry_run) {
        return Err(Error::Internal {
            during: "counting the rows",
            message: format!("`{}`: {rows:?} do not add up", work.shown),
        });
    }
    Ok(Loaded { work: place, batch, examples: reading.examples, hold })
}

/// Whether what was written is not what was accepted.
fn files_disagree(batch: &Batch, dry_run: bool) -> bool {
    let table = if batch.table == "flat" { "order_lines" } else { &batch.table };
    let written: u64 = batch.files.iter().filter(|file| file.table == table).map(|file| file.rows).sum();
    !dry_run && written != batch.rows.accepted
}
