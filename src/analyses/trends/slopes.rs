//! Where each series goes, whether that is more than chance, what comes back every year, and when the level changed.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::{Course, PERIOD, Series, share};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::{TREND_CHANGES, TREND_SEASONS, TREND_SLOPES};
use crate::error::Result;
use crate::stats::association::benjamini_hochberg;
use crate::stats::change_point::{ChangePoint, change_points, pettitt};
use crate::stats::forecast::{Seasons, is_seasonal, seasonal_strength};
use crate::stats::trend::{Trend, trend};

/// Changes less clear than this are not looked for.
const CHANGE_LEVEL: f64 = 0.05;

/// What one series does.
struct Way {
    /// Place of its first month, and its months.
    first: usize,
    net_sales: Vec<i64>,
    trend: Option<Trend>,
    gross_trend: Option<Trend>,
    strength: Option<f64>,
    is_seasonal: bool,
    /// By month of the year, January first.
    seasons: Option<Vec<f64>>,
    changes: Vec<ChangePoint>,
    /// The p-value of the clearest change, significant or not.
    change_p: Option<f64>,
}

impl Way {
    fn of(course: &Course, series: &Series<'_>) -> Way {
        let (first, net_sales) = series.complete_net_sales(course);
        let values: Vec<f64> = net_sales.iter().map(|net| *net as f64).collect();
        let gross = first..first + values.len();
        let gross: Vec<f64> = gross.map(|at| series.grid.at(at, series.value).gross_sales as f64).collect();
        let without_seasons = Seasons::tested(&values, PERIOD).remove_all(&values);
        Way {
            first,
            trend: trend(&values),
            gross_trend: trend(&gross),
            strength: seasonal_strength(&values, PERIOD),
            is_seasonal: is_seasonal(&values, PERIOD),
            seasons: by_month_of_year(course, first, &values),
            changes: change_points(&without_seasons, CHANGE_LEVEL),
            change_p: pettitt(&without_seasons).map(|(_, p_value)| p_value),
            net_sales,
        }
    }
}

