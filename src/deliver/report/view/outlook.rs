//! Forecast, bridges, anomalies, products and market.

use super::super::charts::{self, Step};
use super::super::charts_forecast::{Ahead, Label, forecast_band};
use super::super::format::{self, NONE};
use super::super::table::{Cell, Table, number, signed, text};
use super::super::{AbcMatrix, Bridge, CalendarTest, ForecastChart, ForecastPart, MarketShare, Outlook, ProductWay};
use super::{Voice, ratio, shade};
use minijinja::{Value, context};

const ROWS: usize = 12;

pub(super) fn view(voice: Voice<'_>, data: &Outlook) -> Value {
    context! {
        forecast => data.forecast.as_ref().map(|chart| Value::from_safe_string(forecast_chart(voice, chart))),
        forecast_table => data.forecast.as_ref().map(|chart| forecast_table(voice, chart)),
        lebaran_shown => data.forecast.as_ref().is_some_and(|chart| !chart.lebaran.is_empty()),
        calendar => data.forecast.as_ref().and_then(|chart| chart.calendar.as_ref()).map(|test| calendar(voice, test)),
        verdict => data.forecast.as_ref().map(|chart| verdict(voice, chart)),
        parts => ["branch", "category"].map(|dimension| parts(voice, dimension, &data.forecast_parts)),
        bridges => [
            ("bridge_products", &data.product_bridge),
            ("bridge_customers", &data.customer_bridge),
            ("bridge_baskets", &data.basket_bridge),
        ].into_iter().filter_map(|(title, bridge)| bridge.as_ref().map(|data| bridge_view(voice, title, data))).collect::<Vec<Value>>(),
        anomalies => anomalies(voice, data),
        anomalies_title => voice.sentence("anomalies_title", &[("months", &voice.count(data.anomaly_months))]),
        abc => data.abc.as_ref().map(|matrix| abc(voice, matrix)),
        products => products(voice, &data.products),
        market => (!data.market.is_empty()).then(|| market(voice, &data.market)),
        market_title => data.market.first()
            .map(|first| voice.sentence("market_title", &[("month", &format::month(&first.month, voice.language))])),
        market_doubts => data.market_doubts.iter().map(|(doubt, markets)| {
            voice.sentence(&format!("market_doubt.{doubt}"), &[("markets", &voice.count(*markets))])
        }).collect::<Vec<String>>(),
    }
}

fn forecast_chart(voice: Voice<'_>, chart: &ForecastChart) -> String {
    let months = chart.past.iter().map(|(month, _)| month).chain(chart.months.iter().map(|month| &month.month));
    let label = |month: &String| Label {
        text: format::month_short(month, voice.language),
        year: month.get(..4).unwrap_or_default().to_owned(),
        marked: chart.lebaran.contains(month),
    };
    let labels: Vec<Label> = months.map(label).collect();
    let past: Vec<i64> = chart.past.iter().map(|(_, value)| *value).collect();
    let ahead: Vec<Ahead> = chart
        .months
        .iter()
        .map(|month| Ahead { value: month.forecast, inner: month.inner, outer: month.outer })
        .collect();
    forecast_band(&past, &ahead, &labels, voice.word("forecast_aria"), voice.amounts())
}

fn forecast_table(voice: Voice<'_>, chart: &ForecastChart) -> Value {
    let heads = ["month", "#forecast", "#interval_80", "#interval_95"];
    let interval = |bounds: Option<(i64, i64)>| {
        number(bounds.map_or(NONE.to_owned(), |(low, high)| format!("{} – {}", voice.money(low), voice.money(high))))
    };
    Table::new(voice, &heads).fill(voice, &chart.months, ROWS, |month| {
        vec![
            text(format::month(&month.month, voice.language)),
            signed(voice.money(month.forecast)),
            interval(month.inner),
            interval(month.outer),
        ]
    })
}

