//! Looks at one customer after the other: what he bought, and what is near to it.
//!
//! The time is that of (his products × their neighbours): one multiplication and one addition each, in an array of
//! four bytes a product that stays in the cache.

use super::discoveries::{Knowledge, Scale, Way};
use super::ranking::{Best, Scored};
use super::rhythm::{Activity, Rhythm};
use crate::facts::GONE;

/// How many purchases of everybody's taste a customer's own taste is blended with, of a hundred.
const SMOOTHING: f64 = 0.05;

/// Arrays by product, good for one customer after the other.
pub struct Desk {
    depth: usize,
    stamp: u32,
    /// Stamped: had before.
    owned: Vec<u32>,
    /// Stamped: kept before.
    kept: Vec<u32>,
    /// Product, and what his purchases of it weigh, each product once.
    weights: Vec<(u32, f32)>,
    /// The products he bought and kept, each as often as on different days.
    liked: Vec<(u32, f64)>,
    /// The sum of what is near, by product.
    sums: Vec<f32>,
    /// The products with a sum: the first `n_near`.
    near: Vec<u32>,
    n_near: usize,
    /// How the sums were made; `None` where they are not his.
    gathered: Option<Weigh>,
    /// His share of each kind, in customer-days.
    kinds: Vec<f64>,
    touched_kinds: Vec<u32>,
    /// What his liking of each kind multiplies a sum by.
    likings: Vec<f32>,
    n_bought: f64,
    activity: Activity,
    best: Best,
    /// What would be on the list, but is his or may not be offered.
    barred: Vec<Scored>,
    /// By product: its place among those looked for, from 1 on.
    places: Vec<u32>,
}

/// What a purchase weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weigh {
    /// All the same.
    Alike,
    /// The latest most.
    Fading,
}

impl Desk {
    /// Room for everybody; lists are as long as `depth`.
    pub fn new(knowledge: &Knowledge<'_>, depth: usize) -> Desk {
        let products = knowledge.purchases.n_products;
        Desk {
            depth,
            stamp: 0,
            owned: vec![0; products],
            kept: vec![0; products],
            weights: Vec::new(),
            liked: Vec::new(),
            sums: vec![0.0; products],
            near: vec![0; products + 1],
            n_near: 0,
            gathered: None,
            kinds: vec![0.0; knowledge.kind_share.len()],
            touched_kinds: Vec::new(),
            likings: vec![1.0; knowledge.kind_share.len()],
            n_bought: 0.0,
            activity: Activity::default(),
            best: Best::new(depth),
            barred: Vec::new(),
            places: vec![0; products],
        }
    }

    /// Whether the customer at the desk had the product before.
    #[inline]
    pub fn owns(&self, product: u32) -> bool {
        self.owned[product as usize] == self.stamp
    }

    /// Whether he kept it.
    #[inline]
    pub fn keeps(&self, product: u32) -> bool {
        self.kept[product as usize] == self.stamp
    }

    /// Looks at what a customer bought.
    pub fn seat(&mut self, knowledge: &Knowledge<'_>, customer: usize) {
        self.touched_kinds.drain(..).for_each(|kind| self.kinds[kind as usize] = 0.0);
        self.stamp += 1;
        self.n_bought = 0.0;
        self.gathered = None;
        self.barred.clear();
        self.liked.clear();
        let purchases = knowledge.purchases;
        let mut rhythm = Rhythm::until(knowledge.days.end);
        for at in purchases.of_days(customer, &(i32::MIN..knowledge.days.end)).rev() {
            let (product, day) = (purchases.products[at], purchases.days[at]);
            self.owned[(product & !GONE) as usize] = self.stamp;
            if product & GONE != 0 {
                continue;
            }
            self.kept[product as usize] = self.stamp;
            if day < knowledge.days.start {
                continue;
            }
            rhythm.add(day);
            let kind = knowledge.kind(product) as usize;
            if self.kinds[kind] == 0.0 {
                self.touched_kinds.push(kind as u32);
            }
            self.kinds[kind] += 1.0;
            self.n_bought += 1.0;
            self.liked.push((product, knowledge.taste.at(day)));
        }
        self.activity = rhythm.activity(knowledge.days.start);
        self.liked.sort_by_key(|(product, _)| *product);
        self.weights.clear();
        self.weights.extend(self.liked.chunk_by(|left, right| left.0 == right.0).map(|same| {
            // However long ago, it weighs something: what has no sum yet is counted by that.
            let weight = same.iter().map(|(_, weight)| weight).sum::<f64>().clamp(1e-20, 1.0);
            (same[0].0, weight as f32)
        }));
    }

