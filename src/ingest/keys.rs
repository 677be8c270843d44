//! Dense surrogate keys: every id of a table gets the next whole number when it is first seen.
//!
//! Results never depend on which number an id got, only on the id itself.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// The ids of one table and their keys.
#[derive(Debug, Default)]
pub struct KeyIndex {
    table: HashTable<u32>,
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl KeyIndex {
    /// The number of ids.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The id of a key.
    #[inline]
    pub fn id(&self, key: u32) -> &[u8] {
        let key = key as usize;
        let start = if key == 0 { 0 } else { self.ends[key - 1] as usize };
        &self.bytes[start..self.ends[key] as usize]
    }

    /// The key of an id.
    #[inline]
    pub fn get(&self, id: &[u8]) -> Option<u32> {
        self.table.find(hash(id), |key| self.id(*key) == id).copied()
    }

    /// The key of an id, tried first against a guess and the key after it: ids mostly come in runs.
    #[inline]
    pub fn get_near(&self, id: &[u8], guess: u32) -> Option<u32> {
        let near = [guess, guess.wrapping_add(1)]
            .into_iter()
            .find(|key| (*key as usize) < self.ends.len() && self.id(*key) == id);
        near.or_else(|| self.get(id))
    }

    /// Puts an id back under the key it was given before. Keys come back in rising order; those of rows that
    /// were refused in the end leave gaps, which no id matches.
    pub fn place(&mut self, key: u32, id: &[u8]) {
        while self.len() < key as usize {
            self.ends.push(self.bytes.len() as u32);
        }
        if self.len() == key as usize {
            self.insert(id);
        }
    }

    /// The key of an id, given now if it has none; and whether it was given now.
    pub fn insert(&mut self, id: &[u8]) -> (u32, bool) {
        let hashed = hash(id);
        if let Some(key) = self.table.find(hashed, |key| self.id(*key) == id) {
            return (*key, false);
        }
        let key = self.ends.len() as u32;
        self.bytes.extend_from_slice(id);
        self.ends.push(self.bytes.len() as u32);
        let KeyIndex { table, bytes, ends } = self;
        table.insert_unique(hashed, key, |key| {
            let key = *key as usize;
            let start = if key == 0 { 0 } else { ends[key - 1] as usize };
            hash(&bytes[start..ends[key] as usize])
        });
        (key, true)
    }
}

#[inline]
fn hash(id: &[u8]) -> u64 {
    FixedState::with_seed(0).hash_one(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_text() {
        let mut index = KeyIndex::default();
        assert_eq!(index.insert(b"007"), (0, true));
        assert_eq!(index.insert(b"7"), (1, true));
        assert_eq!(index.insert(b"007"), (0, false));
        assert_eq!(index.get(b"7"), Some(1));
        assert_eq!(index.get_near(b"7", 0), Some(1));
        assert_eq!(index.get(b"8"), None);
        assert_eq!(index.id(1), b"7");
    }
}
