//! Dense surrogate keys: every id of a table gets the next whole number when it is first seen.
//!
//! Results never depend on which number an id got, only on the id itself.
//!
//! Ids are mostly numbered (`JKT-00017`): such an id is a number within a frame, and costs a byte or so where the
//! numbers come in order (see [`Pages`]). Ids without a number are kept as they are.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use super::pages::Pages;

/// The ids of one table and their keys.
#[derive(Debug, Default)]
pub struct KeyIndex {
    given: u32,
    frames: Vec<Frame>,
    frame_places: HashTable<u32>,
    pages: Pages,
    plain: Plain,
}

/// Keys something is said of.
#[derive(Debug, Clone, Default)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// Whether it is said of a key.
    #[inline]
    pub fn has(&self, key: u32) -> bool {
        self.0.get(key as usize / 64).is_some_and(|word| word >> (key % 64) & 1 == 1)
    }

    /// Says it of a key; whether it was not said before.
    #[inline]
    pub fn add(&mut self, key: u32) -> bool {
        let (word, bit) = (key as usize / 64, 1 << (key % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        new
    }
}

/// What ids have in common that differ only in their number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Frame {
    /// What stands before the number and what after it, together.
    text: Box<[u8]>,
    /// Bytes before the number.
    head: usize,
    /// Digits of the number.
    digits: usize,
    /// Whether an id of this frame can have no other.
    sole: bool,
}

/// The frame of the last id, tried first for the next.
#[derive(Debug, Clone, Copy, Default)]
pub struct Guess(usize);

impl KeyIndex {
    /// One more than the largest key given.
    pub fn len(&self) -> usize {
        self.given as usize
    }

    /// Whether none was given.
    pub fn is_empty(&self) -> bool {
        self.given == 0
    }

    /// The key of an id.
    pub fn get(&self, id: &[u8]) -> Option<u32> {
        self.get_near(id, &mut Guess::default())
    }

    /// The key of an id that is probably framed like the last.
    #[inline]
    pub fn get_near(&self, id: &[u8], guess: &mut Guess) -> Option<u32> {
        let numbered = self.number(id, guess).and_then(|number| self.pages.get(guess.0 as u32, number));
        if numbered.is_some() || self.plain.is_empty() { numbered } else { self.plain.get(id) }
    }

    /// The key of an id, given now if it has none; and whether it was given now.
    pub fn insert(&mut self, id: &[u8]) -> (u32, bool) {
        self.insert_near(id, &mut Guess::default())
    }

    /// As [`KeyIndex::insert`], of an id that is probably framed like the last.
    #[inline]
    pub fn insert_near(&mut self, id: &[u8], guess: &mut Guess) -> (u32, bool) {
        match self.get_near(id, guess) {
            Some(key) => (key, false),
            None => (self.add(self.given, id, guess), true),
        }
    }

    /// Puts an id back under the key it was given before, unless it is there.
    pub fn place(&mut self, key: u32, id: &[u8], guess: &mut Guess) {
        if self.get_near(id, guess).is_none() {
            self.add(key, id, guess);
        }
    }

    fn add(&mut self, key: u32, id: &[u8], guess: &mut Guess) -> u32 {
        self.given = self.given.max(key + 1);
        match self.number(id, guess).or_else(|| self.found_frame(id, guess)) {
            Some(number) => self.pages.insert(guess.0 as u32, number, key),
            None => self.plain.insert(id, key),
        }
        key
    }

    /// The ids of some keys, which are sorted; empty where no id has the key.
    pub fn ids(&self, keys: &[u32]) -> Vec<Vec<u8>> {
        let mut ids = vec![Vec::new(); keys.len()];
        let mut put = |key: u32, id: &dyn Fn() -> Vec<u8>| {
            if let Ok(place) = keys.binary_search(&key) {
                ids[place] = id();
            }
        };
        self.pages.each(|frame, number, key| put(key, &|| self.frames[frame as usize].id(number)));
        self.plain.each(|id, key| put(key, &|| id.to_vec()));
        ids
    }

