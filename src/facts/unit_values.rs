//! What one unit of a product sells for and costs: as the export of products says, else as it was sold.

use arrow::datatypes::Int64Type;

use super::{Dimension, Line, Lines, line_kind};

/// Price and cost of one unit of each product, minor units; `None` where neither products nor sales tell.
#[derive(Debug, Default)]
pub struct UnitValues {
    /// The list price, else what was paid for a unit on average, discounts taken off.
    pub prices: Vec<Option<i64>>,
    /// The unit cost, else what a unit that was sold cost on average, where lines have a cost.
    pub costs: Vec<Option<i64>>,
}

/// Sums over the lines that were sold and kept, by product; empty where the export of products tells everything.
#[derive(Debug)]
pub(super) struct Sold {
    listed: UnitValues,
    sums: Vec<Sums>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    units: i64,
    paid: i64,
    costed_units: i64,
    cost: i64,
}

impl Sold {
    pub(super) fn nothing(products: &Dimension) -> Sold {
        let prices = products.numbers::<Int64Type>("list_price");
        let costs = products.numbers::<Int64Type>("unit_cost");
        let missing = prices.iter().chain(&costs).any(Option::is_none);
        let sums = vec![Sums::default(); if missing { products.len() } else { 0 }];
        Sold { listed: UnitValues { prices, costs }, sums }
    }

    #[inline]
    pub(super) fn add(&mut self, line: &Line) {
        if self.sums.is_empty() || line.kind != line_kind::SALE {
            return;
        }
        let sums = &mut self.sums[line.product as usize];
        sums.units += line.units();
        sums.paid += line.gross() - line.sales_discount();
        if let Some(cost) = line.cost {
            sums.costed_units += line.units();
            sums.cost += cost;
        }
    }

    pub(super) fn add_all(&mut self, lines: &Lines) {
        if !self.sums.is_empty() {
            (0..lines.product.len()).for_each(|line| self.add(&lines.line(line)));
        }
    }

    pub(super) fn values(self) -> UnitValues {
        let Sold { listed: UnitValues { mut prices, mut costs }, sums } = self;
        for (product, sums) in sums.iter().enumerate() {
            prices[product] = prices[product].or_else(|| mean(sums.paid, sums.units));
            costs[product] = costs[product].or_else(|| mean(sums.cost, sums.costed_units));
        }
        UnitValues { prices, costs }
    }
}

/// Half away from zero.
fn mean(sum: i64, units: i64) -> Option<i64> {
    (units > 0).then(|| sum.signum() * ((2 * sum.abs() + units) / (2 * units)))
}
