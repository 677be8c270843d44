//! Against `reference/rfm_cdnow_master.json`: four tie rules, two maps, two days, and who moved between them.
//!
//! The reference adds dollars as binary floating point (numpy's `add.reduceat`, days first, then customers), which makes
//! different values of equal sums: 8,874 where there are 8,162. Given its own values, [`in_floating_point`], our scores
//! are its to the last customer; on exact cents they differ where equal values decide, by the customers
//! [`moved_by_floating_point`] counts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::stats::cdnow::shared_text;

/// A purchase: customer, day, cents.
type Purchase = (u32, i32, i64);

fn purchases() -> Option<Vec<Purchase>> {
    let text = shared_text("data/cdnow/CDNOW_master.txt")?;
    let row = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let customer = fields[0].parse().ok()?;
        let date: i64 = fields[1].parse().ok()?;
        let day = day_number(date / 10_000, date / 100 % 100, date % 100)?;
        let dollars: f64 = fields[3].parse().ok()?;
        Some((customer, day, (dollars * 100.0).round() as i64))
    };
    Some(text.lines().filter_map(row).collect())
}

/// Recency, frequency (days with a purchase) and monetary of every customer before a day.
fn values(purchases: &[Purchase], as_of: i32) -> Scored {
    let mut found: BTreeMap<u32, BTreeMap<i32, i64>> = BTreeMap::new();
    for (customer, day, cents) in purchases.iter().filter(|purchase| purchase.1 < as_of) {
        *found.entry(*customer).or_default().entry(*day).or_default() += cents;
    }
    let last = |days: &BTreeMap<i32, i64>| i64::from(as_of - days.keys().next_back().unwrap());
    Scored {
        customer: found.keys().copied().collect(),
        recency_days: found.values().map(last).collect(),
        frequency: found.values().map(|days| days.len() as i64).collect(),
        monetary: found.values().map(|days| days.values().sum()).collect(),
        ..Scored::default()
    }
}

fn map(name: &str) -> SegmentMap {
    serde_json::from_value(Value::from(name)).unwrap()
}

fn rfm(rule: Rule, name: &str) -> Rfm {
    Rfm { rule, map: map(name), ..Rfm::default() }
}

const RULES: [(&str, Rule); 4] = [
    ("ntile_id", Rule::Ntile),
    ("quantile_cut", Rule::Quantile),
    ("midrank", Rule::TiesTogether),
    ("dense", Rule::Dense),
];

