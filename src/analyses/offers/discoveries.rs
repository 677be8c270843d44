//! Ways to find products a customer never had, and how well each did.

use std::ops::Range;

use rayon::prelude::*;

use super::desk::Desk;
use super::neighbours::Neighbours;
use super::purchases::{Decay, Demand, Distinct};
use super::ranking::{Best, MEASURED, Quality};
use crate::facts::Purchases;

/// A way to rank the products a customer never had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// What most customers bought.
    BestSellers,
    /// What most customers bought of late.
    RecentSellers,
    /// The sum of cosines to what he bought.
    ItemKnn,
    /// Neighbourhood of what he bought, the latest weighing most, times powers of recent demand and of how much of
    /// his purchases are of the product's kind.
    Blend {
        /// How much a neighbour's own popularity counts against it: 0.5 is cosine.
        normalise: f64,
        /// Power of recent demand over usual demand.
        trend: f64,
        /// Power of his share of the kind over everybody's.
        affinity: f64,
    },
}

/// All ways that are tried, the simplest first.
pub const WAYS: [(&str, Way); 15] = [
    ("best_sellers", Way::BestSellers),
    ("recent_sellers", Way::RecentSellers),
    ("item_knn", Way::ItemKnn),
    ("blend_cosine", Way::Blend { normalise: 0.5, trend: 0.0, affinity: 0.0 }),
    ("blend_cosine_kind", Way::Blend { normalise: 0.5, trend: 0.0, affinity: 0.25 }),
    ("blend_cosine_trend_25", Way::Blend { normalise: 0.5, trend: 0.25, affinity: 0.0 }),
    ("blend_cosine_trend_25_kind", Way::Blend { normalise: 0.5, trend: 0.25, affinity: 0.25 }),
    ("blend_cosine_trend_50", Way::Blend { normalise: 0.5, trend: 0.5, affinity: 0.0 }),
    ("blend_cosine_trend_50_kind", Way::Blend { normalise: 0.5, trend: 0.5, affinity: 0.25 }),
    ("blend_popular", Way::Blend { normalise: 0.25, trend: 0.0, affinity: 0.0 }),
    ("blend_popular_kind", Way::Blend { normalise: 0.25, trend: 0.0, affinity: 0.25 }),
    ("blend_popular_trend_25", Way::Blend { normalise: 0.25, trend: 0.25, affinity: 0.0 }),
    ("blend_popular_trend_25_kind", Way::Blend { normalise: 0.25, trend: 0.25, affinity: 0.25 }),
    ("blend_popular_trend_50", Way::Blend { normalise: 0.25, trend: 0.5, affinity: 0.0 }),
    ("blend_popular_trend_50_kind", Way::Blend { normalise: 0.25, trend: 0.5, affinity: 0.25 }),
];

/// The ways that are no more than a naive rule.
pub const BASELINES: usize = 3;

/// Half-life of what a customer bought, days.
const TASTE_DAYS: f64 = 60.0;
/// Half-life of recent demand, days.
const RECENT_DAYS: f64 = 15.0;
/// Neighbours of a product.
const NEIGHBOURS: usize = 200;
/// Products of a customer that lead to others, the latest.
pub const HISTORY: usize = 1_000;
/// Best sellers at the end of every customer's candidates.
const POPULAR: usize = 200;

/// What was known on a day, ready to rank from.
pub struct Knowledge<'k> {
    pub(super) purchases: &'k Purchases,
    /// What was bought on these days counts; they end on the day.
    pub days: Range<i32>,
    /// Item neighbourhoods.
    pub neighbours: Neighbours,
    /// Customers of whom only the latest products were taken.
    pub cut: u32,
    /// Products that may be offered.
    pub(super) available: &'k [bool],
    /// How often each product was bought on the days.
    pub demand: Demand,
    /// Logarithm of each product's share of recent demand.
    log_demand: Vec<f64>,
    /// Recent demand over usual demand.
    trend: Vec<f64>,
    /// The most popular products, by both measures of demand; those that may not be offered are among them, to be counted.
    pub(super) popular: [Vec<u32>; 2],
    kind: &'k [u32],
    /// Share of each kind in everybody's purchases.
    pub(super) kind_share: Vec<f64>,
    pub(super) taste: Decay,
}

