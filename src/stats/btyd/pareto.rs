//! Log-likelihood of Pareto/NBD with gradient and Hessian, over distinct histories.
//!
//! With `R = r + x` and `N(t) = (1+t/alpha)^-R (1+t/beta)^-s`, the likelihood of a history is (Fader & Hardie
//! 2005, "A Note on Deriving the Pareto/NBD Model", eq. 14, before its integral is solved)
//!
//! `L = r (r+1) .. (r+x-1) alpha^-x { N(T) + s integral_{t_x}^{T} N(t) / (beta+t) dt }`:
//!
//! alive at the end, or gone at some time t since the last order. The papers write the integral as a
//! difference of two Gaussian hypergeometric functions. Here it is a difference of `M(d) = integral_d N(t) /
//! ((beta+t) N(d)) dt`, tabulated for every distinct number of repeats by a backward recursion over the
//! distinct days, in which nothing cancels, with Gauss-Legendre nodes from one day to the next that all
//! numbers of repeats share. The derivatives are the same integrals, weighted with logarithms and
//! reciprocals: exact, and no step of the search needs a special function.

use rayon::prelude::*;

use super::super::newton::Evaluation;
use super::geometric::Rising;
use super::histories::{Histories, Run};
use super::{Params, Triple};

/// Legendre nodes and weights on -1..1, five points: exact for polynomials of degree nine; three and two for
/// pieces over which hardly anything changes.
const FIVE: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.906_179_845_938_664, 0.236_926_885_056_189_08),
];
const THREE: [(f64, f64); 3] = [
    (-0.774_596_669_241_483_4, 0.555_555_555_555_555_6),
    (0.0, 0.888_888_888_888_889),
    (0.774_596_669_241_483_4, 0.555_555_555_555_555_6),
];
const TWO: [(f64, f64); 2] = [(-0.577_350_269_189_625_8, 1.0), (0.577_350_269_189_625_8, 1.0)];
/// Up to these changes of ln N, or of a logarithm, three and two nodes err by less than 1e-11 of the piece.
const FOR_THREE: f64 = 0.15;
const FOR_TWO: f64 = 0.02;

/// Over one piece neither `alpha + t` nor `beta + t` grows by more than this factor ..
const MOST_GROWTH: f64 = 1.25;
/// .. and N falls by no more than e to the minus this.
const MOST_FALL: f64 = 0.75;

/// Enough for N to fall by e^48 from one day to the next; only absurd parameters ask for more.
const MOST_PIECES: f64 = 64.0;

/// What a moment is weighted with: 1, `ln(1+t/alpha)`, `1/(alpha+t)`, `ln(1+t/beta)`, `1/(beta+t)`, and their
/// products two by two.
const MOMENTS: usize = 15;

/// The four functions of time at one time.
#[derive(Clone, Copy)]
struct At {
    log_alpha: f64,
    inverse_alpha: f64,
    log_beta: f64,
    inverse_beta: f64,
}

impl At {
    fn new(t: f64, alpha: f64, beta: f64) -> Self {
        Self {
            log_alpha: (t / alpha).ln_1p(),
            inverse_alpha: 1.0 / (alpha + t),
            log_beta: (t / beta).ln_1p(),
            inverse_beta: 1.0 / (beta + t),
        }
    }

    /// `N(later) / N(self)`.
    fn fall_to(&self, later: &Self, shape: f64, s: f64) -> f64 {
        (-shape * (later.log_alpha - self.log_alpha) - s * (later.log_beta - self.log_beta)).exp()
    }

    fn values(&self) -> [f64; 4] {
        [self.log_alpha, self.inverse_alpha, self.log_beta, self.inverse_beta]
    }
}

/// Pieces that keep the nodes exact from `from` to `to` for shapes up to `shape`, and the nodes of each.
fn pieces(from: f64, to: f64, params: &Params, shape: f64) -> (usize, &'static [(f64, f64)]) {
    let (alpha, beta) = (params.alpha, params.b);
    let (growth_alpha, growth_beta) = (((to - from) / (alpha + from)).ln_1p(), ((to - from) / (beta + from)).ln_1p());
    let growth = growth_alpha.max(growth_beta);
    let fall = shape * growth_alpha + (params.a + 1.0) * growth_beta;
    let change = growth.max(fall);
    if change <= FOR_TWO {
        return (1, &TWO);
    }
    if change <= FOR_THREE {
        return (1, &THREE);
    }
    let pieces = (growth / MOST_GROWTH.ln()).max(fall / MOST_FALL);
    (pieces.ceil().clamp(1.0, MOST_PIECES) as usize, &FIVE)
}

