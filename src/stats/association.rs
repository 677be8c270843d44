//! Strength and significance of "who buys A also buys B" from four counts.

use super::hypergeometric;
use super::special_functions::normal_two_sided;

/// Counts behind a rule A -> B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// All baskets (or customers).
    pub n: u64,
    /// Those with A.
    pub n_a: u64,
    /// Those with B.
    pub n_b: u64,
    /// Those with both.
    pub n_both: u64,
}

/// Measures of the rule A -> B; `None` for an impossible table or when A or B never occurs.
///
/// With s = both/n, p_a = n_a/n, p_b = n_b/n:
/// - support s; confidence s/p_a; lift s/(p_a p_b); leverage s - p_a p_b (Piatetsky-Shapiro 1991);
/// - conviction (1 - p_b)/(1 - confidence), infinite at confidence 1 (Brin et al. 1997);
/// - zhang leverage / max(s (1 - p_a), p_a (p_b - s)), 0 where both are 0 (Zhang 2000);
/// - chi2 and its p: Pearson's test of the 2×2 table, 1 degree of freedom, no continuity correction;
///   0 and 1 where a margin is everything;
/// - fisher_p: one-sided exact test for attraction, P(X >= both), hypergeometric;
/// - jaccard both/(n_a + n_b - both), imbalance |n_a - n_b| over the same (Wu, Chen & Han 2010); cosine
///   both/sqrt(n_a n_b); kulczynski the mean of both/n_a and both/n_b;
/// - added_value confidence - p_b; certainty that over 1 - p_b, or over p_b where it is negative (Shortliffe & Buchanan
///   1975), 0 where p_b is 1; phi the correlation of A and B, 0 where a margin is everything;
/// - lift_lower_95: exp(ln lift - 1.96 sqrt(1/both - 1/n_a + 1/n_b - 1/n)), 0 when both = 0: the
///   delta-method variance of a log risk ratio (Katz, Baptista, Azen & Pike 1978) of confidence
///   against base rate taken as independent. The full multinomial variance is smaller by
///   2 (1 - confidence)/n_b, so the bound errs on the safe side. 1.96 is the literal constant.
pub fn measures(counts: Counts) -> Option<Measures> {
    let Counts { n, n_a, n_b, n_both } = counts;
    let fits = n_a <= n && n_b <= n && n_both <= n_a.min(n_b) && n_a - n_both <= n - n_b;
    if !fits || n_a == 0 || n_b == 0 {
        return None;
    }
    let [all, a, b, both] = [n, n_a, n_b, n_both].map(|count| count as f64);
    let support = both / all;
    let confidence = both / a;
    let share_a = a / all;
    let share_b = b / all;
    let lift = confidence / share_b;
    // both n - a b in whole numbers: its difference would cancel in floating point.
    let crossed = i128::from(n_both) * i128::from(n) - i128::from(n_a) * i128::from(n_b);
    let leverage = crossed as f64 / (all * all);
    let chi2 = chi_square(counts, crossed as f64);
    Some(Measures {
        support,
        confidence,
        lift,
        leverage,
        conviction: if n_both == n_a { f64::INFINITY } else { (1.0 - share_b) / ((n_a - n_both) as f64 / a) },
        zhang: zhang(counts, crossed as f64),
        jaccard: both / (a + b - both),
        cosine: both / (a * b).sqrt(),
        kulczynski: (both / a + both / b) / 2.0,
        imbalance: (a - b).abs() / (a + b - both),
        added_value: crossed as f64 / (a * all),
        certainty: match (crossed >= 0, n_b == n) {
            (_, true) => 0.0,
            (true, false) => crossed as f64 / (a * (all - b)),
            (false, false) => crossed as f64 / (a * b),
        },
        phi: (chi2 / all).sqrt().copysign(crossed as f64),
        chi2,
        chi2_p: normal_two_sided(chi2.sqrt()),
        fisher_p: hypergeometric::upper_tail(n, n_a, n_b, n_both),
        lift_lower_95: lift_lower_95(counts),
        share_a,
        share_b,
    })
}

