//! Log-likelihood of BG/NBD, MBG/NBD and NBD with gradient and Hessian, over distinct histories.
//!
//! With `s` = 0 for BG/NBD and 1 for MBG/NBD, `R = r + x` and rising factorials instead of gammas
//! (Fader, Hardie & Lee 2005, eq. 6; the same with `s` = 1 for Batislam et al. 2007):
//!
//! `LL = sum_{j<x} ln((r+j)/alpha) + sum_{j<x+s} ln((b+j)/(a+b+j)) - R ln(1+T/alpha) + ln(1+e^E)`,
//! `E = ln(a/(b+x+s-1)) + R ln((alpha+T)/(alpha+t_x))`,
//!
//! where the last term is absent for BG/NBD without repeats, and with it the sum before for NBD (then
//! `a` and `b` have no part). `e^E` is the odds of having left.
//! The inner loop takes one `exp` and one `ln_1p` a triple; other logarithms are tabulated by day and
//! by number of repeats.

use super::super::chunks::{CHUNK, fold_chunks};
use super::super::newton::Evaluation;
use super::histories::{Histories, Row, Run};
use super::{Model, Params};

/// Sums over `j < n` for every `n` up to the most repeats.
pub(super) struct Rising {
    pub logs: Vec<f64>,
    pub inverses: Vec<f64>,
    pub squares: Vec<f64>,
}

impl Rising {
    pub fn new(base: f64, most: u32) -> Self {
        let size = most as usize + 2;
        let mut table = Self {
            logs: Vec::with_capacity(size),
            inverses: Vec::with_capacity(size),
            squares: Vec::with_capacity(size),
        };
        let (mut log, mut inverse, mut square) = (0.0, 0.0, 0.0);
        for j in 0..size {
            table.logs.push(log);
            table.inverses.push(inverse);
            table.squares.push(square);
            let value = base + j as f64;
            log += value.ln();
            inverse += 1.0 / value;
            square += 1.0 / (value * value);
        }
        table
    }
}

struct Tables {
    /// `ln(1 + t/alpha)` and `1 / (alpha + t)` by day.
    day: Vec<(f64, f64)>,
    rate: Rising,
    stay: Rising,
    either: Rising,
}

/// Mean log-likelihood per customer, with derivatives by `ln r, ln alpha, ln a, ln b`.
pub(super) fn mean_log_likelihood(model: Model, of: &Histories, log_parameters: &[f64; 4]) -> Evaluation<4> {
    let parameters = log_parameters.map(f64::exp);
    let [r, alpha, a, b] = parameters;
    let params = Params { model, r, alpha, a, b };
    let day = |weeks: &f64| ((weeks / alpha).ln_1p(), 1.0 / (alpha + weeks));
    let tables = Tables {
        day: of.weeks.iter().map(day).collect(),
        rate: Rising::new(r, of.most_repeats),
        stay: Rising::new(b, of.most_repeats),
        either: Rising::new(a + b, of.most_repeats),
    };
    let mut total = fold_chunks(
        of.rows.len(),
        |range| {
            let mut sum = Evaluation::default();
            let runs = of.runs[of.chunk_starts[range.start / CHUNK]..].iter();
            for run in runs.take_while(|run| run.start < range.end) {
                add_run(run, &of.rows[run.start..run.end], &params, &tables, &mut sum);
            }
            sum
        },
        Evaluation::add,
    );
    total.scale(1.0 / of.total_weight);
    total.change_to_logarithms(&parameters);
    total
}

