//! One error type. Every variant says what and where; `hint` says what next; `exit_code` is DESIGN's.

use std::path::{Path, PathBuf};

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    /// The configuration file is not valid.
    #[error("`{}` is not a valid configuration: {message}", path.display())]
    Config { path: PathBuf, message: String },
    /// There is no project here.
    #[error("there is no `langgan.toml` in `{}`", dir.display())]
    NoProject { dir: PathBuf },
    /// A source matches no file.
    #[error("source `{source_name}`: no file matches `{pattern}`")]
    NoFiles { source_name: String, pattern: String },
    /// A header lacks a mapped column.
    #[error("source `{source_name}`: `{}` has no column `{column}` (mapped to `{canonical}`)", path.display())]
    NoColumn {
        source_name: String,
        path: PathBuf,
        column: String,
        canonical: String,
        nearest: Option<String>,
        header: Vec<String>,
    },
    /// A required column is not mapped at all.
    #[error("source `{source_name}`: nothing is mapped to `{table}.{canonical}`, and `{}` has no column of that name", path.display())]
    Unmapped { source_name: String, path: PathBuf, table: &'static str, canonical: &'static str, header: Vec<String> },
    /// The file as a whole cannot be read as a table.
    #[error("source `{source_name}`: `{}` cannot be read: {message}", path.display())]
    Unreadable { source_name: String, path: PathBuf, message: String },
    /// A file that can be read and not be trusted.
    #[error("source `{source_name}`: `{}`: {message}", path.display())]
    Untrusted { source_name: String, path: PathBuf, code: &'static str, message: String, hint: String },
    /// Files came and none of them could be used.
    #[error("none of the files could be used; what was loaded before still serves")]
    NothingServes,
    /// `init` found no table it knows.
    #[error("none of the files holds a table that can be loaded; `{}` says why", path.display())]
    NothingToLoad { path: PathBuf },
    /// A database cannot be reached.
    #[error("source `{source_name}`: the database `{url}` cannot be reached: {message}")]
    DatabaseDown { source_name: String, url: String, message: String },
    /// A column that names a few kinds of things holds far too many.
    #[error("`{column}` holds more than 65,535 different values")]
    TooManyValues {
        /// The column.
        column: &'static str,
    },
    /// The lake has no orders yet.
    #[error("the lake has no orders: there is nothing to analyse")]
    NoOrders,
    /// The lake has rows, but no order to take the day from.
    #[error("there are rows but no orders to take the as-of day from")]
    NoDay,
    /// The lake was written for other settings.
    #[error("the lake was built with {was}, the configuration now says {now}")]
    LakeSettings { was: String, now: String },
    /// A file of the lake is damaged.
    #[error("`{}` is damaged: {message}", path.display())]
    Damaged { path: PathBuf, message: String },
    /// Another run is at work.
    #[error("another run holds the lock `{}`{owner}", path.display())]
    Locked { path: PathBuf, owner: String },
    /// The name is not one we know.
    #[error("there is no {what} called `{name}`")]
    Unknown { what: &'static str, name: String, known: Vec<String> },
    /// A definition and what was computed differ: a defect of ours.
    #[error("table `{table}` broke its contract: {message}")]
    Contract { table: &'static str, message: String },
    /// Every branch is held back.
    #[error("every branch is held back ({}): nothing was published", branches.join(", "))]
    AllHeld { branches: Vec<String> },
    /// A figure does not tie out to its source.
    #[error("`{table}` does not tie out: {message}")]
    TieOut { table: &'static str, message: String },
    /// An analysis that was not made, as another one it needs failed.
    #[error("it needs `{analysis}`, which failed")]
    NotMade { analysis: String },
    /// SQL that did not parse or run.
    #[error("the query failed: {message}")]
    Query { message: String },
    /// Wrong use of the command line.
    #[error("{message}")]
    Usage { message: String, hint: String },
    /// A defect in a library or in our use of it.
    #[error("{during}: {message}")]
    Internal { during: &'static str, message: String },
}

impl Error {
    /// Wraps an input/output error with what was being done to which path.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
        let path = path.to_path_buf();
        move |source| Error::Io { action, path, source }
    }

    /// Wraps an error of a library that should not have failed.
    pub fn internal<E: std::fmt::Display>(during: &'static str) -> impl Fn(E) -> Error {
        move |error| Error::Internal { during, message: error.to_string() }
    }

    /// DESIGN's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Internal { .. } | Error::Contract { .. } | Error::NotMade { .. } => 1,
            Error::Config { .. }
            | Error::NoProject { .. }
            | Error::Unknown { .. }
            | Error::Usage { .. }
            | Error::NoDay
            | Error::Query { .. }
            | Error::LakeSettings { .. } => 2,
            Error::NothingToLoad { .. }
            | Error::NoFiles { .. }
            | Error::NoColumn { .. }
            | Error::Unmapped { .. }
            | Error::Unreadable { .. }
            | Error::Untrusted { .. }
            | Error::NothingServes
            | Error::NoOrders
            | Error::TooManyValues { .. } => 3,
            Error::TieOut { .. } | Error::AllHeld { .. } => 4,
            Error::Io { .. } | Error::Damaged { .. } | Error::DatabaseDown { .. } => 74,
            Error::Locked { .. } => 75,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::Io { source, path, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => format!("check that `{}` exists", path.display()),
                std::io::ErrorKind::PermissionDenied => format!(
                    "give this user write permission on `{}`; the last good run is untouched",
                    path.parent().unwrap_or(path).display()
                ),
                std::io::ErrorKind::StorageFull => {
                    "free some space and run again; the last good run is untouched".into()
                }
                _ => "the last good run is untouched; run again once this is mended".into(),
            },
            Error::Config { .. } => {
                "correct the line named above, or write a fresh file with `langgan init --from FILE…`".into()
            }
            Error::NoProject { .. } => {
                "go to the project's folder, name it with `-C DIR`, or start one with `langgan init --from FILE…`"
                    .into()
            }
            Error::NoFiles { source_name, .. } => format!(
                "put the export where `[sources.{source_name}] files` says, correct the pattern, or mark the source `optional = true`"
            ),
            Error::NoColumn { nearest, header, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`? The file has: {}", header.join(", ")),
                None => format!("the file has: {}", header.join(", ")),
            },
            Error::Unmapped { source_name, canonical, header, .. } => format!(
                "add `{canonical} = \"…\"` under `[sources.{source_name}.columns]`; the file has: {}",
                header.join(", ")
            ),
            Error::Unreadable { .. } => {
                "ask the sender for the file again; everything loaded before still serves".into()
            }
            Error::Untrusted { hint, .. } => hint.clone(),
            Error::NothingServes => "each file that is held says above what to do".into(),
            Error::NothingToLoad { .. } => {
                "sales need an order number (or a customer and a date), a product, a quantity, and a price or a total; map by hand what is called otherwise".into()
            }
            Error::DatabaseDown { .. } => {
                "run again once it answers; everything loaded before still serves, and no row is missed".into()
            }
            Error::NoOrders => "load some with `langgan ingest`".into(),
            Error::NoDay => "name it: `--as-of 2026-01-31`, or `as_of` under [run] in langgan.toml".into(),
            Error::TooManyValues { column } => {
                format!("is the right column mapped to `{column}`? It should name a kind of thing, not each one")
            }
            Error::LakeSettings { .. } => {
                "put the setting back, or move `lake/` away and load the exports again".into()
            }
            Error::Damaged { .. } => {
                "restore the file from a backup, or move `lake/` away and load the exports again".into()
            }
            Error::Locked { .. } => {
                "wait for it to end; the lock goes with its process, so a crashed run leaves none".into()
            }
            Error::Unknown { known, .. } => format!("known are: {}", known.join(", ")),
            Error::AllHeld { .. } => {
                "the last good run still serves; see `langgan check`, then ask for the data again or `langgan accept` them"
                    .into()
            }
            Error::TieOut { .. } => {
                "what rests on it is not in this run: correct its source or the settings, and run again".into()
            }
            Error::NotMade { analysis } => format!("put right what failed in `{analysis}`, above"),
            Error::Usage { hint, .. } => hint.clone(),
            Error::Query { .. } => "list what can be queried with `langgan query -c \"SHOW TABLES\"`".into(),
            Error::Internal { .. } | Error::Contract { .. } => {
                "this is a defect in langgan; the last good run is untouched".into()
            }
        };
        (!hint.is_empty()).then_some(hint)
    }
}