fn verdict(voice: Voice<'_>, chart: &ForecastChart) -> Value {
    let (Some(is_better), Some(error), Some(naive)) = (chart.is_better, chart.error, chart.naive_error) else {
        return context! { ok => false, text => voice.word("forecast_not_tested") };
    };
    let values = [
        ("months", &*voice.count(chart.tested_months)),
        ("error", &voice.money_short(error)),
        ("naive", &voice.money_short(naive)),
        ("yardstick", voice.word(if chart.naive_is_last_month { "as_last_month" } else { "as_last_year" })),
        ("inside", &chart.inside_80.map_or(NONE.to_owned(), |inside| voice.percent(inside, 0))),
    ];
    let key = if is_better { "forecast_better" } else { "forecast_no_better" };
    context! { ok => is_better, text => voice.sentence(key, &values) }
}

/// What weekends, holidays and Lebaran do to the forecast, and where their dates end.
fn calendar(voice: Voice<'_>, test: &CalendarTest) -> String {
    let [without, with] = test.errors.map(|error| voice.money_short(error));
    let mut sentence = match test.effects {
        None => voice.sentence("calendar_no_better", &[("without", &without), ("with", &with)]),
        Some(effects) => {
            let [saturday, before, after] = effects.map(|effect| format::signed_percent(effect, 0, voice.language));
            let values = [
                ("without", &*without),
                ("with", &with),
                ("saturday", &saturday),
                ("before", &before),
                ("after", &after),
            ];
            voice.sentence("calendar_used", &values)
        }
    };
    if test.unknown_months > 0 {
        sentence.push(' ');
        sentence.push_str(&voice.sentence("calendar_ends", &[("months", &voice.count(test.unknown_months))]));
    }
    sentence
}

fn parts(voice: Voice<'_>, dimension: &str, all: &[ForecastPart]) -> Value {
    let shown: Vec<&ForecastPart> = all.iter().filter(|part| part.dimension == dimension).collect();
    if shown.is_empty() {
        return Value::from(());
    }
    let heads = [dimension, "#forecast", "#on_months_before", "beats_naive"];
    Table::new(voice, &heads).fill(voice, &shown, ROWS, |part| {
        let change = voice.change(part.forecast as f64, part.past as f64).unwrap_or_else(|| NONE.to_owned());
        let key = match part.is_better {
            Some(true) => "yes",
            Some(false) => "no",
            None => "untested",
        };
        vec![text(&*part.name), signed(voice.money(part.forecast)), signed(change), text(voice.word(key))]
    })
}

fn bridge_view(voice: Voice<'_>, title: &str, data: &Bridge) -> Value {
    let month = |month: &str| format::month(month, voice.language);
    let total = |label: String, amount| Step { label, amount, total: true };
    let mut steps = vec![total(month(&data.base_month), data.from)];
    steps.extend(data.steps.iter().map(|(key, amount)| Step {
        label: voice.label("bridge", key),
        amount: *amount,
        total: false,
    }));
    steps.push(total(month(&data.month), data.to));
    let chart = charts::waterfall(&steps, voice.word(title), voice.amounts());
    context! { title => voice.word(title), chart => Value::from_safe_string(chart) }
}

fn anomalies(voice: Voice<'_>, data: &Outlook) -> Value {
    let heads = ["month", "where", "#actual", "#expected", "#difference", "#of_deviation"];
    let none = if data.months_judged > 0 { "anomalies_none" } else { "anomalies_untold" };
    Table::new(voice, &heads).when_empty(voice.word(none)).fill(voice, &data.anomalies, ROWS, |row| {
        let name = if row.dimension == "all" { voice.word("all_sales").to_owned() } else { row.name.clone() };
        let place = text(name).sub(if row.dimension == "all" {
            String::new()
        } else {
            voice.label("dimension", &row.dimension)
        });
        vec![
            text(format::month(&row.month, voice.language)).sub(match row.ramadan_days {
                0 => String::new(),
                days => voice.sentence("ramadan", &[("days", &voice.count(days))]),
            }),
            place,
            signed(voice.money(row.actual)),
            number(voice.money(row.expected)),
            difference(voice, row.actual - row.expected).sub(if row.is_outside { "" } else { voice.word("inside") }),
            number(row.contribution.map_or(NONE.to_owned(), |share| voice.percent(share, 0))),
        ]
    })
}

