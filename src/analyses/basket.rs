//! What is bought together: rules between two products, with their uncertainty and their replay.

pub mod pairs;
mod substitutes;

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::pairs::{Baskets, Pair, Tally};
use super::expected_margin::{expected, unit_margins};
use super::frame::FrameBuilder;
use super::model_card::{Metric, card_frame};
use super::offers::known_kinds;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{BASKET_MODEL_CARD, BASKET_RULES, BASKET_SUBSTITUTES};
use crate::error::Result;
use crate::facts::{Facts, Keep, Parts};
use crate::stats::association::{Counts, benjamini_hochberg, lift_lower_95, measures};

static SPEC: Spec = Spec {
    id: "basket",
    definition: "A basket is the distinct products of one completed order of the window that were sold and kept. Two \
                 products are tested when they are together in at least max(`min_count`, `min_support` of all baskets, \
                 rounded up) baskets. Only baskets before the last `replay_days` are mined; each rule is replayed on the \
                 others (where the window has baskets of fewer than twice as many days, on the later half of them). A rule \"who buys A also buys B\" is kept when its lift, the share of B among \
                 baskets with A over its share among all, is at least `min_lift`. Its p-value is Fisher's exact test, \
                 its q-value Benjamini-Hochberg's over all pairs tested. Rules beyond `max_rules` are cut from the end of the \
                 order; the model card counts them. Ties by antecedent, then consequent. Substitutes are products of one kind \
                 (subcategory within its category) that are together in fewer baskets than by chance: p is the other tail of \
                 Fisher's test, over all pairs expected in at least five baskets, q at most `max_substitute_q`.",
    needs: &[],
    reads: Parts { lines: Keep::Products, ..Parts::ORDERS },
    outputs: &[&BASKET_RULES, &BASKET_MODEL_CARD, &BASKET_SUBSTITUTES],
};

/// Parameters: `[basket]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Basket {
    /// Orders of so many days before the as-of date.
    pub window_days: u32,
    /// Fewest baskets with both products.
    pub min_count: u32,
    /// Smallest share of baskets with both products.
    pub min_support: f64,
    /// Smallest lift.
    pub min_lift: f64,
    /// Largest q-value; 1 keeps all.
    pub max_q: f64,
    /// Largest q-value of substitutes.
    pub max_substitute_q: f64,
    /// Most rules, and most substitutes; the model card says how many were cut.
    pub max_rules: u32,
    /// Which rules come first.
    pub order: Order,
    /// The last so many days of the window are replayed, and no rule is mined on them; at most half of the days there are.
    pub replay_days: u32,
}

/// Which rules come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The lowest q-value, then the highest lift.
    Significance,
    /// The highest expected margin (unknown ones last), then as above.
    ExpectedMargin,
}

impl Default for Basket {
    fn default() -> Basket {
        Basket {
            window_days: 365,
            min_count: 5,
            min_support: 0.00001,
            min_lift: 1.1,
            max_q: 0.05,
            max_substitute_q: 0.05,
            max_rules: 1_000_000,
            order: Order::ExpectedMargin,
            replay_days: 30,
        }
    }
}

/// Everything counted.
#[derive(Debug)]
pub struct Mined {
    /// Baskets.
    pub n_baskets: Tally,
    /// Baskets with each product.
    pub counts: Vec<Tally>,
    /// Fewest baskets with both products of a pair.
    pub minimum: u32,
    /// Pairs in at least `minimum` baskets, replayed ones among them; by number.
    pub pairs: Vec<Pair>,
    /// Rules, by antecedent, then consequent.
    pub rules: Vec<Rule>,
}

/// "Who buys the antecedent also buys the consequent."
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// The product in the basket.
    pub antecedent: u32,
    /// The product that goes with it.
    pub consequent: u32,
    /// Its place in [`Mined::pairs`].
    pub pair: u32,
    /// Baskets with both, before the replayed days.
    pub n_both: u32,
    /// Lift, before the replayed days.
    pub lift: f64,
}

