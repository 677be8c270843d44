//! Correcting a model of orders by what it missed when it was asked at an earlier day.
//!
//! Two things go wrong with every such model: the level (a season, a trend), and how far it writes off who has
//! been silent. So two numbers are learned from an earlier day whose outcome is known, one pair for the
//! expected orders, one for the probability of any:
//!
//! `ln orders = ln expected + level + slope (ln alive - centre)` (Poisson, quasi-likelihood),
//! `log odds of any order = log odds by the model + level + slope (ln alive - centre)` (logistic),
//!
//! `centre` being the mean of `ln alive` at that day. Both carry a normal prior around 0, so that few customers
//! correct little. After Platt (1999), Probabilistic Outputs for Support Vector Machines.

use super::newton::{Evaluation, maximise};

/// Customers with the same history: what the model said of them, and what came.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Customers.
    pub weight: f64,
    /// Expected orders of one, by the model.
    pub expected: f64,
    /// Probability of no order, by the model.
    pub zero: f64,
    /// Probability of being alive, by the model.
    pub alive: f64,
    /// Orders of all of them.
    pub orders: f64,
    /// Those with any order.
    pub active: f64,
    /// Sum of the squares of their orders.
    pub orders_squared: f64,
}

/// Standard deviation of the prior of either number.
const PRIOR: f64 = 0.5;
/// Below this a probability counts as this.
const LEAST: f64 = 1e-6;
const LOG_LIMIT: f64 = 5.0;

/// A correction of expected orders and of the probability of any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    orders: [f64; 2],
    odds: [f64; 2],
    orders_centre: f64,
    odds_centre: f64,
}

impl Calibration {
    /// Learns from an earlier day. `level_weight`, 0..1: how much of the level to believe. `None` without
    /// customers, or without both kinds of outcome.
    pub fn learn(groups: &[Group], level_weight: f64) -> Option<Calibration> {
        let customers: f64 = groups.iter().map(|of| of.weight).sum();
        let active: f64 = groups.iter().map(|of| of.active).sum();
        if !(active > 0.0 && active < customers) {
            return None;
        }
        let expected: f64 = groups.iter().map(|of| of.weight * of.expected).sum();
        let orders_centre = mean(groups, |of| of.weight * of.expected)?;
        let odds_centre = mean(groups, |of| of.weight)?;
        // Variance over mean: how many orders come together, and so count as one piece of evidence.
        let misses: f64 = groups
            .iter()
            .map(|of| of.orders_squared - 2.0 * of.orders * of.expected + of.weight * of.expected * of.expected)
            .sum();
        let spread = (misses / expected).max(1.0);
        let fitted = |of_group: &dyn Fn(&Group, f64) -> [f64; 3], centre: f64, spread: f64| {
            let found = maximise([0.0, 0.0], LOG_LIMIT, |point| {
                let mut sum = Evaluation::<2>::default();
                for group in groups {
                    let feature = [1.0, log_alive(group.alive) - centre];
                    let [value, slope, bend] = of_group(group, point[0] + point[1] * feature[1]);
                    sum.value += value;
                    for i in 0..2 {
                        sum.gradient[i] += slope * feature[i];
                        for j in 0..2 {
                            sum.hessian[i][j] -= bend * feature[i] * feature[j];
                        }
                    }
                }
                sum.scale(1.0 / spread);
                for (i, value) in point.iter().enumerate() {
                    sum.value -= 0.5 * value * value / (PRIOR * PRIOR);
                    sum.gradient[i] -= value / (PRIOR * PRIOR);
                    sum.hessian[i][i] -= 1.0 / (PRIOR * PRIOR);
                }
                sum.scale(1.0 / customers);
                sum
            });
            found.converged.then_some([level_weight * found.point[0], found.point[1]])
        };
        let poisson = |of: &Group, shift: f64| {
            let orders = of.weight * of.expected * shift.exp();
            [of.orders * shift - orders, of.orders - orders, orders]
        };
        let logistic = |of: &Group, shift: f64| {
            let odds = log_odds(1.0 - of.zero) + shift;
            let small = (-odds.abs()).exp();
            let share = 1.0 / (1.0 + small);
            let p = if odds >= 0.0 { share } else { small * share };
            let value = of.active * odds - of.weight * (odds.max(0.0) + small.ln_1p());
            [value, of.active - of.weight * p, of.weight * small * share * share]
        };
        Some(Calibration {
            orders: fitted(&poisson, orders_centre, spread)?,
            odds: fitted(&logistic, odds_centre, 1.0)?,
            orders_centre,
            odds_centre,
        })
    }

