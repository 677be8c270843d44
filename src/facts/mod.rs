//! The lake as the analyses see it: completed orders before the as-of date, in memory, laid out for scanning.
//!
//! Customers, products and codes are numbered in the order of their ids, so a number breaks ties as the id would
//! and results do not depend on the order of loading. Orders lie by customer, then day; the orders of customer
//! `c` are `orders_of(c)`, anonymous ones come last. The lines of an order lie together.

mod extras;
mod lines;
mod load;
mod purchases;
mod totals;
mod unit_values;

use std::ops::Range;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{ArrowPrimitiveType, Date32Type};

pub use extras::{costs, order_ids, rates};
pub use load::{Described, Keep, Parts, load, load_parts, orders_by_day};
pub use purchases::{GONE, Purchases};
pub use totals::{OrderTotals, Sales};
pub use unit_values::UnitValues;

/// No customer: an anonymous order.
pub const ANONYMOUS: u32 = u32::MAX;

/// The facts of a run.
#[derive(Debug)]
pub struct Facts {
    /// Exclusive: days since 1970-01-01.
    pub as_of: i32,
    /// Customers, in the order of their ids.
    pub customers: Dimension,
    /// Products, in the order of their ids.
    pub products: Dimension,
    /// Agents, in the order of their ids.
    pub agents: Dimension,
    /// Branches, in the order of their ids.
    pub branches: Dimension,
    /// Completed orders.
    pub orders: Orders,
    /// Their lines.
    pub lines: Lines,
    /// What each customer bought on which day; empty where no analysis of the run asks for it.
    pub purchases: Purchases,
    /// Sums of each order's lines: the shared scan. Empty where no analysis of the run needs more than `sales`.
    pub totals: Vec<OrderTotals>,
    /// Net sales of each order and whether it is a sale; empty where there are `totals`.
    pub sales: Sales,
    /// What one unit of each product sells for and costs.
    pub unit_values: UnitValues,
    /// Categories of products.
    pub categories: Codes,
    /// The category code of each product.
    pub category: Vec<u32>,
    /// Interactions before the as-of date, by customer, then time.
    pub interactions: Interactions,
    /// Contacts that were made before the as-of date: customer and day, in order.
    pub contacts: Vec<(u32, i32)>,
    /// Costs of activities in months that began before the as-of date: month, pool, amount.
    pub costs: Vec<(i32, String, i64)>,
    /// The ledger of months that began before the as-of date: month, account, amount.
    pub ledger: Vec<(i32, String, i64)>,
    /// Dated rates: name, first day, value in millionths; by name, then day.
    pub rates: Vec<(String, i32, i64)>,
    /// Lines made to order, by order, then line number.
    pub jobs: Vec<Job>,
    /// Digits of the minor unit.
    pub decimals: u32,
    /// What competitors sold in months that began before the as-of date, by month, category and competitor.
    pub market: Vec<MarketRow>,
    /// Orders that are not completed, by status; they are in no figure.
    pub other_orders: Vec<(String, u64)>,
}

/// What a competitor sold in a month.
#[derive(Debug, Clone)]
pub struct MarketRow {
    /// `year * 12 + month - 1`.
    pub month: i32,
    /// Category.
    pub category: String,
    /// Competitor, or `total`.
    pub competitor: String,
    /// What it sold, minor units.
    pub sales: i64,
    /// Its price of one unit, minor units.
    pub price: Option<i64>,
}

/// Rows that describe something that has an id.
#[derive(Debug)]
pub struct Dimension {
    /// The contract's columns, sorted by id.
    pub rows: RecordBatch,
    /// The id column.
    pub ids: StringArray,
}

impl Dimension {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id of a number.
    pub fn id(&self, number: usize) -> &str {
        self.ids.value(number)
    }

    /// The number of an id.
    pub fn find(&self, id: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.ids.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.ids.value(middle).as_bytes().cmp(id.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// A text column; `None` where the export has none.
    pub fn text(&self, column: &str) -> Option<&StringArray> {
        self.rows.column_by_name(column).filter(|array| array.null_count() < array.len()).map(|array| array.as_string())
    }

    /// A text of a column, empty where there is none.
    pub fn text_at(&self, column: &str, number: usize) -> &str {
        self.text(column).filter(|array| array.is_valid(number)).map_or("", |array| array.value(number))
    }

    /// A numeric column by number, with nulls.
    pub fn numbers<T: ArrowPrimitiveType>(&self, column: &str) -> Vec<Option<T::Native>> {
        match self.rows.column_by_name(column).and_then(|array| array.as_primitive_opt::<T>()) {
            Some(array) => array.iter().collect(),
            None => vec![None; self.len()],
        }
    }

    /// A date column by number: days since 1970-01-01.
    pub fn dates(&self, column: &str) -> Vec<Option<i32>> {
        self.numbers::<Date32Type>(column)
    }

    /// A yes/no column by number; `None` where the cell is empty.
    pub fn flags(&self, column: &str) -> Vec<Option<bool>> {
        match self.rows.column_by_name(column).and_then(|array| array.as_boolean_opt()) {
            Some(array) => array.iter().collect(),
            None => vec![None; self.len()],
        }
    }

    /// Whether any row has a value in the column.
    pub fn has(&self, column: &str) -> bool {
        self.rows.column_by_name(column).is_some_and(|array| array.null_count() < array.len())
    }
}

/// Text values numbered in their own order; number 0 may be the empty text.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    /// The values, sorted.
    pub values: Vec<String>,
}

impl Codes {
    /// The number of a value.
    pub fn find(&self, value: &str) -> Option<u16> {
        self.place(value).and_then(|place| u16::try_from(place).ok())
    }

