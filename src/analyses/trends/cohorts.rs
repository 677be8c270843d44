//! Customers by the month they were won in, what they buy after, and what is left of it.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::{CohortMonth, Course, share};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_COHORTS;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::stats::allocate::largest_remainder;

/// One month of one cohort.
#[derive(Debug, Clone, Copy)]
pub struct CohortCell {
    /// Place of the month won.
    pub won: usize,
    /// Place of the month looked at.
    pub at: usize,
    /// Its figures.
    pub figures: CohortMonth,
}

/// Every month reached of every cohort that has customers.
pub fn cohort_cells(course: &Course) -> Vec<CohortCell> {
    (0..course.len())
        .filter(|won| course.won[*won] > 0)
        .flat_map(|won| (won..course.len()).map(move |at| CohortCell { won, at, figures: *course.cohort(won, at) }))
        .collect()
}

/// Contribution by month won, then month. `costs` are the activity costs of each customer; what customers bring or cost
/// before their first order, as gifts do, counts in the month of that order. Who never bought is in no cohort.
fn contributions(facts: &Facts, course: &Course, costs: &[i64]) -> Result<Vec<i64>> {
    const CUSTOMERS: usize = 4096;
    let months = course.len();
    let read = |part: usize| {
        let mut sums = vec![0_i64; months * months];
        let (mut margin, mut gross) = (vec![0_i64; months], vec![0_i64; months]);
        let customers = part * CUSTOMERS..((part + 1) * CUSTOMERS).min(facts.customers.len());
        for (customer, cost) in customers.clone().zip(&costs[customers]) {
            margin.fill(0);
            gross.fill(0);
            let month = |order: usize| (facts.orders.month[order] - course.months.start) as usize;
            let first = facts.orders_of(customer).find(|order| facts.totals[*order].is_sale);
            let Some(won) = first.map(month) else { continue };
            for order in facts.orders_of(customer) {
                let (totals, at) = (&facts.totals[order], month(order).max(won));
                margin[at] += totals.net() - totals.cogs;
                gross[at] += totals.gross;
            }
            let mut shares = largest_remainder(*cost, &gross).unwrap_or_else(|| {
                let mut all_at_first = vec![0; months];
                all_at_first[won] = *cost;
                all_at_first
            });
            shares.iter_mut().zip(&margin).for_each(|(share, margin)| *share = margin - *share);
            sums[won * months..(won + 1) * months].iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
        }
        sums
    };
    let add = |mut left: Vec<i64>, right: Vec<i64>| {
        left.iter_mut().zip(right).for_each(|(left, right)| *left += right);
        left
    };
    let parts = facts.customers.len().div_ceil(CUSTOMERS);
    let sums = (0..parts).into_par_iter().map(read).reduce(|| vec![0; months * months], add);
    let buyers = || {
        let has_bought = |customer: &usize| facts.orders_of(*customer).any(|order| facts.totals[order].is_sale);
        (0..facts.customers.len()).filter(has_bought)
    };
    let margin: i64 = sums.iter().sum::<i64>() + buyers().map(|customer| costs[customer]).sum::<i64>();
    let orders_counted: i64 = buyers()
        .flat_map(|customer| facts.orders_of(customer))
        .map(|order| facts.totals[order].net() - facts.totals[order].cogs)
        .sum();
    if margin != orders_counted {
        let message = format!("the margin of the cohorts is {margin}, that of their orders {orders_counted}");
        return Err(Error::TieOut { table: "trend_cohorts", message });
    }
    Ok(sums)
}

/// One row per cohort and age.
pub(super) fn frame(facts: &Facts, course: &Course, costs: &[i64]) -> Result<DataFrame> {
    let names: Vec<String> = course.months.clone().map(month_name).collect();
    let contributions = contributions(facts, course, costs)?;
    let cells = cohort_cells(course);
    let contribution = |cell: &CohortCell| contributions[cell.won * course.len() + cell.at];
    let column = |value: &dyn Fn(&CohortCell) -> i64| cells.iter().map(value).collect::<Vec<i64>>();
    // Cells of a cohort follow each other by age.
    let cumulative = |value: &dyn Fn(&CohortCell) -> i64| {
        let mut sum = 0;
        let running = |cell: &CohortCell| {
            sum = if cell.at == cell.won { 0 } else { sum } + value(cell);
            sum
        };
        cells.iter().map(running).collect::<Vec<i64>>()
    };
    FrameBuilder::new(&TREND_COHORTS)
        .text("cohort", cells.iter().map(|cell| names[cell.won].as_str()))
        .whole("age", column(&|cell| (cell.at - cell.won) as i64))
        .text("period", cells.iter().map(|cell| names[cell.at].as_str()))
        .flag("is_partial", cells.iter().map(|cell| course.is_partial(cell.at)).collect())
        .flag("is_left_truncated", cells.iter().map(|cell| course.is_left_truncated(cell.won)).collect())
        .whole("cohort_size", column(&|cell| course.won[cell.won]))
        .whole("customers", column(&|cell| cell.figures.customers))
        .whole("gross_sales", column(&|cell| cell.figures.gross_sales))
        .whole("net_sales", column(&|cell| cell.figures.net_sales))
        .whole("contribution", column(&contribution))
        .ratio(
            "retention",
            cells.iter().map(|cell| share(cell.figures.customers, course.won[cell.won]).unwrap_or(0.0)).collect(),
        )
        .whole("cumulative_net_sales", cumulative(&|cell| cell.figures.net_sales))
        .whole("cumulative_contribution", cumulative(&contribution))
        .finish()
}
