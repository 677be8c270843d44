//! The steps of each kind of product, a subcategory within its category, from the cheapest tier to the dearest.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::analyses::offers::kinds;
use crate::facts::Facts;

/// No step: the product lacks a category, a tier, or its tier a price.
pub(super) const NONE: u32 = u32::MAX;

/// The steps of all kinds, those of a kind together and in order.
#[derive(Debug)]
pub struct Ladder {
    /// The steps.
    pub steps: Vec<Step>,
    /// The kind of each product.
    pub kinds: Vec<u32>,
    /// Category and subcategory of each kind.
    pub names: Vec<(String, String)>,
    /// The step of each product.
    pub(super) step: Vec<u32>,
}

/// One tier of one kind.
#[derive(Debug)]
pub struct Step {
    /// The kind.
    pub kind: u32,
    /// The tier.
    pub tier: String,
    /// Whether the kind has a dearer tier: the next step.
    pub has_next: bool,
}

impl Ladder {
    /// Tiers by the median price of their products of the kind, ties by tier.
    pub fn of(facts: &Facts) -> Ladder {
        let prices = &facts.unit_values.prices;
        let mut tiers: BTreeMap<(u32, &str), Vec<i64>> = BTreeMap::new();
        let kinds = kinds(facts);
        let mut names = vec![(String::new(), String::new()); kinds.iter().max().map_or(0, |most| *most as usize + 1)];
        for (product, kind) in kinds.iter().enumerate() {
            let category = facts.categories.values[facts.category[product] as usize].clone();
            names[*kind as usize] = (category, facts.products.text_at("subcategory", product).to_string());
        }
        let bands = price_bands(facts, &kinds, names.len(), prices);
        let place = |product: usize| {
            let (kind, tier) = (kinds[product], facts.products.text_at("tier", product));
            let tier = if tier.is_empty() { bands[product] } else { tier };
            let known = !tier.is_empty() && !names[kind as usize].0.is_empty();
            known.then_some((kind, tier))
        };
        for (product, price) in prices.iter().enumerate() {
            if let (Some(place), Some(price)) = (place(product), price) {
                tiers.entry(place).or_default().push(*price);
            }
        }
        let mut order: Vec<(u32, i64, &str)> =
            tiers.into_iter().map(|((kind, tier), prices)| (kind, twice_the_median(prices), tier)).collect();
        order.sort_unstable();
        let numbers: BTreeMap<(u32, &str), u32> =
            order.iter().enumerate().map(|(at, (kind, _, tier))| ((*kind, *tier), at as u32)).collect();
        let steps = order
            .iter()
            .enumerate()
            .map(|(at, (kind, _, tier))| Step {
                kind: *kind,
                tier: (*tier).to_string(),
                has_next: order.get(at + 1).is_some_and(|next| next.0 == *kind),
            })
            .collect();
        let step = (0..facts.products.len())
            .map(|product| place(product).and_then(|place| numbers.get(&place)).copied().unwrap_or(NONE))
            .collect();
        Ladder { steps, step, names, kinds }
    }

    /// The steps of a step's kind, itself among them.
    pub fn of_kind(&self, step: usize) -> Range<usize> {
        let kind = self.steps[step].kind;
        let first = self.steps.partition_point(|step| step.kind < kind);
        first..self.steps.partition_point(|step| step.kind <= kind)
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

/// Fewest products with a price that a kind is cut into bands with.
const FEWEST: usize = 9;

/// The band of each product where its kind has no tier at all; a price is in one band, wherever it falls.
fn price_bands(facts: &Facts, kinds: &[u32], n_kinds: usize, prices: &[Option<i64>]) -> Vec<&'static str> {
    let (mut tiered, mut known) = (vec![false; n_kinds], vec![Vec::new(); n_kinds]);
    for (product, price) in prices.iter().enumerate() {
        let kind = kinds[product] as usize;
        tiered[kind] |= !facts.products.text_at("tier", product).is_empty();
        known[kind].extend(*price);
    }
    known.iter_mut().for_each(|prices| prices.sort_unstable());
    let band = |(product, price): (usize, &Option<i64>)| {
        let kind = kinds[product] as usize;
        let (all, Some(price)) = (&known[kind], price) else { return "" };
        if tiered[kind] || all.len() < FEWEST || all[0] == all[all.len() - 1] {
            return "";
        }
        let below = all.partition_point(|other| other < price);
        BANDS[(3 * below / all.len()).min(2)]
    };
    prices.iter().enumerate().map(band).collect()
}
