//! The months to come, by whichever method did better on the months past.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::{Course, Series};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_FORECAST;
use crate::error::Result;
use crate::stats::theta::{Forecast, seasonal_naive, theta};

/// Months in a year.
const PERIOD: usize = 12;
/// Fewest months a forecast of the backtest is made from.
const LEAST_TRAINING: usize = 4;
/// Fewest months a seasonal backtest has, after a year to learn from.
const LEAST_SEASONAL_BACKTEST: usize = 3;
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
    /// How far `low` and `high` are from the forecast of the first month; nothing without a backtest. Later ones are
    /// [`widening`] times as far.
    pub half_width: Option<f64>,
    /// Months forecast in the backtest.
    pub backtest_months: usize,
    /// Mean absolute scaled error of Theta.
    pub mase_theta: Option<f64>,
    /// That of seasonal naive, or of the last value where that stands in for it.
    pub mase_seasonal_naive: Option<f64>,
    /// No month was below nil, so no forecast is.
    pub is_above_nil: bool,
}

/// Forecasts `horizon` months after `series`. The two methods forecast the last `backtest` months first, from every
/// month of the backtest's start on and up to `horizon` months ahead. Seasonal naive needs a year before the backtest, so
/// with less than 15 months the last value stands in for it, in the backtest and after: what serves is what was measured.
pub fn serve(series: &[f64], horizon: usize, backtest: usize) -> Served {
    let is_seasonal = series.len() >= PERIOD + LEAST_SEASONAL_BACKTEST;
    let (period, training) = if is_seasonal { (PERIOD, PERIOD) } else { (1, LEAST_TRAINING) };
    let backtest = if horizon > 0 { backtest.min(series.len().saturating_sub(training)) } else { 0 };
    let start = series.len() - backtest;
    // Months ahead and error of every forecast.
    let errors = |method: fn(&[f64], usize, usize) -> Forecast, period: usize| -> Vec<(usize, f64)> {
        let from = |origin: usize| {
            let values = method(&series[..origin], period, horizon.min(series.len() - origin)).values;
            let errors = values.into_iter().zip(&series[origin..]).map(|(value, actual)| actual - value);
            errors.enumerate().collect::<Vec<(usize, f64)>>()
        };
        (start..series.len()).flat_map(from).collect()
    };
    let (of_theta, of_naive) = (errors(theta, PERIOD), errors(seasonal_naive, period));
    let absolute = |errors: &[(usize, f64)]| mean(errors.iter().map(|(_, error)| error.abs()));
    let (error_of_theta, error_of_naive) = (absolute(&of_theta), absolute(&of_naive));
    let (forecast, errors) = if backtest > 0 && error_of_theta < error_of_naive {
        (theta(series, PERIOD, horizon), of_theta)
    } else {
        (seasonal_naive(series, period, horizon), of_naive)
    };
    let point = STUDENT_90.get(backtest.div_ceil(2).saturating_sub(1)).copied().unwrap_or(NORMAL_90);
    let one_month = mean(errors.iter().map(|(ahead, error)| (error / widening(*ahead)).powi(2))).sqrt();
    let scale = scale(&series[..start]).filter(|_| backtest > 0);
    Served {
        forecast,
        half_width: (backtest > 0).then_some(point * one_month),
        backtest_months: backtest,
        mase_theta: scale.map(|scale| error_of_theta / scale),
        mase_seasonal_naive: scale.map(|scale| error_of_naive / scale),
        is_above_nil: series.iter().all(|value| *value >= 0.0),
    }
}

/// How much wider an interval is than that of the first month, `ahead` months after it: the fourth root of the months
/// ahead. With this and the half degrees of freedom 79 % of the 1,428 monthly series of the M3 competition lie in the
/// interval (77 to 83 % at each of 1 to 6 months; 78 % with a backtest of a year, which is narrower).
pub fn widening(ahead: usize) -> f64 {
    ((ahead + 1) as f64).sqrt().sqrt()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}

