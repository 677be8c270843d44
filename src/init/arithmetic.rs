//! Which column is quantity × price: the numbers say it where the names do not. `Jumlah` may be units or rupiah.

use super::exports::Export;
use super::profile;
use crate::contracts::Kind;
use crate::error::Result;
use crate::ingest::values;

/// Fields of a line whose numbers multiply: `total = quantity × price`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// Units.
    pub quantity: usize,
    /// Of one.
    pub price: usize,
    /// Of the line.
    pub total: usize,
}

/// Rows that are multiplied.
const ROWS: usize = 2_000;
/// Rows with a quantity other than one below which chance will do.
const FEWEST: usize = 8;
/// Columns of numbers that are tried.
const COLUMNS: usize = 24;
/// Digits kept after the decimal mark.
const DIGITS: u32 = 4;

/// Finds the columns; `None` where no three multiply in nearly every row, or several do.
pub fn product(export: &Export) -> Result<Option<Product>> {
    let format = export.numbers.format;
    let is_number = |field: &usize| export.profile.columns[*field].share(Kind::Money, format) >= 0.5;
    let fields: Vec<usize> = (0..export.shape.header.len()).filter(is_number).take(COLUMNS).collect();
    let Some(path) = export.files.first().filter(|_| fields.len() >= 3 && export.numbers.unclear == 0) else {
        return Ok(None);
    };
    let rows = profile::cells(path, &export.shape, &fields, ROWS, |text| values::decimal(text, format, DIGITS))?;
    let mut found = Vec::new();
    for (total_at, total) in fields.iter().enumerate() {
        for (first_at, first) in fields.iter().enumerate() {
            for (second_at, second) in fields.iter().enumerate().skip(first_at + 1) {
                if [first_at, second_at].contains(&total_at) || !multiply(&rows, first_at, second_at, total_at) {
                    continue;
                }
                let fewer = sum(&rows, first_at) <= sum(&rows, second_at);
                let (quantity, price) = if fewer { (*first, *second) } else { (*second, *first) };
                found.push(Product { quantity, price, total: *total });
            }
        }
    }
    Ok(if let [one] = found[..] { Some(one) } else { None })
}

type Row = Vec<Option<i64>>;

/// Whether the product of two columns is the third in nearly every row that has all three, and not by chance.
fn multiply(rows: &[Row], first: usize, second: usize, total: usize) -> bool {
    let one = 10_i64.pow(DIGITS);
    let (mut seen, mut right, mut telling) = (0_usize, 0_usize, 0_usize);
    for row in rows {
        let (Some(a), Some(b), Some(c)) = (row[first], row[second], row[total]) else { continue };
        seen += 1;
        // Halves of the smallest unit may be rounded either way.
        let exact = i128::from(a) * i128::from(b);
        if (exact - i128::from(c) * i128::from(one)).abs() <= i128::from(one) * i128::from(one) / 200 {
            right += 1;
            telling += usize::from(a != one && b != one && a != 0 && b != 0);
        }
    }
    right * 20 >= seen * 19 && telling >= FEWEST
}

fn sum(rows: &[Row], field: usize) -> i128 {
    rows.iter().filter_map(|row| row[field]).map(|value| i128::from(value).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_multiplies_is_found_and_ones_tell_nothing() {
        let one = 10_i64.pow(DIGITS);
        let rows = |quantities: &[i64]| -> Vec<Row> {
            quantities.iter().map(|q| vec![Some(q * one), Some(250 * one), Some(q * 250 * one)]).collect()
        };
        assert!(multiply(&rows(&[2, 3, 1, 4, 2, 5, 3, 2, 2, 9]), 0, 1, 2));
        assert!(!multiply(&rows(&[1; 50]), 0, 1, 2));
        assert!(!multiply(&rows(&[2, 3, 1, 4, 2, 5, 3, 2, 2, 9]), 0, 2, 1));
    }
}
