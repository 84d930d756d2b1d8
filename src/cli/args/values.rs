//! Types and parsers of option values.

use std::time::Duration;

use clap::ValueEnum;

use crate::playback::Speed;
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
    Dask,
}

impl From<Executor> for WorkerKind {
    fn from(executor: Executor) -> Self {
        match executor {
            Executor::Threads => Self::Thread,
            Executor::Processes => Self::Process,
            Executor::Async => Self::Async,
            Executor::Dask => Self::Dask,
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

pub(in crate::cli::args) fn parse_playback_speed(text: &str) -> Result<Speed, String> {
    let value: f64 = text.trim().parse().map_err(|_| "not a number; write it as 0.1".to_owned())?;
    Speed::from_factor(value).ok_or_else(|| "must be between 0.001 and 100".to_owned())
}

/// Reads how many times as fast as read the captions of a tour follow.
pub(in crate::cli::args) fn parse_pace(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| "not a number; write it as 2".to_owned())?;
    if (0.1..=1_000.0).contains(&value) { Ok(value) } else { Err("must be between 0.1 and 1000".to_owned()) }
}

pub(in crate::cli::args) fn parse_speed(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| "not a number; write it as 10".to_owned())?;
    if (0.01..=1e6).contains(&value) { Ok(value) } else { Err("must be between 0.01 and 1000000".to_owned()) }
}

/// Reads a time after the start of a run: `2.3s`, `150ms` or `1m 5s`.
pub(in crate::cli::args) fn parse_moment(text: &str) -> Result<Duration, String> {
    let seconds = text.strip_suffix('s').and_then(|number| number.parse::<f64>().ok());
    let exact = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    exact.map_or_else(
        || humantime::parse_duration(text).map_err(|error| format!("{error}; write it as 2.3s or 500ms")),
        Ok,
    )
}

/// Reads the size of a screen: `120x40`.
pub(in crate::cli::args) fn parse_screen_size(text: &str) -> Result<(u16, u16), String> {
    let sides = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let (columns, rows): (u16, u16) = sides.ok_or("not a size; write it as 120x40")?;
    let fits = (20..=500).contains(&columns) && (5..=200).contains(&rows);
    if fits { Ok((columns, rows)) } else { Err("must be between 20x5 and 500x200".to_owned()) }
}
