//! One block of bytes to typed columns. Runs on any thread and sees nothing but the block, the layout and the
//! keys of the parent tables, which are complete by then.

use std::borrow::Cow;

use super::amounts::{self, WORKED_OUT};
use super::fields::Texts;
use super::formats::{Made, rows::Origin, workbook};
use super::keys::KeyIndex;
use super::records::{Records, split, unescape, unquote};
use super::source::{Layout, MappedColumn, NegativeQuantity};
use super::values::{self, EMPTY};
use crate::calendar::DAY_MICROS;
use crate::contracts::Kind;

/// The key of a reference whose cell is empty.
pub const NO_KEY: u32 = u32::MAX;
/// The key of a reference to an id the parent does not have.
pub const UNKNOWN_KEY: u32 = u32::MAX - 1;

/// A table whose keys are complete: the ids it accepted.
#[derive(Debug, Default)]
pub struct Owner {
    /// Every id and its key.
    pub keys: KeyIndex,
    /// Whether the id's row was accepted, by key.
    pub accepted: Vec<bool>,
    /// Whether ids that are not here are refused; without a source of its own, a table takes in what others name.
    pub closed: bool,
}

impl Owner {
    /// The key of an accepted id.
    #[inline]
    pub fn find(&self, id: &[u8], guess: u32) -> u32 {
        match self.keys.get_near(id, guess) {
            Some(key) if self.accepted[key as usize] => key,
            _ => UNKNOWN_KEY,
        }
    }
}

/// The owners ids may point to.
#[derive(Debug, Default)]
pub struct Owners {
    /// Customers.
    pub customers: Owner,
    /// Products.
    pub products: Owner,
    /// Orders.
    pub orders: Owner,
}

impl Owners {
    /// The owner of a table's ids.
    pub fn of(&self, table: &str) -> Option<&Owner> {
        match table {
            "customers" => Some(&self.customers),
            "products" => Some(&self.products),
            "orders" => Some(&self.orders),
            _ => None,
        }
    }

    /// The owner of a table's ids, to add to.
    pub fn of_mut(&mut self, table: &str) -> Option<&mut Owner> {
        match table {
            "customers" => Some(&mut self.customers),
            "products" => Some(&mut self.products),
            "orders" => Some(&mut self.orders),
            _ => None,
        }
    }
}

/// A block, parsed.
#[derive(Debug)]
pub struct Block {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where they begin in the file.
    pub offset: u64,
    /// No block of the file follows.
    pub last: bool,
    /// Its records.
    pub records: Records,
    /// The fields that are worked out, after those of the records.
    pub extras: Vec<Texts>,
    /// The values of each mapped column that is not text, one a record ([`EMPTY`] for an empty cell).
    pub values: Vec<Vec<i64>>,
    /// The keys of each mapped column that points to a closed owner.
    pub parents: Vec<Vec<u32>>,
    /// Which records are (still) good.
    pub good: Vec<bool>,
    /// Why the others are not.
    pub faults: Vec<Fault>,
    /// Records that hold the file's totals.
    pub trailers: Vec<String>,
}

/// Why a record is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The record within the block, among the good ones of [`Records`].
    pub record: u32,
    /// The column at fault, if one is.
    pub column: Option<&'static str>,
    /// The reject code.
    pub code: &'static str,
}

impl Block {
    /// Splits and parses a block. `last`: no block of the same file follows.
    pub fn parse(bytes: Vec<u8>, offset: u64, last: bool, layout: &Layout, owners: &Owners) -> Block {
        let mut records = split(&bytes, layout.dialect, layout.fields, last);
        let trailers = match &layout.trailer {
            Some(trailer) => trailer.take(&mut records, &bytes, layout.dialect),
            None => Vec::new(),
        };
        let mut block = Block {
            good: vec![true; records.len()],
            values: vec![Vec::new(); layout.columns.len()],
            parents: vec![Vec::new(); layout.columns.len()],
            faults: Vec::new(),
            trailers,
            extras: Vec::new(),
            bytes,
            offset,
            last,
            records,
        };
        if simdutf8::basic::from_utf8(&block.bytes[..block.records.consumed]).is_err() {
            block.refuse_foreign_encodings(layout);
        }
        if let Some(origin) = &layout.origin {
            block.refuse_what_is_no_record(layout, origin);
        }
        for extra in &layout.extras {
            let texts = extra.texts(&block, layout.dialect.quote);
            block.extras.push(texts);
        }
        for (place, mapped) in layout.columns.iter().enumerate() {
            block.parse_column(place, mapped, layout);
        }
        block.work_amounts_out(layout);
        block.refuse_negative_quantities(layout);
        for (place, mapped) in layout.columns.iter().enumerate() {
            if let Some(owner) =
                mapped.column.parent.and_then(|parent| owners.of(parent.table)).filter(|owner| owner.closed)
            {
                block.find_parents(place, mapped.field, layout.dialect.quote, owner);
            }
        }
        block
    }

