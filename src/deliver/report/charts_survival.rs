//! The share that lasts longer, month by month, as steps in the band they are likely to lie in.

use std::fmt::Write;

use super::Language;
use super::format::percent;
use super::svg::{dot, line, n, open, text};

/// Month, share still running, and the interval of it.
pub type Step = (u64, f64, (f64, f64));

/// `steps` are month, share, bounds; before the first everyone is there.
pub fn survival_curve(steps: &[Step], aria: &str, x_label: &str, language: Language) -> String {
    let (width, height, left, top, bottom) = (960.0, 300.0, 58.0, 16.0, 48.0);
    let last = steps.last().map_or(1, |step| step.0).max(1) as f64;
    let x = |month: f64| left + month / last * (width - left - 40.0);
    let y = |share: f64| top + (1.0 - share) * (height - top - bottom);
    let mut svg = open("chart", width, height, aria);
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        line(&mut svg, if tick == 0.0 { "axis" } else { "grid" }, (left, y(tick)), (width, y(tick)));
        text(&mut svg, "tick end", left - 8.0, y(tick) + 4.0, &percent(tick, 0, language));
    }
    let every = [1, 3, 6, 12, 24, 60, 120].into_iter().find(|every| last / f64::from(*every) <= 14.0).unwrap_or(240);
    for month in (0..=last as u64).step_by(every as usize) {
        text(&mut svg, "tick middle", x(month as f64), height - bottom + 20.0, &month.to_string());
    }
    text(&mut svg, "tick end", width, height - bottom + 38.0, x_label);
    // Each share holds until the next month in which one ended.
    let corners = |value: fn(&Step) -> f64| {
        let mut before = 1.0;
        let mut corners = vec![(0.0, 1.0)];
        for step in steps {
            corners.extend([(step.0 as f64, before), (step.0 as f64, value(step))]);
            before = value(step);
        }
        corners.into_iter().map(|(month, share)| format!("{} {}", n(x(month)), n(y(share)))).collect::<Vec<String>>()
    };
    let (low, high) = (corners(|step| step.2.0), corners(|step| step.2.1));
    let band: Vec<String> = high.into_iter().chain(low.into_iter().rev()).collect();
    let _ = write!(svg, "<path class=\"band-inner\" d=\"M{} Z\"/>", band.join(" "));
    let _ = write!(svg, "<path class=\"curve\" d=\"M{}\"/>", corners(|step| step.1).join(" "));
    if let Some((month, share, _)) = steps.last() {
        dot(&mut svg, x(*month as f64), y(*share));
        text(&mut svg, "value end", x(*month as f64) + 36.0, y(*share) - 10.0, &percent(*share, 0, language));
    }
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_hold_until_the_next_and_nothing_is_no_error() {
        let svg = survival_curve(&[(1, 0.9, (0.8, 0.95)), (12, 0.5, (0.4, 0.6))], "<a>", "x", Language::English);
        assert!(svg.contains("50\u{a0}%") && svg.contains("&lt;a&gt;") && !svg.contains("NaN"));
        assert!(survival_curve(&[], "", "", Language::English).ends_with("</svg>"));
    }
}
