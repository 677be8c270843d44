//! Numbers, money, shares and days as text, in the language of the reader.
//!
//! Indonesian writes `1.250.000,50` and `31 Des 2025`, English `1,250,000.50` and `31 Dec 2025`.
//! Money is formatted with integer arithmetic only, so the last unit is always right.

use super::Language;

/// Shown where there is no value.
pub const NONE: &str = "–";

/// Between a number and its percent sign (no-break space).
const PERCENT_GAP: &str = "\u{a0}";

/// Money as a number without its currency: `minor` units with `decimals` decimals, shown with
/// `display_decimals`, rounded half away from zero.
pub fn money(minor: i64, decimals: u32, display_decimals: u32, language: Language) -> String {
    let (decimals, shown) = (decimals.min(18), display_decimals.min(18));
    let amount = u128::from(minor.unsigned_abs());
    let amount = if shown < decimals {
        let unit = 10u128.pow(decimals - shown);
        (amount + unit / 2) / unit
    } else {
        amount * 10u128.pow(shown - decimals)
    };
    fixed(amount, shown, minor < 0, language)
}

/// Money with its currency: `Rp 1.250.000`, `USD 12.50`.
pub fn money_code(minor: i64, decimals: u32, display_decimals: u32, code: &str, language: Language) -> String {
    with_currency(code, &money(minor, decimals, display_decimals, language))
}

/// An amount behind its currency: rupiah as every receipt writes it, others by their code.
pub fn with_currency(code: &str, amount: &str) -> String {
    match code {
        "" => amount.to_owned(),
        "IDR" => format!("Rp\u{a0}{amount}"),
        _ => format!("{code}\u{a0}{amount}"),
    }
}

/// Money (or, with 0 decimals, a count) in three digits: `4,82 M` (miliar) or `4.82B`.
pub fn abbreviated(minor: i64, decimals: u32, language: Language) -> String {
    const POWERS: [u32; 5] = [0, 3, 6, 9, 12];
    let suffixes = match language {
        Language::Indonesian => ["", "\u{a0}rb", "\u{a0}jt", "\u{a0}M", "\u{a0}T"],
        Language::English => ["", "k", "M", "B", "T"],
    };
    let amount = u128::from(minor.unsigned_abs());
    let unit = 10u128.pow(decimals.min(18));
    let mut rounded = (0, 0, "");
    for (power, suffix) in POWERS.into_iter().zip(suffixes) {
        let scale = unit * 10u128.pow(power);
        let places = match amount / scale {
            0..10 => 2,
            10..100 => 1,
            _ => 0,
        };
        let value = (amount * 10u128.pow(places) + scale / 2) / scale;
        rounded = (value, places, suffix);
        if value < 1000 * 10u128.pow(places) {
            break;
        }
    }
    let (mut value, mut places, suffix) = rounded;
    while places > 0 && value.is_multiple_of(10) {
        (value, places) = (value / 10, places - 1);
    }
    fixed(value, places, minor < 0, language) + suffix
}

/// A whole number with thousands separators.
pub fn count(value: u64, language: Language) -> String {
    fixed(u128::from(value), 0, false, language)
}

/// A number with `places` decimals; a dash when it is not finite.
pub fn decimal(value: f64, places: usize, language: Language) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let text = format!("{:.places$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    join(whole, fraction, value < 0.0 && !zero, language)
}

/// A share as a percentage: `0.384` is `38.4 %` with one place.
pub fn percent(share: f64, places: usize, language: Language) -> String {
    match decimal(share * 100.0, places, language) {
        text if text == NONE => text,
        text => text + PERCENT_GAP + "%",
    }
}

/// A relative change with its sign: `+4.2 %`.
pub fn signed_percent(change: f64, places: usize, language: Language) -> String {
    plus(percent(change, places, language), change)
}

