//! The ledger of exceptions and decisions: `checks/ledger.jsonl`, one event a line, only ever added to.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::exceptions::{Event, What};
use crate::calendar::day_name;
use crate::error::{Error, Result};

/// Where a project's ledger is.
#[derive(Debug, Clone)]
pub struct Ledger(PathBuf);

impl Ledger {
    /// The ledger of the project in a folder.
    pub fn of(project: &Path) -> Ledger {
        Ledger(project.join("checks").join("ledger.jsonl"))
    }

    /// Every event, oldest first. A last line that was cut off by a crash never happened.
    pub fn read(&self) -> Result<Vec<Event>> {
        let text = match std::fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", &self.0)(error)),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        whole
            .lines()
            .enumerate()
            .map(|(number, line)| {
                serde_json::from_str(line).map_err(|error| Error::Damaged {
                    path: self.0.clone(),
                    message: format!("line {}: {error}", number + 1),
                })
            })
            .collect()
    }

    /// Adds events that happened at an as-of day, and makes them durable.
    pub fn append(&self, at: i32, events: Vec<What>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        for what in events {
            let event = Event { at: day_name(at), what };
            text.push_str(&serde_json::to_string(&event).map_err(Error::internal("writing the ledger"))?);
            text.push('\n');
        }
        let dir = self.0.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
        let failed = |error| Error::io("write", &self.0)(error);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&self.0).map_err(failed)?;
        let mut before = Vec::new();
        file.read_to_end(&mut before).map_err(failed)?;
        let whole = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1) as u64;
        file.set_len(whole).map_err(failed)?;
        file.seek(SeekFrom::Start(whole)).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        File::open(dir).and_then(|handle| handle.sync_all()).map_err(Error::io("write in", dir))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cut_off_never_happened() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::of(dir.path());
        let seen = |batch: &str| vec![What::Checked { batches: vec![batch.into()] }];
        ledger.append(0, seen("a")).unwrap();
        let path = dir.path().join("checks/ledger.jsonl");
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}{{\"at\":\"1970-01-02\",\"eve")).unwrap();
        assert_eq!(ledger.read().unwrap().len(), 1);
        ledger.append(1, seen("b")).unwrap();
        let events = ledger.read().unwrap();
        assert_eq!(events.len(), 2);
        assert_eq!(events[1], Event { at: "1970-01-02".into(), what: What::Checked { batches: vec!["b".into()] } });
    }
}
