//! The days of the months, and the market around.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::causes::Days;
use super::{Calendar, Course, Figures, PERIOD, before, share};
use crate::analyses::frame::FrameBuilder;
use crate::calendar::indonesia::lebaran_in;
use crate::calendar::{day_number, days_in_month, month_name, month_number, weekday};
use crate::contracts::results::{TREND_CALENDAR, TREND_MARKET};
use crate::error::Result;
use crate::facts::Facts;

/// One row per month.
pub(super) fn calendar_frame(facts: &Facts, course: &Course, calendar: &Calendar) -> Result<DataFrame> {
    let trading = trading_days(facts, course);
    let months: Vec<i32> = course.months.clone().collect();
    let names: Vec<String> = months.iter().copied().map(month_name).collect();
    let length = |month: i32| days_in_month(i64::from(month.div_euclid(12)), i64::from(month.rem_euclid(12)) + 1);
    let first_day = |month: i32| day_number(i64::from(month.div_euclid(12)), i64::from(month.rem_euclid(12)) + 1, 1);
    let weekend = |month: &i32| {
        let first = first_day(*month).unwrap_or_default();
        (first..first + length(*month) as i32).filter(|day| weekday(*day) >= 5).count() as i64
    };
    let net = |at: usize| course.all.at(at, 0).net_sales();
    let per_day = |at: usize| {
        let (sales, days) = (net(at), trading[at]);
        (days > 0).then(|| sales.signum() * ((2 * sales.abs() + days) / (2 * days)))
    };
    let earlier =
        |back: usize| (0..course.len()).map(|at| before(at, back).and_then(per_day)).collect::<Vec<Option<i64>>>();
    let known = |of: fn(&Days) -> i64| {
        (0..course.len()).map(|at| calendar.days(at).as_ref().map(of)).collect::<Vec<Option<i64>>>()
    };
    let last_year_ramadan = |month: &i32| {
        let days = calendar.is_asked().then(|| Days::of(month - PERIOD as i32))?;
        Some(days?.ramadan)
    };
    FrameBuilder::new(&TREND_CALENDAR)
        .text("period", names.iter().map(String::as_str))
        .flag("is_partial", (0..course.len()).map(|at| course.is_partial(at)).collect())
        .whole("n_days", months.iter().map(|month| length(*month)).collect())
        .whole("trading_days", trading.clone())
        .whole("weekend_days", months.iter().map(weekend).collect())
        .maybe_whole("holidays", known(|days| days.holidays))
        .maybe_whole("ramadan_days", known(|days| days.ramadan))
        .maybe_whole("before_lebaran_days", known(|days| days.before_lebaran))
        .maybe_whole("lebaran_days", known(|days| days.lebaran))
        .date("lebaran", months.iter().map(|month| lebaran_in(*month).filter(|_| calendar.is_asked())).collect())
        .whole("net_sales", (0..course.len()).map(net).collect())
        .maybe_whole("net_sales_per_day", (0..course.len()).map(per_day).collect())
        .maybe_whole("previous_net_sales_per_day", earlier(1))
        .maybe_whole("last_year_net_sales_per_day", earlier(PERIOD))
        .maybe_whole("last_year_ramadan_days", months.iter().map(last_year_ramadan).collect())
        .finish()
}

/// Days with a sale, by month.
fn trading_days(facts: &Facts, course: &Course) -> Vec<i64> {
    let mut days = vec![0; course.len()];
    let Some(first) = facts.orders.day.iter().min() else { return days };
    let mut traded = vec![false; (facts.as_of - first).max(0) as usize];
    for (order, day) in facts.orders.day.iter().enumerate() {
        traded[(day - first) as usize] |= facts.totals[order].is_sale;
    }
    for (place, _) in traded.iter().enumerate().filter(|(_, traded)| **traded) {
        days[(month_number(first + place as i32) - course.months.start) as usize] += 1;
    }
    days
}

/// Who sold in a category in a month: sales and price, minor units.
type Sellers = BTreeMap<String, (i64, Option<i64>)>;

/// Why no share of a market can be told; empty where it can.
fn doubt(sellers: &Sellers) -> &'static str {
    let total = sellers.get(TOTAL).map_or(0, |(sales, _)| *sales);
    match () {
        () if !sellers.contains_key(OWN) => "outside_our_months",
        () if sellers.values().any(|(sales, _)| *sales < 0) => "negative_sales",
        () if sellers.values().any(|(sales, _)| *sales > total) => "total_too_small",
        () => "",
    }
}

/// One row: a seller in a category in a month, money in minor units.
struct Seller<'m> {
    month: i32,
    category: &'m str,
    name: &'m str,
    sales: i64,
    price: Option<i64>,
    own_price: Option<i64>,
    doubt: &'static str,
}

const OWN: &str = "own";
const TOTAL: &str = "total";
const ALL: &str = "all";

