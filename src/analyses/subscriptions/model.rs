//! How likely a subscription ends: models against naive rules, on the user's own past.

use super::read::{GROUPS, Span, Subscription};
use crate::stats::{boosting, logistic, metrics};

/// Fewest subscriptions a model is fitted to or a test believed on.
const FEWEST_SUBSCRIPTIONS: usize = 50;
/// AUCs closer than this count as equal.
const SAME_AUC: f64 = 0.002;
/// Values of a group with fewer subscriptions have no column of their own.
const FEWEST_OF_A_VALUE: usize = 10;
/// Parts that subscriptions without days are cut into.
const PARTS: usize = 5;
/// Bands of months run end before these.
const BANDS: [u32; 5] = [3, 6, 12, 24, 48];
/// Days of a month, on average.
const DAYS_PER_MONTH: f64 = 365.25 / 12.0;
/// A fact goes with ended subscriptions where its share is above that of all by this factor.
const MORE_THAN_ALL: f64 = 1.25;

/// Names of the measures of a card.
pub const MEASURES: [&str; 5] = ["auc", "average_precision", "brier", "calibration_error", "top_decile_lift"];

/// A way to tell which subscriptions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Logistic,
    Boosted,
    ByMonths,
    ByType,
    EveryoneAlike,
}

const METHODS: [Method; 5] =
    [Method::Logistic, Method::Boosted, Method::ByMonths, Method::ByType, Method::EveryoneAlike];

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Logistic => "logistic",
            Method::Boosted => "boosted",
            Method::ByMonths => "by_months",
            Method::ByType => "by_type",
            Method::EveryoneAlike => "everyone_alike",
        }
    }
}

/// How well a method did.
#[derive(Debug)]
pub struct Card {
    /// Its name.
    pub method: &'static str,
    /// Whether it is a naive rule.
    pub is_baseline: bool,
    /// By [`MEASURES`].
    pub measures: [Option<f64>; MEASURES.len()],
}

/// What is said of every subscription, and how far to trust it.
#[derive(Debug)]
pub struct Served {
    /// The method that serves.
    pub method: &'static str,
    /// By subscription.
    pub probability: Vec<f64>,
    /// One for each method.
    pub cards: Vec<Card>,
    /// Subscriptions tested.
    pub tested: usize,
    /// First day of the test window and the day after its last.
    pub window: (i32, i32),
    facts: Vec<(Fact, f64)>,
    share: f64,
}

/// Something that subscriptions have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Months(usize),
    Value(usize, String),
}

/// Subscriptions as they stood on a day, and which ended after it.
struct Sample<'c> {
    of: Vec<&'c Subscription>,
    ended: Vec<bool>,
    day: i32,
}

