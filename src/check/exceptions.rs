//! The life of an exception: opened when a rule finds something, decided by the administrator, closed by itself when the
//! source is mended, opened again when it breaks again. A pure fold over the events of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::keys;
use super::look::Arrivals;
use crate::calendar::{day_name, day_number};

/// Something that happened, one line of the ledger. `at` is the as-of day it was known at: no clock is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The as-of day.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// Somebody looked; these batches were seen for the first time.
    Checked {
        /// Ids of batches.
        batches: Vec<String>,
    },
    /// A rule found something.
    Opened {
        /// `rule/branch/day`, or `rule/branch/-/about`.
        key: String,
        /// Who answers for the branch's data.
        owner: String,
        /// What exactly was found.
        fingerprint: String,
    },
    /// It was found again, or is no longer what was decided about.
    Reopened {
        /// The exception.
        key: String,
        /// What exactly was found.
        fingerprint: String,
        /// `broken_again`, `changed` or `waiver_over`.
        because: String,
    },
    /// What shared a key with other things has one of its own; how it stood goes on.
    Split {
        /// The exception.
        key: String,
        /// The key it shared.
        from: String,
        /// Who answers for the branch's data.
        owner: String,
        /// What exactly was found.
        fingerprint: String,
    },
    /// A correction has mended it; the source has not.
    Corrected {
        /// The exception.
        key: String,
    },
    /// It is no longer found.
    Closed {
        /// The exception.
        key: String,
    },
    /// The administrator decided.
    Decided {
        /// The exception.
        key: String,
        /// What.
        verdict: Verdict,
        /// Who.
        by: String,
        /// Why.
        reason: String,
        /// The last as-of day it holds for, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
    },
}

/// A decision of the administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The data are right as they are.
    Accepted,
    /// The branch's day stays out until this is accepted.
    Held,
    /// Let it pass for now.
    Waived,
}

/// Where an exception stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Found, and nobody has decided.
    Open,
    /// Found once more after it was closed or decided.
    Reopened,
    /// Held back by the administrator.
    Held,
    /// Passed for now by the administrator.
    Waived,
    /// Accepted by the administrator.
    Accepted,
    /// Mended by a correction.
    Corrected,
    /// No longer found.
    Closed,
}

impl State {
    /// Whether somebody has to do something.
    pub fn is_open(self) -> bool {
        matches!(self, State::Open | State::Reopened | State::Held)
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Reopened => "reopened",
            State::Held => "held",
            State::Waived => "waived",
            State::Accepted => "accepted",
            State::Corrected => "corrected",
            State::Closed => "closed",
        }
    }
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Where it stands.
    pub state: State,
    /// The as-of day it was first opened at.
    pub opened: i32,
    /// The as-of day it was last opened at.
    pub reopened: i32,
    /// Who answers for it.
    pub owner: String,
    /// What exactly was found last.
    pub fingerprint: String,
    /// The last decision: who, why, at and until which as-of day.
    pub decision: Option<Decision>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What.
    pub verdict: Verdict,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The as-of day it was taken at.
    pub at: String,
    /// The last as-of day it holds for.
    pub until: Option<String>,
}

/// What the ledger says at an as-of day.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Every exception ever, by key.
    pub exceptions: BTreeMap<String, Exception>,
    /// When batches were first seen.
    pub arrivals: Arrivals,
    /// The newest as-of day of any event, later ones included.
    pub newest: Option<i32>,
}

impl Book {
    /// Folds the events up to an as-of day.
    pub fn fold(events: &[Event], as_of: i32) -> Book {
        let mut book = Book::default();
        for event in events {
            let Some(at) = day_of(&event.at) else { continue };
            book.newest = book.newest.max(Some(at));
            if at <= as_of {
                book.apply(at, &event.what);
            }
        }
        book
    }

