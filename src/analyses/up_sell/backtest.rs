//! What each kind of offer would have led to, beside a naive rule's; a kind that loses steps aside.

use std::ops::Range;

use polars::prelude::DataFrame;

use super::UpSell;
use super::ladder::Ladder;
use super::promise::{Outcome, Promise};
use super::scene::{Found, Kind, Scene, Target, sales};
use crate::analyses::frame::FrameBuilder;
use crate::analyses::model_card::Metric;
use crate::contracts::results::UP_SELL_BACKTEST;
use crate::error::Result;
use crate::stats::metrics::auc;

/// How one kind did.
pub(super) struct Tested {
    pub kind: Kind,
    /// The first of the days it was watched on.
    from: i32,
    /// What was promised, and whether it came true.
    pub outcomes: Vec<Outcome>,
    /// Whether the product of each offer sold.
    sold: Vec<bool>,
    /// What the naive rule would promise, the same to everybody, and whether its product sold.
    naive: Vec<Outcome>,
    /// What earlier offers had taught about the promises before the test; the test says what it made of them.
    pub promise: Promise,
    /// Whether enough was offered to say that it lost.
    steps_aside: bool,
}

impl Tested {
    /// Looks at what became of the offers of a day on the days from it; `promise` was learned before them.
    pub(super) fn of(
        scene: &Scene<'_>,
        kind: Kind,
        ladder: &Ladder,
        found: &Found,
        days: Range<i32>,
        promise: Promise,
    ) -> Tested {
        let target = |promised: bool, offer: &super::scene::Offer| match kind {
            Kind::TradeUp | Kind::BiggerPack if promised => Target::Step(offer.backing + 1),
            Kind::Replacement => Target::KindOf(scene.tiers.kinds[offer.because as usize]),
            _ => Target::Product(offer.product),
        };
        let targets = |promised: bool| -> Vec<(u32, Target)> {
            found.offers.iter().map(|offer| (offer.customer, target(promised, offer))).collect()
        };
        let kept = sales(scene, ladder, &targets(true), &days);
        let sold = sales(scene, ladder, &targets(false), &days);
        let naive_sold = sales(scene, ladder, &found.naive, &days);
        let outcomes: Vec<Outcome> = (found.offers.iter().zip(kept))
            .map(|(offer, kept)| Outcome {
                probability: offer.probability,
                activity: scene.activity(offer.customer, days.start),
                kept,
            })
            .collect();
        let usual = share(naive_sold.iter().copied());
        let naive: Vec<Outcome> = (found.naive.iter().zip(&naive_sold))
            .map(|((customer, _), sold)| Outcome {
                probability: usual.unwrap_or(0.0),
                activity: scene.activity(*customer, days.start),
                kept: *sold,
            })
            .collect();
        let enough = sold.len() >= scene.parameters.min_tested_offers as usize;
        let steps_aside = enough && share(sold.iter().copied()) < usual;
        Tested { kind, from: days.start, outcomes, sold, naive, promise, steps_aside }
    }

    /// Whether it lost.
    pub(super) fn steps_aside(&self) -> bool {
        self.steps_aside
    }

    /// What this test teaches about the promises of whichever offers serve after it.
    pub(super) fn promise_now(&self, parameters: &UpSell) -> Promise {
        let learn = |outcomes: &[Outcome]| Promise::learn(outcomes, parameters.min_tested_offers, parameters.shrinkage);
        learn(self.what_serves())
    }

    /// How many of the naive rule's offers were bought, and how many it made.
    pub(super) fn naive(&self) -> (u32, u32) {
        (self.naive.iter().filter(|offer| offer.kept).count() as u32, self.naive.len() as u32)
    }

    /// What was said of some offers, after what earlier ones had taught.
    fn said(&self, outcomes: &[Outcome]) -> impl Iterator<Item = f64> {
        outcomes.iter().map(|outcome| self.promise.of(outcome.probability, &outcome.activity))
    }

    /// The offers of the way that serves: the naive rule's where it does.
    fn what_serves(&self) -> &[Outcome] {
        if self.naive_serves() { &self.naive } else { &self.outcomes }
    }

    /// Whether the product of each offer of the way that serves sold.
    fn sold_by_what_serves(&self) -> Vec<bool> {
        match self.naive_serves() {
            true => self.naive.iter().map(|offer| offer.kept).collect(),
            false => self.sold.clone(),
        }
    }

    fn mean_probability(&self) -> Option<f64> {
        let n = self.outcomes.len();
        (n > 0).then(|| self.said(&self.outcomes).sum::<f64>() / n as f64)
    }

