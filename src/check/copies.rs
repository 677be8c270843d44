//! Yesterday's file again: days whose orders, numbers and dates aside, are those of an earlier day of the branch.

use std::collections::BTreeMap;

use super::scan::{NONE, Scan};

/// Days before that a copy may be of.
const DAYS_BEFORE: i32 = 14;
/// Orders below which two days may be alike by chance.
const FEWEST: usize = 5;

/// A day that repeats another.
#[derive(Debug, Clone, PartialEq)]
pub struct Copy {
    /// The branch-day, by place.
    pub place: usize,
    /// The day it repeats.
    pub of: i32,
    /// Share of its orders that the other has too.
    pub share: f64,
}

/// The days in `from..to` of which at least `share` of the orders are an earlier day's.
pub fn copies(scan: &Scan, from: i32, to: i32, share: f64) -> Vec<Copy> {
    let mut orders: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for (key, group) in scan.orders.group.iter().enumerate().filter(|(_, group)| **group != NONE) {
        let day = scan.days[*group as usize].day;
        if scan.orders.lines[key] > 0 && (from - DAYS_BEFORE..to).contains(&day) {
            orders.entry(*group as usize).or_default().push(scan.orders.signature[key]);
        }
    }
    orders.values_mut().for_each(|signatures| signatures.sort_unstable());
    let mut copies = Vec::new();
    for (place, own) in &orders {
        let day = &scan.days[*place];
        if day.day < from || own.len() < FEWEST {
            continue;
        }
        let earlier = orders.range(..place).rev().take_while(|(before, _)| {
            scan.days[**before].branch == day.branch && scan.days[**before].day >= day.day - DAYS_BEFORE
        });
        let best = earlier
            .map(|(before, theirs)| (common(own, theirs) as f64 / own.len() as f64, scan.days[*before].day))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if let Some((found, of)) = best.filter(|(found, _)| *found >= share) {
            copies.push(Copy { place: *place, of, share: found });
        }
    }
    copies
}

/// How many of two sorted lists are the same.
fn common(left: &[u64], right: &[u64]) -> usize {
    let (mut a, mut b, mut same) = (0, 0, 0);
    while a < left.len() && b < right.len() {
        match left[a].cmp(&right[b]) {
            std::cmp::Ordering::Less => a += 1,
            std::cmp::Ordering::Greater => b += 1,
            std::cmp::Ordering::Equal => (a, b, same) = (a + 1, b + 1, same + 1),
        }
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_days_share_is_counted_with_repeats() {
        assert_eq!(common(&[1, 1, 2, 3], &[1, 2, 2, 3, 9]), 3);
        assert_eq!(common(&[], &[1]), 0);
    }
}
