//! How a column writes dates. A date that could be read in two orders is counted, never guessed.

use super::DateOrder;
use super::describe::count;
use crate::calendar::{DAY_MICROS, civil};
use crate::ingest::values::TimeFormat;

/// What the dates of a column look like.
#[derive(Debug, Clone, Default)]
pub struct DateLook {
    shapes: Vec<Shape>,
    /// Values of no known shape.
    pub others: u64,
}

/// The patterns one column's dates may have.
#[derive(Debug, Clone, PartialEq)]
pub struct DateVerdict {
    /// The pattern, or the patterns between which the file cannot decide.
    pub patterns: Vec<String>,
    /// Values written so.
    pub total: u64,
    /// Why this order of day, month and year, where there was a choice.
    pub why: Option<String>,
    /// Whether it has a time of day.
    pub has_time: bool,
    /// Values that fit the pattern.
    pub matched: u64,
    family: &'static [&'static str],
}

impl DateVerdict {
    /// The pattern, where there is one.
    pub fn known(&self) -> Option<&str> {
        match self.patterns.as_slice() {
            [pattern] => Some(pattern),
            _ => None,
        }
    }
}

/// One way of writing: the same runs of digits and letters, the same marks between them.
#[derive(Debug, Clone)]
struct Shape {
    template: Vec<u8>,
    family: &'static [&'static str],
    has_time: bool,
    patterns: Vec<(String, TimeFormat)>,
    /// Values by the set of patterns they fit (a bit each).
    fits: [u64; 8],
}

/// Ways of writing other than these are noise.
const MOST_SHAPES: usize = 12;

impl DateLook {
    /// Looks at one filled cell.
    pub fn add(&mut self, text: &[u8]) {
        let mut buffer = [0_u8; 40];
        let serial = is_serial(text).then_some(&b"V"[..]);
        let Some(template) = serial.or_else(|| template(text, &mut buffer)) else {
            self.others += 1;
            return;
        };
        let place = match self.shapes.iter().position(|shape| shape.template == template) {
            Some(place) => place,
            None => match Shape::new(template) {
                Some(shape) if self.shapes.len() < MOST_SHAPES => {
                    self.shapes.push(shape);
                    self.shapes.len() - 1
                }
                _ => {
                    self.others += 1;
                    return;
                }
            },
        };
        let shape = &mut self.shapes[place];
        let mut set = 0;
        for (bit, (_, format)) in shape.patterns.iter().enumerate() {
            let plausible = |micros: i64| (1900..2100).contains(&civil(micros.div_euclid(DAY_MICROS) as i32).0);
            set |= usize::from(format.timestamp(text).is_some_and(plausible)) << bit;
        }
        shape.fits[set] += 1;
        self.others += u64::from(set == 0);
    }

    /// Adds what another file's column looks like.
    pub fn merge(&mut self, other: &DateLook) {
        self.others += other.others;
        for shape in &other.shapes {
            match self.shapes.iter_mut().find(|own| own.template == shape.template) {
                Some(own) => own.fits.iter_mut().zip(shape.fits).for_each(|(count, more)| *count += more),
                None => self.shapes.push(shape.clone()),
            }
        }
    }

    /// Values of the commonest shape that are dates.
    pub fn best_total(&self) -> u64 {
        self.best().map_or(0, Shape::dates)
    }

    /// Dates of every shape that looks like one.
    pub fn dates(&self) -> u64 {
        self.shapes.iter().filter(|shape| shape.template != b"V").map(Shape::dates).sum()
    }

    /// Dates of every shape, and the serial numbers of spreadsheets, which look like any number.
    pub fn dates_or_serials(&self) -> u64 {
        self.shapes.iter().map(Shape::dates).sum()
    }

    /// Decides the pattern, as far as this column can.
    pub fn verdict(&self) -> Option<DateVerdict> {
        self.best().map(Shape::verdict)
    }

    fn best(&self) -> Option<&Shape> {
        self.shapes
            .iter()
            .filter(|shape| shape.dates() > 0)
            .max_by_key(|shape| (shape.dates(), std::cmp::Reverse(shape.template.clone())))
    }
}

