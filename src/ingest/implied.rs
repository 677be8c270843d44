//! Customers and products that no source describes: orders name them, flat files say a little of them.
//!
//! The batch of a flat file keeps what that file says. What the files in force say together is put together anew with
//! every change, in the order of sources and file names: it does not depend on which file came first, or on files whose
//! place others have taken.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, StringArray, new_null_array};
use arrow::datatypes::Int32Type;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::parse::{Owner, Owners};
use super::resolve;
use crate::contracts::{Table, input_table};
use crate::error::Result;
use crate::lake::layout::schema;
use crate::lake::reader::{read, read_each};
use crate::lake::writer::FileWriter;
use crate::lake::{Batch, DataFile, LakeDir, Manifest};

/// What a file says of the ids it names, by key: the id, and its first value of each attribute that is not empty.
pub type Said = HashMap<u32, Vec<String>, FixedState>;

/// Writes what one flat file says of customers and products.
pub(super) fn write_said(
    lake: &LakeDir,
    id: &str,
    said: BTreeMap<&'static str, Said>,
    owners: &Owners,
) -> Result<Vec<(DataFile, File)>> {
    let mut files = Vec::new();
    for (name, said) in said {
        let (Some(table), Some(owner)) = (input_table(name), owners.of(name)) else { continue };
        if owner.closed {
            continue;
        }
        let mut rows: Vec<(u32, Vec<String>)> = said.into_iter().collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        files.extend(write(lake, id, table, &rows)?);
    }
    Ok(files)
}

/// What the files in force say together: all its files, and those that have yet to be made durable.
pub(super) type Together = (Vec<DataFile>, Vec<(DataFile, File)>);

/// Writes what the files in force say together, where that is not what is in force already.
pub(super) fn put_together(lake: &LakeDir, manifest: &Manifest, owners: &Owners) -> Result<Together> {
    let (mut implied, mut written) = (Vec::new(), Vec::new());
    for name in ["products", "customers"] {
        let (Some(table), Some(owner)) = (input_table(name), owners.of(name)) else { continue };
        if manifest.describes(name) {
            continue;
        }
        let mut says: Vec<(&Batch, &DataFile)> = manifest
            .active()
            .flat_map(|batch| batch.files.iter().map(move |file| (batch, file)))
            .filter(|(batch, file)| file.table == name && batch.only_names(file))
            .collect();
        says.sort_by_key(|(batch, _)| (&batch.source, &batch.file));
        let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        name_in_other_tables(lake, manifest, table, owner, &mut rows)?;
        if let ([(_, only)], true) = (says.as_slice(), rows.is_empty()) {
            implied.push((*only).clone());
            continue;
        }
        for (_, file) in says {
            merge(lake, file, table, &mut rows)?;
        }
        if rows.is_empty() {
            continue;
        }
        let mut rows: Vec<(u32, Vec<String>)> = rows.into_iter().collect();
        let ids = owner.keys.ids(&rows.iter().map(|(key, _)| *key).collect::<Vec<u32>>());
        for ((_, values), id) in rows.iter_mut().zip(ids) {
            values[0] = String::from_utf8_lossy(&id).into_owned();
        }
        let mut hasher = blake3::Hasher::new();
        for (key, values) in &rows {
            hasher.update(&key.to_le_bytes());
            for value in values {
                hasher.update(value.as_bytes()).update(b"\0");
            }
        }
        let id = format!("implied-{}", &hasher.finalize().to_hex()[..16]);
        if let Some(same) = manifest.implied.iter().find(|file| file.path == format!("{name}/{id}.parquet")) {
            implied.push(same.clone());
            continue;
        }
        if let Some((file, handle)) = write(lake, &id, table, &rows)? {
            implied.push(file.clone());
            written.push((file, handle));
        }
    }
    Ok((implied, written))
}