    /// The number of an id within its frame, which is what `guess` says then.
    #[inline]
    fn number(&self, id: &[u8], guess: &mut Guess) -> Option<u64> {
        let near = self.frames.get(guess.0).filter(|frame| frame.sole).and_then(|frame| frame.number(id));
        near.or_else(|| {
            if self.frames.is_empty() {
                return None;
            }
            let (frame, number) = Framed::of(id)?.number()?;
            let found = self.frame_places.find(frame.hash(), |place| frame.is(&self.frames[*place as usize]))?;
            guess.0 = *found as usize;
            Some(number)
        })
    }

    /// Makes the frame of an id, unless most ids seem to have one of their own.
    fn found_frame(&mut self, id: &[u8], guess: &mut Guess) -> Option<u64> {
        if self.frames.len() > 64 + self.given as usize / 16 {
            return None;
        }
        let (framed, number) = Framed::of(id)?.number()?;
        let (place, frames) = (self.frames.len() as u32, &self.frames);
        self.frame_places.insert_unique(framed.hash(), place, |place| frames[*place as usize].framed().hash());
        self.frames.push(framed.frame());
        guess.0 = place as usize;
        Some(number)
    }
}

/// An id, taken apart.
#[derive(Clone, Copy)]
struct Framed<'i> {
    head: &'i [u8],
    digits: usize,
    tail: &'i [u8],
    number: &'i [u8],
    sole: bool,
}

/// A number has this many digits. Shorter ones save nothing, longer ones do not fit.
const DIGITS: std::ops::RangeInclusive<usize> = 3..=18;

