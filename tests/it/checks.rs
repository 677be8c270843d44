//! The checks as a user configures them: trailers, sidecars, head office, quarantine, and the files mailed back.

use serde_json::Value;

use super::support::Project;

const HEAD: &str =
    "[project]\nlanguage = \"en\"\n[currency]\ncode = \"IDR\"\ndecimals = 0\n[run]\nas_of = \"2026-03-03\"\n";
const FLAT: &str = "[sources.sales]\ntable = \"flat\"\nfiles = [\"sales-*.csv\"]\n";
const SALES: &str = "order_id,product_id,customer_id,branch_id,ordered_at,quantity,unit_price\n\
    A-001,tea,ann,JKT,2026-03-01 09:00:00,2,54000\nA-002,rice,bob,JKT,2026-03-01 10:00:00,1,125000\n\
    A-003,tea,cid,JKT,2026-03-01 11:00:00,1,54000\nA-004,tea,dan,JKT,2026-03-01 12:00:00,3,54000\n";
/// 2 × 54,000 + 125,000 + 54,000 + 3 × 54,000.
const AMOUNT: i64 = 449_000;

fn project(configuration: &str, sales: &str) -> Project {
    let project = Project::empty();
    project.write("langgan.toml", format!("{HEAD}{configuration}")).write("sales-1.csv", sales);
    project
}

fn check(project: &Project) -> Value {
    let ran = project.run(&["check", "--json"]);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr))
}

fn exceptions(check: &Value) -> Vec<&Value> {
    check["exceptions"].as_array().unwrap().iter().collect()
}

