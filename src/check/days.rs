//! Which days a branch was expected to sell on: the calendar, public holidays, and the branch's own weekday habit. No
//! clock is read.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;

use super::scan::Scan;
use crate::calendar::indonesia;
use crate::error::Result;
use crate::lake::reader::read;
use crate::lake::{LakeDir, Manifest};

/// What a day is for a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// A day like others.
    Usual,
    /// The branch does not sell.
    Closed,
    /// Whatever comes is expected.
    Holiday,
    /// The branch sells, whatever its habit.
    Open,
}

/// The calendar of all branches.
#[derive(Debug, Default)]
pub struct Calendar {
    kinds: BTreeMap<(i32, String), DayKind>,
    holidays: BTreeSet<i32>,
    opened: BTreeMap<String, i32>,
}

/// Days around Idulfitri on which shops sell as they please: the day before, and a week after.
const LEBARAN: std::ops::RangeInclusive<i32> = -1..=7;

impl Calendar {
    /// Reads the calendar and the days branches opened; with the public holidays of Indonesia if asked for.
    pub fn read(lake: &LakeDir, manifest: &Manifest, indonesian: bool) -> Result<Calendar> {
        let mut calendar = Calendar::default();
        for file in manifest.files("calendar") {
            for rows in read(lake, file, &["date", "branch_id", "kind"], &[])? {
                let dates = rows.column(0).as_primitive::<Date32Type>();
                let (branches, kinds) = (rows.column(1).as_string::<i32>(), rows.column(2).as_string::<i32>());
                for row in 0..rows.num_rows() {
                    let kind = match kinds.value(row).to_lowercase().as_str() {
                        "open" | "buka" => DayKind::Open,
                        "holiday" | "libur" => DayKind::Holiday,
                        _ => DayKind::Closed,
                    };
                    let branch = if branches.is_valid(row) { branches.value(row) } else { "" };
                    calendar.kinds.insert((dates.value(row), branch.to_string()), kind);
                }
            }
        }
        for file in manifest.files("branches") {
            for rows in read(lake, file, &["branch_id", "opened_on"], &[])? {
                let (ids, days) = (rows.column(0).as_string::<i32>(), rows.column(1).as_primitive::<Date32Type>());
                for row in (0..rows.num_rows()).filter(|row| days.is_valid(*row)) {
                    calendar.opened.insert(ids.value(row).to_string(), days.value(row));
                }
            }
        }
        if indonesian {
            calendar.holidays.extend(indonesia::holidays().map(|(day, _)| day));
            for (_, lebaran) in indonesia::ramadans() {
                calendar.holidays.extend(LEBARAN.map(|after| lebaran + after));
            }
        }
        Ok(calendar)
    }

    /// What a day is for a branch: what the calendar says of it, or of all branches, or a public holiday.
    pub fn kind(&self, branch: &str, day: i32) -> DayKind {
        let said = self.kinds.get(&(day, branch.to_string())).or_else(|| self.kinds.get(&(day, String::new())));
        match said {
            Some(kind) => *kind,
            None if self.holidays.contains(&day) => DayKind::Holiday,
            None => DayKind::Usual,
        }
    }

    /// The day a branch opened, where it is known.
    pub fn opened(&self, branch: &str) -> Option<i32> {
        self.opened.get(branch).copied()
    }

    /// The branches that have a row of their own.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// The same weekday is looked at for this many weeks before.
const WEEKS: i32 = 10;
/// Same weekdays below which they are no habit, and the other branches tell whether it was a day to sell on.
const FEWEST: usize = 4;
/// Orders on a usual day below which a day may well pass without one: at five, one day in 148 does.
const BUSY: i64 = 5;

/// Days a new branch is watched for before anything is expected of it.
const WATCHED: usize = 7;

/// What branches usually do on the same weekday.
pub struct Habits<'h> {
    scan: &'h Scan,
    calendar: &'h Calendar,
    first_day: BTreeMap<&'h str, i32>,
    /// How many branches have orders of a day.
    sold: BTreeMap<i32, usize>,
    /// The first day of each branch, in order.
    opened: Vec<i32>,
}

