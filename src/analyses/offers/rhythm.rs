//! How long a customer has been silent, by his own measure.

/// Days that show how active a customer is.
const ACTIVE_DAYS: i32 = 90;
/// Fewest days with purchases for a customer to have a rhythm.
const FEWEST: u32 = 3;

/// What a model is told of a customer, whatever the product.
pub type Activity = [f64; 4];

/// The days on which one customer bought, read one after the other in either direction.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    end: i32,
    n_days: u32,
    n_active: u32,
    read: Option<i32>,
    first: i32,
    newest: i32,
}

impl Rhythm {
    /// Nothing read yet; what is known ends before `end`.
    pub fn until(end: i32) -> Rhythm {
        Rhythm { end, n_days: 0, n_active: 0, read: None, first: i32::MAX, newest: i32::MIN }
    }

    /// Reads a day; equal days follow each other.
    #[inline]
    pub fn add(&mut self, day: i32) {
        if self.read.replace(day) == Some(day) {
            return;
        }
        self.n_days += 1;
        self.n_active += u32::from(day >= self.end - ACTIVE_DAYS);
        self.first = self.first.min(day);
        self.newest = self.newest.max(day);
    }

    /// Logarithms of the days with purchases of late and of the days since the last; how much longer than his mean gap
    /// that is (a logarithm too; 0 where it is not, or where he has no rhythm), and the square of this. `start` stands
    /// in for the last day of those who have none.
    pub fn activity(&self, start: i32) -> Activity {
        let newest = if self.n_days > 0 { self.newest } else { start };
        let silent = f64::from(self.end - newest);
        let gap = f64::from(self.newest.saturating_sub(self.first)) / f64::from(self.n_days.max(2) - 1);
        let late = if self.n_days >= FEWEST { ((silent + 1.0) / (gap + 1.0)).ln().max(0.0) } else { 0.0 };
        [f64::from(self.n_active).ln_1p(), silent.ln_1p(), late, late * late]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_late_by_his_own_gap() {
        let mut rhythm = Rhythm::until(100);
        // Every nine days, then silent for 79.
        [3, 12, 21, 21].into_iter().for_each(|day| rhythm.add(day));
        let [active, silent, late, square] = rhythm.activity(0);
        // Days 12 and 21 are among the last 90; (79 + 1) ÷ (9 + 1) = 8.
        assert_eq!((active, silent), (2.0_f64.ln_1p(), 79.0_f64.ln_1p()));
        assert!((late - 8.0_f64.ln()).abs() < 1e-12 && (square - late * late).abs() < 1e-12);
        let mut twice = Rhythm::until(100);
        [21, 3].into_iter().for_each(|day| twice.add(day));
        assert_eq!(twice.activity(0)[2..], [0.0, 0.0]);
    }
}
