//! What the sender says of a file as a whole: in a trailer record at its end, or in a small file beside it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Request;
use super::original::fields;
use super::records::{Dialect, Records};
use super::source::Source;
use super::values;
use crate::error::{Error, Result};
use crate::lake::{Claims, Manifest};

/// Where a source's trailer record has its totals: fields counted from 1, the prefix being in the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trailer {
    /// What the first field of the record is.
    pub prefix: String,
    /// Rows of the file, header and trailer excepted.
    pub rows: Option<usize>,
    /// Sum of quantity × price − discount.
    pub amount: Option<usize>,
    /// Sum of the units.
    pub quantity: Option<usize>,
    /// Hash total of the order ids, as in `control_totals`.
    pub id_hash: Option<usize>,
    /// The first order id, in the order of ids.
    pub first_document: Option<usize>,
    /// The last one.
    pub last_document: Option<usize>,
}

impl Trailer {
    /// Checks what can be checked without a file.
    pub fn validate(&self) -> std::result::Result<(), String> {
        let places = [self.rows, self.amount, self.quantity, self.id_hash, self.first_document, self.last_document];
        if self.prefix.is_empty() || places.iter().flatten().any(|place| *place < 2) {
            return Err("`trailer` needs a `prefix`, and places from 2 on".into());
        }
        if places.iter().all(Option::is_none) {
            return Err(
                "`trailer` says where none of rows, amount, quantity, id_hash, first_document, last_document is".into(),
            );
        }
        Ok(())
    }

    /// Takes trailer records out of those of a block: they are no rows.
    pub fn take(&self, records: &mut Records, bytes: &[u8], dialect: Dialect) -> Vec<String> {
        let is_trailer = |text: &[u8]| {
            let text = text.strip_prefix(&[dialect.quote]).unwrap_or(text);
            let rest = text.strip_prefix(self.prefix.as_bytes());
            rest.is_some_and(|rest| {
                rest.first().is_none_or(|next| *next == dialect.delimiter || *next == dialect.quote)
            })
        };
        let mut found = Vec::new();
        records.bad.retain(|bad| {
            let text = &bytes[bad.start as usize..bad.end as usize];
            let is_one = is_trailer(text);
            if is_one {
                found.push(String::from_utf8_lossy(text).into_owned());
            }
            !is_one
        });
        let good: Vec<usize> =
            (0..records.len()).rev().filter(|record| is_trailer(records.raw(bytes, *record, 0))).collect();
        for record in good {
            found.push(String::from_utf8_lossy(records.text(bytes, record)).into_owned());
            records.starts.remove(record);
            records.lines.remove(record);
            records.ends.drain(record * records.fields..(record + 1) * records.fields);
            for bad in records.bad.iter_mut().filter(|bad| bad.after as usize > record) {
                bad.after -= 1;
            }
        }
        found
    }

    /// What a trailer record says.
    pub fn claims(&self, source: &Source, decimals: u32, record: &str) -> Claims {
        let fields = fields(source, record).unwrap_or_default();
        let text = |place: Option<usize>| place.and_then(|place| fields.get(place - 1)).map(|text| text.trim());
        from_texts(
            source,
            decimals,
            "trailer",
            &text,
            [self.rows, self.amount, self.quantity, self.id_hash, self.first_document, self.last_document],
        )
    }
}

fn from_texts<'t, P: Copy>(
    source: &Source,
    decimals: u32,
    from: &str,
    text: &dyn Fn(P) -> Option<&'t str>,
    [rows, amount, quantity, id_hash, first, last]: [P; 6],
) -> Claims {
    let numbers = source.numbers();
    let whole = |place: P| text(place).and_then(|text| values::integer(text.as_bytes(), numbers));
    let words = |place: P| text(place).filter(|text| !text.is_empty()).map(String::from);
    Claims {
        from: from.into(),
        rows: whole(rows),
        amount: text(amount).and_then(|text| values::decimal(text.as_bytes(), numbers, decimals)),
        quantity: whole(quantity),
        id_hash: whole(id_hash),
        first_document: words(first),
        last_document: words(last),
    }
}

