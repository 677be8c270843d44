//! The tables of `cross_sell`.

use super::model_cards::{BACKTEST, OFFER_CARD};
use crate::contracts::Kind::{Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What to offer each customer next.
pub static CROSS_SELL: Table = Table {
    name: "cross_sell",
    doc: "Products a customer has never had that he is likely to buy, one row per customer and product.",
    key: &["customer_id", "product_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("product_id", Id, "The product to offer.").filled(),
        Column::new("rank", Integer, "1 for the offer expected to bring most.").filled(),
        Column::new(
            "probability",
            Ratio,
            "Probability that he buys it within the horizon, by what became of such offers in the backtest; where there \
             was too little to test, at most the confidence of the rule.",
        )
        .filled(),
        Column::new(
            "expected_margin",
            Money,
            "Probability × (price − cost of a unit) − the cost of the contact. The price is the list price, else what was paid \
             on average; the cost the unit cost, else that of the lines. Empty where one is unknown.",
        ),
        Column::new(
            "reason",
            Text,
            "also_bought: goes with `because`; best_seller: many buy it; wish and interest: he asked for it; new_in_kind: \
             new among what he buys.",
        )
        .filled(),
        Column::new("because", Id, "What he bought that speaks most for it; empty where nothing does."),
        Column::new(
            "n_both",
            Integer,
            "also_bought: of `n_antecedent`, those who bought the product too; wish, interest, new_in_kind: of so many in \
             the backtest, those who bought; best_seller: customer-days on which it was bought (lines, where best sellers \
             serve in the place of rules).",
        )
        .filled(),
        Column::new(
            "n_antecedent",
            Integer,
            "also_bought: customers who bought `because` (baskets with it, where `within_days` is 0).",
        )
        .filled(),
        Column::new("within_days", Integer, "How long after `because` the product was bought; 0: in the same basket."),
        Column::new("confidence", Ratio, "n_both ÷ n_antecedent of also_bought."),
        Column::new("lift", Ratio, "How many times the usual rate that is."),
        Column::new("lift_low", Ratio, "Lower end of the 95 % interval of lift."),
    ],
    open: None,
};

/// How such offers would have done.
pub static CROSS_SELL_MODEL_CARD: Table = Table {
    name: "cross_sell_model_card",
    doc: "How such offers would have done on days already known, beside best sellers, and what each guard removed, one \
          row per metric.",
    key: &["metric"],
    columns: &OFFER_CARD,
    open: None,
};

/// Which way to find products he never had did how well.
pub static CROSS_SELL_BACKTEST: Table = Table {
    name: "cross_sell_backtest",
    doc: "How well each way ranked what customers went on to buy for the first time, one row per window and method.",
    key: &["window", "method"],
    columns: &BACKTEST,
    open: None,
};
