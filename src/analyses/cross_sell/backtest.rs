//! What the offers of an earlier day were worth, beside offering everybody the best-selling products.

use std::ops::Range;

use rayon::prelude::*;

use super::recommend::{Association, Offer, Request, Shelf, offers};
use super::{CrossSell, MinedRules, SHRINKAGE};
use crate::analyses::model_card::Metric;
use crate::analyses::offers::cautious_share;
use crate::facts::Facts;

/// The offers of the day the replayed days began, held against what was bought in them.
#[derive(Debug, Default)]
pub(super) struct Backtest {
    score: Score,
    /// The confidences of all offers.
    promised: f64,
}

/// What was offered and what was bought.
#[derive(Debug, Default)]
struct Score {
    customers: u64,
    offers: u64,
    ours: Hits,
    best_sellers: Hits,
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
        let promised = rows.iter().map(|offer| shelf.rules[offer.rule as usize].confidence()).sum();
        Backtest { score, promised }
    }

    /// The probability of an offer by a rule: its confidence × what came true of those tested ÷ what they promised, at
    /// most 1, each as if half a case more had been seen.
    pub(super) fn probability(&self, rule: &Association) -> f64 {
        let confidence = cautious_share(rule.n_both.into(), rule.n_antecedent.into(), 0.0);
        confidence * ((self.score.ours.offers as f64 + 0.5) / (self.promised + 0.5)).min(1.0)
    }

    /// The share of as many best sellers that was bought.
    pub(super) fn share_of_best_sellers(&self) -> f64 {
        cautious_share(self.score.best_sellers.offers as f64, self.score.offers as f64, SHRINKAGE)
    }

    /// Whether best sellers found more customers who bought.
    pub(super) fn loses(&self) -> bool {
        self.score.ours.customers < self.score.best_sellers.customers
    }

    /// Lines of the model card.
    pub(super) fn metrics(&self) -> Vec<Metric> {
        let (score, offers) = (&self.score, self.score.offers);
        let share = |part: u64, all: u64| (all > 0).then(|| part as f64 / all as f64);
        let flag = |holds: bool| (offers > 0).then(|| f64::from(u8::from(holds)));
        let best = "best_sellers";
        vec![
            Metric::of("customers", score.customers as f64),
            Metric::of("offers", offers as f64),
            Metric::of("customers_who_bought_an_offer", share(score.ours.customers, score.customers))
                .against(best, share(score.best_sellers.customers, score.customers)),
            Metric::of("offers_bought", share(score.ours.offers, offers))
                .against(best, share(score.best_sellers.offers, offers)),
            Metric::of("mean_confidence", (offers > 0).then(|| self.promised / offers as f64)),
            Metric::of("no_better_than_best_sellers", flag(score.ours.customers <= score.best_sellers.customers)),
            Metric::of("loses_to_best_sellers", flag(self.loses())),
        ]
    }
}

/// Products sold on the days and their lines, from the most lines down, ties by product.
pub(super) fn best_sellers(facts: &Facts, days: &Range<i32>) -> Vec<(u32, u32)> {
    let mut counts = vec![0_u32; facts.products.len()];
    for order in (0..facts.orders.len()).filter(|order| days.contains(&facts.orders.day[*order])) {
        for line in facts.orders.lines(order).filter(|line| facts.lines.kept(*line)) {
            counts[facts.lines.product[line] as usize] += 1;
        }
    }
    let mut ranking: Vec<(u32, u32)> = (0..).zip(counts).filter(|(_, lines)| *lines > 0).collect();
    ranking.sort_unstable_by_key(|(product, lines)| (std::cmp::Reverse(*lines), *product));
    ranking
}

/// Each customer's offers against what he bought on the replayed days, and as many best-selling products he never had.
fn score(facts: &Facts, rows: &[Offer], best_sellers: &[(u32, u32)], cut: i32) -> Score {
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
                let ours: u64 = offers.iter().map(|offer| has(offer.product)).sum();
                let theirs: u64 = best_sellers
                    .iter()
                    .filter(|(product, _)| owned[*product as usize] != stamp)
                    .take(offers.len())
                    .map(|(product, _)| has(*product))
                    .sum();
                score.customers += 1;
                score.offers += offers.len() as u64;
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
        sum.offers += part.offers;
        for (sum, part) in [(&mut sum.ours, part.ours), (&mut sum.best_sellers, part.best_sellers)] {
            sum.offers += part.offers;
            sum.customers += part.customers;
        }
        sum
    })
}
