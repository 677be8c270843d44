//! Reads drivers off the facts: how much of each pool a customer drove in a month, and what was traced to an order.

use super::costs::PoolCosts;
use super::names::{At, Rates, Row, Scope};
use super::settings::{Driver, Profitability};
use crate::calendar::{day_name, month_name};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::stats::formula::Formula;

/// Digits after the point of a driver that is a formula.
const DIGITS: u32 = 6;

/// Where the driver of a pool comes from.
#[derive(Debug)]
enum Source {
    Named(Driver),
    Formulas([Option<Formula>; 3]),
    Trace(Formula),
    /// Its cost is passed on; no customer drives it.
    None,
}

/// One pool's driver.
#[derive(Debug)]
struct PoolDriver {
    name: String,
    source: Source,
    capacity: Option<Formula>,
}

/// The drivers of all pools over the facts.
pub struct Scan<'f> {
    facts: &'f Facts,
    rates: Rates,
    pools: Vec<PoolDriver>,
    delivered: Vec<bool>,
    card: Vec<bool>,
    service: Vec<bool>,
    job_cost: Formula,
    reads_contacts: bool,
}

/// What one customer drove, by month and pool; reused from one customer to the next.
#[derive(Debug, Default)]
pub struct Buffer {
    amounts: Vec<i64>,
    low: usize,
    high: usize,
}

