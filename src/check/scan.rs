//! One pass over the orders in force and one over their lines: what every rule needs of them, and no more.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};

use super::prices::Prices;
use crate::error::Result;
use crate::lake::reader::{has_values, read, read_each};
use crate::lake::{DataFile, LakeDir, Manifest};

/// No such order, day or batch.
pub const NONE: u32 = u32::MAX;
/// No amount.
pub const NO_AMOUNT: i64 = i64::MIN;

/// What was counted of completed orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Orders.
    pub orders: i64,
    /// Their lines.
    pub lines: i64,
    /// Quantity × price − discount, minor units, returned lines included.
    pub amount: i64,
    /// Units.
    pub quantity: i64,
}

/// A branch on a day.
#[derive(Debug, Clone, Default)]
pub struct BranchDay {
    /// The branch; empty where orders name none.
    pub branch: String,
    /// Days since 1970-01-01.
    pub day: i32,
    /// Completed orders.
    pub totals: Totals,
    /// Orders of any status.
    pub documents: i64,
    /// Completed orders without a line.
    pub without_lines: i64,
    /// Batches its orders and lines came in, by place in the manifest.
    pub batches: BTreeSet<u32>,
    /// Batches it came in before, which others have replaced.
    pub replaced: BTreeSet<u32>,
}

/// The orders in force, by surrogate key.
#[derive(Debug, Default)]
pub struct Orders {
    /// The branch-day; [`NONE`] for a key that has no order.
    pub group: Vec<u32>,
    /// Whether it counts.
    pub completed: Vec<bool>,
    /// The buyer's key; [`NONE`] for nobody.
    pub customer: Vec<u32>,
    /// The batch, by place in the manifest.
    pub batch: Vec<u32>,
    /// Sum of its lines.
    pub amount: Vec<i64>,
    /// Number of its lines.
    pub lines: Vec<u32>,
    /// The total the export has for it; [`NO_AMOUNT`] where it has none. Empty where no export has any.
    pub stated: Vec<i64>,
    /// Buyer, products, quantities and prices as one number, whatever the order of the lines.
    pub signature: Vec<u64>,
}

/// A line something is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suspect {
    /// The order's key.
    pub order: u32,
    /// The batch, by place in the manifest.
    pub batch: u32,
    /// The row among those accepted from the file, from 0.
    pub row: u32,
}

/// Lines something is wrong with, by rule.
#[derive(Debug, Default)]
pub struct Suspects {
    /// The lines, no more than [`MOST`] a rule.
    pub lines: BTreeMap<&'static str, Vec<Suspect>>,
}

/// Lines kept of each rule; beyond, the export as a whole is not what the rule takes it for.
pub const MOST: usize = 20_000;

impl Suspects {
    fn add(&mut self, rule: &'static str, order: u32, batch: u32, row: usize) {
        let lines = self.lines.entry(rule).or_default();
        if lines.len() < MOST {
            lines.push(Suspect { order, batch, row: row as u32 });
        }
    }
}

/// What the two passes found.
#[derive(Debug, Default)]
pub struct Scan {
    /// Branch-days, by branch, then day.
    pub days: Vec<BranchDay>,
    /// The orders.
    pub orders: Orders,
    /// Status words that are none of ours, with the orders that have them.
    pub odd_statuses: Vec<(String, u32)>,
    /// Lines something is wrong with.
    pub suspects: Suspects,
    /// The usual prices.
    pub prices: Prices,
}

impl Scan {
    /// The place of a branch and day.
    pub fn find(&self, branch: &str, day: i32) -> Option<usize> {
        self.days.binary_search_by(|known| (known.branch.as_str(), known.day).cmp(&(branch, day))).ok()
    }

    /// The orders of branch-days, by key.
    pub fn orders_of(&self, wanted: impl Fn(usize) -> bool) -> Vec<u32> {
        let days: Vec<bool> = (0..self.days.len()).map(wanted).collect();
        let group = |key: &usize| self.orders.group[*key];
        (0..self.orders.group.len())
            .filter(|key| group(key) != NONE && days[group(key) as usize])
            .map(|key| key as u32)
            .collect()
    }
}

