//! The same sales in every format give the same lake; damage, bombs and traps are refused in words.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};

use super::support::{Project, repository, shared};

/// Order, day of January 2024, customer, product, quantity, price in cents.
type Sale = (String, u32, String, String, i32, i64);

fn sales() -> Vec<Sale> {
    (0..240_u32)
        .map(|n| {
            let (order, price) = (n / 3, i64::from(n % 17) * 125 + 1534);
            (
                format!("N{order:04}"),
                order % 28 + 1,
                format!("{:03}", order % 31),
                format!("P{}", n % 7),
                n as i32 % 5 + 1,
                price,
            )
        })
        .collect()
}

const HEADER: [&str; 6] = ["order_id", "order_date", "customer_id", "product", "quantity", "unit_price"];

fn csv_text() -> String {
    let mut text = format!("{}\n", HEADER.join(","));
    for (order, day, customer, product, quantity, price) in sales() {
        text.push_str(&format!(
            "{order},2024-01-{day:02},{customer},{product},{quantity},{}.{:02}\n",
            price / 100,
            price % 100
        ));
    }
    text
}

fn fill(sheet: &mut Worksheet, first: u32) {
    let (date, code) = (Format::new().set_num_format("dd/mm/yyyy"), Format::new().set_num_format("000"));
    for (column, name) in HEADER.iter().enumerate() {
        sheet.write_string(first, column as u16, *name).unwrap();
    }
    for (row, (order, day, customer, product, quantity, price)) in sales().into_iter().enumerate() {
        let row = first + 1 + row as u32;
        sheet.write_string(row, 0, order).unwrap();
        let day = ExcelDateTime::from_ymd(2024, 1, day as u8).unwrap();
        sheet.write_datetime_with_format(row, 1, day, &date).unwrap();
        // A code kept as a number shows its zeros by its format.
        if row.is_multiple_of(4) {
            sheet.write_number_with_format(row, 2, customer.parse::<u32>().unwrap(), &code).unwrap();
        } else {
            sheet.write_string(row, 2, customer).unwrap();
        }
        sheet.write_string(row, 3, product).unwrap();
        // Numbers stored as text are common where a column was pasted.
        if row.is_multiple_of(3) {
            sheet.write_string(row, 4, quantity.to_string()).unwrap();
        } else {
            sheet.write_number(row, 4, quantity).unwrap();
        }
        sheet.write_number(row, 5, price as f64 / 100.0).unwrap();
    }
}

fn workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet(), 0);
    workbook.save_to_buffer().unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn json_lines() -> String {
    let line = |(order, day, customer, product, quantity, price): Sale| {
        format!(
            "{{\"order_id\":\"{order}\",\"order_date\":\"2024-01-{day:02}\",\"customer_id\":\"{customer}\",\"product\":\"{product}\",\"quantity\":{quantity},\"unit_price\":{}.{:02}}}\n",
            price / 100,
            price % 100
        )
    };
    sales().into_iter().map(line).collect()
}

