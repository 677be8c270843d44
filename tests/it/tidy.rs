//! The house rules a compiler does not check: which module may use which, no hidden clock, no drawer, short files.

use std::path::PathBuf;

use super::support::repository;

/// Which modules a module may use. `stats`, `error` and `contracts` are for everybody.
const ARROWS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("calendar", &[]),
    ("contracts", &["error"]),
    ("stats", &[]),
    ("sample", &[]),
    ("lake", &["contracts", "error"]),
    ("ingest", &["calendar", "contracts", "error", "lake"]),
    ("init", &["calendar", "contracts", "error", "ingest"]),
    ("check", &["calendar", "contracts", "error", "ingest", "lake"]),
    ("facts", &["calendar", "contracts", "error", "lake", "stats"]),
    ("analyses", &["calendar", "contracts", "error", "facts", "stats"]),
    ("marts", &["calendar", "analyses", "contracts", "error", "lake"]),
    ("segments", &["analyses", "calendar", "contracts", "error"]),
    ("engine", &["calendar", "analyses", "check", "contracts", "error", "facts", "lake", "marts", "segments"]),
    ("diff", &["analyses", "contracts", "engine", "error", "segments"]),
    ("config", &["analyses", "check", "error", "ingest", "segments"]),
    (
        "deliver",
        &["calendar", "analyses", "check", "config", "contracts", "engine", "error", "facts", "lake", "segments"],
    ),
];

fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![repository("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(repository("src")).unwrap().to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn arrows_point_one_way() {
    let mut wrong = Vec::new();
    for (name, text) in code() {
        let module = name.split(['/', '.']).next().unwrap();
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == module) else { continue };
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1) {
                let used: String =
                    used.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
                if !used.is_empty() && used != module && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("src/{name}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every file without its tests.
fn code() -> Vec<(String, String)> {
    let product = |name: &str| !name.contains("test") && !name.ends_with("cdnow.rs") && !name.contains("/demo");
    let cut = |text: &str| text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_string();
    sources().into_iter().filter(|(name, _)| product(name)).map(|(name, text)| (name, cut(&text))).collect()
}

#[test]
fn no_clock_but_in_the_command_line() {
    for (name, text) in code().iter().filter(|(name, _)| !name.starts_with("cli/") && !name.starts_with("engine/")) {
        for clock in ["Utc::now", "Local::now", "SystemTime::now", "Instant::now"] {
            assert!(!text.contains(clock), "src/{name} reads a clock");
        }
    }
    let engine = sources().into_iter().filter(|(name, _)| name.starts_with("engine/"));
    for (name, text) in engine {
        assert!(!text.contains("Local::now") && !text.contains("Utc::now"), "src/{name} reads the calendar");
    }
}

#[test]
fn only_the_command_line_prints() {
    for (name, text) in code().iter().filter(|(name, _)| !name.starts_with("cli/")) {
        let prints = text.lines().any(|line| {
            !line.trim_start().starts_with("//")
                && ["println!(", "eprintln!(", "print!(", "dbg!("].iter().any(|print| line.contains(print))
        });
        assert!(!prints, "src/{name} prints");
    }
}

#[test]
fn files_are_short_and_named_for_what_they_are() {
    for (name, text) in sources() {
        assert!(text.lines().count() <= 600, "src/{name} has {} lines", text.lines().count());
        for drawer in ["util", "utils", "helper", "helpers", "common", "misc"] {
            assert!(!name.split(['/', '.']).any(|part| part == drawer), "src/{name} is a drawer");
        }
    }
}

#[test]
fn no_file_is_forgotten() {
    let registry = std::fs::read_to_string(repository("src/analyses/mod.rs")).unwrap();
    for id in langgan::analyses::Analyses::IDS {
        let file = repository(&format!("src/analyses/{id}.rs"));
        assert!(file.exists() || repository(&format!("src/analyses/{id}/mod.rs")).exists(), "{id} has no file");
        assert!(registry.contains(&format!("    {id}: ")), "{id} is registered on a line of its own");
    }
    for entry in std::fs::read_dir(repository("tests/cases")).unwrap().flatten() {
        let name = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(langgan::analyses::Analyses::IDS.contains(&name.as_str()), "tests/cases/{name}.md is of no analysis");
    }
}
