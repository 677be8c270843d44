//! A result table, column by column.

use polars::prelude::{BooleanChunked, DataFrame, DataType, Float64Chunked, Int32Chunked, Int64Chunked, StringChunked};

use crate::analyses::frame::{flags, ratios, texts, wholes};
use crate::error::{Error, Result};

/// A result table as columns.
#[derive(Clone, Copy)]
pub(super) struct Columns<'f>(pub(super) &'f DataFrame);

impl<'f> Columns<'f> {
    pub(super) fn len(self) -> usize {
        self.0.height()
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.0.column(name).is_ok()
    }

    pub(super) fn text(self, name: &str) -> Result<&'f StringChunked> {
        texts(self.0, name)
    }

    pub(super) fn whole(self, name: &str) -> Result<&'f Int64Chunked> {
        wholes(self.0, name)
    }

    pub(super) fn ratio(self, name: &str) -> Result<&'f Float64Chunked> {
        ratios(self.0, name)
    }

    pub(super) fn flag(self, name: &str) -> Result<&'f BooleanChunked> {
        flags(self.0, name)
    }

    /// Days since 1970-01-01.
    pub(super) fn days(self, name: &str) -> Result<Int32Chunked> {
        let failed = Error::internal("reading a table");
        let column = self.0.column(name).and_then(|column| column.cast(&DataType::Int32)).map_err(&failed)?;
        column.i32().cloned().map_err(failed)
    }
}
