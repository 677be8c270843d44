//! Discounts up to one: rates, or small amounts of money?

use super::Question;
use super::describe::count;
use super::exports::Export;
use super::tables::Placement;
use super::write::clean;

/// A discount read as a rate because none of its values is above one: nothing in its name or its cells says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unnamed {
    field: usize,
    /// The largest price or total, whole units.
    price: u64,
}

/// Prices from here on are too large for discounts that are all below one unit of money.
const LARGE: u64 = 100;

fn unnamed(export: &Export, placement: &Placement) -> Option<Unnamed> {
    const RATES: &[&str] = &["rate", "persen", "percent", "percentage", "pct", "tarif"];
    let field = placement.field("discount_rate")?;
    let header = &export.shape.header[field];
    let says_so = header.contains('%') || super::names::words(header).iter().any(|word| RATES.contains(&word.as_str()));
    let numbers = |field: usize| &export.profile.columns[field].numbers;
    let prices = ["unit_price", "line_total"].iter().filter_map(|column| placement.field(column));
    let price = prices.map(|price| numbers(price).largest).max().unwrap_or(0);
    (!says_so && numbers(field).percent == 0).then_some(Unnamed { field, price })
}

/// The discount that may as well be an amount: prices are as small as it, and nobody has answered.
pub fn open(export: &Export, placement: &Placement) -> Option<usize> {
    let asked = unnamed(export, placement).filter(|found| found.price < LARGE && export.discounts.is_none());
    asked.map(|found| found.field)
}

/// What was decided about a discount that could be either.
pub fn remark(export: &Export, placement: &Placement) -> Option<String> {
    let found = unnamed(export, placement).filter(|found| found.price >= LARGE)?;
    Some(format!(
        "`{}` is read as a rate (0.2 takes off 20 %): none of it is above 1, and prices go up to {}; if it is money, use `--discount amount`",
        export.shape.header[found.field],
        count(found.price)
    ))
}

/// Asks what the file leaves open.
pub fn question(export: &Export, placement: &Placement) -> Option<Question> {
    let field = open(export, placement)?;
    Some(Question {
        source: export.name.clone(),
        column: clean(&export.shape.header[field]),
        what: "is the discount a rate (0.2 takes off 20 %) or an amount of money?".into(),
        choices: vec!["rate".into(), "amount".into()],
        evidence: "none of it is above 1, and prices are small too".into(),
        flag: "--discount rate|amount".into(),
    })
}
