//! J3: recency, frequency, monetary.

use std::path::Path;

use langgan::analyses::rfm::{Rfm, Rule, segment_sums};
use langgan::error::{Error, Result};
use langgan::facts::Facts;
use polars::prelude::*;

use crate::output;

/// Writes `j3_rfm.parquet` and `j3_segments.csv`.
pub fn run(facts: &Facts, out: &Path) -> Result<()> {
    let rfm = Rfm { months: 24, rule: Rule::Ntile, ..Rfm::default() };
    let scored = rfm.score(facts, facts.as_of);
    let names = rfm.map.names();
    let sums = segment_sums(&scored, names.len());
    let failed = Error::internal("building a frame");
    let ids = scored.customer.iter().map(|customer| facts.customers.id(*customer as usize));
    let segments = scored.segment.iter().map(|segment| rfm.map.name(*segment));
    let [r, f, m] = scored.scores;
    let columns = vec![
        StringChunked::from_iter_values("customer_id".into(), ids).into_column(),
        Column::new("recency_days".into(), scored.recency_days),
        Column::new("frequency".into(), scored.frequency),
        Column::new("monetary_c".into(), scored.monetary),
        Column::new("r".into(), r),
        Column::new("f".into(), f),
        Column::new("m".into(), m),
        StringChunked::from_iter_values("segment".into(), segments).into_column(),
    ];
    let mut frame = DataFrame::new_infer_height(columns).map_err(&failed)?;
    output::parquet(&mut frame, &out.join("j3_rfm.parquet"))?;
    let mut rows: Vec<_> = names.iter().zip(&sums).filter(|(_, sums)| sums.customers > 0).collect();
    rows.sort_by_key(|(segment, _)| *segment);
    let frame = df!(
        "segment" => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        "customers" => rows.iter().map(|row| row.1.customers).collect::<Vec<_>>(),
        "monetary_c" => rows.iter().map(|row| row.1.monetary).collect::<Vec<_>>(),
        "orders" => rows.iter().map(|row| row.1.orders).collect::<Vec<_>>(),
        "avg_recency" => rows.iter().map(|row| row.1.average_recency_days()).collect::<Vec<_>>()
    );
    output::csv(&frame.map_err(&failed)?, &out.join("j3_segments.csv"))
}
