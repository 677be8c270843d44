//! The two trading years: dates, seasons and promotions of every day.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

/// Days from 2024-01-01 to 2025-12-31.
pub(super) const DAYS: usize = 731;
/// Months in the two years.
pub(super) const MONTHS: usize = 24;
/// Day numbers of Lebaran: 2024-04-10 and 2025-03-31.
const LEBARAN: [i32; 2] = [100, 455];

/// What the shop knows about one trading day.
pub(super) struct Day {
    /// Days since 2024-01-01.
    pub(super) number: i32,
    /// Months since January 2024.
    pub(super) month: usize,
    /// `dd/mm/yyyy`.
    pub(super) text: [u8; 10],
    /// `yymmdd`, as in invoice numbers.
    pub(super) short: [u8; 6],
    /// Buying relative to an average day.
    pub(super) intensity: f64,
    /// The category on offer today, if any.
    pub(super) promoted: Option<u8>,
    /// The two weeks before Lebaran, when everything has a discount.
    pub(super) lebaran: bool,
    /// The online sales of 11.11 and 12.12.
    pub(super) online_sale: bool,
    /// The last days before the export, when orders may still be open.
    pub(super) closing: bool,
    /// Prices are 5 % lower than today's in the first year.
    pub(super) old_prices: bool,
}

/// All trading days, and the flow of buying time through them.
pub(super) struct Calendar {
    days: Vec<Day>,
    /// Buying time passed at the start of each day; one entry more than days.
    passed: Vec<f64>,
}

impl Calendar {
    /// The calendar of 2024 and 2025 for a shop with `categories` categories.
    pub(super) fn new(categories: u8) -> Self {
        let mut days: Vec<Day> = (0..DAYS as i32).map(|day| trading_day(day, categories)).collect();
        let mean = days.iter().map(|day| day.intensity).sum::<f64>() / DAYS as f64;
        let mut passed = vec![0.0];
        let mut total = 0.0;
        for day in &mut days {
            day.intensity /= mean;
            total += day.intensity;
            passed.push(total);
        }
        Self { days, passed }
    }

    /// The trading days in order.
    pub(super) fn days(&self) -> &[Day] {
        &self.days
    }

    /// The day reached after `wait` units of buying time from the start of
    /// `from`, or `None` when that lies after the last day.
    pub(super) fn after(&self, from: usize, wait: f64) -> Option<usize> {
        let target = self.passed.get(from)? + wait;
        let day = self.passed.partition_point(|&passed| passed <= target) - 1;
        (day < DAYS).then_some(day)
    }
}

/// The date `day` days after 2024-01-01 (before it when negative).
pub(super) fn date(day: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default() + TimeDelta::days(i64::from(day))
}

fn trading_day(number: i32, categories: u8) -> Day {
    let date = date(number);
    let month = (date.year() - 2024) as usize * 12 + date.month0() as usize;
    let text = [
        digit(date.day() / 10),
        digit(date.day()),
        b'/',
        digit(date.month() / 10),
        digit(date.month()),
        b'/',
        b'2',
        b'0',
        b'2',
        digit(date.year() as u32),
    ];
    let short = [b'2', text[9], text[3], text[4], text[0], text[1]];
    let until_lebaran = LEBARAN.iter().map(|&feast| feast - number);
    let lebaran = until_lebaran.clone().any(|left| (1..=14).contains(&left));
    Day {
        number,
        month,
        text,
        short,
        intensity: intensity(date, until_lebaran),
        promoted: (10..=20).contains(&date.day()).then_some((month * 5 % usize::from(categories)) as u8),
        lebaran,
        online_sale: date.month() >= 11 && date.day() == date.month(),
        closing: number >= DAYS as i32 - 4,
        old_prices: date.year() == 2024,
    }
}

fn digit(number: u32) -> u8 {
    b'0' + (number % 10) as u8
}

fn intensity(date: NaiveDate, until_lebaran: impl Iterator<Item = i32>) -> f64 {
    let mut intensity = match date.weekday() {
        Weekday::Mon => 0.90,
        Weekday::Tue => 0.85,
        Weekday::Wed => 0.90,
        Weekday::Thu => 0.95,
        Weekday::Fri => 0.95,
        Weekday::Sat => 1.35,
        Weekday::Sun => 1.10,
    };
    if date.day() >= 25 || date.day() <= 3 {
        intensity *= 1.25;
    }
    if date.month() == 12 {
        intensity *= 1.30;
    }
    if date.month() >= 11 && date.day() == date.month() {
        intensity *= 1.60;
    }
    for left in until_lebaran {
        intensity *= match left {
            1..=28 => 1.0 + 1.3 * f64::from(29 - left) / 28.0,
            -2..=0 => 0.12,
            -9..=-3 => 0.60,
            _ => 1.0,
        };
    }
    intensity
}
