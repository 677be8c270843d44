//! Quality of predictions: ranking (AUC, average precision, lift) and calibration (Brier, ECE).
//!
//! Every measure is a function of the pairs alone: equal scores are treated together, so the order of
//! the rows never matters beyond rounding. `None` marks a measure that does not exist for the data;
//! slices must have equal lengths, a longer one is cut.

use rayon::prelude::*;

/// Rows by score, equal scores together: all that a ranking is measured by, from one sort.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    /// Highest score first (NaN above all numbers).
    groups: Vec<Group>,
}

impl Ranking {
    /// Sorts rows.
    pub fn new(scores: &[f64], positives: &[bool]) -> Ranking {
        let mut pairs: Vec<(f64, bool)> = scores.iter().copied().zip(positives.iter().copied()).collect();
        pairs.par_sort_unstable_by(|left, right| right.0.total_cmp(&left.0));
        let mut ranking = Ranking::default();
        pairs.into_iter().for_each(|(score, positive)| ranking.add(score, positive));
        ranking
    }

    /// Adds a row whose score is none above those added before.
    pub fn add(&mut self, score: f64, positive: bool) {
        let (positives, negatives) = (u64::from(positive), u64::from(!positive));
        match self.groups.last_mut() {
            Some(group) if group.score == score => {
                group.positives += positives;
                group.negatives += negatives;
            }
            _ => self.groups.push(Group { score, positives, negatives }),
        }
    }

    /// Area under the ROC curve: the probability that a positive outranks a negative, ties counting half
    /// (Mann-Whitney U with mid-ranks; Hanley & McNeil 1982). `None` without both classes.
    pub fn auc(&self) -> Option<f64> {
        let mut twice_wins = 0_u128;
        let (mut found, mut rejected) = (0_u64, 0_u64);
        for group in &self.groups {
            // Positives found earlier beat these negatives; those of the group tie with them.
            twice_wins += u128::from(group.negatives) * u128::from(2 * found + group.positives);
            found += group.positives;
            rejected += group.negatives;
        }
        let pairs = u128::from(found) * u128::from(rejected);
        (pairs > 0).then(|| twice_wins as f64 / 2.0 / pairs as f64)
    }

    /// Average precision `sum_n (R_n - R_{n-1}) P_n` over distinct scores, highest first, without
    /// interpolation (as scikit-learn's `average_precision_score`). `None` without positives.
    pub fn average_precision(&self) -> Option<f64> {
        average_precision_of(self.groups.iter().map(|group| (group.positives, group.size())))
    }

    /// The same of the negatives, lowest score first.
    pub fn average_precision_of_negatives(&self) -> Option<f64> {
        average_precision_of(self.groups.iter().rev().map(|group| (group.negatives, group.size())))
    }

    /// As [`top_decile_lift`].
    pub fn top_decile_lift(&self) -> Option<f64> {
        let rows: f64 = self.groups.iter().map(Group::size).sum();
        let total: u64 = self.groups.iter().map(|group| group.positives).sum();
        let (mut wanted, mut held) = (rows / 10.0, 0.0);
        for group in &self.groups {
            let taken = group.size().min(wanted);
            held += group.positives as f64 * taken / group.size();
            wanted -= taken;
            if wanted <= 0.0 {
                break;
            }
        }
        (total > 0).then(|| held / total as f64 * 10.0)
    }

    /// As [`expected_calibration_error`], the scores being probabilities.
    pub fn calibration_error(&self) -> Option<f64> {
        let bins = self.calibration_bins(10);
        let gap = |bin: &CalibrationBin| (bin.mean_probability - bin.positive_share).abs();
        (!bins.is_empty()).then(|| bins.iter().map(gap).sum::<f64>() / bins.len() as f64)
    }

