//! A project in a scratch folder, and the real binary run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A project that goes with the test.
pub struct Project {
    dir: tempfile::TempDir,
}

/// What a command left.
#[derive(Debug)]
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// Data.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

impl Project {
    /// An empty folder.
    pub fn empty() -> Project {
        Project { dir: tempfile::tempdir().unwrap() }
    }

    /// A copy of the committed sample project, without lake and runs.
    pub fn sample() -> Project {
        let project = Project::empty();
        for entry in std::fs::read_dir(sample_data()).unwrap().flatten() {
            let name = entry.file_name();
            if entry.path().is_file() {
                std::fs::copy(entry.path(), project.path().join(name)).unwrap();
            }
        }
        copy_folder(&sample_data().join("exports"), &project.path().join("exports"));
        project
    }

    /// The same in another folder.
    pub fn copy(&self) -> Project {
        let copy = Project::empty();
        let copied = Command::new("cp").arg("-a").arg(self.path().join(".")).arg(copy.path()).status().unwrap();
        assert!(copied.success());
        copy
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Project {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs `langgan` here.
    pub fn run(&self, words: &[&str]) -> Ran {
        self.run_with(words, &[])
    }

    /// Runs `langgan` here with variables in its environment.
    pub fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_langgan"))
            .args(words)
            .envs(variables.iter().copied())
            .current_dir(self.path())
            .env_remove("LANGGAN_AS_OF")
            .env_remove("LANGGAN_DIR")
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs `langgan` here; it must succeed.
    pub fn ok(&self, words: &[&str]) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "langgan {words:?}\nstdout:\n{}\nstderr:\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// Every file of a folder, by name, with a hash of its bytes.
    pub fn files(&self, folder: &str) -> Vec<(String, String)> {
        let mut files = Vec::new();
        collect(&self.path().join(folder), "", &mut files);
        files.sort();
        files
    }

    /// Every file of the newest run but `run.json` (it holds timings), by name, with a hash of its bytes.
    pub fn run_files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        collect(&self.path().join("runs/latest/"), "", &mut files);
        files.retain(|(name, _)| name != "run.json");
        files.sort();
        assert!(files.len() > 10, "{files:?}");
        files
    }
}

fn collect(dir: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push((name, blake3::hash(&std::fs::read(entry.path()).unwrap()).to_hex().to_string()));
        }
    }
}

/// The committed sample project.
pub fn sample_data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data")
}

/// A file of this repository.
pub fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A file beside the repository that is not part of it; `None`, said aloud, where it is not there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not here", path.display());
    None
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Compares text with a committed file; `BLESS=1` writes it instead.
pub fn check_blessed(name: &str, text: &str) {
    let path = repository(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "`{name}` is not up to date: run `BLESS=1 cargo test --release` and read the difference"
    );
}