impl Analysis for Basket {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let replay_days = self.replayed(facts);
        let baskets = self.baskets(facts, replay_days);
        let mined = self.mined(facts, &baskets);
        let judged = Judged::of(&mined);
        let margins: Vec<Option<i64>> = unit_margins(facts);
        let margin = |rule: &Rule| {
            margins[rule.consequent as usize]
                .map(|margin| expected(margin, rule.n_both, mined.counts[rule.antecedent as usize].earlier()))
        };
        let mut order: Vec<(Option<i64>, &Rule)> = mined
            .rules
            .par_iter()
            .filter(|rule| judged.q_values[rule.pair as usize] <= self.max_q)
            .map(|rule| (margin(rule), rule))
            .collect();
        let significant = order.len();
        order.par_sort_unstable_by(|(left_margin, left), (right_margin, right)| {
            let by_margin = match self.order {
                Order::Significance => std::cmp::Ordering::Equal,
                Order::ExpectedMargin => right_margin.cmp(left_margin),
            };
            by_margin
                .then(judged.q_values[left.pair as usize].total_cmp(&judged.q_values[right.pair as usize]))
                .then(right.lift.total_cmp(&left.lift))
                .then((left.antecedent, left.consequent).cmp(&(right.antecedent, right.consequent)))
        });
        order.truncate(self.max_rules as usize);
        let mut card = vec![
            Metric::of("window_days", f64::from(self.window_days)),
            Metric::of("replay_days", f64::from(replay_days)),
            Metric::of("baskets", f64::from(mined.n_baskets.earlier())),
            Metric::of("minimum_count", f64::from(mined.minimum)),
            Metric::of("pairs_tested", judged.tested as f64),
            Metric::of("rules_found", mined.rules.len() as f64),
            Metric::of("rules_over_max_q", (mined.rules.len() - significant) as f64),
            Metric::of("rules_over_max_rules", (significant - order.len()) as f64),
        ];
        card.extend(mined.replay());
        let counts: Vec<u32> = mined.counts.iter().map(|count| count.all).collect();
        let mut substitutes = substitutes::find(&baskets, &known_kinds(facts), &counts, self.max_substitute_q);
        let found = substitutes.pairs.len();
        substitutes.pairs.truncate(self.max_rules as usize);
        card.push(Metric::of("substitutes_tested", substitutes.tested as f64));
        card.push(Metric::of("substitutes_found", found as f64));
        card.push(Metric::of("substitutes_over_max_rules", (found - substitutes.pairs.len()) as f64));
        let card = card_frame(&BASKET_MODEL_CARD, &card)?;
        Ok(vec![rules_frame(facts, &mined, &judged, &order)?, card, substitutes::frame(facts, &substitutes.pairs)?])
    }
}

impl Basket {
    /// Counts the pairs and keeps the rules.
    pub fn mine(&self, facts: &Facts) -> Mined {
        self.mined(facts, &self.baskets(facts, self.replayed(facts)))
    }

    /// How many days are replayed: of a short history no more than half.
    fn replayed(&self, facts: &Facts) -> u32 {
        let first = facts.as_of.saturating_sub_unsigned(self.window_days);
        let oldest = facts.orders.day.iter().copied().filter(|day| *day >= first).min().unwrap_or(first);
        self.replay_days.min(facts.as_of.abs_diff(oldest) / 2)
    }

    fn baskets(&self, facts: &Facts, replay_days: u32) -> Baskets {
        let first = facts.as_of.saturating_sub_unsigned(self.window_days);
        Baskets::collect(facts, first..facts.as_of, facts.as_of.saturating_sub_unsigned(replay_days))
    }

    fn mined(&self, facts: &Facts, baskets: &Baskets) -> Mined {
        let n_baskets = baskets.len();
        let counts = baskets.product_counts(facts.products.len());
        let minimum = self.minimum(n_baskets.earlier());
        let pairs = baskets.pairs(&counts, minimum);
        let mut mined = Mined { n_baskets, counts, minimum, pairs, rules: Vec::new() };
        mined.rules = mined.rules(self.min_lift);
        mined
    }

    fn minimum(&self, baskets: u32) -> u32 {
        self.min_count.max((f64::from(baskets) * self.min_support).ceil() as u32).max(1)
    }
}

