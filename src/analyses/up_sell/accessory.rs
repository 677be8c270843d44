//! What goes with something bought of late: of another category, no dearer, and bought after it more often than usual.

use super::scene::{Customers, Found, Kind, NOTHING, Offer, Owned, Scene, Target, gathered};
use crate::analyses::offers::evidence::Evidence;
use crate::analyses::offers::followers::Followers;
use crate::analyses::offers::{cautious_share, shrunk_share};

/// Accessories of one product that are looked at.
const KEEP: usize = 10;
/// Best sellers that the naive rule looks through.
const POPULAR: usize = 200;

/// What might be offered on a day to those who bought something it goes with in the `accessory_days` before.
pub(super) fn found(scene: &Scene<'_>, customers: Customers<'_>, end: i32) -> Found {
    let (facts, purchases) = (scene.facts, &scene.facts.purchases);
    let within = scene.parameters.accessory_days as i32;
    let window = scene.window(end);
    let category = |product: u32| facts.category[product as usize];
    let named: Vec<bool> = facts.categories.values.iter().map(|name| !name.is_empty()).collect();
    let is_accessory = |base: u32, product: u32| {
        let (base_category, other) = (category(base), category(product));
        let cheaper = match (scene.watch.prices[base as usize], scene.watch.prices[product as usize]) {
            (Some(base), Some(product)) => product <= base,
            _ => true,
        };
        cheaper && base_category != other && named[base_category as usize] && named[other as usize]
    };
    let followers = Followers::of(purchases, &window, within, KEEP, is_accessory);
    if followers.all().is_empty() {
        return Found::default();
    }
    let weight = scene.parameters.shrinkage;
    let overall = overall(followers.all(), weight);
    let probability =
        |evidence: &Evidence| shrunk_share(evidence.n_both.into(), evidence.n_antecedent.into(), overall, weight);
    let sold = scene.sold(&window);
    let mut popular: Vec<u32> = (0..sold.len() as u32).filter(|product| sold[*product as usize] > 0).collect();
    popular.sort_unstable_by_key(|product| (std::cmp::Reverse(sold[*product as usize]), *product));
    popular.truncate(POPULAR);
    let late = end - within..end;
    let find = |owned: &mut Owned, customer: usize, found: &mut Found| {
        let mut bases: Vec<u32> = purchases.kept(customer, &late).map(|(_, product)| product).collect();
        if bases.is_empty() {
            return;
        }
        bases.sort_unstable();
        bases.dedup();
        owned.read(scene, customer, end);
        let first = found.offers.len();
        for base in bases {
            let places = followers.places(base);
            let products = places.clone().map(|place| followers.at(place).0);
            let Some(product) = scene.first(products, owned, &mut found.removed) else { continue };
            let Some(place) = places.clone().find(|place| followers.at(*place).0 == product) else { continue };
            let offer = Offer {
                customer: customer as u32,
                product,
                because: base,
                backing: place as u32,
                kind: Kind::Accessory,
                probability: probability(&followers.at(place).1),
                margin: 0,
            };
            // Several bases may lead to it: the one that makes it likeliest is the reason, ties by base.
            match found.offers[first..].iter_mut().find(|known| known.product == product) {
                Some(known) if known.probability < offer.probability => *known = offer,
                Some(_) => {}
                None => found.offers.push(offer),
            }
        }
        for offer in found.offers[first..].iter().filter(|_| customers.are_tested()) {
            let elsewhere =
                popular.iter().find(|product| category(**product) != category(offer.because) && !owned.has(**product));
            found.naive.push((customer as u32, Target::Product(elsewhere.copied().unwrap_or(NOTHING))));
        }
    };
    let mut found = gathered(customers, || Owned::new(scene), find);
    found.backings = followers
        .all()
        .iter()
        .map(|(_, evidence)| (evidence.n_both, evidence.n_antecedent, Some((evidence.lift, evidence.lift_low))))
        .collect();
    found
}

/// The share over all bases and accessories.
fn overall(all: &[(u32, Evidence)], weight: f64) -> f64 {
    let (both, antecedent) = all.iter().fold((0.0, 0.0), |(both, antecedent), (_, evidence)| {
        (both + f64::from(evidence.n_both), antecedent + f64::from(evidence.n_antecedent))
    });
    cautious_share(both, antecedent, weight)
}
