//! The shared scan: each order's lines summed once, for every analysis that needs no more than the sums.

use rayon::prelude::*;

use super::{Lines, Orders, line_kind};

/// The sums of one order's lines, money in minor units.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderTotals {
    /// Quantity × price of what was sold.
    pub gross: i64,
    /// Discounts.
    pub discount: i64,
    /// What went back.
    pub returns: i64,
    /// Cost of the goods kept.
    pub cogs: i64,
    /// Gross − discount of the lines that were kept.
    pub kept: i64,
    /// Which of the first 64 categories it has: bit `c` for category `c`.
    pub categories: u64,
    /// Units sold.
    pub units: i32,
    /// Lines brought back or credited.
    pub n_returned: u16,
    /// Whether it counts as a sale: some line has a gross amount, or no line was accepted at all. An order whose
    /// every line is a credit or a gift is none.
    pub is_sale: bool,
}

impl OrderTotals {
    /// Net sales: gross − discount − returns.
    #[inline]
    pub fn net(&self) -> i64 {
        self.gross - self.discount - self.returns
    }
}

/// Sums the lines of every order. `unit_cost` and `category` are by product.
pub fn totals(orders: &Orders, lines: &Lines, unit_cost: &[Option<i64>], category: &[u32]) -> Vec<OrderTotals> {
    let line_costs = !lines.unit_cost.is_empty();
    let sum = |order: usize| {
        let range = orders.lines(order);
        let mut sums = OrderTotals { is_sale: range.is_empty(), ..OrderTotals::default() };
        for line in range {
            let product = lines.product[line] as usize;
            let gross = lines.gross(line);
            sums.is_sale |= gross > 0;
            sums.gross += gross;
            sums.discount += lines.discount(line);
            sums.returns += lines.returns(line);
            sums.units += lines.units(line) as i32;
            sums.categories |= 1_u64.checked_shl(category[product]).unwrap_or(0);
            if lines.kind[line] == line_kind::SALE {
                sums.kept += gross - lines.discount(line);
            } else {
                sums.n_returned = sums.n_returned.saturating_add(1);
            }
            if lines.kind[line] != line_kind::RETURNED {
                let own = if line_costs { lines.unit_cost[line] } else { None };
                sums.cogs += i64::from(lines.quantity[line]) * own.or(unit_cost[product]).unwrap_or(0);
            }
        }
        sums
    };
    (0..orders.len()).into_par_iter().with_min_len(4096).map(sum).collect()
}
