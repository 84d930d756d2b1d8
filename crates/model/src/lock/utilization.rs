//! The fraction of the time in which a lock is in use; overlapping holds count once.

use super::Lock;
use contend_trace::{Stamp, WorkerId};

/// The utilization of a lock over an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LockUtilization {
    /// The fraction of the time in which any worker holds the lock.
    pub held_share: f64,
    /// The fraction of the time in which a worker holds the lock exclusively.
    pub exclusive_share: f64,
}

impl Lock {
    /// Returns the utilization from `from` to `now`, or over the part of this interval that exact holds cover.
    pub(crate) fn utilization(&self, from: Stamp, now: Stamp) -> Option<LockUtilization> {
        let past = self.exact_holds.iter().filter(|hold| hold.grant.number() > 0 && hold.to > from);
        let from = if self.exact_holds.len() < self.max_exact_holds {
            from
        } else {
            past.clone().map(|hold| hold.from).min().unwrap_or(from).max(from)
        };
        let open = self.open_holds.iter().filter(|open| !open.is_uncertain);
        let mut holds: Vec<(Stamp, Stamp, bool)> = past
            .map(|hold| (hold.from.max(from), hold.to.min(now), hold.grant.is_shared()))
            .chain(open.map(|open| (open.from.max(from), open.died_at.unwrap_or(now).min(now), open.grant.is_shared())))
            .collect();
        holds.sort_unstable();
        let span = now.span_since(from).0;
        let share = |exclusive: bool| {
            let wanted = holds.iter().filter(|(_, _, shared)| !(exclusive && *shared)).map(|(a, b, _)| (*a, *b));
            covered_ns(wanted) as f64 / span as f64
        };
        (span > 0).then(|| LockUtilization { held_share: share(false), exclusive_share: share(true) })
    }

    /// Whether a worker that satisfies `predicate` holds the lock.
    pub(crate) fn is_held_by(&self, predicate: impl Fn(WorkerId) -> bool) -> bool {
        self.holders().into_iter().any(|(worker, _)| predicate(worker))
    }
}

/// Returns the length of the union of the intervals, ns. They are sorted by their begins.
fn covered_ns(intervals: impl Iterator<Item = (Stamp, Stamp)>) -> u64 {
    let (mut sum, mut end) = (0, Stamp(0));
    for (from, to) in intervals {
        let from = from.max(end);
        if to > from {
            sum += to.span_since(from).0;
            end = to;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_holds_count_once() {
        let all = [(0, 4), (1, 2), (3, 7), (9, 10)].map(|(a, b)| (Stamp(a), Stamp(b)));
        assert_eq!(covered_ns(all.into_iter()), 8);
    }
}
