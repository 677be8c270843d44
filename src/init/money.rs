//! The money of the project: its currency, the digits kept and the digits shown.

use std::collections::BTreeMap;

use super::Answers;
use super::describe::count;
use super::exports::Export;
use super::names;
use super::numbers::{CURRENCIES, Grouping};
use super::profile::Profile;
use super::tables::Placement;
use crate::contracts::Kind;
use crate::ingest::currency;

/// The money of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Money {
    /// ISO code; empty where the exports do not say.
    pub code: String,
    /// Digits kept exactly.
    pub decimals: u32,
    /// Digits shown.
    pub display: u32,
    /// Why, for people.
    pub evidence: Vec<String>,
}

/// More digits than this are not kept.
const MOST_DECIMALS: usize = 6;

/// Decides the currency and its digits from the money columns that are loaded.
pub fn money(exports: &[Export], placed: &[Option<Placement>], answers: &Answers) -> Money {
    let mut digits = [0_u64; 10];
    let mut marks = [0_u64; CURRENCIES.len()];
    let mut any = false;
    let mut rates = 0;
    for (export, placement) in exports.iter().zip(placed) {
        let Some(placement) = placement.as_ref().filter(|placement| placement.is_complete()) else { continue };
        for (_, field) in placement.mapped().filter(|(column, _)| column.kind == Kind::Money) {
            any = true;
            let column = &export.profile.columns[field].numbers;
            digits.iter_mut().zip(column.digits(export.numbers.format)).for_each(|(sum, more)| *sum += more);
            marks.iter_mut().zip(column.currencies).for_each(|(sum, more)| *sum += more);
        }
        for (export, field) in placement.found.iter().filter_map(|found| {
            let is_money = placement.table.columns[found.column].kind == Kind::Money;
            found.from.filter(|_| is_money).map(|(other, field)| (&exports[other], field))
        }) {
            any = true;
            let column = &export.profile.columns[field].numbers;
            digits.iter_mut().zip(column.digits(export.numbers.format)).for_each(|(sum, more)| *sum += more);
            marks.iter_mut().zip(column.currencies).for_each(|(sum, more)| *sum += more);
        }
        rates = rates.max(rate_digits(export, placement));
    }
    let mut evidence = Vec::new();
    let code = match &answers.currency {
        Some(code) => code.clone(),
        None => code(exports, placed, marks, &mut evidence),
    };
    for ((mark, _), values) in CURRENCIES.iter().zip(marks).filter(|(_, values)| *values > 0) {
        if currency::is_foreign(mark.as_bytes(), &code) {
            evidence.push(format!(
                "currency: {} values carry `{mark}`, which is not {code}: ingest rejects them (other_currency); convert them, or load them into a project of their own",
                count(values)
            ));
        }
    }
    let most = digits[..=MOST_DECIMALS].iter().rposition(|values| *values > 0).unwrap_or(0);
    let decimals = if any { most } else { 2 };
    if any {
        evidence.push(match decimals {
            0 => "currency: no money column has digits after the decimal mark".into(),
            _ => format!("currency: {} values have {decimals} digits after the decimal mark, {} have none; `decimals = {decimals}`", count(digits[decimals]), count(digits[0])),
        });
    }
    let beyond: u64 = digits[decimals + 1..].iter().sum();
    let whole = decimals;
    let decimals = (decimals + rates).min(MOST_DECIMALS);
    if decimals > whole {
        evidence.push(format!("currency: {} digits more for amounts worked out of rates", decimals - whole));
    }
    if any && beyond > 0 {
        evidence.push(format!(
            "currency: {} values have more than {MOST_DECIMALS} digits after the decimal mark and will be rejected",
            count(beyond)
        ));
    }
    let display = if code == "IDR" { 0 } else { decimals.min(2) };
    Money { code, decimals: decimals as u32, display: display as u32, evidence }
}

/// Digits of the discount rates that prices are multiplied by.
fn rate_digits(export: &Export, placement: &Placement) -> usize {
    let priced = placement.field("unit_price").is_some();
    let rate = placement.field("discount_rate").filter(|_| priced);
    let digits = rate.map(|field| export.profile.columns[field].numbers.digits(export.numbers.format));
    digits.and_then(|digits| digits.iter().rposition(|values| *values > 0)).unwrap_or(0)
}

