//! How many orders to expect of a customer, and how likely none is: MBG/NBD, or the historic rate where it cannot
//! be fitted.

use rayon::prelude::*;

use super::features::Features;
use crate::stats::btyd::{Compressed, DAYS_PER_WEEK, Model, Params, Triple, compress, expected_orders, fit, p_zero};

/// A model of orders, fitted to all customers as they stood on one day. Orders of one day count as one.
#[derive(Debug, Clone)]
pub struct OrdersModel {
    /// The histories it was fitted to, and which one each customer has.
    pub histories: Compressed,
    /// What it is.
    pub rate: Rate,
}

/// What the model says of the order rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// MBG/NBD: customers order at their own rates and leave unseen, each order giving a chance to.
    MbgNbd(Params),
    /// Nobody leaves; a customer's rate is (1 + repeat orders) / (average wait + his weeks): the posterior mean under
    /// an exponential prior.
    Historic {
        /// The average wait: all customers' weeks / (1 + all repeat orders).
        weeks_per_order: f64,
    },
}

/// Whether the parameters of a fit must be interior.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// A converged fit will do: predictions within the observed span are sound even at a boundary.
    Converged,
    /// The fit is neither at a boundary nor weakly identified.
    Interior,
}

impl OrdersModel {
    /// Fits MBG/NBD to the customers; the historic rate where that is not to be had.
    pub fn fit(features: &[Features], demand: Demand) -> OrdersModel {
        let histories = compress(features.iter().map(history));
        let rate = match fit(Model::MbgNbd, &histories.triples) {
            Ok(fit) if fit.converged && (demand == Demand::Converged || fit.boundary.is_none()) => {
                Rate::MbgNbd(fit.params)
            }
            _ => historic(&histories.triples),
        };
        OrdersModel { histories, rate }
    }

    /// Probability of no order within the days ahead, by customer.
    pub fn p_zero(&self, days: i32) -> Vec<f64> {
        self.by_customer(|triple| self.rate.p_zero(triple, f64::from(days) / DAYS_PER_WEEK))
    }

    /// Expected orders within the days ahead, by customer.
    pub fn expected_orders(&self, days: i32) -> Vec<f64> {
        self.by_customer(|triple| self.rate.expected_orders(triple, f64::from(days) / DAYS_PER_WEEK))
    }

    /// A value of each history, given to each customer that has it.
    pub fn by_customer<T: Copy + Send + Sync>(&self, value: impl Fn(&Triple) -> T + Send + Sync) -> Vec<T> {
        let values: Vec<T> = self.histories.triples.par_iter().with_min_len(256).map(value).collect();
        self.histories.triple_of_customer.iter().map(|triple| values[*triple as usize]).collect()
    }
}

impl Rate {
    /// Its name in results.
    pub fn name(&self) -> &'static str {
        match self {
            Rate::MbgNbd(_) => "mbg_nbd",
            Rate::Historic { .. } => "historic_rate",
        }
    }

    /// Probability of no order within the weeks ahead.
    pub fn p_zero(&self, triple: &Triple, weeks: f64) -> f64 {
        match self {
            Rate::MbgNbd(params) => p_zero(params, triple, weeks),
            Rate::Historic { weeks_per_order } => {
                let (shape, age) = posterior(triple, *weeks_per_order);
                (-shape * (weeks / age).ln_1p()).exp()
            }
        }
    }

    /// Expected orders within the weeks ahead.
    pub fn expected_orders(&self, triple: &Triple, weeks: f64) -> f64 {
        match self {
            Rate::MbgNbd(params) => expected_orders(params, triple, weeks),
            Rate::Historic { weeks_per_order } => {
                let (shape, age) = posterior(triple, *weeks_per_order);
                shape / age * weeks
            }
        }
    }

    /// Probability of still being a customer, and the shape of the gamma posterior of the order rate.
    pub fn alive_and_shape(&self, triple: &Triple) -> (f64, f64) {
        match self {
            Rate::MbgNbd(params) => (crate::stats::btyd::p_alive(params, triple), params.r + f64::from(triple.repeats)),
            Rate::Historic { weeks_per_order } => (1.0, posterior(triple, *weeks_per_order).0),
        }
    }
}

/// Repeat orders, days from the first to the last, days from the first to the cutoff.
pub fn history(features: &Features) -> (u32, u32, u32) {
    let age = features.tenure_days as u32;
    (features.order_days - 1, age - features.recency_days as u32, age)
}

fn historic(triples: &[Triple]) -> Rate {
    let (mut weeks, mut orders) = (0.0, 0.0);
    for triple in triples {
        weeks += triple.weight * f64::from(triple.age_days) / DAYS_PER_WEEK;
        orders += triple.weight * f64::from(triple.repeats);
    }
    Rate::Historic { weeks_per_order: weeks / (1.0 + orders) }
}

fn posterior(triple: &Triple, weeks_per_order: f64) -> (f64, f64) {
    (1.0 + f64::from(triple.repeats), weeks_per_order + f64::from(triple.age_days) / DAYS_PER_WEEK)
}
