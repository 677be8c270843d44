//! How many orders to expect of a customer, and how likely none is: the richest model of orders that the data
//! identify, or the historic rate; corrected by what it missed at an earlier day.

use rayon::prelude::*;

use super::features::{Features, order_days_within};
use crate::facts::Facts;
use crate::stats::btyd::{
    Compressed, DAYS_PER_WEEK, Fit, Model, Params, Passed, Triple, all_alive, choose, compress, fit_from,
    orders_if_alive, zero_if_alive,
};
use crate::stats::calibration::{Calibration, Group};

/// A model of orders, fitted to all customers as they stood on one day. Orders of one day count as one.
#[derive(Debug, Clone)]
pub struct OrdersModel {
    /// The histories it was fitted to, and which one each customer has.
    pub histories: Compressed,
    /// What it is.
    pub rate: Rate,
    /// Its fit, if it has one.
    pub fit: Option<Fit>,
    /// Models that were passed over, and why.
    pub passed: Vec<(Model, Passed)>,
    /// Probability of still being a customer, by history.
    alive: Vec<f64>,
}

/// What the model says of the order rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// A fitted model: customers order at their own rates and leave unseen.
    Fitted(Params),
    /// Nobody leaves; a customer's rate is (1 + repeat orders) / (average wait + his weeks): the posterior mean under
    /// an exponential prior.
    Historic {
        /// The average wait: all customers' weeks / (1 + all repeat orders).
        weeks_per_order: f64,
    },
}

impl OrdersModel {
    /// Fits the richest model that the customers identify; the historic rate where there is none.
    pub fn fit(features: &[Features]) -> OrdersModel {
        let histories = compress(features.iter().map(history));
        let chosen = choose(&histories.triples, features.iter().map(|of| of.log_gaps).sum());
        OrdersModel::new(histories, chosen.fit, chosen.passed)
    }

    /// The historic rate, which needs no fit.
    pub fn historic(features: &[Features]) -> OrdersModel {
        OrdersModel::new(compress(features.iter().map(history)), None, Vec::new())
    }

    /// Fits the same kind of model to customers as they stood on another day.
    pub fn like(&self, features: &[Features]) -> OrdersModel {
        let histories = compress(features.iter().map(history));
        let fitted = match self.rate {
            Rate::Fitted(params) => fit_from(&histories.triples, &params).ok().filter(|fit| fit.converged),
            Rate::Historic { .. } => None,
        };
        OrdersModel::new(histories, fitted, Vec::new())
    }

    fn new(histories: Compressed, fit: Option<Fit>, passed: Vec<(Model, Passed)>) -> OrdersModel {
        let (rate, alive) = match &fit {
            Some(fit) => (Rate::Fitted(fit.params), all_alive(&fit.params, &histories.triples)),
            None => (historic(&histories.triples), vec![1.0; histories.triples.len()]),
        };
        OrdersModel { histories, rate, fit, passed, alive }
    }

    /// Probability of no order within the days ahead, by customer.
    pub fn p_zero(&self, days: i32) -> Vec<f64> {
        self.by_customer(|_, triple, alive| self.rate.p_zero(triple, alive, weeks(days)))
    }

    /// Expected orders within the days ahead, by customer.
    pub fn expected_orders(&self, days: i32) -> Vec<f64> {
        self.by_customer(|_, triple, alive| self.rate.expected_orders(triple, alive, weeks(days)))
    }

    /// Probability of still being a customer, by customer.
    pub fn alive(&self) -> Vec<f64> {
        self.by_customer(|_, _, alive| alive)
    }

    /// A value of each history, of its place, itself and its probability of being alive, given to each customer that
    /// has it.
    pub fn by_customer<T: Copy + Send + Sync>(&self, value: impl Fn(usize, &Triple, f64) -> T + Send + Sync) -> Vec<T> {
        let histories = self.histories.triples.par_iter().zip(&self.alive).enumerate().with_min_len(256);
        let values: Vec<T> = histories.map(|(place, (triple, alive))| value(place, triple, *alive)).collect();
        self.histories.triple_of_customer.iter().map(|triple| values[*triple as usize]).collect()
    }

    /// What the same kind of model missed at an earlier day: the correction for this one.
    ///
    /// `past` are the customers as they stood then, `orders` their days with an order in the window since.
    /// `None` where nothing can be learned.
    pub fn calibration(&self, past: &[Features], orders: &[u32], window: &Window) -> Option<Calibration> {
        let model = self.like(past);
        if let (Rate::Fitted(_), Rate::Historic { .. }) = (self.rate, model.rate) {
            return None;
        }
        let ahead = weeks(window.days);
        let of_history = |(triple, alive): (&Triple, &f64)| Group {
            weight: 0.0,
            expected: model.rate.expected_orders(triple, *alive, ahead),
            zero: model.rate.p_zero(triple, *alive, ahead),
            alive: *alive,
            orders: 0.0,
            active: 0.0,
            orders_squared: 0.0,
        };
        let mut groups: Vec<Group> =
            model.histories.triples.par_iter().zip(&model.alive).with_min_len(256).map(of_history).collect();
        for (orders, history) in orders.iter().zip(&model.histories.triple_of_customer) {
            let (group, orders) = (&mut groups[*history as usize], f64::from(*orders));
            group.weight += 1.0;
            group.orders += orders;
            group.orders_squared += orders * orders;
            group.active += f64::from(u8::from(orders > 0.0));
        }
        Calibration::learn(&groups, window.level_weight())
    }
}

/// An earlier window to learn from: its first day and its length, and whether it is the same season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first day.
    pub from: i32,
    /// Its days.
    pub days: i32,
    /// Whether it lies whole years before the window to foresee.
    pub is_same_season: bool,
}

