//! Why something is offered, in words a seller can say, with the counts behind it.

use super::columns::Columns;
use super::report::{Language, format};
use super::speech::ProductNames;
use crate::calendar::day_name;
use crate::error::Result;

/// The reasons of one table of offers.
pub struct Reasons<'t> {
    names: &'t dyn ProductNames,
    columns: Columns<'t>,
    language: Language,
}

impl<'t> Reasons<'t> {
    /// Of the table `cross_sell`, `up_sell` or `replenish`.
    pub fn of(names: &'t dyn ProductNames, columns: Columns<'t>, language: Language) -> Reasons<'t> {
        Reasons { names, columns, language }
    }

    /// The reason of a row; a reason without words as it is.
    pub fn words(&self, row: usize) -> Result<String> {
        let code = self.columns.text("reason")?.get(row).unwrap_or_default();
        let sentence = match code {
            "also_bought" if self.whole("within_days", row)? == Some(0) => "also_bought.together",
            other => other,
        };
        let Some((_, sentence)) = SENTENCES.iter().find(|(known, _)| *known == sentence) else {
            return Ok(code.to_string());
        };
        let sentence = match self.language {
            Language::Indonesian => sentence[0],
            Language::English => sentence[1],
        };
        // What is filled in is not read again.
        let mut words = String::with_capacity(sentence.len() + 40);
        let mut rest = sentence;
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            words.push_str(before);
            words.push_str(&self.fill(name, row)?);
            rest = after;
        }
        words.push_str(rest);
        // Spaces that do not break look odd in a spreadsheet's filter.
        Ok(words.replace('\u{a0}', " "))
    }

    fn fill(&self, name: &str, row: usize) -> Result<String> {
        let language = self.language;
        let whole = |column: &str| -> Result<String> {
            Ok(self.whole(column, row)?.map_or_else(String::new, |count| format::count(count.unsigned_abs(), language)))
        };
        let text = |column: &str| -> Result<&'t str> { Ok(self.columns.text(column)?.get(row).unwrap_or_default()) };
        Ok(match name {
            "product" => self.names.product(text("product_id")?).to_string(),
            "because" => self.names.product(text("because")?).to_string(),
            "share" => {
                let share = match self.columns.text("reason")?.get(row) {
                    Some("trade_up" | "bigger_pack" | "accessory" | "replacement") => {
                        self.share("n_moved", "n_observed", row)?
                    }
                    _ => self.share("n_both", "n_antecedent", row)?,
                };
                format::percent(share, 0, language)
            }
            "lift" | "lift_low" => {
                let value = self.columns.ratio(name)?.get(row).unwrap_or(0.0);
                // The lower end is rounded down: it is a promise.
                let value = if name == "lift_low" { (value * 10.0).floor() / 10.0 } else { value };
                format::decimal(value, 1, language)
            }
            "due_date" | "last_bought_on" => {
                let day = self.columns.days(name)?.get(row).unwrap_or_default();
                format::date(&day_name(day), language)
            }
            "category" | "from_step" | "to_step" => text(name)?.to_string(),
            count => whole(count)?,
        })
    }

    fn whole(&self, column: &str, row: usize) -> Result<Option<i64>> {
        Ok(self.columns.whole(column)?.get(row))
    }

    fn share(&self, part: &str, all: &str, row: usize) -> Result<f64> {
        let (part, all) = (self.whole(part, row)?.unwrap_or(0), self.whole(all, row)?.unwrap_or(0));
        Ok(if all > 0 { part as f64 / all as f64 } else { 0.0 })
    }
}

