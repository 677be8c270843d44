//! Gamma-Gamma model of the average value of an order.
//!
//! A customer's order values vary around a personal mean; the mean of x orders is Gamma(p x, nu x)
//! and nu is Gamma(q, gamma) over customers. Independent of how often a customer orders: check the
//! correlation first. Source: Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value".

use super::chunks::fold_chunks;
use super::newton::{Evaluation, maximise};
use super::special_functions::{digamma, ln_gamma_ratio, trigamma};

/// Fits by maximum likelihood (eq. 1a) from customers' `orders` (x, the number of orders averaged; the
/// convention of CDNOW's results is *repeat* orders) and `mean_values` (their mean value, any currency
/// unit). Customers with no orders or a mean value that is not positive are left out.
///
/// Newton's method on the log parameters, as for [`super::btyd`].
///
/// # Errors
/// [`GammaGammaError`] when fewer than two customers are left or all have the same mean value.
pub fn fit(orders: &[u32], mean_values: &[f64]) -> Result<GammaGammaFit, GammaGammaError> {
    let mut customers: Vec<(u32, f64)> = orders
        .iter()
        .copied()
        .zip(mean_values.iter().copied())
        .filter(|(count, mean)| *count > 0 && *mean > 0.0 && mean.is_finite())
        .collect();
    if customers.len() < 2 {
        return Err(GammaGammaError::TooFew);
    }
    let first = customers[0].1;
    if customers.iter().all(|customer| customer.1 == first) {
        return Err(GammaGammaError::NoVariation);
    }
    customers.sort_unstable_by(|l, r| l.0.cmp(&r.0).then(l.1.total_cmp(&r.1)));
    let centre = customers.iter().map(|customer| customer.1).sum::<f64>() / customers.len() as f64;
    // In units of the mean value the search starts at the same place for every currency.
    let data = Data::new(&customers, centre);
    let found = maximise([1.0, 1.0, 0.5], LOG_LIMIT, |point| data.mean_log_likelihood(point));
    let [p, q, scaled_gamma] = found.point.map(f64::exp);
    let log_standard_errors = found.standard_errors(data.count);
    let is_interior = !found.at_limit.contains(&true) && log_standard_errors.iter().all(|&error| error <= 1.0);
    Ok(GammaGammaFit {
        params: GammaGamma { p, q, gamma: scaled_gamma * centre },
        log_likelihood: (found.at.value - centre.ln()) * data.count,
        customers: customers.len(),
        iterations: found.iterations,
        converged: found.converged,
        log_standard_errors,
        well_identified: is_interior && q > 1.0,
    })
}

/// Parameters, all positive; `gamma` in the currency unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    /// Shape of order values within a customer.
    pub p: f64,
    /// Shape across customers.
    pub q: f64,
    /// Scale across customers (`v` in lifetimes).
    pub gamma: f64,
}

impl GammaGamma {
    /// Expected mean order value of a customer with `orders` orders of mean `mean_value` (eq. 5):
    /// `(gamma + mean orders) p / (p orders + q - 1)`; the population mean without orders.
    ///
    /// `None` where the expectation is infinite, `p orders + q <= 1`: possible only without orders, or
    /// nearly so, when q <= 1.
    pub fn expected_value(&self, orders: u32, mean_value: f64) -> Option<f64> {
        let orders = f64::from(orders);
        let denominator = self.p * orders + self.q - 1.0;
        let spent = if orders > 0.0 { orders * mean_value } else { 0.0 };
        (denominator > 0.0).then(|| (self.gamma + spent) * self.p / denominator)
    }

    /// Mean order value over all customers, `p gamma / (q - 1)`; `None` for q <= 1.
    pub fn population_mean(&self) -> Option<f64> {
        self.expected_value(0, 0.0)
    }
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct GammaGammaFit {
    /// Maximum-likelihood parameters.
    pub params: GammaGamma,
    /// Log-likelihood, summed over the customers used.
    pub log_likelihood: f64,
    /// Customers used.
    pub customers: usize,
    /// Newton steps taken.
    pub iterations: usize,
    /// Whether the gradient criterion was met.
    pub converged: bool,
    /// Standard errors of ln p, ln q, ln gamma.
    pub log_standard_errors: [f64; 3],
    /// False when a parameter ended on the limit of the search or is known no better than to a factor
    /// of 2.7, or q <= 1 (no finite population mean).
    pub well_identified: bool,
}

/// Why no model can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GammaGammaError {
    /// Fewer than two customers with orders of positive mean value.
    TooFew,
    /// All customers have the same mean value.
    NoVariation,
}

