//! Why two months differ, by who bought: customers gained and lost, and how often and how much each bought.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::{Course, PERIOD, Series};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::{TREND_BASKET_BRIDGE, TREND_CUSTOMER_BRIDGE};
use crate::error::Result;
use crate::facts::Facts;

/// How many months back months are compared with.
const BACKS: [usize; 2] = [1, PERIOD];

/// Net sales of two months by what became of their customers. Money in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Movement {
    /// Changes: new, reactivated, retained, lost, others.
    pub change: [i64; 5],
    /// Customers: new, reactivated, retained, lost.
    pub customers: [i64; 4],
}

/// Sales to known customers in a month: gross − discounts, and orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Known {
    sales: i64,
    orders: i64,
}

/// What one pass over the orders finds.
struct Tally {
    months: usize,
    branches: usize,
    /// By `BACKS`, then month.
    movements: Vec<Movement>,
    /// By branch, then month.
    known: Vec<Known>,
}

impl Tally {
    fn new(facts: &Facts, months: usize) -> Tally {
        let branches = facts.orders.branches.values.len();
        Tally {
            months,
            branches,
            movements: vec![Movement::default(); BACKS.len() * months],
            known: vec![Known::default(); branches * months],
        }
    }

    /// Adds a customer. `net` and `bought` are scratch by month, left clean.
    fn add(&mut self, facts: &Facts, course: &Course, customer: usize, net: &mut [i64], bought: &mut [bool]) {
        let orders = facts.orders_of(customer);
        let place = |order: usize| (facts.orders.month[order] - course.months.start) as usize;
        let Some((first_row, last_row)) = orders.clone().next().zip(orders.clone().next_back()) else { return };
        let (first_row, last_row) = (place(first_row), place(last_row));
        let mut first_sale = None;
        for order in orders {
            let totals = &facts.totals[order];
            let at = place(order);
            net[at] += totals.net();
            if totals.is_sale && facts.orders.n_lines[order] > 0 {
                bought[at] = true;
                first_sale.get_or_insert(at);
                let known = &mut self.known[facts.orders.branch[order] as usize * self.months + at];
                known.sales += totals.gross - totals.discount;
                known.orders += 1;
            }
        }
        for (number, back) in BACKS.into_iter().enumerate() {
            for at in first_row.max(back)..(last_row + back + 1).min(self.months) {
                let base = at - back;
                let change = net[at] - net[base];
                let kind = match (bought[base], bought[at]) {
                    (true, true) => 2,
                    (true, false) => 3,
                    (false, true) => usize::from(first_sale.is_some_and(|first| first < base)),
                    (false, false) if change == 0 => continue,
                    (false, false) => 4,
                };
                let movement = &mut self.movements[number * self.months + at];
                movement.change[kind] += change;
                if kind < 4 {
                    movement.customers[kind] += 1;
                }
            }
        }
        net[first_row..=last_row].fill(0);
        bought[first_row..=last_row].fill(false);
    }

    fn merge(mut self, other: Tally) -> Tally {
        for (movement, other) in self.movements.iter_mut().zip(&other.movements) {
            movement.change.iter_mut().zip(other.change).for_each(|(change, other)| *change += other);
            movement.customers.iter_mut().zip(other.customers).for_each(|(count, other)| *count += other);
        }
        for (known, other) in self.known.iter_mut().zip(&other.known) {
            known.sales += other.sales;
            known.orders += other.orders;
        }
        self
    }
}

