//! Against every subset counted by hand, and against what arules, mlxtend and pyfim give on real baskets.

use std::collections::BTreeMap;
use std::io::Read;

use proptest::prelude::*;

use super::super::association::{Counts, Measures, benjamini_hochberg, measures};
use super::super::cdnow::{shared_file, shared_text};
use super::*;

const ALL: usize = usize::MAX >> 1;

/// Items and ends of baskets.
fn flat(baskets: &[Vec<u32>]) -> (Vec<u32>, Vec<u32>) {
    let mut items = Vec::new();
    let ends = baskets
        .iter()
        .map(|basket| {
            items.extend(basket);
            items.len() as u32
        })
        .collect();
    (items, ends)
}

/// One basket a line.
fn baskets(path: &str) -> Option<Vec<Vec<u32>>> {
    let text = shared_text(path)?;
    Some(text.lines().map(|line| line.split_whitespace().map(|item| item.parse().unwrap()).collect()).collect())
}

fn mine(baskets: &[Vec<u32>], min_support: f64) -> Itemsets {
    let (items, ends) = flat(baskets);
    let min_count = (min_support * ends.len() as f64).ceil() as u32;
    Itemsets::mine(&items, &ends, Limits { min_count, max_items: MOST_ITEMS, max_sets: ALL })
}

fn judged(sets: &Itemsets, rule: &Rule) -> Measures {
    measures(Counts {
        n: sets.n_baskets.into(),
        n_a: rule.n_antecedent.into(),
        n_b: rule.n_consequent.into(),
        n_both: rule.n_both.into(),
    })
    .unwrap()
}

/// Itemsets, rules, redundant rules, rules that stand Bonferroni's and Benjamini-Hochberg's test at .01.
fn summary(baskets: &[Vec<u32>], min_support: f64, min_confidence: f64) -> [usize; 5] {
    let sets = mine(baskets, min_support);
    let rules = sets.rules(min_confidence);
    let p: Vec<f64> = rules.iter().map(|rule| judged(&sets, rule).fisher_p).collect();
    let bonferroni = p.iter().filter(|p| **p * p_count(&rules) <= 0.01).count();
    let kept = benjamini_hochberg(&p).iter().filter(|q| **q <= 0.01).count();
    [sets.len(), rules.len(), rules.iter().filter(|rule| rule.redundant).count(), bonferroni, kept]
}

fn p_count(rules: &[Rule]) -> f64 {
    rules.len() as f64
}

#[test]
fn finds_what_arules_mlxtend_and_pyfim_find_in_groceries() {
    let Some(groceries) = baskets("data/groceries/groceries.dat") else { return };
    assert_eq!(summary(&groceries, 0.001, 0.5), [13_492, 5_668, 572, 1_815, 5_594]);
    assert_eq!(summary(&groceries, 0.001, 0.8), [13_492, 410, 18, 377, 410]);
    assert_eq!(summary(&groceries, 0.001, 0.25), [13_492, 17_391, 2_273, 3_418, 15_089]);
    assert_eq!(summary(&groceries, 0.005, 0.25), [1_001, 662, 27, 557, 648]);
    assert_eq!(summary(&groceries, 0.01, 0.25), [333, 170, 2, 163, 168]);
    assert_eq!(summary(&groceries, 0.0005, 0.5), [49_580, 42_278, 8_008, 1_561, 35_543]);
    assert_eq!(mine(&groceries, 0.001).by_size(), [157, 2_981, 6_831, 3_137, 376, 10]);
}

#[test]
fn finds_what_arules_and_pyfim_find_in_retail() {
    let Some(retail) = baskets("data/fimi_retail/retail.dat") else { return };
    assert_eq!(summary(&retail, 0.01, 0.3)[..2], [159, 116]);
    assert_eq!(summary(&retail, 0.001, 0.3)[..2], [7_589, 6_365]);
    assert_eq!(summary(&retail, 0.0005, 0.5)[..2], [19_242, 15_321]);
}

