//! What goes with several things at once, and with whole categories: rules from frequent itemsets.

mod levels;

use std::cmp::Ordering;

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::levels::{Grouping, Postings};
use super::basket::pairs::Baskets;
use super::expected_margin::expected;
use super::frame::FrameBuilder;
use super::model_card::Metric;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{ITEMSET_MODEL_CARD, ITEMSET_RULES};
use crate::error::Result;
use crate::facts::{Keep, Parts};
use crate::stats::association::{Counts, Measures, benjamini_hochberg, measures};
use crate::stats::itemsets::{Itemsets, Limits, Rule};

static SPEC: Spec = Spec {
    id: "itemsets",
    definition: "A basket is the distinct products of one completed order of the window that were sold and kept; at the \
                 levels above, their distinct subcategories or categories. Every set of up to `max_items` of them that \
                 is in at least max(`min_count`, `min_support` of all baskets, rounded up) baskets is found, and of it \
                 every rule with one consequent and a confidence of at least `min_confidence`. Only baskets before the \
                 last `replay_days` are mined; each rule is replayed on the others. p is Fisher's exact test, q \
                 Benjamini-Hochberg's over all rules of the level; rules above `max_q` are dropped. Redundant is a rule \
                 where part of the antecedent has the same confidence or a higher one. The order is: not redundant, \
                 expected margin (unknown last), q, lift, then by the rule itself; the first `max_rules` of a level are \
                 given. Where the itemsets of a level would not fit into `memory_mb`, the minimum count is raised by \
                 quarters until they do. The model card says what every limit cut.",
    needs: &[],
    reads: Parts { lines: Keep::Products, ..Parts::ORDERS },
    outputs: &[&ITEMSET_RULES, &ITEMSET_MODEL_CARD],
};

/// Parameters: `[itemsets]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemsetRules {
    /// Orders of so many days before the as-of date.
    pub window_days: u32,
    /// What is put into baskets.
    pub levels: Vec<Level>,
    /// Smallest share of baskets with an itemset.
    pub min_support: f64,
    /// Fewest baskets with an itemset.
    pub min_count: u32,
    /// Smallest confidence.
    pub min_confidence: f64,
    /// Most items of an itemset, the consequent included; at most 16.
    pub max_items: u32,
    /// Largest q-value; 1 keeps all.
    pub max_q: f64,
    /// Most rules a level.
    pub max_rules: u32,
    /// Most memory for the itemsets of a level and their rules, MiB.
    pub memory_mb: u32,
    /// The last so many days of the window are replayed.
    pub replay_days: u32,
}

/// What a basket is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Products.
    Product,
    /// Subcategories, each within its category.
    Subcategory,
    /// Categories.
    Category,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Product => "product",
            Level::Subcategory => "subcategory",
            Level::Category => "category",
        }
    }
}

impl Default for ItemsetRules {
    fn default() -> ItemsetRules {
        ItemsetRules {
            window_days: 365,
            levels: vec![Level::Category, Level::Subcategory, Level::Product],
            min_support: 0.001,
            min_count: 10,
            min_confidence: 0.1,
            max_items: 4,
            max_q: 0.01,
            max_rules: 5_000,
            memory_mb: 256,
            replay_days: 30,
        }
    }
}

/// What one itemset and the rules it may give take, bytes: its node, and a rule and its measures.
const BYTES_PER_SET: usize = 512;

/// The rules of one level, and what became of them.
struct Mined {
    level: Level,
    grouping: Grouping,
    n_baskets: u32,
    rows: Vec<Row>,
    card: Vec<Metric>,
}

/// One rule.
struct Row {
    rule: Rule,
    measures: Measures,
    q_value: f64,
    margin: Option<i64>,
    /// Replayed baskets with the antecedent, and those with the consequent too.
    replayed: (u32, u32),
}

impl Analysis for ItemsetRules {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let first = facts.as_of.saturating_sub_unsigned(self.window_days);
        let replayed_from = facts.as_of.saturating_sub_unsigned(self.replay_days).max(first);
        let baskets = Baskets::collect(facts, first..facts.as_of, replayed_from);
        let mut levels = self.levels.clone();
        levels.dedup();
        let mined: Vec<Mined> = levels
            .into_iter()
            .map(|level| {
                let grouping = Grouping::of(facts, level, &baskets);
                let grouped = (level != Level::Product).then(|| baskets.grouped(&grouping.of_product));
                self.mine(level, grouping, grouped.as_ref().unwrap_or(&baskets))
            })
            .collect();
        Ok(vec![rules_frame(&mined)?, card_frame(&mined)?])
    }
}

