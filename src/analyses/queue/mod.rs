//! Whom to call today, and why: the telemarketers' agenda.
//!
//! `history` looks at each customer once, `rules` says who has a reason, `arbitration` who gets a place on whose
//! list; `signals` brings in what other analyses found, `talking_points` what to say.

pub mod arbitration;
pub mod history;
pub mod rules;
pub mod signals;
pub mod talking_points;
#[cfg(test)]
mod tests;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::activity::{activity_status, usual_gap};
use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::{QUEUE, QUEUE_CANDIDATES, QUEUE_EXCLUDED, QUEUE_REASONS};
use crate::error::{Error, Result};
use crate::facts::{Described, Facts, Keep, Parts};
use arbitration::{Agenda, Candidate, NO_DESK, Outcome, ReasonTexts};
use history::{NEVER, returned_product};
use rules::{RULES, RuleWeights, Subject};
use signals::Signals;
use talking_points::Points;

static SPEC: Spec = Spec {
    id: "queue",
    definition: "Each customer with a reason to be called gets one place on one list a day. Reasons, the most urgent \
                 first: complaint (in the last 30 days); lapsed_high_value (net sales in the best fifth, last order \
                 121 to 365 days ago); churn_risk (high risk of leaving, among the most profit at risk); win_back (3 \
                 orders or more, last one 30 to 365 days ago, silent for more than twice the usual gap); \
                 returned_item (a line of an order of the last 30 days went back); wishlist (a wish of the last 60 \
                 days, not bought since); follow_up (one calendar month after an order, today or up to 3 days ago); \
                 first_order (in the last 14 days); gone_quiet (last activity fell out of the one-month or six-month \
                 window, today or up to 3 days ago; churn_risk, win_back and gone_quiet hold of nobody whom `churn` says not to chase, lapsed_high_value only of those of them who are lost); birthday (in the next 14 days, has ever ordered); offer (a product \
                 to cross- or up-sell or to remind of, unless there was a complaint). Priority = the highest weight + 5 for each \
                 further reason. Own people, customers without consent to calls, without a telephone number, or \
                 contacted in the last 7 days are counted, not listed; a control group may be held out. Each list \
                 (the customer's agent; else the branch's pool) is ranked by priority, net sales, customer id and cut \
                 at the agent's capacity. Every customer who is not on a list has exactly one counted reason.",
    needs: &["churn", "cross_sell", "up_sell", "replenish"],
    reads: Parts { lines: Keep::Products, interactions: true, customers: Described::Desk, ..Parts::ORDERS },
    outputs: &[&QUEUE, &QUEUE_REASONS, &QUEUE_EXCLUDED, &QUEUE_CANDIDATES],
};

/// Parameters: `[queue]`. Days reach back from the as-of day, which is the day the calls are made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// Weight of each rule; 0 or `false` switches it off.
    pub rules: RuleWeights,
    /// Added to the priority for each reason after the first.
    pub reason_bonus: u32,
    /// A complaint counts for so many days.
    pub complaint_days: u16,
    /// Interactions that are complaints.
    pub complaint_kinds: Vec<String>,
    /// From and to how many days ago the last order of a lapsed customer was.
    pub lapsed_days: [u16; 2],
    /// Net sales of so many calendar months are compared.
    pub monetary_months: u16,
    /// How equal net sales are scored.
    pub high_value_ties: HighValueTies,
    /// The customers at risk of leaving with the highest profit at risk, so many.
    pub churn_limit: u32,
    /// From and to how many days ago the last order of a customer to win back was.
    pub win_back_days: [u16; 2],
    /// The orders it takes to have a habit; at least 2.
    pub win_back_orders: u32,
    /// Silent for more than so many times the usual gap.
    pub win_back_gaps: u32,
    /// A return counts for so many days after the order.
    pub returned_days: u16,
    /// A wish counts for so many days.
    pub wishlist_days: u16,
    /// Interactions that are wishes.
    pub wishlist_kinds: Vec<String>,
    /// A first order counts for so many days.
    pub first_order_days: u16,
    /// Birthdays in so many days, the as-of day included.
    pub birthday_days: u16,
    /// A follow-up or a fall out of a window that was due so many days ago is still made.
    pub follow_up_days: u16,
    /// Nobody contacted in so many days is called; 0: no cool-down.
    pub cool_down_days: u16,
    /// Interactions that are contacts by us.
    pub contact_kinds: Vec<String>,
    /// Customers may be called where the export has no consent at all.
    pub assume_consent: bool,
    /// Customers without a telephone number are left out, where the export has numbers.
    pub require_phone: bool,
    /// The share of customers held out to measure what calling does, 0 to 1.
    pub control_share: f64,
    /// Another seed, another control group.
    pub control_seed: u64,
    /// Calls a day of an agent without a capacity of their own, and of a pool.
    pub cap: u32,
}

