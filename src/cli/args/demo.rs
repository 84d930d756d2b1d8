//! The arguments of `contend demo`.

use std::ffi::OsString;

use clap::Args;

use super::values::parse_pace;
use super::{RecordArgs, TEMPLATE};

const EXAMPLES: &str = "\
Examples:
  contend demo                       from one thread to a deadlock in five minutes
  contend demo --list                list the tours
  contend demo pools                 start another one
  contend demo pools --auto          without keys, for a screen at a booth
  contend demo --check my-talk.kdl   report the mistakes of a tour of your own (see docs/demo.md)";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = EXAMPLES)]
pub(in crate::cli) struct DemoArgs {
    /// A name from `contend demo --list`, or a file [default: the first tour]
    #[arg(value_name = "TOUR|FILE")]
    pub(in crate::cli) tour: Option<OsString>,
    /// List the tours
    #[arg(long, conflicts_with_all = ["tour", "check", "auto"])]
    pub(in crate::cli) list: bool,
    /// Report the mistakes of the tour instead of showing it
    #[arg(long, conflicts_with = "auto")]
    pub(in crate::cli) check: bool,
    /// Go through the tour without keys, then quit
    #[arg(long)]
    pub(in crate::cli) auto: bool,
    /// How many times as fast as read captions follow with --auto
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = parse_pace, requires = "auto")]
    pub(in crate::cli) pace: f64,
    #[command(flatten)]
    pub(in crate::cli) recording: RecordArgs,
}
