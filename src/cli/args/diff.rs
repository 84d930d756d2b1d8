//! Options of `contend diff`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::TEMPLATE;
use super::values::parse_percentage;

const DIFF_EXAMPLES: &str = "\
Examples:
  contend diff before.contend after.contend            one run of each
  contend diff before-*.json --with after-*.json       several of each: with 95 % intervals
  contend diff before/ after/ --fail-if-worse 5%       directories, for a build server";

#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = DIFF_EXAMPLES)]
pub(in crate::cli) struct DiffArgs {
    /// Runs A and B; with --with, only runs A: recordings (--record), JSON reports (run --json), or directories of them
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// Runs B, if there are several of a side
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) with: Vec<PathBuf>,
    /// Exit with 1 if throughput or times of B are worse by more than this, or B has a new finding of an error (see
    /// docs/diff.md)
    #[arg(long, value_name = "PERCENT", value_parser = parse_percentage, help_heading = "Output")]
    pub(in crate::cli) fail_if_worse: Option<f64>,
    /// Print one JSON object instead of text (see docs/diff.md)
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,
}
