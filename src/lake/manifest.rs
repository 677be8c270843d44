//! The manifest: which batches the lake holds. Replaced whole, never edited; a reader sees the old or the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk::{self, Out};
use super::layout::LakeDir;
use crate::error::{Error, Result};

/// The version since which [`Manifest::implied`] is filled.
pub const NAMES_TOGETHER: u32 = 2;

/// What is in the lake.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// Version of this format.
    pub version: u32,
    /// Digits of the minor unit all money in the lake is in.
    pub decimals: u32,
    /// The batches, oldest first. Superseded ones stay, for history.
    pub batches: Vec<Batch>,
    /// Customers and products that no source describes: what the files in force name, together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub implied: Vec<DataFile>,
    /// Closed months that were moved by files that came late or were corrected, oldest load first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restatements: Vec<Restatement>,
    /// The files that are set aside whole, until they or the configuration are mended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
    /// The columns of the file each source brought last; by `source/branch` where the names of files say the branch.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Vec<String>>,
}

/// A closed month that a load moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restatement {
    /// The month, `YYYY-MM`.
    pub month: String,
    /// The branch; empty where orders name none.
    pub branch: String,
    /// Completed orders more (or fewer).
    pub orders: i64,
    /// Quantity × price − discount more (or less), minor units.
    pub amount: i64,
    /// The files of that load.
    pub files: Vec<String>,
}

/// What a file is about, as its name says: `branch`, `day` (`YYYY-MM-DD`) and whatever else its pattern names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unit(pub BTreeMap<String, String>);

impl Unit {
    /// The branch.
    pub fn branch(&self) -> Option<&str> {
        self.0.get("branch").map(String::as_str)
    }

    /// The day, `YYYY-MM-DD`.
    pub fn day(&self) -> Option<&str> {
        self.0.get("day").map(String::as_str)
    }

    /// Whether a file about the same replaces another: a branch alone is too little for that.
    pub fn replaces(&self) -> bool {
        self.0.keys().any(|name| name != "branch")
    }
}

/// A file that is set aside whole. Everything else goes on; what was loaded of it before still serves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The source.
    pub source: String,
    /// The file, relative to the project where it is inside.
    pub file: String,
    /// What it is about, where its name says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Why, in a word: `unreadable`, `column_missing`, `column_added`, `column_changed`, `not_mapped`,
    /// `too_many_rejects`, `two_ways`.
    pub code: String,
    /// Why.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Its rows, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Arithmetic>,
    /// Its refused rows in the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
}

/// A difference between a file's columns and those of the file its source brought before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// `added` or `removed`.
    pub change: String,
    /// The export's column.
    pub column: String,
    /// The column of the other file that looks most like it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

/// What one file of one source brought.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Source and content: loading the same bytes twice gives the same id.
    pub id: String,
    /// The source.
    pub source: String,
    /// Its canonical table, or `flat`.
    pub table: String,
    /// The file, relative to the project where it is inside.
    pub file: String,
    /// BLAKE3 of its bytes.
    pub hash: String,
    /// Its size.
    pub bytes: u64,
    /// The row arithmetic.
    pub rows: Arithmetic,
    /// Rejected rows by code.
    pub rejects: BTreeMap<String, u64>,
    /// The files of the lake it filled: table, path, rows.
    pub files: Vec<DataFile>,
    /// Its rows in the rejects ledger.
    pub ledger: Option<String>,
    /// The batch that took its place.
    pub superseded_by: Option<String>,
    /// What it is about, where its name says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// The row arithmetic of each branch its rows name (empty: rows too broken to name one).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub branches: BTreeMap<String, Arithmetic>,
    /// How its columns differed from those of the file before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// What the sender says of it as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
    /// Where it was pulled from a database: what was pulled, and how far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulled: Option<Pulled>,
}

/// What the sender says of a file as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// Where it says so: `trailer` or `sidecar`.
    pub from: String,
    /// Rows.
    pub rows: Option<i64>,
    /// Sum of quantity × price − discount, minor units.
    pub amount: Option<i64>,
    /// Sum of the units.
    pub quantity: Option<i64>,
    /// Hash total of the order ids.
    pub id_hash: Option<i64>,
    /// First order id.
    pub first_document: Option<String>,
    /// Last order id.
    pub last_document: Option<String>,
}

/// Rows pulled from a database, and the cursor to go on from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulled {
    /// The file of the rows, within the lake.
    pub file: String,
    /// The newest cursor among them.
    pub cursor: Option<String>,
    /// Identifies what was asked for.
    pub question: String,
}

/// One Parquet file of the lake.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataFile {
    /// The table.
    pub table: String,
    /// Path within the lake.
    pub path: String,
    /// Rows.
    pub rows: u64,
}

/// Received = accepted + rejected + duplicate + superseded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arithmetic {
    /// Records in the file, its header excepted.
    pub received: u64,
    /// Rows in the lake.
    pub accepted: u64,
    /// Rows in the ledger for any reason but a repeated key.
    pub rejected: u64,
    /// Rows in the ledger for a repeated key.
    pub duplicate: u64,
    /// Rows that were accepted until a newer file took this one's place.
    pub superseded: u64,
}

