//! Exponential smoothing with a damped trend, with or without seasons, averaged over its smoothing constants.
//!
//! Instead of searching for the best constants a grid of them is run side by side, and the forecasts are averaged with
//! the weights `(squared error)^(−n/2)`, the likelihoods of normal errors: with many values the best takes nearly all the
//! weight, with few a badly determined constant is not taken at its word.

use super::LANES;

/// Smoothing constants: level, trend, damping, seasons.
#[derive(Clone, Copy)]
struct Constants {
    level: f64,
    trend: f64,
    damping: f64,
    seasons: f64,
}

const LEVELS: [f64; 8] = [0.03, 0.08, 0.15, 0.25, 0.4, 0.55, 0.75, 0.97];
/// Trend constant, as a share of the level's, and damping.
const TRENDS: [(f64, f64); 7] =
    [(0.0, 0.88), (0.05, 0.8), (0.05, 0.9), (0.05, 0.98), (0.2, 0.8), (0.2, 0.9), (0.2, 0.98)];

const SEASONAL_LEVELS: [f64; 6] = [0.03, 0.1, 0.2, 0.35, 0.6, 0.9];
const SEASONAL_TRENDS: [(f64, f64); 3] = [(0.0, 0.88), (0.1, 0.82), (0.1, 0.93)];
/// Constants of the seasons, as shares of what the level's leaves.
const SEASONS: [f64; 4] = [0.0, 0.1, 0.25, 0.5];

const fn grid<const N: usize>(levels: &[f64], trends: &[(f64, f64)], seasons: &[f64]) -> [Constants; N] {
    let mut grid = [Constants { level: 0.0, trend: 0.0, damping: 0.0, seasons: 0.0 }; N];
    let mut place = 0;
    while place < N {
        let (season, rest) = (seasons[place % seasons.len()], place / seasons.len());
        let (trend, damping) = trends[rest % trends.len()];
        let level = levels[rest / trends.len()];
        grid[place] = Constants { level, trend: level * trend, damping, seasons: (1.0 - level) * season };
        place += 1;
    }
    grid
}

static GRID: [Constants; 56] = grid(&LEVELS, &TRENDS, &[0.0]);
static SEASONAL_GRID: [Constants; 72] = grid(&SEASONAL_LEVELS, &SEASONAL_TRENDS, &SEASONS);

/// Values ahead, and the mean squared one-step error of the best constants.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothed {
    /// One value a period ahead.
    pub values: Vec<f64>,
    /// Mean squared one-step error.
    pub variance: f64,
}

/// Damped trend (Gardner & McKenzie 1985): `forecast = level + (φ + … + φ^h) × trend`. At least one value is needed.
pub fn damped_trend(series: &[f64], horizon: usize) -> Smoothed {
    run(series, &[], &GRID, horizon)
}

/// Damped trend with additive seasons that may drift, ETS(A,Ad,A) (Hyndman, Koehler, Ord & Snyder 2008), the seasons
/// starting as given, one a position of the period.
pub fn seasonal_damped_trend(series: &[f64], seasons: &[f64], horizon: usize) -> Smoothed {
    run(series, seasons, &SEASONAL_GRID, horizon)
}

/// Damped trend at several levels of temporal aggregation, forecasts averaged (as MAPA, Kourentzes, Petropoulos & Trapero
/// 2014, International Journal of Forecasting 30): means of 1, 2, 3, … values for every divisor of the period that
/// leaves at least [`LEAST_BLOCKS`] of them. What is noise in a month is not in a year.
pub fn aggregated(series: &[f64], period: usize, horizon: usize) -> Vec<f64> {
    let mut sums = vec![0.0; horizon];
    let mut levels = 0.0;
    let mut blocks: Vec<f64> = Vec::with_capacity(series.len());
    for size in (1..=period.max(1)).filter(|size| period.max(1).is_multiple_of(*size)) {
        let count = series.len() / size;
        if size > 1 && count < LEAST_BLOCKS {
            break;
        }
        blocks.clear();
        let newest = &series[series.len() - count * size..];
        blocks.extend(newest.chunks_exact(size).map(|block| block.iter().sum::<f64>() / size as f64));
        let values = damped_trend(&blocks, horizon.div_ceil(size)).values;
        sums.iter_mut().enumerate().for_each(|(ahead, sum)| *sum += values[ahead / size]);
        levels += 1.0;
    }
    sums.iter_mut().for_each(|sum| *sum /= levels);
    sums
}

