//! Writes one immutable Parquet file of the lake, row group by row group, in the order given.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowSchemaConverter;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::SchemaDescPtr;
use rayon::prelude::*;
use tempfile::NamedTempFile;

use super::chunk::{Chunk, encode};
use super::disk::{self, Out};
use super::layout::{LakeDir, schema};
use super::manifest::DataFile;
use crate::contracts::Table;
use crate::error::{Error, Result};

/// A file of the lake being written. It has no name until [`FileWriter::finish_as`].
pub struct FileWriter {
    folder: String,
    lake: LakeDir,
    temporary: NamedTempFile,
    writer: SerializedFileWriter<BufWriter<Out>>,
    encoder: RowGroupEncoder,
    rows: u64,
}

/// Turns arrays into an encoded row group, on any thread.
#[derive(Clone)]
pub struct RowGroupEncoder(SchemaDescPtr);

/// An encoded row group, ready to be appended.
pub struct RowGroup {
    rows: u64,
    chunks: Vec<Chunk>,
}

impl FileWriter {
    /// Begins a file of a table.
    pub fn create(lake: &LakeDir, table: &'static Table) -> Result<FileWriter> {
        FileWriter::create_in(lake, table.name, &schema(table))
    }

    /// Begins a file of any columns in a folder of the lake.
    pub fn create_in(lake: &LakeDir, folder: &str, schema: &SchemaRef) -> Result<FileWriter> {
        let dir = lake.file(folder);
        disk::create_dir_all(&dir).map_err(Error::io("create", &dir))?;
        let temporary = disk::temporary_file(&dir).map_err(Error::io("write in", &dir))?;
        let handle = temporary.reopen().map_err(Error::io("write in", &dir))?;
        let failed = Error::internal("writing Parquet");
        let columns = ArrowSchemaConverter::new().convert(schema).map_err(&failed)?;
        let properties = Arc::new(WriterProperties::builder().set_created_by("langgan".into()).build());
        let out = BufWriter::with_capacity(1 << 20, Out(handle));
        let writer = SerializedFileWriter::new(out, columns.root_schema_ptr(), properties).map_err(&failed)?;
        let encoder = RowGroupEncoder(Arc::new(columns));
        Ok(FileWriter { folder: folder.into(), lake: lake.clone(), temporary, writer, encoder, rows: 0 })
    }

    /// What turns arrays into row groups for this file.
    pub fn encoder(&self) -> RowGroupEncoder {
        self.encoder.clone()
    }

    /// Appends an encoded row group.
    pub fn append(&mut self, group: RowGroup) -> Result<()> {
        if group.rows == 0 {
            return Ok(());
        }
        self.rows += group.rows;
        let failed = |error: parquet::errors::ParquetError| parquet_io(error, &self.lake.file(&self.folder));
        let mut row_group = self.writer.next_row_group().map_err(failed)?;
        for chunk in group.chunks {
            chunk.append(&mut row_group).map_err(failed)?;
        }
        row_group.close().map_err(failed)?;
        Ok(())
    }

    /// Names the file `<table>/<name>.parquet`, and hands it over to be made durable: many at once, and before the
    /// manifest names it. `None` where it has no row: then there is no file.
    pub fn finish_as(mut self, name: &str) -> Result<Option<(DataFile, File)>> {
        if self.rows == 0 {
            return Ok(None);
        }
        let relative = format!("{}/{name}.parquet", self.folder);
        let path = self.lake.file(&relative);
        self.writer.finish().map_err(|error| parquet_io(error, &path))?;
        let handle = disk::persist(self.temporary, &path).map_err(Error::io("write", &path))?;
        Ok(Some((DataFile { table: self.folder, path: relative, rows: self.rows }, handle)))
    }
}

/// Makes finished files, and their names, durable.
pub fn make_durable(lake: &LakeDir, files: &[(DataFile, File)]) -> Result<()> {
    files
        .par_iter()
        .try_for_each(|(file, handle)| disk::sync(handle).map_err(Error::io("write", &lake.file(&file.path))))?;
    let mut tables: Vec<&str> = files.iter().map(|(file, _)| file.table.as_str()).collect();
    tables.sort_unstable();
    tables.dedup();
    tables.into_iter().try_for_each(|table| super::manifest::sync_dir(&lake.file(table)))
}

impl RowGroupEncoder {
    /// Encodes arrays, one a stored column, into a row group.
    pub fn encode(&self, arrays: &[ArrayRef]) -> Result<RowGroup> {
        let rows = arrays.first().map_or(0, |array| array.len()) as u64;
        if rows == 0 {
            return Ok(RowGroup { rows, chunks: Vec::new() });
        }
        let failed = Error::internal("encoding Parquet");
        let chunk = |(place, array)| encode(self.0.column(place), array);
        let chunks: parquet::errors::Result<Vec<Chunk>> = arrays.par_iter().enumerate().map(chunk).collect();
        Ok(RowGroup { rows, chunks: chunks.map_err(failed)? })
    }
}

