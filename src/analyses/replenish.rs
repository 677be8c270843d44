//! What customers are about to need again: products bought at a pace of their own.

mod choice;

use std::cmp::Ordering;
use std::ops::Range;

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::choice::Chosen;
use super::frame::FrameBuilder;
use super::model_card::{Metric, card_frame};
use super::offers::guards::{Guard, Guards, Removed, Watch};
use super::offers::repeats::median;
use super::offers::substitutes::Substitutes;
use super::offers::{backtest_frame, cautious_share, known_kinds, shrunk_share};
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{REPLENISH, REPLENISH_BACKTEST, REPLENISH_MODEL_CARD};
use crate::error::Result;
use crate::facts::{Facts, Keep, Parts, Purchases, line_kind};

static SPEC: Spec = Spec {
    id: "replenish",
    definition: "A product that a customer bought and kept on at least `min_days` days has a pace: the median of the days \
                 between them, half a day rounded up. It is due on the last day + that gap. Listed is what is due before \
                 the as-of date + `lead_days` and was last bought at most `give_up_gaps` gaps ago. What went back since he last \
                 bought it, or on that day, however little of it, counts as returned and is not offered until he buys it again. Several ways rank what a \
                 customer bought before: everybody's or his own frequency, fading frequency plus everybody's, and a \
                 logistic regression on frequency, recency, pace, demand and his activity. What serves is the way with \
                 the highest NDCG at 10 on what was bought again in the `horizon_days` that ended `horizon_days` before \
                 the as-of date, by every second customer (the regression learns from the others); \
                 if it was no better than his own frequency in the `horizon_days` since, \
                 that serves; `replenish_backtest` has both. The probability is the regression's, fitted \
                 to the `horizon_days` since. With fewer than `min_test_customers` it is (k + `shrinkage` × p) ÷ (n + \
                 `shrinkage`): of n products that were listed in the same way `horizon_days` before the as-of date and \
                 were as late (in quarters of their gap), k were bought since, and p is (k + ½) ÷ (n + `shrinkage` + 1) over all of them; \
                 nothing is listed where that history is missing. Expected margin = probability × (price − cost of a \
                 unit) − `contact_cost`. The guards remove what may not be offered, each counted in the model card. Of two substitutes (products of a kind \
                 that all customers buy on the same day less often than by chance) only the one with the higher expected \
                 margin stays, unless he bought both on the same day at least twice in the window: he takes both. The \
                 `keep` that rank highest are given, in the order of expected margin, then probability, ties by product.",
    needs: &[],
    reads: Parts { lines: Keep::Products, interactions: true, purchases: true, ..Parts::ORDERS },
    outputs: &[&REPLENISH, &REPLENISH_MODEL_CARD, &REPLENISH_BACKTEST],
};

/// Parameters: `[replenish]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replenish {
    /// What was bought in so many days before the as-of date ranks what is bought again.
    pub window_days: u32,
    /// Fewest days on which the customer bought the product; at least 2.
    pub min_days: u32,
    /// What is due in so many days is listed already.
    pub lead_days: u32,
    /// What was last bought more gaps ago is given up.
    pub give_up_gaps: u32,
    /// So many days a listed product is watched.
    pub horizon_days: u32,
    /// Most customers the ways to rank are compared on.
    pub test_customers: u32,
    /// Fewest customers a way to rank is chosen by.
    pub min_test_customers: u32,
    /// Products the share over all counts for beside those as late; so many more count in that share as if they had not
    /// been bought.
    pub shrinkage: f64,
    /// Most products a customer.
    pub keep: u32,
    /// What keeps a product from being offered.
    pub guards: Guards,
}

impl Default for Replenish {
    fn default() -> Replenish {
        Replenish {
            window_days: 365,
            min_days: 3,
            lead_days: 7,
            give_up_gaps: 3,
            horizon_days: 30,
            test_customers: 20_000,
            min_test_customers: 100,
            shrinkage: 20.0,
            keep: 5,
            guards: Guards::default(),
        }
    }
}

