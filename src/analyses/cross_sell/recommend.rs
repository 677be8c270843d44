//! Finds each customer's best products among the consequents of what he bought, without ever holding all candidates.
//!
//! One customer at a time: what he has is stamped with his number in arrays by product, and only the best offers so
//! far are held. As the rules of an antecedent come from the highest score down, the walk through them ends as soon as
//! one scores below the last of these.

use std::ops::Range;

use rayon::prelude::*;

use crate::facts::Facts;

/// "Who buys the antecedent also buys the consequent", with its counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Association {
    /// The product in the basket.
    pub antecedent: u32,
    /// The product that goes with it.
    pub consequent: u32,
    /// Baskets with both.
    pub n_both: u32,
    /// Baskets with the antecedent.
    pub n_antecedent: u32,
    /// Lift.
    pub lift: f64,
    /// Lower end of its 95 % interval.
    pub lift_low: f64,
}

impl Association {
    /// Both ÷ antecedent.
    pub fn confidence(&self) -> f64 {
        f64::from(self.n_both) / f64::from(self.n_antecedent)
    }
}

/// The best rules of each antecedent.
#[derive(Debug)]
pub struct Shelf {
    /// By antecedent, then confidence from the highest, then consequent.
    pub rules: Vec<Association>,
    /// Where each product's rules begin, and the end.
    starts: Vec<u32>,
    /// Score and consequent of each rule, close together for the scan.
    steps: Vec<(f64, u32)>,
}

impl Shelf {
    /// The `keep` rules of each antecedent with the highest confidence, ties by consequent; of these the ones whose
    /// consequent is available. `available` is by product.
    pub fn of(mut rules: Vec<Association>, available: &[bool], keep: usize) -> Shelf {
        rules.par_sort_unstable_by(|left, right| {
            left.antecedent
                .cmp(&right.antecedent)
                .then(right.confidence().total_cmp(&left.confidence()))
                .then(left.consequent.cmp(&right.consequent))
        });
        let (mut antecedent, mut taken) = (u32::MAX, 0);
        rules.retain(|rule| {
            taken = if rule.antecedent == antecedent { taken + 1 } else { 1 };
            antecedent = rule.antecedent;
            taken <= keep && available[rule.consequent as usize]
        });
        let mut starts = vec![0_u32; available.len() + 1];
        for rule in &rules {
            starts[rule.antecedent as usize + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let steps = rules.iter().map(|rule| (rule.confidence(), rule.consequent)).collect();
        Shelf { rules, starts, steps }
    }

    fn of_product(&self, product: u32) -> Range<usize> {
        self.starts[product as usize] as usize..self.starts[product as usize + 1] as usize
    }
}

/// One product for one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The customer.
    pub customer: u32,
    /// The product.
    pub product: u32,
    /// 1 for the customer's first.
    pub rank: u32,
    /// The rule in [`Shelf::rules`] that gave the score.
    pub rule: u32,
}

/// What is asked of [`offers`].
#[derive(Debug)]
pub struct Request<'r> {
    /// The best rules of each antecedent.
    pub shelf: &'r Shelf,
    /// Antecedents are bought on these days; what is bought before their end is never offered.
    pub days: Range<i32>,
    /// Most offers a customer.
    pub keep: usize,
}

/// Customers of one task.
const CHUNK: usize = 4096;

/// The offers of every customer that `wanted` picks, in the order of customers, then ranks.
pub fn offers(facts: &Facts, request: &Request<'_>, wanted: impl Fn(usize) -> bool + Sync) -> Vec<Offer> {
    let customers = facts.customers.len();
    let task = |chunk: usize| {
        let mut desk = Desk::new(facts.products.len());
        let mut found = Vec::new();
        for customer in (chunk * CHUNK..((chunk + 1) * CHUNK).min(customers)).filter(|customer| wanted(*customer)) {
            desk.serve(facts, request, customer, &mut found);
        }
        found
    };
    let parts: Vec<Vec<Offer>> = (0..customers.div_ceil(CHUNK)).into_par_iter().map(task).collect();
    parts.concat()
}

/// Arrays by product, good for one customer after the other.
struct Desk {
    /// The number of the customer at the desk, from 1 on.
    stamp: u32,
    /// Stamped: bought at any time before the end of the days.
    owned: Vec<u32>,
    /// Stamped: bought and kept on the days.
    used: Vec<u32>,
    /// The best offers so far, in order.
    best: Vec<Choice>,
}

/// A product with the best rule that leads to it.
#[derive(Clone, Copy)]
struct Choice {
    score: f64,
    product: u32,
    rule: u32,
}

impl Choice {
    /// Higher score first, ties by product.
    #[inline]
    fn goes_before(&self, other: &Choice) -> bool {
        self.score > other.score || (self.score == other.score && self.product < other.product)
    }
}

impl Desk {
    fn new(products: usize) -> Desk {
        Desk { stamp: 0, owned: vec![0; products], used: vec![0; products], best: Vec::new() }
    }

    fn serve(&mut self, facts: &Facts, request: &Request<'_>, customer: usize, found: &mut Vec<Offer>) {
        let (orders, lines) = (&facts.orders, &facts.lines);
        let range = facts.orders_of(customer);
        let days = &orders.day[range.clone()];
        // Orders lie by day.
        let before_end = days.partition_point(|day| *day < request.days.end);
        let before_start = days.partition_point(|day| *day < request.days.start);
        if before_start >= before_end || request.keep == 0 {
            return;
        }
        self.stamp += 1;
        for order in range.start..range.start + before_end {
            for line in orders.lines(order) {
                self.owned[lines.product[line] as usize] = self.stamp;
            }
        }
        self.best.clear();
        for order in range.start + before_start..range.start + before_end {
            for line in orders.lines(order) {
                let product = lines.product[line];
                if lines.kept(line) && self.used[product as usize] != self.stamp {
                    self.used[product as usize] = self.stamp;
                    self.consider(request, product);
                }
            }
        }
        found.extend(self.best.iter().enumerate().map(|(place, choice)| Offer {
            customer: customer as u32,
            product: choice.product,
            rank: place as u32 + 1,
            rule: choice.rule,
        }));
    }

    /// Takes in the consequents of one antecedent. What once falls out never comes back with the same score, as the
    /// last of the best only gets better.
    #[inline]
    fn consider(&mut self, request: &Request<'_>, antecedent: u32) {
        for rule in request.shelf.of_product(antecedent) {
            let (score, product) = request.shelf.steps[rule];
            let choice = Choice { score, product, rule: rule as u32 };
            if let (Some(last), true) = (self.best.last(), self.best.len() == request.keep) {
                if score < last.score {
                    return;
                }
                if last.goes_before(&choice) {
                    continue;
                }
            }
            if self.owned[product as usize] == self.stamp {
                continue;
            }
            // Of rules with equal scores the one of the lower antecedent stays: rules lie by antecedent.
            if let Some(known) = self.best.iter().position(|known| known.product == product) {
                let before = self.best[known];
                if before.score > score || (before.score == score && before.rule < choice.rule) {
                    continue;
                }
                self.best.remove(known);
            }
            let place = self.best.iter().position(|known| choice.goes_before(known)).unwrap_or(self.best.len());
            self.best.insert(place, choice);
            self.best.truncate(request.keep);
        }
    }
}
