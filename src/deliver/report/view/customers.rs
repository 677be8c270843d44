//! Segments, customers at risk, cohorts.

use super::super::format::{self, NONE};
use super::super::table::{Table, number, signed, text};
use super::super::{Churn, ChurnCustomer, CohortRow, Cohorts, MetricRow, ModelCard, RiskBand, Segments};
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
    // Who is lost already is not expected to leave.
    let (lost, kept): (Vec<_>, Vec<_>) = data.bands.iter().partition(|row| row.band == LOST);
    let days = data.horizon_days.to_string();
    let lead = (data.scored() > 0).then(|| {
        let profit = kept.iter().fold(0_i64, |sum, row| sum.saturating_add(row.profit_at_risk));
        let values = [
            ("expected", &*voice.decimal(kept.iter().map(|row| row.expected_churners).sum(), 0)),
            ("customers", &voice.count(kept.iter().map(|row| row.customers).sum())),
            ("lost", &voice.count(lost.iter().map(|row| row.customers).sum())),
            ("days", &days),
            ("profit", &voice.money_short(profit)),
        ];
        voice.lead("churn_lead", &values)
    });
    context! {
        lead,
        customers => worth_keeping(voice, &data.customers, ["probability", "profit_at_risk"]),
        bands => bands(voice, &data.bands, ["probability", "customers", "expected_churners", "profit_at_risk"]),
        model => data.model_card.as_ref().map(|card| model_card(voice, card)),
    }
}

/// The band of those who count as gone.
const LOST: &str = "lost";

/// Customers worth keeping; `heads` are those of probability and money.
pub(super) fn worth_keeping(voice: Voice<'_>, customers: &[ChurnCustomer], heads: [&str; 2]) -> Value {
    let [chance, money] = heads.map(|head| format!("#{head}"));
    let heads = ["customer", chance.as_str(), money.as_str(), "reasons"];
    Table::new(voice, &heads).fill(voice, customers, AT_RISK, |row| {
        let (name, id) = name_or_id(&row.name, &row.customer_id);
        vec![
            text(name).sub(id),
            number(voice.percent(row.probability, 0)).bar(row.probability),
            number(voice.money(row.profit_at_risk)),
            text(row.reasons.join(" · ")).class("long"),
        ]
    })
}

/// Risk bands; `heads` are those of bounds, number, expectation and money.
pub(super) fn bands(voice: Voice<'_>, bands: &[RiskBand], heads: [&str; 4]) -> Value {
    let most = bands.iter().map(|row| row.customers).max().unwrap_or(0) as f64;
    let [bounds, customers, expected, money] = heads.map(|head| format!("#{head}"));
    let heads = ["band", bounds.as_str(), customers.as_str(), expected.as_str(), money.as_str()];
    Table::new(voice, &heads).fill(voice, bands, usize::MAX, |row| {
        let lower = voice.percent(row.lower, 0);
        let of_kept = |value: String| number(if row.band == LOST { NONE.to_owned() } else { value });
        vec![
            text(voice.label("band", &row.band)),
            number(format!("{lower} – {}", voice.percent(row.upper, 0))),
            number(voice.count(row.customers)).bar(ratio(row.customers as f64, most)),
            of_kept(voice.decimal(row.expected_churners, 0)),
            of_kept(voice.money(row.profit_at_risk)),
        ]
    })
}

/// A model a row, the one in use first.
pub(super) fn model_card(voice: Voice<'_>, card: &ModelCard) -> Value {
    let mut table = Table::new(voice, &["model"]);
    for row in &card.metrics {
        table = table.number_column(&voice.label("metric", &row.metric));
    }
    let models: Vec<&String> = std::iter::once(&card.model).chain(&card.baselines).collect();
    let metrics = table.fill(voice, &models, usize::MAX, |name| {
        let naive = if card.naive.contains(name) { voice.word("naive_rule") } else { "" };
        let used = if **name == card.winner { voice.word("in_use") } else { "" };
        let about: Vec<&str> = [used, naive].into_iter().filter(|word| !word.is_empty()).collect();
        let mut cells = vec![text(voice.label("model", name)).sub(about.join(", "))];
        cells.extend(card.metrics.iter().map(|row| {
            let mut values = std::iter::once(&row.model).chain(&row.baselines);
            let place = models.iter().position(|known| known == name);
            let value = place.and_then(|place| values.nth(place).copied().flatten());
            let is_best = best(card, row).contains(&name.as_str());
            number(value.map_or(NONE.to_owned(), |value| voice.decimal(value, 3))).class(if is_best {
                "num best"
            } else {
                "num"
            })
        }));
        cells
    });
    let named = |wanted: &dyn Fn(&&MetricRow) -> bool| {
        let rows = card.metrics.iter().filter(wanted);
        rows.map(|row| voice.label("metric", &row.metric)).collect::<Vec<String>>().join(", ")
    };
    let mut note = voice
        .sentence("metrics_note", &[("higher", &named(&|row: &&MetricRow| row.higher_is_better && !row.best_at_one))]);
    let lower = named(&|row: &&MetricRow| !row.higher_is_better && !row.best_at_one);
    let aim = named(&|row: &&MetricRow| row.best_at_one);
    for (key, place, names) in [("metrics_note_lower", "lower", lower), ("metrics_note_aim", "aim", aim)] {
        if !names.is_empty() {
            note = format!("{note} {}", voice.sentence(key, &[(place, &names)]));
        }
    }
    let in_parts = card.test_period.start == card.test_period.end;
    let serving = card.serving.as_ref().unwrap_or(&card.winner);
    let winner = voice.lead("winner", &[("winner", &voice.label("model", serving))]);
    let values = [("customers", &*voice.count(card.test_customers)), ("period", &voice.period(&card.test_period))];
    let mut tested = voice.sentence(if in_parts { "model_tested_parts" } else { "model_tested" }, &values);
    if card.serving.is_some() && !card.winner.is_empty() {
        let as_what = voice.sentence("model_tested_as", &[("model", &voice.label("model", &card.winner))]);
        tested = format!("{tested} {as_what}");
    }
    if let Some(fewest) = card.too_few {
        let too_few = voice.sentence("model_too_few", &[("fewest", &voice.count(fewest))]);
        tested = format!("{tested} {too_few}");
    }
    context! {
        metrics, note, tested,
        winner => (!serving.is_empty()).then_some(winner),
    }
}

/// Names of the model and baselines with the best value of the row.
fn best<'a>(card: &'a ModelCard, row: &MetricRow) -> Vec<&'a str> {
    let names = std::iter::once(&card.model).chain(&card.baselines);
    let values = std::iter::once(&row.model).chain(&row.baselines);
    let score = |value: f64| match row.higher_is_better {
        _ if row.best_at_one => -(value - 1.0).abs(),
        true => value,
        false => -value,
    };
    let values = names.zip(values);
    let scores: Vec<_> =
        values.filter_map(|(name, value)| Some((&**name, score((*value).filter(|v| !v.is_nan())?)))).collect();
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
