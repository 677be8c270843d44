//! Why a row is refused, and the ledger of the refused.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::error::{Error, Result};

/// A reject code and what it means.
#[derive(Debug)]
pub struct Code {
    /// The code, stable for ever.
    pub code: &'static str,
    /// What is wrong with the row.
    pub meaning: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

/// Every code, in the order the reasons are tried: the first that holds is the row's.
pub const CODES: &[Code] = &[
    Code {
        code: "ragged",
        meaning: "the record has more or fewer fields than the header",
        fix: "quote fields that hold the delimiter, or add what is missing",
    },
    Code {
        code: "bad_quoting",
        meaning: "a quoted field never closes, or closes in the middle",
        fix: "double quotes inside a field, or take the stray one out",
    },
    Code {
        code: "encoding",
        meaning: "bytes that are not text in the declared encoding",
        fix: "export in the declared encoding, or correct `encoding`",
    },
    Code {
        code: "bad_json",
        meaning: "the line is no JSON object, or names a key twice",
        fix: "write one object a line",
    },
    Code {
        code: "error_cell",
        meaning: "a formula failed: the cell holds an error such as #DIV/0!",
        fix: "correct the formula in the workbook, or type the value",
    },
    Code { code: "missing_value", meaning: "a required cell is empty", fix: "fill it in" },
    Code {
        code: "bad_date",
        meaning: "no date of the declared pattern, or a day that does not exist",
        fix: "correct the date, or `date` in the source",
    },
    Code {
        code: "bad_timestamp",
        meaning: "no time of the declared pattern, or one that does not exist",
        fix: "correct the time, or `timestamp` in the source",
    },
    Code { code: "bad_month", meaning: "no month written YYYY-MM", fix: "write the month as YYYY-MM" },
    Code {
        code: "bad_number",
        meaning: "no number in the declared locale, or more digits than the currency keeps",
        fix: "correct the number, or `decimal`, `thousands` and `currency.decimals`",
    },
    Code {
        code: "bad_rate",
        meaning: "no discount rate between 0 and 1 (0 to 100 in per cent)",
        fix: "correct the rate, or map `discount_percent` instead of `discount_rate`",
    },
    Code {
        code: "no_unit_price",
        meaning: "a line total without units to share it out over, or after a discount of the whole",
        fix: "fill in the quantity",
    },
    Code { code: "bad_flag", meaning: "neither yes nor no", fix: "write 1 or 0, Y or N, ya or tidak" },
    Code {
        code: "nonpositive_quantity",
        meaning: "a quantity of zero or less where returns have a column of their own",
        fix: "correct the quantity, or set `negative_quantity = \"return\"`",
    },
    Code {
        code: "negative_price",
        meaning: "a price below zero",
        fix: "correct the price, or set `negative_quantity = \"return\"`",
    },
    Code {
        code: "too_large",
        meaning: "an amount too large to add up safely",
        fix: "correct the quantity or the price",
    },
    Code {
        code: "duplicate_key",
        meaning: "a row with this key came before",
        fix: "send each row once; the first is kept",
    },
    Code {
        code: "unknown_customer",
        meaning: "no accepted customer has this id",
        fix: "send the customer, or correct the id",
    },
    Code { code: "unknown_order", meaning: "no accepted order has this id", fix: "send the order, or correct the id" },
    Code {
        code: "unknown_product",
        meaning: "no accepted product has this id",
        fix: "send the product, or correct the id",
    },
];

/// What a code means.
pub fn code(name: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.code == name)
}

/// One refused row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The record in the file, from 1, header excepted.
    pub record: u64,
    /// The physical line, from 1.
    pub line: u64,
    /// Where the record begins in the file.
    pub offset: u64,
    /// The column at fault; empty where none is.
    pub column: &'static str,
    /// The code.
    pub code: &'static str,
    /// Where it is in a workbook, as `Sheet1!C14`, or in another format that is no text; empty in text.
    pub address: String,
    /// The record as it came; bytes that are not UTF-8 are shown as U+FFFD.
    pub raw: String,
}

/// The refused rows of one file as Parquet bytes: source, file, record, line, byte_offset, column, code, address, raw, message, fix.
pub fn ledger(source: &str, file: &str, rejects: &[Reject]) -> Result<Vec<u8>> {
    let text = |value: &dyn Fn(&Reject) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rejects.iter().map(value)))
    };
    let number = |value: &dyn Fn(&Reject) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rejects.iter().map(|reject| value(reject) as i64)))
    };
    let batch = RecordBatch::try_from_iter([
        ("source", text(&|_| source.to_string())),
        ("file", text(&|_| file.to_string())),
        ("record", number(&|reject| reject.record)),
        ("line", number(&|reject| reject.line)),
        ("byte_offset", number(&|reject| reject.offset)),
        ("column", text(&|reject| reject.column.to_string())),
        ("code", text(&|reject| reject.code.to_string())),
        ("address", text(&|reject| reject.address.clone())),
        ("raw", text(&|reject| reject.raw.clone())),
        ("message", text(&|reject| code(reject.code).map_or("", |code| code.meaning).to_string())),
        ("fix", text(&|reject| code(reject.code).map_or("", |code| code.fix).to_string())),
    ])
    .map_err(Error::internal("writing the rejects ledger"))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()))
        .set_created_by("langgan".into())
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))
        .map_err(Error::internal("writing the rejects ledger"))?;
    writer.write(&batch).map_err(Error::internal("writing the rejects ledger"))?;
    writer.close().map_err(Error::internal("writing the rejects ledger"))?;
    Ok(bytes)
}
