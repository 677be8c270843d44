//! Ways to find products a customer never had, and how well each did.

use std::ops::Range;

use rayon::prelude::*;

use super::neighbours::Neighbours;
use super::purchases::{Decay, Distinct, GONE, Purchases};
use super::ranking::{Best, MEASURED, Quality};

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
/// How many purchases of everybody's taste a customer's own taste is blended with, of a hundred.
const SMOOTHING: f64 = 0.05;
/// Days that show how active a customer is.
const ACTIVE_DAYS: i32 = 90;
/// Best sellers at the end of every customer's candidates.
const POPULAR: usize = 200;

/// What was known on a day, ready to rank from.
pub struct Knowledge<'k> {
    purchases: &'k Purchases,
    /// What was bought on these days counts; they end on the day.
    pub days: Range<i32>,
    /// Item neighbourhoods.
    pub neighbours: Neighbours,
    /// Customers of whom only the latest products were taken.
    pub cut: u32,
    /// Products that may be offered.
    available: &'k [bool],
    /// Customer-days of each product.
    sold: Vec<f64>,
    /// The same, of late.
    recent: Vec<f64>,
    all: f64,
    all_recent: f64,
    /// Recent demand over usual demand.
    trend: Vec<f64>,
    /// The most popular products, by both measures.
    popular: [Vec<u32>; 2],
    kind: &'k [u32],
    /// Share of each kind in everybody's purchases.
    kind_share: Vec<f64>,
    taste: Decay,
}

