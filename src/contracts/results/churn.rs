//! The tables of `churn`.

use crate::contracts::Kind::{Date, Flag, Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// Who is about to leave.
pub static CHURN: Table = Table {
    name: "churn",
    doc: "The risk that a customer does not order within the horizon, one row per customer who has ordered.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("churn_probability", Ratio, "Probability of no order within the horizon, 0 to 1.").filled(),
        Column::new(
            "expected_orders",
            Ratio,
            "Expected orders within the horizon, orders of one day counting as one: (1 − probability of none) × what the \
             model of orders expects of who orders at all.",
        )
        .filled(),
        Column::new("risk_band", Text, "low, medium, high or lost, by the bounds in the configuration.").filled(),
        Column::new(
            "reason_1",
            Text,
            "The most telling fact, as code:numbers. past_usual_gap (by more than half): days since the last order, usual \
             days between orders. one_order_only: days since it. complaints: number in 180 days. fewer_orders: orders of the last 180 \
             days, of the 185 before. spends_less: by how many percent the last 90 days are below the year's mean \
             quarter. brings_back: percent of lines. long_silent: days since the last order.",
        ),
        Column::new("reason_2", Text, "The next one, if any."),
        Column::new("reason_3", Text, "The one after, if any."),
        Column::new(
            "profit_at_risk",
            Money,
            "Probability × gross margin of the last 365 days, scaled to the horizon; negative where goods go at a loss, 0 \
             for who is lost already.",
        )
        .filled(),
        Column::new(
            "do_not_chase",
            Flag,
            "The customer has brought no contribution so far, is an internal party or a supplier, is lost, or costs more \
             to contact than it brings.",
        )
        .filled(),
        Column::new(
            "contact_profit",
            Money,
            "Expected profit of a contact: share brought back × probability of being still a customer and yet silent × \
             gross margin of the last 365 days − cost of a contact.",
        )
        .filled(),
        Column::new(
            "method",
            Text,
            "What the probability is from: the best model or rule of the backtest; `base_rate`, the same for \
             everyone, where none knew more than that; `recency_bands` also where there was too little to test on.",
        )
        .filled(),
    ],
    open: None,
};

/// The windows the methods were compared in.
pub static CHURN_BACKTEST: Table = Table {
    name: "churn_backtest",
    doc: "How well each method foresaw who would not order, one row per test window, cohort and model.",
    key: &["test_from", "cohort", "model"],
    columns: &[
        Column::new("test_from", Date, "First day of the window.").filled(),
        Column::new("test_to", Date, "The day after its last.").filled(),
        Column::new(
            "cohort",
            Text,
            "all, one_order, repeat, or the quarter of the first order (the newest twelve with 50 customers or more).",
        )
        .filled(),
        Column::new("model", Text, "The model or rule.").filled(),
        Column::new("is_baseline", Flag, "Whether it is a naive rule, to be beaten.").filled(),
        Column::new(
            "serves",
            Flag,
            "Whether the published probabilities are from this method; where it rests on a model of orders, on the one that \
             today's data identify (`churn.method`), which may be another than it was tested with here.",
        )
        .filled(),
        Column::new(
            "chosen_before",
            Flag,
            "Whether the window before this one alone would have chosen it: its figures here are not of a choice made with \
             them in sight.",
        )
        .filled(),
        Column::new("n_customers", Integer, "Customers tested.").filled(),
        Column::new("better_at", Text, "Measures at which it is better than the method that serves; empty for none."),
        Column::new("auc", Ratio, "Chance that who did not order was ranked above who did; .5 is a coin."),
        Column::new("average_precision", Ratio, "Area under precision and recall of those who did not order."),
        Column::new("active_average_precision", Ratio, "The same of those who did."),
        Column::new("brier", Ratio, "Mean squared error of the probability; lower is better."),
        Column::new("calibration_error", Ratio, "Mean distance of probability and outcome over tenths; lower is better."),
        Column::new("total_error", Ratio, "Customers foreseen to order ÷ those who did, distance from 1; lower is better."),
        Column::new("top_decile_lift", Ratio, "Share without an order in the tenth most at risk ÷ share in all."),
    ],
    open: None,
};