/// Shares of an average month, January first; nothing with two years or less or where the average is not above nil.
fn by_month_of_year(course: &Course, first: usize, values: &[f64]) -> Option<Vec<f64>> {
    if values.len() <= 2 * PERIOD {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let share = |place: usize, seasons: &Seasons| match seasons {
        Seasons::None => 1.0,
        Seasons::Factors(factors) => factors[place],
        Seasons::Terms(terms) => 1.0 + terms[place] / mean,
    };
    let seasons = Seasons::shrunk(values, PERIOD);
    let january = (course.months.start + first as i32).rem_euclid(PERIOD as i32) as usize;
    (mean > 0.0).then(|| (0..PERIOD).map(|month| share((month + PERIOD - january) % PERIOD, &seasons)).collect())
}

/// Slopes by series, seasons by series and month of the year, changes by series and month.
pub(super) fn frames(course: &Course, series: &[Series<'_>]) -> Result<[DataFrame; 3]> {
    let ways: Vec<Way> = series.par_iter().map(|series| Way::of(course, series)).collect();
    Ok([slopes(course, series, &ways)?, seasons(course, series, &ways)?, changes(course, series, &ways)?])
}

fn slopes(course: &Course, series: &[Series<'_>], ways: &[Way]) -> Result<DataFrame> {
    let tested: Vec<f64> = ways.iter().filter_map(|way| way.trend).map(|trend| trend.p_two_sided).collect();
    let mut q_values = benjamini_hochberg(&tested).into_iter();
    let name = |at: usize| month_name(course.months.start + at as i32);
    let edge = |place: fn(&Way) -> usize| {
        ways.iter().map(|way| (!way.net_sales.is_empty()).then(|| name(place(way)))).collect::<Vec<Option<String>>>()
    };
    let ratio = |value: fn(&Trend) -> f64| ways.iter().map(|way| way.trend.as_ref().map(value)).collect();
    FrameBuilder::new(&TREND_SLOPES)
        .text("dimension", series.iter().map(|series| series.dimension))
        .text("value", series.iter().map(|series| series.name))
        .whole("n_months", ways.iter().map(|way| way.net_sales.len() as i64).collect())
        .maybe_text("first_period", edge(|way| way.first))
        .maybe_text("last_period", edge(|way| way.first + way.net_sales.len() - 1))
        .maybe_whole("sen_slope", ways.iter().map(|way| way.trend.map(|trend| trend.slope.round() as i64)).collect())
        .maybe_ratio("mk_z", ratio(|trend| trend.z))
        .maybe_ratio("p_value", ratio(|trend| trend.p_two_sided))
        .maybe_ratio("q_value", ways.iter().map(|way| way.trend.and_then(|_| q_values.next())).collect())
        .maybe_whole(
            "gross_sen_slope",
            ways.iter().map(|way| way.gross_trend.map(|trend| trend.slope.round() as i64)).collect(),
        )
        .maybe_ratio("gross_mk_z", ways.iter().map(|way| way.gross_trend.map(|trend| trend.z)).collect())
        .maybe_ratio("gross_p_value", ways.iter().map(|way| way.gross_trend.map(|trend| trend.p_two_sided)).collect())
        .maybe_ratio("seasonal_strength", ways.iter().map(|way| way.strength).collect())
        .flag("is_seasonal", ways.iter().map(|way| way.is_seasonal).collect())
        .whole("n_changes", ways.iter().map(|way| way.changes.len() as i64).collect())
        .maybe_text(
            "last_change",
            ways.iter().map(|way| way.changes.last().map(|point| name(way.first + point.at))).collect(),
        )
        .finish()
}

fn seasons(course: &Course, series: &[Series<'_>], ways: &[Way]) -> Result<DataFrame> {
    let mut rows: Vec<(usize, usize, f64, i64)> = Vec::new();
    for (place, way) in ways.iter().enumerate() {
        for (month, index) in way.seasons.iter().flatten().enumerate() {
            let is_named =
                |at: &usize| (course.months.start + (way.first + at) as i32).rem_euclid(12) as usize == month;
            rows.push((place, month + 1, *index, (0..way.net_sales.len()).filter(is_named).count() as i64));
        }
    }
    FrameBuilder::new(&TREND_SEASONS)
        .text("dimension", rows.iter().map(|row| series[row.0].dimension))
        .text("value", rows.iter().map(|row| series[row.0].name))
        .whole("month_of_year", rows.iter().map(|row| row.1 as i64).collect())
        .ratio("index", rows.iter().map(|row| row.2).collect())
        .whole("n_years", rows.iter().map(|row| row.3).collect())
        .finish()
}

/// One change of one series.
struct Change {
    place: usize,
    point: ChangePoint,
    before: i64,
    after: i64,
}

fn changes(course: &Course, series: &[Series<'_>], ways: &[Way]) -> Result<DataFrame> {
    let mut rows: Vec<Change> = Vec::new();
    // Every first test counts as one, and every change found inside a stretch as another.
    let mut tested: Vec<f64> = Vec::new();
    let mut tests: Vec<usize> = Vec::new();
    for (place, way) in ways.iter().enumerate() {
        let first_test = tested.len();
        tested.extend(way.change_p);
        let edges: Vec<usize> = way.changes.iter().map(|point| point.at).chain([way.net_sales.len()]).collect();
        let mut from = 0;
        for (number, point) in way.changes.iter().enumerate() {
            let (before, after) = (&way.net_sales[from..point.at], &way.net_sales[point.at..edges[number + 1]]);
            rows.push(Change { place, point: *point, before: median(before), after: median(after) });
            from = point.at;
            if (point.from, point.to) == (0, way.net_sales.len()) {
                tests.push(first_test);
            } else {
                tests.push(tested.len());
                tested.push(point.p_value);
            }
        }
    }
    let q_values = benjamini_hochberg(&tested);
    let name = |row: &Change| month_name(course.months.start + (ways[row.place].first + row.point.at) as i32);
    let names: Vec<String> = rows.iter().map(name).collect();
    FrameBuilder::new(&TREND_CHANGES)
        .text("dimension", rows.iter().map(|row| series[row.place].dimension))
        .text("value", rows.iter().map(|row| series[row.place].name))
        .text("period", names.iter().map(String::as_str))
        .whole("before", rows.iter().map(|row| row.before).collect())
        .whole("after", rows.iter().map(|row| row.after).collect())
        .maybe_ratio("change_ratio", rows.iter().map(|row| share(row.after - row.before, row.before)).collect())
        .ratio("p_value", rows.iter().map(|row| row.point.p_value).collect())
        .ratio("q_value", tests.iter().map(|test| q_values[*test]).collect())
        .finish()
}

/// The middle value, of an even count the lower of the two.
fn median(values: &[i64]) -> i64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}
