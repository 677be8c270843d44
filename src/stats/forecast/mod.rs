//! Forecasts of one seasonal series, however short: several methods, weighted by how they did on the series itself.
//!
//! Candidates are the seasonal naive yardstick, Theta, dynamic optimised Theta, a damped trend, a damped trend over
//! several levels of temporal aggregation, and exponential smoothing with multiplicative and with additive seasons. The
//! last values are forecast again from earlier origins with what was known then; each candidate is weighted by one over
//! its squared mean absolute error there. Causes known beforehand, such as a feast that moves through the year, are taken out
//! first and put back where that made the series nearer to its forecasts there. Where the yardstick was far nearer than the weighted mean, it serves alone.

mod backtest;
mod candidates;
mod effects;
mod reconcile;
mod seasons;
mod smoothing;
mod theta;

#[cfg(test)]
mod tests;

pub use backtest::{Backtest, Expected, Forecast, Settings, expected, forecast, forecast_with};
pub use candidates::{Candidate, Fallback, LEAST_VALUES};
pub use effects::{Causes, Effects};
pub use reconcile::{Sum, reconcile, whole_parts};
pub use seasons::{Seasons, is_seasonal, seasonal_strength};

/// Parameters looked at side by side, so that the processor is not waiting for one recursion.
const LANES: usize = 8;