    /// Takes in one event.
    pub fn apply(&mut self, at: i32, what: &What) {
        match what {
            What::Checked { batches } => {
                self.arrivals.checked.insert(at);
                for batch in batches {
                    self.arrivals.first_seen.entry(batch.clone()).or_insert(at);
                }
            }
            What::Opened { key, owner, fingerprint } => {
                let exception = Exception {
                    state: State::Open,
                    opened: at,
                    reopened: at,
                    owner: owner.clone(),
                    fingerprint: fingerprint.clone(),
                    decision: None,
                };
                // It may be known from a look at a later day: how it stands goes on.
                let known = self.exceptions.entry(key.clone()).or_insert(exception);
                known.opened = known.opened.min(at);
            }
            What::Reopened { key, fingerprint, .. } => {
                if let Some(exception) = self.exceptions.get_mut(key) {
                    (exception.state, exception.reopened) = (State::Reopened, at);
                    exception.fingerprint.clone_from(fingerprint);
                }
            }
            What::Split { key, from, owner, fingerprint } => {
                if let Some(shared) = self.exceptions.get(from) {
                    let (owner, fingerprint) = (owner.clone(), fingerprint.clone());
                    let own = Exception { owner, fingerprint, ..shared.clone() };
                    self.exceptions.insert(key.clone(), own);
                }
            }
            What::Corrected { key } => self.set(key, State::Corrected),
            What::Closed { key } => self.set(key, State::Closed),
            What::Decided { key, verdict, by, reason, until } => {
                let state = match verdict {
                    Verdict::Accepted => State::Accepted,
                    Verdict::Held => State::Held,
                    Verdict::Waived => State::Waived,
                };
                let exception = self.exceptions.entry(key.clone()).or_insert_with(|| Exception {
                    state,
                    opened: at,
                    reopened: at,
                    owner: by.clone(),
                    fingerprint: String::new(),
                    decision: None,
                });
                exception.state = state;
                exception.decision = Some(Decision {
                    verdict: *verdict,
                    by: by.clone(),
                    reason: reason.clone(),
                    at: day_name(at),
                    until: until.clone(),
                });
            }
        }
    }

    /// An exception whose key it shared with others until now: how it stands, and the event that says so. A decision
    /// about all of them holds on for each, as long as none of them has changed.
    fn split(&self, found: &Found) -> Option<(Exception, What)> {
        let from = keys::shared_before(&found.key)?;
        let shared = self.exceptions.get(&from).filter(|shared| shared.state != State::Closed)?;
        let unchanged = found.shared_fingerprint.as_deref() == Some(&shared.fingerprint);
        let fingerprint = if unchanged { &found.fingerprint } else { &shared.fingerprint };
        let own = Exception { owner: found.owner.clone(), fingerprint: fingerprint.clone(), ..shared.clone() };
        let split =
            What::Split { key: found.key.clone(), from, owner: found.owner.clone(), fingerprint: fingerprint.clone() };
        Some((own, split))
    }

    fn set(&mut self, key: &str, state: State) {
        if let Some(exception) = self.exceptions.get_mut(key) {
            exception.state = state;
        }
    }

    /// The keys of branch-days the administrator holds back by hand.
    pub fn held_by_hand(&self) -> impl Iterator<Item = (&str, i32)> {
        self.exceptions.iter().filter(|(_, exception)| exception.state == State::Held).filter_map(|(key, _)| {
            let (branch, day) = key.strip_prefix("held/")?.rsplit_once('/')?;
            Some((branch, day_of(day)?))
        })
    }

