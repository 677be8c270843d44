//! Works out the price of one unit, the discount and the cost of a line where the export has them in another form:
//! a total, a rate, a profit. What a line came to stays exact to the last minor unit, whatever the rounding.

use super::parse::Block;
use super::source::{Layout, MappedColumn};
use super::values::{EMPTY, NumberFormat};
use crate::contracts::{Column, Table};

/// The field of a column that is worked out of others.
pub const WORKED_OUT: usize = usize::MAX;

/// Discount rates are kept in millionths.
const WHOLE: i128 = 1_000_000;

/// Reads a rate as millionths of the whole; `percent`: the number is in per cent. `None` outside 0 to 1.
pub fn rate(text: &[u8], format: NumberFormat, percent: bool) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (text, signed) = text.strip_suffix('%').map_or((text, false), |rest| (rest.trim_end(), true));
    let plain = text.replace(char::from(format.decimal), ".");
    let value: f64 = plain.parse().ok()?;
    let share = if percent || signed { value / 100.0 } else { value };
    // A rate is no money: six digits are what price lists hold, and rounding takes the noise of binary exports off.
    (0.0..=1.0).contains(&share).then(|| (share * WHOLE as f64).round() as i64)
}

/// The columns to work out, by what is mapped.
pub fn worked_out(table: &'static Table, mapped: impl Fn(&str) -> bool) -> Vec<&'static Column> {
    let total = mapped("line_total");
    let rate = mapped("discount_rate") || mapped("discount_percent");
    let wanted = [("unit_price", total), ("discount", total || rate), ("line_cost", mapped("line_profit"))];
    let is_wanted = |(name, wanted): &(&str, bool)| *wanted && !mapped(name);
    let mut columns: Vec<&'static Column> =
        wanted.iter().filter(|pair| is_wanted(pair)).filter_map(|(name, _)| table.column(name)).collect();
    // A price worked out of a total leaves a remainder, which only a discount can hold.
    if total && !mapped("unit_price") && mapped("discount") {
        columns.extend(table.column("discount"));
    }
    columns
}

/// What contradicts itself among the mapped columns.
pub fn contradiction(mapped: impl Fn(&str) -> bool) -> Option<&'static str> {
    let discounts = ["discount", "discount_rate", "discount_percent"].iter().filter(|name| mapped(name)).count();
    if discounts > 1 {
        Some("map one of `discount`, `discount_rate`, `discount_percent`: they say the same")
    } else if mapped("line_total") && mapped("unit_price") && discounts > 0 {
        Some("`line_total` beside `unit_price` and a discount says the same twice: leave one of the three out")
    } else if mapped("line_cost") && mapped("line_profit") {
        Some("map one of `line_cost` and `line_profit`: they say the same")
    } else {
        None
    }
}

impl Block {
    /// Fills the worked out columns.
    pub(super) fn work_amounts_out(&mut self, layout: &Layout) {
        let out = |name: &str| {
            let is = |mapped: &MappedColumn| mapped.field == WORKED_OUT && mapped.column.name == name;
            layout.columns.iter().position(is)
        };
        let (price_out, discount_out, cost_out) = (out("unit_price"), out("discount"), out("line_cost"));
        let Some(quantity) = layout.mapped("quantity") else { return };
        if price_out.or(discount_out).or(cost_out).is_none() {
            return;
        }
        let given =
            |name: &str| layout.columns.iter().position(|own| own.field != WORKED_OUT && own.column.name == name);
        let (price, total, discount) = (given("unit_price"), given("line_total"), given("discount"));
        let (rate, profit) = (given("discount_rate").or_else(|| given("discount_percent")), given("line_profit"));
        for record in 0..self.records.len() {
            if !self.good[record] {
                continue;
            }
            let value = |place: Option<usize>| place.map(|place| self.values[place][record]).filter(|v| *v != EMPTY);
            let line = Given {
                quantity: self.values[quantity][record],
                price: value(price),
                total: value(total),
                discount: value(discount),
                rate: value(rate),
            };
            if total.is_some() && line.total.is_none() {
                self.refuse(record, Some("line_total"), "missing_value");
                continue;
            }
            let profit = value(profit);
            let Some(amounts) = line.amounts() else {
                self.refuse(record, Some("line_total"), "no_unit_price");
                continue;
            };
            let net = i128::from(line.quantity) * i128::from(amounts.price) - i128::from(amounts.discount);
            let cost = profit.and_then(|profit| i64::try_from(net - i128::from(profit)).ok());
            for (place, value) in [(price_out, amounts.price), (discount_out, amounts.discount)] {
                if let Some(place) = place {
                    self.values[place][record] = value;
                }
            }
            if let (Some(place), Some(cost)) = (cost_out, cost) {
                self.values[place][record] = cost;
            }
        }
    }
}

