//! Products of one kind that people take instead of each other: they are never offered together.

use std::ops::Range;

use hashbrown::HashMap;

use crate::facts::Purchases;

/// Which products of the same kind are bought on the same day, and how often.
#[derive(Debug)]
pub struct Substitutes<'k> {
    kind: &'k [u32],
    /// Customer-days of each product.
    sold: Vec<u32>,
    /// Customer-days in all.
    n_days: u32,
    /// Customer-days with both products of a pair of the same kind.
    both: HashMap<(u32, u32), u32, foldhash::fast::FixedState>,
}

/// Most products of one kind on one customer-day whose pairs are counted.
const MOST: usize = 64;

impl<'k> Substitutes<'k> {
    /// Counts the days.
    pub fn of(purchases: &Purchases, days: &Range<i32>, kind: &'k [u32]) -> Substitutes<'k> {
        let mut found = Substitutes { kind, sold: vec![0; purchases.n_products], n_days: 0, both: HashMap::default() };
        let mut own: Vec<(u32, u32)> = Vec::new();
        for customer in 0..purchases.customers() {
            let mut kept = purchases.kept(customer, days).peekable();
            while let Some((day, product)) = kept.next() {
                own.clear();
                own.push((kind[product as usize], product));
                while let Some((_, product)) = kept.next_if(|(same, _)| *same == day) {
                    own.push((kind[product as usize], product));
                }
                found.n_days += 1;
                own.iter().for_each(|(_, product)| found.sold[*product as usize] += 1);
                own.sort_unstable();
                for same in own.chunk_by(|left, right| left.0 == right.0) {
                    let same = &same[..same.len().min(MOST)];
                    for (at, (_, low)) in same.iter().enumerate() {
                        for (_, high) in &same[at + 1..] {
                            *found.both.entry((*low, *high)).or_default() += 1;
                        }
                    }
                }
            }
        }
        found
    }

    /// Whether two products are of the same kind and are bought on the same day less often than chance would have it.
    pub fn are(&self, left: u32, right: u32) -> bool {
        if self.kind[left as usize] != self.kind[right as usize] {
            return false;
        }
        let both = self.both.get(&(left.min(right), left.max(right))).copied().unwrap_or(0);
        let [n, a, b] = [self.n_days, self.sold[left as usize], self.sold[right as usize]].map(u64::from);
        u64::from(both) * n < a * b
    }
}
