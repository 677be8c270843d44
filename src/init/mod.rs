//! `langgan init --from FILE…`: looks at operational exports and writes the `langgan.toml` that loads them.
//!
//! What the files prove is decided and shown as evidence; what they leave open is put to the user.

mod arithmetic;
mod dates;
mod describe;
mod discounts;
mod exports;
mod files;
mod header;
mod joins;
mod links;
mod money;
mod names;
mod numbers;
mod profile;
mod sketch;
mod sniff;
mod stated;
mod synonyms;
mod tables;
mod trailer;
mod words;
mod write;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use exports::Export;
use tables::Placement;

/// A configuration for some exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The text of `langgan.toml`.
    pub toml: String,
    /// What was decided and why, with counts, for people.
    pub evidence: Vec<String>,
    /// The tables the configuration loads.
    pub tables: Vec<&'static str>,
    /// What the files leave open; the lines in question are comments in `toml`.
    pub questions: Vec<Question>,
}

/// Something only the user can know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The source.
    pub source: String,
    /// The export's column.
    pub column: String,
    /// What is asked.
    pub what: String,
    /// The possible answers, as `langgan.toml` writes them.
    pub choices: Vec<String>,
    /// Why the file does not say.
    pub evidence: String,
    /// The flag that answers it, its values in the order of `choices`: `--date dmy|mdy`.
    pub flag: String,
}

/// What the user has answered already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// `--date`: the order of day, month and year where a file leaves it open.
    pub date_order: Option<DateOrder>,
    /// `--decimal`: the decimal mark where a file leaves it open.
    pub decimal: Option<char>,
    /// `--discount`: what discounts up to one are, where a file leaves it open.
    pub discounts: Option<Discounts>,
    /// `--currency`: the ISO code of the money.
    pub currency: Option<String>,
    /// `--lang`: the language of the reports, `id` or `en`.
    pub language: Option<String>,
}

/// What discounts up to one are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discounts {
    /// Shares of the price.
    Rates,
    /// Money.
    Amounts,
}

/// The order of day, month and year in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 31/12/2011.
    Dmy,
    /// 12/31/2011.
    Mdy,
    /// 2011/12/31.
    Ymd,
}

impl DateOrder {
    /// As the flag `--date` writes it.
    pub fn flag(self) -> &'static str {
        match self {
            DateOrder::Dmy => "dmy",
            DateOrder::Mdy => "mdy",
            DateOrder::Ymd => "ymd",
        }
    }
}

impl std::str::FromStr for DateOrder {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<DateOrder, String> {
        [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd]
            .into_iter()
            .find(|order| order.flag() == text)
            .ok_or_else(|| "one of dmy, mdy, ymd".into())
    }
}

/// Looks at the files (or the tables in a folder) and proposes a configuration.
///
/// # Errors
/// [`Error::Usage`] where no file is given, [`Error::Io`] where one cannot be read, [`Error::Untrusted`] where
/// none of them is a table in text.
pub fn infer(project_dir: &Path, files: &[PathBuf], answers: &Answers) -> Result<Proposal> {
    let usage = |message: &str| Error::Usage {
        message: message.into(),
        hint: "name the exports: `langgan init --from exports/*.csv`".into(),
    };
    if files.is_empty() {
        return Err(usage("there is no file to look at"));
    }
    let paths = files::expand(files)?;
    if paths.is_empty() {
        return Err(usage(
            "the folder holds no table (csv, xlsx, xls, ods, jsonl, parquet, or these packed as gz, zst or zip)",
        ));
    }
    let exports::Looked { exports, refused, evidence: mut read_alike } = exports::look(project_dir, &paths, answers)?;
    if exports.is_empty()
        && let Some((path, reason)) = refused.first()
    {
        return Err(Error::Untrusted {
            source_name: "init".into(),
            path: path.clone(),
            code: "unreadable",
            message: reason.clone(),
            hint: "mend what is named, save the file (as CSV, if in doubt), and run `langgan init` again".into(),
        });
    }
    let (placed, mut because) = place_all(&exports)?;
    let money = money::money(&exports, &placed, answers);
    let mut evidence = Vec::new();
    for (export, placement) in exports.iter().zip(&placed) {
        describe::describe(export, placement.as_ref(), &mut evidence);
    }
    evidence.append(&mut read_alike);
    evidence.append(&mut because);
    evidence.extend(links::evidence(&exports, &placed));
    evidence.extend(money.evidence.iter().cloned());
    for (path, reason) in &refused {
        evidence.push(format!("{}: not used: {reason}", exports::shown(project_dir, path)));
    }
    let refused: Vec<(String, String)> =
        refused.into_iter().map(|(path, reason)| (exports::shown(project_dir, &path), reason)).collect();
    let project =
        write::Project { dir: project_dir, language: answers.language.as_deref(), money: &money, refused: &refused };
    Ok(Proposal {
        toml: write::toml(&project, &exports, &placed),
        evidence: evidence.iter().map(|line| write::clean(line)).collect(),
        tables: placed.iter().flatten().filter(|own| own.is_complete()).map(|own| own.table.name).collect(),
        questions: questions(&exports, &placed),
    })
}

