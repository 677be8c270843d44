//! `langgan sample`, `doctor`, `completions`, `man`.

use clap::Command;
use clap_complete::Shell;

use super::args::Sample;
use super::{Session, render};
use crate::config::FILE_NAME;
use crate::engine::lock;
use crate::error::{Error, Result};
use crate::ingest::pull;
use crate::lake::{LakeDir, Manifest};
use crate::marts::dialect;
use crate::sample::{Options, write_project};

/// Writes a synthetic project.
pub fn sample(session: &Session, args: &Sample) -> Result<u8> {
    let config = args.dir.join(FILE_NAME);
    if config.exists() {
        return Err(Error::Usage {
            message: format!("`{}` is there already", config.display()),
            hint: "name a folder that is new or empty".into(),
        });
    }
    let options = Options { customers: args.customers, seed: args.seed, faults: args.faults };
    let summary = write_project(&args.dir, &options).map_err(Error::io("write in", &args.dir))?;
    if session.json {
        render::json(&serde_json::json!({
            "customers": summary.customers, "products": summary.products, "branches": summary.branches, "agents": summary.agents,
            "orders": summary.orders, "order_lines": summary.lines, "interactions": summary.interactions, "faults": summary.faults,
        }))?;
    } else if !session.quiet {
        render::to_stdout(&format!(
            "{} customers, {} products, {} branches, {} orders, {} lines, {} interactions, {} planted faults",
            summary.customers,
            summary.products,
            summary.branches,
            summary.orders,
            summary.lines,
            summary.interactions,
            summary.faults
        ))?;
        session.say(&format!("next: langgan -C {} run", args.dir.display()));
    }
    Ok(0)
}

/// Looks at the project and says what is wrong with it.
pub fn doctor(session: &Session) -> Result<u8> {
    let config = session.config()?;
    let lake = LakeDir(session.project.lake());
    let mut wrong = 0_u32;
    let mut tell = |good: bool, text: String| {
        wrong += u32::from(!good);
        render::to_stdout(&format!("{} {text}", if good { "ok  " } else { "BAD " }))
    };
    tell(true, format!("{FILE_NAME}: {} sources", config.core.sources.len()))?;
    for (name, source) in &config.core.sources {
        if let Some(database) = &source.database {
            match pull::columns(name, (source, database), &session.project.0) {
                Ok(columns) => tell(true, format!("source {name}: {} answers, {columns} columns", database.label()))?,
                Err(error) => tell(false, error.to_string())?,
            }
            continue;
        }
        match source.paths(name, &session.project.0) {
            Ok(paths) => {
                tell(true, format!("source {name}: {}", render::counted(paths.len() as u64, "file", "files")))?
            }
            Err(error) => tell(false, error.to_string())?,
        }
    }
    let manifest = Manifest::read(&lake)?;
    let missing: Vec<&str> = manifest
        .batches
        .iter()
        .flat_map(|batch| &batch.files)
        .filter(|file| !lake.file(&file.path).exists())
        .map(|file| file.path.as_str())
        .collect();
    tell(
        missing.is_empty(),
        format!("lake: {} batches, {} files missing {}", manifest.batches.len(), missing.len(), missing.join(" ")),
    )?;
    if manifest.batches.is_empty() {
        session.say("the lake is empty: langgan ingest");
    } else {
        match lock::take(&lake.lock()) {
            Ok(_) => tell(true, "lock: free".into())?,
            Err(error) => tell(false, error.to_string())?,
        }
    }
    for (path, sql) in super::query::own_queries(&session.project.queries())? {
        let violations = dialect::lint(&sql);
        let words: Vec<String> =
            violations.iter().map(|violation| format!("line {}: {}", violation.line, violation.rule)).collect();
        tell(
            true,
            format!(
                "query {}: {}",
                path.display(),
                if words.is_empty() {
                    "runs on Polars and DataFusion".into()
                } else {
                    format!("runs on Polars only ({})", words.join("; "))
                }
            ),
        )?;
    }
    Ok(if wrong == 0 { 0 } else { 2 })
}

/// Prints completions.
pub fn completions(shell: Shell, command: &mut Command) -> Result<u8> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, command, "langgan", &mut bytes);
    render::to_stdout(&String::from_utf8_lossy(&bytes))?;
    Ok(0)
}

/// Prints the manual page.
pub fn man(command: &Command) -> Result<u8> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut bytes).map_err(Error::internal("writing the manual page"))?;
    render::to_stdout(&String::from_utf8_lossy(&bytes))?;
    Ok(0)
}