/// One-sided exact p-value for repulsion, P(X <= both): that so few have both by chance. The counts are those of a
/// possible table.
pub fn repulsion_p(counts: Counts) -> f64 {
    let Counts { n, n_a, n_b, n_both } = counts;
    // As many of A's that lack B, or more: the same event counted from the other side, without 1 - p.
    hypergeometric::upper_tail(n, n_a, n - n_b, n_a - n_both)
}

/// Lower end of the 95 % interval of lift, as [`measures`] gives it; the counts are those of a possible table.
pub fn lift_lower_95(counts: Counts) -> f64 {
    if counts.n_both == 0 {
        return 0.0;
    }
    let [all, a, b, both] = [counts.n, counts.n_a, counts.n_b, counts.n_both].map(|count| count as f64);
    let lift = both / a / (b / all);
    let variance = 1.0 / both - 1.0 / a + 1.0 / b - 1.0 / all;
    lift * (-1.96 * variance.max(0.0).sqrt()).exp()
}

/// What [`measures`] returns; shares and probabilities are 0..1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Share with both.
    pub support: f64,
    /// Share of A's baskets that hold B.
    pub confidence: f64,
    /// Confidence over the share of B; 1 without association.
    pub lift: f64,
    /// Support beyond independence.
    pub leverage: f64,
    /// How much rarer A without B is than under independence.
    pub conviction: f64,
    /// Association from -1 to 1.
    pub zhang: f64,
    /// Those with both, of those with either.
    pub jaccard: f64,
    /// Geometric mean of the confidences of both directions.
    pub cosine: f64,
    /// Arithmetic mean of the confidences of both directions.
    pub kulczynski: f64,
    /// How unequally frequent A and B are, 0 to 1.
    pub imbalance: f64,
    /// Confidence beyond the share of B.
    pub added_value: f64,
    /// How much of the doubt about B the rule takes away, -1 to 1.
    pub certainty: f64,
    /// Correlation of A and B.
    pub phi: f64,
    /// Pearson's statistic.
    pub chi2: f64,
    /// Its p-value, either direction.
    pub chi2_p: f64,
    /// One-sided exact p-value, attraction.
    pub fisher_p: f64,
    /// Lower end of the 95 % interval of lift.
    pub lift_lower_95: f64,
    /// Share of A (arules: coverage).
    pub share_a: f64,
    /// Share of B: what confidence would be without any association.
    pub share_b: f64,
}

/// q values of Benjamini & Hochberg (1995): the smallest false discovery rate at which each test is
/// rejected, `min over j >= i of p_(j) n / j`, at most 1, in the order given.
///
/// Equal to R's `p.adjust(p, "BH")`. p values are 0..1; NaN counts as 1.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let p_at = |index: u32| {
        let p = p_values[index as usize];
        if p.is_nan() { 1.0 } else { p }
    };
    let mut order: Vec<u32> = (0..p_values.len() as u32).collect();
    order.sort_unstable_by(|&left, &right| p_at(left).total_cmp(&p_at(right)));
    let count = p_values.len() as f64;
    let mut q_values = vec![0.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_at(index) * count / (rank + 1) as f64);
        q_values[index as usize] = smallest;
    }
    q_values
}

fn chi_square(counts: Counts, crossed: f64) -> f64 {
    let margins = [counts.n_a, counts.n - counts.n_a, counts.n_b, counts.n - counts.n_b];
    if margins.contains(&0) {
        return 0.0;
    }
    let [a, not_a, b, not_b] = margins.map(|count| count as f64);
    counts.n as f64 * (crossed / (a * not_a)) * (crossed / (b * not_b))
}

