//! The months beside the month before and the year before.

use polars::prelude::DataFrame;

use super::{Course, Figures, PERIOD, Series, before, share};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_KPIS;
use crate::error::Result;

/// A figure: its column, those of the month and of the year before, and its value.
type Figure = ([&'static str; 3], fn(&Figures) -> Option<i64>);

macro_rules! figures {
    ($($name:literal $value:expr;)*) => {
        [$(([$name, concat!("previous_", $name), concat!("last_year_", $name)], $value),)*]
    };
}

const FIGURES: [Figure; 13] = figures![
    "gross_sales" |figures| Some(figures.gross_sales);
    "discounts" |figures| Some(figures.discounts);
    "returns" |figures| Some(figures.returns);
    "net_sales" |figures| Some(figures.net_sales());
    "gross_margin" |figures| Some(figures.net_sales() - figures.cogs);
    "units" |figures| Some(figures.units);
    "orders" |figures| Some(figures.orders);
    "average_order" average_order;
    "active_customers" |figures| Some(figures.active_customers);
    "new_customers" |figures| Some(figures.new_customers);
    "returning_customers" |figures| Some(figures.active_customers - figures.new_customers);
    "reactivated_customers" |figures| Some(figures.reactivated_customers);
    "lost_customers" |figures| Some(figures.lost_customers);
];

/// One row per month and series.
pub(super) fn frame(course: &Course, series: &[Series<'_>]) -> Result<DataFrame> {
    let names: Vec<String> = course.months.clone().map(month_name).collect();
    let rows: Vec<(usize, &Series<'_>)> =
        (0..course.len()).flat_map(|at| series.iter().map(move |series| (at, series))).collect();
    let share_at = |at: usize, series: &Series<'_>| {
        share(series.grid.at(at, series.value).net_sales(), course.all.at(at, 0).net_sales())
    };
    let change = |back: usize| {
        let change =
            |(at, series): &(usize, &Series<'_>)| Some(share_at(*at, series)? - share_at(before(*at, back)?, series)?);
        rows.iter().map(change).collect::<Vec<Option<f64>>>()
    };
    let mut builder = FrameBuilder::new(&TREND_KPIS)
        .text("period", rows.iter().map(|row| names[row.0].as_str()))
        .text("dimension", rows.iter().map(|row| row.1.dimension))
        .text("value", rows.iter().map(|row| row.1.name))
        .flag("is_partial", rows.iter().map(|row| course.is_partial(row.0)).collect())
        .flag("is_left_truncated", rows.iter().map(|row| course.is_left_truncated(row.0)).collect())
        .maybe_ratio("share", rows.iter().map(|row| share_at(row.0, row.1)).collect())
        .maybe_ratio("share_change", change(1))
        .maybe_ratio("share_change_last_year", change(PERIOD));
    for (columns, value) in FIGURES {
        for (column, back) in columns.into_iter().zip([0, 1, PERIOD]) {
            let figure = |(at, series): &(usize, &Series<'_>)| value(series.grid.at(before(*at, back)?, series.value));
            builder = builder.maybe_whole(column, rows.iter().map(figure).collect());
        }
    }
    builder.finish()
}

/// (Gross − discounts) / orders, halves away from zero.
fn average_order(figures: &Figures) -> Option<i64> {
    let (sales, orders) = (figures.gross_sales - figures.discounts, figures.orders);
    (orders > 0).then(|| sales.signum() * ((2 * sales.abs() + orders) / (2 * orders)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_round_to_the_nearest() {
        let of = |gross_sales, orders| average_order(&Figures { gross_sales, orders, ..Figures::default() });
        assert_eq!(of(82_374_614, 1559), Some(52_838));
        assert_eq!(of(5, 2), Some(3));
        assert_eq!(of(-5, 2), Some(-3));
        assert_eq!(of(7, 0), None);
    }
}
