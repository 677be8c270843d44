//! Months, movers, cohorts, and the tiles at the head.

use std::collections::BTreeMap;

use super::{Delivery, Rows};
use crate::calendar::month_name;
use crate::contracts::results::{CHURN, TREND_CALENDAR, TREND_COHORTS, TREND_KPIS, TREND_MOVERS, TREND_SLOPES};
use crate::deliver::report::{CohortRow, Cohorts, Figure, KeyFigures, MonthRow, Mover, Period, SlopeTest, Trend};
use crate::error::Result;

/// Months shown at most.
const MONTHS: usize = 25;

/// The course of sales.
pub fn trend(delivery: &Delivery<'_>) -> Result<Option<Trend>> {
    let months = months(delivery)?;
    if months.is_empty() {
        return Ok(None);
    }
    let mut slope = None;
    if let Ok(frame) = delivery.results.get(&TREND_SLOPES) {
        let rows = Rows(frame);
        for row in 0..rows.len() {
            if rows.text("dimension", row)? == "all"
                && let (Some(sen_slope), Some(p_value)) = (rows.whole("sen_slope", row)?, rows.ratio("p_value", row)?)
            {
                slope = Some(SlopeTest { months: rows.count("n_months", row)?, sen_slope, p_value });
            }
        }
    }
    let (categories, movers_month) = movers(delivery, "category")?;
    let (branches, other_month) = movers(delivery, "branch")?;
    let movers_month = if movers_month.is_empty() { other_month } else { movers_month };
    let skip = months.len().saturating_sub(MONTHS);
    let outlook = super::outlook::outlook(delivery, &months)?;
    Ok(Some(Trend { months: months[skip..].to_vec(), slope, movers_month, categories, branches, outlook }))
}

fn months(delivery: &Delivery<'_>) -> Result<Vec<MonthRow>> {
    let Ok(frame) = delivery.results.get(&TREND_KPIS) else { return Ok(Vec::new()) };
    let rows = Rows(frame);
    let mut months = Vec::new();
    for row in 0..rows.len() {
        if rows.text("dimension", row)? != "all" {
            continue;
        }
        months.push(MonthRow {
            month: rows.text("period", row)?,
            partial: rows.flag("is_partial", row)?,
            lebaran: None,
            net_sales: rows.number("net_sales", row)?,
            orders: rows.count("orders", row)?,
            active_customers: rows.count("active_customers", row)?,
            new_customers: rows.count("new_customers", row)?,
            returning_customers: rows.count("returning_customers", row)?,
            average_order: average(rows.number("net_sales", row)?, rows.number("orders", row)?),
        });
    }
    months.sort_by(|left, right| left.month.cmp(&right.month));
    if let Ok(frame) = delivery.results.get(&TREND_CALENDAR) {
        let rows = Rows(frame);
        for row in 0..rows.len() {
            let period = rows.text("period", row)?;
            if let Ok(at) = months.binary_search_by(|month| month.month.as_str().cmp(&period)) {
                months[at].lebaran = rows.day("lebaran", row)?;
            }
        }
    }
    Ok(months)
}

/// Net sales an order, to the nearest unit.
fn average(net_sales: i64, orders: i64) -> Option<i64> {
    (orders > 0).then(|| (net_sales + net_sales.signum() * (orders / 2)) / orders)
}