/// The names of the totals in a file beside an export.
const NAMES: [&str; 6] = ["rows", "amount", "quantity", "id_hash", "first_document", "last_document"];

/// Where the file beside an export would be: `sales.csv.ctl`, else `sales.ctl`.
pub fn sidecar_path(source: &Source, path: &Path) -> Option<PathBuf> {
    let suffix = source.sidecar.as_deref()?;
    let mut full = path.as_os_str().to_os_string();
    full.push(suffix);
    let full = PathBuf::from(full);
    let short = path.with_extension(suffix.trim_start_matches('.'));
    [full, short].into_iter().find(|beside| beside.is_file() && beside != path)
}

/// What the file beside an export says: lines of a name (`rows`, `amount`, `quantity`, `id_hash`, `first_document`,
/// `last_document`) and a value, with `=`, `:` or the source's delimiter between. A file that says none of them claims
/// nothing, which is told as a difference.
fn beside(source: &Source, decimals: u32, sidecar: &Path) -> Result<Claims> {
    let bytes = std::fs::read(sidecar).map_err(Error::io("read", sidecar))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut said: [Option<&str>; 6] = [None; 6];
    for line in text.trim_start_matches('\u{feff}').lines() {
        let Some((name, value)) = line.split_once(['=', ':', source.delimiter]) else { continue };
        let name = name.trim().to_lowercase();
        if let Some(place) = NAMES.iter().position(|known| *known == name) {
            said[place] = Some(value.trim());
        }
    }
    Ok(from_texts(source, decimals, "sidecar", &|place: usize| said[place], [0, 1, 2, 3, 4, 5]))
}

/// Takes in what the files beside the exports say now, also of exports that are in the lake already. What a file said
/// that has gone is kept.
pub(super) fn renew(manifest: &mut Manifest, request: &Request<'_>) -> Result<bool> {
    let mut changed = false;
    for batch in manifest.batches.iter_mut().filter(|batch| batch.superseded_by.is_none()) {
        let Some(source) = request.sources.get(&batch.source) else { continue };
        let Some(sidecar) = sidecar_path(source, &request.project.join(&batch.file)) else { continue };
        let claims = Some(beside(source, request.decimals, &sidecar)?);
        changed |= batch.claims != claims;
        batch.claims = claims;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::super::records::split;
    use super::*;

    const DIALECT: Dialect = Dialect { delimiter: b';', quote: b'"' };

    fn trailer() -> Trailer {
        Trailer {
            prefix: "TOTAL".into(),
            rows: Some(2),
            amount: Some(3),
            quantity: None,
            id_hash: None,
            first_document: None,
            last_document: None,
        }
    }

    #[test]
    fn a_trailer_is_no_row_whether_it_has_as_many_fields_or_not() {
        for text in ["A;1;5\nB;2;6\nTOTAL;2;11\n", "A;1;5\nB;2;6\nTOTAL;2;11;x;y\n", "TOTAL;2;11\nA;1;5\nB;2;6\n"] {
            let mut records = split(text.as_bytes(), DIALECT, 3, true);
            let found = trailer().take(&mut records, text.as_bytes(), DIALECT);
            assert_eq!((found.len(), records.len(), records.bad.len()), (1, 2, 0), "{text}");
            assert_eq!(records.raw(text.as_bytes(), 1, 0), b"B");
            let source = Source { delimiter: ';', ..Source::default() };
            let claims = trailer().claims(&source, 0, &found[0]);
            assert_eq!((claims.rows, claims.amount), (Some(2), Some(11)));
        }
    }

    #[test]
    fn an_order_that_begins_like_a_trailer_is_an_order() {
        let text = "TOTALX;1;5\n";
        let mut records = split(text.as_bytes(), DIALECT, 3, true);
        assert!(trailer().take(&mut records, text.as_bytes(), DIALECT).is_empty());
    }
}
