//! What customers are about to need again: products bought at a pace of their own.

use arrow::datatypes::Int32Type;
use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::expected_margin::unit_margins;
use super::frame::FrameBuilder;
use super::model_card::{Metric, card_frame};
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{REPLENISH, REPLENISH_MODEL_CARD};
use crate::error::Result;
use crate::facts::{Facts, Keep, Parts, line_kind};

static SPEC: Spec = Spec {
    id: "replenish",
    definition: "A product that a customer bought and kept on at least `min_days` days has a pace: the median of the days \
                 between them, half a day rounded up. It is due on the last day + that gap. Listed is what is due before \
                 the as-of date + `lead_days` and was last bought at most `give_up_gaps` gaps ago, except what is out of \
                 stock. Probability = (k + `shrinkage` × p) ÷ (n + `shrinkage`): of n products that were listed in the \
                 same way `horizon_days` before the as-of date and were as late (in quarters of their gap), k were bought \
                 since, and p is the same share over all of them; nothing is listed where that history is missing. \
                 Ranked by expected margin, then probability, ties by product; the first `keep` are given.",
    needs: &[],
    reads: Parts { lines: Keep::All, ..Parts::ORDERS },
    outputs: &[&REPLENISH, &REPLENISH_MODEL_CARD],
};

/// Parameters: `[replenish]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replenish {
    /// Fewest days on which the customer bought the product; at least 2.
    pub min_days: u32,
    /// What is due in so many days is listed already.
    pub lead_days: u32,
    /// What was last bought more gaps ago is given up.
    pub give_up_gaps: u32,
    /// So many days a listed product is watched.
    pub horizon_days: u32,
    /// Products the share over all counts for beside those as late.
    pub shrinkage: f64,
    /// Most products a customer.
    pub keep: u32,
}

impl Default for Replenish {
    fn default() -> Replenish {
        Replenish { min_days: 3, lead_days: 7, give_up_gaps: 3, horizon_days: 30, shrinkage: 20.0, keep: 5 }
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
        let probabilities = self.probabilities(&history);
        let rows = match &probabilities {
            Some(probabilities) => self.rank(facts, due, probabilities),
            None => Vec::new(),
        };
        Ok(vec![due_frame(facts, &rows)?, card(&history)?])
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
            let mut bought: Vec<(u32, i32)> = Vec::new();
            for customer in chunk * CHUNK..((chunk + 1) * CHUNK).min(facts.customers.len()) {
                read_days(facts, customer, &mut bought);
                for run in bought.chunk_by(|left, right| left.0 == right.0) {
                    if (run.len() as u32) < self.min_days.max(2) {
                        continue;
                    }
                    let before = run.partition_point(|(_, day)| *day < then);
                    if let Some(listed) = self.pace(customer, &run[..before]) {
                        let since = u32::from(before < run.len());
                        history.paced = (history.paced.0 + 1, history.paced.1 + since);
                        if let Some(listed) = self.listed(listed, then) {
                            let band = &mut history.bands[listed.band];
                            *band = (band.0 + 1, band.1 + since);
                        }
                    }
                    due.extend(self.pace(customer, run).and_then(|due| self.listed(due, facts.as_of)));
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
        gaps.sort_unstable();
        let half = gaps.len() / 2;
        let gap = if gaps.len() % 2 == 1 { gaps[half] } else { (gaps[half - 1] + gaps[half] + 1) / 2 };
        Some(Due { customer: customer as u32, product, last, gap, n_days: days.len() as u32, band: 0 })
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
        let (overall, weight) = (bought / listed, self.shrinkage);
        let shrunk = |(n, k): &(u32, u32)| {
            let (n, k) = (f64::from(*n), f64::from(*k));
            if n + weight > 0.0 { (k + weight * overall) / (n + weight) } else { overall }
        };
        Some(history.bands.iter().map(shrunk).collect())
    }

    /// The best `keep` of each customer: rank, probability, expected margin.
    fn rank(&self, facts: &Facts, due: Vec<Due>, probabilities: &[f64]) -> Vec<(Due, i64, f64, i64)> {
        let margins = unit_margins(facts);
        let stock = facts.products.numbers::<Int32Type>("stock");
        let mut rows = Vec::new();
        let mut own: Vec<(i64, f64, Due)> = Vec::new();
        for customer in due.chunk_by(|left, right| left.customer == right.customer) {
            own.clear();
            own.extend(customer.iter().filter(|due| stock[due.product as usize].is_none_or(|stock| stock > 0)).map(
                |due| {
                    let probability = probabilities[due.band];
                    let margin = margins[due.product as usize].unwrap_or(0);
                    ((margin as f64 * probability).round() as i64, probability, *due)
                },
            ));
            own.sort_unstable_by(|left, right| {
                (right.0.cmp(&left.0)).then(right.1.total_cmp(&left.1)).then(left.2.product.cmp(&right.2.product))
            });
            rows.extend(
                (own.iter().take(self.keep as usize).zip(1..))
                    .map(|((margin, probability, due), rank)| (*due, rank, *probability, *margin)),
            );
        }
        rows
    }
}

/// The days on which a customer bought and kept each product: by product, then day, each once.
fn read_days(facts: &Facts, customer: usize, bought: &mut Vec<(u32, i32)>) {
    bought.clear();
    for order in facts.orders_of(customer) {
        for line in facts.orders.lines(order) {
            if facts.lines.kind[line] == line_kind::SALE && facts.lines.amount[line] > 0 {
                bought.push((facts.lines.product[line], facts.orders.day[order]));
            }
        }
    }
    bought.sort_unstable();
    bought.dedup();
}

fn due_frame(facts: &Facts, rows: &[(Due, i64, f64, i64)]) -> Result<DataFrame> {
    let reasons: Vec<String> = rows.iter().map(|(due, ..)| format!("due_again:{}:{}", due.gap, due.n_days)).collect();
    FrameBuilder::new(&REPLENISH)
        .text("customer_id", rows.iter().map(|(due, ..)| facts.customers.id(due.customer as usize)))
        .text("product_id", rows.iter().map(|(due, ..)| facts.products.id(due.product as usize)))
        .whole("rank", rows.iter().map(|row| row.1).collect())
        .ratio("probability", rows.iter().map(|row| row.2).collect())
        .whole("expected_margin", rows.iter().map(|row| row.3).collect())
        .date("due_date", rows.iter().map(|(due, ..)| Some(due.last + due.gap)).collect())
        .whole("gap_days", rows.iter().map(|(due, ..)| due.gap.into()).collect())
        .date("last_bought_on", rows.iter().map(|(due, ..)| Some(due.last)).collect())
        .whole("n_days", rows.iter().map(|(due, ..)| due.n_days.into()).collect())
        .text("reason", reasons.iter().map(String::as_str))
        .finish()
}

fn card(history: &History) -> Result<DataFrame> {
    let (listed, bought) =
        history.bands.iter().fold((0, 0), |(listed, bought), band| (listed + band.0, bought + band.1));
    let share = |(n, k): (u32, u32)| (n > 0).then(|| f64::from(k) / f64::from(n));
    card_frame(
        &REPLENISH_MODEL_CARD,
        &[
            Metric::of("listed", f64::from(listed)),
            Metric::of("listed_bought", share((listed, bought)))
                .against("every_product_with_a_pace", share(history.paced)),
        ],
    )
}
