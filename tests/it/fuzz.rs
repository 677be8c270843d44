//! Whatever the bytes: no panic, and every row received is accepted, refused or a duplicate, once, where the ledger
//! says. `LANGGAN_FUZZ_MINUTES=10 cargo test --release --test it fuzz` goes on for ten minutes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use langgan::config::Config;
use langgan::error::Error;
use langgan::ingest::{Request, ingest};
use langgan::lake::LakeDir;
use langgan::lake::reader::read;
use proptest::prelude::*;
use proptest::test_runner::{Config as Rounds, TestCaseError, TestRunner};

/// One way of writing a file.
#[derive(Debug, Clone)]
struct Written {
    delimiter: char,
    quote: char,
    encoding: &'static str,
    table: &'static str,
    /// How the name of its file ends.
    ending: &'static str,
    /// Whether what it is about stands in its rows, and whether a trailer may stand at its end.
    content: bool,
    trailer: bool,
    bytes: Vec<u8>,
    /// A byte of the packed file that is damaged, where it is packed.
    damage: Option<(prop::sample::Index, u8)>,
}

const TABLES: [(&str, &str, &[&str]); 6] = [
    (
        "orders",
        "order_id#customer_id#branch_id#ordered_at#channel#status",
        &[
            "O-00001#c1#JKT#2026-01-05 10:00:00#store#completed",
            "O-00002##JKT#2026-01-05 11:00:00#web#",
            "O-00003#c2#SBY#2026-01-06 10:00:00##x",
        ],
    ),
    (
        "order_lines",
        "order_id#line_no#product_id#quantity#unit_price#discount#returned",
        &[
            "O-00001#1#p1#2#1.50#0#0",
            "O-00001#2#p2#1#2.00#0.50#1",
            "O-00001#17#p2#1#2.00##",
            "O-00002#1#p1#-1#1.50#0#ya",
        ],
    ),
    (
        "interactions",
        "interaction_id#customer_id#at#kind#minutes",
        &["I1#c1#2026-01-05 10:00:00#call#12", "I2#c2#2026-01-05 10:00:00#visit#", "I3#c3#x#call#1"],
    ),
    (
        "products",
        "product_id#name#category#list_price#stock",
        &["p1#Apel#\"a#b\"#1.50#3", "p2#Jambu é##1,250.00#", "p1#x#y#1#0"],
    ),
    (
        "flat",
        "order_id#product_id#customer_id#branch_id#ordered_at#quantity#unit_price#discount",
        &[
            "1#p1#c1#JKT#2026-01-05 10:00:00#2#1.50#0",
            "1#p2#c1#JKT#2026-01-05 10:00:00#1#2.00#10%",
            "2#p1##SBY#2026-01-06 11:00:00#-1#1.50#0",
            "TOTAL#######",
        ],
    ),
    (
        "customers",
        "customer_id#name#birth_date#phone#consent_call",
        &["c1#Ann \"A\"#1990-02-28#0812#Y", "c2##1990-02-30##t"],
    ),
];

/// Rows as an export has them, cut, repeated and damaged anywhere; or any bytes at all.
fn written() -> impl Strategy<Value = Written> {
    let shape = (
        prop::sample::select(vec![',', ';', '\t', '|']),
        prop::sample::select(vec!['"', '\'']),
        prop::sample::select(vec!["utf-8", "windows-1252", "utf-16", "shift_jis", "windows-1253"]),
        0..TABLES.len(),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
    );
    let packed = (
        prop::sample::select(vec!["", "", "", ".gz", ".zst", ".zip"]),
        any::<bool>(),
        any::<bool>(),
        prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
    );
    let edit = (any::<prop::sample::Index>(), 0_u8..7, any::<u8>());
    let rows = (prop::collection::vec(any::<prop::sample::Index>(), 0..30), prop::collection::vec(edit, 0..12));
    let wild = prop_oneof![9 => Just(None), 1 => prop::collection::vec(any::<u8>(), 0..400).prop_map(Some)];
    (shape, rows, wild, packed).prop_map(|((delimiter, quote, encoding, table, end), (rows, edits), wild, packed)| {
        let (table, header, lines) = TABLES[table];
        let picked = rows.iter().map(|row| *row.get(lines));
        let text: Vec<&str> = std::iter::once(header).chain(picked).collect();
        let text = text.join(end).replace('#', &delimiter.to_string()).replace('"', &quote.to_string());
        let mut bytes = match encoding {
            "utf-16" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => text.into_bytes(),
        };
        let header = if encoding == "utf-16" { header.len() * 2 } else { header.len() };
        for (place, what, byte) in edits {
            // Mostly below the header, so that rows are reached.
            let place = if byte % 16 == 0 {
                place.index(bytes.len() + 1)
            } else {
                header + place.index(bytes.len() + 1 - header)
            };
            match what {
                0 => bytes.insert(place, quote as u8),
                1 => bytes.insert(place, delimiter as u8),
                2 => bytes.insert(place, b'\n'),
                3 => bytes.insert(place, byte),
                4 if place < bytes.len() => drop(bytes.remove(place)),
                5 if place < bytes.len() => bytes[place] = byte,
                6 if byte < 8 && place > header => bytes.truncate(place),
                _ => {}
            }
            if bytes.len() < header {
                break;
            }
        }
        let (ending, content, trailer, damage) = packed;
        let content = content && table != "order_lines" && table != "products" && table != "customers";
        Written { delimiter, quote, encoding, table, ending, content, trailer, bytes: wild.unwrap_or(bytes), damage }
    })
}

