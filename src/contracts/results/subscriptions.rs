//! The tables of `subscriptions`.

use crate::contracts::Kind::{Flag, Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// Who has a subscription, and how likely it ends.
pub static SUBSCRIPTIONS: Table = Table {
    name: "subscriptions",
    doc: "Subscriptions (contracts that start and end): how long they have run and how likely they end, one row per customer with a subscription.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("months", Integer, "Whole months the subscription has run, or had run when it ended.").filled(),
        Column::new("ended", Flag, "Whether it has ended.").filled(),
        Column::new("monthly_charge", Money, "What it costs a month."),
        Column::new(
            "churn_probability",
            Ratio,
            "Probability that it ends within the horizon (where the export has no days: share of subscriptions like it that \
             have ended); empty where it has ended: who is lost is not at risk.",
        ),
        Column::new("risk_band", Text, "low, medium, high by the bounds of `[subscriptions]`, or ended.").filled(),
        Column::new(
            "reason_1",
            Text,
            "What goes with ended subscriptions, as fact:percent:percent: of subscriptions with it, of all. Facts: months (how \
             long it has run), type, service, payment.",
        ),
        Column::new("reason_2", Text, "The next one, if any."),
        Column::new("reason_3", Text, "The one after, if any."),
        Column::new("profit_at_risk", Money, "Probability × monthly charge × months of the horizon."),
        Column::new("method", Text, "The model or rule that serves.").filled(),
    ],
    open: None,
};

/// How long subscriptions last.
pub static SUBSCRIPTION_SURVIVAL: Table = Table {
    name: "subscription_survival",
    doc: "Share of subscriptions that outlast a month (Kaplan-Meier), one row per group and month in which one ended.",
    key: &["dimension", "value", "month"],
    columns: &[
        Column::new("dimension", Text, "all, type, service or payment.").filled(),
        Column::new("value", Text, "The group; empty for all.").filled(),
        Column::new("month", Integer, "Whole months since the subscription began.").filled(),
        Column::new("at_risk", Integer, "Subscriptions that lasted at least so long.").filled(),
        Column::new("ended", Integer, "Of those, ended in this month.").filled(),
        Column::new("survival", Ratio, "Share that lasts longer.").filled(),
        Column::new("low", Ratio, "Lower end of its 95 % confidence interval.").filled(),
        Column::new("high", Ratio, "Upper end of it.").filled(),
    ],
    open: None,
};
