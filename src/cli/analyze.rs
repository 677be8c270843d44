//! `langgan analyze` and `langgan run`.

use std::collections::BTreeMap;

use super::args::{Analyze, Run};
use super::progress::spinner;
use super::{Session, check, ingest, render};
use crate::analyses::Analyses;
use crate::calendar::day_name;
use crate::check::{Mismatch, Picture, far_days};
use crate::config::Config;
use crate::contracts::results::QUEUE;
use crate::deliver::{self, Delivery};
use crate::engine::publish::{Draft, outside};
use crate::engine::record::{self, Record};
use crate::engine::{self, Outcome, earlier, lock};
use crate::error::{Error, Result};
use crate::facts::{self, Facts, Parts};
use crate::lake::{LakeDir, Manifest};

/// Ingest, check, every analysis, publish.
pub fn run(session: &Session, args: &Run) -> Result<u8> {
    let config = session.config()?;
    typed_day(args.as_of.as_deref(), &config)?;
    let lake = LakeDir(session.project.lake());
    let _lock = lock::take(&lake.lock())?;
    let start = std::time::Instant::now();
    let loaded = ingest::load(session, &config, &lake, &[], false)?;
    let ingest_seconds = start.elapsed().as_secs_f64();
    if !session.json && !session.quiet {
        render::to_stdout(&ingest::summary(&loaded))?;
    }
    ingest::held(session, &loaded)?;
    let seconds = vec![("ingest".into(), ingest_seconds)];
    // What was decided about the files that are held is in the picture of the check.
    publish(session, &config, &lake, &loaded.manifest, args.as_of.as_deref(), seconds)
}

/// Analyses on the lake as it is: some, printed; or all, published.
pub fn analyze(session: &Session, args: &Analyze) -> Result<u8> {
    let config = session.config()?;
    typed_day(args.as_of.as_deref(), &config)?;
    if let Some(unknown) = args.names.iter().find(|name| !Analyses::IDS.contains(&name.as_str())) {
        let known = Analyses::IDS.iter().map(|id| (*id).to_string()).collect();
        return Err(Error::Unknown { what: "analysis", name: unknown.clone(), known });
    }
    let lake = LakeDir(session.project.lake());
    let _lock = lock::take(&lake.lock())?;
    let manifest = Manifest::read(&lake)?;
    if args.names.is_empty() {
        return publish(session, &config, &lake, &manifest, args.as_of.as_deref(), Vec::new());
    }
    let as_of = as_of(args.as_of.as_deref(), &config, &lake, &manifest)?;
    let parts = engine::parts(&config.analyses, &args.names)?;
    let picture = check::look(session, &config, &lake, &manifest, as_of, args.as_of.is_none())?;
    let served = &picture.gate.view.manifest;
    let facts = engine::load_facts(&config.analyses, &lake, served, as_of, parts)?;
    let decimals = config.core.currency.decimals;
    let earlier = earlier::load(&session.project.runs(), as_of, decimals, &config.analyses, &args.names)?;
    let outcome = engine::run(&config.analyses, &args.names, &facts, &lake, served, earlier, &|_| {})?;
    let mut tables = render::Tables(Vec::new());
    for analysis in
        config.analyses.all().iter().filter(|analysis| args.names.iter().any(|name| name == analysis.spec().id))
    {
        for table in analysis.spec().outputs {
            let Ok(frame) = outcome.results.get(table) else { continue };
            let frame = outside(table.name, frame, config.core.currency.decimals)?;
            if session.json {
                tables.0.push((table.name, frame));
            } else {
                render::to_stdout(&format!(
                    "{}\n{}\n",
                    table.name,
                    render::frame(&frame, 20, Some(config.core.currency.shown()))
                ))?;
            }
        }
    }
    if session.json {
        render::json(&tables)?;
    }
    report_failures(session, &outcome)
}

