//! Which subscriptions end: survival curves, and how likely each one ends next.

mod model;
mod read;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{SUBSCRIPTION_CARDS, SUBSCRIPTION_SURVIVAL, SUBSCRIPTIONS};
use crate::error::Result;
use crate::facts::{Described, Parts};
use crate::stats::survival::survival_curve;
use model::{Served, served};
use read::{GROUPS, Group, Subscription, subscriptions};

static SPEC: Spec = Spec {
    id: "subscriptions",
    definition: "Where customers have subscriptions (contracts that start and end): the share that outlasts each month (Kaplan-Meier, subscriptions that still \
                 run counted as lasting at least so long), for all and by type, service and payment; and the \
                 probability that a running subscription ends within the horizon (3 months). It is learned from the \
                 subscriptions that ran a horizon ago and tested in the same way one horizon earlier; where the export \
                 holds no days of most of them, only months and whether a subscription has ended, on five parts in turn, each \
                 foreseen from the other four. A logistic regression and boosted trees (months run, charge, type, service, payment) \
                 are compared with naive rules: the share that ends among subscriptions as old, of the same type, and of \
                 all. The highest AUC serves (of those within .002 of it the best Brier score), be it a model or a \
                 rule; with fewer than 50 subscriptions, or none that ended, the share of subscriptions as old. Subscriptions that \
                 have ended are not at risk.",
    needs: &[],
    reads: Parts { customers: Described::All, ..Parts::ORDERS },
    outputs: &[&SUBSCRIPTIONS, &SUBSCRIPTION_SURVIVAL, &SUBSCRIPTION_CARDS],
};

/// Parameters: `[subscriptions]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subscriptions {
    /// Months within which a subscription ends or not.
    pub horizon_months: u16,
    /// The probability the band `medium` begins at.
    pub medium_from: f64,
    /// The probability the band `high` begins at.
    pub high_from: f64,
}

impl Default for Subscriptions {
    fn default() -> Subscriptions {
        Subscriptions { horizon_months: 3, medium_from: 0.2, high_from: 0.5 }
    }
}

impl Analysis for Subscriptions {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn validate(&self) -> std::result::Result<(), String> {
        if !(1..=120).contains(&self.horizon_months) {
            return Err(format!("`horizon_months` is {}; it is 1 to 120", self.horizon_months));
        }
        super::ascending_bounds(&[("medium_from", self.medium_from), ("high_from", self.high_from)])
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let subscriptions = subscriptions(facts);
        let served = served(&subscriptions, facts.as_of, self.horizon_months.max(1));
        Ok(vec![
            self.frame(inputs, &subscriptions, &served)?,
            survival_frame(&subscriptions, facts.as_of)?,
            cards_frame(&served)?,
        ])
    }
}

