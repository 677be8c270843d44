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
    let mut context = context(session, &args.which)?;
    let frame = marts::collect(&mut context, &sql)?;
    if session.json {
        render::json(&render::rows_json(&frame))?;
    } else if render::on_terminal() {
        render::to_stdout(&render::frame(&frame, 200))?;
    } else {
        render::to_stdout(&csv(&frame)?)?;
    }
    Ok(0)
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
