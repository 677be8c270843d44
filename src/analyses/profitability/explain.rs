//! From a customer's contribution to the ledger rows, orders and order lines it comes from.

use std::collections::BTreeSet;

use super::costs::pool_costs;
use super::drivers::{Buffer, Scan};
use super::statement::{Statement, order_figures};
use super::{Figures, Profitability};
use crate::analyses::explanation::{Cell, Explanation};
use crate::calendar::month_name;
use crate::error::{Error, Result};
use crate::facts::{Facts, line_kind};
use crate::stats::decimal::Decimal;

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

impl Profitability {
    /// Explains one customer's contribution.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such customer.
    pub(super) fn walk(&self, facts: &Facts, id: &str) -> Result<Explanation> {
        let customer = facts.customers.find(id).ok_or_else(|| Error::Unknown {
            what: "customer",
            name: id.into(),
            known: vec!["ids as exported".into()],
        })?;
        let statement = self.statement(facts)?;
        let mut explanation = Explanation::default();
        explanation.add(
            "from gross sales to contribution",
            &["line", "amount", "comes from"],
            lines(&statement, customer),
        );
        self.add_pools(facts, &statement, customer, &mut explanation)?;
        add_orders(facts, customer, &mut explanation);
        Ok(explanation)
    }

    /// The months of each pool, with the ledger rows they were booked in.
    fn add_pools(
        &self,
        facts: &Facts,
        statement: &Statement,
        customer: usize,
        explanation: &mut Explanation,
    ) -> Result<()> {
        let costs = pool_costs(self, facts)?;
        let scan = Scan::new(self, facts, &costs)?;
        let mut driven: Vec<(usize, i32, i64)> = Vec::new();
        scan.by_month(customer, &scan.months(), &mut Buffer::default(), |month, pool, amount| {
            driven.push((pool, month, amount));
            Ok(())
        })?;
        driven.sort_unstable();
        let (mut months, mut bookings) = (Vec::new(), Vec::new());
        let mut booked: BTreeSet<(i32, usize)> = BTreeSet::new();
        for (place, month, amount) in driven {
            let pool = &statement.pools[place];
            let Ok(at) = pool.months.binary_search_by_key(&month, |own| own.month) else { continue };
            let own = &pool.months[at];
            let of_all = i64::try_from(own.driver).unwrap_or(i64::MAX);
            let exact = Decimal::new(own.shared, facts.decimals)
                .times(Decimal::new(amount.max(0), 0))
                .and_then(|product| product.over(Decimal::new(of_all, 0)));
            months.push(vec![
                text(&pool.name),
                text(&month_name(month)),
                Cell::Money(own.ledger + own.received - own.passed_on),
                Cell::Money(own.unused + own.unallocated),
                Cell::Money(own.shared),
                Cell::Number(Decimal::new(of_all, pool.digits).to_string()),
                Cell::Number(Decimal::new(amount, pool.digits).to_string()),
                Cell::Number(exact.map_or(String::new(), |exact| exact.to_string())),
            ]);
            booked.insert((month, place));
        }
        // What supporting pools passed on was booked there.
        let supports: Vec<(usize, usize)> = costs
            .iter()
            .enumerate()
            .flat_map(|(from, pool)| pool.settings.to.keys().map(move |to| (from, to)))
            .filter_map(|(from, to)| Some((from, costs.iter().position(|pool| pool.name == *to)?)))
            .collect();
        let mut open: Vec<(i32, usize)> = booked.iter().copied().collect();
        while let Some((month, place)) = open.pop() {
            for (from, _) in supports.iter().filter(|(_, to)| *to == place) {
                if booked.insert((month, *from)) {
                    open.push((month, *from));
                }
            }
        }
        for (month, place) in booked {
            let pool = &costs[place];
            let in_ledger = facts.ledger.iter().filter(|row| row.0 == month && pool.settings.has_account(&row.1));
            let exported = facts.costs.iter().filter(|row| row.0 == month && row.1 == pool.name);
            let rows = in_ledger.map(|row| ("ledger", row)).chain(exported.map(|row| ("activity_costs", row)));
            bookings.extend(rows.map(|(table, (_, account, amount))| {
                vec![text(&month_name(month)), text(&pool.name), text(table), text(account), Cell::Money(*amount)]
            }));
        }
        let heads = [
            "pool",
            "month",
            "cost",
            "unused, unallocated",
            "shared",
            "driven by all",
            "by this customer",
            "exact share",
        ];
        explanation.add("shares of the pools, before they are rounded once a period", &heads, months);
        let n = statement.pools.len();
        let mut rounded = Vec::new();
        for rows in &statement.periods {
            let Ok(row) = rows.customers.binary_search(&(customer as u32)) else { continue };
            for place in (0..n).filter(|place| rows.shares[*place][row] != 0) {
                rounded.push(vec![
                    text(&super::tables::period_name(&rows.months)),
                    text(&statement.pools[place].name),
                    Cell::Money(rows.shares[place][row]),
                ]);
            }
        }
        explanation.add("shares of the pools by period, whole minor units", &["period", "pool", "share"], rounded);
        explanation.add("where the pools' costs were booked", &["month", "pool", "table", "row", "amount"], bookings);
        Ok(())
    }
}

