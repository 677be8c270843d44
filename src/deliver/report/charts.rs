//! Charts as inline SVG: slices in, text out, coordinates with one decimal, all text escaped.
//!
//! Colours come from the classes of `report.css`, so that the charts follow light and dark.

use super::svg::{dot, escape, line, n, open, shorten, text, ticks};
use super::{Language, format};
use std::fmt::Write;

/// How amounts are written at the axes.
#[derive(Debug, Clone, Copy)]
pub struct Amounts {
    /// Decimals of the minor unit.
    pub decimals: u32,
    /// Language of the numbers.
    pub language: Language,
}

impl Amounts {
    pub(super) fn short(self, minor: i64) -> String {
        format::abbreviated(minor, self.decimals, self.language)
    }
}

/// One bar of [`monthly_bars`].
#[derive(Debug, Clone, Default)]
pub struct Bar {
    /// Under the bar.
    pub label: String,
    /// A second line under it (the year), at its first bar only; may be empty.
    pub label_below: String,
    /// Tooltip.
    pub title: String,
    /// Minor units.
    pub value: i64,
    /// Hatched, with this word below it; empty for a plain bar.
    pub hatched: String,
    /// A diamond above it.
    pub marked: bool,
}

/// Bars with an axis of amounts, and the trend (index of its first bar, values at that and at the
/// last plain bar) as a line.
/// `wide` is the shape for screens and paper, else for phones.
pub fn monthly_bars(
    bars: &[Bar],
    trend: Option<(usize, f64, f64)>,
    aria: &str,
    amounts: Amounts,
    wide: bool,
) -> String {
    let (width, height, left, top, bottom) =
        if wide { (960.0, 290.0, 58.0, 24.0, 44.0) } else { (380.0, 250.0, 50.0, 24.0, 44.0) };
    let name = if wide { "wide" } else { "narrow" };
    let high = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1) as f64;
    let low = bars.iter().map(|bar| bar.value).min().unwrap_or(0).min(0) as f64;
    let ticks = ticks(low, high);
    let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
    let y = |value: f64| top + (high - value) / (high - low) * (height - top - bottom);
    let step = (width - left - 4.0) / bars.len().max(1) as f64;
    let x = |index: usize| left + (index as f64 + 0.5) * step;

    let mut svg = open(&format!("chart {name}"), width, height, aria);
    let _ = write!(
        svg,
        "<defs><pattern id=\"hatch-{name}\" width=\"6\" height=\"6\" \
         patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect class=\"hatch-ground\" width=\"6\" height=\"6\"/>\
         <rect class=\"hatch-line\" width=\"2.4\" height=\"6\"/></pattern></defs>"
    );
    for &tick in &ticks {
        let class = if tick == 0.0 { "axis" } else { "grid" };
        line(&mut svg, class, (left, y(tick)), (width, y(tick)));
        text(&mut svg, "tick end", left - 8.0, y(tick) + 4.0, &amounts.short(tick as i64));
    }
    let last_plain = bars.iter().rposition(|bar| bar.hatched.is_empty());
    for (index, bar) in bars.iter().enumerate() {
        let (from, to) = (y(bar.value.max(0) as f64), y(bar.value.min(0) as f64));
        let (class, fill) = match (bar.hatched.is_empty(), Some(index) == last_plain) {
            (false, _) => ("bar-hatched", format!(" fill=\"url(#hatch-{name})\"")),
            (true, true) => ("bar-last", String::new()),
            (true, false) => ("bar", String::new()),
        };
        let _ = write!(
            svg,
            "<rect class=\"{class}\"{fill} x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">\
             <title>{}</title></rect>",
            n(x(index) - step * 0.36),
            n(from),
            n(step * 0.72),
            n((to - from).max(0.5)),
            escape(&bar.title)
        );
        let (row, below) = (height - bottom + 18.0, height - bottom + 36.0);
        if step > 30.0 || (bars.len() - index) % 2 == 1 {
            text(&mut svg, "tick middle", x(index), row, &bar.label);
        }
        if bar.hatched.is_empty() {
            text(&mut svg, "tick middle strong", x(index), below, &bar.label_below);
        } else {
            let word = format!("{} {}", bar.label_below, bar.hatched);
            text(&mut svg, "tick end", width, below, word.trim());
        }
        if Some(index) == last_plain {
            let value = amounts.short(bar.value);
            text(&mut svg, "value middle", x(index), from - 7.0, &value);
        }
        if bar.marked {
            let above = if Some(index) == last_plain { 20.0 } else { 6.0 };
            text(&mut svg, "mark-feast middle", x(index), from - above, "◆");
        }
    }
    if let (Some((first, start, end)), Some(last)) = (trend, last_plain) {
        line(&mut svg, "trend", (x(first), y(start)), (x(last), y(end)));
    }
    svg + "</svg>"
}

