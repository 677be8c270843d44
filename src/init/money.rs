//! The money of the project: its currency, the digits kept and the digits shown.

use super::Answers;
use super::describe::count;
use super::exports::Export;
use super::numbers::CURRENCIES;
use super::tables::Placement;
use crate::contracts::Kind;

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
    let code = code(exports, placed, marks, answers, &mut evidence);
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
    answers: &Answers,
    evidence: &mut Vec<String>,
) -> String {
    if let Some(code) = &answers.currency {
        return code.clone();
    }
    let values = |code: &str| -> u64 {
        CURRENCIES.iter().zip(marks).filter(|((_, own), _)| *own == code).map(|(_, count)| count).sum()
    };
    let best = CURRENCIES.iter().map(|(_, code)| *code).max_by_key(|code| (values(code), std::cmp::Reverse(*code)));
    if let Some(code) = best.filter(|code| values(code) > 0) {
        evidence.push(format!("currency: {} values carry the mark of {code}", count(values(code))));
        return code.into();
    }
    let headers = exports
        .iter()
        .zip(placed)
        .filter(|(_, placement)| placement.as_ref().is_some_and(Placement::is_complete))
        .flat_map(|(export, _)| &export.shape.header);
    for header in headers {
        let words = super::names::words(header);
        let named = [
            ("rp", "IDR"),
            ("idr", "IDR"),
            ("rupiah", "IDR"),
            ("usd", "USD"),
            ("eur", "EUR"),
            ("gbp", "GBP"),
            ("sgd", "SGD"),
            ("myr", "MYR"),
        ];
        if let Some((_, code)) = named.iter().find(|(word, _)| words.iter().any(|own| own == word)) {
            evidence.push(format!("currency: the column `{header}` names {code}"));
            return (*code).into();
        }
    }
    evidence.push("currency: no value or header names one; set `code`, or use `--currency CODE`".into());
    String::new()
}
