//! What the columns of a file hold: one pass over it, in bounded memory.

use std::collections::BTreeMap;
use std::path::Path;

use super::dates::DateLook;
use super::files;
use super::numbers::NumberLook;
use super::sketch::Sketch;
use super::sniff::Shape;
use crate::contracts::Kind;
use crate::error::Result;
use crate::ingest::formats;
use crate::ingest::records::{Records, shown_by_excel, split, unescape, unquote};
use crate::ingest::values::{self, NumberFormat};

/// What was seen of a file, or of several with the same header.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Records looked at.
    pub rows: u64,
    /// Lines that are no records.
    pub bad: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Whether every row was looked at.
    pub whole: bool,
    /// The columns, in file order.
    pub columns: Vec<ColumnProfile>,
}

/// What was seen of a column.
#[derive(Debug, Clone, Default)]
pub struct ColumnProfile {
    /// Cells with something in them.
    pub filled: u64,
    /// Of these, words for nothing (`NULL`, `N/A`).
    pub nulls: u64,
    /// The numbers.
    pub numbers: NumberLook,
    /// The dates.
    pub dates: DateLook,
    /// Cells that say yes or no.
    pub flags: u64,
    /// Cells that are months.
    pub months: u64,
    /// The distinct values.
    pub values: Sketch,
    /// Every value and how often, while there are few.
    pub levels: Option<BTreeMap<Vec<u8>, u64>>,
}

/// Values beyond these are not levels.
const MOST_LEVELS: usize = 60;
/// Cells after which a column without dates is not searched for dates any more.
const DATE_PATIENCE: u64 = 20_000;

impl Profile {
    /// Looks at a file.
    pub fn of(path: &Path, shape: &Shape) -> Result<Profile> {
        let bytes = formats::size(path)?;
        let whole = bytes <= files::READ_WHOLE || !formats::is_plain(path);
        let mut profile = Profile { bytes, whole, ..Profile::default() };
        profile.columns =
            vec![ColumnProfile { levels: Some(BTreeMap::new()), ..ColumnProfile::default() }; shape.header.len()];
        each_record(
            path,
            shape,
            |block, records, record| {
                profile.rows += 1;
                for (field, column) in profile.columns.iter_mut().enumerate() {
                    with_cell(block, records, record, field, shape, |text| column.add(text));
                }
            },
            |bad| profile.bad += bad,
        )?;
        Ok(profile)
    }

    /// Adds a file with the same header.
    pub fn merge(&mut self, other: &Profile) {
        self.rows += other.rows;
        self.bad += other.bad;
        self.bytes += other.bytes;
        self.whole &= other.whole;
        self.columns.iter_mut().zip(&other.columns).for_each(|(own, more)| own.merge(more));
    }
}

/// Rows per distinct combination of some columns.
pub fn multiplicity(path: &Path, shape: &Shape, fields: &[usize]) -> Result<f64> {
    let mut sketch = Sketch::default();
    let mut key = Vec::new();
    each_record(
        path,
        shape,
        |block, records, record| {
            key.clear();
            for field in fields {
                with_cell(block, records, record, *field, shape, |text| key.extend_from_slice(text));
                key.push(0x1F);
            }
            sketch.add(&key);
        },
        |_| {},
    )?;
    Ok(sketch.multiplicity())
}

/// Some cells of the first rows of a file, read by `read`.
pub fn cells<V>(
    path: &Path,
    shape: &Shape,
    fields: &[usize],
    most: usize,
    read: impl Fn(&[u8]) -> Option<V>,
) -> Result<Vec<Vec<Option<V>>>> {
    let mut rows = Vec::new();
    each_record(
        path,
        shape,
        |block, records, record| {
            if rows.len() < most {
                let mut row = Vec::with_capacity(fields.len());
                for field in fields {
                    with_cell(block, records, record, *field, shape, |text| row.push(read(text.trim_ascii())));
                }
                rows.push(row);
            }
        },
        |_| {},
    )?;
    Ok(rows)
}

impl ColumnProfile {
    /// The share of the filled cells that a column of this kind can hold.
    pub fn share(&self, kind: Kind, format: NumberFormat) -> f64 {
        let values = self.filled - self.nulls;
        if values == 0 {
            return 0.0;
        }
        let share = |count: u64| count as f64 / values as f64;
        match kind {
            Kind::Id | Kind::Text => 1.0,
            Kind::Date | Kind::Timestamp => share(self.dates.dates_or_serials()),
            Kind::Month => share(self.months.max(self.dates.dates())),
            Kind::Flag => share(self.flags),
            Kind::Money | Kind::Decimal | Kind::Ratio => share(self.numbers.numbers()),
            Kind::Integer | Kind::Quantity => {
                let fractions: u64 = self.numbers.digits(format)[1..].iter().sum();
                share(self.numbers.numbers() - fractions.min(self.numbers.numbers()))
            }
        }
    }

    /// Whether some of its numbers are no whole ones.
    pub fn has_fractions(&self, format: NumberFormat) -> bool {
        self.numbers.digits(format)[1..].iter().any(|values| *values > 0)
    }

    /// Whether ingest's own parser reads most of a sample of the distinct values.
    pub fn parses(&self, kind: Kind, format: NumberFormat) -> bool {
        match kind {
            Kind::Money => self.parsed(|text| (0..=12).find_map(|digits| values::decimal(text, format, digits))) >= 0.5,
            Kind::Integer | Kind::Quantity => self.parsed(|text| values::integer(text, format)) >= 0.5,
            _ => true,
        }
    }

