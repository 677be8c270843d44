//! Two published runs side by side: what was configured and read otherwise, what the totals did, who moved and why.
//!
//! Tables in, tables out; each answer is a small frame with a name.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;
use serde_json::Value;

use crate::analyses::rfm::{self, SegmentMap};
use crate::contracts::results::{RFM, RFM_MIGRATION};
use crate::engine::publish::{inside, outside};
use crate::error::{Error, Result};

/// One published run.
pub struct Run {
    /// Its `run.json`.
    pub record: Value,
    /// Its tables as published, by name; those named in [`TABLES`] that it has.
    pub tables: BTreeMap<&'static str, DataFrame>,
}

/// The tables a comparison reads.
pub const TABLES: [&str; 6] = ["customers", "rfm", "rfm_cuts", "segments", "segment_members", "model_cards"];

/// A frame and what it says.
pub type Answer = (&'static str, DataFrame);

/// Compares a run with a later one; `decimals` are the currency's, `top` is how many customers a ranking names.
///
/// # Errors
/// Where a table lacks a column it promises.
pub fn compare(then: &Run, now: &Run, decimals: u32, top: usize) -> Result<Vec<Answer>> {
    let mut answers = vec![("runs", runs(then, now)?), ("changed", changed(then, now)?)];
    if let (Some(before), Some(after)) = (then.tables.get("customers"), now.tables.get("customers")) {
        answers.push(("totals", totals(before, after)?));
        answers.push(("came and went", came_and_went(before, after)?));
    }
    if let Some(moves) = rfm_moves(then, now, decimals)? {
        answers.push(("RFM segments: who moved, and whether the customer or the cut-points did", moves));
    }
    if let Some(own) = own_segments(then, now)? {
        answers.push(("own segments", own));
    }
    if let (Some(before), Some(after)) = (then.tables.get("customers"), now.tables.get("customers")) {
        let both = joined(before, after)?;
        answers.push(("risk bands", bands(&both, "risk_band")?));
        answers.push(("activity", bands(&both, "activity_status")?));
        for (figure, up, down) in MOVERS {
            answers.push((up, movers(&both, figure, true, top)?));
            answers.push((down, movers(&both, figure, false, top)?));
        }
        answers.push(("first order since then, highest contribution first", worth_most(only(after, before), top)?));
        answers.push(("no order any more, highest contribution first", worth_most(only(before, after), top)?));
    }
    Ok(answers)
}

/// Figures whose movers are named.
const MOVERS: [(&str, &str, &str); 3] = [
    ("contribution", "contribution: the largest rises", "contribution: the largest falls"),
    ("clv", "customer lifetime value: the largest rises", "customer lifetime value: the largest falls"),
    ("churn_probability", "churn probability: the largest rises", "churn probability: the largest falls"),
];

fn failed(error: PolarsError) -> Error {
    Error::internal("comparing runs")(error)
}

fn runs(then: &Run, now: &Run) -> Result<DataFrame> {
    let field = |name: &str| [&then.record, &now.record].map(|record| text(&record[name]));
    df!(
        "run" => ["then", "now"],
        "as_of" => field("as_of"),
        "id" => field("id"),
        "program" => field("program")
    )
    .map_err(failed)
}

/// A JSON value as a person reads it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Program, settings, failures and files that differ.
fn changed(then: &Run, now: &Run) -> Result<DataFrame> {
    let mut rows: Vec<[String; 4]> = Vec::new();
    let mut compare = |what: &str, before: BTreeMap<String, String>, after: BTreeMap<String, String>| {
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let [from, to] = [&before, &after].map(|side| side.get(key).cloned().unwrap_or_default());
            if from != to {
                rows.push([what.into(), key.clone(), from, to]);
            }
        }
    };
    let program = |run: &Run| BTreeMap::from([("version".to_string(), text(&run.record["program"]))]);
    compare("program", program(then), program(now));
    let settings = |run: &Run| {
        let mut flat = BTreeMap::new();
        flatten("", &run.record["settings"], &mut flat);
        flat
    };
    compare("setting", settings(then), settings(now));
    let failures = |run: &Run| {
        let mut flat = BTreeMap::new();
        flatten("", &run.record["failures"], &mut flat);
        flat
    };
    compare("failure", failures(then), failures(now));
    compare("model in use", serving(then)?, serving(now)?);
    let files = |run: &Run| -> BTreeMap<String, String> {
        let file = |input: &Value| {
            let hash: String = text(&input["blake3"]).chars().take(12).collect();
            let rows = text(&input["rows"]["accepted"]);
            (format!("{}: {}", text(&input["source"]), text(&input["file"])), format!("{rows} rows, {hash}"))
        };
        run.record["inputs"].as_array().map(|inputs| inputs.iter().map(file).collect()).unwrap_or_default()
    };
    compare("file", files(then), files(now));
    let column = |place: usize| rows.iter().map(|row| row[place].as_str()).collect::<Vec<_>>();
    df!("what" => column(0), "key" => column(1), "then" => column(2), "now" => column(3)).map_err(failed)
}

