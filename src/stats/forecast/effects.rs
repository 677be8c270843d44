//! What moves a series besides level and season: the size of known causes, such as days of a feast that moves through the
//! year, estimated together with level and seasons.
//!
//! `value = level + season + Σ size × cause + noise`, the level a random walk, of logarithms where every value is positive,
//! else of the values over their mean size. Seasons and sizes are normal about nil before anything is seen, so what the data
//! do not show stays near nil; and a size is above −1, as no day sells less than nothing. One pass of the Kalman filter per choice of variances (Harvey 1989, Forecasting, Structural
//! Time Series Models and the Kalman Filter, ch. 3); the estimates are averaged by the likelihoods of the choices.

/// Known causes, one row a value of the series and of the values to come. Rows may end before the values to come do: from
/// there on nothing is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Causes {
    width: usize,
    cells: Vec<f64>,
}

impl Causes {
    /// Rows of equal width.
    pub fn new<const WIDTH: usize>(rows: impl IntoIterator<Item = [f64; WIDTH]>) -> Causes {
        Causes { width: WIDTH, cells: rows.into_iter().flatten().collect() }
    }

    /// Rows known.
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The causes of a value.
    pub fn row(&self, time: usize) -> &[f64] {
        &self.cells[time * self.width..(time + 1) * self.width]
    }
}

/// The sizes of the causes in one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// Multiplies values by the exponential of the sum; else the sum, times `scale`, adds to them.
    is_factor: bool,
    scale: f64,
    /// One a cause.
    pub sizes: Vec<f64>,
}

/// Variances tried, in units of that of the noise: of the level's steps and of a season, with the first of the sizes'; then,
/// with the likeliest of these, the other variances of a size. Without any the causes have no effect.
const STEPS: [f64; 3] = [0.02, 0.1, 0.5];
const SEASONS: [f64; 2] = [1.0, 9.0];
const SIZES: [f64; 4] = [60.0, 10.0, 300.0, 0.0];
/// Variance of the first level: as good as not known.
const UNKNOWN: f64 = 1e6;
/// Fewest values the sizes are estimated from.
const LEAST_VALUES: usize = 10;
/// The newest values are used, at most this many periods of them.
const MOST_PERIODS: usize = 10;

impl Effects {
    /// The sizes in a series of this period; nothing where it is too short, or shorter than a period.
    pub fn of(series: &[f64], causes: &Causes, period: usize) -> Option<Effects> {
        if series.len() < LEAST_VALUES.max(period) || causes.len() < series.len() {
            return None;
        }
        let is_factor = series.iter().all(|value| *value > 0.0);
        let scale = series.iter().map(|value| value.abs()).sum::<f64>() / series.len() as f64;
        if scale <= 0.0 {
            return None;
        }
        let from = series.len().saturating_sub(MOST_PERIODS * period.max(LEAST_VALUES));
        let see = |value: &f64| if is_factor { value.ln() } else { value / scale };
        let values: Vec<f64> = series[from..].iter().map(see).collect();
        let try_out = |variances: [f64; 3]| filter(&values, from, causes, period, variances);
        let likelier = |left: &Found, right: &Found| left.likelihood.total_cmp(&right.likelihood);
        let levels = STEPS.iter().flat_map(|step| SEASONS.map(|season| try_out([*step, season, SIZES[0]])));
        let first = levels.max_by(likelier)?;
        let [step, season, _] = first.variances;
        let mut found = vec![first];
        found.extend(SIZES[1..].iter().map(|size| try_out([step, season, *size])));
        let best = found.iter().map(|found| found.likelihood).fold(f64::NEG_INFINITY, f64::max);
        let (mut sizes, mut weights) = (vec![0.0; causes.width], 0.0);
        for Found { likelihood, sizes: estimate, .. } in &found {
            let weight = (likelihood - best).exp();
            weights += weight;
            sizes.iter_mut().zip(estimate).for_each(|(sum, size)| *sum += weight * size);
        }
        sizes.iter_mut().for_each(|size| *size /= weights);
        sizes.iter().all(|size| size.is_finite()).then_some(Effects { is_factor, scale, sizes })
    }

    fn sum(&self, causes: &Causes, time: usize) -> f64 {
        causes.row(time).iter().zip(&self.sizes).map(|(cause, size)| cause * size).sum()
    }

    /// The series without its causes.
    pub fn remove_all(&self, series: &[f64], causes: &Causes) -> Vec<f64> {
        let remove = |(time, value): (usize, &f64)| match self.is_factor {
            true => value / self.sum(causes, time).exp(),
            false => value - self.scale * self.sum(causes, time),
        };
        series.iter().enumerate().map(remove).collect()
    }

