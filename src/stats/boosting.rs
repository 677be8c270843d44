//! Gradient boosted trees for a yes/no outcome, on histograms.
//!
//! Friedman (2001), Greedy Function Approximation, with second-order leaves (Chen & Guestrin 2016, eq. 5): small
//! trees, each fitted to what the ones before leave, on columns cut into at most 64 bins at their quantiles. No
//! chance is involved: equal rows, equal trees, at any number of threads.

use rayon::prelude::*;

/// What a model is fitted with.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Trees.
    pub trees: usize,
    /// Splits from the root to a leaf.
    pub depth: usize,
    /// Share of each tree that is added.
    pub rate: f64,
    /// Rows a leaf has at least.
    pub leaf: usize,
    /// Penalty on the squares of the leaves.
    pub penalty: f64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { trees: 100, depth: 3, rate: 0.1, leaf: 20, penalty: 1.0 }
    }
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Boosted {
    columns: usize,
    base: f64,
    trees: Vec<Tree>,
}

/// Splits in the order of a heap: the children of `i` are `2 i + 1` and `2 i + 2`; then leaves.
#[derive(Debug, Clone, PartialEq)]
struct Tree {
    /// Rows with `value <= at` of the column go left.
    splits: Vec<(usize, f64)>,
    leaves: Vec<f64>,
}

/// A node of a tree that grows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Node {
    /// Rows with `value <= at` go left.
    Split { column: usize, at: f64 },
    /// Added to the log odds.
    Leaf(f64),
    /// Below a leaf.
    Absent,
}

/// Bins a column is cut into at most.
const BINS: usize = 64;

/// Fits to the rows of `design` (row-major, `columns` wide). `None` where the outcomes are all alike or a length does
/// not match.
pub fn fit(design: &[f64], columns: usize, outcomes: &[bool], settings: &Settings) -> Option<Boosted> {
    let rows = outcomes.len();
    let positives = outcomes.iter().filter(|outcome| **outcome).count();
    if columns == 0 || design.len() != rows * columns || positives == 0 || positives == rows {
        return None;
    }
    let cuts: Vec<Vec<f64>> = (0..columns).into_par_iter().map(|column| cuts(design, columns, column)).collect();
    // By column, so that a histogram reads one run of memory.
    let bins: Vec<Vec<u8>> = cuts
        .par_iter()
        .enumerate()
        .map(|(column, cuts)| {
            let value = |row: usize| design[row * columns + column];
            (0..rows).map(|row| cuts.partition_point(|cut| *cut < value(row)) as u8).collect()
        })
        .collect();
    let base = (positives as f64 / (rows - positives) as f64).ln();
    let mut odds = vec![base; rows];
    let mut trees = Vec::with_capacity(settings.trees);
    for _ in 0..settings.trees {
        let slopes: Vec<(f64, f64)> = odds
            .iter()
            .zip(outcomes)
            .map(|(odds, outcome)| {
                let p = 1.0 / (1.0 + (-odds).exp());
                (f64::from(u8::from(*outcome)) - p, p * (1.0 - p))
            })
            .collect();
        let (nodes, leaf_of) = grow(&bins, &cuts, &slopes, settings);
        for (odds, leaf) in odds.iter_mut().zip(&leaf_of) {
            if let Node::Leaf(value) = nodes[*leaf as usize] {
                *odds += value;
            }
        }
        trees.push(Tree::of(&nodes, settings.depth));
    }
    Some(Boosted { columns, base, trees })
}

impl Boosted {
    /// Probabilities for the rows of `design`.
    pub fn predict(&self, design: &[f64]) -> Vec<f64> {
        let of_row = |row: &[f64]| {
            let odds: f64 = self.base + self.trees.iter().map(|tree| tree.value(row)).sum::<f64>();
            1.0 / (1.0 + (-odds).exp())
        };
        design.par_chunks_exact(self.columns).with_min_len(256).map(of_row).collect()
    }

    /// How much each column has split the rows: gains are not kept, so the number of splits.
    pub fn splits(&self) -> Vec<usize> {
        let mut counts = vec![0; self.columns];
        for (column, at) in self.trees.iter().flat_map(|tree| &tree.splits) {
            counts[*column] += usize::from(*at < f64::INFINITY);
        }
        counts
    }
}

