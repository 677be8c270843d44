//! What every table looks like, declared once: ingest, marts, analyses, docs and tests read it here.
//!
//! `inputs` are the tables a source maps its columns onto, `results` the tables a run publishes, `rules` what the
//! inputs must be besides well-formed.

pub mod inputs;
pub mod results;
pub mod rules;

/// What a column holds, and so how it is read, stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An identifier. Text, byte for byte as exported: leading zeros stay.
    Id,
    /// Free or categorical text.
    Text,
    /// Money, exact: integer minor units inside, decimal in published files.
    Money,
    /// A whole number.
    Integer,
    /// A quantity of goods: a whole number; whether it may be negative is the source's to say.
    Quantity,
    /// Yes or no.
    Flag,
    /// A calendar day.
    Date,
    /// A local date and time, with no invented zone.
    Timestamp,
    /// A calendar month, written `YYYY-MM`.
    Month,
    /// An exact decimal that is not money (a rate, hours): integer millionths inside.
    Decimal,
    /// A ratio, probability or statistic (binary floating point; never money).
    Ratio,
}

/// One column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its one name everywhere.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Meaning, with the unit, as a person would read it.
    pub doc: &'static str,
    /// Input tables: a source must map it.
    pub mapped: bool,
    /// Input tables: an empty cell is a reject. Result tables: never null.
    pub filled: bool,
    /// Input tables: an empty cell is nil, unless the source says that it is to be refused.
    pub nil_when_empty: bool,
    /// Input tables: the parent table this id points into.
    pub parent: Option<Parent>,
    /// Input tables: the lake keeps it. What is not kept only serves to work other columns out.
    pub stored: bool,
}

/// A reference from a column to the table that owns the id.
#[derive(Debug, Clone, Copy)]
pub struct Parent {
    /// The owning table.
    pub table: &'static str,
    /// The reject code of an id the owner does not have.
    pub code: &'static str,
}

impl Column {
    /// A column that may be absent and whose cells may be empty.
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Column {
        let (mapped, filled, nil_when_empty) = (false, false, false);
        Column { name, kind, doc, mapped, filled, nil_when_empty, parent: None, stored: true }
    }

    /// The source must map it and no cell may be empty.
    pub const fn required(mut self) -> Column {
        self.mapped = true;
        self.filled = true;
        self
    }

    /// No cell may be empty where the source maps it.
    pub const fn filled(mut self) -> Column {
        self.filled = true;
        self
    }

    /// An empty cell says nil: most exports leave a discount of nothing empty.
    pub const fn nil_when_empty(mut self) -> Column {
        self.nil_when_empty = true;
        self
    }

    /// The lake does not keep it: other columns are worked out from it.
    pub const fn unstored(mut self) -> Column {
        self.stored = false;
        self
    }

    /// The id must be one the parent has (or be empty, where empty is allowed). Where no source fills the
    /// parent, its ids are taken from here instead.
    pub const fn of(mut self, table: &'static str, code: &'static str) -> Column {
        self.parent = Some(Parent { table, code });
        self
    }
}

/// One table.
#[derive(Debug)]
pub struct Table {
    /// Its one name everywhere: file, config, SQL, docs.
    pub name: &'static str,
    /// What it says, ending with the grain.
    pub doc: &'static str,
    /// The columns that identify a row.
    pub key: &'static [&'static str],
    /// The columns, ids first.
    pub columns: &'static [Column],
    /// Result tables: columns whose names come from the configuration.
    pub open: Option<Open>,
}

/// Columns whose names come from the configuration, known by their prefix (`cost_` → one per pool).
#[derive(Debug, Clone, Copy)]
pub struct Open {
    /// What their names begin with.
    pub prefix: &'static str,
    /// What they hold.
    pub kind: Kind,
    /// Meaning, as a person would read it.
    pub doc: &'static str,
}

impl Table {
    /// The position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// What a column holds, those of the open prefix included.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        let open = || self.open.filter(|open| name.starts_with(open.prefix)).map(|open| open.kind);
        self.column(name).map(|column| column.kind).or_else(open)
    }

    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Every input table, parents before the tables that point into them.
pub fn input_tables() -> &'static [&'static Table] {
    inputs::ALL
}

/// The input table of a name.
pub fn input_table(name: &str) -> Option<&'static Table> {
    inputs::ALL.iter().copied().find(|table| table.name == name)
}
