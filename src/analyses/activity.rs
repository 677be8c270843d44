//! The desk's calendar: a month later, the next birthday, and how active a customer is.

use serde::{Deserialize, Serialize};

use super::offers::repeats::median;
use crate::calendar::{civil, day_number, days_in_month};
use crate::facts::Facts;

/// The usual gap of a customer: the median of the days between days with an order, half a day rounded up. `None` where
/// he ordered on fewer than two days.
pub fn usual_gap(facts: &Facts, customer: usize) -> Option<i32> {
    let sales = facts.orders_of(customer).filter(|order| facts.is_sale(*order));
    let mut days: Vec<i32> = sales.map(|order| facts.orders.day[order]).collect();
    days.dedup();
    let mut gaps: Vec<i32> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
    (!gaps.is_empty()).then(|| median(&mut gaps))
}

/// The windows a customer's activity is told by, the shortest first.
///
/// A window reaches back from the as-of day by days, weeks, or calendar months; its first day belongs to it, the as-of
/// day does not. Its name is how it is written: `2 weeks` is `2_weeks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ActivityWindows {
    written: Vec<String>,
    windows: Vec<(Span, String)>,
}

/// How far a window reaches back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Days(i32),
    Months(i32),
}

/// Without activity in any window.
const INACTIVE: &str = "inactive";

impl Default for ActivityWindows {
    fn default() -> ActivityWindows {
        let windows = vec![
            (Span::Days(14), "2_weeks".into()),
            (Span::Months(1), "1_month".into()),
            (Span::Months(6), "6_months".into()),
        ];
        ActivityWindows { written: ["2 weeks", "1 month", "6 months"].map(String::from).to_vec(), windows }
    }
}

impl TryFrom<Vec<String>> for ActivityWindows {
    type Error = String;

    fn try_from(written: Vec<String>) -> Result<ActivityWindows, String> {
        let windows: Vec<(Span, String)> = written
            .iter()
            .map(|text| Ok((Span::parse(text)?, text.trim().replace(' ', "_"))))
            .collect::<Result<_, String>>()?;
        for pair in windows.windows(2) {
            if pair[0].0.days().1 > pair[1].0.days().0 {
                return Err(format!("`{}` does not lie within `{}`: write the shortest first", pair[0].1, pair[1].1));
            }
        }
        Ok(ActivityWindows { written, windows })
    }
}

impl From<ActivityWindows> for Vec<String> {
    fn from(windows: ActivityWindows) -> Vec<String> {
        windows.written
    }
}

impl Span {
    fn parse(text: &str) -> Result<Span, String> {
        let wrong =
            || format!("`{text}` is no window: write a number and days, weeks, months or years, as in `2 weeks`");
        let (number, unit) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let number: i32 = number.parse().ok().filter(|number| (1..=10_000).contains(number)).ok_or_else(wrong)?;
        match unit.strip_suffix('s').unwrap_or(unit) {
            "day" => Ok(Span::Days(number)),
            "week" => Ok(Span::Days(7 * number)),
            "month" => Ok(Span::Months(number)),
            "year" => Ok(Span::Months(12 * number)),
            _ => Err(wrong()),
        }
    }

    /// The first day of the window.
    fn start(self, as_of: i32) -> i32 {
        match self {
            Span::Days(days) => as_of - days,
            Span::Months(months) => months_after(as_of, -months),
        }
    }

    /// The fewest and the most days it can be long.
    fn days(self) -> (i32, i32) {
        match self {
            Span::Days(days) => (days, days),
            // 28 to 31 days a month, 365 or 366 a year.
            Span::Months(months) => (28.max(months * 30 - 3), months * 31),
        }
    }
}

impl ActivityWindows {
    /// The name of the shortest window the last activity lies in; `inactive` for none.
    pub fn status(&self, last_activity: Option<i32>, as_of: i32) -> &str {
        let within = |(span, _): &&(Span, String)| last_activity.is_some_and(|day| day >= span.start(as_of));
        self.windows.iter().find(within).map_or(INACTIVE, |(_, name)| name)
    }
}

/// Whether the last activity lies in the calendar month before a day.
pub fn is_active_in_month(last_activity: Option<i32>, as_of: i32) -> bool {
    last_activity.is_some_and(|day| day >= Span::Months(1).start(as_of))
}

/// How active a customer is: `2_weeks`, `1_month`, `6_months` or `inactive`.
///
/// The first that holds of: the last activity lies in the 14 days before the as-of day, in the calendar month
/// before it, in the six calendar months before it. The first day of a window belongs to it, the as-of day does
/// not. Without any activity: `inactive`.
pub fn activity_status(last_activity: Option<i32>, as_of: i32) -> &'static str {
    match last_activity {
        Some(day) if day >= as_of - 14 => "2_weeks",
        Some(day) if day >= months_after(as_of, -1) => "1_month",
        Some(day) if day >= months_after(as_of, -6) => "6_months",
        _ => "inactive",
    }
}

