//! The table of `clv`.

use crate::contracts::Kind::{Id, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What each customer will still bring.
pub static CLV: Table = Table {
    name: "clv",
    doc: "What each customer is expected to bring in the months ahead, one row per customer who has ordered.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("clv", Money, "Expected contribution of the months ahead, discounted; below zero for a loss.")
            .filled(),
        Column::new("clv_low", Money, "Lower end of the interval that holds about 80 % of outcomes; approximate.")
            .filled(),
        Column::new("clv_high", Money, "Upper end of it.").filled(),
        Column::new("historic_value", Money, "Contribution so far.").filled(),
        Column::new(
            "expected_orders_12m",
            Ratio,
            "Orders expected within the months ahead (12 by default); orders of one day count as one.",
        )
        .filled(),
        Column::new("value_per_order", Money, "Contribution expected of one order, rounded.").filled(),
        Column::new(
            "method",
            Text,
            "Where the orders are from: mbg_nbd, or historic_rate where that cannot be fitted.",
        )
        .filled(),
    ],
    open: None,
};
