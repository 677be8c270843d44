//! What an order of a customer brings.

use rayon::prelude::*;

use crate::analyses::churn::features::Features;
use crate::facts::Facts;

/// Net sales − cost of goods of a customer in a window.
pub fn margin(facts: &Facts, customer: usize, from: i32, to: i32) -> i64 {
    let orders = facts.orders_of(customer).filter(|order| (from..to).contains(&facts.orders.day[*order]));
    orders.map(|order| facts.totals[order].net() - facts.totals[order].cogs).sum()
}

/// The value of an order of each customer, minor units: his own mean drawn towards that of all as far as the means
/// of customers differ by chance. `earned` is what each has brought.
pub fn values_per_order(facts: &Facts, customers: &[Features], cutoff: i32, earned: &[i64]) -> Vec<f64> {
    let spread: Vec<Spread> =
        customers.par_iter().with_min_len(2048).map(|of| spread(facts, of.customer as usize, cutoff)).collect();
    let k = orders_for_half_trust(&spread);
    let orders: i64 = spread.iter().map(|spread| spread.orders).sum();
    let all = earned.iter().sum::<i64>() as f64 / orders.max(1) as f64;
    let value = |(spread, earned): (&Spread, &i64)| {
        let trust = spread.orders as f64 / (spread.orders as f64 + k);
        trust * (*earned as f64 / spread.orders as f64) + (1.0 - trust) * all
    };
    spread.iter().zip(earned).map(value).collect()
}

/// Gross margins of a customer's orders, those of one day together; what goes back counts against the order before.
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    orders: i64,
    sum: i128,
    squares: i128,
}

fn spread(facts: &Facts, customer: usize, cutoff: i32) -> Spread {
    let mut found = Spread::default();
    let (mut margin, mut last) = (0_i128, None);
    for order in facts.orders_of(customer) {
        let day = facts.orders.day[order];
        if day >= cutoff {
            break;
        }
        let totals = &facts.totals[order];
        if totals.is_sale && last != Some(day) {
            found.squares += margin * margin;
            found.orders += 1;
            // What went back before the first order belongs to it.
            if last.is_some() {
                margin = 0;
            }
            last = Some(day);
        }
        margin += i128::from(totals.net() - totals.cogs);
        found.sum += i128::from(totals.net() - totals.cogs);
    }
    found.squares += margin * margin;
    found
}

/// Bühlmann–Straub's k: the number of orders at which a customer's own mean counts half. Infinite where the means
/// differ no more than chance would have it.
fn orders_for_half_trust(spread: &[Spread]) -> f64 {
    let customers = spread.len() as f64;
    let (mut orders, mut orders_squared, mut sum, mut within) = (0.0, 0.0, 0.0, 0.0);
    for of in spread {
        let n = of.orders as f64;
        orders += n;
        orders_squared += n * n;
        sum += of.sum as f64;
        within += (of.squares * i128::from(of.orders) - of.sum * of.sum) as f64 / n;
    }
    if orders <= customers {
        return f64::INFINITY;
    }
    let (mean, variance) = (sum / orders, within / (orders - customers));
    let mut between = 0.0;
    for of in spread {
        let n = of.orders as f64;
        let own = of.sum as f64 / n - mean;
        between += n * own * own;
    }
    between = (between - (customers - 1.0) * variance) / (orders - orders_squared / orders);
    if between > 0.0 { variance / between } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margins(of: &[i128]) -> Spread {
        Spread { orders: of.len() as i64, sum: of.iter().sum(), squares: of.iter().map(|m| m * m).sum() }
    }

    #[test]
    fn own_mean_counts_as_far_as_customers_differ() {
        // Within variance 50 + 50 + 50 over 3, means 15, 25, 35: between = (2·200 − 2·50) / (6 − 12/6) = 75.
        let apart = [margins(&[10, 20]), margins(&[20, 30]), margins(&[30, 40])];
        assert!((orders_for_half_trust(&apart) - 50.0 / 75.0).abs() < 1e-12);
        let alike = [margins(&[10, 20]), margins(&[20, 10])];
        assert_eq!(orders_for_half_trust(&alike), f64::INFINITY);
        assert_eq!(orders_for_half_trust(&[margins(&[10])]), f64::INFINITY);
    }
}
