//! Which row of a file is the header: not always the first.

use super::dates::DateLook;
use super::numbers::NumberLook;

/// A row that is not blank: its number in the file, from 1, and its cells.
type Row = (u64, Vec<String>);

/// Rows in which a header is searched.
const SEARCHED: usize = 40;

/// The place of the header among the first rows: the first as wide as the table, after titles that are not. The
/// first row where none is.
pub fn place(rows: &[Row]) -> Option<usize> {
    let mut widths: Vec<usize> = rows.iter().map(|(_, cells)| filled(cells)).collect();
    widths.sort_unstable();
    let usual = *widths.get(widths.len() / 2)?;
    for (place, (_, cells)) in rows.iter().enumerate().take(SEARCHED) {
        let wide = filled(cells) * 10 >= usual * 6 && filled(cells) >= usual.min(2);
        let values = cells.iter().filter(|cell| is_value(cell)).count();
        if wide && values * 5 < cells.len().max(1) {
            return Some(place);
        }
        if wide {
            break;
        }
    }
    Some(0)
}

/// The header's number, where rows that are not blank come before it.
pub fn row(rows: &[Row], place: usize, notes: &mut Vec<String>) -> Option<u32> {
    let above = &rows[..place];
    if above.is_empty() {
        return None;
    }
    let titles: Vec<String> = above.iter().map(|(_, cells)| cells.concat().trim().chars().take(60).collect()).collect();
    notes.push(format!("the header is in line {}; above it: {}", rows[place].0, titles.join(" / ")));
    u32::try_from(rows[place].0).ok()
}

/// The commonest number of cells, wider ones first; of the first row where all differ.
pub fn commonest_width(rows: &[Row]) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    rows.iter().for_each(|(_, cells)| *counts.entry(cells.len()).or_insert(0_usize) += 1);
    let best = counts.iter().max_by_key(|(width, count)| (**count, **width)).map_or(0, |(width, _)| *width);
    let first = rows.first().map_or(0, |(_, cells)| cells.len());
    if counts.get(&first).is_some_and(|count| *count * 2 > rows.len()) || counts.values().all(|count| *count == 1) {
        first
    } else {
        best
    }
}

/// Whether a cell holds a value, not a name.
pub fn is_value(cell: &str) -> bool {
    let (mut numbers, mut dates) = (NumberLook::default(), DateLook::default());
    numbers.add(cell.as_bytes());
    dates.add(cell.as_bytes());
    !cell.trim().is_empty() && (numbers.numbers() > 0 || dates.best_total() > 0)
}

fn filled(cells: &[String]) -> usize {
    cells.iter().filter(|cell| !cell.trim().is_empty()).count()
}
