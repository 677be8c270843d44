//! Why a customer is called: one ordered list of rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Queue;
use super::history::{History, NEVER};
use super::signals::{ChurnSignal, Offer, Spared};
use super::talking_points::Points;
use crate::analyses::activity::{months_after, next_birthday};

/// A reason to call.
#[derive(Debug)]
pub struct Rule {
    /// Its one name: reason, configuration key.
    pub name: &'static str,
    /// How urgent it is, unless the configuration says otherwise.
    pub weight: u32,
    /// Whether it holds of a customer.
    pub holds: fn(&Subject<'_>) -> bool,
    /// What to say.
    pub points: fn(&Subject<'_>, &mut Points),
}

/// Every rule, the most urgent first. Windows reach back from the as-of day, which they do not contain.
pub static RULES: &[Rule] = &[
    Rule {
        name: "complaint",
        weight: 100,
        holds: |of| of.within(of.history.complaint, of.queue.complaint_days),
        points: |of, points| points.add("complaint", of.days_since(of.history.complaint)),
    },
    Rule {
        name: "lapsed_high_value",
        weight: 80,
        holds: |of| {
            of.spared != Spared::Worthless
                && of.history.high_value
                && of.between(of.history.last_order, of.queue.lapsed_days)
        },
        points: |of, points| points.add("spent", of.history.monetary),
    },
    Rule {
        name: "churn_risk",
        weight: 75,
        holds: |of| of.churn.is_some(),
        points: |of, points| {
            if let Some(churn) = of.churn {
                points.add("churn_percent", (churn.probability * 100.0).round() as i64);
                points.add("profit_at_risk", churn.profit_at_risk);
            }
        },
    },
    Rule {
        name: "win_back",
        weight: 70,
        holds: |of| of.spared == Spared::No && of.broke_the_habit(),
        points: |of, points| {
            // Orders of one day have no gap to speak of.
            if let Some(gap) = of.usual_gap {
                points.add("usual_gap", gap.into());
            }
        },
    },
    Rule {
        name: "returned_item",
        weight: 60,
        holds: |of| of.within(of.history.returned, of.queue.returned_days),
        points: |of, points| {
            points.add("returned", of.days_since(of.history.returned));
            points.add_text("returned_product", of.returned_product.unwrap_or_default());
        },
    },
    Rule {
        name: "wishlist",
        weight: 50,
        holds: |of| of.history.open_wish.is_some(),
        points: |of, points| points.add_text("wish", of.wished_product.unwrap_or_default()),
    },
    Rule {
        name: "follow_up",
        weight: 45,
        holds: |of| of.history.follow_up != NEVER,
        points: |of, points| points.add_day("follow_up", of.history.follow_up),
    },
    Rule {
        name: "first_order",
        weight: 40,
        holds: |of| of.within(of.history.first_order, of.queue.first_order_days),
        points: |of, points| points.add("first_order", of.days_since(of.history.first_order)),
    },
    Rule {
        name: "gone_quiet",
        weight: 35,
        holds: |of| of.spared == Spared::No && of.left_a_window(),
        points: |of, points| points.add("quiet", of.days_since(of.history.last_activity)),
    },
    Rule {
        name: "birthday",
        weight: 30,
        holds: |of| {
            let days = i32::from(of.queue.birthday_days);
            of.history.orders > 0 && of.birthday().is_some_and(|day| day - of.as_of < days)
        },
        points: |of, points| points.add_day("birthday", of.birthday().unwrap_or(of.as_of)),
    },
    Rule {
        name: "offer",
        weight: 20,
        // Nothing is sold to a customer who has just complained.
        holds: |of| of.offer.is_some() && !of.within(of.history.complaint, of.queue.complaint_days),
        points: |of, points| points.add_text("offer", of.offer.map_or("", |offer| offer.kind)),
    },
];

/// A customer as the rules see it.
pub struct Subject<'s> {
    /// The parameters.
    pub queue: &'s Queue,
    /// The as-of day.
    pub as_of: i32,
    /// What the customer did.
    pub history: &'s History,
    /// Date of birth.
    pub birth: Option<i32>,
    /// Whether the customer is not to be chased.
    pub spared: Spared,
    /// Whether the customer is worth keeping and may leave.
    pub churn: Option<&'s ChurnSignal>,
    /// The best product to offer.
    pub offer: Option<&'s Offer>,
    /// What the customer wishes for; known when talking points are made.
    pub wished_product: Option<&'s str>,
    /// What went back; known when talking points are made.
    pub returned_product: Option<&'s str>,
    /// The usual days between his orders; known when talking points are made.
    pub usual_gap: Option<i32>,
}

impl Subject<'_> {
    /// Days from a day to the as-of day; nothing for what never happened.
    pub fn days_since(&self, day: i32) -> i64 {
        if day == NEVER { 0 } else { i64::from(self.as_of - day) }
    }