fn parquet_bytes() -> Vec<u8> {
    let rows = sales();
    let text =
        |value: fn(&Sale) -> String| -> ArrayRef { Arc::new(StringArray::from_iter_values(rows.iter().map(value))) };
    let prices = Decimal128Array::from_iter_values(rows.iter().map(|row| i128::from(row.5)));
    let columns: [(&str, ArrayRef); 6] = [
        ("order_id", text(|row| row.0.clone())),
        ("order_date", Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| 19_722 + row.1 as i32)))),
        ("customer_id", text(|row| row.2.clone())),
        ("product", text(|row| row.3.clone())),
        ("quantity", Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.4)))),
        ("unit_price", Arc::new(prices.with_precision_and_scale(12, 2).unwrap())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

const FIGURES: &str = "SELECT COUNT(*) AS lines, SUM(l.quantity) AS units, SUM(l.quantity * l.unit_price) AS amount, \
                       COUNT(DISTINCT o.customer_key) AS customers, MIN(o.order_day) AS first, MAX(o.order_day) AS last \
                       FROM lake_order_lines AS l INNER JOIN lake_orders AS o ON l.order_key = o.order_key";

/// The figures after `init` and `ingest` of one file.
fn figures(name: &str, bytes: &[u8]) -> String {
    let project = Project::empty();
    project.write(name, bytes);
    project.ok(&["init", "--from", name]);
    project.ok(&["ingest", "--quiet"]);
    assert!(project.ok(&["ingest"]).stdout.contains("nothing new"), "{name}");
    let zeros = project.ok(&["query", "-c", "SELECT customer_id FROM lake_customers ORDER BY customer_id LIMIT 1"]);
    assert_eq!(zeros.stdout, "customer_id\n000\n", "{name}");
    project.ok(&["query", "-c", FIGURES]).stdout
}

#[test]
fn every_format_gives_the_same_lake() {
    let text = csv_text();
    let plain = figures("sales.csv", text.as_bytes());
    let units: i64 = sales().iter().map(|row| i64::from(row.4)).sum();
    let amount: i64 = sales().iter().map(|row| i64::from(row.4) * row.5).sum();
    assert_eq!(plain.lines().nth(1).unwrap(), format!("240,{units},{amount},31,19723,19750"));
    let (gzipped, zipped) = (gz(text.as_bytes()), zip(&[("in/sales.csv", text.as_bytes()), ("__MACOSX/x", b"junk")]));
    for (name, bytes) in [
        ("sales.csv.gz", gzipped),
        ("sales.csv.zst", zstd::encode_all(text.as_bytes(), 3).unwrap()),
        ("sales.zip", zipped),
        ("sales.xlsx", workbook()),
        ("sales.xlsx.gz", gz(&workbook())),
        ("book.zip", zip(&[("sales.xlsx", &workbook())])),
        ("sales.jsonl", json_lines().into_bytes()),
        ("sales.jsonl.gz", gz(json_lines().as_bytes())),
        ("sales.parquet", parquet_bytes()),
        ("misnamed.csv", workbook()),
    ] {
        assert_eq!(figures(name, &bytes), plain, "{name}");
    }
}

#[test]
fn packed_again_is_the_same_file() {
    let project = Project::empty();
    let text = csv_text();
    let toml = "[sources.sales]\ntable = \"flat\"\nfiles = [\"drop/*\"]\ntimestamp = \"%Y-%m-%d\"\n[sources.sales.columns]\nordered_at = \"order_date\"\nproduct_id = \"product\"\n";
    project.write("langgan.toml", toml).write("drop/sales.csv", &text);
    project.ok(&["ingest", "--quiet"]);
    std::fs::remove_file(project.path().join("drop/sales.csv")).unwrap();
    for (name, bytes) in [("sales.csv.gz", gz(text.as_bytes())), ("other.zip", zip(&[("sales.csv", text.as_bytes())]))]
    {
        project.write(&format!("drop/{name}"), bytes);
        assert!(project.ok(&["ingest"]).stdout.contains("nothing new"), "{name}");
    }
}

#[test]
fn an_archive_of_several_files_and_a_pattern_into_it() {
    let project = Project::empty();
    let text = csv_text();
    let (head, lines) = text.split_once('\n').unwrap();
    let half = lines.match_indices('\n').nth(119).unwrap().0 + 1;
    let parts = [format!("{head}\n{}", &lines[..half]), format!("{head}\n{}", &lines[half..])];
    let archive = zip(&[
        ("../../JKT.csv", parts[0].as_bytes()),
        ("/SBY.csv", parts[1].as_bytes()),
        ("README.txt", b"not a table at all\n"),
    ]);
    project.write("drops/jan.zip", archive);
    let columns =
        "timestamp = \"%Y-%m-%d\"\n[sources.sales.columns]\nordered_at = \"order_date\"\nproduct_id = \"product\"\n";
    let toml = |files: &str| format!("[sources.sales]\ntable = \"flat\"\nfiles = [\"{files}\"]\n{columns}");
    project.write("langgan.toml", toml("drops/*.zip/*.csv"));
    let said = project.ok(&["ingest"]).stdout;
    assert!(said.contains("jan.zip/SBY.csv") && said.contains("received 240 = accepted 240"), "{said}");
    assert!(!project.path().join("../JKT.csv").exists() && !std::path::Path::new("/SBY.csv").exists());
    project.write("langgan.toml", toml("drops/*.zip/feb*.csv"));
    let ran = project.run(&["ingest"]);
    assert!(ran.code == 3 && ran.stderr.contains("no file matches"), "{}", ran.stderr);
}

#[test]
fn a_workbook_with_traps() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("Notes").unwrap().write_string(0, 0, "Made by the Bogor branch").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Penjualan Jan").unwrap();
    sheet.write_string(0, 1, "Laporan Penjualan").unwrap();
    let date = Format::new().set_num_format("d mmm yyyy hh:mm");
    for (column, name) in ["No Nota", "Tanggal", "Pelanggan", "Kode Barang", "Qty", "Harga"].iter().enumerate() {
        sheet.write_string(3, column as u16 + 1, *name).unwrap();
    }
    for row in 4..34_u32 {
        sheet.write_number(row, 1, 536_365 + row).unwrap();
        let at = ExcelDateTime::from_ymd(2024, 1, row as u8 - 3).unwrap().and_hms(10, 15, 30).unwrap();
        sheet.write_datetime_with_format(row, 2, at, &date).unwrap();
        sheet.write_string(row, 3, "0812").unwrap();
        sheet.write_string(row, 4, "=HYPERLINK(1)").unwrap();
        sheet.write_number(row, 5, 2).unwrap();
        sheet.write_number(row, 6, 0.1 + 0.2).unwrap();
    }
    sheet.write_formula(10, 6, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write_formula(11, 3, Formula::new("=VLOOKUP(1,A1:B2,2)").set_result("#N/A")).unwrap();
    sheet.write_string(12, 2, "31/02/2024").unwrap();
    sheet.write_string(13, 8, "beyond the header").unwrap();
    let project = Project::empty();
    project.write("toko.xlsx", workbook.save_to_buffer().unwrap());
    let said = project.ok(&["init", "--from", "toko.xlsx"]).stdout;
    assert!(said.contains("the header is in line 4"), "{said}");
    let toml = project.read("langgan.toml");
    assert!(toml.contains("sheet = \"Penjualan Jan\"") && toml.contains("header_row = 4"), "{toml}");
    let said = project.ok(&["ingest"]).stdout;
    for address in ["Penjualan Jan!G11", "Penjualan Jan!D12", "Penjualan Jan!C13", "Penjualan Jan!14"] {
        assert!(said.contains(address), "{address}: {said}");
    }
    assert!(said.contains("received 30 = accepted 26 + rejected 4"), "{said}");
    let sql = "SELECT o.order_id, o.ordered_at, l.unit_price FROM lake_order_lines AS l \
               INNER JOIN lake_orders AS o ON l.order_key = o.order_key ORDER BY o.order_id LIMIT 1";
    let first = project.ok(&["query", "-c", sql]).stdout;
    assert!(
        first.contains("536369,2024-01-01") && first.contains("10:15:30") && first.trim_end().ends_with(",3"),
        "{first}"
    );
}

#[test]
fn the_epoch_of_old_macs() {
    let bytes = workbook();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut parts = Vec::new();
    for place in 0..archive.len() {
        let mut member = archive.by_index(place).unwrap();
        let name = member.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        if name == "xl/workbook.xml" {
            bytes = String::from_utf8(bytes).unwrap().replace("<workbookPr", "<workbookPr date1904=\"1\"").into_bytes();
        }
        parts.push((name, bytes));
    }
    let members: Vec<(&str, &[u8])> = parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let found = figures("mac.xlsx", &zip(&members));
    // Four years and a day later: the serials count from 1904.
    assert!(found.trim_end().ends_with(&format!(",{},{}", 19_723 + 1462, 19_750 + 1462)), "{found}");
}

#[test]
fn lines_that_are_no_json_are_rejected_whole() {
    let project = Project::empty();
    let mut text = json_lines();
    text.push_str("{\"order_id\":\"X1\", \"order_date\n[1,2]\n{\"order_id\":\"X2\",\"order_date\":\"2024-01-01\",\"product\":\"a \\\"b\\\"\",\"quantity\":\"two\",\"unit_price\":1e2}\n");
    project.write("sales.jsonl", &text);
    project.ok(&["init", "--from", "sales.jsonl"]);
    let said = project.ok(&["ingest"]).stdout;
    assert!(said.contains("received 243 = accepted 240 + rejected 3"), "{said}");
    assert!(said.contains("line 241") && said.contains("{\"order_id\":\"X1\", \"order_date"), "{said}");
    assert!(said.contains("\"product\":\"a \\\"b") && said.contains("bad_json"), "{said}");
}

/// What a damaged or hostile file is answered with, by `init` and by `ingest`.
#[track_caller]
fn refused(name: &str, bytes: &[u8], reason: &str) {
    let project = Project::empty();
    project.write(name, bytes);
    let said = project.run(&["init", "--from", name]);
    let known = said.stderr.contains(reason) || said.stderr.contains("it is not text");
    assert!(said.code == 3 && known, "{name}: {} {}", said.code, said.stderr);
    let toml = format!("[sources.products]\ntable = \"products\"\nfiles = [\"{name}\"]\n");
    project.write("langgan.toml", toml);
    let said = project.run(&["ingest"]);
    assert!(said.code == 3 && said.stderr.contains(reason), "{name}: {} {}", said.code, said.stderr);
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
}

#[test]
fn damage_is_refused_in_words() {
    let packed = gz(csv_text().repeat(20).as_bytes());
    refused("cut.csv.gz", &packed[..packed.len() / 2], "cut off on the way");
    let packed = zstd::encode_all(csv_text().repeat(20).as_bytes(), 3).unwrap();
    refused("cut.csv.zst", &packed[..packed.len() / 2], "cut off on the way");
    let packed = zip(&[("a.csv", csv_text().as_bytes())]);
    refused("cut.zip", &packed[..packed.len() / 2], "damaged");
    let book = workbook();
    refused("cut.xlsx", &book[..book.len() / 2], "damaged");
    refused("old.xls", &[b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[7; 4000]].concat(), "damaged");
    refused("page.xls", b"<html><table><tr><td>1</td></tr></table></html>", "web page");
    refused("list.json", b"[{\"a\":1}]", "JSON lines");
    refused("paper.csv", b"%PDF-1.4", "PDF");
    let mut parquet = parquet_bytes();
    let middle = parquet.len() / 3;
    parquet[middle..middle + 200].fill(0xA5);
    refused("bad.parquet", &parquet, "Parquet file cannot be read");
    refused("cut.parquet", &parquet_bytes()[..500], "Parquet file cannot be read");
}

#[test]
fn no_damage_to_a_parquet_file_panics() {
    let good = parquet_bytes();
    let project = Project::empty();
    project.write("langgan.toml", "[sources.products]\ntable = \"products\"\nfiles = [\"p.parquet\"]\nreject_limit = 1.0\n[sources.products.columns]\nproduct_id = \"product\"\n");
    for place in (0..good.len()).step_by(good.len() / 40) {
        let mut bytes = good.clone();
        bytes[place] ^= 0xFF;
        project.write("p.parquet", &bytes);
        let ran = project.run(&["ingest"]);
        assert!([0, 3].contains(&ran.code) && !ran.stderr.contains("panicked"), "{place}: {} {}", ran.code, ran.stderr);
    }
}

#[test]
fn bombs_are_refused_with_a_limit() {
    let zeros = gz(&vec![0; 1 << 20]);
    refused("zeros.csv.gz", &zeros.repeat(400), "limit");
    let mut head = gz(b"product_id,name\n");
    head.extend(gz(&b"\n".repeat(1 << 20)).repeat(400));
    refused("lines.csv.gz", &head, "limit");
    refused("zeros.csv.zst", &zstd::encode_all([0; 1 << 20].repeat(300).as_slice(), 3).unwrap(), "limit");
    let big = [b"product_id,name\n".as_slice(), &b"1,2\n".repeat(40 << 20)].concat();
    let project = Project::empty();
    project.write("big.zip", zip(&[("a.csv", &big)]));
    project.write("langgan.toml", "[sources.products]\ntable = \"products\"\nfiles = [\"big.zip\"]\n");
    let said = project.run(&["ingest"]);
    assert!(said.code == 3 && said.stderr.contains("limit"), "{} {}", said.code, said.stderr);
    let names: Vec<String> = (0..10_001).map(|n| format!("{n}.csv")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"a\n".as_slice())).collect();
    refused("many.zip", &zip(&many), "limit");
    let inner = zip(&[("a.csv", b"a,b\n1,2\n")]);
    refused("nested.zip", &zip(&[("inner.zip", &inner)]), "archive");
    let strings = [b"<sst>".as_slice(), &b"<si><t>x</t></si>".repeat(9 << 20)].concat();
    let parts: [(&str, &[u8]); 2] = [("[Content_Types].xml", b"<Types/>"), ("xl/sharedStrings.xml", &strings)];
    refused("strings.xlsx", &zip(&parts), "limit");
}

