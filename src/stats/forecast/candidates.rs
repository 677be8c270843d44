//! The methods that compete, and what stands in for them where a series is too short.

use super::seasons::{Seasons, is_seasonal};
use super::smoothing::{aggregated, damped_trend, seasonal_damped_trend};
use super::theta::{dynamic_theta, theta};

/// A method that competes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Candidate {
    /// The value one period before, or, with less than a period, the last value.
    SeasonalNaive,
    /// Theta on the series without its seasons, where it has any by the test.
    Theta,
    /// Dynamic optimised Theta on the same.
    DynamicTheta,
    /// Damped trend on the same, of logarithms where every value is positive.
    Damped,
    /// Damped trend over levels of aggregation, seasons taken out whether significant or not, of logarithms where every
    /// value is positive.
    Aggregated,
    /// Damped trend with drifting multiplicative seasons: additive ones of logarithms.
    EtsMultiplicative,
    /// Damped trend with drifting additive seasons.
    EtsAdditive,
}

impl Candidate {
    /// Every one, the yardstick first.
    pub const ALL: [Candidate; 7] = [
        Candidate::SeasonalNaive,
        Candidate::Theta,
        Candidate::DynamicTheta,
        Candidate::Damped,
        Candidate::Aggregated,
        Candidate::EtsMultiplicative,
        Candidate::EtsAdditive,
    ];

    /// Lower-case name for output.
    pub fn name(self) -> &'static str {
        match self {
            Candidate::SeasonalNaive => "seasonal_naive",
            Candidate::Theta => "theta",
            Candidate::DynamicTheta => "dynamic_theta",
            Candidate::Damped => "damped",
            Candidate::Aggregated => "aggregated",
            Candidate::EtsMultiplicative => "ets_multiplicative",
            Candidate::EtsAdditive => "ets_additive",
        }
    }
}

/// What a series is too short for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing: more than two periods.
    None,
    /// Two periods or less: seasons only as the seasonal naive knows them.
    NoSeasons,
    /// Less than a period: no seasons at all, and the last value is the yardstick.
    NoYear,
    /// Fewer than [`LEAST_VALUES`]: the last value is repeated.
    LastValue,
    /// No value at all: nil.
    Nothing,
}

impl Fallback {
    /// What a series of this length is too short for.
    pub fn of(length: usize, period: usize) -> Fallback {
        match length {
            0 => Fallback::Nothing,
            _ if length < LEAST_VALUES => Fallback::LastValue,
            _ if period < 2 || length > 2 * period => Fallback::None,
            _ if length < period => Fallback::NoYear,
            _ => Fallback::NoSeasons,
        }
    }

    /// Lower-case name for output, empty where there is none.
    pub fn name(self) -> &'static str {
        match self {
            Fallback::None => "",
            Fallback::NoSeasons => "no_seasons",
            Fallback::NoYear => "no_year",
            Fallback::LastValue => "last_value",
            Fallback::Nothing => "nothing",
        }
    }
}

/// Fewest values anything but the last value is tried on.
pub const LEAST_VALUES: usize = 4;

/// Forecasts of every candidate by its place in [`Candidate::ALL`]; empty where it does not apply.
pub(super) struct Field {
    pub values: [Vec<f64>; Candidate::ALL.len()],
    /// Standard deviation of the damped trend's one-step errors, in the unit of the series.
    pub one_step: f64,
}

