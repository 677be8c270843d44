//! What the checks found, in the words of the reader.

use super::report::Language;
use crate::check::finding::{Difference, Finding, Row, Suspicion, Value};
use crate::check::gate::Held;
use crate::check::report::Touches;
use crate::lake;

/// Words in Indonesian and English.
fn say(language: Language, indonesian: &'static str, english: &'static str) -> &'static str {
    match language {
        Language::Indonesian => indonesian,
        Language::English => english,
    }
}

/// What is wrong, in a sentence without its branch and day.
pub fn finding(finding: &Finding, money: &dyn Fn(i64) -> String, language: Language) -> String {
    let rule = say(language, finding.rule.indonesian, finding.rule.english);
    if let Some(first) = finding.held.first() {
        let more = if finding.held.len() > 1 { format!(" (+{})", finding.held.len() - 1) } else { String::new() };
        return format!("{rule}: {}{more}: {}", first.file, why_held(first, language));
    }
    let details = match finding.rule.id {
        "stale_copy" => finding.differences.iter().map(|difference| copied(difference, language)).collect(),
        "volume" | "no_lines" | "late_day" => {
            finding.differences.iter().map(|difference| counted(finding.rule.id, difference, language)).collect()
        }
        _ => finding.differences.iter().map(|difference| differs(difference, money, language)).collect::<Vec<String>>(),
    };
    let rows = match finding.n_rows {
        0 => String::new(),
        1 => finding.rows.first().map_or_else(String::new, |one| row(one, language)),
        n => format!("{n} {}", say(language, "baris", "rows")),
    };
    let parts: Vec<String> = details.into_iter().chain([rows]).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { rule.to_string() } else { format!("{rule}: {}", parts.join("; ")) }
}

/// What is wrong, in a few words: what differs, and why that may be.
pub fn brief(finding: &Finding, money: &dyn Fn(i64) -> String, language: Language) -> String {
    if let Some(first) = finding.held.first() {
        return why_held(first, language);
    }
    let by_money = finding.differences.iter().find_map(|difference| match (&difference.stated, &difference.arrived) {
        (Value::Money(stated), Value::Money(arrived)) => Some(money(arrived - stated)),
        _ => None,
    });
    let why = finding.causes.first().map(|cause| {
        let short = cause_in_short(cause.kind, language);
        let document = &cause.row.document;
        if document.is_empty() { short.to_string() } else { format!("{short} {document}") }
    });
    let parts: Vec<String> = by_money.into_iter().chain(why).collect();
    if !parts.is_empty() {
        return parts.join(", ");
    }
    let whole = self::finding(finding, money, language);
    let rule = say(language, finding.rule.indonesian, finding.rule.english);
    whole.strip_prefix(rule).and_then(|rest| rest.strip_prefix(": ")).map_or(whole.clone(), String::from)
}

/// What a total is called.
fn total_name(what: &str, language: Language) -> &'static str {
    match what {
        "orders" => say(language, "faktur", "orders"),
        "order_lines" => say(language, "baris faktur", "order lines"),
        "rows" => say(language, "baris", "rows"),
        "amount" => say(language, "nilai", "amount"),
        "quantity" => say(language, "unit", "units"),
        "id_hash" => say(language, "total hash nomor", "hash total of ids"),
        "first_document" => say(language, "nomor pertama", "first document"),
        "last_document" => say(language, "nomor terakhir", "last document"),
        _ => "",
    }
}

fn value(value: &Value, money: &dyn Fn(i64) -> String, language: Language) -> String {
    match value {
        Value::Count(count) => count.to_string(),
        Value::Money(minor) => money(*minor),
        Value::Text(text) => text.clone(),
        Value::Nothing => say(language, "tidak ada", "nothing").into(),
    }
}

fn differs(difference: &Difference, money: &dyn Fn(i64) -> String, language: Language) -> String {
    let [stated, arrived] = [&difference.stated, &difference.arrived].map(|side| value(side, money, language));
    let name = total_name(difference.what, language);
    let by = match (&difference.stated, &difference.arrived) {
        (Value::Money(stated), Value::Money(arrived)) => {
            format!(" ({} {})", say(language, "selisih", "difference"), money(arrived - stated))
        }
        _ => String::new(),
    };
    match language {
        Language::Indonesian => format!("{name} menurut pengirim {stated}, diterima {arrived}{by}"),
        Language::English => format!("{name} stated {stated}, arrived {arrived}{by}"),
    }
}

fn copied(difference: &Difference, language: Language) -> String {
    let (Value::Text(day), Value::Count(share)) = (&difference.stated, &difference.arrived) else {
        return String::new();
    };
    match language {
        Language::Indonesian => format!("{share} % sama dengan {day}"),
        Language::English => format!("{share} % the same as {day}"),
    }
}

