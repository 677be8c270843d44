//! `langgan report`, `list` and `queue`: what a published run holds.

use super::args::{List, Queue, QueueAction, Which};
use super::{Session, query, render};
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

/// Prints a list, or the names of the lists.
pub fn list(session: &Session, args: &List) -> Result<u8> {
    let dir = query::run_dir(session, &args.which).join("lists");
    let mut names: Vec<String> = std::fs::read_dir(&dir)
        .map_err(|_| no_run(&args.which))?
        .flatten()
        .filter_map(|entry| entry.path().file_stem().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    match &args.name {
        None => render::to_stdout(&names.join("\n"))?,
        Some(name) if names.contains(name) => {
            let path = dir.join(format!("{name}.csv"));
            render::to_stdout(&std::fs::read_to_string(&path).map_err(Error::io("read", &path))?)?;
        }
        Some(name) => return Err(Error::Unknown { what: "list", name: name.clone(), known: names }),
    }
    Ok(0)
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
        render::json(&render::rows_json(&frame))?;
    } else {
        render::to_stdout(&render::frame(&frame, 1000))?;
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
