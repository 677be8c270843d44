//! What a customer will still bring: expected orders × value per order, discounted, with an interval.

mod card;
mod forecast;
mod outlook;
mod spread;
mod value;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::churn::contribution;
use super::churn::methods::FEWEST_CUSTOMERS;
use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{CLV, CLV_CARDS, CLV_MODEL};
use crate::error::Result;
use crate::facts::Parts;
use crate::stats::btyd::{DAYS_PER_WEEK, Model};
use card::{Backtest, DECISIVE};
use forecast::{Forecast, Standpoint, Way};
use outlook::{Months, TAIL_DEVIATIONS, Uncertainty};

static SPEC: Spec = Spec {
    id: "clv",
    definition: "Customer lifetime value = sum over the next 12 months of the orders expected in the month × value \
                 per order ÷ (1 + 1 %)^month. Expected orders are by the richest model of orders that your data identify \
                 (orders of one day count as one): Pareto/NBD, else MBG/NBD, else NBD, or MBG/CNBD-k where orders come \
                 more regularly than at random; corrected by what that model missed in the same months a year before, or \
                 else in the newest ones (half the history at most): its level, and how far it writes off who has been \
                 silent. Where none is identified, or with fewer than 50 customers, by the historic rate (1 + repeat \
                 orders) ÷ (average wait + time known), average wait = time known of all ÷ (1 + repeat orders of all). \
                 Value per order = z × own contribution per order + (1 − z) × \
                 that of all customers, z = n ÷ (n + k), n own orders, k = variance of the margin between a \
                 customer's orders ÷ variance between customers (Bühlmann–Straub); losses stay losses. A backtest says \
                 who serves: as of 12 months ago and, where history allows, of 24, the corrected model, the model as it \
                 is and three naive rules (repeat orders a day known, as in the 12 months before, everyone alike) foresee \
                 the gross margin of the 12 months that followed. The highest mean explained_share serves (within .002 of it \
                 the first in this order), be it a model or a rule; a model that does not explain .002 more than every \
                 rule steps aside, and clv_model says so. A window in which all brought the same decides nothing. The \
                 interval holds about 80 % of what customers bring: what came ÷ what was foreseen lay between its ends for \
                 as many of those of whom about as many orders were foreseen (ten groups at most) in the newest window of \
                 the backtest; a tenth is left out at either end, or, where a tenth and more brought nothing, a fifth at \
                 the upper; what is foreseen is always inside. interval_coverage is the share inside in the newest \
                 window, with ends learned in the window before, or, without one, from every second customer and measured \
                 on the others. Without a backtest a model's interval is its own: orders negative binomial around the \
                 expectation, which is itself uncertain as far as refits to 200 resamples of the customers differ, none at \
                 all with the probability of having left (approximate, as the value per order counts as known).",
    needs: &["profitability"],
    reads: Parts { sums: true, ..Parts::ORDERS },
    outputs: &[&CLV, &CLV_CARDS, &CLV_MODEL],
};

/// Parameters: `[clv]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clv {
    /// Months ahead that count.
    pub months: u16,
    /// Discount a month: .01 is 1 % a month, 12.7 % a year.
    pub monthly_discount: f64,
    /// Refits to resampled customers that the interval is from.
    pub resamples: u16,
}

impl Default for Clv {
    fn default() -> Clv {
        Clv { months: 12, monthly_discount: 0.01, resamples: 200 }
    }
}

/// A month, in weeks: 365.25 / 12 / 7.
const WEEKS_PER_MONTH: f64 = 365.25 / 12.0 / DAYS_PER_WEEK;

