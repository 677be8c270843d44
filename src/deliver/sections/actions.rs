//! What to offer whom, and who is called next.

use std::collections::{BTreeMap, BTreeSet};

use super::{Delivery, Rows, customer_name, product_name};
use crate::analyses::frame::texts;
use crate::contracts::Table;
use crate::contracts::results::{
    BASKET_MODEL_CARD, BASKET_RULES, CROSS_SELL, CROSS_SELL_MODEL_CARD, OFFER_GUARDS, QUEUE, QUEUE_REASONS, REPLENISH,
    REPLENISH_MODEL_CARD, UP_SELL, UP_SELL_MODEL_CARD,
};
use crate::deliver::lists;
use crate::deliver::queues::reason_words;
use crate::deliver::report::{
    AgentQueue, AssociationRule, FollowUpQueue, Language, NextContact, OfferCount, Offers, RULES, ReasonCount, Replay,
};
use crate::error::Result;

/// What a card of offers measures, and of what it is a share; the first it has counts.
const MEASURES: [(&str, &str); 3] =
    [("hit_rate_10", "customers"), ("offers_bought", "offers"), ("listed_bought", "offers")];
/// Metrics that say that a naive list did as well or better, and its name.
const NO_BETTER: [(&str, &str); 2] =
    [("no_better_than_best_sellers", "best_sellers"), ("no_better_than_frequency", "frequency")];
/// Contacts shown.
const CONTACTS: usize = 15;

/// The first rules and how they did, and how many offers were made.
pub fn offers(delivery: &Delivery<'_>) -> Result<Option<Offers>> {
    let Ok(frame) = delivery.results.get(&BASKET_RULES) else { return Ok(None) };
    let rows = Rows(frame);
    let rules: Result<Vec<AssociationRule>> = (0..rows.len().min(RULES))
        .map(|row| {
            Ok(AssociationRule {
                antecedent: vec![product_name(delivery, &rows.text("antecedent", row)?)],
                consequent: product_name(delivery, &rows.text("consequent", row)?),
                n_both: rows.count("n_both", row)?,
                n_antecedent: rows.count("n_antecedent", row)?,
                confidence: rows.ratio("confidence", row)?.unwrap_or(0.0),
                realised: rows.ratio("replayed_confidence", row)?,
                lift: rows.ratio("lift", row)?.unwrap_or(0.0),
                lift_lower: rows.ratio("lift_low", row)?.unwrap_or(0.0),
                q_value: rows.ratio("q_value", row)?.unwrap_or(1.0),
            })
        })
        .collect();
    let mut counts = Vec::new();
    let kinds =
        [(&CROSS_SELL, &CROSS_SELL_MODEL_CARD), (&UP_SELL, &UP_SELL_MODEL_CARD), (&REPLENISH, &REPLENISH_MODEL_CARD)];
    for (table, card) in kinds {
        let Ok(frame) = delivery.results.get(table) else { continue };
        let customers: BTreeSet<&str> = texts(frame, "customer_id")?.iter().flatten().collect();
        let mut tested = ("", None, None);
        for (metric, measure) in MEASURES {
            if tested.1.is_none() {
                let value = |column| measured(delivery, card, metric, column);
                tested = (measure, value("value")?, value("baseline_value")?);
            }
        }
        let mut no_better_than = "";
        for (metric, naive) in NO_BETTER {
            if measured(delivery, card, metric, "value")? == Some(1.0) {
                no_better_than = naive;
            }
        }
        counts.push(OfferCount {
            kind: table.name.into(),
            customers: customers.len() as u64,
            offers: frame.height() as u64,
            measure: tested.0,
            hit_rate: tested.1,
            naive_hit_rate: tested.2,
            no_better_than,
        });
    }
    let twice = measured(delivery, &CROSS_SELL_MODEL_CARD, "wishes_in_up_sell_too", "value")?.unwrap_or(0.0) as u64;
    let n_rules = rows.len() as u64;
    let rules_cut = measured(delivery, &BASKET_MODEL_CARD, "rules_over_max_rules", "value")?.unwrap_or(0.0) as u64;
    Ok(Some(Offers {
        rules: rules?,
        n_rules,
        rules_cut,
        replay: replay(delivery)?,
        counts,
        twice,
        removed: removed(delivery)?,
    }))
}

