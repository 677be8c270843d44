//! Packed files: gzip, Zstandard and zip, read as a stream within limits. Nothing is unpacked to a path of its own
//! choosing; the names in an archive are labels and no more.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;
use zip::read::Config;
use zip::unstable::read::ZipIterable;

use super::rows;
use crate::error::{Error, Result};

/// What is packed may be this many times as large unpacked; exports pack ten to fifty times.
const MOST_TIMES: u64 = 250;
/// Below this, any ratio is harmless.
const HARMLESS: u64 = 64 << 20;
/// Files in an archive.
const MOST_MEMBERS: usize = 10_000;
/// What has to lie on disk to be read is at most this large unpacked.
const MOST_UNPACKED: u64 = 4 << 30;

/// A file, or a member of an archive: `drops.zip/JKT.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file on disk.
    pub file: PathBuf,
    /// The member.
    pub member: Option<String>,
}

/// Finds the file on disk that a path goes through.
pub fn locate(path: &Path) -> Place {
    if !path.exists() {
        for ancestor in path.ancestors().skip(1) {
            if ancestor.is_file() {
                let rest = path.strip_prefix(ancestor).unwrap_or(Path::new(""));
                return Place { file: ancestor.to_path_buf(), member: Some(label(&rest.to_string_lossy())) };
            }
        }
    }
    Place { file: path.to_path_buf(), member: None }
}

/// The name of a member as a label: no root, no dots, no backslashes.
fn label(name: &str) -> String {
    let name = name.replace('\\', "/");
    let parts = Path::new(&name).components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        Component::ParentDir => Some("__".to_string()),
        _ => None,
    });
    parts.collect::<Vec<String>>().join("/")
}

/// Whether a file is a zip archive that is no workbook.
pub fn is_archive(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let mut head = [0; 4];
    file.read_exact(&mut head).is_ok() && head == *b"PK\x03\x04" && !is_workbook(&mut file)
}

/// Whether a zip archive is a workbook.
pub fn is_workbook(file: &mut (impl Read + Seek)) -> bool {
    const PARTS: [&str; 3] = ["[Content_Types].xml", "xl/workbook.xml", "mimetype"];
    let Ok(mut list) = ZipIterable::try_new(file, Config::default()) else { return false };
    let Ok(files) = list.files() else { return false };
    files.take(64).flatten().any(|entry| entry.name().is_ok_and(|name| PARTS.contains(&name.as_ref())))
}

/// The paths of the tables in an archive: no folders, no litter of operating systems.
pub fn members(source: &str, path: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |message: String| unreadable(source, path, message);
    let file = BufReader::new(File::open(path).map_err(Error::io("read", path))?);
    let mut list = ZipIterable::try_new(file, Config::default()).map_err(|error| unreadable(damaged(&error)))?;
    if list.len() > MOST_MEMBERS {
        return Err(unreadable(format!("it holds {} files, more than the limit of {MOST_MEMBERS}", list.len())));
    }
    let mut labels = Vec::new();
    for entry in list.files().map_err(|error| unreadable(damaged(&error)))? {
        let entry = entry.map_err(|error| unreadable(damaged(&error)))?;
        let name = entry.name().map_err(|error| unreadable(damaged(&error)))?;
        let label = label(&name);
        let own = label.rsplit('/').next().unwrap_or_default();
        let litter = own.starts_with('.') || label.starts_with("__MACOSX/") || own == "Thumbs.db" || own.is_empty();
        if !litter && !name.ends_with('/') {
            labels.push(label);
        }
    }
    labels.sort();
    if let Some(pair) = labels.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(unreadable(format!("it holds two files called `{}`", pair[0])));
    }
    Ok(labels.into_iter().map(|label| path.join(label)).collect())
}

/// The bytes of a file or member, unpacked, with the first of them apart.
pub struct Stream {
    /// Up to [`HEAD`] bytes; `rest` begins with them too.
    pub head: Vec<u8>,
    /// All bytes.
    pub rest: Box<dyn Read + Send>,
    /// Whether they are the bytes of the file as it lies on disk.
    pub plain: bool,
}

/// Bytes looked at to tell a format.
const HEAD: usize = 4096;
/// Packings around packings.
const MOST_LAYERS: usize = 2;

/// Opens a file or member; packed ones are unpacked as they are read.
pub fn stream(source: &str, path: &Path) -> Result<Stream> {
    let place = locate(path);
    let file = File::open(&place.file).map_err(Error::io("read", &place.file))?;
    let mut packed = file.metadata().map_err(Error::io("read", &place.file))?.len();
    let mut opened = match &place.member {
        None => peek(Box::new(file), true),
        Some(member) => {
            let (rest, size) = open_member(source, path, file, member)?;
            packed = size;
            peek(rest, false)
        }
    }
    .map_err(reading(source, path))?;
    for layer in 0.. {
        let gzip = opened.head.starts_with(b"\x1F\x8B");
        if !gzip && !opened.head.starts_with(b"\x28\xB5\x2F\xFD") {
            break;
        }
        if layer == MOST_LAYERS {
            return Err(unreadable(source, path, "it is packed more than twice".into()));
        }
        let inner: Box<dyn Read + Send> = if gzip {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, opened.rest)))
        } else {
            let mut decoder = zstd::Decoder::new(opened.rest).map_err(reading(source, path))?;
            decoder.window_log_max(27).map_err(reading(source, path))?;
            Box::new(decoder)
        };
        opened = peek(Box::new(Guard::new(inner, packed)), false).map_err(reading(source, path))?;
    }
    Ok(opened)
}

