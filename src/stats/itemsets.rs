//! Frequent itemsets and the rules with one consequent that they hold.
//!
//! Pattern growth (Han, Pei & Yin 2000, "Mining Frequent Patterns without Candidate Generation") on projected arrays
//! instead of a tree, as in LCM (Uno, Kiyomi & Arimura 2004): items are numbered from the most frequent down, and the
//! baskets with an item are cut off before it, so that every itemset is met once, from its rarest item up. A basket is
//! never expanded: its width costs its length at each level, not its square.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

/// What is looked for, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Fewest baskets an itemset is in, at least 1.
    pub min_count: u32,
    /// Most items of an itemset, at most [`MOST_ITEMS`].
    pub max_items: usize,
    /// Most itemsets held; each takes 16 bytes. Where there are more, the fewest baskets are raised until there are not.
    pub max_sets: usize,
}

/// The longest itemset.
pub const MOST_ITEMS: usize = 16;

/// All itemsets in at least [`Itemsets::min_count`] baskets: a tree whose paths are the sets, each from its rarest item up.
#[derive(Debug, Default)]
pub struct Itemsets {
    /// The number of baskets.
    pub n_baskets: u32,
    /// Fewest baskets an itemset is in: as asked, or more where the cap on itemsets bites.
    pub min_count: u32,
    /// The item of each dense number, the most frequent first, ties by item.
    items: Vec<u32>,
    /// Node `i < items.len()` is the set of the dense item `i` alone.
    nodes: Vec<Node>,
    /// The longest path.
    depth: usize,
}

/// One itemset: the items on the way to it and its own.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    item: u32,
    count: u32,
    /// Its children, in the order of their items.
    first: u32,
    len: u32,
}

/// "Who has the antecedent also has the consequent."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Baskets with antecedent and consequent.
    pub n_both: u32,
    /// Baskets with the antecedent.
    pub n_antecedent: u32,
    /// Baskets with the consequent.
    pub n_consequent: u32,
    /// The consequent.
    pub consequent: u32,
    /// Whether some of the antecedent's items alone promise the consequent with at least the same confidence.
    pub redundant: bool,
    /// The antecedent: the first `len` of these, ascending.
    items: [u32; MOST_ITEMS - 1],
    len: u8,
}

impl Rule {
    /// The antecedent's items, ascending.
    pub fn antecedent(&self) -> &[u32] {
        &self.items[..usize::from(self.len)]
    }
}

impl Itemsets {
    /// Finds them. `items` are the baskets one after the other, each item once in a basket, in any order; `ends` says
    /// where each ends. The same at any number of threads.
    pub fn mine(items: &[u32], ends: &[u32], limits: Limits) -> Itemsets {
        let max_items = limits.max_items.clamp(1, MOST_ITEMS);
        let mut min_count = limits.min_count.max(1);
        loop {
            match Itemsets::attempt(items, ends, Limits { min_count, max_items, ..limits }) {
                Some(found) => return found,
                None => min_count += min_count.div_ceil(4),
            }
        }
    }

    /// The number of itemsets.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// `None` where there are more than `max_sets`: a number that no thread decides, so neither does the outcome.
    fn attempt(items: &[u32], ends: &[u32], limits: Limits) -> Option<Itemsets> {
        let whole = Projection::of(items, ends, limits.min_count);
        let n_items = whole.items.len();
        let budget = Budget { left: AtomicUsize::new(limits.max_sets.max(1)) };
        if !budget.take(n_items) {
            return None;
        }
        let grown: Option<Vec<Grown>> = (0..n_items)
            .into_par_iter()
            .with_max_len(1)
            .map_init(
                || vec![0_u32; n_items],
                |counts, item| {
                    let mut grown = Grown { nodes: Vec::new(), depth: 1 };
                    let mut growth = Growth { limits: &limits, budget: &budget, counts, grown: &mut grown };
                    let root = growth.grow(&whole.flat, whole.baskets_of(item), 2)?;
                    grown.nodes.push(Node { item: item as u32, count: whole.counts[item], ..root });
                    Some(grown)
                },
            )
            .collect();
        let grown = grown?;
        let mut nodes = Vec::with_capacity(n_items + grown.iter().map(|part| part.nodes.len() - 1).sum::<usize>());
        let mut offset = n_items as u32;
        for part in &grown {
            let (root, rest) = part.nodes.split_last()?;
            nodes.push(Node { first: root.first + offset, ..*root });
            offset += rest.len() as u32;
        }
        let mut offset = n_items as u32;
        for part in &grown {
            let rest = &part.nodes[..part.nodes.len() - 1];
            nodes.extend(rest.iter().map(|node| Node { first: node.first + offset, ..*node }));
            offset += rest.len() as u32;
        }
        Some(Itemsets {
            n_baskets: ends.len() as u32,
            min_count: limits.min_count,
            items: whole.items,
            depth: grown.iter().map(|part| part.depth).max().unwrap_or(0),
            nodes,
        })
    }

