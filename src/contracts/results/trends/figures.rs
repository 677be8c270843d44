//! Figures by month: of values, of cohorts.

use super::{DIMENSION, IS_LEFT_TRUNCATED, VALUE};
use crate::contracts::Kind::{Flag, Integer, Money, Month, Quantity, Ratio};
use crate::contracts::{Column, Table};

/// The table of figures: each beside itself a month and a year before.
macro_rules! figures {
    ($($name:literal $kind:ident $doc:literal $($filled:ident)?;)*) => {
        &[
            Column::new("period", Month, "The month.").filled(),
            DIMENSION,
            VALUE,
            Column::new("is_partial", Flag, "The data do not cover the whole month: compare with care.").filled(),
            IS_LEFT_TRUNCATED,
            $(Column::new($name, $kind, $doc)$(.$filled())?,)*
            Column::new("share", Ratio, "Net sales as a share of the month's net sales of all; empty where these are not above nil."),
            Column::new("share_change", Ratio, "Share − that of the month before, in points of 1."),
            Column::new("share_change_last_year", Ratio, "Share − that of the same month a year before."),
            $(Column::new(
                concat!("previous_", $name),
                $kind,
                concat!("`", $name, "` of the month before; empty where it is before the data."),
            ),)*
            $(Column::new(
                concat!("last_year_", $name),
                $kind,
                concat!("`", $name, "` of the same month a year before; empty where it is before the data."),
            ),)*
        ]
    };
}

/// Month by month, all sales and each branch, category and channel.
pub static TREND_KPIS: Table = Table {
    name: "trend_kpis",
    doc: "Sales, orders and customers of each month beside the month before and the same month last year, months \
          without sales as rows of zero, one row per month, dimension and value.",
    key: &["period", "dimension", "value"],
    columns: figures![
        "gross_sales" Money "Quantity × unit price." filled;
        "discounts" Money "Discounts given." filled;
        "returns" Money "What went back, in the month of the order it is booked in." filled;
        "net_sales" Money "Gross − discounts − returns." filled;
        "gross_margin" Money "Net sales − cost of the goods that were kept." filled;
        "units" Quantity "Units sold, those brought back later included." filled;
        "orders" Integer "Orders that sold something here; one order can count in several categories." filled;
        "average_order" Money "(Gross − discounts) / orders, to the nearest minor unit; empty without orders.";
        "active_customers" Integer "Known customers who bought here in the month." filled;
        "new_customers" Integer "Of these, those whose first order anywhere is in this month." filled;
        "returning_customers" Integer "Of these, those who had ordered in an earlier month." filled;
        "reactivated_customers" Integer "Of those who bought here before, those whose last month here is more than `lost_after_months` back." filled;
        "lost_customers" Integer "Known customers who bought here `lost_after_months` months ago and not since." filled;
    ],
    open: None,
};

/// What became of the customers won in each month.
pub static TREND_COHORTS: Table = Table {
    name: "trend_cohorts",
    doc: "How many of the customers won in a month buy again, for how much and with what contribution, in each month after; \
          months not yet reached are absent. Anonymous sales, and returns before a customer's first order, are in no cohort. \
          One row per cohort and age.",
    key: &["cohort", "age"],
    columns: &[
        Column::new("cohort", Month, "The month of the customers' first order.").filled(),
        Column::new("age", Integer, "Months since then; 0 is the month itself.").filled(),
        Column::new("period", Month, "The month looked at: cohort + age.").filled(),
        Column::new("is_partial", Flag, "The data do not cover the whole month looked at.").filled(),
        IS_LEFT_TRUNCATED,
        Column::new("cohort_size", Integer, "Customers with their first order in the cohort's month.").filled(),
        Column::new("customers", Integer, "Of these, those who bought in the month.").filled(),
        Column::new("gross_sales", Money, "Their gross sales in the month.").filled(),
        Column::new("net_sales", Money, "Their net sales in the month.").filled(),
        Column::new(
            "contribution",
            Money,
            "Net sales − cost of goods in the month − what the customers cost besides (as in `profitability`), each one's costs shared over his \
             months by gross sales; gifts and returns before the first order count in its month. Of those who ever bought it adds up \
             to `profitability`.",
        )
        .filled(),
        Column::new("retention", Ratio, "Customers / cohort size.").filled(),
        Column::new("cumulative_net_sales", Money, "Net sales of the cohort up to and with the month.").filled(),
        Column::new("cumulative_contribution", Money, "Contribution of the cohort up to and with the month.").filled(),
    ],
    open: None,
};
