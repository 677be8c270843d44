//! Products of one kind that are bought instead of each other.

use hashbrown::HashMap;
use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::pairs::Baskets;
use crate::analyses::frame::FrameBuilder;
use crate::analyses::offers::UNKNOWN;
use crate::contracts::results::BASKET_SUBSTITUTES;
use crate::error::Result;
use crate::facts::Facts;
use crate::stats::association::{Counts, benjamini_hochberg, repulsion_p};

/// Pairs by chance that it takes to say that there are too few.
const FEWEST_EXPECTED: f64 = 5.0;

/// Two products of a kind, in fewer baskets together than chance would have it.
pub(super) struct Substitute {
    low: u32,
    high: u32,
    counts: Counts,
    p_value: f64,
    q_value: f64,
}

/// What was found, and of how many pairs.
pub(super) struct Found {
    pub pairs: Vec<Substitute>,
    pub tested: usize,
}

/// Tests every pair of a kind that would be in enough baskets by chance; keeps those with a q-value up to `max_q`, by q,
/// lift, then product. `kind` is by product, [`UNKNOWN`] where the export does not say; `n` counts the baskets with each.
pub(super) fn find(baskets: &Baskets, kind: &[u32], n: &[u32], max_q: f64) -> Found {
    let all = baskets.len().all;
    let mut together: HashMap<(u32, u32), u32, foldhash::fast::FixedState> = HashMap::default();
    let mut own: Vec<(u32, u32)> = Vec::new();
    for basket in baskets.each() {
        own.clear();
        own.extend(basket.iter().map(|product| (kind[*product as usize], *product)));
        own.sort_unstable();
        for same in own.chunk_by(|left, right| left.0 == right.0).filter(|same| same[0].0 != UNKNOWN) {
            for (at, (_, low)) in same.iter().enumerate() {
                for (_, high) in &same[at + 1..] {
                    *together.entry((*low, *high)).or_default() += 1;
                }
            }
        }
    }
    let mut products: Vec<u32> =
        (0..n.len() as u32).filter(|product| n[*product as usize] > 0 && kind[*product as usize] != UNKNOWN).collect();
    products
        .sort_unstable_by_key(|product| (kind[*product as usize], std::cmp::Reverse(n[*product as usize]), *product));
    let mut tested: Vec<(u32, u32, Counts)> = Vec::new();
    for same in products.chunk_by(|left, right| kind[*left as usize] == kind[*right as usize]) {
        for (at, first) in same.iter().enumerate() {
            for second in &same[at + 1..] {
                let (low, high) = (*first.min(second), *first.max(second));
                let (a, b) = (n[low as usize], n[high as usize]);
                // The products come from the most frequent down.
                if f64::from(a) * f64::from(b) / f64::from(all) < FEWEST_EXPECTED {
                    break;
                }
                let both = together.get(&(low, high)).copied().unwrap_or(0);
                tested.push((low, high, Counts { n: all.into(), n_a: a.into(), n_b: b.into(), n_both: both.into() }));
            }
        }
    }
    let p_values: Vec<f64> = tested.par_iter().with_min_len(512).map(|(.., counts)| repulsion_p(*counts)).collect();
    let q_values = benjamini_hochberg(&p_values);
    let mut pairs: Vec<Substitute> = tested
        .iter()
        .zip(p_values.iter().zip(q_values))
        .filter(|(.., (_, q_value))| *q_value <= max_q)
        .map(|((low, high, counts), (p_value, q_value))| Substitute {
            low: *low,
            high: *high,
            counts: *counts,
            p_value: *p_value,
            q_value,
        })
        .collect();
    pairs.sort_unstable_by(|left, right| {
        (left.q_value.total_cmp(&right.q_value))
            .then(left.lift().total_cmp(&right.lift()))
            .then((left.low, left.high).cmp(&(right.low, right.high)))
    });
    Found { pairs, tested: tested.len() }
}

impl Substitute {
    fn expected(&self) -> f64 {
        self.counts.n_a as f64 * self.counts.n_b as f64 / self.counts.n as f64
    }

    fn lift(&self) -> f64 {
        self.counts.n_both as f64 / self.expected()
    }
}

/// The table.
pub(super) fn frame(facts: &Facts, pairs: &[Substitute]) -> Result<DataFrame> {
    let whole = |value: fn(&Counts) -> u64| pairs.iter().map(|pair| value(&pair.counts) as i64).collect();
    let ratio = |value: fn(&Substitute) -> f64| pairs.iter().map(value).collect();
    let category = |pair: &Substitute| facts.categories.values[facts.category[pair.low as usize] as usize].as_str();
    FrameBuilder::new(&BASKET_SUBSTITUTES)
        .text("product_id", pairs.iter().map(|pair| facts.products.id(pair.low as usize)))
        .text("instead_of", pairs.iter().map(|pair| facts.products.id(pair.high as usize)))
        .text("category", pairs.iter().map(category))
        .text("subcategory", pairs.iter().map(|pair| facts.products.text_at("subcategory", pair.low as usize)))
        .whole("n_both", whole(|counts| counts.n_both))
        .whole("n_product", whole(|counts| counts.n_a))
        .whole("n_other", whole(|counts| counts.n_b))
        .whole("n_baskets", whole(|counts| counts.n))
        .ratio("expected_both", ratio(Substitute::expected))
        .ratio("lift", ratio(Substitute::lift))
        .ratio("p_value", ratio(|pair| pair.p_value))
        .ratio("q_value", ratio(|pair| pair.q_value))
        .finish()
}
