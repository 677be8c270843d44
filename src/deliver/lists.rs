//! Marketing lists: `lists/<name>.csv`, built-in ones and one for each of the user's segments. Nobody without consent is
//! on one, an address is given only where its channel is allowed, contacts are capped, a control group is held out and
//! written down, and who is left out is counted, each for one reason.

use std::collections::BTreeMap;

use arrow::array::{Array, StringArray};
use polars::prelude::DataFrame;

use super::columns::Columns;
use super::csv_file::{Cell, CsvFile, OutputFile};
use super::list_choices::{Choice, built_in, of_segment};
use super::phones::phone;
use super::report::Language;
use crate::analyses::control_group::ControlGroup;
use crate::config::{Currency, Lists};
use crate::error::Result;
use crate::facts::Facts;
use crate::segments::Segment;

/// The lists there can be without any configuration.
pub use crate::segments::BUILT_IN_LISTS as NAMES;

/// Why somebody chosen is not on a list, the first that holds.
pub const REASONS: [&str; 7] =
    ["not_external", "no_consent", "unreachable", "contacted", "in_control", "on_other_lists", "over_cap"];

/// How lists are written.
#[derive(Debug, Clone, Copy)]
pub struct ListSettings<'s> {
    /// The reader's language.
    pub language: Language,
    /// Digits of the minor unit, and how many of them are shown.
    pub currency: &'s Currency,
    /// Days the probability of no order speaks of.
    pub horizon_days: u32,
    /// The exports have no costs of goods: what is at risk are sales.
    pub costs_unknown: bool,
    /// A channel the export has no consent for at all is allowed (`[queue] assume_consent`).
    pub assume_consent: bool,
    /// Interactions that are contacts by us (`[queue] contact_kinds`).
    pub contact_kinds: &'s [String],
    /// Caps and control group.
    pub rules: &'s Lists,
}

/// A list and its arithmetic: chosen = listed + left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its name.
    pub name: String,
    /// Customers its definition chose.
    pub chosen: u64,
    /// Those not on it, by [`REASONS`].
    pub left_out: [u64; REASONS.len()],
    /// The file.
    pub file: OutputFile,
    /// Who is held out, to be compared with those who were contacted.
    pub control: OutputFile,
}

impl List {
    /// The arithmetic by name; with `not_chosen` all customers.
    pub fn counts(&self, customers: u64) -> BTreeMap<String, u64> {
        let mut counts: BTreeMap<String, u64> =
            REASONS.iter().zip(self.left_out).map(|(reason, count)| ((*reason).to_string(), count)).collect();
        counts.insert("chosen".into(), self.chosen);
        counts.insert("listed".into(), self.file.rows);
        counts.insert("not_chosen".into(), customers - self.chosen);
        counts
    }
}

/// Whether nobody may be called or written to, because the exports have no consent at all.
pub fn nobody_consents(facts: &Facts, assume_consent: bool) -> bool {
    !assume_consent && !facts.customers.is_empty() && !CONSENTS.iter().any(|column| facts.customers.has(column))
}

/// What customers may agree to.
const CONSENTS: [&str; 3] = ["consent_email", "consent_sms", "consent_call"];

/// All lists whose tables are there (`tables` finds a result table by name): the segments', then those of [`NAMES`].
pub fn lists<'t>(
    facts: &'t Facts,
    tables: impl Fn(&str) -> Option<&'t DataFrame>,
    segments: &'t BTreeMap<String, Segment>,
    settings: ListSettings<'_>,
) -> Result<Vec<List>> {
    let mut audience = Audience::new(facts, &tables, settings)?;
    let mut lists = Vec::new();
    for (name, segment) in segments.iter().filter(|(_, segment)| segment.list) {
        if let Some(choice) = of_segment(facts, name, segment, &tables)? {
            let limits = Limits {
                cap: segment.cap.or(settings.rules.cap),
                control_share: segment.control_share.unwrap_or(settings.rules.control_share),
            };
            lists.push(audience.list(name, choice, limits));
        }
    }
    for name in NAMES {
        if let Some(choice) = built_in(facts, name, &tables, &settings)? {
            let limits = Limits { cap: settings.rules.cap, control_share: settings.rules.control_share };
            lists.push(audience.list(name, choice, limits));
        }
    }
    Ok(lists)
}

/// How far a list goes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    cap: Option<u64>,
    control_share: f64,
}

/// Who may be written to, and how.
struct Audience<'a> {
    settings: ListSettings<'a>,
    ids: &'a StringArray,
    /// Name, e-mail address, telephone number, city.
    texts: [Option<&'a StringArray>; 4],
    classes: Option<&'a StringArray>,
    /// E-mail, message, call.
    consents: [Vec<bool>; 3],
    /// Customers held out of the queue are not written to either: nothing else could be measured on them.
    held_out_of_queue: Vec<bool>,
    /// Contacted too short a time ago.
    contacted: Vec<bool>,
    /// Lists each customer is on.
    on_lists: Vec<u32>,
}

