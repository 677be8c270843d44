//! `langgan segment`: the segments of a run, and what a condition would choose.

use std::collections::BTreeSet;

use polars::prelude::*;

use super::args::{Segment, SegmentAction, Which};
use super::show::no_run;
use super::{Session, query, render};
use crate::deliver::report::format;
use crate::error::{Error, Result};
use crate::marts;
use crate::segments::{MEMBER, expression};

/// Shows segments, or tries a condition.
pub fn run(session: &Session, args: &Segment) -> Result<u8> {
    match &args.action {
        SegmentAction::Show { name, which } => show(session, name.as_deref(), which),
        SegmentAction::Preview { condition, which } => preview(session, condition, which),
    }
}

fn show(session: &Session, name: Option<&str>, which: &Which) -> Result<u8> {
    let tables = query::run_dir(session, which).join("tables");
    if !tables.is_dir() {
        return Err(no_run(which));
    }
    if !tables.join("segments.parquet").exists() {
        return Err(Error::Usage {
            message: "this run has no segments".into(),
            hint: "add `[segments.NAME]` with `where = \"…\"` to langgan.toml, try the condition with \
                   `langgan segment preview`, and run again"
                .into(),
        });
    }
    let mut context = query::context(session, which)?;
    let segments = marts::collect(&mut context, "SELECT * FROM segments ORDER BY segment")?;
    let names: Vec<String> = text_cells(&segments, "segment")?;
    let segments = match name {
        None => segments,
        Some(name) => {
            let unknown = || Error::Unknown { what: "segment", name: name.into(), known: names.clone() };
            let row = names.iter().position(|known| known == name).ok_or_else(unknown)?;
            segments.slice(row as i64, 1)
        }
    };
    let overlaps = marts::collect(
        &mut context,
        "SELECT segment, other, customers, share_of_segment, share_of_other FROM segment_overlaps \
         UNION ALL SELECT other, segment, customers, share_of_other, share_of_segment FROM segment_overlaps",
    )?;
    let failed = Error::internal("reading overlaps");
    let wanted = match name {
        Some(name) => col("segment").eq(lit(name)),
        // Each pair once, the first name before the second.
        None => col("segment").lt(col("other")),
    };
    let order = SortMultipleOptions::default().with_order_descending_multi([true, false, false]);
    let overlaps = overlaps.lazy().filter(wanted).sort(["customers", "segment", "other"], order).collect();
    let overlaps = overlaps.map_err(&failed)?;
    if session.json {
        let both = serde_json::json!({
            "segments": render::rows_json(&segments),
            "overlaps": render::rows_json(&overlaps),
        });
        return render::json(&both).map(|()| 0);
    }
    render::to_stdout(&render::frame(&segments, 1000, shown(session)))?;
    if overlaps.height() > 0 {
        render::to_stdout(&format!("\nin two segments\n{}", render::frame(&overlaps, 50, None)))?;
    }
    Ok(0)
}

