//! The tables of `queue`.

use crate::contracts::Kind::{Date, Flag, Id, Integer, Money, Text};
use crate::contracts::{Column, Table};

/// Today's calls.
pub static QUEUE: Table = Table {
    name: "queue",
    doc: "Whom to call today, by agent and rank; those held out as a control group are marked, one row per customer.",
    key: &["customer_id"],
    columns: &[
        Column::new("key", Id, "The call: 16 hexadecimal digits made of reasons, customer and due date.").filled(),
        Column::new(
            "agent_id",
            Id,
            "Whose list: the customer's agent, else `pool-` and the customer's branch, else `unassigned`.",
        )
        .filled(),
        Column::new("due_date", Date, "The day of the call: the as-of day.").filled(),
        Column::new("rank", Integer, "Place on the agent's list, 1 first; those held out have one, too.").filled(),
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("reasons", Text, "Rules that hold, the most urgent first, joined by `|`.").filled(),
        Column::new("priority", Integer, "The highest weight + the bonus for each further reason.").filled(),
        Column::new("expected_margin", Money, "Margin expected of the offer; empty without an offer."),
        Column::new("product_id", Id, "The product to offer; empty without an offer."),
        Column::new("talking_points", Text, "What to say: `code=value` joined by `|`; money in minor units.").filled(),
        Column::new("in_control", Flag, "Held out: not called, to measure what calling does.").filled(),
        Column::new("monetary", Money, "Net sales of the months compared (`monetary_months`).").filled(),
    ],
    open: None,
};

/// What became of each reason's customers.
pub static QUEUE_REASONS: Table = Table {
    name: "queue_reasons",
    doc: "From having a reason to being called; a customer with two reasons is in two rows, one row per reason.",
    key: &["reason"],
    columns: &[
        Column::new("reason", Text, "The rule.").filled(),
        Column::new("weight", Integer, "Its weight.").filled(),
        Column::new("customers", Integer, "Customers it holds of: all that follows, added up.").filled(),
        Column::new("queued", Integer, "On a list.").filled(),
        Column::new("not_external", Integer, "Left out: one of our own, or a supplier.").filled(),
        Column::new("no_consent", Integer, "Left out: no consent to calls.").filled(),
        Column::new("no_phone", Integer, "Left out: no telephone number.").filled(),
        Column::new("contacted", Integer, "Left out: contacted in the last days (`cool_down_days`).").filled(),
        Column::new("in_control", Integer, "Held out as control group.").filled(),
        Column::new("over_cap", Integer, "Left out: the agent's list is full.").filled(),
    ],
    open: None,
};

/// Who is not on a list.
pub static QUEUE_EXCLUDED: Table = Table {
    name: "queue_excluded",
    doc: "Customers who are not called today, each counted once, one row per reason.",
    key: &["reason"],
    columns: &[
        Column::new(
            "reason",
            Text,
            "The first that holds: no_reason, not_external, no_consent, no_phone, contacted, in_control, over_cap.",
        )
        .filled(),
        Column::new("customers", Integer, "Customers.").filled(),
    ],
    open: None,
};

/// Everyone with a reason.
pub static QUEUE_CANDIDATES: Table = Table {
    name: "queue_candidates",
    doc: "Customers with a reason to be called, whether they are or not, one row per customer.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("reasons", Text, "Rules that hold, the most urgent first, joined by `|`.").filled(),
        Column::new("priority", Integer, "The highest weight + the bonus for each further reason.").filled(),
        Column::new("outcome", Text, "queued, or why not: as in `queue_excluded`.").filled(),
        Column::new("agent_id", Id, "Whose list it would be; empty for a customer who cannot be called.").filled(),
        Column::new("monetary", Money, "Net sales of the months compared (`monetary_months`).").filled(),
        Column::new("last_order_date", Date, "Newest order; empty without any."),
        Column::new("next_birthday", Date, "The next birthday, the as-of day included; empty where unknown."),
    ],
    open: None,
};
