//! How well each model did on the user's own past.

use crate::contracts::Kind::{Date, Flag, Integer, Ratio, Text};
use crate::contracts::{Column, Table};

/// Models and naive rules, side by side.
pub static MODEL_CARDS: Table = Table {
    name: "model_cards",
    doc: "How well models and naive rules predicted a window they had not seen, one row per analysis, model and metric.",
    key: &["analysis", "model", "metric"],
    columns: &[
        Column::new("analysis", Text, "The analysis that uses it.").filled(),
        Column::new("model", Text, "The model or rule.").filled(),
        Column::new("is_baseline", Flag, "Whether it is a naive rule, to be beaten.").filled(),
        Column::new("serves", Flag, "Whether the published figures are from it.").filled(),
        Column::new(
            "metric",
            Text,
            "auc, average_precision (higher is better; of customers without an order), top_decile_lift (higher), brier, \
             calibration_error (lower).",
        )
        .filled(),
        Column::new("value", Ratio, "Its value; empty where the window does not let it be measured."),
        Column::new("n_customers", Integer, "Customers in the test.").filled(),
        Column::new("test_from", Date, "First day of the test window.").filled(),
        Column::new("test_to", Date, "The day after its last.").filled(),
    ],
    open: None,
};
