//! Monthly course, trend test and movers.

use super::super::charts::{self, Bar};
use super::super::format::{self, NONE};
use super::super::table::{Cell, Table, number, signed, text};
use super::super::{MonthRow, Mover, SlopeTest, Trend};
use super::Voice;
use minijinja::{Value, context};

/// Months in the wide and in the narrow chart, and in the table.
const MONTHS_WIDE: usize = 25;
const MONTHS_SHORT: usize = 13;
const MOVERS: usize = 10;

pub(super) fn view(voice: Voice<'_>, trend: &Trend) -> Value {
    let line = trend.slope.as_ref().and_then(|slope| trend_line(&trend.months, slope));
    let chart = |count: usize, wide| {
        let skip = trend.months.len().saturating_sub(count);
        let months = &trend.months[skip..];
        let complete = months.iter().filter(|row| !row.partial).count();
        let tested = trend.slope.as_ref().map_or(0, |slope| slope.months as usize).min(complete);
        let ends = line
            .filter(|_| tested > 1)
            .map(|(slope, last)| (complete - tested, last - slope * (tested - 1) as f64, last));
        let bars = bars(voice, months);
        charts::monthly_bars(&bars, ends, voice.word("trend_aria"), voice.amounts(), wide)
    };
    let charts = (!trend.months.is_empty())
        .then(|| chart(MONTHS_WIDE, true) + &chart(MONTHS_SHORT, false))
        .map(Value::from_safe_string);
    let shown = &trend.months[trend.months.len().saturating_sub(MONTHS_SHORT)..];
    let newest_first: Vec<_> = shown.iter().rev().collect();
    let heads = ["month", "#net_sales", "#orders", "#active", "#new", "#returning", "#average_order"];
    let months = Table::new(voice, &heads).fill(voice, &newest_first, MONTHS_SHORT, |row| {
        let month = text(format::month(&row.month, voice.language));
        vec![
            if row.partial { month.sub(voice.word("partial")) } else { month },
            on_year_before(voice, &trend.months, row),
            number(voice.count(row.orders)),
            number(voice.count(row.active_customers)),
            number(voice.count(row.new_customers)),
            number(voice.count(row.returning_customers)),
            number(row.average_order.map_or(NONE.to_owned(), |value| voice.money(value))),
        ]
    });
    let month = format::month(&trend.movers_month, voice.language);
    context! {
        lead => lead(voice, &trend.months),
        charts,
        slope => trend.slope.as_ref().map(|slope| slope_sentence(voice, slope)),
        line_shown => line.is_some(),
        lebaran_shown => trend.months.iter().any(|row| row.lebaran.is_some()),
        partial_shown => shown.iter().any(|row| row.partial),
        months,
        movers_title => (!trend.movers_month.is_empty()).then(|| voice.sentence("movers_title", &[("month", &month)])),
        categories => movers(voice, "category", &trend.categories),
        branches => movers(voice, "branch", &trend.branches),
        outlook => super::outlook::view(voice, &trend.outlook),
    }
}

/// Net sales, and how they differ from the same month a year before where both are complete.
fn on_year_before(voice: Voice<'_>, months: &[MonthRow], row: &MonthRow) -> Cell {
    let before = months_before(&row.month, 12).and_then(|month| months.iter().find(|known| known.month == month));
    let before = before.filter(|before| !before.partial && !row.partial);
    let change = before.and_then(|before| voice.change(row.net_sales as f64, before.net_sales as f64));
    let cell = signed(voice.money(row.net_sales));
    match change {
        Some(change) => cell.sub(voice.sentence("year_change", &[("change", &change)])),
        None => cell,
    }
}

fn bars(voice: Voice<'_>, months: &[MonthRow]) -> Vec<Bar> {
    let year = |index: usize| months.get(index).and_then(|row| row.month.get(..4)).unwrap_or("");
    let bars = months.iter().enumerate().map(|(index, row)| {
        let first_of_year = index == 0 || year(index - 1) != year(index);
        // No room for the first year when the next one starts right after it.
        let crowded = index == 0 && months.len() > 2 && year(2) != year(0);
        let label_below = if first_of_year && !crowded { year(index) } else { "" };
        let month = format::month(&row.month, voice.language);
        Bar {
            label: format::month_short(&row.month, voice.language),
            label_below: label_below.to_owned(),
            title: match &row.lebaran {
                Some(day) => format!(
                    "{month}: {} · Lebaran {}",
                    voice.money_code(row.net_sales),
                    format::date(day, voice.language)
                ),
                None => format!("{month}: {}", voice.money_code(row.net_sales)),
            },
            marked: row.lebaran.is_some(),
            value: row.net_sales,
            hatched: if row.partial { voice.word("partial").to_owned() } else { String::new() },
        }
    });
    bars.collect()
}

