//! Files that come late, twice, corrected or with other columns: what they touch, and what they do not hold up.

use super::support::Project;

const CONFIG: &str = "[sources.products]\ntable = \"products\"\nfiles = [\"products*.csv\"]\n\
    [sources.sales]\ntable = \"flat\"\nfiles = [\"in/{branch}_{day}*.csv\"]\n[sources.sales.columns]\nunit_price = \"Harga\"\n";
const HEAD: &str = "order_id,product_id,customer_id,branch_id,ordered_at,quantity,Harga\n";

fn day(branch: &str, day: u32, price: u32) -> String {
    let row = |n: u32| format!("{branch}{day}{n},p{n},c{n},{branch},2026-01-{day:02} 10:00:00,{n},{price}.50\n");
    format!("{HEAD}{}{}{}", row(1), row(2), row(3))
}

fn shop() -> Project {
    let project = Project::empty();
    project.write(
        "langgan.toml",
        CONFIG.split("[sources.sales]").nth(1).map(|rest| format!("[sources.sales]{rest}")).unwrap(),
    );
    for branch in ["JKT", "SBY"] {
        for number in 5..8 {
            project.write(&format!("in/{branch}_2026-01-{number:02}.csv"), day(branch, number, 10));
        }
    }
    project
}

fn manifest(project: &Project) -> serde_json::Value {
    serde_json::from_str(&project.read("lake/manifest.json")).unwrap()
}

/// Every table of the newest run.
fn tables(project: &Project) -> Vec<(String, String)> {
    project.run_files().into_iter().filter(|(name, _)| name.starts_with("tables/")).collect()
}

/// The tables of a project that loads everything at once.
fn rebuilt(project: &Project) -> Vec<(String, String)> {
    let again = Project::empty();
    again.write("langgan.toml", project.read("langgan.toml"));
    for folder in ["", "in"] {
        let Ok(entries) = std::fs::read_dir(project.path().join(folder)) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".csv") {
                again.write(format!("{folder}/{name}").trim_start_matches('/'), std::fs::read(entry.path()).unwrap());
            }
        }
    }
    let ran = again.run(&["run", "--quiet"]);
    assert!([0, 6].contains(&ran.code), "{}", ran.stderr);
    tables(&again)
}

#[test]
fn a_renamed_column_holds_its_file_and_no_other() {
    let project = shop();
    project.write("in/SBY_2026-01-06.csv", day("SBY", 6, 10).replace("Harga", "Harga Satuan"));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("held: source `sales`: `in/SBY_2026-01-06.csv` has no column `Harga`"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("Harga Satuan"), "{}", ran.stderr);
    let held = &manifest(&project)["held"][0];
    assert_eq!((held["code"].as_str(), held["unit"]["branch"].as_str()), (Some("column_missing"), Some("SBY")));
    assert_eq!(project.ok(&["query", "-c", "SELECT COUNT(*) AS n FROM lake_orders"]).stdout, "n\n15\n");
    assert_eq!(project.run(&["ingest", "--quiet"]).code, 6);
    let config = project.read("langgan.toml");
    project.write("langgan.toml", format!("{config}[sources.sales.renamed]\n\"Harga Satuan\" = \"Harga\"\n"));
    project.ok(&["run"]);
    assert!(manifest(&project)["held"].is_null());
    assert_eq!(tables(&project), rebuilt(&project));
}

