//! What the fitted models say about a customer.

use rayon::prelude::*;

use super::{Model, Params, Triple, pareto, regular};

/// Predictions for every triple, in order; see the functions of the same names. `horizon_weeks` >= 0.
pub fn predict(params: &Params, triples: &[Triple], horizon_weeks: f64) -> Vec<Prediction> {
    let of = |(triple, alive): (&Triple, f64)| Prediction {
        p_alive: alive,
        p_zero: zero(alive, zero_if_alive(params, triple, horizon_weeks)),
        expected_orders: alive * orders_if_alive(params, triple, horizon_weeks),
    };
    triples.par_iter().zip(all_alive(params, triples)).with_min_len(256).map(of).collect()
}

/// Predictions for the customers of one triple.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Probability of being alive at the end of observation. For BG/NBD always 1 without repeats:
    /// never use it as a churn risk.
    pub p_alive: f64,
    /// Probability of no order within the horizon: the churn risk.
    pub p_zero: f64,
    /// Expected orders within the horizon.
    pub expected_orders: f64,
}

/// [`p_alive`] of every triple, in order. For Pareto/NBD much faster than one by one.
pub fn all_alive(params: &Params, triples: &[Triple]) -> Vec<f64> {
    match params.model {
        Model::ParetoNbd => pareto::all_alive(params, triples),
        _ => triples.par_iter().with_min_len(1024).map(|triple| p_alive(params, triple)).collect(),
    }
}

/// Probability of being alive at the end of observation.
///
/// `1 / (1 + a/(b+x-1) ((alpha+T)/(alpha+t_x))^(r+x))` with repeats and 1 without for BG/NBD (Fader,
/// Hardie & Lee 2008, "Computing P(alive) using the BG/NBD model"); `b + x` instead of `b + x - 1`,
/// and no exception, for MBG/NBD (Batislam et al. 2007). With every k-th event an order the odds are
/// divided by the share of paths with fewer than k events since. Always 1 for NBD.
pub fn p_alive(params: &Params, triple: &Triple) -> f64 {
    if params.model == Model::ParetoNbd {
        return pareto::p_alive(params, triple);
    }
    let chances = params.model.chances_to_leave(triple.repeats);
    if chances == 0 {
        return 1.0;
    }
    let events = params.model.events_per_order();
    let odds = params.a / (params.b + f64::from(chances) - 1.0);
    let (age, last) = (params.alpha + triple.age(), params.alpha + triple.last());
    let shape = params.r + f64::from(events) * f64::from(triple.repeats);
    let silence = if events > 1 { regular::log_silence(params, triple) } else { 0.0 };
    1.0 / (1.0 + (odds.ln() + shape * (age / last).ln() - silence).exp())
}

/// Probability of no order within `horizon_weeks` after the end of observation.
pub fn p_zero(params: &Params, triple: &Triple, horizon_weeks: f64) -> f64 {
    zero(p_alive(params, triple), zero_if_alive(params, triple, horizon_weeks))
}

/// Expected orders within `horizon_weeks` after the end of observation (Fader, Hardie & Lee 2005,
/// eq. 10; Batislam et al. 2007).
pub fn expected_orders(params: &Params, triple: &Triple, horizon_weeks: f64) -> f64 {
    p_alive(params, triple) * orders_if_alive(params, triple, horizon_weeks)
}

/// `1 - alive (1 - zero)` within 0..1.
fn zero(alive: f64, if_alive: f64) -> f64 {
    (1.0 - alive * (1.0 - if_alive)).clamp(0.0, 1.0)
}

/// Probability of no order within `horizon_weeks` of someone alive at the end of observation; where leaving
/// takes an order, `((alpha+T)/(alpha+T+h))^(r+x)`.
pub fn zero_if_alive(params: &Params, triple: &Triple, horizon_weeks: f64) -> f64 {
    let events = params.model.events_per_order();
    if params.model == Model::ParetoNbd {
        return pareto::zero_if_alive(params, triple, horizon_weeks);
    }
    let age = params.alpha + triple.age();
    let shape = params.r + f64::from(events) * f64::from(triple.repeats);
    let none = |shape: f64| (-shape * (horizon_weeks / age).ln_1p()).exp();
    if events == 1 {
        return none(shape);
    }
    // j events have come since the last order; fewer than k - j may follow.
    let hit = horizon_weeks / (age + horizon_weeks);
    let mut total = 0.0;
    for (j, share) in regular::phases(params, triple).into_iter().enumerate() {
        let shape = shape + j as f64;
        let mut mass = none(shape);
        for event in 1..=events as usize - j {
            total += share * mass;
            mass *= (shape + event as f64 - 1.0) / event as f64 * hit;
        }
    }
    total
}

