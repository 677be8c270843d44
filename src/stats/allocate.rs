//! Splitting whole amounts (cents) without losing any.
//!
//! Largest remainder method (Hamilton): every share is rounded down, then the units left over go one each to the
//! largest remainders, ties to the lowest index. Integer arithmetic throughout, so neither the order of the sums nor
//! the number of threads can change a unit.

use rayon::prelude::*;

/// Splits `total` in proportion to `weights`; the shares sum to `total` exactly.
///
/// A negative total is split as its absolute value. `None` when a weight is negative or all are zero (or there are
/// none).
pub fn largest_remainder(total: i64, weights: &[i64]) -> Option<Vec<i64>> {
    let mut sum = 0_u128;
    for &weight in weights {
        sum += u128::from(u64::try_from(weight).ok()?);
    }
    if sum == 0 {
        return None;
    }
    let amount = total.unsigned_abs();
    let mut left = amount;
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::new();
    for (index, &weight) in weights.iter().enumerate() {
        let (share, remainder) = divide(amount, weight.unsigned_abs(), sum);
        left -= share;
        shares.push(share);
        if remainder > 0 {
            remainders.push((std::cmp::Reverse(remainder), index));
        }
    }
    // The remainders sum to `left` times `sum` and each is below `sum`: there are more than `left`.
    if left > 0 {
        let last = left as usize - 1;
        let (first, middle, _) = remainders.select_nth_unstable(last);
        for (_, index) in first.iter().chain([&*middle]) {
            shares[*index] += 1;
        }
    }
    let sign = if total < 0 { -1 } else { 1 };
    Some(shares.iter().map(|&share| (sign * i128::from(share)) as i64).collect())
}

/// A share while it is added up: whole units, and the part of a unit in 2⁻³².
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Whole units, rounded down.
    pub whole: i64,
    /// What is above them.
    pub part: u32,
}

impl Share {
    /// Adds `amount × weight ÷ sum`, cut off after 2⁻³² of a unit. `weight` is at least 0, `sum` above 0.
    #[inline]
    pub fn add(&mut self, amount: i64, weight: i64, sum: i128) {
        let (whole, part) = match (amount.checked_mul(weight), u32::try_from(sum)) {
            (Some(product), Ok(sum)) => {
                let sum = i64::from(sum);
                (product.div_euclid(sum), ((product.rem_euclid(sum) as u64) << 32) / sum as u64)
            }
            _ => {
                let product = i128::from(amount) * i128::from(weight);
                (product.div_euclid(sum) as i64, ((product.rem_euclid(sum) << 32) / sum) as u64)
            }
        };
        let parts = u64::from(self.part) + part;
        self.whole += whole + (parts >> 32) as i64;
        self.part = parts as u32;
    }

    /// The nearest whole number, half away from zero.
    #[inline]
    pub fn nearest(self) -> i64 {
        let half = 1 << 31;
        self.whole + i64::from(self.part > half || (self.part == half && self.whole >= 0))
    }
}

/// Rounds shares so that they sum to `total`, as [`largest_remainder`] does; what cannot be given out because nobody
/// has any share comes back.
pub fn settle(total: i64, shares: &[Share]) -> (Vec<i64>, i64) {
    let mut whole: Vec<i64> = shares.par_iter().map(|share| share.whole).collect();
    let left = total - whole.par_iter().sum::<i64>();
    let mut parts: Vec<u32> = shares.par_iter().filter(|share| share.part > 0).map(|share| share.part).collect();
    let Some(last) = usize::try_from(left).ok().and_then(|left| left.checked_sub(1)) else { return (whole, left) };
    if last >= parts.len() {
        return (whole, left);
    }
    let (_, threshold, _) = parts.select_nth_unstable_by(last, |a, b| b.cmp(a));
    let threshold = *threshold;
    let above = parts[..last].iter().filter(|part| **part > threshold).count();
    let mut ties = last + 1 - above;
    for (whole, share) in whole.iter_mut().zip(shares) {
        if share.part > threshold {
            *whole += 1;
        } else if share.part == threshold && ties > 0 {
            *whole += 1;
            ties -= 1;
        }
    }
    (whole, 0)
}

