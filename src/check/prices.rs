//! What a product usually costs: the median of its prices, to within an eighth, whatever the order of the lines.

use std::collections::BTreeMap;

use hashbrown::HashMap;

/// The prices of every product, counted by size.
#[derive(Debug, Default)]
pub struct Prices {
    /// By product: the price seen last and how often in a row, so that a run of the same price is counted once.
    last: Vec<(i64, u32)>,
    counts: HashMap<(u32, u16), Bucket>,
    usual: Vec<Usual>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    lines: u32,
    lowest: i64,
}

/// What a product usually costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usual {
    /// The lowest price among those of about the size of the median; 0 where there is none.
    pub price: i64,
    /// Lines with a price.
    pub lines: u32,
}

/// Lines of a product below which its median says little.
const FEWEST: u32 = 6;

impl Prices {
    /// Counts a line.
    #[inline]
    pub fn add(&mut self, product: u32, price: i64) {
        let place = product as usize;
        if self.last.len() <= place {
            self.last.resize(place + 1, (0, 0));
        }
        let (last, run) = &mut self.last[place];
        if *last == price {
            *run += 1;
            return;
        }
        let (before, lines) = std::mem::replace(&mut self.last[place], (price, 1));
        self.count(product, before, lines);
    }

    fn count(&mut self, product: u32, price: i64, lines: u32) {
        if lines > 0 && price > 0 {
            let bucket = self.counts.entry((product, size(price))).or_insert(Bucket { lines: 0, lowest: price });
            bucket.lines += lines;
            bucket.lowest = bucket.lowest.min(price);
        }
    }

    /// Ends the counting and finds the medians.
    pub fn finish(&mut self) {
        for product in 0..self.last.len() {
            let (price, lines) = std::mem::take(&mut self.last[product]);
            self.count(product as u32, price, lines);
        }
        let mut by_product: BTreeMap<u32, Vec<(u16, Bucket)>> = BTreeMap::new();
        for ((product, size), bucket) in &self.counts {
            by_product.entry(*product).or_default().push((*size, *bucket));
        }
        self.usual = vec![Usual::default(); self.last.len()];
        for (product, buckets) in &mut by_product {
            buckets.sort_by_key(|(size, _)| *size);
            let lines: u32 = buckets.iter().map(|(_, bucket)| bucket.lines).sum();
            let mut below = 0;
            let median = buckets.iter().find(|(_, bucket)| {
                below += bucket.lines;
                u64::from(below) * 2 >= u64::from(lines)
            });
            let price = median.map_or(0, |(_, bucket)| bucket.lowest);
            self.usual[*product as usize] = Usual { price, lines };
        }
    }

    /// What a product usually costs.
    pub fn usual(&self, product: u32) -> Usual {
        self.usual.get(product as usize).copied().unwrap_or_default()
    }

    /// Whether a price is off the product's usual one by more than a factor.
    pub fn is_off(&self, product: u32, price: i64, factor: f64) -> bool {
        let usual = self.usual(product);
        let (usual_price, price) = (usual.price as f64, price as f64);
        usual.lines >= FEWEST && price > 0.0 && (price > usual_price * factor || price * factor < usual_price)
    }

    /// The products of which few lines, and only few, have a price that is off: a product that is sold at any price
    /// has no usual one.
    pub fn with_outliers(&self, factor: f64) -> Vec<bool> {
        let mut off = vec![0_u32; self.usual.len()];
        for ((product, _), bucket) in &self.counts {
            if self.is_off(*product, bucket.lowest, factor) {
                off[*product as usize] += bucket.lines;
            }
        }
        off.iter().zip(&self.usual).map(|(off, usual)| *off > 0 && *off <= (usual.lines / 50).max(1)).collect()
    }
}

/// Prices of the same size differ by less than an eighth: the number of binary digits, and the next three of them.
fn size(price: i64) -> u16 {
    let digits = 63 - price.leading_zeros() as u16;
    let next = if digits >= 3 { (price >> (digits - 3)) & 7 } else { (price << (3 - digits)) & 7 };
    digits * 8 + next as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_price_far_off_is_told_apart() {
        let mut prices = Prices::default();
        for price in [100, 100, 105, 95, 100, 100, 110, 1000] {
            prices.add(0, price);
        }
        for price in [10, 100, 1000, 10_000, 10, 100, 1000, 10_000] {
            prices.add(1, price);
        }
        prices.finish();
        assert_eq!(prices.usual(0), Usual { price: 100, lines: 8 });
        assert!(prices.is_off(0, 1000, 5.0) && !prices.is_off(0, 300, 5.0) && prices.is_off(0, 9, 5.0));
        assert_eq!(prices.with_outliers(5.0), [true, false]);
    }

    #[test]
    fn the_order_of_the_lines_does_not_matter() {
        let mut given = vec![3, 500, 7, 500, 90, 500, 500, 12, 11, 640];
        let usual = |prices: &[i64]| {
            let mut all = Prices::default();
            prices.iter().for_each(|price| all.add(0, *price));
            all.finish();
            all.usual(0)
        };
        let first = usual(&given);
        given.sort_unstable();
        assert_eq!(first, usual(&given));
    }
}
