//! The keys of exceptions: `rule/branch/day`, or `rule/branch/-/about` for what is of no day. A key stays the same from
//! run to run and over resends, so that a decision about one thing is about nothing else.

use crate::calendar::day_name;
use crate::lake::{Manifest, Unit};

/// What a key is made of. `-` stands for no branch and for no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'k> {
    /// The rule.
    pub rule: &'k str,
    /// The branch.
    pub branch: &'k str,
    /// The day, `YYYY-MM-DD`.
    pub day: &'k str,
    /// What it is about, where it is of no day: a file, or a correction.
    pub about: Option<&'k str>,
}

/// The key of what a rule found.
pub fn key(rule: &str, branch: &str, day: Option<i32>, about: &str) -> String {
    let branch = if branch.is_empty() { "-" } else { branch };
    match day {
        Some(day) => format!("{rule}/{branch}/{}", day_name(day)),
        None if about.is_empty() => format!("{rule}/{branch}/-"),
        None => format!("{rule}/{branch}/-/{about}"),
    }
}

/// Takes a key apart.
pub fn parts(key: &str) -> Option<Parts<'_>> {
    let (rule, rest) = key.split_once('/')?;
    if let Some((branch, about)) = rest.split_once("/-/") {
        return Some(Parts { rule, branch, day: "-", about: Some(about) });
    }
    let (branch, day) = rest.rsplit_once('/')?;
    Some(Parts { rule, branch, day, about: None })
}

/// The key that all findings of a rule and branch without a day shared in ledgers written before 0.2.
pub fn shared_before(key: &str) -> Option<String> {
    let parts = parts(key)?;
    parts.about.map(|_| format!("{}/{}/-", parts.rule, parts.branch))
}

/// What a file is called in a key: what it is about, where its name says so, so that a resend keeps the key.
pub fn about_file(source: &str, file: &str, unit: Option<&Unit>) -> String {
    match unit.filter(|unit| unit.replaces()) {
        Some(unit) => format!("{source}:{}", unit.0.values().map(String::as_str).collect::<Vec<_>>().join(",")),
        None => file.to_string(),
    }
}

/// What the file of a batch is called in a key; a table's name where it is of no batch.
pub fn about_batch(manifest: &Manifest, place: u32, table: &str) -> String {
    let batch = manifest.batches.get(place as usize);
    batch.map_or_else(|| table.into(), |batch| about_file(&batch.source, &batch.file, batch.unit.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_apart_as_it_was_put_together() {
        let day = crate::check::exceptions::day_of("2026-03-05");
        for (rule, branch, day, about, written) in [
            ("control_totals", "JKT-01", day, "", "control_totals/JKT-01/2026-03-05"),
            ("control_totals", "", day, "", "control_totals/-/2026-03-05"),
            ("refused_row", "", None, "exports/customers.csv", "refused_row/-/-/exports/customers.csv"),
            ("file_totals", "JKT/2", None, "sales:JKT,2026", "file_totals/JKT/2/-/sales:JKT,2026"),
        ] {
            let made = key(rule, branch, day, about);
            assert_eq!(made, written);
            let found = parts(&made).unwrap();
            assert_eq!((found.rule, found.about), (rule, Some(about).filter(|about| !about.is_empty())));
            assert_eq!(found.branch, if branch.is_empty() { "-" } else { branch });
            assert_eq!(found.day, if day.is_some() { "2026-03-05" } else { "-" });
        }
        assert_eq!(shared_before("refused_row/-/-/a.csv").as_deref(), Some("refused_row/-/-"));
        assert_eq!(shared_before("refused_row/-/2026-03-05"), None);
    }

    #[test]
    fn a_resend_is_about_the_same() {
        let unit = |day: &str| Unit([("day".to_string(), day.to_string())].into());
        let about = |file: &str, unit: Option<&Unit>| about_file("sales", file, unit);
        assert_eq!(about("s_05.csv", Some(&unit("5"))), about("s_05(1).csv", Some(&unit("5"))));
        assert_ne!(about("s_05.csv", Some(&unit("5"))), about("s_06.csv", Some(&unit("6"))));
        let branch_alone = Unit([("branch".to_string(), "JKT".to_string())].into());
        assert_eq!(about("s_JKT.csv", Some(&branch_alone)), "s_JKT.csv");
    }
}
