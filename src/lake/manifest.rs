//! The manifest: which batches the lake holds. Replaced whole, never edited; a reader sees the old or the new one.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::layout::LakeDir;
use crate::error::{Error, Result};

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
    /// Whether a file holds customers or products that this batch, of another table, only names. They stay when
    /// the batch is superseded, because others may name them too.
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
        let described = self.active().any(|batch| batch.table == table);
        let in_force = move |batch: &Batch, file: &DataFile| match batch.only_names(file) {
            true => !described,
            false => batch.superseded_by.is_none(),
        };
        let files =
            self.batches.iter().flat_map(move |batch| batch.files.iter().filter(move |file| in_force(batch, file)));
        files.filter(move |file| file.table == table)
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
    std::fs::create_dir_all(dir).map_err(Error::io("create", dir))?;
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(Error::io("write in", dir))?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.as_file().sync_all().map_err(Error::io("write", path))?;
    file.persist(path).map_err(|error| Error::io("write", path)(error.error))?;
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
        let gone = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        gone.map_err(Error::io("remove", &path))?;
    }
    Ok(())
}

/// Makes a folder where there is none.
pub fn make_dir(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).map_err(Error::io("create", dir))
}

/// Makes the names in a folder durable.
pub fn sync_dir(dir: &Path) -> Result<()> {
    std::fs::File::open(dir).and_then(|handle| handle.sync_all()).map_err(Error::io("write in", dir))
}
