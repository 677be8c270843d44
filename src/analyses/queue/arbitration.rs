//! Who is called today: one place on one agent's list for each customer, or one reason why there is none.

use std::collections::BTreeMap;

use arrow::array::{Array, StringArray};
use arrow::datatypes::Int32Type;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;

use super::Queue;
use super::history::{History, NEVER, histories};
use super::rules::{RULES, Subject};
use super::signals::Signals;
use crate::analyses::control_group::ControlGroup;
use crate::facts::Facts;

/// Everything the analysis finds out.
#[derive(Debug)]
pub struct Agenda {
    /// By customer.
    pub histories: Vec<History>,
    /// Customers with a reason, by number.
    pub candidates: Vec<Candidate>,
    /// The lists: agents, then pools, by name.
    pub desks: Vec<Desk>,
    /// The places on the lists, by desk, then rank.
    pub entries: Vec<Entry>,
}

/// A customer with a reason to be called.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// The customer's number.
    pub customer: u32,
    /// Bit `p`: the rule at place `p` of [`RULES`] holds.
    pub reasons: u32,
    /// Highest weight + a bonus for each further reason.
    pub priority: i64,
    /// Where it ends.
    pub outcome: Outcome,
    /// The desk's number; [`NO_DESK`] for one who cannot be called.
    pub desk: u32,
}

/// The desk of a customer who cannot be called.
pub const NO_DESK: u32 = u32::MAX;

/// Where a candidate ends: on a list, or left out for one reason, the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// On a list.
    Queued,
    /// One of our own, or a supplier.
    NotExternal,
    /// Has not agreed to be called.
    NoConsent,
    /// Has no telephone number.
    NoPhone,
    /// Was contacted in the last `cool_down_days`.
    Contacted,
    /// Would be called, but is left alone to measure what calling does.
    InControl,
    /// The list is full.
    OverCap,
}

impl Outcome {
    /// All of them, in the order they are tested.
    pub const ALL: [Outcome; 7] = [
        Outcome::Queued,
        Outcome::NotExternal,
        Outcome::NoConsent,
        Outcome::NoPhone,
        Outcome::Contacted,
        Outcome::InControl,
        Outcome::OverCap,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Queued => "queued",
            Outcome::NotExternal => "not_external",
            Outcome::NoConsent => "no_consent",
            Outcome::NoPhone => "no_phone",
            Outcome::Contacted => "contacted",
            Outcome::InControl => "in_control",
            Outcome::OverCap => "over_cap",
        }
    }
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Desk {
    /// The agent, `pool-` and a branch, or `unassigned`.
    pub name: String,
    /// Calls a day.
    pub capacity: usize,
}

/// A place on a list.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The place in [`Agenda::candidates`].
    pub candidate: usize,
    /// 1 for the first, by desk; those held out have a rank, too.
    pub rank: u32,
    /// Held out.
    pub in_control: bool,
}

impl Agenda {
    /// Works the agenda out.
    pub fn new(queue: &Queue, facts: &Facts, signals: &Signals) -> Agenda {
        let histories = histories(queue, facts);
        let mut candidates = candidates(queue, facts, signals, &histories);
        let desks = assign(queue, facts, &histories, &mut candidates);
        let entries = rank(&histories, &desks, &mut candidates);
        Agenda { histories, candidates, desks, entries }
    }

    /// Candidates of each rule by outcome, in the order of [`RULES`] and [`Outcome::ALL`].
    pub fn by_reason(&self) -> Vec<[i64; 7]> {
        let mut counts = vec![[0_i64; 7]; RULES.len()];
        for candidate in &self.candidates {
            for (place, counts) in counts.iter_mut().enumerate() {
                counts[candidate.outcome as usize] += i64::from(candidate.reasons >> place & 1);
            }
        }
        counts
    }
}

/// Names of rules, the most urgent first (as in [`RULES`], so that weights change no key), joined by `|`.
#[derive(Debug)]
pub struct ReasonTexts {
    known: BTreeMap<u32, String>,
}