impl Subscriptions {
    fn band(&self, probability: Option<f64>) -> &'static str {
        match probability {
            None => "ended",
            Some(probability) if probability >= self.high_from => "high",
            Some(probability) if probability >= self.medium_from => "medium",
            Some(_) => "low",
        }
    }

    fn frame(&self, inputs: &Inputs<'_>, subscriptions: &[Subscription], served: &Served) -> Result<DataFrame> {
        let as_of = inputs.facts.as_of;
        let probability = |(subscription, probability): (&Subscription, &f64)| {
            (!subscription.has_ended(as_of)).then_some(*probability)
        };
        let probabilities: Vec<Option<f64>> = subscriptions.iter().zip(&served.probability).map(probability).collect();
        let at_risk = |(subscription, probability): (&Subscription, &Option<f64>)| {
            let charge = subscription.charge? as f64 * f64::from(self.horizon_months);
            Some((probability.unwrap_or(0.0) * charge).round() as i64)
        };
        let mut reasons: [Vec<Option<String>>; 3] = Default::default();
        for (subscription, probability) in subscriptions.iter().zip(&probabilities) {
            let mut found = probability.map(|_| served.reasons(subscription, as_of)).unwrap_or_default().into_iter();
            reasons.iter_mut().for_each(|column| column.push(found.next()));
        }
        let [reason_1, reason_2, reason_3] = reasons;
        FrameBuilder::new(&SUBSCRIPTIONS)
            .text("customer_id", subscriptions.iter().map(|of| inputs.facts.customers.id(of.customer)))
            .whole("months", subscriptions.iter().map(|of| of.months(as_of).into()).collect())
            .flag("ended", subscriptions.iter().map(|of| of.has_ended(as_of)).collect())
            .maybe_whole("monthly_charge", subscriptions.iter().map(|of| of.charge).collect())
            .maybe_ratio("churn_probability", probabilities.clone())
            .text("risk_band", probabilities.iter().map(|probability| self.band(*probability)))
            .maybe_text("reason_1", reason_1)
            .maybe_text("reason_2", reason_2)
            .maybe_text("reason_3", reason_3)
            .maybe_whole("profit_at_risk", subscriptions.iter().zip(&probabilities).map(at_risk).collect())
            .text("method", subscriptions.iter().map(|_| served.method))
            .finish()
    }
}

fn survival_frame(subscriptions: &[Subscription], as_of: i32) -> Result<DataFrame> {
    let mut rows: Vec<(&str, &str, _)> = Vec::new();
    let mut add = |dimension: &'static str, value, members: &[(u32, bool)]| {
        rows.extend(survival_curve(members).into_iter().map(|step| (dimension, value, step)));
    };
    let lasted = |of: &Subscription| (of.months(as_of), of.has_ended(as_of));
    add("all", "", &subscriptions.iter().map(lasted).collect::<Vec<_>>());
    for (place, Group { name, .. }) in GROUPS.iter().enumerate() {
        let mut values: Vec<&str> = subscriptions.iter().map(|of| of.groups[place].as_str()).collect();
        values.sort_unstable();
        values.dedup();
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            let members = subscriptions.iter().filter(|of| of.groups[place] == value).map(lasted);
            add(name, value, &members.collect::<Vec<_>>());
        }
    }
    FrameBuilder::new(&SUBSCRIPTION_SURVIVAL)
        .text("dimension", rows.iter().map(|row| row.0))
        .text("value", rows.iter().map(|row| row.1))
        .whole("month", rows.iter().map(|row| row.2.duration.into()).collect())
        .whole("at_risk", rows.iter().map(|row| row.2.at_risk as i64).collect())
        .whole("ended", rows.iter().map(|row| row.2.ended as i64).collect())
        .ratio("survival", rows.iter().map(|row| row.2.survival).collect())
        .ratio("low", rows.iter().map(|row| row.2.interval.0).collect())
        .ratio("high", rows.iter().map(|row| row.2.interval.1).collect())
        .finish()
}

fn cards_frame(served: &Served) -> Result<DataFrame> {
    let rows: Vec<_> = served
        .cards
        .iter()
        .flat_map(|card| model::MEASURES.iter().zip(card.measures).map(move |(measure, value)| (card, *measure, value)))
        .collect();
    FrameBuilder::new(&SUBSCRIPTION_CARDS)
        .text("analysis", rows.iter().map(|_| SPEC.id))
        .text("model", rows.iter().map(|row| row.0.method))
        .flag("is_baseline", rows.iter().map(|row| row.0.is_baseline).collect())
        .flag("serves", rows.iter().map(|row| row.0.method == served.method).collect())
        .text("metric", rows.iter().map(|row| row.1))
        .maybe_ratio("value", rows.iter().map(|row| row.2).collect())
        .whole("n_customers", vec![served.tested as i64; rows.len()])
        .date("test_from", vec![Some(served.window.0); rows.len()])
        .date("test_to", vec![Some(served.window.1); rows.len()])
        .finish()
}