    /// A value with its causes.
    pub fn restore(&self, causes: &Causes, time: usize, value: f64) -> f64 {
        match self.is_factor {
            true => value * self.sum(causes, time).exp(),
            false => value + self.scale * self.sum(causes, time),
        }
    }
}

/// What one choice of variances makes of a series.
struct Found {
    variances: [f64; 3],
    /// Logarithm, up to what all choices have in common; the variance of the noise is the likeliest.
    likelihood: f64,
    sizes: Vec<f64>,
}

/// `from` is the time of the first value. The state is the level, a season a position of the period, and the sizes; only
/// the level moves.
fn filter(values: &[f64], from: usize, causes: &Causes, period: usize, variances: [f64; 3]) -> Found {
    let [step, season, size] = variances;
    let seasons = if period < 2 { 0 } else { period };
    // Without variance the sizes stay nil and need no place.
    let width = if size > 0.0 { causes.width } else { 0 };
    let states = 1 + seasons + width;
    let mut state = vec![0.0; states];
    state[0] = values[0];
    let mut covariance = vec![0.0; states * states];
    for place in 0..states {
        covariance[place * states + place] = match place {
            0 => UNKNOWN,
            _ if place <= seasons => season,
            _ => size,
        };
    }
    let mut gain = vec![0.0; states];
    let (mut squares, mut logs) = (0.0, 0.0);
    for (place, value) in values.iter().enumerate() {
        let time = from + place;
        covariance[0] += step;
        let mut expected = state[0];
        gain.copy_from_slice(&covariance[..states]);
        let mut add = |at: usize, factor: f64, gain: &mut [f64]| {
            expected += factor * state[at];
            let row = &covariance[at * states..(at + 1) * states];
            gain.iter_mut().zip(row).for_each(|(gain, covariance)| *gain += factor * covariance);
        };
        if seasons > 0 {
            add(1 + time % period, 1.0, &mut gain);
        }
        for (cause, factor) in causes.row(time)[..width].iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
            add(1 + seasons + cause, *factor, &mut gain);
        }
        // The variance of the error: the same sum over the gain, and the noise's.
        let mut variance = 1.0 + gain[0];
        if seasons > 0 {
            variance += gain[1 + time % period];
        }
        variance +=
            causes.row(time)[..width].iter().zip(&gain[1 + seasons..]).map(|(cause, gain)| cause * gain).sum::<f64>();
        let error = value - expected;
        if place > 0 {
            squares += error * error / variance;
            logs += variance.ln();
        }
        for row in 0..states {
            let share = gain[row] / variance;
            state[row] += share * error;
            let covariance = &mut covariance[row * states..(row + 1) * states];
            covariance.iter_mut().zip(&gain).for_each(|(covariance, gain)| *covariance -= share * gain);
        }
    }
    let count = (values.len() - 1) as f64;
    let likelihood = -0.5 * (count * (squares / count).max(f64::MIN_POSITIVE).ln() + logs);
    let noise = squares / count;
    let size = |at: usize| above_minus_one(state[at], (noise * covariance[at * states + at].max(0.0)).sqrt());
    let mut sizes: Vec<f64> = (1 + seasons..states).map(size).collect();
    sizes.resize(causes.width, 0.0);
    Found { variances, likelihood, sizes }
}

/// The mean of a normal distribution without what is not above −1: `mean + deviation × φ(a) / (1 − Φ(a))`, `a` being how
/// many deviations −1 is above the mean.
fn above_minus_one(mean: f64, deviation: f64) -> f64 {
    if deviation <= 0.0 {
        return mean.max(-1.0);
    }
    let a = (-1.0 - mean) / deviation;
    // Where nearly all of it is below, φ(a) / (1 − Φ(a)) is a + 1/a.
    if a > MOSTLY_BELOW {
        return -1.0 + deviation / a;
    }
    let density = (-0.5 * a * a).exp() / (2.0 * std::f64::consts::PI).sqrt();
    mean + deviation * density / (0.5 * libm::erfc(a * std::f64::consts::FRAC_1_SQRT_2))
}

const MOSTLY_BELOW: f64 = 20.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_day_sells_less_than_nothing() {
        // By Python's math.erfc.
        for (mean, deviation, expected) in
            [(0.4, 0.1, 0.4), (-0.9, 0.2, -0.798_167_9), (-1.3, 0.5, -0.692_487_1), (-1.5, 0.1, -0.981_349_6)]
        {
            let found = above_minus_one(mean, deviation);
            assert!((found - expected).abs() < 1e-6, "{mean} {deviation}: {found}");
        }
        assert_eq!((above_minus_one(-2.0, 0.0), above_minus_one(0.3, 0.0)), (-1.0, 0.3));
    }
}
