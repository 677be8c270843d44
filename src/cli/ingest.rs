//! `langgan ingest`, and the loading part of `langgan run`.

use std::collections::BTreeMap;

use super::args::Ingest;
use super::progress::IngestBar;
use super::{Session, render};
use crate::config::Config;
use crate::deliver::report::{Language, format};
use crate::engine::lock;
use crate::error::{Error, Result};
use crate::ingest::{Outcome, Request, drift, ingest};
use crate::lake::{Arithmetic, LakeDir, Manifest, Restatement};

/// Loads what is new and says what came of it.
pub fn run(session: &Session, args: &Ingest) -> Result<u8> {
    let config = session.config()?;
    let lake = LakeDir(session.project.lake());
    let _lock = lock::take(&lake.lock())?;
    let outcome = load(session, &config, &lake, &args.sources, args.dry_run)?;
    if session.json {
        render::json(&json(&outcome))?;
    } else if !session.quiet {
        render::to_stdout(&summary(&outcome))?;
        if args.dry_run {
            session.say("dry run: nothing was kept");
        }
    }
    held(session, &outcome)
}

/// Names the files that are held; the exit code says whether anything else serves.
pub fn held(session: &Session, outcome: &Outcome) -> Result<u8> {
    if !session.json {
        for held in &outcome.held {
            render::held(held);
        }
    }
    if outcome.nothing_serves() {
        return Err(Error::NothingServes);
    }
    Ok(if outcome.held.is_empty() { 0 } else { 6 })
}

/// Loads what is new, with a progress bar.
pub fn load(session: &Session, config: &Config, lake: &LakeDir, only: &[String], dry_run: bool) -> Result<Outcome> {
    let bar = IngestBar::new(session);
    let request = Request {
        project: &session.project.0,
        sources: &config.core.sources,
        only,
        decimals: config.core.currency.decimals,
        currency: &config.core.currency.code,
        dry_run,
        memory: session.memory,
        progress: &|progress| bar.tell(progress),
    };
    let outcome = ingest(lake, &request);
    bar.done();
    outcome
}

fn files_are(files: usize, one: &str, many: &str) -> String {
    render::counted(files as u64, &format!("file {one}"), &format!("files {many}"))
}

/// The row arithmetic of what is new, and the first rejects.
pub fn summary(outcome: &Outcome) -> String {
    let mut text = String::new();
    if outcome.loaded.is_empty() {
        if outcome.known.is_empty() && !outcome.held.is_empty() {
            return format!("nothing was loaded: {} held", files_are(outcome.held.len(), "is", "are"));
        }
        if outcome.known.is_empty() {
            return "nothing to load: no source matches a file".into();
        }
        return format!("nothing new: {} in the lake already", files_are(outcome.known.len(), "is", "are"));
    }
    let mut rows = Vec::new();
    let mut total = Arithmetic::default();
    for batch in &outcome.loaded {
        total.add(&batch.rows);
        rows.push(arithmetic_row(&batch.file, &batch.rows));
    }
    rows.push(arithmetic_row("total", &total));
    text.push_str(&render::table(&["file", "received", "accepted", "rejected", "duplicate"], &rows, &[1, 2, 3, 4]));
    text.push_str(&format!(
        "\n\nreceived {} = accepted {} + rejected {} + duplicate {}\n",
        total.received, total.accepted, total.rejected, total.duplicate
    ));
    if !outcome.known.is_empty() {
        text.push_str(&format!("{} in the lake already\n", files_are(outcome.known.len(), "was", "were")));
    }
    for batch in &outcome.loaded {
        for change in &batch.drift {
            let file = render::harmless(&batch.file);
            text.push_str(&format!("{file}: column {}\n", render::harmless(&drift::describe(change))));
        }
        if batch.superseded_by.is_some() {
            text.push_str(&format!("{}: another file about the same is in force\n", render::harmless(&batch.file)));
        }
    }
    if !outcome.restated.is_empty() {
        text.push_str("\nclosed months that moved:\n");
        let rows: Vec<Vec<String>> = outcome.restated.iter().map(|moved| restated(moved, &outcome.manifest)).collect();
        text.push_str(&render::table(&["month", "branch", "orders", "amount"], &rows, &[2, 3]));
        text.push('\n');
    }
    if !outcome.examples.is_empty() {
        let shown: Vec<Vec<String>> = outcome
            .examples
            .iter()
            .map(|(file, reject)| {
                let raw: String = reject.raw.chars().take(60).collect();
                let place = if reject.address.is_empty() { reject.line.to_string() } else { reject.address.clone() };
                vec![file.clone(), place, reject.column.into(), reject.code.into(), raw]
            })
            .collect();
        text.push_str("\nset aside, the first of each file (all are in lake/rejects):\n");
        text.push_str(&render::table(&["file", "line", "column", "code", "row"], &shown, &[1]));
    }
    text
}

fn restated(moved: &Restatement, manifest: &Manifest) -> Vec<String> {
    let amount = format::money_code(moved.amount, manifest.decimals, manifest.decimals, "", Language::English);
    vec![moved.month.clone(), moved.branch.clone(), format!("{:+}", moved.orders), amount]
}

fn arithmetic_row(name: &str, rows: &Arithmetic) -> Vec<String> {
    vec![
        name.into(),
        rows.received.to_string(),
        rows.accepted.to_string(),
        rows.rejected.to_string(),
        rows.duplicate.to_string(),
    ]
}

fn json(outcome: &Outcome) -> serde_json::Value {
    let mut branches: BTreeMap<&str, Arithmetic> = BTreeMap::new();
    for (branch, rows) in outcome.loaded.iter().flat_map(|batch| &batch.branches) {
        branches.entry(branch).or_default().add(rows);
    }
    serde_json::json!({
        "loaded": outcome.loaded.iter().map(|batch| serde_json::json!({
            "source": batch.source, "file": batch.file, "blake3": batch.hash, "rows": batch.rows, "rejects": batch.rejects,
            "unit": batch.unit, "branches": batch.branches, "drift": batch.drift,
        })).collect::<Vec<_>>(),
        "branches": branches,
        "known": outcome.known,
        "held": outcome.held,
        "restated": outcome.restated,
        "manifest": outcome.manifest.hash(),
    })
}