/// Reason → sentence, Indonesian and English; what is in braces is a column or worked out from some.
const SENTENCES: &[(&str, [&str; 2])] = &[
    (
        "also_bought",
        [
            "{share} dari yang membeli {because} ({n_both} dari {n_antecedent}) juga membeli {product} dalam {within_days} hari, {lift} kali tingkat biasanya, setidaknya {lift_low}.",
            "{share} of those who bought {because} ({n_both} of {n_antecedent}) also bought {product} within {within_days} days, {lift} times the usual rate, at least {lift_low}.",
        ],
    ),
    (
        "also_bought.together",
        [
            "{share} dari keranjang berisi {because} ({n_both} dari {n_antecedent}) juga berisi {product}, {lift} kali tingkat biasanya, setidaknya {lift_low}.",
            "{share} of the baskets with {because} ({n_both} of {n_antecedent}) also hold {product}, {lift} times the usual rate, at least {lift_low}.",
        ],
    ),
    (
        "best_seller",
        [
            "{product} sudah dibeli pelanggan lain {n_both} kali.",
            "{product} was bought {n_both} times by other customers.",
        ],
    ),
    (
        "wish",
        [
            "Ada di daftar keinginannya; dari {n_antecedent} keinginan seperti itu, {n_both} akhirnya dibeli.",
            "On the wishlist; of {n_antecedent} such wishes {n_both} were bought.",
        ],
    ),
    (
        "interest",
        [
            "Pernah menunjukkan minat; dari {n_antecedent} minat seperti itu, {n_both} akhirnya dibeli.",
            "Showed interest; of {n_antecedent} who did {n_both} bought.",
        ],
    ),
    (
        "new_in_kind",
        [
            "{product} baru, sejenis dengan {because} yang biasa dibelinya; {n_both} dari {n_antecedent} kesempatan seperti itu berakhir dengan pembelian.",
            "{product} is new, of a kind with {because}, which was bought before; {n_both} of {n_antecedent} such chances ended in a sale.",
        ],
    ),
    (
        "due_again",
        [
            "{product} sudah dibeli pada {n_days} hari, biasanya setiap {gap_days} hari, terakhir {last_bought_on}; jatuh tempo {due_date}.",
            "{product} was bought on {n_days} days, usually every {gap_days} days, last on {last_bought_on}; due on {due_date}.",
        ],
    ),
    (
        "trade_up",
        [
            "{share} dari yang biasa membeli {category} kelas {from_step} ({n_moved} dari {n_observed}) beralih ke kelas {to_step} dalam {within_days} hari; biasanya ia membeli {because}.",
            "{share} of those who usually buy {from_step} in {category} ({n_moved} of {n_observed}) went on to {to_step} within {within_days} days; the usual product is {because}.",
        ],
    ),
    (
        "dearer",
        [
            "{product} adalah yang terlaris di {category} di atas {because} yang biasa dibelinya; {n_moved} dari {n_observed} tawaran seperti itu berakhir dengan pembelian dalam {within_days} hari.",
            "{product} is the best seller in {category} above {because}, the usual product; {n_moved} of {n_observed} such offers ended in a sale within {within_days} days.",
        ],
    ),
    (
        "bigger_pack",
        [
            "Biasanya ia membeli {because} ({from_step}); kemasan {to_step} lebih murah per satuan, dan {share} dari yang biasa membeli {from_step} ({n_moved} dari {n_observed}) beralih ke kemasan itu dalam {within_days} hari.",
            "The usual product is {because} ({from_step}); {to_step} costs less by the unit, and {share} of those who usually buy {from_step} ({n_moved} of {n_observed}) went on to it within {within_days} days.",
        ],
    ),
    (
        "accessory",
        [
            "Membeli {because} {age_days} hari lalu; {share} dari yang membelinya ({n_moved} dari {n_observed}) juga membeli {product} dalam {within_days} hari, {lift} kali tingkat biasanya, setidaknya {lift_low}.",
            "Bought {because} {age_days} days ago; {share} of those who did ({n_moved} of {n_observed}) also bought {product} within {within_days} days, {lift} times the usual rate, at least {lift_low}.",
        ],
    ),
    (
        "replacement",
        [
            "Membeli {because} {age_days} hari lalu; dari {n_observed} pelanggan yang pembelian sejenisnya setua itu, {n_moved} ({share}) membeli lagi dalam {within_days} hari.",
            "Bought {because} {age_days} days ago; of {n_observed} customers whose last purchase of the kind was as old, {n_moved} ({share}) bought again within {within_days} days.",
        ],
    ),
];