impl ItemsetRules {
    fn mine(&self, level: Level, grouping: Grouping, baskets: &Baskets) -> Mined {
        let (items, ends) = baskets.earlier();
        let n_baskets = ends.len() as u32;
        let asked = self.min_count.max((f64::from(n_baskets) * self.min_support).ceil() as u32).max(1);
        let sets = Itemsets::mine(
            items,
            ends,
            Limits {
                min_count: asked,
                max_items: self.max_items as usize,
                max_sets: ((self.memory_mb as usize) << 20) / BYTES_PER_SET,
            },
        );
        let rules = sets.rules(self.min_confidence);
        let judge = |rule: &Rule| {
            measures(Counts {
                n: n_baskets.into(),
                n_a: rule.n_antecedent.into(),
                n_b: rule.n_consequent.into(),
                n_both: rule.n_both.into(),
            })
        };
        let judged: Vec<Option<Measures>> = rules.par_iter().with_min_len(512).map(judge).collect();
        let p_values: Vec<f64> = judged.iter().map(|judged| judged.map_or(1.0, |judged| judged.fisher_p)).collect();
        let q_values = benjamini_hochberg(&p_values);
        let found = rules.len();
        let mut rows: Vec<Row> = rules
            .into_iter()
            .zip(judged)
            .zip(q_values)
            .filter(|(_, q_value)| *q_value <= self.max_q)
            .filter_map(|((rule, judged), q_value)| {
                let margin = grouping.margins[rule.consequent as usize];
                let margin = margin.map(|margin| expected(margin, rule.n_both, rule.n_antecedent));
                Some(Row { rule, measures: judged?, q_value, margin, replayed: (0, 0) })
            })
            .collect();
        let significant = rows.len();
        rows.par_sort_unstable_by(order);
        rows.truncate(self.max_rules as usize);
        let replayed = Postings::of(baskets.replayed(), grouping.margins.len());
        rows.par_iter_mut().for_each(|row| {
            row.replayed = replayed.count(row.rule.antecedent(), row.rule.consequent);
        });
        let mut card = vec![
            Metric::of("baskets", f64::from(n_baskets)),
            Metric::of("minimum_count_asked", f64::from(asked)),
            Metric::of("minimum_count", f64::from(sets.min_count)),
            Metric::of("itemsets", sets.len() as f64),
            Metric::of("rules_found", found as f64),
            Metric::of("rules_over_max_q", (found - significant) as f64),
            Metric::of("rules_over_max_rules", (significant - rows.len()) as f64),
            Metric::of("rules_redundant", rows.iter().filter(|row| row.rule.redundant).count() as f64),
        ];
        card.extend(replay(&rows, &replayed));
        Mined { level, grouping, n_baskets, rows, card }
    }
}

/// Not redundant, expected margin, q, lift, then by the rule itself.
fn order(left: &Row, right: &Row) -> Ordering {
    (left.rule.redundant.cmp(&right.rule.redundant))
        .then(right.margin.cmp(&left.margin))
        .then(left.q_value.total_cmp(&right.q_value))
        .then(right.measures.lift.total_cmp(&left.measures.lift))
        .then(left.rule.antecedent().cmp(right.rule.antecedent()))
        .then(left.rule.consequent.cmp(&right.rule.consequent))
}

/// The rules as they did in the replayed days, weighted by how often they could be tried.
fn replay(rows: &[Row], replayed: &Postings) -> [Metric; 4] {
    let tried: Vec<&Row> = rows.iter().filter(|row| row.replayed.0 > 0).collect();
    let trials: f64 = tried.iter().map(|row| f64::from(row.replayed.0)).sum();
    let mean = |value: &dyn Fn(&Row) -> f64| {
        (trials > 0.0).then(|| tried.iter().map(|row| f64::from(row.replayed.0) * value(row)).sum::<f64>() / trials)
    };
    let share = |row: &Row| f64::from(replayed.len(row.rule.consequent)) / f64::from(replayed.n_baskets.max(1));
    [
        Metric::of("replayed_baskets", f64::from(replayed.n_baskets)),
        Metric::of("replayed_rules", tried.len() as f64),
        Metric::of("mined_confidence", mean(&|row| row.measures.confidence)),
        Metric::of("replayed_confidence", mean(&|row| f64::from(row.replayed.1) / f64::from(row.replayed.0)))
            .against("consequent_share_of_all_baskets", mean(&share)),
    ]
}

