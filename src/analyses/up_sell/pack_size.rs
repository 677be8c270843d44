//! Reads the size of a pack out of a product's name: "1 kg", "0,8 L", "6 x 330 ml", "isi 12", "x6", "12 pcs".

/// What a pack holds, and what the name says besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pack {
    /// What is counted.
    pub unit: Unit,
    /// Thousandths of a gram, of a millilitre or of a piece.
    pub content: u64,
    /// The size as the name has it; several parts are joined by a space.
    pub text: String,
    /// The name without it, in small letters, words apart by one space.
    pub rest: String,
}

/// What the content of a pack is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    /// Grams.
    Mass,
    /// Millilitres.
    Volume,
    /// Pieces.
    Count,
}

impl Unit {
    /// What a price is compared by, and how many thousandths of the content's unit that is.
    pub(super) fn compared_by(self) -> (&'static str, u64) {
        match self {
            Unit::Mass => ("kg", 1_000_000),
            Unit::Volume => ("l", 1_000_000),
            Unit::Count => ("pcs", 1_000),
        }
    }
}

/// Words behind a number, and how many grams or millilitres one is, in thousandths.
const MEASURES: [(&str, Unit, u64); 19] = [
    ("mg", Unit::Mass, 1),
    ("g", Unit::Mass, 1_000),
    ("gr", Unit::Mass, 1_000),
    ("gram", Unit::Mass, 1_000),
    ("ons", Unit::Mass, 100_000),
    ("kg", Unit::Mass, 1_000_000),
    ("kilo", Unit::Mass, 1_000_000),
    ("kilogram", Unit::Mass, 1_000_000),
    ("ml", Unit::Volume, 1_000),
    ("cc", Unit::Volume, 1_000),
    ("cl", Unit::Volume, 10_000),
    ("dl", Unit::Volume, 100_000),
    ("l", Unit::Volume, 1_000_000),
    ("lt", Unit::Volume, 1_000_000),
    ("ltr", Unit::Volume, 1_000_000),
    ("liter", Unit::Volume, 1_000_000),
    ("litre", Unit::Volume, 1_000_000),
    ("galon", Unit::Volume, 19_000_000),
    ("mililiter", Unit::Volume, 1_000),
];

/// Words behind a number of pieces, and how many pieces one is.
const PIECES: [(&str, u64); 19] = [
    ("pcs", 1),
    ("pc", 1),
    ("piece", 1),
    ("pieces", 1),
    ("buah", 1),
    ("bh", 1),
    ("biji", 1),
    ("butir", 1),
    ("lembar", 1),
    ("sachet", 1),
    ("saset", 1),
    ("tablet", 1),
    ("kapsul", 1),
    ("pack", 1),
    ("pak", 1),
    ("ct", 1),
    ("lusin", 12),
    ("dozen", 12),
    ("kodi", 20),
];

/// Words before a number of pieces.
const HOLDS: [&str; 5] = ["isi", "x", "×", "contains", "@"];

/// The largest content that is believed, thousandths: a name with more is no size.
const MOST: u64 = 1_000_000_000_000;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'n> {
    /// Thousandths; whole numbers of them only. The digits behind the separator are kept apart for what they may mean.
    Number {
        thousandths: u64,
        grouped: Option<u64>,
    },
    Word(&'n str),
    Mark,
}