/// One product that is due.
#[derive(Debug, Clone, Copy)]
struct Due {
    customer: u32,
    product: u32,
    last: i32,
    gap: i32,
    n_days: u32,
    band: usize,
    /// Something of it went back on the last day he bought it or since.
    returned: bool,
}

/// A product on the list.
#[derive(Debug, Clone, Copy)]
struct Row {
    due: Due,
    /// What ranks it.
    score: f64,
    probability: f64,
    /// Expected, minor units.
    margin: i64,
    /// Whether what a unit earns is known.
    known_margin: bool,
}

impl Row {
    /// The one expected to bring most first, then the likelier one, ties by product.
    fn by_margin(left: &Row, right: &Row) -> Ordering {
        (right.margin.cmp(&left.margin))
            .then(right.probability.total_cmp(&left.probability))
            .then(left.due.product.cmp(&right.due.product))
    }
}

/// Days on which a customer bought both of two substitutes that show that he takes both.
const TOGETHER: usize = 2;

/// What he takes instead of each other.
struct Instead<'i> {
    purchases: &'i Purchases,
    days: Range<i32>,
    substitutes: Substitutes<'i>,
}

impl Instead<'_> {
    /// Whether two products of one customer are substitutes that he does not buy together himself.
    fn are(&self, left: &Row, right: &Row) -> bool {
        let both = [left.due.product, right.due.product];
        self.substitutes.are(both[0], both[1]) && {
            let mut days: Vec<i32> = (self.purchases.kept(left.due.customer as usize, &self.days))
                .filter(|(_, product)| both.contains(product))
                .map(|(day, _)| day)
                .collect();
            let rows = days.len();
            days.dedup();
            rows - days.len() < TOGETHER
        }
    }
}

/// What became of the products that were listed a horizon ago.
#[derive(Debug, Clone, Default)]
struct History {
    /// By band of lateness: listed, and bought since.
    bands: Vec<(u32, u32)>,
    /// The same for all products with a pace, due or not.
    paced: (u32, u32),
}

impl Analysis for Replenish {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let (due, history) = self.scan(facts);
        let mut metrics = listed_metrics(&history);
        let purchases = &facts.purchases;
        let chosen = self.choose(purchases, facts.as_of);
        let rows = match &chosen {
            Some(chosen) => {
                metrics.extend(chosen.metrics());
                chosen.score(purchases, due)
            }
            None => self.by_lateness(&due, &history),
        };
        let watch = Watch::of(&self.guards, facts);
        let mut removed = Removed::default();
        let kinds = known_kinds(facts);
        let days = facts.as_of.saturating_sub_unsigned(self.window_days)..facts.as_of;
        let substitutes = Substitutes::of(purchases, &days, &kinds);
        let rows = self.guarded(rows, &watch, &Instead { purchases, days, substitutes }, &mut removed);
        metrics.extend(removed.metrics());
        let tried = chosen.map(|chosen: Chosen| chosen.tried).unwrap_or_default();
        Ok(vec![
            due_frame(facts, &rows)?,
            card_frame(&REPLENISH_MODEL_CARD, &metrics)?,
            backtest_frame(&REPLENISH_BACKTEST, &tried)?,
        ])
    }
}

/// Customers of one task.
const CHUNK: usize = 4096;

