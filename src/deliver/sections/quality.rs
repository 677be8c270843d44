//! What may be trusted: row arithmetic, rejects, control totals.

use std::collections::BTreeMap;

use super::Delivery;
use crate::calendar::day_name;
use crate::contracts::rules::Severity;
use crate::deliver::check_words;
use crate::deliver::rejects;
use crate::deliver::report::{
    Arrival, Arrivals, BranchArrivals, ControlMismatch, DataQuality, Language, OpenException, RejectCode, SourceRows,
    format, word,
};
use crate::engine::record;
use crate::error::Result;
use crate::lake::LakeDir;

/// The data-quality page.
pub fn quality(lake: &LakeDir, delivery: &Delivery<'_>) -> Result<DataQuality> {
    let sources = record::arithmetic(delivery.manifest)
        .into_iter()
        .map(|(source, rows)| SourceRows {
            source,
            received: rows.received,
            accepted: rows.accepted,
            rejected: rows.rejected,
            duplicate: rows.duplicate,
            superseded: rows.superseded,
        })
        .collect();
    let mut examples: BTreeMap<String, (String, String)> = BTreeMap::new();
    let codes = record::rejects(delivery.manifest);
    rejects::each(lake, delivery.manifest, |row| {
        if !examples.contains_key(row.code) {
            let raw: String =
                row.raw.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(120).collect();
            examples.insert(row.code.into(), (format!("{}:{}", row.file, row.line), raw));
        }
        examples.len() < codes.len()
    })?;
    let mut rejects: Vec<RejectCode> = codes
        .into_iter()
        .map(|(code, rows)| {
            let (location, example) = examples.get(&code).cloned().unwrap_or_default();
            RejectCode { code, rows, location, example }
        })
        .collect();
    rejects.sort_by(|left, right| right.rows.cmp(&left.rows).then(left.code.cmp(&right.code)));
    let control_mismatches = delivery
        .picture
        .mismatches
        .iter()
        .map(|mismatch| {
            let expected = mismatch.expected_amount.unwrap_or(0);
            ControlMismatch {
                branch: mismatch.branch.clone(),
                day: day_name(mismatch.day),
                expected,
                actual: mismatch.actual_amount,
                difference: mismatch.actual_amount - expected,
            }
        })
        .collect();
    Ok(DataQuality {
        sources,
        rejects,
        control_totals_checked: delivery.picture.compared,
        control_mismatches,
        arrivals: arrivals(delivery),
        notices: notices(delivery),
    })
}

/// The arrival grid and the open exceptions; `None` where orders name no branch.
fn arrivals(delivery: &Delivery<'_>) -> Option<Arrivals> {
    let (picture, currency, language) = (delivery.picture, &delivery.config.core.currency, delivery.language);
    let money = |minor: i64| format::money_code(minor, currency.decimals, currency.shown(), &currency.code, language);
    let named = picture.branches.iter().filter(|branch| !branch.branch.is_empty());
    let branches: Vec<BranchArrivals> = named
        .map(|branch| BranchArrivals {
            branch: branch.branch.clone(),
            days: branch
                .days
                .iter()
                .map(|cell| Arrival { status: cell.status.name(), orders: cell.orders.max(0) as u64 })
                .collect(),
        })
        .collect();
    if branches.is_empty() {
        return None;
    }
    let mut open: Vec<_> = picture.exceptions.iter().filter(|told| told.state.is_open()).collect();
    open.sort_by_key(|told| (told.finding.severity, std::cmp::Reverse(told.finding.day)));
    let exceptions = open
        .into_iter()
        .map(|told| OpenException {
            what: check_words::finding(&told.finding, &money, language),
            cause: told.cause().map_or_else(String::new, |cause| check_words::cause(cause, language)),
            is_error: told.finding.severity == Severity::Error,
            branch: told.finding.branch.clone(),
            owner: told.owner.clone(),
            day: told.finding.day.map_or_else(String::new, day_name),
            state: told.state.name().into(),
            age_days: told.age(picture.as_of).max(0) as u64,
            amount: told.touches.amount_minor,
            customers: told.touches.customers,
        })
        .collect();
    Some(Arrivals {
        days: (picture.from..picture.as_of).map(day_name).collect(),
        branches,
        exceptions,
        held: picture.gate.held.iter().map(|held| check_words::held(held, language)).collect(),
    })
}

fn notices(delivery: &Delivery<'_>) -> Vec<String> {
    let facts = delivery.facts;
    let indonesian = delivery.language == Language::Indonesian;
    let count = |number: u64| format::count(number, delivery.language);
    let mut notices = Vec::new();
    for held in &delivery.manifest.held {
        notices.push(check_words::held_file(held, delivery.language));
    }
    let anonymous = facts.anonymous_orders();
    if !anonymous.is_empty() {
        let lines = count(anonymous.clone().map(|order| u64::from(facts.orders.n_lines[order])).sum());
        let orders = count(anonymous.len() as u64);
        notices.push(if indonesian {
            format!("{orders} faktur ({lines} baris) tanpa pelanggan; tetap dihitung dalam penjualan.")
        } else {
            format!("{orders} orders ({lines} lines) have no customer; they are kept in the sales figures.")
        });
    }
    for (status, orders) in &facts.other_orders {
        let (status, orders) = (word("value", status, delivery.language), count(*orders));
        notices.push(if indonesian {
            format!("{orders} faktur berstatus \u{201c}{status}\u{201d} tidak dihitung.")
        } else {
            format!("{orders} orders with status \u{201c}{status}\u{201d} are in no figure.")
        });
    }
    notices
}
