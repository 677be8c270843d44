//! Planted faults: what is wrong where, and the rows that carry it.

use std::fmt::Write;

/// One change to a copied row; columns count from 0.
enum Edit {
    /// Replaces a field.
    Set(usize, &'static [u8]),
    /// Makes a key unlike any other by adding to it.
    FreshKey(usize),
    /// Makes a line number no order reaches.
    FreshNumber(usize),
    /// Makes a one-digit number another one.
    OtherDigit(usize),
    /// Opens a quote in front of a field.
    OpenQuote(usize),
    /// Leaves out the last field.
    TooFew,
    /// Adds a field.
    TooMany,
}

/// A fault to plant as a row of its own: a damaged copy of the row before it.
pub(super) struct Planned {
    /// Planted once the table has this many lines.
    pub(super) line: u64,
    pub(super) code: &'static str,
    pub(super) what: &'static str,
    edits: &'static [Edit],
}

/// A planted fault.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) code: &'static str,
    pub(super) what: String,
}

type Row = (u64, &'static str, &'static str, &'static [Edit]);

/// The faults of a table. `scale` is its size relative to the committed
/// sample; without one, no faults are wanted.
pub(super) fn planned(table: &str, scale: Option<f64>) -> Vec<Planned> {
    let Some(scale) = scale else {
        return Vec::new();
    };
    rows(table)
        .iter()
        .map(|&(line, code, what, edits)| Planned { line: ((line as f64 * scale) as u64).max(2), code, what, edits })
        .collect()
}

/// The damaged copy of `row`. `serial` counts the faults of the table.
pub(super) fn damaged_row(row: &[u8], fault: &Planned, serial: u64) -> Vec<u8> {
    let mut fields = split(row);
    for edit in fault.edits {
        match *edit {
            Edit::Set(column, value) => set(&mut fields, column, value.to_vec()),
            Edit::FreshKey(column) => {
                if let Some(field) = fields.get_mut(column) {
                    field.extend_from_slice(format!("X{serial}").as_bytes());
                }
            }
            Edit::FreshNumber(column) => {
                set(&mut fields, column, (90 + serial).to_string().into_bytes());
            }
            Edit::OtherDigit(column) => {
                let same = fields.get(column).is_some_and(|field| field == b"4");
                set(&mut fields, column, if same { b"5" } else { b"4" }.to_vec());
            }
            Edit::OpenQuote(column) => {
                if let Some(field) = fields.get_mut(column) {
                    field.insert(0, b'"');
                }
            }
            Edit::TooFew => {
                fields.pop();
            }
            Edit::TooMany => fields.push(b"0".to_vec()),
        }
    }
    fields.join(&b';')
}

/// The amount with its first two digits swapped, as a tired hand types it;
/// `None` when that changes nothing or loses a digit.
pub(super) fn swapped_digits(amount: u64) -> Option<u64> {
    let mut digits = amount.to_string().into_bytes();
    if digits.len() < 2 || digits[0] == digits[1] || digits[1] == b'0' {
        return None;
    }
    digits.swap(0, 1);
    String::from_utf8(digits).ok()?.parse().ok()
}

/// `faults.csv`: where every fault is.
pub(super) fn faults_csv(found: &[Found]) -> String {
    let mut text = String::from("file,line,code,what\n");
    for fault in found {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{},{},{},\"{}\"", fault.file, fault.line, fault.code, fault.what.replace('"', "\"\""));
    }
    text
}

fn set(fields: &mut [Vec<u8>], column: usize, value: Vec<u8>) {
    if let Some(field) = fields.get_mut(column) {
        *field = value;
    }
}

/// Splits a row at the separators outside quotes; fields keep their quotes.
fn split(row: &[u8]) -> Vec<Vec<u8>> {
    let mut quoted = false;
    row.split(|&byte| {
        quoted ^= byte == b'"';
        byte == b';' && !quoted
    })
    .map(<[u8]>::to_vec)
    .collect()
}

