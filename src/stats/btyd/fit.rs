//! Maximum likelihood.

use std::fmt;

use super::super::newton::{Evaluation, maximise_to};
use super::histories::Histories;
use super::{Model, Params, Triple, all_alive, geometric, pareto, regular};

/// Estimates parameters by maximum likelihood, from a start derived from the mean order rate.
///
/// `triples` as from [`super::compress`]; any order is right. A safeguarded Newton search over the log
/// parameters with analytic gradient and Hessian; converged when the largest component of the gradient of
/// the mean log-likelihood is below 1e-9 (1e-5 where rounding forbids progress: on flat ridges). Parameters stay within
/// e^-12..e^12. A search that ends on that limit, or where a parameter is weakly identified, is tried again from
/// other starts; the highest likelihood counts.
///
/// # Errors
/// [`FitError`] when the data cannot identify any model.
pub fn fit(model: Model, triples: &[Triple]) -> Result<Fit, FitError> {
    let start = starts(model, triples)[0];
    fit_from(triples, &start)
}

/// As [`fit`], from given parameters of the model named in them, e.g. those of the whole base when
/// fitting a segment.
///
/// # Errors
/// [`FitError`] when the data cannot identify any model.
pub fn fit_from(triples: &[Triple], start: &Params) -> Result<Fit, FitError> {
    check(triples)?;
    let free = free_parameters(start.model);
    if logarithms(start)[..free].iter().any(|value| !value.is_finite()) {
        return Err(FitError::Start);
    }
    let histories = Histories::new(triples);
    let mut found = search(&histories, start, EXACT);
    if !found.is_interior() {
        for again in starts(start.model, triples) {
            let other = search(&histories, &again, EXACT);
            let is_higher = other.log_likelihood > found.log_likelihood + 1e-9 * found.log_likelihood.abs();
            if is_higher || (other.converged && !found.converged) {
                found = other;
            }
        }
    }
    let params = found.params;
    let alive: f64 = all_alive(&params, triples).iter().zip(triples).map(|(alive, of)| alive * of.weight).sum();
    let left_share = 1.0 - alive / histories.total_weight;
    Ok(Fit {
        params,
        log_likelihood: found.log_likelihood,
        customers: histories.total_weight,
        iterations: found.iterations,
        converged: found.converged,
        largest_gradient: found.largest_gradient,
        log_standard_errors: found.log_standard_errors,
        log_covariance: found.log_covariance,
        left_share,
        boundary: boundary(&params, left_share, &found.at_limit, &found.log_standard_errors),
    })
}

/// Starts from the mean order rate: the usual one, slower and hardly any leaving, more and less alike rates,
/// and most leaving at once.
fn starts(model: Model, triples: &[Triple]) -> [Params; 6] {
    let orders: f64 = triples.iter().map(|t| t.weight * f64::from(t.repeats)).sum();
    let weeks: f64 = triples.iter().map(|t| t.weight * t.age()).sum();
    let customers: f64 = triples.iter().map(|t| t.weight).sum();
    let events = f64::from(model.events_per_order());
    let weeks_per_event = (weeks / orders / events).clamp(0.001, 10_000.0);
    let age = (weeks / customers).clamp(0.1, 10_000.0);
    let shapes = [
        (0.5, 0.5, 2.0, 1.0),
        (0.5, 1.0, 10.0, 4.0),
        (0.5, 0.1, 10.0, 50.0),
        (0.05, 0.5, 0.5, 0.5),
        (5.0, 2.0, 2.0, 1.0),
        (1.5, 0.3, 0.3, 0.03),
    ];
    shapes.map(|(r, a, b, ages)| {
        let b = if model == Model::ParetoNbd { ages * age } else { b };
        let (a, b) = if model == Model::Nbd { (0.0, 0.0) } else { (a, b) };
        Params { model, r, alpha: r * weeks_per_event, a, b }
    })
}

/// How many of r, alpha, a, b the model has.
fn free_parameters(model: Model) -> usize {
    if model == Model::Nbd { 2 } else { 4 }
}

fn logarithms(params: &Params) -> [f64; 4] {
    [params.r, params.alpha, params.a, params.b].map(f64::ln)
}

/// Where a search ended.
pub(super) struct Found {
    pub params: Params,
    pub converged: bool,
    log_likelihood: f64,
    largest_gradient: f64,
    iterations: usize,
    at_limit: [bool; 4],
    log_standard_errors: [f64; 4],
    log_covariance: [[f64; 4]; 4],
}

