//! Pulls from databases: late, changed and deleted rows come right, a number keeps its digits, a password stays out.

use std::process::{Child, Command, Stdio};

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

/// A PostgreSQL server of our own on loopback, which only talks encrypted and asks for a password.
struct Server {
    dir: tempfile::TempDir,
    port: u16,
    process: Child,
}

const PASSWORD: &str = "s3cret-of-the-shop";

impl Server {
    /// `None`, and why, where this machine cannot run one.
    fn start() -> Option<Server> {
        let found = std::env::var_os("PATH").map(|paths| std::env::split_paths(&paths).collect::<Vec<_>>());
        let debian = glob::glob("/usr/lib/postgresql/*/bin").unwrap().flatten();
        let Some(bin) = found.unwrap_or_default().into_iter().chain(debian).find(|dir| dir.join("initdb").exists())
        else {
            println!("skipped: there is no `initdb` of PostgreSQL here");
            return None;
        };
        // The server refuses to run as root, and shows its files to nobody else.
        let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        let shell = |script: &str| {
            let script = format!("cd '{}' && {script}", dir.path().display());
            Command::new("sh")
                .args(["-ec", &script])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|done| done.success())
        };
        let certificates = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.crt -subj '/CN=ours' && \
             openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj '/CN=localhost' && \
             echo 'subjectAltName=DNS:localhost' > names && openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key \
             -CAcreateserial -days 2 -extfile names -out server.crt && chmod 600 server.key && mkdir data";
        if !shell(certificates) || (root && !shell("chmod 711 . && chown -R 65534:65534 data server.key server.crt")) {
            println!("skipped: no `openssl` here, or no other user to run a server as");
            return None;
        }
        let command = |program: &str| {
            let program = bin.join(program);
            if root {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
                command
            } else {
                Command::new(program)
            }
        };
        let made = command("initdb")
            .args(["-D", &path("data"), "-U", "clerk", "--no-sync", "-A", "trust", "-E", "UTF8", "--locale=C"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let access = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(dir.path().join("data/pg_hba.conf"), access).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let set = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".into(),
            format!("unix_socket_directories={}", path("data")),
            "fsync=off".into(),
            "ssl=on".into(),
            format!("ssl_cert_file={}", path("server.crt")),
            format!("ssl_key_file={}", path("server.key")),
        ];
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let process = command("postgres")
            .args(["-D", &path("data")])
            .args(set.iter().flat_map(|set| ["-c", set]))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Server { dir, port, process };
        let begun = std::time::Instant::now();
        while server.client().is_none() {
            let log = std::fs::read_to_string(server.dir.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed().as_secs() < 60, "the server does not come up: {log}");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        server.run(&format!("ALTER USER clerk PASSWORD '{PASSWORD}'"));
        Some(server)
    }

    /// The administrator's way in, past the network.
    fn client(&self) -> Option<postgres::Client> {
        let mut config = postgres::Config::new();
        config.host_path(self.dir.path().join("data")).port(self.port).user("clerk").dbname("postgres");
        config.connect(postgres::NoTls).ok()
    }

    fn run(&self, sql: &str) {
        self.client().unwrap().batch_execute(sql).unwrap();
    }

    /// A project that pulls a table from it.
    fn project(&self, mode: &str, more: &str) -> Project {
        let project = Project::empty();
        let url = format!("postgres://clerk@localhost:{}/postgres?hostaddr=127.0.0.1&sslmode={mode}", self.port);
        let toml = TOML
            .replace("sqlite:shop.db", &url)
            .replace("SELECT id, sold_at, customer, product, qty, price, changed FROM sales", "public.sales")
            .replace("look_back", &format!("password_file = \"secret.txt\"\n{more}look_back"));
        std::fs::copy(self.dir.path().join("ca.crt"), project.path().join("ca.crt")).unwrap();
        project.write("secret.txt", PASSWORD).write("langgan.toml", toml);
        project
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const OURS: &str = "ca_file = \"ca.crt\"\n";

#[test]
fn postgres_over_an_encrypted_connection() {
    let Some(server) = Server::start() else { return };
    server.run(
        "CREATE TABLE sales (id int PRIMARY KEY, sold_at timestamp, customer text, product text, qty int, price numeric, \
         changed timestamptz DEFAULT clock_timestamp()); \
         INSERT INTO sales VALUES (1, '2024-03-01 09:00:00.25', '007', 'A, \"B\"', 2, 17.685), \
         (2, '2024-03-05 09:00', NULL, 'C', 1, 15.334), (3, '2024-03-06 09:00', '', 'C', 1, 20);",
    );
    // Nobody vouches for the server; it is another one than was asked for; it wants encryption.
    let unknown = server.project("require", "").run(&["ingest"]);
    assert!(unknown.code == 74 && unknown.stderr.contains("ca_file"), "{}", unknown.stderr);
    let project = server.project("verify-full", OURS);
    project.write("langgan.toml", project.read("langgan.toml").replace("clerk@localhost", "clerk@elsewhere"));
    let other = project.run(&["ingest"]);
    assert!(other.code == 74 && other.stderr.contains("certificate"), "{}", other.stderr);
    let open = server.project("disable", "").run(&["ingest"]);
    assert!(open.code == 74 && !open.stderr.contains(PASSWORD), "{}", open.stderr);

    let project = server.project("verify-full", OURS);
    project.ok(&["ingest", "--quiet"]);
    assert_eq!(sum(&project), format!("3,{}", 2 * 17_685 + 15_334 + 20_000), "NUMERIC keeps its digits");
    assert!(project.ok(&["ingest"]).stdout.contains("nothing new"));
    server.run("UPDATE sales SET price = 1.001, changed = clock_timestamp() WHERE id = 3");
    project.ok(&["ingest", "--quiet"]);
    assert_eq!(sum(&project), format!("3,{}", 2 * 17_685 + 15_334 + 1_001));

    // A transaction that began before the last pull and ends after it: its rows lie before the cursor.
    let mut late = server.client().unwrap();
    let mut slow = late.transaction().unwrap();
    slow.batch_execute("INSERT INTO sales VALUES (4, '2024-03-06 10:00', '009', 'C', 1, 5)").unwrap();
    server.run("INSERT INTO sales VALUES (5, '2024-03-06 11:00', '009', 'C', 1, 7)");
    project.ok(&["ingest", "--quiet"]);
    slow.commit().unwrap();
    project.ok(&["ingest", "--quiet"]);
    assert_eq!(sum(&project), format!("5,{}", 2 * 17_685 + 15_334 + 1_001 + 5_000 + 7_000));
    let fresh = server.project("verify-full", OURS);
    fresh.ok(&["ingest", "--quiet"]);
    assert_eq!(sum(&fresh), sum(&project), "as if all had been read at once");

    let found = Command::new("grep").args(["-rl", PASSWORD, "lake"]).current_dir(project.path()).output();
    assert!(found.unwrap().stdout.is_empty(), "the password is nowhere in the lake");
}

#[test]
fn a_postgres_pull_cut_off_in_the_middle_changes_nothing() {
    let Some(server) = Server::start() else { return };
    server.run(
        "CREATE TABLE kept AS SELECT n AS id, timestamp '2024-03-01' + n * interval '1 minute' AS sold_at, '' AS customer, \
         'A' AS product, 1 AS qty, 1.5 AS price, timestamp '2024-03-01' + n * interval '1 minute' AS changed \
         FROM generate_series(1, 5000) AS n; CREATE VIEW sales AS SELECT * FROM kept;",
    );
    let project = server.project("verify-full", OURS);
    project.ok(&["ingest", "--quiet"]);
    let lake = || -> Vec<_> {
        let own = |name: &str| name == ".lock" || name.contains("/.tmp");
        project.files("lake").into_iter().filter(|(name, _)| !own(name)).collect()
    };
    let before = lake();
    server.run(
        "INSERT INTO kept SELECT n, '2024-03-09', '', 'A', 1, 1.5, '2024-03-09' FROM generate_series(5001, 9000) AS n; \
         CREATE FUNCTION slow(id int) RETURNS text LANGUAGE plpgsql VOLATILE AS \
         $$ BEGIN IF id > 6000 THEN PERFORM pg_sleep(0.01); END IF; RETURN ''; END $$; DROP VIEW sales; \
         CREATE VIEW sales AS SELECT id, sold_at, slow(id) AS customer, product, qty, price, changed FROM kept;",
    );
    let waited = std::thread::scope(|scope| {
        let pull = scope.spawn(|| project.run(&["ingest"]));
        let mut client = server.client().unwrap();
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'langgan' AND state = 'active' \
                   AND query LIKE 'COPY%' AND now() - query_start > interval '1 second'";
        for _ in 0..600 {
            if !client.query(cut, &[]).unwrap().is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        pull.join().unwrap()
    });
    assert_eq!(waited.code, 74, "{}", waited.stderr);
    assert_eq!(before, lake(), "the lake is as it was");
    server.run("DROP VIEW sales; CREATE VIEW sales AS SELECT * FROM kept;");
    project.ok(&["ingest", "--quiet"]);
    assert!(sum(&project).starts_with("9000,"), "{}", sum(&project));
}