    /// How many itemsets there are of one item, of two, and so on.
    pub fn by_size(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.depth];
        let mut level: Vec<u32> = (0..self.items.len() as u32).collect();
        for size in &mut sizes {
            *size = level.len();
            level = level.iter().flat_map(|node| self.children(*node)).collect();
        }
        sizes
    }

    /// In how many baskets a set is; `None` where it is not frequent.
    pub fn count(&self, set: &[u32]) -> Option<u32> {
        let mut dense: Vec<u32> = set
            .iter()
            .map(|item| self.items.iter().position(|known| known == item).map(|at| at as u32))
            .collect::<Option<_>>()?;
        dense.sort_unstable_by(|left, right| right.cmp(left));
        self.find(dense.into_iter()).map(|node| node.count)
    }

    /// The rules with at least this confidence, by the tree's order, then consequent from the rarest up.
    pub fn rules(&self, min_confidence: f64) -> Vec<Rule> {
        let chunk = self.items.len().div_ceil(256).max(1);
        let parts: Vec<Vec<Rule>> = (0..self.items.len().div_ceil(chunk))
            .into_par_iter()
            .map(|part| {
                let mut rules = Vec::new();
                for root in part * chunk..((part + 1) * chunk).min(self.items.len()) {
                    let mut path = vec![self.nodes[root].item];
                    self.walk(root as u32, &mut path, &mut |path, node| {
                        self.rules_of(path, node, min_confidence, &mut rules)
                    });
                }
                rules
            })
            .collect();
        parts.concat()
    }

    fn walk(&self, node: u32, path: &mut Vec<u32>, visit: &mut impl FnMut(&[u32], &Node)) {
        for child in self.children(node) {
            let found = &self.nodes[child as usize];
            path.push(found.item);
            visit(path, found);
            self.walk(child, path, visit);
            path.pop();
        }
    }

    fn rules_of(&self, path: &[u32], node: &Node, min_confidence: f64, rules: &mut Vec<Rule>) {
        for leave in 0..path.len() {
            let others =
                |leave: usize| path.iter().enumerate().filter(move |(at, _)| *at != leave).map(|(_, item)| *item);
            let Some(antecedent) = self.find(others(leave)) else { continue };
            if f64::from(node.count) / f64::from(antecedent.count) < min_confidence {
                continue;
            }
            let mut items = [0; MOST_ITEMS - 1];
            for (place, item) in items.iter_mut().zip(others(leave)) {
                *place = self.items[item as usize];
            }
            items[..path.len() - 1].sort_unstable();
            rules.push(Rule {
                n_both: node.count,
                n_antecedent: antecedent.count,
                n_consequent: self.nodes[path[leave] as usize].count,
                consequent: self.items[path[leave] as usize],
                redundant: self.is_redundant(path, leave, node.count, antecedent.count),
                items,
                len: path.len() as u8 - 1,
            });
        }
    }

    /// Whether a proper part of the antecedent leads to the consequent at least as often; confidences are compared in
    /// whole numbers.
    fn is_redundant(&self, path: &[u32], leave: usize, both: u32, antecedent: u32) -> bool {
        let others = path.len() - 1;
        (1..(1_u32 << others) - 1).any(|chosen| {
            let of = |with_consequent: bool| {
                path.iter().enumerate().filter(move |(at, _)| match (*at).cmp(&leave) {
                    std::cmp::Ordering::Equal => with_consequent,
                    std::cmp::Ordering::Less => chosen >> at & 1 == 1,
                    std::cmp::Ordering::Greater => chosen >> (at - 1) & 1 == 1,
                })
            };
            let (Some(part), Some(part_both)) =
                (self.find(of(false).map(|(_, item)| *item)), self.find(of(true).map(|(_, item)| *item)))
            else {
                return false;
            };
            u64::from(part_both.count) * u64::from(antecedent) >= u64::from(both) * u64::from(part.count)
        })
    }

    fn children(&self, node: u32) -> std::ops::Range<u32> {
        let node = &self.nodes[node as usize];
        node.first..node.first + node.len
    }

    /// The node of a set of dense items, from the rarest up.
    fn find(&self, mut path: impl Iterator<Item = u32>) -> Option<&Node> {
        let mut node = &self.nodes[path.next()? as usize];
        for item in path {
            let children = &self.nodes[node.first as usize..(node.first + node.len) as usize];
            node = &children[children.binary_search_by_key(&item, |child| child.item).ok()?];
        }
        Some(node)
    }
}

