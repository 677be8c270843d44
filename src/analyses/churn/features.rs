//! What is known of each customer on a day: eighteen features, read in one pass over his orders and interactions.

use rayon::prelude::*;

use crate::facts::{Codes, Facts};
use crate::stats::btyd::DAYS_PER_WEEK;
use crate::stats::logistic;

/// What is known of one customer before the cutoff day. Money in minor units; days end at the cutoff.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Features {
    /// The customer's number.
    pub customer: u32,
    /// Days since the last order.
    pub recency_days: i32,
    /// Days since the first order.
    pub tenure_days: i32,
    /// Orders.
    pub frequency: u32,
    /// Days with an order.
    pub order_days: u32,
    /// Net sales.
    pub monetary: i64,
    /// Orders of the last 90 days.
    pub orders_90: u32,
    /// Orders of the last 180 days.
    pub orders_180: u32,
    /// Orders of the last 365 days.
    pub orders_365: u32,
    /// Net sales of the last 90 days.
    pub net_90: i64,
    /// Net sales of the last 365 days.
    pub net_365: i64,
    /// Net sales − cost of goods of the last 365 days. Not a feature: it prices the risk.
    pub margin_365: i64,
    /// Sum of the natural logarithms of the weeks between his days with an order. Not a feature: it tells how
    /// regular orders are.
    pub log_gaps: f64,
    /// Mean days from one order to the next; the tenure where there is one order.
    pub average_gap_days: f64,
    /// Lines brought back / lines.
    pub return_rate: f64,
    /// The same, whenever they were brought back. Not a feature: it is told to people.
    pub brought_back_rate: f64,
    /// Discounts / gross sales.
    pub discount_rate: f64,
    /// Distinct product categories.
    pub n_categories: u32,
    /// Distinct channels.
    pub n_channels: u32,
    /// Complaints of the last 180 days.
    pub complaints_180: u32,
    /// Calls of the last 180 days.
    pub calls_180: u32,
    /// Minutes of all interactions of the last 180 days.
    pub minutes_180: i64,
    /// Wishes noted in the last 180 days.
    pub wishes_180: u32,
}

/// What a line that is marked as returned, on no day of its own, tells of a day in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flags {
    /// That it was brought back by then.
    Count,
    /// Nothing: it may have been brought back later.
    AreUndated,
}

/// The features of every customer who ordered before the cutoff day, by customer.
///
/// An order is one that sold something; money, lines and categories are of all completed orders.
pub fn features(facts: &Facts, cutoff: i32, flags: Flags) -> Vec<Features> {
    let scan = Scan::new(facts, cutoff, flags);
    let customers = facts.customers.len();
    let piece = |piece: usize| {
        let mut codes = Vec::new();
        let of = piece * PIECE..((piece + 1) * PIECE).min(customers);
        of.filter_map(|customer| scan.of(customer, &mut codes)).collect::<Vec<Features>>()
    };
    let pieces: Vec<Vec<Features>> = (0..customers.div_ceil(PIECE)).into_par_iter().map(piece).collect();
    pieces.concat()
}

/// For each of these customers, whether he orders on no day of `from..to`.
pub fn without_order(facts: &Facts, features: &[Features], from: i32, to: i32) -> Vec<bool> {
    let silent = |features: &Features| {
        let orders = facts.orders_of(features.customer as usize);
        let later = orders.start + facts.orders.day[orders.clone()].partition_point(|day| *day < from);
        (later..orders.end).take_while(|order| facts.orders.day[*order] < to).all(|order| !facts.totals[order].is_sale)
    };
    features.par_iter().with_min_len(4096).map(silent).collect()
}

/// For each of these customers, the days with an order within `from..to`.
pub fn order_days_within(facts: &Facts, features: &[Features], from: i32, to: i32) -> Vec<u32> {
    let count = |features: &Features| {
        let orders = facts.orders_of(features.customer as usize);
        let later = orders.start + facts.orders.day[orders.clone()].partition_point(|day| *day < from);
        let (mut count, mut last) = (0, i32::MIN);
        for order in (later..orders.end).take_while(|order| facts.orders.day[*order] < to) {
            if facts.totals[order].is_sale && facts.orders.day[order] != last {
                last = facts.orders.day[order];
                count += 1;
            }
        }
        count
    };
    features.par_iter().with_min_len(4096).map(count).collect()
}