/// Fewest means a level of aggregation is used with.
pub const LEAST_BLOCKS: usize = 4;
/// Values the first level and trend are drawn through.
const START: usize = 10;
/// Weights below this share of the best are left out.
const LEAST_WEIGHT: f64 = 1e-3;

fn run(series: &[f64], seasons: &[f64], grid: &[Constants], horizon: usize) -> Smoothed {
    let count = series.len();
    let period = seasons.len();
    let season = |time: usize| if period == 0 { 0.0 } else { seasons[time % period] };
    let (level, trend) = start(&(0..count.min(START)).map(|time| series[time] - season(time)).collect::<Vec<f64>>());
    let mut errors = Vec::with_capacity(grid.len());
    let mut ends = Vec::with_capacity(grid.len());
    let mut drifting: Vec<[f64; LANES]> = Vec::with_capacity(period);
    let mut last_seasons: Vec<[f64; LANES]> = Vec::with_capacity(period * grid.len().div_ceil(LANES));
    for constants in grid.chunks_exact(LANES) {
        let of = |value: fn(&Constants) -> f64| -> [f64; LANES] { std::array::from_fn(|lane| value(&constants[lane])) };
        let (alpha, beta) = (of(|constants| constants.level), of(|constants| constants.trend));
        let (phi, gamma) = (of(|constants| constants.damping), of(|constants| constants.seasons));
        let (mut level, mut trend, mut squares) = ([level; LANES], [trend; LANES], [0.0; LANES]);
        if period == 0 {
            for value in series {
                for lane in 0..LANES {
                    let step = phi[lane] * trend[lane];
                    let forecast = level[lane] + step;
                    let error = value - forecast;
                    squares[lane] += error * error;
                    level[lane] = forecast + alpha[lane] * error;
                    trend[lane] = step + beta[lane] * error;
                }
            }
        } else {
            drifting.clear();
            drifting.extend(seasons.iter().map(|season| [*season; LANES]));
            for years in series.chunks(period) {
                for (value, season) in years.iter().zip(&mut drifting) {
                    for lane in 0..LANES {
                        let step = phi[lane] * trend[lane];
                        let forecast = level[lane] + step;
                        let error = value - forecast - season[lane];
                        squares[lane] += error * error;
                        level[lane] = forecast + alpha[lane] * error;
                        trend[lane] = step + beta[lane] * error;
                        season[lane] += gamma[lane] * error;
                    }
                }
            }
            last_seasons.extend_from_slice(&drifting);
        }
        errors.extend_from_slice(&squares);
        ends.extend((0..LANES).map(|lane| (level[lane], trend[lane], phi[lane])));
    }
    let best = errors.iter().copied().fold(f64::INFINITY, f64::min).max(f64::MIN_POSITIVE);
    let power = -(count as f64) / 2.0;
    let (mut values, mut weights) = (vec![0.0; horizon], 0.0);
    for (place, (squares, (level, trend, damping))) in errors.iter().zip(&ends).enumerate() {
        // Bernoulli: the power is below the least weight wherever this product is, and saves most of the powers.
        let ratio = (squares / best).max(1.0);
        if 1.0 - power * (ratio - 1.0) > 1.0 / LEAST_WEIGHT && count > 2 {
            continue;
        }
        let weight = ratio.powf(power);
        if weight < LEAST_WEIGHT {
            continue;
        }
        weights += weight;
        let (mut steps, mut step) = (0.0, 1.0);
        for (ahead, value) in values.iter_mut().enumerate() {
            step *= damping;
            steps += step;
            let season = if period == 0 {
                0.0
            } else {
                last_seasons[place / LANES * period + (count + ahead) % period][place % LANES]
            };
            *value += weight * (level + steps * trend + season);
        }
    }
    values.iter_mut().for_each(|value| *value /= weights);
    Smoothed { values, variance: best / count.max(1) as f64 }
}

/// Level before the first value and trend: the least-squares line through the first values.
fn start(first: &[f64]) -> (f64, f64) {
    let count = first.len() as f64;
    let middle = (count + 1.0) / 2.0;
    let mean = first.iter().sum::<f64>() / count;
    let (mut products, mut squares) = (0.0, 0.0);
    for (place, value) in first.iter().enumerate() {
        let offset = (place + 1) as f64 - middle;
        products += offset * (value - mean);
        squares += offset * offset;
    }
    let trend = if squares > 0.0 { products / squares } else { 0.0 };
    (mean - trend * middle, trend)
}
