//! J2: customer profitability.

use std::path::Path;

use langgan::analyses::profitability::Statement;
use langgan::config::Config;
use langgan::error::{Error, Result};
use langgan::facts::Facts;
use langgan::stats::rank::ntile;
use polars::prelude::*;

use crate::output;

/// A figure of a customer.
type Value = fn(&langgan::analyses::profitability::Figures) -> i64;

/// Writes `j2_customer.parquet`, `j2_decile.csv`, `j2_whale.csv` and `j2_recon.csv`.
pub fn run(facts: &Facts, out: &Path) -> Result<()> {
    let config = Config::parse(include_str!("langgan.toml"), Path::new("langgan.toml"))?;
    let mut statement = config.analyses.profitability.statement(facts)?;
    // None of the outputs is by period.
    statement.periods = Vec::new();
    let deciles = ntile(&statement.ranking, 10);
    customers(facts, &statement, &deciles, out)?;
    let failed = Error::internal("building a frame");
    let mut sums = [[0_i64; 4]; 10];
    for (customer, decile) in deciles.iter().enumerate() {
        let (sum, figures) = (&mut sums[*decile as usize - 1], &statement.figures[customer]);
        for (sum, value) in
            sum.iter_mut().zip([1, figures.net_sales(), figures.gross_margin(), statement.contribution[customer]])
        {
            *sum += value;
        }
    }
    let column = |place: usize| sums.iter().map(|sum| sum[place]).collect::<Vec<i64>>();
    let frame = df!("decile" => (1..=10).collect::<Vec<i64>>(), "customers" => column(0), "net_c" => column(1), "margin_c" => column(2), "contribution_c" => column(3));
    output::csv(&frame.map_err(&failed)?, &out.join("j2_decile.csv"))?;
    let n = statement.ranking.len();
    let upto = |percent: usize| {
        statement.ranking[..(percent * n).div_ceil(100)]
            .iter()
            .map(|customer| statement.contribution[*customer as usize])
            .sum::<i64>()
    };
    let frame = df!("pct" => (1..=100_i64).collect::<Vec<i64>>(), "cum_contribution_c" => (1..=100).map(upto).collect::<Vec<i64>>());
    output::csv(&frame.map_err(&failed)?, &out.join("j2_whale.csv"))?;
    let mut rows: Vec<(String, i64, i64, i64)> = Vec::new();
    let values: [(&str, Value); 3] = [("gross", |f| f.gross_sales), ("cogs", |f| f.cogs), ("net", |f| f.net_sales())];
    for (item, value) in values {
        let known: i64 = statement.figures[..n].iter().map(value).sum();
        rows.push((item.into(), known + value(&statement.figures[n]), known, value(&statement.figures[n])));
    }
    for pool in &statement.pools {
        rows.push((pool.name.clone(), pool.ledger, pool.shares[..n].iter().sum(), pool.shares[n]));
    }
    for row in rows.iter_mut().filter(|row| ["delivery", "call_centre", "marketing"].contains(&row.0.as_str())) {
        row.3 = 0;
    }
    let frame = df!("item" => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), "total_c" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "customers_c" => rows.iter().map(|row| row.2).collect::<Vec<_>>(), "anonymous_c" => rows.iter().map(|row| row.3).collect::<Vec<_>>());
    output::csv(&frame.map_err(&failed)?, &out.join("j2_recon.csv"))
}

fn customers(facts: &Facts, statement: &Statement, deciles: &[u32], out: &Path) -> Result<()> {
    let n = facts.customers.len();
    let figures = &statement.figures[..n];
    let column = |value: Value| figures.iter().map(value).collect::<Vec<i64>>();
    let mut columns: Vec<Column> = vec![
        StringChunked::from_iter_values("customer_id".into(), facts.customers.ids.iter().flatten()).into_column(),
        Column::new("orders".into(), column(|f| f.n_orders)),
        Column::new("n_lines".into(), column(|f| f.n_lines)),
        Column::new("units".into(), column(|f| f.units)),
        Column::new("gross_c".into(), column(|f| f.gross_sales)),
        Column::new("discount_c".into(), column(|f| f.discounts)),
        Column::new("returns_c".into(), column(|f| f.returns)),
        Column::new("net_c".into(), column(|f| f.net_sales())),
        Column::new("cogs_c".into(), column(|f| f.cogs)),
        Column::new("margin_c".into(), column(|f| f.gross_margin())),
    ];
    for (pool, name) in [
        ("warehouse", "cost_warehouse_c"),
        ("delivery", "cost_delivery_c"),
        ("call_centre", "cost_call_c"),
        ("payments", "cost_payment_c"),
        ("marketing", "cost_marketing_c"),
    ] {
        let shares = statement
            .pools
            .iter()
            .find(|found| found.name == pool)
            .map_or_else(|| vec![0; n], |found| found.shares[..n].to_vec());
        columns.push(Column::new(name.into(), shares));
    }
    columns.push(Column::new("contribution_c".into(), statement.contribution.clone()));
    columns.push(Column::new("decile".into(), deciles.iter().map(|decile| i64::from(*decile)).collect::<Vec<i64>>()));
    let mut frame = DataFrame::new_infer_height(columns).map_err(Error::internal("building a frame"))?;
    output::parquet(&mut frame, &out.join("j2_customer.parquet"))
}
