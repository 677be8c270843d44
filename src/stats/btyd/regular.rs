//! (M)BG/CNBD-k: orders that come more regularly than at random (Reutterer, Platzer & Schroeder 2021).
//!
//! Events arrive at the personal rate, every k-th is an order: gaps between orders are Erlang-k. With
//! `R = r + k x`, `u = (T - t_x) / (alpha + T)`, `S = sum_{j<k} R (R+1) .. (R+j-1) u^j / j!` (the share of
//! paths on which fewer than k events came since the last order) and `E` the log odds of
//! [`super::geometric`] with this R:
//!
//! `LL = sum_{j<kx} ln((r+j)/alpha) + sum_{j<c} ln((b+j)/(a+b+j)) - R ln(1+T/alpha) + ln(S + e^E)
//!       + (k-1) sum ln(gap) - x ln((k-1)!)`.
//!
//! The last two terms do not depend on the parameters, only on k; the gaps enter as one sum.

use super::super::chunks::{CHUNK, fold_chunks};
use super::super::newton::Evaluation;
use super::fit::{Fit, FitError, fit};
use super::geometric::Rising;
use super::histories::{Histories, Row, Run};
use super::{Model, Params, Triple};

/// The most events an order is tried to take.
const MOST_EVENTS: u32 = 8;

/// What [`fit_regular`] finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Regularity {
    /// The fit with the best k.
    pub fit: Fit,
    /// Events an order takes; 1: orders come at random.
    pub events_per_order: u32,
}

/// Fits (M)BG/CNBD-k, `model` being [`Model::BgNbd`] or [`Model::MbgNbd`], for k = 1, 2, .. as long as the
/// likelihood rises, at most 8.
///
/// `log_gaps` is the sum of the natural logarithms of all customers' gaps between order days, **weeks**.
///
/// # Errors
/// [`FitError`] when the data cannot identify any model.
pub fn fit_regular(model: Model, triples: &[Triple], log_gaps: f64) -> Result<Regularity, FitError> {
    let orders: f64 = triples.iter().map(|triple| triple.weight * f64::from(triple.repeats)).sum();
    let mut best = Regularity { fit: fit(model, triples)?, events_per_order: 1 };
    for k in 2..=MOST_EVENTS {
        let of_k = match model {
            Model::BgNbd | Model::BgCnbd(_) => Model::BgCnbd(k),
            _ => Model::MbgCnbd(k),
        };
        let mut next = fit(of_k, triples)?;
        next.log_likelihood += f64::from(k - 1) * log_gaps - orders * libm::lgamma(f64::from(k));
        if !next.converged || next.log_likelihood <= best.fit.log_likelihood {
            break;
        }
        best = Regularity { fit: next, events_per_order: k };
    }
    Ok(best)
}

/// Mean log-likelihood per customer without the terms that hold only data, with derivatives by
/// `ln r, ln alpha, ln a, ln b`.
pub(super) fn mean_log_likelihood(model: Model, of: &Histories, log_parameters: &[f64; 4]) -> Evaluation<4> {
    let parameters = log_parameters.map(f64::exp);
    let [r, alpha, a, b] = parameters;
    let params = Params { model, r, alpha, a, b };
    let k = model.events_per_order();
    let day = |weeks: &f64| (*weeks, (weeks / alpha).ln_1p(), 1.0 / (alpha + weeks));
    let days: Vec<(f64, f64, f64)> = of.weeks.iter().map(day).collect();
    let rate = Rising::new(r, k.saturating_mul(of.most_repeats));
    let stay = Rising::new(b, of.most_repeats);
    let either = Rising::new(a + b, of.most_repeats);
    let mut total = fold_chunks(
        of.rows.len(),
        |range| {
            let mut sum = Evaluation::default();
            let runs = of.runs[of.chunk_starts[range.start / CHUNK]..].iter();
            for run in runs.take_while(|run| run.start < range.end) {
                let weight = add_rows(run, &of.rows[run.start..run.end], &params, &days, &mut sum);
                let (events, chances) = ((k * run.repeats) as usize, model.chances_to_leave(run.repeats) as usize);
                sum.value += weight
                    * (rate.logs[events] - f64::from(k * run.repeats) * alpha.ln() + stay.logs[chances]
                        - either.logs[chances]);
                sum.gradient[0] += weight * rate.inverses[events];
                sum.gradient[1] += weight * r / alpha;
                sum.gradient[2] -= weight * either.inverses[chances];
                sum.gradient[3] += weight * (stay.inverses[chances] - either.inverses[chances]);
                let h = &mut sum.hessian;
                h[0][0] -= weight * rate.squares[events];
                h[0][1] += weight / alpha;
                h[1][1] -= weight * r / (alpha * alpha);
                h[2][2] += weight * either.squares[chances];
                h[2][3] += weight * either.squares[chances];
                h[3][3] += weight * (either.squares[chances] - stay.squares[chances]);
            }
            sum
        },
        Evaluation::add,
    );
    total.scale(1.0 / of.total_weight);
    total.change_to_logarithms(&parameters);
    total
}

