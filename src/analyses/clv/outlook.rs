//! The orders a customer is expected to place, month by month, with an interval.

use rayon::prelude::*;

use crate::analyses::churn::orders_model::{OrdersModel, Rate};
use crate::stats::btyd::{DAYS_PER_WEEK, Params, Triple, all_alive, bootstrap, orders_if_alive};
use crate::stats::calibration::Calibration;

/// The interval leaves out a tenth at either end.
pub const TAIL: f64 = 0.1;

/// Standard deviations from the middle to the end of such an interval of a normal distribution.
pub const TAIL_DEVIATIONS: f64 = 1.281_551_565_544_6;

/// The orders a customer is expected to place.
#[derive(Debug, Clone, Copy)]
pub struct Outlook {
    /// Their number.
    pub expected: f64,
    /// The same, each discounted to now.
    pub discounted: f64,
    /// Discounted orders at the lower end of the interval.
    pub low: f64,
    /// Discounted orders at the upper end of the interval.
    pub high: f64,
    /// Probability of none.
    pub zero: f64,
    /// By how much the expectation changes, relatively, with the logarithm of each parameter.
    pub sensitivity: [f64; 4],
}

/// The months ahead, and what a later one is worth.
#[derive(Debug, Clone, Copy)]
pub struct Months {
    /// Their number.
    pub count: u16,
    /// Weeks of one.
    pub weeks: f64,
    /// Discount a month.
    pub discount: f64,
}

impl Months {
    /// The days of all of them.
    pub fn days(&self) -> f64 {
        f64::from(self.count) * self.weeks * DAYS_PER_WEEK
    }

    /// What is left of what comes evenly over the months, each discounted to now.
    pub fn worth(&self) -> f64 {
        let factors = (1..=self.count).map(|month| (1.0 + self.discount).powi(-i32::from(month)));
        factors.sum::<f64>() / f64::from(self.count.max(1))
    }
}

/// How far the parameters of a model are known.
#[derive(Debug, Clone, Default)]
pub struct Uncertainty {
    /// Covariance of their logarithms.
    pub log_covariance: [[f64; 4]; 4],
    /// Resamples it is from; 0: from the observed information.
    pub resamples: usize,
    /// Resamples whose refit did not converge.
    pub not_converged: usize,
    /// Ends of the interval of each parameter, over the resamples.
    pub ends: Option<[(f64, f64); 4]>,
}

/// Histories times resamples refitted at most; above, the observed information serves, which is the same for so many.
const MOST_REFITTED: usize = 1_000_000;
/// Fewer resamples tell nothing.
const FEWEST_RESAMPLES: usize = 50;
/// Step of the logarithm of a parameter that sensitivities are measured with.
const STEP: f64 = 1e-3;

impl Uncertainty {
    /// By so many resamples of the customers, where that is not too much work.
    pub fn of(model: &OrdersModel, resamples: usize) -> Uncertainty {
        let Some(fit) = &model.fit else { return Uncertainty::default() };
        let by_information = Uncertainty { log_covariance: fit.log_covariance, ..Uncertainty::default() };
        let triples = &model.histories.triples;
        let affordable = resamples.min(MOST_REFITTED / triples.len().max(1));
        if affordable < FEWEST_RESAMPLES {
            return by_information;
        }
        let Ok(refits) = bootstrap(fit, triples, affordable, 1) else { return by_information };
        let parameters: [fn(&Params) -> f64; 4] = [|p| p.r, |p| p.alpha, |p| p.a, |p| p.b];
        let end = |share: f64, of: fn(&Params) -> f64| refits.quantile(share, of).unwrap_or(f64::NAN);
        Uncertainty {
            log_covariance: refits.log_covariance(),
            resamples: affordable,
            not_converged: refits.not_converged,
            ends: Some(parameters.map(|of| (end(TAIL, of), end(1.0 - TAIL, of)))),
        }
    }

    /// Relative variance of something of this sensitivity.
    pub fn variance(&self, sensitivity: &[f64; 4]) -> f64 {
        let mut variance = 0.0;
        for (row, left) in self.log_covariance.iter().zip(sensitivity) {
            for (covariance, right) in row.iter().zip(sensitivity) {
                variance += covariance * left * right;
            }
        }
        variance.max(0.0)
    }
}

/// The orders expected of every customer of a model.
pub fn outlooks(
    model: &OrdersModel,
    calibration: Option<&Calibration>,
    uncertainty: &Uncertainty,
    months: &Months,
) -> Vec<Outlook> {
    let sensitivities = sensitivities(model, months);
    model.by_customer(|place, triple, alive| {
        let sensitivity = sensitivities.get(place).copied().unwrap_or_default();
        outlook(&model.rate, triple, alive, calibration, sensitivity, uncertainty.variance(&sensitivity), months)
    })
}

