//! J1: exports to the lake, rejects and reconciliation.

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use langgan::calendar::day_name;
use langgan::check::{scan, totals};
use langgan::config::Config;
use langgan::error::{Error, Result};
use langgan::ingest::{Request, ingest};
use langgan::lake::{LakeDir, Manifest};

/// Writes `j1_rejects.csv` and `j1_recon.csv` beside the lake.
pub fn run(data: &Path, out: &Path, lake: &LakeDir) -> Result<()> {
    match std::fs::remove_dir_all(&lake.0) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("remove", &lake.0)(error)),
        _ => {}
    }
    std::fs::create_dir_all(&lake.0).map_err(Error::io("create", &lake.0))?;
    let config = Config::parse(include_str!("langgan.toml"), Path::new("langgan.toml"))?;
    let request = Request {
        project: data,
        sources: &config.core.sources,
        only: &[],
        decimals: config.core.currency.decimals,
        currency: &config.core.currency.code,
        dry_run: false,
        memory: None,
        progress: &|_| {},
    };
    let outcome = ingest(lake, &request)?;
    rejects(lake, &outcome.manifest, out)?;
    reconciliation(lake, &outcome.manifest, out)
}

/// Our code → the benchmark's reason, where they differ.
const REASONS: &[(&str, &str)] = &[
    ("bad_timestamp", "bad_ts"),
    ("nonpositive_quantity", "nonpositive_qty"),
    ("duplicate_key", "dup_key"),
    ("unknown_product", "unknown_sku"),
];

fn rejects(lake: &LakeDir, manifest: &Manifest, out: &Path) -> Result<()> {
    let path = out.join("j1_rejects.csv");
    let mut writer = csv::Writer::from_path(&path).map_err(Error::internal("writing CSV"))?;
    writer.write_record(["file", "line", "key", "reason"]).map_err(Error::internal("writing CSV"))?;
    for batch in &manifest.batches {
        let Some(ledger) = &batch.ledger else { continue };
        let file = std::fs::File::open(lake.file(ledger)).map_err(Error::io("read", &lake.file(ledger)))?;
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(|builder| builder.build());
        for rows in reader.map_err(Error::internal("reading rejects"))? {
            let rows = rows.map_err(Error::internal("reading rejects"))?;
            let text = |name: &str| rows.column_by_name(name).map(|array| array.as_string::<i32>().clone());
            let (Some(codes), Some(raws), Some(lines)) = (text("code"), text("raw"), rows.column_by_name("line"))
            else {
                continue;
            };
            for row in 0..rows.num_rows() {
                let parts = if batch.table == "order_lines" { 2 } else { 1 };
                let key: Vec<&str> = raws.value(row).split(',').take(parts).collect();
                let reason = REASONS
                    .iter()
                    .find(|(ours, _)| *ours == codes.value(row))
                    .map_or(codes.value(row), |(_, theirs)| theirs);
                let line = lines.as_primitive::<Int64Type>().value(row).to_string();
                writer
                    .write_record([batch.table.as_str(), &line, &key.join(":"), reason])
                    .map_err(Error::internal("writing CSV"))?;
            }
        }
    }
    writer.flush().map_err(Error::io("write", &path))
}

fn reconciliation(lake: &LakeDir, manifest: &Manifest, out: &Path) -> Result<()> {
    let scan = scan::scan(lake, manifest, 0)?;
    let (_, mismatches) = totals::compare(&totals::stated(lake, manifest)?, &scan, &[]);
    let path = out.join("j1_recon.csv");
    let mut writer = csv::Writer::from_path(&path).map_err(Error::internal("writing CSV"))?;
    writer
        .write_record(["day", "branch_id", "expected_orders", "actual_orders", "expected_c", "actual_c"])
        .map_err(Error::internal("writing CSV"))?;
    let show = |value: Option<i64>| value.map_or(String::new(), |value| value.to_string());
    for mismatch in mismatches {
        let record = [
            day_name(mismatch.day),
            mismatch.branch,
            show(mismatch.expected_orders),
            mismatch.actual_orders.to_string(),
            show(mismatch.expected_amount),
            mismatch.actual_amount.to_string(),
        ];
        writer.write_record(&record).map_err(Error::internal("writing CSV"))?;
    }
    writer.flush().map_err(Error::io("write", &path))
}
