//! Interactions with customers, and what serving them costs.

use super::buying::Outcome;
use super::calendar::{Day, MONTHS};
use super::customers::{Customer, Manner, push_agent_id, push_customer_id};
use super::dice::Dice;
use super::faults::{Found, planned};
use super::products::{Products, push_product_id};
use super::write::Table;
use std::path::Path;

/// Kinds of interaction, with their shortest and longest minutes.
const KINDS: [(&str, u64, u64); 4] = [("call", 3, 15), ("complaint", 6, 25), ("suggestion", 1, 5), ("wishlist", 1, 3)];
const CALL: u8 = 0;
const COMPLAINT: u8 = 1;
const WISHLIST: u8 = 3;
/// Days an interaction may follow an order, plus one.
const AHEAD: usize = 16;
/// Cost pools with what one unit of their driver costs in rupiah.
const POOLS: [(&str, f64); 5] = [
    ("warehouse", 3_500.0),
    ("delivery", 19_000.0),
    ("call_centre", 3_000.0),
    ("payments", 0.018),
    ("marketing", 9_500.0),
];

#[derive(Clone, Copy)]
struct Contact {
    second: u32,
    customer: u32,
    product: Option<u32>,
    kind: u8,
}

/// Draws interactions and writes them, and counts the drivers of cost.
pub(super) struct Contacts {
    table: Table,
    dice: Dice,
    /// Contacts of the coming days, by day number modulo `AHEAD`.
    coming: [Vec<Contact>; AHEAD],
    /// Customers registered so far.
    registered: usize,
    /// What drives each pool, by month.
    drivers: [[u64; POOLS.len()]; MONTHS],
    /// Interactions written.
    pub(super) count: u64,
}

impl Contacts {
    /// Opens `interactions.csv`. `scale` is the size of the shop relative to
    /// the committed sample, or `None` for no faults.
    pub(super) fn new(dir: &Path, seed: u64, scale: Option<f64>) -> std::io::Result<Self> {
        Ok(Self {
            table: Table::create(
                dir,
                "exports/interactions.csv".to_owned(),
                "id_kontak;id_pelanggan;waktu;jenis;kode_barang;menit;id_agen",
                planned("interactions", scale),
            )?,
            dice: Dice::new(seed, 7),
            coming: [const { Vec::new() }; AHEAD],
            registered: 0,
            drivers: [[0; POOLS.len()]; MONTHS],
            count: 0,
        })
    }

    /// Counts what an order costs and draws the contacts it leads to; `left`
    /// when it was the customer's last.
    pub(super) fn after_order(
        &mut self,
        day: &Day,
        number: u32,
        customer: &mut Customer,
        outcome: &Outcome,
        left: bool,
    ) {
        if outcome.completed {
            let drivers = &mut self.drivers[day.month];
            drivers[0] += outcome.units;
            drivers[1] += u64::from(outcome.delivered);
            drivers[3] += outcome.card_sales;
            let month = day.month as u8 + 1;
            if customer.last_month != month {
                customer.last_month = month;
                drivers[4] += 1;
            }
        }
        let again = if customer.manner == Manner::Costly { 0.55 } else { 0.07 };
        for _ in 0..self.dice.repeats(again, 6) {
            self.plan(day, number, Some(outcome.product), CALL);
        }
        let complaint = match (left, outcome.returned || !outcome.completed) {
            (true, _) => 0.35,
            (false, true) => 0.30,
            (false, false) => 0.015,
        };
        if self.dice.chance(complaint) {
            self.plan(day, number, Some(outcome.product), COMPLAINT);
        }
    }

    /// Draws the contacts that follow no order, and writes those of the day.
    pub(super) fn write_day(&mut self, day: &Day, customers: &[Customer], products: &Products) -> std::io::Result<()> {
        while let Some(customer) = customers.get(self.registered)
            && i32::from(customer.registered) <= day.number
        {
            self.registered += 1;
        }
        let mean = self.registered as f64 * 0.0012;
        let others = mean as u64 + u64::from(self.dice.chance(mean.fract()));
        for _ in 0..others {
            let number = self.dice.below(self.registered as u64) as u32;
            let kind = self.dice.weighted(&[0.15, 0.05, 0.2, 0.6]) as u8;
            let product = (kind == WISHLIST).then(|| {
                let customer = &customers[number as usize];
                let taste = customer.tastes[self.dice.below(2) as usize];
                products.draw(&mut self.dice, taste, (customer.tier + 1).min(2))
            });
            self.place(day.number, number, product, kind);
        }
        let mut today = std::mem::take(&mut self.coming[day.number as usize % AHEAD]);
        today.sort_unstable_by_key(|contact| (contact.second, contact.customer, contact.kind, contact.product));
        for contact in &today {
            self.write(day, contact, &customers[contact.customer as usize])?;
        }
        today.clear();
        // Given back so that its room is used again.
        self.coming[day.number as usize % AHEAD] = today;
        Ok(())
    }

    /// Closes `interactions.csv` and writes `costs.csv`.
    pub(super) fn finish(mut self, dir: &Path, faults: bool) -> std::io::Result<Vec<Found>> {
        let mut found = self.table.finish()?;
        let mut table = Table::create(
            dir,
            "exports/costs.csv".to_owned(),
            "bulan;pos;jumlah",
            planned("costs", faults.then_some(1.0)),
        )?;
        for (month, drivers) in self.drivers.iter().enumerate() {
            for (&(pool, unit_cost), &driver) in POOLS.iter().zip(drivers) {
                let noise = 0.94 + 0.12 * self.dice.unit();
                let amount = driver as f64 * unit_cost * noise;
                table.text(&format!("{}-{:02}", 2024 + month / 12, month % 12 + 1));
                table.text(pool);
                table.money((amount / 1_000.0) as u64 * 1_000);
                table.end_row()?;
                table.boundary()?;
            }
        }
        found.extend(table.finish()?);
        Ok(found)
    }

    fn plan(&mut self, day: &Day, customer: u32, product: Option<u32>, kind: u8) {
        let later = self.dice.between(1, AHEAD as u64 - 2) as i32;
        self.place(day.number + later, customer, product, kind);
    }

    fn place(&mut self, day: i32, customer: u32, product: Option<u32>, kind: u8) {
        let contact = Contact { second: (8 * 3_600 + self.dice.below(11 * 3_600)) as u32, customer, product, kind };
        self.coming[day as usize % AHEAD].push(contact);
    }

    fn write(&mut self, day: &Day, contact: &Contact, customer: &Customer) -> std::io::Result<()> {
        let (kind, shortest, longest) = KINDS[usize::from(contact.kind)];
        let minutes = self.dice.between(shortest, longest);
        self.drivers[day.month][2] += minutes;
        self.count += 1;
        let table = &mut self.table;
        table.code(b"I", self.count, 6);
        push_customer_id(table, contact.customer);
        table.timestamp(&day.text, contact.second);
        table.text(kind);
        match contact.product {
            Some(product) => push_product_id(table, product),
            None => table.raw(b""),
        }
        table.integer(minutes);
        push_agent_id(table, if contact.kind == WISHLIST { 0 } else { customer.agent });
        table.end_row()?;
        table.boundary()
    }
}
