//! The export's words for our values, and the drivers of cost pools.

use std::collections::BTreeMap;

/// Our value and the words for it.
type Meanings = &'static [(&'static str, &'static [&'static str])];

const ORDER_STATUS: Meanings = &[
    (
        "completed",
        &[
            "completed",
            "complete",
            "selesai",
            "pesanan selesai",
            "lunas",
            "paid",
            "shipped",
            "delivered",
            "done",
            "closed",
            "dikirim",
            "terkirim",
            "diterima",
            "sukses",
            "success",
            "berhasil",
            "fulfilled",
            "dibayar",
            "ok",
            "resolved",
            "finished",
            "tuntas",
        ],
    ),
    (
        "cancelled",
        &[
            "cancelled",
            "canceled",
            "cancel",
            "batal",
            "dibatalkan",
            "dibatalkan penjual",
            "dibatalkan pembeli",
            "dibatalkan sistem",
            "void",
            "voided",
            "gagal",
            "failed",
            "ditolak",
            "rejected",
            "refunded",
        ],
    ),
    (
        "pending",
        &[
            "pending",
            "tunda",
            "tertunda",
            "ditunda",
            "open",
            "menunggu",
            "proses",
            "diproses",
            "processing",
            "in process",
            "on hold",
            "belum lunas",
            "belum bayar",
            "unpaid",
            "draft",
            "baru",
            "new",
            "disputed",
        ],
    ),
];
const INTERACTION_STATUS: Meanings = &[
    ("open", &["open", "buka", "terbuka", "proses", "diproses", "pending", "baru", "new", "menunggu", "in progress"]),
    ("closed", &["closed", "tutup", "ditutup", "selesai", "done", "resolved", "completed", "tuntas"]),
];
const INTERACTION_KIND: Meanings = &[
    ("call", &["call", "telepon", "telpon", "panggilan", "phone call"]),
    ("visit", &["visit", "kunjungan", "datang"]),
    ("complaint", &["complaint", "keluhan", "komplain", "pengaduan"]),
    ("suggestion", &["suggestion", "saran", "usul", "masukan"]),
    ("wishlist", &["wishlist", "wish list", "wish", "keinginan", "daftar keinginan"]),
    ("interest", &["interest", "minat", "ketertarikan", "inquiry", "enquiry", "tanya"]),
];
const PAYMENT: Meanings = &[
    ("cash", &["cash", "tunai", "kas"]),
    ("card", &["card", "kartu", "kartu kredit", "kartu debit", "credit card", "debit card", "debit", "edc"]),
    ("transfer", &["transfer", "bank transfer", "transfer bank", "tf"]),
    ("installment", &["installment", "instalment", "cicilan", "angsuran", "kredit"]),
];
const CHANNEL: Meanings = &[
    ("store", &["store", "toko", "in store", "in-store", "offline", "gerai"]),
    ("web", &["web", "website", "situs", "online"]),
    ("app", &["app", "aplikasi", "mobile app"]),
    ("phone", &["phone", "telepon", "telpon"]),
];
const PARTY_CLASS: Meanings = &[
    ("external", &["external", "eksternal", "luar", "umum"]),
    ("internal", &["internal", "dalam", "karyawan", "pegawai", "employee"]),
    ("supplier", &["supplier", "pemasok", "vendor"]),
];

/// The export's words for our values of a column, and the words we do not know.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Our value and the export's words, where they differ.
    pub known: Vec<(&'static str, Vec<String>)>,
    /// Words without a meaning here, and how often they occur.
    pub unknown: Vec<(String, u64)>,
}

/// Reads the values of a column; `None` where its words are free.
pub fn words(table: &str, column: &str, levels: &BTreeMap<Vec<u8>, u64>) -> Option<Words> {
    let meanings = match (table, column) {
        ("orders" | "flat", "status") => ORDER_STATUS,
        ("interactions", "status") => INTERACTION_STATUS,
        ("interactions", "kind") => INTERACTION_KIND,
        (_, "payment") => PAYMENT,
        (_, "channel") => CHANNEL,
        (_, "party_class") => PARTY_CLASS,
        _ => return None,
    };
    let mut words = Words::default();
    let mut by_meaning: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (text, count) in levels {
        let Ok(text) = std::str::from_utf8(text) else { continue };
        let plain = text.trim().to_lowercase().replace('_', " ");
        match meanings.iter().position(|(_, words)| words.contains(&plain.as_str())) {
            Some(place) if meanings[place].0 == text => {}
            Some(place) => by_meaning.entry(place).or_default().push(text.into()),
            None => words.unknown.push((text.into(), *count)),
        }
    }
    words.known = by_meaning.into_iter().map(|(place, found)| (meanings[place].0, found)).collect();
    Some(words)
}

/// What a cost pool is shared out by, guessed from its name.
pub fn driver(pool: &str) -> &'static str {
    const DRIVERS: &[(&str, &[&str])] = &[
        ("delivered_orders", &["deliver", "kirim", "pengirim", "shipping", "freight", "ongkir", "antar", "logisti"]),
        ("service_minutes", &["call", "telepon", "service", "layanan", "servis", "complaint", "keluhan"]),
        ("card_net_sales", &["payment", "card", "kartu", "bayar", "edc", "mdr"]),
        ("active_months", &["marketing", "pemasaran", "promo", "iklan", "crm", "advert"]),
        ("units", &["warehouse", "gudang", "storage", "handling", "picking", "packing"]),
    ];
    let pool = pool.to_lowercase();
    DRIVERS
        .iter()
        .find(|(_, parts)| parts.iter().any(|part| pool.contains(part)))
        .map_or("net_sales", |(driver, _)| driver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_words() {
        let levels = [("Selesai", 9), ("completed", 5), ("BATAL", 2), ("hilang", 1)]
            .map(|(word, count)| (word.as_bytes().to_vec(), count));
        let words = words("orders", "status", &levels.into()).unwrap();
        assert_eq!(words.known, [("completed", vec!["Selesai".to_string()]), ("cancelled", vec!["BATAL".to_string()])]);
        assert_eq!(words.unknown, [("hilang".to_string(), 1)]);
        assert_eq!(
            (driver("Gudang"), driver("call_centre"), driver("sewa")),
            ("units", "service_minutes", "net_sales")
        );
    }
}
