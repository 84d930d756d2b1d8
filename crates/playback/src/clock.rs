//! The clock of a playback: moves with the wall clock, times a speed.

use contend_trace::{Span, Stamp};

/// The speeds that keys choose from, in thousandths.
pub const SPEEDS: [u32; 16] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

/// Longest step of the wall clock that counts: the dashboard may have been suspended.
const MAX_WALL_STEP: Span = Span::from_millis(1_000);

/// A speed in thousandths of the run's own, between [`Speed::SLOWEST`] and [`Speed::FASTEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(u32);

impl Speed {
    pub const SLOWEST: Self = Self(SPEEDS[0]);
    pub const NORMAL: Self = Self(1_000);
    pub const FASTEST: Self = Self(SPEEDS[SPEEDS.len() - 1]);

    /// Returns the speed nearest to this factor; `None` if it is out of range.
    pub fn from_factor(factor: f64) -> Option<Self> {
        let thousandths = (factor * 1_000.0).round();
        let is_in_range = (f64::from(Self::SLOWEST.0)..=f64::from(Self::FASTEST.0)).contains(&thousandths);
        is_in_range.then_some(Self(thousandths as u32))
    }

    pub fn factor(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }

    /// Returns the next higher of [`SPEEDS`].
    pub fn faster(self) -> Self {
        Self(SPEEDS.into_iter().find(|speed| *speed > self.0).unwrap_or(Self::FASTEST.0))
    }

    /// Returns the next lower of [`SPEEDS`].
    pub fn slower(self) -> Self {
        Self(SPEEDS.into_iter().rfind(|speed| *speed < self.0).unwrap_or(Self::SLOWEST.0))
    }
}

/// The moment that a playback has reached.
#[derive(Debug, Clone)]
pub struct PlaybackClock {
    at: Stamp,
    /// Thousandths of a nanosecond beyond `at`.
    fraction: u64,
    speed: Speed,
    is_playing: bool,
    /// The wall clock at the last step, while it plays.
    wall: Option<Stamp>,
}

impl PlaybackClock {
    /// Returns a clock that stands at `at`.
    pub fn new(at: Stamp) -> Self {
        Self { at, fraction: 0, speed: Speed::NORMAL, is_playing: false, wall: None }
    }

    pub const fn at(&self) -> Stamp {
        self.at
    }

    pub const fn speed(&self) -> Speed {
        self.speed
    }

    pub const fn is_playing(&self) -> bool {
        self.is_playing
    }

    pub fn play(&mut self) {
        self.is_playing = true;
    }

    pub fn pause(&mut self) {
        (self.is_playing, self.wall) = (false, None);
    }

    pub fn set_speed(&mut self, speed: Speed) {
        self.speed = speed;
    }

    /// Moves to a moment. It goes on playing from there, if it plays.
    pub fn set(&mut self, at: Stamp) {
        (self.at, self.fraction) = (at, 0);
    }

    /// Stops the passing of time until the next step: what takes long now is not played over.
    pub fn hold(&mut self) {
        self.wall = None;
    }

    /// Moves on, with the wall clock at `wall`, and pauses at `end`. Returns the new moment.
    pub fn advance(&mut self, wall: Stamp, end: Stamp) -> Stamp {
        if !self.is_playing {
            return self.at;
        }
        let passed = self.wall.map_or(Span::ZERO, |before| wall.span_since(before)).min(MAX_WALL_STEP);
        self.wall = Some(wall);
        let thousandths = self.fraction + passed.0 * u64::from(self.speed.0);
        self.at = Stamp(self.at.0.saturating_add(thousandths / 1_000));
        self.fraction = thousandths % 1_000;
        if self.at >= end {
            self.set(end.max(Stamp(0)));
            self.pause();
        }
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Stamp {
        Stamp(ms * 1_000_000)
    }

    #[test]
    fn clock_moves_with_the_wall_clock_times_its_speed() {
        let mut clock = PlaybackClock::new(ms(100));
        assert_eq!(clock.advance(ms(5), ms(9_000)), ms(100), "it stands");
        clock.play();
        assert_eq!(clock.advance(ms(1_000), ms(9_000)), ms(100), "time counts from the first step on");
        assert_eq!(clock.advance(ms(1_050), ms(9_000)), ms(150));
        clock.set_speed(Speed::SLOWEST);
        assert_eq!(clock.advance(ms(1_100), ms(9_000)), Stamp(150_050_000));
        clock.set_speed(Speed::FASTEST);
        assert_eq!(clock.advance(ms(1_110), ms(9_000)), Stamp(1_150_050_000));
        assert_eq!(clock.advance(ms(1_500), ms(9_000)), ms(9_000), "it ends with the run");
        assert!(!clock.is_playing());
    }

    #[test]
    fn slow_clock_loses_no_fraction_of_a_nanosecond() {
        let mut clock = PlaybackClock::new(Stamp(0));
        clock.play();
        clock.set_speed(Speed::SLOWEST);
        for wall in (0..=10_000).step_by(7) {
            clock.advance(Stamp(wall), Stamp(u64::MAX));
        }
        assert_eq!(clock.at(), Stamp(9));
    }

    #[test]
    fn suspension_of_the_dashboard_is_not_played_over() {
        let mut clock = PlaybackClock::new(Stamp(0));
        clock.play();
        clock.advance(ms(0), ms(900_000));
        assert_eq!(clock.advance(ms(600_000), ms(900_000)), Stamp(0) + MAX_WALL_STEP);
    }

    #[test]
    fn speeds_go_from_a_thousandth_to_a_hundred() {
        let mut speed = Speed::SLOWEST;
        for next in SPEEDS {
            assert_eq!((speed, speed.slower() <= speed), (Speed(next), true));
            speed = speed.faster();
        }
        assert_eq!(speed, Speed::FASTEST);
        assert_eq!(Speed::from_factor(0.3).map(Speed::slower), Speed::from_factor(0.2));
        assert_eq!(Speed::from_factor(0.3).map(Speed::faster), Speed::from_factor(0.5));
        for wrong in [0.0, 0.0001, 101.0, f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(Speed::from_factor(wrong), None, "{wrong}");
        }
    }
}
