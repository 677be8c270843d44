//! `[profitability]`: pools and their drivers, as people write them; checked before anything is run.

use std::collections::BTreeMap;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::names::{Scope, meaning};
use crate::stats::decimal::Decimal;
use crate::stats::formula::Formula;

/// Parameters: `[profitability]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profitability {
    /// The driver of each pool; a pool of `activity_costs` not named here is shared by net sales.
    #[serde(deserialize_with = "pools")]
    pub pools: BTreeMap<String, Pool>,
    /// The periods of `profitability_periods`; shares are rounded once a pool and period.
    pub period: Period,
    /// How shares become whole minor units.
    pub rounding: Rounding,
    /// Within this share of net sales around zero a customer breaks even.
    pub break_even: Number,
    /// Lines of the statement (`gross_sales`, `net_sales`, `cogs`, …) and the ledger accounts they must equal.
    pub ledger: BTreeMap<String, Vec<String>>,
    /// What a line made to order costs: a formula over `jobs`, instead of the standard cost.
    pub job_cost: String,
    /// Channels that need no delivery.
    pub store_channels: Vec<String>,
    /// Payments that cost a fee.
    pub card_payments: Vec<String>,
    /// Interactions that take service minutes.
    pub service_kinds: Vec<String>,
}

impl Default for Profitability {
    fn default() -> Profitability {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_string()).collect();
        Profitability {
            pools: BTreeMap::new(),
            period: Period::Year,
            rounding: Rounding::LargestRemainder,
            break_even: Number(Decimal::new(1, 2)),
            ledger: BTreeMap::new(),
            job_cost: "material_cost".into(),
            store_channels: words(&["store"]),
            card_payments: words(&["card", "installment"]),
            service_kinds: words(&["call", "complaint"]),
        }
    }
}

/// One pool: `warehouse = "units"`, or a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// Where it stands in the waterfall; guessed from the driver where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Ledger accounts it is made of: `6100`, `61*`, `6100-6149`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// What it is shared by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// Driver by formula: so much for each order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_order: Option<String>,
    /// Driver by formula: so much for each order line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_line: Option<String>,
    /// Driver by formula: so much for each interaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_contact: Option<String>,
    /// Money of each order by formula: traced, not shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Practical capacity of a month, in the driver's unit: what is not used of it stays on a line of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_minutes: Option<NumberOrFormula>,
    /// A supporting pool: passed on to other pools by these weights before anything is shared.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub to: BTreeMap<String, Number>,
    /// How far its cost follows a rate in `langgan whatif`: `{ wage = 0.8 }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub follows: BTreeMap<String, Number>,
    /// What happens where a customer's driver of a month is negative.
    pub negative_driver: Fault,
    /// What happens where nothing drove a month's cost.
    pub zero_driver: Fault,
}

/// Reads pools, each a driver's name or a table.
fn pools<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Pool>, D::Error> {
    struct Either(Pool);

    impl<'de> Deserialize<'de> for Either {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Either, D::Error> {
            deserializer.deserialize_any(Reader).map(Either)
        }
    }

    struct Reader;

    impl<'de> Visitor<'de> for Reader {
        type Value = Pool;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a driver such as \"units\", or a table")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Pool, E> {
            let driver = Driver::deserialize(StrDeserializer::<E>::new(text))?;
            Ok(Pool { driver: Some(driver), ..Pool::default() })
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Pool, A::Error> {
            Pool::deserialize(MapAccessDeserializer::new(map))
        }
    }

    let pools = BTreeMap::<String, Either>::deserialize(deserializer)?;
    Ok(pools.into_iter().map(|(name, Either(pool))| (name, pool)).collect())
}

/// What a pool's cost follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// Units sold.
    Units,
    /// Orders.
    Orders,
    /// Lines of orders.
    Lines,
    /// Orders through a channel that needs delivery.
    DeliveredOrders,
    /// Minutes of service interactions.
    ServiceMinutes,
    /// Service interactions.
    Contacts,
    /// Sales kept, paid in a way that costs a fee.
    CardNetSales,
    /// Sales kept.
    NetSales,
    /// One for each month a customer ordered in; anonymous sales have none.
    ActiveMonths,
}

/// Where a cost stands in the waterfall below the gross margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Picking, sending, paying: comes with each order.
    Order,
    /// Serving: calls, complaints, visits, credit.
    Service,
    /// Winning and keeping.
    Marketing,
    /// The rest of the house.
    Overhead,
}

impl Stage {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Order => "order",
            Stage::Service => "service",
            Stage::Marketing => "marketing",
            Stage::Overhead => "overhead",
        }
    }

    /// Every stage, in order, with the column of its sum.
    pub const ALL: [(Stage, &'static str); 4] = [
        (Stage::Order, "order_costs"),
        (Stage::Service, "service_costs"),
        (Stage::Marketing, "marketing_costs"),
        (Stage::Overhead, "overhead_costs"),
    ];
}