/// How many itemsets may still be found.
struct Budget {
    left: AtomicUsize,
}

impl Budget {
    /// Whether there were so many left. Once there are not, there never are: nothing is given back.
    fn take(&self, sets: usize) -> bool {
        let taken =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(sets)));
        taken.is_ok_and(|left| left >= sets)
    }
}

/// The itemsets that end in one item; the last node is that item's own.
struct Grown {
    nodes: Vec<Node>,
    depth: usize,
}

/// A basket's items before a certain one: a part of a flat array.
#[derive(Debug, Clone, Copy)]
struct Prefix {
    start: u32,
    end: u32,
}

/// Baskets with only frequent items, and for each item what is before it in its baskets.
#[derive(Default)]
struct Projection {
    items: Vec<u32>,
    counts: Vec<u32>,
    flat: Vec<u32>,
    prefixes: Vec<Prefix>,
    starts: Vec<u32>,
}

impl Projection {
    fn of(items: &[u32], ends: &[u32], min_count: u32) -> Projection {
        let mut counts = vec![0_u32; items.iter().max().map_or(0, |most| *most as usize + 1)];
        items.iter().for_each(|item| counts[*item as usize] += 1);
        let mut frequent: Vec<u32> =
            (0..counts.len() as u32).filter(|item| counts[*item as usize] >= min_count).collect();
        frequent.sort_unstable_by_key(|item| (std::cmp::Reverse(counts[*item as usize]), *item));
        let mut number = vec![u32::MAX; counts.len()];
        frequent.iter().enumerate().for_each(|(at, item)| number[*item as usize] = at as u32);
        let counts: Vec<u32> = frequent.iter().map(|item| counts[*item as usize]).collect();
        let mut places = Places::new(frequent.len());
        let mut flat = Vec::with_capacity(items.len());
        let mut kept = Vec::with_capacity(ends.len());
        let mut start = 0;
        for end in ends {
            let first = flat.len();
            let basket = &items[start..*end as usize];
            flat.extend(basket.iter().map(|item| number[*item as usize]).filter(|item| *item != u32::MAX));
            flat[first..].sort_unstable();
            start = *end as usize;
            if flat.len() - first < 2 {
                flat.truncate(first);
            } else {
                kept.push(flat.len() as u32);
                places.count(&flat[first..]);
            }
        }
        let (prefixes, starts) = places.fill(&flat, &kept);
        Projection { items: frequent, counts, flat, prefixes, starts }
    }

    fn baskets_of(&self, item: usize) -> &[Prefix] {
        &self.prefixes[self.starts[item] as usize..self.starts[item + 1] as usize]
    }
}

/// Sorts what is before each item in its baskets by item.
struct Places {
    starts: Vec<u32>,
}

impl Places {
    fn new(items: usize) -> Places {
        Places { starts: vec![0; items + 1] }
    }

    /// Counts a basket; nothing is before its first item.
    fn count(&mut self, basket: &[u32]) {
        basket[1..].iter().for_each(|item| self.starts[*item as usize + 1] += 1);
    }

