//! What no single column of an export holds: a column of another export found by its key, an order that is what a
//! customer bought on a day, a name in two parts.

use super::dates::DateVerdict;
use super::exports::Export;
use super::names;
use super::tables::{Placement, unfit};
use super::write::{key, quoted};
use crate::contracts::{Column, Kind};

/// A column of ours that is read from elsewhere or joined.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its place in the table.
    pub column: usize,
    /// The columns as `langgan.toml` names them.
    pub names: Vec<String>,
    /// The export and field it is found in, where it is another one.
    pub from: Option<(usize, usize)>,
    /// How its dates are written, where it holds dates.
    pub date: Option<DateVerdict>,
}

/// Another export whose columns are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// What it is called.
    pub label: String,
    /// Its lines in `langgan.toml`.
    pub lines: Vec<String>,
}

/// Lookups that lead to lookups go no deeper.
const DEEPEST: usize = 3;

/// Columns looked up although they may be absent.
const WORTH_LOOKING_UP: &[&str] = &["category", "subcategory", "brand"];

/// Finds what an export lacks as the table it is placed as. `described`: another export describes the products.
pub fn complete(exports: &[Export], own: usize, placement: &mut Placement, described: bool) {
    names_in_parts(exports, own, placement);
    for (place, column) in placement.table.columns.iter().enumerate() {
        let lacking = placement.missing.contains(&column.name);
        let worth = WORTH_LOOKING_UP.contains(&column.name) && placement.field(column.name).is_none();
        let owner = placement.table.name == "products" || (placement.table.name == "flat" && !described);
        let is_value = !matches!(column.kind, Kind::Id | Kind::Flag) && column.name != "line_no";
        if (lacking && is_value) || (worth && owner) {
            look_up(exports, own, placement, place, column);
        }
    }
    if placement.table.name == "flat" && placement.missing == ["order_id"] {
        order_of_a_day(exports, own, placement);
    }
}

/// One step from an export to another: the other, its key, and the field that holds such keys.
#[derive(Debug, Clone, Copy)]
struct Step {
    export: usize,
    key: usize,
    by: usize,
}

fn look_up(exports: &[Export], own: usize, placement: &mut Placement, place: usize, column: &'static Column) {
    let mut path = Vec::new();
    let Some(field) = reach(exports, own, placement.table.name, column, &mut path) else { return };
    let Some(last) = path.last().copied() else { return };
    let found = &exports[last.export];
    let label = |step: &Step| exports[step.export].name.clone();
    let mut before: Option<&Step> = None;
    for step in &path {
        let (other, keys) = (&exports[step.export], &exports[step.export].shape.header[step.key]);
        let from = before.map_or(&exports[own], |before| &exports[before.export]);
        let by = &from.shape.header[step.by];
        let by = before.map_or_else(|| by.clone(), |before| format!("{}.{by}", label(before)));
        let files: Vec<String> = other.patterns.iter().map(|pattern| quoted(pattern)).collect();
        let mut lines = vec![format!("files = [{}]", files.join(", ")), format!("key = {}", quoted(keys))];
        if by != *keys {
            lines.push(format!("by = {}", quoted(&by)));
        }
        lines.extend(other.written());
        let used = Used { label: label(step), lines };
        if !placement.lookups.contains(&used) {
            placement.lookups.push(used);
        }
        before = Some(step);
    }
    let header = &found.shape.header[field];
    let (keys, by) = (&found.shape.header[last.key], &exports[own].shape.header[path[0].by]);
    placement.remarks.push(format!(
        "{} is looked up: `{header}` of {}, by `{}`",
        column.name,
        found.name,
        if path.len() == 1 { keys } else { by }
    ));
    placement.missing.retain(|name| *name != column.name);
    placement.found.push(Found {
        column: place,
        names: vec![format!("{}.{header}", label(&last))],
        from: Some((last.export, field)),
        date: found.dates[field].clone(),
    });
}

