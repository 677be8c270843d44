//! Totals at the end of each file: `TOTAL;;;;;100;297000` is no row, but what the sender says of its rows.

use std::path::Path;

use super::exports::Export;
use super::files;
use super::sniff::Shape;
use super::tables::Placement;
use crate::error::Result;
use crate::ingest::claims::Trailer;
use crate::ingest::parse::means_total;
use crate::ingest::records::split;
use crate::ingest::values::{self, NumberFormat};

/// Files that are looked at.
const FILES: usize = 50;
/// Digits kept after the decimal mark.
const DIGITS: u32 = 4;
const ONE: i128 = 10_i128.pow(DIGITS);
/// What is off by more than one in this many of the sum is not its total.
const NEAR: i128 = 10;
/// Words besides those for a total that begin such a record.
const WORDS: [&str; 4] = ["trailer", "trl", "footer", "eof"];
/// The totals that are looked for.
const TOTALS: [&str; 3] = ["amount", "quantity", "rows"];

/// What a file's rows come to, in the order of [`TOTALS`], with [`DIGITS`] digits.
type Sums = [i128; 3];

/// The fields that hold the totals, counted from 1, and the files in which they are right.
type Places = [Option<(usize, usize)>; 3];

/// Finds the record of totals at the end of every file and which of its fields are which; remarks on one whose fields
/// it does not know.
pub fn find(export: &Export, placement: &mut Placement) -> Result<()> {
    if !matches!(placement.table.name, "flat" | "order_lines") || !export.profile.whole || export.numbers.unclear > 0 {
        return Ok(());
    }
    let mut found: Option<(String, Places)> = None;
    let files = export.files.len().min(FILES);
    for path in &export.files[..files] {
        let Some((fields, sums)) = last_record(path, export, placement)? else { return Ok(()) };
        let own = places(&fields, sums, placement.field("quantity"), export);
        let (prefix, both) = found.get_or_insert_with(|| (fields[0].clone(), own));
        if *prefix != fields[0] {
            return Ok(());
        }
        if path != &export.files[0] {
            for (both, own) in both.iter_mut().zip(own) {
                let same = both.zip(own).filter(|((place, _), (own, _))| place == own);
                *both = same.map(|((place, right), (_, more))| (place, right + more));
            }
        }
    }
    let Some((prefix, places)) = found else { return Ok(()) };
    // A single file may be the one that is wrong; of several, most are right.
    let [amount, quantity, rows] =
        places.map(|own| own.filter(|(_, right)| files == 1 || right * 2 > files).map(|(place, _)| place));
    let trailer = Trailer { prefix, rows, amount, quantity, id_hash: None, first_document: None, last_document: None };
    let begins = format!("the last line of each file begins with `{}` and is no row", trailer.prefix);
    placement.remarks.push(match trailer.validate() {
        Ok(()) => format!("{begins}; its totals are compared with the rows: {}", told(&trailer)),
        Err(_) => format!(
            "{begins}; to have its totals compared, say in which fields they are: {}",
            written(&Trailer { rows: Some(2), amount: Some(3), ..trailer.clone() })
        ),
    });
    placement.trailer = Some(trailer).filter(|trailer| trailer.validate().is_ok());
    Ok(())
}

/// The totals and their fields.
fn known(trailer: &Trailer) -> impl Iterator<Item = (&'static str, usize)> {
    let places = [trailer.amount, trailer.quantity, trailer.rows];
    TOTALS.into_iter().zip(places).filter_map(|(name, place)| Some((name, place?)))
}

fn told(trailer: &Trailer) -> String {
    known(trailer).map(|(name, place)| format!("field {place} is {name}")).collect::<Vec<_>>().join(", ")
}

/// The key of a source.
pub fn written(trailer: &Trailer) -> String {
    let places: String = known(trailer).map(|(name, place)| format!(", {name} = {place}")).collect();
    format!("trailer = {{ prefix = {}{places} }}", super::write::quoted(&trailer.prefix))
}

