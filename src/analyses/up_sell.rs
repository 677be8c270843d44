//! Who may trade up: the next tier of a kind the customer already buys.

mod ladder;
mod percentiles;

use std::cmp::Reverse;
use std::ops::Range;

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::ladder::Ladder;
use self::percentiles::Percentiles;
use super::frame::FrameBuilder;
use super::model_card::{Metric, card_frame};
use super::offers::guards::{Guard, Guards, Removed, Watch};
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{UP_SELL, UP_SELL_MODEL_CARD, UP_SELL_MOVES};
use crate::error::Result;
use crate::facts::{Facts, Keep, Parts, line_kind};
use crate::stats::metrics::auc;

static SPEC: Spec = Spec {
    id: "up_sell",
    definition: "Up-sell is better quality in place of what he buys, cross-sell something else beside it. It stays within one \
                 kind of product: a subcategory within its category. The tiers of a kind are ordered by the median list \
                 price of their products; a kind without tiers is cut into three price bands with about as many products \
                 each. In each kind, a customer's usual tier is that of most lines he bought and kept in the last \
                 `window_days` (ties: the dearer), his usual product the one with most lines in it (ties by id). Offered \
                 is the best-selling product of the next tier (most lines in the window, ties by id) that he never \
                 bought, that is in stock, and that is known neither to be as cheap as his usual product nor to earn no \
                 more than it. Probability = (k + `shrinkage` × p) ÷ (n + `shrinkage`): n customers had this usual tier \
                 `horizon_days` before the as-of date, k of them bought of the next tier since, and p is the same share \
                 over all tiers and kinds; nobody is offered anything where that history is missing. Expected margin = \
                 probability × (margin of the product − margin of his usual product) − `contact_cost`. Offers that the \
                 guards let pass are ranked by expected margin, then probability, ties by product; the first `keep` are \
                 given. The price percentile is the share of the kind's buyers whose mean list price a line is below \
                 his, half of the equal ones included. The model card makes the same offers `horizon_days` before the \
                 as-of date, by what was known then, and looks at what was bought since; `up_sell_moves` has every move \
                 between tiers.",
    needs: &[],
    reads: Parts { lines: Keep::All, interactions: true, ..Parts::ORDERS },
    outputs: &[&UP_SELL, &UP_SELL_MOVES, &UP_SELL_MODEL_CARD],
};

/// Parameters: `[up_sell]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpSell {
    /// What was bought in so many days shows the usual tier.
    pub window_days: u32,
    /// So many days a customer is watched for a move to the next tier.
    pub horizon_days: u32,
    /// Customers the share over all tiers counts for beside those of the tier.
    pub shrinkage: f64,
    /// Most offers a customer.
    pub keep: u32,
    /// What keeps an offer from being made.
    pub guards: Guards,
}

impl Default for UpSell {
    fn default() -> UpSell {
        UpSell { window_days: 365, horizon_days: 180, shrinkage: 20.0, keep: 5, guards: Guards::default() }
    }
}

/// One product for one customer.
#[derive(Debug, Clone, Copy)]
struct Offer {
    customer: u32,
    product: u32,
    usual: u32,
    step: u32,
    /// What it earns more than the usual product, minor units.
    extra: Option<i64>,
    /// Expected, minor units.
    margin: i64,
}

impl Analysis for UpSell {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let ladder = Ladder::of(facts);
        let watch = Watch::of(&self.guards, facts);
        let then = facts.as_of.saturating_sub_unsigned(self.horizon_days);
        let moves = self.moves(facts, &ladder, then..facts.as_of);
        let mut card = self.backtest(facts, &ladder, &watch, then)?;
        let mut removed = Removed::default();
        let probabilities = self.probabilities(&moves);
        let offers = match &probabilities {
            Some(probabilities) => {
                let found = self.offers(facts, &ladder, probabilities, &watch, facts.as_of);
                self.guarded(found, probabilities, &watch, &mut removed)
            }
            None => Vec::new(),
        };
        card.extend(removed.metrics());
        let percentiles = Percentiles::of(facts, &ladder, &self.window(facts.as_of));
        Ok(vec![
            offers_frame(facts, &ladder, &moves, &probabilities.unwrap_or_default(), &percentiles, &offers)?,
            moves_frame(&ladder, &moves)?,
            card_frame(&UP_SELL_MODEL_CARD, &card)?,
        ])
    }
}

