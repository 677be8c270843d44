//! What better to offer in place of, or along with, what a customer buys: a higher tier, a bigger pack, an accessory of
//! something just bought, a successor of something old. One file each in `up_sell/`.

mod accessory;
mod backtest;
mod climb;
mod ladder;
mod pack_size;
mod packs;
mod percentiles;
mod promise;
mod replacement;
mod scene;
mod tables;

use std::ops::Range;

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::backtest::Tested;
use self::ladder::Ladder;
use self::packs::Packs;
use self::percentiles::Percentiles;
use self::promise::Promise;
use self::scene::{Backing, Customers, Found, Kind, Offer, Scene};
use self::tables::Listed;
use super::model_card::card_frame;
use super::offers::guards::{Guard, Guards, Removed, Watch};
use super::offers::known_kinds;
use super::offers::purchases::spread;
use super::offers::substitutes::Substitutes;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{UP_SELL, UP_SELL_BACKTEST, UP_SELL_MODEL_CARD, UP_SELL_MOVES, UP_SELL_PACKS};
use crate::error::Result;
use crate::facts::{Facts, Keep, Parts};

static SPEC: Spec = Spec {
    id: "up_sell",
    definition: "Up-sell is more or better of what he buys, cross-sell something else beside it. There are four kinds. \
                 trade_up: within one kind of product (a subcategory within its category) the tiers are ordered by the \
                 median price of their products; a kind without tiers is cut into three price bands with about as \
                 many products each. A customer's usual tier of a kind is that of most lines he bought and kept in the \
                 last `window_days` (ties: the dearer), his usual product the one with most lines in it (ties by id). \
                 Offered is the best-selling product of the next tier (most lines in the window, ties by id) that is \
                 known neither to be as cheap as his usual product nor to earn no more than it, nor to cost more than `max_price_step` times as much. bigger_pack: the same \
                 with packs in place of tiers: products whose names are the same but for a size (1 kg, 500 ml, isi 12, \
                 x6, 12 pcs; `up_sell_packs` shows what was read), of one brand and kind; the next bigger pack must cost \
                 less by the kilogram, litre or piece. For both, probability = (k + `shrinkage` × p) ÷ (n + `shrinkage`): \
                 n customers had this usual step `horizon_days` before the as-of date, k of them bought of the next one \
                 since, and p is (k + ½) ÷ (n + `shrinkage` + 1) over all steps, so that a handful of customers makes \
                 nothing certain; a sale earns the margin of the product − that of his usual \
                 one. accessory: a product of another category, no dearer, that followed the first purchase of something \
                 he bought in the last `accessory_days` within so many days for at least three customers, with the lower \
                 bound of lift above 1; probability = the share whom it followed, shrunk in the same way. replacement: of a kind where a quarter of the buyers \
                 bought again no sooner than after `durable_days` (life table over all waits, unfinished ones too), who \
                 bought last as long ago as that is offered the kind's best seller that is no cheaper and of no lower \
                 tier than what he has; of n whose last purchase was as old (in months of 30 days) k bought of the kind \
                 within `horizon_days`. Accessory and replacement earn the whole margin. Never offered is what he had \
                 (but a replacement), nor two substitutes. Expected margin = probability × what a sale earns − \
                 `contact_cost`. Offers that the guards let pass are ranked by expected margin, then probability, ties by \
                 product; the first `keep` are given. `up_sell_backtest` makes each kind's offers a horizon before the \
                 as-of date, by what was known then, to at most `test_customers` customers, beside a naive rule: the best \
                 seller of the kind that is dearer, within the same price step (trade_up, bigger_pack), the best seller of other categories \
                 (accessory), everybody who has something of the kind (replacement). A kind that loses on \
                 `min_tested_offers` or more steps aside: none of it is offered, but that for trade_up the naive rule serves \
                 (dearer), with the share of its offers that were bought, as cautiously. From as many tested offers on, probabilities are \
                 corrected by what became of them: logistic regression on what was promised and on how long the customer \
                 had been silent by his own measure, or, where fewer than 100 came true, the share that did ÷ the share \
                 promised. The backtest shows what was corrected so by the horizon before it. The price percentile is the share of the \
                 kind's buyers for whom the mean of the products' prices (list price, else paid on average) over the lines \
                 they bought is below his, half of the equal ones included: it says which products he takes, not what \
                 discount he gets. \
                 `up_sell_moves` has every move between tiers.",
    needs: &[],
    reads: Parts { lines: Keep::Products, interactions: true, purchases: true, ..Parts::ORDERS },
    outputs: &[&UP_SELL, &UP_SELL_MOVES, &UP_SELL_PACKS, &UP_SELL_MODEL_CARD, &UP_SELL_BACKTEST],
};

