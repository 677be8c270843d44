//! What the rules need to know of each customer, from one pass over orders and interactions.

use rayon::prelude::*;

use super::{HighValueTies, Queue};
use crate::analyses::activity::months_after;
use crate::facts::{Codes, Facts, line_kind};
use crate::stats::rank::{TieRule, ntile, scores_ties_together};

/// The day of what never happened.
pub const NEVER: i32 = i32::MIN;

/// What a customer did. Days since 1970-01-01, or [`NEVER`].
#[derive(Debug, Clone, Copy)]
pub struct History {
    /// Completed orders that sold something.
    pub orders: u32,
    /// Whether any completed order has a line.
    pub has_lines: bool,
    /// Whether net sales are in the best fifth of the customers with lines.
    pub high_value: bool,
    /// Net sales of the last `monetary_months`, minor units.
    pub monetary: i64,
    /// First order.
    pub first_order: i32,
    /// Newest order.
    pub last_order: i32,
    /// Newest order with a line that was brought back or credited.
    pub returned: i32,
    /// Newest order whose follow-up is due.
    pub follow_up: i32,
    /// Newest complaint.
    pub complaint: i32,
    /// Newest wish of the last `wishlist_days` that was not bought since: the number of the interaction.
    pub open_wish: Option<u32>,
    /// Newest contact by us: an interaction, or an outcome of an earlier queue.
    pub contacted: i32,
    /// Newest order or interaction.
    pub last_activity: i32,
}

impl Default for History {
    fn default() -> History {
        History {
            orders: 0,
            has_lines: false,
            high_value: false,
            monetary: 0,
            first_order: NEVER,
            last_order: NEVER,
            returned: NEVER,
            follow_up: NEVER,
            complaint: NEVER,
            open_wish: None,
            contacted: NEVER,
            last_activity: NEVER,
        }
    }
}

/// The histories of all customers.
pub fn histories(queue: &Queue, facts: &Facts) -> Vec<History> {
    let scan = Scan::new(queue, facts);
    let mut histories: Vec<History> = (0..facts.customers.len())
        .into_par_iter()
        .with_min_len(2048)
        .map(|customer| {
            let mut history = History::default();
            scan.orders(customer, &mut history);
            scan.interactions(customer, &mut history);
            history
        })
        .collect();
    mark_high_value(&mut histories, queue.high_value_ties);
    histories
}

/// The newest line of an order that went back, as a product number.
pub fn returned_product(facts: &Facts, customer: usize, day: i32) -> Option<u32> {
    facts
        .orders_of(customer)
        .rev()
        .filter(|order| facts.orders.day[*order] == day)
        .flat_map(|order| facts.orders.lines(order))
        .find(|line| line_kind::went_back(facts.lines.kind[*line]))
        .map(|line| facts.lines.product[line])
}

fn mark_high_value(histories: &mut [History], ties: HighValueTies) {
    let mut buyers: Vec<(i64, u32)> = (0_u32..)
        .zip(histories.iter())
        .filter(|(_, history)| history.has_lines)
        .map(|(customer, history)| (history.monetary, customer))
        .collect();
    let fifths = match ties {
        HighValueTies::Together => {
            let values: Vec<i64> = buyers.iter().map(|buyer| buyer.0).collect();
            scores_ties_together(&values, TieRule::MidRank, 5, false).scores
        }
        HighValueTies::ById => {
            buyers.par_sort_unstable();
            ntile(&(0..buyers.len() as u32).collect::<Vec<u32>>(), 5)
        }
    };
    for ((_, customer), fifth) in buyers.iter().zip(fifths) {
        histories[*customer as usize].high_value = fifth == 5;
    }
}

struct Scan<'f> {
    facts: &'f Facts,
    monetary_from: i32,
    wish_from: i32,
    follow_up_from: i32,
    follow_up_to: i32,
    complaint: Vec<bool>,
    wish: Vec<bool>,
    contact: Vec<bool>,
}

impl<'f> Scan<'f> {
    fn new(queue: &Queue, facts: &'f Facts) -> Scan<'f> {
        let kinds =
            |words: &[String], codes: &Codes| codes.among(&words.iter().map(String::as_str).collect::<Vec<&str>>());
        // A month later never turns back, so the orders whose follow-up is due lie on neighbouring days.
        let due = facts.as_of - i32::from(queue.follow_up_days)..=facts.as_of;
        let is_due = |day: &i32| due.contains(&months_after(*day, 1));
        let mut days = (due.start() - 31..facts.as_of).filter(is_due);
        let follow_up_from = days.next().unwrap_or(i32::MAX);
        Scan {
            facts,
            monetary_from: months_after(facts.as_of, -i32::from(queue.monetary_months)),
            wish_from: facts.as_of - i32::from(queue.wishlist_days),
            follow_up_from,
            follow_up_to: days.next_back().unwrap_or(follow_up_from),
            complaint: kinds(&queue.complaint_kinds, &facts.interactions.kinds),
            wish: kinds(&queue.wishlist_kinds, &facts.interactions.kinds),
            contact: kinds(&queue.contact_kinds, &facts.interactions.kinds),
        }
    }

    #[inline]
    fn orders(&self, customer: usize, history: &mut History) {
        for order in self.facts.orders_of(customer) {
            let day = self.facts.orders.day[order];
            history.last_activity = day;
            history.has_lines |= self.facts.orders.n_lines[order] > 0;
            if day >= self.monetary_from {
                history.monetary += self.facts.net(order);
            }
            if self.facts.has_returned(order) {
                history.returned = day;
            }
            if self.facts.is_sale(order) {
                if history.orders == 0 {
                    history.first_order = day;
                }
                history.orders += 1;
                history.last_order = day;
                if (self.follow_up_from..=self.follow_up_to).contains(&day) {
                    history.follow_up = day;
                }
            }
        }
    }

    #[inline]
    fn interactions(&self, customer: usize, history: &mut History) {
        let interactions = &self.facts.interactions;
        for number in self.facts.interactions_of(customer) {
            let (day, kind) = (interactions.day[number], interactions.kind[number] as usize);
            history.last_activity = history.last_activity.max(day);
            if self.complaint[kind] {
                history.complaint = day;
            }
            if self.contact[kind] {
                history.contacted = day;
            }
            if self.wish[kind]
                && day >= self.wish_from
                && !self.bought_since(customer, interactions.product[number], day)
            {
                history.open_wish = Some(number as u32);
            }
        }
        if let Some(day) = self.facts.last_contact(customer) {
            history.contacted = history.contacted.max(day);
        }
    }

    /// A wish for no product we know stays open.
    fn bought_since(&self, customer: usize, product: Option<u32>, day: i32) -> bool {
        let (facts, lines) = (self.facts, &self.facts.lines);
        product.is_some_and(|product| {
            facts
                .orders_of(customer)
                .rev()
                .take_while(|order| facts.orders.day[*order] >= day)
                .flat_map(|order| facts.orders.lines(order))
                .any(|line| lines.product[line] == product && lines.kind[line] != line_kind::CREDIT)
        })
    }
}
