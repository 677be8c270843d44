//! From what offers promise to what comes true: counts over all customers know nothing of who has fallen silent.

use crate::analyses::offers::repeats::Model;
use crate::analyses::offers::rhythm::Activity;

/// What became of one earlier offer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// What was promised.
    pub probability: f64,
    /// How active the customer was.
    pub activity: Activity,
    /// Whether it came true.
    pub kept: bool,
}

/// How far offers of a kind keep their promise.
#[derive(Debug)]
pub(super) struct Promise {
    /// By what was promised and how active the customer is; `None` where too few came true, or too few did not.
    model: Option<Model>,
    /// The share that came true ÷ the share promised.
    ratio: f64,
    /// The most that is ever said without a model: however many came true, the next may not.
    most: f64,
}

impl Promise {
    /// Learns from earlier offers; nothing is learned from fewer than `fewest`. Without a model, as if `shrinkage` more
    /// of them had kept their promise.
    pub(super) fn learn(outcomes: &[Outcome], fewest: u32, shrinkage: f64) -> Promise {
        if outcomes.len() < fewest as usize {
            return Promise { model: None, ratio: 1.0, most: 1.0 };
        }
        let design = outcomes.iter().flat_map(|outcome| columns(outcome.probability, &outcome.activity)).collect();
        let kept: Vec<f64> = outcomes.iter().map(|outcome| f64::from(u8::from(outcome.kept))).collect();
        let (came_true, n) = (kept.iter().sum::<f64>(), kept.len() as f64);
        let promised: f64 = outcomes.iter().map(|outcome| outcome.probability).sum();
        let ratio = if promised > 0.0 { (n * came_true / promised + shrinkage) / (n + shrinkage) } else { 1.0 };
        Promise { model: Model::fit(design, &kept), ratio, most: (n + 0.5) / (n + 1.0) }
    }

    /// What is said of an offer.
    pub(super) fn of(&self, probability: f64, activity: &Activity) -> f64 {
        match &self.model {
            Some(model) => model.probability(&columns(probability, activity)),
            None => (probability * self.ratio).min(self.most),
        }
    }
}

fn columns(probability: f64, [active, silent, late, square]: &Activity) -> [f64; 6] {
    let odds = probability.clamp(1e-6, 1.0 - 1e-6);
    [1.0, (odds / (1.0 - odds)).ln(), *active, *silent, *late, *square]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_always_came_true_is_still_not_certain() {
        let kept = Outcome { probability: 0.5, activity: Activity::default(), kept: true };
        let promise = Promise::learn(&[kept; 200], 100, 20.0);
        assert!((promise.of(0.9, &kept.activity) - 200.5 / 201.0).abs() < 1e-12);
        let untaught = Promise::learn(&[kept; 99], 100, 20.0);
        assert_eq!(untaught.of(0.9, &kept.activity), 0.9);
    }
}
