//! What the kinds of up-sell share: what is known of products and customers, offers, and what became of them.

use std::cmp::Reverse;
use std::ops::Range;

use rayon::prelude::*;

use super::UpSell;
use super::climb::Moves;
use super::ladder::Ladder;
use crate::analyses::offers::guards::{Guard, Removed, Watch};
use crate::analyses::offers::rhythm::{Activity, Rhythm};
use crate::facts::{Facts, GONE};

/// No product.
pub(super) const NOTHING: u32 = u32::MAX;

/// The ways to sell up; each has a file of its own and a backtest of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    TradeUp,
    /// The naive rule of trading up, where it did better.
    Dearer,
    BiggerPack,
    Accessory,
    Replacement,
}

impl Kind {
    /// Those that are tried.
    pub(super) const ALL: [Kind; 4] = [Kind::TradeUp, Kind::BiggerPack, Kind::Accessory, Kind::Replacement];

    /// The reason in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::TradeUp => "trade_up",
            Kind::Dearer => "dearer",
            Kind::BiggerPack => "bigger_pack",
            Kind::Accessory => "accessory",
            Kind::Replacement => "replacement",
        }
    }

    /// The naive rule it is held against.
    pub(super) fn baseline(self) -> &'static str {
        match self {
            Kind::TradeUp | Kind::Dearer | Kind::BiggerPack => "best_seller_above",
            Kind::Accessory => "best_seller_elsewhere",
            Kind::Replacement => "every_owner",
        }
    }
}

/// One product for one customer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    pub customer: u32,
    pub product: u32,
    /// What he has that speaks for it.
    pub because: u32,
    /// Its place in [`Found::backings`].
    pub backing: u32,
    pub kind: Kind,
    pub probability: f64,
    /// Expected, minor units.
    pub margin: i64,
}

/// What counts as a sale in a test.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// This product; [`NOTHING`] is never bought.
    Product(u32),
    /// Anything of this step of the ladder.
    Step(u32),
    /// Anything of this kind.
    KindOf(u32),
}

/// The counts behind an offer: how many bought, of how many; lift and its lower end where there is one.
pub(super) type Backing = (u32, u32, Option<(f64, f64)>);

/// What one way to sell up came to on a day.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By customer.
    pub offers: Vec<Offer>,
    pub backings: Vec<Backing>,
    /// Where it climbs a ladder: who moved to where, by step.
    pub moves: Vec<Moves>,
    /// What the naive rule would have offered, by customer; only of those of a test.
    pub naive: Vec<(u32, Target)>,
    pub removed: Removed,
}

/// Whose offers are worked out.
#[derive(Clone, Copy)]
pub(super) enum Customers<'c> {
    All(usize),
    These(&'c [usize]),
}

impl Customers<'_> {
    /// Whether it is a test, which has a naive rule beside it.
    pub(super) fn are_tested(self) -> bool {
        matches!(self, Customers::These(_))
    }

    pub(super) fn len(self) -> usize {
        match self {
            Customers::All(count) => count,
            Customers::These(chosen) => chosen.len(),
        }
    }

    pub(super) fn at(self, place: usize) -> usize {
        match self {
            Customers::All(_) => place,
            Customers::These(chosen) => chosen[place],
        }
    }
}

/// Customers of one task.
const CHUNK: usize = 4096;
/// Parts of the customers whose sales are added up.
const PARTS: usize = 16;

/// Works out the offers of one customer after the other; each task has a desk of its own.
pub(super) fn gathered<D>(
    customers: Customers<'_>,
    desk: impl Fn() -> D + Sync + Send,
    find: impl Fn(&mut D, usize, &mut Found) + Sync,
) -> Found {
    let parts: Vec<Found> = (0..customers.len().div_ceil(CHUNK))
        .into_par_iter()
        .map_init(desk, |desk, chunk| {
            let mut found = Found::default();
            for place in chunk * CHUNK..((chunk + 1) * CHUNK).min(customers.len()) {
                find(desk, customers.at(place), &mut found);
            }
            found.offers.shrink_to_fit();
            found
        })
        .collect();
    let mut all = Found::default();
    all.offers.reserve_exact(parts.iter().map(|part| part.offers.len()).sum());
    for part in parts {
        all.offers.extend(part.offers);
        all.naive.extend(part.naive);
        all.removed.merge(&part.removed);
    }
    all
}