/// Quotient and remainder of `amount * weight / sum`, in 64 bits where they suffice.
fn divide(amount: u64, weight: u64, sum: u128) -> (u64, u128) {
    match (amount.checked_mul(weight), u64::try_from(sum)) {
        (Some(product), Ok(sum)) => (product / sum, u128::from(product % sum)),
        _ => {
            let product = u128::from(amount) * u128::from(weight);
            ((product / sum) as u64, product % sum)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_go_to_the_lowest_index() {
        assert_eq!(largest_remainder(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(largest_remainder(-100, &[1, 1, 1]), Some(vec![-34, -33, -33]));
        assert_eq!(largest_remainder(2, &[1, 1, 1, 1]), Some(vec![1, 1, 0, 0]));
        assert_eq!(settled(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(settled(2, &[1, 1, 1, 1]), [1, 1, 0, 0]);
    }

    #[test]
    fn matches_hamilton_1792_wikipedia_example() {
        // 10 seats, 100,000 votes: 47, 16, 15.8, 12, 6.1, 3.1 thousand.
        let votes = [47_000, 16_000, 15_800, 12_000, 6_100, 3_100];
        assert_eq!(largest_remainder(10, &votes), Some(vec![5, 2, 1, 1, 1, 0]));
        assert_eq!(settled(10, &votes), [5, 2, 1, 1, 1, 0]);
    }

    #[test]
    fn zero_weights_get_nothing_and_bad_weights_are_refused() {
        assert_eq!(largest_remainder(5, &[0, 3, 0]), Some(vec![0, 5, 0]));
        assert_eq!(largest_remainder(0, &[2, 3]), Some(vec![0, 0]));
        assert_eq!(largest_remainder(5, &[0, 0]), None);
        assert_eq!(largest_remainder(5, &[]), None);
        assert_eq!(largest_remainder(5, &[4, -1]), None);
        assert_eq!(settle(5, &[]), (vec![], 5), "nobody is there to take it");
    }

    #[test]
    fn extremes_do_not_overflow() {
        for total in [i64::MIN, i64::MAX, 1, -1] {
            for weights in [vec![i64::MAX; 7], vec![i64::MAX], vec![1, i64::MAX, 0, 5]] {
                let shares = largest_remainder(total, &weights).unwrap();
                let sum: i128 = shares.iter().map(|&share| i128::from(share)).sum();
                assert_eq!(sum, i128::from(total));
            }
        }
    }

    #[test]
    fn nearest_rounds_halves_away_from_zero() {
        let half = |whole| Share { whole, part: 1 << 31 }.nearest();
        assert_eq!([half(0), half(1), half(-1), half(-2)], [1, 2, -1, -2]);
        assert_eq!([Share { whole: 2, part: 1 }.nearest(), Share { whole: 2, part: u32::MAX }.nearest()], [2, 3]);
    }

    fn shares(total: i64, weights: &[i64]) -> Vec<Share> {
        let sum = weights.iter().map(|&weight| i128::from(weight)).sum();
        let mut shares = vec![Share::default(); weights.len()];
        shares.iter_mut().zip(weights).for_each(|(share, &weight)| share.add(total, weight, sum));
        shares
    }

    fn settled(total: i64, weights: &[i64]) -> Vec<i64> {
        let (shares, left) = settle(total, &shares(total, weights));
        assert_eq!(left, 0);
        shares
    }

    #[test]
    fn a_hundred_million_allocations_leave_nothing_over() {
        let (customers, pools) = (1_000_000_i64, 100_i64);
        let left_over = |pool: i64| {
            let weights: Vec<i64> =
                (0..customers).map(|at| (at * (7_919 + pool * 2) + pool) % (10_007 + pool)).collect();
            let total = 123_456_789_012 + pool * 997;
            (total - settled(total, &weights).iter().sum::<i64>()).abs()
        };
        assert_eq!((0..pools).into_par_iter().map(left_over).sum::<i64>(), 0);
    }

    proptest! {
        #[test]
        fn shares_sum_up_and_stay_within_one_of_the_quota(
            weights in prop::collection::vec(0_i64..1_000_000_000_000, 1..60),
            total in 0_i64..1_000_000_000_000_000,
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
            let shares = settled(total, &weights);
            prop_assert_eq!(shares.iter().sum::<i64>(), total);
            for (share, weight) in shares.iter().zip(&weights) {
                let error = i128::from(*share) * sum - i128::from(total) * i128::from(*weight);
                prop_assert!(error.abs() < sum);
            }
            let exact = largest_remainder(total, &weights).unwrap();
            prop_assert!(shares.iter().zip(&exact).all(|(left, right)| (left - right).abs() <= 1));
        }

        #[test]
        fn the_order_of_unequal_weights_changes_nothing(
            weights in prop::collection::btree_set(1_i64..1_000_000, 2..40),
            total in 0_i64..1_000_000_000,
        ) {
            let forward: Vec<i64> = weights.into_iter().collect();
            let backward: Vec<i64> = forward.iter().rev().copied().collect();
            let sum: i128 = forward.iter().map(|&weight| i128::from(weight)).sum();
            // Equal remainders are decided by place, so they are left out here.
            let mut remainders: Vec<i128> =
                forward.iter().map(|&weight| i128::from(weight) * i128::from(total) % sum).collect();
            remainders.sort_unstable();
            remainders.dedup();
            prop_assume!(remainders.len() == forward.len());
            let mut found = settled(total, &backward);
            found.reverse();
            prop_assert_eq!(found, settled(total, &forward));
        }

        #[test]
        fn months_can_be_added_in_any_order(
            months in prop::collection::vec((0_i64..1_000_000_000, prop::collection::vec(0_i64..1_000, 5)), 1..20),
        ) {
            let add = |months: &mut dyn Iterator<Item = &(i64, Vec<i64>)>| {
                let mut shares = vec![Share::default(); 5];
                for (amount, weights) in months {
                    let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
                    if sum > 0 {
                        shares.iter_mut().zip(weights).for_each(|(share, &weight)| share.add(*amount, weight, sum));
                    }
                }
                shares
            };
            prop_assert_eq!(add(&mut months.iter()), add(&mut months.iter().rev()));
        }
    }
}
