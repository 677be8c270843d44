//! Where a number of one customer (or another key) comes from: rows of text and amounts, for the command line to print.

/// An explanation, from the total down to the rows it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The tables, in reading order.
    pub sections: Vec<Section>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it shows.
    pub title: &'static str,
    /// The names of its columns.
    pub columns: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// An exact number, as its digits.
    Number(String),
    /// Money in minor units.
    Money(i64),
    /// Days since 1970-01-01.
    Day(i32),
    /// An order, by its key in the lake.
    Order(u32),
}

impl Explanation {
    /// Adds a table; none without a row.
    pub fn add(&mut self, title: &'static str, columns: &[&'static str], rows: Vec<Vec<Cell>>) {
        if !rows.is_empty() {
            self.sections.push(Section { title, columns: columns.to_vec(), rows });
        }
    }
}
