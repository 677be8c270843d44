//! What the inputs must be besides well-formed: the rules of `langgan check`, declared once. How each is looked for is
//! in `check`; configuration, screen, report, docs and the files mailed back to branches read this declaration.

use serde::{Deserialize, Serialize};

/// How loudly a violation is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// FAIL.
    Error,
    /// WARN.
    Warning,
}

/// What a violation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Nothing but being told.
    Warn,
    /// The documents at fault stay out of the figures; the rest of the day is in them.
    Quarantine,
    /// The branch's day stays out of the figures, or the version before serves; everything else goes on.
    Hold,
    /// The rule is not looked at.
    Off,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name for ever: configuration, exception keys, `langgan explain`.
    pub id: &'static str,
    /// The input table it is about.
    pub table: &'static str,
    /// Told as.
    pub severity: Severity,
    /// What a violation does where the configuration says nothing.
    pub action: Action,
    /// The limit where the configuration says nothing, and what it is.
    pub threshold: Option<(f64, &'static str)>,
    /// Only the days just before the as-of date are looked at.
    pub recent: bool,
    /// What is wrong, in English, as a branch would read it.
    pub english: &'static str,
    /// What is wrong, in Indonesian.
    pub indonesian: &'static str,
}

const fn rule(id: &'static str, table: &'static str, english: &'static str, indonesian: &'static str) -> Rule {
    Rule {
        id,
        table,
        severity: Severity::Warning,
        action: Action::Warn,
        threshold: None,
        recent: false,
        english,
        indonesian,
    }
}

impl Rule {
    const fn error(mut self) -> Rule {
        self.severity = Severity::Error;
        self
    }

    const fn recent(mut self) -> Rule {
        self.recent = true;
        self
    }

    const fn limit(mut self, value: f64, meaning: &'static str) -> Rule {
        self.threshold = Some((value, meaning));
        self
    }
}

/// The rule of a name.
pub fn rule_of(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// Every rule, the gravest first; this is also the order on the screen.
pub const RULES: &[Rule] = &[
    rule("held", "orders", "the administrator holds this day back", "administrator menahan data hari ini").error(),
    rule("held_file", "orders", "the file was set aside whole", "berkas ditahan seluruhnya").error(),
    rule(
        "missing_day",
        "orders",
        "a day on which the branch sells has no orders",
        "tidak ada faktur pada hari cabang biasanya berjualan",
    )
    .error()
    .recent(),
    rule(
        "control_totals",
        "control_totals",
        "the branch's control totals differ from what arrived",
        "total kontrol cabang berbeda dari data yang diterima",
    )
    .error(),
    rule(
        "file_totals",
        "orders",
        "the totals at the end of a file, or beside it, differ from its rows",
        "total di akhir berkas atau di berkas pendamping berbeda dari barisnya",
    )
    .error(),
    rule(
        "hq_documents",
        "hq_documents",
        "documents of the branch and of head office differ",
        "faktur cabang berbeda dari catatan kantor pusat",
    )
    .error(),
    rule(
        "stale_copy",
        "orders",
        "yesterday's file sent again? The day repeats the orders of an earlier one",
        "berkas lama terkirim lagi? Isi hari ini mengulang hari sebelumnya",
    )
    .error()
    .recent()
    .limit(0.9, "share of the day's orders that an earlier day of the branch has too"),
    rule(
        "conflicting_key",
        "orders",
        "a number was used again for something else; the first is kept",
        "nomor dipakai lagi untuk isi yang lain; yang pertama dipakai",
    )
    .error(),
    rule(
        "reused_id",
        "orders",
        "a number of one branch was used by another; the first is kept",
        "nomor faktur cabang lain dipakai lagi; yang pertama dipakai",
    )
    .error(),
    rule(
        "order_total",
        "orders",
        "the total of the order is not the sum of its lines",
        "total faktur tidak sama dengan jumlah barisnya",
    )
    .error()
    .limit(0.0, "difference allowed, in units of the currency"),
    rule(
        "line_total",
        "order_lines",
        "quantity × price − discount is not the total of the line",
        "jumlah × harga − potongan tidak sama dengan total baris",
    )
    .error()
    .limit(0.0, "difference allowed, in units of the currency"),
    rule(
        "document_gap",
        "orders",
        "numbers are missing in the sequence of documents",
        "ada nomor faktur yang terlewat dalam urutan",
    )
    .recent()
    .limit(0.8, "share of a branch's sequences that must be complete before a gap is told"),
    rule(
        "future_date",
        "orders",
        "the order is dated after the as-of day, or long after all others",
        "tanggal faktur melewati tanggal laporan, atau jauh setelah faktur lain",
    )
    .error()
    .limit(60.0, "days after the last day with orders that are too many"),
    rule(
        "before_opening",
        "orders",
        "the order is dated before the branch opened",
        "tanggal faktur sebelum cabang dibuka",
    )
    .error(),
    rule(
        "unknown_branch",
        "orders",
        "the order's branch is not among the branches",
        "cabang pada faktur tidak ada dalam daftar cabang",
    )
    .error(),
    rule(
        "unknown_value",
        "orders",
        "the status is neither completed, cancelled nor pending",
        "status bukan selesai, batal atau tunda",
    ),
    rule(
        "price_off_median",
        "order_lines",
        "the price is far off the product's usual price",
        "harga jauh dari harga biasa barang itu",
    )
    .limit(5.0, "times above or below the product's median price"),
    rule(
        "discount_over_amount",
        "order_lines",
        "the discount is larger than quantity × price",
        "potongan lebih besar dari jumlah × harga",
    ),
    rule(
        "negative_quantity",
        "order_lines",
        "a quantity of zero or less that is no return",
        "jumlah nol atau kurang padahal bukan retur",
    ),
    rule(
        "no_lines",
        "orders",
        "completed orders have no lines: part of the data is missing",
        "faktur selesai tanpa baris: sebagian data belum datang",
    ),
    rule(
        "orphan",
        "order_lines",
        "rows name a customer, product or order that is not there",
        "baris menyebut pelanggan, barang atau faktur yang tidak ada",
    ),
    rule("refused_row", "orders", "rows could not be read", "baris tidak dapat dibaca"),
    rule(
        "repeated_key",
        "orders",
        "rows were sent twice; the first is kept",
        "baris terkirim dua kali; yang pertama dipakai",
    ),
    rule(
        "excel_damage",
        "customers",
        "a spreadsheet has damaged numbers: 6.28E+11, or a leading zero lost",
        "angka rusak oleh Excel: 6,28E+11 atau angka nol di depan hilang",
    ),
    rule(
        "impossible_date",
        "customers",
        "a date of birth or registration that cannot be",
        "tanggal lahir atau tanggal daftar yang tidak mungkin",
    )
    .limit(110.0, "years of age that are too many"),
    rule(
        "unfit_correction",
        "corrections",
        "a correction names a row or a value that is not there",
        "koreksi menyebut baris atau nilai yang tidak ada",
    ),
    rule("late_day", "orders", "the day's data came late", "data hari itu datang terlambat")
        .recent()
        .limit(0.0, "days after the day that are still in time"),
    rule(
        "volume",
        "orders",
        "far more or fewer orders than on the same weekdays before",
        "jumlah faktur jauh dari hari yang sama pada minggu-minggu sebelumnya",
    )
    .recent()
    .limit(5.0, "robust standard deviations from the branch's usual number"),
];
