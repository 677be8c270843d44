//! Moves between segments, and the user's own segments.

use super::{Delivery, Rows};
use crate::calendar::day_name;
use crate::contracts::results::{RFM_MIGRATION, RFM_SEGMENTS, SEGMENT_OVERLAPS, SEGMENTS};
use crate::deliver::report::{OwnSegment, SegmentMove, SegmentMoves, SegmentOverlap};
use crate::error::{Error, Result};

/// Who moved since the day compared with; nothing where nobody was there then.
pub fn moves(delivery: &Delivery<'_>) -> Result<Option<SegmentMoves>> {
    let (Ok(frame), Ok(segments)) = (delivery.results.get(&RFM_MIGRATION), delivery.results.get(&RFM_SEGMENTS)) else {
        return Ok(None);
    };
    let since = frame.column("since").and_then(|column| column.date().cloned());
    let since = since.map_err(Error::internal("reading a table"))?.physical().iter().next().flatten();
    let Some(since) = since else { return Ok(None) };
    let rows = Rows(frame);
    let mut moves = SegmentMoves { since: day_name(since), ..SegmentMoves::default() };
    for row in 0..rows.len() {
        moves.cells.push(SegmentMove {
            from: rows.text("previous_segment", row)?,
            to: rows.text("segment", row)?,
            customers: rows.count("customers", row)?,
            money_then: rows.number("previous_monetary", row)?,
            money_now: rows.number("monetary", row)?,
        });
        for (sum, cause) in moves.causes.iter_mut().zip(["customer", "cuts", "both", "ties"]) {
            sum.0 += rows.count(&format!("moved_by_{cause}"), row)?;
            sum.1 += rows.number(&format!("monetary_by_{cause}"), row)?;
        }
    }
    let names = Rows(segments);
    for row in 0..names.len() {
        let name = names.text("segment", row)?;
        if moves.cells.iter().any(|cell| cell.from == name || cell.to == name) {
            moves.segments.push(name);
        }
    }
    Ok(Some(moves))
}

/// The user's own segments.
pub fn own(delivery: &Delivery<'_>) -> Result<Vec<OwnSegment>> {
    let Ok(frame) = delivery.results.get(&SEGMENTS) else { return Ok(Vec::new()) };
    let rows = Rows(frame);
    let row = |row: usize| {
        let (description, condition) = (rows.text("description", row)?, rows.text("definition", row)?);
        Ok(OwnSegment {
            segment: rows.text("segment", row)?,
            meaning: if description.is_empty() { condition } else { description },
            customers: rows.count("customers", row)?,
            share: rows.ratio("share", row)?.unwrap_or(0.0),
            net_sales: rows.number("net_sales", row)?,
            contribution: rows.number("contribution", row)?,
        })
    };
    (0..rows.len()).map(row).collect()
}

/// Pairs of them that share customers, most first.
pub fn overlaps(delivery: &Delivery<'_>) -> Result<Vec<SegmentOverlap>> {
    let Ok(frame) = delivery.results.get(&SEGMENT_OVERLAPS) else { return Ok(Vec::new()) };
    let rows = Rows(frame);
    let row = |row: usize| {
        Ok(SegmentOverlap {
            segment: rows.text("segment", row)?,
            other: rows.text("other", row)?,
            customers: rows.count("customers", row)?,
        })
    };
    let mut pairs: Vec<SegmentOverlap> = (0..rows.len()).map(row).collect::<Result<_>>()?;
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.customers));
    Ok(pairs)
}
