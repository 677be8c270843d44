//! Pulls from databases: late, changed and deleted rows come right, a number keeps its digits, a password stays out.

use rusqlite::Connection;

use super::support::Project;

const TOML: &str = r#"
[currency]
decimals = 3
[sources.sales]
table = "flat"
reject_limit = 0.5
[sources.sales.database]
url = "sqlite:shop.db"
query = "SELECT id, sold_at, customer, product, qty, price, changed FROM sales"
cursor = "changed"
look_back = "2 days"
[sources.sales.columns]
order_id = "id"
ordered_at = "sold_at"
customer_id = "customer"
product_id = "product"
quantity = "qty"
unit_price = "price"
"#;

fn shop() -> (Project, Connection) {
    let project = Project::empty();
    project.write("langgan.toml", TOML);
    let shop = Connection::open(project.path().join("shop.db")).unwrap();
    shop.execute_batch(
        "CREATE TABLE sales (id TEXT, sold_at TEXT, customer TEXT, product TEXT, qty INTEGER, price NUMERIC, changed TEXT);
         INSERT INTO sales VALUES
           ('1', '2024-03-01 09:00:00', '007', 'A', 2, 17.685, '2024-03-01 09:00:00'),
           ('2', '2024-03-05 09:00:00', '008', 'A', 1, 15.334, '2024-03-05 09:00:00'),
           ('3', '2024-03-06 09:00:00', NULL, 'B', 3, 20, '2024-03-06 09:00:00');",
    )
    .unwrap();
    (project, shop)
}

const SUM: &str = "SELECT COUNT(*) AS n, SUM(l.quantity * l.unit_price) AS amount FROM lake_order_lines AS l \
                   INNER JOIN lake_orders AS o ON l.order_key = o.order_key";

fn sum(project: &Project) -> String {
    project.ok(&["query", "-c", SUM]).stdout.lines().nth(1).unwrap().to_string()
}

#[test]
fn late_changed_and_deleted_rows_come_right() {
    let (project, shop) = shop();
    project.ok(&["ingest", "--quiet"]);
    assert_eq!(sum(&project), format!("3,{}", 2 * 17_685 + 15_334 + 3 * 20_000));
    assert!(project.ok(&["ingest"]).stdout.contains("nothing new"));
    assert!(project.ok(&["doctor"]).stdout.contains("sqlite:shop.db#query answers, 7 columns"));
    let manifest: serde_json::Value = serde_json::from_str(&project.read("lake/manifest.json")).unwrap();
    assert_eq!(manifest["batches"][0]["pulled"]["cursor"], "2024-03-06 09:00:00");
    shop.execute_batch(
        "INSERT INTO sales VALUES ('4', '2024-03-04 10:00:00', '009', 'B', 1, 5.5, '2024-03-04 23:00:00');
         UPDATE sales SET qty = 5, changed = '2024-03-07 08:00:00' WHERE id = '2';
         DELETE FROM sales WHERE id = '3';
         INSERT INTO sales VALUES ('5', '2024-03-07 10:00:00', '009', 'B', 1, 0.1, '2024-03-07 10:00:00');",
    )
    .unwrap();
    let said = project.ok(&["ingest"]).stdout;
    assert!(said.contains("received 4 = accepted 4"), "{said}");
    assert_eq!(sum(&project), format!("4,{}", 2 * 17_685 + 5 * 15_334 + 5_500 + 100));
    let pulled: Vec<_> = std::fs::read_dir(project.path().join("lake/pulled")).unwrap().flatten().collect();
    assert_eq!(pulled.len(), 1, "what no batch speaks of is gone: {pulled:?}");
    let fresh = Project::empty();
    fresh.write("langgan.toml", TOML);
    std::fs::copy(project.path().join("shop.db"), fresh.path().join("shop.db")).unwrap();
    fresh.ok(&["ingest", "--quiet"]);
    assert_eq!(sum(&fresh), sum(&project), "as if all had been read at once");
}

#[test]
fn a_database_file_is_read_like_a_workbook() {
    let project = Project::empty();
    let till = Connection::open(project.path().join("kasir.db")).unwrap();
    till.execute_batch(
        "CREATE TABLE penjualan (no_nota TEXT, tanggal TEXT, pelanggan TEXT, kode_barang TEXT, qty INTEGER, harga NUMERIC);
         INSERT INTO penjualan VALUES ('1', '2024-03-13 09:00:00', '007', 'A', 2, 17.685), ('2', '2024-03-14 09:00:00', NULL, 'B', 1, 20);
         CREATE TABLE catatan (isi TEXT); INSERT INTO catatan VALUES ('x');",
    )
    .unwrap();
    let said = project.ok(&["init", "--from", "kasir.db"]).stdout;
    assert!(said.contains("table `penjualan` of a database"), "{said}");
    project.ok(&["ingest", "--quiet"]);
    assert_eq!(sum(&project), format!("2,{}", 2 * 17_685 + 20_000));
}

