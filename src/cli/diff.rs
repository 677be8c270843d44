//! `langgan diff`: who moved between two runs, and why.

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::{Column, DataFrame, DataType, IntoLazy, col};

use super::args::{Diff, Which};
use super::show::{no_run, read_record};
use super::{Session, query, render};
use crate::diff::{Run, TABLES, compare};
use crate::engine::earlier;
use crate::error::{Error, Result};

/// Prints what two runs have in common and what not.
pub fn run(session: &Session, args: &Diff) -> Result<u8> {
    let config = session.config()?;
    let read = |name: &str| {
        let which = Which { run: Some(name.into()) };
        let dir = query::run_dir(session, &which);
        open(&dir)?.ok_or_else(|| no_run(&which))
    };
    let (then, now) = (read(&args.from)?, read(&args.to)?);
    let answers = compare(&then, &now, config.core.currency.decimals, args.top)?;
    if session.json {
        let object = answers.iter().map(|(name, frame)| ((*name).to_string(), render::rows_json(frame))).collect();
        return render::json(&serde_json::Value::Object(object)).map(|()| 0);
    }
    for (name, frame) in &answers {
        let frame = for_people(frame)?;
        let body = if frame.height() == 0 {
            "nothing".to_string()
        } else {
            render::frame(&frame, 40, Some(config.core.currency.shown()))
        };
        render::to_stdout(&format!("{name}\n{body}\n"))?;
    }
    Ok(0)
}

/// Of the moves between segments those who stayed, and causes that moved nobody, are left out; `--json` has them.
fn for_people(frame: &DataFrame) -> Result<DataFrame> {
    let failed = Error::internal("comparing runs");
    if frame.column("previous_segment").is_err() {
        return Ok(frame.clone());
    }
    let moved = frame.clone().lazy().filter(col("previous_segment").neq(col("segment"))).collect().map_err(&failed)?;
    let says_something = |column: &&Column| {
        let numbers = || column.cast(&DataType::Float64).and_then(|column| column.f64().cloned());
        !column.name().contains("_by_") || numbers().is_ok_and(|numbers| numbers.iter().any(|value| value != Some(0.0)))
    };
    let columns: Vec<Column> = moved.columns().iter().filter(says_something).cloned().collect();
    DataFrame::new_infer_height(columns).map_err(failed)
}

/// A published run; nothing where there is none.
fn open(dir: &Path) -> Result<Option<Run>> {
    let Some(record) = read_record(dir) else { return Ok(None) };
    let mut tables = BTreeMap::new();
    for name in TABLES {
        let path = dir.join("tables").join(format!("{name}.parquet"));
        if path.exists() {
            tables.insert(name, earlier::read(&path)?);
        }
    }
    Ok(Some(Run { record, tables }))
}
