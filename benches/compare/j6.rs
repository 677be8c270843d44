//! J6: rules between products, and what to offer to each customer.

use std::path::Path;

use langgan::analyses::basket::{Basket, Mined};
use langgan::analyses::cross_sell::recommend::Association;
use langgan::analyses::cross_sell::{CrossSell, Offers};
use langgan::error::{Error, Result};
use langgan::facts::Facts;
use polars::prelude::*;

use crate::output;

/// 2024 was a leap year: its first day is 366 days before the as-of date.
const WINDOW_DAYS: u32 = 366;

/// Writes `j6_rules.parquet` and `j6_candidates.parquet`.
pub fn run(facts: &Facts, out: &Path) -> Result<()> {
    let basket = Basket { window_days: WINDOW_DAYS, replay_days: 0, ..Basket::default() };
    let mined = basket.mine(facts);
    rules(facts, &mined, out)?;
    let associations: Vec<Association> = mined
        .rules
        .iter()
        .map(|rule| Association {
            antecedent: rule.antecedent,
            consequent: rule.consequent,
            n_both: rule.n_both,
            n_antecedent: mined.counts[rule.antecedent as usize].all,
            lift: rule.lift,
            lift_low: 0.0,
        })
        .collect();
    let cross_sell = CrossSell { window_days: WINDOW_DAYS, keep: 10, ..CrossSell::default() };
    candidates(facts, &cross_sell.offers(facts, associations), out)
}

fn rules(facts: &Facts, mined: &Mined, out: &Path) -> Result<()> {
    let rules = &mined.rules;
    let id = |name: &str, product: &dyn Fn(usize) -> u32| {
        let ids = (0..rules.len()).map(|at| facts.products.id(product(at) as usize));
        StringChunked::from_iter_values(name.into(), ids).into_column()
    };
    let count = |product: u32| f64::from(mined.counts[product as usize].all);
    let whole =
        |name: &str, values: Vec<u32>| Column::new(name.into(), values.into_iter().map(i64::from).collect::<Vec<_>>());
    let ratio = |name: &str, value: &dyn Fn(usize) -> f64| {
        Column::new(name.into(), (0..rules.len()).map(value).collect::<Vec<f64>>())
    };
    let n = f64::from(mined.n_baskets.all);
    let columns = vec![
        id("antecedent", &|at| rules[at].antecedent),
        id("consequent", &|at| rules[at].consequent),
        whole("pair_count", rules.iter().map(|rule| rule.n_both).collect()),
        whole("a_count", rules.iter().map(|rule| mined.counts[rule.antecedent as usize].all).collect()),
        whole("b_count", rules.iter().map(|rule| mined.counts[rule.consequent as usize].all).collect()),
        ratio("support", &|at| f64::from(rules[at].n_both) / n),
        ratio("confidence", &|at| f64::from(rules[at].n_both) / count(rules[at].antecedent)),
        ratio("lift", &|at| rules[at].lift),
    ];
    let mut frame = DataFrame::new_infer_height(columns).map_err(Error::internal("building a frame"))?;
    output::parquet(&mut frame, &out.join("j6_rules.parquet"))
}

fn candidates(facts: &Facts, offers: &Offers, out: &Path) -> Result<()> {
    let rows = &offers.rows;
    let customers = rows.iter().map(|offer| facts.customers.id(offer.customer as usize));
    let products = rows.iter().map(|offer| facts.products.id(offer.product as usize));
    let columns = vec![
        StringChunked::from_iter_values("customer_id".into(), customers).into_column(),
        Column::new("rank".into(), rows.iter().map(|offer| i64::from(offer.rank)).collect::<Vec<_>>()),
        StringChunked::from_iter_values("sku".into(), products).into_column(),
        Column::new(
            "score".into(),
            rows.iter().map(|offer| offers.shelf.rules[offer.rule as usize].confidence()).collect::<Vec<_>>(),
        ),
    ];
    let mut frame = DataFrame::new_infer_height(columns).map_err(Error::internal("building a frame"))?;
    output::parquet(&mut frame, &out.join("j6_candidates.parquet"))
}
