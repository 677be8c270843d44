//! The user's own segments: `[segments.NAME] where = "…"` over the mart `customers`.
//!
//! All of them are worked out in one pass; who is in which, how many are in two, and what they are worth become tables.

pub mod expression;

use std::collections::BTreeMap;

use polars::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::analyses::frame::{FrameBuilder, wholes};
use crate::contracts::results::{SEGMENT_MEMBERS, SEGMENT_OVERLAPS, SEGMENTS};
use crate::error::{Error, Result};

/// One segment: `[segments.NAME]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The condition: an SQL expression over the columns of `customers`, money in currency units.
    #[serde(rename = "where")]
    pub condition: String,
    /// What it is for, as a person would say it.
    #[serde(default)]
    pub description: String,
    /// Whether a marketing list of it is written.
    #[serde(default = "yes")]
    pub list: bool,
    /// The column of `customers` its list begins with the highest of.
    #[serde(default = "by_contribution")]
    pub order_by: String,
    /// The most customers on its list; `[lists] cap` where left out.
    pub cap: Option<u64>,
    /// The share held out of its list; `[lists] control_share` where left out.
    pub control_share: Option<f64>,
}

fn yes() -> bool {
    true
}

fn by_contribution() -> String {
    "contribution".into()
}

/// What stands before a segment's name in `segment_members`.
pub const MEMBER: &str = "in_";

/// Marketing lists that are there without any configuration; no segment may be called so, as its list would take the
/// place of that one.
pub const BUILT_IN_LISTS: [&str; 8] =
    ["at_risk", "win_back", "best_customers", "loss_makers", "birthdays", "cross_sell", "up_sell", "replenish"];

/// Checks the names and conditions of all segments.
///
/// # Errors
/// The first that is wrong, and why.
pub fn validate(segments: &BTreeMap<String, Segment>) -> std::result::Result<(), String> {
    for (name, segment) in segments {
        let wrong = |message: String| format!("in `[segments.{name}]`: {message}");
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(wrong(
                "a name is 1 to 64 small letters, digits and `_`: it becomes a file and a column".into(),
            ));
        }
        if BUILT_IN_LISTS.contains(&name.as_str()) {
            return Err(wrong(format!("`{name}` is a built-in list: choose another name")));
        }
        expression::parse(&segment.condition).map(drop).map_err(wrong)?;
        let Some(column) = crate::contracts::results::CUSTOMERS.column(&segment.order_by) else {
            return Err(wrong(format!("`order_by`: there is no column `{}` in `customers`", segment.order_by)));
        };
        use crate::contracts::Kind;
        if !matches!(column.kind, Kind::Money | Kind::Integer | Kind::Ratio | Kind::Date) {
            return Err(wrong(format!("`order_by`: `{}` is neither a number nor a date", segment.order_by)));
        }
        if segment.control_share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err(wrong("`control_share` is from 0 to 1".into()));
        }
    }
    Ok(())
}

/// `segments`, `segment_overlaps` and `segment_members`.
///
/// `customers` is the mart with money in minor units, `published` the same with money in currency units.
///
/// # Errors
/// [`Error::Query`] where a condition does not run.
pub fn tables(
    segments: &BTreeMap<String, Segment>,
    customers: &DataFrame,
    published: DataFrame,
) -> Result<[DataFrame; 3]> {
    let failed = |error: PolarsError| Error::Query { message: error.to_string() };
    let mut holds = Vec::with_capacity(segments.len());
    for (name, segment) in segments {
        let condition = expression::parse(&segment.condition).map_err(|message| Error::Query { message })?;
        holds.push(condition.alias(format!("{MEMBER}{name}")));
    }
    let names: Vec<Expr> = segments.keys().map(|name| col(format!("{MEMBER}{name}"))).collect();
    let members = published.lazy().with_columns(holds).select(names).collect().map_err(failed)?;
    let masks: Vec<Mask> = members.columns().par_iter().map(Mask::of).collect::<Result<_>>()?;
    let summary = summary(segments, customers, &masks)?;
    let overlaps = overlaps(segments, &masks)?;
    let id = customers.column("customer_id").map_err(failed)?.clone();
    let mut columns = FrameBuilder::new(&SEGMENT_MEMBERS).column(id);
    for member in members.columns() {
        columns = columns.column(member.clone());
    }
    Ok([summary, overlaps, columns.finish()?])
}

