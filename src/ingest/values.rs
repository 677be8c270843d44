//! Cells to values: numbers, money, dates and flags, in the locale the source declares.
//!
//! Money never passes through binary floating point. A value that cannot be held exactly is refused.

use crate::calendar::{DAY_MICROS, day_number};

/// The value of an empty cell in a parsed column.
pub const EMPTY: i64 = i64::MIN;

/// How a source writes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFormat {
    /// The decimal mark.
    pub decimal: u8,
    /// The mark between groups of three digits, if any.
    pub thousands: Option<u8>,
}

/// Parses a decimal number into an integer number of `10^-decimals` units.
///
/// Accepts a leading or trailing minus, accounting brackets, a currency mark in front and groups of three.
/// Digits beyond `decimals` must be zero. `None` where it is no number or does not fit.
pub fn decimal(text: &[u8], format: NumberFormat, decimals: u32) -> Option<i64> {
    plain_decimal(text, format.decimal, decimals).or_else(|| dressed_decimal(text, format, decimals))
}

/// Digits, at most one decimal mark, an optional leading minus: the common case.
fn plain_decimal(text: &[u8], mark: u8, decimals: u32) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value: i64 = 0;
    let mut fraction: Option<u32> = None;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            match &mut fraction {
                Some(n) if *n == decimals => {
                    if digit != 0 {
                        return None;
                    }
                    continue;
                }
                Some(n) => *n += 1,
                None => {}
            }
            value = value * 10 + i64::from(digit);
        } else if byte == mark && fraction.is_none() {
            fraction = Some(0);
        } else {
            return None;
        }
    }
    if digits == [mark] {
        return None;
    }
    let value = value.checked_mul(10_i64.pow(decimals - fraction.unwrap_or(0)))?;
    Some(if negative { -value } else { value })
}

/// A number in its finery: `Rp 1.250.000,50`, `(1.000)`, `1,250.00-`.
fn dressed_decimal(text: &[u8], format: NumberFormat, decimals: u32) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (bracketed, text) = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => (true, inner.trim()),
        None => (false, text),
    };
    let (leading, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let text = CURRENCY_MARKS.iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text).trim_start();
    let (inner, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (trailing, text) = match text.strip_suffix('-') {
        Some(rest) => (true, rest.trim_end()),
        None => (false, text),
    };
    let signs = [bracketed, leading, inner, trailing].iter().filter(|sign| **sign).count();
    if signs > 1 || text.is_empty() {
        return None;
    }
    let mut parts = text.splitn(2, char::from(format.decimal));
    let whole = parts.next()?;
    let fraction = parts.next();
    let mut bare = String::with_capacity(text.len());
    match format.thousands {
        Some(mark) => {
            for (position, group) in whole.split(char::from(mark)).enumerate() {
                let right_length = if position == 0 { !group.is_empty() } else { group.len() == 3 };
                if !right_length {
                    return None;
                }
                bare.push_str(group);
            }
            if whole.contains(char::from(mark)) && whole.split(char::from(mark)).next()?.len() > 3 {
                return None;
            }
        }
        None => bare.push_str(whole),
    }
    if let Some(fraction) = fraction {
        bare.push('.');
        bare.push_str(fraction);
    }
    if bare.starts_with('-') {
        return None;
    }
    let value = plain_decimal(bare.as_bytes(), b'.', decimals)?;
    Some(if signs == 1 { -value } else { value })
}

const CURRENCY_MARKS: &[&str] = &["Rp.", "Rp", "IDR", "USD", "EUR", "GBP", "US$", "$", "€", "£"];

/// Parses a whole number; `12`, `-3`, `12.0` and `1.250` (with a thousands mark) are whole.
pub fn integer(text: &[u8], format: NumberFormat) -> Option<i64> {
    decimal(text, format, 0)
}

/// Parses yes or no.
pub fn flag(text: &[u8]) -> Option<bool> {
    match text {
        b"1" | b"Y" | b"y" => Some(true),
        b"0" | b"N" | b"n" | b"T" | b"t" => Some(false),
        _ => match text.to_ascii_lowercase().as_slice() {
            b"yes" | b"true" | b"ya" => Some(true),
            b"no" | b"false" | b"tidak" => Some(false),
            _ => None,
        },
    }
}

