//! What a customer will still bring: expected orders × value per order, discounted, with an interval.

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::churn::contribution;
use super::churn::features::{Features, features};
use super::churn::orders_model::{Demand, OrdersModel, Rate};
use super::frame::FrameBuilder;
use super::rfm::months_before;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{CLV, CLV_CARDS};
use crate::error::Result;
use crate::facts::{Facts, Parts};
use crate::stats::btyd::{DAYS_PER_WEEK, Triple};
use crate::stats::metrics::top_decile_share;

static SPEC: Spec = Spec {
    id: "clv",
    definition: "Customer lifetime value = sum over the next 12 months of the orders expected in the month × value \
                 per order ÷ (1 + 1 %)^month. Expected orders are by MBG/NBD fitted to all customers (orders of one \
                 day count as one); where it cannot be fitted well inside its bounds, by the historic rate (1 + \
                 repeat orders) ÷ (average wait + time known), average wait = time known of all ÷ (1 + repeat \
                 orders of all), and `method` says so. Value per order = z × own contribution per order + (1 − z) × \
                 that of all customers, z = n ÷ (n + k), n own orders, k = variance of the margin between a \
                 customer's orders ÷ variance between customers (Bühlmann–Straub); losses stay losses. The interval \
                 holds about 80 % of what customers will bring: orders negative binomial around the expectation, \
                 none at all with the probability of having left; it is approximate, as the value per order counts \
                 as known.",
    needs: &["profitability"],
    reads: Parts { sums: true, ..Parts::ORDERS },
    outputs: &[&CLV, &CLV_CARDS],
};

/// Parameters: `[clv]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clv {
    /// Months ahead that count.
    pub months: u16,
    /// Discount a month: .01 is 1 %.
    pub monthly_discount: f64,
}

impl Default for Clv {
    fn default() -> Clv {
        Clv { months: 12, monthly_discount: 0.01 }
    }
}

/// A month, in weeks: 365.25 / 12 / 7.
const WEEKS_PER_MONTH: f64 = 365.25 / 12.0 / DAYS_PER_WEEK;

/// The interval leaves out a tenth at either end.
const TAIL: f64 = 0.1;

impl Analysis for Clv {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let customers = features(facts, facts.as_of);
        let contribution = contribution(inputs)?;
        let earned: Vec<i64> = customers.iter().map(|of| contribution[of.customer as usize]).collect();
        let values = values_per_order(facts, &customers, facts.as_of, &earned);
        let model = OrdersModel::fit(&customers, Demand::Interior);
        let orders = model.by_customer(|triple| self.outlook(&model.rate, triple));
        let column = |money: fn(&Outlook, f64) -> f64| {
            orders.iter().zip(&values).map(|(orders, value)| money(orders, *value).round() as i64).collect::<Vec<i64>>()
        };
        let frame = FrameBuilder::new(&CLV)
            .text("customer_id", customers.iter().map(|of| facts.customers.id(of.customer as usize)))
            .whole("clv", column(|orders, value| orders.discounted * value))
            .whole("clv_low", column(|orders, value| (orders.low * value).min(orders.high * value)))
            .whole("clv_high", column(|orders, value| (orders.low * value).max(orders.high * value)))
            .whole("historic_value", earned)
            .ratio("expected_orders_12m", orders.iter().map(|orders| orders.expected).collect())
            .whole("value_per_order", values.iter().map(|value| value.round() as i64).collect())
            .text("method", orders.iter().map(|_| model.rate.name()))
            .finish()?;
        Ok(vec![frame, self.cards(facts)?])
    }
}

/// The orders a customer is expected to place.
#[derive(Debug, Clone, Copy)]
pub struct Outlook {
    /// Their number.
    pub expected: f64,
    /// The same, each discounted to now.
    pub discounted: f64,
    /// Discounted orders at the lower end of the interval.
    pub low: f64,
    /// Discounted orders at the upper end of the interval.
    pub high: f64,
}

