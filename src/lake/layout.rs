//! How each table lies in the lake: its stored columns and their types, and where its files are.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::contracts::{Column, Kind, Table};

/// One stored column.
#[derive(Debug, Clone, Copy)]
pub enum Stored {
    /// The dense surrogate key of the table's own rows.
    OwnKey(&'static str),
    /// The dense surrogate key of a row of another table: the exported column, its owner, the stored name.
    ParentKey(&'static str, &'static str, &'static str),
    /// A column of the contract.
    Cell(&'static Column),
    /// Days since 1970-01-01 of a timestamp column.
    Day(&'static str, &'static str),
    /// `year * 12 + month - 1` of a timestamp column.
    Month(&'static str, &'static str),
}

impl Stored {
    /// The stored name.
    pub fn name(&self) -> &'static str {
        match self {
            Stored::OwnKey(name) | Stored::ParentKey(_, _, name) | Stored::Day(_, name) | Stored::Month(_, name) => {
                name
            }
            Stored::Cell(column) => column.name,
        }
    }

    /// Its type.
    pub fn data_type(&self) -> DataType {
        match self {
            Stored::Cell(column) => match column.kind {
                Kind::Id | Kind::Text => DataType::Utf8,
                Kind::Money | Kind::Decimal => DataType::Int64,
                Kind::Integer | Kind::Quantity | Kind::Month => DataType::Int32,
                Kind::Flag => DataType::Boolean,
                Kind::Date => DataType::Date32,
                Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
                Kind::Ratio => DataType::Float64,
            },
            _ => DataType::Int32,
        }
    }
}

/// The stored columns of a table.
pub fn stored(table: &'static Table) -> Vec<Stored> {
    let mut columns = Vec::new();
    match table.name {
        "customers" => columns.push(Stored::OwnKey("customer_key")),
        "products" => columns.push(Stored::OwnKey("product_key")),
        "orders" => columns.push(Stored::OwnKey("order_key")),
        _ => {}
    }
    for column in table.columns.iter().filter(|column| column.stored) {
        columns.push(match (table.name, column.name) {
            ("orders", "customer_id") => Stored::ParentKey("customer_id", "customers", "customer_key"),
            ("order_lines", "order_id") => Stored::ParentKey("order_id", "orders", "order_key"),
            ("order_lines", "product_id") => Stored::ParentKey("product_id", "products", "product_key"),
            _ => Stored::Cell(column),
        });
        match (table.name, column.name) {
            ("orders", "ordered_at") => {
                columns.extend([Stored::Day("ordered_at", "order_day"), Stored::Month("ordered_at", "order_month")])
            }
            ("contacts", "at") => columns.push(Stored::Day("at", "day")),
            ("interactions", "at") => columns.extend([Stored::Day("at", "day"), Stored::Month("at", "month")]),
            _ => {}
        }
    }
    columns
}

/// The Arrow schema of a table's files.
pub fn schema(table: &'static Table) -> SchemaRef {
    let fields: Vec<Field> =
        stored(table).iter().map(|column| Field::new(column.name(), column.data_type(), true)).collect();
    Arc::new(Schema::new(fields))
}

/// The folder of the rejects ledger within the lake.
pub const LEDGER: &str = "rejects";

/// The columns of the rejects ledger: one row for each row refused.
pub fn ledger_schema() -> SchemaRef {
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let field = |name: &str, of: &DataType| Field::new(name, of.clone(), false);
    Arc::new(Schema::new(vec![
        field("source", &coded),
        field("file", &coded),
        field("record", &DataType::Int64),
        field("line", &DataType::Int64),
        field("byte_offset", &DataType::Int64),
        field("address", &DataType::Utf8),
        field("column", &coded),
        field("export_column", &coded),
        field("code", &coded),
        field("raw", &DataType::Utf8),
        field("message", &coded),
        field("fix", &coded),
    ]))
}

/// Where the lake's files are.
#[derive(Debug, Clone)]
pub struct LakeDir(pub PathBuf);

impl LakeDir {
    /// The manifest: what is in the lake now.
    pub fn manifest(&self) -> PathBuf {
        self.0.join("manifest.json")
    }

    /// The lock against overlapping runs.
    pub fn lock(&self) -> PathBuf {
        self.0.join(".lock")
    }

    /// A file of a table, as the manifest names it.
    pub fn file(&self, relative: &str) -> PathBuf {
        self.0.join(relative)
    }
}