impl ReasonTexts {
    /// Knows the texts of the candidates given.
    pub fn new<'c>(candidates: impl Iterator<Item = &'c Candidate>) -> ReasonTexts {
        let mut texts = ReasonTexts { known: BTreeMap::new() };
        let mut masks: Vec<u32> = candidates.map(|candidate| candidate.reasons).collect();
        masks.sort_unstable();
        masks.dedup();
        for mask in masks {
            let names = RULES.iter().enumerate().filter(|(place, _)| mask >> place & 1 == 1).map(|(_, rule)| rule.name);
            let text = names.collect::<Vec<&str>>().join("|");
            texts.known.insert(mask, text);
        }
        texts
    }

    /// The text of a candidate's reasons.
    pub fn of(&self, candidate: &Candidate) -> &str {
        self.known.get(&candidate.reasons).map_or("", String::as_str)
    }
}

fn candidates(queue: &Queue, facts: &Facts, signals: &Signals, histories: &[History]) -> Vec<Candidate> {
    let births = facts.customers.dates("birth_date");
    let rules: Vec<usize> = (0..RULES.len()).filter(|place| queue.rules.of(*place) > 0).collect();
    let judge = |customer: usize| {
        let subject = Subject {
            queue,
            as_of: facts.as_of,
            history: &histories[customer],
            birth: births[customer],
            churn: signals.churn.get(customer).and_then(Option::as_ref),
            spared: signals.spared.get(customer).copied().unwrap_or_default(),
            offer: signals.offers.get(customer).and_then(Option::as_ref),
            wished_product: None,
            returned_product: None,
            usual_gap: None,
        };
        let (mut reasons, mut highest) = (0_u32, 0);
        for place in rules.iter().filter(|place| (RULES[**place].holds)(&subject)) {
            reasons |= 1 << place;
            highest = highest.max(queue.rules.of(*place));
        }
        (reasons != 0).then(|| Candidate {
            customer: customer as u32,
            reasons,
            priority: i64::from(highest) + i64::from(queue.reason_bonus) * i64::from(reasons.count_ones() - 1),
            outcome: Outcome::OverCap,
            desk: NO_DESK,
        })
    };
    (0..histories.len()).into_par_iter().with_min_len(2048).filter_map(judge).collect()
}

/// Sorts out who cannot be called, and gives everyone else a desk.
fn assign(queue: &Queue, facts: &Facts, histories: &[History], candidates: &mut [Candidate]) -> Vec<Desk> {
    let gate = Gate::new(queue, facts);
    candidates.par_iter_mut().with_min_len(2048).for_each(|candidate| {
        candidate.outcome = gate.outcome(candidate.customer as usize, &histories[candidate.customer as usize]);
    });
    let (agents, branches) = (facts.customers.text("agent_id"), facts.customers.text("branch_id"));
    let capacities = facts.agents.numbers::<Int32Type>("daily_capacity");
    let mut numbers: HashMap<Owner<'_>, u32, FixedState> = HashMap::default();
    let mut found: Vec<Desk> = Vec::new();
    for candidate in candidates.iter_mut() {
        if !matches!(candidate.outcome, Outcome::Queued | Outcome::InControl) {
            continue;
        }
        let customer = candidate.customer as usize;
        let agent = cell(agents, customer);
        // An agent who is not among the agents (any more) opens no list: the customer goes to the pool.
        let owner = match (agent, cell(branches, customer)) {
            (agent, _) if !agent.is_empty() && (facts.agents.is_empty() || facts.agents.find(agent).is_some()) => {
                Owner::Agent(agent)
            }
            (_, "") => Owner::Nobody,
            (_, branch) => Owner::Branch(branch),
        };
        candidate.desk = *numbers.entry(owner).or_insert_with(|| {
            let capacity = match owner {
                Owner::Agent(agent) => facts.agents.find(agent).and_then(|agent| capacities[agent]),
                _ => None,
            };
            let capacity = capacity.map_or(queue.cap as usize, |calls| usize::try_from(calls).unwrap_or(0));
            found.push(Desk { name: owner.name(), capacity });
            found.len() as u32 - 1
        });
    }
    let mut desks = found.clone();
    desks.sort_unstable();
    desks.dedup_by(|later, kept| later.name == kept.name);
    let places: Vec<u32> =
        found.iter().map(|desk| desks.partition_point(|known| known.name < desk.name) as u32).collect();
    for candidate in candidates.iter_mut().filter(|candidate| candidate.desk != NO_DESK) {
        candidate.desk = places[candidate.desk as usize];
    }
    desks
}

