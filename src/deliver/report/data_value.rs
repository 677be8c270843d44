//! The sections on what customers will still bring and on subscriptions; conventions as in `data.rs`.

use super::data_actions::{ChurnCustomer, ModelCard, RiskBand};
use serde::Serialize;

/// What customers are expected to bring.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Lifetime {
    /// Months ahead.
    pub months: u64,
    /// Tenths of the customers by what is expected of them, best first.
    pub tenths: Vec<LifetimeTenth>,
    /// The model or rule that serves.
    pub method: String,
    /// Share of outcomes inside the intervals in the newest test; `None` where none was tried.
    pub coverage: Option<f64>,
    /// The model that serves beside the others.
    pub model_card: Option<ModelCard>,
}

/// One tenth of the customers.
#[derive(Debug, Clone, Serialize, Default)]
pub struct LifetimeTenth {
    /// Customers in it.
    pub customers: u64,
    /// What they are expected to bring together.
    pub value: i64,
    /// Mean ends of their intervals.
    pub interval: (i64, i64),
    /// What they have brought so far.
    pub so_far: i64,
}

/// Contracts: how long they last, and which are likely to end.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Subscriptions {
    /// Months ahead the probability speaks of.
    pub horizon_months: u64,
    /// Contracts that run.
    pub running: u64,
    /// Contracts that have ended.
    pub ended: u64,
    /// What running contracts bring a month.
    pub monthly: i64,
    /// Of all contracts: month, share that lasts longer, bounds of its 95 % interval.
    pub survival: Vec<(u64, f64, (f64, f64))>,
    /// Risk bands of running contracts, highest first.
    pub bands: Vec<RiskBand>,
    /// The contracts worth the most among those likely to end.
    pub customers: Vec<ChurnCustomer>,
    /// How well that was foreseen.
    pub model_card: Option<ModelCard>,
}
