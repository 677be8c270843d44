//! Who may trade up: the next tier in a category the customer already buys.

mod ladder;

use std::cmp::Reverse;
use std::ops::Range;

use arrow::datatypes::{Int32Type, Int64Type};
use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::ladder::Ladder;
use super::expected_margin::unit_margins;
use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::UP_SELL;
use crate::error::Result;
use crate::facts::{Facts, Keep, Parts, line_kind};

static SPEC: Spec = Spec {
    id: "up_sell",
    definition: "The tiers of a category are ordered by the median list price of their products. In each category, a \
                 customer's usual tier is that of most lines he bought and kept in the last `window_days` (ties: the \
                 dearer), his usual product the one with most lines in it (ties by id). Offered is the best-selling \
                 product of the next tier (most lines in the window, ties by id) that he never bought, that is in stock, \
                 and that is known neither to be as cheap as his usual product nor to earn no more than it. Probability \
                 = (k + `shrinkage` × p) ÷ (n + `shrinkage`): n customers had this usual tier `horizon_days` before the \
                 as-of date, k of them bought of the next tier since, and p is the same share over all tiers and \
                 categories; nobody is offered anything where that history is missing. Offers are ranked by expected \
                 margin, then probability, ties by product; the first `keep` are given.",
    needs: &[],
    reads: Parts { lines: Keep::All, ..Parts::ORDERS },
    outputs: &[&UP_SELL],
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
}

impl Default for UpSell {
    fn default() -> UpSell {
        UpSell { window_days: 365, horizon_days: 180, shrinkage: 20.0, keep: 5 }
    }
}

/// One product for one customer.
#[derive(Debug, Clone, Copy)]
struct Offer {
    customer: u32,
    product: u32,
    usual: u32,
    step: u32,
    margin: i64,
}

impl Analysis for UpSell {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let ladder = Ladder::of(facts);
        let moves = self.moves(facts, &ladder);
        let probabilities = self.probabilities(&moves);
        let offers = match &probabilities {
            Some(probabilities) => self.offers(facts, &ladder, probabilities),
            None => Vec::new(),
        };
        Ok(vec![offers_frame(facts, &ladder, &moves, &probabilities.unwrap_or_default(), &offers)?])
    }
}

/// How many customers had a usual tier, and how many of them bought of the next one.
#[derive(Debug, Clone, Copy, Default)]
struct Moves {
    observed: u32,
    moved: u32,
}

/// Customers of one task.
const CHUNK: usize = 4096;

impl UpSell {
    /// By step: its customers a horizon ago, and those who have moved since.
    fn moves(&self, facts: &Facts, ladder: &Ladder) -> Vec<Moves> {
        let then = facts.as_of.saturating_sub_unsigned(self.horizon_days);
        let before = then.saturating_sub_unsigned(self.window_days)..then;
        let count = |chunk: usize| {
            let mut moves = vec![Moves::default(); ladder.steps.len()];
            let mut habits = Habits::new(facts, ladder);
            let mut later = vec![0_u32; ladder.steps.len() + 1];
            for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(facts.customers.len()) {
                habits.read(facts, ladder, customer, &before);
                if habits.usual.is_empty() {
                    continue;
                }
                let stamp = customer as u32 + 1;
                each_kept(facts, customer, &(then..facts.as_of), |product| {
                    if let Some(step) = ladder.step_of(product) {
                        later[step as usize] = stamp;
                    }
                });
                for (step, _) in habits.usual.iter().filter(|(step, _)| ladder.steps[*step as usize].has_next) {
                    moves[*step as usize].observed += 1;
                    moves[*step as usize].moved += u32::from(later[*step as usize + 1] == stamp);
                }
            }
            moves
        };
        let parts: Vec<Vec<Moves>> = (0..facts.customers.len().div_ceil(CHUNK)).into_par_iter().map(count).collect();
        parts.iter().fold(vec![Moves::default(); ladder.steps.len()], |mut sums, part| {
            for (sum, part) in sums.iter_mut().zip(part) {
                sum.observed += part.observed;
                sum.moved += part.moved;
            }
            sums
        })
    }

    /// By step; `None` where nobody was observed at all.
    fn probabilities(&self, moves: &[Moves]) -> Option<Vec<f64>> {
        let sum = |value: fn(&Moves) -> u32| moves.iter().map(|moves| f64::from(value(moves))).sum::<f64>();
        let observed = sum(|moves| moves.observed);
        if observed == 0.0 {
            return None;
        }
        let (overall, weight) = (sum(|moves| moves.moved) / observed, self.shrinkage);
        let shrunk = |moves: &Moves| {
            let (moved, observed) = (f64::from(moves.moved), f64::from(moves.observed));
            if observed + weight > 0.0 { (moved + weight * overall) / (observed + weight) } else { overall }
        };
        Some(moves.iter().map(shrunk).collect())
    }

