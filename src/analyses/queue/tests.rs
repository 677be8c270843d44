//! Runs `tests/cases/queue.md` and what it delivers on naughty names.

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::{AnyValue, DataFrame, DataType, df};

use super::Queue;
use crate::analyses::{Analysis, Inputs, Results};
use crate::calendar::day_number;
use crate::config::{Config, Currency, Lists};
use crate::contracts::{Column, Kind, Table};
use crate::deliver::lists::{ListSettings, lists};
use crate::deliver::queues::{QueueSettings, queues};
use crate::deliver::report::Language;
use crate::facts::{self, Facts};
use crate::ingest::{Request, ingest};
use crate::lake::LakeDir;

#[derive(Default)]
struct Case {
    title: String,
    as_of: i32,
    toml: String,
    given: Vec<(String, String)>,
    expected: Vec<(String, String)>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for part in text.split("\n## ").skip(1) {
        let mut case = Case { title: part.lines().next().unwrap().into(), ..Case::default() };
        let day = part.split("As of ").nth(1).unwrap();
        let numbers: Vec<i64> = day[..10].split('-').map(|number| number.parse().unwrap()).collect();
        case.as_of = day_number(numbers[0], numbers[1], numbers[2]).unwrap();
        for block in part.split("\n```").skip(1).step_by(2) {
            let (head, body) = block.split_once('\n').unwrap();
            let body = format!("{body}\n");
            match head.split(' ').collect::<Vec<_>>()[..] {
                ["toml"] => case.toml = body,
                ["csv", "expect", table] => case.expected.push((table.into(), body)),
                ["csv", table] => case.given.push((table.into(), body)),
                _ => panic!("{head}"),
            }
        }
        cases.push(case);
    }
    cases
}

fn load(given: &[(String, String)], toml: &str, as_of: i32) -> (Facts, Config) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = String::from("[currency]\ndecimals = 2\n");
    for (table, text) in given {
        std::fs::write(folder.path().join(format!("{table}.csv")), text).unwrap();
        config += &format!("[sources.{table}]\ntable = \"{table}\"\nfiles = [\"{table}.csv\"]\nreject_limit = 0.0\n");
    }
    let config = Config::parse(&(config + toml), Path::new("langgan.toml")).unwrap();
    let lake = LakeDir(folder.path().join("lake"));
    std::fs::create_dir_all(&lake.0).unwrap();
    let request = Request {
        project: folder.path(),
        sources: &config.core.sources,
        only: &[],
        decimals: 2,
        currency: "",
        dry_run: false,
        memory: None,
        progress: &|_| {},
    };
    let manifest = ingest(&lake, &request).unwrap().manifest;
    (facts::load(&lake, &manifest, as_of).unwrap(), config)
}

fn run(queue: &Queue, facts: &Facts) -> BTreeMap<&'static str, (&'static Table, DataFrame)> {
    let results = Results::default();
    let frames = queue.run(&Inputs { facts, results: &results }).unwrap();
    let tables = queue.spec().outputs.iter().zip(frames);
    tables.map(|(table, frame)| (table.name, (*table, frame))).collect()
}

fn shown(frame: &DataFrame, table: &Table, columns: &[&str]) -> String {
    let mut text = columns.join(",") + "\n";
    for row in 0..frame.height() {
        let cells = columns.iter().map(|name| {
            let value = frame.column(name).unwrap().get(row).unwrap();
            match (value, table.column(name).unwrap().kind) {
                (AnyValue::Null, _) => String::new(),
                (AnyValue::Int64(minor), Kind::Money) => format!("{}.{:02}", minor / 100, minor % 100),
                (AnyValue::String(text), _) => text.to_string(),
                (other, _) => other.to_string(),
            }
        });
        text += &(cells.collect::<Vec<_>>().join(",") + "\n");
    }
    text
}

#[test]
fn cases_hold() {
    let cases = cases(include_str!("../../../tests/cases/queue.md"));
    assert_eq!(cases.len(), 6);
    for case in cases {
        let (facts, config) = load(&case.given, &case.toml, case.as_of);
        let tables = run(&config.analyses.queue, &facts);
        for (name, expected) in case.expected {
            let (table, frame) = &tables[name.as_str()];
            let columns: Vec<&str> = expected.lines().next().unwrap().split(',').collect();
            assert_eq!(shown(frame, table, &columns), expected, "{}: {name}", case.title);
        }
    }
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let case = cases(include_str!("../../../tests/cases/queue.md")).remove(0);
    let (facts, config) = load(&case.given, &case.toml, case.as_of);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| format!("{:?}", config.analyses.queue.agenda(&facts, &Default::default())))
    };
    assert_eq!(on(1), on(4));
}

