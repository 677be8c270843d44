//! The input tables. A source in `langgan.toml` maps the columns of an export onto one of these,
//! or onto `flat`: one file whose rows carry customer, product, order and line at once.

use super::Kind::{Date, Decimal, Flag, Id, Integer, Money, Month, Quantity, Ratio, Text, Timestamp};
use super::{Column, Table};

/// Every input table, parents first: ingest reads them in this order.
pub const ALL: &[&Table] = &[
    &BRANCHES,
    &AGENTS,
    &PRODUCTS,
    &CUSTOMERS,
    &IDENTIFIERS,
    &ORDERS,
    &ORDER_LINES,
    &FLAT,
    &INTERACTIONS,
    &CONTACTS,
    &ACTIVITY_COSTS,
    &COST_RATES,
    &LEDGER,
    &JOBS,
    &CONTROL_TOTALS,
    &CALENDAR,
    &HQ_DOCUMENTS,
    &CORRECTIONS,
    &MARKET,
];

/// Branches of the company.
pub static BRANCHES: Table = Table {
    name: "branches",
    doc: "Branches of the company, one row per branch.",
    key: &["branch_id"],
    columns: &[
        Column::new("branch_id", Id, "The branch.").required(),
        Column::new("name", Text, "Its name."),
        Column::new("city", Text, "Its city."),
        Column::new("opened_on", Date, "The day it opened."),
        Column::new("administrator", Text, "Who answers for its data."),
    ],
    open: None,
};

/// Agents and sales staff.
pub static AGENTS: Table = Table {
    name: "agents",
    doc: "Agents who follow customers up, one row per agent.",
    key: &["agent_id"],
    columns: &[
        Column::new("agent_id", Id, "The agent.").required(),
        Column::new("name", Text, "Name."),
        Column::new("branch_id", Id, "Home branch."),
        Column::new("daily_capacity", Integer, "Contacts a day; the queue is capped at it."),
        Column::new("started_on", Date, "First day of work."),
    ],
    open: None,
};

/// Products.
pub static PRODUCTS: Table = Table {
    name: "products",
    doc: "Products, one row per product.",
    key: &["product_id"],
    columns: &[
        Column::new("product_id", Id, "The product (SKU).").required(),
        Column::new("name", Text, "Its name."),
        Column::new("category", Text, "Category."),
        Column::new("subcategory", Text, "Subcategory."),
        Column::new("brand", Text, "Brand."),
        Column::new("list_price", Money, "List price of one unit."),
        Column::new("unit_cost", Money, "Standard cost of one unit."),
        Column::new("tier", Text, "Quality step inside the category: basic, standard, premium, …"),
        Column::new("stock", Integer, "Units in stock; empty where the export has none."),
    ],
    open: None,
};

/// Customers.
pub static CUSTOMERS: Table = Table {
    name: "customers",
    doc: "Customers, one row per customer.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").required(),
        Column::new("name", Text, "Name."),
        Column::new("birth_date", Date, "Date of birth."),
        Column::new("phone", Text, "Telephone."),
        Column::new("email", Text, "E-mail address."),
        Column::new("city", Text, "City (or country, where the export has no city)."),
        Column::new("branch_id", Id, "Home branch."),
        Column::new("registered_on", Date, "Day of registration."),
        Column::new("consent_email", Flag, "May be written to by e-mail."),
        Column::new("consent_sms", Flag, "May be sent messages."),
        Column::new("consent_call", Flag, "May be called."),
        Column::new("agent_id", Id, "The agent who looks after the customer."),
        Column::new("party_class", Text, "external, internal or supplier."),
        Column::new(
            "party_id",
            Id,
            "The party this account belongs to, where one party has several (as customer and as supplier).",
        ),
        Column::new("referrer_id", Id, "The customer who brought this one."),
        Column::new("contract_start", Date, "Day the contract began, where customers have one."),
        Column::new("contract_end", Date, "Day it ended; empty while it runs."),
        Column::new("contract_months", Integer, "Months it has run, where the export has no first day."),
        Column::new("contract_ended", Flag, "Whether it has ended, where the export has no day."),
        Column::new("contract_type", Text, "Kind of contract: monthly, yearly, …"),
        Column::new("contract_service", Text, "What it is for."),
        Column::new("contract_payment", Text, "How it is paid."),
        Column::new("monthly_charge", Money, "What it costs a month."),
    ],
    open: None,
};

