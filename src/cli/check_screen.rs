//! The SynchController's screen: no more than forty lines for a dozen branches.

use super::render::harmless;
use crate::calendar::{civil, day_name};
use crate::check::Picture;
use crate::check::exceptions::State;
use crate::check::keys::parts;
use crate::check::report::{Branch, Status, Told};
use crate::check::scan;
use crate::contracts::rules::{Action, Severity};
use crate::deliver::check_words as words;
use crate::deliver::report::Language;
use crate::lake::Arithmetic;

/// What is to be shown.
pub struct Screen<'s> {
    /// The picture.
    pub picture: &'s Picture,
    /// The last day of the grid.
    pub day: i32,
    /// Only this branch.
    pub branch: Option<&'s str>,
    /// Only exceptions of this day.
    pub only_day: Option<i32>,
    /// The row arithmetic of all sources together.
    pub rows: Arithmetic,
    /// Money as people read it.
    pub money: &'s dyn Fn(i64) -> String,
    /// The same without its currency.
    pub amount: &'s dyn Fn(i64) -> String,
    /// The currency.
    pub currency: &'s str,
    /// The reader's language.
    pub language: Language,
    /// Identifies the lake.
    pub lake: String,
}

/// Days of the grid.
const DAYS: i32 = 7;
/// Lines for exceptions where all branches that fit are shown.
const LINES: usize = 20;
/// Of these, for exceptions that are not open.
const SETTLED: usize = 3;
/// Letters on a line.
const WIDTH: usize = 80;
/// Letters of a branch's id.
const NAME: usize = 12;
/// Branches shown; more are counted.
const BRANCHES: usize = 12;

