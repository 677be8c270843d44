//! Maximum likelihood.

use std::fmt;

use super::super::newton::maximise;
use super::likelihood::Prepared;
use super::{DAYS_PER_WEEK, Model, Params, Triple, p_alive};

/// Estimates parameters by maximum likelihood, from a start derived from the mean order rate.
///
/// `triples` as from [`super::compress`] (any order is right, sorted by repeats is fast). A safeguarded
/// Newton search over the log parameters with analytic gradient and Hessian; converged when the
/// largest component of the gradient of the mean log-likelihood is below 1e-9 (1e-7 where rounding
/// forbids progress). Parameters stay within e^-12..e^12.
///
/// # Errors
/// [`FitError`] when the data cannot identify any model.
pub fn fit(model: Model, triples: &[Triple]) -> Result<Fit, FitError> {
    let orders: f64 = triples.iter().map(|t| t.weight * f64::from(t.repeats)).sum();
    let days: f64 = triples.iter().map(|t| t.weight * f64::from(t.age_days)).sum();
    let weeks_per_order = (days / DAYS_PER_WEEK / orders).clamp(0.01, 10_000.0);
    let start = Params { model, r: 0.5, alpha: 0.5 * weeks_per_order, a: 0.5, b: 2.0 };
    fit_from(triples, &start)
}

/// As [`fit`], from given parameters of the model named in them, e.g. those of the whole base when
/// fitting a segment or a bootstrap sample.
///
/// # Errors
/// [`FitError`] when the data cannot identify any model.
pub fn fit_from(triples: &[Triple], start: &Params) -> Result<Fit, FitError> {
    check(triples)?;
    let prepared = Prepared::new(start.model, triples);
    let log_start = [start.r, start.alpha, start.a, start.b].map(f64::ln);
    if log_start.iter().any(|value| !value.is_finite()) {
        return Err(FitError::Start);
    }
    let found = maximise(log_start, LOG_LIMIT, |point| prepared.mean_log_likelihood(point));
    let [r, alpha, a, b] = found.point.map(f64::exp);
    let params = Params { model: start.model, r, alpha, a, b };
    let log_standard_errors = found.standard_errors(prepared.total_weight);
    let mut alive = 0.0;
    for triple in triples {
        alive += triple.weight * p_alive(&params, triple);
    }
    let left_share = 1.0 - alive / prepared.total_weight;
    Ok(Fit {
        params,
        log_likelihood: found.at.value * prepared.total_weight,
        customers: prepared.total_weight,
        iterations: found.iterations,
        converged: found.converged,
        largest_gradient: found.at.gradient.iter().fold(0.0, |most, g| most.max(g.abs())),
        log_standard_errors,
        left_share,
        boundary: boundary(&params, left_share, &found.at_limit, &log_standard_errors),
    })
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Maximum-likelihood parameters.
    pub params: Params,
    /// Log-likelihood, summed over customers.
    pub log_likelihood: f64,
    /// Sum of the weights.
    pub customers: f64,
    /// Newton steps taken.
    pub iterations: usize,
    /// Whether the gradient criterion was met.
    pub converged: bool,
    /// Largest absolute component of the gradient of the mean log-likelihood by the log parameters.
    pub largest_gradient: f64,
    /// Standard errors of ln r, ln alpha, ln a, ln b from the observed information; infinite where it
    /// is singular. An error of .1 means "known to about 10 %".
    pub log_standard_errors: [f64; 4],
    /// Estimated share of customers who have left, 0..1.
    pub left_share: f64,
    /// Why the parameters should not be read one by one, if so.
    pub boundary: Option<Boundary>,
}

/// Why a fit is not in the interior of the model. Predictions within the observed span stay usable,
/// single parameters do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Mean probability to leave below 1 % at a chance, or below 1 % of customers gone: the data show
    /// no customer leaving (too short a window is the usual reason).
    NoDropout,
    /// a or b above 100: all customers leave with the same probability.
    SameDropoutForAll,
    /// r above 100: all customers order at the same rate.
    SameRateForAll,
    /// A parameter ended on the limit of the search.
    AtLimit,
    /// The standard error of a log parameter exceeds 1: known no better than to a factor of 2.7.
    WeaklyIdentified,
}

impl fmt::Display for Boundary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoDropout => "no dropout visible",
            Self::SameDropoutForAll => "same dropout probability for all",
            Self::SameRateForAll => "same order rate for all",
            Self::AtLimit => "parameter at the limit of the search",
            Self::WeaklyIdentified => "weakly identified",
        })
    }
}

