//! The table of `clv`.

use crate::contracts::Kind::{Id, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What each customer will still bring.
pub static CLV: Table = Table {
    name: "clv",
    doc: "What each customer is expected to bring in the months ahead, one row per customer who has ordered.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("clv", Money, "Expected contribution of the months ahead, discounted; below zero for a loss.")
            .filled(),
        Column::new("clv_low", Money, "Lower end of the interval that holds about 80 % of outcomes, and `clv`; clv_model says what share it held.")
            .filled(),
        Column::new("clv_high", Money, "Upper end of it.").filled(),
        Column::new("historic_value", Money, "Contribution so far.").filled(),
        Column::new(
            "expected_orders_12m",
            Ratio,
            "Orders expected within the months ahead (12 by default); orders of one day count as one.",
        )
        .filled(),
        Column::new(
            "value_per_order",
            Money,
            "Contribution expected of one order, rounded; as_last_period and everyone_alike do without it.",
        ).filled(),
        Column::new(
            "method",
            Text,
            "What serves: pareto_nbd, mbg_nbd, mbg_cnbd_k, nbd, historic_rate where none is identified, with _calibrated where \
             it is corrected by what it missed before; or a naive rule that foresaw better: order_rate, as_last_period, \
             everyone_alike.",
        )
        .filled(),
    ],
    open: None,
};

/// What customer lifetime value rests on.
pub static CLV_MODEL: Table = Table {
    name: "clv_model",
    doc: "What customer lifetime value rests on: horizon, discount, model, parameters, correction, one row per item.",
    key: &["item"],
    columns: &[
        Column::new(
            "item",
            Text,
            "clv_of_all; horizon_months; discount_per_month, discount_per_year; customers, distinct_histories; \
             log_likelihood and parameters (alpha_weeks and beta_weeks in weeks); share_who_left; resamples; \
             correction_level (a factor) and correction_slope (a power of the probability of being still a customer), \
             learned from correction_days; passed_over:<model>; serves:<method> with the share it explained in the newest \
             window of the backtest; interval_coverage, the share of customers inside their interval there; lost:<model>, a model that stepped aside for a naive rule; beaten_by:<rule>, a \
             naive rule that was better at other measures than the one that decides.",
        )
        .filled(),
        Column::new("value", Ratio, "Its value."),
        Column::new("low", Ratio, "A tenth of the refits to resampled customers give less."),
        Column::new("high", Ratio, "A tenth of them give more."),
        Column::new("amount", Money, "Its value, where it is money."),
        Column::new("amount_low", Money, "Lower end of an interval of 80 % for not knowing the parameters of a model."),
        Column::new("amount_high", Money, "Upper end of it."),
        Column::new("why", Text, "Why it serves, lost or was passed over; at what a rule did better."),
    ],
    open: None,
};
