//! What flat files in force have said of each order: so that a line that another file sent before, or an order number
//! that another branch has used, is not taken for something new.

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::hash::BuildHasher;

/// Lines by order. Two equal lines of one file are two; a line that an earlier file has sent as often is that line.
#[derive(Debug, Default)]
pub struct Sent {
    /// Whether there is more than one file to compare.
    pub is_wanted: bool,
    /// What each line says, and the line of its order before it.
    lines: Vec<(u32, u32)>,
    orders: Vec<Order>,
    /// Lines of earlier files that the file at hand has sent again.
    again: HashSet<u32, FixedState>,
    /// The first line of the file at hand.
    here: u32,
    counts: Counts,
}

/// Lines of a file that are not taken.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// An earlier file has sent them.
    pub repeated: u64,
    /// Their order number is another branch's.
    pub of_another: u64,
}

#[derive(Debug, Clone, Copy)]
struct Order {
    branch: u32,
    oldest: u32,
    newest: u32,
    lines: u32,
}

/// No line, and no branch.
const NONE: u32 = u32::MAX;

/// A number that more lines share is no order's.
const MOST_LINES: u32 = 1_000;

impl Sent {
    /// The next line is of another file; what was not taken of the one before it.
    pub fn next_file(&mut self) -> Counts {
        self.again.clear();
        self.here = self.lines.len() as u32;
        std::mem::take(&mut self.counts)
    }

    /// Whether an order is another branch's already; else it is this one's from now on.
    pub fn is_of_another(&mut self, order: u32, branch: &[u8]) -> bool {
        if branch.is_empty() {
            return false;
        }
        let branch = short(FixedState::with_seed(0).hash_one(branch));
        let of = self.order(order);
        if of.branch == NONE {
            of.branch = branch;
        }
        let is_of_another = of.branch != branch;
        self.counts.of_another += u64::from(is_of_another);
        is_of_another
    }

    /// Whether an earlier file has sent the line; else it is remembered.
    pub fn is_repeated(&mut self, order: u32, line: Line) -> bool {
        if !self.is_wanted {
            return false;
        }
        let (says, here) = (line.says(), self.here);
        let of = *self.order(order);
        let mut at = if of.oldest < here && of.lines <= MOST_LINES { of.newest } else { NONE };
        while at != NONE {
            let (said, before) = self.lines[at as usize];
            if at < here && said == says && self.again.insert(at) {
                self.counts.repeated += 1;
                return true;
            }
            at = before;
        }
        self.remember(order, line);
        false
    }

    /// Takes a line as it is.
    pub fn remember(&mut self, order: u32, line: Line) {
        let place = self.lines.len() as u32;
        let of = self.order(order);
        let before = std::mem::replace(&mut of.newest, place);
        of.oldest = of.oldest.min(place);
        of.lines += 1;
        self.lines.push((line.says(), before));
    }

    fn order(&mut self, order: u32) -> &mut Order {
        if self.orders.len() <= order as usize {
            let unknown = Order { branch: NONE, oldest: NONE, newest: NONE, lines: 0 };
            self.orders.resize(order as usize + 1, unknown);
        }
        &mut self.orders[order as usize]
    }
}

/// What a line says: the product's key, quantity, and minor units.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// The key of its product.
    pub product: u32,
    /// Units.
    pub quantity: i64,
    /// Price of one.
    pub price: i64,
    /// Discount of all.
    pub discount: i64,
}

impl Line {
    fn says(self) -> u32 {
        let Line { product, quantity, price, discount } = self;
        short(FixedState::with_seed(0).hash_one((product, quantity, price, discount)))
    }
}

fn short(hash: u64) -> u32 {
    ((hash >> 32) as u32 ^ hash as u32) % NONE
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn line(product: u32) -> Line {
        Line { product, quantity: 1, price: 1_000, discount: 0 }
    }

    fn wanted() -> Sent {
        Sent { is_wanted: true, ..Sent::default() }
    }

    #[test]
    fn a_line_is_sent_as_often_as_an_earlier_file_has_it() {
        let mut sent = wanted();
        // The same product scanned twice is two lines.
        assert_eq!([7, 7, 8].map(|product| sent.is_repeated(0, line(product))), [false; 3]);
        assert_eq!(sent.next_file(), Counts::default());
        // The order again, with a third piece and another product.
        let again = [7, 7, 7, 8, 9].map(|product| sent.is_repeated(0, line(product)));
        assert_eq!(again, [true, true, false, true, false]);
        // The same line of another order.
        assert!(!sent.is_repeated(1, line(7)));
        assert_eq!(sent.next_file(), Counts { repeated: 3, of_another: 0 });
        assert_eq!([7, 7, 7, 7].map(|product| sent.is_repeated(0, line(product))), [true, true, true, false]);
    }

    #[test]
    fn a_number_of_one_branch_is_not_another_ones() {
        let mut sent = wanted();
        let mut other = |order, branch: &str| sent.is_of_another(order, branch.as_bytes());
        assert_eq!(
            [other(3, "BDG"), other(3, "BDG"), other(3, "JKT"), other(3, ""), other(4, "JKT")],
            [false, false, true, false, false]
        );
    }

    #[test]
    fn one_file_alone_is_not_remembered() {
        let mut sent = Sent::default();
        assert!(!sent.is_repeated(0, line(1)) && sent.lines.is_empty());
    }
}