/// One row per month, category and seller, and one per row exported of a month that is not ours; none without a `market` export.
pub(super) fn market_frame(facts: &Facts, course: &Course) -> Result<DataFrame> {
    let mut markets: BTreeMap<(i32, String), Sellers> = BTreeMap::new();
    for row in &facts.market {
        let sellers = markets.entry((row.month, row.category.clone())).or_default();
        sellers.insert(row.competitor.clone(), (row.sales, row.price));
    }
    let units = units_kept(facts, course);
    for ((month, category), sellers) in markets.iter_mut().filter(|((month, _), _)| course.months.contains(month)) {
        let at = (*month - course.months.start) as usize;
        let place = facts.categories.place(category);
        let figures = place.map_or(Figures::default(), |place| *course.category.at(at, place));
        let price = place.and_then(|place| units.get(&(at, place))).filter(|(units, _)| *units > 0);
        let price = price.map(|(units, revenue)| (2 * revenue + units) / (2 * units));
        sellers.insert(OWN.into(), (figures.net_sales(), price));
        let sum = sellers.iter().filter(|(name, _)| name.as_str() != TOTAL).map(|(_, (sales, _))| sales).sum();
        sellers.entry(TOTAL.into()).or_insert((sum, None));
    }
    // All categories with a market in the month together; prices do not add up.
    let mut together: BTreeMap<(i32, String), Sellers> = BTreeMap::new();
    for ((month, _), sellers) in markets.iter().filter(|(_, sellers)| doubt(sellers).is_empty()) {
        let all = together.entry((*month, ALL.into())).or_default();
        for (name, (sales, _)) in sellers {
            all.entry(name.clone()).or_insert((0, None)).0 += sales;
        }
    }
    markets.extend(together);
    let share_of = |month: i32, category: &str, seller: &str| {
        let sellers = markets.get(&(month, category.to_string())).filter(|sellers| doubt(sellers).is_empty())?;
        share(sellers.get(seller)?.0, sellers.get(TOTAL)?.0)
    };
    let categories_in = |month: i32| -> Vec<&String> {
        let told = markets.iter().filter(|((known, _), sellers)| *known == month && doubt(sellers).is_empty());
        told.map(|((_, category), _)| category).collect()
    };
    let rows: Vec<Seller<'_>> = markets
        .iter()
        .flat_map(|((month, category), sellers)| {
            let own_price = sellers.get(OWN).and_then(|(_, price)| *price);
            sellers.iter().map(move |(name, (sales, price))| Seller {
                month: *month,
                category,
                name,
                sales: *sales,
                price: *price,
                own_price,
                doubt: doubt(sellers),
            })
        })
        .collect();
    let names: Vec<String> = rows.iter().map(|row| month_name(row.month)).collect();
    let change = |back: i32| {
        let change = |row: &Seller<'_>| {
            // The sum of other categories is another market.
            if row.category == ALL && categories_in(row.month) != categories_in(row.month - back) {
                return None;
            }
            Some(share_of(row.month, row.category, row.name)? - share_of(row.month - back, row.category, row.name)?)
        };
        rows.iter().map(change).collect::<Vec<Option<f64>>>()
    };
    FrameBuilder::new(&TREND_MARKET)
        .text("period", names.iter().map(String::as_str))
        .text("category", rows.iter().map(|row| row.category))
        .text("competitor", rows.iter().map(|row| row.name))
        .flag(
            "is_partial",
            rows.iter().map(|row| !course.complete.contains(&((row.month - course.months.start) as usize))).collect(),
        )
        .whole("sales", rows.iter().map(|row| row.sales).collect())
        .maybe_ratio("share", rows.iter().map(|row| share_of(row.month, row.category, row.name)).collect())
        .maybe_ratio("share_change", change(1))
        .maybe_ratio("share_change_last_year", change(PERIOD as i32))
        .text("doubt", rows.iter().map(|row| row.doubt))
        .maybe_whole("price", rows.iter().map(|row| row.price).collect())
        .maybe_ratio("price_index", rows.iter().map(|row| share(row.own_price?, row.price?)).collect())
        .finish()
}

/// Units and revenue of the lines kept, by month and category, where there is a market to compare with.
fn units_kept(facts: &Facts, course: &Course) -> BTreeMap<(usize, usize), (i64, i64)> {
    let mut kept: BTreeMap<(usize, usize), (i64, i64)> = BTreeMap::new();
    if facts.market.is_empty() {
        return kept;
    }
    for product in 0..facts.products.len() {
        for (at, cell) in course.product(product).iter().enumerate().filter(|(_, cell)| cell.units > 0) {
            let sum = kept.entry((at, facts.category[product] as usize)).or_default();
            sum.0 += cell.units;
            sum.1 += cell.revenue;
        }
    }
    kept
}
