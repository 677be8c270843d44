//! What comes next, and how well it was foreseen.

use super::{DIMENSION, VALUE};
use crate::contracts::Kind::{Date, Integer, Money, Month, Ratio, Text};
use crate::contracts::{Column, Table};

/// What comes next.
pub static TREND_FORECAST: Table = Table {
    name: "trend_forecast",
    doc: "Net sales of the next months, moved as little as possible so that branches, categories and channels each add up to \
          all sales to the last minor unit. `trend_forecast_backtest` says what a forecast was made from and how good it is. \
          One row per dimension, value and month.",
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
        Column::new("low_95", Money, "About 19 months in 20 lie between `low_95` and `high_95`."),
        Column::new("high_95", Money, "See `low_95`."),
        Column::new("unreconciled", Money, "The forecast of the series by itself, before sums were made to add up.").filled(),
        Column::new(
            "method",
            Text,
            "`combination` of methods; `seasonal_naive` where the combination lost to it in the backtest, as in most series of the \
             dimension, or by far; `last_value` where that stood in for it there, and with fewer than 4 months; `daily_rate` \
             without a complete month; `nothing` without any sales in one.",
        )
        .filled(),
        Column::new(
            "calendar",
            Text,
            "Whether weekends, holidays, Ramadan and Lebaran are in the forecast: `used`; `no_better` where they made the \
             backtest not clearly nearer, or where using them as soon as they seemed to did not; `naive_serves` where they did but \
             the yardstick serves, which knows nothing of them; `not_tested` with too few months; `not_known` after the last year whose dates are known \
             (2029; from 2027 on calculated, not decreed); `off` where no calendar is asked for.",
        )
        .filled(),
        Column::new("ramadan_days", Integer, "Days of Ramadan in the month; empty where they are not known or not asked for."),
        Column::new("lebaran", Date, "The first day of Lebaran where it is in the month."),
    ],
    open: None,
};

const fn effect(name: &'static str, doc: &'static str) -> Column {
    Column::new(name, Ratio, doc)
}

/// How well it was foreseen.
pub static TREND_FORECAST_BACKTEST: Table = Table {
    name: "trend_forecast_backtest",
    doc: "What each forecast was made from, and how such forecasts did when the last complete months were forecast again \
          with what was known before them. One row per dimension and value.",
    key: &["dimension", "value"],
    columns: &[
        DIMENSION,
        VALUE,
        Column::new("n_months", Integer, "Complete months, from the first with sales on.").filled(),
        Column::new(
            "fallback",
            Text,
            "What these are too few for: `no_seasons` (24 or less: seasons only as seasonal naive knows them), `no_year` (less \
             than 12: no seasons at all), `last_value` (less than 4), `no_month` (none: the sales a day so far), `nothing`; empty where they are enough.",
        ),
        Column::new(
            "weight_seasonal_naive",
            Ratio,
            "Weight of the value a year before, or, with less than a year, of the last.",
        )
        .filled(),
        Column::new("weight_theta", Ratio, "Weight of Theta.").filled(),
        Column::new("weight_dynamic_theta", Ratio, "Weight of dynamic optimised Theta.").filled(),
        Column::new("weight_damped", Ratio, "Weight of the damped trend.").filled(),
        Column::new("weight_aggregated", Ratio, "Weight of the damped trend of months, quarters, …, years together.")
            .filled(),
        Column::new("weight_ets_multiplicative", Ratio, "Weight of exponential smoothing with multiplicative seasons.")
            .filled(),
        Column::new("weight_ets_additive", Ratio, "Weight of exponential smoothing with additive seasons.").filled(),
        Column::new("backtest_months", Integer, "Months forecast in the backtest.").filled(),
        Column::new("error", Money, "Mean absolute error of the combination there; empty without a backtest."),
        Column::new(
            "error_seasonal_naive",
            Money,
            "That of seasonal naive, or of the last value where that stands in for it.",
        ),
        Column::new(
            "mase",
            Ratio,
            "Error / the mean absolute change from a year (or, short of one, a month) before; empty where nothing changed.",
        ),
        Column::new("mase_seasonal_naive", Ratio, "The same of seasonal naive."),
        Column::new("verdict", Text, "`better_than_seasonal_naive`, `no_better_than_seasonal_naive` or `not_tested`.")
            .filled(),
        Column::new("n_with_interval", Integer, "Values of the backtest that had an interval from earlier errors.")
            .filled(),
        Column::new(
            "inside_80",
            Ratio,
            "Share of these inside the 80 % interval of what serves; empty where there are none.",
        ),
        Column::new("inside_95", Ratio, "Share of these inside the 95 % interval."),
        Column::new(
            "months_judged",
            Integer,
            "Of the last `anomaly_months`, those that a forecast was made for the month before: what `trend_anomalies` can tell.",
        )
        .filled(),
        Column::new(
            "error_without_calendar",
            Money,
            "Mean absolute error of the combination had it never used the calendar; empty without a backtest or calendar.",
        ),
        Column::new("error_with_calendar", Money, "The same had it always used it."),
        effect(
            "effect_saturday",
            "How much more a Saturday brings than an average day, 0.2 being a fifth; empty where the calendar is not used.",
        ),
        effect("effect_sunday", "The same of a Sunday."),
        effect("effect_holiday", "The same of a public holiday from Monday to Friday other than those of Lebaran."),
        effect("effect_ramadan", "The same of a day of Ramadan."),
        effect("effect_before_lebaran", "What a day of the two weeks before Lebaran brings on top of that."),
        effect("effect_lebaran", "How much more a day of the week from Lebaran on brings; below nil where less."),
    ],
    open: None,
};