#[test]
fn lists_are_harmless_and_counted() {
    let given = [
        (
            "customers",
            "customer_id,name,phone,email,consent_email,consent_sms,consent_call,birth_date,agent_id\n\
             =1,\"=cmd|' /C calc'!A0\",+628111,a@b.example,N,N,Y,1990-01-02,../../A\n\
             C2,\"Toko \"\"Jaya\"\", Tbk\",@SUM(A1),-c@d.example,Y,N,N,1990-01-01,../../A\n\
             C3,Nobody,0813,e@f.example,N,N,N,1990-01-03,../../A\n",
        ),
        ("products", "product_id,name\n+P,\"-Oil; 1\"\n"),
        (
            "orders",
            "order_id,customer_id,ordered_at\nO1,=1,2024-12-20 10:00:00\nO2,C2,2022-01-01 10:00:00\nO3,C3,2022-01-01 10:00:00\n",
        ),
        (
            "order_lines",
            "order_id,line_no,product_id,quantity,unit_price,discount\nO1,1,+P,1,1234.50,0\nO2,1,+P,1,1.00,0\nO3,1,+P,1,1.00,0\n",
        ),
        ("interactions", "interaction_id,customer_id,at,kind,product_id\nI1,=1,2024-12-21 10:00:00,wishlist,+P\n"),
    ]
    .map(|(table, text)| (table.to_string(), text.to_string()));
    let (facts, _) = load(&given, "", day_number(2025, 1, 1).unwrap());
    let tables = run(&Queue::default(), &facts);
    let currency = Currency { code: "IDR".into(), decimals: 2, display: Some(0) };
    let settings =
        QueueSettings { language: Language::Indonesian, currency: &currency, horizon_days: 90, costs_unknown: false };
    let files = queues(&facts, &tables["queue"].1, &Default::default(), settings).unwrap();
    assert_eq!((files.len(), files[0].rows), (1, 1));
    assert!(files[0].path.starts_with("queue/_") && !files[0].path.contains(".."), "{}", files[0].path);
    let key = tables["queue"].1.column("key").unwrap().str().unwrap().get(0).unwrap().to_string();
    assert_eq!(
        String::from_utf8(files[0].bytes.clone()).unwrap(),
        format!(
            "\u{feff}No;ID pelanggan;Nama;Telepon;Alasan;Bahan pembicaraan;Produk;Perkiraan margin;Prioritas;Kunci\n\
             1;'=1;'=cmd|' /C calc'!A0;(+62) 8111;\"Daftar keinginan, Pesanan pertama, Ulang tahun\";\
             \"Menginginkan -Oil; 1, belum dibeli. Pesanan pertamanya 12 hari lalu; ucapkan terima kasih. \
             Berulang tahun 2 Jan 2025. Pesanan sejauh ini: 1. Pesanan terakhir 12 hari lalu. \
             Aktif dalam 2 minggu terakhir.\";;;60;{key}\n"
        )
    );
    let rules = Lists { control_share: 0.0, ..Lists::default() };
    let settings = ListSettings {
        language: Language::English,
        currency: &Currency { code: "IDR".into(), ..Currency::default() },
        horizon_days: 90,
        costs_unknown: false,
        assume_consent: false,
        contact_kinds: &[],
        rules: &rules,
    };
    let find = |name: &str| tables.get(name).map(|table| &table.1);
    let lists = lists(&facts, find, &BTreeMap::new(), settings).unwrap();
    let [win_back, birthdays] = &lists[..] else { panic!("{lists:?}") };
    assert_eq!((win_back.name.as_str(), win_back.chosen), ("win_back", 0));
    assert_eq!(birthdays.left_out, [0, 1, 0, 0, 0, 0, 0]);
    assert_eq!((birthdays.chosen, birthdays.file.rows), (3, 2));
    assert_eq!(
        String::from_utf8(birthdays.file.bytes.clone()).unwrap(),
        "\u{feff}Customer ID,Name,E-mail,Telephone,City,E-mail consent,Message consent,Call consent,Birthday,Last order\n\
         C2,\"Toko \"\"Jaya\"\", Tbk\",'-c@d.example,,,yes,no,no,2025-01-01,2022-01-01\n\
         '=1,'=cmd|' /C calc'!A0,,(+62) 8111,,no,no,yes,2025-01-02,2024-12-20\n"
    );
}

