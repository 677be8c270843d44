//! Every table of money against the orders it comes from, month by month, to the last minor unit.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::{Course, ProductMonth};
use crate::analyses::frame::{texts, wholes};
use crate::calendar::month_name;
use crate::contracts::Table;
use crate::contracts::results::{
    TREND_BASKET_BRIDGE, TREND_BRIDGE, TREND_CALENDAR, TREND_COHORTS, TREND_CUSTOMER_BRIDGE, TREND_KPIS,
};
use crate::error::{Error, Result};
use crate::facts::{ANONYMOUS, Facts};

/// What the orders of a month say, whatever a table makes of them. Money in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LedgerMonth {
    gross_sales: i64,
    discounts: i64,
    returns: i64,
    cogs: i64,
    units: i64,
    /// Gross − discounts of orders of known customers that sold something.
    known_sales: i64,
    /// Net sales without a customer, and of customers before the month of their first order.
    outside_cohorts: i64,
    /// Gross − discounts of the lines kept, by product.
    kept: i64,
}

impl LedgerMonth {
    fn net_sales(&self) -> i64 {
        self.gross_sales - self.discounts - self.returns
    }
}

/// The orders by the name of their month.
pub(super) struct Ledger(BTreeMap<String, LedgerMonth>);

impl Ledger {
    /// Adds the orders up. The products of every month must add up to them.
    pub(super) fn of(facts: &Facts, course: &Course) -> Result<Ledger> {
        let (orders, start) = (&facts.orders, course.months.start);
        let mut months = vec![LedgerMonth::default(); course.len()];
        for (order, totals) in facts.totals.iter().enumerate() {
            let month = &mut months[(orders.month[order] - start) as usize];
            month.gross_sales += totals.gross;
            month.discounts += totals.discount;
            month.returns += totals.returns;
            month.cogs += totals.cogs;
            month.units += i64::from(totals.units);
            if orders.customer[order] == ANONYMOUS {
                month.outside_cohorts += totals.net();
            } else if totals.is_sale && orders.n_lines[order] > 0 {
                month.known_sales += totals.gross - totals.discount;
            }
        }
        for customer in 0..facts.customers.len() {
            let mut sales = facts.orders_of(customer).filter(|order| facts.totals[*order].is_sale);
            let won = sales.next().map(|order| orders.month[order]);
            for order in facts.orders_of(customer).take_while(|order| won.is_none_or(|won| orders.month[*order] < won))
            {
                months[(orders.month[order] - start) as usize].outside_cohorts += facts.totals[order].net();
            }
        }
        let mut by_product = vec![0; course.len()];
        for product in 0..facts.products.len() {
            for (at, cell) in course.product(product).iter().enumerate() {
                months[at].kept += cell.revenue;
                by_product[at] += ProductMonth::net_sales(cell);
            }
        }
        let names = course.months.clone().map(month_name);
        let ledger = Ledger(names.zip(months).collect());
        for ((period, month), by_product) in ledger.0.iter().zip(by_product) {
            let line = format!("net sales of every product in {period}");
            same(&TREND_BRIDGE, &line, by_product, month.net_sales())?;
        }
        Ok(ledger)
    }

    fn month(&self, table: &'static Table, period: &str) -> Result<LedgerMonth> {
        let missing = || Error::TieOut { table: table.name, message: format!("no order is in {period}") };
        self.0.get(period).copied().ok_or_else(missing)
    }
}

/// What a table says of a line is what the orders say.
fn same(table: &'static Table, line: &str, found: i64, wanted: i64) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    let message = format!("{line}: {found}, by its orders {wanted}, difference {}", found - wanted);
    Err(Error::TieOut { table: table.name, message })
}

/// Fails at the first line of the first table that is not what the orders say. `of` gives the frame of a table.
pub(super) fn tie_out<'f>(ledger: &Ledger, of: impl Fn(&'static Table) -> Result<&'f DataFrame>) -> Result<()> {
    figures(ledger, of(&TREND_KPIS)?)?;
    products(ledger, of(&TREND_BRIDGE)?)?;
    customers(ledger, of(&TREND_CUSTOMER_BRIDGE)?)?;
    baskets(ledger, of(&TREND_BASKET_BRIDGE)?)?;
    cohorts(ledger, of(&TREND_COHORTS)?)?;
    days(ledger, of(&TREND_CALENDAR)?)
}

/// The sums of a column by period and what else the rows are told apart by.
fn sums(frame: &DataFrame, by: &str, column: &str) -> Result<BTreeMap<(String, String), i64>> {
    let (periods, others, cells) = (texts(frame, "period")?, texts(frame, by)?, wholes(frame, column)?);
    let mut sums = BTreeMap::new();
    for row in 0..frame.height() {
        let key = [&periods, &others].map(|texts| texts.get(row).unwrap_or_default().to_string());
        *sums.entry(key.into()).or_default() += cells.get(row).unwrap_or_default();
    }
    Ok(sums)
}

