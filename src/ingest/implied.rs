//! Rows for customers and products that no source describes: orders name them, flat files say a little of them.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, StringArray, new_null_array};
use arrow::datatypes::DataType;

use super::parse::Owner;
use super::resolve::{self, Seen};
use crate::contracts::{Table, input_table};
use crate::error::Result;
use crate::lake::layout::schema;
use crate::lake::writer::FileWriter;
use crate::lake::{DataFile, LakeDir};

/// Writes rows for the customers and products that only other tables name.
pub(super) fn write_implied(lake: &LakeDir, id: &str, seen: &mut Seen) -> Result<Vec<(DataFile, File)>> {
    let mut files = Vec::new();
    for name in ["products", "customers"] {
        let Some(table) = input_table(name) else { continue };
        let attributes = seen.implied.remove(name).unwrap_or_default();
        let claimed = seen.claimed.entry(table.name).or_default();
        let named = seen.named.entry(table.name).or_default();
        let Some(owner) = seen.owners.of(name) else { continue };
        claimed.resize(owner.keys.len().max(claimed.len()), false);
        named.resize(owner.keys.len().max(named.len()), false);
        let rows: Vec<u32> = (0..owner.keys.len() as u32)
            .filter(|key| owner.accepted[*key as usize] && !claimed[*key as usize] && !named[*key as usize])
            .collect();
        if owner.closed || rows.is_empty() {
            continue;
        }
        let mut writer = FileWriter::create(lake, table)?;
        let arrays = implied_arrays(table, owner, &attributes, &rows);
        let group = writer.encoder().encode(&arrays)?;
        writer.append(group)?;
        files.extend(writer.finish_as(id)?);
        for key in rows {
            named[key as usize] = true;
        }
    }
    Ok(files)
}

fn implied_arrays(
    table: &'static Table,
    owner: &Owner,
    attributes: &[Option<Vec<String>>],
    rows: &[u32],
) -> Vec<ArrayRef> {
    let names = if table.name == "products" { resolve::PRODUCT_ATTRIBUTES } else { resolve::CUSTOMER_ATTRIBUTES };
    let schema = schema(table);
    let column = |name: &str| -> ArrayRef {
        if name == table.key[0] {
            return Arc::new(StringArray::from_iter_values(
                rows.iter().map(|key| String::from_utf8_lossy(owner.keys.id(*key)).into_owned()),
            ));
        }
        match names.iter().position(|(ours, _)| *ours == name) {
            Some(place) => Arc::new(StringArray::from_iter(rows.iter().map(|key| {
                let values = attributes.get(*key as usize).and_then(Option::as_ref)?;
                Some(values[place].as_str()).filter(|value| !value.is_empty())
            }))),
            None => new_null_array(
                schema.field_with_name(name).map_or(&DataType::Null, |field| field.data_type()),
                rows.len(),
            ),
        }
    };
    schema
        .fields()
        .iter()
        .enumerate()
        .map(|(place, field)| {
            if place == 0 {
                Arc::new(Int32Array::from_iter_values(rows.iter().map(|key| *key as i32))) as ArrayRef
            } else {
                column(field.name())
            }
        })
        .collect()
}
