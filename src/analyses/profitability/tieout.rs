//! Each line of the statement and each pool against its source: nothing is left, or the run fails and names the line.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::Profitability;
use super::costs::accounts_without_pool;
use super::settings::account_fits;
use super::statement::{Figures, Statement};
use crate::analyses::frame::FrameBuilder;
use crate::contracts::results::PROFITABILITY_TIEOUT;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::stats::decimal::Decimal;

/// One line and all it is made of, minor units.
#[derive(Debug, Clone, Default)]
struct Row {
    line: String,
    ledger: i64,
    received: i64,
    passed_on: i64,
    customers: i64,
    internal: i64,
    anonymous: i64,
    unused: i64,
    unallocated: i64,
    rounding: i64,
}

impl Row {
    fn difference(&self) -> i64 {
        self.ledger + self.received
            - self.passed_on
            - self.customers
            - self.internal
            - self.anonymous
            - self.unused
            - self.unallocated
            - self.rounding
    }
}

/// The table.
///
/// # Errors
/// [`Error::TieOut`] where a line differs from its source.
pub(super) fn tieout(parameters: &Profitability, facts: &Facts, statement: &Statement) -> Result<DataFrame> {
    let mut rows = lines(facts, statement);
    for (line, accounts) in &parameters.ledger {
        let fits = |account: &str| accounts.iter().any(|pattern| account_fits(pattern, account));
        let booked = facts.ledger.iter().filter(|(_, account, _)| fits(account)).map(|(_, _, amount)| amount).sum();
        if let Some(row) = rows.iter_mut().find(|row| row.line == *line) {
            row.ledger = booked;
        }
    }
    let n = facts.customers.len();
    for pool in &statement.pools {
        let internal: i64 =
            pool.shares.iter().zip(&statement.is_internal).filter(|(_, own)| **own).map(|(s, _)| s).sum();
        rows.push(Row {
            line: format!("cost_{}", pool.name),
            ledger: pool.ledger,
            received: pool.received,
            passed_on: pool.passed_on,
            customers: pool.shares[..n].iter().sum::<i64>() - internal,
            internal,
            anonymous: pool.shares[n],
            unused: pool.unused,
            unallocated: pool.unallocated,
            rounding: pool.rounding,
        });
    }
    if parameters.pools.values().any(|pool| !pool.accounts.is_empty()) {
        let amount = accounts_without_pool(parameters, facts);
        let line = "accounts_without_pool".into();
        rows.push(Row { line, ledger: amount, unallocated: amount, ..Row::default() });
    }
    if let Some(row) = rows.iter().find(|row| row.difference() != 0) {
        let money = |minor: i64| Decimal::new(minor, facts.decimals).fixed();
        let message = format!(
            "`{}`: its source says {}, the statement {}: {} apart",
            row.line,
            money(row.ledger + row.received - row.passed_on),
            money(row.ledger + row.received - row.passed_on - row.difference()),
            money(row.difference())
        );
        return Err(Error::TieOut { table: "profitability", message });
    }
    let column = |value: fn(&Row) -> i64| rows.iter().map(value).collect::<Vec<i64>>();
    FrameBuilder::new(&PROFITABILITY_TIEOUT)
        .text("line", rows.iter().map(|row| row.line.as_str()))
        .whole("ledger", column(|row| row.ledger))
        .whole("received", column(|row| row.received))
        .whole("passed_on", column(|row| row.passed_on))
        .whole("customers", column(|row| row.customers))
        .whole("internal", column(|row| row.internal))
        .whole("anonymous", column(|row| row.anonymous))
        .whole("unused", column(|row| row.unused))
        .whole("unallocated", column(|row| row.unallocated))
        .whole("rounding", column(|row| row.rounding))
        .whole("difference", column(Row::difference))
        .finish()
}

/// The lines of the statement; their source is the order lines, and what orders carry as a whole.
fn lines(facts: &Facts, statement: &Statement) -> Vec<Row> {
    let n = facts.customers.len();
    let (mut customers, mut internal) = (Figures::default(), Figures::default());
    for (figures, own) in statement.figures[..n].iter().zip(&statement.is_internal) {
        if *own { internal.add(figures) } else { customers.add(figures) }
    }
    let anonymous = statement.figures[n];
    let lines = &facts.lines;
    let sum = |value: &(dyn Fn(usize) -> i64 + Sync)| {
        (0..lines.product.len()).into_par_iter().with_min_len(65_536).map(value).sum::<i64>()
    };
    let orders = &facts.orders;
    let total = |amounts: &[i64]| amounts.iter().sum::<i64>();
    let gross = sum(&|line| lines.gross(line));
    let promotions = total(&orders.promotion) + total(&orders.coupon);
    let rebates = total(&orders.rebate);
    let discounts = sum(&|line| lines.discount(line)) - promotions - rebates;
    let returns = sum(&|line| lines.returns(line));
    let cogs = facts.totals.iter().map(|totals| totals.cogs).sum();
    let row = |line: &str, ledger: i64, value: fn(&Figures) -> i64| Row {
        line: line.into(),
        ledger,
        customers: value(&customers),
        internal: value(&internal),
        anonymous: value(&anonymous),
        ..Row::default()
    };
    vec![
        row("gross_sales", gross, |figures| figures.gross_sales),
        row("discounts", discounts, |figures| figures.discounts),
        row("promotions", promotions, |figures| figures.promotions),
        row("returns", returns, |figures| figures.returns),
        row("rebates", rebates, |figures| figures.rebates),
        row("net_sales", gross - discounts - promotions - returns - rebates, Figures::net_sales),
        row("cogs", cogs, |figures| figures.cogs),
    ]
}
