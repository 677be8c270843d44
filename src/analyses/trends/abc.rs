//! What each product is worth and how evenly it sells.

use std::ops::Range;

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::{Course, share};
use crate::analyses::frame::FrameBuilder;
use crate::contracts::results::TREND_ABC;
use crate::error::Result;
use crate::facts::Facts;

/// Shares of the revenue, in per cent, that A and B end with.
const EDGES: [(i128, &str); 2] = [(80, "A"), (95, "B")];
/// Variations that X and Y end with.
const VARIATIONS: [(f64, &str); 2] = [(0.5, "X"), (1.0, "Y")];
/// Fewest months a variation says something with.
const LEAST_MONTHS: usize = 3;

/// One product.
struct Row {
    product: usize,
    revenue: i64,
    /// Revenue of those before it.
    before: i64,
    abc: Option<&'static str>,
    units: i64,
    months: usize,
    variation: Option<f64>,
    previous: Option<(i64, Option<&'static str>)>,
}

impl Row {
    fn movement(&self) -> Option<&'static str> {
        let (_, previous) = self.previous?;
        Some(match (previous, self.abc) {
            (None, _) => "new",
            (_, None) => "gone",
            // A sorts before B.
            (Some(previous), Some(now)) => match now.cmp(previous) {
                std::cmp::Ordering::Less => "up",
                std::cmp::Ordering::Equal => "same",
                std::cmp::Ordering::Greater => "down",
            },
        })
    }

    fn xyz(&self) -> Option<&'static str> {
        let variation = self.variation?;
        Some(VARIATIONS.iter().find(|(most, _)| variation <= *most).map_or("Z", |(_, class)| class))
    }
}

/// One row per product sold in the months or in as many before; `months` 0 takes every month, partial ones too.
pub(super) fn frame(facts: &Facts, course: &Course, months: usize) -> Result<DataFrame> {
    let window = match months {
        0 => 0..course.len(),
        _ => course.complete.end.saturating_sub(months).max(course.complete.start)..course.complete.end,
    };
    let earlier = window.start.checked_sub(window.len()).filter(|start| *start >= course.complete.start && months > 0);
    let earlier = earlier.map(|start| start..window.start);
    let now = classes(facts, course, &window);
    let before = earlier.as_ref().map(|earlier| classes(facts, course, earlier));
    let total: i64 = now.iter().map(|class| class.revenue).sum();
    let row = |product: usize| {
        let class = &now[product];
        let previous = before.as_ref().map(|before| (before[product].revenue, before[product].abc));
        let (units, months, variation) = evenness(course, product, &window);
        let row = Row {
            product,
            revenue: class.revenue,
            before: class.before,
            abc: class.abc,
            units,
            months,
            variation,
            previous,
        };
        (row.abc.is_some() || previous.is_some_and(|(_, abc)| abc.is_some())).then_some(row)
    };
    let mut rows: Vec<Row> = (0..facts.products.len()).into_par_iter().filter_map(row).collect();
    rows.sort_unstable_by_key(|row| (-row.revenue, row.product));
    let text = |value: Option<&'static str>| value.map(String::from);
    let maybe = |name: &'static str| {
        let value =
            |row: &Row| Some(facts.products.text_at(name, row.product).to_string()).filter(|text| !text.is_empty());
        rows.iter().map(value).collect::<Vec<Option<String>>>()
    };
    FrameBuilder::new(&TREND_ABC)
        .text("product_id", rows.iter().map(|row| facts.products.id(row.product)))
        .maybe_text("name", maybe("name"))
        .maybe_text("category", maybe("category"))
        .whole("rank", (1..=rows.len() as i64).collect())
        .whole("revenue", rows.iter().map(|row| row.revenue).collect())
        .maybe_ratio("share", rows.iter().map(|row| share(row.revenue, total)).collect())
        .maybe_ratio(
            "cumulative_share",
            rows.iter().map(|row| row.abc.and_then(|_| share(row.before + row.revenue, total))).collect(),
        )
        .maybe_text("abc", rows.iter().map(|row| text(row.abc)).collect())
        .whole("units", rows.iter().map(|row| row.units).collect())
        .whole("n_months", rows.iter().map(|row| row.months as i64).collect())
        .maybe_ratio("variation", rows.iter().map(|row| row.variation).collect())
        .maybe_text("xyz", rows.iter().map(|row| text(row.xyz())).collect())
        .maybe_whole("previous_revenue", rows.iter().map(|row| row.previous.map(|(revenue, _)| revenue)).collect())
        .maybe_text("previous_abc", rows.iter().map(|row| text(row.previous.and_then(|(_, abc)| abc))).collect())
        .maybe_text("move", rows.iter().map(|row| text(row.movement())).collect())
        .finish()
}

#[derive(Clone, Copy, Default)]
struct Class {
    revenue: i64,
    before: i64,
    abc: Option<&'static str>,
}

/// By product: its revenue in the months, that of the products before it, and its class; ties by product.
fn classes(facts: &Facts, course: &Course, months: &Range<usize>) -> Vec<Class> {
    let mut classes = vec![Class::default(); facts.products.len()];
    let mut order: Vec<(i64, usize)> = Vec::new();
    for product in 0..facts.products.len() {
        let cells = &course.product(product)[months.clone()];
        if cells.iter().any(|cell| cell.units > 0) {
            order.push((-cells.iter().map(|cell| cell.revenue).sum::<i64>(), product));
        }
    }
    order.sort_unstable();
    let total: i128 = order.iter().map(|(revenue, _)| -i128::from(*revenue)).sum();
    let mut before = 0;
    for (revenue, product) in order {
        let class =
            EDGES.iter().find(|(edge, _)| i128::from(before) * 100 < edge * total).map_or("C", |(_, class)| class);
        classes[product] = Class { revenue: -revenue, before, abc: Some(class) };
        before -= revenue;
    }
    classes
}

/// Units, months from the first sale on, and standard deviation / mean of their units.
fn evenness(course: &Course, product: usize, months: &Range<usize>) -> (i64, usize, Option<f64>) {
    let cells = &course.product(product)[months.clone()];
    let silent = cells.iter().take_while(|cell| cell.units == 0).count();
    // What sold before the window did not begin inside it.
    let is_old = course.product(product)[..months.start].iter().any(|cell| cell.units > 0);
    let units: Vec<i64> = cells[if is_old { 0 } else { silent }..].iter().map(|cell| cell.units).collect();
    let sum: i64 = units.iter().sum();
    let mean = sum as f64 / units.len().max(1) as f64;
    let square = units.iter().map(|units| (*units as f64 - mean).powi(2)).sum::<f64>() / units.len().max(1) as f64;
    (sum, units.len(), (units.len() >= LEAST_MONTHS && mean > 0.0).then(|| square.sqrt() / mean))
}
