//! Which canonical table an export fills, and which of its columns is which of ours.

use super::Discounts;
use super::exports::Export;
use super::joins::{Found, Used};
use super::names;
use super::profile;
use crate::contracts::{Column, Kind, Table, input_tables};
use crate::error::Result;
use crate::ingest::claims::Trailer;

/// An export seen as a table.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The table.
    pub table: &'static Table,
    /// Column of the table and field of the export, in the table's order.
    pub columns: Vec<(usize, usize)>,
    /// Required columns that nothing was found for.
    pub missing: Vec<&'static str>,
    /// Why it cannot be this table, beyond what is missing.
    pub against: Option<String>,
    /// Columns that were left out although their names fit, and why; and columns mapped for a special reason.
    pub remarks: Vec<String>,
    /// Columns that no field of the export holds by itself.
    pub found: Vec<Found>,
    /// The exports they are looked up in.
    pub lookups: Vec<Used>,
    /// The field that holds the total of a line, where price and quantity say it already.
    pub total: Option<usize>,
    /// The record that holds the totals of each file.
    pub trailer: Option<Trailer>,
    score: u32,
}

/// A field whose values are the ids of another table, or one to be taken as the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The field.
    pub field: usize,
    /// The table that owns the ids.
    pub owner: &'static str,
    /// Whether it goes before what the names say.
    pub certain: bool,
}

impl Placement {
    /// Whether the export loads as this table.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.against.is_none()
    }

    /// The field mapped to a column.
    pub fn field(&self, column: &str) -> Option<usize> {
        let place = self.table.position(column)?;
        self.columns.iter().find(|(own, _)| *own == place).map(|(_, field)| *field)
    }

    /// The mapped columns and their fields.
    pub fn mapped(&self) -> impl Iterator<Item = (&'static Column, usize)> {
        self.columns.iter().map(|(place, field)| (&self.table.columns[*place], *field))
    }
}

/// The tables an export could be, best first: those it loads as, then the nearest that lacks something. `complete`
/// finds elsewhere what a placement lacks.
pub fn place(
    export: &Export,
    links: &[Link],
    mut complete: impl FnMut(&mut Placement) -> Result<()>,
) -> Result<Vec<Placement>> {
    let mut found: Vec<Placement> = input_tables().iter().map(|table| as_table(export, table, links)).collect();
    found.iter_mut().filter(|placement| placement.columns.len() > 1).try_for_each(&mut complete)?;
    found.retain(Placement::is_likely);
    found.sort_by_key(|placement| std::cmp::Reverse((placement.is_complete(), placement.score)));
    Ok(found)
}

impl Placement {
    /// Whether it is worth showing: complete, or half of what is required and more than an id.
    fn is_likely(&self) -> bool {
        let required = self.table.columns.iter().filter(|column| column.mapped).count();
        self.is_complete()
            || ((required - self.missing.len()) * 2 >= required && self.columns.len() >= 3 && self.against.is_none())
    }
}

/// What an export that is no table comes nearest to, and what it lacks.
pub fn nearest(export: &Export) -> Option<String> {
    let tables = input_tables().iter().map(|table| as_table(export, table, &[]));
    let near = |placement: &Placement| {
        let required = placement.table.columns.iter().filter(|column| column.mapped).count();
        let is_common = ["flat", "orders", "order_lines", "customers", "products", "interactions"];
        let hinted = export.stems().any(|stem| names::hints(&stem, placement.table.name));
        let is_likely = hinted || is_common.contains(&placement.table.name);
        is_likely && placement.columns.len() > 1 && placement.missing.len() * 2 <= required + 1
    };
    let nearest = tables.filter(near).max_by_key(|placement| placement.score)?;
    let lacks = match (&nearest.against, nearest.missing.as_slice()) {
        (_, missing @ [_, ..]) => format!("nothing was found for {}", missing.join(", ")),
        (against, _) => against.clone().unwrap_or_default(),
    };
    Some(format!("nearest to `{}`, but {lacks}", nearest.table.name))
}

