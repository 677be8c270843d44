//! What is old enough to be replaced: durable kinds, by the ages at which others bought of the kind again.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::scene::{Backing, Customers, Found, Kind, Offer, Owned, Scene, Target, gathered};
use crate::analyses::offers::{cautious_share, shrunk_share};

/// Ages are told apart by so many days.
const BAND: i32 = 30;
/// Ages beyond so many bands are one.
const BANDS: usize = 122;
/// The share of owners who have bought again when a kind is due.
const DUE: f64 = 0.25;

fn band(age: i32) -> usize {
    ((age.max(0) / BAND) as usize).min(BANDS - 1)
}

/// How long it takes until somebody buys of a kind again, by age in bands.
#[derive(Clone)]
struct Ages {
    /// Not replaced at this age and watched for a whole horizon from then, and how many of them bought again in it.
    observed: Vec<u32>,
    bought: Vec<u32>,
    /// Seen to reach this age, and how many of them bought again within the band.
    reached: Vec<u32>,
    ended: Vec<u32>,
}

impl Ages {
    fn none() -> Ages {
        let nothing = || vec![0; BANDS + 1];
        Ages { observed: nothing(), bought: nothing(), reached: nothing(), ended: nothing() }
    }

    /// Adds a wait of so many days that has ended, or goes on; it began `seen` days ago.
    fn add(&mut self, days: i32, ended: bool, seen: i32, horizon: i32) {
        let last = band(days);
        for at in 0..=last {
            let age = at as i32 * BAND;
            self.reached[at] += 1;
            if age + horizon <= seen {
                self.observed[at] += 1;
                self.bought[at] += u32::from(ended && days < age + horizon);
            }
        }
        self.ended[last] += u32::from(ended);
    }

    fn merge(&mut self, other: &Ages) {
        let add = |sums: &mut Vec<u32>, part: &[u32]| sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        add(&mut self.observed, &other.observed);
        add(&mut self.bought, &other.bought);
        add(&mut self.reached, &other.reached);
        add(&mut self.ended, &other.ended);
    }

    /// The age by which a quarter has bought again, by the life table; `None` where it is not known.
    fn due(&self, fewest: u32) -> Option<i32> {
        let mut left = 1.0;
        for band in 0..BANDS {
            if self.reached[band] < fewest {
                return None;
            }
            left *= 1.0 - f64::from(self.ended[band]) / f64::from(self.reached[band]);
            if left <= 1.0 - DUE {
                return Some((band as i32 + 1) * BAND);
            }
        }
        None
    }
}

/// Customers of one task.
const CHUNK: usize = 16_384;

