//! What to offer each customer next: products he never had that he is likely to buy.

mod backtest;
mod discover;
pub mod recommend;
mod up_sold;

use arrow::datatypes::Int32Type;
use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::backtest::Backtest;
use self::recommend::{Association, Offer, Request, Shelf};
use self::up_sold::UpSold;
use super::frame::FrameBuilder;
use super::model_card::{Metric, card_frame};
use super::offers::guards::{Guard, Guards, Removed, Watch};
use super::offers::substitutes::Substitutes;
use super::offers::{backtest_frame, known_kinds};
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{
    BASKET_MODEL_CARD, BASKET_RULES, CROSS_SELL, CROSS_SELL_BACKTEST, CROSS_SELL_MODEL_CARD, UP_SELL,
};
use crate::error::{Error, Result};
use crate::facts::{Facts, Keep, Parts};

static SPEC: Spec = Spec {
    id: "cross_sell",
    definition: "Offered is only what a customer never had, returned or not, and what `up_sell` does not offer him, unless he \
                 asked for it (wishes and interest). Several ways rank it: best sellers; item \
                 neighbourhood (the sum of cosines, over customers, to what he bought in the last `window_days`); and \
                 blends of that with how recent his purchases are, recent demand, and how much he buys of the product's \
                 kind (its subcategory within its category). What serves is the way with the highest NDCG at 10 on what \
                 was bought for the first time in the `horizon_days` that ended `horizon_days` before the as-of date; if \
                 it was no better than best sellers in the `horizon_days` since, best sellers serve. `cross_sell_backtest` \
                 has both. With fewer than `min_test_customers` to choose by, the rules of `basket` serve: each \
                 antecedent keeps its `rules_per_antecedent` with the highest confidence, and a product is ranked by the \
                 highest that leads to it; where on the replayed days fewer customers bought such an offer than one of as \
                 many best sellers, best sellers serve. The probability is that of such an offer in the backtest, by place, demand \
                 and how active the customer is (logistic regression); of a rule (n_both + ½) ÷ (n_antecedent + 1), times \
                 (b + ½) ÷ (c + ½) where that is less than 1: b of the replayed offers were bought, c is the sum of their \
                 confidences; of best sellers in the \
                 place of rules (b + ½) ÷ (n + 21), where b of n were bought. Wishes and interest of the last `wish_days` go \
                 where the share bought of earlier ones puts them; one place is for a product new in the last \
                 `new_days` of the kind (category and subcategory) he buys most. Two products of a kind that are bought on the same day less often \
                 than by chance are substitutes and never offered together. Expected margin = probability × (price \
                 − cost of a unit) − `contact_cost`, rounded half away from zero. The guards remove what may not be offered, \
                 each offer counted once in the model card; of the rest the `keep` most likely are offered, ranked by \
                 expected margin, then probability, ties by product. The evidence is of customers whose first purchase of \
                 `because` in the window lies at least `within_days` back.",
    needs: &["basket", "up_sell"],
    reads: Parts { lines: Keep::Products, interactions: true, purchases: true, ..Parts::ORDERS },
    outputs: &[&CROSS_SELL, &CROSS_SELL_MODEL_CARD, &CROSS_SELL_BACKTEST],
};

/// Parameters: `[cross_sell]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossSell {
    /// What was bought in so many days before the as-of date leads to offers.
    pub window_days: u32,
    /// An offer is judged by what was bought in so many days.
    pub horizon_days: u32,
    /// Most customers the ways to rank are compared on.
    pub test_customers: u32,
    /// Fewest customers a way to rank is chosen by.
    pub min_test_customers: u32,
    /// Rules each antecedent keeps, where rules serve.
    pub rules_per_antecedent: u32,
    /// Most offers a customer.
    pub keep: u32,
    /// The evidence is what followed within so many days.
    pub within_days: u32,
    /// A product first sold in so many days is new.
    pub new_days: u32,
    /// A wish counts for so many days.
    pub wish_days: u32,
    /// Interactions that are wishes.
    pub wish_kinds: Vec<String>,
    /// Interactions that show interest.
    pub interest_kinds: Vec<String>,
    /// What keeps an offer from being made.
    pub guards: Guards,
}

impl Default for CrossSell {
    fn default() -> CrossSell {
        CrossSell {
            window_days: 365,
            horizon_days: 30,
            test_customers: 20_000,
            min_test_customers: 100,
            rules_per_antecedent: 20,
            keep: 5,
            within_days: 60,
            new_days: 30,
            wish_days: 180,
            wish_kinds: vec!["wishlist".into()],
            interest_kinds: vec!["interest".into()],
            guards: Guards::default(),
        }
    }
}

