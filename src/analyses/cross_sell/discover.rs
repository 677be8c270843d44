//! Offers made in the way that did best on the user's own customers.

use std::ops::Range;

use rayon::prelude::*;

use super::up_sold::UpSold;
use super::{Backing, CrossSell, Offered, Reason, Row, SHRINKAGE, SPARE};
use crate::analyses::model_card::Metric;
use crate::analyses::offers::calibration::{Calibration, FAN};
use crate::analyses::offers::desk::Desk;
use crate::analyses::offers::discoveries::{BASELINES, Knowledge, Scale, WAYS};
use crate::analyses::offers::evidence::{self, Evidence};
use crate::analyses::offers::guards::{Guard, Removed, Watch};
use crate::analyses::offers::purchases::spread;
use crate::analyses::offers::substitutes::Substitutes;
use crate::analyses::offers::{Tried, UNKNOWN, best, kinds, known_kinds, shrunk_share};
use crate::facts::{Facts, Purchases};

/// What was found.
pub(super) struct Discovered {
    pub offered: Offered,
    pub tried: Vec<Tried>,
    pub card: Vec<Metric>,
    pub removed: Removed,
}

/// Customers of one task.
const CHUNK: usize = 2048;
/// Fewest customers of a reason to be given.
const FEWEST_BOTH: u32 = 3;

/// What was learned from the backtest.
struct Learned {
    calibration: Calibration,
    wishes: Vec<Wishes>,
}

/// Interactions of one kind that say what somebody wants.
struct Wishes {
    reason: Reason,
    among: Vec<bool>,
    /// So many were open a horizon before the as-of date, so many of them were bought since.
    open: u32,
    bought: u32,
}

