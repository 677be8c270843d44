//! The lake as it may be used: corrected cells, and without what is held back. Files that differ are written anew beside
//! the lake, for the length of the run; the lake itself is never edited.

use std::path::PathBuf;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int32Type;

use super::corrections::Corrections;
use crate::contracts::input_table;
use crate::error::{Error, Result};
use crate::lake::layout::schema;
use crate::lake::reader::read_each;
use crate::lake::writer::FileWriter;
use crate::lake::{DataFile, LakeDir, Manifest};

/// A manifest of the lake as it may be used. The files of its own go when it is dropped.
#[derive(Debug)]
pub struct View {
    /// What may be used.
    pub manifest: Manifest,
    dir: Option<PathBuf>,
    under: Option<Box<View>>,
}

impl Drop for View {
    fn drop(&mut self) {
        if let Some(dir) = &self.dir {
            // What cannot be removed now is removed before the next view is made.
            let _ = std::fs::remove_dir_all(dir);
        }
    }
}

impl View {
    /// The lake as it is.
    pub fn whole(manifest: &Manifest) -> View {
        View { manifest: manifest.clone(), dir: None, under: None }
    }

    /// Keeps a view this one was made from, and with it the files this one shows.
    pub fn rest_on(&mut self, under: View) {
        self.under = Some(Box::new(under));
    }
}

/// The tables whose cells can be corrected.
const CORRECTED: [&str; 4] = ["orders", "order_lines", "customers", "products"];

/// The lake with corrections applied.
pub fn corrected(lake: &LakeDir, manifest: &Manifest, corrections: &mut Corrections) -> Result<View> {
    let mut view = Making::begin(lake, manifest, "corrected")?;
    for table in CORRECTED.into_iter().filter(|table| !corrections.is_empty_for(table)).collect::<Vec<_>>() {
        view.rewrite(table, &mut |batch| corrections.apply(table, batch))?;
    }
    Ok(view.finish())
}

/// The lake without the orders given, by surrogate key, and without their lines.
pub fn without_orders(lake: &LakeDir, manifest: &Manifest, left_out: &[bool]) -> Result<View> {
    let mut view = Making::begin(lake, manifest, "served")?;
    for table in ["orders", "order_lines"] {
        view.rewrite(table, &mut |batch| {
            let keys = batch.column_by_name("order_key")?.as_primitive::<Int32Type>().values();
            let stays = |key: &i32| !left_out.get(*key as usize).copied().unwrap_or(false);
            if keys.iter().all(stays) {
                return None;
            }
            let mask: BooleanArray = keys.iter().map(|key| Some(stays(key))).collect();
            filter_record_batch(batch, &mask).ok()
        })?;
    }
    Ok(view.finish())
}

/// A view being made.
struct Making<'l> {
    lake: &'l LakeDir,
    name: &'static str,
    view: View,
}

impl<'l> Making<'l> {
    fn begin(lake: &'l LakeDir, manifest: &Manifest, name: &'static str) -> Result<Making<'l>> {
        let dir = lake.0.join(format!(".{name}"));
        if dir.exists() {
            std::fs::remove_dir_all(&dir).map_err(Error::io("remove", &dir))?;
        }
        Ok(Making { lake, name, view: View { manifest: manifest.clone(), dir: Some(dir), under: None } })
    }

    /// Writes the files of a table anew whose batches `change` gives another form.
    fn rewrite(
        &mut self,
        table: &'static str,
        change: &mut (dyn FnMut(&RecordBatch) -> Option<RecordBatch> + Send),
    ) -> Result<()> {
        let Some(contract) = input_table(table) else { return Ok(()) };
        let schema = schema(contract);
        let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let beside = LakeDir(self.lake.0.join(format!(".{}", self.name)));
        let files: Vec<DataFile> = self.view.manifest.files(table).cloned().collect();
        for file in files {
            let (mut batches, mut differs) = (Vec::new(), false);
            read_each(self.lake, &file, &columns, &[], |batch| {
                let other = change(&batch);
                differs |= other.is_some();
                batches.push(other.unwrap_or(batch));
                Ok(())
            })?;
            if !differs {
                continue;
            }
            let mut writer = FileWriter::create(&beside, contract)?;
            let mut hasher = blake3::Hasher::new();
            for batch in &batches {
                let arrays = batch.columns();
                for array in arrays {
                    array.to_data().buffers().iter().for_each(|buffer| {
                        hasher.update(buffer.as_slice());
                    });
                }
                let group = writer.encoder().encode(arrays)?;
                writer.append(group)?;
            }
            let stem = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".parquet");
            let written = writer.finish_as(stem)?.map(|(file, _)| file);
            let mark = &hasher.finalize().to_hex()[..12];
            for batch in &mut self.view.manifest.batches {
                let Some(place) = batch.files.iter().position(|own| own.path == file.path) else { continue };
                // Another content is another identity, so that nothing computed from the whole lake is taken for it.
                batch.id = format!("{}-{}-{mark}", batch.id, self.name);
                match &written {
                    Some(written) => {
                        batch.files[place] =
                            DataFile { path: format!(".{}/{}", self.name, written.path), ..written.clone() };
                    }
                    None => {
                        batch.files.remove(place);
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> View {
        self.view
    }
}