/// The batch each file of the lake belongs to.
pub fn batch_of(manifest: &Manifest, file: &DataFile) -> u32 {
    let holds = |batch: &crate::lake::Batch| batch.files.iter().any(|own| own.path == file.path);
    manifest.batches.iter().position(holds).map_or(NONE, |place| place as u32)
}

/// Reads the orders and lines in force. `tolerance` is the difference of stated totals that is none, minor units.
pub fn scan(lake: &LakeDir, manifest: &Manifest, tolerance: i64) -> Result<Scan> {
    let mut scan = Scan::default();
    let batches: BTreeMap<&str, u32> = manifest
        .batches
        .iter()
        .enumerate()
        .flat_map(|(place, batch)| batch.files.iter().map(move |file| (file.path.as_str(), place as u32)))
        .collect();
    scan_orders(lake, manifest, &batches, &mut scan)?;
    scan_lines(lake, manifest, &batches, tolerance, &mut scan)?;
    for (key, group) in scan.orders.group.iter().enumerate().filter(|(_, group)| **group != NONE) {
        let day = &mut scan.days[*group as usize];
        day.documents += 1;
        if scan.orders.completed[key] {
            day.totals.orders += 1;
            day.totals.lines += i64::from(scan.orders.lines[key]);
            day.totals.amount += scan.orders.amount[key];
            day.without_lines += i64::from(scan.orders.lines[key] == 0);
        }
    }
    replaced(lake, manifest, &mut scan)?;
    sort_days(&mut scan);
    Ok(scan)
}

