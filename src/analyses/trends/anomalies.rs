//! Months that were not as expected, and who made them so.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::{Calendar, Course, PERIOD, Series};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_ANOMALIES;
use crate::error::Result;
use crate::stats::forecast::{Expected, expected};

/// A smaller share of the deviation of all sales is not listed.
const LEAST_CONTRIBUTION: f64 = 0.1;

struct Row {
    at: usize,
    place: usize,
    actual: i64,
    expected: Expected,
    contribution: Option<f64>,
    /// No month of the series was below nil, so no bound is.
    is_above_nil: bool,
}

impl Row {
    fn deviation(&self) -> f64 {
        self.actual as f64 - self.expected.value
    }

    fn low(&self) -> f64 {
        let low = self.expected.value - self.expected.half_widths[1];
        if self.is_above_nil { low.max(0.0) } else { low }
    }

    fn is_outside(&self) -> bool {
        self.deviation().abs() > self.expected.half_widths[1]
    }
}

/// One row per month and series outside its interval, or part of why all sales were outside theirs; and of how many months
/// of each series anything was expected.
pub(super) fn frame(
    course: &Course,
    series: &[Series<'_>],
    calendar: &Calendar,
    months: usize,
) -> Result<(DataFrame, Vec<usize>)> {
    let look = |(place, series): (usize, &Series<'_>)| -> Vec<Row> {
        let (first, net_sales) = series.complete_net_sales(course);
        let values: Vec<f64> = net_sales.iter().map(|net| *net as f64).collect();
        let is_above_nil = net_sales.iter().all(|net| *net >= 0);
        let row = |expected: Expected| {
            let at = expected.at;
            Row { at: first + at, place, actual: net_sales[at], expected, contribution: None, is_above_nil }
        };
        expected(&values, &calendar.causes(first), PERIOD, months).into_iter().map(row).collect()
    };
    let looked: Vec<Vec<Row>> = series.par_iter().enumerate().map(look).collect();
    let judged = looked.iter().map(Vec::len).collect();
    // The deviation of all sales by month, and whether it is outside.
    let mut of_all: Vec<Option<(f64, bool)>> = vec![None; course.len()];
    for row in looked.first().into_iter().flatten() {
        of_all[row.at] = Some((row.deviation(), row.is_outside()));
    }
    let mut rows: Vec<Row> = Vec::new();
    for mut row in looked.into_iter().flatten() {
        let all = of_all[row.at];
        row.contribution = all
            .filter(|(deviation, is_outside)| *is_outside && *deviation != 0.0)
            .map(|(deviation, _)| row.deviation() / deviation);
        if row.is_outside() || row.contribution.is_some_and(|share| share >= LEAST_CONTRIBUTION) {
            rows.push(row);
        }
    }
    // Series are in the order of dimension and value already.
    rows.sort_by_key(|row| (row.at, row.place));
    let names: Vec<String> = rows.iter().map(|row| month_name(course.months.start + row.at as i32)).collect();
    let whole = |value: &dyn Fn(&Row) -> f64| rows.iter().map(|row| value(row).round() as i64).collect::<Vec<i64>>();
    let score = |row: &Row| (row.expected.half_widths[1] > 0.0).then(|| row.deviation() / row.expected.half_widths[1]);
    let frame = FrameBuilder::new(&TREND_ANOMALIES)
        .text("period", names.iter().map(String::as_str))
        .text("dimension", rows.iter().map(|row| series[row.place].dimension))
        .text("value", rows.iter().map(|row| series[row.place].name))
        .whole("actual", rows.iter().map(|row| row.actual).collect())
        .whole("expected", whole(&|row| row.expected.value))
        .whole("low", whole(&Row::low))
        .whole("high", whole(&|row| row.expected.value + row.expected.half_widths[1]))
        .whole("deviation", rows.iter().map(|row| row.actual - row.expected.value.round() as i64).collect())
        .flag("is_outside", rows.iter().map(Row::is_outside).collect())
        .maybe_ratio("contribution", rows.iter().map(|row| row.contribution).collect())
        .maybe_whole("ramadan_days", rows.iter().map(|row| Some(calendar.days(row.at)?.ramadan)).collect())
        .maybe_ratio("score", rows.iter().map(score).collect())
        .finish()?;
    Ok((frame, judged))
}
