//! Two weeks of branch drops, morning by morning: a day that is missing and comes late, a slip that is mended by a resend
//! and broken again, a copy of yesterday's file, a correction, a mistyped total that is accepted, a waiver that runs out.
//! The screen of every morning is a snapshot; the ledger tells the story.

use std::collections::BTreeMap;
use std::fmt::Write;

use langgan::calendar::{day_name, day_number};

use super::support::Project;

const CONFIGURATION: &str = r#"
[project]
name = "Empat Cabang"
language = "en"
[currency]
code = "IDR"
decimals = 0
[check.rules.control_totals]
action = "hold"
[sources.branches]
table = "branches"
files = ["exports/branches.csv"]
[sources.calendar]
table = "calendar"
files = ["exports/calendar.csv"]
[sources.orders]
table = "orders"
files = ["exports/orders-*.csv"]
[sources.order_lines]
table = "order_lines"
files = ["exports/lines-*.csv"]
[sources.control_totals]
table = "control_totals"
files = ["exports/totals-*.csv"]
[sources.corrections]
table = "corrections"
files = ["corrections.csv"]
optional = true
"#;

const BRANCHES: [&str; 4] = ["BDG-04", "JKT-01", "MDN-03", "SBY-02"];
const PRICES: [i64; 8] = [54_000, 12_500, 87_000, 230_000, 19_500, 145_000, 68_000, 31_000];

fn day(text: &str) -> i32 {
    let part = |range: std::ops::Range<usize>| text[range].parse().unwrap();
    day_number(part(0..4), part(5..7), part(8..10)).unwrap()
}

/// A line: order, number, product, quantity, price.
type Line = (String, usize, usize, i64, i64);

/// A branch's orders of a day, as they were.
#[derive(Clone, Default)]
struct Sales {
    orders: Vec<(String, String, String)>,
    lines: Vec<Line>,
}

fn sales(branch: &str, on: i32) -> Sales {
    let mut sales = Sales::default();
    let place = BRANCHES.iter().position(|known| *known == branch).unwrap();
    let sunday = (on + 3).rem_euclid(7) == 6;
    if (branch == "MDN-03" && sunday) || (branch == "BDG-04" && day_name(on) == "2026-03-11") {
        return sales;
    }
    let mut seed = (on as u64) << 8 | place as u64;
    let mut next = |most: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) % most) as usize
    };
    for number in 1..=7 + next(3) {
        let id = format!("{}{}-{number:03}", &branch[..3], day_name(on).replace('-', ""));
        let customer = format!("C{:03}", next(90));
        sales.orders.push((id.clone(), customer, format!("{} {:02}:15:00", day_name(on), 8 + number)));
        for line in 1..=1 + next(3) {
            let product = next(8);
            sales.lines.push((id.clone(), line, product, 1 + next(3) as i64, PRICES[product]));
        }
    }
    sales
}

impl Sales {
    fn amount(&self) -> i64 {
        self.lines.iter().map(|(.., quantity, price)| quantity * price).sum()
    }

    /// The same orders under the numbers and the date of another day.
    fn as_of_day(&self, branch: &str, from: i32, to: i32) -> Sales {
        let stem = |on: i32| format!("{}{}", &branch[..3], day_name(on).replace('-', ""));
        let renumber = |id: &str| id.replace(&stem(from), &stem(to));
        let orders = self.orders.iter();
        Sales {
            orders: orders
                .map(|(id, who, at)| (renumber(id), who.clone(), at.replace(&day_name(from), &day_name(to))))
                .collect(),
            lines: self.lines.iter().map(|line| (renumber(&line.0), line.1, line.2, line.3, line.4)).collect(),
        }
    }
}

fn drop_files(project: &Project, branch: &str, name: &str, sales: &Sales) {
    let mut orders = "order_id,customer_id,branch_id,ordered_at\n".to_string();
    for (id, customer, at) in &sales.orders {
        writeln!(orders, "{id},{customer},{branch},{at}").unwrap();
    }
    let mut lines = "order_id,line_no,product_id,quantity,unit_price\n".to_string();
    for (id, line, product, quantity, price) in &sales.lines {
        writeln!(lines, "{id},{line},P{product},{quantity},{price}").unwrap();
    }
    project.write(&format!("exports/orders-{branch}-{name}.csv"), orders);
    project.write(&format!("exports/lines-{branch}-{name}.csv"), lines);
}

fn drop_totals(project: &Project, branch: &str, name: &str, days: &[(i32, usize, i64)]) {
    let mut totals = "day,branch_id,rows,amount\n".to_string();
    for (on, rows, amount) in days {
        writeln!(totals, "{},{branch},{rows},{amount}", day_name(*on)).unwrap();
    }
    project.write(&format!("exports/totals-{branch}-{name}.csv"), totals);
}

/// A day's drop of a branch: files and totals, as they should be.
fn drop_day(project: &Project, branch: &str, on: i32) {
    let sales = sales(branch, on);
    if !sales.orders.is_empty() {
        drop_files(project, branch, &day_name(on), &sales);
        drop_totals(project, branch, &day_name(on), &[(on, sales.orders.len(), sales.amount())]);
    }
}

