//! The synthetic project behind `langgan sample`: the exports of an Indonesian
//! retailer of spare parts, accessories and household goods over two years,
//! with a `langgan.toml` that reads them and, if asked for, planted faults.

mod buying;
mod calendar;
mod contacts;
mod customers;
mod dice;
mod faults;
mod names;
mod products;
mod readme;
mod shop;
mod write;

use buying::{Buying, Visit};
use calendar::{Calendar, DAYS};
use contacts::Contacts;
use customers::{Customer, write_customers};
use dice::Dice;
use products::{CATEGORY_COUNT, Products};
use shop::Branches;
use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};
use std::path::Path;

/// The configuration that reads the exports; the same for every size.
const CONFIGURATION: &str = include_str!("langgan.toml");

/// What to generate. Equal options give equal files, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many customers, at least one; about 20 order lines each.
    pub customers: u32,
    /// Where the random draws start.
    pub seed: u64,
    /// Whether to plant faults and list them in `faults.csv`.
    pub faults: bool,
}

/// What was generated: counts of good records, and of planted faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Rows of `customers.csv`.
    pub customers: u64,
    /// Rows of `products.csv`.
    pub products: u64,
    /// Rows of `branches.csv`; each has its own files of orders and lines.
    pub branches: u64,
    /// Rows of `agents.csv`.
    pub agents: u64,
    /// Orders of all branches, cancelled and pending ones included.
    pub orders: u64,
    /// Order lines of all branches.
    pub lines: u64,
    /// Rows of `interactions.csv`.
    pub interactions: u64,
    /// Rows of `faults.csv`: bad records and wrong control totals.
    pub faults: u64,
}

/// Writes a whole project into `dir`: `langgan.toml`, `exports/`, `faults.csv`
/// and `README.md`. Files of an earlier run are written over.
///
/// # Errors
///
/// When no customers are asked for, when `dir/exports` holds files that are
/// not part of this project, and when a file cannot be written.
pub fn write_project(dir: &Path, options: &Options) -> std::io::Result<Summary> {
    let Options { customers: count, seed, faults } = *options;
    if count == 0 {
        return Err(Error::new(ErrorKind::InvalidInput, "a sample needs at least one customer"));
    }
    let branches = Branches::new(count);
    let products = Products::new(count, seed);
    let calendar = Calendar::new(CATEGORY_COUNT);
    std::fs::create_dir_all(dir.join("exports"))?;
    refuse_foreign_files(&dir.join("exports"), &branches)?;

    let mut found = branches.write(dir, seed, faults)?;
    found.extend(products.write(dir, seed, faults)?);
    let (mut customers, more) = write_customers(dir, count, seed, &branches, faults)?;
    found.extend(more);

    // Faults lie further down in larger files; 1 is the committed sample.
    let size = f64::from(count) / 300.0;
    let branch_size = size * 3.0 / branches.count() as f64;
    let mut buying = Buying::new(dir, &products, &branches, faults.then_some(branch_size))?;
    let mut contacts = Contacts::new(dir, seed, faults.then_some(size))?;
    let mut dice = Dice::new(seed, 6);
    let mut schedule = Schedule::new(&mut dice, &calendar, &customers);
    let mut visits = Vec::new();
    for (place, day) in calendar.days().iter().enumerate() {
        schedule.visits(&mut dice, place, &customers, &branches, &mut visits);
        for &visit in &visits {
            let number = visit.customer;
            let customer = &mut customers[number as usize];
            let outcome = buying.order(&mut dice, day, visit, customer)?;
            let left = dice.chance(f64::from(customer.dropout));
            contacts.after_order(day, number, customer, &outcome, left);
            if !left {
                climb(&mut dice, customer);
                let wait = dice.wait() / f64::from(customer.rate);
                let next = calendar.after(place + 1, wait);
                schedule.add(next, number);
            }
        }
        buying.close_day(day)?;
        contacts.write_day(day, &customers, &products)?;
    }

    let mut summary = Summary {
        customers: u64::from(count),
        products: products.count(),
        branches: branches.count(),
        agents: branches.agents(),
        orders: buying.order_count,
        lines: buying.line_count,
        interactions: contacts.count,
        faults: 0,
    };
    found.extend(buying.finish()?);
    found.extend(contacts.finish(dir, faults)?);
    found.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    summary.faults = found.len() as u64;
    std::fs::write(dir.join("langgan.toml"), CONFIGURATION)?;
    std::fs::write(dir.join("faults.csv"), faults::faults_csv(&found))?;
    std::fs::write(dir.join("README.md"), readme::readme(options, &summary, &found))?;
    Ok(summary)
}

/// Which customers order next on which day: a linked list for every day.
struct Schedule {
    first: Vec<u32>,
    next: Vec<u32>,
}

/// The end of a list of customers.
const NOBODY: u32 = u32::MAX;

impl Schedule {
    /// First orders: at registration for most newcomers, when they would come
    /// anyway for those from before.
    fn new(dice: &mut Dice, calendar: &Calendar, customers: &[Customer]) -> Self {
        let mut schedule = Self { first: vec![NOBODY; DAYS], next: vec![NOBODY; customers.len()] };
        for (customer, number) in customers.iter().zip(0..) {
            let start = usize::try_from(customer.registered).unwrap_or(0);
            let wait = dice.wait() / f64::from(customer.rate);
            let at_once = customer.registered >= 0 && dice.chance(0.7);
            schedule.add(calendar.after(start, if at_once { 0.0 } else { wait }), number);
        }
        schedule
    }

    fn add(&mut self, day: Option<usize>, customer: u32) {
        if let Some(first) = day.and_then(|day| self.first.get_mut(day)) {
            self.next[customer as usize] = *first;
            *first = customer;
        }
    }

    /// Fills `visits` with those of the day, sorted by branch and time.
    fn visits(
        &self,
        dice: &mut Dice,
        day: usize,
        customers: &[Customer],
        branches: &Branches,
        visits: &mut Vec<Visit>,
    ) {
        visits.clear();
        let mut number = self.first.get(day).copied().unwrap_or(NOBODY);
        while let Some(customer) = customers.get(number as usize) {
            visits.push(Visit::new(dice, number, customer, branches));
            number = self.next[number as usize];
        }
        visits.sort_unstable_by_key(Visit::key);
    }
}

/// Now and then a customer moves up to dearer goods, never down.
fn climb(dice: &mut Dice, customer: &mut Customer) {
    if customer.tier < 2 && dice.chance(0.07) {
        customer.tier += 1;
    }
}

/// Refuses a folder with exports of another project, which the patterns of
/// `langgan.toml` would read along.
fn refuse_foreign_files(exports: &Path, branches: &Branches) -> std::io::Result<()> {
    let tables = ["agents", "branches", "costs", "customers", "identifiers", "interactions", "products", "totals"];
    let mut own: BTreeSet<String> = tables.iter().map(|table| format!("{table}.csv")).collect();
    for branch in branches.all() {
        own.insert(format!("orders-{}.csv", branch.id));
        own.insert(format!("lines-{}.csv", branch.id));
    }
    for entry in std::fs::read_dir(exports)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !own.contains(name.as_ref()) {
            let message = format!("{} is not part of this sample; use another folder", path.display());
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
    }
    Ok(())
}
