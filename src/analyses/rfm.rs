//! Who buys recently, often and much: scores on three axes, and the segments made of them.

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::calendar::{civil, day_number, days_in_month};
use crate::contracts::results::{RFM, RFM_CUTS, RFM_MIGRATION, RFM_SEGMENTS};
use crate::error::Result;
use crate::facts::{Facts, Parts};
use crate::stats::rank::{ntile, quantile_scores_ties_together, score_with_cuts};

static SPEC: Spec = Spec {
    id: "rfm",
    definition: "Of the known customers who ordered within the window (24 months), recency is the days since the last order, \
                 frequency the number of orders, monetary the net sales. Each axis is scored 1 to 5, 5 the best, by fifths of \
                 the customers; customers with equal values get equal scores (a value takes the fifth of its middle rank). The \
                 segment is the first of these rules that fits: champions r≥4 f≥4; loyal r≥3 f≥4; potential_loyalist r≥4 f 2–3; \
                 new r=5 f=1; promising r=4 f=1; need_attention r=3 f≤3; about_to_sleep r=2 f≤2; cant_lose r=1 f≥4 m≥4; \
                 at_risk r≤2 f≥3; hibernating is the rest.",
    needs: &[],
    reads: Parts::ORDERS,
    outputs: &[&RFM, &RFM_SEGMENTS, &RFM_CUTS, &RFM_MIGRATION],
};

/// Parameters: `[rfm]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rfm {
    /// Calendar months before the as-of date that count.
    pub months: u16,
    /// How values become scores.
    pub rule: Rule,
}

/// How values become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Equal values, equal scores; fifths may be unequal in size.
    TiesTogether,
    /// SQL's NTILE: fifths of equal size, ties split by customer id.
    Ntile,
}

impl Default for Rfm {
    fn default() -> Rfm {
        Rfm { months: 24, rule: Rule::TiesTogether }
    }
}

/// The segments, first match wins; the last one takes what is left.
pub const SEGMENTS: [(&str, Matches); 10] = [
    ("champions", |r, f, _| r >= 4 && f >= 4),
    ("loyal", |r, f, _| r >= 3 && f >= 4),
    ("potential_loyalist", |r, f, _| r >= 4 && (2..=3).contains(&f)),
    ("new", |r, f, _| r == 5 && f == 1),
    ("promising", |r, f, _| r == 4 && f == 1),
    ("need_attention", |r, f, _| r == 3 && f <= 3),
    ("about_to_sleep", |r, f, _| r == 2 && f <= 2),
    ("cant_lose", |r, f, m| r == 1 && f >= 4 && m >= 4),
    ("at_risk", |r, f, _| r <= 2 && f >= 3),
    ("hibernating", |_, _, _| true),
];

/// Whether scores r, f, m fit a rule.
type Matches = fn(u32, u32, u32) -> bool;

/// The position in [`SEGMENTS`] of scores r, f, m.
pub fn segment(r: u32, f: u32, m: u32) -> usize {
    SEGMENTS.iter().position(|(_, matches)| matches(r, f, m)).unwrap_or(SEGMENTS.len() - 1)
}

/// Scores go from 1 to this.
pub const SCORES: u32 = 5;

/// The customers of a window with their values, scores and segments; one entry a customer, by number.
#[derive(Debug, Default)]
pub struct Scored {
    /// The customer's number.
    pub customer: Vec<u32>,
    /// Days since the last order.
    pub recency_days: Vec<i64>,
    /// Orders.
    pub frequency: Vec<i64>,
    /// Net sales, minor units.
    pub monetary: Vec<i64>,
    /// Scores of recency, frequency and monetary.
    pub scores: [Vec<u32>; 3],
    /// The first value of each score from 2 up, by axis; `None` where no value reaches it.
    pub cuts: [Vec<Option<i64>>; 3],
    /// Position in [`SEGMENTS`].
    pub segment: Vec<u8>,
}

/// Names of the axes, in the order of [`Scored::scores`].
const AXES: [&str; 3] = ["recency_days", "frequency", "monetary"];

