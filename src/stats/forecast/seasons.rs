//! What comes back every year: a test for it, its size by position in the year, and how to take it out and put it back.

/// 95 % quantile of the normal distribution.
const SEASONAL_Z: f64 = 1.644_853_626_951_472_2;
/// A factor below this share of the mean is taken for a sign that factors do not fit.
const LEAST_FACTOR: f64 = 1e-2;

/// The seasonal component, by position in the period.
#[derive(Debug, Clone, PartialEq)]
pub enum Seasons {
    /// There is none, or the series is too short to tell.
    None,
    /// Multiplies; mean 1.
    Factors(Vec<f64>),
    /// Adds; mean 0.
    Terms(Vec<f64>),
}

impl Seasons {
    /// Classical decomposition (as R's `decompose`) where the autocorrelation at lag `period` is significant (as in R's
    /// `thetaf`, Bartlett's error); factors where every value is positive, else terms. More than two periods are needed.
    pub fn tested(series: &[f64], period: usize) -> Seasons {
        if is_seasonal(series, period) { Details::of(series, period).seasons() } else { Seasons::None }
    }

    /// The same without the test, shrunk towards no season at all by as much as the years disagree (James-Stein;
    /// Miller & Williams 2003, International Journal of Forecasting 19, 669–684).
    pub fn shrunk(series: &[f64], period: usize) -> Seasons {
        if period < 2 || series.len() <= 2 * period {
            return Seasons::None;
        }
        let details = Details::of(series, period);
        if period > 3 { details.shrunk() } else { details.seasons() }
    }

    /// As terms about a series of this mean; none where there are none.
    pub fn terms(&self, mean: f64) -> Vec<f64> {
        match self {
            Seasons::None => Vec::new(),
            Seasons::Factors(factors) => factors.iter().map(|factor| (factor - 1.0) * mean).collect(),
            Seasons::Terms(terms) => terms.clone(),
        }
    }

    /// The value without its season.
    #[inline]
    pub fn remove(&self, time: usize, value: f64) -> f64 {
        match self {
            Seasons::None => value,
            Seasons::Factors(factors) => value / factors[time % factors.len()],
            Seasons::Terms(terms) => value - terms[time % terms.len()],
        }
    }

    /// The value with its season.
    #[inline]
    pub fn restore(&self, time: usize, value: f64) -> f64 {
        match self {
            Seasons::None => value,
            Seasons::Factors(factors) => value * factors[time % factors.len()],
            Seasons::Terms(terms) => value + terms[time % terms.len()],
        }
    }

    /// The series without its seasons.
    pub fn remove_all(&self, series: &[f64]) -> Vec<f64> {
        series.iter().enumerate().map(|(time, value)| self.remove(time, *value)).collect()
    }
}

/// Whether the autocorrelation at lag `period` is significant.
pub fn is_seasonal(series: &[f64], period: usize) -> bool {
    let count = series.len() as f64;
    if period < 2 || series.len() <= 2 * period {
        return false;
    }
    let mean = series.iter().sum::<f64>() / count;
    let centred: Vec<f64> = series.iter().map(|value| value - mean).collect();
    let product = |lag: usize| -> f64 { centred.iter().zip(&centred[lag..]).map(|(left, right)| left * right).sum() };
    let variance = product(0);
    if variance <= 0.0 {
        return false;
    }
    let shorter: f64 = (1..period).map(|lag| (product(lag) / variance).powi(2)).sum();
    let error = ((1.0 + 2.0 * shorter) / count).sqrt();
    (product(period) / variance).abs() > SEASONAL_Z * error
}

/// How much of what the trend leaves is season: `1 − Var(rest) / Var(season and rest)`, between 0 and 1 (Wang, Smith &
/// Hyndman 2006, Data Mining and Knowledge Discovery 13), with the classical decomposition in place of theirs. Nothing
/// with two periods or less or where nothing varies.
pub fn seasonal_strength(series: &[f64], period: usize) -> Option<f64> {
    if period < 2 || series.len() <= 2 * period {
        return None;
    }
    let details = Details::with(series, period, false);
    let Seasons::Terms(terms) = details.seasons() else { return None };
    let variance = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
    };
    let rest: Vec<f64> = details.found.iter().map(|(position, value)| value - terms[*position]).collect();
    let both: Vec<f64> = details.found.iter().map(|(_, value)| *value).collect();
    let whole = variance(&both);
    (whole > 0.0).then(|| (1.0 - variance(&rest) / whole).clamp(0.0, 1.0))
}

/// What a centred moving average over one period leaves, by position.
struct Details {
    period: usize,
    is_factor: bool,
    found: Vec<(usize, f64)>,
    means: Vec<f64>,
    counts: Vec<f64>,
}

impl Details {
    /// Factors where every value is positive and no factor is close to nil, else terms.
    fn of(series: &[f64], period: usize) -> Details {
        if series.iter().all(|value| *value > 0.0) {
            let details = Details::with(series, period, true);
            let mean = details.mean();
            if details.means.iter().all(|factor| factor / mean > LEAST_FACTOR) {
                return details;
            }
        }
        Details::with(series, period, false)
    }

    fn with(series: &[f64], period: usize, is_factor: bool) -> Details {
        let half = period / 2;
        let is_even = period.is_multiple_of(2);
        let (mut means, mut counts) = (vec![0.0; period], vec![0.0; period]);
        let mut found = Vec::with_capacity(series.len());
        for time in half..series.len().saturating_sub(half) {
            let window = &series[time - half..=time + half];
            let mut total: f64 = window.iter().sum();
            if is_even {
                total -= 0.5 * (window[0] + window[period]);
            }
            let trend = total / period as f64;
            let value = if is_factor { series[time] / trend } else { series[time] - trend };
            let position = time % period;
            found.push((position, value));
            means[position] += value;
            counts[position] += 1.0;
        }
        means.iter_mut().zip(&counts).for_each(|(sum, count)| *sum /= f64::max(*count, 1.0));
        Details { period, is_factor, found, means, counts }
    }

    fn mean(&self) -> f64 {
        self.means.iter().sum::<f64>() / self.period as f64
    }

    fn seasons(&self) -> Seasons {
        let mean = self.mean();
        if self.is_factor {
            Seasons::Factors(self.means.iter().map(|factor| factor / mean).collect())
        } else {
            Seasons::Terms(self.means.iter().map(|term| term - mean).collect())
        }
    }

    fn shrunk(&self) -> Seasons {
        let mut squares = vec![0.0; self.period];
        for (position, value) in &self.found {
            squares[*position] += (value - self.means[*position]).powi(2);
        }
        // The variance of a position's mean, from the positions seen more than once.
        let repeated = squares.iter().zip(&self.counts).filter(|(_, count)| **count >= 2.0);
        let variances: Vec<f64> = repeated.map(|(square, count)| square / (count - 1.0) / count).collect();
        if variances.is_empty() {
            return Seasons::None;
        }
        let error = variances.iter().sum::<f64>() / variances.len() as f64;
        let (neutral, mut indices) = match self.seasons() {
            Seasons::Factors(factors) => (1.0, factors),
            Seasons::Terms(terms) => (0.0, terms),
            Seasons::None => return Seasons::None,
        };
        let size: f64 = indices.iter().map(|index| (index - neutral).powi(2)).sum();
        let shrink = if size > 0.0 { ((self.period - 3) as f64 * error / size).min(1.0) } else { 1.0 };
        indices.iter_mut().for_each(|index| *index = neutral + (1.0 - shrink) * (*index - neutral));
        if self.is_factor { Seasons::Factors(indices) } else { Seasons::Terms(indices) }
    }
}
