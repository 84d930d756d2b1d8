//! The command line's commands and options as types. All text that `--help` shows is written here.

mod cluster;
mod demo;
mod diff;
mod findings;
mod recording;
mod tune;
mod values;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use super::output::ColourChoice;
use super::version;
use crate::model::Finding;
use values::parse_positive_time;

pub(super) use cluster::{AttachArgs, AttachTarget, OnCluster};
pub(super) use demo::DemoArgs;
pub(super) use diff::DiffArgs;
pub(super) use findings::FindingArgs;
pub(super) use recording::{ExportArgs, ExportTarget, RecordArgs, ReplayArgs};
pub(super) use tune::TuneArgs;
pub(super) use values::Executor;

const TEMPLATE: &str = "\
{about-with-newline}
{before-help}{usage-heading} {usage}

{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  contend                                     choose a scenario and watch it
  contend run deadlock                        watch one scenario
  contend run thread-pool --set workers=8     set a knob
  contend run philosophers --as processes     use processes instead of threads
  contend run script.py 10                    watch a Python program of your own
  contend run my.kdl --headless --for 10s     print a report, no dashboard
  contend run my.kdl --json --fail-on deadlock | jq .findings";

const EXIT_CODES: &str = "\
Exit codes:
  0      success
  1      the run failed, an expectation of the scenario was not met, a file is not formatted
         (fmt --check), or runs are worse (diff --fail-if-worse)
  2      wrong usage, or a mistake in a scenario
  3      contend reported a finding named by --fail-on
  128+n  ended by signal n (130: Ctrl-C)

Environment:
  NO_COLOR         no colour, unless --color is always
  CLICOLOR_FORCE   colour even if the output is not a terminal
  COLORTERM, TERM  how many colours the terminal has, unless --color says so
  COLORFGBG        the terminal's background, if it does not answer when asked";

/// See threads and processes contend, live, in a terminal.
///
/// contend runs a scenario on real threads and processes and shows what they do: a timeline of each worker, locks,
/// queues and pools, the load of each core, and who waits for whom. It explains each problem in plain words, with
/// numbers and a fix.
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
    /// When to use colour
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColourChoice::Auto,
        global = true,
        help_heading = "Output",
    )]
    pub(super) color: ColourChoice,
    /// Theme of the dashboard: dark, light, colorblind, high-contrast, ansi (the terminal's own colours), mono, or one
    /// of your configuration [default: dark or light, by the terminal's background]
    #[arg(long, value_name = "NAME", global = true, help_heading = "Output")]
    pub(super) theme: Option<String>,
    /// Do not capture the mouse, so that the terminal can select text
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) no_mouse: bool,
    /// Start scenarios without asking their question first
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) no_ask: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Run a scenario in the dashboard, or headless with a report at the end
    Run(Box<RunArgs>),
    /// Show a process or a cluster that is there
    Attach(Box<AttachArgs>),
    /// Show a tour: scenes of real runs with captions, for a talk or to learn
    Demo(DemoArgs),
    /// Show a recorded run again
    Replay(ReplayArgs),
    /// Compare runs with runs: what changed, and what chance may explain
    Diff(DiffArgs),
    /// Write a recorded run in the form of another program
    Export(ExportArgs),
    /// List the scenarios by group
    List {
        /// Print one JSON object instead of a table (see docs/list.md)
        #[arg(long)]
        json: bool,
    },
    /// Print a scenario's file, to read it or to start your own
    Show {
        /// A name from `contend list`
        name: OsString,
    },
    /// Check scenario files and report every mistake
    Check {
        /// Files, names from `contend list`, or `-` for standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<OsString>,
        /// Print one JSON object instead of text, for editors (see docs/check.md)
        #[arg(long)]
        json: bool,
    },
    /// Format scenario files: indentation, spaces, quotes and blank lines
    #[command(help_template = TEMPLATE, before_help = FMT_EXAMPLES)]
    Fmt {
        /// Files, or `-` for standard input, which is printed formatted [default: `-`]
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<OsString>,
        /// Change no file; name those that are not formatted, and exit with 1 if there are any
        #[arg(long)]
        check: bool,
    },
    /// Print the reference of the scenario language: every node, value, range and default
    Reference,
    /// Print the JSON Schema (draft 2020-12) of a `--json` output
    Schema {
        /// The output to describe
        #[arg(value_name = "OUTPUT")]
        output: super::schema::SchemaKind,
    },
    /// Run scenarios and check their expectations
    Test(TestArgs),
    /// Find out how many workers are enough, and what limits them
    Tune(Box<TuneArgs>),
    /// Check the configuration; print where it is, or all its options (see docs/configuration.md)
    #[command(help_template = TEMPLATE, before_help = CONFIG_EXAMPLES)]
    Config {
        /// Print a file with every option, its default and its meaning
        #[arg(long, conflicts_with = "path")]
        print_default: bool,
        /// Print where the file is looked for, whether or not there is one
        #[arg(long)]
        path: bool,
    },
    /// Show what contend can use of this machine, and how to get the rest
    Doctor {
        /// Print one JSON object instead of text (see docs/doctor.md)
        #[arg(long)]
        json: bool,
    },
    /// Print a script for shell completion, also of scenarios, knobs and findings
    #[command(help_template = TEMPLATE, before_help = COMPLETION_EXAMPLES)]
    Completions {
        /// The shell to print the script for
        shell: Shell,
    },
    /// Print the manual page (read it with `contend man | man -l -`)
    Man,
}