/// How many customers had a usual tier, and how many of them bought of each tier of the kind since.
#[derive(Debug, Clone, Default)]
struct Moves {
    observed: u32,
    /// By tier of the kind.
    bought: Vec<u32>,
    /// The place of the next tier in `bought`; past its end for the highest.
    next: usize,
}

impl Moves {
    /// How many bought of the next tier.
    fn moved(&self) -> u32 {
        self.bought.get(self.next).copied().unwrap_or(0)
    }
}

/// Customers of one task.
const CHUNK: usize = 4096;

impl UpSell {
    fn window(&self, end: i32) -> Range<i32> {
        end.saturating_sub_unsigned(self.window_days)..end
    }

    /// By step: who had it at the start of the days, and what they bought on them.
    fn moves(&self, facts: &Facts, ladder: &Ladder, days: Range<i32>) -> Vec<Moves> {
        let before = self.window(days.start);
        let none = || -> Vec<Moves> {
            (0..ladder.steps.len())
                .map(|step| {
                    let steps = ladder.of_kind(step);
                    Moves { observed: 0, bought: vec![0; steps.len()], next: step + 1 - steps.start }
                })
                .collect()
        };
        let count = |chunk: usize| {
            let mut moves = none();
            let mut habits = Habits::new(facts, ladder);
            let mut later = vec![0_u32; ladder.steps.len()];
            for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(facts.customers.len()) {
                habits.read(facts, ladder, customer, &before);
                if habits.usual.is_empty() {
                    continue;
                }
                let stamp = customer as u32 + 1;
                each_kept(facts, customer, &days, |product| {
                    if let Some(step) = ladder.step_of(product) {
                        later[step as usize] = stamp;
                    }
                });
                for (step, _) in &habits.usual {
                    let moves = &mut moves[*step as usize];
                    moves.observed += 1;
                    for (bought, step) in moves.bought.iter_mut().zip(ladder.of_kind(*step as usize)) {
                        *bought += u32::from(later[step] == stamp);
                    }
                }
            }
            moves
        };
        let parts: Vec<Vec<Moves>> = (0..facts.customers.len().div_ceil(CHUNK)).into_par_iter().map(count).collect();
        parts.iter().fold(none(), |mut sums, part| {
            for (sum, part) in sums.iter_mut().zip(part) {
                sum.observed += part.observed;
                sum.bought.iter_mut().zip(&part.bought).for_each(|(sum, part)| *sum += part);
            }
            sums
        })
    }

    /// By step; `None` where nobody was observed at all.
    fn probabilities(&self, moves: &[Moves]) -> Option<Vec<f64>> {
        let sum = |value: fn(&Moves) -> u32| {
            let may_move = moves.iter().filter(|moves| moves.next < moves.bought.len());
            may_move.map(|moves| f64::from(value(moves))).sum::<f64>()
        };
        let observed = sum(|moves| moves.observed);
        if observed == 0.0 {
            return None;
        }
        let (overall, weight) = (sum(Moves::moved) / observed, self.shrinkage);
        let shrunk = |moves: &Moves| {
            let (moved, observed) = (f64::from(moves.moved()), f64::from(moves.observed));
            if observed + weight > 0.0 { (moved + weight * overall) / (observed + weight) } else { overall }
        };
        Some(moves.iter().map(shrunk).collect())
    }

    /// What might be offered on a day: by customer, then kind.
    fn offers(&self, facts: &Facts, ladder: &Ladder, probabilities: &[f64], watch: &Watch, end: i32) -> Vec<Offer> {
        let window = self.window(end);
        let goods = Goods::of(facts, ladder, &window, watch);
        let find = |chunk: usize| {
            let mut found = Vec::new();
            let mut habits = Habits::new(facts, ladder);
            let mut owned = vec![0_u32; facts.products.len()];
            for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(facts.customers.len()) {
                habits.read(facts, ladder, customer, &window);
                if !habits.usual.iter().any(|(step, _)| ladder.steps[*step as usize].has_next) {
                    continue;
                }
                let stamp = customer as u32 + 1;
                for order in facts.orders_of(customer).filter(|order| facts.orders.day[*order] < end) {
                    for line in facts.orders.lines(order) {
                        owned[facts.lines.product[line] as usize] = stamp;
                    }
                }
                for (step, usual) in habits.usual.iter().filter(|(step, _)| ladder.steps[*step as usize].has_next) {
                    let mut next = goods.best_sellers[*step as usize + 1].iter();
                    let fits =
                        |product: &&u32| owned[**product as usize] != stamp && goods.is_step_up(*usual, **product);
                    if let Some(product) = next.find(fits) {
                        let extra = goods.extra_margin(*usual, *product);
                        found.push(Offer {
                            customer: customer as u32,
                            product: *product,
                            usual: *usual,
                            step: *step,
                            extra,
                            margin: watch.expected(probabilities[*step as usize], extra),
                        });
                    }
                }
            }
            found
        };
        let parts: Vec<Vec<Offer>> = (0..facts.customers.len().div_ceil(CHUNK)).into_par_iter().map(find).collect();
        parts.concat()
    }