impl CrossSell {
    /// `None` where too few customers bought anything new to choose a way by.
    pub(super) fn discover(&self, facts: &Facts, watch: &Watch, up_sold: &UpSold) -> Option<Discovered> {
        let purchases = &facts.purchases;
        let kind = kinds(facts);
        let everything = vec![true; facts.products.len()];
        let horizon = self.horizon_days as i32;
        let learn = |end: i32| Knowledge::of(purchases, self.window(end), &kind, &everything);
        let sample = |knowledge: &Knowledge<'_>| {
            spread(purchases.customers(), self.test_customers as usize, |customer| knowledge.knows(customer))
        };
        let test_from = facts.as_of - horizon;
        let earlier = learn(test_from - horizon);
        let customers = sample(&earlier);
        let chosen_on = earlier.judge(&customers, horizon);
        if chosen_on[0].customers < self.min_test_customers {
            return None;
        }
        let chosen = best(&chosen_on);
        let known = known_kinds(facts);
        let none_new = vec![Vec::new(); kind.iter().max().map_or(0, |most| *most as usize + 1)];
        let guess =
            Calibration::fit(&earlier, purchases, &customers, &earlier.scale(WAYS[chosen].1), horizon, &none_new);
        drop(earlier);
        let later = learn(test_from);
        let customers = sample(&later);
        let tested_on = later.judge(&customers, horizon);
        let better = tested_on[chosen].ndcg() > tested_on[0].ndcg();
        let serves = if better { chosen } else { 0 };
        let way = WAYS[serves].1;
        let checked = guess.check(&later, purchases, &customers, &later.scale(WAYS[chosen].1), horizon);
        let first_sold = first_days(purchases);
        let new = self.new_by_kind(&first_sold, &known, test_from, none_new.len());
        let calibration = Calibration::fit(&later, purchases, &customers, &later.scale(way), horizon, &new);
        drop(later);
        let learned = Learned { calibration, wishes: self.wishes(facts, purchases, test_from) };
        let available: Vec<bool> = watch.products.iter().map(Option::is_none).collect();
        let mut now = Knowledge::of(purchases, self.window(facts.as_of), &kind, &available);
        let mut card = vec![
            Metric::of("sampled_customers", customers.len() as f64),
            Metric::of("test_customers", f64::from(tested_on[serves].customers)),
            Metric::of("recall_10", tested_on[serves].recall()).against("best_sellers", tested_on[0].recall()),
            Metric::of("ndcg_10", tested_on[serves].ndcg()).against("best_sellers", tested_on[0].ndcg()),
            Metric::of("ndcg_10_standard_error", tested_on[serves].ndcg_error()),
            Metric::of("hit_rate_10", tested_on[serves].hit_rate()).against("best_sellers", tested_on[0].hit_rate()),
            Metric::of("no_better_than_best_sellers", f64::from(u8::from(serves == 0))),
            Metric::of("mean_probability", checked.map(|checked| checked.0))
                .against("share_bought", checked.map(|checked| checked.1)),
            Metric::of("offers_calibrated_on", learned.calibration.offers as f64),
            Metric::of("customers_with_only_their_latest_products", f64::from(now.cut)),
        ];
        for wishes in &learned.wishes {
            let share = (wishes.open > 0).then(|| f64::from(wishes.bought) / f64::from(wishes.open));
            let name = if wishes.reason == Reason::Wish { "wishes_bought" } else { "interests_bought" };
            card.push(Metric::of(name, share).against("open_wishes", f64::from(wishes.open)));
        }
        let (bought, might) = learned.calibration.new_products;
        card.push(
            Metric::of("new_products_bought", (might > 0).then(|| bought as f64 / might as f64))
                .against("new_products_of_his_kinds", might as f64),
        );
        let new = self.new_by_kind(&first_sold, &known, facts.as_of, none_new.len());
        let new: Vec<Vec<u32>> = new
            .into_iter()
            .map(|products| products.into_iter().filter(|product| available[*product as usize]).collect())
            .collect();
        let substitutes = Substitutes::of(purchases, &self.window(facts.as_of), &known);
        let scale = now.settle(way);
        let server = Server {
            cross_sell: self,
            facts,
            watch,
            up_sold,
            now: &now,
            scale,
            learned: &learned,
            new: &new,
            substitutes,
        };
        let (parts, mut removed) = server.serve();
        drop(server);
        let backings = learned.backings(&now.demand.sold);
        drop(now);
        let mut rows = Vec::with_capacity(parts.iter().map(Vec::len).sum());
        parts.into_iter().for_each(|part| rows.extend(part));
        super::within_product_caps(&mut rows, watch, &mut removed);
        let mut offered = Offered { rows, backings };
        self.explain(purchases, facts, &mut offered);
        super::rank(&mut offered.rows);
        let tried = Tried::all(WAYS.iter().map(|(name, _)| *name), BASELINES, serves, chosen_on, tested_on);
        Some(Discovered { offered, tried, card, removed })
    }

    pub(super) fn window(&self, end: i32) -> Range<i32> {
        end.saturating_sub_unsigned(self.window_days)..end
    }

    /// Products first sold in the `new_days` before a day, by kind; none of an unknown one.
    fn new_by_kind(&self, first_sold: &[Option<i32>], kind: &[u32], day: i32, kinds: usize) -> Vec<Vec<u32>> {
        let since = day.saturating_sub_unsigned(self.new_days);
        let mut new = vec![Vec::new(); kinds];
        for (product, first) in first_sold.iter().enumerate() {
            if kind[product] != UNKNOWN && first.is_some_and(|first| (since..day).contains(&first)) {
                new[kind[product] as usize].push(product as u32);
            }
        }
        new
    }

    /// What became of the wishes that were open on a day.
    fn wishes(&self, facts: &Facts, purchases: &Purchases, day: i32) -> Vec<Wishes> {
        let interactions = &facts.interactions;
        [(Reason::Wish, &self.wish_kinds), (Reason::Interest, &self.interest_kinds)]
            .into_iter()
            .map(|(reason, words)| {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let mut wishes = Wishes { reason, among: interactions.kinds.among(&words), open: 0, bought: 0 };
                let mut open: Vec<u32> = Vec::new();
                for customer in 0..facts.customers.len() {
                    self.open_wishes(facts, purchases, customer, &wishes.among, day, &mut open);
                    wishes.open += open.len() as u32;
                    let after = day..facts.as_of;
                    let has = |product: &u32| purchases.kept(customer, &after).any(|(_, had)| had == *product);
                    wishes.bought += open.iter().filter(|product| has(product)).count() as u32;
                }
                wishes
            })
            .collect()
    }

    /// Products a customer asked for in the `wish_days` before a day and never had.
    fn open_wishes(
        &self,
        facts: &Facts,
        purchases: &Purchases,
        customer: usize,
        among: &[bool],
        day: i32,
        open: &mut Vec<u32>,
    ) {
        open.clear();
        let interactions = &facts.interactions;
        let days = day.saturating_sub_unsigned(self.wish_days)..day;
        for at in facts.interactions_of(customer) {
            if let (true, true, Some(product)) =
                (among[interactions.kind[at] as usize], days.contains(&interactions.day[at]), interactions.product[at])
            {
                open.push(product);
            }
        }
        if open.is_empty() {
            return;
        }
        open.sort_unstable();
        open.dedup();
        let had: Vec<u32> = purchases.ever(customer, day).collect();
        open.retain(|product| !had.contains(product));
    }

    /// Looks up what followed what, for the offers that have a reason to say.
    fn explain(&self, purchases: &Purchases, facts: &Facts, offered: &mut Offered) {
        let also = |row: &Row| row.reason == Reason::AlsoBought;
        let mut pairs: Vec<(u32, u32)> =
            offered.rows.iter().filter(|row| also(row)).map(|row| (row.because, row.product)).collect();
        pairs.par_sort_unstable();
        pairs.dedup();
        let within = self.within_days as i32;
        let found = evidence::count(purchases, &self.window(facts.as_of), within, &pairs);
        let first = offered.backings.len() as u32;
        offered.rows.par_iter_mut().with_min_len(4096).filter(|row| also(row)).for_each(|row| {
            let place = pairs.binary_search(&(row.because, row.product)).ok();
            match place.filter(|place| found[*place].n_both >= FEWEST_BOTH && found[*place].lift_low > 1.0) {
                Some(place) => row.backing = first + place as u32,
                None => (row.reason, row.because) = (Reason::BestSeller, super::NOTHING),
            }
        });
        offered.backings.extend(found.iter().map(|found| {
            let Evidence { n_antecedent, n_both, lift, lift_low } = *found;
            Backing { n_both, n_antecedent, lift: Some((lift, lift_low)) }
        }));
    }
}

