//! One block of bytes to typed columns. Runs on any thread and sees nothing but the block, the layout and the
//! keys of the parent tables, which are complete by then.

use std::borrow::Cow;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use memchr::memchr;

use super::amounts::{self, WORKED_OUT};
use super::currency;
use super::encoding::Text;
use super::fields::Texts;
use super::formats::{Made, rows::Origin, workbook};
use super::keys::{Bits, Guess, KeyIndex};
use super::records::{Dialect, Records, shown_by_excel, unescape, unquote};
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
    pub accepted: Bits,
    /// Whether a row has this id, by key: another is a duplicate.
    pub claimed: Bits,
    /// Whether ids that are not here are refused; without a source of its own, a table takes in what others name.
    pub closed: bool,
}

impl Owner {
    /// The key of an accepted id.
    #[inline]
    pub fn find(&self, id: &[u8], guess: &mut Guess) -> u32 {
        self.keys.get_near(id, guess).filter(|key| self.accepted.has(*key)).unwrap_or(UNKNOWN_KEY)
    }

    /// The key of an id: an owner with a source of its own knows them all, any other takes a new one in.
    pub fn known_or_new(&mut self, id: &[u8], guess: &mut Guess) -> u32 {
        if self.closed {
            return self.find(id, guess);
        }
        let (key, _) = self.keys.insert_near(id, guess);
        self.accepted.add(key);
        key
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
    /// Its text, in UTF-8 but for the records refused for their encoding.
    pub bytes: Vec<u8>,
    /// Its bytes as they were, where they had to be decoded.
    pub raw: Option<Vec<u8>>,
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
    /// Numbers that can be read two ways, by mapped column.
    pub two_ways: Vec<TwoWays>,
    /// How many records name each branch, where a column does.
    pub branches: Vec<(Vec<u8>, u64)>,
    /// Records that hold the file's totals.
    pub trailers: Vec<String>,
}

/// What a block says of the decimal mark of a column whose source does not say it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TwoWays {
    /// Numbers like `1.250`, thousands or thousandths.
    pub open: u64,
    /// Whether some number settles it.
    pub settled: bool,
    /// The first record with such a number.
    pub first: u32,
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
        let text = layout.encoding.text(bytes, layout.dialect, layout.fields, last);
        let Text { bytes, raw, mut records, mut foreign } = text;
        let trailers = match &layout.trailer {
            Some(trailer) => trailer.take(&mut records, &bytes, layout.dialect),
            None => Vec::new(),
        };
        // A trailer stands at the end: the records before it keep their places.
        foreign.retain(|record| (*record as usize) < records.len());
        let mut block = Block {
            good: vec![true; records.len()],
            values: vec![Vec::new(); layout.columns.len()],
            parents: vec![Vec::new(); layout.columns.len()],
            faults: Vec::new(),
            two_ways: vec![TwoWays::default(); layout.columns.len()],
            branches: Vec::new(),
            trailers,
            extras: Vec::new(),
            bytes,
            raw,
            offset,
            last,
            records,
        };
        block.refuse_what_is_no_row(&foreign, layout);
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
        if let Some(place) = layout.mapped("branch_id") {
            block.count_branches(layout.columns[place].field, layout.dialect.quote);
        }
        for (place, mapped) in layout.columns.iter().enumerate() {
            if let Some(owner) =
                mapped.column.parent.and_then(|parent| owners.of(parent.table)).filter(|owner| owner.closed)
            {
                block.find_parents(place, mapped.field, layout.dialect.quote, owner);
            }
        }
        block
    }

    /// Its length as it was read.
    pub fn read(&self) -> usize {
        self.raw.as_ref().unwrap_or(&self.bytes).len()
    }

    /// The text of a cell, quotes and blanks around it taken off.
    #[inline]
    pub fn cell(&self, record: usize, field: usize, quote: u8) -> Cow<'_, [u8]> {
        match self.whole_cell(record, field, quote) {
            Cow::Borrowed(text) => Cow::Borrowed(trimmed(text)),
            Cow::Owned(text) => Cow::Owned(trimmed(&text).to_vec()),
        }
    }

    /// The text of a cell, quotes taken off.
    #[inline]
    pub fn whole_cell(&self, record: usize, field: usize, quote: u8) -> Cow<'_, [u8]> {
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

    fn count_branches(&mut self, field: usize, quote: u8) {
        let mut counts: HashMap<Cow<'_, [u8]>, u64, FixedState> = HashMap::default();
        for record in 0..self.records.len() {
            *counts.entry(self.cell(record, field, quote)).or_default() += 1;
        }
        self.branches = counts.into_iter().map(|(branch, rows)| (branch.into_owned(), rows)).collect();
    }

    /// Records that say something about the file, or come from damage to it.
    fn refuse_what_is_no_row(&mut self, foreign: &[u32], layout: &Layout) {
        for record in foreign {
            let mut own = layout.columns.iter().filter(|mapped| mapped.field < layout.fields);
            let at_fault = own.find(|mapped| {
                let raw = self.records.raw(&self.bytes, *record as usize, mapped.field);
                std::str::from_utf8(raw).is_err()
            });
            self.refuse(*record as usize, at_fault.map(|mapped| mapped.column.name), "encoding");
        }
        let nul = memchr(0, &self.bytes).is_some();
        let begins = layout.header.begins();
        let header = &layout.header.record;
        for record in 0..self.records.len() {
            let text = self.records.text(&self.bytes, record);
            if text.len() == header.len() && text == header {
                self.refuse(record, None, "repeated_header");
            } else if text.first().is_some_and(|first| begins[usize::from(*first)]) && self.is_moved(record, layout) {
                self.refuse(record, None, "moved_header");
            } else if nul && memchr(0, text).is_some() {
                self.refuse(record, None, "nul_byte");
            } else if may_be_total(text) && self.is_total(record, layout) {
                self.refuse(record, None, "total_row");
            } else if is_blank(text, layout.dialect) {
                self.refuse(record, None, "empty_row");
            }
        }
        for bad in self.records.bad.iter_mut().filter(|bad| bad.code == "ragged") {
            let text = &self.bytes[bad.start as usize..bad.end as usize];
            let (delimiter, quote) = (layout.dialect.delimiter, layout.dialect.quote);
            let first = text.split(|byte| *byte == delimiter).find(|cell| !cell.trim_ascii().is_empty());
            if first.is_some_and(|cell| means_total(unquote(cell, quote).unwrap_or(cell))) {
                bad.code = "total_row";
            } else if is_blank(text, layout.dialect) {
                bad.code = "empty_row";
            }
        }
    }

    /// Whether most cells of a record are names of the header, and not all in their own places.
    fn is_moved(&self, record: usize, layout: &Layout) -> bool {
        let names = &layout.header.names;
        let (mut named, mut moved) = (0, 0);
        for (field, own) in names.iter().enumerate() {
            let cell = self.cell(record, field, layout.dialect.quote);
            let is_name = |name: &String| !name.is_empty() && name.as_bytes().eq_ignore_ascii_case(&cell);
            if names.iter().any(is_name) {
                named += 1;
                moved += usize::from(!is_name(own));
            } else if field == 0 {
                return false;
            }
        }
        moved > 0 && named * 2 > names.len()
    }

    /// Whether a record's first cell with anything in it says total, and about half its cells are empty.
    fn is_total(&self, record: usize, layout: &Layout) -> bool {
        let quote = layout.dialect.quote;
        let mut filled =
            (0..layout.fields).map(|field| self.cell(record, field, quote)).filter(|cell| !cell.is_empty());
        let Some(first) = filled.next() else { return false };
        layout.fields > 2 && means_total(&first) && filled.count() * 2 < layout.fields
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
        let (numbers, decimals) = (mapped.numbers, layout.decimals);
        if mapped.field == WORKED_OUT {
            self.values[place] = vec![EMPTY; self.records.len()];
            return;
        }
        // Numbers that are none of text were written with the mark they are read with.
        if !mapped.declared
            && layout.origin.is_none()
            && matches!(mapped.column.kind, Kind::Money | Kind::Decimal | Kind::Integer | Kind::Quantity)
        {
            let whole = matches!(mapped.column.kind, Kind::Integer | Kind::Quantity);
            self.two_ways[place] = self.read_two_ways(mapped.field, quote, whole);
        }
        // A date that is no text where it comes from is written in one way, whatever the pattern of the texts is.
        let typed = |text: &[u8]| layout.origin.as_ref().and_then(|_| values::iso(text));
        let day = |text: &[u8]| {
            let written = mapped.times.iter().find_map(|format| format.date(text));
            written.or_else(|| typed(text).map(|at| at.div_euclid(DAY_MICROS)))
        };
        match mapped.column.kind {
            Kind::Ratio => {
                let percent = mapped.column.name == "discount_percent";
                self.parse_values(place, mapped, layout, "bad_rate", |text| amounts::rate(text, numbers, percent));
            }
            Kind::Id | Kind::Text => {
                if mapped.empty.is_none() {
                    for record in 0..self.records.len() {
                        if self.cell(record, mapped.field, quote).is_empty() {
                            self.refuse(record, Some(mapped.column.name), "missing_value");
                        }
                    }
                }
            }
            Kind::Money => self.parse_values(place, mapped, layout, "bad_number", |text| {
                values::money(text, numbers, decimals, &layout.currency).filter(|value| value.abs() < LARGEST)
            }),
            Kind::Decimal => {
                self.parse_values(place, mapped, layout, "bad_number", |text| {
                    values::decimal(text, numbers, MILLIONTHS)
                });
            }
            Kind::Integer | Kind::Quantity => self.parse_values(place, mapped, layout, "bad_number", |text| {
                values::integer(text, numbers).filter(|value| value.abs() < i64::from(i32::MAX))
            }),
            Kind::Timestamp => self.parse_values(place, mapped, layout, "bad_timestamp", |text| {
                mapped.times.iter().find_map(|format| format.timestamp(text)).or_else(|| typed(text))
            }),
            Kind::Flag => {
                self.parse_values(place, mapped, layout, "bad_flag", |text| values::flag(text).map(i64::from));
            }
            Kind::Date => self.parse_values(place, mapped, layout, "bad_date", day),
            Kind::Month => self.parse_values(place, mapped, layout, "bad_month", |text| {
                let month = || day(text).map(|day| i64::from(crate::calendar::month_number(day as i32)));
                values::month(text).or_else(month)
            }),
        }
    }

    /// Whether a column's numbers could be read with `.` for thousands as well as for decimals. No whole number
    /// settles it, and a short one cannot be read two ways.
    fn read_two_ways(&self, field: usize, quote: u8, whole: bool) -> TwoWays {
        let mut found = TwoWays::default();
        for record in 0..self.records.len() {
            let cell = self.cell(record, field, quote);
            if whole && cell.len() < 5 {
                continue;
            }
            match values::point_is(&cell) {
                values::Point::Open => {
                    if found.open == 0 {
                        found.first = record as u32;
                    }
                    found.open += 1;
                }
                values::Point::Decimal => return TwoWays { settled: true, ..found },
                values::Point::None => {}
            }
        }
        found
    }

    fn parse_values(
        &mut self,
        place: usize,
        mapped: &MappedColumn,
        layout: &Layout,
        code: &'static str,
        parser: impl Fn(&[u8]) -> Option<i64>,
    ) {
        let mut column = Vec::with_capacity(self.records.len());
        for record in 0..self.records.len() {
            let text = self.cell(record, mapped.field, layout.dialect.quote);
            let value =
                if text.is_empty() { mapped.empty } else { parser(&text).or_else(|| parser(text.trim_ascii())) };
            if let Some(value) = value {
                column.push(value);
                continue;
            }
            let code = match mapped.column.kind {
                Kind::Integer | Kind::Quantity if values::decimal(text.trim_ascii(), mapped.numbers, 6).is_some() => {
                    "fractional_quantity"
                }
                Kind::Money if currency::is_foreign(&text, &layout.currency) => "other_currency",
                _ => code,
            };
            drop(text);
            column.push(EMPTY);
            self.refuse(record, Some(mapped.column.name), code);
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
        let find = || {
            let (mut guess, mut last, mut key) = (Guess::default(), Cow::Borrowed(&b""[..]), NO_KEY);
            let keys = (0..self.records.len()).map(|record| {
                let id = self.cell(record, field, quote);
                // The lines of an order come in a row.
                if id != last {
                    key = if id.is_empty() { NO_KEY } else { owner.find(&id, &mut guess) };
                    last = id;
                }
                key
            });
            keys.collect()
        };
        let keys = find();
        self.parents[place] = keys;
    }
}

