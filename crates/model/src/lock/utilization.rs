//! For what part of the time a lock is in use, by whomever: holds that overlap count once.

use super::Lock;
use contend_trace::Stamp;

/// The use of a lock over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LockUtilization {
    /// Part of the time in which anybody has it.
    pub held_share: f64,
    /// Part of the time in which somebody has it alone.
    pub exclusive_share: f64,
}

impl Lock {
    /// How it was used from `from` to `now`, or in that part of it of which exact holds are kept.
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
        let part = |alone: bool| {
            let wanted = holds.iter().filter(|(_, _, shared)| !(alone && *shared)).map(|(a, b, _)| (*a, *b));
            covered_ns(wanted) as f64 / span as f64
        };
        (span > 0).then(|| LockUtilization { held_share: part(false), exclusive_share: part(true) })
    }

    /// Whether its owner, or one of its holders, is among these workers.
    pub(crate) fn is_held_by(&self, is: impl Fn(contend_trace::WorkerId) -> bool) -> bool {
        self.holders().into_iter().any(|(worker, _)| is(worker))
    }
}

/// Nanoseconds that stretches cover together; in the order of their begins.
fn covered_ns(stretches: impl Iterator<Item = (Stamp, Stamp)>) -> u64 {
    let (mut sum, mut end) = (0, Stamp(0));
    for (from, to) in stretches {
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
    fn what_overlaps_counts_once() {
        let all = [(0, 4), (1, 2), (3, 7), (9, 10)].map(|(a, b)| (Stamp(a), Stamp(b)));
        assert_eq!(covered_ns(all.into_iter()), 8);
    }
}
