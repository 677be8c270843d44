//! Forecast, bridges, anomalies, products and market of the trend section.

use std::collections::{BTreeMap, BTreeSet};

use super::{Delivery, Rows, product_name};
use crate::contracts::Table;
use crate::contracts::results::{
    TREND_ABC, TREND_ANOMALIES, TREND_BASKET_BRIDGE, TREND_BRIDGE, TREND_CUSTOMER_BRIDGE, TREND_FORECAST,
    TREND_FORECAST_BACKTEST, TREND_MARKET, TREND_PRODUCTS,
};
use crate::deliver::report::{
    AbcMatrix, Anomaly, Bridge, CalendarTest, ForecastChart, ForecastMonth, ForecastPart, MarketShare, MonthRow,
    Outlook, ProductWay,
};
use crate::error::Result;

/// Complete months before the forecast in the chart.
const PAST: usize = 24;

const MONTHS_A_YEAR: u64 = 12;

/// Everything of it; `months` are those of all sales.
pub fn outlook(delivery: &Delivery<'_>, months: &[MonthRow]) -> Result<Outlook> {
    let complete: Vec<&MonthRow> = months.iter().filter(|month| !month.partial).collect();
    let last = complete.last().map_or("", |month| month.month.as_str());
    Ok(Outlook {
        forecast: forecast(delivery, &complete)?,
        forecast_parts: forecast_parts(delivery)?,
        product_bridge: bridge(
            delivery,
            &TREND_BRIDGE,
            last,
            ["rev0", "rev1"],
            &["price", "volume", "mix", "new", "lost"],
        )?,
        customer_bridge: bridge(
            delivery,
            &TREND_CUSTOMER_BRIDGE,
            last,
            ["net_sales_base", "net_sales"],
            &["new", "reactivated", "retained", "lost", "others", "anonymous"],
        )?,
        basket_bridge: bridge(
            delivery,
            &TREND_BASKET_BRIDGE,
            last,
            ["sales_base", "sales"],
            &["customers", "frequency", "basket"],
        )?,
        anomalies: anomalies(delivery)?,
        anomaly_months: delivery.config.analyses.trends.anomaly_months as u64,
        months_judged: months_judged(delivery)?,
        abc: abc(delivery)?,
        products: products(delivery)?,
        market: market(delivery)?,
        market_doubts: market_doubts(delivery)?,
    })
}

fn rows<'d>(delivery: &Delivery<'d>, table: &'static Table) -> Option<Rows<'d>> {
    delivery.results.get(table).ok().map(Rows).filter(|rows| rows.len() > 0)
}

