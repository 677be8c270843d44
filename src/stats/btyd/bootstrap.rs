//! Sampling error of a fit: refits to resampled customers.

use rand::SeedableRng;
use rand_distr::{Distribution, Poisson};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::fit::{Fit, FitError, search};
use super::histories::Histories;
use super::{Params, Triple};

/// Refits to resampled customers.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// The parameters of each refit, in the order of the resamples.
    pub params: Vec<Params>,
    /// Refits that did not converge; they are among `params`.
    pub not_converged: usize,
}

impl Bootstrap {
    /// Covariance of the logarithms of r, alpha, a, b over the refits; 0 for what the model does not have.
    pub fn log_covariance(&self) -> [[f64; 4]; 4] {
        let logs: Vec<[f64; 4]> = self.params.iter().map(logarithms).collect();
        let count = logs.len().max(2) as f64;
        let mean: [f64; 4] = std::array::from_fn(|i| logs.iter().map(|log| log[i]).sum::<f64>() / count);
        let product = |i: usize, j: usize| logs.iter().map(|log| (log[i] - mean[i]) * (log[j] - mean[j])).sum::<f64>();
        std::array::from_fn(|i| std::array::from_fn(|j| product(i, j) / (count - 1.0)))
    }

    /// The share-th smallest value of a parameter over the refits, e.g. .1 and .9.
    pub fn quantile(&self, share: f64, of: impl Fn(&Params) -> f64) -> Option<f64> {
        let mut values: Vec<f64> = self.params.iter().map(of).collect();
        values.sort_unstable_by(f64::total_cmp);
        let place = (share * values.len().saturating_sub(1) as f64).round() as usize;
        values.get(place).copied()
    }
}

fn logarithms(params: &Params) -> [f64; 4] {
    [params.r, params.alpha, params.a, params.b].map(|value| if value > 0.0 { value.ln() } else { 0.0 })
}

/// Fits the model of `fit` to `resamples` resamples of its customers, each from the parameters of `fit`.
///
/// Every history is given a Poisson number of its customers (the Poisson bootstrap: multinomial but for the
/// total), so a resample costs no more than the distinct histories. Equal `seed`, equal results, at any
/// number of threads.
///
/// # Errors
/// [`FitError`] when the data cannot identify any model.
pub fn bootstrap(fit: &Fit, triples: &[Triple], resamples: usize, seed: u64) -> Result<Bootstrap, FitError> {
    super::fit::check(triples)?;
    let histories = Histories::new(triples);
    let refit = |resample: usize| {
        let mut histories = histories.clone();
        histories.set_weights(&resample_weights(triples, seed, resample as u64));
        search(&histories, &fit.params, CLOSE)
    };
    let found: Vec<_> = (0..resamples).into_par_iter().map(refit).collect();
    let not_converged = found.iter().filter(|found| !found.converged).count();
    Ok(Bootstrap { params: found.into_iter().map(|found| found.params).collect(), not_converged })
}

/// Tolerance of the gradient: the parameters are then known to a hundredth of a standard error or better.
const CLOSE: f64 = 1e-6;

fn resample_weights(triples: &[Triple], seed: u64, resample: u64) -> Vec<f64> {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed ^ resample.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let draw = |triple: &Triple| match Poisson::new(triple.weight) {
        Ok(poisson) => poisson.sample(&mut generator),
        Err(_) => 0.0,
    };
    triples.iter().map(draw).collect()
}
