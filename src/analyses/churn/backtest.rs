//! Which rule predicts best who will not order, on the user's own past: models against naive rules.

use super::features::Features;
use super::methods::{METHODS, Method, Origin, Scores, Standpoint, apply};
use crate::calendar::civil;
use crate::facts::Facts;
use crate::stats::metrics;

/// AUCs closer than this count as equal, and the better Brier score decides.
const SAME_AUC: f64 = 0.002;

/// Names of the measures of a card, in its order.
pub const MEASURES: [&str; 7] = [
    "auc",
    "average_precision",
    "active_average_precision",
    "brier",
    "calibration_error",
    "total_error",
    "top_decile_lift",
];

/// Those of which less is better.
pub const LOWER_IS_BETTER: [&str; 3] = ["brier", "calibration_error", "total_error"];

/// How well a method did with some customers in a test window.
#[derive(Debug, Clone)]
pub struct Card {
    /// The method.
    pub method: Method,
    /// Its name.
    pub model: String,
    /// First day of the window.
    pub from: i32,
    /// Which customers: `all`, `one_order`, `repeat`, or those whose first order was in a quarter.
    pub cohort: String,
    /// How many.
    pub customers: usize,
    /// By [`MEASURES`]; `None` where it does not exist.
    pub measures: [Option<f64>; MEASURES.len()],
    /// Whether it would have been chosen by the windows before this one.
    pub is_chosen_before: bool,
}

impl Card {
    fn auc(&self) -> Option<f64> {
        self.measures[0]
    }

    fn brier(&self) -> f64 {
        self.measures[3].unwrap_or(f64::INFINITY)
    }
}

fn measures(scores: &Scores, without_order: &[bool]) -> [Option<f64>; MEASURES.len()] {
    let negated = |values: &[f64]| values.iter().map(|value| -value).collect::<Vec<f64>>();
    let active: Vec<bool> = without_order.iter().map(|silent| !silent).collect();
    let silent = without_order.iter().filter(|silent| **silent).count() as f64;
    let ordered = without_order.len() as f64 - silent;
    let foreseen: f64 = scores.probability.iter().map(|probability| 1.0 - probability).sum();
    [
        metrics::auc(&scores.rank, without_order),
        metrics::average_precision(&scores.rank, without_order),
        metrics::average_precision(&negated(&scores.rank), &active),
        metrics::brier(&scores.probability, without_order),
        metrics::expected_calibration_error(&scores.probability, without_order),
        (ordered > 0.0).then(|| (foreseen / ordered - 1.0).abs()),
        metrics::top_decile_lift(&scores.rank, without_order),
    ]
}

/// The outcome of the backtest.
#[derive(Debug, Default)]
pub struct Backtest {
    /// Cards of every window, the newest first; within it all customers, then cohorts.
    pub cards: Vec<Card>,
    /// The method that serves, if the backtest can be believed.
    pub winner: Option<Method>,
    /// Whether the newest window has enough customers to be believed.
    pub is_believed: bool,
}

impl Backtest {
    /// The cards of all customers in the newest window.
    pub fn newest(&self) -> impl Iterator<Item = &Card> {
        let newest = self.cards.first().map_or(0, |card| card.from);
        self.cards.iter().filter(move |card| card.from == newest && card.cohort == ALL)
    }
}

/// Every customer of a window.
pub const ALL: &str = "all";

/// Windows tested: the newest, and the one before it, which alone may choose what the newest then tests. Not more: those
/// further back have little before them to learn from. On Online Retail and the Complete Journey four windows chose
/// worse for the newest than two (AUC .737 for .744, .736 for .757, .842 for .876).
const WINDOWS: i32 = 2;

/// In each window predicts for the customers of its first day from what was known then, compares.
pub fn backtest(facts: &Facts, first_day: i32, horizon: i32) -> Backtest {
    let mut found = Backtest::default();
    let mut chosen_before = None;
    let mut of_all: Vec<Vec<Card>> = Vec::new();
    for window in (1..=WINDOWS).rev() {
        let from = facts.as_of - window * horizon;
        let test = Origin::new(facts, from, horizon);
        found.is_believed = test.is_instructive();
        if window > 1 && !found.is_believed {
            continue;
        }
        let at = Standpoint::new(facts, first_day, from, horizon);
        let (mut cards, mut by_cohort) = (Vec::new(), Vec::new());
        let cohorts = if window == 1 { cohorts(&test.features, from) } else { Vec::new() };
        for method in METHODS {
            let Some(scores) = apply(method, &at) else { continue };
            let card = |cohort: String, customers: usize, measures| Card {
                method,
                model: method.name(&at.orders.rate),
                from,
                cohort,
                customers,
                measures,
                is_chosen_before: chosen_before == Some(method),
            };
            cards.push(card(ALL.into(), test.features.len(), measures(&scores, &test.without_order)));
            for (name, members) in &cohorts {
                let pick = |values: &[f64]| members.iter().map(|at| values[*at]).collect();
                let scores = Scores { rank: pick(&scores.rank), probability: pick(&scores.probability) };
                let outcomes: Vec<bool> = members.iter().map(|at| test.without_order[*at]).collect();
                by_cohort.push(card(name.clone(), members.len(), measures(&scores, &outcomes)));
            }
        }
        chosen_before = winner(&[&cards]);
        of_all.insert(0, cards.clone());
        cards.extend(by_cohort);
        found.cards.splice(0..0, cards);
    }
    let all: Vec<&[Card]> = of_all.iter().map(Vec::as_slice).collect();
    found.winner = found.is_believed.then(|| winner(&all)).flatten();
    found
}

