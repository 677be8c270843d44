//! Reads the columns of result tables.

use polars::prelude::{BooleanChunked, DataFrame, DataType, Float64Chunked, Int32Chunked, Int64Chunked, StringChunked};

use crate::error::{Error, Result};

/// A result table as columns.
#[derive(Clone, Copy)]
pub(super) struct Columns<'f>(pub(super) &'f DataFrame);

impl<'f> Columns<'f> {
    pub(super) fn len(self) -> usize {
        self.0.height()
    }

    pub(super) fn text(self, name: &str) -> Result<&'f StringChunked> {
        self.0.column(name).and_then(|column| column.str()).map_err(failed)
    }

    pub(super) fn whole(self, name: &str) -> Result<&'f Int64Chunked> {
        self.0.column(name).and_then(|column| column.i64()).map_err(failed)
    }

    pub(super) fn ratio(self, name: &str) -> Result<&'f Float64Chunked> {
        self.0.column(name).and_then(|column| column.f64()).map_err(failed)
    }

    pub(super) fn flag(self, name: &str) -> Result<&'f BooleanChunked> {
        self.0.column(name).and_then(|column| column.bool()).map_err(failed)
    }

    /// Days since 1970-01-01.
    pub(super) fn days(self, name: &str) -> Result<Int32Chunked> {
        let column = self.0.column(name).and_then(|column| column.cast(&DataType::Int32)).map_err(failed)?;
        column.i32().cloned().map_err(failed)
    }
}

fn failed(error: polars::prelude::PolarsError) -> Error {
    Error::internal("reading a result table")(error)
}
