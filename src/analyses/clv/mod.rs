//! What a customer will still bring: expected orders × value per order, discounted, with an interval.

mod card;
mod outlook;
mod value;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::churn::features::{Features, features};
use super::churn::orders_model::{OrdersModel, Window};
use super::churn::{contribution, first_day};
use super::frame::FrameBuilder;
use super::rfm::months_before;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{CLV, CLV_CARDS, CLV_MODEL};
use crate::error::Result;
use crate::facts::{Facts, Parts};
use crate::stats::btyd::{DAYS_PER_WEEK, Model};
use crate::stats::calibration::Calibration;
use outlook::{Months, Outlook, TAIL_DEVIATIONS, Uncertainty, outlooks};
use value::values_per_order;

static SPEC: Spec = Spec {
    id: "clv",
    definition: "Customer lifetime value = sum over the next 12 months of the orders expected in the month × value \
                 per order ÷ (1 + 1 %)^month. Expected orders are by the richest model of orders that your data identify \
                 (orders of one day count as one): Pareto/NBD, else MBG/NBD, else NBD, or MBG/CNBD-k where orders come \
                 more regularly than at random; corrected by what that model missed in the same months a year before, or \
                 else in the newest ones (half the history at most): its level, and how far it writes off who has been \
                 silent. Where none is identified, by the historic rate (1 + repeat orders) ÷ (average wait + time \
                 known), average wait = time known of all ÷ (1 + repeat orders of all); `method` and clv_model say so. \
                 Value per order = z × own contribution per order + (1 − z) × \
                 that of all customers, z = n ÷ (n + k), n own orders, k = variance of the margin between a \
                 customer's orders ÷ variance between customers (Bühlmann–Straub); losses stay losses. The interval \
                 holds about 80 % of what customers will bring: orders negative binomial around the expectation, which \
                 is itself uncertain as far as refits to 200 resamples of the customers differ, none at all with the \
                 probability of having left; it is approximate, as the value per order counts as known.",
    needs: &["profitability"],
    reads: Parts { sums: true, ..Parts::ORDERS },
    outputs: &[&CLV, &CLV_CARDS, &CLV_MODEL],
};

/// Parameters: `[clv]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clv {
    /// Months ahead that count.
    pub months: u16,
    /// Discount a month: .01 is 1 % a month, 12.7 % a year.
    pub monthly_discount: f64,
    /// Refits to resampled customers that the interval is from.
    pub resamples: u16,
}

impl Default for Clv {
    fn default() -> Clv {
        Clv { months: 12, monthly_discount: 0.01, resamples: 200 }
    }
}

/// A month, in weeks: 365.25 / 12 / 7.
const WEEKS_PER_MONTH: f64 = 365.25 / 12.0 / DAYS_PER_WEEK;

impl Analysis for Clv {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let now = Foresight::new(facts, facts.as_of, self.days(facts.as_of));
        let contribution = contribution(inputs)?;
        let earned: Vec<i64> = now.customers.iter().map(|of| contribution[of.customer as usize]).collect();
        let values = values_per_order(facts, &now.customers, facts.as_of, &earned);
        let uncertainty = Uncertainty::of(&now.model, self.resamples.into());
        let months = Months { count: self.months, weeks: WEEKS_PER_MONTH, discount: self.monthly_discount };
        let orders = outlooks(&now.model, now.calibration.as_ref(), &uncertainty, &months);
        let column = |money: fn(&Outlook, f64) -> f64| {
            orders.iter().zip(&values).map(|(orders, value)| money(orders, *value).round() as i64).collect::<Vec<i64>>()
        };
        let worth = column(|orders, value| orders.discounted * value);
        let (cards, beaten) = self.cards(facts)?;
        let mut rows = self.model_rows(&now, &uncertainty, &orders, &values, worth.iter().sum());
        rows.extend(
            beaten
                .into_iter()
                .map(|rule| Row { why: Some(rule.at.join(" ")), ..Row::new(&format!("beaten_by:{}", rule.by)) }),
        );
        let frame = FrameBuilder::new(&CLV)
            .text("customer_id", now.customers.iter().map(|of| facts.customers.id(of.customer as usize)))
            .whole("clv", worth)
            .whole("clv_low", column(|orders, value| (orders.low * value).min(orders.high * value)))
            .whole("clv_high", column(|orders, value| (orders.low * value).max(orders.high * value)))
            .whole("historic_value", earned)
            .ratio("expected_orders_12m", orders.iter().map(|orders| orders.expected).collect())
            .whole("value_per_order", values.iter().map(|value| value.round() as i64).collect())
            .text("method", orders.iter().map(|_| now.model.rate.name()))
            .finish()?;
        Ok(vec![frame, cards, model_frame(&rows)?])
    }
}

/// Customers as they stood on a day, and what is learned about their orders from before it.
struct Foresight {
    customers: Vec<Features>,
    model: OrdersModel,
    window: Option<Window>,
    calibration: Option<Calibration>,
}