/// Every dimension adds up to the orders of every month.
fn figures(ledger: &Ledger, frame: &DataFrame) -> Result<()> {
    type Figure = fn(&LedgerMonth) -> i64;
    let figures: [(&str, Figure); 6] = [
        ("gross_sales", |month| month.gross_sales),
        ("discounts", |month| month.discounts),
        ("returns", |month| month.returns),
        ("net_sales", LedgerMonth::net_sales),
        ("gross_margin", |month| month.net_sales() - month.cogs),
        ("units", |month| month.units),
    ];
    for (name, of) in figures {
        for ((period, dimension), sum) in sums(frame, "dimension", name)? {
            let wanted = of(&ledger.month(&TREND_KPIS, &period)?);
            same(&TREND_KPIS, &format!("`{name}` of dimension `{dimension}` in {period}"), sum, wanted)?;
        }
    }
    Ok(())
}

/// The parts of each row are its difference.
fn closes(table: &'static Table, frame: &DataFrame, ends: [&str; 2], parts: &[&str]) -> Result<()> {
    let (periods, bases) = (texts(frame, "period")?, texts(frame, "base_period")?);
    let ends = [wholes(frame, ends[0])?, wholes(frame, ends[1])?];
    let columns = parts.iter().map(|part| wholes(frame, part)).collect::<Result<Vec<_>>>()?;
    for row in 0..frame.height() {
        let at = |column: &polars::prelude::Int64Chunked| column.get(row).unwrap_or_default();
        let found: i64 = columns.iter().map(|column| at(column)).sum();
        let [period, base] = [periods, bases].map(|texts| texts.get(row).unwrap_or_default());
        let line = format!("{} from {base} to {period}", parts.join(" + "));
        same(table, &line, found, at(ends[1]) - at(ends[0]))?;
    }
    Ok(())
}

fn products(ledger: &Ledger, frame: &DataFrame) -> Result<()> {
    closes(&TREND_BRIDGE, frame, ["rev0", "rev1"], &["price", "volume", "mix", "new", "lost"])?;
    let (periods, bases) = (texts(frame, "period")?, texts(frame, "base_period")?);
    let (dimensions, ends) = (texts(frame, "dimension")?, [wholes(frame, "rev0")?, wholes(frame, "rev1")?]);
    // One sum for each pair of months and dimension.
    let mut found: BTreeMap<[&str; 3], [i64; 2]> = BTreeMap::new();
    for row in 0..frame.height() {
        let sum =
            found.entry([periods, bases, dimensions].map(|texts| texts.get(row).unwrap_or_default())).or_default();
        sum.iter_mut().zip(ends).for_each(|(sum, end)| *sum += end.get(row).unwrap_or_default());
    }
    for ([period, base, dimension], found) in found {
        for (month, found) in [base, period].into_iter().zip(found) {
            let line = format!("revenue kept of dimension `{dimension}` in {month}");
            same(&TREND_BRIDGE, &line, found, ledger.month(&TREND_BRIDGE, month)?.kept)?;
        }
    }
    Ok(())
}

fn customers(ledger: &Ledger, frame: &DataFrame) -> Result<()> {
    let table = &TREND_CUSTOMER_BRIDGE;
    let parts = ["new", "reactivated", "retained", "lost", "others", "anonymous"];
    closes(table, frame, ["net_sales_base", "net_sales"], &parts)?;
    for (period, column) in [("base_period", "net_sales_base"), ("period", "net_sales")] {
        let (periods, cells) = (texts(frame, period)?, wholes(frame, column)?);
        for row in 0..frame.height() {
            let period = periods.get(row).unwrap_or_default();
            let wanted = ledger.month(table, period)?.net_sales();
            same(table, &format!("`{column}` in {period}"), cells.get(row).unwrap_or_default(), wanted)?;
        }
    }
    Ok(())
}

fn baskets(ledger: &Ledger, frame: &DataFrame) -> Result<()> {
    let table = &TREND_BASKET_BRIDGE;
    closes(table, frame, ["sales_base", "sales"], &["customers", "frequency", "basket"])?;
    let (periods, dimensions) = (texts(frame, "period")?, texts(frame, "dimension")?);
    let cells = wholes(frame, "sales")?;
    for row in (0..frame.height()).filter(|row| dimensions.get(*row) == Some("all")) {
        let period = periods.get(row).unwrap_or_default();
        let wanted = ledger.month(table, period)?.known_sales;
        same(table, &format!("`sales` in {period}"), cells.get(row).unwrap_or_default(), wanted)?;
    }
    Ok(())
}

/// What customers brought in a month is what its cohorts did, but for what is in none.
fn cohorts(ledger: &Ledger, frame: &DataFrame) -> Result<()> {
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    for ((period, _), sum) in sums(frame, "cohort", "net_sales")? {
        *found.entry(period).or_default() += sum;
    }
    for (period, month) in &ledger.0 {
        let sum = found.get(period).copied().unwrap_or_default();
        let line = format!("net sales of every cohort in {period}");
        same(&TREND_COHORTS, &line, sum, month.net_sales() - month.outside_cohorts)?;
    }
    Ok(())
}

