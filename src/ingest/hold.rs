//! Why a file is set aside whole.

use super::Work;
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

/// Whether so many of a file's rows were refused that the rest cannot be trusted: more than the limit, and more than
/// the one row a damaged byte may cost; or all of them.
pub(super) fn too_many(rows: &Arithmetic, limit: f64) -> bool {
    let refused = rows.rejected + rows.duplicate;
    let allowed = if limit > 0.0 { (limit * rows.received as f64).max(1.0) } else { 0.0 };
    limit < 1.0 && (refused as f64 > allowed || (refused > 0 && rows.accepted == 0))
}