/// The values of a dimension that moved most against the month before, up and down.
fn movers(delivery: &Delivery<'_>, dimension: &str) -> Result<(Vec<Mover>, String)> {
    let Ok(frame) = delivery.results.get(&TREND_MOVERS) else { return Ok((Vec::new(), String::new())) };
    let rows = Rows(frame);
    let mut found: Vec<(i64, Mover)> = Vec::new();
    let mut month = String::new();
    for row in 0..rows.len() {
        if rows.text("dimension", row)? != dimension || rows.text("comparison", row)? != "previous_month" {
            continue;
        }
        month = rows.text("period", row)?;
        let name = rows.text("name", row)?;
        let mover = Mover {
            name: if name.is_empty() { rows.text("value", row)? } else { name },
            net_sales: rows.number("net_sales", row)?,
            previous_month: rows.whole("previous_net_sales", row)?,
            same_month_last_year: rows.whole("last_year_net_sales", row)?,
        };
        found.push((rows.number("change", row)?, mover));
    }
    found.sort_by(|left, right| right.0.abs().cmp(&left.0.abs()).then(left.1.name.cmp(&right.1.name)));
    Ok((found.into_iter().map(|(_, mover)| mover).take(10).collect(), month))
}

/// Retention by month of the first order.
pub fn cohorts(delivery: &Delivery<'_>) -> Result<Option<Cohorts>> {
    let Ok(frame) = delivery.results.get(&TREND_COHORTS) else { return Ok(None) };
    let rows = Rows(frame);
    /// Customers, retention by age, net sales, contribution up to each age.
    #[derive(Default)]
    struct Seen {
        customers: u64,
        retention: BTreeMap<usize, f64>,
        net_sales: i64,
        contribution: Vec<i64>,
    }
    let mut triangle: BTreeMap<String, Seen> = BTreeMap::new();
    let mut last = String::new();
    // The ages of a cohort follow each other.
    for row in 0..rows.len() {
        let cohort = triangle.entry(rows.text("cohort", row)?).or_default();
        cohort.customers = rows.count("cohort_size", row)?;
        cohort.net_sales = rows.number("cumulative_net_sales", row)?;
        cohort.contribution.push(rows.number("cumulative_contribution", row)?);
        last = last.max(rows.text("period", row)?);
        if let Some(retention) = rows.ratio("retention", row)? {
            cohort.retention.insert(rows.count("age", row)? as usize, retention);
        }
    }
    let month = |name: &str| {
        name.split_once('-').and_then(|(year, month)| Some(year.parse::<i32>().ok()? * 12 + month.parse::<i32>().ok()?))
    };
    let last = month(&last).unwrap_or(0);
    let rows = triangle.into_iter().map(|(cohort, seen)| {
        let observed = (last - month(&cohort).unwrap_or(last)).max(0) as usize;
        // A cell inside the data without a row is a month in which nobody of the cohort bought.
        let retention = (0..=observed).map(|age| Some(seen.retention.get(&age).copied().unwrap_or(0.0))).collect();
        CohortRow {
            cohort,
            customers: seen.customers,
            retention,
            brought: (seen.net_sales, seen.contribution.last().copied().unwrap_or(0)),
            contribution: seen.contribution,
        }
    });
    Ok(Some(Cohorts { rows: rows.collect() }))
}