/// The share of the customers known on a day who order on none of the `days` from it on; nothing where none is known.
pub fn silent_share(facts: &Facts, day: i32, days: i32) -> Option<f64> {
    let sales = |customer: usize, from: i32, to: i32| {
        let orders = facts.orders_of(customer);
        let first = orders.start + facts.orders.day[orders.clone()].partition_point(|day| *day < from);
        (first..orders.end).take_while(|order| facts.orders.day[*order] < to).any(|order| facts.totals[order].is_sale)
    };
    let of = |customer: usize| match sales(customer, i32::MIN, day) {
        true => [1, u64::from(!sales(customer, day, day + days))],
        false => [0, 0],
    };
    let customers = (0..facts.customers.len()).into_par_iter().with_min_len(PIECE).map(of);
    let [known, silent] = customers.reduce(|| [0, 0], |left, right| [left[0] + right[0], left[1] + right[1]]);
    (known > 0).then(|| silent as f64 / known as f64)
}

/// Customers scanned at a time.
const PIECE: usize = 4096;

/// Categories and channels that fit into a mask.
const MASK_BITS: usize = 64;

struct Scan<'f> {
    facts: &'f Facts,
    cutoff: i32,
    flags: Flags,
    kinds: Vec<Kind>,
    log_weeks: Vec<f64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Complaint,
    Call,
    Wish,
    Other,
}

