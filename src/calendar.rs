//! Days and months as whole numbers: what every layer counts in. No zone, no clock.

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

/// First days of Ramadan and of Lebaran (1 Syawal) in Indonesia, as the Ministry of Religious Affairs announced them after
/// its isbat sessions, up to 2025; 2026 as in the joint decree of three ministers on holidays, 2027 as calculated in the
/// ministry's calendar. Other countries may begin a day earlier or later.
const RAMADAN: [[(i64, i64, i64); 2]; 20] = [
    [(2008, 9, 1), (2008, 10, 1)],
    [(2009, 8, 22), (2009, 9, 20)],
    [(2010, 8, 11), (2010, 9, 10)],
    [(2011, 8, 1), (2011, 8, 31)],
    [(2012, 7, 21), (2012, 8, 19)],
    [(2013, 7, 10), (2013, 8, 8)],
    [(2014, 6, 29), (2014, 7, 28)],
    [(2015, 6, 18), (2015, 7, 17)],
    [(2016, 6, 6), (2016, 7, 6)],
    [(2017, 5, 27), (2017, 6, 25)],
    [(2018, 5, 17), (2018, 6, 15)],
    [(2019, 5, 6), (2019, 6, 5)],
    [(2020, 4, 24), (2020, 5, 24)],
    [(2021, 4, 13), (2021, 5, 13)],
    [(2022, 4, 3), (2022, 5, 2)],
    [(2023, 3, 23), (2023, 4, 22)],
    [(2024, 3, 12), (2024, 4, 10)],
    [(2025, 3, 1), (2025, 3, 31)],
    [(2026, 2, 19), (2026, 3, 21)],
    [(2027, 2, 8), (2027, 3, 10)],
];

/// The first day of Ramadan and that of Lebaran, of every year known.
pub fn ramadans() -> impl Iterator<Item = (i32, i32)> {
    let day = |(year, month, day): (i64, i64, i64)| day_number(year, month, day).unwrap_or_default();
    RAMADAN.into_iter().map(move |[ramadan, lebaran]| (day(ramadan), day(lebaran)))
}

/// How many days of a month are of Ramadan; `None` in years not known.
pub fn ramadan_days(month: i32) -> Option<i64> {
    let year = i64::from(month.div_euclid(12));
    RAMADAN
        .iter()
        .any(|[ramadan, _]| ramadan.0 == year)
        .then(|| ramadans().map(|(from, to)| (from..to).filter(|day| month_number(*day) == month).count() as i64).sum())
}

/// The first day of Lebaran where it is in the month.
pub fn lebaran_in(month: i32) -> Option<i32> {
    ramadans().map(|(_, lebaran)| lebaran).find(|lebaran| month_number(*lebaran) == month)
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
    fn ramadan_has_29_or_30_days_and_comes_11_days_earlier() {
        for (from, to) in ramadans() {
            assert!((29..=30).contains(&(to - from)), "{}", day_name(from));
        }
        let firsts: Vec<i32> = ramadans().map(|(from, _)| from).collect();
        assert!(firsts.windows(2).all(|pair| (353..=356).contains(&(pair[1] - pair[0]))));
    }

    #[test]
    fn days_have_names() {
        // 2025-03-31 was a Monday, and Lebaran.
        let lebaran = day_number(2025, 3, 31).unwrap_or_default();
        assert_eq!((weekday(lebaran), weekday(0)), (0, 3));
        assert_eq!(lebaran_in(month_number(lebaran)), Some(lebaran));
        assert_eq!(ramadan_days(month_number(lebaran)), Some(30));
        assert_eq!((ramadan_days(2024 * 12 + 3), ramadan_days(1990 * 12)), (Some(9), None));
    }
}
