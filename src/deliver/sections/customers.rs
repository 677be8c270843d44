//! Segments and customers at risk.

use std::collections::BTreeMap;

use super::{Delivery, Rows, customer_name, segment_moves};
use crate::analyses::churn::methods::FEWEST_CUSTOMERS;
use crate::analyses::frame::{flags, ratios, texts, wholes};
use crate::analyses::rfm::Measure;
use crate::contracts::Table;
use crate::contracts::results::{CHURN, MODEL_CARDS, RFM, RFM_SEGMENTS};
use crate::deliver::churn_words::churn_reason;
use crate::deliver::report::{
    Churn, ChurnCustomer, MetricRow, ModelCard, Period, RfmCell, RiskBand, SegmentRow, Segments,
};
use crate::error::Result;

/// Customers at risk shown.
const AT_RISK: usize = 20;

/// The segment map.
pub fn segments(delivery: &Delivery<'_>) -> Result<Option<Segments>> {
    let (Ok(scores), Ok(segments)) = (delivery.results.get(&RFM), delivery.results.get(&RFM_SEGMENTS)) else {
        return Ok(None);
    };
    let mut cells: BTreeMap<(u32, u32), BTreeMap<String, u64>> = BTreeMap::new();
    let (r, f, names) = (wholes(scores, "r")?, wholes(scores, "f")?, texts(scores, "segment")?);
    for row in 0..scores.height() {
        let cell = (r.get(row).unwrap_or(0) as u32, f.get(row).unwrap_or(0) as u32);
        *cells.entry(cell).or_default().entry(names.get(row).unwrap_or_default().to_string()).or_default() += 1;
    }
    let map = cells.into_iter().map(|((recency, frequency), segments)| {
        let customers = segments.values().sum();
        let most = segments.into_iter().max_by(|left, right| left.1.cmp(&right.1).then(right.0.cmp(&left.0)));
        RfmCell { recency, frequency, customers, segment: most.map_or_else(String::new, |(name, _)| name) }
    });
    let rows = Rows(segments);
    let list: Result<Vec<SegmentRow>> = (0..rows.len())
        .map(|row| {
            Ok(SegmentRow {
                segment: rows.text("segment", row)?,
                customers: rows.count("customers", row)?,
                share: rows.ratio("share", row)?.unwrap_or(0.0),
                net_sales: rows.number("monetary", row)?,
                average_recency_days: rows.ratio("average_recency_days", row)?.unwrap_or(0.0),
            })
        })
        .collect();
    Ok(Some(Segments {
        map: map.collect(),
        rows: list?.into_iter().filter(|row| row.customers > 0).collect(),
        by_contribution: delivery.config.analyses.rfm.monetary == Measure::Contribution,
        moves: segment_moves::moves(delivery)?,
        own: segment_moves::own(delivery)?,
        overlaps: segment_moves::overlaps(delivery)?,
    }))
}

