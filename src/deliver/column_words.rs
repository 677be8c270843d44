//! What the columns of result tables are called by people: name → Indonesian, English.

use super::report::Language;

/// The name of a column in words; of one that has none its own, without underscores.
pub fn label(column: &str, language: Language) -> String {
    if let Some((_, indonesian, english)) = LABELS.iter().find(|row| row.0 == column) {
        return match language {
            Language::Indonesian => (*indonesian).to_string(),
            Language::English => (*english).to_string(),
        };
    }
    if let Some(pool) = column.strip_prefix("cost_") {
        let pool = super::report::statement_line(pool, language);
        return match language {
            Language::Indonesian => format!("Biaya: {pool}"),
            Language::English => format!("Cost: {pool}"),
        };
    }
    let words = column.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[rustfmt::skip]
const LABELS: &[(&str, &str, &str)] = &[
    ("customer_id", "ID pelanggan", "Customer ID"),
    ("name", "Nama", "Name"),
    ("phone", "Telepon", "Telephone"),
    ("email", "Surel", "E-mail"),
    ("city", "Kota", "City"),
    ("birth_date", "Tanggal lahir", "Date of birth"),
    ("branch_id", "Cabang", "Branch"),
    ("agent_id", "Agen", "Agent"),
    ("party_class", "Jenis pihak", "Kind of party"),
    ("registered_on", "Terdaftar", "Registered on"),
    ("consent_email", "Boleh surel", "E-mail consent"),
    ("consent_sms", "Boleh pesan", "Message consent"),
    ("consent_call", "Boleh telepon", "Call consent"),
    ("first_order_date", "Pesanan pertama", "First order"),
    ("last_order_date", "Pesanan terakhir", "Last order"),
    ("days_since_last_order", "Hari sejak pesanan terakhir", "Days since the last order"),
    ("usual_gap_days", "Jarak pesanan biasanya (hari)", "Usual days between orders"),
    ("last_activity_date", "Kegiatan terakhir", "Last activity"),
    ("activity_status", "Keaktifan", "Activity"),
    ("active_in_month", "Aktif bulan lalu", "Active in the month before"),
    ("preferred_branch", "Cabang langganan", "Preferred branch"),
    ("preferred_channel", "Saluran langganan", "Preferred channel"),
    ("preferred_category", "Kategori langganan", "Preferred category"),
    ("preferred_staff", "Petugas langganan", "Preferred staff"),
    ("next_birthday", "Ulang tahun berikutnya", "Next birthday"),
    ("n_orders", "Jumlah pesanan", "Orders"),
    ("n_lines", "Jumlah baris", "Lines"),
    ("units", "Jumlah barang", "Units"),
    ("gross_sales", "Penjualan kotor", "Gross sales"),
    ("discounts", "Diskon", "Discounts"),
    ("promotions", "Promosi dan kupon", "Promotions and coupons"),
    ("returns", "Retur", "Returns"),
    ("rebates", "Rabat", "Rebates"),
    ("net_sales", "Penjualan bersih", "Net sales"),
    ("cogs", "HPP", "Cost of goods sold"),
    ("gross_margin", "Marjin kotor", "Gross margin"),
    ("order_costs", "Biaya pesanan", "Costs of orders"),
    ("service_costs", "Biaya layanan", "Costs of service"),
    ("marketing_costs", "Biaya pemasaran", "Costs of marketing"),
    ("overhead_costs", "Biaya umum", "Overhead"),
    ("contribution", "Kontribusi", "Contribution"),
    ("profit_class", "Golongan laba", "Class of profit"),
    ("decile", "Desil", "Tenth"),
    ("recency_days", "Hari sejak pesanan terakhir (RFM)", "Recency in days"),
    ("frequency", "Frekuensi", "Frequency"),
    ("monetary", "Nilai belanja", "Monetary value"),
    ("r", "Skor kebaruan", "Recency score"),
    ("f", "Skor frekuensi", "Frequency score"),
    ("m", "Skor nilai", "Monetary score"),
    ("segment", "Segmen", "Segment"),
    ("previous_segment", "Segmen sebelumnya", "Segment before"),
    ("previous_recency_days", "Hari sejak pesanan, sebelumnya", "Recency in days, before"),
    ("previous_frequency", "Frekuensi sebelumnya", "Frequency before"),
    ("previous_monetary", "Nilai belanja sebelumnya", "Monetary value before"),
    ("cause", "Sebab", "Cause"),
    ("churn_probability", "Peluang tanpa pesanan", "Chance of no order"),
    ("expected_orders", "Perkiraan pesanan", "Orders expected"),
    ("risk_band", "Risiko", "Risk"),
    ("reason_1", "Alasan utama", "Main reason"),
    ("reason_2", "Alasan kedua", "Second reason"),
    ("reason_3", "Alasan ketiga", "Third reason"),
    ("excess_1", "Lebih dari biasanya", "More than usual by"),
    ("excess_2", "Lebih dari biasanya (kedua)", "More than usual by (second)"),
    ("excess_3", "Lebih dari biasanya (ketiga)", "More than usual by (third)"),
    ("profit_at_risk", "Laba terancam", "Profit at risk"),
    ("do_not_chase", "Jangan dikejar", "Do not chase"),
    ("contact_profit", "Laba dari satu kontak", "Profit of a contact"),
    ("method", "Cara", "Method"),
    ("clv", "Nilai ke depan", "Lifetime value"),
    ("clv_low", "Nilai ke depan, batas bawah", "Lifetime value, lower end"),
    ("clv_high", "Nilai ke depan, batas atas", "Lifetime value, upper end"),
    ("historic_value", "Kontribusi sampai kini", "Contribution so far"),
    ("expected_orders_12m", "Perkiraan pesanan ke depan", "Orders expected ahead"),
    ("value_per_order", "Nilai per pesanan", "Value of an order"),
    ("months", "Lama berjalan (bulan)", "Months run"),
    ("ended", "Berakhir", "Ended"),
    ("monthly_charge", "Tagihan per bulan", "Charge a month"),
    ("product_id", "Produk", "Product"),
    ("category", "Kategori", "Category"),
    ("subcategory", "Subkategori", "Subcategory"),
    ("brand", "Merek", "Brand"),
    ("rank", "Urutan", "Place"),
    ("probability", "Peluang membeli", "Chance of buying"),
    ("expected_margin", "Perkiraan margin", "Expected margin"),
    ("reason", "Alasan", "Reason"),
    ("reasons", "Alasan", "Reasons"),
    ("because", "Karena", "Because of"),
    ("n_both", "Pembeli keduanya", "Bought both"),
    ("n_antecedent", "Pembeli yang pertama", "Bought the first"),
    ("n_consequent", "Pembeli yang kedua", "Bought the second"),
    ("n_baskets", "Keranjang", "Baskets"),
    ("within_days", "Dalam hari", "Within days"),
    ("confidence", "Kepercayaan", "Confidence"),
    ("support", "Porsi keranjang", "Share of baskets"),
    ("lift", "Lift", "Lift"),
    ("lift_low", "Lift, batas bawah", "Lift, lower bound"),
    ("from_step", "Dari tingkat", "From step"),
    ("to_step", "Ke tingkat", "To step"),
    ("n_moved", "Yang beralih", "Moved"),
    ("n_observed", "Yang diamati", "Observed"),
    ("age_days", "Umur (hari)", "Age in days"),
    ("price_step", "Selisih harga", "Step in price"),
    ("due_date", "Jatuh tempo", "Due on"),
    ("gap_days", "Biasanya tiap (hari)", "Usual gap in days"),
    ("last_bought_on", "Terakhir dibeli", "Last bought on"),
    ("n_days", "Hari pembelian", "Days bought on"),
    ("antecedent", "Bila membeli", "Who buys"),
    ("consequent", "Juga membeli", "Also buys"),
    ("instead_of", "Pengganti", "Instead of"),
    ("key", "Kunci", "Key"),
    ("priority", "Prioritas", "Priority"),
    ("talking_points", "Bahan pembicaraan", "Talking points"),
    ("in_control", "Kelompok kontrol", "Control group"),
    ("outcome", "Hasil", "Outcome"),
    ("period", "Periode", "Period"),
    ("base_period", "Periode pembanding", "Period compared with"),
    ("base_contribution", "Kontribusi pembanding", "Contribution compared with"),
    ("price", "Harga", "Price"),
    ("discount", "Diskon", "Discount"),
    ("cost", "Biaya", "Cost"),
    ("volume", "Volume", "Volume"),
    ("mix", "Bauran", "Mix"),
    ("service", "Layanan", "Service"),
    ("lines_below_cost", "Baris di bawah harga pokok", "Lines below cost"),
    ("margin_below_cost", "Rugi baris itu", "Lost on them"),
    ("worst_product", "Produk paling merugi", "Worst product"),
    ("month", "Bulan", "Month"),
    ("revenue", "Pendapatan", "Revenue"),
    ("share", "Porsi", "Share"),
    ("order_id", "Pesanan", "Order"),
    ("ordered_at", "Waktu", "When"),
    ("at", "Waktu", "When"),
    ("channel", "Saluran", "Channel"),
    ("status", "Status", "Status"),
    ("amount", "Jumlah", "Amount"),
    ("kind", "Jenis", "Kind"),
    ("value", "Nilai", "Value"),
    ("minutes", "Menit", "Minutes"),
    // Where the exports have no costs of goods
    ("sales_at_risk", "Penjualan terancam", "Sales at risk"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_one_label_and_others_are_readable() {
        let mut names: Vec<&str> = LABELS.iter().map(|row| row.0).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LABELS.len());
        assert_eq!(label("clv", Language::Indonesian), "Nilai ke depan");
        assert_eq!(label("cost_call_centre", Language::English), "Cost: Call centre");
        assert_eq!(label("n_changes", Language::English), "N changes");
    }
}
