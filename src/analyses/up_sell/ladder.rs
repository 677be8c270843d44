//! The steps of each category from the cheapest tier to the dearest.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::datatypes::Int64Type;

use crate::facts::Facts;

/// No step: the product lacks a category, a tier, or its tier a price.
const NONE: u32 = u32::MAX;

/// The steps of all categories, those of a category together and in order.
#[derive(Debug)]
pub struct Ladder {
    /// The steps.
    pub steps: Vec<Step>,
    /// The step of each product.
    step: Vec<u32>,
}

/// One tier of one category.
#[derive(Debug)]
pub struct Step {
    /// The category's code.
    pub category: u32,
    /// The tier.
    pub tier: String,
    /// Whether the category has a dearer tier: the next step.
    pub has_next: bool,
}

impl Ladder {
    /// Tiers by the median list price of their products in the category, ties by tier.
    pub fn of(facts: &Facts) -> Ladder {
        let prices = facts.products.numbers::<Int64Type>("list_price");
        let mut tiers: BTreeMap<(u32, &str), Vec<i64>> = BTreeMap::new();
        let bands = price_bands(facts, &prices);
        let place = |product: usize| {
            let (category, tier) = (facts.category[product], facts.products.text_at("tier", product));
            let tier = if tier.is_empty() { bands[product] } else { tier };
            let known = !tier.is_empty() && !facts.categories.values[category as usize].is_empty();
            known.then_some((category, tier))
        };
        for (product, price) in prices.iter().enumerate() {
            if let (Some(place), Some(price)) = (place(product), price) {
                tiers.entry(place).or_default().push(*price);
            }
        }
        let mut order: Vec<(u32, i64, &str)> =
            tiers.into_iter().map(|((category, tier), prices)| (category, twice_the_median(prices), tier)).collect();
        order.sort_unstable();
        let numbers: BTreeMap<(u32, &str), u32> =
            order.iter().enumerate().map(|(at, (category, _, tier))| ((*category, *tier), at as u32)).collect();
        let steps = order
            .iter()
            .enumerate()
            .map(|(at, (category, _, tier))| Step {
                category: *category,
                tier: (*tier).to_string(),
                has_next: order.get(at + 1).is_some_and(|next| next.0 == *category),
            })
            .collect();
        let step = (0..facts.products.len())
            .map(|product| place(product).and_then(|place| numbers.get(&place)).copied().unwrap_or(NONE))
            .collect();
        Ladder { steps, step }
    }

    /// The steps of a step's category, itself among them.
    pub fn of_category(&self, step: usize) -> Range<usize> {
        let category = self.steps[step].category;
        let first = self.steps.partition_point(|step| step.category < category);
        first..self.steps.partition_point(|step| step.category <= category)
    }

    /// The step of a product.
    #[inline]
    pub fn step_of(&self, product: u32) -> Option<u32> {
        let step = self.step[product as usize];
        (step != NONE).then_some(step)
    }
}

/// Twice, so that the middle of two stays whole.
fn twice_the_median(mut prices: Vec<i64>) -> i64 {
    prices.sort_unstable();
    let half = prices.len() / 2;
    if prices.len() % 2 == 1 { 2 * prices[half] } else { prices[half - 1] + prices[half] }
}

/// Names of the price bands, the cheapest first.
const BANDS: [&str; 3] = ["low price", "middle price", "high price"];

/// Fewest products with a price that a category is cut into bands with.
const FEWEST: usize = 9;

/// The band of each product where its category has no tier at all; a price is in one band, wherever it falls.
fn price_bands(facts: &Facts, prices: &[Option<i64>]) -> Vec<&'static str> {
    let categories = facts.categories.values.len();
    let (mut tiered, mut known) = (vec![false; categories], vec![Vec::new(); categories]);
    for (product, price) in prices.iter().enumerate() {
        let category = facts.category[product] as usize;
        tiered[category] |= !facts.products.text_at("tier", product).is_empty();
        known[category].extend(*price);
    }
    known.iter_mut().for_each(|prices| prices.sort_unstable());
    let band = |(product, price): (usize, &Option<i64>)| {
        let category = facts.category[product] as usize;
        let (all, Some(price)) = (&known[category], price) else { return "" };
        if tiered[category] || all.len() < FEWEST || all[0] == all[all.len() - 1] {
            return "";
        }
        let below = all.partition_point(|other| other < price);
        BANDS[(3 * below / all.len()).min(2)]
    };
    prices.iter().enumerate().map(band).collect()
}