/// numpy's `add.reduceat` of one group: its first value, plus the others added in eight lanes where there are so many
/// (fewer than 128, as no customer of CDNOW has more).
fn reduceat(values: &[f64]) -> f64 {
    let (first, rest) = values.split_first().unwrap();
    let (mut lanes, whole) = ([0.0; 8], rest.len() / 8 * 8);
    for (place, value) in rest[..whole].iter().enumerate() {
        lanes[place % 8] += value;
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    first + rest[whole..].iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

/// The same customers with the place of their monetary among the distinct sums of the reference, which adds dollars.
fn in_floating_point(purchases: &[Purchase], as_of: i32) -> Scored {
    let mut found: BTreeMap<u32, BTreeMap<i32, Vec<f64>>> = BTreeMap::new();
    for (customer, day, cents) in purchases.iter().filter(|purchase| purchase.1 < as_of) {
        // Dollars as written: of two decimals, the nearest binary fraction.
        found.entry(*customer).or_default().entry(*day).or_default().push(*cents as f64 / 100.0);
    }
    let of_customer =
        |days: &BTreeMap<i32, Vec<f64>>| reduceat(&days.values().map(|orders| reduceat(orders)).collect::<Vec<f64>>());
    let sums: Vec<f64> = found.values().map(of_customer).collect();
    let mut distinct = sums.clone();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    let place = |sum: &f64| distinct.partition_point(|other| other < sum) as i64;
    Scored { monetary: sums.iter().map(place).collect(), ..values(purchases, as_of) }
}

/// Customers whose score of monetary is another one on exact cents.
fn moved_by_floating_point(day: &str, rule: &str) -> usize {
    match (day, rule) {
        ("1997-09-30", "dense") => 708,
        ("1998-06-30", "dense") => 778,
        _ => 0,
    }
}

/// Our name of a segment of the reference.
fn our_name(name: &str) -> String {
    match name {
        "New Customers" => "new".into(),
        "Cannot Lose Them" => "cant_lose".into(),
        name => name.to_lowercase().replace(' ', "_"),
    }
}

#[test]
fn four_tie_rules_and_both_maps_equal_the_reference() {
    let (Some(purchases), Some(text)) = (purchases(), shared_text("reference/rfm_cdnow_master.json")) else { return };
    let reference: Value = serde_json::from_str(&text).unwrap();
    for (day, as_of) in [("1997-09-30", (1997, 10, 1)), ("1998-06-30", (1998, 7, 1))] {
        let as_of = day_number(as_of.0, as_of.1, as_of.2).unwrap();
        let (exact, floating) = (values(&purchases, as_of), in_floating_point(&purchases, as_of));
        for (name, rule) in RULES {
            let expected = &reference[day][name];
            let scored = rfm(rule, "cells_125").scored(floating.clone(), None);
            assert_eq!(scored.customer.len(), 23_570);
            for (axis, bins) in ["R_bins", "F_bins", "M_bins"].into_iter().enumerate() {
                for score in 1..=SCORES {
                    let count = scored.scores[axis].iter().filter(|found| **found == score).count() as u64;
                    let wanted = expected[bins][score.to_string()].as_u64().unwrap_or(0);
                    assert_eq!(count, wanted, "{day} {name} {bins} {score}");
                }
            }
            let (of_125, of_25) = (map("cells_125"), map("cells_25"));
            let [r, f, m] = &scored.scores;
            let mut sums: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
            let mut cells: BTreeMap<&str, u64> = BTreeMap::new();
            for (row, cents) in exact.monetary.iter().enumerate() {
                let sum = sums.entry(of_125.name(of_125.segment(r[row], f[row], m[row]))).or_default();
                sum.0 += 1;
                sum.1 += cents;
                *cells.entry(of_25.name(of_25.segment(r[row], f[row], m[row]))).or_default() += 1;
            }
            let all: i64 = exact.monetary.iter().sum();
            for (segment, wanted) in expected["seg125"].as_object().unwrap() {
                let (count, cents) = sums.remove(&*our_name(segment)).unwrap_or_default();
                assert_eq!(count, wanted["n"].as_u64().unwrap(), "{day} {name} {segment}");
                let away = cents as f64 / all as f64 - wanted["revenue_share"].as_f64().unwrap();
                assert!(away.abs() < 1e-12, "{day} {name} {segment}");
            }
            assert!(sums.is_empty(), "{sums:?}");
            for (segment, wanted) in expected["seg25_rf"].as_object().unwrap() {
                let count = cells.remove(segment.as_str()).unwrap_or_default();
                assert_eq!(count, wanted.as_u64().unwrap(), "{day} {name} {segment}");
            }
            assert!(cells.is_empty(), "{cells:?}");
            let on_cents = rfm(rule, "cells_125").scored(exact.clone(), None);
            assert_eq!(on_cents.scores[..2], scored.scores[..2]);
            let moved = m.iter().zip(&on_cents.scores[2]).filter(|(floating, exact)| floating != exact).count();
            assert_eq!(moved, moved_by_floating_point(day, name), "{day} {name}");
        }
    }
}

/// On exact cents the dense rule has fewer distinct values than on floating-point dollars, so other fifths.
#[test]
fn equal_sums_are_equal_in_minor_units() {
    let Some(purchases) = purchases() else { return };
    let as_of = day_number(1997, 10, 1).unwrap();
    let scored = rfm(Rule::Dense, "cells_125").scored(values(&purchases, as_of), None);
    let size = |score| scored.scores[2].iter().filter(|found| **found == score).count();
    assert_eq!([1, 2, 3, 4, 5].map(size), [14_415, 3_364, 2_234, 1_865, 1_692]);
}

#[test]
fn moves_between_two_days_equal_the_reference() {
    let (Some(purchases), Some(text)) = (purchases(), shared_text("reference/rfm_cdnow_master.json")) else { return };
    let reference: Value = serde_json::from_str(&text).unwrap();
    let day = |y, m, d| day_number(y, m, d).unwrap();
    for (name, rule) in &RULES[..3] {
        let rfm = rfm(*rule, "cells_125");
        let scored = |as_of| rfm.scored(in_floating_point(&purchases, as_of), None);
        let (now, then) = (scored(day(1998, 7, 1)), scored(day(1997, 10, 1)));
        let before = Before::recomputed(day(1997, 10, 1), then);
        let ids: Vec<String> = (0..=23_570).map(|customer| format!("{customer:05}")).collect();
        let migration = Migration::new(&rfm.map, |customer| &ids[customer as usize], &now, Some(&before));
        let cells = migration.cells().unwrap();
        let (from, to) = (texts(&cells, "previous_segment").unwrap(), texts(&cells, "segment").unwrap());
        let column = |name: &str| wholes(&cells, name).unwrap();
        let (mut found, mut stayed) = (BTreeMap::new(), 0);
        for row in 0..cells.height() {
            let count = |name: &str| column(name).get(row).unwrap();
            let (from, to) = (from.get(row).unwrap(), to.get(row).unwrap());
            found.insert((from.to_string(), to.to_string()), count("customers"));
            let causes = ["customer", "cuts", "both", "ties"].map(|cause| count(&format!("moved_by_{cause}")));
            let moved: i64 = causes.iter().sum();
            assert_eq!(moved, if from == to { 0 } else { count("customers") }, "{name}: each mover has one cause");
            assert!(*rule == Rule::Ntile || causes[3] == 0, "{name}: only ntile splits equal customers");
            stayed += if from == to { count("customers") } else { 0 };
            let money = ["customer", "cuts", "both", "ties"].map(|cause| count(&format!("monetary_by_{cause}")));
            assert_eq!(money.iter().sum::<i64>(), if from == to { 0 } else { count("monetary") }, "{name}");
        }
        for (from, row) in reference[format!("migration_{name}")].as_object().unwrap() {
            for (to, wanted) in row.as_object().unwrap() {
                let pair = (our_name(from), our_name(to));
                let count = found.remove(&pair).unwrap_or_default();
                assert_eq!(count, wanted.as_i64().unwrap(), "{name} {pair:?}");
            }
        }
        assert!(found.is_empty(), "{found:?}");
        let share = reference[format!("retained_segment_share_{name}")].as_f64().unwrap();
        assert!((stayed as f64 - 23_570.0 * share).abs() < 1e-6, "{name}");
        assert_eq!(column("customers").iter().flatten().sum::<i64>(), 23_570);
    }
}

#[test]
fn months_end_where_the_month_does() {
    let day = |y, m, d| day_number(y, m, d).unwrap();
    assert_eq!(months_before(day(2025, 1, 1), 24), day(2023, 1, 1));
    assert_eq!(months_before(day(2024, 3, 31), 1), day(2024, 2, 29));
    assert_eq!(months_before(day(2025, 1, 31), 11), day(2024, 2, 29));
}

#[test]
fn parameters_that_do_not_go_together_are_refused() {
    let refused = |text: &str| toml::from_str::<Rfm>(text).unwrap().validate().unwrap_err();
    let cuts = "[cut_points]\nrecency_days = [365, 180, 90, 30]\nfrequency = [2, 3, 5, 9]\nmonetary = [1, 2, 3, 4]\n";
    assert!(toml::from_str::<Rfm>(&format!("rule = \"cut_points\"\n{cuts}")).unwrap().validate().is_ok());
    assert!(refused("rule = \"cut_points\"").contains("needs `[rfm.cut_points]`"));
    assert!(refused(cuts).contains("not used by `rule = \"ties_together\"`"));
    assert!(refused(&format!("rule = \"cut_points\"\n{}", cuts.replace("365", "5"))).contains("recency_days fall"));
    assert!(refused("frozen_run = \"2025-01-01\"").contains("`rule = \"frozen\"` alone"));
    assert!(refused("rule = \"frozen\"\nfrozen_run = \"January\"").contains("`January` is no day"));
}
