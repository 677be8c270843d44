//! `langgan explain`: definitions, from the one place each is declared.

use super::args::Explain;
use super::{Session, render};
use crate::analyses::Analyses;
use crate::contracts::rules::{RULES, rule_of};
use crate::contracts::{Table, input_tables, results};
use crate::error::{Error, Result};
use crate::ingest::rejects;
use crate::marts::MARTS;

/// Prints what a name means.
pub fn run(session: &Session, args: &Explain) -> Result<u8> {
    let Some(name) = &args.name else {
        return render::to_stdout(&names().join("\n")).map(|()| 0);
    };
    let analyses = match session.config() {
        Ok(config) => config.analyses,
        Err(Error::NoProject { .. }) => Analyses::default(),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
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
