//! The catalogue: products, their prices, tiers and companions.

use super::calendar::Day;
use super::dice::Dice;
use super::faults::{Found, planned};
use super::write::Table;
use std::path::Path;

/// A kind of goods; `partner` is the category bought along with it.
struct Category {
    name: &'static str,
    share: f64,
    partner: Option<usize>,
    /// Subcategory, item and its price in thousands of rupiah.
    items: [(&'static str, &'static str, u64); 6],
}

/// How many categories the catalogue has.
pub(super) const CATEGORY_COUNT: u8 = CATEGORIES.len() as u8;
/// Car accessories and household goods: what Lebaran travellers buy.
const FESTIVE: [usize; 2] = [9, 11];
const TIERS: [&str; 3] = ["basic", "standard", "premium"];
/// Tiers along a category: four basic, four standard, two premium in ten.
const TIER_PATTERN: [u8; 10] = [0, 1, 0, 1, 2, 0, 1, 0, 1, 2];
/// Hundredths of the basic price.
const TIER_PRICE: [u64; 3] = [100, 150, 240];
const BRANDS: [[&str; 3]; 3] =
    [["Mitra", "Rajin", "Bintang"], ["Nusatek", "Prima", "Garuda"], ["Kencana", "Samudra Pro", "Sakti Gold"]];
const MODELS: [&str; 10] = [
    "Matik 110",
    "Bebek 125",
    "Sport 150",
    "Matik 150",
    "Trail 150",
    "MPV 1.3",
    "MPV 1.5",
    "Sedan 1.5",
    "Pikap 1.5",
    "SUV 2.4",
];

/// In place of models, for the last two categories.
const VARIANTS: [&str; 10] =
    ["Hemat", "Kecil", "Sedang", "Besar", "Jumbo", "Merah", "Biru", "Putih", "Hitam", "Spesial"];

