//! Parties with several accounts: who is customer and supplier at once, netted.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::statement::Statement;
use super::tables::party_class;
use crate::analyses::frame::FrameBuilder;
use crate::contracts::results::PROFITABILITY_PARTIES;
use crate::error::Result;
use crate::facts::Facts;

#[derive(Default)]
struct Party<'f> {
    classes: Vec<&'f str>,
    accounts: i64,
    sales: i64,
    purchases: i64,
    contribution: i64,
}

/// One row per party with more than one account. What goes back under a supplier's account is what was bought there.
pub(super) fn parties(facts: &Facts, statement: &Statement) -> Result<DataFrame> {
    let mut parties: BTreeMap<&str, Party<'_>> = BTreeMap::new();
    for customer in 0..facts.customers.len() {
        let id = facts.customers.text_at("party_id", customer);
        if id.is_empty() {
            continue;
        }
        let (party, figures) = (parties.entry(id).or_default(), &statement.figures[customer]);
        let class = party_class(facts, customer);
        if let Err(place) = party.classes.binary_search(&class) {
            party.classes.insert(place, class);
        }
        let purchases = if class == "supplier" { figures.returns } else { 0 };
        party.accounts += 1;
        party.sales += figures.net_sales() + purchases;
        party.purchases += purchases;
        party.contribution += statement.contribution[customer];
    }
    parties.retain(|_, party| party.accounts > 1);
    let classes: Vec<String> = parties.values().map(|party| party.classes.join("+")).collect();
    let column = |value: fn(&Party<'_>) -> i64| parties.values().map(value).collect::<Vec<i64>>();
    FrameBuilder::new(&PROFITABILITY_PARTIES)
        .text("party_id", parties.keys().copied())
        .text("party_class", classes.iter().map(String::as_str))
        .whole("accounts", column(|party| party.accounts))
        .whole("sales", column(|party| party.sales))
        .whole("purchases", column(|party| party.purchases))
        .whole("net", column(|party| party.sales - party.purchases))
        .whole("contribution", column(|party| party.contribution))
        .finish()
}
