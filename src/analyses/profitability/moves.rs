//! Why a customer's contribution moved from one period to the next: price, discount, returns, cost, volume, mix, service.

use std::ops::Range;

use arrow::datatypes::Int64Type;
use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::drivers::within;
use super::statement::{Figures, PeriodRows, Statement};
use super::tables::period_name;
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_number;
use crate::contracts::results::PROFITABILITY_MOVES;
use crate::error::Result;
use crate::facts::{Facts, line_kind};
use crate::stats::decimal::divide_half_away;

/// What moved one customer's contribution; together they are the difference, exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Move {
    price: i64,
    discount: i64,
    returns: i64,
    cost: i64,
    volume: i64,
    mix: i64,
    service: i64,
}

/// One customer's period.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    figures: Figures,
    costs: i64,
}

impl Side {
    fn contribution(&self) -> i64 {
        self.figures.gross_margin() - self.costs
    }

    fn reductions(&self) -> i64 {
        self.figures.discounts + self.figures.promotions + self.figures.rebates
    }
}

/// Units, gross sales and cost of a product in the base period and the period.
#[derive(Debug, Clone, Copy, Default)]
struct ProductSides {
    product: u32,
    units: [i64; 2],
    gross: [i64; 2],
    cost: [i64; 2],
}

/// The newest period that is complete against the one before it, one row per customer in either.
pub(super) fn moves(facts: &Facts, statement: &Statement) -> Result<DataFrame> {
    let pair = complete_pair(facts, statement);
    let unit_cost = facts.products.numbers::<Int64Type>("unit_cost");
    let mut rows: Vec<(u32, [Side; 2], Move)> = Vec::new();
    let (mut period, mut base_period) = (String::new(), String::new());
    if let Some([base, now]) = pair {
        (period, base_period) = (period_name(&now.months), period_name(&base.months));
        let mut customers: Vec<u32> = base.customers.iter().chain(&now.customers).copied().collect();
        customers.sort_unstable();
        customers.dedup();
        customers.retain(|customer| (*customer as usize) < facts.customers.len());
        rows = customers
            .into_par_iter()
            .map(|customer| {
                let sides = [side(base, customer), side(now, customer)];
                let products = products(facts, &unit_cost, customer as usize, [&base.months, &now.months]);
                (customer, sides, explain(&sides, &products))
            })
            .collect();
    }
    let column = |value: fn(&Move) -> i64| rows.iter().map(|(.., own)| value(own)).collect::<Vec<i64>>();
    FrameBuilder::new(&PROFITABILITY_MOVES)
        .text("customer_id", rows.iter().map(|(customer, ..)| facts.customers.id(*customer as usize)))
        .text("period", rows.iter().map(|_| period.as_str()))
        .text("base_period", rows.iter().map(|_| base_period.as_str()))
        .whole("base_contribution", rows.iter().map(|(_, sides, _)| sides[0].contribution()).collect())
        .whole("contribution", rows.iter().map(|(_, sides, _)| sides[1].contribution()).collect())
        .whole("price", column(|own| own.price))
        .whole("discount", column(|own| own.discount))
        .whole("returns", column(|own| own.returns))
        .whole("cost", column(|own| own.cost))
        .whole("volume", column(|own| own.volume))
        .whole("mix", column(|own| own.mix))
        .whole("service", column(|own| own.service))
        .finish()
}

/// The last two periods that lie wholly in the exports.
fn complete_pair<'s>(facts: &Facts, statement: &'s Statement) -> Option<[&'s PeriodRows; 2]> {
    let first = *facts.orders.month.iter().min()?;
    let now = statement.periods.iter().rposition(|rows| rows.months.end <= month_number(facts.as_of))?;
    let base = &statement.periods[now.checked_sub(1)?];
    (base.months.start >= first).then(|| [base, &statement.periods[now]])
}

fn side(rows: &PeriodRows, customer: u32) -> Side {
    rows.customers.binary_search(&customer).map_or(Side::default(), |row| Side {
        figures: rows.figures[row],
        costs: rows.shares.iter().map(|shares| shares[row]).sum(),
    })
}