/// How customers with equal net sales are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HighValueTies {
    /// Alike.
    Together,
    /// By customer id, in fifths of equal size (SQL's NTILE).
    ById,
}

impl Default for Queue {
    fn default() -> Queue {
        let words = |word: &str| vec![word.to_string()];
        Queue {
            rules: RuleWeights::default(),
            reason_bonus: 5,
            complaint_days: 30,
            complaint_kinds: words("complaint"),
            lapsed_days: [121, 365],
            monetary_months: 24,
            high_value_ties: HighValueTies::Together,
            churn_limit: 500,
            win_back_days: [30, 365],
            win_back_orders: 3,
            win_back_gaps: 2,
            returned_days: 30,
            wishlist_days: 60,
            wishlist_kinds: words("wishlist"),
            first_order_days: 14,
            birthday_days: 14,
            follow_up_days: 3,
            cool_down_days: 7,
            contact_kinds: words("call"),
            assume_consent: false,
            require_phone: true,
            control_share: 0.0,
            control_seed: 0,
            cap: 50,
        }
    }
}

impl Analysis for Queue {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let signals = Signals::read(inputs, self.churn_limit)?;
        let agenda = self.agenda(facts, &signals);
        let reasons = ReasonTexts::new(agenda.candidates.iter());
        Ok(vec![
            self.list(facts, &signals, &agenda, &reasons)?,
            self.reasons(&agenda)?,
            excluded(facts, &agenda)?,
            candidates(facts, &agenda, &reasons)?,
        ])
    }
}

impl Queue {
    /// Works out who is called.
    pub fn agenda(&self, facts: &Facts, signals: &Signals) -> Agenda {
        Agenda::new(self, facts, signals)
    }

    fn list(&self, facts: &Facts, signals: &Signals, agenda: &Agenda, reasons: &ReasonTexts) -> Result<DataFrame> {
        let rows: Vec<(&Candidate, &str)> = agenda
            .entries
            .iter()
            .map(|entry| &agenda.candidates[entry.candidate])
            .map(|candidate| (candidate, facts.customers.id(candidate.customer as usize)))
            .collect();
        let offer_place = RULES.iter().position(|rule| rule.name == "offer").unwrap_or(0);
        let offers: Vec<Option<&signals::Offer>> = rows
            .iter()
            .map(|(candidate, _)| {
                signals
                    .offers
                    .get(candidate.customer as usize)
                    .and_then(Option::as_ref)
                    .filter(|_| candidate.reasons >> offer_place & 1 == 1)
            })
            .collect();
        let keys: Vec<String> = rows.iter().map(|(row, id)| key(reasons.of(row), id, facts.as_of)).collect();
        let births = facts.customers.dates("birth_date");
        let points: Vec<String> = rows
            .iter()
            .map(|(candidate, _)| {
                self.talking_points(facts, signals, agenda, candidate, births[candidate.customer as usize])
            })
            .collect();
        FrameBuilder::new(&QUEUE)
            .text("key", keys.iter().map(String::as_str))
            .text("agent_id", rows.iter().map(|(row, _)| agenda.desks[row.desk as usize].name.as_str()))
            .date("due_date", vec![Some(facts.as_of); rows.len()])
            .whole("rank", agenda.entries.iter().map(|entry| i64::from(entry.rank)).collect())
            .text("customer_id", rows.iter().map(|(_, id)| *id))
            .text("reasons", rows.iter().map(|(row, _)| reasons.of(row)))
            .whole("priority", rows.iter().map(|(row, _)| row.priority).collect())
            .maybe_whole("expected_margin", offers.iter().map(|offer| offer.and_then(|o| o.expected_margin)).collect())
            .maybe_text("product_id", offers.iter().map(|offer| offer.map(|o| o.product_id.clone())).collect())
            .text("talking_points", points.iter().map(String::as_str))
            .flag("in_control", agenda.entries.iter().map(|entry| entry.in_control).collect())
            .whole("monetary", rows.iter().map(|(row, _)| agenda.histories[row.customer as usize].monetary).collect())
            .finish()
    }

