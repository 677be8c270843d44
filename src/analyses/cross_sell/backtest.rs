//! What the offers of an earlier day were worth, beside offering everybody the best-selling products.

use std::ops::Range;

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::recommend::{Offer, Request, Shelf, offers};
use super::{CrossSell, MinedRules};
use crate::analyses::frame::FrameBuilder;
use crate::contracts::results::CROSS_SELL_MODEL_CARD;
use crate::error::Result;
use crate::facts::{Facts, line_kind};

/// Hits of one way to offer.
#[derive(Debug, Clone, Copy, Default)]
struct Hits {
    /// Offers that were bought.
    offers: u64,
    /// Customers who bought one of them.
    customers: u64,
}

/// What was offered and what was bought.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    customers: u64,
    offers: u64,
    ours: Hits,
    best_sellers: Hits,
}

/// The model card.
pub(super) fn card(parameters: &CrossSell, facts: &Facts, rules: &MinedRules) -> Result<DataFrame> {
    let cut = facts.as_of.saturating_sub_unsigned(rules.replay_days);
    let replayed = cut..facts.as_of;
    let shelf = Shelf::of(rules.earlier.clone(), facts.products.len(), parameters.rules_per_antecedent as usize);
    let request = Request {
        shelf: &shelf,
        days: cut.saturating_sub_unsigned(parameters.window_days)..cut,
        keep: parameters.keep as usize,
        available: &vec![true; facts.products.len()],
    };
    let came_back = |customer: usize| {
        let range = facts.orders_of(customer);
        facts.orders.day[range].last().is_some_and(|day| *day >= cut)
    };
    let rows = offers(facts, &request, came_back);
    let score = score(facts, &rows, &best_sellers(facts, &request.days), &replayed);
    let promised: f64 = rows.iter().map(|offer| shelf.rules[offer.rule as usize].confidence()).sum();
    let share = |part: f64, all: u64| (all > 0).then(|| part / all as f64);
    let best = "best_sellers";
    let rows: [(&str, Option<f64>, Option<&str>, Option<f64>); 5] = [
        ("customers", Some(score.customers as f64), None, None),
        ("offers", Some(score.offers as f64), None, None),
        (
            "customers_who_bought_an_offer",
            share(score.ours.customers as f64, score.customers),
            Some(best),
            share(score.best_sellers.customers as f64, score.customers),
        ),
        (
            "offers_bought",
            share(score.ours.offers as f64, score.offers),
            Some(best),
            share(score.best_sellers.offers as f64, score.offers),
        ),
        ("mean_probability", share(promised, score.offers), None, None),
    ];
    FrameBuilder::new(&CROSS_SELL_MODEL_CARD)
        .text("metric", rows.iter().map(|row| row.0))
        .maybe_ratio("value", rows.iter().map(|row| row.1).collect())
        .maybe_text("baseline", rows.iter().map(|row| row.2.map(String::from)).collect())
        .maybe_ratio("baseline_value", rows.iter().map(|row| row.3).collect())
        .finish()
}

fn kept(facts: &Facts, line: usize) -> bool {
    facts.lines.kind[line] == line_kind::SALE && facts.lines.amount[line] > 0
}

/// Products sold on the days, from the most lines down, ties by product.
fn best_sellers(facts: &Facts, days: &Range<i32>) -> Vec<u32> {
    let mut counts = vec![0_u32; facts.products.len()];
    for order in (0..facts.orders.len()).filter(|order| days.contains(&facts.orders.day[*order])) {
        for line in facts.orders.lines(order).filter(|line| kept(facts, *line)) {
            counts[facts.lines.product[line] as usize] += 1;
        }
    }
    let mut ranking: Vec<u32> = (0..counts.len() as u32).filter(|product| counts[*product as usize] > 0).collect();
    ranking.sort_unstable_by_key(|product| (std::cmp::Reverse(counts[*product as usize]), *product));
    ranking
}

/// Each customer's offers against what he bought on the replayed days, and as many best-selling products he never had.
fn score(facts: &Facts, rows: &[Offer], best_sellers: &[u32], replayed: &Range<i32>) -> Score {
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
                        if day < replayed.start {
                            owned[product] = stamp;
                        } else if kept(facts, line) {
                            bought[product] = stamp;
                        }
                    }
                }
                let has = |product: u32| u64::from(bought[product as usize] == stamp);
                let ours: u64 = offers.iter().map(|offer| has(offer.product)).sum();
                let theirs: u64 = best_sellers
                    .iter()
                    .filter(|product| owned[**product as usize] != stamp)
                    .take(offers.len())
                    .map(|product| has(*product))
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
    parts.iter().fold(Score::default(), |mut sum, part| {
        sum.customers += part.customers;
        sum.offers += part.offers;
        for (sum, part) in [(&mut sum.ours, part.ours), (&mut sum.best_sellers, part.best_sellers)] {
            sum.offers += part.offers;
            sum.customers += part.customers;
        }
        sum
    })
}
