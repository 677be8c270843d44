//! The segment language: one SQL expression over the columns of the mart `customers`, and never more than that.
//!
//! Polars parses and runs it. Before it does, the text is looked through for what is no expression (a subquery, a
//! statement, a comment, a function that is not on the list); afterwards every node and every column is checked, and
//! that the whole says yes or no about each row by itself.

use polars::prelude::*;
use polars::sql::sql_expr;

use crate::calendar::day_number;
use crate::contracts::Kind;
use crate::contracts::results::CUSTOMERS;

/// The functions that may be called: each looks at one row and changes nothing.
pub const FUNCTIONS: [&str; 20] = [
    "abs",
    "cast",
    "ceil",
    "char_length",
    "coalesce",
    "ends_with",
    "extract",
    "floor",
    "greatest",
    "ifnull",
    "least",
    "left",
    "length",
    "lower",
    "nullif",
    "replace",
    "right",
    "starts_with",
    "trim",
    "upper",
];

/// Words that may stand before a bracket without being a function.
const BEFORE_BRACKETS: [&str; 11] =
    ["and", "or", "not", "in", "when", "then", "else", "between", "like", "ilike", "case"];

/// Words no expression has.
const REFUSED: [&str; 6] = ["select", "with", "values", "table", "over", "lateral"];

/// Reads a condition: yes or no for each row of `customers` with money in currency units, null counting as no.
///
/// # Errors
/// What is wrong, as a person would say it; of an unknown column the nearest known one.
pub fn parse(text: &str) -> Result<Expr, String> {
    words(text)?;
    let parsed = sql_expr(text).map_err(|error| format!("`{text}` cannot be read: {}", plain(&error)))?;
    for node in &parsed {
        match node {
            Expr::Column(name) => known(name)?,
            Expr::Literal(_)
            | Expr::BinaryExpr { .. }
            | Expr::Cast { .. }
            | Expr::Ternary { .. }
            | Expr::Function { .. } => {}
            // The list of an IN.
            Expr::Agg(AggExpr::Implode { input, .. }) if matches!(**input, Expr::Literal(_)) => {}
            _ => {
                return Err(format!(
                    "`{text}`: a segment is a condition on one customer, without names, totals or other rows"
                ));
            }
        }
    }
    let holds = parsed.try_map_expr(exact).map_err(|error| format!("`{text}`: {}", plain(&error)))?;
    let schema = empty_customers().lazy().select([holds.clone()]).collect_schema();
    let schema = schema.map_err(|error| format!("`{text}`: {}", plain(&error)))?;
    match schema.get_at_index(0) {
        Some((_, DataType::Boolean)) => {}
        _ => {
            return Err(format!("`{text}` says neither yes nor no: compare something, as in `contribution > 5000000`"));
        }
    }
    // What has the right type can still fail on the values it compares.
    let tried = empty_customers().lazy().filter(holds.clone()).collect();
    tried.map_err(|error| format!("`{text}`: {}", plain(&error)))?;
    Ok(holds.fill_null(lit(false)))
}

/// The texts that columns of text are compared with, for who mistypes one.
pub fn texts(condition: &str) -> Vec<(String, String)> {
    let Ok(parsed) = sql_expr(condition) else { return Vec::new() };
    let mut found = Vec::new();
    let is_text = |name: &str| CUSTOMERS.column(name).is_some_and(|column| column.kind == Kind::Text);
    for node in &parsed {
        let Expr::BinaryExpr { left, op: Operator::Eq | Operator::NotEq, right } = node else { continue };
        for sides in [(&**left, &**right), (&**right, &**left)] {
            if let (Expr::Column(name), Expr::Literal(value)) = sides
                && let Some(text) = value.extract_str().filter(|_| is_text(name))
            {
                found.push((name.to_string(), text.to_string()));
            }
        }
    }
    found
}

/// Looks through the words outside quotes.
fn words(text: &str) -> Result<(), String> {
    let mut letters = text.char_indices().peekable();
    let (mut word, mut after_bracket) = (String::new(), false);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\'' | '"' => {
                if !letters.by_ref().any(|(_, other)| other == letter) {
                    return Err(format!("`{text}`: a quote is not closed"));
                }
                // A name in quotes before a bracket is no function on the list.
                (word, after_bracket) = (if letter == '"' { "\"".into() } else { String::new() }, false);
            }
            ';' => return Err(format!("`{text}`: one expression, no `;`")),
            '-' | '/' if text[at + 1..].starts_with(if letter == '-' { '-' } else { '*' }) => {
                return Err(format!("`{text}`: no comments"));
            }
            '(' => {
                let is_call = !word.is_empty() && !BEFORE_BRACKETS.contains(&word.as_str());
                if is_call && !FUNCTIONS.contains(&word.as_str()) {
                    return Err(format!("`{text}`: no function `{word}`; there are {}", FUNCTIONS.join(", ")));
                }
                (word, after_bracket) = (String::new(), true);
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                word = letter.to_lowercase().collect();
                while let Some((_, more)) =
                    letters.next_if(|(_, more)| more.is_alphanumeric() || *more == '_' || *more == '.')
                {
                    word.extend(more.to_lowercase());
                }
                if REFUSED.contains(&word.as_str()) || (after_bracket && word == "from") {
                    return Err(format!("`{text}`: a condition on one customer, no query (`{word}`)"));
                }
                after_bracket = false;
            }
            letter if letter.is_whitespace() => {}
            _ => (word, after_bracket) = (String::new(), false),
        }
    }
    Ok(())
}