#[test]
fn new_columns_are_named_and_held_where_they_would_change_figures() {
    let project = shop();
    project.ok(&["ingest"]);
    let wider =
        |name: &str| day("JKT", 8, 10).replace("Harga\n", &format!("Harga,{name}\n")).replace(".50\n", ".50,1\n");
    project.write("in/JKT_2026-01-08.csv", wider("Catatan"));
    let ran = project.ok(&["ingest"]);
    assert!(ran.stdout.contains("column `Catatan` added"), "{}", ran.stdout);
    project.write("in/JKT_2026-01-09.csv", wider("discount").replace("JKT8", "JKT9"));
    let ran = project.run(&["ingest"]);
    assert_eq!(ran.code, 6);
    assert!(ran.stderr.contains("new column `discount`, which would be read as `discount`"), "{}", ran.stderr);
    let config = project.read("langgan.toml");
    project.write("langgan.toml", format!("{config}discount = \"\"\n"));
    let ran = project.ok(&["ingest"]);
    assert!(ran.stdout.contains("column `Catatan` removed"), "{}", ran.stdout);
    project.write(
        "langgan.toml",
        config.replace("[sources.sales.columns]", "drift = \"hold\"\n[sources.sales.columns]\ndiscount = \"\""),
    );
    project.write("in/JKT_2026-01-10.csv", wider("Catatn").replace("JKT8", "JKT10"));
    let ran = project.run(&["ingest"]);
    assert_eq!(ran.code, 6);
    assert!(ran.stderr.contains("`Catatn` added") && ran.stderr.contains("`discount` removed"), "{}", ran.stderr);
}

#[test]
fn what_one_branch_adds_is_not_removed_from_the_files_of_another() {
    let project = shop();
    project.ok(&["ingest"]);
    let wider = day("JKT", 8, 10).replace("Harga\n", "Harga,Catatan\n").replace(".50\n", ".50,1\n");
    project.write("in/JKT_2026-01-08.csv", wider).write("in/SBY_2026-01-08.csv", day("SBY", 8, 10));
    let ran = project.ok(&["ingest"]);
    assert!(ran.stdout.contains("column `Catatan` added") && !ran.stdout.contains("removed"), "{}", ran.stdout);
    project.write("in/JKT_2026-01-09.csv", day("JKT", 9, 10));
    let ran = project.ok(&["ingest"]);
    assert!(ran.stdout.contains("column `Catatan` removed"), "{}", ran.stdout);
}

#[test]
fn a_column_that_holds_something_else_is_named() {
    let project = shop();
    project.write("in/JKT_2026-01-06.csv", day("JKT", 6, 10).replace("2026-01-06 10:00:00", "pagi"));
    let ran = project.run(&["ingest"]);
    assert_eq!(ran.code, 6);
    assert!(ran.stderr.contains("3 of 3 rows hold no ordered_at in `ordered_at` (bad_timestamp)"), "{}", ran.stderr);
    let held = &manifest(&project)["held"][0];
    assert_eq!((held["code"].as_str(), held["rows"]["rejected"].as_u64()), (Some("column_retyped"), Some(3)));
    assert!(project.path().join("lake").join(held["ledger"].as_str().unwrap()).exists());
    assert_eq!(project.ok(&["query", "-c", "SELECT COUNT(*) AS n FROM lake_rejects"]).stdout, "n\n3\n");
}

