//! A file as blocks that end at a line end, hashed on the way.

use std::io::Read;
use std::path::{Path, PathBuf};

use encoding_rs::Decoder;
use memchr::{memchr, memrchr};

use super::encoding::TextEncoding;
use super::formats::{self, Made, archive};
use super::realign::Realign;
use super::records::LONGEST_RECORD;
use super::source::Source;
use crate::error::Result;

/// Bytes in a block. A constant, so that row groups do not depend on the machine.
const BLOCK: usize = 4 << 20;

/// Part of a file.
#[derive(Debug)]
pub struct RawBlock {
    /// The bytes: as in the file where a byte below 128 is always that character, else in UTF-8.
    pub bytes: Vec<u8>,
    /// Where they begin in the file.
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
    encoding: TextEncoding,
    decoder: Option<Decoder>,
    realign: Option<Realign>,
    /// What was read to see how the file begins.
    head: Vec<u8>,
    carried: Vec<u8>,
    offset: u64,
    read: u64,
    begun: bool,
    at_end: bool,
    ended: bool,
    /// Lines end with a carriage return alone.
    returns: bool,
}

impl BlockReader {
    /// Opens a file of a source; a byte order mark goes before the encoding it declares.
    pub fn open(name: &str, path: &Path, source: &Source) -> Result<BlockReader> {
        let opened = formats::open(name, path, source)?;
        let mut text = opened.text;
        let mut head = Vec::new();
        text.by_ref().take(4).read_to_end(&mut head).map_err(archive::reading(name, path))?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&head);
        let read = head.len() as u64;
        let declared = if opened.origin.is_some() { "utf-8" } else { source.encoding.as_str() };
        let (encoding, mark) = TextEncoding::of(declared, &head);
        head.drain(..mark);
        Ok(BlockReader {
            source: name.into(),
            path: path.to_path_buf(),
            text,
            origin: opened.origin,
            hasher,
            decoder: encoding.decoder(),
            realign: encoding.realign(),
            encoding,
            head,
            carried: Vec::new(),
            offset: mark as u64,
            read,
            begun: false,
            at_end: false,
            ended: false,
            returns: false,
        })
    }

    /// How the file's text is written.
    pub fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// The next block; `None` after the last.
    pub fn next_block(&mut self) -> Result<Option<RawBlock>> {
        if self.ended {
            return Ok(None);
        }
        let mut bytes = std::mem::take(&mut self.carried);
        let mut beyond = 0;
        loop {
            let wanted = BLOCK.max(bytes.len() + BLOCK / 2) - bytes.len();
            self.fill(&mut bytes, wanted)?;
            if self.at_end {
                self.ended = true;
                break;
            }
            if let Some(newline) = memrchr(b'\n', &bytes) {
                self.carried = bytes.split_off(newline + 1);
                break;
            }
            if bytes.len() > BLOCK {
                beyond = self.skip_line(&mut bytes)?;
                break;
            }
        }
        let offset = self.offset;
        self.offset += self.encoding.source_length(&bytes) + beyond;
        Ok(Some(RawBlock { bytes, offset, last: self.ended }))
    }

    /// A line longer than a block: keeps its beginning, which is too long for a record already, and reads over the
    /// rest. Returns the bytes of the file that are not in `bytes`.
    fn skip_line(&mut self, bytes: &mut Vec<u8>) -> Result<u64> {
        let mut kept = LONGEST_RECORD + 1;
        while bytes.get(kept).is_some_and(|byte| byte & 0xC0 == 0x80) {
            kept += 1;
        }
        let mut beyond = self.encoding.source_length(&bytes[kept..]);
        bytes.truncate(kept);
        bytes.push(b'\n');
        loop {
            let mut more = Vec::new();
            self.fill(&mut more, BLOCK)?;
            let line = memchr(b'\n', &more).map_or(more.len(), |at| at + 1);
            self.carried = more.split_off(line);
            beyond += self.encoding.source_length(&more);
            if more.ends_with(b"\n") || self.at_end {
                // What follows the line has still to be given out.
                self.ended = self.at_end && self.carried.is_empty();
                // The line end that was put in is not in the file.
                return Ok(beyond - self.encoding.source_length(b"\n"));
            }
        }
    }

    /// Reads up to `wanted` bytes; fewer mean the end of the file.
    fn fill(&mut self, bytes: &mut Vec<u8>, wanted: usize) -> Result<()> {
        if self.at_end {
            return Ok(());
        }
        let start = bytes.len();
        bytes.append(&mut self.head);
        let seen = bytes.len();
        let asked = wanted - (seen - start);
        bytes.reserve(asked);
        let reading = archive::reading(&self.source, &self.path);
        let got = self.text.by_ref().take(asked as u64).read_to_end(bytes).map_err(reading)?;
        self.at_end = got < asked;
        self.read += got as u64;
        self.hasher.update(&bytes[seen..]);
        if let Some(decoder) = &mut self.decoder {
            let mut foreign = bytes.split_off(start);
            if let Some(realign) = &mut self.realign {
                foreign = realign.feed(&foreign, self.at_end);
            }
            let mut text =
                String::with_capacity(decoder.max_utf8_buffer_length(foreign.len()).unwrap_or(foreign.len() * 3));
            // What cannot be decoded becomes U+FFFD, for which the record is refused later.
            let (_, _, _) = decoder.decode_to_string(&foreign, &mut text, self.at_end);
            bytes.extend_from_slice(text.as_bytes());
        }
        if !std::mem::replace(&mut self.begun, true) {
            self.returns = memchr(b'\n', bytes).is_none() && memchr(b'\r', bytes).is_some();
        }
        if self.returns {
            bytes[start..].iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
        Ok(())
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
