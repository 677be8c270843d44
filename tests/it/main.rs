//! One test binary: definitions as tables, the real binary as a user runs it, and the house rules.

mod atomic;
mod batches;
mod cases;
mod cli;
mod determinism;
mod dialect;
mod earlier;
mod fuzz;
mod ingest;
mod mapping;
mod reader;
mod real_data;
mod reference;
mod support;
mod tidy;