impl std::fmt::Display for GammaGammaError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::TooFew => "fewer than two customers with orders of positive value",
            Self::NoVariation => "all customers have the same mean value",
        })
    }
}

impl std::error::Error for GammaGammaError {}

/// Search limit of the absolute log parameters (gamma in units of the average value): a factor of
/// 10,000, beyond which the likelihood is flat and log-gamma differences lose their digits.
const LOG_LIMIT: f64 = 9.2;

/// Customers sorted by orders, with what does not depend on the parameters added up.
struct Data {
    /// Orders x and x times mean value, in units of the average.
    rows: Vec<(f64, f64)>,
    /// Distinct orders and the customers with them.
    counts: Vec<(f64, f64)>,
    count: f64,
    /// Sum of `ln m`.
    log_mean: f64,
}

impl Data {
    fn new(customers: &[(u32, f64)], centre: f64) -> Self {
        let rows: Vec<(f64, f64)> =
            customers.iter().map(|&(orders, mean)| (f64::from(orders), f64::from(orders) * (mean / centre))).collect();
        let counts = rows.chunk_by(|left, right| left.0 == right.0).map(|run| (run[0].0, run.len() as f64)).collect();
        let log_mean = rows.iter().map(|(orders, spent)| (spent / orders).ln()).sum();
        Self { count: rows.len() as f64, rows, counts, log_mean }
    }

    /// Mean log-likelihood by `ln p, ln q, ln gamma`, per customer: `ln G(px+q) - ln G(px) - ln G(q) +
    /// px ln(xm/(gamma+xm)) - q ln(1+xm/gamma) - ln m`, eq. 1a arranged so that nothing large cancels.
    fn mean_log_likelihood(&self, log_parameters: &[f64; 3]) -> Evaluation<3> {
        let parameters = log_parameters.map(f64::exp);
        let [p, q, gamma] = parameters;
        let mut sum = fold_chunks(
            self.rows.len(),
            |range| {
                let mut sum = Evaluation::default();
                for &(orders, spent) in &self.rows[range] {
                    add_customer(orders, spent, &parameters, &mut sum);
                }
                sum
            },
            Evaluation::add,
        );
        for &(x, n) in &self.counts {
            let (px, both) = (p * x, p * x + q);
            let (large, small) = (px.max(q), px.min(q));
            sum.value += n * (ln_gamma_ratio(large, small) - libm::lgamma(small));
            sum.gradient[0] += n * x * (digamma(both) - digamma(px));
            sum.gradient[1] += n * (digamma(both) - digamma(q));
            let bend = trigamma(both);
            sum.hessian[0][0] += n * x * x * (bend - trigamma(px));
            sum.hessian[0][1] += n * x * bend;
            sum.hessian[1][1] += n * (bend - trigamma(q));
        }
        let n = self.count;
        sum.value -= self.log_mean;
        sum.gradient[2] += n * q / gamma;
        sum.hessian[1][2] += n / gamma;
        sum.hessian[2][2] -= n * q / (gamma * gamma);
        sum.scale(1.0 / n);
        sum.change_to_logarithms(&parameters);
        sum
    }
}

/// Adds `px ln(xm/(gamma+xm)) - q ln(1+xm/gamma)` and its derivatives, but for those of `q ln gamma`.
fn add_customer(orders: f64, spent: f64, parameters: &[f64; 3], sum: &mut Evaluation<3>) {
    let [p, q, gamma] = *parameters;
    let below = (gamma / spent).ln_1p();
    let above = (spent / gamma).ln_1p();
    let shape = p * orders + q;
    let inverse = 1.0 / (gamma + spent);
    sum.value -= p * orders * below + q * above;
    sum.gradient[0] -= orders * below;
    sum.gradient[1] -= above;
    sum.gradient[2] -= shape * inverse;
    sum.hessian[0][2] -= orders * inverse;
    sum.hessian[1][2] -= inverse;
    sum.hessian[2][2] += shape * inverse * inverse;
}

