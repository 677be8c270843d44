//! Figures by month: of values, of cohorts.

use super::{DIMENSION, VALUE};
use crate::contracts::Kind::{Flag, Integer, Money, Month, Quantity, Ratio};
use crate::contracts::{Column, Table};

/// Month by month, all sales and each branch, category and channel.
pub static TREND_KPIS: Table = Table {
    name: "trend_kpis",
    doc: "Sales, orders and customers of each month beside the month before and the same month last year, months \
          without sales as rows of zero, one row per month, dimension and value.",
    key: &["period", "dimension", "value"],
    columns: &[
        Column::new("period", Month, "The month.").filled(),
        DIMENSION,
        VALUE,
        Column::new("is_partial", Flag, "The data do not cover the whole month: compare with care.").filled(),
        Column::new("gross_sales", Money, "Quantity × unit price.").filled(),
        Column::new("discounts", Money, "Discounts given.").filled(),
        Column::new("returns", Money, "What went back, in the month of the order it is booked in.").filled(),
        Column::new("net_sales", Money, "Gross − discounts − returns.").filled(),
        Column::new("gross_margin", Money, "Net sales − cost of the goods that were kept.").filled(),
        Column::new("units", Quantity, "Units sold, those brought back later included.").filled(),
        Column::new("orders", Integer, "Orders that sold something here; one order can count in several categories.")
            .filled(),
        Column::new(
            "average_order",
            Money,
            "(Gross − discounts) / orders, to the nearest minor unit; empty without orders.",
        ),
        Column::new("active_customers", Integer, "Known customers who bought here in the month.").filled(),
        Column::new("new_customers", Integer, "Of these, those whose first order anywhere is in this month.").filled(),
        Column::new("returning_customers", Integer, "Of these, those who had ordered in an earlier month.").filled(),
        Column::new("previous_net_sales", Money, "Net sales of the month before; empty where it is before the data."),
        Column::new(
            "last_year_net_sales",
            Money,
            "Net sales of the same month a year before; empty where it is before the data.",
        ),
        Column::new(
            "share",
            Ratio,
            "Net sales as a share of the month's net sales of all; empty where these are not above nil.",
        ),
    ],
    open: None,
};

/// What became of the customers won in each month.
pub static TREND_COHORTS: Table = Table {
    name: "trend_cohorts",
    doc: "How many of the customers won in a month buy again, and for how much, in each month after; months not yet \
          reached are absent. Anonymous sales, and returns before a customer's first order, are in no cohort. One row per \
          cohort and age.",
    key: &["cohort", "age"],
    columns: &[
        Column::new("cohort", Month, "The month of the customers' first order.").filled(),
        Column::new("age", Integer, "Months since then; 0 is the month itself.").filled(),
        Column::new("period", Month, "The month looked at: cohort + age.").filled(),
        Column::new("is_partial", Flag, "The data do not cover the whole month looked at.").filled(),
        Column::new("cohort_size", Integer, "Customers with their first order in the cohort's month.").filled(),
        Column::new("customers", Integer, "Of these, those who bought in the month.").filled(),
        Column::new("gross_sales", Money, "Their gross sales in the month.").filled(),
        Column::new("net_sales", Money, "Their net sales in the month.").filled(),
        Column::new("retention", Ratio, "Customers / cohort size.").filled(),
    ],
    open: None,
};
