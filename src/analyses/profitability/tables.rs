//! The statement as tables.

use polars::prelude::DataFrame;

use super::statement::{Figures, PeriodRows, Statement};
use super::{Profitability, Stage};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::Table;
use crate::contracts::results::{PROFITABILITY, PROFITABILITY_PERIODS, PROFITABILITY_POOLS, PROFITABILITY_WHALE};
use crate::error::Result;
use crate::facts::Facts;
use crate::stats::rank::ntile;

/// One row per customer.
pub(super) fn customers(parameters: &Profitability, facts: &Facts, statement: &Statement) -> Result<DataFrame> {
    let n = facts.customers.len();
    let mut deciles = vec![None; n];
    for (customer, decile) in statement.ranking.iter().zip(ntile_in_order(statement.ranking.len())) {
        deciles[*customer as usize] = Some(decile);
    }
    let figures = &statement.figures[..n];
    let classes = figures.iter().zip(&statement.contribution);
    let shares: Vec<&[i64]> = statement.pools.iter().map(|pool| &pool.shares[..n]).collect();
    let builder = waterfall(&PROFITABILITY, statement, figures, &shares);
    builder
        .text("customer_id", facts.customers.ids.iter().flatten())
        .text("party_class", (0..n).map(|customer| party_class(facts, customer)))
        .text("profit_class", classes.map(|(figures, contribution)| parameters.class(figures, *contribution)))
        .maybe_whole("decile", deciles)
        .finish()
}

/// What kind of party a customer is; external where the export does not say.
pub(super) fn party_class(facts: &Facts, customer: usize) -> &str {
    match facts.customers.text_at("party_class", customer) {
        "" => "external",
        class => class,
    }
}

/// The tenth of each place of a ranking.
fn ntile_in_order(count: usize) -> impl Iterator<Item = i64> {
    let places: Vec<u32> = (0..count as u32).collect();
    ntile(&places, 10).into_iter().map(i64::from)
}

/// The columns from gross sales to contribution.
fn waterfall(table: &'static Table, statement: &Statement, figures: &[Figures], shares: &[&[i64]]) -> FrameBuilder {
    let column = |value: fn(&Figures) -> i64| figures.iter().map(value).collect::<Vec<i64>>();
    let mut contribution = column(Figures::gross_margin);
    let mut builder = FrameBuilder::new(table)
        .whole("n_orders", column(|figures| figures.n_orders))
        .whole("n_lines", column(|figures| figures.n_lines))
        .whole("units", column(|figures| figures.units))
        .whole("gross_sales", column(|figures| figures.gross_sales))
        .whole("discounts", column(|figures| figures.discounts))
        .whole("promotions", column(|figures| figures.promotions))
        .whole("returns", column(|figures| figures.returns))
        .whole("rebates", column(|figures| figures.rebates))
        .whole("net_sales", column(Figures::net_sales))
        .whole("cogs", column(|figures| figures.cogs))
        .whole("gross_margin", column(Figures::gross_margin));
    for (stage, name) in Stage::ALL {
        let mut sum = vec![0; figures.len()];
        for (_, shares) in statement.pools.iter().zip(shares).filter(|(pool, _)| pool.stage == stage) {
            sum.iter_mut().zip(*shares).for_each(|(sum, share)| *sum += share);
        }
        contribution.iter_mut().zip(&sum).for_each(|(contribution, sum)| *contribution -= sum);
        builder = builder.whole(name, sum);
    }
    builder = builder.whole("contribution", contribution);
    for (pool, shares) in statement.pools.iter().zip(shares) {
        builder = builder.whole(&format!("cost_{}", pool.name), shares.to_vec());
    }
    builder
}

