//! Customers by the month they were won in, and what they buy after.

use polars::prelude::DataFrame;

use super::{CohortMonth, Course, share};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::month_name;
use crate::contracts::results::TREND_COHORTS;
use crate::error::Result;

/// One month of one cohort.
#[derive(Debug, Clone, Copy)]
pub struct CohortCell {
    /// Place of the month won.
    pub won: usize,
    /// Place of the month looked at.
    pub at: usize,
    /// Its figures.
    pub figures: CohortMonth,
}

/// Every month reached of every cohort that has customers.
pub fn cohort_cells(course: &Course) -> Vec<CohortCell> {
    (0..course.len())
        .filter(|won| course.won[*won] > 0)
        .flat_map(|won| (won..course.len()).map(move |at| CohortCell { won, at, figures: *course.cohort(won, at) }))
        .collect()
}

/// One row per cohort and age.
pub(super) fn frame(course: &Course) -> Result<DataFrame> {
    let names: Vec<String> = course.months.clone().map(month_name).collect();
    let cells = cohort_cells(course);
    let column = |value: &dyn Fn(&CohortCell) -> i64| cells.iter().map(value).collect::<Vec<i64>>();
    FrameBuilder::new(&TREND_COHORTS)
        .text("cohort", cells.iter().map(|cell| names[cell.won].as_str()))
        .whole("age", column(&|cell| (cell.at - cell.won) as i64))
        .text("period", cells.iter().map(|cell| names[cell.at].as_str()))
        .flag("is_partial", cells.iter().map(|cell| course.is_partial(cell.at)).collect())
        .whole("cohort_size", column(&|cell| course.won[cell.won]))
        .whole("customers", column(&|cell| cell.figures.customers))
        .whole("gross_sales", column(&|cell| cell.figures.gross_sales))
        .whole("net_sales", column(&|cell| cell.figures.net_sales))
        .ratio(
            "retention",
            cells.iter().map(|cell| share(cell.figures.customers, course.won[cell.won]).unwrap_or(0.0)).collect(),
        )
        .finish()
}
