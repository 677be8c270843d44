//! Tables → the sections of the report, one function a section. A table that is not there leaves its section out.

mod actions;
mod customers;
mod lifetime;
mod outlook;
mod profit;
mod quality;
mod segment_moves;
mod subscriptions;
mod trend;

use polars::prelude::DataFrame;

use super::Delivery;
use super::report::{Currency, Footer, Header, Period, ReportData, RunSummary, Setting};
use crate::analyses::frame::{flags, ratios, texts, wholes};
use crate::calendar::day_name;
use crate::engine::record;
use crate::error::{Error, Result};
use crate::lake::LakeDir;

/// All the report shows.
pub fn report_data(lake: &LakeDir, delivery: &Delivery<'_>) -> Result<ReportData> {
    let subscriptions = subscriptions::subscriptions(delivery)?;
    Ok(ReportData {
        header: header(delivery)?,
        trend: trend::trend(delivery)?,
        profitability: profit::profitability(delivery)?,
        segments: customers::segments(delivery)?,
        // Where nobody orders, contracts are all there is to lose.
        churn: customers::churn(delivery)?.filter(|churn| churn.scored() > 0 || subscriptions.is_none()),
        subscriptions,
        lifetime: lifetime::lifetime(delivery)?,
        cohorts: trend::cohorts(delivery)?,
        offers: actions::offers(delivery)?,
        queue: actions::queue(delivery)?,
        quality: Some(quality::quality(lake, delivery)?),
        footer: footer(delivery),
        costs_unknown: super::costs_unknown(delivery.results)?,
    })
}

fn header(delivery: &Delivery<'_>) -> Result<Header> {
    let facts = delivery.facts;
    let currency = &delivery.config.core.currency;
    let rows = record::arithmetic(delivery.manifest);
    Ok(Header {
        project: delivery.config.core.project.name.clone(),
        as_of: day_name(facts.as_of),
        currency: Currency {
            code: currency.code.clone(),
            decimals: currency.decimals,
            display_decimals: currency.shown(),
        },
        run: Some(RunSummary {
            sources: rows.len() as u64,
            rows_received: rows.values().map(|rows| rows.received).sum(),
            rows_accepted: rows.values().map(|rows| rows.accepted).sum(),
            orders: (0..facts.orders.len()).filter(|order| facts.is_sale(*order)).count() as u64,
            customers: facts.customers.len() as u64,
            period: sales_period(delivery),
        }),
        key_figures: trend::key_figures(delivery)?,
    })
}

/// From the first day with an order to the as-of day.
fn sales_period(delivery: &Delivery<'_>) -> Period {
    let days = &delivery.facts.orders.day;
    let day = |day: Option<&i32>| day.map_or_else(String::new, |day| day_name(*day));
    Period { start: day(days.iter().min()), end: day(days.iter().max().map(|last| last + 1).as_ref()) }
}

fn footer(delivery: &Delivery<'_>) -> Footer {
    let mut settings = Vec::new();
    let parameters = serde_json::to_value(&delivery.config.analyses).unwrap_or_default();
    for (id, section) in parameters.as_object().into_iter().flatten() {
        for (name, value) in section.as_object().into_iter().flatten().filter(|(_, value)| !value.is_object()) {
            settings.push(Setting { name: format!("{id}.{name}"), value: value.to_string() });
        }
    }
    for (name, error) in delivery.failures {
        settings.push(Setting { name: name.clone(), value: error.to_string() });
    }
    Footer {
        definitions: Vec::new(),
        settings,
        program_version: env!("CARGO_PKG_VERSION").into(),
        input_manifest_hash: delivery.manifest.hash(),
    }
}

/// Reads cells of a table by row and column name.
#[derive(Clone, Copy)]
struct Rows<'f>(&'f DataFrame);

impl Rows<'_> {
    fn len(&self) -> usize {
        self.0.height()
    }

    fn whole(&self, name: &str, row: usize) -> Result<Option<i64>> {
        Ok(wholes(self.0, name)?.get(row))
    }

    fn number(&self, name: &str, row: usize) -> Result<i64> {
        Ok(self.whole(name, row)?.unwrap_or(0))
    }

    fn count(&self, name: &str, row: usize) -> Result<u64> {
        Ok(self.number(name, row)?.max(0) as u64)
    }

    fn ratio(&self, name: &str, row: usize) -> Result<Option<f64>> {
        Ok(ratios(self.0, name)?.get(row))
    }

    fn text(&self, name: &str, row: usize) -> Result<String> {
        Ok(texts(self.0, name)?.get(row).unwrap_or_default().to_string())
    }

    fn day(&self, name: &str, row: usize) -> Result<Option<String>> {
        let days = self.0.column(name).and_then(|column| column.date()).map_err(Error::internal("reading a table"))?;
        Ok(days.physical().get(row).map(day_name))
    }

    fn flag(&self, name: &str, row: usize) -> Result<bool> {
        Ok(flags(self.0, name)?.get(row).unwrap_or(false))
    }
}

/// The name of a customer, or nothing.
fn customer_name(delivery: &Delivery<'_>, id: &str) -> String {
    let customers = &delivery.facts.customers;
    customers.find(id).map_or_else(String::new, |customer| customers.text_at("name", customer).to_string())
}

/// The name of a product, or its id where it has none.
fn product_name(delivery: &Delivery<'_>, id: &str) -> String {
    let products = &delivery.facts.products;
    let name = products.find(id).map_or("", |product| products.text_at("name", product));
    if name.is_empty() { id.to_string() } else { name.to_string() }
}
