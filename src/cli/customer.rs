//! `langgan customer`: one customer, found by any identifier, with profile and history.

use std::collections::HashMap;

use polars::prelude::*;
use polars::sql::SQLContext;

use super::args::Customer;
use super::{Session, query, render};
use crate::config::Config;
use crate::contracts::inputs::{CUSTOMERS as EXPORTED, IDENTIFIERS, INTERACTIONS, ORDERS};
use crate::contracts::results::{CROSS_SELL, CUSTOMERS, QUEUE, REPLENISH, UP_SELL, is_money};
use crate::contracts::{Table, results};
use crate::deliver::queues::QueueSettings;
use crate::deliver::report::Language;
use crate::deliver::speech::Speech;
use crate::error::{Error, Result};
use crate::marts;

/// Prints who it is, what they bought and what to do next.
pub fn run(session: &Session, args: &Customer) -> Result<u8> {
    let config = session.config()?;
    let mut context = query::context(session, &args.which)?;
    let id = the_one(&args.key, find(&mut context, &args.key)?)?;
    let only = df!("customer_id" => [id.as_str()]).map_err(Error::internal("looking up"))?;
    context.register("chosen", only.lazy());
    let tables = context.get_tables();
    let is_there = |name: &str| tables.iter().any(|table| table == name);
    let (profile_table, profile_name) =
        if is_there("customers") { (&CUSTOMERS, "customers") } else { (&EXPORTED, "lake_customers") };
    let mut of_customer = |sql: &str| marts::collect(&mut context, sql);
    let mut parts: Vec<Part> = Vec::new();
    let profile =
        format!("SELECT t.* FROM {profile_name} AS t INNER JOIN chosen AS c ON t.customer_id = c.customer_id");
    parts.push(Part::new("profile", ["Profil", "Profile"], profile_table, of_customer(&profile)?));
    let contact =
        "SELECT t.phone, t.email FROM lake_customers AS t INNER JOIN chosen AS c ON t.customer_id = c.customer_id";
    parts.push(Part::new("contact", ["Kontak", "Contact"], &EXPORTED, of_customer(contact)?));
    let orders = "SELECT o.order_id, o.ordered_at, o.branch_id, o.channel, o.status, COUNT(*) AS n_lines, SUM(CAST(l.quantity AS BIGINT) * l.unit_price - COALESCE(l.discount, CAST(0 AS BIGINT))) AS amount
         FROM lake_orders AS o
         INNER JOIN lake_customers AS k ON o.customer_key = k.customer_key
         INNER JOIN chosen AS c ON k.customer_id = c.customer_id
         INNER JOIN lake_order_lines AS l ON l.order_key = o.order_key
         GROUP BY o.order_id, o.ordered_at, o.branch_id, o.channel, o.status
         ORDER BY ordered_at DESC, order_id LIMIT 20";
    let orders = in_currency(of_customer(orders)?, "amount", config.core.currency.decimals)?;
    parts.push(Part::new("last orders", ["Pesanan terakhir", "Last orders"], &ORDERS, orders));
    let interactions = "SELECT i.at, i.kind, i.product_id, i.minutes, i.agent_id FROM lake_interactions AS i INNER JOIN chosen AS c ON i.customer_id = c.customer_id ORDER BY at DESC LIMIT 10";
    parts.push(Part::new(
        "last contacts",
        ["Kontak terakhir", "Last contacts"],
        &INTERACTIONS,
        of_customer(interactions)?,
    ));
    let identifiers = "SELECT i.kind, i.value FROM lake_identifiers AS i INNER JOIN chosen AS c ON i.customer_id = c.customer_id ORDER BY kind, value";
    parts.push(Part::new("identifiers", ["Pengenal", "Identifiers"], &IDENTIFIERS, of_customer(identifiers)?));
    let offered: [(&'static str, [&'static str; 2], &'static Table); 4] = [
        ("offers", ["Penawaran", "Offers"], &CROSS_SELL),
        ("upgrades", ["Naik kelas", "Upgrades"], &UP_SELL),
        ("due again", ["Waktunya membeli lagi", "Due again"], &REPLENISH),
        ("follow-up", ["Tindak lanjut", "Follow-up"], &QUEUE),
    ];
    for (key, title, table) in offered.into_iter().filter(|(.., table)| is_there(table.name)) {
        let sql = format!(
            "SELECT t.* FROM {} AS t INNER JOIN chosen AS c ON t.customer_id = c.customer_id ORDER BY rank",
            table.name
        );
        parts.push(Part::new(key, title, table, of_customer(&sql)?));
    }
    if session.json {
        let object = parts.iter().map(|part| (part.key.to_string(), render::rows_json(&part.frame))).collect();
        return render::json(&serde_json::Value::Object(object)).map(|()| 0);
    }
    let speech = speech(session, &config, &mut context)?;
    let place = usize::from(speech.settings.language == Language::English);
    for part in parts.iter().filter(|part| part.frame.height() > 0) {
        let body = match part.key {
            "profile" | "contact" | "follow-up" => upright(&speech, part.table, &part.frame, 0)?,
            _ => rows(&speech, part.table, &part.frame, 20)?,
        };
        if !body.is_empty() {
            render::to_stdout(&format!("{}\n{body}\n", part.title[place]))?;
        }
    }
    Ok(0)
}

/// A part of what is known.
struct Part {
    /// Its name in JSON.
    key: &'static str,
    /// Its title, Indonesian and English.
    title: [&'static str; 2],
    /// What its columns are.
    table: &'static Table,
    frame: DataFrame,
}

impl Part {
    fn new(key: &'static str, title: [&'static str; 2], table: &'static Table, frame: DataFrame) -> Part {
        Part { key, title, table, frame }
    }
}

