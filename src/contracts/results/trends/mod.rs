//! The tables of `trends`.

mod bridges;
mod course;
mod figures;
mod forecast;
mod products;

pub use bridges::TREND_BRIDGE;
pub use course::{TREND_ANOMALIES, TREND_CHANGES, TREND_SEASONS, TREND_SLOPES};
pub use figures::{TREND_COHORTS, TREND_KPIS};
pub use forecast::{TREND_FORECAST, TREND_FORECAST_BACKTEST};
pub use products::TREND_MOVERS;

use crate::contracts::Column;
use crate::contracts::Kind::{Id, Text};

const DIMENSION: Column =
    Column::new("dimension", Text, "`all`, `branch`, `category` or `channel`; movers also `product`.").filled();
const VALUE: Column =
    Column::new("value", Id, "The branch id, category, channel or product id; `all` for all sales together.").filled();