fn add_run(run: &Run, rows: &[Row], params: &Params, tables: &Tables, sum: &mut Evaluation<4>) {
    let Params { r, alpha, a, b, .. } = *params;
    let x = f64::from(run.repeats);
    let shape = r + x;
    let chances = params.model.chances_to_leave(run.repeats);
    // Without a chance to leave nothing is divided by it.
    let stay = if chances == 0 { 1.0 } else { b + f64::from(chances) - 1.0 };
    let sums = if chances == 0 {
        sums_without_leaving(rows, &tables.day)
    } else {
        sums_with_leaving(rows, &tables.day, shape, (a / stay).ln())
    };
    let n = sums.weight;
    let (x_at, c_at) = (run.repeats as usize, chances as usize);
    let (rate, stays, either) = (&tables.rate, &tables.stay, &tables.either);
    sum.value += n * (rate.logs[x_at] - x * alpha.ln() + stays.logs[c_at] - either.logs[c_at]) - shape * sums.log_age
        + sums.soft;
    let [to_r, to_alpha, to_a, to_b] = &mut sum.gradient;
    *to_r += n * rate.inverses[x_at] - sums.log_age + sums.left_span;
    *to_alpha += n * r / alpha - shape * sums.inverse;
    *to_a += sums.left / a - n * either.inverses[c_at];
    *to_b += n * (stays.inverses[c_at] - either.inverses[c_at]) - sums.left / stay;
    let h = &mut sum.hessian;
    h[0][0] += sums.spread_span_span - n * rate.squares[x_at];
    h[0][1] += n / alpha - sums.inverse + shape * sums.spread_span_gap;
    h[0][2] += sums.spread_span / a;
    h[0][3] -= sums.spread_span / stay;
    h[1][1] += shape * (sums.inverse_square + shape * sums.spread_gap_gap) - n * r / (alpha * alpha);
    h[1][2] += shape * sums.spread_gap / a;
    h[1][3] -= shape * sums.spread_gap / stay;
    h[2][2] += n * either.squares[c_at] + (sums.spread - sums.left) / (a * a);
    h[2][3] += n * either.squares[c_at] - sums.spread / (a * stay);
    h[3][3] += n * (either.squares[c_at] - stays.squares[c_at]) + (sums.spread + sums.left) / (stay * stay);
}

/// Weighted sums over the rows of a run. `left` is the posterior probability of having left, `spread`
/// is left (1 - left), `span` is ln((alpha+T)/(alpha+t_x)), `gap` is 1/(alpha+T) - 1/(alpha+t_x).
#[derive(Default)]
struct Sums {
    weight: f64,
    log_age: f64,
    soft: f64,
    left: f64,
    left_span: f64,
    inverse: f64,
    inverse_square: f64,
    spread: f64,
    spread_span: f64,
    spread_gap: f64,
    spread_span_span: f64,
    spread_span_gap: f64,
    spread_gap_gap: f64,
}

fn sums_without_leaving(rows: &[Row], day: &[(f64, f64)]) -> Sums {
    let mut sums = Sums::default();
    for row in rows {
        let (log_age, inverse_age) = day[row.age as usize];
        sums.weight += row.weight;
        sums.log_age += row.weight * log_age;
        sums.inverse += row.weight * inverse_age;
        sums.inverse_square += row.weight * inverse_age * inverse_age;
    }
    sums
}

fn sums_with_leaving(rows: &[Row], day: &[(f64, f64)], shape: f64, log_odds: f64) -> Sums {
    let mut sums = Sums::default();
    for row in rows {
        let weight = row.weight;
        let (log_age, inverse_age) = day[row.age as usize];
        let (log_last, inverse_last) = day[row.last as usize];
        let span = log_age - log_last;
        let gap = inverse_age - inverse_last;
        let exponent = log_odds + shape * span;
        let small = (-exponent.abs()).exp();
        let share = 1.0 / (1.0 + small);
        let left = weight * if exponent >= 0.0 { share } else { small * share };
        let spread = weight * small * share * share;
        sums.weight += weight;
        sums.log_age += weight * log_age;
        sums.soft += weight * (exponent.max(0.0) + small.ln_1p());
        sums.left += left;
        sums.left_span += left * span;
        sums.inverse += weight * inverse_age - left * gap;
        // 1/(alpha+T)^2 - 1/(alpha+t_x)^2 = gap (1/(alpha+T) + 1/(alpha+t_x))
        sums.inverse_square += weight * inverse_age * inverse_age - left * gap * (inverse_age + inverse_last);
        sums.spread += spread;
        sums.spread_span += spread * span;
        sums.spread_gap += spread * gap;
        sums.spread_span_span += spread * span * span;
        sums.spread_span_gap += spread * span * gap;
        sums.spread_gap_gap += spread * gap * gap;
    }
    sums
}
