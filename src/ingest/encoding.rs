//! How a file's bytes are text: what it declares, what its byte order mark says, which records are not in it.
//!
//! UTF-8 and the encodings of one byte a character are split into records as they are, so that every record is
//! judged by its own bytes; the others are decoded first.

use std::borrow::Cow;

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::{memchr, memmem};

use super::realign::Realign;
use super::records::{Dialect, Records, split};

/// The encoding of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

/// A block's text and records, and which records are not text in the file's encoding.
pub struct Text {
    /// In UTF-8 but for the foreign records.
    pub bytes: Vec<u8>,
    /// As they were, where they had to be decoded.
    pub raw: Option<Vec<u8>>,
    /// Where its records are.
    pub records: Records,
    /// The foreign records.
    pub foreign: Vec<u32>,
}

impl TextEncoding {
    /// The encoding of a file that begins with `head`, and the bytes of its byte order mark.
    pub fn of(declared: &str, head: &[u8]) -> (TextEncoding, usize) {
        if let Some((encoding, mark)) = Encoding::for_bom(head) {
            return (TextEncoding(encoding), mark);
        }
        let encoding = Encoding::for_label(declared.as_bytes()).unwrap_or(UTF_8);
        let big_endian = encoding == UTF_16LE && head.len() > 1 && head[0] == 0 && head[1] != 0;
        (TextEncoding(if big_endian { UTF_16BE } else { encoding }), 0)
    }

    /// Decodes while reading, where that has to be.
    pub fn decoder(self) -> Option<Decoder> {
        (self.0 != UTF_8 && !self.0.is_single_byte()).then(|| self.0.new_decoder_without_bom_handling())
    }

    /// What keeps the letters of a file of two bytes each in step.
    pub fn realign(self) -> Option<Realign> {
        (self.0 == UTF_16LE || self.0 == UTF_16BE).then(|| Realign::new(self.0 == UTF_16LE))
    }

    /// How many bytes of the file a block's bytes were.
    pub fn source_length(self, bytes: &[u8]) -> u64 {
        let text = || String::from_utf8_lossy(bytes);
        if self.0 == UTF_8 || self.0.is_single_byte() {
            bytes.len() as u64
        } else if self.0 == UTF_16LE || self.0 == UTF_16BE {
            text().chars().map(|letter| letter.len_utf16() as u64 * 2).sum()
        } else {
            // Of bytes that were no text it is no longer known how many they were: they count as one.
            let text = text();
            let parts = text.split('\u{FFFD}').map(|part| self.encoded_length(part));
            parts.sum::<u64>() + text.matches('\u{FFFD}').count() as u64
        }
    }

    /// Letters of a private area are read, but cannot be written again: they were two bytes each.
    fn encoded_length(self, text: &str) -> u64 {
        let length = |text: &str| {
            let (bytes, _, is_lossy) = self.0.encode(text);
            (!is_lossy).then_some(bytes.len() as u64)
        };
        let by_letter = || text.chars().map(|letter| length(letter.encode_utf8(&mut [0; 4])).unwrap_or(2)).sum();
        length(text).unwrap_or_else(by_letter)
    }

    /// How many bytes of the file the text of a block was, once the block went through [`TextEncoding::text`].
    pub fn decoded_length(self, text: &[u8]) -> u64 {
        if self.0 != UTF_8 && self.0.is_single_byte() {
            return text.iter().filter(|byte| (**byte as i8) >= -0x40).count() as u64;
        }
        self.source_length(text)
    }

