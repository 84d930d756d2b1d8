//! Detection of machine suspensions.

use contend_platform::suspended_nanos;
use contend_trace::Span;

/// Shorter suspensions are ignored.
const MIN_SUSPENSION_NS: i64 = 100_000_000;

/// Detects suspensions from poll to poll.
#[derive(Debug)]
pub struct SuspendDetector {
    /// The suspended time at the start, or after the last suspension.
    last_suspended_ns: i64,
}

impl SuspendDetector {
    pub fn from_now() -> Self {
        Self { last_suspended_ns: suspended_nanos() }
    }

    /// Returns how long the machine was suspended since the last poll, if it was.
    pub fn poll_suspension(&mut self) -> Option<Span> {
        self.update(suspended_nanos())
    }

    fn update(&mut self, now: i64) -> Option<Span> {
        let took = now.saturating_sub(self.last_suspended_ns);
        if took >= MIN_SUSPENSION_NS {
            self.last_suspended_ns = now;
        }
        (took >= MIN_SUSPENSION_NS).then_some(Span(took as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_suspension_is_reported_once_for_any_clock_offset() {
        for apart in [0, 7_000_000_000, -5_000_000_000_000] {
            let mut sleep = SuspendDetector { last_suspended_ns: apart };
            assert_eq!(sleep.update(apart), None);
            assert_eq!(sleep.update(apart + 40_000), None, "the two clocks are not read at the same instant");
            assert_eq!(sleep.update(apart + 9_000_000_000), Some(Span(9_000_000_000)));
            assert_eq!(sleep.update(apart + 9_000_000_100), None);
            assert_eq!(sleep.update(apart + 10_000_000_000), Some(Span(1_000_000_000)));
        }
    }
}
