//! Packs of one product in several sizes, from the smallest to the biggest.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::ladder::{Ladder, NONE, Step};
use super::pack_size::{self, Pack, Unit};
use crate::analyses::frame::FrameBuilder;
use crate::contracts::results::UP_SELL_PACKS;
use crate::error::Result;
use crate::facts::Facts;

/// What makes products the same but for the size: kind, brand, unit, and the name without the size.
type Family<'f> = (u32, &'f str, Unit, String);

/// Products that come in several sizes.
pub(super) struct Packs {
    /// Families are its kinds, sizes its steps.
    pub ladder: Ladder,
    /// The pack of each product of such a family.
    packs: Vec<Option<Pack>>,
    /// List price of a kilogram, a litre or a piece, minor units; `None` where it is not known.
    unit_prices: Vec<Option<f64>>,
}

impl Packs {
    /// Of the products whose names say their size; `tiers` gives the kinds.
    pub(super) fn of(facts: &Facts, tiers: &Ladder) -> Packs {
        let prices = &facts.unit_values.prices;
        let mut packs: Vec<Option<Pack>> =
            (0..facts.products.len()).map(|product| pack_size::read(facts.products.text_at("name", product))).collect();
        let mut families: BTreeMap<Family<'_>, BTreeMap<u64, Vec<u32>>> = BTreeMap::new();
        for (product, pack) in packs.iter().enumerate() {
            let kind = tiers.kinds[product];
            if let Some(pack) = pack.as_ref().filter(|_| !tiers.names[kind as usize].0.is_empty()) {
                let brand = facts.products.text_at("brand", product);
                let sizes = families.entry((kind, brand, pack.unit, pack.rest.clone())).or_default();
                sizes.entry(pack.content).or_default().push(product as u32);
            }
        }
        let mut ladder =
            Ladder { steps: Vec::new(), kinds: tiers.kinds.clone(), names: Vec::new(), step: vec![NONE; packs.len()] };
        for ((kind, ..), sizes) in families.iter().filter(|(_, sizes)| sizes.len() > 1) {
            let family = ladder.names.len() as u32;
            ladder.names.push(tiers.names[*kind as usize].clone());
            for (place, products) in sizes.values().enumerate() {
                for product in products {
                    ladder.step[*product as usize] = ladder.steps.len() as u32;
                }
                let first = products.first().and_then(|product| packs[*product as usize].as_ref());
                let tier = first.map(|pack| pack.text.clone()).unwrap_or_default();
                ladder.steps.push(Step { kind: family, tier, has_next: place + 1 < sizes.len() });
            }
        }
        let unit_prices = packs
            .iter()
            .zip(prices)
            .map(|(pack, price)| {
                let pack = pack.as_ref()?;
                let one = pack.unit.compared_by().1;
                Some((*price)? as f64 * one as f64 / pack.content as f64)
            })
            .collect();
        for (product, pack) in packs.iter_mut().enumerate() {
            if ladder.step[product] == NONE {
                *pack = None;
            }
        }
        Packs { ladder, packs, unit_prices }
    }

    /// Whether a unit costs less in the bigger pack.
    pub(super) fn is_cheaper(&self, usual: u32, bigger: u32) -> bool {
        match (self.unit_prices[usual as usize], self.unit_prices[bigger as usize]) {
            (Some(usual), Some(bigger)) => bigger < usual,
            _ => false,
        }
    }

    /// The size of a product as its name has it.
    pub(super) fn text(&self, product: u32) -> Option<&str> {
        self.packs[product as usize].as_ref().map(|pack| pack.text.as_str())
    }

    /// How every name was read: by family, then content, then product.
    pub(super) fn frame(&self, facts: &Facts) -> Result<DataFrame> {
        let mut rows: Vec<(u32, &Pack, u32)> = (0_u32..)
            .zip(&self.packs)
            .filter_map(|(product, pack)| {
                let pack = pack.as_ref()?;
                Some((self.ladder.steps[self.ladder.step_of(product)? as usize].kind, pack, product))
            })
            .collect();
        rows.sort_unstable_by_key(|(family, pack, product)| (*family, pack.content, *product));
        FrameBuilder::new(&UP_SELL_PACKS)
            .text("product_id", rows.iter().map(|(.., product)| facts.products.id(*product as usize)))
            .text("product", rows.iter().map(|(_, pack, _)| pack.rest.as_str()))
            .text("category", rows.iter().map(|(family, ..)| self.ladder.names[*family as usize].0.as_str()))
            .text("subcategory", rows.iter().map(|(family, ..)| self.ladder.names[*family as usize].1.as_str()))
            .text("brand", rows.iter().map(|(.., product)| facts.products.text_at("brand", *product as usize)))
            .text("pack", rows.iter().map(|(_, pack, _)| pack.text.as_str()))
            .ratio(
                "content",
                rows.iter().map(|(_, pack, _)| pack.content as f64 / pack.unit.compared_by().1 as f64).collect(),
            )
            .text("unit", rows.iter().map(|(_, pack, _)| pack.unit.compared_by().0))
            .maybe_whole(
                "unit_price",
                rows.iter()
                    .map(|(.., product)| self.unit_prices[*product as usize].map(|price| price.round() as i64))
                    .collect(),
            )
            .finish()
    }
}
