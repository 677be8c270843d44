//! How well customer lifetime value would have been foreseen, and which way to foresee it therefore serves.

use polars::prelude::DataFrame;

use super::forecast::{Forecast, Standpoint, WAYS, Way};
use super::outlook::{Months, Uncertainty};
use super::spread::Spread;
use super::{Clv, SPEC};
use crate::analyses::churn::features::Features;
use crate::analyses::churn::first_day;
use crate::analyses::churn::methods::FEWEST_CUSTOMERS;
use crate::analyses::frame::FrameBuilder;
use crate::analyses::rfm::months_before;
use crate::contracts::results::CLV_CARDS;
use crate::error::Result;
use crate::facts::Facts;
use crate::stats::btyd::DAYS_PER_WEEK;
use crate::stats::metrics::{auc, average_precision, brier, expected_calibration_error, top_decile_share};

/// Days of history that are enough to learn from, whatever is to be foreseen.
const FEWEST_DAYS_BEFORE: i32 = 180;
/// Windows tested at most: the newest, and the one before it.
const WINDOWS: u16 = 2;
/// Shares explained that are closer than this count as equal, and the first way serves.
const SAME_SHARE: f64 = 0.002;
/// The measure that decides: a forecast of what customers bring is held against what they brought, who brings more
/// weighing no more than others. Chosen for what it is (see [`explained_share`]), before any data set was looked at.
pub(super) const DECISIVE: &str = "explained_share";

/// The measure of the intervals.
const COVERAGE: &str = "interval_coverage";

/// What came: margin, days with an order.
pub(super) struct Actual {
    pub margin: Vec<f64>,
    pub orders: Vec<f64>,
    pub active: Vec<bool>,
}

impl Actual {
    /// Whether customers brought different amounts: else nothing can be told of who brings more.
    fn differs(&self) -> bool {
        self.margin.iter().any(|margin| *margin != self.margin[0])
    }
}

/// One measure of one way in one window.
struct Measured {
    way: Way,
    model: String,
    metric: &'static str,
    value: Option<f64>,
}

/// A window that was foreseen from its first day, and what came of it.
struct Test {
    from: i32,
    to: i32,
    customers: usize,
    /// There were enough customers, and they did not all bring the same.
    is_believed: bool,
    /// What the intervals were learned from.
    intervals: Intervals,
    measured: Vec<Measured>,
}

/// What the intervals measured in a window were learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intervals {
    /// The window before.
    WindowBefore,
    /// Every second customer of the same window; they are measured on the others.
    EverySecond,
}

impl Intervals {
    fn is_measured(self, place: usize) -> bool {
        self == Intervals::WindowBefore || place % 2 == 1
    }

    fn why(self) -> &'static str {
        match self {
            Intervals::WindowBefore => "measured in the newest window, learned in the one before",
            Intervals::EverySecond => "measured in the newest window, learned there from every second customer",
        }
    }
}

/// What the backtest found.
pub(super) struct Backtest {
    /// The newest window first.
    tests: Vec<Test>,
    /// How far each way was off in the newest that can be believed.
    spreads: Vec<(Way, Spread)>,
    /// The way that foresaw best; `None` where there was too little to test on.
    pub winner: Option<Way>,
}

/// A naive rule that did better than what serves, and at what.
pub(super) struct Beaten {
    /// The rule.
    pub by: String,
    /// The measures.
    pub at: Vec<&'static str>,
}