impl Rfm {
    /// Scores the customers as of a day (exclusive).
    pub fn score(&self, facts: &Facts, as_of: i32) -> Scored {
        let from = months_before(as_of, self.months);
        let values = |customer| values(facts, customer, from, as_of);
        let found: Vec<(u32, i64, i64, i64)> =
            (0..facts.customers.len()).into_par_iter().with_min_len(4096).filter_map(values).collect();
        let mut scored = Scored {
            customer: found.iter().map(|row| row.0).collect(),
            recency_days: found.iter().map(|row| row.1).collect(),
            frequency: found.iter().map(|row| row.2).collect(),
            monetary: found.iter().map(|row| row.3).collect(),
            ..Scored::default()
        };
        let axes = [(&scored.recency_days, true), (&scored.frequency, false), (&scored.monetary, false)];
        let [r, f, m] = axes.map(|(values, descending)| match self.rule {
            Rule::TiesTogether => {
                let found = quantile_scores_ties_together(values, SCORES, descending);
                (found.scores, found.cuts)
            }
            Rule::Ntile => ntile_scores(values, descending),
        });
        (scored.scores, scored.cuts) = ([r.0, f.0, m.0], [r.1, f.1, m.1]);
        let [r, f, m] = &scored.scores;
        scored.segment = r.iter().zip(f).zip(m).map(|((r, f), m)| segment(*r, *f, *m) as u8).collect();
        scored
    }
}

/// Customer, days since the last order, orders and net sales in a window; `None` without an order in it.
fn values(facts: &Facts, customer: usize, from: i32, to: i32) -> Option<(u32, i64, i64, i64)> {
    let (mut last, mut frequency, mut monetary) = (from, 0, 0);
    for order in facts.orders_of(customer) {
        let day = facts.orders.day[order];
        if day < from || day >= to {
            continue;
        }
        monetary += facts.net(order);
        if facts.is_sale(order) {
            frequency += 1;
            last = day;
        }
    }
    (frequency > 0).then(|| (customer as u32, i64::from(to - last), frequency, monetary))
}

/// NTILE scores, ties in the order given, and the first value of each tile from the second.
fn ntile_scores(values: &[i64], descending: bool) -> (Vec<u32>, Vec<Option<i64>>) {
    let order = stable_order(values, descending);
    let scores = ntile(&order, SCORES);
    let mut cuts = vec![None; SCORES as usize - 1];
    for at in order {
        let score = scores[at as usize];
        if score > 1 && cuts[score as usize - 2].is_none() {
            cuts[score as usize - 2] = Some(values[at as usize]);
        }
    }
    (scores, cuts)
}

/// Positions by value (largest first if descending), then position.
fn stable_order(values: &[i64], descending: bool) -> Vec<u32> {
    let key = |at: u32| if descending { -values[at as usize] } else { values[at as usize] };
    let positions = 0..values.len() as u32;
    let (Some(low), Some(high)) = (positions.clone().map(key).min(), positions.clone().map(key).max()) else {
        return Vec::new();
    };
    // Days and counts have few distinct values: counting them sorts in two passes.
    let span = (high - low) as usize + 1;
    if span <= values.len() {
        let mut next = vec![0_u32; span + 1];
        for at in positions.clone() {
            next[(key(at) - low) as usize + 1] += 1;
        }
        for place in 1..next.len() {
            next[place] += next[place - 1];
        }
        let mut order = vec![0; values.len()];
        for at in positions {
            let place = &mut next[(key(at) - low) as usize];
            order[*place as usize] = at;
            *place += 1;
        }
        return order;
    }
    let mut keyed: Vec<(i64, u32)> = positions.map(|at| (key(at), at)).collect();
    keyed.par_sort_unstable();
    keyed.into_iter().map(|(_, at)| at).collect()
}

/// The day so many calendar months earlier; the last of its month where it has no such day.
pub fn months_before(day: i32, months: u16) -> i32 {
    let (year, month, of_month) = civil(day);
    let target = i64::from(year) * 12 + i64::from(month) - 1 - i64::from(months);
    let (year, month) = (target.div_euclid(12), target.rem_euclid(12) + 1);
    day_number(year, month, i64::from(of_month).min(days_in_month(year, month))).unwrap_or(day)
}

