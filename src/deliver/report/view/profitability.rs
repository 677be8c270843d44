//! Customer profitability: whale curve, waterfall, deciles, customers and the tie-out.

use super::super::charts::{self, Step, WhaleWords};
use super::super::table::{Table, number, signed, text};
use super::super::{CustomerProfit, Profitability, TieOutRow, Waterfall, WhaleCurve};
use super::{Voice, ratio};
use minijinja::{Value, context};

const CUSTOMERS: usize = 10;

pub(super) fn view(voice: Voice<'_>, data: &Profitability) -> Value {
    let largest = data.deciles.iter().map(|row| row.contribution.unsigned_abs()).max();
    let largest = largest.unwrap_or(0) as f64;
    let heads = ["decile", "#customers", "#net_sales", "#contribution", "#share", "#cumulative_share"];
    let deciles = Table::new(voice, &heads).fill(voice, &data.deciles, usize::MAX, |row| {
        vec![
            text(row.decile.to_string()),
            number(voice.count(row.customers)),
            signed(voice.money(row.net_sales)),
            signed(voice.money(row.contribution)).bar(ratio(row.contribution.unsigned_abs() as f64, largest)),
            signed(voice.percent(row.contribution_share, 1)),
            number(voice.percent(row.cumulative_share, 1)),
        ]
    });
    let whale = data.whale_curve.as_ref().filter(|whale| !whale.points.is_empty());
    context! {
        lead => whale.map(|whale| lead(voice, whale)),
        period => voice.sentence("covers", &[("period", &voice.period(&data.period))]),
        whale => whale.map(|whale| Value::from_safe_string(whale_chart(voice, whale))),
        waterfall => data.waterfall.as_ref()
            .map(|steps| Value::from_safe_string(waterfall_chart(voice, steps))),
        waterfall_note => data.tie_out.iter().any(|row| row.internal != 0 || row.anonymous != 0),
        costs_unknown => voice.without_costs,
        deciles,
        best => customers(voice, &data.best),
        worst => customers(voice, &data.worst),
        tie_out => tie_out(voice, &data.tie_out),
        tie_mark => tie_mark(voice, &data.tie_out),
    }
}

fn peak(whale: &WhaleCurve) -> (f64, f64) {
    let points = whale.points.iter().map(|point| (point.customer_share, point.contribution_share));
    points.fold((0.0, 0.0), |best, point| if point.1 > best.1 { point } else { best })
}

fn lead(voice: Voice<'_>, whale: &WhaleCurve) -> Value {
    let (customers, share) = peak(whale);
    let losing = whale.losing_customers;
    let values = [
        ("customers", &*voice.percent(customers, 0)),
        ("share", &voice.percent(share, 0)),
        ("losing", &voice.count(losing)),
        ("back", &voice.percent(share - 1.0, 0)),
    ];
    voice.lead(if losing > 0 { "whale_lead" } else { "whale_lead_all" }, &values)
}

fn whale_chart(voice: Voice<'_>, whale: &WhaleCurve) -> String {
    let points = whale.points.iter().map(|point| (point.customer_share, point.contribution_share));
    let points: Vec<_> = points.collect();
    let (customers, share) = peak(whale);
    let values = [("customers", &*voice.percent(customers, 0)), ("share", &voice.percent(share, 0))];
    let end = points.last().map_or(0.0, |point| point.1);
    let words = WhaleWords {
        aria: voice.word("whale_aria"),
        x: voice.word("whale_x"),
        y: voice.word("whale_y"),
        peak: &voice.sentence("whale_peak", &values),
        end: &voice.sentence("whale_end", &[("share", &voice.percent(end, 0))]),
    };
    charts::whale_curve(&points, words, voice.language)
}

fn waterfall_chart(voice: Voice<'_>, data: &Waterfall) -> String {
    let step = |label: &str, amount: i64, total| Step { label: label.to_owned(), amount, total };
    let total = |key, amount| step(voice.word(key), amount, true);
    let minus = |key, amount: i64| step(voice.word(key), amount.saturating_neg(), false);
    let mut steps = vec![
        total("line.gross_sales", data.gross_sales),
        minus("line.discounts", data.discounts),
        minus("line.promotions", data.promotions),
        minus("line.returns", data.returns),
        minus("line.rebates", data.rebates),
        total("line.net_sales", data.net_sales),
        minus("line.cogs", data.cogs),
        total("line.gross_margin", data.gross_margin),
    ];
    // What the exports do not have is no step.
    steps.retain(|step| step.total || step.amount != 0);
    let pools = data.cost_pools.iter();
    steps.extend(pools.map(|pool| step(&voice.label("line", &pool.name), pool.amount.saturating_neg(), false)));
    steps.push(total("line.contribution", data.contribution));
    charts::waterfall(&steps, voice.word("waterfall_aria"), voice.amounts())
}

