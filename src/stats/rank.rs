//! Rank scores for RFM and similar: SQL's NTILE, and quantile scores that keep equal values together.

use rayon::prelude::*;

/// Scores 1..=`bins` from the mid-rank of each value; **equal values always get equal scores**.
///
/// In ascending order (`descending` false: the largest value gets the highest score; `true`, e.g. for
/// days since the last order: the smallest does), a value with mid-rank m among n gets
/// `1 + floor(bins (m - 1/2) / n)`, in exact integer arithmetic. Bins can be of unequal size or empty.
/// `bins` of 0 counts as 1.
pub fn quantile_scores_ties_together(values: &[i64], bins: u32, descending: bool) -> QuantileScores {
    let bins = bins.max(1);
    let mut sorted = values.to_vec();
    sorted.par_sort_unstable();
    if descending {
        sorted.reverse();
    }
    let count = sorted.len() as u64;
    let mut cuts: Vec<Option<i64>> = vec![None; bins as usize - 1];
    let mut before = 0;
    for group in sorted.chunk_by(|left, right| left == right) {
        let twice_rank = 2 * before + group.len() as u64;
        let steps = u64::from(bins) * twice_rank / (2 * count);
        // `steps` is at most bins - 1, as mid-rank - 1/2 is below n.
        for cut in cuts[..steps as usize].iter_mut().rev() {
            if cut.is_some() {
                break;
            }
            *cut = Some(group[0]);
        }
        before += group.len() as u64;
    }
    let scores = values.par_iter().map(|&value| score_with_cuts(value, &cuts, descending)).collect();
    QuantileScores { scores, cuts }
}

/// Scores and the cut-points that reproduce them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantileScores {
    /// Score of each value, 1..=bins, in the order given.
    pub scores: Vec<u32>,
    /// bins - 1 cut-points: `cuts[s - 1]` is the first value in score order (the smallest; the largest
    /// when descending) that scores above s, `None` when no value did. See [`score_with_cuts`].
    pub cuts: Vec<Option<i64>>,
}

/// Score of any value on frozen cut-points, so that a later period can be scored on an earlier scale:
/// 1 + the number of cuts the value has reached.
pub fn score_with_cuts(value: i64, cuts: &[Option<i64>], descending: bool) -> u32 {
    let reached = |cut: &Option<i64>| match cut {
        Some(cut) if descending => value <= *cut,
        Some(cut) => value >= *cut,
        None => false,
    };
    1 + cuts.partition_point(reached) as u32
}

/// SQL's `NTILE(tiles)`: tile 1..=`tiles` of each item, given `order`, the items' positions in sorted
/// order (a permutation of `0..order.len()`).
///
/// Sizes differ by at most one, the larger tiles first. Equal values may be split: break ties in
/// `order` by a unique key. `tiles` of 0 counts as 1.
///
/// # Panics
/// When `order` holds a position beyond its own length.
pub fn ntile(order: &[u32], tiles: u32) -> Vec<u32> {
    let tiles = tiles.max(1) as usize;
    let (size, larger) = (order.len() / tiles, order.len() % tiles);
    let in_larger = larger * (size + 1);
    let mut scores = vec![0; order.len()];
    for (rank, &item) in order.iter().enumerate() {
        let tile = if rank < in_larger { rank / (size + 1) } else { larger + (rank - in_larger) / size };
        scores[item as usize] = tile as u32 + 1;
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ntile_matches_sql() {
        // PostgreSQL: ntile(4) over 10 rows is 3, 3, 2, 2.
        let order: Vec<u32> = (0..10).rev().collect();
        assert_eq!(ntile(&order, 4), [4, 4, 3, 3, 2, 2, 2, 1, 1, 1]);
        assert_eq!(ntile(&[0, 1], 5), [1, 2]);
        assert!(ntile(&[], 5).is_empty());
        assert_eq!(ntile(&[0], 0), [1]);
    }

    #[test]
    fn matches_cdnow_master_frequency_bins_by_mid_rank() {
        // 14,119 / 4,442 / 2,064 / 2,945 customers: peers/value-and-churn.md §4.
        let counts = [(0, 14_119), (1, 4_442), (2, 2_064), (3, 2_945)];
        let values: Vec<i64> = counts.iter().flat_map(|&(v, n)| vec![v; n]).collect();
        let scored = quantile_scores_ties_together(&values, 5, false);
        let size = |score| scored.scores.iter().filter(|&&s| s == score).count();
        assert_eq!([1, 2, 3, 4, 5].map(size), [0, 14_119, 0, 4_442, 5_009]);
        assert_eq!(scored.cuts, [Some(0), Some(1), Some(1), Some(2)]);
    }

    #[test]
    fn distinct_values_get_equal_bins() {
        let values: Vec<i64> = (0..100).map(|i| (i * 37) % 100).collect();
        let scored = quantile_scores_ties_together(&values, 5, false);
        for (value, score) in values.iter().zip(&scored.scores) {
            assert_eq!(i64::from(*score), 1 + value / 20);
        }
        let reversed = quantile_scores_ties_together(&values, 5, true);
        for (up, down) in scored.scores.iter().zip(&reversed.scores) {
            assert_eq!(up + down, 6);
        }
    }

    #[test]
    fn all_equal_values_share_the_middle() {
        let scored = quantile_scores_ties_together(&[7, 7, 7], 5, false);
        assert_eq!(scored.scores, [3, 3, 3]);
        assert_eq!(scored.cuts, [Some(7), Some(7), None, None]);
        assert_eq!(score_with_cuts(6, &scored.cuts, false), 1);
        assert_eq!(score_with_cuts(8, &scored.cuts, false), 3);
    }

    #[test]
    fn frozen_cuts_reproduce_the_definition() {
        let values: Vec<i64> = (0..997_i64).map(|i| i * i % 61 - 30).collect();
        for descending in [false, true] {
            let scored = quantile_scores_ties_together(&values, 7, descending);
            for (value, score) in values.iter().zip(&scored.scores) {
                let below = values.iter().filter(|v| if descending { *v > value } else { *v < value }).count();
                let ties = values.iter().filter(|v| *v == value).count();
                assert_eq!(*score as usize, 1 + 7 * (2 * below + ties) / (2 * 997));
            }
        }
        assert!(quantile_scores_ties_together(&[], 5, false).scores.is_empty());
    }
}
