//! The months to come, by the methods that did best on the months past, made to add up.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::causes::EFFECTS;
use super::{Calendar, Course, Series};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::indonesia::lebaran_in;
use crate::calendar::month_name;
use crate::contracts::results::{TREND_FORECAST, TREND_FORECAST_BACKTEST};
use crate::error::{Error, Result};
use crate::stats::forecast::{
    Backtest, Candidate, Fallback, Forecast, Settings, Sum, forecast_with, reconcile, whole_parts,
};

/// The forecast of one series.
struct Served {
    /// Complete ones.
    months: usize,
    /// No month was below nil, so no forecast is.
    is_above_nil: bool,
    forecast: Forecast,
    /// Months to come whose days are known.
    known: usize,
}

impl Served {
    fn method(&self) -> &'static str {
        let alone = self.forecast.weights.len() == 1;
        match self.forecast.fallback {
            Fallback::Nothing => "nothing",
            Fallback::LastValue if self.months == 0 => "daily_rate",
            Fallback::LastValue => "last_value",
            _ if self.forecast.is_last_value() => "last_value",
            _ if alone => "seasonal_naive",
            _ => "combination",
        }
    }

    fn verdict(&self) -> &'static str {
        match &self.forecast.backtest {
            None => "not_tested",
            Some(backtest) if backtest.beats_naive() => "better_than_seasonal_naive",
            Some(_) => "no_better_than_seasonal_naive",
        }
    }

    /// Whether the calendar is in the forecast of a month.
    fn calendar(&self, ahead: usize, is_asked: bool) -> &'static str {
        let errors = self.forecast.backtest.and_then(|test| test.error_by_causes);
        match () {
            () if !is_asked => "off",
            () if ahead >= self.known => "not_known",
            () if ahead < self.forecast.with_causes => "used",
            () if errors.is_none() => "not_tested",
            () if self.method() != "combination" && errors.is_some_and(|[without, with]| with < without) => {
                "naive_serves"
            }
            () => "no_better",
        }
    }

    fn weight(&self, candidate: Candidate) -> f64 {
        self.forecast.weights.iter().find(|(known, _)| *known == candidate).map_or(0.0, |(_, weight)| *weight)
    }
}

/// The forecasts, one row per series and month to come, and how they did, one row per series; `days` is how many the
/// data cover, `judged` how many months of each series were held against what was expected of them.
pub(super) fn frames(
    course: &Course,
    series: &[Series<'_>],
    calendar: &Calendar,
    settings: Settings,
    days: i32,
    judged: &[usize],
) -> Result<[DataFrame; 2]> {
    let horizon = settings.horizon;
    let serve = |series: &Series<'_>| {
        let (first, net_sales) = series.complete_net_sales(course);
        let months = net_sales.len();
        let mut values: Vec<f64> = net_sales.iter().map(|net| *net as f64).collect();
        if course.complete.is_empty() {
            values = vec![series.usual_month(course, days)];
        }
        let is_above_nil = values.iter().all(|value| *value >= 0.0);
        let causes = calendar.causes(first);
        let forecast = forecast_with(&values, &causes, settings);
        Served { months, is_above_nil, forecast, known: causes.len().saturating_sub(values.len()) }
    };
    let mut served: Vec<Served> = series.par_iter().map(serve).collect();
    // All sales are a dimension of one.
    let of_all = (0..series.len()).filter(|place| series[*place].dimension == "all").collect();
    for dimension in dimensions(series).into_iter().chain([of_all]) {
        step_aside(&mut served, &dimension);
    }
    let reconciled: Vec<Vec<i64>> = (0..horizon).map(|ahead| add_up(series, &served, ahead)).collect();
    tie_out(series, &reconciled)?;
    let forecasts = forecast_frame(course, series, &served, &reconciled, calendar)?;
    Ok([forecasts, backtest_frame(series, &served, judged)?])
}

/// Where the combination lost to the yardstick in most series of a dimension, the yardstick serves those of them that it lost
/// in: the months of one series tell only roughly which is the nearer, those of all together do.
fn step_aside(served: &mut [Served], dimension: &[usize]) {
    let tested = |place: &&usize| served[**place].forecast.backtest.is_some();
    let has_lost = |place: &&usize| served[**place].forecast.backtest.is_some_and(|backtest| !backtest.beats_naive());
    let lost: Vec<usize> = dimension.iter().filter(has_lost).copied().collect();
    if 2 * lost.len() > dimension.iter().filter(tested).count() {
        lost.into_iter().for_each(|place| served[place].forecast.step_aside());
    }
}