/// Words of the [`whale_curve`].
#[derive(Debug, Clone, Copy)]
pub struct WhaleWords<'a> {
    /// Name of the chart, for readers who do not see it.
    pub aria: &'a str,
    /// Under the horizontal axis.
    pub x: &'a str,
    /// Above the vertical axis.
    pub y: &'a str,
    /// At the peak.
    pub peak: &'a str,
    /// At the end.
    pub end: &'a str,
}

/// Cumulative contribution over cumulative customers (both shares), peak and end marked.
pub fn whale_curve(points: &[(f64, f64)], words: WhaleWords<'_>, language: Language) -> String {
    let (width, height, left, top, bottom) = (460.0, 352.0, 54.0, 44.0, 46.0);
    let points: Vec<_> = points.iter().copied().filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
    let high = points.iter().fold(1.0, |high: f64, point| high.max(point.1));
    let low = points.iter().fold(0.0, |low: f64, point| low.min(point.1));
    let ticks = ticks(low * 100.0, high * 100.0);
    let (low, high) = (ticks[0] / 100.0, ticks[ticks.len() - 1] / 100.0);
    let x = |share: f64| left + share * (width - left - 22.0);
    let y = |share: f64| top + (high - share) / (high - low) * (height - top - bottom);

    let mut svg = open("chart", width, height, words.aria);
    text(&mut svg, "tick", 0.0, 14.0, words.y);
    for &tick in &ticks {
        let class = if tick == 0.0 { "axis" } else { "grid" };
        line(&mut svg, class, (left, y(tick / 100.0)), (width - 22.0, y(tick / 100.0)));
        let label = format::percent(tick / 100.0, 0, language);
        text(&mut svg, "tick end", left - 8.0, y(tick / 100.0) + 4.0, &label);
    }
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let label = format::percent(share, 0, language);
        text(&mut svg, "tick middle", x(share), height - bottom + 18.0, &label);
    }
    text(&mut svg, "tick middle", x(0.5), height - 6.0, words.x);
    line(&mut svg, "reference", (x(0.0), y(1.0)), (x(1.0), y(1.0)));
    let Some(&(end_x, end_y)) = points.last() else {
        return svg + "</svg>";
    };
    let mut path = String::new();
    for &(a, b) in &points {
        let _ = write!(path, "{} {} ", n(x(a)), n(y(b)));
    }
    let path = path.trim_end();
    let _ = write!(
        svg,
        "<path class=\"area\" d=\"M{} {} L{path} L{} {} Z\"/><path class=\"curve\" d=\"M{path}\"/>",
        n(x(0.0)),
        n(y(0.0)),
        n(x(end_x)),
        n(y(0.0))
    );
    let (peak_x, peak_y) =
        points.iter().copied().fold((0.0, 0.0), |best, point| if point.1 > best.1 { point } else { best });
    line(&mut svg, "reference", (x(peak_x), y(0.0)), (x(peak_x), y(peak_y)));
    dot(&mut svg, x(peak_x), y(peak_y));
    let class = match peak_x {
        0.7.. => "value end",
        0.3..0.7 => "value middle",
        _ => "value",
    };
    text(&mut svg, class, x(peak_x), y(peak_y) - 11.0, words.peak);
    dot(&mut svg, x(end_x), y(end_y));
    text(&mut svg, "value end", x(end_x), y(end_y) + 21.0, words.end);
    svg + "</svg>"
}

/// A row of the [`waterfall`].
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Left of the bar.
    pub label: String,
    /// Minor units: the sum itself for a total, else the change.
    pub amount: i64,
    /// A sum reached, drawn from zero.
    pub total: bool,
}