/// Who is in a segment: a bit a customer, in the order of the mart.
struct Mask {
    words: Vec<u64>,
}

impl Mask {
    fn of(column: &Column) -> Result<Mask> {
        let column = column.rechunk();
        let flags = column.bool().map_err(Error::internal("reading a segment"))?;
        let mut words = Vec::with_capacity(flags.len() / 64 + 1);
        for chunk in flags.downcast_iter() {
            let values = chunk.values().chunks::<u64>();
            let rest = values.remainder();
            words.extend(values);
            let left = chunk.len() % 64;
            if left > 0 {
                words.push(rest & ((1 << left) - 1));
            }
        }
        Ok(Mask { words })
    }

    fn count(&self) -> i64 {
        self.words.iter().map(|word| i64::from(word.count_ones())).sum()
    }

    /// The rows that are in it, ascending.
    fn rows(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(place, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(place * 64 + bit)
            })
        })
    }
}

fn summary(segments: &BTreeMap<String, Segment>, customers: &DataFrame, masks: &[Mask]) -> Result<DataFrame> {
    let rows = customers.height();
    let alone = {
        // Once or more often in any segment, and twice or more often.
        let length = masks.first().map_or(0, |mask| mask.words.len());
        let (mut once, mut twice) = (vec![0_u64; length], vec![0_u64; length]);
        for mask in masks {
            for ((once, twice), word) in once.iter_mut().zip(&mut twice).zip(&mask.words) {
                *twice |= *once & word;
                *once |= word;
            }
        }
        move |mask: &Mask| -> i64 {
            mask.words.iter().zip(&twice).map(|(word, twice)| i64::from((word & !twice).count_ones())).sum()
        }
    };
    let sum = |name: &str| -> Result<Vec<i64>> {
        let column = wholes(customers, name)?;
        let values: Vec<i64> = column.iter().map(Option::unwrap_or_default).collect();
        Ok(masks.par_iter().map(|mask| mask.rows().map(|row| values[row]).sum()).collect())
    };
    let counts: Vec<i64> = masks.iter().map(Mask::count).collect();
    FrameBuilder::new(&SEGMENTS)
        .text("segment", segments.keys().map(String::as_str))
        .text("definition", segments.values().map(|segment| segment.condition.as_str()))
        .text("description", segments.values().map(|segment| segment.description.as_str()))
        .ratio("share", counts.iter().map(|count| *count as f64 / rows.max(1) as f64).collect())
        .whole("customers", counts)
        .whole("in_no_other", masks.iter().map(alone).collect())
        .whole("net_sales", sum("net_sales")?)
        .whole("contribution", sum("contribution")?)
        .finish()
}

