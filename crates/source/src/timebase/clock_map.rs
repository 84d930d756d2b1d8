//! Maps ticks of the clock counter to times of the run. The counter runs evenly but may leap when the machine is
//! suspended.

use contend_platform::ClockPair;
use contend_trace::{Span, Stamp};

/// If the counter and `CLOCK_MONOTONIC` differ by more than this, and by more than a thousandth of the time between two
/// readings, one of them leapt. The kernel adjusts its own clock by at most half a thousandth (adjtimex(2)).
const MIN_LEAP_NS: u64 = 100_000_000;

/// Maximum number of leaps. With more, events before the oldest of them get a time that is too early.
const MAX_LEAPS: usize = 16;

/// The map from ticks to times, from the beginning of a run to the latest reading. It never changes the time of a tick.
#[derive(Debug, Clone)]
pub struct ClockMap {
    tick_nanos: f64,
    /// The segments between leaps; never empty.
    segments: Vec<ClockSegment>,
    last_reading: ClockPair,
    now: Stamp,
}

/// A segment in which the counter ran evenly.
#[derive(Debug, Clone, Copy)]
struct ClockSegment {
    /// The first tick.
    ticks: u64,
    /// The time of the first tick.
    at: Stamp,
    /// The latest reading before the leap that began the segment: all ticks of the segment are later.
    starts_after: Stamp,
}

impl ClockMap {
    /// Creates the map of a run that began at tick `origin`, which is not after the first reading.
    pub fn new(tick_nanos: f64, origin: u64, first: ClockPair) -> Self {
        let segment = ClockSegment { ticks: origin, at: Stamp(0), starts_after: Stamp(0) };
        let mut map = Self { tick_nanos, segments: vec![segment], last_reading: first, now: Stamp(0) };
        map.now = map.stamp(first.ticks);
        map
    }

    /// Adds a reading of both clocks, later than those before.
    pub fn add_reading(&mut self, pair: ClockPair) {
        let passed = pair.nanos.saturating_sub(self.last_reading.nanos);
        let ticked = pair.ticks.wrapping_sub(self.last_reading.ticks) as i64 as f64 * self.tick_nanos;
        if (ticked - passed as f64).abs() > MIN_LEAP_NS.max(passed / 1000) as f64 {
            let segment = ClockSegment { ticks: pair.ticks, at: self.now + Span(passed), starts_after: self.now };
            if self.segments.len() > MAX_LEAPS {
                self.segments.remove(1);
            }
            self.segments.push(segment);
        }
        self.last_reading = pair;
        self.now = self.stamp_in_segment(self.segments[self.segments.len() - 1], pair.ticks).max(self.now);
    }

    /// Returns the time of the latest reading.
    pub const fn now(&self) -> Stamp {
        self.now
    }

    /// Returns the time of a tick that was read before the latest reading. Ticks before the run map to its beginning.
    ///
    /// The tick belongs to the latest segment that can contain it: not before its start, and not after its end. If the
    /// counter was set back and passes the same ticks again, the later time counts.
    pub fn stamp(&self, ticks: u64) -> Stamp {
        let mut until = self.now + Span(MIN_LEAP_NS);
        for segment in self.segments.iter().skip(1).rev() {
            let at = self.stamp_in_segment(*segment, ticks);
            if segment.starts_after <= at && at <= until {
                return at;
            }
            until = segment.at;
        }
        self.stamp_in_segment(self.segments[0], ticks)
    }

    fn stamp_in_segment(&self, segment: ClockSegment, ticks: u64) -> Stamp {
        match ticks.checked_sub(segment.ticks) {
            Some(after) => segment.at + Span((after as f64 * self.tick_nanos) as u64),
            None => segment.at.earlier_by(Span(((segment.ticks - ticks) as f64 * self.tick_nanos) as u64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const HOUR: u64 = 3_600 * SECOND;

    /// Returns the map of a counter with two ticks per nanosecond that began at 7 h, on a machine that was booted 5 h
    /// ago. It is read every 40 ms, and leaps by `leap` nanoseconds at `leap_at` seconds.
    fn map_after_leap(until: u64, leap_at: u64, leap: i64) -> ClockMap {
        let (origin, booted) = (14 * HOUR, 5 * HOUR);
        let pair = |at: u64| {
            let leapt = if at > leap_at * SECOND { leap * 2 } else { 0 };
            ClockPair { ticks: (origin + at * 2).wrapping_add_signed(leapt), nanos: booted + at }
        };
        let mut map = ClockMap::new(0.5, origin, pair(0));
        (1..=until * 25).for_each(|look| map.add_reading(pair(look * SECOND / 25)));
        map
    }

    fn is_near(one: Stamp, other: u64) -> bool {
        one.0.abs_diff(other) < 2_000
    }

    #[test]
    fn ticks_map_evenly_without_a_leap() {
        let map = map_after_leap(10, 99, 0);
        assert!(is_near(map.now(), 10 * SECOND));
        for at in [0, 1, 5 * SECOND, 10 * SECOND, HOUR] {
            assert!(is_near(map.stamp(14 * HOUR + at * 2), at), "{at}");
        }
        assert_eq!(map.stamp(0), Stamp(0), "ticks before the run map to its beginning");
        assert!(is_near(map.stamp(u64::MAX), (u64::MAX - 14 * HOUR) / 2), "any value in a ring");
    }

    #[test]
    fn leap_in_either_direction_does_not_change_earlier_times() {
        for leap in [8 * HOUR as i64, 11 * SECOND as i64, -(6 * HOUR as i64), -(11 * SECOND as i64)] {
            let map = map_after_leap(10, 4, leap);
            assert!(is_near(map.now(), 10 * SECOND), "{leap}: {:?}", map.now());
            for at in [0, 1, 2 * SECOND, 4 * SECOND] {
                assert!(is_near(map.stamp(14 * HOUR + at * 2), at), "{leap}: {at} before it");
            }
            for at in [4 * SECOND + 1, 4 * SECOND + SECOND / 30, 5 * SECOND, 10 * SECOND] {
                let ticks = (14 * HOUR + at * 2).wrapping_add_signed(leap * 2);
                assert!(is_near(map.stamp(ticks), at), "{leap}: {at} after it, {:?}", map.stamp(ticks));
            }
        }
    }

    #[test]
    fn long_pause_and_clock_adjustment_are_not_leaps() {
        let mut map = map_after_leap(1, 99, 0);
        let later = |nanos: u64, ticks: u64| ClockPair { ticks: 14 * HOUR + ticks, nanos: 5 * HOUR + nanos };
        map.add_reading(later(8 * HOUR, 16 * HOUR + 8 * HOUR / 1_000));
        assert!(is_near(map.now(), 8 * HOUR + 4 * HOUR / 1_000), "{:?}", map.now());
        assert_eq!(map.segments.len(), 1);
    }

    #[test]
    fn many_leaps_keep_the_map_small_and_time_monotonic() {
        let mut map = ClockMap::new(1.0, 5, ClockPair { ticks: 5, nanos: 0 });
        let mut before = Stamp(0);
        for look in 1..=1_000_u64 {
            let ticks = look.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            map.add_reading(ClockPair { ticks, nanos: look * SECOND / 25 });
            assert!(map.now() >= before);
            before = map.now();
        }
        assert!(map.segments.len() <= MAX_LEAPS + 1, "{}", map.segments.len());
        assert!(is_near(map.now(), 40 * SECOND), "{:?}", map.now());
    }
}
