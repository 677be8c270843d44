//! What of the calendar moves the sales of a month: its length, its weekends, public holidays, Ramadan, Lebaran.

use crate::calendar::indonesia::{holidays, known_months, ramadans};
use crate::calendar::{day_number, weekday};
use crate::stats::forecast::Causes;

/// Days of a month that are not like others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Days {
    pub all: i64,
    pub saturdays: i64,
    pub sundays: i64,
    /// Public holidays on Monday to Friday, without those of Lebaran.
    pub holidays: i64,
    pub ramadan: i64,
    /// Of the two weeks before Lebaran.
    pub before_lebaran: i64,
    /// Of the week from Lebaran on.
    pub lebaran: i64,
}

/// Days before Lebaran in which people shop for it; days from it on in which shops are shut and people away.
const BEFORE_LEBARAN: i32 = 14;
const FROM_LEBARAN: i32 = 7;

impl Days {
    /// The days of a month; nothing in years not known.
    pub(super) fn of(month: i32) -> Option<Days> {
        let first = |month: i32| day_number(i64::from(month.div_euclid(12)), i64::from(month.rem_euclid(12)) + 1, 1);
        if !known_months().contains(&month) {
            return None;
        }
        let days = first(month)?..first(month + 1)?;
        let among = |from: i32, to: i32| i64::from((to.min(days.end) - from.max(days.start)).max(0));
        let mut found = Days { all: i64::from(days.end - days.start), ..Days::default() };
        found.saturdays = days.clone().filter(|day| weekday(*day) == 5).count() as i64;
        found.sundays = days.clone().filter(|day| weekday(*day) == 6).count() as i64;
        let mut free: Vec<i32> = holidays().map(|(day, _)| day).filter(|day| days.contains(day)).collect();
        free.dedup();
        free.retain(|day| weekday(*day) < 5);
        for (ramadan, lebaran) in ramadans() {
            found.ramadan += among(ramadan, lebaran);
            found.before_lebaran += among(lebaran - BEFORE_LEBARAN, lebaran);
            found.lebaran += among(lebaran, lebaran + FROM_LEBARAN);
            free.retain(|day| !(lebaran..lebaran + FROM_LEBARAN).contains(day));
        }
        found.holidays = free.len() as i64;
        Some(found)
    }

    /// As causes of the month's sales: how much of a usual month the days are, the weekends less a usual month's.
    fn causes(self) -> [f64; CAUSES] {
        const USUAL: f64 = 365.25 / 12.0;
        let share = |days: f64| days / USUAL;
        let week = self.all as f64 / 7.0;
        [
            share(self.all as f64) - 1.0,
            share(self.saturdays as f64 - week),
            share(self.sundays as f64 - week),
            share(self.holidays as f64),
            share(self.ramadan as f64),
            share(self.before_lebaran as f64),
            share(self.lebaran as f64),
        ]
    }
}

const CAUSES: usize = 7;

/// Columns of `trend_forecast_backtest` with the sizes, in the order of the causes; the length of the month has none.
pub(super) const EFFECTS: [&str; CAUSES] = [
    "",
    "effect_saturday",
    "effect_sunday",
    "effect_holiday",
    "effect_ramadan",
    "effect_before_lebaran",
    "effect_lebaran",
];

/// The causes of every month of the data and of those to come.
pub(super) struct Calendar {
    /// Nothing in years not known; none at all where no calendar is asked for.
    months: Vec<Option<Days>>,
}

impl Calendar {
    /// The months given; none where `is_asked` is not.
    pub(super) fn of(months: std::ops::Range<i32>, is_asked: bool) -> Calendar {
        Calendar { months: if is_asked { months.map(Days::of).collect() } else { Vec::new() } }
    }

    /// Whether a calendar was asked for.
    pub(super) fn is_asked(&self) -> bool {
        !self.months.is_empty()
    }

    /// The days of the month at a place; nothing where they are not known.
    pub(super) fn days(&self, at: usize) -> Option<Days> {
        *self.months.get(at)?
    }

    /// The causes of the months from a place on, up to the last known. Months before the first known have none.
    pub(super) fn causes(&self, from: usize) -> Causes {
        let known = self.months.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let months = self.months.get(from..known).unwrap_or_default();
        Causes::new(months.iter().map(|days| days.map_or([0.0; CAUSES], Days::causes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_march_and_april_2025() {
        // Ramadan 1 to 30 March, Lebaran on Monday 31 March; Nyepi was on Saturday the 29th, Good Friday on 18 April.
        let march = Days::of(2025 * 12 + 2).unwrap();
        let wanted =
            Days { all: 31, saturdays: 5, sundays: 5, holidays: 0, ramadan: 30, before_lebaran: 14, lebaran: 1 };
        assert_eq!(march, wanted);
        let april = Days::of(2025 * 12 + 3).unwrap();
        let wanted = Days { all: 30, saturdays: 4, sundays: 4, holidays: 1, ramadan: 0, before_lebaran: 0, lebaran: 6 };
        assert_eq!(april, wanted);
        assert_eq!(Days::of(2035 * 12), None);
    }

    #[test]
    fn what_is_not_known_has_no_causes() {
        let calendar = Calendar::of(2029 * 12 + 10..2030 * 12 + 4, true);
        assert_eq!((calendar.causes(0).len(), calendar.causes(1).len(), calendar.causes(9).len()), (2, 1, 0));
        assert!(Calendar::of(2020 * 12..2021 * 12, false).causes(0).is_empty());
        assert_eq!(Calendar::of(2007 * 12..2009 * 12, true).causes(0).len(), 24);
    }
}
