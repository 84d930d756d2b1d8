//! `contend check`: every mistake of every file.

use std::ffi::OsString;

use super::failure::{Failure, Outcome};
use super::out::{self, Colours};
use super::scenario;
use crate::scenario::{Mistakes, check as check_source, clean};

/// Mistakes go to standard error, one line for each file that can be run to standard output.
pub(super) fn check(files: &[OsString], colours: Colours) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Done;
    for spec in files {
        let source = match scenario::load(spec) {
            Ok(source) => source,
            Err(failure) => {
                out::complain(failure, colours);
                outcome = Outcome::Mistakes;
                continue;
            }
        };
        match check_source(&source) {
            Ok(checked) => {
                out::say(&checked.warnings.render(colours.err));
                out::print(&format!("{}: {}\n", clean(&spec.to_string_lossy()), verdict(&checked.warnings)))?;
            }
            Err(mistakes) => {
                out::say(&mistakes.render(colours.err));
                outcome = Outcome::Mistakes;
            }
        }
    }
    Ok(outcome)
}

fn verdict(warnings: &Mistakes) -> String {
    match warnings.len() {
        0 => "ok".to_owned(),
        1 => "ok, with a warning".to_owned(),
        n => format!("ok, with {n} warnings"),
    }
}
