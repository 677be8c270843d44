//! Tables as the template prints them.

use super::view::Voice;
use minijinja::{Value, context};

/// A table: heads, rows, and what to say when there are no rows or more than shown.
pub(super) struct Table {
    heads: Vec<Value>,
    rows: Vec<Value>,
    note: String,
    empty: String,
    /// How many rows there would be; `None`: as many as there are items.
    all: Option<usize>,
}

impl Table {
    /// `heads` are keys of the words; `#` before a key marks a column of numbers.
    pub(super) fn new(voice: Voice<'_>, heads: &[&str]) -> Self {
        let heads = heads.iter().map(|key| head(voice.word(key.trim_start_matches('#')), key));
        let empty = voice.word("nothing").to_owned();
        Self { heads: heads.collect(), rows: Vec::new(), note: String::new(), empty, all: None }
    }

    /// Adds a column with a head that is not in the words.
    pub(super) fn number_column(mut self, title: &str) -> Self {
        self.heads.push(head(title, "#"));
        self
    }

    /// Says that the items are the first of so many.
    pub(super) fn of(mut self, all: u64) -> Self {
        self.all = Some(all as usize);
        self
    }

    /// Says this instead of an empty table.
    pub(super) fn when_empty(mut self, text: &str) -> Self {
        self.empty = text.to_owned();
        self
    }

    /// Fills the table with the first `limit` of `items` and says so when there are more.
    pub(super) fn fill<T>(
        mut self,
        voice: Voice<'_>,
        items: &[T],
        limit: usize,
        row: impl Fn(&T) -> Vec<Cell>,
    ) -> Value {
        for item in items.iter().take(limit) {
            self.rows.push(row(item).into_iter().map(Cell::into_value).collect());
        }
        let all = self.all.unwrap_or(items.len());
        if all > limit {
            let shown = voice.count(limit as u64);
            let all = voice.count(all as u64);
            self.note = voice.sentence("first_of", &[("shown", &shown), ("all", &all)]);
        }
        context! { heads => self.heads, rows => self.rows, note => self.note, empty => self.empty }
    }
}

fn head(title: &str, key: &str) -> Value {
    context! { title, class => if key.starts_with('#') { "num" } else { "" } }
}

/// One cell.
#[derive(Default)]
pub(super) struct Cell {
    text: String,
    sub: String,
    class: &'static str,
    bar: Option<f64>,
}

/// A cell of text.
pub(super) fn text(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), ..Cell::default() }
}

/// A cell of a number, aligned to the right.
pub(super) fn number(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), class: "num", ..Cell::default() }
}

/// A number that is red when it is negative.
pub(super) fn signed(text: impl Into<String>) -> Cell {
    let text = text.into();
    let class = if text.starts_with('-') { "num bad" } else { "num" };
    Cell { text, class, ..Cell::default() }
}

impl Cell {
    /// A second, quieter line.
    pub(super) fn sub(mut self, text: impl Into<String>) -> Self {
        self.sub = text.into();
        self
    }

    /// Replaces the class.
    pub(super) fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }

    /// A bar behind the number, `share` of the width of the cell.
    pub(super) fn bar(mut self, share: f64) -> Self {
        self.bar = Some(if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 });
        self
    }

    fn into_value(self) -> Value {
        let bar = self.bar.map(|share| format!("{:.1}%", share * 100.0));
        context! { text => self.text, sub => self.sub, class => self.class, bar }
    }
}