    /// What to say about each reason, then what everyone should know about the customer.
    fn talking_points(
        &self,
        facts: &Facts,
        signals: &Signals,
        agenda: &Agenda,
        candidate: &Candidate,
        birth: Option<i32>,
    ) -> String {
        let customer = candidate.customer as usize;
        let history = &agenda.histories[customer];
        let product = |number: u32| facts.products.id(number as usize);
        let subject = Subject {
            queue: self,
            as_of: facts.as_of,
            history,
            birth,
            churn: signals.churn.get(customer).and_then(Option::as_ref),
            spared: signals.spared.get(customer).copied().unwrap_or_default(),
            offer: signals.offers.get(customer).and_then(Option::as_ref),
            wished_product: history.open_wish.and_then(|wish| facts.interactions.product[wish as usize]).map(product),
            returned_product: returned_product(facts, customer, history.returned).map(product),
            usual_gap: usual_gap(facts, customer),
        };
        let mut points = Points::default();
        for (place, rule) in RULES.iter().enumerate() {
            if candidate.reasons >> place & 1 == 1 {
                (rule.points)(&subject, &mut points);
            }
        }
        if history.orders > 0 {
            points.add("orders", i64::from(history.orders));
            points.add("last_order", subject.days_since(history.last_order));
        }
        let last_activity = (history.last_activity != NEVER).then_some(history.last_activity);
        points.add_text("status", activity_status(last_activity, facts.as_of));
        points.finish()
    }

    fn reasons(&self, agenda: &Agenda) -> Result<DataFrame> {
        let on: Vec<usize> = (0..RULES.len()).filter(|place| self.rules.of(*place) > 0).collect();
        let counts = agenda.by_reason();
        let mut builder = FrameBuilder::new(&QUEUE_REASONS)
            .text("reason", on.iter().map(|place| RULES[*place].name))
            .whole("weight", on.iter().map(|place| i64::from(self.rules.of(*place))).collect())
            .whole("customers", on.iter().map(|place| counts[*place].iter().sum()).collect());
        for outcome in Outcome::ALL {
            let column = on.iter().map(|place| counts[*place][outcome as usize]).collect();
            builder = builder.whole(outcome.name(), column);
        }
        builder.finish()
    }
}

/// The same call has the same key in every run.
fn key(reasons: &str, customer_id: &str, due_date: i32) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(reasons.as_bytes()).update(&[0]).update(customer_id.as_bytes()).update(&[0]);
    hasher.update(&due_date.to_le_bytes());
    hasher.finalize().to_hex()[..16].to_string()
}

/// Everyone who is not on a list, each for one reason; with those on it, all customers.
fn excluded(facts: &Facts, agenda: &Agenda) -> Result<DataFrame> {
    let count = |outcome: Outcome| agenda.candidates.iter().filter(|found| found.outcome == outcome).count() as i64;
    let no_reason = (facts.customers.len() - agenda.candidates.len()) as i64;
    let mut rows = vec![("no_reason", no_reason)];
    rows.extend(Outcome::ALL[1..].iter().map(|outcome| (outcome.name(), count(*outcome))));
    let listed = agenda.entries.iter().filter(|entry| !entry.in_control).count() as i64;
    let counted = listed + rows.iter().map(|row| row.1).sum::<i64>();
    if counted != facts.customers.len() as i64 {
        let message = format!("{counted} customers are listed or left out, but there are {}", facts.customers.len());
        return Err(Error::TieOut { table: "queue_excluded", message });
    }
    FrameBuilder::new(&QUEUE_EXCLUDED)
        .text("reason", rows.iter().map(|row| row.0))
        .whole("customers", rows.iter().map(|row| row.1).collect())
        .finish()
}

fn candidates(facts: &Facts, agenda: &Agenda, reasons: &ReasonTexts) -> Result<DataFrame> {
    let rows = &agenda.candidates;
    let history = |row: &Candidate| &agenda.histories[row.customer as usize];
    FrameBuilder::new(&QUEUE_CANDIDATES)
        .text("customer_id", rows.iter().map(|row| facts.customers.id(row.customer as usize)))
        .text("reasons", rows.iter().map(|row| reasons.of(row)))
        .whole("priority", rows.iter().map(|row| row.priority).collect())
        .text("outcome", rows.iter().map(|row| row.outcome.name()))
        .text(
            "agent_id",
            rows.iter().map(|row| if row.desk == NO_DESK { "" } else { &agenda.desks[row.desk as usize].name }),
        )
        .whole("monetary", rows.iter().map(|row| history(row).monetary).collect())
        .date(
            "last_order_date",
            rows.iter().map(|row| Some(history(row).last_order).filter(|day| *day != NEVER)).collect(),
        )
        .date("next_birthday", birthdays(facts, rows))
        .finish()
}

fn birthdays(facts: &Facts, rows: &[Candidate]) -> Vec<Option<i32>> {
    let births = facts.customers.dates("birth_date");
    let next = |birth: i32| super::activity::next_birthday(birth, facts.as_of);
    rows.iter().map(|row| births[row.customer as usize].map(next)).collect()
}
