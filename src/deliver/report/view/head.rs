//! The head of the report and its tiles.

use super::super::{Figure, Header, KeyFigures, charts, format, format::NONE};
use super::Voice;
use minijinja::{Value, context};

pub(super) fn view(voice: Voice<'_>, header: &Header) -> Value {
    let summary = header.run.as_ref().map(|run| {
        let values = [
            ("sources", &*voice.count(run.sources)),
            ("received", &voice.count(run.rows_received)),
            ("accepted", &voice.count(run.rows_accepted)),
            ("orders", &voice.count(run.orders)),
            ("customers", &voice.count(run.customers)),
            ("period", &voice.period(&run.period)),
        ];
        voice.lead("run_summary", &values)
    });
    let day = format::date(&header.as_of, voice.language);
    let last_day = format::date(&format::day_before(&header.as_of), voice.language);
    let figures = header.key_figures.as_ref();
    context! {
        project => &header.project,
        as_of => (!header.as_of.is_empty())
            .then(|| voice.sentence("as_of", &[("day", &day), ("last", &last_day)])),
        summary,
        currency => &header.currency.code,
        tiles => figures.map(|figures| tiles(voice, figures)).unwrap_or_default(),
        compared => figures.map(|figures| voice.sentence(
            if figures.previous_period.start.is_empty() { "compared_none" } else { "compared" }, &[
            ("period", &voice.period(&figures.period)),
            ("previous", &voice.period(&figures.previous_period)),
        ])),
    }
}

fn tiles(voice: Voice<'_>, figures: &KeyFigures) -> Vec<Value> {
    let money = |key, figure: &Option<Figure<i64>>| {
        tile(
            voice,
            key,
            figure.as_ref(),
            |value| *value as f64,
            true,
            |value| (voice.money_short(*value), voice.money_code(*value)),
        )
    };
    let count = |key, figure: &Option<Figure<u64>>, more_is_good| {
        tile(
            voice,
            key,
            figure.as_ref(),
            |value| *value as f64,
            more_is_good,
            |value| (voice.count(*value), String::new()),
        )
    };
    vec![
        money("net_sales", &figures.net_sales),
        context! {
            of => figures.contribution_of
                .map(|sales| voice.sentence("contribution_of", &[("sales", &voice.money_short(sales))])),
            ..money("contribution", &figures.contribution)
        },
        count("orders", &figures.orders, true),
        count("active_customers", &figures.active_customers, true),
        share_tile(voice, figures.repeat_customer_share.as_ref()),
        count("customers_at_risk", &figures.customers_at_risk, false),
    ]
}

fn tile<T>(
    voice: Voice<'_>,
    key: &str,
    figure: Option<&Figure<T>>,
    as_number: impl Fn(&T) -> f64,
    more_is_good: bool,
    as_text: impl Fn(&T) -> (String, String),
) -> Value {
    let Some(figure) = figure else {
        return context! { label => voice.word(key), value => NONE };
    };
    let (value, full) = as_text(&figure.value);
    let now = as_number(&figure.value);
    let before = figure.previous.as_ref().map(&as_number);
    let change = before.and_then(|before| voice.change(now, before));
    let previous = figure.previous.as_ref().map(|previous| as_text(previous).0);
    let difference = before.map_or(0.0, |before| now - before);
    let history: Vec<_> = figure.history.iter().map(as_number).collect();
    context! {
        label => voice.word(key), value, full,
        change, previous,
        ..direction(difference, more_is_good, &history)
    }
}

fn share_tile(voice: Voice<'_>, figure: Option<&Figure<f64>>) -> Value {
    let label = voice.word("repeat_customer_share");
    let Some(figure) = figure else {
        return context! { label, value => NONE };
    };
    let difference = figure.previous.map(|previous| figure.value - previous);
    context! {
        label,
        value => voice.percent(figure.value, 1),
        full => "",
        change => difference.map(|difference| format::points(difference, 1, voice.language)),
        previous => figure.previous.map(|previous| voice.percent(previous, 1)),
        ..direction(difference.unwrap_or(0.0), true, &figure.history)
    }
}

fn direction(difference: f64, more_is_good: bool, history: &[f64]) -> Value {
    let (arrow, tone) = match difference {
        _ if difference > 0.0 => ("▲", if more_is_good { "good" } else { "bad" }),
        _ if difference < 0.0 => ("▼", if more_is_good { "bad" } else { "good" }),
        _ => ("=", ""),
    };
    context! { arrow, tone, spark => Value::from_safe_string(charts::sparkline(history)) }
}
