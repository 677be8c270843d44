//! The statement of each customer and period, and the pools shared out to it.

use std::ops::Range;

use rayon::prelude::*;

use super::costs::{PoolCosts, pool_costs};
use super::drivers::{Buffer, Scan, within};
use super::settings::{Fault, Period, Profitability, Rounding, Stage};
use crate::calendar::month_name;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::stats::allocate::{Share, settle};
use crate::stats::decimal::{Decimal, divide_half_away};

/// The figures of one customer, or of all anonymous sales. Money in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Orders.
    pub n_orders: i64,
    /// Lines.
    pub n_lines: i64,
    /// Units sold.
    pub units: i64,
    /// Quantity × price.
    pub gross_sales: i64,
    /// Discounts off the list price.
    pub discounts: i64,
    /// Promotions and coupons.
    pub promotions: i64,
    /// What went back.
    pub returns: i64,
    /// Rebates granted.
    pub rebates: i64,
    /// Cost of the goods kept.
    pub cogs: i64,
}

impl Figures {
    /// Gross − discounts − promotions − returns − rebates.
    pub fn net_sales(&self) -> i64 {
        self.gross_sales - self.discounts - self.promotions - self.returns - self.rebates
    }

    /// Net sales − cost of goods.
    pub fn gross_margin(&self) -> i64 {
        self.net_sales() - self.cogs
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Figures) {
        self.n_orders += other.n_orders;
        self.n_lines += other.n_lines;
        self.units += other.units;
        self.gross_sales += other.gross_sales;
        self.discounts += other.discounts;
        self.promotions += other.promotions;
        self.returns += other.returns;
        self.rebates += other.rebates;
        self.cogs += other.cogs;
    }
}

/// The figures of an order.
pub fn order_figures(facts: &Facts, order: usize) -> Figures {
    let totals = &facts.totals[order];
    let extra = |amounts: &[i64]| amounts.get(order).copied().unwrap_or(0);
    let promotions = extra(&facts.orders.promotion) + extra(&facts.orders.coupon);
    let rebates = extra(&facts.orders.rebate);
    Figures {
        n_orders: i64::from(totals.is_sale),
        n_lines: i64::from(facts.orders.n_lines[order]),
        units: i64::from(totals.units),
        gross_sales: totals.gross,
        discounts: totals.discount - promotions - rebates,
        promotions,
        returns: totals.returns,
        rebates,
        cogs: totals.cogs,
    }
}

/// A pool's cost of a month, and what became of it. Money in minor units, drivers in units of `10^-digits`.
#[derive(Debug, Clone, Copy, Default)]
pub struct PoolMonth {
    /// `year * 12 + month - 1`.
    pub month: i32,
    /// What its source says.
    pub ledger: i64,
    /// What supporting pools passed on to it.
    pub received: i64,
    /// What it passed on.
    pub passed_on: i64,
    /// What all customers and anonymous sales drove, negative drivers left out.
    pub driver: i128,
    /// What negative drivers come to, as a positive number.
    pub negative: i128,
    /// Practical capacity.
    pub capacity: Option<i64>,
    /// The cost of capacity nobody used.
    pub unused: i64,
    /// The cost nobody drove, or negative drivers did.
    pub unallocated: i64,
    /// The rest: what customers and anonymous sales share.
    pub shared: i64,
}

/// A pool, shared out.
#[derive(Debug)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Where it stands in the waterfall.
    pub stage: Stage,
    /// Whether its costs are traced to orders by a formula.
    pub is_traced: bool,
    /// Digits after the point of its driver.
    pub digits: u32,
    /// Its months, in order.
    pub months: Vec<PoolMonth>,
    /// All it cost by its source; what was traced, where no source has it.
    pub ledger: i64,
    /// What supporting pools passed on to it.
    pub received: i64,
    /// What it passed on.
    pub passed_on: i64,
    /// The cost of capacity nobody used.
    pub unused: i64,
    /// The cost nobody drove.
    pub unallocated: i64,
    /// What rounding left over, with [`Rounding::Nearest`].
    pub rounding: i64,
    /// Each customer's share; the last entry is the anonymous sales'.
    pub shares: Vec<i64>,
}

/// One period: the customers with an order or an interaction in it.
#[derive(Debug)]
pub struct PeriodRows {
    /// Its months.
    pub months: Range<i32>,
    /// Customers, in order; the number after the last one stands for anonymous sales.
    pub customers: Vec<u32>,
    /// Their figures.
    pub figures: Vec<Figures>,
    /// By pool: their shares.
    pub shares: Vec<Vec<i64>>,
}

