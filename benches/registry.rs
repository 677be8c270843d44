//! Every analysis of the registry, and ingest, on a synthetic shop: a new analysis is benched by being registered.
//!
//! `cargo bench --bench registry` runs 5,000 customers (about 100,000 lines); `LANGGAN_BENCH_CUSTOMERS=500000` a
//! large shop. `-- --test` runs each once.

#[path = "registry/models.rs"]
mod models;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use langgan::analyses::{Inputs, Results};
use langgan::calendar::day_number;
use langgan::config::{Config, FILE_NAME};
use langgan::facts;
use langgan::ingest::{Request, ingest};
use langgan::lake::{LakeDir, Manifest};
use langgan::sample::{Options, write_project};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn customers() -> u32 {
    std::env::var("LANGGAN_BENCH_CUSTOMERS").ok().and_then(|count| count.parse().ok()).unwrap_or(5_000)
}

fn registry(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a scratch folder");
    write_project(dir.path(), &Options { customers: customers(), seed: 1, faults: false }).expect("a project");
    let config = Config::read(dir.path(), Some(&dir.path().join(FILE_NAME))).expect("a configuration");
    let lake = LakeDir(dir.path().join("lake"));
    let load = || {
        let request = Request {
            project: dir.path(),
            sources: &config.core.sources,
            only: &[],
            decimals: config.core.currency.decimals,
            dry_run: false,
            memory: None,
            progress: &|_| {},
        };
        ingest(&lake, &request).expect("a load")
    };
    let mut group = criterion.benchmark_group(format!("{} customers", customers()));
    group.sample_size(10);
    let bytes: u64 = std::fs::read_dir(dir.path().join("exports"))
        .expect("exports")
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|file| file.len())
        .sum();
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("ingest", |bench| {
        bench.iter(|| {
            let _ = std::fs::remove_dir_all(&lake.0);
            load()
        })
    });
    load();
    let manifest = Manifest::read(&lake).expect("a manifest");
    let as_of = day_number(2026, 1, 1).expect("a day");
    let facts = facts::load(&lake, &manifest, as_of).expect("facts");
    group.throughput(Throughput::Elements(facts.lines.product.len() as u64));
    group.bench_function("facts", |bench| bench.iter(|| facts::load(&lake, &manifest, as_of)));
    let mut results = Results::default();
    let mut waiting = config.analyses.all();
    let mut done: Vec<&str> = Vec::new();
    while !waiting.is_empty() {
        let (ready, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|analysis| analysis.spec().needs.iter().all(|need| done.contains(need)));
        for analysis in ready {
            let spec = analysis.spec();
            let inputs = Inputs { facts: &facts, results: &results };
            group.bench_with_input(BenchmarkId::new("analysis", spec.id), &inputs, |bench, inputs| {
                bench.iter(|| analysis.run(inputs))
            });
            let frames = analysis.run(&inputs).expect("a result");
            for (table, frame) in spec.outputs.iter().zip(frames) {
                results.insert(table, frame);
            }
            done.push(spec.id);
        }
        waiting = later;
    }
    group.finish();
}

criterion_group!(benches, registry, models::models);
criterion_main!(benches);
