//! The mart of what the guards removed.

use crate::contracts::Kind::{Integer, Text};
use crate::contracts::{Column, Table};

/// What kept offers from being made.
pub static OFFER_GUARDS: Table = Table {
    name: "offer_guards",
    doc: "How many offers each guard removed from each list, each offer under the first guard that holds, one row per list \
          and guard.",
    key: &["list", "guard"],
    columns: &[
        Column::new("list", Text, "cross_sell, up_sell or replenish.").filled(),
        Column::new("guard", Text, "What removed them, as in the list's model card.").filled(),
        Column::new("removed", Integer, "Offers.").filled(),
    ],
    open: None,
};