impl<'f> Scan<'f> {
    fn new(facts: &'f Facts, cutoff: i32, flags: Flags) -> Scan<'f> {
        let kind = |name: &String| match name.as_str() {
            "complaint" => Kind::Complaint,
            "call" => Kind::Call,
            "wishlist" => Kind::Wish,
            _ => Kind::Other,
        };
        let log_weeks = (0..TABULATED).map(|days| (days as f64 / DAYS_PER_WEEK).ln()).collect();
        Scan { facts, cutoff, flags, kinds: facts.interactions.kinds.values.iter().map(kind).collect(), log_weeks }
    }

    fn of(&self, customer: usize, codes: &mut Vec<u32>) -> Option<Features> {
        let (facts, cutoff) = (self.facts, self.cutoff);
        let all = facts.orders_of(customer);
        let known = facts.orders.day[all.clone()].partition_point(|day| *day < cutoff);
        let orders = all.start..all.start + known;
        let mut found = Features { customer: customer as u32, ..Features::default() };
        let (mut first, mut last) = (None, i32::MIN);
        let (mut gross, mut discount) = (0, 0);
        let (mut lines, mut returned, mut brought_back) = (0_u32, 0_u32, 0_u32);
        let (mut categories, mut channels) = (0_u64, 0_u64);
        for order in orders.clone() {
            let totals = &facts.totals[order];
            let day = facts.orders.day[order];
            // What lines marked as returned came to.
            let flagged = totals.gross - totals.discount - totals.kept;
            let is_known = self.flags == Flags::Count || flagged == 0;
            let net = if is_known { totals.net() } else { totals.net() + flagged };
            found.monetary += net;
            if day >= cutoff - 365 {
                found.net_365 += net;
                found.margin_365 += totals.net() - totals.cogs;
                if day >= cutoff - 90 {
                    found.net_90 += net;
                }
            }
            gross += totals.gross;
            discount += totals.discount;
            lines += facts.orders.n_lines[order];
            brought_back += u32::from(totals.n_returned);
            returned += if is_known { u32::from(totals.n_returned) } else { 0 };
            categories |= totals.categories;
            if !totals.is_sale {
                continue;
            }
            found.frequency += 1;
            if day != last {
                found.order_days += 1;
                if first.is_some() {
                    let days = (day - last) as usize;
                    let logarithm = || (days as f64 / DAYS_PER_WEEK).ln();
                    found.log_gaps += self.log_weeks.get(days).copied().unwrap_or_else(logarithm);
                }
            }
            first.get_or_insert(day);
            last = day;
            found.orders_90 += u32::from(day >= cutoff - 90);
            found.orders_180 += u32::from(day >= cutoff - 180);
            found.orders_365 += u32::from(day >= cutoff - 365);
            channels |= 1_u64.checked_shl(u32::from(facts.orders.channel[order])).unwrap_or(0);
        }
        let first = first?;
        found.recency_days = cutoff - last;
        found.tenure_days = cutoff - first;
        found.average_gap_days = match found.frequency {
            1 => f64::from(found.tenure_days),
            orders => f64::from(last - first) / f64::from(orders - 1),
        };
        found.return_rate = share(i64::from(returned), i64::from(lines));
        found.brought_back_rate = share(i64::from(brought_back), i64::from(lines));
        found.discount_rate = share(discount, gross);
        found.n_categories = if fits(&facts.categories) {
            categories.count_ones()
        } else {
            let products = orders.clone().flat_map(|order| facts.orders.lines(order));
            distinct(codes, products.map(|line| facts.category[facts.lines.product[line] as usize]))
        };
        found.n_channels = if fits(&facts.orders.channels) {
            channels.count_ones()
        } else {
            let sales = orders.filter(|order| facts.totals[*order].is_sale);
            distinct(codes, sales.map(|order| u32::from(facts.orders.channel[order])))
        };
        self.add_interactions(customer, &mut found);
        Some(found)
    }

    fn add_interactions(&self, customer: usize, found: &mut Features) {
        let interactions = &self.facts.interactions;
        let all = self.facts.interactions_of(customer);
        for at in all.rev() {
            let day = interactions.day[at];
            if day >= self.cutoff {
                continue;
            }
            if day < self.cutoff - 180 {
                break;
            }
            found.minutes_180 += interactions.minutes[at];
            match self.kinds[interactions.kind[at] as usize] {
                Kind::Complaint => found.complaints_180 += 1,
                Kind::Call => found.calls_180 += 1,
                Kind::Wish => found.wishes_180 += 1,
                Kind::Other => {}
            }
        }
    }
}

fn fits(codes: &Codes) -> bool {
    codes.values.len() <= MASK_BITS
}

fn distinct(codes: &mut Vec<u32>, values: impl Iterator<Item = u32>) -> u32 {
    codes.clear();
    codes.extend(values);
    codes.sort_unstable();
    codes.dedup();
    codes.len() as u32
}

fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The design of the features and one more column, row by row, before anything is standardised.
pub fn design(features: &[Features], another: &[f64]) -> Vec<f64> {
    let columns = COLUMNS + usize::from(!another.is_empty());
    let logarithms = Logarithms::new();
    let mut design = vec![0.0; features.len() * columns];
    let rows = design.par_chunks_exact_mut(columns).with_min_len(2048).enumerate();
    rows.for_each(|(at, row)| logarithms.fill(row, &features[at], another.get(at)));
    design
}

/// Columns of the design of the features alone: the intercept and eighteen.
const COLUMNS: usize = 19;

/// A ridge logistic regression on the features: logarithms of all but the two rates, standardised as at the origin
/// it was fitted at.
#[derive(Debug, Clone)]
pub struct Regression {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// The weights, the intercept first.
    pub weights: Vec<f64>,
    /// Newton steps taken.
    pub iterations: usize,
}

impl Regression {
    /// Fits the probability of the outcome; `None` where no regression can be found. `another` is one more column, a
    /// value a customer, or empty.
    pub fn fit(features: &[Features], another: &[f64], outcomes: &[bool]) -> Option<Regression> {
        let columns = COLUMNS + usize::from(!another.is_empty());
        let mut design = design(features, another);
        let (mean, deviation) = moments(&design, columns)?;
        standardise(&mut design, &mean, &deviation);
        let outcomes: Vec<f64> = outcomes.iter().map(|outcome| f64::from(u8::from(*outcome))).collect();
        let fit = logistic::fit(&design, &outcomes, 1.0, 1e-9).ok()?;
        fit.converged.then_some(Regression { mean, deviation, weights: fit.weights, iterations: fit.iterations })
    }