/// The places of the series of each dimension but `all`.
fn dimensions(series: &[Series<'_>]) -> Vec<Vec<usize>> {
    let places: Vec<usize> = (0..series.len()).filter(|place| series[*place].dimension != "all").collect();
    places.chunk_by(|left, right| series[*left].dimension == series[*right].dimension).map(<[usize]>::to_vec).collect()
}

/// The forecasts of one month in whole minor units, every dimension adding up to all sales.
fn add_up(series: &[Series<'_>], served: &[Served], ahead: usize) -> Vec<i64> {
    let values: Vec<f64> =
        served.iter().map(|served| floored(served.forecast.values[ahead], served.is_above_nil)).collect();
    let variances: Vec<f64> = served
        .iter()
        .map(|served| match served.forecast.half_widths(ahead) {
            Some([half_width, _]) => half_width * half_width,
            // Never tried: as uncertain as it is large.
            None => served.forecast.values[ahead].powi(2),
        })
        .collect();
    let at_least: Vec<bool> = served.iter().map(|served| served.is_above_nil).collect();
    let sums: Vec<Sum> = dimensions(series).into_iter().map(|parts| Sum { whole: 0, parts }).collect();
    let moved = if sums.is_empty() { values } else { reconcile(&values, &variances, &sums, &at_least) };
    let moved: Vec<f64> =
        moved.iter().zip(&at_least).map(|(value, is_above_nil)| floored(*value, *is_above_nil)).collect();
    let mut whole: Vec<i64> = moved.iter().map(|value| value.round() as i64).collect();
    for sum in &sums {
        let parts: Vec<f64> = sum.parts.iter().map(|place| moved[*place]).collect();
        for (place, part) in sum.parts.iter().zip(whole_parts(whole[0], &parts)) {
            whole[*place] = part;
        }
    }
    whole
}

fn floored(value: f64, is_above_nil: bool) -> f64 {
    if is_above_nil { value.max(0.0) } else { value }
}

fn tie_out(series: &[Series<'_>], reconciled: &[Vec<i64>]) -> Result<()> {
    for parts in dimensions(series) {
        for (ahead, month) in reconciled.iter().enumerate() {
            let difference = parts.iter().map(|place| month[*place]).sum::<i64>() - month[0];
            if difference != 0 {
                let dimension = series[parts[0]].dimension;
                let message =
                    format!("the forecasts of every {dimension} {} months ahead are {difference} from all", ahead + 1);
                return Err(Error::TieOut { table: "trend_forecast", message });
            }
        }
    }
    Ok(())
}

fn forecast_frame(
    course: &Course,
    series: &[Series<'_>],
    served: &[Served],
    reconciled: &[Vec<i64>],
    calendar: &Calendar,
) -> Result<DataFrame> {
    let rows: Vec<(usize, usize)> =
        (0..series.len()).flat_map(|place| (0..reconciled.len()).map(move |ahead| (place, ahead))).collect();
    let first = course.months.start + course.complete.end as i32;
    let names: Vec<String> = (0..reconciled.len()).map(|ahead| month_name(first + ahead as i32)).collect();
    let bound = |level: usize, direction: f64| {
        let bound = |(place, ahead): &(usize, usize)| {
            let served = &served[*place];
            let half_width = served.forecast.half_widths(*ahead)?[level];
            Some(floored(reconciled[*ahead][*place] as f64 + direction * half_width, served.is_above_nil).round() as i64)
        };
        rows.iter().map(bound).collect::<Vec<Option<i64>>>()
    };
    let days = |row: &(usize, usize)| calendar.days(course.complete.end + row.1);
    let alone = |(place, ahead): &(usize, usize)| {
        floored(served[*place].forecast.values[*ahead], served[*place].is_above_nil).round() as i64
    };
    FrameBuilder::new(&TREND_FORECAST)
        .text("dimension", rows.iter().map(|row| series[row.0].dimension))
        .text("value", rows.iter().map(|row| series[row.0].name))
        .text("period", rows.iter().map(|row| names[row.1].as_str()))
        .whole("horizon", rows.iter().map(|row| row.1 as i64 + 1).collect())
        .whole("forecast", rows.iter().map(|(place, ahead)| reconciled[*ahead][*place]).collect())
        .maybe_whole("low", bound(0, -1.0))
        .maybe_whole("high", bound(0, 1.0))
        .maybe_whole("low_95", bound(1, -1.0))
        .maybe_whole("high_95", bound(1, 1.0))
        .whole("unreconciled", rows.iter().map(alone).collect())
        .text("method", rows.iter().map(|row| served[row.0].method()))
        .text("calendar", rows.iter().map(|(place, ahead)| served[*place].calendar(*ahead, calendar.is_asked())))
        .maybe_whole("ramadan_days", rows.iter().map(|row| Some(days(row)?.ramadan)).collect())
        .date("lebaran", rows.iter().map(|row| days(row).and_then(|_| lebaran_in(first + row.1 as i32))).collect())
        .finish()
}

fn backtest_frame(series: &[Series<'_>], served: &[Served], judged: &[usize]) -> Result<DataFrame> {
    let tests: Vec<Option<Backtest>> = served.iter().map(|served| served.forecast.backtest).collect();
    let weight = |candidate: Candidate| served.iter().map(|served| served.weight(candidate)).collect::<Vec<f64>>();
    let whole = |value: f64| Some(value.round() as i64);
    let share = |level: usize| {
        let share = |test: &Option<Backtest>| {
            let test: Backtest = (*test)?;
            (test.with_interval > 0).then(|| test.inside[level] as f64 / test.with_interval as f64)
        };
        tests.iter().map(share).collect::<Vec<Option<f64>>>()
    };
    let fallback = |served: &Served| {
        let name = if served.method() == "daily_rate" { "no_month" } else { served.forecast.fallback.name() };
        Some(name.to_string()).filter(|name| !name.is_empty())
    };
    let by_causes = |way: usize| {
        let error = |test: &Option<Backtest>| whole((*test)?.error_by_causes?[way]);
        tests.iter().map(error).collect::<Vec<Option<i64>>>()
    };
    let mut builder = FrameBuilder::new(&TREND_FORECAST_BACKTEST)
        .text("dimension", series.iter().map(|series| series.dimension))
        .text("value", series.iter().map(|series| series.name))
        .whole("n_months", served.iter().map(|served| served.months as i64).collect())
        .maybe_text("fallback", served.iter().map(fallback).collect())
        .ratio("weight_seasonal_naive", weight(Candidate::SeasonalNaive))
        .ratio("weight_theta", weight(Candidate::Theta))
        .ratio("weight_dynamic_theta", weight(Candidate::DynamicTheta))
        .ratio("weight_damped", weight(Candidate::Damped))
        .ratio("weight_aggregated", weight(Candidate::Aggregated))
        .ratio("weight_ets_multiplicative", weight(Candidate::EtsMultiplicative))
        .ratio("weight_ets_additive", weight(Candidate::EtsAdditive))
        .whole("backtest_months", tests.iter().map(|test| test.map_or(0, |test| test.window as i64)).collect())
        .maybe_whole("error", tests.iter().map(|test| test.and_then(|test| whole(test.error))).collect())
        .maybe_whole(
            "error_seasonal_naive",
            tests.iter().map(|test| test.and_then(|test| whole(test.naive_error))).collect(),
        )
        .maybe_ratio("mase", tests.iter().map(|test| test.and_then(|test| Some(test.error / test.scale?))).collect())
        .maybe_ratio(
            "mase_seasonal_naive",
            tests.iter().map(|test| test.and_then(|test| Some(test.naive_error / test.scale?))).collect(),
        )
        .text("verdict", served.iter().map(Served::verdict))
        .whole("n_with_interval", tests.iter().map(|test| test.map_or(0, |test| test.with_interval as i64)).collect())
        .maybe_ratio("inside_80", share(0))
        .maybe_ratio("inside_95", share(1))
        .whole("months_judged", judged.iter().map(|months| *months as i64).collect())
        .maybe_whole("error_without_calendar", by_causes(0))
        .maybe_whole("error_with_calendar", by_causes(1));
    for (cause, name) in EFFECTS.into_iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let effect = |served: &Served| Some(served.forecast.effects.as_ref()?.sizes[cause]);
        builder = builder.maybe_ratio(name, served.iter().map(effect).collect());
    }
    builder.finish()
}
