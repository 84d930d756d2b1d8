//! Times of another machine's day, moved onto this machine's clock by when they arrive.

use std::collections::VecDeque;

use crate::wall::Wall;

/// A shorter difference is the way of the message, not an error of the clock.
const WAY: i128 = 20_000_000;
/// The differences that are remembered, so that a clock that is set again is followed.
const REMEMBERED: usize = 1_000;

/// The difference between two clocks, judged by the shortest way of the newest messages.
#[derive(Debug, Clone, Default)]
pub struct ClockShift {
    /// Differences that no later one is shorter than, with the number of their message: the first is the shortest.
    shortest: VecDeque<(u64, i128)>,
    messages: u64,
}

impl ClockShift {
    /// Returns the monotonic time of a time of day that a message brought, which arrived at `now`. It is never later
    /// than `now`.
    pub fn correct(&mut self, wall: Wall, day: i128, now: u64) -> u64 {
        let way = wall.of_monotonic(now) - day;
        self.messages += 1;
        while self.shortest.back().is_some_and(|(_, known)| *known >= way) {
            self.shortest.pop_back();
        }
        self.shortest.push_back((self.messages, way));
        if self.shortest.front().is_some_and(|(message, _)| message + (REMEMBERED as u64) < self.messages) {
            self.shortest.pop_front();
        }
        let shortest = self.shortest.front().map_or(0, |(_, way)| *way);
        let shift = if (0..=WAY).contains(&shortest) { 0 } else { shortest };
        wall.to_monotonic(day.saturating_add(shift)).min(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wall::monotonic;

    const MS: i128 = 1_000_000;

    #[test]
    fn wrong_clocks_are_corrected_and_right_ones_are_not() {
        let (wall, now) = (Wall::now(), monotonic());
        let day = wall.of_monotonic(now);
        let ago = |shift: &mut ClockShift, at: i128| (now - shift.correct(wall, at, now)) / MS as u64;
        let mut right = ClockShift::default();
        assert_eq!([ago(&mut right, day - 3 * MS), ago(&mut right, day - 70 * MS)], [3, 70]);
        for error in [-3_600_000 * MS, 3_600_000 * MS] {
            let mut wrong = ClockShift::default();
            assert_eq!([ago(&mut wrong, day + error), ago(&mut wrong, day + error - 70 * MS)], [0, 70]);
        }
    }

    #[test]
    fn clock_that_is_set_again_is_followed_and_nothing_grows() {
        let (wall, now) = (Wall::now(), monotonic());
        let day = wall.of_monotonic(now);
        let mut shift = ClockShift::default();
        shift.correct(wall, day + 5_000 * MS, now);
        for _ in 0..=REMEMBERED {
            shift.correct(wall, day - MS, now);
        }
        assert_eq!((now - shift.correct(wall, day - MS, now)) / MS as u64, 1);
        assert!(shift.shortest.len() <= 2);
    }
}
