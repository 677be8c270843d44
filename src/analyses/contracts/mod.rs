//! Which contracts end: survival curves, and how likely each one ends next.

mod model;
mod read;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{CONTRACT_CARDS, CONTRACT_SURVIVAL, CONTRACTS};
use crate::error::Result;
use crate::facts::{Described, Parts};
use crate::stats::survival::survival_curve;
use model::{Served, served};
use read::{Contract, GROUPS, Group, contracts};

static SPEC: Spec = Spec {
    id: "contracts",
    definition: "Where customers have contracts: the share that outlasts each month (Kaplan-Meier, contracts that still \
                 run counted as lasting at least so long), for all and by type, service and payment; and the \
                 probability that a running contract ends within the horizon (3 months). It is learned from the \
                 contracts that ran a horizon ago and tested in the same way one horizon earlier; where the export \
                 holds no days, only months and whether a contract has ended, on five parts in turn, each foreseen from \
                 the other four. A logistic regression and boosted trees (months run, charge, type, service, payment) \
                 are compared with naive rules: the share that ends among contracts as old, of the same type, and of \
                 all. The highest AUC serves (of those within .002 of it the best Brier score), be it a model or a \
                 rule; with fewer than 50 contracts, or none that ended, the share of contracts as old. Contracts that \
                 have ended are not at risk.",
    needs: &[],
    reads: Parts { customers: Described::All, ..Parts::ORDERS },
    outputs: &[&CONTRACTS, &CONTRACT_SURVIVAL, &CONTRACT_CARDS],
};

/// Parameters: `[contracts]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contracts {
    /// Months within which a contract ends or not.
    pub horizon_months: u16,
    /// The probability the band `medium` begins at.
    pub medium_from: f64,
    /// The probability the band `high` begins at.
    pub high_from: f64,
}

impl Default for Contracts {
    fn default() -> Contracts {
        Contracts { horizon_months: 3, medium_from: 0.2, high_from: 0.5 }
    }
}

impl Analysis for Contracts {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let contracts = contracts(facts);
        let served = served(&contracts, facts.as_of, self.horizon_months.max(1));
        Ok(vec![
            self.frame(inputs, &contracts, &served)?,
            survival_frame(&contracts, facts.as_of)?,
            cards_frame(&served)?,
        ])
    }
}

impl Contracts {
    fn band(&self, probability: Option<f64>) -> &'static str {
        match probability {
            None => "ended",
            Some(probability) if probability >= self.high_from => "high",
            Some(probability) if probability >= self.medium_from => "medium",
            Some(_) => "low",
        }
    }

    fn frame(&self, inputs: &Inputs<'_>, contracts: &[Contract], served: &Served) -> Result<DataFrame> {
        let as_of = inputs.facts.as_of;
        let probability =
            |(contract, probability): (&Contract, &f64)| (!contract.has_ended(as_of)).then_some(*probability);
        let probabilities: Vec<Option<f64>> = contracts.iter().zip(&served.probability).map(probability).collect();
        let at_risk = |(contract, probability): (&Contract, &Option<f64>)| {
            let charge = contract.charge? as f64 * f64::from(self.horizon_months);
            Some((probability.unwrap_or(0.0) * charge).round() as i64)
        };
        let mut reasons: [Vec<Option<String>>; 3] = Default::default();
        for (contract, probability) in contracts.iter().zip(&probabilities) {
            let mut found = probability.map(|_| served.reasons(contract, as_of)).unwrap_or_default().into_iter();
            reasons.iter_mut().for_each(|column| column.push(found.next()));
        }
        let [reason_1, reason_2, reason_3] = reasons;
        FrameBuilder::new(&CONTRACTS)
            .text("customer_id", contracts.iter().map(|of| inputs.facts.customers.id(of.customer)))
            .whole("months", contracts.iter().map(|of| of.months(as_of).into()).collect())
            .flag("ended", contracts.iter().map(|of| of.has_ended(as_of)).collect())
            .maybe_whole("monthly_charge", contracts.iter().map(|of| of.charge).collect())
            .maybe_ratio("churn_probability", probabilities.clone())
            .text("risk_band", probabilities.iter().map(|probability| self.band(*probability)))
            .maybe_text("reason_1", reason_1)
            .maybe_text("reason_2", reason_2)
            .maybe_text("reason_3", reason_3)
            .maybe_whole("profit_at_risk", contracts.iter().zip(&probabilities).map(at_risk).collect())
            .text("method", contracts.iter().map(|_| served.method))
            .finish()
    }
}

fn survival_frame(contracts: &[Contract], as_of: i32) -> Result<DataFrame> {
    let mut rows: Vec<(&str, &str, _)> = Vec::new();
    let mut add = |dimension: &'static str, value, members: &[(u32, bool)]| {
        rows.extend(survival_curve(members).into_iter().map(|step| (dimension, value, step)));
    };
    let lasted = |of: &Contract| (of.months(as_of), of.has_ended(as_of));
    add("all", "", &contracts.iter().map(lasted).collect::<Vec<_>>());
    for (place, Group { name, .. }) in GROUPS.iter().enumerate() {
        let mut values: Vec<&str> = contracts.iter().map(|of| of.groups[place].as_str()).collect();
        values.sort_unstable();
        values.dedup();
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            let members = contracts.iter().filter(|of| of.groups[place] == value).map(lasted);
            add(name, value, &members.collect::<Vec<_>>());
        }
    }
    FrameBuilder::new(&CONTRACT_SURVIVAL)
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
    FrameBuilder::new(&CONTRACT_CARDS)
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
