//! What a file is about, as its name says: `sales_{branch}_{day}.csv`.
//!
//! Of the files of a source that are about the same, one is in force: a name that says correction after one that does
//! not, then the last by name, `…(2)` after `…`, `rev10` after `rev9`. That does not depend on which of them came first.
//! A name that says only the branch replaces none.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::values::TimeFormat;
use crate::calendar::day_name;
use crate::lake::Unit;

/// A pattern of file names.
#[derive(Debug, Clone)]
pub struct Pattern {
    parts: Vec<Part>,
    text: String,
}

#[derive(Debug, Clone)]
enum Part {
    Letter(char),
    One,
    Any,
    Named(String, Vec<TimeFormat>),
}

/// How a day may be written in a file name.
const DAYS: [&str; 3] = ["%Y-%m-%d", "%Y%m%d", "%Y_%m_%d"];

impl Pattern {
    /// Reads a pattern; the message says what is wrong with it.
    pub fn new(text: &str) -> Result<Pattern, String> {
        let mut parts = Vec::new();
        let mut names = Vec::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                '*' => Part::Any,
                '?' => Part::One,
                '{' => {
                    let inner: String = letters.by_ref().take_while(|letter| *letter != '}').collect();
                    let (name, format) = inner.split_once(':').unwrap_or((&inner, ""));
                    let formats: Vec<&str> = match (name, format) {
                        ("day", "") => DAYS.to_vec(),
                        (_, "") => Vec::new(),
                        (_, format) => vec![format],
                    };
                    let formats: Option<Vec<TimeFormat>> = formats.into_iter().map(TimeFormat::new).collect();
                    let plain = name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
                    if name.is_empty() || !plain || names.contains(&name.to_string()) {
                        return Err(format!("`{{{inner}}}` in `{text}` is no name of its own"));
                    }
                    names.push(name.to_string());
                    Part::Named(name.into(), formats.ok_or_else(|| format!("`{format}` is no pattern of a day"))?)
                }
                letter => Part::Letter(letter),
            });
        }
        Ok(Pattern { parts, text: text.into() })
    }

    /// The same pattern for the file system.
    pub fn glob(&self) -> String {
        if !self.has_names() {
            return self.text.clone();
        }
        let part = |part: &Part| match part {
            Part::Letter(letter) => *letter,
            Part::One => '?',
            Part::Any | Part::Named(..) => '*',
        };
        let mut glob: String = self.parts.iter().map(part).collect();
        while glob.contains("**") {
            glob = glob.replace("**", "*");
        }
        glob
    }

    /// What a file is about; `None` where the name does not fit, `Some(None)` where the pattern names nothing.
    pub fn unit(&self, file: &str) -> Option<Option<Unit>> {
        if !self.has_names() {
            return Some(None);
        }
        let letters: Vec<char> = file.chars().collect();
        let mut found = BTreeMap::new();
        fits(&self.parts, &letters, &mut found).then_some(Some(Unit(found)))
    }

    fn has_names(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Named(..)))
    }
}

/// Whether a name fits, and what its named parts are: the shortest that fit, of days the longest, as `2026-01-2` is in
/// `2026-01-25` and another day.
fn fits(parts: &[Part], letters: &[char], found: &mut BTreeMap<String, String>) -> bool {
    let Some((part, rest)) = parts.split_first() else { return letters.is_empty() };
    let within = || letters.iter().take_while(|letter| **letter != '/').count();
    match part {
        Part::Letter(letter) => letters.first() == Some(letter) && fits(rest, &letters[1..], found),
        Part::One => letters.first().is_some_and(|letter| *letter != '/') && fits(rest, &letters[1..], found),
        Part::Any => (0..=within()).any(|length| fits(rest, &letters[length..], found)),
        Part::Named(name, formats) => (1..=within()).any(|at| {
            let length = if formats.is_empty() { at } else { within() + 1 - at };
            let text: String = letters[..length].iter().collect();
            let day = || formats.iter().find_map(|format| format.date(text.as_bytes()));
            let value = match formats.is_empty() {
                true => Some(text.clone()),
                false => day().map(|day| day_name(day as i32)),
            };
            let Some(value) = value else { return false };
            found.insert(name.clone(), value);
            fits(rest, &letters[length..], found)
        }),
    }
}