fn products(facts: &Facts, unit_cost: &[Option<i64>], customer: usize, months: [&Range<i32>; 2]) -> Vec<ProductSides> {
    let mut products: Vec<ProductSides> = Vec::new();
    for (at, months) in months.into_iter().enumerate() {
        for order in within(facts.orders_of(customer), &facts.orders.month, months) {
            for line in facts.orders.lines(order) {
                let line = facts.lines.line(line);
                let mut own = ProductSides { product: line.product, ..ProductSides::default() };
                own.units[at] = line.units();
                own.gross[at] = line.gross();
                let standard = unit_cost[line.product as usize].unwrap_or(0) * i64::from(line.quantity);
                own.cost[at] = if line.kind == line_kind::RETURNED { 0 } else { line.cost.unwrap_or(standard) };
                products.push(own);
            }
        }
    }
    products.sort_unstable_by_key(|own| own.product);
    products.dedup_by(|own, sum| {
        let same = own.product == sum.product;
        if same {
            for at in 0..2 {
                sum.units[at] += own.units[at];
                sum.gross[at] += own.gross[at];
                sum.cost[at] += own.cost[at];
            }
        }
        same
    });
    products
}

/// Price and cost: what the products of both periods would have brought and cost at the base period's figures a unit.
/// Discount and returns: against their share of gross sales in the base period. Volume: units at the base period's
/// margin a unit; all of it for who came or left. Service: the shares of the pools. Mix is the rest.
fn explain(sides: &[Side; 2], products: &[ProductSides]) -> Move {
    let [base, now] = sides;
    let service = base.costs - now.costs;
    let margin = now.figures.gross_margin() - base.figures.gross_margin();
    if base.figures.units == 0 || now.figures.units == 0 || base.figures.gross_sales == 0 {
        return Move { volume: margin, service, ..Move::default() };
    }
    let part = |amount: i64, above: i64, below: i64| {
        divide_half_away(i128::from(amount) * i128::from(above), i128::from(below)).unwrap_or(0) as i64
    };
    let (mut price, mut cost) = (0, 0);
    for own in products.iter().filter(|own| own.units[0] > 0 && own.units[1] > 0) {
        price += own.gross[1] - part(own.gross[0], own.units[1], own.units[0]);
        cost -= own.cost[1] - part(own.cost[0], own.units[1], own.units[0]);
    }
    let gross = [base.figures.gross_sales, now.figures.gross_sales];
    let discount = part(base.reductions(), gross[1], gross[0]) - now.reductions();
    let returns = part(base.figures.returns, gross[1], gross[0]) - now.figures.returns;
    let volume = part(base.figures.gross_margin(), now.figures.units - base.figures.units, base.figures.units);
    let mix = margin - price - cost - discount - returns - volume;
    Move { price, discount, returns, cost, volume, mix, service }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(units: i64, gross_sales: i64, discounts: i64, cogs: i64) -> Figures {
        Figures { units, gross_sales, discounts, cogs, ..Figures::default() }
    }

    #[test]
    fn the_parts_are_the_difference() {
        let base = Side { figures: figures(10, 1_000, 100, 500), costs: 50 };
        let now = Side { figures: figures(12, 1_320, 66, 660), costs: 80 };
        let products = [ProductSides { product: 0, units: [10, 12], gross: [1_000, 1_320], cost: [500, 660] }];
        let own = explain(&[base, now], &products);
        // 1,320 − 12 × 100; 132 − 66; 600 − 660; two units at 40.
        assert_eq!((own.price, own.discount, own.cost, own.volume, own.service), (120, 66, -60, 80, -30));
        let sum = own.price + own.discount + own.returns + own.cost + own.volume + own.mix + own.service;
        assert_eq!(sum, now.contribution() - base.contribution());
    }

    #[test]
    fn who_came_or_left_is_volume() {
        let none = Side::default();
        let some = Side { figures: figures(1, 100, 0, 60), costs: 7 };
        assert_eq!(explain(&[none, some], &[]), Move { volume: 40, service: -7, ..Move::default() });
        assert_eq!(explain(&[some, none], &[]), Move { volume: -40, service: 7, ..Move::default() });
    }
}