impl Analysis for Rfm {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let now = self.score(facts, facts.as_of);
        let before = self.score(facts, months_before(facts.as_of, 1));
        let mut previous: Vec<Option<u8>> = vec![None; facts.customers.len()];
        for (customer, segment) in before.customer.iter().zip(&before.segment) {
            previous[*customer as usize] = Some(*segment);
        }
        Ok(vec![customers(facts, &now, &previous)?, segments(&now)?, cuts(&now)?, migration(&now, &before, &previous)?])
    }
}

fn name(segment: u8) -> &'static str {
    SEGMENTS[segment as usize].0
}

fn customers(facts: &Facts, now: &Scored, previous: &[Option<u8>]) -> Result<DataFrame> {
    let scores = |axis: usize| now.scores[axis].iter().map(|score| i64::from(*score)).collect();
    let before = |customer: &u32| previous[*customer as usize].map(|segment| name(segment).to_string());
    FrameBuilder::new(&RFM)
        .text("customer_id", now.customer.iter().map(|customer| facts.customers.id(*customer as usize)))
        .whole("recency_days", now.recency_days.clone())
        .whole("frequency", now.frequency.clone())
        .whole("monetary", now.monetary.clone())
        .whole("r", scores(0))
        .whole("f", scores(1))
        .whole("m", scores(2))
        .text("segment", now.segment.iter().map(|segment| name(*segment)))
        .maybe_text("previous_segment", now.customer.iter().map(before).collect())
        .finish()
}

/// The sums of one segment.
#[derive(Debug, Clone, Copy, Default)]
pub struct SegmentSums {
    /// Customers.
    pub customers: i64,
    /// Net sales.
    pub monetary: i64,
    /// Orders.
    pub orders: i64,
    /// Days since the last order, added up.
    pub recency_days: i64,
}

impl SegmentSums {
    /// Mean days since the last order; `None` without customers.
    pub fn average_recency_days(&self) -> Option<f64> {
        (self.customers > 0).then(|| self.recency_days as f64 / self.customers as f64)
    }
}

/// Sums by segment, in the order of [`SEGMENTS`].
pub fn segment_sums(scored: &Scored) -> [SegmentSums; SEGMENTS.len()] {
    let mut sums = [SegmentSums::default(); SEGMENTS.len()];
    for (at, segment) in scored.segment.iter().enumerate() {
        let sum = &mut sums[*segment as usize];
        sum.customers += 1;
        sum.monetary += scored.monetary[at];
        sum.orders += scored.frequency[at];
        sum.recency_days += scored.recency_days[at];
    }
    sums
}

fn segments(now: &Scored) -> Result<DataFrame> {
    let sums = segment_sums(now);
    let all = now.customer.len().max(1) as f64;
    FrameBuilder::new(&RFM_SEGMENTS)
        .text("segment", SEGMENTS.iter().map(|segment| segment.0))
        .whole("customers", sums.iter().map(|sum| sum.customers).collect())
        .ratio("share", sums.iter().map(|sum| sum.customers as f64 / all).collect())
        .whole("monetary", sums.iter().map(|sum| sum.monetary).collect())
        .whole("orders", sums.iter().map(|sum| sum.orders).collect())
        .maybe_ratio("average_recency_days", sums.iter().map(SegmentSums::average_recency_days).collect())
        .finish()
}

fn cuts(now: &Scored) -> Result<DataFrame> {
    let rows: Vec<(&str, i64, Option<i64>)> = AXES
        .iter()
        .zip(&now.cuts)
        .flat_map(|(axis, cuts)| (2_i64..).zip(cuts).map(move |(score, from)| (*axis, score, *from)))
        .collect();
    FrameBuilder::new(&RFM_CUTS)
        .text("axis", rows.iter().map(|row| row.0))
        .whole("score", rows.iter().map(|row| row.1).collect())
        .maybe_whole("from_value", rows.iter().map(|row| row.2).collect())
        .finish()
}