#[test]
fn a_file_is_about_the_branch_and_day_of_its_rows() {
    for at_once in [true, false] {
        let project = shop();
        let config = project.read("langgan.toml").replace("in/{branch}_{day}*.csv", "in/*.csv");
        project.write("langgan.toml", config.replace("table = \"flat\"", "table = \"flat\"\nunit = \"content\""));
        // A week of two branches is about no day and replaces nothing.
        let week = format!("{}{}", day("BDG", 5, 10), day("BDG", 6, 10).replace(HEAD, ""));
        project.write("in/week.csv", week);
        if !at_once {
            project.ok(&["run"]);
        }
        project.write("in/Koreksi (Ani).csv", day("JKT", 6, 20).replace("c3,JKT", "c4,JKT"));
        let said = project.ok(&["run"]).stdout;
        let batches = manifest(&project)["batches"].as_array().unwrap().clone();
        let of = |file: &str| batches.iter().find(|batch| batch["file"] == file).unwrap().clone();
        let (old, new) = (of("in/JKT_2026-01-06.csv"), of("in/Koreksi (Ani).csv"));
        assert_eq!((&new["unit"]["branch"], &new["unit"]["day"]), (&"JKT".into(), &"2026-01-06".into()), "{said}");
        assert_eq!((&new["rows"]["accepted"], &old["rows"]["superseded"]), (&3.into(), &3.into()));
        assert_eq!((&old["superseded_by"], &old["rows"]["accepted"]), (&new["id"], &0.into()));
        assert_eq!(
            (&of("in/week.csv")["unit"], &of("in/week.csv")["rows"]["accepted"]),
            (&serde_json::Value::Null, &6.into())
        );
        assert_eq!(tables(&project), rebuilt(&project));
        assert!(project.ok(&["ingest"]).stdout.contains("nothing new"));
        // Under the same name another day: what was said of the first day stays.
        project.write("in/Koreksi (Ani).csv", day("JKT", 7, 30));
        project.ok(&["ingest", "--quiet"]);
        let batches = manifest(&project)["batches"].as_array().unwrap().clone();
        let active = batches.iter().filter(|batch| batch["superseded_by"].is_null());
        let mut days: Vec<String> = active.map(|batch| format!("{} {}", batch["file"], batch["unit"]["day"])).collect();
        days.sort_unstable();
        assert_eq!(
            &days[..3],
            [
                "\"in/JKT_2026-01-05.csv\" \"2026-01-05\"",
                "\"in/Koreksi (Ani).csv\" \"2026-01-06\"",
                "\"in/Koreksi (Ani).csv\" \"2026-01-07\"",
            ]
        );
        assert_eq!(project.ok(&["query", "-c", "SELECT COUNT(*) AS n FROM lake_orders"]).stdout, "n\n24\n");
    }
}

#[test]
fn a_corrected_file_of_another_name_takes_the_place_of_the_first() {
    for both_at_once in [false, true] {
        let project = shop();
        if !both_at_once {
            project.ok(&["run", "--quiet"]);
        }
        project.write("in/SBY_2026-01-06(1).csv", day("SBY", 6, 20).replace("c3", "c4"));
        let ran = project.ok(&["run"]);
        let sql = "SELECT SUM(quantity * unit_price) AS amount, COUNT(*) AS n FROM lake_order_lines";
        assert_eq!(
            project.ok(&["query", "-c", sql]).stdout,
            format!("amount,n\n{},18\n", 5 * 6 * 1050 + 6 * 2050),
            "{}",
            ran.stdout
        );
        let check: serde_json::Value = serde_json::from_str(&project.ok(&["check", "--json"]).stdout).unwrap();
        let rows = ["received", "accepted", "superseded"].map(|name| check["sources"]["sales"][name].as_u64().unwrap());
        assert_eq!(rows, [21, 18, 3]);
        let before = project.read("lake/manifest.json");
        assert_eq!(project.ok(&["ingest"]).code, 0);
        assert_eq!(before, project.read("lake/manifest.json"));
        assert_eq!(tables(&project), rebuilt(&project));
    }
}

#[test]
fn a_correction_that_is_held_leaves_the_first_in_force() {
    let project = shop();
    project.write("in/SBY_2026-01-06(1).csv", day("SBY", 6, 20).replace("Harga", "Total"));
    let sql = "SELECT SUM(quantity * unit_price) AS amount, COUNT(*) AS n FROM lake_order_lines";
    for _ in 0..2 {
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 6, "{}", ran.stderr);
        assert_eq!(project.ok(&["query", "-c", sql]).stdout, format!("amount,n\n{},18\n", 6 * 6 * 1050));
    }
    project.write("in/SBY_2026-01-06(1).csv", day("SBY", 6, 20));
    project.ok(&["run"]);
    assert_eq!(project.ok(&["query", "-c", sql]).stdout, format!("amount,n\n{},18\n", 5 * 6 * 1050 + 6 * 2050));
    assert_eq!(tables(&project), rebuilt(&project));
}

