//! How good ranked lists are, and how to keep the best of many.

/// Length of the lists that are measured.
pub const MEASURED: usize = 10;

/// A product and its score.
pub type Scored = (f64, u32);

/// The best few, the highest score first, ties by product.
#[derive(Debug, Clone, Default)]
pub struct Best {
    /// In order.
    pub list: Vec<Scored>,
    keep: usize,
}

impl Best {
    /// Keeps so many.
    pub fn new(keep: usize) -> Best {
        Best { list: Vec::with_capacity(keep + 1), keep }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// The score that does not get in any more, unless its product comes before the last one's.
    #[inline]
    pub fn bar(&self) -> f64 {
        match self.list.last() {
            Some((score, _)) if self.list.len() == self.keep => *score,
            _ => f64::NEG_INFINITY,
        }
    }

    /// Takes one in, if it is among the best; each product comes once.
    #[inline]
    pub fn add(&mut self, score: f64, product: u32) {
        if self.list.len() == self.keep {
            match self.list.last() {
                Some(last) if goes_before((score, product), *last) => drop(self.list.pop()),
                _ => return,
            }
        }
        let place = self.list.iter().rposition(|known| goes_before(*known, (score, product))).map_or(0, |at| at + 1);
        self.list.insert(place, (score, product));
    }
}

#[inline]
fn goes_before(left: Scored, right: Scored) -> bool {
    left.0 > right.0 || (left.0 == right.0 && left.1 < right.1)
}

/// Sums over customers of what one way to rank achieved.
///
/// Recall is the share of what was bought that is on the list; NDCG (Järvelin & Kekäläinen 2002) weighs a hit at rank r
/// by 1 ÷ log2(r + 1) and divides by the sum of these weights over all that was bought, as Li et al. (2023), "A Next
/// Basket Recommendation Reality Check"; a hit is a list with anything that was bought.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quality {
    /// Customers who bought anything of the kind.
    pub customers: u32,
    recall: f64,
    ndcg: f64,
    ndcg_squares: f64,
    hits: u32,
}

impl Quality {
    /// Adds one customer: `list` is in order, `bought` says of a product whether he bought it, `n_bought` how many he did.
    pub fn add(&mut self, list: impl Iterator<Item = u32>, bought: impl Fn(u32) -> bool, n_bought: usize) {
        if n_bought == 0 {
            return;
        }
        let (mut hits, mut gain) = (0_u32, 0.0);
        for (place, product) in list.take(MEASURED).enumerate() {
            if bought(product) {
                hits += 1;
                gain += discount(place);
            }
        }
        let ideal: f64 = (0..n_bought).map(discount).sum();
        self.customers += 1;
        self.recall += f64::from(hits) / n_bought as f64;
        self.ndcg += gain / ideal;
        self.ndcg_squares += (gain / ideal).powi(2);
        self.hits += u32::from(hits > 0);
    }

    /// Adds another part, in the order of the parts.
    pub fn merge(&mut self, other: &Quality) {
        self.customers += other.customers;
        self.recall += other.recall;
        self.ndcg += other.ndcg;
        self.ndcg_squares += other.ndcg_squares;
        self.hits += other.hits;
    }

    /// Mean recall.
    pub fn recall(&self) -> Option<f64> {
        self.mean(self.recall)
    }

    /// Mean NDCG.
    pub fn ndcg(&self) -> Option<f64> {
        self.mean(self.ndcg)
    }

    /// Standard error of mean NDCG: how far the mean of so many customers may be from that of all.
    pub fn ndcg_error(&self) -> Option<f64> {
        let mean = self.ndcg()?;
        let n = f64::from(self.customers);
        (n > 1.0).then(|| ((self.ndcg_squares / n - mean * mean).max(0.0) / (n - 1.0)).sqrt())
    }

    /// Share of customers with a hit.
    pub fn hit_rate(&self) -> Option<f64> {
        self.mean(f64::from(self.hits))
    }

    fn mean(&self, sum: f64) -> Option<f64> {
        (self.customers > 0).then(|| sum / f64::from(self.customers))
    }
}

fn discount(place: usize) -> f64 {
    1.0 / (place as f64 + 2.0).log2()
}
