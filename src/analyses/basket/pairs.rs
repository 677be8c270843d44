//! Counts how often two products are in one basket, exactly.
//!
//! One product at a time: all baskets that have it are walked and its companions counted in a dense array. So the
//! memory is 16 bytes for each (basket, product), 12 bytes for each frequent product and thread, and 16 bytes for
//! each pair that is counted often enough, of which there are at most (all pairs in all baskets) ÷ `floor`. However
//! wide the baskets are, no pair is held before it is known to be kept. The time is that of Σ size × (size − 1) ÷ 2.

use std::ops::Range;

use rayon::prelude::*;

use crate::facts::Facts;

/// The distinct products of every basket, those of the replayed days after the others.
#[derive(Debug)]
pub struct Baskets {
    /// All products, ascending within their basket.
    items: Vec<u32>,
    /// Where each basket ends in `items`.
    ends: Vec<u32>,
    /// The first of the replayed baskets.
    replayed_from: usize,
}

/// A number of baskets: all of the window, and those of the replayed days among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All.
    pub all: u32,
    /// Of the replayed days.
    pub replayed: u32,
}

impl Tally {
    /// Before the replayed days.
    pub fn earlier(self) -> u32 {
        self.all - self.replayed
    }
}

/// Two products and the baskets that have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The product with the lower number.
    pub low: u32,
    /// The other one.
    pub high: u32,
    /// Baskets with both.
    pub both: Tally,
}

/// No group: a product that the export does not put into one.
pub const NO_GROUP: u32 = u32::MAX;

/// Orders a task reads; fixed, so that baskets lie in the same order at any number of threads.
const CHUNK: usize = 65_536;

/// Tasks of the counting; each has a dense array of its own.
const TASKS: usize = 128;

impl Baskets {
    /// The products sold and kept, one basket an order of the days; those from `replayed_from` on are replayed.
    pub fn collect(facts: &Facts, days: Range<i32>, replayed_from: i32) -> Baskets {
        let orders = &facts.orders;
        let read = |chunk: usize| {
            let (mut earlier, mut replayed) = (Part::default(), Part::default());
            for order in chunk * CHUNK..((chunk + 1) * CHUNK).min(orders.len()) {
                let day = orders.day[order];
                if days.contains(&day) {
                    let part = if day < replayed_from { &mut earlier } else { &mut replayed };
                    part.push(facts, order);
                }
            }
            (earlier, replayed)
        };
        let (earlier, replayed): (Vec<Part>, Vec<Part>) =
            (0..orders.len().div_ceil(CHUNK)).into_par_iter().map(read).unzip();
        let count = |parts: &[Part]| parts.iter().map(|part| part.ends.len()).sum::<usize>();
        let replayed_from = count(&earlier);
        let parts = || earlier.iter().chain(&replayed);
        let mut items = Vec::with_capacity(parts().map(|part| part.items.len()).sum());
        let mut ends = Vec::with_capacity(replayed_from + count(&replayed));
        for part in parts() {
            let before = items.len() as u32;
            ends.extend(part.ends.iter().map(|end| before + end));
            items.extend_from_slice(&part.items);
        }
        Baskets { items, ends, replayed_from }
    }

    /// The number of baskets.
    pub fn len(&self) -> Tally {
        Tally { all: self.ends.len() as u32, replayed: (self.ends.len() - self.replayed_from) as u32 }
    }

    /// In how many baskets each product is.
    pub fn product_counts(&self, products: usize) -> Vec<Tally> {
        let mut counts = vec![Tally::default(); products];
        let border = self.starts_at(self.replayed_from);
        for product in &self.items[..border] {
            counts[*product as usize].all += 1;
        }
        for product in &self.items[border..] {
            counts[*product as usize].all += 1;
            counts[*product as usize].replayed += 1;
        }
        counts
    }

