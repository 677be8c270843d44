//! The table of `up_sell`.

use crate::contracts::Kind::{Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What to offer customers who may trade up.
pub static UP_SELL: Table = Table {
    name: "up_sell",
    doc: "Products one tier above what a customer usually buys in a category, one row per customer and product.",
    key: &["customer_id", "product_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("product_id", Id, "The product to offer: the best seller of the next tier he never bought.")
            .filled(),
        Column::new("rank", Integer, "1 for the first product to offer to this customer.").filled(),
        Column::new("probability", Ratio, "Probability that he buys of the next tier within the horizon.").filled(),
        Column::new(
            "expected_margin",
            Money,
            "Probability × (unit margin of the product − unit margin of `because`); 0 where one is unknown.",
        )
        .filled(),
        Column::new("category", Text, "The category.").filled(),
        Column::new("from_tier", Text, "The tier he buys most.").filled(),
        Column::new("to_tier", Text, "The next tier.").filled(),
        Column::new("because", Id, "The product he buys most in that tier.").filled(),
        Column::new("n_moved", Integer, "Customers of that tier who bought of the next one within the horizon.")
            .filled(),
        Column::new("n_observed", Integer, "Customers of that tier, a horizon ago.").filled(),
        Column::new("reason", Text, "`trade_up:category:from_tier:to_tier:n_moved:n_observed`.").filled(),
    ],
    open: None,
};
