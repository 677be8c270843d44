//! Who is about to leave: the probability of no order within the horizon, and why.

pub mod backtest;
pub mod features;
pub mod orders_model;
pub mod reasons;

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{CHURN, MODEL_CARDS, PROFITABILITY};
use crate::error::{Error, Result};
use crate::facts::{Described, Keep, Parts};
use backtest::{Backtest, MEASURES, Method, Origin, apply, backtest};
use features::{Features, features};
use orders_model::{Demand, OrdersModel};

static SPEC: Spec = Spec {
    id: "churn",
    definition: "Churn probability = the probability that a customer who has ordered before places no order within \
                 the horizon (91 days). Which method says so is decided by a backtest on your own data: every \
                 method learns from customers as they stood two horizons ago, predicts for those of one horizon \
                 ago, and is compared with what happened. Models are a logistic regression on eighteen features, \
                 MBG/NBD (no order expected within the horizon, never `alive`), and both together; naive rules are \
                 recency, frequency, order rate and whether there was an order in the last horizon. The highest AUC \
                 serves (of those within .002 of it the best Brier score), be it a model or a naive rule, fitted \
                 again to the newest data. With fewer than 50 customers to test on, or none of one kind, the share \
                 without an order among customers of the same recency serves. Risk bands: low, medium (from 40 %), \
                 high (from 70 %), lost (from 90 %). Profit at risk = probability × gross margin of the last 365 \
                 days, scaled to the horizon. Do not chase: contribution not above zero, or an internal party or a \
                 supplier.",
    needs: &["profitability"],
    reads: Parts { lines: Keep::None, customers: Described::Desk, ..Parts::ALL },
    outputs: &[&CHURN, &MODEL_CARDS],
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
}

impl Default for Churn {
    fn default() -> Churn {
        Churn { horizon_days: 91, medium_from: 0.4, high_from: 0.7, lost_from: 0.9 }
    }
}

/// What is found out: the customers as they stand, their risk, and how far to trust it.
#[derive(Debug)]
pub struct Prediction {
    /// Customers who have ordered.
    pub features: Vec<Features>,
    /// Probability of no order within the horizon.
    pub probability: Vec<f64>,
    /// Expected orders within the horizon.
    pub expected_orders: Vec<f64>,
    /// The method that serves.
    pub method: &'static str,
    /// The comparison it was chosen by.
    pub backtest: Backtest,
    /// Customers in the test.
    pub n_tested: usize,
}

impl Analysis for Churn {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let contribution = contribution(inputs)?;
        let prediction = self.predict(inputs);
        Ok(vec![self.frame(inputs, &prediction, &contribution)?, self.cards(inputs, &prediction)?])
    }
}

impl Churn {
    /// Backtests, chooses, predicts.
    pub fn predict(&self, inputs: &Inputs<'_>) -> Prediction {
        let (facts, horizon) = (inputs.facts, self.horizon());
        let past = Origin::new(facts, facts.as_of - 2 * horizon, horizon);
        let test = Origin::new(facts, facts.as_of - horizon, horizon);
        let backtest = backtest(&past, &test, horizon);
        drop(past);
        let now = features(facts, facts.as_of);
        let orders = OrdersModel::fit(&now, Demand::Converged);
        let methods = backtest.winner.into_iter().chain([Method::RecencyBands]);
        let served = methods
            .filter_map(|method| apply(method, &test, &now, &orders, horizon).map(|scores| (method.name(), scores)))
            .next();
        let (method, probability) = match served {
            Some((method, scores)) => (method, scores.probability),
            // Nobody to learn from: the shop is younger than the horizon.
            None => (orders.rate.name(), orders.p_zero(horizon)),
        };
        let expected_orders = orders.expected_orders(horizon);
        Prediction { features: now, probability, expected_orders, method, backtest, n_tested: test.features.len() }
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
        let of = &prediction.features;
        let number = |features: &Features| features.customer as usize;
        let at_risk = |(features, probability): (&Features, &f64)| {
            (probability * features.margin_365 as f64 * f64::from(self.horizon()) / 365.0).round() as i64
        };
        let class = customers.text("party_class");
        let do_not_chase = |features: &Features| {
            let class = class.map_or("", |class| class.value(number(features)));
            contribution[number(features)] <= 0 || class == "internal" || class == "supplier"
        };
        let mut reasons: [Vec<Option<String>>; reasons::SHOWN] = Default::default();
        let found: Vec<_> = of.par_iter().map(|features| reasons::reasons(features, self.horizon())).collect();
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
            .flag("do_not_chase", of.iter().map(do_not_chase).collect())
            .text("method", of.iter().map(|_| prediction.method))
            .finish()
    }

    fn cards(&self, inputs: &Inputs<'_>, prediction: &Prediction) -> Result<DataFrame> {
        let as_of = inputs.facts.as_of;
        let cards = &prediction.backtest.cards;
        let rows: Vec<_> = cards
            .iter()
            .flat_map(|card| {
                MEASURES.iter().zip(card.measures).map(move |(measure, value)| (card.method, *measure, value))
            })
            .collect();
        let n = rows.len();
        FrameBuilder::new(&MODEL_CARDS)
            .text("analysis", rows.iter().map(|_| SPEC.id))
            .text("model", rows.iter().map(|row| row.0.name()))
            .flag("is_baseline", rows.iter().map(|row| row.0.is_baseline()).collect())
            .flag("serves", rows.iter().map(|row| row.0.name() == prediction.method).collect())
            .text("metric", rows.iter().map(|row| row.1))
            .maybe_ratio("value", rows.iter().map(|row| row.2).collect())
            .whole("n_customers", vec![prediction.n_tested as i64; n])
            .date("test_from", vec![Some(as_of - self.horizon()); n])
            .date("test_to", vec![Some(as_of); n])
            .finish()
    }
}

/// Contribution of each customer, from the statement of profitability.
pub(super) fn contribution(inputs: &Inputs<'_>) -> Result<Vec<i64>> {
    let broken =
        |error: polars::prelude::PolarsError| Error::Contract { table: PROFITABILITY.name, message: error.to_string() };
    let column = inputs.results.get(&PROFITABILITY)?.column("contribution").map_err(broken)?;
    let values = column.i64().map_err(broken)?;
    Ok(values.iter().map(|value| value.unwrap_or(0)).collect())
}