#[test]
fn the_call_centre_workbook_is_answered_in_words() {
    let Some(path) = shared("data/call_center/Call-Center-Dataset.xlsx") else { return };
    let project = Project::empty();
    let ran = project.run(&["init", "--from", path.to_str().unwrap()]);
    assert!(ran.stdout.contains("5,000 rows, read whole; sheet `Call center data` of a workbook"), "{}", ran.stdout);
    assert!(ran.code == 3 && ran.stdout.contains("nothing was found for customer_id"), "{} {}", ran.stdout, ran.stderr);
}

/// An OpenDocument sheet of the sales.
fn open_document() -> Vec<u8> {
    let text = |cell: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{cell}</text:p></table:table-cell>")
    };
    let mut rows: String = format!("<table:table-row>{}</table:table-row>", HEADER.map(text).concat());
    for (order, day, customer, product, quantity, price) in sales() {
        let date = format!("<table:table-cell office:value-type=\"date\" office:date-value=\"2024-01-{day:02}\"/>");
        let number =
            |value: String| format!("<table:table-cell office:value-type=\"float\" office:value=\"{value}\"/>");
        let cells = [
            text(&order),
            date,
            text(&customer),
            text(&product),
            number(quantity.to_string()),
            number(format!("{}.{:02}", price / 100, price % 100)),
        ];
        rows.push_str(&format!("<table:table-row>{}</table:table-row>", cells.concat()));
    }
    rows.push_str("<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>");
    let names = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"";
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content {names}><office:body><office:spreadsheet><table:table table:name=\"S\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    let manifest = "<?xml version=\"1.0\"?><manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"><manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"application/vnd.oasis.opendocument.spreadsheet\"/></manifest:manifest>";
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
        ("META-INF/manifest.xml", manifest.as_bytes()),
    ])
}

