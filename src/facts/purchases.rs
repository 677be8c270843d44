//! Who bought what on which day: all that the offers are worked out from, in three plain vectors.

use std::ops::Range;

use rayon::prelude::*;

use super::{Lines, Orders};

/// The products of every customer, by day, then product, each once a day.
#[derive(Debug, Default)]
pub struct Purchases {
    /// Where each customer's begin, and the end.
    pub starts: Vec<u32>,
    /// Days since 1970-01-01.
    pub days: Vec<i32>,
    /// Product numbers, with [`GONE`] where nothing of the day was kept.
    pub products: Vec<u32>,
    /// The number of products.
    pub n_products: usize,
}

/// Marks a product of which all that was sold on the day went back or was a gift: it is owned, not liked.
pub const GONE: u32 = 1 << 31;

/// Customers of one task.
const CHUNK: usize = 4096;

impl Purchases {
    /// Reads the order lines.
    pub(super) fn of(orders: &Orders, lines: &Lines, n_customers: usize, n_products: usize) -> Purchases {
        let read = |chunk: usize| {
            let (mut lengths, mut days, mut products) = (Vec::new(), Vec::new(), Vec::new());
            let mut own: Vec<(i32, u32, bool)> = Vec::new();
            for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(n_customers) {
                own.clear();
                for order in orders.starts[customer] as usize..orders.starts[customer + 1] as usize {
                    own.extend(
                        orders.lines(order).map(|line| (orders.day[order], lines.product[line], !lines.kept(line))),
                    );
                }
                // What was kept comes before what was not, so that it stays.
                own.sort_unstable();
                own.dedup_by_key(|(day, product, _)| (*day, *product));
                lengths.push(own.len() as u32);
                days.extend(own.iter().map(|(day, ..)| *day));
                products.extend(own.iter().map(|(_, product, gone)| if *gone { product | GONE } else { *product }));
            }
            (lengths, days, products)
        };
        let parts: Vec<(Vec<u32>, Vec<i32>, Vec<u32>)> =
            (0..n_customers.div_ceil(CHUNK)).into_par_iter().map(read).collect();
        let rows = parts.iter().map(|part| part.1.len()).sum();
        let mut purchases = Purchases {
            starts: Vec::with_capacity(n_customers + 1),
            days: Vec::with_capacity(rows),
            products: Vec::with_capacity(rows),
            n_products,
        };
        let mut end = 0;
        purchases.starts.push(end);
        for (lengths, days, products) in parts {
            for length in lengths {
                end += length;
                purchases.starts.push(end);
            }
            purchases.days.extend(days);
            purchases.products.extend(products);
        }
        purchases
    }

    /// The number of customers.
    pub fn customers(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The places of a customer's purchases on these days.
    pub fn of_days(&self, customer: usize, days: &Range<i32>) -> Range<usize> {
        let all = self.starts[customer] as usize..self.starts[customer + 1] as usize;
        let own = &self.days[all.clone()];
        let first = own.partition_point(|day| *day < days.start);
        let end = own.partition_point(|day| *day < days.end).max(first);
        all.start + first..all.start + end
    }

    /// Day and product of what a customer bought and kept on these days.
    pub fn kept<'p>(&'p self, customer: usize, days: &Range<i32>) -> impl Iterator<Item = (i32, u32)> + use<'p> {
        let rows = self.of_days(customer, days);
        rows.map(|at| (self.days[at], self.products[at])).filter(|(_, product)| product & GONE == 0)
    }

    /// Products a customer had before a day, kept or not, with repeats.
    pub fn ever(&self, customer: usize, before: i32) -> impl Iterator<Item = u32> {
        self.of_days(customer, &(i32::MIN..before)).map(|at| self.products[at] & !GONE)
    }
}