/// The tiles: the twelve complete months up to now against the twelve before.
pub fn key_figures(delivery: &Delivery<'_>) -> Result<Option<KeyFigures>> {
    let months: Vec<MonthRow> = months(delivery)?.into_iter().filter(|month| !month.partial).collect();
    if months.is_empty() {
        return Ok(None);
    }
    let span = 12.min(months.len());
    let now = &months[months.len() - span..];
    let before = months.len().checked_sub(span * 2).map(|from| &months[from..from + span]);
    let bounds = |months: &[MonthRow]| Period {
        start: first_day(&months[0].month, 0),
        end: first_day(&months[months.len() - 1].month, 1),
    };
    let sum = |months: &[MonthRow], value: fn(&MonthRow) -> i64| months.iter().map(value).sum::<i64>();
    let money = |value: fn(&MonthRow) -> i64| Figure {
        value: sum(now, value),
        previous: before.map(|before| sum(before, value)),
        history: now.iter().map(value).collect(),
    };
    let orders: fn(&MonthRow) -> i64 = |month| month.orders as i64;
    let active = |months: &[MonthRow]| distinct_customers(delivery, months);
    let (active_now, repeat_now) = active(now);
    let previous = before.map(active);
    let at_risk = match delivery.results.get(&CHURN) {
        Ok(frame) => {
            let bands = crate::analyses::frame::texts(frame, "risk_band")?;
            Some(Figure {
                value: bands.iter().filter(|band| *band == Some("high")).count() as u64,
                previous: None,
                history: Vec::new(),
            })
        }
        Err(_) => None,
    };
    let known = known_customers(delivery)?;
    let of_known = |months: &[MonthRow], value: fn(&(i64, i64)) -> i64| -> i64 {
        months.iter().filter_map(|month| known.as_ref()?.get(&month.month)).map(value).sum()
    };
    let contribution = known.as_ref().map(|known| Figure {
        value: of_known(now, |month| month.1),
        previous: before.map(|before| of_known(before, |month| month.1)),
        history: now.iter().map(|month| known.get(&month.month).map_or(0, |sums| sums.1)).collect(),
    });
    let (net_sales, net_of_known) = (sum(now, |month| month.net_sales), of_known(now, |month| month.0));
    let share = |(active, repeat): (u64, u64)| if active == 0 { 0.0 } else { repeat as f64 / active as f64 };
    Ok(Some(KeyFigures {
        period: bounds(now),
        previous_period: before.map(bounds).unwrap_or_default(),
        net_sales: Some(money(|month| month.net_sales)),
        orders: Some(Figure {
            value: sum(now, orders) as u64,
            previous: before.map(|before| sum(before, orders) as u64),
            history: now.iter().map(|month| month.orders).collect(),
        }),
        active_customers: Some(Figure {
            value: active_now,
            previous: previous.map(|found| found.0),
            history: now.iter().map(|month| month.active_customers).collect(),
        }),
        contribution_of: (contribution.is_some() && net_of_known != net_sales).then_some(net_of_known),
        contribution,
        customers_at_risk: at_risk,
        repeat_customer_share: Some(Figure {
            value: share((active_now, repeat_now)),
            previous: previous.map(share),
            history: Vec::new(),
        }),
    }))
}

/// Net sales and contribution of the known customers by month; nothing where contributions were not worked out.
fn known_customers(delivery: &Delivery<'_>) -> Result<Option<BTreeMap<String, (i64, i64)>>> {
    let Ok(frame) = delivery.results.get(&TREND_COHORTS) else { return Ok(None) };
    let rows = Rows(frame);
    let mut months: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for row in 0..rows.len() {
        let sums = months.entry(rows.text("period", row)?).or_default();
        sums.0 += rows.number("net_sales", row)?;
        sums.1 += rows.number("contribution", row)?;
    }
    Ok(Some(months))
}

/// Known customers who bought in these months, and those of them who had bought before a purchase in them.
fn distinct_customers(delivery: &Delivery<'_>, months: &[MonthRow]) -> (u64, u64) {
    let facts = delivery.facts;
    let (first, last) = (&months[0].month, &months[months.len() - 1].month);
    let (mut active, mut repeat) = (0, 0);
    for customer in 0..facts.customers.len() {
        let sales = || facts.orders_of(customer).filter(|order| facts.is_sale(*order));
        let inside = |order: &usize| {
            let month = month_name(facts.orders.month[*order]);
            month >= *first && month <= *last
        };
        if let Some(latest) = sales().rfind(inside) {
            active += 1;
            repeat += u64::from(sales().next().is_some_and(|first| first != latest));
        }
    }
    (active, repeat)
}

/// The first day of a month, or of the one `later` months on.
fn first_day(month: &str, later: i32) -> String {
    let parts =
        month.split_once('-').and_then(|(year, month)| Some((year.parse::<i32>().ok()?, month.parse::<i32>().ok()?)));
    parts.map_or_else(String::new, |(year, month)| format!("{}-01", month_name(year * 12 + month - 1 + later)))
}