#[test]
fn every_column_is_of_its_kind() {
    let case = cases(include_str!("../../../tests/cases/queue.md")).remove(1);
    let (facts, config) = load(&case.given, &case.toml, case.as_of);
    for (name, (table, frame)) in run(&config.analyses.queue, &facts) {
        assert_eq!(frame.width(), table.columns.len(), "{name}");
        assert!(frame.columns().iter().all(|column| *column.dtype() != DataType::Null), "{name}");
    }
}

const NO_COLUMNS: &[Column] = &[];
static CHURN: Table = Table { name: "churn", doc: "", key: &[], columns: NO_COLUMNS, open: None };
static CROSS_SELL: Table = Table { name: "cross_sell", doc: "", key: &[], columns: NO_COLUMNS, open: None };
static UP_SELL: Table = Table { name: "up_sell", doc: "", key: &[], columns: NO_COLUMNS, open: None };

#[test]
fn other_analyses_give_reasons_and_offers() {
    let case = cases(include_str!("../../../tests/cases/queue.md")).remove(1);
    let (facts, _) = load(&case.given, "", case.as_of);
    let churn = df!(
        "customer_id" => ["K01", "K02", "K10", "K11"],
        "churn_probability" => [0.5, 0.9, 0.8, 0.834],
        "risk_band" => ["low", "high", "high", "high"],
        "profit_at_risk" => [900_i64, 500, 800, 700],
        "do_not_chase" => [false, false, true, false],
    );
    let offers = |products: [&str; 3], margins: [i64; 3]| {
        df!(
            "customer_id" => ["K01", "K02", "K11"],
            "product_id" => products,
            "rank" => [1_i64, 1, 1],
            "probability" => [0.1, 0.1, 0.1],
            "expected_margin" => margins,
            "reason" => ["", "", ""],
        )
        .unwrap()
    };
    let mut results = Results::default();
    results.insert(&CHURN, churn.unwrap());
    results.insert(&CROSS_SELL, offers(["P1", "P1", "P1"], [10, 20, 30]));
    results.insert(&UP_SELL, offers(["P2", "P2", "P2"], [10, 21, 30]));
    let queue = Queue::default();
    let frames = queue.run(&Inputs { facts: &facts, results: &results }).unwrap();
    let columns = ["customer_id", "agent_id", "reasons", "priority", "expected_margin", "product_id"];
    // Nobody sells to K01, who complained; K10 is not to be chased.
    assert_eq!(
        shown(&frames[0], &crate::contracts::results::QUEUE, &columns),
        "customer_id,agent_id,reasons,priority,expected_margin,product_id\n\
         K01,A1,complaint|first_order,105,,\n\
         K02,A1,churn_risk|first_order|offer,85,0.21,P2\n\
         K10,pool-B1,first_order,40,,\n\
         K11,unassigned,churn_risk|first_order|offer,85,0.30,P1\n"
    );
    let currency = Currency::default();
    let settings =
        QueueSettings { language: Language::English, currency: &currency, horizon_days: 90, costs_unknown: false };
    let files = queues(&facts, &frames[0], &Default::default(), settings).unwrap();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["queue/A1.csv", "queue/pool-B1.csv", "queue/unassigned.csv"]);
    let text = String::from_utf8(files[2].bytes.clone()).unwrap();
    assert!(
        text.contains(
            ",0-821,\"At risk of leaving, First order, Offer\",\"83 % likely to place no order within the next 90 days. Profit at risk: 7.00. \
         Placed the first order 12 days ago; say thank you. Offer Oil: it goes with what was bought. Orders so far: 1. \
         Last order 12 days ago. Active in the last 2 weeks.\",Oil,0.30,85,"
        ),
        "{text}"
    );
    let rules = Lists { control_share: 0.0, ..Lists::default() };
    let settings = ListSettings {
        language: Language::Indonesian,
        currency: &currency,
        horizon_days: 90,
        costs_unknown: true,
        assume_consent: true,
        contact_kinds: &[],
        rules: &rules,
    };
    let find = |name: &str| results.iter().find(|(known, _)| *known == name).map(|(_, frame)| frame);
    let lists = lists(&facts, find, &BTreeMap::new(), settings).unwrap();
    let counts: Vec<(&str, u64, u64)> =
        lists.iter().map(|list| (list.name.as_str(), list.chosen, list.file.rows)).collect();
    assert_eq!(counts, [("at_risk", 2, 2), ("cross_sell", 3, 3), ("up_sell", 3, 3)]);
    let text = String::from_utf8(lists[0].file.bytes.clone()).unwrap();
    assert!(text.ends_with("ya;ya;ya;0,834;7,00;\nK02;Two;;0-812;;ya;ya;ya;0,900;5,00;\n"), "{text}");
}
