//! What the offers of an earlier day were worth, beside offering everybody the best-selling products.

use std::ops::Range;

use rayon::prelude::*;

use super::recommend::{Offer, Request, Shelf, offers};
use super::{CrossSell, MinedRules};
use crate::analyses::model_card::Metric;
use crate::facts::Facts;

/// Bands of probability, with about as many offers in each.
const BANDS: usize = 10;

/// The offers of the day the replayed days began, held against what was bought in them.
#[derive(Debug, Default)]
pub(super) struct Backtest {
    score: Score,
    mean_probability: f64,
    /// The lowest probability of each band.
    lowest: Vec<f64>,
    /// The share of each band's offers that were bought.
    shares: Vec<f64>,
}

/// What was offered and what was bought.
#[derive(Debug, Default)]
struct Score {
    customers: u64,
    ours: Hits,
    best_sellers: Hits,
    /// By offer: whether it was bought.
    bought: Vec<bool>,
}

/// Hits of one way to offer.
#[derive(Debug, Clone, Copy, Default)]
struct Hits {
    /// Offers that were bought.
    offers: u64,
    /// Customers who bought one of them.
    customers: u64,
}

impl Backtest {
    /// Makes the offers by what was known when the replayed days began, to the customers who came in them.
    pub(super) fn run(parameters: &CrossSell, facts: &Facts, rules: &MinedRules) -> Backtest {
        let cut = facts.as_of.saturating_sub_unsigned(rules.replay_days);
        let all = vec![true; facts.products.len()];
        let shelf = Shelf::of(rules.rules.clone(), &all, parameters.rules_per_antecedent as usize);
        let request = Request {
            shelf: &shelf,
            days: cut.saturating_sub_unsigned(parameters.window_days)..cut,
            keep: parameters.keep as usize,
        };
        let came_back = |customer: usize| {
            let range = facts.orders_of(customer);
            facts.orders.day[range].last().is_some_and(|day| *day >= cut)
        };
        let rows = offers(facts, &request, came_back);
        if rows.is_empty() {
            return Backtest::default();
        }
        let score = score(facts, &rows, &best_sellers(facts, &request.days), cut);
        let probabilities: Vec<f64> = rows.iter().map(|offer| shelf.rules[offer.rule as usize].confidence()).collect();
        let mut sorted = probabilities.clone();
        sorted.par_sort_unstable_by(f64::total_cmp);
        let mut lowest: Vec<f64> = (0..BANDS).map(|band| sorted[band * sorted.len() / BANDS]).collect();
        lowest.dedup();
        let mut counts = vec![(0_u32, 0_u32); lowest.len()];
        for (probability, bought) in probabilities.iter().zip(&score.bought) {
            let band = lowest.partition_point(|low| low <= probability) - 1;
            counts[band].0 += 1;
            counts[band].1 += u32::from(*bought);
        }
        let shares = counts.iter().map(|(offers, bought)| f64::from(*bought) / f64::from(*offers)).collect();
        let mean_probability = probabilities.iter().sum::<f64>() / probabilities.len() as f64;
        Backtest { score, mean_probability, lowest, shares }
    }

    /// The share of offers of about this probability that were bought.
    pub(super) fn share_bought(&self, probability: f64) -> Option<f64> {
        let band = self.lowest.partition_point(|low| *low <= probability).saturating_sub(1);
        self.shares.get(band).copied()
    }

    /// Lines of the model card.
    pub(super) fn metrics(&self) -> Vec<Metric> {
        let (score, offers) = (&self.score, self.score.bought.len() as u64);
        let share = |part: u64, all: u64| (all > 0).then(|| part as f64 / all as f64);
        let best = "best_sellers";
        let loses = score.ours.customers < score.best_sellers.customers;
        vec![
            Metric::of("customers", score.customers as f64),
            Metric::of("offers", offers as f64),
            Metric::of("customers_who_bought_an_offer", share(score.ours.customers, score.customers))
                .against(best, share(score.best_sellers.customers, score.customers)),
            Metric::of("offers_bought", share(score.ours.offers, offers))
                .against(best, share(score.best_sellers.offers, offers)),
            Metric::of("mean_confidence", (offers > 0).then_some(self.mean_probability)),
            Metric::of("loses_to_best_sellers", (offers > 0).then(|| f64::from(u8::from(loses)))),
        ]
    }
}

/// Products sold on the days, from the most lines down, ties by product.
fn best_sellers(facts: &Facts, days: &Range<i32>) -> Vec<u32> {
    let mut counts = vec![0_u32; facts.products.len()];
    for order in (0..facts.orders.len()).filter(|order| days.contains(&facts.orders.day[*order])) {
        for line in facts.orders.lines(order).filter(|line| facts.lines.kept(*line)) {
            counts[facts.lines.product[line] as usize] += 1;
        }
    }
    let mut ranking: Vec<u32> = (0..counts.len() as u32).filter(|product| counts[*product as usize] > 0).collect();
    ranking.sort_unstable_by_key(|product| (std::cmp::Reverse(counts[*product as usize]), *product));
    ranking
}

/// Each customer's offers against what he bought on the replayed days, and as many best-selling products he never had.
fn score(facts: &Facts, rows: &[Offer], best_sellers: &[u32], cut: i32) -> Score {
    let customers: Vec<&[Offer]> = rows.chunk_by(|left, right| left.customer == right.customer).collect();
    let parts: Vec<Score> = customers
        .par_chunks(4096)
        .map(|customers| {
            let mut owned = vec![0_u32; facts.products.len()];
            let mut bought = vec![0_u32; facts.products.len()];
            let mut score = Score::default();
            for (place, offers) in customers.iter().enumerate() {
                let stamp = place as u32 + 1;
                for order in facts.orders_of(offers[0].customer as usize) {
                    let day = facts.orders.day[order];
                    for line in facts.orders.lines(order) {
                        let product = facts.lines.product[line] as usize;
                        if day < cut {
                            owned[product] = stamp;
                        } else if facts.lines.kept(line) {
                            bought[product] = stamp;
                        }
                    }
                }
                let has = |product: u32| u64::from(bought[product as usize] == stamp);
                let before = score.bought.len();
                score.bought.extend(offers.iter().map(|offer| has(offer.product) > 0));
                let ours = score.bought[before..].iter().filter(|bought| **bought).count() as u64;
                let theirs: u64 = best_sellers
                    .iter()
                    .filter(|product| owned[**product as usize] != stamp)
                    .take(offers.len())
                    .map(|product| has(*product))
                    .sum();
                score.customers += 1;
                for (hits, found) in [(&mut score.ours, ours), (&mut score.best_sellers, theirs)] {
                    hits.offers += found;
                    hits.customers += u64::from(found > 0);
                }
            }
            score
        })
        .collect();
    parts.into_iter().fold(Score::default(), |mut sum, part| {
        sum.customers += part.customers;
        sum.bought.extend(part.bought);
        for (sum, part) in [(&mut sum.ours, part.ours), (&mut sum.best_sellers, part.best_sellers)] {
            sum.offers += part.offers;
            sum.customers += part.customers;
        }
        sum
    })
}
