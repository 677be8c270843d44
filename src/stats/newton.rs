//! Safeguarded Newton maximisation of a smooth function of a few variables.

use super::dense;

/// Value, gradient and Hessian at one point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evaluation<const K: usize> {
    pub value: f64,
    pub gradient: [f64; K],
    pub hessian: [[f64; K]; K],
}

impl<const K: usize> Default for Evaluation<K> {
    fn default() -> Self {
        Self { value: 0.0, gradient: [0.0; K], hessian: [[0.0; K]; K] }
    }
}

impl<const K: usize> Evaluation<K> {
    /// Adds another evaluation term by term.
    pub fn add(&mut self, other: &Self) {
        self.value += other.value;
        for i in 0..K {
            self.gradient[i] += other.gradient[i];
            for j in 0..K {
                self.hessian[i][j] += other.hessian[i][j];
            }
        }
    }

    /// Multiplies everything by `factor`.
    pub fn scale(&mut self, factor: f64) {
        self.value *= factor;
        for i in 0..K {
            self.gradient[i] *= factor;
            for j in 0..K {
                self.hessian[i][j] *= factor;
            }
        }
    }

    /// Changes variables from `parameters` to their logarithms (chain rule); only the upper triangle
    /// of the Hessian is read, both are written.
    pub fn change_to_logarithms(&mut self, parameters: &[f64; K]) {
        for i in 0..K {
            for j in i..K {
                self.hessian[i][j] *= parameters[i] * parameters[j];
                self.hessian[j][i] = self.hessian[i][j];
            }
            self.gradient[i] *= parameters[i];
            self.hessian[i][i] += self.gradient[i];
        }
    }
}

/// Where the search ended.
#[derive(Debug, Clone)]
pub(crate) struct Maximum<const K: usize> {
    pub point: [f64; K],
    pub at: Evaluation<K>,
    pub iterations: usize,
    pub converged: bool,
    /// Whether each variable ended on the limit.
    pub at_limit: [bool; K],
}

impl<const K: usize> Maximum<K> {
    /// Inverse of `weight` × negative Hessian; `None` where the Hessian is not negative definite.
    pub fn covariance(&self, weight: f64) -> Option<[[f64; K]; K]> {
        let mut matrix = negative_hessian(&self.at, &[true; K], 0.0);
        if !dense::factor(&mut matrix, K) {
            return None;
        }
        Some(std::array::from_fn(|i| {
            let mut column = vec![0.0; K];
            column[i] = 1.0;
            dense::solve(&matrix, K, &mut column);
            std::array::from_fn(|j| column[j] / weight)
        }))
    }

    /// Square roots of the diagonal of [`Self::covariance`]; infinite where there is none.
    pub fn standard_errors(&self, weight: f64) -> [f64; K] {
        match self.covariance(weight) {
            Some(covariance) => std::array::from_fn(|i| covariance[i][i].sqrt()),
            None => [f64::INFINITY; K],
        }
    }
}

const GRADIENT_TOLERANCE: f64 = 1e-9;
/// Accepted as converged when no further progress is possible.
const STALLED_TOLERANCE: f64 = 1e-5;
const MOST_ITERATIONS: usize = 200;
const MOST_TRIALS: usize = 40;
/// Longest step of one variable; they are logarithms, so a factor of about 4.5.
const LONGEST_STEP: f64 = 1.5;

/// Maximises `evaluate` from `start` inside `[-limit, limit]` in every variable.
///
/// Newton steps on the negative Hessian, damped by Levenberg (1944) whenever it is not positive
/// definite or the step does not satisfy Armijo's rule; converged when the largest free component of
/// the gradient is below 1e-9 (or below 1e-5 where no step improves the value in floating point or 200
/// steps along a flat ridge are used up).
pub(crate) fn maximise<const K: usize>(
    start: [f64; K],
    limit: f64,
    evaluate: impl Fn(&[f64; K]) -> Evaluation<K>,
) -> Maximum<K> {
    maximise_to(GRADIENT_TOLERANCE, start, limit, evaluate)
}

