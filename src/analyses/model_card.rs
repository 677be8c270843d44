//! A model card: what was measured, beside what it is held against.

use polars::prelude::DataFrame;

use super::frame::FrameBuilder;
use crate::contracts::Table;
use crate::error::Result;

/// One row of a model card.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// What is measured.
    pub name: &'static str,
    /// Its value; `None` where there was nothing to measure.
    pub value: Option<f64>,
    /// What it is held against, and the value of that.
    pub baseline: Option<(&'static str, Option<f64>)>,
}

impl Metric {
    /// A value that stands alone.
    pub fn of(name: &'static str, value: impl Into<Option<f64>>) -> Metric {
        Metric { name, value: value.into(), baseline: None }
    }

    /// A value beside a baseline's.
    pub fn against(self, baseline: &'static str, value: impl Into<Option<f64>>) -> Metric {
        Metric { baseline: Some((baseline, value.into())), ..self }
    }
}

/// The frame of a table with the columns metric, value, baseline and `baseline_value`.
pub fn card_frame(table: &'static Table, metrics: &[Metric]) -> Result<DataFrame> {
    FrameBuilder::new(table)
        .text("metric", metrics.iter().map(|metric| metric.name))
        .maybe_ratio("value", metrics.iter().map(|metric| metric.value).collect())
        .maybe_text("baseline", metrics.iter().map(|metric| metric.baseline.map(|(name, _)| name.into())).collect())
        .maybe_ratio(
            "baseline_value",
            metrics.iter().map(|metric| metric.baseline.and_then(|(_, value)| value)).collect(),
        )
        .finish()
}
