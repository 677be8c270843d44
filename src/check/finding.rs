//! What a rule found: of which branch and day, which rows, and what it touches.

use serde::Serialize;

use super::details::Place;
use super::keys;
use crate::contracts::rules::{Action, Rule, Severity};
use crate::lake::Held;

/// Rows told of each finding; `n_rows` counts all.
pub const MOST_ROWS: usize = 2_000;

/// One violation of a rule by a branch on a day.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How loudly it is told.
    pub severity: Severity,
    /// What it does.
    pub action: Action,
    /// The branch; empty where it is of none.
    pub branch: String,
    /// The day; `None` where it is of none.
    pub day: Option<i32>,
    /// What it is about where it is of no day: a file, or a correction. Part of the key.
    pub about: String,
    /// Totals that differ.
    pub differences: Vec<Difference>,
    /// Rows at fault, the first [`MOST_ROWS`].
    pub rows: Vec<Row>,
    /// All of them.
    pub n_rows: u64,
    /// Rows that would explain a difference, the likeliest first.
    pub causes: Vec<Suspicion>,
    /// The orders at fault, by surrogate key; empty where the whole day is.
    pub orders: Vec<u32>,
    /// Files that were set aside whole.
    pub held: Vec<Held>,
    /// Orders the branch usually has on such a day, and their amount in minor units, where none came.
    pub usual: Option<(i64, i64)>,
}

impl Finding {
    /// The key that stays the same from day to day: `rule/branch/day`, or `rule/branch/-/about`.
    pub fn key(&self) -> String {
        keys::key(self.rule.id, &self.branch, self.day, &self.about)
    }

    /// Identifies what is wrong, so that a decision about it holds no longer than it does.
    pub fn fingerprint(&self) -> String {
        fingerprint(&[self])
    }
}

/// Identifies what is wrong in findings taken together.
pub fn fingerprint(findings: &[&Finding]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut tell = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for difference in findings.iter().flat_map(|finding| &finding.differences) {
        tell(difference.what);
        tell(&format!("{:?} {:?}", difference.stated, difference.arrived));
    }
    let rows = findings.iter().flat_map(|finding| &finding.rows);
    let mut rows: Vec<[&str; 4]> = rows.map(|row| [&*row.document, row.column, &*row.value, &*row.expected]).collect();
    rows.sort_unstable();
    rows.iter().flatten().for_each(|text| tell(text));
    tell(&findings.iter().map(|finding| finding.n_rows).sum::<u64>().to_string());
    for held in findings.iter().flat_map(|finding| &finding.held) {
        tell(&held.code);
        tell(&held.message);
    }
    hasher.finalize().to_hex()[..12].to_string()
}

/// A total that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What is totalled.
    pub what: &'static str,
    /// What the sender, or head office, says.
    pub stated: Value,
    /// What arrived.
    pub arrived: Value,
}

/// A value that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// A number of things.
    Count(i64),
    /// Minor units.
    Money(i64),
    /// An id or a word.
    Text(String),
    /// Nothing was said.
    Nothing,
}

/// A row at fault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The file; empty where the row is not there.
    pub file: String,
    /// The physical line, where it could be found.
    pub line: Option<u64>,
    /// The table the row is of; empty where that is not known.
    pub entity: String,
    /// The reject code, where the row was refused.
    pub code: String,
    /// The order, customer or product.
    pub document: String,
    /// The line of the order.
    pub line_no: Option<i32>,
    /// The column.
    pub column: &'static str,
    /// What it says.
    pub value: String,
    /// What it should say, where that is known.
    pub expected: String,
    /// The record as it came.
    pub raw: String,
    /// Where it is in the lake.
    #[serde(skip)]
    pub place: Place,
}

/// A row that would explain a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspicion {
    /// What may have happened.
    pub kind: &'static str,
    /// How likely, against the others: 0 to 100.
    pub weight: u8,
    /// The row.
    pub row: Row,
    /// The other branch, where one is part of it.
    pub branch: String,
}
