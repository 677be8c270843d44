//! To the screen: errors with a hint, tables for people, JSON for scripts. Text from outside cannot steer a terminal.

use std::io::{IsTerminal, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use polars::prelude::{AnyValue, DataFrame, DataType};
use serde::{Serialize, Serializer};

use crate::deliver::report::{Language, format};
use crate::error::{Error, Result};

/// Prints an error: what, where, what next.
pub fn error(error: &Error, json: bool) {
    if json {
        let value =
            serde_json::json!({ "error": error.to_string(), "hint": error.hint(), "exit_code": error.exit_code() });
        to_stderr(&value.to_string());
        return;
    }
    to_stderr(&format!("error: {error}"));
    if let Some(hint) = error.hint() {
        to_stderr(&format!("hint: {hint}"));
    }
}

/// Says which file is held and why.
pub fn held(held: &crate::lake::Held) {
    let message: Vec<String> = held.message.lines().map(harmless).collect();
    to_stderr(&format!("held: {}", message.join("\n")));
    to_stderr(&format!("hint: {}", harmless(&held.hint)));
}

/// Whether the reader of our output has gone, as `head` does.
pub fn is_closed_pipe(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe)
}

/// A line to stderr; nobody listening is no error.
pub fn to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Text to stdout.
pub fn to_stdout(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    write!(out, "{text}{end}").and_then(|()| out.flush()).map_err(Error::io("write to", std::path::Path::new("stdout")))
}

/// Pretty JSON to stdout, written as it is made.
pub fn json(value: &impl Serialize) -> Result<()> {
    let failed = || Error::io("write to", std::path::Path::new("stdout"));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, value).map_err(|error| match error.io_error_kind() {
        Some(kind) => failed()(kind.into()),
        None => Error::internal("writing JSON")(error),
    })?;
    writeln!(out).and_then(|()| out.flush()).map_err(failed())
}

/// A number and the word that goes with it.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Why every list and queue is empty, and what to do.
pub const NOBODY_CONSENTS: &str = "nobody is on a list or in the queue: the exports have no consent; map consent_call, \
                                   consent_sms, consent_email, or, where consent is kept elsewhere, write \
                                   `assume_consent = true` under [queue] in langgan.toml";

/// Makes text from outside harmless to a terminal: control characters become spaces.
pub fn harmless(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A table for people: headers, then rows; columns of `right` are aligned to the right.
pub fn table(headers: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headers);
    for row in rows {
        table.add_row(row.iter().map(|cell| harmless(cell)));
    }
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_string()).collect();
    lines.join("\n")
}

/// The first rows of a frame as a table for people; money with the decimals `shown`, or all where there are none.
pub fn frame(frame: &DataFrame, most: usize, shown: Option<u32>) -> String {
    let headers: Vec<&str> = frame.get_column_names().into_iter().map(|name| name.as_str()).collect();
    let short = |value: AnyValue<'_>| match value {
        AnyValue::Float64(number) => format!("{number:.4}"),
        AnyValue::Decimal(minor, _, scale) => match i64::try_from(minor) {
            Ok(minor) => amount(minor, scale as u32, shown.unwrap_or(scale as u32)),
            Err(_) => cell(&AnyValue::Decimal(minor, 38, scale)),
        },
        other => cell(&other),
    };
    let row = |row: usize| frame.columns().iter().map(|column| column.get(row).map_or(String::new(), short)).collect();
    let rows: Vec<Vec<String>> = (0..frame.height().min(most)).map(row).collect();
    let right: Vec<usize> = frame
        .columns()
        .iter()
        .enumerate()
        .filter(|(_, column)| column.dtype().is_numeric() || column.dtype().is_decimal())
        .map(|(at, _)| at)
        .collect();
    let mut text = table(&headers, &rows, &right);
    if frame.height() > most {
        text.push_str(&format!("\n… {} more rows", frame.height() - most));
    }
    text
}

/// Money without separators between thousands, rounded to the decimals `shown`.
fn amount(minor: i64, decimals: u32, shown: u32) -> String {
    format::money(minor, decimals, shown.min(decimals), Language::English).replace(',', "")
}

/// One row as text.
pub fn cells(frame: &DataFrame, row: usize) -> Vec<String> {
    frame.columns().iter().map(|column| column.get(row).map_or(String::new(), |value| cell(&value))).collect()
}

/// One value as text; nothing for null.
pub fn cell(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => (*text).to_string(),
        AnyValue::StringOwned(text) => text.to_string(),
        AnyValue::Float64(number) => format!("{number}"),
        AnyValue::Date(day) => crate::calendar::day_name(*day),
        AnyValue::Datetime(micros, ..) => {
            let day = micros.div_euclid(86_400_000_000);
            let second = micros.rem_euclid(86_400_000_000) / 1_000_000;
            format!(
                "{} {:02}:{:02}:{:02}",
                crate::calendar::day_name(day as i32),
                second / 3600,
                second / 60 % 60,
                second % 60
            )
        }
        other => other.to_string(),
    }
}

/// The rows of a frame for JSON, one at a time; decimals as strings, so that none is lost.
pub struct Rows<'f>(pub &'f DataFrame);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0.height()).map(|row| Row(self.0, row)))
    }
}

struct Row<'f>(&'f DataFrame, usize);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.columns().iter().map(|column| {
            let value = column.get(self.1).unwrap_or(AnyValue::Null);
            (column.name().as_str(), value_json(&value, column.dtype()))
        }))
    }
}

/// Tables by name.
pub struct Tables(pub Vec<(&'static str, DataFrame)>);

impl Serialize for Tables {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, frame)| (*name, Rows(frame))))
    }
}

/// A small frame as JSON rows.
pub fn rows_json(frame: &DataFrame) -> serde_json::Value {
    serde_json::json!(Rows(frame))
}

fn value_json(value: &AnyValue<'_>, dtype: &DataType) -> serde_json::Value {
    match value {
        AnyValue::Null => serde_json::Value::Null,
        AnyValue::Boolean(flag) => (*flag).into(),
        AnyValue::Float64(number) => (*number).into(),
        _ if dtype.is_integer() => value.extract::<i64>().map_or(serde_json::Value::Null, Into::into),
        other => cell(other).into(),
    }
}

/// Whether stdout is a terminal.
pub fn on_terminal() -> bool {
    std::io::stdout().is_terminal()
}
