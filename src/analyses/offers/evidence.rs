//! How many of those who bought one product also bought another soon: what a seller can say.

use std::ops::Range;

use rayon::prelude::*;

use super::purchases::Purchases;
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

/// What was counted by a part of the customers.
#[derive(Default)]
struct Sums {
    /// First purchases of anything.
    events: u64,
    /// By product: first purchases of it, and first purchases of anything that it followed.
    first: Vec<u32>,
    followed: Vec<u32>,
    /// By wanted pair.
    both: Vec<u32>,
}

/// Parts of the customers; fixed, as each has arrays of its own.
const PARTS: usize = 16;

/// Counts the pairs (ascending, each once). A customer's first purchase of a product on `days` counts if `within` days
/// after it end before `days` do.
pub fn count(purchases: &Purchases, days: Range<i32>, within: i32, wanted: &[(u32, u32)]) -> Vec<Evidence> {
    let n = purchases.n_products;
    let mut starts = vec![0_u32; n + 1];
    wanted.iter().for_each(|(first, _)| starts[*first as usize + 1] += 1);
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let share = purchases.customers().div_ceil(PARTS).max(1);
    let part = |part: usize| {
        let mut sums = Sums { first: vec![0; n], followed: vec![0; n], both: vec![0; wanted.len()], events: 0 };
        let (mut seen, mut met) = (vec![0_u32; n], vec![0_u64; n]);
        let (mut slot, mut event) = (vec![(0_u64, 0_u32); n], 0_u64);
        let mut own: Vec<(i32, u32)> = Vec::new();
        for customer in part * share..((part + 1) * share).min(purchases.customers()) {
            own.clear();
            own.extend(purchases.kept(customer, &days));
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
                sums.events += 1;
                sums.first[first as usize] += 1;
                for place in starts[first as usize]..starts[first as usize + 1] {
                    slot[wanted[place as usize].1 as usize] = (event, place);
                }
                let same_day = own[..at].iter().rposition(|(before, _)| *before < day).map_or(0, |before| before + 1);
                let after = own[same_day..].iter().take_while(|(later, _)| *later <= day + within);
                for (_, second) in after {
                    let second = *second as usize;
                    if second == first as usize || std::mem::replace(&mut met[second], event) == event {
                        continue;
                    }
                    sums.followed[second] += 1;
                    if slot[second].0 == event {
                        sums.both[slot[second].1 as usize] += 1;
                    }
                }
            }
        }
        sums
    };
    let parts: Vec<Sums> = (0..PARTS).into_par_iter().map(part).collect();
    let mut sums = Sums { first: vec![0; n], followed: vec![0; n], both: vec![0; wanted.len()], events: 0 };
    for part in &parts {
        sums.events += part.events;
        for (sum, part) in
            [(&mut sums.first, &part.first), (&mut sums.followed, &part.followed), (&mut sums.both, &part.both)]
        {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
    }
    wanted
        .iter()
        .zip(&sums.both)
        .map(|((first, second), n_both)| {
            let (n_a, n_b) = (sums.first[*first as usize], sums.followed[*second as usize]);
            let rate = f64::from(n_b) / (sums.events.max(1)) as f64;
            let counts = Counts { n: sums.events, n_a: n_a.into(), n_b: n_b.into(), n_both: (*n_both).into() };
            Evidence {
                n_antecedent: n_a,
                n_both: *n_both,
                lift: if *n_both > 0 { f64::from(*n_both) / f64::from(n_a) / rate } else { 0.0 },
                lift_low: lift_lower_95(counts),
            }
        })
        .collect()
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
        let found = count(&purchases, 0..200, 60, &[(0, 1), (1, 0)]);
        assert_eq!((found[0].n_antecedent, found[0].n_both), (3, 2));
        // First purchases of anything: 3 of product 0 and 3 of product 1; product 1 followed 2 of the 6.
        assert!((found[0].lift - (2.0 / 3.0) / (2.0 / 6.0)).abs() < 1e-12);
        // Product 0 followed product 1 on the same day once.
        assert_eq!((found[1].n_antecedent, found[1].n_both), (3, 1));
    }
}