/// Slope, and value of the line at the last complete month: the line of that slope through the
/// median of the tested months.
fn trend_line(months: &[MonthRow], slope: &SlopeTest) -> Option<(f64, f64)> {
    let complete: Vec<_> = months.iter().filter(|row| !row.partial).collect();
    let skip = complete.len().saturating_sub(slope.months as usize);
    let tested = &complete[skip..];
    let step = slope.sen_slope as f64;
    let levels = tested.iter().rev().enumerate();
    let mut levels: Vec<_> = levels.map(|(back, row)| row.net_sales as f64 + step * back as f64).collect();
    levels.sort_by(f64::total_cmp);
    let upper = *levels.get(levels.len() / 2)?;
    let lower = *levels.get((levels.len() - 1) / 2)?;
    Some((step, (lower + upper) / 2.0))
}

fn lead(voice: Voice<'_>, months: &[MonthRow]) -> Option<Value> {
    let complete: Vec<_> = months.iter().filter(|row| !row.partial).collect();
    let (last, earlier) = complete.split_last()?;
    let change = |row: &MonthRow| voice.change(last.net_sales as f64, row.net_sales as f64);
    let month = format::month(&last.month, voice.language);
    let value = voice.money_short(last.net_sales);
    let year_before = months_before(&last.month, 12)
        .and_then(|month| earlier.iter().find(|row| row.month == month))
        .and_then(|row| change(row));
    let month_before = months_before(&last.month, 1)
        .and_then(|month| earlier.iter().find(|row| row.month == month))
        .and_then(|row| change(row));
    Some(match (month_before, year_before) {
        (Some(before), Some(year)) => {
            voice.lead("trend_lead_year", &[("month", &month), ("value", &value), ("change", &before), ("year", &year)])
        }
        (Some(before), None) => {
            voice.lead("trend_lead_month", &[("month", &month), ("value", &value), ("change", &before)])
        }
        _ => voice.lead("trend_lead", &[("month", &month), ("value", &value)]),
    })
}

fn months_before(month: &str, back: u32) -> Option<String> {
    let (year, number) = month.split_once('-')?;
    let index = year.parse::<u32>().ok()? * 12 + number.parse::<u32>().ok()?;
    let index = index.checked_sub(back + 1)?;
    Some(format!("{:04}-{:02}", index / 12, index % 12 + 1))
}

fn slope_sentence(voice: Voice<'_>, slope: &SlopeTest) -> Value {
    let key = match slope.sen_slope {
        _ if slope.p_value.is_nan() || slope.p_value >= 0.05 => "slope_none",
        0.. => "slope_up",
        _ => "slope_down",
    };
    let amount = if key == "slope_down" { slope.sen_slope.saturating_neg() } else { slope.sen_slope };
    let p = format::probability_value(slope.p_value, voice.language);
    let p = if p.starts_with('<') { p } else { format!("= {p}") };
    let months = voice.count(slope.months);
    let amount = voice.money_short(amount);
    voice.lead(key, &[("months", &months), ("slope", &amount), ("p", &p)])
}

fn movers(voice: Voice<'_>, title: &str, movers: &[Mover]) -> Value {
    let heads = [title, "#net_sales", "#on_month_before", "#on_year_before"];
    Table::new(voice, &heads).fill(voice, movers, MOVERS, |row| {
        vec![
            text(&row.name),
            signed(voice.short(row.net_sales)),
            difference(voice, row.net_sales, row.previous_month),
            difference(voice, row.net_sales, row.same_month_last_year),
        ]
    })
}

fn difference(voice: Voice<'_>, value: i64, before: Option<i64>) -> Cell {
    let Some(before) = before else {
        return number(NONE);
    };
    let difference = value.saturating_sub(before);
    let amount = voice.short(difference);
    let class = match difference {
        1.. => "num good",
        0 => "num",
        _ => "num bad",
    };
    let sign = if difference > 0 { "+" } else { "" };
    let change = voice.change(value as f64, before as f64).unwrap_or_default();
    number(format!("{sign}{amount}")).class(class).sub(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_count_back_over_the_year() {
        assert_eq!(months_before("2025-01", 1).as_deref(), Some("2024-12"));
        assert_eq!(months_before("2025-12", 12).as_deref(), Some("2024-12"));
        assert_eq!(months_before("x", 1), None);
    }

    #[test]
    fn the_trend_line_runs_through_the_median() {
        let row = |net_sales, partial| MonthRow { net_sales, partial, ..MonthRow::default() };
        let months = [row(10, false), row(20, false), row(90, false), row(5, true)];
        let slope = SlopeTest { months: 3, sen_slope: 10, p_value: 0.01 };
        assert_eq!(trend_line(&months, &slope), Some((10.0, 30.0)));
        assert_eq!(trend_line(&[], &slope), None);
    }
}