#[test]
fn a_customer_only_a_superseded_file_named_is_gone() {
    let project = shop();
    project.ok(&["run", "--quiet"]);
    project.write("in/JKT_2026-01-05.csv", day("JKT", 5, 10).replace("c3", "only-here"));
    project.ok(&["run", "--quiet"]);
    project.write("in/JKT_2026-01-05.csv", day("JKT", 5, 10));
    project.ok(&["run", "--quiet"]);
    let found = project.ok(&["query", "-c", "SELECT customer_id FROM customers ORDER BY customer_id"]).stdout;
    assert_eq!(found, "customer_id\nc1\nc2\nc3\n");
    assert_eq!(tables(&project), rebuilt(&project));
}

#[test]
fn another_days_file_once_more_is_no_new_day() {
    let project = shop();
    project.ok(&["ingest"]);
    project.write("in/SBY_2026-01-08.csv", day("SBY", 7, 10));
    let ran = project.run(&["ingest"]);
    assert_eq!(ran.code, 6);
    assert!(
        ran.stderr.contains("`in/SBY_2026-01-08.csv` is `in/SBY_2026-01-07.csv` again, byte for byte"),
        "{}",
        ran.stderr
    );
}

#[test]
fn rows_are_counted_for_every_branch() {
    let project = shop();
    let text = format!("{}x,p1,c1,SBY,2026-01-05 10:00:00,bad,1.00\nragged\n", day("JKT", 5, 10));
    let config =
        project.read("langgan.toml").replace("[sources.sales.columns]", "reject_limit = 0.5\n[sources.sales.columns]");
    project.write("langgan.toml", config).write("in/JKT_2026-01-05.csv", text);
    project.ok(&["ingest"]);
    let manifest = manifest(&project);
    let batch =
        manifest["batches"].as_array().unwrap().iter().find(|batch| batch["file"] == "in/JKT_2026-01-05.csv").unwrap();
    let rows = |branch: &str| {
        ["received", "accepted", "rejected"].map(|name| batch["branches"][branch][name].as_u64().unwrap())
    };
    assert_eq!([rows("JKT"), rows("SBY"), rows("")], [[3, 3, 0], [1, 0, 1], [1, 0, 1]]);
}

const PARTS: &str = "[sources.products]\ntable = \"products\"\nfiles = [\"products*.csv\"]\n\
    [sources.orders]\ntable = \"orders\"\nfiles = [\"orders*.csv\"]\n\
    [sources.lines]\ntable = \"order_lines\"\nfiles = [\"lines*.csv\"]\nreject_limit = 0.9\n";

fn parts() -> Project {
    let project = Project::empty();
    project
        .write("langgan.toml", PARTS)
        .write("products-a.csv", "product_id,name,unit_cost\np1,Apel,1.00\np2,Jambu,1.00\n")
        .write("orders-1.csv", "order_id,customer_id,branch_id,ordered_at\n1,a,,2026-01-05 10:00:00\n2,b,,2026-02-06 10:00:00\n")
        .write(
            "lines-1.csv",
            "order_id,line_no,product_id,quantity,unit_price\n1,1,p1,1,2.00\n1,2,p3,1,3.00\n2,1,p2,1,4.00\n2,2,p1,1,5.00\n",
        );
    project
}

#[test]
fn rows_refused_for_want_of_a_parent_come_in_with_it() {
    let project = parts();
    project.ok(&["run", "--quiet"]);
    let lines = "SELECT COUNT(*) AS n FROM lake_order_lines";
    assert_eq!(project.ok(&["query", "-c", lines]).stdout, "n\n3\n");
    project.write("products-b.csv", "product_id,name,unit_cost\np3,Cabe,1.00\n");
    project.ok(&["run", "--quiet"]);
    assert_eq!(project.ok(&["query", "-c", lines]).stdout, "n\n4\n");
    assert_eq!(tables(&project), rebuilt(&project));
}

