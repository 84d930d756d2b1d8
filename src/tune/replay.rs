//! The replay of a recorded trace: how much of it is replayed, and how fast.

use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use super::queueing_theory::OfferedLoad;
use crate::engine::{RequestTrace, TraceError};

/// Longest replay of one repetition, as a share of the budget.
const MAX_REPLAY_SHARE: f64 = 0.1;

/// Shortest replay: a shorter trace is repeated.
const MIN_REPLAY_SECS: f64 = 2.0;

/// Mean time of a task below which a trace is not sped up further on its own, s: the machine's own delays, which are
/// not sped up, would count too much.
const MIN_SERVICE_SECS: f64 = 0.004;

/// Why a trace cannot be replayed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReplayError {
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error("all its requests arrived at the same moment, so they have no rate")]
    NoRate,
    #[error(
        "its requests are so far apart that no two of them fit into a repetition; add time with --for, or a --speed"
    )]
    TooSparse,
}

/// A trace that every repetition replays. Times are those of the trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceReplay {
    /// Requests of the whole trace.
    pub total_requests: u64,
    /// Length of the whole trace, s.
    pub total_secs: f64,
    /// Requests that are replayed.
    pub requests: u64,
    /// The first and the last of them, s since the first of the trace. None if all are replayed.
    pub window: Option<(f64, f64)>,
    pub load: OfferedLoad,
    /// How many times as fast as recorded.
    pub speed: f64,
    /// Length of a repetition on this machine: one replay, or several of a short trace.
    pub length: Duration,
}

impl TraceReplay {
    /// Reads a trace and plans its replay.
    ///
    /// # Errors
    /// If it cannot be read, or has no rate.
    pub fn read(path: &Path, speed: Option<f64>, budget: Duration) -> Result<Self, ReplayError> {
        Self::plan(&RequestTrace::read(path)?, speed, budget)
    }

    /// Chooses what to replay: at `speed`, or as fast as needed and as is sensible for the whole trace to fit into the
    /// repetitions that `budget` has room for. What does not fit is left out, except for the busiest part.
    fn plan(trace: &RequestTrace, speed: Option<f64>, budget: Duration) -> Result<Self, ReplayError> {
        let total_secs = trace.span_nanos() as f64 / 1e9;
        if total_secs <= 0.0 {
            return Err(ReplayError::NoRate);
        }
        let longest = (budget.as_secs_f64() * MAX_REPLAY_SHARE).max(MIN_REPLAY_SECS);
        let service = trace.mean_duration_nanos() / 1e9;
        let speed = speed.unwrap_or_else(|| {
            let most = two_digits((service / MIN_SERVICE_SECS).max(1.0));
            let needed = (total_secs / longest * 100.0).ceil() / 100.0;
            if needed <= 1.0 { 1.0 } else { needed.min(most) }
        });
        let speed = (speed * 100.0).round().max(1.0) / 100.0;
        let room = longest * speed;
        let (window, replayed) = if total_secs <= room * 1.01 {
            (None, trace.clone())
        } else {
            let (from, to) = trace.busiest_window((room * 1e9) as u64);
            (Some((from as f64 / 1e9, to as f64 / 1e9)), trace.clone().window(from, to)?)
        };
        let gap = replayed.mean_gap_nanos() / 1e9;
        if gap <= 0.0 {
            return Err(ReplayError::TooSparse);
        }
        let load = OfferedLoad { arrival_rate: 1.0 / gap, service_secs: replayed.mean_duration_nanos() / 1e9 };
        let requests = replayed.requests().len() as u64;
        let once = requests as f64 * gap / speed;
        let length = Duration::from_secs_f64(once * (MIN_REPLAY_SECS / once).ceil().max(1.0));
        let total_requests = trace.requests().len() as u64;
        Ok(Self { total_requests, total_secs, requests, window, load, speed, length })
    }