/// Calls `visit(t, weight)` for every node from `from` to `to`; pieces widen as `min(alpha, beta) + t` does.
fn visit_nodes(from: f64, to: f64, params: &Params, shape: f64, mut visit: impl FnMut(f64, f64)) {
    let (pieces, nodes) = pieces(from, to, params, shape);
    let base = params.alpha.min(params.b);
    let growth = if pieces > 1 { ((to - from) / (base + from)).ln_1p() / pieces as f64 } else { 0.0 };
    let mut low = from;
    for piece in 1..=pieces {
        let high = if piece == pieces { to } else { from + (base + from) * (growth * piece as f64).exp_m1() };
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        for (node, weight) in nodes {
            visit(middle + half * node, half * weight);
        }
        low = high;
    }
}

/// Nodes between the distinct days, with the `K` moments' weights; shared by all numbers of repeats.
struct Grid<const K: usize> {
    days: Vec<At>,
    /// `ln N` is linear in these two; the rest are the weights, times `1/(beta+t)` and the node's own.
    nodes: Vec<(f64, f64, [f64; K])>,
    /// First node after each day.
    starts: Vec<usize>,
}

impl<const K: usize> Grid<K> {
    fn new(weeks: &[f64], most_shape: f64, params: &Params) -> Self {
        let at = |t: f64| At::new(t, params.alpha, params.b);
        let (mut nodes, mut starts) = (Vec::new(), Vec::with_capacity(weeks.len()));
        for pair in weeks.windows(2) {
            starts.push(nodes.len());
            visit_nodes(pair[0], pair[1], params, most_shape, |t, weight| {
                let at = at(t);
                let mut moments = [0.0; K];
                fill_moments(&mut moments, &at, weight * at.inverse_beta);
                nodes.push((at.log_alpha, at.log_beta, moments));
            });
        }
        starts.push(nodes.len());
        Self { days: weeks.iter().map(|&t| at(t)).collect(), nodes, starts }
    }

    /// `M` and its moments for the days `from..=to`, a shape each; index 0 is `from`.
    fn moments(&self, from: usize, to: usize, shape: f64, s: f64) -> Vec<[f64; K]> {
        let mut table = vec![[0.0; K]; to - from + 1];
        for day in (from..to).rev() {
            let here = &self.days[day];
            let fall = here.fall_to(&self.days[day + 1], shape, s);
            let mut sum = table[day + 1 - from].map(|later| later * fall);
            for (log_alpha, log_beta, weights) in &self.nodes[self.starts[day]..self.starts[day + 1]] {
                let height = (-shape * (log_alpha - here.log_alpha) - s * (log_beta - here.log_beta)).exp();
                for (sum, weight) in sum.iter_mut().zip(weights) {
                    *sum += height * weight;
                }
            }
            table[day - from] = sum;
        }
        table
    }
}

fn fill_moments<const K: usize>(moments: &mut [f64; K], at: &At, scale: f64) {
    moments[0] = scale;
    if K == MOMENTS {
        let values = at.values();
        let mut place = 5;
        for i in 0..4 {
            moments[1 + i] = scale * values[i];
            for j in i..4 {
                moments[place] = scale * values[i] * values[j];
                place += 1;
            }
        }
    }
}

/// Grids for classes of repeats: the more repeats, the denser the nodes must lie.
struct Grids<const K: usize>(Vec<Option<Grid<K>>>);

impl<const K: usize> Grids<K> {
    fn new(of: &Histories, params: &Params) -> Self {
        let classes = of.runs.iter().map(|run| class(run.repeats)).max().map_or(0, |most| most + 1);
        let grid = |of_class: usize| {
            let mut runs = of.runs.iter().filter(|run| class(run.repeats) == of_class).peekable();
            runs.peek()?;
            let most = runs.map(|run| run.repeats).max().map_or(0.0, f64::from);
            Some(Grid::new(&of.weeks, params.r + most, params))
        };
        Self((0..classes).into_par_iter().map(grid).collect())
    }

    fn of(&self, run: &Run) -> Option<&Grid<K>> {
        self.0.get(class(run.repeats)).and_then(Option::as_ref)
    }
}

/// 0 to 3, 4 to 15, 16 to 63, .. repeats.
fn class(repeats: u32) -> usize {
    (repeats | 1).ilog2() as usize / 2
}