fn publish(
    session: &Session,
    config: &Config,
    lake: &LakeDir,
    manifest: &Manifest,
    day: Option<&str>,
    mut seconds: Vec<(String, f64)>,
) -> Result<u8> {
    let as_of = as_of(day, config, lake, manifest)?;
    let draft = Draft::begin(&session.project.runs())?;
    let bar = spinner(session);
    let mut clock = std::time::Instant::now();
    let mut lap = |name: &str, seconds: &mut Vec<(String, f64)>| {
        seconds.push((name.into(), clock.elapsed().as_secs_f64()));
        clock = std::time::Instant::now();
    };
    bar.set_message("checking");
    let mut picture = check::look(session, config, lake, manifest, as_of, day.is_none())?;
    lap("check", &mut seconds);
    if picture.gate.nothing {
        bar.finish_and_clear();
        let branches: std::collections::BTreeSet<String> =
            picture.gate.held.iter().map(|held| held.branch.clone()).collect();
        return Err(Error::AllHeld { branches: branches.into_iter().collect() });
    }
    let served = &picture.gate.view.manifest;
    bar.set_message("reading the lake");
    let facts = engine::load_facts(&config.analyses, lake, served, as_of, Parts::ALL)?;
    lap("facts", &mut seconds);
    let earlier = earlier::load(&session.project.runs(), as_of, config.core.currency.decimals, &config.analyses, &[])?;
    let progress = |step: &str| bar.set_message(step.to_string());
    let mut outcome = engine::run(&config.analyses, &[], &facts, lake, served, earlier, &progress)?;
    engine::run_segments(&mut outcome, &config.core.segments, config.core.currency.decimals);
    seconds.extend(outcome.seconds.iter().cloned());
    lap("analyses", &mut seconds);
    bar.set_message("writing the results");
    let language = session.language(config);
    if let Ok(queue) = outcome.results.get(&QUEUE) {
        check::price(lake, manifest, &mut picture, queue)?;
    }
    let check_json = serde_json::to_vec_pretty(&check::json(&picture, manifest));
    let check_json = check_json.map_err(Error::internal("writing check.json"))?;
    let id = run_id(config, manifest, &facts, &outcome, language, &check_json);
    draft.write("check.json", &check_json)?;
    for (name, frame) in outcome.results.iter() {
        draft.write_table(name, &mut outside(name, frame, config.core.currency.decimals)?)?;
    }
    lap("tables", &mut seconds);
    let delivery = Delivery {
        config,
        facts: &facts,
        results: &outcome.results,
        manifest,
        picture: &picture,
        failures: &outcome.failures,
        language,
    };
    let lists = deliver::lists(&delivery)?;
    for (path, bytes) in deliver::files(lake, &delivery, &lists)? {
        draft.write(&path, &bytes)?;
    }
    draft.write_with("rejects.csv", |out| deliver::rejects::write(lake, manifest, language, out))?;
    lap("deliver", &mut seconds);
    let record = Record {
        version: 1,
        program: env!("CARGO_PKG_VERSION").into(),
        as_of: day_name(as_of),
        id: id.clone(),
        manifest: manifest.hash(),
        inputs: record::inputs(manifest),
        sources: record::arithmetic(manifest),
        rejects: record::rejects(manifest),
        tables: outcome.results.iter().map(|(name, frame)| (name.to_string(), frame.height() as u64)).collect(),
        lists: lists.iter().map(|list| (list.name.clone(), list.counts(facts.customers.len() as u64))).collect(),
        settings: settings(config),
        previous: outcome.results.earlier.newest().map(|run| day_name(run.as_of)),
        failures: outcome.failures.iter().map(|(name, error)| (name.clone(), error.to_string())).collect(),
        control_totals: (picture.compared, picture.mismatches.len() as u64),
        held: picture.gate.held.clone(),
        held_files: manifest.held.clone(),
        quarantined: picture.gate.quarantined,
        seconds,
        peak_memory_bytes: record::peak_memory(),
    };
    let json = serde_json::to_vec_pretty(&record).map_err(Error::internal("writing run.json"))?;
    draft.write("run.json", &json)?;
    let place = draft.publish(&day_name(as_of), &id, day.is_none())?;
    bar.finish_and_clear();
    if session.json {
        render::to_stdout(&String::from_utf8_lossy(&json))?;
    } else if !session.quiet {
        let mut text = summary(session, config, &facts, &outcome, &picture, &record, &place);
        if facts.orders.is_empty()
            && let Some((newest, _)) = facts::orders_by_day(lake, manifest)?.last_key_value()
        {
            let newest = day_name(*newest);
            text.push_str(&format!(
                "no order is before this day, the newest is of {newest}: name another with --as-of\n"
            ));
        }
        render::to_stdout(&text)?;
    }
    let code = report_failures(session, &outcome)?;
    Ok(if code == 0 { check::exit_code(&picture) } else { code })
}

