//! Reads columns of the lake's files, row groups in parallel, rows in the order they were written.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::layout::{LakeDir, schema};
use super::manifest::DataFile;
use crate::contracts::{Table, input_table};
use crate::error::Error;

type Result<T, E = Error> = std::result::Result<T, E>;

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
    let handle = open(&path)?;
    let fields = fields(&handle, table, coded).map_err(|error| damaged(error.to_string()))?;
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
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
        in_order(&batch, table, columns, coded).map_err(|error| damaged(error.to_string()))
    };
    for wave in groups.chunks(rayon::current_num_threads() * 2) {
        let batches: Result<Vec<RecordBatch>> = wave.par_iter().map(decode).collect();
        batches?.into_iter().try_for_each(&mut each)?;
    }
    Ok(())
}

/// How the columns of a file are read: as the table's are stored, text as codes where asked for. A file from before a
/// column was added does not have it.
fn fields(handle: &File, table: &'static Table, coded: &[&str]) -> Result<Vec<Field>, ParquetError> {
    let stored = schema(table);
    let found = ArrowReaderMetadata::load(handle, ArrowReaderOptions::new())?;
    (found.schema().fields().iter())
        .map(|field| {
            let field = stored.field_with_name(field.name())?;
            Ok(if coded.contains(&field.name().as_str()) { dictionary(field) } else { field.clone() })
        })
        .collect()
}

/// The columns asked for; empty cells where the file does not have one.
fn in_order(
    batch: &RecordBatch,
    table: &'static Table,
    columns: &[&str],
    coded: &[&str],
) -> Result<RecordBatch, ArrowError> {
    let stored = schema(table);
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for name in columns {
        let (field, array) = match batch.schema_ref().column_with_name(name) {
            Some((place, field)) => (field.clone(), batch.column(place).clone()),
            None => {
                let field = stored.field_with_name(name)?.clone().with_nullable(true);
                let field = if coded.contains(name) { dictionary(&field) } else { field };
                let cells = new_null_array(field.data_type(), batch.num_rows());
                (field, cells)
            }
        };
        fields.push(field);
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
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

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, StringArray};
    use arrow::datatypes::Int32Type;
    use parquet::arrow::ArrowWriter;

    use super::*;

    #[test]
    fn a_file_from_before_a_column_was_added_has_it_empty() {
        let dir = tempfile::tempdir().unwrap();
        let lake = LakeDir(dir.path().to_path_buf());
        let ids = Arc::new(StringArray::from(vec!["B1", "B2"]));
        let stored = schema(&crate::contracts::inputs::BRANCHES).project(&[0]).unwrap();
        let rows = RecordBatch::try_new(Arc::new(stored), vec![ids]).unwrap();
        let file = File::create(dir.path().join("old.parquet")).unwrap();
        let mut writer = ArrowWriter::try_new(file, rows.schema(), None).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
        let file = DataFile { table: "branches".into(), path: "old.parquet".into(), rows: 2 };
        let read = read(&lake, &file, &["city", "branch_id", "opened_on"], &["city"]).unwrap();
        let [batch] = read.as_slice() else { panic!("{} batches", read.len()) };
        assert_eq!(batch.column(0).as_dictionary::<Int32Type>().null_count(), 2);
        assert_eq!(batch.column(1).as_string::<i32>().value(1), "B2");
        assert_eq!(batch.column(2).null_count(), 2);
    }
}
