//! Splitting whole amounts (cents) without losing any.

/// Splits `total` in proportion to `weights`; the shares sum to `total` exactly.
///
/// Largest remainder method (Hamilton): every share is rounded towards zero, then the units left over
/// go one each to the largest remainders, ties to the lowest index. A negative total is split as its
/// absolute value. Exact integer arithmetic. `None` when a weight is negative or all are zero (or
/// there are none).
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

/// Rounds to the nearest integer, halves away from zero, e.g. an amount in cents times a rate.
///
/// `None` when the value is not finite or does not fit.
pub fn nearest(total_times_rate: f64) -> Option<i64> {
    let rounded = total_times_rate.round();
    // -2^63 is a float, 2^63 - 1 is not.
    let limit = -(i64::MIN as f64);
    (rounded >= -limit && rounded < limit).then_some(rounded as i64)
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

    #[test]
    fn ties_go_to_the_lowest_index() {
        assert_eq!(largest_remainder(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(largest_remainder(-100, &[1, 1, 1]), Some(vec![-34, -33, -33]));
        assert_eq!(largest_remainder(2, &[1, 1, 1, 1]), Some(vec![1, 1, 0, 0]));
    }

    #[test]
    fn matches_hamilton_1792_wikipedia_example() {
        // 10 seats, 100,000 votes: 47, 16, 15.8, 12, 6.1, 3.1 thousand.
        let votes = [47_000, 16_000, 15_800, 12_000, 6_100, 3_100];
        assert_eq!(largest_remainder(10, &votes), Some(vec![5, 2, 1, 1, 1, 0]));
    }

    #[test]
    fn zero_weights_get_nothing_and_bad_weights_are_refused() {
        assert_eq!(largest_remainder(5, &[0, 3, 0]), Some(vec![0, 5, 0]));
        assert_eq!(largest_remainder(0, &[2, 3]), Some(vec![0, 0]));
        assert_eq!(largest_remainder(5, &[0, 0]), None);
        assert_eq!(largest_remainder(5, &[]), None);
        assert_eq!(largest_remainder(5, &[4, -1]), None);
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
    fn million_shares_sum_exactly_and_stay_within_one_of_the_quota() {
        let weights: Vec<i64> = (0..1_000_000_i64).map(|i| i * 7_919 % 10_007).collect();
        let total = 123_456_789_012;
        let clock = std::time::Instant::now();
        let shares = largest_remainder(total, &weights).unwrap();
        println!("largest_remainder of a million: {:?}", clock.elapsed());
        let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
        assert_eq!(shares.iter().sum::<i64>(), total);
        for (share, weight) in shares.iter().zip(&weights) {
            let error = i128::from(*share) * sum - i128::from(total) * i128::from(*weight);
            assert!(error.abs() < sum);
        }
    }

    #[test]
    fn nearest_rounds_halves_away_from_zero() {
        let rounded = [0.5, -0.5, 1.5, 2.5, -2.5, 0.49].map(nearest);
        assert_eq!(rounded, [1, -1, 2, 3, -3, 0].map(Some));
        assert_eq!(nearest(f64::NAN), None);
        assert_eq!(nearest(9.3e18), None);
        assert_eq!(nearest(i64::MIN as f64), Some(i64::MIN));
    }
}