/// Numbers the lines by a whole-numbered product id that is unique in its order, where the export has no line number.
pub fn number_lines(export: &Export, placement: &mut Placement) -> Result<()> {
    if placement.table.name != "order_lines" || placement.missing != ["line_no"] {
        return Ok(());
    }
    let (Some(order), Some(product), Some(line)) =
        (placement.field("order_id"), placement.field("product_id"), placement.table.position("line_no"))
    else {
        return Ok(());
    };
    if export.profile.columns[product].share(Kind::Integer, export.numbers.format) < 1.0 {
        return Ok(());
    }
    for path in &export.files {
        if profile::multiplicity(path, &export.shape, &[order, product])? > 1.0 {
            return Ok(());
        }
    }
    let header = &export.shape.header[product];
    placement.columns.push((line, product));
    placement.columns.sort_unstable();
    placement.missing.clear();
    placement.remarks.push(format!(
        "there is no line number; `{header}` is a whole number and unique within each order, so it serves as one"
    ));
    Ok(())
}

fn as_table(export: &Export, table: &'static Table, links: &[Link]) -> Placement {
    let hinted = export.stems().any(|stem| names::hints(&stem, table.name));
    let mut remarks = Vec::new();
    let mut doubts = Vec::new();
    let mut candidates = Vec::new();
    for (place, column) in table.columns.iter().enumerate() {
        // A total beside the lines is most often that of the whole order: only the numbers tell.
        let fields = if table.name == "flat" && column.name == "stated_total" { &[] } else { &export.shape.header[..] };
        for (field, header) in fields.iter().enumerate() {
            let link =
                links.iter().find(|link| link.field == field && names::owner_of(column.name) == Some(link.owner));
            let by_link = link.map_or(0, |link| if link.certain { 3000 } else { 350 });
            let fit = names::fit(header, table.name, column.name, hinted).max(by_link);
            let fit = by_product(export, table, column.name, field, fit);
            if fit == 0 {
                continue;
            }
            match unfit(export, column, field) {
                Some(reason) => {
                    let remark = format!("`{header}` could be {} by its name, but {reason}", column.name);
                    doubts.push((place, field, remark));
                }
                None => candidates.push((fit, place, field)),
            }
        }
    }
    candidates.sort_by_key(|(fit, place, field)| (std::cmp::Reverse(*fit), *place, *field));
    let mut columns: Vec<(usize, usize)> = Vec::new();
    for (_, place, field) in candidates {
        if columns.iter().all(|(own, taken)| *own != place && *taken != field) {
            columns.push((place, field));
        }
    }
    if let Some((place, field)) = product_by_name(table, &columns) {
        columns.push((place, field));
        let header = &export.shape.header[field];
        remarks.push((usize::MAX, format!("there is no product code; `{header}` serves as one")));
    }
    if let Some((place, field)) = customer_by_name(table, &columns) {
        columns.push((place, field));
        let header = &export.shape.header[field];
        remarks.push((
            usize::MAX,
            format!("there is no customer code; `{header}` serves as one: two customers of one name are taken for one"),
        ));
    }
    let is_named = |name: &str| table.position(name).is_none_or(|place| columns.iter().any(|(own, _)| *own == place));
    if matches!(table.name, "flat" | "orders") && !is_named("customer_id") {
        let lacks =
            "no column says whose the orders are: they stay anonymous, and whatever is about customers is empty";
        remarks.push((usize::MAX, lacks.into()));
    }
    let total = drop_total(table, &mut columns);
    drop_what_is_said_twice(export, table, &mut columns, &mut remarks);
    columns.sort_unstable();
    doubts.retain(|(place, field, _)| columns.iter().all(|(own, taken)| own != place && taken != field));
    remarks.extend(doubts.into_iter().map(|(place, _, remark)| (place, remark)));
    let has = |name: &str| table.position(name).is_some_and(|place| columns.iter().any(|(own, _)| *own == place));
    let missing: Vec<&'static str> =
        table.columns.iter().filter(|column| column.mapped && !has(column.name)).map(|column| column.name).collect();
    let missing: Vec<&'static str> =
        missing.into_iter().filter(|name| *name != "unit_price" || !has("line_total")).collect();
    let key_field = match table.key {
        [key] => {
            table.position(key).and_then(|place| columns.iter().find(|(own, _)| *own == place)).map(|(_, field)| *field)
        }
        _ => None,
    };
    let against = match key_field {
        Some(field) if !export.profile.columns[field].is_unique() => {
            Some(format!("`{}` is not unique", export.shape.header[field]))
        }
        _ if table.name == "control_totals" && !(has("rows") || has("amount")) => {
            Some("there is neither a number of rows nor an amount".into())
        }
        _ if !hinted && ONLY_BY_NAME.contains(&table.name) => Some("its name does not say so".into()),
        _ if columns.len() < 2 => Some("only one column fits".into()),
        _ if !hinted && NEEDS_A_HINT.contains(&table.name) && columns.len() < 3 => Some("only two columns fit".into()),
        _ => None,
    };
    let required = columns.iter().filter(|(place, _)| table.columns[*place].mapped).count();
    let score = 10 * required + 3 * (columns.len() - required) + if hinted { 15 } else { 0 };
    Placement {
        table,
        columns,
        missing,
        against,
        remarks: remarks.into_iter().map(|(_, remark)| remark).collect(),
        found: Vec::new(),
        lookups: Vec::new(),
        total,
        trailer: None,
        score: score as u32,
    }
}