/// How many are in two segments at once; pairs without anybody are left out.
fn overlaps(segments: &BTreeMap<String, Segment>, masks: &[Mask]) -> Result<DataFrame> {
    let (count, length) = (masks.len(), masks.first().map_or(0, |mask| mask.words.len()));
    /// Words of every mask that are gone through together: what fits a core's cache.
    const BLOCK: usize = 512;
    let both = |block: usize| {
        let range = block * BLOCK..((block + 1) * BLOCK).min(length);
        let mut counts = vec![0_i64; count * count];
        for left in 0..count {
            for right in left + 1..count {
                let words = masks[left].words[range.clone()].iter().zip(&masks[right].words[range.clone()]);
                counts[left * count + right] = words.map(|(left, right)| i64::from((left & right).count_ones())).sum();
            }
        }
        counts
    };
    let add = |mut sums: Vec<i64>, counts: Vec<i64>| {
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        sums
    };
    let counts = (0..length.div_ceil(BLOCK)).into_par_iter().map(both).reduce(|| vec![0; count * count], add);
    let names: Vec<&str> = segments.keys().map(String::as_str).collect();
    let sizes: Vec<f64> = masks.iter().map(|mask| mask.count() as f64).collect();
    let pairs: Vec<(usize, usize, i64)> = (0..count)
        .flat_map(|left| (left + 1..count).map(move |right| (left, right)))
        .map(|(left, right)| (left, right, counts[left * count + right]))
        .filter(|(.., both)| *both > 0)
        .collect();
    FrameBuilder::new(&SEGMENT_OVERLAPS)
        .text("segment", pairs.iter().map(|pair| names[pair.0]))
        .text("other", pairs.iter().map(|pair| names[pair.1]))
        .whole("customers", pairs.iter().map(|pair| pair.2).collect())
        .ratio("share_of_segment", pairs.iter().map(|pair| pair.2 as f64 / sizes[pair.0]).collect())
        .ratio("share_of_other", pairs.iter().map(|pair| pair.2 as f64 / sizes[pair.1]).collect())
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyses::frame::{texts, wholes};

    #[test]
    fn every_number_is_counted_one_by_one() {
        let rows = 1_000_i64;
        let customers = df!(
            "customer_id" => (0..rows).map(|row| format!("{row:04}")).collect::<Vec<_>>(),
            "n_orders" => (0..rows).map(|row| row % 7).collect::<Vec<_>>(),
            "net_sales" => (0..rows).map(|row| row * 3).collect::<Vec<_>>(),
            "contribution" => (0..rows).map(|row| row - 500).collect::<Vec<_>>(),
        )
        .unwrap();
        let conditions = ["n_orders = 3", "n_orders >= 3", "contribution > 0", "contribution > 1000", "1 = 1"];
        let segments: BTreeMap<String, Segment> = conditions
            .iter()
            .enumerate()
            .map(|(at, condition)| (format!("s{at}"), toml::from_str(&format!("where = \"{condition}\"")).unwrap()))
            .collect();
        let within = |segment: usize, row: i64| match segment {
            0 => row % 7 == 3,
            1 => row % 7 >= 3,
            2 => row > 500,
            3 => false,
            _ => true,
        };
        let [summary, overlaps, members] = tables(&segments, &customers, customers.clone()).unwrap();
        for segment in 0..5 {
            let chosen: Vec<i64> = (0..rows).filter(|row| within(segment, *row)).collect();
            let found = |name: &str| wholes(&summary, name).unwrap().get(segment).unwrap();
            assert_eq!(found("customers"), chosen.len() as i64);
            assert_eq!(found("net_sales"), chosen.iter().map(|row| row * 3).sum::<i64>());
            assert_eq!(found("contribution"), chosen.iter().map(|row| row - 500).sum::<i64>());
            let alone = chosen.iter().filter(|row| (0..5).filter(|other| within(*other, **row)).count() == 1).count();
            assert_eq!(found("in_no_other"), alone as i64);
            let flags = members.column(&format!("in_s{segment}")).unwrap().bool().unwrap().clone();
            assert!(flags.iter().zip(0..rows).all(|(flag, row)| flag == Some(within(segment, row))));
        }
        let mut pairs = Vec::new();
        for left in 0..5 {
            for right in left + 1..5 {
                let both = (0..rows).filter(|row| within(left, *row) && within(right, *row)).count() as i64;
                if both > 0 {
                    pairs.push((format!("s{left}"), format!("s{right}"), both));
                }
            }
        }
        let (left, right) = (texts(&overlaps, "segment").unwrap(), texts(&overlaps, "other").unwrap());
        let both = wholes(&overlaps, "customers").unwrap();
        let found: Vec<(String, String, i64)> = (0..overlaps.height())
            .map(|row| (left.get(row).unwrap().into(), right.get(row).unwrap().into(), both.get(row).unwrap()))
            .collect();
        assert_eq!(found, pairs);
    }

    #[test]
    fn names_conditions_and_columns_are_checked() {
        for (text, reason) in [
            ("[Vip]\nwhere = \"n_orders > 1\"", "in `[segments.Vip]`: a name is 1 to 64 small letters"),
            ("[at_risk]\nwhere = \"n_orders > 1\"", "`at_risk` is a built-in list"),
            ("[vip]\nwhere = \"order_count > 1\"", "in `[segments.vip]`: there is no column `order_count`"),
            ("[vip]\nwhere = \"n_orders > 1\"\norder_by = \"name\"", "`name` is neither a number nor a date"),
            ("[vip]\nwhere = \"n_orders > 1\"\norder_by = \"sales\"", "there is no column `sales`"),
            ("[vip]\nwhere = \"n_orders > 1\"\ncontrol_share = 2.0", "`control_share` is from 0 to 1"),
        ] {
            let error = validate(&toml::from_str(text).unwrap()).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
