//! `langgan explain`: definitions, from the one place each is declared.

use polars::prelude::*;

use super::args::{Explain, Which};
use super::show::no_run;
use super::{Session, analyze, customer, query, render};
use crate::analyses::explanation::{Cell, Section};
use crate::analyses::{Analyses, Inputs, Results};
use crate::config::Config;
use crate::contracts::rules::{RULES, rule_of};
use crate::contracts::{Table, input_tables, results};
use crate::deliver::report::Language;
use crate::deliver::speech::OF_PRODUCTS;
use crate::deliver::table_words::says;
use crate::engine::{self, earlier};
use crate::error::{Error, Result};
use crate::facts;
use crate::ingest::rejects;
use crate::lake::{LakeDir, Manifest};
use crate::marts::{self, MARTS};
use crate::stats::decimal::Decimal;

/// Prints what a name means.
pub fn run(session: &Session, args: &Explain) -> Result<u8> {
    let Some(name) = &args.name else {
        return render::to_stdout(&names().join("\n")).map(|()| 0);
    };
    let config = match session.config() {
        Ok(config) => config,
        Err(Error::NoProject { .. }) => Config::default(),
        Err(error) => return Err(error),
    };
    if let Some(key) = &args.key {
        return with_key(session, args, name, key);
    }
    let analyses = config.analyses;
    let mut text = String::new();
    if let Some(segment) = config.core.segments.get(name) {
        text.push_str(&format!("segment {name}: {}\nwhere {}\n\n", segment.description, segment.condition));
    }
    let map = &analyses.rfm.map;
    if let Some(place) = map.names().iter().position(|known| known == name) {
        text.push_str(&format!(
            "RFM segment {name}: cells {} (recency, frequency, monetary; see `langgan explain rfm`)\n\n",
            map.patterns()[place]
        ));
    }
    if let Some(analysis) = analyses.all().into_iter().find(|analysis| analysis.spec().id == name) {
        let spec = analysis.spec();
        let tables: Vec<&str> = spec.outputs.iter().map(|table| table.name).collect();
        text.push_str(&format!(
            "{}\n\n{}\n\ntables: {}\nfile: src/analyses/{}\n",
            spec.id,
            spec.definition,
            tables.join(", "),
            spec.id
        ));
        if !spec.needs.is_empty() {
            text.push_str(&format!("needs: {}\n", spec.needs.join(", ")));
        }
        if let Some(parameters) = serde_json::to_value(&analyses).ok().and_then(|all| all.get(spec.id).cloned()) {
            text.push_str(&format!("parameters now: {parameters}\n"));
        }
        text.push('\n');
    }
    let (table, column) = name.split_once('.').map_or((name.as_str(), None), |(table, column)| (table, Some(column)));
    let found = results::ALL.iter().chain(input_tables()).filter(|candidate| candidate.name == table);
    for candidate in found {
        text.push_str(&table_text(candidate, column));
        if let Some(mart) = MARTS.iter().find(|mart| std::ptr::eq(mart.table, *candidate)) {
            text.push_str(&format!("file: queries/{}.sql\n\n{}\n", candidate.name, mart.sql));
        }
    }
    if let Some(code) = rejects::code(name) {
        text.push_str(&format!("{}: {}\nwhat to do: {}\n", code.code, code.meaning, code.fix));
    }
    if let Some(rule) = rule_of(name) {
        text.push_str(&format!("{}: {}\nabout: {}\nwhere it says nothing else: ", rule.id, rule.english, rule.table));
        text.push_str(&format!("severity {:?}, action {:?}", rule.severity, rule.action).to_lowercase());
        if let Some((limit, meaning)) = rule.threshold {
            text.push_str(&format!(", threshold {limit} ({meaning})"));
        }
        text.push_str(&format!("\nchanged under [check.rules.{}]\n", rule.id));
    }
    if text.is_empty() {
        return Err(Error::Unknown {
            what: "analysis, table, column, reject code or rule",
            name: name.clone(),
            known: names(),
        });
    }
    render::to_stdout(&text)?;
    Ok(0)
}

/// The most rows of a table that are printed; all of them with `--json`.
const MOST_ROWS: usize = 60;

