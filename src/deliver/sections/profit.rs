//! Who earns us money.

use super::{Delivery, Rows, customer_name, sales_period};
use crate::analyses::frame::{texts, wholes};
use crate::contracts::results::{
    PROFITABILITY, PROFITABILITY_DECILES, PROFITABILITY_LOSSES, PROFITABILITY_TIEOUT, PROFITABILITY_WHALE,
};
use crate::deliver::report::{
    CostPool, CustomerProfit, DecileRow, Profitability, TieOutRow, Waterfall, WhaleCurve, WhalePoint,
};
use crate::error::Result;

/// Customers shown at either end.
const ENDS: usize = 10;

/// The statement, its whale curve and its tie-out.
pub fn profitability(delivery: &Delivery<'_>) -> Result<Option<Profitability>> {
    let Ok(frame) = delivery.results.get(&PROFITABILITY) else { return Ok(None) };
    if delivery.facts.orders.is_empty() {
        return Ok(None);
    }
    let contribution: Vec<i64> = wholes(frame, "contribution")?.iter().flatten().collect();
    let outside: Vec<bool> = texts(frame, "party_class")?.iter().map(|class| class != Some("internal")).collect();
    let mut ranking: Vec<u32> = (0..contribution.len() as u32).filter(|row| outside[*row as usize]).collect();
    ranking.sort_by_key(|row| (-contribution[*row as usize], *row));
    let rows = Rows(frame);
    let profile = |row: &u32| -> Result<CustomerProfit> {
        let row = *row as usize;
        let id = rows.text("customer_id", row)?;
        Ok(CustomerProfit {
            name: customer_name(delivery, &id),
            customer_id: id,
            orders: rows.count("n_orders", row)?,
            net_sales: rows.number("net_sales", row)?,
            contribution: contribution[row],
            reasons: Vec::new(),
        })
    };
    let earned = |row: &&u32| contribution[**row as usize] > 0;
    let (mut customers, mut losing) = (0, 0);
    for row in &ranking {
        customers += 1;
        losing += u64::from(contribution[*row as usize] < 0);
    }
    let whale_curve = whale(delivery, customers, losing)?;
    Ok(Some(Profitability {
        period: sales_period(delivery),
        whale_curve,
        deciles: deciles(delivery)?,
        waterfall: waterfall(delivery)?,
        best: ranking.iter().filter(earned).take(ENDS).map(profile).collect::<Result<_>>()?,
        worst: losses(delivery, &profile)?,
        tie_out: tie_out(delivery)?,
    }))
}

/// The largest losses, with what makes them so.
fn losses(delivery: &Delivery<'_>, profile: &dyn Fn(&u32) -> Result<CustomerProfit>) -> Result<Vec<CustomerProfit>> {
    let Ok(frame) = delivery.results.get(&PROFITABILITY_LOSSES) else { return Ok(Vec::new()) };
    let rows = Rows(frame);
    let mut found = Vec::new();
    for row in 0..rows.len().min(ENDS) {
        let Some(customer) = delivery.facts.customers.find(&rows.text("customer_id", row)?) else { continue };
        let mut customer = profile(&(customer as u32))?;
        for (reason, excess) in [("reason_1", "excess_1"), ("reason_2", "excess_2"), ("reason_3", "excess_3")] {
            let line = rows.text(reason, row)?;
            if !line.is_empty() {
                let line = line.strip_prefix("cost_").unwrap_or(&line).to_string();
                customer.reasons.push((line, rows.number(excess, row)?));
            }
        }
        found.push(customer);
    }
    Ok(found)
}

fn whale(delivery: &Delivery<'_>, customers: u64, losing: u64) -> Result<Option<WhaleCurve>> {
    let Ok(frame) = delivery.results.get(&PROFITABILITY_WHALE) else { return Ok(None) };
    let mut points = vec![WhalePoint { customer_share: 0.0, contribution_share: 0.0 }];
    let (percents, sums) = (wholes(frame, "percent")?, wholes(frame, "cumulative_contribution")?);
    // The curve is that of the customers outside the house, and ends at what they brought.
    let total = sums.iter().flatten().next_back().unwrap_or(0);
    if total <= 0 {
        return Ok(None);
    }
    for (percent, sum) in percents.iter().flatten().zip(sums.iter().flatten()) {
        points
            .push(WhalePoint { customer_share: percent as f64 / 100.0, contribution_share: sum as f64 / total as f64 });
    }
    Ok(Some(WhaleCurve { customers, losing_customers: losing, points }))
}

fn deciles(delivery: &Delivery<'_>) -> Result<Vec<DecileRow>> {
    let Ok(frame) = delivery.results.get(&PROFITABILITY_DECILES) else { return Ok(Vec::new()) };
    let rows = Rows(frame);
    let total: i64 = wholes(frame, "contribution")?.iter().flatten().sum();
    let share = |value: i64| if total == 0 { 0.0 } else { value as f64 / total as f64 };
    let mut sum = 0;
    (0..rows.len())
        .map(|row| {
            let contribution = rows.number("contribution", row)?;
            sum += contribution;
            Ok(DecileRow {
                decile: rows.number("decile", row)? as u32,
                customers: rows.count("customers", row)?,
                net_sales: rows.number("net_sales", row)?,
                contribution,
                contribution_share: share(contribution),
                cumulative_share: share(sum),
            })
        })
        .collect()
}

/// From gross sales to the contribution of all known customers.
fn waterfall(delivery: &Delivery<'_>) -> Result<Option<Waterfall>> {
    let Ok(frame) = delivery.results.get(&PROFITABILITY_TIEOUT) else { return Ok(None) };
    let rows = Rows(frame);
    let mut waterfall = Waterfall::default();
    for row in 0..rows.len() {
        let amount = rows.number("customers", row)?;
        match rows.text("line", row)?.as_str() {
            "gross_sales" => waterfall.gross_sales = amount,
            "discounts" => waterfall.discounts = amount,
            "promotions" => waterfall.promotions = amount,
            "returns" => waterfall.returns = amount,
            "rebates" => waterfall.rebates = amount,
            "net_sales" => waterfall.net_sales = amount,
            "cogs" => waterfall.cogs = amount,
            "accounts_without_pool" => {}
            pool => {
                let name = pool.strip_prefix("cost_").unwrap_or(pool).to_string();
                if amount != 0 {
                    waterfall.cost_pools.push(CostPool { name, amount });
                }
            }
        }
    }
    waterfall.gross_margin = waterfall.net_sales - waterfall.cogs;
    waterfall.contribution = waterfall.gross_margin - waterfall.cost_pools.iter().map(|pool| pool.amount).sum::<i64>();
    Ok(Some(waterfall))
}

fn tie_out(delivery: &Delivery<'_>) -> Result<Vec<TieOutRow>> {
    let Ok(frame) = delivery.results.get(&PROFITABILITY_TIEOUT) else { return Ok(Vec::new()) };
    let rows = Rows(frame);
    (0..rows.len())
        .map(|row| {
            let line = rows.text("line", row)?;
            Ok(TieOutRow {
                line: line.strip_prefix("cost_").unwrap_or(&line).to_string(),
                ledger: rows.number("ledger", row)? + rows.number("received", row)? - rows.number("passed_on", row)?,
                internal: rows.number("internal", row)?,
                unused: rows.number("unused", row)?,
                customers: rows.number("customers", row)?,
                anonymous: rows.number("anonymous", row)?,
                unallocated: rows.number("unallocated", row)? + rows.number("rounding", row)?,
                difference: rows.number("difference", row)?,
            })
        })
        .collect()
}
