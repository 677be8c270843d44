//! The follow-up queue as one list an agent: `queue/<agent>.csv`, in the agent's language.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::columns::Columns;
use super::csv_file::{Cell, CsvFile, OutputFile, safe_file_names};
use super::offer_words::Reasons;
use super::phones::phone;
use super::report::{Language, format};
use super::speech::ProductNames;
use crate::config::Currency;
use crate::error::Result;
use crate::facts::Facts;

/// Why each customer of the queue is offered what he is, in words: by customer, then product.
pub type Evidence<'e> = BTreeMap<(&'e str, &'e str), String>;

/// Looks the evidence up in the tables of offers that are there.
pub fn evidence<'e>(
    facts: &'e Facts,
    queue: &'e DataFrame,
    offers: impl IntoIterator<Item = &'e DataFrame>,
    language: Language,
) -> Result<Evidence<'e>> {
    let columns = Columns(queue);
    let (ids, products) = (columns.text("customer_id")?, columns.text("product_id")?);
    let wanted: BTreeSet<(&str, &str)> =
        ids.iter().zip(products.iter()).filter_map(|(id, product)| id.zip(product)).collect();
    let mut found = Evidence::new();
    for frame in offers {
        let columns = Columns(frame);
        let (ids, products, ranks) =
            (columns.text("customer_id")?, columns.text("product_id")?, columns.whole("rank")?);
        let reasons = Reasons::of(facts, columns, language);
        for row in (0..columns.len()).filter(|row| ranks.get(*row) == Some(1)) {
            let Some(key) = ids.get(row).zip(products.get(row)).filter(|key| wanted.contains(key)) else { continue };
            found.entry(key).or_insert(reasons.words(row)?);
        }
    }
    Ok(found)
}

/// How queues are written.
#[derive(Debug, Clone, Copy)]
pub struct QueueSettings<'s> {
    /// The agent's language.
    pub language: Language,
    /// Of all amounts.
    pub currency: &'s Currency,
    /// Days the probability of no order speaks of.
    pub horizon_days: u32,
    /// The exports have no costs of goods: what is at risk are sales.
    pub costs_unknown: bool,
}

/// The lists of the table `queue`, by agent; who is held out as a control group is on none.
pub fn queues(
    facts: &Facts,
    queue: &DataFrame,
    evidence: &Evidence<'_>,
    settings: QueueSettings<'_>,
) -> Result<Vec<OutputFile>> {
    let columns = Columns(queue);
    let (agents, held_out) = (columns.text("agent_id")?, columns.flag("in_control")?);
    let mut by_agent: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for row in (0..columns.len()).filter(|row| held_out.get(*row) == Some(false)) {
        by_agent.entry(agents.get(row).unwrap_or_default()).or_default().push(row);
    }
    let agents: Vec<&str> = by_agent.keys().copied().collect();
    let voice = Voice { settings, evidence };
    safe_file_names(&agents)
        .into_iter()
        .map(|(agent, file)| list(facts, columns, &by_agent[agent], voice, format!("queue/{file}.csv")))
        .collect()
}

fn list(facts: &Facts, queue: Columns<'_>, rows: &[usize], voice: Voice<'_>, path: String) -> Result<OutputFile> {
    let (ids, reasons, points) = (queue.text("customer_id")?, queue.text("reasons")?, queue.text("talking_points")?);
    let (products, margins) = (queue.text("product_id")?, queue.whole("expected_margin")?);
    let (priorities, keys) = (queue.whole("priority")?, queue.text("key")?);
    let header = HEADER.map(|name| name[voice.place()]);
    let currency = voice.settings.currency;
    let mut file = CsvFile::new(&header, voice.settings.language, [currency.decimals, currency.shown()]);
    for (place, row) in rows.iter().enumerate() {
        let id = ids.get(*row).unwrap_or_default();
        let customer = facts.customers.find(id);
        let text = |column: &str| customer.map_or("", |customer| facts.customers.text_at(column, customer));
        let product = products.get(*row).unwrap_or_default();
        let offer = Offered { product: product_name(facts, product), why: voice.evidence.get(&(id, product)) };
        file.row([
            Cell::Whole(place as i64 + 1),
            Cell::text(id),
            Cell::text(text("name")),
            Cell::text(phone(text("phone"), currency.code == "IDR")),
            Cell::text(reason_words(reasons.get(*row).unwrap_or_default(), voice.settings.language)),
            Cell::text(voice.sentences(facts, points.get(*row).unwrap_or_default(), offer)),
            Cell::text(offer.product),
            margins.get(*row).map_or(Cell::Empty, Cell::Money),
            priorities.get(*row).map_or(Cell::Empty, Cell::Whole),
            Cell::text(keys.get(*row).unwrap_or_default()),
        ]);
    }
    Ok(file.finish(path))
}

