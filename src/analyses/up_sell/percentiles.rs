//! Where in the price range of a kind of product a customer buys.

use std::ops::Range;

use rayon::prelude::*;

use super::ladder::Ladder;
use super::scene::each_kept;
use crate::facts::Facts;

/// Customers of one task.
const CHUNK: usize = 4096;

/// Mean list prices of the lines of each customer and kind.
pub(super) struct Percentiles {
    /// Customer, kind, and mean price in minor units; in order.
    own: Vec<(u32, u32, f64)>,
    /// By kind: the means of all its buyers, ascending.
    all: Vec<Vec<f64>>,
}

impl Percentiles {
    /// Of what was bought and kept on the days, as far as list prices are known.
    pub(super) fn of(facts: &Facts, ladder: &Ladder, days: &Range<i32>) -> Percentiles {
        let prices = &facts.unit_values.prices;
        let customers = facts.customers.len();
        let read = |chunk: usize| {
            let mut own = Vec::new();
            let mut lines: Vec<(u32, i64)> = Vec::new();
            for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(customers) {
                lines.clear();
                each_kept(facts, customer, days, |product| {
                    let kind = ladder.kinds[product as usize];
                    lines.extend(prices[product as usize].map(|price| (kind, price)));
                });
                lines.sort_unstable();
                for same in lines.chunk_by(|left, right| left.0 == right.0) {
                    let sum: i64 = same.iter().map(|(_, price)| price).sum();
                    own.push((customer as u32, same[0].0, sum as f64 / same.len() as f64));
                }
            }
            own
        };
        let parts: Vec<Vec<(u32, u32, f64)>> = (0..customers.div_ceil(CHUNK)).into_par_iter().map(read).collect();
        let own = parts.concat();
        let mut all = vec![Vec::new(); ladder.names.len()];
        own.iter().for_each(|(_, kind, mean)| all[*kind as usize].push(*mean));
        all.par_iter_mut().for_each(|means| means.sort_unstable_by(f64::total_cmp));
        Percentiles { own, all }
    }

    /// The share of the kind's buyers below the customer, half of the equal ones included.
    pub(super) fn of_customer(&self, customer: u32, kind: u32) -> Option<f64> {
        let place = self.own.binary_search_by_key(&(customer, kind), |(who, what, _)| (*who, *what)).ok()?;
        let (mean, all) = (self.own[place].2, &self.all[kind as usize]);
        let below = all.partition_point(|other| *other < mean);
        let upto = all.partition_point(|other| *other <= mean);
        Some((below + upto) as f64 / 2.0 / all.len() as f64)
    }
}
