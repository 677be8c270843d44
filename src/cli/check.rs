//! `langgan check`: what arrived, what was refused, which control totals differ.

use super::args::Check;
use super::{Session, analyze, render};
use crate::calendar::day_name;
use crate::check;
use crate::deliver::report::format;
use crate::engine::record;
use crate::error::Result;
use crate::ingest::rejects;
use crate::lake::{LakeDir, Manifest};

/// Prints the screen.
pub fn run(session: &Session, args: &Check) -> Result<u8> {
    let config = session.config()?;
    let lake = LakeDir(session.project.lake());
    let manifest = Manifest::read(&lake)?;
    let day = args.day.as_deref().map(analyze::parse_day).transpose()?;
    let (compared, mut mismatches) = check::control_totals(&lake, &manifest)?;
    mismatches.retain(|mismatch| {
        day.is_none_or(|day| mismatch.day == day)
            && args.branch.as_ref().is_none_or(|branch| *branch == mismatch.branch)
    });
    if session.json {
        let rows: Vec<serde_json::Value> = mismatches
            .iter()
            .map(|mismatch| {
                serde_json::json!({
                    "day": day_name(mismatch.day), "branch": mismatch.branch,
                    "expected_orders": mismatch.expected_orders, "actual_orders": mismatch.actual_orders,
                    "expected_amount_minor": mismatch.expected_amount, "actual_amount_minor": mismatch.actual_amount,
                })
            })
            .collect();
        render::json(&serde_json::json!({
            "sources": record::arithmetic(&manifest), "rejects": record::rejects(&manifest),
            "branch_days_compared": compared, "mismatches": rows,
        }))?;
        return Ok(0);
    }
    let mut text = String::new();
    let sources: Vec<Vec<String>> = record::arithmetic(&manifest)
        .iter()
        .map(|(name, rows)| {
            let numbers = [rows.received, rows.accepted, rows.rejected, rows.duplicate, rows.superseded];
            let balance = if rows.balances() { "adds up" } else { "DOES NOT ADD UP" };
            [vec![name.clone()], numbers.iter().map(u64::to_string).collect(), vec![balance.into()]].concat()
        })
        .collect();
    text.push_str(&render::table(
        &["source", "received", "accepted", "rejected", "duplicate", "superseded", ""],
        &sources,
        &[1, 2, 3, 4, 5],
    ));
    let codes = record::rejects(&manifest);
    if !codes.is_empty() {
        let rows: Vec<Vec<String>> = codes
            .iter()
            .map(|(code, rows)| {
                vec![rows.to_string(), code.clone(), rejects::code(code).map_or("", |code| code.meaning).into()]
            })
            .collect();
        text.push_str("\n\nset aside (rows, code, meaning):\n");
        text.push_str(&render::table(&["rows", "code", "meaning"], &rows, &[0]));
    }
    let language = session.language(&config);
    let currency = &config.core.currency;
    let money = |minor: i64| format::money_code(minor, currency.decimals, currency.shown(), &currency.code, language);
    text.push_str(&format!("\n\ncontrol totals: {compared} branch-days compared, {} differ", mismatches.len()));
    for mismatch in &mismatches {
        text.push_str(&format!(
            "\n  {} {}: {}",
            day_name(mismatch.day),
            mismatch.branch,
            analyze::difference(mismatch, &money)
        ));
    }
    render::to_stdout(&text)?;
    Ok(0)
}
