//! The tables of `rfm`.

use crate::contracts::Kind::{Date, Id, Integer, Money, Ratio, Text};
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
        Column::new(
            "monetary",
            Money,
            "Net sales within the window, below zero where more went back than was bought; or contribution, where \
             `[rfm] monetary` says so.",
        )
        .filled(),
        Column::new("r", Integer, "Score of recency: 5 for the most recent, 1 for the longest ago.").filled(),
        Column::new("f", Integer, "Score of frequency: 5 for the most orders.").filled(),
        Column::new("m", Integer, "Score of monetary: 5 for the highest.").filled(),
        Column::new("segment", Text, "The segment of the cell r, f, m in the map.").filled(),
        Column::new(
            "previous_segment",
            Text,
            "The segment on the day compared with (`rfm_migration.since`), in today's map; empty where no order was in \
             the window of that day.",
        ),
    ],
    open: None,
};

/// The segments.
pub static RFM_SEGMENTS: Table = Table {
    name: "rfm_segments",
    doc: "Size and value of the segments, in the order of the map, one row per segment.",
    key: &["segment"],
    columns: &[
        Column::new("segment", Text, "The segment.").filled(),
        Column::new(
            "cells",
            Text,
            "Its cells: scores r, f, m, a range in brackets, * or a third one left out for any.",
        )
        .filled(),
        Column::new("customers", Integer, "Customers in it.").filled(),
        Column::new("share", Ratio, "Their share of all scored customers, 0 to 1.").filled(),
        Column::new("monetary", Money, "The sum of their monetary.").filled(),
        Column::new("orders", Integer, "Their orders within the window.").filled(),
        Column::new("average_recency_days", Ratio, "Mean days since their last order; empty for an empty segment."),
    ],
    open: None,
};

/// The cut-points.
pub static RFM_CUTS: Table = Table {
    name: "rfm_cuts",
    doc: "Where each score begins and the rule that says so, to score other customers on the same scale, one row per \
          axis and score from 2.",
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
        Column::new("measure", Text, "What is measured: days, orders, net_sales or contribution.").filled(),
        Column::new("rule", Text, "ties_together, quantile, dense, ntile, cut_points or frozen.").filled(),
        Column::new("months", Integer, "Calendar months of the window.").filled(),
        Column::new(
            "scale_as_of",
            Date,
            "The as-of date of the customers the cut-points were found in: an earlier run's where they are frozen; empty \
             for configured ones.",
        ),
    ],
    open: None,
};

/// Who moved.
pub static RFM_MIGRATION: Table = Table {
    name: "rfm_migration",
    doc: "Moves between segments since the previous run, or within the last calendar month where there is none, one row \
          per pair of segments with a customer.",
    key: &["previous_segment", "segment"],
    columns: &[
        Column::new("previous_segment", Text, "The segment then; outside for none.").filled(),
        Column::new("segment", Text, "The segment now; outside for none.").filled(),
        Column::new("customers", Integer, "Customers who went this way, or stayed.").filled(),
        Column::new("previous_monetary", Money, "Their monetary then.").filled(),
        Column::new("monetary", Money, "Their monetary now.").filled(),
        Column::new("since", Date, "The as-of date compared with.").filled(),
        Column::new("moved_by_customer", Integer, "Those who would be here on the earlier cut-points, too.").filled(),
        Column::new("monetary_by_customer", Money, "Their monetary now.").filled(),
        Column::new(
            "moved_by_cuts",
            Integer,
            "Those who would have stayed on the earlier cut-points: not they moved, the others did.",
        )
        .filled(),
        Column::new("monetary_by_cuts", Money, "Their monetary now.").filled(),
        Column::new("moved_by_both", Integer, "Those who moved, and whom the cut-points moved on.").filled(),
        Column::new("monetary_by_both", Money, "Their monetary now.").filled(),
        Column::new(
            "moved_by_ties",
            Integer,
            "Those moved by neither: the rule `ntile` split equal customers otherwise.",
        )
        .filled(),
        Column::new("monetary_by_ties", Money, "Their monetary now.").filled(),
    ],
    open: None,
};

/// Each one who moved.
pub static RFM_MOVES: Table = Table {
    name: "rfm_moves",
    doc: "Who moved between segments, came or went since the day compared with, one row per such customer.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("previous_segment", Text, "The segment then; outside for none.").filled(),
        Column::new("segment", Text, "The segment now; outside for none.").filled(),
        Column::new("cause", Text, "customer, cuts, both, ties (see `rfm_migration`), came or went.").filled(),
        Column::new("previous_recency_days", Integer, "Days since the last order then."),
        Column::new("recency_days", Integer, "Days since the last order now."),
        Column::new("previous_frequency", Integer, "Orders in the window then."),
        Column::new("frequency", Integer, "Orders in the window now."),
        Column::new("previous_monetary", Money, "Monetary then."),
        Column::new("monetary", Money, "Monetary now."),
    ],
    open: None,
};