/// Settles an open order: by the answer, else by other columns of the same file that write the same way.
pub fn settle(verdict: &mut DateVerdict, siblings: &[DateVerdict], answer: Option<DateOrder>) {
    if verdict.known().is_some() {
        return;
    }
    let by_answer = answer
        .and_then(|order| verdict.patterns.iter().find(|pattern| order_of(pattern) == order))
        .map(|pattern| (pattern.clone(), "as you answered".to_string()));
    let by_sibling = || {
        let known = siblings.iter().find(|sibling| sibling.family == verdict.family && sibling.known().is_some())?;
        let order = order_of(known.known()?);
        let pattern = verdict.patterns.iter().find(|pattern| order_of(pattern) == order)?;
        Some((pattern.clone(), format!("as another column of the file: {}", known.why.clone().unwrap_or_default())))
    };
    if let Some((pattern, why)) = by_answer.or_else(by_sibling) {
        verdict.patterns = vec![pattern];
        verdict.why = Some(why);
    }
}

/// The order of day, month and year in a pattern.
pub fn order_of(pattern: &str) -> DateOrder {
    let place = |codes: [&str; 2]| codes.iter().find_map(|code| pattern.find(code)).unwrap_or(usize::MAX);
    let (year, month, day) = (place(["%Y", "%y"]), place(["%m", "%b"]), place(["%d", "%d"]));
    if year < month {
        DateOrder::Ymd
    } else if day < month {
        DateOrder::Dmy
    } else {
        DateOrder::Mdy
    }
}

impl Shape {
    fn new(template: &[u8]) -> Option<Shape> {
        let (date, family) = FAMILIES.iter().find(|(date, _)| template.starts_with(date.as_bytes()))?;
        let time = time_pattern(&template[date.len()..])?;
        let pattern = |date: &&str| {
            let pattern = format!("{date}{time}");
            TimeFormat::new(&pattern).map(|format| (pattern, format))
        };
        let patterns = family.iter().map(pattern).collect::<Option<Vec<_>>>()?;
        let has_time = !time.is_empty() || matches!(*date, "S" | "V");
        Some(Shape { template: template.to_vec(), family, has_time, patterns, fits: [0; 8] })
    }

    fn dates(&self) -> u64 {
        self.fits[1..].iter().sum()
    }

    fn matched(&self, bit: usize) -> u64 {
        (0..8).filter(|set| set >> bit & 1 == 1).map(|set| self.fits[set]).sum()
    }

    fn verdict(&self) -> DateVerdict {
        let total = self.dates();
        let verdict = |bits: &[usize], why: Option<String>| DateVerdict {
            patterns: bits.iter().map(|bit| self.patterns[*bit].0.clone()).collect(),
            total,
            why,
            has_time: self.has_time,
            matched: bits.iter().map(|bit| self.matched(*bit)).max().unwrap_or(0),
            family: self.family,
        };
        let mut bits: Vec<usize> = (0..self.patterns.len()).filter(|bit| self.matched(*bit) * 10 >= total).collect();
        if bits.len() == 1 {
            let why = (self.patterns.len() > 1)
                .then(|| format!("{} values fit only `{}`", count(total), self.patterns[bits[0]].0));
            return verdict(&bits, why);
        }
        let alone = |bit: usize| self.fits[1 << bit];
        bits.sort_by_key(|bit| std::cmp::Reverse((alone(*bit), self.matched(*bit))));
        let (first, others) = (alone(bits[0]), bits[1..].iter().map(|bit| alone(*bit)).sum::<u64>());
        if first > 0 && others * 20 <= first && (first >= 20 || first * 200 >= total) {
            let contrary = if others == 0 { String::new() } else { format!(", {} only otherwise", count(others)) };
            return verdict(
                &bits[..1],
                Some(format!("{} of {} values have a day above 12{contrary}", count(first), count(total))),
            );
        }
        let why = if first == 0 {
            format!("all {} values are dates whichever way they are read", count(total))
        } else {
            format!(
                "of {} values {} can only be `{}`, {} only otherwise",
                count(total),
                count(first),
                self.patterns[bits[0]].0,
                count(others)
            )
        };
        bits.sort_unstable();
        verdict(&bits, Some(why))
    }
}