/// One row per period and customer.
pub(super) fn periods(facts: &Facts, statement: &Statement) -> Result<DataFrame> {
    let n = facts.customers.len() as u32;
    // Anonymous sales are no customer; they come last in each period.
    let known = |rows: &PeriodRows| rows.customers.len() - usize::from(rows.customers.last() == Some(&n));
    let rows: Vec<(&PeriodRows, usize)> = statement.periods.iter().map(|rows| (rows, known(rows))).collect();
    let names: Vec<String> = rows.iter().map(|(rows, _)| period_name(&rows.months)).collect();
    let figures: Vec<Figures> = rows.iter().flat_map(|(rows, known)| &rows.figures[..*known]).copied().collect();
    let shares: Vec<Vec<i64>> = (0..statement.pools.len())
        .map(|pool| rows.iter().flat_map(|(rows, known)| &rows.shares[pool][..*known]).copied().collect())
        .collect();
    let shares: Vec<&[i64]> = shares.iter().map(Vec::as_slice).collect();
    let customers = rows.iter().flat_map(|(rows, known)| &rows.customers[..*known]);
    let periods = rows.iter().zip(&names).flat_map(|((_, known), name)| std::iter::repeat_n(name.as_str(), *known));
    waterfall(&PROFITABILITY_PERIODS, statement, &figures, &shares)
        .text("period", periods)
        .text("customer_id", customers.map(|customer| facts.customers.id(*customer as usize)))
        .finish()
}

/// `2025`, `2025-Q3`, `2025-07`, or `2024-01..2025-12`.
pub(super) fn period_name(months: &std::ops::Range<i32>) -> String {
    let year = months.start.div_euclid(12);
    match months.len() {
        12 if months.start.rem_euclid(12) == 0 => year.to_string(),
        3 if months.start.rem_euclid(3) == 0 => format!("{year}-Q{}", months.start.rem_euclid(12) / 3 + 1),
        1 => month_name(months.start),
        _ => format!("{}..{}", month_name(months.start), month_name(months.end - 1)),
    }
}

/// One row per pool and month.
pub(super) fn pools(statement: &Statement) -> Result<DataFrame> {
    let rows: Vec<(&super::Pool, &super::PoolMonth)> =
        statement.pools.iter().flat_map(|pool| pool.months.iter().map(move |month| (pool, month))).collect();
    let months: Vec<String> = rows.iter().map(|(_, month)| month_name(month.month)).collect();
    let column = |value: fn(&super::PoolMonth) -> i64| rows.iter().map(|(_, month)| value(month)).collect::<Vec<i64>>();
    let units = |units: i128, digits: u32| units as f64 / 10_f64.powi(digits as i32);
    FrameBuilder::new(&PROFITABILITY_POOLS)
        .text("pool", rows.iter().map(|(pool, _)| pool.name.as_str()))
        .text("month", months.iter().map(String::as_str))
        .text("stage", rows.iter().map(|(pool, _)| pool.stage.name()))
        .whole("ledger", column(|month| month.ledger))
        .whole("received", column(|month| month.received))
        .whole("passed_on", column(|month| month.passed_on))
        .whole("unused", column(|month| month.unused))
        .whole("unallocated", column(|month| month.unallocated))
        .whole("shared", column(|month| month.shared))
        .ratio("driver", rows.iter().map(|(pool, month)| units(month.driver, pool.digits)).collect())
        .maybe_ratio(
            "capacity",
            rows.iter()
                .map(|(pool, month)| month.capacity.map(|capacity| units(i128::from(capacity), pool.digits)))
                .collect(),
        )
        .finish()
}

/// The cumulative contribution of the best 1, 2, … 100 % of the customers.
pub(super) fn whale(statement: &Statement) -> Result<DataFrame> {
    let n = statement.ranking.len();
    let mut cumulative = Vec::with_capacity(100);
    let (mut sum, mut taken) = (0, 0);
    for percent in 1..=100_usize {
        let count = (percent * n).div_ceil(100);
        for customer in &statement.ranking[taken..count] {
            sum += statement.contribution[*customer as usize];
        }
        taken = count;
        cumulative.push((count as i64, sum));
    }
    FrameBuilder::new(&PROFITABILITY_WHALE)
        .whole("percent", (1..=100).collect())
        .whole("customers", cumulative.iter().map(|point| point.0).collect())
        .whole("cumulative_contribution", cumulative.iter().map(|point| point.1).collect())
        .finish()
}
