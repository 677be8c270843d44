//! Every word of the report in both languages: one table, key -> (Indonesian, English).

use super::{Language, words_trend, words_value};

/// The word of a key; the key itself when the table does not know it. `without_costs`: that of `<key>.sales`, if any.
pub(super) fn word(key: &str, language: Language, without_costs: bool) -> &str {
    let of_sales = || find(&format!("{key}.sales"), language).filter(|_| without_costs);
    of_sales().or_else(|| find(key, language)).unwrap_or(key)
}

/// The word of a key.
pub(super) fn find(key: &str, language: Language) -> Option<&'static str> {
    all().find(|row| row.0 == key).map(|row| match language {
        Language::Indonesian => row.1,
        Language::English => row.2,
    })
}

/// Every row of the table.
fn all() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    WORDS.iter().chain(words_trend::WORDS).chain(super::words_segments::WORDS).chain(words_value::WORDS)
}

/// Fills the `{places}` of a sentence with `shape`d values; `{rows:row|rows}` adds the word that goes with the number.
pub(super) fn fill(sentence: &str, values: &[(&str, &str)], shape: impl Fn(&str) -> String) -> String {
    let mut text = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else {
            break;
        };
        text.push_str(before);
        let (name, words) = name.split_once(':').map_or((name, None), |(name, words)| (name, words.split_once('|')));
        if let Some((_, value)) = values.iter().find(|value| value.0 == name) {
            text.push_str(&shape(value));
            if let Some((one, many)) = words {
                text.push_str(&format!(" {}", if *value == "1" { one } else { many }));
            }
        }
        rest = tail;
    }
    text + rest
}

/// Terms the report defines, in reading order; the text is at `def.` and the term.
pub(super) const DEFINITIONS: [&str; 28] = [
    "net_sales",
    "contribution",
    "active_customers",
    "repeat_customer_share",
    "customers_at_risk",
    "average_order",
    "sen_slope",
    "whale_curve",
    "tie_out",
    "anonymous",
    "unallocated",
    "rfm",
    "probability",
    "profit_at_risk",
    "retention",
    "metric.auc",
    "metric.average_precision",
    "metric.brier",
    "metric.calibration_error",
    "metric.total_error",
    "metric.top_decile_lift",
    "metric.explained_share",
    "metric.total_ratio",
    "metric.missed_share",
    "confidence",
    "lift",
    "q_value",
    "control",
];

