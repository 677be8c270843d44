//! The one serial step of ingest: gives keys, finds repeated keys, refuses rows whose parents are unknown.
//!
//! Rows are taken in file order, so "the first is kept" means the first in the file, at any thread count.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use super::encode::Selection;
use super::implied::Said;
use super::keys::{Guess, KeyIndex};
use super::parse::{Block, NO_KEY, Owners, UNKNOWN_KEY};
use super::sent::{Line, Sent};
use super::source::Layout;
use super::values::EMPTY;
use crate::contracts::Kind;

/// What has been seen so far, over all files in force.
#[derive(Debug, Default)]
pub struct Seen {
    /// Customers, products and orders, with their keys.
    pub owners: Owners,
    /// Keys of the other tables' rows.
    pub keys: BTreeMap<&'static str, KeyIndex>,
    /// Line numbers of each order.
    pub lines: LineNumbers,
    /// Orders that were not accepted, and the numbers of their lines.
    pub strays: (KeyIndex, LineNumbers),
    /// Lines of each order so far, where ingest numbers them.
    line_counts: Vec<u32>,
    /// What flat files have said of orders.
    pub sent: Sent,
    /// What the flat file at hand says of products and customers.
    pub said: BTreeMap<&'static str, Said>,
}

/// Line numbers taken, by the order's key.
#[derive(Debug, Default)]
pub struct LineNumbers {
    /// The first 16 as bits.
    near: Vec<u16>,
    far: HashSet<(u32, i64), FixedState>,
}

impl LineNumbers {
    /// Claims a line number of an order; false where it is taken.
    pub fn claim(&mut self, order: u32, number: i64) -> bool {
        if !(0..16).contains(&number) {
            return self.far.insert((order, number));
        }
        if self.near.len() <= order as usize {
            self.near.resize(order as usize + 1, 0);
        }
        let (bits, bit) = (&mut self.near[order as usize], 1 << number);
        let free = *bits & bit == 0;
        *bits |= bit;
        free
    }
}

impl Seen {
    /// How many lines of an order there are so far.
    pub fn count_of(&mut self, order: u32) -> &mut u32 {
        if self.line_counts.len() <= order as usize {
            self.line_counts.resize(order as usize + 1, 0);
        }
        &mut self.line_counts[order as usize]
    }

    /// Resolves a block of a table that has its own source.
    pub fn resolve(&mut self, block: &mut Block, layout: &Layout) -> Selection {
        let table = layout.table;
        let mut selection = Selection::default();
        self.open_parents(block, layout, &mut selection);
        if table.name == "order_lines" {
            self.refuse_repeated_lines(block, layout);
        } else if self.owners.of(table.name).is_some() {
            return self.resolve_owner(block, layout, selection);
        } else if !table.key.is_empty() {
            self.refuse_repeated_keys(block, layout);
        }
        refuse_unknown_parents(block, layout);
        selection.rows = good_rows(block);
        selection.parents.extend(closed_parents(block, layout));
        selection
    }

    /// References to tables without a source: their ids are taken in.
    fn open_parents(&mut self, block: &Block, layout: &Layout, selection: &mut Selection) {
        for (place, mapped) in layout.columns.iter().enumerate() {
            let Some(parent) = mapped.column.parent else { continue };
            if !block.parents[place].is_empty() || block.records.is_empty() {
                continue;
            }
            let Some(owner) = self.owners.of_mut(parent.table) else { continue };
            let (quote, mut guess) = (layout.dialect.quote, Guess::default());
            let keys = (0..block.records.len()).map(|record| {
                let id = block.cell(record, mapped.field, quote);
                if id.is_empty() || !block.good[record] { NO_KEY } else { owner.known_or_new(&id, &mut guess) }
            });
            selection.parents.insert(mapped.column.name, keys.collect());
        }
    }

