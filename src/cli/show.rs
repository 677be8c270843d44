//! `langgan report`, `list` and `queue`: what a published run holds.

use super::args::{List, Queue, QueueAction, Which};
use super::{Session, query, render};
use crate::deliver::lists::REASONS;
use crate::error::{Error, Result};
use crate::marts;

/// Says where the report is.
pub fn report(session: &Session, args: &Which) -> Result<u8> {
    let path = query::run_dir(session, args).join("report.html");
    let path = path.canonicalize().map_err(|_| no_run(args))?;
    if session.json {
        render::json(&serde_json::json!({ "report": path }))?;
    } else {
        render::to_stdout(&path.display().to_string())?;
    }
    Ok(0)
}

/// Prints a list, or which there are and who is left out of each.
pub fn list(session: &Session, args: &List) -> Result<u8> {
    let run = query::run_dir(session, &args.which);
    let record = read_record(&run).ok_or_else(|| no_run(&args.which))?;
    let empty = serde_json::Map::new();
    let lists = record["lists"].as_object().unwrap_or(&empty);
    let Some(name) = &args.name else {
        if session.json {
            return render::json(&record["lists"]).map(|()| 0);
        }
        let mut columns = vec!["chosen", "listed"];
        columns.extend(REASONS.iter().filter(|reason| lists.values().any(|counts| counts[**reason] != 0)));
        let row = |(name, counts): (&String, &serde_json::Value)| {
            std::iter::once(name.clone()).chain(columns.iter().map(|column| counts[*column].to_string())).collect()
        };
        let rows: Vec<Vec<String>> = lists.iter().map(row).collect();
        let sum = |name: &str| lists.values().filter_map(|counts| counts[name].as_u64()).sum::<u64>();
        if sum("listed") == 0 && sum("no_consent") > 0 && sum("no_consent") + sum("not_external") == sum("chosen") {
            session.say(render::NOBODY_CONSENTS);
        }
        let headers: Vec<&str> = std::iter::once("list").chain(columns.iter().copied()).collect();
        let right: Vec<usize> = (1..headers.len()).collect();
        return render::to_stdout(&render::table(&headers, &rows, &right)).map(|()| 0);
    };
    if !lists.contains_key(name) {
        return Err(Error::Unknown { what: "list", name: name.clone(), known: lists.keys().cloned().collect() });
    }
    let path = run.join(if args.control { "control" } else { "lists" }).join(format!("{name}.csv"));
    render::to_stdout(&std::fs::read_to_string(&path).map_err(Error::io("read", &path))?)?;
    Ok(0)
}

/// The record of a run; nothing where there is none that can be read.
pub fn read_record(run: &std::path::Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&std::fs::read(run.join("run.json")).ok()?).ok()
}

/// Shows the queue.
pub fn queue(session: &Session, args: &Queue) -> Result<u8> {
    let QueueAction::Show { agent, which } = &args.action;
    if !query::run_dir(session, which).join("tables/queue.parquet").exists() {
        return Err(no_run(which));
    }
    let mut context = query::context(session, which)?;
    let frame = marts::collect(
        &mut context,
        "SELECT q.agent_id, q.rank, q.customer_id, c.name, q.priority, q.reasons, q.product_id, q.due_date \
         FROM queue AS q LEFT JOIN lake_customers AS c ON q.customer_id = c.customer_id \
         WHERE NOT q.in_control ORDER BY agent_id, rank",
    )?;
    if frame.height() == 0 {
        let left_out = "SELECT reason, customers FROM queue_excluded WHERE reason <> 'no_reason' AND customers > 0";
        let left_out = marts::collect(&mut context, left_out)?;
        let reasons: Vec<Vec<String>> = (0..left_out.height()).map(|row| render::cells(&left_out, row)).collect();
        if !reasons.is_empty() && reasons.iter().all(|row| ["no_consent", "not_external"].contains(&row[0].as_str())) {
            session.say(render::NOBODY_CONSENTS);
        }
    }
    let frame = match agent {
        Some(agent) => {
            use polars::prelude::*;
            frame
                .lazy()
                .filter(col("agent_id").eq(lit(agent.as_str())))
                .collect()
                .map_err(Error::internal("picking an agent"))?
        }
        None => frame,
    };
    if session.json {
        render::json(&render::Rows(&frame))?;
    } else {
        render::to_stdout(&render::frame(&frame, 1000, None))?;
    }
    Ok(0)
}

/// There is no such run.
pub fn no_run(which: &Which) -> Error {
    let run = which.run.as_deref().unwrap_or("latest");
    Error::Usage {
        message: format!("there is no run `{run}` here"),
        hint: "make one with `langgan run`, or look into runs/".into(),
    }
}