/// Offers by rules, and the rules behind them.
#[derive(Debug)]
pub struct Offers {
    /// By customer, then rank.
    pub rows: Vec<Offer>,
    /// The rules the rows point into.
    pub shelf: Shelf,
}

/// Why a product is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    AlsoBought,
    BestSeller,
    Wish,
    Interest,
    NewInKind,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Reason::AlsoBought => "also_bought",
            Reason::BestSeller => "best_seller",
            Reason::Wish => "wish",
            Reason::Interest => "interest",
            Reason::NewInKind => "new_in_kind",
        }
    }
}

/// How many more than are kept are looked at, so that guards leave enough.
const SPARE: usize = 15;
/// Cases that what is known of all offers counts for beside those seen.
const SHRINKAGE: f64 = 20.0;
/// Nothing he bought speaks for it.
const NOTHING: u32 = u32::MAX;

/// One offer; small, as there are some for every customer.
#[derive(Debug, Clone, Copy)]
struct Row {
    customer: u32,
    product: u32,
    /// What he bought that speaks for it, or [`NOTHING`].
    because: u32,
    /// Its place in [`Offered::backings`].
    backing: u32,
    probability: f64,
    /// Expected, minor units.
    margin: i64,
    reason: Reason,
}

impl Row {
    fn new(customer: usize, product: u32, probability: f64, reason: Reason, backing: u32) -> Row {
        Row { customer: customer as u32, product, because: NOTHING, backing, probability, margin: 0, reason }
    }
}

/// Offers by customer, and what stands behind them.
struct Offered {
    rows: Vec<Row>,
    backings: Vec<Backing>,
}

/// The counts behind an offer, shared by many.
#[derive(Debug, Clone, Copy)]
struct Backing {
    n_both: u32,
    n_antecedent: u32,
    /// Lift and the lower end of its interval.
    lift: Option<(f64, f64)>,
}

impl Backing {
    fn of(n_both: u32, n_antecedent: u32) -> Backing {
        Backing { n_both, n_antecedent, lift: None }
    }
}

impl Analysis for CrossSell {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let watch = Watch::of(&self.guards, facts);
        let up_sold = UpSold::read(facts, inputs.results.get(&UP_SELL)?)?;
        if let Some(found) = self.discover(facts, &watch, &up_sold) {
            let mut card = found.card;
            let both = found.offered.rows.iter().filter(|row| up_sold.has(row.customer, row.product)).count();
            card.push(Metric::of("wishes_in_up_sell_too", both as f64));
            card.extend(found.removed.metrics());
            return Ok(vec![
                frame(facts, &watch, &found.offered, self.within_days)?,
                card_frame(&CROSS_SELL_MODEL_CARD, &card)?,
                backtest_frame(&CROSS_SELL_BACKTEST, &found.tried)?,
            ]);
        }
        let rules =
            MinedRules::read(facts, inputs.results.get(&BASKET_RULES)?, inputs.results.get(&BASKET_MODEL_CARD)?)?;
        let backtest = Backtest::run(self, facts, &rules);
        let mut offered = match backtest.loses() {
            true => self.by_best_sellers(facts, &backtest),
            false => self.by_rules(facts, rules.rules, &backtest),
        };
        let mut removed = Removed::default();
        offered.rows.retain(|row| !up_sold.has(row.customer, row.product));
        self.guard(facts, &watch, &mut offered.rows, &mut removed);
        let mut card = backtest.metrics();
        card.push(Metric::of("served_by_rules", f64::from(u8::from(!backtest.loses()))));
        card.extend(removed.metrics());
        Ok(vec![
            frame(facts, &watch, &offered, 0)?,
            card_frame(&CROSS_SELL_MODEL_CARD, &card)?,
            backtest_frame(&CROSS_SELL_BACKTEST, &[])?,
        ])
    }
}

impl CrossSell {
    /// The offers of every customer by rules, as of the as-of date, of what is in stock.
    pub fn offers(&self, facts: &Facts, rules: Vec<Association>) -> Offers {
        let in_stock: Vec<bool> = facts
            .products
            .numbers::<Int32Type>("stock")
            .iter()
            .map(|stock| stock.is_none_or(|stock| stock > 0))
            .collect();
        self.offers_of(facts, rules, &in_stock, self.keep as usize)
    }

