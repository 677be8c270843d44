//! Small exports in, configuration out.

use std::path::{Path, PathBuf};

use super::{Answers, DateOrder, Discounts, Proposal, infer};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let folder = std::env::temp_dir().join(format!("langgan-init-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        Folder(folder)
    }

    fn infer(&self, answers: &Answers) -> Proposal {
        infer(&self.0, std::slice::from_ref(&self.0), answers).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn proposal(name: &str, files: &[(&str, &str)]) -> Proposal {
    Folder::new(name, files).infer(&Answers::default())
}

#[track_caller]
fn has(toml: &str, lines: &[&str]) {
    for line in lines {
        assert!(toml.lines().any(|own| own.trim_end() == *line), "no line {line:?} in\n{toml}");
    }
}

const RETAIL: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,LANTERN,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,\"HEART, RED\",6,2010-12-01 08:26:00,3.391,17850,United Kingdom
C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,France
";

#[test]
fn one_flat_file() {
    let proposal = proposal("flat", &[("online_retail.csv", RETAIL)]);
    assert!(proposal.questions.is_empty());
    has(
        &proposal.toml,
        &[
            "[sources.online_retail]",
            "table = \"flat\"",
            "files = [\"online_retail.csv\"]",
            "timestamp = \"%Y-%m-%d %H:%M:%S\"",
            "decimals = 3             # digits kept exactly",
            "negative_quantity = \"return\"   # 1 of 3 rows are negative",
            "order_id = \"InvoiceNo\"",
            "product_id = \"StockCode\"",
            "product_name = \"Description\"",
            "quantity = \"Quantity\"",
            "ordered_at = \"InvoiceDate\"",
            "unit_price = \"UnitPrice\"",
            "customer_id = \"CustomerID\"",
            "city = \"Country\"",
        ],
    );
}

#[test]
fn ambiguous_dates_are_asked() {
    let text = RETAIL.replace("2010-12-01 ", "01/12/2010 ");
    let folder = Folder::new("dates", &[("sales.csv", &text)]);
    let open = folder.infer(&Answers::default());
    assert_eq!(open.questions.len(), 1);
    assert_eq!(open.questions[0].choices, ["%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"]);
    assert_eq!((open.questions[0].flag.as_str(), open.questions[0].column.as_str()), ("--date dmy|mdy", "InvoiceDate"));
    has(&open.toml, &["# timestamp = \"%d/%m/%Y %H:%M:%S\"", "# timestamp = \"%m/%d/%Y %H:%M:%S\""]);
    let answered = folder.infer(&Answers { date_order: Some(DateOrder::Mdy), ..Answers::default() });
    assert!(answered.questions.is_empty());
    has(&answered.toml, &["timestamp = \"%m/%d/%Y %H:%M:%S\""]);
}

#[test]
fn an_indonesian_shop_in_three_files() {
    let customers: String = (1..=30).map(|n| format!("P{n:03};Nama {n};1{}/07/1990;ya;Bogor\n", n % 10)).collect();
    let orders = |from: u32| -> String {
        let rows: String = (from..from + 20)
            .map(|n| {
                format!(
                    "N{n};P{:03};{:02}/03/2024 10:15;{}\n",
                    n % 30 + 1,
                    n % 28 + 1,
                    if n % 9 == 0 { "BATAL" } else { "Selesai" }
                )
            })
            .collect();
        format!("no_nota;id_pelanggan;tanggal;status\n{rows}")
    };
    let lines: String = (0..40).map(|n| format!("N{n};1;SKU{};2;Rp {}.500,00;0\n", n % 5, n + 1)).collect();
    let proposal = proposal(
        "shop",
        &[
            ("pelanggan.csv", &format!("\u{feff}id_pelanggan;nama;tgl_lahir;izin_email;kota\n{customers}")),
            ("penjualan-JKT.csv", &orders(0)),
            ("penjualan-SBY.csv", &orders(20)),
            ("rincian.csv", &format!("no_nota;no_baris;kode_barang;qty;harga;potongan\n{lines}")),
            ("biaya.csv", "bulan;aktivitas;jumlah\n2024-03;gudang;1.000.000\n2024-03;pengiriman;500.000\n"),
            ("catatan.txt", "hanya catatan\n"),
        ],
    );
    assert!(proposal.questions.is_empty(), "{:?}", proposal.questions);
    has(
        &proposal.toml,
        &[
            "language = \"id\"          # of the reports: id | en",
            "code = \"IDR\"",
            "decimals = 0             # digits kept exactly",
            "[sources.penjualan]",
            "files = [\"penjualan-*.csv\"]",
            "timestamp = \"%d/%m/%Y %H:%M\"",
            "completed = [\"Selesai\"]",
            "cancelled = [\"BATAL\"]",
            "table = \"order_lines\"",
            "delimiter = \";\"",
            "decimal = \",\"",
            "thousands = \".\"",
            "negative_quantity = \"reject\"   # there is none",
            "birth_date = \"tgl_lahir\"",
            "consent_email = \"izin_email\"",
            "gudang = \"units\"",
            "pengiriman = \"delivered_orders\"",
        ],
    );
    assert!(
        proposal.evidence.iter().any(|line| line.contains("100.0 %") && line.contains("id_pelanggan")),
        "{:#?}",
        proposal.evidence
    );
    assert!(proposal.evidence.iter().any(|line| line.contains("catatan.txt")));
}

#[test]
fn references_are_found_by_their_values() {
    let customers: String = (0..50).map(|n| format!("KX-{n},Name {n},Town\n")).collect();
    let orders: String = (0..50).map(|n| format!("O{n},KX-{},2024-01-{:02}\n", n * 7 % 50, n % 28 + 1)).collect();
    let found = proposal(
        "links",
        &[
            ("customers.csv", &format!("customer_id,name,city\n{customers}")),
            ("orders.csv", &format!("order_id,sold_to,order_date\n{orders}")),
        ],
    );
    has(&found.toml, &["customer_id = \"sold_to\""]);
}

#[test]
fn totals_rates_and_profits() {
    let text = "Order ID,Order Date,Product ID,Sales,Quantity,Discount,Profit\nA1,2024-01-31,P1,205.5,2,0.2,3\nA1,2024-01-31,P2,10,1,0,-1\n";
    let proposal = proposal("totals", &[("store.csv", text)]);
    has(&proposal.toml, &["line_total = \"Sales\"", "discount_rate = \"Discount\"", "line_profit = \"Profit\""]);
    assert!(proposal.evidence.iter().any(|line| line.contains("total of a line")), "{:#?}", proposal.evidence);
}

#[test]
fn what_lacks_is_a_comment() {
    let text = "Order ID,Order Date,Product ID,Quantity\nA1,2024-01-31,P1,2\nA1,2024-01-31,P2,1\n";
    let proposal = proposal("lack", &[("store.csv", text)]);
    has(&proposal.toml, &["# [sources.store]", "# unit_price = \"\"   # needed: Price of one unit before discount."]);
    assert!(!proposal.toml.lines().any(|line| line.starts_with("[sources")), "{}", proposal.toml);
}

#[test]
fn a_date_a_price_and_a_category_from_other_files() {
    let sales: String = (0..40).map(|n| format!("{},{},C{},2\n", n % 5 + 1, n % 9 + 100, n % 7)).collect();
    let days: String = (0..30).map(|n| format!("{},2024-01-{:02}\n", n + 95, n + 1)).collect();
    let products: String = (1..8).map(|n| format!("{n},Thing {n},{},{n}.50\n", n % 3)).collect();
    let proposal = proposal(
        "star",
        &[
            ("sales_fact.csv", &format!("product_id,time_id,customer_id,unit_sales\n{sales}")),
            ("time.csv", &format!("time_id,the_date\n{days}")),
            ("product.csv", &format!("product_id,product_name,class_id,price\n{products}")),
            ("class.csv", "class_id,category_name\n0,A\n1,B\n2,C\n"),
        ],
    );
    has(
        &proposal.toml,
        &[
            "table = \"flat\"",
            "order_id = [\"customer_id\", \"time.the_date\"]",
            "ordered_at = \"time.the_date\"",
            "unit_price = \"product.price\"",
            "[sources.sales_fact.lookups.time]",
            "category = \"class.category_name\"",
            "[sources.product.lookups.class]",
        ],
    );
}

#[test]
fn a_product_without_a_code_and_lines_without_numbers() {
    let text = "No Nota,Tanggal,Produk,Qty,Harga\n1,2024-01-31,Kopi,2,15.5\n2,2024-01-31,Teh,1,8.25\n";
    has(&proposal("warung", &[("warung.csv", text)]).toml, &["product_id = \"Produk\"", "product_name = \"Produk\""]);
    let orders = "orderID,orderDate\n1,2024-01-31\n2,2024-01-31\n";
    let lines = "orderID,productID,unitPrice,quantity\n1,11,2.5,1\n1,12,3.5,1\n2,11,2.5,4\n";
    has(
        &proposal("lines", &[("orders.csv", orders), ("order-details.csv", lines)]).toml,
        &["line_no = \"productID\"", "product_id = \"productID\""],
    );
}

/// A shop's lines with the quantity and the price as given, under a heading for the price.
fn lines(price_heading: &str, quantity: &str, price: &str) -> String {
    let rows: String = (1..=20).map(|n| format!("N{n};2026-03-{};P1;{quantity};{price}\n", n % 15 + 13)).collect();
    format!("no_nota;tanggal;kode_barang;qty;{price_heading}\n{rows}")
}

#[test]
fn thousands_or_decimals_are_asked_unless_the_currency_says() {
    let asked = |heading: &str, quantity: &str, price: &str, answers: &Answers| {
        let name = format!("marks-{}", heading.len() + quantity.len() * 20 + price.len() * 400);
        let found = Folder::new(&name, &[("jual.csv", &lines(heading, quantity, price))]).infer(answers);
        found.questions.iter().map(|question| question.column.clone()).collect::<Vec<String>>()
    };
    let (none, rupiah) = (Answers::default(), Answers { currency: Some("IDR".into()), ..Answers::default() });
    assert_eq!(asked("harga", "4.000", "15000", &none), ["qty"]);
    assert_eq!(asked("harga", "4.000", "15000", &rupiah), ["qty"]);
    assert_eq!(asked("harga", "4,000", "15.000", &none), ["qty"]);
    assert!(asked("harga", "4,000", "15.000", &rupiah).is_empty());
    assert_eq!(asked("harga (EUR)", "4", "1.500", &none), ["harga (EUR)"]);
    assert!(asked("harga", "4", "15.000", &none).is_empty());
    assert!(asked("harga", "4", "1.659", &rupiah).is_empty());
}

#[test]
fn an_answer_is_written_and_a_guess_says_how_to_change_it() {
    let folder = Folder::new("answered", &[("jual.csv", &lines("harga (EUR)", "4", "1.500"))]);
    has(&folder.infer(&Answers::default()).toml, &["# decimal = \".\"", "# decimal = \",\""]);
    has(&folder.infer(&Answers { decimal: Some('.'), ..Answers::default() }).toml, &["decimal = \".\""]);
    let thousands = folder.infer(&Answers { decimal: Some(','), ..Answers::default() });
    has(&thousands.toml, &["decimal = \",\"", "thousands = \".\""]);
    let guessed = proposal("guessed", &[("jual.csv", &lines("harga", "4", "15.000"))]);
    assert!(guessed.evidence.iter().any(|line| line.contains("use `--decimal .`")), "{:#?}", guessed.evidence);
}

#[test]
fn several_currencies_are_never_one() {
    let mixed =
        lines("harga", "1", "Rp 150000").replace("N3;2026-03-16;P1;1;Rp 150000", "N3;2026-03-16;P1;1;US$ 10.00");
    let marked = proposal("marked", &[("jual.csv", &mixed)]);
    has(&marked.toml, &["code = \"IDR\""]);
    assert!(marked.evidence.iter().any(|line| line.contains("1 values carry `US$`")), "{:#?}", marked.evidence);
    let coded = |last: &str| {
        let rows = lines("harga;mata_uang", "1", "150000;IDR");
        rows.replace("N3;2026-03-16;P1;1;150000;IDR", &format!("N3;2026-03-16;P1;1;10;{last}"))
    };
    has(&proposal("coded", &[("jual.csv", &coded("IDR"))]).toml, &["code = \"IDR\""]);
    let folder = Folder::new("two-codes", &[("jual.csv", &coded("USD"))]);
    let error = infer(&folder.0, std::slice::from_ref(&folder.0), &Answers::default()).unwrap_err();
    assert!(error.to_string().contains("several currencies (IDR in 19 rows, USD in 1 rows)"), "{error}");
}

#[test]
fn a_counter_of_rows_is_no_order_number() {
    let text = "Nomor;Nomor Invoice;Tanggal;Nama Produk;Nomor SKU;Jumlah;Harga Jual (IDR)\n1;INV/1;13-03-2026;Sambal;00123;3;32.500\n2;INV/1;13-03-2026;Kecap;00124;1;18.000\n";
    has(&proposal("counter", &[("toko.csv", text)]).toml, &["order_id = \"Nomor Invoice\"", "quantity = \"Jumlah\""]);
}

#[test]
fn small_discounts_on_small_prices_are_asked() {
    let rows = |price: &str| -> String {
        let discount = |n: usize| ["0.00", "0.50", "0.20", "1.00"][n % 4];
        let rows: String =
            (1..20).map(|n| format!("R{n},2026-03-{},P1,1,{price},{}\n", n % 15 + 13, discount(n))).collect();
        format!("order_id,date,product_id,quantity,unit_price,discount\n{rows}")
    };
    let folder = Folder::new("discounts", &[("sales.csv", &rows("3.20"))]);
    let open = folder.infer(&Answers::default());
    assert_eq!(open.questions[0].flag, "--discount rate|amount");
    has(&open.toml, &["# discount_rate = \"discount\"", "# discount = \"discount\""]);
    let answered = |discounts: Discounts| folder.infer(&Answers { discounts: Some(discounts), ..Answers::default() });
    has(&answered(Discounts::Rates).toml, &["discount_rate = \"discount\""]);
    has(&answered(Discounts::Amounts).toml, &["discount = \"discount\""]);
    let large = proposal("large", &[("sales.csv", &rows("320.00"))]);
    assert!(large.questions.is_empty());
    has(&large.toml, &["discount_rate = \"discount\""]);
    assert!(large.evidence.iter().any(|line| line.contains("use `--discount amount`")), "{:#?}", large.evidence);
}

#[test]
fn times_with_a_zone_and_headings_of_other_programs() {
    let sap = "Billing Doc.\tBilling Date\tSold-To\tMaterial\tBilled Qty\tNet Value\tCurr.\tPlant\n900\t13.02.2026\t100\t104\t2\t1.234,56\tEUR\tJK\n901\t14.02.2026\t101\t105\t1\t99,90\tEUR\tJK\n";
    has(
        &proposal("sap", &[("vbrp.txt", sap)]).toml,
        &["code = \"EUR\"", "order_id = \"Billing Doc.\"", "quantity = \"Billed Qty\"", "line_total = \"Net Value\""],
    );
    let zoned = lines("harga", "1", "15000").replace(";P1", "T09:00:00+07:00;P1");
    let zoned = proposal("zoned", &[("jual.csv", &zoned)]);
    has(&zoned.toml, &["timestamp = \"%Y-%m-%dT%H:%M:%S%z\"", "ordered_at = \"tanggal\""]);
    assert!(zoned.evidence.iter().any(|line| line.contains("the zone is read over")), "{:#?}", zoned.evidence);
}

#[test]
fn no_files_is_wrong_use() {
    let answers = Answers::default();
    assert_eq!(infer(Path::new("."), &[], &answers).unwrap_err().exit_code(), 2);
    assert_eq!(infer(Path::new("."), &[PathBuf::from("/nowhere/at/all.csv")], &answers).unwrap_err().exit_code(), 74);
}

/// Forty rows of a branch, one a day for twenty days; `total` is what the last of each row says its total is.
fn rows(total: impl Fn(usize, usize) -> String) -> String {
    let row = |row: usize| {
        let (quantity, price) = (1 + row % 4, (row % 3 + 1) * 1500);
        format!(
            "J{row:03};2026-03-{:02};JKT;C{};00{};{quantity};{price}{}\n",
            1 + row % 20,
            row % 5,
            row % 3,
            total(row, quantity * price)
        )
    };
    (0..40).map(row).collect()
}

const HEAD: &str = "no_faktur;tanggal;kode_cabang;id_pelanggan;kode_barang;qty;harga";

#[test]
fn the_total_of_a_line_is_compared_where_most_rows_come_to_it() {
    let text = |wrong: usize| {
        let rows = rows(|row, total| format!(";{}", if row < wrong { total + 60_000 } else { total }));
        format!("{HEAD};total\n{rows}")
    };
    let agrees = proposal("stated", &[("jual.csv", &text(1))]);
    has(&agrees.toml, &["stated_total = \"total\"", "unit_price = \"harga\""]);
    let said = "jual: `total` is what price and quantity come to in 39 of 40 rows: compared in each row";
    assert!(agrees.evidence.iter().any(|line| line == said), "{:?}", agrees.evidence);
    let differs = proposal("unstated", &[("jual.csv", &text(9))]);
    assert!(!differs.toml.contains("stated_total ="), "{}", differs.toml);
    has(&differs.toml, &["# `total` is left out: `harga` goes before it; they agree in 31 of 40 rows"]);
}

#[test]
fn totals_at_the_end_of_each_file_are_compared() {
    let rows = rows(|_, _| String::new());
    let amount: usize = (0..40).map(|row| (1 + row % 4) * (row % 3 + 1) * 1500).sum();
    for (name, last, line) in [
        ("full", format!("TOTAL;;;;;100;{amount}\n"), "trailer = { prefix = \"TOTAL\", amount = 7, quantity = 6 }"),
        ("short", format!("TRAILER;40;{amount}\n"), "trailer = { prefix = \"TRAILER\", amount = 3, rows = 2 }"),
        (
            "off",
            format!("Jumlah;;;;;97;{}\n", amount - 9_000),
            "trailer = { prefix = \"Jumlah\", amount = 7, quantity = 6 }",
        ),
    ] {
        let proposal = proposal(&format!("trailer-{name}"), &[("jual.csv", &format!("{HEAD}\n{rows}{last}"))]);
        has(&proposal.toml, &[line, "table = \"flat\""]);
    }
    let unknown = proposal("trailer-unknown", &[("jual.csv", &format!("{HEAD}\n{rows}TOTAL;;;;;;1\n"))]);
    let said = unknown.evidence.iter().any(|line| line.contains("say in which fields they are: trailer = {"));
    assert!(said && !unknown.toml.lines().any(|line| line.starts_with("trailer")), "{}", unknown.toml);
    let between = format!("{HEAD}\n{rows}TOTAL;;;;;100;{amount}\n{rows}TOTAL;;;;;100;{amount}\n");
    let between = proposal("trailer-between", &[("jual.csv", &between)]);
    assert!(!between.toml.contains("trailer ="), "totals between the rows are of parts of the file");
}