/// The exclusive as-of day: flag, environment, configuration, or the day after the newest order. A few orders far after
/// all others were mistyped and do not count, unless the rule `future_date` is off.
///
/// # Errors
/// [`Error::NoOrders`]; [`Error::NoDay`] where only customers are known; [`Error::Usage`] for a day long after all orders.
pub fn as_of(flag: Option<&str>, config: &Config, lake: &LakeDir, manifest: &Manifest) -> Result<i32> {
    let mut days = facts::orders_by_day(lake, manifest)?;
    if config.core.check.is_on("future_date") {
        let mistyped = far_days(&days, config.core.check.limit("future_date") as i32);
        days.retain(|day, _| !mistyped.contains(day));
    }
    let newest = days.last_key_value().map(|(day, _)| *day);
    match (typed_day(flag, config)?, newest) {
        (Some(day), Some(newest)) if day > newest.saturating_add(MOST_DAYS_AFTER) => Err(Error::Usage {
            message: format!(
                "the as-of day {} is years after the newest order, of {}",
                day_name(day),
                day_name(newest)
            ),
            hint: "correct the year".into(),
        }),
        (Some(day), _) => Ok(day),
        (None, Some(newest)) => Ok(newest + 1),
        (None, None) if manifest.files("customers").next().is_some() => Err(Error::NoDay),
        (None, None) => Err(Error::NoOrders),
    }
}

/// An as-of day this long after the newest order, ten years, is mistyped.
const MOST_DAYS_AFTER: i32 = 3_660;

/// The as-of day that was typed or configured.
pub fn typed_day(flag: Option<&str>, config: &Config) -> Result<Option<i32>> {
    match flag.or(config.core.run.as_of.as_deref()) {
        Some("today") => Ok(Some((chrono::Local::now().date_naive() - chrono::NaiveDate::default()).num_days() as i32)),
        Some(day) => parse_day(day).map(Some),
        None => Ok(None),
    }
}

/// A day typed as `YYYY-MM-DD`.
pub fn parse_day(text: &str) -> Result<i32> {
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| Error::Usage {
        message: format!("`{text}` is no day"),
        hint: "write it as YYYY-MM-DD, for example 2026-01-31, or `today`".into(),
    })?;
    Ok((day - chrono::NaiveDate::default()).num_days() as i32)
}

/// What the tables follow from; not the sources, which may name a password, but their files are among the inputs.
fn settings(config: &Config) -> serde_json::Value {
    serde_json::json!({
        "currency": config.core.currency,
        "segments": config.core.segments,
        "lists": config.core.lists,
        "analyses": config.analyses,
    })
}

/// Same lake, configuration, day, program, earlier runs read and outcome: same id.
fn run_id(
    config: &Config,
    manifest: &Manifest,
    facts: &Facts,
    outcome: &Outcome,
    language: deliver::report::Language,
    check: &[u8],
) -> String {
    let mut hasher = blake3::Hasher::new();
    let settings = serde_json::json!({
        "manifest": manifest.hash(),
        "core": config.core,
        "analyses": config.analyses,
        "as_of": facts.as_of,
        "program": env!("CARGO_PKG_VERSION"),
        "language": format!("{language:?}"),
        "earlier": outcome.results.earlier.ids(),
        "failures": outcome.failures.iter().map(|(name, error)| (name.clone(), error.to_string())).collect::<BTreeMap<_, _>>(),
    });
    hasher.update(settings.to_string().as_bytes());
    hasher.update(check);
    hasher.finalize().to_hex()[..12].to_string()
}