    /// Whether (nearly) every row has its own value.
    pub fn is_unique(&self) -> bool {
        self.filled > 0 && self.values.multiplicity() < 1.1
    }

    /// Numbers between 0 and 1 with digits after the mark, or with a percent sign: a rate, no amount.
    pub fn is_rate(&self, format: NumberFormat) -> bool {
        let fractions: u64 = self.numbers.digits(format)[1..].iter().sum();
        self.numbers.percent * 2 > self.numbers.numbers() || (self.numbers.largest <= 1 && fractions > 0)
    }

    fn add(&mut self, text: &[u8]) {
        if text.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        self.filled += 1;
        if NULLS.contains(&text) {
            self.nulls += 1;
            return;
        }
        self.numbers.add(text);
        if self.dates.others < DATE_PATIENCE || self.dates.dates() * 10 > self.dates.others {
            self.dates.add(text.trim_ascii());
        }
        self.flags += u64::from(text.len() <= 5 && values::flag(text).is_some());
        self.months += u64::from(
            (6..=7).contains(&text.len())
                && values::month(text).is_some_and(|month| (1900..2100).contains(&(month / 12))),
        );
        self.values.add(text);
        if let Some(levels) = &mut self.levels {
            if let Some(count) = levels.get_mut(text) {
                *count += 1;
            } else if levels.len() < MOST_LEVELS {
                levels.insert(text.to_vec(), 1);
            } else {
                self.levels = None;
            }
        }
    }

    fn merge(&mut self, other: &ColumnProfile) {
        self.filled += other.filled;
        self.nulls += other.nulls;
        self.numbers.merge(&other.numbers);
        self.dates.merge(&other.dates);
        self.flags += other.flags;
        self.months += other.months;
        self.values.merge(&other.values);
        self.levels = match (self.levels.take(), &other.levels) {
            (Some(mut own), Some(more)) => {
                more.iter().for_each(|(text, count)| *own.entry(text.clone()).or_default() += count);
                (own.len() <= MOST_LEVELS).then_some(own)
            }
            _ => None,
        };
    }

    fn parsed(&self, parse: impl Fn(&[u8]) -> Option<i64>) -> f64 {
        let (mut seen, mut parsed) = (0_u64, 0_u64);
        for text in self.values.texts() {
            seen += 1;
            parsed += u64::from(parse(text).or_else(|| parse(text.trim_ascii())).is_some());
        }
        parsed as f64 / seen.max(1) as f64
    }
}

/// Words for nothing.
const NULLS: &[&[u8]] = &[b"NULL", b"null", b"Null", b"N/A", b"n/a", b"#N/A", b"NaN", b"nan", b"None", b"\\N", b"-"];

fn each_record(
    path: &Path,
    shape: &Shape,
    mut take: impl FnMut(&[u8], &Records, usize),
    mut bad: impl FnMut(u64),
) -> Result<()> {
    files::each_block(path, shape, |block, last, first| {
        let end = if last { block.len() } else { memchr::memrchr(b'\n', block).map_or(0, |newline| newline + 1) };
        let block = &block[..end];
        let records = split(block, shape.dialect, shape.fields(), last);
        for record in usize::from(first)..records.len() {
            take(block, &records, record);
        }
        bad(records.bad.len() as u64);
        records.consumed
    })
}

fn with_cell(block: &[u8], records: &Records, record: usize, field: usize, shape: &Shape, take: impl FnOnce(&[u8])) {
    let raw = records.raw(block, record, field);
    match unquote(raw, shape.dialect.quote) {
        Some(text) => take(&shape.encoding.cell(shown_by_excel(text))),
        None => take(&shape.encoding.cell(shown_by_excel(&unescape(raw, shape.dialect.quote)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::sniff::sniff;

    const POINT: NumberFormat = NumberFormat { decimal: b'.', thousands: None };

    fn profile(name: &str, text: &str) -> Profile {
        let path = std::env::temp_dir().join(format!("langgan-profile-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let profile = Profile::of(&path, &sniff(&path, None).unwrap().unwrap()).unwrap();
        std::fs::remove_file(&path).unwrap();
        profile
    }

    #[test]
    fn kinds_of_columns() {
        let profile = profile(
            "kinds",
            "id,qty,price,on,ok,rate\n001,1,2.50,2024-01-02,ya,0.1\n002,-2,3.125,2024-01-03,tidak,0\n003,NULL,4,2024-02-03,ya,0.25\nbad\n",
        );
        assert_eq!((profile.rows, profile.bad, profile.whole), (3, 1, true));
        let [id, quantity, price, on, ok, rate] = profile.columns.as_slice() else { panic!() };
        assert!(id.is_unique() && !id.numbers.is_numeric());
        assert_eq!((quantity.nulls, quantity.numbers.negative), (1, 1));
        assert!(
            quantity.share(Kind::Quantity, POINT) > 0.99
                && price.share(Kind::Quantity, POINT) < 0.5
                && price.parses(Kind::Money, POINT)
        );
        assert!(price.share(Kind::Money, POINT) > 0.99 && !price.is_rate(POINT) && rate.is_rate(POINT));
        assert!(on.share(Kind::Date, POINT) > 0.99 && ok.share(Kind::Flag, POINT) > 0.99);
    }
}
