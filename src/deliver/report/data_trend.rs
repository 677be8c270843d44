//! What the trend section shows besides months and movers: forecast, bridges, anomalies, products, market.

use serde::Serialize;

/// Why, what next, and what stands out.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Outlook {
    /// The months to come of all sales.
    pub forecast: Option<ForecastChart>,
    /// The months to come of each branch or category, together.
    pub forecast_parts: Vec<ForecastPart>,
    /// Why the last complete month differs, by products: price, volume, mix, new, lost.
    pub product_bridge: Option<Bridge>,
    /// By customers: new, reactivated, retained, lost, others, anonymous.
    pub customer_bridge: Option<Bridge>,
    /// Sales to known customers: customers, frequency, basket.
    pub basket_bridge: Option<Bridge>,
    /// Months that were not as expected, newest first.
    pub anomalies: Vec<Anomaly>,
    /// Complete months searched for them.
    pub anomaly_months: u64,
    /// How many of them had a forecast from the month before.
    pub months_judged: u64,
    /// Products by worth and evenness.
    pub abc: Option<AbcMatrix>,
    /// Products that emerge, were launched, fade.
    pub products: Vec<ProductWay>,
    /// The last month's market by category.
    pub market: Vec<MarketShare>,
    /// Why markets of a month and category give no shares, and how many.
    pub market_doubts: Vec<(String, u64)>,
}

/// Past months and those to come.
#[derive(Debug, Clone, Serialize, Default)]
pub struct ForecastChart {
    /// Complete months, oldest first: month and net sales.
    pub past: Vec<(String, i64)>,
    /// Months to come.
    pub months: Vec<ForecastMonth>,
    /// The combination was nearer than seasonal naive; `None` where it was not tested.
    pub is_better: Option<bool>,
    /// Months forecast in the backtest.
    pub tested_months: u64,
    /// Mean absolute error there, minor units.
    pub error: Option<i64>,
    /// That of seasonal naive.
    pub naive_error: Option<i64>,
    /// With less than a year before the months tried, the last month stood in for the same month a year before.
    pub naive_is_last_month: bool,
    /// Share of the backtest's values inside the 80 % interval.
    pub inside_80: Option<f64>,
    /// What weekends, holidays and Lebaran do; `None` where no calendar is asked for or could be tried.
    pub calendar: Option<CalendarTest>,
    /// Months with the first day of Lebaran, past and to come.
    pub lebaran: Vec<String>,
}

/// The forecast with and without the calendar.
#[derive(Debug, Clone, Serialize, Default)]
pub struct CalendarTest {
    /// Mean absolute error of the backtest without and with it, minor units.
    pub errors: [i64; 2],
    /// How much more a Saturday, a day of the two weeks before Lebaran and one from Lebaran on bring, shares of an average
    /// day; `None` where the calendar is not used.
    pub effects: Option<[f64; 3]>,
    /// Months to come after the last year whose dates are known.
    pub unknown_months: u64,
}

/// One month to come. Minor units.
#[derive(Debug, Clone, Serialize, Default)]
pub struct ForecastMonth {
    /// `2026-01`.
    pub month: String,
    /// Net sales expected.
    pub forecast: i64,
    /// Bounds of the 80 % interval.
    pub inner: Option<(i64, i64)>,
    /// Bounds of the 95 % interval.
    pub outer: Option<(i64, i64)>,
}

/// The months to come of one value.
#[derive(Debug, Clone, Serialize, Default)]
pub struct ForecastPart {
    /// `branch` or `category`.
    pub dimension: String,
    /// The branch or category.
    pub name: String,
    /// Net sales expected over the months to come.
    pub forecast: i64,
    /// Net sales of as many last complete months.
    pub past: i64,
    /// Whether its forecast beats seasonal naive; `None` where it was not tested.
    pub is_better: Option<bool>,
}

/// From one month's amount to another's.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Bridge {
    /// The month compared with.
    pub base_month: String,
    /// The month.
    pub month: String,
    /// Amount of the base month.
    pub from: i64,
    /// Steps: key of the words, amount.
    pub steps: Vec<(String, i64)>,
    /// Amount of the month.
    pub to: i64,
}

/// A month that was not as expected.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Anomaly {
    /// The month.
    pub month: String,
    /// `all`, `branch`, `category` or `channel`.
    pub dimension: String,
    /// Its name.
    pub name: String,
    /// Net sales.
    pub actual: i64,
    /// Net sales expected.
    pub expected: i64,
    /// Share of the deviation of all sales.
    pub contribution: Option<f64>,
    /// It is outside its own interval.
    pub is_outside: bool,
    /// Days of Ramadan in the month.
    pub ramadan_days: u64,
}

/// Products by worth (A, B, C) and evenness (X, Y, Z, unknown).
#[derive(Debug, Clone, Serialize, Default)]
pub struct AbcMatrix {
    /// By A, B, C, then X, Y, Z, unknown: products and revenue.
    pub cells: Vec<Vec<(u64, i64)>>,
    /// Products that moved up, down, are new, are gone; `None` where the data do not reach back.
    pub moves: Option<[u64; 4]>,
}

/// A product that emerges, was launched or fades.
#[derive(Debug, Clone, Serialize, Default)]
pub struct ProductWay {
    /// `emerging`, `launched` or `fading`.
    pub kind: String,
    /// Product number.
    pub product_id: String,
    /// Its name.
    pub name: String,
    /// First month sold.
    pub first_month: String,
    /// Revenue of the last months, and of as many before.
    pub revenue: (i64, i64),
    /// Change of its share of all revenue.
    pub share_change: f64,
    /// The product of its category that lost (or won) most meanwhile.
    pub against: String,
}

/// A category in its market.
#[derive(Debug, Clone, Serialize, Default)]
pub struct MarketShare {
    /// The month.
    pub month: String,
    /// The category.
    pub category: String,
    /// Own net sales.
    pub own: i64,
    /// The market.
    pub total: i64,
    /// Own share.
    pub share: Option<f64>,
    /// Its change from the month and the year before.
    pub changes: (Option<f64>, Option<f64>),
    /// The largest competitor and its share.
    pub largest: Option<(String, f64)>,
    /// Own price / the lowest competitor's, and who that is.
    pub price_index: Option<(f64, String)>,
}
