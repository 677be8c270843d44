//! From one step of a ladder to the next: tiers of a kind, or packs of a product.

use std::cmp::Reverse;
use std::ops::Range;

use rayon::prelude::*;

use super::ladder::Ladder;
use super::scene::{Customers, Found, Kind, NOTHING, Offer, Owned, Scene, Target, best_sellers, each_kept, gathered};
use crate::analyses::offers::{cautious_share, shrunk_share};

/// How many customers had a usual step, and how many of them bought of each step of the kind since.
#[derive(Debug, Clone, Default)]
pub(super) struct Moves {
    pub observed: u32,
    /// By step of the kind.
    pub bought: Vec<u32>,
    /// The place of the next step in `bought`; past its end for the highest.
    next: usize,
}

impl Moves {
    /// How many bought of the next step.
    pub(super) fn moved(&self) -> u32 {
        self.bought.get(self.next).copied().unwrap_or(0)
    }
}

/// Customers of one task.
const CHUNK: usize = 4096;

/// By step: which of the customers had it at the start of the days, and what they bought on them.
pub(super) fn moves(scene: &Scene<'_>, ladder: &Ladder, customers: Customers<'_>, days: Range<i32>) -> Vec<Moves> {
    let facts = scene.facts;
    let before = scene.window(days.start);
    let none = || -> Vec<Moves> {
        (0..ladder.steps.len())
            .map(|step| {
                let steps = ladder.of_kind(step);
                Moves { observed: 0, bought: vec![0; steps.len()], next: step + 1 - steps.start }
            })
            .collect()
    };
    let count = |chunk: usize| {
        let mut moves = none();
        let mut habits = Habits::new(scene, ladder);
        let mut later = vec![0_u32; ladder.steps.len()];
        for customer in (chunk * CHUNK..((chunk + 1) * CHUNK).min(customers.len())).map(|place| customers.at(place)) {
            habits.read(scene, ladder, customer, &before);
            if habits.usual.is_empty() {
                continue;
            }
            let stamp = customer as u32 + 1;
            each_kept(facts, customer, &days, |product| {
                if let Some(step) = ladder.step_of(product) {
                    later[step as usize] = stamp;
                }
            });
            for (step, _) in &habits.usual {
                let moves = &mut moves[*step as usize];
                moves.observed += 1;
                for (bought, step) in moves.bought.iter_mut().zip(ladder.of_kind(*step as usize)) {
                    *bought += u32::from(later[step] == stamp);
                }
            }
        }
        moves
    };
    let add = |mut sums: Vec<Moves>, part: Vec<Moves>| {
        for (sum, part) in sums.iter_mut().zip(&part) {
            sum.observed += part.observed;
            sum.bought.iter_mut().zip(&part.bought).for_each(|(sum, part)| *sum += part);
        }
        sums
    };
    // Whole numbers: the order of adding does not matter.
    (0..customers.len().div_ceil(CHUNK)).into_par_iter().map(count).reduce(&none, add)
}

/// The probability of the next step, by step; `None` where nobody was observed at all.
pub(super) fn probabilities(moves: &[Moves], shrinkage: f64) -> Option<Vec<f64>> {
    let sum = |value: fn(&Moves) -> u32| {
        let may_move = moves.iter().filter(|moves| moves.next < moves.bought.len());
        may_move.map(|moves| f64::from(value(moves))).sum::<f64>()
    };
    let observed = sum(|moves| moves.observed);
    if observed == 0.0 {
        return None;
    }
    let overall = cautious_share(sum(Moves::moved), observed, shrinkage);
    let shrunk = |moves: &Moves| shrunk_share(moves.moved().into(), moves.observed.into(), overall, shrinkage);
    Some(moves.iter().map(shrunk).collect())
}