/// What is known, whatever the day.
pub(super) struct Scene<'s> {
    pub facts: &'s Facts,
    pub parameters: &'s UpSell,
    pub watch: &'s Watch,
    pub tiers: &'s Ladder,
}

impl Scene<'_> {
    /// The days that show what somebody usually buys.
    pub(super) fn window(&self, end: i32) -> Range<i32> {
        end.saturating_sub_unsigned(self.parameters.window_days)..end
    }

    /// Lines of each product bought and kept on the days, by customers and anonymous buyers.
    pub(super) fn sold(&self, days: &Range<i32>) -> Vec<u32> {
        let customers = self.facts.customers.len() + 1;
        let share = customers.div_ceil(PARTS);
        let part = |part: usize| {
            let mut sold = vec![0_u32; self.facts.products.len()];
            for customer in part * share..((part + 1) * share).min(customers) {
                each_kept(self.facts, customer, days, |product| sold[product as usize] += 1);
            }
            sold
        };
        let add = |mut sums: Vec<u32>, part: Vec<u32>| {
            sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            sums
        };
        (0..PARTS).into_par_iter().map(part).reduce(|| vec![0; self.facts.products.len()], add)
    }

    /// The products sold of each kind, from the best-selling down.
    pub(super) fn best_sellers_by_kind(&self, sold: &[u32]) -> Vec<Vec<u32>> {
        best_sellers(sold, self.tiers.names.len(), |product| Some(self.tiers.kinds[product as usize]))
    }

    /// How active a customer was on a day, by what he bought in the window before it.
    pub(super) fn activity(&self, customer: u32, day: i32) -> Activity {
        let days = self.window(day);
        let mut rhythm = Rhythm::until(day);
        self.facts.purchases.kept(customer as usize, &days).for_each(|(day, _)| rhythm.add(day));
        rhythm.activity(days.start)
    }

    /// What a sale of what is offered earns more than no offer would, minor units.
    pub(super) fn extra(&self, offer: &Offer) -> Option<i64> {
        match offer.kind {
            Kind::TradeUp | Kind::Dearer | Kind::BiggerPack => self.extra_margin(offer.because, offer.product),
            Kind::Accessory | Kind::Replacement => self.watch.margins[offer.product as usize],
        }
    }

    /// What one product earns more than another.
    pub(super) fn extra_margin(&self, usual: u32, product: u32) -> Option<i64> {
        Some(self.watch.margins[product as usize]? - self.watch.margins[usual as usize]?)
    }

    /// Whether a product costs more than another, and earns more, as far as both are known.
    pub(super) fn is_dearer(&self, usual: u32, product: u32) -> bool {
        let dearer = match (self.watch.prices[usual as usize], self.watch.prices[product as usize]) {
            (Some(usual), Some(product)) => product > usual,
            _ => true,
        };
        dearer && self.extra_margin(usual, product).is_none_or(|extra| extra > 0)
    }

    /// Whether a product is dearer than another and still something of its sort.
    pub(super) fn is_above(&self, usual: u32, product: u32) -> bool {
        self.is_dearer(usual, product) && self.is_near(usual, product)
    }

    /// Whether a product costs not so much more than another that it is something else.
    pub(super) fn is_near(&self, usual: u32, product: u32) -> bool {
        match (self.watch.prices[usual as usize], self.watch.prices[product as usize]) {
            (Some(usual), Some(product)) => product as f64 <= usual as f64 * self.parameters.max_price_step,
            _ => true,
        }
    }

    /// The first product that he never had and that may be offered; those before it are counted as removed.
    pub(super) fn first(
        &self,
        products: impl IntoIterator<Item = u32>,
        owned: &Owned,
        removed: &mut Removed,
    ) -> Option<u32> {
        products.into_iter().find(|product| {
            let guard = match owned.kept(*product) {
                Some(true) => Some(Guard::Owned),
                Some(false) => Some(Guard::Returned),
                None => self.watch.products[*product as usize],
            };
            if let Some(guard) = guard {
                removed.add(guard, 1);
            }
            guard.is_none()
        })
    }
}

