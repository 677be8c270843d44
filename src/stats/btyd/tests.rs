//! Properties of the likelihoods and the predictions of all models.

use super::super::newton::Evaluation;
use super::fit::search;
use super::histories::Histories;
use super::*;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp, Gamma};
use rand_xoshiro::Xoshiro256PlusPlus;

const MODELS: [Model; 6] =
    [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd, Model::BgCnbd(2), Model::MbgCnbd(3), Model::Nbd];

fn histories() -> Vec<Triple> {
    (0..40_u32)
        .map(|i| Triple {
            repeats: i / 8,
            first_to_last_days: if i < 8 { 0 } else { 11 * (i % 7) + 3 },
            age_days: 90 + 5 * (i % 9),
            weight: 1.0 + f64::from(i % 3),
        })
        .collect()
}

fn evaluate(model: Model, of: &Histories, point: &[f64; 4]) -> Evaluation<4> {
    match model {
        Model::ParetoNbd => pareto::mean_log_likelihood(of, point),
        Model::BgCnbd(_) | Model::MbgCnbd(_) => regular::mean_log_likelihood(model, of, point),
        _ => geometric::mean_log_likelihood(model, of, point),
    }
}

#[test]
fn derivatives_match_central_differences() {
    let of = Histories::new(&histories());
    for model in MODELS {
        for point in [[-0.4, 1.1, -0.3, 0.8], [0.7, 2.5, 0.9, 2.2], [-2.0, -1.0, -1.5, 4.0]] {
            let at = evaluate(model, &of, &point);
            for i in 0..4 {
                let step = 1e-5;
                let (mut up, mut down) = (point, point);
                up[i] += step;
                down[i] -= step;
                let (up, down) = (evaluate(model, &of, &up), evaluate(model, &of, &down));
                let slope = (up.value - down.value) / (2.0 * step);
                assert!((slope - at.gradient[i]).abs() < 1e-8, "{model:?} {point:?} {i} {slope} {at:?}");
                for j in 0..4 {
                    let bend = (up.gradient[j] - down.gradient[j]) / (2.0 * step);
                    assert!((bend - at.hessian[i][j]).abs() < 1e-7, "{model:?} {i} {j} {bend} {at:?}");
                }
            }
        }
    }
}

#[test]
fn events_of_one_are_the_geometric_models() {
    let of = Histories::new(&histories());
    let point = [-0.4, 1.1, -0.3, 0.8];
    for (one, plain) in [(Model::BgCnbd(1), Model::BgNbd), (Model::MbgCnbd(1), Model::MbgNbd)] {
        let (left, right) = (evaluate(one, &of, &point), evaluate(plain, &of, &point));
        assert!((left.value - right.value).abs() < 1e-13);
        assert!((left.gradient[1] - right.gradient[1]).abs() < 1e-13);
    }
}

/// A customer's order weeks of one life, from the model itself.
fn life(generator: &mut Xoshiro256PlusPlus, params: &Params, weeks: f64) -> Vec<f64> {
    let rate = Gamma::new(params.r, 1.0 / params.alpha).unwrap().sample(generator);
    let events = params.model.events_per_order();
    let gap = |generator: &mut Xoshiro256PlusPlus| -> f64 {
        (0..events).map(|_| Exp::new(rate).unwrap().sample(generator)).sum()
    };
    let (mut days, mut at) = (vec![0.0], 0.0);
    match params.model {
        Model::ParetoNbd => {
            let leaving = Gamma::new(params.a, 1.0 / params.b).unwrap().sample(generator);
            let until: f64 = Exp::new(leaving).unwrap().sample(generator);
            loop {
                at += gap(generator);
                if at > until.min(weeks) {
                    return days;
                }
                days.push(at);
            }
        }
        model => {
            let (x, y): (f64, f64) = (
                Gamma::new(params.a.max(1e-9), 1.0).unwrap().sample(generator),
                Gamma::new(params.b.max(1e-9), 1.0).unwrap().sample(generator),
            );
            let p = if model == Model::Nbd { 0.0 } else { x / (x + y) };
            let after_first = matches!(model, Model::MbgNbd | Model::MbgCnbd(_));
            if after_first && generator.random::<f64>() < p {
                return days;
            }
            loop {
                at += gap(generator);
                if at > weeks {
                    return days;
                }
                days.push(at);
                if generator.random::<f64>() < p {
                    return days;
                }
            }
        }
    }
}

fn to_triple(orders: &[f64], weeks: f64) -> Triple {
    let days = |weeks: f64| (weeks * 7.0).round() as u32;
    Triple {
        repeats: orders.len() as u32 - 1,
        first_to_last_days: days(orders[orders.len() - 1]),
        age_days: days(weeks),
        weight: 1.0,
    }
}