/// Other identifiers of a customer.
pub static IDENTIFIERS: Table = Table {
    name: "identifiers",
    doc: "Vehicle plates, cards and other identifiers of customers, one row per kind and value.",
    key: &["kind", "value"],
    columns: &[
        Column::new("kind", Text, "vehicle, card, phone, …").required(),
        Column::new("value", Text, "The identifier as exported.").required(),
        Column::new("customer_id", Id, "Whose it is.").required().of("customers", "unknown_customer"),
    ],
    open: None,
};

/// Orders.
pub static ORDERS: Table = Table {
    name: "orders",
    doc: "Orders (invoices), one row per order.",
    key: &["order_id"],
    columns: &[
        Column::new("order_id", Id, "The order.").required(),
        Column::new("customer_id", Id, "The buyer; empty for an anonymous sale.").of("customers", "unknown_customer"),
        Column::new("branch_id", Id, "The selling branch."),
        Column::new("ordered_at", Timestamp, "When it was placed, local time.").required(),
        Column::new("channel", Text, "store, web, app, phone, …"),
        Column::new("payment", Text, "cash, card, transfer, installment, …"),
        Column::new("status", Text, "completed, cancelled or pending; absent means completed."),
        Column::new("staff_id", Id, "Who served."),
        Column::new("coupon", Money, "Coupon or promotion on the whole order."),
        Column::new("rebate", Money, "Rebate or bonus granted on the order."),
        Column::new("freight", Money, "What sending the order cost us."),
        Column::new(
            "stated_total",
            Money,
            "Total of the order as the export states it, only compared with the sum of its lines.",
        ),
    ],
    open: None,
};

/// Lines of orders.
pub static ORDER_LINES: Table = Table {
    name: "order_lines",
    doc: "Lines of orders, one row per order and line number.",
    key: &["order_id", "line_no"],
    columns: &[
        Column::new("order_id", Id, "The order.").required().of("orders", "unknown_order"),
        Column::new("line_no", Integer, "Number of the line in its order.").required(),
        Column::new("product_id", Id, "The product.").required().of("products", "unknown_product"),
        Column::new("quantity", Quantity, "Units.").required(),
        Column::new("unit_price", Money, "Price of one unit before discount.").required(),
        Column::new("discount", Money, "Discount on the whole line; none where empty.").nil_when_empty(),
        Column::new("returned", Flag, "The line was brought back."),
        Column::new("unit_cost", Money, "Cost of one unit, where the export has it by line."),
        Column::new("line_cost", Money, "Cost of the whole line, where the export has it so; it goes before unit_cost."),
        Column::new("line_total", Money, "What the whole line came to after discount. Without unit_price, that is worked out of it; with it, the discount is.").unstored(),
        Column::new("line_profit", Money, "Profit of the whole line; line_cost is what is left of the line's total.").unstored(),
        Column::new("discount_rate", Ratio, "Discount as a share of the line: 0 to 1, or with a per cent sign.").unstored(),
        Column::new("discount_percent", Ratio, "Discount in per cent of the line: 0 to 100.").unstored(),
        Column::new("promotion", Money, "Promotion or coupon on the whole line, besides its discount."),
        Column::new("stated_total", Money, "Total of the line as the export states it, only compared with quantity × unit_price − discount."),
    ],
    open: None,
};

