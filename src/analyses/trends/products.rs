//! Products that emerge, were launched, or fade.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::Course;
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_PRODUCTS;
use crate::error::Result;
use crate::facts::Facts;
use crate::stats::association::benjamini_hochberg;
use crate::stats::trend::{Trend, trend};

/// Fewest months a product is tested with.
const LEAST_MONTHS: usize = 8;
/// Share of false finds allowed.
const LEVEL: f64 = 0.1;
/// Months compared with as many before, and months in which a product counts as launched.
const RECENT: usize = 6;

/// What a product did.
struct Way {
    product: usize,
    first: usize,
    months: usize,
    trend: Option<Trend>,
    q_value: Option<f64>,
    revenue: i64,
    previous: i64,
    /// Change of its share of all revenue.
    change: f64,
}

impl Way {
    fn is_tested(&self) -> bool {
        self.months >= LEAST_MONTHS
    }

    fn kind(&self, course: &Course) -> Option<&'static str> {
        let is_clear = self.q_value.is_some_and(|q_value| q_value <= LEVEL);
        let slope = self.trend.map_or(0.0, |trend| trend.z);
        if is_clear && slope > 0.0 {
            Some("emerging")
        } else if is_clear && slope < 0.0 {
            Some("fading")
        } else if !self.is_tested() && self.months <= RECENT && self.first > course.complete.start && self.revenue > 0 {
            Some("launched")
        } else {
            None
        }
    }
}

/// One row per kind and rank.
pub(super) fn frame(facts: &Facts, course: &Course, most: usize) -> Result<DataFrame> {
    let complete = course.complete.clone();
    let recent = complete.end.saturating_sub(RECENT.min(complete.len() / 2))..complete.end;
    let earlier = recent.start - recent.len()..recent.start;
    let revenue = |product: usize, months: &std::ops::Range<usize>| -> i64 {
        course.product(product)[months.clone()].iter().map(|cell| cell.revenue).sum()
    };
    let all = |months: &std::ops::Range<usize>| {
        (0..facts.products.len()).map(|product| revenue(product, months)).sum::<i64>()
    };
    let [now, then] = [all(&recent), all(&earlier)].map(|sum| sum as f64);
    let part = |revenue: i64, all: f64| if all > 0.0 { revenue as f64 / all } else { 0.0 };
    let way = |product: usize| {
        let cells = course.product(product);
        let first = cells.iter().position(|cell| cell.units > 0).filter(|first| *first < complete.end)?;
        let from = first.max(complete.start);
        let values: Vec<f64> = cells[from..complete.end].iter().map(|cell| cell.revenue as f64).collect();
        let (revenue, previous) = (revenue(product, &recent), revenue(product, &earlier));
        let trend = trend(&values);
        let change = part(revenue, now) - part(previous, then);
        Some(Way { product, first, months: values.len(), trend, q_value: None, revenue, previous, change })
    };
    let mut ways: Vec<Way> = (0..facts.products.len()).into_par_iter().filter_map(way).collect();
    let tested: Vec<f64> =
        ways.iter().filter(|way| way.is_tested()).filter_map(|way| way.trend).map(|trend| trend.p_two_sided).collect();
    let mut q_values = benjamini_hochberg(&tested).into_iter();
    ways.iter_mut().filter(|way| way.is_tested()).for_each(|way| way.q_value = q_values.next());
    let rivals = Rivals::of(facts, &ways);
    let mut rows: Vec<(&'static str, usize, usize, &Way)> = Vec::new();
    for kind in ["emerging", "fading", "launched"] {
        let mut found: Vec<&Way> = ways.iter().filter(|way| way.kind(course) == Some(kind)).collect();
        let sign = if kind == "fading" { 1.0 } else { -1.0 };
        found.sort_by(|left, right| {
            (sign * left.change).total_cmp(&(sign * right.change)).then(left.product.cmp(&right.product))
        });
        let count = found.len();
        rows.extend(found.into_iter().take(most).enumerate().map(|(place, way)| (kind, place + 1, count, way)));
    }
    let maybe = |name: &'static str| {
        let value = |row: &(_, usize, usize, &Way)| {
            let row: &(&str, usize, usize, &Way) = row;
            Some(facts.products.text_at(name, row.3.product).to_string()).filter(|text| !text.is_empty())
        };
        rows.iter().map(value).collect::<Vec<Option<String>>>()
    };
    let names: Vec<String> = rows.iter().map(|row| month_name(course.months.start + row.3.first as i32)).collect();
    FrameBuilder::new(&TREND_PRODUCTS)
        .text("kind", rows.iter().map(|row| row.0))
        .whole("rank", rows.iter().map(|row| row.1 as i64).collect())
        .text("product_id", rows.iter().map(|row| facts.products.id(row.3.product)))
        .maybe_text("name", maybe("name"))
        .maybe_text("category", maybe("category"))
        .text("first_period", names.iter().map(String::as_str))
        .whole("n_months", rows.iter().map(|row| row.3.months as i64).collect())
        .maybe_whole("sen_slope", rows.iter().map(|row| row.3.trend.map(|trend| trend.slope.round() as i64)).collect())
        .maybe_ratio(
            "p_value",
            rows.iter().map(|row| row.3.trend.filter(|_| row.3.is_tested()).map(|trend| trend.p_two_sided)).collect(),
        )
        .maybe_ratio("q_value", rows.iter().map(|row| row.3.q_value).collect())
        .whole("revenue", rows.iter().map(|row| row.3.revenue).collect())
        .whole("previous_revenue", rows.iter().map(|row| row.3.previous).collect())
        .ratio("share_change", rows.iter().map(|row| row.3.change).collect())
        .maybe_text("taken_from", rows.iter().map(|row| rivals.of_way(facts, row.3).map(String::from)).collect())
        .whole("n_found", rows.iter().map(|row| row.2 as i64).collect())
        .finish()
}

/// Of each category, the product whose share fell most and the one whose share rose most; ties to the first.
struct Rivals {
    fell: Vec<Option<(f64, usize)>>,
    rose: Vec<Option<(f64, usize)>>,
}

impl Rivals {
    fn of(facts: &Facts, ways: &[Way]) -> Rivals {
        let count = facts.categories.values.len();
        let mut rivals = Rivals { fell: vec![None; count], rose: vec![None; count] };
        for way in ways {
            let category = facts.category[way.product] as usize;
            if way.change < rivals.fell[category].map_or(0.0, |(change, _)| change) {
                rivals.fell[category] = Some((way.change, way.product));
            }
            if way.change > rivals.rose[category].map_or(0.0, |(change, _)| change) {
                rivals.rose[category] = Some((way.change, way.product));
            }
        }
        rivals
    }

    fn of_way<'f>(&self, facts: &'f Facts, way: &Way) -> Option<&'f str> {
        let category = facts.category[way.product] as usize;
        if facts.categories.values[category].is_empty() || way.change == 0.0 {
            return None;
        }
        let (_, product) = if way.change > 0.0 { self.fell[category]? } else { self.rose[category]? };
        Some(facts.products.id(product))
    }
}
