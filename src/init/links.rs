//! References between exports: a column whose values are another file's keys.

use super::exports::Export;
use super::names;
use super::tables::{Link, Placement};

/// What the values say about which column is a key and which refers to one.
#[derive(Debug, Default)]
pub struct Links {
    /// For each export, the fields that names alone did not give.
    pub found: Vec<Vec<Link>>,
    /// Why, for people.
    pub evidence: Vec<String>,
}

/// Compares the ids of the placed exports.
pub fn links(exports: &[Export], placed: &[Option<Placement>]) -> Links {
    let mut links = Links { found: vec![Vec::new(); exports.len()], evidence: Vec::new() };
    for parent in 0..exports.len() {
        let Some((owner, key)) = key(placed, parent) else { continue };
        better_key(exports, placed, parent, owner, key, &mut links);
    }
    for parent in 0..exports.len() {
        let Some((owner, key)) = key(placed, parent) else { continue };
        let key =
            links.found[parent].iter().find(|link| link.certain && link.owner == owner).map_or(key, |link| link.field);
        for child in (0..exports.len()).filter(|child| *child != parent) {
            unnamed_reference(exports, placed, (parent, owner, key), child, &mut links);
        }
    }
    links
}

/// How many of each mapped reference's values the owner has.
pub fn evidence(exports: &[Export], placed: &[Option<Placement>]) -> Vec<String> {
    let mut lines = Vec::new();
    for (child, placement) in placed.iter().enumerate() {
        let Some(placement) = placement.as_ref().filter(|placement| placement.is_complete()) else { continue };
        for (column, field) in placement.mapped() {
            for parent in (0..exports.len()).filter(|parent| *parent != child) {
                let Some((owner, key)) = key(placed, parent) else { continue };
                if names::owner_of(column.name) != Some(owner) || owner == placement.table.name {
                    continue;
                }
                let share =
                    exports[child].profile.columns[field].values.found_in(&exports[parent].profile.columns[key].values);
                if share < 0.5 && column.name == "staff_id" {
                    continue;
                }
                let doubt = if share < 0.9 { ": check the mapping" } else { "" };
                lines.push(format!(
                    "{}: {:.1} % of the distinct values of `{}` ({}) are in `{}` of {}{doubt}",
                    exports[child].name,
                    share * 100.0,
                    exports[child].shape.header[field],
                    column.name,
                    exports[parent].shape.header[key],
                    exports[parent].name
                ));
            }
        }
    }
    lines
}

/// The owner's name and the key field of an export that owns ids.
fn key(placed: &[Option<Placement>], parent: usize) -> Option<(&'static str, usize)> {
    let placement = placed[parent].as_ref().filter(|placement| placement.is_complete())?;
    let [key] = placement.table.key else { return None };
    names::owner_of(key).filter(|owner| *owner == placement.table.name)?;
    Some((placement.table.name, placement.field(key)?))
}

/// Another unique column of the owner, where the references of the others are found in that one instead.
fn better_key(
    exports: &[Export],
    placed: &[Option<Placement>],
    parent: usize,
    owner: &'static str,
    key: usize,
    links: &mut Links,
) {
    let columns = &exports[parent].profile.columns;
    for (child, placement) in placed.iter().enumerate() {
        let Some(placement) = placement.as_ref().filter(|_| child != parent) else { continue };
        for (_, field) in placement.mapped().filter(|(column, _)| names::owner_of(column.name) == Some(owner)) {
            let values = &exports[child].profile.columns[field].values;
            if values.found_in(&columns[key].values) >= 0.5 || values.distinct() < FEW {
                continue;
            }
            let better = (0..columns.len()).find(|other| {
                *other != key && columns[*other].is_unique() && values.found_in(&columns[*other].values) >= 0.9
            });
            if let Some(better) = better {
                links.found[parent].push(Link { field: better, owner, certain: true });
                links.evidence.push(format!(
                    "{}: `{}` is the key, not `{}`: {:.1} % of `{}` in {} is found there",
                    exports[parent].name,
                    exports[parent].shape.header[better],
                    exports[parent].shape.header[key],
                    values.found_in(&columns[better].values) * 100.0,
                    exports[child].shape.header[field],
                    exports[child].name
                ));
                return;
            }
        }
    }
}

/// A column no name gave away whose values are the owner's ids.
fn unnamed_reference(
    exports: &[Export],
    placed: &[Option<Placement>],
    (parent, owner, key): (usize, &'static str, usize),
    child: usize,
    links: &mut Links,
) {
    let keys = &exports[parent].profile.columns[key].values;
    let export = &exports[child];
    let refers = |field: usize| {
        placed[child].as_ref().is_some_and(|placement| {
            placement.mapped().any(|(column, own)| own == field && names::owner_of(column.name).is_some())
        })
    };
    let has_reference = placed[child]
        .as_ref()
        .is_some_and(|placement| placement.mapped().any(|(column, _)| names::owner_of(column.name) == Some(owner)));
    if has_reference {
        return;
    }
    for (field, column) in export.profile.columns.iter().enumerate() {
        let counts_through = column.numbers.is_numeric() && column.numbers.largest < 10 * keys.distinct();
        let is_value = column.dates.dates() * 2 > column.filled || counts_through;
        if refers(field) || is_value || column.values.distinct() < FEW || column.values.found_in(keys) < 0.95 {
            continue;
        }
        links.found[child].push(Link { field, owner, certain: false });
        links.evidence.push(format!(
            "{}: `{}` refers to {owner}: {:.1} % of its {} distinct values are in `{}` of {}",
            export.name,
            export.shape.header[field],
            column.values.found_in(keys) * 100.0,
            column.values.distinct(),
            exports[parent].shape.header[key],
            exports[parent].name
        ));
        return;
    }
}

/// Fewer distinct values than this are found anywhere by chance.
const FEW: u64 = 10;