/// Parameters: `[up_sell]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpSell {
    /// What was bought in so many days shows what is usual.
    pub window_days: u32,
    /// So many days a customer is watched for a move to the next step, or for a replacement.
    pub horizon_days: u32,
    /// A product of the next tier costs at most so many times what his usual one does.
    pub max_price_step: f64,
    /// An accessory is offered, and looked for, so many days after what it goes with.
    pub accessory_days: u32,
    /// A kind is durable where a quarter of its buyers bought again no sooner than after so many days.
    pub durable_days: u32,
    /// Fewest customers of an age for it to say anything about what is replaced.
    pub min_owners: u32,
    /// Customers the share over all counts for beside those of the step; so many more count in that share as if they had
    /// not bought.
    pub shrinkage: f64,
    /// Most customers the kinds of offers are tested on.
    pub test_customers: u32,
    /// Fewest offers in the test for a kind to step aside.
    pub min_tested_offers: u32,
    /// Most offers a customer.
    pub keep: u32,
    /// What keeps an offer from being made.
    pub guards: Guards,
}

impl Default for UpSell {
    fn default() -> UpSell {
        UpSell {
            window_days: 365,
            horizon_days: 180,
            max_price_step: 4.0,
            accessory_days: 60,
            durable_days: 180,
            min_owners: 20,
            shrinkage: 20.0,
            test_customers: 20_000,
            min_tested_offers: 100,
            keep: 5,
            guards: Guards::default(),
        }
    }
}

impl Analysis for UpSell {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let watch = Watch::of(&self.guards, facts);
        let tiers = Ladder::of(facts);
        let packs = Packs::of(facts, &tiers);
        let scene = Scene { facts, parameters: self, watch: &watch, tiers: &tiers };
        let shop = Shop { scene: &scene, packs: &packs };
        let sample = self.sample(facts);
        let mut removed = Removed::default();
        let mut moves = None;
        let (mut offers, mut backings, mut tested): (Vec<Offer>, Vec<Backing>, Vec<Tested>) = Default::default();
        for kind in Kind::ALL {
            let trial = shop.test(kind, &sample);
            let everybody = Customers::All(facts.customers.len());
            let found = match (trial.steps_aside(), kind) {
                (false, kind) => Some(shop.found(kind, everybody, facts.as_of)),
                (true, Kind::TradeUp) => Some(climb::dearer(&scene, trial.naive(), facts.as_of)),
                (true, _) => None,
            };
            if let Some(mut found) = found {
                let promise = trial.promise_now(self);
                found.offers.par_iter_mut().with_min_len(4096).for_each(|offer| {
                    let activity = scene.activity(offer.customer, facts.as_of);
                    offer.probability = promise.of(offer.probability, &activity);
                });
                if kind == Kind::TradeUp {
                    moves = Some(std::mem::take(&mut found.moves)).filter(|moves| !moves.is_empty());
                }
                let first = backings.len() as u32;
                found.offers.iter_mut().for_each(|offer| offer.backing += first);
                offers.extend(found.offers);
                backings.extend(found.backings);
                removed.merge(&found.removed);
            }
            tested.push(trial);
        }
        self.guard(&scene, &mut offers, &mut removed);
        let mut card = backtest::metrics(&tested, sample.len());
        card.extend(removed.metrics());
        let days = facts.as_of.saturating_sub_unsigned(self.horizon_days)..facts.as_of;
        let moves = moves.unwrap_or_else(|| climb::moves(&scene, &tiers, Customers::All(facts.customers.len()), days));
        let percentiles = Percentiles::of(facts, &tiers, &scene.window(facts.as_of));
        let listed =
            Listed { scene: &scene, packs: &packs, percentiles: &percentiles, offers: &offers, backings: &backings };
        Ok(vec![
            listed.frame()?,
            tables::moves_frame(&tiers, &moves)?,
            packs.frame(facts)?,
            card_frame(&UP_SELL_MODEL_CARD, &card)?,
            backtest::frame(&tested)?,
        ])
    }
}

/// The four kinds of offers, each found in its own way.
struct Shop<'s> {
    scene: &'s Scene<'s>,
    packs: &'s Packs,
}

