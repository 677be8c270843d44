//! J4: features at three cutoffs, logistic regression, BG/NBD.

use std::path::Path;

use langgan::analyses::churn::features::{Features, Flags, Regression, features, without_order};
use langgan::calendar::day_number;
use langgan::error::{Error, Result};
use langgan::facts::Facts;
use langgan::stats::btyd::{Model, compress, fit, p_alive};
use langgan::stats::metrics::auc;
use polars::prelude::*;

use crate::output;

/// Writes `j4_scores.parquet` and `j4_metrics.csv`.
pub fn run(facts: &Facts, out: &Path) -> Result<()> {
    let day = |year, month| day_number(year, month, 1).unwrap_or_default();
    let cutoffs = [day(2024, 1), day(2024, 7), facts.as_of];
    let train = features(facts, cutoffs[0], Flags::Count);
    let train_lost = without_order(facts, &train, cutoffs[0], cutoffs[1]);
    let test = features(facts, cutoffs[1], Flags::Count);
    let test_lost = without_order(facts, &test, cutoffs[1], cutoffs[2]);
    let now = features(facts, cutoffs[2], Flags::Count);
    let failed = Error::internal::<&str>("fitting J4");
    let regression = Regression::fit(&train, &[], &train_lost).ok_or_else(|| failed("no regression"))?;
    let risk = regression.predict(&now, &[]);
    let histories = compress(now.iter().map(|of| {
        let age = of.tenure_days as u32;
        (of.frequency - 1, age - of.recency_days as u32, age)
    }));
    let orders = fit(Model::BgNbd, &histories.triples).map_err(Error::internal("fitting BG/NBD"))?;
    let alive: Vec<f64> = histories.triples.iter().map(|triple| p_alive(&orders.params, triple)).collect();
    let alive: Vec<f64> = histories.triple_of_customer.iter().map(|triple| alive[*triple as usize]).collect();
    let share = |lost: &[bool]| lost.iter().filter(|lost| **lost).count() as f64 / lost.len() as f64;
    let metrics = [
        ("n_train", train.len() as f64),
        ("churn_train", share(&train_lost)),
        ("churn_test", share(&test_lost)),
        ("lr_auc_train", auc(&regression.predict(&train, &[]), &train_lost).unwrap_or(f64::NAN)),
        ("lr_auc_test", auc(&regression.predict(&test, &[]), &test_lost).unwrap_or(f64::NAN)),
        ("irls_iters", regression.iterations as f64),
        ("r", orders.params.r),
        ("alpha", orders.params.alpha),
        ("a", orders.params.a),
        ("b", orders.params.b),
        ("nll", -orders.log_likelihood / orders.customers),
        ("bg_evals", orders.iterations as f64),
        ("palive_auc_vs_label", f64::NAN),
    ];
    scores(facts, &now, risk, alive, out)?;
    let frame = df!(
        "metric" => metrics.iter().map(|metric| metric.0).collect::<Vec<_>>(),
        "value" => metrics.iter().map(|metric| metric.1).collect::<Vec<_>>()
    );
    output::csv(&frame.map_err(Error::internal("building a frame"))?, &out.join("j4_metrics.csv"))
}

fn scores(facts: &Facts, now: &[Features], risk: Vec<f64>, alive: Vec<f64>, out: &Path) -> Result<()> {
    let ids = now.iter().map(|of| facts.customers.id(of.customer as usize));
    let whole =
        |name: &str, value: fn(&Features) -> i64| Column::new(name.into(), now.iter().map(value).collect::<Vec<i64>>());
    let ratio =
        |name: &str, value: fn(&Features) -> f64| Column::new(name.into(), now.iter().map(value).collect::<Vec<f64>>());
    let columns = vec![
        StringChunked::from_iter_values("customer_id".into(), ids).into_column(),
        whole("recency_days", |of| of.recency_days.into()),
        whole("tenure_days", |of| of.tenure_days.into()),
        whole("frequency", |of| of.frequency.into()),
        whole("monetary_c", |of| of.monetary),
        whole("orders_90", |of| of.orders_90.into()),
        whole("orders_180", |of| of.orders_180.into()),
        whole("orders_365", |of| of.orders_365.into()),
        whole("net_90_c", |of| of.net_90),
        whole("net_365_c", |of| of.net_365),
        ratio("avg_gap_days", |of| of.average_gap_days),
        ratio("return_rate", |of| of.return_rate),
        ratio("disc_rate", |of| of.discount_rate),
        whole("n_categories", |of| of.n_categories.into()),
        whole("n_channels", |of| of.n_channels.into()),
        whole("complaints_180", |of| of.complaints_180.into()),
        whole("calls_180", |of| of.calls_180.into()),
        whole("minutes_180", |of| of.minutes_180),
        whole("wishlist_180", |of| of.wishes_180.into()),
        Column::new("p_churn".into(), risk),
        Column::new("p_alive".into(), alive),
    ];
    let mut frame = DataFrame::new_infer_height(columns).map_err(Error::internal("building a frame"))?;
    output::parquet(&mut frame, &out.join("j4_scores.parquet"))
}
