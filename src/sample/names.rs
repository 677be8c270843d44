//! Words the shop is named from: cities, people, workshops.

use super::dice::Dice;

/// Cities with their three-letter codes and vehicle plate letters.
pub(super) const CITIES: [(&str, &str, &str); 20] = [
    ("JKT", "Jakarta", "B"),
    ("SBY", "Surabaya", "L"),
    ("BDG", "Bandung", "D"),
    ("MDN", "Medan", "BK"),
    ("SMG", "Semarang", "H"),
    ("MKS", "Makassar", "DD"),
    ("YOG", "Yogyakarta", "AB"),
    ("PLB", "Palembang", "BG"),
    ("DPS", "Denpasar", "DK"),
    ("BPN", "Balikpapan", "KT"),
    ("MLG", "Malang", "N"),
    ("SLO", "Surakarta", "AD"),
    ("PDG", "Padang", "BA"),
    ("PKB", "Pekanbaru", "BM"),
    ("BJM", "Banjarmasin", "DA"),
    ("PTK", "Pontianak", "KB"),
    ("MND", "Manado", "DB"),
    ("LPG", "Bandar Lampung", "BE"),
    ("BGR", "Bogor", "F"),
    ("CRB", "Cirebon", "E"),
];

const FIRST: [&str; 64] = [
    "Adi", "Agus", "Ahmad", "Andi", "Anisa", "Arif", "Asep", "Ayu", "Bagus", "Bambang", "Bayu", "Budi", "Cahya",
    "Citra", "Dedi", "Desi", "Dewi", "Dian", "Dimas", "Dwi", "Eka", "Eko", "Endang", "Fajar", "Fitri", "Galih", "Gita",
    "Hadi", "Hana", "Hendra", "Heru", "Indah", "Intan", "Irfan", "Joko", "Kartika", "Komang", "Lestari", "Lina",
    "Made", "Mega", "Muhammad", "Nanda", "Nia", "Nur", "Nyoman", "Putri", "Putu", "Rahmat", "Ratna", "Rina", "Rizki",
    "Rudi", "Sari", "Siti", "Slamet", "Sri", "Tri", "Ujang", "Wahyu", "Wati", "Wayan", "Yanti", "Yusuf",
];

const LAST: [&str; 56] = [
    "Aditya",
    "Anggraini",
    "Ardiansyah",
    "Astuti",
    "Basuki",
    "Cahyono",
    "Damanik",
    "Darmawan",
    "Effendi",
    "Fauzi",
    "Firmansyah",
    "Ginting",
    "Gunawan",
    "Hakim",
    "Halim",
    "Handayani",
    "Hartono",
    "Hasanah",
    "Hidayat",
    "Irawan",
    "Iskandar",
    "Kurniawan",
    "Kusuma",
    "Lubis",
    "Mahendra",
    "Ma'ruf",
    "Maulana",
    "Mulyadi",
    "Nasution",
    "Nugraha",
    "Nugroho",
    "Nurhayati",
    "Permana",
    "Pratama",
    "Prasetyo",
    "Purnomo",
    "Rahayu",
    "Rahman",
    "Ramadhan",
    "Saputra",
    "Santoso",
    "Setiawan",
    "Siregar",
    "Simanjuntak",
    "Sitompul",
    "Suharto",
    "Sulistyo",
    "Suryadi",
    "Susanti",
    "Sutrisno",
    "Utami",
    "Wibowo",
    "Wicaksono",
    "Widodo",
    "Wijaya",
    "Yulianto",
];

const TRADE: [&str; 12] = [
    "Maju",
    "Jaya",
    "Sumber Rejeki",
    "Barokah",
    "Mandiri",
    "Sinar Abadi",
    "Cahaya",
    "Makmur",
    "Sejahtera",
    "Laksana",
    "Karya",
    "Sentosa",
];

/// A person's name of two or three words.
pub(super) fn person(dice: &mut Dice) -> String {
    let first = dice.pick(&FIRST);
    let last = dice.pick(&LAST);
    if dice.chance(0.2) { format!("{first} {} {last}", dice.pick(&FIRST)) } else { format!("{first} {last}") }
}

/// A workshop's name, at times with its trade name in quotes.
pub(super) fn workshop(dice: &mut Dice) -> String {
    let trade = dice.pick(&TRADE);
    let owner = dice.pick(&FIRST);
    if dice.chance(0.3) { format!("Bengkel \"{trade}\" {owner}") } else { format!("Bengkel {trade} {owner}") }
}

/// A supplier's name, at times with its city after a semicolon.
pub(super) fn supplier(dice: &mut Dice, city: &str) -> String {
    let trade = dice.pick(&TRADE);
    let second = dice.pick(&LAST);
    if dice.chance(0.3) { format!("PT {trade} {second}; {city}") } else { format!("PT {trade} {second}") }
}
