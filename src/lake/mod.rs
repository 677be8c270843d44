//! The lake: immutable Parquet batches and a manifest that says which of them are in force.
//!
//! The only module that opens the lake's files. Readers take a manifest once and see that state to the end.

mod chunk;
pub mod disk;
pub mod layout;
pub mod manifest;
mod packing;
pub mod reader;
pub mod writer;

pub use layout::LakeDir;
pub use manifest::{Arithmetic, Batch, Claims, DataFile, Drift, Held, Manifest, Restatement, Unit};