    /// The text of a cell, quotes taken off.
    #[inline]
    pub fn cell(&self, record: usize, field: usize, quote: u8) -> Cow<'_, [u8]> {
        if field >= self.records.fields {
            return Cow::Borrowed(self.extras[field - self.records.fields].get(record));
        }
        let raw = self.records.raw(&self.bytes, record, field);
        match unquote(raw, quote) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(unescape(raw, quote)),
        }
    }

    /// Refuses a record, if it is not refused already.
    pub fn refuse(&mut self, record: usize, column: Option<&'static str>, code: &'static str) {
        if self.good[record] {
            self.good[record] = false;
            self.faults.push(Fault { record: record as u32, column, code });
        }
    }

    fn refuse_foreign_encodings(&mut self, layout: &Layout) {
        for record in 0..self.records.len() {
            if simdutf8::basic::from_utf8(self.records.text(&self.bytes, record)).is_err() {
                let own = layout.columns.iter().filter(|mapped| mapped.field < layout.fields);
                let at_fault = own.into_iter().find(|mapped| {
                    simdutf8::basic::from_utf8(self.records.raw(&self.bytes, record, mapped.field)).is_err()
                });
                self.refuse(record, at_fault.map(|mapped| mapped.column.name), "encoding");
            }
        }
    }

    /// Refuses what the maker of the text found to be no record, and cells that hold a spreadsheet's error.
    fn refuse_what_is_no_record(&mut self, layout: &Layout, made: &Made) {
        for record in 0..self.records.len() {
            let field = self.records.raw(&self.bytes, record, layout.fields - 1);
            let code = reason(Origin::code(field, layout.dialect.quote));
            if !code.is_empty() {
                self.refuse(record, None, code);
                continue;
            }
            if !matches!(made, Made::Sheet(_)) {
                continue;
            }
            let failed = layout.columns.iter().find(|mapped| {
                mapped.field < layout.fields
                    && workbook::ERRORS.contains(&self.records.raw(&self.bytes, record, mapped.field))
            });
            if let Some(name) = failed.map(|mapped| mapped.column.name) {
                self.refuse(record, Some(name), "error_cell");
            }
        }
    }

    fn parse_column(&mut self, place: usize, mapped: &MappedColumn, layout: &Layout) {
        let quote = layout.dialect.quote;
        let numbers = layout.numbers;
        let decimals = layout.decimals;
        if mapped.field == WORKED_OUT {
            self.values[place] = vec![EMPTY; self.records.len()];
            return;
        }
        // A date that is no text where it comes from is written in one way, whatever the pattern of the texts is.
        let typed = |text: &[u8]| layout.origin.as_ref().and_then(|_| values::iso(text));
        type Parser<'l> = Box<dyn Fn(&[u8]) -> Option<i64> + 'l>;
        let (code, parser): (&'static str, Parser) = match mapped.column.kind {
            Kind::Ratio => {
                let percent = mapped.column.name == "discount_percent";
                return self
                    .parse_values(place, mapped, quote, "bad_rate", |text| amounts::rate(text, numbers, percent));
            }
            Kind::Id | Kind::Text => {
                if mapped.column.filled {
                    for record in 0..self.records.len() {
                        if self.cell(record, mapped.field, quote).is_empty() {
                            self.refuse(record, Some(mapped.column.name), "missing_value");
                        }
                    }
                }
                return;
            }
            Kind::Money => {
                return self.parse_values(place, mapped, quote, "bad_number", |text| {
                    values::decimal(text, numbers, decimals).filter(|value| value.abs() < LARGEST)
                });
            }
            Kind::Decimal => {
                return self.parse_values(place, mapped, quote, "bad_number", |text| {
                    values::decimal(text, numbers, MILLIONTHS)
                });
            }
            Kind::Integer | Kind::Quantity => {
                return self.parse_values(place, mapped, quote, "bad_number", |text| {
                    values::integer(text, numbers).filter(|value| value.abs() < i64::from(i32::MAX))
                });
            }
            Kind::Timestamp => {
                return self.parse_values(place, mapped, quote, "bad_timestamp", |text| {
                    layout.timestamp.timestamp(text).or_else(|| typed(text))
                });
            }
            Kind::Flag => ("bad_flag", Box::new(|text| values::flag(text).map(i64::from))),
            Kind::Date => (
                "bad_date",
                Box::new(|text| {
                    layout
                        .date
                        .date(text)
                        .or_else(|| layout.timestamp.timestamp(text).map(|at| at.div_euclid(DAY_MICROS)))
                        .or_else(|| typed(text).map(|at| at.div_euclid(DAY_MICROS)))
                }),
            ),
            Kind::Month => (
                "bad_month",
                Box::new(|text| {
                    values::month(text).or_else(|| {
                        layout.date.date(text).map(|day| i64::from(crate::calendar::month_number(day as i32)))
                    })
                }),
            ),
        };
        self.parse_values(place, mapped, quote, code, parser);
    }

    fn parse_values(
        &mut self,
        place: usize,
        mapped: &MappedColumn,
        quote: u8,
        code: &'static str,
        parser: impl Fn(&[u8]) -> Option<i64>,
    ) {
        let mut column = Vec::with_capacity(self.records.len());
        for record in 0..self.records.len() {
            let text = self.cell(record, mapped.field, quote);
            let value = if text.is_empty() {
                (!mapped.column.filled).then_some(EMPTY)
            } else {
                parser(&text).or_else(|| parser(text.trim_ascii()))
            };
            drop(text);
            match value {
                Some(value) => column.push(value),
                None => {
                    column.push(EMPTY);
                    self.refuse(record, Some(mapped.column.name), code);
                }
            }
        }
        self.values[place] = column;
    }

    /// Where the source calls a negative quantity a mistake, refuses quantities below one and prices below zero;
    /// everywhere, refuses lines whose amount would not add up safely.
    fn refuse_negative_quantities(&mut self, layout: &Layout) {
        let (Some(quantity), Some(price)) = (layout.mapped("quantity"), layout.mapped("unit_price")) else { return };
        for record in 0..self.records.len() {
            if !self.good[record] {
                continue;
            }
            let (units, money) = (self.values[quantity][record], self.values[price][record]);
            if layout.negative_quantity == NegativeQuantity::Reject {
                if units <= 0 {
                    self.refuse(record, Some("quantity"), "nonpositive_quantity");
                } else if money < 0 {
                    self.refuse(record, Some("unit_price"), "negative_price");
                }
            }
            if units.checked_mul(money).is_none_or(|amount| amount.abs() >= LARGEST) {
                self.refuse(record, Some("unit_price"), "too_large");
            }
        }
    }

    fn find_parents(&mut self, place: usize, field: usize, quote: u8, owner: &Owner) {
        let mut guess = 0;
        let mut keys = Vec::with_capacity(self.records.len());
        for record in 0..self.records.len() {
            let id = self.cell(record, field, quote);
            let key = if id.is_empty() { NO_KEY } else { owner.find(&id, guess) };
            if key < UNKNOWN_KEY {
                guess = key;
            }
            keys.push(key);
        }
        self.parents[place] = keys;
    }
}

/// The reject code of a record that is none.
fn reason(code: &str) -> &'static str {
    super::rejects::code(code).map_or("", |code| code.code)
}

/// Amounts of this many minor units or more are refused: nine thousand of them still add up in 64 bits.
const LARGEST: i64 = 1_000_000_000_000_000;

/// Digits after the point of a decimal that is not money.
const MILLIONTHS: u32 = 6;