    /// A few bytes as text; `None` where they are none.
    pub fn string(self, bytes: &[u8]) -> Option<String> {
        if self.0.is_single_byte() && self.0 != UTF_8 {
            return self.0.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned);
        }
        std::str::from_utf8(bytes).ok().map(String::from)
    }

    /// What a reader gave out, in UTF-8.
    pub fn decoded(self, bytes: Vec<u8>) -> Vec<u8> {
        match self.0.is_single_byte() && self.0 != UTF_8 {
            true => self.0.decode_without_bom_handling(&bytes).0.into_owned().into_bytes(),
            false => bytes,
        }
    }

    /// Splits a block into records and turns it into UTF-8.
    pub fn text(self, bytes: Vec<u8>, dialect: Dialect, fields: usize, last: bool) -> Text {
        let records = split(&bytes, dialect, fields, last);
        let mut foreign = Vec::new();
        if self.0 == UTF_8 {
            if simdutf8::basic::from_utf8(&bytes[..records.consumed]).is_err() {
                foreign = those(&records, &bytes, |text| simdutf8::basic::from_utf8(text).is_err());
            }
            return Text { bytes, raw: None, records, foreign };
        }
        if !self.0.is_single_byte() {
            if memmem::find(&bytes, REPLACEMENT).is_some() {
                foreign = those(&records, &bytes, |text| memmem::find(text, REPLACEMENT).is_some());
            }
            return Text { bytes, raw: None, records, foreign };
        }
        if bytes.is_ascii() {
            return Text { bytes, raw: None, records, foreign };
        }
        // Text beyond ASCII in one byte a letter is hardly ever valid UTF-8: such a record is UTF-8 that got in here.
        foreign = those(&records, &bytes, |text| !text.is_ascii() && simdutf8::basic::from_utf8(text).is_ok());
        let decoded = self.0.decode_without_bom_handling(&bytes).0.into_owned().into_bytes();
        let mut decoded_records = split(&decoded, dialect, fields, last);
        decoded_records.consumed = records.consumed;
        if decoded_records.len() != records.len() {
            // Only a record at the very limit of length falls on different sides before and after.
            foreign.clear();
        }
        let is_none = |text: &[u8]| has_control(text) || memmem::find(text, REPLACEMENT).is_some();
        let controls = those(&decoded_records, &decoded, is_none);
        foreign.extend(controls);
        foreign.sort_unstable();
        foreign.dedup();
        Text { bytes: decoded, raw: Some(bytes), records: decoded_records, foreign }
    }

    /// A refused record as a person should see it. Bytes that are no UTF-8 are shown in Windows-1252, a record of
    /// UTF-8 in a file of another encoding as what it is.
    pub fn shown<'t>(self, text: &'t [u8], foreign: bool) -> Cow<'t, str> {
        match std::str::from_utf8(text) {
            Ok(text) if foreign && self.0.is_single_byte() && self.0 != UTF_8 => {
                let bytes = self.0.encode(text).0;
                String::from_utf8(bytes.into_owned()).map_or(Cow::Borrowed(text), Cow::Owned)
            }
            Ok(text) => Cow::Borrowed(text),
            Err(_) => WINDOWS_1252.decode_without_bom_handling(text).0,
        }
    }
}

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

fn those(records: &Records, bytes: &[u8], is: impl Fn(&[u8]) -> bool) -> Vec<u32> {
    (0..records.len() as u32).filter(|record| is(records.text(bytes, *record as usize))).collect()
}

/// Whether a text holds a character between U+0080 and U+009F: a byte its encoding has no letter for.
fn has_control(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = memchr(0xC2, rest) {
        if rest.get(at + 1).is_some_and(|next| (0x80..0xA0).contains(next)) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Dialect = Dialect { delimiter: b',', quote: b'"' };

    fn encoding(label: &str) -> TextEncoding {
        TextEncoding::of(label, b"").0
    }

    #[test]
    fn a_mark_goes_before_what_is_declared() {
        assert_eq!(TextEncoding::of("utf-8", b"\xFF\xFEa\0"), (TextEncoding(UTF_16LE), 2));
        assert_eq!(TextEncoding::of("utf-16", b"\xFE\xFF\0a"), (TextEncoding(UTF_16BE), 2));
        assert_eq!(TextEncoding::of("windows-1252", b"\xEF\xBB\xBFa"), (TextEncoding(UTF_8), 3));
        assert_eq!(TextEncoding::of("utf-16", b"\0a\0b"), (TextEncoding(UTF_16BE), 0));
    }

    #[test]
    fn a_record_in_another_encoding_is_named_and_shown_as_it_was_meant() {
        let read = |label: &str, bytes: &[u8]| {
            let text = encoding(label).text(bytes.to_vec(), COMMA, 2, true);
            let foreign = text.foreign.clone();
            let shown = foreign
                .iter()
                .map(|record| {
                    encoding(label).shown(text.records.text(&text.bytes, *record as usize), true).into_owned()
                })
                .collect::<Vec<String>>();
            (foreign, shown, text)
        };
        let (foreign, shown, _) = read("utf-8", b"1,Jos\xC3\xA9\n2,Jos\xE9\n3,Ana\n");
        assert_eq!((foreign, shown), (vec![1], vec!["2,José".to_string()]));
        let (foreign, shown, text) = read("windows-1252", b"1,Jos\xE9\n2,Jos\xC3\xA9\n3,\x81\n4,\x80 5\n");
        assert_eq!((foreign, shown[0].as_str()), (vec![1, 2], "2,José"));
        assert_eq!(text.records.text(&text.bytes, 0), "1,José".as_bytes());
        assert_eq!(text.records.text(&text.bytes, 3), "4,€ 5".as_bytes());
    }

    #[test]
    fn offsets_are_those_of_the_file() {
        assert_eq!(encoding("utf-16").source_length("aé€😀".as_bytes()), 10);
        assert_eq!(encoding("windows-1252").decoded_length("aé€".as_bytes()), 3);
        assert_eq!(encoding("shift_jis").source_length("日a".as_bytes()), 3);
        assert_eq!(encoding("shift_jis").source_length("a\u{FFFD}b".as_bytes()), 3);
        assert_eq!(encoding("shift_jis").source_length("a\u{E03B}日".as_bytes()), 5);
    }
}