impl Clv {
    /// Foresees, as of so many months ago (fewer where history is short), and once more as long before, the gross
    /// margin and the orders of the months that followed, and compares with what came.
    pub(super) fn backtest(&self, facts: &Facts) -> Backtest {
        let months = self.tested_months(facts);
        let mut tests = Vec::new();
        let mut spreads: Vec<(Way, Spread)> = Vec::new();
        for window in (1..=WINDOWS).rev() {
            let from = months_before(facts.as_of, window * months);
            let to = months_before(facts.as_of, (window - 1) * months);
            if window > 1 && !leaves_enough(facts, from, to) {
                continue;
            }
            let weeks = f64::from(to - from) / DAYS_PER_WEEK / f64::from(months.max(1));
            let at = Standpoint::new(facts, from, Months { count: months, weeks, discount: 0.0 }, None);
            let actual = at.actual(to);
            let uncertainty = Uncertainty::of(&at.model, 0);
            let is_believed = at.customers.len() >= FEWEST_CUSTOMERS && actual.differs();
            let intervals = if spreads.is_empty() { Intervals::EverySecond } else { Intervals::WindowBefore };
            let mut measured = Vec::new();
            let mut now: Vec<(Way, Spread)> = Vec::new();
            for way in WAYS.into_iter().filter(|way| at.knows(*way)) {
                let mut forecast = at.forecast(way, &uncertainty);
                let pairs = || forecast.foreseen().zip(actual.margin.iter().copied());
                let spread = match intervals {
                    Intervals::WindowBefore => spreads.iter().find(|(of, _)| *of == way).map(|of| of.1.clone()),
                    Intervals::EverySecond => Spread::learn(pairs().step_by(2)),
                };
                if is_believed {
                    now.extend(Spread::learn(pairs()).map(|spread| (way, spread)));
                }
                let is_spread = is_believed && spread.is_some();
                spread.iter().for_each(|spread| forecast.spread_by(spread));
                let mut of = metrics(&forecast, &actual, &at);
                if is_spread {
                    of.push((COVERAGE, coverage(&forecast, &actual, intervals)));
                }
                let model = || way.name(&at.model.rate);
                measured.extend(of.into_iter().map(|(metric, value)| Measured { way, model: model(), metric, value }));
            }
            if is_believed {
                spreads = now;
            }
            tests.insert(0, Test { from, to, customers: at.customers.len(), is_believed, intervals, measured });
        }
        let winner = tests.first().is_some_and(|newest| newest.is_believed).then(|| winner(&tests)).flatten();
        Backtest { tests, spreads, winner }
    }

    /// The months ahead that the history lets be tested.
    fn tested_months(&self, facts: &Facts) -> u16 {
        let fits = |months: &u16| leaves_enough(facts, months_before(facts.as_of, *months), facts.as_of);
        (1..=self.months).rev().find(fits).unwrap_or(self.months)
    }
}

/// Whether half a year, or half the length of the window, lies before it.
fn leaves_enough(facts: &Facts, from: i32, to: i32) -> bool {
    from - first_day(facts) >= FEWEST_DAYS_BEFORE.min((to - from) / 2)
}

/// The highest mean of the shares explained in the windows that can be believed; among models, and among rules, the first
/// of those within [`SAME_SHARE`] of it. A model has to explain more than every rule by as much, or else the rule serves.
/// A way that a window could not be tested with does not win.
fn winner(tests: &[Test]) -> Option<Way> {
    let share = |way: Way| mean_share(tests, way);
    let best = |is_baseline: bool| {
        let ways = || WAYS.into_iter().filter(move |way| way.is_baseline() == is_baseline);
        let best = ways().filter_map(share).max_by(f64::total_cmp)?;
        ways().find(|way| share(*way).is_some_and(|share| share >= best - SAME_SHARE)).map(|way| (way, best))
    };
    match (best(false), best(true)) {
        (Some((_, model)), Some((rule, naive))) if model <= naive + SAME_SHARE => Some(rule),
        (model, rule) => model.or(rule).map(|(way, _)| way),
    }
}

/// The mean of the shares a way explained in the windows that can be believed; nothing where one was not tested with it.
fn mean_share(tests: &[Test], way: Way) -> Option<f64> {
    let of =
        |test: &Test| test.measured.iter().find(|of| of.way == way && of.metric == DECISIVE).and_then(|of| of.value);
    let shares: Option<Vec<f64>> = tests.iter().filter(|test| test.is_believed).map(of).collect();
    shares.filter(|shares| !shares.is_empty()).map(|shares| shares.iter().sum::<f64>() / shares.len() as f64)
}

impl Backtest {
    /// The mean share a way explained, by which it is chosen.
    pub fn mean_share(&self, way: Way) -> Option<f64> {
        mean_share(&self.tests, way)
    }

    /// How far a way was off in the newest window that can be believed.
    pub fn spread(&self, way: Way) -> Option<&Spread> {
        self.spreads.iter().find(|(of, _)| *of == way).map(|(_, spread)| spread)
    }

    /// What a way's model of orders was in the newest window.
    pub fn tested_as(&self, way: Way) -> Option<&str> {
        self.tests.first()?.measured.iter().find(|of| of.way == way).map(|of| of.model.as_str())
    }

    /// The share of customers inside the interval of a way in the newest window, and how it was measured.
    pub fn coverage(&self, way: Way) -> Option<(f64, &'static str)> {
        Some((self.newest(way, COVERAGE)?, self.tests.first()?.intervals.why()))
    }

