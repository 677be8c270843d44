//! Offers and the follow-up queue.

use super::super::format;
use super::super::table::{Table, number, text};
use super::super::{AssociationRule, FollowUpQueue, Offers, RULES};
use super::profitability::name_or_id;
use super::{Voice, ratio};
use minijinja::{Value, context};

const CONTACTS: usize = 15;
const AGENTS: usize = 30;

pub(super) fn offers(voice: Voice<'_>, data: &Offers) -> Value {
    let share = |share: Option<f64>| number(share.map_or(format::NONE.to_owned(), |share| voice.percent(share, 1)));
    let heads = ["rule", "#both", "#confidence", "#realised", "#lift", "#lift_lower", "#q_value"];
    let rules = Table::new(voice, &heads).of(data.n_rules).fill(voice, &data.rules, RULES, |rule| {
        let of = [("part", &*voice.count(rule.n_both)), ("whole", &voice.count(rule.n_antecedent))];
        vec![
            text(format!("{} → {}", rule.antecedent.join(" + "), rule.consequent))
                .sub(rule_sentence(voice, rule))
                .class("rule"),
            number(voice.sentence("part_of", &of)),
            number(voice.percent(rule.confidence, 1)),
            share(rule.realised),
            number(voice.decimal(rule.lift, 2)),
            number(voice.decimal(rule.lift_lower, 2)),
            number(format::probability_value(rule.q_value, voice.language)),
        ]
    });
    let heads = ["kind", "#customers", "#offers", "measured_as", "#hit_rate", "#naive_hit_rate"];
    let counts = Table::new(voice, &heads).fill(voice, &data.counts, usize::MAX, |row| {
        vec![
            match row.no_better_than {
                "" => text(voice.label("reason", &row.kind)),
                naive => text(voice.label("reason", &row.kind)).sub(voice.label("no_better", naive)),
            },
            number(voice.count(row.customers)),
            number(voice.count(row.offers)),
            text(row.hit_rate.map_or(format::NONE.to_owned(), |_| voice.label("measure", row.measure))),
            share(row.hit_rate),
            share(row.naive_hit_rate),
        ]
    });
    let heads = ["guard", "#offers"];
    let removed = Table::new(voice, &heads).fill(voice, &data.removed, usize::MAX, |(guard, offers)| {
        vec![text(voice.label("guard", guard)), number(voice.count(*offers))]
    });
    let offers = data.counts.iter().map(|row| row.offers).sum::<u64>().saturating_sub(data.twice);
    let values = [("rules", &*voice.count(data.n_rules)), ("offers", &voice.count(offers))];
    let some = !data.rules.is_empty() || data.counts.iter().any(|row| row.offers > 0);
    let lead = some.then(|| voice.lead("offers_lead", &values));
    context! { lead, rules, rules_notes => rules_notes(voice, data), counts, removed }
}

/// How the rules did on later baskets, and whether there are more of them.
fn rules_notes(voice: Voice<'_>, data: &Offers) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(replay) = &data.replay {
        let values = [
            ("baskets", &*voice.count(replay.baskets)),
            ("mined", &voice.percent(replay.mined, 1)),
            ("realised", &voice.percent(replay.realised, 1)),
            ("by_chance", &voice.percent(replay.by_chance, 1)),
        ];
        notes.push(voice.sentence("rules_replayed", &values));
    } else if data.n_rules > 0 {
        notes.push(voice.word("rules_not_replayed").to_owned());
    }
    if data.rules_cut > 0 {
        notes.push(voice.sentence("rules_cut", &[("cut", &voice.count(data.rules_cut))]));
    }
    notes
}

fn rule_sentence(voice: Voice<'_>, rule: &AssociationRule) -> String {
    let and = voice.word("and");
    let values = [
        ("share", &*voice.percent(rule.confidence, 0)),
        ("antecedent", &rule.antecedent.join(and)),
        ("both", &voice.count(rule.n_both)),
        ("whole", &voice.count(rule.n_antecedent)),
        ("consequent", &rule.consequent),
        ("lift", &voice.decimal(rule.lift, 1)),
        ("lower", &voice.decimal(rule.lift_lower, 1)),
    ];
    voice.sentence("rule_sentence", &values)
}

pub(super) fn queue(voice: Voice<'_>, data: &FollowUpQueue) -> Value {
    let heads = ["agent", "#contacts", "#cap", "#value"];
    let agents = Table::new(voice, &heads).fill(voice, &data.agents, AGENTS, |row| {
        let contacts = number(voice.count(row.contacts));
        vec![
            text(&row.agent),
            match row.cap {
                Some(cap) => contacts.bar(ratio(row.contacts as f64, cap as f64)),
                None => contacts,
            },
            number(row.cap.map_or(format::NONE.to_owned(), |cap| voice.count(cap))),
            number(voice.money(row.value)),
        ]
    });
    let heads = ["reason", "#eligible", "#no_consent", "#unreachable", "#over_cap", "#control", "#queued"];
    let reasons = Table::new(voice, &heads).fill(voice, &data.reasons, usize::MAX, |row| {
        vec![
            text(voice.label("reason", &row.reason)),
            number(voice.count(row.eligible)),
            number(voice.count(row.no_consent)),
            number(voice.count(row.unreachable)),
            number(voice.count(row.over_cap)),
            number(voice.count(row.control)),
            number(voice.count(row.queued)),
        ]
    });
    let heads = ["customer", "agent", "reason", "channel", "offer", "#value"];
    let contacts = Table::new(voice, &heads).fill(voice, &data.next_contacts, CONTACTS, |row| {
        let (name, id) = name_or_id(&row.name, &row.customer_id);
        vec![
            text(name).sub(id),
            text(&row.agent),
            text(voice.label("reason", &row.reason)),
            text(&row.channel),
            text(if row.offer.is_empty() { format::NONE } else { &row.offer }),
            number(voice.money(row.value)),
        ]
    });
    let lead = (!data.agents.is_empty()).then(|| {
        let value = data.agents.iter().fold(0_i64, |sum, row| sum.saturating_add(row.value));
        let values = [
            ("contacts", &*voice.count(data.agents.iter().map(|row| row.contacts).sum())),
            ("agents", &voice.count(data.agents.len() as u64)),
            ("value", &voice.money_short(value)),
        ];
        voice.lead("queue_lead", &values)
    });
    context! { lead, agents, reasons, contacts, nobody_consents => data.nobody_consents }
}