impl<'f> Scan<'f> {
    /// Prepares the drivers of the pools.
    ///
    /// # Errors
    /// [`Error::Usage`] for a formula that cannot be read or a rate that is not there.
    pub fn new(parameters: &Profitability, facts: &'f Facts, pools: &[PoolCosts]) -> Result<Scan<'f>> {
        let among = |codes: &crate::facts::Codes, words: &[String]| {
            codes.among(&words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let rates = Rates::new(facts);
        let formula = |place: &str, scope: Scope, text: &str| {
            Formula::parse(text, &|name| rates.meaning(scope, name)).map_err(|message| Error::Usage {
                message: format!("profitability: {place}: \"{text}\": {message}"),
                hint: match rates.names().join(", ") {
                    none if none.is_empty() => "there are no rates: no source fills `cost_rates`".into(),
                    known => format!("the rates are: {known}"),
                },
            })
        };
        let driver = |pool: &PoolCosts| -> Result<PoolDriver> {
            let place = format!("pool `{}`", pool.name);
            let settings = &pool.settings;
            let mut formulas = [None, None, None];
            for (own, (scope, text)) in formulas.iter_mut().zip(settings.formulas()) {
                *own = text.map(|text| formula(&place, scope, text)).transpose()?;
            }
            let source = match &settings.trace {
                Some(text) => Source::Trace(formula(&place, Scope::Order, text)?),
                None if !settings.to.is_empty() => Source::None,
                None if formulas.iter().any(Option::is_some) => Source::Formulas(formulas),
                None => Source::Named(settings.driver.unwrap_or(Driver::NetSales)),
            };
            let capacity = settings.capacity_minutes.as_ref();
            let capacity = capacity.map(|text| formula(&place, Scope::Month, &text.0)).transpose()?;
            Ok(PoolDriver { name: pool.name.clone(), source, capacity })
        };
        let pools: Vec<PoolDriver> = pools.iter().map(driver).collect::<Result<_>>()?;
        let reads_contacts = pools.iter().any(|pool| match &pool.source {
            Source::Named(driver) => matches!(driver, Driver::ServiceMinutes | Driver::Contacts),
            Source::Formulas([_, _, contact]) => contact.is_some(),
            _ => false,
        });
        Ok(Scan {
            facts,
            delivered: among(&facts.orders.channels, &parameters.store_channels).iter().map(|store| !store).collect(),
            card: among(&facts.orders.payments, &parameters.card_payments),
            service: among(&facts.interactions.kinds, &parameters.service_kinds),
            job_cost: formula("job_cost", Scope::Job, &parameters.job_cost)?,
            rates,
            pools,
            reads_contacts,
        })
    }

    /// The number of pools.
    pub fn len(&self) -> usize {
        self.pools.len()
    }

    /// Whether the pool's costs are traced to orders.
    pub fn is_traced(&self, pool: usize) -> bool {
        matches!(self.pools[pool].source, Source::Trace(_))
    }

    /// From the first month with an order or an interaction to the last.
    pub fn months(&self) -> std::ops::Range<i32> {
        let all = || self.facts.orders.month.iter().chain(&self.facts.interactions.month);
        match (all().min(), all().max()) {
            (Some(first), Some(last)) => *first..last + 1,
            _ => 0..0,
        }
    }

    /// The digits after the point of a pool's driver.
    pub fn digits(&self, pool: usize) -> u32 {
        match self.pools[pool].source {
            Source::Formulas(_) => DIGITS,
            Source::Named(Driver::NetSales | Driver::CardNetSales) => self.facts.decimals,
            _ => 0,
        }
    }

    /// The capacity of a pool in a month, in units of its driver; `None` where it has none.
    pub fn capacity(&self, pool: usize, month: i32) -> Result<Option<i64>> {
        let Some(formula) = &self.pools[pool].capacity else { return Ok(None) };
        let (year, number) = (i64::from(month.div_euclid(12)), i64::from(month.rem_euclid(12)) + 1);
        let days = crate::calendar::days_in_month(year, number);
        let day = crate::calendar::day_number(year, number, 1).unwrap_or(0);
        let row = Row { facts: self.facts, rates: &self.rates, day, at: At::Month(days) };
        let units = formula.value(&row).and_then(|value| value.to_units(self.digits(pool)));
        units.map(Some).ok_or_else(|| self.no_value(pool, &month_name(month)))
    }

    /// What an order costs in a traced pool, minor units.
    pub fn traced(&self, pool: usize, order: usize) -> Result<i64> {
        match &self.pools[pool].source {
            Source::Trace(formula) => self.worked_out(pool, formula, order, At::Order(order), self.facts.decimals),
            _ => Ok(0),
        }
    }

    /// What a line made to order costs, minor units.
    pub fn job_cost(&self, job: &crate::facts::Job) -> Result<i64> {
        let day = self.facts.orders.day[job.order as usize];
        let row = Row { facts: self.facts, rates: &self.rates, day, at: At::Job(job) };
        let cost = self.job_cost.value(&row).and_then(|value| value.to_units(self.facts.decimals));
        cost.ok_or_else(|| no_value("job_cost", &day_name(day)))
    }

    /// Calls `each(month, pool, amount)` for all that a customer (or nobody) drove in a month of a range.
    #[inline]
    pub fn by_month(
        &self,
        customer: usize,
        months: &std::ops::Range<i32>,
        buffer: &mut Buffer,
        mut each: impl FnMut(i32, usize, i64) -> Result<()>,
    ) -> Result<()> {
        let count = self.pools.len();
        buffer.amounts.resize(count * months.len(), 0);
        (buffer.low, buffer.high) = (months.len(), 0);
        self.read(customer, months, |month, pool, amount| {
            let at = (month - months.start) as usize;
            (buffer.low, buffer.high) = (buffer.low.min(at), buffer.high.max(at + 1));
            buffer.amounts[at * count + pool] += amount;
        })?;
        for at in buffer.low..buffer.high {
            for pool in 0..count {
                let amount = std::mem::take(&mut buffer.amounts[at * count + pool]);
                if amount != 0 {
                    each(months.start + at as i32, pool, amount)?;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn read(&self, customer: usize, months: &std::ops::Range<i32>, mut add: impl FnMut(i32, usize, i64)) -> Result<()> {
        let facts = self.facts;
        let known = customer < facts.customers.len();
        let mut active_month = i32::MIN;
        for order in within(facts.orders_of(customer), &facts.orders.month, months) {
            let totals = &facts.totals[order];
            let month = facts.orders.month[order];
            for (place, pool) in self.pools.iter().enumerate() {
                let amount = match &pool.source {
                    Source::Named(driver) => match driver {
                        Driver::Units => i64::from(totals.units),
                        Driver::Orders => i64::from(totals.is_sale),
                        Driver::Lines => i64::from(facts.orders.n_lines[order]),
                        Driver::DeliveredOrders => {
                            i64::from(totals.is_sale && self.delivered[facts.orders.channel[order] as usize])
                        }
                        Driver::CardNetSales if self.card[facts.orders.payment[order] as usize] => totals.kept,
                        Driver::NetSales => totals.net(),
                        Driver::ActiveMonths => i64::from(totals.is_sale && month != active_month && known),
                        Driver::CardNetSales | Driver::ServiceMinutes | Driver::Contacts => 0,
                    },
                    Source::Formulas(formulas) => self.of_order(place, formulas, order)?,
                    Source::Trace(_) | Source::None => 0,
                };
                if amount != 0 {
                    add(month, place, amount);
                }
            }
            if totals.is_sale {
                active_month = month;
            }
        }
        if !known || !self.reads_contacts || facts.interactions.day.is_empty() {
            return Ok(());
        }
        for contact in within(facts.interactions_of(customer), &facts.interactions.month, months) {
            let serves = self.service[facts.interactions.kind[contact] as usize];
            for (place, pool) in self.pools.iter().enumerate() {
                let amount = match &pool.source {
                    Source::Named(Driver::ServiceMinutes) if serves => facts.interactions.minutes[contact],
                    Source::Named(Driver::Contacts) => i64::from(serves),
                    Source::Formulas([_, _, Some(formula)]) => {
                        let day = facts.interactions.day[contact];
                        let row = Row { facts, rates: &self.rates, day, at: At::Contact(contact) };
                        let units = formula.value(&row).and_then(|value| value.to_units(DIGITS));
                        units.ok_or_else(|| self.no_value(place, &day_name(day)))?
                    }
                    _ => 0,
                };
                if amount != 0 {
                    add(facts.interactions.month[contact], place, amount);
                }
            }
        }
        Ok(())
    }

    fn of_order(&self, pool: usize, [per_order, per_line, _]: &[Option<Formula>; 3], order: usize) -> Result<i64> {
        let mut amount = 0;
        if let Some(formula) = per_order {
            amount += self.worked_out(pool, formula, order, At::Order(order), DIGITS)?;
        }
        if let Some(formula) = per_line {
            for line in self.facts.orders.lines(order) {
                amount += self.worked_out(pool, formula, order, At::Line(order, line), DIGITS)?;
            }
        }
        Ok(amount)
    }

    fn worked_out(&self, pool: usize, formula: &Formula, order: usize, at: At<'_>, digits: u32) -> Result<i64> {
        let day = self.facts.orders.day[order];
        let row = Row { facts: self.facts, rates: &self.rates, day, at };
        let units = formula.value(&row).and_then(|value| value.to_units(digits));
        units.filter(|units| units.abs() < MOST).ok_or_else(|| self.no_value(pool, &day_name(day)))
    }

    fn no_value(&self, pool: usize, when: &str) -> Error {
        no_value(&format!("pool `{}`", self.pools[pool].name), when)
    }
}

/// Formulas that give more than this for one row are refused: a thousand of them still add up in 64 bits.
const MOST: i64 = 4_000_000_000_000_000;

fn no_value(what: &str, when: &str) -> Error {
    Error::Usage {
        message: format!("profitability: {what}: the formula has no value for a row of {when}"),
        hint: "it divides by zero, gets too large, or reads a rate that was not in force yet".into(),
    }
}

/// The part of a customer's rows, which are in order of time, that lies in some months.
#[inline]
pub fn within(rows: std::ops::Range<usize>, month: &[i32], months: &std::ops::Range<i32>) -> std::ops::Range<usize> {
    let own = &month[rows.clone()];
    if own.first().is_none_or(|first| *first >= months.start) && own.last().is_none_or(|last| *last < months.end) {
        return rows;
    }
    let place = |month: i32| rows.start + own.partition_point(|own| *own < month);
    place(months.start)..place(months.end)
}
