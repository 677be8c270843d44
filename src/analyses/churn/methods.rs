//! Ways to tell who will not order: models and naive rules, and all that they may look at.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::features::{
    Features, Flags, Regression, design, features, order_days_within, predict_by_pieces, silent_share,
};
use super::orders_model::{OrdersModel, Rate, Window};
use crate::facts::Facts;
use crate::stats::boosting;
use crate::stats::calibration::Calibration;

/// Fewest customers a regression is fitted or a backtest believed on.
pub const FEWEST_CUSTOMERS: usize = 50;

/// A way to tell who will not order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Ridge logistic regression on eighteen features.
    Logistic,
    /// Probability of no order by the model of orders.
    Orders,
    /// The same, corrected by what the model missed at an earlier day.
    Calibrated,
    /// The regression with the model's log odds as one more feature, its mean set to that of the corrected model: the
    /// regression knows more of each customer, the model more of the level, as it sees the newest orders.
    Hybrid,
    /// The mean of the log odds of the corrected model and of the regression with the model in it.
    Blend,
    /// Boosted trees on what the regression is fitted to, their mean set likewise.
    Boosted,
    /// The longer the silence, the likelier; share of the customers of the same recency who did not order.
    RecencyBands,
    /// The fewer orders, the likelier; share of the customers of the same frequency who did not order.
    FrequencyBands,
    /// exp(−repeat orders / days known × horizon).
    OrderRate,
    /// Who ordered within the last horizon will again; share of either group that did not.
    LastPeriod,
    /// Everyone alike: the share of all customers who did not order in the newest horizon; where there is a year before
    /// it, that of the same season, its odds changed as those of the newest horizon have within the year. Whoever does
    /// worse knows nothing.
    BaseRate,
}

/// Every method, models first.
pub const METHODS: [Method; 11] = [
    Method::Logistic,
    Method::Orders,
    Method::Calibrated,
    Method::Hybrid,
    Method::Blend,
    Method::Boosted,
    Method::RecencyBands,
    Method::FrequencyBands,
    Method::OrderRate,
    Method::LastPeriod,
    Method::BaseRate,
];

impl Method {
    /// Its name in results, where the model of orders is of this rate.
    pub fn name(self, rate: &Rate) -> String {
        match self {
            Method::Logistic => "logistic".into(),
            Method::Orders => rate.name().into(),
            Method::Calibrated => format!("{}_calibrated", rate.name()),
            Method::Hybrid => format!("logistic_{}", rate.name()),
            Method::Blend => format!("blend_{}", rate.name()),
            Method::Boosted => format!("boosted_{}", rate.name()),
            Method::RecencyBands => "recency_bands".into(),
            Method::FrequencyBands => "frequency_bands".into(),
            Method::OrderRate => "order_rate".into(),
            Method::LastPeriod => "last_period".into(),
            Method::BaseRate => "base_rate".into(),
        }
    }

    /// Whether it is one of the naive rules a model has to beat.
    pub fn is_baseline(self) -> bool {
        use Method::{BaseRate, FrequencyBands, LastPeriod, OrderRate, RecencyBands};
        matches!(self, RecencyBands | FrequencyBands | OrderRate | LastPeriod | BaseRate)
    }
}

/// Customers as they stood on a day, and whether they ordered in the horizon after it.
#[derive(Debug)]
pub struct Origin {
    /// By customer.
    pub features: Vec<Features>,
    /// Days with an order in the horizon.
    pub orders: Vec<u32>,
    /// Whether he did not order.
    pub without_order: Vec<bool>,
}

impl Origin {
    /// The customers known at `day`, labelled by the `horizon` days from then on.
    pub fn new(facts: &Facts, day: i32, horizon: i32) -> Origin {
        let features = features(facts, day, Flags::AreUndated);
        let orders = order_days_within(facts, &features, day, day + horizon);
        let without_order = orders.iter().map(|orders| *orders == 0).collect();
        Origin { features, orders, without_order }
    }

    /// The share of customers who did not order; nothing without customers.
    fn silent_share(&self) -> Option<f64> {
        let silent = self.without_order.iter().filter(|silent| **silent).count();
        (!self.features.is_empty()).then(|| silent as f64 / self.features.len() as f64)
    }

    /// Whether there is something to learn: enough customers, and some of either kind.
    pub fn is_instructive(&self) -> bool {
        self.features.len() >= FEWEST_CUSTOMERS
            && self.without_order.contains(&true)
            && self.without_order.contains(&false)
    }
}