/// The size in a name; `None` where there is none.
pub(super) fn read(name: &str) -> Option<Pack> {
    let small = name.to_lowercase();
    let tokens = tokens(&small);
    let mut taken = vec![false; tokens.len()];
    let (mut measure, mut pieces): (Option<(Unit, u64)>, Option<u64>) = (None, None);
    let word = |at: usize| match tokens.get(at) {
        Some((Token::Word(word), ..)) => *word,
        _ => "",
    };
    let multiplies = |at: usize| matches!(word(at), "x" | "×");
    for at in 0..tokens.len() {
        let Token::Number { thousandths, grouped } = tokens[at].0 else { continue };
        let whole = grouped.or((thousandths % 1_000 == 0).then_some(thousandths / 1_000)).filter(|count| *count > 0);
        if let (Some((_, unit, one)), None) = (MEASURES.iter().find(|(known, ..)| *known == word(at + 1)), measure) {
            // "1.000 ml" is a thousand of them, "1.000 kg" is one.
            let amount = grouped.filter(|_| *one <= 1_000).map_or(Some(thousandths), |count| count.checked_mul(1_000));
            let content = amount.and_then(|amount| amount.checked_mul(*one)).map(|content| content / 1_000);
            let Some(content) = content.filter(|content| (1..=MOST).contains(content)) else { continue };
            measure = Some((*unit, content));
            (taken[at], taken[at + 1]) = (true, true);
            continue;
        }
        if pieces.is_some() {
            continue;
        }
        let Some(whole) = whole else { continue };
        if let Some((_, one)) = PIECES.iter().find(|(known, _)| *known == word(at + 1)) {
            pieces = whole.checked_mul(*one);
            (taken[at], taken[at + 1]) = (true, true);
            if at > 0 && HOLDS.contains(&word(at - 1)) {
                taken[at - 1] = true;
            }
        } else if multiplies(at + 1)
            && matches!(tokens.get(at + 2), Some((Token::Number { .. }, ..)))
            && is_measure(word(at + 3))
        {
            pieces = Some(whole);
            (taken[at], taken[at + 1]) = (true, true);
        } else if let Some(before) = before(&tokens, at).filter(|before| HOLDS.contains(&word(*before))) {
            // "5 x 7" is a format, "330 ml x 6" a number of cans.
            let format = multiplies(before) && before > 0 && matches!(tokens[before - 1].0, Token::Number { .. });
            if !format {
                pieces = Some(whole);
                (before..=at).for_each(|token| taken[token] = true);
            }
        }
    }
    let (unit, content) = match (measure, pieces) {
        (Some((unit, content)), pieces) => (unit, content.checked_mul(pieces.unwrap_or(1))?),
        (None, Some(pieces)) => (Unit::Count, pieces.checked_mul(1_000)?),
        (None, None) => return None,
    };
    if content > MOST {
        return None;
    }
    Some(Pack { unit, content, text: text(name, &small, &tokens, &taken), rest: rest(&small, &tokens, &taken) })
}

fn is_measure(word: &str) -> bool {
    MEASURES.iter().any(|(known, ..)| *known == word)
}

