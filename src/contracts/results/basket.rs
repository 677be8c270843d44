//! The tables of `basket`.

use super::model_cards::OFFER_CARD;
use crate::contracts::Kind::{Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What is bought together.
pub static BASKET_RULES: Table = Table {
    name: "basket_rules",
    doc: "Products bought together more often than by chance, one row per antecedent and consequent.",
    key: &["antecedent", "consequent"],
    columns: &[
        Column::new("antecedent", Id, "The product in the basket.").filled(),
        Column::new("consequent", Id, "The product that goes with it.").filled(),
        Column::new("n_both", Integer, "Baskets with both, without the replayed days.").filled(),
        Column::new("n_antecedent", Integer, "Baskets with the antecedent.").filled(),
        Column::new("n_consequent", Integer, "Baskets with the consequent.").filled(),
        Column::new("n_baskets", Integer, "All baskets of the window, without the replayed days.").filled(),
        Column::new("support", Ratio, "Both ÷ all baskets.").filled(),
        Column::new("confidence", Ratio, "Both ÷ baskets with the antecedent.").filled(),
        Column::new("lift", Ratio, "Confidence ÷ the consequent's share of all baskets; 1 is chance.").filled(),
        Column::new("lift_low", Ratio, "Lower end of the 95 % interval of lift; above 1 is hardly chance.").filled(),
        Column::new("leverage", Ratio, "Support − what it would be by chance.").filled(),
        Column::new(
            "relation",
            Text,
            "complement: bought together beyond doubt (`lift_low` above 1); undecided otherwise. Pairs that are bought \
             instead of each other are in `basket_substitutes`.",
        )
        .filled(),
        Column::new("p_value", Ratio, "Probability of so many baskets with both by chance (Fisher's exact test).")
            .filled(),
        Column::new(
            "q_value",
            Ratio,
            "Share of false rules to expect among this one and all better ones (Benjamini-Hochberg over all pairs tested).",
        )
        .filled(),
        Column::new(
            "mined_confidence",
            Ratio,
            "The same as `confidence`, which no replayed day has a part in: to be held against `replayed_confidence`.",
        )
        .filled(),
        Column::new(
            "replayed_confidence",
            Ratio,
            "Confidence in the replayed days, which no rule was found on; empty where no basket had the antecedent.",
        ),
        Column::new("replayed_n", Integer, "Baskets of the replayed days with the antecedent.").filled(),
        Column::new(
            "expected_margin",
            Money,
            "Confidence × (price − cost of a unit) of the consequent; empty where one of them is unknown.",
        ),
    ],
    open: None,
};

/// How the rules were made and how they did.
pub static BASKET_MODEL_CARD: Table = Table {
    name: "basket_model_card",
    doc: "How the rules were found, how many were cut, and how they did in the replayed days, one row per metric.",
    key: &["metric"],
    columns: &OFFER_CARD,
    open: None,
};

/// What is bought instead of what.
pub static BASKET_SUBSTITUTES: Table = Table {
    name: "basket_substitutes",
    doc: "Products of one kind that are together in fewer baskets than by chance, one row per pair.",
    key: &["product_id", "instead_of"],
    columns: &[
        Column::new("product_id", Id, "One product, the lower id.").filled(),
        Column::new("instead_of", Id, "The other.").filled(),
        Column::new("category", Text, "Their category.").filled(),
        Column::new("subcategory", Text, "Their subcategory.").filled(),
        Column::new("n_both", Integer, "Baskets with both.").filled(),
        Column::new("n_product", Integer, "Baskets with the one.").filled(),
        Column::new("n_other", Integer, "Baskets with the other.").filled(),
        Column::new("n_baskets", Integer, "All baskets of the window.").filled(),
        Column::new("expected_both", Ratio, "Baskets with both by chance.").filled(),
        Column::new("lift", Ratio, "Both ÷ expected, below 1.").filled(),
        Column::new("p_value", Ratio, "Probability of so few baskets with both by chance (Fisher's exact test).").filled(),
        Column::new(
            "q_value",
            Ratio,
            "Share of false pairs to expect among this one and all better ones (Benjamini-Hochberg over all pairs tested).",
        )
        .filled(),
    ],
    open: None,
};
