//! What the report shows: one plain struct per section, filled by the caller.
//!
//! Conventions, everywhere: money is `i64` in minor units of [`Currency`]; a share is a fraction
//! (`0.25` is 25 %); a day is `2025-12-31`, a month is `2025-12`; lists arrive in the order they
//! are to be read. Text is shown as it is, except that the keys named at a field are translated.

use serde::Serialize;

/// The currency of every amount in the report.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Currency {
    /// ISO 4217 code, shown before amounts.
    pub code: String,
    /// Decimals of the minor unit: `125050` with 2 decimals is 1,250.50.
    pub decimals: u32,
    /// Decimals shown; the tie-out always shows all of `decimals`.
    pub display_decimals: u32,
}

/// A span of days.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Period {
    /// First day.
    pub start: String,
    /// The day after the last day.
    pub end: String,
}

/// The head of the report.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Header {
    /// Name of the project.
    pub project: String,
    /// Exclusive: the report knows the data before this day.
    pub as_of: String,
    /// Currency of all amounts.
    pub currency: Currency,
    /// The figures of the run summary sentence.
    pub run: Option<RunSummary>,
    /// The tiles.
    pub key_figures: Option<KeyFigures>,
}

/// What the run read, for the summary sentence.
#[derive(Debug, Clone, Serialize, Default)]
pub struct RunSummary {
    /// Source tables read.
    pub sources: u64,
    /// Rows received over all sources.
    pub rows_received: u64,
    /// Rows accepted over all sources.
    pub rows_accepted: u64,
    /// Distinct orders.
    pub orders: u64,
    /// Known customers.
    pub customers: u64,
    /// First and (exclusive) last day with sales.
    pub period: Period,
}

/// One tile: a value, the same of the period before, and its recent course.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Figure<T> {
    /// Value of the period.
    pub value: T,
    /// Value of the previous period.
    pub previous: Option<T>,
    /// Recent values, oldest first, for the little line; may be empty.
    pub history: Vec<T>,
}

/// The tiles; an absent figure shows a dash.
#[derive(Debug, Clone, Serialize, Default)]
pub struct KeyFigures {
    /// Period of the values.
    pub period: Period,
    /// Period they are compared with.
    pub previous_period: Period,
    /// Net sales, minor units.
    pub net_sales: Option<Figure<i64>>,
    /// Orders.
    pub orders: Option<Figure<u64>>,
    /// Customers with an order in the period.
    pub active_customers: Option<Figure<u64>>,
    /// Contribution of the known customers in the period, minor units.
    pub contribution: Option<Figure<i64>>,
    /// Their net sales in the period, where these are not all net sales.
    pub contribution_of: Option<i64>,
    /// Customers at risk of churning.
    pub customers_at_risk: Option<Figure<u64>>,
    /// Share of the active customers who had bought before.
    pub repeat_customer_share: Option<Figure<f64>>,
}

/// Monthly course of the business.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Trend {
    /// Months, oldest first; the chart shows the last 25, the table the last 13.
    pub months: Vec<MonthRow>,
    /// Trend test over the complete months.
    pub slope: Option<SlopeTest>,
    /// The complete month the movers compare.
    pub movers_month: String,
    /// Categories that moved most, in reading order.
    pub categories: Vec<Mover>,
    /// Branches that moved most, in reading order.
    pub branches: Vec<Mover>,
    /// Forecast, bridges, anomalies, products, market.
    pub outlook: super::Outlook,
}

/// One month of the trend.
#[derive(Debug, Clone, Serialize, Default)]
pub struct MonthRow {
    /// `2025-12`.
    pub month: String,
    /// The data end inside this month.
    pub partial: bool,
    /// The first day of Lebaran where it is in the month, `2025-03-31`.
    pub lebaran: Option<String>,
    /// Net sales, minor units.
    pub net_sales: i64,
    /// Orders.
    pub orders: u64,
    /// Customers with an order.
    pub active_customers: u64,
    /// Of these, customers with their first order.
    pub new_customers: u64,
    /// Of these, customers who had bought before.
    pub returning_customers: u64,
    /// Average order value, minor units.
    pub average_order: Option<i64>,
}

/// Sen slope of the monthly net sales with its Mann-Kendall test.
#[derive(Debug, Clone, Serialize, Default)]
pub struct SlopeTest {
    /// Complete months tested (the last ones).
    pub months: u64,
    /// Sen slope, minor units per month.
    pub sen_slope: i64,
    /// Two-sided Mann-Kendall p-value.
    pub p_value: f64,
}