/// One file that carries everything.
pub static FLAT: Table = Table {
    name: "flat",
    doc: "One file whose rows carry customer, product, order and line; lines are numbered in file order within their order, one row per line.",
    key: &[],
    columns: &[
        Column::new("order_id", Id, "The order.").required(),
        Column::new("product_id", Id, "The product.").required(),
        Column::new("customer_id", Id, "The buyer; empty for an anonymous sale."),
        Column::new("branch_id", Id, "The selling branch."),
        Column::new("ordered_at", Timestamp, "When it was placed; the first row of an order counts.").required(),
        Column::new("quantity", Quantity, "Units.").required(),
        Column::new("unit_price", Money, "Price of one unit before discount.").required(),
        Column::new("discount", Money, "Discount on the whole line; none where empty.").nil_when_empty(),
        Column::new("unit_cost", Money, "Cost of one unit."),
        Column::new("line_cost", Money, "Cost of the whole line, where the export has it so; it goes before unit_cost."),
        Column::new("line_total", Money, "What the whole line came to after discount. Without unit_price, that is worked out of it; with it, the discount is.").unstored(),
        Column::new("line_profit", Money, "Profit of the whole line; line_cost is what is left of the line's total.").unstored(),
        Column::new("discount_rate", Ratio, "Discount as a share of the line: 0 to 1, or with a per cent sign.").unstored(),
        Column::new("discount_percent", Ratio, "Discount in per cent of the line: 0 to 100.").unstored(),
        Column::new("promotion", Money, "Promotion or coupon on the whole line, besides its discount."),
        Column::new("stated_total", Money, "Total of the line as the export states it, only compared with quantity × unit_price − discount."),
        Column::new("returned", Flag, "The line was brought back."),
        Column::new("channel", Text, "store, web, app, phone, …"),
        Column::new("payment", Text, "cash, card, transfer, installment, …"),
        Column::new("status", Text, "completed, cancelled or pending; absent means completed."),
        Column::new("product_name", Text, "Name of the product; the first that is not empty counts."),
        Column::new("category", Text, "Category of the product."),
        Column::new("subcategory", Text, "Subcategory of the product."),
        Column::new("brand", Text, "Brand of the product."),
        Column::new("customer_name", Text, "Name of the customer."),
        Column::new("city", Text, "City or country of the customer."),
        Column::new("phone", Text, "Telephone of the customer."),
        Column::new("email", Text, "E-mail address of the customer."),
    ],
    open: None,
};

/// What happened with customers besides orders.
pub static INTERACTIONS: Table = Table {
    name: "interactions",
    doc: "Calls, visits, complaints, wishes, one row per interaction.",
    key: &["interaction_id"],
    columns: &[
        Column::new("interaction_id", Id, "The interaction.").required(),
        Column::new("customer_id", Id, "The customer.").required().of("customers", "unknown_customer"),
        Column::new("at", Timestamp, "When, local time.").required(),
        Column::new("kind", Text, "call, visit, complaint, suggestion, wishlist, interest, …").required(),
        Column::new("product_id", Id, "The product it is about."),
        Column::new("minutes", Integer, "Minutes it took."),
        Column::new("agent_id", Id, "Who dealt with it."),
        Column::new("status", Text, "open, closed, …"),
        Column::new("text", Text, "What was said."),
    ],
    open: None,
};

/// What became of the contacts that were planned.
pub static CONTACTS: Table = Table {
    name: "contacts",
    doc: "Outcomes of the follow-up queue, one row per contact.",
    key: &["contact_id"],
    columns: &[
        Column::new("contact_id", Id, "The contact: the queue's key.").required(),
        Column::new("customer_id", Id, "The customer.").required().of("customers", "unknown_customer"),
        Column::new("agent_id", Id, "Who made it."),
        Column::new("at", Timestamp, "When, local time.").required(),
        Column::new("rule", Text, "The reason it was made for."),
        Column::new("channel", Text, "call, message, e-mail, …"),
        Column::new("outcome", Text, "reached, sold, refused, no_answer, …"),
        Column::new("in_control", Flag, "Held out: not contacted on purpose."),
    ],
    open: None,
};

/// Costs of activities.
pub static ACTIVITY_COSTS: Table = Table {
    name: "activity_costs",
    doc: "Cost of each activity pool, one row per month and pool.",
    key: &["month", "pool"],
    columns: &[
        Column::new("month", Month, "The month.").required(),
        Column::new("pool", Text, "The cost pool: warehouse, delivery, …").required(),
        Column::new("amount", Money, "What it cost.").required(),
    ],
    open: None,
};

/// Rates that change on certain days.
pub static COST_RATES: Table = Table {
    name: "cost_rates",
    doc: "Dated rates for cost formulas (wage, electricity, freight, …), one row per first day and rate.",
    key: &["valid_from", "rate"],
    columns: &[
        Column::new("valid_from", Date, "The first day it holds; it does until the next one.").required(),
        Column::new("rate", Text, "Its name; formulas call it rate.NAME.").required(),
        Column::new("value", Decimal, "Its value, with up to six decimals.").required(),
    ],
    open: None,
};

/// Bookings by month and account.
pub static LEDGER: Table = Table {
    name: "ledger",
    doc: "The general ledger as it was booked, one row per month and account.",
    key: &["month", "account"],
    columns: &[
        Column::new("month", Month, "The month.").required(),
        Column::new("account", Id, "The account.").required(),
        Column::new("amount", Money, "What was booked; costs and revenue both positive.").required(),
    ],
    open: None,
};