/// All that may be used to foresee the horizon from a day on: customers as they stood then, and what is learned from
/// before.
#[derive(Debug)]
pub struct Standpoint {
    /// Customers as they stand; what they do in the horizon is not looked at.
    pub here: Arc<Origin>,
    /// The model of orders, fitted to them.
    pub orders: OrdersModel,
    /// What it missed at an earlier day.
    pub calibration: Option<Calibration>,
    /// The earlier day the correction is from.
    pub window: Option<Window>,
    /// Customers as they stood a horizon before, and what they did since.
    pub past: Arc<Origin>,
    /// Days ahead.
    pub horizon: i32,
    /// Probability of no order within them by the model of orders, and of being still a customer, by customer.
    pub zero: Vec<f64>,
    /// Probability of being still a customer.
    pub alive: Vec<f64>,
    /// Share of all customers who did not order in a horizon before.
    base_rate: Option<f64>,
    /// Found once, where a method asks for it.
    calibrated: Option<Vec<f64>>,
    past_odds: OnceLock<Option<Vec<f64>>>,
    hybrid: OnceLock<Option<Vec<f64>>>,
}

impl Standpoint {
    /// `past` are the customers a horizon before `day`, `here` those of that day.
    pub fn new(
        facts: &Facts,
        first_day: i32,
        (day, horizon): (i32, i32),
        past: Arc<Origin>,
        here: Arc<Origin>,
    ) -> Standpoint {
        let orders = OrdersModel::fit(&here.features);
        let window = Window::before(first_day, day, horizon);
        let learn = |window: &Window| {
            if (window.from, window.days) == (day - horizon, horizon) {
                return orders.calibration(&past.features, &past.orders, window);
            }
            let earlier = Origin::new(facts, window.from, window.days);
            orders.calibration(&earlier.features, &earlier.orders, window)
        };
        let calibration = window.as_ref().and_then(learn);
        let base_rate = base_rate(facts, past.silent_share(), window.filter(|window| window.is_same_season), horizon);
        let (zero, alive) = (orders.p_zero(horizon), orders.alive());
        let corrected = |calibration: Calibration| {
            zero.par_iter().zip(&alive).map(|(zero, alive)| calibration.zero(*zero, *alive)).collect()
        };
        Standpoint {
            calibrated: calibration.map(corrected),
            here,
            orders,
            calibration,
            window,
            past,
            horizon,
            zero,
            alive,
            base_rate,
            past_odds: OnceLock::new(),
            hybrid: OnceLock::new(),
        }
    }

    /// Customers as they stand.
    pub fn features(&self) -> &[Features] {
        &self.here.features
    }

    /// Expected orders within the horizon, where the probability of none is known: what the model of orders, corrected
    /// where there is a correction, expects of those who order at all, which is one or more.
    pub fn expected_orders(&self, probability: &[f64]) -> Vec<f64> {
        let factor = |alive| self.calibration.map_or(1.0, |calibration| calibration.factor(alive));
        let zero = self.calibrated.as_ref().unwrap_or(&self.zero);
        let of = |at: usize, expected: f64| {
            let some = 1.0 - zero[at];
            let if_any = if some > 0.0 { (expected * factor(self.alive[at]) / some).max(1.0) } else { 1.0 };
            (1.0 - probability[at]) * if_any
        };
        let expected = self.orders.expected_orders(self.horizon);
        expected.into_iter().enumerate().map(|(at, expected)| of(at, expected)).collect()
    }

    /// Probability of being still a customer and yet ordering nothing within the horizon, where that of ordering nothing
    /// is known: the share of them by the model of orders.
    pub fn silent_customers(&self, probability: &[f64]) -> Vec<f64> {
        let share = |zero: f64, alive: f64| if zero > 0.0 { ((alive + zero - 1.0) / zero).max(0.0) } else { 1.0 };
        let silent = |(probability, (zero, alive)): (&f64, (&f64, &f64))| probability * share(*zero, *alive);
        probability.iter().zip(self.zero.iter().zip(&self.alive)).map(silent).collect()
    }

    /// Log odds of no order, by a model of the same kind, of the customers of `past`. `None` where it cannot be fitted
    /// or there is nothing to learn.
    fn past_odds(&self) -> Option<&Vec<f64>> {
        let find = || {
            let orders = self.orders.like(&self.past.features);
            let are_fitted = matches!((self.orders.rate, orders.rate), (Rate::Fitted(_), Rate::Fitted(_)));
            (are_fitted && self.past.is_instructive()).then(|| all_odds(&orders.p_zero(self.horizon)))
        };
        self.past_odds.get_or_init(find).as_ref()
    }

    fn hybrid(&self) -> Option<&Vec<f64>> {
        self.hybrid.get_or_init(|| hybrid(self, &regression)).as_ref()
    }
}

