//! Puts a run in its place in one step: everything is written and made durable beside it first.
//!
//! `runs/<as-of>` is a link to a folder named after its content in `runs/.store`; `runs/latest` links to the newest.
//! A reader sees the old run or the new one.

use std::io::Write;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use crate::contracts::Table;
use crate::contracts::results::{is_money, result_table};
use crate::error::{Error, Result};
use crate::lake::disk::{self, Out};
use crate::lake::manifest::{sweep, sync_dir};

/// A run being written. Dropped without [`Draft::publish`], nothing of it stays.
pub struct Draft {
    runs: PathBuf,
    temporary: tempfile::TempDir,
}

impl Draft {
    /// Begins a run in a project's `runs` folder.
    pub fn begin(runs: &Path) -> Result<Draft> {
        let store = runs.join(".store");
        disk::create_dir_all(&store).map_err(Error::io("create", &store))?;
        sweep(&store, ".draft-")?;
        let temporary =
            tempfile::Builder::new().prefix(".draft-").tempdir_in(&store).map_err(Error::io("write in", &store))?;
        Ok(Draft { runs: runs.to_path_buf(), temporary })
    }

    /// Writes a file of the run.
    pub fn write(&self, relative: &str, bytes: &[u8]) -> Result<()> {
        let path = self.temporary.path().join(relative);
        if let Some(dir) = path.parent() {
            disk::create_dir_all(dir).map_err(Error::io("create", dir))?;
        }
        let mut out = Out(disk::create(&path).map_err(Error::io("create", &path))?);
        out.write_all(bytes).and_then(|()| disk::sync(&out.0)).map_err(Error::io("write", &path))
    }

    /// Writes a file of the run piece by piece.
    pub fn write_with(&self, relative: &str, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let path = self.temporary.path().join(relative);
        let mut out = std::io::BufWriter::new(Out(disk::create(&path).map_err(Error::io("create", &path))?));
        fill(&mut out)?;
        let out = out.into_inner().map_err(|error| Error::io("write", &path)(error.into_error()))?;
        disk::sync(&out.0).map_err(Error::io("write", &path))
    }

    /// Writes a table of the run.
    pub fn write_table(&self, name: &str, frame: &mut DataFrame) -> Result<()> {
        let dir = self.temporary.path().join("tables");
        disk::create_dir_all(&dir).map_err(Error::io("create", &dir))?;
        let path = dir.join(format!("{name}.parquet"));
        let mut out = Remembering { out: Out(disk::create(&path).map_err(Error::io("create", &path))?), error: None };
        frame.align_chunks_par();
        let written = ParquetWriter::new(std::io::BufWriter::new(&mut out))
            .with_compression(ParquetCompression::Zstd(None))
            .with_row_group_size(Some(262_144))
            .finish(frame);
        if let Some(error) = out.error {
            return Err(Error::io("write", &path)(error));
        }
        written.map_err(Error::internal("writing a table"))?;
        disk::sync(&out.out.0).map_err(Error::io("write", &path))
    }

    /// Puts the run in place as `runs/<as_of>`, and as `runs/latest` where the day follows from the data or the
    /// configuration, or where no later day is published: a look back moves nothing, and a mistyped day does not stay.
    /// A run of the same id is there already where nothing changed: then it stays, and the draft goes.
    pub fn publish(self, as_of: &str, id: &str, is_usual_day: bool) -> Result<PathBuf> {
        let store = self.runs.join(".store");
        let name = format!("{as_of}-{id}");
        let place = store.join(&name);
        if !place.exists() {
            sync_folders(self.temporary.path())?;
            disk::rename(self.temporary.path(), &place).map_err(Error::io("write", &place))?;
            let _ = self.temporary.keep();
        }
        sync_dir(&store)?;
        let link = self.runs.join(as_of);
        let before = std::fs::read_link(&link).ok();
        point(&link, &Path::new(".store").join(&name))?;
        let latest = self.runs.join("latest");
        let newest = std::fs::read_link(&latest).ok().and_then(|to| to.to_str().map(String::from));
        if is_usual_day || newest.is_none_or(|newest| newest.as_str() <= as_of) {
            point(&latest, Path::new(as_of))?;
        }
        sync_dir(&self.runs)?;
        if let Some(before) = before.filter(|before| before.file_name() != Some(name.as_ref())) {
            let _ = disk::remove(&self.runs.join(before));
        }
        Ok(link)
    }
}

/// Remembers why writing failed: Polars makes a mere text of it, and a full disk has to be told as one.
struct Remembering {
    out: Out,
    error: Option<std::io::Error>,
}

impl Remembering {
    fn noted<T>(&mut self, done: std::io::Result<T>) -> std::io::Result<T> {
        done.inspect_err(|error| {
            if error.kind() != std::io::ErrorKind::Interrupted {
                self.error = Some(std::io::Error::new(error.kind(), error.to_string()));
            }
        })
    }
}

impl Write for Remembering {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let done = self.out.write(bytes);
        self.noted(done)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let done = self.out.flush();
        self.noted(done)
    }
}

/// Makes the names in a folder and the folders in it durable.
fn sync_folders(dir: &Path) -> Result<()> {
    for entry in std::fs::read_dir(dir).map_err(Error::io("read", dir))?.flatten() {
        if entry.path().is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_dir(dir)
}

/// Makes a link point somewhere else in one step.
fn point(link: &Path, to: &Path) -> Result<()> {
    let fresh = link.with_extension("new");
    let _ = std::fs::remove_file(&fresh);
    disk::symlink(to, &fresh).map_err(Error::io("link", link))?;
    disk::rename(&fresh, link).map_err(Error::io("link", link))
}

/// A table as people outside see it: money as exact decimals where the currency has any.
pub fn outside(name: &str, frame: &DataFrame, decimals: u32) -> Result<DataFrame> {
    let Some(table) = result_table(name) else { return Ok(frame.clone()) };
    if decimals == 0 {
        return Ok(frame.clone());
    }
    let failed = Error::internal("turning money into decimals");
    let mut columns = Vec::with_capacity(frame.width());
    for column in frame.columns() {
        if !is_money(table, column.name()) {
            columns.push(column.clone());
            continue;
        }
        let minor = column.as_materialized_series().cast(&DataType::Int128).map_err(&failed)?;
        let money = minor.i128().map_err(&failed)?.clone().into_decimal(18, decimals as usize).map_err(&failed)?;
        columns.push(money.into_series().with_name(column.name().clone()).into_column());
    }
    DataFrame::new_infer_height(columns).map_err(failed)
}

/// A published table as the analyses see it: money as minor units again. The inverse of [`outside`].
pub fn inside(table: &'static Table, frame: &DataFrame, decimals: u32) -> Result<DataFrame> {
    let failed = Error::internal("reading money");
    let mut columns = Vec::with_capacity(frame.width());
    for column in frame.columns() {
        let DataType::Decimal(_, scale) = *column.dtype() else {
            columns.push(column.clone());
            continue;
        };
        if scale != decimals as usize {
            return Err(Error::LakeSettings {
                was: format!("{scale} decimals (table `{}` of an earlier run)", table.name),
                now: decimals.to_string(),
            });
        }
        let series = column.as_materialized_series().to_physical_repr().cast(&DataType::Int64).map_err(&failed)?;
        columns.push(series.with_name(column.name().clone()).into_column());
    }
    DataFrame::new_infer_height(columns).map_err(failed)
}