/// Counts whom a condition holds for, from the columns it needs alone.
fn preview(session: &Session, condition: &str, which: &Which) -> Result<u8> {
    let wrong = |message: String| Error::Usage {
        message,
        hint: "`langgan explain customers` lists the columns; text stands in single quotes".into(),
    };
    let holds = expression::parse(condition).map_err(wrong)?;
    let tables = query::run_dir(session, which).join("tables");
    let path = tables.join("customers.parquet");
    if !path.exists() {
        return Err(no_run(which));
    }
    let failed = |error: PolarsError| Error::Query { message: error.to_string() };
    let scan = |path: &std::path::Path| {
        LazyFrame::scan_parquet(PlRefPath::from(path.to_string_lossy().as_ref()), ScanArgsParquet::default())
    };
    let columns = [col("net_sales"), col("contribution"), holds.alias(CHOSEN)];
    let customers = scan(&path).map_err(failed)?.select(columns).collect().map_err(failed)?;
    let mask = customers.column(CHOSEN).and_then(|column| column.bool().cloned()).map_err(failed)?;
    let sum = |name: &str| -> Result<AnyValue<'static>> {
        let money = customers.column(name).map_err(failed)?.filter(&mask).map_err(failed)?;
        let sum = money.as_materialized_series().sum_reduce().map_err(failed)?;
        Ok(sum.into_value().into_static())
    };
    let (count, all) = (mask.sum().unwrap_or(0), customers.height());
    let (net_sales, contribution) = (sum("net_sales")?, sum("contribution")?);
    for (column, value) in expression::texts(condition) {
        let known = values(session, &scan(&path).map_err(failed)?, &column)?;
        if known.len() <= MOST_VALUES && !known.contains(&value) {
            let known = known.into_iter().collect::<Vec<String>>().join(", ");
            session.say(&format!("no customer has `{column}` = '{value}'; it is one of: {}", render::harmless(&known)));
        }
    }
    let mut shared: Vec<(String, u64)> = Vec::new();
    let members = tables.join("segment_members.parquet");
    if members.exists() {
        let members = scan(&members).map_err(failed)?.collect().map_err(failed)?;
        for column in members.columns() {
            let (Some(name), Ok(flags)) = (column.name().strip_prefix(MEMBER), column.bool()) else { continue };
            let both = (flags & &mask).sum().unwrap_or(0);
            if both > 0 {
                shared.push((name.to_string(), u64::from(both)));
            }
        }
    }
    shared.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
    let share = f64::from(count) / all.max(1) as f64;
    if session.json {
        let shared: serde_json::Map<String, serde_json::Value> =
            shared.into_iter().map(|(name, both)| (name, both.into())).collect();
        return render::json(&serde_json::json!({
            "where": condition, "customers": count, "of": all, "share": share,
            "net_sales": render::cell(&net_sales), "contribution": render::cell(&contribution), "shared_with": shared,
        }))
        .map(|()| 0);
    }
    let config = session.config().ok();
    let money = |value: &AnyValue<'_>| match (value, &config) {
        (AnyValue::Decimal(minor, _, scale), Some(config)) if i64::try_from(*minor).is_ok() => {
            let currency = &config.core.currency;
            let language = session.language(config);
            format::money_code(*minor as i64, *scale as u32, currency.shown(), &currency.code, language)
        }
        (value, _) => render::cell(value),
    };
    let mut text = format!(
        "{count} of {all} customers ({:.1} %), net sales {}, contribution {}\n",
        share * 100.0,
        money(&net_sales),
        money(&contribution)
    );
    if !shared.is_empty() {
        let rows: Vec<Vec<String>> = shared.iter().map(|(name, both)| vec![name.clone(), both.to_string()]).collect();
        text.push_str(&format!("\n{}\n", render::table(&["also in", "customers"], &rows, &[1])));
    }
    render::to_stdout(&text)?;
    Ok(0)
}

/// Values of a column that are named to who wrote another.
const MOST_VALUES: usize = 40;

/// Decimals of money shown to people; nothing where there is no configuration to say.
fn shown(session: &Session) -> Option<u32> {
    session.config().ok().map(|config| config.core.currency.shown())
}

/// The values a column of `customers` has, and those it could have.
fn values(session: &Session, customers: &LazyFrame, column: &str) -> Result<BTreeSet<String>> {
    let failed = |error: PolarsError| Error::Query { message: error.to_string() };
    let found = customers.clone().select([col(column).unique()]).collect().map_err(failed)?;
    let mut values: BTreeSet<String> = text_cells(&found, column)?.into_iter().collect();
    match column {
        "segment" => {
            values.extend(session.config().iter().flat_map(|config| config.analyses.rfm.map.names()).cloned());
        }
        "risk_band" => values.extend(["low", "medium", "high", "lost"].map(String::from)),
        _ => {}
    }
    Ok(values)
}

/// The column that says who is chosen; no column of `customers` is called so.
const CHOSEN: &str = "is chosen";

fn text_cells(frame: &DataFrame, name: &str) -> Result<Vec<String>> {
    let column =
        frame.column(name).and_then(|column| column.str().cloned()).map_err(Error::internal("reading a table"))?;
    Ok(column.iter().flatten().map(String::from).collect())
}
