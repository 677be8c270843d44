//! Cells to values: numbers, money, dates and flags, in the locale the source declares.
//!
//! Money never passes through binary floating point. A value that cannot be held exactly is refused.

use super::currency;
use super::months::MONTH_NAMES;
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
/// Accepts a leading or trailing minus, accounting brackets, a currency mark or word, `,-` for no cents, and groups
/// of three.
/// Digits beyond `decimals` must be zero. `None` where it is no number or does not fit.
pub fn decimal(text: &[u8], format: NumberFormat, decimals: u32) -> Option<i64> {
    plain_decimal(text, format.decimal, decimals).or_else(|| dressed_decimal(text, format, decimals))
}

/// Parses an amount of money as [`decimal`] does; one that carries the mark of another currency than the one with
/// this ISO code is none.
pub fn money(text: &[u8], format: NumberFormat, decimals: u32, code: &str) -> Option<i64> {
    let dressed = || if currency::is_foreign(text, code) { None } else { dressed_decimal(text, format, decimals) };
    plain_decimal(text, format.decimal, decimals).or_else(dressed)
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
    // Spreadsheets write other spaces and another minus than keyboards do.
    let text: String = std::str::from_utf8(text).ok()?.chars().map(plain_letter).collect();
    let text = text.trim();
    let (bracketed, text) = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => (true, inner.trim()),
        None => (false, text),
    };
    let (leading, text) = signed(text);
    let text = currency::without_mark(text);
    let (inner, text) = signed(text);
    let dash = [char::from(format.decimal), '-'];
    let text = text.strip_suffix(&dash.iter().collect::<String>()).filter(|rest| ends_with_digit(rest)).unwrap_or(text);
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

fn plain_letter(letter: char) -> char {
    match letter {
        '\u{A0}' | '\u{202F}' | '\u{2009}' => ' ',
        '\u{2212}' => '-',
        letter => letter,
    }
}

/// Takes a leading sign off; whether it was a minus.
fn signed(text: &str) -> (bool, &str) {
    match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => (true, rest.trim_start()),
        (_, Some(rest)) => (false, rest.trim_start()),
        _ => (false, text),
    }
}

fn ends_with_digit(text: &str) -> bool {
    text.ends_with(|letter: char| letter.is_ascii_digit())
}

/// What a point in a number can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// There is none, or it cannot be a number.
    None,
    /// Between whole and fraction.
    Decimal,
    /// Three digits follow, one to three come before: thousands or thousandths.
    Open,
}

/// What the point in a number is, where nobody said.
pub fn point_is(text: &[u8]) -> Point {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let Some(at) = memchr::memchr(b'.', text) else { return Point::None };
    let (whole, fraction) = (&text[..at], &text[at + 1..]);
    if !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        // More than one point, or more than a number.
        return if memchr::memchr(b'.', fraction).is_some() { Point::Open } else { Point::None };
    }
    if fraction.len() == 3 && (1..=3).contains(&whole.len()) && whole[0] != b'0' { Point::Open } else { Point::Decimal }
}

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
    special: Special,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Special {
    /// Nothing special.
    None,
    /// The pattern almost every export has, read the fast way.
    Iso,
    /// Days since this day number, with a fraction for the time: how spreadsheets keep dates.
    Serial(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Year,
    ShortYear,
    Month,
    MonthName,
    DayName,
    Day,
    Hour,
    HalfDayHour,
    HalfDay,
    Minute,
    Second,
    Fraction,
    Zone,
    Byte(u8),
}

impl TimeFormat {
    /// Compiles a pattern of `%Y %y %m %b %d %H %I %p %M %S %f %a %z` and literal characters, or `excel`, `excel1904`.
    pub fn new(pattern: &str) -> Option<TimeFormat> {
        let special = match pattern {
            "%Y-%m-%d %H:%M:%S" => Special::Iso,
            "excel" => Special::Serial(SERIAL_1900),
            "excel1904" => Special::Serial(day_number(1904, 1, 1)?.into()),
            _ => Special::None,
        };
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
                    b'a' | b'A' => Token::DayName,
                    b'd' => Token::Day,
                    b'H' => Token::Hour,
                    b'I' => Token::HalfDayHour,
                    b'p' => Token::HalfDay,
                    b'M' => Token::Minute,
                    b'S' => Token::Second,
                    b'f' => Token::Fraction,
                    b'z' => Token::Zone,
                    _ => return None,
                }
            });
        }
        Some(TimeFormat { special, tokens })
    }

    /// Parses the whole text into microseconds since 1970-01-01 00:00:00 local time. The time is taken as it is
    /// written: a zone is read over.
    pub fn timestamp(&self, text: &[u8]) -> Option<i64> {
        match self.special {
            Special::Iso => return iso_timestamp(text),
            Special::Serial(epoch) => return serial(text, epoch),
            Special::None => {}
        }
        let (mut year, mut month, mut day) = (0, 0, 0);
        let (mut hour, mut minute, mut second, mut micros) = (0, 0, 0, 0);
        let (mut half_day_hour, mut afternoon) = (None, None);
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
                Token::DayName => {
                    let letters = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'\'';
                    rest = &rest[rest.iter().take_while(|byte| letters(byte)).count()..];
                }
                Token::Day => day = take(&mut rest, 1, 2)?,
                Token::Hour => hour = take(&mut rest, 1, 2)?,
                Token::HalfDayHour => half_day_hour = Some(take(&mut rest, 1, 2)?),
                Token::HalfDay => afternoon = Some(take_half_day(&mut rest)?),
                Token::Zone => take_zone(&mut rest)?,
                Token::Minute => minute = take(&mut rest, 2, 2)?,
                Token::Second => second = take(&mut rest, 2, 2)?,
                Token::Fraction => {
                    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    (1..=9).contains(&digits).then_some(())?;
                    micros = (0..6).fold(0, |value, at| {
                        value * 10 + rest[..digits].get(at).map_or(0, |digit| i64::from(digit - b'0'))
                    });
                    rest = &rest[digits..];
                }
            }
        }
        if let Some(on_the_dial) = half_day_hour {
            (1..=12).contains(&on_the_dial).then_some(())?;
            hour = on_the_dial % 12 + if afternoon? { 12 } else { 0 };
        }
        if !rest.is_empty() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = i64::from(day_number(year, month, day)?);
        Some(days * DAY_MICROS + (hour * 3600 + minute * 60 + second) * 1_000_000 + micros)
    }

    /// Parses the whole text into days since 1970-01-01; a time of day is read over.
    pub fn date(&self, text: &[u8]) -> Option<i64> {
        self.timestamp(text).map(|micros| micros.div_euclid(DAY_MICROS))
    }
}

