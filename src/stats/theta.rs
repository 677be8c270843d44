//! Forecasts of a short seasonal series: the Theta method and the seasonal naive yardstick.

/// Theta forecast of the next `horizon` values of a series with `period` values a year (12 for months).
///
/// The standard Theta method (Assimakopoulos & Nikolopoulos 2000) in the form of Hyndman & Billah
/// (2003), as R's `forecast::thetaf`: simple exponential smoothing with half the least-squares slope
/// as drift, level and smoothing constant chosen by least squares. Seasonal adjustment by classical
/// decomposition when there are more than two years and the autocorrelation at lag `period` exceeds
/// 1.645 standard errors (Bartlett): multiplicative for positive series, additive where a value is zero
/// or negative or a seasonal index is close to zero.
///
/// Every series gets a forecast, and [`Forecast::method`] says how: fewer than 4 values fall back to
/// [`seasonal_naive`]. Values must be finite. Forecasts may be negative.
pub fn theta(series: &[f64], period: usize, horizon: usize) -> Forecast {
    if series.len() < SHORTEST {
        return seasonal_naive(series, period, horizon);
    }
    let seasons = if is_seasonal(series, period) { Seasons::of(series, period) } else { Seasons::None };
    let adjusted: Vec<f64> = series.iter().enumerate().map(|(time, &value)| seasons.remove(time, value)).collect();
    let values = non_seasonal_theta(&adjusted, horizon)
        .into_iter()
        .enumerate()
        .map(|(ahead, value)| seasons.restore(series.len() + ahead, value))
        .collect();
    let method = match seasons {
        Seasons::None => ForecastMethod::Theta,
        Seasons::Factors(_) => ForecastMethod::ThetaMultiplicative,
        Seasons::Terms(_) => ForecastMethod::ThetaAdditive,
    };
    Forecast { values, method }
}

/// Repeats the last `period` values. With less than a full period the last value is repeated, with
/// none 0.
pub fn seasonal_naive(series: &[f64], period: usize, horizon: usize) -> Forecast {
    let (cycle, method): (&[f64], _) = match series {
        [] => (&[0.0], ForecastMethod::Nothing),
        [.., last] if period < 2 || series.len() < period => (std::slice::from_ref(last), ForecastMethod::LastValue),
        _ => (&series[series.len() - period..], ForecastMethod::SeasonalNaive),
    };
    Forecast { values: cycle.iter().copied().cycle().take(horizon).collect(), method }
}

/// Point forecasts and how they were made.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// One value a period ahead, in the unit of the series.
    pub values: Vec<f64>,
    /// How they were made.
    pub method: ForecastMethod,
}

/// How a forecast was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForecastMethod {
    /// Theta with multiplicative seasonal factors.
    ThetaMultiplicative,
    /// Theta with additive seasonal terms.
    ThetaAdditive,
    /// Theta; the series is too short for seasons or shows none.
    Theta,
    /// The value one period before.
    SeasonalNaive,
    /// Shorter than a period (or than Theta needs): the last value.
    LastValue,
    /// Empty series: zero.
    Nothing,
}

impl ForecastMethod {
    /// Lower-case name for output.
    pub fn name(self) -> &'static str {
        match self {
            Self::ThetaMultiplicative => "theta_multiplicative",
            Self::ThetaAdditive => "theta_additive",
            Self::Theta => "theta",
            Self::SeasonalNaive => "seasonal_naive",
            Self::LastValue => "last_value",
            Self::Nothing => "nothing",
        }
    }
}

/// Fewest values Theta is used on.
const SHORTEST: usize = 4;
/// 95 % quantile of the normal distribution.
const SEASONAL_Z: f64 = 1.644_853_626_951_472_2;

/// Whether the autocorrelation at lag `period` is significant (as in R's `thetaf`).
fn is_seasonal(series: &[f64], period: usize) -> bool {
    let count = series.len() as f64;
    if period < 2 || series.len() <= 2 * period {
        return false;
    }
    let mean = series.iter().sum::<f64>() / count;
    let centred: Vec<f64> = series.iter().map(|value| value - mean).collect();
    let product = |lag: usize| -> f64 {
        let pairs = centred.iter().zip(&centred[lag..]);
        pairs.map(|(left, right)| left * right).sum()
    };
    let variance = product(0);
    if variance <= 0.0 {
        return false;
    }
    let shorter: f64 = (1..period).map(|lag| (product(lag) / variance).powi(2)).sum();
    let error = ((1.0 + 2.0 * shorter) / count).sqrt();
    (product(period) / variance).abs() > SEASONAL_Z * error
}