/// Follows the numbers of a key down to the rows they come from; of an analysis that has no such walk, shows its rows
/// about the key.
fn with_key(session: &Session, args: &Explain, name: &str, key: &str) -> Result<u8> {
    let config = session.config()?;
    let all = config.analyses.all();
    let Some(analysis) = all.iter().find(|analysis| analysis.spec().id == name) else {
        return match results::ALL.iter().find(|table| table.name == name) {
            Some(table) => rows_about(session, args, &config, table.doc, std::slice::from_ref(table), name, key),
            None => {
                let known = Analyses::IDS.iter().map(|id| (*id).to_string()).collect();
                Err(Error::Unknown { what: "analysis", name: name.into(), known })
            }
        };
    };
    if !analysis.walks() {
        let spec = analysis.spec();
        return rows_about(session, args, &config, spec.definition, spec.outputs, name, key);
    }
    let lake = LakeDir(session.project.lake());
    let manifest = Manifest::read(&lake)?;
    let as_of = analyze::as_of(args.as_of.as_deref(), &config, &lake, &manifest)?;
    let only = [analysis.spec().id.to_string()];
    let reads = engine::parts(&config.analyses, &only)?;
    let facts = engine::load_facts(&config.analyses, &lake, &manifest, as_of, reads)?;
    let needs: Vec<String> = analysis.spec().needs.iter().map(|need| (*need).to_string()).collect();
    let decimals = config.core.currency.decimals;
    let earlier = earlier::load(&session.project.runs(), as_of, decimals, &config.analyses, &only)?;
    let mut results = Results::default();
    if needs.is_empty() {
        results.earlier = earlier;
    } else {
        results = engine::run(&config.analyses, &needs, &facts, &lake, &manifest, earlier, &|_| {})?.results;
    }
    let inputs = Inputs { facts: &facts, results: &results };
    let Some(explanation) = analysis.explain(&inputs, key)? else {
        return Err(Error::Usage {
            message: format!("`{name}` explains no single key"),
            hint: format!("see what it means with `langgan explain {name}`"),
        });
    };
    let cells = || explanation.sections.iter().flat_map(|section| section.rows.iter().flatten());
    let keys = cells().filter_map(|cell| if let Cell::Order(key) = cell { Some(*key) } else { None }).collect();
    let orders = facts::order_ids(&lake, &manifest, &keys)?;
    let shown = |cell: &Cell| match cell {
        Cell::Text(text) | Cell::Number(text) => text.clone(),
        Cell::Whole(number) => number.to_string(),
        Cell::Money(minor) => Decimal::new(*minor, decimals).fixed(),
        Cell::Day(day) => crate::calendar::day_name(*day),
        Cell::Order(key) => orders.get(key).cloned().unwrap_or_default(),
    };
    if session.json {
        let section = |section: &Section| {
            let row = |row: &Vec<Cell>| {
                let fields = section.columns.iter().zip(row);
                serde_json::Value::Object(fields.map(|(name, cell)| ((*name).into(), shown(cell).into())).collect())
            };
            (section.title.to_string(), serde_json::Value::Array(section.rows.iter().map(row).collect()))
        };
        return render::json(&serde_json::Value::Object(explanation.sections.iter().map(section).collect()))
            .map(|()| 0);
    }
    for Section { title, columns, rows } in &explanation.sections {
        let right: Vec<usize> = (0..columns.len())
            .filter(|place| {
                rows.iter().all(|row| matches!(row[*place], Cell::Money(_) | Cell::Whole(_) | Cell::Number(_)))
            })
            .collect();
        let cells: Vec<Vec<String>> = rows.iter().take(MOST_ROWS).map(|row| row.iter().map(shown).collect()).collect();
        let more = match rows.len().saturating_sub(MOST_ROWS) {
            0 => String::new(),
            more => format!("\n… {more} more rows: --json has them all"),
        };
        render::to_stdout(&format!("{title}\n\n{}{more}\n\n", render::table(columns, &cells, &right)))?;
    }
    Ok(0)
}

