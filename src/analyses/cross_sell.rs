//! What to offer each customer next: products he never bought that go with what he buys.

mod backtest;
pub mod recommend;

use arrow::datatypes::Int32Type;
use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use self::backtest::Backtest;
use self::recommend::{Association, Offer, Request, Shelf};
use super::expected_margin::{expected, unit_margins};
use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{BASKET_MODEL_CARD, BASKET_RULES, CROSS_SELL, CROSS_SELL_MODEL_CARD};
use crate::error::{Error, Result};
use crate::facts::{Facts, Keep, Parts};

static SPEC: Spec = Spec {
    id: "cross_sell",
    definition: "Of the rules of `basket`, each antecedent keeps its `rules_per_antecedent` with the highest confidence \
                 (ties by consequent). A customer who bought and kept an antecedent in the last `window_days` may be \
                 offered its consequents, except what he ever bought, returned or not, and what is out of stock. The \
                 probability is the highest confidence that leads to the product (ties by antecedent); products are \
                 ranked by it, ties by product, and the first `keep` are offered. Expected margin = probability × (list \
                 price − unit cost), rounded half away from zero. The model card holds the offers of the day the \
                 replayed days began, by what was known then, against what the customers bought in them, beside as many \
                 best-selling products.",
    needs: &["basket"],
    reads: Parts { lines: Keep::All, ..Parts::ORDERS },
    outputs: &[&CROSS_SELL, &CROSS_SELL_MODEL_CARD],
};

/// Parameters: `[cross_sell]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossSell {
    /// What was bought in so many days before the as-of date leads to offers.
    pub window_days: u32,
    /// Rules each antecedent keeps.
    pub rules_per_antecedent: u32,
    /// Most offers a customer.
    pub keep: u32,
}

impl Default for CrossSell {
    fn default() -> CrossSell {
        CrossSell { window_days: 365, rules_per_antecedent: 20, keep: 10 }
    }
}

/// Offers and the rules behind them.
#[derive(Debug)]
pub struct Offers {
    /// By customer, then rank.
    pub rows: Vec<Offer>,
    /// The rules the rows point into.
    pub shelf: Shelf,
}

impl Analysis for CrossSell {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let rules =
            MinedRules::read(facts, inputs.results.get(&BASKET_RULES)?, inputs.results.get(&BASKET_MODEL_CARD)?)?;
        let backtest = Backtest::run(self, facts, &rules);
        let offers = self.offers(facts, rules.whole);
        Ok(vec![offers_frame(facts, &offers, &backtest)?, backtest.card()?])
    }
}

impl CrossSell {
    /// The offers of every customer as of the as-of date.
    pub fn offers(&self, facts: &Facts, rules: Vec<Association>) -> Offers {
        let in_stock: Vec<bool> = facts
            .products
            .numbers::<Int32Type>("stock")
            .iter()
            .map(|stock| stock.is_none_or(|stock| stock > 0))
            .collect();
        let shelf = Shelf::of(rules, &in_stock, self.rules_per_antecedent as usize);
        let request = Request {
            shelf: &shelf,
            days: facts.as_of.saturating_sub_unsigned(self.window_days)..facts.as_of,
            keep: self.keep as usize,
        };
        let rows = recommend::offers(facts, &request, |_| true);
        Offers { rows, shelf }
    }
}

/// The rules of `basket_rules`.
struct MinedRules {
    /// As mined on the whole window.
    whole: Vec<Association>,
    /// As they were before the replayed days, where they were frequent enough then.
    earlier: Vec<Association>,
    /// The length of the replayed days.
    replay_days: u32,
}

