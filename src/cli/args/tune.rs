//! Options of `contend tune`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::TEMPLATE;
use super::findings::FindingArgs;
use super::recording::RecordArgs;
use super::values::{Executor, parse_percentage, parse_positive_time, parse_speed};

const TUNE_EXAMPLES: &str = "\
Examples:
  contend tune thread-pool                            keep up with its arrivals
  contend tune thread-pool --p99 30ms                 finish 99 % within 30 ms
  contend tune thread-pool --saturate --over 1..64    highest throughput
  contend tune my.kdl --p99 50ms --json               print JSON
  contend tune --trace requests.csv --p99 50ms        workers for your own load
  contend tune lock-contention --knob hold --over 10us..10ms
  contend tune script.py --env WORKERS --over 1..8    a program of your own
  contend tune script.py --arg '--workers {}' --over 1..16
  contend tune --exec 'convert {} out/{/}.png' --files '*.jpg' --over 1..16 --allow-exec";

#[expect(clippy::struct_excessive_bools, reason = "each is an independent option")]
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = TUNE_EXAMPLES)]
pub(in crate::cli) struct TuneArgs {
    /// A name from `contend list`, a file, `-` for standard input, or a Python script
    #[arg(
        value_name = "SCENARIO|FILE|SCRIPT.py",
        index = 1,
        required_unless_present_any = ["check", "exec", "trace", "program"],
    )]
    pub(in crate::cli) scenario: Option<OsString>,
    /// A program of your own and its arguments, or arguments of the script; each run is a whole run of it with one
    /// value: see --env and --arg (docs/python.md)
    #[arg(value_name = "PROGRAM", index = 2, last = true, conflicts_with_all = ["check", "exec", "trace"])]
    pub(in crate::cli) program: Vec<OsString>,
    /// Environment variable of the program that gets each value
    #[arg(long, value_name = "NAME", conflicts_with = "arg", help_heading = "What to measure")]
    pub(in crate::cli) env: Option<String>,
    /// Arguments to add to the program's, with each value in place of `{}`, such as '--workers {}'
    #[arg(long, value_name = "ARGUMENTS", allow_hyphen_values = true, help_heading = "What to measure")]
    pub(in crate::cli) arg: Option<String>,
    /// Tune a pool whose task is this command; `{}` stands for a file, `{/}` for its name without the directory (all
    /// placeholders: docs/language.md, `exec`)
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["scenario", "check"], help_heading = "What to measure")]
    pub(in crate::cli) exec: Option<String>,
    /// Files to run the command on, over and over [default: none; the command runs without a file]
    #[arg(long, value_name = "PATTERNS", requires = "exec", help_heading = "What to measure")]
    pub(in crate::cli) files: Option<String>,
    /// Directory of these files
    #[arg(
        long,
        value_name = "DIRECTORY",
        value_hint = ValueHint::DirPath,
        requires = "files",
        default_value = ".",
        help_heading = "What to measure",
    )]
    pub(in crate::cli) dir: String,
    /// Tune a pool whose tasks arrive, and take as long, as recorded in this CSV file of arrival times and durations
    /// (see docs/sizing.md)
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["scenario", "exec", "check"],
        help_heading = "What to measure",
    )]
    pub(in crate::cli) trace: Option<PathBuf>,
    /// How many times as fast as recorded to replay the trace; times are converted back [default: as fast as sensible,
    /// if it takes too long otherwise]
    #[arg(long, value_name = "N", requires = "trace", value_parser = parse_speed, help_heading = "What to measure")]
    pub(in crate::cli) speed: Option<f64>,
    /// Allow the scenario to run external commands (`exec`)
    #[arg(long, help_heading = "What to measure")]
    pub(in crate::cli) allow_exec: bool,
    /// Tune these scenarios, or all of the list whose optimum can be calculated, and compare the answers with the
    /// optima
    #[arg(
        long,
        value_name = "SCENARIO",
        num_args = 0..,
        conflicts_with_all = ["scenario", "json", "svg"],
        help_heading = "What to measure",
    )]
    pub(in crate::cli) check: Option<Vec<OsString>>,
    /// How often to tune each scenario
    #[arg(long, value_name = "N", default_value_t = 1, requires = "check", help_heading = "What to measure")]
    pub(in crate::cli) times: u32,

    /// Knob to sweep; any knob that holds a number [default: the number of workers]
    #[arg(long, value_name = "KNOB", help_heading = "What to measure")]
    pub(in crate::cli) knob: Option<String>,
    /// Range of values to sweep [default: 1..32 for a count, otherwise the knob's whole range; none for a program]
    #[arg(long, value_name = "FROM..TO", help_heading = "What to measure")]
    pub(in crate::cli) over: Option<String>,
    /// Set another knob; can be repeated [default: the scenario's values, see `contend show`]
    #[arg(long, value_name = "KNOB=VALUE", help_heading = "What to measure")]
    pub(in crate::cli) set: Vec<String>,
    /// Run the workers as threads, as processes, as tasks of one event loop, or on Dask [default: as in the
    /// scenario]
    #[arg(long = "as", value_name = "KIND", value_enum, help_heading = "What to measure")]
    pub(in crate::cli) executor: Option<Executor>,

    /// Find the highest throughput of a pool even if its tasks arrive at a rate [default: how many workers keep up with
    /// that rate]
    #[arg(long, help_heading = "What to measure")]
    pub(in crate::cli) saturate: bool,

    /// How far below the best throughput is still good enough, in percent
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 5.0,
        value_parser = parse_percentage,
        help_heading = "Acceptable results",
    )]
    pub(in crate::cli) epsilon: f64,
    /// Limit of a task's time at the 99th percentile, such as 50ms; where tasks arrive at a rate, counted from the
    /// moment each is due
    #[arg(long, value_name = "TIME", value_parser = parse_positive_time, help_heading = "Acceptable results")]
    pub(in crate::cli) p99: Option<Duration>,
    /// Limit of the memory of all processes of a run together, in MiB
    #[arg(long, value_name = "MIB", help_heading = "Acceptable results")]
    pub(in crate::cli) memory: Option<u64>,

    /// Time limit of the whole measurement; more time gives more certainty
    #[arg(
        long = "for",
        value_name = "TIME",
        value_parser = parse_positive_time,
        default_value = "1m",
        help_heading = "How to measure",
    )]
    pub(in crate::cli) time: Duration,
    /// Measure even if other programs use the machine
    #[arg(long, help_heading = "How to measure")]
    pub(in crate::cli) anyway: bool,
    /// Seed of the order of the repetitions, to repeat another tuning [default: random]
    #[arg(long, value_name = "N", help_heading = "How to measure")]
    pub(in crate::cli) seed: Option<u64>,

    /// Print text at the end instead of opening the screen [default: if the output is not a terminal]
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) headless: bool,
    /// Print one JSON object with every repetition (see docs/tune.md); implies --headless
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) recording: RecordArgs,
    #[command(flatten)]
    pub(in crate::cli) findings: FindingArgs,
    /// Write the curve as an SVG picture
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(in crate::cli) svg: Option<PathBuf>,
}
