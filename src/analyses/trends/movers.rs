//! What rose and fell most in the last complete month.

use polars::prelude::DataFrame;

use super::{Course, ProductMonth, Series, before, share};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_MOVERS;
use crate::error::Result;
use crate::facts::Facts;

/// A value in the last complete month and in the months it is compared with, where these are complete too.
#[derive(Clone, Copy)]
struct Candidate {
    value: usize,
    net_sales: i64,
    previous: Option<i64>,
    last_year: Option<i64>,
}

struct Row {
    dimension: &'static str,
    comparison: &'static str,
    direction: &'static str,
    rank: usize,
    base_at: usize,
    base: i64,
    change: i64,
    moved: usize,
    candidate: Candidate,
}

/// One row per dimension, comparison, direction and rank.
pub(super) fn frame(facts: &Facts, course: &Course, series: &[Series<'_>], most: usize) -> Result<DataFrame> {
    let mut rows: Vec<Row> = Vec::new();
    let last = course.complete.end.saturating_sub(1);
    if !course.complete.is_empty() {
        for (dimension, candidates) in candidates(facts, course, series, last) {
            for (comparison, back) in [("previous_month", 1), ("last_year", 12)] {
                if let Some(base_at) = complete_before(course, last, back) {
                    rank(dimension, comparison, base_at, &candidates, most, &mut rows);
                }
            }
        }
    }
    let period = month_name(course.months.start + last as i32);
    let base_periods: Vec<String> =
        rows.iter().map(|row| month_name(course.months.start + row.base_at as i32)).collect();
    let (ids, names): (Vec<&str>, Vec<&str>) = rows.iter().map(|row| id_and_name(facts, row)).unzip();
    let column = |value: &dyn Fn(&Row) -> i64| rows.iter().map(value).collect::<Vec<i64>>();
    FrameBuilder::new(&TREND_MOVERS)
        .text("dimension", rows.iter().map(|row| row.dimension))
        .text("comparison", rows.iter().map(|row| row.comparison))
        .text("direction", rows.iter().map(|row| row.direction))
        .whole("rank", column(&|row| row.rank as i64))
        .text("value", ids)
        .text("name", names)
        .text("period", rows.iter().map(|_| period.as_str()))
        .text("base_period", base_periods.iter().map(String::as_str))
        .whole("net_sales", column(&|row| row.candidate.net_sales))
        .whole("base_net_sales", column(&|row| row.base))
        .whole("change", column(&|row| row.change))
        .maybe_ratio("change_ratio", rows.iter().map(|row| share(row.change, row.base)).collect())
        .maybe_whole("previous_net_sales", rows.iter().map(|row| row.candidate.previous).collect())
        .maybe_whole("last_year_net_sales", rows.iter().map(|row| row.candidate.last_year).collect())
        .whole("n_moved", column(&|row| row.moved as i64))
        .finish()
}

/// The month `back` months before, where it is complete.
fn complete_before(course: &Course, at: usize, back: usize) -> Option<usize> {
    before(at, back).filter(|base| !course.is_partial(*base))
}

fn candidates(
    facts: &Facts,
    course: &Course,
    series: &[Series<'_>],
    last: usize,
) -> [(&'static str, Vec<Candidate>); 3] {
    let candidate = |value: usize, net_sales: &dyn Fn(usize) -> i64| Candidate {
        value,
        net_sales: net_sales(last),
        previous: complete_before(course, last, 1).map(net_sales),
        last_year: complete_before(course, last, 12).map(net_sales),
    };
    let of_dimension = |dimension: &str| {
        let in_dimension = series.iter().filter(|series| series.dimension == dimension);
        in_dimension
            .map(|series| candidate(series.value, &|at| series.grid.at(at, series.value).net_sales()))
            .collect::<Vec<Candidate>>()
    };
    let products = (0..facts.products.len())
        .map(|product| candidate(product, &|at| ProductMonth::net_sales(&course.product(product)[at])))
        .collect();
    [("branch", of_dimension("branch")), ("category", of_dimension("category")), ("product", products)]
}

/// Adds the largest changes, up then down; ties by value.
fn rank(
    dimension: &'static str,
    comparison: &'static str,
    base_at: usize,
    candidates: &[Candidate],
    most: usize,
    rows: &mut Vec<Row>,
) {
    let base = |candidate: &Candidate| {
        let base = if comparison == "previous_month" { candidate.previous } else { candidate.last_year };
        base.unwrap_or_default()
    };
    for (direction, sign) in [("up", 1), ("down", -1)] {
        let change = |candidate: &Candidate| candidate.net_sales - base(candidate);
        let mut moved: Vec<&Candidate> = candidates.iter().filter(|candidate| sign * change(candidate) > 0).collect();
        moved.sort_unstable_by_key(|candidate| (-sign * change(candidate), candidate.value));
        rows.extend(moved.iter().take(most).enumerate().map(|(place, candidate)| Row {
            dimension,
            comparison,
            direction,
            rank: place + 1,
            base_at,
            base: base(candidate),
            change: change(candidate),
            moved: moved.len(),
            candidate: **candidate,
        }));
    }
}

/// The id of a mover, and what people call it.
fn id_and_name<'f>(facts: &'f Facts, row: &Row) -> (&'f str, &'f str) {
    let value = row.candidate.value;
    let named = |id: &'f str, name: &'f str| (id, if name.is_empty() { id } else { name });
    match row.dimension {
        "product" => named(facts.products.id(value), facts.products.text_at("name", value)),
        "branch" => {
            let id = facts.orders.branches.values[value].as_str();
            named(id, facts.branches.find(id).map_or("", |branch| facts.branches.text_at("name", branch)))
        }
        _ => named(&facts.categories.values[value], ""),
    }
}
