//! J5: market trend.

use std::path::Path;

use langgan::analyses::trends::{Course, Figures, Grid, bridges, cohort_cells};
use langgan::calendar::month_name;
use langgan::error::{Error, Result};
use langgan::facts::{Codes, Facts};

/// Writes `j5_trend.csv`, `j5_cohort.csv` and `j5_pvm.csv`.
pub fn run(facts: &Facts, out: &Path) -> Result<()> {
    let course = Course::of(facts, 3);
    trend(facts, &course, &out.join("j5_trend.csv"))?;
    cohorts(&course, &out.join("j5_cohort.csv"))?;
    price_volume_mix(facts, &course, &out.join("j5_pvm.csv"))
}

fn trend(facts: &Facts, course: &Course, path: &Path) -> Result<()> {
    let header = [
        "month",
        "dim",
        "val",
        "gross_c",
        "discount_c",
        "returns_c",
        "net_c",
        "units",
        "orders",
        "active_customers",
        "new_customers",
        "returning_customers",
    ];
    let all = Codes { values: vec!["all".into()] };
    let dimensions: [(&str, &Codes, &Grid); 4] = [
        ("all", &all, &course.all),
        ("branch", &facts.orders.branches, &course.branch),
        ("category", &facts.categories, &course.category),
        ("channel", &facts.orders.channels, &course.channel),
    ];
    let mut rows = Vec::new();
    for (at, month) in course.months.clone().enumerate() {
        for (dimension, codes, grid) in dimensions {
            for (value, name) in codes.values.iter().enumerate() {
                let figures = grid.at(at, value);
                if (Figures { lost_customers: 0, ..*figures }) == Figures::default() {
                    continue;
                }
                let mut row = vec![month_name(month), dimension.into(), name.clone()];
                let numbers = [
                    figures.gross_sales,
                    figures.discounts,
                    figures.returns,
                    figures.net_sales(),
                    figures.units,
                    figures.orders,
                    figures.active_customers,
                    figures.new_customers,
                    figures.active_customers - figures.new_customers,
                ];
                row.extend(numbers.iter().map(i64::to_string));
                rows.push(row);
            }
        }
    }
    write(path, &header, &rows)
}

fn cohorts(course: &Course, path: &Path) -> Result<()> {
    let row = |cell: &langgan::analyses::trends::CohortCell| {
        vec![
            month_name(course.months.start + cell.won as i32),
            (cell.at - cell.won).to_string(),
            cell.figures.customers.to_string(),
            cell.figures.net_sales.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> =
        cohort_cells(course).iter().filter(|cell| cell.figures.customers > 0).map(row).collect();
    write(path, &["cohort", "age", "customers", "net_c"], &rows)
}

fn price_volume_mix(facts: &Facts, course: &Course, path: &Path) -> Result<()> {
    let header = ["month", "category", "rev0_c", "rev1_c", "price_c", "volume_c", "mix_c", "new_c", "discontinued_c"];
    let width = course.category.width;
    let mut rows = Vec::new();
    for (place, bridge) in bridges(course, &facts.category, width, 12).iter().enumerate() {
        if bridge.is_empty() {
            continue;
        }
        let month = month_name(course.months.start + (place / width) as i32 + 12);
        let mut row = vec![month, facts.categories.values[place % width].clone()];
        row.extend([bridge.base_revenue, bridge.revenue].iter().map(i64::to_string));
        match bridge.exact() {
            Some(parts) => row.extend(parts.iter().map(f64::to_string)),
            None => row.extend([const { String::new() }; 3]),
        }
        row.extend([bridge.new, -bridge.lost].iter().map(i64::to_string));
        rows.push(row);
    }
    write(path, &header, &rows)
}

fn write(path: &Path, header: &[&str], rows: &[Vec<String>]) -> Result<()> {
    let failed = Error::internal("writing CSV");
    let mut writer = csv::Writer::from_path(path).map_err(&failed)?;
    writer.write_record(header).map_err(&failed)?;
    for row in rows {
        writer.write_record(row).map_err(&failed)?;
    }
    writer.flush().map_err(Error::io("write", path))
}