impl Analysis for Clv {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn validate(&self) -> std::result::Result<(), String> {
        if !(1..=120).contains(&self.months) {
            return Err(format!("`months` is {}; the months ahead are 1 to 120", self.months));
        }
        // A rate a month: nobody who is asked for more means it.
        if !(-0.5..=0.5).contains(&self.monthly_discount) {
            return Err(format!(
                "`monthly_discount` is {}; it is a share a month, 0.01 for 1 %",
                self.monthly_discount
            ));
        }
        Ok(())
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let backtest = self.backtest(facts);
        let contribution = contribution(inputs)?;
        let months = Months { count: self.months, weeks: WEEKS_PER_MONTH, discount: self.monthly_discount };
        let now = Standpoint::new(facts, facts.as_of, months, Some(&contribution));
        let uncertainty = Uncertainty::of(&now.model, self.resamples.into());
        let way = backtest.winner.filter(|way| now.knows(*way)).unwrap_or(now.default_way());
        let mut served = now.forecast(way, &uncertainty);
        backtest.spread(way).into_iter().for_each(|spread| served.spread_by(spread));
        let method = way.name(&now.model.rate);
        let rounded =
            |values: &mut dyn Iterator<Item = f64>| values.map(|value| value.round() as i64).collect::<Vec<i64>>();
        let worth = rounded(&mut served.value.iter().copied());
        let ends = |end: fn(&(f64, f64)) -> f64| rounded(&mut served.interval.iter().map(end));
        let rows = self.model_rows(&now, &uncertainty, &served, &backtest, worth.iter().sum());
        let frame = FrameBuilder::new(&CLV)
            .text("customer_id", now.customers.iter().map(|of| facts.customers.id(of.customer as usize)))
            .whole("clv", worth.clone())
            .whole("clv_low", ends(|ends| ends.0))
            .whole("clv_high", ends(|ends| ends.1))
            .whole("historic_value", now.earned.clone())
            .ratio("expected_orders_12m", served.orders.clone())
            .whole("value_per_order", rounded(&mut now.values.iter().copied()))
            .text("method", served.orders.iter().map(|_| method.as_str()))
            .finish()?;
        Ok(vec![frame, backtest.frame(way)?, model_frame(&rows)?])
    }
}

impl Clv {
    /// What the figures rest on.
    fn model_rows(
        &self,
        now: &Standpoint<'_>,
        uncertainty: &Uncertainty,
        served: &Forecast,
        backtest: &Backtest,
        total: i64,
    ) -> Vec<Row> {
        let said = |item: String, why: String| Row { why: Some(why), ..Row::new(&item) };
        let name = |way: Way| way.name(&now.model.rate);
        let mut rows: Vec<Row> = vec![self.total_row(now, uncertainty, served, total)];
        let share = backtest.newest(served.way, DECISIVE);
        let mut why = match (backtest.winner, now.customers.len() < FEWEST_CUSTOMERS) {
            (Some(_), _) if share.is_some_and(|share| share > 0.0) => {
                format!("explains most of the differences between customers ({DECISIVE})")
            }
            (Some(_), _) => {
                format!(
                    "least far off, but no better than the mean of all in the newest window ({DECISIVE} not above 0)"
                )
            }
            (None, true) => {
                format!("fewer than {FEWEST_CUSTOMERS} customers: no model is fitted or tested, a rule serves")
            }
            (None, false) => format!(
                "untested: fewer than {FEWEST_CUSTOMERS} customers at the start of the newest test window, or all \
                 brought the same in it"
            ),
        };
        if let Some(tested) = backtest.tested_as(served.way).filter(|tested| *tested != name(served.way)) {
            why += &format!("; tested as {tested}, the richest model identified then");
        }
        rows.push(Row { value: share, ..said(format!("serves:{}", name(served.way)), why) });
        if backtest.winner.is_some_and(Way::is_baseline) {
            for way in [Way::Calibrated, Way::Model].into_iter().filter(|way| now.knows(*way)) {
                let mean = |way: Way| backtest.mean_share(way).map_or("none".into(), |share| format!("{share:.3}"));
                let why = format!(
                    "steps aside for {}: over the windows tested its mean {DECISIVE} is {}, that of the rule {}",
                    name(served.way),
                    mean(way),
                    mean(served.way)
                );
                rows.push(Row { value: backtest.newest(way, DECISIVE), ..said(format!("lost:{}", name(way)), why) });
            }
        }
        if let Some((share, why)) = backtest.coverage(served.way) {
            rows.push(Row { value: Some(share), ..said("interval_coverage".into(), why.into()) });
        }
        rows.extend(
            backtest
                .beaten(served.way)
                .into_iter()
                .map(|rule| said(format!("beaten_by:{}", rule.by), rule.at.join(" "))),
        );
        rows.extend([
            Row::number("horizon_months", f64::from(self.months)),
            Row::number("discount_per_month", self.monthly_discount),
            Row::number("discount_per_year", (1.0 + self.monthly_discount).powi(12) - 1.0),
            Row::number("customers", now.customers.len() as f64),
            Row::number("distinct_histories", now.model.histories.triples.len() as f64),
        ]);
        if let Some(fit) = &now.model.fit {
            let params = fit.params;
            let ends = |at: usize| uncertainty.ends.map(|ends| ends[at]);
            let (leaving, staying) = match params.model {
                Model::ParetoNbd => ("s", "beta_weeks"),
                _ => ("a", "b"),
            };
            rows.push(Row::number("log_likelihood", fit.log_likelihood));
            rows.push(Row::number("r", params.r).between(ends(0)));
            rows.push(Row::number("alpha_weeks", params.alpha).between(ends(1)));
            if params.model != Model::Nbd {
                rows.push(Row::number(leaving, params.a).between(ends(2)));
                rows.push(Row::number(staying, params.b).between(ends(3)));
            }
            if let Model::MbgCnbd(events) = params.model {
                rows.push(Row::number("events_per_order", f64::from(events)));
            }
            rows.push(Row::number("share_who_left", fit.left_share));
            rows.push(Row::number("resamples", uncertainty.resamples as f64));
            rows.push(Row::number("resamples_not_converged", uncertainty.not_converged as f64));
        }
        if let (Some(calibration), Some(window)) = (&now.calibration, &now.window) {
            rows.push(Row::number("correction_level", calibration.level()));
            rows.push(Row::number("correction_slope", calibration.slope()));
            rows.push(Row::number("correction_days", f64::from(window.days)));
            rows.push(Row::number("correction_same_season", f64::from(u8::from(window.is_same_season))));
        }
        rows.extend(
            now.model.passed.iter().map(|(model, why)| said(format!("passed_over:{}", model.name()), why.to_string())),
        );
        rows
    }