/// Rows from one total to the next, each change starting where the last one ended.
pub fn waterfall(steps: &[Step], aria: &str, amounts: Amounts) -> String {
    let (width, row, left, right) = (460.0, 28.0, 160.0, 66.0);
    let height = row * steps.len() as f64 + 6.0;
    let mut spans = Vec::with_capacity(steps.len());
    let mut level = 0_i128;
    for step in steps {
        let start = if step.total { 0 } else { level };
        level = start + i128::from(step.amount);
        spans.push((start as f64, level as f64));
    }
    let high = spans.iter().fold(1.0, |high: f64, span| high.max(span.0).max(span.1));
    let low = spans.iter().fold(0.0, |low: f64, span| low.min(span.0).min(span.1));
    let x = |value: f64| left + (value - low) / (high - low) * (width - left - right);

    let mut svg = open("chart", width, height, aria);
    line(&mut svg, "axis", (x(0.0), 0.0), (x(0.0), height));
    for (index, (step, &(start, end))) in steps.iter().zip(&spans).enumerate() {
        let y = index as f64 * row + 4.0;
        let class = match (step.total, step.amount < 0) {
            (true, false) => "bar-total",
            (true, true) | (false, true) => "bar-down",
            (false, false) => "bar-up",
        };
        let strong = if step.total { " strong" } else { "" };
        let value = amounts.short(step.amount);
        let _ = write!(svg, "<g><title>{}: {}</title>", escape(&step.label), escape(&value));
        text(&mut svg, &format!("label end{strong}"), left - 10.0, y + 15.0, &shorten(&step.label));
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"20\"/>",
            n(x(start.min(end))),
            n(y),
            n((x(end) - x(start)).abs().max(1.0))
        );
        text(&mut svg, &format!("value end{strong}"), width, y + 15.0, &value);
        svg.push_str("</g>");
        if index + 1 < steps.len() {
            line(&mut svg, "connector", (x(end), y + 20.0), (x(end), y + row));
        }
    }
    svg + "</svg>"
}

/// A little line without axes; decoration, so it says nothing to readers who do not see it.
pub fn sparkline(values: &[f64]) -> String {
    let (width, height) = (120.0, 30.0);
    let values: Vec<_> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if values.len() < 2 {
        return String::new();
    }
    let high = values.iter().copied().fold(f64::MIN, f64::max);
    let low = values.iter().copied().fold(f64::MAX, f64::min);
    let span = if high > low { high - low } else { 1.0 };
    let x = |index: usize| 3.0 + index as f64 / (values.len() - 1) as f64 * (width - 6.0);
    let y = |value: f64| height - 4.0 - (value - low) / span * (height - 8.0);
    let mut svg = format!(
        "<svg class=\"spark\" viewBox=\"0 0 {} {}\" aria-hidden=\"true\"><path class=\"curve\" d=\"M",
        n(width),
        n(height)
    );
    for (index, &value) in values.iter().enumerate() {
        let _ = write!(svg, "{} {} ", n(x(index)), n(y(value)));
    }
    svg.push_str("\"/>");
    dot(&mut svg, x(values.len() - 1), y(values[values.len() - 1]));
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMOUNTS: Amounts = Amounts { decimals: 0, language: Language::English };

    #[test]
    fn text_is_escaped() {
        let hostile = "<script>alert(1)</script>\"'&\u{0}";
        let step = Step { label: hostile.to_owned(), amount: -5, total: false };
        let svg = waterfall(&[step], hostile, AMOUNTS);
        assert!(!svg.contains("<script"), "{svg}");
        assert!(svg.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\u{fffd}"));
    }

    #[test]
    fn nothing_to_draw_is_no_error() {
        assert!(monthly_bars(&[], None, "", AMOUNTS, true).ends_with("</svg>"));
        let words = WhaleWords { aria: "", x: "", y: "", peak: "", end: "" };
        assert!(whale_curve(&[], words, Language::English).ends_with("</svg>"));
        assert!(waterfall(&[], "", AMOUNTS).ends_with("</svg>"));
        assert_eq!(sparkline(&[1.0]), "");
    }

    #[test]
    fn bars_are_hatched_and_negative_values_hang_below_zero() {
        let bar = |value, hatched: &str| Bar { value, hatched: hatched.to_owned(), ..Bar::default() };
        let svg = monthly_bars(&[bar(100, ""), bar(-50, ""), bar(20, "partial")], None, "", AMOUNTS, true);
        assert_eq!(svg.matches("url(#hatch-wide)").count(), 1);
        assert!(svg.contains(">partial</text>"));
        assert!(!svg.contains("height=\"-"), "{svg}");
    }
}