    /// The best `keep` of each customer that the guards let pass, in their order.
    fn guarded(&self, found: Vec<Offer>, probabilities: &[f64], watch: &Watch, removed: &mut Removed) -> Vec<Offer> {
        let probability = |offer: &Offer| probabilities[offer.step as usize];
        let mut kept: Vec<Offer> = Vec::with_capacity(found.len());
        let mut own: Vec<Offer> = Vec::new();
        for offers in found.chunk_by(|left, right| left.customer == right.customer) {
            own.clear();
            for offer in offers {
                let worth_it = watch.is_worth_it(offer.margin, offer.extra);
                let guard = watch.customers[offer.customer as usize].or((!worth_it).then_some(Guard::ExpectedMargin));
                match guard {
                    Some(guard) => removed.add(guard, 1),
                    None => own.push(*offer),
                }
            }
            own.sort_unstable_by(|left, right| {
                (right.margin.cmp(&left.margin))
                    .then(probability(right).total_cmp(&probability(left)))
                    .then(left.product.cmp(&right.product))
            });
            removed.add(Guard::PerCustomer, own.len().saturating_sub(self.keep as usize) as u64);
            kept.extend(own.iter().take(self.keep as usize));
        }
        let stays = watch.within_product_caps(
            &kept,
            |offer| (offer.product, offer.margin, probability(offer), offer.customer),
            removed,
        );
        let mut stays = stays.into_iter();
        kept.retain(|_| stays.next().unwrap_or(true));
        kept
    }

    /// The offers of a day a horizon ago, by what was known then, and what became of them.
    fn backtest(&self, facts: &Facts, ladder: &Ladder, watch: &Watch, then: i32) -> Result<Vec<Metric>> {
        let before = self.moves(facts, ladder, then.saturating_sub_unsigned(self.horizon_days)..then);
        let offers = match self.probabilities(&before) {
            Some(probabilities) => {
                let offers = self.offers(facts, ladder, &probabilities, watch, then);
                offers.into_iter().map(|offer| (probabilities[offer.step as usize], offer)).collect()
            }
            None => Vec::new(),
        };
        // The best seller of the kind that is none of his usual tier's is what a shop assistant would show.
        let sold = sold(facts, &self.window(then));
        let mut best: Vec<Option<u32>> = vec![None; ladder.names.len()];
        for product in 0..facts.products.len() as u32 {
            let best = &mut best[ladder.kinds[product as usize] as usize];
            if best.is_none_or(|best| sold[product as usize] > sold[best as usize]) {
                *best = Some(product);
            }
        }
        let outcome = |(_, offer): &(f64, Offer)| {
            let (mut moved, mut bought, mut best_bought) = (false, false, false);
            let popular = best[ladder.steps[offer.step as usize].kind as usize];
            each_kept(facts, offer.customer as usize, &(then..facts.as_of), |product| {
                moved |= ladder.step_of(product) == Some(offer.step + 1);
                bought |= product == offer.product;
                best_bought |= Some(product) == popular;
            });
            (moved, bought, best_bought)
        };
        let outcomes: Vec<(bool, bool, bool)> = offers.par_iter().with_min_len(1024).map(outcome).collect();
        let share = |of: fn(&(bool, bool, bool)) -> bool| {
            let count = outcomes.iter().filter(|outcome| of(outcome)).count();
            (!outcomes.is_empty()).then(|| count as f64 / outcomes.len() as f64)
        };
        let scores: Vec<f64> = offers.iter().map(|(probability, _)| *probability).collect();
        let labels: Vec<bool> = outcomes.iter().map(|outcome| outcome.0).collect();
        let mean = (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64);
        Ok(vec![
            Metric::of("tested_offers", offers.len() as f64),
            Metric::of("mean_probability", mean).against("share_moved", share(|outcome| outcome.0)),
            Metric::of("auc", auc(&scores, &labels)).against("chance", 0.5),
            Metric::of("offers_bought", share(|outcome| outcome.1))
                .against("kind_best_seller", share(|outcome| outcome.2)),
        ])
    }
}

