//! The planted faults of the sample: each costs its own row, with its own code, and the rows add up.

use std::collections::BTreeMap;

use super::support::{Project, sample_data};

fn faults() -> Vec<(String, u64, String)> {
    let mut reader = csv::Reader::from_path(sample_data().join("faults.csv")).unwrap();
    let mut faults = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        faults.push((record[0].to_string(), record[1].parse().unwrap(), record[2].to_string()));
    }
    faults.sort();
    faults
}

#[test]
fn every_planted_fault_gets_its_code_and_nothing_else_is_refused() {
    let project = Project::sample();
    project.ok(&["run", "--quiet"]);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').from_path(project.path().join("runs/latest/rejects.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let place = |name: &str| headers.iter().position(|header| header.trim_start_matches('\u{feff}') == name).unwrap();
    let (file, line, code) = (place("file"), place("line"), place("code"));
    let mut found: Vec<(String, u64, String)> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            (record[file].to_string(), record[line].parse().unwrap(), record[code].to_string())
        })
        .collect();
    found.sort();
    let planted: Vec<_> = faults().into_iter().filter(|fault| fault.2 != "control_total").collect();
    assert!(planted.len() > 20);
    assert_eq!(found, planted);
}

#[test]
fn wrong_control_totals_are_named() {
    let project = Project::sample();
    project.ok(&["ingest", "--quiet"]);
    let check: serde_json::Value = serde_json::from_str(&project.ok(&["check", "--json"]).stdout).unwrap();
    let planted = faults().into_iter().filter(|fault| fault.2 == "control_total").count();
    assert_eq!(check["mismatches"].as_array().unwrap().len(), planted);
}

#[test]
fn rows_add_up_for_every_source() {
    let project = Project::sample();
    project.ok(&["ingest", "--quiet"]);
    let check: serde_json::Value = serde_json::from_str(&project.ok(&["check", "--json"]).stdout).unwrap();
    let sources: BTreeMap<String, BTreeMap<String, u64>> = serde_json::from_value(check["sources"].clone()).unwrap();
    assert!(sources.len() >= 9);
    for (source, rows) in sources {
        assert_eq!(
            rows["received"],
            rows["accepted"] + rows["rejected"] + rows["duplicate"] + rows["superseded"],
            "{source}"
        );
    }
}

#[test]
fn the_sample_is_what_the_generator_writes() {
    let project = Project::empty();
    project.ok(&["sample", "again", "--customers", "300", "--seed", "2026", "--faults"]);
    for name in ["langgan.toml", "faults.csv", "README.md"] {
        let committed = std::fs::read(sample_data().join(name)).unwrap();
        assert!(committed == std::fs::read(project.path().join("again").join(name)).unwrap(), "{name}");
    }
    for entry in std::fs::read_dir(sample_data().join("exports")).unwrap().flatten() {
        let again = std::fs::read(project.path().join("again/exports").join(entry.file_name())).unwrap();
        assert!(std::fs::read(entry.path()).unwrap() == again, "{:?}", entry.file_name());
    }
}

#[test]
fn text_from_outside_stays_text() {
    let project = Project::empty();
    project
        .write(
            "langgan.toml",
            "[sources.sales]\ntable = \"flat\"\nfiles = [\"sales.csv\"]\n[queue]\nassume_consent = true\n",
        )
        .write(
            "sales.csv",
            "order_id,product_id,customer_id,customer_name,product_name,ordered_at,quantity,unit_price\n\
         1,p,=cmd(),<script>alert(1)</script>,@SUM(A1),2026-01-05 10:00:00,2,1.50\n\
         2,'; DROP TABLE x,+c,\"a\u{1b}[31mb\",x,2026-01-06 11:00:00,1,1.50\n",
        );
    let ran = project.ok(&["run"]);
    assert!(!ran.stdout.contains('\u{1b}'));
    assert!(!project.read("runs/latest/report.html").contains("<script"));
    for entry in std::fs::read_dir(project.path().join("runs/latest/lists")).unwrap().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for cell in text.trim_start_matches('\u{feff}').lines().flat_map(|line| line.split([',', ';'])) {
            assert!(!cell.trim_start_matches('"').starts_with(['=', '@', '+']), "{cell}");
        }
    }
    assert!(!project.ok(&["customer", "+c"]).stdout.contains('\u{1b}'));
}

#[test]
fn records_across_block_ends_are_whole() {
    let project = Project::empty();
    project.write("langgan.toml", "[sources.products]\ntable = \"products\"\nfiles = [\"products.csv\"]\n");
    let mut text = String::from("product_id,name\n");
    for number in 0..180_000 {
        text.push_str(&format!(
            "p{number:06},\"first line\n\"\"second\"\" line, with a comma\n{}.\"\n",
            "x".repeat(number % 97)
        ));
    }
    assert!(text.len() > 16 << 20, "{}", text.len());
    project.write("products.csv", text);
    project.ok(&["ingest", "--quiet"]);
    let sql = "SELECT COUNT(*) AS n, COUNT(DISTINCT product_id) AS ids, MIN(LENGTH(name)) AS shortest, MAX(LENGTH(name)) AS longest, \
               SUM(LENGTH(name)) AS letters FROM lake_products";
    let fixed = "first line\n\"second\" line, with a comma\n.".len();
    let letters: usize = (0..180_000).map(|number| fixed + number % 97).sum();
    let expected = format!("n,ids,shortest,longest,letters\n180000,180000,{fixed},{},{letters}\n", fixed + 96);
    assert_eq!(project.ok(&["query", "-c", sql]).stdout, expected);
}

#[test]
fn an_empty_discount_is_none_unless_the_source_says_otherwise() {
    let sales = "order,at,customer,product,qty,price,disc\n\
        F1,2026-01-05,Budi,Oli,1,50000,\nF2,2026-01-17,Sari,Busi,2,20000,\nF3,2026-01-18,Budi,Oli,3,50000,5000\n";
    let config = |more: &str| {
        format!(
            "[sources.sales]\ntable = \"flat\"\nfiles = [\"sales.csv\"]\ntimestamp = \"%Y-%m-%d\"\n{more}[sources.sales.columns]\n\
             order_id = \"order\"\nordered_at = \"at\"\ncustomer_id = \"customer\"\nproduct_id = \"product\"\n\
             quantity = \"qty\"\nunit_price = \"price\"\ndiscount = \"disc\"\n"
        )
    };
    let ingest = |config: &str| {
        let project = Project::empty();
        project.write("langgan.toml", config).write("sales.csv", sales).run(&["ingest"])
    };
    let loaded = ingest(&config(""));
    assert!(loaded.stdout.contains("received 3 = accepted 3 + rejected 0 + duplicate 0"), "{loaded:?}");
    let held = ingest(&config("filled = [\"discount\"]\n"));
    assert!(held.stderr.contains("2 of 3 rows hold no discount in `disc` (bad_number)"), "{held:?}");
    let unknown = ingest(&config("filled = [\"diskon\"]\n"));
    assert_eq!(unknown.code, 2, "{unknown:?}");
}
