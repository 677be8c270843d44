//! Who moved between two days, and whether it was the customer or the cut-points that moved.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::read_cuts;
use super::scores::{Cuts, DESCENDING, Scored};
use super::segment_map::{OUTSIDE, SegmentMap};
use crate::analyses::frame::{FrameBuilder, texts, wholes};
use crate::contracts::results::{RFM_MIGRATION, RFM_MOVES};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::stats::rank::score_with_cuts;

/// The customers of the day compared with.
#[derive(Debug)]
pub struct Before {
    as_of: i32,
    /// Values and segments, in today's map.
    scored: Scored,
    /// Scored then, but in no export any more: id, values and segment.
    forgotten: Vec<(String, [i64; 3], u8)>,
}

impl Before {
    /// Worked out from today's lake.
    pub fn recomputed(as_of: i32, scored: Scored) -> Before {
        Before { as_of, scored, forgotten: Vec::new() }
    }

    /// As an earlier run published it. Its scores are put on today's map, so that a new map moves nobody.
    ///
    /// # Errors
    /// [`Error::Damaged`] where its table has no such scores.
    pub fn published(
        as_of: i32,
        map: &SegmentMap,
        customers: &impl Numbered,
        table: &DataFrame,
        cuts: Cuts,
    ) -> Result<Before> {
        let ids = texts(table, "customer_id")?;
        let [recency, frequency, monetary] =
            [wholes(table, "recency_days")?, wholes(table, "frequency")?, wholes(table, "monetary")?];
        let scores = [wholes(table, "r")?, wholes(table, "f")?, wholes(table, "m")?];
        let mut before = Before { as_of, scored: Scored { cuts, ..Scored::default() }, forgotten: Vec::new() };
        let mut next = 0;
        for row in 0..table.height() {
            let id = ids.get(row).unwrap_or_default();
            let values = [&recency, &frequency, &monetary].map(|column| column.get(row).unwrap_or(0));
            let mut score = [0; 3];
            for (score, column) in score.iter_mut().zip(&scores) {
                let found = column.get(row).and_then(|score| u32::try_from(score).ok());
                *score = found.filter(|score| (1..=super::SCORES).contains(score)).ok_or_else(|| Error::Damaged {
                    path: "tables/rfm.parquet".into(),
                    message: format!("customer `{id}` has no score from 1 to 5"),
                })?;
            }
            let segment = map.segment(score[0], score[1], score[2]);
            // Both lie in the order of the ids: mostly the next one is the one.
            let is_next = customers.id_of(next) == Some(id);
            match if is_next { Some(next) } else { customers.number_of(id) } {
                Some(customer) => {
                    next = customer + 1;
                    before.scored.customer.push(customer as u32);
                    before.scored.recency_days.push(values[0]);
                    before.scored.frequency.push(values[1]);
                    before.scored.monetary.push(values[2]);
                    before.scored.segment.push(segment);
                }
                None => before.forgotten.push((id.into(), values, segment)),
            }
        }
        Ok(before)
    }
}

/// Customers with numbers, in the order of their ids.
pub trait Numbered {
    /// The id of a number.
    fn id_of(&self, number: usize) -> Option<&str>;
    /// The number of an id.
    fn number_of(&self, id: &str) -> Option<usize>;
}

impl Numbered for Facts {
    fn id_of(&self, number: usize) -> Option<&str> {
        (number < self.customers.len()).then(|| self.customers.id(number))
    }

    fn number_of(&self, id: &str) -> Option<usize> {
        self.customers.find(id)
    }
}

impl Numbered for Vec<&str> {
    fn id_of(&self, number: usize) -> Option<&str> {
        self.get(number).copied()
    }

    fn number_of(&self, id: &str) -> Option<usize> {
        self.binary_search(&id).ok()
    }
}

