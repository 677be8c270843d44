//! Files through the steps: read, parse and write in parallel, resolve in between, in file order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use rayon::prelude::*;

use super::blocks::{BlockReader, RawBlock};
use super::encode::{self, Selection};
use super::formats::{self, rows::Origin};
use super::parse::Block;
use super::rejects::{self, Reject};
use super::resolve::Seen;
use super::source::{Layout, MappedColumn};
use super::{EXAMPLES, Progress, Request, Work};
use crate::contracts::{Table, inputs};
use crate::error::{Error, Result};
use crate::lake::DataFile;
use crate::lake::layout::{schema, stored};
use crate::lake::manifest::{self, Arithmetic, Batch};
use crate::lake::writer::{FileWriter, RowGroup, make_durable};

/// What one file brought.
pub(super) struct Loaded {
    /// Its batch; nothing of it is in force yet.
    pub batch: Batch,
    /// Its first rejects.
    pub examples: Vec<Reject>,
}

/// Files made durable together: waiting for the disk once is cheaper than once a file.
const DURABLE_TOGETHER: usize = 128;

/// One file of the lake being filled from one file of a source.
struct Target {
    table: &'static Table,
    writer: FileWriter,
}

/// A block and the rows of it that go into each target of its file.
struct Resolved {
    file: usize,
    block: Block,
    selections: Vec<Selection>,
}

/// Loads the files of one table, in their order. Blocks of several files are under way at once, so that many small
/// files keep every thread as busy as one large file.
pub(super) fn load_table(files: &[&Work<'_>], request: &Request<'_>, seen: &mut Seen) -> Result<Vec<Loaded>> {
    let mut feed = Feed {
        files,
        request,
        next: 0,
        reader: None,
        layouts: Vec::new(),
        targets: Vec::new(),
        read: Vec::new(),
        header_lines: Vec::new(),
    };
    let mut states: Vec<Reading> = files.iter().map(|_| Reading::default()).collect();
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
            tail = unfinished(&block);
            (request.progress)(Progress::Read(block.bytes.len() as u64, block.records.len() as u64));
            if states[file].lines == 0 {
                states[file].lines = feed.header_lines[file];
            }
            let (block, selections) = states[file].take(block, layout, seen);
            batch.push(Resolved { file, block, selections });
        }
        let wave = feed.wave(&mut tail)?;
        let Feed { layouts, targets, .. } = &mut feed;
        let (next, written) = rayon::join(|| parse_wave(wave, layouts, seen), || write_wave(&batch, layouts, targets));
        written?;
        for ended in batch.iter().filter(|resolved| resolved.block.last) {
            let file = ended.file;
            let (targets, state) = (std::mem::take(&mut feed.targets[file]), std::mem::take(&mut states[file]));
            let read = feed.read[file].take().unwrap_or_default();
            loaded.push(finish(
                files[file],
                (request.dry_run, request.decimals),
                state,
                targets,
                read,
                &mut written_files,
            )?);
        }
        if written_files.len() >= DURABLE_TOGETHER {
            make_durable(files[0].lake, &std::mem::take(&mut written_files))?;
        }
        parsed = next;
    }
    if let Some(first) = files.first() {
        make_durable(first.lake, &written_files)?;
    }
    Ok(loaded)
}

/// The blocks of all files, one after the other.
struct Feed<'f> {
    files: &'f [&'f Work<'f>],
    request: &'f Request<'f>,
    next: usize,
    reader: Option<(usize, BlockReader)>,
    layouts: Vec<Layout>,
    targets: Vec<Vec<Target>>,
    read: Vec<Option<(u64, String)>>,
    /// The line of each file's header.
    header_lines: Vec<u64>,
}

