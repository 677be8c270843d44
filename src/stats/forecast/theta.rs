//! The Theta method, and Theta with its weight of the trend chosen from the data.

use super::LANES;

/// Theta forecast of a series without seasons (Assimakopoulos & Nikolopoulos 2000, in the form of Hyndman & Billah
/// 2003): simple exponential smoothing, level and smoothing constant by least squares, with half the least-squares slope
/// as drift. At least one value is needed.
pub fn theta(series: &[f64], horizon: usize) -> Vec<f64> {
    let count = series.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let (mut products, mut squares) = (0.0, 0.0);
    for (time, value) in series.iter().enumerate() {
        let offset = time as f64 - middle;
        products += offset * value;
        squares += offset * offset;
    }
    let drift = if squares > 0.0 { 0.5 * products / squares } else { 0.0 };
    let lines = Lines::of(series);
    let fit = lines.best(0.0);
    let past = (1.0 - (1.0 - fit.smoothing).powf(count)) / fit.smoothing;
    (0..horizon).map(|ahead| lines.mean + fit.level + drift * (ahead as f64 + past)).collect()
}

/// Dynamic optimised Theta (Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler 2016, International Journal of
/// Forecasting 32, DOTM): the line is that of the values so far at every step, and its weight `1 − 1/θ`, the initial level
/// and the smoothing constant are chosen by least squares. The one-step forecasts are linear in level and weight, so
/// these have a closed form for each smoothing constant.
pub fn dynamic_theta(series: &[f64], horizon: usize) -> Vec<f64> {
    let lines = Lines::of(series);
    let fit = lines.best(1.0);
    let keep = 1.0 - fit.smoothing;
    let mut power = keep.powi(series.len() as i32);
    let (mut level, mut mean) = (fit.level, lines.last_mean);
    let (mut start, mut slope) = lines.lines[series.len() - 1];
    let mut values = Vec::with_capacity(horizon);
    for ahead in 0..horizon {
        let value = level + fit.weight * (start * power + slope * (1.0 - power * keep) / fit.smoothing);
        values.push(value + lines.mean);
        level += fit.smoothing * (value - level);
        power *= keep;
        let count = (series.len() + ahead + 1) as f64;
        (mean, start, slope) = next_line(value, count, mean, slope);
    }
    values
}

/// The least-squares line `start + slope × time` (time from 1) through `count` values, from that through all but the last.
fn next_line(value: f64, count: f64, mean: f64, slope: f64) -> (f64, f64, f64) {
    let slope = if count > 1.0 { ((count - 2.0) * slope + 6.0 * (value - mean) / count) / (count + 1.0) } else { 0.0 };
    let mean = mean + (value - mean) / count;
    (mean, mean - slope * (count + 1.0) / 2.0, slope)
}

/// A series about its mean with the least-squares line through its first 1, 2, … values.
struct Lines {
    mean: f64,
    centred: Vec<f64>,
    /// Where each line starts (at time 0) and its slope.
    lines: Vec<(f64, f64)>,
    last_mean: f64,
}

#[derive(Clone, Copy)]
struct Fit {
    squared_error: f64,
    smoothing: f64,
    weight: f64,
    level: f64,
}

impl Lines {
    fn of(series: &[f64]) -> Lines {
        let mean = series.iter().sum::<f64>() / series.len() as f64;
        let centred: Vec<f64> = series.iter().map(|value| value - mean).collect();
        let (mut last_mean, mut slope) = (0.0, 0.0);
        let mut lines = Vec::with_capacity(series.len());
        for (time, value) in centred.iter().enumerate() {
            let start;
            (last_mean, start, slope) = next_line(*value, (time + 1) as f64, last_mean, slope);
            lines.push((start, slope));
        }
        Lines { mean, centred, lines, last_mean }
    }

    /// The smoothing constant between .1 and .99 (the bounds of Fiorucci et al.) with the least squared error, weight
    /// between 0 and `most`: a grid, then twice a finer one about the best.
    fn best(&self, most: f64) -> Fit {
        const LOWEST: f64 = 0.1;
        const HIGHEST: f64 = 0.99;
        const STEPS: usize = 3 * LANES;
        let mut step = (HIGHEST - LOWEST) / (STEPS - 1) as f64;
        let mut best = Fit { squared_error: f64::INFINITY, smoothing: 0.5, weight: 0.0, level: 0.0 };
        let look = |smoothing: [f64; LANES], best: &mut Fit| {
            for fit in self.fit(smoothing, most) {
                if fit.squared_error < best.squared_error {
                    *best = fit;
                }
            }
        };
        for pass in 0..STEPS / LANES {
            look(std::array::from_fn(|lane| LOWEST + step * (pass * LANES + lane) as f64), &mut best);
        }
        for _ in 0..2 {
            let centre = best.smoothing;
            step /= (LANES / 2) as f64;
            // Four on either side; the centre is known.
            let offset = |lane: usize| {
                let place = lane as f64 - (LANES / 2) as f64;
                if place >= 0.0 { place + 1.0 } else { place }
            };
            look(std::array::from_fn(|lane| (centre + step * offset(lane)).clamp(LOWEST, HIGHEST)), &mut best);
        }
        best
    }

    /// The least squares for several smoothing constants. With level = base + share × initial level, the error is
    /// `value − base − share × initial − weight × line`.
    fn fit(&self, smoothing: [f64; LANES], most: f64) -> [Fit; LANES] {
        let keep = smoothing.map(|smoothing| 1.0 - smoothing);
        let inverse = smoothing.map(|smoothing| 1.0 / smoothing);
        let zero = [0.0; LANES];
        let (mut base, mut share, mut power) = (zero, [1.0; LANES], [1.0; LANES]);
        let (mut shares, mut mixed, mut lines, mut by_share, mut by_line, mut squares) =
            (zero, zero, zero, zero, zero, zero);
        let (mut start, mut slope) = (0.0, 0.0);
        for (value, next) in self.centred.iter().zip(&self.lines) {
            for lane in 0..LANES {
                let line = start * power[lane] + slope * (1.0 - power[lane] * keep[lane]) * inverse[lane];
                let error = value - base[lane];
                shares[lane] += share[lane] * share[lane];
                mixed[lane] += share[lane] * line;
                lines[lane] += line * line;
                by_share[lane] += error * share[lane];
                by_line[lane] += error * line;
                squares[lane] += error * error;
                base[lane] += smoothing[lane] * error;
                share[lane] *= keep[lane];
                power[lane] *= keep[lane];
            }
            (start, slope) = *next;
        }
        std::array::from_fn(|lane| {
            let determinant = shares[lane] * lines[lane] - mixed[lane] * mixed[lane];
            let free = (shares[lane] * by_line[lane] - mixed[lane] * by_share[lane]) / determinant;
            let is_determined = determinant > 1e-12 * shares[lane] * lines[lane];
            let weight = if is_determined { free.clamp(0.0, most) } else { 0.0 };
            let initial = (by_share[lane] - weight * mixed[lane]) / shares[lane];
            let explained = 2.0 * (initial * by_share[lane] + weight * by_line[lane])
                - initial * initial * shares[lane]
                - 2.0 * initial * weight * mixed[lane]
                - weight * weight * lines[lane];
            Fit {
                squared_error: squares[lane] - explained,
                smoothing: smoothing[lane],
                weight,
                level: base[lane] + share[lane] * initial,
            }
        })
    }
}
