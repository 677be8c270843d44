//! What a source may map: totals, rates and profits instead of prices; columns of other files; joined columns.

use super::support::{Project, shared};

const TOML: &str = r#"
[currency]
decimals = 2
[sources.sales]
table = "flat"
files = ["sales.csv"]
date = "%Y-%m-%d"
timestamp = "%Y-%m-%d"
[sources.sales.columns]
order_id = ["customer", "day"]
product_id = "product"
customer_id = "customer"
customer_name = ["first", "last"]
ordered_at = "calendar.date"
quantity = "units"
line_total = "sales"
discount_rate = "off"
line_profit = "profit"
category = "classes.category"
[sources.sales.lookups.calendar]
files = ["days.csv"]
key = "day"
[sources.sales.lookups.products]
files = ["products.csv"]
key = "product"
[sources.sales.lookups.classes]
files = ["classes.csv"]
key = "class"
by = "products.class"
"#;

fn star() -> Project {
    let project = Project::empty();
    project
        .write("langgan.toml", TOML)
        .write("days.csv", "day,date\n1,2024-03-01\n2,2024-03-02\n")
        .write("products.csv", "product,class\nA,x\nB,y\n")
        .write("classes.csv", "class,category\nx,Tea\ny,Coffee\n")
        .write(
            "sales.csv",
            "customer,first,last,day,product,units,sales,off,profit\n\
             a/b,Ana,Lim,1,A,3,10.00,0,2.50\n\
             a/b,Ana,Lim,1,B,2,16.00,20%,-1.00\n\
             a,Budi,,2,A,7,0.05,0,0.01\n\
             a,Budi,,3,A,1,5.00,0,0\n\
             a,Budi,,2,A,0,5.00,0,0\n\
             a,Budi,,2,A,1,5.00,1.5,0\n",
        );
    project
}

#[test]
fn a_line_total_is_exact_whatever_the_price_of_one_unit() {
    let project = star();
    let ran = project.run(&["ingest", "--json"]);
    assert_eq!(ran.code, 3, "half of the rows are wrong: {}", ran.stderr);
    project.write("langgan.toml", TOML.replace("table = \"flat\"", "table = \"flat\"\nreject_limit = 0.5"));
    let loaded: serde_json::Value = serde_json::from_str(&project.ok(&["ingest", "--json"]).stdout).unwrap();
    let rejects = &loaded["loaded"][0]["rejects"];
    assert_eq!(rejects.to_string(), r#"{"bad_rate":1,"bad_timestamp":1,"no_unit_price":1}"#);
    let sql = "SELECT o.order_id, l.quantity, l.unit_price, l.discount, l.line_cost, l.quantity * l.unit_price - l.discount AS net \
               FROM lake_order_lines AS l INNER JOIN lake_orders AS o ON l.order_key = o.order_key \
               ORDER BY o.order_id, l.line_no";
    let expected = "order_id,quantity,unit_price,discount,line_cost,net\n\
                    a/2,7,1,2,4,5\n\
                    a\\/b/1,3,334,2,750,1000\n\
                    a\\/b/1,2,1000,400,1700,1600\n";
    assert_eq!(project.ok(&["query", "-c", sql]).stdout, expected);
    let names =
        project.ok(&["query", "-c", "SELECT customer_id, name FROM lake_customers ORDER BY customer_id"]).stdout;
    assert_eq!(names, "customer_id,name\na,Budi\na/b,Ana Lim\n");
    let sql = "SELECT product_id, category FROM lake_products ORDER BY product_id";
    assert_eq!(project.ok(&["query", "-c", sql]).stdout, "product_id,category\nA,Tea\nB,Coffee\n");
}

#[test]
fn a_changed_lookup_loads_its_source_again() {
    let project = star();
    project.write("langgan.toml", TOML.replace("table = \"flat\"", "table = \"flat\"\nreject_limit = 0.5"));
    project.ok(&["ingest"]);
    assert!(project.ok(&["ingest"]).stdout.contains("nothing new"));
    project.write("days.csv", "day,date\n1,2024-03-01\n2,2024-03-02\n3,2024-03-03\n");
    project.ok(&["ingest"]);
    let orders = project.ok(&["query", "-c", "SELECT COUNT(*) AS n FROM lake_orders"]).stdout;
    assert_eq!(orders, "n\n3\n");
}

#[test]
fn a_lookup_says_what_is_wrong_with_it() {
    let project = star();
    project.write("products.csv", "product,class\nA,x\nA,y\n");
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 3 && ran.stderr.contains("`A` twice"), "{}", ran.stderr);
    project.write("products.csv", "produk,class\nA,x\n");
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 3 && ran.stderr.contains("did you mean `produk`"), "{}", ran.stderr);
    project
        .write("langgan.toml", TOML.replace("line_profit = \"profit\"", "line_profit = \"profit\"\nline_cost = \"x\""));
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 2 && ran.stderr.contains("they say the same"), "{}", ran.stderr);
}

/// Units, net sales and costs in ten-thousandths, and customers of a data set that `init` mapped, of the orders of some years.
fn figures(data: &str, years: &str) -> Option<String> {
    let path = shared(&format!("data/{data}"))?;
    let project = Project::empty();
    project.ok(&["init", "--from", path.to_str().unwrap()]);
    project.ok(&["ingest", "--quiet"]);
    let sql = format!(
        "SELECT SUM(l.quantity) AS units, SUM(l.quantity * l.unit_price - COALESCE(l.discount, 0)) AS net, \
         SUM(COALESCE(l.line_cost, l.quantity * p.unit_cost)) AS cost, COUNT(DISTINCT o.customer_key) AS customers \
         FROM lake_order_lines AS l INNER JOIN lake_orders AS o ON l.order_key = o.order_key \
         INNER JOIN lake_products AS p ON l.product_key = p.product_key WHERE {years}"
    );
    Some(project.ok(&["query", "-c", &sql]).stdout)
}

#[test]
fn the_figures_their_publishers_give() {
    let head = "units,net,cost,customers\n";
    if let Some(found) = figures("superstore/superstore.csv", "TRUE") {
        // Sales 2,297,200.8603, profit 286,397.0217.
        assert_eq!(found, format!("{head}37873,22972008603,20108038386,793\n"));
    }
    if let Some(found) = figures("foodmart", "o.order_month < 1998 * 12") {
        assert_eq!(found, format!("{head}266773,5652381300,2256272336,5581\n"));
    }
    if let Some(found) = figures("adventureworks", "TRUE") {
        assert_eq!(found, format!("{head}84181,249147372493,144569276462,17416\n"));
    }
}

#[test]
fn the_same_rows_twice_are_loaded_once() {
    let Some(folder) = shared("data/superstore") else { return };
    let project = Project::empty();
    let said = project.ok(&["init", "--from", folder.to_str().unwrap()]).stdout;
    assert!(said.contains("it holds the same rows as"), "{said}");
    project.ok(&["ingest", "--quiet"]);
    let orders = project.ok(&["query", "-c", "SELECT COUNT(*) AS n FROM lake_orders"]).stdout;
    assert_eq!(orders, "n\n5009\n");
}