    fn offers_of(&self, facts: &Facts, rules: Vec<Association>, available: &[bool], keep: usize) -> Offers {
        let shelf = Shelf::of(rules, available, self.rules_per_antecedent as usize);
        let request = Request { shelf: &shelf, days: self.window(facts.as_of), keep };
        let rows = recommend::offers(facts, &request, |_| true);
        Offers { rows, shelf }
    }

    /// What rules lead to, whatever the guards will say.
    fn by_rules(&self, facts: &Facts, rules: Vec<Association>, backtest: &Backtest) -> Offered {
        let everything = vec![true; facts.products.len()];
        let offers = self.offers_of(facts, rules, &everything, self.keep as usize + SPARE);
        let row = |offer: &Offer| {
            let rule = &offers.shelf.rules[offer.rule as usize];
            let probability = backtest.probability(rule);
            Row {
                because: rule.antecedent,
                ..Row::new(offer.customer as usize, offer.product, probability, Reason::AlsoBought, offer.rule)
            }
        };
        let backings = offers.shelf.rules.iter().map(|rule| Backing {
            n_both: rule.n_both,
            n_antecedent: rule.n_antecedent,
            lift: Some((rule.lift, rule.lift_low)),
        });
        Offered { rows: offers.rows.iter().map(row).collect(), backings: backings.collect() }
    }

    /// The best sellers that he never had, for everybody who bought anything in the window.
    fn by_best_sellers(&self, facts: &Facts, backtest: &Backtest) -> Offered {
        let days = self.window(facts.as_of);
        let best_sellers = backtest::best_sellers(facts, &days);
        let probability = backtest.share_of_best_sellers();
        let mut rows = Vec::new();
        for customer in 0..facts.customers.len() {
            if facts.purchases.kept(customer, &days).next().is_none() {
                continue;
            }
            let mut had: Vec<u32> = facts.purchases.ever(customer, facts.as_of).collect();
            had.sort_unstable();
            let new = best_sellers.iter().filter(|(product, _)| had.binary_search(product).is_err());
            let offer =
                |(product, _): &(u32, u32)| Row::new(customer, *product, probability, Reason::BestSeller, *product);
            rows.extend(new.take(self.keep as usize + SPARE).map(offer));
        }
        let mut backings = vec![Backing::of(0, 0); facts.products.len()];
        best_sellers.iter().for_each(|(product, lines)| backings[*product as usize] = Backing::of(*lines, 0));
        Offered { rows, backings }
    }

    /// Leaves each customer the first `keep` offers that the guards let pass, by what they are expected to bring.
    fn guard(&self, facts: &Facts, watch: &Watch, rows: &mut Vec<Row>, removed: &mut Removed) {
        let (keep, known) = (self.keep as usize, known_kinds(facts));
        let substitutes = Substitutes::of(&facts.purchases, &self.window(facts.as_of), &known);
        let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
        for own in rows.chunk_by(|left, right| left.customer == right.customer) {
            if let Some(guard) = watch.customers[own[0].customer as usize] {
                removed.add(guard, own.len().min(keep) as u64);
                continue;
            }
            let first = kept.len();
            for row in own {
                let (chosen, margin) = (&kept[first..], watch.margins[row.product as usize]);
                let worth_it = watch.is_worth_it(row.product, row.probability, margin);
                let substitute = || chosen.iter().any(|other| substitutes.are(other.product, row.product));
                let guard = watch.products[row.product as usize]
                    .or((!worth_it).then_some(Guard::ExpectedMargin))
                    .or((chosen.len() >= keep).then_some(Guard::PerCustomer))
                    .or_else(|| substitute().then_some(Guard::Substitute));
                match guard {
                    Some(guard) => removed.add(guard, 1),
                    None => kept.push(Row { margin: watch.expected(row.probability, margin), ..*row }),
                }
            }
        }
        *rows = kept;
        within_product_caps(rows, watch, removed);
        rank(rows);
    }
}

