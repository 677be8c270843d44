//! One test binary: definitions as tables, the real binary as a user runs it, and the house rules.

mod atomic;
mod batches;
mod branch_drops;
mod cases;
mod checks;
mod cli;
mod clv;
mod determinism;
mod dialect;
mod earlier;
mod formats;
mod fuzz;
mod ingest;
mod mapping;
mod mutations;
mod profitability;
mod pulls;
mod reader;
mod real_data;
mod real_trends;
mod reference;
mod segments;
mod support;
mod tidy;
