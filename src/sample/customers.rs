//! Customers: who they are, and what drives their buying.

use super::calendar::{DAYS, date};
use super::dice::Dice;
use super::faults::{Found, planned};
use super::names::{person, supplier, workshop};
use super::products::CATEGORY_COUNT;
use super::shop::Branches;
use super::write::Table;
use rand_distr::{Beta, Gamma};
use std::path::Path;

/// How a customer deals with the shop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Ordinary,
    /// Buys for a workshop: often, and several at a time.
    Workshop,
    /// Buys at a discount, sends back, calls: costs more than he brings.
    Costly,
}

/// One customer, as far as buying needs it; kept small, there are many.
pub(super) struct Customer {
    /// Orders per day of buying time.
    pub(super) rate: f32,
    /// Chance to stay away after an order.
    pub(super) dropout: f32,
    /// Days since 2024-01-01; negative before.
    pub(super) registered: i16,
    pub(super) agent: u16,
    pub(super) branch: u8,
    pub(super) tastes: [u8; 2],
    /// 0 to 2; rises on the ladder.
    pub(super) tier: u8,
    /// Preferred channel, 0 to 3.
    pub(super) channel: u8,
    pub(super) manner: Manner,
    /// Number of the last month with an order, from 1.
    pub(super) last_month: u8,
}

/// Draws all customers and writes `customers.csv` and `identifiers.csv`.
pub(super) fn write_customers(
    dir: &Path,
    count: u32,
    seed: u64,
    branches: &Branches,
    faults: bool,
) -> std::io::Result<(Vec<Customer>, Vec<Found>)> {
    let scale = faults.then_some(f64::from(count) / 300.0);
    let mut dice = Dice::new(seed, 4);
    let mut words = Dice::new(seed, 5);
    let mut people = Table::create(
        dir,
        "exports/customers.csv".to_owned(),
        "id_pelanggan;nama;tanggal_lahir;telepon;email;kota;kode_cabang;terdaftar;setuju_email;setuju_sms;\
         setuju_telepon;id_agen;jenis_pihak;id_referensi",
        planned("customers", scale),
    )?;
    let mut identifiers = Table::create(
        dir,
        "exports/identifiers.csv".to_owned(),
        "jenis;nilai;id_pelanggan",
        planned("identifiers", scale),
    )?;
    let habits = Habits::new()?;
    let mut customers = Vec::with_capacity(count as usize);
    let mut plates = 0;
    for number in 0..count {
        let customer = habits.draw(&mut dice, number, count, branches);
        write_customer(&mut people, &mut words, number, &customer, branches)?;
        people.boundary()?;
        if words.chance(0.55) {
            plates += 1;
            let branch = branches.get(customer.branch);
            write_plate(&mut identifiers, branch.plate, plates, number)?;
            identifiers.boundary()?;
        }
        if words.chance(0.6) {
            identifiers.text("card");
            identifiers.code(b"88", u64::from(number) * 37 + 1_000_000, 10);
            push_customer_id(&mut identifiers, number);
            identifiers.end_row()?;
            identifiers.boundary()?;
        }
        customers.push(customer);
    }
    let mut found = people.finish()?;
    found.extend(identifiers.finish()?);
    Ok((customers, found))
}

/// Adds the customer's id to the row, `P000123`.
pub(super) fn push_customer_id(table: &mut Table, number: u32) {
    table.code(b"P", u64::from(number) + 1, 6);
}

/// Adds an agent's id to the row, `A012`; nothing for agent 0.
pub(super) fn push_agent_id(table: &mut Table, agent: u16) {
    if agent == 0 {
        table.raw(b"");
    } else {
        table.code(b"A", u64::from(agent), 3);
    }
}

/// The spread of buying habits over customers.
struct Habits {
    rate: Gamma<f64>,
    dropout: Beta<f64>,
}

