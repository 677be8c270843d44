//! The `README.md` of a sample project.

use super::faults::Found;
use super::{Options, Summary};
use std::fmt::Write;

/// Describes the shop and lists the planted faults.
pub(super) fn readme(options: &Options, summary: &Summary, found: &[Found]) -> String {
    let mut text = format!(
        "# Toko Contoh, a synthetic shop\n\
         \n\
         Written by `langgan sample DIR --customers {} --seed {}{}`. Every person, plate, card and\n\
         telephone number is made up.\n\
         \n\
         Toko Contoh sells motorcycle and car parts, accessories and household goods in {} Indonesian\n\
         branches. `exports/` holds what its tills and its office export for 2024 and 2025, in the Indonesian\n\
         style: semicolons, dd/mm/yyyy, dots in large amounts. `langgan.toml` tells how to read it.\n\
         \n\
         | customers | products | agents | orders | order lines | interactions |\n\
         |---:|---:|---:|---:|---:|---:|\n\
         | {} | {} | {} | {} | {} | {} |\n\
         \n\
         What is in the data, so that an analysis has something to find:\n\
         \n\
         - Customers buy at their own pace and may stay away for good after any order, often with a complaint.\n\
         - Sales peak before Lebaran (10 April 2024, 31 March 2025), in December, on 11.11 and 12.12, at weekends\n\
         \x20 and around payday.\n\
         - Everyone has two favourite categories and a tier (basic, standard, premium) that only rises.\n\
         - Some products are bought with a companion: oil with a filter, brake pads with fluid, tyres with\n\
         \x20 accessories.\n\
         - About one customer in six buys at a deep discount, returns much and calls often: selling to them\n\
         \x20 loses money. A few workshops buy much and in quantity.\n\
         - About 7 % of the orders name no customer; a few are cancelled (`batal`) or open (`tunda`).\n\
         - Each month one category is on promotion from the 10th to the 20th.\n\
         - `totals.csv` has the completed orders and their amount, returned lines included, by branch and day.\n",
        options.customers,
        options.seed,
        if options.faults { " --faults" } else { "" },
        summary.branches,
        summary.customers,
        summary.products,
        summary.agents,
        summary.orders,
        summary.lines,
        summary.interactions,
    );
    text.push_str("\n## Planted faults\n\n");
    if found.is_empty() {
        text.push_str("None.\n");
        return text;
    }
    text.push_str(
        "The counts above leave them out. Each costs exactly the row it is in; lines count from 1, the header\n\
         included. The two of code `control_total` are good rows with a wrong amount. The same list is in\n\
         `faults.csv`.\n\
         \n\
         | file | line | code | what |\n\
         |---|---:|---|---|\n",
    );
    for fault in found {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} | {} | `{}` | {} |", fault.file, fault.line, fault.code, fault.what);
    }
    text
}