/// The same day of the month `months` later (or earlier), or the last day of that month where it is shorter:
/// one month after 31 January is 28 or 29 February.
pub fn months_after(day: i32, months: i32) -> i32 {
    let (year, month, of_month) = civil(day);
    let number = year * 12 + month as i32 - 1 + months;
    let (year, month) = (i64::from(number.div_euclid(12)), i64::from(number.rem_euclid(12)) + 1);
    day_number(year, month, i64::from(of_month).min(days_in_month(year, month))).unwrap_or(day)
}

/// The first birthday on or after a day; who was born on 29 February has it on the 28th in common years.
pub fn next_birthday(birth: i32, from: i32) -> i32 {
    let (_, month, day) = civil(birth);
    let (year, ..) = civil(from);
    let (month, day) = (i64::from(month), i64::from(day));
    let in_year = |year: i64| day_number(year, month, day.min(days_in_month(year, month))).unwrap_or(from);
    let this_year = in_year(i64::from(year));
    if this_year >= from { this_year } else { in_year(i64::from(year) + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        let parts: Vec<i64> = text.split('-').map(|part| part.parse().unwrap()).collect();
        day_number(parts[0], parts[1], parts[2]).unwrap()
    }

    #[test]
    fn a_month_later_stays_in_its_month() {
        for (from, months, to) in [
            ("2023-01-31", 1, "2023-02-28"),
            ("2024-01-31", 1, "2024-02-29"),
            ("2024-12-31", 1, "2025-01-31"),
            ("2025-03-31", -1, "2025-02-28"),
            ("2025-01-15", -6, "2024-07-15"),
            ("2025-01-01", -24, "2023-01-01"),
        ] {
            assert_eq!(months_after(day(from), months), day(to), "{from} {months}");
        }
    }

    #[test]
    fn birthdays_go_over_the_end_of_the_year_and_leap_days_fall_on_the_28th() {
        for (birth, from, next) in [
            ("1990-01-03", "2024-12-28", "2025-01-03"),
            ("1990-12-28", "2024-12-28", "2024-12-28"),
            ("1990-12-27", "2024-12-28", "2025-12-27"),
            ("2000-02-29", "2025-02-20", "2025-02-28"),
            ("2000-02-29", "2024-02-20", "2024-02-29"),
            ("2000-02-29", "2023-03-01", "2024-02-29"),
        ] {
            assert_eq!(next_birthday(day(birth), day(from)), day(next), "{birth} {from}");
        }
    }

    #[test]
    fn windows_contain_their_first_day_and_not_the_as_of_day() {
        let as_of = day("2025-03-31");
        for (last, status) in [
            ("2025-03-30", "2_weeks"),
            ("2025-03-17", "2_weeks"),
            ("2025-03-16", "1_month"),
            ("2025-02-28", "1_month"),
            ("2025-02-27", "6_months"),
            ("2024-09-30", "6_months"),
            ("2024-09-29", "inactive"),
        ] {
            assert_eq!(activity_status(Some(day(last)), as_of), status, "{last}");
            assert_eq!(ActivityWindows::default().status(Some(day(last)), as_of), status, "{last}");
            assert_eq!(is_active_in_month(Some(day(last)), as_of), ["2_weeks", "1_month"].contains(&status), "{last}");
        }
        assert_eq!(activity_status(None, as_of), "inactive");
        assert_eq!(ActivityWindows::default().status(None, as_of), "inactive");
    }

    #[test]
    fn windows_are_as_written() {
        let windows =
            |texts: &[&str]| ActivityWindows::try_from(texts.iter().map(|text| text.to_string()).collect::<Vec<_>>());
        assert_eq!(windows(&["2 weeks", "1 month", "6 months"]).unwrap(), ActivityWindows::default());
        let own = windows(&["10 days", "1 year"]).unwrap();
        let as_of = day("2025-03-31");
        for (last, status) in
            [("2025-03-21", "10_days"), ("2025-03-20", "1_year"), ("2024-03-31", "1_year"), ("2024-03-30", "inactive")]
        {
            assert_eq!(own.status(Some(day(last)), as_of), status, "{last}");
        }
        assert!(windows(&["6 months", "2 weeks"]).unwrap_err().contains("write the shortest first"));
        assert!(windows(&["fortnight"]).unwrap_err().contains("`fortnight` is no window"));
        assert!(windows(&["0 days"]).is_err() && windows(&["3 moons"]).is_err());
    }
}