impl<'k> Knowledge<'k> {
    /// Learns from what was bought on the days; `kind` is a number by product.
    pub fn of(purchases: &'k Purchases, days: Range<i32>, kind: &'k [u32], available: &'k [bool]) -> Knowledge<'k> {
        let distinct = Distinct::of(purchases, &days, HISTORY);
        let neighbours = Neighbours::of(&distinct, purchases.n_products, NEIGHBOURS);
        let sold = purchases.popularity(&days, None);
        let recent = purchases.popularity(&days, Some(RECENT_DAYS));
        let (all, all_recent) = (sold.iter().sum::<f64>().max(1.0), recent.iter().sum::<f64>().max(f64::MIN_POSITIVE));
        let trend = sold
            .iter()
            .zip(&recent)
            .map(|(sold, recent)| (recent / all_recent + 1.0 / all) / (sold / all + 1.0 / all))
            .collect();
        let mut kind_share = vec![0.0; kind.iter().max().map_or(0, |most| *most as usize + 1)];
        for (kind, sold) in kind.iter().zip(&sold) {
            kind_share[*kind as usize] += sold / all;
        }
        let popular = [&sold, &recent].map(|sales| ranking(sales, available));
        let taste = Decay::new(Some(TASTE_DAYS), days.end);
        Knowledge {
            purchases,
            cut: distinct.cut,
            days,
            neighbours,
            available,
            sold,
            recent,
            all,
            all_recent,
            trend,
            popular,
            kind,
            kind_share,
            taste,
        }
    }

    /// Logarithm of a product's share of recent demand.
    pub fn log_demand(&self, product: u32) -> f64 {
        (self.recent[product as usize] / self.all_recent + 1.0 / self.all).ln()
    }

    /// The kind of a product.
    pub fn kind(&self, product: u32) -> u32 {
        self.kind[product as usize]
    }

    /// On how many customer-days a product was bought and kept.
    pub fn sold(&self, product: u32) -> f64 {
        self.sold[product as usize]
    }

    /// Whether a customer bought and kept anything on the days.
    pub fn knows(&self, customer: usize) -> bool {
        self.purchases.kept(customer, &self.days).next().is_some()
    }

    /// How well each way ranks what the customers bought in the `horizon` days after, of what they never had before.
    pub fn judge(&self, customers: &[usize], horizon: i32) -> Vec<Quality> {
        let parts: Vec<Vec<Quality>> = customers
            .par_chunks(64)
            .map_init(
                || (Desk::new(self, MEASURED), vec![0_u32; self.purchases.n_products]),
                |(desk, bought), customers| {
                    let mut qualities = vec![Quality::default(); WAYS.len()];
                    for customer in customers {
                        let stamp = *customer as u32 + 1;
                        desk.seat(self, *customer);
                        let mut n_bought = 0;
                        let after = self.days.end..self.days.end + horizon;
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
                        for ((_, way), quality) in WAYS.iter().zip(&mut qualities) {
                            let list = desk.rank(self, *way);
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

/// Products from the best-selling down, ties by product; the first few.
fn ranking(sales: &[f64], available: &[bool]) -> Vec<u32> {
    let mut best = Best::new(POPULAR + MEASURED);
    for (product, sold) in sales.iter().enumerate().filter(|(product, sold)| **sold > 0.0 && available[*product]) {
        best.add(*sold, product as u32);
    }
    best.list.into_iter().map(|(_, product)| product).collect()
}

/// Arrays by product, good for one customer after the other.
pub struct Desk {
    depth: usize,
    stamp: u32,
    /// Stamped: had before.
    owned: Vec<u32>,
    /// Stamped: kept before.
    kept: Vec<u32>,
    /// Cosine sums: all he bought the same; the latest most.
    plain: Vec<f64>,
    faded: Vec<f64>,
    /// Products with either.
    touched: Vec<u32>,
    /// His share of each kind, in customer-days.
    kinds: Vec<f64>,
    touched_kinds: Vec<u32>,
    n_bought: f64,
    activity: [f64; 2],
    weights: Vec<(u32, f64)>,
    best: Best,
    /// Stamped: left out and counted.
    blocked: Vec<u32>,
    skipped: Skipped,
    /// What of his purchases speaks most for a product, and how much.
    leads: Vec<(f64, u32)>,
}

/// Neighbours of a customer's products that were left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    /// He has them.
    pub owned: u64,
    /// He had them and gave all back.
    pub returned: u64,
    /// They may not be offered.
    pub unavailable: Vec<u32>,
}

impl Desk {
    /// Room for everybody; lists are as long as `depth`.
    pub fn new(knowledge: &Knowledge<'_>, depth: usize) -> Desk {
        let products = knowledge.purchases.n_products;
        Desk {
            depth,
            stamp: 0,
            blocked: vec![0; products],
            skipped: Skipped::default(),
            leads: vec![(0.0, 0); products],
            owned: vec![0; products],
            kept: vec![0; products],
            plain: vec![0.0; products],
            faded: vec![0.0; products],
            touched: Vec::new(),
            kinds: vec![0.0; knowledge.kind_share.len()],
            touched_kinds: Vec::new(),
            n_bought: 0.0,
            activity: [0.0; 2],
            weights: Vec::new(),
            best: Best::new(depth),
        }
    }

    /// Whether the customer at the desk had the product before.
    #[inline]
    pub fn owns(&self, product: u32) -> bool {
        self.owned[product as usize] == self.stamp
    }

    /// Looks at what a customer bought.
    pub fn seat(&mut self, knowledge: &Knowledge<'_>, customer: usize) {
        for product in self.touched.drain(..) {
            (self.plain[product as usize], self.faded[product as usize]) = (0.0, 0.0);
            self.leads[product as usize] = (0.0, 0);
        }
        self.touched_kinds.drain(..).for_each(|kind| self.kinds[kind as usize] = 0.0);
        self.stamp += 1;
        self.skipped = Skipped::default();
        self.n_bought = 0.0;
        let purchases = knowledge.purchases;
        for at in purchases.of(customer, &(i32::MIN..knowledge.days.end)) {
            let product = purchases.products[at];
            self.owned[(product & !GONE) as usize] = self.stamp;
            if product & GONE == 0 {
                self.kept[product as usize] = self.stamp;
            }
        }
        self.weights.clear();
        let (mut active_days, mut newest, mut earlier) = (0_u32, knowledge.days.start, i32::MAX);
        for at in purchases.of(customer, &knowledge.days).rev() {
            let product = purchases.products[at];
            if product & GONE != 0 {
                continue;
            }
            let day = purchases.days[at];
            newest = newest.max(day);
            if day >= knowledge.days.end - ACTIVE_DAYS && day != std::mem::replace(&mut earlier, day) {
                active_days += 1;
            }
            let kind = knowledge.kind[product as usize];
            if self.kinds[kind as usize] == 0.0 {
                self.touched_kinds.push(kind);
            }
            self.kinds[kind as usize] += 1.0;
            self.n_bought += 1.0;
            self.weights.push((product, knowledge.taste.at(day)));
        }
        self.activity = [f64::from(active_days).ln_1p(), f64::from(knowledge.days.end - newest).ln_1p()];
        self.weights.sort_by_key(|(product, _)| *product);
        for same in self.weights.chunk_by(|left, right| left.0 == right.0) {
            let product = same[0].0;
            let weight = same.iter().map(|(_, weight)| weight).sum::<f64>().min(1.0);
            let norm = 1.0 / f64::from(knowledge.neighbours.buyers[product as usize].max(1)).sqrt();
            for (other, common) in knowledge.neighbours.nearest(product) {
                let owned = self.owned[*other as usize] == self.stamp;
                if owned || !knowledge.available[*other as usize] {
                    if std::mem::replace(&mut self.blocked[*other as usize], self.stamp) != self.stamp {
                        match (owned, self.kept[*other as usize] == self.stamp) {
                            (true, true) => self.skipped.owned += 1,
                            (true, false) => self.skipped.returned += 1,
                            _ => self.skipped.unavailable.push(*other),
                        }
                    }
                    continue;
                }
                if self.plain[*other as usize] == 0.0 {
                    self.touched.push(*other);
                }
                let near = f64::from(*common) * norm;
                self.plain[*other as usize] += near;
                self.faded[*other as usize] += weight * near;
                let lead = &mut self.leads[*other as usize];
                if weight * near > lead.0 {
                    *lead = (weight * near, product);
                }
            }
        }
    }

    /// What of his purchases speaks most for a product; `None` where none of them does.
    pub fn lead(&self, product: u32) -> Option<u32> {
        let (near, lead) = self.leads[product as usize];
        (near > 0.0).then_some(lead)
    }

    /// What was left out of his neighbourhood.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// How often he bought of each kind.
    pub fn kinds(&self) -> impl Iterator<Item = (u32, f64)> {
        self.touched_kinds.iter().map(|kind| (*kind, self.kinds[*kind as usize]))
    }

    /// The products he bought and kept, each as often as on different days.
    pub fn liked(&self) -> impl Iterator<Item = u32> {
        self.weights.iter().map(|(product, _)| *product)
    }

    /// How active he is: logarithms of his days with purchases of late and of the days since the last.
    pub fn activity(&self) -> [f64; 2] {
        self.activity
    }

    /// The best products he never had; best sellers follow where his neighbourhood ends.
    pub fn rank(&mut self, knowledge: &Knowledge<'_>, way: Way) -> &[(f64, u32)] {
        let mut best = std::mem::take(&mut self.best);
        best.clear();
        match way {
            Way::BestSellers => self.popular(knowledge, 0, &mut best),
            Way::RecentSellers => self.popular(knowledge, 1, &mut best),
            Way::ItemKnn => {
                for product in &self.touched {
                    let buyers = f64::from(knowledge.neighbours.buyers[*product as usize]);
                    best.add(self.plain[*product as usize] / buyers.sqrt(), *product);
                }
            }
            Way::Blend { normalise, trend, affinity } => {
                let touched = &self.touched;
                for product in touched {
                    let buyers = f64::from(knowledge.neighbours.buyers[*product as usize]);
                    let mut score = self.faded[*product as usize] * power(1.0 / buyers, normalise);
                    score *= power(knowledge.trend[*product as usize], trend);
                    if affinity > 0.0 {
                        score *= power(self.liking(knowledge, knowledge.kind[*product as usize]), affinity);
                    }
                    best.add(score, *product);
                }
            }
        }
        if best.list.len() < self.depth {
            self.fill(knowledge, &mut best);
        }
        self.best = best;
        &self.best.list
    }

    /// How many times more of the kind he buys than everybody does.
    fn liking(&self, knowledge: &Knowledge<'_>, kind: u32) -> f64 {
        let everybody = knowledge.kind_share[kind as usize].max(f64::MIN_POSITIVE);
        let own = self.kinds[kind as usize] / self.n_bought.max(1.0);
        (own + SMOOTHING * everybody) / (everybody * (1.0 + SMOOTHING))
    }

    fn popular(&self, knowledge: &Knowledge<'_>, by: usize, best: &mut Best) {
        let sales = [&knowledge.sold, &knowledge.recent][by];
        let new = knowledge.popular[by].iter().filter(|product| !self.owns(**product));
        new.take(self.depth).for_each(|product| best.add(sales[*product as usize], *product));
    }

    /// Recent best sellers below everything else.
    fn fill(&self, knowledge: &Knowledge<'_>, best: &mut Best) {
        let listed: Vec<u32> = best.list.iter().map(|(_, product)| *product).collect();
        let new = knowledge.popular[1].iter().filter(|product| !self.owns(**product) && !listed.contains(product));
        for (place, product) in new.take(self.depth - listed.len()).enumerate() {
            best.add(-1.0 - place as f64, *product);
        }
    }
}

#[inline]
fn power(base: f64, exponent: f64) -> f64 {
    // The powers that are tried have roots that are faster and exact everywhere.
    match exponent {
        0.0 => 1.0,
        0.25 => base.sqrt().sqrt(),
        0.5 => base.sqrt(),
        other => base.powf(other),
    }
}
