//! Price, volume, mix, new and lost: why two months differ.

use polars::prelude::DataFrame;

use super::{Course, Series};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_BRIDGE;
use crate::error::Result;
use crate::facts::Facts;

/// What the products of one group sold in two months, lines kept only. Money in minor units.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bridge {
    /// Revenue of the base month.
    pub base_revenue: i64,
    /// Revenue of the month.
    pub revenue: i64,
    /// Units of the base month, products of both.
    pub common_base_units: i64,
    /// Units of the month, products of both.
    pub common_units: i64,
    /// Revenue of the base month, products of both.
    pub common_base_revenue: i64,
    /// Revenue of the month, products of both.
    pub common_revenue: i64,
    /// What the month's units of the products of both would have brought at base unit revenue.
    pub at_base_prices: f64,
    /// Revenue of products not sold in the base month.
    pub new: i64,
    /// Base revenue of products not sold in the month.
    pub lost: i64,
    /// Products sold in both months, in the month alone, in the base month alone.
    pub products: [i64; 3],
}

impl Bridge {
    /// Nothing was sold in either month.
    pub fn is_empty(&self) -> bool {
        self.products == [0; 3]
    }

    /// Price, volume and mix before rounding; nothing without products of both.
    pub fn exact(&self) -> Option<[f64; 3]> {
        let base_average = self.common_base_revenue as f64 / self.common_base_units as f64;
        (self.products[0] > 0).then(|| {
            [
                self.common_revenue as f64 - self.at_base_prices,
                (self.common_units - self.common_base_units) as f64 * base_average,
                self.at_base_prices - self.common_units as f64 * base_average,
            ]
        })
    }

    /// Price, volume and mix in whole minor units: with new − lost they are the difference exactly. Price and volume
    /// are rounded, mix is the rest.
    pub fn whole(&self) -> [i64; 3] {
        let [price, volume] = self.exact().map_or([0; 2], |exact| [exact[0].round() as i64, exact[1].round() as i64]);
        [price, volume, self.common_revenue - self.common_base_revenue - price - volume]
    }

    #[inline]
    fn add(&mut self, base: (i64, i64), now: (i64, i64)) {
        self.base_revenue += base.1;
        self.revenue += now.1;
        match (base.0 > 0, now.0 > 0) {
            (true, true) => {
                self.common_base_units += base.0;
                self.common_units += now.0;
                self.common_base_revenue += base.1;
                self.common_revenue += now.1;
                self.at_base_prices += base.1 as f64 / base.0 as f64 * now.0 as f64;
                self.products[0] += 1;
            }
            (false, true) => {
                self.new += now.1;
                self.products[1] += 1;
            }
            (true, false) => {
                self.lost += base.1;
                self.products[2] += 1;
            }
            (false, false) => {}
        }
    }
}

/// The bridge of each month from the one `back` months before it, by month (from the first that has one), then group.
/// Products are added in their order, so the sums do not depend on threads.
pub fn bridges(course: &Course, group_of: &[u32], groups: usize, back: usize) -> Vec<Bridge> {
    let mut bridges = vec![Bridge::default(); course.len().saturating_sub(back) * groups];
    for (product, group) in group_of.iter().enumerate() {
        let months = course.product(product);
        for (place, pair) in months.windows(back + 1).enumerate() {
            let (base, now) = (pair[0], pair[back]);
            if base.units > 0 || now.units > 0 {
                bridges[place * groups + *group as usize].add((base.units, base.revenue), (now.units, now.revenue));
            }
        }
    }
    bridges
}

struct Row<'s> {
    at: usize,
    base: usize,
    dimension: &'static str,
    value: &'s str,
    bridge: Bridge,
}

/// One row per month, base month and group.
pub(super) fn frame(facts: &Facts, course: &Course, series: &[Series<'_>]) -> Result<DataFrame> {
    let one_group = vec![0; facts.products.len()];
    let (month_before, year_before) = (bridges(course, &one_group, 1, 1), bridges(course, &one_group, 1, 12));
    let width = course.category.width;
    let by_category = bridges(course, &facts.category, width, 12);
    let mut rows: Vec<Row<'_>> = Vec::new();
    for at in 1..course.len() {
        if at >= 12 {
            let base = at - 12;
            rows.push(Row { at, base, dimension: "all", value: "all", bridge: year_before[base] });
            for category in series.iter().filter(|series| series.dimension == "category") {
                let bridge = by_category[base * width + category.value];
                rows.push(Row { at, base, dimension: "category", value: category.name, bridge });
            }
        }
        rows.push(Row { at, base: at - 1, dimension: "all", value: "all", bridge: month_before[at - 1] });
    }
    let names: Vec<String> = course.months.clone().map(month_name).collect();
    let column = |value: &dyn Fn(&Bridge) -> i64| rows.iter().map(|row| value(&row.bridge)).collect::<Vec<i64>>();
    FrameBuilder::new(&TREND_BRIDGE)
        .text("period", rows.iter().map(|row| names[row.at].as_str()))
        .text("base_period", rows.iter().map(|row| names[row.base].as_str()))
        .text("dimension", rows.iter().map(|row| row.dimension))
        .text("value", rows.iter().map(|row| row.value))
        .flag("is_partial", rows.iter().map(|row| course.is_partial(row.at) || course.is_partial(row.base)).collect())
        .whole("rev0", column(&|bridge| bridge.base_revenue))
        .whole("rev1", column(&|bridge| bridge.revenue))
        .whole("price", column(&|bridge| bridge.whole()[0]))
        .whole("volume", column(&|bridge| bridge.whole()[1]))
        .whole("mix", column(&|bridge| bridge.whole()[2]))
        .whole("new", column(&|bridge| bridge.new))
        .whole("lost", column(&|bridge| -bridge.lost))
        .whole("products_both", column(&|bridge| bridge.products[0]))
        .whole("products_new", column(&|bridge| bridge.products[1]))
        .whole("products_lost", column(&|bridge| bridge.products[2]))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_difference() {
        let mut bridge = Bridge::default();
        bridge.add((3, 1000), (7, 2500));
        bridge.add((7, 333), (1, 50));
        bridge.add((0, 0), (2, 99));
        bridge.add((4, 77), (0, 0));
        let [price, volume, mix] = bridge.whole();
        assert_eq!(price + volume + mix + bridge.new - bridge.lost, bridge.revenue - bridge.base_revenue);
        // 2550 − (1000/3 × 7 + 333/7), −2 units × 1333/10, the rest.
        assert_eq!([price, volume, mix], [169, -267, 1315]);
        assert_eq!(bridge.products, [2, 1, 1]);
    }
}
