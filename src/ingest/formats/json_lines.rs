//! JSON lines: an object a line. Numbers keep their digits, nested objects become `a.b`, lists stay JSON.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use json_event_parser::{JsonEvent, SliceJsonParser, WriterJsonSerializer};

use super::rows::{Chunks, Origin, RowWriter, decimal_text};

/// A line may be this long.
const LONGEST_LINE: u64 = 64 << 20;
/// Different keys a file may have.
const MOST_KEYS: usize = 4096;
/// Objects within objects.
const DEEPEST: usize = 16;

/// The keys of all lines, in the order they are first seen.
pub fn keys(text: Box<dyn Read + Send>) -> Result<Vec<String>, String> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    each_line(text, |_, line| {
        let Ok(cells) = cells(line, '.') else { return Ok(()) };
        for (key, _) in cells {
            let next = places.len();
            places.entry(key).or_insert(next);
            if next > MOST_KEYS {
                return Err(format!("its objects have more than {MOST_KEYS} different keys"));
            }
        }
        Ok(())
    })?;
    let mut keys: Vec<(usize, String)> = places.into_iter().map(|(key, place)| (place, key)).collect();
    keys.sort();
    if keys.is_empty() {
        return Err("no line of it is a JSON object".into());
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// Writes every line as a record of the keys.
pub fn write(text: Box<dyn Read + Send>, keys: &[String], mark: char, chunks: &mut Chunks) -> Result<(), String> {
    let places: BTreeMap<&str, usize> = keys.iter().enumerate().map(|(place, key)| (key.as_str(), place)).collect();
    let mut rows = RowWriter::new(chunks, keys)?;
    let mut record = vec![String::new(); keys.len()];
    each_line(text, |number, line| {
        record.iter_mut().for_each(String::clear);
        let code = match cells(line, mark) {
            Ok(cells) => {
                for (key, text) in cells {
                    if let Some(place) = places.get(key.as_str()) {
                        record[*place] = text;
                    }
                }
                ""
            }
            Err(code) => code,
        };
        rows.row(&record, Origin { line: number, code, raw: line })
    })?;
    rows.end()
}

/// Hands over every line that is not blank, numbered from 1.
fn each_line(text: Box<dyn Read + Send>, mut take: impl FnMut(u64, &[u8]) -> Result<(), String>) -> Result<(), String> {
    let mut text = BufReader::with_capacity(1 << 18, text);
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        let length =
            text.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        if length == 0 {
            return Ok(());
        }
        if length as u64 == LONGEST_LINE {
            return Err(format!("a line is longer than the limit of {} MiB", LONGEST_LINE >> 20));
        }
        number += 1;
        let bare = line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| number == 1).unwrap_or(&line).trim_ascii();
        if !bare.is_empty() {
            take(number, bare)?;
        }
    }
}

/// The keys and texts of one object; a reject code where the line is none.
fn cells(line: &[u8], mark: char) -> Result<Vec<(String, String)>, &'static str> {
    if simdutf8::basic::from_utf8(line).is_err() {
        return Err("encoding");
    }
    let mut parser = SliceJsonParser::new(line);
    let mut cells: Vec<(String, String)> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut next = || parser.parse_next().map_err(|_| "bad_json");
    if next()? != JsonEvent::StartObject {
        return Err("bad_json");
    }
    let mut depth = 1;
    while depth > 0 {
        let text = match next()? {
            JsonEvent::ObjectKey(key) => {
                path.truncate(depth - 1);
                path.push(key.into_owned());
                continue;
            }
            JsonEvent::StartObject if depth < DEEPEST => {
                depth += 1;
                continue;
            }
            JsonEvent::EndObject => {
                depth -= 1;
                path.truncate(depth);
                continue;
            }
            JsonEvent::String(text) => text.into_owned(),
            JsonEvent::Number(token) => decimal_text(&token, mark),
            JsonEvent::Boolean(value) => value.to_string(),
            JsonEvent::Null => String::new(),
            JsonEvent::StartArray => list(&mut next)?,
            _ => return Err("bad_json"),
        };
        let key = path.join(".");
        if cells.iter().any(|(own, _)| *own == key) {
            return Err("bad_json");
        }
        cells.push((key, text));
    }
    if next()? != JsonEvent::Eof {
        return Err("bad_json");
    }
    Ok(cells)
}

/// A list as JSON text.
fn list<'j>(next: &mut impl FnMut() -> Result<JsonEvent<'j>, &'static str>) -> Result<String, &'static str> {
    let mut writer = WriterJsonSerializer::new(Vec::new());
    let mut depth = 1;
    writer.serialize_event(JsonEvent::StartArray).map_err(|_| "bad_json")?;
    while depth > 0 {
        let event = next()?;
        match event {
            JsonEvent::StartArray | JsonEvent::StartObject => depth += 1,
            JsonEvent::EndArray | JsonEvent::EndObject => depth -= 1,
            JsonEvent::Eof => return Err("bad_json"),
            _ => {}
        }
        writer.serialize_event(event).map_err(|_| "bad_json")?;
    }
    let text = writer.finish().map_err(|_| "bad_json")?;
    String::from_utf8(text).map_err(|_| "bad_json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let line = br#"{"id":"007","n":17.685,"big":123456789012345678901234567890,"e":1.5e3,"ok":true,"no":null,"a":{"b":1},"l":[1.50,{"x":"y"}]}"#;
        let found = cells(line, '.').unwrap();
        let texts: Vec<(&str, &str)> = found.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
        assert_eq!(
            texts,
            [
                ("id", "007"),
                ("n", "17.685"),
                ("big", "123456789012345678901234567890"),
                ("e", "1500"),
                ("ok", "true"),
                ("no", ""),
                ("a.b", "1"),
                ("l", r#"[1.50,{"x":"y"}]"#),
            ]
        );
    }

    #[test]
    fn lines_that_are_no_objects() {
        for line in ["", "[1]", "1", "{\"a\":1", "{\"a\":1}{", "{\"a\":1,\"a\":2}", "{\"a\":01}", "{'a':1}"] {
            assert_eq!(cells(line.as_bytes(), '.').unwrap_err(), "bad_json", "{line}");
        }
        assert_eq!(cells(b"{\"a\":\"\xFF\"}", '.').unwrap_err(), "encoding");
        let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
        assert_eq!(cells(deep.as_bytes(), '.').unwrap_err(), "bad_json");
    }
}
