//! Profitability as a user meets it: published figures, the textbook example from single records, what-ifs, explanations,
//! mistakes in the configuration.

use std::fmt::Write;

use super::support::{Project, repository, shared};

/// The cells of one row of a query.
fn row(project: &Project, sql: &str) -> Vec<String> {
    let text = project.ok(&["query", "-c", sql]).stdout;
    text.lines().nth(1).unwrap_or_default().split(',').map(String::from).collect()
}

/// Net sales, cost of goods, contribution and units of all customers, after `init` and `run` with nothing else configured.
fn published(data: &str, flags: &[&str]) -> Option<(Project, Vec<String>)> {
    let path = shared(&format!("data/{data}"))?;
    let project = Project::empty();
    project.ok(&["init", "--from", path.to_str().unwrap()]);
    project.ok(&[&["run", "--quiet"], flags].concat());
    let sums = "SELECT SUM(net_sales) AS sales, SUM(cogs) AS cost, SUM(contribution) AS profit, SUM(units) AS units FROM profitability";
    let found = row(&project, sums);
    Some((project, found))
}

/// A decimal with its digits beyond cents cut, as the publishers round.
fn cents(text: &str) -> String {
    format!("{:.2}", text.parse::<f64>().unwrap())
}

#[test]
fn superstore_earns_what_is_published() {
    let Some((_, found)) = published("superstore/superstore.csv", &[]) else { return };
    assert_eq!([cents(&found[0]), cents(&found[2])], ["2297200.86", "286397.02"]);
}

#[test]
fn foodmart_earns_what_is_published() {
    let Some((project, found)) = published("foodmart", &["--as-of", "1998-01-01"]) else { return };
    assert_eq!([cents(&found[0]), cents(&found[1])], ["565238.13", "225627.23"]);
    assert_eq!(found[3], "266773");
    assert_eq!(row(&project, "SELECT COUNT(*) AS n FROM profitability WHERE n_lines > 0"), ["5581"]);
}

#[test]
fn adventure_works_earns_what_is_published() {
    let Some((_, found)) = published("adventureworks", &[]) else { return };
    assert_eq!([cents(&found[0]), cents(&found[1]), cents(&found[2])], ["24914737.25", "14456927.65", "10457809.60"]);
}

/// A project with customers, orders and contacts enough for the textbook's department.
fn department() -> Project {
    let project = Project::empty();
    let mut orders = String::from("order_id,customer_id,ordered_at\n");
    let mut lines = String::from("order_id,line_no,product_id,quantity,unit_price\n");
    for order in 0..49_000 {
        writeln!(orders, "{order},c{},2026-01-{:02} 10:00:00", order % 997, order % 31 + 1).unwrap();
        writeln!(lines, "{order},1,p,1,20.00").unwrap();
    }
    let mut contacts = String::from("interaction_id,customer_id,at,kind\n");
    for contact in 0..3_900 {
        let kind = if contact < 1_400 { "inquiry" } else { "credit_check" };
        writeln!(contacts, "i{contact},c{},2026-01-{:02} 11:00:00,{kind}", contact % 991, contact % 31 + 1).unwrap();
    }
    project.write("orders.csv", orders).write("order_lines.csv", lines).write("interactions.csv", contacts);
    project.write("ledger.csv", "month,account,amount\n2026-01,6300,560000.00\n");
    project.write("cost_rates.csv", "valid_from,rate,value\n2025-01-01,wage,0.80\n");
    let mut config = String::from("[currency]\ndecimals = 2\n");
    for table in ["orders", "order_lines", "interactions", "ledger", "cost_rates"] {
        writeln!(config, "[sources.{table}]\ntable = \"{table}\"\nfiles = [\"{table}.csv\"]").unwrap();
    }
    config.push_str(
        "[profitability.pools.desk]\naccounts = [\"6300\"]\ncapacity_minutes = 700000\nper_order = \"8\"\n\
         per_contact = \"44 * (kind == 'inquiry') + 50 * (kind == 'credit_check')\"\nfollows = { wage = 0.5 }\n",
    );
    project.write("langgan.toml", config);
    project
}

#[test]
fn the_textbook_department_leaves_its_unused_capacity() {
    let project = department();
    project.ok(&["run", "--quiet", "--threads", "1"]);
    let sql =
        "SELECT ledger, customers, unused, unallocated, difference FROM profitability_tieout WHERE line = 'cost_desk'";
    assert_eq!(row(&project, sql), ["560000.00", "462880.00", "97120.00", "0.00", "0.00"]);
    let shares = project.ok(&["query", "-c", "SELECT customer_id, cost_desk FROM profitability"]).stdout;
    let other = department();
    other.ok(&["run", "--quiet", "--threads", "3"]);
    assert_eq!(other.ok(&["query", "-c", "SELECT customer_id, cost_desk FROM profitability"]).stdout, shares);

    let changed = project.ok(&["whatif", "wage +20%", "price -50% category=", "--json"]);
    assert!(changed.stdout.contains("\"customers\": 997"), "{}", changed.stdout);
    let dearer: serde_json::Value =
        serde_json::from_str(&project.ok(&["whatif", "pool desk +100%", "--json"]).stdout).unwrap();
    // 980,000.00 of sales less 462,880.00, then less twice that.
    assert_eq!(dearer["contribution_before"], "517120.00");
    assert_eq!(dearer["contribution_after"], "54240.00");
    let wages: serde_json::Value =
        serde_json::from_str(&project.ok(&["whatif", "wage +20%", "--json"]).stdout).unwrap();
    assert_eq!(wages["contribution_after"], "470832.00", "half of the desk's cost follows the wage");
    let screen = project.ok(&["whatif", "pool desk +150%", "--most", "3"]).stdout;
    assert!(screen.contains("profitable → loss") && screen.contains("--most N"), "{screen}");
    assert_eq!(project.run(&["whatif", "rent +5%"]).code, 2);

    let story: serde_json::Value =
        serde_json::from_str(&project.ok(&["explain", "profitability", "c5", "--json"]).stdout).unwrap();
    let lines = story["from gross sales to contribution"].as_array().unwrap();
    let published = row(&project, "SELECT contribution FROM profitability WHERE customer_id = 'c5'");
    assert_eq!(lines.last().unwrap()["amount"], published[0].as_str());
    assert_eq!(story["where the pools' costs were booked"][0]["row"], "6300");
    assert_eq!(story["order lines"].as_array().unwrap().len(), story["orders"].as_array().unwrap().len());
    assert_eq!(project.run(&["explain", "profitability", "nobody"]).code, 2);
    assert_eq!(project.run(&["explain", "basket", "c5"]).code, 2);
}

