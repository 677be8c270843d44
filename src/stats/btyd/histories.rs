//! Histories laid out for the likelihoods: sorted by repeats, their days replaced by places in a table.

use super::super::chunks::CHUNK;
use super::{DAYS_PER_WEEK, Triple};

/// Triples with their days replaced by positions in a table of distinct days.
#[derive(Clone)]
pub(super) struct Histories {
    /// Distinct times, weeks, ascending.
    pub weeks: Vec<f64>,
    /// Ascending by repeats.
    pub rows: Vec<Row>,
    /// Consecutive rows with the same repeats; a run never crosses a chunk.
    pub runs: Vec<Run>,
    /// First run of each chunk.
    pub chunk_starts: Vec<usize>,
    pub most_repeats: u32,
    /// Customers.
    pub total_weight: f64,
    /// The place of each row among the triples given.
    order: Vec<u32>,
}

/// One history.
#[derive(Clone)]
pub(super) struct Row {
    /// Position in `weeks` of the last order.
    pub last: u32,
    /// Position in `weeks` of the end of observation.
    pub age: u32,
    pub weight: f64,
}

/// Rows with the same repeats.
#[derive(Clone)]
pub(super) struct Run {
    pub repeats: u32,
    pub start: usize,
    pub end: usize,
}

impl Histories {
    pub fn new(triples: &[Triple]) -> Self {
        let mut order: Vec<u32> = (0..triples.len() as u32).collect();
        order.sort_by_key(|&position| triples[position as usize].repeats);
        let sorted = || order.iter().map(|&position| &triples[position as usize]);
        let most_days = triples.iter().map(|triple| triple.age_days).max().unwrap_or(0) as usize;
        let (weeks, position) = days(triples, most_days);
        let rows = sorted()
            .map(|triple| Row {
                last: position(triple.first_to_last_days),
                age: position(triple.age_days),
                weight: triple.weight,
            })
            .collect();
        let mut runs: Vec<Run> = Vec::new();
        let mut chunk_starts = Vec::new();
        for (position, triple) in sorted().enumerate() {
            let starts_chunk = position % CHUNK == 0;
            if starts_chunk {
                chunk_starts.push(runs.len());
            }
            match runs.last_mut() {
                Some(run) if !starts_chunk && run.repeats == triple.repeats => {
                    run.end = position + 1;
                }
                _ => runs.push(Run { repeats: triple.repeats, start: position, end: position + 1 }),
            }
        }
        Self {
            weeks,
            rows,
            runs,
            chunk_starts,
            most_repeats: triples.iter().map(|triple| triple.repeats).max().unwrap_or(0),
            total_weight: triples.iter().map(|triple| triple.weight).sum(),
            order,
        }
    }

    /// Gives every history another weight, `weights` in the order of the triples.
    pub fn set_weights(&mut self, weights: &[f64]) {
        for (row, &position) in self.rows.iter_mut().zip(&self.order) {
            row.weight = weights[position as usize];
        }
        self.total_weight = weights.iter().sum();
    }

    /// The place of each row among the triples given.
    pub fn places(&self) -> &[u32] {
        &self.order
    }
}

/// Distinct days in weeks, ascending, and where each is.
fn days(triples: &[Triple], most_days: usize) -> (Vec<f64>, impl Fn(u32) -> u32) {
    // A table by day where that is not larger than the data.
    let is_dense = most_days <= 1 << 20;
    let mut found: Vec<u32> = if is_dense {
        let mut seen = vec![false; most_days + 1];
        for triple in triples {
            seen[triple.first_to_last_days as usize] = true;
            seen[triple.age_days as usize] = true;
        }
        (0..=most_days as u32).filter(|&day| seen[day as usize]).collect()
    } else {
        triples.iter().flat_map(|triple| [triple.first_to_last_days, triple.age_days]).collect()
    };
    found.sort_unstable();
    found.dedup();
    let weeks = found.iter().map(|&day| f64::from(day) / DAYS_PER_WEEK).collect();
    let mut table = vec![0; if is_dense { most_days + 1 } else { 0 }];
    if is_dense {
        for (position, &day) in found.iter().enumerate() {
            table[day as usize] = position as u32;
        }
    }
    let position = move |day: u32| match table.get(day as usize) {
        Some(position) => *position,
        None => found.partition_point(|&other| other < day) as u32,
    };
    (weeks, position)
}
