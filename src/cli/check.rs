//! `langgan check`: what arrived, what is wrong, where and probably why. And `accept`, `hold`, `waive`: what the
//! administrator decides about it.

use super::args::{Check, Decide};
use super::check_screen::Screen;
use super::{Session, analyze, render};
use crate::calendar::day_name;
use crate::check::exceptions::{Book, Verdict, What};
use crate::check::keys::parts;
use crate::check::ledger::Ledger;
use crate::check::refused::Exports;
use crate::check::report::{Request, picture};
use crate::check::{self, Picture};
use crate::config::Config;
use crate::deliver::report::format;
use crate::engine::{lock, record};
use crate::error::{Error, Result};
use crate::lake::{Arithmetic, LakeDir, Manifest};

/// Prints the screen.
pub fn run(session: &Session, args: &Check) -> Result<u8> {
    let config = session.config()?;
    let lake = LakeDir(session.project.lake());
    let manifest = Manifest::read(&lake)?;
    let day = args.day.as_deref().map(analyze::parse_day).transpose()?;
    let _lock = lock::take(&lake.lock())?;
    let as_of = analyze::as_of(args.as_of.as_deref(), &config, &lake, &manifest)?;
    let mut picture = look(session, &config, &lake, &manifest, as_of, args.as_of.is_none())?;
    price_queue(session, &lake, &manifest, &mut picture)?;
    if session.json {
        render::json(&json(&picture, &manifest))?;
    } else {
        let language = session.language(&config);
        let currency = &config.core.currency;
        let money =
            |minor: i64| format::money_code(minor, currency.decimals, currency.shown(), &currency.code, language);
        let amount = |minor: i64| format::money(minor, currency.decimals, currency.shown(), language);
        let screen = Screen {
            picture: &picture,
            day: day.unwrap_or(as_of - 1),
            branch: args.branch.as_deref(),
            only_day: day,
            rows: arithmetic(&manifest),
            money: &money,
            amount: &amount,
            currency: &currency.code,
            language,
            lake: manifest.hash(),
        };
        render::to_stdout(&screen.lines().join("\n"))?;
    }
    Ok(exit_code(&picture))
}

/// Looks at the lake, and writes into the ledger what is seen.
pub fn look(
    session: &Session,
    config: &Config,
    lake: &LakeDir,
    manifest: &Manifest,
    as_of: i32,
    is_usual_day: bool,
) -> Result<Picture> {
    let (decimals, currency) = (config.core.currency.decimals, config.core.currency.code.as_str());
    let exports = Exports { project: &session.project.0, sources: &config.core.sources, decimals, currency };
    let settings = &config.core.check;
    let request = Request { lake, manifest, exports, settings, currency, as_of, is_usual_day };
    picture(&request, &Ledger::of(&session.project.0))
}

/// 0; 6 where some branch-days or files are held; 4 where nothing may be published.
pub fn exit_code(picture: &Picture) -> u8 {
    match (picture.gate.nothing, picture.gate.held.is_empty() && !picture.has_held_files()) {
        (true, _) => 4,
        (false, false) => 6,
        (false, true) => 0,
    }
}

/// `check.json`: the picture, and the row arithmetic.
pub fn json(picture: &Picture, manifest: &Manifest) -> serde_json::Value {
    let mut json = check::json::json(picture);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("sources".into(), serde_json::json!(record::arithmetic(manifest)));
        fields.insert("rejects".into(), serde_json::json!(record::rejects(manifest)));
    }
    json
}

fn arithmetic(manifest: &Manifest) -> Arithmetic {
    let mut rows = Arithmetic::default();
    record::arithmetic(manifest).values().for_each(|source| rows.add(source));
    rows
}

/// Prices the exceptions in items of the queue of the newest run.
fn price_queue(session: &Session, lake: &LakeDir, manifest: &Manifest, picture: &mut Picture) -> Result<()> {
    let path = session.project.runs().join("latest/tables/queue.parquet");
    if !path.exists() {
        return Ok(());
    }
    let failed =
        |error: polars::prelude::PolarsError| Error::Damaged { path: path.clone(), message: error.to_string() };
    use polars::prelude::{PlRefPath, ScanArgsParquet};
    let frame = polars::prelude::LazyFrame::scan_parquet(
        PlRefPath::from(path.to_string_lossy().as_ref()),
        ScanArgsParquet::default(),
    );
    let queue = frame.and_then(polars::prelude::LazyFrame::collect).map_err(failed)?;
    price(lake, manifest, picture, &queue)
}

