//! What if: wages, rates, pools or prices change. The statement is worked out again and the customers are compared.

use super::settings::Pool;
use super::{Profitability, Statement};
use crate::error::{Error, Result};
use crate::facts::{Facts, Keep, Parts};
use crate::stats::decimal::Decimal;

/// One change: `wage +6%`, `pool delivery +10%`, `price -2% category=Tea`.
#[derive(Debug, Clone)]
pub struct Change {
    what: What,
    /// As a share: 0.06.
    by: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// A rate of `cost_rates`, or one that pools follow.
    Rate(String),
    Pool(String),
    /// Prices: of a category or product, or all.
    Price(Option<(String, String)>),
}

/// The statement before and after.
#[derive(Debug)]
pub struct Comparison {
    /// Contribution of all customers outside the house before and after, minor units.
    pub contribution: [i64; 2],
    /// Customers outside the house.
    pub customers: u64,
    /// How many of them are in another tenth than before.
    pub other_decile: u64,
    /// Those of another class than before, by how much they moved, then by id.
    pub flips: Vec<Flip>,
}

/// A customer of another class than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flip {
    /// The customer's number.
    pub customer: u32,
    /// Class before and after.
    pub class: [&'static str; 2],
    /// Tenth before and after.
    pub decile: [u32; 2],
    /// Contribution before and after, minor units.
    pub contribution: [i64; 2],
}

impl Change {
    /// Reads a change as it is typed.
    ///
    /// # Errors
    /// [`Error::Usage`] with how it is written.
    pub fn parse(words: &str) -> Result<Change> {
        let wrong = || Error::Usage {
            message: format!("`{words}` is no change"),
            hint: "write it as \"wage +6%\", \"pool delivery +10%\", \"price -2%\" or \"price -2% category=Tea\""
                .into(),
        };
        let (before, after) = words.split_once('%').ok_or_else(wrong)?;
        let (name, percent) = before.trim_end().rsplit_once(char::is_whitespace).ok_or_else(wrong)?;
        let percent = Decimal::parse(percent).ok_or_else(wrong)?;
        let by = percent.times(Decimal::new(1, 2)).ok_or_else(wrong)?;
        let filter = match after.trim() {
            "" => None,
            filter => {
                let (column, value) = filter.split_once('=').ok_or_else(wrong)?;
                Some((column.trim().to_string(), value.trim().to_string()))
            }
        };
        let what = match (name.trim().split_once(char::is_whitespace), name.trim()) {
            (Some(("pool", pool)), _) => What::Pool(pool.trim().into()),
            (Some(("rate", rate)), _) => What::Rate(rate.trim().into()),
            (None, "price") => What::Price(filter.clone()),
            (None, rate) if !rate.is_empty() => What::Rate(rate.into()),
            _ => return Err(wrong()),
        };
        let column_fits = |filter: &(String, String)| ["category", "product"].contains(&filter.0.as_str());
        match (&what, &filter) {
            (What::Price(_), Some(filter)) if column_fits(filter) => Ok(Change { what, by }),
            (_, Some(_)) => Err(wrong()),
            _ => Ok(Change { what, by }),
        }
    }
}

impl Profitability {
    /// What of the facts is read to compare: single lines only where prices change or a formula goes by line.
    pub fn parts_for(&self, changes: &[Change]) -> Parts {
        let prices = changes.iter().any(|change| matches!(change.what, What::Price(_)));
        let by_line = self.pools.values().any(|pool| pool.per_line.is_some());
        let lines = if prices || by_line { Keep::All } else { Keep::None };
        Parts { lines, purchases: false, ..Parts::ALL }
    }

    /// Works the statement out before and after the changes. The facts stay changed.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a change of something that is not there.
    pub fn what_if(&self, facts: &mut Facts, changes: &[Change]) -> Result<Comparison> {
        let before = self.statement(facts)?;
        let mut changed = self.clone();
        for change in changes {
            changed.apply(facts, change)?;
        }
        let after = changed.statement(facts)?;
        Ok(self.compare(&before, &after))
    }

    fn compare(&self, before: &Statement, after: &Statement) -> Comparison {
        let n = before.contribution.len();
        let deciles = |statement: &Statement| {
            let mut deciles = vec![0; n];
            let places: Vec<u32> = (0..statement.ranking.len() as u32).collect();
            for (customer, decile) in statement.ranking.iter().zip(crate::stats::rank::ntile(&places, 10)) {
                deciles[*customer as usize] = decile;
            }
            deciles
        };
        let (decile_before, decile_after) = (deciles(before), deciles(after));
        let outside = (0..n).filter(|customer| !before.is_internal[*customer]);
        let mut comparison = Comparison { contribution: [0; 2], customers: 0, other_decile: 0, flips: Vec::new() };
        for customer in outside {
            let contribution = [before.contribution[customer], after.contribution[customer]];
            let class = [
                self.class(&before.figures[customer], contribution[0]),
                self.class(&after.figures[customer], contribution[1]),
            ];
            let decile = [decile_before[customer], decile_after[customer]];
            comparison.customers += 1;
            comparison.other_decile += u64::from(decile[0] != decile[1]);
            comparison.contribution[0] += contribution[0];
            comparison.contribution[1] += contribution[1];
            if class[0] != class[1] {
                comparison.flips.push(Flip { customer: customer as u32, class, decile, contribution });
            }
        }
        let moved = |flip: &Flip| (flip.contribution[1] - flip.contribution[0]).abs();
        comparison.flips.sort_by_key(|flip| (-moved(flip), flip.customer));
        comparison
    }

