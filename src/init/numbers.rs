//! How a column writes numbers: decimal mark, thousands, digits, signs, currency.

use crate::ingest::values::NumberFormat;

/// What the numbers of a column look like.
#[derive(Debug, Clone, Default)]
pub struct NumberLook {
    /// Digits only.
    plain: u64,
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
    /// Values with it as decimal mark, by digits that are not padding (the last: that many or more).
    digits: [u64; 10],
}

/// Currency marks and the code each stands for.
pub const CURRENCIES: [(&str, &str); 14] = [
    ("Rp.", "IDR"),
    ("Rp", "IDR"),
    ("IDR", "IDR"),
    ("US$", "USD"),
    ("USD", "USD"),
    ("EUR", "EUR"),
    ("GBP", "GBP"),
    ("SGD", "SGD"),
    ("S$", "SGD"),
    ("MYR", "MYR"),
    ("RM", "MYR"),
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
    /// Values that could be read two ways, where the currency decides.
    pub by_currency: u64,
    /// What it says.
    pub grouping: Grouping,
}

/// What a column is by its name, as far as its numbers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Amounts of money.
    Money,
    /// Other numbers that may be loaded.
    Number,
    /// Anything else.
    Other,
}

/// What the currency says of money with one mark and three digits after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Nothing: it may be the price of fuel.
    #[default]
    Open,
    /// It is thousands, for the currency has no decimals.
    Any,
    /// The same, but nothing names the currency: the headings are Indonesian.
    Likely,
    /// A comma parts thousands.
    Comma,
}

/// The values of some columns that speak for a decimal mark, and those that can be read two ways.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    dot: u64,
    comma: u64,
    /// Three digits after a dot, and nothing in the column decides.
    open_dot: u64,
    /// Three digits after a comma, and nothing in the column decides.
    open_comma: u64,
    /// Values with thousands that can be nothing else: how a whole file writes numbers.
    grouped: u64,
}

impl Tally {
    fn add(&mut self, column: &NumberLook) {
        let (dot, comma) = (&column.dot, &column.comma);
        self.dot += dot.decimal + comma.groups;
        self.comma += comma.decimal + dot.groups;
        self.grouped += dot.groups + comma.groups;
        match reading(dot, comma) {
            Reading::Decimal => self.dot += dot.unclear,
            Reading::Groups => self.comma += dot.unclear,
            Reading::Unclear => self.open_dot += dot.unclear,
        }
        match reading(comma, dot) {
            Reading::Decimal => self.comma += comma.unclear,
            Reading::Groups => self.dot += comma.unclear,
            Reading::Unclear => self.open_comma += comma.unclear,
        }
    }

    fn votes(&self) -> u64 {
        self.dot + self.comma
    }

    fn open(&self) -> u64 {
        self.open_dot + self.open_comma
    }

    fn decimal(&self) -> u8 {
        if self.comma > self.dot { b',' } else { b'.' }
    }
}

/// Decides the marks of a file from its numeric columns: money that cannot be misread first, then the answer, what
/// the currency says, and the other numbers.
pub fn decide<'l>(
    columns: impl Iterator<Item = (&'l NumberLook, Role)>,
    grouping: Grouping,
    answer: Option<char>,
) -> NumberVerdict {
    let (mut money, mut numbers, mut others) = (Tally::default(), Tally::default(), Tally::default());
    let (mut dot_parts, mut comma_parts, mut blank_parts) = (0, 0, 0);
    for (column, role) in columns {
        match role {
            Role::Money => money.add(column),
            Role::Number => numbers.add(column),
            Role::Other => others.add(column),
        }
        dot_parts += column.dot.groups + column.dot.unclear;
        comma_parts += column.comma.groups + column.comma.unclear;
        blank_parts += column.blanks;
    }
    let by_currency = Some(grouping).and_then(|grouping| by_currency(grouping, &money, &numbers));
    let answer = answer.map(|mark| if mark == ',' { b',' } else { b'.' });
    let by_others = (others.grouped > 0).then(|| others.decimal());
    let decided = match () {
        () if money.votes() > 0 => Some(money.decimal()),
        () if money.open() > 0 => answer.or(by_currency).or_else(|| settled_by(&numbers, grouping)).or(by_others),
        () if numbers.votes() > 0 => Some(numbers.decimal()),
        () if numbers.open() > 0 => answer.or(by_others),
        () if others.votes() > 0 => Some(others.decimal()),
        () => answer,
    };
    let decimal = decided.unwrap_or(b'.');
    let sum = |part: fn(&Tally) -> u64| part(&money) + part(&numbers) + part(&others);
    let (dot, comma) = (sum(|tally| tally.dot), sum(|tally| tally.comma));
    let settled = money.votes() == 0 && money.open() > 0 && answer.is_none() && decided.is_some();
    let by_currency = if settled && decided == by_currency { money.open() } else { 0 };
    let (votes, against) = if decimal == b',' { (comma, dot) } else { (dot, comma) };
    let parts = if decimal == b',' { dot_parts } else { comma_parts };
    let thousands =
        if parts > 0 { Some(if decimal == b',' { b'.' } else { b',' }) } else { (blank_parts > 0).then_some(b' ') };
    NumberVerdict {
        format: NumberFormat { decimal, thousands },
        votes: votes + by_currency,
        against,
        unclear: if decided.is_some() { 0 } else { sum(Tally::open) },
        by_currency,
        grouping,
    }
}

