//! What each pool cost in each month: booked on its accounts or exported as its activity, passed on from pool to pool.

use std::collections::{BTreeMap, BTreeSet};

use super::settings::{Pool, Profitability, account_fits};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::stats::allocate::largest_remainder;

/// The cost of a pool in a month, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthCost {
    /// What its source says.
    pub ledger: i64,
    /// What supporting pools passed on to it.
    pub received: i64,
    /// What it passed on to other pools.
    pub passed_on: i64,
}

impl MonthCost {
    /// What is left to be shared.
    pub fn left(&self) -> i64 {
        self.ledger + self.received - self.passed_on
    }
}

/// A pool with the costs of its months.
#[derive(Debug)]
pub struct PoolCosts {
    /// Its name.
    pub name: String,
    /// How it is shared.
    pub settings: Pool,
    /// Its months, in order.
    pub months: BTreeMap<i32, MonthCost>,
}

/// Every pool that is configured or has a cost, by stage, then name.
///
/// # Errors
/// [`Error::Usage`] where a cost would count twice.
pub fn pool_costs(parameters: &Profitability, facts: &Facts) -> Result<Vec<PoolCosts>> {
    let mut settings: BTreeMap<&str, Pool> = BTreeMap::new();
    if !facts.orders.freight.is_empty() {
        settings.insert("freight", Pool { trace: Some("freight".into()), ..Pool::default() });
    }
    for (_, pool, _) in &facts.costs {
        let by_sales = Pool { driver: Some(super::Driver::NetSales), ..Pool::default() };
        settings.insert(pool, by_sales);
    }
    for (name, pool) in &parameters.pools {
        settings.insert(name, pool.clone());
    }
    let mut months: BTreeMap<&str, BTreeMap<i32, MonthCost>> = BTreeMap::new();
    for (month, pool, amount) in &facts.costs {
        months.entry(pool).or_default().entry(*month).or_default().ledger += amount;
    }
    let mut owner: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, pool) in &parameters.pools {
        let accounts: BTreeSet<&str> =
            facts.ledger.iter().map(|(_, account, _)| account.as_str()).filter(|own| pool.has_account(own)).collect();
        for account in accounts {
            if let Some(other) = owner.insert(account, name) {
                return Err(counted_twice(format!("account `{account}` is in the pools `{other}` and `{name}`")));
            }
        }
        if !pool.accounts.is_empty() && months.contains_key(name.as_str()) {
            return Err(counted_twice(format!(
                "pool `{name}` has accounts of the ledger, and `activity_costs` has amounts for it too"
            )));
        }
    }
    for (month, account, amount) in &facts.ledger {
        if let Some(pool) = owner.get(account.as_str()) {
            months.entry(pool).or_default().entry(*month).or_default().ledger += amount;
        }
    }
    pass_on(parameters, &mut months)?;
    let mut pools: Vec<PoolCosts> = settings
        .into_iter()
        .map(|(name, settings)| PoolCosts {
            name: name.into(),
            months: months.remove(name).unwrap_or_default(),
            settings,
        })
        .collect();
    pools.sort_by(|a, b| (a.settings.stage(), &a.name).cmp(&(b.settings.stage(), &b.name)));
    Ok(pools)
}

fn counted_twice(message: String) -> Error {
    Error::Usage { message: format!("profitability: {message}"), hint: "a cost belongs to one pool".into() }
}

/// Passes the costs of supporting pools on, step by step, month by month, to the last minor unit.
fn pass_on<'p>(parameters: &'p Profitability, months: &mut BTreeMap<&'p str, BTreeMap<i32, MonthCost>>) -> Result<()> {
    let wrong = |message: String| Error::Usage { message, hint: "correct `[profitability.pools]`".into() };
    for name in parameters.steps().map_err(wrong)? {
        let targets = &parameters.pools[name].to;
        if targets.is_empty() {
            continue;
        }
        let weights: Option<Vec<i64>> = targets.values().map(|weight| weight.0.to_units(6)).collect();
        let own = months.entry(name).or_default();
        let amounts: Vec<(i32, i64)> = own.iter().map(|(month, cost)| (*month, cost.left())).collect();
        for cost in own.values_mut() {
            cost.passed_on = cost.left();
        }
        for (month, amount) in amounts {
            let parts = weights.as_ref().and_then(|weights| largest_remainder(amount, weights));
            let parts = parts.ok_or_else(|| wrong(format!("pool `{name}`: the weights of `to` cannot be used")))?;
            for (target, part) in targets.keys().zip(parts) {
                months.entry(target).or_default().entry(month).or_default().received += part;
            }
        }
    }
    Ok(())
}

/// What is booked on accounts that no pool and no line of the statement takes.
pub fn accounts_without_pool(parameters: &Profitability, facts: &Facts) -> i64 {
    let taken = |account: &str| {
        parameters.pools.values().any(|pool| pool.has_account(account))
            || parameters.ledger.values().flatten().any(|pattern| account_fits(pattern, account))
    };
    facts.ledger.iter().filter(|(_, account, _)| !taken(account)).map(|(_, _, amount)| amount).sum()
}
