//! The tables of offers and of moves between tiers.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::climb::Moves;
use super::ladder::Ladder;
use super::packs::Packs;
use super::percentiles::Percentiles;
use super::scene::{Backing, Kind, Offer, Scene};
use crate::analyses::frame::FrameBuilder;
use crate::contracts::results::{UP_SELL, UP_SELL_MOVES};
use crate::error::Result;

/// Offers, and what it takes to say why.
pub(super) struct Listed<'l> {
    pub scene: &'l Scene<'l>,
    pub packs: &'l Packs,
    pub percentiles: &'l Percentiles,
    /// By customer, then rank.
    pub offers: &'l [Offer],
    pub backings: &'l [Backing],
}

impl Listed<'_> {
    pub(super) fn frame(&self) -> Result<DataFrame> {
        let (facts, offers) = (self.scene.facts, self.offers);
        let kind = |product: u32| self.scene.tiers.kinds[product as usize];
        let names = |offer: &Offer| &self.scene.tiers.names[kind(offer.product) as usize];
        let backing = |offer: &Offer| self.backings[offer.backing as usize];
        let id = |product: u32| facts.products.id(product as usize);
        let within = |offer: &Offer| match offer.kind {
            Kind::Accessory => self.scene.parameters.accessory_days,
            _ => self.scene.parameters.horizon_days,
        };
        let ranks = offers.chunk_by(|left, right| left.customer == right.customer).flat_map(|own| 1..=own.len() as i64);
        FrameBuilder::new(&UP_SELL)
            .text("customer_id", offers.iter().map(|offer| facts.customers.id(offer.customer as usize)))
            .text("product_id", offers.iter().map(|offer| id(offer.product)))
            .whole("rank", ranks.collect())
            .ratio("probability", offers.iter().map(|offer| offer.probability).collect())
            .maybe_whole(
                "expected_margin",
                offers.iter().map(|offer| self.scene.extra(offer).map(|_| offer.margin)).collect(),
            )
            .text("reason", offers.iter().map(|offer| offer.kind.name()))
            .text("because", offers.iter().map(|offer| id(offer.because)))
            .text("category", offers.iter().map(|offer| names(offer).0.as_str()))
            .text("subcategory", offers.iter().map(|offer| names(offer).1.as_str()))
            .optional_text("from_step", offers.iter().map(|offer| self.step(offer, offer.because, 0)))
            .optional_text("to_step", offers.iter().map(|offer| self.step(offer, offer.product, 1)))
            .whole("n_moved", offers.iter().map(|offer| backing(offer).0.into()).collect())
            .whole("n_observed", offers.iter().map(|offer| backing(offer).1.into()).collect())
            .whole("within_days", offers.iter().map(|offer| within(offer).into()).collect())
            .maybe_whole("age_days", offers.par_iter().with_min_len(4096).map(|offer| self.age(offer)).collect())
            .maybe_ratio("lift", offers.iter().map(|offer| backing(offer).2.map(|lift| lift.0)).collect())
            .maybe_ratio("lift_low", offers.iter().map(|offer| backing(offer).2.map(|lift| lift.1)).collect())
            .maybe_ratio(
                "price_percentile",
                (offers.par_iter().with_min_len(4096))
                    .map(|offer| self.percentiles.of_customer(offer.customer, kind(offer.because)))
                    .collect(),
            )
            .maybe_ratio("price_step", offers.iter().map(|offer| self.price_step(offer)).collect())
            .finish()
    }

    /// The tier, or the size of the pack, that an offer goes from (0) or to (1).
    fn step(&self, offer: &Offer, product: u32, up: u32) -> Option<&str> {
        match offer.kind {
            // Trading up is tried first: its backings begin at 0, one a step.
            Kind::TradeUp => Some(self.scene.tiers.steps[(offer.backing + up) as usize].tier.as_str()),
            Kind::Dearer => {
                self.scene.tiers.step_of(product).map(|step| self.scene.tiers.steps[step as usize].tier.as_str())
            }
            Kind::BiggerPack => self.packs.text(product),
            Kind::Accessory | Kind::Replacement => None,
        }
    }

    /// Days since he bought what speaks for it.
    fn age(&self, offer: &Offer) -> Option<i64> {
        if matches!(offer.kind, Kind::TradeUp | Kind::Dearer | Kind::BiggerPack) {
            return None;
        }
        let facts = self.scene.facts;
        let own = facts.purchases.kept(offer.customer as usize, &(i32::MIN..facts.as_of));
        let last = own.filter(|(_, product)| *product == offer.because).map(|(day, _)| day).max();
        last.map(|day| i64::from(facts.as_of - day))
    }

    /// How many times the list price of `because` the offered product costs.
    fn price_step(&self, offer: &Offer) -> Option<f64> {
        let prices = &self.scene.watch.prices;
        let known = |product: u32| prices[product as usize].filter(|price| *price > 0).map(|price| price as f64);
        Some(known(offer.product)? / known(offer.because)?)
    }
}

/// Every move from a usual tier to a tier of the same kind.
pub(super) fn moves_frame(ladder: &Ladder, moves: &[Moves]) -> Result<DataFrame> {
    let rows: Vec<(usize, usize, u32, u32)> = moves
        .iter()
        .enumerate()
        .flat_map(|(from, moves)| {
            let to = ladder.of_kind(from).zip(&moves.bought);
            to.map(move |(to, bought)| (from, to, moves.observed, *bought))
        })
        .collect();
    let tier = |step: usize| ladder.steps[step].tier.as_str();
    let kind = |step: usize| &ladder.names[ladder.steps[step].kind as usize];
    FrameBuilder::new(&UP_SELL_MOVES)
        .text("category", rows.iter().map(|row| kind(row.0).0.as_str()))
        .text("subcategory", rows.iter().map(|row| kind(row.0).1.as_str()))
        .text("from_tier", rows.iter().map(|row| tier(row.0)))
        .text("to_tier", rows.iter().map(|row| tier(row.1)))
        .whole("n_observed", rows.iter().map(|row| row.2.into()).collect())
        .whole("n_bought", rows.iter().map(|row| row.3.into()).collect())
        .maybe_ratio("share", rows.iter().map(|row| (row.2 > 0).then(|| f64::from(row.3) / f64::from(row.2))).collect())
        .finish()
}
