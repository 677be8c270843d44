//! The command line. Nothing else prints, reads the clock or knows an exit code.

mod analyze;
mod args;
mod check;
mod check_screen;
mod customer;
mod diff;
mod explain;
mod housekeeping;
mod ingest;
mod init;
mod progress;
mod query;
mod render;
mod segment;
mod show;
mod whatif;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, Parser};

use crate::check::exceptions::Verdict;
use crate::config::{Config, ProjectDir};
use crate::deliver::report::Language;
use crate::error::{Error, Result};
pub use args::{Arguments, Command};

/// Runs a command line and returns the exit code.
pub fn main(words: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    let json = arguments.global.json;
    match Session::begin(&arguments).and_then(|session| session.run(&arguments.command)) {
        Ok(code) => code,
        Err(error) if render::is_closed_pipe(&error) => 0,
        Err(error) => {
            render::error(&error, json);
            error.exit_code()
        }
    }
}

/// What every command needs.
pub struct Session {
    project: ProjectDir,
    config_file: Option<PathBuf>,
    json: bool,
    quiet: bool,
    verbose: bool,
    progress: bool,
    memory: Option<u64>,
    language: Option<Language>,
}

impl Session {
    fn begin(arguments: &Arguments) -> Result<Session> {
        let global = &arguments.global;
        let threads = global.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        if threads == 0 {
            return Err(Error::Usage {
                message: "`--threads 0` leaves nobody to work".into(),
                hint: "give 1 or more".into(),
            });
        }
        // SAFETY: no other thread is running yet; Polars reads the variable when it starts its own.
        unsafe { std::env::set_var("POLARS_MAX_THREADS", threads.to_string()) };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
        pool.map_err(Error::internal("starting the threads"))?;
        Ok(Session {
            project: ProjectDir(global.directory.clone()),
            config_file: global.config.clone(),
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            progress: !global.no_progress && !global.quiet && !global.json,
            memory: global.memory.as_deref().map(args::bytes).transpose()?,
            language: global.lang.map(Language::from),
        })
    }

    fn run(&self, command: &Command) -> Result<u8> {
        match command {
            Command::Init(args) => init::run(self, args),
            Command::Ingest(args) => ingest::run(self, args),
            Command::Check(args) => check::run(self, args),
            Command::Accept(args) => check::decide(self, args, Verdict::Accepted),
            Command::Hold(args) => check::decide(self, args, Verdict::Held),
            Command::Waive(args) => check::decide(self, args, Verdict::Waived),
            Command::Analyze(args) => analyze::analyze(self, args),
            Command::Run(args) => analyze::run(self, args),
            Command::Report(args) => show::report(self, args),
            Command::List(args) => show::list(self, args),
            Command::Segment(args) => segment::run(self, args),
            Command::Diff(args) => diff::run(self, args),
            Command::Queue(args) => show::queue(self, args),
            Command::Customer(args) => customer::run(self, args),
            Command::Query(args) => query::run(self, args),
            Command::Explain(args) => explain::run(self, args),
            Command::Whatif(args) => whatif::run(self, args),
            Command::Sample(args) => housekeeping::sample(self, args),
            Command::Doctor => housekeeping::doctor(self),
            Command::Completions { shell } => housekeeping::completions(*shell, &mut Arguments::command()),
            Command::Man => housekeeping::man(&Arguments::command()),
        }
    }

    fn config(&self) -> Result<Config> {
        Config::read(&self.project.0, self.config_file.as_deref())
    }

    fn language(&self, config: &Config) -> Language {
        self.language.unwrap_or(if config.core.project.language == "id" {
            Language::Indonesian
        } else {
            Language::English
        })
    }

    /// Says something to a person, on stderr.
    fn say(&self, text: &str) {
        if !self.quiet {
            render::to_stderr(text);
        }
    }
}
