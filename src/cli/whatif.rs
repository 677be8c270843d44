//! `langgan whatif`: whose class flips if rates, pools or prices change.

use std::collections::BTreeMap;

use super::args::Whatif;
use super::{Session, analyze, render};
use crate::analyses::profitability::{Change, Flip};
use crate::deliver::report::format;
use crate::engine;
use crate::error::Result;
use crate::facts;
use crate::lake::{LakeDir, Manifest};

/// Works the statement out twice and prints who is of another class.
pub fn run(session: &Session, args: &Whatif) -> Result<u8> {
    let config = session.config()?;
    let profitability = &config.analyses.profitability;
    let changes: Vec<Change> = args.changes.iter().map(|change| Change::parse(change)).collect::<Result<_>>()?;
    let lake = LakeDir(session.project.lake());
    let manifest = Manifest::read(&lake)?;
    let as_of = analyze::as_of(args.as_of.as_deref(), &config, &lake, &manifest)?;
    profitability.check(&changes, &facts::rates(&lake, &manifest)?, &facts::costs(&lake, &manifest, as_of)?)?;
    let clock = std::time::Instant::now();
    let mut facts = engine::load_facts(&config.analyses, &lake, &manifest, as_of, profitability.parts_for(&changes))?;
    let read = clock.elapsed().as_secs_f64();
    let comparison = profitability.what_if(&mut facts, &changes)?;
    if session.verbose {
        let compared = clock.elapsed().as_secs_f64() - read;
        session
            .say(&format!("the lake read in {read:.2} s, both statements worked out and compared in {compared:.2} s"));
    }
    let currency = &config.core.currency;
    let language = session.language(&config);
    let money = |minor: i64| format::money_code(minor, currency.decimals, currency.shown(), &currency.code, language);
    let mut kinds: BTreeMap<[&str; 2], u64> = BTreeMap::new();
    for flip in &comparison.flips {
        *kinds.entry(flip.class).or_default() += 1;
    }
    let id = |flip: &Flip| facts.customers.id(flip.customer as usize).to_string();
    if session.json {
        let exact = |minor: i64| crate::stats::decimal::Decimal::new(minor, currency.decimals).fixed();
        let rows: Vec<serde_json::Value> = comparison
            .flips
            .iter()
            .map(|flip| {
                serde_json::json!({
                    "customer_id": id(flip),
                    "class_before": flip.class[0], "class_after": flip.class[1],
                    "decile_before": flip.decile[0], "decile_after": flip.decile[1],
                    "contribution_before": exact(flip.contribution[0]), "contribution_after": exact(flip.contribution[1]),
                })
            })
            .collect();
        render::json(&serde_json::json!({
            "changes": args.changes,
            "customers": comparison.customers,
            "contribution_before": exact(comparison.contribution[0]),
            "contribution_after": exact(comparison.contribution[1]),
            "other_decile": comparison.other_decile,
            "flips": rows,
        }))?;
        return Ok(0);
    }
    let [before, after] = comparison.contribution;
    let mut text = format!(
        "{}\ncontribution of {} customers: {} → {} ({})\n{} change class, {} are in another tenth\n",
        args.changes.join(", "),
        comparison.customers,
        money(before),
        money(after),
        money(after - before),
        comparison.flips.len(),
        comparison.other_decile
    );
    for ([from, to], count) in &kinds {
        text.push_str(&format!("  {from} → {to}: {count}\n"));
    }
    let rows: Vec<Vec<String>> = comparison
        .flips
        .iter()
        .take(args.most)
        .map(|flip| {
            let [from, to] = flip.contribution;
            let decile = format!("{} → {}", flip.decile[0], flip.decile[1]);
            vec![id(flip), flip.class[0].into(), flip.class[1].into(), money(from), money(to), decile]
        })
        .collect();
    if !rows.is_empty() {
        let heads = ["customer", "was", "would be", "contribution", "would be", "tenth"];
        text.push_str(&format!("\n{}\n", render::table(&heads, &rows, &[3, 4])));
    }
    let more = comparison.flips.len().saturating_sub(args.most);
    if more > 0 {
        text.push_str(&format!("… {more} more: --most N, or --json\n"));
    }
    render::to_stdout(&text)?;
    Ok(0)
}