#[test]
fn a_trailer_is_compared_with_the_rows_and_names_the_slip() {
    let trailer = format!("{FLAT}trailer = {{ prefix = \"TOTAL\", rows = 2, amount = 3, last_document = 4 }}\n");
    let right = project(&trailer, &format!("{SALES}TOTAL,4,{AMOUNT},A-004\n"));
    right.ok(&["ingest"]);
    assert_eq!(check(&right)["sources"]["sales"]["received"], 4);
    assert!(exceptions(&check(&right)).is_empty());
    let wrong =
        SALES.replace("A-003,tea,cid,JKT,2026-03-01 11:00:00,1,54000", "A-003,tea,cid,JKT,2026-03-01 11:00:00,1,45000");
    let wrong = project(&trailer, &format!("{wrong}TOTAL,4,{AMOUNT},A-004\n"));
    wrong.ok(&["ingest"]);
    let found = check(&wrong);
    let told = exceptions(&found)[0];
    assert_eq!(told["key"], "file_totals/JKT/2026-03-01");
    let cause = &told["causes"][0];
    assert_eq!((&cause["kind"], &cause["row"]["document"]), (&"digits_swapped".into(), &"A-003".into()));
    assert_eq!((&cause["row"]["line"], &cause["row"]["expected"]), (&4.into(), &"54000".into()));
    let cut = SALES.lines().take(3).collect::<Vec<_>>().join("\n");
    let cut = project(&trailer, &format!("{cut}\nTOTAL,4,{AMOUNT},A-004\n"));
    cut.ok(&["ingest"]);
    let found = check(&cut);
    let what: Vec<&str> = exceptions(&found)[0]["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["what"].as_str().unwrap())
        .collect();
    assert_eq!(what, ["rows", "amount", "last_document"]);
}

#[test]
fn a_sidecar_may_come_after_its_file() {
    let project = project(&format!("{FLAT}sidecar = \".ctl\"\n"), SALES);
    project.ok(&["ingest"]);
    assert!(exceptions(&check(&project)).is_empty());
    project.write("sales-1.csv.ctl", format!("rows = 5\namount = {AMOUNT}\n"));
    project.ok(&["ingest"]);
    let found = check(&project);
    assert_eq!(exceptions(&found)[0]["key"], "file_totals/JKT/2026-03-01");
    project.write("sales-1.csv.ctl", format!("rows = 4\namount = {AMOUNT}\n"));
    project.ok(&["ingest"]);
    assert!(exceptions(&check(&project)).is_empty());
}

#[test]
fn head_office_and_branch_are_compared_down_to_the_document() {
    let configuration = format!("{FLAT}[sources.hq]\ntable = \"hq_documents\"\nfiles = [\"hq.csv\"]\n");
    let project = project(&configuration, SALES);
    project.write(
        "hq.csv",
        "document_id,branch_id,day,amount\nA-001,JKT,2026-03-01,108000\nA-002,JKT,2026-03-01,152000\n\
         A-003,JKT,2026-03-01,54000\nA-009,JKT,2026-03-01,77000\n",
    );
    project.ok(&["ingest"]);
    let found = check(&project);
    let told = exceptions(&found)[0];
    assert_eq!(told["key"], "hq_documents/JKT/2026-03-01");
    let rows: Vec<(&str, &str)> = told["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["document"].as_str().unwrap(), row["column"].as_str().unwrap()))
        .collect();
    assert_eq!(rows, [("A-002", "amount"), ("A-004", "missing_at_head_office"), ("A-009", "missing_at_branch")]);
}

#[test]
fn documents_in_quarantine_stay_out_of_the_figures_and_the_rest_goes_on() {
    let lines: String = (5..40).map(|n| format!("A-{n:03},tea,ann,JKT,2026-03-01 13:00:00,1,54000\n")).collect();
    let slipped = SALES.replace("12:00:00,3,54000", "12:00:00,3,540000");
    let rule = "[check.rules.price_off_median]\naction = \"quarantine\"\n";
    let project = project(&format!("{FLAT}{rule}"), &format!("{slipped}{lines}"));
    let ran = project.run(&["run", "--quiet"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let run: Value = serde_json::from_str(&project.read("runs/latest/run.json")).unwrap();
    assert_eq!(run["quarantined"], 1);
    let net = project.ok(&["query", "-c", "SELECT SUM(net_sales) AS net FROM profitability"]).stdout;
    assert_eq!(net.lines().nth(1).unwrap().parse::<f64>().unwrap() as i64, AMOUNT - 3 * 54_000 + 35 * 54_000);
}

#[test]
fn where_every_branch_is_held_nothing_is_published_and_the_last_run_serves() {
    let project = project(FLAT, SALES);
    project.ok(&["run", "--quiet"]);
    let before = project.run_files();
    project.ok(&["hold", "JKT", "2026-03-01", "--reason", "the till was broken", "--by", "Rina"]);
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("every branch is held back (JKT)"), "{}", ran.stderr);
    assert_eq!(before, project.run_files());
    assert!(project.run(&["check"]).stdout.contains("held/JKT/2026-03-01"));
    project.ok(&["accept", "held/JKT/2026-03-01", "--reason", "mended", "--by", "Rina"]);
    project.ok(&["run", "--quiet"]);
}

#[test]
fn a_decision_needs_a_reason_a_key_that_is_open_and_an_end_if_it_is_a_waiver() {
    let project = project(FLAT, SALES);
    project.ok(&["ingest"]);
    project.ok(&["check"]);
    for words in [
        &["accept", "control_totals/JKT/2026-03-01", "--reason", "x", "--by", "R"][..],
        &["waive", "JKT", "2026-03-01", "--reason", "x", "--by", "R"],
        &["hold", "JKT", "2026-03-01", "--reason", " ", "--by", "R"],
        &["hold", "JKT", "2026-03-01", "--reason", "x", "--by", "R", "--until", "2020-01-01"],
    ] {
        let ran = project.run(words);
        assert_eq!(ran.code, 2, "{words:?} {}", ran.stderr);
        assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    }
}

#[test]
fn a_branch_gets_its_own_rows_back() {
    let project = Project::sample();
    project.ok(&["run", "--quiet", "--lang", "id"]);
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_path(project.path().join("runs/latest/per-branch/BDG-03.csv"))
        .unwrap();
    let records: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert!(
        records.iter().any(|row| row[3].contains("nomor dipakai lagi") && row[10].starts_with("BDG03240406-0002;"))
    );
    assert!(records.iter().all(|row| row[2].contains("BDG-03")), "{records:?}");
    let book = std::fs::read(project.path().join("runs/latest/per-branch/BDG-03.xlsx")).unwrap();
    assert!(book.starts_with(b"PK"));
    assert!(project.read("runs/latest/report.html").contains("class=\"arrivals\""));
    let check: Value = serde_json::from_str(&project.read("runs/latest/check.json")).unwrap();
    assert_eq!(check["version"], 1);
    assert_eq!(check["branches"].as_array().unwrap().len(), 3);
}

fn keys(check: &Value) -> Vec<&str> {
    exceptions(check).iter().map(|told| told["key"].as_str().unwrap()).collect()
}

#[test]
fn what_is_of_no_branch_and_no_day_has_a_key_of_its_own() {
    let customers = "[sources.customers]\ntable = \"customers\"\nfiles = [\"customers-*.csv\"]\nreject_limit = 1.0\n";
    let project = project(&format!("{FLAT}{customers}"), SALES);
    let broken = |name: &str| format!("customer_id,name,birth_date\n{name},N,1990-01-31\n{name}x,M,1990-02-31\n");
    project.write("customers-1.csv", broken("c1") + "ann,A,\nbob,B,\ncid,C,\ndan,D,\n");
    project.write("customers-2.csv", broken("c2"));
    project.ok(&["ingest"]);
    let both = ["refused_row/-/-/customers-1.csv", "refused_row/-/-/customers-2.csv"];
    assert_eq!(keys(&check(&project)), both);
    assert_eq!(keys(&check(&project)), both, "and keeps it");
    // What is decided about one is nothing about the other, also where the other comes again.
    project.ok(&["accept", both[0], "--reason", "they have left", "--by", "Rina"]);
    project.write("customers-2.csv", broken("c2") + "c3,O,\n");
    project.ok(&["ingest"]);
    let found = check(&project);
    let states: Vec<&str> = exceptions(&found).iter().map(|told| told["state"].as_str().unwrap()).collect();
    assert_eq!((keys(&found), states), (both.to_vec(), vec!["accepted", "open"]));
    project.write("customers-2.csv", broken("c2").replace("02-31", "02-28"));
    project.ok(&["ingest"]);
    let found = check(&project);
    assert_eq!((keys(&found), &found["closed_today"]), (vec![both[0]], &serde_json::json!([both[1]])));
    // What all of them shared before still names them all.
    project.write("customers-2.csv", broken("c2"));
    project.ok(&["ingest"]);
    assert_eq!(keys(&check(&project)), both);
    let said = project.ok(&["accept", "refused_row/-/-", "--reason", "all of them", "--by", "Rina"]).stdout;
    assert_eq!(said, "accepted: refused_row/-/-/customers-2.csv\n");
}

/// Orders and lines of a branch, a file a day, over ten weeks; the last days may be written otherwise.
fn drops() -> Project {
    let project = Project::empty();
    let drop = |table: &str, name: &str| {
        format!("[sources.{table}]\ntable = \"{table}\"\nfiles = [\"{name}-{{branch}}-{{day}}*.csv\"]\n")
    };
    let as_of = HEAD.replace("2026-03-03", "2026-03-16");
    project.write("langgan.toml", format!("{as_of}{}{}", drop("orders", "o"), drop("order_lines", "l")));
    let from = langgan::check::exceptions::day_of("2026-01-05").unwrap();
    for day in (0..70).map(|after| langgan::calendar::day_name(from + after)) {
        for branch in ["JKT", "SBY"] {
            let (orders, lines) = drop_of(branch, &day);
            project.write(&format!("o-{branch}-{day}.csv"), orders).write(&format!("l-{branch}-{day}.csv"), lines);
        }
    }
    project
}

fn drop_of(branch: &str, day: &str) -> (String, String) {
    let mut orders = "order_id,customer_id,branch_id,ordered_at\n".to_string();
    let mut lines = "order_id,line_no,product_id,quantity,unit_price\n".to_string();
    let on = langgan::check::exceptions::day_of(day).unwrap();
    for number in 1..=8 {
        // No two days are alike.
        let customer = (on * 7 + number * 3) % 97;
        orders.push_str(&format!("{branch}{day}-{number},c{customer},{branch},{day} 1{number}:00:00\n"));
        lines.push_str(&format!("{branch}{day}-{number},1,tea,{number},54000\n"));
    }
    (orders, lines)
}

/// The status of a branch on the last day of the grid.
fn last_day<'c>(check: &'c Value, branch: &str) -> &'c str {
    let branches = check["branches"].as_array().unwrap();
    let own = branches.iter().find(|own| own["branch"] == branch).unwrap();
    own["days"].as_array().unwrap().last().unwrap()["status"].as_str().unwrap()
}

#[test]
fn a_held_file_is_on_the_screen_with_its_reason_and_its_day_is_not_missing() {
    let project = drops();
    let day = "2026-03-15";
    let (orders, lines) = drop_of("JKT", day);
    project.write(&format!("o-JKT-{day}.csv"), orders.replace("ordered_at", "waktu"));
    let run = project.run(&["run", "--quiet"]);
    assert_eq!(run.code, 6, "{}", run.stderr);
    let found = check(&project);
    let key = format!("held_file/JKT/{day}");
    assert_eq!(keys(&found), [key.as_str()], "neither missing nor orphans: {found:#}");
    assert_eq!((last_day(&found, "JKT"), last_day(&found, "SBY")), ("held", "ok"));
    let told = exceptions(&found)[0];
    assert_eq!(told["held_files"][0]["code"], "not_mapped", "what it is held for comes first: {told:#}");
    assert!(told["held_files"][0]["hint"].as_str().unwrap().contains("waktu"), "{told:#}");
    let ran = project.run(&["check"]);
    assert_eq!(ran.code, 6);
    assert!(ran.stdout.contains(&format!("FAIL  {key}")) && ran.stdout.contains("waktu"), "{}", ran.stdout);
    assert!(ran.stdout.contains("held 03-15") || ran.stdout.contains("HELD 03-15"), "{}", ran.stdout);
    let indonesian = project.run(&["check", "--lang", "id"]).stdout;
    assert!(indonesian.contains("berkas ditahan seluruhnya") && indonesian.contains("DITAHAN 03-15"), "{indonesian}");
    let mail = project.read("runs/latest/per-branch/JKT.csv");
    assert!(mail.contains(&format!("o-JKT-{day}.csv")) && mail.contains("→"), "{mail}");
    assert!(project.read("runs/latest/report.html").contains(&format!("o-JKT-{day}.csv")));
    let run: Value = serde_json::from_str(&project.read("runs/latest/run.json")).unwrap();
    assert!(run["held_files"].as_array().unwrap().iter().any(|held| held["code"] == "not_mapped"), "{run:#}");
    // Sent again as it should be, it closes by itself.
    project.write(&format!("o-JKT-{day}.csv"), orders).write(&format!("l-JKT-{day}.csv"), lines);
    project.ok(&["run", "--quiet"]);
    let found = check(&project);
    assert!(keys(&found).is_empty(), "{found:#}");
    assert_eq!((last_day(&found, "JKT"), &found["closed_today"]), ("ok", &serde_json::json!([key])));
}

#[test]
fn orders_whose_lines_are_in_a_held_file_are_no_figure_yet() {
    let project = drops();
    let day = "2026-03-15";
    let (_, lines) = drop_of("JKT", day);
    project.write(&format!("l-JKT-{day}.csv"), lines.replace("unit_price", "harga"));
    let run = project.run(&["run", "--quiet"]);
    assert_eq!(run.code, 6, "{}", run.stderr);
    let record: Value = serde_json::from_str(&project.read("runs/latest/run.json")).unwrap();
    assert_eq!(record["quarantined"], 8);
    assert_eq!(last_day(&check(&project), "JKT"), "held");
    let orders = project.ok(&["query", "-c", "SELECT SUM(n_orders) AS n FROM profitability"]).stdout;
    assert_eq!(orders, format!("n\n{}\n", 2 * 70 * 8 - 8));
    // Who knows better says so.
    project.ok(&["accept", "JKT", day, "--reason", "it was a stocktaking", "--by", "Rina"]);
    project.run(&["run", "--quiet"]);
    let record: Value = serde_json::from_str(&project.read("runs/latest/run.json")).unwrap();
    assert_eq!(record["quarantined"], 0);
}

#[test]
fn a_file_of_which_too_many_rows_are_refused_is_mailed_back_with_them() {
    let project = drops();
    let day = "2026-03-15";
    let (_, lines) = drop_of("JKT", day);
    project.write(&format!("l-JKT-{day}.csv"), lines.replace(",54000", ",=54000"));
    assert_eq!(project.run(&["run", "--quiet"]).code, 6);
    let found = check(&project);
    assert_eq!(exceptions(&found)[0]["held_files"][0]["code"], "column_retyped");
    let mail = project.read("runs/latest/per-branch/JKT.csv");
    assert_eq!(mail.lines().filter(|line| line.contains("=54000")).count(), 8, "{mail}");
}

#[test]
fn every_refused_row_is_in_the_rejects_of_a_run() {
    let flat = "[sources.sales]\ntable = \"flat\"\nfiles = [\"sales-*.csv\"]\nreject_limit = 1.0\n";
    let bad: String = (0..120_000).map(|n| format!("B-{n},tea,ann,JKT,2026-03-01 09:00:00,x,54000\n")).collect();
    let project = project(flat, &format!("{SALES}{bad}"));
    project.ok(&["run", "--quiet"]);
    let rejects = project.read("runs/latest/rejects.csv");
    assert_eq!(rejects.lines().count(), 120_001);
    assert!(rejects.contains("B-119999,"));
    let found = check(&project);
    let expected = serde_json::json!([{ "file": "sales-1.csv", "refused": 120_000, "looked_at": 20_000 }]);
    assert_eq!(found["refused_rows_not_looked_at"], expected);
    assert!(project.run(&["check"]).stdout.contains("of 120000 refused rows the first 20000 were looked at"));
}

/// Sixty orders of two lines each, three a day from 2026-03-01 on; one of them is dated 2062.
fn mistyped_year() -> String {
    let mut text = SALES.lines().next().unwrap().to_string() + "\n";
    for number in 0..60 {
        let day = if number == 40 { "2062-03-05".into() } else { format!("2026-03-{:02}", 1 + number / 3) };
        for product in ["tea", "rice"] {
            text.push_str(&format!("B-{number:03},{product},c{},JKT,{day} 09:00:00,1,54000\n", number % 7));
        }
    }
    text
}

#[test]
fn a_mistyped_year_does_not_move_the_day_and_is_told_with_its_row() {
    let open = HEAD.split("[run]").next().unwrap();
    let project = project("", &mistyped_year());
    project.write("langgan.toml", format!("{open}{FLAT}")).ok(&["ingest"]);
    let found = check(&project);
    assert_eq!(found["as_of"], "2026-03-21");
    let told = exceptions(&found).into_iter().find(|told| told["key"] == "future_date/JKT/2062-03-05").unwrap();
    assert_eq!(told["n_rows"], 1);
    assert_eq!((&told["rows"][0]["document"], &told["rows"][0]["line"]), (&"B-040".into(), &82.into()));
    let earlier = project.ok(&["check", "--json", "--as-of", "2026-03-10"]).stdout;
    let earlier: Value = serde_json::from_str(&earlier).unwrap();
    assert!(!keys(&earlier).iter().any(|key| key.starts_with("future_date")), "{earlier}");
    project.write("langgan.toml", format!("{open}{FLAT}[check.rules.future_date]\naction = \"off\"\n"));
    assert_eq!(check(&project)["as_of"], "2062-03-06");
}

const TOTALS: &str = "[sources.totals]\ntable = \"control_totals\"\nfiles = [\"totals.csv\"]\n";

#[test]
fn totals_of_order_lines_name_the_row_at_fault_too() {
    let wrong = SALES.replace("11:00:00,1,54000", "11:00:00,1,45000");
    for (sales, rows, kind, document) in [
        (wrong, 4, "digits_swapped", "A-003"),
        (SALES.replace("A-003,tea,cid,JKT,2026-03-01 11:00:00,1,54000\n", ""), 4, "row_missing", ""),
    ] {
        let project = project(&format!("{FLAT}{TOTALS}"), &sales);
        let totals = format!("day,branch_id,entity,rows,amount\n2026-03-01,JKT,order_lines,{rows},{AMOUNT}\n");
        project.write("totals.csv", totals).ok(&["ingest"]);
        let found = check(&project);
        let told = exceptions(&found)[0];
        assert_eq!(told["key"], "control_totals/JKT/2026-03-01");
        let cause = &told["causes"][0];
        assert_eq!((&cause["kind"], &cause["row"]["document"]), (&kind.into(), &document.into()));
        let said = project.run(&["run"]).stdout;
        assert!(said.contains("branch says 4 order lines and "), "{said}");
    }
}

#[test]
fn a_trailer_that_counts_a_row_more_names_the_document_that_is_missing() {
    let trailer = format!("{FLAT}trailer = {{ prefix = \"TOTAL\", rows = 2, amount = 3 }}\n");
    let row = |n: u32| format!("C-{n:03},tea,ann,JKT,2026-03-01 09:{n:02}:00,{},54000\n", 1 + n % 3);
    let sales: String = (1..=40).filter(|n| *n != 13).map(row).collect();
    let amount: u32 = (1..=40).map(|n| (1 + n % 3) * 54_000).sum();
    let head = SALES.lines().next().unwrap();
    let project = project(&trailer, &format!("{head}\n{sales}TOTAL,40,{amount}\n"));
    project.ok(&["ingest"]);
    let found = check(&project);
    let cause = &exceptions(&found)[0]["causes"][0];
    assert_eq!((&cause["kind"], &cause["row"]["document"]), (&"document_missing".into(), &"C-013".into()));
}

#[test]
fn a_day_the_branch_totals_and_did_not_send_is_missing_not_held() {
    let sales = SALES.replace("A-004,tea,dan,JKT", "A-004,tea,dan,SBY").replace("A-003", "A-103");
    let later = sales.lines().nth(1).unwrap().replace("A-001", "A-201").replace("03-01", "03-02");
    let hold = "[check.rules.control_totals]\naction = \"hold\"\n";
    let project = project(&format!("{FLAT}{TOTALS}{hold}"), &format!("{sales}{later}\n"));
    let totals = "day,branch_id,entity,rows,amount\n2026-03-01,SBY,order_lines,1,162000\n\
                  2026-03-02,SBY,order_lines,3,270000\n";
    project.write("totals.csv", totals).ok(&["ingest"]);
    let found = check(&project);
    assert!(keys(&found).contains(&"missing_day/SBY/2026-03-02"), "{:?}", keys(&found));
    assert_eq!(last_day(&found, "SBY"), "missing");
}

#[test]
fn a_flat_file_is_checked_for_line_totals_and_what_a_spreadsheet_damages() {
    let sales = "order_id,product_id,customer_id,branch_id,ordered_at,quantity,unit_price,total,phone\n\
        A-001,tea,00010,JKT,2026-03-01 09:00:00,2,54000,108000,6.28E+11\n\
        A-002,tea,10,JKT,2026-03-01 10:00:00,14,54000,216000,081234567890\n\
        A-002,rice,10,JKT,2026-03-01 10:00:00,1,54000,54000,\n";
    let columns = "[sources.sales.columns]\nstated_total = \"total\"\n";
    let project = project(&format!("{FLAT}{columns}"), sales);
    project.ok(&["ingest"]);
    let found = check(&project);
    let told: Vec<String> = exceptions(&found)
        .iter()
        .flat_map(|told| told["rows"].as_array().unwrap().iter().map(move |row| (told, row)))
        .map(|(told, row)| {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            format!(
                "{} {} {} {} → {}",
                told["rule"].as_str().unwrap(),
                row["line"],
                text("column"),
                text("value"),
                text("expected")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "line_total 3 stated_total 216000 → 756000",
            "excel_damage 2 phone 6.28E+11 → ",
            "excel_damage 3 customer_id 10 → 00010"
        ]
    );
}
