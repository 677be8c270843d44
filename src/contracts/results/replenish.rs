//! The tables of `replenish`.

use super::model_cards::{BACKTEST, OFFER_CARD};
use crate::contracts::Kind::{Date, Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What customers are about to need again.
pub static REPLENISH: Table = Table {
    name: "replenish",
    doc: "Products a customer buys again and again and is due to buy once more, one row per customer and product.",
    key: &["customer_id", "product_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("product_id", Id, "The product.").filled(),
        Column::new("rank", Integer, "1 for the first product to remind this customer of.").filled(),
        Column::new("probability", Ratio, "Probability that he buys it within the horizon.").filled(),
        Column::new(
            "expected_margin",
            Money,
            "Probability × (price − cost of a unit) − the cost of the contact. The price is the list price, else what was paid \
             on average; the cost the unit cost, else that of the lines. Empty where one is unknown.",
        ),
        Column::new("due_date", Date, "The day he last bought it + `gap_days`.").filled(),
        Column::new("gap_days", Integer, "Median days between the days he bought it.").filled(),
        Column::new("last_bought_on", Date, "The day he last bought it.").filled(),
        Column::new("n_days", Integer, "Days on which he bought it.").filled(),
        Column::new("reason", Text, "`due_again`: the last time and the usual gap say so.").filled(),
    ],
    open: None,
};

/// How such reminders would have done.
pub static REPLENISH_MODEL_CARD: Table = Table {
    name: "replenish_model_card",
    doc: "How the reminders of a horizon ago would have done, one row per metric.",
    key: &["metric"],
    columns: &OFFER_CARD,
    open: None,
};

/// Which way to find what is bought again did how well.
pub static REPLENISH_BACKTEST: Table = Table {
    name: "replenish_backtest",
    doc: "How well each way ranked what customers went on to buy again, due or not, one row per window and method.",
    key: &["window", "method"],
    columns: &BACKTEST,
    open: None,
};
