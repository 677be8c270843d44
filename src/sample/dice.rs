//! Random draws: one seeded generator per part of the shop.

use rand::{Rng, SeedableRng};
use rand_distr::{Beta, Distribution, Gamma};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A seeded source of random draws. Equal seed and stream give equal draws.
pub(super) struct Dice {
    generator: Xoshiro256PlusPlus,
}

impl Dice {
    /// Independent draws for one purpose, `stream`, of one seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mixed = seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self { generator: Xoshiro256PlusPlus::seed_from_u64(mixed) }
    }

    /// A number in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// True with probability `chance`.
    pub(super) fn chance(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// A whole number in `0..bound`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.generator.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A whole number in `low..=high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// One of `choices`, each equally likely.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// A place in `weights`, each as likely as its weight; weights add up to 1.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit();
        for (place, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return place;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// How often an event of probability `again` repeats, at most `most` times.
    pub(super) fn repeats(&mut self, again: f64, most: u64) -> u64 {
        let mut count = 0;
        while count < most && self.chance(again) {
            count += 1;
        }
        count
    }

    /// A waiting time of mean 1.
    pub(super) fn wait(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// A draw from a gamma distribution.
    pub(super) fn gamma(&mut self, distribution: &Gamma<f64>) -> f64 {
        distribution.sample(&mut self.generator)
    }

    /// A draw from a beta distribution.
    pub(super) fn beta(&mut self, distribution: &Beta<f64>) -> f64 {
        distribution.sample(&mut self.generator)
    }
}
