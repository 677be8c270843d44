//! What is counted of a file while it is read: rows, rows of each branch, why rows were refused.

use std::collections::BTreeMap;

use super::encode::Selection;
use super::formats::rows::Origin;
use super::implied::Said;
use super::parse::{Block, TwoWays};
use super::rejects::{Refused, Reject};
use super::resolve::Seen;
use super::sent::Counts;
use super::source::{DAY_COLUMNS, Layout, UnitFrom};
use super::{EXAMPLES, Work, hold};
use crate::calendar::{DAY_MICROS, day_name};
use crate::contracts::Kind;
use crate::error::Error;
use crate::lake::manifest::{Arithmetic, Unit};

/// What has been counted of a file.
#[derive(Default)]
pub(super) struct Reading {
    lines: u64,
    records: u64,
    /// Its rows.
    pub rows: Arithmetic,
    /// Its refused rows by code.
    pub codes: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub examples: Vec<Reject>,
    /// Refused rows by column at fault and code.
    at_fault: BTreeMap<(&'static str, &'static str), u64>,
    /// The mapped column that names the branch; where there is none, the branch the file name says.
    branch: Option<usize>,
    file_branch: Option<String>,
    by_branch: BTreeMap<Vec<u8>, Arithmetic>,
    two_ways: Vec<(TwoWays, u64, String)>,
    about: Option<About>,
    /// Where the header comes again with its columns in another order.
    moved: Option<u64>,
    /// Its trailer record.
    pub trailer: Option<String>,
    /// What it says of customers and products, where it is a flat file.
    pub said: BTreeMap<&'static str, Said>,
    /// What was not taken of it because of what files before it hold, where it is a flat file.
    sent: Counts,
}

/// The branch and day that all rows so far are of.
struct About {
    branch: Option<usize>,
    day: usize,
    found: Option<(Vec<u8>, i64)>,
    several: bool,
}

impl About {
    fn new(layout: &Layout) -> Option<About> {
        let day = DAY_COLUMNS.iter().find_map(|name| layout.mapped(name))?;
        Some(About { branch: layout.mapped("branch_id"), day, found: None, several: false })
    }

    fn look(&mut self, block: &Block, layout: &Layout) {
        let unit = if layout.columns[self.day].column.kind == Kind::Timestamp { DAY_MICROS } else { 1 };
        for record in (0..block.records.len()).filter(|record| block.good[*record]) {
            let day = block.values[self.day][record].div_euclid(unit);
            let branch = self.branch.map(|place| layout.columns[place].field);
            let branch = branch.map(|field| block.cell(record, field, layout.dialect.quote)).unwrap_or_default();
            let (known, of) = self.found.get_or_insert_with(|| (branch.to_vec(), day));
            self.several |= *of != day || **known != *branch;
            if self.several {
                return;
            }
        }
    }

    fn unit(&self) -> Option<Unit> {
        let (branch, day) = self.found.as_ref().filter(|_| !self.several)?;
        let branch = String::from_utf8_lossy(branch).into_owned();
        let branch = (!branch.is_empty()).then(|| ("branch".to_string(), branch));
        let day = ("day".to_string(), day_name(i32::try_from(*day).ok()?));
        Some(Unit(branch.into_iter().chain([day]).collect()))
    }
}

impl Reading {
    /// Begins a file whose header took `lines` lines.
    pub fn new(lines: u64, layout: &Layout, work: &Work<'_>) -> Reading {
        let branch = layout.mapped("branch_id");
        let file_branch = work.unit.as_ref().and_then(Unit::branch).map(String::from);
        let by_content = work.unit.is_none() && work.source.unit == UnitFrom::Content;
        let about = if by_content { About::new(layout) } else { None };
        let two_ways = vec![(TwoWays::default(), 0, String::new()); layout.columns.len()];
        Reading { lines, branch, file_branch, two_ways, about, ..Reading::default() }
    }

    /// What the file is about, where its rows are all of one branch and day.
    pub fn about(&self) -> Option<Unit> {
        self.about.as_ref()?.unit()
    }

