//! Ways to find what a customer will buy again, and how well each did.

use std::ops::Range;

use rayon::prelude::*;

use super::neighbours::Neighbours;
use super::purchases::{Decay, Demand};
use super::ranking::{Best, MEASURED, Quality};
use super::rhythm::Rhythm;
use crate::facts::Purchases;
use crate::stats::logistic;

/// A way to rank what a customer bought before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// By how often everybody bought it (G-top-frequency).
    Popularity,
    /// By how often he bought it, ties by product (P-top-frequency).
    Frequency,
    /// By how often he bought it, ties by how often everybody did (GP-top-frequency).
    FrequencyThenPopularity,
    /// The sum of cosines to all he bought.
    ItemKnn,
    /// His purchases, fading, plus so many for everybody's share.
    Blend {
        /// Days in which a purchase loses half its weight.
        half_life: f64,
        /// What the most popular product counts.
        popularity: f64,
    },
    /// Logistic regression on frequency, recency, pace, demand and his activity.
    Model,
}

/// All ways that are tried, the simplest first.
pub const WAYS: [(&str, Way); 14] = [
    ("popularity", Way::Popularity),
    ("frequency", Way::Frequency),
    ("frequency_then_popularity", Way::FrequencyThenPopularity),
    ("item_knn", Way::ItemKnn),
    ("blend_30_half", Way::Blend { half_life: 30.0, popularity: 0.5 }),
    ("blend_30_one", Way::Blend { half_life: 30.0, popularity: 1.0 }),
    ("blend_30_two", Way::Blend { half_life: 30.0, popularity: 2.0 }),
    ("blend_60_half", Way::Blend { half_life: 60.0, popularity: 0.5 }),
    ("blend_60_one", Way::Blend { half_life: 60.0, popularity: 1.0 }),
    ("blend_60_two", Way::Blend { half_life: 60.0, popularity: 2.0 }),
    ("blend_120_half", Way::Blend { half_life: 120.0, popularity: 0.5 }),
    ("blend_120_one", Way::Blend { half_life: 120.0, popularity: 1.0 }),
    ("blend_120_two", Way::Blend { half_life: 120.0, popularity: 2.0 }),
    ("model", Way::Model),
];

/// The ways that are no more than a naive rule.
pub const BASELINES: usize = 4;

/// Half-lives of the fading counts, days.
const HALF_LIVES: [f64; 3] = [30.0, 60.0, 120.0];
/// Half-life of recent demand, days.
const RECENT_DAYS: f64 = 15.0;
/// Columns of the model, the intercept included.
pub const COLUMNS: usize = 17;

/// What is told of a customer: his activity, and the logarithm of the number of products he knows.
pub type Shared = [f64; 5];

/// One product a customer bought before.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// The product.
    pub product: u32,
    /// Days on which he bought it.
    pub n_days: u32,
    /// The last of them.
    pub last: i32,
    /// Median days between them, half a day rounded up; 0 where there is one only.
    pub gap: i32,
    /// Days, fading by each half-life.
    faded: [f64; 3],
}

/// What was known on a day, ready to rank from.
pub struct Knowledge<'k> {
    purchases: &'k Purchases,
    /// What was bought on these days counts; they end on the day.
    pub days: Range<i32>,
    sold: Vec<f64>,
    most_sold: f64,
    /// Logarithms of the share of purchases, and of recent demand over usual demand.
    log_share: Vec<f64>,
    log_trend: Vec<f64>,
    decays: [Decay; 3],
}

