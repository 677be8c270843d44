//! Exact decimal numbers for rates and formulas: what a price list or a tariff says, digit by digit.

use std::cmp::Ordering;

/// `units × 10^-scale`. Sums, differences and products are exact up to [`MOST_DIGITS`] digits after the point.
#[derive(Debug, Clone, Copy, Default)]
pub struct Decimal {
    units: i128,
    scale: u32,
}

/// Digits after the point that are kept of a product; more are rounded half away from zero.
pub const MOST_DIGITS: u32 = 18;
/// Digits after the point of a quotient, rounded half away from zero.
pub const QUOTIENT_DIGITS: u32 = 12;

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal { units: 0, scale: 0 };
    /// One.
    pub const ONE: Decimal = Decimal { units: 1, scale: 0 };

    /// `units × 10^-scale`.
    pub const fn new(units: i64, scale: u32) -> Decimal {
        Decimal { units: units as i128, scale }
    }

    /// Reads digits with at most one point and an optional sign; `None` for anything else.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let count = whole.len() + fraction.len();
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if count == 0 || count > 30 || fraction.len() > MOST_DIGITS as usize || !plain(whole) || !plain(fraction) {
            return None;
        }
        let units = whole.bytes().chain(fraction.bytes()).fold(0, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        Some(Decimal { units: if negative { -units } else { units }, scale: fraction.len() as u32 })
    }

    /// With all its digits after the point, zeros too: `12.50`.
    pub fn fixed(self) -> String {
        let digits = format!("{:0width$}", self.units.unsigned_abs(), width = self.scale as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        let (sign, point) = (if self.units < 0 { "-" } else { "" }, if fraction.is_empty() { "" } else { "." });
        format!("{sign}{whole}{point}{fraction}")
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    /// The sum; `None` where it does not fit.
    pub fn plus(self, other: Decimal) -> Option<Decimal> {
        let (left, right, scale) = self.aligned(other)?;
        Some(Decimal { units: left.checked_add(right)?, scale })
    }

    /// The difference; `None` where it does not fit.
    pub fn minus(self, other: Decimal) -> Option<Decimal> {
        self.plus(Decimal { units: other.units.checked_neg()?, scale: other.scale })
    }

    /// The product; `None` where it does not fit.
    pub fn times(self, other: Decimal) -> Option<Decimal> {
        let units = self.units.checked_mul(other.units)?;
        let product = Decimal { units, scale: self.scale + other.scale };
        if product.scale <= MOST_DIGITS { Some(product) } else { product.rounded(MOST_DIGITS) }
    }

    /// The quotient with [`QUOTIENT_DIGITS`] digits; `None` where the divisor is zero or it does not fit.
    pub fn over(self, other: Decimal) -> Option<Decimal> {
        let shift = (QUOTIENT_DIGITS + other.scale).checked_sub(self.scale);
        let (above, below) = match shift {
            Some(shift) => (self.units.checked_mul(power(shift)?)?, other.units),
            None => (self.units, other.units.checked_mul(power(self.scale - QUOTIENT_DIGITS - other.scale)?)?),
        };
        Some(Decimal { units: divide_half_away(above, below)?, scale: QUOTIENT_DIGITS })
    }

    /// As a whole number of `10^-scale`, half away from zero; `None` where it does not fit.
    pub fn to_units(self, scale: u32) -> Option<i64> {
        i64::try_from(self.rounded(scale)?.units).ok()
    }

    /// Which is larger.
    pub fn compare(self, other: Decimal) -> Ordering {
        match self.aligned(other) {
            Some((left, right, _)) => left.cmp(&right),
            // One is far larger than the other: the one that does not fit when scaled up.
            None => (self.units.signum() * i128::from(self.size() >= other.size()))
                .cmp(&(other.units.signum() * i128::from(other.size() > self.size()))),
        }
    }

    fn size(self) -> i64 {
        i64::from(self.units.unsigned_abs().checked_ilog10().unwrap_or(0)) - i64::from(self.scale)
    }

    fn rounded(self, scale: u32) -> Option<Decimal> {
        let units = match self.scale.checked_sub(scale) {
            Some(excess) => divide_half_away(self.units, power(excess)?)?,
            None => self.units.checked_mul(power(scale - self.scale)?)?,
        };
        Some(Decimal { units, scale })
    }

    fn aligned(self, other: Decimal) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let left = if self.scale == scale { self.units } else { self.rounded(scale)?.units };
        let right = if other.scale == scale { other.units } else { other.rounded(scale)?.units };
        Some((left, right, scale))
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fixed = self.fixed();
        f.write_str(if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.') } else { &fixed })
    }
}

/// `above ÷ below`, half away from zero; `None` for a division by zero.
pub fn divide_half_away(above: i128, below: i128) -> Option<i128> {
    if below == 0 {
        return None;
    }
    let (quotient, rest) = (above / below, above % below);
    let up = rest.unsigned_abs() >= below.unsigned_abs() - rest.unsigned_abs();
    let sign = if (above < 0) == (below < 0) { 1 } else { -1 };
    Some(quotient + if rest != 0 && up { sign } else { 0 })
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn what_is_read_is_what_is_shown() {
        for (text, shown) in
            [("0", "0"), ("-12.50", "-12.5"), ("+3", "3"), (".5", "0.5"), ("7.", "7"), ("0.000000001", "0.000000001")]
        {
            assert_eq!(number(text).to_string(), shown);
        }
        for wrong in ["", "-", ".", "1e3", "1,5", "1.2.3", "٣", "0.0000000000000000001"] {
            assert!(Decimal::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_tenth_ten_times_is_one() {
        let sum = (0..10).try_fold(Decimal::ZERO, |sum, _| sum.plus(number("0.1"))).unwrap();
        assert_eq!(sum.compare(Decimal::ONE), Ordering::Equal);
        assert_eq!(number("0.014").times(number("1999.99")).unwrap().to_string(), "27.99986");
        assert_eq!(number("1").over(number("3")).unwrap().to_string(), "0.333333333333");
        assert_eq!(number("-2").over(number("3")).unwrap().to_string(), "-0.666666666667");
        assert_eq!(number("0.000000000000000001").over(number("0.5")).unwrap().to_string(), "0");
        assert!(number("1").over(Decimal::ZERO).is_none());
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for (text, cents) in [("0.005", 1), ("-0.005", -1), ("0.0049", 0), ("1.995", 200), ("2", 200)] {
            assert_eq!(number(text).to_units(2), Some(cents), "{text}");
        }
        assert_eq!(number("99999999999999999999").to_units(0), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_still_compared() {
        let large = number("999999999999999999999999999999");
        assert!(large.times(large).is_none());
        assert_eq!(large.compare(number("0.000000000000000001")), Ordering::Greater);
        assert_eq!(number("-0.000000000000000001").compare(large), Ordering::Less);
        assert_eq!(
            number("0.000000000000000001").compare(Decimal { units: -large.units, scale: 0 }),
            Ordering::Greater
        );
    }
}
