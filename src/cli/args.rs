//! The command line as types. What clap shows as help is written here and nowhere else.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::version;
use crate::model::Finding;
use crate::trace::WorkerKind;

const TEMPLATE: &str = "\
{about-with-newline}
{before-help}{usage-heading} {usage}

{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  contend                                     choose a scenario and watch it
  contend run deadlock                        watch one scenario
  contend run thread-pool --set workers=8     with a knob set
  contend run philosophers --as processes     with processes instead of threads
  contend run my.kdl --headless --for 10s     without the dashboard: a report at the end
  contend run my.kdl --json --fail-on deadlock | jq .findings";

const EXIT_CODES: &str = "\
Exit codes:
  0      done
  1      the run failed, or an expectation of the scenario was not seen
  2      wrong usage, or a mistake in a scenario
  3      a finding named by --fail-on was made
  128+n  ended by signal n (130: Ctrl-C)

Environment:
  NO_COLOR         no colour unless --color says so
  CLICOLOR_FORCE   colour even when the output is no terminal";

/// See threads and processes contend, live, in a terminal.
///
/// contend runs a scenario on real threads and real processes and shows what they do: worker timelines, locks, queues,
/// pools, the load of each core, who waits for whom, and in plain words what is wrong.
#[derive(Debug, Parser)]
#[command(
    name = "contend",
    version = version::SHORT,
    long_version = version::long_version(),
    help_template = TEMPLATE,
    before_help = EXAMPLES,
    after_help = EXIT_CODES,
    disable_help_subcommand = true,
    max_term_width = 100,
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<CliCommand>,
    /// When to colour text
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColourChoice::Auto, global = true, help_heading = "Output")]
    pub(super) color: ColourChoice,
    /// Leave the mouse to the terminal, so that it selects text
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) no_mouse: bool,
    /// Run scenarios at once, without their question first
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) no_ask: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Run a scenario: in the dashboard, or headless with a report at the end
    Run(RunArgs),
    /// List the scenarios, by group
    List {
        /// Print one JSON object instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Print a scenario's file, to read or to start an own one from
    Show {
        /// A name from `contend list`
        name: OsString,
    },
    /// Check scenario files; say every mistake in them
    Check {
        /// Files, names from `contend list`, or `-` for standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<OsString>,
    },
    /// Print the language that scenarios are written in: every node, value, range and default
    Reference,
    /// Print the JSON Schema (draft 2020-12) of what `--json` prints
    Schema {
        /// Whose JSON it describes
        #[arg(value_name = "COMMAND")]
        of: super::schema::SchemaKind,
    },
    /// Run scenarios and say for everything they expect whether it was seen
    Test(TestArgs),
    /// Find out how many workers are enough, and what holds them up
    Tune(TuneArgs),
    /// Print a script that completes commands and options in a shell
    Completions {
        /// The shell to write it for
        shell: Shell,
    },
    /// Print the manual page (read it with `contend man | man -l -`)
    Man,
}

const RUN_EXAMPLES: &str = "\
Examples:
  contend run deadlock
  contend run lock-contention --set tellers=16 --set hold=5ms
  contend run philosophers --as processes
  contend run thread-pool --headless --for 10s
  contend show deadlock > my.kdl; contend run my.kdl --watch
  contend run my.kdl --json --fail-on deadlock --fail-on lost-update";

#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = RUN_EXAMPLES)]
pub(super) struct RunArgs {
    /// A name from `contend list`, a file, or `-` for standard input
    #[arg(value_name = "SCENARIO|FILE")]
    pub(super) scenario: OsString,

    /// Set a knob [default: as in the scenario; `contend show` tells]
    #[arg(long, value_name = "KNOB=VALUE", help_heading = "What to run")]
    pub(super) set: Vec<String>,
    /// How many workers: sets the scenario's `workers` knob [default: as in the scenario]
    #[arg(long, value_name = "N", help_heading = "What to run")]
    pub(super) workers: Option<u32>,
    /// Make threads, processes or tasks of one event loop of the workers [default: as in the scenario]
    #[arg(long = "as", value_name = "KIND", value_enum, help_heading = "What to run")]
    pub(super) executor: Option<Executor>,

