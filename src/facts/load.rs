//! Reads the lake's files in force into [`Facts`].

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use rayon::prelude::*;

use super::extras;
use super::lines::{ByProduct, load_lines, sum_lines};
use super::purchases::Purchases;
use super::totals::totals;
use super::unit_values::Sold;
use super::{ANONYMOUS, Codes, Dimension, Facts, Interactions, Matter, Orders, Sales};
use crate::calendar::month_number;
use crate::contracts::{Table, inputs};
use crate::error::{Error, Result};
use crate::lake::layout::schema;
use crate::lake::reader::{read, read_each, read_files};
use crate::lake::{LakeDir, Manifest};

/// How many accepted orders each day has, whatever their status.
pub fn orders_by_day(lake: &LakeDir, manifest: &Manifest) -> Result<BTreeMap<i32, i64>> {
    let mut days = BTreeMap::new();
    for file in manifest.files("orders") {
        for batch in read(lake, file, &["order_day"], &[])? {
            for same in batch.column(0).as_primitive::<Int32Type>().values().chunk_by(|left, right| left == right) {
                *days.entry(same[0]).or_default() += same.len() as i64;
            }
        }
    }
    Ok(days)
}

/// What of the lake is read into memory. Customers, products, orders and their net sales always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Single order lines.
    pub lines: Keep,
    /// All sums of each order's lines, not only net sales; they come with all lines.
    pub sums: bool,
    /// Interactions.
    pub interactions: bool,
    /// What describes customers.
    pub customers: Described,
    /// Branch, channel, payment and staff of orders.
    pub codes: bool,
    /// What each customer bought on which day; it takes the products of lines.
    pub purchases: bool,
}

/// What is kept of single order lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// Nothing.
    None,
    /// The product and the kind of each line.
    Products,
    /// All of each line.
    All,
}

/// What of a customer's row is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Described {
    /// The id.
    Ids,
    /// And whether it is one of our own.
    Class,
    /// And whether, by whom and on what occasion the customer may be called.
    Desk,
    /// Every column.
    All,
}

impl Described {
    /// The columns besides the id; `None` for every one.
    fn columns(self) -> Option<&'static [&'static str]> {
        match self {
            Described::Ids => Some(&[]),
            Described::Class => Some(&["party_class"]),
            Described::Desk => Some(&["agent_id", "branch_id", "party_class", "phone", "consent_call", "birth_date"]),
            Described::All => None,
        }
    }
}

impl Parts {
    /// Everything.
    pub const ALL: Parts = Parts {
        lines: Keep::All,
        sums: true,
        interactions: true,
        customers: Described::All,
        codes: true,
        purchases: true,
    };
    /// No more than is always read.
    pub const ORDERS: Parts = Parts {
        lines: Keep::None,
        sums: false,
        interactions: false,
        customers: Described::Ids,
        codes: false,
        purchases: false,
    };

    /// What either needs.
    pub fn and(self, other: Parts) -> Parts {
        Parts {
            lines: self.lines.max(other.lines),
            sums: self.sums || other.sums,
            interactions: self.interactions || other.interactions,
            customers: self.customers.max(other.customers),
            codes: self.codes || other.codes,
            purchases: self.purchases || other.purchases,
        }
    }
}

/// Reads the facts of a run: completed orders before `as_of` (days since 1970-01-01, exclusive).
///
/// # Errors
/// [`Error::NoOrders`] where the lake has neither orders nor customers.
pub fn load(lake: &LakeDir, manifest: &Manifest, as_of: i32) -> Result<Facts> {
    load_parts(lake, manifest, as_of, Parts::ALL)
}