/// Why no model can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitError {
    /// No triple with positive weight.
    NoCustomers,
    /// Nobody has a repeat order.
    NoRepeats,
    /// Nobody has been observed for a day.
    NoTime,
    /// The triple at this position has a last order after the end of observation, a span without
    /// repeats, or a weight that is negative or not finite.
    Invalid(usize),
    /// A starting parameter is not positive and finite.
    Start,
}

impl fmt::Display for FitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCustomers => formatter.write_str("no customers"),
            Self::NoRepeats => formatter.write_str("no customer has a repeat order"),
            Self::NoTime => formatter.write_str("no customer has been observed for a day"),
            Self::Invalid(position) => write!(formatter, "impossible history at {position}"),
            Self::Start => formatter.write_str("a starting parameter is not positive"),
        }
    }
}

impl std::error::Error for FitError {}

/// Search limit of the absolute log parameters.
const LOG_LIMIT: f64 = 12.0;

fn check(triples: &[Triple]) -> Result<(), FitError> {
    let (mut customers, mut repeats, mut time) = (false, false, false);
    for (position, triple) in triples.iter().enumerate() {
        let span_fits =
            triple.first_to_last_days <= triple.age_days && (triple.repeats > 0 || triple.first_to_last_days == 0);
        if !(span_fits && triple.weight >= 0.0 && triple.weight.is_finite()) {
            return Err(FitError::Invalid(position));
        }
        if triple.weight > 0.0 {
            customers = true;
            repeats |= triple.repeats > 0;
            time |= triple.age_days > 0;
        }
    }
    match (customers, repeats, time) {
        (false, _, _) => Err(FitError::NoCustomers),
        (_, false, _) => Err(FitError::NoRepeats),
        (_, _, false) => Err(FitError::NoTime),
        _ => Ok(()),
    }
}

fn boundary(
    params: &Params,
    left_share: f64,
    at_limit: &[bool; 4],
    log_standard_errors: &[f64; 4],
) -> Option<Boundary> {
    let mean_dropout = params.a / (params.a + params.b);
    if mean_dropout < 0.01 || left_share < 0.01 {
        Some(Boundary::NoDropout)
    } else if params.r > 100.0 {
        Some(Boundary::SameRateForAll)
    } else if params.a > 100.0 || params.b > 100.0 {
        Some(Boundary::SameDropoutForAll)
    } else if at_limit.contains(&true) {
        Some(Boundary::AtLimit)
    } else if log_standard_errors.iter().any(|&error| error > 1.0) {
        Some(Boundary::WeaklyIdentified)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triple(repeats: u32, first_to_last_days: u32, age_days: u32, weight: f64) -> Triple {
        Triple { repeats, first_to_last_days, age_days, weight }
    }

    #[test]
    fn refuses_what_cannot_be_identified() {
        let fit = |triples: &[Triple]| super::fit(Model::BgNbd, triples).map(|fit| fit.params);
        assert_eq!(fit(&[]), Err(FitError::NoCustomers));
        assert_eq!(fit(&[triple(0, 0, 10, 5.0)]), Err(FitError::NoRepeats));
        assert_eq!(fit(&[triple(1, 0, 0, 1.0)]), Err(FitError::NoTime));
        assert_eq!(fit(&[triple(1, 8, 7, 1.0)]), Err(FitError::Invalid(0)));
        assert_eq!(fit(&[triple(0, 3, 7, 1.0)]), Err(FitError::Invalid(0)));
        assert_eq!(fit(&[triple(1, 3, 7, -1.0)]), Err(FitError::Invalid(0)));
    }

    #[test]
    fn flags_a_base_that_nobody_leaves() {
        let regular: Vec<Triple> = (1..50).map(|i| triple(i % 9 + 6, 355 - i % 9, 360, 20.0)).collect();
        for model in [Model::BgNbd, Model::MbgNbd] {
            let fit = super::fit(model, &regular).unwrap();
            assert!(fit.converged, "{model:?} {fit:?}");
            assert!(fit.boundary.is_some(), "{model:?} {fit:?}");
        }
    }

    #[test]
    fn converges_on_a_handful_of_customers() {
        let few = [triple(0, 0, 100, 3.0), triple(1, 50, 120, 1.0), triple(4, 60, 200, 1.0)];
        for model in [Model::BgNbd, Model::MbgNbd] {
            let fit = super::fit(model, &few).unwrap();
            assert!(fit.converged && fit.boundary.is_some(), "{model:?} {fit:?}");
        }
    }
}
