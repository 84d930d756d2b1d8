//! A trace of requests: when each arrived and how long it took, read from a CSV file. Nothing in the file is trusted.

mod columns;
mod field;
mod timestamp;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::columns::Columns;
use self::field::ArrivalKind;

/// The most requests of a trace. All of them must fit in one message to the runner.
pub const MAX_REQUESTS: usize = 1_000_000;

/// The most bytes of a trace's file.
const MAX_BYTES: u64 = 256 << 20;

/// The most bytes of a line.
const MAX_LINE: u64 = 64 << 10;

/// The longest time between the first arrival and the last: with more, a column probably holds something else.
const MAX_SPAN_NANOS: i128 = 400 * 24 * 3_600 * 1_000_000_000;

/// Why a trace cannot be used. Every field is safe to print.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TraceError {
    #[error("{0}")]
    Unreadable(String),
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it is larger than 256 MiB, the limit for a trace")]
    TooLarge,
    #[error("it has more than 1,000,000 requests: cut it, for example with `head -n 1000000`")]
    TooMany,
    #[error("it has no requests")]
    Empty,
    #[error("no request arrived between `from` and `to`")]
    EmptyWindow,
    #[error("line {line}: {what}")]
    Line { line: usize, what: String },
}

/// One request of a trace, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Time since the arrival before it, 0 for the first.
    pub gap: u64,
    pub duration: u64,
}

/// Requests in the order of their arrivals; at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestTrace {
    requests: Vec<Request>,
}

/// A row of the file: its arrival since any moment, and its duration, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TraceRow {
    arrival: i128,
    duration: u64,
}

impl RequestTrace {
    /// Reads a CSV file. Never blocks, not even on a named pipe.
    ///
    /// # Errors
    /// If the file cannot be read, is too large, or has a line that is not a request; the error names the line.
    pub fn read(path: &Path) -> Result<Self, TraceError> {
        let failed = |error: io::Error| TraceError::Unreadable(error.to_string());
        let kind = fs::metadata(path).map_err(failed)?; // opening a device can have effects
        if !kind.is_file() {
            return Err(TraceError::NotAFile);
        }
        if kind.len() > MAX_BYTES {
            return Err(TraceError::TooLarge);
        }
        let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(failed)?;
        Self::parse(BufReader::new(file.take(MAX_BYTES)), MAX_REQUESTS)
    }