/// Days of history a window of the same season must leave before it.
const FEWEST_DAYS_BEFORE: i32 = 182;

/// A window of another season tells its level in proportion to its length, in full from this many days on.
const DAYS_OF_A_LEVEL: f64 = 182.0;

impl Window {
    /// The window to learn from in order to foresee `horizon` days from `day` on: the same days of the calendar a
    /// year (or as many years as the horizon needs) earlier, where half a year or a horizon of history lies before
    /// them; else the newest days that are as long as the horizon, or half the history where that is shorter.
    /// `None` where there is no history.
    pub fn before(first_day: i32, day: i32, horizon: i32) -> Option<Window> {
        let known = day - first_day;
        let years = (horizon + 364) / 365 * 365;
        if known - years >= horizon.max(FEWEST_DAYS_BEFORE) {
            return Some(Window { from: day - years, days: horizon, is_same_season: true });
        }
        let days = horizon.min(known / 2);
        (days > 0).then_some(Window { from: day - days, days, is_same_season: false })
    }

    /// How much of its level holds for the window to foresee.
    fn level_weight(&self) -> f64 {
        if self.is_same_season { 1.0 } else { (f64::from(self.days) / DAYS_OF_A_LEVEL).min(1.0) }
    }

    /// The days with an order in the window, by customer.
    pub fn orders(&self, facts: &Facts, features: &[Features]) -> Vec<u32> {
        order_days_within(facts, features, self.from, self.from + self.days)
    }
}

impl Rate {
    /// Its name in results.
    pub fn name(&self) -> &'static str {
        match self {
            Rate::Fitted(params) => params.model.name(),
            Rate::Historic { .. } => "historic_rate",
        }
    }

    /// Probability of no order within the weeks ahead.
    pub fn p_zero(&self, triple: &Triple, alive: f64, weeks: f64) -> f64 {
        let if_alive = match self {
            Rate::Fitted(params) => zero_if_alive(params, triple, weeks),
            Rate::Historic { weeks_per_order } => {
                let (shape, age) = posterior(triple, *weeks_per_order, weeks);
                (-shape * (weeks / age).ln_1p()).exp()
            }
        };
        (1.0 - alive * (1.0 - if_alive)).clamp(0.0, 1.0)
    }

    /// Expected orders within the weeks ahead.
    pub fn expected_orders(&self, triple: &Triple, alive: f64, weeks: f64) -> f64 {
        match self {
            Rate::Fitted(params) => alive * orders_if_alive(params, triple, weeks),
            Rate::Historic { weeks_per_order } => {
                let (shape, age) = posterior(triple, *weeks_per_order, weeks);
                shape / age * weeks
            }
        }
    }

    /// Shape of the gamma posterior of the order rate.
    pub fn shape(&self, triple: &Triple) -> f64 {
        match self {
            Rate::Fitted(params) => params.r + f64::from(triple.repeats),
            Rate::Historic { weeks_per_order } => posterior(triple, *weeks_per_order, 1.0).0,
        }
    }
}

fn weeks(days: i32) -> f64 {
    f64::from(days) / DAYS_PER_WEEK
}

/// Repeat orders, days from the first to the last, days from the first to the day before the cutoff, as in the
/// papers: whoever orders on the last day seen has been silent for no time.
pub fn history(features: &Features) -> (u32, u32, u32) {
    let (age, silent) = ((features.tenure_days - 1) as u32, (features.recency_days - 1) as u32);
    (features.order_days - 1, age - silent, age)
}

fn historic(triples: &[Triple]) -> Rate {
    let (mut weeks, mut orders) = (0.0, 0.0);
    for triple in triples {
        weeks += triple.weight * f64::from(triple.age_days) / DAYS_PER_WEEK;
        orders += triple.weight * f64::from(triple.repeats);
    }
    Rate::Historic { weeks_per_order: weeks / (1.0 + orders) }
}

/// Orders and weeks that the rate of a customer rests on. Where all orders are of one day no time has been seen: then one
/// order in the weeks ahead is as good a guess as any.
fn posterior(triple: &Triple, weeks_per_order: f64, ahead: f64) -> (f64, f64) {
    let weeks = weeks_per_order + f64::from(triple.age_days) / DAYS_PER_WEEK;
    (1.0 + f64::from(triple.repeats), if weeks > 0.0 { weeks } else { ahead })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_from_the_same_season_where_history_allows() {
        let window = |known, horizon| Window::before(0, known, horizon).unwrap();
        let same = |from, days| Window { from, days, is_same_season: true };
        let newest = |from, days| Window { from, days, is_same_season: false };
        assert_eq!(window(547, 91), same(182, 91));
        assert_eq!(window(546, 91), newest(455, 91));
        assert_eq!(window(273, 273), newest(137, 136));
        assert_eq!(window(1_095, 365), same(730, 365));
        assert_eq!(window(1_130, 400), same(400, 400));
        assert_eq!(window(1_129, 400), newest(729, 400));
        assert_eq!(Window::before(10, 11, 91), None);
    }

    #[test]
    fn a_shop_of_one_day_gets_a_finite_guess() {
        let rate = historic(&[Triple { repeats: 0, first_to_last_days: 0, age_days: 0, weight: 300.0 }]);
        let triple = Triple { repeats: 0, first_to_last_days: 0, age_days: 0, weight: 1.0 };
        assert_eq!((rate.expected_orders(&triple, 1.0, 52.0), rate.p_zero(&triple, 1.0, 13.0)), (1.0, 0.5));
    }

    #[test]
    fn a_short_window_of_another_season_tells_part_of_its_level() {
        let weight = |days, is_same_season| Window { from: 0, days, is_same_season }.level_weight();
        assert_eq!((weight(91, false), weight(273, false), weight(30, true)), (0.5, 1.0, 1.0));
    }
}