    /// Let the scenario run commands of its own (`exec`)
    #[arg(long, help_heading = "What to run")]
    pub(super) allow_exec: bool,

    /// End the run after this time, such as 10s or 500ms [default: when it ends by itself; headless also when it is
    /// deadlocked, and after 5s if it would never end]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_positive_time, help_heading = "When to stop")]
    pub(super) time: Option<Duration>,

    /// Start anew in the dashboard whenever the file is saved
    #[arg(long, help_heading = "What to run")]
    pub(super) watch: bool,

    /// Without the dashboard; a report at the end [default: when the output is no terminal]
    #[arg(long, help_heading = "Output")]
    pub(super) headless: bool,
    /// Headless, and the report as one JSON object (described in docs/report.md)
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
    /// Exit with 3 if this finding is made; may be given several times. `deadlock` stands for all that make workers wait
    /// forever: stalls, lost wakeups and orphaned locks as well
    #[arg(long, value_name = "FINDING", value_parser = Finding::IDS, help_heading = "Output")]
    pub(super) fail_on: Vec<String>,
    /// Exit with 1 also if an expectation cannot be judged because other programs use the cores
    #[arg(long, help_heading = "Output")]
    pub(super) strict: bool,
}

const TEST_EXAMPLES: &str = "\
Examples:
  contend test                       every scenario there is
  contend test deadlock my.kdl       these
  contend test my.kdl --times 10     is it seen every time?
  contend test my.kdl --json         for a build server";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = TEST_EXAMPLES)]
pub(super) struct TestArgs {
    /// Names from `contend list`, files, or `-` for standard input [default: all of `contend list`]
    #[arg(value_name = "SCENARIO|FILE")]
    pub(super) scenarios: Vec<OsString>,

    /// Run everything so many times and say how often each expectation was seen
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "What to run")]
    pub(super) times: u32,
    /// Let scenarios run commands of their own (`exec`) [default: those of the list that do are skipped]
    #[arg(long)]
    pub(super) allow_exec: bool,
    /// One JSON object instead of a text (described in docs/tests.md)
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
    /// Exit with 1 also if an expectation cannot be judged because other programs use the cores
    #[arg(long, help_heading = "Output")]
    pub(super) strict: bool,
    /// Write each run's report as JSON into this directory, as `contend run --json` prints it
    #[arg(long, value_name = "DIRECTORY", help_heading = "Output")]
    pub(super) reports: Option<std::path::PathBuf>,
}

const TUNE_EXAMPLES: &str = "\
Examples:
  contend tune thread-pool                              how many workers keep up with its 200 tasks a second?
  contend tune thread-pool --p99 30ms                   and with nearly every task done in 30 ms?
  contend tune thread-pool --saturate --over 1..64      how many do the most?
  contend tune lock-contention --knob hold --over 10us..10ms
  contend tune my.kdl --p99 50ms --json                 with a limit, for a program
  contend tune --exec 'convert {} out/{/}.png' --files '*.jpg' --over 1..16 --allow-exec";