impl Screen<'_> {
    /// The screen, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.head(), self.weekdays()];
        let branches: Vec<&Branch> = self.branches();
        lines.extend(branches.iter().take(BRANCHES).map(|branch| self.branch_line(branch)));
        if branches.len() > BRANCHES {
            let unwell =
                branches[BRANCHES..].iter().filter(|branch| self.worst(branch) >= Some(Status::Duplicate)).count();
            lines.push(format!(
                "   … {} {}, {unwell} {}",
                branches.len() - BRANCHES,
                self.say("cabang lain", "more branches"),
                self.say("bermasalah: langgan check --branch CABANG", "not well: langgan check --branch BRANCH")
            ));
        }
        lines.extend(self.exceptions());
        lines.push(self.arithmetic());
        lines.extend(self.gate());
        lines
    }

    fn say(&self, indonesian: &'static str, english: &'static str) -> &'static str {
        match self.language {
            Language::Indonesian => indonesian,
            Language::English => english,
        }
    }

    /// The worst branches first where there are more than fit.
    fn branches(&self) -> Vec<&Branch> {
        let mut branches: Vec<&Branch> =
            self.picture.branches.iter().filter(|own| self.branch.is_none_or(|branch| branch == own.branch)).collect();
        if branches.len() > BRANCHES {
            branches.sort_by_key(|branch| std::cmp::Reverse(self.worst(branch)));
        }
        branches
    }

    fn worst(&self, branch: &Branch) -> Option<Status> {
        self.cells(branch).map(|cell| cell.1).max()
    }

    fn head(&self) -> String {
        let open = self.shown().iter().filter(|told| told.state.is_open()).count();
        let (n, branches) = (self.picture.branches.len(), self.say("cabang", "branches"));
        let open = match (open, self.language) {
            (_, Language::Indonesian) => format!("{open} masalah terbuka"),
            (1, Language::English) => "1 open exception".into(),
            (_, Language::English) => format!("{open} open exceptions"),
        };
        let lake = self.say("isi lake", "lake");
        format!(
            "SynchController  {}   {n} {branches}   {open}   {lake} {}",
            day_name(self.day),
            &self.lake[..8.min(self.lake.len())]
        )
    }

    /// The letters the ids of the branches take.
    fn name_width(&self) -> usize {
        let longest = self.branches().iter().take(BRANCHES).map(|branch| branch.branch.chars().count()).max();
        longest.unwrap_or(0).clamp(6, NAME)
    }

    fn name(&self, branch: &str) -> String {
        let name = harmless(if branch.is_empty() { "-" } else { branch });
        let (width, long) = (self.name_width(), name.chars().count() > NAME);
        let name = if long { name.chars().take(NAME - 1).chain(['…']).collect() } else { name };
        format!("{name:<width$}")
    }

    fn weekdays(&self) -> String {
        let names = match self.language {
            Language::Indonesian => ["Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min"],
            Language::English => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        };
        let mut line = " ".repeat(self.name_width());
        for day in self.day - DAYS + 1..=self.day {
            // Day 0 was a Thursday.
            let (_, _, date) = civil(day);
            line.push_str(&format!(" {}{date:02}", &names[(day + 3).rem_euclid(7) as usize][..2]));
        }
        let amount = format!("{} {}", self.say("nilai", "amount"), harmless(self.currency));
        format!("{line} {:>6} {amount:>14}  status", self.say("faktur", "orders"))
    }

    /// The days of the grid of a branch, with their statuses.
    fn cells<'b>(&'b self, branch: &'b Branch) -> impl Iterator<Item = (i32, Status)> + 'b {
        let days = branch.days.iter().zip(self.picture.from..);
        days.map(|(cell, day)| (day, cell.status)).filter(|(day, _)| (self.day - DAYS + 1..=self.day).contains(day))
    }

    fn branch_line(&self, branch: &Branch) -> String {
        let mut line = self.name(&branch.branch);
        let (mut orders, mut amount) = (0, 0);
        let mut worst: Option<(Status, i32)> = None;
        for (cell, day) in branch.days.iter().zip(self.picture.from..) {
            if !(self.day - DAYS + 1..=self.day).contains(&day) {
                continue;
            }
            (orders, amount) = (orders + cell.orders, amount + cell.amount_minor);
            let code = match cell.status {
                Status::Nothing => ".".to_string(),
                Status::Closed => self.say("tutp", "clos").into(),
                Status::Ok => "ok".into(),
                Status::Resent => format!("R{}", cell.versions),
                Status::Late => self.say("lmbt", "late").into(),
                Status::Duplicate => self.say("dbl", "dup").into(),
                Status::Partial => self.say("sbgn", "part").into(),
                Status::Missing => "--".into(),
                Status::Failed => "!!".into(),
                Status::Held => self.say("thn", "held").into(),
            };
            line.push_str(&format!(" {code:>4}"));
            if worst.is_none_or(|(status, _)| cell.status >= status) {
                worst = Some((cell.status, day));
            }
        }
        let status = match worst {
            Some((status, day)) if status > Status::Ok => {
                format!("{} {}", self.status_name(status), &day_name(day)[5..])
            }
            _ => match branch.days_since_newest {
                Some(days) if days > DAYS => {
                    format!("{} {days} {}", self.say("terakhir", "newest"), self.say("hari lalu", "days ago"))
                }
                None => self.say("belum ada data", "no data yet").into(),
                _ => "ok".into(),
            },
        };
        format!("{line} {orders:>6} {:>14}  {status}", (self.amount)(amount))
    }

    fn status_name(&self, status: Status) -> &'static str {
        match status {
            Status::Nothing | Status::Closed | Status::Ok => "ok",
            Status::Resent => self.say("ULANG", "RESENT"),
            Status::Late => self.say("TERLAMBAT", "LATE"),
            Status::Duplicate => self.say("DOBEL", "DUPLICATE"),
            Status::Partial => self.say("SEBAGIAN", "PARTIAL"),
            Status::Missing => self.say("BELUM ADA", "MISSING"),
            Status::Failed => self.say("GAGAL", "FAIL"),
            Status::Held => self.say("DITAHAN", "HELD"),
        }
    }

    /// The exceptions of the branch and day that are asked for.
    fn shown(&self) -> Vec<&Told> {
        let of_branch = |told: &&Told| self.branch.is_none_or(|branch| branch == told.finding.branch);
        let of_day = |told: &&Told| self.only_day.is_none_or(|day| told.finding.day == Some(day));
        self.picture.exceptions.iter().filter(of_branch).filter(of_day).collect()
    }

    /// Open errors with their likeliest cause, then warnings by rule; then what was decided, and what closed today.
    fn exceptions(&self) -> Vec<String> {
        let mut open: Vec<&Told> = self.shown().into_iter().filter(|told| told.state.is_open()).collect();
        open.sort_by_key(|told| {
            let (finding, recent) = (&told.finding, std::cmp::Reverse(told.finding.day));
            (finding.severity, finding.rule.id != "held_file", !told.stops(), recent)
        });
        let (errors, warnings): (Vec<&Told>, Vec<&Told>) =
            open.into_iter().partition(|told| told.finding.severity == Severity::Error);
        let mut blocks: Vec<Block> = errors.iter().map(|told| self.error(told)).collect();
        blocks.extend(self.warnings(&warnings));
        let asked = self.branch.is_some() || self.only_day.is_some();
        let settled = self.settled();
        // What branches do not take of the screen is room for exceptions.
        let room = LINES + BRANCHES - self.branches().len().min(BRANCHES) - settled.len();
        let mut lines = fit(blocks, if asked { usize::MAX } else { room }, |left| {
            format!(
                "      … {left} {}",
                self.say(
                    "lagi: langgan check --branch CABANG, atau --json",
                    "more: langgan check --branch BRANCH, or --json"
                )
            )
        });
        lines.extend(settled);
        lines
    }

    /// What the administrator decided, and what closed today; a line each.
    fn settled(&self) -> Vec<String> {
        let mut settled: Vec<(String, Vec<&str>)> = Vec::new();
        for state in [State::Accepted, State::Waived, State::Corrected] {
            let keys = self.shown().into_iter().filter(|told| told.state == state);
            for told in keys {
                let until =
                    told.decision.as_ref().filter(|_| state == State::Waived).and_then(|own| own.until.as_ref());
                let until = until.map_or_else(String::new, |day| format!(" {} {day}", self.say("sampai", "until")));
                let name = format!("{}{until}", self.state_name(state));
                match settled.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, keys)) => keys.push(&told.key),
                    None => settled.push((name, vec![&told.key])),
                }
            }
        }
        let of_branch = |key: &&String| {
            let parts = parts(key);
            let of_branch = self.branch.is_none_or(|branch| parts.is_some_and(|parts| parts.branch == branch));
            of_branch && self.only_day.is_none_or(|day| parts.is_some_and(|parts| parts.day == day_name(day)))
        };
        let closed: Vec<&str> = self.picture.closed.iter().filter(of_branch).map(String::as_str).collect();
        if !closed.is_empty() {
            settled.push((self.say("selesai, tidak ditemukan lagi", "mended, no longer found").into(), closed));
        }
        let line = |(name, keys): (String, Vec<&str>)| {
            let more = if keys.len() > 1 { format!("  (+{})", keys.len() - 1) } else { String::new() };
            cut(&format!("OK    {}{more}  {name}", harmless(keys[0])))
        };
        if settled.len() > SETTLED {
            let left: usize = settled[SETTLED - 1..].iter().map(|(_, keys)| keys.len()).sum();
            settled.truncate(SETTLED - 1);
            let mut lines: Vec<String> = settled.into_iter().map(line).collect();
            lines.push(format!(
                "OK    … {left} {}",
                self.say("lagi: langgan check --json", "more: langgan check --json")
            ));
            return lines;
        }
        settled.into_iter().map(line).collect()
    }

    fn state_name(&self, state: State) -> &'static str {
        match state {
            State::Accepted => self.say("diterima administrator", "accepted"),
            State::Waived => self.say("dibiarkan", "waived"),
            State::Corrected => self.say("dikoreksi", "corrected"),
            other => other.name(),
        }
    }

    fn error(&self, told: &Told) -> Block {
        let finding = &told.finding;
        let mut lines = wrap(&format!(
            "FAIL  {}{}  {}",
            harmless(&told.key),
            self.age(told),
            harmless(&words::finding(finding, self.money, self.language)),
        ));
        let mut add = |text: String| lines.extend(wrap(&format!("      {}", harmless(&text))));
        if let Some(cause) = told.cause() {
            add(words::cause(cause, self.language));
        }
        for held in finding.held.iter().take(1) {
            add(format!("→ {}", words::what_next(held, self.language)));
        }
        if let Some(touches) = words::touches(&told.touches, self.money, self.language) {
            add(format!("{touches}; {}", self.consequence(told)));
        }
        let brief = words::brief(finding, self.money, self.language);
        let brief = cut(&format!("FAIL  {}{}  {}", harmless(&told.key), self.age(told), harmless(&brief)));
        Block { lines, brief }
    }

    /// What becomes of the data an exception is about.
    fn consequence(&self, told: &Told) -> &'static str {
        let is_later = told.finding.day.is_some_and(|day| day >= self.picture.as_of);
        if told.touches.orders == 0 || is_later {
            self.say("tidak ada dalam angka", "not in the figures")
        } else if self.picture.keeps_out(told) {
            self.say("ditahan", "held back")
        } else if told.stops() && told.finding.action == Action::Quarantine {
            self.say("faktur disisihkan", "set aside")
        } else {
            self.say("tetap dipakai", "still used")
        }
    }

    /// Age and whether it came back, in brackets behind the key.
    fn age(&self, told: &Told) -> String {
        let age = told.age(self.picture.as_of);
        let again = (told.state == State::Reopened).then(|| self.say("terbuka lagi", "re-opened").to_string());
        let days = (age > 0).then(|| words::days(i64::from(age), self.language));
        let parts: Vec<String> = days.into_iter().chain(again).collect();
        if parts.is_empty() { String::new() } else { format!("  [{}]", parts.join(", ")) }
    }

    /// Warnings by rule: the first, how many others, and all their rows.
    fn warnings(&self, warnings: &[&Told]) -> Vec<Block> {
        let mut rules: Vec<(&str, Vec<&Told>)> = Vec::new();
        for told in warnings {
            match rules.iter_mut().find(|(rule, _)| *rule == told.finding.rule.id) {
                Some((_, own)) => own.push(told),
                None => rules.push((told.finding.rule.id, vec![told])),
            }
        }
        let block = |(_, own): &(&str, Vec<&Told>)| {
            let first = own[0];
            if own.len() == 1 {
                let text = words::finding(&first.finding, self.money, self.language);
                let age = self.age(first);
                let brief = words::brief(&first.finding, self.money, self.language);
                let brief = cut(&format!("WARN  {}{age}  {}", harmless(&first.key), harmless(&brief)));
                let lines = wrap(&format!("WARN  {}{age}  {}", harmless(&first.key), harmless(&text)));
                return Block { lines, brief };
            }
            let rows: u64 = own.iter().map(|told| told.finding.n_rows).sum();
            let rule = self.say(first.finding.rule.indonesian, first.finding.rule.english);
            let rows = if rows > 0 { format!(", {rows} {}", self.say("baris", "rows")) } else { String::new() };
            let days = self.say("hari, cabang atau berkas", "days, branches or files");
            let more = own.len() - 1;
            let text = format!("WARN  {}  (+{more})  {rule}: {} {days}{rows}", harmless(&first.key), own.len());
            Block { lines: wrap(&text), brief: cut(&text) }
        };
        rules.iter().map(block).collect()
    }

    fn arithmetic(&self) -> String {
        let rows = self.rows;
        let mut line = format!(
            "{} {} = {} {} + {} {} + {} {}",
            self.say("baris masuk", "rows  read"),
            rows.received,
            self.say("diterima", "accepted"),
            rows.accepted,
            self.say("ditolak", "rejected"),
            rows.rejected,
            self.say("dobel", "duplicate"),
            rows.duplicate
        );
        if rows.superseded > 0 {
            line.push_str(&format!(" + {} {}", self.say("digantikan", "superseded"), rows.superseded));
        }
        if !rows.balances() {
            line.push_str(self.say("  TIDAK COCOK", "  DOES NOT ADD UP"));
        }
        line
    }

    fn gate(&self) -> Vec<String> {
        let gate = &self.picture.gate;
        let mut lines = Vec::new();
        let (compared, differ) = (self.picture.compared, self.picture.mismatches.len());
        if compared > 0 {
            lines.push(match self.language {
                Language::Indonesian => format!("total kontrol: {compared} hari cabang dibandingkan, {differ} berbeda"),
                Language::English => format!("control totals: {compared} branch-days compared, {differ} differ"),
            });
        }
        if !gate.held.is_empty() {
            let held: Vec<String> = gate.held.iter().map(|held| harmless(&words::held(held, self.language))).collect();
            let days = if held.len() == 1 { "branch-day held back" } else { "branch-days held back" };
            let (n, days) = (held.len(), self.say("hari cabang ditahan", days));
            lines.push(cut(&format!("{n} {days}: {}", held.join("; "))));
        }
        if gate.quarantined > 0 {
            lines.push(format!("{} {}", gate.quarantined, self.say("faktur disisihkan", "orders in quarantine")));
        }
        if !self.picture.capped.is_empty() {
            let rules = self.picture.capped.join(", ");
            lines.push(cut(&match self.language {
                Language::Indonesian => format!("{rules}: {} baris atau lebih; hanya yang pertama dipakai", scan::MOST),
                Language::English => format!("{rules}: {} rows or more; only the first are acted on", scan::MOST),
            }));
        }
        for file in self.picture.not_all.iter().take(1) {
            let more = if self.picture.not_all.len() > 1 {
                format!(" (+{})", self.picture.not_all.len() - 1)
            } else {
                String::new()
            };
            let (all, seen) = (file.refused, file.looked_at);
            lines.push(cut(&match self.language {
                Language::Indonesian => {
                    format!("{}{more}: dari {all} baris yang ditolak, {seen} pertama diperiksa", harmless(&file.file))
                }
                Language::English => {
                    format!("{}{more}: of {all} refused rows the first {seen} were looked at", harmless(&file.file))
                }
            }));
        }
        if self.shown().iter().any(|told| told.state.is_open() && told.finding.severity == Severity::Error) {
            lines.push(
                self.say(
                    "minta cabang kirim ulang, atau: langgan accept|hold|waive KUNCI --reason \"…\"",
                    "ask the branch to resend, or: langgan accept|hold|waive KEY --reason \"…\"",
                )
                .into(),
            );
        }
        lines
    }
}

