//! The tables of `cross_sell`.

use super::model_cards::OFFER_CARD;
use crate::contracts::Kind::{Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What to offer each customer next.
pub static CROSS_SELL: Table = Table {
    name: "cross_sell",
    doc: "Products a customer has never bought that go with what he buys, one row per customer and product.",
    key: &["customer_id", "product_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("product_id", Id, "The product to offer.").filled(),
        Column::new("rank", Integer, "1 for the first product to offer to this customer.").filled(),
        Column::new("probability", Ratio, "Share of the baskets with `because` that also hold the product.").filled(),
        Column::new(
            "replayed_share",
            Ratio,
            "Share of the offers of such a probability that were bought in the replayed days, had they been made when \
             those began; empty where there were none.",
        ),
        Column::new(
            "expected_margin",
            Money,
            "Probability × (list price − unit cost) of the product; 0 where one of them is unknown.",
        )
        .filled(),
        Column::new("because", Id, "The product the customer bought that gave the probability.").filled(),
        Column::new("n_both", Integer, "Baskets with both products.").filled(),
        Column::new("n_antecedent", Integer, "Baskets with `because`.").filled(),
        Column::new("lift", Ratio, "How many times likelier than chance.").filled(),
        Column::new("lift_low", Ratio, "Lower end of the 95 % interval of lift.").filled(),
        Column::new("reason", Text, "`also_bought:because:n_both:n_antecedent`.").filled(),
    ],
    open: None,
};

/// How such offers would have done.
pub static CROSS_SELL_MODEL_CARD: Table = Table {
    name: "cross_sell_model_card",
    doc: "How the offers would have done on the replayed days, beside the best-selling products, one row per metric.",
    key: &["metric"],
    columns: &OFFER_CARD,
    open: None,
};
