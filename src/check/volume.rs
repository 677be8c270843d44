//! Days on which a branch sold far more or less than on the same weekdays before, in a way the other branches do not
//! share. Counts are compared as 2√x, whose variance is about 1 whatever the count (Anscombe 1948); centre and spread are
//! median and median absolute deviation, so that one odd week does not hide the next.

use super::days::{Calendar, DayKind, Habits};
use super::scan::Scan;

/// Same weekdays needed.
const FEWEST: usize = 4;
/// Other branches needed to tell a company-wide day.
const OTHERS: usize = 3;

/// A day that is off.
#[derive(Debug, Clone, PartialEq)]
pub struct OddDay {
    /// The branch-day, by place.
    pub place: usize,
    /// Orders there are.
    pub orders: i64,
    /// Orders there usually are, the other branches' day taken into account.
    pub usual: i64,
    /// Robust standard deviations.
    pub z: f64,
}

/// The odd days in `from..to`.
pub fn odd_days(scan: &Scan, calendar: &Calendar, habits: &Habits<'_>, from: i32, to: i32, limit: f64) -> Vec<OddDay> {
    let mut odd = Vec::new();
    for day in from..to {
        let mut seen: Vec<(usize, Vec<i64>)> = Vec::new();
        let mut place = 0;
        while place < scan.days.len() {
            // Branch-days lie by branch: jump to this branch's day, then to the next branch.
            let branch = scan.days[place].branch.as_str();
            if let Some(found) = scan.find(branch, day) {
                let before = habits.same_weekdays(branch, day);
                if before.len() >= FEWEST && calendar.kind(branch, day) == DayKind::Usual {
                    seen.push((found, before));
                }
            }
            place += scan.days[place..].partition_point(|own| own.branch == branch);
        }
        let usual: Vec<f64> =
            seen.iter().map(|(_, before)| median(before.iter().map(|n| *n as f64).collect())).collect();
        let (all_now, all_usual): (f64, f64) = seen
            .iter()
            .zip(&usual)
            .fold((0.0, 0.0), |sum, ((place, _), usual)| (sum.0 + scan.days[*place].documents as f64, sum.1 + usual));
        for ((place, before), usual) in seen.iter().zip(&usual) {
            let orders = scan.days[*place].documents;
            let (now, rest) = (all_now - orders as f64, all_usual - usual);
            let share = if seen.len() > OTHERS && rest >= 20.0 { (now / rest).clamp(0.2, 5.0) } else { 1.0 };
            let spread: Vec<f64> = before.iter().map(|n| 2.0 * (*n as f64).sqrt()).collect();
            let centre = median(spread.clone());
            let deviation = median(spread.iter().map(|value| (value - centre).abs()).collect());
            let scale = (1.4826 * deviation).max(1.0);
            let expected = usual * share;
            let z = (2.0 * (orders as f64).sqrt() - 2.0 * expected.sqrt()) / scale;
            if z.abs() >= limit {
                odd.push(OddDay { place: *place, orders, usual: expected.round() as i64, z });
            }
        }
    }
    odd
}

/// The median; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}