/// From every segment to every segment between two published runs, on the map given: `(rfm, rfm_cuts)` of each, money in
/// minor units.
///
/// # Errors
/// Where a table lacks a column.
pub fn compare(map: &SegmentMap, then: (&DataFrame, &DataFrame), now: (&DataFrame, &DataFrame)) -> Result<DataFrame> {
    let (old, new) = (texts(then.0, "customer_id")?, texts(now.0, "customer_id")?);
    let mut ids: Vec<&str> = old.iter().chain(new.iter()).flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    let before = Before::published(0, map, &ids, then.0, read_cuts(then.1)?)?;
    let after = Before::published(0, map, &ids, now.0, read_cuts(now.1)?)?;
    let cells = Migration::new(map, |customer| ids[customer as usize], &after.scored, Some(&before)).cells()?;
    cells.drop("since").map_err(Error::internal("comparing runs"))
}

/// Why somebody is in another segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// Would be where they are on the earlier cut-points, too.
    Customer,
    /// Would have stayed on the earlier cut-points.
    Cuts,
    /// The customer moved, and the cut-points moved them on.
    Both,
    /// Neither: the rule splits equal customers, and split them otherwise.
    Ties,
    /// Had no order in the window before.
    Came,
    /// Has no order in the window any more.
    Went,
}

impl Cause {
    fn name(self) -> &'static str {
        ["customer", "cuts", "both", "ties", "came", "went"][self as usize]
    }
}

/// One who moved: customer, from, to (none: outside), why, values then and now.
struct Move<'m> {
    id: &'m str,
    from: Option<u8>,
    to: Option<u8>,
    cause: Cause,
    then: Option<[i64; 3]>,
    now: Option<[i64; 3]>,
}

/// The sums of one pair of segments.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    customers: i64,
    previous_monetary: i64,
    monetary: i64,
    /// Customers and their monetary of now, by the first four causes.
    by_cause: [(i64, i64); 4],
}

/// Today against an earlier day.
pub struct Migration<'m> {
    map: &'m SegmentMap,
    as_of: Option<i32>,
    previous: Vec<Option<u8>>,
    cells: BTreeMap<(u8, u8), Sums>,
    moves: Vec<Move<'m>>,
}

/// Outside the window; after every segment.
const NOWHERE: u8 = u8::MAX;

