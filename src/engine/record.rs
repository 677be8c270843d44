//! `run.json`: what a run read, did and took.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::gate::Held;
use crate::lake::{Arithmetic, Manifest};

/// The record of a run.
#[derive(Debug, Serialize)]
pub struct Record {
    /// Version of this format; only ever added to.
    pub version: u32,
    /// Version of the program.
    pub program: String,
    /// The exclusive as-of date.
    pub as_of: String,
    /// Identifies lake, configuration, as-of date and program together.
    pub id: String,
    /// Identifies the content of the lake.
    pub manifest: String,
    /// Every file in force: source, file, BLAKE3, rows.
    pub inputs: Vec<Input>,
    /// The row arithmetic of each source.
    pub sources: BTreeMap<String, Arithmetic>,
    /// Rejected rows by code.
    pub rejects: BTreeMap<String, u64>,
    /// Rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// The arithmetic of each marketing list: chosen = listed + left out, by reason.
    pub lists: BTreeMap<String, BTreeMap<String, u64>>,
    /// The configuration the tables follow from: currency, segments, lists and each analysis's parameters.
    pub settings: serde_json::Value,
    /// The earlier run that was compared with; nothing where there was none.
    pub previous: Option<String>,
    /// What could not be made, and why.
    pub failures: BTreeMap<String, String>,
    /// Branch-days compared with control totals, and how many differ.
    pub control_totals: (u64, u64),
    /// Branch-days held back, and what serves in their place.
    pub held: Vec<Held>,
    /// Files set aside whole: which, why, what next.
    pub held_files: Vec<crate::lake::Held>,
    /// Orders in quarantine.
    pub quarantined: u64,
    /// Seconds of each step.
    pub seconds: Vec<(String, f64)>,
    /// Highest memory use of the process, bytes; 0 where the system does not tell.
    pub peak_memory_bytes: u64,
}

/// A file a run rests on.
#[derive(Debug, Serialize)]
pub struct Input {
    /// The source.
    pub source: String,
    /// The file.
    pub file: String,
    /// BLAKE3 of its bytes.
    pub blake3: String,
    /// Its row arithmetic.
    pub rows: Arithmetic,
}

/// The files in force.
pub fn inputs(manifest: &Manifest) -> Vec<Input> {
    let input = |batch: &crate::lake::Batch| Input {
        source: batch.source.clone(),
        file: batch.file.clone(),
        blake3: batch.hash.clone(),
        rows: batch.rows,
    };
    manifest.active().map(input).collect()
}

/// The row arithmetic of each source, superseded files included: every row ever received is in it.
pub fn arithmetic(manifest: &Manifest) -> BTreeMap<String, Arithmetic> {
    let mut sources: BTreeMap<String, Arithmetic> = BTreeMap::new();
    for batch in &manifest.batches {
        sources.entry(batch.source.clone()).or_default().add(&batch.rows);
    }
    sources
}

/// Rejected rows of the files in force, by code.
pub fn rejects(manifest: &Manifest) -> BTreeMap<String, u64> {
    let mut codes = BTreeMap::new();
    for (code, rows) in manifest.active().flat_map(|batch| &batch.rejects) {
        *codes.entry(code.clone()).or_default() += rows;
    }
    codes
}

/// Highest memory use of this process so far, in bytes.
pub fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}
