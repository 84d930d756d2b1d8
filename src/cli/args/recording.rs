//! Options and commands about recordings.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};

use super::TEMPLATE;
use super::findings::FindingArgs;
use super::values::{parse_moment, parse_playback_speed, parse_screen_size, parse_size, parse_speed};
use crate::playback::Speed;
use crate::trace::Stamp;
use crate::tui;

/// Options for keeping runs.
#[derive(Debug, Args)]
pub(in crate::cli) struct RecordArgs {
    /// Record the run in this file, for `contend replay`; of several runs, each in a file of this directory
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath, help_heading = "Output")]
    pub(in crate::cli) record: Option<PathBuf>,
    /// End the recording when its file has this size, such as 100MiB; the run goes on
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = parse_size,
        default_value = "1GiB",
        requires = "record",
        help_heading = "Output",
    )]
    pub(in crate::cli) record_limit: u64,
}

impl RecordArgs {
    /// Returns where the dashboard records its runs.
    pub(in crate::cli) fn dashboard_options(&self) -> Option<tui::RecordOptions> {
        let path = self.record.clone()?;
        Some(tui::RecordOptions { path, limit: self.record_limit })
    }
}

const REPLAY_EXAMPLES: &str = "\
Examples:
  contend run deadlock --record deadlock.contend
  contend replay deadlock.contend            look at it again: Space plays, +/- change the speed
  contend replay deadlock.contend --from 2.3s --speed 0.1
  contend replay deadlock.contend --json     the same report as that of the run";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = REPLAY_EXAMPLES)]
pub(in crate::cli) struct ReplayArgs {
    /// A file that `--record` wrote
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) file: PathBuf,
    /// Play from this moment of the run on, such as 2.3s or 150ms [default: show the end, until Space plays]
    #[arg(long, value_name = "TIME", value_parser = tui::parse_moment, help_heading = "Playback")]
    pub(in crate::cli) from: Option<Stamp>,
    /// Play this many times as fast as the run was, from 0.001 to 100 [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = parse_playback_speed, help_heading = "Playback")]
    pub(in crate::cli) speed: Option<Speed>,
    /// Print the report of the run instead of opening the dashboard [default: if the output is not a terminal]
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) headless: bool,
    /// Print the report as one JSON object (see docs/report.md); implies --headless
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) findings: FindingArgs,
}

/// The form of an export, the value of `--to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportTarget {
    /// A trace for ui.perfetto.dev
    Perfetto,
    /// Trace events in JSON, for Chrome's tracing page and other viewers
    Chrome,
    /// A directory of tables
    Csv,
    /// The dashboard as a session for asciinema
    Cast,
    /// The dashboard as a picture that moves, or with --at of one moment
    Svg,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  contend export deadlock.contend --to perfetto       writes deadlock.perfetto-trace
  contend export deadlock.contend --to csv -o data    writes data/states.csv, data/holds.csv, ...
  contend export deadlock.contend --to svg --at 2.3s  writes deadlock.svg, the screen at that moment";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = EXPORT_EXAMPLES)]
pub(in crate::cli) struct ExportArgs {
    /// A file that `--record` wrote
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) file: PathBuf,
    /// The form to write
    #[arg(long, value_name = "FORM", value_enum)]
    pub(in crate::cli) to: ExportTarget,
    /// The file to write, or the directory for tables [default: beside the recording]
    #[arg(long, short, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Size of the screen, as columns and rows (cast, svg)
    #[arg(long, value_name = "WxH", value_parser = parse_screen_size, default_value = "120x40")]
    pub(in crate::cli) size: (u16, u16),
    /// How many times as fast as the run (cast, svg)
    #[arg(long, value_name = "N", value_parser = parse_speed, default_value = "1")]
    pub(in crate::cli) speed: f64,
    /// Draw only the screen at this time after the start of the run, such as 2.3s (svg)
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(in crate::cli) at: Option<Duration>,
    /// Largest size of a picture that moves; a larger one gets fewer frames a second (svg)
    #[arg(long, value_name = "SIZE", value_parser = parse_size, default_value = "200KiB")]
    pub(in crate::cli) max_size: u64,
}