impl Replenish {
    /// What is due now, by customer, then product; and what became of what was due a horizon ago.
    fn scan(&self, facts: &Facts) -> (Vec<Due>, History) {
        let then = facts.as_of.saturating_sub_unsigned(self.horizon_days);
        let task = |chunk: usize| {
            let (mut due, mut history) = (Vec::new(), self.no_history());
            let [mut bought, mut back]: [Vec<(u32, i32)>; 2] = Default::default();
            for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(facts.customers.len()) {
                read_days(facts, customer, &mut bought, &mut back);
                for run in bought.chunk_by(|left, right| left.0 == right.0) {
                    if (run.len() as u32) < self.min_days.max(2) {
                        continue;
                    }
                    let before = run.partition_point(|(_, day)| *day < then);
                    if let Some(listed) = self.pace(customer, &run[..before]) {
                        let since = u32::from(before < run.len());
                        history.paced = (history.paced.0 + 1, history.paced.1 + since);
                        let listed = self.listed(listed, then).filter(|due| !went_back(&back, due, then));
                        if let Some(listed) = listed {
                            let band = &mut history.bands[listed.band];
                            *band = (band.0 + 1, band.1 + since);
                        }
                    }
                    let listed = self.pace(customer, run).and_then(|due| self.listed(due, facts.as_of));
                    due.extend(listed.map(|due| Due { returned: went_back(&back, &due, facts.as_of), ..due }));
                }
            }
            (due, history)
        };
        let parts: Vec<(Vec<Due>, History)> =
            (0..facts.customers.len().div_ceil(CHUNK)).into_par_iter().map(task).collect();
        let (mut due, mut history) = (Vec::new(), self.no_history());
        for (part, counts) in parts {
            due.extend(part);
            history.paced = (history.paced.0 + counts.paced.0, history.paced.1 + counts.paced.1);
            for (sum, count) in history.bands.iter_mut().zip(&counts.bands) {
                *sum = (sum.0 + count.0, sum.1 + count.1);
            }
        }
        (due, history)
    }

    fn no_history(&self) -> History {
        History { bands: vec![(0, 0); 4 * self.give_up_gaps as usize + 1], paced: (0, 0) }
    }

    /// The pace of a product bought on these days; `None` where they are too few.
    fn pace(&self, customer: usize, days: &[(u32, i32)]) -> Option<Due> {
        let (product, last) = *days.last()?;
        if (days.len() as u32) < self.min_days.max(2) {
            return None;
        }
        let mut gaps: Vec<i32> = days.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        let gap = median(&mut gaps);
        let n_days = days.len() as u32;
        Some(Due { customer: customer as u32, product, last, gap, n_days, band: 0, returned: false })
    }

    /// Whether it is due at the beginning of a day, and how late.
    fn listed(&self, due: Due, at: i32) -> Option<Due> {
        let (passed, gap) = (i64::from(at - due.last), i64::from(due.gap));
        let soon = i64::from(due.last) + gap < i64::from(at) + i64::from(self.lead_days);
        let alive = passed <= gap * i64::from(self.give_up_gaps);
        (soon && alive).then_some(Due { band: (4 * passed / gap) as usize, ..due })
    }

    /// By band; `None` where nothing was listed at all.
    fn probabilities(&self, history: &History) -> Option<Vec<f64>> {
        let (listed, bought) = history
            .bands
            .iter()
            .fold((0.0, 0.0), |(listed, bought), band| (listed + f64::from(band.0), bought + f64::from(band.1)));
        if listed == 0.0 {
            return None;
        }
        let overall = cautious_share(bought, listed, self.shrinkage);
        let shrunk = |(n, k): &(u32, u32)| shrunk_share((*k).into(), (*n).into(), overall, self.shrinkage);
        Some(history.bands.iter().map(shrunk).collect())
    }

    /// As likely as what was as late a horizon ago; nothing where that history is missing.
    fn by_lateness(&self, due: &[Due], history: &History) -> Vec<Row> {
        let Some(probabilities) = self.probabilities(history) else { return Vec::new() };
        due.iter()
            .map(|due| {
                let probability = probabilities[due.band];
                Row { due: *due, score: probability, probability, margin: 0, known_margin: false }
            })
            .collect()
    }