impl Habits {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            rate: Gamma::new(1.1, 1.0 / 1.1).map_err(std::io::Error::other)?,
            dropout: Beta::new(1.0, 8.0).map_err(std::io::Error::other)?,
        })
    }

    fn draw(&self, dice: &mut Dice, number: u32, count: u32, branches: &Branches) -> Customer {
        let manner = match dice.weighted(&[0.80, 0.04, 0.16]) {
            0 => Manner::Ordinary,
            1 => Manner::Workshop,
            _ => Manner::Costly,
        };
        let days_between = match manner {
            Manner::Ordinary => 29.0,
            Manner::Workshop => 16.0,
            Manner::Costly => 24.0,
        };
        let branch = branches.draw(dice);
        let agents = branches.get(branch).agents;
        let agent = if dice.chance(0.8) { dice.between(agents.0, agents.1) } else { 0 };
        Customer {
            rate: (dice.gamma(&self.rate).max(0.02) / days_between) as f32,
            dropout: dice.beta(&self.dropout) as f32,
            registered: registered(dice, number, count),
            agent: agent as u16,
            branch,
            tastes: [0; 2].map(|_| dice.below(u64::from(CATEGORY_COUNT)) as u8),
            tier: dice.weighted(&[0.55, 0.35, 0.10]) as u8,
            channel: dice.weighted(&[0.62, 0.15, 0.15, 0.08]) as u8,
            manner,
            last_month: 0,
        }
    }
}

/// Customers are numbered as they registered: 45 % in the six years before
/// 2024, more and more of them, the others evenly since.
fn registered(dice: &mut Dice, number: u32, count: u32) -> i16 {
    let place = (f64::from(number) + dice.unit()) / f64::from(count);
    let day =
        if place < 0.45 { -2_191.0 * (1.0 - place / 0.45).powf(1.3) } else { DAYS as f64 * (place - 0.45) / 0.55 };
    (day.floor() as i16).min(DAYS as i16 - 1)
}

fn write_customer(
    table: &mut Table,
    words: &mut Dice,
    number: u32,
    customer: &Customer,
    branches: &Branches,
) -> std::io::Result<()> {
    let branch = branches.get(customer.branch);
    let party = match words.below(1_000) {
        _ if customer.manner == Manner::Workshop => "external",
        0..15 => "internal",
        15..25 => "supplier",
        _ => "external",
    };
    let name = match party {
        "supplier" => supplier(words, branch.city),
        _ if customer.manner == Manner::Workshop => workshop(words),
        _ => person(words),
    };
    let born = party != "supplier" && customer.manner != Manner::Workshop && words.chance(0.93);
    let birth = date(-(words.between(19 * 365, 66 * 365) as i32));
    let telephone = words.between(1_000_000, 99_999_999);
    let handle: String =
        name.chars().filter(char::is_ascii_alphanumeric).take(16).collect::<String>().to_ascii_lowercase();
    let has_email = words.chance(0.68);
    push_customer_id(table, number);
    table.text(&name);
    if born {
        table.date(birth);
    } else {
        table.raw(b"");
    }
    if words.chance(0.96) {
        table.code(b"+62810", telephone, 8);
    } else {
        table.raw(b"");
    }
    if has_email {
        table.text(&format!("{handle}{}@surel.example", number + 1));
    } else {
        table.raw(b"");
    }
    table.text(branch.city);
    table.text(&branch.id);
    table.date(date(i32::from(customer.registered)));
    for willing in [if has_email { 0.7 } else { 0.1 }, 0.6, 0.45] {
        table.raw(if words.chance(willing) { b"Y" } else { b"T" });
    }
    push_agent_id(table, customer.agent);
    table.text(party);
    if number > 0 && words.chance(0.14) {
        let early = words.unit();
        push_customer_id(table, (early * early * f64::from(number)) as u32);
    } else {
        table.raw(b"");
    }
    table.end_row()
}

/// Writes a vehicle's plate, `B 1234 KZT`; no two `serial`s have the same one.
fn write_plate(table: &mut Table, area: &str, serial: u64, customer: u32) -> std::io::Result<()> {
    const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
    // Coprime with the number of plates, 9,000 numbers by 24 cubed letters.
    let place = serial * 73_687_877 % (9_000 * 13_824);
    let letters = [576, 24, 1].map(|unit| char::from(LETTERS[(place / 9_000 / unit % 24) as usize]));
    let number = 1_000 + place % 9_000;
    table.text("vehicle");
    table.text(&format!("{area} {number} {}{}{}", letters[0], letters[1], letters[2]));
    push_customer_id(table, customer);
    table.end_row()
}
