//! How a counter of ticks went along with the kernel's clock: evenly, and with a leap where the machine was suspended.

use contend_platform::ClockPair;
use contend_trace::{Span, Stamp};

/// Ticks and `CLOCK_MONOTONIC` are apart by more than this, and by more than a thousandth of the time between two looks:
/// then one of them leapt. The kernel sets its own clock right by half a thousandth at most (adjtimex(2)).
const MIN_LEAP_NS: u64 = 100_000_000;

/// Leaps that are remembered. What was written before the oldest of more is placed too early.
const MAX_LEAPS: usize = 16;

/// The counter's course from the beginning of a run to the newest look. Places each tick always at the same moment.
#[derive(Debug, Clone)]
pub struct ClockMap {
    tick_nanos: f64,
    /// From leap to leap; never empty.
    segments: Vec<ClockSegment>,
    last_reading: ClockPair,
    now: Stamp,
}

/// From where on the counter went evenly.
#[derive(Debug, Clone, Copy)]
struct ClockSegment {
    /// A tick and its moment.
    ticks: u64,
    at: Stamp,
    /// The newest look before the leap that began it: none of its ticks was earlier.
    starts_after: Stamp,
}

impl ClockMap {
    /// Of a run that began at tick `origin`, not after the first look.
    pub fn new(tick_nanos: f64, origin: u64, first: ClockPair) -> Self {
        let piece = ClockSegment { ticks: origin, at: Stamp(0), starts_after: Stamp(0) };
        let mut course = Self { tick_nanos, segments: vec![piece], last_reading: first, now: Stamp(0) };
        course.now = course.stamp(first.ticks);
        course
    }

    /// Takes in a look at both clocks, later than those before.
    pub fn add_reading(&mut self, pair: ClockPair) {
        let passed = pair.nanos.saturating_sub(self.last_reading.nanos);
        let ticked = pair.ticks.wrapping_sub(self.last_reading.ticks) as i64 as f64 * self.tick_nanos;
        if (ticked - passed as f64).abs() > MIN_LEAP_NS.max(passed / 1000) as f64 {
            let piece = ClockSegment { ticks: pair.ticks, at: self.now + Span(passed), starts_after: self.now };
            if self.segments.len() > MAX_LEAPS {
                self.segments.remove(1);
            }
            self.segments.push(piece);
        }
        self.last_reading = pair;
        self.now = self.stamp_in_segment(self.segments[self.segments.len() - 1], pair.ticks).max(self.now);
    }

    /// The moment of the newest look.
    pub const fn now(&self) -> Stamp {
        self.now
    }

    /// The moment of a tick that was read before the newest look. What lies before the run is its beginning.
    ///
    /// It belongs to the newest piece that could have it: not earlier than that began, and not later than it lasted. Of a
    /// counter that was set back, and has come by the same ticks again, those are the later ones.
    pub fn stamp(&self, ticks: u64) -> Stamp {
        let mut until = self.now + Span(MIN_LEAP_NS);
        for piece in self.segments.iter().skip(1).rev() {
            let at = self.stamp_in_segment(*piece, ticks);
            if piece.starts_after <= at && at <= until {
                return at;
            }
            until = piece.at;
        }
        self.stamp_in_segment(self.segments[0], ticks)
    }

    fn stamp_in_segment(&self, piece: ClockSegment, ticks: u64) -> Stamp {
        match ticks.checked_sub(piece.ticks) {
            Some(after) => piece.at + Span((after as f64 * self.tick_nanos) as u64),
            None => piece.at.earlier_by(Span(((piece.ticks - ticks) as f64 * self.tick_nanos) as u64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const HOUR: u64 = 3_600 * SECOND;

    /// A counter of two ticks a nanosecond that began at 7 h on a machine that runs for 5 h, and is looked at each 40 ms. At
    /// `leap_at` seconds it leaps by so many nanoseconds.
    fn map_after_leap(until: u64, leap_at: u64, leap: i64) -> ClockMap {
        let (origin, booted) = (14 * HOUR, 5 * HOUR);
        let pair = |at: u64| {
            let leapt = if at > leap_at * SECOND { leap * 2 } else { 0 };
            ClockPair { ticks: (origin + at * 2).wrapping_add_signed(leapt), nanos: booted + at }
        };
        let mut course = ClockMap::new(0.5, origin, pair(0));
        (1..=until * 25).for_each(|look| course.add_reading(pair(look * SECOND / 25)));
        course
    }

    fn is_near(one: Stamp, other: u64) -> bool {
        one.0.abs_diff(other) < 2_000
    }

    #[test]
    fn without_a_leap_it_goes_evenly_from_the_first_tick_to_ticks_from_the_future() {
        let course = map_after_leap(10, 99, 0);
        assert!(is_near(course.now(), 10 * SECOND));
        for at in [0, 1, 5 * SECOND, 10 * SECOND, HOUR] {
            assert!(is_near(course.stamp(14 * HOUR + at * 2), at), "{at}");
        }
        assert_eq!(course.stamp(0), Stamp(0), "before the run is its beginning");
        assert!(is_near(course.stamp(u64::MAX), (u64::MAX - 14 * HOUR) / 2), "whatever stands in a ring");
    }

    #[test]
    fn after_a_leap_both_ways_time_goes_on_and_what_was_before_stays_where_it_was() {
        for leap in [8 * HOUR as i64, 11 * SECOND as i64, -(6 * HOUR as i64), -(11 * SECOND as i64)] {
            let course = map_after_leap(10, 4, leap);
            assert!(is_near(course.now(), 10 * SECOND), "{leap}: {:?}", course.now());
            for at in [0, 1, 2 * SECOND, 4 * SECOND] {
                assert!(is_near(course.stamp(14 * HOUR + at * 2), at), "{leap}: {at} before it");
            }
            for at in [4 * SECOND + 1, 4 * SECOND + SECOND / 30, 5 * SECOND, 10 * SECOND] {
                let ticks = (14 * HOUR + at * 2).wrapping_add_signed(leap * 2);
                assert!(is_near(course.stamp(ticks), at), "{leap}: {at} after it, {:?}", course.stamp(ticks));
            }
        }
    }

    #[test]
    fn a_machine_that_stops_us_for_long_is_no_leap_nor_is_a_clock_that_is_set_right() {
        let mut course = map_after_leap(1, 99, 0);
        let later = |nanos: u64, ticks: u64| ClockPair { ticks: 14 * HOUR + ticks, nanos: 5 * HOUR + nanos };
        course.add_reading(later(8 * HOUR, 16 * HOUR + 8 * HOUR / 1_000));
        assert!(is_near(course.now(), 8 * HOUR + 4 * HOUR / 1_000), "{:?}", course.now());
        assert_eq!(course.segments.len(), 1);
    }

    #[test]
    fn however_often_it_leaps_it_remembers_so_many_and_never_goes_back() {
        let mut course = ClockMap::new(1.0, 5, ClockPair { ticks: 5, nanos: 0 });
        let mut before = Stamp(0);
        for look in 1..=1_000_u64 {
            let ticks = look.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            course.add_reading(ClockPair { ticks, nanos: look * SECOND / 25 });
            assert!(course.now() >= before);
            before = course.now();
        }
        assert!(course.segments.len() <= MAX_LEAPS + 1, "{}", course.segments.len());
        assert!(is_near(course.now(), 40 * SECOND), "{:?}", course.now());
    }
}