impl Batch {
    /// Puts another batch in the place of this one: its rows are superseded.
    pub fn supersede(&mut self, by: &str) {
        for rows in std::iter::once(&mut self.rows).chain(self.branches.values_mut()) {
            rows.superseded += std::mem::take(&mut rows.accepted);
        }
        self.superseded_by = Some(by.into());
    }

    /// Whether a file holds what this batch, of another table, says of customers or products.
    pub fn only_names(&self, file: &DataFile) -> bool {
        file.table != self.table && (file.table == "customers" || file.table == "products")
    }
}

impl Arithmetic {
    /// Whether no row is missing and none counted twice.
    pub fn balances(&self) -> bool {
        self.received == self.accepted + self.rejected + self.duplicate + self.superseded
    }

    /// Adds another file's rows.
    pub fn add(&mut self, other: &Arithmetic) {
        self.received += other.received;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.duplicate += other.duplicate;
        self.superseded += other.superseded;
    }
}

impl Manifest {
    /// Reads the manifest; an absent lake is an empty one.
    pub fn read(lake: &LakeDir) -> Result<Manifest> {
        let path = lake.manifest();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Manifest::default()),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        serde_json::from_str(&text).map_err(|error| Error::Damaged { path, message: error.to_string() })
    }

    /// Puts this manifest in the place of the one before, in one step.
    pub fn commit(&self, lake: &LakeDir) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(Error::internal("writing the manifest"))?;
        write_atomically(&lake.manifest(), text.as_bytes())
    }

    /// The batches in force.
    pub fn active(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter().filter(|batch| batch.superseded_by.is_none())
    }

    /// The files of a table in force. Customers and products that other tables only name are in force until the
    /// table has a source of its own.
    pub fn files<'m>(&'m self, table: &'m str) -> impl Iterator<Item = &'m DataFile> {
        let own = |batch: &'m Batch| batch.files.iter().filter(move |file| !batch.only_names(file));
        let described = self.describes(table);
        let implied = if described { &[][..] } else { &self.implied[..] };
        // A lake from before what is named was put together has each name once, in the batch that brought it.
        let apart = if described || self.version >= NAMES_TOGETHER { &[][..] } else { &self.batches[..] };
        let apart = apart.iter().flat_map(|batch| batch.files.iter().filter(move |file| batch.only_names(file)));
        self.active().flat_map(own).chain(implied).chain(apart).filter(move |file| file.table == table)
    }

    /// Whether a table has a source of its own.
    pub fn describes(&self, table: &str) -> bool {
        self.active().any(|batch| batch.table == table)
    }

    /// The rejects of the files in force and of those that are held.
    pub fn ledgers(&self) -> impl Iterator<Item = &String> {
        let held = self.held.iter().filter_map(|held| held.ledger.as_ref());
        self.active().filter_map(|batch| batch.ledger.as_ref()).chain(held)
    }

    /// Identifies the content the lake serves.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut ids: Vec<&str> = self.active().map(|batch| batch.id.as_str()).collect();
        ids.sort_unstable();
        for id in ids {
            hasher.update(id.as_bytes());
            hasher.update(b"\n");
        }
        hasher.finalize().to_hex()[..16].to_string()
    }
}

/// Writes a file beside its place, makes it durable, and renames it into place.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    disk::create_dir_all(dir).map_err(Error::io("create", dir))?;
    let file = disk::temporary_file(dir).map_err(Error::io("write in", dir))?;
    let mut out = Out(file.reopen().map_err(Error::io("write in", dir))?);
    out.write_all(bytes).and_then(|()| disk::sync(&out.0)).map_err(Error::io("write", path))?;
    disk::persist(file, path).map_err(Error::io("write", path))?;
    sync_dir(dir)
}

/// Takes away what a run that was killed left half-written: entries of a folder that begin with `prefix`. Only for
/// who holds the lock.
pub fn sweep(dir: &Path, prefix: &str) -> Result<()> {
    for entry in std::fs::read_dir(dir).map_err(Error::io("read", dir))?.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let path = entry.path();
        disk::remove(&path).map_err(Error::io("remove", &path))?;
    }
    Ok(())
}

/// Takes away the files of the lake that no manifest names: what was written for a load that did not come to its end.
/// Only for who holds the lock.
pub fn sweep_unnamed(lake: &LakeDir, manifest: &Manifest) -> Result<()> {
    let data = manifest.batches.iter().flat_map(|batch| &batch.files).chain(&manifest.implied).map(|file| &file.path);
    let superseded = manifest.batches.iter().filter_map(|batch| batch.ledger.as_ref());
    let named: BTreeSet<&String> = data.chain(superseded).chain(manifest.ledgers()).collect();
    if lake.0.exists() {
        sweep(&lake.0, ".tmp")?;
    }
    let tables = crate::contracts::input_tables().iter().map(|table| table.name);
    for folder in tables.chain([super::layout::LEDGER]) {
        let dir = lake.file(folder);
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io("read", &dir)(error)),
        };
        for entry in entries.flatten() {
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if !named.contains(&name) {
                disk::remove(&entry.path()).map_err(Error::io("remove", &entry.path()))?;
            }
        }
    }
    Ok(())
}

/// Makes a folder where there is none.
pub fn make_dir(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).map_err(Error::io("create", dir))
}

/// Makes the names in a folder durable.
pub fn sync_dir(dir: &Path) -> Result<()> {
    disk::sync_dir(dir).map_err(Error::io("write in", dir))
}