/// The token before a number, a mark between them (as in "isi: 12") passed over.
fn before(tokens: &[(Token<'_>, usize, usize)], at: usize) -> Option<usize> {
    let before = at.checked_sub(1)?;
    if matches!(tokens[before].0, Token::Mark) { before.checked_sub(1) } else { Some(before) }
}

/// The size in the letters of the name.
fn text(name: &str, small: &str, tokens: &[(Token<'_>, usize, usize)], taken: &[bool]) -> String {
    // Small letters may be longer or shorter than large ones; then the small ones are shown.
    let source = if name.len() == small.len() { name } else { small };
    let mut parts: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let first = at;
        while at < tokens.len() && taken[at] {
            at += 1;
        }
        if at > first {
            parts.extend(source.get(tokens[first].1..tokens[at - 1].2));
        }
        at += 1;
    }
    parts.join(" ")
}

/// The words that are not the size. A number and what comes right behind it ("4L") stay one word.
fn rest(small: &str, tokens: &[(Token<'_>, usize, usize)], taken: &[bool]) -> String {
    let mut rest = String::new();
    let mut end = None;
    for ((token, from, to), taken) in tokens.iter().zip(taken) {
        if *taken || *token == Token::Mark {
            continue;
        }
        if !rest.is_empty() && end != Some(*from) {
            rest.push(' ');
        }
        rest.push_str(&small[*from..*to]);
        end = Some(*to);
    }
    rest
}

/// Numbers, words and marks with where they begin and end.
fn tokens(small: &str) -> Vec<(Token<'_>, usize, usize)> {
    let mut found = Vec::new();
    let mut rest = small.char_indices().peekable();
    while let Some((from, first)) = rest.next() {
        let mut to = from + first.len_utf8();
        if first.is_ascii_digit() {
            let mut separator = None;
            while let Some((at, next)) = rest.peek().copied() {
                let decimal = matches!(next, '.' | ',')
                    && separator.is_none()
                    && small.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
                if decimal {
                    separator = Some(at);
                } else if !next.is_ascii_digit() {
                    break;
                }
                to = at + 1;
                rest.next();
            }
            found.push((number(&small[from..to], separator.map(|at| at - from)), from, to));
        } else if first.is_alphabetic() {
            while let Some((at, next)) = rest.peek().copied().filter(|(_, next)| next.is_alphabetic()) {
                to = at + next.len_utf8();
                rest.next();
            }
            found.push((Token::Word(&small[from..to]), from, to));
        } else if matches!(first, '×' | '@') {
            found.push((Token::Word(&small[from..to]), from, to));
        } else if !first.is_whitespace() {
            found.push((Token::Mark, from, to));
        }
    }
    found
}

fn number(digits: &str, separator: Option<usize>) -> Token<'_> {
    let none = Token::Mark;
    let Some(at) = separator else {
        let whole = digits.parse::<u64>().ok().and_then(|whole| whole.checked_mul(1_000));
        return whole.map_or(none, |thousandths| Token::Number { thousandths, grouped: None });
    };
    let (whole, part) = (&digits[..at], &digits[at + 1..]);
    let grouped = if part.len() == 3 && whole != "0" { format!("{whole}{part}").parse().ok() } else { None };
    let part = format!("{part:0<3}");
    let thousandths = whole.parse::<u64>().ok().zip(part[..3].parse::<u64>().ok());
    let thousandths = thousandths.and_then(|(whole, part)| whole.checked_mul(1_000)?.checked_add(part));
    thousandths.map_or(none, |thousandths| Token::Number { thousandths, grouped })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(name: &str) -> Option<(Unit, u64, String, String)> {
        read(name).map(|pack| (pack.unit, pack.content, pack.text, pack.rest))
    }

    #[test]
    fn reads_sizes_as_shops_write_them() {
        let cases: [(&str, Unit, u64, &str, &str); 16] = [
            ("Beras Ramos 5 kg", Unit::Mass, 5_000_000, "5 kg", "beras ramos"),
            ("Gula 500gr", Unit::Mass, 500_000, "500gr", "gula"),
            ("Oli Mesin 0,8 L Mitra Matik 110", Unit::Volume, 800_000, "0,8 L", "oli mesin mitra matik 110"),
            ("Susu UHT 1.5L", Unit::Volume, 1_500_000, "1.5L", "susu uht"),
            ("Minyak 1.000 ml", Unit::Volume, 1_000_000, "1.000 ml", "minyak"),
            ("Tepung 1.000 kg", Unit::Mass, 1_000_000, "1.000 kg", "tepung"),
            ("Telur isi 12", Unit::Count, 12_000, "isi 12", "telur"),
            ("Sekring; isi 10", Unit::Count, 10_000, "isi 10", "sekring"),
            ("Popok M (isi: 34)", Unit::Count, 34_000, "isi: 34", "popok m"),
            ("Tisu x6", Unit::Count, 6_000, "x6", "tisu"),
            ("Baterai AA 12 pcs", Unit::Count, 12_000, "12 pcs", "baterai aa"),
            ("Gelas 2 lusin", Unit::Count, 24_000, "2 lusin", "gelas"),
            ("Cola 6 x 330 ml", Unit::Volume, 1_980_000, "6 x 330 ml", "cola"),
            ("Cola 330ml x 24", Unit::Volume, 7_920_000, "330ml x 24", "cola"),
            ("Kopi 3in1 20 g isi 10", Unit::Mass, 200_000, "20 g isi 10", "kopi 3in1"),
            ("Teh Celup isi 25 pcs", Unit::Count, 25_000, "isi 25 pcs", "teh celup"),
        ];
        for (name, unit, content, text, rest) in cases {
            assert_eq!(parsed(name), Some((unit, content, text.to_string(), rest.to_string())), "{name}");
        }
    }

    #[test]
    fn other_numbers_are_no_sizes() {
        for name in [
            "Ban Luar 17\"",
            "Lampu Rumah 12 W",
            "Aki 5 Ah",
            "MPV 1.3",
            "Foto 4 x 6",
            "Gula",
            "",
            "0 kg",
            "99999999999999999999 kg",
        ] {
            assert_eq!(parsed(name), None, "{name}");
        }
    }
}
