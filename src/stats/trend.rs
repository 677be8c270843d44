//! Monotone trend of a short series: Sen's slope and the Mann-Kendall test.

use super::special_functions::normal_two_sided;

/// Trend of equally spaced `values`; `None` for fewer than two. Compares all pairs: n²/2 steps and as
/// many slopes in memory, meant for monthly or weekly series.
///
/// Values must be finite. The test assumes independent values: a seasonal series should be compared
/// over whole years or be adjusted first.
pub fn trend(values: &[f64]) -> Option<Trend> {
    let count = values.len();
    if count < 2 {
        return None;
    }
    let mut slopes = Vec::with_capacity(count * (count - 1) / 2);
    let mut score = 0_i64;
    for (i, earlier) in values.iter().enumerate() {
        for (gap, later) in values[i + 1..].iter().enumerate() {
            score += i64::from(later > earlier) - i64::from(later < earlier);
            slopes.push((later - earlier) / (gap + 1) as f64);
        }
    }
    let variance = score_variance(values);
    let continuity = score.signum() as f64;
    let z = if variance > 0.0 { (score as f64 - continuity) / variance.sqrt() } else { 0.0 };
    Some(Trend { slope: median(&mut slopes), score, z, p_two_sided: normal_two_sided(z) })
}

/// What [`trend`] returns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Median of the slopes of all pairs, units per period (Sen 1968, JASA 63).
    pub slope: f64,
    /// Mann-Kendall S: rising pairs minus falling pairs.
    pub score: i64,
    /// `(S - sign S) / sd(S)`, the variance corrected for ties (Kendall 1975); 0 when all are equal.
    pub z: f64,
    /// Two-sided p-value by the normal approximation; conservative readers want ten values or more.
    pub p_two_sided: f64,
}

/// `[n(n-1)(2n+5) - sum over ties t(t-1)(2t+5)] / 18`.
fn score_variance(values: &[f64]) -> f64 {
    let spread = |size: usize| {
        let size = size as f64;
        size * (size - 1.0) * (2.0 * size + 5.0)
    };
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties: f64 = sorted.chunk_by(|left, right| left == right).map(|tie| spread(tie.len())).sum();
    (spread(values.len()) - ties) / 18.0
}

/// Median of at least one value; reorders them.
fn median(values: &mut [f64]) -> f64 {
    let count = values.len();
    let (below, &mut upper, _) = values.select_nth_unstable_by(count / 2, f64::total_cmp);
    if count.is_multiple_of(2) {
        let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        0.5 * (lower + upper)
    } else {
        upper
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_online_retail_reference() {
        // Monthly revenue 2010-12 .. 2011-11, reference/trend_online_retail.json.
        let revenue = [
            823_746.14,
            691_364.56,
            523_631.89,
            717_639.36,
            537_808.621,
            770_536.02,
            761_739.9,
            719_221.191,
            759_138.38,
            1_058_590.172,
            1_154_979.3,
            1_509_496.33,
        ];
        let found = trend(&revenue).unwrap();
        assert!((found.slope - 53_422.594_319_444_44).abs() < 1e-6);
        assert_eq!(found.score, 34);
        assert!((found.z - 2.262_894_088_368_347_5).abs() < 1e-12);
        assert!((found.p_two_sided - 0.023_642_218_909_198_494).abs() < 1e-14);
    }

    #[test]
    fn ties_reduce_the_variance() {
        // n = 4, one tie of 2: (4*3*13 - 2*1*9)/18.
        assert!((score_variance(&[1.0, 2.0, 2.0, 3.0]) - 138.0 / 18.0).abs() < 1e-12);
        let flat = trend(&[5.0; 6]).unwrap();
        assert_eq!((flat.slope, flat.score, flat.z, flat.p_two_sided), (0.0, 0, 0.0, 1.0));
    }

    #[test]
    fn line_has_its_own_slope() {
        let line: Vec<f64> = (0..9).map(|i| 100.0 - 3.0 * f64::from(i)).collect();
        let found = trend(&line).unwrap();
        assert_eq!((found.slope, found.score), (-3.0, -36));
        assert_eq!(trend(&[1.0]), None);
        assert_eq!(trend(&[1.0, 4.0]).unwrap().slope, 3.0);
    }
}
