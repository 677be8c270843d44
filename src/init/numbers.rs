//! How a column writes numbers: decimal mark, thousands, digits, signs, currency.

use crate::ingest::values::NumberFormat;

/// What the numbers of a column look like.
#[derive(Debug, Clone, Default)]
pub struct NumberLook {
    /// Digits only.
    plain: u64,
    /// Of these, four digits or more: written without thousands.
    plain_long: u64,
    /// Of these, a zero in front of other digits: an identifier.
    pub zero_led: u64,
    /// Below zero.
    pub negative: u64,
    /// With a percent sign.
    pub percent: u64,
    /// No numbers.
    pub others: u64,
    /// Groups of three parted by blanks, with no other mark.
    blank_groups: u64,
    /// Groups of three parted by blanks.
    blanks: u64,
    dot: Mark,
    comma: Mark,
    /// Values by currency mark, as in [`CURRENCIES`].
    pub currencies: [u64; CURRENCIES.len()],
    /// The largest whole part.
    pub largest: u64,
}

/// What a dot, or a comma, does in the numbers of a column.
#[derive(Debug, Clone, Default)]
struct Mark {
    /// Can only be the decimal mark.
    decimal: u64,
    /// Can only part groups of three.
    groups: u64,
    /// One mark, three digits after it: could be either.
    unclear: u64,
    /// Of the unclear, those that end in two zeros.
    round: u64,
    /// Values with it as decimal mark, by digits that are not padding (the last: that many or more).
    digits: [u64; 10],
}

/// Currency marks and the code each stands for.
pub const CURRENCIES: [(&str, &str); 10] = [
    ("Rp.", "IDR"),
    ("Rp", "IDR"),
    ("IDR", "IDR"),
    ("US$", "USD"),
    ("USD", "USD"),
    ("EUR", "EUR"),
    ("GBP", "GBP"),
    ("$", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
];

/// How a file writes numbers, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberVerdict {
    /// Marks to read it with.
    pub format: NumberFormat,
    /// Values that speak for it.
    pub votes: u64,
    /// Values that speak against it.
    pub against: u64,
    /// Values that could be read two ways, where nothing decides.
    pub unclear: u64,
}

/// Decides the marks of a file from its numeric columns.
pub fn decide<'l>(columns: impl Iterator<Item = &'l NumberLook>, answer: Option<char>) -> NumberVerdict {
    let (mut dot_votes, mut comma_votes, mut unclear) = (0, 0, 0);
    let (mut dot_parts, mut comma_parts, mut blank_parts) = (0, 0, 0);
    for column in columns {
        let (dot, comma) = (&column.dot, &column.comma);
        dot_votes += dot.decimal + comma.groups;
        comma_votes += comma.decimal + dot.groups;
        match column.reading(dot, comma) {
            Reading::Decimal => dot_votes += dot.unclear,
            Reading::Groups => comma_votes += dot.unclear,
            Reading::Unclear => unclear += dot.unclear,
        }
        match column.reading(comma, dot) {
            Reading::Decimal => comma_votes += comma.unclear,
            Reading::Groups => dot_votes += comma.unclear,
            Reading::Unclear => unclear += comma.unclear,
        }
        dot_parts += dot.groups + dot.unclear;
        comma_parts += comma.groups + comma.unclear;
        blank_parts += column.blanks;
    }
    let comma_decimal = match answer {
        Some(mark) if dot_votes + comma_votes == 0 => mark == ',',
        _ => comma_votes > dot_votes,
    };
    let (votes, against) = if comma_decimal { (comma_votes, dot_votes) } else { (dot_votes, comma_votes) };
    let unclear = if votes > 0 || answer.is_some() { 0 } else { unclear };
    let parts = if comma_decimal { dot_parts } else { comma_parts };
    let thousands =
        if parts > 0 { Some(if comma_decimal { b'.' } else { b',' }) } else { (blank_parts > 0).then_some(b' ') };
    NumberVerdict {
        format: NumberFormat { decimal: if comma_decimal { b',' } else { b'.' }, thousands },
        votes,
        against,
        unclear,
    }
}

