//! Ways to foresee what customers bring: models of orders, and what a naive observer would say.

use rayon::prelude::*;

use super::card::Actual;
use super::outlook::{Months, Outlook, Uncertainty, outlooks};
use super::spread::{Foreseen, Spread};
use super::value::{margin, values_per_order};
use crate::analyses::churn::features::{Features, Flags, features, order_days_within};
use crate::analyses::churn::first_day;
use crate::analyses::churn::methods::FEWEST_CUSTOMERS;
use crate::analyses::churn::orders_model::{OrdersModel, Rate, Window};
use crate::analyses::rfm::months_before;
use crate::facts::Facts;
use crate::stats::calibration::Calibration;

/// A way to foresee what customers bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Orders by the model of orders, corrected by what it missed before, × value per order.
    Calibrated,
    /// The same without the correction.
    Model,
    /// Repeat orders a day known × days ahead × value per order.
    OrderRate,
    /// What each brought in as many months before.
    LastPeriod,
    /// What all brought in as many months before, everyone the mean.
    EveryoneAlike,
}

/// Every way, models first: the order in which equals are taken.
pub const WAYS: [Way; 5] = [Way::Calibrated, Way::Model, Way::OrderRate, Way::LastPeriod, Way::EveryoneAlike];

impl Way {
    /// Its name in results, where the model of orders is of this rate.
    pub fn name(self, rate: &Rate) -> String {
        match self {
            Way::Calibrated => format!("{}_calibrated", rate.name()),
            Way::Model => rate.name().into(),
            Way::OrderRate => "order_rate".into(),
            Way::LastPeriod => "as_last_period".into(),
            Way::EveryoneAlike => "everyone_alike".into(),
        }
    }

    /// Whether it is one of the naive rules a model has to beat.
    pub fn is_baseline(self) -> bool {
        !matches!(self, Way::Calibrated | Way::Model)
    }
}

/// Customers as they stood on a day, what is learned from before it, and the months ahead.
pub struct Standpoint<'f> {
    facts: &'f Facts,
    day: i32,
    /// The months ahead.
    pub months: Months,
    /// Customers who have ordered.
    pub customers: Vec<Features>,
    /// The model of their orders.
    pub model: OrdersModel,
    /// The earlier window the correction is from.
    pub window: Option<Window>,
    /// What the model missed in it.
    pub calibration: Option<Calibration>,
    /// What each customer has brought, minor units.
    pub earned: Vec<i64>,
    /// What an order of each customer brings.
    pub values: Vec<f64>,
}

/// What one way says of each customer.
pub struct Forecast {
    /// The way.
    pub way: Way,
    /// What he brings, each month discounted to now.
    pub value: Vec<f64>,
    /// Ends of the interval of that, which holds it: of a model by its own distribution, of a rule the value alone, until
    /// it is known how far off either was.
    pub interval: Vec<(f64, f64)>,
    /// His orders.
    pub orders: Vec<f64>,
    /// Of the models: the orders in full.
    pub outlooks: Option<Vec<Outlook>>,
}

impl Forecast {
    /// What is foreseen of each customer.
    pub fn foreseen(&self) -> impl Iterator<Item = Foreseen> {
        self.value.iter().zip(&self.orders).map(|(value, orders)| Foreseen { value: *value, orders: *orders })
    }

    /// Makes the interval that of misses seen before. What is foreseen is always inside.
    pub fn spread_by(&mut self, spread: &Spread) {
        let around = |of: Foreseen| {
            let (low, high) = spread.interval(of);
            (low.min(of.value), high.max(of.value))
        };
        self.interval = self.foreseen().map(around).collect();
    }
}