impl Clv {
    /// The orders expected of the customers of one history.
    pub fn outlook(&self, rate: &Rate, triple: &Triple) -> Outlook {
        let (mut expected, mut discounted, mut factor) = (0.0, 0.0, 1.0);
        for month in 1..=self.months {
            let upto = rate.expected_orders(triple, f64::from(month) * WEEKS_PER_MONTH);
            factor /= 1.0 + self.monthly_discount;
            discounted += (upto - expected) * factor;
            expected = upto;
        }
        let (alive, shape) = rate.alive_and_shape(triple);
        let worth = if expected > 0.0 { discounted / expected } else { 0.0 };
        // Whoever has left orders nothing: the lower 1 − alive of all outcomes.
        let at = |share: f64| {
            let of_living = (share - (1.0 - alive)) / alive;
            if of_living > 0.0 { negative_binomial_quantile(shape, expected / alive, of_living) } else { 0.0 }
        };
        Outlook { expected, discounted, low: worth * at(TAIL), high: worth * at(1.0 - TAIL) }
    }
}

/// A way to foresee what customers bring, what it foresaw, and its interval, if it has one.
struct Forecast {
    model: &'static str,
    is_baseline: bool,
    value: Vec<f64>,
    interval: Option<Vec<(f64, f64)>>,
}

impl Clv {
    /// Foresees, as of so many months ago, the gross margin of the months since, and compares with what came.
    fn cards(&self, facts: &Facts) -> Result<DataFrame> {
        let (origin, as_of) = (months_before(facts.as_of, self.months), facts.as_of);
        let customers = features(facts, origin);
        let margins = |from, to| -> Vec<i64> {
            customers.par_iter().map(|of| margin(facts, of.customer as usize, from, to)).collect()
        };
        let actual: Vec<f64> = margins(origin, as_of).into_iter().map(|margin| margin as f64).collect();
        let forecasts = self.forecasts(facts, &customers, origin, &margins);
        let mut rows: Vec<(&Forecast, &str, Option<f64>)> = Vec::new();
        for forecast in &forecasts {
            let total: f64 = actual.iter().sum();
            let missed = forecast.value.iter().zip(&actual).map(|(value, actual)| (value - actual).abs()).sum::<f64>();
            rows.push((forecast, "total_ratio", (total > 0.0).then(|| forecast.value.iter().sum::<f64>() / total)));
            rows.push((forecast, "missed_share", (total > 0.0).then(|| missed / total)));
            rows.push((forecast, "top_decile_share", top_decile_share(&forecast.value, &actual)));
            if let Some(interval) = forecast.interval.as_ref().filter(|interval| !interval.is_empty()) {
                let held =
                    interval.iter().zip(&actual).filter(|((low, high), actual)| low <= actual && *actual <= high);
                rows.push((forecast, "interval_coverage", Some(held.count() as f64 / actual.len() as f64)));
            }
        }
        FrameBuilder::new(&CLV_CARDS)
            .text("analysis", rows.iter().map(|_| SPEC.id))
            .text("model", rows.iter().map(|row| row.0.model))
            .flag("is_baseline", rows.iter().map(|row| row.0.is_baseline).collect())
            .flag("serves", rows.iter().map(|row| !row.0.is_baseline).collect())
            .text("metric", rows.iter().map(|row| row.1))
            .maybe_ratio("value", rows.iter().map(|row| row.2).collect())
            .whole("n_customers", vec![actual.len() as i64; rows.len()])
            .date("test_from", vec![Some(origin); rows.len()])
            .date("test_to", vec![Some(as_of); rows.len()])
            .finish()
    }

