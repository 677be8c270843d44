//! The tables of `rfm`.

use crate::contracts::Kind::{Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// Scores and segment of each customer.
pub static RFM: Table = Table {
    name: "rfm",
    doc: "Recency, frequency and monetary value with their scores, one row per customer who ordered within the window.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("recency_days", Integer, "Days from the last order to the as-of date.").filled(),
        Column::new("frequency", Integer, "Orders within the window.").filled(),
        Column::new("monetary", Money, "Net sales within the window; below zero where more went back than was bought.")
            .filled(),
        Column::new("r", Integer, "Score of recency: 5 for the most recent, 1 for the longest ago.").filled(),
        Column::new("f", Integer, "Score of frequency: 5 for the most orders.").filled(),
        Column::new("m", Integer, "Score of monetary: 5 for the highest net sales.").filled(),
        Column::new("segment", Text, "The first rule that fits the scores.").filled(),
        Column::new(
            "previous_segment",
            Text,
            "The segment one calendar month earlier; empty where no order was in the window of that time.",
        ),
    ],
    open: None,
};

/// The segments.
pub static RFM_SEGMENTS: Table = Table {
    name: "rfm_segments",
    doc: "Size and value of the segments, in the order of their rules, one row per segment.",
    key: &["segment"],
    columns: &[
        Column::new("segment", Text, "The segment.").filled(),
        Column::new("customers", Integer, "Customers in it.").filled(),
        Column::new("share", Ratio, "Their share of all scored customers, 0 to 1.").filled(),
        Column::new("monetary", Money, "Their net sales within the window.").filled(),
        Column::new("orders", Integer, "Their orders within the window.").filled(),
        Column::new("average_recency_days", Ratio, "Mean days since their last order; empty for an empty segment."),
    ],
    open: None,
};

/// The cut-points.
pub static RFM_CUTS: Table = Table {
    name: "rfm_cuts",
    doc: "Where each score begins, to score other customers on the same scale, one row per axis and score from 2.",
    key: &["axis", "score"],
    columns: &[
        Column::new("axis", Text, "recency_days, frequency or monetary (minor units).").filled(),
        Column::new("score", Integer, "The score.").filled(),
        Column::new(
            "from_value",
            Integer,
            "The first value that has the score or a better one; of recency the largest, as fewer days are better. Empty \
             where none has. With the rule `ntile` some customers of that value may be one score lower.",
        ),
    ],
    open: None,
};

/// Who moved.
pub static RFM_MIGRATION: Table = Table {
    name: "rfm_migration",
    doc: "Moves between segments within the last calendar month, one row per pair of segments with a customer.",
    key: &["previous_segment", "segment"],
    columns: &[
        Column::new("previous_segment", Text, "The segment a month ago; outside for none.").filled(),
        Column::new("segment", Text, "The segment now; outside for none.").filled(),
        Column::new("customers", Integer, "Customers who went this way, or stayed.").filled(),
        Column::new("monetary", Money, "Their net sales within the window of now.").filled(),
        Column::new(
            "moved_by_cuts",
            Integer,
            "Those of them who would not have moved on the cut-points of a month ago: not they moved, the others did.",
        )
        .filled(),
    ],
    open: None,
};