impl<'f> Standpoint<'f> {
    /// Nothing from `day` on is looked at. `earned` says what a customer has brought; his gross margin by default.
    pub fn new(facts: &'f Facts, day: i32, months: Months, earned: Option<&[i64]>) -> Standpoint<'f> {
        let customers = features(facts, day, Flags::AreUndated);
        let model = if customers.len() < FEWEST_CUSTOMERS {
            OrdersModel::historic(&customers)
        } else {
            OrdersModel::fit(&customers)
        };
        let ahead = (day - months_before(day, months.count)).max(1);
        let window = Window::before(first_day(facts), day, ahead);
        let calibration = window.as_ref().and_then(|window| {
            let earlier = features(facts, window.from, Flags::AreUndated);
            let orders = window.orders(facts, &earlier);
            model.calibration(&earlier, &orders, window)
        });
        let earned: Vec<i64> = match earned {
            Some(earned) => customers.iter().map(|of| earned[of.customer as usize]).collect(),
            None => margins(facts, &customers, i32::MIN, day),
        };
        let values = values_per_order(facts, &customers, day, &earned);
        Standpoint { facts, day, months, customers, model, window, calibration, earned, values }
    }

    /// The way that serves where nothing could be tested.
    pub fn default_way(&self) -> Way {
        if self.knows(Way::Calibrated) && self.customers.len() >= FEWEST_CUSTOMERS {
            Way::Calibrated
        } else {
            Way::Model
        }
    }

    /// Whether a way can be applied.
    pub fn knows(&self, way: Way) -> bool {
        way != Way::Calibrated || self.calibration.is_some()
    }

    /// What a way says.
    pub fn forecast(&self, way: Way, uncertainty: &Uncertainty) -> Forecast {
        let calibration = self.calibration.as_ref().filter(|_| way == Way::Calibrated);
        let mean = |values: Vec<f64>| vec![values.iter().sum::<f64>() / values.len().max(1) as f64; values.len()];
        match way {
            Way::Calibrated | Way::Model => {
                self.by_model(way, outlooks(&self.model, calibration, uncertainty, &self.months))
            }
            Way::OrderRate => {
                let rate = |of: &Features| f64::from(of.order_days - 1) / f64::from(of.tenure_days.max(1));
                let orders: Vec<f64> = self.customers.iter().map(|of| rate(of) * self.months.days()).collect();
                let value = orders.iter().zip(&self.values).map(|(orders, value)| orders * value).collect();
                self.by_rule(way, value, orders)
            }
            Way::LastPeriod => {
                let (value, orders) = self.last_period();
                self.by_rule(way, value, orders)
            }
            Way::EveryoneAlike => {
                let (value, orders) = self.last_period();
                self.by_rule(way, mean(value), mean(orders))
            }
        }
    }

    fn by_model(&self, way: Way, orders: Vec<Outlook>) -> Forecast {
        let interval = |(orders, value): (&Outlook, &f64)| {
            let (low, high, middle) = (orders.low * value, orders.high * value, orders.discounted * value);
            (low.min(high).min(middle), low.max(high).max(middle))
        };
        Forecast {
            way,
            value: orders.iter().zip(&self.values).map(|(orders, value)| orders.discounted * value).collect(),
            interval: orders.iter().zip(&self.values).map(interval).collect(),
            orders: orders.iter().map(|orders| orders.expected).collect(),
            outlooks: Some(orders),
        }
    }

    fn by_rule(&self, way: Way, value: Vec<f64>, orders: Vec<f64>) -> Forecast {
        let worth = self.months.worth();
        let value: Vec<f64> = value.iter().map(|value| value * worth).collect();
        let interval = value.iter().map(|value| (*value, *value)).collect();
        Forecast { way, value, interval, orders, outlooks: None }
    }

    /// What each brought in as many months before, and his days with an order. Where `earned` counts more costs than
    /// those of the goods, each order bore as much of them as his others did.
    fn last_period(&self) -> (Vec<f64>, Vec<f64>) {
        let (facts, day) = (self.facts, self.day);
        let from = months_before(day, self.months.count);
        let orders = order_days_within(facts, &self.customers, from, day);
        let (recent, all) =
            (margins(facts, &self.customers, from, day), margins(facts, &self.customers, i32::MIN, day));
        let value = |place: usize| {
            let costs = (all[place] - self.earned[place]) as f64 / f64::from(self.customers[place].order_days.max(1));
            recent[place] as f64 - costs * f64::from(orders[place])
        };
        ((0..recent.len()).map(value).collect(), orders.iter().map(|orders| f64::from(*orders)).collect())
    }

    /// What came since, up to a day.
    pub fn actual(&self, until: i32) -> Actual {
        let orders = order_days_within(self.facts, &self.customers, self.day, until);
        Actual {
            margin: margins(self.facts, &self.customers, self.day, until)
                .into_iter()
                .map(|margin| margin as f64)
                .collect(),
            active: orders.iter().map(|orders| *orders > 0).collect(),
            orders: orders.into_iter().map(f64::from).collect(),
        }
    }
}

fn margins(facts: &Facts, customers: &[Features], from: i32, to: i32) -> Vec<i64> {
    customers.par_iter().with_min_len(2048).map(|of| margin(facts, of.customer as usize, from, to)).collect()
}