    fn fill(mut self, flat: &[u32], ends: &[u32]) -> (Vec<Prefix>, Vec<u32>) {
        for at in 1..self.starts.len() {
            self.starts[at] += self.starts[at - 1];
        }
        let mut next = self.starts.clone();
        let mut prefixes = vec![Prefix { start: 0, end: 0 }; self.starts.last().map_or(0, |all| *all as usize)];
        let mut start = 0;
        for end in ends {
            for at in start + 1..*end {
                let place = &mut next[flat[at as usize] as usize];
                prefixes[*place as usize] = Prefix { start, end: at };
                *place += 1;
            }
            start = *end;
        }
        (prefixes, self.starts)
    }
}

/// Grows the itemsets of one item.
struct Growth<'g> {
    limits: &'g Limits,
    budget: &'g Budget,
    /// By dense item; all 0 between two uses.
    counts: &'g mut [u32],
    grown: &'g mut Grown,
}

impl Growth<'_> {
    /// The frequent items of these prefixes become nodes of itemsets with `size` items, and so do theirs in turn; returns
    /// where the first are. `None` where the budget is used up.
    fn grow(&mut self, flat: &[u32], baskets: &[Prefix], size: usize) -> Option<Node> {
        let min_count = self.limits.min_count;
        let none = Node { first: self.grown.nodes.len() as u32, ..Node::default() };
        if size > self.limits.max_items || (baskets.len() as u32) < min_count {
            return Some(none);
        }
        let mut found: Vec<u32> = Vec::new();
        for basket in baskets {
            for item in &flat[basket.start as usize..basket.end as usize] {
                let count = &mut self.counts[*item as usize];
                *count += 1;
                if *count == min_count {
                    found.push(*item);
                }
            }
        }
        found.sort_unstable();
        let first = none.first;
        let nodes = found.iter().map(|item| Node { item: *item, count: self.counts[*item as usize], first: 0, len: 0 });
        self.grown.nodes.extend(nodes);
        let done = found.is_empty() || {
            self.grown.depth = self.grown.depth.max(size);
            !self.budget.take(found.len())
        };
        // With one frequent item, or at full length, there is nothing below.
        let last = size == self.limits.max_items || found.len() < 2;
        let projected = (!done && !last).then(|| project(flat, baskets, &found, self.counts, min_count));
        for basket in baskets {
            flat[basket.start as usize..basket.end as usize].iter().for_each(|item| self.counts[*item as usize] = 0);
        }
        if done && !found.is_empty() {
            return None;
        }
        if let Some((flat, prefixes, starts)) = projected {
            for at in 1..found.len() {
                let below = &prefixes[starts[at] as usize..starts[at + 1] as usize];
                let child = self.grow(&flat, below, size + 1)?;
                let node = &mut self.grown.nodes[first as usize + at];
                (node.first, node.len) = (child.first, child.len);
            }
        }
        Some(Node { first, len: found.len() as u32, ..Node::default() })
    }
}

/// The prefixes with only the items found, and what is before each of these in turn.
fn project(
    flat: &[u32],
    baskets: &[Prefix],
    found: &[u32],
    counts: &[u32],
    min_count: u32,
) -> (Vec<u32>, Vec<Prefix>, Vec<u32>) {
    let place = |item: u32| found.partition_point(|known| *known < item);
    let mut kept = Vec::new();
    let mut ends = Vec::new();
    let mut starts = vec![0_u32; found.len() + 1];
    let mut at_of: Vec<u32> = Vec::new();
    for basket in baskets {
        let first = kept.len();
        let items = &flat[basket.start as usize..basket.end as usize];
        kept.extend(items.iter().filter(|item| counts[**item as usize] >= min_count));
        if kept.len() - first < 2 {
            kept.truncate(first);
            continue;
        }
        ends.push(kept.len() as u32);
        at_of.push(place(kept[first]) as u32);
        for item in &kept[first + 1..] {
            let at = place(*item);
            at_of.push(at as u32);
            starts[at + 1] += 1;
        }
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut next = starts.clone();
    let mut prefixes = vec![Prefix { start: 0, end: 0 }; starts[found.len()] as usize];
    let mut start = 0;
    for end in ends {
        for at in start + 1..end {
            let place = &mut next[at_of[at as usize] as usize];
            prefixes[*place as usize] = Prefix { start, end: at };
            *place += 1;
        }
        start = end;
    }
    (kept, prefixes, starts)
}

#[cfg(test)]
mod tests;
