//! Whom a marketing list is about: the definitions of the built-in lists, and the user's segments.

use std::borrow::Cow;
use std::collections::BTreeSet;

use polars::prelude::{AnyValue, DataFrame};

use super::churn_words::{churn_reason, subscription_reason};
use super::columns::Columns;
use super::csv_file::Cell;
use super::lists::ListSettings;
use super::offer_words::Reasons;
use super::queues::product_name;
use super::report::{Language, statement_line};
use crate::contracts::Kind;
use crate::contracts::results::CUSTOMERS;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::segments::{MEMBER, Segment};

/// Whom a list is about, best first, and what it says of them.
pub(super) struct Choice<'c> {
    /// The list's own columns, in Indonesian and English.
    pub header: Vec<[Cow<'c, str>; 2]>,
    /// Customer number and the cells under the header.
    pub rows: Vec<(usize, Vec<Cell<'c>>)>,
}

/// The customers of a built-in list, or nothing where its table is missing.
pub(super) fn built_in<'t>(
    facts: &'t Facts,
    name: &str,
    tables: &impl Fn(&str) -> Option<&'t DataFrame>,
    settings: &ListSettings<'_>,
) -> Result<Option<Choice<'t>>> {
    let language = settings.language;
    let table = match name {
        "at_risk" => "churn",
        "best_customers" => "profitability",
        "loss_makers" => "profitability_losses",
        "cross_sell" => "cross_sell",
        "up_sell" => "up_sell",
        "replenish" => "replenish",
        _ => "queue_candidates",
    };
    let Some(columns) = tables(table).map(Columns) else { return Ok(None) };
    let ids = columns.text("customer_id")?;
    // Rows to take, by what they are sorted by: the first wins, the customer's number breaks ties.
    let mut rows: Vec<Chosen<'t>> = Vec::new();
    let mut take = |row: usize, order: i64, cells: Vec<Cell<'t>>| {
        if let Some(customer) = ids.get(row).and_then(|id| facts.customers.find(id)) {
            rows.push((order, customer, cells));
        }
    };
    let header = match name {
        "at_risk" => {
            let (bands, spared) = (columns.text("risk_band")?, columns.flag("do_not_chase")?);
            let (chances, profits) = (columns.ratio("churn_probability")?, columns.whole("profit_at_risk")?);
            for row in
                (0..columns.len()).filter(|row| bands.get(*row) == Some("high") && spared.get(*row) != Some(true))
            {
                let profit = profits.get(row).unwrap_or(0);
                let chance = chances.get(row).map_or(Cell::Empty, Cell::Ratio);
                let why = reasons(columns, row, language, churn_reason)?;
                take(row, -profit, vec![chance, Cell::Money(profit), Cell::text(why)]);
            }
            let of_orders = columns.len() > 0;
            let of_contracts = contracts(facts, tables, language, &mut rows)?;
            let days = settings.horizon_days;
            let chance = match (of_orders, of_contracts) {
                (_, false) => {
                    [format!("Peluang tanpa pesanan ({days} hari)"), format!("Chance of no order ({days} days)")]
                }
                (false, true) => ["Peluang kontrak berakhir".into(), "Chance that the contract ends".into()],
                (true, true) => [
                    format!("Peluang tanpa pesanan ({days} hari) atau kontrak berakhir"),
                    format!("Chance of no order ({days} days) or that the contract ends"),
                ],
            };
            let money = match (of_orders, settings.costs_unknown) {
                (false, _) => ["Tagihan terancam", "Charges at risk"],
                (true, true) => ["Penjualan terancam", "Sales at risk"],
                (true, false) => ["Laba terancam", "Profit at risk"],
            };
            vec![chance, money.map(String::from), ["Alasan".into(), "Reasons".into()]]
        }
        "best_customers" => {
            let (deciles, sales) = (columns.whole("decile")?, columns.whole("net_sales")?);
            let contributions = columns.whole("contribution")?;
            for row in (0..columns.len()).filter(|row| deciles.get(*row) == Some(1)) {
                // Where hardly anyone earns us money, the best tenth has losses, too.
                let Some(contribution) = contributions.get(row).filter(|amount| *amount > 0) else { continue };
                let sales = sales.get(row).map_or(Cell::Empty, Cell::Money);
                take(row, -contribution, vec![Cell::Money(contribution), sales]);
            }
            named([["Kontribusi", "Contribution"], ["Penjualan bersih", "Net sales"]])
        }
        "loss_makers" => {
            let (ranks, reasons) = (columns.whole("rank")?, columns.text("reason_1")?);
            let contributions = columns.whole("contribution")?;
            for row in 0..columns.len() {
                let reason = Cell::text(statement_line(reasons.get(row).unwrap_or_default(), language));
                take(row, ranks.get(row).unwrap_or(0), vec![Cell::Money(contributions.get(row).unwrap_or(0)), reason]);
            }
            named([["Kontribusi", "Contribution"], ["Sebab utama", "Main reason"]])
        }
        "cross_sell" | "up_sell" | "replenish" => {
            let reasons = Reasons::of(facts, columns, language);
            let (ranks, products) = (columns.whole("rank")?, columns.text("product_id")?);
            let margins = columns.whole("expected_margin")?;
            for row in (0..columns.len()).filter(|row| ranks.get(*row) == Some(1)) {
                let margin = margins.get(row);
                let product = product_name(facts, products.get(row).unwrap_or_default());
                let shown = margin.map_or(Cell::Empty, Cell::Money);
                // What earns nobody knows how much comes last.
                let order = margin.map_or(i64::MAX, |margin| -margin);
                take(row, order, vec![Cell::text(product), shown, Cell::text(reasons.words(row)?)]);
            }
            named([["Produk", "Product"], ["Perkiraan margin", "Expected margin"], ["Alasan", "Reason"]])
        }
        "birthdays" => {
            let (reasons, days, last) =
                (columns.text("reasons")?, columns.days("next_birthday")?, columns.days("last_order_date")?);
            for row in (0..columns.len()).filter(|row| has(reasons.get(*row), &["birthday"])) {
                let Some(day) = days.get(row) else { continue };
                take(row, day.into(), vec![Cell::Day(day), last.get(row).map_or(Cell::Empty, Cell::Day)]);
            }
            named([["Ulang tahun", "Birthday"], ["Pesanan terakhir", "Last order"]])
        }
        _ => {
            let (reasons, amounts, last) =
                (columns.text("reasons")?, columns.whole("monetary")?, columns.days("last_order_date")?);
            for row in (0..columns.len()).filter(|row| has(reasons.get(*row), &["win_back", "lapsed_high_value"])) {
                let amount = amounts.get(row).unwrap_or(0);
                take(row, -amount, vec![last.get(row).map_or(Cell::Empty, Cell::Day), Cell::Money(amount)]);
            }
            named([["Pesanan terakhir", "Last order"], ["Penjualan bersih", "Net sales"]])
        }
    };
    rows.sort_by_key(|row| (row.0, row.1));
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.1));
    let header = header.into_iter().map(|names| names.map(Cow::from)).collect();
    Ok(Some(Choice { header, rows: rows.into_iter().map(|(_, customer, cells)| (customer, cells)).collect() }))
}

