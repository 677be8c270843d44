//! Marts: tables that are SQL alone, one file each in `queries/`, in the dialect that Polars SQL and Apache
//! DataFusion share (see [`dialect`]).
//!
//! A mart reads the lake (`lake_<table>`, `lake_rejects`), the tables of the analyses, and `params` (one row: `as_of_day`).

pub mod dialect;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use polars::prelude::*;
use polars::sql::SQLContext;

use crate::analyses::Results;
use crate::contracts::{Table, input_tables, results};
use crate::error::{Error, Result};
use crate::lake::layout::{ledger_schema, schema};
use crate::lake::{LakeDir, Manifest};

/// One mart.
#[derive(Debug)]
pub struct Mart {
    /// The table it gives.
    pub table: &'static Table,
    /// Its SQL.
    pub sql: &'static str,
    /// The result tables it reads; without them it is left out.
    pub needs: &'static [&'static Table],
}

/// Every mart, each after those it reads. The only registration.
pub const MARTS: &[Mart] = &[
    Mart { table: &results::PRODUCT_SALES, sql: include_str!("../../queries/product_sales.sql"), needs: &[] },
    Mart {
        table: &results::PROFITABILITY_DECILES,
        sql: include_str!("../../queries/profitability_deciles.sql"),
        needs: &[&results::PROFITABILITY],
    },
    Mart {
        table: &results::OFFER_GUARDS,
        sql: include_str!("../../queries/offer_guards.sql"),
        needs: &[&results::CROSS_SELL_MODEL_CARD, &results::UP_SELL_MODEL_CARD, &results::REPLENISH_MODEL_CARD],
    },
    Mart {
        table: &results::CUSTOMERS,
        sql: include_str!("../../queries/customers.sql"),
        needs: &[&results::PROFITABILITY, &results::CUSTOMER_HISTORY, &results::RFM, &results::CHURN, &results::CLV],
    },
    Mart {
        table: &results::AGENT_PORTFOLIO,
        sql: include_str!("../../queries/agent_portfolio.sql"),
        needs: &[&results::CUSTOMERS, &results::CUSTOMER_HISTORY],
    },
];

/// Runs a mart over what is there.
pub fn run(mart: &Mart, lake: &LakeDir, manifest: &Manifest, tables: &Results, as_of: i32) -> Result<DataFrame> {
    let mut context = context(lake, manifest, as_of)?;
    for (name, frame) in tables.iter() {
        context.register(name, frame.clone().lazy());
    }
    // A mart streams, so that its memory does not grow with the lines; what a user asks may use what cannot be streamed.
    let failed = |error: PolarsError| Error::Query { message: error.to_string() };
    let done =
        context.execute(mart.sql).and_then(|frame| frame.collect_with_engine(Engine::Streaming)).map_err(failed)?;
    check(mart.table, done.unwrap_single())
}

/// An SQL context with the lake's tables in force and `params`.
pub fn context(lake: &LakeDir, manifest: &Manifest, as_of: i32) -> Result<SQLContext> {
    let context = SQLContext::new();
    for table in input_tables() {
        if let Some(frame) = lake_frame(lake, manifest, table)? {
            context.register(&format!("lake_{}", table.name), frame);
        }
    }
    context.register("lake_rejects", ledger_frame(lake, manifest)?);
    let params = df!("as_of_day" => [as_of]).map_err(Error::internal("building params"))?;
    context.register("params", params.lazy());
    Ok(context)
}

/// Runs SQL to its end.
pub fn collect(context: &mut SQLContext, sql: &str) -> Result<DataFrame> {
    let failed = |error: PolarsError| Error::Query { message: error.to_string() };
    context.execute(sql).map_err(failed)?.collect().map_err(failed)
}

/// A table of the lake; an empty frame of its columns where it has no file.
fn lake_frame(lake: &LakeDir, manifest: &Manifest, table: &'static Table) -> Result<Option<LazyFrame>> {
    if table.name == "flat" {
        return Ok(None);
    }
    let paths: Vec<&String> = manifest.files(table.name).map(|file| &file.path).collect();
    scan(lake, &paths, &schema(table)).map(Some)
}

/// Every refused row of the files in force and of those that are held.
fn ledger_frame(lake: &LakeDir, manifest: &Manifest) -> Result<LazyFrame> {
    let paths: Vec<&String> = manifest.ledgers().collect();
    scan(lake, &paths, &ledger_schema())
}

fn scan(lake: &LakeDir, paths: &[&String], schema: &SchemaRef) -> Result<LazyFrame> {
    if paths.is_empty() {
        return Ok(empty(schema)?.lazy());
    }
    let paths = paths.iter().map(|path| PlRefPath::from(lake.file(path).to_string_lossy().as_ref()));
    // A file from before a column was added does not have it.
    let schema = Some(Arc::new(empty(schema)?.schema().as_ref().clone()));
    let arguments = ScanArgsParquet { schema, allow_missing_columns: true, ..ScanArgsParquet::default() };
    let frame = LazyFrame::scan_parquet_sources(ScanSources::Paths(paths.collect()), arguments);
    frame.map_err(Error::internal("opening the lake"))
}

fn empty(schema: &SchemaRef) -> Result<DataFrame> {
    use arrow::datatypes::DataType as Arrow;
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let dtype = match field.data_type() {
                Arrow::Int64 => DataType::Int64,
                Arrow::Int32 => DataType::Int32,
                Arrow::Boolean => DataType::Boolean,
                Arrow::Date32 => DataType::Date,
                Arrow::Timestamp(..) => DataType::Datetime(TimeUnit::Microseconds, None),
                Arrow::Float64 => DataType::Float64,
                _ => DataType::String,
            };
            Column::new_empty(field.name().as_str().into(), &dtype)
        })
        .collect();
    DataFrame::new_infer_height(columns).map_err(Error::internal("building an empty table"))
}

/// A mart keeps its contract: the declared columns, in their order, of the declared types.
fn check(table: &'static Table, frame: DataFrame) -> Result<DataFrame> {
    let mut builder = crate::analyses::frame::FrameBuilder::new(table);
    for column in frame.columns() {
        builder = builder.column(column.clone());
    }
    builder.finish()
}
