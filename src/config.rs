//! `langgan.toml`: what a project's sources are and how its analyses are tuned.
//!
//! The engine's own sections are here; every other section belongs to the analysis of that name and is read
//! by its struct in `analyses`. Unknown keys are refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::analyses::Analyses;
use crate::check;
use crate::error::{Error, Result};
use crate::ingest::source::Source;
use crate::segments::{self, Segment};

/// The name of the configuration file.
pub const FILE_NAME: &str = "langgan.toml";

/// Everything a project configures.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The engine's sections.
    pub core: Core,
    /// The analyses' sections.
    pub analyses: Analyses,
}

/// The engine's sections of `langgan.toml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Core {
    /// Name and language.
    pub project: Project,
    /// The money.
    pub currency: Currency,
    /// Defaults of a run.
    pub run: Run,
    /// What is checked, and what follows from it.
    pub check: check::Settings,
    /// The exports, by name.
    pub sources: BTreeMap<String, Source>,
    /// The user's own segments, by name.
    pub segments: BTreeMap<String, Segment>,
    /// Who is on marketing lists.
    pub lists: Lists,
}

/// How far marketing lists go: `[lists]`. A segment's own `cap` and `control_share` go before.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lists {
    /// The most customers on a list, best first; no limit where left out.
    pub cap: Option<u64>,
    /// The most lists of one run a customer is on, segments before built-in lists; no limit where left out.
    pub contacts_per_customer: Option<u32>,
    /// Nobody contacted in so many days is on a list; 0: no cool-down.
    pub cool_down_days: u16,
    /// The share of customers held out of every list to measure what it does, 0 to 1.
    pub control_share: f64,
    /// Another seed, another control group.
    pub control_seed: u64,
}

impl Default for Lists {
    fn default() -> Lists {
        Lists { cap: None, contacts_per_customer: None, cool_down_days: 7, control_share: 0.1, control_seed: 0 }
    }
}

/// Name and language of the project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Project {
    /// Shown at the head of the report.
    pub name: String,
    /// Language of reports and lists: `id` or `en`.
    pub language: String,
}

impl Default for Project {
    fn default() -> Project {
        Project { name: "Langgan".into(), language: "en".into() }
    }
}

/// The one currency of the project.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Currency {
    /// ISO code, for people.
    pub code: String,
    /// Digits after the decimal mark that are kept, exactly.
    pub decimals: u32,
    /// Digits shown to people; `decimals` where left out.
    pub display: Option<u32>,
}

impl Default for Currency {
    fn default() -> Currency {
        Currency { code: String::new(), decimals: 2, display: None }
    }
}

impl Currency {
    /// Digits shown to people.
    pub fn shown(&self) -> u32 {
        self.display.unwrap_or(self.decimals).min(self.decimals)
    }
}

/// Defaults of a run; a flag or an environment variable goes before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// The exclusive as-of date, `YYYY-MM-DD`.
    pub as_of: Option<String>,
    /// Orders are expected from every branch each day; the control totals are compared when there are any.
    pub keep: Option<u32>,
}

impl Core {
    /// Whose public holidays and feasts count: `id` or `none`; those of Indonesia where the currency is the rupiah.
    pub fn holidays(&self) -> &str {
        let by_currency = if self.currency.code == "IDR" { "id" } else { "none" };
        self.check.holidays.as_deref().unwrap_or(by_currency)
    }
}

impl Config {
    /// Reads the configuration of the project in `dir`, or the file given.
    ///
    /// # Errors
    /// [`Error::NoProject`] where there is none, [`Error::Config`] where it is not valid.
    pub fn read(dir: &Path, file: Option<&Path>) -> Result<Config> {
        let path = file.map_or_else(|| dir.join(FILE_NAME), Path::to_path_buf);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => {
                return Err(Error::NoProject { dir: dir.to_path_buf() });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::Config { path, message: "there is no such file".into() });
            }
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        Config::parse(&text, &path)
    }

    /// Parses the text of a configuration file; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Config> {
        let wrong = |message: String| Error::Config { path: path.to_path_buf(), message };
        let mut core: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let mut own = toml::Table::new();
        for id in Analyses::IDS {
            if let Some(section) = core.remove(*id) {
                own.insert((*id).to_string(), section);
            }
        }
        let core: Core = core.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let mut analyses: Analyses = own.try_into().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        analyses.trends.calendar.get_or_insert_with(|| core.holidays().into());
        for analysis in analyses.all() {
            analysis.validate().map_err(|message| wrong(format!("in `[{}]`: {message}", analysis.spec().id)))?;
        }
        segments::validate(&core.segments).map_err(wrong)?;
        if !(0.0..=1.0).contains(&core.lists.control_share) {
            return Err(wrong("`lists.control_share` is from 0 to 1".into()));
        }
        if core.currency.decimals > 6 {
            return Err(wrong("`currency.decimals` is at most 6".into()));
        }
        core.check.validate().map_err(wrong)?;
        for (name, source) in &core.sources {
            source.validate().map_err(|message| wrong(format!("in `[sources.{name}]`: {message}")))?;
        }
        Ok(Config { core, analyses })
    }
}

/// Where things are in a project.
#[derive(Debug, Clone)]
pub struct ProjectDir(pub PathBuf);

impl ProjectDir {
    /// The lake.
    pub fn lake(&self) -> PathBuf {
        self.0.join("lake")
    }

    /// The runs.
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// The user's own queries.
    pub fn queries(&self) -> PathBuf {
        self.0.join("queries")
    }
}
