//! What an offer is expected to earn: its probability × the margin of one unit.

use crate::facts::{Facts, UnitValues};

/// Price − cost of a unit of each product, minor units; `None` where one of them is not known.
pub fn unit_margins(facts: &Facts) -> Vec<Option<i64>> {
    let UnitValues { prices, costs } = &facts.unit_values;
    prices.iter().zip(costs).map(|(price, cost)| Some((*price)? - (*cost)?)).collect()
}

/// `amount × hits ÷ trials` in whole minor units, half away from zero; exact, as it never leaves the integers.
pub fn expected(amount: i64, hits: u32, trials: u32) -> i64 {
    let (exact, trials) = (i128::from(amount) * i128::from(hits), i128::from(trials.max(1)));
    let rounded = (2 * exact.abs() + trials) / (2 * trials);
    (exact.signum() * rounded) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_away_from_zero() {
        assert_eq!(expected(1, 1, 2), 1);
        assert_eq!(expected(-1, 1, 2), -1);
        assert_eq!(expected(100, 1, 3), 33);
        assert_eq!(expected(200, 1, 3), 67);
        assert_eq!(expected(5, 0, 0), 0);
    }
}