    /// Resolves a block, counts its rows and says which are refused.
    pub fn take(
        &mut self,
        mut block: Block,
        layout: &Layout,
        seen: &mut Seen,
    ) -> (Block, Vec<Selection>, Vec<Refused>) {
        if let Some(about) = self.about.as_mut().filter(|about| !about.several) {
            about.look(&block, layout);
        }
        let selections = if layout.table.name == "flat" {
            let (orders, lines) = seen.resolve_flat(&mut block, layout);
            if block.last {
                self.said = std::mem::take(&mut seen.said);
                self.sent = seen.sent.next_file();
            }
            vec![orders, lines]
        } else {
            vec![seen.resolve(&mut block, layout)]
        };
        self.trailer = block.trailers.pop().or(self.trailer.take());
        let refused = self.refused(&block, layout);
        self.moved = self.moved.or(refused.iter().find(|row| row.code == "moved_header").map(|row| row.line));
        for row in &refused {
            *self.codes.entry(row.code).or_default() += 1;
            *self.at_fault.entry((row.column.unwrap_or_default(), row.code)).or_default() += 1;
        }
        for row in refused.iter().take(EXAMPLES - self.examples.len().min(EXAMPLES)) {
            self.examples.push(row.reject(&block, layout));
        }
        let duplicate = block.faults.iter().filter(|fault| fault.code == "duplicate_key").count() as u64;
        let received = (block.records.len() + block.records.bad.len()) as u64;
        let rejected = refused.len() as u64 - duplicate;
        let accepted = received - refused.len() as u64;
        let rows = Arithmetic { received, accepted, rejected, duplicate, superseded: 0 };
        self.count_branches(&block, layout, &rows);
        self.look_for_two_ways(&block, layout);
        self.rows.add(&rows);
        self.records += received;
        self.lines += u64::from(block.records.line_count);
        block.values.iter_mut().for_each(Vec::shrink_to_fit);
        (block, selections, refused)
    }

    /// The refused rows of a block, in the order of the file.
    fn refused(&self, block: &Block, layout: &Layout) -> Vec<Refused> {
        let (records, bad) = (&block.records, &block.records.bad);
        let mut refused: Vec<Refused> = Vec::with_capacity(block.faults.len() + bad.len());
        for (before, bad) in bad.iter().enumerate() {
            refused.push(Refused {
                record: self.records + u64::from(bad.after) + before as u64 + 1,
                line: self.lines + u64::from(bad.line) + 1,
                start: bad.start,
                end: bad.end,
                place: None,
                column: None,
                code: bad.code,
            });
        }
        for fault in &block.faults {
            let record = fault.record as usize;
            let bad_before = bad.partition_point(|bad| bad.after <= fault.record);
            // The last field of text made of another format says where the record came from, and is none of its own.
            let origin =
                layout.origin.as_ref().map(|_| block.whole_cell(record, layout.fields - 1, layout.dialect.quote));
            let origin = origin.as_ref().and_then(|field| Origin::read(field));
            let own = records.fields - usize::from(layout.origin.is_some());
            refused.push(Refused {
                record: self.records + u64::from(fault.record) + bad_before as u64 + 1,
                line: origin.map_or(self.lines + u64::from(records.lines[record]) + 1, |origin| origin.line),
                start: records.starts[record],
                end: records.ends[record * records.fields + own - 1],
                place: Some(fault.record),
                column: fault.column,
                code: fault.code,
            });
        }
        refused.sort_unstable_by_key(|row| row.record);
        refused
    }

    /// Counts the rows of each branch; records too broken to name one count for none.
    fn count_branches(&mut self, block: &Block, layout: &Layout, rows: &Arithmetic) {
        let Some(place) = self.branch else {
            if let Some(branch) = &self.file_branch {
                self.by_branch.entry(branch.as_bytes().to_vec()).or_default().add(rows);
            }
            return;
        };
        let (field, quote) = (layout.columns[place].field, layout.dialect.quote);
        let mut counts: BTreeMap<Vec<u8>, Arithmetic> = BTreeMap::new();
        for (branch, received) in &block.branches {
            let rows = Arithmetic { received: *received, accepted: *received, ..Arithmetic::default() };
            counts.insert(branch.clone(), rows);
        }
        for fault in &block.faults {
            let rows = counts.entry(block.cell(fault.record as usize, field, quote).into_owned()).or_default();
            rows.accepted -= 1;
            match fault.code {
                "duplicate_key" => rows.duplicate += 1,
                _ => rows.rejected += 1,
            }
        }
        let broken = block.records.bad.len() as u64;
        if broken > 0 {
            let rows = counts.entry(Vec::new()).or_default();
            rows.received += broken;
            rows.rejected += broken;
        }
        for (branch, rows) in counts {
            self.by_branch.entry(branch).or_default().add(&rows);
        }
    }

    /// The row arithmetic of each branch.
    pub fn branches(&self) -> BTreeMap<String, Arithmetic> {
        let mut branches: BTreeMap<String, Arithmetic> = BTreeMap::new();
        for (branch, rows) in &self.by_branch {
            branches.entry(String::from_utf8_lossy(branch).into_owned()).or_default().add(rows);
        }
        branches
    }

