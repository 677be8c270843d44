//! How well each model did on the user's own past.

use crate::contracts::Kind::{Date, Flag, Integer, Ratio, Text};
use crate::contracts::{Column, Table};

/// What a card says.
const COLUMNS: &[Column] = &[
    Column::new("analysis", Text, "The analysis that uses it.").filled(),
    Column::new("model", Text, "The model or rule.").filled(),
    Column::new("is_baseline", Flag, "Whether it is a naive rule, to be beaten.").filled(),
    Column::new("serves", Flag, "Whether the published figures are from it.").filled(),
    Column::new(
        "metric",
        Text,
        "churn: auc, average_precision, top_decile_lift (of customers without an order; higher is better), \
             active_average_precision (of those with one; higher), brier, calibration_error, total_error (lower). clv: explained_share \
             (of the differences between customers: 1 all, 0 none; higher; the one that decides), total_ratio (foreseen ÷ actual margin of all; 1 is best), missed_share (sum of \
             misses ÷ actual; lower), top_decile_share (of the actual margin, held by the tenth foreseen best; higher), \
             interval_coverage (about .8), orders_… the same of orders, active_… of having any (auc, average_precision: \
             higher; brier, calibration_error: lower).",
    )
    .filled(),
    Column::new("value", Ratio, "Its value; empty where the window does not let it be measured."),
    Column::new("n_customers", Integer, "Customers in the test.").filled(),
    Column::new("test_from", Date, "First day of the test window.").filled(),
    Column::new("test_to", Date, "The day after its last.").filled(),
];

/// Models and naive rules, side by side.
pub static MODEL_CARDS: Table = Table {
    name: "model_cards",
    doc: "How well models and naive rules predicted a window they had not seen, one row per analysis, model and metric.",
    key: &["analysis", "model", "metric"],
    columns: COLUMNS,
    open: None,
};

/// The same for `clv`, which has to be found by its own name.
pub static CLV_CARDS: Table = Table {
    name: "clv_cards",
    doc: "How well customer lifetime value was foreseen so many months ago, the newest window first, one row per analysis, \
          model, metric and window.",
    key: &["analysis", "model", "metric", "test_from"],
    columns: COLUMNS,
    open: None,
};

/// The same for `subscriptions`.
pub static SUBSCRIPTION_CARDS: Table = Table {
    name: "subscription_cards",
    doc: "How well each method foresaw which subscriptions end, one row per analysis, model and metric.",
    key: &["analysis", "model", "metric"],
    columns: COLUMNS,
    open: None,
};

/// The columns of the cards of offers, which are held against one simple list.
pub(super) const OFFER_CARD: [Column; 4] = [
    Column::new("metric", Text, "What is measured.").filled(),
    Column::new("value", Ratio, "Its value; empty where there was nothing to measure."),
    Column::new("baseline", Text, "What it is held against, where there is something."),
    Column::new("baseline_value", Ratio, "The value of that."),
];

/// The columns of backtests of ranked lists.
pub(super) const BACKTEST: [Column; 8] = [
    Column::new(
        "window",
        Text,
        "choice: the days the method was chosen on; test: the days after, which nothing was chosen on.",
    )
    .filled(),
    Column::new("method", Text, "The way to rank.").filled(),
    Column::new("is_baseline", Flag, "Whether it is a naive rule or a textbook method, to be beaten.").filled(),
    Column::new("serves", Flag, "Whether the published list is made with it.").filled(),
    Column::new("customers", Integer, "Customers who bought anything of the kind in the window.").filled(),
    Column::new("recall_10", Ratio, "Share of what they bought that was among their first ten, mean over customers."),
    Column::new("ndcg_10", Ratio, "The same with hits further up counting more, of the most possible."),
    Column::new("hit_rate_10", Ratio, "Share of customers who bought any of their first ten."),
];
