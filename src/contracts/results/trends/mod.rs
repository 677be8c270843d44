//! The tables of `trends`.

mod bridges;
mod bridges_customers;
mod course;
mod figures;
mod forecast;
mod market;
mod products;

pub use bridges::TREND_BRIDGE;
pub use bridges_customers::{TREND_BASKET_BRIDGE, TREND_CUSTOMER_BRIDGE};
pub use course::{TREND_ANOMALIES, TREND_CHANGES, TREND_SEASONS, TREND_SLOPES};
pub use figures::{TREND_COHORTS, TREND_KPIS};
pub use forecast::{TREND_FORECAST, TREND_FORECAST_BACKTEST};
pub use market::{TREND_CALENDAR, TREND_MARKET};
pub use products::{TREND_ABC, TREND_MOVERS, TREND_PRODUCTS};

use crate::contracts::Column;
use crate::contracts::Kind::{Flag, Id, Text};

const DIMENSION: Column =
    Column::new("dimension", Text, "`all`, `branch`, `category` or `channel`; movers also `product`.").filled();
const VALUE: Column =
    Column::new("value", Id, "The branch id, category, channel or product id; `all` for all sales together.").filled();
const IS_LEFT_TRUNCATED: Column = Column::new(
    "is_left_truncated",
    Flag,
    "The data begin less than `lost_after_months` before: customers who count as new here may have bought before them.",
)
.filled();
