//! Both models on CDNOW, against published and peers' results.

use std::time::Instant;

use super::super::cdnow;
use super::*;

/// The data set compressed; `None` when absent.
fn histories(file: &str) -> Option<Compressed> {
    let customers = cdnow::customers(file)?;
    let history = |c: &cdnow::Customer| (c.repeats, c.first_to_last_days, c.age_days);
    Some(compress(customers.iter().map(history)))
}

fn check(file: &str, model: Model, parameters: [f64; 4], log_likelihood: f64, tolerance: f64) {
    let Some(Compressed { triples, .. }) = histories(file) else {
        return;
    };
    let clock = Instant::now();
    let fit = fit(model, &triples).unwrap();
    let Params { r, alpha, a, b, .. } = fit.params;
    println!(
        "{file} {model:?} r {r:.9} alpha {alpha:.9} a {a:.9} b {b:.9} LL {:.6} steps {} gradient {:.1e} se {:.3?} {:?} {:?}",
        fit.log_likelihood,
        fit.iterations,
        fit.largest_gradient,
        fit.log_standard_errors,
        fit.boundary,
        clock.elapsed()
    );
    assert!(fit.converged && fit.boundary.is_none());
    assert!((fit.log_likelihood - log_likelihood).abs() < 1e-4);
    for (value, expected) in [r, alpha, a, b].iter().zip(parameters) {
        assert!((value / expected - 1.0).abs() < tolerance, "{value} {expected}");
    }
}

#[test]
fn matches_fader_hardie_lee_2005_cdnow() {
    // Table 2: .243, 4.414, .793, 2.426, -9582.4; more digits from lifetimes, polished.
    let expected = [0.24259452, 4.41360182, 0.79292202, 2.42590679];
    check("CDNOW_sample.txt", Model::BgNbd, expected, -9_582.429_207, 1e-6);
}

#[test]
fn matches_btydplus_mbgnbd_cdnow() {
    let expected = [0.52484313, 6.18308564, 0.89135932, 1.61400227];
    check("CDNOW_sample.txt", Model::MbgNbd, expected, -9_582.135_716, 1e-6);
}

#[test]
fn matches_lifetimes_cdnow_master() {
    let expected = [0.25162395, 4.78894310, 0.72343354, 2.16108813];
    check("CDNOW_master.txt", Model::BgNbd, expected, -95_368.443_933, 1e-6);
    let expected = [0.63713982, 7.31029011, 0.80747407, 1.22839379];
    check("CDNOW_master.txt", Model::MbgNbd, expected, -95_336.958_320, 1e-6);
}

#[test]
fn matches_fader_hardie_lee_2005_pareto_nbd() {
    // Table 2: .553, 10.578, .606, 11.669, -9595.0; more digits from lifetimes, polished.
    let expected = [0.553277010, 10.577683565, 0.606240178, 11.668743113];
    check("CDNOW_sample.txt", Model::ParetoNbd, expected, -9_594.976_178_940, 1e-6);
    let expected = [0.597419953, 11.585657241, 0.522185659, 8.827760802];
    check("CDNOW_master.txt", Model::ParetoNbd, expected, -95_415.118_617_470, 1e-6);
}

#[test]
fn matches_btydplus_nbd() {
    for (file, r, alpha, log_likelihood) in
        [("CDNOW_sample.txt", 0.38477, 12.07201, -9_763.657_6), ("CDNOW_master.txt", 0.38725, 12.27122, -96_845.344_2)]
    {
        let Some(Compressed { triples, .. }) = histories(file) else {
            return;
        };
        let fit = fit(Model::Nbd, &triples).unwrap();
        assert!(fit.converged && fit.boundary.is_none(), "{fit:?}");
        assert!((fit.params.r - r).abs() < 1e-5 && (fit.params.alpha - alpha).abs() < 2e-4, "{fit:?}");
        assert!((fit.log_likelihood - log_likelihood).abs() < 1e-4, "{fit:?}");
    }
}