#[rustfmt::skip]
fn rows(table: &str) -> &'static [Row] {
    use Edit::{FreshKey, FreshNumber, OpenQuote, OtherDigit, Set, TooFew, TooMany};
    match table {
        "customers" => &[
            (40, "ragged", "the last field is missing", &[FreshKey(0), TooFew]),
            (75, "encoding", "a Latin-1 byte in nama", &[FreshKey(0), Set(1, b"Andr\xe9 Wijaya")]),
            (110, "bad_date", "tanggal_lahir is 31/02/1987", &[FreshKey(0), Set(2, b"31/02/1987")]),
            (150, "bad_date", "tanggal_lahir is 1987-13-45", &[FreshKey(0), Set(2, b"1987-13-45")]),
            (190, "duplicate_key", "the row before it once more", &[]),
            (230, "duplicate_key", "the customer before it once more under another name", &[Set(1, b"Nama Lain")]),
        ],
        "identifiers" => &[
            (120, "unknown_customer", "a card of customer P000000, who does not exist", &[Set(0, b"card"), FreshKey(1), Set(2, b"P000000")]),
        ],
        "products" => &[
            (35, "encoding", "a Latin-1 byte in nama", &[FreshKey(0), Set(1, b"Stiker Caf\xe9 Racer")]),
            (70, "bad_number", "harga_jual is written in words", &[FreshKey(0), Set(5, b"seratus ribu")]),
            (100, "duplicate_key", "the product before it once more at another price", &[Set(5, b"1.234.500")]),
        ],
        "agents" => &[
            (5, "bad_date", "mulai is 00/00/2020", &[FreshKey(0), Set(4, b"00/00/2020")]),
        ],
        "costs" => &[
            (60, "bad_number", "jumlah is n/a", &[Set(0, b"2026-01"), Set(2, b"n/a")]),
        ],
        "interactions" => &[
            (300, "bad_timestamp", "waktu is 30/02/2025 10:00:00", &[FreshKey(0), Set(2, b"30/02/2025 10:00:00")]),
            (700, "unknown_customer", "customer P000000 does not exist", &[FreshKey(0), Set(1, b"P000000")]),
        ],
        "orders 0" => &[
            (50, "bad_timestamp", "waktu is empty", &[FreshKey(0), Set(3, b"")]),
            (200, "unknown_customer", "customer P000000 does not exist", &[FreshKey(0), Set(1, b"P000000")]),
            (350, "duplicate_key", "the row before it once more", &[]),
            (500, "bad_quoting", "a quote opens before waktu and never closes", &[FreshKey(0), OpenQuote(3)]),
        ],
        "orders 1" => &[
            (60, "bad_timestamp", "waktu is 29/02/2025 25:61:00", &[FreshKey(0), Set(3, b"29/02/2025 25:61:00")]),
            (250, "unknown_customer", "customer P000000 does not exist", &[FreshKey(0), Set(1, b"P000000")]),
            (400, "ragged", "one field too many", &[FreshKey(0), TooMany]),
        ],
        "orders 2" => &[
            (150, "duplicate_key", "the order before it once more with another kasir", &[Set(7, b"KASIR-LAIN")]),
        ],
        "lines 0" => &[
            (100, "bad_number", "jumlah is a word", &[FreshNumber(1), Set(3, b"dua")]),
            (300, "nonpositive_quantity", "jumlah is 0", &[FreshNumber(1), Set(3, b"0")]),
            (600, "unknown_product", "product 000000 does not exist", &[FreshNumber(1), Set(2, b"000000")]),
            (900, "unknown_order", "order JKT01240231-0001 does not exist", &[Set(0, b"JKT01240231-0001")]),
            (1200, "ragged", "one field too many", &[FreshNumber(1), TooMany]),
        ],
        "lines 1" => &[
            (150, "bad_number", "harga is empty", &[FreshNumber(1), Set(4, b"")]),
            (350, "nonpositive_quantity", "jumlah is -3", &[FreshNumber(1), Set(3, b"-3")]),
            (650, "unknown_product", "product 000000 does not exist", &[FreshNumber(1), Set(2, b"000000")]),
            (850, "unknown_order", "order SBY02240231-0001 does not exist", &[Set(0, b"SBY02240231-0001")]),
            (1100, "bad_quoting", "a quote opens before jumlah and never closes", &[FreshNumber(1), OpenQuote(3)]),
        ],
        "lines 2" => &[
            (200, "fractional_quantity", "jumlah is 12,5", &[FreshNumber(1), Set(3, b"12,5")]),
            (700, "duplicate_key", "the row before it once more", &[]),
            (1000, "duplicate_key", "the line before it once more with another jumlah", &[OtherDigit(3)]),
        ],
        _ => &[],
    }
}
