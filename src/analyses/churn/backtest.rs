//! Which rule predicts best who will not order, on the user's own past: models against naive rules.

use super::features::{Features, Regression, features, without_order};
use super::orders_model::{Demand, OrdersModel, Rate};
use crate::facts::Facts;
use crate::stats::metrics;

/// Fewest customers a regression is fitted or a backtest believed on.
pub const FEWEST_CUSTOMERS: usize = 50;

/// AUCs closer than this count as equal, and the better Brier score decides.
const SAME_AUC: f64 = 0.002;

/// A way to tell who will not order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Ridge logistic regression on eighteen features.
    Logistic,
    /// Probability of no order by MBG/NBD.
    MbgNbd,
    /// The regression with MBG/NBD's log odds as one more feature, its mean set to MBG/NBD's: the regression knows
    /// more of each customer, MBG/NBD more of the level, as it sees the newest orders.
    Hybrid,
    /// The longer the silence, the likelier; share of the customers of the same recency who did not order.
    RecencyBands,
    /// The fewer orders, the likelier; share of the customers of the same frequency who did not order.
    FrequencyBands,
    /// exp(−repeat orders / days known × horizon).
    OrderRate,
    /// Who ordered within the last horizon will again; share of either group that did not.
    LastPeriod,
}

/// Every method, models first.
pub const METHODS: [Method; 7] = [
    Method::Logistic,
    Method::MbgNbd,
    Method::Hybrid,
    Method::RecencyBands,
    Method::FrequencyBands,
    Method::OrderRate,
    Method::LastPeriod,
];

impl Method {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Method::Logistic => "logistic",
            Method::MbgNbd => "mbg_nbd",
            Method::Hybrid => "logistic_mbg_nbd",
            Method::RecencyBands => "recency_bands",
            Method::FrequencyBands => "frequency_bands",
            Method::OrderRate => "order_rate",
            Method::LastPeriod => "last_period",
        }
    }

    /// Whether it is one of the naive rules a model has to beat.
    pub fn is_baseline(self) -> bool {
        !matches!(self, Method::Logistic | Method::MbgNbd | Method::Hybrid)
    }
}

/// Customers as they stood on a day, and whether they ordered in the horizon after it.
#[derive(Debug)]
pub struct Origin {
    /// By customer.
    pub features: Vec<Features>,
    /// Whether he did not order.
    pub without_order: Vec<bool>,
}

impl Origin {
    /// The customers known at `day`, labelled by the `horizon` days from then on.
    pub fn new(facts: &Facts, day: i32, horizon: i32) -> Origin {
        let features = features(facts, day);
        let without_order = without_order(facts, &features, day, day + horizon);
        Origin { features, without_order }
    }

    /// Whether there is something to learn: enough customers, and some of either kind.
    pub fn is_instructive(&self) -> bool {
        self.features.len() >= FEWEST_CUSTOMERS
            && self.without_order.contains(&true)
            && self.without_order.contains(&false)
    }
}

/// What a method says of each customer.
#[derive(Debug)]
pub struct Scores {
    /// The higher, the likelier there is no order.
    pub rank: Vec<f64>,
    /// Probability of no order.
    pub probability: Vec<f64>,
}

/// Applies a method that learns from `past` to customers as they stand now; `orders` is fitted to the latter.
/// `None` where it cannot be applied.
pub fn apply(method: Method, past: &Origin, now: &[Features], orders: &OrdersModel, horizon: i32) -> Option<Scores> {
    let same = |probability: Vec<f64>| Scores { rank: probability.clone(), probability };
    let banded = |rank: &dyn Fn(&Features) -> f64, band: &dyn Fn(&Features) -> usize| {
        let shares = Shares::learn(past, band)?;
        let probability = now.iter().map(|features| shares.of(band(features))).collect();
        Some(Scores { rank: now.iter().map(rank).collect(), probability })
    };
    match method {
        Method::Logistic => {
            let regression = past.is_instructive().then(|| Regression::fit(&past.features, &[], &past.without_order));
            regression.flatten().map(|regression| same(regression.predict(now, &[])))
        }
        Method::MbgNbd => matches!(orders.rate, Rate::MbgNbd(_)).then(|| same(orders.p_zero(horizon))),
        Method::Hybrid => hybrid(past, now, orders, horizon).map(same),
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
    }
}

fn hybrid(past: &Origin, now: &[Features], orders: &OrdersModel, horizon: i32) -> Option<Vec<f64>> {
    let past_orders = OrdersModel::fit(&past.features, Demand::Converged);
    let are_fitted = matches!((orders.rate, past_orders.rate), (Rate::MbgNbd(_), Rate::MbgNbd(_)));
    if !are_fitted || !past.is_instructive() {
        return None;
    }
    let all_odds = |probabilities: &[f64]| probabilities.iter().map(|p| log_odds(*p)).collect::<Vec<f64>>();
    let past_odds = all_odds(&past_orders.p_zero(horizon));
    let regression = Regression::fit(&past.features, &past_odds, &past.without_order)?;
    let zero = orders.p_zero(horizon);
    let predicted = regression.predict(now, &all_odds(&zero));
    Some(levelled(&predicted, zero.iter().sum::<f64>() / zero.len().max(1) as f64))
}

