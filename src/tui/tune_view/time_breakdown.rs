//! How the workers' time for one unit of work is spent, by state and by lock.

use crate::trace::State;
use crate::tune::{LIVE_STATES, Level};

/// Share of a level's time from which on a part has at least one cell, however short its bar is.
const MIN_VISIBLE_SHARE: f64 = 0.015;

/// Time of workers for one unit of work.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) struct TimeSlice {
    pub(in crate::tui) state: State,
    /// The lock, if the state is waiting for one.
    pub(in crate::tui) lock: Option<String>,
    /// Nanoseconds.
    pub(in crate::tui) ns: f64,
}

/// Returns all parts, in their order. The time waiting for locks is divided in proportion to the waits for each of
/// them.
pub(in crate::tui) fn time_slices(level: &Level) -> Vec<TimeSlice> {
    let (spent, done) = level.time_by_state();
    let each = |state: State| spent.get(state) as f64 / done.max(1) as f64;
    let parts = LIVE_STATES.into_iter().flat_map(|state| match state {
        State::Lock => split_by_lock(level, each(state)),
        state => vec![TimeSlice { state, lock: None, ns: each(state) }],
    });
    parts.filter(|part| part.ns > 0.0).collect()
}

fn split_by_lock(level: &Level, all: f64) -> Vec<TimeSlice> {
    let names = level.repetitions.first().map(|first| first.lock_usages.as_slice()).unwrap_or_default();
    let waited =
        |at: usize| level.mean(|repetition| repetition.lock_usages.get(at).map_or(0.0, |used| used.wait_ns_per_unit));
    let named: Vec<(String, f64)> = names
        .iter()
        .enumerate()
        .map(|(at, used)| (used.name.clone(), waited(at)))
        .filter(|(_, ns)| *ns > 0.0)
        .collect();
    let sum: f64 = named.iter().map(|(_, ns)| ns).sum();
    if sum <= 0.0 {
        return vec![TimeSlice { state: State::Lock, lock: None, ns: all }];
    }
    // The lanes have the total; the locks have the proportions.
    named.into_iter().map(|(name, ns)| TimeSlice { state: State::Lock, lock: Some(name), ns: all * ns / sum }).collect()
}

/// Returns the cells of each part when `most` nanoseconds fill `cells`.
pub(in crate::tui) fn slice_widths(parts: &[TimeSlice], most: f64, cells: u16) -> Vec<u16> {
    let all: f64 = parts.iter().map(|part| part.ns).sum();
    if !(most > 0.0 && all > 0.0) {
        return vec![0; parts.len()];
    }
    let (mut upto, mut drawn) = (0.0, 0);
    let one = |part: &TimeSlice| {
        upto += part.ns;
        let end = (upto / most * f64::from(cells)).round() as u16;
        let least = u16::from(part.ns / all >= MIN_VISIBLE_SHARE);
        let width = end.saturating_sub(drawn).max(least).min(cells.saturating_sub(drawn));
        drawn += width;
        width
    };
    parts.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(state: State, each: f64) -> TimeSlice {
        TimeSlice { state, lock: None, ns: each }
    }

    #[test]
    fn every_visible_slice_has_a_cell_and_all_fit() {
        let parts =
            [part(State::Running, 1.0), part(State::Ready, 0.04), part(State::Lock, 0.0), part(State::Io, 0.01)];
        assert_eq!(slice_widths(&parts, 1.05, 10), [10, 0, 0, 0]);
        assert_eq!(slice_widths(&parts, 10.0, 20), [2, 1, 0, 0]);
        assert_eq!(slice_widths(&parts, 0.0, 20), [0; 4]);
        assert_eq!(slice_widths(&parts, 1.0, 0), [0; 4]);
    }
}