const FMT_EXAMPLES: &str = "\
Examples:
  contend fmt my.kdl                 format a file
  contend fmt --check *.kdl          for a build server
  contend fmt < my.kdl               for an editor: print the formatted text";

const CONFIG_EXAMPLES: &str = "\
Examples:
  contend config                                               check the file
  contend config --print-default > \"$(contend config --path)\"   start a file of your own";

const COMPLETION_EXAMPLES: &str = "\
To install, add the line to the file:
  bash   ~/.bashrc                     source <(contend completions bash)
  zsh    ~/.zshrc, after compinit      source <(contend completions zsh)
  fish   ~/.config/fish/config.fish    contend completions fish | source";

const RUN_EXAMPLES: &str = "\
Examples:
  contend run deadlock
  contend run lock-contention --set tellers=16 --set hold=5ms
  contend run philosophers --as processes
  contend run thread-pool --headless --for 10s
  contend show deadlock > my.kdl; contend run my.kdl --watch
  contend run script.py 10                 a Python program of your own
  contend run -- python -m pytest -x       the same, as you would start it
  contend run --on dask script.py          its process pools on a cluster
  contend run my.kdl --json --fail-on deadlock --fail-on lost-update";

#[expect(clippy::struct_excessive_bools, reason = "each is an independent option")]
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = RUN_EXAMPLES)]
pub(super) struct RunArgs {
    /// A name from `contend list`, a file, `-` for standard input, or a Python script; all that follows a script is for
    /// the script
    #[arg(value_name = "SCENARIO|FILE|SCRIPT.py", index = 1, required_unless_present = "program")]
    pub(super) scenario: Option<OsString>,
    /// A program of your own and its arguments: Python programs show their threads, locks, queues and pools (see
    /// docs/python.md)
    #[arg(value_name = "PROGRAM", index = 2, last = true)]
    pub(super) program: Vec<OsString>,

    /// Set a knob; can be repeated [default: the scenario's values, see `contend show`]
    #[arg(long, value_name = "KNOB=VALUE", help_heading = "What to run")]
    pub(super) set: Vec<String>,
    /// Set the scenario's `workers` knob [default: as in the scenario]
    #[arg(long, value_name = "N", help_heading = "What to run")]
    pub(super) workers: Option<u32>,
    /// Run the workers as threads, as processes or as tasks of one event loop, or the pool's tasks on a Dask cluster of
    /// this machine [default: as in the scenario]
    #[arg(long = "as", value_name = "KIND", value_enum, help_heading = "What to run")]
    pub(super) executor: Option<Executor>,

    /// Run the process pools of a Python script on a cluster: `dask` starts one here, with --workers workers;
    /// `dask://host:8786` uses one that is there (see docs/cluster.md)
    #[arg(long, value_name = "CLUSTER", value_parser = cluster::parse_cluster, help_heading = "What to run")]
    pub(super) on: Option<OnCluster>,

    /// Allow the scenario to run external commands (`exec`)
    #[arg(long, help_heading = "What to run")]
    pub(super) allow_exec: bool,

    /// Stop the run after this time, such as 10s or 500ms [default: when it ends by itself; headless also when it
    /// deadlocks, and after 5s if it would never end]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_positive_time, help_heading = "When to stop")]
    pub(super) time: Option<Duration>,

    /// Restart in the dashboard whenever the file is saved
    #[arg(long, help_heading = "What to run")]
    pub(super) watch: bool,

    /// Print a report at the end instead of opening the dashboard [default: if the output is not a terminal]
    #[arg(long, help_heading = "Output")]
    pub(super) headless: bool,
    /// Print the report as one JSON object (see docs/report.md); implies --headless
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
    /// Exit with 3 if contend reports this finding; can be repeated. `deadlock` covers every finding of workers that
    /// wait forever: stalls, lost wakeups and orphaned locks too
    #[arg(long, value_name = "FINDING", value_parser = Finding::IDS, help_heading = "Output")]
    pub(super) fail_on: Vec<String>,
    /// Exit with 1 also if an expectation cannot be judged because other programs use the cores
    #[arg(long, help_heading = "Output")]
    pub(super) strict: bool,
    #[command(flatten)]
    pub(super) recording: RecordArgs,
    #[command(flatten)]
    pub(super) findings: FindingArgs,
}

const TEST_EXAMPLES: &str = "\
Examples:
  contend test                       test every scenario of the list
  contend test deadlock my.kdl       test these
  contend test my.kdl --times 10     how often is each expectation met?
  contend test my.kdl --json         for a build server";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = TEST_EXAMPLES)]
pub(super) struct TestArgs {
    /// Names from `contend list`, files, or `-` for standard input [default: all of `contend list`]
    #[arg(value_name = "SCENARIO|FILE")]
    pub(super) scenarios: Vec<OsString>,

    /// Run everything N times and report how often each expectation was met
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=1000),
        help_heading = "What to run",
    )]
    pub(super) times: u32,
    /// Allow scenarios to run external commands (`exec`) [default: scenarios of the list that do are skipped]
    #[arg(long)]
    pub(super) allow_exec: bool,
    /// Print one JSON object instead of text (see docs/tests.md)
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
    /// Exit with 1 also if an expectation cannot be judged because other programs use the cores
    #[arg(long, help_heading = "Output")]
    pub(super) strict: bool,
    /// Write the report of each run into this directory, as `contend run --json` prints it
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub(super) reports: Option<PathBuf>,
    #[command(flatten)]
    pub(super) recording: RecordArgs,
    #[command(flatten)]
    pub(super) findings: FindingArgs,
}
