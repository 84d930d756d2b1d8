//! For what part of the time a lock is in use, by whomever: holds that overlap count once.

use super::Lock;
use contend_trace::Stamp;

/// The use of a lock over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct InUse {
    /// Part of the time in which anybody has it.
    pub held: f64,
    /// Part of the time in which somebody has it alone.
    pub alone: f64,
}

impl Lock {
    /// How it was used from `from` to `now`, or in that part of it of which exact holds are kept.
    pub(crate) fn in_use(&self, from: Stamp, now: Stamp) -> Option<InUse> {
        let past = self.exact.iter().filter(|hold| hold.grant.number() > 0 && hold.to > from);
        let from = if self.exact.len() < self.exact_most {
            from
        } else {
            past.clone().map(|hold| hold.from).min().unwrap_or(from).max(from)
        };
        let open = self.open.iter().filter(|open| !open.doubtful);
        let mut holds: Vec<(Stamp, Stamp, bool)> = past
            .map(|hold| (hold.from.max(from), hold.to.min(now), hold.grant.is_shared()))
            .chain(open.map(|open| (open.from.max(from), open.until.unwrap_or(now).min(now), open.grant.is_shared())))
            .collect();
        holds.sort_unstable();
        let span = now.since(from).0;
        let part = |alone: bool| {
            let wanted = holds.iter().filter(|(_, _, shared)| !(alone && *shared)).map(|(a, b, _)| (*a, *b));
            covered(wanted) as f64 / span as f64
        };
        (span > 0).then(|| InUse { held: part(false), alone: part(true) })
    }

    /// Whether its owner, or one of its holders, is among these workers.
    pub(crate) fn is_held_by(&self, is: impl Fn(contend_trace::WorkerId) -> bool) -> bool {
        self.holders().into_iter().any(|(worker, _)| is(worker))
    }
}

/// Nanoseconds that stretches cover together; in the order of their begins.
fn covered(stretches: impl Iterator<Item = (Stamp, Stamp)>) -> u64 {
    let (mut sum, mut end) = (0, Stamp(0));
    for (from, to) in stretches {
        let from = from.max(end);
        if to > from {
            sum += to.since(from).0;
            end = to;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_counts_once() {
        let all = [(0, 4), (1, 2), (3, 7), (9, 10)].map(|(a, b)| (Stamp(a), Stamp(b)));
        assert_eq!(covered(all.into_iter()), 8);
    }
}
