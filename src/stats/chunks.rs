//! Parallel sums whose result does not depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

/// Items a partial sum covers; fixed, so that the order of additions never depends on the threads.
pub(crate) const CHUNK: usize = 16_384;

/// Maps the fixed chunks of `0..len` in parallel and folds the results in chunk order, starting from
/// `T::default()`: the same bits come out at any thread count.
pub(crate) fn fold_chunks<T: Default + Send>(
    len: usize,
    map: impl Fn(Range<usize>) -> T + Sync,
    mut add: impl FnMut(&mut T, &T),
) -> T {
    let chunks = len.div_ceil(CHUNK);
    let range = |chunk: usize| chunk * CHUNK..((chunk + 1) * CHUNK).min(len);
    let mut total = T::default();
    if chunks <= 1 {
        add(&mut total, &map(0..len));
        return total;
    }
    let parts: Vec<T> = (0..chunks).into_par_iter().map(|chunk| map(range(chunk))).collect();
    for part in &parts {
        add(&mut total, part);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_bits_at_any_thread_count() {
        let sum = || {
            fold_chunks(
                100_003,
                |range| range.map(|i| 1.0 / (i as f64 + 0.3)).sum::<f64>(),
                |total, part| *total += part,
            )
        };
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let four = rayon::ThreadPoolBuilder::new().num_threads(4).build();
        let (one, four) = (one.unwrap().install(sum), four.unwrap().install(sum));
        assert_eq!(one.to_bits(), four.to_bits());
    }

    #[test]
    fn empty_input_is_the_default() {
        let total = fold_chunks(0, |range| range.len() as f64, |total, part| *total += part);
        assert_eq!(total, 0.0);
    }
}
