//! Who is about to leave: the probability of no order within the horizon, and why.

pub mod backtest;
pub mod features;
pub mod methods;
pub mod orders_model;
pub mod reasons;

use std::sync::Arc;

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::activity::usual_gap;
use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{CHURN, CHURN_BACKTEST, MODEL_CARDS, PROFITABILITY};
use crate::error::{Error, Result};
use crate::facts::{Described, Facts, Keep, Parts};
use backtest::{Backtest, Card, LOWER_IS_BETTER, MEASURES, backtest};
use features::Features;
use methods::{Method, Origin, Standpoint, apply};

static SPEC: Spec = Spec {
    id: "churn",
    definition: "Churn probability = the probability that a customer who has ordered before places no order within \
                 the horizon (91 days). Which method says so is decided by a backtest on your own data: in each of the \
                 last two windows as long as the horizon, every method foresees from what was known before and is \
                 compared with what happened. Models are a logistic regression on eighteen features; a model of orders \
                 (Pareto/NBD, or what the data identify of MBG/CNBD-k, MBG/NBD, NBD), which gives the probability of no \
                 order, never that of being `alive`; the same corrected by what it missed in the same season a year \
                 before, or else in the newest window; the regression with the model's log odds; the mean of the \
                 last two; and boosted trees on what that regression is fitted to. Naive rules are \
                 recency, frequency, order rate, whether there was an order in the last horizon, and the base rate: the \
                 share of all who placed none in the newest window, or, given a year more, in the same season a year before, \
                 its odds changed as those of the newest window have within the year. The highest mean AUC serves (of those within .002 of it the best Brier score), be it a model or a naive rule, fitted \
                 again to the newest data; but not what in any window ranked no better than a coin or had a higher Brier \
                 score than the base rate, which serves where all are so: then nothing is known of who will leave but how \
                 many. `chosen_before` marks what the earlier window alone would have chosen. Regressions and trees are \
                 fitted to 50,000 customers at most, every n-th of them; all are foreseen. With \
                 fewer than 50 customers to test on, or none of one kind, the share without an order among customers of \
                 the same recency serves. Risk bands: low, medium (from 40 %), high (from 70 %), lost (from 90 %). \
                 Profit at risk = probability × gross margin of the last 365 days, scaled to the horizon; who is lost \
                 already has none. Profit of contacting = share that a contact brings back (10 %) × probability of being \
                 still a customer and yet silent × gross margin of the last 365 days − cost of a contact. Do not chase: \
                 contribution not above zero, an internal party or a supplier, lost, or a contact costs more than it \
                 brings.",
    needs: &["profitability"],
    reads: Parts { lines: Keep::None, customers: Described::Desk, ..Parts::ALL },
    outputs: &[&CHURN, &MODEL_CARDS, &CHURN_BACKTEST],
};

/// Parameters: `[churn]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Churn {
    /// Days within which an order is or is not placed.
    pub horizon_days: u16,
    /// The probability the band `medium` begins at.
    pub medium_from: f64,
    /// The probability the band `high` begins at.
    pub high_from: f64,
    /// The probability the band `lost` begins at.
    pub lost_from: f64,
    /// Cost of contacting one customer, in minor units of the currency.
    pub contact_cost_minor: i64,
    /// Share of those who would have stayed silent that a contact brings back, 0 to 1: an assumption until contacts
    /// with a control group tell.
    pub brought_back_share: f64,
}

impl Default for Churn {
    fn default() -> Churn {
        Churn {
            horizon_days: 91,
            medium_from: 0.4,
            high_from: 0.7,
            lost_from: 0.9,
            contact_cost_minor: 0,
            brought_back_share: 0.1,
        }
    }
}

/// What is found out: the customers as they stand, their risk, and how far to trust it.
#[derive(Debug)]
pub struct Prediction {
    /// Customers who have ordered.
    pub customers: Arc<Origin>,
    /// Probability of no order within the horizon.
    pub probability: Vec<f64>,
    /// Probability of being still a customer and yet placing no order within the horizon.
    pub silent_customer: Vec<f64>,
    /// Expected orders within the horizon.
    pub expected_orders: Vec<f64>,
    /// The method that serves.
    pub method: String,
    /// The comparison it was chosen by.
    pub backtest: Backtest,
}

