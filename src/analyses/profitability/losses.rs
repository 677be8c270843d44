//! The customers who cost more than they bring, and the lines of the statement that make them so.

use arrow::datatypes::Int64Type;
use polars::prelude::DataFrame;

use super::statement::{Figures, Statement};
use crate::analyses::frame::FrameBuilder;
use crate::contracts::results::PROFITABILITY_LOSSES;
use crate::error::Result;
use crate::facts::{Facts, line_kind};
use crate::stats::decimal::divide_half_away;

/// Reasons given of each.
const REASONS: usize = 3;

/// What a customer's lines sold below cost came to.
#[derive(Default)]
struct LossLines {
    count: i64,
    margin: i64,
    worst_product: Option<u32>,
}

/// Customers outside the house with a loss, the largest first. A reason is a line of the statement that takes more of
/// the customer's gross sales than of everybody's; its excess is what it takes more.
pub(super) fn losses(facts: &Facts, statement: &Statement) -> Result<DataFrame> {
    let losing: Vec<u32> = {
        let from = statement.ranking.partition_point(|customer| statement.contribution[*customer as usize] >= 0);
        // The ranking breaks ties by id upwards; from the end, too.
        let mut losing = statement.ranking[from..].to_vec();
        losing.sort_unstable_by_key(|customer| (statement.contribution[*customer as usize], *customer));
        losing
    };
    let names: Vec<String> = ["discounts", "promotions", "returns", "rebates", "cogs"]
        .into_iter()
        .map(String::from)
        .chain(statement.pools.iter().map(|pool| format!("cost_{}", pool.name)))
        .collect();
    let amounts = |figures: &Figures, shares: &dyn Fn(usize) -> i64| {
        let mut amounts = vec![figures.discounts, figures.promotions, figures.returns, figures.rebates, figures.cogs];
        amounts.extend((0..statement.pools.len()).map(shares));
        amounts
    };
    let mut all = Figures::default();
    let outside = || statement.ranking.iter().map(|customer| *customer as usize);
    outside().for_each(|customer| all.add(&statement.figures[customer]));
    let of_all = amounts(&all, &|pool| outside().map(|customer| statement.pools[pool].shares[customer]).sum());
    let unit_cost = facts.products.numbers::<Int64Type>("unit_cost");
    let mut reasons: Vec<Vec<(i64, usize)>> = Vec::with_capacity(losing.len());
    let mut below_cost: Vec<LossLines> = Vec::with_capacity(losing.len());
    for customer in losing.iter().map(|customer| *customer as usize) {
        let figures = &statement.figures[customer];
        let own = amounts(figures, &|pool| statement.pools[pool].shares[customer]);
        let usual = |line: usize| {
            let exact = i128::from(figures.gross_sales) * i128::from(of_all[line]);
            divide_half_away(exact, i128::from(all.gross_sales)).unwrap_or(0) as i64
        };
        let mut excess: Vec<(i64, usize)> =
            own.iter().enumerate().map(|(line, amount)| (amount - usual(line), line)).filter(|row| row.0 > 0).collect();
        excess.sort_by_key(|(excess, line)| (-excess, *line));
        excess.truncate(REASONS);
        reasons.push(excess);
        below_cost.push(loss_lines(facts, &unit_cost, customer));
    }
    let mut builder = FrameBuilder::new(&PROFITABILITY_LOSSES)
        .whole("rank", (1..=losing.len() as i64).collect())
        .text("customer_id", losing.iter().map(|customer| facts.customers.id(*customer as usize)))
        .whole("net_sales", losing.iter().map(|own| statement.figures[*own as usize].net_sales()).collect())
        .whole("gross_margin", losing.iter().map(|own| statement.figures[*own as usize].gross_margin()).collect())
        .whole("contribution", losing.iter().map(|own| statement.contribution[*own as usize]).collect())
        .whole("lines_below_cost", below_cost.iter().map(|own| own.count).collect())
        .whole("margin_below_cost", below_cost.iter().map(|own| own.margin).collect())
        .maybe_text(
            "worst_product",
            below_cost
                .iter()
                .map(|own| own.worst_product.map(|product| facts.products.id(product as usize).to_string()))
                .collect(),
        );
    for (place, (reason, excess)) in
        [("reason_1", "excess_1"), ("reason_2", "excess_2"), ("reason_3", "excess_3")].into_iter().enumerate()
    {
        let of = |own: &Vec<(i64, usize)>| own.get(place).copied();
        builder = builder
            .maybe_text(reason, reasons.iter().map(|own| of(own).map(|(_, line)| names[line].clone())).collect())
            .maybe_whole(excess, reasons.iter().map(|own| of(own).map(|(excess, _)| excess)).collect());
    }
    builder.finish()
}

/// The customer's lines that were kept and brought less than they cost.
fn loss_lines(facts: &Facts, unit_cost: &[Option<i64>], customer: usize) -> LossLines {
    let mut found = LossLines::default();
    let mut worst = 0;
    for line in facts.orders_of(customer).flat_map(|order| facts.orders.lines(order)) {
        let line = facts.lines.line(line);
        let standard = unit_cost[line.product as usize].unwrap_or(0) * i64::from(line.quantity);
        let margin = line.gross() - line.sales_discount() - line.cost.unwrap_or(standard);
        if !line_kind::went_back(line.kind) && margin < 0 {
            found.count += 1;
            found.margin += margin;
            if margin < worst {
                (worst, found.worst_product) = (margin, Some(line.product));
            }
        }
    }
    found
}
