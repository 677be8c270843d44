//! When, where and what each customer buys: the plain facts of a relation.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::activity::{ActivityWindows, is_active_in_month, next_birthday, usual_gap};
use super::frame::FrameBuilder;
use super::{Analysis, Inputs, Spec};
use crate::contracts::results::CUSTOMER_HISTORY;
use crate::error::Result;
use crate::facts::{Facts, Parts};

static SPEC: Spec = Spec {
    id: "customer_history",
    definition: "First and last completed order, the usual gap between order days (their median, half a day rounded up), the branch, channel, \
                 category and staff a customer buys from most (ties: the lower id), the last activity (order or \
                 interaction) and its status, the shortest window it lies in: 14 days, one calendar month, six calendar \
                 months (or `activity_windows`), else inactive. The first day of a window belongs to it, the as-of day \
                 does not.",
    needs: &[],
    reads: Parts::ALL,
    outputs: &[&CUSTOMER_HISTORY],
};

/// Parameters: `[customer_history]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerHistory {
    /// The windows of `activity_status`, the shortest first: a number and days, weeks, months or years each.
    pub activity_windows: ActivityWindows,
}

#[derive(Default)]
struct History {
    first: Option<i32>,
    last: Option<i32>,
    gap: Option<i64>,
    activity: Option<i32>,
    branch: Option<u32>,
    channel: Option<u32>,
    category: Option<u32>,
    staff: Option<u32>,
}

impl Analysis for CustomerHistory {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let histories: Vec<History> = (0..facts.customers.len())
            .into_par_iter()
            .with_min_len(1024)
            .map(|customer| history(facts, customer))
            .collect();
        let births = facts.customers.dates("birth_date");
        let dates = |pick: fn(&History) -> Option<i32>| histories.iter().map(pick).collect::<Vec<Option<i32>>>();
        let names = |pick: fn(&History) -> Option<u32>, values: &[String]| -> Vec<Option<String>> {
            let name = |code: u32| Some(values[code as usize].clone()).filter(|name| !name.is_empty());
            histories.iter().map(|history| pick(history).and_then(name)).collect()
        };
        let frame = FrameBuilder::new(&CUSTOMER_HISTORY)
            .text("customer_id", facts.customers.ids.iter().flatten())
            .date("first_order_date", dates(|history| history.first))
            .date("last_order_date", dates(|history| history.last))
            .maybe_whole(
                "days_since_last_order",
                histories.iter().map(|history| history.last.map(|day| i64::from(facts.as_of - day))).collect(),
            )
            .maybe_whole("usual_gap_days", histories.iter().map(|history| history.gap).collect())
            .date("last_activity_date", dates(|history| history.activity))
            .text(
                "activity_status",
                histories.iter().map(|history| self.activity_windows.status(history.activity, facts.as_of)),
            )
            .flag(
                "active_in_month",
                histories.iter().map(|history| is_active_in_month(history.activity, facts.as_of)).collect(),
            )
            .maybe_text("preferred_branch", names(|history| history.branch, &facts.orders.branches.values))
            .maybe_text("preferred_channel", names(|history| history.channel, &facts.orders.channels.values))
            .maybe_text("preferred_category", names(|history| history.category, &facts.categories.values))
            .maybe_text("preferred_staff", names(|history| history.staff, &facts.orders.staffs.values))
            .date(
                "next_birthday",
                births.iter().map(|birth| birth.map(|birth| next_birthday(birth, facts.as_of))).collect(),
            )
            .finish()?;
        Ok(vec![frame])
    }
}

fn history(facts: &Facts, customer: usize) -> History {
    let sales: Vec<usize> = facts.orders_of(customer).filter(|order| facts.is_sale(*order)).collect();
    let days: Vec<i32> = sales.iter().map(|order| facts.orders.day[*order]).collect();
    let interaction =
        facts.interactions_of(customer).next_back().map(|interaction| facts.interactions.day[interaction]);
    let orders = &facts.orders;
    let lines = sales.iter().flat_map(|order| orders.lines(*order));
    let staffed = sales
        .iter()
        .map(|order| orders.staff[*order])
        .filter(|staff| !orders.staffs.values[*staff as usize].is_empty());
    History {
        first: days.first().copied(),
        last: days.last().copied(),
        gap: usual_gap(facts, customer).map(i64::from),
        activity: days.last().copied().max(interaction),
        branch: most_frequent(sales.iter().map(|order| u32::from(orders.branch[*order]))),
        channel: most_frequent(sales.iter().map(|order| u32::from(orders.channel[*order]))),
        category: most_frequent(lines.map(|line| facts.category[facts.lines.product[line] as usize])),
        staff: most_frequent(staffed),
    }
}

/// The most frequent code, the lowest among equals.
fn most_frequent(codes: impl Iterator<Item = u32>) -> Option<u32> {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for code in codes {
        *counts.entry(code).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(code, count)| (*count, std::cmp::Reverse(*code))).map(|(code, _)| code)
}