/// A difference of two shares in percentage points with its sign: `+1.2 pp`.
pub fn points(difference: f64, places: usize, language: Language) -> String {
    let unit = match language {
        Language::Indonesian => "poin",
        Language::English => "pp",
    };
    match decimal(difference * 100.0, places, language) {
        text if text == NONE => text,
        text => plus(format!("{text}\u{a0}{unit}"), difference),
    }
}

/// A p- or q-value: three decimals, or `< 0.001`.
pub fn probability_value(value: f64, language: Language) -> String {
    if value < 0.001 { format!("<\u{a0}{}", decimal(0.001, 3, language)) } else { decimal(value, 3, language) }
}

/// `2025-12-31` as `31 Des 2025`; other text is returned as it is.
pub fn date(day: &str, language: Language) -> String {
    match parse(day) {
        Some((year, month, Some(day))) => {
            format!("{day}\u{a0}{}\u{a0}{year}", month_name(month, language))
        }
        _ => day.to_owned(),
    }
}

/// `2025-12` (or a day of it) as `Des 2025`; other text is returned as it is.
pub fn month(month: &str, language: Language) -> String {
    match parse(month) {
        Some((year, number, _)) => format!("{}\u{a0}{year}", month_name(number, language)),
        None => month.to_owned(),
    }
}

/// `2025-12` (or a day of it) as `Des`; other text is returned as it is.
pub fn month_short(month: &str, language: Language) -> String {
    match parse(month) {
        Some((_, number, _)) => month_name(number, language).to_owned(),
        None => month.to_owned(),
    }
}

/// The day before: `2025-03-01` gives `2025-02-28`; other text is returned as it is.
pub fn day_before(day: &str) -> String {
    let (year, month, day) = match parse(day) {
        Some((year, 1, Some(1))) => (year - 1, 12, 31),
        Some((year, month, Some(1))) => {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month - 1 {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (year, month - 1, last)
        }
        Some((year, month, Some(number))) => (year, month, number - 1),
        _ => return day.to_owned(),
    };
    format!("{year:04}-{month:02}-{day:02}")
}

/// An inclusive span of days from a first day and the day after the last.
pub fn period(start: &str, end: &str, language: Language) -> String {
    format!("{} – {}", date(start, language), date(&day_before(end), language))
}

fn plus(text: String, value: f64) -> String {
    let zero = !text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if value > 0.0 && !zero { format!("+{text}") } else { text }
}

/// `amount` is the number times ten to the power of `places`.
fn fixed(amount: u128, places: u32, negative: bool, language: Language) -> String {
    let width = places as usize + 1;
    let digits = format!("{amount:0width$}");
    let (whole, fraction) = digits.split_at(digits.len() - places as usize);
    join(whole, fraction, negative && amount != 0, language)
}

fn join(whole: &str, fraction: &str, negative: bool, language: Language) -> String {
    let (group, point) = match language {
        Language::Indonesian => ('.', ','),
        Language::English => (',', '.'),
    };
    let mut text = String::with_capacity(whole.len() * 4 / 3 + fraction.len() + 2);
    if negative {
        text.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(point);
        text.push_str(fraction);
    }
    text
}

/// Year, month and, when given, day of `2025-12` or `2025-12-31`.
fn parse(text: &str) -> Option<(u32, u32, Option<u32>)> {
    let mut parts = text.split('-').map(|part| {
        let digits = !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse::<u32>().ok() } else { None }
    });
    let year = parts.next()??;
    let month = parts.next()?.filter(|month| (1..=12).contains(month))?;
    let day = match parts.next() {
        Some(day) => Some(day.filter(|day| (1..=31).contains(day))?),
        None => None,
    };
    (year > 0 && parts.next().is_none()).then_some((year, month, day))
}