/// Whether `customers` has a column; of one it has not, the nearest.
fn known(name: &str) -> Result<(), String> {
    if CUSTOMERS.column(name).is_some() {
        return Ok(());
    }
    let nearest = CUSTOMERS.columns.iter().map(|column| (distance(name, column.name), column.name)).min();
    let known: Vec<&str> = CUSTOMERS.columns.iter().map(|column| column.name).collect();
    Err(match nearest {
        Some((edits, nearest)) if edits * 3 <= name.len() => {
            format!("there is no column `{name}` in `customers`; did you mean `{nearest}`?")
        }
        _ => format!("there is no column `{name}` in `customers`; it has {}", known.join(", ")),
    })
}

/// Edits from one word to another (Levenshtein 1966).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (place, other) in right.iter().enumerate() {
            let above = row[place + 1];
            row[place + 1] = (diagonal + usize::from(letter != *other)).min(above + 1).min(row[place] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}

/// Days compare with days as written; money divides as a number, not to the last unit, and nothing by zero.
fn exact(node: Expr) -> PolarsResult<Expr> {
    let (left, op, right) = match node {
        Expr::BinaryExpr { left, op, right } => (left, op, right),
        // DATE '2026-01-31'
        Expr::Cast { expr, dtype: DataTypeExpr::Literal(DataType::Date), options } => {
            return Ok(match day(&expr)? {
                Some(day) => day,
                None => Expr::Cast { expr, dtype: DataTypeExpr::Literal(DataType::Date), options },
            });
        }
        other => return Ok(other),
    };
    let is_date = |side: &Expr| matches!(side, Expr::Column(name) if CUSTOMERS.column(name).is_some_and(|column| column.kind == Kind::Date));
    let (mut left, mut right) = ((*left).clone(), (*right).clone());
    if is_date(&left) {
        right = day(&right)?.unwrap_or(right);
    } else if is_date(&right) {
        left = day(&left)?.unwrap_or(left);
    }
    if op == Operator::TrueDivide {
        (left, right) = (left.cast(DataType::Float64), right.cast(DataType::Float64));
    }
    if matches!(op, Operator::TrueDivide | Operator::FloorDivide | Operator::Modulus) {
        // Nothing is known of what is divided by nothing.
        let zero = right.clone().cast(DataType::Float64).eq(lit(0.0));
        right = when(zero).then(lit(NULL)).otherwise(right);
    }
    Ok(Expr::BinaryExpr { left: left.into(), op, right: right.into() })
}

/// A text as the day it is; nothing where the expression is no text.
///
/// # Errors
/// Where it is a text and no day.
fn day(written: &Expr) -> PolarsResult<Option<Expr>> {
    let Expr::Literal(value) = written else { return Ok(None) };
    let Some(text) = value.extract_str() else { return Ok(None) };
    let parts: Option<Vec<i64>> = text.split('-').map(|part| part.parse().ok()).collect();
    let found = match parts.as_deref() {
        Some([year, month, day]) => day_number(*year, *month, *day),
        _ => None,
    };
    let day = found.ok_or_else(|| polars_err!(InvalidOperation: "`{}` is no day, write YYYY-MM-DD", text))?;
    Ok(Some(lit(day).cast(DataType::Date)))
}

/// `customers` as published, without rows. Two digits stand for any: the types are what counts.
fn empty_customers() -> DataFrame {
    let dtype = |kind: Kind| match kind {
        Kind::Id | Kind::Text | Kind::Month => DataType::String,
        Kind::Money => DataType::Decimal(18, 2),
        Kind::Integer | Kind::Quantity | Kind::Decimal => DataType::Int64,
        Kind::Flag => DataType::Boolean,
        Kind::Date => DataType::Date,
        Kind::Timestamp => DataType::Datetime(TimeUnit::Microseconds, None),
        Kind::Ratio => DataType::Float64,
    };
    let columns = CUSTOMERS.columns.iter().map(|column| Column::new_empty(column.name.into(), &dtype(column.kind)));
    DataFrame::new_infer_height(columns.collect()).unwrap_or_default()
}

