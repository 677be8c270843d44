//! Which rule predicts best who will not order, on the user's own past: models against naive rules.

use std::sync::Arc;

use rayon::prelude::*;

use super::features::Features;
use super::methods::{METHODS, Method, Origin, Scores, Standpoint, apply};
use crate::calendar::civil;
use crate::facts::Facts;
use crate::stats::metrics::Ranking;

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

/// What is counted of the customers of a cohort while going through them.
#[derive(Clone, Default)]
struct Tally {
    customers: usize,
    silent: usize,
    /// Sum of the probabilities of an order.
    foreseen: f64,
    /// Sum of the squared errors.
    squares: f64,
    ranking: Ranking,
    /// By probability, where customers are ranked by something else.
    by_probability: Option<Ranking>,
}

impl Tally {
    fn measures(&self) -> [Option<f64>; MEASURES.len()] {
        let ordered = self.customers as f64 - self.silent as f64;
        [
            self.ranking.auc(),
            self.ranking.average_precision(),
            self.ranking.average_precision_of_negatives(),
            (self.customers > 0).then(|| self.squares / self.customers as f64),
            self.by_probability.as_ref().unwrap_or(&self.ranking).calibration_error(),
            (ordered > 0.0).then(|| (self.foreseen / ordered - 1.0).abs()),
            self.ranking.top_decile_lift(),
        ]
    }
}

/// Measures of every cohort, from one sort of all customers.
fn tallies(scores: &Scores, without_order: &[bool], cohorts: &Cohorts) -> Vec<Tally> {
    let descending = |values: &[f64]| {
        let mut order: Vec<(f64, u32)> = values.iter().copied().zip(0..).collect();
        order.par_sort_unstable_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        order
    };
    let mut found = vec![Tally::default(); cohorts.names.len()];
    for (score, place) in descending(scores.rank().unwrap_or(&scores.probability)) {
        for cohort in cohorts.of(place as usize) {
            found[cohort].ranking.add(score, without_order[place as usize]);
        }
    }
    if scores.rank().is_some() {
        found.iter_mut().for_each(|tally| tally.by_probability = Some(Ranking::default()));
        for (probability, place) in descending(&scores.probability) {
            for cohort in cohorts.of(place as usize) {
                let ranking = found[cohort].by_probability.as_mut();
                ranking.into_iter().for_each(|ranking| ranking.add(probability, without_order[place as usize]));
            }
        }
    }
    for (place, (probability, silent)) in scores.probability.iter().zip(without_order).enumerate() {
        let error = probability - f64::from(u8::from(*silent));
        for cohort in cohorts.of(place) {
            let tally = &mut found[cohort];
            tally.customers += 1;
            tally.silent += usize::from(*silent);
            tally.foreseen += 1.0 - probability;
            tally.squares += error * error;
        }
    }
    found
}

/// The outcome of the backtest.
#[derive(Debug)]
pub struct Backtest {
    /// Cards of every window, the newest first; within it all customers, then cohorts.
    pub cards: Vec<Card>,
    /// The method that serves, if the backtest can be believed.
    pub winner: Option<Method>,
    /// Whether the newest window has enough customers to be believed.
    pub is_believed: bool,
    /// Customers as they stood a horizon before the as-of day, and what they did since.
    pub newest_origin: Arc<Origin>,
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
    let mut cards = Vec::new();
    let mut chosen_before = None;
    let mut of_all: Vec<Vec<Card>> = Vec::new();
    let mut past = Arc::new(Origin::new(facts, facts.as_of - (WINDOWS + 1) * horizon, horizon));
    for window in (1..=WINDOWS).rev() {
        let from = facts.as_of - window * horizon;
        let here = Arc::new(Origin::new(facts, from, horizon));
        let before = std::mem::replace(&mut past, Arc::clone(&here));
        if window > 1 && !here.is_instructive() {
            continue;
        }
        let at = Standpoint::new(facts, first_day, (from, horizon), before, Arc::clone(&here));
        let cohorts = Cohorts::of_customers(&here.features, from, window == 1);
        let (mut all, mut by_cohort) = (Vec::new(), Vec::new());
        for method in METHODS {
            let Some(scores) = apply(method, &at) else { continue };
            let found = tallies(&scores, &here.without_order, &cohorts).into_iter().zip(&cohorts.names);
            for (cohort, (tally, name)) in found.enumerate() {
                let card = Card {
                    method,
                    model: method.name(&at.orders.rate),
                    from,
                    cohort: name.clone(),
                    customers: tally.customers,
                    measures: tally.measures(),
                    is_chosen_before: chosen_before == Some(method),
                };
                if cohort == 0 { all.push(card) } else { by_cohort.push(card) }
            }
        }
        chosen_before = winner(&[&all]);
        of_all.insert(0, all.clone());
        all.extend(by_cohort);
        cards.splice(0..0, all);
    }
    let windows: Vec<&[Card]> = of_all.iter().map(Vec::as_slice).collect();
    let is_believed = past.is_instructive();
    Backtest { cards, winner: is_believed.then(|| winner(&windows)).flatten(), is_believed, newest_origin: past }
}

