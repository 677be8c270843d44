//! What other analyses say of a customer, as far as the desk acts on it.

use polars::prelude::{DataFrame, DataType};

use crate::analyses::Inputs;
use crate::error::{Error, Result};
use crate::facts::Facts;

/// Who may leave and what to offer, by customer number; empty where the analyses did not run.
#[derive(Debug, Default)]
pub struct Signals {
    /// High risk of leaving, of those most worth keeping.
    pub churn: Vec<Option<ChurnSignal>>,
    /// Not to be chased.
    pub spared: Vec<Spared>,
    /// The best product to offer.
    pub offers: Vec<Option<Offer>>,
}

/// Whether a customer is not to be chased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Spared {
    /// He may be.
    #[default]
    No,
    /// He is lost already; if he was worth it, he may still be won back.
    Lost,
    /// He brings nothing, or is one of our own.
    Worthless,
}

/// A customer worth keeping who may leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChurnSignal {
    /// Probability of no further order.
    pub probability: f64,
    /// The profit that would be lost, minor units.
    pub profit_at_risk: i64,
}

/// One customer's line of the table `churn`.
#[derive(Debug, Clone, Copy)]
pub struct ChurnRow {
    /// The customer's number.
    pub customer: u32,
    /// Probability of no further order.
    pub probability: f64,
    /// In the highest risk band of those not lost.
    pub high: bool,
    /// Lost already.
    pub lost: bool,
    /// The profit that would be lost, minor units.
    pub profit_at_risk: i64,
    /// Not to be chased.
    pub do_not_chase: bool,
}

/// A product to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The product, byte for byte.
    pub product_id: String,
    /// `cross_sell`, `up_sell` or `replenish`.
    pub kind: &'static str,
    /// Margin it would bring × the probability of a sale, minor units; `None` where the margin is not known.
    pub expected_margin: Option<i64>,
}

/// One line of the table `cross_sell`, `up_sell` or `replenish`.
#[derive(Debug, Clone)]
pub struct OfferRow<'r> {
    /// The customer's number.
    pub customer: u32,
    /// The product.
    pub product_id: &'r str,
    /// 1 is the best of its kind.
    pub rank: i64,
    /// Minor units; `None` where the margin is not known.
    pub expected_margin: Option<i64>,
}

impl Signals {
    /// Reads `churn`, `cross_sell`, `up_sell` and `replenish`, those that are there.
    pub fn read(inputs: &Inputs<'_>, churn_limit: u32) -> Result<Signals> {
        let table = |wanted: &str| inputs.results.iter().find(|(name, _)| *name == wanted).map(|(_, frame)| frame);
        let mut signals = Signals::default();
        if let Some(frame) = table("churn") {
            signals.add_churn(inputs.facts.customers.len(), &churn_rows(inputs.facts, frame)?, churn_limit);
        }
        for kind in ["cross_sell", "up_sell", "replenish"] {
            if let Some(frame) = table(kind) {
                signals.add_offers(inputs.facts.customers.len(), &offer_rows(inputs.facts, frame)?, kind);
            }
        }
        Ok(signals)
    }

    /// Keeps the `limit` customers with the highest profit at risk (ties by customer id) among those in the high
    /// band who may be chased and whose leaving would cost us anything.
    pub fn add_churn(&mut self, customers: usize, rows: &[ChurnRow], limit: u32) {
        let mut chased: Vec<&ChurnRow> =
            rows.iter().filter(|row| row.high && !row.do_not_chase && row.profit_at_risk > 0).collect();
        chased.sort_unstable_by_key(|row| (-row.profit_at_risk, row.customer));
        self.churn = vec![None; customers];
        self.spared = vec![Spared::No; customers];
        for row in rows.iter().filter(|row| row.do_not_chase) {
            self.spared[row.customer as usize] = if row.lost { Spared::Lost } else { Spared::Worthless };
        }
        for row in chased.into_iter().take(limit as usize) {
            self.churn[row.customer as usize] =
                Some(ChurnSignal { probability: row.probability, profit_at_risk: row.profit_at_risk });
        }
    }

