//! From a place on a list to the probability that the product is bought.

use rayon::prelude::*;

use super::desk::Desk;
use super::discoveries::{Knowledge, Scale};
use super::ranking::MEASURED;
use super::repeats::Model;
use super::rhythm::Activity;
use crate::facts::Purchases;

/// What became of earlier offers, by place, demand and how active the customer was.
#[derive(Debug, Clone)]
pub struct Calibration {
    model: Option<Model>,
    /// The share of all offers that was bought: what is said where there was too little to fit.
    share: f64,
    /// Offers looked at.
    pub offers: u64,
    /// How often new products of a kind were bought by those who buy the kind, and how often they might have been.
    pub new_products: (u64, u64),
}

/// Columns, outcomes, and new products bought of those that might have been.
type Part = (Vec<f64>, Vec<f64>, (u64, u64));

/// How often somebody bought of a kind for it to be his.
pub const FAN: f64 = 2.0;

const COLUMNS: usize = 8;

impl Calibration {
    /// Looks at the lists these customers would have been given, and what they bought in the `horizon` days after;
    /// `new` are new products by kind.
    pub fn fit(
        knowledge: &Knowledge<'_>,
        purchases: &Purchases,
        customers: &[usize],
        scale: &Scale,
        horizon: i32,
        new: &[Vec<u32>],
    ) -> Calibration {
        let after = knowledge.days.end..knowledge.days.end + horizon;
        let parts: Vec<Part> = customers
            .par_chunks(256)
            .map_init(
                || (Desk::new(knowledge, MEASURED), vec![0_u32; purchases.n_products]),
                |(desk, bought), customers| {
                    let (mut design, mut outcomes, mut fresh) = (Vec::new(), Vec::new(), (0, 0));
                    for customer in customers {
                        let stamp = *customer as u32 + 1;
                        desk.seat(knowledge, *customer);
                        purchases.kept(*customer, &after).for_each(|(_, product)| bought[product as usize] = stamp);
                        for (kind, count) in desk.kinds() {
                            for product in new[kind as usize].iter().filter(|product| !desk.owns(**product)) {
                                if count >= FAN {
                                    fresh.0 += u64::from(bought[*product as usize] == stamp);
                                    fresh.1 += 1;
                                }
                            }
                        }
                        let activity = desk.activity();
                        for (place, (score, product)) in desk.rank(knowledge, scale).iter().enumerate() {
                            design.extend(columns(knowledge, activity, place, *score, *product));
                            outcomes.push(f64::from(u8::from(bought[*product as usize] == stamp)));
                        }
                    }
                    (design, outcomes, fresh)
                },
            )
            .collect();
        let (mut design, mut outcomes, mut new_products) = (Vec::new(), Vec::new(), (0, 0));
        for (part, bought, fresh) in parts {
            design.extend(part);
            outcomes.extend(bought);
            new_products = (new_products.0 + fresh.0, new_products.1 + fresh.1);
        }
        let offers = outcomes.len();
        let share = (outcomes.iter().sum::<f64>() + 0.5) / (offers as f64 + 1.0);
        Calibration { model: Model::fit(design, &outcomes), share, offers: offers as u64, new_products }
    }

    /// The probability that what is at this place of a customer's list is bought.
    pub fn probability(
        &self,
        knowledge: &Knowledge<'_>,
        activity: Activity,
        place: usize,
        score: f64,
        product: u32,
    ) -> f64 {
        match &self.model {
            Some(model) => model.probability(&columns(knowledge, activity, place, score, product)),
            None => self.share,
        }
    }

    /// The share of all offers that was bought.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// Mean probability and share bought of the lists of other days.
    pub fn check(
        &self,
        knowledge: &Knowledge<'_>,
        purchases: &Purchases,
        customers: &[usize],
        scale: &Scale,
        horizon: i32,
    ) -> Option<(f64, f64)> {
        let after = knowledge.days.end..knowledge.days.end + horizon;
        let parts: Vec<(f64, u64, u64)> = customers
            .par_chunks(256)
            .map_init(
                || Desk::new(knowledge, MEASURED),
                |desk, customers| {
                    let mut sums = (0.0, 0, 0);
                    for customer in customers {
                        desk.seat(knowledge, *customer);
                        let activity = desk.activity();
                        for (place, (score, product)) in desk.rank(knowledge, scale).iter().enumerate() {
                            sums.0 += self.probability(knowledge, activity, place, *score, *product);
                            sums.1 += u64::from(purchases.kept(*customer, &after).any(|(_, had)| had == *product));
                            sums.2 += 1;
                        }
                    }
                    sums
                },
            )
            .collect();
        let sums = parts.iter().fold((0.0, 0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1, sum.2 + part.2));
        (sums.2 > 0).then(|| (sums.0 / sums.2 as f64, sums.1 as f64 / sums.2 as f64))
    }
}

fn columns(knowledge: &Knowledge<'_>, activity: Activity, place: usize, score: f64, product: u32) -> [f64; COLUMNS] {
    let filled = f64::from(u8::from(score < 0.0));
    let [active, silent, late, square] = activity;
    [1.0, active, silent, late, square, (place as f64 + 1.0).ln(), knowledge.log_demand(product), filled]
}
