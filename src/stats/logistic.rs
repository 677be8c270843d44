//! Ridge logistic regression by Newton's method.
//!
//! Maximises `sum_i [y_i z_i - ln(1 + e^z_i)] - penalty/2 sum_{j>0} w_j^2`, `z_i = x_i . w`, from zero
//! (le Cessie & van Houwelingen 1992, "Ridge Estimators in Logistic Regression", eq. 3, without the
//! intercept in the penalty). Standardise the columns first: one penalty is applied to all of them.

use rayon::prelude::*;

use super::chunks::{CHUNK, fold_chunks};
use super::dense;

/// Fits weights to `outcomes` (n values, 0 or 1; fractions in between are allowed) given `design`, the
/// row-major n×k matrix whose first column is the intercept, all ones.
///
/// `penalty` >= 0 does not touch the first weight. Stops when no weight moves by `tolerance` (1e-9 is
/// a good value) or after 50 steps. A step that lowers the objective is halved. `converged` is false
/// when the steps run out or the Hessian is singular (collinear columns with `penalty` 0).
///
/// # Errors
/// [`LogisticError`] for slices whose lengths disagree, no rows, values that are not finite, or
/// outcomes outside 0..1.
pub fn fit(design: &[f64], outcomes: &[f64], penalty: f64, tolerance: f64) -> Result<LogisticFit, LogisticError> {
    let rows = outcomes.len();
    if rows == 0 || design.is_empty() || !design.len().is_multiple_of(rows) {
        return Err(LogisticError::Shape);
    }
    if !outcomes.iter().all(|y| (0.0..=1.0).contains(y)) {
        return Err(LogisticError::Outcome);
    }
    if !(design.par_iter().all(|x| x.is_finite()) && penalty >= 0.0 && penalty.is_finite()) {
        return Err(LogisticError::NotFinite);
    }
    let columns = design.len() / rows;
    let mut weights = vec![0.0; columns];
    let mut at = evaluate(design, outcomes, &weights, penalty);
    for iteration in 1..=MOST_ITERATIONS {
        let mut step = at.gradient.clone();
        if !dense::factor(&mut at.hessian, columns) {
            return Ok(result(weights, &at, iteration - 1, false));
        }
        dense::solve(&at.hessian, columns, &mut step);
        let (next_weights, next) = halved_until_no_worse(design, outcomes, penalty, &weights, &mut step, at.objective);
        weights = next_weights;
        at = next;
        if step.iter().all(|change| change.abs() < tolerance) {
            return Ok(result(weights, &at, iteration, true));
        }
    }
    Ok(result(weights, &at, MOST_ITERATIONS, false))
}

/// Probabilities for the rows of `design` (row-major, as many columns as `weights`).
pub fn predict(design: &[f64], weights: &[f64]) -> Vec<f64> {
    if weights.is_empty() {
        return Vec::new();
    }
    design.par_chunks_exact(weights.len()).with_min_len(1_024).map(|row| probability(dot(row, weights))).collect()
}

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticFit {
    /// One per column, the intercept first.
    pub weights: Vec<f64>,
    /// Newton steps taken.
    pub iterations: usize,
    /// Whether the last step was below the tolerance.
    pub converged: bool,
    /// Log-likelihood minus penalty at the weights.
    pub objective: f64,
}

/// Why no regression can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogisticError {
    /// No rows, no columns, or a design that is not a whole number of rows.
    Shape,
    /// An outcome outside 0..1.
    Outcome,
    /// A design value or the penalty is not finite, or the penalty is negative.
    NotFinite,
}

impl std::fmt::Display for LogisticError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Shape => "the design does not match the outcomes",
            Self::Outcome => "an outcome is not between 0 and 1",
            Self::NotFinite => "a design value or the penalty is not finite",
        })
    }
}

impl std::error::Error for LogisticError {}

const MOST_ITERATIONS: usize = 50;
const MOST_HALVINGS: usize = 30;

fn result(weights: Vec<f64>, at: &Sums, iterations: usize, converged: bool) -> LogisticFit {
    LogisticFit { weights, iterations, converged, objective: at.objective }
}