fn difference(voice: Voice<'_>, amount: i64) -> Cell {
    let class = match amount {
        1.. => "num good",
        0 => "num",
        _ => "num bad",
    };
    number(format!("{}{}", if amount > 0 { "+" } else { "" }, voice.short(amount))).class(class)
}

fn abc(voice: Voice<'_>, matrix: &AbcMatrix) -> Value {
    let revenue: i64 = matrix.cells.iter().flatten().map(|cell| cell.1).sum();
    let largest = matrix.cells.iter().flatten().map(|cell| ratio(cell.1 as f64, revenue as f64)).fold(0.0, f64::max);
    let rows: Vec<Value> = ["A", "B", "C"]
        .into_iter()
        .zip(&matrix.cells)
        .map(|(worth, cells)| {
            let cells: Vec<Value> = cells
                .iter()
                .map(|(count, amount)| {
                    let share = ratio(*amount as f64, revenue as f64);
                    let class = if *count == 0 { "empty".to_owned() } else { shade(ratio(share, largest)) };
                    context! { class, count => voice.count(*count), share => voice.percent(share, 0) }
                })
                .collect();
            context! { worth, cells }
        })
        .collect();
    let moves = matrix.moves.map(|moves| {
        let [up, down, new, gone] = moves.map(|count| voice.count(count));
        voice.sentence("abc_moves", &[("up", &up), ("down", &down), ("new", &new), ("gone", &gone)])
    });
    context! { rows, moves }
}

fn products(voice: Voice<'_>, all: &[ProductWay]) -> Value {
    let heads = ["product", "course", "#last_months", "#months_before", "#share_change", "against"];
    Table::new(voice, &heads).when_empty(voice.word("products_none")).fill(voice, all, usize::MAX, |row| {
        let change = format::points(row.share_change, 2, voice.language);
        vec![
            text(&*row.name).sub(&*row.product_id),
            text(voice.label("course", &row.kind))
                .sub(voice.sentence("since", &[("month", &format::month(&row.first_month, voice.language))])),
            number(voice.money(row.revenue.0)),
            number(voice.money(row.revenue.1)),
            number(change).class(if row.share_change < 0.0 { "num bad" } else { "num good" }),
            text(if row.against.is_empty() { NONE } else { &row.against }),
        ]
    })
}

fn market(voice: Voice<'_>, all: &[MarketShare]) -> Value {
    let heads = [
        "category",
        "#own_sales",
        "#market",
        "#market_share",
        "#on_month_before",
        "#on_year_before",
        "largest",
        "#price_index",
    ];
    let points = |change: Option<f64>| {
        let Some(change) = change else { return number(NONE) };
        let class = if change < 0.0 { "num bad" } else { "num good" };
        number(format::points(change, 1, voice.language)).class(class)
    };
    Table::new(voice, &heads).fill(voice, all, ROWS, |row| {
        let name = if row.category == "all" { voice.word("all_categories").to_owned() } else { row.category.clone() };
        vec![
            text(name),
            signed(voice.money(row.own)),
            number(voice.money(row.total)),
            number(row.share.map_or(NONE.to_owned(), |share| voice.percent(share, 1))).bar(row.share.unwrap_or(0.0)),
            points(row.changes.0),
            points(row.changes.1),
            match &row.largest {
                Some((name, share)) => text(&**name).sub(voice.percent(*share, 1)),
                None => text(NONE),
            },
            match &row.price_index {
                Some((index, name)) => number(voice.decimal(*index, 2)).sub(&**name),
                None => number(NONE),
            },
        ]
    })
}
