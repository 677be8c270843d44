//! From the data to what the template prints: words found, numbers formatted, charts drawn.

mod actions;
mod arrivals;
mod customers;
mod head;
mod outlook;
mod profitability;
mod quality;
mod segment_moves;
mod trend;
mod value;

use super::{Currency, Language, Period, ReportData, charts::Amounts, format, words};
use minijinja::{HtmlEscape, Value, context};

/// Everything the template prints.
pub(super) fn page(data: &ReportData, language: Language) -> Value {
    let voice = Voice { language, currency: &data.header.currency, without_costs: data.costs_unknown };
    let trend = data.trend.as_ref().map(|section| trend::view(voice, section));
    let profitability = data.profitability.as_ref().map(|section| profitability::view(voice, section));
    let segments = data.segments.as_ref().map(|section| customers::segments(voice, section));
    let churn = data.churn.as_ref().map(|section| customers::churn(voice, section));
    let subscriptions = data.subscriptions.as_ref().map(|section| value::subscriptions(voice, section));
    let lifetime = data.lifetime.as_ref().map(|section| value::lifetime(voice, section));
    let cohorts = data.cohorts.as_ref().map(|section| customers::cohorts(voice, section));
    let offers = data.offers.as_ref().map(|section| actions::offers(voice, section));
    let queue = data.queue.as_ref().map(|section| actions::queue(voice, section));
    let quality = data.quality.as_ref().map(|section| quality::view(voice, section));
    let brief = [
        ("trend", &trend),
        ("profitability", &profitability),
        ("segments", &segments),
        ("churn", &churn),
        ("subscriptions", &subscriptions),
        ("lifetime", &lifetime),
        ("cohorts", &cohorts),
        ("offers", &offers),
        ("queue", &queue),
        ("quality", &quality),
    ];
    // Subscriptions take the place of churn where nobody orders.
    let left_out = |id: &str| match id {
        "churn" => churn.is_none() && subscriptions.is_some(),
        "subscriptions" => subscriptions.is_none(),
        "lifetime" => lifetime.is_none(),
        _ => false,
    };
    let contents: Vec<&str> = brief.iter().map(|(id, _)| *id).filter(|id| !left_out(id)).chain(["method"]).collect();
    let brief: Vec<_> = brief
        .into_iter()
        .filter_map(|(id, section)| {
            let lead = section.as_ref()?.get_attr("lead").ok()?;
            (!lead.is_none()).then(|| context! { id, lead })
        })
        .collect();
    context! {
        lang => match language {
            Language::Indonesian => "id",
            Language::English => "en",
        },
        head => head::view(voice, &data.header),
        brief, contents, trend, profitability, segments, churn, subscriptions, lifetime, cohorts, offers, queue, quality,
        foot => quality::footer(voice, &data.footer),
    }
}

/// Speaks the language of the reader in the currency of the data.
#[derive(Clone, Copy)]
pub(super) struct Voice<'a> {
    pub(super) language: Language,
    pub(super) currency: &'a Currency,
    /// The exports have no costs of goods.
    pub(super) without_costs: bool,
}

impl Voice<'_> {
    /// A word of the table.
    pub(super) fn word(self, key: &str) -> &str {
        words::word(key, self.language, self.without_costs)
    }

    /// A name that is translated when the words know it and shown as it is when not.
    pub(super) fn label(self, group: &str, name: &str) -> String {
        match words::find(&format!("{group}.{name}"), self.language) {
            Some(word) => word.to_owned(),
            None => name.to_owned(),
        }
    }

    /// A sentence with its `{places}` filled.
    pub(super) fn sentence(self, key: &str, values: &[(&str, &str)]) -> String {
        words::fill(self.word(key), values, str::to_owned)
    }

    /// A sentence as HTML, its filled places in bold.
    pub(super) fn lead(self, key: &str, values: &[(&str, &str)]) -> Value {
        let bold = |value: &str| format!("<b>{}</b>", HtmlEscape(value));
        Value::from_safe_string(words::fill(self.word(key), values, bold))
    }

    /// Money without its code.
    pub(super) fn money(self, minor: i64) -> String {
        let Currency { decimals, display_decimals, .. } = *self.currency;
        format::money(minor, decimals, display_decimals, self.language)
    }

    /// Money to the last unit, without its code.
    pub(super) fn money_exact(self, minor: i64) -> String {
        format::money(minor, self.currency.decimals, self.currency.decimals, self.language)
    }

    /// Money with its code.
    pub(super) fn money_code(self, minor: i64) -> String {
        let Currency { code, decimals, display_decimals } = self.currency;
        format::money_code(minor, *decimals, *display_decimals, code, self.language)
    }

    /// Money in three digits, without its code.
    pub(super) fn short(self, minor: i64) -> String {
        format::abbreviated(minor, self.currency.decimals, self.language)
    }

    /// Money in three digits with its code.
    pub(super) fn money_short(self, minor: i64) -> String {
        format::with_currency(&self.currency.code, &self.short(minor))
    }

    pub(super) fn count(self, value: u64) -> String {
        format::count(value, self.language)
    }

    pub(super) fn percent(self, share: f64, places: usize) -> String {
        format::percent(share, places, self.language)
    }

    pub(super) fn decimal(self, value: f64, places: usize) -> String {
        format::decimal(value, places, self.language)
    }

    pub(super) fn period(self, period: &Period) -> String {
        if period.start.is_empty() && period.end.is_empty() {
            return format::NONE.to_owned();
        }
        format::period(&period.start, &period.end, self.language)
    }

    /// A relative change with its sign; `None` when there is nothing to compare with.
    pub(super) fn change(self, value: f64, previous: f64) -> Option<String> {
        let change = (value - previous) / previous.abs();
        change.is_finite().then(|| format::signed_percent(change, 1, self.language))
    }

    pub(super) fn amounts(self) -> Amounts {
        Amounts { decimals: self.currency.decimals, language: self.language }
    }
}

/// One of nine shades for a share of the darkest.
fn shade(share: f64) -> String {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    format!("h{:.0}", share * 8.0)
}

/// `part / whole`, 0 when there is no whole.
fn ratio(part: f64, whole: f64) -> f64 {
    let ratio = part / whole;
    if ratio.is_finite() { ratio } else { 0.0 }
}
