//! Marketing lists: `lists/<name>.csv`. Nobody without any consent is on one, an address is given only where its
//! channel is allowed, and who is left out is counted.

use std::collections::BTreeSet;

use arrow::array::{Array, StringArray};
use polars::prelude::DataFrame;

use super::columns::Columns;
use super::csv_file::{Cell, CsvFile, OutputFile};
use super::offer_words::Reasons;
use super::queues::product_name;
use super::report::Language;
use crate::error::Result;
use crate::facts::Facts;

/// The lists there can be.
pub const NAMES: [&str; 8] =
    ["at_risk", "win_back", "best_customers", "loss_makers", "birthdays", "cross_sell", "up_sell", "replenish"];

/// How lists are written.
#[derive(Debug, Clone, Copy)]
pub struct ListSettings {
    /// The reader's language.
    pub language: Language,
    /// Digits of the minor unit.
    pub decimals: u32,
    /// A channel the export has no consent for at all is allowed (`[queue] assume_consent`).
    pub assume_consent: bool,
}

/// A list and its arithmetic: chosen = rows + left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its name.
    pub name: &'static str,
    /// Customers its definition chose.
    pub chosen: u64,
    /// Those not on it, by the first reason that holds: `not_external`, `in_control`, `no_consent`.
    pub left_out: [(&'static str, u64); 3],
    /// The file.
    pub file: OutputFile,
}

/// All lists whose tables are there (`tables` finds a result table by name), in the order of [`NAMES`].
pub fn lists<'t>(
    facts: &'t Facts,
    tables: impl Fn(&str) -> Option<&'t DataFrame>,
    settings: ListSettings,
) -> Result<Vec<List>> {
    let audience = Audience::new(facts, &tables, settings)?;
    let mut lists = Vec::new();
    for name in NAMES {
        if let Some(choice) = choice(facts, name, &tables, settings.language)? {
            lists.push(audience.list(name, choice));
        }
    }
    Ok(lists)
}

/// Whom a list is about, best first, and what it says of them.
struct Choice<'c> {
    header: Vec<[&'static str; 2]>,
    /// Customer number and the cells under the header.
    rows: Vec<(usize, Vec<Cell<'c>>)>,
}

/// The customers of a list, or nothing where its table is missing.
fn choice<'t>(
    facts: &'t Facts,
    name: &str,
    tables: &impl Fn(&str) -> Option<&'t DataFrame>,
    language: Language,
) -> Result<Option<Choice<'t>>> {
    let table = match name {
        "at_risk" => "churn",
        "best_customers" => "profitability",
        "loss_makers" => "profitability_losses",
        "cross_sell" => "cross_sell",
        "up_sell" => "up_sell",
        "replenish" => "replenish",
        _ => "queue_candidates",
    };
    let Some(columns) = tables(table).map(Columns) else { return Ok(None) };
    let ids = columns.text("customer_id")?;
    // Rows to take, by what they are sorted by: the first wins, the customer's number breaks ties.
    let mut rows: Vec<(i64, usize, Vec<Cell<'t>>)> = Vec::new();
    let mut take = |row: usize, order: i64, cells: Vec<Cell<'t>>| {
        if let Some(customer) = ids.get(row).and_then(|id| facts.customers.find(id)) {
            rows.push((order, customer, cells));
        }
    };
    let header = match name {
        "at_risk" => {
            let (bands, spared) = (columns.text("risk_band")?, columns.flag("do_not_chase")?);
            let (chances, profits) = (columns.ratio("churn_probability")?, columns.whole("profit_at_risk")?);
            for row in
                (0..columns.len()).filter(|row| bands.get(*row) == Some("high") && spared.get(*row) != Some(true))
            {
                let profit = profits.get(row).unwrap_or(0);
                let chance = chances.get(row).map_or(Cell::Empty, Cell::Ratio);
                take(row, -profit, vec![chance, Cell::Money(profit)]);
            }
            vec![["Peluang pergi", "Churn probability"], ["Laba terancam", "Profit at risk"]]
        }
        "best_customers" => {
            let (deciles, sales) = (columns.whole("decile")?, columns.whole("net_sales")?);
            let contributions = columns.whole("contribution")?;
            for row in (0..columns.len()).filter(|row| deciles.get(*row) == Some(1)) {
                // Where hardly anyone earns us money, the best tenth has losses, too.
                let Some(contribution) = contributions.get(row).filter(|amount| *amount > 0) else { continue };
                let sales = sales.get(row).map_or(Cell::Empty, Cell::Money);
                take(row, -contribution, vec![Cell::Money(contribution), sales]);
            }
            vec![["Kontribusi", "Contribution"], ["Penjualan bersih", "Net sales"]]
        }
        "loss_makers" => {
            let (ranks, reasons) = (columns.whole("rank")?, columns.text("reason_1")?);
            let contributions = columns.whole("contribution")?;
            for row in 0..columns.len() {
                let reason = Cell::text(reasons.get(row).unwrap_or_default());
                take(row, ranks.get(row).unwrap_or(0), vec![Cell::Money(contributions.get(row).unwrap_or(0)), reason]);
            }
            vec![["Kontribusi", "Contribution"], ["Sebab utama", "Main reason"]]
        }
        "cross_sell" | "up_sell" | "replenish" => {
            let reasons = Reasons::of(facts, columns, language);
            let (ranks, products) = (columns.whole("rank")?, columns.text("product_id")?);
            let margins = columns.whole("expected_margin")?;
            for row in (0..columns.len()).filter(|row| ranks.get(*row) == Some(1)) {
                let margin = margins.get(row).unwrap_or(0);
                let product = product_name(facts, products.get(row).unwrap_or_default());
                take(row, -margin, vec![Cell::text(product), Cell::Money(margin), Cell::text(reasons.words(row)?)]);
            }
            vec![["Produk", "Product"], ["Perkiraan margin", "Expected margin"], ["Alasan", "Reason"]]
        }
        "birthdays" => {
            let (reasons, days, last) =
                (columns.text("reasons")?, columns.days("next_birthday")?, columns.days("last_order_date")?);
            for row in (0..columns.len()).filter(|row| has(reasons.get(*row), &["birthday"])) {
                let Some(day) = days.get(row) else { continue };
                take(row, day.into(), vec![Cell::Day(day), last.get(row).map_or(Cell::Empty, Cell::Day)]);
            }
            vec![["Ulang tahun", "Birthday"], ["Pesanan terakhir", "Last order"]]
        }
        _ => {
            let (reasons, amounts, last) =
                (columns.text("reasons")?, columns.whole("monetary")?, columns.days("last_order_date")?);
            for row in (0..columns.len()).filter(|row| has(reasons.get(*row), &["win_back", "lapsed_high_value"])) {
                let amount = amounts.get(row).unwrap_or(0);
                take(row, -amount, vec![last.get(row).map_or(Cell::Empty, Cell::Day), Cell::Money(amount)]);
            }
            vec![["Pesanan terakhir", "Last order"], ["Penjualan bersih", "Net sales"]]
        }
    };
    rows.sort_by_key(|row| (row.0, row.1));
    rows.dedup_by_key(|row| row.1);
    Ok(Some(Choice { header, rows: rows.into_iter().map(|(_, customer, cells)| (customer, cells)).collect() }))
}

