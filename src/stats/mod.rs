//! Mathematics: pure functions on slices, plain structs out; no frames, files, clocks or printing.
//!
//! - [`btyd`]: Pareto/NBD, BG/NBD and their kin: who is still a customer and how many orders to expect
//! - [`calibration`]: correcting such a model by what it missed at an earlier day
//! - [`gamma_gamma`]: expected value of an order
//! - [`logistic`]: ridge logistic regression
//! - [`boosting`]: gradient boosted trees
//! - [`survival`]: how long subscriptions last
//! - [`rank`]: NTILE and tie-keeping quantile scores
//! - [`allocate`]: splitting cents exactly
//! - [`decimal`], [`formula`]: exact decimals, and formulas over them
//! - [`metrics`]: AUC, average precision, Brier, calibration error, lift
//! - [`association`]: strength and significance of rules, Benjamini-Hochberg
//! - [`itemsets`]: frequent itemsets and their rules
//! - [`trend`]: Sen's slope and the Mann-Kendall test
//! - [`change_point`]: when a series changed its level
//! - [`forecast`]: forecasts of short seasonal series, intervals, sums that add up
//!
//! Results are the same bits at any number of threads.

pub mod allocate;
pub mod association;
pub mod boosting;
pub mod btyd;
pub mod calibration;
#[cfg(test)]
pub(crate) mod cdnow;
pub mod change_point;
mod chunks;
pub mod decimal;
mod dense;
pub mod forecast;
pub mod formula;
pub mod gamma_gamma;
mod hypergeometric;
pub mod itemsets;
pub mod logistic;
pub mod metrics;
mod newton;
pub mod rank;
mod special_functions;
pub mod survival;
pub mod trend;