impl Feed<'_> {
    /// The next blocks, by file. A record left open at the end of the wave before goes in front of the first.
    fn wave(&mut self, tail: &mut Option<RawBlock>) -> Result<Vec<(usize, RawBlock)>> {
        let most = rayon::current_num_threads() * 2;
        let mut wave: Vec<(usize, RawBlock)> = Vec::new();
        while wave.len() < most {
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
                    let (bytes, hash) = reader.finish();
                    self.read[file] = Some((bytes, self.files[file].lookups.hash_with(hash)));
                    self.reader = None;
                }
                return Ok(Some((file, block)));
            }
        }
        let Some(work) = self.files.get(self.next) else { return Ok(None) };
        let file = self.next;
        self.next += 1;
        (self.request.progress)(Progress::File(&work.path));
        let mut reader = BlockReader::open(work.name, &work.path, work.source)?;
        let Some(mut first) = reader.next_block()? else {
            let message = "it is empty".into();
            return Err(Error::Unreadable { source_name: work.name.into(), path: work.path.clone(), message });
        };
        let origin = reader.origin.take();
        let (header, line) = read_header(work, &mut first, origin.is_some())?;
        self.header_lines.push(line);
        let decimals = self.request.decimals;
        self.layouts.push(Layout::new(work.name, work.source, &work.path, &header, decimals, &work.lookups, origin)?);
        let flat: [&'static Table; 2] = [&inputs::ORDERS, &inputs::ORDER_LINES];
        let tables: &[&'static Table] = if work.table.name == "flat" { &flat } else { &[work.table] };
        let targets: Result<Vec<Target>> =
            tables.iter().map(|table| Ok(Target { table, writer: FileWriter::create(work.lake, table)? })).collect();
        self.targets.push(targets?);
        let finished = first.last.then(|| reader.finish());
        self.read.push(finished.map(|(bytes, hash)| (bytes, work.lookups.hash_with(hash))));
        self.reader = (!first.last).then_some((file, reader));
        Ok(Some((file, first)))
    }
}

/// What has been counted of a file.
#[derive(Default)]
struct Reading {
    lines: u64,
    records: u64,
    rows: Arithmetic,
    rejects: Vec<Reject>,
    trailer: Option<String>,
}

