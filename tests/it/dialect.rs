//! Every mart is in the dialect that Polars and DataFusion share, and every file in `queries/` is a mart.

use langgan::marts::{MARTS, dialect::lint};

use super::support::repository;

#[test]
fn marts_keep_to_the_dialect() {
    for mart in MARTS {
        assert_eq!(lint(mart.sql), [], "queries/{}.sql", mart.table.name);
    }
}

#[test]
fn no_query_is_forgotten() {
    for entry in std::fs::read_dir(repository("queries")).unwrap().flatten() {
        let name = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(MARTS.iter().any(|mart| mart.table.name == name), "queries/{name}.sql is no mart");
    }
}
