//! Every format as one: text records that the one pipeline reads.

use std::path::Path;

use super::blocks::BlockReader;
use super::source::Source;
use crate::error::Result;

/// The whole text of a small file, in UTF-8.
pub fn whole_text(path: &Path, source: &Source) -> Result<Vec<u8>> {
    let mut reader = BlockReader::open(path, &source.encoding)?;
    let mut text = Vec::new();
    while let Some(block) = reader.next_block()? {
        text.extend_from_slice(&block.bytes);
    }
    Ok(reader.encoding().decoded(text))
}