/// Objective, gradient and negative Hessian (row-major; only one triangle is filled by a chunk).
#[derive(Default, Clone)]
struct Sums {
    objective: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        if self.gradient.is_empty() {
            *self = other.clone();
            return;
        }
        self.objective += other.objective;
        for (total, part) in self.gradient.iter_mut().zip(&other.gradient) {
            *total += part;
        }
        for (total, part) in self.hessian.iter_mut().zip(&other.hessian) {
            *total += part;
        }
    }
}

/// Shortens `step` in place until the objective is not below `before`, beyond rounding.
fn halved_until_no_worse(
    design: &[f64],
    outcomes: &[f64],
    penalty: f64,
    weights: &[f64],
    step: &mut [f64],
    before: f64,
) -> (Vec<f64>, Sums) {
    let mut halvings = 0;
    loop {
        let moved: Vec<f64> = weights.iter().zip(&*step).map(|(w, s)| w + s).collect();
        let at = evaluate(design, outcomes, &moved, penalty);
        let rounding = 1e-12 * (1.0 + before.abs());
        if at.objective >= before - rounding || halvings == MOST_HALVINGS {
            return (moved, at);
        }
        halvings += 1;
        for change in step.iter_mut() {
            *change *= 0.5;
        }
    }
}

fn evaluate(design: &[f64], outcomes: &[f64], weights: &[f64], penalty: f64) -> Sums {
    let k = weights.len();
    let mut total = fold_chunks(
        outcomes.len(),
        |range| {
            let rows = &design[range.start * k..range.end * k];
            evaluate_rows(rows, &outcomes[range], weights)
        },
        Sums::add,
    );
    for (j, weight) in weights.iter().enumerate().skip(1) {
        total.objective -= 0.5 * penalty * weight * weight;
        total.gradient[j] -= penalty * weight;
        total.hessian[j * k + j] += penalty;
    }
    // The chunks filled the upper triangle, the factorisation reads the lower one.
    for i in 0..k {
        for j in 0..i {
            total.hessian[i * k + j] = total.hessian[j * k + i];
        }
    }
    total
}

/// Rows whose products are added to the Hessian together, to load and store it less often.
const BLOCK: usize = 4;

fn evaluate_rows(design: &[f64], outcomes: &[f64], weights: &[f64]) -> Sums {
    debug_assert!(outcomes.len() <= CHUNK);
    let k = weights.len();
    let mut sums = Sums { objective: 0.0, gradient: vec![0.0; k], hessian: vec![0.0; k * k] };
    let mut curvature = [0.0; BLOCK];
    let blocks = design.chunks(BLOCK * k).zip(outcomes.chunks(BLOCK));
    for (rows, outcomes) in blocks {
        for (position, (row, &outcome)) in rows.chunks_exact(k).zip(outcomes).enumerate() {
            let z = dot(row, weights);
            let small = (-z.abs()).exp();
            let share = 1.0 / (1.0 + small);
            let p = if z >= 0.0 { share } else { small * share };
            sums.objective += outcome * z - z.max(0.0) - small.ln_1p();
            curvature[position] = small * share * share;
            for (total, x) in sums.gradient.iter_mut().zip(row) {
                *total += (outcome - p) * x;
            }
        }
        if outcomes.len() == BLOCK {
            add_block(&mut sums.hessian, rows, &curvature, k);
        } else {
            for (row, curvature) in rows.chunks_exact(k).zip(curvature) {
                add_row(&mut sums.hessian, row, curvature, k);
            }
        }
    }
    sums
}

fn add_block(hessian: &mut [f64], rows: &[f64], curvature: &[f64; BLOCK], k: usize) {
    let (row0, rest) = rows.split_at(k);
    let (row1, rest) = rest.split_at(k);
    let (row2, row3) = rest.split_at(k);
    for i in 0..k {
        let [c0, c1, c2, c3] =
            [curvature[0] * row0[i], curvature[1] * row1[i], curvature[2] * row2[i], curvature[3] * row3[i]];
        let target = &mut hessian[i * k + i..(i + 1) * k];
        let pairs = (row0[i..].iter().zip(&row1[i..])).zip(row2[i..].iter().zip(&row3[i..]));
        for (total, ((x0, x1), (x2, x3))) in target.iter_mut().zip(pairs) {
            *total += (c0 * x0 + c1 * x1) + (c2 * x2 + c3 * x3);
        }
    }
}

