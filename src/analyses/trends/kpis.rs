//! The months beside the month before and the year before.

use polars::prelude::DataFrame;

use super::{Course, Figures, Series, before, share};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_KPIS;
use crate::error::Result;

/// One row per month and series.
pub(super) fn frame(course: &Course, series: &[Series<'_>]) -> Result<DataFrame> {
    let names: Vec<String> = course.months.clone().map(month_name).collect();
    let rows: Vec<(usize, &Series<'_>)> =
        (0..course.len()).flat_map(|at| series.iter().map(move |series| (at, series))).collect();
    let figures = |row: &(usize, &Series<'_>)| *row.1.grid.at(row.0, row.1.value);
    let column = |value: fn(&Figures) -> i64| rows.iter().map(|row| value(&figures(row))).collect::<Vec<i64>>();
    let earlier = |months: usize| {
        let net_sales =
            |(at, series): &(usize, &Series<'_>)| Some(series.grid.at(before(*at, months)?, series.value).net_sales());
        rows.iter().map(net_sales).collect::<Vec<Option<i64>>>()
    };
    FrameBuilder::new(&TREND_KPIS)
        .text("period", rows.iter().map(|row| names[row.0].as_str()))
        .text("dimension", rows.iter().map(|row| row.1.dimension))
        .text("value", rows.iter().map(|row| row.1.name))
        .flag("is_partial", rows.iter().map(|row| course.is_partial(row.0)).collect())
        .whole("gross_sales", column(|figures| figures.gross_sales))
        .whole("discounts", column(|figures| figures.discounts))
        .whole("returns", column(|figures| figures.returns))
        .whole("net_sales", column(Figures::net_sales))
        .whole("gross_margin", column(|figures| figures.net_sales() - figures.cogs))
        .whole("units", column(|figures| figures.units))
        .whole("orders", column(|figures| figures.orders))
        .maybe_whole("average_order", rows.iter().map(|row| average_order(&figures(row))).collect())
        .whole("active_customers", column(|figures| figures.active_customers))
        .whole("new_customers", column(|figures| figures.new_customers))
        .whole("returning_customers", column(|figures| figures.active_customers - figures.new_customers))
        .maybe_whole("previous_net_sales", earlier(1))
        .maybe_whole("last_year_net_sales", earlier(12))
        .maybe_ratio(
            "share",
            rows.iter().map(|row| share(figures(row).net_sales(), course.all.at(row.0, 0).net_sales())).collect(),
        )
        .finish()
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