/// Reasons (`complaint|birthday`) in words.
pub fn reason_words(reasons: &str, language: Language) -> String {
    words_of(reasons, language).join(", ")
}

/// Talking points of the table `queue` as sentences; `why` is the evidence for the product offered.
pub fn talking_points(
    names: &dyn ProductNames,
    points: &str,
    product: &str,
    why: Option<&String>,
    settings: QueueSettings<'_>,
) -> String {
    let offered = Offered { product: names.product(product), why };
    Voice { settings, evidence: &Evidence::new() }.sentences(names, points, offered)
}

/// Each reason in words; one without words as it is.
fn words_of(reasons: &str, language: Language) -> Vec<&str> {
    let place = usize::from(language == Language::English);
    let word = |name| REASONS.iter().find(|row| row.0 == name).map_or(name, |row| row.1[place]);
    reasons.split('|').filter(|name| !name.is_empty()).map(word).collect()
}

/// The name of a product, its id where it has none.
pub fn product_name<'n>(facts: &'n Facts, id: &'n str) -> &'n str {
    let name = facts.products.find(id).map_or("", |product| facts.products.text_at("name", product));
    if name.is_empty() { id } else { name }
}

/// Whom the list is for.
#[derive(Clone, Copy)]
struct Voice<'v> {
    settings: QueueSettings<'v>,
    evidence: &'v Evidence<'v>,
}

/// What one customer is offered.
#[derive(Clone, Copy)]
struct Offered<'o> {
    product: &'o str,
    /// The evidence in words, where there is any.
    why: Option<&'o String>,
}

impl Voice<'_> {
    fn place(self) -> usize {
        match self.settings.language {
            Language::Indonesian => 0,
            Language::English => 1,
        }
    }

    /// Talking points (`code=value` joined by `|`) as sentences; a code without a sentence as it is.
    fn sentences(self, names: &dyn ProductNames, points: &str, offered: Offered<'_>) -> String {
        let mut sentences = Vec::new();
        for (code, value) in points.split('|').filter_map(|point| point.split_once('=')) {
            let value = unescape(value);
            let variant = match code {
                "offer" if offered.why.is_some() && value != "replenish" => "offer.because".into(),
                "offer" | "status" => format!("{code}.{value}"),
                "profit_at_risk" if self.settings.costs_unknown => "sales_at_risk".into(),
                "wish" | "returned_product" if value.is_empty() => format!("{code}.unknown"),
                _ => code.to_string(),
            };
            let Some((_, sentence)) = SENTENCES.iter().find(|row| row.0 == variant) else {
                sentences.push(format!("{code}: {value}."));
                continue;
            };
            let sentence = sentence[self.place()].replace("{horizon}", &self.settings.horizon_days.to_string());
            sentences.push(self.fill(names, &sentence, &value, offered.product));
            sentences.extend(offered.why.filter(|_| code == "offer").cloned());
        }
        sentences.retain(|sentence| !sentence.is_empty());
        sentences.join(" ")
    }

    /// Fills the one place of a sentence. What is filled in is not read again.
    fn fill(self, names: &dyn ProductNames, sentence: &str, value: &str, offered: &str) -> String {
        let Some((before, (name, after))) =
            sentence.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        else {
            return sentence.to_string();
        };
        let number = value.parse::<i64>().unwrap_or(0);
        let QueueSettings { language, currency, .. } = self.settings;
        let count = format::count(number.unsigned_abs(), language);
        let filled = match (name, language) {
            ("ago", Language::Indonesian) if number == 1 => "kemarin".into(),
            ("ago", Language::English) if number == 1 => "yesterday".into(),
            ("ago", Language::Indonesian) => format!("{count} hari lalu"),
            ("ago", Language::English) => format!("{count} days ago"),
            ("days", Language::English) if number == 1 => "day".into(),
            ("days", Language::Indonesian) => format!("{count} hari"),
            ("days", Language::English) => format!("{count} days"),
            ("money", language) => {
                format::money_code(number, currency.decimals, currency.shown(), &currency.code, language)
            }
            ("date", language) => format::date(value, language),
            ("product", _) => names.product(value).to_string(),
            ("offered", _) => offered.to_string(),
            _ => count,
        };
        // Spaces that do not break look odd in a spreadsheet's filter.
        format!("{before}{}{after}", filled.replace('\u{a0}', " "))
    }
}

/// `%XX` back to the character it stands for.
fn unescape(text: &str) -> String {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().to_string();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if byte.is_ascii() => {
                plain.push(char::from(byte));
                plain.push_str(&part[2..]);
            }
            _ => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    plain
}