/// The ids of the customers an id, telephone, e-mail address, card or vehicle number belongs to.
pub fn find(context: &mut SQLContext, key: &str) -> Result<Vec<String>> {
    let squeezed = squeeze(key);
    let abroad = squeezed.strip_prefix('0').map_or_else(|| squeezed.clone(), |rest| format!("62{rest}"));
    let wanted = df!("wanted" => [key], "squeezed" => [squeezed], "abroad" => [abroad]);
    context.register("lookup", wanted.map_err(Error::internal("looking up"))?.lazy());
    let phone = "REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(c.phone, ' ', ''), '-', ''), '(', ''), ')', ''), '.', '')";
    let found = marts::collect(
        context,
        &format!(
            "SELECT customer_id FROM (
            SELECT c.customer_id FROM lake_customers AS c CROSS JOIN lookup AS k
            WHERE c.customer_id = k.wanted OR c.email = k.wanted
               OR REPLACE({phone}, '+62', '0') = k.squeezed OR {phone} = k.abroad
            UNION ALL
            SELECT i.customer_id FROM lake_identifiers AS i CROSS JOIN lookup AS k
            WHERE i.value = k.wanted OR UPPER(REPLACE(REPLACE(i.value, ' ', ''), '-', '')) = k.squeezed
         ) AS hits GROUP BY customer_id ORDER BY customer_id"
        ),
    )?;
    Ok((0..found.height()).flat_map(|row| render::cells(&found, row)).collect())
}

/// The one customer a key means.
fn the_one(key: &str, ids: Vec<String>) -> Result<String> {
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [] => Err(Error::Unknown {
            what: "customer",
            name: key.into(),
            known: vec!["ids, telephones, e-mail addresses, cards and vehicle numbers as exported".into()],
        }),
        ids => Err(Error::Usage {
            message: format!("`{key}` is {} customers: {}", ids.len(), ids.join(", ")),
            hint: "give one of these ids".into(),
        }),
    }
}

/// How tables are read to whoever asks.
pub fn speech<'c>(session: &Session, config: &'c Config, context: &mut SQLContext) -> Result<Speech<'c>> {
    let tables = context.get_tables();
    let mut names = |sql: &str| -> Result<HashMap<String, String>> {
        let frame = marts::collect(context, sql)?;
        let pair = |row: usize| -> Option<(String, String)> {
            render::cells(&frame, row).try_into().ok().map(|[id, name]: [String; 2]| (id, name))
        };
        Ok((0..frame.height()).filter_map(pair).collect())
    };
    let products = names("SELECT product_id, name FROM lake_products")?;
    let branches = names("SELECT branch_id, name FROM lake_branches")?;
    let costs_unknown = tables.iter().any(|name| name == results::PROFITABILITY_TIEOUT.name)
        && names("SELECT line, line AS again FROM profitability_tieout WHERE line = 'cogs' AND ledger = 0")?.len() == 1;
    let settings = QueueSettings {
        language: session.language(config),
        currency: &config.core.currency,
        horizon_days: config.analyses.churn.horizon_days.into(),
        costs_unknown,
    };
    Ok(Speech { settings, products, branches })
}

/// Whole minor units as money in the currency.
fn in_currency(mut frame: DataFrame, column: &str, decimals: u32) -> Result<DataFrame> {
    let failed = Error::internal("turning money into decimals");
    let minor = frame.column(column).and_then(|column| column.cast(&DataType::Int128)).map_err(&failed)?;
    let money = minor.i128().map_err(&failed)?.clone().into_decimal(38, decimals as usize).map_err(&failed)?;
    frame.with_column(money.into_column().with_name(column.into())).map_err(failed)?;
    Ok(frame)
}

/// One row, a line a column, empty ones left out.
pub fn upright(speech: &Speech<'_>, table: &'static Table, frame: &DataFrame, row: usize) -> Result<String> {
    let mut lines = Vec::new();
    for name in frame.get_column_names() {
        let cell = speech.cell(table, frame, name, row)?;
        if !cell.is_empty() {
            lines.push(vec![speech.label(name), cell]);
        }
    }
    Ok(render::table(&["", ""], &lines, &[]).trim_start_matches('\n').to_string())
}

/// Rows side by side; columns that are empty throughout, or say whose rows they are, are left out.
pub fn rows(speech: &Speech<'_>, table: &'static Table, frame: &DataFrame, most: usize) -> Result<String> {
    let count = frame.height().min(most);
    let (mut heads, mut columns, mut right) = (Vec::new(), Vec::new(), Vec::new());
    for column in frame.columns().iter().filter(|column| column.name() != "customer_id") {
        let name = column.name().as_str();
        let cells: Vec<String> = (0..count).map(|row| speech.cell(table, frame, name, row)).collect::<Result<_>>()?;
        if cells.iter().any(|cell| !cell.is_empty()) {
            if column.dtype().is_numeric() || column.dtype().is_decimal() || is_money(table, name) {
                right.push(heads.len());
            }
            heads.push(speech.label(name));
            columns.push(cells);
        }
    }
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let lines: Vec<Vec<String>> =
        (0..count).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect();
    let mut text = render::table(&heads, &lines, &right);
    if frame.height() > most {
        text.push_str(&format!("\n… +{}", frame.height() - most));
    }
    Ok(text)
}

/// A plate or a telephone number without what people put between: `B 1234-KZT` → `B1234KZT`, `+62 812…` → `0812…`.
fn squeeze(key: &str) -> String {
    let bare: String = key.chars().filter(|letter| letter.is_alphanumeric() || *letter == '+').collect();
    bare.replace("+62", "0").to_uppercase()
}
