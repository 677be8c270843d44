//! The tables of `itemsets`.

use crate::contracts::Kind::{Flag, Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What goes with several things at once, and with whole categories.
pub static ITEMSET_RULES: Table = Table {
    name: "itemset_rules",
    doc: "Who has all of these in the basket also has this: rules from groups of products, subcategories and \
          categories, one row per level and rank.",
    key: &["level", "rank"],
    columns: &[
        Column::new("level", Text, "product, subcategory or category.").filled(),
        Column::new("rank", Integer, "1 for the level's rule that is expected to earn most; redundant ones come last.")
            .filled(),
        Column::new("antecedent", Text, "What is in the basket, joined by ` + `.").filled(),
        Column::new("consequent", Id, "What goes with it.").filled(),
        Column::new("n_items", Integer, "How many things the antecedent is.").filled(),
        Column::new("n_both", Integer, "Baskets with antecedent and consequent, without the replayed days.").filled(),
        Column::new("n_antecedent", Integer, "Baskets with the antecedent.").filled(),
        Column::new("n_consequent", Integer, "Baskets with the consequent.").filled(),
        Column::new("n_baskets", Integer, "All baskets of the window, without the replayed days.").filled(),
        Column::new("support", Ratio, "Both ÷ all baskets.").filled(),
        Column::new("confidence", Ratio, "Both ÷ baskets with the antecedent.").filled(),
        Column::new("lift", Ratio, "Confidence ÷ the consequent's share of all baskets; 1 is chance.").filled(),
        Column::new("lift_low", Ratio, "Lower end of the 95 % interval of lift; above 1 is hardly chance.").filled(),
        Column::new("leverage", Ratio, "Support − what it would be by chance.").filled(),
        Column::new(
            "conviction",
            Ratio,
            "How much rarer the antecedent without the consequent is than by chance; empty where it never is.",
        ),
        Column::new("zhang", Ratio, "Association from −1 to 1 (Zhang).").filled(),
        Column::new("jaccard", Ratio, "Both ÷ baskets with either.").filled(),
        Column::new("cosine", Ratio, "Geometric mean of the confidences of both directions.").filled(),
        Column::new("kulczynski", Ratio, "Arithmetic mean of the confidences of both directions.").filled(),
        Column::new("imbalance", Ratio, "How unequally frequent both sides are, 0 to 1.").filled(),
        Column::new("added_value", Ratio, "Confidence − the consequent's share of all baskets.").filled(),
        Column::new("certainty", Ratio, "How much of the doubt about the consequent the rule takes away.").filled(),
        Column::new("phi", Ratio, "Correlation of both sides.").filled(),
        Column::new("chi2", Ratio, "Pearson's statistic of the 2×2 table.").filled(),
        Column::new("p_value", Ratio, "Probability of so many baskets with both by chance (Fisher's exact test).")
            .filled(),
        Column::new(
            "q_value",
            Ratio,
            "Share of false rules to expect among this one and all better ones (Benjamini-Hochberg over all rules of the \
             level).",
        )
        .filled(),
        Column::new("redundant", Flag, "Part of the antecedent alone has the same confidence or a higher one.").filled(),
        Column::new(
            "replayed_confidence",
            Ratio,
            "Confidence in the replayed days, which no rule was found on; empty where no basket had the antecedent.",
        ),
        Column::new("replayed_n", Integer, "Baskets of the replayed days with the antecedent.").filled(),
        Column::new(
            "expected_margin",
            Money,
            "Confidence × (price − cost of a unit) of the consequent, of a group the mean over its sales; empty where one \
             is unknown.",
        ),
    ],
    open: None,
};

/// How the rules were made and how they did.
pub static ITEMSET_MODEL_CARD: Table = Table {
    name: "itemset_model_card",
    doc: "How the rules of each level were found, which limits cut them, and how they did on the replayed days, one row \
          per level and metric.",
    key: &["level", "metric"],
    columns: &[
        Column::new("level", Text, "product, subcategory or category.").filled(),
        Column::new(
            "metric",
            Text,
            "What is measured; `minimum_count` above `minimum_count_asked` says that `memory_mb` was reached.",
        )
        .filled(),
        Column::new("value", Ratio, "Its value; empty where there was nothing to measure."),
        Column::new("baseline", Text, "What it is held against, where there is something."),
        Column::new("baseline_value", Ratio, "The value of that."),
    ],
    open: None,
};
