//! Reads columns of the lake's files, row groups in parallel, rows in the order they were written.

use std::fs::File;
use std::path::{Path, PathBuf};
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
    each: impl FnMut(RecordBatch) -> Result<()> + Send,
) -> Result<()> {
    read_groups(&[Chosen::of(lake, file, columns, coded)?], each)
}

/// Reads columns of file after file as [`read_each`] does; the next ones are decoded while one is handed over.
pub fn read_files<'f>(
    lake: &LakeDir,
    files: impl Iterator<Item = &'f DataFile>,
    columns: impl Fn(&DataFile) -> Result<Vec<&'static str>>,
    coded: &[&str],
    mut each: impl FnMut(RecordBatch) -> Result<()> + Send,
) -> Result<()> {
    let files: Vec<&DataFile> = files.collect();
    for some in files.chunks(FILES_AT_ONCE) {
        let chosen: Result<Vec<Chosen>> =
            some.iter().map(|file| Chosen::of(lake, file, &columns(file)?, coded)).collect();
        read_groups(&chosen?, &mut each)?;
    }
    Ok(())
}

/// Files whose metadata are in memory together.
const FILES_AT_ONCE: usize = 64;

/// Hands over the row groups of files in their order.
fn read_groups(files: &[Chosen], mut each: impl FnMut(RecordBatch) -> Result<()> + Send) -> Result<()> {
    let groups: Vec<(&Chosen, usize)> = files
        .iter()
        .flat_map(|file| (0..file.metadata.metadata().num_row_groups()).map(move |at| (file, at)))
        .collect();
    let decode = |wave: Option<&[(&Chosen, usize)]>| -> Result<Vec<RecordBatch>> {
        wave.unwrap_or_default().par_iter().map(|(file, group)| file.decode(*group)).collect()
    };
    let mut waves = groups.chunks(rayon::current_num_threads());
    let mut decoded = decode(waves.next())?;
    while !decoded.is_empty() {
        let next = waves.next();
        let hand_over = || decoded.into_iter().try_for_each(&mut each);
        let (handed_over, next) = rayon::join(hand_over, || decode(next));
        handed_over?;
        decoded = next?;
    }
    Ok(())
}

/// A file, and what is read of it.
struct Chosen {
    path: PathBuf,
    table: &'static Table,
    columns: Vec<String>,
    coded: Vec<String>,
    metadata: ArrowReaderMetadata,
}

impl Chosen {
    fn of(lake: &LakeDir, file: &DataFile, columns: &[&str], coded: &[&str]) -> Result<Chosen> {
        let path = lake.file(&file.path);
        let damaged = |message: String| Error::Damaged { path: path.clone(), message };
        let table = input_table(&file.table).ok_or_else(|| damaged(format!("unknown table `{}`", file.table)))?;
        let handle = open(&path)?;
        let fields = fields(&handle, table, coded).map_err(|error| damaged(error.to_string()))?;
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
        let metadata = ArrowReaderMetadata::load(&handle, options).map_err(|error| damaged(error.to_string()))?;
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect();
        Ok(Chosen { columns: owned(columns), coded: owned(coded), path, table, metadata })
    }

    fn decode(&self, group: usize) -> Result<RecordBatch> {
        let damaged = |message: String| Error::Damaged { path: self.path.clone(), message };
        let rows = self.metadata.metadata().row_group(group).num_rows() as usize;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(open(&self.path)?, self.metadata.clone());
        let descriptor = builder.parquet_schema();
        let is_chosen = |leaf: &usize| self.columns.iter().any(|name| name == descriptor.column(*leaf).name());
        let mask = ProjectionMask::leaves(descriptor, (0..descriptor.num_columns()).filter(is_chosen));
        let reader = builder.with_projection(mask).with_row_groups(vec![group]).with_batch_size(rows.max(1));
        let mut reader = reader.build().map_err(|error| damaged(error.to_string()))?;
        let batch = match reader.next() {
            Some(batch) => batch.map_err(|error| damaged(error.to_string()))?,
            None => return Err(damaged("a row group is empty".into())),
        };
        in_order(&batch, self.table, &self.columns, &self.coded).map_err(|error| damaged(error.to_string()))
    }
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
    columns: &[String],
    coded: &[String],
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