fn scan_orders(lake: &LakeDir, manifest: &Manifest, batches: &BTreeMap<&str, u32>, scan: &mut Scan) -> Result<()> {
    let mut numbers: BTreeMap<(i32, String), u32> = BTreeMap::new();
    for file in manifest.files("orders") {
        let stated = has_values(lake, file, "stated_total")?;
        let columns = ["order_key", "order_day", "customer_key", "branch_id", "status", "stated_total"];
        let columns = if stated { &columns[..] } else { &columns[..5] };
        let batch_place = batches.get(file.path.as_str()).copied().unwrap_or(NONE);
        read_each(lake, file, columns, &["branch_id", "status"], |batch| {
            let keys = batch.column(0).as_primitive::<Int32Type>().values();
            let days = batch.column(1).as_primitive::<Int32Type>().values();
            let customers = batch.column(2).as_primitive::<Int32Type>();
            let (branches, statuses) = (Coded::new(batch.column(3)), Coded::new(batch.column(4)));
            let totals = batch.columns().get(5).map(|column| column.as_primitive::<Int64Type>());
            let most = keys.iter().max().map_or(0, |key| *key as usize + 1);
            scan.orders.grow(most, stated);
            let mut known: BTreeMap<(i32, usize), u32> = BTreeMap::new();
            for row in 0..batch.num_rows() {
                let key = keys[row] as usize;
                let group = *known.entry((days[row], branches.code(row))).or_insert_with(|| {
                    let name = branches.text(row).to_string();
                    let next = numbers.len() as u32;
                    let number = *numbers.entry((days[row], name.clone())).or_insert(next);
                    if number == next {
                        scan.days.push(BranchDay { branch: name, day: days[row], ..BranchDay::default() });
                    }
                    scan.days[number as usize].batches.insert(batch_place);
                    number
                });
                let status = statuses.text(row);
                scan.orders.group[key] = group;
                scan.orders.completed[key] = matches!(status, "" | "completed");
                if !matches!(status, "" | "completed" | "cancelled" | "pending") && scan.odd_statuses.len() < MOST {
                    scan.odd_statuses.push((status.to_string(), key as u32));
                }
                scan.orders.batch[key] = batch_place;
                let customer = if customers.is_valid(row) { customers.value(row) as u32 } else { NONE };
                scan.orders.customer[key] = customer;
                scan.orders.signature[key] = mix(u64::from(customer));
                if let Some(totals) = totals.filter(|totals| totals.is_valid(row)) {
                    scan.orders.stated[key] = totals.value(row);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

impl Orders {
    fn grow(&mut self, most: usize, stated: bool) {
        if stated || !self.stated.is_empty() {
            self.stated.resize(most.max(self.group.len()), NO_AMOUNT);
        }
        if self.group.len() < most {
            self.group.resize(most, NONE);
            self.completed.resize(most, false);
            self.customer.resize(most, NONE);
            self.batch.resize(most, NONE);
            self.amount.resize(most, 0);
            self.lines.resize(most, 0);
            self.signature.resize(most, 0);
        }
    }
}

fn scan_lines(
    lake: &LakeDir,
    manifest: &Manifest,
    batches: &BTreeMap<&str, u32>,
    tolerance: i64,
    scan: &mut Scan,
) -> Result<()> {
    for file in manifest.files("order_lines") {
        let stated = has_values(lake, file, "stated_total")?;
        let columns = ["order_key", "product_key", "quantity", "unit_price", "discount", "returned", "stated_total"];
        let columns = if stated { &columns[..] } else { &columns[..6] };
        let batch_place = batches.get(file.path.as_str()).copied().unwrap_or(NONE);
        let mut before = 0;
        let mut last_day = NONE;
        read_each(lake, file, columns, &[], |batch| {
            let lines = LineColumns::new(&batch);
            for row in 0..batch.num_rows() {
                let key = lines.orders[row] as usize;
                let Some(group) = scan.orders.group.get(key).copied().filter(|group| *group != NONE) else { continue };
                if group != last_day {
                    scan.days[group as usize].batches.insert(batch_place);
                    last_day = group;
                }
                let (quantity, price) = (lines.quantities[row], lines.prices[row]);
                let gross = i64::from(quantity) * price;
                let discount = lines.discount(row);
                let amount = gross - discount;
                let product = lines.products[row] as u32;
                scan.orders.lines[key] += 1;
                scan.orders.amount[key] += amount;
                let line = mix(u64::from(product) << 32 ^ (quantity as u32 as u64)) ^ mix(price as u64);
                scan.orders.signature[key] = scan.orders.signature[key].wrapping_add(line);
                if quantity > 0 {
                    scan.prices.add(product, price);
                }
                if !scan.orders.completed[key] {
                    continue;
                }
                scan.days[group as usize].totals.quantity += i64::from(quantity);
                let mut suspect = |rule| scan.suspects.add(rule, key as u32, batch_place, before + row);
                if quantity <= 0 && lines.returned(row) == Some(false) {
                    suspect("negative_quantity");
                }
                if gross >= 0 && discount > gross {
                    suspect("discount_over_amount");
                }
                if lines.stated(row).is_some_and(|stated| (stated - amount).abs() > tolerance) {
                    suspect("line_total");
                }
            }
            before += batch.num_rows();
            Ok(())
        })?;
    }
    scan.prices.finish();
    Ok(())
}

/// The columns of lines, as they lie in the lake.
struct LineColumns<'b> {
    orders: &'b [i32],
    products: &'b [i32],
    quantities: &'b [i32],
    prices: &'b [i64],
    batch: &'b RecordBatch,
    any_discount: bool,
    any_returned: bool,
}

impl<'b> LineColumns<'b> {
    fn new(batch: &'b RecordBatch) -> LineColumns<'b> {
        LineColumns {
            orders: batch.column(0).as_primitive::<Int32Type>().values(),
            products: batch.column(1).as_primitive::<Int32Type>().values(),
            quantities: batch.column(2).as_primitive::<Int32Type>().values(),
            prices: batch.column(3).as_primitive::<Int64Type>().values(),
            batch,
            any_discount: batch.column(4).null_count() < batch.num_rows(),
            any_returned: batch.column(5).null_count() < batch.num_rows(),
        }
    }

    fn discount(&self, row: usize) -> i64 {
        let column = self.batch.column(4).as_primitive::<Int64Type>();
        if self.any_discount && column.is_valid(row) { column.value(row) } else { 0 }
    }

    fn returned(&self, row: usize) -> Option<bool> {
        let column = self.batch.column(5).as_boolean();
        (self.any_returned && column.is_valid(row)).then(|| column.value(row))
    }

    fn stated(&self, row: usize) -> Option<i64> {
        let column = self.batch.columns().get(6)?.as_primitive::<Int64Type>();
        column.is_valid(row).then(|| column.value(row))
    }
}

/// Finds the branch-days that batches which are no longer in force held: those were sent again.
fn replaced(lake: &LakeDir, manifest: &Manifest, scan: &mut Scan) -> Result<()> {
    let places: BTreeMap<(String, i32), usize> =
        scan.days.iter().enumerate().map(|(place, day)| ((day.branch.clone(), day.day), place)).collect();
    for (number, batch) in manifest.batches.iter().enumerate().filter(|(_, batch)| batch.superseded_by.is_some()) {
        for file in batch.files.iter().filter(|file| lake.file(&file.path).exists()) {
            let mut touched: BTreeSet<usize> = BTreeSet::new();
            match file.table.as_str() {
                "orders" => {
                    for rows in read(lake, file, &["order_day", "branch_id"], &["branch_id"])? {
                        let days = rows.column(0).as_primitive::<Int32Type>().values();
                        let branches = Coded::new(rows.column(1));
                        let day = |row: usize| places.get(&(branches.text(row).to_string(), days[row]));
                        touched.extend((0..rows.num_rows()).filter_map(day));
                    }
                }
                "order_lines" => {
                    for rows in read(lake, file, &["order_key"], &[])? {
                        let group = |key: &i32| scan.orders.group.get(*key as usize).copied();
                        let keys = rows.column(0).as_primitive::<Int32Type>().values();
                        touched
                            .extend(keys.iter().filter_map(group).filter(|group| *group != NONE).map(|g| g as usize));
                    }
                }
                _ => {}
            }
            for place in touched {
                scan.days[place].replaced.insert(number as u32);
            }
        }
    }
    Ok(())
}

/// Puts the branch-days in order, so that nothing depends on the order of the files.
fn sort_days(scan: &mut Scan) {
    let mut order: Vec<u32> = (0..scan.days.len() as u32).collect();
    order.sort_by(|a, b| {
        let key = |place: u32| (&scan.days[place as usize].branch, scan.days[place as usize].day);
        key(*a).cmp(&key(*b))
    });
    let mut places = vec![0_u32; order.len()];
    for (place, old) in order.iter().enumerate() {
        places[*old as usize] = place as u32;
    }
    scan.days = order.iter().map(|old| std::mem::take(&mut scan.days[*old as usize])).collect();
    for group in scan.orders.group.iter_mut().filter(|group| **group != NONE) {
        *group = places[*group as usize];
    }
}

/// A text column read as codes.
struct Coded<'b> {
    codes: &'b arrow::array::Int32Array,
    values: &'b arrow::array::StringArray,
}

impl<'b> Coded<'b> {
    fn new(column: &'b ArrayRef) -> Coded<'b> {
        let column = column.as_dictionary::<Int32Type>();
        Coded { codes: column.keys(), values: column.values().as_string() }
    }

    /// A number for the text; the same text has the same number within a batch.
    fn code(&self, row: usize) -> usize {
        if self.codes.is_valid(row) { self.codes.value(row) as usize + 1 } else { 0 }
    }

    fn text(&self, row: usize) -> &'b str {
        if self.codes.is_valid(row) { self.values.value(self.codes.value(row) as usize) } else { "" }
    }
}

/// Spreads a number over 64 bits (the finaliser of SplitMix64).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