/// The field of another export that holds the column, and the way there.
fn reach(exports: &[Export], from: usize, table: &str, column: &'static Column, path: &mut Vec<Step>) -> Option<usize> {
    let steps: Vec<Step> = steps(exports, from, path).collect();
    for step in &steps {
        let other = &exports[step.export];
        let same_marks = other.numbers.format.decimal == exports[from].numbers.format.decimal;
        let fields = (0..other.shape.header.len()).filter(|field| *field != step.key);
        let fits = fields.filter_map(|field| {
            let header = &other.shape.header[field];
            let fit = fit(header, table, column);
            (fit > 0 && unfit(other, column, field).is_none()).then_some((fit, field))
        });
        let best = fits.max_by_key(|(fit, field)| (*fit, std::cmp::Reverse(*field)));
        if let Some((_, field)) = best.filter(|_| same_marks || column.kind != Kind::Money) {
            path.push(*step);
            return Some(field);
        }
    }
    for step in steps {
        if path.len() + 1 < DEEPEST {
            path.push(step);
            if let Some(field) = reach(exports, step.export, table, column, path) {
                return Some(field);
            }
            path.pop();
        }
    }
    None
}

/// How well a header fits a column that is looked up: the price of a product will do for that of a line.
fn fit(header: &str, table: &str, column: &Column) -> u32 {
    let own = names::fit(header, table, column.name, true);
    let elsewhere = match column.name {
        "unit_price" => names::fit(header, "products", "list_price", true),
        "category" | "subcategory" | "brand" => names::fit(header, "products", column.name, true),
        _ => 0,
    };
    own.max(elsewhere)
}

/// The exports one step away: those with a unique column of the same name as one here, which holds its values.
fn steps<'e>(exports: &'e [Export], from: usize, path: &'e [Step]) -> impl Iterator<Item = Step> + 'e {
    let own = &exports[from];
    let others = exports
        .iter()
        .enumerate()
        .filter(move |(place, _)| *place != from && path.iter().all(|step| step.export != *place));
    others.flat_map(move |(place, other)| {
        let keys = other.shape.header.iter().enumerate().filter(|(key, _)| {
            let column = &other.profile.columns[*key];
            column.filled == other.profile.rows && column.values.is_distinct()
        });
        keys.filter_map(move |(key, name)| {
            let by = own.shape.header.iter().position(|header| names::words(header) == names::words(name))?;
            let share = own.profile.columns[by].values.found_in(&other.profile.columns[key].values);
            (share >= 0.9 && !own.profile.columns[by].values.is_distinct()).then_some(Step { export: place, key, by })
        })
    })
}

/// Without an order number, what one customer bought at one branch at one time is an order.
fn order_of_a_day(exports: &[Export], own: usize, placement: &mut Placement) {
    let header = &exports[own].shape.header;
    let (Some(customer), Some(place)) = (placement.field("customer_id"), placement.table.position("order_id")) else {
        return;
    };
    let date = placement.table.position("ordered_at");
    let looked_up = placement.found.iter().find(|found| Some(found.column) == date).map(|found| found.names.clone());
    let by_key = placement.field("ordered_at").map(|field| vec![header[field].clone()]);
    let Some(when) = by_key.or(looked_up) else { return };
    let mut names = vec![header[customer].clone()];
    names.extend(when);
    names.extend(placement.field("branch_id").map(|branch| header[branch].clone()));
    placement.remarks.push(format!("there is no order number; an order is what has the same {}", names.join(", ")));
    placement.missing.clear();
    placement.found.push(Found { column: place, names, from: None, date: None });
}

/// First and last name where there is no full one.
fn names_in_parts(exports: &[Export], own: usize, placement: &mut Placement) {
    const FIRST: &[&str] = &["firstname", "fname", "givenname", "namadepan"];
    const LAST: &[&str] = &["lastname", "lname", "surname", "familyname", "namabelakang"];
    let wanted = match placement.table.name {
        "customers" | "agents" => "name",
        "flat" => "customer_name",
        _ => return,
    };
    let Some(place) = placement.table.position(wanted).filter(|_| placement.field(wanted).is_none()) else { return };
    let header = &exports[own].shape.header;
    let part = |known: &[&str]| header.iter().position(|name| known.contains(&names::words(name).concat().as_str()));
    if let (Some(first), Some(last)) = (part(FIRST), part(LAST)) {
        let names = vec![header[first].clone(), header[last].clone()];
        placement.found.push(Found { column: place, names, from: None, date: None });
    }
}

/// The lines that map a found column.
pub fn mapping(found: &Found) -> String {
    match found.names.as_slice() {
        [name] => quoted(name),
        names => format!("[{}]", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")),
    }
}

/// The sections of the lookups.
pub fn sections(export: &Export, placement: &Placement) -> Vec<String> {
    let mut lines = Vec::new();
    for used in &placement.lookups {
        lines.push(format!("[sources.{}.lookups.{}]", key(&export.name), key(&used.label)));
        lines.extend(used.lines.iter().cloned());
    }
    lines
}
