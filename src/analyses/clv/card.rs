//! How well customer lifetime value would have been foreseen so many months ago.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::outlook::{Months, Outlook, Uncertainty, outlooks};
use super::value::{margin, values_per_order};
use super::{Clv, Foresight, SPEC};
use crate::analyses::churn::features::{Features, order_days_within};
use crate::analyses::churn::first_day;
use crate::analyses::frame::FrameBuilder;
use crate::analyses::rfm::months_before;
use crate::contracts::results::CLV_CARDS;
use crate::error::Result;
use crate::facts::Facts;
use crate::stats::btyd::DAYS_PER_WEEK;
use crate::stats::metrics::{auc, average_precision, brier, expected_calibration_error, top_decile_share};

/// Days of history that are enough to learn from, whatever is to be foreseen.
const FEWEST_DAYS_BEFORE: i32 = 180;

/// A naive rule that did better than the model that serves, and at what.
pub(super) struct Beaten {
    /// The rule.
    pub by: String,
    /// The measures.
    pub at: Vec<String>,
}

/// How far a measure is from its best, for those that a rule and a model share.
fn distance(metric: &str, value: f64) -> Option<f64> {
    match metric {
        "missed_share" => Some(value),
        "total_ratio" | "orders_total_ratio" => Some((value - 1.0).abs()),
        "top_decile_share" | "orders_top_decile_lift" | "active_auc" | "active_average_precision" => Some(-value),
        _ => None,
    }
}

fn beaten(rows: &[(&Forecast, String, Option<f64>)]) -> Vec<Beaten> {
    let mut found: Vec<Beaten> = Vec::new();
    for (rule, metric, value) in rows.iter().filter(|row| row.0.is_baseline) {
        let served = rows.iter().find(|row| row.0.serves && row.1 == *metric).and_then(|row| row.2);
        let (Some(value), Some(served)) = (*value, served) else { continue };
        let is_better = distance(metric, value) < distance(metric, served);
        if !is_better {
            continue;
        }
        match found.iter_mut().find(|beaten| beaten.by == rule.model) {
            Some(beaten) => beaten.at.push(metric.clone()),
            None => found.push(Beaten { by: rule.model.clone(), at: vec![metric.clone()] }),
        }
    }
    found
}

/// A way to foresee what customers bring, and what it foresaw.
struct Forecast {
    model: String,
    is_baseline: bool,
    serves: bool,
    value: Vec<f64>,
    /// Of the models: the orders in full.
    outlook: Option<Vec<Outlook>>,
    /// And the ends of the interval of the value.
    interval: Vec<(f64, f64)>,
    /// Of the baselines: orders foreseen.
    orders: Vec<f64>,
}

/// What came: margin, days with an order.
struct Actual {
    margin: Vec<f64>,
    orders: Vec<f64>,
    active: Vec<bool>,
}

impl Clv {
    /// Foresees, as of so many months ago (fewer where history is short), the gross margin and the orders of the months
    /// since, and compares with what came.
    pub(super) fn cards(&self, facts: &Facts) -> Result<(DataFrame, Vec<Beaten>)> {
        let tested = Clv { months: self.tested_months(facts), ..self.clone() };
        tested.compare(facts)
    }

    /// The months ahead that the history lets be tested: before them lie half a year or half their own length.
    fn tested_months(&self, facts: &Facts) -> u16 {
        let first = first_day(facts);
        let leaves_enough = |months: &u16| {
            let from = months_before(facts.as_of, *months);
            from - first >= FEWEST_DAYS_BEFORE.min((facts.as_of - from) / 2)
        };
        (1..=self.months).rev().find(leaves_enough).unwrap_or(self.months)
    }

    fn compare(&self, facts: &Facts) -> Result<(DataFrame, Vec<Beaten>)> {
        let (origin, as_of) = (months_before(facts.as_of, self.months), facts.as_of);
        let then = Foresight::new(facts, origin, self.days(origin));
        let customers = &then.customers;
        let margins = |from, to| -> Vec<i64> {
            customers.par_iter().map(|of| margin(facts, of.customer as usize, from, to)).collect()
        };
        let orders: Vec<f64> = order_days_within(facts, customers, origin, as_of).into_iter().map(f64::from).collect();
        let actual = Actual {
            margin: margins(origin, as_of).into_iter().map(|margin| margin as f64).collect(),
            active: orders.iter().map(|orders| *orders > 0.0).collect(),
            orders,
        };
        let forecasts = self.forecasts(facts, &then, origin, &margins);
        let mut rows: Vec<(&Forecast, String, Option<f64>)> = Vec::new();
        for forecast in &forecasts {
            for (metric, value) in metrics(forecast, &actual, customers) {
                rows.push((forecast, metric, value));
            }
        }
        let beaten = beaten(&rows);
        let frame = FrameBuilder::new(&CLV_CARDS)
            .text("analysis", rows.iter().map(|_| SPEC.id))
            .text("model", rows.iter().map(|row| row.0.model.as_str()))
            .flag("is_baseline", rows.iter().map(|row| row.0.is_baseline).collect())
            .flag("serves", rows.iter().map(|row| row.0.serves).collect())
            .text("metric", rows.iter().map(|row| row.1.as_str()))
            .maybe_ratio("value", rows.iter().map(|row| row.2).collect())
            .whole("n_customers", vec![actual.margin.len() as i64; rows.len()])
            .date("test_from", vec![Some(origin); rows.len()])
            .date("test_to", vec![Some(as_of); rows.len()])
            .finish()?;
        Ok((frame, beaten))
    }

