//! Who buys recently, often and much: scores on three axes, the segments made of them, and who moved.

mod migration;
mod scores;
pub mod segment_map;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::earlier::{EarlierRun, Wanted};
use super::frame::{FrameBuilder, texts, wholes};
use super::{Analysis, Inputs, Spec};
use crate::calendar::{civil, day_name, day_number, days_in_month};
use crate::contracts::Table;
use crate::contracts::results::{PROFITABILITY, RFM, RFM_CUTS, RFM_MIGRATION, RFM_MOVES, RFM_SEGMENTS};
use crate::error::{Error, Result};
use crate::facts::{Facts, Parts};
pub use migration::compare;
use migration::{Before, Migration};
pub use scores::{Cuts, Scored, SegmentSums, segment_sums};
pub use segment_map::SegmentMap;

const DEFINITION: &str = "Of the known customers who ordered within the window (24 months), recency is the days since the last order, \
     frequency the number of orders, monetary the net sales (or, by choice, the contribution of `profitability`, over its \
     whole period). Refunds: a return counts on the day of the order it is booked on and lowers monetary; it takes away no \
     order, and an order of credits alone is no order. Each axis is scored 1 to 5, 5 the best. `rule` says how: \
     ties_together (a value takes the fifth of its middle rank, on a border the lower one), quantile (1 + the quintiles a value exceeds), dense \
     (fifths of the distinct values): equal customers, equal scores; ntile (fifths of equal size, ties split by customer \
     id); cut_points (your own); frozen (those of the run `frozen_run`, or of the previous run; a first run sets them by \
     ties_together). The segment is that of the cell r, f, m in `map`: standard, cells_125 (eleven segments), cells_25, \
     shopify, or a table of your own; every cell belongs to one segment. Moves are counted against the previous published \
     run, or, where there is none of the same window and measure, against one calendar month ago; who would be where \
     they are on the earlier cut-points moved by themselves, who would have stayed was moved by the cut-points.";

static SPEC: Spec = Spec {
    id: "rfm",
    definition: DEFINITION,
    needs: &[],
    reads: Parts::ORDERS,
    outputs: &[&RFM, &RFM_SEGMENTS, &RFM_CUTS, &RFM_MIGRATION, &RFM_MOVES],
};

/// The same where monetary is contribution.
static SPEC_OF_CONTRIBUTION: Spec = Spec {
    id: SPEC.id,
    definition: DEFINITION,
    needs: &["profitability"],
    reads: Parts::ORDERS,
    outputs: SPEC.outputs,
};

/// Parameters: `[rfm]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rfm {
    /// Calendar months before the as-of date that count.
    pub months: u16,
    /// How values become scores.
    pub rule: Rule,
    /// What monetary is.
    pub monetary: Measure,
    /// Which segment each cell belongs to: the name of a map, or a table of segments and their cells.
    pub map: SegmentMap,
    /// Where scores 2 to 5 begin, for the rule `cut_points`.
    pub cut_points: Option<CutPoints>,
    /// The as-of date of the run whose cut-points the rule `frozen` keeps; the previous run where left out.
    pub frozen_run: Option<String>,
}

/// How values become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Equal values, equal scores: each value takes the fifth of its middle rank. Fifths may be unequal in size.
    TiesTogether,
    /// Equal values, equal scores: 1 + the quintiles (by interpolation) that a value exceeds.
    Quantile,
    /// Equal values, equal scores: fifths of the distinct values.
    Dense,
    /// SQL's NTILE: fifths of equal size, ties split by customer id.
    Ntile,
    /// The configuration's cut-points.
    CutPoints,
    /// The cut-points of an earlier run.
    Frozen,
}

impl Rule {
    /// As configured and published.
    pub fn name(self) -> &'static str {
        match self {
            Rule::TiesTogether => "ties_together",
            Rule::Quantile => "quantile",
            Rule::Dense => "dense",
            Rule::Ntile => "ntile",
            Rule::CutPoints => "cut_points",
            Rule::Frozen => "frozen",
        }
    }
}

/// What monetary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Net sales within the window.
    NetSales,
    /// Contribution, as `profitability` has it.
    Contribution,
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Measure::NetSales => "net_sales",
            Measure::Contribution => "contribution",
        }
    }
}

