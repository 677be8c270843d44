//! Days that were mistyped: they lie apart from the bulk of the orders, and neither the as-of day nor a figure follows
//! them. A pause is no mistake, nor is a shop with few orders: what lies apart is held against the shop's own pace.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{civil, day_number};

/// A day and its orders.
type Day = (i32, i64);

/// Orders below which nothing can be said of a shop's pace.
const FEWEST: i64 = 10;
/// A gap is unusual that is this many times as long as any before it.
const UNUSUAL: i64 = 4;
/// Orders come sparsely at less than one in this many of the usual pace; a shop that opens again after a pause sells
/// at more.
const SPARSE: i64 = 4;
/// No more than one in this many of all orders is a slip, where they come sparsely.
const FEW: i64 = 50;
/// No more than one in this many of all orders is a slip, where whole days of them are cut off by most of a year.
const VERY_FEW: i64 = 200;
/// Days that say a year was mistyped.
const MOST_OF_A_YEAR: i64 = 300;
/// Days with day and month exchanged from which on it is no accident.
const EXCHANGED: usize = 3;

/// The days that were mistyped: hardly any orders, cut off from all others by more than `limit` days, or a row of days
/// that fill gaps among the others once day and month are exchanged.
pub fn far_days(by_date: &BTreeMap<i32, i64>, limit: i32) -> BTreeSet<i32> {
    let days: Vec<Day> = by_date.iter().map(|(day, orders)| (*day, *orders)).collect();
    let limit = i64::from(limit);
    let mut far = long_before(&days, limit);
    far.extend(long_after(&days, limit));
    far.extend(exchanged(by_date, &days, limit));
    far
}

fn orders_of(days: &[Day]) -> i64 {
    days.iter().map(|(_, orders)| orders).sum()
}

fn gap(before: Day, after: Day) -> i64 {
    i64::from(after.0) - i64::from(before.0)
}

/// The days before the first wide gap, as long as hardly any order is among them.
fn long_before(days: &[Day], limit: i64) -> BTreeSet<i32> {
    let all = orders_of(days);
    let is_few = |place: &usize| orders_of(&days[..=*place]) * VERY_FEW <= all;
    let cuts = (0..days.len().saturating_sub(1)).take_while(is_few);
    let last = cuts.filter(|place| gap(days[*place], days[place + 1]) > limit).last();
    last.map_or_else(BTreeSet::new, |last| days[..=last].iter().map(|(day, _)| *day).collect())
}

/// The days after the first gap that is unusual for the shop, where what follows is no new beginning.
fn long_after(days: &[Day], limit: i64) -> BTreeSet<i32> {
    let all = orders_of(days);
    for cut in (1..days.len()).filter(|cut| gap(days[cut - 1], days[*cut]) > limit) {
        let (before, after) = days.split_at(cut);
        let (Some(pace), orders) = (Pace::of(before), orders_of(after)) else { continue };
        let gap = gap(days[cut - 1], days[cut]);
        let few = |share: i64| orders == 1 || orders * share <= all;
        let is_slip = (few(FEW) && pace.is_sparse(after)) || (few(VERY_FEW) && gap > MOST_OF_A_YEAR);
        if is_slip && gap > UNUSUAL * pace.longest_gap {
            return after.iter().map(|(day, _)| *day).collect();
        }
    }
    BTreeSet::new()
}

/// The days at either end that lie in a gap among the others once day and month are exchanged, where they come sparsely
/// and far after the others: `2026-12-03` for `2026-03-12`.
fn exchanged(by_date: &BTreeMap<i32, i64>, days: &[Day], limit: i64) -> BTreeSet<i32> {
    let (Some((first, _)), Some((last, _))) = (by_date.first_key_value(), by_date.last_key_value()) else {
        return BTreeSet::new();
    };
    let fills_gap = |day: &&Day| {
        let (year, month, date) = civil(day.0);
        let other = day_number(i64::from(year), i64::from(date), i64::from(month));
        other.is_some_and(|other| (*first..=*last).contains(&other) && !by_date.contains_key(&other))
    };
    let n_after = days.iter().rev().take_while(fills_gap).count();
    let (before, after) = days.split_at(days.len() - n_after);
    let is_far = before.last().zip(after.last()).is_some_and(|(before, after)| gap(*before, *after) > limit);
    let is_sparse = Pace::of(before).is_some_and(|pace| pace.is_sparse(after));
    if n_after < EXCHANGED || !is_far || !is_sparse {
        return BTreeSet::new();
    }
    days.iter().take_while(fills_gap).chain(after).map(|(day, _)| *day).collect()
}

