//! `check.json`: the picture for scripts. Version 1; only ever added to.

use serde_json::{Value, json};

use super::report::{Picture, Told};
use crate::calendar::day_name;

/// Rows told of each exception; `n_rows` counts all.
const MOST_ROWS: usize = 50;

/// The picture as JSON.
pub fn json(picture: &Picture) -> Value {
    let branches: Vec<Value> = picture
        .branches
        .iter()
        .map(|branch| {
            let days: Vec<Value> = branch
                .days
                .iter()
                .zip(picture.from..)
                .map(|(cell, day)| {
                    json!({
                        "day": day_name(day), "status": cell.status, "orders": cell.orders,
                        "amount_minor": cell.amount_minor, "versions": cell.versions,
                    })
                })
                .collect();
            json!({
                "branch": branch.branch, "name": branch.name, "owner": branch.owner,
                "days_since_newest": branch.days_since_newest, "days": days,
            })
        })
        .collect();
    let mismatches: Vec<Value> = picture
        .mismatches
        .iter()
        .map(|mismatch| {
            json!({
                "day": day_name(mismatch.day), "branch": mismatch.branch,
                "expected_orders": mismatch.expected_orders, "actual_orders": mismatch.actual_orders,
                "expected_lines": mismatch.expected_lines, "actual_lines": mismatch.actual_lines,
                "expected_amount_minor": mismatch.expected_amount, "actual_amount_minor": mismatch.actual_amount,
            })
        })
        .collect();
    json!({
        "version": 1,
        "as_of": day_name(picture.as_of),
        "branches": branches,
        "exceptions": picture.exceptions.iter().map(|told| exception(told, picture.as_of)).collect::<Vec<Value>>(),
        "branch_days_compared": picture.compared,
        "mismatches": mismatches,
        "held": picture.gate.held,
        "orders_in_quarantine": picture.gate.quarantined,
        "nothing_to_publish": picture.gate.nothing,
        "closed_today": picture.closed,
        "corrections": picture.corrections,
        "refused_rows_not_looked_at": picture.not_all,
        "rules_with_more_rows_than_told": picture.capped,
    })
}

fn exception(told: &Told, as_of: i32) -> Value {
    let finding = &told.finding;
    json!({
        "key": told.key,
        "rule": finding.rule.id,
        "severity": finding.severity,
        "action": finding.action,
        "branch": finding.branch,
        "day": finding.day.map(day_name),
        "state": told.state,
        "opened": day_name(told.opened),
        "age_days": told.age(as_of),
        "owner": told.owner,
        "decision": told.decision,
        "differences": finding.differences,
        "n_rows": finding.n_rows,
        "held_files": finding.held,
        "rows": finding.rows.iter().take(MOST_ROWS).collect::<Vec<_>>(),
        "causes": finding.causes,
        "touches": told.touches,
    })
}