/// A category or branch in the movers' month and in the months it is compared with.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Mover {
    /// Category or branch.
    pub name: String,
    /// Net sales of the movers' month.
    pub net_sales: i64,
    /// Net sales of the month before.
    pub previous_month: Option<i64>,
    /// Net sales of the same month a year before.
    pub same_month_last_year: Option<i64>,
}

/// Who earns and who costs.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Profitability {
    /// Days covered.
    pub period: Period,
    /// Cumulative contribution, best customer first.
    pub whale_curve: Option<WhaleCurve>,
    /// Deciles of customers by contribution, best first.
    pub deciles: Vec<DecileRow>,
    /// From gross sales to contribution.
    pub waterfall: Option<Waterfall>,
    /// The most profitable customers, best first.
    pub best: Vec<CustomerProfit>,
    /// The loss-making customers, largest loss first.
    pub worst: Vec<CustomerProfit>,
    /// Ledger against the sum of the parts, line by line.
    pub tie_out: Vec<TieOutRow>,
}

/// The whale curve.
#[derive(Debug, Clone, Serialize, Default)]
pub struct WhaleCurve {
    /// Customers on the curve.
    pub customers: u64,
    /// Customers with a negative contribution.
    pub losing_customers: u64,
    /// Points from (0, 0) to (1, 1), the peak among them; some 100 are enough.
    pub points: Vec<WhalePoint>,
}

/// One point of the whale curve.
#[derive(Debug, Clone, Copy, Serialize, Default)]
pub struct WhalePoint {
    /// Cumulative share of customers.
    pub customer_share: f64,
    /// Cumulative share of the total contribution.
    pub contribution_share: f64,
}

/// One tenth of the customers.
#[derive(Debug, Clone, Serialize, Default)]
pub struct DecileRow {
    /// 1 is the most profitable tenth.
    pub decile: u32,
    /// Customers in it.
    pub customers: u64,
    /// Their net sales.
    pub net_sales: i64,
    /// Their contribution.
    pub contribution: i64,
    /// Share of the total contribution.
    pub contribution_share: f64,
    /// The same, cumulated from decile 1.
    pub cumulative_share: f64,
}

/// From gross sales to contribution. Deductions are positive amounts.
#[derive(Debug, Clone, Serialize, Default)]
pub struct Waterfall {
    /// Sales before discounts and returns.
    pub gross_sales: i64,
    /// Discounts given (positive).
    pub discounts: i64,
    /// Promotions and coupons (positive).
    pub promotions: i64,
    /// Returns taken back (positive).
    pub returns: i64,
    /// Rebates granted (positive).
    pub rebates: i64,
    /// Net sales.
    pub net_sales: i64,
    /// Cost of goods sold (positive).
    pub cogs: i64,
    /// Gross margin.
    pub gross_margin: i64,
    /// Costs allocated to customers, by pool.
    pub cost_pools: Vec<CostPool>,
    /// Contribution.
    pub contribution: i64,
}

/// An allocated cost.
#[derive(Debug, Clone, Serialize, Default)]
pub struct CostPool {
    /// Name of the pool.
    pub name: String,
    /// Amount (positive).
    pub amount: i64,
}

/// A customer of the best or worst list.
#[derive(Debug, Clone, Serialize, Default)]
pub struct CustomerProfit {
    /// Customer number.
    pub customer_id: String,
    /// Name; may be empty.
    pub name: String,
    /// Orders in the period.
    pub orders: u64,
    /// Net sales.
    pub net_sales: i64,
    /// Contribution.
    pub contribution: i64,
    /// Of a loss: the lines of the statement that take more than usual, and how much.
    pub reasons: Vec<(String, i64)>,
}

/// One line of the tie-out: `ledger - (customers + anonymous + unallocated) = difference`.
#[derive(Debug, Clone, Serialize, Default)]
pub struct TieOutRow {
    /// `gross_sales`, `discounts`, `returns`, `net_sales`, `cogs`, `gross_margin`, `contribution`
    /// (translated) or the name of a cost pool.
    pub line: String,
    /// Amount in the ledger, with what other pools passed on.
    pub ledger: i64,
    /// Amount allocated to customers.
    pub customers: i64,
    /// Amount of our own departments.
    pub internal: i64,
    /// Amount of sales without a customer.
    pub anonymous: i64,
    /// Cost of capacity nobody used.
    pub unused: i64,
    /// Amount that no rule allocates, what rounding left over included.
    pub unallocated: i64,
    /// What is left; 0 when the line ties out.
    pub difference: i64,
}