/// What a row is sorted by, the customer, the cells.
type Chosen<'t> = (i64, usize, Vec<Cell<'t>>);

fn named<const N: usize>(header: [[&str; 2]; N]) -> Vec<[String; 2]> {
    header.map(|names| names.map(String::from)).to_vec()
}

/// Customers with a contract that is likely to end; whether there are contracts at all.
fn contracts<'t>(
    facts: &'t Facts,
    tables: &impl Fn(&str) -> Option<&'t DataFrame>,
    language: Language,
    rows: &mut Vec<Chosen<'t>>,
) -> Result<bool> {
    let Some(columns) = tables("subscriptions").map(Columns) else { return Ok(false) };
    let (ids, bands) = (columns.text("customer_id")?, columns.text("risk_band")?);
    let (chances, charges) = (columns.ratio("churn_probability")?, columns.whole("profit_at_risk")?);
    for row in (0..columns.len()).filter(|row| bands.get(*row) == Some("high")) {
        let Some(customer) = ids.get(row).and_then(|id| facts.customers.find(id)) else { continue };
        let charge = charges.get(row).unwrap_or(0);
        let chance = chances.get(row).map_or(Cell::Empty, Cell::Ratio);
        let why = match language {
            Language::Indonesian => "Kontrak mungkin berakhir",
            Language::English => "The contract may end",
        };
        let why = match reasons(columns, row, language, subscription_reason)? {
            reasons if reasons.is_empty() => why.to_string(),
            reasons => format!("{why}: {reasons}"),
        };
        rows.push((-charge, customer, vec![chance, Cell::Money(charge), Cell::text(why)]));
    }
    Ok(columns.len() > 0)
}

