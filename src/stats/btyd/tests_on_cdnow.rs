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
fn matches_lifetimes_cdnow_predictions() {
    // Sums over the sample's customers of P(alive), E[orders in 39 weeks], P(none in 39 weeks).
    let Some(compressed) = histories("CDNOW_sample.txt") else {
        return;
    };
    for (model, expected) in [
        (Model::BgNbd, [1917.27766848, 1653.40869742, 1739.96591660]),
        (Model::MbgNbd, [1057.63645637, 1576.72837273, 1791.25815454]),
    ] {
        let fit = fit(model, &compressed.triples).unwrap();
        let predictions = predict(&fit.params, &compressed.triples, 39.0);
        let mut sums = [0.0; 3];
        for &triple in &compressed.triple_of_customer {
            let one = predictions[triple as usize];
            sums[0] += one.p_alive;
            sums[1] += one.expected_orders;
            sums[2] += one.p_zero;
        }
        for (sum, expected) in sums.iter().zip(expected) {
            assert!((sum / expected - 1.0).abs() < 1e-6, "{model:?} {sum} {expected}");
        }
    }
}

#[test]
fn converges_from_any_sane_start_to_the_same_optimum() {
    let Some(Compressed { triples, .. }) = histories("CDNOW_sample.txt") else {
        return;
    };
    for model in [Model::BgNbd, Model::MbgNbd] {
        let best = fit(model, &triples).unwrap().log_likelihood;
        for code in 0..81 {
            let at = |power: u32| [0.01, 1.0, 100.0][code / 3_usize.pow(power) % 3];
            let (r, alpha, a, b) = (at(0), at(1), at(2), at(3));
            let start = Params { model, r, alpha, a, b };
            let fit = fit_from(&triples, &start).unwrap();
            let error = (fit.log_likelihood - best).abs();
            assert!(fit.converged && error < 1e-6, "{start:?} {fit:?}");
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
        pool.install(|| fit(Model::MbgNbd, &many).unwrap())
    };
    assert_eq!(run(1), run(3));
}
