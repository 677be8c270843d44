//! Segments, customers at risk, cohorts.

use super::super::format::{self, NONE};
use super::super::table::{Table, number, signed, text};
use super::super::{Churn, CohortRow, Cohorts, MetricRow, ModelCard, Segments};
use super::profitability::name_or_id;
use super::{Voice, ratio, segment_moves, shade};
use minijinja::{Value, context};

const AT_RISK: usize = 20;
const COHORTS: usize = 13;

pub(super) fn segments(voice: Voice<'_>, data: &Segments) -> Value {
    let most = data.map.iter().map(|cell| cell.customers).max().unwrap_or(0) as f64;
    let map = (1..=5).rev().map(|frequency| {
        let cells = (1..=5).map(|recency| {
            let cell = data.map.iter().find(|c| c.recency == recency && c.frequency == frequency);
            cell.map_or_else(
                || context! { count => "", segment => "", class => "empty" },
                |cell| {
                    context! {
                        count => voice.count(cell.customers),
                        segment => voice.label("segment", &cell.segment),
                        class => shade(ratio(cell.customers as f64, most)),
                    }
                },
            )
        });
        context! { frequency, cells => cells.collect::<Vec<_>>() }
    });
    let sales: f64 = data.rows.iter().map(|row| row.net_sales as f64).sum();
    let largest = data.rows.iter().map(|row| row.share).fold(0.0, f64::max);
    let (money, share, lead) = match data.by_contribution {
        true => ("#contribution", "#contribution_share", "segments_lead_contribution"),
        false => ("#net_sales", "#sales_share", "segments_lead"),
    };
    let heads = ["segment", "#customers", "#customer_share", money, share, "#recency_days"];
    let table = Table::new(voice, &heads).fill(voice, &data.rows, usize::MAX, |row| {
        vec![
            text(voice.label("segment", &row.segment)),
            number(voice.count(row.customers)),
            number(voice.percent(row.share, 1)).bar(ratio(row.share, largest)),
            number(voice.money(row.net_sales)),
            number(voice.percent(ratio(row.net_sales as f64, sales), 1)),
            number(voice.decimal(row.average_recency_days, 0)),
        ]
    });
    let top = data.rows.iter().max_by_key(|row| row.net_sales);
    let lead = top.map(|row| {
        let values = [
            ("segment", &*voice.label("segment", &row.segment)),
            ("share", &voice.percent(row.share, 0)),
            ("sales", &voice.percent(ratio(row.net_sales as f64, sales), 0)),
        ];
        voice.lead(lead, &values)
    });
    let map = (!data.map.is_empty()).then(|| map.collect::<Vec<_>>());
    context! {
        lead, map, table,
        moves => data.moves.as_ref().map(|moves| segment_moves::moves(voice, moves)),
        own => segment_moves::own(voice, &data.own),
        overlaps => segment_moves::overlaps(voice, &data.overlaps),
    }
}

pub(super) fn churn(voice: Voice<'_>, data: &Churn) -> Value {
    let heads = ["customer", "#probability", "#profit_at_risk", "reasons"];
    let customers = Table::new(voice, &heads).fill(voice, &data.customers, AT_RISK, |row| {
        let (name, id) = name_or_id(&row.name, &row.customer_id);
        vec![
            text(name).sub(id),
            number(voice.percent(row.probability, 0)).bar(row.probability),
            number(voice.money(row.profit_at_risk)),
            text(row.reasons.join(" · ")).class("long"),
        ]
    });
    let most = data.bands.iter().map(|row| row.customers).max().unwrap_or(0) as f64;
    let heads = ["band", "#probability", "#customers", "#expected_churners", "#profit_at_risk"];
    let bands = Table::new(voice, &heads).fill(voice, &data.bands, usize::MAX, |row| {
        let lower = voice.percent(row.lower, 0);
        vec![
            text(voice.label("band", &row.band)),
            number(format!("{lower} – {}", voice.percent(row.upper, 0))),
            number(voice.count(row.customers)).bar(ratio(row.customers as f64, most)),
            number(voice.decimal(row.expected_churners, 0)),
            number(voice.money(row.profit_at_risk)),
        ]
    });
    let days = data.horizon_days.to_string();
    let lead = (!data.bands.is_empty()).then(|| {
        let profit = data.bands.iter().fold(0_i64, |sum, row| sum.saturating_add(row.profit_at_risk));
        let values = [
            ("expected", &*voice.decimal(data.bands.iter().map(|row| row.expected_churners).sum(), 0)),
            ("customers", &voice.count(data.bands.iter().map(|row| row.customers).sum())),
            ("days", &days),
            ("profit", &voice.money_short(profit)),
        ];
        voice.lead("churn_lead", &values)
    });
    context! {
        lead, customers, bands,
        model => data.model_card.as_ref().map(|card| model_card(voice, card)),
    }
}

fn model_card(voice: Voice<'_>, card: &ModelCard) -> Value {
    let mut table = Table::new(voice, &["metric"]).number_column(&voice.label("model", &card.model));
    for baseline in &card.baselines {
        table = table.number_column(&voice.label("model", baseline));
    }
    let table = table.number_column(voice.word("best_value"));
    let metrics = table.fill(voice, &card.metrics, usize::MAX, |row| {
        let value = |value: Option<f64>| value.map_or(NONE.to_owned(), |v| voice.decimal(v, 3));
        let key = if row.higher_is_better { "higher_is_better" } else { "lower_is_better" };
        let mut cells = vec![text(voice.label("metric", &row.metric)).sub(voice.word(key)), number(value(row.model))];
        let baselines = (0..card.baselines.len()).map(|i| row.baselines.get(i).copied().flatten());
        cells.extend(baselines.map(|baseline| number(value(baseline))));
        cells.push(number(
            best(card, row).into_iter().map(|name| voice.label("model", name)).collect::<Vec<_>>().join(", "),
        ));
        cells
    });
    let winner = voice.lead("winner", &[("winner", &voice.label("model", &card.winner))]);
    let values = [("customers", &*voice.count(card.test_customers)), ("period", &voice.period(&card.test_period))];
    context! {
        metrics,
        winner => (!card.winner.is_empty()).then_some(winner),
        tested => voice.sentence("model_tested", &values),
    }
}