/// The share of all customers to expect without an order, from that of the newest horizon and the same season a year before.
fn base_rate(facts: &Facts, newest: Option<f64>, season: Option<Window>, horizon: i32) -> Option<f64> {
    let Some(Window { from, .. }) = season else { return newest };
    let (newest, season, before) =
        (newest?, silent_share(facts, from, horizon)?, silent_share(facts, from - horizon, horizon));
    let change = before.map_or(0.0, |before| log_odds(newest) - log_odds(before));
    Some(1.0 / (1.0 + (-log_odds(season) - change).exp()))
}

/// What a method says of each customer.
#[derive(Debug)]
pub struct Scores {
    /// The higher, the likelier there is no order; nothing where the probability ranks.
    rank: Option<Vec<f64>>,
    /// Probability of no order.
    pub probability: Vec<f64>,
}

impl Scores {
    /// What customers are ranked by where that is not the probability.
    pub fn rank(&self) -> Option<&[f64]> {
        self.rank.as_deref()
    }
}

/// What a method says of the customers of a standpoint. `None` where it cannot be applied.
pub fn apply(method: Method, at: &Standpoint) -> Option<Scores> {
    let (past, now, horizon) = (&*at.past, at.features(), at.horizon);
    let same = |probability: Vec<f64>| Scores { rank: None, probability };
    let banded = |rank: &dyn Fn(&Features) -> f64, band: &dyn Fn(&Features) -> usize| {
        let shares = Shares::learn(past, band)?;
        let probability = now.iter().map(|features| shares.of(band(features))).collect();
        Some(Scores { rank: Some(now.iter().map(rank).collect()), probability })
    };
    let is_fitted = matches!(at.orders.rate, Rate::Fitted(_));
    match method {
        Method::Logistic => {
            let (features, outcomes) = fitted_to(past);
            let regression = past.is_instructive().then(|| Regression::fit(&features, &[], &outcomes));
            regression.flatten().map(|regression| same(regression.predict(now, &[])))
        }
        Method::Orders => is_fitted.then(|| same(at.zero.clone())),
        Method::Calibrated => at.calibrated.clone().filter(|_| is_fitted).map(same),
        Method::Hybrid => at.hybrid().cloned().map(same),
        Method::Boosted => hybrid(at, &boosted).map(same),
        Method::Blend => {
            let (model, regression) = (at.calibrated.as_ref().filter(|_| is_fitted)?, at.hybrid()?);
            let mean = |(model, regression): (&f64, &f64)| {
                let odds = 0.5 * (log_odds(*model) + log_odds(*regression));
                1.0 / (1.0 + (-odds).exp())
            };
            Some(same(model.par_iter().zip(regression).map(mean).collect()))
        }
        Method::RecencyBands => {
            banded(&|features| features.recency_days.into(), &|features| recency_band(features.recency_days, horizon))
        }
        Method::FrequencyBands => {
            banded(&|features| -f64::from(features.frequency), &|features| frequency_band(features.frequency))
        }
        Method::OrderRate => {
            let probability = |features: &Features| {
                let rate = f64::from(features.order_days - 1) / f64::from(features.tenure_days.max(1));
                (-rate * f64::from(horizon)).exp()
            };
            Some(same(now.iter().map(probability).collect()))
        }
        Method::LastPeriod => {
            let silent = |features: &Features| features.recency_days > horizon;
            banded(&|features| f64::from(u8::from(silent(features))), &|features| usize::from(silent(features)))
        }
        Method::BaseRate => at.base_rate.map(|share| same(vec![share; now.len()])),
    }
}

/// Learns from the past, with one more column a customer, and foresees.
type Learner = dyn Fn(&Origin, &[f64], &[Features], &[f64]) -> Option<Vec<f64>>;

/// A learner that is also told the log odds of the model of orders, its mean set to that of the corrected model.
fn hybrid(at: &Standpoint, learner: &Learner) -> Option<Vec<f64>> {
    let past_odds = at.past_odds()?;
    let predicted = learner(&at.past, past_odds, at.features(), &all_odds(&at.zero))?;
    let level = at.calibrated.as_ref().unwrap_or(&at.zero);
    Some(levelled(&predicted, level.iter().sum::<f64>() / level.len().max(1) as f64))
}

fn all_odds(probabilities: &[f64]) -> Vec<f64> {
    probabilities.par_iter().map(|probability| log_odds(*probability)).collect()
}

/// Customers that a regression or trees are fitted to at most; above, every n-th. All are foreseen.
const FITTED_CUSTOMERS: usize = 50_000;

/// Every n-th, so that they are no more than can be fitted to.
fn every_nth<T: Copy>(values: &[T]) -> Vec<T> {
    values.iter().step_by(values.len().div_ceil(FITTED_CUSTOMERS).max(1)).copied().collect()
}

fn fitted_to(past: &Origin) -> (Vec<Features>, Vec<bool>) {
    (every_nth(&past.features), every_nth(&past.without_order))
}