/// Who is about to leave, worth the most first.
pub fn churn(delivery: &Delivery<'_>) -> Result<Option<Churn>> {
    let Ok(frame) = delivery.results.get(&CHURN) else { return Ok(None) };
    let (bands, risk) = (texts(frame, "risk_band")?, ratios(frame, "churn_probability")?);
    let (profit, spared) = (wholes(frame, "profit_at_risk")?, flags(frame, "do_not_chase")?);
    let mut sums: BTreeMap<&str, (u64, f64, i64)> = BTreeMap::new();
    let mut ranking: Vec<usize> = Vec::new();
    for row in 0..frame.height() {
        let band = bands.get(row).unwrap_or_default();
        let sum = sums.entry(band).or_default();
        sum.0 += 1;
        sum.1 += risk.get(row).unwrap_or(0.0);
        sum.2 += profit.get(row).unwrap_or(0);
        if (band == "high" || band == "medium") && !spared.get(row).unwrap_or(false) {
            ranking.push(row);
        }
    }
    ranking.sort_by_key(|row| (std::cmp::Reverse(profit.get(*row)), *row));
    let rows = Rows(frame);
    let customers: Result<Vec<ChurnCustomer>> = ranking
        .into_iter()
        .take(AT_RISK)
        .map(|row| {
            let id = rows.text("customer_id", row)?;
            let mut reasons = Vec::new();
            for name in ["reason_1", "reason_2", "reason_3"] {
                let reason = rows.text(name, row)?;
                if !reason.is_empty() {
                    reasons.push(churn_reason(&reason, delivery.language));
                }
            }
            Ok(ChurnCustomer {
                name: customer_name(delivery, &id),
                customer_id: id,
                probability: risk.get(row).unwrap_or(0.0),
                profit_at_risk: profit.get(row).unwrap_or(0),
                reasons,
            })
        })
        .collect();
    let churn = &delivery.config.analyses.churn;
    let bounds = churn.band_bounds();
    let bands = bounds
        .iter()
        .map(|(name, lower, upper)| {
            let (customers, expected_churners, profit_at_risk) = sums.get(name).copied().unwrap_or_default();
            RiskBand {
                band: (*name).to_string(),
                lower: *lower,
                upper: *upper,
                customers,
                expected_churners,
                profit_at_risk,
            }
        })
        .collect();
    let mut card = model_card(delivery, &MODEL_CARDS, "churn")?;
    if let (Some(card), true) = (&mut card, rows.len() > 0) {
        card.serve_as(&rows.text("method", 0)?);
    }
    Ok(Some(Churn { horizon_days: churn.horizon_days as u32, customers: customers?, bands, model_card: card }))
}

/// Every model of an analysis beside the naive baselines, in the first window of the table.
pub fn model_card(delivery: &Delivery<'_>, table: &'static Table, analysis: &str) -> Result<Option<ModelCard>> {
    let Ok(frame) = delivery.results.get(table) else { return Ok(None) };
    let rows = Rows(frame);
    let mut values: BTreeMap<(String, String), Option<f64>> = BTreeMap::new();
    let (mut models, mut metrics): (Vec<(bool, String)>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut winner, mut test_customers, mut test_period) = (String::new(), 0, Period::default());
    for row in 0..rows.len() {
        let start = rows.day("test_from", row)?.unwrap_or_default();
        if rows.text("analysis", row)? != analysis || (!models.is_empty() && start != test_period.start) {
            continue;
        }
        let (model, metric) = (rows.text("model", row)?, rows.text("metric", row)?);
        let entry = (rows.flag("is_baseline", row)?, model.clone());
        if !models.contains(&entry) {
            models.push(entry);
        }
        if !metrics.contains(&metric) {
            metrics.push(metric.clone());
        }
        if rows.flag("serves", row)? {
            winner.clone_from(&model);
        }
        test_customers = rows.count("n_customers", row)?;
        test_period = Period { start, end: rows.day("test_to", row)?.unwrap_or_default() };
        values.insert((model, metric), rows.ratio("value", row)?);
    }
    let Some(served) =
        models.iter().find(|(_, model)| *model == winner).or(models.first()).map(|(_, model)| model.clone())
    else {
        return Ok(None);
    };
    let naive = models.iter().filter(|(is_naive, _)| *is_naive).map(|(_, model)| model.clone()).collect();
    let others: Vec<String> = models.into_iter().map(|(_, model)| model).filter(|model| *model != served).collect();
    let metrics = metrics
        .into_iter()
        .map(|metric| {
            let value = |model: &String| values.get(&(model.clone(), metric.clone())).copied().flatten();
            MetricRow {
                higher_is_better: !["brier", "calibration_error", "total_error", "missed_share"]
                    .contains(&metric.as_str()),
                best_at_one: metric.ends_with("total_ratio"),
                model: value(&served),
                baselines: others.iter().map(value).collect(),
                metric,
            }
        })
        .collect();
    Ok(Some(ModelCard {
        model: served.clone(),
        baselines: others,
        naive,
        test_period,
        test_customers,
        metrics,
        winner,
        serving: None,
        too_few: (test_customers < FEWEST_CUSTOMERS as u64).then_some(FEWEST_CUSTOMERS as u64),
    }))
}