/// What might be offered on a day to those whose last purchase of a durable kind is as old as those that a quarter of
/// the owners replaced: the best seller of the kind that is no cheaper and of no lower tier than what they have.
pub(super) fn found(scene: &Scene<'_>, customers: Customers<'_>, end: i32) -> Found {
    let facts = scene.facts;
    let fewest = scene.parameters.min_owners;
    let ages = ages(scene, end);
    let due: Vec<Option<i32>> = ages
        .iter()
        .map(|ages| ages.as_ref()?.due(fewest).filter(|age| *age >= scene.parameters.durable_days as i32))
        .collect();
    if due.iter().all(Option::is_none) {
        return Found::default();
    }
    let goods = scene.best_sellers_by_kind(&scene.sold(&scene.window(end)));
    let nobody = Owned::new(scene);
    let weight = scene.parameters.shrinkage;
    let place = |kind: usize, band: usize| (kind * BANDS + band) as u32;
    let find = |_: &mut (), customer: usize, found: &mut Found| {
        let mut newest: Vec<(u32, Reverse<i32>, u32)> = (facts.purchases.kept(customer, &(i32::MIN..end)))
            .map(|(day, product)| (scene.tiers.kinds[product as usize], Reverse(day), product))
            .filter(|(kind, ..)| due[*kind as usize].is_some())
            .collect();
        newest.sort_unstable();
        newest.dedup_by_key(|(kind, ..)| *kind);
        for (kind, Reverse(day), old) in newest {
            if customers.are_tested() {
                found.naive.push((customer as u32, Target::KindOf(kind)));
            }
            let age = end - day;
            let band = band(age);
            let (Some(ages), Some(due)) = (&ages[kind as usize], due[kind as usize]) else { continue };
            if age < due || ages.observed[band] < fewest.max(1) {
                continue;
            }
            let as_good = |product: &u32| {
                let dear = match (scene.watch.prices[old as usize], scene.watch.prices[*product as usize]) {
                    (Some(old), Some(product)) => product >= old,
                    _ => true,
                };
                let high = match (scene.tiers.step_of(old), scene.tiers.step_of(*product)) {
                    (Some(old), Some(product)) => product >= old,
                    _ => true,
                };
                dear && high
            };
            let products = goods[kind as usize].iter().copied().filter(as_good);
            let Some(product) = scene.first(products, &nobody, &mut found.removed) else { continue };
            let from = (due / BAND) as usize;
            let sum = |counts: &[u32]| counts[from.min(BANDS)..].iter().map(|count| f64::from(*count)).sum::<f64>();
            let overall = cautious_share(sum(&ages.bought), sum(&ages.observed), weight);
            let (bought, observed) = (ages.bought[band].into(), ages.observed[band].into());
            found.offers.push(Offer {
                customer: customer as u32,
                product,
                because: old,
                backing: place(kind as usize, band),
                kind: Kind::Replacement,
                probability: shrunk_share(bought, observed, overall, weight),
                margin: 0,
            });
        }
    };
    let mut found = gathered(customers, || (), find);
    let counts = |ages: &Option<Ages>, band: usize| -> Backing {
        ages.as_ref().map_or((0, 0, None), |ages| (ages.bought[band], ages.observed[band], None))
    };
    found.backings = ages
        .iter()
        .flat_map(|ages| (0..BANDS).map(move |band| (ages, band)))
        .map(|(ages, band)| counts(ages, band))
        .collect();
    found
}

/// What was seen before a day, by kind; `None` for kinds nobody bought.
fn ages(scene: &Scene<'_>, end: i32) -> Vec<Option<Ages>> {
    let purchases = &scene.facts.purchases;
    let horizon = scene.parameters.horizon_days as i32;
    let kinds = scene.tiers.names.len();
    let named: Vec<bool> = scene.tiers.names.iter().map(|(category, _)| !category.is_empty()).collect();
    let count = |chunk: usize| {
        let mut ages: Vec<Option<Ages>> = vec![None; kinds];
        let mut own: Vec<(u32, i32)> = Vec::new();
        for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(purchases.customers()) {
            own.clear();
            own.extend(
                (purchases.kept(customer, &(i32::MIN..end)))
                    .map(|(day, product)| (scene.tiers.kinds[product as usize], day))
                    .filter(|(kind, _)| named[*kind as usize]),
            );
            own.sort_unstable();
            own.dedup();
            for same in own.chunk_by(|left, right| left.0 == right.0) {
                let ages = ages[same[0].0 as usize].get_or_insert_with(Ages::none);
                same.windows(2).for_each(|pair| ages.add(pair[1].1 - pair[0].1, true, end - pair[0].1, horizon));
                let seen = end - same[same.len() - 1].1;
                ages.add(seen, false, seen, horizon);
            }
        }
        ages
    };
    // Whole numbers: the order of adding does not matter.
    (0..purchases.customers().div_ceil(CHUNK)).into_par_iter().map(count).reduce(
        || vec![None; kinds],
        |mut sums, part| {
            for (sum, part) in sums.iter_mut().zip(part) {
                match (sum, part) {
                    (Some(sum), Some(part)) => sum.merge(&part),
                    (sum, part @ Some(_)) => *sum = part,
                    _ => {}
                }
            }
            sums
        },
    )
}
