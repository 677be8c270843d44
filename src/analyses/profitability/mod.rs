//! Who earns us money: sales, cost of goods and activity costs, customer by customer.

mod costs;
mod drivers;
mod explain;
mod losses;
mod moves;
mod names;
mod parties;
mod scenario;
mod settings;
mod statement;
mod tables;
mod tieout;

use polars::prelude::DataFrame;

use super::explanation::Explanation;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{
    PROFITABILITY, PROFITABILITY_LOSSES, PROFITABILITY_MOVES, PROFITABILITY_PARTIES, PROFITABILITY_PERIODS,
    PROFITABILITY_POOLS, PROFITABILITY_TIEOUT, PROFITABILITY_WHALE,
};
use crate::error::Result;
use crate::facts::Parts;

pub use scenario::{Change, Comparison, Flip};
pub use settings::{Driver, Period, Pool as PoolSettings, Profitability, Rounding, Stage};
pub use statement::{Figures, PeriodRows, Pool, PoolMonth, Statement};

static SPEC: Spec = Spec {
    id: "profitability",
    definition: "Net sales = gross sales − discounts − promotions − returns − rebates; gross margin = net sales − cost of \
                 goods kept; contribution = gross margin − the customer's share of every pool of costs, order-level first, \
                 then service, marketing and overhead. A pool's cost of a month is shared in proportion to its driver in that \
                 month, anonymous sales included, or traced to orders by a formula. Where a pool has a capacity, the cost of \
                 what was not used of it stays on a line of its own; a month whose driver is nil stays unallocated. Shares are \
                 rounded to whole minor units by largest remainder, once a period, so that customers + anonymous + unused + \
                 unallocated = ledger, exactly. Decile 1 holds the tenth of the customers outside the house with the highest \
                 contribution (ties by customer id).",
    needs: &[],
    reads: Parts::ALL,
    outputs: &[
        &PROFITABILITY,
        &PROFITABILITY_WHALE,
        &PROFITABILITY_TIEOUT,
        &PROFITABILITY_PERIODS,
        &PROFITABILITY_POOLS,
        &PROFITABILITY_LOSSES,
        &PROFITABILITY_MOVES,
        &PROFITABILITY_PARTIES,
    ],
};

impl Analysis for Profitability {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn validate(&self) -> std::result::Result<(), String> {
        self.problem().map_or(Ok(()), Err)
    }

    fn walks(&self) -> bool {
        true
    }

    fn explain(&self, inputs: &Inputs<'_>, key: &str) -> Result<Option<Explanation>> {
        self.walk(inputs.facts, key).map(Some)
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let statement = self.statement(facts)?;
        let tieout = tieout::tieout(self, facts, &statement)?;
        Ok(vec![
            tables::customers(self, facts, &statement)?,
            tables::whale(&statement)?,
            tieout,
            tables::periods(facts, &statement)?,
            tables::pools(&statement)?,
            losses::losses(facts, &statement)?,
            moves::moves(facts, &statement)?,
            parties::parties(facts, &statement)?,
        ])
    }
}
