//! The shared scan: each order's lines summed once, for every analysis that needs no more than the sums.

use arrow::datatypes::Int64Type;
use rayon::prelude::*;

use super::{Facts, Job, Line, Lines, Orders, line_kind};

/// The sums of one order's lines, money in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    /// Adds a line. Where it has no cost of its own, the product's standard cost of one unit counts.
    #[inline]
    pub(super) fn add(&mut self, line: &Line, unit_cost: Option<i64>, category: u32) {
        let gross = line.gross();
        self.is_sale |= gross > 0;
        self.gross += gross;
        self.discount += line.sales_discount();
        self.returns += line.returns();
        self.units += line.units() as i32;
        self.categories |= 1_u64.checked_shl(category).unwrap_or(0);
        if line_kind::went_back(line.kind) {
            self.n_returned = self.n_returned.saturating_add(1);
        } else {
            self.kept += gross - line.sales_discount();
        }
        if line.kind != line_kind::RETURNED {
            self.cogs += line.cost.unwrap_or_else(|| i64::from(line.quantity) * unit_cost.unwrap_or(0));
        }
    }

    /// Net sales: gross − discount − returns.
    #[inline]
    pub fn net(&self) -> i64 {
        self.gross - self.discount - self.returns
    }
}

/// What every analysis needs of each order's lines, where none needs more: a fifth of the memory of [`OrderTotals`].
#[derive(Debug, Default)]
pub struct Sales {
    /// Net sales, minor units.
    pub net: Vec<i64>,
    /// [`OrderTotals::is_sale`].
    pub is_sale: Vec<bool>,
    /// Whether some line was brought back or credited.
    pub has_returned: Vec<bool>,
}

impl Sales {
    /// Of orders without any line yet.
    pub(super) fn of(orders: usize) -> Sales {
        Sales { net: vec![0; orders], is_sale: vec![false; orders], has_returned: vec![false; orders] }
    }

    /// Adds a line of an order.
    #[inline]
    pub(super) fn add(&mut self, order: usize, line: &Line) {
        self.net[order] += line.gross() - line.sales_discount() - line.returns();
        self.is_sale[order] |= line.gross() > 0;
        self.has_returned[order] |= line_kind::went_back(line.kind);
    }
}

impl Facts {
    /// Net sales of an order, minor units.
    #[inline]
    pub fn net(&self, order: usize) -> i64 {
        self.totals.get(order).map_or_else(|| self.sales.net[order], OrderTotals::net)
    }

    /// Whether an order counts as a sale.
    #[inline]
    pub fn is_sale(&self, order: usize) -> bool {
        self.totals.get(order).map_or_else(|| self.sales.is_sale[order], |totals| totals.is_sale)
    }

    /// Whether some line of an order was brought back or credited.
    #[inline]
    pub fn has_returned(&self, order: usize) -> bool {
        self.totals.get(order).map_or_else(|| self.sales.has_returned[order], |totals| totals.n_returned > 0)
    }
}

impl Facts {
    /// Prices of the products chosen times `above ÷ below`, discounts with them, costs as they are; lines of credits, too.
    pub fn reprice(&mut self, chosen: &[bool], above: i64, below: i64) {
        let scaled = |amount: i64| {
            let (exact, below) = (i128::from(amount) * i128::from(above), i128::from(below.max(1)));
            (exact.signum() * ((2 * exact.abs() + below) / (2 * below))) as i64
        };
        for (line, _) in self.lines.product.iter().enumerate().filter(|(_, product)| chosen[**product as usize]) {
            self.lines.amount[line] = scaled(self.lines.amount[line]);
            self.lines.discount[line] = scaled(self.lines.discount[line]);
        }
        let unit_cost = self.products.numbers::<Int64Type>("unit_cost");
        self.totals = totals(&self.orders, &self.lines, &unit_cost, &self.category);
        // Lines hold what their jobs took, and the totals of those brought back nothing yet.
        for job in self.jobs.iter_mut().filter(|job| job.came_back || job.line.is_none()) {
            job.counted_cost = job.standard_cost;
        }
    }

    /// The lines of an order that were made to order.
    #[inline]
    pub fn jobs_of(&self, order: usize) -> &[Job] {
        if self.jobs.is_empty() {
            return &[];
        }
        let jobs = &self.jobs[self.jobs.partition_point(|job| (job.order as usize) < order)..];
        &jobs[..jobs.partition_point(|job| job.order as usize == order)]
    }

    /// Puts what lines made to order took, one cost a job, in the place of what they counted at in the totals and the
    /// lines: whoever asks for the cost of goods gets the same one.
    pub fn cost_jobs(&mut self, costs: &[i64]) {
        let Facts { jobs, totals, lines, orders, .. } = self;
        if !lines.product.is_empty() && lines.cost.is_empty() {
            lines.cost = vec![None; lines.product.len()];
        }
        let mut next = (0, 0);
        for (job, cost) in jobs.iter_mut().zip(costs) {
            let order = job.order as usize;
            if let Some(totals) = totals.get_mut(order) {
                totals.cogs += cost - job.counted_cost;
                job.counted_cost = *cost;
            }
            // Jobs and lines are both in the order of their numbers.
            let of_order = orders.lines(order);
            let from = if next.0 == order { next.1 } else { of_order.start };
            let is_of_job =
                |line: &usize| lines.product[*line] == job.product && i64::from(lines.quantity[*line]) == job.quantity;
            if let Some(line) = (from..of_order.end.min(lines.quantity.len())).find(is_of_job) {
                lines.cost[line] = Some(*cost);
                job.line = Some(line as u32);
                next = (order, line + 1);
            }
        }
    }
}

/// Sums the lines of every order. `unit_cost` and `category` are by product.
pub fn totals(orders: &Orders, lines: &Lines, unit_cost: &[Option<i64>], category: &[u32]) -> Vec<OrderTotals> {
    let sum = |order: usize| {
        let range = orders.lines(order);
        let mut sums = OrderTotals { is_sale: range.is_empty(), ..OrderTotals::default() };
        for line in range.map(|line| lines.line(line)) {
            let product = line.product as usize;
            sums.add(&line, unit_cost[product], category[product]);
        }
        sums
    };
    (0..orders.len()).into_par_iter().with_min_len(4096).map(sum).collect()
}