#[test]
fn orders_of_cdnow_come_at_random() {
    // BTYDplus chooses k = 1 for both.
    let Some(customers) = cdnow::customers("CDNOW_sample.txt") else {
        return;
    };
    let log_gaps: f64 = customers.iter().map(|customer| customer.log_gaps).sum();
    let triples = compress(customers.iter().map(|c| (c.repeats, c.first_to_last_days, c.age_days))).triples;
    for (model, log_likelihood) in [(Model::BgNbd, -9_582.429_207), (Model::MbgNbd, -9_582.135_716)] {
        let found = fit_regular(model, &triples, log_gaps).unwrap();
        assert_eq!(found.events_per_order, 1);
        assert!((found.fit.log_likelihood - log_likelihood).abs() < 1e-4);
    }
}

/// Columns of the reference predictions: P(alive), expected orders and P(no order) of 39 weeks.
const REFERENCE: [(&str, Model); 3] =
    [("bgnbd", Model::BgNbd), ("mbgnbd", Model::MbgNbd), ("paretonbd", Model::ParetoNbd)];

#[test]
fn matches_every_customers_reference_prediction() {
    use std::io::Read;
    for set in ["sample", "master"] {
        let Some(packed) = cdnow::shared_file(&format!("reference/clv_cdnow_{set}_predictions.csv.gz")) else {
            return;
        };
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        let place = |name: &str| rows[0].iter().position(|found| *found == name).unwrap();
        let days = |row: &[&str], name: &str| (row[place(name)].parse::<f64>().unwrap() * 7.0).round() as u32;
        let history = |row: &Vec<&str>| (row[place("x")].parse().unwrap(), days(row, "t_x"), days(row, "T"));
        let compressed = compress(rows[1..].iter().map(history));
        for (name, model) in REFERENCE {
            let fit = fit(model, &compressed.triples).unwrap();
            let predictions = predict(&fit.params, &compressed.triples, 39.0);
            let mut worst = 0.0_f64;
            for (quantity, of) in [
                ("palive", (|one: &Prediction| one.p_alive) as fn(&Prediction) -> f64),
                ("e39", |one| one.expected_orders),
                ("p_zero39", |one| one.p_zero),
            ] {
                let column = place(&format!("{name}_{quantity}"));
                for (row, &triple) in rows[1..].iter().zip(&compressed.triple_of_customer) {
                    let expected: f64 = row[column].parse().unwrap();
                    let found = of(&predictions[triple as usize]);
                    worst = worst.max((found - expected).abs() / expected.abs().max(1e-3));
                }
            }
            println!("{set} {name}: largest relative difference {worst:.1e}");
            assert!(worst < 1e-6, "{set} {name} {worst:e}");
        }
    }
}

#[test]
fn converges_from_100_random_starts_to_the_same_optimum() {
    let Some(Compressed { triples, .. }) = histories("CDNOW_sample.txt") else {
        return;
    };
    let mut state = 88_172_645_463_325_252_u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for model in [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd, Model::Nbd, Model::MbgCnbd(2), Model::BgCnbd(3)] {
        let best = fit(model, &triples).unwrap();
        for _ in 0..100 {
            // Five orders of magnitude about each parameter.
            let mut draw = || 10.0_f64.powf(5.0 * uniform() - 2.5);
            let start = Params { model, r: draw(), alpha: draw(), a: draw(), b: draw() };
            let fit = fit_from(&triples, &start).unwrap();
            let error = (fit.log_likelihood - best.log_likelihood).abs();
            assert!(fit.converged && error < 1e-6, "{start:?} {fit:?} {best:?}");
        }
    }
}

#[test]
fn fit_has_the_same_bits_at_any_thread_count() {
    let Some(Compressed { triples, .. }) = histories("CDNOW_master.txt") else {
        return;
    };
    // Repeated beyond one chunk.
    let many: Vec<Triple> = (0..5).flat_map(|_| triples.iter().copied()).collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| [fit(Model::MbgNbd, &many).unwrap(), fit(Model::ParetoNbd, &many).unwrap()])
    };
    assert_eq!(run(1), run(3));
}
