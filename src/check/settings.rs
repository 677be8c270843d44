//! The `[check]` section of `langgan.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contracts::rules::{Action, RULES, Rule, Severity, rule_of};

/// What is checked, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Days before the as-of date in which arrival, volume and copies are looked at.
    pub window_days: u32,
    /// Public holidays: `id` (Indonesia) or `none`; those of Indonesia where the currency is the rupiah.
    pub holidays: Option<String>,
    /// What differs from a rule's declaration, by rule.
    pub rules: BTreeMap<String, RuleSettings>,
}

/// What differs from a rule's declaration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSettings {
    /// `error` or `warning`.
    pub severity: Option<Severity>,
    /// `warn`, `quarantine`, `hold` or `off`.
    pub action: Option<Action>,
    /// The limit.
    pub threshold: Option<f64>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { window_days: 35, holidays: None, rules: BTreeMap::new() }
    }
}

impl Settings {
    /// Checks names and limits; the message says what is wrong.
    pub fn validate(&self) -> Result<(), String> {
        for (id, settings) in &self.rules {
            let Some(rule) = rule_of(id) else {
                let known: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
                return Err(format!("`[check.rules.{id}]`: there is no such rule; they are: {}", known.join(", ")));
            };
            if settings.threshold.is_some_and(|limit| rule.threshold.is_none() || !limit.is_finite() || limit < 0.0) {
                return Err(format!("`[check.rules.{id}] threshold`: the rule takes none, or not this one"));
            }
            let by_day = !matches!(rule.table, "customers" | "products");
            if !by_day && matches!(settings.action, Some(Action::Hold | Action::Quarantine)) {
                return Err(format!("`[check.rules.{id}] action`: a rule about {} can only warn", rule.table));
            }
        }
        match self.holidays.as_deref() {
            None | Some("id" | "none") => {}
            Some(other) => return Err(format!("`[check] holidays = \"{other}\"` is neither \"id\" nor \"none\"")),
        }
        if !(7..=3660).contains(&self.window_days) {
            return Err("`[check] window_days` is at least 7".into());
        }
        Ok(())
    }

    /// What a violation of a rule does.
    pub fn action(&self, rule: &Rule) -> Action {
        self.rules.get(rule.id).and_then(|settings| settings.action).unwrap_or(rule.action)
    }

    /// How loudly it is told.
    pub fn severity(&self, rule: &Rule) -> Severity {
        self.rules.get(rule.id).and_then(|settings| settings.severity).unwrap_or(rule.severity)
    }

    /// The rule's limit; zero for a rule without one.
    pub fn limit(&self, id: &str) -> f64 {
        let declared = rule_of(id).and_then(|rule| rule.threshold).map_or(0.0, |(limit, _)| limit);
        self.rules.get(id).and_then(|settings| settings.threshold).unwrap_or(declared)
    }

    /// Whether a rule is looked at.
    pub fn is_on(&self, id: &str) -> bool {
        rule_of(id).is_some_and(|rule| self.action(rule) != Action::Off)
    }
}