    /// The same baskets of groups instead of products: `group` is by product, [`NO_GROUP`] for one that is in none.
    pub fn grouped(&self, group: &[u32]) -> Baskets {
        let mut items: Vec<u32> = Vec::with_capacity(self.items.len());
        let mut ends = Vec::with_capacity(self.ends.len());
        let mut groups: Vec<u32> = Vec::new();
        let mut start = 0;
        for end in &self.ends {
            let products = &self.items[start..*end as usize];
            groups.clear();
            groups.extend(products.iter().map(|product| group[*product as usize]).filter(|group| *group != NO_GROUP));
            groups.sort_unstable();
            groups.dedup();
            items.extend_from_slice(&groups);
            ends.push(items.len() as u32);
            start = *end as usize;
        }
        Baskets { items, ends, replayed_from: self.replayed_from }
    }

    /// The items of the baskets before the replayed ones, and where each basket ends.
    pub fn earlier(&self) -> (&[u32], &[u32]) {
        (&self.items[..self.starts_at(self.replayed_from)], &self.ends[..self.replayed_from])
    }

    /// All baskets.
    pub fn each(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.ends.len()).map(|basket| &self.items[self.starts_at(basket)..self.ends[basket] as usize])
    }

    /// The replayed baskets.
    pub fn replayed(&self) -> impl Iterator<Item = &[u32]> {
        (self.replayed_from..self.ends.len())
            .map(|basket| &self.items[self.starts_at(basket)..self.ends[basket] as usize])
    }

    fn starts_at(&self, basket: usize) -> usize {
        if basket == 0 { 0 } else { self.ends[basket - 1] as usize }
    }

    /// Every pair that is in at least `floor` baskets, by (low, high). `counts` are [`Baskets::product_counts`].
    pub fn pairs(&self, counts: &[Tally], floor: u32) -> Vec<Pair> {
        let dense = Dense::of(self, counts, floor);
        let tasks = dense.tasks();
        let counted: Vec<Vec<Pair>> = tasks.into_par_iter().map(|range| dense.count(range, floor)).collect();
        counted.concat()
    }
}

/// The baskets of one chunk of orders.
#[derive(Debug, Default)]
struct Part {
    items: Vec<u32>,
    ends: Vec<u32>,
}

impl Part {
    fn push(&mut self, facts: &Facts, order: usize) {
        let start = self.items.len();
        let lines = facts.orders.lines(order);
        for line in lines {
            if facts.lines.kept(line) {
                self.items.push(facts.lines.product[line]);
            }
        }
        self.items[start..].sort_unstable();
        let mut kept = start;
        for at in start..self.items.len() {
            if at == start || self.items[at] != self.items[kept - 1] {
                self.items[kept] = self.items[at];
                kept += 1;
            }
        }
        self.items.truncate(kept);
        if kept > start {
            self.ends.push(kept as u32);
        }
    }
}

/// The baskets again with the products that are frequent enough to be in a pair, numbered without gaps.
struct Dense {
    /// The product of each dense number.
    products: Vec<u32>,
    /// Dense numbers, ascending within their basket.
    items: Vec<u32>,
    /// Where the postings of each dense number begin, and the end.
    starts: Vec<u32>,
    /// What comes after the product in each of its baskets: a range of `items`.
    after: Vec<(u32, u32)>,
    /// Items of the replayed baskets begin here.
    replayed_from: u32,
}