    /// The probability of the outcome.
    pub fn predict(&self, features: &[Features], another: &[f64]) -> Vec<f64> {
        predict_by_pieces(features, another, |design| {
            standardise(design, &self.mean, &self.deviation);
            logistic::predict(design, &self.weights)
        })
    }
}

/// What is predicted from each piece of the design, as the whole would take more memory than all else.
pub fn predict_by_pieces(
    features: &[Features],
    another: &[f64],
    predict: impl Fn(&mut [f64]) -> Vec<f64> + Sync,
) -> Vec<f64> {
    let columns = COLUMNS + usize::from(!another.is_empty());
    let logarithms = Logarithms::new();
    let piece = |(piece, features): (usize, &[Features])| {
        let mut design = vec![0.0; features.len() * columns];
        for (at, row) in design.chunks_exact_mut(columns).enumerate() {
            logarithms.fill(row, &features[at], another.get(piece * PREDICTED + at));
        }
        predict(&mut design)
    };
    features.par_chunks(PREDICTED).enumerate().flat_map_iter(piece).collect()
}

/// Customers predicted at a time.
const PREDICTED: usize = 1024;

/// Whole numbers whose logarithm is looked up: most counts and days.
const TABULATED: usize = 4096;

struct Logarithms(Vec<f64>);

impl Logarithms {
    fn new() -> Logarithms {
        Logarithms((0..TABULATED).map(|value| (value as f64).ln_1p()).collect())
    }

    #[inline]
    fn of(&self, value: i64) -> f64 {
        match usize::try_from(value) {
            Ok(small) if small < TABULATED => self.0[small],
            Ok(_) => (value as f64).ln_1p(),
            Err(_) => 0.0,
        }
    }

    /// The row of the design before it is standardised.
    fn fill(&self, row: &mut [f64], of: &Features, another: Option<&f64>) {
        row[..COLUMNS].copy_from_slice(&[
            1.0,
            self.of(of.recency_days.into()),
            self.of(of.tenure_days.into()),
            self.of(of.frequency.into()),
            self.of(of.monetary),
            self.of(of.orders_90.into()),
            self.of(of.orders_180.into()),
            self.of(of.orders_365.into()),
            self.of(of.net_90),
            self.of(of.net_365),
            of.average_gap_days.max(0.0).ln_1p(),
            of.return_rate,
            of.discount_rate,
            self.of(of.n_categories.into()),
            self.of(of.n_channels.into()),
            self.of(of.complaints_180.into()),
            self.of(of.calls_180.into()),
            self.of(of.minutes_180),
            self.of(of.wishes_180.into()),
        ]);
        if let (Some(last), Some(another)) = (row.get_mut(COLUMNS), another) {
            *last = *another;
        }
    }
}

/// Mean and population standard deviation of every column; 0 and 1 for the intercept, 1 for a constant column.
fn moments(design: &[f64], columns: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let rows = (design.len() / columns) as f64;
    if design.is_empty() {
        return None;
    }
    let (mut mean, mut deviation) = (vec![0.0; columns], vec![0.0; columns]);
    for row in design.chunks_exact(columns) {
        for (mean, value) in mean.iter_mut().zip(row) {
            *mean += value;
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= rows);
    mean[0] = 0.0;
    for row in design.chunks_exact(columns) {
        for ((sum, value), mean) in deviation.iter_mut().zip(row).zip(&mean) {
            *sum += (value - mean) * (value - mean);
        }
    }
    deviation.iter_mut().for_each(|sum| *sum = if *sum > 0.0 { (*sum / rows).sqrt() } else { 1.0 });
    deviation[0] = 1.0;
    Some((mean, deviation))
}

fn standardise(design: &mut [f64], mean: &[f64], deviation: &[f64]) {
    design.par_chunks_exact_mut(mean.len()).with_min_len(4096).for_each(|row| {
        for ((value, mean), deviation) in row.iter_mut().zip(mean).zip(deviation) {
            *value = (*value - mean) / deviation;
        }
    });
}