/// Whose list a customer is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Owner<'o> {
    Agent(&'o str),
    Branch(&'o str),
    Nobody,
}

impl Owner<'_> {
    fn name(self) -> String {
        match self {
            Owner::Agent(agent) => agent.into(),
            Owner::Branch(branch) => format!("pool-{branch}"),
            Owner::Nobody => "unassigned".into(),
        }
    }
}

/// Who can be called at all.
struct Gate<'g> {
    queue: &'g Queue,
    as_of: i32,
    ids: &'g StringArray,
    classes: Option<&'g StringArray>,
    phones: Option<&'g StringArray>,
    consents: Vec<Option<bool>>,
    no_consent_known: bool,
    control: ControlGroup,
}

impl<'g> Gate<'g> {
    fn new(queue: &'g Queue, facts: &'g Facts) -> Gate<'g> {
        let customers = &facts.customers;
        Gate {
            queue,
            as_of: facts.as_of,
            ids: &customers.ids,
            classes: customers.text("party_class"),
            phones: customers.text("phone"),
            consents: customers.flags("consent_call"),
            no_consent_known: !customers.has("consent_call"),
            control: ControlGroup::new(queue.control_share, queue.control_seed),
        }
    }

    fn outcome(&self, customer: usize, history: &History) -> Outcome {
        let consent = self.consents[customer] == Some(true) || (self.no_consent_known && self.queue.assume_consent);
        let contact = history.contacted;
        if !matches!(cell(self.classes, customer), "" | "external") {
            Outcome::NotExternal
        } else if !consent {
            Outcome::NoConsent
        } else if self.queue.require_phone && self.phones.is_some() && cell(self.phones, customer).is_empty() {
            Outcome::NoPhone
        } else if contact != NEVER && contact >= self.as_of - i32::from(self.queue.cool_down_days) {
            Outcome::Contacted
        } else if self.control.holds(self.ids.value(customer)) {
            Outcome::InControl
        } else {
            Outcome::Queued
        }
    }
}

/// Fills the lists up to their capacity; who is held out takes nobody's place.
fn rank(histories: &[History], desks: &[Desk], candidates: &mut [Candidate]) -> Vec<Entry> {
    let mut order: Vec<(u32, i64, i64, u32)> = (0_u32..)
        .zip(candidates.iter())
        .filter(|(_, candidate)| candidate.desk != NO_DESK)
        .map(|(place, candidate)| {
            (candidate.desk, -candidate.priority, -histories[candidate.customer as usize].monetary, place)
        })
        .collect();
    order.par_sort_unstable();
    let mut entries = Vec::new();
    for list in order.chunk_by(|left, right| left.0 == right.0) {
        let capacity = desks[list[0].0 as usize].capacity;
        let (mut queued, mut rank) = (0, 0);
        for (.., place) in list {
            let candidate = &mut candidates[*place as usize];
            if queued == capacity {
                candidate.outcome = Outcome::OverCap;
                continue;
            }
            let in_control = candidate.outcome == Outcome::InControl;
            queued += usize::from(!in_control);
            rank += 1;
            entries.push(Entry { candidate: *place as usize, rank, in_control });
        }
    }
    entries
}

fn cell(column: Option<&StringArray>, row: usize) -> &str {
    column.filter(|column| column.is_valid(row)).map_or("", |column| column.value(row))
}