/// Everything the analysis finds out.
#[derive(Debug)]
pub struct Statement {
    /// By customer; the last entry is the anonymous sales'.
    pub figures: Vec<Figures>,
    /// By stage, then name.
    pub pools: Vec<Pool>,
    /// By customer.
    pub contribution: Vec<i64>,
    /// Customers outside the house from the highest contribution down.
    pub ranking: Vec<u32>,
    /// Whether a customer is one of our own.
    pub is_internal: Vec<bool>,
    /// The periods, in order.
    pub periods: Vec<PeriodRows>,
}

/// Customers a thread takes at a time.
const TOGETHER: usize = 2048;

impl Profitability {
    /// Works the statement out.
    ///
    /// # Errors
    /// [`Error::Usage`] for settings that do not fit the data, [`Error::TieOut`] for a driver that is refused.
    pub fn statement(&self, facts: &Facts) -> Result<Statement> {
        let costs = pool_costs(self, facts)?;
        let scan = Scan::new(self, facts, &costs)?;
        for job in &facts.jobs {
            if scan.job_cost(job)? != job.counted_cost {
                let message = "lines made to order do not count at what they took".into();
                return Err(Error::Internal { during: "the statement", message });
            }
        }
        let n = facts.customers.len();
        let mut pools = self.pool_months(facts, &costs, &scan)?;
        let mut figures = vec![Figures::default(); n + 1];
        let mut periods = Vec::new();
        for months in self.periods(&scan.months()) {
            let rows = self.period(facts, &scan, &mut pools, months)?;
            for (row, customer) in rows.customers.iter().enumerate() {
                figures[*customer as usize].add(&rows.figures[row]);
            }
            for (pool, shares) in pools.iter_mut().zip(&rows.shares) {
                for (customer, share) in rows.customers.iter().zip(shares) {
                    pool.shares[*customer as usize] += share;
                }
            }
            periods.push(rows);
        }
        for (place, pool) in pools.iter_mut().enumerate() {
            if scan.is_traced(place) {
                let traced: i64 = pool.shares.iter().sum();
                match pool.months.is_empty() {
                    true => pool.ledger = traced,
                    false => pool.unallocated = pool.ledger + pool.received - traced,
                }
            }
        }
        let contribution: Vec<i64> = (0..n)
            .into_par_iter()
            .with_min_len(TOGETHER)
            .map(|customer| {
                figures[customer].gross_margin() - pools.iter().map(|pool| pool.shares[customer]).sum::<i64>()
            })
            .collect();
        let is_internal: Vec<bool> = match facts.customers.text("party_class") {
            Some(classes) => classes.iter().map(|class| class == Some("internal")).collect(),
            None => vec![false; n],
        };
        let mut ranking: Vec<u32> = (0..n as u32).filter(|customer| !is_internal[*customer as usize]).collect();
        ranking.par_sort_unstable_by_key(|customer| (-contribution[*customer as usize], *customer));
        Ok(Statement { figures, pools, contribution, ranking, is_internal, periods })
    }

    /// Says of every line made to order what it took, so that all that is asked of the facts rests on the same cost.
    ///
    /// # Errors
    /// [`Error::Usage`] where the formula has no value for a line; nothing is changed then.
    pub fn cost_jobs(&self, facts: &mut Facts) -> Result<()> {
        if facts.jobs.is_empty() {
            return Ok(());
        }
        let scan = Scan::new(self, facts, &[])?;
        let costs: Vec<i64> = facts.jobs.iter().map(|job| scan.job_cost(job)).collect::<Result<_>>()?;
        facts.cost_jobs(&costs);
        Ok(())
    }

    /// The periods that cover some months.
    fn periods(&self, months: &Range<i32>) -> Vec<Range<i32>> {
        let length = match self.period {
            Period::Month => 1,
            Period::Quarter => 3,
            Period::Year => 12,
            Period::All => return if months.is_empty() { Vec::new() } else { vec![months.clone()] },
        };
        let (mut all, mut first) = (Vec::new(), months.start.div_euclid(length) * length);
        while first < months.end {
            all.push(first..first + length);
            first += length;
        }
        all
    }

