//! How far what came lay from what a rule foresaw: the interval of a rule, which has no distribution of its own.

use super::outlook::TAIL;

/// Customers of a band at least, and bands at most.
const FEWEST_OF_A_BAND: usize = 50;
const MOST_BANDS: usize = 10;

/// The misses of a rule in an earlier window, by how much it foresaw. After Vovk, Gammerman & Shafer (2005), Algorithmic
/// Learning in a Random World: the quantiles of misses seen are the interval of those to come (split conformal, in
/// bands).
#[derive(Debug, Clone, PartialEq)]
pub struct Spread(Vec<Band>);

/// Customers of whom about as much was foreseen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Band {
    /// The most that was foreseen of any of them.
    upto: f64,
    /// A tenth of the misses are below, a tenth above: factors where all foreseen is above zero, else differences.
    low: f64,
    high: f64,
    is_factor: bool,
}

impl Spread {
    /// From what was foreseen of each customer, and what came; `None` without customers.
    pub fn learn(foreseen: &[f64], came: &[f64]) -> Option<Spread> {
        let mut pairs: Vec<(f64, f64)> = foreseen.iter().copied().zip(came.iter().copied()).collect();
        pairs.sort_unstable_by(|left, right| left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1)));
        let size = pairs.len().div_ceil(MOST_BANDS).max(FEWEST_OF_A_BAND);
        let (mut bands, mut start) = (Vec::new(), 0);
        while start < pairs.len() {
            // Who is equal stays together, and too few at the end go with those before them.
            let mut end = (start + size).min(pairs.len());
            end += pairs[end..].iter().take_while(|pair| pair.0 == pairs[end - 1].0).count();
            if pairs.len() - end < FEWEST_OF_A_BAND {
                end = pairs.len();
            }
            bands.push(Band::of(&pairs[start..end]));
            start = end;
        }
        (!bands.is_empty()).then_some(Spread(bands))
    }

    /// The interval that holds about 80 % of what comes of a customer of whom so much is foreseen.
    pub fn interval(&self, foreseen: f64) -> (f64, f64) {
        let place = self.0.partition_point(|band| band.upto < foreseen).min(self.0.len() - 1);
        let Band { low, high, is_factor, .. } = self.0[place];
        if is_factor && foreseen > 0.0 {
            (low * foreseen, high * foreseen)
        } else if is_factor {
            (foreseen, foreseen)
        } else {
            (foreseen + low, foreseen + high)
        }
    }
}

impl Band {
    fn of(pairs: &[(f64, f64)]) -> Band {
        let is_factor = pairs[0].0 > 0.0;
        let mut misses: Vec<f64> =
            pairs.iter().map(|(foreseen, came)| if is_factor { came / foreseen } else { came - foreseen }).collect();
        misses.sort_unstable_by(f64::total_cmp);
        let left_out = (TAIL * misses.len() as f64) as usize;
        let upto = pairs[pairs.len() - 1].0;
        Band { upto, low: misses[left_out], high: misses[misses.len() - 1 - left_out], is_factor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_four_fifths_of_what_they_were_learned_from() {
        let foreseen: Vec<f64> = (0..1_000).map(|at| f64::from(at / 10 * 7 - 100)).collect();
        let came: Vec<f64> =
            foreseen.iter().enumerate().map(|(at, value)| value * (0.5 + (at % 10) as f64 / 10.0)).collect();
        let spread = Spread::learn(&foreseen, &came).unwrap();
        assert!(spread.0.len() <= MOST_BANDS && spread.0.len() > 5);
        let held = foreseen.iter().zip(&came).filter(|(foreseen, came)| {
            let (low, high) = spread.interval(**foreseen);
            low <= **came && **came <= high
        });
        assert!((0.78..=0.9).contains(&(held.count() as f64 / 1_000.0)));
        // Above all that was seen, the last band speaks.
        let (low, high) = spread.interval(10_000.0);
        assert!(low >= 5_000.0 && high <= 14_000.0 && low < high);
    }

    #[test]
    fn equals_share_an_interval_and_few_customers_make_one_band() {
        let spread = Spread::learn(&[3.0; 200], &(0..200).map(f64::from).collect::<Vec<_>>()).unwrap();
        assert_eq!((spread.0.len(), spread.interval(3.0)), (1, (20.0, 179.0)));
        assert_eq!(Spread::learn(&[1.0, 2.0], &[0.0, 0.0]).unwrap().0.len(), 1);
        assert_eq!(Spread::learn(&[], &[]), None);
    }
}