/// Quarters of the first order with fewer customers are left out.
const FEWEST_OF_A_COHORT: usize = 50;
/// Newest quarters shown.
const MOST_QUARTERS: usize = 12;

/// Groups of customers that are measured apart: all, those with one order, with more, and by the quarter of their first
/// order.
struct Cohorts {
    /// The first is that of all.
    names: Vec<String>,
    /// By customer: of how many orders he has, of his quarter; [`NO_COHORT`] for none.
    of_customer: Vec<[u8; 2]>,
}

const NO_COHORT: u8 = u8::MAX;

impl Cohorts {
    /// Only all of them where the others are not `wanted`.
    fn of_customers(features: &[Features], day: i32, wanted: bool) -> Cohorts {
        let mut names = vec![ALL.to_string()];
        if !wanted {
            return Cohorts { names, of_customer: Vec::new() };
        }
        names.extend(["one_order".to_string(), "repeat".to_string()]);
        let quarter = |of: &Features| {
            let (year, month, _) = civil(day - of.tenure_days);
            year * 4 + (month as i32 - 1) / 3
        };
        let quarters: Vec<i32> = features.par_iter().map(quarter).collect();
        let mut counts = std::collections::BTreeMap::new();
        quarters.iter().for_each(|quarter| *counts.entry(*quarter).or_insert(0_usize) += 1);
        let newest = counts.iter().rev().take(MOST_QUARTERS).rev();
        let shown: Vec<i32> =
            newest.filter(|(_, count)| **count >= FEWEST_OF_A_COHORT).map(|(quarter, _)| *quarter).collect();
        let first = names.len() as u8;
        names.extend(shown.iter().map(|quarter| format!("{}-Q{}", quarter.div_euclid(4), quarter.rem_euclid(4) + 1)));
        let of_customer = features.iter().zip(&quarters).map(|(of, quarter)| {
            let place = shown.binary_search(quarter).map_or(NO_COHORT, |place| first + place as u8);
            [if of.frequency == 1 { 1 } else { 2 }, place]
        });
        Cohorts { names, of_customer: of_customer.collect() }
    }

    /// The cohorts of a customer.
    fn of(&self, place: usize) -> impl Iterator<Item = usize> {
        let others = self.of_customer.get(place).copied().unwrap_or([NO_COHORT; 2]);
        std::iter::once(0).chain(others.into_iter().filter(|cohort| *cohort != NO_COHORT).map(usize::from))
    }
}

/// The highest mean AUC over the windows; among those within [`SAME_AUC`] of it the lowest mean Brier score, then the
/// first. A method that a window could not be tested with does not win, nor one that in any of them ranked no better than
/// a coin or had a higher Brier score than the base rate: where all are so, the base rate serves.
fn winner(windows: &[&[Card]]) -> Option<Method> {
    let of = |cards: &[Card], method: Method| cards.iter().find(|card| card.method == method).cloned();
    let knows_something = |method: Method| {
        method == Method::BaseRate
            || windows.iter().all(|cards| match (of(cards, method), of(cards, Method::BaseRate)) {
                (Some(card), Some(base)) => card.brier() <= base.brier() && card.auc().is_some_and(|auc| auc > COIN),
                _ => true,
            })
    };
    let mean = |method: Method, of: &dyn Fn(&Card) -> Option<f64>| -> Option<f64> {
        let values: Option<Vec<f64>> =
            windows.iter().map(|cards| cards.iter().find(|card| card.method == method).and_then(of)).collect();
        values.filter(|values| !values.is_empty()).map(|values| values.iter().sum::<f64>() / values.len() as f64)
    };
    let auc = |method: Method| mean(method, &Card::auc);
    let brier = |method: Method| mean(method, &|card| Some(card.brier())).unwrap_or(f64::INFINITY);
    let able: Vec<Method> = METHODS.into_iter().filter(|method| knows_something(*method)).collect();
    let best = able.iter().filter_map(|method| auc(*method)).max_by(f64::total_cmp)?;
    let close = able.into_iter().filter(|method| auc(*method).is_some_and(|auc| auc >= best - SAME_AUC));
    close.min_by(|a, b| brier(*a).total_cmp(&brier(*b)))
}

/// The AUC of a coin.
const COIN: f64 = 0.5;

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
    fn whoever_knows_less_than_the_base_rate_does_not_serve() {
        let base = card(Method::BaseRate, 0.5, 0.25);
        let serves = |windows: &[&[Card]]| winner(windows);
        // Overconfident, then no better than a coin.
        let cards = [card(Method::OrderRate, 0.6, 0.3), card(Method::Orders, 0.5, 0.24), base.clone()];
        assert_eq!(serves(&[&cards]), Some(Method::BaseRate));
        let able = [card(Method::OrderRate, 0.6, 0.3), card(Method::Orders, 0.55, 0.24), base];
        assert_eq!(serves(&[&able]), Some(Method::Orders));
        // Once is enough.
        assert_eq!(serves(&[&able, &cards]), Some(Method::BaseRate));
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
