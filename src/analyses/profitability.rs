//! Who earns us money: sales, cost of goods and activity costs, customer by customer.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{PROFITABILITY, PROFITABILITY_TIEOUT, PROFITABILITY_WHALE};
use crate::error::{Error, Result};
use crate::facts::{Described, Facts, Parts};

static SPEC: Spec = Spec {
    id: "profitability",
    definition: "Contribution = gross sales − discounts − returns − cost of goods kept − the customer's share of every \
                 activity pool. A pool's cost of a month is shared in proportion to its driver in that month, anonymous sales \
                 included; a month whose driver is nil stays unallocated. Shares are rounded to whole minor units by largest \
                 remainder, so that customers + anonymous + unallocated = ledger, exactly. Decile 1 holds the tenth of the \
                 customers with the highest contribution (ties by customer id).",
    needs: &[],
    reads: Parts { customers: Described::Ids, ..Parts::ALL },
    outputs: &[&PROFITABILITY, &PROFITABILITY_WHALE, &PROFITABILITY_TIEOUT],
};

/// Parameters: `[profitability]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profitability {
    /// The driver of each pool; a pool not named here is shared by net sales.
    pub pools: BTreeMap<String, Driver>,
    /// How shares become whole minor units.
    pub rounding: Rounding,
    /// Channels that need no delivery.
    pub store_channels: Vec<String>,
    /// Payments that cost a fee.
    pub card_payments: Vec<String>,
    /// Interactions that take service minutes.
    pub service_kinds: Vec<String>,
}

/// What a pool's cost follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// Units sold.
    Units,
    /// Orders.
    Orders,
    /// Orders through a channel that needs delivery.
    DeliveredOrders,
    /// Minutes of service interactions.
    ServiceMinutes,
    /// Sales kept, paid in a way that costs a fee.
    CardNetSales,
    /// Sales kept.
    NetSales,
    /// One for each month a customer ordered in; anonymous sales have none.
    ActiveMonths,
}

/// How a share becomes whole minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Down, and the units left over go to the largest remainders (ties by customer id): the sum is the ledger's.
    LargestRemainder,
    /// Each to the nearest unit, half away from zero; what the sum misses is shown as a line of its own.
    Nearest,
}

impl Default for Profitability {
    fn default() -> Profitability {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_string()).collect();
        Profitability {
            pools: BTreeMap::new(),
            rounding: Rounding::LargestRemainder,
            store_channels: words(&["store"]),
            card_payments: words(&["card", "installment"]),
            service_kinds: words(&["call", "complaint"]),
        }
    }
}

/// The figures of one customer, or of all anonymous sales. Money in minor units.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Orders.
    pub n_orders: i64,
    /// Lines.
    pub n_lines: i64,
    /// Units sold.
    pub units: i64,
    /// Quantity × price.
    pub gross_sales: i64,
    /// Discounts.
    pub discounts: i64,
    /// What went back.
    pub returns: i64,
    /// Cost of the goods kept.
    pub cogs: i64,
}

impl Figures {
    /// Gross − discounts − returns.
    pub fn net_sales(&self) -> i64 {
        self.gross_sales - self.discounts - self.returns
    }

    /// Net sales − cost of goods.
    pub fn gross_margin(&self) -> i64 {
        self.net_sales() - self.cogs
    }

    fn add(&mut self, other: &Figures) {
        self.n_orders += other.n_orders;
        self.n_lines += other.n_lines;
        self.units += other.units;
        self.gross_sales += other.gross_sales;
        self.discounts += other.discounts;
        self.returns += other.returns;
        self.cogs += other.cogs;
    }
}

/// A pool, shared out.
#[derive(Debug)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// All it cost.
    pub ledger: i64,
    /// The cost of months in which nothing drove it.
    pub unallocated: i64,
    /// What rounding left over, with [`Rounding::Nearest`].
    pub rounding: i64,
    /// Each customer's share; the last entry is the anonymous sales'.
    pub shares: Vec<i64>,
}

/// Everything the analysis finds out.
#[derive(Debug)]
pub struct Statement {
    /// By customer; the last entry is the anonymous sales'.
    pub figures: Vec<Figures>,
    /// By pool.
    pub pools: Vec<Pool>,
    /// By customer.
    pub contribution: Vec<i64>,
    /// Customers from the highest contribution down.
    pub ranking: Vec<u32>,
}

impl Analysis for Profitability {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let statement = self.statement(facts);
        let tieout = tieout(facts, &statement)?;
        Ok(vec![customer_frame(facts, &statement)?, whale(&statement)?, tieout])
    }
}