/// Places every export: first by names and values, then once more knowing whose keys the others refer to.
fn place_all(exports: &[Export]) -> Result<(Vec<Option<Placement>>, Vec<String>)> {
    let first: Result<Vec<Option<Placement>>> =
        exports.iter().map(|export| Ok(tables::place(export, &[], |_| Ok(()))?.into_iter().next())).collect();
    let first = first?;
    let described = first.iter().flatten().any(|first| first.table.name == "products" && first.is_complete());
    let links = links::links(exports, &first);
    let mut placed = Vec::new();
    for (place, export) in exports.iter().enumerate() {
        let mut options = tables::place(export, &links.found[place], |option| {
            tables::number_lines(export, option)?;
            stated::state_total(export, option)?;
            joins::complete(exports, place, option, described);
            Ok(())
        })?;
        let chosen = options
            .iter()
            .position(|option| is_lines_of(exports, &first, place, option))
            .or_else(|| options.iter().position(Placement::is_complete))
            .unwrap_or(0);
        let mut chosen = (!options.is_empty()).then(|| options.swap_remove(chosen));
        chosen.iter_mut().try_for_each(|own| trailer::find(export, own))?;
        placed.push(chosen);
    }
    for (export, placement) in exports.iter().zip(&mut placed) {
        let Some(placement) = placement else { continue };
        let remark = discounts::remark(export, placement);
        placement.remarks.extend(remark);
    }
    for place in 0..exports.len() {
        let same = |other: &usize| {
            placed[*other].as_ref().is_some_and(Placement::is_complete)
                && exports[*other].holds_the_same(&exports[place])
        };
        let twin = (0..place).find(same);
        if let (Some(twin), Some(placement)) = (twin, &mut placed[place]) {
            placement.against =
                Some(format!("it holds the same rows as {}, under other dates or ids", exports[twin].name));
        }
    }
    Ok((placed, links.evidence))
}

/// Whether an export holds the lines of orders that another export holds.
fn is_lines_of(exports: &[Export], placed: &[Option<Placement>], place: usize, option: &Placement) -> bool {
    if option.table.name != "order_lines" || option.missing.iter().any(|column| *column != "line_no") {
        return false;
    }
    let order_id = |placement: &Placement| placement.field("order_id");
    let Some(own) = order_id(option) else { return false };
    placed.iter().enumerate().any(|(other, placement)| {
        let orders = placement
            .as_ref()
            .filter(|placement| other != place && placement.table.name == "orders" && placement.is_complete());
        orders.and_then(order_id).is_some_and(|key| {
            exports[place].profile.columns[own].values.found_in(&exports[other].profile.columns[key].values) >= 0.5
        })
    })
}

fn questions(exports: &[Export], placed: &[Option<Placement>]) -> Vec<Question> {
    let mut questions = Vec::new();
    for (export, placement) in exports.iter().zip(placed) {
        let Some(placement) = placement.as_ref().filter(|placement| placement.is_complete()) else { continue };
        for pattern in write::patterns(export, placement) {
            let write::Pattern::Open { header, verdict, .. } = pattern else { continue };
            let flags: Vec<&str> = verdict.patterns.iter().map(|pattern| dates::order_of(pattern).flag()).collect();
            questions.push(Question {
                source: export.name.clone(),
                column: write::clean(&header),
                what: "in which order do day, month and year stand?".into(),
                choices: verdict.patterns.clone(),
                evidence: verdict.why.clone().unwrap_or_default(),
                flag: format!("--date {}", flags.join("|")),
            });
        }
        questions.extend(discounts::question(export, placement));
        let open = export.open_columns(placement);
        if let Some(first) = open.first() {
            questions.push(Question {
                source: export.name.clone(),
                column: write::clean(&export.shape.header[*first]),
                what: "is the mark in such numbers the decimal mark, or does it part thousands?".into(),
                choices: vec![".".into(), ",".into()],
                evidence: export.open_evidence(&open),
                flag: "--decimal .|,".into(),
            });
        }
    }
    questions
}

#[cfg(test)]
mod tests;