/// How the date at the head of a template may be read. `n`: one or two digits, `Y`: four, `D`: eight, `S`: fourteen,
/// `a`: letters, `V`: a spreadsheet's serial number.
const FAMILIES: &[(&str, &[&str])] = &[
    ("Y-n-n", &["%Y-%m-%d"]),
    ("Y/n/n", &["%Y/%m/%d"]),
    ("Y.n.n", &["%Y.%m.%d"]),
    ("n-n-Y", &["%d-%m-%Y", "%m-%d-%Y"]),
    ("n/n/Y", &["%d/%m/%Y", "%m/%d/%Y"]),
    ("n.n.Y", &["%d.%m.%Y", "%m.%d.%Y"]),
    ("n n Y", &["%d %m %Y", "%m %d %Y"]),
    ("n-n-n", &["%d-%m-%y", "%m-%d-%y", "%y-%m-%d"]),
    ("n/n/n", &["%d/%m/%y", "%m/%d/%y", "%y/%m/%d"]),
    ("n.n.n", &["%d.%m.%y", "%m.%d.%y", "%y.%m.%d"]),
    ("n a Y", &["%d %b %Y"]),
    ("n-a-Y", &["%d-%b-%Y"]),
    ("n/a/Y", &["%d/%b/%Y"]),
    ("n a n", &["%d %b %y"]),
    ("n-a-n", &["%d-%b-%y"]),
    ("a, n a Y", &["%a, %d %b %Y"]),
    ("a, n-a-Y", &["%a, %d-%b-%Y"]),
    ("a, n/n/Y", &["%a, %d/%m/%Y", "%a, %m/%d/%Y"]),
    ("a, n-n-Y", &["%a, %d-%m-%Y", "%a, %m-%d-%Y"]),
    ("a, a n, Y", &["%a, %b %d, %Y"]),
    ("a n a Y", &["%a %d %b %Y"]),
    ("a n, Y", &["%b %d, %Y"]),
    ("a n Y", &["%b %d %Y"]),
    ("Y-a-n", &["%Y-%b-%d"]),
    ("S", &["%Y%m%d%H%M%S"]),
    ("D", &["%Y%m%d"]),
    ("V", &["excel"]),
];

/// The pattern of the time of day at the tail of a template.
fn time_pattern(tail: &[u8]) -> Option<String> {
    const ZONES: [&str; 6] = ["+n:n", "-n:n", "+Y", "-Y", "+n", "-n"];
    let tail = std::str::from_utf8(tail).ok()?;
    if tail.is_empty() {
        return Some(String::new());
    }
    if let Some(local) = ZONES.iter().find_map(|zone| tail.strip_suffix(zone)).filter(|local| local.contains(':')) {
        let (local, blank) = local.strip_suffix(' ').map_or((local, ""), |local| (local, " "));
        return Some(format!("{}{blank}%z", time_pattern(local.as_bytes())?));
    }
    let clock_at = tail.find('n')?;
    let (before, clock) = tail.split_at(clock_at);
    if ![" ", "T", ", ", "  "].contains(&before) {
        return None;
    }
    let half_day = [" a.a.", "a.a.", " a", "a"].iter().find_map(|half| Some((clock.strip_suffix(half)?, *half)));
    let (clock, after) = match (half_day, clock.find(['f', 'Z'])) {
        (Some((clock, _)), _) => (clock, ""),
        (_, Some(at)) if clock[at..].starts_with('f') => clock.split_at(at - 1),
        (_, Some(at)) => clock.split_at(at),
        (_, None) => (clock, ""),
    };
    let hour = if half_day.is_some() { "%I" } else { "%H" };
    let clock = match clock {
        "n:n" => format!("{hour}:%M"),
        "n:n:n" => format!("{hour}:%M:%S"),
        "n.n" => format!("{hour}.%M"),
        "n.n.n" => format!("{hour}.%M.%S"),
        _ => return None,
    };
    if let Some((_, half)) = half_day {
        let blank = if half.starts_with(' ') { " " } else { "" };
        return Some(format!("{before}{clock}{blank}%p"));
    }
    let literal = after.replace('f', "%f");
    literal.bytes().all(|byte| b".,%fZ".contains(&byte)).then(|| format!("{before}{clock}{literal}"))
}

/// Whether a text is the serial number of a day from 2000 to 2049, with or without a time of day.
fn is_serial(text: &[u8]) -> bool {
    let (whole, rest) = text.split_at(text.len().min(5));
    let fraction = matches!(rest, [] | [b'.' | b',', _, ..]) && rest.iter().skip(1).all(u8::is_ascii_digit);
    whole.len() == 5
        && fraction
        && whole.iter().all(u8::is_ascii_digit)
        && (&b"36526"[..]..&b"54789"[..]).contains(&whole)
}