    /// Adds up every driver, and says of each pool's month what of its cost is to be shared.
    fn pool_months(&self, facts: &Facts, costs: &[PoolCosts], scan: &Scan<'_>) -> Result<Vec<Pool>> {
        let drivers = self.driver_totals(facts, costs, scan)?;
        let first = scan.months().start;
        let mut pools = Vec::with_capacity(costs.len());
        for (place, cost) in costs.iter().enumerate() {
            let is_traced = scan.is_traced(place);
            let mut months = Vec::with_capacity(cost.months.len());
            for (month, amounts) in &cost.months {
                let own = usize::try_from(month - first).ok().and_then(|at| drivers.get(at * costs.len() + place));
                let (driver, negative) = own.copied().unwrap_or_default();
                let mut row = PoolMonth {
                    month: *month,
                    ledger: amounts.ledger,
                    received: amounts.received,
                    passed_on: amounts.passed_on,
                    driver,
                    negative,
                    capacity: scan.capacity(place, *month)?,
                    ..PoolMonth::default()
                };
                if !is_traced {
                    self.divide_month(cost, &mut row)?;
                }
                months.push(row);
            }
            let sum = |value: fn(&PoolMonth) -> i64| months.iter().map(value).sum::<i64>();
            pools.push(Pool {
                name: cost.name.clone(),
                stage: cost.settings.stage(),
                is_traced,
                digits: scan.digits(place),
                ledger: sum(|month| month.ledger),
                received: sum(|month| month.received),
                passed_on: sum(|month| month.passed_on),
                unused: sum(|month| month.unused),
                unallocated: sum(|month| month.unallocated),
                rounding: 0,
                shares: vec![0; facts.customers.len() + 1],
                months,
            });
        }
        Ok(pools)
    }

    /// Capacity nobody used and cost nobody drove are set aside; the rest is shared.
    fn divide_month(&self, cost: &PoolCosts, month: &mut PoolMonth) -> Result<()> {
        let to_share = month.ledger + month.received - month.passed_on;
        let refused = |what: &str| Error::TieOut {
            table: "profitability",
            message: format!("pool `{}`: {what} in {}", cost.name, month_name(month.month)),
        };
        let part = |of: i64, above: i128, below: i128| {
            let share = divide_half_away(i128::from(of) * above, below);
            share.and_then(|share| i64::try_from(share).ok()).ok_or_else(|| refused("the driver is too large"))
        };
        let mut assigned = to_share;
        if let Some(capacity) = month.capacity {
            let base = i128::from(capacity).max(month.driver + month.negative);
            assigned = if base > 0 { part(to_share, month.driver + month.negative, base)? } else { 0 };
            month.unused = to_share - assigned;
        } else if month.driver == 0 && to_share != 0 && cost.settings.zero_driver == Fault::Error {
            return Err(refused("nothing drove its cost"));
        }
        month.unallocated = match (month.driver, month.negative) {
            (0, _) => assigned,
            (_, 0) => 0,
            (driver, negative) => part(assigned, negative, driver + negative)?,
        };
        month.shared = assigned - month.unallocated;
        Ok(())
    }

    /// By month and pool: what was driven, and what negative drivers come to.
    fn driver_totals(&self, facts: &Facts, costs: &[PoolCosts], scan: &Scan<'_>) -> Result<Vec<(i128, i128)>> {
        let (months, count) = (scan.months(), scan.len());
        let zero = || Ok(vec![(0, 0); months.len() * count]);
        if count == 0 {
            return zero();
        }
        (0..facts.customers.len() + 1)
            .into_par_iter()
            .with_min_len(TOGETHER)
            .fold(
                || (zero(), Buffer::default()),
                |(sums, mut buffer), customer| {
                    let sums = sums.and_then(|mut sums: Vec<(i128, i128)>| {
                        scan.by_month(customer, &months, &mut buffer, |month, pool, amount| {
                            let sum = &mut sums[(month - months.start) as usize * count + pool];
                            if amount > 0 {
                                sum.0 += i128::from(amount);
                            } else if costs[pool].settings.negative_driver == Fault::Error {
                                return Err(negative_driver(facts, &costs[pool].name, customer, month));
                            } else {
                                sum.1 -= i128::from(amount);
                            }
                            Ok(())
                        })?;
                        Ok(sums)
                    });
                    (sums, buffer)
                },
            )
            .map(|(sums, _)| sums)
            .reduce(zero, |left, right| {
                let (mut left, right) = (left?, right?);
                for (left, right) in left.iter_mut().zip(right) {
                    *left = (left.0 + right.0, left.1 + right.1);
                }
                Ok(left)
            })
    }