/// How well a field fits once multiplication has had its say: a total is neither a quantity nor a price, whatever its
/// name, and what multiplies to a total is one.
fn by_product(export: &Export, table: &Table, column: &str, field: usize, fit: u32) -> u32 {
    let Some(product) = export.product.filter(|_| table.position("line_total").is_some()) else { return fit };
    match column {
        "quantity" | "unit_price" if field == product.total => 0,
        "line_total" if field == product.quantity || field == product.price => 0,
        "quantity" if field == product.quantity => fit.max(600),
        "unit_price" if field == product.price => fit.max(600),
        "line_total" if field == product.total => fit.max(450),
        _ => fit,
    }
}

/// The customer's name as the customer's id, where the export has no code.
fn customer_by_name(table: &Table, columns: &[(usize, usize)]) -> Option<(usize, usize)> {
    let (id, name) = (table.position("customer_id")?, table.position("customer_name")?);
    let field = columns.iter().find(|(place, _)| *place == name).map(|(_, field)| *field)?;
    columns.iter().all(|(place, _)| *place != id).then_some((id, field))
}

/// Leaves out the total of a line where there is a price; gives its field.
fn drop_total(table: &Table, columns: &mut Vec<(usize, usize)>) -> Option<usize> {
    let (price, total) = (table.position("unit_price")?, table.position("line_total")?);
    columns.iter().find(|(place, _)| *place == price)?;
    let field = columns.iter().find(|(place, _)| *place == total).map(|(_, field)| *field)?;
    columns.retain(|(place, _)| *place != total);
    Some(field)
}

/// Leaves out what other columns say already, and remarks how prices and costs are worked out.
fn drop_what_is_said_twice(
    export: &Export,
    table: &Table,
    columns: &mut Vec<(usize, usize)>,
    remarks: &mut Vec<(usize, String)>,
) {
    let field = |columns: &[(usize, usize)], name: &str| {
        let place = table.position(name)?;
        columns.iter().find(|(own, _)| *own == place).map(|(_, field)| export.shape.header[*field].clone())
    };
    let rules = [
        ("discount", "discount_rate"),
        ("discount", "discount_percent"),
        ("discount_rate", "discount_percent"),
        ("line_cost", "line_profit"),
        ("unit_cost", "line_profit"),
    ];
    for (kept, left) in rules {
        if let (Some(kept), Some(header), Some(place)) =
            (field(columns, kept), field(columns, left), table.position(left))
        {
            columns.retain(|(own, _)| *own != place);
            remarks.push((usize::MAX, format!("`{header}` is left out: `{kept}` says it already")));
        }
    }
    // A price after the discount has it in it.
    let after = ["setelah diskon", "setelah potongan", "after discount", "net price", "harga net"];
    let is_after = |header: &String| after.iter().any(|words| header.to_lowercase().contains(words));
    if let Some(price) = field(columns, "unit_price").filter(is_after) {
        for name in ["discount", "discount_rate", "discount_percent"] {
            if let (Some(header), Some(place)) = (field(columns, name), table.position(name)) {
                columns.retain(|(own, _)| *own != place);
                remarks.push((usize::MAX, format!("`{header}` is left out: it is in `{price}` already")));
            }
        }
    }
    if field(columns, "unit_price").is_none()
        && field(columns, "line_total").is_none()
        && field(columns, "line_profit").is_some()
    {
        columns.retain(|(own, _)| Some(*own) != table.position("line_profit"));
    }
    if let Some(total) = field(columns, "line_total") {
        let rate = field(columns, "discount_rate").or_else(|| field(columns, "discount_percent"));
        let with = rate.map(|rate| format!(" and the rate `{rate}`")).unwrap_or_default();
        remarks.push((
            usize::MAX,
            format!("`{total}` is the total of a line: the price of one unit is worked out of it{with}, and what a line came to stays exact"),
        ));
    }
    if let Some(profit) = field(columns, "line_profit") {
        remarks.push((usize::MAX, format!("the cost of a line is its total less `{profit}`")));
    }
}