#[rustfmt::skip]
const WORDS: &[(&str, &str, &str)] = &[
    // Page
    ("title", "Laporan pelanggan", "Customer report"),
    ("as_of", "Data sebelum {day} (s.d. {last})", "Data before {day} (up to {last})"),
    ("run_summary", "{received} baris dari {sources} tabel sumber, {accepted} di antaranya diterima: {orders} pesanan dari {customers} pelanggan, {period}.", "{received:row|rows} from {sources:source table|source tables}, {accepted} of them accepted: {orders:order|orders} by {customers:customer|customers}, {period}."),
    ("currency", "Semua nilai uang dalam", "All amounts in"),
    ("compared", "{period} dibandingkan dengan {previous}", "{period} compared with {previous}"),
    ("compared_none", "{period}", "{period}"),
    ("was", "sebelumnya", "was"),
    ("in_brief", "Ringkasnya", "In brief"),
    ("contents", "Isi laporan", "Contents"),
    ("absent", "Proses ini tidak punya data untuk bagian ini.", "This run has no data for this section."),
    ("nothing", "Tidak ada data untuk ditampilkan.", "Nothing to show."),
    ("first_of", "{shown} pertama dari {all}.", "The first {shown} of {all}."),
    ("last_of", "{shown} kohort terakhir dari {all}.", "The last {shown} of {all} cohorts."),
    ("part_of", "{part} dari {whole}", "{part} of {whole}"),
    ("and", " dan ", " and "),
    ("partial", "belum lengkap", "partial"),
    // Section titles
    ("sec.trend", "Tren penjualan", "Sales trend"),
    ("sec.profitability", "Profitabilitas pelanggan", "Customer profitability"),
    ("sec.segments", "Segmen pelanggan", "Customer segments"),
    ("sec.churn", "Pelanggan berisiko pergi", "Customers at risk"),
    ("sec.cohorts", "Retensi per kohort", "Retention by cohort"),
    ("sec.offers", "Penawaran", "Offers"),
    ("sec.queue", "Antrean tindak lanjut", "Follow-up queue"),
    ("sec.quality", "Mutu data", "Data quality"),
    ("sec.method", "Cara membaca angka", "How to read the figures"),
    // Key figures and common columns
    ("net_sales", "Penjualan bersih", "Net sales"),
    ("contribution", "Kontribusi", "Contribution"),
    ("orders", "Pesanan", "Orders"),
    ("customer", "Pelanggan", "Customer"),
    ("customers", "Pelanggan", "Customers"),
    ("active_customers", "Pelanggan aktif", "Active customers"),
    ("customers_at_risk", "Pelanggan berisiko tinggi", "Customers at high risk"),
    ("repeat_customer_share", "Porsi pelanggan berulang", "Repeat customers"),
    ("share", "Porsi", "Share"),
    ("value", "Nilai", "Value"),
    ("branch", "Cabang", "Branch"),
    ("category", "Kategori", "Category"),
    ("agent", "Agen", "Agent"),
    ("difference", "Selisih", "Difference"),
    ("check", "Cek", "Check"),
    // Trend
    ("trend_aria", "Diagram batang penjualan bersih per bulan", "Bar chart of net sales by month"),
    ("trend_chart", "Penjualan bersih per bulan", "Net sales by month"),
    ("trend_line", "Garis putus-putus: kemiringan Sen melalui median.", "Dashed line: the Sen slope through the median."),
    ("trend_hatch", "Bulan bergaris arsir belum lengkap dan tidak dibandingkan.", "The hatched month is not complete and is left out of all comparisons."),
    ("trend_lead", "Penjualan bersih {month}: {value}.", "Net sales in {month} were {value}."),
    ("trend_lead_month", "Penjualan bersih {month}: {value}, {change} dibanding bulan sebelumnya.", "Net sales in {month} were {value}, {change} on the month before."),
    ("trend_lead_year", "Penjualan bersih {month}: {value}, {change} dibanding bulan sebelumnya dan {year} dibanding bulan yang sama tahun lalu.", "Net sales in {month} were {value}, {change} on the month before and {year} on the same month last year."),
    ("slope_up", "Selama {months} bulan lengkap terakhir penjualan bersih naik sekitar {slope} per bulan (kemiringan Sen). Tren sejelas ini jarang muncul secara kebetulan (Mann-Kendall p {p}).", "Over the last {months} complete months net sales rose by about {slope} a month (Sen slope). A trend this clear would rarely arise by chance (Mann-Kendall p {p})."),
    ("slope_down", "Selama {months} bulan lengkap terakhir penjualan bersih turun sekitar {slope} per bulan (kemiringan Sen). Tren sejelas ini jarang muncul secara kebetulan (Mann-Kendall p {p}).", "Over the last {months} complete months net sales fell by about {slope} a month (Sen slope). A trend this clear would rarely arise by chance (Mann-Kendall p {p})."),
    ("slope_none", "Selama {months} bulan lengkap terakhir tidak tampak tren yang dapat diandalkan: kemiringan Sen {slope} per bulan, tetapi gejolak bulanan saja bisa menghasilkannya (Mann-Kendall p {p}).", "Over the last {months} complete months there is no dependable trend: the Sen slope is {slope} a month, but ordinary ups and downs could produce it (Mann-Kendall p {p})."),
    ("months_title", "13 bulan terakhir", "The last 13 months"),
    ("month", "Bulan", "Month"),
    ("active", "Aktif", "Active"),
    ("new", "Baru", "New"),
    ("returning", "Kembali", "Returning"),
    ("average_order", "Rata-rata pesanan", "Average order"),
    ("movers_title", "Yang paling bergerak di {month}", "What moved most in {month}"),
    ("on_month_before", "vs bulan sebelumnya", "vs month before"),
    ("on_year_before", "vs tahun lalu", "vs last year"),
    // Profitability
    ("covers", "Mencakup {period}.", "Covers {period}."),
    ("whale_lead", "{customers} pelanggan terbaik menghasilkan {share} dari total kontribusi; {losing} pelanggan yang merugi menggerus {back} di antaranya.", "The best {customers} of customers earn {share} of the contribution; the {losing:loss-making customer|loss-making customers} together give {back} of it back."),
    ("whale_lead_all", "Tidak ada pelanggan yang merugi: {customers} pelanggan menghasilkan {share} dari total kontribusi.", "No customer makes a loss: {customers} of customers earn {share} of the contribution."),
    ("whale_aria", "Kurva paus: kontribusi kumulatif terhadap porsi pelanggan", "Whale curve: cumulative contribution over the share of customers"),
    ("whale_curve", "Kurva paus", "Whale curve"),
    ("whale_x", "Pelanggan, dari yang paling menguntungkan", "Customers, most profitable first"),
    ("whale_y", "Kontribusi kumulatif", "Cumulative contribution"),
    ("whale_peak", "Puncak: {share} dari {customers} pelanggan", "Peak: {share} from {customers} of customers"),
    ("whale_end", "Akhir: {share}", "End: {share}"),
    ("waterfall_title", "Dari penjualan kotor ke kontribusi", "From gross sales to contribution"),
    ("waterfall_aria", "Diagram air terjun dari penjualan kotor ke kontribusi", "Waterfall chart from gross sales to contribution"),
    ("line", "Pos", "Line"),
    ("line.gross_sales", "Penjualan kotor", "Gross sales"),
    ("line.discounts", "Diskon", "Discounts"),
    ("line.returns", "Retur", "Returns"),
    ("line.promotions", "Promosi dan kupon", "Promotions and coupons"),
    ("line.rebates", "Rabat", "Rebates"),
    ("line.freight", "Ongkos kirim", "Freight"),
    ("line.accounts_without_pool", "Akun tanpa pos biaya", "Accounts without a pool"),
    ("line.net_sales", "Penjualan bersih", "Net sales"),
    ("line.cogs", "HPP", "Cost of goods sold"),
    ("line.gross_margin", "Marjin kotor", "Gross margin"),
    ("line.contribution", "Kontribusi", "Contribution"),
    ("deciles_title", "Desil pelanggan menurut kontribusi", "Customers by tenths of contribution"),
    ("decile", "Desil", "Decile"),
    ("cumulative_share", "Kumulatif", "Cumulative"),
    ("best_title", "Sepuluh pelanggan terbaik", "The ten best customers"),
    ("worst_title", "Sepuluh pelanggan paling merugi", "The ten largest losses"),
    ("tie_out", "Pencocokan ke buku besar", "Tie-out to the ledger"),
    ("ledger", "Buku besar", "Ledger"),
    ("to_customers", "Pelanggan", "Customers"),
    ("anonymous", "Anonim", "Anonymous"),
    ("internal", "Internal", "Internal"),
    ("unused", "Kapasitas tak terpakai", "Unused capacity"),
    ("unallocated", "Tidak dialokasikan", "Unallocated"),
    ("ties_out", "Cocok sampai satuan terakhir: pada semua {lines} pos, buku besar = pelanggan + internal + anonim + tak terpakai + tidak dialokasikan.", "Ties out to the last unit: on all {lines} lines, ledger = customers + internal + anonymous + unused + unallocated."),
    ("ties_not", "Tidak cocok. Pos yang menyisakan selisih: {lines}.", "Does not tie out. Lines that leave a difference: {lines}."),
    // Segments
    ("segments_lead", "{segment} adalah {share} dari pelanggan dan menyumbang {sales} dari penjualan bersih.", "{segment} are {share} of customers and bring {sales} of net sales."),
    ("rfm_map", "Peta segmen RFM", "RFM segment map"),
    ("rfm", "RFM", "RFM"),
    ("frequency", "Frekuensi", "Frequency"),
    ("recency_axis", "Kebaruan → makin ke kanan makin baru membeli", "Recency → the further right, the more recent the last order"),
    ("frequency_axis", "Frekuensi ↑ makin ke atas makin sering membeli", "Frequency ↑ the higher up, the more often they order"),
    ("segment", "Segmen", "Segment"),
    ("customer_share", "% pelanggan", "% of customers"),
    ("sales_share", "% penjualan", "% of sales"),
    ("recency_days", "Rata-rata hari sejak pesanan", "Average days since order"),
    ("segment.champions", "Juara", "Champions"),
    ("segment.loyal", "Setia", "Loyal"),
    ("segment.potential_loyalist", "Calon setia", "Potential loyalists"),
    ("segment.new", "Baru", "New"),
    ("segment.promising", "Menjanjikan", "Promising"),
    ("segment.need_attention", "Perlu perhatian", "Need attention"),
    ("segment.about_to_sleep", "Hampir terlelap", "About to sleep"),
    ("segment.at_risk", "Berisiko", "At risk"),
    ("segment.cannot_lose", "Jangan sampai lepas", "Can’t lose"),
    ("segment.hibernating", "Tertidur", "Hibernating"),
    ("segment.lost", "Hilang", "Lost"),
    // Churn
    ("churn_lead", "Dari {customers} pelanggan yang belum hilang, sekitar {expected} kemungkinan tidak memesan dalam {days} hari; laba yang terancam {profit}. {lost} lainnya sudah dianggap hilang.", "Of {customers} customers not yet lost, about {expected} are likely to place no order within {days} days; {profit} of profit is at risk. {lost} more count as lost already."),
    ("churn_title", "Yang paling layak dipertahankan", "Most worth keeping"),
    ("probability", "Peluang tanpa pesanan", "Chance of no order"),
    ("profit_at_risk", "Laba terancam", "Profit at risk"),
    ("reasons", "Alasan", "Reasons"),
    ("bands_title", "Tingkat risiko", "Risk bands"),
    ("band", "Risiko", "Risk"),
    ("band.lost", "Hilang", "Lost"),
    ("segment.cant_lose", "Jangan sampai lepas", "Can’t lose"),
    ("line.warehouse", "Gudang", "Warehouse"),
    ("line.delivery", "Pengiriman", "Delivery"),
    ("line.call_centre", "Pusat layanan", "Call centre"),
    ("line.payments", "Biaya pembayaran", "Payment fees"),
    ("line.marketing", "Pemasaran", "Marketing"),
    ("model.pareto_nbd", "Pareto/NBD", "Pareto/NBD"),
    ("model.pareto_nbd_calibrated", "Pareto/NBD terkalibrasi", "Pareto/NBD, calibrated"),
    ("model.logistic_pareto_nbd", "Logistik + Pareto/NBD", "Logistic + Pareto/NBD"),
    ("model.mbg_nbd", "MBG/NBD", "MBG/NBD"),
    ("model.mbg_nbd_calibrated", "MBG/NBD terkalibrasi", "MBG/NBD, calibrated"),
    ("model.logistic_mbg_nbd", "Logistik + MBG/NBD", "Logistic + MBG/NBD"),
    ("model.mbg_cnbd_k", "MBG/CNBD-k", "MBG/CNBD-k"),
    ("model.mbg_cnbd_k_calibrated", "MBG/CNBD-k terkalibrasi", "MBG/CNBD-k, calibrated"),
    ("model.logistic_mbg_cnbd_k", "Logistik + MBG/CNBD-k", "Logistic + MBG/CNBD-k"),
    ("model.nbd", "NBD", "NBD"),
    ("model.nbd_calibrated", "NBD terkalibrasi", "NBD, calibrated"),
    ("model.logistic_nbd", "Logistik + NBD", "Logistic + NBD"),
    ("model.blend_pareto_nbd", "Gabungan dengan Pareto/NBD", "Blend with Pareto/NBD"),
    ("model.blend_mbg_nbd", "Gabungan dengan MBG/NBD", "Blend with MBG/NBD"),
    ("model.blend_mbg_cnbd_k", "Gabungan dengan MBG/CNBD-k", "Blend with MBG/CNBD-k"),
    ("model.blend_nbd", "Gabungan dengan NBD", "Blend with NBD"),
    ("model.boosted_pareto_nbd", "Pohon + Pareto/NBD", "Trees + Pareto/NBD"),
    ("model.boosted_mbg_nbd", "Pohon + MBG/NBD", "Trees + MBG/NBD"),
    ("model.boosted_mbg_cnbd_k", "Pohon + MBG/CNBD-k", "Trees + MBG/CNBD-k"),
    ("model.boosted_nbd", "Pohon + NBD", "Trees + NBD"),
    ("model.historic_rate", "Laju lampau", "Historic rate"),
    ("model.historic_rate_calibrated", "Laju lampau terkalibrasi", "Historic rate, calibrated"),
    ("model.logistic_historic_rate", "Logistik + laju lampau", "Logistic + historic rate"),
    ("model.blend_historic_rate", "Gabungan dengan laju lampau", "Blend with the historic rate"),
    ("model.boosted_historic_rate", "Pohon + laju lampau", "Trees + historic rate"),
    ("model.logistic", "Logistik", "Logistic"),
    ("model.recency_bands", "Kebaruan", "Recency"),
    ("model.frequency_bands", "Frekuensi", "Frequency"),
    ("model.order_rate", "Laju pesanan", "Order rate"),
    ("model.last_period", "Periode lalu", "Last period"),
    ("model.base_rate", "Laju dasar", "Base rate"),
    ("model.segment_bands", "Kelompok", "Bands"),
    ("metric.auc", "AUC", "AUC"),
    ("metric.average_precision", "Presisi rata-rata", "Average precision"),
    ("metric.active_average_precision", "Presisi rata-rata yang aktif", "Average precision of the active"),
    ("metric.total_error", "Galat jumlah", "Total error"),
    ("metric.brier", "Skor Brier", "Brier score"),
    ("metric.calibration_error", "Galat kalibrasi", "Calibration error"),
    ("metric.top_decile_lift", "Lift desil teratas", "Top-decile lift"),
    ("band.high", "Tinggi", "High"),
    ("band.medium", "Sedang", "Medium"),
    ("band.low", "Rendah", "Low"),
    ("expected_churners", "Perkiraan tanpa pesanan", "Expected without an order"),
    ("model_title", "Kartu model", "Model card"),
    ("model_tested", "Diuji pada {customers} pelanggan, {period}, yang tidak dilihat model saat dilatih.", "Tested on {customers} customers, {period}, which the model had not seen in training."),
    ("winner", "Yang dipakai: {winner}", "In use: {winner}"),
    ("model_tested_as", "Diuji sebagai {model}: model pesanan terkaya yang dapat dikenali saat itu.", "Tested as {model}, the richest model of orders identified then."),
    ("model_too_few", "Kurang dari {fewest} pelanggan: terlalu sedikit untuk menguji, jadi yang dipakai adalah aturan sederhana.", "Fewer than {fewest} customers: too few to test on, so a simple rule serves."),
    // Cohorts
    ("cohorts_lead", "Dari setiap pelanggan baru, rata-rata {one} membeli lagi satu bulan kemudian, {three} pada bulan ketiga dan {six} pada bulan keenam.", "Of new customers, on average {one} buy again one month later, {three} in the third month and {six} in the sixth."),
    ("cohort", "Pesanan pertama", "First order"),
    ("cohorts_note", "Persen pelanggan yang membeli pada bulan ke-n setelah pesanan pertama. Kotak kosong belum teramati.", "Per cent of customers who ordered in the n-th month after their first order. Empty cells are not yet observed."),
    ("months_after", "Bulan setelah pesanan pertama", "Months after the first order"),
    // Offers
    ("offers_lead", "{rules} pola belanja ditemukan; {offers} penawaran siap disampaikan.", "{rules:buying pattern was|buying patterns were} found; {offers:offer is|offers are} prepared."),
    ("rules_replayed", "Dicoba pada {baskets} keranjang sesudahnya, yang tidak ikut dipakai mencari pola: yang dijanjikan {mined} terwujud {realised}; secara kebetulan {by_chance}.", "Tried on {baskets:later basket|later baskets}, which had no part in finding them: where {mined} was promised, {realised} came true; by chance it would have been {by_chance}."),
    ("rules_not_replayed", "Tidak satu pun dapat dicoba pada keranjang sesudahnya.", "None of them could be tried on later baskets."),
    ("rules_cut", "Masih ada {cut} lagi, di luar batas `max_rules`.", "There are {cut} more, beyond the limit `max_rules`."),
    ("realised", "Terwujud kemudian", "Came true later"),
    ("rules_title", "Yang sering dibeli bersama", "What is bought together"),
    ("rule", "Aturan", "Rule"),
    ("rule_sentence", "{share} dari keranjang berisi {antecedent} ({both} dari {whole}) juga berisi {consequent}, {lift} kali tingkat biasanya, setidaknya {lower}.", "{share} of the baskets with {antecedent} ({both} of {whole}) also hold {consequent}, {lift} times the usual rate, at least {lower}."),
    ("both", "Keduanya", "Both"),
    ("confidence", "Kepercayaan", "Confidence"),
    ("lift", "Lift", "Lift"),
    ("lift_lower", "Batas bawah", "Lower bound"),
    ("q_value", "q", "q"),
    ("offers_title", "Penawaran yang disiapkan", "Offers prepared"),
    ("kind", "Jenis", "Kind"),
    ("offers", "Penawaran", "Offers"),
    ("measured_as", "Yang diukur", "What is measured"),
    ("measure.customers", "pelanggan yang membeli dari 10 teratasnya", "customers who bought of their first 10"),
    ("measure.offers", "penawaran yang dibeli", "offers that were bought"),
    ("hit_rate", "Tepat sasaran", "Hit rate"),
    ("naive_hit_rate", "Cara sederhana", "Naive list"),
    ("no_better.best_sellers", "Tidak lebih baik daripada barang terlaris", "No better than best sellers"),
    ("no_better.frequency", "Tidak lebih baik daripada yang paling sering dibelinya", "No better than what he buys most often"),
    ("removed_title", "Penawaran yang tidak jadi dibuat", "Offers that were not made"),
    ("guard", "Penjaga", "Guard"),
    ("guard.removed_open_complaint", "Keluhan belum selesai", "Open complaint"),
    ("guard.removed_cool_down", "Baru saja dihubungi", "Contacted of late"),
    ("guard.removed_owned", "Sudah punya", "Has it already"),
    ("guard.removed_returned", "Pernah dikembalikan", "Gave it back"),
    ("guard.removed_stock", "Stok kosong", "Out of stock"),
    ("guard.removed_unit_margin", "Margin satuan terlalu kecil", "Unit margin too small"),
    ("guard.removed_expected_margin", "Tidak sepadan dengan biaya kontak", "Not worth the contact"),
    ("guard.removed_substitute", "Pengganti barang lain di daftar", "Substitute of another offer"),
    ("guard.removed_per_customer", "Lewat batas per pelanggan", "Over the customer's cap"),
    ("guard.removed_per_product", "Lewat batas per produk", "Over the product's cap"),
    // Queue
    ("queue_lead", "{contacts} kontak menunggu {agents} agen, bernilai {value}.", "{contacts:contact waits|contacts wait} for {agents:agent|agents}, worth {value}."),
    ("agents_title", "Per agen", "By agent"),
    ("contacts", "Kontak", "Contacts"),
    ("cap", "Batas", "Cap"),
    ("reasons_title", "Dari layak dihubungi ke masuk antrean", "From eligible to queued"),
    ("reason", "Alasan", "Reason"),
    ("eligible", "Layak", "Eligible"),
    ("no_consent", "Tanpa persetujuan", "No consent"),
    ("unreachable", "Tidak dihubungi", "Not to be called"),
    ("over_cap", "Lewat batas", "Over cap"),
    ("control", "Kelompok kontrol", "Control group"),
    ("queued", "Antre", "Queued"),
    ("reason.churn_risk", "Risiko pergi", "Churn risk"),
    ("reason.win_back", "Rebut kembali", "Win back"),
    ("reason.cross_sell", "Penjualan silang", "Cross-sell"),
    ("reason.replenish", "Isi ulang", "Replenishment"),
    ("reason.up_sell", "Penjualan naik kelas", "Up-sell"),
    ("reason.new_customer", "Pelanggan baru", "New customer"),
    ("next_title", "Kontak berikutnya", "Next contacts"),
    ("channel", "Saluran", "Channel"),
    ("offer", "Penawaran", "Offer"),
    // Quality
    ("quality_lead", "Dari {received} baris, {share} diterima, dan setiap baris terhitung.", "Of {received} rows {share} were accepted, and every row is accounted for."),
    ("quality_lead_open", "Dari {received} baris, {share} diterima, tetapi tidak semua baris terhitung.", "Of {received} rows {share} were accepted, but not every row is accounted for."),
    ("arrivals_title", "Data yang masuk per cabang dan hari", "What arrived by branch and day"),
    ("exceptions_title", "Masalah yang terbuka", "Open exceptions"),
    ("no_exceptions", "Tidak ada masalah yang terbuka.", "No exception is open."),
    ("what", "Masalah", "What is wrong"),
    ("state", "Keadaan", "State"),
    ("age", "Umur (hari)", "Age (days)"),
    ("touched", "Nilai yang tersangkut", "Amount touched"),
    ("state.open", "terbuka", "open"),
    ("state.reopened", "terbuka lagi", "re-opened"),
    ("state.held", "ditahan", "held"),
    ("arrival.ok", "lengkap", "ok"),
    ("arrival.nothing", "tidak ada", "nothing"),
    ("arrival.closed", "tutup", "closed"),
    ("arrival.resent", "dikirim ulang", "sent again"),
    ("arrival.late", "terlambat", "late"),
    ("arrival.duplicate", "dobel", "twice"),
    ("arrival.partial", "sebagian", "partial"),
    ("arrival.missing", "tidak datang", "missing"),
    ("arrival.failed", "gagal periksa", "check failed"),
    ("arrival.held", "ditahan", "held back"),
    ("sources_title", "Baris per sumber", "Rows by source"),
    ("sources_note", "Diterima masuk = diterima + ditolak + ganda + digantikan.", "Received = accepted + rejected + duplicate + superseded."),
    ("source", "Sumber", "Source"),
    ("received", "Masuk", "Received"),
    ("accepted", "Diterima", "Accepted"),
    ("rejected", "Ditolak", "Rejected"),
    ("duplicate", "Ganda", "Duplicate"),
    ("superseded", "Digantikan", "Superseded"),
    ("rejects_title", "Baris yang ditolak", "Rejected rows"),
    ("no_rejects", "Tidak ada baris yang ditolak.", "No row was rejected."),
    ("code", "Kode", "Code"),
    ("rows", "Baris", "Rows"),
    ("example", "Contoh", "Example"),
    ("control_title", "Total kontrol", "Control totals"),
    ("control_checked", "{wrong} dari {checked} total kontrol tidak cocok.", "{wrong} of {checked} control totals do not match."),
    ("no_mismatches", "Tidak ada selisih total kontrol.", "No control total differs."),
    ("day", "Hari", "Day"),
    ("expected", "Seharusnya", "Expected"),
    ("actual", "Nyatanya", "Actual"),
    ("notices_title", "Catatan", "Notices"),
    // Method
    ("settings_title", "Pengaturan", "Settings"),
    ("version", "Versi program", "Program version"),
    ("hash", "Hash masukan", "Input hash"),
    ("sen_slope", "Kemiringan Sen, Mann-Kendall p", "Sen slope, Mann-Kendall p"),
    ("retention", "Retensi", "Retention"),
    ("def.net_sales", "Penjualan setelah diskon, promosi, retur dan rabat.", "Sales after discounts, promotions, returns and rebates."),
    ("def.contribution", "Penjualan bersih dikurangi HPP dan biaya yang dialokasikan dari pos biaya.", "Net sales less cost of goods sold and the costs allocated from the cost pools."),
    ("def.active_customers", "Pelanggan dikenal dengan sedikitnya satu pesanan dalam periode.", "Known customers with at least one order in the period."),
    ("def.repeat_customer_share", "Porsi pelanggan aktif yang sudah pernah membeli sebelum pesanan itu.", "Share of the active customers who had bought before."),
    ("def.customers_at_risk", "Pelanggan pada tingkat risiko tinggi; yang sudah dianggap hilang tidak dihitung.", "Customers in the risk band high; those who count as lost already are left out."),
    ("def.average_order", "Penjualan bersih dibagi jumlah pesanan.", "Net sales divided by orders."),
    ("def.sen_slope", "Median semua kemiringan antara dua bulan; p adalah peluang melihat urutan sejelas itu bila tidak ada tren.", "Median of all slopes between two months; p is the chance of an order this clear if there were no trend."),
    ("def.whale_curve", "Kontribusi kumulatif, pelanggan diurutkan dari yang terbaik. Setelah puncak, pelanggan merugi menurunkannya.", "Contribution added up, best customer first. After the peak, loss-making customers pull it down."),
    ("def.tie_out", "Setiap pos buku besar harus sama dengan jumlah bagiannya, tanpa toleransi.", "Every line of the ledger must equal the sum of its parts, without tolerance."),
    ("def.anonymous", "Penjualan yang tidak terkait dengan pelanggan dikenal.", "Sales not linked to a known customer."),
    ("def.unallocated", "Biaya yang tidak dibagikan oleh aturan mana pun.", "Costs that no rule allocates."),
    ("def.rfm", "Pelanggan diberi nilai 1–5 menurut kebaruan, frekuensi, dan nilai belanja; segmen memakai dua yang pertama.", "Customers score 1–5 for recency, frequency and monetary value; the map shows the first two."),
    ("def.probability", "Peluang, menurut model, bahwa pelanggan tidak memesan sama sekali dalam jumlah hari yang disebut; bukan bahwa ia pergi untuk selamanya.", "The model’s probability that a customer places no order within the days named; not that he is gone for good."),
    ("def.profit_at_risk", "Peluang tanpa pesanan dikali marjin kotor setahun terakhir, disesuaikan ke jumlah hari itu.", "Chance of no order times the gross margin of the last year, scaled to those days."),
    ("def.retention", "Porsi kohort yang membeli pada bulan tertentu setelah bulan pesanan pertama.", "Share of a cohort that orders in a given month after that of its first order."),
    ("def.confidence", "Porsi pembeli barang pertama yang juga membeli barang kedua.", "Share of the buyers of the first item who also bought the second."),
    ("def.lift", "Kepercayaan dibagi tingkat pembelian biasa barang kedua; batas bawah memperhitungkan kebetulan.", "Confidence over the usual rate of the second item; the lower bound allows for chance."),
    ("def.q_value", "Porsi aturan keliru yang diperkirakan bila semua aturan dengan q sekecil ini dipercaya.", "Expected share of false rules if all rules with a q this small are believed."),
    ("def.control", "Pelanggan yang sengaja tidak dihubungi agar dampak kontak dapat diukur.", "Customers left alone on purpose, so that the effect of contacts can be measured."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn places(sentence: &str) -> HashSet<&str> {
        sentence.split('{').skip(1).filter_map(|part| part.split_once('}')?.0.split(':').next()).collect()
    }

    #[test]
    fn keys_are_unique_and_both_languages_have_the_same_places() {
        let keys: HashSet<_> = all().map(|row| row.0).collect();
        assert_eq!(keys.len(), all().count());
        for (key, indonesian, english) in all() {
            assert!(!indonesian.is_empty() && !english.is_empty(), "{key}");
            assert_eq!(places(indonesian), places(english), "{key}");
        }
    }

    #[test]
    fn every_definition_has_its_text() {
        for term in DEFINITIONS {
            assert!(find(term, Language::English).is_some(), "{term}");
            assert!(find(&format!("def.{term}"), Language::English).is_some(), "{term}");
        }
    }

    #[test]
    fn places_are_filled_once_and_values_are_not_read_again() {
        let text = fill("{a} and {b}{c}", &[("a", "{b}"), ("b", "2")], str::to_owned);
        assert_eq!(text, "{b} and 2");
        for (rows, said) in [("1", "1 row"), ("12", "12 rows")] {
            assert_eq!(fill("{n:row|rows}", &[("n", rows)], str::to_owned), said);
        }
    }
}
