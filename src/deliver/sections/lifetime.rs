//! What customers are expected to bring in the months ahead.

use super::customers::model_card;
use super::{Delivery, Rows};
use crate::contracts::results::{CLV, CLV_CARDS, CLV_MODEL};
use crate::deliver::report::{Lifetime, LifetimeTenth};
use crate::error::Result;

/// Parts the customers are cut into.
const PARTS: usize = 10;
/// The measures shown: the one that decides, that of the sum, that of single customers.
const MEASURES: [&str; 4] = ["explained_share", "total_ratio", "missed_share", "top_decile_share"];

/// Customer lifetime value by tenths; nothing where nobody has ordered.
pub fn lifetime(delivery: &Delivery<'_>) -> Result<Option<Lifetime>> {
    let Ok(frame) = delivery.results.get(&CLV) else { return Ok(None) };
    let rows = Rows(frame);
    if rows.len() == 0 {
        return Ok(None);
    }
    let mut customers = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        let number = |name: &str| rows.number(name, row);
        customers.push((number("clv")?, (number("clv_low")?, number("clv_high")?), number("historic_value")?));
    }
    let method = rows.text("method", 0)?;
    // Rows follow the customers, so that equal values are cut alike every time.
    customers.sort_by_key(|customer| std::cmp::Reverse(customer.0));
    let parts = PARTS.min(customers.len());
    let tenths = (0..parts).map(|part| {
        let of = &customers[part * customers.len() / parts..(part + 1) * customers.len() / parts];
        let mean =
            |end: fn(&(i64, i64)) -> i64| of.iter().map(|customer| end(&customer.1)).sum::<i64>() / of.len() as i64;
        LifetimeTenth {
            customers: of.len() as u64,
            value: of.iter().map(|customer| customer.0).sum(),
            interval: (mean(|ends| ends.0), mean(|ends| ends.1)),
            so_far: of.iter().map(|customer| customer.2).sum(),
        }
    });
    let mut months = 0;
    if let Ok(frame) = delivery.results.get(&CLV_MODEL) {
        let rows = Rows(frame);
        for row in 0..rows.len() {
            if rows.text("item", row)? == "horizon_months" {
                months = rows.ratio("value", row)?.unwrap_or(0.0) as u64;
            }
        }
    }
    let mut card = model_card(delivery, &CLV_CARDS, "clv")?;
    let mut coverage = None;
    if let Some(card) = &mut card {
        card.serve_as(&method);
        coverage = card.metrics.iter().find(|row| row.metric == "interval_coverage").and_then(|row| row.model);
        card.metrics.retain(|row| MEASURES.contains(&row.metric.as_str()));
        card.metrics.sort_by_key(|row| MEASURES.iter().position(|name| *name == row.metric));
    }
    Ok(Some(Lifetime { months, tenths: tenths.collect(), method, coverage, model_card: card }))
}