impl<'c> Sample<'c> {
    /// Those that ran on the eve of `day`, and which of them ended within `days` from it.
    fn running(subscriptions: &[&'c Subscription], day: i32, days: i32) -> Sample<'c> {
        let of: Vec<&Subscription> = subscriptions.iter().copied().filter(|of| of.runs(day)).collect();
        let ended = of.iter().map(|of| of.has_ended(day + days)).collect();
        Sample { of, ended, day }
    }

    fn part(&self, keep: impl Fn(usize) -> bool) -> Sample<'c> {
        let places: Vec<usize> = (0..self.of.len()).filter(|place| keep(*place)).collect();
        Sample {
            of: places.iter().map(|place| self.of[*place]).collect(),
            ended: places.iter().map(|place| self.ended[*place]).collect(),
            day: self.day,
        }
    }

    fn is_instructive(&self) -> bool {
        self.of.len() >= FEWEST_SUBSCRIPTIONS && self.ended.contains(&true) && self.ended.contains(&false)
    }

    fn share(&self) -> f64 {
        self.ended.iter().filter(|ended| **ended).count() as f64 / self.ended.len().max(1) as f64
    }

    /// The share that ended among those that `group` puts together, by group.
    fn shares<K: Ord>(&self, group: impl Fn(&Subscription) -> K) -> std::collections::BTreeMap<K, (f64, f64)> {
        let mut counts = std::collections::BTreeMap::new();
        for (of, ended) in self.of.iter().zip(&self.ended) {
            let count = counts.entry(group(of)).or_insert((0.0, 0.0));
            count.0 += 1.0;
            count.1 += f64::from(u8::from(*ended));
        }
        counts
    }
}

/// Tests every method, and lets the best one speak.
pub fn served(subscriptions: &[Subscription], as_of: i32, horizon_months: u16) -> Served {
    let days = (f64::from(horizon_months) * DAYS_PER_MONTH).round() as i32;
    let dated: Vec<&Subscription> = subscriptions.iter().filter(|of| matches!(of.span, Span::Days(..))).collect();
    // Where most have days, they teach and test; of a few without, only the months they have run are known.
    let has_days = 2 * dated.len() >= subscriptions.len();
    let (tested, found, window, newest) = if has_days {
        let (past, test) =
            (Sample::running(&dated, as_of - 2 * days, days), Sample::running(&dated, as_of - days, days));
        let found: Vec<(Method, Vec<f64>)> = METHODS
            .into_iter()
            .filter_map(|method| apply(method, &past, &test.of, test.day).map(|found| (method, found)))
            .collect();
        let newest = Sample::running(&dated, as_of - days, days);
        (test, found, (as_of - days, as_of), newest)
    } else {
        let all = Sample {
            of: subscriptions.iter().collect(),
            ended: subscriptions.iter().map(|of| of.has_ended(as_of)).collect(),
            day: as_of,
        };
        let found = METHODS.into_iter().filter_map(|method| in_parts(method, &all).map(|found| (method, found)));
        let (found, newest) = (found.collect(), all.part(|_| true));
        (all, found, (as_of, as_of), newest)
    };
    let is_believed = tested.is_instructive();
    let cards: Vec<Card> = found.iter().map(|(method, found)| card(*method, found, &tested.ended)).collect();
    let winner = winner(&found, &cards).filter(|_| is_believed).unwrap_or(Method::ByMonths);
    let all: Vec<&Subscription> = subscriptions.iter().collect();
    let probability = match found.into_iter().find(|(method, _)| *method == winner && !has_days) {
        // Each foreseen from subscriptions it was not among.
        Some((_, found)) => found,
        None => apply(winner, &newest, &all, as_of).unwrap_or_else(|| vec![newest.share(); all.len()]),
    };
    Served {
        method: winner.name(),
        probability,
        cards,
        tested: tested.of.len(),
        window,
        facts: facts(&newest),
        share: newest.share(),
    }
}

/// Foresees each part from the other parts.
fn in_parts(method: Method, all: &Sample<'_>) -> Option<Vec<f64>> {
    let mut found = vec![0.0; all.of.len()];
    for part in 0..PARTS {
        let (past, now) = (all.part(|place| place % PARTS != part), all.part(|place| place % PARTS == part));
        let of_part = apply(method, &past, &now.of, now.day)?;
        for (place, probability) in of_part.into_iter().enumerate() {
            found[place * PARTS + part] = probability;
        }
    }
    Some(found)
}

/// What a method that learns from `past` says of subscriptions as they stand on a day.
fn apply(method: Method, past: &Sample<'_>, now: &[&Subscription], day: i32) -> Option<Vec<f64>> {
    if past.of.is_empty() {
        return None;
    }
    let of_shares = |value: Option<&(f64, f64)>| value.map_or(past.share(), |(count, ended)| ended / count);
    match method {
        Method::EveryoneAlike => Some(vec![past.share(); now.len()]),
        Method::ByMonths => {
            let shares = past.shares(|of| band(of.months(past.day)));
            Some(now.iter().map(|of| of_shares(shares.get(&band(of.months(day))))).collect())
        }
        Method::ByType => {
            let shares = past.shares(|of| of.groups[0].clone());
            Some(now.iter().map(|of| of_shares(shares.get(&of.groups[0]))).collect())
        }
        Method::Logistic | Method::Boosted if !past.is_instructive() => None,
        Method::Logistic => {
            let columns = Columns::learn(past);
            let outcomes: Vec<f64> = past.ended.iter().map(|ended| f64::from(u8::from(*ended))).collect();
            let fit = logistic::fit(&columns.design(&past.of, past.day), &outcomes, 1.0, 1e-9).ok()?;
            fit.converged.then(|| logistic::predict(&columns.design(now, day), &fit.weights))
        }
        Method::Boosted => {
            let columns = Columns::learn(past);
            let design = columns.design(&past.of, past.day);
            let trees = boosting::fit(&design, columns.count(), &past.ended, &boosting::Settings::default())?;
            Some(trees.predict(&columns.design(now, day)))
        }
    }
}

fn band(months: u32) -> usize {
    BANDS.partition_point(|end| months >= *end)
}

/// The columns of the design, standardised as in the subscriptions they were learned from.
struct Columns {
    values: Vec<(usize, String)>,
    moments: Vec<(f64, f64)>,
}

impl Columns {
    fn learn(past: &Sample<'_>) -> Columns {
        let mut values = Vec::new();
        for place in 0..GROUPS.len() {
            let shares = past.shares(|of| of.groups[place].clone());
            let common = shares.into_iter().filter(|(_, (count, _))| *count as usize >= FEWEST_OF_A_VALUE);
            // The first is what the others are held against.
            values.extend(common.skip(1).map(|(value, _)| (place, value)));
        }
        let mut columns = Columns { values, moments: Vec::new() };
        let raw = columns.raw(&past.of, past.day);
        let (count, rows) = (columns.count(), past.of.len() as f64);
        columns.moments = (0..count)
            .map(|column| {
                let values = || raw.iter().skip(column).step_by(count);
                let mean = if column == 0 { 0.0 } else { values().sum::<f64>() / rows };
                let variance = values().map(|value| (value - mean) * (value - mean)).sum::<f64>() / rows;
                (mean, if column > 0 && variance > 0.0 { variance.sqrt() } else { 1.0 })
            })
            .collect();
        columns
    }

