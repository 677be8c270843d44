//! Why a customer is at risk, in words.

use super::report::Language;

/// A reason code with its numbers (`past_usual_gap:58:21`) as a sentence; the code itself where it is not known.
pub fn churn_reason(reason: &str, language: Language) -> String {
    let mut parts = reason.split(':');
    let code = parts.next().unwrap_or_default();
    let Some((_, words)) = SENTENCES.iter().find(|(known, _)| *known == code) else { return reason.to_string() };
    let mut sentence = words[usize::from(language == Language::English)].to_string();
    for number in parts {
        sentence = sentence.replacen("{}", number, 1);
    }
    sentence
}

/// Code → Indonesian, English; `{}` takes the numbers in their order.
const SENTENCES: &[(&str, [&str; 2])] = &[
    (
        "past_usual_gap",
        ["{} hari sejak pesanan terakhir; biasanya {} hari", "{} days since the last order, against a usual {}"],
    ),
    ("one_order_only", ["Baru sekali memesan, {} hari lalu", "Only one order so far, {} days ago"]),
    ("complaints", ["{} keluhan dalam 180 hari", "{} complaints in 180 days"]),
    ("fewer_orders", ["{} pesanan dalam 180 hari, sebelumnya {}", "{} orders in 180 days, {} in the 180 before"]),
    (
        "spends_less",
        ["Belanja 90 hari terakhir turun {} % dari rata-rata", "Spent {} % less in the last 90 days than usual"],
    ),
    ("brings_back", ["{} % barisnya diretur", "Brings back {} % of the lines"]),
    ("long_silent", ["{} hari tanpa pesanan", "{} days without an order"]),
];