    /// Keeps each customer's best offer: the highest expected margin among the first of each kind, an unknown one being
    /// the lowest; what was added first wins a tie.
    pub fn add_offers(&mut self, customers: usize, rows: &[OfferRow<'_>], kind: &'static str) {
        self.offers.resize(customers, None);
        for row in rows.iter().filter(|row| row.rank == 1) {
            let best = &mut self.offers[row.customer as usize];
            if best.as_ref().is_none_or(|best| row.expected_margin > best.expected_margin) {
                let product_id = row.product_id.to_string();
                *best = Some(Offer { product_id, kind, expected_margin: row.expected_margin });
            }
        }
    }
}

fn churn_rows(facts: &Facts, frame: &DataFrame) -> Result<Vec<ChurnRow>> {
    let failed = Error::internal("reading `churn`");
    let column = |name: &str| frame.column(name).map_err(&failed);
    let ids = column("customer_id")?.str().map_err(&failed)?;
    let probability = column("churn_probability")?.f64().map_err(&failed)?;
    let band = column("risk_band")?.str().map_err(&failed)?;
    let at_risk = column("profit_at_risk")?.cast(&DataType::Int64).map_err(&failed)?;
    let at_risk = at_risk.i64().map_err(&failed)?;
    let do_not_chase = column("do_not_chase")?.bool().map_err(&failed)?;
    let mut rows = Vec::with_capacity(frame.height());
    for row in 0..frame.height() {
        // A customer without a score gives no signal.
        let (Some(id), Some(probability)) = (ids.get(row), probability.get(row)) else { continue };
        let Some(customer) = facts.customers.find(id) else { continue };
        rows.push(ChurnRow {
            customer: customer as u32,
            probability,
            high: band.get(row) == Some("high"),
            lost: band.get(row) == Some("lost"),
            profit_at_risk: at_risk.get(row).unwrap_or(0),
            do_not_chase: do_not_chase.get(row).unwrap_or(false),
        });
    }
    Ok(rows)
}

fn offer_rows<'f>(facts: &Facts, frame: &'f DataFrame) -> Result<Vec<OfferRow<'f>>> {
    let failed = Error::internal("reading offers");
    let column = |name: &str| frame.column(name).map_err(&failed);
    let ids = column("customer_id")?.str().map_err(&failed)?;
    let products = column("product_id")?.str().map_err(&failed)?;
    let ranks = column("rank")?.i64().map_err(&failed)?;
    let margins = column("expected_margin")?.i64().map_err(&failed)?;
    let mut rows = Vec::new();
    for row in 0..frame.height() {
        let (Some(1), Some(id), Some(product_id)) = (ranks.get(row), ids.get(row), products.get(row)) else { continue };
        let Some(customer) = facts.customers.find(id) else { continue };
        let expected_margin = margins.get(row);
        rows.push(OfferRow { customer: customer as u32, product_id, rank: 1, expected_margin });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_most_worth_keeping_of_the_high_band_are_chased() {
        let row = |customer, profit_at_risk| ChurnRow {
            customer,
            probability: 0.9,
            high: customer != 4,
            lost: false,
            profit_at_risk,
            do_not_chase: customer == 3,
        };
        let mut signals = Signals::default();
        signals.add_churn(6, &[row(0, 500), row(1, 700), row(2, 500), row(3, 900), row(4, 900), row(5, 0)], 2);
        let kept: Vec<usize> = (0..6).filter(|customer| signals.churn[*customer].is_some()).collect();
        assert_eq!(kept, [0, 1]);
        assert!((0..6).all(|customer| (signals.spared[customer] == Spared::Worthless) == (customer == 3)));
    }

    #[test]
    fn the_best_offer_is_the_one_with_the_highest_margin_and_cross_sell_wins_a_tie() {
        let row =
            |customer, product_id, rank, margin| OfferRow { customer, product_id, rank, expected_margin: Some(margin) };
        let mut signals = Signals::default();
        signals.add_offers(3, &[row(0, "A", 1, 100), row(0, "B", 2, 900), row(1, "C", 1, 50)], "cross_sell");
        signals.add_offers(3, &[row(0, "D", 1, 100), row(1, "E", 1, 51)], "up_sell");
        let product = |customer: usize| signals.offers[customer].as_ref().map(|offer| offer.product_id.as_str());
        assert_eq!([product(0), product(1), product(2)], [Some("A"), Some("E"), None]);
    }
}