/// Prices the exceptions in items of a queue.
pub fn price(
    lake: &LakeDir,
    manifest: &Manifest,
    picture: &mut Picture,
    queue: &polars::prelude::DataFrame,
) -> Result<()> {
    let customers = crate::analyses::frame::texts(queue, "customer_id")?;
    let mut items: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for row in 0..queue.height() {
        if let Some(customer) = customers.get(row) {
            *items.entry(customer).or_default() += 1;
        }
    }
    let ids = check::details::ids(lake, manifest, "customers", "customer_key", "customer_id")?;
    for told in &mut picture.exceptions {
        let keys = told.touches.customer_keys.iter().filter_map(|key| ids.get(*key as usize));
        told.touches.queue_items = Some(keys.filter_map(|id| items.get(id.as_str())).sum());
    }
    Ok(())
}

/// Writes a decision into the ledger.
pub fn decide(session: &Session, args: &Decide, verdict: Verdict) -> Result<u8> {
    let config = session.config()?;
    let lake = LakeDir(session.project.lake());
    let _lock = lock::take(&lake.lock())?;
    let ledger = Ledger::of(&session.project.0);
    let events = ledger.read()?;
    let manifest = Manifest::read(&lake)?;
    // From the day the next run looks from, whatever later day somebody has looked at; but what was seen then has a name.
    let at = analyze::as_of(args.as_of.as_deref(), &config, &lake, &manifest)?;
    let book = Book::fold(&events, i32::MAX);
    if args.reason.trim().is_empty() {
        return Err(usage("a decision needs a reason", "give one with `--reason \"…\"`"));
    }
    let until = args.until.as_deref().map(analyze::parse_day).transpose()?;
    if until.is_some_and(|until| until < at) {
        return Err(usage("`--until` has passed already", "give a day from the as-of day on"));
    }
    if verdict == Verdict::Waived && until.is_none() {
        return Err(usage("a waiver has an end", "say `--until YYYY-MM-DD`; what is right for good is accepted"));
    }
    let keys = keys(&book, &args.key, args.day.as_deref());
    let keys = match (keys.is_empty(), verdict) {
        (false, _) => keys,
        (true, Verdict::Held) if args.day.is_some() || args.key.contains('/') => {
            vec![held_key(&lake, &manifest, &args.key, args.day.as_deref(), at)?]
        }
        (true, _) => {
            let open = book.exceptions.iter().filter(|(_, exception)| exception.state.is_open());
            let name = args.day.as_deref().map_or(args.key.clone(), |day| format!("{}/{day}", args.key));
            let known = open.map(|(key, _)| key.clone()).take(20).collect();
            return Err(Error::Unknown { what: "exception", name, known });
        }
    };
    let by = args.by.clone().or_else(|| std::env::var("USER").ok()).filter(|by| !by.trim().is_empty());
    let by = by.ok_or_else(|| usage("nobody is named who decides", "say who with `--by NAME`"))?;
    let decided = |key: &String| What::Decided {
        key: key.clone(),
        verdict,
        by: by.clone(),
        reason: args.reason.clone(),
        until: until.map(day_name),
    };
    ledger.append(at, keys.iter().map(decided).collect())?;
    for key in &keys {
        let word = match verdict {
            Verdict::Accepted => "accepted",
            Verdict::Held => "held",
            Verdict::Waived => "waived",
        };
        render::to_stdout(&format!("{word}: {}", render::harmless(key)))?;
    }
    Ok(0)
}

fn usage(message: &str, hint: &str) -> Error {
    Error::Usage { message: message.into(), hint: hint.into() }
}

/// The key of a branch's day that is held by hand.
fn held_key(lake: &LakeDir, manifest: &Manifest, key: &str, day: Option<&str>, as_of: i32) -> Result<String> {
    let (branch, day) = day.map_or_else(|| key.rsplit_once('/').unwrap_or((key, "")), |day| (key, day));
    let number = analyze::parse_day(day)?;
    if number >= as_of {
        return Err(usage(
            &format!("{day} has not come yet as of {}", day_name(as_of)),
            "name a day before the as-of day",
        ));
    }
    let branches = check::details::branches(lake, manifest)?;
    if !branches.contains(branch) {
        let known = branches.into_iter().take(20).collect();
        return Err(Error::Unknown { what: "branch", name: branch.into(), known });
    }
    Ok(format!("held/{branch}/{day}"))
}

/// The exceptions a key names: itself; all open ones of a branch and day; or those that are about parts of what it names.
fn keys(book: &Book, key: &str, day: Option<&str>) -> Vec<String> {
    if day.is_none() && book.exceptions.contains_key(key) {
        return vec![key.to_string()];
    }
    let (branch, day) = match day {
        Some(day) => (key, day),
        None => key.rsplit_once('/').unwrap_or((key, "")),
    };
    let is_meant = |own: &&String| {
        let of_day = parts(own).is_some_and(|parts| (parts.branch, parts.day) == (branch, day));
        of_day || own.strip_prefix(key).is_some_and(|rest| rest.starts_with('/'))
    };
    let open = book.exceptions.iter().filter(|(_, exception)| exception.state.is_open());
    open.map(|(key, _)| key).filter(is_meant).cloned().collect()
}