impl Learned {
    /// What stands behind an offer that nothing he bought speaks for: how often each product sold; then what became
    /// of wishes, of interest, and of new products.
    fn backings(&self, sold: &[f64]) -> Vec<Backing> {
        let (bought, might) = self.calibration.new_products;
        let capped = |count: u64| count.min(u32::MAX.into()) as u32;
        (sold.iter().map(|sold| Backing::of(*sold as u32, 0)))
            .chain(self.wishes.iter().map(|wishes| Backing::of(wishes.bought, wishes.open)))
            .chain([Backing::of(capped(bought), capped(might))])
            .collect()
    }
}

/// The first day each product was bought and kept.
fn first_days(purchases: &Purchases) -> Vec<Option<i32>> {
    let mut first: Vec<Option<i32>> = vec![None; purchases.n_products];
    for customer in 0..purchases.customers() {
        for (day, product) in purchases.kept(customer, &(i32::MIN..i32::MAX)) {
            let known = &mut first[product as usize];
            *known = Some(known.map_or(day, |known| known.min(day)));
        }
    }
    first
}

/// Makes every customer's list.
struct Server<'s> {
    cross_sell: &'s CrossSell,
    facts: &'s Facts,
    watch: &'s Watch,
    up_sold: &'s UpSold,
    now: &'s Knowledge<'s>,
    scale: Scale,
    learned: &'s Learned,
    new: &'s [Vec<u32>],
    substitutes: Substitutes<'s>,
}