    fn look_for_two_ways(&mut self, block: &Block, layout: &Layout) {
        for ((sum, line, example), found) in self.two_ways.iter_mut().zip(&block.two_ways) {
            if sum.open == 0 && found.open > 0 {
                let record = found.first as usize;
                *line = self.lines + u64::from(block.records.lines[record]) + 1;
                *example =
                    layout.encoding.shown(block.records.text(&block.bytes, record), false).chars().take(100).collect();
            }
            sum.open += found.open;
            sum.settled |= found.settled;
        }
    }

    /// Why a file that was read to its end cannot be trusted; `None` where it can.
    pub fn distrust(&self, work: &Work<'_>, layout: &Layout) -> Option<Error> {
        let untrusted = |code: &'static str, message: String, hint: String| {
            Some(Error::Untrusted { source_name: work.name.into(), path: work.path.clone(), code, message, hint })
        };
        if let Some(line) = self.moved {
            return untrusted(
                "columns_moved",
                format!(
                    "line {line} is the header again, with its columns in another order: what follows would be misread"
                ),
                format!("make a file of its own of line {line} and what follows, and load both"),
            );
        }
        for ((found, line, example), mapped) in self.two_ways.iter().zip(&layout.columns) {
            if found.open == 0 || found.settled {
                continue;
            }
            let name = layout.field_name(mapped.field);
            return untrusted(
                "two_ways",
                format!(
                    "the point in all {} such numbers of `{name}` has three digits after it: thousands or thousandths?\n  line {line}: {example}",
                    found.open
                ),
                format!(
                    "say which: `decimal = \".\"`, or `decimal = \",\"` with `thousands = \".\"`, under `[sources.{}]`",
                    work.name
                ),
            );
        }
        if 2 * self.sent.of_another > self.rows.received {
            let [order, branch] = ["order_id", "branch_id"].map(|column| layout.export_name(column));
            return untrusted(
                "reused_ids",
                format!(
                    "{} of {} rows have a number in `{order}` that another branch has used",
                    self.sent.of_another, self.rows.received
                ),
                format!(
                    "where branches number by themselves: `order_id = [\"{branch}\", \"{order}\"]` under \
                     [sources.{}.columns]",
                    work.name
                ),
            );
        }
        // Lines of totals, and the header again, are no rows: they say nothing against the others. Nor does what an
        // earlier file has sent already.
        let no_rows =
            ["total_row", "repeated_header", "empty_row"].iter().filter_map(|code| self.codes.get(code)).sum::<u64>();
        let rows = match self.rows.accepted + self.sent.repeated {
            0 => self.rows,
            _ => Arithmetic {
                received: self.rows.received - no_rows - self.sent.repeated,
                rejected: self.rows.rejected - no_rows,
                duplicate: self.rows.duplicate - self.sent.repeated,
                ..self.rows
            },
        };
        if !hold::too_many(&rows, work.source.reject_limit) {
            return None;
        }
        let refused = self.rows.rejected + self.rows.duplicate;
        let examples = self.examples.iter().map(|reject| {
            let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
            let raw: String = reject.raw.chars().map(plain).take(100).collect();
            let column = layout.export_name(reject.column);
            format!("  line {}: {} {column}: {raw}", reject.line, reject.code)
        });
        let examples = examples.collect::<Vec<String>>().join("\n");
        let typed = |column: &str| {
            layout
                .mapped(column)
                .is_some_and(|place| !matches!(layout.columns[place].column.kind, Kind::Id | Kind::Text))
        };
        let worst = self.at_fault.iter().max_by_key(|(_, rows)| **rows);
        if let Some(((column, code), rows)) = worst.filter(|((column, code), rows)| {
            typed(column) && code.starts_with("bad_") && **rows * 2 > self.rows.received
        }) {
            let name = layout.export_name(column);
            return untrusted(
                "column_retyped",
                format!("{rows} of {} rows hold no {column} in `{name}` ({code})\n{examples}", self.rows.received),
                format!(
                    "does `{name}` hold something else now? Correct the mapping or how it is written, `[sources.{}.locale.{column}]`",
                    work.name
                ),
            );
        }
        untrusted(
            "too_many_rejects",
            format!(
                "{refused} of {} rows were refused, more than the limit of {} %\n{examples}",
                self.rows.received,
                work.source.reject_limit * 100.0
            ),
            format!("correct the export or the mapping, or raise `[sources.{}] reject_limit`", work.name),
        )
    }
}