fn forecast(delivery: &Delivery<'_>, complete: &[&MonthRow]) -> Result<Option<ForecastChart>> {
    let (Some(rows), Some(tests)) = (rows(delivery, &TREND_FORECAST), rows(delivery, &TREND_FORECAST_BACKTEST)) else {
        return Ok(None);
    };
    let newest = &complete[complete.len().saturating_sub(PAST)..];
    let mut chart = ForecastChart {
        past: newest.iter().map(|month| (month.month.clone(), month.net_sales)).collect(),
        ..ForecastChart::default()
    };
    chart.lebaran = newest.iter().filter(|month| month.lebaran.is_some()).map(|month| month.month.clone()).collect();
    let mut unknown = 0;
    for row in 0..rows.len() {
        if rows.text("dimension", row)? == "all" {
            let bounds =
                |low, high| -> Result<Option<(i64, i64)>> { Ok(rows.whole(low, row)?.zip(rows.whole(high, row)?)) };
            chart.months.push(ForecastMonth {
                month: rows.text("period", row)?,
                forecast: rows.number("forecast", row)?,
                inner: bounds("low", "high")?,
                outer: bounds("low_95", "high_95")?,
            });
            if rows.day("lebaran", row)?.is_some() {
                chart.lebaran.push(rows.text("period", row)?);
            }
            unknown += u64::from(rows.text("calendar", row)? == "not_known");
        }
    }
    for row in 0..tests.len() {
        if tests.text("dimension", row)? == "all" {
            chart.is_better = is_better(&tests.text("verdict", row)?);
            chart.tested_months = tests.count("backtest_months", row)?;
            chart.error = tests.whole("error", row)?;
            chart.naive_is_last_month = tests.count("n_months", row)? < chart.tested_months + MONTHS_A_YEAR;
            chart.naive_error = tests.whole("error_seasonal_naive", row)?;
            chart.inside_80 = tests.ratio("inside_80", row)?;
            let errors = tests.whole("error_without_calendar", row)?.zip(tests.whole("error_with_calendar", row)?);
            let effect = |name| tests.ratio(name, row);
            // The two weeks before Lebaran are days of Ramadan too.
            let before = effect("effect_ramadan")?.zip(effect("effect_before_lebaran")?);
            let effects = match (effect("effect_saturday")?, before, effect("effect_lebaran")?) {
                (Some(saturday), Some((ramadan, before)), Some(after)) => Some([saturday, ramadan + before, after]),
                _ => None,
            };
            chart.calendar = errors.map(|(without, with)| CalendarTest {
                errors: [without, with],
                effects,
                unknown_months: unknown,
            });
        }
    }
    Ok((!chart.months.is_empty()).then_some(chart))
}

fn is_better(verdict: &str) -> Option<bool> {
    match verdict {
        "better_than_seasonal_naive" => Some(true),
        "no_better_than_seasonal_naive" => Some(false),
        _ => None,
    }
}

/// The forecasts of branches and categories, the largest first.
fn forecast_parts(delivery: &Delivery<'_>) -> Result<Vec<ForecastPart>> {
    let (Some(rows), Some(tests)) = (rows(delivery, &TREND_FORECAST), rows(delivery, &TREND_FORECAST_BACKTEST)) else {
        return Ok(Vec::new());
    };
    let mut verdicts = BTreeMap::new();
    for row in 0..tests.len() {
        verdicts.insert(
            (tests.text("dimension", row)?, tests.text("value", row)?),
            is_better(&tests.text("verdict", row)?),
        );
    }
    let mut sums: BTreeMap<(String, String), (i64, usize)> = BTreeMap::new();
    for row in 0..rows.len() {
        let dimension = rows.text("dimension", row)?;
        if dimension == "branch" || dimension == "category" {
            let sum = sums.entry((dimension, rows.text("value", row)?)).or_default();
            sum.0 += rows.number("forecast", row)?;
            sum.1 += 1;
        }
    }
    let past = past_sales(delivery, sums.values().map(|(_, months)| *months).max().unwrap_or(0))?;
    let mut parts: Vec<ForecastPart> = sums
        .into_iter()
        .map(|((dimension, value), (forecast, _))| ForecastPart {
            name: value_name(delivery, &dimension, &value),
            forecast,
            past: past.get(&(dimension.clone(), value.clone())).copied().unwrap_or(0),
            is_better: verdicts.get(&(dimension.clone(), value)).copied().flatten(),
            dimension,
        })
        .collect();
    parts.sort_by(|left, right| {
        left.dimension.cmp(&right.dimension).then(right.forecast.cmp(&left.forecast)).then(left.name.cmp(&right.name))
    });
    Ok(parts)
}

/// Net sales of the last complete months, by dimension and value.
fn past_sales(delivery: &Delivery<'_>, months: usize) -> Result<BTreeMap<(String, String), i64>> {
    let mut sums = BTreeMap::new();
    let Some(rows) = rows(delivery, &crate::contracts::results::TREND_KPIS) else { return Ok(sums) };
    let mut periods = std::collections::BTreeSet::new();
    for row in 0..rows.len() {
        if !rows.flag("is_partial", row)? {
            periods.insert(rows.text("period", row)?);
        }
    }
    let first = periods.iter().nth(periods.len().saturating_sub(months)).cloned();
    for row in 0..rows.len() {
        let period = rows.text("period", row)?;
        if first.as_ref().is_some_and(|first| period >= *first) && periods.contains(&period) {
            let key = (rows.text("dimension", row)?, rows.text("value", row)?);
            *sums.entry(key).or_default() += rows.number("net_sales", row)?;
        }
    }
    Ok(sums)
}

