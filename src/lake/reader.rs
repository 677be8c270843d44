//! Reads columns of the lake's files, row groups in parallel, rows in the order they were written.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use super::layout::{LakeDir, schema};
use super::manifest::DataFile;
use crate::contracts::input_table;
use crate::error::{Error, Result};

/// Reads columns of one file: a record batch for each row group, with the columns in the order asked for.
/// Text columns named in `coded` come back dictionary-encoded (Int32 codes).
pub fn read(lake: &LakeDir, file: &DataFile, columns: &[&str], coded: &[&str]) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    read_each(lake, file, columns, coded, |batch| {
        batches.push(batch);
        Ok(())
    })?;
    Ok(batches)
}

/// Reads columns of one file as [`read`] does, handing over one row group at a time, so that no more than a few
/// are in memory.
pub fn read_each(
    lake: &LakeDir,
    file: &DataFile,
    columns: &[&str],
    coded: &[&str],
    mut each: impl FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    let path = lake.file(&file.path);
    let damaged = |message: String| Error::Damaged { path: path.clone(), message };
    let table = input_table(&file.table).ok_or_else(|| damaged(format!("unknown table `{}`", file.table)))?;
    let fields: Vec<Field> = schema(table)
        .fields()
        .iter()
        .map(|field| if coded.contains(&field.name().as_str()) { dictionary(field) } else { field.as_ref().clone() })
        .collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    let handle = open(&path)?;
    let metadata = ArrowReaderMetadata::load(&handle, options).map_err(|error| damaged(error.to_string()))?;
    let descriptor = metadata.parquet_schema();
    let roots: Vec<usize> =
        (0..descriptor.num_columns()).filter(|i| columns.contains(&descriptor.column(*i).name())).collect();
    let groups: Vec<(usize, usize)> =
        metadata.metadata().row_groups().iter().map(|group| group.num_rows() as usize).enumerate().collect();
    let decode = |(group, rows): &(usize, usize)| {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(open(&path)?, metadata.clone());
        let mask = ProjectionMask::leaves(builder.parquet_schema(), roots.iter().copied());
        let reader = builder.with_projection(mask).with_row_groups(vec![*group]).with_batch_size((*rows).max(1));
        let mut reader = reader.build().map_err(|error| damaged(error.to_string()))?;
        let batch = match reader.next() {
            Some(batch) => batch.map_err(|error| damaged(error.to_string()))?,
            None => return Err(damaged("a row group is empty".into())),
        };
        let order: std::result::Result<Vec<usize>, _> =
            columns.iter().map(|name| batch.schema().index_of(name)).collect();
        let order = order.map_err(|error| damaged(error.to_string()))?;
        batch.project(&order).map_err(|error| damaged(error.to_string()))
    };
    for wave in groups.chunks(rayon::current_num_threads() * 2) {
        let batches: Result<Vec<RecordBatch>> = wave.par_iter().map(decode).collect();
        batches?.into_iter().try_for_each(&mut each)?;
    }
    Ok(())
}

/// Whether any cell of a column of a file has a value, by the file's statistics; yes where they do not say.
pub fn has_values(lake: &LakeDir, file: &DataFile, column: &str) -> Result<bool> {
    let path = lake.file(&file.path);
    let metadata = ArrowReaderMetadata::load(&open(&path)?, ArrowReaderOptions::new());
    let metadata = metadata.map_err(|error| Error::Damaged { path: path.clone(), message: error.to_string() })?;
    let descriptor = metadata.parquet_schema();
    let Some(place) = (0..descriptor.num_columns()).find(|place| descriptor.column(*place).name() == column) else {
        return Ok(false);
    };
    Ok(metadata.metadata().row_groups().iter().any(|group| {
        let nulls = group.column(place).statistics().and_then(|statistics| statistics.null_count_opt());
        nulls != Some(group.num_rows() as u64)
    }))
}

fn dictionary(field: &Field) -> Field {
    let data_type = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Field::new(field.name(), data_type, field.is_nullable())
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(Error::io("read", path))
}
