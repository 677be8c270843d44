//! What each kind of offer would have led to, beside a naive rule's; a kind that loses steps aside.

use polars::prelude::DataFrame;

use super::ladder::Ladder;
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
    /// The probability of each offer, whether what it is the probability of came true, and whether the product sold.
    offers: Vec<(f64, bool, bool)>,
    /// Whether each of the naive rule's led to a sale.
    naive: Vec<bool>,
    /// Whether enough was offered to say that it lost.
    steps_aside: bool,
}

impl Tested {
    /// Looks at what became of the offers of a day in the days since. `ladder` is the one the kind climbs.
    pub(super) fn of(scene: &Scene<'_>, kind: Kind, ladder: &Ladder, found: &Found, from: i32) -> Tested {
        let days = from..scene.facts.as_of;
        let target = |promised: bool, offer: &super::scene::Offer| match kind {
            Kind::TradeUp | Kind::BiggerPack if promised => Target::Step(offer.backing + 1),
            Kind::Replacement => Target::KindOf(scene.tiers.kinds[offer.because as usize]),
            _ => Target::Product(offer.product),
        };
        let targets = |promised: bool| -> Vec<(u32, Target)> {
            found.offers.iter().map(|offer| (offer.customer, target(promised, offer))).collect()
        };
        let promised = sales(scene, ladder, &targets(true), &days);
        let sold = sales(scene, ladder, &targets(false), &days);
        let naive = sales(scene, ladder, &found.naive, &days);
        let offers = found.offers.iter().zip(promised.iter().zip(sold));
        let offers = offers.map(|(offer, (promised, sold))| (offer.probability, *promised, sold)).collect();
        let mut tested = Tested { kind, from, offers, naive, steps_aside: false };
        let enough = tested.offers.len() >= scene.parameters.min_tested_offers as usize;
        tested.steps_aside = enough && tested.share_sold() < share(tested.naive.iter().copied());
        tested
    }

    /// Whether it lost.
    pub(super) fn steps_aside(&self) -> bool {
        self.steps_aside
    }

    /// The share of what was promised that came true ÷ the share that was promised, blended with 1 as if `shrinkage`
    /// more offers had kept their promise: few offers tell little.
    pub(super) fn kept_promise(&self, shrinkage: f64) -> f64 {
        match (self.share_kept(), self.mean_probability()) {
            (Some(kept), Some(promised)) if promised > 0.0 => {
                let n = self.offers.len() as f64;
                (n * kept / promised + shrinkage) / (n + shrinkage)
            }
            _ => 1.0,
        }
    }

    fn mean_probability(&self) -> Option<f64> {
        let n = self.offers.len();
        (n > 0).then(|| self.offers.iter().map(|(probability, ..)| probability).sum::<f64>() / n as f64)
    }

    fn share_kept(&self) -> Option<f64> {
        share(self.offers.iter().map(|(_, kept, _)| *kept))
    }

    fn share_sold(&self) -> Option<f64> {
        share(self.offers.iter().map(|(.., sold)| *sold))
    }
}

fn share(outcomes: impl ExactSizeIterator<Item = bool>) -> Option<f64> {
    let n = outcomes.len();
    (n > 0).then(|| outcomes.filter(|outcome| *outcome).count() as f64 / n as f64)
}

/// Lines of the model card: all kinds that serve together, then whether each steps aside.
pub(super) fn metrics(tested: &[Tested], sampled: usize) -> Vec<Metric> {
    let serving = || tested.iter().filter(|tested| !tested.steps_aside);
    let offers: Vec<(f64, bool, bool)> = serving().flat_map(|tested| tested.offers.iter().copied()).collect();
    // Of a kind with another number of chances, what counts is the share.
    let expected = |tested: &Tested| Some(share(tested.naive.iter().copied())? * tested.offers.len() as f64);
    let naive: f64 = serving().filter_map(expected).sum();
    let of_all = |sum: f64| (!offers.is_empty()).then(|| sum / offers.len() as f64);
    let (scores, labels): (Vec<f64>, Vec<bool>) = offers.iter().map(|(score, kept, _)| (*score, *kept)).unzip();
    let mut card = vec![
        Metric::of("sampled_customers", sampled as f64),
        Metric::of("tested_offers", offers.len() as f64),
        Metric::of("mean_probability", of_all(scores.iter().sum()))
            .against("share_that_came_true", share(labels.iter().copied())),
        Metric::of("auc", auc(&scores, &labels)).against("chance", 0.5),
        Metric::of("offers_bought", share(offers.iter().map(|(.., sold)| *sold)))
            .against("naive_offers", of_all(naive)),
    ];
    for tested in tested {
        let name = match tested.kind {
            Kind::TradeUp => "trade_up_steps_aside",
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
    let n = |(tested, naive): &(&Tested, bool)| if *naive { tested.naive.len() } else { tested.offers.len() };
    let bought = |(tested, naive): &(&Tested, bool)| match naive {
        true => tested.naive.iter().filter(|sold| **sold).count(),
        false => tested.offers.iter().filter(|(.., sold)| *sold).count(),
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
        .flag("serves", rows.iter().map(|(tested, naive)| !naive && !tested.steps_aside).collect())
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
