//! Result tables → files people open: the report, the workbook, lists, queues, rejects. Nothing is computed here that
//! is not already in a table; rows are picked, ordered, capped, named and formatted. Bytes out, no file touched.

pub mod check_words;
mod churn_words;
pub mod column_words;
mod columns;
pub mod csv_file;
mod list_choices;
pub mod lists;
mod offer_words;
pub mod per_branch;
pub mod phones;
pub mod queues;
pub mod rejects;
pub mod report;
mod sections;
pub mod speech;
pub mod table_words;
mod workbook;

use crate::analyses::Results;
use crate::analyses::frame::{texts, wholes};
use crate::check::Picture;
use crate::config::Config;
use crate::contracts::results::{CROSS_SELL, PROFITABILITY_TIEOUT, QUEUE, REPLENISH, UP_SELL, result_table};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::lake::{LakeDir, Manifest};
use lists::List;
use report::Language;

/// Everything a delivery is made from.
pub struct Delivery<'d> {
    /// Name, currency, parameters.
    pub config: &'d Config,
    /// Names, telephones, consents.
    pub facts: &'d Facts,
    /// The tables.
    pub results: &'d Results,
    /// The row arithmetic.
    pub manifest: &'d Manifest,
    /// What the checks found, and what may be used.
    pub picture: &'d Picture,
    /// What could not be made.
    pub failures: &'d [(String, Error)],
    /// Language of the reader.
    pub language: Language,
}

/// Every file of a delivery but `rejects.csv`, which may be large: its path within the run, and its bytes.
pub fn files(lake: &LakeDir, delivery: &Delivery<'_>, lists: &[List]) -> Result<Vec<(String, Vec<u8>)>> {
    let data = sections::report_data(lake, delivery)?;
    let page = report::render(&data, delivery.language).map_err(Error::internal("writing the report"))?;
    let mut files = vec![("report.html".to_string(), page.into_bytes())];
    files.push(("report.xlsx".into(), workbook::workbook(delivery)?));
    for file in lists.iter().flat_map(|list| [&list.file, &list.control]) {
        files.push((file.path.clone(), file.bytes.clone()));
    }
    if let Ok(queue) = delivery.results.get(&QUEUE) {
        let offers =
            [&CROSS_SELL, &UP_SELL, &REPLENISH].into_iter().filter_map(|table| delivery.results.get(table).ok());
        let evidence = queues::evidence(delivery.facts, queue, offers, delivery.language)?;
        let settings = queues::QueueSettings {
            language: delivery.language,
            currency: &delivery.config.core.currency,
            horizon_days: delivery.config.analyses.churn.horizon_days.into(),
            costs_unknown: costs_unknown(delivery.results)?,
        };
        let queues = queues::queues(delivery.facts, queue, &evidence, settings)?;
        files.extend(queues.into_iter().map(|file| (file.path, file.bytes)));
    }
    files.extend(per_branch::files(delivery.picture, &delivery.config.core.currency, delivery.language)?);
    Ok(files)
}

/// Whether the exports have no costs of goods at all: margins are sales then, and no profit.
fn costs_unknown(results: &Results) -> Result<bool> {
    let Ok(frame) = results.get(&PROFITABILITY_TIEOUT) else { return Ok(false) };
    let (lines, ledger) = (texts(frame, "line")?, wholes(frame, "ledger")?);
    let amount = |line: &str| lines.iter().position(|name| name == Some(line)).and_then(|row| ledger.get(row));
    Ok(amount("cogs") == Some(0) && amount("net_sales").is_some_and(|sales| sales != 0))
}

/// The marketing lists.
pub fn lists(delivery: &Delivery<'_>) -> Result<Vec<List>> {
    let settings = lists::ListSettings {
        language: delivery.language,
        currency: &delivery.config.core.currency,
        horizon_days: delivery.config.analyses.churn.horizon_days.into(),
        costs_unknown: costs_unknown(delivery.results)?,
        assume_consent: delivery.config.analyses.queue.assume_consent,
        contact_kinds: &delivery.config.analyses.queue.contact_kinds,
        rules: &delivery.config.core.lists,
    };
    let table = |name: &str| {
        let found = result_table(name).map(|table| delivery.results.get(table));
        found.and_then(std::result::Result::ok)
    };
    lists::lists(delivery.facts, table, &delivery.config.core.segments, settings)
}
