//! The tables of `profitability`.

use crate::contracts::Kind::{Id, Integer, Money, Month, Ratio, Text};
use crate::contracts::{Column, Open, Table};

/// One column for each pool.
const POOLS: Open = Open { prefix: "cost_", kind: Money, doc: "Share of the pool of that name." };

/// From gross sales to contribution.
const N_ORDERS: Column = Column::new("n_orders", Integer, "Completed orders that sold something.");
const N_LINES: Column = Column::new("n_lines", Integer, "Lines of completed orders.");
const UNITS: Column = Column::new("units", Integer, "Units sold, those brought back later included.");
const GROSS_SALES: Column = Column::new("gross_sales", Money, "Quantity × unit price.");
const DISCOUNTS: Column = Column::new("discounts", Money, "Discounts given.");
const PROMOTIONS: Column = Column::new("promotions", Money, "Promotions and coupons.");
const RETURNS: Column = Column::new("returns", Money, "What went back.");
const REBATES: Column = Column::new("rebates", Money, "Rebates and bonuses granted.");
const NET_SALES: Column = Column::new("net_sales", Money, "Gross sales − discounts − promotions − returns − rebates.");
const COGS: Column =
    Column::new("cogs", Money, "Cost of the goods that were kept; what it took, for lines made to order.");
const GROSS_MARGIN: Column = Column::new("gross_margin", Money, "Net sales − cost of goods.");
const ORDER_COSTS: Column = Column::new("order_costs", Money, "Shares of the pools of the order stage.");
const SERVICE_COSTS: Column = Column::new("service_costs", Money, "Shares of the pools of the service stage.");
const MARKETING_COSTS: Column = Column::new("marketing_costs", Money, "Shares of the pools of the marketing stage.");
const OVERHEAD_COSTS: Column = Column::new("overhead_costs", Money, "Shares of the pools of the overhead stage.");
const CONTRIBUTION: Column = Column::new("contribution", Money, "Gross margin − the shares of all pools.");

/// What each customer earned us.
pub static PROFITABILITY: Table = Table {
    name: "profitability",
    doc: "What each customer earned us, with one cost column a pool, one row per customer.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("party_class", Text, "external, internal or supplier; external where the export does not say."),
        N_ORDERS,
        N_LINES,
        UNITS,
        GROSS_SALES,
        DISCOUNTS,
        PROMOTIONS,
        RETURNS,
        REBATES,
        NET_SALES,
        COGS,
        GROSS_MARGIN,
        ORDER_COSTS,
        SERVICE_COSTS,
        MARKETING_COSTS,
        OVERHEAD_COSTS,
        CONTRIBUTION,
        Column::new(
            "profit_class",
            Text,
            "profitable, break_even or loss, by contribution and `break_even`; inactive without any line or cost.",
        ),
        Column::new(
            "decile",
            Integer,
            "1 for the tenth of the customers with the highest contribution, 10 for the lowest; empty for our own.",
        ),
    ],
    open: Some(POOLS),
};

/// The statement by period.
pub static PROFITABILITY_PERIODS: Table = Table {
    name: "profitability_periods",
    doc: "What each customer earned us in each period, one row per period and customer with an order or contact in it.",
    key: &["period", "customer_id"],
    columns: &[
        Column::new("period", Text, "The period: 2025, 2025-Q3 or 2025-07, as configured.").filled(),
        Column::new("customer_id", Id, "The customer.").filled(),
        N_ORDERS,
        N_LINES,
        UNITS,
        GROSS_SALES,
        DISCOUNTS,
        PROMOTIONS,
        RETURNS,
        REBATES,
        NET_SALES,
        COGS,
        GROSS_MARGIN,
        ORDER_COSTS,
        SERVICE_COSTS,
        MARKETING_COSTS,
        OVERHEAD_COSTS,
        CONTRIBUTION,
    ],
    open: Some(POOLS),
};

/// The pools by month.
pub static PROFITABILITY_POOLS: Table = Table {
    name: "profitability_pools",
    doc: "What each pool cost in each month and what became of it, one row per pool and month with a booked cost.",
    key: &["pool", "month"],
    columns: &[
        Column::new("pool", Text, "The pool.").filled(),
        Column::new("month", Month, "The month."),
        Column::new("stage", Text, "order, service, marketing or overhead."),
        Column::new("ledger", Money, "What its source says."),
        Column::new("received", Money, "What supporting pools passed on to it."),
        Column::new("passed_on", Money, "What it passed on to other pools."),
        Column::new("unused", Money, "The cost of capacity nobody used."),
        Column::new("unallocated", Money, "The cost nobody drove, or negative drivers did."),
        Column::new("shared", Money, "What customers and anonymous sales share; nothing of it, where it is traced."),
        Column::new("driver", Ratio, "What they drove, in the driver's unit."),
        Column::new("capacity", Ratio, "Practical capacity in that unit; empty where the pool has none."),
    ],
    open: None,
};

