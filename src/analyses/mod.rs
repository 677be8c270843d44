//! The business questions, one file each. `registry!` below is the only place an analysis is registered:
//! the command line, the configuration, the docs, the tests and the benches all follow from it.

pub mod activity;
pub mod basket;
pub mod churn;
pub mod clv;
pub mod control_group;
pub mod cross_sell;
pub mod customer_history;
pub mod earlier;
pub mod expected_margin;
pub mod explanation;
pub mod frame;
pub mod itemsets;
pub mod model_card;
pub mod offers;
pub mod profitability;
pub mod queue;
pub mod replenish;
pub mod rfm;
pub mod subscriptions;
pub mod trends;
pub mod up_sell;

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use crate::contracts::Table;
use crate::error::{Error, Result};
use crate::facts::{Facts, Parts};

/// A question the engine can answer. The fields of the implementor are its parameters.
pub trait Analysis: Sync {
    /// What it is.
    fn spec(&self) -> &'static Spec;

    /// Whether its parameters make sense together; what is wrong where they do not.
    fn validate(&self) -> std::result::Result<(), String> {
        Ok(())
    }

    /// What it wants of earlier published runs.
    fn wants_earlier(&self) -> earlier::Wanted {
        earlier::Wanted::default()
    }

    /// Where the numbers of one key come from, a customer's as a rule; nothing where it has no such account to give.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such key.
    fn explain(&self, _inputs: &Inputs<'_>, _key: &str) -> Result<Option<explanation::Explanation>> {
        Ok(None)
    }

    /// Whether [`Analysis::explain`] has an account to give.
    fn walks(&self) -> bool {
        false
    }

    /// Facts and earlier results in, one frame out for each of the spec's outputs.
    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>>;
}

/// Whether the probabilities that bands begin at lie between 0 and 1 and rise; what is wrong where they do not.
fn ascending_bounds(bounds: &[(&str, f64)]) -> std::result::Result<(), String> {
    if let Some((name, value)) = bounds.iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
        return Err(format!("`{name}` is {value}; a probability is 0 to 1"));
    }
    match bounds.windows(2).find(|pair| pair[0].1 > pair[1].1) {
        Some(pair) => Err(format!("`{}` is above `{}`", pair[0].0, pair[1].0)),
        None => Ok(()),
    }
}

/// What an analysis is, declared once.
#[derive(Debug)]
pub struct Spec {
    /// The one name: command argument, configuration section, case file.
    pub id: &'static str,
    /// The definition, as a manager would read it.
    pub definition: &'static str,
    /// Analyses whose tables it reads.
    pub needs: &'static [&'static str],
    /// What it reads of the facts besides orders and their sums.
    pub reads: Parts,
    /// The tables it gives.
    pub outputs: &'static [&'static Table],
}

/// What an analysis is given.
pub struct Inputs<'i> {
    /// The facts of the run.
    pub facts: &'i Facts,
    /// The tables of the analyses it needs.
    pub results: &'i Results,
}

impl Inputs<'_> {
    /// The newest published run before this one's as-of day, with the tables [`Analysis::wants_earlier`] names.
    pub fn previous(&self) -> Option<&earlier::EarlierRun> {
        self.results.earlier.newest()
    }
}

/// Finished tables by name.
#[derive(Debug, Default)]
pub struct Results {
    tables: BTreeMap<&'static str, DataFrame>,
    /// Tables of earlier runs.
    pub earlier: earlier::EarlierRuns,
}

impl Results {
    /// A finished table.
    pub fn get(&self, table: &'static Table) -> Result<&DataFrame> {
        self.tables
            .get(table.name)
            .ok_or(Error::Contract { table: table.name, message: "it is read before it is there".into() })
    }

    /// Adds a finished table.
    pub fn insert(&mut self, table: &'static Table, frame: DataFrame) {
        self.tables.insert(table.name, frame);
    }

    /// Every table, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &DataFrame)> {
        self.tables.iter().map(|(name, frame)| (*name, frame))
    }
}

macro_rules! registry {
    ($($id:ident: $analysis:ty,)*) => {
        /// Every analysis with its parameters: the analyses' part of the configuration.
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Analyses {
            $(#[doc = concat!("Parameters of `", stringify!($id), "`.")] pub $id: $analysis,)*
        }

        impl Analyses {
            /// The names, in the order they are registered.
            pub const IDS: &'static [&'static str] = &[$(stringify!($id)),*];

            /// Every analysis.
            pub fn all(&self) -> Vec<&dyn Analysis> {
                vec![$(&self.$id),*]
            }
        }
    };
}

registry! {
    customer_history: customer_history::CustomerHistory,
    profitability: profitability::Profitability,
    rfm: rfm::Rfm,
    churn: churn::Churn,
    clv: clv::Clv,
    subscriptions: subscriptions::Subscriptions,
    trends: trends::Trends,
    basket: basket::Basket,
    itemsets: itemsets::ItemsetRules,
    cross_sell: cross_sell::CrossSell,
    up_sell: up_sell::UpSell,
    replenish: replenish::Replenish,
    queue: queue::Queue,
}
