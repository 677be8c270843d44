//! The tables of `up_sell`.

use super::model_cards::OFFER_CARD;
use crate::contracts::Kind::{Date, Flag, Id, Integer, Money, Ratio, Text};
use crate::contracts::{Column, Table};

/// What better to offer customers in place of, or along with, what they buy.
pub static UP_SELL: Table = Table {
    name: "up_sell",
    doc: "Products of a higher tier, bigger packs, accessories and replacements of what a customer buys, one row per \
          customer and product.",
    key: &["customer_id", "product_id"],
    columns: &[
        Column::new("customer_id", Id, "The customer.").filled(),
        Column::new("product_id", Id, "The product to offer.").filled(),
        Column::new("rank", Integer, "1 for the first product to offer to this customer.").filled(),
        Column::new(
            "probability",
            Ratio,
            "trade_up, bigger_pack: probability that he buys of the next step within the horizon; dearer: that he buys the \
             product within it; accessory: that he buys \
             it within `within_days`; replacement: that he buys of the kind again within the horizon.",
        )
        .filled(),
        Column::new(
            "expected_margin",
            Money,
            "Probability × what a sale earns − the cost of the contact. trade_up, dearer and bigger_pack earn the unit margin of \
             the product − that of `because`, the others the whole margin; a unit earns its price (list price, else paid on \
             average) − its cost (unit cost, else that of the lines). Empty where one is unknown.",
        ),
        Column::new(
            "reason",
            Text,
            "trade_up: others with his usual tier went on to the next; dearer: the best seller of the kind that is dearer than \
             what he buys, where that was bought more often than what the next tier offers; bigger_pack: the same product in the next bigger \
             pack costs less by the unit; accessory: goes with `because`, bought of late; replacement: `because` is as old \
             as what others replaced.",
        )
        .filled(),
        Column::new("because", Id, "What he buys, or has, that speaks for it.").filled(),
        Column::new("category", Text, "The category of the product to offer.").filled(),
        Column::new("subcategory", Text, "Its subcategory; empty where the export has none.").filled(),
        Column::new("from_step", Text, "trade_up, dearer: the tier he buys most; bigger_pack: the size he buys, as in its name."),
        Column::new("to_step", Text, "trade_up, dearer: the tier offered; bigger_pack: the size to offer, as in its name."),
        Column::new("n_moved", Integer, "Of `n_observed` customers, those who bought what is offered to him.").filled(),
        Column::new(
            "n_observed",
            Integer,
            "trade_up, bigger_pack: customers with his usual step a horizon ago; dearer: such offers of a horizon ago; accessory: those who bought `because`; \
             replacement: those whose last purchase of the kind was as old.",
        )
        .filled(),
        Column::new("within_days", Integer, "They bought within so many days.").filled(),
        Column::new("age_days", Integer, "accessory, replacement: days since he bought `because`."),
        Column::new("lift", Ratio, "accessory: how many times the usual rate that is."),
        Column::new("lift_low", Ratio, "accessory: the lower end of the 95 % interval of lift."),
        Column::new(
            "price_percentile",
            Ratio,
            "Share of the buyers of the subcategory of `because` who buy cheaper products than he does, by list price (else paid \
             on average), 0 to 1; empty without prices.",
        ),
        Column::new("price_step", Ratio, "Price of the product ÷ that of `because`; empty where one is unknown."),
    ],
    open: None,
};

/// From tier to tier.
pub static UP_SELL_MOVES: Table = Table {
    name: "up_sell_moves",
    doc: "What customers of each usual tier bought within the horizon, one row per subcategory and pair of tiers.",
    key: &["category", "subcategory", "from_tier", "to_tier"],
    columns: &[
        Column::new("category", Text, "The category.").filled(),
        Column::new("subcategory", Text, "The subcategory; empty where the export has none.").filled(),
        Column::new("from_tier", Text, "The usual tier, a horizon ago.").filled(),
        Column::new("to_tier", Text, "A tier of the subcategory.").filled(),
        Column::new("n_observed", Integer, "Customers with that usual tier then.").filled(),
        Column::new("n_bought", Integer, "Those of them who bought of `to_tier` since.").filled(),
        Column::new("share", Ratio, "Bought ÷ observed; empty where nobody was observed."),
    ],
    open: None,
};

/// Packs of one product in several sizes.
pub static UP_SELL_PACKS: Table = Table {
    name: "up_sell_packs",
    doc: "Products that come in several sizes, and the sizes as read from their names, one row per product.",
    key: &["product_id"],
    columns: &[
        Column::new("product_id", Id, "The product.").filled(),
        Column::new("product", Text, "Its name without the size: the same for all packs of a product.").filled(),
        Column::new("category", Text, "The category.").filled(),
        Column::new("subcategory", Text, "The subcategory; empty where the export has none.").filled(),
        Column::new("brand", Text, "The brand; empty where the export has none.").filled(),
        Column::new("pack", Text, "The size as in the name.").filled(),
        Column::new("content", Ratio, "What that is in `unit`.").filled(),
        Column::new("unit", Text, "kg, l or pcs.").filled(),
        Column::new("unit_price", Money, "List price of one `unit`, rounded; empty without a list price."),
    ],
    open: None,
};

/// How such offers would have done.
pub static UP_SELL_MODEL_CARD: Table = Table {
    name: "up_sell_model_card",
    doc: "How the offers of a horizon ago would have done, which kinds of offers step aside, and what each guard removed, \
          one row per metric.",
    key: &["metric"],
    columns: &OFFER_CARD,
    open: None,
};

/// How each kind of offer did.
pub static UP_SELL_BACKTEST: Table = Table {
    name: "up_sell_backtest",
    doc: "What each kind of offer would have led to, beside a naive rule, one row per kind and method.",
    key: &["reason", "method"],
    columns: &[
        Column::new("reason", Text, "trade_up, bigger_pack, accessory or replacement.").filled(),
        Column::new("method", Text, "The kind's own way, or the naive rule.").filled(),
        Column::new("is_baseline", Flag, "Whether it is the naive rule, to be beaten.").filled(),
        Column::new(
            "serves",
            Flag,
            "Whether such offers are made: not where the naive rule did better; then that of trade_up serves.",
        )
        .filled(),
        Column::new("test_from", Date, "The day of the offers; they were watched from then to the as-of date.")
            .filled(),
        Column::new(
            "offers",
            Integer,
            "Offers made (replacement, every_owner: customers who have something of a kind).",
        )
        .filled(),
        Column::new(
            "bought",
            Integer,
            "Of those, the ones whose product was bought (replacement: anything of the kind).",
        )
        .filled(),
        Column::new("share_bought", Ratio, "bought ÷ offers."),
        Column::new(
            "mean_probability",
            Ratio,
            "What the offers promised, after what those of the horizon before had taught.",
        ),
        Column::new(
            "share_that_came_true",
            Ratio,
            "The share for which what the probability is of came true: for trade_up and bigger_pack, anything of the next \
             step.",
        ),
    ],
    open: None,
};
