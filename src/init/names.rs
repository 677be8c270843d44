//! How well the name of a column or file fits one of ours.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::money;
use super::numbers::Role;
use super::synonyms::names_of;
use crate::contracts::{Kind, input_tables};

/// How well a header fits a column of a table; 0: not at all. `hinted`: the file's name says it is this table.
///
/// What stands in brackets is a unit, or says the same again: `HARGA (RP)`, `Username (Pembeli)`. A per cent sign is a word.
pub fn fit(header: &str, table: &str, column: &str, hinted: bool) -> u32 {
    let percent = header.contains('%');
    let whole = header.replace('%', " persen ");
    let bare = match header.split_once('(') {
        Some((bare, _)) if !bare.trim().is_empty() => bare,
        _ => return fit_plain(&whole, table, column, hinted),
    };
    let bare = if percent { format!("{} persen", bare.replace('%', " ")) } else { bare.into() };
    fit_plain(&whole, table, column, hinted).max(fit_plain(&bare, table, column, hinted))
}

fn fit_plain(header: &str, table: &str, column: &str, hinted: bool) -> u32 {
    if header == column {
        return 2000;
    }
    let Some(names) = names_of(table, column) else { return 0 };
    let words = words(header);
    let joined = words.concat();
    let place_of = |joined: &str| names.words.split(' ').position(|word| word.replace('_', "") == joined);
    let is_key = column.ends_with("_id");
    // A bare `Nomor` may number the rows.
    let is_bare = is_key && KEY_WORDS.contains(&joined.as_str());
    if let Some(place) = place_of(&joined) {
        return if is_bare { 300 } else { 1000 - place as u32 };
    }
    for bare in without_thing(&words, names.thing) {
        if is_key && KEY_WORDS.contains(&bare.as_str()) {
            return 800;
        }
        if let Some(place) = place_of(&bare) {
            return 700 - place as u32;
        }
    }
    if hinted && is_key && KEY_WORDS.contains(&joined.as_str()) && owner_of(column) == Some(table) {
        return 500;
    }
    if !is_key && words.last().is_some_and(|last| KEY_WORDS.contains(&last.as_str())) {
        return 0;
    }
    let within = |name: &str| {
        let wanted: Vec<&str> = name.split('_').collect();
        wanted.len() > 1 && words.windows(wanted.len()).any(|window| window.iter().eq(wanted.iter()))
    };
    names.words.split(' ').position(within).map_or(0, |place| 400 - place as u32)
}

/// What the numbers of a column are by its name: units where they could be either, such as `Jumlah`.
pub fn role(header: &str) -> Role {
    static COLUMNS: LazyLock<BTreeMap<&str, (&str, Kind)>> = LazyLock::new(|| {
        let tables = input_tables().iter().flat_map(|table| table.columns.iter().map(|column| (table.name, column)));
        tables.map(|(table, column)| (column.name, (table, column.kind))).collect()
    });
    let fits = |kinds: &[Kind]| {
        let of_kind = |(_, (_, kind)): &(&&str, &(&str, Kind))| kinds.contains(kind);
        COLUMNS.iter().filter(of_kind).any(|(column, (table, _))| fit(header, table, column, false) > 0)
    };
    match () {
        () if money::named_in(header).is_some() => Role::Money,
        () if fits(&[Kind::Quantity, Kind::Integer, Kind::Decimal]) => Role::Number,
        () if fits(&[Kind::Money]) => Role::Money,
        () => Role::Other,
    }
}

/// Words that stand for an identifier.
const KEY_WORDS: &[&str] = &["id", "key", "no", "number", "nomor", "code", "kode", "kd", "nr"];

/// The table that owns an id.
pub fn owner_of(column: &str) -> Option<&'static str> {
    const OWNERS: &[(&str, &str)] = &[
        ("customer_id", "customers"),
        ("product_id", "products"),
        ("order_id", "orders"),
        ("branch_id", "branches"),
        ("agent_id", "agents"),
        ("staff_id", "agents"),
        ("referrer_id", "customers"),
        ("interaction_id", "interactions"),
        ("contact_id", "contacts"),
    ];
    OWNERS.iter().find(|(name, _)| *name == column).map(|(_, table)| *table)
}

/// Whether a file's name speaks for a table.
pub fn hints(file_stem: &str, table: &str) -> bool {
    let words = words(file_stem);
    HINTS
        .iter()
        .any(|(name, hints)| *name == table && hints.split(' ').any(|hint| words.iter().any(|word| word == hint)))
}

const HINTS: &[(&str, &str)] = &[
    ("branches", "branch branches cabang store stores toko outlet outlets gerai"),
    ("agents", "agent agents agen employee employees karyawan pegawai staff petugas salespeople"),
    ("products", "product products produk barang item items sku katalog catalog catalogue articles"),
    ("customers", "customer customers pelanggan member members client clients klien konsumen nasabah"),
    ("identifiers", "identifier identifiers identitas pengenal vehicle vehicles kendaraan card cards kartu"),
    ("orders", "order orders invoice invoices faktur penjualan sales transaksi transactions nota pesanan"),
    ("order_lines", "line lines detail details rincian items"),
    ("flat", "sales penjualan transactions transaksi retail"),
    (
        "interactions",
        "interaction interactions interaksi call calls keluhan complaint complaints visits kunjungan kontak contact contacts tickets",
    ),
    ("contacts", "outcome outcomes hasil"),
    ("activity_costs", "cost costs biaya activity aktivitas kegiatan"),
    ("cost_rates", "rate rates tarif tariffs"),
    ("ledger", "ledger gl bukubesar jurnal"),
    ("jobs", "job jobs pekerjaan spk workorders"),
    ("control_totals", "control kontrol kendali totals rekap"),
    ("calendar", "calendar kalender libur"),
    ("hq_documents", "hq pusat headquarters"),
    ("corrections", "correction corrections koreksi"),
    ("market", "market pasar competitor competitors pesaing kompetitor pangsa"),
];