    fn apply(&mut self, facts: &mut Facts, change: &Change) -> Result<()> {
        let factor = Decimal::ONE.plus(change.by).ok_or_else(too_large)?;
        match &change.what {
            What::Rate(rate) => {
                let known = facts.rates.iter().any(|(name, ..)| name == rate);
                let following: Vec<(String, Decimal)> = self
                    .pools
                    .iter()
                    .filter_map(|(name, pool)| pool.follows.get(rate).map(|share| (name.clone(), share.0)))
                    .collect();
                if !known && following.is_empty() {
                    let mut names: Vec<String> = facts.rates.iter().map(|(name, ..)| name.clone()).collect();
                    names.extend(self.pools.values().flat_map(|pool| pool.follows.keys().cloned()));
                    names.sort();
                    names.dedup();
                    return Err(Error::Unknown {
                        what: "rate (nor does any pool follow one)",
                        name: rate.clone(),
                        known: names,
                    });
                }
                for (_, _, value) in facts.rates.iter_mut().filter(|(name, ..)| name == rate) {
                    *value = scaled(*value, factor)?;
                }
                for (pool, share) in following {
                    let part = change.by.times(share).and_then(|part| Decimal::ONE.plus(part)).ok_or_else(too_large)?;
                    self.scale_pool(facts, &pool, part)?;
                }
                Ok(())
            }
            What::Pool(pool) => self.scale_pool(facts, pool, factor),
            What::Price(filter) => reprice(facts, filter.as_ref(), factor),
        }
    }

    /// Times a factor: what was booked for the pool, and what its formula traces.
    fn scale_pool(&mut self, facts: &mut Facts, name: &str, factor: Decimal) -> Result<()> {
        let mut found = false;
        if name == "freight" && !facts.orders.freight.is_empty() && !self.pools.contains_key(name) {
            self.pools.insert(name.into(), Pool { trace: Some("freight".into()), ..Pool::default() });
        }
        if let Some(pool) = self.pools.get_mut(name) {
            found = true;
            if let Some(trace) = &mut pool.trace {
                *trace = format!("{factor} * ({trace})");
            }
            for (_, _, amount) in facts.ledger.iter_mut().filter(|(_, account, _)| pool.has_account(account)) {
                *amount = scaled(*amount, factor)?;
            }
        }
        for (_, _, amount) in facts.costs.iter_mut().filter(|(_, pool, _)| pool == name) {
            found = true;
            *amount = scaled(*amount, factor)?;
        }
        if found {
            return Ok(());
        }
        let mut known: Vec<String> =
            self.pools.keys().cloned().chain(facts.costs.iter().map(|row| row.1.clone())).collect();
        known.sort();
        known.dedup();
        Err(Error::Unknown { what: "pool", name: name.into(), known })
    }
}

fn reprice(facts: &mut Facts, filter: Option<&(String, String)>, factor: Decimal) -> Result<()> {
    let fits = |product: usize| match filter {
        None => true,
        Some((column, value)) if column == "category" => {
            facts.categories.values[facts.category[product] as usize] == *value
        }
        Some((_, value)) => facts.products.id(product) == value,
    };
    let chosen: Vec<bool> = (0..facts.products.len()).map(fits).collect();
    if let (Some((column, value)), false) = (filter, chosen.contains(&true)) {
        let what = if column == "category" { "category" } else { "product" };
        let known = match what {
            "category" => facts.categories.values.clone(),
            _ => vec!["ids as exported".into()],
        };
        return Err(Error::Unknown { what, name: value.clone(), known });
    }
    let above = factor.to_units(9).ok_or_else(too_large)?;
    facts.reprice(&chosen, above, 1_000_000_000);
    Ok(())
}

fn scaled(amount: i64, factor: Decimal) -> Result<i64> {
    factor.times(Decimal::new(amount, 0)).and_then(|product| product.to_units(0)).ok_or_else(too_large)
}

fn too_large() -> Error {
    Error::Usage { message: "the change is too large".into(), hint: "give a smaller percentage".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_as_they_are_typed() {
        let change = |words: &str| Change::parse(words).map(|change| (change.what, change.by.to_string()));
        assert_eq!(change("wage +6%").unwrap(), (What::Rate("wage".into()), "0.06".into()));
        assert_eq!(change("rate price -0.5%").unwrap(), (What::Rate("price".into()), "-0.005".into()));
        assert_eq!(change("pool call centre +10%").unwrap(), (What::Pool("call centre".into()), "0.1".into()));
        assert_eq!(change("price -2%").unwrap(), (What::Price(None), "-0.02".into()));
        let tea = Some(("category".to_string(), "Green Tea".to_string()));
        assert_eq!(change("price -2% category=Green Tea").unwrap().0, What::Price(tea));
        for wrong in ["wage", "wage 6", "+6%", "wage +x%", "wage +6% category=Tea", "price +1% colour=red"] {
            assert!(change(wrong).is_err(), "{wrong}");
        }
    }
}
