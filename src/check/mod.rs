//! The data administrator's checks: what arrived, what is wrong, where, and probably why.
//!
//! `look` goes through every rule (declared in `contracts::rules`) and gives findings; `scan` counts what the rules need
//! in one pass.

pub mod causes;
mod copies;
pub mod corrections;
mod day_rules;
pub mod days;
pub mod details;
pub mod exceptions;
mod far_days;
mod file_rules;
pub mod finding;
mod flat_customers;
pub mod gate;
pub mod held_files;
mod hq;
pub mod json;
pub mod keys;
pub mod ledger;
pub mod look;
mod master_rules;
mod prices;
pub mod refused;
mod refused_rules;
pub mod reject_words;
pub mod report;
mod row_rules;
pub mod scan;
mod sequences;
pub mod settings;
mod total_rules;
pub mod totals;
pub mod view;
mod volume;

pub use far_days::far_days;
pub use report::Picture;
pub use settings::Settings;
pub use totals::Mismatch;
