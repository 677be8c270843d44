//! A file whose columns are not those of the files before it.

use std::collections::BTreeSet;

use super::Work;
use super::fields::Fields;
use super::source::{DriftRule, Layout, nearest};
use crate::error::{Error, Result};
use crate::lake::Drift;

/// The differences between a file's columns and those of the last file of its source. What is new and would be read
/// without having been mapped, changes figures: then the file is refused, as it is for any difference where the source
/// says `drift = "hold"`.
pub(super) fn check(work: &Work<'_>, layout: &Layout, known: Option<&Vec<String>>) -> Result<Vec<Drift>> {
    let Some(known) = known else { return Ok(Vec::new()) };
    let source = work.source;
    let named: BTreeSet<&str> =
        source.columns.values().flat_map(Fields::names).chain(source.renamed.keys()).map(String::as_str).collect();
    let expected =
        |name: &&String| !name.is_empty() && !source.ignored.contains(name) && !named.contains(name.as_str());
    let now = &layout.header.names;
    let (here, there): (BTreeSet<&String>, BTreeSet<&String>) = (now.iter().collect(), known.iter().collect());
    let drift = |change: &str, name: &String, others: &[String]| Drift {
        change: change.into(),
        column: name.clone(),
        nearest: nearest(name, others),
    };
    let only = |names: &[String], others: &BTreeSet<&String>| -> Vec<String> {
        names.iter().filter(expected).filter(|name| !others.contains(name)).cloned().collect()
    };
    let (added, removed) = (only(now, &there), only(known, &here));
    let refuse = |code: &'static str, message: String, hint: String| {
        Err(Error::Untrusted { source_name: work.name.into(), path: work.path.clone(), code, message, hint })
    };
    let read = |name: &String| layout.columns.iter().find(|mapped| now.get(mapped.field) == Some(name));
    if let Some((name, mapped)) = added.iter().find_map(|name| Some((name, read(name)?))) {
        let column = mapped.column.name;
        return refuse(
            "column_added",
            format!("it has a new column `{name}`, which would be read as `{column}`; the files before had none"),
            format!(
                "`{column} = \"{name}\"` under `[sources.{0}.columns]` uses it, `{column} = \"\"` does not",
                work.name
            ),
        );
    }
    let found: Vec<Drift> = added
        .iter()
        .map(|name| drift("added", name, &removed))
        .chain(removed.iter().map(|name| drift("removed", name, &added)))
        .collect();
    if source.drift == DriftRule::Hold && !found.is_empty() {
        let words: Vec<String> = found.iter().map(describe).collect();
        return refuse(
            "column_changed",
            format!("its columns are not those of the file before: {}", words.join(", ")),
            format!("map them under `[sources.{0}.columns]`, or name them in `[sources.{0}] ignored = […]`", work.name),
        );
    }
    Ok(found)
}

/// A difference in words.
pub fn describe(drift: &Drift) -> String {
    let near = drift.nearest.as_ref().map(|name| format!(" (like `{name}`)")).unwrap_or_default();
    format!("`{}` {}{near}", drift.column, drift.change)
}
