//! Whether the machine was suspended.

use contend_platform::suspended;
use contend_trace::Span;

/// Less than this is not worth a word.
const WORTH: i64 = 100_000_000;

/// Watches for it.
#[derive(Debug)]
pub struct Sleep {
    /// What the clocks were apart then, and after each sleep.
    before: i64,
}

impl Sleep {
    pub fn from_now() -> Self {
        Self { before: suspended() }
    }

    /// For how long it was since the look before, if it was.
    pub fn look(&mut self) -> Option<Span> {
        self.took(suspended())
    }

    fn took(&mut self, now: i64) -> Option<Span> {
        let took = now.saturating_sub(self.before);
        if took >= WORTH {
            self.before = now;
        }
        (took >= WORTH).then_some(Span(took as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sleep_is_told_once_wherever_the_clocks_began() {
        for apart in [0, 7_000_000_000, -5_000_000_000_000] {
            let mut sleep = Sleep { before: apart };
            assert_eq!(sleep.took(apart), None);
            assert_eq!(sleep.took(apart + 40_000), None, "the two are not read at the same instant");
            assert_eq!(sleep.took(apart + 9_000_000_000), Some(Span(9_000_000_000)));
            assert_eq!(sleep.took(apart + 9_000_000_100), None);
            assert_eq!(sleep.took(apart + 10_000_000_000), Some(Span(1_000_000_000)));
        }
    }
}