const HEADER: [[&str; 2]; 10] = [
    ["No", "No"],
    ["ID pelanggan", "Customer ID"],
    ["Nama", "Name"],
    ["Telepon", "Telephone"],
    ["Alasan", "Reasons"],
    ["Bahan pembicaraan", "Talking points"],
    ["Produk", "Product"],
    ["Perkiraan margin", "Expected margin"],
    ["Prioritas", "Priority"],
    ["Kunci", "Key"],
];

/// Reason → words, Indonesian and English.
const REASONS: &[(&str, [&str; 2])] = &[
    ("complaint", ["Keluhan", "Complaint"]),
    ("lapsed_high_value", ["Pelanggan besar lama tidak membeli", "Lapsed high-value customer"]),
    ("churn_risk", ["Berisiko pergi", "At risk of leaving"]),
    ("win_back", ["Rebut kembali", "Win back"]),
    ("returned_item", ["Barang diretur", "Returned item"]),
    ("wishlist", ["Daftar keinginan", "Wishlist"]),
    ("follow_up", ["Tindak lanjut sebulan", "One-month follow-up"]),
    ("first_order", ["Pesanan pertama", "First order"]),
    ("gone_quiet", ["Lama tak terdengar", "Gone quiet"]),
    ("birthday", ["Ulang tahun", "Birthday"]),
    ("offer", ["Penawaran", "Offer"]),
];

/// Code of a talking point → sentence with at most one place to fill.
const SENTENCES: &[(&str, [&str; 2])] = &[
    (
        "complaint",
        ["Menyampaikan keluhan {ago}; tanyakan apakah sudah tuntas.", "Complained {ago}; ask whether it is settled."],
    ),
    ("spent", ["Belanjanya {money}.", "Has spent {money}."]),
    (
        "churn_percent",
        [
            "Peluang tanpa pesanan dalam {horizon} hari ke depan {count} %.",
            "{count} % likely to place no order within the next {horizon} days.",
        ],
    ),
    ("sales_at_risk", ["Penjualan yang terancam {money}.", "Sales at risk: {money}."]),
    ("profit_at_risk", ["Laba yang terancam {money}.", "Profit at risk: {money}."]),
    ("usual_gap", ["Biasanya membeli setiap {days}.", "Usually orders every {days}."]),
    ("returned", ["Ada barang diretur dari pesanan {ago}.", "Something of the order {ago} was returned."]),
    ("returned_product", ["Yang diretur: {product}.", "Returned: {product}."]),
    ("returned_product.unknown", ["", ""]),
    ("wish", ["Menginginkan {product}, belum dibeli.", "Wishes for {product}, not bought yet."]),
    ("wish.unknown", ["Punya keinginan yang belum terpenuhi.", "Has a wish that is still open."]),
    (
        "follow_up",
        [
            "Sudah sebulan sejak pesanan {date}; tanyakan apakah puas.",
            "A month since the order of {date}; ask whether all is well.",
        ],
    ),
    (
        "first_order",
        ["Pesanan pertamanya {ago}; ucapkan terima kasih.", "Placed the first order {ago}; say thank you."],
    ),
    ("quiet", ["Tidak ada kabar selama {days}.", "Not heard from for {days}."]),
    ("birthday", ["Berulang tahun {date}.", "Birthday on {date}."]),
    (
        "offer.cross_sell",
        ["Tawarkan {offered}: melengkapi yang pernah dibeli.", "Offer {offered}: it goes with what was bought."],
    ),
    ("offer.because", ["Tawarkan {offered}.", "Offer {offered}."]),
    (
        "offer.replenish",
        ["Ingatkan {offered}: sudah waktunya membeli lagi.", "Remind of {offered}: due to be bought again."],
    ),
    (
        "offer.up_sell",
        [
            "Tawarkan {offered}: lebih baik daripada yang pernah dibeli.",
            "Offer {offered}: a step up from what was bought.",
        ],
    ),
    ("orders", ["Pesanan sejauh ini: {count}.", "Orders so far: {count}."]),
    ("last_order", ["Pesanan terakhir {ago}.", "Last order {ago}."]),
    ("status.2_weeks", ["Aktif dalam 2 minggu terakhir.", "Active in the last 2 weeks."]),
    ("status.1_month", ["Aktif dalam sebulan terakhir.", "Active in the last month."]),
    ("status.6_months", ["Aktif dalam 6 bulan terakhir.", "Active in the last 6 months."]),
    ("status.inactive", ["Tidak aktif selama 6 bulan.", "Inactive for 6 months."]),
];