impl Tree {
    /// Fills what is below a leaf that is no deepest one with splits that send every row left.
    fn of(nodes: &[Node], depth: usize) -> Tree {
        let inner = (1 << depth) - 1;
        let mut splits = vec![(0, f64::INFINITY); inner];
        let mut leaves = vec![0.0; inner + 1];
        for (place, node) in nodes.iter().enumerate() {
            match *node {
                Node::Split { column, at } => splits[place] = (column, at),
                Node::Leaf(value) => {
                    let mut below = place;
                    while below < inner {
                        below = 2 * below + 1;
                    }
                    leaves[below - inner] = value;
                }
                Node::Absent => {}
            }
        }
        Tree { splits, leaves }
    }

    #[inline]
    fn value(&self, row: &[f64]) -> f64 {
        let mut at = 0;
        while let Some((column, cut)) = self.splits.get(at) {
            at = 2 * at + 1 + usize::from(row[*column] > *cut);
        }
        self.leaves[at - self.splits.len()]
    }
}

/// Values that separate the bins of a column: the upper ends of all bins but the last.
fn cuts(design: &[f64], columns: usize, column: usize) -> Vec<f64> {
    let mut values: Vec<f64> = design.chunks_exact(columns).map(|row| row[column]).collect();
    values.sort_unstable_by(f64::total_cmp);
    let largest = values.last().copied();
    let rows = values.len();
    let mut cuts: Vec<f64> = (1..BINS).map(|bin| values[(bin * rows / BINS).min(rows - 1)]).collect();
    cuts.dedup();
    cuts.retain(|cut| Some(*cut) < largest);
    cuts
}

/// A node that may be split: its rows, and their histograms, one a column.
struct Open {
    node: usize,
    rows: Vec<u32>,
    histograms: Vec<Histogram>,
}

/// Of each bin: sum of the slopes, of the bends, and how many rows.
type Histogram = [(f64, f64, usize); BINS];

/// One tree, and the leaf of every row.
fn grow(bins: &[Vec<u8>], cuts: &[Vec<f64>], slopes: &[(f64, f64)], settings: &Settings) -> (Vec<Node>, Vec<u32>) {
    let mut nodes = vec![Node::Absent; (2 << settings.depth) - 1];
    let mut leaf_of = vec![0_u32; slopes.len()];
    let rows: Vec<u32> = (0..slopes.len() as u32).collect();
    let mut open = vec![Open { node: 0, histograms: histograms(bins, &rows, slopes), rows }];
    for level in 0..=settings.depth {
        let mut next = Vec::new();
        for Open { node, rows, histograms: whole } in open {
            let total = sum(&rows, slopes);
            let split = if level < settings.depth { best_split(&whole, rows.len(), total, settings) } else { None };
            let Some((column, bin)) = split else {
                nodes[node] = Node::Leaf(settings.rate * total.0 / (total.1 + settings.penalty));
                rows.iter().for_each(|row| leaf_of[*row as usize] = node as u32);
                continue;
            };
            nodes[node] = Node::Split { column, at: cuts[column][bin] };
            let (left, right): (Vec<u32>, Vec<u32>) =
                rows.into_iter().partition(|row| usize::from(bins[column][*row as usize]) <= bin);
            let is_deepest = level + 1 == settings.depth;
            let (of_left, of_right) = match is_deepest {
                true => (Vec::new(), Vec::new()),
                // Those of the larger side are what the smaller one leaves.
                false if left.len() <= right.len() => {
                    let smaller = histograms(bins, &left, slopes);
                    let larger = without(whole, &smaller);
                    (smaller, larger)
                }
                false => {
                    let smaller = histograms(bins, &right, slopes);
                    (without(whole, &smaller), smaller)
                }
            };
            next.push(Open { node: 2 * node + 1, rows: left, histograms: of_left });
            next.push(Open { node: 2 * node + 2, rows: right, histograms: of_right });
        }
        open = next;
    }
    (nodes, leaf_of)
}

fn sum(rows: &[u32], slopes: &[(f64, f64)]) -> (f64, f64) {
    rows.iter().fold((0.0, 0.0), |sum, row| {
        let (slope, bend) = slopes[*row as usize];
        (sum.0 + slope, sum.1 + bend)
    })
}