    /// What expected orders are multiplied with.
    pub fn factor(&self, alive: f64) -> f64 {
        (self.orders[0] + self.orders[1] * (log_alive(alive) - self.orders_centre)).exp()
    }

    /// The corrected probability of no order.
    pub fn zero(&self, zero: f64, alive: f64) -> f64 {
        let odds = log_odds(1.0 - zero) + self.odds[0] + self.odds[1] * (log_alive(alive) - self.odds_centre);
        1.0 / (1.0 + odds.exp())
    }

    /// Power of the probability of being alive that expected orders are multiplied with; below 0 where the model
    /// writes off too much.
    pub fn slope(&self) -> f64 {
        self.orders[1]
    }

    /// Level of the expected orders in force, as a factor.
    pub fn level(&self) -> f64 {
        self.orders[0].exp()
    }
}

/// Mean of `ln alive`.
fn mean(groups: &[Group], weight: impl Fn(&Group) -> f64) -> Option<f64> {
    let total: f64 = groups.iter().map(&weight).sum();
    let sum: f64 = groups.iter().map(|of| weight(of) * log_alive(of.alive)).sum();
    (total > 0.0 && sum.is_finite()).then(|| sum / total)
}

fn log_alive(alive: f64) -> f64 {
    alive.max(LEAST).ln()
}

fn log_odds(probability: f64) -> f64 {
    let kept = probability.clamp(1e-9, 1.0 - 1e-9);
    (kept / (1.0 - kept)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(alive: f64, expected: f64, orders: f64) -> Group {
        let zero = (-expected).exp();
        let active = 1_000.0 * (1.0 - (-orders).exp());
        let (total, squares) = (1_000.0 * orders, 1_000.0 * (orders + orders * orders));
        Group { weight: 1_000.0, expected, zero, alive, orders: total, active, orders_squared: squares }
    }

    #[test]
    fn learns_level_and_slope() {
        // Truth: orders = expected × 1.5 × alive^-.4.
        let alive = [0.1, 0.3, 0.6, 0.9];
        let groups: Vec<Group> =
            alive.iter().map(|alive| group(*alive, 0.8 * alive, 0.8 * alive * 1.5 * alive.powf(-0.4))).collect();
        let found = Calibration::learn(&groups, 1.0).unwrap();
        for of in &groups {
            let corrected = of.expected * found.factor(of.alive);
            assert!((corrected * 1_000.0 / of.orders - 1.0).abs() < 0.02, "{corrected} {of:?}");
            let active = 1_000.0 * (1.0 - found.zero(of.zero, of.alive));
            assert!((active / of.active - 1.0).abs() < 0.02, "{active} {of:?}");
        }
        let half = Calibration::learn(&groups, 0.5).unwrap();
        assert!((half.level() - found.level().sqrt()).abs() < 1e-9);
    }

    #[test]
    fn a_model_that_is_right_is_left_alone_and_few_customers_correct_little() {
        let right: Vec<Group> = [0.2, 0.5, 0.9].iter().map(|alive| group(*alive, *alive, *alive)).collect();
        let found = Calibration::learn(&right, 1.0).unwrap();
        assert!((found.factor(0.3) - 1.0).abs() < 0.01 && (found.zero(0.4, 0.3) - 0.4).abs() < 0.01);
        let few = Group { weight: 2.0, orders: 4.0, active: 1.0, orders_squared: 16.0, ..group(0.5, 0.5, 1.0) };
        assert!(Calibration::learn(&[few], 1.0).unwrap().level() < 1.5);
        assert_eq!(Calibration::learn(&[], 1.0), None);
        assert_eq!(Calibration::learn(&[Group { active: 2.0, ..few }], 1.0), None);
    }
}
