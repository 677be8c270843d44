//! The tables of `churn`.

use crate::contracts::Kind::{Flag, Id, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// Who is about to leave.
pub static CHURN: Table = Table {
    name: "churn",
    doc: "The risk that a customer does not order within the horizon, one row per customer who has ordered.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("churn_probability", Ratio, "Probability of no order within the horizon, 0 to 1.").filled(),
        Column::new(
            "expected_orders",
            Ratio,
            "Expected orders within the horizon; orders of one day count as one.",
        )
        .filled(),
        Column::new("risk_band", Text, "low, medium, high or lost, by the bounds in the configuration.").filled(),
        Column::new(
            "reason_1",
            Text,
            "The most telling fact, as code:numbers. past_usual_gap (by more than half): days since the last order, usual \
             days between orders. one_order_only: days since it. complaints: number in 180 days. fewer_orders: orders of the last 180 \
             days, of the 185 before. spends_less: by how many percent the last 90 days are below the year's mean \
             quarter. brings_back: percent of lines. long_silent: days since the last order.",
        ),
        Column::new("reason_2", Text, "The next one, if any."),
        Column::new("reason_3", Text, "The one after, if any."),
        Column::new(
            "profit_at_risk",
            Money,
            "Probability × gross margin of the last 365 days, scaled to the horizon; negative where goods go at a loss.",
        )
        .filled(),
        Column::new(
            "do_not_chase",
            Flag,
            "The customer has brought no contribution so far, or is an internal party or a supplier.",
        )
        .filled(),
        Column::new(
            "method",
            Text,
            "What the probability is from: the best model or rule of the backtest; `recency_bands` also where there was \
             too little to test on.",
        )
        .filled(),
    ],
    open: None,
};
