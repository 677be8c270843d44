//! What is bought after what, more often than usual: for each product, those that followed it.

use std::ops::Range;

use rayon::prelude::*;

use super::evidence::{Evidence, Totals};
use crate::facts::{GONE, Purchases};

/// The products that followed each product.
#[derive(Debug)]
pub struct Followers {
    starts: Vec<u32>,
    rows: Vec<(u32, Evidence)>,
}

/// Fewest customers who bought both.
const FEWEST: u32 = 3;

/// Products of one task.
const CHUNK: usize = 256;

/// What followed some products, and where that of each ends.
type Part = (Vec<(u32, Evidence)>, Vec<u32>);

impl Followers {
    /// The `keep` products that most often followed each product's first purchase on the days, on the same day or
    /// within so many days, of those that `fits` and whose lower bound of lift is above 1; ties by product.
    pub fn of(
        purchases: &Purchases,
        days: &Range<i32>,
        within: i32,
        keep: usize,
        fits: impl Fn(u32, u32) -> bool + Sync,
    ) -> Followers {
        let n = purchases.n_products;
        let totals = Totals::count(purchases, days, within, |_, _| ());
        let mut starts = vec![0_u32; n + 1];
        for product in 0..n {
            starts[product + 1] = starts[product] + totals.first[product];
        }
        let mut next = starts.clone();
        // Where the day of each first purchase begins, and where what its buyer bought ends.
        let mut first_days = vec![(0_u32, 0_u32); starts[n] as usize];
        let mut seen = vec![0_u32; n];
        for customer in 0..purchases.customers() {
            let stamp = customer as u32 + 1;
            let own = purchases.of_days(customer, days);
            let mut day_start = own.start;
            for at in own.clone() {
                let (day, product) = (purchases.days[at], purchases.products[at]);
                if day != purchases.days[day_start] {
                    day_start = at;
                }
                if product & GONE != 0
                    || day + within >= days.end
                    || std::mem::replace(&mut seen[product as usize], stamp) == stamp
                {
                    continue;
                }
                let next = &mut next[product as usize];
                first_days[*next as usize] = (day_start as u32, own.end as u32);
                *next += 1;
            }
        }
        let count = |chunk: usize| {
            let (mut both, mut met, mut event) = (vec![0_u32; n], vec![0_u32; n], 0_u32);
            let (mut touched, mut found, mut ends): (Vec<u32>, Vec<_>, Vec<u32>) = Default::default();
            let mut often: Vec<u32> = Vec::new();
            for first in chunk * CHUNK..((chunk + 1) * CHUNK).min(n) {
                for (start, end) in &first_days[starts[first] as usize..starts[first + 1] as usize] {
                    event += 1;
                    let last = purchases.days[*start as usize] + within;
                    let rows = (*start as usize..*end as usize).take_while(|at| purchases.days[*at] <= last);
                    for second in rows.map(|at| purchases.products[at]).filter(|product| product & GONE == 0) {
                        let second = second as usize;
                        if second == first || std::mem::replace(&mut met[second], event) == event {
                            continue;
                        }
                        if both[second] == 0 {
                            touched.push(second as u32);
                        }
                        both[second] += 1;
                    }
                }
                often.clear();
                often.extend(touched.iter().filter(|second| both[**second as usize] >= FEWEST));
                often.sort_unstable_by_key(|second| (std::cmp::Reverse(both[*second as usize]), *second));
                let evidence = often
                    .iter()
                    .filter(|second| fits(first as u32, **second))
                    .map(|second| (*second, totals.evidence(first as u32, *second, both[*second as usize])))
                    .filter(|(_, evidence)| evidence.lift_low > 1.0);
                found.extend(evidence.take(keep));
                ends.push(found.len() as u32);
                touched.drain(..).for_each(|second| both[second as usize] = 0);
            }
            (found, ends)
        };
        let parts: Vec<Part> = (0..n.div_ceil(CHUNK)).into_par_iter().with_max_len(1).map(count).collect();
        let mut followers = Followers { starts: vec![0], rows: Vec::new() };
        for (found, ends) in parts {
            let before = followers.rows.len() as u32;
            followers.rows.extend(found);
            followers.starts.extend(ends.iter().map(|end| before + end));
        }
        followers
    }

    /// The places of what followed a product, the most frequent first.
    pub fn places(&self, product: u32) -> Range<usize> {
        self.starts[product as usize] as usize..self.starts[product as usize + 1] as usize
    }

    /// What is at a place.
    pub fn at(&self, place: usize) -> (u32, Evidence) {
        self.rows[place]
    }

    /// Everything, by place.
    pub fn all(&self) -> &[(u32, Evidence)] {
        &self.rows
    }
}
