//! Finds delimiters, line ends and quotes, 64 bytes at a time.

/// The places of three bytes in a text, in order.
pub struct Marks<'t> {
    text: &'t [u8],
    wanted: [u8; 3],
    /// Where the window of 64 bytes begins, and which of its bytes are still to be named.
    window: usize,
    found: u64,
}

impl<'t> Marks<'t> {
    /// From a place on.
    pub fn new(text: &'t [u8], from: usize, wanted: [u8; 3]) -> Marks<'t> {
        let mut marks = Marks { text, wanted, window: from, found: 0 };
        marks.found = marks.look();
        marks
    }

    #[inline]
    fn look(&self) -> u64 {
        let rest = self.text.get(self.window..).unwrap_or_default();
        if let Some(window) = rest.first_chunk::<64>() {
            return which(window, self.wanted);
        }
        let mut window = [0; 64];
        window[..rest.len()].copy_from_slice(rest);
        which(&window, self.wanted) & !(u64::MAX << rest.len())
    }
}

impl Iterator for Marks<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.window += 64;
            if self.window >= self.text.len() {
                return None;
            }
            self.found = self.look();
        }
        let place = self.window + self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some(place)
    }
}

/// Which of 64 bytes are one of three, a bit each.
#[inline]
fn which(window: &[u8; 64], wanted: [u8; 3]) -> u64 {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    let [a, b, c] = wanted.map(|byte| u64::from(byte) * 0x0101_0101_0101_0101);
    // The highest bit of each byte that is zero.
    let zero = |word: u64| !(((word & LOW) + LOW) | word | LOW);
    let (words, _) = window.as_chunks::<8>();
    words.iter().enumerate().fold(0, |found, (place, word)| {
        let word = u64::from_le_bytes(*word);
        let same = zero(word ^ a) | zero(word ^ b) | zero(word ^ c);
        // Moves the eight bits together.
        let bits = (same >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        found | bits << (place * 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The same places as looking at each byte finds.
        #[test]
        fn every_mark_is_found(text in prop::collection::vec(prop::sample::select(b"ab,\n\"\0".to_vec()), 0..200), from in 0_usize..200) {
            let from = from.min(text.len());
            let found: Vec<usize> = Marks::new(&text, from, *b",\n\"").collect();
            let plain: Vec<usize> = (from..text.len()).filter(|at| b",\n\"".contains(&text[*at])).collect();
            prop_assert_eq!(found, plain);
        }
    }
}
