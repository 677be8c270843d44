//! How sales move: months, cohorts, bridges, slopes, movers and forecasts.

mod abc;
mod anomalies;
mod bridge;
mod causes;
mod cohorts;
mod course;
mod forecast;
mod kpis;
mod movement;
mod movers;
mod products;
mod slopes;
mod surroundings;
mod tie_out;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

pub use bridge::{Bridge, bridges};
use causes::Calendar;
pub use cohorts::{CohortCell, cohort_cells};
pub use course::{CohortMonth, Course, Figures, Grid, ProductMonth};

use tie_out::{Ledger, tie_out};

use super::{Analysis, Inputs, Spec};
use crate::analyses::frame::wholes;
use crate::contracts::results::{
    PROFITABILITY, TREND_ABC, TREND_ANOMALIES, TREND_BASKET_BRIDGE, TREND_BRIDGE, TREND_CALENDAR, TREND_CHANGES,
    TREND_COHORTS, TREND_CUSTOMER_BRIDGE, TREND_FORECAST, TREND_FORECAST_BACKTEST, TREND_KPIS, TREND_MARKET,
    TREND_MOVERS, TREND_PRODUCTS, TREND_SEASONS, TREND_SLOPES,
};
use crate::error::{Error, Result};
use crate::facts::{Codes, Facts, Keep, Parts};
use crate::stats::forecast::Settings;

/// Months in a year.
const PERIOD: usize = 12;

static SPEC: Spec = Spec {
    id: "trends",
    definition: "Figures of every calendar month from the first order to the as-of date, for all sales and for each \
                 branch, category and channel, beside the month before and the same month a year before. Every table \
                 adds up to the net sales of the orders to the last minor unit, or the run fails.\n\n\
                 Customers: an order counts where one of its lines has a positive amount. A customer is active in a \
                 month with such an order, new in the month of the first order anywhere, returning in later ones, \
                 lost when 3 months have passed without an order, reactivated when one comes after that. Returns \
                 count in the month of the order they are booked in.\n\n\
                 Partial months: a month is partial where the as-of date falls inside it or the first order of all \
                 comes after its first day. Slopes, movers and forecasts use complete months only.\n\n\
                 Bridge, on lines of which nothing went back: price = Σ (revenue − base unit revenue × units) and \
                 volume = (units − base units) × base revenue / base units over the products of both months, each \
                 rounded to a whole minor unit; mix = the rest of those products' difference; new and lost = the \
                 other products.\n\n\
                 Slope: Sen's, tested by Mann-Kendall, q-values by Benjamini-Hochberg over all series. Change of \
                 level: Pettitt's test at 5 % on months without their seasons, then again on either side.\n\n\
                 Forecast: the weighted mean of seasonal naive, Theta, dynamic optimised Theta, a damped trend, a \
                 damped trend of months to years together and exponential smoothing with multiplicative and with \
                 additive seasons. The last 12 complete months (or as many as leave enough before them) are forecast \
                 again from 6 earlier months with what was known then, and the weight of a method is one over its \
                 squared mean absolute error there. Where the combination's error there was not less than that of \
                 seasonal naive (of the last value, with too few months before them), the latter serves alone if the \
                 combination lost in most tested series of the dimension (all sales are one by themselves), or if its own \
                 error was half or less. The months of one series alone tell only roughly which is nearer: on held out \
                 ends of the 1,086 monthly series of the M3 competition that are long enough, forecasts were 11 % further \
                 off where each series went by its own. Where no month was below nil, no forecast is.\n\n\
                 Calendar, where one is asked for: how much more or less a Saturday, a Sunday, a public holiday, a \
                 day of Ramadan, of the two weeks before Lebaran and of the week from it on brings is estimated \
                 together with level and seasons, near nil unless the months show it, and above −1, as no day sells less \
                 than nothing. It is taken out of a series before it is forecast and put back after, where the \
                 combination's error in that backtest was less than 97 % of that without, and where choosing so at each \
                 of the earlier months, by those before it, made forecasts no worse.\n\n\
                 Intervals: low, high = forecast ∓ 1.46 (95 %: 2.78) × s × ⁴√h, h months ahead: s = the root mean \
                 square of error / ⁴√h in that backtest, with the one-step errors of the damped trend counted for 4. \
                 Forecasts of branches, categories and channels are moved, the least certain most, until each \
                 dimension adds up to all sales. Where no month is complete, a month to come is expected to sell a day what \
                 all days so far did.\n\n\
                 Anomalies: months outside the 95 % interval of the forecast made a month before.",
    needs: &["profitability"],
    reads: Parts { lines: Keep::All, codes: true, ..Parts::ORDERS },
    outputs: &[
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
    ],
};

/// Parameters: `[trends]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trends {
    /// How many movers are listed in each direction.
    pub movers: usize,
    /// How many months are forecast.
    pub forecast_months: usize,
    /// How many of the last complete months the backtest forecasts, where there are enough before them.
    pub backtest_months: usize,
    /// From how many months it forecasts them, evenly spaced.
    pub backtest_origins: usize,
    /// How many of the last complete months are searched for anomalies.
    pub anomaly_months: usize,
    /// After how many months without an order a customer counts as lost.
    pub lost_after_months: usize,
    /// How many of the last complete months products are classified over; 0 takes every month, partial ones too.
    pub abc_months: usize,
    /// Whose weekends, holidays and feasts move sales: `id` (Indonesia) or `none`; left out, as `[check] holidays`.
    pub calendar: Option<String>,
}