    /// Intercept, months, charge, whether there is one, values.
    fn count(&self) -> usize {
        4 + self.values.len()
    }

    fn raw(&self, of: &[&Subscription], day: i32) -> Vec<f64> {
        let mut design = Vec::with_capacity(of.len() * self.count());
        for subscription in of {
            let charge = subscription.charge.unwrap_or(0).max(0) as f64;
            design.extend([1.0, f64::from(subscription.months(day)).ln_1p(), charge.ln_1p()]);
            design.push(f64::from(u8::from(subscription.charge.is_some())));
            let has = |(place, value): &(usize, String)| f64::from(u8::from(subscription.groups[*place] == *value));
            design.extend(self.values.iter().map(has));
        }
        design
    }

    fn design(&self, of: &[&Subscription], day: i32) -> Vec<f64> {
        let mut design = self.raw(of, day);
        for row in design.chunks_exact_mut(self.count()) {
            for (value, (mean, deviation)) in row.iter_mut().zip(&self.moments) {
                *value = (*value - mean) / deviation;
            }
        }
        design
    }
}

fn card(method: Method, found: &[f64], ended: &[bool]) -> Card {
    Card {
        method: method.name(),
        is_baseline: !matches!(method, Method::Logistic | Method::Boosted),
        measures: [
            metrics::auc(found, ended),
            metrics::average_precision(found, ended),
            metrics::brier(found, ended),
            metrics::expected_calibration_error(found, ended),
            metrics::top_decile_lift(found, ended),
        ],
    }
}

/// The highest AUC; among those within [`SAME_AUC`] of it the lowest Brier score, then the first.
fn winner(found: &[(Method, Vec<f64>)], cards: &[Card]) -> Option<Method> {
    let auc = |card: &Card| card.measures[0];
    let best = cards.iter().filter_map(auc).max_by(f64::total_cmp)?;
    let close = found.iter().zip(cards).filter(|(_, card)| auc(card).is_some_and(|auc| auc >= best - SAME_AUC));
    let brier = |card: &Card| card.measures[2].unwrap_or(f64::INFINITY);
    close.min_by(|a, b| brier(a.1).total_cmp(&brier(b.1))).map(|((method, _), _)| *method)
}

/// Facts whose share of ended subscriptions is well above that of all, the highest share first.
fn facts(newest: &Sample<'_>) -> Vec<(Fact, f64)> {
    let mut found: Vec<(Fact, f64)> = Vec::new();
    let mut add = |fact: Fact, (count, ended): (f64, f64)| {
        if count as usize >= FEWEST_OF_A_VALUE && ended / count > MORE_THAN_ALL * newest.share() {
            found.push((fact, ended / count));
        }
    };
    for (months, counts) in newest.shares(|of| band(of.months(newest.day))) {
        add(Fact::Months(months), counts);
    }
    for place in 0..GROUPS.len() {
        for (value, counts) in newest.shares(|of| of.groups[place].clone()) {
            if !value.is_empty() {
                add(Fact::Value(place, value), counts);
            }
        }
    }
    found.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    found
}

impl Served {
    /// What a subscription has in common with those that end, the most telling first.
    pub fn reasons(&self, subscription: &Subscription, day: i32) -> Vec<String> {
        let months = subscription.months(day);
        let percent = |share: f64| (share * 100.0).round() as i64;
        let holds = |fact: &Fact| match fact {
            Fact::Months(of) => *of == band(months),
            Fact::Value(place, value) => subscription.groups[*place] == *value,
        };
        let text = |(fact, share): &(Fact, f64)| {
            let name = match fact {
                Fact::Months(_) => format!("months={months}"),
                Fact::Value(place, value) => format!("{}={value}", GROUPS[*place].name),
            };
            format!("{name}:{}:{}", percent(*share), percent(self.share))
        };
        self.facts.iter().filter(|(fact, _)| holds(fact)).take(3).map(text).collect()
    }
}
