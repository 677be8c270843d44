//! J7: the follow-up queue.

use std::path::Path;

use langgan::analyses::queue::arbitration::ReasonTexts;
use langgan::analyses::queue::rules::{RULES, RuleWeights};
use langgan::analyses::queue::signals::Signals;
use langgan::analyses::queue::{HighValueTies, Queue};
use langgan::error::{Error, Result};
use langgan::facts::Facts;
use polars::prelude::*;

use crate::output;

/// Writes `j7_queue.csv` and `j7_reasons.csv`.
pub fn run(facts: &Facts, out: &Path) -> Result<()> {
    let queue = Queue {
        rules: RuleWeights::only(&[
            "complaint",
            "lapsed_high_value",
            "win_back",
            "returned_item",
            "wishlist",
            "first_order",
            "birthday",
        ]),
        high_value_ties: HighValueTies::ById,
        cool_down_days: 0,
        ..Queue::default()
    };
    let agenda = queue.agenda(facts, &Signals::default());
    let failed = Error::internal("building a frame");
    let rows: Vec<_> = agenda.entries.iter().map(|entry| &agenda.candidates[entry.candidate]).collect();
    let reasons = ReasonTexts::new(rows.iter().copied());
    let frame = df!(
        "agent_id" => rows.iter().map(|row| agenda.desks[row.desk as usize].name.as_str()).collect::<Vec<_>>(),
        "rank" => agenda.entries.iter().map(|entry| i64::from(entry.rank)).collect::<Vec<_>>(),
        "customer_id" => rows.iter().map(|row| facts.customers.id(row.customer as usize)).collect::<Vec<_>>(),
        "priority" => rows.iter().map(|row| row.priority).collect::<Vec<_>>(),
        "reasons" => rows.iter().map(|row| by_name(reasons.of(row))).collect::<Vec<_>>(),
        "monetary_c" => rows.iter().map(|row| agenda.histories[row.customer as usize].monetary).collect::<Vec<_>>(),
    );
    output::csv(&frame.map_err(&failed)?, &out.join("j7_queue.csv"))?;
    let mut counts: Vec<(&str, i64)> = RULES
        .iter()
        .zip(agenda.by_reason())
        .map(|(rule, counts)| (rule.name, counts.iter().sum()))
        .filter(|row| row.1 > 0)
        .collect();
    counts.sort_unstable();
    let frame = df!(
        "reason" => counts.iter().map(|row| row.0).collect::<Vec<_>>(),
        "customers" => counts.iter().map(|row| row.1).collect::<Vec<_>>(),
    );
    output::csv(&frame.map_err(&failed)?, &out.join("j7_reasons.csv"))
}

/// The job has reasons by name, the queue the most urgent first.
fn by_name(reasons: &str) -> String {
    let mut names: Vec<&str> = reasons.split('|').collect();
    names.sort_unstable();
    names.join("|")
}