/// The file as it is packed.
fn packed(written: &Written) -> Vec<u8> {
    use std::io::Write;
    let mut bytes = match written.ending {
        ".gz" => {
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gz.write_all(&written.bytes).unwrap();
            gz.finish().unwrap()
        }
        ".zst" => zstd::encode_all(written.bytes.as_slice(), 1).unwrap(),
        ".zip" => {
            let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            zip.start_file("f.csv", zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(&written.bytes).unwrap();
            zip.finish().unwrap().into_inner()
        }
        _ => return written.bytes.clone(),
    };
    if let Some((place, byte)) = written.damage {
        let place = place.index(bytes.len());
        bytes[place] = byte;
    }
    bytes
}

fn holds(folder: &Path, written: &Written) -> Result<(), TestCaseError> {
    let config = format!(
        "[sources.s]\ntable = \"{}\"\nfiles = [\"f.csv{}\"]\ndelimiter = '''{}'''\nquote = \"\\u{:04x}\"\nencoding = \"{}\"\nreject_limit = 1.0\nnegative_quantity = \"return\"\n{}{}",
        written.table,
        written.ending,
        written.delimiter,
        written.quote as u32,
        written.encoding,
        if written.content { "unit = \"content\"\n" } else { "" },
        if written.trailer { "trailer = { prefix = \"TOTAL\", rows = 2 }\n" } else { "" },
    );
    let config =
        Config::parse(&config, Path::new("langgan.toml")).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let lake = LakeDir(folder.join("lake"));
    let _ = std::fs::remove_dir_all(&lake.0);
    std::fs::create_dir_all(&lake.0).unwrap();
    std::fs::write(folder.join(format!("f.csv{}", written.ending)), packed(written)).unwrap();
    let request = Request {
        project: folder,
        sources: &config.core.sources,
        only: &[],
        decimals: 2,
        currency: "",
        dry_run: false,
        memory: None,
        progress: &|_| {},
    };
    let outcome = match ingest(&lake, &request) {
        Ok(outcome) => outcome,
        // A file as a whole may be refused; a defect may not be.
        Err(error) => {
            prop_assert!(!matches!(error, Error::Internal { .. }), "{error}");
            return Ok(());
        }
    };
    prop_assert_eq!(outcome.loaded.len() + outcome.held.len(), 1);
    for batch in &outcome.loaded {
        let rows = batch.rows;
        prop_assert_eq!(rows.received, rows.accepted + rows.rejected + rows.duplicate + rows.superseded);
        prop_assert_eq!(rows.rejected + rows.duplicate, batch.rejects.values().sum::<u64>());
        let table = if batch.table == "flat" { "order_lines" } else { &batch.table };
        let mut stored = 0;
        for file in batch.files.iter().filter(|file| file.table == table && !batch.only_names(file)) {
            let key = match table {
                "orders" | "order_lines" => "order_key",
                "interactions" => "kind",
                _ => "name",
            };
            stored += read(&lake, file, &[key], &[]).unwrap().iter().map(|rows| rows.num_rows() as u64).sum::<u64>();
        }
        prop_assert_eq!(stored, rows.accepted);
        ledger_agrees(&lake, batch, written)?;
    }
    Ok(())
}

/// The ledger has each refused row once, in the order of the file, and says where it begins.
fn ledger_agrees(lake: &LakeDir, batch: &langgan::lake::Batch, written: &Written) -> Result<(), TestCaseError> {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    let Some(ledger) = &batch.ledger else {
        prop_assert_eq!(batch.rows.rejected + batch.rows.duplicate, 0);
        return Ok(());
    };
    let file = std::fs::File::open(lake.file(ledger)).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let (mut last, mut count) = (0, 0);
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    for rows in reader {
        let rows = rows.unwrap();
        let number = |name: &str| rows.column_by_name(name).unwrap().as_primitive::<Int64Type>().clone();
        let text = |name: &str| rows.column_by_name(name).unwrap().as_string::<i32>().clone();
        let (records, offsets, raws, code) = (number("record"), number("byte_offset"), text("raw"), text("code"));
        for row in 0..rows.num_rows() {
            prop_assert!(records.value(row) > last, "record {} after {last}", records.value(row));
            last = records.value(row);
            *codes.entry(code.value(row).into()).or_default() += 1;
            count += 1;
            let (at, raw) = (offsets.value(row) as usize, raws.value(row));
            if written.damage.is_some() && !written.ending.is_empty() {
                // What a damaged Zstandard file without a checksum unpacks to is anybody's guess.
                continue;
            }
            prop_assert!(at < written.bytes.len());
            // With carriage returns alone for line ends, those inside are shown as line feeds.
            if written.encoding == "utf-8" && written.bytes.is_ascii() && !raw.contains('\n') {
                prop_assert!(written.bytes[at..].starts_with(raw.as_bytes()), "{at}: {raw:?}");
            }
        }
    }
    prop_assert_eq!(count, batch.rows.rejected + batch.rows.duplicate);
    prop_assert!(last as u64 <= batch.rows.received);
    prop_assert_eq!(&codes, &batch.rejects);
    Ok(())
}

#[test]
fn fuzz_every_row_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let minutes: u64 = std::env::var("LANGGAN_FUZZ_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(0);
    let (start, mut rounds) = (Instant::now(), 0_u64);
    loop {
        let settings = Rounds { cases: 200, failure_persistence: None, ..Rounds::default() };
        let mut runner = if minutes == 0 {
            TestRunner::new_with_rng(
                settings,
                proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
            )
        } else {
            TestRunner::new(settings)
        };
        if let Err(failure) = runner.run(&written(), |written| holds(folder.path(), &written)) {
            panic!("after {rounds} rounds: {failure}");
        }
        rounds += 200;
        if start.elapsed() >= Duration::from_secs(minutes * 60) {
            println!("{rounds} files in {} s, none violated it", start.elapsed().as_secs());
            return;
        }
    }
}