fn rules_frame(mined: &[Mined]) -> Result<DataFrame> {
    let rows: Vec<(&Mined, &Row)> =
        mined.iter().flat_map(|level| level.rows.iter().map(move |row| (level, row))).collect();
    let ratio = |value: fn(&Row) -> f64| -> Vec<f64> { rows.iter().map(|(_, row)| value(row)).collect() };
    let whole = |value: fn(&Row) -> u32| -> Vec<i64> { rows.iter().map(|(_, row)| value(row).into()).collect() };
    let antecedents: Vec<String> = rows
        .iter()
        .map(|(level, row)| {
            let names: Vec<&str> = row.rule.antecedent().iter().map(|item| level.grouping.name(*item)).collect();
            names.join(" + ")
        })
        .collect();
    FrameBuilder::new(&ITEMSET_RULES)
        .text("level", rows.iter().map(|(level, _)| level.level.name()))
        .whole("rank", mined.iter().flat_map(|level| 1..=level.rows.len() as i64).collect())
        .text("antecedent", antecedents.iter().map(String::as_str))
        .text("consequent", rows.iter().map(|(level, row)| level.grouping.name(row.rule.consequent)))
        .whole("n_items", whole(|row| row.rule.antecedent().len() as u32))
        .whole("n_both", whole(|row| row.rule.n_both))
        .whole("n_antecedent", whole(|row| row.rule.n_antecedent))
        .whole("n_consequent", whole(|row| row.rule.n_consequent))
        .whole("n_baskets", rows.iter().map(|(level, _)| level.n_baskets.into()).collect())
        .ratio("support", ratio(|row| row.measures.support))
        .ratio("confidence", ratio(|row| row.measures.confidence))
        .ratio("lift", ratio(|row| row.measures.lift))
        .ratio("lift_low", ratio(|row| row.measures.lift_lower_95))
        .ratio("leverage", ratio(|row| row.measures.leverage))
        .maybe_ratio(
            "conviction",
            rows.iter().map(|(_, row)| Some(row.measures.conviction).filter(|value| value.is_finite())).collect(),
        )
        .ratio("zhang", ratio(|row| row.measures.zhang))
        .ratio("jaccard", ratio(|row| row.measures.jaccard))
        .ratio("cosine", ratio(|row| row.measures.cosine))
        .ratio("kulczynski", ratio(|row| row.measures.kulczynski))
        .ratio("imbalance", ratio(|row| row.measures.imbalance))
        .ratio("added_value", ratio(|row| row.measures.added_value))
        .ratio("certainty", ratio(|row| row.measures.certainty))
        .ratio("phi", ratio(|row| row.measures.phi))
        .ratio("chi2", ratio(|row| row.measures.chi2))
        .ratio("p_value", ratio(|row| row.measures.fisher_p))
        .ratio("q_value", ratio(|row| row.q_value))
        .flag("redundant", rows.iter().map(|(_, row)| row.rule.redundant).collect())
        .maybe_ratio(
            "replayed_confidence",
            (rows.iter())
                .map(|(_, row)| (row.replayed.0 > 0).then(|| f64::from(row.replayed.1) / f64::from(row.replayed.0)))
                .collect(),
        )
        .whole("replayed_n", whole(|row| row.replayed.0))
        .maybe_whole("expected_margin", rows.iter().map(|(_, row)| row.margin).collect())
        .finish()
}

fn card_frame(mined: &[Mined]) -> Result<DataFrame> {
    let rows: Vec<(&str, &Metric)> =
        mined.iter().flat_map(|level| level.card.iter().map(|metric| (level.level.name(), metric))).collect();
    FrameBuilder::new(&ITEMSET_MODEL_CARD)
        .text("level", rows.iter().map(|(level, _)| *level))
        .text("metric", rows.iter().map(|(_, metric)| metric.name))
        .maybe_ratio("value", rows.iter().map(|(_, metric)| metric.value).collect())
        .maybe_text("baseline", rows.iter().map(|(_, metric)| metric.baseline.map(|(name, _)| name.into())).collect())
        .maybe_ratio(
            "baseline_value",
            rows.iter().map(|(_, metric)| metric.baseline.and_then(|(_, value)| value)).collect(),
        )
        .finish()
}