/// One row per month and base month; and one per these, dimension and value.
pub(super) fn frames(facts: &Facts, course: &Course, series: &[Series<'_>]) -> Result<[DataFrame; 2]> {
    const CUSTOMERS: usize = 4096;
    let months = course.len();
    let read = |part: usize| {
        let mut tally = Tally::new(facts, months);
        let (mut net, mut bought) = (vec![0; months], vec![false; months]);
        for customer in part * CUSTOMERS..((part + 1) * CUSTOMERS).min(facts.customers.len()) {
            tally.add(facts, course, customer, &mut net, &mut bought);
        }
        tally
    };
    let parts = facts.customers.len().div_ceil(CUSTOMERS);
    let tally = (0..parts)
        .into_par_iter()
        .fold(|| Tally::new(facts, months), |sum, part| sum.merge(read(part)))
        .reduce(|| Tally::new(facts, months), Tally::merge);
    Ok([customer_frame(facts, course, &tally)?, basket_frame(course, series, &tally)?])
}

/// Every month with each of its base months: place of the comparison, base and month.
fn pairs(months: usize) -> Vec<(usize, usize, usize)> {
    let mut pairs = Vec::new();
    for at in 0..months {
        // The earlier base first, as periods sort.
        for (number, back) in BACKS.into_iter().enumerate().rev() {
            if at >= back {
                pairs.push((number, at - back, at));
            }
        }
    }
    pairs
}

fn customer_frame(facts: &Facts, course: &Course, tally: &Tally) -> Result<DataFrame> {
    let mut anonymous = vec![0_i64; course.len()];
    for order in facts.anonymous_orders() {
        anonymous[(facts.orders.month[order] - course.months.start) as usize] += facts.totals[order].net();
    }
    let pairs = pairs(course.len());
    let net = |at: usize| course.all.at(at, 0).net_sales();
    let movement = |pair: &(usize, usize, usize)| tally.movements[pair.0 * course.len() + pair.2];
    let names: Vec<String> = course.months.clone().map(month_name).collect();
    let column = |value: &dyn Fn(&(usize, usize, usize)) -> i64| pairs.iter().map(value).collect::<Vec<i64>>();
    FrameBuilder::new(&TREND_CUSTOMER_BRIDGE)
        .text("period", pairs.iter().map(|pair| names[pair.2].as_str()))
        .text("base_period", pairs.iter().map(|pair| names[pair.1].as_str()))
        .flag("is_partial", pairs.iter().map(|pair| course.is_partial(pair.1) || course.is_partial(pair.2)).collect())
        .whole("net_sales_base", column(&|pair| net(pair.1)))
        .whole("net_sales", column(&|pair| net(pair.2)))
        .whole("new", column(&|pair| movement(pair).change[0]))
        .whole("reactivated", column(&|pair| movement(pair).change[1]))
        .whole("retained", column(&|pair| movement(pair).change[2]))
        .whole("lost", column(&|pair| movement(pair).change[3]))
        .whole("others", column(&|pair| movement(pair).change[4]))
        .whole("anonymous", column(&|pair| anonymous[pair.2] - anonymous[pair.1]))
        .whole("customers_new", column(&|pair| movement(pair).customers[0]))
        .whole("customers_reactivated", column(&|pair| movement(pair).customers[1]))
        .whole("customers_retained", column(&|pair| movement(pair).customers[2]))
        .whole("customers_lost", column(&|pair| movement(pair).customers[3]))
        .finish()
}

/// A month of known customers: sales, orders, customers.
#[derive(Clone, Copy)]
struct Basket {
    sales: i64,
    orders: i64,
    customers: i64,
}

/// Customers, frequency and basket in whole minor units: their sum is the difference exactly (LMDI I, Ang 2005, Energy
/// Policy 33).
fn decompose(base: Basket, now: Basket) -> [i64; 3] {
    let difference = now.sales - base.sales;
    if base.sales <= 0 || now.sales <= 0 || base.customers == 0 || now.customers == 0 {
        return [difference, 0, 0];
    }
    let (sales, base_sales) = (now.sales as f64, base.sales as f64);
    let mean = if difference == 0 { sales } else { (sales - base_sales) / (sales / base_sales).ln() };
    let part = |now: f64, base: f64| (mean * (now / base).ln()).round() as i64;
    let customers = part(now.customers as f64, base.customers as f64);
    let often = |basket: Basket| basket.orders as f64 / basket.customers as f64;
    let frequency = part(often(now), often(base));
    [customers, frequency, difference - customers - frequency]
}

fn basket_frame(course: &Course, series: &[Series<'_>], tally: &Tally) -> Result<DataFrame> {
    let shown: Vec<&Series<'_>> = series.iter().filter(|series| matches!(series.dimension, "all" | "branch")).collect();
    let basket = |series: &Series<'_>, at: usize| {
        let branches = if series.dimension == "all" { 0..tally.branches } else { series.value..series.value + 1 };
        let known = branches.map(|branch| tally.known[branch * tally.months + at]);
        let (sales, orders) = known.fold((0, 0), |sum, known| (sum.0 + known.sales, sum.1 + known.orders));
        Basket { sales, orders, customers: series.grid.at(at, series.value).active_customers }
    };
    let rows: Vec<(usize, usize, &Series<'_>, Basket, Basket)> = pairs(course.len())
        .into_iter()
        .flat_map(|(_, base, at)| shown.iter().map(move |series| (base, at, *series)))
        .map(|(base, at, series)| (base, at, series, basket(series, base), basket(series, at)))
        .collect();
    let parts: Vec<[i64; 3]> = rows.iter().map(|row| decompose(row.3, row.4)).collect();
    let names: Vec<String> = course.months.clone().map(month_name).collect();
    let average = |basket: &Basket| {
        let (sales, orders) = (basket.sales, basket.orders);
        (orders > 0).then(|| sales.signum() * ((2 * sales.abs() + orders) / (2 * orders)))
    };
    let often = |basket: &Basket| (basket.customers > 0).then(|| basket.orders as f64 / basket.customers as f64);
    FrameBuilder::new(&TREND_BASKET_BRIDGE)
        .text("period", rows.iter().map(|row| names[row.1].as_str()))
        .text("base_period", rows.iter().map(|row| names[row.0].as_str()))
        .text("dimension", rows.iter().map(|row| row.2.dimension))
        .text("value", rows.iter().map(|row| row.2.name))
        .flag("is_partial", rows.iter().map(|row| course.is_partial(row.0) || course.is_partial(row.1)).collect())
        .whole("sales_base", rows.iter().map(|row| row.3.sales).collect())
        .whole("sales", rows.iter().map(|row| row.4.sales).collect())
        .whole("customers", parts.iter().map(|parts| parts[0]).collect())
        .whole("frequency", parts.iter().map(|parts| parts[1]).collect())
        .whole("basket", parts.iter().map(|parts| parts[2]).collect())
        .whole("active_customers", rows.iter().map(|row| row.4.customers).collect())
        .maybe_ratio("orders_per_customer", rows.iter().map(|row| often(&row.4)).collect())
        .maybe_whole("average_order", rows.iter().map(|row| average(&row.4)).collect())
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_difference() {
        // Online Retail, known customers, October to November 2011 (pence): reference/trend_online_retail.json.
        let october = Basket { sales: 103_931_879, orders: 1_929, customers: 1_364 };
        let november = Basket { sales: 116_181_738, orders: 2_657, customers: 1_664 };
        let parts = decompose(october, november);
        assert_eq!(parts, [21_856_993, 13_346_338, -22_953_472]);
        assert_eq!(parts.iter().sum::<i64>(), 12_249_859);
        let nothing = Basket { sales: 0, orders: 0, customers: 0 };
        assert_eq!(decompose(nothing, november), [116_181_738, 0, 0]);
    }
}