    /// What the newest window measured of a way.
    pub fn newest(&self, way: Way, metric: &str) -> Option<f64> {
        let measured = &self.tests.first()?.measured;
        measured.iter().find(|of| of.way == way && of.metric == metric).and_then(|of| of.value)
    }

    /// The naive rules that were better in the newest window than the way that serves, and at what.
    pub fn beaten(&self, served: Way) -> Vec<Beaten> {
        let mut found: Vec<Beaten> = Vec::new();
        let rules = self.tests.first().into_iter().flat_map(|test| &test.measured);
        for of in rules.filter(|of| of.way.is_baseline() && of.way != served) {
            let (Some(value), Some(own)) = (of.value, self.newest(served, of.metric)) else { continue };
            if distance(of.metric, value) >= distance(of.metric, own) {
                continue;
            }
            match found.iter_mut().find(|beaten| beaten.by == of.model) {
                Some(beaten) => beaten.at.push(of.metric),
                None => found.push(Beaten { by: of.model.clone(), at: vec![of.metric] }),
            }
        }
        found
    }

    /// The cards of all windows.
    pub fn frame(&self, served: Way) -> Result<DataFrame> {
        let rows: Vec<(&Test, &Measured)> =
            self.tests.iter().flat_map(|test| test.measured.iter().map(move |of| (test, of))).collect();
        FrameBuilder::new(&CLV_CARDS)
            .text("analysis", rows.iter().map(|_| SPEC.id))
            .text("model", rows.iter().map(|row| row.1.model.as_str()))
            .flag("is_baseline", rows.iter().map(|row| row.1.way.is_baseline()).collect())
            .flag("serves", rows.iter().map(|row| row.1.way == served).collect())
            .text("metric", rows.iter().map(|row| row.1.metric))
            .maybe_ratio("value", rows.iter().map(|row| row.1.value).collect())
            .whole("n_customers", rows.iter().map(|row| row.0.customers as i64).collect())
            .date("test_from", rows.iter().map(|row| Some(row.0.from)).collect())
            .date("test_to", rows.iter().map(|row| Some(row.0.to)).collect())
            .finish()
    }
}

/// How far a measure is from its best; for measures that only models have, nothing is.
fn distance(metric: &str, value: f64) -> f64 {
    match metric {
        "missed_share" => value,
        COVERAGE => (value - 0.8).abs(),
        metric if metric.contains("total_ratio") => (value - 1.0).abs(),
        _ => -value,
    }
}

/// The share of what customers brought differently that a forecast explains: 1 − squared misses ÷ squared distances from
/// the mean, each weighted by 1 ÷ (what the customer had brought + what customers had on average), so that no single
/// large one decides. 1 is perfect, 0 no better than to know the mean alone. Squared misses are smallest in the mean
/// for the expectation (Gneiting 2011, Making and evaluating point forecasts), whatever the weights, as long as they
/// are known before. Nothing where all brought the same: there is no difference to explain.
fn explained_share(foreseen: &[f64], came: &[f64], earned: &[i64]) -> Option<f64> {
    let size = |earned: &i64| earned.unsigned_abs() as f64;
    let average = earned.iter().map(size).sum::<f64>() / earned.len().max(1) as f64;
    let weights: Vec<f64> = earned.iter().map(|earned| 1.0 / (size(earned) + average).max(1.0)).collect();
    let weighted = |value: &dyn Fn(usize) -> f64| -> f64 { (0..came.len()).map(|at| weights[at] * value(at)).sum() };
    let mean = weighted(&|at| came[at]) / weights.iter().sum::<f64>();
    let apart = weighted(&|at| (came[at] - mean) * (came[at] - mean));
    let missed = weighted(&|at| (came[at] - foreseen[at]) * (came[at] - foreseen[at]));
    let differ = came.iter().any(|value| *value != came[0]);
    (differ && apart > 0.0).then(|| 1.0 - missed / apart)
}