/// A quick look at whether a line of totals is possible.
fn may_be_total(text: &[u8]) -> bool {
    matches!(
        text.first(),
        Some(b't' | b'T' | b'j' | b'J' | b's' | b'S' | b'g' | b'G' | b'"' | b',' | b';' | b'\t' | b' ')
    )
}

/// Whether a cell says total, in English or Indonesian.
pub fn means_total(cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cell).to_lowercase();
    let mut words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    match words.next() {
        Some("total" | "totals" | "jumlah" | "subtotal" | "grandtotal") => true,
        Some("grand" | "sub") => words.next() == Some("total"),
        _ => false,
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

/// Without the blanks around it, hard ones too, and without the marks that joining files leaves.
#[inline]
fn trimmed(text: &[u8]) -> &[u8] {
    let is_plain = |byte: u8| byte > b' ' && byte < 0x80;
    match text {
        [] => text,
        [b'=', ..] => shown_by_excel(trimmed_slowly(text)),
        [first, .., last] if is_plain(*first) && is_plain(*last) => text,
        _ => trimmed_slowly(text),
    }
}

fn trimmed_slowly(mut text: &[u8]) -> &[u8] {
    const MARKS: [&[u8]; 3] = ["\u{A0}".as_bytes(), "\u{FEFF}".as_bytes(), "\u{200B}".as_bytes()];
    loop {
        text = text.trim_ascii();
        match MARKS.iter().find_map(|mark| text.strip_prefix(*mark).or_else(|| text.strip_suffix(*mark))) {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

/// Whether a record is nothing but delimiters: spreadsheets write such lines below a table.
fn is_blank(text: &[u8], dialect: Dialect) -> bool {
    let is_nothing = |byte: &u8| *byte == dialect.delimiter || matches!(byte, b' ' | b'\t' | b'\r');
    text.first().is_some_and(is_nothing) && text.iter().all(is_nothing)
}