/// Lines of each product bought and kept on the days, by customers and anonymous buyers.
fn sold(facts: &Facts, window: &Range<i32>) -> Vec<u32> {
    let mut sold = vec![0_u32; facts.products.len()];
    for customer in 0..facts.customers.len() + 1 {
        each_kept(facts, customer, window, |product| sold[product as usize] += 1);
    }
    sold
}

/// Calls `add` for the product of every line a customer bought and kept on the days.
#[inline]
fn each_kept(facts: &Facts, customer: usize, days: &Range<i32>, mut add: impl FnMut(u32)) {
    let range = facts.orders_of(customer);
    let own = &facts.orders.day[range.clone()];
    // Orders lie by day.
    let first = own.partition_point(|day| *day < days.start);
    let end = own.partition_point(|day| *day < days.end);
    for order in range.start + first..range.start + end.max(first) {
        for line in facts.orders.lines(order) {
            if facts.lines.kind[line] == line_kind::SALE && facts.lines.amount[line] > 0 {
                add(facts.lines.product[line]);
            }
        }
    }
}

/// What one customer usually buys.
struct Habits {
    /// The usual step of each kind and the usual product in it.
    usual: Vec<(u32, u32)>,
    /// By step: its lines and its product with most of them.
    steps: Vec<(u32, u32)>,
    /// By product: its lines.
    products: Vec<u32>,
    touched_steps: Vec<u32>,
    touched_products: Vec<u32>,
}

impl Habits {
    fn new(facts: &Facts, ladder: &Ladder) -> Habits {
        Habits {
            usual: Vec::new(),
            steps: vec![(0, 0); ladder.steps.len()],
            products: vec![0; facts.products.len()],
            touched_steps: Vec::new(),
            touched_products: Vec::new(),
        }
    }

    fn read(&mut self, facts: &Facts, ladder: &Ladder, customer: usize, days: &Range<i32>) {
        let Habits { usual, steps, products, touched_steps, touched_products } = self;
        usual.clear();
        each_kept(facts, customer, days, |product| {
            let count = &mut products[product as usize];
            if *count == 0 {
                touched_products.push(product);
            }
            *count += 1;
        });
        for product in touched_products.iter() {
            let Some(number) = ladder.step_of(*product) else { continue };
            let (lines, most) = &mut steps[number as usize];
            let count = products[*product as usize];
            if *lines == 0 {
                touched_steps.push(number);
                *most = *product;
            } else if (count, Reverse(*product)) > (products[*most as usize], Reverse(*most)) {
                *most = *product;
            }
            *lines += count;
        }
        touched_steps.sort_unstable();
        let same_kind =
            |left: &u32, right: &u32| ladder.steps[*left as usize].kind == ladder.steps[*right as usize].kind;
        for same in touched_steps.chunk_by(same_kind) {
            let most = same.iter().max_by_key(|step| (steps[**step as usize].0, **step));
            usual.extend(most.map(|step| (*step, steps[*step as usize].1)));
        }
        touched_steps.drain(..).for_each(|step| steps[step as usize] = (0, 0));
        touched_products.drain(..).for_each(|product| products[product as usize] = 0);
    }
}

/// What is on offer.
struct Goods {
    /// By step: products that may be offered from the most lines sold down, ties by product.
    best_sellers: Vec<Vec<u32>>,
    prices: Vec<Option<i64>>,
    margins: Vec<Option<i64>>,
}

impl Goods {
    fn of(facts: &Facts, ladder: &Ladder, window: &Range<i32>, watch: &Watch) -> Goods {
        let sold = sold(facts, window);
        let mut best_sellers = vec![Vec::new(); ladder.steps.len()];
        for product in 0..facts.products.len() as u32 {
            let available = sold[product as usize] > 0 && watch.products[product as usize].is_none();
            if let (true, Some(step)) = (available, ladder.step_of(product)) {
                best_sellers[step as usize].push(product);
            }
        }
        for products in &mut best_sellers {
            products.sort_unstable_by_key(|product| (Reverse(sold[*product as usize]), *product));
        }
        Goods { best_sellers, prices: watch.prices.clone(), margins: watch.margins.clone() }
    }