impl<'k> Knowledge<'k> {
    /// Learns from what was bought on the days; `kind` is a number by product.
    pub fn of(purchases: &'k Purchases, days: Range<i32>, kind: &'k [u32], available: &'k [bool]) -> Knowledge<'k> {
        let (neighbours, cut) = {
            let distinct = Distinct::of(purchases, &days, HISTORY);
            (Neighbours::of(&distinct, purchases.n_products, NEIGHBOURS), distinct.cut)
        };
        let demand = Demand::of(purchases, &days, RECENT_DAYS);
        let all = demand.sold.iter().sum::<f64>().max(1.0);
        let all_recent = demand.recent.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let share = |recent: &f64| recent / all_recent + 1.0 / all;
        let log_demand = demand.recent.iter().map(|recent| share(recent).ln()).collect();
        let usual = |sold: &f64| sold / all + 1.0 / all;
        let trend = demand.sold.iter().zip(&demand.recent).map(|(sold, recent)| share(recent) / usual(sold)).collect();
        let mut kind_share = vec![0.0; kind.iter().max().map_or(0, |most| *most as usize + 1)];
        for (kind, sold) in kind.iter().zip(&demand.sold) {
            kind_share[*kind as usize] += sold / all;
        }
        let popular = [&demand.sold, &demand.recent].map(|sales| ranking(sales, available));
        let taste = Decay::new(Some(TASTE_DAYS), days.end);
        Knowledge {
            purchases,
            days,
            neighbours,
            cut,
            available,
            demand,
            log_demand,
            trend,
            popular,
            kind,
            kind_share,
            taste,
        }
    }

    /// Logarithm of a product's share of recent demand.
    pub fn log_demand(&self, product: u32) -> f64 {
        self.log_demand[product as usize]
    }

    /// The kind of a product.
    pub fn kind(&self, product: u32) -> u32 {
        self.kind[product as usize]
    }

    /// On how many customer-days a product was bought and kept.
    pub fn sold(&self, product: u32) -> f64 {
        self.demand.sold[product as usize]
    }

    /// A way with all that depends on the product alone worked out.
    pub fn scale(&self, way: Way) -> Scale {
        let (normalise, trend, affinity) = match way {
            Way::BestSellers | Way::RecentSellers => {
                return Scale { way, factors: Vec::new(), affinity: 0.0 };
            }
            Way::ItemKnn => (0.5, 0.0, 0.0),
            Way::Blend { normalise, trend, affinity } => (normalise, trend, affinity),
        };
        let factor = |product: usize| {
            let buyers = f64::from(self.neighbours.buyers[product].max(1));
            ((1.0 / buyers).powf(normalise) * self.trend[product].powf(trend)) as f32
        };
        Scale { way, factors: (0..self.kind.len()).map(factor).collect(), affinity }
    }

    /// The same for good: what a product's sum is multiplied by goes into the neighbourhoods once, and no other way can
    /// be asked for after it.
    pub fn settle(&mut self, way: Way) -> Scale {
        let mut scale = self.scale(way);
        let factors = std::mem::take(&mut scale.factors);
        if !factors.is_empty() {
            self.neighbours.multiply(&factors);
        }
        scale
    }

    /// Whether a customer bought and kept anything on the days.
    pub fn knows(&self, customer: usize) -> bool {
        self.purchases.kept(customer, &self.days).next().is_some()
    }

    /// How well each way ranks what the customers bought in the `horizon` days after, of what they never had before.
    pub fn judge(&self, customers: &[usize], horizon: i32) -> Vec<Quality> {
        let scales = WAYS.map(|(_, way)| self.scale(way));
        let after = self.days.end..self.days.end + horizon;
        let parts: Vec<Vec<Quality>> = customers
            .par_chunks(64)
            .map_init(
                || (Desk::new(self, MEASURED), vec![0_u32; self.purchases.n_products]),
                |(desk, bought), customers| {
                    let mut qualities = vec![Quality::default(); WAYS.len()];
                    for customer in customers {
                        let stamp = *customer as u32 + 1;
                        if self.purchases.of_days(*customer, &after).is_empty() {
                            continue;
                        }
                        desk.seat(self, *customer);
                        let mut n_bought = 0;
                        for (_, product) in self.purchases.kept(*customer, &after) {
                            let new = !desk.owns(product) && bought[product as usize] != stamp;
                            if new {
                                bought[product as usize] = stamp;
                                n_bought += 1;
                            }
                        }
                        if n_bought == 0 {
                            continue;
                        }
                        for (scale, quality) in scales.iter().zip(&mut qualities) {
                            let list = desk.rank(self, scale);
                            let hit = |product: u32| bought[product as usize] == stamp;
                            quality.add(list.iter().map(|(_, product)| *product), hit, n_bought);
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
}

/// A way to rank, ready for one customer after the other.
#[derive(Debug)]
pub struct Scale {
    /// The way.
    pub way: Way,
    /// What each product's sum is multiplied by; empty where the neighbourhoods have it in them.
    pub(super) factors: Vec<f32>,
    /// Power of the customer's liking of the kind.
    pub(super) affinity: f64,
}

/// Products from the best-selling down, ties by product; the first few of those that may be offered and of the others.
fn ranking(sales: &[f64], available: &[bool]) -> Vec<u32> {
    let mut best = [Best::new(POPULAR + MEASURED), Best::new(POPULAR + MEASURED)];
    for (product, sold) in sales.iter().enumerate().filter(|(_, sold)| **sold > 0.0) {
        best[usize::from(available[product])].add(*sold, product as u32);
    }
    let mut all = best.map(|best| best.list).concat();
    all.sort_unstable_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    all.into_iter().map(|(_, product)| product).collect()
}
