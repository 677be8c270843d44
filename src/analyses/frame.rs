//! Columns to a frame that keeps its table's contract.

use polars::prelude::*;

use crate::contracts::{Kind, Table};
use crate::error::{Error, Result};

/// Builds a frame of a table column by column, in any order; money is integer minor units.
pub struct FrameBuilder {
    table: &'static Table,
    columns: Vec<Column>,
}

impl FrameBuilder {
    /// Begins a frame.
    pub fn new(table: &'static Table) -> FrameBuilder {
        FrameBuilder { table, columns: Vec::new() }
    }

    /// A column that is there already.
    pub fn column(mut self, column: Column) -> FrameBuilder {
        self.columns.push(column);
        self
    }

    /// Text.
    pub fn text<'t>(mut self, name: &str, values: impl IntoIterator<Item = &'t str>) -> FrameBuilder {
        let values = StringChunked::from_iter_values(name.into(), values.into_iter());
        self.columns.push(values.into_column());
        self
    }

    /// Text that may be absent.
    pub fn maybe_text(mut self, name: &str, values: Vec<Option<String>>) -> FrameBuilder {
        self.columns.push(Column::new(name.into(), values));
        self
    }

    /// The same, without a copy of each text.
    pub fn optional_text<'t>(mut self, name: &str, values: impl IntoIterator<Item = Option<&'t str>>) -> FrameBuilder {
        let values = StringChunked::from_iter_options(name.into(), values.into_iter());
        self.columns.push(values.into_column());
        self
    }

    /// Money in minor units, or whole numbers.
    pub fn whole(mut self, name: &str, values: Vec<i64>) -> FrameBuilder {
        self.columns.push(Column::new(name.into(), values));
        self
    }

    /// Money or whole numbers that may be absent.
    pub fn maybe_whole(mut self, name: &str, values: Vec<Option<i64>>) -> FrameBuilder {
        self.columns.push(Column::new(name.into(), values));
        self
    }

    /// Ratios.
    pub fn ratio(mut self, name: &str, values: Vec<f64>) -> FrameBuilder {
        self.columns.push(Column::new(name.into(), values));
        self
    }

    /// Ratios that may be absent.
    pub fn maybe_ratio(mut self, name: &str, values: Vec<Option<f64>>) -> FrameBuilder {
        self.columns.push(Column::new(name.into(), values));
        self
    }

    /// Yes or no.
    pub fn flag(mut self, name: &str, values: Vec<bool>) -> FrameBuilder {
        self.columns.push(Column::new(name.into(), values));
        self
    }

    /// Days since 1970-01-01.
    pub fn date(mut self, name: &str, values: Vec<Option<i32>>) -> FrameBuilder {
        let days = Int32Chunked::new(name.into(), values);
        self.columns.push(days.into_date().into_column());
        self
    }

    /// The frame, its columns in the contract's order, those of open prefixes after the last one declared before them.
    ///
    /// # Errors
    /// [`Error::Contract`] where a column is missing, unknown or of the wrong type.
    pub fn finish(self) -> Result<DataFrame> {
        let broken = |message: String| Error::Contract { table: self.table.name, message };
        let mut ordered = Vec::new();
        for column in self.table.columns {
            let found = self.columns.iter().find(|found| found.name() == column.name);
            let found = found.ok_or_else(|| broken(format!("column `{}` is missing", column.name)))?;
            if !holds(column.kind, found.dtype()) {
                return Err(broken(format!(
                    "column `{}` is {} instead of {:?}",
                    column.name,
                    found.dtype(),
                    column.kind
                )));
            }
            ordered.push(found.clone());
        }
        for column in &self.columns {
            if self.table.position(column.name()).is_some() {
                continue;
            }
            match self.table.kind(column.name()) {
                Some(kind) if holds(kind, column.dtype()) => {}
                Some(kind) => {
                    let message = format!("column `{}` is {} instead of {kind:?}", column.name(), column.dtype());
                    return Err(broken(message));
                }
                None => return Err(broken(format!("column `{}` is not declared", column.name()))),
            }
            ordered.push(column.clone());
        }
        DataFrame::new_infer_height(ordered).map_err(|error| broken(error.to_string()))
    }
}

/// Whether a column of this type can hold this kind.
pub fn holds(kind: Kind, dtype: &DataType) -> bool {
    match kind {
        Kind::Id | Kind::Text | Kind::Month => *dtype == DataType::String,
        Kind::Money | Kind::Decimal | Kind::Integer | Kind::Quantity => *dtype == DataType::Int64,
        Kind::Flag => *dtype == DataType::Boolean,
        Kind::Date => *dtype == DataType::Date,
        Kind::Timestamp => matches!(dtype, DataType::Datetime(..)),
        Kind::Ratio => *dtype == DataType::Float64,
    }
}

/// A column of whole numbers or money.
pub fn wholes<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f Int64Chunked> {
    frame.column(name).and_then(|column| column.i64()).map_err(Error::internal("reading a table"))
}

/// A column of ratios.
pub fn ratios<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f Float64Chunked> {
    frame.column(name).and_then(|column| column.f64()).map_err(Error::internal("reading a table"))
}

/// A column of text.
pub fn texts<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f StringChunked> {
    frame.column(name).and_then(|column| column.str()).map_err(Error::internal("reading a table"))
}

/// A column of yes and no.
pub fn flags<'f>(frame: &'f DataFrame, name: &str) -> Result<&'f BooleanChunked> {
    frame.column(name).and_then(|column| column.bool()).map_err(Error::internal("reading a table"))
}