impl Mined {
    /// The rules as they did in the replayed days, weighted by how often they could be tried, beside the consequent's
    /// share of all replayed baskets.
    fn replay(&self) -> [Metric; 4] {
        let (mut rules, mut trials, mut hits, mut promised, mut by_chance) = (0_u64, 0_u64, 0_u64, 0.0, 0.0);
        for rule in &self.rules {
            let (a, b) = (self.counts[rule.antecedent as usize], self.counts[rule.consequent as usize]);
            let tried = f64::from(a.replayed);
            rules += u64::from(a.replayed > 0);
            trials += u64::from(a.replayed);
            hits += u64::from(self.pairs[rule.pair as usize].both.replayed);
            promised += tried * f64::from(rule.n_both) / f64::from(a.earlier());
            by_chance += tried * f64::from(b.replayed) / f64::from(self.n_baskets.replayed.max(1));
        }
        let share = |sum: f64| (trials > 0).then(|| sum / trials as f64);
        [
            Metric::of("replayed_baskets", f64::from(self.n_baskets.replayed)),
            Metric::of("replayed_rules", rules as f64),
            Metric::of("replayed_confidence", share(hits as f64))
                .against("consequent_share_of_all_baskets", share(by_chance)),
            Metric::of("mined_confidence", share(promised)),
        ]
    }

    /// The 2×2 table of a rule.
    fn counts_of(&self, antecedent: u32, consequent: u32, both: u32) -> Counts {
        Counts {
            n: self.n_baskets.earlier().into(),
            n_a: self.counts[antecedent as usize].earlier().into(),
            n_b: self.counts[consequent as usize].earlier().into(),
            n_both: both.into(),
        }
    }

    /// The lower end of the 95 % interval of a rule's lift.
    pub fn lift_low(&self, rule: &Rule) -> f64 {
        lift_lower_95(self.counts_of(rule.antecedent, rule.consequent, rule.n_both))
    }

    /// Both directions of every pair that is frequent and lifted enough, by antecedent, then consequent.
    fn rules(&self, min_lift: f64) -> Vec<Rule> {
        let lifted = |pair: &Pair| {
            let (a, b) = (self.counts[pair.low as usize].earlier(), self.counts[pair.high as usize].earlier());
            let both = pair.both.earlier();
            let lift = if both >= self.minimum { lift(both, a, b, self.n_baskets.earlier()) } else { 0.0 };
            (both >= self.minimum && lift >= min_lift).then_some(lift)
        };
        let lifts: Vec<Option<f64>> = self.pairs.par_iter().with_min_len(4096).map(lifted).collect();
        let kept =
            || self.pairs.iter().zip(&lifts).enumerate().filter_map(|(at, (pair, lift))| Some((at, pair, (*lift)?)));
        let mut next = vec![0_u32; self.counts.len() + 1];
        for (_, pair, _) in kept() {
            next[pair.low as usize + 1] += 1;
            next[pair.high as usize + 1] += 1;
        }
        for place in 1..next.len() {
            next[place] += next[place - 1];
        }
        let count = next.last().copied().unwrap_or(0) as usize;
        let mut rules = vec![Rule { antecedent: 0, consequent: 0, pair: 0, n_both: 0, lift: 0.0 }; count];
        let mut place = |antecedent: u32, consequent: u32, at: usize, pair: &Pair, lift: f64| {
            let next = &mut next[antecedent as usize];
            rules[*next as usize] = Rule { antecedent, consequent, pair: at as u32, n_both: pair.both.earlier(), lift };
            *next += 1;
        };
        // Pairs lie by (low, high): the consequents below an antecedent come in order first, those above it after.
        kept().for_each(|(at, pair, lift)| place(pair.high, pair.low, at, pair, lift));
        kept().for_each(|(at, pair, lift)| place(pair.low, pair.high, at, pair, lift));
        rules
    }
}

/// (n × both) ÷ (a × b): one rounding a product, so that both directions get the same number.
fn lift(both: u32, a: u32, b: u32, n: u32) -> f64 {
    (f64::from(both) * f64::from(n)) / (f64::from(a) * f64::from(b))
}

