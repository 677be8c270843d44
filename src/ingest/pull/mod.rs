//! Pulls from databases: what a query gives becomes one file of rows in the lake, and is loaded like any file.
//!
//! With a cursor, only rows from the last cursor on (less a look-back) are asked for again; they take the place of
//! what was there from that point on, so late, changed and deleted rows come right. The cursor is part of the batch:
//! it moves when the manifest does, and not before.

mod merge;
mod postgres;
pub mod sqlite;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::source::Source;
use crate::contracts::input_table;
use crate::error::{Error, Result};
use crate::lake::manifest::{Batch, Pulled, make_dir, sync_dir};
use crate::lake::{LakeDir, Manifest};

/// The folder of the pulled rows in the lake.
pub const FOLDER: &str = "pulled";

/// The database of a source.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://USER@HOST/NAME`; no password in it.
    pub url: String,
    /// The name of a table, or a SELECT.
    pub query: String,
    /// The column that only grows when a row is added or changed.
    pub cursor: Option<String>,
    /// How far before the last cursor to read again: `3 days`, `12 hours`, or a number for a numbered cursor.
    pub look_back: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// The file that holds the password.
    pub password_file: Option<PathBuf>,
    /// Certificates (PEM) that vouch for the server, instead of those this machine trusts.
    pub ca_file: Option<PathBuf>,
}

/// What a pull is asked for.
pub struct Wanted {
    /// The SELECT.
    select: String,
    /// The cursor column, and where to begin.
    cursor: Option<(String, Option<String>)>,
    /// Columns that order rows of the same cursor.
    keys: Vec<String>,
}

/// Takes the header, then the cells of each row.
pub type Take<'t> = dyn FnMut(&[Vec<u8>]) -> std::result::Result<(), String> + 't;

/// Why a pull failed.
pub enum Failure {
    /// The database cannot be reached.
    Down(String),
    /// It refuses what is asked.
    Refused(String),
}

/// One pull, laid down in the lake.
pub struct Drop {
    /// The file.
    pub path: PathBuf,
    /// What the batch keeps of it.
    pub pulled: Pulled,
}

impl Database {
    /// Checks what can be checked without the database.
    pub fn validate(&self) -> std::result::Result<(), String> {
        if self.query.trim().is_empty() {
            return Err("`database.query` is missing: a table's name or a SELECT".into());
        }
        if self.password_env.is_some() && self.password_file.is_some() {
            return Err("name `password_env` or `password_file`, not both".into());
        }
        if self.look_back.is_some() && self.cursor.is_none() {
            return Err("`look_back` needs a `cursor`".into());
        }
        if let Some(text) = &self.look_back {
            merge::LookBack::parse(text)
                .ok_or_else(|| format!("`look_back = \"{text}\"`: write `3 days`, `12 hours` or a number"))?;
        }
        match self.url.split_once(':') {
            Some(("sqlite", _)) => Ok(()),
            Some(("postgres" | "postgresql", _)) => postgres::validate(&self.url),
            _ => Err("`database.url` begins with `sqlite:` or `postgres://`".into()),
        }
    }

    /// The database and what is read of it, for people; there is no password in it.
    pub fn label(&self) -> String {
        let what = if is_name(&self.query) { self.query.trim() } else { "query" };
        format!("{}#{what}", self.url)
    }

    /// What is asked for: changed, everything is read anew.
    fn question(&self) -> String {
        let text = format!("{}\0{}\0{}", self.url, self.query, self.cursor.as_deref().unwrap_or_default());
        blake3::hash(text.as_bytes()).to_hex()[..16].to_string()
    }

    /// The password, where one is configured.
    fn password(&self, name: &str, project: &Path) -> Result<Option<String>> {
        if let Some(variable) = &self.password_env {
            let value = std::env::var(variable).map_err(|_| Error::Usage {
                message: format!("source `{name}`: the environment has no `{variable}`, which holds the password"),
                hint: "set it, or name a file under `password_file` that only this user may read".into(),
            })?;
            return Ok(Some(value));
        }
        let Some(file) = &self.password_file else { return Ok(None) };
        let path = project.join(file);
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_string()))
    }
}

/// Whether a query is the name of a table.
fn is_name(query: &str) -> bool {
    !query.trim().contains(char::is_whitespace)
}

/// A name as SQL quotes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The SELECT of a query or a table's name; `schema.table` is two names.
fn select(query: &str) -> String {
    let query = query.trim().trim_end_matches(';').trim_end();
    if is_name(query) {
        let parts: Vec<String> = query.split('.').map(quoted).collect();
        format!("SELECT * FROM {}", parts.join("."))
    } else {
        query.to_string()
    }
}

impl Wanted {
    /// All a SELECT gives.
    pub fn all(select: String) -> Wanted {
        Wanted { select, cursor: None, keys: Vec::new() }
    }

    /// All of a table.
    pub fn of_table(name: &str) -> Wanted {
        Wanted::all(format!("SELECT * FROM {}", quoted(name)))
    }