impl Analysis for Churn {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn validate(&self) -> std::result::Result<(), String> {
        if !(1..=3_660).contains(&self.horizon_days) {
            return Err(format!("`horizon_days` is {}; it is 1 to 3660", self.horizon_days));
        }
        super::ascending_bounds(&[
            ("medium_from", self.medium_from),
            ("high_from", self.high_from),
            ("lost_from", self.lost_from),
        ])?;
        if !(0.0..=1.0).contains(&self.brought_back_share) {
            return Err(format!("`brought_back_share` is {}; a share is 0 to 1", self.brought_back_share));
        }
        Ok(())
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let contribution = contribution(inputs)?;
        let prediction = self.predict(inputs);
        Ok(vec![
            self.frame(inputs, &prediction, &contribution)?,
            self.cards(inputs, &prediction)?,
            self.backtest_frame(&prediction)?,
        ])
    }
}

impl Churn {
    /// Backtests, chooses, predicts.
    pub fn predict(&self, inputs: &Inputs<'_>) -> Prediction {
        let (facts, horizon) = (inputs.facts, self.horizon());
        let first_day = first_day(facts);
        let backtest = backtest(facts, first_day, horizon);
        let here = Arc::new(Origin::new(facts, facts.as_of, horizon));
        let past = Arc::clone(&backtest.newest_origin);
        let now = Standpoint::new(facts, first_day, (facts.as_of, horizon), past, here);
        let methods = backtest.winner.into_iter().chain([Method::RecencyBands]);
        let served = methods
            .filter_map(|method| apply(method, &now).map(|scores| (method.name(&now.orders.rate), scores)))
            .next();
        let (method, probability) = match served {
            Some((method, scores)) => (method, scores.probability),
            // Nobody to learn from: the shop is younger than the horizon.
            None => (now.orders.rate.name().to_string(), now.zero.clone()),
        };
        let silent_customer = now.silent_customers(&probability);
        let expected_orders = now.expected_orders(&probability);
        Prediction { customers: now.here, probability, silent_customer, expected_orders, method, backtest }
    }

    fn horizon(&self) -> i32 {
        i32::from(self.horizon_days.max(1))
    }

    /// The bands with their bounds, from the highest risk down: name, from, to.
    pub fn band_bounds(&self) -> [(&'static str, f64, f64); 4] {
        let (medium, high, lost) = (self.medium_from, self.high_from, self.lost_from);
        [("lost", lost, 1.0), ("high", high, lost), ("medium", medium, high), ("low", 0.0, medium)]
    }

    fn band(&self, probability: f64) -> &'static str {
        let bounds = [(self.lost_from, "lost"), (self.high_from, "high"), (self.medium_from, "medium")];
        bounds.iter().find(|(from, _)| probability >= *from).map_or("low", |(_, band)| band)
    }

    fn frame(&self, inputs: &Inputs<'_>, prediction: &Prediction, contribution: &[i64]) -> Result<DataFrame> {
        let customers = &inputs.facts.customers;
        let of = &prediction.customers.features;
        let number = |features: &Features| features.customer as usize;
        let at_risk = |(features, probability): (&Features, &f64)| {
            if *probability >= self.lost_from {
                return 0;
            }
            (probability * features.margin_365 as f64 * f64::from(self.horizon()) / 365.0).round() as i64
        };
        let contacts: Vec<i64> = of
            .iter()
            .zip(&prediction.silent_customer)
            .map(|(features, silent)| self.contact_profit(features, *silent))
            .collect();
        let class = customers.text("party_class");
        let do_not_chase = |((features, probability), contact): ((&Features, &f64), &i64)| {
            let class = class.map_or("", |class| class.value(number(features)));
            let is_ours = class == "internal" || class == "supplier";
            contribution[number(features)] <= 0 || is_ours || *probability >= self.lost_from || *contact < 0
        };
        let mut reasons: [Vec<Option<String>>; reasons::SHOWN] = Default::default();
        let reasons_of =
            |features: &Features| reasons::reasons(features, usual_gap(inputs.facts, number(features)), self.horizon());
        let found: Vec<_> = of.par_iter().map(reasons_of).collect();
        for shown in found {
            for (column, reason) in reasons.iter_mut().zip(shown) {
                column.push(reason);
            }
        }
        let [reason_1, reason_2, reason_3] = reasons;
        FrameBuilder::new(&CHURN)
            .text("customer_id", of.iter().map(|features| customers.id(number(features))))
            .ratio("churn_probability", prediction.probability.clone())
            .ratio("expected_orders", prediction.expected_orders.clone())
            .text("risk_band", prediction.probability.iter().map(|probability| self.band(*probability)))
            .maybe_text("reason_1", reason_1)
            .maybe_text("reason_2", reason_2)
            .maybe_text("reason_3", reason_3)
            .whole("profit_at_risk", of.iter().zip(&prediction.probability).map(at_risk).collect())
            .flag("do_not_chase", of.iter().zip(&prediction.probability).zip(&contacts).map(do_not_chase).collect())
            .whole("contact_profit", contacts)
            .text("method", of.iter().map(|_| prediction.method.as_str()))
            .finish()
    }