fn customers(voice: Voice<'_>, customers: &[CustomerProfit]) -> Value {
    let with_reasons = customers.iter().any(|row| !row.reasons.is_empty());
    let heads = ["customer", "#orders", "#net_sales", "#contribution", "reasons"];
    Table::new(voice, &heads[..4 + usize::from(with_reasons)]).fill(voice, customers, CUSTOMERS, |row| {
        let (name, id) = name_or_id(&row.name, &row.customer_id);
        let mut cells = vec![
            text(name).sub(id),
            number(voice.count(row.orders)),
            signed(voice.money(row.net_sales)),
            signed(voice.money(row.contribution)),
        ];
        if with_reasons {
            let reason =
                |(line, excess): &(String, i64)| format!("{} +{}", voice.label("line", line), voice.money(*excess));
            cells.push(text(row.reasons.iter().map(reason).collect::<Vec<_>>().join(" · ")));
        }
        cells
    })
}

/// What to show first and what below it.
pub(super) fn name_or_id<'a>(name: &'a str, id: &'a str) -> (&'a str, &'a str) {
    if name.is_empty() { (id, "") } else { (name, id) }
}

fn ties(row: &TieOutRow) -> bool {
    let parts = [row.customers, row.internal, row.anonymous, row.unused, row.unallocated].map(i128::from);
    row.difference == 0 && i128::from(row.ledger) == parts.iter().sum::<i128>()
}

fn tie_out(voice: Voice<'_>, rows: &[TieOutRow]) -> Value {
    // Columns that are empty throughout are left out.
    type Column = (&'static str, fn(&TieOutRow) -> i64);
    let columns: [Column; 7] = [
        ("#ledger", |row| row.ledger),
        ("#to_customers", |row| row.customers),
        ("#internal", |row| row.internal),
        ("#anonymous", |row| row.anonymous),
        ("#unused", |row| row.unused),
        ("#unallocated", |row| row.unallocated),
        ("#difference", |row| row.difference),
    ];
    let always = |head: &str| !["#internal", "#unused"].contains(&head);
    let shown = |(head, value): &Column| always(head) || rows.iter().any(|row| value(row) != 0);
    let columns: Vec<_> = columns.into_iter().filter(shown).collect();
    let heads: Vec<&str> =
        ["line"].into_iter().chain(columns.iter().map(|(head, _)| *head)).chain(["#check"]).collect();
    Table::new(voice, &heads).fill(voice, rows, usize::MAX, |row| {
        let (mark, class) = if ties(row) { ("✓", "num good") } else { ("✗", "num bad") };
        let mut cells = vec![text(voice.label("line", &row.line))];
        // A line that does not tie out is shown to the last unit.
        let money = |minor| if ties(row) { voice.money(minor) } else { voice.money_exact(minor) };
        cells.extend(columns.iter().map(|(_, value)| number(money(value(row)))));
        cells.push(number(mark).class(class));
        cells
    })
}

fn tie_mark(voice: Voice<'_>, rows: &[TieOutRow]) -> Option<Value> {
    let open = rows.iter().filter(|row| !ties(row)).count();
    let (ok, lines) = (open == 0, if open == 0 { rows.len() } else { open });
    let key = if ok { "ties_out" } else { "ties_not" };
    let text = voice.sentence(key, &[("lines", &voice.count(lines as u64))]);
    (!rows.is_empty()).then(|| context! { ok, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ties_out_only_when_its_parts_sum_up() {
        let row = TieOutRow { ledger: 10, customers: 7, anonymous: 2, unallocated: 1, ..TieOutRow::default() };
        assert!(ties(&row));
        assert!(!ties(&TieOutRow { customers: 8, ..row.clone() }));
        assert!(!ties(&TieOutRow { difference: 1, ..row }));
    }
}
