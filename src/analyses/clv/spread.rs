//! How far what came lay from what was foreseen: the interval of what one customer will bring, whatever foresaw it.

use super::outlook::TAIL;

/// Customers of a band at least, and bands at most.
const FEWEST_OF_A_BAND: usize = 50;
const MOST_BANDS: usize = 10;

/// What came ÷ what was foreseen of customers in an earlier window, by how many orders were foreseen. It holds all that
/// makes one customer differ from his expectation: whether and how often he orders, how much, and what the way got wrong.
/// After Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World: the quantiles of misses seen are the
/// interval of those to come (split conformal, in bands).
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Customers of whom something was foreseen; the fewest orders first.
    bands: Vec<Band>,
    /// What came of the others, where there were any.
    of_nothing: Option<(f64, f64)>,
}

/// Customers of whom about as many orders were foreseen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Band {
    /// The most orders that were foreseen of any of them.
    upto: f64,
    /// Ends of what came ÷ what was foreseen.
    ends: (f64, f64),
}

/// What was foreseen of a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foreseen {
    /// What he brings.
    pub value: f64,
    /// His orders.
    pub orders: f64,
}

impl Spread {
    /// From what was foreseen of each customer, and what came; `None` without customers.
    pub fn learn(pairs: impl Iterator<Item = (Foreseen, f64)>) -> Option<Spread> {
        let (mut factors, mut of_nothing) = (Vec::new(), Vec::new());
        for (foreseen, came) in pairs {
            match foreseen.value {
                0.0 => of_nothing.push(came),
                value => factors.push((foreseen.orders, came / value)),
            }
        }
        factors.sort_unstable_by(|left, right| left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1)));
        let size = factors.len().div_ceil(MOST_BANDS).max(FEWEST_OF_A_BAND);
        let (mut bands, mut start) = (Vec::new(), 0);
        while start < factors.len() {
            // Who is equal stays together, and too few at the end go with those before them.
            let mut end = (start + size).min(factors.len());
            end += factors[end..].iter().take_while(|pair| pair.0 == factors[end - 1].0).count();
            if factors.len() - end < FEWEST_OF_A_BAND {
                end = factors.len();
            }
            let of_band = factors[start..end].iter().map(|pair| pair.1).collect();
            bands.extend(ends(of_band).map(|ends| Band { upto: factors[end - 1].0, ends }));
            start = end;
        }
        let of_nothing = ends(of_nothing);
        (!bands.is_empty() || of_nothing.is_some()).then_some(Spread { bands, of_nothing })
    }

    /// The interval that holds about 80 % of what comes of customers of whom so much is foreseen.
    pub fn interval(&self, foreseen: Foreseen) -> (f64, f64) {
        let Foreseen { value, orders } = foreseen;
        if value == 0.0 {
            return self.of_nothing.unwrap_or_default();
        }
        let place = self.bands.partition_point(|band| band.upto < orders);
        let Some(Band { ends, .. }) = self.bands.get(place).or(self.bands.last()) else { return (value, value) };
        let (one, other) = (ends.0 * value, ends.1 * value);
        (one.min(other), one.max(other))
    }
}

/// The ends of the middle four fifths: a tenth is left out on either side. Where the lower tenth and more are equal, as
/// where many bring nothing, none of them is, and so a fifth on the upper side.
fn ends(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let left_out = (2.0 * TAIL * values.len() as f64) as usize;
    let low = *values.get(left_out / 2)?;
    let below = values.partition_point(|value| *value < low);
    Some((low, values[values.len() - 1 - (left_out - below)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(foreseen: &[f64], came: &[f64]) -> Option<Spread> {
        Spread::learn(foreseen.iter().map(|value| of(*value)).zip(came.iter().copied()))
    }

    fn of(value: f64) -> Foreseen {
        Foreseen { value, orders: value.abs() / 10.0 }
    }

    #[test]
    fn intervals_hold_four_fifths_of_what_they_were_learned_from() {
        let foreseen: Vec<f64> = (0..1_000).map(|at| f64::from(at / 10 * 7 - 100)).collect();
        let came: Vec<f64> =
            foreseen.iter().enumerate().map(|(at, value)| value * (0.5 + (at % 10) as f64 / 10.0)).collect();
        let spread = learn(&foreseen, &came).unwrap();
        assert!(spread.bands.len() <= MOST_BANDS && spread.bands.len() > 5);
        let held = foreseen.iter().zip(&came).filter(|(foreseen, came)| {
            let (low, high) = spread.interval(of(**foreseen));
            low <= **came && **came <= high
        });
        assert!((0.78..=0.9).contains(&(held.count() as f64 / 1_000.0)));
        // Above all that was seen, the last band speaks.
        let (low, high) = spread.interval(of(10_000.0));
        assert!(low >= 5_000.0 && high <= 14_000.0 && low < high);
    }

    #[test]
    fn where_most_bring_nothing_the_interval_still_holds_four_fifths() {
        let came: Vec<f64> = (0..1_000).map(|at| f64::from((at % 10 - 5).max(0))).collect();
        let spread = learn(&[2.0; 1_000], &came).unwrap();
        // Six of ten bring nothing, and 1, 2, 3, 4 are one in ten each.
        assert_eq!(spread.interval(of(2.0)), (0.0, 2.0));
    }

    #[test]
    fn equals_share_an_interval_and_few_customers_make_one_band() {
        let spread = learn(&[1.0; 200], &(0..200).map(f64::from).collect::<Vec<_>>()).unwrap();
        assert_eq!((spread.bands.len(), spread.interval(of(1.0))), (1, (20.0, 179.0)));
        assert_eq!(learn(&[1.0, 2.0], &[0.0, 0.0]).unwrap().bands.len(), 1);
        let of_nothing = learn(&[0.0; 10], &(0..10).map(f64::from).collect::<Vec<_>>()).unwrap();
        assert_eq!((of_nothing.interval(of(0.0)), of_nothing.interval(of(7.0))), ((1.0, 8.0), (7.0, 7.0)));
        assert_eq!(learn(&[], &[]), None);
    }
}
