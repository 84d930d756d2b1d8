//! `contend fmt`: prints files in their canonical form.

mod replace;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::scenario;
use crate::scenario::{FormatError, Source, format as format_source, sanitize};

/// Formats all files, or standard input. With `is_check`, only names those that are not formatted.
pub(super) fn format_files(files: &[OsString], is_check: bool, colours: Colours) -> Result<ExitOutcome, CliError> {
    let standard_input = [OsString::from("-")];
    let files = if files.is_empty() { &standard_input } else { files };
    let mut outcome = ExitOutcome::Done;
    for file in files {
        match format_file(file, is_check, colours) {
            Ok(ExitOutcome::Done) => {}
            Ok(other) if outcome == ExitOutcome::Done => outcome = other,
            Ok(ExitOutcome::Mistakes) => outcome = ExitOutcome::Mistakes,
            Ok(_) => {}
            Err(failure @ CliError::Output(_)) => return Err(failure),
            Err(failure) => {
                output::print_error(failure, colours);
                outcome = ExitOutcome::Mistakes;
            }
        }
    }
    Ok(outcome)
}

fn format_file(file: &OsStr, is_check: bool, colours: Colours) -> Result<ExitOutcome, CliError> {
    let is_standard_input = file == "-";
    let source = if is_standard_input {
        scenario::load_scenario(file)?
    } else {
        Source::read(Path::new(file)).map_err(|error| CliError::Usage(error.to_string()))?
    };
    let name = sanitize(&file.to_string_lossy());
    let formatted = match format_source(&source) {
        Ok(formatted) => formatted,
        Err(FormatError::Mistakes(mistakes)) => {
            output::print_stderr(&mistakes.render(colours.stderr));
            return Ok(ExitOutcome::Mistakes);
        }
        Err(error @ FormatError::MeaningChanged) => return Err(CliError::Run(format!("`{name}`: {error}"))),
    };
    if is_check {
        if formatted == source.text {
            return Ok(ExitOutcome::Done);
        }
        let line = 1 + formatted.lines().zip(source.text.lines()).take_while(|(a, b)| a == b).count();
        output::print_stdout(&format!("{name}:{line}: not formatted\n"))?;
        return Ok(ExitOutcome::Failed);
    }
    if is_standard_input {
        output::print_stdout(&formatted)?;
    } else {
        replace::replace_file(Path::new(file), formatted.as_bytes())
            .map_err(|error| CliError::Run(format!("cannot write `{name}`: {error}")))?;
    }
    Ok(ExitOutcome::Done)
}