/// The reasons of a row in words.
fn reasons(
    columns: Columns<'_>,
    row: usize,
    language: Language,
    words: fn(&str, Language) -> String,
) -> Result<String> {
    let mut found = Vec::new();
    for name in ["reason_1", "reason_2", "reason_3"] {
        if columns.has(name) {
            found
                .extend(columns.text(name)?.get(row).filter(|reason| !reason.is_empty()).map(|it| words(it, language)));
        }
    }
    Ok(found.join(" · "))
}

fn has(reasons: Option<&str>, wanted: &[&str]) -> bool {
    reasons.is_some_and(|reasons| reasons.split('|').any(|reason| wanted.contains(&reason)))
}

/// The customers of a segment, the highest of its `order_by` first, nulls last, then by customer; nothing where there is
/// no table of members.
pub(super) fn of_segment<'t>(
    facts: &'t Facts,
    name: &str,
    segment: &'t Segment,
    tables: &impl Fn(&str) -> Option<&'t DataFrame>,
) -> Result<Option<Choice<'t>>> {
    let (Some(members), Some(customers)) = (tables("segment_members"), tables("customers")) else { return Ok(None) };
    let failed = Error::internal("reading a segment");
    let ids = Columns(members).text("customer_id")?;
    let chosen = Columns(members).flag(&format!("{MEMBER}{name}"))?;
    let last = Columns(customers).days("last_order_date")?;
    let values = customers.column(&segment.order_by).map_err(&failed)?;
    let kind = CUSTOMERS.column(&segment.order_by).map(|column| column.kind);
    let mut rows: Vec<(Option<i64>, usize, Vec<Cell<'t>>)> = Vec::new();
    for row in (0..members.height()).filter(|row| chosen.get(*row) == Some(true)) {
        let Some(customer) = ids.get(row).and_then(|id| facts.customers.find(id)) else { continue };
        let (order, cell) = match (values.get(row).map_err(&failed)?, kind) {
            (AnyValue::Int64(value), Some(Kind::Money)) => (Some(value), Cell::Money(value)),
            (AnyValue::Int64(value), _) => (Some(value), Cell::Whole(value)),
            (AnyValue::Date(day), _) => (Some(i64::from(day)), Cell::Day(day)),
            (AnyValue::Float64(value), _) => (Some(in_order(value)), Cell::Ratio(value)),
            _ => (None, Cell::Empty),
        };
        rows.push((order, customer, vec![cell, last.get(row).map_or(Cell::Empty, Cell::Day)]));
    }
    rows.sort_by_key(|row| (std::cmp::Reverse(row.0), row.1));
    let own: [Cow<'t, str>; 2] = match segment.order_by.as_str() {
        "contribution" => ["Kontribusi".into(), "Contribution".into()],
        other => [other.into(), other.into()],
    };
    let header = vec![own, ["Pesanan terakhir".into(), "Last order".into()]];
    Ok(Some(Choice { header, rows: rows.into_iter().map(|(_, customer, cells)| (customer, cells)).collect() }))
}

/// A whole number that sorts as the ratio does.
fn in_order(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}
