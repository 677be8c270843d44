//! Who is left alone on purpose, so that the effect of contacts can be measured: by a hash of the customer's id, so that
//! the same seed holds out the same customers in every run, and a larger share holds out the same and more.

/// A share of all customers.
#[derive(Debug, Clone, Copy)]
pub struct ControlGroup {
    seed: u64,
    /// Hashes below it are held out.
    below: u64,
}

impl ControlGroup {
    /// A group of a share, 0 to 1, of the customers.
    pub fn new(share: f64, seed: u64) -> ControlGroup {
        // A share of 1 saturates: all but one hash in 2^64.
        ControlGroup { seed, below: (share.clamp(0.0, 1.0) * 2.0_f64.powi(64)) as u64 }
    }

    /// Whether a customer is held out.
    pub fn holds(&self, customer_id: &str) -> bool {
        self.below > 0 && self.hash(customer_id) < self.below
    }

    fn hash(&self, customer_id: &str) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes()).update(customer_id.as_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        u64::from_le_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_share_holds_out_the_same_and_more() {
        let ids: Vec<String> = (0..10_000).map(|id| format!("C{id}")).collect();
        let held = |share: f64, seed: u64| {
            let group = ControlGroup::new(share, seed);
            ids.iter().filter(|id| group.holds(id)).cloned().collect::<Vec<String>>()
        };
        let (tenth, half) = (held(0.1, 7), held(0.5, 7));
        // 10,000 draws: five standard deviations are 150 and 250.
        assert!(tenth.len().abs_diff(1_000) < 150 && half.len().abs_diff(5_000) < 250);
        assert!(tenth.iter().all(|id| half.contains(id)));
        assert_ne!(tenth, held(0.1, 8));
        assert_eq!((held(0.0, 7).len(), held(1.0, 7).len()), (0, 10_000));
    }
}
