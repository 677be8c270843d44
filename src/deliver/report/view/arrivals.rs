//! What arrived of each branch on each day, as a heat map, and the exceptions that are open.

use super::super::table::{Table, number, text};
use super::super::{Arrivals, format};
use super::{Voice, shade};
use minijinja::{Value, context};

const EXCEPTIONS: usize = 25;

pub(super) fn view(voice: Voice<'_>, data: &Arrivals) -> Value {
    let most = data.branches.iter().flat_map(|row| &row.days).map(|cell| cell.orders).max().unwrap_or(0);
    let heads: Vec<Value> = data
        .days
        .iter()
        .map(|day| context! { day => day.get(8..).unwrap_or(""), title => format::date(day, voice.language) })
        .collect();
    let rows: Vec<Value> = data
        .branches
        .iter()
        .map(|row| {
            let cells: Vec<Value> = row
                .days
                .iter()
                .zip(&data.days)
                .map(|(cell, day)| {
                    let status = voice.label("arrival", cell.status);
                    let orders = voice.count(cell.orders);
                    let title = format!("{}: {status}, {orders}", format::date(day, voice.language));
                    let class = match cell.status {
                        "ok" => shade((cell.orders as f64 / most.max(1) as f64).sqrt()),
                        other => format!("a-{other}"),
                    };
                    context! { class, title, mark => mark(cell.status) }
                })
                .collect();
            context! { branch => &row.branch, cells }
        })
        .collect();
    let heads_of_table = ["what", "branch", "day", "state", "#age", "#touched", "#customers"];
    let exceptions = Table::new(voice, &heads_of_table).when_empty(voice.word("no_exceptions")).fill(
        voice,
        &data.exceptions,
        EXCEPTIONS,
        |row| {
            let class = if row.is_error { "long bad" } else { "long" };
            vec![
                text(&row.what).sub(&row.cause).class(class),
                text(&row.branch).sub(&row.owner),
                text(if row.day.is_empty() { String::new() } else { format::date(&row.day, voice.language) }),
                text(voice.label("state", &row.state)),
                number(voice.count(row.age_days)),
                number(voice.money_exact(row.amount)),
                number(voice.count(row.customers)),
            ]
        },
    );
    let legend: Vec<Value> = ["resent", "late", "duplicate", "partial", "missing", "failed", "held", "closed"]
        .into_iter()
        .map(|status| context! { class => format!("a-{status}"), mark => mark(status), name => voice.label("arrival", status) })
        .collect();
    context! { heads, rows, exceptions, legend, held => data.held.clone() }
}

/// A sign for what colour alone must not say.
fn mark(status: &str) -> &'static str {
    match status {
        "resent" => "R",
        "late" => "L",
        "duplicate" => "2",
        "partial" => "½",
        "missing" => "–",
        "failed" => "!",
        "held" => "×",
        "closed" => "c",
        _ => "",
    }
}
