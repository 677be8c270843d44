//! Where series go, and when they left their course.

use super::{DIMENSION, VALUE};
use crate::contracts::Kind::{Flag, Integer, Money, Month, Ratio};
use crate::contracts::{Column, Table};

/// Where it goes, and whether that is more than chance.
pub static TREND_SLOPES: Table = Table {
    name: "trend_slopes",
    doc: "The trend and the seasons of monthly net sales over complete months, from the first month with sales on, one row \
          per dimension and value.",
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
        Column::new("gross_sen_slope", Money, "Sen's slope of gross sales: the trend before what went back."),
        Column::new("gross_mk_z", Ratio, "Mann-Kendall z of gross sales."),
        Column::new("gross_p_value", Ratio, "Two-sided p-value of gross sales."),
        Column::new(
            "seasonal_strength",
            Ratio,
            "How much of what the trend leaves is season, 0 to 1; empty with 24 months or less.",
        ),
        Column::new("is_seasonal", Flag, "The autocorrelation at a year is significant.").filled(),
        Column::new("n_changes", Integer, "Changes of level, see `trend_changes`.").filled(),
        Column::new("last_change", Month, "First month at the newest level; empty where the level never changed."),
    ],
    open: None,
};

/// What comes back every year.
pub static TREND_SEASONS: Table = Table {
    name: "trend_seasons",
    doc: "How much of an average month's net sales each month of the year has, seasons shrunk by as much as the years \
          disagree; series with more than 24 complete months. One row per dimension, value and month of the year.",
    key: &["dimension", "value", "month_of_year"],
    columns: &[
        DIMENSION,
        VALUE,
        Column::new("month_of_year", Integer, "1 is January.").filled(),
        Column::new("index", Ratio, "1 is an average month.").filled(),
        Column::new("n_years", Integer, "Complete months of this name it was seen in.").filled(),
    ],
    open: None,
};

/// When the level changed.
pub static TREND_CHANGES: Table = Table {
    name: "trend_changes",
    doc: "Months in which net sales came to another level and stayed: Pettitt's test at 5 % on complete months without their \
          seasons, then again before and after each change. One row per dimension, value and month.",
    key: &["dimension", "value", "period"],
    columns: &[
        DIMENSION,
        VALUE,
        Column::new("period", Month, "The first month at the new level.").filled(),
        Column::new("before", Money, "Median net sales of a month of the level before.").filled(),
        Column::new("after", Money, "The same of the new level.").filled(),
        Column::new("change_ratio", Ratio, "after / before − 1; empty where before is not above nil."),
        Column::new("p_value", Ratio, "How often chance alone gives as clear a change.").filled(),
        Column::new("q_value", Ratio, "The p-value corrected for testing many series (Benjamini-Hochberg).").filled(),
    ],
    open: None,
};

/// Months that were not as expected.
pub static TREND_ANOMALIES: Table = Table {
    name: "trend_anomalies",
    doc: "The last complete months whose net sales were outside the 95 % interval of the forecast made one month before, and, \
          in months in which all sales were, the values that had a tenth or more of the deviation. One row per month, \
          dimension and value.",
    key: &["period", "dimension", "value"],
    columns: &[
        Column::new("period", Month, "The month.").filled(),
        DIMENSION,
        VALUE,
        Column::new("actual", Money, "Net sales.").filled(),
        Column::new("expected", Money, "What was expected of it a month before.").filled(),
        Column::new("low", Money, "Lower bound of the 95 % interval.").filled(),
        Column::new("high", Money, "Upper bound of the 95 % interval.").filled(),
        Column::new("deviation", Money, "Actual − expected.").filled(),
        Column::new(
            "is_outside",
            Flag,
            "The month is outside its own interval; else it is listed for what it contributed.",
        )
        .filled(),
        Column::new(
            "contribution",
            Ratio,
            "Deviation / that of all sales in the month; empty where all sales were as expected or have no forecast.",
        ),
        Column::new(
            "ramadan_days",
            Integer,
            "Days of Ramadan in the month (Indonesia): what moves through the year is no season.",
        ),
        Column::new(
            "score",
            Ratio,
            "Deviation / half the width of the interval: beyond ∓ 1 is outside; empty where that is nil.",
        ),
    ],
    open: None,
};
