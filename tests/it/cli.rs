//! The binary as a user meets it: what it prints, its exit codes, its errors.

use std::os::unix::fs::PermissionsExt;

use super::support::{Project, Ran};

fn screen(project: &Project, ran: &Ran) -> String {
    let place = project.path().to_string_lossy().into_owned();
    let text = format!("exit code {}\n--- stdout\n{}--- stderr\n{}", ran.code, ran.stdout, ran.stderr);
    text.replace(&place, "PROJECT")
}

const SMALL: &str =
    "[currency]\ncode = \"EUR\"\n[sources.sales]\ntable = \"flat\"\nfiles = [\"sales.csv\"]\nreject_limit = 0.5\n";
const SALES: &str = "order_id,product_id,customer_id,ordered_at,quantity,unit_price\n\
    1,apple,ann,2026-01-05 10:00:00,2,1.50\n1,pear,ann,2026-01-05 10:00:00,1,2.00\n\
    2,apple,bob,2026-01-06 11:00:00,1,1.50\n3,pear,,2026-01-07 12:00:00,1,x\n";

fn small() -> Project {
    let project = Project::empty();
    project.write("langgan.toml", SMALL).write("sales.csv", SALES);
    project
}

#[test]
fn ingest_prints_the_row_arithmetic_and_the_rejects() {
    let project = small();
    insta::assert_snapshot!(screen(&project, &project.run(&["ingest"])));
}

#[test]
fn loading_the_same_bytes_again_changes_nothing() {
    let project = small();
    project.ok(&["ingest"]);
    let before = project.read("lake/manifest.json");
    insta::assert_snapshot!(screen(&project, &project.run(&["ingest"])));
    assert_eq!(before, project.read("lake/manifest.json"));
}

#[test]
fn a_corrected_file_takes_the_place_of_the_first() {
    let project = small();
    project.ok(&["ingest"]);
    project.write("sales.csv", SALES.replace(",x\n", ",2.25\n"));
    project.ok(&["ingest"]);
    let found = project.ok(&["query", "-c", "SELECT COUNT(*) AS n FROM lake_order_lines"]);
    assert_eq!(found.stdout, "n\n4\n");
    let check: serde_json::Value = serde_json::from_str(&project.ok(&["check", "--json"]).stdout).unwrap();
    let rows = ["received", "accepted", "rejected", "superseded"];
    let rows = rows.map(|name| check["sources"]["sales"][name].as_u64().unwrap());
    assert_eq!(rows, [8, 4, 1, 3]);
}

#[test]
fn a_dry_run_keeps_nothing() {
    let project = small();
    project.ok(&["ingest", "--dry-run"]);
    assert!(!project.path().join("lake/manifest.json").exists());
}

#[test]
fn errors_say_what_where_and_what_next() {
    let project = small();
    let mut screens = String::new();
    let mut tell = |what: &str, ran: &Ran| screens.push_str(&format!("=== {what}\n{}\n", screen(&project, ran)));
    project.write("langgan.toml", SMALL.replace("sales.csv", "missing.csv"));
    tell("a missing file", &project.run(&["run"]));
    project.write("langgan.toml", format!("{SMALL}[sources.sales.columns]\nquantity = \"qty\"\n"));
    tell("an unknown column", &project.run(&["run"]));
    project.write("langgan.toml", format!("{SMALL}delimitr = \";\"\n"));
    tell("an unknown key", &project.run(&["run"]));
    project.write("langgan.toml", SMALL).write("sales.csv", "");
    tell("an empty file", &project.run(&["run"]));
    project.write("sales.csv", SALES.lines().next().unwrap());
    tell("only a header", &project.run(&["run"]));
    project.write("sales.csv", SALES.replace(':', "."));
    tell("every row bad", &project.run(&["run"]));
    tell("an unknown source", &project.run(&["ingest", "sale"]));
    tell("an unknown analysis", &project.run(&["analyze", "churns"]));
    tell("a bad day", &project.run(&["run", "--as-of", "31/01/2026"]));
    tell("no such command", &project.run(&["ingset"]));
    std::fs::remove_file(project.path().join("langgan.toml")).unwrap();
    tell("no project", &project.run(&["run"]));
    insta::assert_snapshot!(screens);
}

#[test]
fn a_failed_load_leaves_the_last_good_state() {
    let project = small();
    project.ok(&["run"]);
    let batches = |project: &Project| {
        serde_json::from_str::<serde_json::Value>(&project.read("lake/manifest.json")).unwrap()["batches"].clone()
    };
    let (before, run) = (batches(&project), project.run_files());
    project.write("sales.csv", SALES.replace(':', "."));
    assert_eq!(project.run(&["run"]).code, 3);
    assert_eq!(before, batches(&project));
    assert_eq!(run, project.run_files());
}

#[test]
fn a_folder_without_write_permission_is_an_io_error() {
    let project = small();
    project.ok(&["run"]);
    let runs = project.path().join("runs/.store");
    let all = std::fs::metadata(&runs).unwrap().permissions();
    std::fs::set_permissions(&runs, std::fs::Permissions::from_mode(0o500)).unwrap();
    let writable = tempfile::tempfile_in(&runs).is_ok();
    let ran = project.run(&["run", "--as-of", "2026-01-07"]);
    std::fs::set_permissions(&runs, all).unwrap();
    if writable {
        println!("skipped: this user may write anywhere");
        return;
    }
    assert_eq!(ran.code, 74, "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: give this user write permission"), "{}", ran.stderr);
}