/// `+07:00`, `+0700`, `+07` or `Z`.
fn take_zone(rest: &mut &[u8]) -> Option<()> {
    if let Some(after) = rest.strip_prefix(b"Z") {
        *rest = after;
        return Some(());
    }
    *rest = rest.strip_prefix(b"+").or_else(|| rest.strip_prefix(b"-"))?;
    let hours = take(rest, 2, 2)?;
    *rest = rest.strip_prefix(b":").unwrap_or(rest);
    let minutes = if rest.is_empty() { 0 } else { take(rest, 2, 2)? };
    (hours <= 14 && minutes < 60).then_some(())
}

/// `AM` or `PM`, with or without points; `true` after noon.
fn take_half_day(rest: &mut &[u8]) -> Option<bool> {
    let (letter, after) = rest.split_first()?;
    let after = after.strip_prefix(b".").unwrap_or(after);
    let after = after.strip_prefix(b"M").or_else(|| after.strip_prefix(b"m"))?;
    *rest = after.strip_prefix(b".").unwrap_or(after);
    match letter.to_ascii_lowercase() {
        b'a' => Some(false),
        b'p' => Some(true),
        _ => None,
    }
}

/// 1899-12-30. Day 60 of a spreadsheet is a 29 February 1900 that never was; from then on it counts from here.
const SERIAL_1900: i64 = -25_569;