fn metrics(forecast: &Forecast, actual: &Actual, at: &Standpoint<'_>) -> Vec<(&'static str, Option<f64>)> {
    let ratio = |foreseen: &[f64], came: &[f64], keep: &dyn Fn(&Features) -> bool| {
        let kept = |values: &[f64]| -> f64 {
            values.iter().zip(&at.customers).filter(|(_, of)| keep(of)).map(|(value, _)| *value).sum()
        };
        let total = kept(came);
        (total > 0.0).then(|| kept(foreseen) / total)
    };
    let all = |_: &Features| true;
    let total: f64 = actual.margin.iter().sum();
    let misses = || forecast.value.iter().zip(&actual.margin).map(|(value, actual)| (value - actual).abs());
    let orders = &forecast.orders;
    let mut rows = vec![
        (DECISIVE, explained_share(&forecast.value, &actual.margin, &at.earned)),
        ("total_ratio", ratio(&forecast.value, &actual.margin, &all)),
        ("missed_share", (total > 0.0).then(|| misses().sum::<f64>() / total)),
        ("top_decile_share", top_decile_share(&forecast.value, &actual.margin)),
        ("orders_total_ratio", ratio(orders, &actual.orders, &all)),
        ("orders_total_ratio_one_order", ratio(orders, &actual.orders, &|of| of.frequency == 1)),
        ("orders_total_ratio_repeat", ratio(orders, &actual.orders, &|of| of.frequency > 1)),
        ("orders_top_decile_lift", top_decile_share(orders, &actual.orders).map(|share| share * 10.0)),
        ("active_auc", auc(orders, &actual.active)),
        ("active_average_precision", average_precision(orders, &actual.active)),
    ];
    if let Some(outlooks) = &forecast.outlooks {
        let active: Vec<f64> = outlooks.iter().map(|orders| 1.0 - orders.zero).collect();
        rows.push(("active_brier", brier(&active, &actual.active)));
        rows.push(("active_calibration_error", expected_calibration_error(&active, &actual.active)));
    }
    rows
}

/// The share of customers inside the interval, of those it was not learned from.
fn coverage(forecast: &Forecast, actual: &Actual, intervals: Intervals) -> Option<f64> {
    let pairs = forecast.interval.iter().zip(&actual.margin).enumerate();
    let measured: Vec<bool> = pairs
        .filter(|(place, _)| intervals.is_measured(*place))
        .map(|(_, ((low, high), came))| low <= came && came <= high)
        .collect();
    (!measured.is_empty()).then(|| measured.iter().filter(|is_held| **is_held).count() as f64 / measured.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(shares: &[(Way, f64)]) -> Test {
        let measured = |(way, share): &(Way, f64)| Measured {
            way: *way,
            model: String::new(),
            metric: DECISIVE,
            value: Some(*share),
        };
        Test {
            from: 0,
            to: 1,
            customers: 100,
            is_believed: true,
            intervals: Intervals::WindowBefore,
            measured: shares.iter().map(measured).collect(),
        }
    }

    #[test]
    fn a_naive_rule_that_explains_more_serves() {
        let model = test(&[(Way::Calibrated, 0.40), (Way::Model, 0.39), (Way::LastPeriod, 0.30)]);
        assert_eq!(winner(&[test(&[(Way::Calibrated, 0.30), (Way::LastPeriod, 0.35)])]), Some(Way::LastPeriod));
        assert_eq!(winner(&[test(&[(Way::Calibrated, 0.30), (Way::Model, 0.301)])]), Some(Way::Calibrated));
        // A model that is no better than a rule loses to it.
        let no_better = test(&[(Way::Calibrated, 0.300), (Way::OrderRate, 0.2), (Way::EveryoneAlike, 0.299)]);
        assert_eq!(winner(&[no_better]), Some(Way::EveryoneAlike));
        // The mean over the windows decides, and only of ways that both were tested with.
        let rule = test(&[(Way::Model, 0.30), (Way::LastPeriod, 0.36)]);
        assert_eq!(winner(&[model, rule]), Some(Way::Model));
        assert_eq!(winner(&[]), None);
    }

    #[test]
    fn the_share_explained_is_of_what_is_apart_from_the_mean() {
        let (came, earned) = ([0.0, 10.0, 20.0], [50, 50, 50]);
        assert_eq!(explained_share(&came, &came, &earned), Some(1.0));
        assert_eq!(explained_share(&[10.0; 3], &came, &earned), Some(0.0));
        // Misses of 10 ÷ 200 apart.
        assert!((explained_share(&[0.0, 10.0, 10.0], &came, &earned).unwrap() - 0.5).abs() < 1e-12);
        // Nobody came back: there is nothing to tell apart.
        assert_eq!(explained_share(&[0.0, 0.0], &[0.0, 0.0], &[9, 9]), None);
        assert_eq!(explained_share(&[], &[], &[]), None);
    }
}