#[rustfmt::skip]
const CATEGORIES: [Category; 12] = [
    Category { name: "Oli & Cairan", share: 0.17, partner: Some(1), items: [
        ("Oli Mesin", "Oli Mesin 0,8 L", 48), ("Oli Mesin", "Oli Mesin 4 L", 210), ("Oli Gardan", "Oli Gardan", 18),
        ("Minyak Rem", "Minyak Rem DOT 3", 22), ("Pendingin", "Air Radiator; siap pakai", 25), ("Oli Mesin", "Oli Mesin 1 L", 62)] },
    Category { name: "Filter", share: 0.09, partner: None, items: [
        ("Filter Oli", "Filter Oli", 28), ("Filter Udara", "Filter Udara", 55), ("Filter Bensin", "Filter Bensin", 35),
        ("Filter Kabin", "Filter Kabin", 80), ("Filter Oli", "Saringan Oli", 20), ("Filter Udara", "Busa Filter; isi 2", 24)] },
    Category { name: "Rem", share: 0.10, partner: Some(0), items: [
        ("Kampas Rem", "Kampas Rem Depan", 45), ("Kampas Rem", "Kampas Rem Belakang", 42), ("Cakram", "Piringan Cakram", 165),
        ("Master Rem", "Master Rem", 140), ("Kabel Rem", "Kabel Rem", 30), ("Kampas Rem", "Sepatu Rem Tromol", 95)] },
    Category { name: "Pengapian", share: 0.07, partner: Some(4), items: [
        ("Busi", "Busi", 18), ("Koil", "Koil", 95), ("Kabel Busi", "Kabel Busi", 60),
        ("Busi", "Busi \"Iridium\"", 85), ("CDI", "CDI Racing", 230), ("Koil", "Cop Busi", 15)] },
    Category { name: "Aki & Kelistrikan", share: 0.08, partner: None, items: [
        ("Aki", "Aki Kering 5 Ah", 195), ("Aki", "Aki Mobil 45 Ah", 720), ("Sekring", "Sekring; isi 10", 12),
        ("Klakson", "Klakson Keong", 75), ("Kabel", "Kabel Bodi 5 m", 40), ("Regulator", "Kiprok", 110)] },
    Category { name: "Ban & Velg", share: 0.09, partner: Some(8), items: [
        ("Ban Luar", "Ban Luar 14\"", 190), ("Ban Luar", "Ban Luar 17\"", 240), ("Ban Dalam", "Ban Dalam 17\"", 38),
        ("Velg", "Velg Palang", 420), ("Pentil", "Pentil Tubles", 10), ("Ban Luar", "Ban Mobil 15\"", 610)] },
    Category { name: "Rantai & Transmisi", share: 0.07, partner: Some(0), items: [
        ("Rantai", "Rantai 428", 95), ("Gir", "Gir Set", 180), ("V-Belt", "V-Belt", 110),
        ("Roller", "Roller CVT; isi 6", 48), ("Kopling", "Kampas Kopling", 85), ("Kopling", "Kampas Ganda", 130)] },
    Category { name: "Lampu", share: 0.06, partner: Some(4), items: [
        ("Bohlam", "Bohlam Depan", 25), ("LED", "Lampu LED H4", 120), ("Lampu Sein", "Lampu Sein", 30),
        ("Lampu Rem", "Lampu Rem", 28), ("Lampu Kabut", "Lampu Kabut", 175), ("Bohlam", "Bohlam Senja; isi 2", 12)] },
    Category { name: "Aksesori Motor", share: 0.08, partner: None, items: [
        ("Spion", "Spion", 55), ("Sarung Jok", "Sarung Jok", 48), ("Boks", "Boks Belakang", 320),
        ("Pegangan", "Handgrip", 35), ("Sarung Motor", "Sarung Motor", 90), ("Kunci", "Gembok Cakram", 65)] },
    Category { name: "Aksesori Mobil", share: 0.06, partner: Some(10), items: [
        ("Karpet", "Karpet Mobil", 260), ("Wiper", "Wiper 20\"", 45), ("Sarung Mobil", "Sarung Mobil", 280),
        ("Pengharum", "Pengharum Kabin", 30), ("Talang", "Talang Air", 150), ("Pengisi Daya", "Pengisi Daya Mobil", 70)] },
    Category { name: "Perawatan", share: 0.06, partner: None, items: [
        ("Sampo", "Sampo Kendaraan", 25), ("Poles", "Semir Bodi", 45), ("Lap", "Lap Mikrofiber; isi 3", 30),
        ("Pembersih", "Pembersih Rantai", 40), ("Pembersih", "Pembersih Injeksi", 48), ("Poles", "Semir Ban", 28)] },
    Category { name: "Rumah Tangga", share: 0.07, partner: Some(11), items: [
        ("Dapur", "Wajan Anti Lengket", 115), ("Dapur", "Rak Piring", 135), ("Kebersihan", "Sapu Ijuk", 28),
        ("Kebersihan", "Kain Pel", 45), ("Listrik", "Lampu Rumah 12 W", 26), ("Listrik", "Stopkontak 4 Lubang", 58)] },
];

/// One product, as far as buying needs it.
#[derive(Clone, Copy)]
pub(super) struct Product {
    /// Rupiah.
    pub(super) price: u32,
    pub(super) category: u8,
    companion: Option<u32>,
    /// Chance that the companion is bought along.
    attraction: f32,
}

/// All products.
pub(super) struct Products {
    products: Vec<Product>,
    /// Products by category and tier, the most popular first.
    shelves: Vec<[Vec<u32>; 3]>,
}

impl Products {
    /// A catalogue for a shop of `customers`: 120 to 50,000 products.
    pub(super) fn new(customers: u32, seed: u64) -> Self {
        let count = (customers / 20).clamp(120, 50_000);
        let mut dice = Dice::new(seed, 2);
        let mut shelves = vec![[const { Vec::new() }; 3]; CATEGORIES.len()];
        let mut products: Vec<Product> = (0..count)
            .map(|number| {
                let (category, rank, tier) = placed(number);
                shelves[category][tier].push(number);
                let base = CATEGORIES[category].items[rank % 6].2 * TIER_PRICE[tier];
                let price = base * dice.between(80, 125) / 1_000;
                Product {
                    // From hundreds of rupiah to steps of 500.
                    price: (price as u32 / 5).max(6) * 500,
                    category: category as u8,
                    companion: None,
                    attraction: 0.0,
                }
            })
            .collect();
        for (category, shelf) in shelves.iter().enumerate() {
            let Some(partner) = CATEGORIES[category].partner else {
                continue;
            };
            for (tier, shelf) in shelf.iter().enumerate() {
                let others = &shelves[partner][tier];
                let shift = usize::from(partner == category);
                for (rank, &number) in shelf.iter().enumerate().filter(|(rank, _)| rank % 3 != 2) {
                    let product = &mut products[number as usize];
                    product.companion = others.get((rank + shift) % others.len().max(1)).copied();
                    product.attraction = if rank % 2 == 0 { 0.55 } else { 0.30 };
                }
            }
        }
        Self { products, shelves }
    }