    /// What the day's findings change: the events to be written down.
    pub fn observe(&self, found: &[Found], window_from: i32, as_of: i32) -> Vec<What> {
        let mut events = Vec::new();
        let keys: BTreeSet<&str> = found.iter().map(|found| found.key.as_str()).collect();
        for found in found {
            let (key, fingerprint) = (found.key.clone(), found.fingerprint.clone());
            let reopen = |because: &str| What::Reopened {
                key: found.key.clone(),
                fingerprint: found.fingerprint.clone(),
                because: because.into(),
            };
            let known = match self.exceptions.get(&found.key) {
                Some(known) => known.clone(),
                None => {
                    let Some((own, split)) = self.split(found) else {
                        let open = What::Opened { key: key.clone(), owner: found.owner.clone(), fingerprint };
                        events.push(open);
                        if found.is_corrected {
                            events.push(What::Corrected { key });
                        }
                        continue;
                    };
                    events.push(split);
                    own
                }
            };
            let over = |until: &Option<String>| until.as_deref().and_then(day_of).is_some_and(|day| as_of > day);
            match known.state {
                State::Corrected if found.is_corrected => {}
                _ if found.is_corrected => events.push(What::Corrected { key }),
                State::Closed | State::Corrected => events.push(reopen("broken_again")),
                State::Accepted | State::Waived
                    if known.decision.as_ref().is_some_and(|decision| over(&decision.until)) =>
                {
                    events.push(reopen("waiver_over"));
                }
                State::Accepted if known.fingerprint != found.fingerprint => events.push(reopen("changed")),
                _ => {}
            }
        }
        for (key, exception) in &self.exceptions {
            let gone = exception.state != State::Closed && !keys.contains(key.as_str()) && !key.starts_with("held/");
            // What is only looked for in the days just before is not mended by growing old.
            let too_old = is_recent_rule(key) && day_in(key).is_some_and(|day| day < window_from);
            if gone && !too_old {
                events.push(What::Closed { key: key.clone() });
            }
        }
        events
    }
}

/// A finding, as far as its life is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `rule/branch/day`, or `rule/branch/-/about`.
    pub key: String,
    /// Who answers for the branch's data.
    pub owner: String,
    /// What exactly was found.
    pub fingerprint: String,
    /// Whether corrections mend it.
    pub is_corrected: bool,
    /// What was found under the key it shared in older ledgers.
    pub shared_fingerprint: Option<String>,
}

fn is_recent_rule(key: &str) -> bool {
    let rule = keys::parts(key).and_then(|parts| crate::contracts::rules::rule_of(parts.rule));
    rule.is_some_and(|rule| rule.recent)
}

fn day_in(key: &str) -> Option<i32> {
    day_of(keys::parts(key)?.day)
}

