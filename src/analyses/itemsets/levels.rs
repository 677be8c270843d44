//! Products as themselves, as subcategories or as categories.

use std::collections::BTreeMap;

use super::Level;
use crate::analyses::basket::pairs::{Baskets, NO_GROUP};
use crate::analyses::expected_margin::unit_margins;
use crate::facts::Facts;

/// The groups of a level, in the order of their names.
pub(super) struct Grouping {
    /// The group of each product.
    pub of_product: Vec<u32>,
    /// What one unit of the group earns, minor units: the mean over the baskets with its products, half away from
    /// zero; `None` where no margin of them is known.
    pub margins: Vec<Option<i64>>,
    names: Vec<String>,
}

impl Grouping {
    pub(super) fn of(facts: &Facts, level: Level, baskets: &Baskets) -> Grouping {
        let margins = unit_margins(facts);
        let products = &facts.products;
        if level == Level::Product {
            let names = (0..products.len()).map(|product| products.id(product).to_string()).collect();
            return Grouping { of_product: (0..products.len() as u32).collect(), margins, names };
        }
        let name = |product: usize| {
            let category = facts.categories.values[facts.category[product] as usize].as_str();
            let subcategory = products.text_at("subcategory", product);
            match level {
                Level::Subcategory if subcategory.is_empty() => String::new(),
                Level::Subcategory if category.is_empty() => subcategory.to_string(),
                Level::Subcategory => format!("{category} / {subcategory}"),
                _ => category.to_string(),
            }
        };
        let of: Vec<String> = (0..products.len()).map(name).collect();
        let mut numbers: BTreeMap<&str, u32> =
            of.iter().filter(|name| !name.is_empty()).map(|name| (name.as_str(), 0)).collect();
        numbers.values_mut().zip(0..).for_each(|(number, at)| *number = at);
        let of_product: Vec<u32> =
            of.iter().map(|name| numbers.get(name.as_str()).copied().unwrap_or(NO_GROUP)).collect();
        let mut sums = vec![(0_i128, 0_i128); numbers.len()];
        for product in baskets.earlier().0 {
            if let (Some((sum, count)), Some(margin)) =
                (sums.get_mut(of_product[*product as usize] as usize), margins[*product as usize])
            {
                *sum += i128::from(margin);
                *count += 1;
            }
        }
        let mean = |(sum, count): &(i128, i128)| {
            (*count > 0).then(|| (sum.signum() * ((2 * sum.abs() + count) / (2 * count))) as i64)
        };
        let names = numbers.keys().map(|name| (*name).to_string()).collect();
        Grouping { margins: sums.iter().map(mean).collect(), names, of_product }
    }

    pub(super) fn name(&self, group: u32) -> &str {
        &self.names[group as usize]
    }
}

/// In which of some baskets each item is.
pub(super) struct Postings {
    /// The number of baskets.
    pub n_baskets: u32,
    starts: Vec<u32>,
    baskets: Vec<u32>,
}

impl Postings {
    pub(super) fn of<'b>(baskets: impl Iterator<Item = &'b [u32]>, items: usize) -> Postings {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut n_baskets = 0;
        for basket in baskets {
            pairs.extend(basket.iter().map(|item| (*item, n_baskets)));
            n_baskets += 1;
        }
        let mut starts = vec![0_u32; items + 1];
        pairs.iter().for_each(|(item, _)| starts[*item as usize + 1] += 1);
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut places = vec![0; pairs.len()];
        for (item, basket) in pairs {
            places[next[item as usize] as usize] = basket;
            next[item as usize] += 1;
        }
        Postings { n_baskets, starts, baskets: places }
    }

    /// How many baskets have the item.
    pub(super) fn len(&self, item: u32) -> u32 {
        self.of_item(item).len() as u32
    }

    /// Baskets with all of these, and those of them that have one more.
    pub(super) fn count(&self, items: &[u32], more: u32) -> (u32, u32) {
        let Some(rarest) = items.iter().copied().min_by_key(|item| self.len(*item)) else { return (0, 0) };
        let has = |item: u32, basket: &u32| self.of_item(item).binary_search(basket).is_ok();
        let (mut all, mut both) = (0, 0);
        for basket in self.of_item(rarest) {
            if items.iter().all(|item| *item == rarest || has(*item, basket)) {
                all += 1;
                both += u32::from(has(more, basket));
            }
        }
        (all, both)
    }

    fn of_item(&self, item: u32) -> &[u32] {
        &self.baskets[self.starts[item as usize] as usize..self.starts[item as usize + 1] as usize]
    }
}