impl Dense {
    fn of(baskets: &Baskets, counts: &[Tally], floor: u32) -> Dense {
        const RARE: u32 = u32::MAX;
        let mut number = vec![RARE; counts.len()];
        let mut products = Vec::new();
        for (product, count) in counts.iter().enumerate() {
            if count.all >= floor {
                number[product] = products.len() as u32;
                products.push(product as u32);
            }
        }
        let mut items = Vec::with_capacity(baskets.items.len());
        let mut ends = Vec::with_capacity(baskets.ends.len());
        let (mut start, mut replayed_from) = (0, 0);
        for (basket, end) in baskets.ends.iter().enumerate() {
            if basket == baskets.replayed_from {
                replayed_from = items.len() as u32;
            }
            let first = items.len();
            items.extend(
                baskets.items[start..*end as usize]
                    .iter()
                    .map(|product| number[*product as usize])
                    .filter(|number| *number != RARE),
            );
            start = *end as usize;
            if items.len() - first < 2 {
                items.truncate(first);
            } else {
                ends.push(items.len() as u32);
            }
        }
        if baskets.replayed_from >= baskets.ends.len() {
            replayed_from = items.len() as u32;
        }
        let mut starts = vec![0_u32; products.len() + 1];
        for item in &items {
            starts[*item as usize + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut next = starts.clone();
        let mut after = vec![(0, 0); items.len()];
        let mut at = 0;
        for end in ends {
            while at < end {
                let place = &mut next[items[at as usize] as usize];
                after[*place as usize] = (at + 1, end);
                *place += 1;
                at += 1;
            }
        }
        Dense { products, items, starts, after, replayed_from }
    }

    /// Ranges of dense numbers with about the same number of postings.
    fn tasks(&self) -> Vec<Range<usize>> {
        let share = self.after.len().div_ceil(TASKS).max(1) as u32;
        let mut tasks = Vec::with_capacity(TASKS + 1);
        let mut first = 0;
        for product in 0..self.products.len() {
            if self.starts[product + 1] - self.starts[first] >= share {
                tasks.push(first..product + 1);
                first = product + 1;
            }
        }
        tasks.push(first..self.products.len());
        tasks
    }

    fn count(&self, range: Range<usize>, floor: u32) -> Vec<Pair> {
        let mut counts = vec![Tally::default(); self.products.len()];
        let mut seen: Vec<u32> = Vec::new();
        let mut pairs = Vec::new();
        for low in range {
            for (from, to) in &self.after[self.starts[low] as usize..self.starts[low + 1] as usize] {
                let replayed = u32::from(*from > self.replayed_from);
                for high in &self.items[*from as usize..*to as usize] {
                    let count = &mut counts[*high as usize];
                    if count.all == 0 {
                        seen.push(*high);
                    }
                    count.all += 1;
                    count.replayed += replayed;
                }
            }
            seen.retain(|high| {
                let kept = counts[*high as usize].all >= floor;
                if !kept {
                    counts[*high as usize] = Tally::default();
                }
                kept
            });
            seen.sort_unstable();
            pairs.extend(seen.drain(..).map(|high| Pair {
                low: self.products[low],
                high: self.products[high as usize],
                both: std::mem::take(&mut counts[high as usize]),
            }));
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn lay(earlier: &[BTreeSet<u32>], replayed: &[BTreeSet<u32>]) -> Baskets {
        let (mut items, mut ends) = (Vec::new(), Vec::new());
        for basket in earlier.iter().chain(replayed) {
            items.extend(basket);
            ends.push(items.len() as u32);
        }
        Baskets { items, ends, replayed_from: earlier.len() }
    }

    fn baskets() -> impl Strategy<Value = Vec<BTreeSet<u32>>> {
        prop::collection::vec(prop::collection::btree_set(0..12_u32, 1..8), 0..40)
    }

    proptest! {
        #[test]
        fn counts_every_pair_like_the_definition(earlier in baskets(), replayed in baskets(), floor in 1..6_u32) {
            let mut expected: BTreeMap<(u32, u32), Tally> = BTreeMap::new();
            for (place, basket) in earlier.iter().chain(&replayed).enumerate() {
                for low in basket {
                    for high in basket.range(low + 1..) {
                        let tally = expected.entry((*low, *high)).or_default();
                        tally.all += 1;
                        tally.replayed += u32::from(place >= earlier.len());
                    }
                }
            }
            expected.retain(|_, tally| tally.all >= floor);
            let laid = lay(&earlier, &replayed);
            let found = laid.pairs(&laid.product_counts(12), floor);
            let found: Vec<((u32, u32), Tally)> = found.iter().map(|pair| ((pair.low, pair.high), pair.both)).collect();
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
