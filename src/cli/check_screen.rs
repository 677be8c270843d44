//! The SynchController's screen: no more than forty lines for a dozen branches.

use super::render::harmless;
use crate::calendar::{civil, day_name};
use crate::check::Picture;
use crate::check::exceptions::State;
use crate::check::report::{Branch, Status, Told};
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
    /// The reader's language.
    pub language: Language,
    /// Identifies the lake.
    pub lake: String,
}

/// Days of the grid.
const DAYS: i32 = 7;
/// Lines for exceptions.
const LINES: usize = 20;
/// Branches shown; more are counted.
const BRANCHES: usize = 12;

impl Screen<'_> {
    /// The screen, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.head(), self.weekdays()];
        let branches: Vec<&Branch> = self.branches();
        lines.extend(branches.iter().take(BRANCHES).map(|branch| self.branch_line(branch)));
        if branches.len() > BRANCHES {
            lines.push(format!(
                "   … {} {}",
                branches.len() - BRANCHES,
                self.say("cabang lain, semuanya baik", "more branches, all of them well")
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
            let worst = |branch: &Branch| self.cells(branch).map(|cell| cell.1).max();
            branches.sort_by_key(|branch| std::cmp::Reverse(worst(branch)));
        }
        branches
    }

    fn head(&self) -> String {
        let open = self.shown().iter().filter(|told| told.state.is_open()).count();
        format!(
            "SynchController  {}   {} {}   {} {}   {} {}",
            day_name(self.day),
            self.picture.branches.len(),
            self.say("cabang", "branches"),
            open,
            self.say("masalah terbuka", "open exceptions"),
            self.say("isi lake", "lake"),
            &self.lake[..8.min(self.lake.len())],
        )
    }

    fn weekdays(&self) -> String {
        let names = match self.language {
            Language::Indonesian => ["Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min"],
            Language::English => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        };
        let mut line = format!("{:<12}", "");
        for day in self.day - DAYS + 1..=self.day {
            // Day 0 was a Thursday.
            let (_, _, date) = civil(day);
            line.push_str(&format!(" {}{date:02}", &names[(day + 3).rem_euclid(7) as usize][..2]));
        }
        format!("{line}  {:>8} {:>18}  status", self.say("faktur", "orders"), self.say("nilai", "amount"))
    }

    /// The days of the grid of a branch, with their statuses.
    fn cells<'b>(&'b self, branch: &'b Branch) -> impl Iterator<Item = (i32, Status)> + 'b {
        let days = branch.days.iter().zip(self.picture.from..);
        days.map(|(cell, day)| (day, cell.status)).filter(|(day, _)| (self.day - DAYS + 1..=self.day).contains(day))
    }

    fn branch_line(&self, branch: &Branch) -> String {
        let mut line = format!("{:<12}", harmless(if branch.branch.is_empty() { "-" } else { &branch.branch }));
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
            Some((status, day)) if status > Status::Ok => format!("{} {}", self.status_name(status), day_name(day)),
            _ => match branch.days_since_newest {
                Some(days) if days > DAYS => {
                    format!("{} {days} {}", self.say("data terakhir", "newest data"), self.say("hari lalu", "days ago"))
                }
                None => self.say("belum ada data", "no data yet").into(),
                _ => "ok".into(),
            },
        };
        format!("{line}  {orders:>8} {:>18}  {status}", (self.money)(amount))
    }

    fn status_name(&self, status: Status) -> &'static str {
        match status {
            Status::Nothing | Status::Closed | Status::Ok => "ok",
            Status::Resent => self.say("DIKIRIM ULANG", "RESENT"),
            Status::Late => self.say("TERLAMBAT", "LATE"),
            Status::Duplicate => self.say("DOBEL", "DUPLICATE"),
            Status::Partial => self.say("SEBAGIAN", "PARTIAL"),
            Status::Missing => self.say("TIDAK ADA", "MISSING"),
            Status::Failed => self.say("GAGAL", "FAIL"),
            Status::Held => self.say("DITAHAN", "HELD"),
        }
    }

    /// The exceptions to be shown: those that are open, and what became of others today.
    fn shown(&self) -> Vec<&Told> {
        let of_branch = |told: &&Told| self.branch.is_none_or(|branch| branch == told.finding.branch);
        let of_day = |told: &&Told| self.only_day.is_none_or(|day| told.finding.day == Some(day));
        self.picture.exceptions.iter().filter(of_branch).filter(of_day).collect()
    }

    /// Open errors with their likeliest cause, then warnings, one line a rule where they are many.
    fn exceptions(&self) -> Vec<String> {
        let mut open: Vec<&Told> = self.shown().into_iter().filter(|told| told.state.is_open()).collect();
        open.sort_by_key(|told| {
            let recent = told.finding.day.map_or(0, |day| day);
            (told.finding.severity, !told.stops(), std::cmp::Reverse(recent))
        });
        let mut lines = Vec::new();
        let errors: Vec<&&Told> = open.iter().filter(|told| told.finding.severity == Severity::Error).collect();
        let warnings: Vec<&&Told> = open.iter().filter(|told| told.finding.severity == Severity::Warning).collect();
        let room = LINES - warnings.len().min(6);
        let mut told_errors = 0;
        for told in &errors {
            let more = self.error(told);
            if lines.len() + more.len() > room {
                break;
            }
            lines.extend(more);
            told_errors += 1;
        }
        if told_errors < errors.len() {
            lines.push(format!(
                "      … {} {}",
                errors.len() - told_errors,
                self.say("lagi: langgan check --json", "more: langgan check --json")
            ));
        }
        lines.extend(self.warnings(&warnings, LINES.saturating_sub(lines.len())));
        let states = [State::Accepted, State::Waived, State::Corrected];
        let settled: Vec<String> = states
            .into_iter()
            .map(|state| (state, self.shown().iter().filter(|told| told.state == state).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(state, count)| format!("{count} {}", self.state_name(state)))
            .collect();
        if !settled.is_empty() {
            lines.push(format!("OK    {}", settled.join(", ")));
        }
        lines
    }

    fn state_name(&self, state: State) -> &'static str {
        match state {
            State::Accepted => self.say("diterima administrator", "accepted"),
            State::Waived => self.say("dibiarkan sementara", "waived"),
            State::Corrected => self.say("dikoreksi", "corrected"),
            other => other.name(),
        }
    }

    fn error(&self, told: &Told) -> Vec<String> {
        let finding = &told.finding;
        let mut lines = vec![format!(
            "FAIL  {}  {}{}",
            harmless(&told.key),
            harmless(&words::finding(finding, self.money, self.language)),
            self.age(told)
        )];
        if let Some(cause) = told.cause() {
            lines.push(format!("      {}", harmless(&words::cause(cause, self.language))));
        }
        let touches = &told.touches;
        if touches.orders > 0 {
            let queue = touches
                .queue_items
                .map_or_else(String::new, |items| format!(", {items} {}", self.say("isi antrean", "queue items")));
            lines.push(format!(
                "      {} {}, {} {}{queue}   {}",
                self.say("menyangkut", "touches"),
                (self.money)(touches.amount_minor),
                touches.customers,
                self.say("pelanggan", "customers"),
                match finding.action {
                    Action::Hold if told.stops() => self.say("ditahan", "held"),
                    Action::Quarantine => self.say("faktur disisihkan", "documents set aside"),
                    _ => self.say("tetap dipakai", "still used"),
                }
            ));
        }
        lines
    }

    fn age(&self, told: &Told) -> String {
        let mut text = String::new();
        let age = told.age(self.picture.as_of);
        if age > 0 {
            text.push_str(&format!("  [{age} {}]", self.say("hari", "days")));
        }
        if told.state == State::Reopened {
            text.push_str(self.say("  [terbuka lagi]", "  [re-opened]"));
        }
        text
    }

    /// Warnings by rule: the branch with most, and how many others.
    fn warnings(&self, warnings: &[&&Told], room: usize) -> Vec<String> {
        let mut rules: Vec<&str> = warnings.iter().map(|told| told.finding.rule.id).collect();
        rules.dedup();
        let mut seen = Vec::new();
        rules.retain(|rule| {
            !seen.contains(rule) && {
                seen.push(*rule);
                true
            }
        });
        let mut lines = Vec::new();
        for rule in &rules {
            let own: Vec<&&&Told> = warnings.iter().filter(|told| told.finding.rule.id == *rule).collect();
            let Some(first) = own.first() else { continue };
            let text = if own.len() == 1 {
                words::finding(&first.finding, self.money, self.language)
            } else {
                let rows: u64 = own.iter().map(|told| told.finding.n_rows).sum();
                let rule = self.say(first.finding.rule.indonesian, first.finding.rule.english);
                let rows = if rows > 0 { format!(", {rows} {}", self.say("baris", "rows")) } else { String::new() };
                format!("{rule}: {} {}{rows}", own.len(), self.say("hari atau cabang", "days or branches"))
            };
            let more = if own.len() > 1 { format!("  (+{})", own.len() - 1) } else { String::new() };
            lines.push(format!("WARN  {}{more}  {}", harmless(&first.key), harmless(&text)));
        }
        if lines.len() > room.max(1) {
            let left = lines.len() - room.max(1) + 1;
            lines.truncate(room.max(1) - 1);
            lines.push(format!(
                "      … {left} {}",
                self.say("peringatan lagi: langgan check --json", "more warnings: langgan check --json")
            ));
        }
        lines
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
            let held: Vec<String> =
                gate.held.iter().take(3).map(|held| harmless(&words::held(held, self.language))).collect();
            let more = if gate.held.len() > 3 { format!(" … +{}", gate.held.len() - 3) } else { String::new() };
            lines.push(format!("{}: {}{more}", self.say("ditahan", "held"), held.join("; ")));
        }
        if gate.quarantined > 0 {
            lines.push(format!("{} {}", gate.quarantined, self.say("faktur disisihkan", "orders in quarantine")));
        }
        if self.shown().iter().any(|told| told.state.is_open() && told.finding.severity == Severity::Error) {
            lines.push(
                self.say(
                    "minta cabang mengirim ulang, atau: langgan accept|hold|waive KUNCI --reason \"…\"",
                    "ask the branch to resend, or: langgan accept|hold|waive KEY --reason \"…\"",
                )
                .into(),
            );
        }
        lines
    }
}
