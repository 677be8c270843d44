//! One test binary: definitions as tables, the real binary as a user runs it, and the house rules.

mod branch_drops;
mod cases;
mod checks;
mod cli;
mod determinism;
mod dialect;
mod earlier;
mod ingest;
mod mapping;
mod mutations;
mod profitability;
mod real_data;
mod real_trends;
mod reference;
mod segments;
mod support;
mod tidy;
