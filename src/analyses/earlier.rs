//! What earlier published runs found: the one way an analysis looks back over its own results. The engine gives the
//! newest run whose as-of day lies before this run's, and any the configuration names; never one of the same day, so
//! that running a day again changes nothing.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use crate::contracts::Table;

/// What an analysis wants of earlier runs.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The tables.
    pub tables: &'static [&'static Table],
    /// As-of days of runs besides the newest.
    pub days: Vec<i32>,
}

/// Tables of earlier runs, money in minor units.
#[derive(Debug, Default)]
pub struct EarlierRuns {
    runs: BTreeMap<i32, EarlierRun>,
}

/// Tables of one earlier run.
#[derive(Debug, Default)]
pub struct EarlierRun {
    /// Its exclusive as-of day.
    pub as_of: i32,
    /// Identifies its content.
    pub id: String,
    tables: BTreeMap<&'static str, DataFrame>,
}

impl EarlierRun {
    /// A run without tables.
    pub fn new(as_of: i32, id: String) -> EarlierRun {
        EarlierRun { as_of, id, tables: BTreeMap::new() }
    }

    /// A table; `None` where the run has none of it.
    pub fn get(&self, table: &'static Table) -> Option<&DataFrame> {
        self.tables.get(table.name)
    }

    /// Adds a table.
    pub fn insert(&mut self, table: &'static Table, frame: DataFrame) {
        self.tables.insert(table.name, frame);
    }
}

impl EarlierRuns {
    /// Adds a run.
    pub fn insert(&mut self, run: EarlierRun) {
        self.runs.insert(run.as_of, run);
    }

    /// The newest: the previous run.
    pub fn newest(&self) -> Option<&EarlierRun> {
        self.runs.values().next_back()
    }

    /// The run as of a day.
    pub fn of(&self, as_of: i32) -> Option<&EarlierRun> {
        self.runs.get(&as_of)
    }

    /// The identities of all, oldest first: results may depend on them.
    pub fn ids(&self) -> Vec<&str> {
        self.runs.values().map(|run| run.id.as_str()).collect()
    }
}
