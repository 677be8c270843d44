//! CDNOW, the data set of the papers, for tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Calibration history (1997-01-01 to 1997-09-30) of one customer; a day's orders are one.
pub(crate) struct Customer {
    pub repeats: u32,
    pub first_to_last_days: u32,
    pub age_days: u32,
    /// Sum of the natural logarithms of the weeks between order days.
    pub log_gaps: f64,
    /// Mean value of the repeat orders, dollars; 0 without.
    pub mean_repeat_value: f64,
}

/// File beside the repository, `../shared/<path>`; `LANGGAN_SHARED` names another folder. `None`, with
/// a message, when absent.
pub(crate) fn shared_text(path: &str) -> Option<String> {
    shared_file(path).map(|bytes| String::from_utf8(bytes).unwrap())
}

/// The same for a file that is no text.
pub(crate) fn shared_file(path: &str) -> Option<Vec<u8>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("LANGGAN_SHARED").map_or(beside, PathBuf::from);
    let path = folder.join(path);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {} is absent", path.display());
    }
    bytes
}

/// Customers of `CDNOW_sample.txt` or `CDNOW_master.txt`, ascending by number.
pub(crate) fn customers(file: &str) -> Option<Vec<Customer>> {
    let text = shared_text(&format!("data/cdnow/{file}"))?;
    let end = day_number(19_970_930);
    let mut orders: BTreeMap<u32, BTreeMap<i64, f64>> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let Ok(customer) = fields[0].parse() else {
            continue;
        };
        let [date, _, dollars] = fields[fields.len() - 3..] else {
            continue;
        };
        let day = day_number(date.parse().unwrap());
        if day <= end {
            let days = orders.entry(customer).or_default();
            *days.entry(day).or_default() += (dollars.parse::<f64>().unwrap() * 100.0).round();
        }
    }
    let history = |days: BTreeMap<i64, f64>| {
        let first = days.keys().next().unwrap();
        let last = days.keys().last().unwrap();
        let repeats = days.len() - 1;
        let log_gaps = days.keys().zip(days.keys().skip(1)).map(|(day, next)| ((next - day) as f64 / 7.0).ln()).sum();
        let spent: f64 = days.values().skip(1).sum();
        Customer {
            repeats: repeats as u32,
            first_to_last_days: (last - first) as u32,
            age_days: (end - first) as u32,
            log_gaps,
            mean_repeat_value: spent / 100.0 / repeats.max(1) as f64,
        }
    };
    Some(orders.into_values().map(history).collect())
}

/// Days since 1970-01-01 of `YYYYMMDD` (Howard Hinnant's days_from_civil).
fn day_number(date: u32) -> i64 {
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