/// Adds `-R ln(1+T/alpha) + ln(S + e^E)`, but for what is linear in `ln alpha`; returns the customers added.
fn add_rows(run: &Run, rows: &[Row], params: &Params, days: &[(f64, f64, f64)], sum: &mut Evaluation<4>) -> f64 {
    let Params { model, r, a, b, .. } = *params;
    let shape = r + f64::from(model.events_per_order()) * f64::from(run.repeats);
    let chances = model.chances_to_leave(run.repeats);
    let stay = b + f64::from(chances) - 1.0;
    let mut total = 0.0;
    for row in rows {
        let weight = row.weight;
        let (age, log_age, inverse_age) = days[row.age as usize];
        let (last, log_last, inverse_last) = days[row.last as usize];
        let silent = Silence::new(model.events_per_order(), shape, (age - last) * inverse_age, inverse_age);
        total += weight;
        sum.value += weight * (silent.log - shape * log_age);
        sum.gradient[0] += weight * (silent.by_shape - log_age);
        sum.gradient[1] += weight * (silent.by_alpha - shape * inverse_age);
        let h = &mut sum.hessian;
        h[0][0] += weight * silent.by_shape_twice;
        h[0][1] += weight * (silent.by_both - inverse_age);
        h[1][1] += weight * (silent.by_alpha_twice + shape * inverse_age * inverse_age);
        if chances == 0 {
            continue;
        }
        // ln(S + e^E) = ln S + ln(1 + e^(E - ln S)); g are the derivatives of the exponent.
        let (span, gap) = (log_age - log_last, inverse_age - inverse_last);
        let exponent = (a / stay).ln() + shape * span - silent.log;
        let small = (-exponent.abs()).exp();
        let share = 1.0 / (1.0 + small);
        let left = weight * if exponent >= 0.0 { share } else { small * share };
        let spread = weight * small * share * share;
        let g = [span - silent.by_shape, shape * gap - silent.by_alpha, 1.0 / a, -1.0 / stay];
        sum.value += weight * (exponent.max(0.0) + small.ln_1p());
        for i in 0..4 {
            sum.gradient[i] += left * g[i];
            for j in i..4 {
                h[i][j] += spread * g[i] * g[j];
            }
        }
        h[0][0] -= left * silent.by_shape_twice;
        h[0][1] += left * (gap - silent.by_both);
        h[1][1] -= left * (shape * gap * (inverse_age + inverse_last) + silent.by_alpha_twice);
        h[2][2] -= left / (a * a);
        h[3][3] += left / (stay * stay);
    }
    total
}

/// `ln S` and its derivatives by R and alpha.
struct Silence {
    log: f64,
    by_shape: f64,
    by_alpha: f64,
    by_shape_twice: f64,
    by_alpha_twice: f64,
    by_both: f64,
}

impl Silence {
    fn new(k: u32, shape: f64, u: f64, inverse_age: f64) -> Self {
        let (mut term, mut sum, mut inverses, mut squares) = (1.0, 1.0, 0.0, 0.0);
        let mut by = [0.0; 5];
        for j in 1..k {
            let at = shape + f64::from(j) - 1.0;
            term *= at * u / f64::from(j);
            inverses += 1.0 / at;
            squares += 1.0 / (at * at);
            let fall = f64::from(j) * inverse_age;
            sum += term;
            by[0] += term * inverses;
            by[1] -= term * fall;
            by[2] += term * (inverses * inverses - squares);
            by[3] += term * (fall + inverse_age) * fall;
            by[4] -= term * inverses * fall;
        }
        let [shape_1, alpha_1, shape_2, alpha_2, both] = by.map(|value| value / sum);
        Self {
            log: sum.ln(),
            by_shape: shape_1,
            by_alpha: alpha_1,
            by_shape_twice: shape_2 - shape_1 * shape_1,
            by_alpha_twice: alpha_2 - alpha_1 * alpha_1,
            by_both: both - shape_1 * alpha_1,
        }
    }
}

/// The phases a living customer may be in: events since the last order, with their probabilities.
pub(super) fn phases(params: &Params, triple: &Triple) -> Vec<f64> {
    let k = params.model.events_per_order();
    let shape = params.r + f64::from(k) * f64::from(triple.repeats);
    let u = (triple.age() - triple.last()) / (params.alpha + triple.age());
    let mut terms = vec![1.0];
    for j in 1..k {
        let before = terms[j as usize - 1];
        terms.push(before * (shape + f64::from(j) - 1.0) * u / f64::from(j));
    }
    let sum: f64 = terms.iter().sum();
    terms.iter().map(|term| term / sum).collect()
}

/// `ln S` of a history.
pub(super) fn log_silence(params: &Params, triple: &Triple) -> f64 {
    let k = params.model.events_per_order();
    let shape = params.r + f64::from(k) * f64::from(triple.repeats);
    let inverse_age = 1.0 / (params.alpha + triple.age());
    Silence::new(k, shape, (triple.age() - triple.last()) * inverse_age, inverse_age).log
}