    /// Figures and shares of the customers of one period.
    fn period(&self, facts: &Facts, scan: &Scan<'_>, pools: &mut [Pool], months: Range<i32>) -> Result<PeriodRows> {
        let count = pools.len();
        let within_period: Vec<&[PoolMonth]> = pools.iter().map(|pool| own_months(&pool.months, &months)).collect();
        let totals: Vec<i64> = within_period.iter().map(|own| own.iter().map(|month| month.shared).sum()).collect();
        // A pool's cost that is negative is shared as its absolute value: a cost and its reversal cancel out.
        let signs: Vec<i64> = totals.iter().map(|total| if *total < 0 { -1 } else { 1 }).collect();
        let rates: Vec<(i64, i128)> = months
            .clone()
            .flat_map(|month| {
                within_period.iter().zip(&signs).map(move |(own, sign)| {
                    let found = own.binary_search_by_key(&month, |own| own.month).ok().map(|at| &own[at]);
                    found.map_or((0, 1), |own| (sign * own.shared, own.driver.max(1)))
                })
            })
            .collect();
        let chunk = |from: usize| -> Result<Chunk> {
            let mut chunk = Chunk::default();
            let mut buffer = Buffer::default();
            for customer in from..(from + TOGETHER).min(facts.customers.len() + 1) {
                let orders = within(facts.orders_of(customer), &facts.orders.month, &months);
                let known = customer < facts.customers.len() && !facts.interactions.day.is_empty();
                let contacts = if known { facts.interactions_of(customer) } else { 0..0 };
                if orders.is_empty() && within(contacts, &facts.interactions.month, &months).is_empty() {
                    continue;
                }
                let at = chunk.shares.len();
                chunk.shares.resize(at + count, Share::default());
                let shares = &mut chunk.shares[at..];
                let mut figures = Figures::default();
                for order in orders {
                    figures.add(&order_figures(facts, order));
                    for (place, share) in shares.iter_mut().enumerate().filter(|(place, _)| scan.is_traced(*place)) {
                        share.whole += scan.traced(place, order)?;
                    }
                }
                scan.by_month(customer, &months, &mut buffer, |month, place, amount| {
                    let (shared, driver) = rates[(month - months.start) as usize * count + place];
                    if amount > 0 && shared != 0 {
                        shares[place].add(shared, amount, driver);
                    }
                    Ok(())
                })?;
                chunk.customers.push(customer as u32);
                chunk.figures.push(figures);
            }
            Ok(chunk)
        };
        let starts: Vec<usize> = (0..facts.customers.len() + 1).step_by(TOGETHER).collect();
        let mut chunks: Vec<Chunk> = starts.into_par_iter().map(chunk).collect::<Result<_>>()?;
        let n = chunks.iter().map(|chunk| chunk.customers.len()).sum();
        let (mut customers, mut figures) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for chunk in &mut chunks {
            customers.extend(std::mem::take(&mut chunk.customers));
            figures.extend(std::mem::take(&mut chunk.figures));
        }
        let mut rows = PeriodRows { months, customers, figures, shares: Vec::with_capacity(count) };
        for (place, pool) in pools.iter_mut().enumerate() {
            let exact = || chunks.iter().flat_map(|chunk| chunk.shares.iter().skip(place).step_by(count));
            let whole = |share: fn(&Share) -> i64| {
                let mut shares = Vec::with_capacity(n);
                shares.extend(exact().map(share));
                shares
            };
            let total = totals[place] * signs[place];
            let (mut shares, left) = match self.rounding {
                _ if pool.is_traced => (whole(|share| share.whole), 0),
                Rounding::LargestRemainder => settle(total, &exact().copied().collect::<Vec<Share>>()),
                Rounding::Nearest => {
                    let shares = whole(|share| share.nearest());
                    let left = total - shares.iter().sum::<i64>();
                    (shares, left)
                }
            };
            pool.rounding += left * signs[place];
            if signs[place] < 0 {
                shares.iter_mut().for_each(|share| *share = -*share);
            }
            rows.shares.push(shares);
        }
        Ok(rows)
    }

    /// The class of a customer.
    pub fn class(&self, figures: &Figures, contribution: i64) -> &'static str {
        let band = self.break_even.0.times(Decimal::new(figures.net_sales().abs(), 0));
        let band = band.and_then(|band| band.to_units(0)).unwrap_or(0);
        match contribution {
            0 if figures.n_lines == 0 => "inactive",
            _ if contribution > band => "profitable",
            _ if contribution < -band => "loss",
            _ => "break_even",
        }
    }
}

/// Some customers of a period.
#[derive(Default)]
struct Chunk {
    customers: Vec<u32>,
    figures: Vec<Figures>,
    /// By customer, then pool.
    shares: Vec<Share>,
}

fn own_months<'p>(all: &'p [PoolMonth], months: &Range<i32>) -> &'p [PoolMonth] {
    let place = |month: i32| all.partition_point(|own| own.month < month);
    &all[place(months.start)..place(months.end)]
}

fn negative_driver(facts: &Facts, pool: &str, customer: usize, month: i32) -> Error {
    let who = match customer < facts.customers.len() {
        true => format!("customer `{}`", facts.customers.id(customer)),
        false => "anonymous sales".into(),
    };
    let message = format!("pool `{pool}`: the driver of {who} is negative in {}", month_name(month));
    Error::TieOut { table: "profitability", message }
}
