//! What to say: short codes with numbers, `code=value` joined by `|`. Sentences are made by whoever delivers them,
//! in the reader's language.

use crate::calendar::civil;

/// Collects talking points.
#[derive(Debug, Default)]
pub struct Points(String);

impl Points {
    /// A number: days, a count, or money in minor units.
    pub fn add(&mut self, code: &str, value: i64) {
        self.push(code, &value.to_string());
    }

    /// A day, `YYYY-MM-DD`.
    pub fn add_day(&mut self, code: &str, day: i32) {
        let (year, month, day) = civil(day);
        self.push(code, &format!("{year:04}-{month:02}-{day:02}"));
    }

    /// Text from outside: `%`, `|`, `=` and control characters are written `%XX`.
    pub fn add_text(&mut self, code: &str, text: &str) {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            if matches!(character, '%' | '|' | '=') || character.is_ascii_control() {
                escaped.push_str(&format!("%{:02X}", character as u32));
            } else {
                escaped.push(character);
            }
        }
        self.push(code, &escaped);
    }

    /// All of them.
    pub fn finish(self) -> String {
        self.0
    }

    fn push(&mut self, code: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('|');
        }
        self.0.push_str(code);
        self.0.push('=');
        self.0.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_text_are_escaped() {
        let mut points = Points::default();
        points.add("spent", -5);
        points.add_text("wish", "a|b=c%\n");
        points.add_day("birthday", 0);
        assert_eq!(points.finish(), "spent=-5|wish=a%7Cb%3Dc%25%0A|birthday=1970-01-01");
    }
}
