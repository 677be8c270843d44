//! `langgan explain`: definitions, from the one place each is declared.

use super::args::Explain;
use super::{Session, analyze, render};
use crate::analyses::explanation::{Cell, Section};
use crate::analyses::{Analyses, Inputs, Results};
use crate::config::Config;
use crate::contracts::rules::{RULES, rule_of};
use crate::contracts::{Table, input_tables, results};
use crate::engine::{self, earlier};
use crate::error::{Error, Result};
use crate::facts;
use crate::ingest::rejects;
use crate::lake::{LakeDir, Manifest};
use crate::marts::MARTS;
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

/// Follows the numbers of a key down to the rows they come from.
fn with_key(session: &Session, args: &Explain, name: &str, key: &str) -> Result<u8> {
    let config = session.config()?;
    let all = config.analyses.all();
    let Some(analysis) = all.iter().find(|analysis| analysis.spec().id == name) else {
        let known = Analyses::IDS.iter().map(|id| (*id).to_string()).collect();
        return Err(Error::Unknown { what: "analysis", name: name.into(), known });
    };
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
