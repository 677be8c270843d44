//! What the ways to rank look up in everybody's purchases: demand, fading weights, distinct products.

use std::ops::Range;

use rayon::prelude::*;

use crate::facts::{GONE, Purchases};

/// Parts of the customers; fixed, so that sums are added in the same order at any number of threads.
const PARTS: usize = 16;

/// How often each product is bought.
#[derive(Debug)]
pub struct Demand {
    /// On how many customer-days it was bought and kept.
    pub sold: Vec<f64>,
    /// The same, each weighing half as much so many days earlier.
    pub recent: Vec<f64>,
}

impl Demand {
    /// On the days; what is recent fades by `half_life`.
    pub fn of(purchases: &Purchases, days: &Range<i32>, half_life: f64) -> Demand {
        let weights = Decay::new(Some(half_life), days.end);
        let share = purchases.customers().div_ceil(PARTS).max(1);
        let nothing = || Demand { sold: vec![0.0; purchases.n_products], recent: vec![0.0; purchases.n_products] };
        let parts: Vec<Demand> = (0..PARTS)
            .into_par_iter()
            .map(|part| {
                let mut demand = nothing();
                for customer in part * share..((part + 1) * share).min(purchases.customers()) {
                    for (day, product) in purchases.kept(customer, days) {
                        demand.sold[product as usize] += 1.0;
                        demand.recent[product as usize] += weights.at(day);
                    }
                }
                demand
            })
            .collect();
        parts.iter().fold(nothing(), |mut sums, part| {
            sums.sold.iter_mut().zip(&part.sold).for_each(|(sum, part)| *sum += part);
            sums.recent.iter_mut().zip(&part.recent).for_each(|(sum, part)| *sum += part);
            sums
        })
    }
}

/// What a purchase weighs by its age.
#[derive(Debug, Clone)]
pub struct Decay {
    end: i32,
    weights: Vec<f64>,
}

/// Older purchases weigh as much as those of this age.
const OLDEST: usize = 1_500;

impl Decay {
    /// Halves in every `half_life` days; nothing fades where there is none.
    pub fn new(half_life: Option<f64>, end: i32) -> Decay {
        let weight = |age: usize| half_life.map_or(1.0, |half_life| (-(age as f64) / half_life).exp2());
        Decay { end, weights: (0..OLDEST).map(weight).collect() }
    }

    /// The weight of a day before the end.
    #[inline]
    pub fn at(&self, day: i32) -> f64 {
        let age = (self.end - 1).saturating_sub(day).max(0) as usize;
        self.weights[age.min(OLDEST - 1)]
    }
}

/// Of the customers that `wanted` picks, at most `most`, spread evenly over all of them.
pub fn spread(customers: usize, most: usize, wanted: impl Fn(usize) -> bool + Sync) -> Vec<usize> {
    let all: Vec<usize> = (0..customers).into_par_iter().with_min_len(4096).filter(|c| wanted(*c)).collect();
    if all.len() <= most {
        return all;
    }
    (0..most).map(|place| all[place * all.len() / most]).collect()
}

/// The distinct products of every customer on certain days, ascending.
#[derive(Debug, Default)]
pub struct Distinct {
    /// Where each customer's begin, and the end.
    pub starts: Vec<u32>,
    /// Product numbers.
    pub products: Vec<u32>,
    /// Customers of whom only the latest products were taken.
    pub cut: u32,
}

/// Customers of one task.
const CHUNK: usize = 16_384;

impl Distinct {
    /// What was bought and kept; of nobody more than his `most` latest.
    pub fn of(purchases: &Purchases, days: &Range<i32>, most: usize) -> Distinct {
        let read = |chunk: usize| {
            let (mut lengths, mut products, mut cut) = (Vec::with_capacity(CHUNK), Vec::new(), 0);
            let mut own: Vec<u32> = Vec::new();
            let mut seen = vec![0_u32; purchases.n_products];
            for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(purchases.customers()) {
                own.clear();
                let stamp = customer as u32 + 1;
                for at in purchases.of_days(customer, days).rev() {
                    let product = purchases.products[at];
                    if product & GONE == 0 && seen[product as usize] != stamp {
                        seen[product as usize] = stamp;
                        own.push(product);
                    }
                }
                if own.len() > most {
                    own.truncate(most);
                    cut += 1;
                }
                own.sort_unstable();
                products.extend_from_slice(&own);
                lengths.push(own.len() as u32);
            }
            (lengths, products, cut)
        };
        let parts: Vec<(Vec<u32>, Vec<u32>, u32)> =
            (0..purchases.customers().div_ceil(CHUNK)).into_par_iter().map(read).collect();
        let mut distinct = Distinct { starts: Vec::with_capacity(purchases.customers() + 1), ..Distinct::default() };
        distinct.products.reserve_exact(parts.iter().map(|part| part.1.len()).sum());
        let mut end = 0;
        distinct.starts.push(end);
        for (lengths, products, cut) in parts {
            for length in lengths {
                end += length;
                distinct.starts.push(end);
            }
            distinct.products.extend(products);
            distinct.cut += cut;
        }
        distinct
    }

    /// A customer's.
    #[inline]
    pub fn of_customer(&self, customer: usize) -> &[u32] {
        &self.products[self.starts[customer] as usize..self.starts[customer + 1] as usize]
    }
}