/// The number of a day written `YYYY-MM-DD`.
pub fn day_of(text: &str) -> Option<i32> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    day_number(parts.next()??, parts.next()??, parts.next()??)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "control_totals/A/2026-03-05";

    fn found(fingerprint: &str, is_corrected: bool) -> Vec<Found> {
        vec![Found {
            key: DAY.into(),
            owner: "Sri".into(),
            fingerprint: fingerprint.into(),
            is_corrected,
            shared_fingerprint: None,
        }]
    }

    /// Plays one morning, and says how the exception stands.
    fn morning(book: &mut Book, at: &str, found: &[Found]) -> Option<State> {
        let at = day_of(at).unwrap();
        for what in book.observe(found, at - 35, at) {
            book.apply(at, &what);
        }
        assert!(book.observe(found, at - 35, at).is_empty(), "looking twice changes nothing");
        book.exceptions.get(DAY).map(|exception| exception.state)
    }

    fn decide(book: &mut Book, at: &str, verdict: Verdict, until: Option<&str>) {
        let what = What::Decided {
            key: DAY.into(),
            verdict,
            by: "Sri".into(),
            reason: "seen".into(),
            until: until.map(String::from),
        };
        book.apply(day_of(at).unwrap(), &what);
    }

    #[test]
    fn mended_closes_and_broken_again_reopens() {
        let mut book = Book::default();
        assert_eq!(morning(&mut book, "2026-03-06", &found("x", false)), Some(State::Open));
        assert_eq!(morning(&mut book, "2026-03-07", &[]), Some(State::Closed));
        assert_eq!(morning(&mut book, "2026-03-08", &found("x", false)), Some(State::Reopened));
        assert_eq!(book.exceptions[DAY].opened, day_of("2026-03-06").unwrap());
    }

    #[test]
    fn what_was_accepted_is_only_that() {
        let mut book = Book::default();
        morning(&mut book, "2026-03-06", &found("x", false));
        decide(&mut book, "2026-03-06", Verdict::Accepted, None);
        assert_eq!(morning(&mut book, "2026-03-07", &found("x", false)), Some(State::Accepted));
        assert_eq!(morning(&mut book, "2026-03-08", &found("y", false)), Some(State::Reopened));
    }

    #[test]
    fn a_waiver_runs_out() {
        let mut book = Book::default();
        morning(&mut book, "2026-03-06", &found("x", false));
        decide(&mut book, "2026-03-06", Verdict::Waived, Some("2026-03-08"));
        assert_eq!(morning(&mut book, "2026-03-08", &found("y", false)), Some(State::Waived));
        assert_eq!(morning(&mut book, "2026-03-09", &found("y", false)), Some(State::Reopened));
    }

    #[test]
    fn a_correction_holds_until_the_source_is_mended_or_breaks_otherwise() {
        let mut book = Book::default();
        assert_eq!(morning(&mut book, "2026-03-06", &found("x", true)), Some(State::Corrected));
        assert_eq!(morning(&mut book, "2026-03-07", &found("x", true)), Some(State::Corrected));
        assert_eq!(morning(&mut book, "2026-03-08", &found("z", false)), Some(State::Reopened));
        assert_eq!(morning(&mut book, "2026-03-09", &[]), Some(State::Closed));
    }

    #[test]
    fn growing_old_is_not_being_mended() {
        let mut book = Book::default();
        let key = "missing_day/A/2026-03-05".to_string();
        let missing = Found {
            key: key.clone(),
            owner: String::new(),
            fingerprint: String::new(),
            is_corrected: false,
            shared_fingerprint: None,
        };
        let at = day_of("2026-03-06").unwrap();
        for what in book.observe(&[missing], at - 35, at) {
            book.apply(at, &what);
        }
        assert!(book.observe(&[], at + 20, at + 55).is_empty());
        assert_eq!(book.exceptions[&key].state, State::Open);
    }

    /// Before, what was of no branch and no day shared a key: `refused_row/-/-`. Now each file has its own.
    #[test]
    fn a_ledger_from_when_keys_were_shared_is_understood() {
        let at = day_of("2026-03-06").unwrap();
        let shared = |state: Option<Verdict>| {
            let mut book = Book::default();
            let found = Found {
                key: "refused_row/-/-".into(),
                owner: String::new(),
                fingerprint: "both".into(),
                is_corrected: false,
                shared_fingerprint: None,
            };
            book.observe(&[found], at - 35, at).iter().for_each(|what| book.apply(at, what));
            if let Some(verdict) = state {
                let key = "refused_row/-/-".to_string();
                let (by, reason, until) = ("Sri".into(), "seen".into(), None);
                book.apply(at, &What::Decided { key, verdict, by, reason, until });
            }
            book
        };
        let files = |together: &str| -> Vec<Found> {
            let file = |name: &str| Found {
                key: format!("refused_row/-/-/{name}"),
                owner: String::new(),
                fingerprint: name.into(),
                is_corrected: false,
                shared_fingerprint: Some(together.into()),
            };
            vec![file("a.csv"), file("b.csv")]
        };
        let next = |book: &mut Book, found: &[Found]| {
            let events = book.observe(found, at - 34, at + 1);
            events.iter().for_each(|what| book.apply(at + 1, what));
            assert!(book.observe(found, at - 34, at + 1).is_empty(), "looking twice changes nothing");
            let state = |key: &str| book.exceptions[key].state;
            [state("refused_row/-/-"), state("refused_row/-/-/a.csv"), state("refused_row/-/-/b.csv")]
        };
        let mut open = shared(None);
        assert_eq!(next(&mut open, &files("both")), [State::Closed, State::Open, State::Open]);
        assert_eq!(open.exceptions["refused_row/-/-/a.csv"].opened, at, "its age goes on");
        let mut accepted = shared(Some(Verdict::Accepted));
        assert_eq!(next(&mut accepted, &files("both")), [State::Closed, State::Accepted, State::Accepted]);
        let mut changed = shared(Some(Verdict::Accepted));
        assert_eq!(next(&mut changed, &files("other")), [State::Closed, State::Reopened, State::Reopened]);
    }
}