    /// The sum over all customers; of a model with its interval, as it moves with the parameters as its parts do, each in
    /// its share.
    fn total_row(&self, now: &Standpoint<'_>, uncertainty: &Uncertainty, served: &Forecast, total: i64) -> Row {
        let mut row = Row { amount: [Some(total), None, None], ..Row::new("clv_of_all") };
        if let Some(outlooks) = &served.outlooks {
            let mut sensitivity = [0.0; 4];
            for (orders, value) in outlooks.iter().zip(&now.values) {
                for (sum, of) in sensitivity.iter_mut().zip(orders.sensitivity) {
                    *sum += orders.discounted * value * of;
                }
            }
            let variance = uncertainty.variance(&sensitivity);
            // A rule that is not fitted has no parameters to be uncertain of.
            if variance > 0.0 {
                let deviation = (variance.sqrt() * TAIL_DEVIATIONS).round() as i64;
                row.amount = [Some(total), Some(total - deviation), Some(total + deviation)];
            }
        }
        row
    }
}

/// One thing the figures rest on.
struct Row {
    item: String,
    value: Option<f64>,
    ends: Option<(f64, f64)>,
    amount: [Option<i64>; 3],
    why: Option<String>,
}

impl Row {
    fn new(item: &str) -> Row {
        Row { item: item.into(), value: None, ends: None, amount: [None; 3], why: None }
    }

    fn number(item: &str, value: f64) -> Row {
        Row { value: Some(value), ..Row::new(item) }
    }

    fn between(self, ends: Option<(f64, f64)>) -> Row {
        Row { ends, ..self }
    }
}

fn model_frame(rows: &[Row]) -> Result<DataFrame> {
    let amount = |at: usize| rows.iter().map(|row| row.amount[at]).collect();
    FrameBuilder::new(&CLV_MODEL)
        .text("item", rows.iter().map(|row| row.item.as_str()))
        .maybe_ratio("value", rows.iter().map(|row| row.value).collect())
        .maybe_ratio("low", rows.iter().map(|row| row.ends.map(|ends| ends.0)).collect())
        .maybe_ratio("high", rows.iter().map(|row| row.ends.map(|ends| ends.1)).collect())
        .maybe_whole("amount", amount(0))
        .maybe_whole("amount_low", amount(1))
        .maybe_whole("amount_high", amount(2))
        .maybe_text("why", rows.iter().map(|row| row.why.clone()).collect())
        .finish()
}