    fn resolve_owner(&mut self, block: &mut Block, layout: &Layout, mut selection: Selection) -> Selection {
        let table = layout.table;
        let (Some(owner), Some(id)) = (self.owners.of_mut(table.name), layout.mapped(table.key[0])) else {
            return selection;
        };
        let mut guess = Guess::default();
        let parents: Vec<(usize, &'static str)> = unknown_parents(block, layout);
        for record in 0..block.records.len() {
            if !block.good[record] {
                continue;
            }
            let id = block.cell(record, layout.columns[id].field, layout.dialect.quote);
            let (key, _) = owner.keys.insert_near(&id, &mut guess);
            drop(id);
            if !owner.claimed.add(key) {
                block.refuse(record, Some(table.key[0]), "duplicate_key");
                continue;
            }
            for (place, code) in &parents {
                if block.parents[*place][record] == UNKNOWN_KEY {
                    block.refuse(record, Some(layout.columns[*place].column.name), code);
                }
            }
            if block.good[record] {
                owner.accepted.add(key);
                selection.rows.push(record as u32);
                selection.own_keys.push(key);
            }
        }
        selection.parents.extend(closed_parents(block, layout));
        selection
    }

    fn refuse_repeated_lines(&mut self, block: &mut Block, layout: &Layout) {
        let (Some(order), Some(number)) = (layout.mapped("order_id"), layout.mapped("line_no")) else { return };
        for record in 0..block.records.len() {
            if !block.good[record] {
                continue;
            }
            let key = block.parents[order].get(record).copied().unwrap_or(UNKNOWN_KEY);
            let number = block.values[number][record];
            let first = if key >= UNKNOWN_KEY {
                let (ids, lines) = &mut self.strays;
                let id = block.cell(record, layout.columns[order].field, layout.dialect.quote);
                lines.claim(ids.insert(&id).0, number)
            } else {
                self.lines.claim(key, number)
            };
            if !first {
                block.refuse(record, Some("line_no"), "duplicate_key");
            }
        }
    }

    fn refuse_repeated_keys(&mut self, block: &mut Block, layout: &Layout) {
        let table = layout.table;
        let seen = self.keys.entry(table.name).or_default();
        let mut key = Vec::new();
        for record in 0..block.records.len() {
            if !block.good[record] {
                continue;
            }
            key.clear();
            for name in table.key {
                if let Some(place) = layout.mapped(name) {
                    append_key_part(&mut key, &key_part(block, layout, place, record));
                } else {
                    append_key_part(&mut key, b"");
                }
            }
            if !seen.insert(&key).1 {
                block.refuse(record, table.key.last().copied(), "duplicate_key");
            }
        }
    }

    /// Resolves a block of a flat file into its orders and its lines. A line that another file has sent is refused, and so
    /// is one under a number that is another branch's.
    pub fn resolve_flat(&mut self, block: &mut Block, layout: &Layout) -> (Selection, Selection) {
        let (mut orders, mut lines) = (Selection::default(), Selection::default());
        let quote = layout.dialect.quote;
        let count = block.records.len();
        let mut order_keys = vec![UNKNOWN_KEY; count];
        let mut product_keys = vec![UNKNOWN_KEY; count];
        let mut customer_keys = vec![NO_KEY; count];
        lines.line_numbers = vec![EMPTY; count];
        let field = |name: &str| layout.mapped(name).map(|place| layout.columns[place].field);
        let (Some(order_field), Some(product_field)) = (field("order_id"), field("product_id")) else {
            return (orders, lines);
        };
        let (customer_field, branch_field) = (field("customer_id"), field("branch_id"));
        let [quantity, price, discount] = ["quantity", "unit_price", "discount"].map(|name| layout.mapped(name));
        let attributes: [(&'static str, Vec<Option<usize>>); 2] = [
            ("products", PRODUCT_ATTRIBUTES.iter().map(|(_, flat)| field(flat)).collect()),
            ("customers", CUSTOMER_ATTRIBUTES.iter().map(|(_, flat)| field(flat)).collect()),
        ];
        let [mut near_order, mut near_product, mut near_customer] = [Guess::default(); 3];
        for record in 0..count {
            if !block.good[record] {
                continue;
            }
            product_keys[record] =
                self.owners.products.known_or_new(&block.cell(record, product_field, quote), &mut near_product);
            if let Some(customer_field) = customer_field {
                let id = block.cell(record, customer_field, quote);
                if !id.is_empty() {
                    customer_keys[record] = self.owners.customers.known_or_new(&id, &mut near_customer);
                }
            }
            if product_keys[record] == UNKNOWN_KEY {
                block.refuse(record, Some("product_id"), "unknown_product");
                continue;
            }
            if customer_keys[record] == UNKNOWN_KEY {
                block.refuse(record, Some("customer_id"), "unknown_customer");
                continue;
            }
            let owner = &mut self.owners.orders;
            let (order, _) = owner.keys.insert_near(&block.cell(record, order_field, quote), &mut near_order);
            let branch = branch_field.map(|field| block.cell(record, field, quote)).unwrap_or_default();
            let is_of_another = self.sent.is_of_another(order, &branch);
            drop(branch);
            let value = |place: Option<usize>| place.map(|place| block.values[place][record]).filter(|v| *v != EMPTY);
            let line = Line {
                product: product_keys[record],
                quantity: value(quantity).unwrap_or(0),
                price: value(price).unwrap_or(0),
                discount: value(discount).unwrap_or(0),
            };
            if is_of_another || self.sent.is_repeated(order, line) {
                block.refuse(record, Some("order_id"), "duplicate_key");
                continue;
            }
            for (table, fields) in &attributes {
                let product = *table == "products";
                let key = if product { product_keys[record] } else { customer_keys[record] };
                let id = if product { Some(product_field) } else { customer_field };
                if let Some(id) = id.filter(|_| key < UNKNOWN_KEY) {
                    remember(self.said.entry(table).or_default(), key, block, record, (id, fields), quote);
                }
            }
            let owner = &mut self.owners.orders;
            owner.accepted.add(order);
            order_keys[record] = order;
            if owner.claimed.add(order) {
                orders.rows.push(record as u32);
                orders.own_keys.push(order);
            }
            let count = self.count_of(order);
            *count += 1;
            lines.line_numbers[record] = i64::from(*count);
            lines.rows.push(record as u32);
        }
        orders.parents.insert("customer_id", customer_keys);
        lines.parents.insert("order_id", order_keys);
        lines.parents.insert("product_id", product_keys);
        (orders, lines)
    }
}

/// What a flat file says of a product: our column, the flat column.
pub const PRODUCT_ATTRIBUTES: &[(&str, &str)] =
    &[("name", "product_name"), ("category", "category"), ("subcategory", "subcategory"), ("brand", "brand")];
/// What a flat file says of a customer: our column, the flat column.
pub const CUSTOMER_ATTRIBUTES: &[(&str, &str)] =
    &[("name", "customer_name"), ("city", "city"), ("phone", "phone"), ("email", "email")];

/// Keeps the id, and the first non-empty value of each attribute.
fn remember(
    said: &mut Said,
    key: u32,
    block: &Block,
    record: usize,
    (id, fields): (usize, &[Option<usize>]),
    quote: u8,
) {
    let values = said.entry(key).or_insert_with(|| vec![String::new(); fields.len() + 1]);
    for (value, field) in values.iter_mut().zip(std::iter::once(&Some(id)).chain(fields)) {
        if let (true, Some(field)) = (value.is_empty(), field) {
            *value = String::from_utf8_lossy(&block.cell(record, *field, quote)).into_owned();
        }
    }
}

fn key_part(block: &Block, layout: &Layout, place: usize, record: usize) -> Vec<u8> {
    let mapped = &layout.columns[place];
    match mapped.column.kind {
        Kind::Id | Kind::Text | Kind::Ratio => block.cell(record, mapped.field, layout.dialect.quote).into_owned(),
        _ => block.values[place][record].to_string().into_bytes(),
    }
}

/// Joins the parts of a key so that different keys never look alike.
pub fn append_key_part(key: &mut Vec<u8>, part: &[u8]) {
    key.extend_from_slice(&(part.len() as u32).to_le_bytes());
    key.extend_from_slice(part);
}

fn unknown_parents(block: &Block, layout: &Layout) -> Vec<(usize, &'static str)> {
    let columns = layout.columns.iter().enumerate();
    columns
        .filter(|(place, _)| !block.parents[*place].is_empty())
        .filter_map(|(place, mapped)| mapped.column.parent.map(|parent| (place, parent.code)))
        .collect()
}

fn refuse_unknown_parents(block: &mut Block, layout: &Layout) {
    for (place, code) in unknown_parents(block, layout) {
        for record in 0..block.records.len() {
            if block.parents[place][record] == UNKNOWN_KEY {
                block.refuse(record, Some(layout.columns[place].column.name), code);
            }
        }
    }
}

fn closed_parents(block: &mut Block, layout: &Layout) -> Vec<(&'static str, Vec<u32>)> {
    let parents = std::mem::take(&mut block.parents);
    let columns = layout.columns.iter().zip(parents);
    columns.filter(|(_, keys)| !keys.is_empty()).map(|(mapped, keys)| (mapped.column.name, keys)).collect()
}

fn good_rows(block: &Block) -> Vec<u32> {
    (0..block.records.len() as u32).filter(|record| block.good[*record as usize]).collect()
}

/// The canonical text of a key column's stored value, as [`append_key_part`] takes it.
pub fn stored_key_part(kind: Kind, text: Option<&str>, number: Option<i64>) -> Vec<u8> {
    match kind {
        Kind::Id | Kind::Text | Kind::Ratio => text.unwrap_or_default().as_bytes().to_vec(),
        _ => number.unwrap_or(EMPTY).to_string().into_bytes(),
    }
}