/// Eight weeks before the story, one file a branch.
fn history(project: &Project) {
    for branch in BRANCHES {
        let (mut all, mut totals) = (Sales::default(), Vec::new());
        for on in day("2026-01-05")..day("2026-03-02") {
            let sales = sales(branch, on);
            if !sales.orders.is_empty() {
                totals.push((on, sales.orders.len(), sales.amount()));
            }
            all.orders.extend(sales.orders);
            all.lines.extend(sales.lines);
        }
        drop_files(project, branch, "history", &all);
        drop_totals(project, branch, "history", &totals);
    }
}

/// The sales of a branch's day with two digits of a price swapped: 54,000 typed 45,000. And the order.
fn swapped(branch: &str, on: i32) -> (Sales, String) {
    let mut sales = sales(branch, on);
    let line = sales.lines.iter_mut().find(|line| line.2 == 0).unwrap();
    line.4 = 45_000;
    let order = line.0.clone();
    (sales, order)
}

/// The exit code of a morning's run, and how its exceptions stand.
type Expected = (i32, Vec<(&'static str, &'static str)>);

struct Morning {
    code: i32,
    check: serde_json::Value,
    screen: String,
}

fn morning(project: &Project, at: &str) -> Morning {
    let run = project.run(&["run", "--quiet", "--as-of", at]);
    let check = project.run(&["check", "--as-of", at, "--json"]);
    let screen = project.run(&["check", "--as-of", at]);
    assert!(screen.stdout.lines().count() <= 40, "{}", screen.stdout);
    Morning {
        code: run.code,
        check: serde_json::from_str(&check.stdout).unwrap_or_else(|_| panic!("{}{}", check.stderr, run.stderr)),
        screen: screen.stdout,
    }
}

/// How every exception stands that is not closed.
fn states(check: &serde_json::Value) -> BTreeMap<String, String> {
    let exceptions = check["exceptions"].as_array().unwrap().iter();
    exceptions
        .map(|told| (told["key"].as_str().unwrap().to_string(), told["state"].as_str().unwrap().to_string()))
        .collect()
}

/// Net sales of the newest run.
fn published(project: &Project) -> i64 {
    let found = project.ok(&["query", "-c", "SELECT SUM(net_sales) AS net FROM profitability"]);
    found.stdout.lines().nth(1).unwrap().parse::<f64>().unwrap() as i64
}

/// What the branches sold from the first day to before `to`.
fn truth(to: &str) -> i64 {
    BRANCHES.iter().map(|branch| (day("2026-01-05")..day(to)).map(|on| sales(branch, on).amount()).sum::<i64>()).sum()
}