/// Where scores 2, 3, 4 and 5 begin on each axis.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutPoints {
    /// Days, falling: at most so many score 2, 3, 4, 5.
    pub recency_days: [i64; 4],
    /// Orders, rising.
    pub frequency: [i64; 4],
    /// Minor units, as in `rfm_cuts`, rising.
    pub monetary: [i64; 4],
}

impl Default for Rfm {
    fn default() -> Rfm {
        Rfm {
            months: 24,
            rule: Rule::TiesTogether,
            monetary: Measure::NetSales,
            map: SegmentMap::default(),
            cut_points: None,
            frozen_run: None,
        }
    }
}

/// Scores go from 1 to this.
pub const SCORES: u32 = 5;

/// What is read of earlier runs.
static EARLIER_TABLES: &[&Table] = &[&RFM, &RFM_CUTS];

/// Names of the axes, in the order of [`Scored::scores`].
const AXES: [&str; 3] = ["recency_days", "frequency", "monetary"];

/// The day so many calendar months earlier; the last of its month where it has no such day.
pub fn months_before(day: i32, months: u16) -> i32 {
    let (year, month, of_month) = civil(day);
    let target = i64::from(year) * 12 + i64::from(month) - 1 - i64::from(months);
    let (year, month) = (target.div_euclid(12), target.rem_euclid(12) + 1);
    day_number(year, month, i64::from(of_month).min(days_in_month(year, month))).unwrap_or(day)
}

impl Analysis for Rfm {
    fn spec(&self) -> &'static Spec {
        match self.monetary {
            Measure::NetSales => &SPEC,
            Measure::Contribution => &SPEC_OF_CONTRIBUTION,
        }
    }

    fn validate(&self) -> std::result::Result<(), String> {
        match (&self.cut_points, self.rule) {
            (None, Rule::CutPoints) => return Err("`rule = \"cut_points\"` needs `[rfm.cut_points]`".into()),
            (Some(_), rule) if rule != Rule::CutPoints => {
                return Err(format!("`[rfm.cut_points]` are not used by `rule = \"{}\"`", rule.name()));
            }
            (Some(cuts), _) => {
                let rising = |cuts: &[i64; 4]| cuts.windows(2).all(|pair| pair[0] <= pair[1]);
                let falling = cuts.recency_days.windows(2).all(|pair| pair[0] >= pair[1]);
                if !falling || !rising(&cuts.frequency) || !rising(&cuts.monetary) {
                    return Err("`[rfm.cut_points]`: recency_days fall, frequency and monetary rise".into());
                }
            }
            _ => {}
        }
        match &self.frozen_run {
            Some(_) if self.rule != Rule::Frozen => Err("`frozen_run` is used by `rule = \"frozen\"` alone".into()),
            Some(day) if parse_day(day).is_none() => Err(format!("`frozen_run`: `{day}` is no day, write YYYY-MM-DD")),
            _ => Ok(()),
        }
    }

    fn wants_earlier(&self) -> Wanted {
        Wanted { tables: EARLIER_TABLES, days: self.frozen_run.as_deref().and_then(parse_day).into_iter().collect() }
    }

    fn run(&self, inputs: &Inputs<'_>) -> Result<Vec<DataFrame>> {
        let facts = inputs.facts;
        let (fixed, scale_as_of) = self.fixed_cuts(inputs)?;
        let mut values = scores::values(facts, months_before(facts.as_of, self.months), facts.as_of);
        if self.monetary == Measure::Contribution {
            values.monetary = contributions(facts, inputs.results.get(&PROFITABILITY)?, &values.customer)?;
        }
        let now = self.scored(values, fixed.as_ref());
        let before = match inputs.previous() {
            Some(run) if self.is_comparable(run)? => self.before_in_run(facts, run)?,
            _ => None,
        };
        let before = match (before, self.monetary) {
            (Some(before), _) => Some(before),
            (None, Measure::NetSales) => {
                let then = months_before(facts.as_of, 1);
                let values = scores::values(facts, months_before(then, self.months), then);
                Some(Before::recomputed(then, self.scored(values, fixed.as_ref())))
            }
            // What a customer had contributed a month ago is in no table of this run.
            (None, Measure::Contribution) => None,
        };
        let id = |customer: u32| facts.customers.id(customer as usize);
        let migration = Migration::new(&self.map, id, &now, before.as_ref());
        Ok(vec![
            self.customers(facts, &now, &migration)?,
            self.segments(&now)?,
            self.cuts(facts, &now, scale_as_of)?,
            migration.cells()?,
            migration.moves()?,
        ])
    }
}