#[test]
fn predictions_match_simulated_lives() {
    // Of many simulated lives, those that look alike up to week 30 must go on as predicted.
    let (weeks, ahead, lives) = (30.0, 20.0, 120_000);
    for model in MODELS {
        let params =
            Params { model, r: 0.9, alpha: 6.0, a: 0.8, b: if model == Model::ParetoNbd { 12.0 } else { 2.0 } };
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(7);
        let (mut seen, mut orders, mut none, mut expected, mut zero) =
            ([0.0; 4], [0.0; 4], [0.0; 4], [0.0; 4], [0.0; 4]);
        for _ in 0..lives {
            let life = life(&mut generator, &params, weeks + ahead);
            let before: Vec<f64> = life.iter().copied().filter(|at| *at <= weeks).collect();
            let triple = to_triple(&before, weeks);
            let later = (life.len() - before.len()) as f64;
            let group = [0, 1, 3, usize::MAX].iter().position(|most| before.len() - 1 <= *most).unwrap();
            seen[group] += 1.0;
            orders[group] += later;
            none[group] += f64::from(u8::from(later == 0.0));
            expected[group] += expected_orders(&params, &triple, ahead);
            zero[group] += p_zero(&params, &triple, ahead);
        }
        for group in 0..4 {
            let n: f64 = seen[group];
            let (orders, expected) = (orders[group] / n, expected[group] / n);
            let (none, zero) = (none[group] / n, zero[group] / n);
            // Five standard errors; a Poisson mixture's variance is some times its mean.
            assert!(
                (orders - expected).abs() < 5.0 * (4.0 * expected.max(0.1) / n).sqrt(),
                "{model:?} {group} {orders} {expected}"
            );
            assert!((none - zero).abs() < 5.0 * (0.25 / n).sqrt(), "{model:?} {group} {none} {zero}");
        }
    }
}

#[test]
fn regularity_is_recovered() {
    let truth = Params { model: Model::MbgCnbd(3), r: 1.5, alpha: 4.0, a: 0.7, b: 3.0 };
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(11);
    let weeks = 60.0;
    let lives: Vec<Vec<f64>> = (0..4_000).map(|_| life(&mut generator, &truth, weeks)).collect();
    let log_gaps: f64 = lives.iter().flat_map(|life| life.windows(2)).map(|pair| (pair[1] - pair[0]).ln()).sum();
    let triples: Vec<Triple> = lives.iter().map(|life| to_triple(life, weeks)).collect();
    let found = fit_regular(Model::MbgNbd, &triples, log_gaps).unwrap();
    assert_eq!(found.events_per_order, 3);
    let Params { r, alpha, a, b, .. } = found.fit.params;
    for ((value, error), truth) in [r, alpha, a, b].iter().zip(found.fit.log_standard_errors).zip([1.5, 4.0, 0.7, 3.0])
    {
        assert!((value / truth).ln().abs() < 4.0 * error + 0.02, "{value} {truth} {error}");
    }
}

#[test]
fn a_thousand_synthetic_bases_never_fail() {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(3);
    for set in 0..1_000 {
        let model = MODELS[set % MODELS.len()];
        let mut power = |low: f64, high: f64| 10.0_f64.powf(low + (high - low) * generator.random::<f64>());
        let b = if model == Model::ParetoNbd { power(0.0, 2.5) } else { power(-0.5, 1.5) };
        let truth = Params { model, r: power(-0.7, 0.7), alpha: power(0.0, 1.7), a: power(-0.7, 0.7), b };
        let (weeks, customers) = (power(1.0, 2.0), power(1.3, 2.7) as usize);
        let triples: Vec<Triple> = (0..customers)
            .map(|_| {
                let age = weeks * (0.5 + 0.5 * generator.random::<f64>());
                to_triple(&life(&mut generator, &truth, age), age)
            })
            .collect();
        match fit(model, &triples) {
            Ok(fit) => {
                assert!(fit.converged, "{set} {truth:?} {customers} customers, {weeks} weeks: {fit:?}");
                let of = Histories::new(&triples);
                let at_truth = search(&of, &truth, 1e-9);
                assert!(
                    at_truth.log_likelihood() <= fit.log_likelihood + 1e-4,
                    "{set} {} {truth:?} {fit:?}",
                    at_truth.log_likelihood()
                );
                for one in predict(&fit.params, &triples, 13.0) {
                    assert!((0.0..=1.0).contains(&one.p_alive) && (0.0..=1.0).contains(&one.p_zero), "{set} {one:?}");
                    assert!(one.expected_orders.is_finite() && one.expected_orders >= 0.0, "{set} {one:?}");
                }
            }
            Err(FitError::NoRepeats) => assert!(triples.iter().all(|triple| triple.repeats == 0)),
            Err(error) => panic!("{set} {truth:?}: {error}"),
        }
    }
}
