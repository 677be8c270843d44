//! Subscriptions as the export describes them.

use arrow::datatypes::{Int32Type, Int64Type};

use crate::facts::Facts;

/// Days of a month, on average.
const DAYS_PER_MONTH: f64 = 365.25 / 12.0;

/// What subscriptions are grouped by: the name in results, the column.
pub struct Group {
    /// Its name in results.
    pub name: &'static str,
    column: &'static str,
}

/// What subscriptions are grouped by.
pub const GROUPS: [Group; 3] = [
    Group { name: "type", column: "contract_type" },
    Group { name: "service", column: "contract_service" },
    Group { name: "payment", column: "contract_payment" },
];

/// The subscription of one customer.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// The customer's number.
    pub customer: usize,
    /// What it costs a month, minor units.
    pub charge: Option<i64>,
    /// By [`GROUPS`]; empty where unknown.
    pub groups: [String; 3],
    /// When it began and ended, or how long it has run.
    pub span: Span,
}

/// What is known of the time of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// First day, and the day it ended.
    Days(i32, Option<i32>),
    /// Months it has run, and whether it has ended.
    Months(u32, bool),
}

impl Subscription {
    /// Whether it had ended before a day.
    pub fn has_ended(&self, day: i32) -> bool {
        match self.span {
            Span::Days(_, end) => end.is_some_and(|end| end < day),
            Span::Months(_, ended) => ended,
        }
    }

    /// Whether it ran on the eve of a day.
    pub fn runs(&self, day: i32) -> bool {
        match self.span {
            Span::Days(start, _) => start < day && !self.has_ended(day),
            Span::Months(_, ended) => !ended,
        }
    }

    /// Whole months it had run before a day.
    pub fn months(&self, day: i32) -> u32 {
        match self.span {
            Span::Days(start, end) => {
                let until = end.map_or(day, |end| end.min(day));
                (f64::from((until - start).max(0)) / DAYS_PER_MONTH).floor() as u32
            }
            Span::Months(months, _) => months,
        }
    }
}

/// The subscriptions that began before the as-of day, by customer. Days count where the export has them.
pub fn subscriptions(facts: &Facts) -> Vec<Subscription> {
    let customers = &facts.customers;
    let (starts, ends) = (customers.dates("contract_start"), customers.dates("contract_end"));
    let (months, ended) = (customers.numbers::<Int32Type>("contract_months"), customers.flags("contract_ended"));
    let charges = customers.numbers::<Int64Type>("monthly_charge");
    let subscription = |customer: usize| {
        let span = match (starts[customer], months[customer]) {
            (Some(start), _) if start < facts.as_of => Span::Days(start, ends[customer]),
            (None, Some(months)) => {
                Span::Months(u32::try_from(months).ok()?, ended[customer] == Some(true) || ends[customer].is_some())
            }
            _ => return None,
        };
        let groups = GROUPS.map(|group| customers.text_at(group.column, customer).to_string());
        Some(Subscription { customer, charge: charges[customer], groups, span })
    };
    (0..customers.len()).filter_map(subscription).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_runs_to_the_day_it_ends() {
        let of = |span| Subscription { customer: 0, charge: None, groups: Default::default(), span };
        let subscription = of(Span::Days(100, Some(200)));
        assert_eq!([100, 101, 200, 201].map(|day| subscription.runs(day)), [false, true, true, false]);
        assert_eq!([131, 500].map(|day| subscription.months(day)), [1, 3]);
        assert!(!of(Span::Days(100, None)).has_ended(9_999));
        assert!(of(Span::Months(7, true)).has_ended(0) && of(Span::Months(7, false)).runs(0));
    }
}
