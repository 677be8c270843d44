//! Why a file is set aside whole.

use super::Work;
use crate::contracts::input_table;
use crate::error::Error;
use crate::lake::{Arithmetic, Held};

/// An error that is about one file: that file is held. `None` for what is no file's fault, and for other files'.
pub(super) fn from_error(work: &Work<'_>, error: &Error) -> Option<Held> {
    let (code, path) = match error {
        Error::Unreadable { path, .. } => ("unreadable", path),
        Error::NoColumn { path, .. } => ("column_missing", path),
        Error::Unmapped { path, .. } => ("not_mapped", path),
        Error::Untrusted { path, code, .. } => (*code, path),
        _ => return None,
    };
    (*path == work.path).then(|| Held {
        source: work.name.into(),
        file: work.shown.clone(),
        unit: work.unit.clone(),
        code: code.into(),
        message: error.to_string(),
        hint: error.hint().unwrap_or_default(),
        rows: None,
        ledger: None,
    })
}

/// A file whose rows were refused because the file of their parents is held needs nothing but that one.
pub(super) fn name_held_parents(held: &mut [Held], table_of: impl Fn(&str) -> Option<String>) {
    for place in 0..held.len() {
        let table = table_of(&held[place].source).and_then(|name| input_table(&name));
        let parents = table.into_iter().flat_map(|table| table.columns).filter_map(|column| column.parent);
        let missed: Vec<&str> =
            parents.filter(|parent| held[place].message.contains(parent.code)).map(|parent| parent.table).collect();
        let first =
            held.iter().find(|other| table_of(&other.source).is_some_and(|table| missed.contains(&table.as_str())));
        if let Some(first) = first.map(|other| other.file.clone()) {
            held[place].hint = format!("`{first}` is held: once that is mended, this one is loaded with it");
        }
    }
}

/// Whether so many of a file's rows were refused that the rest cannot be trusted: more than the limit, and more than
/// the one row a damaged byte may cost; or all of them.
pub(super) fn too_many(rows: &Arithmetic, limit: f64) -> bool {
    let refused = rows.rejected + rows.duplicate;
    let allowed = if limit > 0.0 { (limit * rows.received as f64).max(1.0) } else { 0.0 };
    limit < 1.0 && (refused as f64 > allowed || (refused > 0 && rows.accepted == 0))
}
