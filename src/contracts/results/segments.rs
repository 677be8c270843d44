//! The tables of the user's own segments.

use crate::contracts::Kind::{Flag, Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Open, Table};

/// Size and value of each.
pub static SEGMENTS: Table = Table {
    name: "segments",
    doc: "The segments of `[segments.NAME]`: how many customers they have and what those are worth, one row per segment.",
    key: &["segment"],
    columns: &[
        Column::new("segment", Text, "Its name.").filled(),
        Column::new("definition", Text, "Its condition over the columns of `customers`.").filled(),
        Column::new("description", Text, "What it is for, as configured.").filled(),
        Column::new("customers", Integer, "Customers for whom the condition holds.").filled(),
        Column::new("share", Ratio, "Their share of all customers, 0 to 1.").filled(),
        Column::new("in_no_other", Integer, "Those of them in no other segment.").filled(),
        Column::new("net_sales", Money, "Their net sales.").filled(),
        Column::new("contribution", Money, "Their contribution.").filled(),
    ],
    open: None,
};

/// Who is in two.
pub static SEGMENT_OVERLAPS: Table = Table {
    name: "segment_overlaps",
    doc: "How many customers two segments share, one row per pair with a customer, the first name before the second.",
    key: &["segment", "other"],
    columns: &[
        Column::new("segment", Text, "One segment.").filled(),
        Column::new("other", Text, "The other.").filled(),
        Column::new("customers", Integer, "Customers in both.").filled(),
        Column::new("share_of_segment", Ratio, "Their share of the one, 0 to 1.").filled(),
        Column::new("share_of_other", Ratio, "Their share of the other, 0 to 1.").filled(),
    ],
    open: None,
};

/// Who is in which.
pub static SEGMENT_MEMBERS: Table = Table {
    name: "segment_members",
    doc: "Who is in which segment, one row per customer.",
    key: &["customer_id"],
    columns: &[Column::new("customer_id", Id, "The customer.").filled()],
    open: Some(Open { prefix: "in_", kind: Flag, doc: "Whether the customer is in the segment of that name." }),
};