/// The significance of each pair.
struct Judged {
    /// Pairs tested.
    tested: usize,
    /// By pair; 1 where it was not tested.
    p_values: Vec<f64>,
    /// By pair; 1 where it was not tested.
    q_values: Vec<f64>,
    /// By pair; 0 where it was not tested.
    leverages: Vec<f64>,
}

impl Judged {
    /// A pair is one test: Fisher's test is the same in both directions, and so is leverage.
    fn of(mined: &Mined) -> Judged {
        let tested: Vec<u32> = (0..mined.pairs.len() as u32)
            .filter(|at| mined.pairs[*at as usize].both.earlier() >= mined.minimum)
            .collect();
        let judge = |at: &u32| {
            let pair = &mined.pairs[*at as usize];
            measures(mined.counts_of(pair.low, pair.high, pair.both.earlier()))
                .map_or((1.0, 0.0), |measures| (measures.fisher_p, measures.leverage))
        };
        let (p_tested, leverage_tested): (Vec<f64>, Vec<f64>) = tested.par_iter().with_min_len(512).map(judge).unzip();
        let q_tested = benjamini_hochberg(&p_tested);
        let spread = |values: &[f64], otherwise: f64| {
            let mut all = vec![otherwise; mined.pairs.len()];
            tested.iter().zip(values).for_each(|(at, value)| all[*at as usize] = *value);
            all
        };
        Judged {
            tested: tested.len(),
            p_values: spread(&p_tested, 1.0),
            q_values: spread(&q_tested, 1.0),
            leverages: spread(&leverage_tested, 0.0),
        }
    }
}

fn rules_frame(facts: &Facts, mined: &Mined, judged: &Judged, order: &[(Option<i64>, &Rule)]) -> Result<DataFrame> {
    let whole = |value: &(dyn Fn(&Rule) -> u32 + Sync)| -> Vec<i64> {
        order.iter().map(|(_, rule)| i64::from(value(rule))).collect()
    };
    let ratio =
        |value: &(dyn Fn(&Rule) -> f64 + Sync)| -> Vec<f64> { order.iter().map(|(_, rule)| value(rule)).collect() };
    let tally = |product: u32| mined.counts[product as usize];
    let both = |rule: &Rule| mined.pairs[rule.pair as usize].both;
    let share = |part: u32, all: u32| (all > 0).then(|| f64::from(part) / f64::from(all));
    let confidence = |rule: &Rule| f64::from(rule.n_both) / f64::from(tally(rule.antecedent).earlier());
    let n = mined.n_baskets.earlier();
    FrameBuilder::new(&BASKET_RULES)
        .text("antecedent", order.iter().map(|(_, rule)| facts.products.id(rule.antecedent as usize)))
        .text("consequent", order.iter().map(|(_, rule)| facts.products.id(rule.consequent as usize)))
        .whole("n_both", whole(&|rule| rule.n_both))
        .whole("n_antecedent", whole(&|rule| tally(rule.antecedent).earlier()))
        .whole("n_consequent", whole(&|rule| tally(rule.consequent).earlier()))
        .whole("n_baskets", vec![n.into(); order.len()])
        .ratio("support", ratio(&|rule| f64::from(rule.n_both) / f64::from(n)))
        .ratio("confidence", ratio(&confidence))
        .ratio("lift", ratio(&|rule| rule.lift))
        .ratio("lift_low", ratio(&|rule| mined.lift_low(rule)))
        .ratio("leverage", ratio(&|rule| judged.leverages[rule.pair as usize]))
        .text(
            "relation",
            order.iter().map(|(_, rule)| if mined.lift_low(rule) > 1.0 { "complement" } else { "undecided" }),
        )
        .ratio("p_value", ratio(&|rule| judged.p_values[rule.pair as usize]))
        .ratio("q_value", ratio(&|rule| judged.q_values[rule.pair as usize]))
        .ratio("mined_confidence", ratio(&confidence))
        .maybe_ratio(
            "replayed_confidence",
            order.iter().map(|(_, rule)| share(both(rule).replayed, tally(rule.antecedent).replayed)).collect(),
        )
        .whole("replayed_n", whole(&|rule| tally(rule.antecedent).replayed))
        .maybe_whole("expected_margin", order.iter().map(|(margin, _)| *margin).collect())
        .finish()
}
