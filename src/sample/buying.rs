//! Orders and their lines.

use super::calendar::{DAYS, Day};
use super::customers::{Customer, Manner, push_agent_id, push_customer_id};
use super::dice::Dice;
use super::faults::{Found, planned, swapped_digits};
use super::products::{Products, push_product_id};
use super::shop::Branches;
use super::write::{Table, push_padded};
use std::path::Path;

const CHANNELS: [&str; 4] = ["store", "web", "app", "phone"];
const PAYMENTS: [&str; 4] = ["cash", "card", "transfer", "installment"];
const CARD: usize = 1;
/// Payments by channel, in the order of `PAYMENTS`.
const PAYMENT_SHARES: [[f64; 4]; 4] =
    [[0.48, 0.30, 0.15, 0.07], [0.00, 0.42, 0.48, 0.10], [0.00, 0.45, 0.43, 0.12], [0.25, 0.05, 0.65, 0.05]];
/// Lines of one order at most.
const MOST_LINES: usize = 12;

/// A customer about to order.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    branch: u8,
    channel: u8,
    second: u32,
    pub(super) customer: u32,
}

impl Visit {
    /// Where, how and when on a day `customer` orders.
    pub(super) fn new(dice: &mut Dice, number: u32, customer: &Customer, branches: &Branches) -> Self {
        let elsewhere = dice.chance(0.07);
        let channel = if dice.chance(0.8) { customer.channel } else { dice.weighted(&[0.62, 0.15, 0.15, 0.08]) as u8 };
        let second = if channel == 0 {
            // Open from 8 to 20, fullest around noon and in the late afternoon.
            let hour = dice.weighted(&[0.04, 0.07, 0.10, 0.12, 0.11, 0.08, 0.07, 0.08, 0.11, 0.12, 0.07, 0.03]);
            (8 + hour as u64) * 3_600 + dice.below(3_600)
        } else {
            6 * 3_600 + dice.below(18 * 3_600 - 60)
        };
        Self {
            branch: if elsewhere { branches.draw(dice) } else { customer.branch },
            channel,
            second: second as u32,
            customer: number,
        }
    }

    /// The order of visits within a day: by branch, then time.
    pub(super) fn key(&self) -> (u8, u32, u32) {
        (self.branch, self.second, self.customer)
    }
}

/// What became of an order.
pub(super) struct Outcome {
    pub(super) completed: bool,
    pub(super) delivered: bool,
    pub(super) units: u64,
    /// Sales paid by card, returned lines left out.
    pub(super) card_sales: u64,
    /// One of the products ordered.
    pub(super) product: u32,
    pub(super) returned: bool,
}

/// The files and running totals of one branch.
struct Book {
    orders: Table,
    lines: Table,
    today: u64,
    completed: u64,
    amount: u64,
}

#[derive(Clone, Copy)]
struct Line {
    product: u32,
    quantity: u64,
    price: u64,
    discount: u64,
    returned: bool,
}

/// Draws orders and writes them, with the control totals.
pub(super) struct Buying<'a> {
    products: &'a Products,
    branches: &'a Branches,
    books: Vec<Book>,
    totals: Table,
    /// Lines of `totals.csv` from which the next wrong total is due.
    wrong_totals: Vec<u64>,
    lines: Vec<Line>,
    /// Orders written.
    pub(super) order_count: u64,
    /// Lines written.
    pub(super) line_count: u64,
}

impl<'a> Buying<'a> {
    /// Opens the files of every branch. `scale` is the size of a branch
    /// relative to the committed sample, or `None` for no faults.
    pub(super) fn new(
        dir: &Path,
        products: &'a Products,
        branches: &'a Branches,
        scale: Option<f64>,
    ) -> std::io::Result<Self> {
        let mut books = Vec::new();
        for (number, branch) in branches.all().iter().enumerate() {
            let orders = Table::create(
                dir,
                format!("exports/orders-{}.csv", branch.id),
                "no_faktur;id_pelanggan;kode_cabang;waktu;kanal;pembayaran;status;kasir",
                planned(&format!("orders {number}"), scale),
            )?;
            let lines = Table::create(
                dir,
                format!("exports/lines-{}.csv", branch.id),
                "no_faktur;baris;kode_barang;jumlah;harga;potongan;retur",
                planned(&format!("lines {number}"), scale),
            )?;
            books.push(Book { orders, lines, today: 0, completed: 0, amount: 0 });
        }
        let totals =
            Table::create(dir, "exports/totals.csv".to_owned(), "tanggal;kode_cabang;faktur;jumlah", Vec::new())?;
        let days = branches.count() * DAYS as u64;
        // Totals there will be, roughly: a small shop has days without orders.
        let rows = scale.map_or(0.0, |scale| scale * 500.0 * branches.count() as f64);
        let rows = days.min(rows as u64);
        Ok(Self {
            products,
            branches,
            books,
            totals,
            wrong_totals: scale.map_or_else(Vec::new, |_| vec![rows * 5 / 9, rows / 4]),
            lines: Vec::with_capacity(MOST_LINES),
            order_count: 0,
            line_count: 0,
        })
    }

