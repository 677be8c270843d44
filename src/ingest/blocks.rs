//! A file as blocks that end at a line end, hashed on the way.

use std::io::Read;
use std::path::{Path, PathBuf};

use encoding_rs::{Decoder, Encoding, UTF_8};

use super::formats::{self, Made, archive};
use super::source::Source;
use crate::error::{Error, Result};

/// Bytes in a block. A constant, so that row groups do not depend on the machine.
const BLOCK: usize = 4 << 20;

/// A line may be this long.
const LONGEST_LINE: usize = 64 << 20;

/// Part of a file.
#[derive(Debug)]
pub struct RawBlock {
    /// The bytes, in UTF-8 where the source declares another encoding.
    pub bytes: Vec<u8>,
    /// Where they begin.
    pub offset: u64,
    /// No block follows.
    pub last: bool,
}

/// Reads a file block by block.
pub struct BlockReader {
    source: String,
    path: PathBuf,
    text: Box<dyn Read + Send>,
    /// What the text was made of, where the file holds no text.
    pub origin: Option<Made>,
    hasher: blake3::Hasher,
    decoder: Option<Decoder>,
    carried: Vec<u8>,
    offset: u64,
    read: u64,
    ended: bool,
}

impl BlockReader {
    /// Opens a file of a source.
    pub fn open(name: &str, path: &Path, source: &Source) -> Result<BlockReader> {
        let opened = formats::open(name, path, source)?;
        let encoding = Encoding::for_label(source.encoding.as_bytes()).unwrap_or(UTF_8);
        let encoding = if opened.origin.is_some() { UTF_8 } else { encoding };
        Ok(BlockReader {
            source: name.into(),
            path: path.to_path_buf(),
            text: opened.text,
            origin: opened.origin,
            hasher: blake3::Hasher::new(),
            decoder: (encoding != UTF_8).then(|| encoding.new_decoder_with_bom_removal()),
            carried: Vec::new(),
            offset: 0,
            read: 0,
            ended: false,
        })
    }

    /// The next block; `None` after the last.
    pub fn next_block(&mut self) -> Result<Option<RawBlock>> {
        if self.ended {
            return Ok(None);
        }
        let mut bytes = std::mem::take(&mut self.carried);
        loop {
            let wanted = BLOCK.max(bytes.len() + BLOCK / 2) - bytes.len();
            let got = self.fill(&mut bytes, wanted)?;
            if got < wanted as u64 {
                self.ended = true;
                break;
            }
            if let Some(newline) = memchr::memrchr(b'\n', &bytes) {
                self.carried = bytes.split_off(newline + 1);
                break;
            }
            if bytes.len() > LONGEST_LINE {
                return Err(Error::Unreadable {
                    source_name: self.source.clone(),
                    path: self.path.clone(),
                    message: format!("a line is longer than the limit of {} MiB", LONGEST_LINE >> 20),
                });
            }
        }
        if self.offset == 0 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
            self.offset = 3;
        }
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Ok(Some(RawBlock { bytes, offset, last: self.ended }))
    }

    /// Reads up to `wanted` bytes; fewer mean the end of the file.
    fn fill(&mut self, bytes: &mut Vec<u8>, wanted: usize) -> Result<u64> {
        let start = bytes.len();
        bytes.reserve(wanted);
        let got = self
            .text
            .by_ref()
            .take(wanted as u64)
            .read_to_end(bytes)
            .map_err(archive::reading(&self.source, &self.path))? as u64;
        self.read += got;
        self.hasher.update(&bytes[start..]);
        if let Some(decoder) = &mut self.decoder {
            let foreign = bytes.split_off(start);
            let mut text =
                String::with_capacity(decoder.max_utf8_buffer_length(foreign.len()).unwrap_or(foreign.len() * 3));
            let (_, _, _) = decoder.decode_to_string(&foreign, &mut text, got < wanted as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
        Ok(got)
    }

    /// Size and BLAKE3 of all that was read.
    pub fn finish(&self) -> (u64, String) {
        (self.read, self.hasher.finalize().to_hex().to_string())
    }
}

/// BLAKE3 of the text of a whole file: the same however it is packed.
pub fn hash_file(name: &str, path: &Path, source: &Source) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let opened = formats::open(name, path, source)?;
    hasher.update_reader(opened.text).map_err(archive::reading(name, path))?;
    Ok(hasher.finalize().to_hex().to_string())
}