/// How a shop sells, as the middle nine tenths of its orders show it.
struct Pace {
    orders: i64,
    days: i64,
    longest_gap: i64,
}

impl Pace {
    /// The pace of days, where they are enough to have one.
    fn of(days: &[Day]) -> Option<Pace> {
        let all = orders_of(days);
        let mut counted = 0;
        let middle = days.iter().filter(|(_, orders)| {
            let before = counted;
            counted += orders;
            counted * 20 > all && before * 20 < all * 19
        });
        let middle: Vec<Day> = middle.copied().collect();
        let (first, last) = (*middle.first()?, *middle.last()?);
        let longest_gap = middle.windows(2).map(|pair| gap(pair[0], pair[1])).max().unwrap_or(0);
        (all >= FEWEST).then(|| Pace { orders: orders_of(&middle), days: gap(first, last) + 1, longest_gap })
    }

    /// Whether days, from the first of them to the last, have far fewer orders than usual.
    fn is_sparse(&self, days: &[Day]) -> bool {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return false };
        orders_of(days) * SPARSE * self.days < self.orders * (gap(*first, *last) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
        day_number(part(0..4), part(5..7), part(8..10)).unwrap()
    }

    /// `orders` on each of the days from `first` on, every `step` days.
    fn shop(first: &str, days: i32, step: i32, orders: i64) -> BTreeMap<i32, i64> {
        (0..days).map(|number| (day(first) + number * step, orders)).collect()
    }

    fn far(mut days: BTreeMap<i32, i64>, more: &[(&str, i64)]) -> Vec<i32> {
        days.extend(more.iter().map(|(text, orders)| (day(text), *orders)));
        far_days(&days, 60).into_iter().collect()
    }

    #[test]
    fn one_order_in_a_wrong_year_is_far_whatever_the_size_of_the_shop() {
        for (orders, wrong) in [(50, "2027-03-05"), (7, "2062-03-05"), (1, "2062-03-05"), (1, "2027-03-05")] {
            assert_eq!(far(shop("2026-03-01", 20, 1, orders), &[(wrong, 1)]), [day(wrong)], "{orders} {wrong}");
        }
        assert_eq!(far(shop("2026-03-01", 20, 1, 50), &[("1926-03-05", 1)]), [day("1926-03-05")]);
        let two = [("2027-03-05", 1), ("2028-03-05", 2)];
        assert_eq!(far(shop("2026-03-01", 20, 1, 50), &two), two.map(|(text, _)| day(text)));
    }

    #[test]
    fn a_whole_day_in_a_wrong_year_is_far_where_it_is_one_of_very_many() {
        let wrong = [("2027-01-05", 50)];
        assert_eq!(far(shop("2025-04-01", 300, 1, 50), &wrong), [day("2027-01-05")]);
        assert!(far(shop("2026-03-01", 60, 1, 50), &wrong).is_empty(), "a season that begins again");
    }

    #[test]
    fn a_pause_is_no_mistake_nor_is_a_shop_with_few_orders() {
        for orders in [1, 20] {
            let shop = shop("2025-01-01", 300, 1, orders);
            assert!(far(shop, &[("2026-02-20", orders)]).is_empty(), "the first day after a pause of {orders}");
        }
        assert!(far(shop("2023-01-01", 12, 90, 1), &[("2026-08-20", 1)]).is_empty());
        assert!(far(shop("2026-01-01", 9, 1, 1), &[("2027-08-20", 1)]).is_empty(), "too few to say");
        assert!(far(shop("2026-03-01", 300, 1, 3), &[]).is_empty());
    }

    #[test]
    fn days_whose_day_and_month_changed_places_are_far_together() {
        let mut mixed = shop("2026-03-13", 16, 1, 1);
        mixed.insert(day("2026-03-03"), 1);
        let swapped: Vec<String> =
            (1..=12).filter(|month| *month != 3).map(|month| format!("2026-{month:02}-03")).collect();
        let more: Vec<(&str, i64)> = swapped.iter().map(|text| (text.as_str(), 1)).collect();
        assert_eq!(far(mixed, &more), swapped.iter().map(|text| day(text)).collect::<Vec<i32>>());
        let thirds = (0..24).map(|month| day_number(2025 + month / 12, month % 12 + 1, 3).unwrap());
        assert!(far(thirds.map(|day| (day, 9)).collect(), &[]).is_empty(), "invoices of the third of each month");
    }
}