#[cfg(test)]
mod tests {
    use super::super::cdnow;
    use super::*;

    #[test]
    fn derivatives_match_central_differences() {
        let customers: Vec<(u32, f64)> = (0..30).map(|i| (1 + i / 10, 5.0 + f64::from(i * 17 % 23))).collect();
        let data = Data::new(&customers, 10.0);
        let point = [1.2, 0.9, 0.4];
        let at = data.mean_log_likelihood(&point);
        for i in 0..3 {
            let (mut up, mut down) = (point, point);
            up[i] += 1e-5;
            down[i] -= 1e-5;
            let (up, down) = (data.mean_log_likelihood(&up), data.mean_log_likelihood(&down));
            assert!(((up.value - down.value) / 2e-5 - at.gradient[i]).abs() < 1e-8);
            for j in 0..3 {
                let bend = (up.gradient[j] - down.gradient[j]) / 2e-5;
                assert!((bend - at.hessian[i][j]).abs() < 1e-7, "{i} {j}");
            }
        }
    }

    #[test]
    fn matches_fader_hardie_2013_cdnow() {
        // Published 6.25, 3.74, 15.44; more digits from lifetimes, polished.
        for (file, expected, log_likelihood) in [
            ("CDNOW_sample.txt", [6.249_572_27, 3.744_224_68, 15.443_521_05], -4_055.917_695),
            ("CDNOW_master.txt", [6.275_358, 3.624_450_1, 14.983_690], -40_763.476_261),
        ] {
            let Some(customers) = cdnow::customers(file) else {
                return;
            };
            let orders: Vec<u32> = customers.iter().map(|c| c.repeats).collect();
            let means: Vec<f64> = customers.iter().map(|c| c.mean_repeat_value).collect();
            let fit = fit(&orders, &means).unwrap();
            println!("{file} {fit:?}");
            assert!(fit.converged && fit.well_identified);
            assert!((fit.log_likelihood - log_likelihood).abs() < 1e-4);
            let GammaGamma { p, q, gamma } = fit.params;
            for (value, expected) in [p, q, gamma].iter().zip(expected) {
                assert!((value / expected - 1.0).abs() < 1e-6, "{value} {expected}");
            }
        }
    }

    #[test]
    fn matches_fader_hardie_2013_conditional_means() {
        // First rows of the CDNOW summary: 24.65, 18.91, 35.17 (lifetimes' tests).
        let params = GammaGamma { p: 6.249_572_273_737_37, q: 3.744_224_678_737_351_7, gamma: 15.443_521_048_665_223 };
        for (orders, mean, expected) in [(2, 22.345, 24.653_918_72), (1, 11.77, 18.910_018_49), (0, 0.0, 35.170_371_33)]
        {
            let value = params.expected_value(orders, mean).unwrap();
            assert!((value - expected).abs() < 1e-7, "{value}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_identified_and_flags_infinite_means() {
        assert_eq!(fit(&[0, 1, 2], &[5.0, 5.0, 0.0]), Err(GammaGammaError::TooFew));
        assert_eq!(fit(&[1, 2], &[5.0, 5.0]), Err(GammaGammaError::NoVariation));
        let heavy = GammaGamma { p: 2.0, q: 0.9, gamma: 10.0 };
        assert_eq!(heavy.population_mean(), None);
        assert!(heavy.expected_value(3, 10.0).is_some());
    }

    #[test]
    fn currency_unit_only_scales_gamma() {
        let orders: Vec<u32> = (0..200).map(|i| 1 + i % 5).collect();
        let values: Vec<f64> = (0..200).map(|i| 4.0 + f64::from(i * 37 % 101)).collect();
        let cents: Vec<f64> = values.iter().map(|value| value * 100.0).collect();
        let (left, right) = (fit(&orders, &values).unwrap(), fit(&orders, &cents).unwrap());
        assert!(left.converged && right.converged);
        assert!((left.params.p / right.params.p - 1.0).abs() < 1e-6);
        assert!((left.params.gamma * 100.0 / right.params.gamma - 1.0).abs() < 1e-6);
    }
}