/// Whether a header is Indonesian.
fn is_indonesian(header: &str) -> bool {
    const WORDS: &[&str] = &[
        "tanggal",
        "tgl",
        "nama",
        "kode",
        "harga",
        "jumlah",
        "pelanggan",
        "cabang",
        "barang",
        "produk",
        "kota",
        "nota",
        "faktur",
        "potongan",
        "diskon",
        "telepon",
        "alamat",
        "biaya",
        "bulan",
        "kategori",
        "waktu",
        "jenis",
        "nilai",
        "catatan",
        "petugas",
        "merek",
        "pembayaran",
        "nomor",
        "satuan",
    ];
    words(header).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// Whether a fourth of the headers are Indonesian.
pub fn are_indonesian<'h>(headers: impl IntoIterator<Item = &'h String>) -> bool {
    let (mut all, mut indonesian) = (0, 0);
    for header in headers {
        all += 1;
        indonesian += usize::from(is_indonesian(header));
    }
    indonesian * 4 >= all.max(1)
}

/// The words of a name: `InvoiceNo`, `invoice_no`, `INVOICE NO` and `invoice-no` are all `invoice`, `no`.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_alphanumeric() {
            let ends_acronym = before.is_uppercase()
                && letter.is_uppercase()
                && letters.peek().is_some_and(|next| next.is_lowercase());
            let begins = !before.is_alphanumeric() || (before.is_lowercase() && letter.is_uppercase()) || ends_acronym;
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        before = letter;
    }
    words
}

/// The header without the thing it belongs to, before or after.
fn without_thing(words: &[String], thing: &[&str]) -> Vec<String> {
    let mut bare = Vec::new();
    if let [first, rest @ ..] = words
        && !rest.is_empty()
        && thing.contains(&first.as_str())
    {
        bare.push(rest.concat());
    }
    if let [rest @ .., last] = words
        && !rest.is_empty()
        && thing.contains(&last.as_str())
    {
        bare.push(rest.concat());
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_names() {
        for table in input_tables() {
            for column in table.columns {
                assert!(names_of(table.name, column.name).is_some(), "{}.{}", table.name, column.name);
            }
        }
    }

    #[test]
    fn what_is_money_by_its_name() {
        for header in ["harga", "Harga Jual (IDR)", "unit_price", "Sales", "total", "Jumlah (Rp)", "diskon"] {
            assert_eq!(role(header), Role::Money, "{header}");
        }
        assert_eq!([role("qty"), role("Jumlah"), role("stok")], [Role::Number; 3]);
        assert_eq!([role("lintang"), role("jam")], [Role::Other; 2]);
    }

    #[test]
    fn headers_as_exports_write_them() {
        assert_eq!(words("CustomerID"), ["customer", "id"]);
        assert_eq!(words("SKUCode no.2"), ["sku", "code", "no", "2"]);
        for (header, table, column) in [
            ("InvoiceNo", "flat", "order_id"),
            ("NO_FAKTUR", "orders", "order_id"),
            ("No. Nota", "orders", "order_id"),
            ("Order Number", "orders", "order_id"),
            ("ProductKey", "products", "product_id"),
            ("Kode Barang", "order_lines", "product_id"),
            ("store_city", "branches", "city"),
            ("Kota Pelanggan", "customers", "city"),
            ("Tgl Transaksi", "orders", "ordered_at"),
            ("product category", "products", "category"),
            ("QTY (PCS)", "flat", "quantity"),
            ("HARGA (RP)", "flat", "unit_price"),
            ("DISKON (%)", "flat", "discount_percent"),
            ("Disc %", "flat", "discount_percent"),
            ("KODE BRG", "flat", "product_id"),
            ("TglBukti", "flat", "ordered_at"),
            ("KdLangganan", "flat", "customer_id"),
            ("Username (Pembeli)", "flat", "customer_id"),
        ] {
            assert!(fit(header, table, column, false) > 0, "{header}");
        }
        assert_eq!([fit("DISKON (%)", "flat", "discount", false), fit("Disc %", "flat", "discount", false)], [0, 0]);
        assert!(fit("Kts.", "flat", "quantity", false) > fit("Jumlah", "flat", "quantity", false));
        assert!(fit("City", "flat", "city", false) > fit("Country", "flat", "city", false));
        assert!(fit("Nomor Invoice", "flat", "order_id", false) > fit("Nomor", "flat", "order_id", false));
        assert!(fit("Nomor", "flat", "order_id", false) > 0);
        assert_eq!(fit("ProductSubcategoryKey", "products", "subcategory", true), 0);
        assert_eq!(fit("shipCity", "flat", "city", false), 0);
        assert_eq!(fit("id", "customers", "customer_id", false), 0);
        assert!(fit("id", "customers", "customer_id", true) > 0);
    }
}
