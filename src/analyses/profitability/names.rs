//! What formulas can read: the names, and where their values come from.

use crate::facts::{Facts, Job, line_kind};
use crate::stats::decimal::Decimal;
use crate::stats::formula::{Meaning, Values};

/// The rows a formula is worked out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each order.
    Order,
    /// Each order line.
    Line,
    /// Each interaction.
    Contact,
    /// Each line made to order.
    Job,
    /// Each month.
    Month,
}

/// Names by scope; money is in whole units of the currency. Texts are marked.
const NAMES: [(&str, bool); 28] = [
    ("orders", false),
    ("lines", false),
    ("units", false),
    ("gross", false),
    ("discount", false),
    ("promotion", false),
    ("rebate", false),
    ("returns", false),
    ("net", false),
    ("paid", false),
    ("cogs", false),
    ("freight", false),
    ("anonymous", false),
    ("quantity", false),
    ("contacts", false),
    ("minutes", false),
    ("material_cost", false),
    ("labour_hours", false),
    ("machine_hours", false),
    ("rejected_units", false),
    ("standard_cost", false),
    ("days", false),
    ("channel", true),
    ("payment", true),
    ("branch", true),
    ("product", true),
    ("category", true),
    ("kind", true),
];

/// Numbers of names from here on are rates, by their place in the list of rates.
const RATES: u16 = 1000;

impl Scope {
    /// The key of a pool's formula of this scope.
    pub fn key(self) -> &'static str {
        match self {
            Scope::Order => "per_order",
            Scope::Line => "per_line",
            Scope::Contact => "per_contact",
            Scope::Job => "job_cost",
            Scope::Month => "capacity_minutes",
        }
    }

    fn own(self) -> &'static [&'static str] {
        match self {
            Scope::Order => &[
                "orders",
                "lines",
                "units",
                "gross",
                "discount",
                "promotion",
                "rebate",
                "returns",
                "net",
                "paid",
                "cogs",
                "freight",
                "anonymous",
                "channel",
                "payment",
                "branch",
            ],
            Scope::Line => &[
                "lines",
                "quantity",
                "units",
                "gross",
                "discount",
                "returns",
                "net",
                "paid",
                "anonymous",
                "product",
                "category",
                "channel",
                "payment",
                "branch",
            ],
            Scope::Contact => &["contacts", "minutes", "kind"],
            Scope::Job => &[
                "material_cost",
                "labour_hours",
                "machine_hours",
                "rejected_units",
                "quantity",
                "standard_cost",
                "product",
                "category",
            ],
            Scope::Month => &["days"],
        }
    }

    /// Every name, for messages.
    pub fn names(self) -> String {
        format!("{}, rate.NAME", self.own().join(", "))
    }
}

/// What a name means in a scope. Any rate is taken here; [`Rates::missing`] says which are not there.
pub fn meaning(scope: Scope, name: &str) -> Option<Meaning> {
    if name.starts_with("rate.") {
        return Some(Meaning::Number(RATES));
    }
    let place = NAMES.iter().position(|(known, _)| *known == name).filter(|_| scope.own().contains(&name))? as u16;
    Some(if NAMES[place as usize].1 { Meaning::Text(place) } else { Meaning::Number(place) })
}

/// Dated rates by number.
#[derive(Debug, Default)]
pub struct Rates {
    /// Each rate with its values by first day.
    by_name: Vec<(String, Vec<(i32, Decimal)>)>,
}

impl Rates {
    /// The rates of the facts.
    pub fn new(facts: &Facts) -> Rates {
        let mut rates = Rates::default();
        for (name, day, millionths) in &facts.rates {
            if rates.by_name.last().is_none_or(|(last, _)| last != name) {
                rates.by_name.push((name.clone(), Vec::new()));
            }
            if let Some((_, values)) = rates.by_name.last_mut() {
                values.push((*day, Decimal::new(*millionths, 6)));
            }
        }
        rates
    }

    /// What a name means, rates told apart; `None` for a rate that is not there.
    pub fn meaning(&self, scope: Scope, name: &str) -> Option<Meaning> {
        match name.strip_prefix("rate.") {
            Some(rate) => {
                let place = self.by_name.iter().position(|(known, _)| known == rate)?;
                Some(Meaning::Number(RATES + place as u16))
            }
            None => meaning(scope, name),
        }
    }

