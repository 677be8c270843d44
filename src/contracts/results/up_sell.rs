//! The tables of `up_sell`.

use super::model_cards::OFFER_CARD;
use crate::contracts::Kind::{Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What to offer customers who may trade up.
pub static UP_SELL: Table = Table {
    name: "up_sell",
    doc: "Products one tier above what a customer usually buys of a kind, one row per customer and product.",
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
            "Probability × (unit margin of the product − unit margin of `because`) − the cost of the contact; 0 − the cost \
             where one is unknown.",
        )
        .filled(),
        Column::new("category", Text, "The category.").filled(),
        Column::new("subcategory", Text, "The subcategory; empty where the export has none.").filled(),
        Column::new("from_tier", Text, "The tier he buys most.").filled(),
        Column::new("to_tier", Text, "The next tier.").filled(),
        Column::new("because", Id, "The product he buys most in that tier.").filled(),
        Column::new("n_moved", Integer, "Customers of that tier who bought of the next one within the horizon.")
            .filled(),
        Column::new("n_observed", Integer, "Customers of that tier, a horizon ago.").filled(),
        Column::new(
            "price_percentile",
            Ratio,
            "Share of the subcategory's buyers who buy cheaper than he does, 0 to 1; empty without list prices.",
        ),
        Column::new("price_step", Ratio, "List price of the product ÷ that of `because`; empty where one is unknown."),
        Column::new("reason", Text, "`trade_up`: others with his usual tier went on to the next.").filled(),
    ],
    open: None,
};

/// From tier to tier.
pub static UP_SELL_MOVES: Table = Table {
    name: "up_sell_moves",
    doc: "What customers of each usual tier bought within the horizon, one row per subcategory and pair of tiers.",
    key: &["category", "subcategory", "from_tier", "to_tier"],
    columns: &[
        Column::new("category", Text, "The category.").filled(),
        Column::new("subcategory", Text, "The subcategory; empty where the export has none.").filled(),
        Column::new("from_tier", Text, "The usual tier, a horizon ago.").filled(),
        Column::new("to_tier", Text, "A tier of the subcategory.").filled(),
        Column::new("n_observed", Integer, "Customers with that usual tier then.").filled(),
        Column::new("n_bought", Integer, "Those of them who bought of `to_tier` since.").filled(),
        Column::new("share", Ratio, "Bought ÷ observed; empty where nobody was observed."),
    ],
    open: None,
};

/// How such offers would have done.
pub static UP_SELL_MODEL_CARD: Table = Table {
    name: "up_sell_model_card",
    doc: "How the offers of a horizon ago would have done, and what each guard removed, one row per metric.",
    key: &["metric"],
    columns: &OFFER_CARD,
    open: None,
};
