//! The months to come, by whichever method did better on the months past.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::{Course, Series};
use crate::analyses::frame::{FrameBuilder, month_name};
use crate::contracts::results::TREND_FORECAST;
use crate::error::Result;
use crate::stats::theta::{Forecast, seasonal_naive, theta};

/// Months in a year.
const PERIOD: usize = 12;
/// Fewest months a backtest forecast is made from.
const LEAST_TRAINING: usize = 4;
/// 90 % points of Student's t with 1, 2, … degrees of freedom, and the normal's.
const STUDENT_90: [f64; 24] = [
    3.0777, 1.8856, 1.6377, 1.5332, 1.4759, 1.4398, 1.4149, 1.3968, 1.3830, 1.3722, 1.3634, 1.3562, 1.3502, 1.3450,
    1.3406, 1.3368, 1.3334, 1.3304, 1.3277, 1.3253, 1.3232, 1.3212, 1.3195, 1.3178,
];
const NORMAL_90: f64 = 1.281_551_565_544_600_4;

/// A forecast, and how the two methods did before.
#[derive(Debug, Clone)]
pub struct Served {
    /// The method that serves.
    pub forecast: Forecast,
    /// How far `low` and `high` are from the forecast; nothing without a backtest.
    pub half_width: Option<f64>,
    /// Months forecast in the backtest.
    pub backtest_months: usize,
    /// Mean absolute scaled error of Theta.
    pub mase_theta: Option<f64>,
    /// That of seasonal naive.
    pub mase_seasonal_naive: Option<f64>,
    /// No month was below nil, so no forecast is.
    pub is_above_nil: bool,
}

/// Forecasts `horizon` months after `series`. Both methods forecast the last `backtest` months first, from every month
/// of the backtest's start on: with 6 that is 6 forecasts one month ahead, 5 two months ahead, … 1 six months ahead.
pub fn serve(series: &[f64], horizon: usize, backtest: usize) -> Served {
    let backtest = backtest.min(series.len().saturating_sub(LEAST_TRAINING));
    let start = series.len() - backtest;
    let errors = |method: fn(&[f64], usize, usize) -> Forecast| -> Vec<f64> {
        (start..series.len())
            .flat_map(|origin| {
                let values = method(&series[..origin], PERIOD, series.len() - origin).values;
                values.into_iter().zip(&series[origin..]).map(|(value, actual)| actual - value).collect::<Vec<f64>>()
            })
            .collect()
    };
    let (of_theta, of_naive) = (errors(theta), errors(seasonal_naive));
    let (error_of_theta, error_of_naive) = (mean(&of_theta, f64::abs), mean(&of_naive, f64::abs));
    let theta_serves = backtest > 0 && error_of_theta < error_of_naive;
    let (method, errors): (fn(&[f64], usize, usize) -> Forecast, _) =
        if theta_serves { (theta, of_theta) } else { (seasonal_naive, of_naive) };
    let point = STUDENT_90.get(backtest.saturating_sub(1)).copied().unwrap_or(NORMAL_90);
    let scale = scale(&series[..start]).filter(|_| backtest > 0);
    Served {
        forecast: method(series, PERIOD, horizon),
        half_width: (backtest > 0).then(|| point * mean(&errors, |error| error * error).sqrt()),
        backtest_months: backtest,
        mase_theta: scale.map(|scale| error_of_theta / scale),
        mase_seasonal_naive: scale.map(|scale| error_of_naive / scale),
        is_above_nil: series.iter().all(|value| *value >= 0.0),
    }
}

fn mean(values: &[f64], of: fn(f64) -> f64) -> f64 {
    values.iter().map(|value| of(*value)).sum::<f64>() / values.len().max(1) as f64
}

/// The mean absolute change from a year (short of a year and a month: a month) before; nothing where nothing changed.
fn scale(training: &[f64]) -> Option<f64> {
    let lag = if training.len() > PERIOD { PERIOD } else { 1 };
    let changes: Vec<f64> = training.windows(lag + 1).map(|window| window[lag] - window[0]).collect();
    Some(mean(&changes, f64::abs)).filter(|scale| *scale > 0.0)
}

/// One row per series and month to come.
pub(super) fn frame(course: &Course, series: &[Series<'_>], horizon: usize, backtest: usize) -> Result<DataFrame> {
    let forecast = |series: &Series<'_>| {
        let net_sales = series.complete_net_sales(course).1;
        let values: Vec<f64> = net_sales.iter().map(|net| *net as f64).collect();
        (values.len(), serve(&values, horizon, backtest))
    };
    let horizon = if course.complete.is_empty() { 0 } else { horizon };
    let served: Vec<(usize, Served)> = series.par_iter().map(forecast).collect();
    let rows: Vec<(usize, usize)> =
        (0..series.len()).flat_map(|place| (0..horizon).map(move |ahead| (place, ahead))).collect();
    let first = course.months.start + course.complete.end as i32;
    let names: Vec<String> = (0..horizon).map(|ahead| month_name(first + ahead as i32)).collect();
    let bound = |(place, ahead): &(usize, usize), direction: f64| {
        let served = &served[*place].1;
        let value = served.forecast.values[*ahead] + direction * served.half_width?;
        Some(money(value, served.is_above_nil))
    };
    let of = |place: usize| &served[place].1;
    FrameBuilder::new(&TREND_FORECAST)
        .text("dimension", rows.iter().map(|row| series[row.0].dimension))
        .text("value", rows.iter().map(|row| series[row.0].name))
        .text("period", rows.iter().map(|row| names[row.1].as_str()))
        .whole("horizon", rows.iter().map(|row| row.1 as i64 + 1).collect())
        .whole(
            "forecast",
            rows.iter().map(|row| money(of(row.0).forecast.values[row.1], of(row.0).is_above_nil)).collect(),
        )
        .maybe_whole("low", rows.iter().map(|row| bound(row, -1.0)).collect())
        .maybe_whole("high", rows.iter().map(|row| bound(row, 1.0)).collect())
        .text("method", rows.iter().map(|row| of(row.0).forecast.method.name()))
        .whole("n_months", rows.iter().map(|row| served[row.0].0 as i64).collect())
        .whole("backtest_months", rows.iter().map(|row| of(row.0).backtest_months as i64).collect())
        .maybe_ratio("mase_theta", rows.iter().map(|row| of(row.0).mase_theta).collect())
        .maybe_ratio("mase_seasonal_naive", rows.iter().map(|row| of(row.0).mase_seasonal_naive).collect())
        .finish()
}

/// Whole minor units, not below nil where the series never was.
fn money(value: f64, is_above_nil: bool) -> i64 {
    let whole = value.round() as i64;
    if is_above_nil { whole.max(0) } else { whole }
}
