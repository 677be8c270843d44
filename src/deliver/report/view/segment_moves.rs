//! Who moved between segments, and the user's own segments.

use super::super::table::{Table, number, signed, text};
use super::super::{OwnSegment, SegmentMove, SegmentMoves, SegmentOverlap, format};
use super::{Voice, ratio, shade};
use minijinja::{Value, context};

/// Ways between segments listed.
const STREAMS: usize = 12;
/// Own segments, and pairs of them, listed.
const OWN: usize = 30;
const OUTSIDE: &str = "outside";

/// The matrix, from then down to now across, and the strongest streams.
pub(super) fn moves(voice: Voice<'_>, data: &SegmentMoves) -> Value {
    let places: Vec<&str> = data.segments.iter().map(String::as_str).chain([OUTSIDE]).collect();
    let label = |name: &str, outside: &str| {
        if name == OUTSIDE { voice.word(outside).to_owned() } else { voice.label("segment", name) }
    };
    let count = |from: &str, to: &str| {
        data.cells.iter().filter(|cell| cell.from == from && cell.to == to).map(|cell| cell.customers).sum::<u64>()
    };
    let rows = places.iter().map(|from| {
        let all: u64 = places.iter().map(|to| count(from, to)).sum();
        let cells = places.iter().map(|to| match count(from, to) {
            0 => context! { text => "", class => "empty" },
            customers if from == to => context! { text => voice.count(customers), class => "base" },
            customers => {
                context! { text => voice.count(customers), class => shade(ratio(customers as f64, all as f64)) }
            }
        });
        context! {
            segment => label(from, "segment_came"),
            customers => voice.count(all),
            cells => cells.collect::<Vec<_>>(),
        }
    });
    let mut streams: Vec<&SegmentMove> = data.cells.iter().filter(|cell| cell.from != cell.to).collect();
    streams.sort_by(|left, right| {
        right.customers.cmp(&left.customers).then_with(|| (&left.from, &left.to).cmp(&(&right.from, &right.to)))
    });
    let most = streams.first().map_or(0, |cell| cell.customers) as f64;
    let heads = ["segment_then", "segment_now", "#customers", "#money_then", "#money_now"];
    let table = Table::new(voice, &heads).fill(voice, &streams, STREAMS, |cell| {
        vec![
            text(label(&cell.from, "segment_came")),
            text(label(&cell.to, "segment_went")),
            number(voice.count(cell.customers)).bar(ratio(cell.customers as f64, most)),
            number(voice.money(cell.money_then)),
            number(voice.money(cell.money_now)),
        ]
    });
    let through = |side: fn(&SegmentMove) -> bool| {
        let cells = data.cells.iter().filter(|cell| side(cell));
        cells.fold((0, 0), |sum, cell| (sum.0 + cell.customers, sum.1 + cell.money_then.max(cell.money_now)))
    };
    let (came, went) = (through(|cell| cell.from == OUTSIDE), through(|cell| cell.to == OUTSIDE));
    let [own, cuts, both, ties] = data.causes;
    let all = data.causes.iter().fold((0, 0), |sum, cause| (sum.0 + cause.0, sum.1 + cause.1));
    let lead = |key: &str| {
        let (numbers, money): (Vec<String>, Vec<String>) = [all, own, cuts, both, ties, came, went]
            .iter()
            .map(|(customers, money)| (voice.count(*customers), voice.money_short(*money)))
            .unzip();
        let names = ["all", "own", "cuts", "both", "ties", "came", "went"];
        let moneys = ["all_money", "own_money", "cuts_money", "both_money", "ties_money", "came_money", "went_money"];
        let values: Vec<(&str, &str)> = names
            .into_iter()
            .zip(numbers.iter().map(String::as_str))
            .chain(moneys.into_iter().zip(money.iter().map(String::as_str)))
            .collect();
        voice.lead(key, &values)
    };
    let day = format::date(&data.since, voice.language);
    context! {
        title => voice.sentence("moves_title", &[("day", &day)]),
        lead => lead(if ties.0 > 0 { "moves_lead_ties" } else { "moves_lead" }),
        heads => places.iter().map(|to| label(to, "segment_went")).collect::<Vec<_>>(),
        rows => rows.collect::<Vec<_>>(),
        streams => table,
    }
}

/// The user's own segments.
pub(super) fn own(voice: Voice<'_>, rows: &[OwnSegment]) -> Option<Value> {
    let largest = rows.iter().map(|row| row.share).fold(0.0, f64::max);
    let heads = ["segment", "#customers", "#customer_share", "#net_sales", "#contribution"];
    let table = Table::new(voice, &heads).fill(voice, rows, OWN, |row| {
        vec![
            text(row.segment.as_str()).sub(row.meaning.as_str()),
            number(voice.count(row.customers)),
            number(voice.percent(row.share, 1)).bar(ratio(row.share, largest)),
            number(voice.money(row.net_sales)),
            signed(voice.money(row.contribution)),
        ]
    });
    (!rows.is_empty()).then_some(table)
}

/// Pairs of own segments that share customers.
pub(super) fn overlaps(voice: Voice<'_>, rows: &[SegmentOverlap]) -> Option<Value> {
    let heads = ["segment", "segment_other", "#customers"];
    let table = Table::new(voice, &heads).fill(voice, rows, OWN, |row| {
        vec![text(row.segment.as_str()), text(row.other.as_str()), number(voice.count(row.customers))]
    });
    (!rows.is_empty()).then_some(table)
}
