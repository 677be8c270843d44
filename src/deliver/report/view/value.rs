//! What customers will still bring, and subscriptions.

use super::super::charts_survival::survival_curve;
use super::super::table::{Table, number, signed, text};
use super::super::{Lifetime, Subscriptions};
use super::customers::{bands, model_card, worth_keeping};
use super::{Voice, ratio};
use minijinja::{Value, context};

pub(super) fn lifetime(voice: Voice<'_>, data: &Lifetime) -> Value {
    let largest = data.tenths.iter().map(|row| row.value.unsigned_abs()).max().unwrap_or(0) as f64;
    let tenths: Vec<_> = data.tenths.iter().zip(1_u64..).collect();
    let heads = ["tenth", "#customers", "#clv_of_all", "#clv_each", "#clv_interval", "#clv_so_far"];
    let table = Table::new(voice, &heads).fill(voice, &tenths, usize::MAX, |(row, place)| {
        let each = |sum: i64| sum / row.customers.max(1) as i64;
        let (low, high) = row.interval;
        vec![
            text(voice.count(*place)),
            number(voice.count(row.customers)),
            signed(voice.money(row.value)).bar(ratio(row.value.unsigned_abs() as f64, largest)),
            signed(voice.money(each(row.value))),
            number(format!("{} – {}", voice.money(low), voice.money(high))),
            signed(voice.money(row.so_far)),
        ]
    });
    let all: i64 = data.tenths.iter().map(|row| row.value).sum();
    let best = data.tenths.first().map_or(0, |row| row.value);
    let months = voice.count(data.months);
    let values = [
        ("customers", &*voice.count(data.tenths.iter().map(|row| row.customers).sum())),
        ("months", &months),
        ("value", &voice.money_short(all)),
        ("share", &voice.percent(ratio(best as f64, all as f64), 0)),
    ];
    let coverage = data.coverage.map(|share| voice.sentence("clv_coverage", &[("share", &voice.percent(share, 0))]));
    let lead = if all > 0 { "clv_lead" } else { "clv_lead_none" };
    context! {
        lead => (!data.tenths.is_empty()).then(|| voice.lead(lead, &values)),
        table, coverage,
        method => voice.sentence("clv_method", &[("method", &voice.label("model", &data.method))]),
        model => data.model_card.as_ref().map(|card| model_card(voice, card)),
    }
}

pub(super) fn subscriptions(voice: Voice<'_>, data: &Subscriptions) -> Value {
    let at_risk: i64 = data.bands.iter().map(|row| row.profit_at_risk).sum();
    let expected: f64 = data.bands.iter().map(|row| row.expected_churners).sum();
    let high = data.bands.iter().find(|row| row.band == "high").map_or(0, |row| row.customers);
    let values = [
        ("running", &*voice.count(data.running)),
        ("ended", &voice.count(data.ended)),
        ("monthly", &voice.money_short(data.monthly)),
        ("months", &voice.count(data.horizon_months)),
        ("expected", &voice.decimal(expected, 0)),
        ("high", &voice.count(high)),
        ("money", &voice.money_short(at_risk)),
    ];
    // Without days there is nothing to say of when.
    let alike = data.model_card.as_ref().is_some_and(|card| card.test_period.start == card.test_period.end);
    let curve = (!data.survival.is_empty()).then(|| {
        let chart =
            survival_curve(&data.survival, voice.word("survival_aria"), voice.word("survival_x"), voice.language);
        Value::from_safe_string(chart)
    });
    context! {
        lead => voice.lead(if alike { "subscriptions_lead_alike" } else { "subscriptions_lead" }, &values),
        curve,
        bands => bands(voice, &data.bands, ["end_probability", "contracts", "expected_ends", "charges_at_risk"]),
        customers => worth_keeping(voice, &data.customers, ["end_probability", "charges_at_risk"]),
        model => data.model_card.as_ref().map(|card| model_card(voice, card)),
    }
}
