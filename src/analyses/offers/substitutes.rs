//! Products of one kind that people take instead of each other: they are never offered together.

use std::ops::Range;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::UNKNOWN;
use crate::facts::Purchases;

/// Which products of the same kind are bought on the same day, and how often.
#[derive(Debug)]
pub struct Substitutes<'k> {
    kind: &'k [u32],
    counted: Counted,
}

/// What was counted, whole numbers all.
#[derive(Debug, Default)]
struct Counted {
    /// Customer-days of each product.
    sold: Vec<u32>,
    /// Customer-days in all.
    n_days: u32,
    /// Customer-days with both products of a pair of the same kind.
    both: HashMap<(u32, u32), u32, foldhash::fast::FixedState>,
}

/// Most products of one kind on one customer-day whose pairs are counted.
const MOST: usize = 64;
/// Parts of the customers, counted at once.
const PARTS: usize = 8;

impl<'k> Substitutes<'k> {
    /// Counts the days; `kind` is by product, [`UNKNOWN`] for products that are no substitutes of any.
    pub fn of(purchases: &Purchases, days: &Range<i32>, kind: &'k [u32]) -> Substitutes<'k> {
        let share = purchases.customers().div_ceil(PARTS).max(1);
        let count = |part: usize| {
            let mut found = Counted { sold: vec![0; purchases.n_products], ..Counted::default() };
            let mut own: Vec<(u32, u32)> = Vec::new();
            for customer in part * share..((part + 1) * share).min(purchases.customers()) {
                let mut kept = purchases.kept(customer, days).peekable();
                while let Some((day, product)) = kept.next() {
                    own.clear();
                    own.push((kind[product as usize], product));
                    while let Some((_, product)) = kept.next_if(|(same, _)| *same == day) {
                        own.push((kind[product as usize], product));
                    }
                    found.add(&mut own);
                }
            }
            found
        };
        let nothing = || Counted { sold: vec![0; purchases.n_products], ..Counted::default() };
        let counted = (0..PARTS).into_par_iter().map(count).reduce(nothing, Counted::merge);
        Substitutes { kind, counted }
    }

    /// Whether two products are of the same kind and are bought on the same day less often than chance would have it.
    pub fn are(&self, left: u32, right: u32) -> bool {
        let kind = self.kind[left as usize];
        if kind == UNKNOWN || kind != self.kind[right as usize] {
            return false;
        }
        let Counted { sold, n_days, both } = &self.counted;
        let both = both.get(&(left.min(right), left.max(right))).copied().unwrap_or(0);
        let [n, a, b] = [*n_days, sold[left as usize], sold[right as usize]].map(u64::from);
        u64::from(both) * n < a * b
    }
}

impl Counted {
    /// Adds one customer-day: kinds and products.
    fn add(&mut self, own: &mut [(u32, u32)]) {
        self.n_days += 1;
        own.iter().for_each(|(_, product)| self.sold[*product as usize] += 1);
        own.sort_unstable();
        for same in own.chunk_by(|left, right| left.0 == right.0).filter(|same| same[0].0 != UNKNOWN) {
            let same = &same[..same.len().min(MOST)];
            for (at, (_, low)) in same.iter().enumerate() {
                for (_, high) in &same[at + 1..] {
                    *self.both.entry((*low, *high)).or_default() += 1;
                }
            }
        }
    }

    fn merge(mut self, other: Counted) -> Counted {
        self.n_days += other.n_days;
        self.sold.iter_mut().zip(&other.sold).for_each(|(sum, part)| *sum += part);
        other.both.into_iter().for_each(|(pair, count)| *self.both.entry(pair).or_default() += count);
        self
    }
}