/// By how much the expected orders of each history change with the logarithm of each parameter, relatively.
fn sensitivities(model: &OrdersModel, months: &Months) -> Vec<[f64; 4]> {
    let Rate::Fitted(params) = model.rate else { return Vec::new() };
    let triples = &model.histories.triples;
    let weeks = months.weeks * f64::from(months.count);
    let expected = |params: &Params| -> Vec<f64> {
        let of = |(triple, alive): (&Triple, f64)| alive * orders_if_alive(params, triple, weeks);
        triples.par_iter().zip(all_alive(params, triples)).with_min_len(256).map(of).collect()
    };
    let base = expected(&params);
    let mut found = vec![[0.0; 4]; triples.len()];
    for parameter in 0..4 {
        let mut moved = params;
        let values = [&mut moved.r, &mut moved.alpha, &mut moved.a, &mut moved.b];
        for (at, value) in values.into_iter().enumerate() {
            if at == parameter {
                *value *= STEP.exp();
            }
        }
        if moved == params {
            continue;
        }
        for ((found, base), moved) in found.iter_mut().zip(&base).zip(expected(&moved)) {
            found[parameter] = if *base > 0.0 { (moved / base).ln() / STEP } else { 0.0 };
        }
    }
    found
}

/// The orders expected of the customers of one history. `variance` is that of the expectation itself, relative.
fn outlook(
    rate: &Rate,
    triple: &Triple,
    alive: f64,
    calibration: Option<&Calibration>,
    sensitivity: [f64; 4],
    variance: f64,
    months: &Months,
) -> Outlook {
    let correction = calibration.map_or(1.0, |calibration| calibration.factor(alive));
    let (mut expected, mut discounted, mut factor) = (0.0, 0.0, 1.0);
    for month in 1..=months.count {
        let upto = correction * rate.expected_orders(triple, alive, f64::from(month) * months.weeks);
        factor /= 1.0 + months.discount;
        discounted += (upto - expected) * factor;
        expected = upto;
    }
    let weeks = months.weeks * f64::from(months.count);
    let zero = rate.p_zero(triple, alive, weeks);
    let zero = calibration.map_or(zero, |calibration| calibration.zero(zero, alive));
    let worth = if expected > 0.0 { discounted / expected } else { 0.0 };
    // Where more comes than the model foresees, fewer have left than it thinks.
    let alive = (alive * correction.max(1.0)).min(1.0);
    // Not to know the expectation spreads the outcomes like a more uneven order rate.
    let shape = 1.0 / (1.0 / rate.shape(triple) + variance);
    // Whoever has left orders nothing: the lower 1 − alive of all outcomes.
    let at = |share: f64| {
        let of_living = (share - (1.0 - alive)) / alive;
        if of_living > 0.0 { negative_binomial_quantile(shape, expected / alive, of_living) } else { 0.0 }
    };
    Outlook { expected, discounted, low: worth * at(TAIL), high: worth * at(1.0 - TAIL), zero, sensitivity }
}

/// Probabilities below e to this vanish in floating point.
const LOG_UNDERFLOW: f64 = -650.0;

/// More orders than this nobody places.
const MOST_ORDERS: f64 = 1e6;

/// The smallest number that a negative binomial of this mean and shape does not exceed with the probability given.
fn negative_binomial_quantile(shape: f64, mean: f64, probability: f64) -> f64 {
    let step = mean / (mean + shape);
    let mut log_mass = -shape * (mean / shape).ln_1p();
    let mut count = 0.0;
    while log_mass < LOG_UNDERFLOW && count < MOST_ORDERS {
        log_mass += ((shape + count) / (count + 1.0) * step).ln();
        count += 1.0;
    }
    let mut mass = log_mass.exp();
    let mut total = mass;
    while total < probability && count < MOST_ORDERS && mass > 0.0 {
        mass *= (shape + count) / (count + 1.0) * step;
        total += mass;
        count += 1.0;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_match_the_distribution() {
        // scipy.stats.nbinom(shape, shape / (shape + mean)).ppf
        let cases = [
            (0.5, 0.3, 0.9, 1.0),
            (2.0, 6.0, 0.1, 1.0),
            (2.0, 6.0, 0.9, 13.0),
            (40.0, 55.0, 0.5, 54.0),
            (3000.0, 4000.0, 0.1, 3877.0),
        ];
        for (shape, mean, probability, expected) in cases {
            assert_eq!(negative_binomial_quantile(shape, mean, probability), expected, "{shape} {mean} {probability}");
        }
        assert_eq!(negative_binomial_quantile(0.5, 0.0, 0.9), 0.0);
    }

    #[test]
    fn discounting_never_adds() {
        let rate = Rate::Historic { weeks_per_order: 10.0 };
        let triple = Triple { repeats: 3, first_to_last_days: 200, age_days: 280, weight: 1.0 };
        let weeks = 365.25 / 12.0 / 7.0;
        let of = |discount, variance| {
            outlook(&rate, &triple, 1.0, None, [0.0; 4], variance, &Months { count: 12, weeks, discount })
        };
        let (plain, usual) = (of(0.0, 0.0), of(0.01, 0.0));
        // (1 + 3) / (10 + 40 weeks) × 52.178…
        assert!((plain.expected - 4.0 / 50.0 * 12.0 * weeks).abs() < 1e-12);
        assert!((plain.discounted - plain.expected).abs() < 1e-12);
        assert!(usual.discounted < plain.discounted && usual.low <= usual.discounted && usual.high >= usual.discounted);
        // Not to know the expectation widens the interval.
        let unsure = of(0.0, 0.5);
        assert!(unsure.low <= plain.low && unsure.high > plain.high);
    }
}