#[test]
fn customer_and_supplier_at_once_is_one_party_netted() {
    let project = Project::empty();
    project.write(
        "customers.csv",
        "customer_id,party_class,party_id\nann,external,\nd-1,external,dewi\nd-2,supplier,dewi\n",
    );
    project
        .write("orders.csv", "order_id,customer_id,ordered_at\n1,d-1,2026-01-05 10:00:00\n2,d-2,2026-01-06 10:00:00\n");
    project.write(
        "order_lines.csv",
        "order_id,line_no,product_id,quantity,unit_price\n1,1,paper,10,10.00\n2,1,ink,-3,15.00\n",
    );
    let mut config = String::from("[currency]\ndecimals = 2\n");
    for table in ["customers", "orders", "order_lines"] {
        let returns = if table == "order_lines" { "negative_quantity = \"return\"\n" } else { "" };
        writeln!(config, "[sources.{table}]\ntable = \"{table}\"\nfiles = [\"{table}.csv\"]\n{returns}").unwrap();
    }
    project.write("langgan.toml", config);
    project.ok(&["run", "--quiet"]);
    assert_eq!(
        project.ok(&["query", "-c", "SELECT * FROM profitability_parties"]).stdout,
        "party_id,party_class,accounts,sales,purchases,net,contribution\ndewi,external+supplier,2,100.00,45.00,55.00,55.00\n"
    );
}

#[test]
fn a_circle_of_pools_stops_before_anything_is_run() {
    let project = Project::sample();
    let config = project.read("langgan.toml");
    let circle = "house = { to = { it = 1 } }\nit = { to = { house = 1 } }\n";
    project.write("langgan.toml", config.replace("warehouse = \"units\"", &format!("warehouse = \"units\"\n{circle}")));
    let ran = project.run(&["run", "--quiet"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`pools`: costs go round in a circle: house → it → house"), "{}", ran.stderr);
    assert!(!project.path().join("lake/manifest.json").exists());
}

#[test]
fn a_line_that_the_ledger_does_not_confirm_is_named() {
    let project = department();
    let config = project.read("langgan.toml");
    project.write("langgan.toml", format!("{config}[profitability.ledger]\nnet_sales = [\"4000\"]\n"));
    project.write("ledger.csv", "month,account,amount\n2026-01,6300,560000.00\n2026-01,4000,980000.01\n");
    let ran = project.run(&["run", "--quiet"]);
    assert_eq!(ran.code, 4);
    assert!(
        ran.stderr.contains("`net_sales`: its source says 980000.01, the statement 980000.00: 0.01 apart"),
        "{}",
        ran.stderr
    );
    project.write("ledger.csv", "month,account,amount\n2026-01,6300,560000.00\n2026-01,4000,980000.00\n");
    project.ok(&["run", "--quiet"]);
}

/// The worked example of `docs/profitability.md` is run as it stands there.
#[test]
fn the_documented_example_gives_the_documented_figures() {
    let page = std::fs::read_to_string(repository("docs/profitability.md")).unwrap();
    let blocks: Vec<(&str, &str)> =
        page.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap()).collect();
    let block = |name: &str| blocks.iter().find(|(kind, _)| *kind == name).unwrap_or_else(|| panic!("no {name}")).1;
    let project = Project::empty();
    project.write("langgan.toml", block("toml langgan.toml"));
    for (kind, body) in &blocks {
        if let Some(file) = kind.strip_prefix("csv ").filter(|file| file.ends_with(".csv")) {
            project.write(file, body);
        }
    }
    project.ok(&["run", "--quiet", "--as-of", "2026-02-01"]);
    let words = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|line| !line.is_empty())
            .collect()
    };
    for (kind, body) in &blocks {
        if let Some(sql) = kind.strip_prefix("csv SELECT ") {
            let found = project.ok(&["query", "-c", &format!("SELECT {sql}")]).stdout;
            assert_eq!(&found, body, "{sql}");
        }
        if let Some(command) = kind.strip_prefix("text langgan ") {
            let mut command: Vec<&str> = command.split('"').map(str::trim).filter(|part| !part.is_empty()).collect();
            let first: Vec<&str> = command.remove(0).split(' ').collect();
            let found = project.ok(&[first, command].concat()).stdout;
            assert_eq!(words(&found), words(body));
        }
    }
}