    fn contact_profit(&self, features: &Features, silent: f64) -> i64 {
        let brought_back = self.brought_back_share * silent * features.margin_365 as f64;
        brought_back.round() as i64 - self.contact_cost_minor
    }

    fn cards(&self, inputs: &Inputs<'_>, prediction: &Prediction) -> Result<DataFrame> {
        let as_of = inputs.facts.as_of;
        let rows: Vec<(&Card, &str, Option<f64>)> = prediction
            .backtest
            .newest()
            .flat_map(|card| MEASURES.iter().zip(card.measures).map(move |(measure, value)| (card, *measure, value)))
            .collect();
        let n = rows.len();
        FrameBuilder::new(&MODEL_CARDS)
            .text("analysis", rows.iter().map(|_| SPEC.id))
            .text("model", rows.iter().map(|row| row.0.model.as_str()))
            .flag("is_baseline", rows.iter().map(|row| row.0.method.is_baseline()).collect())
            .flag("serves", rows.iter().map(|row| prediction.is_served(row.0)).collect())
            .text("metric", rows.iter().map(|row| row.1))
            .maybe_ratio("value", rows.iter().map(|row| row.2).collect())
            .whole("n_customers", rows.iter().map(|row| row.0.customers as i64).collect())
            .date("test_from", vec![Some(as_of - self.horizon()); n])
            .date("test_to", vec![Some(as_of); n])
            .finish()
    }

    fn backtest_frame(&self, prediction: &Prediction) -> Result<DataFrame> {
        let cards = &prediction.backtest.cards;
        let mut builder = FrameBuilder::new(&CHURN_BACKTEST)
            .date("test_from", cards.iter().map(|card| Some(card.from)).collect())
            .date("test_to", cards.iter().map(|card| Some(card.from + self.horizon())).collect())
            .text("cohort", cards.iter().map(|card| card.cohort.as_str()))
            .text("model", cards.iter().map(|card| card.model.as_str()))
            .flag("is_baseline", cards.iter().map(|card| card.method.is_baseline()).collect())
            .flag("serves", cards.iter().map(|card| prediction.is_served(card)).collect())
            .flag("chosen_before", cards.iter().map(|card| card.is_chosen_before).collect())
            .whole("n_customers", cards.iter().map(|card| card.customers as i64).collect());
        builder = builder.maybe_text("better_at", cards.iter().map(|card| prediction.better_at(card)).collect());
        for (at, measure) in MEASURES.iter().enumerate() {
            builder = builder.maybe_ratio(measure, cards.iter().map(|card| card.measures[at]).collect());
        }
        builder.finish()
    }
}

impl Prediction {
    /// The measures at which a method is better than the one that serves, with the same customers; `None` for none.
    fn better_at(&self, card: &Card) -> Option<String> {
        let same = |other: &&Card| other.from == card.from && other.cohort == card.cohort && self.is_served(other);
        let served = self.backtest.cards.iter().find(same)?;
        let is_better = |at: usize| match (card.measures[at], served.measures[at]) {
            (Some(value), Some(served)) if LOWER_IS_BETTER.contains(&MEASURES[at]) => value < served,
            (Some(value), Some(served)) => value > served,
            _ => false,
        };
        let better: Vec<&str> = (0..MEASURES.len()).filter(|at| is_better(*at)).map(|at| MEASURES[at]).collect();
        (!better.is_empty()).then(|| better.join(" "))
    }

    /// Whether a card is of the method that serves.
    fn is_served(&self, card: &Card) -> bool {
        match self.backtest.winner {
            Some(winner) => card.method == winner,
            None => card.model == self.method,
        }
    }
}

/// The day of the first order of any known customer; the as-of day without one.
pub(super) fn first_day(facts: &Facts) -> i32 {
    let of_customers = 0..facts.anonymous_orders().start;
    of_customers.map(|order| facts.orders.day[order]).min().unwrap_or(facts.as_of)
}

/// Contribution of each customer, from the statement of profitability.
pub(super) fn contribution(inputs: &Inputs<'_>) -> Result<Vec<i64>> {
    let broken =
        |error: polars::prelude::PolarsError| Error::Contract { table: PROFITABILITY.name, message: error.to_string() };
    let column = inputs.results.get(&PROFITABILITY)?.column("contribution").map_err(broken)?;
    let values = column.i64().map_err(broken)?;
    Ok(values.iter().map(|value| value.unwrap_or(0)).collect())
}
