//! Why a customer is at risk, in words.

use super::report::Language;

/// A reason code with its numbers (`past_usual_gap:58:21`) as a sentence; the code itself where it is not known.
pub fn churn_reason(reason: &str, language: Language) -> String {
    let mut parts = reason.split(':');
    let code = parts.next().unwrap_or_default();
    let Some((_, words)) = SENTENCES.iter().find(|(known, _)| *known == code) else { return reason.to_string() };
    let mut sentence = words[usize::from(language == Language::English)].to_string();
    let numbers: Vec<&str> = parts.collect();
    if let [silent, usual] = numbers.iter().filter_map(|number| number.parse::<i64>().ok()).collect::<Vec<i64>>()[..] {
        sentence = sentence.replace("{late}", &(silent - usual).to_string()).replace("{usual}", &usual.to_string());
    }
    for number in numbers {
        sentence = sentence.replacen("{}", number, 1);
    }
    sentence
}

/// A fact of `subscriptions` (`type=Month-to-month:43:27`) as a sentence; as it is where it is not known.
pub fn subscription_reason(reason: &str, language: Language) -> String {
    let mut parts = reason.rsplitn(3, ':');
    let (all, with, fact) = (parts.next(), parts.next(), parts.next());
    let (Some(all), Some(with), Some((name, value))) = (all, with, fact.and_then(|fact| fact.split_once('='))) else {
        return reason.to_string();
    };
    let fact = match (name, language) {
        ("months", Language::Indonesian) => format!("berjalan {value} bulan"),
        ("months", Language::English) => {
            format!("running for {value} {}", if value == "1" { "month" } else { "months" })
        }
        ("payment", Language::Indonesian) => format!("pembayaran {value}"),
        ("payment", Language::English) => format!("payment by {value}"),
        ("service", Language::Indonesian) => format!("layanan {value}"),
        ("service", Language::English) => format!("service {value}"),
        ("type", Language::Indonesian) => format!("jenis {value}"),
        ("type", Language::English) => format!("type {value}"),
        _ => return reason.to_string(),
    };
    match language {
        Language::Indonesian => format!("{fact}: {with} % seperti itu berakhir (semua {all} %)"),
        Language::English => format!("{fact}: {with} % of such ended ({all} % of all)"),
    }
}

/// Code → Indonesian, English; `{}` takes the numbers in their order, `{late}` the first less the second, `{usual}`
/// the second.
const SENTENCES: &[(&str, [&str; 2])] = &[
    (
        "past_usual_gap",
        ["{late} hari lewat dari irama biasanya {usual} hari", "{late} days past a usual rhythm of {usual}"],
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
