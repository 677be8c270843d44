//! Data quality, definitions and provenance.

use super::super::table::{Table, number, signed, text};
use super::super::{DataQuality, Definition, Footer, SourceRows, format, words};
use super::{Voice, arrivals, ratio};
use minijinja::{Value, context};

const MISMATCHES: usize = 20;

pub(super) fn view(voice: Voice<'_>, data: &DataQuality) -> Value {
    let heads = ["source", "#received", "#accepted", "#rejected", "#duplicate", "#superseded", "#check"];
    let sources = Table::new(voice, &heads).fill(voice, &data.sources, usize::MAX, |row| {
        let (mark, class) = if adds_up(row) { ("✓", "num good") } else { ("✗", "num bad") };
        vec![
            text(&row.source),
            number(voice.count(row.received)),
            number(voice.count(row.accepted)),
            number(voice.count(row.rejected)),
            number(voice.count(row.duplicate)),
            number(voice.count(row.superseded)),
            number(mark).class(class),
        ]
    });
    let heads = ["code", "#rows", "example"];
    let rejects =
        Table::new(voice, &heads).when_empty(voice.word("no_rejects")).fill(voice, &data.rejects, usize::MAX, |row| {
            vec![
                text(&row.code).class("code"),
                number(voice.count(row.rows)),
                text(&row.example).sub(&row.location).class("code long"),
            ]
        });
    let heads = ["branch", "day", "#expected", "#actual", "#difference"];
    let mismatches = Table::new(voice, &heads).when_empty(voice.word("no_mismatches")).fill(
        voice,
        &data.control_mismatches,
        MISMATCHES,
        |row| {
            vec![
                text(&row.branch),
                text(format::date(&row.day, voice.language)),
                number(voice.money_exact(row.expected)),
                number(voice.money_exact(row.actual)),
                signed(voice.money_exact(row.difference)),
            ]
        },
    );
    let values = [
        ("wrong", &*voice.count(data.control_mismatches.len() as u64)),
        ("checked", &voice.count(data.control_totals_checked)),
    ];
    let control = voice.sentence("control_checked", &values);
    context! {
        lead => lead(voice, &data.sources),
        sources, rejects, mismatches, control,
        arrivals => data.arrivals.as_ref().map(|arrivals| arrivals::view(voice, arrivals)),
        notices => data.notices.clone(),
    }
}

fn adds_up(row: &SourceRows) -> bool {
    let parts = [row.accepted, row.rejected, row.duplicate, row.superseded].map(u128::from);
    u128::from(row.received) == parts.iter().sum::<u128>()
}

fn lead(voice: Voice<'_>, sources: &[SourceRows]) -> Option<Value> {
    let received: u64 = sources.iter().map(|row| row.received).sum();
    let accepted: u64 = sources.iter().map(|row| row.accepted).sum();
    let complete = sources.iter().all(adds_up);
    let values =
        [("received", &*voice.count(received)), ("share", &voice.percent(ratio(accepted as f64, received as f64), 2))];
    let key = if complete { "quality_lead" } else { "quality_lead_open" };
    (received > 0).then(|| voice.lead(key, &values))
}

pub(super) fn footer(voice: Voice<'_>, footer: &Footer) -> Value {
    let definition = |row: &Definition| context! { term => &row.term, text => &row.text };
    let definitions: Vec<_> = if footer.definitions.is_empty() {
        let own = words::DEFINITIONS.iter();
        own.map(|key| {
            let text = format!("def.{key}");
            context! { term => voice.word(key), text => voice.word(&text) }
        })
        .collect()
    } else {
        footer.definitions.iter().map(definition).collect()
    };
    let settings = footer.settings.iter();
    let settings = settings.map(|row| context! { name => &row.name, value => &row.value });
    context! {
        definitions,
        settings => settings.collect::<Vec<_>>(),
        version => &footer.program_version,
        hash => &footer.input_manifest_hash,
    }
}
