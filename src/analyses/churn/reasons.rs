//! Why a customer is at risk: facts with their numbers, in one fixed order.

use super::features::Features;

/// How many are shown.
pub const SHOWN: usize = 3;

/// A reason: its code, and its numbers where it holds.
type Reason = (&'static str, fn(&Known<'_>) -> Option<Vec<i64>>);

/// What reasons look at.
struct Known<'f> {
    of: &'f Features,
    /// The usual days between his orders, where he has ordered on two days or more.
    usual_gap: Option<i32>,
    horizon: i32,
}

/// Every reason, most telling first. `code:number:number`, the numbers as the contract says.
const REASONS: &[Reason] = &[
    ("past_usual_gap", |Known { of, usual_gap, .. }| {
        let (silent, usual) = (i64::from(of.recency_days), i64::from((*usual_gap)?));
        (2 * silent > 3 * usual).then(|| vec![silent, usual])
    }),
    ("one_order_only", |Known { of, .. }| (of.frequency == 1).then(|| vec![i64::from(of.recency_days)])),
    ("complaints", |Known { of, .. }| (of.complaints_180 > 0).then(|| vec![i64::from(of.complaints_180)])),
    ("fewer_orders", |Known { of, .. }| {
        let before = of.orders_365 - of.orders_180;
        (of.orders_180 < before && before > 1).then(|| vec![i64::from(of.orders_180), i64::from(before)])
    }),
    ("spends_less", |Known { of, .. }| {
        // The last quarter against the mean quarter of the last year, in percent.
        let spent = i128::from(of.net_90) * 400;
        let less = of.net_365 > 0 && spent < i128::from(of.net_365) * 50;
        less.then(|| vec![100 - (spent.max(0) / i128::from(of.net_365)) as i64])
    }),
    ("brings_back", |Known { of, .. }| {
        let percent = (of.brought_back_rate * 100.0).round() as i64;
        (percent >= 25).then(|| vec![percent])
    }),
    ("long_silent", |Known { of, horizon, .. }| {
        (of.recency_days > 2 * horizon).then(|| vec![i64::from(of.recency_days)])
    }),
];

/// The first reasons that hold.
pub fn reasons(features: &Features, usual_gap: Option<i32>, horizon: i32) -> [Option<String>; SHOWN] {
    let mut found = [const { None }; SHOWN];
    let known = Known { of: features, usual_gap, horizon };
    let holding = REASONS.iter().filter_map(|(code, holds)| holds(&known).map(|numbers| (code, numbers)));
    for (place, (code, numbers)) in found.iter_mut().zip(holding) {
        let mut text = (*code).to_string();
        for number in numbers {
            text.push(':');
            text.push_str(&number.to_string());
        }
        *place = Some(text);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(features: &Features) -> Vec<String> {
        reasons(features, (features.frequency > 2).then_some(21), 91).into_iter().flatten().collect()
    }

    #[test]
    fn says_the_first_three_in_order() {
        let features = Features {
            recency_days: 200,
            frequency: 9,
            complaints_180: 2,
            orders_180: 0,
            orders_365: 5,
            net_365: 90_000,
            ..Features::default()
        };
        assert_eq!(shown(&features), ["past_usual_gap:200:21", "complaints:2", "fewer_orders:0:5"]);
    }

    #[test]
    fn says_nothing_of_a_customer_on_time() {
        let features = Features { recency_days: 31, frequency: 4, orders_180: 3, orders_365: 4, ..Features::default() };
        assert!(shown(&features).is_empty());
    }

    #[test]
    fn spends_less_from_half_the_usual_quarter_down() {
        let spends = |net_90| {
            let features = Features { frequency: 2, net_90, net_365: 40_000, ..Features::default() };
            shown(&features)
        };
        assert!(spends(50_00).is_empty());
        assert_eq!(spends(49_99), ["spends_less:51"]);
        assert_eq!(spends(-1_00), ["spends_less:100"]);
    }
}
