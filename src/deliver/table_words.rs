//! What result tables hold, in Indonesian; in English their declarations say it.

use super::report::Language;
use crate::contracts::Table;

/// What a table holds.
pub fn says(table: &'static Table, language: Language) -> &'static str {
    let indonesian = || SAYS.iter().find(|row| row.0 == table.name).map(|row| row.1);
    match language {
        Language::Indonesian => indonesian().unwrap_or(table.doc),
        Language::English => table.doc,
    }
}

#[rustfmt::skip]
const SAYS: &[(&str, &str)] = &[
    ("customers", "Semua yang diketahui dan dihitung tentang pelanggan; satu baris per pelanggan."),
    ("customer_history", "Kapan, di mana dan apa yang dibeli pelanggan; satu baris per pelanggan."),
    ("profitability", "Apa yang dihasilkan tiap pelanggan, dengan satu kolom biaya per pos; satu baris per pelanggan."),
    ("profitability_deciles", "Apa yang dihasilkan tiap sepersepuluh pelanggan; satu baris per desil."),
    ("profitability_whale", "Kontribusi kumulatif pelanggan terbaik di luar perusahaan; satu baris per persen pelanggan."),
    ("profitability_tieout", "Setiap angka laporan laba dicocokkan ke sumbernya; satu baris per pos."),
    ("profitability_losses", "Pelanggan di luar perusahaan yang merugi dan pos penyebabnya; satu baris per pelanggan."),
    ("profitability_moves", "Mengapa kontribusi periode lengkap terakhir berbeda dari sebelumnya; satu baris per pelanggan."),
    ("profitability_parties", "Pihak dengan beberapa akun, sebagai pelanggan dan pemasok, setelah saling dihapuskan; satu baris per pihak."),
    ("profitability_periods", "Apa yang dihasilkan tiap pelanggan per periode; satu baris per periode dan pelanggan."),
    ("profitability_pools", "Biaya tiap pos per bulan dan ke mana perginya; satu baris per pos dan bulan."),
    ("rfm", "Kebaruan, frekuensi dan nilai belanja dengan skornya; satu baris per pelanggan yang memesan."),
    ("rfm_segments", "Jumlah dan nilai segmen RFM; satu baris per segmen."),
    ("rfm_cuts", "Batas tiap skor RFM dan aturannya; satu baris per sumbu dan skor."),
    ("rfm_migration", "Perpindahan antarsegmen sejak proses sebelumnya; satu baris per pasang segmen."),
    ("rfm_moves", "Siapa berpindah segmen, datang atau pergi; satu baris per pelanggan."),
    ("segments", "Segmen sendiri: jumlah pelanggan dan nilainya; satu baris per segmen."),
    ("segment_overlaps", "Berapa pelanggan ada di dua segmen sekaligus; satu baris per pasang."),
    ("segment_members", "Siapa ada di segmen mana; satu baris per pelanggan."),
    ("churn", "Peluang pelanggan tidak memesan dalam rentang yang ditetapkan; satu baris per pelanggan yang pernah memesan."),
    ("churn_backtest", "Seberapa baik tiap cara memperkirakan siapa yang tidak memesan; satu baris per jendela uji, kelompok dan model."),
    ("clv", "Apa yang diperkirakan dihasilkan pelanggan dalam bulan-bulan ke depan; satu baris per pelanggan yang pernah memesan."),
    ("clv_cards", "Seberapa baik nilai pelanggan diperkirakan dahulu; satu baris per model, ukuran dan jendela."),
    ("clv_model", "Dasar nilai pelanggan: rentang, diskonto, model, parameter, koreksi; satu baris per butir."),
    ("subscriptions", "Kontrak: lama berjalan dan peluang berakhir; satu baris per pelanggan dengan kontrak."),
    ("subscription_survival", "Porsi kontrak yang bertahan lebih lama dari tiap bulan; satu baris per kelompok dan bulan."),
    ("subscription_cards", "Seberapa baik tiap cara memperkirakan kontrak mana yang berakhir; satu baris per model dan ukuran."),
    ("model_cards", "Seberapa baik model dan cara sederhana memperkirakan jendela yang belum dilihat; satu baris per analisis, model dan ukuran."),
    ("trend_kpis", "Penjualan, pesanan dan pelanggan tiap bulan, di samping bulan sebelumnya dan tahun lalu; satu baris per bulan, dimensi dan nilai."),
    ("trend_cohorts", "Berapa pelanggan baru tiap bulan yang membeli lagi dan apa yang mereka hasilkan; satu baris per kohort dan umur."),
    ("trend_bridge", "Selisih penjualan dua bulan menurut harga, volume, bauran, produk baru dan hilang."),
    ("trend_customer_bridge", "Selisih penjualan dua bulan menurut pelanggan baru, aktif kembali, tetap dan hilang."),
    ("trend_basket_bridge", "Selisih penjualan kepada pelanggan dikenal menurut jumlah pelanggan, kekerapan dan isi keranjang."),
    ("trend_slopes", "Tren dan musim penjualan bulanan; satu baris per dimensi dan nilai."),
    ("trend_seasons", "Porsi tiap bulan dalam setahun; satu baris per dimensi, nilai dan bulan."),
    ("trend_changes", "Bulan penjualan beralih ke tingkat lain dan menetap; satu baris per peralihan."),
    ("trend_movers", "Cabang, kategori dan produk yang paling naik atau turun pada bulan lengkap terakhir."),
    ("trend_abc", "Produk menurut nilai (A, B, C) dan kerataan (X, Y, Z); satu baris per produk."),
    ("trend_products", "Produk yang muncul, diluncurkan dan memudar; satu baris per produk."),
    ("trend_anomalies", "Bulan yang penjualannya di luar dugaan, dan bagian mana yang menyebabkannya."),
    ("trend_forecast", "Perkiraan penjualan bulan-bulan berikutnya dengan selangnya; satu baris per bulan, dimensi dan nilai."),
    ("trend_forecast_backtest", "Dasar tiap perkiraan dan hasilnya ketika bulan-bulan terakhir diperkirakan ulang."),
    ("trend_calendar", "Hari berjualan, Ramadan dan Lebaran tiap bulan; satu baris per bulan."),
    ("trend_market", "Penjualan dan harga sendiri di samping pesaing; satu baris per bulan, kategori dan pesaing."),
    ("product_sales", "Apa yang laku; satu baris per produk."),
    ("basket_rules", "Produk yang dibeli bersama lebih sering daripada kebetulan; satu baris per pasang."),
    ("basket_model_card", "Cara aturan ditemukan dan hasilnya pada hari yang diputar ulang; satu baris per ukuran."),
    ("basket_substitutes", "Produk sejenis yang lebih jarang bersama daripada kebetulan; satu baris per pasang."),
    ("itemset_rules", "Siapa membeli semua ini juga membeli itu: aturan dari kelompok produk dan kategori."),
    ("itemset_model_card", "Cara aturan tiap tingkat ditemukan dan hasilnya; satu baris per tingkat dan ukuran."),
    ("cross_sell", "Produk yang belum pernah dibeli dan mungkin dibeli pelanggan; satu baris per pelanggan dan produk."),
    ("cross_sell_model_card", "Hasil penawaran seperti itu pada hari yang sudah diketahui; satu baris per ukuran."),
    ("cross_sell_backtest", "Seberapa baik tiap cara mengurutkan yang kemudian dibeli untuk pertama kali."),
    ("up_sell", "Produk yang lebih baik atau lebih besar daripada yang biasa dibeli; satu baris per pelanggan dan produk."),
    ("up_sell_moves", "Berapa pelanggan yang beralih ke kelas yang lebih tinggi; satu baris per peralihan."),
    ("up_sell_packs", "Kemasan produk yang sama dan harganya per satuan; satu baris per produk."),
    ("up_sell_model_card", "Hasil penawaran seperti itu pada hari yang sudah diketahui; satu baris per ukuran."),
    ("up_sell_backtest", "Seberapa baik penawaran naik kelas diperkirakan dahulu."),
    ("replenish", "Produk yang dibeli berulang dan sudah waktunya dibeli lagi; satu baris per pelanggan dan produk."),
    ("replenish_model_card", "Hasil pengingat seperti itu pada hari yang sudah diketahui; satu baris per ukuran."),
    ("replenish_backtest", "Seberapa baik tiap cara mengurutkan yang kemudian dibeli lagi."),
    ("offer_guards", "Berapa penawaran yang dicegah tiap penjaga; satu baris per daftar dan penjaga."),
    ("queue", "Siapa dihubungi hari ini, menurut agen dan urutan; satu baris per pelanggan."),
    ("queue_reasons", "Dari layak dihubungi sampai masuk antrean; satu baris per alasan."),
    ("queue_excluded", "Pelanggan yang tidak dihubungi hari ini, masing-masing dihitung sekali; satu baris per alasan."),
    ("queue_candidates", "Pelanggan yang punya alasan untuk dihubungi, dihubungi atau tidak; satu baris per pelanggan."),
    ("agent_portfolio", "Siapa yang diurus tiap agen dan apa taruhannya; satu baris per agen."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::results;

    #[test]
    fn every_table_is_described() {
        let known: Vec<&str> = SAYS.iter().map(|row| row.0).collect();
        let tables: Vec<&str> = results::ALL.iter().map(|table| table.name).collect();
        assert_eq!(known, tables);
    }
}