/// As [`maximise`], with another tolerance than 1e-9.
pub(crate) fn maximise_to<const K: usize>(
    tolerance: f64,
    start: [f64; K],
    limit: f64,
    evaluate: impl Fn(&[f64; K]) -> Evaluation<K>,
) -> Maximum<K> {
    let mut point = start.map(|value| value.clamp(-limit, limit));
    let mut at = evaluate(&point);
    let mut damping = 0.0;
    let mut iterations = 0;
    let mut norm = f64::INFINITY;
    while iterations < MOST_ITERATIONS {
        let free: [bool; K] = std::array::from_fn(|i| {
            let pushed_out = point[i].abs() >= limit && point[i] * at.gradient[i] > 0.0;
            !pushed_out
        });
        norm = largest_free(&at.gradient, &free);
        if norm < tolerance {
            break;
        }
        iterations += 1;
        let Some((next_point, next)) = damped_step(&point, &at, &free, norm, limit, &mut damping, &evaluate) else {
            break;
        };
        point = next_point;
        at = next;
    }
    Maximum {
        at_limit: point.map(|value| value.abs() >= limit),
        point,
        at,
        iterations,
        converged: norm < STALLED_TOLERANCE,
    }
}

/// One accepted step, or `None` when no damping finds an improvement.
fn damped_step<const K: usize>(
    point: &[f64; K],
    at: &Evaluation<K>,
    free: &[bool; K],
    norm: f64,
    limit: f64,
    damping: &mut f64,
    evaluate: &impl Fn(&[f64; K]) -> Evaluation<K>,
) -> Option<([f64; K], Evaluation<K>)> {
    let scale = (0..K).map(|i| at.hessian[i][i].abs()).fold(1e-8, f64::max);
    for _ in 0..MOST_TRIALS {
        let mut matrix = negative_hessian(at, free, *damping);
        if !dense::factor(&mut matrix, K) {
            *damping = (*damping * 8.0).max(scale * 1e-6);
            continue;
        }
        let mut step: [f64; K] = std::array::from_fn(|i| if free[i] { at.gradient[i] } else { 0.0 });
        dense::solve(&matrix, K, &mut step);
        let longest = step.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        if longest > LONGEST_STEP {
            step = step.map(|value| value * LONGEST_STEP / longest);
        }
        let next_point: [f64; K] = std::array::from_fn(|i| (point[i] + step[i]).clamp(-limit, limit));
        let next = evaluate(&next_point);
        let promised: f64 = (0..K).map(|i| at.gradient[i] * (next_point[i] - point[i])).sum();
        let gained = next.value - at.value;
        let rounding = 1e-12 * (1.0 + at.value.abs());
        let closer = gained >= -rounding && largest_free(&next.gradient, free) < norm;
        if next.value.is_finite() && (gained > 1e-4 * promised.max(rounding) || closer) {
            *damping = if *damping > scale * 1e-6 { *damping / 8.0 } else { 0.0 };
            return Some((next_point, next));
        }
        *damping = (*damping * 8.0).max(scale * 1e-4);
    }
    None
}

fn largest_free<const K: usize>(gradient: &[f64; K], free: &[bool; K]) -> f64 {
    let mut most = 0.0_f64;
    for i in 0..K {
        if free[i] {
            most = most.max(gradient[i].abs());
        }
    }
    most
}

/// Row-major negative Hessian of the free variables plus `damping` on the diagonal; fixed variables
/// get a unit row.
fn negative_hessian<const K: usize>(at: &Evaluation<K>, free: &[bool; K], damping: f64) -> Vec<f64> {
    let mut matrix = vec![0.0; K * K];
    for i in 0..K {
        for j in 0..K {
            matrix[i * K + j] = match (free[i] && free[j], i == j) {
                (true, true) => damping - at.hessian[i][j],
                (true, false) => -at.hessian[i][j],
                (false, same) => f64::from(u8::from(same)),
            };
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minus Rosenbrock's function: maximum 0 at (1, 1), indefinite Hessian on the way.
    fn rosenbrock(point: &[f64; 2]) -> Evaluation<2> {
        let [x, y] = *point;
        let valley = y - x * x;
        let cross = 400.0 * x;
        Evaluation {
            value: -(100.0 * valley * valley + (1.0 - x) * (1.0 - x)),
            gradient: [400.0 * x * valley + 2.0 * (1.0 - x), -200.0 * valley],
            hessian: [[400.0 * (y - 3.0 * x * x) - 2.0, cross], [cross, -200.0]],
        }
    }

    #[test]
    fn finds_rosenbrock_maximum() {
        let found = maximise([-1.2, 1.0], 20.0, rosenbrock);
        assert!(found.converged);
        assert!((found.point[0] - 1.0).abs() < 1e-8 && (found.point[1] - 1.0).abs() < 1e-8);
    }

    #[test]
    fn stops_on_the_limit() {
        let found = maximise([0.1], 3.0, |point| Evaluation { value: point[0], gradient: [1.0], hessian: [[0.0]] });
        assert!(found.converged && found.at_limit[0]);
        assert_eq!(found.point[0], 3.0);
    }
}