#[test]
fn a_second_run_is_turned_away() {
    let project = small();
    project.ok(&["ingest"]);
    let lock = std::fs::OpenOptions::new().write(true).open(project.path().join("lake/.lock")).unwrap();
    lock.lock().unwrap();
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 75, "{}", ran.stderr);
    drop(lock);
    project.ok(&["run"]);
}

#[test]
fn the_sample_runs_and_says_what_it_set_aside() {
    let project = Project::sample();
    let ran = project.ok(&["run"]);
    insta::assert_snapshot!(screen(&project, &ran));
    for file in
        ["report.html", "report.xlsx", "run.json", "rejects.csv", "tables/customers.parquet", "tables/queue.parquet"]
    {
        assert!(project.path().join("runs/latest").join(file).exists(), "{file}");
    }
    let report = project.read("runs/latest/report.html");
    assert!(!report.contains("<script") && !report.contains("http://") && !report.contains("https://"));
}

#[test]
fn a_customer_is_found_by_any_identifier() {
    let project = Project::sample();
    project.ok(&["run", "--quiet"]);
    let first = |sql: &str| project.ok(&["query", "-c", sql]).stdout.lines().nth(1).unwrap().to_string();
    let plate = first("SELECT value FROM lake_identifiers WHERE kind = 'vehicle' ORDER BY value LIMIT 1");
    let owner = first("SELECT customer_id FROM lake_identifiers WHERE kind = 'vehicle' ORDER BY value LIMIT 1");
    for key in [plate.clone(), plate.replace(' ', "").to_lowercase(), owner.clone()] {
        let shown = project.ok(&["customer", &key, "--json"]).stdout;
        assert!(shown.contains(&format!("\"customer_id\": \"{owner}\"")), "{key}: {shown}");
    }
    assert_eq!(project.run(&["customer", "no such plate"]).code, 2);
}

#[test]
fn json_is_for_scripts() {
    let project = small();
    for words in [
        &["ingest", "--json"][..],
        &["run", "--json"],
        &["check", "--json"],
        &["query", "--json", "-c", "SELECT 1 AS one"],
        &["analyze", "rfm", "--json"],
        &["report", "--json"],
    ] {
        let ran = project.ok(words);
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(&ran.stdout);
        assert!(parsed.is_ok(), "{words:?}: {}", ran.stdout);
    }
}

#[test]
fn quiet_is_quiet() {
    let project = small();
    let ran = project.ok(&["run", "--quiet"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

#[test]
fn init_never_replaces_a_configuration_unasked() {
    let project = small();
    project.write("sales.csv", SALES.replace(",x\n", ",2.25\n"));
    let ran = project.run(&["init", "--from", "sales.csv"]);
    assert_eq!(ran.code, 2);
    assert_eq!(project.read("langgan.toml"), SMALL);
    project.ok(&["init", "--from", "sales.csv", "--force"]);
    project.ok(&["run"]);
}

#[test]
fn customers_first_named_and_then_described_are_one() {
    let project = small();
    project.ok(&["run", "--quiet"]);
    let customers = "[sources.customers]\ntable = \"customers\"\nfiles = [\"customers.csv\"]\n";
    project
        .write("langgan.toml", format!("{SMALL}{customers}"))
        .write("customers.csv", "customer_id,name\nann,Ann\nbob,Bob\ncid,Cid\n");
    project.ok(&["run", "--quiet"]);
    let found = project.ok(&["query", "-c", "SELECT customer_id, name, n_orders FROM customers ORDER BY customer_id"]);
    assert_eq!(found.stdout, "customer_id,name,n_orders\nann,Ann,1\nbob,Bob,1\ncid,Cid,0\n");
}

#[test]
fn killed_at_any_moment_the_next_run_is_whole() {
    use std::time::Duration;
    let whole = Project::sample();
    whole.ok(&["run", "--quiet"]);
    let project = Project::sample();
    for milliseconds in [5, 20, 40, 60, 90, 130, 180, 250] {
        let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_langgan"))
            .args(["run", "--quiet"])
            .current_dir(project.path())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        let _ = run.kill();
        run.wait().unwrap();
        if project.path().join("runs/latest").exists() {
            assert_eq!(whole.run_files(), project.run_files(), "after {milliseconds} ms");
        }
    }
    project.ok(&["run", "--quiet"]);
    assert_eq!(whole.run_files(), project.run_files());
    let mut litter = Vec::new();
    for folder in ["lake/orders", "lake/order_lines", "runs/.store"] {
        for entry in std::fs::read_dir(project.path().join(folder)).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                litter.push(name);
            }
        }
    }
    assert_eq!(litter, [""; 0]);
}

#[test]
fn an_export_without_rows_does_not_take_the_place_of_one_with_rows() {
    let project = small();
    project.ok(&["run"]);
    let run = project.run_files();
    project.write("sales.csv", SALES.lines().next().unwrap());
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("a header and no row"), "{}", ran.stderr);
    assert_eq!(run, project.run_files());
}

#[test]
fn every_analysis_runs_by_itself_and_gives_what_the_whole_run_gave() {
    let project = Project::sample();
    project.ok(&["run", "--quiet"]);
    for id in langgan::analyses::Analyses::IDS {
        let tables: serde_json::Value = serde_json::from_str(&project.ok(&["analyze", id, "--json"]).stdout).unwrap();
        for (table, rows) in tables.as_object().unwrap() {
            let published = project.ok(&["query", "--json", "-c", &format!("SELECT * FROM {table}")]).stdout;
            let published: serde_json::Value = serde_json::from_str(&published).unwrap();
            assert!(*rows == published, "{id}: {table}");
        }
    }
}