    /// The best `keep` of each customer that the guards let pass, in their order.
    fn guarded(&self, mut rows: Vec<Row>, watch: &Watch, instead: &Instead<'_>, removed: &mut Removed) -> Vec<Row> {
        for row in &mut rows {
            let margin = watch.margins[row.due.product as usize];
            row.margin = watch.expected(row.probability, margin);
            row.known_margin = margin.is_some();
        }
        rows.retain(|row| {
            let margin = watch.margins[row.due.product as usize];
            let worth_it = watch.is_worth_it(row.due.product, row.probability, margin);
            let guard = watch.customers[row.due.customer as usize]
                .or(row.due.returned.then_some(Guard::Returned))
                .or(watch.products[row.due.product as usize])
                .or((!worth_it).then_some(Guard::ExpectedMargin));
            if let Some(guard) = guard {
                removed.add(guard, 1);
            }
            guard.is_none()
        });
        let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
        let mut chosen: Vec<Row> = Vec::new();
        for own in rows.chunk_by_mut(|left, right| left.due.customer == right.due.customer) {
            own.sort_unstable_by(Row::by_margin);
            chosen.clear();
            for row in own {
                match chosen.iter().any(|other| instead.are(other, row)) {
                    true => removed.add(Guard::Substitute, 1),
                    false => chosen.push(*row),
                }
            }
            chosen.sort_unstable_by(|left, right| {
                right.score.total_cmp(&left.score).then(left.due.product.cmp(&right.due.product))
            });
            let (first, rest) = chosen.split_at((self.keep as usize).min(chosen.len()));
            removed.add(Guard::PerCustomer, rest.len() as u64);
            kept.extend_from_slice(first);
        }
        let stays = watch.within_product_caps(
            &kept,
            |row| (row.due.product, row.margin, row.probability, row.due.customer),
            removed,
        );
        let mut stays = stays.into_iter();
        kept.retain(|_| stays.next().unwrap_or(true));
        for own in kept.chunk_by_mut(|left, right| left.due.customer == right.due.customer) {
            own.sort_unstable_by(Row::by_margin);
        }
        kept
    }
}

/// The days on which a customer bought and kept each product, and those on which something of it went back: by product,
/// then day, each once.
fn read_days(facts: &Facts, customer: usize, bought: &mut Vec<(u32, i32)>, back: &mut Vec<(u32, i32)>) {
    bought.clear();
    back.clear();
    for order in facts.orders_of(customer) {
        for line in facts.orders.lines(order) {
            let day = (facts.lines.product[line], facts.orders.day[order]);
            if facts.lines.kept(line) {
                bought.push(day);
            } else if line_kind::went_back(facts.lines.kind[line]) {
                back.push(day);
            }
        }
    }
    for days in [bought, back] {
        days.sort_unstable();
        days.dedup();
    }
}

/// Whether something of a product went back on the last day it was bought or since, before a day.
fn went_back(back: &[(u32, i32)], due: &Due, before: i32) -> bool {
    let last = back.partition_point(|day| *day < (due.product, before));
    back[..last].last().is_some_and(|(product, day)| *product == due.product && *day >= due.last)
}

fn due_frame(facts: &Facts, rows: &[Row]) -> Result<DataFrame> {
    let ranks =
        rows.chunk_by(|left, right| left.due.customer == right.due.customer).flat_map(|own| 1..=own.len() as i64);
    let whole = |value: fn(&Due) -> i64| rows.iter().map(|row| value(&row.due)).collect();
    FrameBuilder::new(&REPLENISH)
        .text("customer_id", rows.iter().map(|row| facts.customers.id(row.due.customer as usize)))
        .text("product_id", rows.iter().map(|row| facts.products.id(row.due.product as usize)))
        .whole("rank", ranks.collect())
        .ratio("probability", rows.iter().map(|row| row.probability).collect())
        .maybe_whole("expected_margin", rows.iter().map(|row| row.known_margin.then_some(row.margin)).collect())
        .date("due_date", rows.iter().map(|row| Some(row.due.last + row.due.gap)).collect())
        .whole("gap_days", whole(|due| due.gap.into()))
        .date("last_bought_on", rows.iter().map(|row| Some(row.due.last)).collect())
        .whole("n_days", whole(|due| due.n_days.into()))
        .text("reason", rows.iter().map(|_| "due_again"))
        .finish()
}

fn listed_metrics(history: &History) -> Vec<Metric> {
    let (listed, bought) =
        history.bands.iter().fold((0, 0), |(listed, bought), band| (listed + band.0, bought + band.1));
    let share = |(n, k): (u32, u32)| (n > 0).then(|| f64::from(k) / f64::from(n));
    vec![
        Metric::of("listed", f64::from(listed)),
        Metric::of("listed_bought", share((listed, bought))).against("every_product_with_a_pace", share(history.paced)),
    ]
}
