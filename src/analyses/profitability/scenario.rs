//! What if: wages, rates, pools or prices change. The statement is worked out again and the customers are compared.

use super::settings::{Driver, Pool};
use super::{Profitability, Statement};
use crate::error::{Error, Result};
use crate::facts::{Described, Facts, Keep, Parts};
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
    /// What of the facts is read to compare, no more than the drivers and formulas of the pools ask for: single lines only
    /// where prices change or a formula goes by line, interactions only where one is a driver, codes only where one is
    /// named.
    pub fn parts_for(&self, changes: &[Change]) -> Parts {
        let prices = changes.iter().any(|change| matches!(change.what, What::Price(_)));
        let of_pools = |is: &dyn Fn(&Pool) -> bool| self.pools.values().any(is);
        let has = |pool: &Pool, drivers: &[Driver]| pool.driver.is_some_and(|driver| drivers.contains(&driver));
        let by_line = of_pools(&|pool| pool.per_line.is_some());
        let names_code = |text: &str| ["channel", "payment", "branch"].iter().any(|code| text.contains(code));
        let codes = of_pools(&|pool| {
            let texts = [&pool.trace, &pool.per_order, &pool.per_line, &pool.per_contact];
            let by_code = has(pool, &[Driver::DeliveredOrders, Driver::CardNetSales]);
            by_code || texts.into_iter().flatten().any(|text| names_code(text))
        });
        let interactions =
            of_pools(&|pool| pool.per_contact.is_some() || has(pool, &[Driver::ServiceMinutes, Driver::Contacts]));
        let lines = if prices || by_line { Keep::All } else { Keep::None };
        Parts { lines, sums: true, interactions, customers: Described::Class, codes, purchases: false }
    }

    /// Refuses a change of a rate or a pool that is not there, before anything is read but the rates and the costs of
    /// activities.
    ///
    /// # Errors
    /// [`Error::Unknown`], with what there is.
    pub fn check(&self, changes: &[Change], rates: &[(String, i32, i64)], costs: &[(i32, String, i64)]) -> Result<()> {
        for change in changes {
            match &change.what {
                What::Rate(rate) => {
                    let followed = self.pools.values().flat_map(|pool| pool.follows.keys());
                    let mut known: Vec<&String> = rates.iter().map(|(name, ..)| name).chain(followed).collect();
                    known.sort();
                    known.dedup();
                    if known.is_empty() {
                        return Err(Error::Usage {
                            message: format!("this project declares no rates, so `{rate}` changes nothing"),
                            hint: "map a source to `cost_rates` and use rate.NAME in a formula, or say how far a pool \
                                   follows one, `follows = { wage = 0.8 }` under [profitability.pools.POOL]; pools and \
                                   prices change without: \"pool delivery +10%\", \"price -2%\""
                                .into(),
                        });
                    }
                    if !known.contains(&rate) {
                        let known = known.into_iter().cloned().collect();
                        let what = "rate (nor does any pool follow one)";
                        return Err(Error::Unknown { what, name: rate.clone(), known });
                    }
                }
                // What sending cost is a pool only where orders say so.
                What::Pool(pool) if pool != "freight" && !self.has_pool(pool, costs) => {
                    return Err(self.unknown_pool(pool, costs));
                }
                What::Pool(_) | What::Price(_) => {}
            }
        }
        Ok(())
    }

    fn has_pool(&self, name: &str, costs: &[(i32, String, i64)]) -> bool {
        self.pools.contains_key(name) || costs.iter().any(|(_, pool, _)| pool == name)
    }

    fn unknown_pool(&self, name: &str, costs: &[(i32, String, i64)]) -> Error {
        let mut known: Vec<String> =
            self.pools.keys().cloned().chain(costs.iter().map(|(_, pool, _)| pool.clone())).collect();
        known.sort();
        known.dedup();
        Error::Unknown { what: "pool", name: name.into(), known }
    }

    /// Works the statement out before and after the changes. The facts stay changed.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a change of something that is not there.
    pub fn what_if(&self, facts: &mut Facts, changes: &[Change]) -> Result<Comparison> {
        self.check(changes, &facts.rates, &facts.costs)?;
        let before = self.statement(facts)?;
        let mut changed = self.clone();
        for change in changes {
            changed.apply(facts, change)?;
        }
        changed.cost_jobs(facts)?;
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
                let following: Vec<(String, Decimal)> = self
                    .pools
                    .iter()
                    .filter_map(|(name, pool)| pool.follows.get(rate).map(|share| (name.clone(), share.0)))
                    .collect();
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
        if name == "freight" && !facts.orders.freight.is_empty() && !self.pools.contains_key(name) {
            self.pools.insert(name.into(), Pool { trace: Some("freight".into()), ..Pool::default() });
        }
        if let Some(pool) = self.pools.get_mut(name) {
            if let Some(trace) = &mut pool.trace {
                *trace = format!("{factor} * ({trace})");
            }
            for (_, _, amount) in facts.ledger.iter_mut().filter(|(_, account, _)| pool.has_account(account)) {
                *amount = scaled(*amount, factor)?;
            }
        }
        for (_, _, amount) in facts.costs.iter_mut().filter(|(_, pool, _)| pool == name) {
            *amount = scaled(*amount, factor)?;
        }
        if self.has_pool(name, &facts.costs) { Ok(()) } else { Err(self.unknown_pool(name, &facts.costs)) }
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