/// What people call a value.
fn value_name(delivery: &Delivery<'_>, dimension: &str, value: &str) -> String {
    let branches = &delivery.facts.branches;
    let name = match dimension {
        "branch" => branches.find(value).map_or("", |branch| branches.text_at("name", branch)),
        _ => "",
    };
    if name.is_empty() { value.to_string() } else { name.to_string() }
}

/// The bridge to the last complete month: from the same month a year before, or, where there is none, from the month before.
fn bridge(
    delivery: &Delivery<'_>,
    table: &'static Table,
    month: &str,
    ends: [&str; 2],
    steps: &[&str],
) -> Result<Option<Bridge>> {
    let Some(rows) = rows(delivery, table) else { return Ok(None) };
    let mut found: Option<Bridge> = None;
    for row in 0..rows.len() {
        let of_all = table.position("dimension").is_none() || rows.text("dimension", row)? == "all";
        if !of_all || rows.text("period", row)? != month || rows.flag("is_partial", row)? {
            continue;
        }
        let base_month = rows.text("base_period", row)?;
        if found.as_ref().is_none_or(|known| base_month < known.base_month) {
            let steps: Result<Vec<(String, i64)>> =
                steps.iter().map(|step| Ok(((*step).to_string(), rows.number(step, row)?))).collect();
            found = Some(Bridge {
                base_month,
                month: month.to_string(),
                from: rows.number(ends[0], row)?,
                steps: steps?,
                to: rows.number(ends[1], row)?,
            });
        }
    }
    Ok(found)
}

/// How many months of all sales were held against what was expected of them.
fn months_judged(delivery: &Delivery<'_>) -> Result<u64> {
    let Some(rows) = rows(delivery, &TREND_FORECAST_BACKTEST) else { return Ok(0) };
    for row in 0..rows.len() {
        if rows.text("dimension", row)? == "all" {
            return rows.count("months_judged", row);
        }
    }
    Ok(0)
}

fn anomalies(delivery: &Delivery<'_>) -> Result<Vec<Anomaly>> {
    let Some(rows) = rows(delivery, &TREND_ANOMALIES) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for row in 0..rows.len() {
        let dimension = rows.text("dimension", row)?;
        found.push(Anomaly {
            month: rows.text("period", row)?,
            name: value_name(delivery, &dimension, &rows.text("value", row)?),
            dimension,
            actual: rows.number("actual", row)?,
            expected: rows.number("expected", row)?,
            contribution: rows.ratio("contribution", row)?,
            is_outside: rows.flag("is_outside", row)?,
            ramadan_days: rows.count("ramadan_days", row)?,
        });
    }
    // Newest month first; inside a month as in the table: all sales first.
    found.sort_by(|left, right| right.month.cmp(&left.month));
    Ok(found)
}

fn abc(delivery: &Delivery<'_>) -> Result<Option<AbcMatrix>> {
    let Some(rows) = rows(delivery, &TREND_ABC) else { return Ok(None) };
    let mut matrix = AbcMatrix { cells: vec![vec![(0, 0); 4]; 3], moves: None };
    for row in 0..rows.len() {
        let place = |classes: [&str; 3], class: &str| classes.iter().position(|known| *known == class);
        if let Some(worth) = place(["A", "B", "C"], &rows.text("abc", row)?) {
            let evenness = place(["X", "Y", "Z"], &rows.text("xyz", row)?).unwrap_or(3);
            let cell = &mut matrix.cells[worth][evenness];
            *cell = (cell.0 + 1, cell.1 + rows.number("revenue", row)?);
        }
        let movement = rows.text("move", row)?;
        if !movement.is_empty() {
            let moves = matrix.moves.get_or_insert([0; 4]);
            if let Some(kind) = ["up", "down", "new", "gone"].iter().position(|kind| *kind == movement) {
                moves[kind] += 1;
            }
        }
    }
    Ok(Some(matrix))
}