fn zhang(counts: Counts, crossed: f64) -> f64 {
    let n = counts.n as f64;
    let toward = counts.n_both as f64 * (counts.n - counts.n_a) as f64;
    let away = counts.n_a as f64 * (counts.n_b - counts.n_both) as f64;
    let most = toward.max(away);
    // Numerator and denominator both scaled by n^2.
    if most > 0.0 && n > 0.0 { crossed / most } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts, then support, confidence, lift, leverage, conviction, zhang, chi2, Fisher p, lower lift.
    const GROCERIES: [([u64; 4], [f64; 9]); 4] = [
        (
            [9_835, 19, 327, 12],
            [
                0.0012201321809862736,
                0.631578947368421,
                18.995654273297923,
                0.0011559000064356236,
                2.6240395090420505,
                0.949190097799511,
                212.02510023286268,
                6.116444666375402e-14,
                13.258321287430125,
            ],
        ),
        (
            [9_835, 19, 372, 12],
            [
                0.0012201321809862736,
                0.631578947368421,
                16.697792869269946,
                0.001147060716359846,
                2.6116203064855834,
                0.9419315403422984,
                184.41010023975375,
                2.8577227871178024e-13,
                11.677608730918957,
            ],
        ),
        (
            [9_835, 353, 1372, 121],
            [
                0.012302999491611592,
                0.34277620396600567,
                2.4571457478175405,
                0.007295970705248703,
                1.30929255123328,
                0.615101078860163,
                126.03317462468925,
                5.350716263649966e-23,
                2.10947166395001,
            ],
        ),
        (
            [9_835, 736, 1072, 228],
            [
                0.023182511438739197,
                0.30978260869565216,
                2.84208204899416,
                0.015025635233513626,
                1.2908998474834772,
                0.7005724554269507,
                330.23144737526167,
                8.835313535141839e-55,
                2.5162987378045862,
            ],
        ),
    ];

    fn check(counts: [u64; 4], expected: [f64; 9]) {
        let [n, n_a, n_b, n_both] = counts;
        let found = measures(Counts { n, n_a, n_b, n_both }).unwrap();
        let values = [
            found.support,
            found.confidence,
            found.lift,
            found.leverage,
            found.conviction,
            found.zhang,
            found.chi2,
            found.fisher_p,
            found.lift_lower_95,
        ];
        for (value, expected) in values.iter().zip(expected) {
            assert!((value / expected - 1.0).abs() < 1e-12, "{value} {expected}");
        }
    }

    #[test]
    fn matches_arules_groceries_top_rules() {
        for (counts, expected) in GROCERIES {
            check(counts, expected);
        }
    }

    #[test]
    fn chi_square_p_matches_the_table_of_the_distribution() {
        // P(chi2_1 > 3.841459) = .05: p of chi2 is that of its root.
        assert!((normal_two_sided(3.841_458_820_694_124_f64.sqrt()) - 0.05).abs() < 1e-14);
    }

    #[test]
    fn repulsion_is_the_other_tail() {
        // Lady tasting tea: at most one right of four, 17 of 70 ways.
        let p = repulsion_p(Counts { n: 8, n_a: 4, n_b: 4, n_both: 1 });
        assert!((p - 17.0 / 70.0).abs() < 1e-14);
        assert_eq!(repulsion_p(Counts { n: 8, n_a: 4, n_b: 4, n_both: 4 }), 1.0);
    }

    #[test]
    fn edges() {
        let at = |n, n_a, n_b, n_both| measures(Counts { n, n_a, n_b, n_both });
        let never = at(100, 10, 20, 0).unwrap();
        assert_eq!((never.lift, never.lift_lower_95, never.zhang), (0.0, 0.0, -1.0));
        assert_eq!(never.fisher_p, 1.0);
        let always = at(100, 10, 20, 10).unwrap();
        assert_eq!(always.conviction, f64::INFINITY);
        assert!((always.zhang - 8.0 / 9.0).abs() < 1e-15);
        let everything = at(100, 100, 20, 20).unwrap();
        assert_eq!((everything.chi2, everything.chi2_p, everything.zhang), (0.0, 1.0, 0.0));
        assert_eq!(everything.fisher_p, 1.0);
        for (n, n_a, n_b, n_both) in [(0, 0, 0, 0), (10, 0, 5, 0), (10, 6, 6, 1), (10, 2, 5, 3), (5, 6, 1, 1)] {
            assert_eq!(at(n, n_a, n_b, n_both), None);
        }
    }

    #[test]
    fn matches_r_p_adjust_bh() {
        // R: p.adjust(c(.01, .04, .03, .005, .5), "BH")
        let q = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.005, 0.5]);
        for (value, expected) in q.iter().zip([0.025, 0.05, 0.05, 0.025, 0.5]) {
            assert!((value - expected).abs() < 1e-15);
        }
        assert!(benjamini_hochberg(&[]).is_empty());
        assert_eq!(benjamini_hochberg(&[f64::NAN, 0.9]), [1.0, 1.0]);
    }
}
