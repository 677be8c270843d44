//! When a series changed its level.

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// Place of the first value at the new level.
    pub at: usize,
    /// Where the stretch it was found in begins and ends.
    pub from: usize,
    /// One past the last value of that stretch.
    pub to: usize,
    /// Two-sided p-value of there being no change in the stretch.
    pub p_value: f64,
}

/// Fewest values a stretch is tested with.
pub const LEAST_STRETCH: usize = 8;

/// The level changes of a series by Pettitt's test (1979, Applied Statistics 28, 126–135): the most significant, then
/// those of the stretches before and after it, as long as they are at most `level`; in order of time. Values must be finite
/// and seasons are better removed first. The first is found whether significant or not where `level` is 1.
pub fn change_points(values: &[f64], level: f64) -> Vec<ChangePoint> {
    let mut found = Vec::new();
    search(values, 0, level, &mut found);
    found.sort_unstable_by_key(|point: &ChangePoint| point.at);
    found
}

fn search(values: &[f64], offset: usize, level: f64, found: &mut Vec<ChangePoint>) {
    let Some((at, p_value)) = pettitt(values) else { return };
    if p_value > level {
        return;
    }
    found.push(ChangePoint { at: offset + at, from: offset, to: offset + values.len(), p_value });
    search(&values[..at], offset, level, found);
    search(&values[at..], offset + at, level, found);
}

/// The place that splits a series best and its p-value `2 exp(−6 K² / (n³ + n²))`, at most 1; nothing for few values.
pub fn pettitt(values: &[f64]) -> Option<(usize, f64)> {
    let count = values.len();
    if count < LEAST_STRETCH {
        return None;
    }
    let sign = |left: f64, right: f64| i64::from(left > right) - i64::from(left < right);
    // U after each value: how often those up to it are above those after it, minus how often below.
    let mut statistic = 0_i64;
    let (mut best, mut at) = (0, 0);
    for place in 0..count - 1 {
        statistic += values.iter().map(|other| sign(values[place], *other)).sum::<i64>();
        if statistic.abs() > best {
            (best, at) = (statistic.abs(), place + 1);
        }
    }
    if at == 0 {
        return None;
    }
    let size = count as f64;
    let p_value = 2.0 * (-6.0 * (best as f64).powi(2) / (size.powi(3) + size.powi(2))).exp();
    Some((at, p_value.min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_found_where_it_is() {
        let values: Vec<f64> = (0..24).map(|place| if place < 10 { 5.0 } else { 9.0 } + f64::from(place % 3)).collect();
        let found = change_points(&values, 0.05);
        assert_eq!(found.iter().map(|point| point.at).collect::<Vec<_>>(), [10]);
        // Every value before is below every one after: K = 10 × 14.
        let (at, p_value) = pettitt(&values).unwrap();
        assert_eq!(at, 10);
        assert!((p_value - 2.0 * (-6.0 * 19_600.0 / (13_824.0 + 576.0_f64)).exp()).abs() < 1e-15);
    }

    #[test]
    fn two_steps_are_found() {
        let values: Vec<f64> =
            (0..36_i32).map(|place| [1.0, 8.0, 3.0][place as usize / 12] + 0.1 * f64::from(place % 5)).collect();
        let found: Vec<usize> = change_points(&values, 0.05).iter().map(|point| point.at).collect();
        assert_eq!(found, [12, 24]);
    }

    #[test]
    fn no_change_no_point() {
        assert!(change_points(&[4.0; 30], 1.0).is_empty());
        assert!(change_points(&[1.0, 9.0, 1.0, 9.0, 1.0, 9.0, 1.0, 9.0, 1.0, 9.0], 0.05).is_empty());
        assert!(change_points(&[1.0, 2.0, 3.0], 1.0).is_empty());
    }
}