#[test]
fn a_failed_load_does_not_move_the_cursor() {
    let (project, shop) = shop();
    project.ok(&["ingest", "--quiet"]);
    shop.execute_batch(
        "INSERT INTO sales SELECT 'x' || id, 'never', customer, product, qty, price, '2024-03-09' FROM sales;
         INSERT INTO sales SELECT 'y' || id, 'never', customer, product, qty, price, '2024-03-09' FROM sales WHERE sold_at <> 'never';",
    )
    .unwrap();
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 3 && ran.stderr.contains("held: source `sales`"), "{}", ran.stderr);
    shop.execute_batch("DELETE FROM sales WHERE sold_at = 'never'").unwrap();
    assert!(project.ok(&["ingest"]).stdout.contains("nothing new"));
}

#[test]
fn what_cannot_be_read_is_said_and_nothing_is_made() {
    let (project, shop) = shop();
    project.write("langgan.toml", TOML.replace("sqlite:shop.db", "sqlite:gone.db"));
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 74 && ran.stderr.contains("there is no file"), "{}", ran.stderr);
    assert!(!project.path().join("gone.db").exists());
    project.write("langgan.toml", TOML.replace("FROM sales", "FROM nowhere"));
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 3 && ran.stderr.contains("no such table: nowhere"), "{}", ran.stderr);
    project.write("langgan.toml", TOML.replace("cursor = \"changed\"", "cursor = \"when\""));
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 3 && ran.stderr.contains("when"), "{}", ran.stderr);
    project.write("langgan.toml", TOML.replace("SELECT id", "DELETE FROM sales RETURNING id"));
    assert_ne!(project.run(&["ingest"]).code, 0);
    let rows: i64 = shop.query_row("SELECT COUNT(*) FROM sales", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 3, "a source is only read");
    project.write("langgan.toml", TOML.replace("sqlite:shop.db", "postgres://clerk:s3cret@127.0.0.1:1/shop"));
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 2 && ran.stderr.contains("password_env") && !ran.stderr.contains("s3cret"), "{}", ran.stderr);
    let url = "postgres://clerk@127.0.0.1:1/shop?sslmode=disable\"\npassword_file = \"secret.txt";
    project.write("secret.txt", "s3cret\n").write("langgan.toml", TOML.replace("sqlite:shop.db", url));
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 74 && !ran.stderr.contains("s3cret"), "{}", ran.stderr);
}

/// Needs a PostgreSQL server whose address is in the environment: its user may create tables.
#[test]
fn postgres_numbers_keep_their_digits() {
    let Ok(url) = std::env::var("LANGGAN_TEST_POSTGRES") else {
        println!("skipped: LANGGAN_TEST_POSTGRES names no server");
        return;
    };
    let password = std::env::var("LANGGAN_TEST_POSTGRES_PASSWORD").unwrap_or_default();
    let mut config: postgres::Config = url.parse().unwrap();
    let mut server = config.password(&password).connect(postgres::NoTls).unwrap();
    server
        .batch_execute(
            "DROP TABLE IF EXISTS langgan_test; CREATE TABLE langgan_test (id int PRIMARY KEY, sold_at timestamp, \
             customer text, product text, qty int, price numeric, changed timestamptz DEFAULT clock_timestamp()); \
             INSERT INTO langgan_test VALUES (1, '2024-03-01 09:00:00.25', '007', 'A, \"B\"', 2, 17.685), \
             (2, '2024-03-05 09:00', NULL, 'C', 1, 15.334), (3, '2024-03-06 09:00', '', 'C', 1, 20);",
        )
        .unwrap();
    let project = Project::empty();
    let toml = TOML
        .replace("sqlite:shop.db", &url)
        .replace("SELECT id, sold_at, customer, product, qty, price, changed FROM sales", "public.langgan_test")
        .replace("look_back", "password_file = \"secret.txt\"\nlook_back");
    project.write("secret.txt", &password).write("langgan.toml", toml);
    project.ok(&["ingest", "--quiet"]);
    assert_eq!(sum(&project), format!("3,{}", 2 * 17_685 + 15_334 + 20_000));
    assert!(project.ok(&["ingest"]).stdout.contains("nothing new"));
    server.batch_execute("UPDATE langgan_test SET price = 1.001, changed = clock_timestamp() WHERE id = 3").unwrap();
    project.ok(&["ingest", "--quiet"]);
    assert_eq!(sum(&project), format!("3,{}", 2 * 17_685 + 15_334 + 1_001));
    if !password.is_empty() {
        let found =
            std::process::Command::new("grep").args(["-rl", &password, "lake"]).current_dir(project.path()).output();
        assert!(found.unwrap().stdout.is_empty(), "the password is nowhere in the lake");
    }
    server.batch_execute("DROP TABLE langgan_test").unwrap();
}
