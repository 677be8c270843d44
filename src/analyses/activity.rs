//! The desk's calendar: a month later, the next birthday, and how active a customer is.

use crate::calendar::{civil, day_number, days_in_month};

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
        }
        assert_eq!(activity_status(None, as_of), "inactive");
    }
}