impl Profitability {
    /// Works the statement out.
    pub fn statement(&self, facts: &Facts) -> Statement {
        let n = facts.customers.len();
        let figures: Vec<Figures> =
            (0..n + 1).into_par_iter().with_min_len(2048).map(|customer| figures(facts, customer)).collect();
        let pools = self.share_pools(facts);
        let contribution: Vec<i64> = (0..n)
            .map(|customer| {
                figures[customer].gross_margin() - pools.iter().map(|pool| pool.shares[customer]).sum::<i64>()
            })
            .collect();
        let mut ranking: Vec<u32> = (0..n as u32).collect();
        ranking.par_sort_unstable_by_key(|customer| (-contribution[*customer as usize], *customer));
        Statement { figures, pools, contribution, ranking }
    }

    fn share_pools(&self, facts: &Facts) -> Vec<Pool> {
        let mut costs: BTreeMap<&str, BTreeMap<i32, i64>> = BTreeMap::new();
        for (month, pool, amount) in &facts.costs {
            *costs.entry(pool).or_default().entry(*month).or_default() += amount;
        }
        let scan = DriverScan::new(self, facts);
        let months = scan.months();
        let drivers: Vec<Driver> =
            costs.keys().map(|pool| self.pools.get(*pool).copied().unwrap_or(Driver::NetSales)).collect();
        let totals = scan.totals(&drivers, months.len());
        let mut rates = vec![vec![0.0; months.len()]; drivers.len()];
        let mut pools: Vec<Pool> = Vec::new();
        for (place, (name, by_month)) in costs.iter().enumerate() {
            let (mut ledger, mut unallocated) = (0, 0);
            for (month, amount) in by_month {
                ledger += amount;
                let driver = usize::try_from(month - months.start)
                    .ok()
                    .and_then(|at| totals[place].get(at))
                    .copied()
                    .unwrap_or(0);
                if driver > 0 {
                    rates[place][(month - months.start) as usize] = *amount as f64 / driver as f64;
                } else {
                    unallocated += amount;
                }
            }
            pools.push(Pool { name: (*name).into(), ledger, unallocated, rounding: 0, shares: Vec::new() });
        }
        let exact = scan.shares(&drivers, &rates);
        for (place, pool) in pools.iter_mut().enumerate() {
            let shares: Vec<f64> = exact.iter().skip(place).step_by(drivers.len().max(1)).copied().collect();
            let total = pool.ledger - pool.unallocated;
            pool.shares = match self.rounding {
                Rounding::Nearest => shares.iter().map(|share| share.round() as i64).collect(),
                Rounding::LargestRemainder => largest_remainder(total, &shares),
            };
            pool.rounding = total - pool.shares.iter().sum::<i64>();
        }
        pools
    }
}

fn figures(facts: &Facts, customer: usize) -> Figures {
    let mut sum = Figures::default();
    for order in facts.orders_of(customer) {
        let totals = &facts.totals[order];
        sum.n_orders += i64::from(totals.is_sale);
        sum.n_lines += i64::from(facts.orders.n_lines[order]);
        sum.units += i64::from(totals.units);
        sum.gross_sales += totals.gross;
        sum.discounts += totals.discount;
        sum.returns += totals.returns;
        sum.cogs += totals.cogs;
    }
    sum
}

/// Rounds shares that add up to `total` down, and hands the units left over to the largest remainders.
fn largest_remainder(total: i64, shares: &[f64]) -> Vec<i64> {
    let mut whole: Vec<i64> = shares.iter().map(|share| share.floor() as i64).collect();
    let left = total - whole.iter().sum::<i64>();
    if left == 0 {
        return whole;
    }
    let mut order: Vec<u32> = (0..shares.len() as u32).filter(|at| shares[*at as usize] != 0.0).collect();
    let remainder = |at: &u32| shares[*at as usize] - shares[*at as usize].floor();
    order.par_sort_unstable_by(|a, b| remainder(b).total_cmp(&remainder(a)).then(a.cmp(b)));
    let count = order.len() as i64;
    if count > 0 {
        for (rank, at) in order.iter().enumerate() {
            let rank = rank as i64;
            whole[*at as usize] += left.div_euclid(count) + i64::from(rank < left.rem_euclid(count));
        }
    }
    whole
}

/// Reads drivers off the facts, by customer and month.
struct DriverScan<'f> {
    facts: &'f Facts,
    delivered: Vec<bool>,
    card: Vec<bool>,
    service: Vec<bool>,
}