#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = TUNE_EXAMPLES)]
pub(super) struct TuneArgs {
    /// A name from `contend list`, a file, or `-` for standard input
    #[arg(value_name = "SCENARIO|FILE", required_unless_present_any = ["check", "exec"])]
    pub(super) scenario: Option<OsString>,
    /// Tune a pool whose task is this command; `{}` is a file, `{/}` its name alone (all places: docs/language.md, `exec`)
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["scenario", "check"], help_heading = "What to measure")]
    pub(super) exec: Option<String>,
    /// What the command is run on, over and over [default: nothing, it is simply run]
    #[arg(long, value_name = "PATTERNS", requires = "exec", help_heading = "What to measure")]
    pub(super) files: Option<String>,
    /// Where these files are
    #[arg(long, value_name = "DIRECTORY", requires = "files", default_value = ".", help_heading = "What to measure")]
    pub(super) dir: String,
    /// Let the scenario run commands of its own (`exec`)
    #[arg(long, help_heading = "What to measure")]
    pub(super) allow_exec: bool,
    /// Tune these, or all in the list whose optimum can be calculated, and say the answer beside the truth
    #[arg(long, value_name = "SCENARIO", num_args = 0.., conflicts_with_all = ["scenario", "json", "svg"], help_heading = "What to measure")]
    pub(super) check: Option<Vec<String>>,
    /// How often to tune each of them
    #[arg(long, value_name = "N", default_value_t = 1, requires = "check", help_heading = "What to measure")]
    pub(super) times: u32,

    /// Which knob to sweep; any with a number [default: the one that says how many workers there are]
    #[arg(long, value_name = "KNOB", help_heading = "What to measure")]
    pub(super) knob: Option<String>,
    /// Between which values [default: 1..32 for a count, else the knob's whole range]
    #[arg(long, value_name = "FROM..TO", help_heading = "What to measure")]
    pub(super) over: Option<String>,
    /// Set another knob [default: as in the scenario; `contend show` tells]
    #[arg(long, value_name = "KNOB=VALUE", help_heading = "What to measure")]
    pub(super) set: Vec<String>,
    /// Make threads or processes of the workers [default: as in the scenario]
    #[arg(long = "as", value_name = "KIND", value_enum, help_heading = "What to measure")]
    pub(super) executor: Option<Executor>,

    /// Measure the most a pool can do, though its scenario has tasks arrive at a rate [default: how many workers keep up with
    /// that rate]
    #[arg(long, help_heading = "What to measure")]
    pub(super) saturate: bool,

    /// How much less than the best is good enough, in per cent
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = parse_percentage, help_heading = "What is good enough")]
    pub(super) epsilon: f64,
    /// Most that a task may take at the 99th percentile, such as 50ms; where tasks arrive, from the moment they are due
    #[arg(long, value_name = "TIME", value_parser = parse_positive_time, help_heading = "What is good enough")]
    pub(super) p99: Option<Duration>,
    /// Most memory of all its processes together, in MiB
    #[arg(long, value_name = "MIB", help_heading = "What is good enough")]
    pub(super) memory: Option<u64>,

    /// How long it may take: more time, more certainty
    #[arg(long = "for", value_name = "TIME", value_parser = parse_positive_time, default_value = "1m", help_heading = "How to measure")]
    pub(super) time: Duration,
    /// Measure although others use the machine
    #[arg(long, help_heading = "How to measure")]
    pub(super) anyway: bool,
    /// Order the repetitions as another tuning did [default: another order each time]
    #[arg(long, value_name = "N", help_heading = "How to measure")]
    pub(super) seed: Option<u64>,

    /// Without the screen; a text at the end [default: when the output is no terminal]
    #[arg(long, help_heading = "Output")]
    pub(super) headless: bool,
    /// Headless, and one JSON object with every repetition (described in docs/tune.md)
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
    /// Write the curve as a picture
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(super) svg: Option<std::path::PathBuf>,
}

/// When to colour what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColourChoice {
    /// On a terminal that can, unless `NO_COLOR` is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Executor {
    Threads,
    Processes,
    Async,
}

impl From<Executor> for WorkerKind {
    fn from(executor: Executor) -> Self {
        match executor {
            Executor::Threads => Self::Thread,
            Executor::Processes => Self::Process,
            Executor::Async => Self::Async,
        }
    }
}

fn parse_positive_time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| format!("{error}; write it as 10s or 500ms"))?;
    if time.is_zero() { Err("no time at all; write it as 10s or 500ms".to_owned()) } else { Ok(time) }
}

fn parse_percentage(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim_end_matches('%').trim().parse().map_err(|_| "no number; write it as 5".to_owned())?;
    if (0.1..=50.0).contains(&value) { Ok(value) } else { Err("must be between 0.1 and 50".to_owned()) }
}