fn counted(rule: &str, difference: &Difference, language: Language) -> String {
    let (Value::Count(stated), Value::Count(arrived)) = (&difference.stated, &difference.arrived) else {
        return String::new();
    };
    match (rule, language) {
        ("volume", Language::Indonesian) => format!("{arrived} faktur, biasanya {stated}"),
        ("volume", Language::English) => format!("{arrived} orders, usually {stated}"),
        ("no_lines", Language::Indonesian) => format!("{} dari {stated} faktur", stated - arrived),
        ("no_lines", Language::English) => format!("{} of {stated} orders", stated - arrived),
        _ => days(*arrived, language),
    }
}

/// A number of days.
pub fn days(days: i64, language: Language) -> String {
    match (days, language) {
        (_, Language::Indonesian) => format!("{days} hari"),
        (1, Language::English) => "1 day".into(),
        (_, Language::English) => format!("{days} days"),
    }
}

/// What an exception touches; `None` where nothing is known.
pub fn touches(touches: &Touches, money: &dyn Fn(i64) -> String, language: Language) -> Option<String> {
    if touches.orders == 0 && touches.usual_orders > 0 {
        let (orders, amount) = (touches.usual_orders, money(touches.usual_amount_minor));
        return Some(match language {
            Language::Indonesian => format!("biasanya sekitar {orders} faktur, {amount}"),
            Language::English => format!("usually some {orders} orders, {amount}"),
        });
    }
    if touches.orders == 0 {
        return None;
    }
    let queue = touches.queue_items.map_or_else(String::new, |items| match language {
        Language::Indonesian => format!(", {items} isi antrean"),
        Language::English => format!(", {items} queue items"),
    });
    let (orders, amount, customers) = (touches.orders, money(touches.amount_minor), touches.customers);
    Some(match language {
        Language::Indonesian => format!("menyangkut {amount}, {orders} faktur, {customers} pelanggan{queue}"),
        Language::English => format!("touches {amount}, {orders} orders, {customers} customers{queue}"),
    })
}

/// A file that is held: which, why and what next.
pub fn held_file(held: &lake::Held, language: Language) -> String {
    let set_aside = say(language, "berkas ditahan", "file held");
    format!("{set_aside}: {}: {}. → {}", held.file, why_held(held, language), what_next(held, language))
}

/// Why a file is held. The names that matter (columns, codes, files) are in the message between backticks.
fn why_held(held: &lake::Held, language: Language) -> String {
    let message = held.message.lines().next().unwrap_or_default();
    let own = format!("source `{}`: ", held.source);
    let message = message.strip_prefix(&own).unwrap_or(message);
    if language == Language::English {
        // `path`: message, or `path` has no column …
        let is_path = |text: &str| text.ends_with(&held.file);
        let rest = message.strip_prefix('`').and_then(|rest| rest.split_once('`')).filter(|(path, _)| is_path(path));
        return rest.map_or(message, |(_, rest)| rest.trim_start_matches([':', ' '])).to_string();
    }
    let why = match held.code.as_str() {
        "unreadable" => "berkas tidak dapat dibaca",
        "column_missing" => "ada kolom yang dibutuhkan tetapi tidak ada di berkas",
        "not_mapped" => "ada kolom wajib yang belum dipetakan",
        "column_added" => "ada kolom baru yang akan ikut terbaca",
        "column_changed" => "kolomnya berbeda dari berkas sebelumnya",
        "column_retyped" => "isi kolom bukan lagi tanggal atau angka",
        "two_ways" => "angka pada kolom dapat dibaca dengan dua cara: ribuan atau desimal",
        "too_many_rejects" => "terlalu banyak baris yang ditolak",
        "reused_ids" => "nomor ordernya sudah dipakai cabang lain",
        "copy" => "isinya persis berkas hari atau cabang lain",
        other => other,
    };
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).filter(|name| !name.ends_with(&held.file)).collect();
    let rows = held
        .rows
        .map_or_else(String::new, |rows| format!(" ({} dari {} baris)", rows.rejected + rows.duplicate, rows.received));
    if names.is_empty() { format!("{why}{rows}") } else { format!("{why}{rows}: {}", names.join(", ")) }
}

/// What to do about a file that is held.
pub fn what_next(held: &lake::Held, language: Language) -> String {
    if language == Language::English {
        return held.hint.lines().next().unwrap_or_default().to_string();
    }
    let source = &held.source;
    match held.code.as_str() {
        _ if held.hint.contains("is held: once") => "ikut dimuat begitu berkas induknya beres".into(),
        "unreadable" => "minta berkasnya dikirim ulang".into(),
        "column_missing" | "not_mapped" => {
            format!("petakan kolomnya di [sources.{source}.columns] pada langgan.toml, atau minta berkas yang benar")
        }
        "column_added" | "column_changed" => {
            format!("petakan kolomnya di [sources.{source}.columns] pada langgan.toml, atau sebut di ignored")
        }
        "column_retyped" => "minta berkas dengan susunan kolom yang benar".into(),
        "two_ways" => format!("tentukan decimal dan thousands di [sources.{source}] pada langgan.toml"),
        "too_many_rejects" => {
            "perbaiki baris yang ditolak (lihat rejects.csv) dan kirim ulang, atau naikkan reject_limit".into()
        }
        "reused_ids" => format!(
            "bila cabang bernomor sendiri-sendiri: order_id = [kolom cabang, kolom nomor] di [sources.{source}.columns]"
        ),
        "copy" => "minta cabang mengirim berkas hari yang benar".into(),
        _ => held.hint.clone(),
    }
}

