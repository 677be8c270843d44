//! A published table, cell by cell, as people say it: names beside ids, money in the currency, codes in words.

use std::collections::HashMap;

use polars::prelude::{AnyValue, DataFrame};

use super::churn_words::{churn_reason, subscription_reason};
use super::columns::Columns;
use super::offer_words::Reasons;
use super::queues::{QueueSettings, reason_words, talking_points};
use super::report::{Language, format, statement_line, word};
use crate::calendar::{civil, day_name};
use crate::contracts::{Kind, Table};
use crate::error::Result;
use crate::facts::Facts;

/// Names of products by id.
pub trait ProductNames {
    /// The name of a product, its id where it has none.
    fn product<'n>(&'n self, id: &'n str) -> &'n str;
}

impl ProductNames for Facts {
    fn product<'n>(&'n self, id: &'n str) -> &'n str {
        super::queues::product_name(self, id)
    }
}

/// Whom a table is read to.
pub struct Speech<'s> {
    /// Language, currency, what the probabilities are about.
    pub settings: QueueSettings<'s>,
    /// Names of products by id.
    pub products: HashMap<String, String>,
    /// Names of branches by id.
    pub branches: HashMap<String, String>,
}

impl ProductNames for Speech<'_> {
    fn product<'n>(&'n self, id: &'n str) -> &'n str {
        self.products.get(id).filter(|name| !name.is_empty()).map_or(id, String::as_str)
    }
}

/// Columns that hold products.
pub const OF_PRODUCTS: [&str; 6] = ["product_id", "because", "antecedent", "consequent", "worst_product", "instead_of"];

impl Speech<'_> {
    /// What a column is called.
    pub fn label(&self, column: &str) -> String {
        let column = if column == "profit_at_risk" && self.settings.costs_unknown { "sales_at_risk" } else { column };
        super::column_words::label(column, self.settings.language)
    }

    /// One cell; nothing for null.
    pub fn cell(&self, table: &'static Table, frame: &DataFrame, column: &str, row: usize) -> Result<String> {
        let language = self.settings.language;
        let text = |name: &str| -> Result<&str> { Ok(Columns(frame).text(name)?.get(row).unwrap_or_default()) };
        Ok(match (column, table.name) {
            ("reason", "cross_sell" | "up_sell" | "replenish") => {
                Reasons::of(self, Columns(frame), language).words(row)?
            }
            ("talking_points", _) => talking_points(self, text(column)?, text("product_id")?, None, self.settings),
            ("reasons", _) => reason_words(text(column)?, language),
            ("reason_1" | "reason_2" | "reason_3", name) => match (text(column)?, name) {
                ("", _) => String::new(),
                (reason, "churn") => churn_reason(reason, language),
                (reason, "subscriptions") => subscription_reason(reason, language),
                (reason, _) => statement_line(reason, language),
            },
            _ => {
                let value = frame.column(column).ok().and_then(|column| column.get(row).ok()).unwrap_or(AnyValue::Null);
                self.value(column, table.kind(column), &value)
            }
        })
    }

    /// A value of a column of that kind.
    pub fn value(&self, column: &str, kind: Option<Kind>, value: &AnyValue<'_>) -> String {
        let language = self.settings.language;
        match (value, kind) {
            (AnyValue::Decimal(minor, _, scale), _) => {
                i64::try_from(*minor).map_or_else(|_| value.to_string(), |minor| self.money(minor, *scale as u32))
            }
            (AnyValue::Int64(minor), Some(Kind::Money)) => self.money(*minor, self.settings.currency.decimals),
            (AnyValue::Int64(number), _) => whole(*number, language),
            (AnyValue::Int32(number), _) => whole(i64::from(*number), language),
            (AnyValue::UInt32(number), _) => whole(i64::from(*number), language),
            (AnyValue::Float64(number), _) if is_share(column) => format::percent(*number, 1, language),
            (AnyValue::Float64(number), _) => format::decimal(*number, 2, language),
            (AnyValue::Boolean(flag), _) => match (flag, language) {
                (true, Language::Indonesian) => "ya".into(),
                (false, Language::Indonesian) => "tidak".into(),
                (true, Language::English) => "yes".into(),
                (false, Language::English) => "no".into(),
            },
            (AnyValue::Date(day), _) => format::date(&day_name(*day), language),
            (AnyValue::Datetime(micros, ..), _) => {
                let (day, second) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000) / 1_000_000);
                let (year, month, day) = civil(day as i32);
                let date = format::date(&format!("{year:04}-{month:02}-{day:02}"), language);
                format!("{date} {:02}:{:02}", second / 3600, second / 60 % 60)
            }
            (AnyValue::String(text), _) => self.text(column, kind, text),
            (AnyValue::StringOwned(text), _) => self.text(column, kind, text),
            (AnyValue::Null, _) => String::new(),
            (other, _) => other.to_string(),
        }
    }

    fn money(&self, minor: i64, decimals: u32) -> String {
        let currency = self.settings.currency;
        format::money_code(minor, decimals, currency.shown(), &currency.code, self.settings.language)
    }

    fn text(&self, column: &str, kind: Option<Kind>, text: &str) -> String {
        let language = self.settings.language;
        let beside = |name: &str| if name == text { text.to_string() } else { format!("{name} ({text})") };
        match column {
            _ if text.is_empty() => String::new(),
            column if OF_PRODUCTS.contains(&column) => beside(self.product(text)),
            "branch_id" | "preferred_branch" => {
                beside(self.branches.get(text).filter(|name| !name.is_empty()).map_or(text, String::as_str))
            }
            "phone" => super::phones::phone(text, self.settings.currency.code == "IDR"),
            "segment" | "previous_segment" => word("segment", text, language),
            "risk_band" => word("band", text, language),
            "method" => word("model", text, language),
            _ if kind == Some(Kind::Month) => format::month(text, language),
            "activity_status" | "party_class" | "profit_class" | "outcome" | "status" | "channel" | "kind"
            | "cause" | "preferred_channel" => word("value", text, language),
            _ => text.to_string(),
        }
    }
}

fn whole(number: i64, language: Language) -> String {
    let count = format::count(number.unsigned_abs(), language);
    if number < 0 { format!("-{count}") } else { count }
}

/// Whether a ratio is a share of something.
pub(super) fn is_share(column: &str) -> bool {
    ["probability", "share", "confidence", "support", "retention", "survival"].iter().any(|part| column.contains(part))
}