/// The decimal mark that the currency leaves for money with one mark and three digits after it. Where nothing names
/// the currency, nothing else may speak against it.
fn by_currency(grouping: Grouping, money: &Tally, numbers: &Tally) -> Option<u8> {
    let one_mark = match (money.open_dot, money.open_comma) {
        (_, 0) => Some(b','),
        (0, _) => Some(b'.'),
        _ => None,
    }?;
    let (contrary, unclear) =
        if one_mark == b',' { (numbers.dot, numbers.open_comma) } else { (numbers.comma, numbers.open_dot) };
    let holds = match grouping {
        Grouping::Open => false,
        Grouping::Any => true,
        Grouping::Likely => contrary + unclear == 0,
        Grouping::Comma => one_mark == b'.',
    };
    holds.then_some(one_mark)
}

/// The decimal mark of numbers that are no money, where prices can be read two ways.
fn settled_by(numbers: &Tally, grouping: Grouping) -> Option<u8> {
    (numbers.votes() > 0 && !matches!(grouping, Grouping::Any | Grouping::Likely)).then(|| numbers.decimal())
}

/// How to read the unclear values of one mark, by the other values of the column.
fn reading(mark: &Mark, other: &Mark) -> Reading {
    if mark.decimal + other.groups > 0 {
        Reading::Decimal
    } else if mark.groups + other.decimal > 0 {
        Reading::Groups
    } else {
        Reading::Unclear
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

    /// Whether some of its numbers have a dot, a comma or a blank in them.
    pub fn has_marks(&self) -> bool {
        self.numbers() > self.plain
    }

    /// Whether some of its numbers carry a currency mark.
    pub fn is_marked(&self) -> bool {
        self.currencies.iter().any(|values| *values > 0)
    }

    /// Values with one mark and three digits after it, which nothing in the column decides.
    pub fn unclear(&self) -> u64 {
        let mut tally = Tally::default();
        tally.add(self);
        tally.open()
    }

    fn whole(&mut self, digits: &[u8]) {
        self.plain += 1;
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
        let currency = CURRENCIES.iter().position(|(mark, _)| text.starts_with(mark) || text.ends_with(mark));
        let bare = currency.and_then(|place| {
            let mark = CURRENCIES[place].0;
            text.strip_prefix(mark).or_else(|| text.strip_suffix(mark))
        });
        let text = bare.unwrap_or(text).trim();
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
        read_as(values, Grouping::Open)
    }

    fn read_as(values: &[&str], grouping: Grouping) -> (char, Option<char>, u64) {
        let verdict = decide([(&look(values), Role::Money)].into_iter(), grouping, None);
        (char::from(verdict.format.decimal), verdict.format.thousands.map(char::from), verdict.unclear)
    }

    #[test]
    fn decimal_and_thousands() {
        assert_eq!(marks(&["2.55", "3.39", "0.001"]), ('.', None, 0));
        assert_eq!(marks(&["2,55", "1250,5"]), (',', None, 0));
        assert_eq!(marks(&["Rp 1.250.000,50", "3.000"]), (',', Some('.'), 0));
        assert_eq!(marks(&["$90,000 ", "$1,250.50"]), ('.', Some(','), 0));
        assert_eq!(marks(&["1.250.000"]), (',', Some('.'), 0));
        assert_eq!(marks(&["15.000", "7.500"]).2, 2);
        assert_eq!(marks(&["15.375", "7.251"]).2, 2);
        assert_eq!(marks(&["1 250,50"]), (',', Some(' '), 0));
        assert_eq!(marks(&["12", "1250"]), ('.', None, 0));
    }

    #[test]
    fn the_currency_decides_what_the_values_do_not() {
        let rupiah = (',', Some('.'), 0);
        assert_eq!(read_as(&["15.000", "7.251", "15000"], Grouping::Any), rupiah);
        assert_eq!(read_as(&["15.000", "7.500"], Grouping::Likely), rupiah);
        assert_eq!(read_as(&["15,000", "7,500"], Grouping::Any), ('.', Some(','), 0));
        assert_eq!(read_as(&["15,000", "7,500"], Grouping::Comma), ('.', Some(','), 0));
        assert_eq!(read_as(&["1.500", "1.600"], Grouping::Comma).2, 2);
        assert_eq!(read_as(&["15.50", "7.500"], Grouping::Any), ('.', None, 0));
        assert_eq!(read_as(&["15.000", "15,000"], Grouping::Any).2, 2);
    }

    #[test]
    fn quantities_beside_prices() {
        let both = |quantity: &str, price: &str, grouping: Grouping, answer: Option<char>| {
            let (quantity, price) = (look(&[quantity]), look(&[price]));
            let columns = [(&quantity, Role::Number), (&price, Role::Money)];
            let verdict = decide(columns.into_iter(), grouping, answer);
            (char::from(verdict.format.decimal), verdict.unclear)
        };
        assert_eq!(both("1.000", "15000", Grouping::Any, None).1, 1);
        assert_eq!(both("1.000", "15000", Grouping::Any, Some(',')), (',', 0));
        assert_eq!(both("1,000", "15.000", Grouping::Likely, None).1, 2);
        assert_eq!(both("1,000", "15.000", Grouping::Any, None), (',', 0));
        assert_eq!(both("2", "15.000", Grouping::Likely, None), (',', 0));
        assert_eq!(both("0.5", "15.000", Grouping::Likely, None).1, 1);
        assert_eq!(both("0.5", "1.659", Grouping::Open, None), ('.', 0));
        assert_eq!(both("1.000", "15.000,50", Grouping::Open, None), (',', 0));
    }

    #[test]
    fn digits_signs_and_words() {
        let look = look(&["2.550", "-4.125", "(3)", "7", "abc", "12%", "0.5-"]);
        let format = NumberFormat { decimal: b'.', thousands: None };
        assert_eq!(look.digits(format)[..4], [3, 1, 1, 1]);
        assert_eq!((look.negative, look.percent, look.others), (3, 1, 1));
    }
}