fn days(ledger: &Ledger, frame: &DataFrame) -> Result<()> {
    let (periods, cells) = (texts(frame, "period")?, wholes(frame, "net_sales")?);
    for row in 0..frame.height() {
        let period = periods.get(row).unwrap_or_default();
        let wanted = ledger.month(&TREND_CALENDAR, period)?.net_sales();
        same(&TREND_CALENDAR, &format!("`net_sales` in {period}"), cells.get(row).unwrap_or_default(), wanted)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    fn ledger() -> Ledger {
        let month = |gross_sales: i64| LedgerMonth {
            gross_sales,
            discounts: 10,
            returns: 20,
            cogs: 30,
            units: 4,
            known_sales: gross_sales - 100,
            outside_cohorts: 50,
            kept: gross_sales - 40,
        };
        Ledger(BTreeMap::from([("2026-01".into(), month(1_000)), ("2026-02".into(), month(1_300))]))
    }

    /// Frames as the ledger has them.
    fn frames() -> BTreeMap<&'static str, DataFrame> {
        let kpis = df!(
            "period" => ["2026-01", "2026-01", "2026-01", "2026-02", "2026-02", "2026-02"],
            "dimension" => ["all", "branch", "branch", "all", "branch", "branch"],
            "gross_sales" => [1_000_i64, 400, 600, 1_300, 1_300, 0],
            "discounts" => [10_i64, 10, 0, 10, 10, 0],
            "returns" => [20_i64, 0, 20, 20, 20, 0],
            "net_sales" => [970_i64, 390, 580, 1_270, 1_270, 0],
            "gross_margin" => [940_i64, 370, 570, 1_240, 1_240, 0],
            "units" => [4_i64, 1, 3, 4, 4, 0],
        );
        let bridge = df!(
            "period" => ["2026-02"; 3], "base_period" => ["2026-01"; 3], "dimension" => ["all", "category", "category"],
            "rev0" => [960_i64, 900, 60], "rev1" => [1_260_i64, 1_200, 60], "price" => [100_i64, 100, 0],
            "volume" => [150_i64, 150, 0], "mix" => [40_i64, 40, 0], "new" => [30_i64, 30, 10], "lost" => [-20_i64, -20, -10],
        );
        let customers = df!(
            "period" => ["2026-02"], "base_period" => ["2026-01"], "net_sales_base" => [970_i64], "net_sales" => [1_270_i64],
            "new" => [400_i64], "reactivated" => [0_i64], "retained" => [-50_i64], "lost" => [-40_i64], "others" => [-10_i64],
            "anonymous" => [0_i64],
        );
        let baskets = df!(
            "period" => ["2026-02"; 2], "base_period" => ["2026-01"; 2], "dimension" => ["all", "branch"],
            "sales_base" => [900_i64; 2], "sales" => [1_200_i64; 2], "customers" => [100_i64; 2],
            "frequency" => [150_i64; 2], "basket" => [50_i64; 2],
        );
        let cohorts = df!(
            "period" => ["2026-01", "2026-02", "2026-02"], "cohort" => ["2026-01", "2026-01", "2026-02"],
            "net_sales" => [920_i64, 220, 1_000],
        );
        let calendar = df!("period" => ["2026-01", "2026-02"], "net_sales" => [970_i64, 1_270]);
        [
            (&TREND_KPIS, kpis),
            (&TREND_BRIDGE, bridge),
            (&TREND_CUSTOMER_BRIDGE, customers),
            (&TREND_BASKET_BRIDGE, baskets),
            (&TREND_COHORTS, cohorts),
            (&TREND_CALENDAR, calendar),
        ]
        .into_iter()
        .map(|(table, frame)| (table.name, frame.unwrap()))
        .collect()
    }

    #[test]
    fn one_minor_unit_anywhere_fails_and_says_where() {
        let (ledger, whole) = (ledger(), frames());
        tie_out(&ledger, |table| Ok(&whole[table.name])).unwrap();
        let mut tried = 0;
        for (name, frame) in &whole {
            let columns: Vec<String> = frame
                .columns()
                .iter()
                .filter(|column| column.i64().is_ok())
                .map(|column| column.name().to_string())
                .collect();
            for column in &columns {
                for row in 0..frame.height() {
                    let mut cells: Vec<i64> =
                        frame.column(column).unwrap().i64().unwrap().into_no_null_iter().collect();
                    cells[row] += 1;
                    let mut broken = whole.clone();
                    let frame = broken.get_mut(name).unwrap();
                    frame.with_column(polars::prelude::Column::new(column.as_str().into(), cells)).unwrap();
                    let error = tie_out(&ledger, |table| Ok(&broken[table.name])).unwrap_err();
                    let Error::TieOut { table, message } = &error else { panic!("{error}") };
                    assert_eq!(table, name, "{column} {row}");
                    assert!(message.contains("2026-0") && message.contains("difference"), "{message}");
                    tried += 1;
                }
            }
        }
        assert_eq!(tried, 80);
    }
}