/// Where a row is and what it says.
pub fn row(row: &Row, language: Language) -> String {
    let mut text = String::new();
    let mut add = |part: String| {
        if !part.is_empty() {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(&part);
        }
    };
    add(place(row, language));
    add(row.document.clone());
    add(row.line_no.map_or_else(String::new, |number| format!("{} {number}", say(language, "baris ke", "line"))));
    let shown = match (row.value.is_empty(), row.expected.is_empty()) {
        (true, true) => String::new(),
        (false, true) => row.value.clone(),
        (true, false) => row.expected.clone(),
        (false, false) => format!("{} → {}", row.value, row.expected),
    };
    add(row.code.clone());
    let column = column_name(row.column, language);
    add([column, &shown].into_iter().filter(|part| !part.is_empty()).collect::<Vec<&str>>().join(" "));
    text
}

/// The file and the line, or nothing.
pub fn place(row: &Row, language: Language) -> String {
    match (&*row.file, row.line) {
        ("", _) => String::new(),
        (file, Some(line)) => format!("{file} {} {line}", say(language, "baris", "line")),
        (file, None) => file.to_string(),
    }
}

fn column_name(column: &'static str, language: Language) -> &'static str {
    match column {
        "missing_at_head_office" => say(language, "tidak ada di kantor pusat:", "not at head office:"),
        "missing_at_branch" => say(language, "tidak ada di cabang:", "not at the branch:"),
        other => other,
    }
}

/// What may have happened, and where.
pub fn cause(cause: &Suspicion, language: Language) -> String {
    let what = cause_kind(cause.kind, language);
    let other = if cause.branch.is_empty() { String::new() } else { format!(" ({})", cause.branch) };
    let row = row(&cause.row, language);
    if row.is_empty() { format!("{what}{other}") } else { format!("{what}{other}: {row}") }
}

fn cause_kind(kind: &str, language: Language) -> &'static str {
    match kind {
        "refused" => say(language, "baris ini ditolak", "this row was refused"),
        "document_twice" => say(language, "faktur ini ada dua kali", "this order is there twice"),
        "line_twice" => say(language, "baris ini ada dua kali", "this line is there twice"),
        "other_branch" => say(language, "faktur ini masuk ke cabang lain", "this order was booked to another branch"),
        "from_elsewhere" => say(language, "faktur ini milik cabang lain", "this order looks like another branch's"),
        "document_missing" => say(language, "faktur ini tidak datang", "this order is missing"),
        "line_missing" => say(language, "ada baris faktur yang tidak datang", "a line of this order is missing"),
        "row_missing" => say(language, "satu baris tidak datang", "a row is missing"),
        "digits_swapped" => say(language, "dua angka mungkin tertukar", "two digits may be swapped"),
        "decimal_slip" => say(language, "koma atau angka nol mungkin bergeser", "the decimal mark may have slipped"),
        "digit_wrong" => say(language, "satu angka mungkin salah", "one digit may be wrong"),
        "total_mistyped" => say(language, "totalnya sendiri mungkin salah ketik", "the total itself may be mistyped"),
        _ => say(language, "status faktur ini mungkin salah", "the status of this order may be wrong"),
    }
}

/// What may have happened, where there is room for two words.
fn cause_in_short(kind: &str, language: Language) -> &'static str {
    match kind {
        "refused" => say(language, "baris ditolak?", "row refused?"),
        "document_twice" => say(language, "faktur dobel?", "order twice?"),
        "line_twice" => say(language, "baris dobel?", "line twice?"),
        "other_branch" => say(language, "di cabang lain?", "at another branch?"),
        "from_elsewhere" => say(language, "milik cabang lain?", "of another branch?"),
        "document_missing" => say(language, "faktur hilang?", "order missing?"),
        "line_missing" | "row_missing" => say(language, "baris hilang?", "line missing?"),
        "digits_swapped" => say(language, "angka tertukar?", "digits swapped?"),
        "decimal_slip" => say(language, "koma bergeser?", "decimal slipped?"),
        "digit_wrong" => say(language, "salah angka?", "wrong digit?"),
        "total_mistyped" => say(language, "total salah?", "wrong total?"),
        _ => say(language, "status salah?", "wrong status?"),
    }
}

/// A branch-day that is held back.
pub fn held(held: &Held, language: Language) -> String {
    match (held.serves, language) {
        ("earlier", Language::Indonesian) => format!("{} {}: versi sebelumnya dipakai", held.branch, held.day),
        ("earlier", Language::English) => format!("{} {}: the version before serves", held.branch, held.day),
        (_, Language::Indonesian) => format!("{} {}: tidak dipakai", held.branch, held.day),
        (_, Language::English) => format!("{} {}: left out", held.branch, held.day),
    }
}
