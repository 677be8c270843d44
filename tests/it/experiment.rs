//! Not kept: how what a model missed in one window goes over into the next.
use langgan::analyses::churn::features::{features, order_days_within};
use langgan::analyses::churn::orders_model::{OrdersModel, Rate, Window};
use langgan::facts::{Parts, load_parts};
use langgan::lake::{LakeDir, Manifest};

#[test]
#[ignore]
fn transfer() {
    for dir in std::env::var("X_SETS").unwrap().split(':') {
        let lake = LakeDir(std::path::PathBuf::from(dir).join("lake"));
        let manifest = Manifest::read(&lake).unwrap();
        let as_of = langgan::facts::newest_order_day(&lake, &manifest).unwrap().unwrap() + 1;
        let facts = load_parts(&lake, &manifest, as_of, Parts { sums: true, ..Parts::ORDERS }).unwrap();
        let first = (0..facts.anonymous_orders().start).map(|o| facts.orders.day[o]).min().unwrap();
        for days in [45, 60, 91, 136, 182, 273, 365] {
            let mut at = 1;
            loop {
                let from = as_of - at * days;
                if from - first < days / 2 || at > 12 { break; }
                let customers = features(&facts, from);
                if customers.len() >= 200 {
                    let model = OrdersModel::fit(&customers);
                    let orders = order_days_within(&facts, &customers, from, from + days);
                    let window = Window { from, days, is_same_season: true };
                    let fitted = matches!(model.rate, Rate::Fitted(_));
                    if let (true, Some(c)) = (fitted, model.calibration(&customers, &orders, &window)) {
                        let [a, b, d, e] = c.estimates();
                        println!("X {} {days} {at} {} {} {a:.4} {b:.4} {d:.4} {e:.4} {}", dir.rsplit('/').next().unwrap(), customers.len(), from - first, model.rate.name());
                    }
                }
                at += 1;
            }
        }
    }
}
