//! Public holidays, Ramadan and Lebaran of Indonesia: the rows of `indonesia.csv`, which names their sources.

use std::sync::LazyLock;

use super::{day_number, month_number};

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A public holiday.
    Holiday,
    /// The first day of Lebaran (1 Syawal), a public holiday too.
    Lebaran,
    /// The first day of Ramadan.
    Ramadan,
}

/// A day that moves sales.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// The day, as days since 1970-01-01.
    pub day: i32,
    /// Its name in Indonesian.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Calculated, awaiting sighting and decree: it may be a day off.
    pub is_estimated: bool,
}

static OCCASIONS: LazyLock<Vec<Occasion>> =
    LazyLock::new(|| include_str!("indonesia.csv").lines().filter_map(occasion).collect());

fn occasion(line: &'static str) -> Option<Occasion> {
    let [date, name, kind, note] = line.splitn(4, ',').collect::<Vec<_>>().try_into().ok()?;
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let day = day_number(parts.next()??, parts.next()??, parts.next()??)?;
    let kind = match kind {
        "lebaran" => Kind::Lebaran,
        "ramadan" => Kind::Ramadan,
        _ => Kind::Holiday,
    };
    Some(Occasion { day, name, kind, is_estimated: note == "estimated" })
}

/// Every row, by day.
pub fn occasions() -> &'static [Occasion] {
    &OCCASIONS
}

/// The first month known and one past the last: whole years.
pub fn known_months() -> std::ops::Range<i32> {
    let year = |occasion: Option<&Occasion>| occasion.map_or(0, |occasion| month_number(occasion.day).div_euclid(12));
    year(occasions().first()) * 12..(year(occasions().last()) + 1) * 12
}

/// Public holidays and their names.
pub fn holidays() -> impl Iterator<Item = (i32, &'static str)> {
    occasions().iter().filter(|row| row.kind != Kind::Ramadan).map(|row| (row.day, row.name))
}

/// The first day of each Ramadan and of the Lebaran after it.
pub fn ramadans() -> impl Iterator<Item = (i32, i32)> {
    let days = |kind: Kind| occasions().iter().filter(move |row| row.kind == kind).map(|row| row.day);
    days(Kind::Ramadan).zip(days(Kind::Lebaran))
}

/// How many days of a month are of Ramadan; `None` in years not known.
pub fn ramadan_days(month: i32) -> Option<i64> {
    let in_month = |(from, to): (i32, i32)| (from..to).filter(|day| month_number(*day) == month).count() as i64;
    known_months().contains(&month).then(|| ramadans().map(in_month).sum())
}

/// The first day of Lebaran where it is in the month.
pub fn lebaran_in(month: i32) -> Option<i32> {
    ramadans().map(|(_, lebaran)| lebaran).find(|lebaran| month_number(*lebaran) == month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::day_name;

    #[test]
    fn every_row_is_read_and_in_order() {
        let written = include_str!("indonesia.csv").lines().filter(|line| line.starts_with('2')).count();
        assert_eq!(occasions().len(), written);
        assert!(occasions().windows(2).all(|pair| pair[0].day <= pair[1].day));
        assert_eq!(known_months(), 2008 * 12..2030 * 12);
    }

    #[test]
    fn ramadan_has_29_or_30_days_and_comes_11_days_earlier() {
        for (from, to) in ramadans() {
            assert!((29..=30).contains(&(to - from)), "{}", day_name(from));
        }
        let firsts: Vec<i32> = ramadans().map(|(from, _)| from).collect();
        assert_eq!(firsts.len(), 22);
        assert!(firsts.windows(2).all(|pair| (353..=356).contains(&(pair[1] - pair[0]))));
    }

    #[test]
    fn lebaran_is_a_holiday_of_two_days() {
        for (_, lebaran) in ramadans() {
            assert!(holidays().any(|holiday| holiday == (lebaran, "Idulfitri")), "{}", day_name(lebaran));
            assert!(holidays().any(|holiday| holiday == (lebaran + 1, "Idulfitri hari kedua")));
        }
        let lebaran = day_number(2025, 3, 31).unwrap_or_default();
        assert_eq!(lebaran_in(month_number(lebaran)), Some(lebaran));
        assert_eq!(ramadan_days(month_number(lebaran)), Some(30));
        assert_eq!(
            (ramadan_days(2024 * 12 + 3), ramadan_days(1990 * 12), ramadan_days(2030 * 12)),
            (Some(9), None, None)
        );
    }

    #[test]
    fn years_to_come_are_marked_as_calculated() {
        let is_estimated = |year: i64| {
            let year = day_number(year, 1, 1).unwrap_or_default()..day_number(year + 1, 1, 1).unwrap_or_default();
            occasions().iter().any(|row| row.kind == Kind::Lebaran && year.contains(&row.day) && row.is_estimated)
        };
        assert_eq!([2025, 2026, 2027, 2028, 2029].map(is_estimated), [false, false, true, true, true]);
    }
}