/// Quarters of the first order with fewer customers are left out.
const FEWEST_OF_A_COHORT: usize = 50;
/// Newest quarters shown.
const MOST_QUARTERS: usize = 12;

/// Customers with one order, with more, and by the quarter of their first order: name, places.
fn cohorts(features: &[Features], day: i32) -> Vec<(String, Vec<usize>)> {
    let places = |keep: &dyn Fn(&Features) -> bool| -> Vec<usize> {
        features.iter().enumerate().filter(|(_, of)| keep(of)).map(|(at, _)| at).collect()
    };
    let quarter = |of: &Features| {
        let (year, month, _) = civil(day - of.tenure_days);
        (year, (month - 1) / 3 + 1)
    };
    let mut quarters: Vec<_> = features.iter().map(quarter).collect();
    quarters.sort_unstable();
    quarters.dedup();
    let mut found = vec![
        ("one_order".to_string(), places(&|of| of.frequency == 1)),
        ("repeat".to_string(), places(&|of| of.frequency > 1)),
    ];
    for of_quarter in quarters.iter().rev().take(MOST_QUARTERS).rev() {
        let members = places(&|of| quarter(of) == *of_quarter);
        if members.len() >= FEWEST_OF_A_COHORT {
            found.push((format!("{}-Q{}", of_quarter.0, of_quarter.1), members));
        }
    }
    found
}

/// The highest mean AUC over the windows; among those within [`SAME_AUC`] of it the lowest mean Brier score, then the
/// first. A method that a window could not be tested with does not win.
fn winner(windows: &[&[Card]]) -> Option<Method> {
    let mean = |method: Method, of: &dyn Fn(&Card) -> Option<f64>| -> Option<f64> {
        let values: Option<Vec<f64>> =
            windows.iter().map(|cards| cards.iter().find(|card| card.method == method).and_then(of)).collect();
        values.filter(|values| !values.is_empty()).map(|values| values.iter().sum::<f64>() / values.len() as f64)
    };
    let auc = |method: Method| mean(method, &Card::auc);
    let best = METHODS.iter().filter_map(|method| auc(*method)).max_by(f64::total_cmp)?;
    let brier = |method: Method| mean(method, &|card| Some(card.brier())).unwrap_or(f64::INFINITY);
    let close = METHODS.into_iter().filter(|method| auc(*method).is_some_and(|auc| auc >= best - SAME_AUC));
    close.min_by(|a, b| brier(*a).total_cmp(&brier(*b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(method: Method, auc: f64, brier: f64) -> Card {
        Card {
            method,
            model: String::new(),
            from: 0,
            cohort: ALL.into(),
            customers: 100,
            measures: [Some(auc), None, None, Some(brier), None, None, None],
            is_chosen_before: false,
        }
    }

    #[test]
    fn the_better_brier_decides_between_equal_aucs() {
        let logistic = card(Method::Logistic, 0.840, 0.093);
        let one = |cards: &[Card]| winner(&[cards]);
        assert_eq!(one(&[logistic.clone(), card(Method::Orders, 0.8385, 0.090)]), Some(Method::Orders));
        assert_eq!(one(&[logistic.clone(), card(Method::Orders, 0.8375, 0.090)]), Some(Method::Logistic));
        assert_eq!(one(&[logistic, card(Method::Orders, 0.840, 0.093)]), Some(Method::Logistic));
        assert_eq!(winner(&[]), None);
    }

    #[test]
    fn the_mean_over_the_windows_decides() {
        let newest = [card(Method::Logistic, 0.80, 0.1), card(Method::Orders, 0.82, 0.1)];
        let before = [card(Method::Logistic, 0.80, 0.1), card(Method::Orders, 0.70, 0.1)];
        assert_eq!(winner(&[&newest]), Some(Method::Orders));
        assert_eq!(winner(&[&newest, &before]), Some(Method::Logistic));
        assert_eq!(winner(&[&newest, &before[..1]]), Some(Method::Logistic));
    }

    #[test]
    fn a_naive_rule_that_wins_serves() {
        let cards = [card(Method::Logistic, 0.7, 0.1), card(Method::RecencyBands, 0.71, 0.2)];
        assert_eq!(winner(&[&cards]), Some(Method::RecencyBands));
    }
}
