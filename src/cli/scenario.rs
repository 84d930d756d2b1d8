//! Loading the scenario that the command line names.

use std::ffi::OsStr;
use std::io::Read;

use super::exit::CliError;
use crate::scenario::{MAX_SOURCE_BYTES, Source};

/// Loads a scenario of the catalogue, a file, or standard input for `-`.
pub(super) fn load_scenario(spec: impl AsRef<OsStr>) -> Result<Source, CliError> {
    if spec.as_ref() == "-" {
        return read_standard_input();
    }
    crate::catalogue::find(spec).map_err(|error| CliError::Usage(error.to_string()))
}

fn read_standard_input() -> Result<Source, CliError> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MAX_SOURCE_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| CliError::Run(format!("cannot read standard input: {error}")))?;
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(CliError::Usage("standard input is larger than 1 MiB; no scenario is".to_owned()));
    }
    Source::from_bytes("stdin", bytes)
        .map_err(|what| CliError::Usage(format!("standard input is {what}; a scenario is text in UTF-8")))
}
