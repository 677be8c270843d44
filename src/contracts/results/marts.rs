//! The tables that are SQL alone; their files are in `queries/`.

use crate::contracts::Kind::{Date, Flag, Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// The customer's whole picture.
pub static CUSTOMERS: Table = Table {
    name: "customers",
    doc: "Everything known and computed about a customer, side by side, one row per customer.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("name", Text, "Name."),
        Column::new("city", Text, "City."),
        Column::new("branch_id", Id, "Home branch."),
        Column::new("agent_id", Id, "The agent who looks after the customer."),
        Column::new("party_class", Text, "external, internal or supplier."),
        Column::new("registered_on", Date, "Day of registration."),
        Column::new("first_order_date", Date, "Day of the first completed order."),
        Column::new("last_order_date", Date, "Day of the last completed order."),
        Column::new("days_since_last_order", Integer, "Days from the last order to the as-of day."),
        Column::new("usual_gap_days", Integer, "Median days between two order days."),
        Column::new("last_activity_date", Date, "Day of the last order or interaction."),
        Column::new("activity_status", Text, "2_weeks, 1_month, 6_months or inactive."),
        Column::new("preferred_branch", Id, "Branch with the most orders."),
        Column::new("preferred_channel", Text, "Channel with the most orders."),
        Column::new("preferred_category", Text, "Category with the most lines."),
        Column::new("preferred_staff", Id, "Who served the most orders."),
        Column::new("next_birthday", Date, "The first birthday on or after the as-of day."),
        Column::new("n_orders", Integer, "Completed orders that sold something."),
        Column::new("units", Integer, "Units sold."),
        Column::new("gross_sales", Money, "Quantity × unit price."),
        Column::new("net_sales", Money, "Gross − discounts − returns."),
        Column::new("gross_margin", Money, "Net sales − cost of goods."),
        Column::new("contribution", Money, "Gross margin − the shares of all pools."),
        Column::new("decile", Integer, "1 for the tenth with the highest contribution."),
        Column::new("recency_days", Integer, "RFM: days since the last order in the window."),
        Column::new("frequency", Integer, "RFM: orders in the window."),
        Column::new("monetary", Money, "RFM: net sales in the window."),
        Column::new("r", Integer, "Recency score, 5 for the most recent."),
        Column::new("f", Integer, "Frequency score."),
        Column::new("m", Integer, "Monetary score."),
        Column::new("segment", Text, "RFM segment; empty without an order in the window."),
        Column::new("churn_probability", Ratio, "Probability of no order within the horizon."),
        Column::new("risk_band", Text, "low, medium, high or lost."),
        Column::new("profit_at_risk", Money, "Churn probability × margin at stake over the horizon."),
        Column::new("do_not_chase", Flag, "Not worth keeping, or not a customer."),
        Column::new("clv", Money, "Expected discounted contribution of the next months."),
        Column::new("historic_value", Money, "Contribution so far."),
    ],
    open: None,
};

/// What sells.
pub static PRODUCT_SALES: Table = Table {
    name: "product_sales",
    doc: "What sells, one row per product with a completed order.",
    key: &["product_id"],
    columns: &[
        Column::new("product_id", Id, "The product.").filled(),
        Column::new("name", Text, "Its name."),
        Column::new("category", Text, "Its category."),
        Column::new("n_lines", Integer, "Lines of completed orders."),
        Column::new("units", Integer, "Units sold."),
        Column::new("gross_sales", Money, "Quantity × unit price."),
        Column::new("net_sales", Money, "Gross − discounts − returns."),
        Column::new("days_since_last_sale", Integer, "Days from the last line to the as-of day."),
    ],
    open: None,
};

/// The statement by tenths of customers.
pub static PROFITABILITY_DECILES: Table = Table {
    name: "profitability_deciles",
    doc: "What each tenth of the customers earned us, one row per decile.",
    key: &["decile"],
    columns: &[
        Column::new("decile", Integer, "1 for the highest contributions."),
        Column::new("customers", Integer, "Customers in it."),
        Column::new("n_orders", Integer, "Their orders."),
        Column::new("net_sales", Money, "Their net sales."),
        Column::new("gross_margin", Money, "Their gross margin."),
        Column::new("contribution", Money, "Their contribution."),
    ],
    open: None,
};

/// Whom each agent looks after.
pub static AGENT_PORTFOLIO: Table = Table {
    name: "agent_portfolio",
    doc: "Whom each agent looks after and what is at stake, one row per agent with customers.",
    key: &["agent_id"],
    columns: &[
        Column::new("agent_id", Id, "The agent; empty for customers without one."),
        Column::new("customers", Integer, "Customers."),
        Column::new("active_customers", Integer, "Those active in the last month."),
        Column::new("net_sales", Money, "Their net sales."),
        Column::new("contribution", Money, "Their contribution."),
        Column::new("profit_at_risk", Money, "Their profit at risk."),
    ],
    open: None,
};