/// How the rules did in the replayed days.
fn replay(delivery: &Delivery<'_>) -> Result<Option<Replay>> {
    let value = |metric, column| measured(delivery, &BASKET_MODEL_CARD, metric, column);
    let (Some(mined), Some(realised)) = (value("mined_confidence", "value")?, value("replayed_confidence", "value")?)
    else {
        return Ok(None);
    };
    Ok(Some(Replay {
        baskets: value("replayed_baskets", "value")?.unwrap_or(0.0) as u64,
        mined,
        realised,
        by_chance: value("replayed_confidence", "baseline_value")?.unwrap_or(0.0),
    }))
}

/// A figure of a model card; `None` where the card or the figure is not there.
fn measured(delivery: &Delivery<'_>, card: &'static Table, metric: &str, column: &str) -> Result<Option<f64>> {
    let Ok(frame) = delivery.results.get(card) else { return Ok(None) };
    let place = texts(frame, "metric")?.iter().position(|name| name == Some(metric));
    place.map_or(Ok(None), |row| Rows(frame).ratio(column, row))
}

/// What the guards removed from all lists together, the most first.
fn removed(delivery: &Delivery<'_>) -> Result<Vec<(String, u64)>> {
    let Ok(frame) = delivery.results.get(&OFFER_GUARDS) else { return Ok(Vec::new()) };
    let rows = Rows(frame);
    let mut sums: Vec<(String, u64)> = Vec::new();
    for row in 0..rows.len() {
        let (guard, count) = (rows.text("guard", row)?, rows.count("removed", row)?);
        match sums.iter_mut().find(|(known, _)| *known == guard) {
            Some((_, sum)) => *sum += count,
            None => sums.push((guard, count)),
        }
    }
    sums.retain(|(_, count)| *count > 0);
    sums.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    Ok(sums)
}

/// The follow-up queue in figures.
pub fn queue(delivery: &Delivery<'_>) -> Result<Option<FollowUpQueue>> {
    let (Ok(frame), Ok(reasons)) = (delivery.results.get(&QUEUE), delivery.results.get(&QUEUE_REASONS)) else {
        return Ok(None);
    };
    let rows = Rows(frame);
    let agents = &delivery.facts.agents;
    let mut counts: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    let mut next_contacts = Vec::new();
    for row in 0..rows.len() {
        if rows.flag("in_control", row)? {
            continue;
        }
        let agent = rows.text("agent_id", row)?;
        let count = counts.entry(agent.clone()).or_default();
        count.0 += 1;
        count.1 += rows.number("expected_margin", row)?;
        if rows.number("rank", row)? == 1 && next_contacts.len() < CONTACTS {
            let id = rows.text("customer_id", row)?;
            let offer = rows.text("product_id", row)?;
            next_contacts.push(NextContact {
                agent: agent_name(delivery, &agent),
                name: customer_name(delivery, &id),
                customer_id: id,
                reason: reason_words(&rows.text("reasons", row)?, delivery.language),
                channel: if delivery.language == Language::Indonesian { "telepon" } else { "call" }.into(),
                offer: if offer.is_empty() { offer } else { product_name(delivery, &offer) },
                value: rows.number("expected_margin", row)?,
            });
        }
    }
    let capacity = agents.numbers::<arrow::datatypes::Int32Type>("daily_capacity");
    let list = counts.into_iter().map(|(agent, (contacts, value))| {
        let cap = agents.find(&agent).and_then(|place| capacity[place]).map(|cap| cap.max(0) as u64);
        AgentQueue { agent: agent_name(delivery, &agent), contacts, cap, value }
    });
    let agents: Vec<AgentQueue> = list.collect();
    let rows = Rows(reasons);
    let reasons: Result<Vec<ReasonCount>> = (0..rows.len())
        .map(|row| {
            Ok(ReasonCount {
                reason: reason_words(&rows.text("reason", row)?, delivery.language),
                eligible: rows.count("customers", row)?,
                no_consent: rows.count("no_consent", row)?,
                over_cap: rows.count("over_cap", row)?,
                unreachable: rows.count("not_external", row)?
                    + rows.count("no_phone", row)?
                    + rows.count("contacted", row)?,
                control: rows.count("in_control", row)?,
                queued: rows.count("queued", row)?,
            })
        })
        .collect();
    let nobody_consents = lists::nobody_consents(delivery.facts, delivery.config.analyses.queue.assume_consent);
    Ok(Some(FollowUpQueue { agents, reasons: reasons?, next_contacts, nobody_consents }))
}

fn agent_name(delivery: &Delivery<'_>, id: &str) -> String {
    let agents = &delivery.facts.agents;
    match agents.find(id).map(|agent| agents.text_at("name", agent)).filter(|name| !name.is_empty()) {
        Some(name) => format!("{name} ({id})"),
        None => id.to_string(),
    }
}