/// Parses a month `YYYY-MM` (or `YYYY/MM`, `YYYYMM`) into `year * 12 + month - 1`.
pub fn month(text: &[u8]) -> Option<i64> {
    let (year, month) = match text {
        [year @ .., b'-' | b'/', a, b] => (year, [*a, *b]),
        [year @ .., a, b] => (year, [*a, *b]),
        _ => return None,
    };
    if year.len() != 4 {
        return None;
    }
    let month = digits(&month)?;
    (1..=12).contains(&month).then_some(())?;
    Some(digits(year)? * 12 + month - 1)
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + i64::from(digit))
    })
}

/// A date or timestamp pattern (`%d/%m/%Y %H:%M`), compiled once per source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFormat {
    tokens: Vec<Token>,
    iso: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Hour,
    Minute,
    Second,
    Byte(u8),
}

impl TimeFormat {
    /// Compiles a pattern of `%Y %y %m %b %d %H %M %S` and literal characters.
    pub fn new(pattern: &str) -> Option<TimeFormat> {
        let mut tokens = Vec::new();
        let mut bytes = pattern.bytes();
        while let Some(byte) = bytes.next() {
            tokens.push(if byte != b'%' {
                Token::Byte(byte)
            } else {
                match bytes.next()? {
                    b'Y' => Token::Year,
                    b'y' => Token::ShortYear,
                    b'm' => Token::Month,
                    b'b' | b'B' => Token::MonthName,
                    b'd' => Token::Day,
                    b'H' => Token::Hour,
                    b'M' => Token::Minute,
                    b'S' => Token::Second,
                    _ => return None,
                }
            });
        }
        Some(TimeFormat { iso: pattern == "%Y-%m-%d %H:%M:%S", tokens })
    }

    /// Parses the whole text into microseconds since 1970-01-01 00:00:00 local time.
    pub fn timestamp(&self, text: &[u8]) -> Option<i64> {
        if self.iso {
            return iso_timestamp(text);
        }
        let (mut year, mut month, mut day) = (0, 0, 0);
        let (mut hour, mut minute, mut second) = (0, 0, 0);
        let mut rest = text;
        for token in &self.tokens {
            match token {
                Token::Byte(byte) => rest = rest.strip_prefix(std::slice::from_ref(byte))?,
                Token::Year => year = take(&mut rest, 4, 4)?,
                Token::ShortYear => {
                    let short = take(&mut rest, 2, 2)?;
                    year = if short < 70 { 2000 + short } else { 1900 + short };
                }
                Token::Month => month = take(&mut rest, 1, 2)?,
                Token::MonthName => month = take_month_name(&mut rest)?,
                Token::Day => day = take(&mut rest, 1, 2)?,
                Token::Hour => hour = take(&mut rest, 1, 2)?,
                Token::Minute => minute = take(&mut rest, 2, 2)?,
                Token::Second => second = take(&mut rest, 2, 2)?,
            }
        }
        if !rest.is_empty() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = i64::from(day_number(year, month, day)?);
        Some(days * DAY_MICROS + (hour * 3600 + minute * 60 + second) * 1_000_000)
    }

    /// Parses the whole text into days since 1970-01-01; the pattern must have no time of day set to anything but midnight.
    pub fn date(&self, text: &[u8]) -> Option<i64> {
        self.timestamp(text).map(|micros| micros.div_euclid(DAY_MICROS))
    }
}

/// Parses `2024-01-31`, `2024-01-31 10:15:00` or `2024-01-31T10:15:00.5+07:00` into the local time it names: parts of
/// a second and the zone are left off.
pub fn iso(text: &[u8]) -> Option<i64> {
    let mut whole = *b"0000-00-00 00:00:00";
    if text.len() == 10 {
        whole[..10].copy_from_slice(text);
        return iso_timestamp(&whole);
    }
    let (head, mut tail) = text.split_at_checked(19)?;
    whole.copy_from_slice(head);
    if whole[10] == b'T' {
        whole[10] = b' ';
    }
    if let Some(fraction) = tail.strip_prefix(b".") {
        tail = fraction;
        while let [b'0'..=b'9', rest @ ..] = tail {
            tail = rest;
        }
    }
    let zone = matches!(tail, [] | [b'Z'] | [b'+' | b'-', ..]) && tail.len() <= 6;
    let digits = tail.iter().skip(1).all(|byte| byte.is_ascii_digit() || *byte == b':');
    if zone && digits { iso_timestamp(&whole) } else { None }
}