/// The model that serves each analysis.
fn serving(run: &Run) -> Result<BTreeMap<String, String>> {
    let Some(cards) = run.tables.get("model_cards") else { return Ok(BTreeMap::new()) };
    let analyses = cards.column("analysis").and_then(|column| column.str().cloned()).map_err(failed)?;
    let models = cards.column("model").and_then(|column| column.str().cloned()).map_err(failed)?;
    let serves = cards.column("serves").and_then(|column| column.bool().cloned()).map_err(failed)?;
    let named = |row: usize| Some((analyses.get(row)?.to_string(), models.get(row)?.to_string()));
    Ok((0..cards.height()).filter(|row| serves.get(*row) == Some(true)).filter_map(named).collect())
}

/// Leaves of a JSON value by dotted path.
fn flatten(path: &str, value: &Value, flat: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, field, flat);
            }
        }
        Value::Null => {}
        leaf => drop(flat.insert(path.to_string(), text(leaf))),
    }
}

fn totals(then: &DataFrame, now: &DataFrame) -> Result<DataFrame> {
    let mut rows: Vec<[String; 4]> = Vec::new();
    let shown = |value: &AnyValue<'_>| match value {
        AnyValue::Null => String::new(),
        AnyValue::Float64(number) => format!("{number:.2}"),
        other => other.to_string(),
    };
    let heights = [then, now].map(|frame| frame.height() as i64);
    let change = heights[1] - heights[0];
    rows.push(["customers".into(), heights[0].to_string(), heights[1].to_string(), change.to_string()]);
    for name in ["n_orders", "net_sales", "contribution", "clv", "profit_at_risk", "churn_probability"] {
        let sum = |frame: &DataFrame| frame.clone().lazy().select([col(name).sum()]).collect();
        let (Ok(before), Ok(after)) = (sum(then), sum(now)) else { continue };
        let both = before.hstack(&[after.columns()[0].clone().with_name("after".into())]).map_err(failed)?;
        let all = both.lazy().with_columns([(col("after") - col(name)).alias("change")]).collect().map_err(failed)?;
        let cells: Vec<String> =
            all.columns().iter().map(|column| column.get(0).map_or(String::new(), |value| shown(&value))).collect();
        let label = if name == "churn_probability" { "customers expected to leave" } else { name };
        rows.push([label.into(), cells[0].clone(), cells[1].clone(), cells[2].clone()]);
    }
    let column = |place: usize| rows.iter().map(|row| row[place].as_str()).collect::<Vec<_>>();
    df!("total" => column(0), "then" => column(1), "now" => column(2), "change" => column(3)).map_err(failed)
}

/// Who has ordered at all.
fn buyers(customers: &DataFrame) -> LazyFrame {
    customers.clone().lazy().filter(col("n_orders").gt(lit(0)))
}

