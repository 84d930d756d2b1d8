//! Whether the machine was suspended.

use contend_platform::suspended_nanos;
use contend_trace::Span;

/// Less than this is not worth a word.
const MIN_SUSPENSION_NS: i64 = 100_000_000;

/// Watches for it.
#[derive(Debug)]
pub struct SuspendDetector {
    /// What the clocks were apart then, and after each sleep.
    last_suspended_ns: i64,
}

impl SuspendDetector {
    pub fn from_now() -> Self {
        Self { last_suspended_ns: suspended_nanos() }
    }

    /// For how long it was since the look before, if it was.
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
    fn each_sleep_is_told_once_wherever_the_clocks_began() {
        for apart in [0, 7_000_000_000, -5_000_000_000_000] {
            let mut sleep = SuspendDetector { last_suspended_ns: apart };
            assert_eq!(sleep.update(apart), None);
            assert_eq!(sleep.update(apart + 40_000), None, "the two are not read at the same instant");
            assert_eq!(sleep.update(apart + 9_000_000_000), Some(Span(9_000_000_000)));
            assert_eq!(sleep.update(apart + 9_000_000_100), None);
            assert_eq!(sleep.update(apart + 10_000_000_000), Some(Span(1_000_000_000)));
        }
    }
}
