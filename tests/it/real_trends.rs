//! Trends of real exports, figure by figure, and forecasts that add up.

use std::collections::BTreeMap;

use langgan::stats::forecast::{Settings, Sum, forecast, reconcile};

use super::real_data::online_retail;
use super::support::{Project, shared};

/// The rows of a query, without its header.
fn rows(project: &Project, sql: &str) -> Vec<Vec<String>> {
    let found = project.ok(&["query", "-c", sql]).stdout;
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(found.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap_or_else(|_| panic!("`{cell}` is no number"))
}

#[test]
fn online_retail_trends_equal_the_reference() {
    let (Some(project), Some(reference)) = (online_retail(), shared("reference/trend_online_retail.json")) else {
        return;
    };
    let reference: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(reference).unwrap()).unwrap();
    project.ok(&["init", "--from", "online_retail.csv"]);
    let config = project.read("langgan.toml");
    project.write("langgan.toml", format!("{config}\n[trends]\nabc_months = 0\n"));
    project.ok(&["run", "--quiet"]);
    let of = |value: &serde_json::Value, name: &str| value[name].as_f64().unwrap();

    // The cohort triangle: customers and gross sales of every cell that has any.
    let cells = rows(&project, "SELECT cohort, period, customers, gross_sales FROM trend_cohorts");
    let cells: BTreeMap<(&str, &str), (&str, &str)> =
        cells.iter().map(|row| ((row[0].as_str(), row[1].as_str()), (row[2].as_str(), row[3].as_str()))).collect();
    for wanted in reference["cohorts"].as_array().unwrap() {
        let (customers, sales) = cells[&(wanted["c"].as_str().unwrap(), wanted["m"].as_str().unwrap())];
        assert_eq!(number(customers), of(wanted, "n"), "{wanted}");
        assert!((number(sales) - of(wanted, "rev")).abs() < 0.0005, "{wanted} {sales}");
    }
    assert_eq!(cells.len(), 13 * 14 / 2);

    // Both price-volume-mix bridges, and how many products are behind them.
    for wanted in reference["pvm"].as_array().unwrap() {
        let (from, to) = (wanted["frm"].as_str().unwrap(), wanted["to"].as_str().unwrap());
        let sql = format!(
            "SELECT price, volume, mix, new, lost, rev1, rev0, products_both, products_new, products_lost FROM trend_bridge WHERE period = '{to}' AND base_period = '{from}' AND dimension = 'all'"
        );
        let found: Vec<f64> = rows(&project, &sql)[0].iter().map(|cell| number(cell)).collect();
        for (found, name) in found.iter().zip(["price", "volume", "mix", "new_products", "lost_products"]) {
            assert!((found - of(wanted, name)).abs() < 0.0016, "{to} {name}: {found}");
        }
        let difference = found[5] - found[6];
        assert!(
            (difference - of(wanted, "delta")).abs() < 0.0005
                && (found[..5].iter().sum::<f64>() - difference).abs() < 1e-6
        );
        assert_eq!(found[7..], ["n_both", "n_new", "n_lost"].map(|name| of(wanted, name)));
    }

    // Customers × frequency × basket.
    for wanted in reference["growth_decomp_LMDI"].as_array().unwrap() {
        let (from, to) = (wanted["frm"].as_str().unwrap(), wanted["to"].as_str().unwrap());
        let sql = format!(
            "SELECT customers, frequency, basket, sales, sales_base FROM trend_basket_bridge WHERE period = '{to}' AND base_period = '{from}' AND dimension = 'all'"
        );
        let found: Vec<f64> = rows(&project, &sql)[0].iter().map(|cell| number(cell)).collect();
        for (found, name) in found.iter().zip(["customers", "frequency", "aov"]) {
            assert!((found - of(wanted, name)).abs() < 0.0016, "{to} {name}: {found}");
        }
        assert!((found[3] - found[4] - of(wanted, "delta")).abs() < 0.0005);
    }

    // Months of known customers: sales, sales to new ones, orders; products sold; average order.
    for month in reference["monthly"].as_array().unwrap() {
        let period = month["m"].as_str().unwrap();
        let known = rows(
            &project,
            &format!(
                "SELECT SUM(gross_sales) AS all_known, SUM(CASE WHEN age = 0 THEN gross_sales ELSE 0 END) AS to_new FROM trend_cohorts WHERE period = '{period}'"
            ),
        );
        assert!((number(&known[0][0]) - of(month, "rev_known")).abs() < 0.0005, "{period} {known:?}");
        assert!((number(&known[0][1]) - of(month, "rev_new")).abs() < 0.0005, "{period} {known:?}");
        let average = rows(
            &project,
            &format!("SELECT average_order FROM trend_kpis WHERE period = '{period}' AND dimension = 'all'"),
        );
        assert!((number(&average[0][0]) - of(month, "aov")).abs() < 0.0006, "{period} {average:?}");
    }

    // ABC over everything, partial months too.
    let classes = rows(&project, "SELECT abc, COUNT(*) AS n FROM trend_abc GROUP BY abc ORDER BY abc");
    let classes: Vec<(&str, f64)> = classes.iter().map(|row| (row[0].as_str(), number(&row[1]))).collect();
    let abc = &reference["abc"];
    assert_eq!(classes, [("A", of(abc, "A")), ("B", of(abc, "B")), ("C", of(abc, "C"))]);
    let best = rows(&project, "SELECT product_id, revenue, cumulative_share FROM trend_abc ORDER BY rank LIMIT 5");
    for (found, wanted) in best.iter().zip(abc["top5"].as_array().unwrap()) {
        assert_eq!(found[0], wanted["StockCode"].as_str().unwrap());
        assert!((number(&found[1]) - of(wanted, "rev")).abs() < 0.0005);
        assert!((number(&found[2]) - of(wanted, "cs")).abs() < 1e-9);
    }

    // Sen's slope and Mann-Kendall over the twelve complete months.
    let slope = rows(
        &project,
        "SELECT gross_sen_slope, gross_mk_z, gross_p_value, n_months FROM trend_slopes WHERE dimension = 'all'",
    );
    let trend = &reference["trend"];
    assert!((number(&slope[0][0]) - of(trend, "sen_slope")).abs() < 0.0006, "{slope:?}");
    assert!(
        (number(&slope[0][1]) - of(trend, "z")).abs() < 1e-12
            && (number(&slope[0][2]) - of(trend, "p_two_sided")).abs() < 1e-12
    );
    assert_eq!(slope[0][3], "12");

    // Who came and who went adds up to the difference in net sales.
    let bridges = rows(
        &project,
        "SELECT net_sales_base, net_sales, new, reactivated, retained, lost, others, anonymous FROM trend_customer_bridge",
    );
    assert_eq!(bridges.len(), 12 + 1);
    for row in &bridges {
        let cells: Vec<i64> = row.iter().map(|cell| (number(cell) * 1000.0).round() as i64).collect();
        assert_eq!(cells[1] - cells[0], cells[2..].iter().sum::<i64>(), "{row:?}");
    }
}