/// Expected orders within `horizon_weeks` of someone alive at the end of observation.
///
/// Instead of the hypergeometric function, which is singular at `a = 1`, this sums the positive series
/// `sum_{n>=1} P(stayed n-1 times) P(N(h) >= n)`, `N` negative binomial: equal, and stable for every
/// parameter. Terms needed grow with the expected orders and with `h / (alpha+T)`. Pareto/NBD and NBD have
/// closed forms. 0 for a horizon of 0 or less, NaN for one that is not finite.
pub fn orders_if_alive(params: &Params, triple: &Triple, horizon_weeks: f64) -> f64 {
    if horizon_weeks <= 0.0 {
        return 0.0;
    }
    if !horizon_weeks.is_finite() {
        return f64::NAN;
    }
    let age = params.alpha + triple.age();
    let events = params.model.events_per_order();
    let shape = params.r + f64::from(events) * f64::from(triple.repeats);
    match params.model {
        Model::Nbd => shape / age * horizon_weeks,
        Model::ParetoNbd => pareto::orders_if_alive(params, triple, horizon_weeks),
        Model::BgNbd | Model::MbgNbd => orders_of_phase(params, triple, horizon_weeks, shape, 0),
        Model::BgCnbd(_) | Model::MbgCnbd(_) => {
            let phases = regular::phases(params, triple).into_iter().enumerate();
            let of = |(j, share)| share * orders_of_phase(params, triple, horizon_weeks, shape + j as f64, j as u32);
            phases.map(of).sum()
        }
    }
}

/// Relative size of the last term summed.
const SMALLEST_TERM: f64 = 1e-14;
/// More events than this nobody causes: degenerate parameters would have the series go on for ever.
const MOST_EVENTS: f64 = 1e6;
/// Below this, probabilities are kept as logarithms.
const LOG_UNDERFLOW: f64 = -650.0;