/// The mean absolute change from a year (short of a year and a month: a month) before; nothing where nothing changed.
fn scale(training: &[f64]) -> Option<f64> {
    let lag = if training.len() > PERIOD { PERIOD } else { 1 };
    Some(mean(training.windows(lag + 1).map(|window| (window[lag] - window[0]).abs()))).filter(|scale| *scale > 0.0)
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
        let value = served.forecast.values[*ahead] + direction * served.half_width? * widening(*ahead);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::theta::ForecastMethod;

    #[test]
    fn a_draw_goes_to_the_naive() {
        let served = serve(&[10.0; 8], 3, 6);
        assert_eq!(served.forecast.values, [10.0; 3]);
        assert_eq!((served.forecast.method, served.backtest_months), (ForecastMethod::LastValue, 4));
        assert_eq!((served.half_width, served.mase_theta), (Some(0.0), None));
    }

    #[test]
    fn growth_goes_to_theta() {
        let series: Vec<f64> = (1..=8).map(|month| 10.0 * f64::from(month)).collect();
        let served = serve(&series, 6, 12);
        assert_eq!((served.forecast.method, served.backtest_months), (ForecastMethod::Theta, 4));
        // The last value is 10, 20, 30, 40 short at 1, 2, 3, 4 months: (4·10 + 3·20 + 2·30 + 40) / 10 over 10.
        assert!((served.mase_seasonal_naive.unwrap() - 2.0).abs() < 1e-12);
        assert!(served.mase_theta.unwrap() < 2.0);
    }

    #[test]
    fn seasons_go_to_the_seasonal_naive() {
        let series: Vec<f64> = (0..26).map(|month| if month % 12 == 11 { 100.0 } else { 10.0 }).collect();
        let served = serve(&series, 12, 12);
        assert_eq!((served.forecast.method, served.backtest_months), (ForecastMethod::SeasonalNaive, 12));
        assert_eq!(served.forecast.values[9], 100.0);
        assert_eq!(served.half_width, Some(0.0));
    }

    #[test]
    fn every_series_gets_a_forecast() {
        for months in 0..20 {
            let series: Vec<f64> = (0..months).map(f64::from).collect();
            let served = serve(&series, 6, 12);
            assert_eq!(served.forecast.values.len(), 6);
            assert_eq!(served.half_width.is_some(), months > 4);
        }
    }

    #[test]
    fn four_in_five_lie_in_the_interval_on_m3() {
        let shared =
            std::env::var("LANGGAN_SHARED").unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
        let Ok(text) = std::fs::read_to_string(format!("{shared}/data/m3/m3_monthly.csv")) else {
            println!("skipped: {shared}/data/m3/m3_monthly.csv is absent");
            return;
        };
        let numbers =
            |field: &str| -> Vec<f64> { field.split_whitespace().map(|number| number.parse().unwrap()).collect() };
        for (most, backtest) in [(usize::MAX, 12), (36, 12), (24, 12), (18, 12), (usize::MAX, 6), (36, 6)] {
            let (mut inside, mut count) = (0.0, 0.0);
            for line in text.lines().skip(1) {
                let fields: Vec<&str> = line.split(',').collect();
                let (past, future) = (numbers(fields[6]), numbers(fields[7]));
                let served = serve(&past[past.len().saturating_sub(most)..], 6, backtest);
                for (ahead, (forecast, actual)) in served.forecast.values.iter().zip(&future).enumerate() {
                    let width = served.half_width.unwrap() * widening(ahead);
                    inside += f64::from(u8::from((forecast - actual).abs() <= width));
                    count += 1.0;
                }
            }
            let coverage = inside / count;
            println!("last {most} months, backtest {backtest}: {coverage:.4} of {count} inside");
            assert!((0.77..0.81).contains(&coverage), "{coverage}");
        }
    }
}