fn summary(
    session: &Session,
    config: &Config,
    facts: &Facts,
    outcome: &Outcome,
    picture: &Picture,
    record: &Record,
    place: &std::path::Path,
) -> String {
    let money = |minor: i64| {
        let currency = &config.core.currency;
        deliver::report::format::money_code(
            minor,
            currency.decimals,
            currency.shown(),
            &currency.code,
            session.language(config),
        )
    };
    let net: i64 = (0..facts.orders.len()).map(|order| facts.net(order)).sum();
    let orders = (0..facts.orders.len()).filter(|order| facts.is_sale(*order)).count();
    let mut text = format!(
        "\nas of {} (exclusive): {} orders, {} customers, net sales {}\n",
        record.as_of,
        orders,
        facts.customers.len(),
        money(net)
    );
    let (compared, wrong) = record.control_totals;
    if compared > 0 {
        text.push_str(&format!("control totals: {compared} branch-days compared, {wrong} differ\n"));
        for mismatch in picture.mismatches.iter().take(5) {
            text.push_str(&format!(
                "  {} {}: {}\n",
                day_name(mismatch.day),
                render::harmless(&mismatch.branch),
                difference(mismatch, &money)
            ));
        }
        if picture.mismatches.len() > 5 {
            text.push_str("  … all of them: langgan check\n");
        }
    }
    let open = picture.exceptions.iter().filter(|told| told.state.is_open()).count();
    if open > 0 {
        text.push_str(&format!(
            "{}: langgan check\n",
            render::counted(open as u64, "open exception", "open exceptions")
        ));
    }
    if deliver::lists::nobody_consents(facts, config.analyses.queue.assume_consent) {
        text.push_str(&format!("{}\n", render::NOBODY_CONSENTS));
    }
    for held in &picture.gate.held {
        let held = deliver::check_words::held(held, deliver::report::Language::English);
        text.push_str(&format!("held: {}\n", render::harmless(&held)));
    }
    text.push_str(&format!(
        "\n{} tables, lists, queue and report in {}\n",
        outcome.results.iter().count(),
        place.display()
    ));
    text.push_str(&format!("report: {}\n", place.join("report.html").display()));
    if session.verbose {
        let rows: Vec<Vec<String>> =
            record.seconds.iter().map(|(step, seconds)| vec![step.clone(), format!("{seconds:.3}")]).collect();
        text.push_str(&format!("\n{}\n", render::table(&["step", "seconds"], &rows, &[1])));
    }
    text
}

/// What differs between a branch's totals and what arrived, in words.
pub fn difference(mismatch: &Mismatch, money: &dyn Fn(i64) -> String) -> String {
    match (mismatch.expected_orders, mismatch.expected_lines, mismatch.expected_amount) {
        (Some(orders), _, Some(amount)) if orders == mismatch.actual_orders => {
            format!(
                "branch says {}, accepted lines sum to {} (difference {})",
                money(amount),
                money(mismatch.actual_amount),
                money(mismatch.actual_amount - amount)
            )
        }
        (Some(orders), _, Some(amount)) => {
            format!(
                "branch says {orders} orders and {}, accepted are {} and {}",
                money(amount),
                mismatch.actual_orders,
                money(mismatch.actual_amount)
            )
        }
        (None, Some(lines), Some(amount)) => {
            format!(
                "branch says {lines} order lines and {}, accepted are {} and {}",
                money(amount),
                mismatch.actual_lines,
                money(mismatch.actual_amount)
            )
        }
        _ => format!(
            "no totals sent; accepted are {} orders and {}",
            mismatch.actual_orders,
            money(mismatch.actual_amount)
        ),
    }
}

/// Names what failed; the exit code is that of the worst.
fn report_failures(session: &Session, outcome: &Outcome) -> Result<u8> {
    let mut code = 0;
    for (name, error) in &outcome.failures {
        render::error(error, session.json);
        session.say(&format!("`{name}` is not in this run; everything else is"));
        code = error.exit_code().max(code);
    }
    Ok(code)
}