/// Reads the facts as [`load`] does, but no more of them than is asked for; what is not read is empty.
pub fn load_parts(lake: &LakeDir, manifest: &Manifest, as_of: i32, parts: Parts) -> Result<Facts> {
    if manifest.files("orders").next().is_none() && manifest.files("customers").next().is_none() {
        return Err(Error::NoOrders);
    }
    let (customers, customer_numbers) =
        keyed_dimension(lake, manifest, &inputs::CUSTOMERS, "customer_key", parts.customers)?;
    let (products, product_numbers) =
        keyed_dimension(lake, manifest, &inputs::PRODUCTS, "product_key", Described::All)?;
    let agents = dimension(lake, manifest, &inputs::AGENTS)?;
    let branches = dimension(lake, manifest, &inputs::BRANCHES)?;
    let (mut orders, other_orders) =
        load_orders(lake, manifest, as_of, &customer_numbers, customers.len(), parts.codes)?;
    let (categories, category) = product_categories(&products);
    let unit_cost = products.numbers::<Int64Type>("unit_cost");
    let mut sold = Sold::nothing(&products);
    // More categories than a word has bits are told apart line by line.
    let (lines, totals, sales) = if parts.lines == Keep::All || categories.values.len() > 64 {
        let lines = load_lines(lake, manifest, &mut orders, &product_numbers)?;
        let totals = totals(&orders, &lines, &unit_cost, &category);
        sold.add_all(&lines);
        (lines, totals, Sales::default())
    } else {
        let by_product = ByProduct { numbers: &product_numbers, unit_cost: &unit_cost, category: &category };
        sum_lines(lake, manifest, &mut orders, by_product, &mut sold, parts)?
    };
    let purchases = match parts.purchases {
        true => Purchases::of(&orders, &lines, customers.len(), products.len()),
        false => Purchases::default(),
    };
    let interactions = match parts.interactions {
        true => load_interactions(lake, manifest, as_of, &customers, &products)?,
        false => Interactions { starts: vec![0; customers.len() + 1], ..Interactions::default() },
    };
    let contacts = match parts.interactions {
        true => load_contacts(lake, manifest, as_of, &customers)?,
        false => Vec::new(),
    };
    let costs = extras::costs(lake, manifest, as_of)?;
    let mut facts = Facts {
        as_of,
        customers,
        products,
        agents,
        branches,
        orders,
        lines,
        purchases,
        totals,
        sales,
        unit_values: sold.values(),
        categories,
        category,
        interactions,
        contacts,
        costs,
        market: extras::market(lake, manifest, as_of)?,
        ledger: extras::ledger(lake, manifest, as_of)?,
        rates: extras::rates(lake, manifest)?,
        jobs: Vec::new(),
        decimals: manifest.decimals,
        other_orders,
    };
    extras::order_amounts(lake, manifest, &mut facts)?;
    facts.jobs = extras::jobs(lake, manifest, &facts, &product_numbers)?;
    Ok(facts)
}

/// The rows in force of a table without surrogate keys, sorted by id.
fn dimension(lake: &LakeDir, manifest: &Manifest, table: &'static Table) -> Result<Dimension> {
    let rows = rows_in_force(lake, manifest, table, None)?;
    sorted(rows, table).map(|(dimension, _)| dimension)
}

/// The rows in force of a table with surrogate keys, sorted by id, and the number of each key.
fn keyed_dimension(
    lake: &LakeDir,
    manifest: &Manifest,
    table: &'static Table,
    key: &str,
    described: Described,
) -> Result<(Dimension, Vec<u32>)> {
    let columns = described.columns().map(|columns| [&[key, table.key[0]], columns].concat());
    let rows = rows_in_force(lake, manifest, table, columns)?;
    let keys: Vec<i32> =
        rows.column_by_name(key).map(|array| array.as_primitive::<Int32Type>().values().to_vec()).unwrap_or_default();
    let (dimension, order) = sorted(rows, table)?;
    let mut numbers = vec![ANONYMOUS; keys.iter().max().map_or(0, |most| *most as usize + 1)];
    for (number, row) in order.iter().enumerate() {
        numbers[keys[*row as usize] as usize] = number as u32;
    }
    Ok((dimension, numbers))
}

/// The rows in force of a table: all columns, or only those named.
fn rows_in_force(
    lake: &LakeDir,
    manifest: &Manifest,
    table: &'static Table,
    only: Option<Vec<&str>>,
) -> Result<RecordBatch> {
    let schema = schema(table);
    let names = only.unwrap_or_else(|| schema.fields().iter().map(|field| field.name().as_str()).collect());
    let fields: Vec<usize> = names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
    let schema = Arc::new(schema.project(&fields).map_err(Error::internal("choosing columns"))?);
    let mut batches = Vec::new();
    for file in manifest.files(table.name) {
        batches.extend(read(lake, file, &names, &[])?);
    }
    concat_batches(&schema, &batches).map_err(Error::internal("joining the lake's files"))
}

fn sorted(rows: RecordBatch, table: &'static Table) -> Result<(Dimension, Vec<u32>)> {
    let strings = |rows: &RecordBatch| -> StringArray {
        rows.column_by_name(table.key[0])
            .map_or_else(|| StringArray::from(Vec::<&str>::new()), |array| array.as_string::<i32>().clone())
    };
    let ids = strings(&rows);
    let mut order: Vec<u32> = (0..ids.len() as u32).collect();
    let in_order = (1..ids.len()).all(|row| ids.value(row - 1) < ids.value(row));
    if in_order {
        return Ok((Dimension { rows, ids }, order));
    }
    order.par_sort_unstable_by(|a, b| ids.value(*a as usize).cmp(ids.value(*b as usize)).then(a.cmp(b)));
    let rows =
        take_record_batch(&rows, &UInt32Array::from(order.clone())).map_err(Error::internal("sorting a dimension"))?;
    let ids = strings(&rows);
    Ok((Dimension { rows, ids }, order))
}