/// Days since 1970-01-01 of `YYYY-MM-DD`.
fn parse_day(text: &str) -> Option<i32> {
    let parts: Vec<i64> = text.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [year, month, day] = parts[..] else { return None };
    day_number(year, month, day)
}

/// Contribution of each customer.
fn contributions(facts: &Facts, profitability: &DataFrame, customers: &[u32]) -> Result<Vec<i64>> {
    let (ids, amounts) = (texts(profitability, "customer_id")?, wholes(profitability, "contribution")?);
    let mut of = vec![0; facts.customers.len()];
    for (id, amount) in ids.iter().zip(amounts.iter()) {
        if let (Some(customer), Some(amount)) = (id.and_then(|id| facts.customers.find(id)), amount) {
            of[customer] = amount;
        }
    }
    Ok(customers.iter().map(|customer| of[*customer as usize]).collect())
}

impl Rfm {
    /// Scores the customers as of a day (exclusive) by net sales, by the configured rule; `frozen` as by ties_together.
    pub fn score(&self, facts: &Facts, as_of: i32) -> Scored {
        let values = scores::values(facts, months_before(as_of, self.months), as_of);
        self.scored(values, self.configured_cuts().as_ref())
    }

    fn configured_cuts(&self) -> Option<Cuts> {
        let cuts = self.cut_points.as_ref()?;
        Some([cuts.recency_days, cuts.frequency, cuts.monetary].map(|axis| axis.map(Some).to_vec()))
    }

    /// Cut-points that are not found in today's customers, and the day they were found on.
    fn fixed_cuts(&self, inputs: &Inputs<'_>) -> Result<(Option<Cuts>, Option<i32>)> {
        match self.rule {
            Rule::CutPoints => return Ok((self.configured_cuts(), None)),
            Rule::Frozen => {}
            _ => return Ok((None, Some(inputs.facts.as_of))),
        }
        let run = match self.frozen_run.as_deref() {
            None => inputs.previous(),
            Some(name) => {
                let run = parse_day(name).and_then(|day| inputs.results.earlier.of(day));
                let missing = || Error::Usage {
                    message: format!(
                        "[rfm] frozen_run: there is no run `{name}` before {}",
                        day_name(inputs.facts.as_of)
                    ),
                    hint: "make it with `langgan run --as-of DAY`, or name one that is in runs/".into(),
                };
                Some(run.filter(|run| run.get(&RFM_CUTS).is_some()).ok_or_else(missing)?)
            }
        };
        let Some(found) = run.and_then(|run| Some((run, run.get(&RFM_CUTS)?))) else {
            return Ok((None, Some(inputs.facts.as_of)));
        };
        if !self.is_comparable(found.0)? {
            return Err(Error::Usage {
                message: format!(
                    "[rfm] rule = \"frozen\": the cut-points of run {} are of another window or measure than {} months of {}",
                    day_name(found.0.as_of),
                    self.months,
                    self.monetary.name()
                ),
                hint: "put `months` and `monetary` back, name another `frozen_run`, or run once with another rule"
                    .into(),
            });
        }
        let scale = found.1.column("scale_as_of").and_then(|column| column.date().cloned());
        let scale = scale.map_err(Error::internal("reading cut-points"))?.physical().iter().next().flatten();
        Ok((Some(read_cuts(found.1)?), scale))
    }

    /// Whether an earlier run measured what is measured now.
    fn is_comparable(&self, run: &EarlierRun) -> Result<bool> {
        let (Some(cuts), Some(_)) = (run.get(&RFM_CUTS), run.get(&RFM)) else { return Ok(false) };
        // A run of an older program says neither.
        let (Ok(months), Ok(measures)) = (wholes(cuts, "months"), texts(cuts, "measure")) else { return Ok(false) };
        let measure = (0..cuts.height()).rev().find_map(|row| measures.get(row));
        Ok(months.iter().next().flatten() == Some(i64::from(self.months)) && measure == Some(self.monetary.name()))
    }

