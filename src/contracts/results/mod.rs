//! The tables a run publishes, one file an analysis.

mod basket;
mod churn;
mod clv;
mod contracts;
mod cross_sell;
mod customer_history;
mod itemsets;
mod marts;
mod model_cards;
mod offer_guards;
mod profitability;
mod queue;
mod replenish;
mod rfm;
mod segments;
mod trends;
mod up_sell;

pub use basket::{BASKET_MODEL_CARD, BASKET_RULES, BASKET_SUBSTITUTES};
pub use churn::{CHURN, CHURN_BACKTEST};
pub use clv::{CLV, CLV_MODEL};
pub use contracts::{CONTRACT_SURVIVAL, CONTRACTS};
pub use cross_sell::{CROSS_SELL, CROSS_SELL_BACKTEST, CROSS_SELL_MODEL_CARD};
pub use customer_history::CUSTOMER_HISTORY;
pub use itemsets::{ITEMSET_MODEL_CARD, ITEMSET_RULES};
pub use marts::{AGENT_PORTFOLIO, CUSTOMERS, PRODUCT_SALES, PROFITABILITY_DECILES};
pub use model_cards::{CLV_CARDS, CONTRACT_CARDS, MODEL_CARDS};
pub use offer_guards::OFFER_GUARDS;
pub use profitability::{
    PROFITABILITY, PROFITABILITY_LOSSES, PROFITABILITY_MOVES, PROFITABILITY_PARTIES, PROFITABILITY_PERIODS,
    PROFITABILITY_POOLS, PROFITABILITY_TIEOUT, PROFITABILITY_WHALE,
};
pub use queue::{QUEUE, QUEUE_CANDIDATES, QUEUE_EXCLUDED, QUEUE_REASONS};
pub use replenish::{REPLENISH, REPLENISH_BACKTEST, REPLENISH_MODEL_CARD};
pub use rfm::{RFM, RFM_CUTS, RFM_MIGRATION, RFM_MOVES, RFM_SEGMENTS};
pub use segments::{SEGMENT_MEMBERS, SEGMENT_OVERLAPS, SEGMENTS};
pub use trends::{
    TREND_ABC, TREND_ANOMALIES, TREND_BASKET_BRIDGE, TREND_BRIDGE, TREND_CALENDAR, TREND_CHANGES, TREND_COHORTS,
    TREND_CUSTOMER_BRIDGE, TREND_FORECAST, TREND_FORECAST_BACKTEST, TREND_KPIS, TREND_MARKET, TREND_MOVERS,
    TREND_PRODUCTS, TREND_SEASONS, TREND_SLOPES,
};
pub use up_sell::{UP_SELL, UP_SELL_BACKTEST, UP_SELL_MODEL_CARD, UP_SELL_MOVES, UP_SELL_PACKS};

use super::{Kind, Table};

/// Every result table, in the order people read them.
pub const ALL: &[&Table] = &[
    &CUSTOMERS,
    &CUSTOMER_HISTORY,
    &PROFITABILITY,
    &PROFITABILITY_DECILES,
    &PROFITABILITY_WHALE,
    &PROFITABILITY_TIEOUT,
    &PROFITABILITY_LOSSES,
    &PROFITABILITY_MOVES,
    &PROFITABILITY_PARTIES,
    &PROFITABILITY_PERIODS,
    &PROFITABILITY_POOLS,
    &RFM,
    &RFM_SEGMENTS,
    &RFM_CUTS,
    &RFM_MIGRATION,
    &RFM_MOVES,
    &SEGMENTS,
    &SEGMENT_OVERLAPS,
    &SEGMENT_MEMBERS,
    &CHURN,
    &CHURN_BACKTEST,
    &CLV,
    &CLV_CARDS,
    &CLV_MODEL,
    &CONTRACTS,
    &CONTRACT_SURVIVAL,
    &CONTRACT_CARDS,
    &MODEL_CARDS,
    &TREND_KPIS,
    &TREND_COHORTS,
    &TREND_BRIDGE,
    &TREND_CUSTOMER_BRIDGE,
    &TREND_BASKET_BRIDGE,
    &TREND_SLOPES,
    &TREND_SEASONS,
    &TREND_CHANGES,
    &TREND_MOVERS,
    &TREND_ABC,
    &TREND_PRODUCTS,
    &TREND_ANOMALIES,
    &TREND_FORECAST,
    &TREND_FORECAST_BACKTEST,
    &TREND_CALENDAR,
    &TREND_MARKET,
    &PRODUCT_SALES,
    &BASKET_RULES,
    &BASKET_MODEL_CARD,
    &BASKET_SUBSTITUTES,
    &ITEMSET_RULES,
    &ITEMSET_MODEL_CARD,
    &CROSS_SELL,
    &CROSS_SELL_MODEL_CARD,
    &CROSS_SELL_BACKTEST,
    &UP_SELL,
    &UP_SELL_MOVES,
    &UP_SELL_PACKS,
    &UP_SELL_MODEL_CARD,
    &UP_SELL_BACKTEST,
    &REPLENISH,
    &REPLENISH_MODEL_CARD,
    &REPLENISH_BACKTEST,
    &OFFER_GUARDS,
    &QUEUE,
    &QUEUE_REASONS,
    &QUEUE_EXCLUDED,
    &QUEUE_CANDIDATES,
    &AGENT_PORTFOLIO,
];

/// The result table of a name.
pub fn result_table(name: &str) -> Option<&'static Table> {
    ALL.iter().copied().find(|table| table.name == name)
}

/// Whether a column of a table is money, those of an open prefix included.
pub fn is_money(table: &Table, column: &str) -> bool {
    table.kind(column) == Some(Kind::Money)
}
