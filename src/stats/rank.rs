//! Rank scores for RFM and similar: three rules that keep equal values together, and SQL's NTILE, which does not.

use rayon::prelude::*;

/// How ranks become scores where equal values get equal scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TieRule {
    /// A value takes the bin of its middle rank: with mid-rank m among n, `ceil(bins (m - 1/2) / n)`.
    MidRank,
    /// A value scores 1 + the number of quantiles (type 7 of Hyndman & Fan 1996, the default of R and NumPy) at
    /// 1/bins, 2/bins, … that it exceeds.
    Quantile,
    /// Bins of equally many *distinct* values: the d-th of D scores `ceil(bins d / D)`.
    DenseRank,
}

/// Scores 1..=`bins` of each value; **equal values always get equal scores**, in exact integer arithmetic.
///
/// In ascending order (`descending` false: the largest value gets the highest score; `true`, e.g. for
/// days since the last order: the smallest does). Bins can be of unequal size or empty. `bins` of 0 counts as 1.
pub fn scores_ties_together(values: &[i64], rule: TieRule, bins: u32, descending: bool) -> QuantileScores {
    let bins = bins.max(1);
    let mut groups = distinct(values);
    if descending {
        groups.reverse();
    }
    let (count, kinds, wide) = (values.len() as u64, groups.len() as u64, u64::from(bins));
    let mut cuts: Vec<Option<i64>> = vec![None; bins as usize - 1];
    let mut before = 0;
    for (place, (value, ties)) in (0_u64..).zip(groups) {
        let steps = match rule {
            // The middle of its ranks lies above so many of the borders; on a border it is not above it.
            TieRule::MidRank => (wide * (2 * before + ties) - 1) / (2 * count),
            // The value exceeds the k-th quantile just where it comes after position floor((n - 1) k / bins).
            TieRule::Quantile => (1..wide).take_while(|k| (count - 1) * k / wide < before).count() as u64,
            TieRule::DenseRank => (wide * (place + 1) - 1) / kinds,
        };
        // `steps` is at most bins - 1 and never falls.
        for cut in cuts[..steps as usize].iter_mut().rev() {
            if cut.is_some() {
                break;
            }
            *cut = Some(value);
        }
        before += ties;
    }
    QuantileScores { scores: scores_with_cuts(values, &cuts, descending), cuts }
}

/// The distinct values in ascending order, each with how often it occurs.
fn distinct(values: &[i64]) -> Vec<(i64, u64)> {
    let (Some(low), Some(high)) = (values.iter().copied().min(), values.iter().copied().max()) else {
        return Vec::new();
    };
    // Days and counts have few distinct values: counting them sorts in one pass.
    match usize::try_from(high.abs_diff(low)) {
        Ok(span) if span <= values.len() => {
            let mut counts = vec![0_u64; span + 1];
            for value in values {
                counts[value.abs_diff(low) as usize] += 1;
            }
            (low..).zip(counts).filter(|(_, count)| *count > 0).collect()
        }
        _ => {
            let mut sorted = values.to_vec();
            sorted.par_sort_unstable();
            sorted.chunk_by(|left, right| left == right).map(|group| (group[0], group.len() as u64)).collect()
        }
    }
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
    let reached = |cut: &i64| if descending { value <= *cut } else { value >= *cut };
    1 + cuts.iter().flatten().map(|cut| u32::from(reached(cut))).sum::<u32>()
}

/// [`score_with_cuts`] of many values.
pub fn scores_with_cuts(values: &[i64], cuts: &[Option<i64>], descending: bool) -> Vec<u32> {
    values.par_iter().with_min_len(4096).map(|value| score_with_cuts(*value, cuts, descending)).collect()
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
        let scored = scores_ties_together(&values, TieRule::MidRank, 5, false);
        let size = |score| scored.scores.iter().filter(|&&s| s == score).count();
        assert_eq!([1, 2, 3, 4, 5].map(size), [0, 14_119, 0, 4_442, 5_009]);
        assert_eq!(scored.cuts, [Some(0), Some(1), Some(1), Some(2)]);
    }

    #[test]
    fn quantiles_and_dense_ranks_follow_their_definitions() {
        let wide = |value: i64| value * 1_000_000_007;
        for values in [(0..997_i64).map(|i| i * i % 61 - 30).collect::<Vec<_>>(), vec![3], vec![1, 1, 2]] {
            let spread: Vec<i64> = values.iter().map(|value| wide(*value)).collect();
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let mut kinds = sorted.clone();
            kinds.dedup();
            // Type 7: the value at position (n - 1) p, between two neighbours by interpolation.
            let quantile = |k: usize| {
                let at = (values.len() - 1) as f64 * k as f64 / 5.0;
                let (low, high) = (sorted[at.floor() as usize] as f64, sorted[at.ceil() as usize] as f64);
                low + (high - low) * (at - at.floor())
            };
            let by_quantile = scores_ties_together(&values, TieRule::Quantile, 5, false);
            let by_kind = scores_ties_together(&values, TieRule::DenseRank, 5, false);
            for (at, value) in values.iter().enumerate() {
                let passed = (1..5).filter(|k| *value as f64 > quantile(*k)).count();
                assert_eq!(by_quantile.scores[at] as usize, 1 + passed, "{value}");
                let rank = kinds.iter().filter(|kind| *kind <= value).count();
                assert_eq!(by_kind.scores[at] as usize, (5 * rank).div_ceil(kinds.len()), "{value}");
            }
            for rule in [TieRule::MidRank, TieRule::Quantile, TieRule::DenseRank] {
                let (near, far) =
                    (scores_ties_together(&values, rule, 5, true), scores_ties_together(&spread, rule, 5, true));
                assert_eq!(near.scores, far.scores, "counted and sorted agree");
                assert_eq!(near.cuts.iter().map(|cut| cut.map(wide)).collect::<Vec<_>>(), far.cuts);
            }
        }
    }

    #[test]
    fn distinct_values_get_equal_bins() {
        let values: Vec<i64> = (0..100).map(|i| (i * 37) % 100).collect();
        let scored = scores_ties_together(&values, TieRule::MidRank, 5, false);
        for (value, score) in values.iter().zip(&scored.scores) {
            assert_eq!(i64::from(*score), 1 + value / 20);
        }
        let reversed = scores_ties_together(&values, TieRule::MidRank, 5, true);
        for (up, down) in scored.scores.iter().zip(&reversed.scores) {
            assert_eq!(up + down, 6);
        }
    }

    #[test]
    fn all_equal_values_share_the_middle() {
        let scored = scores_ties_together(&[7, 7, 7], TieRule::MidRank, 5, false);
        assert_eq!(scored.scores, [3, 3, 3]);
        assert_eq!(scored.cuts, [Some(7), Some(7), None, None]);
        assert_eq!(score_with_cuts(6, &scored.cuts, false), 1);
        assert_eq!(score_with_cuts(8, &scored.cuts, false), 3);
    }

    #[test]
    fn frozen_cuts_reproduce_the_definition() {
        let values: Vec<i64> = (0..997_i64).map(|i| i * i % 61 - 30).collect();
        for descending in [false, true] {
            let scored = scores_ties_together(&values, TieRule::MidRank, 7, descending);
            for (value, score) in values.iter().zip(&scored.scores) {
                let below = values.iter().filter(|v| if descending { *v > value } else { *v < value }).count();
                let ties = values.iter().filter(|v| *v == value).count();
                assert_eq!(*score as usize, 1 + 7 * (2 * below + ties) / (2 * 997));
            }
        }
        assert!(scores_ties_together(&[], TieRule::MidRank, 5, false).scores.is_empty());
    }
}