    fn extra_margin(&self, usual: u32, product: u32) -> Option<i64> {
        Some(self.margins[product as usize]? - self.margins[usual as usize]?)
    }

    /// Dearer than the usual product, and earning more, as far as both are known.
    fn is_step_up(&self, usual: u32, product: u32) -> bool {
        let dearer = match (self.prices[usual as usize], self.prices[product as usize]) {
            (Some(usual), Some(product)) => product > usual,
            _ => true,
        };
        dearer && self.extra_margin(usual, product).is_none_or(|extra| extra > 0)
    }
}

fn offers_frame(
    facts: &Facts,
    ladder: &Ladder,
    moves: &[Moves],
    probabilities: &[f64],
    percentiles: &Percentiles,
    offers: &[Offer],
) -> Result<DataFrame> {
    let step = |offer: &Offer| offer.step as usize;
    let kind = |offer: &Offer| &ladder.names[ladder.steps[step(offer)].kind as usize];
    let product = |number: u32| facts.products.id(number as usize);
    let ranks = offers.chunk_by(|left, right| left.customer == right.customer).flat_map(|own| 1..=own.len() as i64);
    FrameBuilder::new(&UP_SELL)
        .text("customer_id", offers.iter().map(|offer| facts.customers.id(offer.customer as usize)))
        .text("product_id", offers.iter().map(|offer| product(offer.product)))
        .whole("rank", ranks.collect())
        .ratio("probability", offers.iter().map(|offer| probabilities[step(offer)]).collect())
        .whole("expected_margin", offers.iter().map(|offer| offer.margin).collect())
        .text("category", offers.iter().map(|offer| kind(offer).0.as_str()))
        .text("subcategory", offers.iter().map(|offer| kind(offer).1.as_str()))
        .text("from_tier", offers.iter().map(|offer| ladder.steps[step(offer)].tier.as_str()))
        .text("to_tier", offers.iter().map(|offer| ladder.steps[step(offer) + 1].tier.as_str()))
        .text("because", offers.iter().map(|offer| product(offer.usual)))
        .whole("n_moved", offers.iter().map(|offer| moves[step(offer)].moved().into()).collect())
        .whole("n_observed", offers.iter().map(|offer| moves[step(offer)].observed.into()).collect())
        .maybe_ratio(
            "price_percentile",
            offers
                .iter()
                .map(|offer| percentiles.of_customer(offer.customer, ladder.steps[offer.step as usize].kind))
                .collect(),
        )
        .maybe_ratio("price_step", offers.iter().map(|offer| price_step(facts, offer.usual, offer.product)).collect())
        .text("reason", offers.iter().map(|_| "trade_up"))
        .finish()
}

/// How many times the usual product's list price the offered one costs.
fn price_step(facts: &Facts, usual: u32, product: u32) -> Option<f64> {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::Int64Type;
    let prices = facts.products.rows.column_by_name("list_price")?.as_primitive_opt::<Int64Type>()?;
    let price = |product: u32| {
        let known = prices.is_valid(product as usize) && prices.value(product as usize) > 0;
        known.then(|| prices.value(product as usize) as f64)
    };
    Some(price(product)? / price(usual)?)
}

/// Every move from a usual tier to a tier of the same kind.
fn moves_frame(ladder: &Ladder, moves: &[Moves]) -> Result<DataFrame> {
    let rows: Vec<(usize, usize, u32, u32)> = moves
        .iter()
        .enumerate()
        .flat_map(|(from, moves)| {
            let to = ladder.of_kind(from).zip(&moves.bought);
            to.map(move |(to, bought)| (from, to, moves.observed, *bought))
        })
        .collect();
    let tier = |step: usize| ladder.steps[step].tier.as_str();
    let kind = |step: usize| &ladder.names[ladder.steps[step].kind as usize];
    FrameBuilder::new(&UP_SELL_MOVES)
        .text("category", rows.iter().map(|row| kind(row.0).0.as_str()))
        .text("subcategory", rows.iter().map(|row| kind(row.0).1.as_str()))
        .text("from_tier", rows.iter().map(|row| tier(row.0)))
        .text("to_tier", rows.iter().map(|row| tier(row.1)))
        .whole("n_observed", rows.iter().map(|row| row.2.into()).collect())
        .whole("n_bought", rows.iter().map(|row| row.3.into()).collect())
        .maybe_ratio("share", rows.iter().map(|row| (row.2 > 0).then(|| f64::from(row.3) / f64::from(row.2))).collect())
        .finish()
}