/// The product's name as its id, where the export has no code.
fn product_by_name(table: &Table, columns: &[(usize, usize)]) -> Option<(usize, usize)> {
    let id = table.position("product_id").filter(|place| table.columns[*place].mapped)?;
    let name = table.position("product_name")?;
    let field = columns.iter().find(|(place, _)| *place == name).map(|(_, field)| *field)?;
    columns.iter().all(|(place, _)| *place != id).then_some((id, field))
}

/// Tables that ask for so little that other files look like them.
const NEEDS_A_HINT: &[&str] = &["branches", "agents", "customers", "products", "control_totals", "market"];

/// Tables the office writes for Langgan: only the name of the file tells them.
const ONLY_BY_NAME: &[&str] = &["calendar", "hq_documents", "corrections"];

/// What to do about quantities such as 1,5 kg.
pub const NO_FRACTIONS: &str =
    "; quantities are whole numbers here: export grams, not kilograms, and the price of one gram";

/// Why a column cannot hold the values of a field.
pub fn unfit(export: &Export, column: &Column, field: usize) -> Option<String> {
    let profile = &export.profile.columns[field];
    let format = export.numbers.format;
    let values = profile.filled - profile.nulls;
    if values == 0 {
        return Some("it is empty".into());
    }
    let share = profile.share(column.kind, format);
    if share < 0.8 || !profile.parses(column.kind, format) {
        let wanted = match column.kind {
            Kind::Date | Kind::Timestamp => "dates in a known pattern",
            Kind::Month => "months",
            Kind::Flag => "yes or no",
            Kind::Integer | Kind::Quantity => "whole numbers",
            _ => "numbers",
        };
        let example =
            profile.values.texts().next().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
        let fractions = column.kind == Kind::Quantity && profile.has_fractions(format);
        let why = if fractions { NO_FRACTIONS } else { "" };
        return Some(format!("only {:.0} % of its values are {wanted} (such as `{example}`){why}", share * 100.0));
    }
    let are_amounts = column.name.starts_with("discount")
        && export.discounts == Some(Discounts::Amounts)
        && profile.numbers.percent == 0;
    let is_rate = profile.is_rate(format) && !are_amounts;
    if column.kind == Kind::Money
        && (profile.numbers.percent > 0 || (["discount", "line_profit"].contains(&column.name) && is_rate))
    {
        return Some("it holds rates (0 to 1, or per cent), not amounts of money".into());
    }
    if column.kind == Kind::Ratio && !is_rate && (column.name == "discount_rate" || profile.numbers.largest > 100) {
        return Some("it holds amounts, not rates".into());
    }
    let is_text = matches!(column.kind, Kind::Id | Kind::Text);
    if !column.mapped && !is_text && profile.nulls * 20 > profile.filled {
        return Some(format!("{} of its cells hold a word such as `NULL`, which is not an empty cell", profile.nulls));
    }
    None
}