/// The whale curve.
pub static PROFITABILITY_WHALE: Table = Table {
    name: "profitability_whale",
    doc: "Cumulative contribution of the best customers outside the house, one row per percent of customers.",
    key: &["percent"],
    columns: &[
        Column::new("percent", Integer, "The best so many percent of the customers."),
        Column::new("customers", Integer, "How many they are, rounded up."),
        Column::new("cumulative_contribution", Money, "Their contribution together."),
    ],
    open: None,
};

/// Every figure against its source.
pub static PROFITABILITY_TIEOUT: Table = Table {
    name: "profitability_tieout",
    doc: "Every figure of the statement against its source, one row per line or pool.",
    key: &["line"],
    columns: &[
        Column::new("line", Text, "The line of the statement or the pool."),
        Column::new("ledger", Money, "The source: order lines, activity costs, or the ledger's accounts."),
        Column::new("received", Money, "What supporting pools passed on to it."),
        Column::new("passed_on", Money, "What it passed on to other pools."),
        Column::new("customers", Money, "What all customers outside the house have of it."),
        Column::new("internal", Money, "What internal parties have of it."),
        Column::new("anonymous", Money, "What anonymous sales have of it."),
        Column::new("unused", Money, "The cost of capacity nobody used; spread over nobody."),
        Column::new("unallocated", Money, "Cost nobody drove, or that no formula traced."),
        Column::new("rounding", Money, "What rounding to the nearest unit left over; nothing with largest remainder."),
        Column::new("difference", Money, "Ledger + received − passed on − all the others: nothing, or the run fails."),
    ],
    open: None,
};

/// The loss-makers.
pub static PROFITABILITY_LOSSES: Table = Table {
    name: "profitability_losses",
    doc: "Customers outside the house with a negative contribution and the lines that make it so, one row per customer.",
    key: &["customer_id"],
    columns: &[
        Column::new("rank", Integer, "1 for the largest loss (ties by customer id)."),
        Column::new("customer_id", Id, "The customer.").filled(),
        NET_SALES,
        GROSS_MARGIN,
        CONTRIBUTION,
        Column::new("lines_below_cost", Integer, "Order lines kept that brought less than the goods cost."),
        Column::new("margin_below_cost", Money, "What these lines lost together, as a negative amount."),
        Column::new("worst_product", Id, "The product of the line that lost most."),
        Column::new(
            "reason_1",
            Text,
            "The line of the statement that takes most beyond the usual share of gross sales.",
        ),
        Column::new("excess_1", Money, "What it takes more than that share."),
        Column::new("reason_2", Text, "The second."),
        Column::new("excess_2", Money, "What it takes more."),
        Column::new("reason_3", Text, "The third."),
        Column::new("excess_3", Money, "What it takes more."),
    ],
    open: None,
};

/// What moved contributions.
pub static PROFITABILITY_MOVES: Table = Table {
    name: "profitability_moves",
    doc: "Why the contribution of the newest complete period differs from the one before it, one row per customer in either.",
    key: &["customer_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("period", Text, "The period."),
        Column::new("base_period", Text, "The one before it."),
        Column::new("base_contribution", Money, "Contribution of the base period."),
        Column::new("contribution", Money, "Contribution of the period: the base plus all that follows."),
        Column::new("price", Money, "Products of both periods: list price a unit against the base period's."),
        Column::new(
            "discount",
            Money,
            "Discounts, promotions and rebates against their share of gross sales in the base.",
        ),
        Column::new("returns", Money, "Returns against their share of gross sales in the base."),
        Column::new("cost", Money, "Products of both periods: cost a unit against the base period's."),
        Column::new(
            "volume",
            Money,
            "Units more or less at the base period's margin a unit; all of it for who came or left.",
        ),
        Column::new("mix", Money, "Other products, and what is left."),
        Column::new("service", Money, "Shares of the pools, saved or added."),
    ],
    open: None,
};

/// Parties with several accounts.
pub static PROFITABILITY_PARTIES: Table = Table {
    name: "profitability_parties",
    doc: "Parties with several accounts, as customer and as supplier, netted, one row per party.",
    key: &["party_id"],
    columns: &[
        Column::new("party_id", Id, "The party.").filled(),
        Column::new("party_class", Text, "The classes of its accounts, joined by +."),
        Column::new("accounts", Integer, "Its accounts among the customers."),
        Column::new("sales", Money, "What it bought of us, net."),
        Column::new("purchases", Money, "What its supplier accounts sold us: the credits booked there."),
        Column::new("net", Money, "Sales − purchases."),
        Column::new("contribution", Money, "Contribution of all its accounts."),
    ],
    open: None,
};
