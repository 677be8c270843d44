//! The tables of `profitability`.

use crate::contracts::Kind::{Id, Integer, Money, Text};
use crate::contracts::{Column, Table};

/// What each customer earned us.
pub static PROFITABILITY: Table = Table {
    name: "profitability",
    doc: "What each customer earned us, with one cost column a pool, one row per customer.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("n_orders", Integer, "Completed orders that sold something."),
        Column::new("n_lines", Integer, "Lines of completed orders."),
        Column::new("units", Integer, "Units sold, those brought back later included."),
        Column::new("gross_sales", Money, "Quantity × unit price."),
        Column::new("discounts", Money, "Discounts given."),
        Column::new("returns", Money, "What went back."),
        Column::new("net_sales", Money, "Gross − discounts − returns."),
        Column::new("cogs", Money, "Cost of the goods that were kept."),
        Column::new("gross_margin", Money, "Net sales − cost of goods."),
        Column::new("contribution", Money, "Gross margin − the shares of all pools."),
        Column::new(
            "decile",
            Integer,
            "1 for the tenth of the customers with the highest contribution, 10 for the lowest.",
        ),
    ],
    open: Some("cost_"),
};

/// The whale curve.
pub static PROFITABILITY_WHALE: Table = Table {
    name: "profitability_whale",
    doc: "Cumulative contribution of the best customers, one row per percent of customers.",
    key: &["percent"],
    columns: &[
        Column::new("percent", Integer, "The best so many percent of the customers."),
        Column::new("customers", Integer, "How many they are, rounded up."),
        Column::new("cumulative_contribution", Money, "Their contribution together."),
    ],
    open: None,
};

/// Every figure against its source.
pub static PROFITABILITY_TIEOUT: Table = Table {
    name: "profitability_tieout",
    doc: "Every figure of the statement against its source, one row per line or pool.",
    key: &["line"],
    columns: &[
        Column::new("line", Text, "The line of the statement or the pool."),
        Column::new("ledger", Money, "The source: order lines, or the activity costs."),
        Column::new("customers", Money, "What all customers have of it."),
        Column::new("anonymous", Money, "What anonymous sales have of it."),
        Column::new("unallocated", Money, "Cost of months in which nothing drove the pool."),
        Column::new("rounding", Money, "What rounding to the nearest unit left over; nothing with largest remainder."),
        Column::new("difference", Money, "Ledger − all of these: nothing, or the run fails."),
    ],
    open: None,
};