impl Default for Trends {
    fn default() -> Trends {
        Trends {
            movers: 20,
            forecast_months: 6,
            backtest_months: 12,
            backtest_origins: 6,
            anomaly_months: 12,
            lost_after_months: 3,
            abc_months: 12,
            calendar: None,
        }
    }
}

impl Analysis for Trends {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn validate(&self) -> std::result::Result<(), String> {
        match (self.backtest_origins, self.lost_after_months, self.calendar.as_deref()) {
            (0, ..) => Err("`backtest_origins` is at least 1".into()),
            (_, 0, _) => Err("`lost_after_months` is at least 1".into()),
            (.., None | Some("id" | "none")) => Ok(()),
            (.., Some(other)) => Err(format!("`calendar = \"{other}\"` is neither \"id\" nor \"none\"")),
        }
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let course = Course::of(facts, self.lost_after_months);
        let ledger = Ledger::of(facts, &course)?;
        let series = series(facts, &course);
        let settings = Settings {
            period: PERIOD,
            horizon: self.forecast_months,
            window: self.backtest_months,
            origins: self.backtest_origins,
        };
        let calendar = Calendar::of(
            course.months.start..course.months.end + self.forecast_months as i32,
            self.calendar.as_deref() == Some("id"),
        );
        let [customer_bridge, basket_bridge] = movement::frames(facts, &course, &series)?;
        let [slopes, seasons, changes] = slopes::frames(&course, &series)?;
        let (anomalies, judged) = anomalies::frame(&course, &series, &calendar, self.anomaly_months)?;
        let days = facts.orders.day.iter().min().map_or(0, |first| facts.as_of - first);
        let [forecast, backtest] = forecast::frames(&course, &series, &calendar, settings, days, &judged)?;
        let frames = vec![
            kpis::frame(&course, &series)?,
            cohorts::frame(facts, &course, &activity_costs(inputs)?)?,
            bridge::frame(facts, &course, &series)?,
            customer_bridge,
            basket_bridge,
            slopes,
            seasons,
            changes,
            movers::frame(facts, &course, &series, self.movers)?,
            abc::frame(facts, &course, self.abc_months)?,
            products::frame(facts, &course, self.movers)?,
            anomalies,
            forecast,
            backtest,
            surroundings::calendar_frame(facts, &course, &calendar)?,
            surroundings::market_frame(facts, &course)?,
        ];
        tie_out(&ledger, |table| {
            let found = SPEC.outputs.iter().zip(&frames).find(|(output, _)| output.name == table.name);
            found
                .map(|found| found.1)
                .ok_or_else(|| Error::Contract { table: table.name, message: "it is not made".into() })
        })?;
        Ok(frames)
    }
}

/// What customers cost besides goods: the margin of their orders − their contribution in `profitability`.
fn activity_costs(inputs: &Inputs<'_>) -> Result<Vec<i64>> {
    let facts = inputs.facts;
    let contribution = wholes(inputs.results.get(&PROFITABILITY)?, "contribution")?;
    let margin = |customer: usize| -> i64 {
        facts.orders_of(customer).map(|order| facts.totals[order].net() - facts.totals[order].cogs).sum()
    };
    Ok(contribution.iter().enumerate().map(|(customer, left)| margin(customer) - left.unwrap_or(0)).collect())
}

/// The course of one value of one dimension.
#[derive(Clone, Copy)]
struct Series<'c> {
    dimension: &'static str,
    name: &'c str,
    value: usize,
    grid: &'c Grid,
}

impl Series<'_> {
    /// Net sales of the complete months, from the first month with any sales on, and the place of that month.
    fn complete_net_sales(&self, course: &Course) -> (usize, Vec<i64>) {
        let net_sales = self.grid.net_sales(self.value, course.complete.clone());
        let silent = net_sales.iter().take_while(|net| **net == 0).count();
        (course.complete.start + silent, net_sales[silent..].to_vec())
    }

    /// Net sales of a month of usual length at the rate of all days so far.
    fn usual_month(&self, course: &Course, days: i32) -> f64 {
        let net_sales: i64 = self.grid.net_sales(self.value, 0..course.len()).iter().sum();
        net_sales as f64 * (365.25 / 12.0) / f64::from(days.max(1))
    }
}

/// Every value that has sales, by dimension, then value. A dimension no export fills is left out.
fn series<'c>(facts: &'c Facts, course: &'c Course) -> Vec<Series<'c>> {
    let mut all = Vec::new();
    if !course.is_empty() {
        all.push(Series { dimension: "all", name: "all", value: 0, grid: &course.all });
    }
    let dimensions: [(&'static str, &Codes, &Grid); 3] = [
        ("branch", &facts.orders.branches, &course.branch),
        ("category", &facts.categories, &course.category),
        ("channel", &facts.orders.channels, &course.channel),
    ];
    for (dimension, codes, grid) in dimensions {
        let has_sales = |value: &usize| (0..course.len()).any(|at| *grid.at(at, *value) != Figures::default());
        let values: Vec<usize> = (0..grid.width).filter(has_sales).collect();
        if values.iter().any(|value| !codes.values[*value].is_empty()) {
            all.extend(values.iter().map(|value| Series {
                dimension,
                name: &codes.values[*value],
                value: *value,
                grid,
            }));
        }
    }
    all
}

/// A number of months before a month, where the data reach back as far.
fn before(at: usize, months: usize) -> Option<usize> {
    at.checked_sub(months)
}

/// `part` / `whole`; nothing where the whole is not above nil.
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