/// Our attributes of a table, and the flat columns they come from.
fn attributes(table: &Table) -> &'static [(&'static str, &'static str)] {
    if table.name == "products" { resolve::PRODUCT_ATTRIBUTES } else { resolve::CUSTOMER_ATTRIBUTES }
}

/// Adds what one file says; what was said before goes first.
fn merge(lake: &LakeDir, file: &DataFile, table: &Table, rows: &mut BTreeMap<u32, Vec<String>>) -> Result<()> {
    let key = table.key[0].replace("_id", "_key");
    let names = attributes(table);
    let columns: Vec<&str> = std::iter::once(key.as_str()).chain(names.iter().map(|(ours, _)| *ours)).collect();
    for batch in read(lake, file, &columns, &[])? {
        let keys = batch.column(0).as_primitive::<Int32Type>();
        let texts: Vec<&StringArray> = (1..columns.len()).map(|place| batch.column(place).as_string::<i32>()).collect();
        for row in 0..batch.num_rows() {
            let values = rows.entry(keys.value(row) as u32).or_default();
            values.resize(columns.len(), String::new());
            for (value, text) in values[1..].iter_mut().zip(&texts) {
                if value.is_empty() && text.is_valid(row) {
                    *value = text.value(row).into();
                }
            }
        }
    }
    Ok(())
}

/// The ids that tables with sources of their own name.
fn name_in_other_tables(
    lake: &LakeDir,
    manifest: &Manifest,
    parent: &Table,
    owner: &Owner,
    rows: &mut BTreeMap<u32, Vec<String>>,
) -> Result<()> {
    let mut named = vec![false; owner.keys.len()];
    for batch in manifest.active().filter(|batch| batch.table != "flat") {
        for file in &batch.files {
            let Some(table) = input_table(&file.table) else { continue };
            let columns = table.columns.iter().filter(|column| column.parent.is_some_and(|of| of.table == parent.name));
            for column in columns {
                let by_key = ["orders", "order_lines"].contains(&table.name);
                let name = if by_key { column.name.replace("_id", "_key") } else { column.name.to_string() };
                read_each(lake, file, &[&name], &[], |batch| {
                    let column = batch.column(0);
                    if by_key {
                        column.as_primitive::<Int32Type>().iter().flatten().for_each(|key| named[key as usize] = true);
                    } else {
                        let ids = column.as_string::<i32>().iter().flatten();
                        ids.filter_map(|id| owner.keys.get(id.as_bytes())).for_each(|key| named[key as usize] = true);
                    }
                    Ok(())
                })?;
            }
        }
    }
    rows.extend((0..).zip(named).filter(|(_, named)| *named).map(|(key, _)| (key, vec![String::new()])));
    Ok(())
}

fn write(
    lake: &LakeDir,
    id: &str,
    table: &'static Table,
    rows: &[(u32, Vec<String>)],
) -> Result<Option<(DataFile, File)>> {
    let mut writer = FileWriter::create(lake, table)?;
    let names = attributes(table);
    let arrays: Vec<ArrayRef> =
        schema(table)
            .fields()
            .iter()
            .enumerate()
            .map(|(place, field)| -> ArrayRef {
                if place == 0 {
                    return Arc::new(Int32Array::from_iter_values(rows.iter().map(|(key, _)| *key as i32)));
                }
                if field.name() == table.key[0] {
                    return Arc::new(StringArray::from_iter_values(rows.iter().map(|(_, values)| &values[0])));
                }
                match names.iter().position(|(ours, _)| ours == field.name()) {
                    Some(place) => Arc::new(StringArray::from_iter(rows.iter().map(|(_, values)| {
                        values.get(place + 1).map(String::as_str).filter(|value| !value.is_empty())
                    }))),
                    None => new_null_array(field.data_type(), rows.len()),
                }
            })
            .collect();
    let group = writer.encoder().encode(&arrays)?;
    writer.append(group)?;
    writer.finish_as(id)
}