/// Buyers of one run that are none in the other.
fn only(these: &DataFrame, others: &DataFrame) -> LazyFrame {
    buyers(these).join(buyers(others), [col("customer_id")], [col("customer_id")], JoinArgs::new(JoinType::Anti))
}

/// Buyers of one run alone, and of both, with what they are worth.
fn came_and_went(then: &DataFrame, now: &DataFrame) -> Result<DataFrame> {
    let sums = |frame: LazyFrame, who: &str| {
        frame.select([
            lit(who).alias("who"),
            len().cast(DataType::Int64).alias("customers"),
            col("net_sales").sum(),
            col("contribution").sum(),
        ])
    };
    let both = |left: &DataFrame, right: &DataFrame| {
        buyers(left).join(buyers(right), [col("customer_id")], [col("customer_id")], JoinArgs::new(JoinType::Semi))
    };
    let rows = [
        sums(only(now, then), "first order since then"),
        sums(only(then, now), "no order any more"),
        sums(both(then, now), "in both, then"),
        sums(both(now, then), "in both, now"),
    ];
    concat(rows, UnionArgs::default()).and_then(LazyFrame::collect).map_err(failed)
}

/// From every RFM segment to every other, in the later run's map; nothing where the two measured different things.
fn rfm_moves(then: &Run, now: &Run, decimals: u32) -> Result<Option<DataFrame>> {
    let tables = |run: &Run| -> Result<Option<(DataFrame, DataFrame)>> {
        match (run.tables.get("rfm"), run.tables.get("rfm_cuts")) {
            (Some(scores), Some(cuts)) => Ok(Some((inside(&RFM, scores, decimals)?, cuts.clone()))),
            _ => Ok(None),
        }
    };
    let (Some(before), Some(after)) = (tables(then)?, tables(now)?) else { return Ok(None) };
    let same = ["months", "measure"].iter().all(|name| {
        matches!((before.1.column(name), after.1.column(name)), (Ok(left), Ok(right)) if left.equals_missing(right))
    });
    if !same {
        return Ok(None);
    }
    let map = &now.record["settings"]["analyses"]["rfm"]["map"];
    let map: SegmentMap = serde_json::from_value(map.clone()).unwrap_or_default();
    let moves = rfm::compare(&map, (&before.0, &before.1), (&after.0, &after.1))?;
    outside(RFM_MIGRATION.name, &moves, decimals).map(Some)
}

/// Size of the user's segments, who entered and who left, and whether the definition is another one.
fn own_segments(then: &Run, now: &Run) -> Result<Option<DataFrame>> {
    let members = |run: &Run| run.tables.get("segment_members").cloned();
    let definitions = |run: &Run| -> BTreeMap<String, String> {
        let own = run.record["settings"]["segments"].as_object();
        let own = own.into_iter().flatten();
        own.map(|(name, segment)| (name.clone(), text(&segment["where"]))).collect()
    };
    let (before, after) = (definitions(then), definitions(now));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let ids = |run: &Run, name: &str| -> Result<BTreeSet<String>> {
        let Some(frame) = members(run) else { return Ok(BTreeSet::new()) };
        let column = format!("{}{name}", crate::segments::MEMBER);
        if frame.column(&column).is_err() {
            return Ok(BTreeSet::new());
        }
        let chosen = frame.lazy().filter(col(column)).select([col("customer_id")]).collect().map_err(failed)?;
        let ids = chosen.column("customer_id").and_then(|column| column.str().cloned()).map_err(failed)?;
        Ok(ids.iter().flatten().map(String::from).collect())
    };
    let mut rows: Vec<(&str, [i64; 4], &str)> = Vec::new();
    for name in names {
        let (old, new) = (ids(then, name)?, ids(now, name)?);
        let entered = new.difference(&old).count() as i64;
        let left = old.difference(&new).count() as i64;
        let definition = match (before.get(name), after.get(name)) {
            (None, _) => "new",
            (_, None) => "dropped",
            (old, new) if old != new => "changed",
            _ => "same",
        };
        rows.push((name, [old.len() as i64, new.len() as i64, entered, left], definition));
    }
    let number = |place: usize| rows.iter().map(|row| row.1[place]).collect::<Vec<_>>();
    df!(
        "segment" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "then" => number(0),
        "now" => number(1),
        "entered" => number(2),
        "left" => number(3),
        "definition" => rows.iter().map(|row| row.2).collect::<Vec<_>>()
    )
    .map(Some)
    .map_err(failed)
}