    fn share_kept(&self) -> Option<f64> {
        share(self.outcomes.iter().map(|outcome| outcome.kept))
    }

    /// Whether the naive rule's offers are made: it did better, and it is an offer.
    fn naive_serves(&self) -> bool {
        self.steps_aside && self.kind == Kind::TradeUp
    }
}

fn share(outcomes: impl Iterator<Item = bool>) -> Option<f64> {
    let (kept, n) = outcomes.fold((0_u32, 0_u32), |(kept, n), outcome| (kept + u32::from(outcome), n + 1));
    (n > 0).then(|| f64::from(kept) / f64::from(n))
}

/// Lines of the model card: all kinds that serve together, then whether each steps aside.
pub(super) fn metrics(tested: &[Tested], sampled: usize) -> Vec<Metric> {
    let serving = || tested.iter().filter(|tested| !tested.steps_aside || tested.naive_serves());
    let scores: Vec<f64> = serving().flat_map(|tested| tested.said(tested.what_serves())).collect();
    let outcomes = || serving().flat_map(Tested::what_serves);
    let kept: Vec<bool> = outcomes().map(|outcome| outcome.kept).collect();
    let sold = serving().flat_map(Tested::sold_by_what_serves);
    // Of a kind with another number of chances, what counts is the share.
    let expected =
        |tested: &Tested| Some(share(tested.naive.iter().map(|offer| offer.kept))? * tested.what_serves().len() as f64);
    let naive: f64 = serving().filter_map(expected).sum();
    let of_all = |sum: f64| (!scores.is_empty()).then(|| sum / scores.len() as f64);
    let mut card = vec![
        Metric::of("sampled_customers", sampled as f64),
        Metric::of("tested_offers", scores.len() as f64),
        Metric::of("mean_probability", of_all(scores.iter().sum()))
            .against("share_that_came_true", share(kept.iter().copied())),
        Metric::of("auc", auc(&scores, &kept)).against("chance", 0.5),
        Metric::of("offers_bought", share(sold)).against("naive_offers", of_all(naive)),
    ];
    for tested in tested {
        let name = match tested.kind {
            Kind::TradeUp | Kind::Dearer => "trade_up_steps_aside",
            Kind::BiggerPack => "bigger_pack_steps_aside",
            Kind::Accessory => "accessory_steps_aside",
            Kind::Replacement => "replacement_steps_aside",
        };
        card.push(Metric::of(name, f64::from(u8::from(tested.steps_aside))));
    }
    card
}

/// The table: each kind beside its naive rule.
pub(super) fn frame(tested: &[Tested]) -> Result<DataFrame> {
    let rows: Vec<(&Tested, bool)> = tested.iter().flat_map(|tested| [(tested, false), (tested, true)]).collect();
    let n = |(tested, naive): &(&Tested, bool)| if *naive { tested.naive.len() } else { tested.sold.len() };
    let bought = |(tested, naive): &(&Tested, bool)| match naive {
        true => tested.naive.iter().filter(|offer| offer.kept).count(),
        false => tested.sold.iter().filter(|sold| **sold).count(),
    };
    let ours = |value: fn(&Tested) -> Option<f64>| {
        rows.iter().map(|(tested, naive)| if *naive { None } else { value(tested) }).collect()
    };
    FrameBuilder::new(&UP_SELL_BACKTEST)
        .text("reason", rows.iter().map(|(tested, _)| tested.kind.name()))
        .text(
            "method",
            rows.iter().map(|(tested, naive)| if *naive { tested.kind.baseline() } else { tested.kind.name() }),
        )
        .flag("is_baseline", rows.iter().map(|(_, naive)| *naive).collect())
        .flag(
            "serves",
            rows.iter()
                .map(|(tested, naive)| if *naive { tested.naive_serves() } else { !tested.steps_aside })
                .collect(),
        )
        .date("test_from", rows.iter().map(|(tested, _)| Some(tested.from)).collect())
        .whole("offers", rows.iter().map(|row| n(row) as i64).collect())
        .whole("bought", rows.iter().map(|row| bought(row) as i64).collect())
        .maybe_ratio(
            "share_bought",
            rows.iter().map(|row| (n(row) > 0).then(|| bought(row) as f64 / n(row) as f64)).collect(),
        )
        .maybe_ratio("mean_probability", ours(Tested::mean_probability))
        .maybe_ratio("share_that_came_true", ours(Tested::share_kept))
        .finish()
}