/// Make-to-order work.
pub static JOBS: Table = Table {
    name: "jobs",
    doc: "What making an ordered line took, one row per order line made to order.",
    key: &["order_id", "line_no"],
    columns: &[
        Column::new("order_id", Id, "The order.").required().of("orders", "unknown_order"),
        Column::new("line_no", Integer, "Number of the line in its order.").required(),
        Column::new("material_cost", Money, "Material, in money."),
        Column::new("labour_hours", Decimal, "Hours of work."),
        Column::new("machine_hours", Decimal, "Hours of machines."),
        Column::new("rejected_units", Integer, "Units made and thrown away."),
    ],
    open: None,
};

/// What the branches say they sent.
pub static CONTROL_TOTALS: Table = Table {
    name: "control_totals",
    doc: "Control totals of the senders, one row per day, branch and entity.",
    key: &["day", "branch_id", "entity"],
    columns: &[
        Column::new("day", Date, "The day.").required(),
        Column::new("branch_id", Id, "The branch.").required(),
        Column::new("entity", Text, "What is counted: orders (where absent), or order_lines."),
        Column::new("rows", Integer, "Number of completed orders, or of their lines.").filled(),
        Column::new("amount", Money, "Sum of quantity × price − discount, returned lines included.").filled(),
        Column::new("quantity", Quantity, "Sum of the units of the lines."),
        Column::new(
            "id_hash",
            Integer,
            "Hash total of the completed orders: the last nine digits of each order_id added up, modulo 1,000,000,007.",
        ),
        Column::new("first_document", Id, "The first order_id of the day, of any status, in the order of ids."),
        Column::new("last_document", Id, "The last order_id of the day, of any status, in the order of ids."),
    ],
    open: None,
};

/// Days on which branches do not sell as usual.
pub static CALENDAR: Table = Table {
    name: "calendar",
    doc: "Days on which branches do not sell as usual, one row per date and branch.",
    key: &["date", "branch_id"],
    columns: &[
        Column::new("date", Date, "The day.").required(),
        Column::new("branch_id", Id, "The branch; empty for all of them."),
        Column::new(
            "kind",
            Text,
            "closed: nothing is expected; holiday: whatever comes is expected; open: orders are expected whatever the habit.",
        )
        .required(),
    ],
    open: None,
};

/// What head office has of the branches' documents.
pub static HQ_DOCUMENTS: Table = Table {
    name: "hq_documents",
    doc: "Documents as head office has booked them, compared with the branches' orders, one row per document.",
    key: &["document_id"],
    columns: &[
        Column::new("document_id", Id, "The order_id at the branch.").required(),
        Column::new("branch_id", Id, "The branch."),
        Column::new("day", Date, "The day of the document.").required(),
        Column::new("amount", Money, "Sum of quantity × price − discount, returned lines included.").required(),
    ],
    open: None,
};

/// What is wrong in an export and cannot be mended there.
pub static CORRECTIONS: Table = Table {
    name: "corrections",
    doc: "Corrections of single cells, applied anew in each run as long as the export has the old value, one row per cell.",
    key: &["entity", "id", "line_no", "column"],
    columns: &[
        Column::new("entity", Text, "The table: orders, order_lines, customers or products.").required(),
        Column::new("id", Id, "The order, customer or product.").required(),
        Column::new("line_no", Integer, "The line, in order_lines."),
        Column::new("column", Text, "The column to be corrected.").required(),
        Column::new(
            "was",
            Text,
            "The wrong value, as the export has it; amounts as 1250000.50, times as 2026-03-31 10:00:00.",
        )
        .required(),
        Column::new("now", Text, "The right value, written the same way.").required(),
        Column::new("reason", Text, "Why."),
        Column::new("by", Text, "Who says so."),
    ],
    open: None,
};

/// What others sell.
pub static MARKET: Table = Table {
    name: "market",
    doc: "Sales and prices of competitors, one row per month, category and competitor.",
    key: &["month", "category", "competitor"],
    columns: &[
        Column::new("month", Month, "The month.").required(),
        Column::new("category", Text, "The category, named as the products' own.").required(),
        Column::new("competitor", Text, "The competitor; `total` for the whole market, own sales included.").required(),
        Column::new("market_sales", Money, "What it sold.").required(),
        Column::new("price", Money, "Its price of one unit."),
    ],
    open: None,
};