/// What is done about a driver that cannot share a cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Its part of the cost stays unallocated.
    #[default]
    Unallocated,
    /// The run fails and says where.
    Error,
}

/// The periods of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
    /// All there is.
    All,
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

/// An exact number, written as a number or as text.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub Decimal);

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.0.compare(other.0).is_eq()
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let NumberOrFormula(text) = NumberOrFormula::deserialize(deserializer)?;
        let number = Decimal::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no number")));
        number.map(Number)
    }
}

/// A number or a formula, kept as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NumberOrFormula(pub String);

impl<'de> Deserialize<'de> for NumberOrFormula {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NumberOrFormula, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = NumberOrFormula;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number or a formula")
            }

            fn visit_i64<E>(self, value: i64) -> Result<NumberOrFormula, E> {
                Ok(NumberOrFormula(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<NumberOrFormula, E> {
                Ok(NumberOrFormula(value.to_string()))
            }

            // The shortest digits that give this float: what was written.
            fn visit_f64<E>(self, value: f64) -> Result<NumberOrFormula, E> {
                Ok(NumberOrFormula(value.to_string()))
            }

            fn visit_str<E>(self, value: &str) -> Result<NumberOrFormula, E> {
                Ok(NumberOrFormula(value.into()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl Pool {
    /// Its stage: as configured, or what its driver is about.
    pub fn stage(&self) -> Stage {
        self.stage.unwrap_or(match self.driver {
            _ if self.trace.is_some() => Stage::Order,
            Some(Driver::ServiceMinutes | Driver::Contacts) => Stage::Service,
            Some(Driver::ActiveMonths) => Stage::Marketing,
            Some(Driver::NetSales) => Stage::Overhead,
            Some(_) => Stage::Order,
            None if self.per_order.is_some() || self.per_line.is_some() => Stage::Order,
            None if self.per_contact.is_some() => Stage::Service,
            None => Stage::Overhead,
        })
    }

    /// The formulas of its driver, each with the rows it is worked out for.
    pub fn formulas(&self) -> [(Scope, Option<&str>); 3] {
        [
            (Scope::Order, self.per_order.as_deref()),
            (Scope::Line, self.per_line.as_deref()),
            (Scope::Contact, self.per_contact.as_deref()),
        ]
    }

    /// Whether an account of the ledger is one of its own.
    pub fn has_account(&self, account: &str) -> bool {
        self.accounts.iter().any(|pattern| account_fits(pattern, account))
    }
}

/// `6100` is itself, `61*` all that begin so, `6100-6149` all of that length between.
pub fn account_fits(pattern: &str, account: &str) -> bool {
    if let Some(start) = pattern.strip_suffix('*') {
        return account.starts_with(start);
    }
    match pattern.split_once('-') {
        Some((first, last)) if first.len() == last.len() && first.len() == account.len() => {
            (first..=last).contains(&account)
        }
        _ => pattern == account,
    }
}

/// Lines of the statement that can be held against the ledger.
pub const LEDGER_LINES: [&str; 7] =
    ["gross_sales", "discounts", "promotions", "rebates", "returns", "net_sales", "cogs"];

impl Profitability {
    /// What is wrong with the settings, if anything is.
    pub(super) fn problem(&self) -> Option<String> {
        let formula = |what: String, scope: Scope, text: &str| {
            Formula::parse(text, &|name| meaning(scope, name))
                .err()
                .map(|message| format!("{what} = \"{text}\": {message}; known are {}", scope.names()))
        };
        for (name, pool) in &self.pools {
            let place = format!("pools.{name}");
            let formulas = pool.formulas();
            let by_formula = formulas.iter().any(|(_, text)| text.is_some());
            let ways = [pool.driver.is_some() || by_formula, pool.trace.is_some(), !pool.to.is_empty()];
            if ways.iter().filter(|way| **way).count() > 1 || (pool.driver.is_some() && by_formula) {
                return Some(format!(
                    "`{place}`: give one of `driver`, `per_order`/`per_line`/`per_contact`, `trace` or `to`"
                ));
            }
            if pool.capacity_minutes.is_some() && !ways[0] {
                return Some(format!("`{place}`: `capacity_minutes` needs a driver that uses it"));
            }
            let fixed = pool.capacity_minutes.as_ref().and_then(|capacity| Decimal::parse(capacity.0.trim()));
            if fixed.is_some_and(|minutes| minutes.compare(Decimal::ZERO).is_lt()) {
                return Some(format!("`{place}`: `capacity_minutes` is below zero"));
            }
            let texts = formulas.into_iter().map(|(scope, text)| (scope.key(), scope, text));
            let trace = ("trace", Scope::Order, pool.trace.as_deref());
            let capacity = pool.capacity_minutes.as_ref().map(|formula| formula.0.as_str());
            for (key, scope, text) in texts.chain([trace, ("capacity_minutes", Scope::Month, capacity)]) {
                if let Some(problem) = text.and_then(|text| formula(format!("`{place}`: {key}"), scope, text)) {
                    return Some(problem);
                }
            }
            if let Some(unknown) = pool.to.keys().find(|target| !self.pools.contains_key(*target)) {
                return Some(format!("`{place}`: `to` names `{unknown}`, which is no pool here"));
            }
            if pool.to.values().any(|weight| weight.0.compare(Decimal::ZERO).is_lt())
                || (!pool.to.is_empty() && pool.to.values().all(|weight| weight.0.is_zero()))
            {
                return Some(format!("`{place}`: the weights of `to` are zero or negative"));
            }
        }
        if let Some(line) = self.ledger.keys().find(|line| !LEDGER_LINES.contains(&line.as_str())) {
            return Some(format!("`ledger`: `{line}` is not one of {}", LEDGER_LINES.join(", ")));
        }
        if let Some(problem) = formula("job_cost".into(), Scope::Job, &self.job_cost) {
            return Some(problem);
        }
        self.steps().err()
    }

    /// The pools in the order their costs are passed on: each after those that pass on to it.
    ///
    /// # Errors
    /// A cycle, by the names of its pools.
    pub fn steps(&self) -> Result<Vec<&str>, String> {
        let mut done: Vec<&str> = Vec::new();
        for name in self.pools.keys() {
            self.visit(name, &mut Vec::new(), &mut done)?;
        }
        done.reverse();
        Ok(done)
    }

    /// Depth first: a pool is done when all it passes on to are.
    fn visit<'s>(&'s self, name: &'s str, path: &mut Vec<&'s str>, done: &mut Vec<&'s str>) -> Result<(), String> {
        if done.contains(&name) {
            return Ok(());
        }
        if let Some(start) = path.iter().position(|earlier| *earlier == name) {
            let cycle = [&path[start..], &[name]].concat().join(" → ");
            return Err(format!("`pools`: costs go round in a circle: {cycle}"));
        }
        path.push(name);
        if let Some(pool) = self.pools.get(name) {
            for target in pool.to.keys() {
                self.visit(target, path, done)?;
            }
        }
        path.pop();
        done.push(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Profitability, String> {
        let settings: Profitability = toml::from_str(text).map_err(|error| error.message().to_string())?;
        settings.problem().map_or(Ok(settings), Err)
    }

    #[test]
    fn a_pool_is_a_driver_or_a_table() {
        let short = settings("[pools]\nwarehouse = \"units\"").unwrap();
        let long = settings("[pools.warehouse]\ndriver = \"units\"").unwrap();
        assert_eq!(short.pools, long.pools);
        assert_eq!(short.pools["warehouse"].stage(), Stage::Order);
        assert!(settings("[pools]\nwarehouse = \"boxes\"").unwrap_err().contains("unknown variant `boxes`"));
        assert!(settings("[pools.warehouse]\ndrivers = \"units\"").unwrap_err().contains("unknown field `drivers`"));
        assert_eq!(settings("break_even = 0.05").unwrap().break_even, Number(Decimal::new(5, 2)));
    }

    #[test]
    fn a_circle_is_named() {
        let circle =
            "[pools]\na = { to = { b = 1 } }\nb = { to = { c = 1, d = 2 } }\nc = { to = { a = 1 } }\nd = \"units\"";
        assert_eq!(settings(circle).unwrap_err(), "`pools`: costs go round in a circle: a → b → c → a");
        let line = settings("[pools]\na = \"units\"\nb = { to = { a = 1 } }\nc = { to = { a = 1, b = 3 } }").unwrap();
        assert_eq!(line.steps().unwrap(), ["c", "b", "a"]);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            (
                "[pools.a]\ntrace = \"0.01 * piad\"",
                "`pools.a`: trace = \"0.01 * piad\": `piad` at character 8 is not known here",
            ),
            ("[pools.a]\ntrace = \"1\"\ndriver = \"units\"", "`pools.a`: give one of"),
            ("[pools.a]\ncapacity_minutes = 5", "`pools.a`: `capacity_minutes` needs a driver"),
            ("[pools.a]\ndriver = \"units\"\ncapacity_minutes = -5", "`pools.a`: `capacity_minutes` is below zero"),
            ("[pools.a]\nto = { b = 1 }", "`pools.a`: `to` names `b`"),
            ("[pools]\na = { to = { b = 0 } }\nb = \"units\"", "`pools.a`: the weights of `to`"),
            ("[ledger]\nsales = [\"4*\"]", "`ledger`: `sales` is not one of"),
            ("[pools.a]\nper_contact = \"8 * lines\"", "`pools.a`: per_contact"),
        ] {
            let found = settings(text).unwrap_err();
            assert!(found.starts_with(message), "{text}: {found}");
        }
    }

    #[test]
    fn accounts_are_named_singly_by_start_or_by_range() {
        assert!(account_fits("6100", "6100") && !account_fits("6100", "61001"));
        assert!(account_fits("61*", "6199") && !account_fits("61*", "6200"));
        assert!(account_fits("6100-6149", "6120") && !account_fits("6100-6149", "6150"));
        assert!(!account_fits("6100-6149", "61200"), "another length is another chart");
    }
}