fn add_row(hessian: &mut [f64], row: &[f64], curvature: f64, k: usize) {
    for i in 0..k {
        let scaled = curvature * row[i];
        for j in i..k {
            hessian[i * k + j] += scaled * row[j];
        }
    }
}

fn dot(row: &[f64], weights: &[f64]) -> f64 {
    row.iter().zip(weights).map(|(x, w)| x * w).sum()
}

fn probability(z: f64) -> f64 {
    let small = (-z.abs()).exp();
    let share = 1.0 / (1.0 + small);
    if z >= 0.0 { share } else { small * share }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows 1, x1, x2 with reproducible pseudo-random values; outcomes from a known model.
    fn sample(rows: usize) -> (Vec<f64>, Vec<f64>) {
        let mut state = 88_172_645_463_325_252_u64;
        let mut uniform = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut design, mut outcomes) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let (x1, x2) = (uniform() * 2.0 - 1.0, uniform() * 2.0 - 1.0);
            design.extend([1.0, x1, x2]);
            outcomes.push(f64::from(u8::from(uniform() < probability(-1.0 + 2.0 * x1 - 0.5 * x2))));
        }
        (design, outcomes)
    }

    #[test]
    fn matches_log_odds_of_a_two_by_two_table() {
        // One binary column: the weights are log odds, ln(20/80) and ln(60/40) - ln(20/80).
        let (mut design, mut outcomes) = (Vec::new(), Vec::new());
        for (x, successes) in [(0.0, 20), (1.0, 60)] {
            for i in 0..100 {
                design.extend([1.0, x]);
                outcomes.push(f64::from(u8::from(i < successes)));
            }
        }
        let fit = fit(&design, &outcomes, 0.0, 1e-9).unwrap();
        assert!(fit.converged && fit.iterations <= 8);
        assert!((fit.weights[0] - 0.25_f64.ln()).abs() < 1e-12);
        assert!((fit.weights[1] - 6.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn recovers_the_model_and_meets_the_first_order_condition() {
        let (design, outcomes) = sample(40_001);
        let penalty = 3.0;
        let fit = fit(&design, &outcomes, penalty, 1e-9).unwrap();
        assert!(fit.converged);
        for (weight, truth) in fit.weights.iter().zip([-1.0, 2.0, -0.5]) {
            assert!((weight - truth).abs() < 0.06, "{weight} {truth}");
        }
        let predicted = predict(&design, &fit.weights);
        for j in 0..3 {
            let mut gradient = if j == 0 { 0.0 } else { -penalty * fit.weights[j] };
            for (i, p) in predicted.iter().enumerate() {
                gradient += (outcomes[i] - p) * design[i * 3 + j];
            }
            assert!(gradient.abs() < 1e-8, "{gradient}");
        }
    }

    #[test]
    fn penalty_makes_separable_data_converge() {
        let design = [1.0, -1.0, 1.0, 1.0];
        let separated = fit(&design, &[0.0, 1.0], 1.0, 1e-9).unwrap();
        assert!(separated.converged && separated.weights[0].abs() < 1e-12);
        // w = 2 (1 - p), p = 1/(1+e^-w)
        let w = separated.weights[1];
        assert!((w - 2.0 * (1.0 - probability(w))).abs() < 1e-12);
        assert!(!fit(&design, &[0.0, 1.0], 0.0, 1e-9).unwrap().converged);
    }

    #[test]
    fn reports_collinear_columns_and_bad_input() {
        let collinear = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
        assert!(!fit(&collinear, &[0.0, 1.0, 1.0], 0.0, 1e-9).unwrap().converged);
        assert_eq!(fit(&[1.0; 3], &[0.0; 2], 0.0, 1e-9), Err(LogisticError::Shape));
        assert_eq!(fit(&[1.0], &[2.0], 0.0, 1e-9), Err(LogisticError::Outcome));
        assert_eq!(fit(&[f64::NAN], &[1.0], 0.0, 1e-9), Err(LogisticError::NotFinite));
    }

    #[test]
    fn same_bits_at_any_thread_count() {
        let (design, outcomes) = sample(50_000);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| fit(&design, &outcomes, 1.0, 1e-9).unwrap())
        };
        assert_eq!(run(1), run(3));
    }
}