impl Shop<'_> {
    /// What might be offered on a day by what was known before it.
    fn found(&self, kind: Kind, customers: Customers<'_>, day: i32) -> Found {
        let (scene, packs) = (self.scene, self.packs);
        let cheaper_by_unit = |usual: u32, product: u32| {
            packs.is_cheaper(usual, product) && scene.extra_margin(usual, product).is_none_or(|extra| extra > 0)
        };
        match kind {
            Kind::TradeUp | Kind::Dearer => {
                climb::found(scene, scene.tiers, kind, customers, day, |usual, product| scene.is_above(usual, product))
            }
            Kind::BiggerPack => climb::found(scene, &packs.ladder, kind, customers, day, cheaper_by_unit),
            Kind::Accessory => accessory::found(scene, customers, day),
            Kind::Replacement => replacement::found(scene, customers, day),
        }
    }

    /// What became of the offers of a horizon ago; what is made of their promises was learned in the horizon before.
    fn test(&self, kind: Kind, sample: &[usize]) -> Tested {
        let parameters = self.scene.parameters;
        let horizon = if kind == Kind::Accessory { parameters.accessory_days } else { parameters.horizon_days };
        let ladder = if kind == Kind::BiggerPack { &self.packs.ladder } else { self.scene.tiers };
        let watched = |days: Range<i32>, promise: Promise| {
            let found = self.found(kind, Customers::These(sample), days.start);
            Tested::of(self.scene, kind, ladder, &found, days, promise)
        };
        let end = self.scene.facts.as_of;
        let then = end.saturating_sub_unsigned(horizon);
        let untaught = Promise::learn(&[], parameters.min_tested_offers, parameters.shrinkage);
        let earlier = watched(then.saturating_sub_unsigned(horizon)..then, untaught);
        watched(then..end, earlier.promise_now(parameters))
    }
}

impl UpSell {
    /// The customers the kinds of offers are tested on: spread evenly over all who bought anything a horizon ago.
    fn sample(&self, facts: &Facts) -> Vec<usize> {
        let then = facts.as_of.saturating_sub_unsigned(self.horizon_days);
        let knew = |customer: usize| !facts.purchases.of_days(customer, &(i32::MIN..then)).is_empty();
        spread(facts.customers.len(), self.test_customers as usize, knew)
    }

    /// Leaves the best `keep` of each customer that the guards let pass, in their order.
    fn guard(&self, scene: &Scene<'_>, offers: &mut Vec<Offer>, removed: &mut Removed) {
        let watch = scene.watch;
        offers.par_iter_mut().with_min_len(4096).for_each(|offer| {
            offer.margin = watch.expected(offer.probability, scene.extra(offer));
        });
        offers.par_sort_unstable_by(|left, right| {
            (left.customer.cmp(&right.customer))
                .then(right.margin.cmp(&left.margin))
                .then(right.probability.total_cmp(&left.probability))
                .then((left.product, left.kind, left.because).cmp(&(right.product, right.kind, right.because)))
        });
        let known = known_kinds(scene.facts);
        let substitutes = Substitutes::of(&scene.facts.purchases, &scene.window(scene.facts.as_of), &known);
        let (mut customer, mut chosen) = (scene::NOTHING, Vec::new());
        offers.retain(|offer| {
            if offer.customer != std::mem::replace(&mut customer, offer.customer) {
                chosen.clear();
            }
            // The same product for another reason, which brings less.
            if chosen.contains(&offer.product) {
                return false;
            }
            let barred = watch.customers[offer.customer as usize];
            let worth_it = watch.is_worth_it(offer.product, offer.probability, scene.extra(offer));
            let guard = barred.or((!worth_it).then_some(Guard::ExpectedMargin)).or_else(|| {
                let substitute = chosen.iter().any(|other| substitutes.are(*other, offer.product));
                substitute.then_some(Guard::Substitute)
            });
            let guard = guard.or((chosen.len() >= self.keep as usize).then_some(Guard::PerCustomer));
            match guard {
                Some(guard) => removed.add(guard, 1),
                None => chosen.push(offer.product),
            }
            guard.is_none()
        });
        let offer = |offer: &Offer| (offer.product, offer.margin, offer.probability, offer.customer);
        let mut stays = watch.within_product_caps(offers, offer, removed).into_iter();
        offers.retain(|_| stays.next().unwrap_or(true));
    }
}