impl Reading {
    /// Resolves a block, counts its rows and keeps its rejects.
    fn take(&mut self, mut block: Block, layout: &Layout, seen: &mut Seen) -> (Block, Vec<Selection>) {
        let selections = if layout.table.name == "flat" {
            let (orders, lines) = seen.resolve_flat(&mut block, layout);
            vec![orders, lines]
        } else {
            vec![seen.resolve(&mut block, layout)]
        };
        self.trailer = block.trailers.pop().or(self.trailer.take());
        let mut rejects = Vec::with_capacity(block.faults.len() + block.records.bad.len());
        for bad in &block.records.bad {
            rejects.push(Reject {
                record: self.records + u64::from(bad.after) + 1,
                line: self.lines + u64::from(bad.line) + 1,
                offset: block.offset + u64::from(bad.start),
                column: "",
                code: bad.code,
                address: String::new(),
                raw: String::from_utf8_lossy(&block.bytes[bad.start as usize..bad.end as usize]).into_owned(),
            });
        }
        for (before, reject) in rejects.iter_mut().enumerate() {
            reject.record += before as u64;
        }
        for fault in &block.faults {
            let record = fault.record as usize;
            let bad_before = block.records.bad.partition_point(|bad| bad.after <= fault.record);
            let place = Place::of(&block, record, fault.column, layout);
            rejects.push(Reject {
                record: self.records + u64::from(fault.record) + bad_before as u64 + 1,
                line: place.line.unwrap_or(self.lines + u64::from(block.records.lines[record]) + 1),
                offset: block.offset + u64::from(block.records.starts[record]),
                column: fault.column.unwrap_or_default(),
                code: fault.code,
                address: place.address,
                raw: place.raw,
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

/// Where a refused record is, and its text.
struct Place {
    line: Option<u64>,
    address: String,
    raw: String,
}

impl Place {
    fn of(block: &Block, record: usize, column: Option<&str>, layout: &Layout) -> Place {
        let text = block.records.text(&block.bytes, record);
        let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let quote = layout.dialect.quote;
        let field = block.cell(record, layout.fields - 1, quote);
        let Some((origin, made)) = layout.origin.as_ref().and_then(|made| Some((Origin::read(&field)?, made))) else {
            return Place { line: None, address: String::new(), raw: lossy(text) };
        };
        let is_own = |mapped: &&MappedColumn| Some(mapped.column.name) == column && mapped.field < layout.fields;
        let at_fault = layout.columns.iter().find(is_own).map(|mapped| mapped.field);
        let end = block.records.raw(&block.bytes, record, layout.fields - 1).len() + 1;
        let raw = if origin.raw.is_empty() { lossy(&text[..text.len() - end]) } else { lossy(origin.raw) };
        Place { line: Some(origin.line), address: made.address(origin.line, at_fault), raw }
    }
}

/// The names in the header, and its line; takes it off the block. Text `made` of another format has a header whose
/// last field is not one of its own.
fn read_header(work: &Work<'_>, first: &mut RawBlock, made: bool) -> Result<(Vec<String>, u64)> {
    let unreadable = |message: &str| Error::Unreadable {
        source_name: work.name.into(),
        path: work.path.clone(),
        message: message.into(),
    };
    let header_row = work.source.header_row.filter(|_| !made);
    let before = formats::lines_before_header(&first.bytes, header_row);
    let start = before.bytes;
    let end = memchr::memchr(b'\n', &first.bytes[start..]).map_or(first.bytes.len(), |at| start + at + 1);
    let dialect = work.source.dialect(made);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .has_headers(false)
        .flexible(true)
        .from_reader(&first.bytes[start..end]);
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
    Ok((header, before.lines + 1))
}

fn parse_wave(wave: Vec<(usize, RawBlock)>, layouts: &[Layout], seen: &Seen) -> Vec<(usize, Block)> {
    let parse = |(file, raw): (usize, RawBlock)| {
        (file, Block::parse(raw.bytes, raw.offset, raw.last, &layouts[file], &seen.owners))
    };
    wave.into_par_iter().map(parse).collect()
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
    let mut bytes = open.bytes;
    bytes.extend_from_slice(&block.bytes);
    Block::parse(bytes, open.offset, block.last, layout, &seen.owners)
}

fn write_wave(batch: &[Resolved], layouts: &[Layout], targets: &mut [Vec<Target>]) -> Result<()> {
    let encode = |resolved: &Resolved| -> Result<Vec<RowGroup>> {
        let targets = targets[resolved.file].iter().zip(&resolved.selections);
        targets
            .map(|(target, selection)| {
                let (columns, schema) = (stored(target.table), schema(target.table));
                let arrays = encode::arrays(&resolved.block, &layouts[resolved.file], selection, &columns, &schema);
                target.writer.encoder().encode(&arrays)
            })
            .collect()
    };
    let encoded: Result<Vec<Vec<RowGroup>>> = batch.par_iter().map(encode).collect();
    for (resolved, groups) in batch.iter().zip(encoded?) {
        for (target, group) in targets[resolved.file].iter_mut().zip(groups) {
            target.writer.append(group)?;
        }
    }
    Ok(())
}

/// Names what was written after its content, and checks that the rows add up.
fn finish(
    work: &Work<'_>,
    (dry_run, decimals): (bool, u32),
    state: Reading,
    targets: Vec<Target>,
    (bytes, hash): (u64, String),
    written: &mut Vec<(DataFile, File)>,
) -> Result<Loaded> {
    let Reading { rows, mut rejects, trailer, .. } = state;
    let claims = trailer.and_then(|record| {
        let trailer = work.source.trailer.as_ref()?;
        Some(trailer.claims(work.source, decimals, &record))
    });
    rejects.sort_by_key(|reject| reject.record);
    let id = format!("{}-{}", work.name, &blake3::hash(format!("{}\0{hash}", work.name).as_bytes()).to_hex()[..16]);
    let mut files = Vec::new();
    for target in targets.into_iter().filter(|_| !dry_run) {
        if let Some((file, handle)) = target.writer.finish_as(&id)? {
            files.push(file.clone());
            written.push((file, handle));
        }
    }
    let mut by_code: BTreeMap<String, u64> = BTreeMap::new();
    for reject in &rejects {
        *by_code.entry(reject.code.into()).or_default() += 1;
    }
    let ledger = (!rejects.is_empty()).then(|| format!("rejects/{id}.parquet"));
    if let (Some(ledger), false) = (&ledger, dry_run) {
        manifest::write_atomically(&work.lake.file(ledger), &rejects::ledger(work.name, &work.shown, &rejects)?)?;
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
        claims,
        pulled: work.pulled.clone(),
    };
    if !rows.balances() || files_disagree(&batch, dry_run) {
        return Err(Error::Internal {
            during: "counting the rows",
            message: format!("`{}`: {rows:?} do not add up", work.shown),
        });
    }
    rejects.truncate(EXAMPLES);
    Ok(Loaded { batch, examples: rejects })
}

/// Whether what was written is not what was accepted.
fn files_disagree(batch: &Batch, dry_run: bool) -> bool {
    let table = if batch.table == "flat" { "order_lines" } else { &batch.table };
    let written: u64 = batch.files.iter().filter(|file| file.table == table).map(|file| file.rows).sum();
    !dry_run && written != batch.rows.accepted
}