    fn calibration_bins(&self, bins: usize) -> Vec<CalibrationBin> {
        let count: f64 = self.groups.iter().map(Group::size).sum();
        if count == 0.0 {
            return Vec::new();
        }
        let size = count / bins as f64;
        let mut groups = self.groups.iter().rev();
        let mut group = groups.next();
        let mut available = group.map_or(0.0, Group::size);
        let mut table = Vec::with_capacity(bins);
        for _ in 0..bins {
            let (mut wanted, mut probability, mut positive) = (size, 0.0, 0.0);
            while let Some(current) = group {
                let taken = available.min(wanted);
                probability += taken * current.score;
                positive += taken * current.positives as f64 / current.size();
                wanted -= taken;
                available -= taken;
                if available > 0.0 {
                    break;
                }
                group = groups.next();
                available = group.map_or(0.0, Group::size);
            }
            table.push(CalibrationBin {
                count: size,
                mean_probability: probability / (size - wanted),
                positive_share: positive / (size - wanted),
            });
        }
        table
    }
}

fn average_precision_of(groups: impl Iterator<Item = (u64, f64)> + Clone) -> Option<f64> {
    let all: u64 = groups.clone().map(|(positives, _)| positives).sum();
    let (mut found, mut seen, mut total) = (0, 0.0, 0.0);
    for (positives, size) in groups {
        found += positives;
        seen += size;
        total += positives as f64 * (found as f64 / seen);
    }
    (all > 0).then(|| total / all as f64)
}

/// [`Ranking::auc`] of these rows.
pub fn auc(scores: &[f64], positives: &[bool]) -> Option<f64> {
    Ranking::new(scores, positives).auc()
}

/// [`Ranking::average_precision`] of these rows.
pub fn average_precision(scores: &[f64], positives: &[bool]) -> Option<f64> {
    Ranking::new(scores, positives).average_precision()
}

/// Brier score: mean squared difference of probability and outcome (Brier 1950, one class). `None`
/// for no rows.
pub fn brier(probabilities: &[f64], outcomes: &[bool]) -> Option<f64> {
    let mut total = 0.0;
    for (p, &outcome) in probabilities.iter().zip(outcomes) {
        let error = p - f64::from(u8::from(outcome));
        total += error * error;
    }
    let count = probabilities.len().min(outcomes.len());
    (count > 0).then(|| total / count as f64)
}

/// Expected calibration error with 10 equal-count bins: the mean over the bins of
/// |mean probability - share of positives| (Naeini, Cooper & Hauskrecht 2015, with equal-count instead
/// of equal-width bins). See [`calibration_bins`]. `None` for no rows.
pub fn expected_calibration_error(probabilities: &[f64], outcomes: &[bool]) -> Option<f64> {
    Ranking::new(probabilities, outcomes).calibration_error()
}

/// Reliability table: `bins` bins of exactly n / `bins` rows each (a fraction of rows where it is not
/// whole), lowest probabilities first. Rows with equal probability are split between neighbouring bins
/// in proportion, so that their order does not matter. Empty for no rows or no bins.
pub fn calibration_bins(probabilities: &[f64], outcomes: &[bool], bins: usize) -> Vec<CalibrationBin> {
    Ranking::new(probabilities, outcomes).calibration_bins(bins)
}

/// One bin of [`calibration_bins`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// Rows, possibly a fraction.
    pub count: f64,
    /// Mean predicted probability.
    pub mean_probability: f64,
    /// Share of positive outcomes.
    pub positive_share: f64,
}

/// Share of positives among the tenth of rows with the highest scores, divided by their share among
/// all rows. The tenth is n / 10 rows, possibly a fraction; rows tied at its border count in
/// proportion. `None` without positives.
pub fn top_decile_lift(scores: &[f64], positives: &[bool]) -> Option<f64> {
    Ranking::new(scores, positives).top_decile_lift()
}

