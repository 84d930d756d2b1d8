//! Times of day that a cluster writes, as times of this machine's monotonic clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds of `CLOCK_MONOTONIC`, the clock of all lines that are written.
pub fn monotonic() -> u64 {
    // The standard library's `Instant` is that clock on Linux, but says only differences: /proc/uptime is too coarse.
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// How often both clocks are read.
const READINGS: usize = 9;
/// A difference that no reading explains, in nanoseconds: somebody has set the clock.
const SET: i128 = 20_000_000;

/// Turns times of day into the monotonic clock's, by both clocks read together.
#[derive(Debug, Clone, Copy)]
pub struct Wall {
    /// Time of day at the monotonic clock's zero, in nanoseconds.
    zero: i128,
}

impl Wall {
    /// Reads both clocks together: the surest of several readings, since a thread can lose its core in between.
    pub fn now() -> Self {
        let reading = |_| {
            let before = monotonic();
            let day = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
            let after = monotonic();
            (after - before, i128::try_from(day).unwrap_or(0) - i128::from(before.midpoint(after)))
        };
        let (_, zero) = (0..READINGS).map(reading).min().unwrap_or_default();
        Self { zero }
    }

    /// Takes a new reading if the clock of the day was set since.
    pub fn refresh(&mut self) {
        let new = Self::now();
        if (new.zero - self.zero).abs() > SET {
            *self = new;
        }
    }

    /// Returns the time of day at a monotonic time, both in nanoseconds.
    pub fn of_monotonic(self, at: u64) -> i128 {
        i128::from(at) + self.zero
    }

    /// Returns the monotonic time of a time of day, both in nanoseconds.
    pub fn to_monotonic(self, day: i128) -> u64 {
        u64::try_from((day - self.zero).max(0)).unwrap_or(0)
    }
}

/// Reads a time like `2026-12-02T14:48:26.419753Z`, with or without fraction, as nanoseconds since 1970.
pub fn parse_utc(text: &str) -> Option<i128> {
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")).unwrap_or(text);
    let (date, time) = text.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    let fraction_is_valid = fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !in_range || !fraction_is_valid {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanos))
}

/// Days between 1970-01-01 and a date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013).
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read() {
        assert_eq!(parse_utc("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_utc("2000-03-01T00:00:00.000001Z"), Some(951_868_800_000_001_000));
        assert_eq!(parse_utc("2026-12-02 14:48:26.419753"), Some(1_796_222_906_419_753_000));
        for wrong in ["", "2026", "2026-12-02", "2026-13-02T00:00:00Z", "x-y-zT1:2:3", "2026-12-02T14:48:26.x"] {
            assert_eq!(parse_utc(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn both_clocks_agree_about_now() {
        let day = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let (before, wall) = (monotonic(), Wall::now());
        let at = wall.to_monotonic(i128::try_from(day).unwrap());
        assert!(at <= monotonic() && at + 60_000_000_000 > before);
    }
}
