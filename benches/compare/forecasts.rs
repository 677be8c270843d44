//! Forecasts of series whose futures are known: `compare forecasts SERIES.csv`.

use std::path::Path;
use std::time::Instant;

use langgan::error::{Error, Result};
use langgan::stats::forecast::{Forecast, Settings, forecast};

/// Months in a year.
const PERIOD: usize = 12;

/// Reads series (columns `x`, the past, and `xx`, the future, both separated by spaces), forecasts each as `trends` does
/// and prints sMAPE and MASE as the M3 competition has them, what the intervals cover, and the time it took.
pub fn run(path: &Path) -> Result<()> {
    let failed = Error::internal("reading series");
    let mut reader = csv::Reader::from_path(path).map_err(&failed)?;
    let headers = reader.headers().map_err(&failed)?.clone();
    let place = |name: &str| headers.iter().position(|header| header == name).unwrap_or_default();
    let (past, future) = (place("x"), place("xx"));
    let mut series: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(&failed)?;
        series.push((numbers(&record[past]), numbers(&record[future])));
    }
    let start = Instant::now();
    let settings = |horizon| Settings { period: PERIOD, horizon, window: horizon, origins: 4 };
    let forecasts: Vec<Forecast> = series.iter().map(|(past, future)| forecast(past, settings(future.len()))).collect();
    let seconds = start.elapsed().as_secs_f64();
    let (mut smape, mut mase, mut inside, mut months) = (0.0, 0.0, [0.0; 2], 0.0);
    for (forecast, (past, future)) in forecasts.iter().zip(&series) {
        let changes = past.windows(PERIOD + 1).map(|window| (window[PERIOD] - window[0]).abs());
        let scale = changes.sum::<f64>() / (past.len() - PERIOD) as f64;
        let size = future.len() as f64;
        for (ahead, (value, actual)) in forecast.values.iter().zip(future).enumerate() {
            let error = (actual - value).abs();
            smape += 200.0 * error / (actual.abs() + value.abs()) / size;
            mase += error / scale / size;
            let widths = forecast.half_widths(ahead).unwrap_or_default();
            inside.iter_mut().zip(widths).for_each(|(inside, width)| *inside += f64::from(u8::from(error <= width)));
            months += 1.0;
        }
    }
    let count = series.len() as f64;
    println!("{count} series, {seconds:.2} s on one thread");
    println!("sMAPE {:.3}, MASE {:.4}", smape / count, mase / count);
    println!("inside the 80 % interval {:.3}, inside the 95 % interval {:.3}", inside[0] / months, inside[1] / months);
    Ok(())
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}