    /// The model, undiscounted, with its correction and without; and what a naive observer would say: as in the months
    /// before, or everyone the mean.
    fn forecasts(
        &self,
        facts: &Facts,
        then: &Foresight,
        origin: i32,
        margins: &dyn Fn(i32, i32) -> Vec<i64>,
    ) -> Vec<Forecast> {
        let customers = &then.customers;
        let values = values_per_order(facts, customers, origin, &margins(i32::MIN, origin));
        let uncertainty = Uncertainty::of(&then.model, 0);
        let days = f64::from(facts.as_of - origin);
        let weeks = days / DAYS_PER_WEEK / f64::from(self.months.max(1));
        let months = Months { count: self.months, weeks, discount: 0.0 };
        let name = then.model.rate.name();
        let model = |calibration, model: String, serves| {
            let orders = outlooks(&then.model, calibration, &uncertainty, &months);
            let interval = |(orders, value): (&Outlook, &f64)| {
                let (low, high) = (orders.low * value, orders.high * value);
                (low.min(high), low.max(high))
            };
            let interval = orders.iter().zip(&values).map(interval).collect();
            Forecast {
                model,
                is_baseline: false,
                serves,
                value: orders.iter().zip(&values).map(|(orders, value)| orders.expected * value).collect(),
                orders: orders.iter().map(|orders| orders.expected).collect(),
                outlook: Some(orders),
                interval,
            }
        };
        let mut forecasts = Vec::new();
        if let Some(calibration) = &then.calibration {
            forecasts.push(model(Some(calibration), format!("{name}_calibrated"), true));
        }
        forecasts.push(model(None, name.to_string(), then.calibration.is_none()));
        let from = months_before(origin, self.months);
        let before: Vec<f64> = margins(from, origin).into_iter().map(|margin| margin as f64).collect();
        let orders: Vec<f64> = order_days_within(facts, customers, from, origin).into_iter().map(f64::from).collect();
        let everyone = |values: &[f64]| vec![values.iter().sum::<f64>() / values.len().max(1) as f64; values.len()];
        let rate = |of: &Features| f64::from(of.order_days - 1) / f64::from(of.tenure_days.max(1)) * days;
        let rates: Vec<f64> = customers.iter().map(rate).collect();
        let by_rate = rates.iter().zip(&values).map(|(orders, value)| orders * value).collect();
        let naive = |model: &str, value: Vec<f64>, orders: Vec<f64>| Forecast {
            model: model.into(),
            is_baseline: true,
            serves: false,
            value,
            orders,
            outlook: None,
            interval: Vec::new(),
        };
        forecasts.push(naive("everyone_alike", everyone(&before), everyone(&orders)));
        forecasts.push(naive("order_rate", by_rate, rates));
        forecasts.push(naive("as_last_period", before, orders));
        forecasts
    }
}

fn metrics(forecast: &Forecast, actual: &Actual, customers: &[Features]) -> Vec<(String, Option<f64>)> {
    let ratio = |foreseen: &[f64], came: &[f64], keep: &dyn Fn(&Features) -> bool| {
        let kept = |values: &[f64]| -> f64 {
            values.iter().zip(customers).filter(|(_, of)| keep(of)).map(|(value, _)| *value).sum()
        };
        let total = kept(came);
        (total > 0.0).then(|| kept(foreseen) / total)
    };
    let all = |_: &Features| true;
    let total: f64 = actual.margin.iter().sum();
    let misses = || forecast.value.iter().zip(&actual.margin).map(|(value, actual)| (value - actual).abs());
    let orders = &forecast.orders;
    let mut rows = vec![
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
    let interval = &forecast.interval;
    if let Some(outlooks) = &forecast.outlook {
        let active: Vec<f64> = outlooks.iter().map(|orders| 1.0 - orders.zero).collect();
        rows.push(("active_brier", brier(&active, &actual.active)));
        rows.push(("active_calibration_error", expected_calibration_error(&active, &actual.active)));
        if !interval.is_empty() {
            let held = interval.iter().zip(&actual.margin).filter(|((low, high), came)| low <= came && *came <= high);
            rows.push(("interval_coverage", Some(held.count() as f64 / interval.len() as f64)));
        }
    }
    rows.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}