    /// The whole statement; `since` is how the database writes the cursor to begin with. A row without a cursor is
    /// always read.
    fn sql(&self, since: Option<&str>) -> String {
        let mut sql = format!("SELECT * FROM ({}) AS pulled", self.select);
        if let Some((cursor, _)) = &self.cursor {
            let cursor = quoted(cursor);
            if let Some(since) = since {
                sql.push_str(&format!(" WHERE {cursor} >= {since} OR {cursor} IS NULL"));
            }
            sql.push_str(&format!(" ORDER BY {cursor} IS NULL, {cursor}"));
            self.keys.iter().for_each(|key| sql.push_str(&format!(", {}", quoted(key))));
        }
        sql
    }

    fn since(&self) -> Option<&str> {
        self.cursor.as_ref().and_then(|(_, since)| since.as_deref())
    }
}

/// Pulls what is new, and lays it down together with what was pulled before.
///
/// # Errors
/// [`Error::DatabaseDown`] where it cannot be reached, [`Error::Unreadable`] where it refuses the query.
pub fn pull(
    lake: &LakeDir,
    name: &str,
    (source, database): (&Source, &Database),
    project: &Path,
    before: &Manifest,
) -> Result<Drop> {
    let question = database.question();
    let mine = |batch: &&Batch| batch.source == name && batch.superseded_by.is_none();
    let last = before.batches.iter().filter(mine).filter_map(|batch| batch.pulled.as_ref()).next_back();
    let last = last.filter(|last| last.question == question && lake.file(&last.file).exists());
    let look_back = database.look_back.as_deref().and_then(merge::LookBack::parse).unwrap_or_default();
    let since = last.and_then(|last| last.cursor.as_deref()).map(|cursor| look_back.before(cursor));
    let folder = lake.file(FOLDER);
    make_dir(&folder)?;
    let keys = if database.cursor.is_some() { key_columns(source) } else { Vec::new() };
    let mut wanted = Wanted {
        select: select(&database.query),
        cursor: database.cursor.clone().map(|cursor| (cursor, since.clone())),
        keys: keys.clone(),
    };
    // A key that is joined or looked up is no column of the query, and orders nothing there.
    wanted.keys.retain(|key| !key.contains('.'));
    // Only where there are rows from before can one of them come again.
    let again = if since.is_some() { &keys[..] } else { &[] };
    let mut fresh = merge::Rows::new(&folder, database.cursor.as_deref(), again)?;
    read(name, (source, database), project, &wanted, &mut |cells| fresh.take(cells))?;
    let old = last.zip(since).map(|(last, since)| (lake.file(&last.file), since));
    let (temporary, hash, cursor) = fresh.merge(old, last.and_then(|last| last.cursor.clone()))?;
    let file = format!("{FOLDER}/{name}-{}.csv.zst", &hash[..16]);
    let path = lake.file(&file);
    temporary.persist(&path).map_err(|error| Error::io("write", &path)(error.error))?;
    sync_dir(&folder)?;
    Ok(Drop { path, pulled: Pulled { file, cursor, question } })
}

/// Asks the database for the columns of the query and nothing else: how many there are.
///
/// # Errors
/// As [`pull`].
pub fn columns(name: &str, (source, database): (&Source, &Database), project: &Path) -> Result<usize> {
    let select = format!("SELECT * FROM ({}) AS probe LIMIT 0", select(&database.query));
    let wanted = Wanted::all(select);
    let mut count = 0;
    read(name, (source, database), project, &wanted, &mut |cells| {
        count = cells.len();
        Ok(())
    })?;
    Ok(count)
}

fn read(
    name: &str,
    (source, database): (&Source, &Database),
    project: &Path,
    wanted: &Wanted,
    take: &mut Take<'_>,
) -> Result<()> {
    let read = match database.url.split_once(':') {
        Some(("sqlite", file)) => sqlite::read(&project.join(file), wanted, source.decimal.unwrap_or('.'), take),
        _ => {
            let authorities = database.ca_file.as_ref().map(|file| project.join(file));
            postgres::read(&database.url, database.password(name, project)?, authorities.as_deref(), wanted, take)
        }
    };
    read.map_err(|failure| match failure {
        Failure::Down(message) => Error::DatabaseDown { source_name: name.into(), url: database.url.clone(), message },
        Failure::Refused(message) => {
            Error::Unreadable { source_name: name.into(), path: PathBuf::from(database.label()), message }
        }
    })
}

/// The export's columns that make the table's key.
fn key_columns(source: &Source) -> Vec<String> {
    let Some(table) = input_table(&source.table) else { return Vec::new() };
    let names = table.key.iter().map(|key| match source.columns.get(*key) {
        Some(Fields::One(name)) if name.is_empty() => Vec::new(),
        Some(fields) => fields.names().to_vec(),
        None => vec![(*key).to_string()],
    });
    names.flatten().collect()
}

/// Takes away the pulled files that no batch in force speaks of. Only after the manifest is in place.
pub fn sweep(lake: &LakeDir, manifest: &Manifest) -> Result<()> {
    let folder = lake.file(FOLDER);
    if !folder.exists() {
        return Ok(());
    }
    let kept: Vec<PathBuf> =
        manifest.active().filter_map(|batch| batch.pulled.as_ref()).map(|pulled| lake.file(&pulled.file)).collect();
    for entry in std::fs::read_dir(&folder).map_err(Error::io("read", &folder))?.flatten() {
        if !kept.contains(&entry.path()) {
            std::fs::remove_file(entry.path()).map_err(Error::io("remove", &entry.path()))?;
        }
    }
    Ok(())
}