/// Breaks a line at blanks so that no part is longer than the screen is wide; what follows is indented.
fn wrap(text: &str) -> Vec<String> {
    let indent = "      ";
    let mut lines: Vec<String> = Vec::new();
    let lead = text.len() - text.trim_start().len();
    let mut line = text[..lead].to_string();
    let mut is_fresh = true;
    for word in text[lead..].split(' ') {
        let width = line.chars().count() + 1 + word.chars().count();
        let fits_below = indent.len() + word.chars().count() <= WIDTH;
        if width > WIDTH && !is_fresh && fits_below {
            lines.push(std::mem::replace(&mut line, indent.into()).trim_end().into());
            is_fresh = true;
            if word.is_empty() {
                continue;
            }
        }
        if !is_fresh {
            line.push(' ');
        }
        line.push_str(word);
        is_fresh = false;
    }
    lines.push(line);
    lines
}

/// A line no longer than the screen is wide.
fn cut(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.into();
    }
    text.chars().take(WIDTH - 1).chain(['…']).collect()
}

/// What is told of one exception: whole, and in a line.
struct Block {
    lines: Vec<String>,
    brief: String,
}

/// Blocks within a number of lines: each whole as long as one line is left for each that follows, then each in a line,
/// then how many are left.
fn fit(blocks: Vec<Block>, room: usize, more: impl Fn(usize) -> String) -> Vec<String> {
    let all = blocks.len();
    let mut lines: Vec<String> = Vec::new();
    for (place, block) in blocks.into_iter().enumerate() {
        let following = all - place - 1;
        let free = room.saturating_sub(lines.len());
        if free == 0 || (free == 1 && following > 0) {
            lines.push(more(following + 1));
            break;
        }
        if block.lines.len() + following <= free {
            lines.extend(block.lines);
        } else {
            lines.push(block.brief);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_at_blanks() {
        let text =
            "FAIL  control_totals/JKT-01/2026-03-06  the branch's control totals differ from what arrived: amount";
        let lines = wrap(text);
        assert_eq!(
            lines,
            [
                "FAIL  control_totals/JKT-01/2026-03-06  the branch's control totals differ from",
                "      what arrived: amount"
            ]
        );
        let long = format!("WARN  {}  x", "k".repeat(90));
        assert_eq!(wrap(&long), [format!("WARN  {}", "k".repeat(90)), "      x".into()], "a key is never broken");
    }

    #[test]
    fn what_does_not_fit_is_cut_and_counted() {
        let block = |n: usize| Block {
            lines: ["a", "b", "c"].map(|line| format!("{line}{n}")).to_vec(),
            brief: format!("{n}"),
        };
        let blocks = |n: usize| -> Vec<Block> { (0..n).map(block).collect() };
        let more = |left: usize| format!("{left} more");
        assert_eq!(fit(blocks(2), 6, more).len(), 6);
        assert_eq!(fit(blocks(2), 5, more), ["a0", "b0", "c0", "1"]);
        assert_eq!(fit(blocks(3), 3, more), ["0", "1", "2"]);
        assert_eq!(fit(blocks(9), 3, more), ["0", "1", "7 more"]);
    }
}