/// The fields of the one record of totals of a file, where it is the last, and what the rows before it come to.
fn last_record(path: &Path, export: &Export, placement: &Placement) -> Result<Option<(Vec<String>, Sums)>> {
    let (shape, mut is_there) = (&export.shape, false);
    files::each_block(path, shape, |block, is_last, _| {
        let line = block.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        is_there = is_last && fields(line, shape).first().is_some_and(|first| begins_totals(first));
        memchr::memrchr(b'\n', block).map_or(0, |newline| newline + 1)
    })?;
    if !is_there {
        return Ok(None);
    }
    let (mut sums, mut last, mut totals) = (Sums::default(), None, 0);
    each_line(path, shape, |fields| {
        let is_total = fields.first().is_some_and(|first| begins_totals(first));
        match is_total {
            true => totals += 1,
            false => add(&mut sums, &fields, placement, export.numbers.format),
        }
        last = Some(fields).filter(|_| is_total);
    })?;
    Ok(last.filter(|_| totals == 1).map(|fields| (fields, sums)))
}

/// Hands over the fields of every record after the header, whether it has as many as the header or not.
fn each_line(path: &Path, shape: &Shape, mut each: impl FnMut(Vec<String>)) -> Result<()> {
    files::each_block(path, shape, |block, is_last, first| {
        let end = if is_last { block.len() } else { memchr::memrchr(b'\n', block).map_or(0, |newline| newline + 1) };
        let block = &block[..end];
        let records = split(block, shape.dialect, shape.fields(), is_last);
        let mut take = |text: &[u8]| {
            if !text.trim_ascii().is_empty() {
                each(fields(text, shape));
            }
        };
        let mut bad = records.bad.iter().peekable();
        for record in 0..records.len() {
            while let Some(bad) = bad.next_if(|bad| bad.after as usize <= record) {
                take(&block[bad.start as usize..bad.end as usize]);
            }
            if !first || record > 0 {
                take(records.text(block, record));
            }
        }
        bad.for_each(|bad| take(&block[bad.start as usize..bad.end as usize]));
        records.consumed
    })
}

fn begins_totals(cell: &str) -> bool {
    means_total(cell.as_bytes()) || WORDS.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// The fields of a record, without what says where it came from.
fn fields(text: &[u8], shape: &Shape) -> Vec<String> {
    let dialect = shape.dialect;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let mut record = csv::ByteRecord::new();
    let _ = reader.read_byte_record(&mut record);
    let cells = record.iter().take(shape.header.len());
    cells.map(|cell| String::from_utf8_lossy(&shape.encoding.cell(cell)).trim().to_string()).collect()
}

/// Adds a row to the sums. An amount that depends on a rate is not worked out here.
fn add(sums: &mut Sums, fields: &[String], placement: &Placement, format: NumberFormat) {
    let value = |column: &str| {
        let text = fields.get(placement.field(column)?)?;
        values::decimal(text.as_bytes(), format, DIGITS).map(i128::from)
    };
    let quantity = value("quantity").unwrap_or(0);
    let by_rate = ["discount_rate", "discount_percent"].iter().any(|name| placement.field(name).is_some());
    let by_price = value("unit_price").filter(|_| !by_rate);
    let by_price = by_price.map(|price| quantity * price / ONE - value("discount").unwrap_or(0));
    let amount = value("line_total").or(by_price).unwrap_or(0);
    sums.iter_mut().zip([amount, quantity, ONE]).for_each(|(sum, more)| *sum += more);
}

/// Which field of the record holds which total: each is the field that comes nearest to the sum. Units stand below the
/// units where the record has as many fields as the rows.
fn places(fields: &[String], sums: Sums, quantity: Option<usize>, export: &Export) -> Places {
    let value = |place: usize| {
        let value = values::decimal(fields[place].as_bytes(), export.numbers.format, DIGITS)?;
        Some((place, i128::from(value)))
    };
    let mut free: Vec<(usize, i128)> = (1..fields.len()).filter_map(value).collect();
    let mut found = Places::default();
    let below = quantity.filter(|_| fields.len() == export.shape.header.len());
    let order = if below.is_some() { [0, 1, 2] } else { [0, 2, 1] };
    for total in order {
        let off = |value: i128| (value - sums[total]).abs();
        let near = free.iter().filter(|(_, value)| sums[total] != 0 && off(*value) * NEAR <= sums[total].abs());
        let column = below.filter(|_| total == 1);
        let nearest = near.min_by_key(|(place, value)| (Some(*place) != column, off(*value))).copied();
        if let Some((place, value)) = nearest {
            found[total] = Some((place + 1, usize::from(off(value) == 0)));
            free.retain(|(own, _)| *own != place);
        }
    }
    found
}