fn products(delivery: &Delivery<'_>) -> Result<Vec<ProductWay>> {
    const EACH: u64 = 5;
    let Some(rows) = rows(delivery, &TREND_PRODUCTS) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for row in 0..rows.len() {
        if rows.count("rank", row)? > EACH {
            continue;
        }
        let product_id = rows.text("product_id", row)?;
        let against = rows.text("taken_from", row)?;
        found.push(ProductWay {
            kind: rows.text("kind", row)?,
            name: product_name(delivery, &product_id),
            product_id,
            first_month: rows.text("first_period", row)?,
            revenue: (rows.number("revenue", row)?, rows.number("previous_revenue", row)?),
            share_change: rows.ratio("share_change", row)?.unwrap_or(0.0),
            against: if against.is_empty() { against } else { product_name(delivery, &against) },
        });
    }
    Ok(found)
}

/// Why markets give no shares, and how many of each, a market being a month and category.
fn market_doubts(delivery: &Delivery<'_>) -> Result<Vec<(String, u64)>> {
    let Some(rows) = rows(delivery, &TREND_MARKET) else { return Ok(Vec::new()) };
    let mut markets: BTreeSet<(String, String, String)> = BTreeSet::new();
    for row in 0..rows.len() {
        markets.insert((rows.text("doubt", row)?, rows.text("period", row)?, rows.text("category", row)?));
    }
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (doubt, ..) in markets.into_iter().filter(|(doubt, ..)| !doubt.is_empty()) {
        *counts.entry(doubt).or_default() += 1;
    }
    Ok(counts.into_iter().collect())
}

fn market(delivery: &Delivery<'_>) -> Result<Vec<MarketShare>> {
    let Some(rows) = rows(delivery, &TREND_MARKET) else { return Ok(Vec::new()) };
    let mut newest = String::new();
    for row in 0..rows.len() {
        if !rows.flag("is_partial", row)? {
            newest = newest.max(rows.text("period", row)?);
        }
    }
    let mut found: BTreeMap<String, MarketShare> = BTreeMap::new();
    for row in 0..rows.len() {
        if rows.text("period", row)? != newest {
            continue;
        }
        let category = rows.text("category", row)?;
        let share = found.entry(category.clone()).or_insert_with(|| MarketShare {
            month: newest.clone(),
            category,
            ..MarketShare::default()
        });
        match rows.text("competitor", row)?.as_str() {
            "own" => {
                share.own = rows.number("sales", row)?;
                share.share = rows.ratio("share", row)?;
                share.changes = (rows.ratio("share_change", row)?, rows.ratio("share_change_last_year", row)?);
            }
            "total" => share.total = rows.number("sales", row)?,
            competitor => {
                let part = rows.ratio("share", row)?.unwrap_or(0.0);
                if share.largest.as_ref().is_none_or(|(_, largest)| part > *largest) {
                    share.largest = Some((competitor.to_string(), part));
                }
                if let Some(index) = rows.ratio("price_index", row)?
                    && share.price_index.as_ref().is_none_or(|(highest, _)| index > *highest)
                {
                    share.price_index = Some((index, competitor.to_string()));
                }
            }
        }
    }
    let mut found: Vec<MarketShare> = found.into_values().collect();
    found.sort_by(|left, right| {
        let rest = |share: &MarketShare| (share.category != "all", -share.total);
        rest(left).cmp(&rest(right)).then(left.category.cmp(&right.category))
    });
    Ok(found)
}