fn has(reasons: Option<&str>, wanted: &[&str]) -> bool {
    reasons.is_some_and(|reasons| reasons.split('|').any(|reason| wanted.contains(&reason)))
}

/// Who may be written to, and how.
struct Audience<'a> {
    settings: ListSettings,
    ids: &'a StringArray,
    /// Name, e-mail address, telephone number, city.
    texts: [Option<&'a StringArray>; 4],
    classes: Option<&'a StringArray>,
    /// E-mail, message, call.
    consents: [Vec<bool>; 3],
    /// Customers held out of the queue are not written to either: nothing else could be measured on them.
    in_control: BTreeSet<usize>,
}

impl<'a> Audience<'a> {
    fn new<'t>(
        facts: &'a Facts,
        tables: &impl Fn(&str) -> Option<&'t DataFrame>,
        settings: ListSettings,
    ) -> Result<Audience<'a>> {
        let customers = &facts.customers;
        let mut in_control = BTreeSet::new();
        if let Some(columns) = tables("queue").map(Columns) {
            let (ids, held_out) = (columns.text("customer_id")?, columns.flag("in_control")?);
            for row in (0..columns.len()).filter(|row| held_out.get(*row) == Some(true)) {
                in_control.extend(ids.get(row).and_then(|id| customers.find(id)));
            }
        }
        let consents = ["consent_email", "consent_sms", "consent_call"].map(|column| {
            let assumed = settings.assume_consent && !customers.has(column);
            customers.flags(column).into_iter().map(|consent| assumed || consent == Some(true)).collect()
        });
        Ok(Audience {
            settings,
            ids: &customers.ids,
            texts: ["name", "email", "phone", "city"].map(|column| customers.text(column)),
            classes: customers.text("party_class"),
            consents,
            in_control,
        })
    }

    fn list(&self, name: &'static str, choice: Choice<'_>) -> List {
        let place = match self.settings.language {
            Language::Indonesian => 0,
            Language::English => 1,
        };
        let header: Vec<&str> = HEADER.iter().chain(&choice.header).map(|name| name[place]).collect();
        let mut file = CsvFile::new(&header, self.settings.language, self.settings.decimals);
        let mut left_out = [("not_external", 0), ("in_control", 0), ("no_consent", 0)];
        let chosen = choice.rows.len() as u64;
        for (customer, own) in choice.rows {
            let [by_email, by_sms, by_call] = [0, 1, 2].map(|channel: usize| self.consents[channel][customer]);
            let reason = if !matches!(cell(self.classes, customer), "" | "external") {
                Some(0)
            } else if self.in_control.contains(&customer) {
                Some(1)
            } else {
                (!by_email && !by_sms && !by_call).then_some(2)
            };
            if let Some(reason) = reason {
                left_out[reason].1 += 1;
                continue;
            }
            let text = |place: usize| Cell::text(cell(self.texts[place], customer));
            let who = [
                Cell::text(self.ids.value(customer)),
                text(0),
                if by_email { text(1) } else { Cell::Empty },
                if by_sms || by_call { text(2) } else { Cell::Empty },
                text(3),
                Cell::Flag(by_email),
                Cell::Flag(by_sms),
                Cell::Flag(by_call),
            ];
            file.row(who.into_iter().chain(own));
        }
        List { name, chosen, left_out, file: file.finish(format!("lists/{name}.csv")) }
    }
}

fn cell(column: Option<&StringArray>, row: usize) -> &str {
    column.filter(|column| column.is_valid(row)).map_or("", |column| column.value(row))
}

const HEADER: [[&str; 2]; 8] = [
    ["ID pelanggan", "Customer ID"],
    ["Nama", "Name"],
    ["Surel", "E-mail"],
    ["Telepon", "Telephone"],
    ["Kota", "City"],
    ["Boleh surel", "E-mail consent"],
    ["Boleh pesan", "Message consent"],
    ["Boleh telepon", "Call consent"],
];