/// The products sold, by number of what they belong to, from the best-selling down, ties by product.
pub(super) fn best_sellers(sold: &[u32], groups: usize, group: impl Fn(u32) -> Option<u32>) -> Vec<Vec<u32>> {
    let mut products = vec![Vec::new(); groups];
    for product in (0..sold.len() as u32).filter(|product| sold[*product as usize] > 0) {
        if let Some(group) = group(product) {
            products[group as usize].push(product);
        }
    }
    for products in &mut products {
        products.sort_unstable_by_key(|product| (Reverse(sold[*product as usize]), *product));
    }
    products
}

/// The products one customer has had.
pub(super) struct Owned {
    stamp: u32,
    /// Stamped: had, and kept.
    had: Vec<u32>,
    kept: Vec<u32>,
}

impl Owned {
    pub(super) fn new(scene: &Scene<'_>) -> Owned {
        let products = scene.facts.products.len();
        Owned { stamp: 1, had: vec![0; products], kept: vec![0; products] }
    }

    /// Looks at what a customer bought before a day.
    pub(super) fn read(&mut self, scene: &Scene<'_>, customer: usize, end: i32) {
        self.stamp += 1;
        let purchases = &scene.facts.purchases;
        for at in purchases.of_days(customer, &(i32::MIN..end)) {
            let product = purchases.products[at];
            self.had[(product & !GONE) as usize] = self.stamp;
            if product & GONE == 0 {
                self.kept[product as usize] = self.stamp;
            }
        }
    }

    /// Whether he had it.
    pub(super) fn has(&self, product: u32) -> bool {
        self.had[product as usize] == self.stamp
    }

    /// Whether he kept what he had; `None` where he never had it.
    pub(super) fn kept(&self, product: u32) -> Option<bool> {
        self.has(product).then(|| self.kept[product as usize] == self.stamp)
    }
}

/// Calls `add` for the product of every line a customer bought and kept on the days.
#[inline]
pub(super) fn each_kept(facts: &Facts, customer: usize, days: &Range<i32>, mut add: impl FnMut(u32)) {
    let range = facts.orders_of(customer);
    let own = &facts.orders.day[range.clone()];
    // Orders lie by day.
    let first = own.partition_point(|day| *day < days.start);
    let end = own.partition_point(|day| *day < days.end);
    for order in range.start + first..range.start + end.max(first) {
        for line in facts.orders.lines(order).filter(|line| facts.lines.kept(*line)) {
            add(facts.lines.product[line]);
        }
    }
}

/// Which of some offers led to a sale on the days.
pub(super) fn sales(scene: &Scene<'_>, ladder: &Ladder, offers: &[(u32, Target)], days: &Range<i32>) -> Vec<bool> {
    let sold = |(customer, target): &(u32, Target)| {
        let mut hit = false;
        each_kept(scene.facts, *customer as usize, days, |product| {
            hit |= match target {
                Target::Product(wanted) => product == *wanted,
                Target::Step(step) => ladder.step_of(product) == Some(*step),
                Target::KindOf(kind) => scene.tiers.kinds[product as usize] == *kind,
            };
        });
        hit
    };
    offers.par_iter().with_min_len(1024).map(sold).collect()
}
