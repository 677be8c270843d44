//! Single orders and lines, read again where something about them has to be said.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int32Type, Int64Type};

use super::scan::{NONE, batch_of};
use crate::error::Result;
use crate::lake::reader::read_each;
use crate::lake::{LakeDir, Manifest};

/// Every branch that the branches or the orders name.
pub fn branches(lake: &LakeDir, manifest: &Manifest) -> Result<BTreeSet<String>> {
    let mut known = BTreeSet::new();
    for table in ["branches", "orders"] {
        let codes: &[&str] = if table == "orders" { &["branch_id"] } else { &[] };
        for file in manifest.files(table) {
            read_each(lake, file, &["branch_id"], codes, |rows| {
                let column = rows.column(0);
                let values = column.as_any_dictionary_opt().map_or(column, |codes| codes.values());
                known.extend(values.as_string::<i32>().iter().flatten().map(String::from));
                Ok(())
            })?;
        }
    }
    Ok(known)
}

/// An order with its lines.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Its id.
    pub id: String,
    /// Its branch.
    pub branch: String,
    /// Days since 1970-01-01.
    pub day: i32,
    /// Whether it counts.
    pub completed: bool,
    /// The buyer's key; [`NONE`] for nobody.
    pub customer: u32,
    /// Where it is.
    pub place: Place,
    /// Its lines, by number.
    pub lines: Vec<Line>,
}

/// One line of an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub number: i32,
    /// The product's key.
    pub product: u32,
    /// Units.
    pub quantity: i32,
    /// Price of one unit, minor units.
    pub price: i64,
    /// Discount on the line, minor units.
    pub discount: i64,
    /// Where it is.
    pub place: Place,
}

impl Line {
    /// Quantity × price − discount.
    pub fn amount(&self) -> i64 {
        i64::from(self.quantity) * self.price - self.discount
    }
}

impl Document {
    /// The sum of its lines.
    pub fn amount(&self) -> i64 {
        self.lines.iter().map(Line::amount).sum()
    }
}

/// A row among those accepted from a file, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The batch, by place in the manifest; [`NONE`] where it is not known.
    pub batch: u32,
    /// The row.
    pub row: u32,
}

impl Default for Place {
    fn default() -> Place {
        Place { batch: NONE, row: 0 }
    }
}

/// Reads the orders whose keys are given, with their lines.
pub fn documents(lake: &LakeDir, manifest: &Manifest, keys: &[u32]) -> Result<BTreeMap<u32, Document>> {
    let mut documents: BTreeMap<u32, Document> = BTreeMap::new();
    let mut wanted = vec![false; keys.iter().max().map_or(0, |key| *key as usize + 1)];
    keys.iter().for_each(|key| wanted[*key as usize] = true);
    let is_wanted = |key: i32| wanted.get(key as usize).copied().unwrap_or(false);
    if keys.is_empty() {
        return Ok(documents);
    }
    for file in manifest.files("orders") {
        let (batch_place, mut before) = (batch_of(manifest, file), 0);
        let columns = ["order_key", "order_id", "branch_id", "order_day", "status", "customer_key"];
        read_each(lake, file, &columns, &[], |batch| {
            let keys = batch.column(0).as_primitive::<Int32Type>().values();
            let text = |column: usize, row: usize| {
                let column = batch.column(column).as_string::<i32>();
                if column.is_valid(row) { column.value(row).to_string() } else { String::new() }
            };
            let days = batch.column(3).as_primitive::<Int32Type>().values();
            let customers = batch.column(5).as_primitive::<Int32Type>();
            for row in (0..batch.num_rows()).filter(|row| is_wanted(keys[*row])) {
                let document = Document {
                    id: text(1, row),
                    branch: text(2, row),
                    day: days[row],
                    completed: matches!(text(4, row).as_str(), "" | "completed"),
                    customer: if customers.is_valid(row) { customers.value(row) as u32 } else { NONE },
                    place: Place { batch: batch_place, row: (before + row) as u32 },
                    lines: Vec::new(),
                };
                documents.insert(keys[row] as u32, document);
            }
            before += batch.num_rows();
            Ok(())
        })?;
    }
    for file in manifest.files("order_lines") {
        let (batch_place, mut before) = (batch_of(manifest, file), 0);
        let columns = ["order_key", "line_no", "product_key", "quantity", "unit_price", "discount"];
        read_each(lake, file, &columns, &[], |batch| {
            let whole = |column: usize| batch.column(column).as_primitive::<Int32Type>().values();
            let (keys, numbers, products, quantities) = (whole(0), whole(1), whole(2), whole(3));
            let prices = batch.column(4).as_primitive::<Int64Type>().values();
            let discounts = batch.column(5).as_primitive::<Int64Type>();
            for row in (0..batch.num_rows()).filter(|row| is_wanted(keys[*row])) {
                if let Some(document) = documents.get_mut(&(keys[row] as u32)) {
                    document.lines.push(Line {
                        number: numbers[row],
                        product: products[row] as u32,
                        quantity: quantities[row],
                        price: prices[row],
                        discount: if discounts.is_valid(row) { discounts.value(row) } else { 0 },
                        place: Place { batch: batch_place, row: (before + row) as u32 },
                    });
                }
            }
            before += batch.num_rows();
            Ok(())
        })?;
    }
    let is_flat = |place: Place| manifest.batches.get(place.batch as usize).is_some_and(|batch| batch.table == "flat");
    for document in documents.values_mut() {
        document.lines.sort_by_key(|line| (line.number, line.place));
        // A flat file has no row for the order itself: it begins with its first line.
        if is_flat(document.place) {
            let own = document.lines.iter().map(|line| line.place).filter(|place| place.batch == document.place.batch);
            document.place = own.min().unwrap_or(document.place);
        }
    }
    Ok(documents)
}

/// The ids of a table's rows by surrogate key.
pub fn ids(lake: &LakeDir, manifest: &Manifest, table: &str, key: &str, id: &str) -> Result<Vec<String>> {
    let mut ids: Vec<String> = Vec::new();
    for file in manifest.files(table) {
        read_each(lake, file, &[key, id], &[], |batch| {
            let keys = batch.column(0).as_primitive::<Int32Type>().values();
            let texts = batch.column(1).as_string::<i32>();
            for (row, key) in keys.iter().enumerate() {
                if ids.len() <= *key as usize {
                    ids.resize(*key as usize + 1, String::new());
                }
                ids[*key as usize] = texts.value(row).to_string();
            }
            Ok(())
        })?;
    }
    Ok(ids)
}
