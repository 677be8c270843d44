//! UTF-16 of which a byte was lost or added on the way: from there on every letter is read from the wrong two bytes,
//! line ends too. The next line end that lies between two letters shows it, and what follows it is read right again.

/// Puts a file's bytes back in step, block by block.
#[derive(Debug)]
pub struct Realign {
    little_endian: bool,
    /// The bytes not given out yet: they may begin what the next block ends.
    kept: Vec<u8>,
    /// Whether the bytes given out so far end in the middle of a letter.
    odd: bool,
}

/// Bytes that are held back: a line end that begins in the last of them is seen with the letter before it.
const HELD: usize = 6;

impl Realign {
    pub fn new(little_endian: bool) -> Realign {
        Realign { little_endian, kept: Vec::new(), odd: false }
    }

    /// Takes in a block; `last`: no block follows. In place of the letter that is damaged comes U+FFFD.
    pub fn feed(&mut self, block: &[u8], last: bool) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.kept);
        bytes.extend_from_slice(block);
        let end = if last { bytes.len() } else { bytes.len().saturating_sub(HELD) };
        let mut steady = Vec::with_capacity(bytes.len() + 2);
        let mut from = 0;
        for at in memchr::memchr_iter(b'\n', &bytes) {
            let Some(newline) = self.line_end(&bytes, at) else { continue };
            let is_between = (newline - from) % 2 != usize::from(self.odd);
            if newline > from && is_between {
                // One byte less than there were, so that no offset lies beyond the end of the file.
                let damaged = if newline - from >= 3 { 3 } else { 1 };
                steady.extend_from_slice(&bytes[from..newline - damaged]);
                if damaged == 3 {
                    steady.extend_from_slice(if self.little_endian { &[0xFD, 0xFF] } else { &[0xFF, 0xFD] });
                }
                (from, self.odd) = (newline, false);
            }
        }
        let end = end.max(from);
        steady.extend_from_slice(&bytes[from..end]);
        self.odd ^= (end - from) % 2 == 1;
        self.kept = bytes.split_off(end);
        steady
    }

    /// Where the two bytes of a line end begin, one of which is at `at`; `None` where it cannot be one: before it is no
    /// letter of ASCII. In step, the same bytes would be letters that no language has beside each other.
    fn line_end(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let byte = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied();
        let newline = if self.little_endian { at } else { at.checked_sub(1)? };
        let (zero, letter) = (newline + usize::from(self.little_endian), newline + usize::from(!self.little_endian));
        let [first, second] = [byte(newline.checked_sub(2)), byte(newline.checked_sub(1))];
        let before = if self.little_endian { (second, first) } else { (first, second) };
        let is_ascii = before.0 == Some(0) && before.1.is_some_and(|byte| byte < 0x80);
        (byte(Some(zero)) == Some(0) && byte(Some(letter)) == Some(b'\n') && is_ascii).then_some(newline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, little_endian: bool) -> Vec<u8> {
        let bytes = |unit: u16| if little_endian { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn read(bytes: &[u8], little_endian: bool, block: usize) -> String {
        let mut realign = Realign::new(little_endian);
        let blocks = bytes.len().div_ceil(block);
        let fed = |(place, part): (usize, &[u8])| realign.feed(part, place + 1 == blocks);
        let steady: Vec<u8> = bytes.chunks(block).enumerate().flat_map(fed).collect();
        let encoding = if little_endian { encoding_rs::UTF_16LE } else { encoding_rs::UTF_16BE };
        encoding.decode_without_bom_handling(&steady).0.into_owned()
    }

    #[test]
    fn a_lost_or_added_byte_costs_its_line() {
        let text = "id,name\r\n1,Ani\r\n2,Budi Święto 一\r\n3,Citra\r\n4,一ਅ\r\n5,Dewi\r\n";
        let lines: Vec<&str> = text.split('\n').collect();
        for little_endian in [true, false] {
            let whole = utf_16(text, little_endian);
            for block in [1, 2, 3, 7, 1000] {
                assert_eq!(read(&whole, little_endian, block), text, "block {block}");
                for place in 0..whole.len() - 4 {
                    let mut lost = whole.clone();
                    lost.remove(place);
                    let mut added = whole.clone();
                    added.insert(place, b'x');
                    for damaged in [lost, added] {
                        let read = read(&damaged, little_endian, block);
                        let kept = lines.iter().filter(|line| read.split('\n').any(|other| other == **line)).count();
                        // The line itself, and the next one where the damage is in the line end between them.
                        assert!(kept + 2 >= lines.len(), "byte {place}, block {block}: {read:?}");
                    }
                }
            }
        }
    }
}