impl<'h> Habits<'h> {
    /// The habits of all branches.
    pub fn new(scan: &'h Scan, calendar: &'h Calendar) -> Habits<'h> {
        let mut first_day: BTreeMap<&str, i32> = BTreeMap::new();
        for day in &scan.days {
            let opened = calendar.opened(&day.branch).unwrap_or(i32::MIN);
            if day.day >= opened {
                first_day.entry(day.branch.as_str()).or_insert(day.day);
            }
        }
        let mut sold: BTreeMap<i32, usize> = BTreeMap::new();
        for day in scan.days.iter().filter(|day| !day.branch.is_empty()) {
            *sold.entry(day.day).or_default() += 1;
        }
        let named = first_day.iter().filter(|(branch, _)| !branch.is_empty());
        let mut opened: Vec<i32> = named.map(|(_, first)| *first).collect();
        opened.sort_unstable();
        Habits { scan, calendar, first_day, sold, opened }
    }

    /// Orders of the branch on the same weekday before, the latest first; usual days alone.
    pub fn same_weekdays(&self, branch: &str, day: i32) -> Vec<i64> {
        let Some(first) = self.first_day.get(branch) else { return Vec::new() };
        (1..=WEEKS)
            .map(|weeks| day - 7 * weeks)
            .filter(|before| before >= first && self.calendar.kind(branch, *before) == DayKind::Usual)
            .map(|before| self.scan.find(branch, before).map_or(0, |place| self.scan.days[place].documents))
            .take(8)
            .collect()
    }

    /// Orders and amount (minor units) of the branch on the same weekdays before: the medians, where there are any.
    pub fn usual(&self, branch: &str, day: i32) -> Option<(i64, i64)> {
        let places = (1..=WEEKS)
            .map(|weeks| day - 7 * weeks)
            .filter(|before| self.calendar.kind(branch, *before) == DayKind::Usual)
            .filter_map(|before| self.scan.find(branch, before))
            .take(8);
        let (mut orders, mut amounts): (Vec<i64>, Vec<i64>) =
            places.map(|place| self.scan.days[place].totals).map(|totals| (totals.orders, totals.amount)).unzip();
        orders.sort_unstable();
        amounts.sort_unstable();
        Some((*orders.get(orders.len() / 2)?, *amounts.get(amounts.len() / 2)?))
    }

    /// Whether the branch was expected to sell on the day.
    pub fn expects(&self, branch: &str, day: i32) -> bool {
        match self.calendar.kind(branch, day) {
            DayKind::Closed | DayKind::Holiday => false,
            DayKind::Open => true,
            DayKind::Usual => {
                let mut before = self.same_weekdays(branch, day);
                let with_orders = before.iter().filter(|orders| **orders > 0).count();
                before.sort_unstable();
                let is_habit = with_orders * 8 >= before.len() * 7;
                let is_known = before.len() >= FEWEST || self.sells_with_the_others(branch, day);
                !before.is_empty() && is_known && is_habit && before[before.len() / 2] >= BUSY
            }
        }
    }

    /// Whether the other branches sold on the day, and a branch without a habit yet has so far sold whenever they did.
    fn sells_with_the_others(&self, branch: &str, day: i32) -> bool {
        let Some(first) = self.first_day.get(branch) else { return false };
        let Some(newest) = (*first..day).rev().find(|before| self.scan.find(branch, *before).is_some()) else {
            return false;
        };
        let shared = (*first..=newest).filter(|day| self.others_sold(branch, *day));
        let (n, own) =
            shared.fold((0, 0), |(n, own), day| (n + 1, own + usize::from(self.scan.find(branch, day).is_some())));
        n >= WATCHED && own * 8 >= n * 7 && self.others_sold(branch, day)
    }

    /// Whether at least half of the other branches that had opened sold on the day.
    fn others_sold(&self, branch: &str, day: i32) -> bool {
        let has_opened = self.first_day.get(branch).is_some_and(|first| *first <= day);
        let others = self.opened.partition_point(|first| *first <= day) - usize::from(has_opened);
        let has_sold = self.scan.find(branch, day).is_some();
        let sold = self.sold.get(&day).map_or(0, |branches| branches - usize::from(has_sold));
        sold > 0 && sold * 2 >= others
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::BranchDay;
    use super::*;

    /// Three branches; what each of them sells on a day, by branch and day of a month that begins on a Thursday.
    fn scan(days: i32, orders: impl Fn(&str, i32) -> i64) -> Scan {
        let all = ["A", "B", "C"].into_iter().flat_map(|branch| (0..days).map(move |day| (branch, day)));
        let sold = all.map(|(branch, day)| (branch, day, orders(branch, day))).filter(|(.., orders)| *orders > 0);
        let day = |(branch, day, documents): (&str, i32, i64)| BranchDay {
            branch: branch.into(),
            day,
            documents,
            ..BranchDay::default()
        };
        Scan { days: sold.map(day).collect(), ..Scan::default() }
    }

    #[test]
    fn a_new_branch_that_sold_whenever_the_others_did_is_expected_from_its_second_week_on() {
        let calendar = Calendar::default();
        for last in 7..28 {
            let scan = scan(last + 1, |branch, day| if branch == "A" && day == last { 0 } else { 9 });
            assert!(Habits::new(&scan, &calendar).expects("A", last), "day {last}");
        }
        let young = scan(7, |branch, day| if branch == "A" && day == 6 { 0 } else { 9 });
        assert!(!Habits::new(&young, &calendar).expects("A", 6), "six days say nothing");
    }

    #[test]
    fn a_day_on_which_the_others_are_closed_too_or_that_the_branch_keeps_free_is_not_missing() {
        let calendar = Calendar::default();
        let feast = scan(15, |_, day| if day == 12 { 0 } else { 9 });
        assert!(!Habits::new(&feast, &calendar).expects("A", 12));
        let sundays = scan(15, |branch, day| if branch == "A" && day % 7 == 3 { 0 } else { 9 });
        assert!(!Habits::new(&sundays, &calendar).expects("A", 10));
        let small = scan(15, |branch, day| if branch == "A" && day == 12 { 0 } else { 2 });
        assert!(!Habits::new(&small, &calendar).expects("A", 12), "two orders a day may well be none");
    }
}
