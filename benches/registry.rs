//! Every analysis of the registry, and ingest, on a synthetic shop: a new analysis is benched by being registered.
//!
//! Beside them RFM scores and the user's segments at their own sizes, by CPU time.
//!
//! `cargo bench --bench registry` runs 5,000 customers (about 100,000 lines); `LANGGAN_BENCH_CUSTOMERS=500000` a
//! large shop. `-- --test` runs each once.

#[path = "registry/models.rs"]
mod models;

use std::collections::BTreeMap;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use langgan::analyses::rfm::{Rfm, Rule, Scored};
use langgan::analyses::{Inputs, Results};
use langgan::calendar::day_number;
use langgan::config::{Config, FILE_NAME};
use langgan::engine::publish::outside;
use langgan::facts;
use langgan::ingest::{Request, ingest};
use langgan::lake::{LakeDir, Manifest};
use langgan::sample::{Options, write_project};
use langgan::segments::{self, Segment};
use polars::prelude::df;

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
            currency: &config.core.currency.code,
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

/// CPU time of this process so far: what a loaded machine cannot stretch. Hundredths of a second.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("process statistics");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields[place].parse::<u64>().expect("ticks");
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

/// CPU time of a piece of work, repeated.
fn cpu_seconds(bench: &mut criterion::Bencher<'_>, mut work: impl FnMut()) {
    bench.iter_custom(|times| {
        let start = cpu_time();
        (0..times).for_each(|_| work());
        cpu_time() - start
    });
}

/// Numbers that look like chance and are the same everywhere (splitmix64).
fn dice(seed: u64) -> impl FnMut(u64) -> i64 {
    let mut state = seed;
    move |sides| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % sides) as i64
    }
}

/// RFM scores and segments of `LANGGAN_BENCH_SCORED` customers (1,000,000), CPU time of all cores together.
fn scoring(criterion: &mut Criterion) {
    let count =
        std::env::var("LANGGAN_BENCH_SCORED").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000_u32);
    let mut roll = dice(1);
    let mut values = Scored { customer: (0..count).collect(), ..Scored::default() };
    for _ in 0..count {
        let orders = 1 + roll(4).min(roll(6)) * roll(9);
        values.recency_days.push(1 + roll(730));
        values.frequency.push(orders);
        values.monetary.push((0..orders.min(4)).map(|_| 100 + roll(900_000)).sum());
    }
    let mut group = criterion.benchmark_group(format!("{count} customers scored and mapped, CPU"));
    group.sample_size(10);
    for rule in [Rule::TiesTogether, Rule::Quantile, Rule::Dense, Rule::Ntile] {
        let rfm = Rfm { rule, ..Rfm::default() };
        group.bench_function(rule.name(), |bench| {
            cpu_seconds(bench, || drop(std::hint::black_box(rfm.scored(values.clone(), None))));
        });
    }
    group.finish();
}

/// Two hundred segments over `LANGGAN_BENCH_MEMBERS` customers (1,000,000) in one pass, CPU time of all cores together.
fn own_segments(criterion: &mut Criterion) {
    let count =
        std::env::var("LANGGAN_BENCH_MEMBERS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000_u32);
    let mut roll = dice(2);
    let mut whole = |sides: u64, less: i64| (0..count).map(|_| roll(sides) - less).collect::<Vec<i64>>();
    let (orders, sales, contribution) = (whole(40, 0), whole(9_000_000, 0), whole(4_000_000, 1_000_000));
    let (place, band, chance) = (whole(10, 0), whole(4, 0), whole(1_000, 0));
    let names = [
        "champions",
        "loyal",
        "potential_loyalist",
        "new",
        "promising",
        "need_attention",
        "about_to_sleep",
        "at_risk",
        "cant_lose",
        "hibernating",
    ];
    let bands = ["low", "medium", "high", "lost"];
    let customers = df!(
        "customer_id" => (0..count).map(|id| format!("C{id:08}")).collect::<Vec<_>>(),
        "segment" => place.iter().map(|place| names[*place as usize]).collect::<Vec<_>>(),
        "risk_band" => band.iter().map(|band| bands[*band as usize]).collect::<Vec<_>>(),
        "churn_probability" => chance.iter().map(|chance| *chance as f64 / 1_000.0).collect::<Vec<_>>(),
        "n_orders" => orders,
        "net_sales" => sales,
        "contribution" => contribution,
    )
    .expect("customers");
    let published = outside("customers", &customers, 2).expect("money");
    let conditions: BTreeMap<String, Segment> = (0..200)
        .map(|at| {
            let condition = format!(
                "segment in ('{}', '{}') and churn_probability > 0.{} and (contribution > {} or n_orders >= {}) and risk_band <> '{}'",
                names[at % 10],
                names[at / 10 % 10],
                at % 9,
                at * 100,
                at % 40,
                bands[at % 4]
            );
            (format!("s{at:03}"), toml::from_str(&format!("where = \"{condition}\"")).expect("a segment"))
        })
        .collect();
    let mut group = criterion.benchmark_group(format!("200 segments of {count} customers, CPU"));
    group.sample_size(10);
    group.bench_function("one pass", |bench| {
        cpu_seconds(bench, || drop(segments::tables(&conditions, &customers, published.clone()).expect("segments")));
    });
    group.finish();
}

criterion_group!(benches, registry, models::models, scoring, own_segments);
criterion_main!(benches);
