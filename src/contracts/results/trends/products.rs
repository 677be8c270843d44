//! What moved, what it is worth, what comes up and what goes down.

use super::{DIMENSION, VALUE};
use crate::contracts::Kind::{Id, Integer, Money, Month, Ratio, Text};
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

const PRODUCT_ID: Column = Column::new("product_id", Id, "The product.").filled();
const NAME: Column = Column::new("name", Text, "Its name; empty where it has none.");
const CATEGORY: Column = Column::new("category", Text, "Its category; empty where it has none.");

/// What each product is worth, how evenly it sells.
pub static TREND_ABC: Table = Table {
    name: "trend_abc",
    doc: "Products by what they bring (A, B, C) and how evenly they sell (X, Y, Z) over the last complete months, and what \
          they were over as many months before. One row per product sold in either.",
    key: &["product_id"],
    columns: &[
        PRODUCT_ID,
        NAME,
        CATEGORY,
        Column::new("rank", Integer, "1 for the most revenue; ties by product id.").filled(),
        Column::new("revenue", Money, "Gross − discounts of the lines kept.").filled(),
        Column::new("share", Ratio, "Of the revenue of all; empty where that is not above nil."),
        Column::new("cumulative_share", Ratio, "Shares up to and with this one; empty where nothing was sold."),
        Column::new(
            "abc",
            Text,
            "`A` while those before it have less than 80 % of the revenue, `B` less than 95 %, else `C`; empty where nothing was \
             sold.",
        ),
        Column::new("units", Integer, "Units kept.").filled(),
        Column::new("n_months", Integer, "Months from the first sale on.").filled(),
        Column::new(
            "variation",
            Ratio,
            "Standard deviation / mean of the units of these months; empty with fewer than 3.",
        ),
        Column::new("xyz", Text, "`X` up to a variation of .5, `Y` up to 1, else `Z`; empty with fewer than 3 months."),
        Column::new(
            "previous_revenue",
            Money,
            "Revenue over as many months before; empty where the data do not reach back.",
        ),
        Column::new(
            "previous_abc",
            Text,
            "`A`, `B` or `C` then; empty where nothing was sold or the data do not reach back.",
        ),
        Column::new("move", Text, "`up`, `down`, `same`, `new`, `gone`; empty where the data do not reach back."),
    ],
    open: None,
};

/// What comes up and what goes down.
pub static TREND_PRODUCTS: Table = Table {
    name: "trend_products",
    doc: "Products that emerge, were launched or fade: those whose revenue rises or falls steadily by more than chance, \
          and those first sold in the last months. One row per kind and rank.",
    key: &["kind", "rank"],
    columns: &[
        Column::new("kind", Text, "`emerging`, `fading` (both at a q-value of 10 %) or `launched`.").filled(),
        Column::new("rank", Integer, "1 for the largest change of share; ties by product id.").filled(),
        PRODUCT_ID,
        NAME,
        CATEGORY,
        Column::new("first_period", Month, "The month of its first sale.").filled(),
        Column::new("n_months", Integer, "Complete months from then on.").filled(),
        Column::new("sen_slope", Money, "Sen's slope of its monthly revenue; empty with fewer than 2 months."),
        Column::new("p_value", Ratio, "Mann-Kendall's; empty with fewer than 8 months, where it is not tested."),
        Column::new("q_value", Ratio, "Corrected for all products tested (Benjamini-Hochberg)."),
        Column::new("revenue", Money, "Revenue of the last months.").filled(),
        Column::new("previous_revenue", Money, "Revenue of as many months before.").filled(),
        Column::new("share_change", Ratio, "Change of its share of all revenue between the two, in points of 1.")
            .filled(),
        Column::new(
            "taken_from",
            Id,
            "Of its category, the product whose share fell most meanwhile (for one that fades: rose most); empty where there is \
             none, or no category.",
        ),
        Column::new("n_found", Integer, "How many there are of the kind; only the first are listed.").filled(),
    ],
    open: None,
};