    /// Returns the length of a repetition that lasts about as long as `wanted` and replays whole traces only.
    pub fn whole_replays(&self, wanted: Duration) -> Duration {
        self.length.mul_f64((wanted.as_secs_f64() / self.length.as_secs_f64()).floor().max(1.0))
    }

    /// Whether the times on this machine are so short that its own delays matter.
    pub fn is_hasty(&self) -> bool {
        self.speed > 1.0 && self.load.service_secs / self.speed < MIN_SERVICE_SECS / 2.0
    }
}

/// Rounds down to two digits.
fn two_digits(value: f64) -> f64 {
    let unit = 10_f64.powf(value.log10().floor() - 1.0);
    (value / unit).floor() * unit
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Returns a trace with a request of 50 ms every 100 ms, and in the third quarter every 20 ms.
    fn trace(secs: u64) -> RequestTrace {
        let mut text = String::new();
        let mut at = 0;
        while at < secs * 1_000 {
            let _ = writeln!(text, "{}.{:03},0.05", at / 1_000, at % 1_000);
            at += if (secs * 500..secs * 750).contains(&at) { 20 } else { 100 };
        }
        RequestTrace::parse(text.as_bytes(), 1_000_000).expect("a trace")
    }

    fn plan(secs: u64, speed: Option<f64>) -> TraceReplay {
        TraceReplay::plan(&trace(secs), speed, Duration::from_mins(1)).expect("it can be replayed")
    }

    #[test]
    fn short_trace_is_repeated_as_it_was_recorded() {
        let found = plan(1, None);
        assert_eq!((found.speed, found.window, found.requests), (1.0, None, found.total_requests));
        assert!(found.length >= Duration::from_secs(2) && found.length < Duration::from_secs(3), "{found:?}");
    }

    #[test]
    fn longer_trace_is_sped_up_until_it_fits() {
        let found = plan(60, None);
        assert!((found.speed - 10.0).abs() < 0.1 && found.window.is_none(), "{found:?}");
        assert!((found.length.as_secs_f64() - 6.0).abs() < 0.1, "{found:?}");
        assert!((found.load.arrival_rate - 20.0).abs() < 0.3 && (found.load.service_secs - 0.05).abs() < 1e-9);
    }

    #[test]
    fn busiest_part_of_a_long_trace_is_replayed() {
        let found = plan(4_000, None);
        assert!((found.speed - 12.0).abs() < 0.1, "50 ms are sped up to 4 ms: {found:?}");
        let (from, to) = found.window.expect("a part");
        assert!(from >= 1_999.0 && to <= 3_001.0 && (to - from - 72.0).abs() < 1.0, "{found:?}");
        assert!((found.load.arrival_rate - 50.0).abs() < 0.5, "{found:?}");
    }

    #[test]
    fn given_speed_is_used_and_may_be_hasty() {
        assert!(!plan(60, Some(10.0)).is_hasty());
        assert!(plan(60, Some(1_000.0)).is_hasty());
        let slow = plan(60, Some(1.0));
        assert!(slow.window.is_some() && slow.length <= Duration::from_millis(6_100), "{slow:?}");
        let whole = slow.whole_replays(Duration::from_secs(14)).as_secs_f64() / slow.length.as_secs_f64();
        assert!((whole - 2.0).abs() < 1e-6);
    }

    #[test]
    fn requests_that_arrive_at_once_have_no_rate() {
        let plan = |text: &str| {
            let trace = RequestTrace::parse(text.as_bytes(), 10).expect("a trace");
            TraceReplay::plan(&trace, None, Duration::from_mins(1))
        };
        assert_eq!(plan("1,1\n1,1\n"), Err(ReplayError::NoRate));
        assert_eq!(plan("1,1\n"), Err(ReplayError::NoRate));
        assert_eq!(plan("1,0.01\n90000,0.01\n"), Err(ReplayError::TooSparse));
        assert!(plan("1,0.01\n2,0.01\n").is_ok());
    }
}
