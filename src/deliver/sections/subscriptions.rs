//! Contracts: how long they last, and which are likely to end.

use super::customers::model_card;
use super::{Delivery, Rows, customer_name};
use crate::contracts::results::{SUBSCRIPTION_CARDS, SUBSCRIPTION_SURVIVAL, SUBSCRIPTIONS};
use crate::deliver::churn_words::subscription_reason;
use crate::deliver::report::{ChurnCustomer, RiskBand, Subscriptions};
use crate::error::Result;

/// Contracts at risk shown.
const AT_RISK: usize = 20;

/// The contracts; nothing where no customer has one.
pub fn subscriptions(delivery: &Delivery<'_>) -> Result<Option<Subscriptions>> {
    let Ok(frame) = delivery.results.get(&SUBSCRIPTIONS) else { return Ok(None) };
    let rows = Rows(frame);
    if rows.len() == 0 {
        return Ok(None);
    }
    let settings = &delivery.config.analyses.subscriptions;
    let band = |name: &str, lower, upper| RiskBand { band: name.into(), lower, upper, ..RiskBand::default() };
    let mut of = Subscriptions {
        horizon_months: settings.horizon_months.into(),
        bands: vec![
            band("high", settings.high_from, 1.0),
            band("medium", settings.medium_from, settings.high_from),
            band("low", 0.0, settings.medium_from),
        ],
        ..Subscriptions::default()
    };
    let mut ranking: Vec<(i64, usize)> = Vec::new();
    for row in 0..rows.len() {
        if rows.flag("ended", row)? {
            of.ended += 1;
            continue;
        }
        of.running += 1;
        of.monthly += rows.number("monthly_charge", row)?;
        let (name, money) = (rows.text("risk_band", row)?, rows.number("profit_at_risk", row)?);
        if let Some(band) = of.bands.iter_mut().find(|band| band.band == name) {
            band.customers += 1;
            band.expected_churners += rows.ratio("churn_probability", row)?.unwrap_or(0.0);
            band.profit_at_risk += money;
        }
        if name != "low" {
            ranking.push((-money, row));
        }
    }
    ranking.sort_unstable();
    for (_, row) in ranking.into_iter().take(AT_RISK) {
        let id = rows.text("customer_id", row)?;
        let mut reasons = Vec::new();
        for name in ["reason_1", "reason_2", "reason_3"] {
            let reason = rows.text(name, row)?;
            if !reason.is_empty() {
                reasons.push(subscription_reason(&reason, delivery.language));
            }
        }
        of.customers.push(ChurnCustomer {
            name: customer_name(delivery, &id),
            customer_id: id,
            probability: rows.ratio("churn_probability", row)?.unwrap_or(0.0),
            profit_at_risk: rows.number("profit_at_risk", row)?,
            reasons,
        });
    }
    if let Ok(frame) = delivery.results.get(&SUBSCRIPTION_SURVIVAL) {
        let rows = Rows(frame);
        for row in 0..rows.len() {
            if rows.text("dimension", row)? == "all" {
                let share = |name: &str| -> Result<f64> { Ok(rows.ratio(name, row)?.unwrap_or(0.0)) };
                of.survival.push((rows.count("month", row)?, share("survival")?, (share("low")?, share("high")?)));
            }
        }
    }
    of.model_card = model_card(delivery, &SUBSCRIPTION_CARDS, "subscriptions")?;
    Ok(Some(of))
}