#[test]
fn two_weeks_of_mornings() {
    let project = Project::empty();
    project.write("langgan.toml", CONFIGURATION);
    project.write(
        "exports/branches.csv",
        "branch_id,name,opened_on,administrator\nBDG-04,Bandung,2020-01-01,Yusuf\nJKT-01,Jakarta,2020-01-01,Fajar\n\
         MDN-03,Medan,2020-01-01,Sinta\nSBY-02,Surabaya,2020-01-01,Wahyu\n",
    );
    project.write("exports/calendar.csv", "date,branch_id,kind\n2026-03-11,BDG-04,closed\n");
    history(&project);
    let (swap_mdn, wrong_order) = swapped("MDN-03", day("2026-03-06"));
    let mut screens = String::new();
    let mut story: BTreeMap<&str, Expected> = BTreeMap::new();
    let late = ("late_day/SBY-02/2026-03-05", "open");
    story.insert("2026-03-06", (0, vec![("missing_day/SBY-02/2026-03-05", "open")]));
    story.insert("2026-03-07", (6, vec![("control_totals/MDN-03/2026-03-06", "open"), late]));
    story.insert("2026-03-08", (0, vec![]));
    story.insert(
        "2026-03-11",
        (
            6,
            vec![
                ("control_totals/BDG-04/2026-03-10", "open"),
                ("price_off_median/BDG-04/2026-03-10", "open"),
                ("control_totals/JKT-01/2026-03-10", "open"),
                ("stale_copy/JKT-01/2026-03-10", "open"),
            ],
        ),
    );
    story.insert(
        "2026-03-12",
        (
            6,
            vec![
                ("control_totals/BDG-04/2026-03-10", "corrected"),
                ("price_off_median/BDG-04/2026-03-10", "corrected"),
                ("control_totals/MDN-03/2026-03-06", "reopened"),
            ],
        ),
    );
    story.insert(
        "2026-03-13",
        (
            0,
            vec![
                ("control_totals/BDG-04/2026-03-10", "corrected"),
                ("price_off_median/BDG-04/2026-03-10", "corrected"),
            ],
        ),
    );
    story.insert(
        "2026-03-14",
        (
            6,
            vec![
                ("control_totals/BDG-04/2026-03-10", "corrected"),
                ("price_off_median/BDG-04/2026-03-10", "corrected"),
                ("control_totals/MDN-03/2026-03-13", "open"),
                ("control_totals/SBY-02/2026-03-13", "open"),
            ],
        ),
    );
    story.insert(
        "2026-03-15",
        (0, vec![("control_totals/MDN-03/2026-03-13", "waived"), ("control_totals/SBY-02/2026-03-13", "accepted")]),
    );
    story.insert(
        "2026-03-16",
        (6, vec![("control_totals/MDN-03/2026-03-13", "reopened"), ("control_totals/SBY-02/2026-03-13", "accepted")]),
    );
    for on in day("2026-03-02")..day("2026-03-16") {
        let (today, at) = (day_name(on), day_name(on + 1));
        for branch in BRANCHES {
            match (branch, today.as_str()) {
                ("SBY-02", "2026-03-05") => {}
                ("MDN-03", "2026-03-06") => {
                    drop_day(&project, branch, on);
                    drop_files(&project, branch, &today, &swap_mdn);
                }
                ("JKT-01", "2026-03-10") => {
                    drop_day(&project, branch, on);
                    let copy = sales(branch, on - 1).as_of_day(branch, on - 1, on);
                    drop_files(&project, branch, &today, &copy);
                }
                ("BDG-04", "2026-03-10") => {
                    drop_day(&project, branch, on);
                    let mut slipped = sales(branch, on);
                    slipped.lines[2].4 *= 10;
                    drop_files(&project, branch, &today, &slipped);
                }
                ("SBY-02" | "MDN-03", "2026-03-13") => {
                    let sales = sales(branch, on);
                    drop_files(&project, branch, &today, &sales);
                    drop_totals(&project, branch, &today, &[(on, sales.orders.len(), sales.amount() + 900_000)]);
                }
                _ => drop_day(&project, branch, on),
            }
        }
        match at.as_str() {
            "2026-03-07" => drop_day(&project, "SBY-02", day("2026-03-05")),
            "2026-03-08" => drop_day(&project, "MDN-03", day("2026-03-06")),
            "2026-03-12" => {
                drop_day(&project, "JKT-01", day("2026-03-10"));
                drop_files(&project, "MDN-03", "2026-03-06", &swap_mdn);
                let line = sales("BDG-04", day("2026-03-10")).lines[2].clone();
                let cell = format!("order_lines,{},{},unit_price,{},{}", line.0, line.1, line.4 * 10, line.4);
                project.write("corrections.csv", format!("entity,id,line_no,column,was,now\n{cell}\n"));
            }
            "2026-03-13" => drop_day(&project, "MDN-03", day("2026-03-06")),
            "2026-03-15" => {
                drop_day(&project, "BDG-04", day("2026-03-10"));
                let decide = |words: &[&str]| project.ok(&[words, &["--by", "Rina", "--as-of", "2026-03-14"]].concat());
                decide(&["accept", "SBY-02", "2026-03-13", "--reason", "the till roll says so"]);
                decide(&["waive", "MDN-03/2026-03-13", "--reason", "asked", "--until", "2026-03-15"]);
            }
            _ => {}
        }
        let found = morning(&project, &at);
        writeln!(screens, "=== {at}: exit {}\n{}", found.code, found.screen).unwrap();
        if let Some((code, expected)) = story.get(at.as_str()) {
            let expected: BTreeMap<String, String> =
                expected.iter().map(|(key, state)| (key.to_string(), state.to_string())).collect();
            assert_eq!((found.code, states(&found.check)), (*code, expected), "{at}\n{}", found.screen);
        }
        match at.as_str() {
            "2026-03-07" => {
                let cause = &found.check["exceptions"][0]["causes"][0];
                assert_eq!(cause["kind"], "digits_swapped", "{cause}");
                assert_eq!(cause["row"]["document"], wrong_order.as_str());
                let own = sales("MDN-03", day("2026-03-06")).amount();
                assert_eq!(published(&project), truth("2026-03-07") - own);
            }
            "2026-03-08" | "2026-03-13" => assert_eq!(published(&project), truth(&at), "{at}"),
            "2026-03-12" => {
                assert_eq!(found.check["held"][0]["serves"], "earlier");
                assert_eq!(published(&project), truth("2026-03-12"));
            }
            _ => {}
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"lake [0-9a-f]{8}", "lake ········");
    settings.bind(|| insta::assert_snapshot!(screens));
    let ledger = project.read("checks/ledger.jsonl");
    let events: Vec<serde_json::Value> = ledger.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_medan: Vec<String> = events
        .iter()
        .filter(|event| event["key"] == "control_totals/MDN-03/2026-03-06")
        .map(|event| format!("{} {}", event["at"].as_str().unwrap(), event["event"].as_str().unwrap()))
        .collect();
    assert_eq!(of_medan, ["2026-03-07 opened", "2026-03-08 closed", "2026-03-12 reopened", "2026-03-13 closed"]);
}