    /// The model, undiscounted, and what a naive observer would say: as in the months before, or everyone the mean.
    fn forecasts(
        &self,
        facts: &Facts,
        customers: &[Features],
        origin: i32,
        margins: &dyn Fn(i32, i32) -> Vec<i64>,
    ) -> [Forecast; 3] {
        let plain = Clv { monthly_discount: 0.0, ..self.clone() };
        let values = values_per_order(facts, customers, origin, &margins(i32::MIN, origin));
        let model = OrdersModel::fit(customers, Demand::Interior);
        let orders = model.by_customer(|triple| plain.outlook(&model.rate, triple));
        let interval = |(orders, value): (&Outlook, &f64)| {
            let (low, high) = (orders.low * value, orders.high * value);
            (low.min(high), low.max(high))
        };
        let before: Vec<f64> =
            margins(months_before(origin, self.months), origin).into_iter().map(|margin| margin as f64).collect();
        let mean = before.iter().sum::<f64>() / before.len().max(1) as f64;
        [
            Forecast {
                model: model.rate.name(),
                is_baseline: false,
                value: orders.iter().zip(&values).map(|(orders, value)| orders.expected * value).collect(),
                interval: Some(orders.iter().zip(&values).map(interval).collect()),
            },
            Forecast { model: "everyone_alike", is_baseline: true, value: vec![mean; before.len()], interval: None },
            Forecast { model: "as_last_period", is_baseline: true, value: before, interval: None },
        ]
    }
}

/// Net sales − cost of goods of a customer in a window.
fn margin(facts: &Facts, customer: usize, from: i32, to: i32) -> i64 {
    let orders = facts.orders_of(customer).filter(|order| (from..to).contains(&facts.orders.day[*order]));
    orders.map(|order| facts.totals[order].net() - facts.totals[order].cogs).sum()
}

/// The value of an order of each customer, minor units: his own mean drawn towards that of all as far as the means
/// of customers differ by chance. `earned` is what each has brought.
pub fn values_per_order(facts: &Facts, customers: &[Features], cutoff: i32, earned: &[i64]) -> Vec<f64> {
    let spread: Vec<Spread> =
        customers.par_iter().with_min_len(2048).map(|of| spread(facts, of.customer as usize, cutoff)).collect();
    let k = orders_for_half_trust(&spread);
    let orders: i64 = spread.iter().map(|spread| spread.orders).sum();
    let all = earned.iter().sum::<i64>() as f64 / orders.max(1) as f64;
    let value = |(spread, earned): (&Spread, &i64)| {
        let trust = spread.orders as f64 / (spread.orders as f64 + k);
        trust * (*earned as f64 / spread.orders as f64) + (1.0 - trust) * all
    };
    spread.iter().zip(earned).map(value).collect()
}

/// Gross margins of a customer's orders, those of one day together; what goes back counts against the order before.
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    orders: i64,
    sum: i128,
    squares: i128,
}

fn spread(facts: &Facts, customer: usize, cutoff: i32) -> Spread {
    let mut found = Spread::default();
    let (mut margin, mut last) = (0_i128, None);
    for order in facts.orders_of(customer) {
        let day = facts.orders.day[order];
        if day >= cutoff {
            break;
        }
        let totals = &facts.totals[order];
        if totals.is_sale && last != Some(day) {
            found.squares += margin * margin;
            found.orders += 1;
            // What went back before the first order belongs to it.
            if last.is_some() {
                margin = 0;
            }
            last = Some(day);
        }
        margin += i128::from(totals.net() - totals.cogs);
        found.sum += i128::from(totals.net() - totals.cogs);
    }
    found.squares += margin * margin;
    found
}