    /// The names of all rates.
    pub fn names(&self) -> Vec<&str> {
        self.by_name.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The value on a day: the newest that began by then.
    fn on(&self, place: usize, day: i32) -> Option<Decimal> {
        let (_, values) = self.by_name.get(place)?;
        values[..values.partition_point(|(from, _)| *from <= day)].last().map(|(_, value)| *value)
    }
}

/// A row of the facts with the rates of its day.
pub struct Row<'r> {
    /// The facts.
    pub facts: &'r Facts,
    /// The rates.
    pub rates: &'r Rates,
    /// The day whose rates hold.
    pub day: i32,
    /// Which row.
    pub at: At<'r>,
}

/// Which row of the facts.
#[derive(Clone, Copy)]
pub enum At<'r> {
    /// An order.
    Order(usize),
    /// An order and one of its lines.
    Line(usize, usize),
    /// An interaction.
    Contact(usize),
    /// A line made to order.
    Job(&'r Job),
    /// A month with so many days.
    Month(i64),
}

impl Values for Row<'_> {
    fn number(&self, name: u16) -> Option<Decimal> {
        if name >= RATES {
            return self.rates.on(usize::from(name - RATES), self.day);
        }
        let whole = |value: i64| Some(Decimal::new(value, 0));
        let money = |minor: i64| Some(Decimal::new(minor, self.facts.decimals));
        let hours = |millionths: i64| Some(Decimal::new(millionths, 6));
        let name = NAMES[usize::from(name)].0;
        match self.at {
            At::Order(order) => {
                let totals = &self.facts.totals[order];
                let extra = |amounts: &[i64]| amounts.get(order).copied().unwrap_or(0);
                let orders = &self.facts.orders;
                let promotion = extra(&orders.promotion) + extra(&orders.coupon);
                let rebate = extra(&orders.rebate);
                match name {
                    "orders" => whole(i64::from(totals.is_sale)),
                    "lines" => whole(i64::from(orders.n_lines[order])),
                    "units" => whole(i64::from(totals.units)),
                    "gross" => money(totals.gross),
                    "discount" => money(totals.discount - promotion - rebate),
                    "promotion" => money(promotion),
                    "rebate" => money(rebate),
                    "returns" => money(totals.returns),
                    "net" => money(totals.net()),
                    "paid" => money(totals.kept),
                    "cogs" => money(totals.cogs),
                    "freight" => money(extra(&orders.freight)),
                    _ => self.anonymous(order),
                }
            }
            At::Line(order, line) => {
                let line = self.facts.lines.line(line);
                let kept = if line_kind::went_back(line.kind) { 0 } else { line.gross() - line.sales_discount() };
                match name {
                    "lines" => whole(1),
                    "quantity" => whole(i64::from(line.quantity)),
                    "units" => whole(line.units()),
                    "gross" => money(line.gross()),
                    "discount" => money(line.sales_discount()),
                    "returns" => money(line.returns()),
                    "net" => money(line.gross() - line.sales_discount() - line.returns()),
                    "paid" => money(kept),
                    _ => self.anonymous(order),
                }
            }
            At::Contact(contact) => match name {
                "minutes" => whole(self.facts.interactions.minutes[contact]),
                _ => whole(1),
            },
            At::Job(job) => match name {
                "material_cost" => money(job.material_cost),
                "labour_hours" => hours(job.labour_hours),
                "machine_hours" => hours(job.machine_hours),
                "rejected_units" => whole(job.rejected_units),
                "standard_cost" => money(job.standard_cost),
                _ => whole(job.quantity),
            },
            At::Month(days) => whole(days),
        }
    }

    fn text(&self, name: u16) -> &str {
        let name = NAMES[usize::from(name)].0;
        let facts = self.facts;
        let product = |product: u32| match name {
            "product" => facts.products.id(product as usize),
            _ => &facts.categories.values[facts.category[product as usize] as usize],
        };
        match self.at {
            At::Line(_, line) if name == "product" || name == "category" => product(facts.lines.product[line]),
            At::Order(order) | At::Line(order, _) => {
                let orders = &facts.orders;
                let (codes, values) = match name {
                    "channel" => (&orders.channel, &orders.channels),
                    "payment" => (&orders.payment, &orders.payments),
                    _ => (&orders.branch, &orders.branches),
                };
                codes.get(order).map_or("", |code| &values.values[usize::from(*code)])
            }
            At::Contact(contact) => &facts.interactions.kinds.values[usize::from(facts.interactions.kind[contact])],
            At::Job(job) => product(job.product),
            At::Month(_) => "",
        }
    }
}

impl Row<'_> {
    fn anonymous(&self, order: usize) -> Option<Decimal> {
        Some(Decimal::new(i64::from(self.facts.orders.customer[order] == crate::facts::ANONYMOUS), 0))
    }
}
