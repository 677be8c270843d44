//! `langgan init`.

use super::args::Init;
use super::{Session, render};
use crate::config::{Config, FILE_NAME};
use crate::error::{Error, Result};
use crate::init::{Answers, Discounts, infer};
use crate::lake::manifest::write_atomically;

/// Writes a langgan.toml for the exports named.
pub fn run(session: &Session, args: &Init) -> Result<u8> {
    let dir = args.dir.clone().unwrap_or_else(|| session.project.0.clone());
    let path = dir.join(FILE_NAME);
    if path.exists() && !args.force {
        return Err(Error::Usage {
            message: format!("`{}` is there already", path.display()),
            hint: "edit it, or replace it with `--force`".into(),
        });
    }
    let answers = Answers {
        date_order: args.date.as_deref().and_then(|order| order.parse().ok()),
        decimal: args.decimal,
        discounts: args
            .discount
            .as_deref()
            .map(|what| if what == "rate" { Discounts::Rates } else { Discounts::Amounts }),
        currency: args.currency.clone(),
        language: session.language.map(|language| {
            if language == crate::deliver::report::Language::Indonesian { "id".into() } else { "en".into() }
        }),
    };
    let proposal = infer(&dir, &args.from, &answers)?;
    Config::parse(&proposal.toml, &path)?;
    write_atomically(&path, proposal.toml.as_bytes())?;
    if session.json {
        let questions: Vec<serde_json::Value> = proposal
            .questions
            .iter()
            .map(|question| serde_json::json!({ "source": question.source, "column": question.column, "what": question.what, "choices": question.choices, "answer_with": question.flag }))
            .collect();
        render::json(&serde_json::json!({ "file": path, "evidence": proposal.evidence, "questions": questions }))?;
    } else if !session.quiet {
        for line in &proposal.evidence {
            render::to_stdout(&render::harmless(line))?;
        }
        render::to_stdout(&format!("\nwritten: {}", path.display()))?;
    }
    for question in &proposal.questions {
        session.say(&format!(
            "question: {} {}: {} ({})",
            question.source, question.column, question.what, question.evidence
        ));
        session.say(&format!("  answer with {}", question.flag));
    }
    if !proposal.questions.is_empty() {
        return Err(Error::Usage {
            message: format!(
                "{} questions are open; what they are about is commented out in `{}`",
                proposal.questions.len(),
                path.display()
            ),
            hint: format!("run `langgan init --force --from …` again with {}", proposal.questions[0].flag),
        });
    }
    if proposal.tables.is_empty() {
        return Err(Error::NothingToLoad { path });
    }
    if !proposal.tables.iter().any(|table| ["flat", "order_lines"].contains(table)) {
        session.say("no file holds the lines of orders (product, quantity, price): before one does, there is nothing to analyse");
        session.say("next: langgan init --force --from … with that file too; or, for what needs no orders, langgan run --as-of YYYY-MM-DD");
        return Ok(0);
    }
    session.say("next: langgan run");
    Ok(0)
}
