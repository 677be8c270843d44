//! What a damaged or unusual export costs: cells are compared, not counts.

use super::support::Project;

const PRODUCTS: &str = "[sources.products]\ntable = \"products\"\nfiles = [\"*.csv\"]\nreject_limit = 0.9\n";

/// Rows of a query.
fn rows(project: &Project, sql: &str) -> Vec<Vec<String>> {
    let found: serde_json::Value = serde_json::from_str(&project.ok(&["query", "--json", "-c", sql]).stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    let row = |row: &serde_json::Value| row.as_object().unwrap().values().map(text).collect();
    found.as_array().unwrap().iter().map(row).collect()
}

fn products(project: &Project) -> Vec<Vec<String>> {
    rows(project, "SELECT product_id, name, list_price FROM lake_products ORDER BY product_key")
}

/// Lines and codes of what was refused.
fn refused(project: &Project) -> Vec<Vec<String>> {
    rows(project, "SELECT line, code, raw FROM lake_rejects ORDER BY record")
}

/// Loads one file of products and says which rows came out, `id name price`, and which did not, `line code`.
fn load(config: &str, bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let project = Project::empty();
    project.write("langgan.toml", format!("{PRODUCTS}{config}")).write("products.csv", bytes);
    project.ok(&["ingest", "--quiet"]);
    let accepted = products(&project).iter().map(|row| row.join(" ")).collect();
    (accepted, refused(&project).iter().map(|row| row[..2].join(" ")).collect())
}

fn check(what: &str, config: &str, bytes: &[u8], accepted: &[&str], rejected: &[&str]) {
    let (found, lost) = load(config, bytes);
    assert_eq!(found, accepted, "{what}");
    assert_eq!(lost, rejected, "{what}");
}

/// UTF-16 with a byte order mark.
fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

const HEAD: &str = "product_id,name,list_price\n";
const KEPT: [&str; 2] = ["a Apel 150", "b Jambu 200"];

#[test]
fn every_trap_costs_one_record_at_most() {
    let with = |line: &str| format!("{HEAD}a,Apel,1.50\n{line}\nb,Jambu,2.00\n");
    for (what, line, code) in [
        ("a stray quote", "c,\"Cabe,3.00", "bad_quoting"),
        ("a quote that closes too early", "c,\"Cabe\"x,3.00", "bad_quoting"),
        ("a field too few", "c,Cabe", "ragged"),
        ("an unquoted delimiter", "c,Cabe, merah,3.00", "ragged"),
        ("a NUL", "c,Ca\0be,3.00", "nul_byte"),
        ("the header again", "product_id,name,list_price", "repeated_header"),
        ("a total", "TOTAL,,3.50", "total_row"),
        ("a shorter total", "Jumlah: 2", "total_row"),
        ("no number", "c,Cabe,three", "bad_number"),
        ("a repeated key", "a,Cabe,3.00", "duplicate_key"),
        ("no key", ",Cabe,3.00", "missing_value"),
    ] {
        check(what, "", with(line).as_bytes(), &KEPT, &[&format!("3 {code}")]);
    }
    let long = format!("c,{},3.00", "x".repeat(1 << 20));
    check("a long record", "", with(&long).as_bytes(), &KEPT, &["3 too_long"]);
    let endless = format!("c,{},3.00", "x".repeat(9 << 20));
    check("a line longer than two blocks", "", with(&endless).as_bytes(), &KEPT, &["3 too_long"]);
    check(
        "a product called Total",
        "",
        with("c,Total,3.00").as_bytes(),
        &["a Apel 150", "c Total 300", "b Jambu 200"],
        &[],
    );
}

#[test]
fn line_ends_may_be_mixed() {
    let all = ["a Apel 150", "c Cabe 300", "b Jambu 200"];
    for text in [
        "product_id,name,list_price\r\na,Apel,1.50\nc,Cabe,3.00\r\nb,Jambu,2.00",
        "product_id,name,list_price\ra,Apel,1.50\rc,Cabe,3.00\rb,Jambu,2.00\r",
        "product_id,name,list_price\r\na,Apel,1.50\rc,Cabe,3.00\r\nb,Jambu,2.00\r\n",
        "\r\n\nproduct_id,name,list_price\n\na,Apel,1.50\n\r\nc,Cabe,3.00\nb,Jambu,2.00\n\n",
        "sep=,\r\nproduct_id,name,list_price\r\na,Apel,1.50\r\nc,Cabe,3.00\r\nb,Jambu,2.00\r\n",
    ] {
        check(text, "", text.as_bytes(), &all, &[]);
    }
    let quoted = "\"product_id\",\"name\",\"list_price\"\na,\"two\r\nlines, \"\"quoted\"\"\",1.50\nb,Jambu,2.00\n";
    check("an embedded line end", "", quoted.as_bytes(), &["a two\r\nlines, \"quoted\" 150", "b Jambu 200"], &[]);
}

#[test]
fn encodings_are_declared_or_marked_and_a_row_in_another_is_refused() {
    let text = format!("{HEAD}a,Apel,1.50\nc,José €5 日本,3.00\nb,Jambu,2.00\n");
    let all = ["a Apel 150", "c José €5 日本 300", "b Jambu 200"];
    check("UTF-8 with a mark", "", format!("\u{FEFF}{text}").as_bytes(), &all, &[]);
    for big_endian in [false, true] {
        check("UTF-16 by its mark", "", &utf16(&text, big_endian), &all, &[]);
        check("UTF-16 as declared", "encoding = \"utf-16\"\n", &utf16(&text, big_endian), &all, &[]);
    }
    let western =
        |name: &[u8]| [b"product_id,name,list_price\na,Apel,1.50\nc,", name, b",3.00\nb,Jambu,2.00\n"].concat();
    let declared = "encoding = \"windows-1252\"\n";
    check("Windows-1252", declared, &western(b"Jos\xE9 \x80"), &["a Apel 150", "c José € 300", "b Jambu 200"], &[]);
    check("UTF-8 in Windows-1252", declared, &western("José".as_bytes()), &KEPT, &["3 encoding"]);
    check("a byte that is no letter", declared, &western(b"Jos\x81"), &KEPT, &["3 encoding"]);
    check("Windows-1252 in UTF-8", "", &western(b"Jos\xE9"), &KEPT, &["3 encoding"]);
    check(
        "half a pair in UTF-16",
        "",
        &{
            let mut bytes = utf16(&format!("{HEAD}a,Apel,1.50\nc,X,3.00\nb,Jambu,2.00\n"), false);
            let at = bytes.windows(2).rposition(|pair| pair == b"X\0").unwrap();
            bytes[at..at + 2].copy_from_slice(&0xD800_u16.to_le_bytes());
            bytes
        },
        &KEPT,
        &["3 encoding"],
    );
}

/// Every refused row: its bytes are where the ledger says, its text is whole.
#[test]
fn the_ledger_says_where_every_row_came_from() {
    let lines = ["a,Apel é,1.50", "\"c\",\"Cabe, ijo\",3", "c,Tomat ü,4", "d,\"Labu,5", "", "e,Ubi", "f,日本,x"];
    let text = format!("{HEAD}{}\n", lines.join("\n"));
    let project = Project::empty();
    project.write("langgan.toml", PRODUCTS).write("utf8.csv", &text).write("utf16.csv", utf16(&text, false));
    project.write("western.csv", "product_id,name,list_price\n");
    let western: Vec<u8> = text.replace("日本", "Jos\u{e9}").chars().map(|letter| letter as u8).collect();
    let own = |name: &str, encoding: &str| {
        format!(
            "[sources.{name}]\ntable = \"products\"\nfiles = [\"{name}.csv\"]\nreject_limit = 1.0\nencoding = \"{encoding}\"\n"
        )
    };
    let config = format!("{}{}{}", own("utf8", "utf-8"), own("utf16", "utf-16"), own("western", "windows-1252"));
    project.write("langgan.toml", config).write("western.csv", western.clone());
    project.ok(&["ingest", "--quiet"]);
    let sql = "SELECT file, line, record, byte_offset, code, raw, export_column, message, fix FROM lake_rejects ORDER BY file, record";
    let ledger = rows(&project, sql);
    let expected = [(4, 3, "duplicate_key"), (5, 4, "bad_quoting"), (7, 5, "ragged"), (8, 6, "bad_number")];
    let of = |file: &str| ledger.iter().filter(|row| row[0] == file).cloned().collect::<Vec<_>>();
    for row in of("utf8.csv") {
        assert!(!row[7].is_empty() && !row[8].is_empty());
        let (line, raw, offset) = (row[1].parse::<usize>().unwrap(), &row[5], row[3].parse::<usize>().unwrap());
        assert_eq!(*raw, lines[line - 2]);
        assert!(text.as_bytes()[offset..].starts_with(raw.as_bytes()));
    }
    // The first of the three files in the order of the sources' names owns the keys.
    let codes: Vec<(u64, u64, String)> =
        of("utf16.csv").iter().map(|row| (row[1].parse().unwrap(), row[2].parse().unwrap(), row[4].clone())).collect();
    assert_eq!(codes, expected.map(|(line, record, code)| (line, record, code.to_string())));
    assert_eq!(of("utf16.csv")[3][6], "list_price");
    for row in of("utf16.csv") {
        let offset: usize = row[3].parse().unwrap();
        let bytes: Vec<u8> = row[5].encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(utf16(&text, false)[offset..].starts_with(&bytes), "{row:?}");
    }
    for row in of("western.csv") {
        let offset: usize = row[3].parse().unwrap();
        let bytes: Vec<u8> = row[5].chars().map(|letter| letter as u8).collect();
        assert!(western[offset..].starts_with(&bytes), "{row:?}");
    }
    assert!(of("western.csv").len() >= 4);
}

/// 252 files of 84 records, one record of each damaged: no other record is lost or changed.
#[test]
fn a_damaged_record_leaves_the_other_eighty_three_alone() {
    let project = Project::empty();
    project.write("langgan.toml", PRODUCTS.replace("0.9", "0.2"));
    let cells = |file: usize, record: usize| {
        let name = match record % 4 {
            0 => format!("Beras, {record} kg"),
            1 => format!("Cat \"{record}\" putih"),
            2 => format!("dua\nbaris {record}"),
            _ => format!("Sabun {record}"),
        };
        [format!("f{file:03}-{record:02}"), name, format!("{}.{:02}", record * 7 + 1, record)]
    };
    let line = |cells: &[String; 3]| format!("{},\"{}\",{}\n", cells[0], cells[1].replace('"', "\"\""), cells[2]);
    for file in 0..252 {
        let damaged = file % 84;
        let mut bytes = HEAD.as_bytes().to_vec();
        for record in 0..84 {
            let mut text = line(&cells(file, record)).into_bytes();
            if record == damaged {
                let place = text.len() * (file % 7) / 7;
                match file / 84 {
                    0 => text.insert(place, b'"'),
                    1 => text.insert(place, b','),
                    _ => text[place] = [0, 0xE9, b'"', b'\r', b',', b'x'][file % 6],
                }
            }
            bytes.extend(text);
        }
        project.write(&format!("{file:03}.csv"), bytes);
    }
    project.ok(&["ingest", "--quiet"]);
    let found: std::collections::BTreeMap<String, Vec<String>> =
        products(&project).into_iter().map(|row| (row[0].clone(), row)).collect();
    let mut lost = 0;
    for file in 0..252 {
        for record in (0..84).filter(|record| *record != file % 84) {
            let [id, name, price] = cells(file, record);
            let expected = vec![id.clone(), name, price.replace('.', "").trim_start_matches('0').to_string()];
            assert_eq!(found.get(&id), Some(&expected), "file {file}, record {record}");
        }
        lost += usize::from(!found.contains_key(&cells(file, file % 84)[0]));
    }
    assert!((150..=252).contains(&lost), "{lost}");
    let refused = refused(&project).len();
    assert!(refused >= lost, "{refused} rejects for {lost} lost records");
}

#[test]
fn very_wide_files_are_read_up_to_the_limit() {
    let wide = |columns: usize| {
        let names: Vec<String> = (0..columns - 2).map(|column| format!("c{column}")).collect();
        let row = |id: &str| format!("{id},Apel{}\n", ",1".repeat(columns - 2));
        format!("product_id,name,{}\n{}{}", names.join(","), row("a"), row("b"))
    };
    let project = Project::empty();
    project.write("langgan.toml", PRODUCTS).write("wide.csv", wide(16_384));
    project.ok(&["ingest", "--quiet"]);
    assert_eq!(products(&project).len(), 2);
    project.write("wide.csv", wide(16_385));
    let ran = project.run(&["ingest"]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("16385 columns, more than 16384"), "{}", ran.stderr);
}

#[test]
fn columns_are_read_each_in_its_own_locale() {
    let project = Project::empty();
    project
        .write(
            "langgan.toml",
            "[currency]\ndecimals = 2\n[sources.sales]\ntable = \"flat\"\nfiles = [\"s.csv\"]\ndelimiter = \";\"\n\
             decimal = \".\"\ntimestamp = \"%d %b %Y %I:%M %p\"\nreject_limit = 0.9\n\
             [sources.sales.locale.unit_price]\ndecimal = \",\"\nthousands = \".\"\n\
             [sources.sales.locale.quantity]\nthousands = \".\"\ndecimal = \",\"\n",
        )
        .write(
            "s.csv",
            "order_id;product_id;ordered_at;quantity;unit_price;discount\n\
             1;p;5 Mei 2026 01:30 PM;1.000;Rp 1.250.000,50;10.25\n\
             2;p;6 Agt 2026 12:05 AM;2;(1.000);0\n\
             3;p;7 Desember 2026 09:00 am;3;Rp 5.000,-;1500.00\n\
             4;p;8 May 2026 09:00 AM;0,5;5.000;0\n\
             5;p;8 May 2026 21:00 AM;1;5.000;0\n",
        );
    project.ok(&["ingest", "--quiet"]);
    let lines = rows(&project, "SELECT quantity, unit_price, discount FROM lake_order_lines ORDER BY unit_price DESC");
    assert_eq!(lines, [["1000", "125000050", "1025"], ["3", "500000", "150000"]]);
    let days = rows(&project, "SELECT ordered_at FROM lake_orders ORDER BY ordered_at");
    assert_eq!(days, [["2026-05-05 13:30:00"], ["2026-12-07 09:00:00"]]);
    let codes: Vec<String> = refused(&project).iter().map(|row| row[..2].join(" ")).collect();
    assert_eq!(codes, ["3 negative_price", "5 fractional_quantity", "6 bad_timestamp"]);
}

#[test]
fn numbers_that_read_two_ways_hold_the_file_until_someone_says() {
    let project = Project::empty();
    project.write("langgan.toml", PRODUCTS).write("p.csv", format!("{HEAD}a,Apel,1.250\nb,Jambu,12.000\nc,Cabe,900\n"));
    let ran = project.run(&["ingest"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.contains("thousands or thousandths?") && ran.stderr.contains("line 2: a,Apel,1.250"),
        "{}",
        ran.stderr
    );
    for (answer, price) in [("decimal = \",\"\nthousands = \".\"\n", "125000"), ("decimal = \".\"\n", "125")] {
        project.write("langgan.toml", format!("{PRODUCTS}{answer}"));
        let _ = std::fs::remove_dir_all(project.path().join("lake"));
        project.ok(&["ingest", "--quiet"]);
        assert_eq!(products(&project)[0][2], price);
    }
    project.write("langgan.toml", PRODUCTS).write("p.csv", format!("{HEAD}a,Apel,1.250\nb,Jambu,12.5\n"));
    let _ = std::fs::remove_dir_all(project.path().join("lake"));
    project.ok(&["ingest", "--quiet"]);
    assert_eq!(products(&project)[0][2], "125");
}

#[test]
fn a_header_with_its_columns_in_another_order_holds_the_file() {
    let project = Project::empty();
    let joined = format!("{HEAD}a,Apel,1.50\nproduct_id,list_price,NAME\nb,2.00,Jambu\n");
    project.write("langgan.toml", PRODUCTS).write("p.csv", joined);
    let ran = project.run(&["ingest"]);
    assert_eq!((ran.code, ran.stdout.trim()), (3, "nothing was loaded: 1 file is held"));
    assert!(ran.stderr.contains("line 3 is the header again, with its columns in another order"), "{}", ran.stderr);
}

#[test]
fn amounts_in_another_currency_are_refused() {
    for (code, accepted, rejected) in [
        ("IDR", vec!["a Apel 150", "c Cabe 300"], vec!["3 other_currency"]),
        ("", vec!["a Apel 150", "b Jambu 200", "c Cabe 300"], vec![]),
    ] {
        let config = format!("[currency]\ncode = \"{code}\"\n");
        let text = format!("{HEAD}a,Apel,Rp 1.50\nb,Jambu,US$ 2.00\nc,Cabe,3.00\n");
        check("US$ among rupiah", &config, text.as_bytes(), &accepted, &rejected);
    }
}

#[test]
fn codes_as_excel_keeps_their_zeros() {
    let text = format!("{HEAD}\"=\"\"001\"\"\",Apel,1.50\n=\"002\",Jambu,2.00\n");
    check("=\"001\"", "", text.as_bytes(), &["001 Apel 150", "002 Jambu 200"], &[]);
}