/// First and last day of the rows of a run.
fn span(of: &Histories, run: &Run) -> (usize, usize) {
    let rows = &of.rows[run.start..run.end];
    let from = rows.iter().map(|row| row.last).min().unwrap_or(0);
    let to = rows.iter().map(|row| row.age).max().unwrap_or(0);
    (from as usize, to as usize)
}

/// Mean log-likelihood per customer, with derivatives by `ln r, ln alpha, ln s, ln beta`.
pub(super) fn mean_log_likelihood(of: &Histories, log_parameters: &[f64; 4]) -> Evaluation<4> {
    let parameters = log_parameters.map(f64::exp);
    let [r, alpha, s, beta] = parameters;
    let params = Params { model: super::Model::ParetoNbd, r, alpha, a: s, b: beta };
    let grids: Grids<MOMENTS> = Grids::new(of, &params);
    let rate = Rising::new(r, of.most_repeats);
    let of_run = |run: &Run| {
        let Some(grid) = grids.of(run) else { return Evaluation::default() };
        let (from, to) = span(of, run);
        let shape = r + f64::from(run.repeats);
        let table = grid.moments(from, to, shape, s);
        let mut sum = Evaluation::default();
        let mut weight = 0.0;
        for row in &of.rows[run.start..run.end] {
            let (last, age) = (row.last as usize, row.age as usize);
            let ends = (&grid.days[last], &grid.days[age]);
            add_row(row.weight, ends, (&table[last - from], &table[age - from]), shape, &params, &mut sum);
            weight += row.weight;
        }
        let events = run.repeats as usize;
        sum.value += weight * (rate.logs[events] - f64::from(run.repeats) * alpha.ln());
        sum.gradient[0] += weight * rate.inverses[events];
        sum.gradient[1] -= weight * f64::from(run.repeats) / alpha;
        sum.hessian[0][0] -= weight * rate.squares[events];
        sum.hessian[1][1] += weight * f64::from(run.repeats) / (alpha * alpha);
        sum
    };
    // Runs do not depend on the threads, and are added in their order.
    let sums: Vec<Evaluation<4>> = of.runs.par_iter().map(of_run).collect();
    let mut total = Evaluation::default();
    sums.iter().for_each(|sum| total.add(sum));
    total.scale(1.0 / of.total_weight);
    total.change_to_logarithms(&parameters);
    total
}

/// Adds `ln { N(T) + s integral }` of one history.
///
/// Its derivatives are those of a mixture of "alive" and "gone at t": the mean of the derivatives of the
/// logarithms of the parts, and for the second order the mean of those plus the covariance of the first.
fn add_row(
    weight: f64,
    (last, age): (&At, &At),
    (from_last, from_age): (&[f64; MOMENTS], &[f64; MOMENTS]),
    shape: f64,
    params: &Params,
    sum: &mut Evaluation<4>,
) {
    let Params { alpha, a: s, b: beta, .. } = *params;
    let fall = last.fall_to(age, shape, s);
    // Everything is divided by N(t_x).
    let gone: [f64; MOMENTS] = std::array::from_fn(|i| s * (from_last[i] - fall * from_age[i]).max(0.0));
    let likelihood = fall + gone[0];
    sum.value += weight * (likelihood.ln() - shape * last.log_alpha - s * last.log_beta);
    let gone = gone.map(|moment| moment / likelihood);
    let alive = fall / likelihood;
    // The derivative by each parameter of the logarithm of a part is constant + slope × function of time.
    let slope = [-1.0, -shape, -1.0, -s];
    let constant = [0.0, shape / alpha, 0.0, s / beta];
    let gone_slope = [-1.0, -shape, -1.0, -s - 1.0];
    let gone_constant = [0.0, shape / alpha, 1.0 / s, s / beta];
    let here = age.values();
    let alive_first: [f64; 4] = std::array::from_fn(|i| constant[i] + slope[i] * here[i]);
    let first: [f64; 4] =
        std::array::from_fn(|i| alive * alive_first[i] + gone_constant[i] * gone[0] + gone_slope[i] * gone[1 + i]);
    let h = &mut sum.hessian;
    let mut place = 5;
    for i in 0..4 {
        sum.gradient[i] += weight * first[i];
        for j in i..4 {
            let second = alive * alive_first[i] * alive_first[j]
                + gone_constant[i] * gone_constant[j] * gone[0]
                + gone_constant[i] * gone_slope[j] * gone[1 + j]
                + gone_constant[j] * gone_slope[i] * gone[1 + i]
                + gone_slope[i] * gone_slope[j] * gone[place];
            h[i][j] += weight * (second - first[i] * first[j]);
            place += 1;
        }
    }
    // The means of 1/(alpha+t), its square, and of those of beta over both parts.
    let mean = |of_time: f64, moment: usize| alive * of_time + gone[moment];
    let (inverse_alpha, inverse_beta) = (mean(here[1], 2), mean(here[3], 4));
    h[0][1] += weight * (1.0 / alpha - inverse_alpha);
    h[1][1] += weight * shape * (mean(here[1] * here[1], 9) - 1.0 / (alpha * alpha));
    h[2][2] -= weight * gone[0] / (s * s);
    h[2][3] += weight * (1.0 / beta - inverse_beta);
    h[3][3] += weight * (s * (mean(here[3] * here[3], 14) - 1.0 / (beta * beta)) + gone[14]);
}

