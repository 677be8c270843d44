//! `langgan customer`: one customer, found by any identifier, with profile and history.

use polars::prelude::*;

use super::args::Customer;
use super::{Session, query, render};
use crate::error::{Error, Result};
use crate::marts;

/// Prints who it is, what they bought and what to do next.
pub fn run(session: &Session, args: &Customer) -> Result<u8> {
    let mut context = query::context(session, &args.which)?;
    let wanted = df!("wanted" => [args.key.as_str()], "squeezed" => [squeeze(&args.key)])
        .map_err(Error::internal("looking up"))?;
    context.register("lookup", wanted.lazy());
    let found = marts::collect(
        &mut context,
        "SELECT customer_id FROM (
            SELECT c.customer_id FROM lake_customers AS c CROSS JOIN lookup AS k
            WHERE c.customer_id = k.wanted OR c.email = k.wanted
               OR REPLACE(REPLACE(REPLACE(c.phone, ' ', ''), '-', ''), '+62', '0') = k.squeezed
            UNION ALL
            SELECT i.customer_id FROM lake_identifiers AS i CROSS JOIN lookup AS k
            WHERE i.value = k.wanted OR UPPER(REPLACE(REPLACE(i.value, ' ', ''), '-', '')) = k.squeezed
         ) AS hits GROUP BY customer_id ORDER BY customer_id",
    )?;
    let ids: Vec<String> = (0..found.height()).flat_map(|row| render::cells(&found, row)).collect();
    let [id] = ids.as_slice() else {
        return Err(match ids.len() {
            0 => Error::Unknown {
                what: "customer",
                name: args.key.clone(),
                known: vec!["ids, telephones, e-mail addresses, cards and vehicle numbers as exported".into()],
            },
            _ => Error::Usage {
                message: format!("`{}` is {} customers: {}", args.key, ids.len(), ids.join(", ")),
                hint: "give one of these ids".into(),
            },
        });
    };
    let only = df!("customer_id" => [id.as_str()]).map_err(Error::internal("looking up"))?;
    context.register("chosen", only.lazy());
    let tables = context.get_tables();
    let profile_table = if tables.iter().any(|table| table == "customers") { "customers" } else { "lake_customers" };
    let profile = marts::collect(
        &mut context,
        &format!("SELECT t.* FROM {profile_table} AS t INNER JOIN chosen AS c ON t.customer_id = c.customer_id"),
    )?;
    let orders = marts::collect(
        &mut context,
        "SELECT o.order_id, o.ordered_at, o.branch_id, o.channel, o.status, COUNT(*) AS n_lines, SUM(CAST(l.quantity AS BIGINT) * l.unit_price - COALESCE(l.discount, CAST(0 AS BIGINT))) AS amount
         FROM lake_orders AS o
         INNER JOIN lake_customers AS k ON o.customer_key = k.customer_key
         INNER JOIN chosen AS c ON k.customer_id = c.customer_id
         INNER JOIN lake_order_lines AS l ON l.order_key = o.order_key
         GROUP BY o.order_id, o.ordered_at, o.branch_id, o.channel, o.status
         ORDER BY ordered_at DESC, order_id LIMIT 20",
    )?;
    let mut sections = vec![("profile", profile), ("last orders (amount in minor units)", orders)];
    let interactions = "SELECT i.at, i.kind, i.product_id, i.minutes, i.agent_id FROM lake_interactions AS i INNER JOIN chosen AS c ON i.customer_id = c.customer_id ORDER BY at DESC LIMIT 10";
    sections.push(("last contacts", marts::collect(&mut context, interactions)?));
    let identifiers = "SELECT i.kind, i.value FROM lake_identifiers AS i INNER JOIN chosen AS c ON i.customer_id = c.customer_id ORDER BY kind, value";
    sections.push(("identifiers", marts::collect(&mut context, identifiers)?));
    for (name, table) in
        [("offers", "cross_sell"), ("upgrades", "up_sell"), ("due again", "replenish"), ("follow-up", "queue")]
    {
        if tables.iter().any(|known| known == table) {
            let sql = format!(
                "SELECT t.* FROM {table} AS t INNER JOIN chosen AS c ON t.customer_id = c.customer_id ORDER BY rank"
            );
            sections.push((name, marts::collect(&mut context, &sql)?));
        }
    }
    if session.json {
        let object = sections.iter().map(|(name, frame)| ((*name).to_string(), render::rows_json(frame))).collect();
        return render::json(&serde_json::Value::Object(object)).map(|()| 0);
    }
    for (name, frame) in &sections {
        if frame.height() == 0 {
            continue;
        }
        let body = if *name == "profile" { upright(frame) } else { render::frame(frame, 20) };
        render::to_stdout(&format!("{name}\n{body}\n"))?;
    }
    Ok(0)
}

/// One row, a line a column, empty ones left out.
fn upright(frame: &DataFrame) -> String {
    let names = frame.get_column_names();
    let rows: Vec<Vec<String>> = names
        .iter()
        .zip(render::cells(frame, 0))
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(name, cell)| vec![name.to_string(), cell])
        .collect();
    render::table(&["", ""], &rows, &[]).trim_start_matches('\n').to_string()
}

/// A plate or a telephone number without what people put between: `B 1234-KZT` → `B1234KZT`, `+62 812…` → `0812…`.
fn squeeze(key: &str) -> String {
    let bare: String = key.chars().filter(|letter| letter.is_alphanumeric() || *letter == '+').collect();
    bare.replace("+62", "0").to_uppercase()
}