    /// Parses CSV text with at most `most` requests.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(mut text: impl BufRead, most: usize) -> Result<Self, TraceError> {
        let (mut rows, mut columns): (Vec<TraceRow>, Option<Columns>) = (Vec::new(), None);
        let mut kind: Option<(ArrivalKind, usize)> = None;
        let mut bytes = Vec::new();
        for line in 1.. {
            let Some(content) = read_line(&mut text, &mut bytes, line)? else { break };
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let wrong = |what: String| TraceError::Line { line, what };
            let columns = if let Some(columns) = &columns {
                columns
            } else {
                let (found, is_header) = Columns::detect(content).map_err(wrong)?;
                let found = columns.insert(found);
                if is_header {
                    continue;
                }
                found
            };
            let (row, arrival_kind) = columns.parse_row(content).map_err(wrong)?;
            let (first_kind, first_line) = *kind.get_or_insert((arrival_kind, line));
            if first_kind != arrival_kind {
                return Err(wrong(format!(
                    "{} here, but {} in line {first_line}",
                    arrival_kind.noun(),
                    first_kind.noun()
                )));
            }
            if rows.len() == most {
                return Err(TraceError::TooMany);
            }
            rows.push(row);
            check_span(&rows[0], &row).map_err(wrong)?;
        }
        Self::from_rows(rows)
    }

    fn from_rows(mut rows: Vec<TraceRow>) -> Result<Self, TraceError> {
        rows.sort_by_key(|row| row.arrival); // a log may be in the order of completion
        let Some(first) = rows.first() else { return Err(TraceError::Empty) };
        let mut before = first.arrival;
        let request = |row: TraceRow| {
            let gap = u64::try_from(row.arrival - before).unwrap_or(u64::MAX);
            before = row.arrival;
            Request { gap, duration: row.duration }
        };
        Ok(Self { requests: rows.into_iter().map(request).collect() })
    }

    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// Returns the request of the task with this number; numbers wrap around.
    pub fn request(&self, number: u64) -> Request {
        self.requests[(number % self.requests.len() as u64) as usize]
    }

    /// Returns the time from the first arrival to the last, in nanoseconds.
    pub fn span_nanos(&self) -> u64 {
        self.requests.iter().map(|request| request.gap).sum()
    }

    /// Returns the mean time between two arrivals, in nanoseconds.
    pub fn mean_gap_nanos(&self) -> f64 {
        self.span_nanos() as f64 / (self.requests.len() - 1).max(1) as f64
    }

    pub fn mean_duration_nanos(&self) -> f64 {
        self.requests.iter().map(|request| request.duration as f64).sum::<f64>() / self.requests.len() as f64
    }

    /// Returns the requests that arrived from `from` to `to`, in nanoseconds since the first arrival.
    ///
    /// # Errors
    /// If there are none.
    pub fn window(self, from: u64, to: u64) -> Result<Self, TraceError> {
        let mut arrival = 0;
        let is_inside = |request: &Request| {
            arrival += request.gap;
            from <= arrival && arrival <= to
        };
        let mut requests: Vec<Request> = self.requests.into_iter().filter(is_inside).collect();
        requests.first_mut().ok_or(TraceError::EmptyWindow)?.gap = 0;
        Ok(Self { requests })
    }

    /// Returns the first and the last arrival of the window of this length whose requests take the most time together,
    /// in nanoseconds since the first arrival.
    pub fn busiest_window(&self, length: u64) -> (u64, u64) {
        let (mut best, mut best_work) = ((0, 0), 0);
        let (mut first, mut first_arrival, mut arrival, mut work) = (0, 0, 0, 0_u128);
        for request in &self.requests {
            arrival += request.gap;
            work += u128::from(request.duration) + 1; // the more requests, the busier, even if they take no time
            while arrival - first_arrival > length {
                work -= u128::from(self.requests[first].duration) + 1;
                first += 1;
                first_arrival += self.requests[first].gap;
            }
            if work > best_work {
                (best, best_work) = ((first_arrival, arrival), work);
            }
        }
        best
    }
}

/// Reads the next line into `bytes` and returns it without the end of the line; `None` at the end of the text.
fn read_line<'a>(text: &mut impl BufRead, bytes: &'a mut Vec<u8>, line: usize) -> Result<Option<&'a str>, TraceError> {
    let wrong = |what: &str| TraceError::Line { line, what: what.to_owned() };
    bytes.clear();
    let read = text.by_ref().take(MAX_LINE + 1).read_until(b'\n', bytes);
    if read.map_err(|error| TraceError::Unreadable(error.to_string()))? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 > MAX_LINE {
        return Err(wrong("it is longer than 64 KiB, so this is not a CSV file"));
    }
    if line == 1 && (bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])) {
        return Err(wrong("the file is UTF-16; save it as UTF-8"));
    }
    let content = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text"))?;
    if content.contains('\0') {
        return Err(wrong("it contains zero bytes, so this is not a text file"));
    }
    Ok(Some(content.strip_prefix('\u{feff}').filter(|_| line == 1).unwrap_or(content).trim()))
}

fn check_span(first: &TraceRow, row: &TraceRow) -> Result<(), String> {
    if (row.arrival - first.arrival).abs() <= MAX_SPAN_NANOS {
        return Ok(());
    }
    Err("this request arrived more than 400 days before or after the first one; check the column and its unit"
        .to_owned())
}

#[cfg(test)]
mod tests;
