//! How a counter of ticks went along with the kernel's clock: evenly, and with a leap where the machine was suspended.

use contend_platform::Pair;
use contend_trace::{Span, Stamp};

/// Ticks and `CLOCK_MONOTONIC` are apart by more than this, and by more than a thousandth of the time between two looks:
/// then one of them leapt. The kernel sets its own clock right by half a thousandth at most (adjtimex(2)).
const LEAP: u64 = 100_000_000;

/// Leaps that are remembered. What was written before the oldest of more is placed too early.
const LEAPS: usize = 16;

/// The counter's course from the beginning of a run to the newest look. Places each tick always at the same moment.
#[derive(Debug, Clone)]
pub struct Course {
    tick_nanos: f64,
    /// From leap to leap; never empty.
    pieces: Vec<Piece>,
    last: Pair,
    now: Stamp,
}

/// From where on the counter went evenly.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// A tick and its moment.
    ticks: u64,
    at: Stamp,
    /// The newest look before the leap that began it: none of its ticks was earlier.
    since: Stamp,
}

impl Course {
    /// Of a run that began at tick `origin`, not after the first look.
    pub fn new(tick_nanos: f64, origin: u64, first: Pair) -> Self {
        let piece = Piece { ticks: origin, at: Stamp(0), since: Stamp(0) };
        let mut course = Self { tick_nanos, pieces: vec![piece], last: first, now: Stamp(0) };
        course.now = course.stamp(first.ticks);
        course
    }

    /// Takes in a look at both clocks, later than those before.
    pub fn look(&mut self, pair: Pair) {
        let passed = pair.nanos.saturating_sub(self.last.nanos);
        let ticked = pair.ticks.wrapping_sub(self.last.ticks) as i64 as f64 * self.tick_nanos;
        if (ticked - passed as f64).abs() > LEAP.max(passed / 1000) as f64 {
            let piece = Piece { ticks: pair.ticks, at: self.now + Span(passed), since: self.now };
            if self.pieces.len() > LEAPS {
                self.pieces.remove(1);
            }
            self.pieces.push(piece);
        }
        self.last = pair;
        self.now = self.place(self.pieces[self.pieces.len() - 1], pair.ticks).max(self.now);
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
        let mut until = self.now + Span(LEAP);
        for piece in self.pieces.iter().skip(1).rev() {
            let at = self.place(*piece, ticks);
            if piece.since <= at && at <= until {
                return at;
            }
            until = piece.at;
        }
        self.place(self.pieces[0], ticks)
    }

    fn place(&self, piece: Piece, ticks: u64) -> Stamp {
        match ticks.checked_sub(piece.ticks) {
            Some(after) => piece.at + Span((after as f64 * self.tick_nanos) as u64),
            None => piece.at.back(Span(((piece.ticks - ticks) as f64 * self.tick_nanos) as u64)),
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
    fn watched(until: u64, leap_at: u64, leap: i64) -> Course {
        let (origin, booted) = (14 * HOUR, 5 * HOUR);
        let pair = |at: u64| {
            let leapt = if at > leap_at * SECOND { leap * 2 } else { 0 };
            Pair { ticks: (origin + at * 2).wrapping_add_signed(leapt), nanos: booted + at }
        };
        let mut course = Course::new(0.5, origin, pair(0));
        (1..=until * 25).for_each(|look| course.look(pair(look * SECOND / 25)));
        course
    }

    fn near(one: Stamp, other: u64) -> bool {
        one.0.abs_diff(other) < 2_000
    }

    #[test]
    fn without_a_leap_it_goes_evenly_from_the_first_tick_to_ticks_from_the_future() {
        let course = watched(10, 99, 0);
        assert!(near(course.now(), 10 * SECOND));
        for at in [0, 1, 5 * SECOND, 10 * SECOND, HOUR] {
            assert!(near(course.stamp(14 * HOUR + at * 2), at), "{at}");
        }
        assert_eq!(course.stamp(0), Stamp(0), "before the run is its beginning");
        assert!(near(course.stamp(u64::MAX), (u64::MAX - 14 * HOUR) / 2), "whatever stands in a ring");
    }

    #[test]
    fn after_a_leap_both_ways_time_goes_on_and_what_was_before_stays_where_it_was() {
        for leap in [8 * HOUR as i64, 11 * SECOND as i64, -(6 * HOUR as i64), -(11 * SECOND as i64)] {
            let course = watched(10, 4, leap);
            assert!(near(course.now(), 10 * SECOND), "{leap}: {:?}", course.now());
            for at in [0, 1, 2 * SECOND, 4 * SECOND] {
                assert!(near(course.stamp(14 * HOUR + at * 2), at), "{leap}: {at} before it");
            }
            for at in [4 * SECOND + 1, 4 * SECOND + SECOND / 30, 5 * SECOND, 10 * SECOND] {
                let ticks = (14 * HOUR + at * 2).wrapping_add_signed(leap * 2);
                assert!(near(course.stamp(ticks), at), "{leap}: {at} after it, {:?}", course.stamp(ticks));
            }
        }
    }

    #[test]
    fn a_machine_that_stops_us_for_long_is_no_leap_nor_is_a_clock_that_is_set_right() {
        let mut course = watched(1, 99, 0);
        let later = |nanos: u64, ticks: u64| Pair { ticks: 14 * HOUR + ticks, nanos: 5 * HOUR + nanos };
        course.look(later(8 * HOUR, 16 * HOUR + 8 * HOUR / 1_000));
        assert!(near(course.now(), 8 * HOUR + 4 * HOUR / 1_000), "{:?}", course.now());
        assert_eq!(course.pieces.len(), 1);
    }

    #[test]
    fn however_often_it_leaps_it_remembers_so_many_and_never_goes_back() {
        let mut course = Course::new(1.0, 5, Pair { ticks: 5, nanos: 0 });
        let mut before = Stamp(0);
        for look in 1..=1_000_u64 {
            let ticks = look.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            course.look(Pair { ticks, nanos: look * SECOND / 25 });
            assert!(course.now() >= before);
            before = course.now();
        }
        assert!(course.pieces.len() <= LEAPS + 1, "{}", course.pieces.len());
        assert!(near(course.now(), 40 * SECOND), "{:?}", course.now());
    }
}