impl<'f> DriverScan<'f> {
    fn new(parameters: &Profitability, facts: &'f Facts) -> DriverScan<'f> {
        let among = |codes: &crate::facts::Codes, words: &[String]| {
            codes.among(&words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        DriverScan {
            facts,
            delivered: among(&facts.orders.channels, &parameters.store_channels).iter().map(|store| !store).collect(),
            card: among(&facts.orders.payments, &parameters.card_payments),
            service: among(&facts.interactions.kinds, &parameters.service_kinds),
        }
    }

    /// From the first month with an order or an interaction to the last.
    fn months(&self) -> std::ops::Range<i32> {
        let all = || self.facts.orders.month.iter().chain(&self.facts.interactions.month);
        match (all().min(), all().max()) {
            (Some(first), Some(last)) => *first..last + 1,
            _ => 0..0,
        }
    }

    /// Calls `add(month, place of the driver, amount)` for all that a customer (or nobody) drove.
    #[inline]
    fn each(&self, customer: usize, drivers: &[Driver], mut add: impl FnMut(i32, usize, i64)) {
        let facts = self.facts;
        let mut active_month = i32::MIN;
        for order in facts.orders_of(customer) {
            let totals = &facts.totals[order];
            let month = facts.orders.month[order];
            for (place, driver) in drivers.iter().enumerate() {
                let amount = match driver {
                    Driver::Units => i64::from(totals.units),
                    Driver::Orders => i64::from(totals.is_sale),
                    Driver::DeliveredOrders => {
                        i64::from(totals.is_sale && self.delivered[facts.orders.channel[order] as usize])
                    }
                    Driver::CardNetSales if self.card[facts.orders.payment[order] as usize] => totals.kept,
                    Driver::NetSales => totals.kept,
                    Driver::ActiveMonths => {
                        i64::from(totals.is_sale && month != active_month && customer < facts.customers.len())
                    }
                    Driver::CardNetSales | Driver::ServiceMinutes => 0,
                };
                if amount > 0 {
                    add(month, place, amount);
                }
            }
            if totals.is_sale {
                active_month = month;
            }
        }
        let Some(minutes) = drivers.iter().position(|driver| *driver == Driver::ServiceMinutes) else { return };
        if customer < facts.customers.len() {
            for interaction in facts.interactions_of(customer) {
                if self.service[facts.interactions.kind[interaction] as usize] {
                    for (place, driver) in drivers.iter().enumerate().skip(minutes) {
                        if *driver == Driver::ServiceMinutes {
                            add(facts.interactions.month[interaction], place, facts.interactions.minutes[interaction]);
                        }
                    }
                }
            }
        }
    }

    /// The total of each driver in each month.
    fn totals(&self, drivers: &[Driver], months: usize) -> Vec<Vec<i64>> {
        let first = self.months().start;
        let zero = || vec![vec![0_i64; months]; drivers.len()];
        (0..self.facts.customers.len() + 1)
            .into_par_iter()
            .with_min_len(4096)
            .fold(zero, |mut sums, customer| {
                self.each(customer, drivers, |month, place, amount| sums[place][(month - first) as usize] += amount);
                sums
            })
            .reduce(zero, |mut left, right| {
                for (left, right) in left.iter_mut().flatten().zip(right.iter().flatten()) {
                    *left += right;
                }
                left
            })
    }

    /// Each customer's exact share of each pool, customer by customer; months are added in order.
    fn shares(&self, drivers: &[Driver], rates: &[Vec<f64>]) -> Vec<f64> {
        let months = self.months();
        let count = drivers.len();
        let mut shares = vec![0.0; (self.facts.customers.len() + 1) * count];
        if count == 0 {
            return shares;
        }
        shares.par_chunks_mut(count).enumerate().with_min_len(2048).for_each_init(
            || vec![0_i64; count * months.len()],
            |amounts, (customer, shares)| {
                let (mut low, mut high) = (months.len(), 0);
                self.each(customer, drivers, |month, place, amount| {
                    let at = (month - months.start) as usize;
                    (low, high) = (low.min(at), high.max(at + 1));
                    amounts[at * count + place] += amount;
                });
                for at in low..high {
                    for (place, share) in shares.iter_mut().enumerate() {
                        *share += std::mem::take(&mut amounts[at * count + place]) as f64 * rates[place][at];
                    }
                }
            },
        );
        shares
    }
}

fn customer_frame(facts: &Facts, statement: &Statement) -> Result<DataFrame> {
    let n = facts.customers.len();
    let column = |value: fn(&Figures) -> i64| statement.figures[..n].iter().map(value).collect::<Vec<i64>>();
    let deciles = crate::stats::rank::ntile(&statement.ranking, 10);
    let mut builder = FrameBuilder::new(&PROFITABILITY)
        .text("customer_id", facts.customers.ids.iter().flatten())
        .whole("n_orders", column(|figures| figures.n_orders))
        .whole("n_lines", column(|figures| figures.n_lines))
        .whole("units", column(|figures| figures.units))
        .whole("gross_sales", column(|figures| figures.gross_sales))
        .whole("discounts", column(|figures| figures.discounts))
        .whole("returns", column(|figures| figures.returns))
        .whole("net_sales", column(Figures::net_sales))
        .whole("cogs", column(|figures| figures.cogs))
        .whole("gross_margin", column(Figures::gross_margin))
        .whole("contribution", statement.contribution.clone())
        .whole("decile", deciles.iter().map(|decile| i64::from(*decile)).collect());
    for pool in &statement.pools {
        builder = builder.whole(&format!("cost_{}", pool.name), pool.shares[..n].to_vec());
    }
    builder.finish()
}

/// The cumulative contribution of the best 1, 2, … 100 % of the customers.
fn whale(statement: &Statement) -> Result<DataFrame> {
    let n = statement.ranking.len();
    let mut cumulative = Vec::with_capacity(100);
    let (mut sum, mut taken) = (0, 0);
    for percent in 1..=100_usize {
        let count = (percent * n).div_ceil(100);
        for customer in &statement.ranking[taken..count] {
            sum += statement.contribution[*customer as usize];
        }
        taken = count;
        cumulative.push((count as i64, sum));
    }
    FrameBuilder::new(&PROFITABILITY_WHALE)
        .whole("percent", (1..=100).collect())
        .whole("customers", cumulative.iter().map(|point| point.0).collect())
        .whole("cumulative_contribution", cumulative.iter().map(|point| point.1).collect())
        .finish()
}

/// Each line of the statement against its source, and the difference: nothing, or the run fails.
fn tieout(facts: &Facts, statement: &Statement) -> Result<DataFrame> {
    let n = facts.customers.len();
    let mut customers = Figures::default();
    statement.figures[..n].iter().for_each(|figures| customers.add(figures));
    let anonymous = statement.figures[n];
    let lines = &facts.lines;
    let ledger = |value: &(dyn Fn(usize) -> i64 + Sync)| {
        (0..lines.product.len()).into_par_iter().with_min_len(65_536).map(value).sum::<i64>()
    };
    let gross = ledger(&|line| lines.gross(line));
    let discounts = ledger(&|line| lines.discount(line));
    let returns = ledger(&|line| lines.returns(line));
    let mut rows: Vec<(String, i64, i64, i64, i64, i64)> = vec![
        ("gross_sales".into(), gross, customers.gross_sales, anonymous.gross_sales, 0, 0),
        ("discounts".into(), discounts, customers.discounts, anonymous.discounts, 0, 0),
        ("returns".into(), returns, customers.returns, anonymous.returns, 0, 0),
        ("net_sales".into(), gross - discounts - returns, customers.net_sales(), anonymous.net_sales(), 0, 0),
        ("cogs".into(), facts.totals.iter().map(|totals| totals.cogs).sum(), customers.cogs, anonymous.cogs, 0, 0),
    ];
    for pool in &statement.pools {
        rows.push((
            format!("cost_{}", pool.name),
            pool.ledger,
            pool.shares[..n].iter().sum(),
            pool.shares[n],
            pool.unallocated,
            pool.rounding,
        ));
    }
    let differences: Vec<i64> = rows.iter().map(|row| row.1 - row.2 - row.3 - row.4 - row.5).collect();
    if let Some(at) = differences.iter().position(|difference| *difference != 0) {
        return Err(Error::TieOut {
            table: "profitability",
            message: format!("`{}` differs from its source by {} minor units", rows[at].0, differences[at]),
        });
    }
    FrameBuilder::new(&PROFITABILITY_TIEOUT)
        .text("line", rows.iter().map(|row| row.0.as_str()))
        .whole("ledger", rows.iter().map(|row| row.1).collect())
        .whole("customers", rows.iter().map(|row| row.2).collect())
        .whole("anonymous", rows.iter().map(|row| row.3).collect())
        .whole("unallocated", rows.iter().map(|row| row.4).collect())
        .whole("rounding", rows.iter().map(|row| row.5).collect())
        .whole("difference", differences)
        .finish()
}
