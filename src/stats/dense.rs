//! Cholesky factorisation of small dense symmetric matrices.

/// Overwrites the lower triangle of `matrix` (row-major `n`×`n`, the upper triangle is not read) with
/// its Cholesky factor. `false` where the matrix is not numerically positive definite; its content is
/// then meaningless.
pub(crate) fn factor(matrix: &mut [f64], n: usize) -> bool {
    for j in 0..n {
        let diagonal = matrix[j * n + j];
        let mut pivot = diagonal;
        for k in 0..j {
            pivot -= matrix[j * n + k] * matrix[j * n + k];
        }
        // A pivot this far below its diagonal is rounding noise: the column depends on earlier ones.
        let is_positive = pivot > diagonal.abs() * 1e-13;
        if !is_positive || !pivot.is_finite() {
            return false;
        }
        let root = pivot.sqrt();
        matrix[j * n + j] = root;
        for i in j + 1..n {
            let mut value = matrix[i * n + j];
            for k in 0..j {
                value -= matrix[i * n + k] * matrix[j * n + k];
            }
            matrix[i * n + j] = value / root;
        }
    }
    true
}

/// Solves `A x = right` in place, given the factor of `A` from [`factor`].
pub(crate) fn solve(factor: &[f64], n: usize, right: &mut [f64]) {
    for i in 0..n {
        let mut value = right[i];
        for k in 0..i {
            value -= factor[i * n + k] * right[k];
        }
        right[i] = value / factor[i * n + i];
    }
    for i in (0..n).rev() {
        let mut value = right[i];
        for k in i + 1..n {
            value -= factor[k * n + i] * right[k];
        }
        right[i] = value / factor[i * n + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_a_three_by_three_system() {
        let mut matrix = vec![4.0, 0.0, 0.0, 2.0, 5.0, 0.0, 1.0, 3.0, 6.0];
        // A = [[4,2,1],[2,5,3],[1,3,6]], x = [1,-2,3]
        let mut right = vec![3.0, 1.0, 13.0];
        assert!(factor(&mut matrix, 3));
        solve(&matrix, 3, &mut right);
        for (value, expected) in right.iter().zip([1.0, -2.0, 3.0]) {
            assert!((value - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn refuses_indefinite_singular_and_nan() {
        assert!(!factor(&mut [1.0, 0.0, 2.0, 1.0], 2));
        assert!(!factor(&mut [1.0, 0.0, 1.0, 1.0], 2));
        assert!(!factor(&mut [f64::NAN], 1));
        assert!(!factor(&mut [0.0], 1));
    }
}