fn frame(facts: &Facts, watch: &Watch, offered: &Offered, within_days: u32) -> Result<DataFrame> {
    let rows = &offered.rows;
    let also = |row: &Row| row.reason == Reason::AlsoBought;
    let backing = |row: &Row| offered.backings[row.backing as usize];
    let confidence = |row: &Row| f64::from(backing(row).n_both) / f64::from(backing(row).n_antecedent);
    let ranks = rows.chunk_by(|left, right| left.customer == right.customer).flat_map(|own| 1..=own.len() as i64);
    let because = rows.iter().map(|row| (row.because != NOTHING).then(|| facts.products.id(row.because as usize)));
    FrameBuilder::new(&CROSS_SELL)
        .text("customer_id", rows.iter().map(|row| facts.customers.id(row.customer as usize)))
        .text("product_id", rows.iter().map(|row| facts.products.id(row.product as usize)))
        .whole("rank", ranks.collect())
        .ratio("probability", rows.iter().map(|row| row.probability).collect())
        .maybe_whole(
            "expected_margin",
            rows.iter().map(|row| watch.margins[row.product as usize].map(|_| row.margin)).collect(),
        )
        .text("reason", rows.iter().map(|row| row.reason.name()))
        .optional_text("because", because)
        .whole("n_both", rows.iter().map(|row| backing(row).n_both.into()).collect())
        .whole("n_antecedent", rows.iter().map(|row| backing(row).n_antecedent.into()).collect())
        .maybe_whole("within_days", rows.iter().map(|row| also(row).then_some(within_days.into())).collect())
        .maybe_ratio("confidence", rows.iter().map(|row| also(row).then(|| confidence(row))).collect())
        .maybe_ratio("lift", rows.iter().map(|row| backing(row).lift.map(|lift| lift.0)).collect())
        .maybe_ratio("lift_low", rows.iter().map(|row| backing(row).lift.map(|lift| lift.1)).collect())
        .finish()
}

/// Leaves each product to no more customers than the guards allow.
fn within_product_caps(rows: &mut Vec<Row>, watch: &Watch, removed: &mut Removed) {
    let stays =
        watch.within_product_caps(rows, |row| (row.product, row.margin, row.probability, row.customer), removed);
    let mut stays = stays.into_iter();
    rows.retain(|_| stays.next().unwrap_or(true));
}

/// Puts each customer's offers in order: expected margin, then probability, ties by product.
fn rank(rows: &mut [Row]) {
    let customers: Vec<&mut [Row]> = rows.chunk_by_mut(|left, right| left.customer == right.customer).collect();
    customers.into_par_iter().with_min_len(1024).for_each(|own| {
        own.sort_unstable_by(|left, right| {
            (right.margin.cmp(&left.margin))
                .then(right.probability.total_cmp(&left.probability))
                .then(left.product.cmp(&right.product))
        });
    });
}

/// The rules of `basket_rules`, mined before the replayed days.
struct MinedRules {
    rules: Vec<Association>,
    /// The length of the replayed days.
    replay_days: u32,
}

impl MinedRules {
    fn read(facts: &Facts, rules: &DataFrame, card: &DataFrame) -> Result<MinedRules> {
        let failed = Error::internal("reading the rules of `basket`");
        let metric = |name: &str| -> Result<f64> {
            let names = card.column("metric").and_then(|column| column.str().cloned()).map_err(&failed)?;
            let values = card.column("value").and_then(|column| column.f64().cloned()).map_err(&failed)?;
            let place = names.iter().position(|metric| metric == Some(name));
            Ok(place.and_then(|place| values.get(place)).unwrap_or(0.0))
        };
        let whole = |name: &str| -> Result<Vec<u32>> {
            let values = rules.column(name).and_then(|column| column.i64().cloned()).map_err(&failed)?;
            Ok(values.iter().map(|value| value.unwrap_or(0) as u32).collect())
        };
        let ratio = |name: &str| -> Result<Vec<f64>> {
            let values = rules.column(name).and_then(|column| column.f64().cloned()).map_err(&failed)?;
            Ok(values.iter().map(|value| value.unwrap_or(0.0)).collect())
        };
        let numbers: hashbrown::HashMap<&str, u32, foldhash::fast::FixedState> =
            facts.products.ids.iter().flatten().enumerate().map(|(number, id)| (id, number as u32)).collect();
        let product = |name: &str| -> Result<Vec<u32>> {
            let ids = rules.column(name).and_then(|column| column.str().cloned()).map_err(&failed)?;
            let unknown = || Error::Contract { table: BASKET_RULES.name, message: "an unknown product".into() };
            ids.iter().map(|id| id.and_then(|id| numbers.get(id)).copied().ok_or_else(unknown)).collect()
        };
        let (antecedents, consequents) = (product("antecedent")?, product("consequent")?);
        let (both, antecedent) = (whole("n_both")?, whole("n_antecedent")?);
        let (lift, lift_low) = (ratio("lift")?, ratio("lift_low")?);
        let rules = (0..both.len())
            .map(|at| Association {
                antecedent: antecedents[at],
                consequent: consequents[at],
                n_both: both[at],
                n_antecedent: antecedent[at],
                lift: lift[at],
                lift_low: lift_low[at],
            })
            .collect();
        Ok(MinedRules { rules, replay_days: metric("replay_days")? as u32 })
    }
}