/// Words for a correction, Indonesian and English.
const CORRECTIONS: [&str; 7] = ["koreksi", "perbaikan", "ralat", "revisi", "correct", "corrig", "revis"];

/// Whether the name of a file, not of its folders, says that it corrects another.
fn is_correction(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    CORRECTIONS.iter().any(|word| name.contains(word))
}

/// The order of two file names: corrections last, then the part before the extension, numbers by value.
pub fn by_name(a: &str, b: &str) -> Ordering {
    let stem = |name: &str| {
        let start = name.rfind('/').map_or(0, |at| at + 1);
        name[start..].find('.').map_or(name.len(), |at| start + at)
    };
    let corrections = is_correction(a).cmp(&is_correction(b));
    corrections.then_with(|| natural(&a[..stem(a)], &b[..stem(b)])).then_with(|| a.cmp(b))
}

fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (a.first(), b.first()) {
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (m, n) = (digits(a), digits(b));
        if m > 0 && n > 0 {
            let bare = |text: &[u8]| text.iter().position(|byte| *byte != b'0').unwrap_or(text.len());
            let (p, q) = (&a[bare(&a[..m])..m], &b[bare(&b[..n])..n]);
            let order = p.len().cmp(&q.len()).then_with(|| p.cmp(q));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[m..], &b[n..]);
        } else if x != y {
            return x.cmp(y);
        } else {
            (a, b) = (&a[1..], &b[1..]);
        }
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(pattern: &str, file: &str) -> Option<Vec<(String, String)>> {
        Some(Pattern::new(pattern).unwrap().unit(file)??.0.into_iter().collect())
    }

    #[test]
    fn a_name_says_branch_and_day() {
        let pairs = |branch: &str, day: &str| {
            Some(vec![("branch".to_string(), branch.to_string()), ("day".to_string(), day.to_string())])
        };
        assert_eq!(unit("in/s_{branch}_{day}*.csv", "in/s_JKT_01_2026-01-05.csv"), pairs("JKT_01", "2026-01-05"));
        assert_eq!(unit("in/s_{branch}_{day}*.csv", "in/s_SBY_20260105(2).csv"), pairs("SBY", "2026-01-05"));
        let december = pairs("SBY-02", "2026-12-25");
        assert_eq!(unit("s-{branch}-{day}*.csv", "s-SBY-02-2026-12-25.csv"), december);
        assert_eq!(unit("s-{branch}-{day}*.csv", "s-SBY-02-20261225-rev2.csv"), december);
        assert_eq!(unit("{branch}-{day:%d%m%Y}.csv", "SBY-05012026.csv"), pairs("SBY", "2026-01-05"));
        assert_eq!(unit("{branch}-{day}.csv", "SBY-2026-02-30.csv"), None);
        assert_eq!(Pattern::new("a*.csv").unwrap().unit("anything"), Some(None));
        assert!(Pattern::new("{day:%Q}").is_err() && Pattern::new("{branch}{branch}").is_err());
        assert_eq!(Pattern::new("x/{branch}_?.csv").unwrap().glob(), "x/*_?.csv");
    }

    #[test]
    fn a_correction_comes_after_what_it_corrects() {
        for (first, second) in [
            ("a.csv", "a(1).csv"),
            ("a.csv", "a-rev2.csv"),
            ("a-rev9.csv", "a-rev10.csv"),
            ("x/a.csv", "x/a_2.csv"),
            ("penjualan.csv", "Koreksi penjualan.csv"),
            ("05/z.csv", "06/a.csv"),
        ] {
            assert_eq!(by_name(first, second), Ordering::Less, "{first} {second}");
            assert_eq!(by_name(second, first), Ordering::Greater, "{first} {second}");
        }
    }
}
