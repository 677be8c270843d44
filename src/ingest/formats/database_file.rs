//! A SQLite file as a workbook: its tables are the sheets.

use std::io::Read;
use std::path::Path;

use super::rows::{Origin, RowWriter, spawn};
use crate::error::{Error, Result};
use crate::ingest::pull::{Failure, Wanted, sqlite};

/// The tables and views of a file.
pub fn tables(source: &str, path: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let select =
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut is_header = true;
    let read = sqlite::read(path, &Wanted::all(select.into()), '.', &mut |cells| {
        if !std::mem::take(&mut is_header) {
            names.extend(cells.iter().map(|name| String::from_utf8_lossy(name).into_owned()));
        }
        Ok(())
    });
    read.map_err(|failure| unreadable(source, path, words(failure)))?;
    Ok(names)
}

/// One table as text.
pub fn text(source: &str, path: &Path, table: Option<&str>, mark: char) -> Result<Box<dyn Read + Send>> {
    let tables = tables(source, path)?;
    let table = match table {
        Some(table) if tables.iter().any(|own| own == table) => table.to_string(),
        Some(table) => {
            let message = format!("it has no table `{table}`; its tables are {}", tables.join(", "));
            return Err(unreadable(source, path, message));
        }
        None => tables.into_iter().next().ok_or_else(|| unreadable(source, path, "it has no tables".into()))?,
    };
    let path = path.to_path_buf();
    Ok(spawn(move |chunks| {
        let mut chunks = Some(chunks);
        let mut rows: Option<RowWriter<'_>> = None;
        let mut number = 0;
        let read = sqlite::read(&path, &Wanted::of_table(&table), mark, &mut |cells| match &mut rows {
            Some(rows) => {
                number += 1;
                rows.row(cells, Origin { line: number, code: "", raw: b"" })
            }
            None => {
                let header: Vec<String> = cells.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
                let chunks = chunks.take().ok_or("the header was there already")?;
                rows = Some(RowWriter::new(chunks, &header)?);
                Ok(())
            }
        });
        read.map_err(words)?;
        rows.map_or(Ok(()), RowWriter::end)
    }))
}

fn words(failure: Failure) -> String {
    match failure {
        Failure::Down(message) | Failure::Refused(message) => message,
    }
}

fn unreadable(source: &str, path: &Path, message: String) -> Error {
    Error::Unreadable { source_name: source.into(), path: path.to_path_buf(), message }
}
