//! Which values a column has, in bounded memory: the values of the smallest hashes, with exact counts.
//!
//! Any two sketches keep the same corner of the value space, so uniqueness and overlap are exact within it.

use std::collections::BTreeMap;

/// Values kept.
const KEPT: usize = 4096;
/// Texts kept: a random sample of the distinct values, the same in every run.
const TEXTS: usize = 48;

/// The values of the smallest hashes.
#[derive(Debug, Clone, Default)]
pub struct Sketch {
    counts: BTreeMap<u64, u64>,
    texts: BTreeMap<u64, Vec<u8>>,
}

impl Sketch {
    /// Adds a value.
    #[inline]
    pub fn add(&mut self, value: &[u8]) {
        let hash = hash(value);
        if self.counts.len() == KEPT && hash > self.largest() {
            return;
        }
        *self.counts.entry(hash).or_default() += 1;
        if self.counts.len() > KEPT {
            self.counts.pop_last();
        }
        let beyond = self.texts.len() == TEXTS && self.texts.last_key_value().is_some_and(|(last, _)| hash > *last);
        if !beyond && !self.texts.contains_key(&hash) {
            self.texts.insert(hash, value.to_vec());
            if self.texts.len() > TEXTS {
                self.texts.pop_last();
            }
        }
    }

    /// Adds the values of another.
    pub fn merge(&mut self, other: &Sketch) {
        let bound = self.bound().min(other.bound());
        for (hash, count) in &other.counts {
            *self.counts.entry(*hash).or_default() += count;
        }
        for (hash, text) in &other.texts {
            self.texts.entry(*hash).or_insert_with(|| text.clone());
        }
        self.counts.retain(|hash, _| *hash <= bound);
        while self.counts.len() > KEPT {
            self.counts.pop_last();
        }
        while self.texts.len() > TEXTS {
            self.texts.pop_last();
        }
    }

    /// Distinct values: exact below [`KEPT`], else an estimate.
    pub fn distinct(&self) -> u64 {
        if self.is_exact() {
            return self.counts.len() as u64;
        }
        let share = self.largest() as f64 / u64::MAX as f64;
        ((KEPT - 1) as f64 / share).round() as u64
    }

    /// Whether nothing was left out.
    pub fn is_exact(&self) -> bool {
        self.counts.len() < KEPT
    }

    /// Whether no value was seen twice.
    pub fn is_distinct(&self) -> bool {
        self.counts.values().all(|count| *count == 1)
    }

    /// Whether the other saw the same values as often.
    pub fn is_same(&self, other: &Sketch) -> bool {
        self.counts == other.counts
    }

    /// Rows per distinct value.
    pub fn multiplicity(&self) -> f64 {
        self.counts.values().sum::<u64>() as f64 / self.counts.len().max(1) as f64
    }

    /// The share of these distinct values that the other has too.
    pub fn found_in(&self, other: &Sketch) -> f64 {
        let bound = other.bound();
        let (mut seen, mut found) = (0_u64, 0_u64);
        for hash in self.counts.keys().take_while(|hash| **hash <= bound) {
            seen += 1;
            found += u64::from(other.counts.contains_key(hash));
        }
        found as f64 / seen.max(1) as f64
    }

    /// Some of the values.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.values().map(Vec::as_slice)
    }

    fn largest(&self) -> u64 {
        self.counts.last_key_value().map_or(0, |(hash, _)| *hash)
    }

    /// Up to here every value is kept.
    fn bound(&self) -> u64 {
        if self.is_exact() { u64::MAX } else { self.largest() }
    }
}

/// FNV-1a, then mixed so that the order of the hashes is even.
fn hash(value: &[u8]) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in value {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(values: impl Iterator<Item = u32>) -> Sketch {
        let mut sketch = Sketch::default();
        values.for_each(|value| sketch.add(value.to_string().as_bytes()));
        sketch
    }

    #[test]
    fn uniqueness_and_overlap() {
        let keys = sketch(0..50_000);
        assert!((keys.multiplicity() - 1.0).abs() < 1e-9);
        assert!(keys.distinct().abs_diff(50_000) < 2_500);
        let orders = sketch((0..30_000).map(|order| order % 9_000));
        assert!(orders.found_in(&keys) > 0.999);
        assert!(keys.found_in(&orders) < 0.25);
        let mut both = sketch(0..25_000);
        both.merge(&sketch(25_000..50_000));
        assert_eq!(both.distinct(), keys.distinct());
    }
}
