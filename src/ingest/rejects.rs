//! Why a row is refused, and the ledger of the refused.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, Int64Array, StringArray};
use arrow::datatypes::Int32Type;

use super::formats::rows::Origin;
use super::parse::Block;
use super::source::Layout;

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
        code: "too_long",
        meaning: "the record is longer than 1 MiB",
        fix: "look for a quote or a line end that is missing; of the record the beginning is kept here",
    },
    Code {
        code: "total_row",
        meaning: "a line of totals, not a row",
        fix: "nothing to do; leave it out of the export if you can",
    },
    Code {
        code: "repeated_header",
        meaning: "the header again, in the middle of the file",
        fix: "nothing to do; it comes from joining files",
    },
    Code {
        code: "moved_header",
        meaning: "the header again, with its columns in another order: the file is held",
        fix: "make a file of its own of what follows it",
    },
    Code {
        code: "empty_row",
        meaning: "a line of delimiters with nothing between them",
        fix: "nothing to do; spreadsheets write such lines below a table",
    },
    Code {
        code: "nul_byte",
        meaning: "the record holds a NUL byte: the file was damaged when it was written or sent",
        fix: "send the file again",
    },
    Code {
        code: "encoding",
        meaning: "the row is written in another encoding than the file",
        fix: "export it in the declared encoding, or correct `encoding`",
    },
    Code {
        code: "bad_json",
        meaning: "the line is no JSON object, or names a key twice",
        fix: "write one object a line",
    },
    Code {
        code: "error_cell",
        meaning: "a formula failed, as #DIV/0! says, or was never calculated (#CALC!)",
        fix: "correct the formula, or open the workbook in a spreadsheet and save it; or type the value",
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
        code: "other_currency",
        meaning: "an amount with the mark of another currency than the project's",
        fix: "convert it, or load what is in that currency into a project of its own; or correct `currency.code`",
    },
    Code {
        code: "fractional_quantity",
        meaning: "a quantity that is no whole number",
        fix: "export the quantity in a smaller unit (grams, not kilograms), the price with it",
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

/// One refused row, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The physical line, from 1.
    pub line: u64,
    /// The column at fault; empty where none is.
    pub column: &'static str,
    /// The code.
    pub code: &'static str,
    /// Where it is in a workbook, as `Sheet1!C14`, or in another format that is no text; empty in text.
    pub address: String,
    /// The record as it came.
    pub raw: String,
}

/// One refused row of a block.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// The record in the file, from 1, header excepted.
    pub record: u64,
    /// The physical line, from 1.
    pub line: u64,
    /// First byte in the block.
    pub start: u32,
    /// One past the last byte in the block.
    pub end: u32,
    /// The record in the block, where it is one.
    pub place: Option<u32>,
    /// The column at fault, if one is.
    pub column: Option<&'static str>,
    /// The code.
    pub code: &'static str,
}

impl Refused {
    /// The row as a person should see it.
    pub fn reject(&self, block: &Block, layout: &Layout) -> Reject {
        Reject {
            line: self.line,
            column: self.column.unwrap_or_default(),
            code: self.code,
            address: self.address(layout),
            raw: self.raw(block, layout).into_owned(),
        }
    }

    /// Where it is in a workbook, as `Sheet1!C14`, or in another format that is no text; empty in text.
    fn address(&self, layout: &Layout) -> String {
        let Some(made) = &layout.origin else { return String::new() };
        let mapped = self.column.and_then(|name| layout.mapped(name)).map(|place| layout.columns[place].field);
        made.address(self.line, mapped.filter(|field| *field < layout.fields))
    }

    fn raw<'b>(&self, block: &'b Block, layout: &Layout) -> Cow<'b, str> {
        if layout.origin.is_some()
            && let Some(record) = self.place
        {
            let field = block.whole_cell(record as usize, layout.fields - 1, layout.dialect.quote);
            if let Some(origin) = Origin::read(&field).filter(|origin| !origin.raw.is_empty()) {
                return Cow::Owned(String::from_utf8_lossy(origin.raw).into_owned());
            }
        }
        layout.encoding.shown(&block.bytes[self.start as usize..self.end as usize], self.code == "encoding")
    }
}

/// The refused rows of a block as the ledger's columns.
pub fn ledger_arrays(source: &str, file: &str, refused: &[Refused], block: &Block, layout: &Layout) -> Vec<ArrayRef> {
    let rows = refused.len();
    let number = |value: &dyn Fn(&Refused) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(refused.iter().map(|row| value(row) as i64)))
    };
    let same = |text: &str| -> ArrayRef { coded(vec![0; rows], vec![text]) };
    let codes: Vec<i32> = refused.iter().map(|row| place(row.code)).collect();
    let of_code = |text: fn(&'static Code) -> &'static str| -> ArrayRef {
        coded(codes.clone(), CODES.iter().map(text).collect())
    };
    let columns: Vec<i32> = refused
        .iter()
        .map(|row| row.column.and_then(|name| layout.mapped(name)).map_or(0, |at| at as i32 + 1))
        .collect();
    let names = |name: &dyn Fn(usize) -> String| -> ArrayRef {
        let names: Vec<String> = std::iter::once(String::new()).chain((0..layout.columns.len()).map(name)).collect();
        coded(columns.clone(), names.iter().map(String::as_str).collect())
    };
    // Rows come in the order of the file: each offset counts on from the one before.
    let mut offsets = Vec::with_capacity(rows);
    let (mut at, mut offset) = (0, block.offset);
    for row in refused {
        offset += layout.encoding.decoded_length(&block.bytes[at..row.start as usize]);
        at = row.start as usize;
        offsets.push(offset as i64);
    }
    vec![
        same(source),
        same(file),
        number(&|row| row.record),
        number(&|row| row.line),
        Arc::new(Int64Array::from(offsets)),
        Arc::new(StringArray::from_iter_values(refused.iter().map(|row| row.address(layout)))),
        names(&|place| layout.columns[place].column.name.into()),
        names(&|place| layout.field_name(layout.columns[place].field).into()),
        of_code(|code| code.code),
        Arc::new(StringArray::from_iter_values(refused.iter().map(|row| row.raw(block, layout)))),
        of_code(|code| code.meaning),
        of_code(|code| code.fix),
    ]
}

fn place(code: &str) -> i32 {
    CODES.iter().position(|known| known.code == code).unwrap_or(0) as i32
}

fn coded(keys: Vec<i32>, values: Vec<&str>) -> ArrayRef {
    let keys = Int32Array::from(keys);
    let values = Arc::new(StringArray::from(values));
    Arc::new(DictionaryArray::<Int32Type>::new(keys, values))
}
