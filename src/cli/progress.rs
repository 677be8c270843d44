//! Progress bars: on a terminal only, and only for what takes longer than a moment.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Session;
use crate::ingest::Progress;

/// Shows how far ingest is: bytes, rows, time left.
pub struct IngestBar {
    bar: ProgressBar,
    rows: Mutex<u64>,
}

impl IngestBar {
    /// A bar, hidden where nobody is looking.
    pub fn new(session: &Session) -> IngestBar {
        let bar = if visible(session) { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("  {bar:30} {bytes}/{total_bytes}  {eta} left  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        IngestBar { bar, rows: Mutex::new(0) }
    }

    /// Takes a word from ingest.
    pub fn tell(&self, progress: Progress<'_>) {
        match progress {
            Progress::Planned(bytes) => self.bar.set_length(bytes),
            Progress::File(path) => {
                self.bar.set_message(super::render::harmless(&path.file_name().unwrap_or_default().to_string_lossy()))
            }
            Progress::Read(bytes, rows) => {
                self.bar.inc(bytes);
                if let Ok(mut sum) = self.rows.lock() {
                    *sum += rows;
                    self.bar.set_message(format!("{sum} rows"));
                }
            }
        }
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// A spinner that names the step at work.
pub fn spinner(session: &Session) -> ProgressBar {
    if !visible(session) {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn visible(session: &Session) -> bool {
    session.progress && std::io::stderr().is_terminal()
}