/// Names of the model and baselines with the best value of the row.
fn best<'a>(card: &'a ModelCard, row: &MetricRow) -> Vec<&'a str> {
    let names = std::iter::once(&card.model).chain(&card.baselines);
    let values = std::iter::once(&row.model).chain(&row.baselines);
    let sign = if row.higher_is_better { 1.0 } else { -1.0 };
    let values = names.zip(values);
    let scores: Vec<_> =
        values.filter_map(|(name, value)| Some((&**name, sign * (*value).filter(|v| !v.is_nan())?))).collect();
    let top = scores.iter().fold(f64::NEG_INFINITY, |top, score| top.max(score.1));
    scores.iter().filter(|score| score.1 == top).map(|score| score.0).collect()
}

pub(super) fn cohorts(voice: Voice<'_>, data: &Cohorts) -> Value {
    let rows = &data.rows[data.rows.len().saturating_sub(COHORTS)..];
    let width = rows.iter().map(|row| row.retention.len()).max().unwrap_or(0).min(COHORTS);
    let later = rows.iter().flat_map(|row| row.retention.iter().take(width).skip(1));
    let highest = later.copied().flatten().fold(0.0, f64::max);
    let triangle = rows.iter().map(|row| {
        let cells = (0..width).map(|offset| match row.retention.get(offset).copied().flatten() {
            None => context! { text => "", class => "empty" },
            Some(share) if offset == 0 => context! { text => cell(voice, share), class => "base" },
            Some(share) => {
                context! { text => cell(voice, share), class => shade(ratio(share, highest)) }
            }
        });
        context! {
            cohort => format::month(&row.cohort, voice.language),
            customers => voice.count(row.customers),
            cells => cells.collect::<Vec<_>>(),
        }
    });
    let lead = match (average(rows, 1), average(rows, 3), average(rows, 6)) {
        (Some(one), Some(three), Some(six)) => Some(voice.lead(
            "cohorts_lead",
            &[("one", &voice.percent(one, 0)), ("three", &voice.percent(three, 0)), ("six", &voice.percent(six, 0))],
        )),
        _ => None,
    };
    let note = (data.rows.len() > COHORTS).then(|| {
        let values = [("shown", &*voice.count(COHORTS as u64)), ("all", &voice.count(data.rows.len() as u64))];
        voice.sentence("last_of", &values)
    });
    context! {
        lead, note,
        offsets => (0..width).collect::<Vec<_>>(),
        rows => triangle.collect::<Vec<_>>(),
        brought => brought(voice, rows),
    }
}

/// Months after which the contribution of a customer is shown.
const AGES: [usize; 4] = [0, 3, 6, 12];

/// What the customers of each cohort have brought; nothing for months not yet observed.
fn brought(voice: Voice<'_>, rows: &[CohortRow]) -> Value {
    let newest_first: Vec<&CohortRow> = rows.iter().rev().collect();
    let heads = [
        "cohort",
        "#customers",
        "#net_sales_so_far",
        "#contribution_so_far",
        "#each_0",
        "#each_3",
        "#each_6",
        "#each_12",
    ];
    Table::new(voice, &heads).fill(voice, &newest_first, COHORTS, |row| {
        let each = |age: usize| {
            let sum = row.contribution.get(age).filter(|_| row.customers > 0);
            signed(sum.map_or(String::new(), |sum| voice.short(sum / row.customers as i64)))
        };
        let mut cells = vec![
            text(format::month(&row.cohort, voice.language)),
            number(voice.count(row.customers)),
            signed(voice.money(row.brought.0)),
            signed(voice.money(row.brought.1)),
        ];
        cells.extend(AGES.map(each));
        cells
    })
}

fn cell(voice: Voice<'_>, share: f64) -> String {
    voice.decimal(share * 100.0, 0)
}

/// Retention after `offset` months over the cohorts observed so long, weighted by customers.
fn average(rows: &[CohortRow], offset: usize) -> Option<f64> {
    let observed = rows.iter().filter_map(|row| {
        let share = row.retention.get(offset).copied().flatten()?;
        Some((share * row.customers as f64, row.customers as f64))
    });
    let (kept, all) = observed.fold((0.0, 0.0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    (all > 0.0).then(|| kept / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_a_metric_follows_its_direction() {
        let card = ModelCard {
            model: "m".to_owned(),
            baselines: vec!["a".to_owned(), "b".to_owned()],
            ..ModelCard::default()
        };
        let row = |higher_is_better| MetricRow {
            higher_is_better,
            model: Some(0.5),
            baselines: vec![Some(0.2), Some(0.5)],
            ..MetricRow::default()
        };
        assert_eq!(best(&card, &row(true)), ["m", "b"]);
        assert_eq!(best(&card, &row(false)), ["a"]);
    }

    #[test]
    fn averages_skip_what_is_not_observed() {
        let row =
            |customers, second| CohortRow { customers, retention: vec![Some(1.0), second], ..CohortRow::default() };
        let rows = [row(100, Some(0.4)), row(300, Some(0.2)), row(50, None)];
        assert_eq!(average(&rows, 1), Some(0.25));
        assert_eq!(average(&rows, 2), None);
    }
}