impl NumberLook {
    /// Looks at one filled cell.
    pub fn add(&mut self, text: &[u8]) {
        if text.iter().all(u8::is_ascii_digit) && text.len() <= 18 {
            self.whole(text);
            return;
        }
        match self.dressed(text.trim_ascii()) {
            Some(()) => {}
            None => self.others += 1,
        }
    }

    /// Adds what another file's column looks like.
    pub fn merge(&mut self, other: &NumberLook) {
        self.plain += other.plain;
        self.plain_long += other.plain_long;
        self.zero_led += other.zero_led;
        self.negative += other.negative;
        self.percent += other.percent;
        self.others += other.others;
        self.blank_groups += other.blank_groups;
        self.blanks += other.blanks;
        self.dot.merge(&other.dot);
        self.comma.merge(&other.comma);
        self.currencies.iter_mut().zip(other.currencies).for_each(|(count, more)| *count += more);
        self.largest = self.largest.max(other.largest);
    }

    /// Values that are numbers in one way of writing or another.
    pub fn numbers(&self) -> u64 {
        self.plain + self.blank_groups + self.dot.values() + self.comma.values()
    }

    /// Whether the column's numbers are to be read as numbers: no identifiers with leading zeros.
    pub fn is_numeric(&self) -> bool {
        self.numbers() > 0 && self.numbers() >= 9 * self.others && self.zero_led * 20 <= self.numbers()
    }

    /// Values by digits after the decimal mark that are not padding (the last: that many or more).
    pub fn digits(&self, format: NumberFormat) -> [u64; 10] {
        let mark = if format.decimal == b',' { &self.comma } else { &self.dot };
        let mut digits = mark.digits;
        digits[0] += self.numbers() - digits.iter().sum::<u64>().min(self.numbers());
        digits
    }

    /// How to read the unclear values of one mark: by the other values of the column, by missing thousands marks
    /// in long numbers, by round thousands.
    fn reading(&self, mark: &Mark, other: &Mark) -> Reading {
        if mark.decimal + other.groups > 0 {
            Reading::Decimal
        } else if mark.groups + other.decimal > 0 {
            Reading::Groups
        } else if self.plain_long > mark.unclear {
            Reading::Decimal
        } else if mark.round * 2 >= mark.unclear {
            Reading::Groups
        } else {
            Reading::Unclear
        }
    }

    fn whole(&mut self, digits: &[u8]) {
        self.plain += 1;
        self.plain_long += u64::from(digits.len() > 3);
        self.zero_led += u64::from(digits.len() > 1 && digits[0] == b'0');
        self.largest = self.largest.max(number(digits));
    }

    fn dressed(&mut self, text: &[u8]) -> Option<()> {
        let text = std::str::from_utf8(text).ok()?;
        let (bracketed, text) = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => (true, inner),
            None => (false, text),
        };
        let (leading, text) = strip(text, '-');
        let currency = CURRENCIES.iter().position(|(mark, _)| text.starts_with(mark));
        let text = currency.map_or(text, |place| &text[CURRENCIES[place].0.len()..]).trim_start();
        let (inner, text) = strip(text, '-');
        let (text, trailing) = text.strip_suffix('-').map_or((text, false), |rest| (rest, true));
        let (text, percent) = text.strip_suffix('%').map_or((text, false), |rest| (rest.trim_end(), true));
        let body = text.as_bytes();
        if body.is_empty()
            || body.len() > 30
            || !body.iter().all(|byte| byte.is_ascii_digit() || b"., ".contains(byte))
            || !body[body.len() - 1].is_ascii_digit()
        {
            return None;
        }
        self.body(body)?;
        self.negative += u64::from(bracketed || leading || inner || trailing);
        self.percent += u64::from(percent);
        if let Some(place) = currency {
            self.currencies[place] += 1;
        }
        Some(())
    }

    fn body(&mut self, body: &[u8]) -> Option<()> {
        let count = |mark: u8| body.iter().filter(|byte| **byte == mark).count();
        let (dots, commas, blanks) = (count(b'.'), count(b','), count(b' '));
        let last = match body.iter().rposition(|byte| matches!(byte, b'.' | b',')) {
            None if blanks == 0 => {
                self.whole(body);
                return Some(());
            }
            None => {
                groups(body, b' ').then_some(())?;
                self.blank_groups += 1;
                self.blanks += 1;
                self.largest = self.largest.max(number(body));
                return Some(());
            }
            Some(last) => last,
        };
        let (whole, fraction) = (&body[..last], &body[last + 1..]);
        let (mark, other) =
            if body[last] == b'.' { (&mut self.dot, &mut self.comma) } else { (&mut self.comma, &mut self.dot) };
        let (marks, others) = if body[last] == b'.' { (dots, commas) } else { (commas, dots) };
        if marks > 1 {
            (others == 0 && blanks == 0 && groups(body, body[last])).then_some(())?;
            mark.groups += 1;
            self.largest = self.largest.max(number(body));
            return Some(());
        }
        let other_mark = if body[last] == b'.' { b',' } else { b'.' };
        if others > 0 {
            (blanks == 0 && groups(whole, other_mark)).then_some(())?;
            other.groups += 1;
        } else if blanks > 0 {
            groups(whole, b' ').then_some(())?;
            self.blanks += 1;
        }
        let significant = fraction.iter().rposition(|digit| *digit != b'0').map_or(0, |place| place + 1);
        mark.digits[significant.min(9)] += 1;
        let unclear = fraction.len() == 3 && (1..=3).contains(&whole.len()) && whole[0] != b'0' && others == 0;
        if unclear {
            mark.unclear += 1;
            mark.round += u64::from(fraction.ends_with(b"00"));
        } else if others == 0 {
            mark.decimal += 1;
        }
        self.largest = self.largest.max(number(whole));
        Some(())
    }
}

