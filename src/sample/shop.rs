//! Branches and agents.

use super::calendar::date;
use super::dice::Dice;
use super::faults::{Found, planned};
use super::names::{CITIES, person};
use super::write::Table;
use std::path::Path;

/// A branch of the shop.
pub(super) struct Branch {
    /// `JKT-01`.
    pub(super) id: String,
    /// `JKT01`, as in invoice numbers.
    pub(super) short: String,
    pub(super) city: &'static str,
    pub(super) plate: &'static str,
    /// Numbers of its agents, from and up to.
    pub(super) agents: (u64, u64),
}

/// All branches with their agents, in the order of their numbers.
pub(super) struct Branches {
    branches: Vec<Branch>,
}

impl Branches {
    /// Branches for a shop of `customers`: 3, 12 or 60.
    pub(super) fn new(customers: u32) -> Self {
        let (count, agents) = match customers {
            0..2_000 => (3, 3),
            2_000..=60_000 => (12, 5),
            _ => (60, 8),
        };
        let branches = (0..count)
            .map(|number: u64| {
                let (code, city, plate) = CITIES[number as usize % CITIES.len()];
                Branch {
                    id: format!("{code}-{:02}", number + 1),
                    short: format!("{code}{:02}", number + 1),
                    city,
                    plate,
                    agents: (number * agents + 1, (number + 1) * agents),
                }
            })
            .collect();
        Self { branches }
    }

    /// The branches in order.
    pub(super) fn all(&self) -> &[Branch] {
        &self.branches
    }

    /// The branch with this place in [`Branches::all`].
    pub(super) fn get(&self, place: u8) -> &Branch {
        &self.branches[usize::from(place)]
    }

    /// How many branches there are.
    pub(super) fn count(&self) -> u64 {
        self.branches.len() as u64
    }

    /// How many agents there are.
    pub(super) fn agents(&self) -> u64 {
        self.branches.last().map_or(0, |branch| branch.agents.1)
    }

    /// A branch for a new customer; the older ones are larger.
    pub(super) fn draw(&self, dice: &mut Dice) -> u8 {
        let skewed = dice.unit().powf(1.3);
        (skewed * self.branches.len() as f64) as u8
    }

    /// Writes `branches.csv` and `agents.csv`.
    pub(super) fn write(&self, dir: &Path, seed: u64, faults: bool) -> std::io::Result<Vec<Found>> {
        let mut dice = Dice::new(seed, 1);
        let mut table = Table::create(
            dir,
            "exports/branches.csv".to_owned(),
            "kode_cabang;nama;kota;dibuka;administrator",
            Vec::new(),
        )?;
        for (place, branch) in self.branches.iter().enumerate() {
            table.text(&branch.id);
            table.text(&format!("Cabang {} {}", branch.city, place / CITIES.len() + 1));
            table.text(branch.city);
            table.date(date(-4_000 + place as i32 * 41 + dice.below(40) as i32));
            table.text(&person(&mut dice));
            table.end_row()?;
            table.boundary()?;
        }
        let mut found = table.finish()?;
        found.extend(self.write_agents(dir, &mut dice, faults)?);
        Ok(found)
    }

    fn write_agents(&self, dir: &Path, dice: &mut Dice, faults: bool) -> std::io::Result<Vec<Found>> {
        let mut table = Table::create(
            dir,
            "exports/agents.csv".to_owned(),
            "id_agen;nama;kode_cabang;kapasitas_harian;mulai",
            planned("agents", faults.then_some(1.0)),
        )?;
        for branch in &self.branches {
            for agent in branch.agents.0..=branch.agents.1 {
                table.code(b"A", agent, 3);
                table.text(&person(dice));
                table.text(&branch.id);
                table.integer(dice.between(3, 8) * 5);
                table.date(date(-(dice.below(1_500) as i32)));
                table.end_row()?;
                table.boundary()?;
            }
        }
        table.finish()
    }
}