/// Probability of being alive at the end of observation, by triple: `N(T)` over the braces above.
pub(super) fn all_alive(params: &Params, triples: &[Triple]) -> Vec<f64> {
    let of = Histories::new(triples);
    let grids: Grids<1> = Grids::new(&of, params);
    let of_run = |run: &Run| {
        let Some(grid) = grids.of(run) else { return Vec::new() };
        let (from, to) = span(&of, run);
        let shape = params.r + f64::from(run.repeats);
        let table = grid.moments(from, to, shape, params.a);
        let rows = of.rows[run.start..run.end].iter();
        let alive = rows.map(|row| {
            let (last, age) = (row.last as usize, row.age as usize);
            let fall = grid.days[last].fall_to(&grid.days[age], shape, params.a);
            fall / (fall + params.a * (table[last - from][0] - fall * table[age - from][0]).max(0.0))
        });
        alive.collect::<Vec<f64>>()
    };
    let by_run: Vec<Vec<f64>> = of.runs.par_iter().map(of_run).collect();
    let mut alive = vec![0.0; triples.len()];
    for (value, &place) in by_run.concat().into_iter().zip(of.places()) {
        alive[place as usize] = value;
    }
    alive
}

/// Probability of being alive at the end of observation.
pub(super) fn p_alive(params: &Params, triple: &Triple) -> f64 {
    let shape = params.r + f64::from(triple.repeats);
    let at = |t: f64| At::new(t, params.alpha, params.b);
    let fall = at(triple.last()).fall_to(&at(triple.age()), shape, params.a);
    fall / (fall + params.a * gone_within(params, shape, triple.last(), triple.age()))
}

/// Probability that someone alive at the end of observation orders nothing in the weeks after it.
pub(super) fn zero_if_alive(params: &Params, triple: &Triple, weeks: f64) -> f64 {
    let shape = params.r + f64::from(triple.repeats);
    let at = |t: f64| At::new(t, params.alpha, params.b);
    let until = triple.age() + weeks;
    at(triple.age()).fall_to(&at(until), shape, params.a) + params.a * gone_within(params, shape, triple.age(), until)
}

/// `integral_{from}^{to} N(t) / ((beta+t) N(from)) dt`.
fn gone_within(params: &Params, shape: f64, from: f64, to: f64) -> f64 {
    let start = At::new(from, params.alpha, params.b);
    let mut sum = 0.0;
    visit_nodes(from, to, params, shape, |t, weight| {
        let at = At::new(t, params.alpha, params.b);
        sum += weight * at.inverse_beta * start.fall_to(&at, shape, params.a);
    });
    sum
}

/// Expected orders within the weeks after the end of observation of someone alive then (Fader & Hardie 2005,
/// eq. 41): `R (beta+T) / ((alpha+T)(s-1)) [1 - ((beta+T)/(beta+T+h))^(s-1)]`, its limit at s = 1 included.
pub(super) fn orders_if_alive(params: &Params, triple: &Triple, weeks: f64) -> f64 {
    let shape = params.r + f64::from(triple.repeats);
    let beta = params.b + triple.age();
    let log = (weeks / beta).ln_1p();
    let y = (params.a - 1.0) * log;
    let mean_log = if y.abs() < 1e-8 { log * (1.0 - 0.5 * y) } else { -(-y).exp_m1() / (params.a - 1.0) };
    shape / (params.alpha + triple.age()) * beta * mean_log
}
