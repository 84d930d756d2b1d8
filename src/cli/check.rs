//! `contend check`: reports every mistake in files of scenarios and tours.

mod json;

use std::ffi::OsString;

use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::scenario;
use crate::demo;
use crate::scenario::{Mistakes, Source, check as check_source, is_tour, sanitize};

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
        match check_any(&source) {
            Ok(warnings) => {
                output::print_stderr(&warnings.as_ref().map(|list| list.render(colours.stderr)).unwrap_or_default());
                let summary = warnings.as_ref().map_or_else(|| "ok".to_owned(), warning_summary);
                output::print_stdout(&format!("{}: {summary}\n", sanitize(&spec.to_string_lossy())))?;
            }
            Err(mistakes) => {
                output::print_stderr(&mistakes.render(colours.stderr));
                outcome = ExitOutcome::Mistakes;
            }
        }
    }
    Ok(outcome)
}

/// Checks a scenario or a tour. Returns the warnings; there are none about tours.
fn check_any(source: &Source) -> Result<Option<Mistakes>, Mistakes> {
    if is_tour(source) {
        return demo::check(source).map(|_| None);
    }
    check_source(source).map(|checked| Some(checked.warnings))
}

fn warning_summary(warnings: &Mistakes) -> String {
    match warnings.len() {
        0 => "ok".to_owned(),
        1 => "ok, 1 warning".to_owned(),
        n => format!("ok, {n} warnings"),
    }
}
