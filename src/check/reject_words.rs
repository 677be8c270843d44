//! What the reject codes mean, in the words of a branch.

use crate::ingest::rejects;

/// Code, what is wrong, what to do, in Indonesian; the English is declared with the codes.
const INDONESIAN: &[(&str, &str, &str)] = &[
    (
        "ragged",
        "jumlah kolom baris ini tidak sama dengan judul kolom",
        "beri tanda kutip pada isi yang memuat pemisah, atau lengkapi",
    ),
    (
        "bad_quoting",
        "tanda kutip tidak ditutup, atau ditutup di tengah isi",
        "gandakan tanda kutip di dalam isi, atau hapus yang tersesat",
    ),
    (
        "too_long",
        "baris lebih panjang dari 1 MiB",
        "cari tanda kutip atau akhir baris yang hilang; di sini hanya bagian awalnya",
    ),
    ("total_row", "baris jumlah, bukan transaksi", "tidak perlu apa-apa; sebaiknya tidak ikut diekspor"),
    ("repeated_header", "judul kolom muncul lagi di tengah berkas", "tidak perlu apa-apa; akibat berkas digabung"),
    (
        "moved_header",
        "judul kolom muncul lagi dengan urutan lain: berkas ditahan",
        "jadikan bagian sesudahnya berkas tersendiri",
    ),
    ("empty_row", "baris berisi pemisah saja, tanpa isi", "tidak perlu apa-apa; ditulis lembar kerja di bawah tabel"),
    ("nul_byte", "ada byte NUL: berkas rusak saat ditulis atau dikirim", "kirim ulang berkasnya"),
    (
        "encoding",
        "baris ditulis dengan encoding lain dari berkasnya",
        "ekspor dengan encoding yang benar, atau betulkan `encoding`",
    ),
    ("bad_json", "baris bukan objek JSON, atau menyebut satu kunci dua kali", "tulis satu objek per baris"),
    (
        "error_cell",
        "rumus gagal, seperti #DIV/0!, atau belum pernah dihitung (#CALC!)",
        "betulkan rumusnya, atau buka lalu simpan buku kerjanya; atau ketik nilainya",
    ),
    ("missing_value", "isian wajib kosong", "isi selnya"),
    ("bad_date", "tanggal tidak sesuai pola, atau harinya tidak ada", "betulkan tanggalnya, atau `date` pada sumber"),
    ("bad_timestamp", "waktu tidak sesuai pola, atau tidak ada", "betulkan waktunya, atau `timestamp` pada sumber"),
    ("bad_month", "bulan tidak ditulis YYYY-MM", "tulis bulan sebagai YYYY-MM"),
    (
        "bad_number",
        "bukan angka menurut cara penulisan yang ditentukan, atau desimalnya terlalu banyak",
        "betulkan angkanya, atau `decimal`, `thousands` dan `currency.decimals`",
    ),
    (
        "other_currency",
        "nilai memakai tanda mata uang lain dari mata uang proyek",
        "konversikan, atau muat ke proyek tersendiri; atau betulkan `currency.code`",
    ),
    (
        "fractional_quantity",
        "jumlah barang bukan bilangan bulat",
        "ekspor dalam satuan lebih kecil (gram, bukan kilogram), harganya juga",
    ),
    (
        "bad_rate",
        "potongan bukan antara 0 dan 1 (atau 0 dan 100 persen)",
        "betulkan, atau petakan `discount_percent`, bukan `discount_rate`",
    ),
    ("no_unit_price", "ada total baris tetapi tidak ada jumlah barang untuk membaginya", "isi jumlah barangnya"),
    ("bad_flag", "bukan ya atau tidak", "tulis 1 atau 0, Y atau N, ya atau tidak"),
    (
        "nonpositive_quantity",
        "jumlah nol atau kurang, padahal retur punya kolom sendiri",
        "betulkan jumlahnya, atau pakai `negative_quantity = \"return\"`",
    ),
    ("negative_price", "harga di bawah nol", "betulkan harganya, atau pakai `negative_quantity = \"return\"`"),
    ("too_large", "nilai terlalu besar untuk dijumlahkan dengan aman", "betulkan jumlah atau harganya"),
    ("duplicate_key", "nomor ini sudah ada pada baris sebelumnya", "kirim tiap baris satu kali; yang pertama dipakai"),
    ("unknown_customer", "pelanggan dengan nomor ini tidak ada", "kirim data pelanggannya, atau betulkan nomornya"),
    ("unknown_order", "faktur dengan nomor ini tidak ada", "kirim fakturnya, atau betulkan nomornya"),
    ("unknown_product", "barang dengan kode ini tidak ada", "kirim data barangnya, atau betulkan kodenya"),
];

/// What is wrong, and what to do, in Indonesian or English; nothing for a code that is not known.
pub fn words(code: &str, indonesian: bool) -> (&'static str, &'static str) {
    let declared = rejects::code(code).map(|known| (known.meaning, known.fix));
    let translated = INDONESIAN.iter().find(|(known, ..)| *known == code).map(|(_, what, fix)| (*what, *fix));
    translated.filter(|_| indonesian).or(declared).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_words_in_both_languages() {
        let ours: Vec<&str> = INDONESIAN.iter().map(|(code, ..)| *code).collect();
        let declared: Vec<&str> = rejects::CODES.iter().map(|code| code.code).collect();
        assert_eq!(ours, declared);
    }
}
