//! What is bought after what, more often than usual: for each product, those that followed it.

use std::ops::Range;

use rayon::prelude::*;

use super::evidence::{Evidence, Totals};
use crate::facts::Purchases;

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
        let mut who = vec![0_u32; starts[n] as usize];
        let mut seen = vec![0_u32; n];
        for customer in 0..purchases.customers() {
            let stamp = customer as u32 + 1;
            for (day, product) in purchases.kept(customer, days) {
                let product = product as usize;
                if day + within >= days.end || std::mem::replace(&mut seen[product], stamp) == stamp {
                    continue;
                }
                who[next[product] as usize] = customer as u32;
                next[product] += 1;
            }
        }
        let count = |chunk: usize| {
            let (mut both, mut met, mut event) = (vec![0_u32; n], vec![0_u32; n], 0_u32);
            let (mut touched, mut found, mut ends) = (Vec::new(), Vec::new(), Vec::new());
            let mut own: Vec<(i32, u32)> = Vec::new();
            for first in chunk * CHUNK..((chunk + 1) * CHUNK).min(n) {
                for customer in &who[starts[first] as usize..starts[first + 1] as usize] {
                    own.clear();
                    own.extend(purchases.kept(*customer as usize, days));
                    let Some(day) = own.iter().find(|(_, product)| *product as usize == first).map(|(day, _)| *day)
                    else {
                        continue;
                    };
                    event += 1;
                    for (_, second) in own.iter().filter(|(later, _)| (day..=day + within).contains(later)) {
                        let second = *second as usize;
                        if second == first || std::mem::replace(&mut met[second], event) == event {
                            continue;
                        }
                        if both[second] == 0 {
                            touched.push(second as u32);
                        }
                        both[second] += 1;
                    }
                }
                touched.sort_unstable_by_key(|second| (std::cmp::Reverse(both[*second as usize]), *second));
                let evidence = touched
                    .iter()
                    .take_while(|second| both[**second as usize] >= FEWEST)
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