    /// The place of a value.
    pub fn place(&self, value: &str) -> Option<usize> {
        self.values.binary_search_by(|known| known.as_str().cmp(value)).ok()
    }

    /// For each number, whether its value is one of those given.
    pub fn among(&self, values: &[&str]) -> Vec<bool> {
        self.values.iter().map(|value| values.contains(&value.as_str())).collect()
    }
}

/// Completed orders, by customer, then day. One entry an order in every vector.
#[derive(Debug, Default)]
pub struct Orders {
    /// Where each customer's orders begin; one more for the anonymous ones and one for the end.
    pub starts: Vec<u32>,
    /// The buyer, or [`ANONYMOUS`].
    pub customer: Vec<u32>,
    /// Days since 1970-01-01.
    pub day: Vec<i32>,
    /// `year * 12 + month - 1`.
    pub month: Vec<i32>,
    /// Branch code.
    pub branch: Vec<u16>,
    /// Channel code.
    pub channel: Vec<u16>,
    /// Payment code.
    pub payment: Vec<u16>,
    /// Staff code.
    pub staff: Vec<u32>,
    /// First line.
    pub first_line: Vec<u32>,
    /// Number of lines.
    pub n_lines: Vec<u32>,
    /// The surrogate key in the lake, to find the order's id again.
    pub key: Vec<u32>,
    /// Branch ids.
    pub branches: Codes,
    /// Channels.
    pub channels: Codes,
    /// Means of payment.
    pub payments: Codes,
    /// Staff ids.
    pub staffs: Codes,
    /// Promotions on the order's lines, part of the discount of its totals; empty without any.
    pub promotion: Vec<i64>,
    /// Coupon on the whole order, part of the discount of its totals; empty without any.
    pub coupon: Vec<i64>,
    /// Rebate on the order, part of the discount of its totals; empty without any.
    pub rebate: Vec<i64>,
    /// What sending the order cost; empty without any.
    pub freight: Vec<i64>,
}

/// What making an order line took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// The order.
    pub order: u32,
    /// Number of the line in its order.
    pub line_no: i32,
    /// The product of the line.
    pub product: u32,
    /// Units of the line.
    pub quantity: i64,
    /// What the line costs by the standard.
    pub standard_cost: i64,
    /// What it counts at in the order's totals: the standard, until [`Facts::cost_jobs`] says what it took.
    pub counted_cost: i64,
    /// Material, minor units.
    pub material_cost: i64,
    /// Hours of work, millionths.
    pub labour_hours: i64,
    /// Hours of machines, millionths.
    pub machine_hours: i64,
    /// Units made and thrown away.
    pub rejected_units: i64,
    /// Whether the line was brought back: it costs nothing by the standard then.
    pub came_back: bool,
    /// The line that holds what it took; none until [`Facts::cost_jobs`], or where lines are not in memory.
    pub line: Option<u32>,
}

impl Orders {
    /// The number of orders.
    pub fn len(&self) -> usize {
        self.day.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.day.is_empty()
    }

    /// The lines of an order.
    #[inline]
    pub fn lines(&self, order: usize) -> Range<usize> {
        let first = self.first_line[order] as usize;
        first..first + self.n_lines[order] as usize
    }
}

/// What kind of line it is.
pub mod line_kind {
    /// Sold and kept.
    pub const SALE: u8 = 0;
    /// Sold and brought back: counted in gross and in returns.
    pub const RETURNED: u8 = 1;
    /// Goods or money going back, with a negative amount: counted in returns alone.
    pub const CREDIT: u8 = 2;
    /// Given along with what was sold: nothing was paid for it.
    pub const GIFT: u8 = 3;

    /// Whether a line of this kind went back.
    #[inline]
    pub fn went_back(kind: u8) -> bool {
        matches!(kind, RETURNED | CREDIT)
    }
}

/// Order lines. One entry a line in every vector.
#[derive(Debug, Default)]
pub struct Lines {
    /// Product number.
    pub product: Vec<u32>,
    /// Units as exported; negative in credits.
    pub quantity: Vec<i32>,
    /// Quantity × unit price as exported, minor units; negative in credits.
    pub amount: Vec<i64>,
    /// Discount and promotion on the line, minor units.
    pub discount: Vec<i64>,
    /// A [`line_kind`].
    pub kind: Vec<u8>,
    /// Cost of the line where the export has it by line; empty where it has none at all.
    pub cost: Vec<Option<i64>>,
}