    /// By customer, then rank.
    fn offers(&self, facts: &Facts, ladder: &Ladder, probabilities: &[f64]) -> Vec<Offer> {
        let window = facts.as_of.saturating_sub_unsigned(self.window_days)..facts.as_of;
        let goods = Goods::of(facts, ladder, &window);
        let find = |chunk: usize| {
            let mut found = Vec::new();
            let mut habits = Habits::new(facts, ladder);
            let mut owned = vec![0_u32; facts.products.len()];
            let mut own: Vec<Offer> = Vec::new();
            for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(facts.customers.len()) {
                habits.read(facts, ladder, customer, &window);
                if !habits.usual.iter().any(|(step, _)| ladder.steps[*step as usize].has_next) {
                    continue;
                }
                let stamp = customer as u32 + 1;
                for order in facts.orders_of(customer) {
                    for line in facts.orders.lines(order) {
                        owned[facts.lines.product[line] as usize] = stamp;
                    }
                }
                own.clear();
                for (step, usual) in habits.usual.iter().filter(|(step, _)| ladder.steps[*step as usize].has_next) {
                    let mut next = goods.best_sellers[*step as usize + 1].iter();
                    let fits =
                        |product: &&u32| owned[**product as usize] != stamp && goods.is_step_up(*usual, **product);
                    if let Some(product) = next.find(fits) {
                        let extra = goods.extra_margin(*usual, *product).unwrap_or(0);
                        let margin = (extra as f64 * probabilities[*step as usize]).round() as i64;
                        own.push(Offer {
                            customer: customer as u32,
                            product: *product,
                            usual: *usual,
                            step: *step,
                            margin,
                        });
                    }
                }
                own.sort_unstable_by(|left, right| {
                    let probability = |offer: &Offer| probabilities[offer.step as usize];
                    (right.margin.cmp(&left.margin))
                        .then(probability(right).total_cmp(&probability(left)))
                        .then(left.product.cmp(&right.product))
                });
                found.extend(own.iter().take(self.keep as usize));
            }
            found
        };
        let parts: Vec<Vec<Offer>> = (0..facts.customers.len().div_ceil(CHUNK)).into_par_iter().map(find).collect();
        parts.concat()
    }
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
    /// The usual step of each category and the usual product in it.
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
        let same_category =
            |left: &u32, right: &u32| ladder.steps[*left as usize].category == ladder.steps[*right as usize].category;
        for category in touched_steps.chunk_by(same_category) {
            let most = category.iter().max_by_key(|step| (steps[**step as usize].0, **step));
            usual.extend(most.map(|step| (*step, steps[*step as usize].1)));
        }
        touched_steps.drain(..).for_each(|step| steps[step as usize] = (0, 0));
        touched_products.drain(..).for_each(|product| products[product as usize] = 0);
    }
}

/// What is on offer.
struct Goods {
    /// By step: products in stock from the most lines sold down, ties by product.
    best_sellers: Vec<Vec<u32>>,
    prices: Vec<Option<i64>>,
    margins: Vec<Option<i64>>,
}

impl Goods {
    fn of(facts: &Facts, ladder: &Ladder, window: &Range<i32>) -> Goods {
        let mut sold = vec![0_u32; facts.products.len()];
        for customer in 0..facts.customers.len() + 1 {
            each_kept(facts, customer, window, |product| sold[product as usize] += 1);
        }
        let stock = facts.products.numbers::<Int32Type>("stock");
        let mut best_sellers = vec![Vec::new(); ladder.steps.len()];
        for product in 0..facts.products.len() as u32 {
            let available = sold[product as usize] > 0 && stock[product as usize].is_none_or(|stock| stock > 0);
            if let (true, Some(step)) = (available, ladder.step_of(product)) {
                best_sellers[step as usize].push(product);
            }
        }
        for products in &mut best_sellers {
            products.sort_unstable_by_key(|product| (Reverse(sold[*product as usize]), *product));
        }
        let prices = facts.products.numbers::<Int64Type>("list_price");
        Goods { best_sellers, prices, margins: unit_margins(facts) }
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
    offers: &[Offer],
) -> Result<DataFrame> {
    let step = |offer: &Offer| offer.step as usize;
    let category = |offer: &Offer| facts.categories.values[ladder.steps[step(offer)].category as usize].as_str();
    let product = |number: u32| facts.products.id(number as usize);
    let reasons: Vec<String> = (ladder.steps.iter().zip(moves).enumerate())
        .map(|(at, (step, moves))| {
            let to = ladder.steps.get(at + 1).map_or("", |next| next.tier.as_str());
            let category = &facts.categories.values[step.category as usize];
            format!("trade_up:{category}:{}:{to}:{}:{}", step.tier, moves.moved, moves.observed)
        })
        .collect();
    let ranks = offers.chunk_by(|left, right| left.customer == right.customer).flat_map(|own| 1..=own.len() as i64);
    FrameBuilder::new(&UP_SELL)
        .text("customer_id", offers.iter().map(|offer| facts.customers.id(offer.customer as usize)))
        .text("product_id", offers.iter().map(|offer| product(offer.product)))
        .whole("rank", ranks.collect())
        .ratio("probability", offers.iter().map(|offer| probabilities[step(offer)]).collect())
        .whole("expected_margin", offers.iter().map(|offer| offer.margin).collect())
        .text("category", offers.iter().map(category))
        .text("from_tier", offers.iter().map(|offer| ladder.steps[step(offer)].tier.as_str()))
        .text("to_tier", offers.iter().map(|offer| ladder.steps[step(offer) + 1].tier.as_str()))
        .text("because", offers.iter().map(|offer| product(offer.usual)))
        .whole("n_moved", offers.iter().map(|offer| moves[step(offer)].moved.into()).collect())
        .whole("n_observed", offers.iter().map(|offer| moves[step(offer)].observed.into()).collect())
        .text("reason", offers.iter().map(|offer| reasons[step(offer)].as_str()))
        .finish()
}