/// The series, for someone of whom `phase` events are known to have come since the last order.
fn orders_of_phase(params: &Params, triple: &Triple, horizon_weeks: f64, shape: f64, phase: u32) -> f64 {
    let age = params.alpha + triple.age();
    let events = params.model.events_per_order();
    // Given alive, the dropout probability is Beta(a, b + chances not taken).
    let mut stay = params.b + f64::from(params.model.chances_to_leave(triple.repeats));
    let mut either = stay + params.a;
    let hit = horizon_weeks / (age + horizon_weeks);
    let mut log_mass = -shape * (horizon_weeks / age).ln_1p();
    let mut tail = -log_mass.exp_m1();
    // The next event, and the event that completes the next order.
    let (mut event, mut order) = (1.0, f64::from(events - phase));
    let (mut stayed, mut total) = (1.0, 0.0);
    // Far below the mode the mass underflows and the tail is 1.
    while log_mass < LOG_UNDERFLOW && event < MOST_EVENTS {
        if event == order {
            total += stayed;
            stayed *= stay / either;
            stay += 1.0;
            either += 1.0;
            order += f64::from(events);
        }
        log_mass += ((shape + event - 1.0) / event * hit).ln();
        event += 1.0;
    }
    let mut mass = log_mass.exp();
    loop {
        let ratio = (shape + event - 1.0) / event * hit;
        if event == order {
            let term = stayed * tail;
            total += term;
            // Written so that a NaN ends the loop too.
            let goes_on = term > total * SMALLEST_TERM || (ratio >= 1.0 && stayed > 0.0);
            let goes_on = goes_on && event < MOST_EVENTS;
            if !goes_on {
                return total;
            }
            stayed *= stay / either;
            stay += 1.0;
            either += 1.0;
            order += f64::from(events);
        }
        mass *= ratio;
        tail -= mass;
        event += 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Model;
    use super::*;

    /// Fader, Hardie & Lee 2005, table 2, at the precision of CLVTools' tests.
    const PAPER: Params = Params { model: Model::BgNbd, r: 0.2425945, alpha: 4.4136019, a: 0.7929199, b: 2.4258881 };

    fn triple(repeats: u32, first_to_last_days: u32, age_days: u32) -> Triple {
        Triple { repeats, first_to_last_days, age_days, weight: 1.0 }
    }

    #[test]
    fn matches_fader_hardie_lee_2005_conditional_expectation() {
        let orders = expected_orders(&PAPER, &triple(2, 213, 272), 39.0);
        assert!((orders - 1.226).abs() < 5e-4, "{orders}");
    }

    #[test]
    fn matches_hardie_spreadsheet_new_customer() {
        // Four printed digits; our sums agree with integration to 1e-9, see below.
        let published =
            [(1.0 / 7.0, 0.0078), (1.0, 0.0532), (3.0, 0.1506), (223.0 / 7.0, 1.0405), (32.0, 1.0437), (78.0, 1.8576)];
        for (weeks, expected) in published {
            let orders = expected_orders(&PAPER, &triple(0, 0, 0), weeks);
            assert!((orders - expected).abs() < 4e-4, "{weeks} {orders}");
        }
    }

    /// Simpson's rule on the defining integral over the dropout probability.
    fn by_integration(params: &Params, triple: &Triple, weeks: f64) -> f64 {
        let age = params.alpha + f64::from(triple.age_days) / 7.0;
        let shape = params.r + f64::from(triple.repeats);
        let stay = params.b + f64::from(params.model.chances_to_leave(triple.repeats));
        let log_beta = libm::lgamma(params.a) + libm::lgamma(stay) - libm::lgamma(params.a + stay);
        // p = 1 / (1 + e^-u): smooth and vanishing at both ends.
        let integrand = |u: f64| {
            let p = 1.0 / (1.0 + (-u).exp());
            let q = 1.0 / (1.0 + u.exp());
            let density = (params.a * p.ln() + stay * q.ln() - log_beta).exp();
            density * -(-shape * (p * weeks / age).ln_1p()).exp_m1() / p
        };
        let (low, steps) = (-240.0, 40_000);
        let width = 300.0 / f64::from(steps);
        let mut sum = 0.0;
        for i in 1..steps {
            let factor = if i % 2 == 1 { 4.0 } else { 2.0 };
            sum += factor * integrand(low + f64::from(i) * width);
        }
        sum * width / 3.0 * p_alive(params, triple)
    }

    #[test]
    fn series_matches_integration_at_hard_corners() {
        let corners = [
            (1.0, triple(3, 100, 200), 52.0),
            (0.2, triple(0, 0, 0), 520.0),
            (1.0 + 1e-9, triple(900, 990, 1000), 104.0),
            (300.0, triple(2, 10, 30), 0.01),
            (0.8, triple(5000, 5900, 6000), 300.0),
        ];
        for model in [Model::BgNbd, Model::MbgNbd] {
            for (a, triple, weeks) in corners {
                let params = Params { model, a, ..PAPER };
                let series = expected_orders(&params, &triple, weeks);
                let integral = by_integration(&params, &triple, weeks);
                let error = (series / integral - 1.0).abs();
                assert!(error < 1e-9, "{model:?} {a} {triple:?} {series} {integral}");
            }
        }
    }

    #[test]
    fn one_time_buyers_are_always_alive_only_in_bgnbd() {
        let once = triple(0, 0, 200);
        let modified = Params { model: Model::MbgNbd, ..PAPER };
        assert_eq!(p_alive(&PAPER, &once), 1.0);
        assert!(p_alive(&modified, &once) < 1.0);
    }

    #[test]
    fn probabilities_stay_probabilities() {
        for model in [Model::BgNbd, Model::MbgNbd] {
            let params = Params { model, ..PAPER };
            for repeats in [0, 1, 7, 400, 4000] {
                for age in [0, 1, 272, 40_000] {
                    let last = if repeats == 0 { 0 } else { age / 3 };
                    for weeks in [0.0, 0.1, 39.0] {
                        let triple = triple(repeats, last, age);
                        let one = predict(&params, &[triple], weeks)[0];
                        assert!((0.0..=1.0).contains(&one.p_alive));
                        assert!((0.0..=1.0).contains(&one.p_zero));
                        assert!(one.expected_orders >= 0.0 && one.expected_orders.is_finite());
                        assert_eq!(one.p_zero, p_zero(&params, &triple, weeks));
                    }
                }
            }
        }
    }
}