/// One order line.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Product number.
    pub product: u32,
    /// Units as exported; negative in credits.
    pub quantity: i32,
    /// Quantity × unit price as exported, minor units; negative in credits.
    pub amount: i64,
    /// Discount and promotion on the line, minor units.
    pub discount: i64,
    /// A [`line_kind`].
    pub kind: u8,
    /// Cost of the line, minor units, where the export has it by line; negative in credits.
    pub cost: Option<i64>,
}

impl Line {
    /// Gross sales.
    #[inline]
    pub fn gross(&self) -> i64 {
        if self.kind == line_kind::CREDIT { 0 } else { self.amount }
    }

    /// Discount; a credit's is part of its return.
    #[inline]
    pub fn sales_discount(&self) -> i64 {
        if self.kind == line_kind::CREDIT { 0 } else { self.discount }
    }

    /// What went back.
    #[inline]
    pub fn returns(&self) -> i64 {
        match self.kind {
            line_kind::SALE | line_kind::GIFT => 0,
            line_kind::RETURNED => self.amount - self.discount,
            _ => self.discount - self.amount,
        }
    }

    /// Units sold: none in a credit or a gift.
    #[inline]
    pub fn units(&self) -> i64 {
        if self.gross() > 0 { i64::from(self.quantity) } else { 0 }
    }
}

impl Lines {
    /// One line.
    #[inline]
    pub fn line(&self, line: usize) -> Line {
        Line {
            product: self.product[line],
            quantity: self.quantity[line],
            amount: self.amount[line],
            discount: self.discount[line],
            kind: self.kind[line],
            cost: self.cost.get(line).copied().flatten(),
        }
    }

    /// Whether a line was sold and kept: not brought back, no credit and no gift.
    #[inline]
    pub fn kept(&self, line: usize) -> bool {
        self.kind[line] == line_kind::SALE
    }

    /// Gross sales of a line.
    #[inline]
    pub fn gross(&self, line: usize) -> i64 {
        if self.kind[line] == line_kind::CREDIT { 0 } else { self.amount[line] }
    }

    /// Discount of a line; a credit's is part of its return.
    #[inline]
    pub fn discount(&self, line: usize) -> i64 {
        if self.kind[line] == line_kind::CREDIT { 0 } else { self.discount[line] }
    }

    /// Returns of a line: what went back.
    #[inline]
    pub fn returns(&self, line: usize) -> i64 {
        self.line(line).returns()
    }

    /// Units sold: none in a credit or a gift.
    #[inline]
    pub fn units(&self, line: usize) -> i64 {
        if self.gross(line) > 0 { i64::from(self.quantity[line]) } else { 0 }
    }
}

/// How the matter of an interaction stands, by its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// There is no status.
    Unsaid,
    /// A status that does not say that it is closed.
    Open,
    /// It needs nothing more.
    Closed,
}

/// Interactions. One entry an interaction in every vector.
#[derive(Debug, Default)]
pub struct Interactions {
    /// Where each customer's interactions begin, and the end.
    pub starts: Vec<u32>,
    /// The customer.
    pub customer: Vec<u32>,
    /// Days since 1970-01-01.
    pub day: Vec<i32>,
    /// `year * 12 + month - 1`.
    pub month: Vec<i32>,
    /// Microseconds since 1970-01-01.
    pub at: Vec<i64>,
    /// Kind code.
    pub kind: Vec<u16>,
    /// Product number; `None` where it is about none we know.
    pub product: Vec<Option<u32>>,
    /// Minutes, 0 where none.
    pub minutes: Vec<i64>,
    /// What the export says of the matter.
    pub matter: Vec<Matter>,
    /// Kinds.
    pub kinds: Codes,
}

impl Facts {
    /// The orders of a customer, by day.
    #[inline]
    pub fn orders_of(&self, customer: usize) -> Range<usize> {
        self.orders.starts[customer] as usize..self.orders.starts[customer + 1] as usize
    }

    /// The orders of nobody.
    pub fn anonymous_orders(&self) -> Range<usize> {
        self.orders_of(self.customers.len())
    }

    /// The day of the newest contact of a customer that an export of outcomes tells of.
    #[inline]
    pub fn last_contact(&self, customer: usize) -> Option<i32> {
        let next = self.contacts.partition_point(|(other, _)| *other as usize <= customer);
        let (other, day) = self.contacts[..next].last()?;
        (*other as usize == customer).then_some(*day)
    }

    /// The interactions of a customer, by time.
    #[inline]
    pub fn interactions_of(&self, customer: usize) -> Range<usize> {
        self.interactions.starts[customer] as usize..self.interactions.starts[customer + 1] as usize
    }
}
