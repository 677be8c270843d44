//! What the lists of offers share: purchases, neighbourhoods, ways to rank and their backtests, guards, evidence.

pub mod calibration;
pub mod desk;
pub mod discoveries;
pub mod evidence;
pub mod followers;
pub mod guards;
pub mod neighbours;
pub mod purchases;
pub mod ranking;
pub mod repeats;
pub mod rhythm;
pub mod substitutes;

use std::collections::BTreeMap;

use self::ranking::Quality;
use super::frame::FrameBuilder;
use crate::contracts::Table;
use crate::error::Result;
use crate::facts::Facts;
use polars::prelude::DataFrame;

/// The kind of each product: its subcategory within its category, numbered in the order of their names.
pub fn kinds(facts: &Facts) -> Vec<u32> {
    let names: Vec<(u32, &str)> = (0..facts.products.len())
        .map(|product| (facts.category[product], facts.products.text_at("subcategory", product)))
        .collect();
    let mut numbers: BTreeMap<(u32, &str), u32> = names.iter().map(|name| (*name, 0)).collect();
    numbers.values_mut().zip(0..).for_each(|(number, at)| *number = at);
    names.iter().map(|name| numbers[name]).collect()
}

/// No kind: the export does not say what the product is.
pub const UNKNOWN: u32 = u32::MAX;

/// The same kinds, [`UNKNOWN`] for products without a category: nobody knows what they could stand in for.
pub fn known_kinds(facts: &Facts) -> Vec<u32> {
    let named = |product: usize| !facts.categories.values[facts.category[product] as usize].is_empty();
    let kinds = kinds(facts).into_iter().enumerate();
    kinds.map(|(product, kind)| if named(product) { kind } else { UNKNOWN }).collect()
}

/// The share of n cases in which it happened k times, as if `weight` more cases and one had been seen in which it happened
/// half a time: until much has been seen nothing is likely, and nothing is ever certain or impossible.
pub fn cautious_share(k: f64, n: f64, weight: f64) -> f64 {
    (k + 0.5) / (n + weight + 1.0)
}

/// The same of one group among many: `share`, that of all of them, counts as `weight` cases beside its own.
pub fn shrunk_share(k: f64, n: f64, share: f64, weight: f64) -> f64 {
    if n + weight > 0.0 { (k + weight * share) / (n + weight) } else { share }
}

/// One way to rank in a backtest.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Its name.
    pub method: &'static str,
    /// Whether it is a naive rule.
    pub is_baseline: bool,
    /// Whether the published list is made with it.
    pub serves: bool,
    /// On the days that chose between them.
    pub chosen_on: Quality,
    /// On the days after, which nothing was chosen on.
    pub tested_on: Quality,
}

impl Tried {
    /// Every way by its name, the naive rules first.
    pub fn all(
        names: impl IntoIterator<Item = &'static str>,
        baselines: usize,
        serves: usize,
        chosen_on: impl IntoIterator<Item = Quality>,
        tested_on: impl IntoIterator<Item = Quality>,
    ) -> Vec<Tried> {
        let measured = chosen_on.into_iter().zip(tested_on);
        (names.into_iter().zip(measured).enumerate())
            .map(|(at, (method, (chosen_on, tested_on)))| Tried {
                method,
                is_baseline: at < baselines,
                serves: at == serves,
                chosen_on,
                tested_on,
            })
            .collect()
    }
}

/// The frame of a backtest table.
pub fn backtest_frame(table: &'static Table, tried: &[Tried]) -> Result<DataFrame> {
    let rows: Vec<(&str, &Tried, &Quality)> = ["choice", "test"]
        .into_iter()
        .flat_map(|window| {
            tried
                .iter()
                .map(move |tried| (window, tried, if window == "choice" { &tried.chosen_on } else { &tried.tested_on }))
        })
        .collect();
    let ratio = |value: fn(&Quality) -> Option<f64>| rows.iter().map(|(.., quality)| value(quality)).collect();
    FrameBuilder::new(table)
        .text("window", rows.iter().map(|(window, ..)| *window))
        .text("method", rows.iter().map(|(_, tried, _)| tried.method))
        .flag("is_baseline", rows.iter().map(|(_, tried, _)| tried.is_baseline).collect())
        .flag("serves", rows.iter().map(|(_, tried, _)| tried.serves).collect())
        .whole("customers", rows.iter().map(|(.., quality)| quality.customers.into()).collect())
        .maybe_ratio("recall_10", ratio(Quality::recall))
        .maybe_ratio("ndcg_10", ratio(Quality::ndcg))
        .maybe_ratio("hit_rate_10", ratio(Quality::hit_rate))
        .finish()
}

/// The place of the best by NDCG; the first, and so the simplest, of equal ones.
pub fn best(qualities: &[Quality]) -> usize {
    let ndcg = |quality: &Quality| quality.ndcg().unwrap_or(0.0);
    (0..qualities.len()).fold(0, |best, at| if ndcg(&qualities[at]) > ndcg(&qualities[best]) { at } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handful_makes_nothing_certain() {
        // 4.5 of 25, then (4 + 20 x 0.18) / 24.
        let all = cautious_share(4.0, 4.0, 20.0);
        assert!((all - 0.18).abs() < 1e-12);
        assert!((shrunk_share(4.0, 4.0, all, 20.0) - 0.316_666_666).abs() < 1e-6);
        let none = cautious_share(0.0, 4.0, 20.0);
        assert!(none > 0.0 && none < 0.05);
        assert!(cautious_share(3.0, 3.0, 0.0) < 1.0);
        // Many cases speak for themselves.
        assert!((cautious_share(3_000.0, 30_000.0, 20.0) - 0.1).abs() < 1e-3);
        assert_eq!(shrunk_share(0.0, 0.0, 0.3, 0.0), 0.3);
    }
}
