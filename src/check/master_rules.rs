//! Rules about customers: telephones a spreadsheet has damaged, dates that cannot be.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;

use super::details::Place;
use super::finding::{Finding, Row};
use super::keys::about_batch;
use super::look::{ByDay, Look, Seen};
use super::refused_rules::is_scientific;
use super::scan::batch_of;
use crate::calendar::day_name;
use crate::error::Result;
use crate::lake::reader::read_each;

/// What is wrong with customers.
pub fn findings(look: &Look<'_>, _seen: &Seen) -> Result<Vec<Finding>> {
    let mut by_day = ByDay::default();
    let (mut phones, mut without_zero) = (0_u64, Vec::new());
    let oldest = look.as_of - (look.settings.limit("impossible_date") * 365.25) as i32;
    for file in look.manifest.files("customers").filter(|file| {
        look.manifest
            .batches
            .iter()
            .any(|batch| batch.table == "customers" && batch.files.iter().any(|own| own.path == file.path))
    }) {
        let (batch_place, mut before) = (batch_of(look.manifest, file), 0);
        let about = about_batch(look.manifest, batch_place, "customers");
        let columns = ["customer_id", "phone", "branch_id", "birth_date", "registered_on"];
        read_each(look.lake, file, &columns, &[], |batch| {
            let text = |column: usize, row: usize| {
                let column = batch.column(column).as_string::<i32>();
                if column.is_valid(row) { column.value(row) } else { "" }
            };
            let date = |column: usize, row: usize| {
                let column = batch.column(column).as_primitive::<Date32Type>();
                column.is_valid(row).then(|| column.value(row))
            };
            for row in 0..batch.num_rows() {
                let tell = |column: &'static str, value: String, expected: String| Row {
                    document: text(0, row).to_string(),
                    column,
                    value,
                    expected,
                    place: Place { batch: batch_place, row: (before + row) as u32 },
                    ..Row::default()
                };
                let branch = text(2, row);
                let phone = text(1, row).trim();
                phones += u64::from(!phone.is_empty());
                if is_scientific(phone) {
                    let row = tell("phone", phone.into(), String::new());
                    by_day.add(look, "excel_damage", (branch, None, &about), None, row);
                } else if has_lost_zero(phone) {
                    let row = tell("phone", phone.into(), format!("0{phone}"));
                    without_zero.push((branch.to_string(), about.clone(), row));
                }
                for (column, place) in [("birth_date", 3), ("registered_on", 4)] {
                    let Some(day) = date(place, row) else { continue };
                    // Customers registered since are no mistake of a run that looks back.
                    if day < oldest || (column == "birth_date" && day >= look.as_of) {
                        let found = tell(column, day_name(day), String::new());
                        by_day.add(look, "impossible_date", (branch, None, &about), None, found);
                    }
                }
            }
            before += batch.num_rows();
            Ok(())
        })?;
    }
    // Where most telephones are written so, it is how they are written.
    if without_zero.len() as u64 * 5 < phones {
        for (branch, about, row) in without_zero {
            by_day.add(look, "excel_damage", (&branch, None, &about), None, row);
        }
    }
    Ok(by_day.finish())
}

/// Whether a telephone looks like an Indonesian mobile number without its first zero.
pub fn has_lost_zero(phone: &str) -> bool {
    phone.starts_with('8') && (9..=12).contains(&phone.len()) && phone.bytes().all(|byte| byte.is_ascii_digit())
}
