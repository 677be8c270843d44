//! What keeps an offer from being made, and how often each did.

use arrow::datatypes::Int32Type;
use serde::{Deserialize, Serialize};

use crate::analyses::expected_margin::unit_margins;
use crate::analyses::model_card::Metric;
use crate::facts::{Facts, Matter};

/// When an offer is not made. Money is in minor units.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Guards {
    /// What one contact costs; taken off the expected margin.
    pub contact_cost: u32,
    /// Least price − cost of a unit of a product that is offered. What is not known reaches no floor above 0.
    pub min_unit_margin: i64,
    /// Least expected margin after the cost of the contact. What is not known reaches no floor above 0, nor 0 where even a
    /// product that costs nothing would bring less than the contact costs.
    pub min_expected_margin: i64,
    /// Nobody contacted in so many days is offered anything; 0: no cool-down.
    pub cool_down_days: u16,
    /// Interactions that are contacts by us.
    pub contact_kinds: Vec<String>,
    /// Nobody whose complaint is open is offered anything: however old it is where its status says so, for so many days
    /// where there is no status; 0: no such guard.
    pub complaint_days: u16,
    /// Interactions that are complaints.
    pub complaint_kinds: Vec<String>,
    /// Most customers one product is offered to, those expected to bring most first; 0: no limit.
    pub per_product: u32,
}

impl Default for Guards {
    fn default() -> Guards {
        Guards {
            contact_cost: 0,
            min_unit_margin: 0,
            min_expected_margin: 0,
            cool_down_days: 7,
            contact_kinds: vec!["call".into()],
            complaint_days: 30,
            complaint_kinds: vec!["complaint".into()],
            per_product: 0,
        }
    }
}

/// Why an offer was not made; each counts once, under the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// An open complaint.
    OpenComplaint,
    /// Contacted of late.
    CoolDown,
    /// He has it.
    Owned,
    /// He had it and gave it back.
    Returned,
    /// Not in stock.
    Stock,
    /// Earns too little a piece.
    UnitMargin,
    /// Earns less than the contact costs, or than the floor.
    ExpectedMargin,
    /// He is offered enough.
    PerCustomer,
    /// A substitute of something he is offered already.
    Substitute,
    /// Enough others are offered it.
    PerProduct,
}

/// Names in the model cards and in `offer_guards`, in the order they are tried.
pub const NAMES: [(Guard, &str); 10] = [
    (Guard::OpenComplaint, "removed_open_complaint"),
    (Guard::CoolDown, "removed_cool_down"),
    (Guard::Owned, "removed_owned"),
    (Guard::Returned, "removed_returned"),
    (Guard::Stock, "removed_stock"),
    (Guard::UnitMargin, "removed_unit_margin"),
    (Guard::ExpectedMargin, "removed_expected_margin"),
    (Guard::PerCustomer, "removed_per_customer"),
    (Guard::Substitute, "removed_substitute"),
    (Guard::PerProduct, "removed_per_product"),
];

/// Removals by guard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed([u64; NAMES.len()]);

impl Removed {
    /// Counts some.
    #[inline]
    pub fn add(&mut self, guard: Guard, count: u64) {
        self.0[guard as usize] += count;
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Removed) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, part)| *sum += part);
    }

    /// Lines of a model card.
    pub fn metrics(&self) -> impl Iterator<Item = Metric> {
        NAMES.iter().zip(self.0).map(|((_, name), count)| Metric::of(name, count as f64))
    }
}

/// The guards over customers and products, looked up once.
#[derive(Debug)]
pub struct Watch {
    /// What bars a customer from any offer.
    pub customers: Vec<Option<Guard>>,
    /// What bars a product from any offer.
    pub products: Vec<Option<Guard>>,
    /// Price − cost of a unit of each product, minor units.
    pub margins: Vec<Option<i64>>,
    /// Price of a unit of each product, minor units.
    pub prices: Vec<Option<i64>>,
    contact_cost: i64,
    min_expected_margin: i64,
    per_product: u32,
}

impl Watch {
    /// As of the as-of day.
    pub fn of(guards: &Guards, facts: &Facts) -> Watch {
        let margins = unit_margins(facts);
        let stock = facts.products.numbers::<Int32Type>("stock");
        let products = stock
            .iter()
            .zip(&margins)
            .map(|(stock, margin)| {
                if stock.is_some_and(|stock| stock <= 0) {
                    Some(Guard::Stock)
                } else if margin.unwrap_or(0) < guards.min_unit_margin {
                    Some(Guard::UnitMargin)
                } else {
                    None
                }
            })
            .collect();
        Watch {
            customers: barred_customers(guards, facts),
            products,
            margins,
            prices: facts.unit_values.prices.clone(),
            contact_cost: guards.contact_cost.into(),
            min_expected_margin: guards.min_expected_margin,
            per_product: guards.per_product,
        }
    }