impl<'i> Framed<'i> {
    /// The number of an id is its last run of digits that looks like no date, or the last of all.
    fn of(id: &'i [u8]) -> Option<Framed<'i>> {
        let (mut chosen, mut runs, mut at): (Option<(usize, usize, bool)>, u32, usize) = (None, 0, 0);
        while at < id.len() {
            if !id[at].is_ascii_digit() {
                at += 1;
                continue;
            }
            let run = id[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if DIGITS.contains(&run) {
                runs += 1;
                let dated = is_like_a_date(&id[at..at + run]);
                if !dated || chosen.is_none_or(|(.., dated)| dated) {
                    chosen = Some((at, run, dated));
                }
            }
            at += run;
        }
        let (at, digits, _) = chosen?;
        let (head, rest) = id.split_at(at);
        let (number, tail) = rest.split_at(digits);
        Some(Framed { head, digits, tail, number, sole: runs == 1 })
    }

    fn number(self) -> Option<(Framed<'i>, u64)> {
        Some((self, digits(self.number)?))
    }

    fn hash(&self) -> u64 {
        hash(self.head) ^ hash(self.tail).rotate_left(21) ^ (self.digits as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn is(&self, frame: &Frame) -> bool {
        let (head, tail) = frame.text.split_at(frame.head);
        self.head == head && self.tail == tail && self.digits == frame.digits
    }

    fn frame(&self) -> Frame {
        let text = [self.head, self.tail].concat().into_boxed_slice();
        Frame { text, head: self.head.len(), digits: self.digits, sole: self.sole }
    }
}

fn is_like_a_date(run: &[u8]) -> bool {
    matches!(run.len(), 4 | 6 | 8) && (run.starts_with(b"20") || run.starts_with(b"19"))
}

#[inline]
fn digits(text: &[u8]) -> Option<u64> {
    let (mut number, mut wrong) = (0_u64, 0_u8);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        wrong |= u8::from(digit > 9);
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    (wrong == 0).then_some(number)
}

impl Frame {
    /// The number of an id that has this frame.
    #[inline]
    fn number(&self, id: &[u8]) -> Option<u64> {
        if id.len() != self.text.len() + self.digits {
            return None;
        }
        let (head, rest) = id.split_at(self.head);
        let (number, tail) = rest.split_at(self.digits);
        let same = head == &self.text[..self.head] && tail == &self.text[self.head..];
        if same { digits(number) } else { None }
    }

    fn id(&self, number: u64) -> Vec<u8> {
        let (head, tail) = self.text.split_at(self.head);
        [head, format!("{number:0width$}", width = self.digits).as_bytes(), tail].concat()
    }

    fn framed(&self) -> Framed<'_> {
        let (head, tail) = self.text.split_at(self.head);
        Framed { head, digits: self.digits, tail, number: b"", sole: self.sole }
    }
}

/// Ids kept as they are.
#[derive(Debug, Default)]
struct Plain {
    table: HashTable<u32>,
    bytes: Vec<u8>,
    ends: Vec<u64>,
    keys: Vec<u32>,
}

impl Plain {
    fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    fn text(&self, place: u32) -> &[u8] {
        text(&self.bytes, &self.ends, place)
    }

    fn get(&self, id: &[u8]) -> Option<u32> {
        self.table.find(hash(id), |place| self.text(*place) == id).map(|place| self.keys[*place as usize])
    }

    fn insert(&mut self, id: &[u8], key: u32) {
        let place = self.keys.len() as u32;
        self.keys.push(key);
        self.bytes.extend_from_slice(id);
        self.ends.push(self.bytes.len() as u64);
        let Plain { table, bytes, ends, .. } = self;
        table.insert_unique(hash(id), place, |place| hash(text(bytes, ends, *place)));
    }

    fn each(&self, mut each: impl FnMut(&[u8], u32)) {
        for (place, key) in self.keys.iter().enumerate() {
            each(self.text(place as u32), *key);
        }
    }
}

fn text<'b>(bytes: &'b [u8], ends: &[u64], place: u32) -> &'b [u8] {
    let place = place as usize;
    let start = if place == 0 { 0 } else { ends[place - 1] };
    &bytes[start as usize..ends[place] as usize]
}

#[inline]
fn hash(id: &[u8]) -> u64 {
    FixedState::with_seed(0).hash_one(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_text() {
        let mut index = KeyIndex::default();
        assert_eq!(index.insert(b"007"), (0, true));
        assert_eq!(index.insert(b"7"), (1, true));
        assert_eq!(index.insert(b"007"), (0, false));
        assert_eq!(index.insert(b"0007"), (2, true));
        assert_eq!(index.get(b"7"), Some(1));
        assert_eq!(index.get(b"8"), None);
        assert_eq!(index.get(b""), None);
        assert_eq!(index.ids(&[0, 1, 2]), [&b"007"[..], b"7", b"0007"]);
    }

    #[test]
    fn the_number_of_an_id() {
        let number = |id: &str| Framed::of(id.as_bytes()).map(|id| String::from_utf8_lossy(id.number).into_owned());
        assert_eq!(number("O-00017").as_deref(), Some("00017"));
        assert_eq!(number("001/INV/JKT/I/2024").as_deref(), Some("001"));
        assert_eq!(number("JKT-20260105-0012").as_deref(), Some("0012"));
        assert_eq!(number("20260105").as_deref(), Some("20260105"));
        assert_eq!(number("PROD-A1"), None);
        assert_eq!(number("1234567890123456789"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// Whatever the ids and their order: each has one key, the keys are dense, and the ids come back.
        #[test]
        fn every_id_has_one_key(
            ids in prop::collection::vec("(O|J-)?(20240[12]|[0-3]{0,4})(/|x)?[0-9]{0,4}", 1..300),
            sequence in prop::collection::vec(0_u32..700, 0..200),
        ) {
            let numbered = sequence.iter().map(|number| format!("S{number:05}"));
            let ids: Vec<String> = ids.into_iter().chain(numbered).collect();
            let (mut index, mut guess) = (KeyIndex::default(), Guess::default());
            let mut known: std::collections::BTreeMap<&str, u32> = Default::default();
            for id in &ids {
                let next = known.len() as u32;
                let key = *known.entry(id).or_insert(next);
                prop_assert_eq!(index.insert_near(id.as_bytes(), &mut guess), (key, key == next));
            }
            let keys: Vec<u32> = (0..known.len() as u32).collect();
            let mut back = KeyIndex::default();
            let texts = index.ids(&keys);
            for (id, key) in &known {
                prop_assert_eq!(index.get(id.as_bytes()), Some(*key));
                prop_assert_eq!(texts[*key as usize].as_slice(), id.as_bytes());
                back.place(*key, id.as_bytes(), &mut guess);
            }
            for (id, key) in &known {
                prop_assert_eq!(back.get(id.as_bytes()), Some(*key));
            }
            prop_assert_eq!(back.len(), known.len());
        }
    }
}