/// The outline of a text: runs of digits and letters as one letter each, marks as they are, a second's fraction as `f`.
/// `None` where no date looks so.
fn template<'b>(text: &[u8], buffer: &'b mut [u8; 40]) -> Option<&'b [u8]> {
    if text.len() < 6 || text.len() > 36 || !text.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let (mut at, mut length, mut colons) = (0, 0, 0);
    while at < text.len() {
        let byte = text[at];
        let run = |wanted: fn(&u8) -> bool| text[at..].iter().take_while(|byte| wanted(byte)).count();
        if byte.is_ascii_digit() {
            let digits = run(u8::is_ascii_digit);
            let is_fraction = colons == 2 && length > 0 && matches!(buffer[length - 1], b'.' | b',');
            if is_fraction {
                if digits > 9 {
                    return None;
                }
                buffer[length] = b'f';
                length += 1;
            } else {
                buffer[length] = match digits {
                    1 | 2 => b'n',
                    4 => b'Y',
                    8 => b'D',
                    14 => b'S',
                    _ => return None,
                };
                length += 1;
            }
            at += digits;
        } else if byte.is_ascii_alphabetic() {
            // Friday is Jum'at.
            let letters = run(|byte| byte.is_ascii_alphabetic() || *byte == b'\'');
            buffer[length] = if letters == 1 && matches!(byte, b'T' | b'Z') { byte } else { b'a' };
            length += 1;
            at += letters;
        } else {
            colons += usize::from(byte == b':');
            buffer[length] = byte;
            length += 1;
            at += 1;
        }
    }
    Some(&buffer[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(values: &[&str]) -> DateVerdict {
        let mut look = DateLook::default();
        values.iter().for_each(|value| look.add(value.as_bytes()));
        look.verdict().unwrap()
    }

    #[test]
    fn one_way_of_writing() {
        for (text, pattern) in [
            ("2010-12-01 08:26:00", "%Y-%m-%d %H:%M:%S"),
            ("1996-07-04 00:00:00.000", "%Y-%m-%d %H:%M:%S.%f"),
            ("13/8/2018 3:04 PM", "%d/%m/%Y %I:%M %p"),
            ("2018-08-13 03:04:05PM", "%Y-%m-%d %I:%M:%S%p"),
            ("13-08-2018 3.04 p.m.", "%d-%m-%Y %I.%M %p"),
            ("Jum'at, 17 Agustus 1945", "%a, %d %b %Y"),
            ("Senin, 25/01/2026 10:15", "%a, %d/%m/%Y %H:%M"),
            ("45123", "excel"),
            ("45123.75", "excel"),
            ("2024-01-05T10:00:00Z", "%Y-%m-%dT%H:%M:%SZ"),
            ("2026-03-13T09:00:00+07:00", "%Y-%m-%dT%H:%M:%S%z"),
            ("2026-03-13 09:15:00 +0700", "%Y-%m-%d %H:%M:%S %z"),
            ("2026-03-13T09:15:00.250-0330", "%Y-%m-%dT%H:%M:%S.%f%z"),
            ("17 Agustus 1945", "%d %b %Y"),
            ("5-Jan-24", "%d-%b-%y"),
            ("20240131", "%Y%m%d"),
            ("31-12-2023 10:15", "%d-%m-%Y %H:%M"),
            ("31/12/2023 10.15", "%d/%m/%Y %H.%M"),
            ("12/31/2023", "%m/%d/%Y"),
        ] {
            assert_eq!(look(&[text]).known(), Some(pattern), "{text}");
        }
    }

    #[test]
    fn no_dates() {
        let mut look = DateLook::default();
        for text in ["99999999", "17.500.000", "0812-3456-7890", "12:30", "2023-02-30", "abc 1", "35000", "4512"] {
            look.add(text.as_bytes());
        }
        assert_eq!((look.dates(), look.others), (0, 8));
    }

    #[test]
    fn ambiguous_over_the_whole_column() {
        let open = look(&["01/02/2011", "03/04/2011", "12/12/2011"]);
        assert_eq!(open.patterns, ["%d/%m/%Y", "%m/%d/%Y"]);
        assert_eq!(look(&["01/02/2011", "03/04/2011", "13/12/2011"]).known(), Some("%d/%m/%Y"));
        assert_eq!(look(&["13/02/2011", "03/14/2011"]).patterns.len(), 2);
        let mut answered = open.clone();
        settle(&mut answered, &[], Some(DateOrder::Mdy));
        assert_eq!(answered.known(), Some("%m/%d/%Y"));
        let mut beside = open;
        settle(&mut beside, &[look(&["31/12/2023"])], None);
        assert_eq!(beside.known(), Some("%d/%m/%Y"));
    }
}
