//! Segments of the configuration, the lists made of them, and two runs side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::support::Project;

const OWN: &str = "\n[segments.everyone]\nwhere = \"1 = 1\"\n\
    [segments.frequent]\nwhere = \"n_orders >= 10\"\norder_by = \"clv\"\n\
    [segments.lovers_of_nothing]\nwhere = \"preferred_category is null\"\nlist = false\n\
    [segments.dear]\nwhere = \"contribution > 500000.5 and segment <> 'hibernating'\"\ncap = 7\ncontrol_share = 0.5\n";

/// The sample shop with four more segments; those of the sample are taken away.
fn shop(settings: &str) -> Project {
    let project = Project::sample();
    let config = project.read("langgan.toml");
    let config = config.split("[segments.").next().unwrap();
    project.write("langgan.toml", format!("{config}{OWN}{settings}"));
    project
}

fn json(project: &Project, words: &[&str]) -> Value {
    serde_json::from_str(&project.ok(words).stdout).unwrap()
}

fn query(project: &Project, sql: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(project.ok(&["query", "-c", sql]).stdout.leak().as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
}

/// The ids of a list, in its order.
fn ids(project: &Project, file: &str) -> Vec<String> {
    let text = project.read(&format!("runs/latest/{file}.csv"));
    text.lines().skip(1).map(|line| line.split(';').next().unwrap().to_string()).collect()
}

#[test]
fn a_segment_is_what_sql_says_it_is() {
    let project = shop("");
    project.ok(&["run", "--quiet"]);
    let count = |condition: &str| {
        let sql = format!("SELECT COUNT(*), SUM(net_sales), SUM(contribution) FROM customers WHERE {condition}");
        query(&project, &sql).remove(0)
    };
    let found = query(&project, "SELECT segment, definition, customers, net_sales, contribution FROM segments");
    assert_eq!(found.len(), 4);
    for row in &found {
        let number = |text: &str| if text.is_empty() { "0".to_string() } else { text.to_string() };
        let sums: Vec<String> = count(&row[1]).iter().map(|text| number(text)).collect();
        assert_eq!(sums, row[2..], "{}", row[0]);
        let preview = json(&project, &["segment", "preview", &row[1], "--json"]);
        assert_eq!(preview["customers"].to_string(), row[2], "{}", row[0]);
        assert_eq!(preview["contribution"].as_str().unwrap(), row[4], "{}", row[0]);
    }
    let both = "SELECT COUNT(*) FROM segment_members WHERE in_frequent AND in_dear";
    let overlap = "SELECT customers FROM segment_overlaps WHERE segment = 'dear' AND other = 'frequent'";
    assert_eq!(query(&project, both), query(&project, overlap));
    let shown = json(&project, &["segment", "show", "frequent", "--json"]);
    assert_eq!(shown["segments"].as_array().unwrap().len(), 1);
    assert_eq!(shown["overlaps"][0]["other"], "everyone");
}

#[test]
fn everyone_not_on_a_list_has_one_counted_reason() {
    let project = shop("[lists]\ncontrol_share = 0.2\ncool_down_days = 30\ncontacts_per_customer = 2\n");
    project.ok(&["run", "--quiet"]);
    let customers: u64 = query(&project, "SELECT COUNT(*) FROM customers")[0][0].parse().unwrap();
    let lists = json(&project, &["list", "--json"]);
    let lists = lists.as_object().unwrap();
    assert!(
        lists.contains_key("everyone") && lists.contains_key("at_risk") && !lists.contains_key("lovers_of_nothing")
    );
    let consent = "SELECT customer_id FROM lake_customers WHERE (party_class IS NULL OR party_class = 'external') \
                   AND (consent_email OR consent_sms OR consent_call)";
    let consenting: BTreeSet<String> = query(&project, consent).into_iter().map(|row| row[0].clone()).collect();
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for (name, counts) in lists {
        let count = |reason: &str| counts[reason].as_u64().unwrap();
        let all: u64 = counts
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "chosen")
            .map(|(_, count)| count.as_u64().unwrap())
            .sum();
        assert_eq!(all, customers, "{name}: every customer is listed or has one reason");
        let (listed, held_out) = (ids(&project, &format!("lists/{name}")), ids(&project, &format!("control/{name}")));
        assert_eq!((listed.len() as u64, held_out.len() as u64), (count("listed"), count("in_control")), "{name}");
        for id in listed.iter().chain(&held_out) {
            assert!(consenting.contains(id), "{name}: {id} did not consent");
        }
        assert!(listed.iter().all(|id| !held_out.contains(id)), "{name}");
        listed.into_iter().for_each(|id| *times.entry(id).or_default() += 1);
    }
    assert!(times.values().all(|times| *times <= 2) && times.values().any(|times| *times == 2));
    let of = |name: &str, reason: &str| lists[name][reason].as_u64().unwrap();
    assert!(of("everyone", "no_consent") > 0 && of("everyone", "in_control") > 0 && of("everyone", "contacted") > 0);
    assert_eq!(of("dear", "listed"), 7);
    assert!(of("dear", "over_cap") > 0);
    // Best first, and the share held out is the segment's own.
    let order = query(&project, "SELECT customer_id FROM customers ORDER BY contribution DESC, customer_id");
    let place = |id: &String| order.iter().position(|row| row[0] == *id).unwrap();
    let places: Vec<usize> = ids(&project, "lists/dear").iter().map(place).collect();
    assert!(places.is_sorted(), "{places:?}");
    let held = json(&project, &["list", "--json"])["dear"]["in_control"].as_u64().unwrap();
    assert!(held > 0);
    let control = project.ok(&["list", "dear", "--control"]).stdout;
    assert_eq!(control.trim_start_matches('\u{feff}').lines().count() as u64, held + 1);
}