impl<'m> Migration<'m> {
    /// Compares today with an earlier day; `id` knows the customers by number.
    pub fn new(
        map: &'m SegmentMap,
        id: impl Fn(u32) -> &'m str,
        now: &Scored,
        before: Option<&'m Before>,
    ) -> Migration<'m> {
        let mut migration = Migration {
            map,
            as_of: before.map(|before| before.as_of),
            previous: vec![None; now.customer.len()],
            cells: BTreeMap::new(),
            moves: Vec::new(),
        };
        let Some(before) = before else { return migration };
        let then = &before.scored;
        let segment = |values: [i64; 3], cuts: &Cuts| {
            let score = |axis: usize| score_with_cuts(values[axis], &cuts[axis], DESCENDING[axis]);
            map.segment(score(0), score(1), score(2))
        };
        let mut row = 0;
        // Both lie in the order of the customers' numbers.
        for (old, customer) in then.customer.iter().enumerate() {
            while now.customer.get(row).is_some_and(|found| found < customer) {
                migration.came(&id, now, row);
                row += 1;
            }
            let (from, was) = (then.segment[old], then.values(old));
            if now.customer.get(row) != Some(customer) {
                migration.went(id(*customer), from, was);
                continue;
            }
            let (to, is) = (now.segment[row], now.values(row));
            migration.previous[row] = Some(from);
            // On the earlier cut-points only the customer can have moved; from there on only the cut-points.
            let frozen = segment(is, &then.cuts);
            let (self_moved, cuts_moved) = (frozen != segment(was, &then.cuts), segment(is, &now.cuts) != frozen);
            let cause = match (self_moved, cuts_moved) {
                (true, false) => Cause::Customer,
                (false, true) => Cause::Cuts,
                (true, true) => Cause::Both,
                (false, false) => Cause::Ties,
            };
            let sums = migration.cells.entry((from, to)).or_default();
            sums.customers += 1;
            sums.previous_monetary += was[2];
            sums.monetary += is[2];
            if from != to {
                let by_cause = &mut sums.by_cause[cause as usize];
                by_cause.0 += 1;
                by_cause.1 += is[2];
                let (id, then, now) = (id(*customer), Some(was), Some(is));
                migration.moves.push(Move { id, from: Some(from), to: Some(to), cause, then, now });
            }
            row += 1;
        }
        for row in row..now.customer.len() {
            migration.came(&id, now, row);
        }
        for (id, was, from) in &before.forgotten {
            migration.went(id, *from, *was);
        }
        migration.moves.sort_by_key(|step| step.id);
        migration
    }

    fn came(&mut self, id: &impl Fn(u32) -> &'m str, now: &Scored, row: usize) {
        let (to, is) = (now.segment[row], now.values(row));
        let sums = self.cells.entry((NOWHERE, to)).or_default();
        sums.customers += 1;
        sums.monetary += is[2];
        let id = id(now.customer[row]);
        self.moves.push(Move { id, from: None, to: Some(to), cause: Cause::Came, then: None, now: Some(is) });
    }

    fn went(&mut self, id: &'m str, from: u8, was: [i64; 3]) {
        let sums = self.cells.entry((from, NOWHERE)).or_default();
        sums.customers += 1;
        sums.previous_monetary += was[2];
        self.moves.push(Move { id, from: Some(from), to: None, cause: Cause::Went, then: Some(was), now: None });
    }

    /// The earlier segment of each customer of today.
    pub fn previous_segments(&self) -> Vec<Option<String>> {
        self.previous.iter().map(|segment| segment.map(|segment| self.map.name(segment).to_string())).collect()
    }

    fn label(&self, segment: u8) -> &str {
        if segment == NOWHERE { OUTSIDE } else { self.map.name(segment) }
    }

    /// From every segment to every segment.
    pub fn cells(&self) -> Result<DataFrame> {
        let rows: Vec<_> = self.cells.iter().collect();
        let whole = |pick: &dyn Fn(&Sums) -> i64| rows.iter().map(|(_, sums)| pick(sums)).collect::<Vec<i64>>();
        let mut builder = FrameBuilder::new(&RFM_MIGRATION)
            .text("previous_segment", rows.iter().map(|((from, _), _)| self.label(*from)))
            .text("segment", rows.iter().map(|((_, to), _)| self.label(*to)))
            .whole("customers", whole(&|sums| sums.customers))
            .whole("previous_monetary", whole(&|sums| sums.previous_monetary))
            .whole("monetary", whole(&|sums| sums.monetary))
            .date("since", vec![self.as_of; rows.len()]);
        for cause in [Cause::Customer, Cause::Cuts, Cause::Both, Cause::Ties] {
            let (place, name) = (cause as usize, cause.name());
            builder = builder
                .whole(&format!("moved_by_{name}"), whole(&|sums| sums.by_cause[place].0))
                .whole(&format!("monetary_by_{name}"), whole(&|sums| sums.by_cause[place].1));
        }
        builder.finish()
    }

    /// Everyone who moved, came or went.
    pub fn moves(&self) -> Result<DataFrame> {
        let rows = &self.moves;
        let segment = |segment: Option<u8>| self.label(segment.unwrap_or(NOWHERE));
        let value = |pick: fn(&Move<'_>) -> Option<[i64; 3]>, axis: usize| {
            rows.iter().map(|step| pick(step).map(|values| values[axis])).collect::<Vec<_>>()
        };
        FrameBuilder::new(&RFM_MOVES)
            .text("customer_id", rows.iter().map(|step| step.id))
            .text("previous_segment", rows.iter().map(|step| segment(step.from)))
            .text("segment", rows.iter().map(|step| segment(step.to)))
            .text("cause", rows.iter().map(|step| step.cause.name()))
            .maybe_whole("previous_recency_days", value(|step| step.then, 0))
            .maybe_whole("recency_days", value(|step| step.now, 0))
            .maybe_whole("previous_frequency", value(|step| step.then, 1))
            .maybe_whole("frequency", value(|step| step.now, 1))
            .maybe_whole("previous_monetary", value(|step| step.then, 2))
            .maybe_whole("monetary", value(|step| step.now, 2))
            .finish()
    }
}
