//! Scenarios as the command line names them.

use std::ffi::OsStr;
use std::io::Read;

use super::failure::Failure;
use crate::scenario::{LARGEST, Source};

/// A scenario of the catalogue, a file, or standard input for `-`.
pub(super) fn load(spec: impl AsRef<OsStr>) -> Result<Source, Failure> {
    if spec.as_ref() == "-" {
        return standard_input();
    }
    crate::catalogue::find(spec).map_err(|error| Failure::Usage(error.to_string()))
}

fn standard_input() -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LARGEST as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::Run(format!("standard input cannot be read: {error}")))?;
    if bytes.len() > LARGEST {
        return Err(Failure::Usage("standard input is larger than 1 MiB; no scenario is".to_owned()));
    }
    Source::from_bytes("stdin", bytes)
        .map_err(|what| Failure::Usage(format!("standard input is {what}; a scenario is text in UTF-8")))
}