#[test]
fn measures_equal_those_of_arules_over_all_groceries_rules() {
    let (Some(groceries), Some(labels)) =
        (baskets("data/groceries/groceries.dat"), shared_text("data/groceries/items.csv"))
    else {
        return;
    };
    let Some(packed) = shared_file("reference/rules_groceries_arules_s0.001_c0.5.csv.gz") else { return };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut labels = csv::Reader::from_reader(labels.as_bytes());
    let columns = labels.headers().unwrap().clone();
    let [id, name] = [["item_id", "id"], ["item", "label"]].map(|names| {
        columns.iter().position(|column| names.contains(&column)).unwrap_or_else(|| panic!("{columns:?}"))
    });
    let names: BTreeMap<u32, String> =
        labels.records().flatten().map(|row| (row[id].parse().unwrap(), row[name].to_string())).collect();
    let sets = mine(&groceries, 0.001);
    let mut found: BTreeMap<(String, String), Rule> = BTreeMap::new();
    for rule in sets.rules(0.5) {
        let mut antecedent: Vec<&str> = rule.antecedent().iter().map(|item| names[item].as_str()).collect();
        antecedent.sort_unstable();
        found.insert((antecedent.join(";"), names[&rule.consequent].clone()), rule);
    }
    let mut count = 0;
    for row in reader.records().flatten() {
        let mut antecedent: Vec<&str> = row[0].split(';').collect();
        antecedent.sort_unstable();
        let rule = found[&(antecedent.join(";"), row[1].to_string())];
        let own = judged(&sets, &rule);
        assert_eq!(rule.redundant, row[place("redundant")].eq("TRUE"), "{row:?}");
        let values = [
            ("support", own.support),
            ("confidence", own.confidence),
            ("coverage", own.share_a),
            ("lift", own.lift),
            ("leverage", own.leverage),
            ("conviction", own.conviction),
            ("chiSquared", own.chi2),
            ("fishersExactTest", own.fisher_p),
            ("phi", own.phi),
            ("jaccard", own.jaccard),
            ("cosine", own.cosine),
            ("kulczynski", own.kulczynski),
            ("imbalance", own.imbalance),
            ("addedValue", own.added_value),
            ("certainty", own.certainty),
        ];
        for (name, value) in values {
            let expected: f64 = match &row[place(name)] {
                "Inf" => f64::INFINITY,
                text => text.parse().unwrap(),
            };
            let near = value == expected || (value / expected - 1.0).abs() < 1e-12;
            assert!(near, "{name} {value} {expected} {row:?}");
        }
        count += 1;
    }
    assert_eq!((count, found.len()), (5_668, 5_668));
}

#[test]
fn the_cap_raises_the_minimum_count_and_the_result_is_whole_at_it() {
    // 30 baskets with the same 200 items have more subsets than anything can hold; 31 others do not.
    let mut baskets = vec![(0..200).collect::<Vec<u32>>(); 30];
    baskets.extend(vec![vec![500, 501]; 50]);
    let (items, ends) = flat(&baskets);
    let sets = Itemsets::mine(&items, &ends, Limits { min_count: 5, max_items: MOST_ITEMS, max_sets: 100_000 });
    assert!(sets.min_count > 30, "{}", sets.min_count);
    assert_eq!((sets.len(), sets.count(&[500, 501])), (3, Some(50)));
    let just = Itemsets::mine(&items[6_000..], &[2, 4], Limits { min_count: 1, max_items: 9, max_sets: 3 });
    assert_eq!((just.len(), just.min_count), (3, 1));
}

#[test]
fn nothing_in_nothing_out() {
    let limits = Limits { min_count: 1, max_items: 5, max_sets: 10 };
    assert!(Itemsets::mine(&[], &[], limits).is_empty());
    let empty_baskets = Itemsets::mine(&[7], &[0, 1, 1], limits);
    assert_eq!((empty_baskets.len(), empty_baskets.n_baskets, empty_baskets.rules(0.0).len()), (1, 3, 0));
}

proptest! {
    #[test]
    fn equals_counting_every_subset(
        baskets in prop::collection::vec(prop::collection::btree_set(0_u32..9, 0..7), 1..40),
        min_count in 1_u32..6,
        max_items in 1_usize..6,
        min_confidence in 0.0_f64..1.0,
    ) {
        let baskets: Vec<Vec<u32>> = baskets.into_iter().map(|basket| basket.into_iter().collect()).collect();
        let (items, ends) = flat(&baskets);
        let sets = Itemsets::mine(&items, &ends, Limits { min_count, max_items, max_sets: ALL });
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        for basket in &baskets {
            let whole = basket.iter().fold(0_u32, |mask, item| mask | 1 << item);
            for mask in 1..512_u32 {
                if mask & whole == mask {
                    *counts.entry(mask).or_default() += 1;
                }
            }
        }
        counts.retain(|mask, count| *count >= min_count && mask.count_ones() as usize <= max_items);
        prop_assert_eq!(sets.len(), counts.len());
        let list = |mask: u32| (0..9).filter(|item| mask >> item & 1 == 1).collect::<Vec<u32>>();
        for (mask, count) in &counts {
            prop_assert_eq!(sets.count(&list(*mask)), Some(*count));
        }
        let mut expected = Vec::new();
        for (mask, both) in &counts {
            for consequent in list(*mask) {
                let antecedent = mask & !(1 << consequent);
                let confidence = |antecedent: u32| {
                    f64::from(counts[&(antecedent | 1 << consequent)]) / f64::from(counts[&antecedent])
                };
                if antecedent != 0 && confidence(antecedent) >= min_confidence {
                    let redundant = (1..antecedent)
                        .any(|part| part & antecedent == part && confidence(part) >= confidence(antecedent));
                    expected.push((list(antecedent), consequent, *both, counts[&antecedent], redundant));
                }
            }
        }
        let mut found: Vec<_> = sets
            .rules(min_confidence)
            .iter()
            .map(|rule| {
                (rule.antecedent().to_vec(), rule.consequent, rule.n_both, rule.n_antecedent, rule.redundant)
            })
            .collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }
}
