//! Days and months as whole numbers: what every layer counts in, and the feasts that move sales. No zone, no clock.

pub mod indonesia;

/// Days since 1970-01-01 of a proleptic Gregorian day; `None` where there is no such day.
///
/// Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub fn day_number(year: i64, month: i64, day: i64) -> Option<i32> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

/// Year, month (1 to 12) and day of a day number: the inverse of [`day_number`].
pub fn civil(day_number: i32) -> (i32, u32, u32) {
    let shifted = i64::from(day_number) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

/// `year * 12 + month - 1` of a day number.
pub fn month_number(day_number: i32) -> i32 {
    let (year, month, _) = civil(day_number);
    year * 12 + month as i32 - 1
}

/// The number of days of a month.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Microseconds of a day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// `YYYY-MM` of a month number.
pub fn month_name(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// `YYYY-MM-DD` of a day number.
pub fn day_name(day: i32) -> String {
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Day of the week: 0 is Monday, 6 Sunday.
pub fn weekday(day: i32) -> u32 {
    (day + 3).rem_euclid(7) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_numbers_round_trip() {
        for day in -100_000..100_000 {
            let (year, month, date) = civil(day);
            assert_eq!(day_number(year.into(), month.into(), date.into()), Some(day));
        }
        assert_eq!(day_number(1970, 1, 1), Some(0));
    }

    #[test]
    fn days_have_names() {
        // 2025-03-31 was a Monday, 1970-01-01 a Thursday.
        let monday = day_number(2025, 3, 31).unwrap_or_default();
        assert_eq!((weekday(monday), weekday(0)), (0, 3));
    }
}
