//! Finds earlier published runs and the tables the analyses want of them.

use std::path::Path;

use polars::prelude::{DataFrame, ParquetReader, SerReader};

use super::publish::inside;
use crate::analyses::Analyses;
use crate::analyses::earlier::{EarlierRun, EarlierRuns};
use crate::calendar::{day_name, day_number};
use crate::contracts::Table;
use crate::error::{Error, Result};

/// The newest published run whose as-of day lies before `as_of`, and those before it that an analysis names, each
/// with the tables that are wanted.
///
/// # Errors
/// Where a table is there and cannot be read.
pub fn load(runs: &Path, as_of: i32, decimals: u32, analyses: &Analyses, only: &[String]) -> Result<EarlierRuns> {
    let mut wanted: Vec<&'static Table> = Vec::new();
    let mut named: Vec<i32> = Vec::new();
    for analysis in super::chosen(analyses, only)? {
        let want = analysis.wants_earlier();
        named.extend(want.days);
        for table in want.tables {
            if !wanted.iter().any(|known| known.name == table.name) {
                wanted.push(table);
            }
        }
    }
    let mut found = EarlierRuns::default();
    let days: Vec<i32> = days(runs)?.into_iter().filter(|day| *day < as_of).collect();
    let newest = days.last().copied();
    for day in days.into_iter().filter(|day| !wanted.is_empty() && (Some(*day) == newest || named.contains(day))) {
        let dir = runs.join(day_name(day));
        let target = std::fs::read_link(&dir).map_err(Error::io("read", &dir))?;
        let id = target.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut run = EarlierRun::new(day, id);
        for table in &wanted {
            let path = dir.join("tables").join(format!("{}.parquet", table.name));
            if path.exists() {
                run.insert(table, inside(table, &read(&path)?, decimals)?);
            }
        }
        found.insert(run);
    }
    Ok(found)
}

/// The as-of days of the published runs, ascending.
pub fn days(runs: &Path) -> Result<Vec<i32>> {
    let entries = match std::fs::read_dir(runs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", runs)(error)),
    };
    let mut days = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("read", runs))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let parts: Option<Vec<i64>> = name.split('-').map(|part| part.parse().ok()).collect();
        if let Some([year, month, day]) = parts.as_deref()
            && let Some(day) = day_number(*year, *month, *day)
            && day_name(day) == name
        {
            days.push(day);
        }
    }
    days.sort_unstable();
    Ok(days)
}

/// Reads a table of a published run.
pub fn read(path: &Path) -> Result<DataFrame> {
    let file = std::fs::File::open(path).map_err(Error::io("read", path))?;
    let damaged =
        |error: polars::prelude::PolarsError| Error::Damaged { path: path.into(), message: error.to_string() };
    ParquetReader::new(file).finish().map_err(damaged)
}