fn lines(statement: &Statement, customer: usize) -> Vec<Vec<Cell>> {
    let figures = &statement.figures[customer];
    let from_lines = format!("{} lines of {} orders", figures.n_lines, figures.n_orders);
    let mut rows = vec![
        vec![text("gross sales"), Cell::Money(figures.gross_sales), text(&from_lines)],
        vec![text("− discounts"), Cell::Money(-figures.discounts), text("order lines")],
        vec![text("− promotions"), Cell::Money(-figures.promotions), text("order lines and coupons")],
        vec![text("− returns"), Cell::Money(-figures.returns), text("order lines")],
        vec![text("− rebates"), Cell::Money(-figures.rebates), text("orders")],
        vec![text("= net sales"), Cell::Money(figures.net_sales()), text("")],
        vec![text("− cost of goods"), Cell::Money(-figures.cogs), text("order lines, products, jobs")],
        vec![text("= gross margin"), Cell::Money(figures.gross_margin()), text("")],
    ];
    for pool in &statement.pools {
        let way = if pool.is_traced { "traced to the orders" } else { "shared by its driver" };
        let from = format!("{} stage, {way}", pool.stage.name());
        rows.push(vec![text(&format!("− {}", pool.name)), Cell::Money(-pool.shares[customer]), text(&from)]);
    }
    rows.push(vec![text("= contribution"), Cell::Money(statement.contribution[customer]), text("")]);
    let needed =
        |row: &Vec<Cell>| !matches!(row.as_slice(), [Cell::Text(line), Cell::Money(0), ..] if line.starts_with('−'));
    rows.retain(needed);
    rows
}

fn add_orders(facts: &Facts, customer: usize, explanation: &mut Explanation) {
    let unit_cost = facts.products.numbers::<arrow::datatypes::Int64Type>("unit_cost");
    let (mut orders, mut lines, mut jobs) = (Vec::new(), Vec::new(), Vec::new());
    for order in facts.orders_of(customer) {
        let figures: Figures = order_figures(facts, order);
        let key = facts.orders.key[order];
        orders.push(vec![
            Cell::Order(key),
            Cell::Day(facts.orders.day[order]),
            Cell::Whole(figures.n_lines),
            Cell::Money(figures.gross_sales),
            Cell::Money(figures.gross_sales - figures.net_sales()),
            Cell::Money(figures.cogs),
            Cell::Money(figures.gross_margin()),
        ]);
        for job in facts.jobs_of(order) {
            jobs.push(vec![
                Cell::Order(key),
                Cell::Whole(i64::from(job.line_no)),
                text(facts.products.id(job.product as usize)),
                Cell::Whole(job.quantity),
                Cell::Money(job.standard_cost),
                Cell::Money(job.counted_cost),
                Cell::Money(job.counted_cost - job.standard_cost),
            ]);
        }
        for at in facts.orders.lines(order) {
            let line = facts.lines.line(at);
            let standard = unit_cost[line.product as usize].unwrap_or(0) * i64::from(line.quantity);
            let cost = if line.kind == line_kind::RETURNED { 0 } else { line.cost.unwrap_or(standard) };
            let off = line.sales_discount() + line.returns();
            lines.push(vec![
                Cell::Order(key),
                text(facts.products.id(line.product as usize)),
                Cell::Whole(i64::from(line.quantity)),
                Cell::Money(line.gross()),
                Cell::Money(off),
                Cell::Money(cost),
                Cell::Money(line.gross() - off - cost),
            ]);
        }
    }
    let heads = ["order", "line", "product", "quantity", "by the standard", "it took", "difference"];
    let made = "lines made to order: what they took counts instead of the standard";
    let heads_of_orders = ["order", "day", "lines", "gross sales", "reductions", "cost of goods", "gross margin"];
    explanation.add("orders", &heads_of_orders, orders);
    let heads_of_lines = ["order", "product", "quantity", "gross sales", "reductions", "cost of goods", "gross margin"];
    explanation.add("order lines", &heads_of_lines, lines);
    explanation.add(made, &heads, jobs);
}
