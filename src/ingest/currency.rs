//! The currency that an amount carries as a mark, a code or a word.

/// Takes a currency mark or word off, in front or behind.
pub fn without_mark(text: &str) -> &str {
    let same = |part: Option<&str>, mark: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(mark));
    let front = MARKS.iter().find(|mark| same(text.get(..mark.len()), mark));
    if let Some(mark) = front {
        return text[mark.len()..].trim_start();
    }
    let behind = |mark: &&&str| text.len() > mark.len() && same(text.get(text.len() - mark.len()..), mark);
    MARKS.iter().find(behind).map_or(text, |mark| text[..text.len() - mark.len()].trim_end())
}

/// Longest first where one begins or ends another.
const MARKS: &[&str] =
    &["rupiah", "Rp.", "Rp", "IDR", "US$", "USD", "EUR", "GBP", "SGD", "MYR", "S$", "RM", "$", "€", "£"];

/// Whether an amount carries the mark or the code of another currency than the one with this ISO code.
pub fn is_foreign(text: &[u8], currency: &str) -> bool {
    const DOLLARS: &[&str] = &["USD", "SGD", "AUD", "CAD", "NZD", "HKD", "TWD", "BND"];
    let may_be_mark = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'$' || *byte >= 0x80;
    if !text.iter().any(may_be_mark) {
        return false;
    }
    let is_mark = |letter: &char| letter.is_alphabetic() || "$€£".contains(*letter);
    let mark: String = String::from_utf8_lossy(text).chars().filter(is_mark).collect();
    let code = match mark.to_uppercase().as_str() {
        "RUPIAH" | "RP" | "IDR" => "IDR",
        "US$" | "USD" => "USD",
        "€" | "EUR" => "EUR",
        "£" | "GBP" => "GBP",
        "S$" | "SGD" => "SGD",
        "RM" | "MYR" => "MYR",
        "$" => DOLLARS.iter().find(|dollar| dollar.eq_ignore_ascii_case(currency)).unwrap_or(&"USD"),
        _ => return false,
    };
    currency.len() == 3 && !code.eq_ignore_ascii_case(currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_other_currencies() {
        for (text, code) in
            [("US$ 1.50", "SGD"), ("$1.50", "IDR"), ("15 EUR", "IDR"), ("-RM 15", "IDR"), ("Rp. 5", "USD")]
        {
            assert!(is_foreign(text.as_bytes(), code), "{text} {code}");
        }
        for (text, code) in
            [("S$ 1.50", "SGD"), ("$1.50", "SGD"), ("1.50", "IDR"), ("x", "IDR"), ("rupiah 5", "idr"), ("$5", "")]
        {
            assert!(!is_foreign(text.as_bytes(), code), "{text} {code}");
        }
    }
}