    /// Draws and writes one order.
    pub(super) fn order(
        &mut self,
        dice: &mut Dice,
        day: &Day,
        visit: Visit,
        customer: &Customer,
    ) -> std::io::Result<Outcome> {
        let channel = usize::from(visit.channel);
        let waiting = if day.closing && channel > 0 { 0.35 } else { 0.004 };
        let status = ["selesai", "batal", "tunda"][dice.weighted(&[0.975 - waiting, 0.025, waiting])];
        let completed = status == "selesai";
        let payment = dice.weighted(&PAYMENT_SHARES[channel]);
        self.fill_basket(dice, day, visit, customer);

        let branch = self.branches.get(visit.branch);
        let book = &mut self.books[usize::from(visit.branch)];
        book.today += 1;
        let mut id = Vec::with_capacity(20);
        id.extend_from_slice(branch.short.as_bytes());
        id.extend_from_slice(&day.short);
        id.push(b'-');
        push_padded(&mut id, book.today, 4);

        let table = &mut book.orders;
        table.raw(&id);
        if channel == 0 && dice.chance(0.115) {
            table.raw(b"");
        } else {
            push_customer_id(table, visit.customer);
        }
        table.raw(branch.id.as_bytes());
        table.timestamp(&day.text, visit.second);
        table.raw(CHANNELS[channel].as_bytes());
        table.raw(PAYMENTS[payment].as_bytes());
        table.raw(status.as_bytes());
        match CHANNELS[channel] {
            "web" | "app" => table.raw(b""),
            "phone" if customer.agent > 0 => push_agent_id(table, customer.agent),
            _ => table.code(b"K", u64::from(visit.branch) * 4 + dice.between(1, 4), 3),
        }
        table.end_row()?;
        table.boundary()?;

        let mut outcome = Outcome {
            completed,
            delivered: completed && channel > 0,
            units: 0,
            card_sales: 0,
            product: self.lines.first().map_or(0, |line| line.product),
            returned: false,
        };
        for (line, number) in self.lines.iter().zip(1..) {
            let returned = line.returned && completed;
            let table = &mut book.lines;
            table.raw(&id);
            table.integer(number);
            push_product_id(table, line.product);
            table.integer(line.quantity);
            table.money(line.price);
            table.money(line.discount);
            table.raw(if returned { b"1" } else { b"0" });
            table.end_row()?;
            if completed {
                let net = line.quantity * line.price - line.discount;
                book.amount += net;
                outcome.units += line.quantity;
                outcome.returned |= returned;
                if payment == CARD && !returned {
                    outcome.card_sales += net;
                }
            }
        }
        book.lines.boundary()?;
        book.completed += u64::from(completed);
        self.order_count += 1;
        self.line_count += self.lines.len() as u64;
        Ok(outcome)
    }

    /// Writes the control totals of the day and starts the next one.
    pub(super) fn close_day(&mut self, day: &Day) -> std::io::Result<()> {
        for (book, branch) in self.books.iter_mut().zip(self.branches.all()) {
            if book.completed > 0 {
                let due = self.wrong_totals.last().is_some_and(|&line| self.totals.line() >= line);
                let wrong = swapped_digits(book.amount).filter(|_| due);
                self.totals.raw(&day.text);
                self.totals.raw(branch.id.as_bytes());
                self.totals.integer(book.completed);
                self.totals.money(wrong.unwrap_or(book.amount));
                self.totals.end_row()?;
                if let Some(wrong) = wrong {
                    self.wrong_totals.pop();
                    let what = format!("jumlah is {wrong}, typed for {}", book.amount);
                    self.totals.note("control_total", what);
                }
            }
            book.today = 0;
            book.completed = 0;
            book.amount = 0;
        }
        Ok(())
    }

    /// Closes all files.
    pub(super) fn finish(self) -> std::io::Result<Vec<Found>> {
        let mut found = self.totals.finish()?;
        for book in self.books {
            found.extend(book.orders.finish()?);
            found.extend(book.lines.finish()?);
        }
        Ok(found)
    }

    /// Draws the lines of an order: products to the customer's taste, their
    /// companions, quantities and discounts.
    fn fill_basket(&mut self, dice: &mut Dice, day: &Day, visit: Visit, customer: &Customer) {
        self.lines.clear();
        let again = if customer.manner == Manner::Workshop { 0.60 } else { 0.50 };
        for _ in 0..=dice.repeats(again, 6) {
            let category = match dice.weighted(&[0.40, 0.22, 0.38]) {
                place @ (0 | 1) => customer.tastes[place],
                _ => self.products.popular_category(dice, day),
            };
            let number = self.products.draw(dice, category, customer.tier);
            self.add_line(dice, day, visit, customer, number);
            let product = self.products.get(number);
            if let Some(companion) = self.products.companion(dice, &product) {
                self.add_line(dice, day, visit, customer, companion);
            }
        }
    }

    fn add_line(&mut self, dice: &mut Dice, day: &Day, visit: Visit, customer: &Customer, number: u32) {
        let known = self.lines.iter().any(|line| line.product == number);
        if known || self.lines.len() == MOST_LINES {
            return;
        }
        let product = self.products.get(number);
        let today = u64::from(product.price);
        let price = if day.old_prices { today * 95 / 50_000 * 500 } else { today };
        let quantity = match customer.manner {
            Manner::Workshop => 1 + dice.repeats(0.55, 11),
            _ => 1 + dice.repeats(0.18, 5),
        };
        let mut percent = 0;
        if customer.manner == Manner::Costly && dice.chance(0.85) {
            percent = dice.between(20, 40);
        }
        if day.promoted == Some(product.category) {
            percent = percent.max(15);
        }
        if day.online_sale && matches!(visit.channel, 1 | 2) {
            percent = percent.max(20);
        }
        if day.lebaran || (customer.tier == 2 && dice.chance(0.15)) {
            percent = percent.max(10);
        }
        let back = if customer.manner == Manner::Costly { 0.17 } else { 0.02 };
        self.lines.push(Line {
            product: number,
            quantity,
            price,
            discount: quantity * price * percent / 10_000 * 100,
            returned: dice.chance(back),
        });
    }
}