impl Field {
    /// Lets every candidate forecast.
    pub fn of(series: &[f64], period: usize, horizon: usize) -> Field {
        let mut values: [Vec<f64>; Candidate::ALL.len()] = Default::default();
        values[Candidate::SeasonalNaive as usize] = seasonal_naive(series, period, horizon);
        if series.len() < LEAST_VALUES {
            return Field { values, one_step: 0.0 };
        }
        let is_positive = series.iter().all(|value| *value > 0.0);
        // Factors leave positive values positive; terms may not.
        let scale = |seasons: &Seasons| {
            if is_positive && !matches!(seasons, Seasons::Terms(_)) { Scale::Log } else { Scale::Plain }
        };
        let restore = |seasons: &Seasons, values: Vec<f64>| -> Vec<f64> {
            let back = |(ahead, value): (usize, f64)| seasons.restore(series.len() + ahead, value);
            values.into_iter().enumerate().map(back).collect()
        };
        let shrunk = Seasons::shrunk(series, period);
        // Those of one series are used where the test finds any; the others believe in small ones too.
        let tested = if is_seasonal(series, period) { shrunk.clone() } else { Seasons::None };
        let adjusted = tested.remove_all(series);
        // A line in logarithms is no line: Theta, whose trend is not damped, sees plain values.
        values[Candidate::Theta as usize] = restore(&tested, theta(&adjusted, horizon));
        values[Candidate::DynamicTheta as usize] = restore(&tested, dynamic_theta(&adjusted, horizon));
        let damped = damped_trend(&scale(&tested).to(&adjusted), horizon);
        let damped_values = restore(&tested, scale(&tested).back(damped.values));
        let one_step = match scale(&tested) {
            Scale::Log => damped.variance.sqrt() * damped_values.iter().sum::<f64>() / horizon.max(1) as f64,
            Scale::Plain => damped.variance.sqrt(),
        };
        values[Candidate::Damped as usize] = damped_values;
        let aggregates = aggregated(&scale(&shrunk).to(&shrunk.remove_all(series)), period, horizon);
        values[Candidate::Aggregated as usize] = restore(&shrunk, scale(&shrunk).back(aggregates));
        if period > 1 && series.len() > 2 * period {
            if let (Seasons::Factors(factors), true) = (&shrunk, is_positive) {
                let terms: Vec<f64> = factors.iter().map(|factor| factor.ln()).collect();
                let values_of_logs = seasonal_damped_trend(&Scale::Log.to(series), &terms, horizon).values;
                values[Candidate::EtsMultiplicative as usize] = Scale::Log.back(values_of_logs);
            }
            let mean = series.iter().sum::<f64>() / series.len() as f64;
            let mut terms = shrunk.terms(mean);
            terms.resize(period, 0.0);
            values[Candidate::EtsAdditive as usize] = seasonal_damped_trend(series, &terms, horizon).values;
        }
        keep_near(&mut values, series);
        Field { values, one_step }
    }
}

/// No candidate leaves what the series has seen by more than [`REACH`] times its range: a steep end is not carried on
/// without limit.
fn keep_near(values: &mut [Vec<f64>], series: &[f64]) {
    let (low, high) =
        series.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (value.min(low), value.max(high)));
    let reach = REACH * (high - low);
    for value in values.iter_mut().flatten() {
        *value = value.clamp(low - reach, high + reach);
    }
}

const REACH: f64 = 3.0;

/// Repeats the last `period` values. With less than a period the last value is repeated, with none 0.
pub(super) fn seasonal_naive(series: &[f64], period: usize, horizon: usize) -> Vec<f64> {
    let cycle = match series {
        [] => &[0.0],
        [.., last] if period < 2 || series.len() < period => std::slice::from_ref(last),
        _ => &series[series.len() - period..],
    };
    cycle.iter().copied().cycle().take(horizon).collect()
}

/// Whether a model sees values or their logarithms.
#[derive(Clone, Copy, PartialEq)]
enum Scale {
    Plain,
    Log,
}

impl Scale {
    fn to(self, values: &[f64]) -> Vec<f64> {
        match self {
            Scale::Plain => values.to_vec(),
            Scale::Log => values.iter().map(|value| value.ln()).collect(),
        }
    }

    fn back(self, mut values: Vec<f64>) -> Vec<f64> {
        if self == Scale::Log {
            values.iter_mut().for_each(|value| *value = value.exp());
        }
        values
    }
}
