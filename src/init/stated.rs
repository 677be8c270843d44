//! The total of a line beside its price: where the numbers agree it is mapped to be compared, so that a row that differs
//! is told.

use super::describe::count;
use super::exports::Export;
use super::profile;
use super::tables::Placement;
use crate::contracts::Kind;
use crate::error::Result;
use crate::ingest::values;

/// Rows that are multiplied.
const ROWS: usize = 2_000;
/// Rows with a quantity other than one below which chance will do.
const FEWEST: u64 = 8;
/// Digits kept after the decimal mark.
const DIGITS: u32 = 4;
const ONE: i128 = 10_i128.pow(DIGITS);

/// How rows agree with their totals.
#[derive(Debug, Default, PartialEq, Eq)]
struct Agreement {
    /// Rows that have all of the numbers.
    seen: u64,
    /// Of these, those that come to their total.
    right: u64,
    /// Of these, those whose quantity is not one.
    telling: u64,
    /// Rows that miss their total by less than a unit of the currency: it was rounded.
    rounded: u64,
}

/// Maps the total of a line that price and quantity say already, where it can be compared with them.
pub fn state_total(export: &Export, placement: &mut Placement) -> Result<()> {
    let Some(total) = placement.total else { return Ok(()) };
    let (Some(quantity), Some(price)) = (placement.field("quantity"), placement.field("unit_price")) else {
        return Ok(());
    };
    let Some(stated) = placement.table.position("stated_total") else { return Ok(()) };
    let header = &export.shape.header[total];
    let discount =
        ["discount", "discount_rate", "discount_percent"].into_iter().find(|name| placement.field(name).is_some());
    let mut fields = vec![total, quantity, price];
    fields.extend(discount.and_then(|name| placement.field(name)));
    let format = export.numbers.format;
    let mut agreement = Agreement::default();
    if let Some(path) = export.files.first().filter(|_| export.numbers.unclear == 0) {
        let read = |text: &[u8]| values::decimal(text, format, DIGITS);
        for row in profile::cells(path, &export.shape, &fields, ROWS, read)? {
            agreement.add(&row, discount);
        }
    }
    let remark = if agreement.holds() && fits(export, placement, total) {
        placement.columns.push((stated, total));
        placement.columns.sort_unstable();
        format!("`{header}` is what price and quantity come to in {}: compared in each row", agreement.told())
    } else if agreement.right < agreement.seen {
        format!(
            "`{header}` is left out: `{}` goes before it; they agree in {}",
            export.shape.header[price],
            agreement.told()
        )
    } else {
        format!("`{header}` is left out: `{}` says it already", export.shape.header[price])
    };
    placement.remarks.push(remark);
    Ok(())
}

/// Whether every total can be kept with the digits that prices and discounts have.
fn fits(export: &Export, placement: &Placement, total: usize) -> bool {
    let format = export.numbers.format;
    let most = |field: usize| {
        let digits = export.profile.columns[field].numbers.digits(format);
        digits.iter().rposition(|values| *values > 0).unwrap_or(0)
    };
    let money = placement.mapped().filter(|(column, _)| column.kind == Kind::Money).map(|(_, field)| most(field));
    let column = &export.profile.columns[total];
    column.nulls == 0 && column.share(Kind::Money, format) >= 1.0 && most(total) <= money.max().unwrap_or(0)
}

impl Agreement {
    /// Takes in a row: total, quantity, price and, where there is one, the discount.
    fn add(&mut self, row: &[Option<i64>], discount: Option<&str>) {
        let [Some(total), Some(quantity), Some(price), ..] = row[..] else { return };
        let gross = i128::from(quantity) * i128::from(price);
        let off = i128::from(row.get(3).copied().flatten().unwrap_or(0));
        let net = match discount {
            Some("discount_rate") => gross - gross * off / ONE,
            Some("discount_percent") => gross - gross * off / (100 * ONE),
            _ => gross - off * ONE,
        };
        let difference = (net - i128::from(total) * ONE).abs();
        self.seen += 1;
        if difference < ONE {
            self.right += 1;
            self.telling += u64::from(i128::from(quantity) != ONE && quantity != 0);
        } else if difference < ONE * ONE {
            self.rounded += 1;
        }
    }

    /// Whether the total is what price and quantity come to, and the rows that differ are worth telling.
    fn holds(&self) -> bool {
        self.rounded == 0 && self.telling >= FEWEST && self.right * 20 >= self.seen * 19
    }

    fn told(&self) -> String {
        format!("{} of {} rows", count(self.right), count(self.seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement(rows: &[[i64; 4]], discount: Option<&str>) -> Agreement {
        let mut agreement = Agreement::default();
        let fields = if discount.is_some() { 4 } else { 3 };
        let row = |row: &[i64; 4]| row[..fields].iter().map(|value| Some(value * ONE as i64 / 100)).collect::<Vec<_>>();
        rows.iter().for_each(|own| agreement.add(&row(own), discount));
        agreement
    }

    /// Total, quantity, price and discount in hundredths.
    fn rows(n: i64) -> Vec<[i64; 4]> {
        (1..=n).map(|row| [(row + 1) * 25_000 - 1_000, (row + 1) * 100, 25_000, 1_000]).collect()
    }

    #[test]
    fn a_total_that_most_rows_come_to_is_compared() {
        assert!(agreement(&rows(40), Some("discount")).holds());
        assert!(!agreement(&rows(40), None).holds(), "the discount is part of it");
        assert!(!agreement(&rows(7), Some("discount")).holds(), "seven rows may be chance");
        let mut wrong = rows(40);
        wrong[3][0] = 6_000_000;
        let found = agreement(&wrong, Some("discount"));
        assert!(found.holds());
        assert_eq!(found.told(), "39 of 40 rows");
    }

    #[test]
    fn totals_that_were_rounded_are_not_compared() {
        let mut rounded = rows(40);
        rounded[5][0] += 40;
        assert!(!agreement(&rounded, Some("discount")).holds());
    }

    #[test]
    fn rates_are_taken_off() {
        let rate: Vec<[i64; 4]> = (2..30).map(|row| [row * 9_000, row * 100, 10_000, 10]).collect();
        assert!(agreement(&rate, Some("discount_rate")).holds());
        let percent: Vec<[i64; 4]> = (2..30).map(|row| [row * 9_000, row * 100, 10_000, 1_000]).collect();
        assert!(agreement(&percent, Some("discount_percent")).holds());
    }
}