    /// Sums what is near to his products.
    fn gather(&mut self, knowledge: &Knowledge<'_>, weigh: Weigh) {
        if self.gathered == Some(weigh) {
            return;
        }
        for product in &self.near[..self.n_near] {
            self.sums[*product as usize] = 0.0;
        }
        let mut found = 0;
        for (product, weight) in &self.weights {
            let weight = if weigh == Weigh::Fading { *weight } else { 1.0 };
            for near in knowledge.neighbours.nearest(*product) {
                let sum = &mut self.sums[near.product as usize];
                // Written always, counted once: no branch to guess wrong.
                self.near[found] = near.product;
                found += usize::from(*sum == 0.0);
                *sum += weight * near.weight;
            }
        }
        self.n_near = found;
        self.gathered = Some(weigh);
    }

    /// Which of his purchases speaks most for each of some products; `None` where none of them does.
    pub fn leads(&mut self, knowledge: &Knowledge<'_>, products: &[u32]) -> Vec<Option<u32>> {
        let mut leads = vec![(0.0_f32, None); products.len() + 1];
        for (place, product) in products.iter().enumerate() {
            self.places[*product as usize] = place as u32 + 1;
        }
        for (product, weight) in &self.weights {
            for near in knowledge.neighbours.nearest(*product) {
                let place = self.places[near.product as usize];
                if place > 0 && weight * near.weight > leads[place as usize].0 {
                    leads[place as usize] = (weight * near.weight, Some(*product));
                }
            }
        }
        products.iter().for_each(|product| self.places[*product as usize] = 0);
        leads[1..].iter().map(|(_, lead)| *lead).collect()
    }

    /// What would have been on the last list, but is his or may not be offered.
    pub fn barred(&self) -> impl Iterator<Item = u32> {
        let bar = self.best.bar();
        self.barred.iter().filter(move |(score, _)| *score > bar).map(|(_, product)| *product)
    }

    /// How often he bought of each kind.
    pub fn kinds(&self) -> impl Iterator<Item = (u32, f64)> {
        self.touched_kinds.iter().map(|kind| (*kind, self.kinds[*kind as usize]))
    }

    /// The products he bought and kept, each as often as on different days.
    pub fn liked(&self) -> impl Iterator<Item = u32> {
        self.liked.iter().map(|(product, _)| *product)
    }

    /// How active he is.
    pub fn activity(&self) -> Activity {
        self.activity
    }

    /// The best products he never had; best sellers follow where his neighbourhood ends.
    pub fn rank(&mut self, knowledge: &Knowledge<'_>, scale: &Scale) -> &[Scored] {
        self.best.clear();
        self.barred.clear();
        match scale.way {
            Way::BestSellers => self.popular(knowledge, 0),
            Way::RecentSellers => self.popular(knowledge, 1),
            Way::ItemKnn => {
                self.gather(knowledge, Weigh::Alike);
                self.score(knowledge, scale);
            }
            Way::Blend { .. } => {
                self.gather(knowledge, Weigh::Fading);
                self.score(knowledge, scale);
            }
        }
        if self.best.list.len() < self.depth {
            self.fill(knowledge);
        }
        &self.best.list
    }

    fn score(&mut self, knowledge: &Knowledge<'_>, scale: &Scale) {
        // Of a kind he never bought, the liking does not depend on the kind.
        let stranger = (SMOOTHING / (1.0 + SMOOTHING)).powf(scale.affinity) as f32;
        self.likings.fill(stranger);
        for kind in &self.touched_kinds {
            let everybody = knowledge.kind_share[*kind as usize].max(f64::MIN_POSITIVE);
            let own = self.kinds[*kind as usize] / self.n_bought.max(1.0);
            let liking = (own + SMOOTHING * everybody) / (everybody * (1.0 + SMOOTHING));
            self.likings[*kind as usize] = liking.powf(scale.affinity) as f32;
        }
        let highest = self.touched_kinds.iter().map(|kind| self.likings[*kind as usize]).fold(stranger, f32::max);
        let mut bar = 0.0_f32;
        for product in &self.near[..self.n_near] {
            let factor = if scale.factors.is_empty() { 1.0 } else { scale.factors[*product as usize] };
            let sum = self.sums[*product as usize] * factor;
            // Most fall short of the list whatever their kind, which need not be looked up.
            if sum * highest < bar {
                continue;
            }
            let score = sum * self.likings[knowledge.kind(*product) as usize];
            if score < bar {
                continue;
            }
            if self.owned[*product as usize] == self.stamp || !knowledge.available[*product as usize] {
                self.barred.push((f64::from(score), *product));
                continue;
            }
            self.best.add(f64::from(score), *product);
            bar = self.best.bar().max(0.0) as f32;
        }
    }