fn histograms(bins: &[Vec<u8>], rows: &[u32], slopes: &[(f64, f64)]) -> Vec<Histogram> {
    let of_rows: Vec<(f64, f64)> = rows.iter().map(|row| slopes[*row as usize]).collect();
    let of_column = |column: &Vec<u8>| {
        let mut histogram = [(0.0, 0.0, 0_usize); BINS];
        for (row, (slope, bend)) in rows.iter().zip(&of_rows) {
            let bin = &mut histogram[usize::from(column[*row as usize]) % BINS];
            *bin = (bin.0 + slope, bin.1 + bend, bin.2 + 1);
        }
        histogram
    };
    bins.par_iter().map(of_column).collect()
}

fn without(mut whole: Vec<Histogram>, part: &[Histogram]) -> Vec<Histogram> {
    for (whole, part) in whole.iter_mut().flatten().zip(part.iter().flatten()) {
        *whole = (whole.0 - part.0, whole.1 - part.1, whole.2 - part.2);
    }
    whole
}

/// Column and last bin of the left side of the split that gains most, the first of equals; `None` where none gains.
fn best_split(histograms: &[Histogram], rows: usize, total: (f64, f64), settings: &Settings) -> Option<(usize, usize)> {
    if rows < 2 * settings.leaf {
        return None;
    }
    let worth = |slope: f64, bend: f64| slope * slope / (bend + settings.penalty);
    let mut best: Option<(usize, f64, usize)> = None;
    for (column, histogram) in histograms.iter().enumerate() {
        let mut left = (0.0, 0.0, 0);
        for (bin, of_bin) in histogram.iter().enumerate().take(BINS - 1) {
            left = (left.0 + of_bin.0, left.1 + of_bin.1, left.2 + of_bin.2);
            let right = rows - left.2;
            if left.2 < settings.leaf || right < settings.leaf {
                continue;
            }
            let gain = worth(left.0, left.1) + worth(total.0 - left.0, total.1 - left.1) - worth(total.0, total.1);
            if gain > best.map_or(LEAST_GAIN, |best| best.1 + LEAST_GAIN) {
                best = Some((column, gain, bin));
            }
        }
    }
    best.map(|(column, _, bin)| (column, bin))
}

/// Gains closer than this are equal.
const LEAST_GAIN: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of two columns; the outcome is whether exactly one of them is above a half: no regression can tell.
    fn exclusive_or(rows: usize) -> (Vec<f64>, Vec<bool>) {
        let value = |row: usize, step: f64| (row as f64 * step).fract();
        let (mut design, mut outcomes) = (Vec::new(), Vec::new());
        for row in 0..rows {
            let (x, y) = (value(row, 0.618_033_988_75), value(row, 0.754_877_666_25));
            design.extend([x, y]);
            outcomes.push((x > 0.5) != (y > 0.5));
        }
        (design, outcomes)
    }

    #[test]
    fn learns_what_only_two_columns_together_tell() {
        let (design, outcomes) = exclusive_or(2_000);
        let fitted = fit(&design, 2, &outcomes, &Settings::default()).unwrap();
        let found = fitted.predict(&design);
        let right = found.iter().zip(&outcomes).filter(|(p, outcome)| (**p > 0.5) == **outcome).count();
        assert!(right > 1_900, "{right}");
        assert!(fitted.splits().iter().all(|splits| *splits > 50));
    }

    #[test]
    fn a_single_leaf_is_the_base_rate() {
        let outcomes: Vec<bool> = (0..100).map(|row| row < 30).collect();
        let fitted = fit(&[1.0; 100], 1, &outcomes, &Settings::default()).unwrap();
        assert!((fitted.predict(&[1.0])[0] - 0.3).abs() < 1e-9);
        assert!(fit(&[1.0; 3], 1, &[true; 3], &Settings::default()).is_none());
        assert!(fit(&[1.0; 3], 2, &[true, false, true], &Settings::default()).is_none());
    }

    #[test]
    fn same_trees_at_any_thread_count() {
        let (design, outcomes) = exclusive_or(3_000);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fit(&design, 2, &outcomes, &Settings::default()).unwrap())
        };
        assert_eq!(run(1), run(3));
    }
}
