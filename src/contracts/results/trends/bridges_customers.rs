//! Why two months differ, by who bought: customers gained and lost, and how often and how much each bought.

use crate::contracts::Kind::{Flag, Id, Integer, Money, Month, Ratio, Text};
use crate::contracts::{Column, Table};

const PERIOD: Column = Column::new("period", Month, "The month.").filled();
const BASE_PERIOD: Column =
    Column::new("base_period", Month, "The month it is compared with: the month before, or the same a year before.")
        .filled();
const IS_PARTIAL: Column = Column::new("is_partial", Flag, "The data do not cover the whole of both months.").filled();

/// Who came and who went.
pub static TREND_CUSTOMER_BRIDGE: Table = Table {
    name: "trend_customer_bridge",
    doc: "The difference in net sales between two months as new + reactivated + retained + lost (nil or negative) + others + anonymous, to the \
          last minor unit, against the month before and against the same month last year. One row per month and base month.",
    key: &["period", "base_period"],
    columns: &[
        PERIOD,
        BASE_PERIOD,
        IS_PARTIAL,
        Column::new("net_sales_base", Money, "Net sales of the base month.").filled(),
        Column::new("net_sales", Money, "Net sales of the month.").filled(),
        Column::new("new", Money, "Net sales of customers whose first order came after the base month.").filled(),
        Column::new(
            "reactivated",
            Money,
            "What customers brought who had bought before the base month, not in it, and now.",
        )
        .filled(),
        Column::new("retained", Money, "What customers who bought in both months spent more (or less).").filled(),
        Column::new("lost", Money, "− what customers who bought in the base month and not in this one had spent.")
            .filled(),
        Column::new("others", Money, "Change of what went back from customers who bought in neither month.").filled(),
        Column::new("anonymous", Money, "Change of sales without a customer.").filled(),
        Column::new("customers_new", Integer, "Customers behind `new`.").filled(),
        Column::new("customers_reactivated", Integer, "Customers behind `reactivated`.").filled(),
        Column::new("customers_retained", Integer, "Customers behind `retained`.").filled(),
        Column::new("customers_lost", Integer, "Customers behind `lost`.").filled(),
    ],
    open: None,
};

/// How many, how often, how much.
pub static TREND_BASKET_BRIDGE: Table = Table {
    name: "trend_basket_bridge",
    doc: "The difference in the sales to known customers (gross − discounts, returns not taken off) between two months as \
          customers + frequency + basket, to the last minor unit. One row per month, base month, dimension and value.",
    key: &["period", "base_period", "dimension", "value"],
    columns: &[
        PERIOD,
        BASE_PERIOD,
        Column::new("dimension", Text, "`all` or `branch`.").filled(),
        Column::new("value", Id, "The branch id, or `all`.").filled(),
        IS_PARTIAL,
        Column::new("sales_base", Money, "Sales to known customers in the base month.").filled(),
        Column::new("sales", Money, "The same in the month.").filled(),
        Column::new(
            "customers",
            Money,
            "What more (or fewer) active customers brought: L × ln of their ratio, L the logarithmic mean of the two sales \
             (LMDI I), to the nearest minor unit; all of the difference where one of the months has no sales.",
        )
        .filled(),
        Column::new("frequency", Money, "What more orders a customer brought; as `customers`.").filled(),
        Column::new("basket", Money, "What larger orders brought: the rest of the difference.").filled(),
        Column::new("active_customers", Integer, "Known customers who bought in the month.").filled(),
        Column::new("orders_per_customer", Ratio, "Their orders / customers; empty where there are none."),
        Column::new("average_order", Money, "Sales / orders, to the nearest minor unit; empty where there are none."),
    ],
    open: None,
};
