//! "Buy till you die" models of non-contractual customers, on distinct histories.
//!
//! While a customer is alive, orders arrive at a personal rate drawn from Gamma(r, alpha). The models
//! differ in how he leaves, unseen and for good:
//!
//! | model | leaves |
//! |---|---|
//! | [`Model::BgNbd`] | after a repeat order, with a personal probability drawn from Beta(a, b) |
//! | [`Model::MbgNbd`] | the same, and after the first order too: a one-time buyer can be lost |
//! | [`Model::ParetoNbd`] | at any time, at a personal rate drawn from Gamma(s, beta) |
//! | [`Model::Nbd`] | never |
//! | [`Model::BgCnbd`], [`Model::MbgCnbd`] | as the first two; orders come more regularly: every k-th event is one |
//!
//! A customer enters only as (x, t_x, T): repeat orders, time from the first to the last order, age.
//! Millions of customers share a few hundred thousand such [`Triple`]s.
//!
//! Time unit: **weeks of 7 days**, never rounded. Orders of one day count as one.
//!
//! Sources: Ehrenberg (1959), The Pattern of Consumer Purchases; Schmittlein, Morrison & Colombo (1987),
//! Counting Your Customers; Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing
//! Science 24(2); Fader & Hardie (2005), A Note on Deriving the Pareto/NBD Model; Batislam, Denizel &
//! Filiztekin (2007), IJRM 24(3), with the closed forms of Hoppe & Wagner (2007); Reutterer, Platzer &
//! Schroeder (2021), Leveraging Purchase Regularity for Predicting Customer Behavior the Easy Way, IJRM 38(1).

mod bootstrap;
mod chain;
mod fit;
mod geometric;
mod histories;
mod pareto;
mod predict;
mod regular;

pub use bootstrap::{Bootstrap, bootstrap};
pub use chain::{Chosen, Passed, choose};
pub use fit::{Boundary, Fit, FitError, fit, fit_from};
pub use predict::{Prediction, all_alive, expected_orders, orders_if_alive, p_alive, p_zero, predict, zero_if_alive};
pub use regular::{Regularity, fit_regular};

use rayon::prelude::*;

/// Days in the models' unit of time.
pub const DAYS_PER_WEEK: f64 = 7.0;

/// Customers with the same history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Triple {
    /// Repeat orders (days with an order after the first): the papers' x.
    pub repeats: u32,
    /// Days from the first to the last order; 0 without repeats: the papers' t_x.
    pub first_to_last_days: u32,
    /// Days from the first order to the end of observation: the papers' T.
    pub age_days: u32,
    /// Customers (or resampled customers) with this history.
    pub weight: f64,
}

impl Triple {
    /// Age in weeks.
    pub(crate) fn age(&self) -> f64 {
        f64::from(self.age_days) / DAYS_PER_WEEK
    }

    /// Weeks from the first to the last order.
    pub(crate) fn last(&self) -> f64 {
        f64::from(self.first_to_last_days) / DAYS_PER_WEEK
    }
}

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Beta-geometric/NBD: nobody leaves after the first order.
    BgNbd,
    /// Modified beta-geometric/NBD: customers may leave after any order.
    MbgNbd,
    /// Pareto/NBD: customers may leave at any time.
    ParetoNbd,
    /// NBD: nobody leaves.
    Nbd,
    /// BG/CNBD-k: BG/NBD with every k-th event an order, so that gaps are Erlang-k.
    BgCnbd(u32),
    /// MBG/CNBD-k: the same for MBG/NBD.
    MbgCnbd(u32),
}

impl Model {
    /// Chances to leave that `repeats` orders gave (and the customer did not take, while alive).
    fn chances_to_leave(self, repeats: u32) -> u32 {
        match self {
            Self::BgNbd | Self::BgCnbd(_) => repeats,
            Self::MbgNbd | Self::MbgCnbd(_) => repeats.saturating_add(1),
            Self::ParetoNbd | Self::Nbd => 0,
        }
    }

    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "bg_nbd",
            Self::MbgNbd => "mbg_nbd",
            Self::ParetoNbd => "pareto_nbd",
            Self::Nbd => "nbd",
            Self::BgCnbd(_) => "bg_cnbd_k",
            Self::MbgCnbd(_) => "mbg_cnbd_k",
        }
    }

    /// Events an order takes: 1 but for the CNBD models.
    fn events_per_order(self) -> u32 {
        match self {
            Self::BgCnbd(k) | Self::MbgCnbd(k) => k.max(1),
            _ => 1,
        }
    }
}

/// Parameters of a model; all positive, times in weeks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// The model they belong to.
    pub model: Model,
    /// Shape of the order rate.
    pub r: f64,
    /// Rate parameter of the order rate, weeks; `r / alpha` is the mean events per week while alive.
    pub alpha: f64,
    /// Beta shape of leaving, `a / (a + b)` the mean probability to leave at a chance; Pareto/NBD: `s`,
    /// the shape of the rate of leaving; NBD: 0.
    pub a: f64,
    /// Beta shape of staying; Pareto/NBD: `beta`, weeks, `s / beta` the mean rate of leaving; NBD: 0.
    pub b: f64,
}

/// What [`compress`] returns.
#[derive(Debug, Clone, PartialEq)]
pub struct Compressed {
    /// Distinct histories, ascending by (repeats, first_to_last_days, age_days).
    pub triples: Vec<Triple>,
    /// For each customer, in the order given, its position in `triples`.
    pub triple_of_customer: Vec<u32>,
}

/// Groups customers `(repeats, first_to_last_days, age_days)` by equal history.
///
/// At most 2^32 - 1 customers. The result depends on nothing but the input.
pub fn compress(customers: impl IntoIterator<Item = (u32, u32, u32)>) -> Compressed {
    let pack = |(position, (repeats, last, age)): (usize, (u32, u32, u32))| {
        u128::from(repeats) << 96 | u128::from(last) << 64 | u128::from(age) << 32 | position as u128
    };
    let mut keys: Vec<u128> = customers.into_iter().enumerate().map(pack).collect();
    debug_assert!(keys.len() <= u32::MAX as usize);
    keys.par_sort_unstable();
    let mut triples: Vec<Triple> = Vec::new();
    let mut triple_of_customer = vec![0_u32; keys.len()];
    let mut previous = None;
    for key in keys {
        let history = key >> 32;
        if previous != Some(history) {
            previous = Some(history);
            triples.push(Triple {
                repeats: (history >> 64) as u32,
                first_to_last_days: (history >> 32) as u32,
                age_days: history as u32,
                weight: 0.0,
            });
        }
        let last = triples.len() - 1;
        triples[last].weight += 1.0;
        triple_of_customer[key as u32 as usize] = last as u32;
    }
    Compressed { triples, triple_of_customer }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_on_cdnow;

#[cfg(test)]
mod tests_of_compress {
    use super::*;

    #[test]
    fn compress_groups_equal_histories_and_finds_them_again() {
        let customers = [(2, 10, 20), (0, 0, 20), (2, 10, 20), (0, 0, 19)];
        let compressed = compress(customers);
        assert_eq!(compressed.triples.len(), 3);
        assert_eq!(compressed.triple_of_customer, [2, 1, 2, 0]);
        assert_eq!(compressed.triples[2].weight, 2.0);
        for (customer, &triple) in customers.iter().zip(&compressed.triple_of_customer) {
            let found = compressed.triples[triple as usize];
            let back = (found.repeats, found.first_to_last_days, found.age_days);
            assert_eq!(*customer, back);
        }
    }

    #[test]
    fn compress_of_nobody_is_empty() {
        assert!(compress([]).triples.is_empty());
    }
}
