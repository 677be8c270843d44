//! Forecasts of a whole and of its parts, made to add up.

use super::super::dense;

/// A node of a hierarchy is the sum of others.
#[derive(Debug, Clone)]
pub struct Sum {
    /// The whole.
    pub whole: usize,
    /// Its parts.
    pub parts: Vec<usize>,
}

/// Moves forecasts as little as possible so that every whole is the sum of its parts: the least squares of the changes,
/// each over the variance of its forecast's errors (MinT with a diagonal covariance, Wickramasuriya, Athanasopoulos &
/// Hyndman 2019, Journal of the American Statistical Association 114, in the form for constraints of Di Fonzo & Girolimetto
/// 2023, International Journal of Forecasting 39: `x − W C′ (C W C′)⁻¹ C x`). Certain forecasts move least.
///
/// Sums that follow from others are allowed. Where `at_least` is set, a node is not moved below nil: nodes that would be are
/// held there and the rest are moved again.
pub fn reconcile(values: &[f64], variances: &[f64], sums: &[Sum], at_least: &[bool]) -> Vec<f64> {
    let largest = variances.iter().copied().fold(0.0, f64::max);
    // A node without error still takes its share where nothing else can.
    let floor = if largest > 0.0 { largest * 1e-9 } else { 1.0 };
    let mut weights: Vec<f64> = variances.iter().map(|variance| variance.max(floor)).collect();
    let mut held = values.to_vec();
    loop {
        let moved = project(&held, &weights, sums);
        let below: Vec<usize> =
            (0..moved.len()).filter(|node| at_least[*node] && weights[*node] > 0.0 && moved[*node] < 0.0).collect();
        if below.is_empty() {
            return moved;
        }
        for node in below {
            held[node] = 0.0;
            weights[node] = 0.0;
        }
    }
}

/// One projection onto the sums; nodes of weight nil stay.
fn project(values: &[f64], weights: &[f64], sums: &[Sum]) -> Vec<f64> {
    let count = sums.len();
    let sign = |sum: &Sum, node: usize| -> f64 {
        f64::from(u8::from(sum.whole == node)) - f64::from(u8::from(sum.parts.contains(&node)))
    };
    let mut rows = vec![vec![0.0; values.len()]; count];
    for (row, sum) in rows.iter_mut().zip(sums) {
        for node in sum.parts.iter().copied().chain([sum.whole]) {
            row[node] = sign(sum, node);
        }
    }
    let mut matrix = vec![0.0; count * count];
    let mut gaps = vec![0.0; count];
    for (place, row) in rows.iter().enumerate() {
        gaps[place] = row.iter().zip(values).map(|(sign, value)| sign * value).sum();
        for other in 0..=place {
            matrix[place * count + other] =
                row.iter().zip(&rows[other]).zip(weights).map(|((left, right), weight)| left * right * weight).sum();
        }
    }
    // A sum that follows from others, or whose nodes are all held, has a pivot of nil: a ridge far below the others
    // leaves it without a say.
    let trace: f64 = (0..count).map(|place| matrix[place * count + place]).fold(0.0, f64::max);
    for place in 0..count {
        matrix[place * count + place] += trace * 1e-10;
    }
    if trace <= 0.0 || !dense::factor(&mut matrix, count) {
        return values.to_vec();
    }
    dense::solve(&matrix, count, &mut gaps);
    let change = |node: usize| weights[node] * rows.iter().zip(&gaps).map(|(row, gap)| row[node] * gap).sum::<f64>();
    values.iter().enumerate().map(|(node, value)| value - change(node)).collect()
}

/// Whole numbers near `values` that add up to `total`: each is rounded down, and what is left goes one each to the largest
/// remainders, ties to the first. Where rounding alone cannot reach the total, the largest value takes the rest.
pub fn whole_parts(total: i64, values: &[f64]) -> Vec<i64> {
    let mut parts: Vec<i64> = values.iter().map(|value| value.floor() as i64).collect();
    let mut left = total - parts.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|left, right| {
        (values[*right] - values[*right].floor())
            .total_cmp(&(values[*left] - values[*left].floor()))
            .then(left.cmp(right))
    });
    for node in order {
        if left <= 0 {
            break;
        }
        parts[node] += 1;
        left -= 1;
    }
    if left != 0
        && let Some(largest) = (0..parts.len()).max_by_key(|node| (parts[*node], std::cmp::Reverse(*node)))
    {
        parts[largest] += left;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_certain_gives_way() {
        // 100 against 60 + 50: ten too much, moved in proportion to variances 1, 3, 1.
        let sums = [Sum { whole: 0, parts: vec![1, 2] }];
        let moved = reconcile(&[100.0, 60.0, 50.0], &[1.0, 3.0, 1.0], &sums, &[true; 3]);
        for (found, wanted) in moved.iter().zip([102.0, 54.0, 48.0]) {
            assert!((found - wanted).abs() < 1e-6, "{moved:?}");
        }
    }

    #[test]
    fn two_ways_to_add_up_give_one_whole() {
        let sums = [Sum { whole: 0, parts: vec![1, 2] }, Sum { whole: 0, parts: vec![3, 4, 5] }];
        let moved =
            reconcile(&[100.0, 60.0, 50.0, 20.0, 30.0, 35.0], &[4.0, 1.0, 2.0, 1.0, 1.0, 1.0], &sums, &[true; 6]);
        assert!((moved[0] - moved[1] - moved[2]).abs() < 1e-6);
        assert!((moved[0] - moved[3] - moved[4] - moved[5]).abs() < 1e-6);
    }

    #[test]
    fn nothing_is_moved_below_nil() {
        let sums = [Sum { whole: 0, parts: vec![1, 2] }];
        let moved = reconcile(&[10.0, 2.0, 30.0], &[0.1, 100.0, 1.0], &sums, &[true; 3]);
        assert_eq!(moved[1], 0.0);
        assert!((moved[0] - moved[2]).abs() < 1e-6);
    }

    #[test]
    fn whole_parts_add_up() {
        assert_eq!(whole_parts(10, &[3.4, 3.4, 3.2]), [4, 3, 3]);
        assert_eq!(whole_parts(0, &[]), [0; 0]);
        assert_eq!(whole_parts(-3, &[-1.5, -1.5]), [-1, -2]);
        assert_eq!(whole_parts(12, &[3.0, 4.0]), [4, 8]);
    }
}