    /// How many products there are.
    pub(super) fn count(&self) -> u64 {
        self.products.len() as u64
    }

    /// The product with this number.
    pub(super) fn get(&self, number: u32) -> Product {
        self.products[number as usize]
    }

    /// A product of `category`, of `tier` or near it.
    pub(super) fn draw(&self, dice: &mut Dice, category: u8, tier: u8) -> u32 {
        let tier = match dice.weighted(&[0.72, 0.20, 0.08]) {
            0 => tier,
            1 => tier.saturating_sub(1),
            _ => (tier + 1).min(2),
        };
        let shelf = &self.shelves[usize::from(category)][usize::from(tier)];
        let popular = dice.unit();
        let rank = (popular * popular * shelf.len() as f64) as usize;
        shelf.get(rank).copied().unwrap_or_default()
    }

    /// What is bought along with `product` this time, if anything.
    pub(super) fn companion(&self, dice: &mut Dice, product: &Product) -> Option<u32> {
        let companion = product.companion?;
        dice.chance(f64::from(product.attraction)).then_some(companion)
    }

    /// A category by what sells on `day`.
    pub(super) fn popular_category(&self, dice: &mut Dice, day: &Day) -> u8 {
        if let Some(promoted) = day.promoted
            && dice.chance(0.25)
        {
            return promoted;
        }
        if day.lebaran && dice.chance(0.35) {
            return FESTIVE[dice.below(2) as usize] as u8;
        }
        let mut left = dice.unit();
        let place = CATEGORIES.iter().position(|category| {
            left -= category.share;
            left < 0.0
        });
        place.unwrap_or_default() as u8
    }

    /// Writes `products.csv`.
    pub(super) fn write(&self, dir: &Path, seed: u64, faults: bool) -> std::io::Result<Vec<Found>> {
        let mut dice = Dice::new(seed, 3);
        let mut table = Table::create(
            dir,
            "exports/products.csv".to_owned(),
            "kode_barang;nama;kategori;subkategori;merek;harga_jual;harga_pokok;kelas;stok",
            planned("products", faults.then_some(self.products.len() as f64 / 120.0)),
        )?;
        for (number, product) in (0u32..).zip(&self.products) {
            let (category, rank, tier) = placed(number);
            let (subcategory, item, _) = CATEGORIES[category].items[rank % 6];
            let brand = BRANDS[tier][rank / 6 % 3];
            let model = if category < 10 { MODELS[rank % 10] } else { VARIANTS[rank % 10] };
            let name = match rank / 90 {
                0 => format!("{item} {brand} {model}"),
                series => format!("{item} {brand} {model} seri {}", series + 1),
            };
            let margin = [15, 20, 26][tier] + dice.below(12);
            let cost = u64::from(product.price) * (100 - margin) / 100;
            let stock = dice.below(40) * dice.below(12);
            push_product_id(&mut table, number);
            table.text(&name);
            table.text(CATEGORIES[category].name);
            table.text(subcategory);
            table.text(brand);
            table.money(u64::from(product.price));
            table.money(cost / 50 * 50);
            table.text(TIERS[tier]);
            table.integer(stock);
            table.end_row()?;
            table.boundary()?;
        }
        table.finish()
    }
}

/// Adds the product's id to the row: `000123` for the older half of the
/// catalogue, `SP-00123` for the newer.
pub(super) fn push_product_id(table: &mut Table, number: u32) {
    let shown = u64::from(number) * 7 + 11;
    if number % 5 < 2 {
        table.code(b"", shown, 6);
    } else {
        table.code(b"SP-", shown, 5);
    }
}

/// Category, rank within it, and tier of the product with this number.
fn placed(number: u32) -> (usize, usize, usize) {
    let rank = number as usize / CATEGORIES.len();
    let tier = TIER_PATTERN[rank % TIER_PATTERN.len()];
    (number as usize % CATEGORIES.len(), rank, usize::from(tier))
}