/// Log odds of a probability, kept finite.
fn log_odds(probability: f64) -> f64 {
    let kept = probability.clamp(1e-9, 1.0 - 1e-9);
    (kept / (1.0 - kept)).ln()
}

/// Shifts all log odds alike, so that the mean probability is the one given.
fn levelled(probabilities: &[f64], mean: f64) -> Vec<f64> {
    let odds: Vec<f64> = probabilities.iter().map(|probability| log_odds(*probability)).collect();
    let shifted = |shift: f64| odds.iter().map(|odds| 1.0 / (1.0 + (-odds - shift).exp())).collect::<Vec<f64>>();
    let (mut low, mut high) = (-20.0, 20.0);
    for _ in 0..LEVEL_STEPS {
        let middle = 0.5 * (low + high);
        let total: f64 = shifted(middle).iter().sum();
        if total < mean * odds.len() as f64 { low = middle } else { high = middle }
    }
    shifted(0.5 * (low + high))
}

/// Halvings of the shift: to within 40 / 2^30.
const LEVEL_STEPS: usize = 30;

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

/// Names of the measures of a card, in its order.
pub const MEASURES: [&str; 5] = ["auc", "average_precision", "brier", "calibration_error", "top_decile_lift"];

/// How well a method did in the test window.
#[derive(Debug, Clone, Copy)]
pub struct Card {
    /// The method.
    pub method: Method,
    /// By [`MEASURES`]; `None` where it does not exist.
    pub measures: [Option<f64>; MEASURES.len()],
}

impl Card {
    fn auc(&self) -> Option<f64> {
        self.measures[0]
    }

    fn brier(&self) -> f64 {
        self.measures[2].unwrap_or(f64::INFINITY)
    }
}

/// The outcome of the backtest.
#[derive(Debug)]
pub struct Backtest {
    /// One for each method that could be applied.
    pub cards: Vec<Card>,
    /// The method that serves, if the backtest can be believed.
    pub winner: Option<Method>,
}

/// Learns at `past`, predicts for the customers of `test`, compares.
pub fn backtest(past: &Origin, test: &Origin, horizon: i32) -> Backtest {
    let orders = OrdersModel::fit(&test.features, Demand::Converged);
    let mut cards = Vec::new();
    for method in METHODS {
        if let Some(scores) = apply(method, past, &test.features, &orders, horizon) {
            let outcomes = &test.without_order;
            let measures = [
                metrics::auc(&scores.rank, outcomes),
                metrics::average_precision(&scores.rank, outcomes),
                metrics::brier(&scores.probability, outcomes),
                metrics::expected_calibration_error(&scores.probability, outcomes),
                metrics::top_decile_lift(&scores.rank, outcomes),
            ];
            cards.push(Card { method, measures });
        }
    }
    let winner = test.is_instructive().then(|| winner(&cards)).flatten();
    Backtest { cards, winner }
}

/// The highest AUC; among those within [`SAME_AUC`] of it the lowest Brier score, then the first.
fn winner(cards: &[Card]) -> Option<Method> {
    let best = cards.iter().filter_map(Card::auc).max_by(f64::total_cmp)?;
    let close = |card: &&Card| card.auc().is_some_and(|auc| auc >= best - SAME_AUC);
    cards.iter().filter(close).min_by(|a, b| a.brier().total_cmp(&b.brier())).map(|card| card.method)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(method: Method, auc: f64, brier: f64) -> Card {
        Card { method, measures: [Some(auc), None, Some(brier), None, None] }
    }

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

    #[test]
    fn the_better_brier_decides_between_equal_aucs() {
        let logistic = card(Method::Logistic, 0.840, 0.093);
        assert_eq!(winner(&[logistic, card(Method::MbgNbd, 0.8385, 0.090)]), Some(Method::MbgNbd));
        assert_eq!(winner(&[logistic, card(Method::MbgNbd, 0.8375, 0.090)]), Some(Method::Logistic));
        assert_eq!(winner(&[logistic, card(Method::MbgNbd, 0.840, 0.093)]), Some(Method::Logistic));
        assert_eq!(winner(&[]), None);
    }

    #[test]
    fn a_naive_rule_that_wins_serves() {
        let cards = [card(Method::Logistic, 0.7, 0.1), card(Method::RecencyBands, 0.71, 0.2)];
        assert_eq!(winner(&cards), Some(Method::RecencyBands));
    }
}
