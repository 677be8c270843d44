//! Who bought what on which day: all that the offers are worked out from, in three plain vectors.

use std::ops::Range;

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

impl Purchases {
    /// The number of customers.
    pub fn customers(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The places of a customer's purchases on these days.
    pub fn of(&self, customer: usize, days: &Range<i32>) -> Range<usize> {
        let all = self.starts[customer] as usize..self.starts[customer + 1] as usize;
        let own = &self.days[all.clone()];
        let first = own.partition_point(|day| *day < days.start);
        let end = own.partition_point(|day| *day < days.end).max(first);
        all.start + first..all.start + end
    }

    /// Day and product of what a customer bought and kept on these days.
    pub fn kept(&self, customer: usize, days: &Range<i32>) -> impl Iterator<Item = (i32, u32)> {
        self.of(customer, days).map(|at| (self.days[at], self.products[at])).filter(|(_, product)| product & GONE == 0)
    }

    /// Products a customer had before a day, kept or not, with repeats.
    pub fn ever(&self, customer: usize, before: i32) -> impl Iterator<Item = u32> {
        self.of(customer, &(i32::MIN..before)).map(|at| self.products[at] & !GONE)
    }

    /// On how many customer-days each product was bought and kept, each weighing half as much `half_life` days earlier.
    pub fn popularity(&self, days: &Range<i32>, half_life: Option<f64>) -> Vec<f64> {
        // Whole numbers of customer-days a day, so that no order of adding matters.
        let mut sums = vec![0.0; self.n_products];
        let weights = Decay::new(half_life, days.end);
        for customer in 0..self.customers() {
            for (day, product) in self.kept(customer, days) {
                sums[product as usize] += weights.at(day);
            }
        }
        sums
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
pub fn spread(customers: usize, most: usize, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    let all: Vec<usize> = (0..customers).filter(|customer| wanted(*customer)).collect();
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

impl Distinct {
    /// What was bought and kept; of nobody more than his `most` latest.
    pub fn of(purchases: &Purchases, days: &Range<i32>, most: usize) -> Distinct {
        let mut distinct = Distinct { starts: vec![0], ..Distinct::default() };
        let mut own: Vec<u32> = Vec::new();
        let mut seen = vec![0_u32; purchases.n_products];
        for customer in 0..purchases.customers() {
            own.clear();
            let stamp = customer as u32 + 1;
            let range = purchases.of(customer, days);
            for at in range.rev() {
                let product = purchases.products[at];
                if product & GONE == 0 && seen[product as usize] != stamp {
                    seen[product as usize] = stamp;
                    own.push(product);
                }
            }
            if own.len() > most {
                own.truncate(most);
                distinct.cut += 1;
            }
            own.sort_unstable();
            distinct.products.extend_from_slice(&own);
            distinct.starts.push(distinct.products.len() as u32);
        }
        distinct
    }

    /// A customer's.
    pub fn of_customer(&self, customer: usize) -> &[u32] {
        &self.products[self.starts[customer] as usize..self.starts[customer + 1] as usize]
    }
}