#[test]
fn conditions_that_are_none_are_refused_before_anything_is_done() {
    let project = shop("[segments.typo]\nwhere = \"churn_probabilty > 0.5\"\n");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("in `[segments.typo]`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `churn_probability`?"), "{}", ran.stderr);
    assert!(!project.path().join("lake").exists());
    let project = shop("");
    project.ok(&["run", "--quiet"]);
    let ran = project.run(&["segment", "preview", "customer_id in (select customer_id from rfm)"]);
    assert!(ran.code == 2 && ran.stderr.contains("no query (`select`)"), "{}", ran.stderr);
}

#[test]
fn two_runs_side_by_side_say_who_moved_and_what_was_changed() {
    let project = shop("");
    project.ok(&["run", "--quiet", "--as-of", "2025-10-01"]);
    let config = project.read("langgan.toml").replace("n_orders >= 10", "n_orders >= 12");
    project.write("langgan.toml", config);
    project.ok(&["run", "--quiet", "--as-of", "2026-01-01"]);
    let answers = json(&project, &["diff", "2025-10-01", "2026-01-01", "--json", "--top", "3"]);
    let rows = |name: &str| answers[name].as_array().unwrap_or_else(|| panic!("{name}: {answers}")).clone();
    let changed = rows("changed");
    assert!(changed.iter().any(|row| row["key"] == "segments.frequent.where" && row["now"] == "n_orders >= 12"));
    assert!(changed.iter().all(|row| row["what"] != "file"), "both read the same exports");
    let own = rows("own segments");
    let frequent = own.iter().find(|row| row["segment"] == "frequent").unwrap();
    assert_eq!(frequent["definition"], "changed");
    let number = |name: &str| frequent[name].as_i64().unwrap();
    assert_eq!(number("then") + number("entered") - number("left"), number("now"));
    // The later run compared itself with the earlier one; the two must agree.
    let moves = rows("RFM segments: who moved, and whether the customer or the cut-points did");
    let published = json(&project, &["query", "--json", "-c", "SELECT * FROM rfm_migration"]);
    let published: Vec<Value> = published.as_array().unwrap().to_vec();
    assert_eq!(moves.len(), published.len());
    for (left, right) in moves.iter().zip(&published) {
        for (name, value) in left.as_object().unwrap() {
            assert_eq!(*value, right[name], "{name}");
        }
    }
    let rises = rows("contribution: the largest rises");
    assert_eq!(rises.len(), 3);
    let totals = rows("totals");
    let contribution = totals.iter().find(|row| row["total"] == "contribution").unwrap();
    let amount = |name: &str| contribution[name].as_str().unwrap().parse::<f64>().unwrap();
    assert_eq!(amount("now") - amount("then"), amount("change"));
    // A run beside itself: nothing.
    let same = json(&project, &["diff", "2026-01-01", "latest", "--json"]);
    for name in ["changed", "risk bands", "contribution: the largest rises", "churn probability: the largest falls"] {
        assert_eq!(same[name].as_array().unwrap().len(), 0, "{name}");
    }
    let ran = project.run(&["diff", "2020-01-01", "latest"]);
    assert!(ran.code == 2 && ran.stderr.contains("there is no run `2020-01-01` here"), "{}", ran.stderr);
}