impl MinedRules {
    fn read(facts: &Facts, rules: &DataFrame, card: &DataFrame) -> Result<MinedRules> {
        let failed = Error::internal("reading the rules of `basket`");
        let metric = |name: &str| -> Result<f64> {
            let names = card.column("metric").and_then(|column| column.str().cloned()).map_err(&failed)?;
            let values = card.column("value").and_then(|column| column.f64().cloned()).map_err(&failed)?;
            let place = names.iter().position(|metric| metric == Some(name));
            Ok(place.and_then(|place| values.get(place)).unwrap_or(0.0))
        };
        let minimum = metric("minimum_count")? as u32;
        let whole = |name: &str| -> Result<Vec<u32>> {
            let values = rules.column(name).and_then(|column| column.i64().cloned()).map_err(&failed)?;
            Ok(values.iter().map(|value| value.unwrap_or(0) as u32).collect())
        };
        let ratio = |name: &str| -> Result<Vec<f64>> {
            let values = rules.column(name).and_then(|column| column.f64().cloned()).map_err(&failed)?;
            Ok(values.iter().map(|value| value.unwrap_or(0.0)).collect())
        };
        let numbers: hashbrown::HashMap<&str, u32, foldhash::fast::FixedState> =
            facts.products.ids.iter().flatten().enumerate().map(|(number, id)| (id, number as u32)).collect();
        let product = |name: &str| -> Result<Vec<u32>> {
            let ids = rules.column(name).and_then(|column| column.str().cloned()).map_err(&failed)?;
            let unknown = || Error::Contract { table: BASKET_RULES.name, message: "an unknown product".into() };
            ids.iter().map(|id| id.and_then(|id| numbers.get(id)).copied().ok_or_else(unknown)).collect()
        };
        let (antecedents, consequents) = (product("antecedent")?, product("consequent")?);
        let (both, antecedent) = (whole("n_both")?, whole("n_antecedent")?);
        let (replayed, replayed_share) = (whole("replayed_n")?, ratio("replayed_confidence")?);
        let (lift, lift_low) = (ratio("lift")?, ratio("lift_low")?);
        let whole: Vec<Association> = (0..both.len())
            .map(|at| Association {
                antecedent: antecedents[at],
                consequent: consequents[at],
                n_both: both[at],
                n_antecedent: antecedent[at],
                lift: lift[at],
                lift_low: lift_low[at],
            })
            .collect();
        let earlier = |(at, rule): (usize, &Association)| {
            let replayed_both = (replayed_share[at] * f64::from(replayed[at])).round() as u32;
            let n_both = rule.n_both - replayed_both;
            (n_both >= minimum).then(|| Association { n_both, n_antecedent: rule.n_antecedent - replayed[at], ..*rule })
        };
        let earlier = whole.iter().enumerate().filter_map(earlier).collect();
        Ok(MinedRules { whole, earlier, replay_days: metric("replay_days")? as u32 })
    }
}

fn offers_frame(facts: &Facts, offers: &Offers, backtest: &Backtest) -> Result<DataFrame> {
    let margins = unit_margins(facts);
    let (rows, rules) = (&offers.rows, &offers.shelf.rules);
    let rule = |offer: &Offer| &rules[offer.rule as usize];
    // Once a rule, not once an offer.
    let reasons: Vec<String> = rules
        .iter()
        .map(|rule| {
            format!("also_bought:{}:{}:{}", facts.products.id(rule.antecedent as usize), rule.n_both, rule.n_antecedent)
        })
        .collect();
    let earned: Vec<i64> = rules
        .iter()
        .map(|rule| {
            margins[rule.consequent as usize].map_or(0, |margin| expected(margin, rule.n_both, rule.n_antecedent))
        })
        .collect();
    let replayed: Vec<Option<f64>> = rules.iter().map(|rule| backtest.share_bought(rule.confidence())).collect();
    FrameBuilder::new(&CROSS_SELL)
        .text("customer_id", rows.iter().map(|offer| facts.customers.id(offer.customer as usize)))
        .text("product_id", rows.iter().map(|offer| facts.products.id(offer.product as usize)))
        .whole("rank", rows.iter().map(|offer| i64::from(offer.rank)).collect())
        .ratio("probability", rows.iter().map(|offer| rule(offer).confidence()).collect())
        .maybe_ratio("replayed_share", rows.iter().map(|offer| replayed[offer.rule as usize]).collect())
        .whole("expected_margin", rows.iter().map(|offer| earned[offer.rule as usize]).collect())
        .text("because", rows.iter().map(|offer| facts.products.id(rule(offer).antecedent as usize)))
        .whole("n_both", rows.iter().map(|offer| i64::from(rule(offer).n_both)).collect())
        .whole("n_antecedent", rows.iter().map(|offer| i64::from(rule(offer).n_antecedent)).collect())
        .ratio("lift", rows.iter().map(|offer| rule(offer).lift).collect())
        .ratio("lift_low", rows.iter().map(|offer| rule(offer).lift_low).collect())
        .text("reason", rows.iter().map(|offer| reasons[offer.rule as usize].as_str()))
        .finish()
}
