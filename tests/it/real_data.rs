//! Real exports, where they are at hand: the figures their publishers and others found.

use super::support::{Project, shared};

/// Online Retail, unpacked beside the test; `None` where it or `zstd` is not here.
fn online_retail() -> Option<Project> {
    let packed = shared("data/online_retail/online_retail_2010_2011.csv.zst")?;
    let project = Project::empty();
    let unpacked = std::process::Command::new("zstd")
        .arg("-dqo")
        .arg(project.path().join("online_retail.csv"))
        .arg(&packed)
        .status();
    if !unpacked.is_ok_and(|status| status.success()) {
        println!("skipped: zstd is not here");
        return None;
    }
    Some(project)
}

#[test]
fn online_retail_from_init_to_report() {
    let Some(project) = online_retail() else { return };
    project.ok(&["init", "--from", "online_retail.csv"]);
    project.ok(&["run"]);
    let query = |sql: &str| project.ok(&["query", "-c", sql]).stdout;
    let check: serde_json::Value = serde_json::from_str(&project.ok(&["check", "--json"]).stdout).unwrap();
    let rows = &check["sources"]["online_retail"];
    assert_eq!((rows["received"].as_u64(), rows["accepted"].as_u64()), (Some(541_909), Some(541_909)));
    let anonymous = query(
        "SELECT COUNT(*) AS n FROM lake_order_lines AS l INNER JOIN lake_orders AS o ON l.order_key = o.order_key WHERE o.customer_key IS NULL",
    );
    assert_eq!(anonymous, "n\n135080\n");
    let net = query("SELECT ledger FROM profitability_tieout WHERE line = 'net_sales'");
    assert_eq!(net, "ledger\n9747747.934\n");
    let best = query("SELECT customer_id, net_sales FROM profitability ORDER BY net_sales DESC, customer_id LIMIT 3");
    assert_eq!(best, "customer_id,net_sales\n14646,279489.020\n18102,256438.490\n17450,187482.170\n");
    let partial = query("SELECT period FROM trend_kpis WHERE dimension = 'all' AND is_partial ORDER BY period");
    assert_eq!(partial, "period\n2011-12\n");
}

#[test]
fn online_retail_months_equal_the_reference() {
    let (Some(project), Some(reference)) = (online_retail(), shared("reference/trend_online_retail.json")) else {
        return;
    };
    let reference: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(reference).unwrap()).unwrap();
    project.ok(&["init", "--from", "online_retail.csv"]);
    project.ok(&["run", "--quiet"]);
    let sql = "SELECT period, gross_sales, orders, units, active_customers, new_customers FROM trend_kpis WHERE dimension = 'all' ORDER BY period";
    let found = project.ok(&["query", "-c", sql]).stdout;
    let months = reference["monthly"].as_array().unwrap();
    assert_eq!(found.lines().count(), months.len() + 1);
    for (line, month) in found.lines().skip(1).zip(months) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[0], month["m"].as_str().unwrap());
        assert!((cells[1].parse::<f64>().unwrap() - month["rev"].as_f64().unwrap()).abs() < 0.0005, "{line}");
        for (cell, name) in cells[2..].iter().zip(["orders", "units", "active", "new"]) {
            assert_eq!(cell.parse::<u64>().unwrap(), month[name].as_u64().unwrap(), "{} {name}", cells[0]);
        }
    }
    let sql = "SELECT price, volume, mix, new, lost FROM trend_bridge WHERE period = '2011-11' AND base_period = '2011-10' AND dimension = 'all'";
    let bridge = project.ok(&["query", "-c", sql]).stdout;
    let cells: Vec<f64> = bridge.lines().nth(1).unwrap().split(',').map(|cell| cell.parse().unwrap()).collect();
    for (found, wanted) in cells.iter().zip([35_675.08, 243_509.77, 71_413.72, 15_082.01, -11_163.54]) {
        assert!((found - wanted).abs() < 0.006, "{bridge}");
    }
}
