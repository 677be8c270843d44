//! How many of those who bought one product also bought another soon: what a seller can say.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::facts::Purchases;
use crate::stats::association::{Counts, lift_lower_95};

/// The counts behind "of those who bought A, so many also bought B within so many days".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Customers who bought the first product, with all the days after to be seen.
    pub n_antecedent: u32,
    /// Those of them who bought the second on the same day or in the days after.
    pub n_both: u32,
    /// How many times the usual rate that is: the rate after the first purchase of any product.
    pub lift: f64,
    /// Lower end of the 95 % interval of that.
    pub lift_low: f64,
}

/// First purchases, and what followed them, whatever it was that came first.
#[derive(Debug)]
pub struct Totals {
    /// First purchases of anything.
    events: u64,
    /// By product: first purchases of it.
    pub first: Vec<u32>,
    /// By product: first purchases of anything that it followed.
    followed: Vec<u32>,
}

/// Parts of the customers; fixed, as each has arrays of its own.
const PARTS: usize = 16;

impl Totals {
    fn nothing(products: usize) -> Totals {
        Totals { events: 0, first: vec![0; products], followed: vec![0; products] }
    }

    /// Counts a customer's first purchase of a product on `days` if `within` days after it end before `days` do.
    /// `pair` is called for every product that followed one; from several threads at once, in any order.
    pub fn count(purchases: &Purchases, days: &Range<i32>, within: i32, pair: impl Fn(u32, u32) + Sync) -> Totals {
        let n = purchases.n_products;
        let share = purchases.customers().div_ceil(PARTS).max(1);
        let part = |part: usize| {
            let mut totals = Totals::nothing(n);
            let (mut seen, mut met, mut event) = (vec![0_u32; n], vec![0_u64; n], 0_u64);
            let mut own: Vec<(i32, u32)> = Vec::new();
            for customer in part * share..((part + 1) * share).min(purchases.customers()) {
                own.clear();
                own.extend(purchases.kept(customer, days));
                let stamp = customer as u32 + 1;
                for at in 0..own.len() {
                    let (day, first) = own[at];
                    if day + within >= days.end {
                        break;
                    }
                    if std::mem::replace(&mut seen[first as usize], stamp) == stamp {
                        continue;
                    }
                    event += 1;
                    totals.events += 1;
                    totals.first[first as usize] += 1;
                    let before = own[..at].iter().rposition(|(before, _)| *before < day);
                    let same_day = before.map_or(0, |before| before + 1);
                    for (_, second) in own[same_day..].iter().take_while(|(later, _)| *later <= day + within) {
                        if *second != first && std::mem::replace(&mut met[*second as usize], event) != event {
                            totals.followed[*second as usize] += 1;
                            pair(first, *second);
                        }
                    }
                }
            }
            totals
        };
        let parts: Vec<Totals> = (0..PARTS).into_par_iter().map(part).collect();
        parts.iter().fold(Totals::nothing(n), |mut sums, part| {
            sums.events += part.events;
            sums.first.iter_mut().zip(&part.first).for_each(|(sum, part)| *sum += part);
            sums.followed.iter_mut().zip(&part.followed).for_each(|(sum, part)| *sum += part);
            sums
        })
    }

    /// The counts of two products, of whose first purchases so many were followed by the second.
    pub fn evidence(&self, first: u32, second: u32, n_both: u32) -> Evidence {
        let (n_a, n_b) = (self.first[first as usize], self.followed[second as usize]);
        let rate = f64::from(n_b) / (self.events.max(1)) as f64;
        let counts = Counts { n: self.events, n_a: n_a.into(), n_b: n_b.into(), n_both: n_both.into() };
        Evidence {
            n_antecedent: n_a,
            n_both,
            lift: if n_both > 0 { f64::from(n_both) / f64::from(n_a) / rate } else { 0.0 },
            lift_low: lift_lower_95(counts),
        }
    }
}

/// Counts the pairs (ascending, each once), as [`Totals::count`] does.
pub fn count(purchases: &Purchases, days: &Range<i32>, within: i32, wanted: &[(u32, u32)]) -> Vec<Evidence> {
    let mut starts = vec![0_u32; purchases.n_products + 1];
    wanted.iter().for_each(|(first, _)| starts[*first as usize + 1] += 1);
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    // Whole numbers: the order of counting does not matter.
    let both: Vec<AtomicU32> = wanted.iter().map(|_| AtomicU32::new(0)).collect();
    let totals = Totals::count(purchases, days, within, |first, second| {
        let pairs = starts[first as usize] as usize..starts[first as usize + 1] as usize;
        if let Ok(place) = wanted[pairs.clone()].binary_search_by_key(&second, |(_, second)| *second) {
            both[pairs.start + place].fetch_add(1, Ordering::Relaxed);
        }
    });
    let evidence =
        |((first, second), both): (&(u32, u32), AtomicU32)| totals.evidence(*first, *second, both.into_inner());
    wanted.iter().zip(both).map(evidence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_followed_in_time() {
        // Products: 0 and 1. Customer 0 bought 1 ten days after 0, customer 1 a hundred days after, customer 2 on the
        // same day; customer 3 bought 0 too late to be followed for 60 days.
        let rows = [(0, 0, 0), (0, 10, 1), (1, 0, 0), (1, 100, 1), (2, 5, 0), (2, 5, 1), (3, 150, 0), (3, 151, 1)];
        let mut purchases = Purchases { starts: vec![0; 5], n_products: 2, ..Purchases::default() };
        for (customer, day, product) in rows {
            purchases.starts[customer + 1] += 1;
            purchases.days.push(day);
            purchases.products.push(product);
        }
        for at in 1..5 {
            purchases.starts[at] += purchases.starts[at - 1];
        }
        let found = count(&purchases, &(0..200), 60, &[(0, 1), (1, 0)]);
        assert_eq!((found[0].n_antecedent, found[0].n_both), (3, 2));
        // First purchases of anything: 3 of product 0 and 3 of product 1; product 1 followed 2 of the 6.
        assert!((found[0].lift - (2.0 / 3.0) / (2.0 / 6.0)).abs() < 1e-12);
        // Product 0 followed product 1 on the same day once.
        assert_eq!((found[1].n_antecedent, found[1].n_both), (3, 1));
    }
}