/// From every segment of a month ago to every segment of now, `outside` for customers without an order in the window.
fn migration(now: &Scored, before: &Scored, previous: &[Option<u8>]) -> Result<DataFrame> {
    const OUTSIDE: usize = SEGMENTS.len();
    let mut cells = [[(0_i64, 0_i64, 0_i64); OUTSIDE + 1]; OUTSIDE + 1];
    let mut left = previous.to_vec();
    for (at, customer) in now.customer.iter().enumerate() {
        left[*customer as usize] = None;
        let was = previous[*customer as usize].map_or(OUTSIDE, usize::from);
        let is = usize::from(now.segment[at]);
        let cell = &mut cells[was][is];
        cell.0 += 1;
        cell.1 += now.monetary[at];
        cell.2 += i64::from(was != is && was != OUTSIDE && segment_on(&before.cuts, now, at) == was);
    }
    for was in left.into_iter().flatten() {
        cells[usize::from(was)][OUTSIDE].0 += 1;
    }
    let label = |at: usize| if at == OUTSIDE { "outside" } else { SEGMENTS[at].0 };
    let mut rows = Vec::new();
    for (was, cells) in cells.iter().enumerate() {
        for (is, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.0 > 0) {
            rows.push((label(was), label(is), *cell));
        }
    }
    FrameBuilder::new(&RFM_MIGRATION)
        .text("previous_segment", rows.iter().map(|row| row.0))
        .text("segment", rows.iter().map(|row| row.1))
        .whole("customers", rows.iter().map(|row| row.2.0).collect())
        .whole("monetary", rows.iter().map(|row| row.2.1).collect())
        .whole("moved_by_cuts", rows.iter().map(|row| row.2.2).collect())
        .finish()
}

/// The segment of a customer's values on other cut-points.
fn segment_on(cuts: &[Vec<Option<i64>>; 3], now: &Scored, at: usize) -> usize {
    let axes = [(now.recency_days[at], true), (now.frequency[at], false), (now.monetary[at], false)];
    let mut scores =
        axes.iter().zip(cuts).map(|((value, descending), cuts)| score_with_cuts(*value, cuts, *descending));
    let mut score = || scores.next().unwrap_or(1);
    segment(score(), score(), score())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole grid, r by f, with m = 5; only r = 1 looks at m.
    #[test]
    fn every_code_has_a_segment_and_every_segment_a_code() {
        let mut codes = [0; SEGMENTS.len()];
        for r in 1..=SCORES {
            for f in 1..=SCORES {
                for m in 1..=SCORES {
                    codes[segment(r, f, m)] += 1;
                }
            }
        }
        assert_eq!(codes, [20, 10, 20, 5, 5, 15, 10, 4, 26, 10]);
        assert_eq!(codes.iter().sum::<i32>(), 125);
        let grid: Vec<[&str; 5]> =
            (1..=SCORES).map(|r| [1, 2, 3, 4, 5].map(|f| SEGMENTS[segment(r, f, 5)].0)).collect();
        assert_eq!(
            grid,
            [
                ["hibernating", "hibernating", "at_risk", "cant_lose", "cant_lose"],
                ["about_to_sleep", "about_to_sleep", "at_risk", "at_risk", "at_risk"],
                ["need_attention", "need_attention", "need_attention", "loyal", "loyal"],
                ["promising", "potential_loyalist", "potential_loyalist", "champions", "champions"],
                ["new", "potential_loyalist", "potential_loyalist", "champions", "champions"],
            ]
        );
    }

    #[test]
    fn months_end_where_the_month_does() {
        let day = |y, m, d| day_number(y, m, d).unwrap();
        assert_eq!(months_before(day(2025, 1, 1), 24), day(2023, 1, 1));
        assert_eq!(months_before(day(2024, 3, 31), 1), day(2024, 2, 29));
        assert_eq!(months_before(day(2025, 1, 31), 11), day(2024, 2, 29));
    }

    #[test]
    fn both_ways_of_sorting_agree() {
        let values: Vec<i64> = (0..500).map(|at| at * at % 83).collect();
        for descending in [false, true] {
            let wide: Vec<i64> = values.iter().map(|value| value * 1_000_000).collect();
            assert_eq!(stable_order(&values, descending), stable_order(&wide, descending));
        }
        assert!(stable_order(&[], false).is_empty());
        assert_eq!(ntile_scores(&[7, 7, 7], false).0, [1, 2, 3]);
    }
}
