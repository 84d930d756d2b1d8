//! Types and parsers of option values.

use std::time::Duration;

use clap::ValueEnum;

use crate::scenario::parse_bytes;
use crate::trace::WorkerKind;

/// Bounds of the size of a recording, in bytes.
const MIN_RECORDING: u64 = 64 << 10;
const MAX_RECORDING: u64 = 1 << 50;

/// What runs the workers, the value of `--as`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Executor {
    Threads,
    Processes,
    Async,
}

impl From<Executor> for WorkerKind {
    fn from(executor: Executor) -> Self {
        match executor {
            Executor::Threads => Self::Thread,
            Executor::Processes => Self::Process,
            Executor::Async => Self::Async,
        }
    }
}

pub(in crate::cli::args) fn parse_positive_time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| format!("{error}; write it as 10s or 500ms"))?;
    if time.is_zero() { Err("must be longer than zero; write it as 10s or 500ms".to_owned()) } else { Ok(time) }
}

pub(in crate::cli::args) fn parse_percentage(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim_end_matches('%').trim().parse().map_err(|_| "not a number; write it as 5".to_owned())?;
    if (0.1..=50.0).contains(&value) { Ok(value) } else { Err("must be between 0.1 and 50".to_owned()) }
}

pub(in crate::cli::args) fn parse_size(text: &str) -> Result<u64, String> {
    let size = parse_bytes(text).filter(|size| (MIN_RECORDING..=MAX_RECORDING).contains(size));
    size.ok_or_else(|| "not a size from 64KiB on; write it as 100MiB".to_owned())
}

pub(in crate::cli::args) fn parse_speed(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| "not a number; write it as 10".to_owned())?;
    if (0.01..=1e6).contains(&value) { Ok(value) } else { Err("must be between 0.01 and 1000000".to_owned()) }
}
