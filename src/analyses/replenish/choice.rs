//! Which way to rank what is bought again did best on the user's own customers.

use rayon::prelude::*;

use super::{Due, Replenish, Row};
use crate::analyses::model_card::Metric;
use crate::analyses::offers::neighbours::Neighbours;
use crate::analyses::offers::purchases::{Distinct, spread};
use crate::analyses::offers::ranking::Quality;
use crate::analyses::offers::repeats::{BASELINES, Candidate, Knowledge, Model, WAYS, Way};
use crate::analyses::offers::{Tried, best, discoveries};
use crate::facts::Purchases;

/// The way that serves, and what was learned of it.
pub(super) struct Chosen {
    pub tried: Vec<Tried>,
    way: Way,
    model: Model,
    days: std::ops::Range<i32>,
    /// Mean probability of what might have been bought again in the test days, by the model that had not seen them, and
    /// the share that was.
    checked: Option<(f64, f64)>,
}

/// The rule to be beaten: his own frequency, then everybody's.
const NAIVE: usize = 2;
/// Nearest products of each product, for the baseline.
const NEIGHBOURS: usize = 200;

impl Replenish {
    /// `None` where too few customers bought anything again, or where the regression has nothing to learn from.
    pub(super) fn choose(&self, purchases: &Purchases, as_of: i32) -> Option<Chosen> {
        let horizon = self.horizon_days as i32;
        let window = |end: i32| end.saturating_sub_unsigned(self.window_days)..end;
        let sample = |end: i32| {
            let knows = |customer: usize| purchases.kept(customer, &window(end)).next().is_some();
            spread(purchases.customers(), self.test_customers as usize, knows)
        };
        let neighbours = |end: i32| {
            let distinct = Distinct::of(purchases, &window(end), discoveries::HISTORY);
            Neighbours::of(&distinct, purchases.n_products, NEIGHBOURS)
        };
        let test_from = as_of - horizon;
        let earlier = Knowledge::of(purchases, window(test_from - horizon));
        let customers = sample(test_from - horizon);
        let learning: Vec<usize> = customers.iter().copied().step_by(2).collect();
        let judging: Vec<usize> = customers.iter().copied().skip(1).step_by(2).collect();
        let model = earlier.fit(&learning, horizon)?;
        let chosen_on = earlier.judge(&judging, horizon, &neighbours(test_from - horizon), Some(&model));
        if chosen_on[0].customers < self.min_test_customers / 2 {
            return None;
        }
        // Neighbourhoods are not built for the day of the list: here they are a baseline only.
        let may_serve: Vec<Quality> = (chosen_on.iter().zip(WAYS))
            .map(|(quality, (_, way))| if way == Way::ItemKnn { Quality::default() } else { *quality })
            .collect();
        let serves = best(&may_serve);
        let model = earlier.fit(&customers, horizon)?;
        let later = Knowledge::of(purchases, window(test_from));
        let customers = sample(test_from);
        let tested_on = later.judge(&customers, horizon, &neighbours(test_from), Some(&model));
        let serves = if tested_on[serves].ndcg() > tested_on[NAIVE].ndcg() { serves } else { NAIVE };
        let checked = later.check(&customers, horizon, &model);
        let model = later.fit(&customers, horizon)?;
        let tried = Tried::all(WAYS.iter().map(|(name, _)| *name), BASELINES, serves, chosen_on, tested_on);
        Some(Chosen { tried, way: WAYS[serves].1, model, days: window(as_of), checked })
    }
}

impl Chosen {
    /// Scores and probabilities of what is due; `due` is by customer.
    pub(super) fn score(&self, purchases: &Purchases, due: Vec<Due>) -> Vec<Row> {
        let now = Knowledge::of(purchases, self.days.clone());
        let customers: Vec<&[Due]> = due.chunk_by(|left, right| left.customer == right.customer).collect();
        let parts: Vec<Vec<Row>> = customers
            .par_chunks(1024)
            .map(|customers| {
                let (mut rows, mut found) = (Vec::new(), Vec::new());
                let mut scored = Vec::new();
                for due in customers {
                    let customer = due[0].customer as usize;
                    now.candidates(customer, &mut rows, &mut found);
                    let shared = now.activity(customer, &found);
                    for due in *due {
                        let at = found.binary_search_by_key(&due.product, |candidate: &Candidate| candidate.product);
                        // What was last bought before the window is not known here.
                        let Ok(at) = at else { continue };
                        let columns = now.columns(&found[at], &shared);
                        let score = match self.way {
                            Way::Model => self.model.logit(&columns),
                            way => now.score(way, &found[at]),
                        };
                        let probability = self.model.probability(&columns);
                        scored.push(Row { due: *due, score, probability, margin: 0, known_margin: false });
                    }
                }
                scored
            })
            .collect();
        parts.concat()
    }

    /// Lines of the model card.
    pub(super) fn metrics(&self) -> Vec<Metric> {
        let naive = &self.tried[NAIVE];
        let Some(served) = self.tried.iter().find(|tried| tried.serves) else { return Vec::new() };
        let (served, beside) = (&served.tested_on, naive.method);
        let no_better = naive.serves;
        vec![
            Metric::of("test_customers", f64::from(served.customers)),
            Metric::of("recall_10", served.recall()).against(beside, naive.tested_on.recall()),
            Metric::of("ndcg_10", served.ndcg()).against(beside, naive.tested_on.ndcg()),
            Metric::of("ndcg_10_standard_error", served.ndcg_error()),
            Metric::of("hit_rate_10", served.hit_rate()).against(beside, naive.tested_on.hit_rate()),
            Metric::of("no_better_than_frequency", f64::from(u8::from(no_better))),
            Metric::of("mean_probability", self.checked.map(|checked| checked.0))
                .against("share_bought", self.checked.map(|checked| checked.1)),
        ]
    }
}