    fn popular(&mut self, knowledge: &Knowledge<'_>, by: usize) {
        let sales = [&knowledge.demand.sold, &knowledge.demand.recent][by];
        for product in &knowledge.popular[by] {
            let score = sales[*product as usize];
            if self.owns(*product) || !knowledge.available[*product as usize] {
                self.barred.push((score, *product));
            } else if self.best.list.len() < self.depth {
                self.best.add(score, *product);
            } else {
                break;
            }
        }
    }

    /// Recent best sellers below everything else.
    fn fill(&mut self, knowledge: &Knowledge<'_>) {
        let listed: Vec<u32> = self.best.list.iter().map(|(_, product)| *product).collect();
        let fits = |product: &&u32| {
            knowledge.available[**product as usize] && !self.owns(**product) && !listed.contains(product)
        };
        let new = knowledge.popular[1].iter().filter(fits);
        let chosen: Vec<u32> = new.take(self.depth - listed.len()).copied().collect();
        for (place, product) in chosen.into_iter().enumerate() {
            self.best.add(-1.0 - place as f64, product);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyses::offers::discoveries::Knowledge;
    use crate::facts::Purchases;

    /// Who bought which products, all on the first day.
    fn bought(customers: &[&[u32]], n_products: usize) -> Purchases {
        let mut purchases = Purchases { starts: vec![0], n_products, ..Purchases::default() };
        for products in customers {
            purchases.products.extend(*products);
            purchases.days.extend(products.iter().map(|_| 0));
            purchases.starts.push(purchases.products.len() as u32);
        }
        purchases
    }

    #[test]
    fn ranks_by_the_cosines_to_what_he_bought() {
        // 0 and 1 have two buyers in common, so have 1 and 2; one in common, as 0 and 2 have, is anybody's chance.
        let purchases = bought(&[&[0], &[0, 1, 2], &[0, 1], &[1, 2]], 3);
        let (kind, everything) = ([0, 0, 0], [true; 3]);
        let knowledge = Knowledge::of(&purchases, 0..1, &kind, &everything);
        let mut desk = Desk::new(&knowledge, 5);
        desk.seat(&knowledge, 0);
        let list = desk.rank(&knowledge, &knowledge.scale(Way::ItemKnn)).to_vec();
        // 2 ÷ √(3 × 3); then the best seller that is left.
        assert_eq!(list.iter().map(|(_, product)| *product).collect::<Vec<u32>>(), [1, 2]);
        assert!((list[0].0 - 2.0 / 3.0).abs() < 1e-6 && list[1].0 < 0.0, "{list:?}");
        assert_eq!(desk.leads(&knowledge, &[1, 2]), [Some(0), None]);
        desk.seat(&knowledge, 1);
        assert!(desk.rank(&knowledge, &knowledge.scale(Way::ItemKnn)).is_empty());
        let mut his: Vec<u32> = desk.barred().collect();
        his.sort_unstable();
        assert_eq!(his, [0, 1, 2]);
    }

    #[test]
    fn what_may_not_be_offered_is_counted_once() {
        let purchases = bought(&[&[0], &[0, 1, 2], &[0, 1], &[1, 2]], 3);
        let (kind, available) = ([0, 0, 0], [true, false, true]);
        let knowledge = Knowledge::of(&purchases, 0..1, &kind, &available);
        let mut desk = Desk::new(&knowledge, 5);
        desk.seat(&knowledge, 0);
        let scale = knowledge.scale(Way::Blend { normalise: 0.5, trend: 0.0, affinity: 0.25 });
        let list: Vec<u32> = desk.rank(&knowledge, &scale).iter().map(|(_, product)| *product).collect();
        assert_eq!((list, desk.barred().collect::<Vec<u32>>()), (vec![2], vec![1]));
        // Best sellers: 1 is the first of them, his own 0 comes before 2.
        let list: Vec<u32> =
            desk.rank(&knowledge, &knowledge.scale(Way::BestSellers)).iter().map(|row| row.1).collect();
        assert_eq!((list, desk.barred().collect::<Vec<u32>>()), (vec![2], vec![0, 1]));
    }
}
