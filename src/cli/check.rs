//! `contend check`: reports every mistake in scenario files.

mod json;

use std::ffi::OsString;

use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::scenario;
use crate::scenario::{Mistakes, check as check_source, sanitize};

pub(super) use json::print_json;

/// Checks all files. Prints mistakes to standard error, and a line for each valid file to standard output.
pub(super) fn check_files(files: &[OsString], colours: Colours) -> Result<ExitOutcome, CliError> {
    let mut outcome = ExitOutcome::Done;
    for spec in files {
        let source = match scenario::load_scenario(spec) {
            Ok(source) => source,
            Err(failure) => {
                output::print_error(failure, colours);
                outcome = ExitOutcome::Mistakes;
                continue;
            }
        };
        match check_source(&source) {
            Ok(checked) => {
                output::print_stderr(&checked.warnings.render(colours.stderr));
                output::print_stdout(&format!(
                    "{}: {}\n",
                    sanitize(&spec.to_string_lossy()),
                    warning_summary(&checked.warnings)
                ))?;
            }
            Err(mistakes) => {
                output::print_stderr(&mistakes.render(colours.stderr));
                outcome = ExitOutcome::Mistakes;
            }
        }
    }
    Ok(outcome)
}

fn warning_summary(warnings: &Mistakes) -> String {
    match warnings.len() {
        0 => "ok".to_owned(),
        1 => "ok, 1 warning".to_owned(),
        n => format!("ok, {n} warnings"),
    }
}