/// A Parquet error that came from the disk keeps its kind, so that a full disk is reported as one.
fn parquet_io(error: parquet::errors::ParquetError, path: &std::path::Path) -> Error {
    if let parquet::errors::ParquetError::External(inner) = error {
        return match inner.downcast::<std::io::Error>() {
            Ok(io) => Error::io("write", path)(*io),
            Err(other) => Error::Internal { during: "writing Parquet", message: other.to_string() },
        };
    }
    Error::io("write", path)(std::io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        BooleanArray, Date32Array, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray,
        TimestampMicrosecondArray,
    };
    use arrow::compute::concat_batches;
    use arrow::datatypes::{DataType, Field, Int32Type, Schema, TimeUnit};
    use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
    use polars::prelude::{ParquetReader, SerReader};
    use proptest::prelude::*;

    use super::*;

    fn coded() -> DataType {
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
    }

    fn lake_schema(is_nullable: bool) -> SchemaRef {
        let field = |name: &str, kind: DataType| Field::new(name, kind, is_nullable);
        Arc::new(Schema::new(vec![
            field("int", DataType::Int32),
            field("long", DataType::Int64),
            field("day", DataType::Date32),
            field("at", DataType::Timestamp(TimeUnit::Microsecond, None)),
            field("flag", DataType::Boolean),
            field("text", DataType::Utf8),
            field("code", coded()),
        ]))
    }

    /// A cell of each type from one number; texts of every length share beginnings.
    fn arrays(cells: &[Option<i64>]) -> Vec<ArrayRef> {
        let text = |cell: &i64| format!("{}{cell}", "Jl. Mérdéka ".repeat(cell.unsigned_abs() as usize % 4));
        let texts: Vec<Option<String>> = cells.iter().map(|cell| cell.as_ref().map(text)).collect();
        let codes: Vec<Option<String>> = cells.iter().map(|cell| cell.map(|cell| (cell % 3).to_string())).collect();
        let codes: DictionaryArray<Int32Type> = codes.iter().map(|code| code.as_deref()).collect();
        vec![
            Arc::new(cells.iter().map(|cell| cell.map(|cell| cell as i32)).collect::<Int32Array>()),
            Arc::new(Int64Array::from(cells.to_vec())),
            Arc::new(cells.iter().map(|cell| cell.map(|cell| cell as i32)).collect::<Date32Array>()),
            Arc::new(TimestampMicrosecondArray::from(cells.to_vec())),
            Arc::new(cells.iter().map(|cell| cell.map(|cell| cell % 2 == 0)).collect::<BooleanArray>()),
            Arc::new(StringArray::from(texts)),
            Arc::new(codes),
        ]
    }

    fn comes_back(groups: &[Vec<Option<i64>>], schema: &SchemaRef) {
        let dir = tempfile::tempdir().unwrap();
        let lake = LakeDir(dir.path().to_path_buf());
        let mut writer = FileWriter::create_in(&lake, "any", schema).unwrap();
        let mut written = Vec::new();
        for cells in groups {
            let arrays = arrays(cells);
            writer.append(writer.encoder().encode(&arrays).unwrap()).unwrap();
            written.push(RecordBatch::try_new(schema.clone(), arrays).unwrap());
        }
        let Some((file, _)) = writer.finish_as("rows").unwrap() else {
            return assert!(groups.iter().all(Vec::is_empty));
        };
        let path = lake.file(&file.path);
        let handle = File::open(&path).unwrap();
        let options = ArrowReaderOptions::new().with_schema(schema.clone());
        let metadata = ArrowReaderMetadata::load(&handle, options).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(handle, metadata).build().unwrap();
        let read: Vec<RecordBatch> = reader.map(|rows| rows.unwrap()).collect();
        let plain = |rows: &[RecordBatch]| {
            let rows = concat_batches(schema, rows).unwrap();
            // Days and times as numbers: not every number is one of a calendar.
            let text = |array: &ArrayRef| {
                let number = match array.data_type() {
                    DataType::Date32 => DataType::Int32,
                    DataType::Timestamp(..) => DataType::Int64,
                    other => other.clone(),
                };
                let array = arrow::compute::cast(array, &number).unwrap();
                arrow::compute::cast(&array, &DataType::Utf8).unwrap()
            };
            rows.columns().iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(plain(&read), plain(&written));
        let frame = ParquetReader::new(File::open(&path).unwrap()).finish().unwrap();
        let cells: Vec<Option<i64>> = groups.concat();
        let long: Vec<Option<i64>> = frame.column("long").unwrap().i64().unwrap().iter().collect();
        assert_eq!(long, cells);
        let texts = frame.column("text").unwrap().str().unwrap();
        assert!(texts.iter().zip(&cells).all(|(text, cell)| text.is_some() == cell.is_some()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn what_is_written_comes_back(
            groups in prop::collection::vec(
                prop::collection::vec(prop::option::weighted(0.8, prop_oneof![-40_i64..400, any::<i64>()]), 0..700),
                1..4,
            ),
        ) {
            comes_back(&groups, &lake_schema(true));
            let full: Vec<Vec<Option<i64>>> =
                groups.iter().map(|cells| cells.iter().map(|cell| Some(cell.unwrap_or(7))).collect()).collect();
            comes_back(&full, &lake_schema(false));
        }
    }

    #[test]
    fn columns_of_one_value_and_of_none_come_back() {
        for cells in [vec![Some(5); 1], vec![Some(5); 1000], vec![None; 9], vec![None, Some(i64::MIN), Some(i64::MAX)]]
        {
            comes_back(&[cells], &lake_schema(true));
        }
    }
}
