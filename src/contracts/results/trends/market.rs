//! The months' days, and the market around.

use crate::contracts::Kind::{Date, Flag, Integer, Money, Month, Ratio, Text};
use crate::contracts::{Column, Table};

/// What the days of a month were.
pub static TREND_CALENDAR: Table = Table {
    name: "trend_calendar",
    doc: "How many days of each month were traded on, and where Ramadan and Lebaran lay: two months compare better a day than as a \
          whole. One row per month.",
    key: &["period"],
    columns: &[
        Column::new("period", Month, "The month.").filled(),
        Column::new("is_partial", Flag, "The data do not cover the whole month.").filled(),
        Column::new("n_days", Integer, "Days of the month.").filled(),
        Column::new("trading_days", Integer, "Days with a sale.").filled(),
        Column::new("weekend_days", Integer, "Saturdays and Sundays.").filled(),
        Column::new(
            "holidays",
            Integer,
            "Public holidays from Monday to Friday, without those of Lebaran; as all that follow of the calendar, empty \
             where none is asked for and outside the years known (2008 to 2029).",
        ),
        Column::new("ramadan_days", Integer, "Days of Ramadan."),
        Column::new("before_lebaran_days", Integer, "Of the two weeks before Lebaran, the days in the month."),
        Column::new("lebaran_days", Integer, "Of the week from Lebaran on, the days in the month."),
        Column::new("lebaran", Date, "The first day of Lebaran (1 Syawal) where it is in the month."),
        Column::new("net_sales", Money, "Net sales.").filled(),
        Column::new(
            "net_sales_per_day",
            Money,
            "Net sales / trading days, to the nearest minor unit; empty without any.",
        ),
        Column::new("previous_net_sales_per_day", Money, "The same of the month before."),
        Column::new("last_year_net_sales_per_day", Money, "The same of the same month a year before."),
        Column::new(
            "last_year_ramadan_days",
            Integer,
            "Days of Ramadan in the same month a year before: where they differ, the months do not compare.",
        ),
    ],
    open: None,
};

/// Own sales among the others'.
pub static TREND_MARKET: Table = Table {
    name: "trend_market",
    doc: "Own net sales and price beside the competitors' where a `market` export has them. The market of a month and category is \
          own + competitors, or the row of the competitor `total` where there is one. One row per month, category and seller; of months \
          before our first order, what was exported.",
    key: &["period", "category", "competitor"],
    columns: &[
        Column::new("period", Month, "The month.").filled(),
        Column::new("category", Text, "The category; `all` for those with a market without doubt in the month together.").filled(),
        Column::new("competitor", Text, "The competitor, `own`, or `total` for the market.").filled(),
        Column::new("is_partial", Flag, "The data do not cover the whole month.").filled(),
        Column::new("sales", Money, "Own net sales, or the sales exported.").filled(),
        Column::new("share", Ratio, "Of the market; empty where that is not above nil, and where there is a `doubt`."),
        Column::new(
            "share_change",
            Ratio,
            "Change from the month before, in points of 1; empty without one, and for `all` where the categories differ.",
        ),
        Column::new("share_change_last_year", Ratio, "Change from the same month a year before."),
        Column::new(
            "doubt",
            Text,
            "Why the market of this month and category gives no shares: `total_too_small`, less than what one seller sold; \
             `negative_sales`, somebody's or our own; `outside_our_months`, in which we had no order yet. Empty where it does.",
        )
        .filled(),
        Column::new("price", Money, "Own revenue / units kept, or the price exported; empty where there is none."),
        Column::new(
            "price_index",
            Ratio,
            "Own price / this price: above 1 we are dearer; empty where either is missing.",
        ),
    ],
    open: None,
};
