//! Months past as a line, months to come as a line in the band they are likely to lie in.

use std::fmt::Write;

use super::charts::Amounts;
use super::svg::{dot, line, n, open, text, ticks};

/// A month to come, minor units: forecast, 80 % and 95 % bounds.
#[derive(Debug, Clone, Copy)]
pub struct Ahead {
    /// The forecast.
    pub value: i64,
    /// Bounds of the 80 % interval.
    pub inner: Option<(i64, i64)>,
    /// Bounds of the 95 % interval.
    pub outer: Option<(i64, i64)>,
}

/// What stands under a month.
#[derive(Debug, Clone)]
pub struct Label {
    /// Its name.
    pub text: String,
    /// Its year, shown once.
    pub year: String,
    /// With a diamond above.
    pub marked: bool,
}

/// `labels` are of the months past, then those to come.
pub fn forecast_band(past: &[i64], ahead: &[Ahead], labels: &[Label], aria: &str, amounts: Amounts) -> String {
    let (width, height, left, top, bottom) = (960.0, 288.0, 58.0, 16.0, 48.0);
    let bounds = |month: &Ahead| [month.outer, month.inner].into_iter().flatten().chain([(month.value, month.value)]);
    let lows = past.iter().copied().chain(ahead.iter().flat_map(bounds).map(|bounds| bounds.0));
    let highs = past.iter().copied().chain(ahead.iter().flat_map(bounds).map(|bounds| bounds.1));
    let ticks = ticks(lows.min().unwrap_or(0).min(0) as f64, highs.max().unwrap_or(0).max(1) as f64);
    let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
    let count = (past.len() + ahead.len()).max(1);
    let step = (width - left - 4.0) / count as f64;
    let x = |index: usize| left + (index as f64 + 0.5) * step;
    let y = |value: f64| top + (high - value) / (high - low) * (height - top - bottom);

    let mut svg = open("chart", width, height, aria);
    for &tick in &ticks {
        let class = if tick == 0.0 { "axis" } else { "grid" };
        line(&mut svg, class, (left, y(tick)), (width, y(tick)));
        text(&mut svg, "tick end", left - 8.0, y(tick) + 4.0, &amounts.short(tick as i64));
    }
    let mut year = "";
    for (index, label) in labels.iter().enumerate() {
        if step > 30.0 || (count - index) % 2 == 1 {
            text(&mut svg, "tick middle", x(index), height - bottom + 20.0, &label.text);
            if label.year != year {
                year = &label.year;
                text(&mut svg, "tick middle strong", x(index), height - bottom + 38.0, year);
            }
        }
        if label.marked {
            text(&mut svg, "mark-feast middle", x(index), height - bottom - 4.0, "◆");
        }
    }
    // The band opens at the last month known.
    let known = past.last().map(|value| (past.len() - 1, *value));
    for (class, of) in [
        ("band-outer", (|month: &Ahead| month.outer) as fn(&Ahead) -> Option<(i64, i64)>),
        ("band-inner", |month| month.inner),
    ] {
        let bounds: Vec<(usize, (i64, i64))> =
            ahead.iter().enumerate().filter_map(|(place, month)| Some((past.len() + place, of(month)?))).collect();
        if bounds.is_empty() {
            continue;
        }
        let start = known.map(|(index, value)| (index, (value, value)));
        let bounds: Vec<(usize, (i64, i64))> = start.into_iter().chain(bounds).collect();
        let mut path = String::new();
        for (index, (_, upper)) in &bounds {
            let _ = write!(path, "{} {} ", n(x(*index)), n(y(*upper as f64)));
        }
        for (index, (lower, _)) in bounds.iter().rev() {
            let _ = write!(path, "{} {} ", n(x(*index)), n(y(*lower as f64)));
        }
        let _ = write!(svg, "<path class=\"{class}\" d=\"M{} Z\"/>", path.trim_end());
    }
    let mut curve = |class: &str, points: &[(usize, i64)]| {
        let path: Vec<String> =
            points.iter().map(|(index, value)| format!("{} {}", n(x(*index)), n(y(*value as f64)))).collect();
        if path.len() > 1 {
            let _ = write!(svg, "<path class=\"{class}\" d=\"M{}\"/>", path.join(" "));
        }
    };
    curve("curve", &past.iter().copied().enumerate().collect::<Vec<(usize, i64)>>());
    let to_come = ahead.iter().enumerate().map(|(place, month)| (past.len() + place, month.value));
    curve("curve-ahead", &known.into_iter().chain(to_come).collect::<Vec<(usize, i64)>>());
    if let Some((index, value)) = known {
        dot(&mut svg, x(index), y(value as f64));
    }
    if let Some(first) = ahead.first() {
        dot(&mut svg, x(past.len()), y(first.value as f64));
        // Clear of the line that comes from the last month known.
        let falls = known.is_some_and(|(_, value)| value > first.value);
        let at = y(first.value as f64) + if falls { 20.0 } else { -10.0 };
        text(&mut svg, "value middle", x(past.len()), at, &amounts.short(first.value));
    }
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::report::Language;

    #[test]
    fn bands_enclose_and_nothing_is_no_error() {
        let amounts = Amounts { decimals: 0, language: Language::English };
        assert!(forecast_band(&[], &[], &[], "", amounts).ends_with("</svg>"));
        let ahead = [Ahead { value: 12, inner: Some((10, 14)), outer: Some((6, 18)) }];
        let labels = [("a", "2024"), ("b", "2024"), ("<c>", "2025")].map(|(text, year)| Label {
            text: text.into(),
            year: year.into(),
            marked: text == "b",
        });
        let svg = forecast_band(&[10, 11], &ahead, &labels, "x", amounts);
        assert!(svg.matches("2024").count() == 1 && svg.contains("2025"));
        assert!(svg.contains("band-outer") && svg.contains("band-inner") && svg.contains("curve-ahead"));
        assert!(svg.matches("◆").count() == 1 && svg.contains("&lt;c&gt;") && !svg.contains("NaN"));
        let without = [Ahead { value: 12, inner: None, outer: None }];
        assert!(!forecast_band(&[10], &without, &[], "x", amounts).contains("band-"));
    }
}