fn month_name(month: u32, language: Language) -> &'static str {
    const NAMES: [(&str, &str); 12] = [
        ("Jan", "Jan"),
        ("Feb", "Feb"),
        ("Mar", "Mar"),
        ("Apr", "Apr"),
        ("Mei", "May"),
        ("Jun", "Jun"),
        ("Jul", "Jul"),
        ("Agu", "Aug"),
        ("Sep", "Sep"),
        ("Okt", "Oct"),
        ("Nov", "Nov"),
        ("Des", "Dec"),
    ];
    let names = NAMES.get(month.saturating_sub(1) as usize).copied().unwrap_or_default();
    match language {
        Language::Indonesian => names.0,
        Language::English => names.1,
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{English, Indonesian};
    use super::*;

    #[test]
    fn money_in_both_languages() {
        assert_eq!(money(125_000_050, 2, 2, Indonesian), "1.250.000,50");
        assert_eq!(money(125_000_050, 2, 2, English), "1,250,000.50");
        assert_eq!(money(-150, 2, 0, English), "-2");
        assert_eq!(money(149, 2, 0, English), "1");
        assert_eq!(money(-49, 2, 0, English), "0");
        assert_eq!(money(7, 2, 2, Indonesian), "0,07");
        assert_eq!(money(7, 0, 2, Indonesian), "7,00");
        assert_eq!(money(i64::MIN, 0, 0, English), "-9,223,372,036,854,775,808");
        assert_eq!(money(i64::MAX, 2, 2, English), "92,233,720,368,547,758.07");
        assert_eq!(money_code(100, 0, 0, "IDR", English), "Rp\u{a0}100");
        assert_eq!(money_code(100, 2, 2, "USD", English), "USD\u{a0}1.00");
    }

    #[test]
    fn big_numbers_are_abbreviated() {
        assert_eq!(abbreviated(482_000_000_000, 2, Indonesian), "4,82\u{a0}M");
        assert_eq!(abbreviated(482_000_000_000, 2, English), "4.82B");
        assert_eq!(abbreviated(1_500, 0, Indonesian), "1,5\u{a0}rb");
        assert_eq!(abbreviated(-12_340_000, 0, Indonesian), "-12,3\u{a0}jt");
        assert_eq!(abbreviated(999_499, 0, English), "999k");
        assert_eq!(abbreviated(999_500, 0, English), "1M");
        assert_eq!(abbreviated(0, 2, English), "0");
        assert_eq!(abbreviated(i64::MAX, 0, English), "9,223,372T");
    }

    #[test]
    fn shares_and_changes() {
        assert_eq!(percent(0.384, 1, Indonesian), "38,4\u{a0}%");
        assert_eq!(signed_percent(0.0421, 1, English), "+4.2\u{a0}%");
        assert_eq!(signed_percent(0.0001, 1, English), "0.0\u{a0}%");
        assert_eq!(signed_percent(-0.5, 0, English), "-50\u{a0}%");
        assert_eq!(points(0.012, 1, Indonesian), "+1,2\u{a0}poin");
        assert_eq!(decimal(f64::NAN, 1, English), NONE);
        assert_eq!(decimal(-0.04, 1, English), "0.0");
        assert_eq!(decimal(1234.5, 1, Indonesian), "1.234,5");
        assert_eq!(probability_value(0.0002, English), "<\u{a0}0.001");
    }

    #[test]
    fn days_and_months() {
        assert_eq!(date("2025-12-31", Indonesian), "31\u{a0}Des\u{a0}2025");
        assert_eq!(date("2025-12-31", English), "31\u{a0}Dec\u{a0}2025");
        assert_eq!(month("2025-08", Indonesian), "Agu\u{a0}2025");
        assert_eq!(month_short("2025-05", Indonesian), "Mei");
        assert_eq!(date("soon", English), "soon");
        assert_eq!(date("2025-13-01", English), "2025-13-01");
        assert_eq!(day_before("2024-03-01"), "2024-02-29");
        assert_eq!(day_before("2025-01-01"), "2024-12-31");
        assert_eq!(day_before("2025-12-15"), "2025-12-14");
    }
}
