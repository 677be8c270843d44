//! Runs every `tests/cases/*.md`: given exports, expected tables, both as a business reader writes them.

use std::collections::BTreeMap;

use langgan::analyses::Analyses;

use super::support::{Project, repository};

/// A case: a heading, an as-of day, given tables, expected tables.
#[derive(Debug, Default)]
struct Case {
    title: String,
    as_of: String,
    settings: String,
    given: BTreeMap<String, String>,
    expected: Vec<(String, String)>,
}

#[test]
fn every_case_holds() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(repository("tests/cases")).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let cases = read(&text);
        assert!(!cases.is_empty(), "{} holds no case", path.display());
        for case in cases {
            count += 1;
            if let Err(message) = check(&case) {
                wrong.push(format!("{} — {}:\n{message}", path.file_name().unwrap().to_string_lossy(), case.title));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases do not hold\n\n{}", wrong.len(), wrong.join("\n\n"));
    println!("{count} cases hold");
}

#[test]
fn every_analysis_has_cases() {
    let own: Vec<&str> =
        Analyses::IDS.iter().copied().filter(|id| !repository(&format!("tests/cases/{id}.md")).exists()).collect();
    assert_eq!(own, [""; 0], "these analyses have no file in tests/cases");
}

fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut block: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some((kind, body)) = &mut block {
            if line.trim() != "```" {
                body.push_str(line);
                body.push('\n');
                continue;
            }
            let case = cases.last_mut().expect("a block stands under a `## ` heading");
            let words: Vec<&str> = kind.split_whitespace().collect();
            match words.as_slice() {
                ["toml"] => case.settings.push_str(body),
                ["csv", "expect", table] => case.expected.push(((*table).into(), std::mem::take(body))),
                ["csv", table] => drop(case.given.insert((*table).into(), std::mem::take(body))),
                other => panic!("unknown block {other:?}"),
            }
            block = None;
        } else if let Some(kind) = line.strip_prefix("```") {
            block = Some((kind.trim().into(), String::new()));
        } else if let Some(title) = line.strip_prefix("## ") {
            cases.push(Case { title: title.into(), ..Case::default() });
        } else if let (Some(at), Some(case)) = (line.find("As of "), cases.last_mut()) {
            case.as_of = line[at + 6..].chars().take(10).collect();
        }
    }
    cases
}

fn check(case: &Case) -> Result<(), String> {
    let project = Project::empty();
    let mut config = String::from("[currency]\ndecimals = 2\n");
    for (table, rows) in &case.given {
        project.write(&format!("{table}.csv"), rows);
        config.push_str(&format!(
            "[sources.{table}]\ntable = \"{table}\"\nfiles = [\"{table}.csv\"]\nreject_limit = 1.0\n"
        ));
    }
    project.write("langgan.toml", format!("{config}{}", case.settings));
    let ran = project.run(&["run", "--as-of", &case.as_of, "--json"]);
    if ran.code != 0 {
        return Err(format!("exit code {}\n{}{}", ran.code, ran.stdout, ran.stderr));
    }
    for (table, expected) in &case.expected {
        let expected: Vec<Vec<String>> = rows(expected);
        let (header, expected) = expected.split_first().ok_or("an expected table has no header")?;
        let sql = format!(
            "SELECT {} FROM {table}",
            header.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        );
        let found = project.run(&["query", "-c", &sql]);
        if found.code != 0 {
            return Err(format!("{table}: {}", found.stderr));
        }
        let found = rows(&found.stdout);
        let same = found.len() == expected.len() + 1
            && expected.iter().zip(&found[1..]).all(|(left, right)| {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
            });
        if !same {
            return Err(format!(
                "{table}\nexpected:\n{}\nfound:\n{}",
                show(expected),
                show(&found[1.min(found.len())..])
            ));
        }
    }
    Ok(())
}

/// Equal as text, or as numbers to the digits written in the expectation.
fn equal(expected: &str, found: &str) -> bool {
    if expected == found {
        return true;
    }
    let (Ok(left), Ok(right)) = (expected.parse::<f64>(), found.parse::<f64>()) else { return false };
    let digits = expected.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let written = expected.trim_start_matches(['-', '0', '.']).chars().filter(char::is_ascii_digit).count();
    if written >= 8 {
        (left - right).abs() <= 1e-6 * left.abs()
    } else {
        (left - right).abs() <= 0.5000001 * 10_f64.powi(-(digits as i32)) && digits > 0 || left == right
    }
}

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
}

fn show(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| format!("  {}", row.join(","))).collect::<Vec<_>>().join("\n")
}