/// Seasonal component by position in the period.
enum Seasons {
    None,
    Factors(Vec<f64>),
    Terms(Vec<f64>),
}

impl Seasons {
    /// Classical decomposition (as R's `decompose`); more than two periods are needed.
    fn of(series: &[f64], period: usize) -> Self {
        if series.iter().all(|&value| value > 0.0) {
            let factors = seasonal_means(series, period, |value, trend| value / trend);
            let mean = factors.iter().sum::<f64>() / period as f64;
            if factors.iter().all(|&factor| factor / mean > 1e-4) {
                return Self::Factors(factors.iter().map(|factor| factor / mean).collect());
            }
        }
        let terms = seasonal_means(series, period, |value, trend| value - trend);
        let mean = terms.iter().sum::<f64>() / period as f64;
        Self::Terms(terms.iter().map(|term| term - mean).collect())
    }

    fn remove(&self, time: usize, value: f64) -> f64 {
        match self {
            Self::None => value,
            Self::Factors(factors) => value / factors[time % factors.len()],
            Self::Terms(terms) => value - terms[time % terms.len()],
        }
    }

    fn restore(&self, time: usize, value: f64) -> f64 {
        match self {
            Self::None => value,
            Self::Factors(factors) => value * factors[time % factors.len()],
            Self::Terms(terms) => value + terms[time % terms.len()],
        }
    }
}

/// Mean over the years of `compare(value, centred moving average)` for each position in the period.
fn seasonal_means(series: &[f64], period: usize, compare: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let half = period / 2;
    let mut sums = vec![(0.0, 0.0); period];
    for time in half..series.len() - half {
        let window = &series[time - half..=time + half];
        let mut total: f64 = window.iter().sum();
        if period.is_multiple_of(2) {
            total -= 0.5 * (window[0] + window[period]);
        }
        let (sum, count) = &mut sums[time % period];
        *sum += compare(series[time], total / period as f64);
        *count += 1.0;
    }
    sums.iter().map(|(sum, count)| sum / count).collect()
}

fn non_seasonal_theta(series: &[f64], horizon: usize) -> Vec<f64> {
    let count = series.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let (mut products, mut squares) = (0.0, 0.0);
    for (time, value) in series.iter().enumerate() {
        let offset = time as f64 - middle;
        products += offset * value;
        squares += offset * offset;
    }
    let drift = 0.5 * products / squares;
    let smoothing = best_smoothing(series);
    let level = smooth(series, smoothing).last_level;
    let past = (1.0 - (1.0 - smoothing).powf(count)) / smoothing;
    (0..horizon).map(|ahead| level + drift * (ahead as f64 + past)).collect()
}

struct Smoothed {
    squared_error: f64,
    last_level: f64,
}

/// Simple exponential smoothing with the initial level that minimises the squared one-step errors:
/// they are linear in it, so it has a closed form.
fn smooth(series: &[f64], smoothing: f64) -> Smoothed {
    // Level = base + weight × initial level.
    let (mut base, mut weight) = (0.0, 1.0);
    let (mut errors, mut products, mut weights) = (0.0, 0.0, 0.0);
    for value in series {
        let error = value - base;
        errors += error * error;
        products += error * weight;
        weights += weight * weight;
        base += smoothing * error;
        weight *= 1.0 - smoothing;
    }
    let initial = products / weights;
    Smoothed { squared_error: errors - initial * products, last_level: base + weight * initial }
}

