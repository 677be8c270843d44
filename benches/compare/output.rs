//! Writes frames as the files the comparer reads.

use std::fs::File;
use std::path::Path;

use langgan::error::{Error, Result};
use polars::prelude::*;

/// Writes a frame as CSV.
pub fn csv(frame: &DataFrame, path: &Path) -> Result<()> {
    let failed = Error::internal("writing CSV");
    let mut writer = csv::Writer::from_path(path).map_err(Error::internal("writing CSV"))?;
    writer
        .write_record(frame.get_column_names().iter().map(|name| name.as_str()))
        .map_err(Error::internal("writing CSV"))?;
    for row in 0..frame.height() {
        let mut record = Vec::with_capacity(frame.width());
        for column in frame.columns() {
            record.push(match column.get(row).map_err(&failed)? {
                AnyValue::Null => String::new(),
                AnyValue::String(text) => text.to_string(),
                AnyValue::StringOwned(text) => text.to_string(),
                AnyValue::Float64(number) => number.to_string(),
                other => other.to_string(),
            });
        }
        writer.write_record(&record).map_err(Error::internal("writing CSV"))?;
    }
    writer.flush().map_err(Error::io("write", path))
}

/// Writes a frame as Parquet.
pub fn parquet(frame: &mut DataFrame, path: &Path) -> Result<()> {
    let file = File::create(path).map_err(Error::io("create", path))?;
    ParquetWriter::new(file)
        .with_compression(ParquetCompression::Zstd(None))
        .with_row_group_size(Some(262_144))
        .finish(frame)
        .map_err(Error::internal("writing Parquet"))?;
    Ok(())
}
