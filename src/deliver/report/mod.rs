//! The report: one self-contained HTML file without scripts or external resources.
//!
//! The caller fills [`ReportData`] with plain values; [`render`] finds the words, formats the
//! numbers and draws the charts in the language of the reader.

pub mod charts;
pub mod charts_forecast;
pub mod charts_survival;
mod data;
mod data_actions;
mod data_trend;
mod data_value;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod demo_actions;
#[cfg(test)]
mod demo_trend;
pub mod format;
mod svg;
mod table;
mod view;
mod words;
mod words_segments;
mod words_trend;
mod words_value;

pub use data::*;
pub use data_actions::*;
pub use data_trend::*;
pub use data_value::*;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

/// All the report shows; an absent section (or empty list) is reported in one line as absent.
#[derive(Debug, Clone, Serialize, Default)]
pub struct ReportData {
    /// Project, day, currency, run summary and key figures.
    pub header: Header,
    /// Monthly course, trend test and movers.
    pub trend: Option<Trend>,
    /// Customer profitability and its tie-out.
    pub profitability: Option<Profitability>,
    /// RFM segments.
    pub segments: Option<Segments>,
    /// Customers at risk.
    pub churn: Option<Churn>,
    /// Contracts, where there are any.
    pub subscriptions: Option<Subscriptions>,
    /// What customers will still bring.
    pub lifetime: Option<Lifetime>,
    /// Retention by cohort.
    pub cohorts: Option<Cohorts>,
    /// Association rules and offers.
    pub offers: Option<Offers>,
    /// Follow-up queue.
    pub queue: Option<FollowUpQueue>,
    /// Row arithmetic, rejects and control totals.
    pub quality: Option<DataQuality>,
    /// Definitions, settings, version and input hash.
    pub footer: Footer,
    /// The exports have no costs of goods: margins are sales.
    pub costs_unknown: bool,
}

/// Language of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Bahasa Indonesia.
    #[default]
    Indonesian,
    /// English.
    English,
}

/// A name of a group (`segment`, `band`, `model`, `value`) in words; as it is where it has none.
pub fn word(group: &str, name: &str, language: Language) -> String {
    words::find(&format!("{group}.{name}"), language).unwrap_or(name).to_string()
}

/// A line of the statement, or a cost pool, in words; a pool of the user's own by its name.
pub fn statement_line(line: &str, language: Language) -> String {
    let line = line.strip_prefix("cost_").unwrap_or(line);
    words::find(&format!("line.{line}"), language).map_or_else(|| line.replace('_', " "), String::from)
}

/// The report as one HTML page. The same data always give the same bytes.
pub fn render(data: &ReportData, language: Language) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    let without_costs = data.costs_unknown;
    environment.add_function("w", move |key: String| words::word(&key, language, without_costs).to_owned());
    let style = include_str!("report.css").to_owned();
    environment.add_global("style", Value::from_safe_string(style));
    environment.add_template("report.html.j2", include_str!("report.html.j2"))?;
    let html = environment.get_template("report.html.j2")?.render(view::page(data, language))?;
    // Outside text may hold control characters, which are none of a page.
    let is_control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    Ok(if html.contains(is_control) { html.replace(is_control, "\u{FFFD}") } else { html })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 2] = [Language::Indonesian, Language::English];

    #[test]
    fn hostile_text_stays_text() {
        for language in LANGUAGES {
            let html = render(&ReportData::demo(), language).unwrap();
            assert!(!html.contains("<script"));
            assert!(html.contains("&lt;script&gt;alert(1)&lt;"));
            assert!(html.contains("=cmd()"));
            assert!(!html.contains("onerror=\""));
        }
    }

    #[test]
    fn empty_data_says_so() {
        let absent = ["Proses ini tidak punya data", "This run has no data"];
        for (language, absent) in LANGUAGES.into_iter().zip(absent) {
            let html = render(&ReportData::default(), language).unwrap();
            assert_eq!(html.matches(absent).count(), 8);
        }
    }

    #[test]
    fn empty_sections_render() {
        let data = ReportData {
            header: Header { key_figures: Some(KeyFigures::default()), ..Header::default() },
            trend: Some(Trend::default()),
            profitability: Some(Profitability {
                whale_curve: Some(WhaleCurve::default()),
                waterfall: Some(Waterfall::default()),
                ..Profitability::default()
            }),
            segments: Some(Segments::default()),
            churn: Some(Churn { model_card: Some(ModelCard::default()), ..Churn::default() }),
            subscriptions: Some(Subscriptions::default()),
            lifetime: Some(Lifetime { model_card: Some(ModelCard::default()), ..Lifetime::default() }),
            cohorts: Some(Cohorts::default()),
            offers: Some(Offers::default()),
            queue: Some(FollowUpQueue::default()),
            quality: Some(DataQuality::default()),
            footer: Footer::default(),
            costs_unknown: true,
        };
        for language in LANGUAGES {
            let html = render(&data, language).unwrap();
            assert!(!html.contains("NaN"));
        }
    }

    #[test]
    fn figures_are_said_in_words() {
        let html = render(&ReportData::demo(), Language::English).unwrap();
        let rule = "38\u{a0}% of the baskets with Mesin espresso (412 of 1,084) also hold \
                    Biji kopi Gayo 1 kg, 4.2 times the usual rate, at least 3.6.";
        assert!(html.contains(rule));
        assert!(html.contains("Tried on 612 later baskets"));
        assert!(html.contains("Ties out to the last unit"));
        assert!(html.contains(">partial</text>"));
        let mut data = ReportData::demo();
        let tie_out = &mut data.profitability.as_mut().unwrap().tie_out;
        tie_out[0].customers += 1;
        let html = render(&data, Language::English).unwrap();
        assert!(html.contains("Lines that leave a difference: 1."));
    }

    #[test]
    fn the_page_is_closed_to_the_outside_and_deterministic() {
        for language in LANGUAGES {
            let html = render(&ReportData::demo(), language).unwrap();
            assert!(html.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
            assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("@import"));
            assert_eq!(html, render(&ReportData::demo(), language).unwrap());
        }
    }
}
