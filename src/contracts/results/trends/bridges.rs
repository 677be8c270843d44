//! Why two months differ.

use crate::contracts::Kind::{Flag, Integer, Money, Month, Text};
use crate::contracts::{Column, Table};

/// Why sales differ from an earlier month.
pub static TREND_BRIDGE: Table = Table {
    name: "trend_bridge",
    doc: "The difference in sales between two months as price + volume + mix + new + lost, exactly: all sales and each \
          category against the same month last year, and all sales against the month before. Sales here are those kept: \
          lines brought back or credited are left out. One row per month, base month, dimension and value.",
    key: &["period", "base_period", "dimension", "value"],
    columns: &[
        Column::new("period", Month, "The month.").filled(),
        Column::new("base_period", Month, "The month it is compared with.").filled(),
        Column::new("dimension", Text, "`all` or `category`.").filled(),
        Column::new("value", Text, "The category, or `all`.").filled(),
        Column::new("is_partial", Flag, "The data do not cover the whole of both months.").filled(),
        Column::new("rev0", Money, "Gross − discounts of the lines kept, in the base month.").filled(),
        Column::new("rev1", Money, "The same in the month.").filled(),
        Column::new(
            "price",
            Money,
            "Products sold in both months: Σ (revenue − base unit revenue × units), to the nearest minor unit.",
        )
        .filled(),
        Column::new(
            "volume",
            Money,
            "Products sold in both months: more or fewer units altogether, at the base average unit revenue, to the \
             nearest minor unit.",
        )
        .filled(),
        Column::new(
            "mix",
            Money,
            "Products sold in both months: dearer or cheaper products. The rest of their difference, so that it takes \
             what rounding price and volume leaves (at most 1 minor unit).",
        )
        .filled(),
        Column::new("new", Money, "Revenue of products not sold in the base month.").filled(),
        Column::new("lost", Money, "− base revenue of products not sold in the month: nil or negative.").filled(),
        Column::new("products_both", Integer, "Products sold in both months.").filled(),
        Column::new("products_new", Integer, "Products sold in the month alone.").filled(),
        Column::new("products_lost", Integer, "Products sold in the base month alone.").filled(),
    ],
    open: None,
};
