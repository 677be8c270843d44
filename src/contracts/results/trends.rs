//! The tables of `trends`.

use crate::contracts::Kind::{Flag, Id, Integer, Money, Month, Quantity, Ratio, Text};
use crate::contracts::{Column, Table};

const DIMENSION: Column =
    Column::new("dimension", Text, "`all`, `branch`, `category` or `channel`; movers also `product`.").filled();
const VALUE: Column =
    Column::new("value", Id, "The branch id, category, channel or product id; `all` for all sales together.").filled();

/// Month by month, all sales and each branch, category and channel.
pub static TREND_KPIS: Table = Table {
    name: "trend_kpis",
    doc: "Sales, orders and customers of each month beside the month before and the same month last year, months \
          without sales as rows of zero, one row per month, dimension and value.",
    key: &["period", "dimension", "value"],
    columns: &[
        Column::new("period", Month, "The month.").filled(),
        DIMENSION,
        VALUE,
        Column::new("is_partial", Flag, "The data do not cover the whole month: compare with care.").filled(),
        Column::new("gross_sales", Money, "Quantity × unit price.").filled(),
        Column::new("discounts", Money, "Discounts given.").filled(),
        Column::new("returns", Money, "What went back, in the month of the order it is booked in.").filled(),
        Column::new("net_sales", Money, "Gross − discounts − returns.").filled(),
        Column::new("gross_margin", Money, "Net sales − cost of the goods that were kept.").filled(),
        Column::new("units", Quantity, "Units sold, those brought back later included.").filled(),
        Column::new("orders", Integer, "Orders that sold something here; one order can count in several categories.")
            .filled(),
        Column::new(
            "average_order",
            Money,
            "(Gross − discounts) / orders, to the nearest minor unit; empty without orders.",
        ),
        Column::new("active_customers", Integer, "Known customers who bought here in the month.").filled(),
        Column::new("new_customers", Integer, "Of these, those whose first order anywhere is in this month.").filled(),
        Column::new("returning_customers", Integer, "Of these, those who had ordered in an earlier month.").filled(),
        Column::new("previous_net_sales", Money, "Net sales of the month before; empty where it is before the data."),
        Column::new(
            "last_year_net_sales",
            Money,
            "Net sales of the same month a year before; empty where it is before the data.",
        ),
        Column::new(
            "share",
            Ratio,
            "Net sales as a share of the month's net sales of all; empty where these are not above nil.",
        ),
    ],
    open: None,
};

/// What became of the customers won in each month.
pub static TREND_COHORTS: Table = Table {
    name: "trend_cohorts",
    doc: "How many of the customers won in a month buy again, and for how much, in each month after; months not yet \
          reached are absent. Anonymous sales, and returns before a customer's first order, are in no cohort. One row per \
          cohort and age.",
    key: &["cohort", "age"],
    columns: &[
        Column::new("cohort", Month, "The month of the customers' first order.").filled(),
        Column::new("age", Integer, "Months since then; 0 is the month itself.").filled(),
        Column::new("period", Month, "The month looked at: cohort + age.").filled(),
        Column::new("is_partial", Flag, "The data do not cover the whole month looked at.").filled(),
        Column::new("cohort_size", Integer, "Customers with their first order in the cohort's month.").filled(),
        Column::new("customers", Integer, "Of these, those who bought in the month.").filled(),
        Column::new("gross_sales", Money, "Their gross sales in the month.").filled(),
        Column::new("net_sales", Money, "Their net sales in the month.").filled(),
        Column::new("retention", Ratio, "Customers / cohort size.").filled(),
    ],
    open: None,
};

