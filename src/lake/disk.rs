//! Every lasting change on disk, in one place, so that a test can let any one of them fail.
//!
//! `LANGGAN_FAULT` is for tests alone: `fail:N` makes the Nth change and all after it fail as on a full disk, `once:N`
//! only the Nth; `kill:N` ends the process halfway through the Nth; `power:N` does, and what was not yet made durable is
//! cut off as well; `log:FILE` writes down what changes there are.

use std::fs::File;
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use tempfile::NamedTempFile;

/// Makes a folder and those it is in.
pub fn create_dir_all(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    step("create", dir)?;
    std::fs::create_dir_all(dir)
}

/// A file without a name of its own yet.
pub fn temporary_file(dir: &Path) -> Result<NamedTempFile> {
    step("create", dir)?;
    NamedTempFile::new_in(dir)
}

/// A file under its own name.
pub fn create(path: &Path) -> Result<File> {
    step("create", path)?;
    File::create(path)
}

/// Writes to a file.
pub struct Out(pub File);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if let Some(fault) = fault() {
            fault.unsynced(&self.0)?;
            fault.step("write", Path::new(""), || drop(self.0.write(&bytes[..bytes.len() / 2])))?;
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

/// Makes what a file holds durable.
pub fn sync(file: &File) -> Result<()> {
    step("sync", Path::new(""))?;
    file.sync_all()?;
    if let Some(fault) = fault() {
        fault.synced(file)?;
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub fn sync_dir(dir: &Path) -> Result<()> {
    step("sync", dir)?;
    File::open(dir)?.sync_all()
}

/// Gives a temporary file its name.
pub fn persist(file: NamedTempFile, path: &Path) -> Result<File> {
    step("rename", path)?;
    file.persist(path).map_err(|error| error.error)
}

/// Renames a file or folder.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    step("rename", to)?;
    std::fs::rename(from, to)
}

/// Makes a link.
pub fn symlink(to: &Path, link: &Path) -> Result<()> {
    step("link", link)?;
    std::os::unix::fs::symlink(to, link)
}

/// Takes a file or a folder with all that is in it away.
pub fn remove(path: &Path) -> Result<()> {
    step("remove", path)?;
    if path.is_dir() && !path.is_symlink() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
}

fn step(what: &str, path: &Path) -> Result<()> {
    fault().map_or(Ok(()), |fault| fault.step(what, path, || {}))
}

/// What a test lets go wrong.
struct Fault {
    kind: Kind,
    at: u64,
    steps: AtomicU64,
    log: Option<Mutex<File>>,
    unsynced: Mutex<Vec<(u64, File)>>,
}

#[derive(PartialEq)]
enum Kind {
    Fail,
    Once,
    Kill,
    Power,
    Log,
}

fn fault() -> Option<&'static Fault> {
    static FAULT: OnceLock<Option<Fault>> = OnceLock::new();
    FAULT.get_or_init(|| Fault::read(&std::env::var("LANGGAN_FAULT").ok()?)).as_ref()
}

impl Fault {
    fn read(text: &str) -> Option<Fault> {
        let (kind, rest) = text.split_once(':')?;
        let kind = match kind {
            "fail" => Kind::Fail,
            "once" => Kind::Once,
            "kill" => Kind::Kill,
            "power" => Kind::Power,
            "log" => Kind::Log,
            _ => return None,
        };
        let log = if kind == Kind::Log { Some(Mutex::new(File::create(rest).ok()?)) } else { None };
        let at = if log.is_some() { u64::MAX } else { rest.parse().ok()? };
        Some(Fault { kind, at, steps: AtomicU64::new(0), log, unsynced: Mutex::default() })
    }

    fn step(&self, what: &str, path: &Path, half: impl FnOnce()) -> Result<()> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(Ok(mut log)) = self.log.as_ref().map(Mutex::lock) {
            writeln!(log, "{what} {}", path.display())?;
        }
        match self.kind {
            Kind::Fail if step >= self.at => Err(Error::from(ErrorKind::StorageFull)),
            Kind::Once if step == self.at => Err(Error::from(ErrorKind::StorageFull)),
            Kind::Kill | Kind::Power if step == self.at => {
                half();
                if let (Kind::Power, Ok(files)) = (&self.kind, self.unsynced.lock()) {
                    for (_, file) in files.iter() {
                        let length = file.metadata().map_or(0, |found| found.len());
                        let _ = file.set_len(length / 2);
                    }
                }
                std::process::abort()
            }
            _ => Ok(()),
        }
    }

    fn unsynced(&self, file: &File) -> Result<()> {
        let inode = file.metadata()?.ino();
        if let (Kind::Power, Ok(mut files)) = (&self.kind, self.unsynced.lock())
            && files.iter().all(|(known, _)| *known != inode)
        {
            files.push((inode, file.try_clone()?));
        }
        Ok(())
    }

    fn synced(&self, file: &File) -> Result<()> {
        let inode = file.metadata()?.ino();
        if let Ok(mut files) = self.unsynced.lock() {
            files.retain(|(known, _)| *known != inode);
        }
        Ok(())
    }
}