/// What a line says of itself. Money in minor units, the rate in millionths.
struct Given {
    quantity: i64,
    price: Option<i64>,
    total: Option<i64>,
    discount: Option<i64>,
    rate: Option<i64>,
}

/// What it comes to: `quantity × price − discount` is the line's total, exactly.
#[derive(Debug, PartialEq, Eq)]
struct Amounts {
    price: i64,
    discount: i64,
}

impl Given {
    fn amounts(&self) -> Option<Amounts> {
        let quantity = i128::from(self.quantity);
        let rate = i128::from(self.rate.unwrap_or(0));
        if let Some(price) = self.price {
            let gross = quantity * i128::from(price);
            let discount = match (self.total, self.discount) {
                (Some(total), _) => gross - i128::from(total),
                (None, Some(discount)) => i128::from(discount),
                (None, None) => round_half_away(gross * rate, WHOLE),
            };
            return Some(Amounts { price, discount: i64::try_from(discount).ok()? });
        }
        let total = i128::from(self.total?);
        if quantity == 0 && total == 0 {
            return Some(Amounts { price: 0, discount: 0 });
        }
        if quantity == 0 || (rate == WHOLE && total != 0) {
            return None;
        }
        let before = match self.discount {
            Some(discount) => ceiling(total + i128::from(discount), quantity),
            None if rate == WHOLE => 0,
            None => round_half_away(total * WHOLE, quantity * (WHOLE - rate)),
        };
        // No price so low that the discount would be negative.
        let least = ceiling(total, quantity);
        let price = if quantity > 0 { before.max(least) } else { before.min(least) };
        let discount = quantity * price - total;
        Some(Amounts { price: i64::try_from(price).ok()?, discount: i64::try_from(discount).ok()? })
    }
}

/// The price nearest zero difference at which `quantity × price` is not below `total`.
fn ceiling(total: i128, quantity: i128) -> i128 {
    let price = total.div_euclid(quantity);
    // div_euclid leaves a remainder of zero or more: quantity × price ≤ total.
    if price * quantity == total {
        price
    } else if quantity > 0 {
        price + 1
    } else {
        price - 1
    }
}

/// `a / b`, halves away from zero.
fn round_half_away(a: i128, b: i128) -> i128 {
    let (magnitude, divisor) = (a.abs(), b.abs());
    let rounded = (2 * magnitude + divisor) / (2 * divisor);
    if (a < 0) == (b < 0) { rounded } else { -rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(quantity: i64, total: i64, rate: Option<i64>, discount: Option<i64>) -> Given {
        Given { quantity, price: None, total: Some(total), discount, rate }
    }

    #[test]
    fn a_total_is_kept_to_the_last_unit() {
        for quantity in [-7, -3, -2, -1, 1, 2, 3, 7, 1000] {
            for total in [-1001, -10, -1, 0, 1, 2, 999, 1000, 1001] {
                for (rate, discount) in [(None, None), (Some(200_000), None), (Some(333_333), None), (None, Some(5))] {
                    let line = given(quantity, total, rate, discount);
                    let amounts = line.amounts().unwrap();
                    assert_eq!(quantity * amounts.price - amounts.discount, total, "{quantity} {total}");
                    if rate.is_none() && discount.is_none() {
                        assert!((0..quantity.abs()).contains(&amounts.discount), "{quantity} {total} {amounts:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_list_price_comes_back() {
        // 3 at 19.99, 20 per cent off: 47.976, in tenths of a cent.
        let line = given(3, 47_976, Some(200_000), None).amounts().unwrap();
        assert_eq!(line, Amounts { price: 19_990, discount: 11_994 });
        let free = given(3, 0, Some(1_000_000), None).amounts().unwrap();
        assert_eq!(free, Amounts { price: 0, discount: 0 });
        assert_eq!(given(0, 5, None, None).amounts(), None);
        let by_rate = Given { quantity: 10, price: Some(980), total: None, discount: None, rate: Some(50_000) };
        assert_eq!(by_rate.amounts().unwrap(), Amounts { price: 980, discount: 490 });
    }

    #[test]
    fn rates() {
        let point = NumberFormat { decimal: b'.', thousands: None };
        let comma = NumberFormat { decimal: b',', thousands: Some(b'.') };
        assert_eq!(rate(b"0.15000000596046448", point, false), Some(150_000));
        assert_eq!(rate(b"20 %", point, false), Some(200_000));
        assert_eq!(rate(b"12,5", comma, true), Some(125_000));
        assert_eq!(rate(b"1", point, false), Some(1_000_000));
        assert_eq!(
            (rate(b"15", point, false), rate(b"-0.1", point, false), rate(b"x", point, false)),
            (None, None, None)
        );
    }
}