fn iso_timestamp(text: &[u8]) -> Option<i64> {
    let text: &[u8; 19] = text.try_into().ok()?;
    if text[4] != b'-' || text[7] != b'-' || text[10] != b' ' || text[13] != b':' || text[16] != b':' {
        return None;
    }
    let pair = |at: usize| {
        let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
    };
    let (hour, minute, second) = (pair(11)?, pair(14)?, pair(17)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = i64::from(day_number(pair(0)? * 100 + pair(2)?, pair(5)?, pair(8)?)?);
    Some(days * DAY_MICROS + (hour * 3600 + minute * 60 + second) * 1_000_000)
}

fn take(rest: &mut &[u8], least: usize, most: usize) -> Option<i64> {
    let length = rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    if length < least {
        return None;
    }
    let (number, after) = rest.split_at(length);
    *rest = after;
    digits(number)
}

/// Month names and usual abbreviations, Indonesian and English, longest first where one begins another.
const MONTH_NAMES: &[(&str, i64)] = &[
    ("januari", 1),
    ("january", 1),
    ("jan", 1),
    ("februari", 2),
    ("february", 2),
    ("peb", 2),
    ("feb", 2),
    ("maret", 3),
    ("march", 3),
    ("mar", 3),
    ("april", 4),
    ("apr", 4),
    ("mei", 5),
    ("may", 5),
    ("juni", 6),
    ("june", 6),
    ("jun", 6),
    ("juli", 7),
    ("july", 7),
    ("jul", 7),
    ("agustus", 8),
    ("august", 8),
    ("agust", 8),
    ("agu", 8),
    ("agt", 8),
    ("ags", 8),
    ("aug", 8),
    ("september", 9),
    ("sept", 9),
    ("sep", 9),
    ("oktober", 10),
    ("october", 10),
    ("okt", 10),
    ("oct", 10),
    ("november", 11),
    ("nopember", 11),
    ("nov", 11),
    ("nop", 11),
    ("desember", 12),
    ("december", 12),
    ("des", 12),
    ("dec", 12),
];

fn take_month_name(rest: &mut &[u8]) -> Option<i64> {
    let (name, number) = MONTH_NAMES
        .iter()
        .find(|(name, _)| rest.len() >= name.len() && rest[..name.len()].eq_ignore_ascii_case(name.as_bytes()))?;
    *rest = &rest[name.len()..];
    Some(*number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: NumberFormat = NumberFormat { decimal: b'.', thousands: None };
    const INDONESIAN: NumberFormat = NumberFormat { decimal: b',', thousands: Some(b'.') };

    #[test]
    fn money_is_exact_or_refused() {
        let cents = |text: &str| decimal(text.as_bytes(), ENGLISH, 2);
        assert_eq!(cents("1.05"), Some(105));
        assert_eq!(cents("-1.5"), Some(-150));
        assert_eq!(cents("12"), Some(1200));
        assert_eq!(cents("1.050"), Some(105));
        assert_eq!(cents("1.005"), None);
        assert_eq!(cents(""), None);
        assert_eq!(cents("."), None);
        assert_eq!(cents("abc"), None);
        assert_eq!(cents("1,50"), None);
        assert_eq!(cents("--1"), None);
        assert_eq!(cents("99999999999999999999"), None);
    }

    #[test]
    fn rupiah_as_people_write_it() {
        let rupiah = |text: &str| decimal(text.as_bytes(), INDONESIAN, 2);
        assert_eq!(rupiah("Rp 1.250.000,50"), Some(125_000_050));
        assert_eq!(rupiah("1.250.000"), Some(125_000_000));
        assert_eq!(rupiah("(1.000)"), Some(-100_000));
        assert_eq!(rupiah("1.000-"), Some(-100_000));
        assert_eq!(rupiah("-Rp 5"), Some(-500));
        assert_eq!(rupiah("12.50"), None);
        assert_eq!(rupiah("1250.000"), None);
        assert_eq!(rupiah("-(5)"), None);
    }

    #[test]
    fn impossible_days_are_refused() {
        let iso = TimeFormat::new("%Y-%m-%d %H:%M:%S").unwrap();
        assert!(iso.timestamp(b"2024-02-29 23:59:59").is_some());
        for bad in ["2023-02-30 10:00:00", "31/12/2023 10:15", "", "0000-00-00 00:00:00", "2023-01-01 24:00:00"] {
            assert_eq!(iso.timestamp(bad.as_bytes()), None, "{bad}");
        }
        let local = TimeFormat::new("%d %b %Y").unwrap();
        assert_eq!(local.date("17 Agustus 1945".as_bytes()), day_number(1945, 8, 17).map(i64::from));
        assert_eq!(local.date("17 Aug 1945".as_bytes()), day_number(1945, 8, 17).map(i64::from));
    }
}