fn code(
    exports: &[Export],
    placed: &[Option<Placement>],
    marks: [u64; CURRENCIES.len()],
    evidence: &mut Vec<String>,
) -> String {
    if let Some((code, values)) = most_marked(&marks) {
        evidence.push(format!("currency: {} values carry the mark of {code}", count(values)));
        return code.into();
    }
    let headers = exports
        .iter()
        .zip(placed)
        .filter(|(_, placement)| placement.as_ref().is_some_and(Placement::is_complete))
        .flat_map(|(export, _)| &export.shape.header);
    for header in headers {
        if let Some(code) = named_in(header) {
            evidence.push(format!("currency: the column `{header}` names {code}"));
            return code.into();
        }
    }
    let by_codes = exports.iter().find_map(|export| codes(&export.profile, &export.shape.header));
    if let Some((header, codes)) = by_codes
        && let [(code, _)] = codes.as_slice()
    {
        evidence.push(format!("currency: the column `{header}` says {code}"));
        return code.clone();
    }
    evidence.push("currency: no value or header names one; set `code`, or use `--currency CODE`".into());
    String::new()
}

/// The currency whose marks most values carry, and how many do.
fn most_marked(marks: &[u64; CURRENCIES.len()]) -> Option<(&'static str, u64)> {
    let values = |code: &str| -> u64 {
        CURRENCIES.iter().zip(marks).filter(|((_, own), _)| *own == code).map(|(_, count)| count).sum()
    };
    let codes = CURRENCIES.iter().map(|(_, code)| (*code, values(code))).filter(|(_, values)| *values > 0);
    codes.max_by_key(|(code, values)| (*values, std::cmp::Reverse(*code)))
}

/// The currency a header names: `Harga (Rp)`.
pub fn named_in(header: &str) -> Option<&'static str> {
    const NAMED: &[(&str, &str)] = &[
        ("rp", "IDR"),
        ("idr", "IDR"),
        ("rupiah", "IDR"),
        ("usd", "USD"),
        ("eur", "EUR"),
        ("gbp", "GBP"),
        ("sgd", "SGD"),
        ("myr", "MYR"),
    ];
    let words = names::words(header);
    NAMED.iter().find(|(word, _)| words.iter().any(|own| own == word)).map(|(_, code)| *code)
}

/// The column that holds the code of each row's currency, and the codes with the rows of each.
fn codes<'h>(profile: &Profile, header: &'h [String]) -> Option<(&'h str, Vec<(String, u64)>)> {
    const NAMES: &[&str] =
        &["currency", "currencycode", "curr", "ccy", "matauang", "kodematauang", "valuta", "kodevaluta", "valas"];
    let field = header.iter().position(|name| NAMES.contains(&names::words(name).concat().as_str()))?;
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    for (text, rows) in profile.columns[field].levels.as_ref()? {
        let text = String::from_utf8_lossy(text).trim().to_uppercase();
        let marked = CURRENCIES.iter().find(|(mark, _)| mark.eq_ignore_ascii_case(&text)).map(|(_, code)| *code);
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        let code = marked.map(String::from).or(is_code.then_some(text))?;
        *codes.entry(code).or_default() += rows;
    }
    (!codes.is_empty()).then(|| (header[field].as_str(), codes.into_iter().collect()))
}

/// Why the amounts of a file cannot be added up: a column says that they are of several currencies.
pub fn several_currencies(profile: &Profile, header: &[String]) -> Option<String> {
    let (name, codes) = codes(profile, header).filter(|(_, codes)| codes.len() > 1)?;
    let codes: Vec<String> = codes.iter().map(|(code, rows)| format!("{code} in {} rows", count(*rows))).collect();
    Some(format!(
        "`{name}` names several currencies ({}), and their amounts would be added as if they were one: export each currency by itself, or convert the amounts",
        codes.join(", ")
    ))
}

/// What the currency of a file says of its thousands, as far as anything in it names the currency.
pub fn grouping(profile: &Profile, header: &[String], answers: &Answers) -> Grouping {
    const WITHOUT_DECIMALS: &[&str] = &["IDR", "JPY", "KRW", "VND"];
    const WITH_A_POINT: &[&str] = &["USD", "GBP", "SGD", "MYR", "AUD", "NZD", "CAD", "HKD", "PHP", "THB", "INR", "CNY"];
    let mut marks = [0_u64; CURRENCIES.len()];
    for column in &profile.columns {
        marks.iter_mut().zip(column.numbers.currencies).for_each(|(sum, more)| *sum += more);
    }
    let by_mark = most_marked(&marks).map(|(code, _)| code);
    let named = by_mark.or_else(|| header.iter().find_map(|name| named_in(name))).map(String::from);
    let by_codes = || match codes(profile, header)?.1.as_slice() {
        [(code, _)] => Some(code.clone()),
        _ => None,
    };
    match answers.currency.clone().or(named).or_else(by_codes).as_deref() {
        Some(code) if WITHOUT_DECIMALS.contains(&code) => Grouping::Any,
        Some(code) if WITH_A_POINT.contains(&code) => Grouping::Comma,
        Some(_) => Grouping::Open,
        None if names::are_indonesian(header) => Grouping::Likely,
        None => Grouping::Open,
    }
}