/// The first line of an error of Polars, without its plan.
fn plain(error: &PolarsError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids of the customers a condition holds for.
    fn chosen(condition: &str) -> String {
        let money = |minor: Vec<Option<i64>>, name: &str| {
            let wide = Series::new(name.into(), minor).cast(&DataType::Int128).unwrap();
            wide.i128().unwrap().clone().into_decimal(18, 2).unwrap().into_column()
        };
        let days = Series::new("last_order_date".into(), [20_000_i32, 20_100, 20_200]).cast(&DataType::Date).unwrap();
        let frame = DataFrame::new_infer_height(vec![
            Column::new("customer_id".into(), ["a", "b", "c"]),
            Column::new("segment".into(), [Some("cant_lose"), Some("new"), None]),
            Column::new("city".into(), ["Solo", "Bandung", "O'Hara"]),
            Column::new("churn_probability".into(), [Some(0.71), Some(0.7), None]),
            Column::new("do_not_chase".into(), [Some(true), Some(false), None]),
            Column::new("n_orders".into(), [1_i64, 2, 3]),
            money(vec![Some(1_210), Some(1_211), Some(-5)], "contribution"),
            money(vec![Some(30), Some(90), Some(10)], "net_sales"),
            money(vec![Some(10), Some(20), Some(10)], "gross_margin"),
            days.into_column(),
        ]);
        let holds = parse(condition).unwrap_or_else(|error| panic!("{error}"));
        let found = frame.unwrap().lazy().filter(holds).select([col("customer_id")]).collect().unwrap();
        found.column("customer_id").unwrap().str().unwrap().iter().flatten().collect()
    }

    #[test]
    fn conditions_choose_as_sql_does_and_money_is_exact() {
        for (condition, ids) in [
            ("segment = 'cant_lose' and churn_probability > 0.7 and contribution > 5", "a"),
            ("contribution >= 12.10", "ab"),
            ("contribution > 12.10", "b"),
            ("contribution = 12.11", "b"),
            ("contribution < 0", "c"),
            ("contribution > 12", "ab"),
            ("net_sales + gross_margin >= 0.4", "ab"),
            ("net_sales - gross_margin = 0.2", "a"),
            ("gross_margin / net_sales > 0.333", "ac"),
            ("net_sales / n_orders >= 0.3", "ab"),
            ("net_sales * 2 > 0.5", "ab"),
            ("net_sales / (n_orders - 2) > 0", "c"),
            ("(net_sales - net_sales) / (n_orders - 2) >= 0", "ac"),
            ("not (net_sales / (n_orders - 2) > 0)", "a"),
            ("n_orders % (n_orders - 2) >= 0", "ac"),
            ("segment <> 'new'", "a"),
            ("segment is null", "c"),
            ("not do_not_chase", "b"),
            ("\"n_orders\" in (1, 3)", "ac"),
            ("coalesce(do_not_chase, false) = false", "bc"),
            ("city in ('Solo', 'O''Hara')", "ac"),
            ("city like 'B%' or n_orders between 3 and 4", "bc"),
            ("lower(city) = 'solo'", "a"),
            ("case when n_orders > 2 then 1 else 0 end = 1", "c"),
            ("last_order_date >= '2025-01-11'", "bc"),
            ("'2025-01-11' > last_order_date", "a"),
            ("last_order_date <= DATE '2025-01-12'", "ab"),
            ("customer_id = 'select; -- with'", ""),
            ("(n_orders > 1) AND NOT (n_orders > 2)", "b"),
            ("1 = 1", "abc"),
        ] {
            assert_eq!(chosen(condition), ids, "{condition}");
        }
    }

    #[test]
    fn texts_are_found_beside_their_columns() {
        let found = texts("segment = 'juara' and n_orders > 1 or 'high' <> risk_band");
        let pair = |column: &str, text: &str| (column.to_string(), text.to_string());
        assert_eq!(found, [pair("segment", "juara"), pair("risk_band", "high")]);
    }

    #[test]
    fn what_is_no_condition_is_refused_with_a_reason() {
        for (condition, reason) in [
            (
                "chrun_probability > 0.7",
                "no column `chrun_probability` in `customers`; did you mean `churn_probability`?",
            ),
            ("x > 1", "no column `x` in `customers`; it has customer_id, name,"),
            ("contribution", "says neither yes nor no"),
            ("sum(contribution) > 1", "no function `sum`"),
            ("read_csv('x') = 1", "no function `read_csv`"),
            ("\"cum_sum\"(n_orders) > 1", "no function `\"`"),
            ("customer_id in (select customer_id from rfm)", "no query (`select`)"),
            ("customer_id in (from read_csv('x'))", "no query (`from`)"),
            ("rank() over (order by clv) = 1", "no function `rank`"),
            ("n_orders > 1; drop table x", "no `;`"),
            ("n_orders > 1 -- and nothing", "no comments"),
            ("n_orders > 1 /* or */", "no comments"),
            ("n_orders > ", "cannot be read"),
            ("n_orders > 1 as many", "without names, totals or other rows"),
            ("*", ""),
            ("segment = 'new", "a quote is not closed"),
            ("segment > 5", "`segment > 5`"),
            ("last_order_date > 'Friday'", "`Friday` is no day"),
            ("last_order_date > DATE '2025-02-30'", "`2025-02-30` is no day"),
            ("", ""),
        ] {
            let error = parse(condition).expect_err(condition);
            assert!(error.contains(reason), "{condition}: {error}");
        }
    }
}
