//! Where each series goes, and whether that is more than chance.

use polars::prelude::DataFrame;

use super::{Course, Series};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_SLOPES;
use crate::error::Result;
use crate::stats::association::benjamini_hochberg;
use crate::stats::trend::{Trend, trend};

/// One row per series.
pub(super) fn frame(course: &Course, series: &[Series<'_>]) -> Result<DataFrame> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut trends: Vec<Option<Trend>> = Vec::new();
    for one in series {
        let (first, net_sales) = one.complete_net_sales(course);
        spans.push((first, net_sales.len()));
        trends.push(trend(&net_sales.iter().map(|net| *net as f64).collect::<Vec<f64>>()));
    }
    let tested: Vec<f64> = trends.iter().flatten().map(|trend| trend.p_two_sided).collect();
    let mut q_values = benjamini_hochberg(&tested).into_iter();
    let period = |place: fn(&(usize, usize)) -> usize| {
        let name = |span: &(usize, usize)| (span.1 > 0).then(|| month_name(course.months.start + place(span) as i32));
        spans.iter().map(name).collect::<Vec<Option<String>>>()
    };
    let ratio = |value: fn(&Trend) -> f64| trends.iter().map(|trend| trend.as_ref().map(value)).collect();
    FrameBuilder::new(&TREND_SLOPES)
        .text("dimension", series.iter().map(|series| series.dimension))
        .text("value", series.iter().map(|series| series.name))
        .whole("n_months", spans.iter().map(|span| span.1 as i64).collect())
        .maybe_text("first_period", period(|span| span.0))
        .maybe_text("last_period", period(|span| span.0 + span.1 - 1))
        .maybe_whole(
            "sen_slope",
            trends.iter().map(|trend| trend.as_ref().map(|trend| trend.slope.round() as i64)).collect(),
        )
        .maybe_ratio("mk_z", ratio(|trend| trend.z))
        .maybe_ratio("p_value", ratio(|trend| trend.p_two_sided))
        .maybe_ratio("q_value", trends.iter().map(|trend| trend.as_ref().and_then(|_| q_values.next())).collect())
        .finish()
}