impl Server<'_> {
    /// The offers of one part of the customers after the other.
    fn serve(&self) -> (Vec<Vec<Row>>, Removed) {
        let customers = self.facts.customers.len();
        let depth = self.cross_sell.keep as usize + SPARE;
        let parts: Vec<(Vec<Row>, Removed)> = (0..customers.div_ceil(CHUNK))
            .into_par_iter()
            .map_init(
                || Desk::new(self.now, depth),
                |desk, chunk| {
                    let (mut rows, mut removed) = (Vec::new(), Removed::default());
                    for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(customers) {
                        if self.now.knows(customer) {
                            self.list(desk, customer, &mut rows, &mut removed);
                        }
                    }
                    rows.shrink_to_fit();
                    (rows, removed)
                },
            )
            .collect();
        parts.into_iter().fold((Vec::new(), Removed::default()), |(mut all, mut sum), (rows, removed)| {
            all.push(rows);
            sum.merge(&removed);
            (all, sum)
        })
    }

    fn list(&self, desk: &mut Desk, customer: usize, rows: &mut Vec<Row>, removed: &mut Removed) {
        let keep = self.cross_sell.keep as usize;
        desk.seat(self.now, customer);
        let activity = desk.activity();
        let mut candidates: Vec<Row> = desk
            .rank(self.now, &self.scale)
            .iter()
            .enumerate()
            .filter(|(_, (_, product))| !self.up_sold.has(customer as u32, *product))
            .map(|(place, (score, product))| {
                let probability = self.learned.calibration.probability(self.now, activity, place, *score, *product);
                Row::new(customer, *product, probability, Reason::BestSeller, *product)
            })
            .collect();
        let barred_wishes = self.add_wishes(desk, customer, &mut candidates);
        if let Some(guard) = self.watch.customers[customer] {
            removed.add(guard, candidates.len().min(keep) as u64);
            return;
        }
        for product in desk.barred() {
            let guard = match (desk.owns(product), desk.keeps(product)) {
                (true, true) => Guard::Owned,
                (true, false) => Guard::Returned,
                _ => self.watch.products[product as usize].unwrap_or(Guard::Stock),
            };
            removed.add(guard, 1);
        }
        barred_wishes.into_iter().for_each(|(_, guard)| removed.add(guard, 1));
        let first = rows.len();
        let novelty = self.novelty(desk, customer, &candidates);
        let room = keep - usize::from(novelty.is_some() && keep > 1).min(keep);
        for mut row in candidates {
            let chosen = &rows[first..];
            let margin = self.watch.margins[row.product as usize];
            row.margin = self.watch.expected(row.probability, margin);
            let guard = if !self.watch.is_worth_it(row.product, row.probability, margin) {
                Some(Guard::ExpectedMargin)
            } else if chosen.len() >= room {
                Some(Guard::PerCustomer)
            } else if chosen.iter().any(|other| self.substitutes.are(other.product, row.product)) {
                Some(Guard::Substitute)
            } else {
                None
            };
            match guard {
                Some(guard) => removed.add(guard, 1),
                None => rows.push(row),
            }
        }
        if let Some(row) = novelty.filter(|_| keep > 1) {
            let fits = !rows[first..].iter().any(|other| self.substitutes.are(other.product, row.product));
            if fits && self.watch.is_worth_it(row.product, row.probability, self.watch.margins[row.product as usize]) {
                rows.push(row);
            }
        }
        let own = &mut rows[first..];
        let products: Vec<u32> = own.iter().map(|row| row.product).collect();
        for (row, lead) in own.iter_mut().zip(desk.leads(self.now, &products)) {
            if let (Reason::BestSeller, Some(lead)) = (row.reason, lead) {
                (row.reason, row.because) = (Reason::AlsoBought, lead);
            }
        }
    }

    /// What he asked for goes before everything that is less likely. Returns what bars a wish, where the desk has not
    /// counted that already.
    fn add_wishes(&self, desk: &Desk, customer: usize, candidates: &mut Vec<Row>) -> Vec<(u32, Guard)> {
        let (mut open, mut barred): (Vec<u32>, Vec<(u32, Guard)>) = Default::default();
        for (kind, wishes) in self.learned.wishes.iter().enumerate() {
            let interactions = self.facts.interactions_of(customer);
            if !interactions.clone().any(|at| wishes.among[self.facts.interactions.kind[at] as usize]) {
                continue;
            }
            let days = self.facts.as_of.saturating_sub_unsigned(self.cross_sell.wish_days)..self.facts.as_of;
            open.clear();
            open.extend(interactions.filter_map(|at| {
                let fits = wishes.among[self.facts.interactions.kind[at] as usize]
                    && days.contains(&self.facts.interactions.day[at]);
                self.facts.interactions.product[at].filter(|_| fits)
            }));
            open.sort_unstable();
            open.dedup();
            for product in &open {
                if desk.owns(*product) {
                    continue;
                }
                if let Some(guard) = self.watch.products[*product as usize] {
                    let known =
                        desk.barred().chain(barred.iter().map(|(other, _)| *other)).any(|other| other == *product);
                    barred.extend((!known).then_some((*product, guard)));
                    continue;
                }
                let usual = self.learned.calibration.share();
                let asked = shrunk_share(wishes.bought.into(), wishes.open.into(), usual, SHRINKAGE);
                let known = candidates.iter().position(|row| row.product == *product);
                let probability = known.map_or(asked, |place| asked.max(candidates.remove(place).probability));
                let backing = self.watch.products.len() + kind;
                let row = Row::new(customer, *product, probability, wishes.reason, backing as u32);
                let place = candidates.iter().position(|other| other.probability < probability);
                candidates.insert(place.unwrap_or(candidates.len()), row);
            }
        }
        barred
    }

    /// The new product of the kind he buys most that has new ones, nearest in price to what he buys of it, ties by product.
    fn novelty(&self, desk: &Desk, customer: usize, candidates: &[Row]) -> Option<Row> {
        let (bought, might) = self.learned.calibration.new_products;
        let listed =
            |product: &u32| candidates.iter().take(self.cross_sell.keep as usize).any(|row| row.product == *product);
        let free = |product: &u32| !desk.owns(*product) && !self.up_sold.has(customer as u32, *product);
        let fresh = |kind: u32| self.new[kind as usize].iter().filter(|product| free(product) && !listed(product));
        let (kind, _) = desk
            .kinds()
            .filter(|(kind, count)| *count >= FAN && fresh(*kind).next().is_some())
            .max_by(|left, right| left.1.total_cmp(&right.1).then(right.0.cmp(&left.0)))?;
        let price = |product: u32| self.watch.prices[product as usize];
        let own: Vec<i64> = desk.liked().filter(|product| self.now.kind(*product) == kind).filter_map(price).collect();
        let usual = own.iter().sum::<i64>() / (own.len() as i64).max(1);
        let product = fresh(kind)
            .min_by_key(|product| (price(**product).map_or(i64::MAX, |price| (price - usual).abs()), **product))?;
        let usual = self.learned.calibration.share();
        let probability = shrunk_share(bought as f64, might as f64, usual, SHRINKAGE);
        let margin = self.watch.expected(probability, self.watch.margins[*product as usize]);
        let because = desk.liked().find(|product| self.now.kind(*product) == kind).unwrap_or(super::NOTHING);
        let backing = self.watch.products.len() + self.learned.wishes.len();
        Some(Row { margin, because, ..Row::new(customer, *product, probability, Reason::NewInKind, backing as u32) })
    }
}