#[test]
fn rows_whose_parent_went_with_a_correction_go_too() {
    let project = parts();
    project.ok(&["run", "--quiet"]);
    project.write("products-a.csv", "product_id,name,unit_cost\np1,Apel,1.00\n");
    project.ok(&["run", "--quiet"]);
    let sql = "SELECT code FROM lake_rejects";
    assert_eq!(project.ok(&["query", "-c", sql]).stdout, "code\nunknown_product\nunknown_product\n");
    assert_eq!(tables(&project), rebuilt(&project));
}

#[test]
fn closed_months_that_move_are_logged() {
    let project = parts();
    assert!(!project.ok(&["ingest"]).stdout.contains("closed months"));
    // A late order of January, a line of January corrected; February is still open.
    project.write(
        "orders-0.csv",
        "order_id,customer_id,branch_id,ordered_at\n0,a,JKT,2026-01-04 10:00:00\n3,a,JKT,2026-02-20 10:00:00\n",
    );
    project.write("lines-0.csv", "order_id,line_no,product_id,quantity,unit_price\n0,1,p1,2,7.00\n3,1,p1,1,1.00\n");
    let lines = project.read("lines-1.csv").replace("1,1,p1,1,2.00", "1,1,p1,3,2.00");
    project.write("lines-1.csv", lines);
    let ran = project.ok(&["ingest"]);
    assert!(ran.stdout.contains("closed months that moved"), "{}", ran.stdout);
    let log = &manifest(&project)["restatements"];
    let rows: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["month"].as_str().unwrap(),
                row["branch"].as_str().unwrap(),
                row["orders"].as_i64().unwrap(),
                row["amount"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(rows, [("2026-01", "", 0, 400), ("2026-01", "JKT", 1, 1400)]);
    project.write("orders-1.csv", "order_id,customer_id,branch_id,ordered_at\n1,a,,2026-01-05 10:00:00\n");
    project.ok(&["ingest"]);
    assert_eq!(manifest(&project)["restatements"].as_array().unwrap().len(), 2);
}

/// The month so far, sent again every day under another name: what was there is not counted again.
#[test]
fn a_month_to_date_adds_its_new_days_whenever_it_comes() {
    let project = Project::empty();
    let config = CONFIG.split("[sources.sales]").nth(1).map(|rest| format!("[sources.sales]{rest}")).unwrap();
    project.write("langgan.toml", config.replace("{branch}_{day}*", "until_*"));
    let until = |last: u32| {
        // The same piece scanned twice is two lines.
        let days: String = (1..=last).map(|number| day("JKT", number, 10).replacen(HEAD, "", 1)).collect();
        format!("{HEAD}{days}JKT12,p2,c2,JKT,2026-01-01 10:00:00,2,10.50\n")
    };
    project.write("in/until_05.csv", until(5));
    project.ok(&["ingest", "--quiet"]);
    project.write("in/until_08.csv", until(8));
    let ingested = project.ok(&["ingest"]).stdout;
    assert!(ingested.contains("received 25 = accepted 9 + rejected 0 + duplicate 16"), "{ingested}");
    let sum = "SELECT COUNT(*) AS n, SUM(quantity * unit_price) AS v FROM lake_order_lines";
    assert_eq!(project.ok(&["query", "-c", sum]).stdout, "n,v\n25,52500\n");
    project.ok(&["run", "--quiet"]);
    assert_eq!(tables(&project), rebuilt(&project));
}

#[test]
fn an_order_number_of_another_branch_is_not_taken_for_its_order() {
    let project = shop();
    // One line of SBY under a number of JKT's, among three.
    project.write("in/SBY_2026-01-06.csv", day("SBY", 6, 10).replace("SBY62", "JKT62"));
    project.write("in/SBY_2026-01-07.csv", day("SBY", 7, 10).replace("SBY7", "JKT7"));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    let wanted = "3 of 3 rows have a number in `order_id` that another branch has used";
    assert!(
        ran.stderr.contains(wanted) && ran.stderr.contains("order_id = [\"branch_id\", \"order_id\"]"),
        "{}",
        ran.stderr
    );
    assert_eq!(manifest(&project)["held"][0]["code"], "reused_ids");
}