/// A spreadsheet's serial number, to the second.
fn serial(text: &[u8], epoch: i64) -> Option<i64> {
    const UNIT: i64 = 1_000_000_000;
    let at = text.iter().position(|byte| matches!(byte, b'.' | b',')).unwrap_or(text.len());
    let (whole, fraction) = (&text[..at], text.get(at + 1..).unwrap_or_default());
    let known = (1..=7).contains(&whole.len()) && fraction.iter().all(u8::is_ascii_digit);
    let days = digits(whole).filter(|days| known && *days <= 2_958_465)?;
    let part = (0..9).fold(0, |value, at| value * 10 + fraction.get(at).map_or(0, |digit| i64::from(digit - b'0')));
    let seconds = (part * 86_400 + UNIT / 2) / UNIT;
    let days = if epoch == SERIAL_1900 && days < 60 { days + 1 } else { days };
    Some((epoch + days) * DAY_MICROS + seconds * 1_000_000)
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
        assert_eq!(rupiah("Rp. 1.250.000,-"), Some(125_000_000));
        assert_eq!(rupiah("rp1.000"), Some(100_000));
        assert_eq!(rupiah("1.000 IDR"), Some(100_000));
        assert_eq!(rupiah("1.000 rupiah"), Some(100_000));
        assert_eq!(rupiah("Rp\u{A0}1.000,5"), Some(100_050));
        assert_eq!(rupiah("\u{2212}5"), Some(-500));
        assert_eq!(rupiah("+5"), Some(500));
        assert_eq!(rupiah("(Rp 1.000,00)"), Some(-100_000));
        for bad in ["Rp", "IDR", "1.000 1", ",-", "1,5 jt", "12 %", "5--", "Rp -", "1.00.000"] {
            assert_eq!(rupiah(bad), None, "{bad}");
        }
        assert_eq!(rupiah("12.50"), None);
        assert_eq!(rupiah("1250.000"), None);
        assert_eq!(rupiah("-(5)"), None);
    }

    #[test]
    fn other_currencies_are_no_money() {
        let rupiah = |text: &str| money(text.as_bytes(), INDONESIAN, 0, "IDR");
        assert_eq!([rupiah("15.000"), rupiah("Rp 15.000"), rupiah("15.000 IDR")], [Some(15_000); 3]);
        assert_eq!([rupiah("US$ 15"), rupiah("$15"), rupiah("15 EUR"), rupiah("-RM 15")], [None; 4]);
        assert_eq!(money(b"$1.50", ENGLISH, 2, "SGD"), Some(150));
        assert_eq!(money(b"$1.50", ENGLISH, 2, ""), Some(150));
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

    #[test]
    fn months_and_days_in_two_languages() {
        let local = TimeFormat::new("%d %b %Y").unwrap();
        let names = "Januari January Pebruari February Maret March April Apr Mei May Juni June Juli July Agustus Agt \
                     Agu Ags Aug September Sept Oktober Okt Oct Nopember Nov Desember Des Dec";
        let numbers = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 8, 8, 8, 9, 9, 10, 10, 10, 11, 11, 12, 12, 12];
        assert_eq!(names.split_whitespace().count(), numbers.len());
        for (name, month) in names.split_whitespace().zip(numbers) {
            let text = format!("7 {name} 2024");
            assert_eq!(local.date(text.as_bytes()), day_number(2024, month, 7).map(i64::from), "{text}");
        }
        let long = TimeFormat::new("%A, %d %B %Y").unwrap();
        assert_eq!(long.date("Jum'at, 17 Agustus 1945".as_bytes()), day_number(1945, 8, 17).map(i64::from));
        assert_eq!(local.date(b"7 Foo 2024"), None);
    }

    #[test]
    fn clocks_of_twelve_hours_and_fractions() {
        let format = TimeFormat::new("%d/%m/%Y %I:%M %p").unwrap();
        let at =
            |text: &str| format.timestamp(text.as_bytes()).map(|micros| micros.rem_euclid(DAY_MICROS) / 60_000_000);
        assert_eq!(at("05/01/2026 12:30 AM"), Some(30));
        assert_eq!(at("05/01/2026 12:30 PM"), Some(750));
        assert_eq!(at("05/01/2026 1:05 p.m."), Some(785));
        assert_eq!(at("05/01/2026 13:05 PM"), None);
        assert_eq!(at("05/01/2026 0:05 AM"), None);
        let exact = TimeFormat::new("%Y-%m-%dT%H:%M:%S.%f").unwrap();
        assert_eq!(exact.timestamp(b"1970-01-01T00:00:01.25"), Some(1_250_000));
    }

    #[test]
    fn a_zone_is_read_over() {
        let format = TimeFormat::new("%Y-%m-%dT%H:%M:%S%z").unwrap();
        for zone in ["+07:00", "+0700", "+07", "-03:30", "Z"] {
            let text = format!("1970-01-01T23:30:00{zone}");
            assert_eq!(format.timestamp(text.as_bytes()), Some(84_600_000_000), "{text}");
        }
        for zone in ["", "+", "+7", "+99:00", "+07:60", "+07:0"] {
            assert_eq!(format.timestamp(format!("1970-01-01T23:30:00{zone}").as_bytes()), None, "{zone}");
        }
    }

    #[test]
    fn serial_numbers_of_spreadsheets() {
        let excel = TimeFormat::new("excel").unwrap();
        let day = |year, month, date| day_number(year, month, date).map(i64::from);
        assert_eq!(excel.date(b"45123"), day(2023, 7, 16));
        assert_eq!(excel.date(b"61"), day(1900, 3, 1));
        assert_eq!(excel.date(b"1"), day(1900, 1, 1));
        assert_eq!(excel.timestamp(b"45123.75"), day(2023, 7, 16).map(|day| day * DAY_MICROS + DAY_MICROS / 4 * 3));
        assert_eq!(excel.timestamp(b"45123,5"), excel.timestamp(b"45123.5"));
        assert_eq!(TimeFormat::new("excel1904").unwrap().date(b"43661"), day(2023, 7, 16));
        for bad in ["", "-1", "2023-07-16", "1e5", "99999999", "12.x"] {
            assert_eq!(excel.timestamp(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn numbers_that_read_two_ways() {
        assert_eq!(point_is(b"1.250"), Point::Open);
        assert_eq!(point_is(b"1.250.000"), Point::Open);
        assert_eq!([point_is(b"0.125"), point_is(b"1.25"), point_is(b"1250.125")], [Point::Decimal; 3]);
        assert_eq!([point_is(b"12"), point_is(b"x.y")], [Point::None; 2]);
    }
}
