//! Document numbers: which are missing between those that are there. An id is a stem and the number it ends in
//! (`JKT01250301-` and `0007`); a stem's numbers of one branch are a sequence.

use std::collections::BTreeMap;

use super::scan::{NONE, Scan};

/// A gap in a branch's numbering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The branch.
    pub branch: String,
    /// The day of the document after the gap, or of the one before where the gap is at the end.
    pub day: i32,
    /// The missing ids, the first [`MOST`].
    pub ids: Vec<String>,
    /// All of them.
    pub missing: u64,
}

/// Missing ids told of one gap.
const MOST: u64 = 200;
/// Sequences below which a habit is none.
const FEWEST: usize = 5;

/// A number, how many digits it is written with, and its day.
type Number = (u64, u8, i32);

/// The numbers of one branch and stem, in their order.
#[derive(Debug, Default)]
pub struct Sequences {
    by_stem: BTreeMap<(u32, String), Vec<Number>>,
    ids: usize,
    strangers: bool,
}

impl Sequences {
    /// Takes in an id of a branch-day.
    pub fn add(&mut self, group: u32, scan: &Scan, first_of_branch: &[u32], id: &str) {
        if group == NONE || self.strangers {
            return;
        }
        let stem = id.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let digits = &id[stem.len()..];
        let (Ok(number), Ok(width)) = (digits.parse::<u64>(), u8::try_from(digits.len())) else { return };
        let branch = first_of_branch[group as usize];
        let numbers = self.by_stem.entry((branch, stem.to_string())).or_default();
        numbers.push((number, width, scan.days[group as usize].day));
        self.ids += 1;
        // Ids that hardly share a stem are no sequence.
        self.strangers = self.ids > 10_000 && self.by_stem.len() * 2 > self.ids;
    }

    /// The gaps, where at least `share` of a branch's sequences of the same shape have none.
    pub fn gaps(mut self, scan: &Scan, share: f64) -> Vec<Gap> {
        if self.strangers {
            return Vec::new();
        }
        let mut habits: BTreeMap<(u32, String), Habit> = BTreeMap::new();
        for ((branch, stem), numbers) in &mut self.by_stem {
            numbers.sort_unstable();
            numbers.dedup_by_key(|(number, ..)| *number);
            let habit = habits.entry((*branch, shape(stem))).or_default();
            let (first, last) = (numbers[0].0, numbers[numbers.len() - 1].0);
            habit.sequences += 1;
            habit.complete += usize::from(last - first + 1 == numbers.len() as u64);
            habit.from_one += usize::from(first == 1);
            habit.there += numbers.len() as u64;
            habit.spanned += last - first + 1;
        }
        let mut gaps = Vec::new();
        for ((branch, stem), numbers) in &self.by_stem {
            let Some(habit) = habits.get(&(*branch, shape(stem))) else { continue };
            if !habit.is_kept(share) {
                continue;
            }
            let name = scan.days[*branch as usize].branch.clone();
            let from_one = habit.sequences >= FEWEST && habit.from_one as f64 >= share * habit.sequences as f64;
            let mut next = if from_one { 1 } else { numbers[0].0 };
            for (number, width, day) in numbers {
                if *number > next {
                    let ids = (next..*number).take(MOST as usize);
                    let ids =
                        ids.map(|number| format!("{stem}{number:0width$}", width = usize::from(*width))).collect();
                    gaps.push(Gap { branch: name.clone(), day: *day, ids, missing: *number - next });
                }
                next = number + 1;
            }
        }
        gaps
    }
}

/// How a branch numbers.
#[derive(Debug, Default)]
struct Habit {
    sequences: usize,
    complete: usize,
    from_one: usize,
    there: u64,
    spanned: u64,
}

impl Habit {
    /// Whether numbers follow each other so regularly that a gap means something.
    fn is_kept(&self, share: f64) -> bool {
        match self.sequences < FEWEST {
            true => self.there >= 20 && self.there as f64 >= 0.95 * self.spanned as f64,
            false => self.complete as f64 >= share * self.sequences as f64,
        }
    }
}

/// A stem with every digit made the same, so that the stems of different days look alike.
fn shape(stem: &str) -> String {
    stem.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect()
}

/// For each branch-day, the place of the first of its branch: a number for the branch.
pub fn first_of_branch(scan: &Scan) -> Vec<u32> {
    let mut firsts = Vec::with_capacity(scan.days.len());
    for (place, day) in scan.days.iter().enumerate() {
        let same = place > 0 && scan.days[place - 1].branch == day.branch;
        firsts.push(if same { firsts[place - 1] } else { place as u32 });
    }
    firsts
}

#[cfg(test)]
mod tests {
    use super::super::scan::BranchDay;
    use super::*;

    fn scan(days: i32) -> Scan {
        let day = |day| BranchDay { branch: "A".into(), day, ..BranchDay::default() };
        Scan { days: (0..days).map(day).collect(), ..Scan::default() }
    }

    #[test]
    fn a_number_left_out_is_named() {
        let scan = scan(8);
        let firsts = first_of_branch(&scan);
        let mut sequences = Sequences::default();
        for day in 0..8 {
            for number in (1..=4).filter(|number| (day, *number) != (5, 3) && (day, *number) != (6, 1)) {
                sequences.add(day, &scan, &firsts, &format!("A{day}-{number:03}"));
            }
        }
        let gaps = sequences.gaps(&scan, 0.7);
        let told: Vec<(i32, Vec<String>)> = gaps.into_iter().map(|gap| (gap.day, gap.ids)).collect();
        assert_eq!(told, [(5, vec!["A5-003".to_string()]), (6, vec!["A6-001".to_string()])]);
    }

    #[test]
    fn numbers_that_are_no_sequence_have_no_gaps() {
        let scan = scan(8);
        let firsts = first_of_branch(&scan);
        let mut sequences = Sequences::default();
        for number in [3_u64, 900, 14, 77_777, 41, 5, 6_000] {
            sequences.add(0, &scan, &firsts, &number.to_string());
        }
        assert!(sequences.gaps(&scan, 0.8).is_empty());
    }
}
