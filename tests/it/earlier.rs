//! What a run takes from earlier ones: moves, frozen cut-points; and that running a day again changes nothing.

use super::support::Project;

const CONFIG: &str = "[currency]\ncode = \"EUR\"\n[sources.sales]\ntable = \"flat\"\nfiles = [\"sales.csv\"]\n";

/// Twelve customers; number n orders on n days of January and on n / 2 of February.
fn shop(settings: &str) -> Project {
    let project = Project::empty();
    let mut rows = String::from("order_id,product_id,customer_id,ordered_at,quantity,unit_price\n");
    for customer in 1..=12 {
        for (month, days) in [(1, customer), (2, customer / 2)] {
            for day in 1..=days {
                rows.push_str(&format!(
                    "{customer}-{month}-{day},p,c{customer:02},2026-{month:02}-{day:02} 10:00:00,1,{customer}.50\n"
                ));
            }
        }
    }
    project.write("sales.csv", rows).write("langgan.toml", format!("{CONFIG}{settings}"));
    project
}

fn query(project: &Project, sql: &str) -> String {
    project.ok(&["query", "-c", sql]).stdout
}

#[test]
fn moves_are_counted_against_the_previous_run_and_a_day_run_again_is_the_same() {
    let project = shop("");
    project.ok(&["run", "--quiet", "--as-of", "2026-01-20"]);
    project.ok(&["run", "--quiet", "--as-of", "2026-03-01"]);
    assert_eq!(query(&project, "SELECT DISTINCT since FROM rfm_migration"), "since\n2026-01-20\n");
    let counted = query(&project, "SELECT SUM(customers) AS n FROM rfm_migration WHERE segment <> 'outside'");
    assert_eq!(counted, query(&project, "SELECT COUNT(*) AS n FROM rfm"));
    let moved = "SELECT SUM(moved_by_customer + moved_by_cuts + moved_by_both + moved_by_ties) AS n FROM rfm_migration";
    let movers = "SELECT COUNT(*) AS n FROM rfm_moves WHERE cause <> 'came' AND cause <> 'went'";
    assert_eq!(query(&project, moved), query(&project, movers));
    assert_ne!(query(&project, movers), "n\n0\n");
    // `langgan diff` finds the same, in the same money.
    let json = |words: &[&str]| serde_json::from_str::<serde_json::Value>(&project.ok(words).stdout).unwrap();
    let answers = json(&["diff", "2026-01-20", "2026-03-01", "--json"]);
    let moves = &answers["RFM segments: who moved, and whether the customer or the cut-points did"];
    let published = json(&["query", "--json", "-c", "SELECT * FROM rfm_migration"]);
    for (found, expected) in moves.as_array().unwrap().iter().zip(published.as_array().unwrap()) {
        assert!(found["monetary"].as_str().unwrap().contains('.'), "{found}");
        assert!(found.as_object().unwrap().iter().all(|(name, value)| *value == expected[name]), "{found} {expected}");
    }
    assert_eq!(moves.as_array().unwrap().len(), published.as_array().unwrap().len());
    let first = project.run_files();
    project.ok(&["run", "--quiet", "--as-of", "2026-03-01"]);
    assert_eq!(first, project.run_files());
    // A later run is none of this one's business.
    project.ok(&["run", "--quiet", "--as-of", "2026-04-01"]);
    project.ok(&["run", "--quiet", "--as-of", "2026-03-01"]);
    std::fs::remove_file(project.path().join("runs/latest")).unwrap();
    std::os::unix::fs::symlink("2026-03-01", project.path().join("runs/latest")).unwrap();
    assert_eq!(first, project.run_files());
}

#[test]
fn without_an_earlier_run_a_month_ago_is_worked_out() {
    let project = shop("");
    project.ok(&["run", "--quiet", "--as-of", "2026-03-01"]);
    assert_eq!(query(&project, "SELECT DISTINCT since FROM rfm_migration"), "since\n2026-02-01\n");
    // A run that measured something else cannot be compared with.
    let other = shop("[rfm]\nmonths = 12\n");
    other.ok(&["run", "--quiet", "--as-of", "2026-02-15"]);
    other.write("langgan.toml", CONFIG);
    other.ok(&["run", "--quiet", "--as-of", "2026-03-01"]);
    assert_eq!(query(&other, "SELECT DISTINCT since FROM rfm_migration"), "since\n2026-02-01\n");
}

#[test]
fn a_new_map_moves_nobody() {
    let project = shop("");
    project.ok(&["run", "--quiet", "--as-of", "2026-01-20"]);
    project.write("langgan.toml", format!("{CONFIG}[rfm]\nrule = \"frozen\"\nmap = \"cells_125\"\n"));
    project.ok(&["run", "--quiet", "--as-of", "2026-01-21"]);
    let causes = query(&project, "SELECT DISTINCT cause FROM rfm_moves ORDER BY cause");
    assert_eq!(causes, "cause\ncustomer\n", "a day passed, no cut-point moved");
    assert!(query(&project, "SELECT DISTINCT previous_segment FROM rfm_migration").contains("lost"));
}

#[test]
fn frozen_cut_points_stay_those_of_the_first_run_or_of_the_one_named() {
    let project = shop("[rfm]\nrule = \"frozen\"\n");
    let cuts = "SELECT axis, score, from_value FROM rfm_cuts ORDER BY axis, score";
    let scale = "SELECT DISTINCT scale_as_of FROM rfm_cuts";
    project.ok(&["run", "--quiet", "--as-of", "2026-01-20"]);
    let first = query(&project, cuts);
    for day in ["2026-02-10", "2026-03-01"] {
        project.ok(&["run", "--quiet", "--as-of", day]);
        assert_eq!(query(&project, cuts), first);
        assert_eq!(query(&project, scale), "scale_as_of\n2026-01-20\n");
        assert_eq!(query(&project, "SELECT SUM(moved_by_cuts + moved_by_both) AS n FROM rfm_migration"), "n\n0\n");
    }
    project.write("langgan.toml", CONFIG);
    project.ok(&["run", "--quiet", "--as-of", "2026-03-02"]);
    assert_ne!(query(&project, cuts), first);
    project.write("langgan.toml", format!("{CONFIG}[rfm]\nrule = \"frozen\"\nfrozen_run = \"2026-01-20\"\n"));
    project.ok(&["run", "--quiet", "--as-of", "2026-03-03"]);
    assert_eq!(query(&project, cuts), first);
    project.write("langgan.toml", format!("{CONFIG}[rfm]\nrule = \"frozen\"\nfrozen_run = \"2025-01-20\"\n"));
    let ran = project.run(&["run", "--as-of", "2026-03-04"]);
    assert!(ran.code == 2 && ran.stderr.contains("no run `2025-01-20` before 2026-03-04"), "{}", ran.stderr);
}

#[test]
fn a_map_with_a_hole_is_refused_before_anything_is_done() {
    let project = shop("[rfm.map]\nbest = \"5*\"\nrest = \"[1-3]*\"\n");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("cell 411 (recency 4, frequency 1, monetary 1) is left out"), "{}", ran.stderr);
    assert!(!project.path().join("lake").exists());
}