    /// The next birthday, the as-of day included.
    pub fn birthday(&self) -> Option<i32> {
        self.birth.map(|birth| next_birthday(birth, self.as_of))
    }

    fn within(&self, day: i32, days: u16) -> bool {
        day != NEVER && day >= self.as_of - i32::from(days)
    }

    fn between(&self, day: i32, [from, to]: [u16; 2]) -> bool {
        day != NEVER && (i32::from(from)..=i32::from(to)).contains(&(self.as_of - day))
    }

    /// Silent for longer than `win_back_gaps` times the average gap between two orders so far.
    fn broke_the_habit(&self) -> bool {
        let history = self.history;
        history.orders >= self.queue.win_back_orders.max(2)
            && self.between(history.last_order, self.queue.win_back_days)
            && self.days_since(history.last_order) * i64::from(history.orders - 1)
                > i64::from(self.queue.win_back_gaps) * i64::from(history.last_order - history.first_order)
    }

    /// The last activity fell out of the one-month or the six-month window today or in the `follow_up_days`
    /// before.
    fn left_a_window(&self) -> bool {
        let before = self.as_of - 1 - i32::from(self.queue.follow_up_days);
        let fell_out = |months: i32| {
            (months_after(before, -months)..months_after(self.as_of, -months)).contains(&self.history.last_activity)
        };
        self.history.last_activity != NEVER && (fell_out(1) || fell_out(6))
    }
}

/// The weight of each rule; 0: off. In the configuration: `[queue.rules]`, rule = weight, `true` or `false`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Setting>", into = "BTreeMap<String, u32>")]
pub struct RuleWeights(Vec<u32>);

/// What the configuration says of a rule.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Setting {
    On(bool),
    Weight(u32),
}

impl RuleWeights {
    /// The weight of the rule at a place in [`RULES`].
    pub fn of(&self, place: usize) -> u32 {
        self.0[place]
    }

    /// These rules with their own weights, all others off.
    pub fn only(names: &[&str]) -> RuleWeights {
        RuleWeights(RULES.iter().map(|rule| if names.contains(&rule.name) { rule.weight } else { 0 }).collect())
    }
}

impl Default for RuleWeights {
    fn default() -> RuleWeights {
        RuleWeights(RULES.iter().map(|rule| rule.weight).collect())
    }
}

impl TryFrom<BTreeMap<String, Setting>> for RuleWeights {
    type Error = String;

    fn try_from(settings: BTreeMap<String, Setting>) -> Result<RuleWeights, String> {
        let mut weights = RuleWeights::default();
        for (name, setting) in settings {
            let Some(place) = RULES.iter().position(|rule| rule.name == name) else {
                let known: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
                return Err(format!("`{name}` is not a rule of the queue; they are: {}", known.join(", ")));
            };
            weights.0[place] = match setting {
                Setting::On(true) => RULES[place].weight,
                Setting::On(false) => 0,
                Setting::Weight(weight) => weight,
            };
        }
        Ok(weights)
    }
}

impl From<RuleWeights> for BTreeMap<String, u32> {
    fn from(weights: RuleWeights) -> BTreeMap<String, u32> {
        RULES.iter().map(|rule| rule.name.to_string()).zip(weights.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_in_the_order_of_their_weights() {
        assert!(RULES.is_sorted_by(|a, b| a.weight > b.weight));
    }

    #[test]
    fn rules_can_be_reweighted_and_switched_off_and_unknown_ones_are_refused() {
        let read = |text: &str| toml::from_str::<RuleWeights>(text);
        let weights = read("birthday = false\ncomplaint = 7\noffer = true").unwrap();
        let place = |name: &str| RULES.iter().position(|rule| rule.name == name).unwrap();
        assert_eq!(
            [weights.of(place("birthday")), weights.of(place("complaint")), weights.of(place("offer"))],
            [0, 7, 20]
        );
        let written = toml::to_string(&weights).unwrap();
        assert_eq!(read(&written).unwrap(), weights);
        assert!(read("birthdays = 3").unwrap_err().to_string().contains("they are: complaint"));
        assert!(read("birthday = -3").is_err());
    }
}
