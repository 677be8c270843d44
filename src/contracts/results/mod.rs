//! The tables a run publishes, one file an analysis.

mod profitability;

pub use profitability::{PROFITABILITY, PROFITABILITY_TIEOUT, PROFITABILITY_WHALE};

use super::Table;

/// Every result table, in the order people read them.
pub const ALL: &[&Table] = &[&PROFITABILITY, &PROFITABILITY_WHALE, &PROFITABILITY_TIEOUT];
