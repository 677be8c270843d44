//! Runs the seven jobs of the benchmark on its CSV exports: `compare DATA OUT [j1 … j7]`; and forecasts: `compare forecasts
//! SERIES.csv`.
//!
//! J1 loads the exports into a fresh lake in OUT; the other jobs read that lake. Every job writes the files the
//! benchmark's comparer reads. See README.md beside this file.

mod forecasts;
mod j1;
mod j2;
mod j3;
mod j4;
mod j5;
mod j6;
mod j7;
mod output;

use std::path::{Path, PathBuf};
use std::time::Instant;

use langgan::calendar::day_number;
use langgan::error::Result;
use langgan::facts::{self, Described, Keep, Parts};
use langgan::lake::{LakeDir, Manifest};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Reads the facts and writes its files.
type Job = fn(&facts::Facts, &Path) -> Result<()>;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [data, out, jobs @ ..] = words.as_slice() else {
        println!("usage: compare DATA OUT [j1 … j7]\n       compare forecasts SERIES.csv");
        return;
    };
    let done = match data.as_str() {
        "forecasts" => forecasts::run(Path::new(out)),
        _ => run(Path::new(data), Path::new(out), jobs),
    };
    if let Err(error) = done {
        println!("error: {error}");
        std::process::exit(1);
    }
}

fn run(data: &Path, out: &Path, jobs: &[String]) -> Result<()> {
    let wanted = |job: &str| jobs.is_empty() || jobs.iter().any(|name| name == job);
    let lake = LakeDir(PathBuf::from(out).join("lake"));
    if wanted("j1") {
        timed("j1", || j1::run(data, out, &lake))?;
    }
    if jobs == ["j1"] {
        return Ok(());
    }
    let as_of = day_number(2025, 1, 1).unwrap_or_default();
    let manifest = Manifest::read(&lake)?;
    let lines = Parts { lines: Keep::All, ..Parts::ORDERS };
    let coded_lines = Parts { codes: true, ..lines };
    let interactions = Parts { interactions: true, ..Parts::ORDERS };
    let coded = Parts { codes: true, sums: true, ..interactions };
    let all: [(&str, Parts, Job); 6] = [
        ("j2", coded, j2::run),
        ("j3", Parts::ORDERS, j3::run),
        ("j4", coded, j4::run),
        ("j5", coded_lines, j5::run),
        ("j6", Parts { lines: Keep::Products, ..Parts::ORDERS }, j6::run),
        ("j7", Parts { lines: Keep::Products, customers: Described::Desk, ..interactions }, j7::run),
    ];
    let parts =
        all.iter().filter(|(name, ..)| wanted(name)).fold(Parts::ORDERS, |parts, (_, reads, _)| parts.and(*reads));
    let facts = timed("facts", || facts::load_parts(&lake, &manifest, as_of, parts))?;
    for (name, _, job) in all {
        if wanted(name) {
            timed(name, || job(&facts, out))?;
        }
    }
    Ok(())
}

fn timed<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let done = work()?;
    println!("{name:6} {:8.3} s", start.elapsed().as_secs_f64());
    Ok(done)
}
