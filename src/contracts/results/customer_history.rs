//! The table of `customer_history`.

use crate::contracts::Kind::{Date, Flag, Id, Integer, Text};
use crate::contracts::{Column, Table};

/// When, where and what each customer buys.
pub static CUSTOMER_HISTORY: Table = Table {
    name: "customer_history",
    doc: "When, where and what each customer buys, one row per customer.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("first_order_date", Date, "Day of the first completed order."),
        Column::new("last_order_date", Date, "Day of the last completed order."),
        Column::new("days_since_last_order", Integer, "Days from the last order to the as-of day."),
        Column::new(
            "usual_gap_days",
            Integer,
            "Median days between two of the customer's order days, half a day rounded up; from two order days on.",
        ),
        Column::new("last_activity_date", Date, "Day of the last order or interaction."),
        Column::new(
            "activity_status",
            Text,
            "2_weeks, 1_month, 6_months (or the configured windows) or inactive, by the last activity.",
        )
        .filled(),
        Column::new(
            "active_in_month",
            Flag,
            "Whether the last activity lies in the calendar month before the as-of day.",
        )
        .filled(),
        Column::new("preferred_branch", Id, "Branch with the most orders (ties: the lower id)."),
        Column::new("preferred_channel", Text, "Channel with the most orders."),
        Column::new("preferred_category", Text, "Category with the most lines."),
        Column::new("preferred_staff", Id, "Who served the most orders."),
        Column::new("next_birthday", Date, "The first birthday on or after the as-of day."),
    ],
    open: None,
};
