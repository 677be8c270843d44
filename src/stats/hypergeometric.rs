//! Upper tail of the hypergeometric distribution, accurate to near machine precision at any size.

/// `P(X >= successes)` for `X` successes in `draws` draws without replacement from `population` with
/// `marked` marked items: the p-value of the one-sided Fisher exact test for attraction.
///
/// The caller guarantees a possible table: `successes <= draws, marked <= population` and
/// `draws - successes <= population - marked`. One term by Loader's saddle point (below), the others by
/// their ratio, summing the shorter tail; terms below 1e-17 of the sum are left out.
pub(crate) fn upper_tail(population: u64, marked: u64, draws: u64, successes: u64) -> f64 {
    let at_least = draws.saturating_sub(population - marked);
    if successes <= at_least {
        return 1.0;
    }
    let (n, k, m) = (population as f64, marked as f64, draws as f64);
    // X+1 against X: (k - x)(m - x) / ((x + 1)(n - k - m + x + 1))
    let ratio = |x: f64| (k - x) * (m - x) / ((x + 1.0) * (n - k - m + x + 1.0));
    let x = successes as f64;
    if x * n > k * m {
        sum_of_terms(mass(n, k, m, x), x, 1.0, ratio)
    } else {
        let below = x - 1.0;
        1.0 - sum_of_terms(mass(n, k, m, below), below, -1.0, |x| 1.0 / ratio(x - 1.0))
    }
}

/// Sums terms from `first` at `x`, moving by `direction`; `ratio(x)` is the next term over that at `x`.
fn sum_of_terms(first: f64, x: f64, direction: f64, ratio: impl Fn(f64) -> f64) -> f64 {
    let (mut relative, mut total, mut x) = (1.0, 1.0, x);
    loop {
        let factor = ratio(x);
        relative *= factor;
        // Also stops at the end of the support, where the factor is 0.
        if !(relative > total * 1e-17 && factor.is_finite()) {
            return (first * total).min(1.0);
        }
        total += relative;
        x += direction;
    }
}

/// Hypergeometric probability of `x` in terms of three binomials, Loader (2000), "Fast and Accurate
/// Computation of Binomial Probabilities", as in R's `dhyper`.
fn mass(n: f64, k: f64, m: f64, x: f64) -> f64 {
    let p = m / n;
    let log = log_binomial(x, k, p) + log_binomial(m - x, n - k, p) - log_binomial(m, n, p);
    log.exp()
}

/// Log of the binomial probability of `x` in `n` at `p`.
fn log_binomial(x: f64, n: f64, p: f64) -> f64 {
    let q = 1.0 - p;
    if x == 0.0 {
        return if n == 0.0 { 0.0 } else { n * libm::log1p(-p) };
    }
    if x == n {
        return n * p.ln();
    }
    let stirling = stirling_error(n) - stirling_error(x) - stirling_error(n - x);
    let deviance = deviance(x, n * p) + deviance(n - x, n * q);
    let variance = std::f64::consts::TAU * x * (n - x) / n;
    stirling - deviance - 0.5 * variance.ln()
}

/// `x ln(x / mean) + mean - x` without cancellation near `x = mean` (Loader's bd0).
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() + mean - x;
    }
    let v = difference / (x + mean);
    let mut total = difference * v;
    let mut power = 2.0 * x * v;
    for j in 1..1_000 {
        power *= v * v;
        let next = total + power / f64::from(2 * j + 1);
        if next == total {
            break;
        }
        total = next;
    }
    total
}

/// `ln n! - ln(sqrt(2 pi n) (n/e)^n)` for whole `n` >= 1 (Loader's stirlerr).
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let base = (n + 0.5) * n.ln() - n + 0.5 * std::f64::consts::TAU.ln();
        return libm::lgamma(n + 1.0) - base;
    }
    let square = n * n;
    let tail = 1.0 / 1_680.0 - (1.0 / 1_188.0 - 691.0 / 360_360.0 / square) / square;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1_260.0 - tail / square) / square) / square) / n
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64) -> bool {
        (value / expected - 1.0).abs() < 1e-13
    }

    #[test]
    fn matches_lady_tasting_tea_fisher_1935() {
        assert!(close(upper_tail(8, 4, 4, 4), 1.0 / 70.0));
        assert!(close(upper_tail(8, 4, 4, 3), 17.0 / 70.0));
        assert!(close(upper_tail(8, 4, 4, 1), 69.0 / 70.0));
        assert_eq!(upper_tail(8, 4, 4, 0), 1.0);
    }

    #[test]
    fn whole_support_sums_to_one() {
        for (n, k, m) in [(50, 20, 30), (1_000, 10, 999), (9_835, 327, 19)] {
            let low = u64::saturating_sub(m, n - k);
            for x in low + 1..=u64::min(k, m) {
                let (n, k, m, below) = (n as f64, k as f64, m as f64, (x - 1) as f64);
                let step =
                    upper_tail(n as u64, k as u64, m as u64, x - 1) - upper_tail(n as u64, k as u64, m as u64, x);
                assert!((step - mass(n, k, m, below)).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn edges_of_the_support() {
        assert_eq!(upper_tail(10, 10, 4, 4), 1.0);
        assert_eq!(upper_tail(10, 4, 10, 4), 1.0);
        assert!(close(upper_tail(10, 1, 1, 1), 0.1));
    }
}