/// Smoothing constant in [.0001, .9999] with the least squared error: a grid, then golden section.
fn best_smoothing(series: &[f64]) -> f64 {
    const STEPS: u32 = 40;
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    // The initial level's closed form subtracts large numbers; a mean of zero keeps them small.
    let centred: Vec<f64> = series.iter().map(|value| value - mean).collect();
    let at = |step: u32| 1e-4 + (1.0 - 2e-4) * f64::from(step) / f64::from(STEPS);
    let error = |smoothing: f64| smooth(&centred, smoothing).squared_error;
    let mut best = 0;
    for step in 1..=STEPS {
        if error(at(step)) < error(at(best)) {
            best = step;
        }
    }
    let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(STEPS)));
    for _ in 0..40 {
        let left = high - GOLDEN * (high - low);
        let right = low + GOLDEN * (high - low);
        if error(left) <= error(right) {
            high = right;
        } else {
            low = left;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::super::cdnow::shared_text;
    use super::*;

    #[test]
    fn matches_statsforecast_theta_on_m3_monthly() {
        // 1,428 series, horizon 18: statsforecast Theta sMAPE 13.827, MASE .8613; seasonal naive
        // 17.2339, 1.14608 (reference/m3_monthly_statsforecast_1428.json).
        let Some(text) = shared_text("data/m3/m3_monthly.csv") else {
            return;
        };
        let numbers = |field: &str| -> Vec<f64> { field.split_whitespace().map(|n| n.parse().unwrap()).collect() };
        let (mut theta_sums, mut naive_sums, mut count) = ([0.0; 2], [0.0; 2], 0.0);
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let (past, future) = (numbers(fields[6]), numbers(fields[7]));
            let pairs = past.iter().zip(&past[12..]);
            let yardstick = pairs.map(|(l, r)| (l - r).abs()).sum::<f64>() / (past.len() - 12) as f64;
            for (method, sums) in
                [(theta as fn(&[f64], usize, usize) -> Forecast, &mut theta_sums), (seasonal_naive, &mut naive_sums)]
            {
                let forecast = method(&past, 12, future.len()).values;
                let pairs = || forecast.iter().zip(&future);
                let size = future.len() as f64;
                sums[0] += pairs().map(|(f, y)| 200.0 * (y - f).abs() / (y.abs() + f.abs())).sum::<f64>() / size;
                sums[1] += pairs().map(|(f, y)| (y - f).abs()).sum::<f64>() / size / yardstick;
            }
            count += 1.0;
        }
        let [smape, mase] = theta_sums.map(|sum| sum / count);
        println!("theta on M3 monthly: {count} series, sMAPE {smape:.4}, MASE {mase:.5}");
        assert_eq!(count, 1_428.0);
        assert!(smape < 13.9 && mase < 0.865);
        let [smape, mase] = naive_sums.map(|sum| sum / count);
        assert!((smape - 17.233_855_987).abs() < 1e-8 && (mase - 1.146_082_495_5).abs() < 1e-8);
    }

    #[test]
    fn line_is_extrapolated_at_half_its_slope_as_theta_does() {
        let line: Vec<f64> = (0..30).map(|i| 50.0 + 2.0 * f64::from(i)).collect();
        let forecast = theta(&line, 12, 3);
        assert_eq!(forecast.values.len(), 3);
        assert!((forecast.values[1] - forecast.values[0] - 1.0).abs() < 1e-9);
        assert!((forecast.values[0] - 109.0).abs() < 0.1, "{:?}", forecast.values);
    }

    #[test]
    fn seasons_come_back() {
        let seasonal = |base: f64| -> Vec<f64> { (0..48).map(|i| base + [0.0, 50.0, -30.0, -20.0][i % 4]).collect() };
        let positive = theta(&seasonal(100.0), 4, 4);
        assert_eq!(positive.method, ForecastMethod::ThetaMultiplicative);
        let crossing = theta(&seasonal(0.0), 4, 4);
        assert_eq!(crossing.method, ForecastMethod::ThetaAdditive);
        for (forecasts, base) in [(positive, 100.0), (crossing, 0.0)] {
            for (value, season) in forecasts.values.iter().zip([0.0, 50.0, -30.0, -20.0]) {
                assert!((value - base - season).abs() < 0.5, "{value}");
            }
        }
    }

    #[test]
    fn every_length_gets_a_forecast_and_says_how() {
        for length in 0..60_u32 {
            let series: Vec<f64> = (0..length).map(|i| f64::from(i * 7 % 5)).collect();
            for period in [0, 1, 2, 7, 12] {
                let forecast = theta(&series, period, 5);
                assert_eq!(forecast.values.len(), 5);
                assert!(forecast.values.iter().all(|value| value.is_finite()));
            }
        }
        assert_eq!(theta(&[], 12, 2).method, ForecastMethod::Nothing);
        assert_eq!(theta(&[3.0, 4.0], 12, 2).values, [4.0, 4.0]);
        assert_eq!(theta(&[3.0, 4.0, 5.0], 2, 3).values, [4.0, 5.0, 4.0]);
        assert_eq!(theta(&[0.0; 40], 12, 1).method, ForecastMethod::Theta);
    }
}