/// What is compared of a customer.
const COMPARED: [&str; 9] = [
    "segment",
    "risk_band",
    "activity_status",
    "days_since_last_order",
    "n_orders",
    "net_sales",
    "contribution",
    "clv",
    "churn_probability",
];

/// The customers of both runs, the earlier values under `then.<name>`.
fn joined(then: &DataFrame, now: &DataFrame) -> Result<DataFrame> {
    let own = |prefix: &'static str| COMPARED.iter().map(move |name| col(*name).alias(format!("{prefix}{name}")));
    let left: Vec<Expr> = [col("customer_id"), col("name")].into_iter().chain(own("")).collect();
    let right: Vec<Expr> = [col("customer_id")].into_iter().chain(own("then.")).collect();
    let (left, right) = (now.clone().lazy().select(left), then.clone().lazy().select(right));
    left.join(right, [col("customer_id")], [col("customer_id")], JoinArgs::new(JoinType::Inner))
        .collect()
        .map_err(failed)
}

/// From every value of a column to every other, with the contribution of those who went that way.
fn bands(both: &DataFrame, name: &str) -> Result<DataFrame> {
    let value = |name: String| col(name).fill_null(lit("none"));
    both.clone()
        .lazy()
        .group_by([value(format!("then.{name}")).alias("then"), value(name.to_string()).alias("now")])
        .agg([
            len().cast(DataType::Int64).alias("customers"),
            col("then.contribution").sum().alias("contribution_then"),
            col("contribution").sum().alias("contribution_now"),
        ])
        .filter(col("then").neq(col("now")))
        .sort(
            ["customers", "then", "now"],
            SortMultipleOptions::default().with_order_descending_multi([true, false, false]),
        )
        .collect()
        .map_err(failed)
}

/// The customers a figure changed most for, and what else changed with them.
fn movers(both: &DataFrame, figure: &str, up: bool, top: usize) -> Result<DataFrame> {
    let change = col(figure) - col(format!("then.{figure}"));
    let moved = if up { col("change").gt(lit(0)) } else { col("change").lt(lit(0)) };
    both.clone()
        .lazy()
        .with_columns([change.alias("change")])
        .filter(moved)
        .sort(["change", "customer_id"], SortMultipleOptions::default().with_order_descending_multi([up, false]))
        .limit(u32::try_from(top).unwrap_or(u32::MAX))
        .select([
            col("customer_id"),
            col("name"),
            col(format!("then.{figure}")).alias("then"),
            col(figure).alias("now"),
            col("change"),
            (col("n_orders") - col("then.n_orders")).alias("orders_since"),
            (col("net_sales") - col("then.net_sales")).alias("net_sales_since"),
            col("then.days_since_last_order").alias("days_silent_then"),
            col("days_since_last_order").alias("days_silent_now"),
            col("then.segment").alias("segment_then"),
            col("segment").alias("segment_now"),
        ])
        .collect()
        .map_err(failed)
}

/// The first of those a comparison found, highest contribution first.
fn worth_most(found: LazyFrame, top: usize) -> Result<DataFrame> {
    found
        .sort(
            ["contribution", "customer_id"],
            SortMultipleOptions::default().with_order_descending_multi([true, false]),
        )
        .limit(u32::try_from(top).unwrap_or(u32::MAX))
        .select(
            ["customer_id", "name", "first_order_date", "n_orders", "net_sales", "contribution", "segment"].map(col),
        )
        .collect()
        .map_err(failed)
}