impl Foresight {
    /// Nothing from `day` on is looked at.
    fn new(facts: &Facts, day: i32, days: i32) -> Foresight {
        let customers = features(facts, day);
        let model = OrdersModel::fit(&customers);
        let window = Window::before(first_day(facts), day, days);
        let calibration = window.as_ref().and_then(|window| {
            let earlier = features(facts, window.from);
            let orders = window.orders(facts, &earlier);
            model.calibration(&earlier, &orders, window)
        });
        Foresight { customers, model, window, calibration }
    }
}

impl Clv {
    /// Days of the months up to a day.
    fn days(&self, day: i32) -> i32 {
        (day - months_before(day, self.months)).max(1)
    }

    /// What the figures rest on.
    fn model_rows(
        &self,
        now: &Foresight,
        uncertainty: &Uncertainty,
        orders: &[Outlook],
        values: &[f64],
        total: i64,
    ) -> Vec<Row> {
        let mut rows: Vec<Row> = vec![
            Row::number("horizon_months", f64::from(self.months)),
            Row::number("discount_per_month", self.monthly_discount),
            Row::number("discount_per_year", (1.0 + self.monthly_discount).powi(12) - 1.0),
            Row::number("customers", now.customers.len() as f64),
            Row::number("distinct_histories", now.model.histories.triples.len() as f64),
        ];
        if let Some(fit) = &now.model.fit {
            let params = fit.params;
            let ends = |at: usize| uncertainty.ends.map(|ends| ends[at]);
            let (leaving, staying) = match params.model {
                Model::ParetoNbd => ("s", "beta_weeks"),
                _ => ("a", "b"),
            };
            rows.push(Row::number("log_likelihood", fit.log_likelihood));
            rows.push(Row::number("r", params.r).between(ends(0)));
            rows.push(Row::number("alpha_weeks", params.alpha).between(ends(1)));
            if params.model != Model::Nbd {
                rows.push(Row::number(leaving, params.a).between(ends(2)));
                rows.push(Row::number(staying, params.b).between(ends(3)));
            }
            if let Model::MbgCnbd(events) = params.model {
                rows.push(Row::number("events_per_order", f64::from(events)));
            }
            rows.push(Row::number("share_who_left", fit.left_share));
            rows.push(Row::number("resamples", uncertainty.resamples as f64));
            rows.push(Row::number("resamples_not_converged", uncertainty.not_converged as f64));
        }
        if let (Some(calibration), Some(window)) = (&now.calibration, &now.window) {
            rows.push(Row::number("correction_level", calibration.level()));
            rows.push(Row::number("correction_slope", calibration.slope()));
            rows.push(Row::number("correction_days", f64::from(window.days)));
            rows.push(Row::number("correction_same_season", f64::from(u8::from(window.is_same_season))));
        }
        // The total moves with the parameters as its parts do, each in its share.
        let mut sensitivity = [0.0; 4];
        for (orders, value) in orders.iter().zip(values) {
            for (sum, of) in sensitivity.iter_mut().zip(orders.sensitivity) {
                *sum += orders.discounted * value * of;
            }
        }
        let deviation = uncertainty.variance(&sensitivity).sqrt() * TAIL_DEVIATIONS;
        let deviation = deviation.round() as i64;
        rows.insert(0, Row { amount: Some([total, total - deviation, total + deviation]), ..Row::new("clv_of_all") });
        for (model, why) in &now.model.passed {
            rows.push(Row { why: Some(why.to_string()), ..Row::new(&format!("passed_over:{}", model.name())) });
        }
        rows
    }
}

/// One thing the figures rest on.
struct Row {
    item: String,
    value: Option<f64>,
    ends: Option<(f64, f64)>,
    amount: Option<[i64; 3]>,
    why: Option<String>,
}

impl Row {
    fn new(item: &str) -> Row {
        Row { item: item.into(), value: None, ends: None, amount: None, why: None }
    }

    fn number(item: &str, value: f64) -> Row {
        Row { value: Some(value), ..Row::new(item) }
    }

    fn between(self, ends: Option<(f64, f64)>) -> Row {
        Row { ends, ..self }
    }
}

fn model_frame(rows: &[Row]) -> Result<DataFrame> {
    let amount = |at: usize| rows.iter().map(|row| row.amount.map(|amount| amount[at])).collect();
    FrameBuilder::new(&CLV_MODEL)
        .text("item", rows.iter().map(|row| row.item.as_str()))
        .maybe_ratio("value", rows.iter().map(|row| row.value).collect())
        .maybe_ratio("low", rows.iter().map(|row| row.ends.map(|ends| ends.0)).collect())
        .maybe_ratio("high", rows.iter().map(|row| row.ends.map(|ends| ends.1)).collect())
        .maybe_whole("amount", amount(0))
        .maybe_whole("amount_low", amount(1))
        .maybe_whole("amount_high", amount(2))
        .maybe_text("why", rows.iter().map(|row| row.why.clone()).collect())
        .finish()
}