#[test]
fn an_open_document_sheet() {
    assert_eq!(figures("sales.ods", &open_document()), figures("sales.csv", csv_text().as_bytes()));
}

#[test]
fn old_workbooks_of_both_epochs() {
    for name in ["sales.xls", "sales_1904.xls"] {
        let project = Project::empty();
        std::fs::copy(repository("tests/fixtures").join(name), project.path().join(name)).unwrap();
        project.ok(&["init", "--from", name]);
        project.ok(&["ingest", "--quiet"]);
        let found = project.ok(&["query", "-c", FIGURES]).stdout;
        assert_eq!(
            found.lines().nth(1).unwrap(),
            format!("30,73,{},7,19723,19750", (0..30).map(|n| (n % 4 + 1) * (1534 + 100 * n)).sum::<i64>()),
            "{name}"
        );
        let product = "SELECT product_id FROM lake_products ORDER BY product_id LIMIT 1";
        assert_eq!(project.ok(&["query", "-c", product]).stdout, "product_id\nTé 0\n");
    }
}

/// A share under a percent format is read as it is shown: 12.5 under a heading that says percent.
#[test]
fn a_percent_cell_is_read_as_it_is_shown() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let percent = Format::new().set_num_format("0.0%");
    for (name, column) in HEADER.iter().chain(["discount (%)"].iter()).zip(0..) {
        sheet.write_string(0, column, *name).unwrap();
    }
    for row in 1..=12_u32 {
        let texts = [format!("N{row}"), format!("2024-01-{row:02}"), "C1".into(), "P1".into()];
        for (text, column) in texts.iter().zip(0..) {
            sheet.write_string(row, column, text).unwrap();
        }
        sheet.write_number(row, 4, 10).unwrap();
        sheet.write_number(row, 5, 1000).unwrap();
        sheet.write_number_with_format(row, 6, if row % 2 == 0 { 0.125 } else { 0.07 }, &percent).unwrap();
    }
    let project = Project::empty();
    project.write("sales.xlsx", workbook.save_to_buffer().unwrap());
    project.ok(&["init", "--from", "sales.xlsx", "--currency", "IDR"]);
    project.ok(&["ingest", "--quiet"]);
    let sum = project.ok(&["query", "-c", "SELECT SUM(discount) AS d FROM lake_order_lines"]).stdout;
    assert_eq!(sum, "d\n11700\n");
}
