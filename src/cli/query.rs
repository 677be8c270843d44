//! `langgan query`: SQL over the lake, the marts and the results of a run.

use std::path::{Path, PathBuf};

use polars::prelude::*;
use polars::sql::SQLContext;

use super::args::{Query, Which};
use super::{Session, render};
use crate::error::{Error, Result};
use crate::lake::{LakeDir, Manifest};
use crate::marts;

/// Runs one SELECT and prints its rows.
pub fn run(session: &Session, args: &Query) -> Result<u8> {
    let sql = match (&args.file, &args.command) {
        (Some(path), _) => std::fs::read_to_string(path).map_err(Error::io("read", path))?,
        (None, Some(sql)) => sql.clone(),
        (None, None) => String::new(),
    };
    read_only(&sql)?;
    let mut context = context(session, &args.which)?;
    let frame = marts::collect(&mut context, &sql).map_err(|error| named(error, &context.get_tables()))?;
    if session.json {
        render::json(&render::Rows(&frame))?;
    } else if render::on_terminal() {
        render::to_stdout(&render::frame(&frame, 200, None))?;
    } else {
        render::to_stdout(&csv(&frame)?)?;
    }
    Ok(0)
}

/// The words a query may begin with.
const READING: [&str; 7] = ["select", "with", "show", "explain", "describe", "values", "from"];

/// Refuses what is no query: nothing typed here changes a table, and it should not look as if it did.
fn read_only(sql: &str) -> Result<()> {
    let mut rest = sql.trim_start_matches(['(', ' ', '\t', '\r', '\n']);
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment.split_once('\n').map_or("", |(_, after)| after).trim_start_matches(['(', ' ', '\t', '\r', '\n']);
    }
    while let Some(comment) = rest.strip_prefix("/*") {
        rest = comment.split_once("*/").map_or("", |(_, after)| after).trim_start_matches(['(', ' ', '\t', '\r', '\n']);
    }
    let word = rest.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default().to_lowercase();
    if READING.contains(&word.as_str()) {
        return Ok(());
    }
    Err(Error::Usage {
        message: format!("a query reads and changes nothing: it begins with SELECT, WITH or SHOW, not `{word}`"),
        hint: "list what can be queried with `langgan query -c \"SHOW TABLES\"`".into(),
    })
}

/// Of a table that is not there under its plain name, the name it is there under.
fn named(error: Error, tables: &[String]) -> Error {
    let Error::Query { message } = error else { return error };
    let missing = message.split_once("relation '").and_then(|(_, rest)| rest.split_once('\'')).map(|(name, _)| name);
    match missing.map(|name| format!("lake_{name}")).filter(|name| tables.contains(name)) {
        Some(name) => {
            Error::Usage { message: format!("the query failed: {message}"), hint: format!("did you mean `{name}`?") }
        }
        None => Error::Query { message },
    }
}

/// The lake, and the tables of a run.
pub fn context(session: &Session, which: &Which) -> Result<SQLContext> {
    let lake = LakeDir(session.project.lake());
    let manifest = Manifest::read(&lake)?;
    let context = marts::context(&lake, &manifest, i32::MAX)?;
    for (name, path) in tables(&run_dir(session, which))? {
        let frame =
            LazyFrame::scan_parquet(PlRefPath::from(path.to_string_lossy().as_ref()), ScanArgsParquet::default());
        context.register(&name, frame.map_err(Error::internal("opening a table"))?);
    }
    Ok(context)
}

/// The folder of a published run.
pub fn run_dir(session: &Session, which: &Which) -> PathBuf {
    session.project.runs().join(which.run.as_deref().unwrap_or("latest"))
}

/// The tables of a run by name.
fn tables(run: &Path) -> Result<Vec<(String, PathBuf)>> {
    let dir = run.join("tables");
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", &dir)(error)),
    };
    let mut tables = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io("read", &dir))?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            tables.push((name.to_string(), path.clone()));
        }
    }
    tables.sort();
    Ok(tables)
}

/// The project's own queries.
pub fn own_queries(dir: &Path) -> Result<Vec<(PathBuf, String)>> {
    let pattern = dir.join("*.sql");
    let mut queries = Vec::new();
    for path in glob::glob(&pattern.to_string_lossy()).map_err(Error::internal("looking for queries"))?.flatten() {
        let sql = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        queries.push((path, sql));
    }
    Ok(queries)
}

fn csv(frame: &DataFrame) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(frame.get_column_names().iter().map(|name| name.as_str()))
        .map_err(Error::internal("writing CSV"))?;
    for row in 0..frame.height() {
        writer.write_record(render::cells(frame, row)).map_err(Error::internal("writing CSV"))?;
    }
    let bytes = writer.into_inner().map_err(Error::internal("writing CSV"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