enum Reading {
    Decimal,
    Groups,
    Unclear,
}

impl Mark {
    fn merge(&mut self, other: &Mark) {
        self.decimal += other.decimal;
        self.groups += other.groups;
        self.unclear += other.unclear;
        self.round += other.round;
        self.digits.iter_mut().zip(other.digits).for_each(|(count, more)| *count += more);
    }

    fn values(&self) -> u64 {
        self.decimal + self.groups + self.unclear
    }
}

fn strip(text: &str, sign: char) -> (bool, &str) {
    text.strip_prefix(sign).map_or((false, text), |rest| (true, rest.trim_start()))
}

/// Whether a mark parts the digits into groups of three.
fn groups(body: &[u8], mark: u8) -> bool {
    let digits = |group: &[u8]| group.iter().all(u8::is_ascii_digit);
    body.split(|byte| *byte == mark).enumerate().all(|(place, group)| {
        digits(group) && if place == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 }
    })
}

fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0, |value: u64, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(values: &[&str]) -> NumberLook {
        let mut look = NumberLook::default();
        values.iter().for_each(|value| look.add(value.as_bytes()));
        look
    }

    fn marks(values: &[&str]) -> (char, Option<char>, u64) {
        let verdict = decide([look(values)].iter(), None);
        (char::from(verdict.format.decimal), verdict.format.thousands.map(char::from), verdict.unclear)
    }

    #[test]
    fn decimal_and_thousands() {
        assert_eq!(marks(&["2.55", "3.39", "0.001"]), ('.', None, 0));
        assert_eq!(marks(&["2,55", "1250,5"]), (',', None, 0));
        assert_eq!(marks(&["Rp 1.250.000,50", "3.000"]), (',', Some('.'), 0));
        assert_eq!(marks(&["$90,000 ", "$1,250.50"]), ('.', Some(','), 0));
        assert_eq!(marks(&["1.250.000"]), (',', Some('.'), 0));
        assert_eq!(marks(&["15.000", "7.500"]), (',', Some('.'), 0));
        assert_eq!(marks(&["15.375", "7.251"]).2, 2);
        assert_eq!(marks(&["1 250,50"]), (',', Some(' '), 0));
        assert_eq!(marks(&["12", "1250"]), ('.', None, 0));
    }

    #[test]
    fn digits_signs_and_words() {
        let look = look(&["2.550", "-4.125", "(3)", "7", "abc", "12%", "0.5-"]);
        let format = NumberFormat { decimal: b'.', thousands: None };
        assert_eq!(look.digits(format)[..4], [3, 1, 1, 1]);
        assert_eq!((look.negative, look.percent, look.others), (3, 1, 1));
    }
}