/// Turnover of Australian retailers by state and industry: state, industry, month, tenths of a million.
fn australia() -> Option<Vec<(String, String, String, i64)>> {
    let path = shared("data/aus_retail/aus_retail.csv")?;
    let mut reader = csv::Reader::from_path(path).unwrap();
    let tenths = |cell: &str| (cell.parse::<f64>().unwrap() * 10.0).round() as i64;
    let row = |record: csv::StringRecord| {
        (record[0].into(), record[1].into(), record[3][..7].to_string(), tenths(&record[4]))
    };
    Some(reader.records().map(|record| row(record.unwrap())).collect())
}

#[test]
fn australian_retail_adds_up() {
    let Some(turnover) = australia() else { return };
    let project = Project::empty();
    let mut flat = String::from("order_id,ordered_at,branch_id,category,product_id,quantity,unit_price\n");
    for (number, (state, industry, month, amount)) in turnover.iter().enumerate() {
        let amount = format!("{}.{}", amount / 10, amount % 10);
        flat.push_str(&format!("O{number},{month}-01 12:00:00,{state},\"{industry}\",\"{industry}\",1,{amount}\n"));
    }
    project.write("turnover.csv", flat);
    let mut actual: BTreeMap<&str, i64> = BTreeMap::new();
    turnover.iter().for_each(|(_, _, month, amount)| *actual.entry(month).or_default() += amount);
    // The calendar of a country whose feasts mean nothing there must do no harm.
    let [error, with_calendar] = ["none", "id"].map(|calendar| {
        project.write(
            "langgan.toml",
            format!(
                "[currency]\ndecimals = 1\n[sources.turnover]\ntable = \"flat\"\nfiles = [\"turnover.csv\"]\n[trends]\nforecast_months = 18\nbacktest_months = 18\ncalendar = \"{calendar}\"\n"
            ),
        );
        project.ok(&["run", "--as-of", "2017-07-01", "--quiet"]);
        let forecasts = rows(&project, "SELECT dimension, period, forecast, value FROM trend_forecast");
        let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for row in &forecasts {
            *sums.entry((row[0].as_str(), row[1].as_str())).or_default() += (number(&row[2]) * 10.0).round() as i64;
        }
        assert_eq!(forecasts.len(), 18 * (1 + 8 + 20));
        for ((dimension, period), sum) in &sums {
            assert_eq!(*sum, sums[&("all", *period)], "{dimension} {period}");
        }
        // How far off, beside the year before.
        let (mut error, mut naive) = (0.0, 0.0);
        for ((_, period), sum) in sums.iter().filter(|((dimension, _), _)| *dimension == "all") {
            // What was known last of the same month: the second half of 2016 and the first of 2017.
            let month = &period[5..];
            let before = actual[format!("{}-{month}", if month < "07" { 2017 } else { 2016 }).as_str()];
            error += (sum - actual[period]).abs() as f64;
            naive += (before - actual[period]).abs() as f64;
        }
        println!("calendar {calendar}: mean error {:.1}, of the year before {:.1}", error / 180.0, naive / 180.0);
        assert!(error < 0.6 * naive, "{error} {naive}");
        error
    });
    assert!(with_calendar < 1.1 * error, "{with_calendar} {error}");
}