/// Share of the total of `gains` (orders, money) held by the tenth of rows with the highest scores;
/// ten times this is the lift. Border ties as in [`top_decile_lift`]. `None` for a total that is not
/// positive.
pub fn top_decile_share(scores: &[f64], gains: &[f64]) -> Option<f64> {
    let mut pairs: Vec<(f64, f64)> = scores.iter().copied().zip(gains.iter().copied()).collect();
    // By gain too, so that sums do not depend on the order of the rows.
    pairs.par_sort_unstable_by(|l, r| r.0.total_cmp(&l.0).then(r.1.total_cmp(&l.1)));
    let total: f64 = pairs.iter().map(|pair| pair.1).sum();
    let mut wanted = pairs.len() as f64 / 10.0;
    let mut held = 0.0;
    for group in pairs.chunk_by(|left, right| left.0 == right.0) {
        let size = group.len() as f64;
        let gain: f64 = group.iter().map(|pair| pair.1).sum();
        if size >= wanted {
            held += gain * wanted / size;
            break;
        }
        held += gain;
        wanted -= size;
    }
    (total > 0.0).then(|| held / total)
}

/// Rows with one score.
#[derive(Debug, Clone)]
struct Group {
    score: f64,
    positives: u64,
    negatives: u64,
}

impl Group {
    fn size(&self) -> f64 {
        (self.positives + self.negatives) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: [bool; 4] = [false, false, true, true];
    const SCORES: [f64; 4] = [0.1, 0.4, 0.35, 0.8];

    fn close(value: Option<f64>, expected: f64) -> bool {
        (value.unwrap() - expected).abs() < 1e-12
    }

    #[test]
    fn matches_scikit_learn_documentation() {
        // roc_auc_score .75, average_precision_score .83 on this example;
        // brier_score_loss([0, 1, 1, 0], [.1, .9, .8, .3]) = .0375.
        assert!(close(auc(&SCORES, &LABELS), 0.75));
        assert!(close(average_precision(&SCORES, &LABELS), 5.0 / 6.0));
        let outcomes = [false, true, true, false];
        assert!(close(brier(&[0.1, 0.9, 0.8, 0.3], &outcomes), 0.0375));
    }

    #[test]
    fn ties_count_half_and_missing_classes_are_none() {
        assert!(close(auc(&[0.5; 4], &LABELS), 0.5));
        assert!(close(average_precision(&[0.5; 4], &LABELS), 0.5));
        assert!(close(auc(&[1.0, 2.0, 2.0], &[false, true, false]), 0.75));
        assert_eq!(auc(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(average_precision(&[0.1], &[false]), None);
        assert_eq!(brier(&[], &[]), None);
        assert_eq!(expected_calibration_error(&[], &[]), None);
    }

    #[test]
    fn signed_zeros_tie() {
        assert!(close(auc(&[0.0, -0.0], &[true, false]), 0.5));
    }

    #[test]
    fn calibration_splits_ties_in_proportion() {
        let outcomes: Vec<bool> = (0..20).map(|i| i < 5).collect();
        assert!(close(expected_calibration_error(&[0.25; 20], &outcomes), 0.0));
        assert!(close(expected_calibration_error(&[0.5; 20], &outcomes), 0.25));
        let bins = calibration_bins(&[0.1, 0.2, 0.9], &[false, false, true], 2);
        assert!((bins[0].mean_probability - (0.1 + 0.5 * 0.2) / 1.5).abs() < 1e-12);
        assert!((bins[1].positive_share - 1.0 / 1.5).abs() < 1e-12);
        let all: f64 = bins.iter().map(|bin| bin.count).sum();
        assert_eq!(all, 3.0);
    }

    #[test]
    fn lift_shares_the_tie_at_the_border() {
        let positives: Vec<bool> = (0..20).map(|i| i % 5 == 0).collect();
        assert!(close(top_decile_lift(&[1.0; 20], &positives), 1.0));
        let scores: Vec<f64> = (0..20).map(|i| if i % 5 == 0 { 1.0 } else { 0.0 }).collect();
        assert!(close(top_decile_lift(&scores, &positives), 5.0));
        assert_eq!(top_decile_lift(&[1.0], &[false]), None);
    }
}