/// Categories numbered in their order (a product without one is in the empty category), and each product's.
fn product_categories(products: &Dimension) -> (Codes, Vec<u32>) {
    let names: Vec<&str> = (0..products.len()).map(|product| products.text_at("category", product)).collect();
    let mut values: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
    values.sort_unstable();
    values.dedup();
    let codes = Codes { values };
    let category = names.iter().map(|name| codes.place(name).unwrap_or(0) as u32).collect();
    (codes, category)
}

/// What is read of an order before it has its place.
#[derive(Default)]
struct RawOrders {
    customer: Vec<u32>,
    day: Vec<i32>,
    branch: Vec<u16>,
    channel: Vec<u16>,
    payment: Vec<u16>,
    staff: Vec<u32>,
    key: Vec<u32>,
}

/// The text columns of an order; the first says whether it counts.
const ORDER_CODES: [&str; 5] = ["status", "branch_id", "channel", "payment", "staff_id"];

fn load_orders(
    lake: &LakeDir,
    manifest: &Manifest,
    as_of: i32,
    customers: &[u32],
    n_customers: usize,
    codes: bool,
) -> Result<(Orders, Vec<(String, u64)>)> {
    let texts: &[&'static str] = if codes { &ORDER_CODES } else { &ORDER_CODES[..1] };
    let columns = [&["order_key", "customer_key", "order_day"], texts].concat();
    let mut coders: [Coder; 5] = std::array::from_fn(|_| Coder::default());
    let rows = manifest.files("orders").map(|file| file.rows as usize).sum();
    let mut raw = RawOrders {
        customer: Vec::with_capacity(rows),
        day: Vec::with_capacity(rows),
        key: Vec::with_capacity(rows),
        ..RawOrders::default()
    };
    if codes {
        raw.branch.reserve_exact(rows);
        raw.channel.reserve_exact(rows);
        raw.payment.reserve_exact(rows);
        raw.staff.reserve_exact(rows);
    }
    let mut others: BTreeMap<String, u64> = BTreeMap::new();
    read_files(
        lake,
        manifest.files("orders"),
        |_| Ok(columns.clone()),
        texts,
        |batch| {
            let keys = batch.column(0).as_primitive::<Int32Type>();
            let customer_keys = batch.column(1).as_primitive::<Int32Type>();
            let days = batch.column(2).as_primitive::<Int32Type>();
            let mut coded: [Vec<u32>; 5] = Default::default();
            for (place, cells) in coded.iter_mut().enumerate().take(texts.len()) {
                *cells = coders[place].code(batch.column(3 + place));
            }
            let [status, branch, channel, payment, staff] = coded;
            let counts: Vec<bool> =
                coders[0].values.iter().map(|status| status.is_empty() || status == "completed").collect();
            for row in 0..batch.num_rows() {
                if days.value(row) >= as_of {
                    continue;
                }
                if !counts[status[row] as usize] {
                    *others.entry(coders[0].value(status[row]).to_string()).or_default() += 1;
                    continue;
                }
                let customer = match customer_keys.is_null(row) {
                    true => ANONYMOUS,
                    false => customers.get(customer_keys.value(row) as usize).copied().unwrap_or(ANONYMOUS),
                };
                raw.customer.push(customer);
                raw.day.push(days.value(row));
                raw.key.push(keys.value(row) as u32);
                if codes {
                    raw.branch.push(branch[row] as u16);
                    raw.channel.push(channel[row] as u16);
                    raw.payment.push(payment[row] as u16);
                    raw.staff.push(staff[row]);
                }
            }
            Ok(())
        },
    )?;
    for (coder, column) in coders.iter().zip(ORDER_CODES).take(4) {
        if coder.values.len() > usize::from(u16::MAX) {
            return Err(Error::TooManyValues { column });
        }
    }
    let [_, (branches, of_branch), (channels, of_channel), (payments, of_payment), (staffs, of_staff)] =
        coders.map(Coder::sorted);
    for (values, of) in [(&mut raw.branch, of_branch), (&mut raw.channel, of_channel), (&mut raw.payment, of_payment)] {
        values.iter_mut().for_each(|code| *code = of[*code as usize] as u16);
    }
    raw.staff.iter_mut().for_each(|code| *code = of_staff[*code as usize]);
    let mut orders = place_orders(&raw, n_customers);
    orders.branches = branches;
    orders.channels = channels;
    orders.payments = payments;
    orders.staffs = staffs;
    Ok((orders, others.into_iter().collect()))
}

/// Numbers text values as they come; they get their place in order at the end.
#[derive(Default)]
struct Coder {
    codes: BTreeMap<String, u32>,
    values: Vec<String>,
}

impl Coder {
    /// The codes of a dictionary-encoded column's cells; an empty cell is the empty text.
    fn code(&mut self, column: &ArrayRef) -> Vec<u32> {
        let column = column.as_dictionary::<Int32Type>();
        let empty = if column.null_count() > 0 { self.number("") } else { 0 };
        let values = column.values().as_string::<i32>();
        let map: Vec<u32> = values.iter().map(|value| value.map_or(empty, |value| self.number(value))).collect();
        column.keys().iter().map(|key| key.map_or(empty, |key| map[key as usize])).collect()
    }

    fn number(&mut self, value: &str) -> u32 {
        if let Some(code) = self.codes.get(value) {
            return *code;
        }
        let code = self.values.len() as u32;
        self.codes.insert(value.to_string(), code);
        self.values.push(value.to_string());
        code
    }

    fn value(&self, code: u32) -> &str {
        &self.values[code as usize]
    }

    /// The values in their order, and the place of each code.
    fn sorted(self) -> (Codes, Vec<u32>) {
        let mut places = vec![0; self.values.len()];
        for (place, code) in self.codes.values().enumerate() {
            places[*code as usize] = place as u32;
        }
        (Codes { values: self.codes.into_keys().collect() }, places)
    }
}

/// Puts orders in their place: by customer (anonymous last), then day, then as loaded.
fn place_orders(raw: &RawOrders, n_customers: usize) -> Orders {
    let bucket = |customer: u32| if customer == ANONYMOUS { n_customers } else { customer as usize };
    let mut starts = vec![0_u32; n_customers + 2];
    for customer in &raw.customer {
        starts[bucket(*customer) + 1] += 1;
    }
    for place in 1..starts.len() {
        starts[place] += starts[place - 1];
    }
    let mut next = starts.clone();
    let mut order = vec![0_u32; raw.day.len()];
    for (row, customer) in raw.customer.iter().enumerate() {
        let place = &mut next[bucket(*customer)];
        order[*place as usize] = row as u32;
        *place += 1;
    }
    let mut rest = order.as_mut_slice();
    let mut runs = Vec::with_capacity(n_customers + 1);
    for window in starts.windows(2) {
        let (run, after) = rest.split_at_mut((window[1] - window[0]) as usize);
        runs.push(run);
        rest = after;
    }
    runs.into_par_iter().with_min_len(1024).for_each(|run| {
        if !run.is_sorted_by_key(|row| raw.day[*row as usize]) {
            run.sort_by_key(|row| raw.day[*row as usize]);
        }
    });
    // What was not read stays empty.
    let pick = |values: &[u16]| match values.is_empty() {
        true => Vec::new(),
        false => order.iter().map(|row| values[*row as usize]).collect(),
    };
    let day: Vec<i32> = order.iter().map(|row| raw.day[*row as usize]).collect();
    Orders {
        customer: order.iter().map(|row| raw.customer[*row as usize]).collect(),
        month: day.iter().map(|day| month_number(*day)).collect(),
        branch: pick(&raw.branch),
        channel: pick(&raw.channel),
        payment: pick(&raw.payment),
        staff: match raw.staff.is_empty() {
            true => Vec::new(),
            false => order.iter().map(|row| raw.staff[*row as usize]).collect(),
        },
        first_line: vec![0; day.len()],
        n_lines: vec![0; day.len()],
        key: order.iter().map(|row| raw.key[*row as usize]).collect(),
        day,
        starts,
        ..Orders::default()
    }
}

fn load_interactions(
    lake: &LakeDir,
    manifest: &Manifest,
    as_of: i32,
    customers: &Dimension,
    products: &Dimension,
) -> Result<Interactions> {
    let mut coder = Coder::default();
    let customer_numbers = id_numbers(customers);
    let product_numbers = id_numbers(products);
    let mut rows: Vec<Row> = Vec::with_capacity(manifest.files("interactions").map(|file| file.rows as usize).sum());
    let columns = ["customer_id", "day", "month", "at", "kind", "product_id", "minutes", "status"];
    for file in manifest.files("interactions") {
        read_each(lake, file, &columns, &["kind", "status"], |batch| {
            let matter = matters(batch.column(7));
            let customer = batch.column(0).as_string::<i32>();
            let days = batch.column(1).as_primitive::<Int32Type>();
            let months = batch.column(2).as_primitive::<Int32Type>();
            let at = batch.column(3).as_primitive::<TimestampMicrosecondType>();
            let (product, minutes) = (batch.column(5).as_string::<i32>(), batch.column(6).as_primitive::<Int32Type>());
            for (row, kind) in coder.code(batch.column(4)).into_iter().enumerate() {
                if days.value(row) >= as_of {
                    continue;
                }
                let Some(number) = customer_numbers.get(customer.value(row)) else { continue };
                rows.push(Row {
                    customer: *number,
                    at: at.value(row),
                    place: rows.len() as u32,
                    day: days.value(row),
                    month: months.value(row),
                    kind,
                    product: product.is_valid(row).then(|| product_numbers.get(product.value(row)).copied()).flatten(),
                    minutes: if minutes.is_valid(row) { i64::from(minutes.value(row)) } else { 0 },
                    matter: matter[row],
                });
            }
            Ok(())
        })?;
    }
    drop((customer_numbers, product_numbers));
    if coder.values.len() > usize::from(u16::MAX) {
        return Err(Error::TooManyValues { column: "kind" });
    }
    let (kinds, places) = coder.sorted();
    rows.par_sort_unstable_by_key(|row| (row.customer, row.at, row.place));
    let mut starts = vec![0_u32; customers.len() + 1];
    for row in &rows {
        starts[row.customer as usize + 1] += 1;
    }
    for place in 1..starts.len() {
        starts[place] += starts[place - 1];
    }
    Ok(Interactions {
        starts,
        customer: rows.iter().map(|row| row.customer).collect(),
        at: rows.iter().map(|row| row.at).collect(),
        day: rows.iter().map(|row| row.day).collect(),
        month: rows.iter().map(|row| row.month).collect(),
        kind: rows.iter().map(|row| places[row.kind as usize] as u16).collect(),
        product: rows.iter().map(|row| row.product).collect(),
        minutes: rows.iter().map(|row| row.minutes).collect(),
        matter: rows.iter().map(|row| row.matter).collect(),
        kinds,
    })
}

/// An interaction before it has its place.
struct Row {
    customer: u32,
    at: i64,
    place: u32,
    day: i32,
    month: i32,
    kind: u32,
    product: Option<u32>,
    minutes: i64,
    matter: Matter,
}

/// What exports call an interaction that needs nothing more.
const CLOSED: [&str; 10] =
    ["closed", "done", "resolved", "completed", "solved", "selesai", "tuntas", "ditutup", "tutup", "beres"];

/// What each status says of its matter.
fn matters(status: &ArrayRef) -> Vec<Matter> {
    let status = status.as_dictionary::<Int32Type>();
    let matter = |value: Option<&str>| match value.map(|value| value.trim().to_lowercase()) {
        Some(value) if CLOSED.contains(&value.as_str()) => Matter::Closed,
        Some(value) if !value.is_empty() => Matter::Open,
        _ => Matter::Unsaid,
    };
    let matters: Vec<Matter> = status.values().as_string::<i32>().iter().map(matter).collect();
    status.keys().iter().map(|key| key.map_or(Matter::Unsaid, |key| matters[key as usize])).collect()
}

/// Contacts that were made before the as-of date: customer and day, in order. Those held out were not made.
fn load_contacts(lake: &LakeDir, manifest: &Manifest, as_of: i32, customers: &Dimension) -> Result<Vec<(u32, i32)>> {
    let numbers = id_numbers(customers);
    let mut contacts = Vec::new();
    for file in manifest.files("contacts") {
        read_each(lake, file, &["customer_id", "day", "in_control"], &[], |batch| {
            let customer = batch.column(0).as_string::<i32>();
            let days = batch.column(1).as_primitive::<Int32Type>();
            let held_out = batch.column(2).as_boolean();
            for row in 0..batch.num_rows() {
                let made = !(held_out.is_valid(row) && held_out.value(row));
                if let (true, Some(number)) = (made && days.value(row) < as_of, numbers.get(customer.value(row))) {
                    contacts.push((*number, days.value(row)));
                }
            }
            Ok(())
        })?;
    }
    contacts.par_sort_unstable();
    Ok(contacts)
}

fn id_numbers(dimension: &Dimension) -> hashbrown::HashMap<&str, u32, foldhash::fast::FixedState> {
    dimension.ids.iter().flatten().enumerate().map(|(number, id)| (id, number as u32)).collect()
}