/// Prints the rows of published tables that belong to a customer, a product or a value.
fn rows_about(
    session: &Session,
    args: &Explain,
    config: &Config,
    definition: &str,
    tables: &[&'static Table],
    name: &str,
    key: &str,
) -> Result<u8> {
    let run = args.as_of.clone().filter(|day| session.project.runs().join(day).exists());
    let which = Which { run };
    if !query::run_dir(session, &which).join("tables").is_dir() {
        return Err(no_run(&which));
    }
    let mut context = query::context(session, &which)?;
    let there = context.get_tables();
    let customers = customer::find(&mut context, key)?;
    let wanted = df!("wanted" => [key]).map_err(Error::internal("looking up"))?;
    context.register("lookup", wanted.lazy());
    let products = "SELECT p.product_id FROM lake_products AS p CROSS JOIN lookup AS k \
                    WHERE p.product_id = k.wanted OR p.name = k.wanted ORDER BY product_id";
    let products = marts::collect(&mut context, products)?;
    let products: Vec<String> = (0..products.height()).flat_map(|row| render::cells(&products, row)).collect();
    let failed = |error: PolarsError| Error::Query { message: error.to_string() };
    let among = |column: &str, ids: &[String]| ids.iter().map(|id| col(column).eq(lit(id.as_str()))).reduce(Expr::or);
    let mut found: Vec<(&'static Table, DataFrame)> = Vec::new();
    for table in tables.iter().copied().filter(|table| there.iter().any(|known| known == table.name)) {
        let frame = marts::collect(&mut context, &format!("SELECT * FROM {}", table.name))?;
        let has = |column: &&str| frame.column(column).is_ok();
        let mut about: Vec<Expr> = Vec::new();
        about
            .extend(["customer_id"].iter().filter(|column| has(column)).filter_map(|column| among(column, &customers)));
        about.extend(OF_PRODUCTS.iter().filter(|column| has(column)).filter_map(|column| among(column, &products)));
        // A month, a branch, a segment, …
        let is_text = |column: &&Column| *column.dtype() == DataType::String && column.name() != "customer_id";
        if customers.is_empty() && products.is_empty() {
            about.extend(frame.columns().iter().filter(is_text).map(|column| col(column.name().clone()).eq(lit(key))));
        } else if has(&"dimension") {
            about.extend(among("value", &products).map(|value| col("dimension").eq(lit("product")).and(value)));
        }
        let Some(about) = about.into_iter().reduce(Expr::or) else { continue };
        let rows = frame.lazy().filter(about).collect().map_err(failed)?;
        if rows.height() > 0 {
            found.push((table, rows));
        }
    }
    if found.is_empty() {
        return Err(if customers.is_empty() && products.is_empty() {
            let known = "ids, telephones, e-mail addresses, cards and vehicle numbers of customers, ids and names of \
                         products as exported, and what the tables hold as text";
            Error::Unknown { what: "customer, product or value", name: key.into(), known: vec![known.into()] }
        } else {
            let tables: Vec<&str> = tables.iter().map(|table| table.name).collect();
            Error::Usage {
                message: format!("no row of `{name}` is about `{key}` (tables: {})", tables.join(", ")),
                hint: format!("see what it means with `langgan explain {name}`"),
            }
        });
    }
    if session.json {
        let object = found.iter().map(|(table, rows)| (table.name.to_string(), render::rows_json(rows))).collect();
        return render::json(&serde_json::Value::Object(object)).map(|()| 0);
    }
    let speech = customer::speech(session, config, &mut context)?;
    let language = speech.settings.language;
    let said_in = if language == Language::Indonesian { "Definisi (bahasa Inggris): " } else { "" };
    render::to_stdout(&format!("{name}\n\n{said_in}{definition}\n"))?;
    for (table, rows) in &found {
        let body = if rows.height() <= UPRIGHT {
            let upright = (0..rows.height()).map(|row| customer::upright(&speech, table, rows, row));
            upright.collect::<Result<Vec<String>>>()?.join("\n\n")
        } else {
            customer::rows(&speech, table, rows, MOST_ROWS)?
        };
        render::to_stdout(&format!("\n{}: {}\n\n{body}\n", table.name, says(table, language)))?;
    }
    Ok(0)
}

/// Rows printed a line a column; more stand side by side.
const UPRIGHT: usize = 3;

fn table_text(table: &Table, column: Option<&str>) -> String {
    let columns: Vec<Vec<String>> = table
        .columns
        .iter()
        .filter(|candidate| column.is_none_or(|column| candidate.name == column))
        .map(|column| vec![column.name.into(), format!("{:?}", column.kind).to_lowercase(), column.doc.into()])
        .collect();
    if columns.is_empty() {
        return String::new();
    }
    format!(
        "table {}: {}\n\n{}\n\n",
        table.name,
        table.doc,
        render::table(&["column", "kind", "meaning"], &columns, &[])
    )
}

fn names() -> Vec<String> {
    let tables = results::ALL.iter().chain(input_tables()).map(|table| table.name);
    let mut names: Vec<String> = Analyses::IDS
        .iter()
        .copied()
        .chain(tables)
        .chain(rejects::CODES.iter().map(|code| code.code))
        .chain(RULES.iter().map(|rule| rule.id))
        .map(String::from)
        .collect();
    names.sort();
    names.dedup();
    names
}