impl Found {
    #[cfg(test)]
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    fn is_interior(&self) -> bool {
        self.converged && !self.at_limit.contains(&true) && self.log_standard_errors.iter().all(|error| *error <= WEAK)
    }
}

/// One search, to a largest component of the gradient of the mean log-likelihood.
pub(super) fn search(histories: &Histories, start: &Params, tolerance: f64) -> Found {
    let model = start.model;
    let log_start = logarithms(start);
    let evaluate = |point: &[f64; 4]| match model {
        Model::BgNbd | Model::MbgNbd | Model::Nbd => geometric::mean_log_likelihood(model, histories, point),
        Model::BgCnbd(_) | Model::MbgCnbd(_) => regular::mean_log_likelihood(model, histories, point),
        Model::ParetoNbd => pareto::mean_log_likelihood(histories, point),
    };
    let weight = histories.total_weight;
    if model == Model::Nbd {
        let found = maximise_to(tolerance, [log_start[0], log_start[1]], LOG_LIMIT, |[r, alpha]| {
            let of_four = evaluate(&[*r, *alpha, 0.0, 0.0]);
            let [g0, g1, ..] = of_four.gradient;
            let h = of_four.hessian;
            Evaluation { value: of_four.value, gradient: [g0, g1], hessian: [[h[0][0], h[0][1]], [h[1][0], h[1][1]]] }
        });
        let [r, alpha] = found.point.map(f64::exp);
        let [error_r, error_alpha] = found.standard_errors(weight);
        return Found {
            params: Params { model, r, alpha, a: 0.0, b: 0.0 },
            converged: found.converged,
            log_likelihood: found.at.value * weight,
            largest_gradient: largest(&found.at.gradient),
            iterations: found.iterations,
            at_limit: [found.at_limit[0], found.at_limit[1], false, false],
            log_standard_errors: [error_r, error_alpha, 0.0, 0.0],
            log_covariance: widened(found.covariance(weight)),
        };
    }
    let found = maximise_to(tolerance, log_start, LOG_LIMIT, evaluate);
    let [r, alpha, a, b] = found.point.map(f64::exp);
    Found {
        params: Params { model, r, alpha, a, b },
        converged: found.converged,
        log_likelihood: found.at.value * weight,
        largest_gradient: largest(&found.at.gradient),
        iterations: found.iterations,
        at_limit: found.at_limit,
        log_standard_errors: found.standard_errors(weight),
        log_covariance: widened(found.covariance(weight)),
    }
}

/// A matrix in the first rows and columns of one of four, zeros elsewhere.
fn widened<const K: usize>(matrix: Option<[[f64; K]; K]>) -> [[f64; 4]; 4] {
    let mut wide = [[0.0; 4]; 4];
    for (to, from) in wide.iter_mut().zip(matrix.into_iter().flatten()) {
        to[..K].copy_from_slice(&from);
    }
    wide
}

fn largest(gradient: &[f64]) -> f64 {
    gradient.iter().fold(0.0, |most, g| most.max(g.abs()))
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
    /// is singular, 0 for what the model does not have. An error of .1 means "known to about 10 %".
    pub log_standard_errors: [f64; 4],
    /// Covariance of the same, from the observed information; 0 where that is singular.
    pub log_covariance: [[f64; 4]; 4],
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
    /// a or b (Pareto/NBD: s) above 100: all customers leave with the same probability.
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

/// Largest component of the gradient of the mean log-likelihood at which a fit is exact.
const EXACT: f64 = 1e-9;

/// Standard error of a log parameter beyond which it counts as weakly identified.
const WEAK: f64 = 1.0;

/// Search limit of the absolute log parameters.
const LOG_LIMIT: f64 = 12.0;

pub(super) fn check(triples: &[Triple]) -> Result<(), FitError> {
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
    let shows_no_dropout = match params.model {
        Model::Nbd => false,
        Model::ParetoNbd => left_share < 0.01,
        _ => params.a / (params.a + params.b) < 0.01 || left_share < 0.01,
    };
    let same_dropout = match params.model {
        Model::Nbd => false,
        Model::ParetoNbd => params.a > 100.0,
        _ => params.a > 100.0 || params.b > 100.0,
    };
    if shows_no_dropout {
        Some(Boundary::NoDropout)
    } else if params.r > 100.0 {
        Some(Boundary::SameRateForAll)
    } else if same_dropout {
        Some(Boundary::SameDropoutForAll)
    } else if at_limit.contains(&true) {
        Some(Boundary::AtLimit)
    } else if log_standard_errors.iter().any(|&error| error > WEAK) {
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