impl<'k> Knowledge<'k> {
    /// Learns from what was bought on the days.
    pub fn of(purchases: &'k Purchases, days: Range<i32>) -> Knowledge<'k> {
        let Demand { sold, recent } = Demand::of(purchases, &days, RECENT_DAYS);
        let (all, all_recent) = (sold.iter().sum::<f64>().max(1.0), recent.iter().sum::<f64>().max(f64::MIN_POSITIVE));
        let log_share: Vec<f64> = sold.iter().map(|sold| ((sold + 1.0) / all).ln()).collect();
        let log_trend = recent
            .iter()
            .zip(&log_share)
            .map(|(recent, share)| (recent / all_recent + 1.0 / all).ln() - share)
            .collect();
        let decays = HALF_LIVES.map(|half_life| Decay::new(Some(half_life), days.end));
        let most_sold = sold.iter().copied().fold(1.0, f64::max);
        Knowledge { purchases, days, sold, most_sold, log_share, log_trend, decays }
    }

    /// What a customer bought and kept on the days, by product.
    pub fn candidates(&self, customer: usize, rows: &mut Vec<(u32, i32)>, found: &mut Vec<Candidate>) {
        rows.clear();
        rows.extend(self.purchases.kept(customer, &self.days).map(|(day, product)| (product, day)));
        rows.sort_unstable();
        found.clear();
        let mut gaps: Vec<i32> = Vec::new();
        for run in rows.chunk_by(|left, right| left.0 == right.0) {
            gaps.clear();
            gaps.extend(run.windows(2).map(|pair| pair[1].1 - pair[0].1));
            let mut faded = [0.0; 3];
            for (_, day) in run {
                faded.iter_mut().zip(&self.decays).for_each(|(sum, decay)| *sum += decay.at(*day));
            }
            found.push(Candidate {
                product: run[0].0,
                n_days: run.len() as u32,
                last: run[run.len() - 1].1,
                gap: median(&mut gaps),
                faded,
            });
        }
    }

    /// The columns of one candidate for the model; `customer` are those that his candidates share.
    pub fn columns(&self, candidate: &Candidate, customer: &Shared) -> [f64; COLUMNS] {
        let age = f64::from(self.days.end - candidate.last);
        let (log_age, gap) = (age.ln_1p(), f64::from(candidate.gap));
        let paced = candidate.n_days >= 3;
        let late = if candidate.n_days >= 2 { ((age + 1.0) / (gap + 1.0)).ln() } else { 0.0 };
        let product = candidate.product as usize;
        [
            1.0,
            f64::from(candidate.n_days).ln(),
            (candidate.faded[0] + 0.01).ln(),
            (candidate.faded[1] + 0.01).ln(),
            (candidate.faded[2] + 0.01).ln(),
            log_age,
            f64::from(u8::from(candidate.n_days == 1)),
            if paced { late } else { 0.0 },
            if paced { late * late } else { 0.0 },
            if candidate.n_days == 2 { late } else { 0.0 },
            self.log_share[product],
            self.log_trend[product],
            customer[0],
            customer[1],
            customer[2],
            customer[3],
            customer[4],
        ]
    }

    /// How active a customer is, and how many products he knows.
    pub fn activity(&self, customer: usize, candidates: &[Candidate]) -> Shared {
        let mut rhythm = Rhythm::until(self.days.end);
        self.purchases.kept(customer, &self.days).for_each(|(day, _)| rhythm.add(day));
        let [active, silent, late, square] = rhythm.activity(self.days.start);
        [active, silent, late, square, (candidates.len() as f64).ln_1p()]
    }

    /// Fits the model on what these customers bought again in the `horizon` days after; `None` where nothing can be
    /// learned.
    pub fn fit(&self, customers: &[usize], horizon: i32) -> Option<Model> {
        let parts: Vec<(Vec<f64>, Vec<f64>)> = customers
            .par_chunks(64)
            .map(|customers| {
                let (mut design, mut outcomes) = (Vec::new(), Vec::new());
                let (mut rows, mut found) = (Vec::new(), Vec::new());
                for customer in customers {
                    self.candidates(*customer, &mut rows, &mut found);
                    let shared = self.activity(*customer, &found);
                    let bought = self.bought_again(*customer, horizon, &found);
                    for (candidate, bought) in found.iter().zip(bought) {
                        design.extend(self.columns(candidate, &shared));
                        outcomes.push(f64::from(u8::from(bought)));
                    }
                }
                (design, outcomes)
            })
            .collect();
        let (mut design, mut outcomes) = (Vec::new(), Vec::new());
        for (part, bought) in parts {
            design.extend(part);
            outcomes.extend(bought);
        }
        Model::fit(design, &outcomes)
    }

    /// For each of his candidates whether he bought it again.
    fn bought_again(&self, customer: usize, horizon: i32, candidates: &[Candidate]) -> Vec<bool> {
        let mut bought = vec![false; candidates.len()];
        for (_, product) in self.purchases.kept(customer, &(self.days.end..self.days.end + horizon)) {
            if let Ok(place) = candidates.binary_search_by_key(&product, |candidate| candidate.product) {
                bought[place] = true;
            }
        }
        bought
    }

    /// How well each way ranks what the customers bought again in the `horizon` days after.
    pub fn judge(
        &self,
        customers: &[usize],
        horizon: i32,
        neighbours: &Neighbours,
        model: Option<&Model>,
    ) -> Vec<Quality> {
        let parts: Vec<Vec<Quality>> = customers
            .par_chunks(64)
            .map_init(
                || vec![NOWHERE; self.sold.len()],
                |places, customers| {
                    let mut qualities = vec![Quality::default(); WAYS.len()];
                    let (mut rows, mut found) = (Vec::new(), Vec::new());
                    let mut best = Best::new(MEASURED);
                    for customer in customers {
                        self.candidates(*customer, &mut rows, &mut found);
                        let bought = self.bought_again(*customer, horizon, &found);
                        let n_bought = bought.iter().filter(|bought| **bought).count();
                        if n_bought == 0 {
                            continue;
                        }
                        let shared = self.activity(*customer, &found);
                        for ((_, way), quality) in WAYS.iter().zip(&mut qualities) {
                            let near =
                                if *way == Way::ItemKnn { cosines(&found, neighbours, places) } else { Vec::new() };
                            best.clear();
                            for (place, candidate) in found.iter().enumerate() {
                                let score = match way {
                                    Way::ItemKnn => near[place],
                                    Way::Model => match model {
                                        Some(model) => model.logit(&self.columns(candidate, &shared)),
                                        None => continue,
                                    },
                                    way => self.score(*way, candidate),
                                };
                                best.add(score, candidate.product);
                            }
                            let place =
                                |product: &u32| found.binary_search_by_key(product, |candidate| candidate.product);
                            let hit = |product: u32| place(&product).is_ok_and(|place| bought[place]);
                            quality.add(best.list.iter().map(|(_, product)| *product), hit, n_bought);
                        }
                    }
                    qualities
                },
            )
            .collect();
        parts.iter().fold(vec![Quality::default(); WAYS.len()], |mut sums, part| {
            sums.iter_mut().zip(part).for_each(|(sum, part)| sum.merge(part));
            sums
        })
    }

    /// Mean probability of what these customers might buy again, and the share they did in the `horizon` days after.
    pub fn check(&self, customers: &[usize], horizon: i32, model: &Model) -> Option<(f64, f64)> {
        let parts: Vec<(f64, u64, u64)> = customers
            .par_chunks(64)
            .map(|customers| {
                let (mut rows, mut found) = (Vec::new(), Vec::new());
                let mut sums = (0.0, 0, 0);
                for customer in customers {
                    self.candidates(*customer, &mut rows, &mut found);
                    let shared = self.activity(*customer, &found);
                    for (candidate, bought) in found.iter().zip(self.bought_again(*customer, horizon, &found)) {
                        sums.0 += model.probability(&self.columns(candidate, &shared));
                        sums.1 += u64::from(bought);
                        sums.2 += 1;
                    }
                }
                sums
            })
            .collect();
        let sums = parts.iter().fold((0.0, 0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1, sum.2 + part.2));
        (sums.2 > 0).then(|| (sums.0 / sums.2 as f64, sums.1 as f64 / sums.2 as f64))
    }

    /// The score of a way that needs no more than the candidate.
    pub fn score(&self, way: Way, candidate: &Candidate) -> f64 {
        let share = self.sold[candidate.product as usize] / self.most_sold;
        match way {
            Way::Popularity => share,
            Way::Frequency => f64::from(candidate.n_days),
            // Nobody's share is over 1.
            Way::FrequencyThenPopularity => f64::from(candidate.n_days) + share / 2.0,
            Way::Blend { half_life, popularity } => {
                let place = HALF_LIVES.iter().position(|known| *known == half_life).unwrap_or(0);
                candidate.faded[place] + popularity * share
            }
            Way::ItemKnn | Way::Model => 0.0,
        }
    }
}

/// Not among the candidates.
const NOWHERE: u32 = u32::MAX;

/// The sum of cosines of each candidate to the others; `places` is by product, [`NOWHERE`] before and after.
fn cosines(candidates: &[Candidate], neighbours: &Neighbours, places: &mut [u32]) -> Vec<f64> {
    let mut sums = vec![0.0; candidates.len()];
    for (place, candidate) in (0_u32..).zip(candidates) {
        places[candidate.product as usize] = place;
    }
    for candidate in candidates {
        for near in neighbours.nearest(candidate.product) {
            if let Some(sum) = sums.get_mut(places[near.product as usize] as usize) {
                *sum += f64::from(near.weight) / f64::from(neighbours.buyers[near.product as usize]).sqrt();
            }
        }
    }
    candidates.iter().for_each(|candidate| places[candidate.product as usize] = NOWHERE);
    sums
}

/// The middle of some days, half a day rounded up; 0 of none.
pub fn median(days: &mut [i32]) -> i32 {
    days.sort_unstable();
    let half = days.len() / 2;
    match days.len() {
        0 => 0,
        odd if odd % 2 == 1 => days[half],
        _ => (days[half - 1] + days[half] + 1) / 2,
    }
}

/// A logistic regression on standardised columns.
#[derive(Debug, Clone)]
pub struct Model {
    /// On the columns as they are.
    weights: Vec<f64>,
}

/// Fewest outcomes of either kind a model is fitted to.
const FEWEST: f64 = 100.0;

impl Model {
    /// Fits row-major columns, the first all ones; `None` where there is too little to learn from.
    pub fn fit(mut design: Vec<f64>, outcomes: &[f64]) -> Option<Model> {
        let positives: f64 = outcomes.iter().sum();
        if positives < FEWEST || outcomes.len() as f64 - positives < FEWEST {
            return None;
        }
        let columns = design.len() / outcomes.len();
        let rows = outcomes.len() as f64;
        let mut shifts = vec![(0.0, 1.0); columns];
        for (column, shift) in shifts.iter_mut().enumerate().skip(1) {
            let values = || design.iter().skip(column).step_by(columns);
            let mean = values().sum::<f64>() / rows;
            let spread = (values().map(|value| (value - mean).powi(2)).sum::<f64>() / rows).sqrt();
            *shift = (mean, if spread > 1e-9 { spread } else { 1.0 });
        }
        for row in design.chunks_exact_mut(columns) {
            for (value, (mean, spread)) in row.iter_mut().zip(&shifts).skip(1) {
                *value = (*value - mean) / spread;
            }
        }
        let fit = logistic::fit(&design, outcomes, 1.0, 1e-9).ok().filter(|fit| fit.converged)?;
        let mut weights = fit.weights;
        for column in 1..columns {
            weights[column] /= shifts[column].1;
            weights[0] -= weights[column] * shifts[column].0;
        }
        Some(Model { weights })
    }

    /// The logarithm of the odds.
    #[inline]
    pub fn logit(&self, columns: &[f64]) -> f64 {
        columns.iter().zip(&self.weights).map(|(value, weight)| value * weight).sum()
    }

    /// The probability.
    #[inline]
    pub fn probability(&self, columns: &[f64]) -> f64 {
        1.0 / (1.0 + (-self.logit(columns)).exp())
    }
}
