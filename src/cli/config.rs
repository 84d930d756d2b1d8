//! `contend config`: checks the user's configuration, prints its place, or a file with all options.

use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use crate::config::{self, ConfigError};
use crate::scenario::sanitize;

pub(super) fn configure(print_default: bool, path: bool, colours: Colours) -> Result<ExitOutcome, CliError> {
    if print_default {
        output::print_stdout(&config::default_file())?;
        return Ok(ExitOutcome::Done);
    }
    let Some(file) = config::path() else {
        let usage = "there is no place for a configuration: neither XDG_CONFIG_HOME nor HOME names a directory";
        return Err(CliError::Usage(usage.to_owned()));
    };
    let name = sanitize(&file.to_string_lossy());
    if path {
        output::print_stdout(&format!("{name}\n"))?;
        return Ok(ExitOutcome::Done);
    }
    let directory = sanitize(&file.parent().unwrap_or(&file).to_string_lossy());
    match config::load(&file) {
        Ok(_) if file.exists() => output::print_stdout(&format!("{name}: ok\n"))?,
        Ok(_) => output::print_stdout(&format!(
            "{name}: no such file, so every option has its default\n\
             Start one: mkdir -p {directory} && contend config --print-default > {name}\n"
        ))?,
        Err(error) => return Err(config_error(&error, colours)),
    }
    Ok(ExitOutcome::Done)
}

/// Returns the error of the command line for one of the configuration.
pub(super) fn config_error(error: &ConfigError, colours: Colours) -> CliError {
    match error {
        ConfigError::Mistakes(mistakes) => CliError::Mistakes(mistakes.render(colours.stderr)),
        ConfigError::Unreadable { .. } => CliError::Usage(error.to_string()),
    }
}
