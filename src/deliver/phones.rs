//! Telephone numbers as a spreadsheet leaves them alone and a telephone dials them.

/// A number as text in every spreadsheet: in groups with hyphens, so that no leading zero is lost, and never with a sign
/// in front. In an Indonesian project numbers of the country are in its national form (`+62 812…` → `0812-…`); those of
/// other countries have their code in brackets. What is no plain number stays as it is.
pub fn phone(text: &str, indonesian: bool) -> String {
    let plain =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '+' | ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 3 || digits.len() > 18 || !text.chars().all(plain) {
        return text.to_string();
    }
    let is_foreign = text.trim_start_matches([' ', '(', '\u{a0}']).starts_with('+');
    let abroad = match digits.strip_prefix("00") {
        Some(rest) if !is_foreign && rest.len() > 9 => Some(rest),
        _ => is_foreign.then_some(digits.as_str()),
    };
    let at_home = abroad.unwrap_or(&digits).strip_prefix("62").filter(|rest| indonesian && rest.len() > 7);
    match (at_home, abroad) {
        (Some(rest), _) => grouped(&format!("0{}", rest.trim_start_matches('0'))),
        (None, Some(number)) => {
            let (code, rest) = number.split_at(country_code(number).min(number.len()));
            format!("(+{code}) {}", grouped(rest))
        }
        // A short number without a zero is a number to a spreadsheet, too, and loses nothing.
        (None, None) if !digits.starts_with('0') && digits.len() <= 11 => digits,
        (None, None) => grouped(&digits),
    }
}

/// Four digits, then groups of four and three, none of which reads as a date.
fn grouped(digits: &str) -> String {
    let first = match digits.len() {
        ..5 if !digits.starts_with('0') => return digits.to_string(),
        ..7 => 1,
        _ => 4,
    };
    let (mut text, mut rest) = (digits[..first].to_string(), &digits[first..]);
    while !rest.is_empty() {
        let size = match rest.len() {
            ..6 => rest.len(),
            length if length % 4 == 0 || length == 7 || length > 9 => 4,
            _ => 3,
        };
        text.push('-');
        text.push_str(&rest[..size]);
        rest = &rest[size..];
    }
    text
}

/// Digits of the country code a number begins with (ITU-T E.164).
fn country_code(number: &str) -> usize {
    const OF_TWO: [&str; 43] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
        "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84",
        "86", "90", "91", "92", "93", "94", "95",
    ];
    match number {
        number if number.starts_with(['1', '7']) => 1,
        number if OF_TWO.iter().any(|code| number.starts_with(code)) || number.starts_with("98") => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::phone;

    #[test]
    fn numbers_keep_their_zeros_and_can_be_dialled() {
        for (given, written) in [
            ("081016414164", "0810-1641-4164"),
            ("+62 812-3456-789", "0812-3456-789"),
            ("6281234567890", "0812-3456-7890"),
            ("+62 (0)21 5551234", "0215-551-234"),
            ("0062 812 3456 7890", "0812-3456-7890"),
            ("+44 20 7946 0958", "(+44) 2079-460-958"),
            ("+1 (415) 555-2671", "(+1) 4155-552-671"),
            ("0821", "0-821"),
            ("081234", "0-81234"),
            ("14045", "14045"),
            ("", ""),
            ("0812 ext 3", "0812 ext 3"),
            ("=1+1", "=1+1"),
        ] {
            assert_eq!(phone(given, true), written, "{given}");
        }
        assert_eq!(phone("+62 812 3456 7890", false), "(+62) 8123-4567-890");
        assert_eq!(phone("02079460958", false), "0207-9460-958");
        for length in 3..19 {
            let number = &"0812345678901234567"[..length];
            assert_eq!(phone(number, false).replace('-', ""), number);
        }
    }
}