/// What might be offered on a day: the best seller of the next step that is a step up from the usual product.
pub(super) fn found(
    scene: &Scene<'_>,
    ladder: &Ladder,
    kind: Kind,
    customers: Customers<'_>,
    end: i32,
    is_step_up: impl Fn(u32, u32) -> bool + Sync,
) -> Found {
    let moves = moves(scene, ladder, customers, end.saturating_sub_unsigned(scene.parameters.horizon_days)..end);
    let Some(probabilities) = probabilities(&moves, scene.parameters.shrinkage) else { return Found::default() };
    let window = scene.window(end);
    let sold = scene.sold(&window);
    let steps = best_sellers(&sold, ladder.steps.len(), |product| ladder.step_of(product));
    let kinds = scene.best_sellers_by_kind(&sold);
    let find = |desk: &mut (Habits, Owned), customer: usize, found: &mut Found| {
        let (habits, owned) = desk;
        habits.read(scene, ladder, customer, &window);
        if !habits.usual.iter().any(|(step, _)| ladder.steps[*step as usize].has_next) {
            return;
        }
        owned.read(scene, customer, end);
        for (step, usual) in habits.usual.iter().filter(|(step, _)| ladder.steps[*step as usize].has_next) {
            let fits = |product: u32| is_step_up(*usual, product);
            let next = steps[*step as usize + 1].iter().copied().filter(|product| fits(*product));
            let Some(product) = scene.first(next, owned, &mut found.removed) else { continue };
            found.offers.push(Offer {
                customer: customer as u32,
                product,
                because: *usual,
                backing: *step,
                kind,
                probability: probabilities[*step as usize],
                margin: 0,
            });
            if !customers.are_tested() {
                continue;
            }
            // What a shop assistant would show: the best seller of all that is dearer.
            let dearer = kinds[scene.tiers.kinds[*usual as usize] as usize]
                .iter()
                .copied()
                .find(|product| scene.is_above(*usual, *product) && !owned.has(*product));
            found.naive.push((customer as u32, Target::Product(dearer.unwrap_or(NOTHING))));
        }
    };
    let mut found = gathered(customers, || (Habits::new(scene, ladder), Owned::new(scene)), find);
    found.backings = moves.iter().map(|moves| (moves.moved(), moves.observed, None)).collect();
    found.moves = moves;
    found
}

/// The naive rule of trading up: to everybody who might, the kind's best seller that is dearer than his usual product.
/// `tried` are the offers of the test that were bought, and all of them; the probability is their share, cautiously.
pub(super) fn dearer(scene: &Scene<'_>, tried: (u32, u32), end: i32) -> Found {
    let (ladder, window) = (scene.tiers, scene.window(end));
    let kinds = scene.best_sellers_by_kind(&scene.sold(&window));
    let probability = cautious_share(tried.0.into(), tried.1.into(), scene.parameters.shrinkage);
    let find = |desk: &mut (Habits, Owned), customer: usize, found: &mut Found| {
        let (habits, owned) = desk;
        habits.read(scene, ladder, customer, &window);
        owned.read(scene, customer, end);
        for (_, usual) in habits.usual.iter().filter(|(step, _)| ladder.steps[*step as usize].has_next) {
            let products = kinds[ladder.kinds[*usual as usize] as usize].iter().copied();
            let above = products.filter(|product| scene.is_above(*usual, *product));
            let Some(product) = scene.first(above, owned, &mut found.removed) else { continue };
            let (customer, because) = (customer as u32, *usual);
            let kind = Kind::Dearer;
            found.offers.push(Offer { customer, product, because, backing: 0, kind, probability, margin: 0 });
        }
    };
    let everybody = Customers::All(scene.facts.customers.len());
    let mut found = gathered(everybody, || (Habits::new(scene, ladder), Owned::new(scene)), find);
    found.backings = vec![(tried.0, tried.1, None)];
    found
}

/// What one customer usually buys.
pub(super) struct Habits {
    /// The usual step of each kind and the usual product in it.
    usual: Vec<(u32, u32)>,
    /// By step: its lines and its product with most of them.
    steps: Vec<(u32, u32)>,
    /// By product: its lines.
    products: Vec<u32>,
    touched_steps: Vec<u32>,
    touched_products: Vec<u32>,
}

impl Habits {
    fn new(scene: &Scene<'_>, ladder: &Ladder) -> Habits {
        Habits {
            usual: Vec::new(),
            steps: vec![(0, 0); ladder.steps.len()],
            products: vec![0; scene.facts.products.len()],
            touched_steps: Vec::new(),
            touched_products: Vec::new(),
        }
    }

    fn read(&mut self, scene: &Scene<'_>, ladder: &Ladder, customer: usize, days: &Range<i32>) {
        let Habits { usual, steps, products, touched_steps, touched_products } = self;
        usual.clear();
        each_kept(scene.facts, customer, days, |product| {
            let count = &mut products[product as usize];
            if *count == 0 {
                touched_products.push(product);
            }
            *count += 1;
        });
        for product in touched_products.iter() {
            let Some(number) = ladder.step_of(*product) else { continue };
            let (lines, most) = &mut steps[number as usize];
            let count = products[*product as usize];
            if *lines == 0 {
                touched_steps.push(number);
                *most = *product;
            } else if (count, Reverse(*product)) > (products[*most as usize], Reverse(*most)) {
                *most = *product;
            }
            *lines += count;
        }
        touched_steps.sort_unstable();
        let same_kind =
            |left: &u32, right: &u32| ladder.steps[*left as usize].kind == ladder.steps[*right as usize].kind;
        for same in touched_steps.chunk_by(same_kind) {
            let most = same.iter().max_by_key(|step| (steps[**step as usize].0, **step));
            usual.extend(most.map(|step| (*step, steps[*step as usize].1)));
        }
        touched_steps.drain(..).for_each(|step| steps[step as usize] = (0, 0));
        touched_products.drain(..).for_each(|product| products[product as usize] = 0);
    }
}