/// The bytes as a file on disk, for formats that are not read from front to back.
pub fn seekable(source: &str, path: &Path, mut stream: Stream) -> Result<File> {
    if stream.plain {
        return File::open(path).map_err(Error::io("read", path));
    }
    let mut file = tempfile::tempfile().map_err(Error::io("write beside", path))?;
    let copied = io::copy(&mut stream.rest.by_ref().take(MOST_UNPACKED), &mut file).map_err(reading(source, path))?;
    if copied == MOST_UNPACKED {
        let most = MOST_UNPACKED >> 30;
        return Err(unreadable(source, path, format!("it is larger than the limit of {most} GiB unpacked")));
    }
    file.flush().and_then(|()| file.seek(SeekFrom::Start(0))).map_err(Error::io("write beside", path))?;
    Ok(file)
}

/// Reads every member of a workbook once, so that what is read afterwards is neither damaged nor beyond the limits.
pub fn check_workbook(source: &str, path: &Path, file: &mut File) -> Result<()> {
    let wrong = |message: String| unreadable(source, path, message);
    let packed = file.metadata().map_err(Error::io("read", path))?.len();
    let list = ZipIterable::try_new(&mut *file, Config::default()).map_err(|error| wrong(damaged(&error)))?;
    if list.len() > MOST_MEMBERS {
        return Err(wrong(format!("it holds {} parts, more than the limit of {MOST_MEMBERS}", list.len())));
    }
    let mut archive = ZipArchive::new(&mut *file).map_err(|error| wrong(damaged(&error)))?;
    for place in 0..archive.len() {
        let member = archive.by_index(place).map_err(|error| wrong(damaged(&error)))?;
        let name = member.name().map(|name| name.into_owned()).unwrap_or_default();
        let whole = ["xl/sharedStrings.xml", "content.xml", "xl/styles.xml"].contains(&name.as_str());
        let most = if whole { MOST_IN_MEMORY } else { MOST_UNPACKED };
        let mut guarded = Guard::new(member, packed).take(most + 1);
        let read = io::copy(&mut guarded, &mut io::sink()).map_err(reading(source, path))?;
        if read > most {
            return Err(wrong(format!("its part `{name}` is larger than the limit of {} MiB unpacked", most >> 20)));
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(Error::io("read", path))?;
    Ok(())
}

/// Parts of a workbook that are held in memory.
const MOST_IN_MEMORY: u64 = 128 << 20;

/// The bytes of a member, and its packed size.
fn open_member(source: &str, path: &Path, file: File, member: &str) -> Result<(Box<dyn Read + Send>, u64)> {
    let wrong = |message: String| unreadable(source, path, message);
    let list = ZipIterable::try_new(&file, Config::default()).map_err(|error| wrong(damaged(&error)))?;
    if list.len() > MOST_MEMBERS {
        return Err(wrong(format!("it holds {} files, more than the limit of {MOST_MEMBERS}", list.len())));
    }
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| wrong(damaged(&error)))?;
    let found = (0..archive.len()).find(|place| {
        let name = archive.by_index_raw(*place).ok().and_then(|entry| entry.name().ok().map(|name| label(&name)));
        name.as_deref() == Some(member)
    });
    let Some(found) = found else { return Err(wrong(format!("the archive holds no `{member}`"))) };
    let entry = archive.by_index_raw(found).map_err(|error| wrong(damaged(&error)))?;
    let size = entry.compressed_size();
    drop(entry);
    let rest = rows::spawn(move |chunks| {
        let entry = archive.by_index(found).map_err(|error| damaged(&error))?;
        io::copy(&mut Guard::new(entry, size), chunks).map(|_| ()).map_err(|error| error.to_string())
    });
    Ok((rest, size))
}

fn peek(mut reader: Box<dyn Read + Send>, plain: bool) -> io::Result<Stream> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    Ok(Stream { rest: Box::new(Cursor::new(head.clone()).chain(reader)), head, plain })
}

/// Stops where the unpacked bytes are out of all proportion to the packed.
struct Guard<R> {
    inner: R,
    most: u64,
    read: u64,
}

impl<R> Guard<R> {
    fn new(inner: R, packed: u64) -> Guard<R> {
        Guard { inner, most: packed.saturating_mul(MOST_TIMES).max(HARMLESS), read: 0 }
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read += length as u64;
        if self.read > self.most {
            return Err(io::Error::other(format!(
                "it unpacks to more than {MOST_TIMES} times its size, beyond the limit: no export does"
            )));
        }
        Ok(length)
    }
}

fn damaged(error: &zip::result::ZipError) -> String {
    match error {
        zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => {
            "it has a password; unpack it, or have it sent without one".into()
        }
        other => format!("the archive is damaged: {other}"),
    }
}

fn unreadable(source: &str, path: &Path, message: String) -> Error {
    Error::Unreadable { source_name: source.into(), path: path.to_path_buf(), message }
}

/// What a failed read means: the disk's word, or damage in what was read.
pub fn reading(source: &str, path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let (source, path) = (source.to_string(), path.to_path_buf());
    move |error| match (error.raw_os_error(), error.kind()) {
        (Some(_), _) => Error::Io { action: "read", path: path.clone(), source: error },
        (None, io::ErrorKind::UnexpectedEof) => {
            unreadable(&source, &path, "it ends too early: it was cut off on the way".into())
        }
        (None, _) => unreadable(&source, &path, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_labels() {
        assert_eq!(label("../../etc/passwd"), "__/__/etc/passwd");
        assert_eq!(label("/etc/passwd"), "etc/passwd");
        assert_eq!(label("a\\..\\b.csv"), "a/__/b.csv");
    }
}
