//! What moved.

use super::{DIMENSION, VALUE};
use crate::contracts::Kind::{Integer, Money, Month, Ratio, Text};
use crate::contracts::{Column, Table};

/// What moved most.
pub static TREND_MOVERS: Table = Table {
    name: "trend_movers",
    doc: "The branches, categories and products whose net sales rose or fell most in the last complete month, against \
          the month before and against the same month last year (complete months too, else there are none), one row \
          per dimension, comparison, direction and rank.",
    key: &["dimension", "comparison", "direction", "rank"],
    columns: &[
        DIMENSION,
        Column::new("comparison", Text, "`previous_month` or `last_year`.").filled(),
        Column::new("direction", Text, "`up` or `down`.").filled(),
        Column::new("rank", Integer, "1 for the largest change; ties by value.").filled(),
        VALUE,
        Column::new("name", Text, "The name of the branch or product, or the value where it has none.").filled(),
        Column::new("period", Month, "The last complete month.").filled(),
        Column::new("base_period", Month, "The month it is compared with.").filled(),
        Column::new("net_sales", Money, "Net sales of the month.").filled(),
        Column::new("base_net_sales", Money, "Net sales of the base month.").filled(),
        Column::new("change", Money, "The difference.").filled(),
        Column::new(
            "change_ratio",
            Ratio,
            "The difference as a share of the base month; empty where that is not above nil.",
        ),
        Column::new(
            "previous_net_sales",
            Money,
            "Net sales of the month before, whichever the comparison; empty where incomplete.",
        ),
        Column::new(
            "last_year_net_sales",
            Money,
            "Net sales of the same month last year, whichever the comparison; empty where incomplete.",
        ),
        Column::new("n_moved", Integer, "How many moved in this direction; only the first are listed.").filled(),
    ],
    open: None,
};
