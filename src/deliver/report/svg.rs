//! What charts are drawn with: escaped text, coordinates with one decimal, round axis values.

use std::fmt::Write;

pub(super) fn open(class: &str, width: f64, height: f64, aria: &str) -> String {
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
        n(width),
        n(height),
        escape(aria)
    )
}

pub(super) fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let (x1, y1, x2, y2) = (n(from.0), n(from.1), n(to.0), n(to.1));
    let _ = write!(svg, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
}

pub(super) fn dot(svg: &mut String, x: f64, y: f64) {
    let _ = write!(svg, "<circle class=\"dot\" cx=\"{}\" cy=\"{}\" r=\"3.5\"/>", n(x), n(y));
}

pub(super) fn text(svg: &mut String, class: &str, x: f64, y: f64, content: &str) {
    if !content.is_empty() {
        let (x, y, content) = (n(x), n(y), escape(content));
        let _ = write!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{content}</text>");
    }
}

/// Round values from at most `low` to at least `high`, some four apart; at least two.
pub(super) fn ticks(low: f64, high: f64) -> Vec<f64> {
    let raw = ((high - low) / 4.0).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|factor| factor * power >= raw * 0.999);
    let step = factor.unwrap_or(10.0) * power;
    let first = (low / step).floor() as i64;
    let last = (high / step - 0.02).ceil() as i64;
    (first..=last.max(first + 1)).map(|index| index as f64 * step).collect()
}

pub(super) fn shorten(label: &str) -> String {
    const LONGEST: usize = 20;
    if label.chars().count() <= LONGEST {
        return label.to_owned();
    }
    label.chars().take(LONGEST - 1).collect::<String>() + "…"
}

/// A coordinate: one decimal, never `-0.0`, never not a number.
pub(super) fn n(value: f64) -> String {
    let value = if value.is_finite() { (value * 10.0).round() / 10.0 + 0.0 } else { 0.0 };
    format!("{value:.1}")
}

/// Text as XML text or attribute; control characters become U+FFFD.
pub(super) fn escape(content: &str) -> String {
    let mut text = String::with_capacity(content.len());
    for character in content.chars() {
        match character {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            other if other.is_control() => text.push('\u{fffd}'),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_enclose_the_values() {
        assert_eq!(ticks(0.0, 100.0), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(ticks(-30.0, 142.0), [-50.0, 0.0, 50.0, 100.0, 150.0]);
        assert_eq!(n(-0.04), "0.0");
        assert_eq!(n(f64::NAN), "0.0");
    }
}