    fn before_in_run(&self, facts: &Facts, run: &EarlierRun) -> Result<Option<Before>> {
        let (Some(customers), Some(cuts)) = (run.get(&RFM), run.get(&RFM_CUTS)) else { return Ok(None) };
        Before::published(run.as_of, &self.map, facts, customers, read_cuts(cuts)?).map(Some)
    }

    fn customers(&self, facts: &Facts, now: &Scored, migration: &Migration<'_>) -> Result<DataFrame> {
        let scores = |axis: usize| now.scores[axis].iter().map(|score| i64::from(*score)).collect();
        FrameBuilder::new(&RFM)
            .text("customer_id", now.customer.iter().map(|customer| facts.customers.id(*customer as usize)))
            .whole("recency_days", now.recency_days.clone())
            .whole("frequency", now.frequency.clone())
            .whole("monetary", now.monetary.clone())
            .whole("r", scores(0))
            .whole("f", scores(1))
            .whole("m", scores(2))
            .text("segment", now.segment.iter().map(|segment| self.map.name(*segment)))
            .maybe_text("previous_segment", migration.previous_segments())
            .finish()
    }

    fn segments(&self, now: &Scored) -> Result<DataFrame> {
        let sums = segment_sums(now, self.map.names().len());
        let all = now.customer.len().max(1) as f64;
        FrameBuilder::new(&RFM_SEGMENTS)
            .text("segment", self.map.names().iter().map(String::as_str))
            .text("cells", self.map.patterns().iter().map(String::as_str))
            .whole("customers", sums.iter().map(|sum| sum.customers).collect())
            .ratio("share", sums.iter().map(|sum| sum.customers as f64 / all).collect())
            .whole("monetary", sums.iter().map(|sum| sum.monetary).collect())
            .whole("orders", sums.iter().map(|sum| sum.orders).collect())
            .maybe_ratio("average_recency_days", sums.iter().map(SegmentSums::average_recency_days).collect())
            .finish()
    }

    fn cuts(&self, facts: &Facts, now: &Scored, scale_as_of: Option<i32>) -> Result<DataFrame> {
        debug_assert!(scale_as_of.is_none_or(|day| day <= facts.as_of));
        let measures = ["days", "orders", self.monetary.name()];
        let rows: Vec<(usize, i64, Option<i64>)> = now
            .cuts
            .iter()
            .enumerate()
            .flat_map(|(axis, cuts)| (2_i64..).zip(cuts).map(move |(score, from)| (axis, score, *from)))
            .collect();
        FrameBuilder::new(&RFM_CUTS)
            .text("axis", rows.iter().map(|row| AXES[row.0]))
            .whole("score", rows.iter().map(|row| row.1).collect())
            .maybe_whole("from_value", rows.iter().map(|row| row.2).collect())
            .text("measure", rows.iter().map(|row| measures[row.0]))
            .text("rule", rows.iter().map(|_| self.rule.name()))
            .whole("months", vec![i64::from(self.months); rows.len()])
            .date("scale_as_of", vec![scale_as_of; rows.len()])
            .finish()
    }
}

/// The cut-points of a published table.
fn read_cuts(frame: &DataFrame) -> Result<Cuts> {
    let (axes, scores, from) = (texts(frame, "axis")?, wholes(frame, "score")?, wholes(frame, "from_value")?);
    let mut cuts: Cuts = std::array::from_fn(|_| vec![None; SCORES as usize - 1]);
    for row in 0..frame.height() {
        let axis = AXES.iter().position(|axis| axes.get(row) == Some(axis));
        let place = scores.get(row).and_then(|score| usize::try_from(score - 2).ok());
        if let Some(cut) = axis.zip(place).and_then(|(axis, place)| cuts[axis].get_mut(place)) {
            *cut = from.get(row);
        }
    }
    Ok(cuts)
}

#[cfg(test)]
mod tests;
