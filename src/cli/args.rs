//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::deliver::report::Language;
use crate::error::{Error, Result};

/// Operational exports in; profitability, segments, churn, offers and follow-up queues out
#[derive(Debug, Parser)]
#[command(name = "langgan", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// Switches of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Switches of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Work in this project folder
    #[arg(
        short = 'C',
        value_name = "DIR",
        default_value = ".",
        global = true,
        env = "LANGGAN_DIR",
        hide_env_values = true
    )]
    pub directory: PathBuf,
    /// Read this configuration instead of the project's langgan.toml
    #[arg(long, value_name = "FILE", global = true, env = "LANGGAN_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Print data for scripts, as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more: the seconds of every step
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Use this many threads (the results do not depend on it)
    #[arg(long, value_name = "N", global = true, env = "LANGGAN_THREADS", hide_env_values = true)]
    pub threads: Option<usize>,
    /// Load with about this much memory besides the ids that must be known, such as 256MiB (results do not depend on it)
    #[arg(long, value_name = "SIZE", global = true, env = "LANGGAN_MEMORY", hide_env_values = true)]
    pub memory: Option<String>,
    /// Language of reports and lists
    #[arg(long, value_name = "LANGUAGE", global = true, env = "LANGGAN_LANG", hide_env_values = true)]
    pub lang: Option<Lang>,
    /// Draw no progress bar
    #[arg(long, global = true)]
    pub no_progress: bool,
}

/// Language of reports and lists.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Lang {
    /// Indonesian.
    Id,
    /// English.
    En,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Language {
        match lang {
            Lang::Id => Language::Indonesian,
            Lang::En => Language::English,
        }
    }
}

/// A size as people write it: `256MiB`, `1GB`, `500000`.
pub fn bytes(text: &str) -> Result<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "kib" | "k" => Some(1 << 10),
        "mib" | "m" => Some(1 << 20),
        "gib" | "g" => Some(1 << 30),
        "kb" => Some(1_000),
        "mb" => Some(1_000_000),
        "gb" => Some(1_000_000_000),
        _ => None,
    };
    let size = text[..digits].parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    size.filter(|size| *size > 0).ok_or_else(|| Error::Usage {
        message: format!("`{text}` is no size"),
        hint: "write it as 256MiB, 1GiB or a number of bytes".into(),
    })
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at exports and write a langgan.toml that loads them
    Init(Init),
    /// Load what is new into the lake; list what was refused
    Ingest(Ingest),
    /// Show what arrived, what is wrong, where and probably why
    Check(Check),
    /// Say that data are right as they are, although a check found something
    Accept(Decide),
    /// Keep a branch's day from the figures until it is accepted
    Hold(Decide),
    /// Let an exception pass until a day
    Waive(Decide),
    /// Run analyses on the lake as it is
    Analyze(Analyze),
    /// Ingest, check, run every analysis and publish: the nightly job
    Run(Run),
    /// Say where the newest report is
    Report(Which),
    /// Print a marketing list, or say which there are
    List(List),
    /// Show the segments of the configuration, or try a condition
    Segment(Segment),
    /// Say what changed between two runs: who moved, and why
    Diff(Diff),
    /// Show the follow-up queue
    Queue(Queue),
    /// Show one customer, found by id, telephone, card or vehicle number
    Customer(Customer),
    /// Run SQL over the lake, the marts and the results
    Query(Query),
    /// Say what an analysis, a table, a column, a reject code or a rule of the checks means
    Explain(Explain),
    /// Say which customers would earn us money no more, or again, if rates, pools or prices changed
    Whatif(Whatif),
    /// Write a synthetic project of any size
    Sample(Sample),
    /// Look at the project and say what is wrong with it
    Doctor,
    /// Print completions for a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `langgan init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The project's folder
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The exports to look at
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub from: Vec<PathBuf>,
    /// How dates that could be read both ways are to be read
    #[arg(long, value_name = "ORDER", value_parser = ["dmy", "mdy", "ymd"])]
    pub date: Option<String>,
    /// The decimal mark, where both readings are possible
    #[arg(long, value_name = "MARK")]
    pub decimal: Option<char>,
    /// What discounts of 0 to 1 are, where both are possible
    #[arg(long, value_name = "WHAT", value_parser = ["rate", "amount"])]
    pub discount: Option<String>,
    /// The currency, as its ISO code
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// Replace a langgan.toml that is there
    #[arg(long)]
    pub force: bool,
}

/// `langgan ingest`.
#[derive(Debug, Args)]
pub struct Ingest {
    /// Only these sources
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,
    /// Go through everything, keep nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `langgan check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Only this day, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    pub day: Option<String>,
    /// Only this branch
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,
    /// See only what happened before this day: YYYY-MM-DD or today
    #[arg(long, value_name = "DAY", env = "LANGGAN_AS_OF", hide_env_values = true)]
    pub as_of: Option<String>,
}

