//! The models of orders by themselves, on synthetic customers.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use langgan::stats::btyd::{Compressed, Model, bootstrap, compress, fit, predict};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp, Gamma};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Customers as BG/NBD with the parameters of CDNOW would have them, known for 10 to 730 days: repeat orders, days to
/// the last, age.
fn customers(count: usize) -> Vec<(u32, u32, u32)> {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(1);
    let rates = Gamma::new(0.2426, 1.0 / 4.4136).expect("a distribution");
    let (leave, stay) =
        (Gamma::new(0.7929, 1.0).expect("a distribution"), Gamma::new(2.4259, 1.0).expect("a distribution"));
    let one = |_| {
        let age = generator.random_range(10..=730_u32);
        let rate: f64 = rates.sample(&mut generator);
        let (leave, stay): (f64, f64) = (leave.sample(&mut generator), stay.sample(&mut generator));
        let gap = Exp::new(rate.max(1e-12)).expect("a distribution");
        let (mut at, mut last, mut repeats) = (0.0, 0, 0);
        loop {
            at += gap.sample(&mut generator) * 7.0;
            if at > f64::from(age) {
                return (repeats, last, age);
            }
            let day = at.ceil() as u32;
            if day > last {
                repeats += 1;
                last = day.min(age);
            }
            if generator.random::<f64>() < leave / (leave + stay) {
                return (repeats, last, age);
            }
        }
    };
    (0..count).map(one).collect()
}

/// Largest sizes by `LANGGAN_BENCH_MODELS=10000000`; without it up to 100,000.
pub fn models(criterion: &mut Criterion) {
    let most = std::env::var("LANGGAN_BENCH_MODELS").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let mut group = criterion.benchmark_group("models");
    group.sample_size(10);
    for count in [23_570, 100_000, 1_000_000, 10_000_000].into_iter().filter(|count| *count <= most) {
        group.throughput(Throughput::Elements(count as u64));
        let histories = customers(count);
        group.bench_with_input(BenchmarkId::new("compress", count), &histories, |bench, histories| {
            bench.iter_batched(|| histories.clone(), compress, BatchSize::LargeInput)
        });
        let Compressed { triples, .. } = compress(histories);
        for model in [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd, Model::Nbd] {
            let id = |what: &str| BenchmarkId::new(format!("{} {what}", model.name()), count);
            group.bench_with_input(id("fit"), &triples, |bench, triples| bench.iter(|| fit(model, triples)));
            let fitted = fit(model, &triples).expect("a fit");
            group.bench_with_input(id("predict"), &triples, |bench, triples| {
                bench.iter(|| predict(&fitted.params, triples, 39.0))
            });
            if count == 23_570 {
                group.bench_with_input(id("1,000 refits"), &triples, |bench, triples| {
                    bench.iter(|| bootstrap(&fitted, triples, 1_000, 1))
                });
            }
        }
    }
    group.finish();
}