#[test]
fn a_hierarchy_of_181_series_is_reconciled() {
    const HELD_OUT: usize = 18;
    let Some(turnover) = australia() else { return };
    let months: Vec<&str> = {
        let mut months: Vec<&str> = turnover.iter().map(|row| row.2.as_str()).collect();
        months.sort_unstable();
        months.dedup();
        months
    };
    let mut bottom: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for (state, industry, month, amount) in &turnover {
        let at = months.binary_search(&month.as_str()).unwrap();
        bottom.entry((state, industry)).or_insert_with(|| vec![0.0; months.len()])[at] = *amount as f64;
    }
    assert_eq!(bottom.len(), 152);
    // All, then states, then industries, then the 152.
    let group = |of: fn(&(&str, &str)) -> String| -> BTreeMap<String, Vec<usize>> {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        bottom.keys().enumerate().for_each(|(place, key)| groups.entry(of(key)).or_default().push(place));
        groups
    };
    let groups: Vec<Vec<usize>> =
        group(|key| key.0.to_string()).into_values().chain(group(|key| key.1.to_string()).into_values()).collect();
    let (states, first) = (8, 1 + groups.len());
    let leaves: Vec<Vec<f64>> = bottom.into_values().collect();
    let sum = |places: &[usize]| -> Vec<f64> {
        (0..months.len()).map(|at| places.iter().map(|place| leaves[*place][at]).sum()).collect()
    };
    let mut nodes = vec![sum(&(0..152).collect::<Vec<usize>>())];
    nodes.extend(groups.iter().map(|places| sum(places)));
    nodes.extend(leaves.iter().cloned());
    let mut sums =
        vec![Sum { whole: 0, parts: (1..=states).collect() }, Sum { whole: 0, parts: (states + 1..first).collect() }];
    for (place, parts) in groups.iter().enumerate() {
        sums.push(Sum { whole: place + 1, parts: parts.iter().map(|leaf| first + leaf).collect() });
    }
    let settings = Settings { period: 12, horizon: HELD_OUT, window: HELD_OUT, origins: 4 };
    let known = months.len() - HELD_OUT;
    let served: Vec<_> = nodes
        .iter()
        .map(|node| {
            let silent = node.iter().take_while(|value| **value == 0.0).count();
            forecast(&node[silent..known], settings)
        })
        .collect();
    let (mut before, mut after) = (0.0, 0.0);
    for ahead in 0..HELD_OUT {
        let values: Vec<f64> = served.iter().map(|served| served.values[ahead]).collect();
        let variances: Vec<f64> = served.iter().map(|served| served.half_widths(ahead).unwrap()[0].powi(2)).collect();
        let moved = reconcile(&values, &variances, &sums, &vec![true; values.len()]);
        for sum in &sums {
            let parts: f64 = sum.parts.iter().map(|part| moved[*part]).sum();
            assert!((moved[sum.whole] - parts).abs() < 1e-3, "{} {parts}", moved[sum.whole]);
        }
        for (place, node) in nodes.iter().enumerate() {
            let scale = node[known - 12..known].iter().sum::<f64>() / 12.0;
            if scale == 0.0 {
                continue;
            }
            before += (values[place] - node[known + ahead]).abs() / scale;
            after += (moved[place] - node[known + ahead]).abs() / scale;
        }
    }
    let count =
        (HELD_OUT * nodes.iter().filter(|node| node[known - 12..known].iter().sum::<f64>() > 0.0).count()) as f64;
    println!(
        "{} series: mean error {:.4} of a month before, {:.4} after sums were made to add up",
        nodes.len(),
        before / count,
        after / count
    );
    assert!(after < before, "{after} {before}");
}
