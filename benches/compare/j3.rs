//! J3.

use std::path::Path;

use langgan::error::Result;
use langgan::facts::Facts;

/// Writes the job's files.
pub fn run(_facts: &Facts, _out: &Path) -> Result<()> {
    Ok(())
}