/// Why sales differ from an earlier month.
pub static TREND_BRIDGE: Table = Table {
    name: "trend_bridge",
    doc: "The difference in sales between two months as price + volume + mix + new + lost, exactly: all sales and each \
          category against the same month last year, and all sales against the month before. Sales here are those kept: \
          lines brought back or credited are left out. One row per month, base month, dimension and value.",
    key: &["period", "base_period", "dimension", "value"],
    columns: &[
        Column::new("period", Month, "The month.").filled(),
        Column::new("base_period", Month, "The month it is compared with.").filled(),
        Column::new("dimension", Text, "`all` or `category`.").filled(),
        Column::new("value", Text, "The category, or `all`.").filled(),
        Column::new("is_partial", Flag, "The data do not cover the whole of both months.").filled(),
        Column::new("rev0", Money, "Gross − discounts of the lines kept, in the base month.").filled(),
        Column::new("rev1", Money, "The same in the month.").filled(),
        Column::new(
            "price",
            Money,
            "Products sold in both months: Σ (revenue − base unit revenue × units), to the nearest minor unit.",
        )
        .filled(),
        Column::new(
            "volume",
            Money,
            "Products sold in both months: more or fewer units altogether, at the base average unit revenue, to the \
             nearest minor unit.",
        )
        .filled(),
        Column::new(
            "mix",
            Money,
            "Products sold in both months: dearer or cheaper products. The rest of their difference, so that it takes \
             what rounding price and volume leaves (at most 1 minor unit).",
        )
        .filled(),
        Column::new("new", Money, "Revenue of products not sold in the base month.").filled(),
        Column::new("lost", Money, "− base revenue of products not sold in the month: nil or negative.").filled(),
        Column::new("products_both", Integer, "Products sold in both months.").filled(),
        Column::new("products_new", Integer, "Products sold in the month alone.").filled(),
        Column::new("products_lost", Integer, "Products sold in the base month alone.").filled(),
    ],
    open: None,
};

/// Where it goes, and whether that is more than chance.
pub static TREND_SLOPES: Table = Table {
    name: "trend_slopes",
    doc: "The trend of monthly net sales over complete months, from the first month with sales on, one row per \
          dimension and value.",
    key: &["dimension", "value"],
    columns: &[
        DIMENSION,
        VALUE,
        Column::new("n_months", Integer, "Complete months tested.").filled(),
        Column::new("first_period", Month, "The first of them; empty where there is none."),
        Column::new("last_period", Month, "The last of them; empty where there is none."),
        Column::new(
            "sen_slope",
            Money,
            "Sen's slope: the median change of net sales per month; empty for fewer than two months.",
        ),
        Column::new("mk_z", Ratio, "Mann-Kendall z, above nil where sales rise; seasons are not removed."),
        Column::new("p_value", Ratio, "Two-sided: how often chance alone gives as steady a course."),
        Column::new("q_value", Ratio, "The p-value corrected for testing many series (Benjamini-Hochberg)."),
    ],
    open: None,
};

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

/// What comes next.
pub static TREND_FORECAST: Table = Table {
    name: "trend_forecast",
    doc: "Net sales of the next months by whichever of Theta and seasonal naive was nearer in a backtest on the last \
          complete months; each series by itself, so that they need not add up. One row per dimension, value and month.",
    key: &["dimension", "value", "period"],
    columns: &[
        DIMENSION,
        VALUE,
        Column::new("period", Month, "The month forecast; the first may have begun.").filled(),
        Column::new("horizon", Integer, "Months after the last complete one.").filled(),
        Column::new("forecast", Money, "Net sales expected.").filled(),
        Column::new(
            "low",
            Money,
            "About 4 months in 5 lie between `low` and `high`, measured on the backtest's errors; empty without one.",
        ),
        Column::new("high", Money, "See `low`."),
        Column::new(
            "method",
            Text,
            "What made the forecast: `theta`, `theta_multiplicative`, `theta_additive`, `seasonal_naive`, or `last_value` \
             (which stands in for seasonal naive on less than 15 months).",
        )
        .filled(),
        Column::new("n_months", Integer, "Complete months it was made from.").filled(),
        Column::new("backtest_months", Integer, "Months forecast in the backtest.").filled(),
        Column::new(
            "mase_theta",
            Ratio,
            "Theta's mean absolute error in the backtest / that of the value a year (or, short of two, a month) before.",
        ),
        Column::new("mase_seasonal_naive", Ratio, "The same of seasonal naive, or of the last value where that stands in for it."),
    ],
    open: None,
};
