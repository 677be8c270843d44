//! Rows of a SQLite database, read only, in one statement and so of one moment.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Failure, Take, Wanted};
use crate::ingest::formats::rows::number_text;

/// Waits this long for a writer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hands over the names of the columns, then every row.
pub fn read(path: &Path, wanted: &Wanted, mark: char, take: &mut Take<'_>) -> Result<(), Failure> {
    if !path.is_file() {
        return Err(Failure::Down(format!("there is no file `{}`", path.display())));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failure)?;
    connection.busy_timeout(PATIENCE).map_err(failure)?;
    let since = wanted.since();
    let mut statement = connection.prepare(&wanted.sql(since.map(|_| "?1"))).map_err(failure)?;
    let names: Vec<Vec<u8>> = statement.column_names().map(|name| name.as_bytes().to_vec()).collect();
    take(&names).map_err(Failure::Refused)?;
    let mut cells = vec![Vec::new(); names.len()];
    let mut rows = statement.query(rusqlite::params_from_iter(since.map(value))).map_err(failure)?;
    while let Some(row) = rows.next().map_err(failure)? {
        for (place, cell) in cells.iter_mut().enumerate() {
            cell.clear();
            match row.get_ref(place).map_err(failure)? {
                ValueRef::Null => {}
                ValueRef::Integer(number) => cell.extend_from_slice(number.to_string().as_bytes()),
                ValueRef::Real(number) => cell.extend_from_slice(number_text(number, mark).as_bytes()),
                ValueRef::Text(text) | ValueRef::Blob(text) => cell.extend_from_slice(text),
            }
        }
        take(&cells).map_err(Failure::Refused)?;
    }
    Ok(())
}

fn failure(error: rusqlite::Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            Failure::Down(error.to_string())
        }
        _ => Failure::Refused(error.to_string()),
    }
}

/// A cursor as SQLite compares it: numbers below texts.
fn value(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        Value::Integer(number)
    } else if let Ok(number) = text.parse::<f64>() {
        Value::Real(number)
    } else {
        Value::Text(text.to_string())
    }
}