impl<'a> Audience<'a> {
    fn new<'t>(
        facts: &'a Facts,
        tables: &impl Fn(&str) -> Option<&'t DataFrame>,
        settings: ListSettings<'a>,
    ) -> Result<Audience<'a>> {
        let customers = &facts.customers;
        let mut held_out_of_queue = vec![false; customers.len()];
        if let Some(columns) = tables("queue").map(Columns) {
            let (ids, held_out) = (columns.text("customer_id")?, columns.flag("in_control")?);
            for row in (0..columns.len()).filter(|row| held_out.get(*row) == Some(true)) {
                if let Some(customer) = ids.get(row).and_then(|id| customers.find(id)) {
                    held_out_of_queue[customer] = true;
                }
            }
        }
        let mut contacted = vec![false; customers.len()];
        let kinds: Vec<&str> = settings.contact_kinds.iter().map(String::as_str).collect();
        let is_contact = facts.interactions.kinds.among(&kinds);
        let since = facts.as_of - i32::from(settings.rules.cool_down_days);
        if !facts.interactions.starts.is_empty() {
            for (customer, contacted) in contacted.iter_mut().enumerate() {
                let interactions = &facts.interactions;
                *contacted = facts
                    .interactions_of(customer)
                    .rev()
                    .take_while(|at| interactions.day[*at] >= since)
                    .any(|at| is_contact[usize::from(interactions.kind[at])]);
            }
        }
        for (customer, contacted) in contacted.iter_mut().enumerate() {
            *contacted |= facts.last_contact(customer).is_some_and(|day| day >= since);
        }
        let consents = CONSENTS.map(|column| {
            let assumed = settings.assume_consent && !customers.has(column);
            customers.flags(column).into_iter().map(|consent| assumed || consent == Some(true)).collect()
        });
        Ok(Audience {
            settings,
            ids: &customers.ids,
            texts: ["name", "email", "phone", "city"].map(|column| customers.text(column)),
            classes: customers.text("party_class"),
            consents,
            held_out_of_queue,
            contacted,
            on_lists: vec![0; customers.len()],
        })
    }

    /// Why a customer is not to be written to, whatever the list; the place in [`REASONS`].
    fn barred(&self, customer: usize, control: &ControlGroup) -> Option<usize> {
        let [by_email, by_sms, by_call] = self.allowed(customer);
        let has = |place: usize| !cell(self.texts[place], customer).is_empty();
        let knows_addresses = self.texts[1].is_some() || self.texts[2].is_some();
        let reachable = (by_email && has(1)) || ((by_sms || by_call) && has(2));
        if !matches!(cell(self.classes, customer), "" | "external") {
            Some(0)
        } else if !by_email && !by_sms && !by_call {
            Some(1)
        } else if knows_addresses && !reachable {
            Some(2)
        } else if self.contacted[customer] {
            Some(3)
        } else {
            (self.held_out_of_queue[customer] || control.holds(self.ids.value(customer))).then_some(4)
        }
    }

    fn allowed(&self, customer: usize) -> [bool; 3] {
        [0, 1, 2].map(|channel: usize| self.consents[channel][customer])
    }

    fn list(&mut self, name: &str, choice: Choice<'_>, limits: Limits) -> List {
        let place = match self.settings.language {
            Language::Indonesian => 0,
            Language::English => 1,
        };
        let own = choice.header.iter().map(|names| &*names[place]);
        let header: Vec<&str> = HEADER.iter().map(|names| names[place]).chain(own).collect();
        let currency = self.settings.currency;
        let decimals = [currency.decimals, currency.shown()];
        let mut file = CsvFile::new(&header, self.settings.language, decimals);
        let mut held_out = CsvFile::new(&header[..1], self.settings.language, decimals);
        let control = ControlGroup::new(limits.control_share, self.settings.rules.control_seed);
        let mut left_out = [0; REASONS.len()];
        let chosen = choice.rows.len() as u64;
        let mut listed = 0;
        for (customer, own) in choice.rows {
            let full = limits.cap.is_some_and(|cap| listed >= cap);
            let most = self.settings.rules.contacts_per_customer;
            let reason = match self.barred(customer, &control) {
                // Who is held out takes nobody's place, and after the last place nobody is.
                Some(4) if full => Some(6),
                None if most.is_some_and(|most| self.on_lists[customer] >= most) => Some(5),
                None if full => Some(6),
                reason => reason,
            };
            if let Some(reason) = reason {
                left_out[reason] += 1;
                if reason == 4 {
                    held_out.row([Cell::text(self.ids.value(customer))]);
                }
                continue;
            }
            listed += 1;
            self.on_lists[customer] += 1;
            let [by_email, by_sms, by_call] = self.allowed(customer);
            let text = |place: usize| Cell::text(cell(self.texts[place], customer));
            let who = [
                Cell::text(self.ids.value(customer)),
                text(0),
                if by_email { text(1) } else { Cell::Empty },
                if by_sms || by_call {
                    Cell::text(phone(cell(self.texts[2], customer), currency.code == "IDR"))
                } else {
                    Cell::Empty
                },
                text(3),
                Cell::Flag(by_email),
                Cell::Flag(by_sms),
                Cell::Flag(by_call),
            ];
            file.row(who.into_iter().chain(own));
        }
        List {
            name: name.into(),
            chosen,
            left_out,
            file: file.finish(format!("lists/{name}.csv")),
            control: held_out.finish(format!("control/{name}.csv")),
        }
    }
}

fn cell(column: Option<&StringArray>, row: usize) -> &str {
    column.filter(|column| column.is_valid(row)).map_or("", |column| column.value(row))
}

const HEADER: [[&str; 2]; 8] = [
    ["ID pelanggan", "Customer ID"],
    ["Nama", "Name"],
    ["Surel", "E-mail"],
    ["Telepon", "Telephone"],
    ["Kota", "City"],
    ["Boleh surel", "E-mail consent"],
    ["Boleh pesan", "Message consent"],
    ["Boleh telepon", "Call consent"],
];
