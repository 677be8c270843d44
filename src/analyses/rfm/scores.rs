//! From orders to values, from values to scores and segments.

use rayon::prelude::*;

use super::{Rfm, Rule, SCORES};
use crate::facts::Facts;
use crate::stats::rank::{TieRule, ntile, scores_ties_together, scores_with_cuts};

/// The first value of each score from 2 up, by axis; `None` where no value reaches it.
pub type Cuts = [Vec<Option<i64>>; 3];

/// Whether fewer is better, by axis.
pub const DESCENDING: [bool; 3] = [true, false, false];

/// The customers of a window with their values, scores and segments; one entry a customer, by number.
#[derive(Debug, Clone, Default)]
pub struct Scored {
    /// The customer's number.
    pub customer: Vec<u32>,
    /// Days since the last order.
    pub recency_days: Vec<i64>,
    /// Orders.
    pub frequency: Vec<i64>,
    /// Net sales, or contribution; minor units.
    pub monetary: Vec<i64>,
    /// Scores of recency, frequency and monetary.
    pub scores: [Vec<u32>; 3],
    /// Where the scores begin.
    pub cuts: Cuts,
    /// Position in the map.
    pub segment: Vec<u8>,
}

impl Scored {
    /// The values of a row, by axis.
    #[inline]
    pub fn values(&self, row: usize) -> [i64; 3] {
        [self.recency_days[row], self.frequency[row], self.monetary[row]]
    }
}

/// Customers with an order in a window, and their values; scores are still to be given.
pub fn values(facts: &Facts, from: i32, to: i32) -> Scored {
    let found: Vec<(u32, i64, i64, i64)> = (0..facts.customers.len())
        .into_par_iter()
        .with_min_len(4096)
        .filter_map(|customer| customer_values(facts, customer, from, to))
        .collect();
    Scored {
        customer: found.iter().map(|row| row.0).collect(),
        recency_days: found.iter().map(|row| row.1).collect(),
        frequency: found.iter().map(|row| row.2).collect(),
        monetary: found.iter().map(|row| row.3).collect(),
        ..Scored::default()
    }
}

/// Customer, days since the last order, orders and net sales in a window; `None` without an order in it.
fn customer_values(facts: &Facts, customer: usize, from: i32, to: i32) -> Option<(u32, i64, i64, i64)> {
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

impl Rfm {
    /// Gives the scores and segments, on fixed cut-points where there are some.
    pub fn scored(&self, mut values: Scored, fixed: Option<&Cuts>) -> Scored {
        for axis in 0..3 {
            let column = [&values.recency_days, &values.frequency, &values.monetary][axis];
            let descending = DESCENDING[axis];
            let rule = match self.rule {
                Rule::Quantile => TieRule::Quantile,
                Rule::Dense => TieRule::DenseRank,
                _ => TieRule::MidRank,
            };
            let (scores, cuts) = match fixed {
                Some(cuts) => (scores_with_cuts(column, &cuts[axis], descending), cuts[axis].clone()),
                None if self.rule == Rule::Ntile => ntile_scores(column, descending),
                None => {
                    let found = scores_ties_together(column, rule, SCORES, descending);
                    (found.scores, found.cuts)
                }
            };
            (values.scores[axis], values.cuts[axis]) = (scores, cuts);
        }
        let [r, f, m] = &values.scores;
        values.segment = (r, f, m).into_par_iter().map(|(r, f, m)| self.map.segment(*r, *f, *m)).collect();
        values
    }
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

/// The sums of one segment.
#[derive(Debug, Clone, Copy, Default)]
pub struct SegmentSums {
    /// Customers.
    pub customers: i64,
    /// Net sales, or contribution.
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

/// Sums by segment, in the map's order.
pub fn segment_sums(scored: &Scored, segments: usize) -> Vec<SegmentSums> {
    let mut sums = vec![SegmentSums::default(); segments];
    for (at, segment) in scored.segment.iter().enumerate() {
        let sum = &mut sums[usize::from(*segment)];
        sum.customers += 1;
        sum.monetary += scored.monetary[at];
        sum.orders += scored.frequency[at];
        sum.recency_days += scored.recency_days[at];
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

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