fn regression(past: &Origin, past_odds: &[f64], now: &[Features], odds: &[f64]) -> Option<Vec<f64>> {
    let (features, outcomes) = fitted_to(past);
    Some(Regression::fit(&features, &every_nth(past_odds), &outcomes)?.predict(now, odds))
}

fn boosted(past: &Origin, past_odds: &[f64], now: &[Features], odds: &[f64]) -> Option<Vec<f64>> {
    let (features, outcomes) = fitted_to(past);
    let design = design(&features, &every_nth(past_odds));
    let columns = design.len() / features.len().max(1);
    let trees = boosting::fit(&design, columns, &outcomes, &boosting::Settings::default())?;
    Some(predict_by_pieces(now, odds, |design| trees.predict(design)))
}

/// Log odds of a probability, kept finite.
fn log_odds(probability: f64) -> f64 {
    let kept = probability.clamp(1e-9, 1.0 - 1e-9);
    (kept / (1.0 - kept)).ln()
}

/// Shifts all log odds alike, so that the mean probability is the one given.
fn levelled(probabilities: &[f64], mean: f64) -> Vec<f64> {
    let odds = all_odds(probabilities);
    let at = |odds: f64, shift: f64| 1.0 / (1.0 + (-odds - shift).exp());
    let wanted = mean * odds.len() as f64;
    let (mut low, mut high, mut shift) = (-20.0, 20.0, 0.0);
    for _ in 0..LEVEL_STEPS {
        // By pieces, so that the sums do not depend on the threads.
        let of_piece = |odds: &[f64]| {
            odds.iter().fold([0.0; 2], |[total, slope], odds| {
                let p = at(*odds, shift);
                [total + p, slope + p * (1.0 - p)]
            })
        };
        let pieces: Vec<[f64; 2]> = odds.par_chunks(LEVEL_PIECE).map(of_piece).collect();
        let (total, slope) = pieces.iter().fold((0.0, 0.0), |sum, piece| (sum.0 + piece[0], sum.1 + piece[1]));
        if total < wanted {
            low = shift
        } else {
            high = shift
        }
        let newton = shift + (wanted - total) / slope;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        let is_found = (next - shift).abs() < LEVEL_TOLERANCE;
        shift = next;
        if is_found {
            break;
        }
    }
    odds.par_iter().map(|odds| at(*odds, shift)).collect()
}

/// Most steps of Newton's method for the shift, kept between bounds by halving.
const LEVEL_STEPS: usize = 60;
const LEVEL_TOLERANCE: f64 = 1e-10;
const LEVEL_PIECE: usize = 16_384;

/// Bands of recency: up to a third of the horizon, 1, 2, 4 horizons, longer.
fn recency_band(days: i32, horizon: i32) -> usize {
    [horizon / 3, horizon, 2 * horizon, 4 * horizon].partition_point(|limit| days > *limit)
}

/// Bands of frequency: 1, 2, 3–4, 5–9, 10 orders or more.
fn frequency_band(orders: u32) -> usize {
    [1, 2, 4, 9].partition_point(|limit| orders > *limit)
}

const BANDS: usize = 5;

/// The share without an order by band; an empty band has the share of the nearest before it, or else after it.
struct Shares([f64; BANDS]);

impl Shares {
    fn learn(past: &Origin, band: &dyn Fn(&Features) -> usize) -> Option<Shares> {
        let (mut counts, mut without) = ([0_u32; BANDS], [0_u32; BANDS]);
        for (features, silent) in past.features.iter().zip(&past.without_order) {
            counts[band(features)] += 1;
            without[band(features)] += u32::from(*silent);
        }
        let share = |at: usize| (counts[at] > 0).then(|| f64::from(without[at]) / f64::from(counts[at]));
        let nearest = |at: usize| (0..=at).rev().find_map(share).or_else(|| (at..BANDS).find_map(share));
        let mut shares = [0.0; BANDS];
        for (at, value) in shares.iter_mut().enumerate() {
            *value = nearest(at)?;
        }
        Some(Shares(shares))
    }

    fn of(&self, band: usize) -> f64 {
        self.0[band]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levelling_moves_the_mean_and_keeps_the_order() {
        let moved = levelled(&[0.1, 0.5, 0.9], 0.7);
        assert!((moved.iter().sum::<f64>() / 3.0 - 0.7).abs() < 1e-7);
        assert!(moved[0] < moved[1] && moved[1] < moved[2]);
    }

    #[test]
    fn bands_end_at_their_limits() {
        assert_eq!([30, 31, 91, 92, 182, 183, 364, 365].map(|days| recency_band(days, 91)), [0, 1, 1, 2, 2, 3, 3, 4]);
        assert_eq!([1, 2, 3, 4, 5, 9, 10].map(frequency_band), [0, 1, 2, 2, 3, 3, 4]);
    }
}
