//! One test binary: definitions as tables, the real binary as a user runs it, and the house rules.

mod branch_drops;
mod cases;
mod checks;
mod cli;
mod determinism;
mod dialect;
mod earlier;
mod formats;
mod ingest;
mod mapping;
mod mutations;
mod pulls;
mod real_data;
mod reference;
mod support;
mod tidy;
