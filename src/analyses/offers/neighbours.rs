//! Products that the same customers buy: item neighbourhoods by cosine, as in Sarwar, Karypis, Konstan & Riedl (2001),
//! "Item-Based Collaborative Filtering Recommendation Algorithms".
//!
//! One product at a time: all its buyers are walked and their other products counted in a dense array, so no pair is
//! held that is not kept.

use std::ops::Range;

use rayon::prelude::*;

use super::purchases::Distinct;

/// The nearest products of each product.
#[derive(Debug)]
pub struct Neighbours {
    /// Buyers of each product.
    pub buyers: Vec<u32>,
    starts: Vec<u32>,
    nearest: Vec<Near>,
}

/// A neighbour of a product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The neighbour.
    pub product: u32,
    /// Common buyers ÷ √(the product's buyers); divided by √(the neighbour's buyers) it is the cosine.
    pub weight: f32,
}

/// Fewest common buyers of neighbours: one is anybody's chance.
const FEWEST: u32 = 2;

/// Tasks of the counting; each has a dense array of its own.
const TASKS: usize = 128;

impl Neighbours {
    /// The `keep` nearest of each product by common ÷ √(buyers × buyers), ties by product.
    pub fn of(distinct: &Distinct, n_products: usize, keep: usize) -> Neighbours {
        let customers = distinct.starts.len() - 1;
        let mut starts = vec![0_u32; n_products + 1];
        distinct.products.iter().for_each(|product| starts[*product as usize + 1] += 1);
        let buyers = starts[1..].to_vec();
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut who = vec![0_u32; distinct.products.len()];
        for customer in 0..customers {
            for product in distinct.of_customer(customer) {
                who[next[*product as usize] as usize] = customer as u32;
                next[*product as usize] += 1;
            }
        }
        let count = |range: Range<usize>| {
            let mut common = vec![0_u32; n_products];
            let mut all_met: Vec<u32> = vec![0; n_products + 1];
            let mut near: Vec<(f64, u32)> = Vec::new();
            let mut nearest: Vec<Near> = Vec::new();
            let mut lengths = Vec::with_capacity(range.len());
            for product in range {
                let own = &who[starts[product] as usize..starts[product + 1] as usize];
                if (own.len() as u32) < FEWEST {
                    lengths.push(0);
                    continue;
                }
                let mut n_met = 0;
                for customer in own {
                    for other in distinct.of_customer(*customer as usize) {
                        let count = &mut common[*other as usize];
                        // Written always, counted once: no branch to guess wrong.
                        all_met[n_met] = *other;
                        n_met += usize::from(*count == 0);
                        *count += 1;
                    }
                }
                let met = &all_met[..n_met];
                // The product's own buyers are in every quotient: they order nothing.
                let often = |other: &&u32| common[**other as usize] >= FEWEST && **other as usize != product;
                near.extend(met.iter().filter(often).map(|other| {
                    let count = f64::from(common[*other as usize]);
                    (count * count / f64::from(buyers[*other as usize]), *other)
                }));
                let order =
                    |left: &(f64, u32), right: &(f64, u32)| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1));
                if near.len() > keep {
                    near.select_nth_unstable_by(keep, order);
                    near.truncate(keep);
                }
                near.sort_unstable_by(order);
                let norm = 1.0 / f64::from(buyers[product]).sqrt();
                nearest.extend(near.iter().map(|(_, other)| {
                    let weight = (f64::from(common[*other as usize]) * norm) as f32;
                    Near { product: *other, weight }
                }));
                lengths.push(near.len() as u32);
                near.clear();
                met.iter().for_each(|other| common[*other as usize] = 0);
            }
            (lengths, nearest)
        };
        let parts: Vec<(Vec<u32>, Vec<Near>)> =
            tasks(&starts, n_products).into_par_iter().with_max_len(1).map(count).collect();
        let mut ends = vec![0_u32];
        let mut nearest = Vec::with_capacity(parts.iter().map(|part| part.1.len()).sum());
        for (lengths, part) in parts {
            for length in lengths {
                ends.push(ends[ends.len() - 1] + length);
            }
            nearest.extend(part);
        }
        Neighbours { buyers, starts: ends, nearest }
    }

    /// Multiplies the weight of each neighbour by what is given for its product.
    pub fn multiply(&mut self, factors: &[f32]) {
        self.nearest.par_iter_mut().with_min_len(65_536).for_each(|near| near.weight *= factors[near.product as usize]);
    }

    /// The neighbours of a product, the nearest first.
    #[inline]
    pub fn nearest(&self, product: u32) -> &[Near] {
        &self.nearest[self.starts[product as usize] as usize..self.starts[product as usize + 1] as usize]
    }
}

/// Ranges of products with about as many buyers.
fn tasks(starts: &[u32], n_products: usize) -> Vec<Range<usize>> {
    let share = starts[n_products].div_ceil(TASKS as u32).max(1);
    let mut tasks = Vec::with_capacity(TASKS + 1);
    let mut first = 0;
    for product in 0..n_products {
        if starts[product + 1] - starts[first] >= share {
            tasks.push(first..product + 1);
            first = product + 1;
        }
    }
    tasks.push(first..n_products);
    tasks
}