/// `langgan accept`, `langgan hold`, `langgan waive`.
#[derive(Debug, Args)]
pub struct Decide {
    /// An exception, as `langgan check` names it (rule/branch/day or rule/-/-/file), or a branch
    #[arg(value_name = "KEY")]
    pub key: String,
    /// With a branch: its day, YYYY-MM-DD; all that is open there is meant
    #[arg(value_name = "DAY")]
    pub day: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The last day the decision holds, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
    /// Who decides; the user of this computer where left out
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// The as-of day the decision is taken at; the newest in the ledger where left out
    #[arg(long, value_name = "DAY", env = "LANGGAN_AS_OF", hide_env_values = true)]
    pub as_of: Option<String>,
}

/// `langgan analyze`.
#[derive(Debug, Args)]
pub struct Analyze {
    /// Only these, and what they need; their tables are printed and nothing is published
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// See only what happened before this day: YYYY-MM-DD or today
    #[arg(long, value_name = "DAY", env = "LANGGAN_AS_OF", hide_env_values = true)]
    pub as_of: Option<String>,
}

/// `langgan run`.
#[derive(Debug, Args)]
pub struct Run {
    /// See only what happened before this day: YYYY-MM-DD or today
    #[arg(long, value_name = "DAY", env = "LANGGAN_AS_OF", hide_env_values = true)]
    pub as_of: Option<String>,
}

/// A published run.
#[derive(Debug, Args)]
pub struct Which {
    /// The run's as-of date; the newest where left out
    #[arg(long, value_name = "DAY")]
    pub run: Option<String>,
}

/// `langgan list`.
#[derive(Debug, Args)]
pub struct List {
    /// The list; all of them and who is left out of each are printed where left out
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Print who is held out of it instead
    #[arg(long, requires = "name")]
    pub control: bool,
    /// The run.
    #[command(flatten)]
    pub which: Which,
}

/// `langgan segment`.
#[derive(Debug, Args)]
pub struct Segment {
    /// What to do.
    #[command(subcommand)]
    pub action: SegmentAction,
}

/// What to do with segments.
#[derive(Debug, Subcommand)]
pub enum SegmentAction {
    /// Print the segments of a run, what they are worth and whom they share; or one of them
    Show {
        /// Only this segment
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// The run.
        #[command(flatten)]
        which: Which,
    },
    /// Count the customers a condition holds for, before it is written into langgan.toml
    Preview {
        /// The condition, as in "segment = 'cant_lose' and contribution > 5000000"
        #[arg(value_name = "WHERE")]
        condition: String,
        /// The run.
        #[command(flatten)]
        which: Which,
    },
}

/// `langgan diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The as-of date of the earlier run
    #[arg(value_name = "RUN")]
    pub from: String,
    /// The as-of date of the later run, or latest
    #[arg(value_name = "RUN")]
    pub to: String,
    /// Name so many customers in each ranking
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
}

/// `langgan queue`.
#[derive(Debug, Args)]
pub struct Queue {
    /// What to do with the queue.
    #[command(subcommand)]
    pub action: QueueAction,
}

/// What to do with the queue.
#[derive(Debug, Subcommand)]
pub enum QueueAction {
    /// Print it, for one agent or all
    Show {
        /// Only this agent
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// The run.
        #[command(flatten)]
        which: Which,
    },
}

/// `langgan customer`.
#[derive(Debug, Args)]
pub struct Customer {
    /// Customer id, telephone, e-mail address, card or vehicle number
    #[arg(value_name = "KEY")]
    pub key: String,
    /// The run.
    #[command(flatten)]
    pub which: Which,
}

/// `langgan query`.
#[derive(Debug, Args)]
pub struct Query {
    /// A file with one SELECT
    #[arg(value_name = "FILE", required_unless_present = "command")]
    pub file: Option<PathBuf>,
    /// The SELECT itself
    #[arg(short = 'c', long = "sql", value_name = "SQL", conflicts_with = "file")]
    pub command: Option<String>,
    /// The run.
    #[command(flatten)]
    pub which: Which,
}

/// `langgan explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// An analysis, a segment, a table, table.column, a reject code or a rule; all names where left out
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// With an analysis or table: a customer, a product or a value, whose rows are shown in words; of profitability, a
    /// customer, whose numbers are followed down to the rows they come from
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
    /// With a key: see only what happened before this day
    #[arg(long, value_name = "DAY", env = "LANGGAN_AS_OF", hide_env_values = true, requires = "key")]
    pub as_of: Option<String>,
}

/// `langgan whatif`.
#[derive(Debug, Args)]
pub struct Whatif {
    /// "wage +6%", "pool delivery +10%", "price -2%", "price -2% category=Tea"; several count together
    #[arg(value_name = "CHANGE", required = true)]
    pub changes: Vec<String>,
    /// Print so many customers; all with --json
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub most: usize,
    /// See only what happened before this day: YYYY-MM-DD or today
    #[arg(long, value_name = "DAY", env = "LANGGAN_AS_OF", hide_env_values = true)]
    pub as_of: Option<String>,
}

/// `langgan sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// Where to write it
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Customers; about 20 order lines each
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub customers: u32,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Plant some thirty faults, listed in its README
    #[arg(long)]
    pub faults: bool,
}