/// Bühlmann–Straub's k: the number of orders at which a customer's own mean counts half. Infinite where the means
/// differ no more than chance would have it.
fn orders_for_half_trust(spread: &[Spread]) -> f64 {
    let customers = spread.len() as f64;
    let (mut orders, mut orders_squared, mut sum, mut within) = (0.0, 0.0, 0.0, 0.0);
    for of in spread {
        let n = of.orders as f64;
        orders += n;
        orders_squared += n * n;
        sum += of.sum as f64;
        within += (of.squares * i128::from(of.orders) - of.sum * of.sum) as f64 / n;
    }
    if orders <= customers {
        return f64::INFINITY;
    }
    let (mean, variance) = (sum / orders, within / (orders - customers));
    let mut between = 0.0;
    for of in spread {
        let n = of.orders as f64;
        let own = of.sum as f64 / n - mean;
        between += n * own * own;
    }
    between = (between - (customers - 1.0) * variance) / (orders - orders_squared / orders);
    if between > 0.0 { variance / between } else { f64::INFINITY }
}

/// Probabilities below e to this vanish in floating point.
const LOG_UNDERFLOW: f64 = -650.0;

/// More orders than this nobody places.
const MOST_ORDERS: f64 = 1e6;

/// The smallest number that a negative binomial of this mean and shape does not exceed with the probability given.
fn negative_binomial_quantile(shape: f64, mean: f64, probability: f64) -> f64 {
    let step = mean / (mean + shape);
    let mut log_mass = -shape * (mean / shape).ln_1p();
    let mut count = 0.0;
    while log_mass < LOG_UNDERFLOW && count < MOST_ORDERS {
        log_mass += ((shape + count) / (count + 1.0) * step).ln();
        count += 1.0;
    }
    let mut mass = log_mass.exp();
    let mut total = mass;
    while total < probability && count < MOST_ORDERS && mass > 0.0 {
        mass *= (shape + count) / (count + 1.0) * step;
        total += mass;
        count += 1.0;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_match_the_distribution() {
        // scipy.stats.nbinom(shape, shape / (shape + mean)).ppf
        let cases = [
            (0.5, 0.3, 0.9, 1.0),
            (2.0, 6.0, 0.1, 1.0),
            (2.0, 6.0, 0.9, 13.0),
            (40.0, 55.0, 0.5, 54.0),
            (3000.0, 4000.0, 0.1, 3877.0),
        ];
        for (shape, mean, probability, expected) in cases {
            assert_eq!(negative_binomial_quantile(shape, mean, probability), expected, "{shape} {mean} {probability}");
        }
        assert_eq!(negative_binomial_quantile(0.5, 0.0, 0.9), 0.0);
    }

    fn margins(of: &[i128]) -> Spread {
        Spread { orders: of.len() as i64, sum: of.iter().sum(), squares: of.iter().map(|m| m * m).sum() }
    }

    #[test]
    fn own_mean_counts_as_far_as_customers_differ() {
        // Within variance 50 + 50 + 50 over 3, means 15, 25, 35: between = (2·200 − 2·50) / (6 − 12/6) = 75.
        let apart = [margins(&[10, 20]), margins(&[20, 30]), margins(&[30, 40])];
        assert!((orders_for_half_trust(&apart) - 50.0 / 75.0).abs() < 1e-12);
        let alike = [margins(&[10, 20]), margins(&[20, 10])];
        assert_eq!(orders_for_half_trust(&alike), f64::INFINITY);
        assert_eq!(orders_for_half_trust(&[margins(&[10])]), f64::INFINITY);
    }

    #[test]
    fn discounting_never_adds() {
        let rate = Rate::Historic { weeks_per_order: 10.0 };
        let triple = Triple { repeats: 3, first_to_last_days: 200, age_days: 280, weight: 1.0 };
        let plain = Clv { months: 12, monthly_discount: 0.0 }.outlook(&rate, &triple);
        let usual = Clv::default().outlook(&rate, &triple);
        // (1 + 3) / (10 + 40 weeks) × 52.178…
        assert!((plain.expected - 4.0 / 50.0 * 12.0 * WEEKS_PER_MONTH).abs() < 1e-12);
        assert!((plain.discounted - plain.expected).abs() < 1e-12);
        assert!(usual.discounted < plain.discounted && usual.low <= usual.discounted && usual.high >= usual.discounted);
    }
}