    /// What an offer is expected to bring: probability × `margin` − the cost of the contact, rounded half away from
    /// zero; where the margin is not known, 0 − the cost, which ranks such offers behind those that bring anything.
    pub fn expected(&self, probability: f64, margin: Option<i64>) -> i64 {
        (margin.unwrap_or(0) as f64 * probability).round() as i64 - self.contact_cost
    }

    /// Whether an offer brings enough. Where the margin is not known it must be able to: there is no floor above 0, and
    /// the whole price, as far as that is known, reaches the floor there is.
    pub fn is_worth_it(&self, product: u32, probability: f64, margin: Option<i64>) -> bool {
        let reaches = |earned| self.expected(probability, Some(earned)) >= self.min_expected_margin;
        match margin {
            Some(margin) => reaches(margin),
            None => self.min_expected_margin <= 0 && self.prices[product as usize].is_none_or(reaches),
        }
    }

    /// Leaves each product to the `per_product` customers expected to bring most, ties by probability, then customer;
    /// `offer` gives product, expected margin, probability and customer of a row. Returns which rows stay.
    pub fn within_product_caps<T>(
        &self,
        rows: &[T],
        offer: impl Fn(&T) -> (u32, i64, f64, u32),
        removed: &mut Removed,
    ) -> Vec<bool> {
        let mut stays = vec![true; rows.len()];
        if self.per_product == 0 {
            return stays;
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by(|left, right| {
            let (left, right) = (offer(&rows[*left]), offer(&rows[*right]));
            (left.0.cmp(&right.0))
                .then(right.1.cmp(&left.1))
                .then(right.2.total_cmp(&left.2))
                .then(left.3.cmp(&right.3))
        });
        for same in order.chunk_by(|left, right| offer(&rows[*left]).0 == offer(&rows[*right]).0) {
            for place in same.iter().skip(self.per_product as usize) {
                stays[*place] = false;
                removed.add(Guard::PerProduct, 1);
            }
        }
        stays
    }
}

fn barred_customers(guards: &Guards, facts: &Facts) -> Vec<Option<Guard>> {
    let interactions = &facts.interactions;
    let among = |kinds: &[String]| interactions.kinds.among(&kinds.iter().map(String::as_str).collect::<Vec<_>>());
    let (contacts, complaints) = (among(&guards.contact_kinds), among(&guards.complaint_kinds));
    let since = |days: u16| facts.as_of - i32::from(days);
    (0..facts.customers.len())
        .map(|customer| {
            let mut barred = None;
            for at in facts.interactions_of(customer) {
                let (kind, day) = (interactions.kind[at] as usize, interactions.day[at]);
                let is_open = match interactions.matter[at] {
                    Matter::Open => guards.complaint_days > 0,
                    Matter::Unsaid => day >= since(guards.complaint_days),
                    Matter::Closed => false,
                };
                if complaints[kind] && is_open {
                    return Some(Guard::OpenComplaint);
                }
                if contacts[kind] && day >= since(guards.cool_down_days) {
                    barred = Some(Guard::CoolDown);
                }
            }
            let newest = facts.last_contact(customer);
            barred.or(newest.filter(|day| *day >= since(guards.cool_down_days)).map(|_| Guard::CoolDown))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(contact_cost: i64, min_expected_margin: i64) -> Watch {
        Watch {
            customers: Vec::new(),
            products: Vec::new(),
            margins: vec![None, None],
            prices: vec![Some(1_000), None],
            contact_cost,
            min_expected_margin,
            per_product: 0,
        }
    }

    #[test]
    fn what_is_not_known_must_be_able_to_reach_the_floor() {
        // Half of the price of 1,000 is 500, at no cost at all.
        assert!(watch(500, 0).is_worth_it(0, 0.5, None));
        assert!(!watch(501, 0).is_worth_it(0, 0.5, None));
        // Without a price nothing can be said, and a floor is not shown to be reached.
        assert!(watch(501, 0).is_worth_it(1, 0.5, None));
        assert!(!watch(0, 1).is_worth_it(0, 0.5, None));
        assert!(watch(0, 1).is_worth_it(0, 0.5, Some(2)));
        assert!(!watch(0, 2).is_worth_it(0, 0.5, Some(2)));
    }
}
